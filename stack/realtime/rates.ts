const bucketMilliseconds = 5_000;
const bucketCount = 12;

/** Counts events and knows their average per second over the last minute. */
export class Rate {
  #buckets: number[] = new Array(bucketCount).fill(0);
  #newest = 0;

  add(events = 1): void {
    this.#advance();
    this.#buckets[this.#newest % bucketCount]! += events;
  }

  get average(): number {
    this.#advance();
    return this.#buckets.reduce((sum, events) => sum + events, 0) / (bucketCount * bucketMilliseconds / 1000);
  }

  #advance(): void {
    const now = Math.floor(Date.now() / bucketMilliseconds);
    const first = Math.max(this.#newest + 1, now - bucketCount + 1);
    for (let bucket = first; bucket <= now; bucket++) this.#buckets[bucket % bucketCount] = 0;
    this.#newest = Math.max(this.#newest, now);
  }
}

/** Allows a number of calls per window of time. */
export class Allowance {
  #calls: number;
  #milliseconds: number;
  #used = 0;
  #resetAt = 0;

  constructor(calls: number, milliseconds: number) {
    this.#calls = calls;
    this.#milliseconds = milliseconds;
  }

  take(): boolean {
    const now = Date.now();
    if (now > this.#resetAt) {
      this.#used = 0;
      this.#resetAt = now + this.#milliseconds;
    }
    this.#used += 1;
    return this.#used <= this.#calls;
  }
}
