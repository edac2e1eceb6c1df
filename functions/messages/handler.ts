import type { Log } from "../_shared/log.ts";
import { problemResponse } from "../_shared/problem.ts";
import { requestId } from "../_shared/request.ts";

/** A message that this worker has claimed. */
export interface Message {
  id: string;
  channel: "email" | "sms";
  recipient: string;
  subject: string | null;
  body_text: string;
  body_html: string | null;
  attempt: number;
  created_at: Date;
  /** An earlier attempt began and nobody knows how it ended. */
  was_interrupted: boolean;
}

/** How an attempt ended; `refused` means that trying again is no use. */
export interface Outcome {
  outcome: "sent" | "failed" | "refused";
  providerMessageId?: string | undefined;
  error?: string | undefined;
  /** Seconds for which the provider wants to be left alone. */
  retryAfter?: number | undefined;
}

/** What an error status of a provider means: the message is at fault, or the moment is. */
export function failureOf(status: number | null | undefined, error: string, retryAfter?: unknown): Outcome {
  const isRefused = typeof status === "number" && status >= 400 && status < 500 &&
    // A wrong key is mended and a busy provider recovers: neither is the message's fault.
    ![401, 403, 408, 429].includes(status);
  const seconds = Number(retryAfter ?? NaN);
  return {
    outcome: isRefused ? "refused" : "failed",
    error,
    ...(Number.isFinite(seconds) && seconds > 0 && { retryAfter: Math.ceil(seconds) }),
  };
}

/** One way to send: the thin client of a provider. */
export interface Sender {
  provider: string;
  /** Sends a message at most once under its id; never throws for what the provider answered. */
  send(message: Message): Promise<Outcome>;
}

/** What the worker is handed. */
export interface Dependencies {
  claim(limit: number): Promise<Message[]>;
  /** Says how an attempt ended, and hears in how many seconds the message is due again, if it is. */
  finish(message: Message, provider: string, outcome: Outcome): Promise<number | null>;
  senders: Record<Message["channel"], Sender>;
  /** Whether the caller may make the worker run. */
  isAllowed(authorization: string | null): boolean;
  /** Waits. */
  pause(seconds: number): Promise<void>;
  log: Log;
}

const batch = 10;
/** A message that is due again sooner is waited for; the scheduler wakes another run for the others. */
const longestPauseSeconds = 5;
/** A run ends by itself well before the platform would end it. */
const longestRunSeconds = 50;

/** Runs the worker once: sends what is due until nothing is left, and answers how much that was. */
export async function handle(request: Request, dependencies: Dependencies): Promise<Response> {
  const headers = { "x-request-id": requestId(request) };
  if (!dependencies.isAllowed(request.headers.get("authorization"))) {
    return problemResponse(request, {
      status: 401,
      code: "not_allowed",
      title: "Not allowed",
      detail: "Send the project's secret key as a bearer token.",
    }, headers);
  }
  if (request.method !== "POST") {
    return problemResponse(request, {
      status: 405,
      code: "method_not_allowed",
      title: "Method not allowed",
      detail: "Use POST.",
    }, { ...headers, allow: "POST" });
  }
  const counts = { sent: 0, failed: 0, refused: 0 };
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  /** When, by `elapsed`, messages of this run are due again. */
  let retries: number[] = [];
  while (elapsed() < longestRunSeconds) {
    const messages = await dependencies.claim(batch);
    const attempts = await Promise.all(messages.map((message) => deliver(message, dependencies)));
    for (const { outcome, retryIn } of attempts) {
      counts[outcome]++;
      if (retryIn !== null && retryIn <= longestPauseSeconds) retries.push(elapsed() + retryIn);
    }
    if (messages.length > 0) continue;
    const next = Math.min(...retries);
    if (next === Infinity) break;
    retries = retries.filter((moment) => moment > next);
    await dependencies.pause(Math.max(next - elapsed(), 0));
  }
  return Response.json(counts, { headers });
}

async function deliver(
  message: Message,
  dependencies: Dependencies,
): Promise<{ outcome: Outcome["outcome"]; retryIn: number | null }> {
  const sender = dependencies.senders[message.channel];
  let attempt: Outcome;
  try {
    attempt = await sender.send(message);
  } catch (error) {
    attempt = { outcome: "failed", error: error instanceof Error ? error.message : String(error) };
  }
  const retryIn = await dependencies.finish(message, sender.provider, attempt);
  const { outcome, providerMessageId } = attempt;
  // What the provider said is in the delivery log, without the message's secrets.
  dependencies.log[outcome === "sent" ? "info" : "error"]("message", {
    message_id: message.id,
    channel: message.channel,
    attempt: message.attempt,
    provider: sender.provider,
    outcome,
    provider_message_id: providerMessageId,
    retry_in: retryIn,
  });
  return { outcome, retryIn };
}
