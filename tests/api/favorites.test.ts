import { afterAll, beforeAll, expect, test } from "vitest";
import { database, forgetRateLimits } from "../support/database.ts";
import { codeOf, latestMessage } from "../support/inbox.ts";
import {
  addVenue,
  expectData,
  type Host,
  newAddress,
  signInByMail,
  signInGuest,
  signUpHost,
} from "../support/people.ts";

let host: Host;

beforeAll(async () => {
  await forgetRateLimits();
  host = await signUpHost("favorites");
});
afterAll(() => database.end());

test("a singer keeps songs in keys, changes them, and learns which of them a venue has", async () => {
  const [singer, other] = await Promise.all([signInByMail("singer"), signInByMail("other")]);
  const { client } = singer;
  const venue = await addVenue(host, { name: "With a book" });
  const [system] = expectData(await host.client.from("systems").select("id"));
  expectData(
    await host.client.rpc("add_song", {
      p_system_id: system?.id ?? "",
      p_artist: "ABBA",
      p_title: "Waterloo",
    }),
  );

  const added = expectData(
    await client.from("favorite_songs").insert({ artist: "Abba", title: "Waterloo", key_change: -2 }).select()
      .single(),
  );
  expect(added).toMatchObject({ user_id: singer.userId, artist: "Abba", key_change: -2, metadata: {} });
  const again = await client.from("favorite_songs").insert({
    artist: "ABBA",
    title: "waterloo",
    key_change: -2,
  });
  expect([again.status, again.error?.code]).toEqual([409, "23505"]);
  expectData(
    await client.from("favorite_songs").insert({ artist: "Nobody", title: "Nothing" }).select().single(),
  );

  const there = expectData(await client.rpc("list_favorite_songs", { p_venue_id: venue.id }));
  expect(there.map(({ artist, is_available }) => [artist, is_available])).toEqual([["Abba", true], [
    "Nobody",
    false,
  ]]);
  const asked = await client.rpc("submit_request", {
    p_venue_id: venue.id,
    p_song_id: there[0]?.song_id ?? 0,
    p_singer_names: ["Ann"],
    p_key_change: added.key_change,
  });
  expect(asked.data).toMatchObject({ artist: "ABBA", title: "Waterloo", key_change: -2 });

  const changed = expectData(
    await client.from("favorite_songs").update({ key_change: 1, metadata: { note: "slowly" } }).eq(
      "id",
      added.id,
    )
      .select().single(),
  );
  expect(changed).toMatchObject({ key_change: 1, metadata: { note: "slowly" } });
  expect(expectData(await other.client.from("favorite_songs").select())).toEqual([]);
  expect(expectData(await other.client.from("favorite_songs").delete().eq("id", added.id).select())).toEqual(
    [],
  );
  expect(expectData(await client.from("favorite_songs").delete().eq("id", added.id).select())).toHaveLength(
    1,
  );
});

test("thirty taps on one heart at once make one favourite", async () => {
  const { client } = await signInGuest();
  const taps = await Promise.all(
    Array.from(
      { length: 30 },
      () => client.from("favorite_songs").insert({ artist: "Queen", title: "Flash" }),
    ),
  );
  expect(taps.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(29).fill(409)]);
  expect(expectData(await client.rpc("list_favorite_songs"))).toMatchObject([{
    title: "Flash",
    total_count: 1,
  }]);
});

test("venues are kept, also once they are archived; each person sees their own", async () => {
  const [singer, other] = await Promise.all([signInByMail("singer"), signInGuest()]);
  const [bar, pub] = await Promise.all([
    addVenue(host, { name: "Heart Bar" }),
    addVenue(host, { name: "Heart Pub" }),
  ]);
  for (const { id } of [bar, pub]) {
    expect((await singer.client.from("favorite_venues").insert({ venue_id: id })).status).toBe(201);
  }
  const twice = await singer.client.from("favorite_venues").insert({ venue_id: bar.id });
  expect(twice.status).toBe(409);
  expect((await host.client.rpc("archive_venue", { p_venue_id: pub.id })).error).toBeNull();
  const listed = expectData(await singer.client.rpc("list_favorite_venues"));
  expect(listed.map(({ name, is_archived }) => [name, is_archived])).toEqual([["Heart Pub", true], [
    "Heart Bar",
    false,
  ]]);
  const gone = await other.client.from("favorite_venues").insert({ venue_id: pub.id });
  expect([gone.status, gone.error?.message]).toEqual([404, "venue_not_found"]);
  expect(expectData(await other.client.rpc("list_favorite_venues"))).toEqual([]);
  const isFavorite = async () =>
    expectData(await singer.client.from("favorite_venues").select().eq("venue_id", bar.id)).length;
  expect(await isFavorite()).toBe(1);
  expect((await singer.client.from("favorite_venues").delete().eq("venue_id", bar.id)).status).toBe(204);
  expect(await isFavorite()).toBe(0);
});

test("a guest who signs up keeps the favourites", async () => {
  const { client, userId } = await signInGuest();
  const venue = await addVenue(host);
  expectData(await client.from("favorite_songs").insert({ artist: "Queen", title: "Innuendo" }).select());
  expectData(await client.from("favorite_venues").insert({ venue_id: venue.id }).select());
  const email = newAddress("was-guest");
  expectData(await client.auth.updateUser({ email }));
  const token = codeOf(await latestMessage(email));
  const { user } = expectData(await client.auth.verifyOtp({ email, token, type: "email_change" }));
  expect(user).toMatchObject({ id: userId, is_anonymous: false });
  expect(expectData(await client.rpc("list_favorite_songs"))).toMatchObject([{ title: "Innuendo" }]);
  expect(expectData(await client.rpc("list_favorite_venues"))).toMatchObject([{ venue_id: venue.id }]);
});

test("without signing in there are no favourites", async () => {
  const { client } = await signInGuest();
  await client.auth.signOut();
  expect((await client.from("favorite_songs").select()).error).not.toBeNull();
  expect((await client.rpc("list_favorite_venues")).error).not.toBeNull();
});
