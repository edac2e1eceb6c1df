import { FileProblem } from "../song.ts";

const marks: [string, number[]][] = [["utf-8", [0xef, 0xbb, 0xbf]], ["utf-16le", [0xff, 0xfe]], ["utf-16be", [
  0xfe,
  0xff,
]]];

/** The encoding that a byte order mark names; UTF-8 without one. */
function encodingOf(start: Uint8Array): string {
  return marks.find(([, mark]) => mark.every((byte, index) => start[index] === byte))?.[0] ?? "utf-8";
}

/** How many lines into these bytes the first one that is not UTF-8 is. */
function linesUntilBroken(bytes: Uint8Array): number {
  let lines = 0;
  for (let from = 0; from < bytes.length; lines++) {
    const end = bytes.indexOf(0x0a, from);
    const line = bytes.subarray(from, end < 0 ? bytes.length : end);
    // The chunk may begin and end within a character.
    const isWhole = line.filter((byte) => byte > 0x7f).length > 0 && from > 0 && end >= 0;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(line);
    } catch {
      if (isWhole) return lines;
    }
    from = end < 0 ? bytes.length : end + 1;
  }
  return 0;
}

/** Texts of a file as they arrive, without a byte order mark; a file in an unknown encoding is refused, not guessed at. */
export async function* decode(file: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  let held: Uint8Array = new Uint8Array();
  let lines = 1;
  const read = (bytes: Uint8Array | undefined) => {
    try {
      return decoder?.decode(bytes, { stream: bytes !== undefined }) ?? "";
    } catch {
      throw new FileProblem(
        "encoding_unknown",
        "The file is not in UTF-8.",
        "Save it as UTF-8 and upload it again.",
        lines + linesUntilBroken(bytes ?? new Uint8Array()),
      );
    }
  };
  for await (const bytes of file) {
    let chunk = bytes;
    if (decoder === undefined) {
      chunk = new Uint8Array([...held, ...bytes]);
      held = chunk;
      if (chunk.length < 3) continue;
      decoder = new TextDecoder(encodingOf(chunk), { fatal: true });
    }
    const text = read(chunk);
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
    yield text;
  }
  decoder ??= new TextDecoder("utf-8", { fatal: true });
  if (held.length > 0 && held.length < 3) yield read(held);
  yield read(undefined);
}

/** Lines of a text as they arrive, without their ends: LF, CR LF or CR. */
export async function* splitLines(texts: AsyncIterable<string>, longest = 20_000): AsyncGenerator<string> {
  let rest = "";
  for await (const text of texts) {
    rest += text;
    // A CR at the end may be the first half of a CR LF.
    const lines = (rest.endsWith("\r") ? rest.slice(0, -1) : rest).split(/\r\n|\n|\r/);
    const tail = rest.endsWith("\r") ? "\r" : "";
    rest = (lines.pop() ?? "") + tail;
    yield* lines;
    if (rest.length > longest) {
      throw new FileProblem(
        "line_too_long",
        `A line has more than ${longest} characters.`,
        "Check the format of the file.",
      );
    }
  }
  rest = rest.replace(/\r$/, "");
  if (rest !== "") yield rest;
}
