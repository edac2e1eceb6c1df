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
/** While the database works on one, the replies of the other are sent on. */
const statementsAtOnce = 2;

/**
 * Almost all calls are polls. One on its own is asked at once; those that arrive while others are on their way share
 * the next statement.
 */
export function sharing(ask: (polls: Poll[]) => Promise<string[]>): (poll: Poll) => Promise<string> {
  const waiting: Waiting[] = [];
  let asking = 0;

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
    if (asking === statementsAtOnce) return;
    asking++;
    while (waiting.length > 0) await answer(waiting.splice(0, longestStatement));
    asking--;
  }

  return (poll) =>
    new Promise((resolve, reject) => {
      waiting.push({ poll, resolve, reject });
      void answerAll();
    });
}
