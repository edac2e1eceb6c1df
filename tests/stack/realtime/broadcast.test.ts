import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import {
  client,
  database,
  environment,
  Inbox,
  pause,
  policies,
  privateChannel,
  socket,
  subscribe,
  uniqueTopic,
  until,
  userToken,
} from "./support.ts";

const speaker = randomUUID();
const listener = randomUUID();

interface Heard {
  event: string;
  payload: Record<string, unknown> & { id?: string };
  meta?: { id: string; replayed?: boolean };
}

beforeAll(async () => {
  await policies("stage", {
    read: `extension = 'broadcast' and auth.uid() in ('${speaker}', '${listener}')`,
    write: `extension = 'broadcast' and auth.uid() = '${speaker}'`,
  });
});

async function listen(topic: string, config = {}) {
  const heard = new Inbox<Heard>();
  const token = await userToken({ sub: listener });
  const channel = privateChannel(client({ token: () => token }), topic, config)
    .on("broadcast", { event: "*" }, heard.push as never);
  expect(await subscribe(channel)).toEqual({ status: "SUBSCRIBED", error: undefined });
  return { heard, channel };
}

describe("broadcasts of clients", () => {
  test("with the permission to write reach the members of a private channel", async () => {
    const topic = uniqueTopic("stage");
    const { heard } = await listen(topic);
    const token = await userToken({ sub: speaker });
    const channel = privateChannel(client({ token: () => token }), topic, { broadcast: { ack: true } });
    await subscribe(channel);
    expect(await channel.send({ type: "broadcast", event: "next", payload: { name: "Ann" } })).toBe("ok");
    expect(await heard.waitFor(1)).toEqual([{ type: "broadcast", event: "next", payload: { name: "Ann" } }]);
  });

  // Versions differ in how they say no: earlier ones keep silent, so that the client's time runs out.
  test("without it vanish, and are not acknowledged", async () => {
    const topic = uniqueTopic("stage");
    const { heard } = await listen(topic);
    const { channel } = await listen(topic, { broadcast: { ack: true } });
    const answer = await channel.send({ type: "broadcast", event: "next", payload: {} }, { timeout: 1_000 });
    expect(["timed out", "error"]).toContain(answer);
    expect(heard.items).toEqual([]);
  });

  test("that are too large are refused when they are to be acknowledged", async () => {
    const channel = client().channel(uniqueTopic("public"), {
      config: { broadcast: { ack: true, self: true } },
    });
    const heard = new Inbox();
    channel.on("broadcast", { event: "*" }, heard.push);
    await subscribe(channel);
    const text = "x".repeat(3_100_000);
    expect(await channel.send({ type: "broadcast", event: "large", payload: { text } })).toBe("error");
    expect(await channel.send({ type: "broadcast", event: "small", payload: {} })).toBe("ok");
    await heard.waitFor(1);
    expect(heard.items).toEqual([{ type: "broadcast", event: "small", payload: {} }]);
  });

  test("arrive in the order in which they were sent", async () => {
    const topic = uniqueTopic("stage");
    const { heard } = await listen(topic);
    const token = await userToken({ sub: speaker });
    const channel = privateChannel(client({ token: () => token }), topic);
    await subscribe(channel);
    for (let number = 0; number < 50; number++) {
      void channel.send({ type: "broadcast", event: "count", payload: { number } });
    }
    await heard.waitFor(50);
    expect(heard.items.map(({ payload }) => payload.number)).toEqual(
      Array.from({ length: 50 }, (_, number) => number),
    );
  });
});

describe("broadcasts over HTTP", () => {
  const post = (path: string, body: string | Buffer, headers: Record<string, string> = {}) =>
    fetch(`${environment.apiUrl}/realtime/v1/api/broadcast${path}`, {
      method: "POST",
      headers: { apikey: environment.anonKey, "content-type": "application/json", ...headers },
      body: body as BodyInit,
    });
  const bearer = async (sub: string) => ({ authorization: `Bearer ${await userToken({ sub })}` });

  test("a channel that is not joined sends by HTTP", async () => {
    const topic = uniqueTopic("public");
    const heard = new Inbox();
    await subscribe(client().channel(topic).on("broadcast", { event: "hello" }, heard.push));
    const other = client().channel(topic);
    expect(await other.httpSend("hello", { text: "Grüße" })).toEqual({ success: true });
    await heard.waitFor(1);
    expect(heard.items).toEqual([{ type: "broadcast", event: "hello", payload: { text: "Grüße" } }]);
  });

  test("raw bytes stay raw", async () => {
    const topic = uniqueTopic("public");
    const heard = new Inbox<{ payload: ArrayBuffer }>();
    await subscribe(client().channel(topic).on("broadcast", { event: "bytes" }, heard.push as never));
    const other = client().channel(topic);
    expect(await other.httpSend("bytes", new Uint8Array([1, 0, 255]))).toEqual({ success: true });
    const [first] = await heard.waitFor(1);
    expect(new Uint8Array(first!.payload)).toEqual(new Uint8Array([1, 0, 255]));
  });

  test("a batch reaches each of its topics, in order", async () => {
    const [one, two] = [uniqueTopic("public"), uniqueTopic("public")];
    const [heardOne, heardTwo] = [new Inbox(), new Inbox()];
    await subscribe(client().channel(one).on("broadcast", { event: "*" }, heardOne.push));
    await subscribe(client({ vsn: "1.0.0" }).channel(two).on("broadcast", { event: "*" }, heardTwo.push));
    const message = (topic: string, number: number) => ({ topic, event: "count", payload: { number } });
    const answer = await post(
      "",
      JSON.stringify({ messages: [message(one, 1), message(two, 2), message(one, 3)] }),
    );
    expect(answer.status).toBe(202);
    expect(await answer.text()).toBe("");
    await heardOne.waitFor(2);
    await heardTwo.waitFor(1);
    expect(heardOne.items).toEqual(
      [1, 3].map((number) => ({ type: "broadcast", event: "count", payload: { number } })),
    );
    expect(heardTwo.items).toEqual([{ type: "broadcast", event: "count", payload: { number: 2 } }]);
  });

  test("private messages need the bearer's permission to write; in a batch the others still go out", async () => {
    const topic = uniqueTopic("stage");
    const { heard } = await listen(topic);
    const other = new Inbox();
    await subscribe(client().channel(topic).on("broadcast", { event: "*" }, other.push));
    const message = (isPrivate: boolean) => ({
      topic,
      event: "next",
      payload: { isPrivate },
      private: isPrivate,
    });
    const body = JSON.stringify({ messages: [message(true), message(false)] });
    expect((await post("", body, await bearer(listener))).status).toBe(202);
    await other.waitFor(1);
    await pause(200);
    expect(heard.items).toEqual([]);
    expect((await post("", body, await bearer(speaker))).status).toBe(202);
    await heard.waitFor(1);
    expect(heard.items[0]?.payload).toEqual({ isPrivate: true });
  });

  test("a single private message answers 403 without the permission", async () => {
    const topic = uniqueTopic("stage");
    const { heard } = await listen(topic);
    const path = `/${encodeURIComponent(topic)}/events/next?private=true`;
    const denied = await post(path, '{"a":1}', await bearer(listener));
    expect([denied.status, await denied.json()]).toEqual([403, { message: "Unauthorized" }]);
    expect((await post(path, '{"a":1}', await bearer(speaker))).status).toBe(202);
    await heard.waitFor(1);
    expect(heard.items).toEqual([{ type: "broadcast", event: "next", payload: { a: 1 } }]);
  });

  test("a message that is to be stored must be private, and is heard like any other", async () => {
    const topic = uniqueTopic("stage");
    const { heard } = await listen(topic);
    const path = `/${encodeURIComponent(topic)}/events/next?persist=true`;
    const denied = await post(path, "{}", await bearer(speaker));
    expect([denied.status, await denied.json()]).toEqual([
      422,
      { errors: { persist: ["can only be used on private channels"] } },
    ]);
    const token = await userToken({ sub: speaker });
    const channel = privateChannel(client({ token: () => token }), topic, { broadcast: { ack: true } });
    await subscribe(channel);
    expect(await channel.httpSend("next", { number: 1 }, { persist: true })).toEqual({ success: true });
    await heard.waitFor(1);
    const message = { type: "broadcast" as const, event: "next", payload: { number: 2 }, persist: true };
    expect(await channel.send(message)).toBe("ok");
    expect((await heard.waitFor(2)).map(({ payload }) => payload.number)).toEqual([1, 2]);
  });

  test("refuses a wrong token, and what is no batch", async () => {
    const message = { topic: uniqueTopic("public"), event: "e", payload: {} };
    const wrong = await post("", JSON.stringify({ messages: [message] }), {
      authorization: "Bearer nonsense",
    });
    expect(wrong.status).toBe(401);
    for (
      const body of [{}, { messages: "text" }, { messages: [{ topic: "t" }] }, {
        messages: [{ ...message, payload: 5 }],
      }]
    ) {
      const answer = await post("", JSON.stringify(body));
      expect(answer.status).toBe(422);
    }
  });

  test("refuses a payload that is too large", async () => {
    const payload = { text: "x".repeat(3_100_000) };
    const message = { topic: uniqueTopic("public"), event: "e", payload };
    expect((await post("", JSON.stringify({ messages: [message] }))).status).toBe(422);
    expect((await post(`/${uniqueTopic("public")}/events/e`, JSON.stringify(payload))).status).toBe(422);
  });
});

describe("broadcasts of the database", () => {
  test("carry the message's id, in the frame and in the payload, unless the payload has one", async () => {
    const topic = uniqueTopic("stage");
    const { heard } = await listen(topic);
    await database`select realtime.send('{"song": "Yesterday"}', 'added', ${topic})`;
    await database`select realtime.send('{"id": "my own"}', 'added', ${topic}, true)`;
    const [first, second] = await heard.waitFor(2);
    expect(first).toEqual({
      type: "broadcast",
      event: "added",
      payload: { song: "Yesterday", id: first?.meta?.id },
      meta: { id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
    expect(second?.payload).toEqual({ id: "my own" });
  });

  test("of one transaction arrive together with its commit, and never when it is rolled back", async () => {
    const topic = uniqueTopic("stage");
    const { heard } = await listen(topic);
    await database.begin(async (transaction) => {
      await transaction`select realtime.send('{"number": 1}', 'count', ${topic})`;
      await pause(300);
      expect(heard.items).toEqual([]);
      await transaction`select realtime.send('{"number": 2}', 'count', ${topic})`;
    });
    await database.begin(async (transaction) => {
      await transaction`select realtime.send('{"number": 3}', 'count', ${topic})`;
      throw new Error("no");
    }).catch(() => {});
    await database`select realtime.send('{"number": 4}', 'count', ${topic})`;
    await heard.waitFor(3);
    await pause(100);
    expect(heard.items.map(({ payload }) => payload.number)).toEqual([1, 2, 4]);
  });

  test("reach 20 subscribers once each and in order, however many sessions send", async () => {
    const topic = uniqueTopic("public");
    const inboxes = await Promise.all(Array.from({ length: 20 }, async () => {
      const heard = new Inbox<Heard>();
      await subscribe(client().channel(topic).on("broadcast", { event: "*" }, heard.push as never));
      return heard;
    }));
    await Promise.all([0, 1, 2, 3].map(async (session) => {
      for (let number = 0; number < 25; number++) {
        await database`select realtime.send(${database.json({ session, number })}, 'count', ${topic}, false)`;
      }
    }));
    const [first] = inboxes;
    await first!.waitFor(100);
    const order = first!.items.map(({ meta }) => meta?.id);
    expect(new Set(order).size).toBe(100);
    for (const inbox of inboxes) {
      await inbox.waitFor(100);
      expect(inbox.items.map(({ meta }) => meta?.id)).toEqual(order);
    }
    for (const session of [0, 1, 2, 3]) {
      const numbers = first!.items.filter(({ payload }) => payload.session === session).map(({ payload }) =>
        payload.number
      );
      expect(numbers).toEqual(Array.from({ length: 25 }, (_, number) => number));
    }
  });

  test("of bytes arrive as bytes", async () => {
    const topic = uniqueTopic("stage");
    const { heard } = await listen(topic);
    await database`select realtime.send_binary('\\x00ff10'::bytea, 'bytes', ${topic})`;
    const [first] = await heard.waitFor(1) as unknown as { payload: ArrayBuffer }[];
    expect(new Uint8Array(first!.payload)).toEqual(new Uint8Array([0, 255, 16]));
  });

  test("of a caller without the permission to insert are dropped without an error", async () => {
    const topic = uniqueTopic("stage");
    const { heard } = await listen(topic);
    const send = (sub: string, number: number) =>
      database.begin(async (transaction) => {
        await transaction`select set_config('request.jwt.claims', ${
          JSON.stringify({ sub, role: "authenticated" })
        }, true)`;
        await transaction`set local role authenticated`;
        await transaction`select realtime.send(${transaction.json({ number })}, 'count', ${topic})`;
      });
    await send(listener, 1);
    await send(speaker, 2);
    await heard.waitFor(1);
    await pause(100);
    expect(heard.items.map(({ payload }) => payload.number)).toEqual([2]);
  });

  test("from triggers show the old and the new row", async () => {
    const topic = uniqueTopic("stage");
    const { heard } = await listen(topic);
    const schema = `test_realtime_${randomUUID().slice(0, 8)}`;
    await database.unsafe(`
      create schema ${schema};
      create table ${schema}.singers (id integer primary key, name text);
      create function ${schema}.changed() returns trigger language plpgsql as $$
      begin
        perform realtime.broadcast_changes('${topic}', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
        return null;
      end $$;
      create trigger changed after insert or update or delete on ${schema}.singers
        for each row execute function ${schema}.changed();`);
    try {
      await database.unsafe(`insert into ${schema}.singers values (1, 'Ann')`);
      await database.unsafe(`update ${schema}.singers set name = 'Bob' where id = 1`);
      await database.unsafe(`delete from ${schema}.singers where id = 1`);
      const items = await heard.waitFor(3);
      const about = { schema, table: "singers", id: expect.any(String) };
      const [ann, bob] = [{ id: 1, name: "Ann" }, { id: 1, name: "Bob" }];
      expect(items.map(({ event, payload }) => ({ event, payload }))).toEqual([
        { event: "INSERT", payload: { ...about, operation: "INSERT", record: ann, old_record: null } },
        { event: "UPDATE", payload: { ...about, operation: "UPDATE", record: bob, old_record: ann } },
        { event: "DELETE", payload: { ...about, operation: "DELETE", record: null, old_record: bob } },
      ]);
    } finally {
      await database.unsafe(`drop schema ${schema} cascade`);
    }
  });

  test("a subscriber can ask to be told when they flow", async () => {
    const connection = await socket();
    const topic = uniqueTopic("public");
    await connection.join(topic, { broadcast: { replication_ready: true } });
    const [, , , , system] = await connection.frame((frame) => frame[3] === "system");
    expect(system).toEqual({
      extension: "system",
      status: "ok",
      message: "Replication connection established",
      channel: topic,
    });
  });
});

describe("replay", () => {
  test("shows what was sent before, oldest first, and live messages once", async () => {
    const topic = uniqueTopic("stage");
    const since = Date.now() - 1_000;
    for (const number of [1, 2, 3, 4]) {
      await database`select realtime.send(${database.json({ number })}, 'count', ${topic})`;
    }
    await database`select realtime.send('{"number": 99}', 'count', ${topic}, false)`;
    // Long enough for them not to arrive as live messages.
    await pause(500);
    const { heard } = await listen(topic, { broadcast: { replay: { since, limit: 3 } } });
    await heard.waitFor(3);
    await database`select realtime.send('{"number": 5}', 'count', ${topic})`;
    const items = await heard.waitFor(4);
    await pause(200);
    expect(items.map(({ payload }) => payload.number)).toEqual([2, 3, 4, 5]);
    expect(items.map(({ meta }) => meta?.replayed)).toEqual([true, true, true, undefined]);
    expect(items[0]?.meta?.id).toBe(items[0]?.payload.id);
  });

  test("goes no further back than asked", async () => {
    const topic = uniqueTopic("stage");
    await database`select realtime.send('{"number": 1}', 'count', ${topic})`;
    await pause(500);
    const { heard } = await listen(topic, { broadcast: { replay: { since: Date.now() } } });
    await pause(300);
    expect(heard.items).toEqual([]);
  });

  test.each([
    [{ since: Date.now(), limit: 26 }, true, "Replay params are not valid"],
    [{ since: "yesterday" }, true, "Replay params are not valid"],
    [{ since: Date.now() }, false, "Replay is not allowed for public channels"],
  ])("refuses %j on a channel with private %s", async (replay, isPrivate, reason) => {
    const connection = await socket();
    const { status, response } = await connection.join(
      uniqueTopic("stage"),
      { private: isPrivate, broadcast: { replay } },
      { access_token: await userToken({ sub: listener }) },
    );
    expect({ status, response }).toEqual({
      status: "error",
      response: { reason: `UnableToReplayMessages: ${reason}` },
    });
  });
});

test("a subscriber that reads nothing keeps nobody waiting", async () => {
  const topic = uniqueTopic("public");
  const slow = await socket();
  await slow.join(topic);
  slow.stopReading();
  const heard = new Inbox();
  await subscribe(client().channel(topic).on("broadcast", { event: "*" }, heard.push));
  const channel = client().channel(topic);
  await subscribe(channel);
  const text = "x".repeat(1_000_000);
  for (let number = 0; number < 30; number++) {
    await channel.send({ type: "broadcast", event: "much", payload: { text, number } });
    await until(() => heard.items.length > number);
  }
  const numbers = heard.items.map(({ payload }) => (payload as { number: number }).number);
  expect(numbers).toEqual(Array.from({ length: 30 }, (_, number) => number));
});
