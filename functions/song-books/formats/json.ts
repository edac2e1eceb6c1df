import { type Columns, FileProblem, type Format, type Row } from "../song.ts";
import { decode } from "./text.ts";

const longestItem = 100_000;

interface Item {
  text: string;
  line: number;
  column: number;
}

/**
 * The items of an array as they arrive, each with its place. Only where an item ends is looked for here; JSON.parse reads it, so a
 * broken item costs that item and not the file.
 */
async function* splitItems(texts: AsyncIterable<string>): AsyncGenerator<Item> {
  let line = 1;
  let column = 0;
  let depth = 0;
  let inString = false;
  let isEscaped = false;
  let started = false;
  let ended = false;
  let item: Item | undefined;
  const unreadable = (detail: string) =>
    new FileProblem(
      "file_unreadable",
      detail,
      'Send an array: [{"artist": "...", "title": "..."}, ...].',
      line,
    );

  for await (const text of texts) {
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      const character = text[at] as string;
      if (character === "\n") {
        line++;
        column = 0;
      } else column++;
      if (inString) {
        if (isEscaped) isEscaped = false;
        else if (character === "\\") isEscaped = true;
        else if (character === '"') inString = false;
        continue;
      }
      const isBlank = character === " " || character === "\n" || character === "\r" || character === "\t";
      if (isBlank) continue;
      if (ended) throw unreadable("There is something after the end of the array.");
      if (!started) {
        if (character !== "[") throw unreadable("The file is not a JSON array.");
        started = true;
        from = at + 1;
        continue;
      }
      if (depth === 0 && (character === "," || character === "]")) {
        if (item !== undefined) {
          item.text += text.slice(from, at);
          yield item;
          item = undefined;
        } else if (character === ",") yield { text: "", line, column };
        ended = character === "]";
        continue;
      }
      if (item === undefined) {
        item = { text: "", line, column };
        from = at;
      }
      if (character === '"') inString = true;
      else if (character === "{" || character === "[") depth++;
      else if ((character === "}" || character === "]") && --depth < 0) {
        throw unreadable("A bracket closes nothing.");
      }
    }
    if (item !== undefined) item.text += text.slice(from);
    if ((item?.text.length ?? 0) > longestItem) throw unreadable("An item is too long to be a song.");
  }
  if (!ended) throw unreadable(started ? "The array has no end." : "The file is empty.");
}

function readItem({ text, line, column }: Item, names: { artist: string; title: string }): Row {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { line, column, problem: "This is not valid JSON." };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { line, column, problem: "This is not an object with artist and title." };
  }
  const fields = value as Record<string, unknown>;
  const row: Row = { line, column, artist_column: column, title_column: column };
  for (const part of ["artist", "title"] as const) {
    const field = fields[names[part]];
    // An artist named 311 easily becomes a number.
    if (typeof field === "string" || typeof field === "number") row[part] = String(field);
    else if (field !== undefined && field !== null) {
      return { line, column, problem: `The ${part} is not a text.` };
    }
  }
  delete row.column;
  return row;
}

export const json: Format = {
  contentType: "application/json",
  isText: true,

  async *read(open, columns: Columns | null, encoding = "utf-8") {
    const names = { artist: String(columns?.artist ?? "artist"), title: String(columns?.title ?? "title") };
    for await (const item of splitItems(decode(await open(), encoding))) yield readItem(item, names);
  },

  async *write(songs) {
    let before = "[";
    for await (const batch of songs) {
      if (batch.length === 0) continue;
      yield before + batch.map(({ artist, title }) => `\n  ${JSON.stringify({ artist, title })}`).join(",");
      before = ",";
    }
    yield before === "[" ? "[]\n" : "\n]\n";
  },
};
