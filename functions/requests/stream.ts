import * as z from "zod";
import type { Log } from "../_shared/log.ts";
import type { Changes } from "./changes.ts";
import type { Answer, Caller, Done } from "./database.ts";

/** What a stream and a waiting call must know of a page of requests. */
export const page = z.object({
  requests: z.array(z.looseObject({ id: z.int() })),
  accepting: z.boolean(),
  cursor: z.string(),
  has_more: z.boolean(),
});

/** Where the events of a stream come from. */
export interface Source {
  caller: Caller;
  /** What was found first, and whether that was everything or only what came after a cursor. */
  first: Done;
  isResumed: boolean;
  /** Looks again, with some arguments in place of the first ones. */
  look(changed: { since?: string; after?: number }): Promise<Answer>;
  /** How a refusal is told. */
  explain(refusal: Exclude<Answer, Done>): unknown;
  changes: Changes;
  heartbeatMilliseconds: number;
  signal: AbortSignal;
}

function event(name: string, data: unknown, id?: string): string {
  return `event: ${name}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** The events of one stream. Each look checks the key anew, so that a revoked key ends the stream. */
async function* events(source: Source): AsyncGenerator<string> {
  const { look, explain, changes, heartbeatMilliseconds, signal } = source;
  let answer: Answer = source.first;
  let { accepting, cursor, ...found } = page.parse(answer.body);
  yield "retry: 2000\n\n";
  if (source.isResumed) yield event("accepting", { accepting });
  else {
    yield event("queue", answer.body, cursor);
    while (found.has_more) {
      answer = await look({ after: found.requests.at(-1)?.id ?? 0 });
      if ("code" in answer) return yield event("problem", explain(answer));
      found = page.parse(answer.body);
      for (const request of found.requests) yield event("request", request);
    }
    // What changed since the first look comes with the next one.
    found = { requests: [], has_more: true };
  }

  for (;;) {
    const last = found.requests.length - 1;
    // Only the last event of a look says where it ended: after a break the others may come again.
    for (const [index, request] of found.requests.entries()) {
      yield event("request", request, index === last ? cursor : undefined);
    }
    if (!found.has_more) {
      await changes.wait(source.caller, answer.caller.serial, heartbeatMilliseconds, signal);
    }
    if (signal.aborted) return;
    answer = await look({ since: cursor });
    if ("code" in answer) return yield event("problem", explain(answer));
    const next = page.parse(answer.body);
    if (next.accepting !== accepting) yield event("accepting", { accepting: next.accepting });
    else if (next.requests.length === 0) yield ": still here\n\n";
    ({ accepting, cursor, ...found } = next);
  }
}

/** A body that sends events as fast as its reader takes them; `done` is called once, however it ends. */
export function eventStream(
  source: Omit<Source, "signal">,
  log: Log,
  clientGone: AbortSignal,
  done: () => void,
): ReadableStream<Uint8Array> {
  const giveUp = new AbortController();
  const encoder = new TextEncoder();
  const iterator = events({ ...source, signal: giveUp.signal });
  let isDone = false;
  const end = (): void => {
    if (isDone) return;
    isDone = true;
    giveUp.abort();
    clientGone.removeEventListener("abort", end);
    done();
  };
  clientGone.addEventListener("abort", end);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done: isOver } = await iterator.next();
        if (!isOver) return controller.enqueue(encoder.encode(value));
      } catch (error) {
        // The client comes back with the last event's id and is told then what is wrong.
        log.error("stream broken", { error });
      }
      end();
      controller.close();
    },
    cancel: end,
  });
}
