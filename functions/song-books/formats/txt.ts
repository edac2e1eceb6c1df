import type { Format, Row, Song } from "../song.ts";
import { decode, splitLines } from "./text.ts";

const separator = " - ";
const quoted = /^("(?:[^"\\]|\\.)*") - ("(?:[^"\\]|\\.)*")$/;

/**
 * "Artist - Title", split at the first " - ". What this cannot express (a line break, an artist with " - " in the name) stands in
 * quotation marks, as JSON writes texts: "A - B" - "Title".
 */
export function readLine(text: string): Omit<Row, "line"> {
  const [, first = "", second = ""] = quoted.exec(text) ?? [];
  if (first !== "") {
    try {
      const artist = JSON.parse(first) as string;
      return {
        artist,
        title: JSON.parse(second) as string,
        artist_column: 1,
        title_column: first.length + 4,
      };
    } catch {
      // Just quotation marks, then.
    }
  }
  const at = text.indexOf(separator);
  if (at < 0) return { column: 1, problem: 'The line has no " - " between artist and title.' };
  const artist = text.slice(0, at).trim();
  const title = text.slice(at + separator.length).trim();
  return { artist, title, artist_column: 1, title_column: at + separator.length + 1 };
}

function writeLine({ artist, title }: Song): string {
  const plain = `${artist}${separator}${title}`;
  const back = readLine(plain);
  const isExact = back.artist === artist && back.title === title && !/[\r\n]/.test(plain);
  return isExact ? plain : `${JSON.stringify(artist)}${separator}${JSON.stringify(title)}`;
}

export const txt: Format = {
  contentType: "text/plain; charset=utf-8",
  isText: true,

  async *read(open, _columns, encoding = "utf-8") {
    let line = 0;
    for await (const text of splitLines(decode(await open(), encoding))) {
      line++;
      if (text.trim() !== "") yield { line, ...readLine(text) };
    }
  },

  async *write(songs) {
    for await (const batch of songs) yield batch.map((song) => `${writeLine(song)}\n`).join("");
  },
};
