/** More calls wait with one key than anything but a broken program sends. */
export class TooManyCalls extends Error {}

interface Line {
  running: number;
  waiting: (() => void)[];
}

/**
 * Calls with one key are worked on a few at once, which leaves room for other hosts. The others wait in line, because
 * a song batch that is refused is lost; a line of sixty is ten times what the desktop program can send.
 */
export class Turns {
  readonly #atOnce: number;
  readonly #longestLine: number;
  readonly #lines = new Map<string, Line>();

  constructor(atOnce = 3, longestLine = 60) {
    this.#atOnce = atOnce;
    this.#longestLine = longestLine;
  }

  /** Does the work when it is the key's turn. Throws TooManyCalls when the line is too long. */
  async take<Result>(apiKey: string, work: () => Promise<Result>): Promise<Result> {
    const line = this.#lines.get(apiKey) ?? { running: 0, waiting: [] };
    this.#lines.set(apiKey, line);
    if (line.running < this.#atOnce) line.running++;
    else if (line.waiting.length < this.#longestLine) {
      await new Promise<void>((resolve) => line.waiting.push(resolve));
    } else throw new TooManyCalls();
    try {
      return await work();
    } finally {
      const next = line.waiting.shift();
      if (next) next();
      else if (--line.running === 0) this.#lines.delete(apiKey);
    }
  }
}
