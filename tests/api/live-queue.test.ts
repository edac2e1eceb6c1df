import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { database, forgetRateLimits } from "../support/database.ts";
import { follow, type Heard } from "../support/live.ts";
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
  for (let waited = 0; waited < 100 && heard.length < count; waited++) await sleep(50);
  return heard;
}

test("staff get the whole request, the room only learns that something moved, the singer hears of their own", async () => {
  const queue = await follow(host.client, `venue:${venue.id}:queue`);
  const display = await follow(guest.client, `venue:${venue.id}:display`);
  const request = await ask();
  const own = await follow(guest.client, `request:${request.id}`);
  expectData(await host.client.rpc("set_request_state", { p_request_id: request.id, p_state: "accepted" }));

  await heardWithin(queue, 2);
  expect(queue.map(({ event, payload }) => [event, payload["state"]])).toEqual([
    ["request_created", "pending"],
    ["request_changed", "accepted"],
  ]);
  expect(queue[0]?.payload).toMatchObject({ id: request.id, singer_name: "Gus Guest", artist: "ABBA" });
  await heardWithin(display, 2);
  expect(display.map(({ event }) => event)).toEqual(["queue_changed", "queue_changed"]);
  expect(JSON.stringify(display)).not.toContain("Gus");
  await heardWithin(own, 1);
  expect(own.map(({ payload }) => payload["state"])).toEqual(["accepted"]);
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

test("a removed member hears nothing more once the token is checked again, and cannot come back", async () => {
  const staff = await signUp("staff");
  open.push(staff);
  await database`
    insert into public.organization_members (organization_id, user_id, role_key)
    values (${host.organizationId}, ${staff.userId}, 'staff')`;
  await follow(staff.client, `venue:${venue.id}:queue`);
  await database`update public.organization_members set status = 'revoked' where user_id = ${staff.userId}`;
  expect(expectData(await staff.client.from("venues").select("id"))).toEqual([]);
  await staff.client.removeAllChannels();
  await expect(follow(staff.client, `venue:${venue.id}:queue`)).rejects.toThrow();
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
