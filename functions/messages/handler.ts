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
  finish(message: Message, provider: string, outcome: Outcome): Promise<boolean>;
  senders: Record<Message["channel"], Sender>;
  /** Whether the caller may make the worker run. */
  isAllowed(authorization: string | null): boolean;
  log: Log;
}

const batch = 20;
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
  const deadline = performance.now() + longestRunSeconds * 1000;
  while (performance.now() < deadline) {
    const messages = await dependencies.claim(batch);
    if (messages.length === 0) break;
    const outcomes = await Promise.all(messages.map((message) => deliver(message, dependencies)));
    for (const outcome of outcomes) counts[outcome]++;
  }
  return Response.json(counts, { headers });
}

async function deliver(message: Message, dependencies: Dependencies): Promise<Outcome["outcome"]> {
  const sender = dependencies.senders[message.channel];
  let outcome: Outcome;
  try {
    outcome = await sender.send(message);
  } catch (error) {
    outcome = { outcome: "failed", error: error instanceof Error ? error.message : String(error) };
  }
  await dependencies.finish(message, sender.provider, outcome);
  dependencies.log.info("message", {
    message_id: message.id,
    channel: message.channel,
    attempt: message.attempt,
    provider: sender.provider,
    ...outcome,
  });
  return outcome.outcome;
}
