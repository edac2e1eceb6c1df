import { describe, expect, test } from "vitest";
import { reconnecting } from "../../functions/_shared/database.ts";
import { databaseSettings, readEnvironment } from "../../functions/_shared/env.ts";
import { createLog, redact } from "../../functions/_shared/log.ts";
import { handle } from "../../functions/openkj/handler.ts";
import { type Poll, sharing } from "../../functions/openkj/polls.ts";
import { TooManyCalls, Turns } from "../../functions/openkj/turns.ts";

interface Call {
  body: Record<string, unknown>;
  address: string | null;
}

const key = `sk_live_${"k".repeat(43)}`;

/** The function with a database that remembers its calls and answers `answer`, or throws it. */
function functionWith(answer: string | Error = '{"command": "getSerial", "error": false, "serial": 7}') {
  const calls: Call[] = [];
  const lines: string[] = [];
  const send = (body: BodyInit | null, init: RequestInit = {}, url = "http://localhost/openkj") =>
    handle(new Request(url, { method: "POST", body, ...init, ...(body && { duplex: "half" }) }), {
      call: (text, { address }) => {
        calls.push({ body: JSON.parse(text) as Record<string, unknown>, address });
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      poll: ({ api_key, address }) => {
        calls.push({ body: { command: "getSerial", api_key }, address });
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      turns: new Turns(),
      log: createLog("openkj", "debug", (line) => lines.push(line)),
      peer: "10.0.0.9",
    });
  return { calls, lines, send };
}

async function refusal(body: BodyInit | null, init: RequestInit = {}) {
  const { calls, send } = functionWith();
  const response = await send(body, init);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(calls).toEqual([]);
  return await response.json() as { command: string; error: boolean; errorString: string };
}

function databaseError(state: string, message: string, detail?: string): Error {
  return Object.assign(new Error(message), { code: state, ...(detail !== undefined && { detail }) });
}

describe("a call", () => {
  test("is one database call, and its reply is passed on untouched", async () => {
    const { calls, send } = functionWith();
    const response = await send('{"command":"getSerial","api_key":"k"}', {
      headers: { "user-agent": "Mozilla/5.0" },
    });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('{"command": "getSerial", "error": false, "serial": 7}');
    expect(calls).toEqual([
      { body: { command: "getSerial", api_key: "k" }, address: "10.0.0.9" },
    ]);
  });

  test.each(["/", "/openkj", "/openkj/", "/openkj/api", "/openkj/api.php", "/openkj/x/y?z=1"])(
    "is answered on %s by POST and PUT, never redirected",
    async (path) => {
      for (const method of ["POST", "PUT"]) {
        const response = await functionWith().send("{}", { method }, `http://localhost${path}`);
        expect([response.status, response.headers.get("location")]).toEqual([200, null]);
      }
    },
  );

  test("names the client by the first forwarded address, else by its peer", async () => {
    const { calls, send } = functionWith();
    await send("{}", { headers: { "x-forwarded-for": "203.0.113.7, 10.0.0.1" } });
    await send("{}", { headers: { "x-forwarded-for": "2001:db8::1" } });
    await send("{}", { headers: { "x-forwarded-for": "'; drop table venues" } });
    expect(calls.map(({ address }) => address)).toEqual(["203.0.113.7", "2001:db8::1", "10.0.0.9"]);
  });

  test("takes the key from a header only when the body has none", async () => {
    const { calls, send } = functionWith();
    await send("{}", { headers: { "x-api-key": key } });
    await send("{}", { headers: { authorization: `Bearer ${key}` } });
    await send('{"api_key":""}', { headers: { authorization: `bearer ${key}` } });
    await send('{"api_key":"mine"}', { headers: { "x-api-key": key } });
    await send("{}", { headers: { authorization: "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x" } });
    await send("{}", { headers: { authorization: "Bearer sb_publishable_x" } });
    expect(calls.map(({ body }) => body["api_key"])).toEqual([key, key, key, "mine", undefined, undefined]);
  });

  test("carries a request id in and out", async () => {
    const { lines, send } = functionWith();
    const given = await send("{}", { headers: { "x-request-id": "night-2026.11:1" } });
    expect(given.headers.get("x-request-id")).toBe("night-2026.11:1");
    expect(lines.at(-1)).toContain("night-2026.11:1");
    const made = await send("{}", { headers: { "x-request-id": "<script>" } });
    expect(made.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("a browser", () => {
  test("is told in plain text what this address is for", async () => {
    const response = await functionWith().send(null, { method: "GET" });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(await response.text()).toContain("OpenKJ");
  });

  test("may call from any page", async () => {
    const response = await functionWith().send(null, { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-methods")).toContain("PUT");
  });
});

describe("a body that is no call", () => {
  const deep = "[".repeat(5_000_000) + "]".repeat(3_000_000);
  test.each([
    ["nothing", "", "The request has no body; send a JSON object with a command"],
    ["half an object", '{"command":"getSerial"', "The request is not valid JSON"],
    ["text around JSON", 'x{"command":"getSerial"}', "The request is not valid JSON"],
    ["a NUL byte", "\0", "The request is not valid JSON"],
    ["an array", '[{"command":"getSerial"}]', "The request must be a JSON object"],
    ["a text", '"getSerial"', "The request must be a JSON object"],
    ["null", "null", "The request must be a JSON object"],
    ["a number", "1e400", "The request must be a JSON object"],
    ["nesting without end", deep, "The request is nested too deeply"],
  ])("%s is refused in the protocol's form", async (_, body, errorString) => {
    expect(await refusal(body)).toEqual({ command: "", error: true, errorString });
  });

  test.each([
    ["an escaped NUL", '{"command":"getSerial","api_key":"a\\u0000"}', "getSerial"],
    ["half a surrogate pair", '{"command":"getSerial","api_key":"\\uD800"}', "getSerial"],
    ["a key with a NUL", '{"command":"addSongs","\\u0000":1}', "addSongs"],
    ["a command with a NUL", '{"command":"\\u0000"}', ""],
  ])("%s is refused: it cannot be stored", async (_, body, command) => {
    const errorString = "The request contains a character that cannot be stored";
    expect(await refusal(body)).toEqual({ command, error: true, errorString });
  });

  test("bytes that are no UTF-8 are refused", async () => {
    const reply = await refusal(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]));
    expect(reply).toEqual({ command: "", error: true, errorString: "The request is not valid UTF-8" });
  });

  test("brackets in a text are no nesting", async () => {
    const { calls, send } = functionWith();
    await send(JSON.stringify({ command: "x", text: '[{"\\'.repeat(1000) }));
    expect(calls).toHaveLength(1);
  });

  test("an overlong command is not echoed", async () => {
    const { send } = functionWith(databaseError("XX000", "internal"));
    const response = await send(JSON.stringify({ command: "x".repeat(65) }));
    expect(await response.json()).toMatchObject({ command: "", error: true });
  });

  test.each(["DELETE", "PATCH"])("%s is refused", async (method) => {
    expect(await refusal("{}", { method })).toMatchObject({
      error: true,
      errorString: `Commands are sent with POST, not ${method}`,
    });
  });

  test("8 MB are read, more are not, with or without a declared length", async () => {
    const blank = new Uint8Array(1024 * 1024).fill(0x20);
    const streamOf = (megabytes: number, start: string) =>
      new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode(start)),
        pull(controller) {
          if (megabytes-- > 0) controller.enqueue(blank);
          else controller.close();
        },
      });
    const { calls, send } = functionWith();
    await send(streamOf(7, '{"command":"addSongs"}'));
    expect(calls).toHaveLength(1);
    const reply = await refusal(streamOf(9, "{}"));
    expect(reply.errorString).toBe("The request is larger than 8 MB; send fewer songs at once");
    const declared = { headers: { "content-length": String(9 * 1024 * 1024) } };
    expect((await refusal(streamOf(9, "{}"), declared)).errorString).toBe(reply.errorString);
    expect((await refusal(streamOf(100_000, "{}"))).errorString).toContain("larger than 8 MB");
  });
});

test("a broken tag costs an uploaded song a character, not the host a batch of songs", async () => {
  const { calls, send } = functionWith();
  await send('{"command":"addSongs","songs":[{"artist":"A\\u0000B","title":"\\ud83d\\ude00 \\ud83d"}]}');
  expect(calls[0]?.body["songs"]).toEqual([{ artist: "A\uFFFDB", title: "\u{1F600} \uFFFD" }]);
});

/** Something that others wait for, and what ends it. */
function pending<Result>() {
  let resolve: (result: Result) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<Result>((onResult, onError) => [resolve, reject] = [onResult, onError]);
  return { promise, resolve, reject };
}

test("an upload waits longer for a lost database than other calls, as nobody sends its batches again", async () => {
  const patience = new Map<string, number | undefined>();
  for (const command of ["getVenues", "clearDatabase", "addSongs"]) {
    await handle(
      new Request("http://localhost/openkj", {
        method: "POST",
        body: JSON.stringify({ command, api_key: "k", songs: [] }),
      }),
      {
        call: (_body, _origin, patienceSeconds) => {
          patience.set(command, patienceSeconds);
          return Promise.resolve("{}");
        },
        poll: () => Promise.resolve("{}"),
        turns: new Turns(),
        log: createLog("openkj", "error", () => {}),
      },
    );
  }
  expect(Object.fromEntries(patience)).toEqual({ getVenues: undefined, clearDatabase: 60, addSongs: 60 });
});

describe("polls", () => {
  const pollOf = (api_key: string): Poll => ({ api_key, address: null });

  test("on their own are asked at once; those that come meanwhile share one statement, each with its reply", async () => {
    const statements: Poll[][] = [];
    const first = pending<string[]>();
    const poll = sharing((polls) => {
      statements.push(polls);
      return statements.length === 1
        ? first.promise
        : Promise.resolve(polls.map(({ api_key }) => `reply to ${api_key}`));
    });
    const replies = ["a", "b", "c", "d"].map((apiKey) => poll(pollOf(apiKey)));
    expect(statements).toEqual([[pollOf("a")]]);
    first.resolve(["reply to a"]);
    expect(await Promise.all(replies)).toEqual(["reply to a", "reply to b", "reply to c", "reply to d"]);
    expect(statements.slice(1)).toEqual([[pollOf("b"), pollOf("c"), pollOf("d")]]);
    expect(await poll(pollOf("e"))).toBe("reply to e");
  });

  test("that cannot be answered take no others with them", async () => {
    const first = pending<string[]>();
    let statements = 0;
    const poll = sharing((polls) => {
      if (++statements === 1) return first.promise;
      const isBroken = polls.some(({ api_key }) => api_key === "broken");
      return isBroken
        ? Promise.reject(new Error("broken"))
        : Promise.resolve(polls.map(({ api_key }) => api_key));
    });
    const replies = ["a", "broken", "c"].map((apiKey) => poll(pollOf(apiKey)));
    first.reject(new Error("lost"));
    expect(await Promise.allSettled(replies)).toEqual([
      { status: "rejected", reason: new Error("lost") },
      { status: "rejected", reason: new Error("broken") },
      { status: "fulfilled", value: "c" },
    ]);
    expect(await poll(pollOf("d"))).toBe("d");
  });

  test("that are held up do not hold up the others", async () => {
    const held = pending<string[]>();
    const poll = sharing((polls) =>
      polls.some(({ api_key }) => api_key === "held")
        ? held.promise
        : Promise.resolve(polls.map(({ api_key }) => api_key))
    );
    const late = poll(pollOf("held"));
    expect(await Promise.all(["a", "b"].map((apiKey) => poll(pollOf(apiKey))))).toEqual(["a", "b"]);
    held.resolve(["late"]);
    expect(await late).toBe("late");
  });
});

describe("calls at once with one key", () => {
  test("wait for each other beyond a number, and none is lost; other keys go on", async () => {
    const turns = new Turns(2, 10);
    const works = Array.from({ length: 6 }, () => pending<number>());
    const begun: number[] = [];
    const results = works.map(({ promise }, place) =>
      turns.take("mine", () => {
        begun.push(place);
        return promise;
      })
    );
    expect(await turns.take("another", () => Promise.resolve("not held up"))).toBe("not held up");
    expect(begun).toEqual([0, 1]);
    works[1]?.reject(new Error("failed"));
    await expect(results[1]).rejects.toThrow("failed");
    await expect.poll(() => begun).toEqual([0, 1, 2]);
    for (const [place, { resolve }] of works.entries()) resolve(place);
    expect(await Promise.all(results.filter((_, place) => place !== 1))).toEqual([0, 2, 3, 4, 5]);
    expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("that are more than any program sends are refused in words, until the line is shorter", async () => {
    const turns = new Turns(1, 1);
    const running = pending<string>();
    const results = [0, 1].map(() => turns.take("mine", () => running.promise));
    await expect(turns.take("mine", () => Promise.resolve(""))).rejects.toThrow(TooManyCalls);
    running.resolve("done");
    expect(await Promise.all(results)).toEqual(["done", "done"]);
    expect(await turns.take("mine", () => Promise.resolve("again"))).toBe("again");
  });

  test("beyond that are answered with an error of the protocol", async () => {
    const held = pending<string>();
    const dependencies = {
      call: () => held.promise,
      poll: () => held.promise,
      turns: new Turns(1, 1),
      log: createLog("openkj", "error", () => {}),
    };
    const body = '{"command":"addSongs","api_key":"k","songs":[]}';
    const replies = [1, 2, 3].map(() =>
      handle(new Request("http://localhost/openkj", { method: "POST", body }), dependencies)
    );
    expect(await (await Promise.race(replies)).json()).toEqual({
      command: "addSongs",
      error: true,
      errorString: "Too many calls at once with this API key; wait for answers before sending more",
    });
    held.resolve("done");
    const texts = await Promise.all(
      replies.map(async (reply) => (await reply).bodyUsed || (await reply).text()),
    );
    expect(texts.filter((text) => text === "done")).toHaveLength(2);
  });

  test("may be as many as six connections each of ten programs send", async () => {
    const turns = new Turns();
    const calls = Array.from({ length: 60 }, (_, place) => turns.take("mine", () => Promise.resolve(place)));
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 60 }, (_, place) => place));
  });
});

describe("an error of the database", () => {
  test("that is a refusal is told in its words for people", async () => {
    const { send } = functionWith(databaseError("PT404", "venue_not_found", "There is no such venue."));
    const response = await send('{"command":"setAccepting"}');
    expect(await response.json()).toEqual({
      command: "setAccepting",
      error: true,
      errorString: "There is no such venue.",
    });
  });

  test.each(["22P02", "22P05", "54001"])("about what was sent (%s) says so", async (state) => {
    const { send } = functionWith(databaseError(state, "invalid input syntax"));
    expect(await (await send('{"command":"x"}')).json()).toMatchObject({
      errorString: "The request cannot be read",
    });
  });

  test("of any other kind stays inside and is logged", async () => {
    const { lines, send } = functionWith(
      databaseError("ECONNREFUSED", `connect postgresql://postgres:pass-word@db/x ${key}`),
    );
    const response = await send(JSON.stringify({ command: "getSerial", api_key: key }));
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(
      '{"command":"getSerial","error":true,"errorString":"The server is busy, try again"}',
    );
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      level: "error",
      event: "failed",
      error: { state: "ECONNREFUSED" },
    });
    expect(lines[0]).not.toContain(key);
    expect(lines[0]).not.toContain("pass-word");
  });
});

describe("a lost connection", () => {
  test("is tried again until it is back", async () => {
    let calls = 0;
    const answer = await reconnecting(() => {
      if (++calls < 3) return Promise.reject(databaseError("57P01", "terminating connection"));
      return Promise.resolve("back");
    });
    expect([answer, calls]).toEqual(["back", 3]);
  });

  test("is given up after a while, and other errors at once", async () => {
    await expect(reconnecting(() => Promise.reject(databaseError("ECONNREFUSED", "down")), 0.2)).rejects
      .toThrow("down");
    let calls = 0;
    const wrong = () => {
      calls++;
      return Promise.reject(databaseError("42883", "no such function"));
    };
    await expect(reconnecting(wrong)).rejects.toThrow("no such function");
    expect(calls).toBe(1);
  });
});

describe("the log", () => {
  test("keeps no secret, whatever it is called and wherever it hides", () => {
    const logged = JSON.stringify(redact({
      api_key: key,
      Authorization: "Bearer x",
      nested: [{ password: "hidden-1" }],
      message: `key ${key}, token eyJhbGciOi.eyJzdWIi.c2ln, postgresql://postgres:hidden-2@db:5432/x, ` +
        "https://example.com/verify?token_hash=hidden-3&type=signup",
      command: "getSerial",
    }));
    for (const secret of [key, "Bearer x", "hidden-1", "hidden-2", "hidden-3", "eyJzdWIi"]) {
      expect(logged).not.toContain(secret);
    }
    expect(logged).toContain("getSerial");
  });

  test("keeps no mail address and no telephone number", () => {
    const logged = JSON.stringify(redact({
      message: "550 ann.o'neil+x@mail.example.com: unknown; +1 (202) 555-0123 and +4915112345678 too",
      at: "2026-12-01T02:50:00+00:00",
    }));
    for (const part of ["example.com", "555", "0123", "4915112345678"]) expect(logged).not.toContain(part);
    expect(logged).toContain("2026-12-01T02:50:00+00:00");
  });

  test("keeps no telephone number without a plus sign, and keeps ids and counts", () => {
    const logged = JSON.stringify(redact({
      phone: "15552010001",
      recipient: "15552010002",
      old_phone_number: 15552010003,
      message:
        "The 'To' number 15552010004 is not valid; phone: 15552010005, phone=15552010006; 15551239999 rows",
      request_id: "15552019999",
      import_id: "00000000-0000-4000-8000-155520199990",
      rows: 1234567890,
    }));
    expect(logged).not.toMatch(/1555201000\d/);
    for (const kept of ["15551239999", "15552019999", "155520199990", "1234567890"]) {
      expect(logged).toContain(kept);
    }
  });

  test("is one JSON document a line, as loud as asked for", () => {
    const lines: string[] = [];
    const log = createLog("openkj", "info", (line) => lines.push(line));
    log.debug("unheard");
    log.info("heard", { text: "two\nlines", long: "x".repeat(5000) });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain("\n");
    expect(lines[0]?.length).toBeLessThan(1300);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "info", function: "openkj", event: "heard" });
  });
});

describe("the settings", () => {
  test("are checked at the start; what is wrong is named, its value is not", () => {
    expect(readEnvironment(databaseSettings, { SUPABASE_DB_URL: "postgresql://a:b@c/d" })).toEqual({
      SUPABASE_DB_URL: "postgresql://a:b@c/d",
      LOG_LEVEL: "info",
    });
    expect(() => readEnvironment(databaseSettings, {})).toThrow(/SUPABASE_DB_URL/);
    expect(() => readEnvironment(databaseSettings, { SUPABASE_DB_URL: "mysql://hidden" })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining("hidden") as string }) as Error,
    );
  });
});
