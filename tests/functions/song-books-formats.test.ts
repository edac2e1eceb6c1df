import { strToU8, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { encodingOf } from "../../functions/song-books/formats/text.ts";
import { type FormatName, formats } from "../../functions/song-books/formats/index.ts";
import { type Columns, FileProblem, type Row, type Song } from "../../functions/song-books/song.ts";

const names = Object.keys(formats) as FormatName[];

/** Arrives in small pieces, so that every place in a file is once the end of a piece. */
function stream(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.subarray(at, at + size));
      at += size;
    },
  });
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function read(
  format: FormatName,
  file: string | Uint8Array,
  columns: Columns | null = null,
  size = 7,
): Promise<Row[]> {
  const bytes = typeof file === "string" ? strToU8(file) : file;
  const open = () => Promise.resolve(stream(bytes, size));
  const { isText, read: readRows } = formats[format];
  return await collect(readRows(open, columns, isText ? await encodingOf(open) : undefined));
}

async function readSongs(
  format: FormatName,
  file: string | Uint8Array,
  columns: Columns | null = null,
): Promise<(string | undefined)[][]> {
  return (await read(format, file, columns)).map(({ artist, title }) => [artist, title]);
}

async function write(format: FormatName, songs: Song[]): Promise<Uint8Array> {
  const batches = (async function* () {
    for (let at = 0; at < songs.length; at += 3) yield songs.slice(at, at + 3);
  })();
  const pieces = await collect(formats[format].write(batches));
  return Buffer.concat(pieces.map((piece) => typeof piece === "string" ? Buffer.from(piece) : piece));
}

async function problem(
  format: FormatName,
  file: string | Uint8Array,
  columns: Columns | null = null,
): Promise<FileProblem> {
  try {
    await read(format, file, columns);
  } catch (error) {
    if (error instanceof FileProblem) return error;
    throw error;
  }
  throw new Error("The file was read without a problem");
}

const nasty: Song[] = [
  ["a-ha", "Take On Me"],
  ["Simon - Garfunkel", "Cecilia - Live - 1969"],
  ["Earth, Wind & Fire", "September"],
  ['"Weird Al" Yankovic', 'Eat "It"'],
  ["'Til Tuesday", "'=1+1"],
  ["=cmd|'/c calc'!A0", "+1"],
  ["-M-", "@home"],
  ["''=twice", "'-"],
  ["Line\nbreak", "Carriage\r\nreturn\rtoo"],
  ["  leading", "trailing  "],
  ["Tab\tinside", "\tTab before"],
  ["椎名林檎", "丸の内サディスティック"],
  ["🎤 Emoji 👩‍👩‍👧", "🇩🇪 Flag"],
  ["Bjo\u0308rk", "Decomposed"],
  ["artist", "title"],
  ["a;b|c", "d;e|f"],
  ["A -", "- B"],
  ["<b>&amp;</b>", "_x000D_ ]]>"],
  ["\u0001control", "vertical\u000btab"],
  ["\ufeffmark", "nbsp\u00a0"],
  ["311", "007"],
  ['"quoted" - "both"', '"'],
  ["back\\slash", "\\n"],
].map(([artist = "", title = ""]) => ({ artist, title }));

describe.each(names)("%s", (format) => {
  it("gives back exactly what was written", async () => {
    const file = await write(format, nasty);
    expect(await readSongs(format, file)).toEqual(nasty.map(({ artist, title }) => [artist, title]));
    for (const [index, song] of nasty.entries()) {
      expect(await readSongs(format, await write(format, [song])), `song ${index}`).toEqual([[
        song.artist,
        song.title,
      ]]);
    }
  });

  it("writes the same songs the same way, and no songs at all", async () => {
    expect(Buffer.from(await write(format, nasty)).equals(await write(format, nasty))).toBe(true);
    expect(await readSongs(format, await write(format, []))).toEqual([]);
  });
});

describe("tables", () => {
  it("find their delimiter, header and columns", async () => {
    const songs = [["Queen", "Bohemian Rhapsody"], ["ABBA", "Waterloo"]];
    for (const delimiter of [",", ";", "\t", "|"]) {
      expect(await readSongs("csv", songs.map((song) => song.join(delimiter)).join("\n"))).toEqual(songs);
    }
    expect(await readSongs("csv", "Earth, Wind & Fire;September\nABBA;Waterloo\n")).toEqual([
      ["Earth, Wind & Fire", "September"],
      ["ABBA", "Waterloo"],
    ]);
    expect(await readSongs("csv", "\ufeffDisc;Song Title;ARTIST\r\nSC1;Waterloo;ABBA\r\n")).toEqual([[
      "ABBA",
      "Waterloo",
    ]]);
    expect(await readSongs("csv", "Disc,Who,What\nSC1,ABBA,Waterloo\n", { artist: "who", title: "WHAT" }))
      .toEqual([["ABBA", "Waterloo"]]);
    expect(await readSongs("csv", "SC1,ABBA,Waterloo\n", { artist: 2, title: 3 })).toEqual([[
      "ABBA",
      "Waterloo",
    ]]);
    expect(await problem("csv", "a,b\n", { artist: "Who", title: 2 })).toMatchObject({
      code: "column_not_found",
      line: 1,
    });
  });

  it("drop blanks around cells and keep those inside quotation marks", async () => {
    expect(await readSongs("csv", ' ABBA , "Water, loo"\n')).toEqual([["ABBA", "Water, loo"]]);
    expect(await readSongs("tsv", ' ABBA \t" Waterloo"\n\t\nQueen\t\n')).toEqual([["ABBA", " Waterloo"], [
      "Queen",
      "",
    ]]);
    expect(await readSongs("csv", '"Weird Al" Yankovic,Eat "It"\n')).toEqual([[
      '"Weird Al" Yankovic',
      'Eat "It"',
    ]]);
  });

  it("tell the line a row begins on, and the columns", async () => {
    const rows = await read("csv", 'title,artist\nWaterloo,ABBA\n"two\nlines",Queen\n\nonly\nlast,Cher');
    expect(rows.map(({ line, artist }) => [line, artist])).toEqual([
      [2, "ABBA"],
      [3, "Queen"],
      [6, undefined],
      [7, "Cher"],
    ]);
    expect(rows[0]).toMatchObject({ artist_column: 2, title_column: 1 });
    const windows = await read("csv", 'a,b\r\n"two\r\nlines",c\r\nd,e\r\n');
    expect(windows.map(({ line }) => line)).toEqual([1, 2, 4]);
  });

  it("say from where on they cannot be read", async () => {
    const rows = Array.from({ length: 5000 }, (_, index) => `artist ${index},title ${index}`).join("\n");
    expect(await problem("csv", `a,b\nc,d\n"never closed,e\n${rows}`)).toMatchObject({
      code: "file_unreadable",
      line: 3,
    });
    expect(await problem("csv", 'a,b\n"never closed')).toMatchObject({ code: "file_unreadable", line: 2 });
  });
});

describe("texts", () => {
  it("are split at the first ' - ' and at no other hyphen", async () => {
    expect(await readSongs("txt", "a-ha - Take On Me\r\n\r\nJay-Z - 99 Problems - Live\rSplit -Wrong\n"))
      .toEqual([
        ["a-ha", "Take On Me"],
        ["Jay-Z", "99 Problems - Live"],
        [undefined, undefined],
      ]);
    const [first, , third] = await read("txt", "A - B\n\n - C\nnothing\n");
    expect(first).toMatchObject({ line: 1, artist_column: 1, title_column: 5 });
    expect(third).toMatchObject({ line: 4, column: 1, problem: expect.stringContaining(" - ") });
  });

  const text = "ABBA - Waterloo\r\nBjörk - Jóga\r\nMötley Crüe - Dr. Feelgood\r\n";
  const swapped = (bytes: Buffer) => Buffer.from(bytes).swap16();
  it.each<[string, string, Uint8Array]>([
    ["UTF-8", "utf-8", Buffer.from(text)],
    ["UTF-8 with a mark", "utf-8", Buffer.from(`\ufeff${text}`)],
    ["UTF-16 with a mark", "utf-16le", Buffer.from(`\ufeff${text}`, "utf16le")],
    ["UTF-16 the other way round, with a mark", "utf-16be", swapped(Buffer.from(`\ufeff${text}`, "utf16le"))],
    ["UTF-16", "utf-16le", Buffer.from(text, "utf16le")],
    ["UTF-16 the other way round", "utf-16be", swapped(Buffer.from(text, "utf16le"))],
    ["Latin-1", "windows-1252", Buffer.from(text, "latin1")],
    ["Latin-1 far down", "windows-1252", Buffer.from("ABBA - Waterloo\r\n".repeat(900) + text, "latin1")],
  ])("are read in %s, however they arrive", async (_, encoding, bytes) => {
    for (const size of bytes.length < 1000 ? [1, 7, 5000] : [7, 5000]) {
      expect(await encodingOf(() => Promise.resolve(stream(bytes, size)))).toBe(encoding);
      const rows = await read("txt", bytes, null, size);
      expect(rows.slice(-3).map(({ artist, title }) => `${artist} - ${title}`)).toEqual(
        text.trim().split("\r\n"),
      );
    }
  });

  it("have what Windows-1252 has beyond Latin-1", async () => {
    const bytes = Buffer.from([
      0x93,
      0x57,
      0x65,
      0x69,
      0x72,
      0x64,
      0x94,
      0x20,
      0x2d,
      0x20,
      0x44,
      0x6f,
      0x6e,
      0x92,
      0x74,
    ]);
    expect(await readSongs("txt", bytes)).toEqual([["“Weird”", "Don’t"]]);
  });

  it("that were garbled before are read as they are, and a mixture is refused with the line", async () => {
    expect(await readSongs("txt", "Bj\ufffdrk - Army\n")).toEqual([["Bj\ufffdrk", "Army"]]);
    const mixed = Buffer.concat([
      Buffer.from("ABBA - Waterloo\nBjörk - Jóga\n"),
      Buffer.from("Mötley - X\n", "latin1"),
    ]);
    expect(await problem("txt", mixed)).toMatchObject({ code: "encoding_unknown", line: 3 });
  });
});

describe("JSON", () => {
  it("tells the place of each broken item and goes on", async () => {
    const rows = await read(
      "json",
      '[{"artist":"ABBA","title":"Waterloo","x":[1,{"y":"]"}]},\n  {"artist": 311},null, {"artist":},\n"text",\n{"artist":["a"],"title":"b"}]',
    );
    expect(rows).toEqual([
      { line: 1, artist: "ABBA", title: "Waterloo", artist_column: 2, title_column: 2 },
      { line: 2, artist: "311", artist_column: 3, title_column: 3 },
      { line: 2, column: 19, problem: expect.any(String) },
      { line: 2, column: 25, problem: "This is not valid JSON." },
      { line: 3, column: 1, problem: expect.any(String) },
      { line: 4, column: 1, problem: "The artist is not a text." },
    ]);
  });

  it("must be one whole array", async () => {
    for (const file of ["", "{}", '[{"artist":"a","title":"b"}', "[] x", "[}]", '["never closed]']) {
      expect(await problem("json", file), file).toMatchObject({ code: "file_unreadable" });
    }
    expect(await readSongs("json", '[{"who":"ABBA","what":"Waterloo"}]', { artist: "who", title: "what" }))
      .toEqual([["ABBA", "Waterloo"]]);
  });
});

describe("workbooks", () => {
  it("are read with shared texts, rich texts, numbers and gaps, from the first sheet", async () => {
    const workbook = zipSync({
      "xl/worksheets/other.xml": strToU8(
        "<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>",
      ),
      "xl/worksheets/songs.xml": strToU8(
        '<x:worksheet xmlns:x="m"><x:sheetData><x:row r="2"><x:c r="B2" t="s"><x:v>0</x:v></x:c><x:c r="D2" t="s"><x:v>1</x:v></x:c></x:row>' +
          '<x:row r="5"><x:c r="B5"><x:v>311</x:v></x:c><x:c r="D5" t="str"><x:f>A1</x:f><x:v>All Mixed Up</x:v></x:c></x:row></x:sheetData></x:worksheet>',
      ),
      "xl/sharedStrings.xml": strToU8(
        "<sst><si><t>Artist</t></si><si><r><t>Ti</t></r><r><t>tle</t></r><rPh><t>x</t></rPh></si></sst>",
      ),
      "xl/_rels/workbook.xml.rels": strToU8(
        '<Relationships><Relationship Id="r1" Target="worksheets/other.xml"/><Relationship Id="r2" Target="/xl/worksheets/songs.xml"/></Relationships>',
      ),
      "xl/workbook.xml": strToU8(
        '<workbook><sheets><sheet name="a" r:id="r2"/><sheet name="b" r:id="r1"/></sheets></workbook>',
      ),
    });
    expect(await read("xlsx", workbook, null, 50)).toEqual([
      { line: 5, artist: "311", title: "All Mixed Up", artist_column: 2, title_column: 4 },
    ]);
  });

  it("are refused when they are none or are damaged", async () => {
    expect(await problem("xlsx", "artist,title\nABBA,Waterloo\n")).toMatchObject({ code: "file_unreadable" });
    expect(await problem("xlsx", zipSync({ "hello.txt": strToU8("hello") }))).toMatchObject({
      code: "file_unreadable",
    });
    const file = await write("xlsx", nasty);
    expect(await problem("xlsx", file.subarray(0, file.length / 2))).toMatchObject({
      code: "file_unreadable",
    });
  });
});
