import { expect, test } from "vitest";
import { runImport } from "../../functions/song-books/importing.ts";
import type { FileProblem, Row } from "../../functions/song-books/song.ts";

/** Runs the import of a file made of pieces, with a database that only takes notes. */
async function run(format: string, piece: string, pieces: number, options: { stopAfter?: number } = {}) {
  const notes = {
    last: [] as Row[],
    rows: 0,
    batches: 0,
    largestBatch: 0,
    finished: false,
    failure: undefined as FileProblem | undefined,
    read: 0,
  };
  const bytes = new TextEncoder().encode(piece);
  const file = () => {
    notes.read = 0;
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        if (notes.read++ < pieces) controller.enqueue(bytes);
        else controller.close();
      },
    }, { highWaterMark: 0 });
  };
  await runImport({ id: "import", path: "file", format, state: "running", columns: null }, "run", {
    read: () => Promise.resolve(file()),
    books: {
      stage(_import: string, _run: string, number: number, rows: Row[]) {
        expect(number).toBe(notes.batches++);
        notes.last = rows;
        notes.rows += rows.length;
        notes.largestBatch = Math.max(notes.largestBatch, rows.length);
        return Promise.resolve(notes.batches !== options.stopAfter);
      },
      finish: () => Promise.resolve(void (notes.finished = true)),
      fail: (_import: string, _run: string, problem: FileProblem) =>
        Promise.resolve(void (notes.failure = problem)),
    },
  });
  return notes;
}

test("hands the rows over in batches and finishes", async () => {
  expect(await run("txt", "a - b\n".repeat(1000), 5)).toMatchObject({
    rows: 5000,
    batches: 3,
    largestBatch: 2000,
    finished: true,
  });
});

test("500,000 rows are taken, one more is not, and the line is told", async () => {
  expect(await run("txt", "a - b\n".repeat(10_000), 50)).toMatchObject({
    rows: 500_000,
    finished: true,
    failure: undefined,
  });
  const over = await run("csv", "a,b\n".repeat(10_000), 51);
  expect(over).toMatchObject({ finished: false, failure: { code: "too_many_rows", line: 500_001 } });
});

test("64 MB are read, more are not", async () => {
  const megabyte = `a - ${"b".repeat(1020)}\n`.repeat(1024).slice(0, 1024 * 1024);
  expect(await run("txt", megabyte, 64)).toMatchObject({ finished: true, failure: undefined });
  expect(await run("txt", megabyte, 65)).toMatchObject({
    finished: false,
    failure: { code: "file_too_large" },
  });
});

test("stops reading as soon as it is told to", async () => {
  const stopped = await run("txt", "a - b\n".repeat(1000), 1000, { stopAfter: 2 });
  expect(stopped).toMatchObject({ batches: 2, finished: false, failure: undefined });
  expect(stopped.read).toBeLessThan(50);
});

test("what cannot be stored is told as an error of its row", async () => {
  const notes = await run(
    "json",
    '[{"artist": "a", "title": "\\ud800"}, {"artist": "\\u0000", "title": "b"}]',
    1,
  );
  const problem = "It has a character that cannot be stored.";
  expect(notes.last).toEqual([{ line: 1, column: 2, problem }, { line: 1, column: 38, problem }]);
  expect(notes.finished).toBe(true);
});
