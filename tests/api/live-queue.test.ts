import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { database, forgetRateLimits } from "../support/database.ts";
import { follow, type Heard, requestsIn } from "../support/live.ts";
import {
  addOpenkjKey,
  addVenue,
  expectData,
  type Host,
  openkj,
  type Person,
  signInGuest,
  signUp,
  signUpHost,
} from "../support/people.ts";

let host: Host;
let venue: Awaited<ReturnType<typeof addVenue>>;
let guest: Person;
const open: Person[] = [];

beforeAll(async () => {
  await forgetRateLimits();
  host = await signUpHost("live");
  venue = await addVenue(host);
  guest = await signInGuest();
  const key = await addOpenkjKey(host);
  await openkj({ command: "clearDatabase", api_key: key, system_id: 1 });
  await openkj({
    command: "addSongs",
    api_key: key,
    system_id: 1,
    songs: [{ artist: "ABBA", title: "Waterloo" }],
  });
  open.push(host, guest);
});
afterEach(() => Promise.all(open.map(({ client }) => client.removeAllChannels())));
afterAll(async () => {
  for (const { client } of open) client.realtime.disconnect();
  await database.end();
});

const ask = async () =>
  expectData(
    await guest.client.rpc("submit_request", {
      p_venue_id: venue.id,
      p_artist: "ABBA",
      p_title: "Waterloo",
      p_singer_names: ["Gus Guest"],
    }),
  );

async function heardWithin(heard: Heard[], count: number): Promise<Heard[]> {
  for (let waited = 0; waited < 400 && heard.length < count; waited++) await sleep(50);
  return heard;
}

test("staff hear which requests came and changed, the room that something moved, the singer of their own; nobody a name", async () => {
  const queue = await follow(host.client, `venue:${venue.id}:queue`);
  const display = await follow(guest.client, `venue:${venue.id}:display`);
  const request = await ask();
  const own = await follow(guest.client, `request:${request.id}`);
  expectData(
    await host.client.rpc("set_request_state", {
      p_request_id: request.id,
      p_state: "skipped",
      p_reason: "Left",
    }),
  );

  await heardWithin(queue, 2);
  const told = { request_id: request.id, openkj_request_id: request.openkj_request_id };
  expect(queue.map(({ event, payload }) => [event, requestsIn(payload)])).toEqual([
    ["requests_created", [{ ...told, state: "pending", version: 1 }]],
    ["requests_changed", [{ ...told, state: "skipped", version: 2 }]],
  ]);
  expect(Number(queue[1]?.payload["serial"]) - Number(queue[0]?.payload["serial"])).toBe(1);
  await heardWithin(display, 2);
  expect(display.map(({ event }) => event)).toEqual(["queue_changed", "queue_changed"]);
  await heardWithin(own, 1);
  expect(own.map(({ payload }) => payload)).toMatchObject([{
    request_id: request.id,
    state: "skipped",
    version: 2,
  }]);
  for (const word of ["Gus", "Waterloo", "Left"]) {
    expect(JSON.stringify([queue, display, own])).not.toContain(word);
  }
});

test("many changes at once are told in few messages, each request exactly once", async () => {
  await forgetRateLimits();
  const bar = await addVenue(host);
  const queue = await follow(host.client, `venue:${bar.id}:queue`);
  const display = await follow(guest.client, `venue:${bar.id}:display`);
  const count = 450;
  await database`
    select count(private.insert_request(
      ${bar.id}, null, null, array['Singer ' || number], null, 'ABBA', 'Waterloo', 0, null, null, true
    ))
    from generate_series(1, ${count}::integer) as number`;
  await heardWithin(queue, count);
  await heardWithin(display, count);
  expect(queue.map(({ event }) => event)).toEqual(Array(count).fill("requests_created"));
  expect(expectData(await host.client.rpc("clear_queue", { p_venue_id: bar.id }))).toBe(count);
  await heardWithin(queue, count + 3);
  await heardWithin(display, count + 1);
  const changes = queue.slice(count);
  expect(changes.map(({ event }) => event)).toEqual(Array(3).fill("requests_changed"));
  const told = changes.flatMap(({ payload }) => requestsIn(payload));
  expect(new Set(told.map(({ request_id }) => request_id)).size).toBe(count);
  expect(told).toHaveLength(count);
  expect(told.every(({ state, version }) => state === "cleared" && version === 2)).toBe(true);
  expect(display.map(({ event }) => event)).toEqual(Array(count + 1).fill("queue_changed"));
});

test("a new order, an opened and a closed night are heard by staff and room", async () => {
  const bar = await addVenue(host);
  const queue = await follow(host.client, `venue:${bar.id}:queue`);
  const display = await follow(guest.client, `venue:${bar.id}:display`);
  expectData(
    await host.client.from("venue_rules").update({ queue_order: "rotation" }).eq("venue_id", bar.id).select(),
  );
  expectData(await host.client.rpc("open_show", { p_venue_id: bar.id }));
  await host.client.rpc("close_show", { p_venue_id: bar.id });
  for (const heard of [await heardWithin(queue, 3), await heardWithin(display, 3)]) {
    expect(heard.map(({ event, payload }) => [event, payload["is_open"]])).toEqual([
      ["queue_changed", undefined],
      ["show_changed", true],
      ["show_changed", false],
    ]);
  }
});

test("opening and closing is heard by staff and room", async () => {
  const queue = await follow(host.client, `venue:${venue.id}:queue`);
  const display = await follow(guest.client, `venue:${venue.id}:display`);
  await host.client.rpc("set_accepting", { p_venue_id: venue.id, p_accepting: false });
  await host.client.rpc("set_accepting", { p_venue_id: venue.id, p_accepting: true });
  for (const heard of [await heardWithin(queue, 2), await heardWithin(display, 2)]) {
    expect(heard.map(({ event, payload }) => [event, payload["accepting_requests"]])).toEqual([
      ["accepting_changed", false],
      ["accepting_changed", true],
    ]);
  }
});

test("nobody follows what is not theirs", async () => {
  const request = await ask();
  const stranger = await signUpHost("eve");
  const singer = await signUp("mallory");
  open.push(stranger, singer);
  for (
    const [person, topic] of [
      [guest, `venue:${venue.id}:queue`],
      [stranger, `venue:${venue.id}:queue`],
      [singer, `request:${request.id}`],
      [singer, `user:${guest.userId}:notifications`],
      [host, "venue:not-a-uuid:queue"],
      [host, "anything"],
    ] as const
  ) {
    await expect(follow(person.client, topic), topic).rejects.toThrow();
  }
});

test("a removed member and who has signed out learn nothing personal from open channels, and cannot come back", async () => {
  const staff = await signUp("staff");
  const leaver = await signInGuest();
  open.push(staff, leaver);
  await database`
    insert into public.organization_members (organization_id, user_id, role_key)
    values (${host.organizationId}, ${staff.userId}, 'staff')`;
  const asked = expectData(
    await leaver.client.rpc("submit_request", {
      p_venue_id: venue.id,
      p_artist: "ABBA",
      p_title: "Waterloo",
      p_singer_names: ["Lea Leaver"],
    }),
  );
  const queue = await follow(staff.client, `venue:${venue.id}:queue`);
  const own = await follow(leaver.client, `request:${asked.id}`);
  const notifications = await follow(leaver.client, `user:${leaver.userId}:notifications`);
  await database`update public.organization_members set status = 'revoked' where user_id = ${staff.userId}`;
  await database`delete from auth.sessions where user_id = ${leaver.userId}`;
  expect(expectData(await staff.client.from("venues").select("id"))).toEqual([]);
  const witness = await follow(host.client, `venue:${venue.id}:queue`);
  expectData(
    await host.client.rpc("set_request_state", {
      p_request_id: asked.id,
      p_state: "rejected",
      p_reason: "Sore throat",
    }),
  );
  await heardWithin(witness, 1);
  for (const word of ["Lea", "Waterloo", "throat"]) {
    expect(JSON.stringify([queue, own, notifications])).not.toContain(word);
  }
  await Promise.all([staff, leaver].map(({ client }) => client.removeAllChannels()));
  await expect(follow(staff.client, `venue:${venue.id}:queue`)).rejects.toThrow();
  await expect(follow(leaver.client, `request:${asked.id}`)).rejects.toThrow();
});

test("a rotation that the show program pushes is seen in the room, by first names", async () => {
  const key = await addOpenkjKey(host);
  const display = await follow(guest.client, `venue:${venue.id}:display`);
  const push = (singers: unknown) =>
    openkj({
      command: "updateRotation",
      api_key: key,
      venue_id: venue.openkj_venue_id,
      system_id: 1,
      singers,
    });
  const reply = await push([{ name: "Ann Arbor", is_current: true, position: 1 }, {
    name: "Ben",
    is_current: false,
  }]);
  expect(reply).toEqual({ command: "updateRotation", error: false });
  await heardWithin(display, 1);
  const door = expectData(await guest.client.rpc("venue_today", { p_venue_id: venue.id }));
  expect(door).toMatchObject({
    rotation: [{ singer_name: "Ann", is_current: true }, { singer_name: "Ben", is_current: false }],
  });
  expect((await push([{ name: 5 }]))["error"]).toBe(true);
  expect((await push(Array.from({ length: 1001 }, () => ({ name: "x" }))))["error"]).toBe(true);
});

test("the owner is told once when the show program falls silent during a night, and sees when it last called", async () => {
  const silent = await signUpHost("silent");
  const bar = await addVenue(silent);
  const key = await addOpenkjKey(silent);
  await openkj({ command: "getSerial", api_key: key });
  expectData(await silent.client.rpc("open_show", { p_venue_id: bar.id }));
  const alerts = async () =>
    expectData(await silent.client.from("notifications").select("data").eq("kind", "host_offline"));
  await database`select private.alert_offline_hosts()`;
  expect(await alerts()).toEqual([]);
  await database`
    update private.system_heartbeats set last_seen_at = now() - interval '12 minutes'
    where system_id in (select id from public.systems where organization_id = ${silent.organizationId})`;
  for (let run = 0; run < 3; run++) await database`select private.alert_offline_hosts()`;
  expect(await alerts()).toMatchObject([{ data: { venue: "The Test Bar" } }]);
  const overview = expectData(
    await silent.client.rpc("organization_overview", { p_organization_id: silent.organizationId }),
  );
  expect(overview).toMatchObject({ systems: [{ name: "Karaoke system", last_seen_at: expect.any(String) }] });
});
