import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import {
  client,
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

const singer = randomUUID();
const watcher = randomUUID();

beforeAll(async () => {
  await policies("presence", {
    read: `auth.uid() = '${singer}' or (auth.uid() = '${watcher}' and extension = 'broadcast')`,
    write: `auth.uid() = '${singer}'`,
  });
});

type Change = { event: string; key: string; newPresences?: object[]; leftPresences?: object[] };

async function enter(topic: string, key: string, vsn?: string) {
  const [joins, leaves] = [new Inbox<Change>(), new Inbox<Change>()];
  const owner = client(vsn ? { vsn } : {});
  const channel = owner.channel(topic, { config: { presence: { key } } })
    .on("presence", { event: "sync" }, () => {})
    .on("presence", { event: "join" }, joins.push as never)
    .on("presence", { event: "leave" }, leaves.push as never);
  expect((await subscribe(channel)).status).toBe("SUBSCRIBED");
  const names = () =>
    Object.fromEntries(
      Object.entries(channel.presenceState()).map(([person, metas]) => [
        person,
        metas.map((meta) => (meta as never)["name"]),
      ]),
    );
  return { channel, joins, leaves, names, owner };
}

describe.each(["1.0.0", "2.0.0"])("presence in version %s", (vsn) => {
  test("everybody sees who is there, who comes, changes and goes", async () => {
    const topic = uniqueTopic("public");
    const ann = await enter(topic, "ann", vsn);
    expect(await ann.channel.track({ name: "Ann" })).toBe("ok");
    await until(() => "ann" in ann.names());

    const bob = await enter(topic, "bob", vsn);
    await until(() => "ann" in bob.names());
    await bob.channel.track({ name: "Bob" });
    await until(() => "bob" in ann.names() && "bob" in bob.names());
    expect(ann.names()).toEqual({ ann: ["Ann"], bob: ["Bob"] });
    expect(bob.names()).toEqual({ ann: ["Ann"], bob: ["Bob"] });

    await bob.channel.track({ name: "Robert" });
    await until(() => ann.names().bob?.[0] === "Robert");
    expect(ann.names()).toEqual({ ann: ["Ann"], bob: ["Robert"] });

    expect(await bob.channel.untrack()).toBe("ok");
    await until(() => !("bob" in ann.names()));
    expect(ann.leaves.items.at(-1)).toMatchObject({ key: "bob", leftPresences: [{ name: "Robert" }] });
  });

  test("who leaves the channel or loses the connection is gone", async () => {
    const topic = uniqueTopic("public");
    const ann = await enter(topic, "ann", vsn);
    const bob = await enter(topic, "bob", vsn);
    const eve = await enter(topic, "eve", vsn);
    await bob.channel.track({ name: "Bob" });
    await eve.channel.track({ name: "Eve" });
    await until(() => "bob" in ann.names() && "eve" in ann.names());
    await bob.channel.unsubscribe();
    await eve.owner.realtime.disconnect();
    await until(() => Object.keys(ann.names()).length === 0);
  });

  test("two devices of one key are two presences", async () => {
    const topic = uniqueTopic("public");
    const phone = await enter(topic, "ann", vsn);
    const tablet = await enter(topic, "ann", vsn);
    await phone.channel.track({ name: "phone" });
    await tablet.channel.track({ name: "tablet" });
    await until(() => phone.names().ann?.length === 2);
    expect(phone.names().ann?.toSorted()).toEqual(["phone", "tablet"]);
    await tablet.channel.untrack();
    await until(() => phone.names().ann?.length === 1);
    expect(phone.names()).toEqual({ ann: ["phone"] });
  });
});

describe("frames of presence", () => {
  const track = (payload: unknown) => ({ type: "presence", event: "track", payload });

  test("the state comes after the join, an update leaves the old and joins the new with both references", async () => {
    const connection = await socket();
    const topic = uniqueTopic("public");
    await connection.join(topic, { presence: { key: "ann", enabled: true } });
    const state = await connection.frame((frame) => frame[3] === "presence_state");
    expect(state).toEqual(["1", null, `realtime:${topic}`, "presence_state", {}]);
    connection.send("1", "2", `realtime:${topic}`, "presence", track({ mood: "shy" }));
    expect(await connection.reply("2")).toEqual({ status: "ok", response: {} });
    connection.send("1", "3", `realtime:${topic}`, "presence", track({ mood: "brave" }));
    await connection.reply("3");
    await until(() => connection.frames.filter((frame) => frame[3] === "presence_diff").length === 2);
    const [first, second] = connection.frames.filter((frame) => frame[3] === "presence_diff").map((frame) =>
      frame[4]
    );
    const reference = expect.any(String);
    expect(first).toEqual({ joins: { ann: { metas: [{ mood: "shy", phx_ref: reference }] } }, leaves: {} });
    const shy = (first as { joins: { ann: { metas: { phx_ref: string }[] } } }).joins.ann.metas[0]!;
    expect(second).toEqual({
      joins: { ann: { metas: [{ mood: "brave", phx_ref: reference, phx_ref_prev: shy.phx_ref }] } },
      leaves: { ann: { metas: [{ mood: "shy", phx_ref: shy.phx_ref }] } },
    });
  });

  test("the same payload again changes nothing", async () => {
    const connection = await socket();
    const topic = uniqueTopic("public");
    await connection.join(topic, { presence: { enabled: true } });
    for (const ref of ["2", "3"]) {
      connection.send("1", ref, `realtime:${topic}`, "presence", track({ mood: "calm" }));
      expect(await connection.reply(ref)).toEqual({ status: "ok", response: {} });
    }
    await pause(100);
    expect(connection.frames.filter((frame) => frame[3] === "presence_diff")).toHaveLength(1);
  });

  test("tracking turns presence on for who joined without it", async () => {
    const connection = await socket();
    const topic = uniqueTopic("public");
    await connection.join(topic, { presence: { key: "late" } });
    connection.send("1", "2", `realtime:${topic}`, "presence", track({ mood: "late" }));
    await connection.reply("2");
    const [, , , , state] = await connection.frame((frame) => frame[3] === "presence_state");
    expect(state).toMatchObject({ late: { metas: [{ mood: "late" }] } });
  });

  test("the event's case does not matter; what is no map is refused; an unknown event is an error", async () => {
    const connection = await socket();
    const topic = uniqueTopic("public");
    await connection.join(topic, { presence: { enabled: true } });
    connection.send("1", "2", `realtime:${topic}`, "presence", {
      type: "presence",
      event: "TRACK",
      payload: { a: 1 },
    });
    expect(await connection.reply("2")).toEqual({ status: "ok", response: {} });
    connection.send("1", "3", `realtime:${topic}`, "presence", track(["no", "map"]));
    expect(await connection.reply("3")).toEqual({
      status: "error",
      response: { reason: "Presence track payload must be a map" },
    });
    connection.send("1", "4", `realtime:${topic}`, "presence", { type: "presence", event: "levitate" });
    expect((await connection.reply("4")).status).toBe("error");
  });

  test("more than five calls in half a minute end the channel", async () => {
    const connection = await socket();
    const topic = uniqueTopic("public");
    await connection.join(topic, { presence: { enabled: true } });
    for (let call = 1; call <= 6; call++) {
      connection.send("1", String(call + 1), `realtime:${topic}`, "presence", track({ call }));
    }
    const [, , , , system] = await connection.frame((frame) => frame[3] === "system");
    expect(system).toMatchObject({
      status: "error",
      message: "Client presence rate limit exceeded",
      channel: topic,
    });
    await connection.frame((frame) => frame[3] === "phx_close");
  });
});

describe("presence on private channels", () => {
  test("needs the permissions to read and to write presence", async () => {
    const topic = uniqueTopic("presence");
    const [singerToken, watcherToken] = [await userToken({ sub: singer }), await userToken({ sub: watcher })];
    const seen = new Inbox();
    const watching = privateChannel(client({ token: () => watcherToken }), topic, {
      presence: { key: "watcher" },
    })
      .on("presence", { event: "*" } as never, seen.push as never);
    expect((await subscribe(watching)).status).toBe("SUBSCRIBED");
    const singing = privateChannel(client({ token: () => singerToken }), topic, {
      presence: { key: "singer" },
    })
      .on("presence", { event: "sync" }, () => {});
    expect((await subscribe(singing)).status).toBe("SUBSCRIBED");
    expect(await singing.track({ song: "Yesterday" })).toBe("ok");
    await until(() => "singer" in singing.presenceState());
    expect(await watching.track({ song: "none" })).toBe("error");
    await pause(200);
    expect(watching.presenceState()).toEqual({});
    expect(singing.presenceState()).toMatchObject({ singer: [{ song: "Yesterday" }] });
  });
});
