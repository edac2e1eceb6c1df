import { strToU8, Unzip, type UnzipFile, UnzipInflate, Zip, ZipDeflate } from "fflate";
// @ts-types="@types/sax"
import sax from "sax";
import { FileProblem, type Format, type OpenFile, type Song } from "../song.ts";
import { type Cells, readTable } from "./table.ts";

/** A workbook is a zip archive: small files unfold to large ones, and there must be an end to it. */
const mostUnfolded = 512 * 1024 * 1024;
const mostSharedText = 256 * 1024 * 1024;

const unreadable = (detail: string, line?: number) =>
  new FileProblem(
    "file_unreadable",
    detail,
    "Save it as an Excel workbook (.xlsx) and upload it again.",
    line,
  );

/** Hands the pieces of the wanted entries over in the order they arrive; the others are unfolded and dropped. */
async function* unfold(
  open: OpenFile,
  isWanted: (name: string) => boolean,
): AsyncGenerator<{ name: string; bytes: Uint8Array }> {
  let pieces: { name: string; bytes: Uint8Array }[] = [];
  let unfolded = 0;
  let failure: Error | undefined;
  const unzip = new Unzip((file: UnzipFile) => {
    const wanted = isWanted(file.name);
    file.ondata = (error, bytes) => {
      if (error) failure ??= error;
      else {
        unfolded += bytes.length;
        if (wanted && bytes.length > 0) pieces.push({ name: file.name, bytes });
      }
    };
    // An entry that is not started would be kept in memory.
    file.start();
  });
  unzip.register(UnzipInflate);
  const push = (bytes: Uint8Array, isLast: boolean) => {
    try {
      unzip.push(bytes, isLast);
    } catch (error) {
      failure ??= error instanceof Error ? error : new Error(String(error));
    }
    if (failure !== undefined) throw unreadable("The file is not a workbook, or it is damaged.");
    if (unfolded > mostUnfolded) {
      throw new FileProblem(
        "file_too_large",
        "The workbook unfolds to more than 512 MB.",
        "Export the song list as CSV instead.",
      );
    }
  };
  for await (const bytes of await open()) {
    // Small steps, so that what one of them unfolds to stays small too.
    for (let at = 0; at < bytes.length; at += 65_536) {
      push(bytes.subarray(at, at + 65_536), false);
      yield* pieces;
      pieces = [];
    }
  }
  push(new Uint8Array(), true);
  yield* pieces;
}

/** Texts of a workbook write characters that XML cannot hold as _xHHHH_. */
const unescape = (text: string) =>
  text.replaceAll(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
const escape = (text: string) =>
  text.replaceAll(/_(?=x[0-9A-Fa-f]{4}_)/g, "_x005F_")
    // deno-lint-ignore no-control-regex
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g, (c) =>
      `_x${c.charCodeAt(0).toString(16).padStart(4, "0")}_`)
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A parser of XML that is fed bytes. */
function xmlParser(handlers: {
  open?(name: string, attributes: Record<string, string>): void;
  text?(text: string): void;
  close?(name: string): void;
}): (bytes: Uint8Array) => void {
  const parser = sax.parser(true, { position: false });
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const local = (name: string) => name.slice(name.indexOf(":") + 1);
  parser.onerror = () => {
    throw unreadable("The workbook is damaged.");
  };
  parser.onopentag = ({ name, attributes }) =>
    handlers.open?.(local(name), attributes as Record<string, string>);
  parser.ontext = (text) => handlers.text?.(text);
  parser.oncdata = (text) => handlers.text?.(text);
  parser.onclosetag = (name) => handlers.close?.(local(name));
  return (bytes) => {
    parser.write(decoder.decode(bytes, { stream: true }));
  };
}

interface Workbook {
  sheet: string;
  texts: string[];
}

/** The first pass: which sheet is the first one, and the texts that cells refer to. */
async function readWorkbook(open: OpenFile): Promise<Workbook> {
  const texts: string[] = [];
  const targets = new Map<string, string>();
  let firstSheet: string | undefined;
  let text: string | undefined;
  let isPhonetic = false;
  let shared = 0;
  const parsers: Record<string, (bytes: Uint8Array) => void> = {
    "xl/workbook.xml": xmlParser({
      open: (name, attributes) => {
        if (name !== "sheet") return;
        firstSheet ??= Object.entries(attributes).find(([key]) => key.endsWith(":id"))?.[1];
      },
    }),
    "xl/_rels/workbook.xml.rels": xmlParser({
      open: (name, { Id, Target }) => {
        if (name === "Relationship" && Id !== undefined && Target !== undefined) targets.set(Id, Target);
      },
    }),
    "xl/sharedStrings.xml": xmlParser({
      open: (name) => {
        if (name === "si") texts.push("");
        else if (name === "rPh") isPhonetic = true;
        else if (name === "t" && !isPhonetic) text = "";
      },
      text: (piece) => {
        if (text !== undefined) text += piece;
      },
      close: (name) => {
        if (name === "rPh") isPhonetic = false;
        if (name !== "t" || text === undefined) return;
        shared += text.length;
        if (shared > mostSharedText) {
          throw new FileProblem(
            "file_too_large",
            "The workbook has too much text.",
            "Export the song list as CSV instead.",
          );
        }
        texts.push((texts.pop() ?? "") + unescape(text));
        text = undefined;
      },
    }),
  };
  for await (const { name, bytes } of unfold(open, (name) => name in parsers)) parsers[name]?.(bytes);
  const target = firstSheet === undefined ? undefined : targets.get(firstSheet);
  if (target === undefined) throw unreadable("The file is not an Excel workbook.");
  return { sheet: target.startsWith("/") ? target.slice(1) : `xl/${target}`, texts };
}

/** "AB12" → 27. */
function columnOf(reference: string): number {
  let column = 0;
  for (const letter of /^[A-Z]+/.exec(reference)?.[0] ?? "") column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}

/** The second pass: the rows of the sheet. */
async function* readSheet(open: OpenFile, { sheet, texts }: Workbook): AsyncGenerator<Cells> {
  let rows: Cells[] = [];
  let line = 0;
  let cells: string[] = [];
  let cell: { column: number; type: string } | undefined;
  let text: string | undefined;
  let value = "";
  let isPhonetic = false;
  const parse = xmlParser({
    open: (name, { r, t }) => {
      if (name === "row") {
        line = Number(r ?? line + 1);
        cells = [];
      } else if (name === "c") {
        cell = { column: r === undefined ? cells.length : columnOf(r), type: t ?? "n" };
        value = "";
      } else if (name === "rPh") isPhonetic = true;
      else if (name === "v" || (name === "t" && !isPhonetic)) text = "";
    },
    text: (piece) => {
      if (text !== undefined) text += piece;
    },
    close: (name) => {
      if (name === "rPh") isPhonetic = false;
      else if ((name === "v" || name === "t") && text !== undefined) {
        if (value.length < 20_000) value += text;
        text = undefined;
      } else if (name === "c" && cell !== undefined) {
        // Nothing beyond the columns that a list of songs can have.
        if (cell.column < 1000) {
          while (cells.length < cell.column) cells.push("");
          cells[cell.column] = cell.type === "s" ? texts[Number(value)] ?? "" : unescape(value);
        }
        cell = undefined;
      } else if (name === "row") rows.push({ line, cells });
    },
  });
  for await (const { bytes } of unfold(open, (name) => name === sheet)) {
    parse(bytes);
    yield* rows;
    rows = [];
  }
}

const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const types = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/** Everything of a workbook but the sheet. */
const frame: [string, string][] = [
  [
    "[Content_Types].xml",
    `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
    `<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
    `<Override PartName="/xl/workbook.xml" ContentType="${types}.sheet.main+xml"/>` +
    `<Override PartName="/xl/worksheets/sheet1.xml" ContentType="${types}.worksheet+xml"/></Types>`,
  ],
  [
    "_rels/.rels",
    `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
    `<Relationship Id="rId1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  ],
  [
    "xl/workbook.xml",
    `<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="Songs" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  ],
  [
    "xl/_rels/workbook.xml.rels",
    `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
    `<Relationship Id="rId1" Type="${office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
  ],
];

/** Cells of type "inlineStr" are texts whatever they begin with: nothing in them is a formula. */
function writeRow(number: number, { artist, title }: Song): string {
  const cell = (column: string, text: string) =>
    `<c r="${column}${number}" t="inlineStr"><is><t xml:space="preserve">${escape(text)}</t></is></c>`;
  return `<row r="${number}">${cell("A", artist)}${cell("B", title)}</row>`;
}

async function* writeWorkbook(songs: AsyncIterable<Song[]>): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  const zip = new Zip((error, bytes) => {
    if (error) throw error;
    pieces.push(bytes);
  });
  const entry = (name: string) => {
    const file = new ZipDeflate(name, { level: 6 });
    // The same songs make the same file.
    file.mtime = "1980-01-01T12:00:00Z";
    zip.add(file);
    return file;
  };
  for (const [name, content] of frame) entry(name).push(strToU8(head + content), true);
  const sheet = entry("xl/worksheets/sheet1.xml");
  sheet.push(
    strToU8(
      `${head}<worksheet xmlns="${main}"><sheetData>${writeRow(1, { artist: "artist", title: "title" })}`,
    ),
  );
  let number = 1;
  for await (const batch of songs) {
    sheet.push(strToU8(batch.map((song) => writeRow(++number, song)).join("")));
    yield* pieces;
    pieces = [];
  }
  sheet.push(strToU8("</sheetData></worksheet>"), true);
  zip.end();
  yield* pieces;
}

export const xlsx: Format = {
  contentType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  isText: false,
  async *read(open, columns) {
    yield* readTable(readSheet(open, await readWorkbook(open)), columns);
  },
  write: writeWorkbook,
};
