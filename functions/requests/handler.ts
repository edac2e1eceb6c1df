import type { Log } from "../_shared/log.ts";
import { problemBody, problemResponse } from "../_shared/problem.ts";
import { originOf, requestId } from "../_shared/request.ts";
import type { Changes } from "./changes.ts";
import type { Answer, Call, Caller, Done } from "./database.ts";
import { apiKey, find, readInput, type Values } from "./input.ts";
import { openapi } from "./openapi.ts";
import { mount } from "./operations.ts";
import { done, problemOf, Refusal, refusalOf } from "./refusal.ts";
import { isKnown, json, preflight } from "./reply.ts";
import { eventStream, page } from "./stream.ts";

/** What a call is handed to, and where it is reported. */
export interface Dependencies {
  /** Carries out one operation: every rule is behind this function. */
  call(call: Call): Promise<Answer>;
  changes: Changes;
  log: Log;
  /** The address at the other end of the connection. */
  peer?: string | undefined;
  /** How often a quiet stream says that it is still there. */
  heartbeatMilliseconds?: number;
}

const mountedAt = /^(\/functions\/v1)?\/requests(?=\/|$)/;

/** Answers one HTTP request of the interface. */
export async function handle(request: Request, dependencies: Dependencies): Promise<Response> {
  const started = performance.now();
  const report = { request_id: requestId(request), operation: "" };
  const response = await answerTo(request, dependencies, report).catch((error: unknown) => {
    const refusal = refusalOf(error);
    const fields = { ...report, status: refusal.problem.status, code: refusal.problem.code };
    if (refusal.problem.status >= 500) dependencies.log.error("failed", { ...fields, error });
    else dependencies.log.info("refused", fields);
    return problemResponse(request, refusal.problem, refusal.headers);
  });
  const reply = request.method === "HEAD" ? new Response(null, response) : response;
  reply.headers.set("x-request-id", report.request_id);
  reply.headers.set("x-content-type-options", "nosniff");
  reply.headers.set("access-control-allow-origin", "*");
  reply.headers.set("access-control-expose-headers", "etag, location, retry-after, x-request-id");
  const duration = Math.round(performance.now() - started);
  dependencies.log.debug("answered", { ...report, status: reply.status, duration_ms: duration });
  return reply;
}

async function answerTo(
  request: Request,
  dependencies: Dependencies,
  report: { request_id: string; operation: string },
): Promise<Response> {
  if (request.method === "OPTIONS") return preflight();
  const url = new URL(request.url);
  const method = request.method === "HEAD" ? "GET" : request.method;
  const path = url.pathname.replace(mountedAt, "").replace(/\/$/, "");
  if (path === "/openapi.json" && method === "GET") return await json(request, openapi);
  const { operation, params } = find(method, path);
  report.operation = operation.id;

  const origin = originOf(request, report.request_id, dependencies.peer);
  const caller = { key: apiKey(request.headers), address: origin.address };
  const values = await readInput(request, url, operation, params);
  const call = (changed: Values = {}, isContinuation = false): Promise<Answer> => {
    const { wait: _, ...sent } = { ...values, ...changed };
    return dependencies.call({
      ...origin,
      ...caller,
      operation: operation.id,
      arguments: sent,
      isContinuation,
      isRepeatable: operation.id !== "create_request" || sent["idempotency_key"] !== undefined,
    });
  };
  if (operation.waits && acceptsEvents(request)) {
    return await stream(request, dependencies, caller, values, call);
  }
  if (operation.waits) return await waitForPage(request, dependencies, caller, values, call);
  const answer = done(await call());
  if (method === "GET") return await json(request, answer.body);
  const reply = Response.json(answer.body, {
    status: answer.status,
    headers: { "cache-control": "no-store" },
  });
  if (answer.status === 201) reply.headers.set("location", `${mount}/requests/${String(answer.body["id"])}`);
  return reply;
}

type CallAgain = (changed?: Values, isContinuation?: boolean) => Promise<Answer>;

/** A page of requests; with `wait`, as soon as it has something new for the caller. */
async function waitForPage(
  request: Request,
  { changes }: Dependencies,
  caller: Caller,
  values: Values,
  call: CallAgain,
): Promise<Response> {
  const deadline = performance.now() + Number(values["wait"]) * 1000;
  let giveBack: (() => void) | undefined;
  try {
    for (let answer = done(await call());; answer = done(await call({}, true))) {
      const hasNews = values["since"] === undefined
        ? !await isKnown(request, JSON.stringify(answer.body))
        : page.parse(answer.body).requests.length > 0;
      const patience = deadline - performance.now();
      if (hasNews || patience <= 0 || request.signal.aborted) return await json(request, answer.body);
      giveBack ??= takePlace(changes, answer);
      await changes.wait(caller, answer.caller.serial, patience, request.signal);
    }
  } finally {
    giveBack?.();
  }
}

/** A stream of everything that happens in a queue. */
async function stream(
  request: Request,
  { changes, log, heartbeatMilliseconds = 15_000 }: Dependencies,
  caller: Caller,
  values: Values,
  call: CallAgain,
): Promise<Response> {
  const lastEvent = /^\d{1,10}\.\d{1,18}$/.exec(request.headers.get("last-event-id") ?? "")?.[0];
  const since = lastEvent ?? values["since"];
  let first = await call({ since, limit: 500 });
  const isLost = "code" in first && first.code === "cursor_unknown" && lastEvent !== undefined;
  if (isLost) first = await call({ since: undefined, limit: 500 }, true);
  const found = done(first);
  const source = {
    caller,
    first: found,
    isResumed: since !== undefined && !isLost,
    look: (changed: Values) => call({ since: undefined, limit: 500, ...changed }, true),
    explain: (refusal: Exclude<Answer, Done>) => problemBody(request, problemOf(refusal)),
    changes,
    heartbeatMilliseconds,
  };
  const body = eventStream(source, log, request.signal, takePlace(changes, found));
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}

function takePlace(changes: Changes, answer: Done): () => void {
  const giveBack = changes.takePlace(answer.caller.api_key_id);
  if (giveBack) return giveBack;
  throw new Refusal({
    status: 429,
    code: "too_many_waiting",
    detail: "Too many calls with this API key wait already. Let one of them end first.",
    retryAfter: 5,
  });
}

function acceptsEvents({ method, headers }: Request): boolean {
  return method === "GET" && /\btext\/event-stream\b/i.test(headers.get("accept") ?? "");
}
