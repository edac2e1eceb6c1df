import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { client, Inbox, pause, socket, socketUrl, subscribe, uniqueTopic, until } from "./support.ts";

describe.each(["1.0.0", "2.0.0"])("frames of version %s", (vsn) => {
  test("a heartbeat is answered", async () => {
    const connection = await socket({ vsn });
    connection.send(null, "1", "phoenix", "heartbeat", {});
    expect(await connection.reply("1")).toEqual({ status: "ok", response: {} });
  });

  test("a join is answered with the list of table subscriptions, empty when there is none", async () => {
    const connection = await socket({ vsn });
    expect(await connection.join(uniqueTopic("join"))).toEqual({
      status: "ok",
      response: { postgres_changes: [] },
    });
  });

  test("leaving is answered and then closed; a topic that was never joined can be left too", async () => {
    const connection = await socket({ vsn });
    const topic = `realtime:${uniqueTopic("leave")}`;
    connection.send("1", "1", topic, "phx_join", { config: {} });
    await connection.reply("1");
    connection.send("1", "2", topic, "phx_leave", {});
    expect(await connection.reply("2")).toEqual({ status: "ok", response: {} });
    const close = await connection.frame((frame) => frame[3] === "phx_close");
    expect(close[1]).toBe("1");
    connection.send(null, "3", "realtime:never-joined", "phx_leave", {});
    expect(await connection.reply("3")).toEqual({ status: "ok", response: {} });
  });

  test("a topic that was not joined, or is none of Realtime's, is refused", async () => {
    const connection = await socket({ vsn });
    connection.send(null, "1", "realtime:never-joined", "broadcast", {
      type: "broadcast",
      event: "e",
      payload: {},
    });
    expect(await connection.reply("1")).toEqual({ status: "error", response: { reason: "unmatched topic" } });
    connection.send("2", "2", "elsewhere:room", "phx_join", {});
    expect(await connection.reply("2")).toEqual({ status: "error", response: { reason: "unmatched topic" } });
  });

  test("a join without a topic name is refused", async () => {
    const connection = await socket({ vsn });
    connection.send("1", "1", "realtime:", "phx_join", { config: {} });
    expect(await connection.reply("1")).toEqual({
      status: "error",
      response: { reason: "TopicNameRequired: You must provide a topic name" },
    });
  });

  test("rubbish is dropped and the connection goes on", async () => {
    const connection = await socket({ vsn });
    for (
      const rubbish of [
        "",
        "{",
        "null",
        "42",
        '"text"',
        "[]",
        "[1,2]",
        "{}",
        '{"topic":5}',
        "[null,null,5,6,{}]",
      ]
    ) {
      connection.sendRaw(rubbish);
    }
    for (const bytes of [[], [0], [3], [255, 1, 2], [3, 255, 255, 255, 255, 255, 1, 65], [4, 1, 1, 1, 1]]) {
      connection.sendRaw(Buffer.from(bytes));
    }
    connection.send(null, "1", "phoenix", "heartbeat", {});
    await connection.reply("1");
    expect(connection.closed).toBeNull();
  });

  test("an unknown event on a joined channel is ignored", async () => {
    const connection = await socket({ vsn });
    const topic = uniqueTopic("unknown");
    await connection.join(topic);
    connection.send("1", "2", `realtime:${topic}`, "drop table", {
      payload: "'; drop table realtime.messages; --",
    });
    connection.send(null, "3", "phoenix", "heartbeat", {});
    await connection.reply("3");
    expect(connection.frames.filter((frame) => frame[1] === "2")).toEqual([]);
  });

  test("a payload that does not fit is ignored, the join goes on", async () => {
    const connection = await socket({ vsn });
    for (
      const [index, payload] of [null, "text", { config: "text" }, { config: { broadcast: 7, presence: [] } }]
        .entries()
    ) {
      const ref = String(index + 1);
      connection.send(ref, ref, `realtime:${uniqueTopic("payload")}`, "phx_join", payload);
      expect(await connection.reply(ref)).toEqual({ status: "ok", response: { postgres_changes: [] } });
    }
  });

  test("settings may be the words true and false", async () => {
    const connection = await socket({ vsn });
    const topic = uniqueTopic("words");
    await connection.join(topic, { broadcast: { ack: "true", self: "true" }, private: "false" });
    connection.send("1", "2", `realtime:${topic}`, "broadcast", {
      type: "broadcast",
      event: "e",
      payload: { n: 1 },
    });
    expect(await connection.reply("2")).toEqual({ status: "ok", response: {} });
    const broadcast = await connection.frame((frame) => frame[3] === "broadcast");
    expect(broadcast[4]).toEqual({ type: "broadcast", event: "e", payload: { n: 1 } });
  });
});

test("a second join closes the first", async () => {
  const connection = await socket();
  const topic = uniqueTopic("twice");
  await connection.join(topic, {}, {}, "1");
  await connection.join(topic, {}, {}, "2");
  const close = await connection.frame((frame) => frame[3] === "phx_close");
  expect(close.slice(0, 3)).toEqual(["1", "1", `realtime:${topic}`]);
});

test("messages of an earlier join are ignored", async () => {
  const connection = await socket();
  const topic = uniqueTopic("stale");
  await connection.join(topic, { broadcast: { ack: true } }, {}, "1");
  await connection.join(topic, { broadcast: { ack: true } }, {}, "2");
  connection.send("1", "3", `realtime:${topic}`, "broadcast", { type: "broadcast", event: "e", payload: {} });
  connection.send(null, "4", `realtime:${topic}`, "broadcast", {
    type: "broadcast",
    event: "e",
    payload: {},
  });
  expect(await connection.reply("4")).toEqual({ status: "ok", response: {} });
  expect(connection.frames.some((frame) => frame[1] === "3")).toBe(false);
});

test("a frame of 10 MB ends the connection that sent it, and no other", async () => {
  const topic = uniqueTopic("large");
  const heard = new Inbox();
  await subscribe(client().channel(topic).on("broadcast", { event: "*" }, heard.push));
  const connection = await socket();
  await connection.join(topic);
  connection.sendRaw(
    JSON.stringify(["1", "2", `realtime:${topic}`, "broadcast", { payload: "x".repeat(10_000_000) }]),
  );
  await until(() => connection.closed !== null);
  const speaker = client().channel(topic);
  await subscribe(speaker);
  await speaker.send({ type: "broadcast", event: "still here", payload: {} });
  await heard.waitFor(1);
  await pause(100);
  expect(heard.items).toHaveLength(1);
});

/** A joined listener and a way to see that nothing has disturbed it. */
async function bystander() {
  const topic = uniqueTopic("bystander");
  const [listener, speaker] = [await socket(), await socket()];
  await listener.join(topic);
  await speaker.join(topic);
  let count = 0;
  return async () => {
    count += 1;
    speaker.send("1", null, `realtime:${topic}`, "broadcast", {
      type: "broadcast",
      event: "still here",
      payload: { count },
    });
    await listener.frame((frame) => (frame[4].payload as { count?: number } | undefined)?.count === count);
    expect(listener.closed).toBeNull();
  };
}

test.each([
  ["marked as compressed, which was not agreed on", [0xc1, 0x82, 0, 0, 0, 0, 0x7b, 0x7d], 1002],
  ["without a mask", [0x81, 0x02, 0x7b, 0x7d], 1002],
  ["of an unknown kind", [0x83, 0x80, 0, 0, 0, 0], 1002],
  ["that announces more than is allowed", [0x82, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0], 1009],
  ["with text that is no UTF-8", [0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe], 1007],
])("a WebSocket frame %s ends its connection with a reason, and no other", async (_what, bytes, code) => {
  const isUndisturbed = await bystander();
  const connection = await socket();
  await connection.join(uniqueTopic("frame"));
  connection.sendBytes(Buffer.from(bytes));
  await until(() => connection.closed !== null);
  expect(connection.closed?.code).toBe(code);
  await isUndisturbed();
});

test("JSON that is nested a hundred thousand deep does no harm", async () => {
  const isUndisturbed = await bystander();
  const connection = await socket();
  const topic = uniqueTopic("deep");
  await connection.join(topic);
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  for (
    const [event, payload] of [["broadcast", deep], ["presence", `{"event":"track","payload":{"a":${deep}}}`]]
  ) {
    connection.sendRaw(`["1","2","realtime:${topic}","${event}",${payload}]`);
  }
  connection.sendRaw(`["5","5","realtime:${uniqueTopic("deep")}","phx_join",${deep}]`);
  connection.send(null, "6", "phoenix", "heartbeat", {});
  await connection.reply("6");
  await isUndisturbed();
});

test("3000 joins at once get 100 channels and as many refusals as there are others", async () => {
  const isUndisturbed = await bystander();
  const connection = await socket();
  const name = uniqueTopic("flood");
  for (let number = 1; number <= 3000; number++) {
    connection.send(String(number), String(number), `realtime:${name}:${number}`, "phx_join", {
      config: { presence: { enabled: false } },
    });
  }
  await isUndisturbed();
  await until(() => connection.frames.filter((frame) => frame[3] === "phx_reply").length === 3000, 30_000);
  const reasons = connection.frames.map(([, , , , { response }]) => (response as { reason?: string }).reason);
  expect(reasons.filter((reason) => reason === undefined)).toHaveLength(100);
  expect(reasons.filter((reason) => reason === "ChannelRateLimitReached: Too many channels")).toHaveLength(
    2900,
  );
});

test("who takes forever to ask for a connection keeps nobody waiting", async () => {
  const { hostname, port, pathname } = new URL(socketUrl({}));
  const slow = Array.from({ length: 50 }, () => {
    const stream = connect(Number(port), hostname);
    stream.on("error", () => {});
    stream.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nX-Slow: `);
    return stream;
  });
  const isUndisturbed = await bystander();
  for (const stream of slow) stream.write("a");
  await isUndisturbed();
  for (const stream of slow) stream.destroy();
  await isUndisturbed();
});

test("presence is on for who does not mention it, and off for who names no more than a key", async () => {
  const connection = await socket();
  const [silent, named] = [uniqueTopic("presence"), uniqueTopic("presence")];
  connection.send("1", "1", `realtime:${silent}`, "phx_join", { config: {} });
  connection.send("2", "2", `realtime:${named}`, "phx_join", { config: { presence: { key: "ann" } } });
  const state = await connection.frame((frame) => frame[3] === "presence_state");
  expect(state).toEqual(["1", null, `realtime:${silent}`, "presence_state", {}]);
  await connection.reply("2");
  connection.send(null, "3", "phoenix", "heartbeat", {});
  await connection.reply("3");
  expect(connection.frames.filter((frame) => frame[3] === "presence_state")).toHaveLength(1);
});

test("the old and the new protocol hear each other; raw bytes reach the new one only", async () => {
  const topic = uniqueTopic("mixed");
  const old = new Inbox();
  const current = new Inbox<{ payload: unknown }>();
  const oldChannel = client({ vsn: "1.0.0" }).channel(topic).on("broadcast", { event: "*" }, old.push);
  const currentChannel = client().channel(topic).on("broadcast", { event: "*" }, current.push as never);
  await subscribe(oldChannel);
  await subscribe(currentChannel);
  await oldChannel.send({ type: "broadcast", event: "from old", payload: { word: "Über", number: 1 } });
  await current.waitFor(1);
  expect(current.items).toEqual([{
    type: "broadcast",
    event: "from old",
    payload: { word: "Über", number: 1 },
  }]);
  await currentChannel.send({ type: "broadcast", event: "from new", payload: { word: "カラオケ" } });
  await old.waitFor(1);
  expect(old.items).toEqual([{ type: "broadcast", event: "from new", payload: { word: "カラオケ" } }]);

  const third = client().channel(topic);
  await subscribe(third);
  await third.send({ type: "broadcast", event: "bytes", payload: new Uint8Array([0, 1, 254, 255]).buffer });
  await current.waitFor(2);
  expect(new Uint8Array(current.items[1]?.payload as ArrayBuffer)).toEqual(new Uint8Array([0, 1, 254, 255]));
  await pause(100);
  expect(old.items).toHaveLength(1);
});

test("a binary frame of the client is passed on as the binary frame of the server, byte by byte", async () => {
  const topic = uniqueTopic("bytes");
  const [speaker, listener] = [await socket(), await socket()];
  await speaker.join(topic);
  await listener.join(topic);
  const fields = ["1", "2", `realtime:${topic}`, "événement", ""].map((field) => Buffer.from(field));
  const payload = Buffer.from('{"large":12345678901234567890}');
  speaker.sendRaw(
    Buffer.concat([Buffer.from([3, ...fields.map((field) => field.length), 1]), ...fields, payload]),
  );
  await until(() => listener.raw.some((frame) => Buffer.isBuffer(frame)));
  const [, , name, event] = fields;
  expect(listener.raw.find((frame) => Buffer.isBuffer(frame))).toEqual(
    Buffer.concat([Buffer.from([4, name!.length, event!.length, 0, 1]), name!, event!, payload]),
  );
});

test("an unknown protocol version is refused", async () => {
  await expect(socket({ vsn: "9.9.9" })).rejects.toThrow();
});
