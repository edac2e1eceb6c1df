import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { database, forgetRateLimits, forgetRateLimitsOf } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import { OpenApi } from "../support/openapi.ts";
import { addVenue, expectData, type Host, signInGuest, signUpHost } from "../support/people.ts";

type Json = Record<string, unknown>;

const base = `${environment.apiUrl}/functions/v1/requests`;
const all = ["venues:read", "requests:read", "requests:write", "songs:write"];

let openapi: OpenApi;
let host: Host;
let stranger: Host;
let key: string;
let keyId: string;
let venue: Awaited<ReturnType<typeof addVenue>>;
let queue: string;

interface Init {
  key?: string | null;
  headers?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal;
}

/** One call; what comes back must be what the served OpenAPI document promises. */
async function call(
  method: string,
  path: string,
  { key: shown = key, headers = {}, body, signal }: Init = {},
) {
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(shown !== null && { "x-api-key": shown }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    ...(signal && { signal }),
  });
  const text = await response.text();
  openapi.checkReply(method, path, response, text);
  expect(response.headers.get("x-request-id")).toBeTruthy();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? {} : JSON.parse(text) as Json,
  };
}

const problem = (code: string, status: number) => ({ status, body: { type: `urn:problem:${code}`, status } });

async function makeKey(owner: Host, scopes: string[], more: Json = {}): Promise<{ id: string; key: string }> {
  const created = expectData(
    await owner.client.rpc("create_api_key", {
      p_organization_id: owner.organizationId,
      p_name: "Show program",
      p_scopes: scopes,
      ...more,
    }),
  );
  return created as { id: string; key: string };
}

/** Enters a request through the interface. */
async function enter(title: string, more: Json = {}): Promise<Json & { id: number }> {
  const { status, body } = await call("POST", queue, {
    body: { singers: ["Ann"], artist: "Test Artist", title, ...more },
  });
  expect(status).toBe(201);
  return body as Json & { id: number };
}

const titles = ({ body }: { body: Json }) => (body["requests"] as Json[]).map(({ title }) => title);

beforeAll(async () => {
  await forgetRateLimits();
  openapi = new OpenApi(await (await fetch(`${base}/openapi.json`)).json() as Json);
  [host, stranger] = await Promise.all([signUpHost("interface"), signUpHost("stranger")]);
  ({ id: keyId, key } = await makeKey(host, all));
});

beforeEach(async () => {
  await forgetRateLimits();
  // All the tests together make more calls with one key than a program may in a minute.
  await forgetRateLimitsOf(keyId);
  venue = await addVenue(host, { name: `Bar ${randomUUID().slice(0, 8)}` });
  queue = `/venues/${venue.id}/requests`;
});

afterAll(() => database.end());

describe("the OpenAPI document", () => {
  test("is valid OpenAPI 3.1, needs no key and can be cached", async () => {
    await openapi.check();
    const first = await fetch(`${base}/openapi.json`);
    expect([first.status, first.headers.get("content-type")]).toEqual([200, "application/json"]);
    await first.body?.cancel();
    const again = await fetch(`${base}/openapi.json`, {
      headers: { "if-none-match": first.headers.get("etag") ?? "" },
    });
    expect(again.status).toBe(304);
  });

  test("names the operations and scopes that the database knows", async () => {
    const known = await database<{ operation: string; scope_key: string }[]>`
      select operation, scope_key from private.request_interface_operations order by operation
    `;
    const described = Object.values(openapi.document.paths).flatMap((path) => Object.values(path))
      .map(({ operationId, security }) => ({
        operation: operationId,
        scope_key: security[0]?.["apiKey"]?.[0],
      }));
    expect(described.sort((a, b) => a.operation < b.operation ? -1 : 1)).toEqual([...known]);
  });
});

describe("every operation", () => {
  /** Sends what makes each documented status, apart from those that need a broken server. */
  async function observe(id: string): Promise<number[]> {
    const reader = (await makeKey(host, ["requests:write"])).key;
    const writer = (await makeKey(host, ["songs:write"])).key;
    const { id: request } = await enter(`For ${id}`);
    const { id: ended } = await enter(`Ended for ${id}`);
    await call("POST", `/requests/${ended}/${id === "cancel_request" ? "process" : "cancel"}`);
    const song = { singers: ["A"], artist: "B", title: "C" };
    const nowhere = randomUUID();
    const path: Record<string, (venueId: string, requestId: number | string) => string> = {
      list_venues: () => "/venues",
      get_venue: (venueId) => `/venues/${venueId}`,
      get_venue_statistics: (venueId) => `/venues/${venueId}/stats`,
      set_accepting: (venueId) => `/venues/${venueId}/accepting`,
      list_requests: (venueId) => `/venues/${venueId}/requests`,
      create_request: (venueId) => `/venues/${venueId}/requests`,
      get_request: (_, requestId) => `/requests/${requestId}`,
      process_request: (_, requestId) => `/requests/${requestId}/process`,
      unprocess_request: (_, requestId) => `/requests/${requestId}/unprocess`,
      cancel_request: (_, requestId) => `/requests/${requestId}/cancel`,
      process_requests: () => "/requests/process",
    };
    const body: Record<string, (requestId: number) => unknown> = {
      set_accepting: () => ({ accepting: true }),
      create_request: () => song,
      process_requests: (requestId) => ({ request_ids: [requestId] }),
    };
    const method = id.startsWith("get") || id.startsWith("list")
      ? "GET"
      : id.startsWith("set")
      ? "PUT"
      : "POST";
    const seen = new Set<number>();
    const send = async (venueId: string, requestId: number | string, init: Init = {}, query = "") => {
      const sent = body[id]?.(typeof requestId === "number" ? requestId : 0);
      const { status } = await call(method, (path[id]?.(venueId, requestId) ?? "") + query, {
        ...(sent !== undefined && { body: sent }),
        ...init,
      });
      seen.add(status);
    };
    await send(venue.id, ended);
    await send(nowhere, 999999999999);
    await send("x", "x", body[id] && { body: { mood: "high" } }, method === "GET" ? "?mood=high" : "");
    await send(venue.id, request, { key: `sk_live_${"z".repeat(43)}` });
    await send(venue.id, request, { key: method === "GET" ? reader : writer });
    await send(venue.id, request, { headers: { "if-none-match": "*", "idempotency-key": id } });
    await send(venue.id, request, { headers: { "idempotency-key": id } });
    if (body[id]) {
      await send(venue.id, request, { body: `"${"x".repeat(70_000)}"` });
      await send(venue.id, request, { body: "x", headers: { "content-type": "text/plain" } });
    }
    if (id === "list_requests") await send(venue.id, request, {}, "?since=2000000000.1");
    if (id === "create_request") {
      const other = { singers: ["Ann"], artist: "A", title: "Other" };
      await send(venue.id, request, { headers: { "idempotency-key": id }, body: other });
      await call("PUT", `/venues/${venue.id}/accepting`, { body: { accepting: false } });
      await send(venue.id, request);
    }
    if (id === "unprocess_request") {
      // A request that was sung may wait again; one that was withdrawn may not.
      await call("POST", `/requests/${request}/process`);
      await send(venue.id, request);
    }
    return [...seen];
  }

  test("answers each status that the document promises, and no other", async () => {
    for (const methods of Object.values(openapi.document.paths)) {
      for (const { operationId, responses } of Object.values(methods)) {
        await forgetRateLimits();
        const promised = Object.keys(responses).map(Number).filter((status) =>
          ![429, 500, 503].includes(status)
        );
        expect([operationId, (await observe(operationId)).sort()]).toEqual([operationId, promised.sort()]);
        if (operationId === "create_request") {
          await call("PUT", `/venues/${venue.id}/accepting`, { body: { accepting: true } });
        }
      }
    }
  });
});

describe("a key", () => {
  test("is taken as X-API-Key and as Bearer", async () => {
    expect((await call("GET", "/venues")).status).toBe(200);
    const bearer = await call("GET", "/venues", { key: null, headers: { authorization: `Bearer ${key}` } });
    expect(bearer.status).toBe(200);
  });

  test("must be there; a Supabase key is none", async () => {
    expect(await call("GET", "/venues", { key: null })).toMatchObject(problem("api_key_required", 401));
    const anonymous = { authorization: `Bearer ${environment.anonKey}`, apikey: environment.publishableKey };
    expect(await call("GET", "/venues", { key: null, headers: anonymous })).toMatchObject(
      problem("api_key_required", 401),
    );
  });

  test("that is unknown, revoked or expired gets one and the same answer", async () => {
    const revoked = await makeKey(host, all);
    expect((await host.client.rpc("revoke_api_key", { p_api_key_id: revoked.id })).error).toBeNull();
    const expired = await makeKey(host, all);
    await database`update public.api_keys set expires_at = now() - interval '1 second' where id = ${expired.id}`;
    const elsewhere = await makeKey(host, all, { p_allowed_networks: ["203.0.113.0/24"] });
    const answers = await Promise.all(
      [`sk_live_${"x".repeat(43)}`, revoked.key, expired.key, elsewhere.key].map((shown) =>
        call("GET", "/venues", { key: shown })
      ),
    );
    for (const answer of answers) {
      expect(answer).toMatchObject(problem("invalid_api_key", 401));
      expect(answer.body).toEqual(answers[0]?.body);
    }
  });

  test("without the scope is refused by the scope's name, and the host can see it", async () => {
    const reader = await makeKey(host, ["requests:read"]);
    expect((await call("GET", queue, { key: reader.key })).status).toBe(200);
    const refused = await call("POST", queue, {
      key: reader.key,
      body: { singers: ["A"], artist: "B", title: "C" },
    });
    expect(refused).toMatchObject(problem("scope_missing", 403));
    expect(refused.body["detail"]).toContain("requests:write");
    expect((await call("GET", "/venues", { key: reader.key })).body["detail"]).toContain("venues:read");
    const [usage] = expectData(await host.client.from("api_key_usage").select().eq("api_key_id", reader.id));
    expect(usage).toMatchObject({ calls: 1, failures: 2, last_failure_reason: "scope venues:read missing" });
  });

  test("of another organization sees nothing of this one", async () => {
    const foreign = (await makeKey(stranger, all)).key;
    const { id } = await enter("Mine");
    const before = await database`select state, updated_at from public.requests where id = ${id}`;
    const listed = await call("GET", "/venues", { key: foreign });
    expect(JSON.stringify(listed.body)).not.toContain(venue.id);
    for (
      const [method, path, body] of [
        ["GET", `/venues/${venue.id}`],
        ["GET", `/venues/${venue.id}/stats`],
        ["GET", queue],
        ["PUT", `/venues/${venue.id}/accepting`, { accepting: false }],
        ["POST", queue, { singers: ["A"], artist: "B", title: "C" }],
      ] as const
    ) {
      expect(await call(method, path, { key: foreign, body })).toMatchObject(problem("venue_not_found", 404));
    }
    for (
      const [method, end] of [["GET", ""], ["POST", "/process"], ["POST", "/unprocess"], [
        "POST",
        "/cancel",
      ]] as const
    ) {
      expect(await call(method, `/requests/${id}${end}`, { key: foreign })).toMatchObject(
        problem("request_not_found", 404),
      );
    }
    const bulk = await call("POST", "/requests/process", { key: foreign, body: { request_ids: [id] } });
    expect(bulk).toMatchObject(problem("request_not_found", 404));
    expect(await database`select state, updated_at from public.requests where id = ${id}`).toEqual(before);
  });

  test("made for one venue knows no other", async () => {
    const other = await addVenue(host);
    const { id } = await enter("Here");
    const bound = (await makeKey(host, all, { p_venue_id: other.id })).key;
    expect((await call("GET", "/venues", { key: bound })).body).toMatchObject({ venues: [{ id: other.id }] });
    expect(await call("GET", queue, { key: bound })).toMatchObject(problem("venue_not_found", 404));
    expect(await call("POST", `/requests/${id}/process`, { key: bound })).toMatchObject(
      problem("request_not_found", 404),
    );
  });

  test("is limited, told when to come back, and others are not held up", async () => {
    const [brisk, other] = [(await makeKey(host, all)).key, (await makeKey(host, all)).key];
    const setMaximum = (maximum: number) =>
      database`update private.rate_limits set maximum = ${maximum} where key = 'request_interface_per_key'`;
    await setMaximum(3);
    try {
      // Other tests may take all counters away meanwhile, so it can take a few calls more.
      let answer = await call("GET", "/venues", { key: brisk });
      for (let count = 1; answer.status === 200 && count < 15; count++) {
        answer = await call("GET", "/venues", { key: brisk });
      }
      expect(answer).toMatchObject(problem("rate_limited", 429));
      expect(Number(answer.headers.get("retry-after"))).toBe(answer.body["retry_after"]);
      expect(answer.body["retry_after"]).toBeGreaterThan(50);
      expect((await call("GET", "/venues", { key: other })).status).toBe(200);
    } finally {
      await setMaximum(600);
    }
  });
});

describe("venues", () => {
  test("are listed with what waits in them; archived ones are gone", async () => {
    await enter("One");
    const found = (await call("GET", "/venues")).body["venues"] as Json[];
    expect(found.find(({ id }) => id === venue.id)).toEqual({
      id: venue.id,
      openkj_venue_id: venue.openkj_venue_id,
      url_name: venue.url_name,
      name: venue.name,
      address: "1 Main Street",
      city: "Nashville",
      state: "TN",
      postal_code: "37201",
      country: "USA",
      accepting: true,
      active_requests: 1,
    });
    const { id } = await enter("Two");
    await host.client.rpc("archive_venue", { p_venue_id: venue.id });
    expect(JSON.stringify((await call("GET", "/venues")).body)).not.toContain(venue.id);
    expect(await call("GET", `/venues/${venue.id}`)).toMatchObject(problem("venue_not_found", 404));
    expect(await call("GET", queue)).toMatchObject(problem("venue_not_found", 404));
    expect(await call("GET", `/requests/${id}`)).toMatchObject(problem("request_not_found", 404));
  });

  test("are opened and closed, however often the call comes; a closed one takes no requests", async () => {
    for (const accepting of [false, false, true]) {
      const answer = await call("PUT", `/venues/${venue.id}/accepting`, { body: { accepting } });
      expect(answer).toMatchObject({ status: 200, body: { accepting } });
      const [row] = expectData(
        await host.client.from("venues").select("accepting_requests").eq("id", venue.id),
      );
      expect(row?.accepting_requests).toBe(accepting);
      if (!accepting) {
        const refused = await call("POST", queue, { body: { singers: ["A"], artist: "B", title: "C" } });
        expect(refused).toMatchObject(problem("venue_closed", 422));
      }
    }
  });

  test("say in the audit log by which call they were opened and closed", async () => {
    const headers = { "x-request-id": `closing-${randomUUID()}`, "user-agent": "Show program/2.1" };
    await call("PUT", `/venues/${venue.id}/accepting`, { body: { accepting: false }, headers });
    const entries = expectData(
      await host.client.from("audit_entries").select().eq("http_request_id", headers["x-request-id"]),
    );
    expect(entries).toMatchObject([{
      table_name: "venues",
      row_key: venue.id,
      actor_kind: "api_key",
      actor_name: keyId,
      new_values: { accepting_requests: false },
      user_agent: headers["user-agent"],
      address: expect.any(String) as string,
    }]);
  });

  test("count what they have had, have waiting and have had sung today", async () => {
    const [first] = [await enter("One"), await enter("Two"), await enter("Three")];
    await call("POST", `/requests/${first.id}/process`);
    const stats = await call("GET", `/venues/${venue.id}/stats`);
    expect(stats.body).toEqual({
      venue_id: venue.id,
      total_requests: 3,
      active_requests: 2,
      processed_today: 1,
    });
  });
});

describe("a request", () => {
  test("is entered with everything about it, and marked as the program's", async () => {
    const created = await call("POST", queue, {
      body: { singers: [" Ann ", "Bob"], artist: "Beyoncé", title: "Halo", key_change: -2, notes: "slow" },
    });
    expect(created.status).toBe(201);
    expect(created.headers.get("location")).toBe(
      `/functions/v1/requests/requests/${String(created.body["id"])}`,
    );
    expect(created.body).toMatchObject({
      venue_id: venue.id,
      state: "pending",
      processed: false,
      singers: ["Ann", "Bob"],
      singer: "Ann & Bob",
      artist: "Beyoncé",
      title: "Halo",
      key_change: -2,
      notes: "slow",
      place: 1,
    });
    expect((await call("GET", `/requests/${String(created.body["id"])}`)).body).toEqual(created.body);
    const events = await database`select source from public.request_events where request_id = ${
      Number(created.body["id"])
    }`;
    expect(events.map(({ source }) => source)).toEqual(["api"]);
  });

  test("is entered once under one Idempotency-Key, however many calls arrive at once", async () => {
    const send = () =>
      call("POST", queue, {
        headers: { "idempotency-key": "evening 1" },
        body: { singers: ["Ann"], artist: "A", title: "Once" },
      });
    const answers = await Promise.all(Array.from({ length: 8 }, send));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
    expect(new Set(answers.map(({ body }) => body["id"])).size).toBe(1);
    expect(titles(await call("GET", queue))).toEqual(["Once"]);
  });

  test("is refused under an Idempotency-Key of another one, also when both arrive at once", async () => {
    const send = (title: string) =>
      call("POST", queue, {
        headers: { "idempotency-key": "evening 2" },
        body: { singers: ["Ann"], artist: "A", title },
      });
    const answers = await Promise.all(["One", "Other", "One", "Other"].map(send));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 201, 409, 409]);
    for (const answer of answers.filter(({ status }) => status === 409)) {
      expect(answer).toMatchObject(problem("idempotency_key_reused", 409));
    }
    expect(titles(await call("GET", queue))).toHaveLength(1);
  });

  test("goes through its states; again is harmless, what is not allowed is refused", async () => {
    const { id } = await enter("Song");
    const step = async (name: string) => (await call("POST", `/requests/${id}/${name}`)).body["state"];
    expect(await step("process")).toBe("completed");
    expect(await step("process")).toBe("completed");
    expect(await call("POST", `/requests/${id}/cancel`)).toMatchObject(
      problem("transition_not_allowed", 409),
    );
    expect(await step("unprocess")).toBe("pending");
    expect(await step("unprocess")).toBe("pending");
    expect(await step("cancel")).toBe("cancelled");
    expect(await step("cancel")).toBe("cancelled");
    expect(await call("POST", `/requests/${id}/process`)).toMatchObject(
      problem("transition_not_allowed", 409),
    );
    expect((await call("GET", `/requests/${id}`)).body).toMatchObject({
      state: "cancelled",
      place: null,
      wait_seconds: null,
    });
  });

  test("is processed with others, all or none, duplicates once", async () => {
    const ids = [(await enter("One")).id, (await enter("Two")).id, (await enter("Three")).id];
    const unknown = await call("POST", "/requests/process", {
      body: { request_ids: [...ids, 999999999, 999999998] },
    });
    expect(unknown).toMatchObject(problem("request_not_found", 404));
    expect(unknown.body["detail"]).toContain("999999998, 999999999");
    expect(titles(await call("GET", queue))).toEqual(["One", "Two", "Three"]);
    const [first = 0, second = 0, third = 0] = ids;
    const done = await call("POST", "/requests/process", { body: { request_ids: [first, second, first] } });
    expect(done.body).toEqual({ processed: 2 });
    await call("POST", `/requests/${third}/cancel`);
    const refused = await call("POST", "/requests/process", { body: { request_ids: ids } });
    expect(refused).toMatchObject(problem("transition_not_allowed", 409));
    const many = await call("POST", "/requests/process", {
      body: { request_ids: Array.from({ length: 101 }, (_, n) => n + 1) },
    });
    expect(many).toMatchObject(problem("invalid_input", 400));
  });

  test("is processed once when twenty programs try at once", async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, async (_, n) => (await enter(`Song ${n}`)).id));
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call("POST", "/requests/process", { body: { request_ids: ids } })),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(answers.reduce((sum, { body }) => sum + Number(body["processed"]), 0)).toBe(5);
    const sung =
      await database`select count(*)::integer as songs from public.performances where venue_id = ${venue.id}`;
    expect(sung[0]).toEqual({ songs: 5 });
  });
});

describe("the queue", () => {
  test("comes in the order of asking, its history newest first, page by page", async () => {
    for (const title of ["One", "Two", "Three", "Four", "Five"]) await enter(title);
    const first = await call("GET", `${queue}?limit=2`);
    expect([titles(first), first.body["has_more"]]).toEqual([["One", "Two"], true]);
    const second = await call(
      "GET",
      `${queue}?limit=3&after=${String((first.body["requests"] as Json[])[1]?.["id"])}`,
    );
    expect([titles(second), second.body["has_more"]]).toEqual([["Three", "Four", "Five"], false]);
    const ids = [...first.body["requests"] as Json[], ...second.body["requests"] as Json[]].map(({ id }) =>
      id
    );
    await call("POST", "/requests/process", { body: { request_ids: ids.slice(0, 3) } });
    const sung = await call("GET", `${queue}?state=completed&limit=2`);
    expect([titles(sung), sung.body["has_more"]]).toEqual([["Three", "Two"], true]);
    expect(titles(await call("GET", `${queue}?state=completed&after=${String(ids[1])}`))).toEqual(["One"]);
    expect(titles(await call("GET", `${queue}?state=all`))).toEqual(["Five", "Four", "Three", "Two", "One"]);
  });

  test("is searched by singer and song, without regard to accents; wildcards are plain text", async () => {
    await enter("Halo", { artist: "Beyoncé", singers: ["Zoë"] });
    await enter("100% Pure", { singers: ["Bob_1"] });
    expect(titles(await call("GET", `${queue}?song=beyonce`))).toEqual(["Halo"]);
    expect(titles(await call("GET", `${queue}?singer=zoe&song=hal`))).toEqual(["Halo"]);
    expect(titles(await call("GET", `${queue}?song=100%25`))).toEqual(["100% Pure"]);
    expect(titles(await call("GET", `${queue}?singer=_`))).toEqual(["100% Pure"]);
  });

  test("answers 304 until it changes", async () => {
    await enter("One");
    const first = await call("GET", queue);
    const etag = { "if-none-match": first.headers.get("etag") ?? "" };
    expect((await call("GET", queue, { headers: etag })).status).toBe(304);
    expect((await call("HEAD", queue, { headers: etag })).status).toBe(304);
    await enter("Two");
    expect((await call("GET", queue, { headers: etag })).status).toBe(200);
    const opened = (await call("GET", queue)).headers.get("etag") ?? "";
    await call("PUT", `/venues/${venue.id}/accepting`, { body: { accepting: false } });
    const closed = await call("GET", queue, { headers: { "if-none-match": opened } });
    expect(closed).toMatchObject({ status: 200, body: { accepting: false } });
  });

  test("tells by cursor what has changed, whoever changed it, nothing twice and nothing missed", async () => {
    const one = await enter("One");
    const start = (await call("GET", queue)).body["cursor"] as string;
    expect((await call("GET", `${queue}?since=${start}`)).body).toMatchObject({
      requests: [],
      cursor: start,
      has_more: false,
    });
    await enter("Two");
    const guest = await signInGuest();
    expectData(
      await host.client.from("venue_rules").update({ free_text_allowed: true }).eq("venue_id", venue.id)
        .select(),
    );
    expectData(
      await guest.client.rpc("submit_request", {
        p_venue_id: venue.id,
        p_artist: "B",
        p_title: "Three",
        p_singer_names: ["Gus"],
      }),
    );
    await call("POST", `/requests/${one.id}/process`);
    const changed = await call("GET", `${queue}?since=${start}`);
    expect((changed.body["requests"] as Json[]).map(({ title, state }) => [title, state])).toEqual([
      ["Two", "pending"],
      ["Three", "pending"],
      ["One", "completed"],
    ]);
    const seen: unknown[] = [];
    let cursor = start;
    for (let has_more = true; has_more;) {
      const page = await call("GET", `${queue}?since=${cursor}&limit=1`);
      seen.push(...titles(page));
      cursor = page.body["cursor"] as string;
      has_more = page.body["has_more"] as boolean;
    }
    expect([seen, cursor]).toEqual([["Two", "Three", "One"], changed.body["cursor"]]);
    expect(await call("GET", `${queue}?since=2000000000.1`)).toMatchObject(problem("cursor_unknown", 410));
  });

  test("misses nothing when forty requests come at once while it is read", async () => {
    const seen = new Map<unknown, number>();
    let cursor = "0.0";
    let isOver = false;
    const reader = (async () => {
      for (let rest = 3; rest > 0; rest -= isOver ? 1 : 0) {
        const page = await call("GET", `${queue}?since=${cursor}&limit=7`);
        for (const title of titles(page)) seen.set(title, (seen.get(title) ?? 0) + 1);
        cursor = page.body["cursor"] as string;
        if (page.body["has_more"]) rest = 3;
      }
    })();
    await Promise.all(Array.from({ length: 40 }, (_, n) => enter(`Song ${n}`)));
    isOver = true;
    await reader;
    expect([seen.size, Math.max(...seen.values())]).toEqual([40, 1]);
  });
});

describe("a call that waits", () => {
  test("is answered as soon as something changes", async () => {
    const { cursor } = (await call("GET", queue)).body;
    const started = performance.now();
    const waiting = call("GET", `${queue}?since=${String(cursor)}&wait=20`);
    await sleep(700);
    await enter("News");
    const answer = await waiting;
    expect(titles(answer)).toEqual(["News"]);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test("is answered empty, or 304, when its time is over", async () => {
    const first = await call("GET", queue);
    const started = performance.now();
    const [bySince, byTag] = await Promise.all([
      call("GET", `${queue}?since=${String(first.body["cursor"])}&wait=1`),
      call("GET", `${queue}?wait=1`, { headers: { "if-none-match": first.headers.get("etag") ?? "" } }),
    ]);
    expect(performance.now() - started).toBeGreaterThan(900);
    expect([bySince.status, titles(bySince), byTag.status]).toEqual([200, [], 304]);
  });

  test("hears what changes at its own venue only", async () => {
    const other = await addVenue(host);
    const { cursor } = (await call("GET", queue)).body;
    const waiting = call("GET", `${queue}?since=${String(cursor)}&wait=2`);
    await sleep(300);
    await call("POST", `/venues/${other.id}/requests`, {
      body: { singers: ["A"], artist: "B", title: "Elsewhere" },
    });
    expect(titles(await waiting)).toEqual([]);
  });

  test("ends when the key is revoked meanwhile", async () => {
    const brief = await makeKey(host, all);
    const { cursor } = (await call("GET", queue)).body;
    const waiting = call("GET", `${queue}?since=${String(cursor)}&wait=20`, { key: brief.key });
    await sleep(300);
    await host.client.rpc("revoke_api_key", { p_api_key_id: brief.id });
    expect(await waiting).toMatchObject(problem("invalid_api_key", 401));
  });

  test("a hundred of them keep no connection of the database, and all are answered", async () => {
    const { cursor } = (await call("GET", queue)).body;
    const waiting = Array.from(
      { length: 100 },
      () => call("GET", `${queue}?since=${String(cursor)}&wait=20`),
    );
    await sleep(1500);
    const [busy] = await database`
      select count(*)::integer as connections from pg_stat_activity where application_name = 'request_interface' and state = 'active'
    `;
    expect(busy?.["connections"]).toBeLessThanOrEqual(1);
    const plain = await call("GET", queue);
    expect(plain.status).toBe(200);
    const tooMany = await call("GET", `${queue}?since=${String(cursor)}&wait=20`);
    expect(tooMany).toMatchObject(problem("too_many_waiting", 429));
    await enter("For all");
    for (const answer of await Promise.all(waiting)) expect(titles(answer)).toEqual(["For all"]);
  });

  test("gives its place back when the client goes away", async () => {
    const { cursor } = (await call("GET", queue)).body;
    for (let round = 0; round < 3; round++) {
      const leave = new AbortController();
      const waiting = Array.from(
        { length: 60 },
        () =>
          call("GET", `${queue}?since=${String(cursor)}&wait=25`, { signal: leave.signal }).catch(() =>
            "gone"
          ),
      );
      await sleep(1000);
      leave.abort();
      expect(new Set(await Promise.all(waiting))).toEqual(new Set(["gone"]));
      await sleep(500);
    }
  });
});

interface Event {
  event?: string;
  id?: string;
  data: Json;
}

/** A stream of events over a plain socket, so that nothing of a client library is between. */
function follow(headers: Record<string, string> = {}, shown = key) {
  const url = new URL(base + queue);
  const events: Event[] = [];
  const state = { status: 0, comments: 0, isOver: false };
  const socket = connect(Number(url.port), url.hostname);
  const lines = Object.entries({ "x-api-key": shown, accept: "text/event-stream", ...headers }).map((
    [name, value],
  ) => `${name}: ${value}`);
  socket.write(`GET ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\n${lines.join("\r\n")}\r\n\r\n`);
  let text = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    text += chunk;
    state.status ||= Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
    if (/\r\n0\r\n\r\n/.test(text)) state.isOver = true;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const fields = Object.fromEntries(
        text.slice(0, end).split("\n").flatMap((line) => {
          const found = /^(event|id|data): (.*)$/.exec(line);
          return found ? [[found[1], found[2]]] : [];
        }),
      ) as Record<string, string>;
      if (text.slice(0, end).includes(": still here")) state.comments++;
      text = text.slice(end + 2);
      if (fields["data"] !== undefined) {
        events.push({ ...fields, data: JSON.parse(fields["data"]) as Json });
      }
    }
  });
  socket.on("error", () => {});
  socket.on("close", () => state.isOver = true);
  return { events, state, stop: () => socket.destroy() };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let waited = 0; waited < 2400; waited++) {
    if (holds()) return;
    await sleep(25);
  }
  expect.fail(`waited in vain: ${what}`);
}

describe("a stream", () => {
  test("starts with the queue and goes on with every change", async () => {
    const one = await enter("One");
    const { events, stop } = follow();
    await until("the queue", () => events.length === 1);
    expect(events[0]).toMatchObject({ event: "queue", data: { accepting: true, has_more: false } });
    expect((events[0]?.data["requests"] as Json[]).map(({ title }) => title)).toEqual(["One"]);
    await enter("Two");
    await until("the new request", () => events.length === 2);
    await call("POST", `/requests/${one.id}/process`);
    await until("the change", () => events.length === 3);
    await call("PUT", `/venues/${venue.id}/accepting`, { body: { accepting: false } });
    await until("the closing", () => events.length === 4);
    expect(
      events.slice(1).map(({ event, data }) => [event, data["title"] ?? data["accepting"], data["state"]]),
    ).toEqual([
      ["request", "Two", "pending"],
      ["request", "One", "completed"],
      ["accepting", false, undefined],
    ]);
    stop();
  });

  test("goes on after a break where it ended", async () => {
    await enter("One");
    const first = follow();
    await until("the queue", () => first.events.length === 1);
    const last = first.events[0]?.id ?? "";
    first.stop();
    await enter("Two");
    await enter("Three");
    const second = follow({ "last-event-id": last });
    await until("what was missed", () => second.events.length === 3);
    await enter("Four");
    await until("what came then", () => second.events.length === 4);
    expect(second.events.map(({ event, data }) => [event, data["title"]])).toEqual([
      ["accepting", undefined],
      ["request", "Two"],
      ["request", "Three"],
      ["request", "Four"],
    ]);
    second.stop();
    const third = follow({ "last-event-id": "2000000000.1" });
    await until("the whole queue, as this cursor is unknown", () => third.events.length === 1);
    expect(third.events[0]?.event).toBe("queue");
    third.stop();
  });

  test("is refused like any call, and ends when the key is revoked", async () => {
    const refused = follow({}, `sk_live_${"y".repeat(43)}`);
    await until("the refusal", () => refused.state.status > 0);
    expect(refused.state.status).toBe(401);
    refused.stop();
    const brief = await makeKey(host, all);
    const { events, state, stop } = follow({}, brief.key);
    await until("the queue", () => events.length === 1);
    await host.client.rpc("revoke_api_key", { p_api_key_id: brief.id });
    await until("the end", () => state.isOver);
    expect(events.slice(1)).toMatchObject([{ event: "problem", data: { status: 401 } }]);
    // One sign of life comes after the queue. It did not take the next one to find out.
    expect(state.comments).toBeLessThanOrEqual(1);
    stop();
  });

  test("of sixty programs carries the same to all, and frees its place when they go", async () => {
    for (let round = 0; round < 2; round++) {
      const streams = Array.from({ length: 60 }, () => follow());
      await until("sixty queues", () => streams.every(({ events }) => events.length === 1));
      const { id } = await enter(`Round ${round}`);
      await until("the new request", () => streams.every(({ events }) => events.length === 2));
      expect(streams.every(({ events }) => events[1]?.data["id"] === id)).toBe(true);
      for (const { stop } of streams) stop();
      await sleep(1000);
    }
  });
});

describe("bad input", () => {
  test("is told all at once, with its place, and changes nothing", async () => {
    const answer = await call("POST", "/venues/nowhere/requests", {
      body: { singers: [""], artist: "A", key_change: 13, mood: "high" },
    });
    expect(answer).toMatchObject(problem("invalid_input", 400));
    const errors = answer.body["errors"] as Json[];
    expect(errors.map(({ in: place, path }) => `${String(place)} ${String(path)}`)).toEqual(
      expect.arrayContaining(["path venue_id", "body singers.0", "body key_change"]),
    );
    const noSong = await call("POST", queue, { body: { singers: ["A"], artist: "B" } });
    expect(noSong.body["errors"]).toMatchObject([{
      in: "body",
      message: "Send song_id, or both artist and title",
    }]);
    expect(titles(await call("GET", queue))).toEqual([]);
  });

  test.each([
    ["limit=501", "limit"],
    ["limit=x", "limit"],
    ["wait=26", "wait"],
    ["since=yesterday", "since"],
    ["state=sung", "state"],
    ["after=-1", "after"],
  ])("%s is refused", async (query, path) => {
    const answer = await call("GET", `${queue}?${query}`);
    expect(answer).toMatchObject(problem("invalid_input", 400));
    expect(answer.body["errors"]).toMatchObject([{ in: "query", path }]);
  });

  test("that cannot be stored or read is refused", async () => {
    const nul = await call("POST", queue, { body: { singers: ["A\0B"], artist: "A", title: "B" } });
    expect(nul.status).toBe(400);
    expect(await call("POST", queue, { body: "{" })).toMatchObject(problem("invalid_json", 400));
    expect(await call("POST", queue, { body: `"${"x".repeat(70_000)}"` })).toMatchObject(
      problem("body_too_large", 413),
    );
    const text = await call("POST", queue, { body: "singers=A", headers: { "content-type": "text/plain" } });
    expect(text).toMatchObject(problem("unsupported_media_type", 415));
    expect((await call("GET", `${queue}?since=9999999999.1`)).status).toBe(400);
    const long = await call("POST", queue, {
      headers: { "idempotency-key": "x".repeat(256) },
      body: { singers: ["A"], artist: "A", title: "B" },
    });
    expect(long.body["errors"]).toMatchObject([{ in: "header", path: "Idempotency-Key" }]);
  });

  test("a path or method that is not there says what is", async () => {
    expect(await call("GET", "/songs")).toMatchObject(problem("not_found", 404));
    const method = await call("DELETE", "/venues");
    expect(method).toMatchObject(problem("method_not_allowed", 405));
    expect(method.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  });
});

test("a browser's preflight and replies carry what it needs", async () => {
  const preflight = await fetch(base + queue, {
    method: "OPTIONS",
    headers: { origin: "https://example.com" },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-headers")).toContain("x-api-key");
  const answer = await call("GET", "/venues", { headers: { "x-request-id": "night-0001" } });
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  expect(answer.headers.get("x-request-id")).toBe("night-0001");
});

test("the examples of the page work on the demo's venue, one after the other", async () => {
  const page = readFileSync(new URL("../../docs/request-interface.md", import.meta.url), "utf8");
  const accounts = readFileSync(new URL("../../seed/demo/accounts.json", import.meta.url), "utf8");
  const { openkj } = JSON.parse(accounts) as { openkj: { key: string } };
  const [status, ...examples] = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block);
  expect(status).toBe('eval "$(npm run -s status)"\n');
  const { stdout } = await promisify(execFile)("bash", ["-euc", examples.join("echo\n")], {
    env: {
      PATH: process.env["PATH"],
      FUNCTIONS_URL: `${environment.apiUrl}/functions/v1`,
      OPENKJ_DEMO_KEY: openkj.key,
    },
  });
  for (
    const word of ['"The Demo Bar"', '"Waterloo"', '"processed":1', "304", '"requests":[]', "event: queue"]
  ) {
    expect(stdout).toContain(word);
  }
  for (
    const { method, path } of [...page.matchAll(/^\| `(?<method>[A-Z]+) (?<path>\S+)`.*\| `\S+` \|$/gm)].map((
      { groups },
    ) => groups ?? {})
  ) {
    const described = Object.keys(openapi.document.paths).filter((known) =>
      known.replace(/\{\w+\}/, "{id}") === path
    );
    expect(
      described.map((known) => openapi.document.paths[known]?.[(method ?? "").toLowerCase()]).filter(Boolean),
    ).toHaveLength(1);
  }
});
