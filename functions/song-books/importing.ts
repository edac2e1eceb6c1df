import type { Import, SongBooks } from "./database.ts";
import { formats, isFormat } from "./formats/index.ts";
import { encodingOf } from "./formats/text.ts";
import { FileProblem, type Row } from "./song.ts";

const mostRows = 500_000;
const mostBytes = 64 * 1024 * 1024;
const rowsPerBatch = 2000;

export interface ImportDependencies {
  books: Pick<SongBooks, "stage" | "finish" | "fail">;
  read(path: string): Promise<ReadableStream<Uint8Array>>;
}

/** What no text of the database can hold. */
const isUnstorable = (text: string | undefined) =>
  text !== undefined && (text.includes("\0") || !text.isWellFormed());

function checked(row: Row): Row {
  if (!isUnstorable(row.artist) && !isUnstorable(row.title)) return row;
  const column = (isUnstorable(row.artist) ? row.artist_column : row.title_column) ?? 1;
  return { line: row.line, column, problem: "It has a character that cannot be stored." };
}

/** Reads the file of an import from its beginning to its end. Only a batch of it is in memory at any time. */
export async function runImport(
  { id, path, format, columns }: Import,
  runId: string,
  dependencies: ImportDependencies,
): Promise<void> {
  const { books, read } = dependencies;
  let bytes = 0;
  const open = async () => {
    bytes = 0;
    return (await read(path)).pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          bytes += chunk.byteLength;
          if (bytes > mostBytes) {
            throw new FileProblem(
              "file_too_large",
              "The file has more than 64 MB.",
              "Split it, and import the parts one after the other.",
            );
          }
          controller.enqueue(chunk);
        },
      }),
    );
  };
  try {
    if (!isFormat(format)) {
      throw new FileProblem("format_unknown", `There is no format ${format}.`, "Upload another format.");
    }
    const { isText, read: readRows } = formats[format];
    const encoding = isText ? await encodingOf(open) : undefined;
    let batch: Row[] = [];
    let rows = 0;
    let number = 0;
    const hand = async () => {
      const goesOn = await books.stage(id, runId, number++, batch, bytes, encoding ?? null);
      batch = [];
      return goesOn;
    };
    for await (const row of readRows(open, columns, encoding)) {
      if (++rows > mostRows) {
        throw new FileProblem(
          "too_many_rows",
          "The file has more than 500,000 rows.",
          "Split it, and import the parts one after the other.",
          row.line,
        );
      }
      batch.push(checked(row));
      if (batch.length >= rowsPerBatch && !await hand()) return;
    }
    if (batch.length > 0 && !await hand()) return;
    await books.finish(id, runId, number);
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    await books.fail(id, runId, error);
  }
}
