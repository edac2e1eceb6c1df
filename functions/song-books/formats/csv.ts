import { pipeline, Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { FileProblem, type Format } from "../song.ts";
import { type Cells, readTable } from "./table.ts";
import { decode } from "./text.ts";

const delimiters = [",", ";", "\t", "|"];
const longestRow = 20_000;

/** The delimiter that most of the first lines agree on. */
function delimiterOf(sample: string): string {
  const lines = sample.replaceAll(/"[^"]*"/g, "").split(/\r\n|\n|\r/).filter((line) => line.trim() !== "")
    .slice(0, 20);
  const agreement = (delimiter: string) => {
    const counts = new Map<number, number>();
    for (const line of lines) {
      const count = line.split(delimiter).length - 1;
      if (count > 0) counts.set(count, (counts.get(count) ?? 0) + 1);
    }
    return Math.max(0, ...counts.values());
  };
  return delimiters.reduce((best, delimiter) => agreement(delimiter) > agreement(best) ? delimiter : best);
}

/**
 * A cell that a spreadsheet would take for a formula gets an apostrophe, which says "text" there. One that begins with
 * apostrophes before such a character gets one more, so that taking one away always gives back what was written.
 */
const formula = /^'*[=+\-@\t\r]/;
const guardedFormula = /^'+[=+\-@\t\r]/;
const unguard = (cell: string) => guardedFormula.test(cell) ? cell.slice(1) : cell;

function writeCell(text: string): string {
  const cell = formula.test(text) ? `'${text}` : text;
  return /[",;|\t\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

async function* readCells(texts: AsyncGenerator<string>, fixed: string | undefined): AsyncGenerator<Cells> {
  let sample = "";
  while (sample.length < 16_384) {
    const { value, done } = await texts.next();
    if (done) break;
    sample += value;
  }
  const delimiter = fixed ?? delimiterOf(sample);
  const all = async function* () {
    yield sample;
    yield* texts;
  };
  let line = 1;
  let linesOfRecords = 0;
  const beginnings: number[] = [];
  const parser = parse({
    delimiter,
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: longestRow,
    // Blanks before a quotation mark are no part of the cell; but a tab may be the delimiter.
    ltrim: delimiter !== "\t",
    cast: (cell, { quoting }) => quoting ? cell : cell.trim(),
    // Called as soon as a row is parsed, so that an error further down knows where it begins.
    on_record: (record, { empty_lines }) => {
      beginnings.push(1 + linesOfRecords + empty_lines);
      linesOfRecords += 1 + record.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
      line = 1 + linesOfRecords + empty_lines;
      return record;
    },
  });
  pipeline(Readable.from(all()), parser, () => {});
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      yield { line: beginnings.shift() ?? line, cells: record.map(unguard) };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new FileProblem(
      "file_unreadable",
      error.code === "CSV_QUOTE_NOT_CLOSED" || error.code === "CSV_MAX_RECORD_SIZE"
        ? "From here on a quotation mark is never closed, or a row is far too long."
        : "From here on the file cannot be read as a table.",
      "Correct this line and upload the file again.",
      line,
    );
  }
}

function table(contentType: string, delimiter: string, readDelimiter?: string): Format {
  return {
    contentType,
    isText: true,
    async *read(open, columns, encoding = "utf-8") {
      yield* readTable(readCells(decode(await open(), encoding), readDelimiter), columns);
    },
    async *write(songs) {
      yield `artist${delimiter}title\r\n`;
      for await (const batch of songs) {
        yield batch.map(({ artist, title }) => `${writeCell(artist)}${delimiter}${writeCell(title)}\r\n`)
          .join("");
      }
    },
  };
}

export const csv = table("text/csv; charset=utf-8", ",");
export const tsv = table("text/tab-separated-values; charset=utf-8", "\t", "\t");
