/** What every benchmark prints: one row per figure, against a baseline of the same run or a fixed limit. */

export interface Row {
  name: string;
  value: number;
  unit: string;
  /** What the value is compared with, in the same unit. */
  baseline: number | null;
  ratio: number | null;
  /** The limit for the ratio, or for the value where there is no baseline, with its direction. */
  target: string | null;
  ok: boolean | null;
}

/** A figure that must stay below (`atMost`) or above (`atLeast`) a limit. With a baseline the limit is one of the ratio. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  baseline?: number;
  atMost?: number;
  atLeast?: number;
}

export type Scale = "small" | "large";

/** `SCALE=large` measures at the sizes the targets are set for; everything else is a check that takes seconds. */
export const scale: Scale = process.env["SCALE"] === "large" ? "large" : "small";

export class Report {
  readonly rows: Row[] = [];
  readonly #asJson: boolean;

  constructor(asJson: boolean = process.argv.includes("--json")) {
    this.#asJson = asJson;
  }

  add(figure: Figure): Row {
    const ratio = figure.baseline === undefined ? null : figure.value / figure.baseline;
    const judged = ratio ?? figure.value;
    const sign = figure.atMost !== undefined ? "≤" : "≥";
    const limit = figure.atMost ?? figure.atLeast;
    const suffix = ratio === null ? "" : " ×";
    const row: Row = {
      name: figure.name,
      value: round(figure.value),
      unit: figure.unit,
      baseline: figure.baseline === undefined ? null : round(figure.baseline),
      ratio: ratio === null ? null : round(ratio),
      target: limit === undefined ? null : `${sign} ${limit}${suffix}`,
      ok: limit === undefined ? null : figure.atMost !== undefined ? judged <= limit : judged >= limit,
    };
    this.rows.push(row);
    if (this.#asJson) console.log(JSON.stringify(row));
    return row;
  }

  /** Prints the table and returns whether every figure with a target met it. */
  finish(): boolean {
    if (!this.#asJson) {
      const cells = this.rows.map((row) => [
        row.name,
        `${row.value} ${row.unit}`,
        row.baseline === null ? "" : String(row.baseline),
        row.ratio === null ? "" : `${row.ratio} ×`,
        row.target ?? "",
        row.ok === null ? "" : row.ok ? "ok" : "MISSED",
      ]);
      const lines = [["what", "value", "baseline", "ratio", "target", ""], ...cells];
      const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
      for (const line of lines) {
        console.log(line.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd());
      }
    }
    return this.rows.every((row) => row.ok !== false);
  }
}

function round(value: number): number {
  return Number(value.toPrecision(value >= 100 ? 4 : 3));
}

export interface Latencies {
  p50: number;
  p95: number;
  p99: number;
}

/** Milliseconds of one run. */
export async function milliseconds(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/**
 * Runs once per item, one after the other, and returns the percentiles in milliseconds. With several passes each item counts
 * with its best time: what is left is the work, without what else the machine did meanwhile.
 */
export async function latencies<Item>(
  items: readonly Item[],
  run: (item: Item) => Promise<unknown>,
  passes = 1,
): Promise<Latencies> {
  const [measured] = await latenciesInTurn(items, [run], passes);
  return measured!;
}

/**
 * Like `latencies`, for several runs that are compared: each item goes through all of them one after the other, so that whatever
 * else the machine does meets them alike, and none has the caches to itself.
 */
export async function latenciesInTurn<Item>(
  items: readonly Item[],
  runs: readonly ((item: Item) => Promise<unknown>)[],
  passes = 1,
): Promise<Latencies[]> {
  const times = runs.map(() => items.map(() => Infinity));
  for (let pass = 0; pass < passes; pass++) {
    for (const [place, item] of items.entries()) {
      for (const [which, run] of runs.entries()) {
        times[which]![place] = Math.min(times[which]![place]!, await milliseconds(() => run(item)));
      }
    }
  }
  return times.map((measured) => {
    measured.sort((a, b) => a - b);
    const at = (share: number): number =>
      measured[Math.min(measured.length - 1, Math.floor(measured.length * share))] ?? NaN;
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  });
}

/** Runs over the items from several callers at once and returns runs per second. */
export async function throughput<Item>(
  items: readonly Item[],
  callers: number,
  run: (item: Item, caller: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const time = await milliseconds(() =>
    Promise.all(
      Array.from({ length: callers }, async (_, caller) => {
        while (next < items.length) await run(items[next++]!, caller);
      }),
    )
  );
  return items.length / (time / 1000);
}

/** The one in the middle of several values. */
export function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** The middle of several runs, for figures that one run would leave to chance. */
export async function median(runs: number, run: () => Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let i = 0; i < runs; i++) values.push(await run());
  return middle(values);
}

/** The same numbers between 0 and 1 on every machine and in every run. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
