import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createLog } from "../../functions/_shared/log.ts";
import { Changes } from "../../functions/requests/changes.ts";
import type { Answer, Call } from "../../functions/requests/database.ts";
import { handle } from "../../functions/requests/handler.ts";
import { openapi } from "../../functions/requests/openapi.ts";
import { operations } from "../../functions/requests/operations.ts";
import { OpenApi } from "../support/openapi.ts";

const key = `sk_live_${"k".repeat(43)}`;
const venue = "00000000-0000-4000-8000-000000000201";
const queue = `/requests/venues/${venue}/requests`;

interface Song {
  id: number;
}

/** The function with a queue in memory in place of the database. */
function functionWith({ failure, placesPerKey = 3 }: { failure?: Error; placesPerKey?: number } = {}) {
  const state = {
    serial: 1,
    looks: 0,
    songs: [] as Song[],
    failure,
    watchFails: false,
    keyWorks: true,
    refusal: undefined as Answer | undefined,
  };
  const calls: Call[] = [];
  const lines: string[] = [];
  const log = createLog("requests", "debug", (line) => lines.push(line));
  const changes = new Changes({
    readSerials: (callers) => {
      state.looks++;
      return state.watchFails
        ? Promise.reject(new Error("internal"))
        : Promise.resolve(callers.map(() => state.keyWorks ? state.serial : undefined));
    },
    log,
    intervalMilliseconds: 5,
    placesPerKey,
  });
  const answer = (call: Call): Promise<Answer> => {
    calls.push(call);
    if (state.failure) return Promise.reject(state.failure);
    if (state.refusal) return Promise.resolve(state.refusal);
    const since = call.arguments["since"];
    const from = since === undefined ? 0 : Number(String(since).split(".")[0]);
    return Promise.resolve({
      status: call.operation === "create_request" ? 201 : 200,
      body: {
        id: 7,
        requests: state.songs.slice(from),
        cursor: `${state.songs.length}.1`,
        has_more: false,
        accepting: true,
      },
      caller: { api_key_id: "k", serial: state.serial },
    });
  };
  const send = (path: string, init: RequestInit = {}) =>
    handle(
      new Request(`http://localhost${path}`, { ...init, headers: { "x-api-key": key, ...init.headers } }),
      {
        call: answer,
        changes,
        log,
        peer: "10.0.0.9",
        heartbeatMilliseconds: 40,
      },
    );
  const change = () => {
    state.songs.push({ id: state.songs.length + 1 });
    state.serial++;
  };
  return { state, calls, lines, changes, send, change };
}

const databaseError = (code: string) => Object.assign(new Error("internal"), { code });

test("the document is valid without being served", async () => {
  await new OpenApi(openapi).check();
});

describe("every operation", () => {
  const values: Record<string, string> = { venue_id: venue, request_id: "7" };
  const bodies: Record<string, unknown> = {
    set_accepting: { accepting: true },
    create_request: { singers: ["A"], artist: "B", title: "C" },
    process_requests: { request_ids: [7] },
  };
  const document = new OpenApi(openapi);

  test.each(operations.map((operation) => [operation.id, operation] as const))(
    "%s answers refusals and failures as the document says",
    async (id, { method, path: template }) => {
      const path = template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
      const init = {
        method,
        ...(bodies[id] !== undefined && {
          body: JSON.stringify(bodies[id]),
          headers: { "content-type": "application/json" },
        }),
      };
      const refused = functionWith();
      refused.state.refusal = { status: 429, code: "rate_limited", detail: "No.", retry_after: 7 };
      const answers = [
        refused.send(`/requests${path}`, init),
        functionWith({ failure: databaseError("42883") }).send(`/requests${path}`, init),
        functionWith({ failure: databaseError("ECONNREFUSED") }).send(`/requests${path}`, init),
      ];
      const statuses = [];
      for (const answer of await Promise.all(answers)) {
        statuses.push([answer.status, answer.headers.has("retry-after")]);
        document.checkReply(method, path, answer, await answer.text());
      }
      expect(statuses).toEqual([[429, true], [500, false], [503, true]]);
    },
  );
});

describe("a call", () => {
  test("reaches the database once, under either mount, with key, address and typed arguments", async () => {
    for (const path of [queue, `/functions/v1${queue}/`]) {
      const { calls, send } = functionWith();
      const response = await send(`${path}?limit=5&song=%25`, {
        headers: {
          "x-forwarded-for": "203.0.113.7, 10.0.0.1",
          "x-request-id": "call-0001",
          "user-agent": "Show/2",
        },
      });
      expect(response.status).toBe(200);
      expect(calls).toEqual([{
        operation: "list_requests",
        key,
        address: "203.0.113.7",
        requestId: "call-0001",
        userAgent: "Show/2",
        arguments: { venue_id: venue, limit: 5, song: "%" },
        isContinuation: false,
        isRepeatable: true,
      }]);
    }
  });

  test("that creates is repeated after a lost connection only when it names itself", async () => {
    const { calls, send } = functionWith();
    const init = {
      method: "POST",
      body: JSON.stringify({ singers: ["A"], artist: "B", title: "C" }),
      headers: { "content-type": "application/json" },
    };
    await send(queue, init);
    const named = await send(queue, { ...init, headers: { ...init.headers, "idempotency-key": "one" } });
    expect(calls.map(({ isRepeatable }) => isRepeatable)).toEqual([false, true]);
    expect(calls[1]?.arguments).toMatchObject({ idempotency_key: "one", key_change: 0 });
    expect(named.headers.get("location")).toBe("/functions/v1/requests/requests/7");
  });

  test.each([
    ["a lost connection", "ECONNREFUSED", 503, "database_unavailable"],
    ["a statement that took too long", "57014", 503, "database_unavailable"],
    ["a value that no column can hold", "22003", 400, "invalid_input"],
    ["a fault of ours", "42883", 500, "internal_error"],
  ])("that meets %s is told so, without inner words", async (_, code, status, problem) => {
    const { send, lines } = functionWith({ failure: databaseError(code) });
    const response = await send(queue);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ type: `urn:problem:${problem}`, status, instance: queue });
    expect(text).not.toContain('internal"');
    expect(response.headers.get("retry-after")).toBe(status === 503 ? "5" : null);
    expect(lines.join()).not.toContain(key);
  });

  test("without a key, or with nonsense, does not reach the database", async () => {
    const { calls, send } = functionWith();
    const statuses = await Promise.all([
      send(queue, { headers: { "x-api-key": "" } }),
      send(`${queue}?limit=0`),
      send("/requests/venues/1"),
      send("/requests/requests/x/process", { method: "POST" }),
      send("/requests"),
      send("/requests/venues", { method: "PATCH" }),
      send(queue, { method: "OPTIONS" }),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([401, 400, 400, 400, 404, 405, 204]);
    expect(calls).toEqual([]);
  });
});

describe("waiting", () => {
  test("looks again only when the serial has moved, and stops looking when nobody waits", async () => {
    const { state, calls, changes, send, change } = functionWith();
    const waiting = send(`${queue}?since=0.0&wait=5`);
    await sleep(60);
    expect([calls.length, changes.waiting, changes.taken]).toEqual([1, 1, 1]);
    change();
    expect(await (await waiting).json()).toMatchObject({ requests: [{ id: 1 }], cursor: "1.1" });
    expect(calls.map(({ isContinuation }) => isContinuation)).toEqual([false, true]);
    expect([changes.waiting, changes.taken]).toEqual([0, 0]);
    await sleep(20);
    const { looks } = state;
    await sleep(50);
    expect(state.looks).toBe(looks);
  });

  test("ends as soon as the key no longer works, though nothing has changed", async () => {
    const { state, changes, send } = functionWith();
    const waiting = send(`${queue}?since=0.0&wait=25`);
    await sleep(20);
    state.refusal = { status: 401, code: "invalid_api_key", detail: "No." };
    state.keyWorks = false;
    expect(await (await waiting).json()).toMatchObject({ type: "urn:problem:invalid_api_key", status: 401 });
    expect([changes.waiting, changes.taken]).toEqual([0, 0]);
  });

  test("ends at once when the client goes away", async () => {
    const { changes, send } = functionWith();
    const leave = new AbortController();
    const waiting = send(`${queue}?since=0.0&wait=25`, { signal: leave.signal });
    await sleep(20);
    leave.abort();
    await waiting;
    expect([changes.waiting, changes.taken]).toEqual([0, 0]);
  });

  test("outlives a database that is away for a moment", async () => {
    const { state, send, change, lines } = functionWith();
    const waiting = send(`${queue}?since=0.0&wait=5`);
    await sleep(20);
    state.watchFails = true;
    await sleep(30);
    state.watchFails = false;
    change();
    expect(await (await waiting).json()).toMatchObject({ cursor: "1.1" });
    expect(lines.join()).toContain("cannot look for changes");
  });

  test("has a number of places for each key", async () => {
    const { send, change } = functionWith({ placesPerKey: 2 });
    const waiting = [1, 2].map(() => send(`${queue}?since=0.0&wait=5`));
    await sleep(20);
    for (const accept of ["application/json", "text/event-stream"]) {
      const refused = await send(`${queue}?since=0.0&wait=5`, { headers: { accept } });
      expect(await refused.json()).toMatchObject({
        type: "urn:problem:too_many_waiting",
        status: 429,
        retry_after: 5,
      });
    }
    change();
    await Promise.all(waiting);
    expect((await send(`${queue}?since=0.0&wait=5`)).status).toBe(200);
  });
});

describe("a stream", () => {
  const accept = { accept: "text/event-stream" };

  async function open(made: ReturnType<typeof functionWith>, headers: Record<string, string> = accept) {
    const response = await made.send(queue, { headers });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const read = async () => {
      const { value, done } = await reader.read();
      return done ? "" : new TextDecoder().decode(value);
    };
    return { read, cancel: () => reader.cancel() };
  }

  test("says that it is still there, and frees its place when it is cancelled", async () => {
    const made = functionWith();
    const { read, cancel } = await open(made);
    expect(await read()).toBe("retry: 2000\n\n");
    expect(await read()).toMatch(/^event: queue\nid: 0\.1\ndata: \{.*\}\n\n$/);
    expect(await read()).toBe(": still here\n\n");
    made.change();
    expect(await read()).toBe('event: request\nid: 1.1\ndata: {"id":1}\n\n');
    expect(made.changes.taken).toBe(1);
    await cancel();
    expect([made.changes.waiting, made.changes.taken]).toEqual([0, 0]);
  });

  test("is not read ahead of a slow reader", async () => {
    const made = functionWith();
    const { read, cancel } = await open(made);
    await read();
    await read();
    await sleep(300);
    const before = made.calls.length;
    await sleep(300);
    expect(made.calls.length).toBe(before);
    await cancel();
  });

  test("ends when the database fails, and with a reason when the key no longer works", async () => {
    const broken = functionWith();
    const first = await open(broken);
    await first.read();
    await first.read();
    broken.state.failure = databaseError("ECONNREFUSED");
    for (let text = " "; text !== "";) text = await first.read();
    expect(broken.lines.join()).toContain("stream broken");
    expect(broken.changes.taken).toBe(0);

    const revoked = functionWith();
    const second = await open(revoked);
    await second.read();
    await second.read();
    revoked.state.refusal = { status: 401, code: "invalid_api_key", detail: "No." };
    let said = "";
    for (let text = " "; text !== "";) said += text = await second.read();
    expect(said).toContain('event: problem\ndata: {"type":"urn:problem:invalid_api_key"');
    expect(revoked.changes.taken).toBe(0);
  });
});
