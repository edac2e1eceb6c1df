import { FileProblem, type OpenFile } from "../song.ts";

const marks: [string, number[]][] = [["utf-8", [0xef, 0xbb, 0xbf]], ["utf-16le", [0xff, 0xfe]], ["utf-16be", [
  0xfe,
  0xff,
]]];

/** The encoding that a byte order mark names. */
function markedAs(start: Uint8Array): string | undefined {
  return marks.find(([, mark]) => mark.every((byte, index) => start[index] === byte))?.[0];
}

/** Text in UTF-16 without a mark: every other byte of what is written in Latin letters is zero. */
function looksLikeUtf16(start: Uint8Array): string | undefined {
  const zeros = [0, 0];
  for (let at = 0; at < start.length; at++) if (start[at] === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (odd > start.length / 4 && even < odd / 4) return "utf-16le";
  if (even > start.length / 4 && odd < even / 4) return "utf-16be";
  return undefined;
}

/** The first bytes of a file. */
async function startOf(open: OpenFile, length = 4096): Promise<Uint8Array> {
  let start: Uint8Array = new Uint8Array();
  for await (const bytes of await open()) {
    start = new Uint8Array([...start, ...bytes.subarray(0, length)]);
    if (start.length >= length) break;
  }
  return start.subarray(0, length);
}

async function isUtf8(open: OpenFile): Promise<boolean> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const bytes of await open()) decoder.decode(bytes, { stream: true });
    decoder.decode();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;

/** How much of a text is UTF-8 beyond ASCII and how much is not UTF-8, and the line where that begins. */
async function judge(open: OpenFile): Promise<{ odd: number; broken: number; line: number }> {
  let [odd, broken, line] = [0, 0, 1];
  for await (const text of decode(await open(), "utf-8")) {
    if (broken === 0) line += count(text.split("\uFFFD", 1)[0] ?? "", /\n/g);
    broken += count(text, /\uFFFD/g);
    // deno-lint-ignore no-control-regex
    odd += count(text, /[^\x00-\x7f\uFFFD]/g);
  }
  return { odd, broken, line };
}

/**
 * The encoding of a text: what its byte order mark says; UTF-8 if it is that; else Windows-1252, in which Western programs write
 * when they do not write Unicode. A file that mixes UTF-8 with something else is refused rather than garbled.
 */
export async function encodingOf(open: OpenFile): Promise<string> {
  const start = await startOf(open);
  const known = markedAs(start) ?? looksLikeUtf16(start);
  if (known !== undefined) return known;
  if (await isUtf8(open)) return "utf-8";
  const { odd, broken, line } = await judge(open);
  if (broken > odd) return "windows-1252";
  throw new FileProblem(
    "encoding_unknown",
    "The file is partly in UTF-8 and partly in another encoding.",
    "Save it as UTF-8 and upload it again.",
    line,
  );
}

/** Texts of a file as they arrive, without a byte order mark. */
export async function* decode(file: ReadableStream<Uint8Array>, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding);
  for await (const bytes of file) yield decoder.decode(bytes, { stream: true });
  yield decoder.decode();
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
