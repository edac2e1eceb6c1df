// The first client of version 2, which knows the protocol 1.0.0 only, beside the current one.
import { createClient, type RealtimeChannel } from "supabase-js-oldest";
import { afterEach, expect, test } from "vitest";
import { client, database, environment, Inbox, subscribe, uniqueTopic, until, userToken } from "./support.ts";

const opened: RealtimeChannel[] = [];

afterEach(() => {
  for (const { socket } of opened.splice(0)) socket.disconnect();
});

/** A channel of a client of its own. */
function oldest(topic: string): RealtimeChannel {
  const channel = createClient(environment.apiUrl, environment.anonKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  }).channel(topic, { config: { broadcast: { ack: true, self: false } } });
  opened.push(channel);
  return channel;
}

function joined(channel: RealtimeChannel): Promise<string> {
  return new Promise((resolve) => channel.subscribe((status) => resolve(status)));
}

test("it and the current client hear each other, and the database", async () => {
  const topic = uniqueTopic("public");
  const [old, current] = [new Inbox(), new Inbox()];
  const oldChannel = oldest(topic).on("broadcast", { event: "*" }, old.push);
  const currentChannel = client().channel(topic).on("broadcast", { event: "*" }, current.push);
  expect(await joined(oldChannel)).toBe("SUBSCRIBED");
  expect((await subscribe(currentChannel)).status).toBe("SUBSCRIBED");

  expect(await oldChannel.send({ type: "broadcast", event: "from old", payload: { word: "Grüße" } })).toBe(
    "ok",
  );
  await currentChannel.send({ type: "broadcast", event: "from new", payload: { word: "カラオケ" } });
  await current.waitFor(1);
  await old.waitFor(1);
  await database`select realtime.send('{"word": "data"}', 'from database', ${topic}, false)`;
  await current.waitFor(2);
  await old.waitFor(2);
  expect(current.items[0]).toEqual({ type: "broadcast", event: "from old", payload: { word: "Grüße" } });
  expect(old.items[0]).toEqual({ type: "broadcast", event: "from new", payload: { word: "カラオケ" } });
  expect(old.items[1]).toEqual(current.items[1]);
});

test("a wrong token is refused", async () => {
  const channel = oldest(uniqueTopic("public"));
  channel.socket.setAuth("nonsense");
  expect(await joined(channel)).toBe("CHANNEL_ERROR");
});

test("an expired token ends the channel, a new one in time keeps it", async () => {
  const [kept, ended] = [oldest(uniqueTopic("public")), oldest(uniqueTopic("public"))];
  const states: Record<string, string[]> = { kept: [], ended: [] };
  for (const [name, channel] of Object.entries({ kept, ended })) {
    channel.socket.setAuth(await userToken({ expiresIn: 5 }));
    channel.subscribe((status) => states[name]?.push(status));
    await until(() => states[name]?.includes("SUBSCRIBED") === true);
  }
  kept.socket.setAuth(await userToken());
  await until(() => states.ended?.includes("CLOSED") === true, 20_000);
  expect(states).toEqual({ kept: ["SUBSCRIBED"], ended: ["SUBSCRIBED", "CLOSED"] });
});
