/** One call of getSerial. */
export interface Poll {
  api_key: string;
  address: string | null;
}

interface Waiting {
  poll: Poll;
  resolve(reply: string): void;
  reject(error: unknown): void;
}

const longestStatement = 100;
/** A statement that is held up, by a lock or a slow network, must not hold up the others for longer. */
const patienceMilliseconds = 25;

/**
 * Almost all calls are polls. One on its own is asked at once; those that arrive while it is on its way share the next
 * statement. One statement at a time costs the least: the longer the line, the more of it goes together.
 */
export function sharing(ask: (polls: Poll[]) => Promise<string[]>): (poll: Poll) => Promise<string> {
  const waiting: Waiting[] = [];
  let isAsking = false;

  async function answer(together: Waiting[]): Promise<void> {
    try {
      const replies = await ask(together.map(({ poll }) => poll));
      for (const [place, { resolve }] of together.entries()) resolve(replies[place] ?? "");
    } catch (error) {
      // One that cannot be answered must not take the others with it.
      if (together.length > 1) await Promise.all(together.map((one) => answer([one])));
      else together[0]?.reject(error);
    }
  }

  async function answerAll(): Promise<void> {
    if (isAsking) return;
    isAsking = true;
    while (waiting.length > 0) await orPatience(answer(waiting.splice(0, longestStatement)));
    isAsking = false;
  }

  return (poll) =>
    new Promise((resolve, reject) => {
      waiting.push({ poll, resolve, reject });
      void answerAll();
    });
}

/** Waits for the end of some work, but not forever. */
async function orPatience(work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, patienceMilliseconds);
  await Promise.race([work, promise]);
  clearTimeout(timer);
}
