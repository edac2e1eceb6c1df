import type { Log } from "../_shared/log.ts";
import type { Caller } from "./database.ts";

interface Waiter {
  caller: Caller;
  serial: number;
  wake(): void;
}

export interface ChangesOptions {
  /** Reads the change serials of the callers' organizations; none for a caller whose key no longer works. */
  readSerials(callers: Caller[]): Promise<(number | undefined)[]>;
  log: Log;
  /** Between two looks. */
  intervalMilliseconds?: number;
  /** The most calls of one API key that may wait at a time. */
  placesPerKey?: number;
}

/**
 * Tells waiting calls that something has changed. However many wait, one query after the other reads the serials of
 * their organizations, and none while nobody waits. A key that no longer works is a change too.
 */
export class Changes {
  readonly #options: Required<ChangesOptions>;
  readonly #waiters = new Set<Waiter>();
  readonly #places = new Map<string, number>();
  #isWatching = false;

  constructor(options: ChangesOptions) {
    this.#options = { intervalMilliseconds: 200, placesPerKey: 100, ...options };
  }

  /** How many calls wait now. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** How many places are taken now. */
  get taken(): number {
    return [...this.#places.values()].reduce((sum, places) => sum + places, 0);
  }

  /** Takes a place for a call that waits and returns how to give it back; nothing when the key has no place left. */
  takePlace(apiKeyId: string): (() => void) | undefined {
    const places = this.#places.get(apiKeyId) ?? 0;
    if (places >= this.#options.placesPerKey) return undefined;
    this.#places.set(apiKeyId, places + 1);
    return () => {
      const left = (this.#places.get(apiKeyId) ?? 0) - 1;
      if (left > 0) this.#places.set(apiKeyId, left);
      else this.#places.delete(apiKeyId);
    };
  }

  /**
   * Ends when the serial of the caller's organization is no longer the given one, when the caller's key no longer works,
   * when the time is over, or when the call is given up.
   */
  async wait(
    caller: Caller,
    serial: number,
    milliseconds: number,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        this.#waiters.delete(waiter);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      const waiter: Waiter = { caller, serial, wake };
      signal.addEventListener("abort", wake);
      this.#waiters.add(waiter);
      if (!this.#isWatching) void this.#watch();
    });
  }

  async #watch(): Promise<void> {
    const { readSerials, log, intervalMilliseconds } = this.#options;
    this.#isWatching = true;
    while (this.#waiters.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, intervalMilliseconds));
      const waiters = [...this.#waiters];
      try {
        // Hundreds may wait with one key.
        const callers = new Map(waiters.map(({ caller }) => [nameOf(caller), caller]));
        const serials = await readSerials([...callers.values()]);
        const found = new Map([...callers.keys()].map((name, index) => [name, serials[index]]));
        for (const { caller, serial, wake } of waiters) {
          if (found.get(nameOf(caller)) !== serial) wake();
        }
      } catch (error) {
        // Whoever waits is answered by their own next look, when the time is over.
        log.error("cannot look for changes", { error });
      }
    }
    this.#isWatching = false;
  }
}

function nameOf({ key, address }: Caller): string {
  return `${address ?? ""} ${key}`;
}
