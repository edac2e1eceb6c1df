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
