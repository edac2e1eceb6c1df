import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import {
  client,
  database,
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

const alice = randomUUID();

beforeAll(async () => {
  await policies("room", { read: `auth.uid() = '${alice}'`, write: `auth.uid() = '${alice}'` });
});

describe.each(["1.0.0", "2.0.0"])("a client of version %s", (vsn) => {
  test("hears the heartbeat, joins again when its socket is lost, and leaves everything", async () => {
    const opened: globalThis.WebSocket[] = [];
    class Noted extends globalThis.WebSocket {
      constructor(address: string | URL, protocols?: string | string[]) {
        super(address, protocols);
        opened.push(this);
      }
    }
    const lively = client({ vsn, transport: Noted });
    const statuses = new Inbox<string>();
    const heard = new Inbox();
    const channel = lively.channel(uniqueTopic("public"), { config: { broadcast: { self: true } } })
      .on("broadcast", { event: "greeting" }, heard.push);
    channel.subscribe((status) => statuses.push(status));
    expect(await statuses.waitFor(1)).toEqual(["SUBSCRIBED"]);

    const beats = new Inbox<string>();
    lively.realtime.onHeartbeat((status) => beats.push(status));
    await lively.realtime.sendHeartbeat();
    expect((await beats.waitFor(2)).slice(0, 2)).toEqual(["sent", "ok"]);

    opened.at(-1)?.close(3001, "lost");
    await until(() => statuses.items.length > 1 && statuses.items.at(-1) === "SUBSCRIBED");
    expect(statuses.items.slice(0, 2)).toEqual(["SUBSCRIBED", "CHANNEL_ERROR"]);
    await channel.send({ type: "broadcast", event: "greeting", payload: {} });
    await heard.waitFor(1);

    expect(await lively.removeAllChannels()).toEqual(["ok"]);
    expect([lively.getChannels(), statuses.items.at(-1)]).toEqual([[], "CLOSED"]);
  });
});

describe("public channels", () => {
  test("anybody with the project's key hears the others, not themselves", async () => {
    const topic = uniqueTopic("public");
    const heard = new Inbox();
    const own = new Inbox();
    const listener = client().channel(topic).on("broadcast", { event: "greeting" }, heard.push);
    const speaker = client().channel(topic).on("broadcast", { event: "greeting" }, own.push);
    expect(await subscribe(listener)).toEqual({ status: "SUBSCRIBED", error: undefined });
    expect((await subscribe(speaker)).status).toBe("SUBSCRIBED");
    await speaker.send({ type: "broadcast", event: "greeting", payload: { text: "Grüße 🎤" } });
    expect(await heard.waitFor(1)).toEqual([{
      type: "broadcast",
      event: "greeting",
      payload: { text: "Grüße 🎤" },
    }]);
    await pause(100);
    expect(own.items).toEqual([]);
  });

  test("self delivers to the sender, ack answers ok", async () => {
    const own = new Inbox();
    const channel = client().channel(uniqueTopic("public"), {
      config: { broadcast: { self: true, ack: true } },
    })
      .on("broadcast", { event: "greeting" }, own.push);
    await subscribe(channel);
    expect(await channel.send({ type: "broadcast", event: "greeting", payload: {} })).toBe("ok");
    await own.waitFor(1);
  });
});

describe("private channels", () => {
  test("are open to whom a policy lets read, and closed to everybody else", async () => {
    const topic = uniqueTopic("room");
    const token = await userToken({ sub: alice });
    expect((await subscribe(privateChannel(client({ token: () => token }), topic))).status).toBe(
      "SUBSCRIBED",
    );
    const stranger = await userToken();
    const refused = await subscribe(privateChannel(client({ token: () => stranger }), topic));
    expect(refused.status).toBe("CHANNEL_ERROR");
    expect(refused.error?.message).toContain(
      `Unauthorized: You do not have permissions to read from this Channel topic: ${topic}`,
    );
    expect((await subscribe(privateChannel(client(), topic))).status).toBe("CHANNEL_ERROR");
  });

  test("are closed when a policy fails, or when there is no such role", async () => {
    const topic = uniqueTopic("failing");
    await policies("failing", { read: "1 / (length(realtime.topic()) - length(realtime.topic())) = 1" });
    const refused = { status: "error", response: { reason: expect.stringMatching(/^Unauthorized: /) } };
    const connection = await socket();
    const join = (claims: Record<string, unknown>, ref: string) =>
      userToken({ sub: alice, claims }).then((token) =>
        connection.join(topic, { private: true }, { access_token: token }, ref)
      );
    expect(await join({}, "1")).toEqual(refused);
    expect(await join({ role: "nobody_knows_me" }, "2")).toEqual(refused);
  });

  test("know who asks, for which topic, and from where: policies may look at claims and headers", async () => {
    await policies("looking", {
      read: `auth.jwt() ->> 'venue' = split_part(realtime.topic(), ':', 3)
        and current_setting('request.headers')::json ->> 'upgrade' = 'websocket'`,
    });
    const topic = uniqueTopic("looking");
    const connection = await socket();
    for (const [index, [venue, status]] of [[topic.split(":")[2], "ok"], ["another", "error"]].entries()) {
      const token = await userToken({ claims: { venue } });
      const reply = await connection.join(topic, { private: true }, { access_token: token }, String(index));
      expect(reply.status).toBe(status);
    }
  });

  test("of which only the presence may be read let in, and give no broadcast", async () => {
    const topic = uniqueTopic("halved");
    await policies("halved", { read: "extension = 'presence'", write: "true" });
    const token = await userToken();
    const [connection, speaker] = [await socket(), await socket()];
    const config = { private: true, presence: { key: "someone", enabled: true } };
    expect((await connection.join(topic, config, { access_token: token })).status).toBe("ok");
    expect(
      (await speaker.join(topic, { ...config, broadcast: { ack: true } }, { access_token: token })).status,
    )
      .toBe("ok");
    speaker.send("1", "2", `realtime:${topic}`, "broadcast", { type: "broadcast", event: "e", payload: {} });
    expect(await speaker.reply("2")).toEqual({ status: "ok", response: {} });
    await database`select realtime.send('{"secret": true}', 'e', ${topic})`;
    speaker.send("1", "3", `realtime:${topic}`, "presence", {
      type: "presence",
      event: "track",
      payload: {},
    });
    await connection.frame((frame) => frame[3] === "presence_diff");
    expect(connection.frames.some((frame) => frame[3] === "broadcast")).toBe(false);
    expect(connection.raw.some((frame) => Buffer.isBuffer(frame))).toBe(false);

    const without = await socket();
    const refused = await without.join(topic, { private: true }, { access_token: token });
    expect(refused.status).toBe("error");
  });

  test("get what the database sends, in the order of the commits", async () => {
    const topic = uniqueTopic("room");
    const token = await userToken({ sub: alice });
    const heard = new Inbox<{ payload: { number: number; id: string }; meta?: { id: string } }>();
    const channel = privateChannel(client({ token: () => token }), topic).on(
      "broadcast",
      { event: "*" },
      heard.push as never,
    );
    await subscribe(channel);
    for (let number = 1; number <= 20; number++) {
      await database`select realtime.send(${database.json({ number })}, 'counted', ${topic})`;
    }
    const items = await heard.waitFor(20);
    await pause(200);
    expect(items.map((item) => item.payload.number)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    expect(items.every((item) => item.meta?.id === item.payload.id)).toBe(true);
  });

  test("a public channel of the same name is another room", async () => {
    const topic = uniqueTopic("room");
    const heard = new Inbox();
    await subscribe(client().channel(topic).on("broadcast", { event: "*" }, heard.push));
    await database`select realtime.send('{"secret": true}', 'counted', ${topic}, true)`;
    await database`select realtime.send('{"secret": false}', 'counted', ${topic}, false)`;
    const [first] = await heard.waitFor(1);
    await pause(100);
    expect(heard.items).toHaveLength(1);
    expect(first).toMatchObject({ payload: { secret: false } });
  });

  test("an expired token ends the channel with a message", async () => {
    const topic = uniqueTopic("room");
    const token = await userToken({ sub: alice, expiresIn: 4 });
    const connection = await socket();
    expect(await connection.join(topic, { private: true }, { access_token: token })).toEqual({
      status: "ok",
      response: { postgres_changes: [] },
    });
    const [, , , , system] = await connection.frame((frame) => frame[3] === "system");
    expect(system).toMatchObject({ extension: "system", status: "error", channel: topic });
    expect(system.message).toMatch(/^Token has expired \d+ seconds ago$/);
    await connection.frame((frame) => frame[3] === "phx_close" && frame[0] === "1");
  });
});
