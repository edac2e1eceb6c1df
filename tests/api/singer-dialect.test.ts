import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../../types/database.ts";
import { database, forgetRateLimits } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import { addOpenkjKey, addVenue, expectData, type Host, openkj, signUpHost } from "../support/people.ts";

type Json = Record<string, unknown>;

let host: Host;
let key: string;
let venue: Awaited<ReturnType<typeof addVenue>>;
let waterloo: string;

/** One command as a singer's app sends it: without a key, by PUT. */
async function app(command: string, fields: Json = {}, method = "PUT"): Promise<Json> {
  const answer = await fetch(environment.openkjUrl, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ command, ...fields }),
  });
  expect(answer.status).toBe(200);
  const reply = await answer.json() as Json;
  expect(reply["command"]).toBe(command);
  expect(typeof reply["error"]).toBe("boolean");
  return reply;
}

const here = (fields: Json = {}) => ({ venueUrlName: venue.url_name, ...fields });

const submit = (singerName: unknown, fields: Json = {}) =>
  app("submitRequest", here({ songId: waterloo, singerName, keyChange: "0", ...fields }));

const refused = (text: RegExp) => ({
  error: true,
  success: false,
  errorString: expect.stringMatching(text) as string,
});

async function setRules(values: Database["public"]["Tables"]["venue_rules"]["Update"]): Promise<void> {
  expectData(await host.client.from("venue_rules").update(values).eq("venue_id", venue.id).select().single());
}

async function queue(): Promise<{ singer_names: string[]; title: string; key_change: number }[]> {
  return expectData(
    await host.client.from("requests").select("singer_names, title, key_change, singer_user_id, submitted_by")
      .eq("venue_id", venue.id).order("id"),
  );
}

async function songId(searchString: string): Promise<string> {
  const { songs } = await app("search", here({ searchString }));
  return String((songs as Json[])[0]?.["song_id"]);
}

beforeAll(async () => {
  await forgetRateLimits();
  host = await signUpHost("dialect");
  key = await addOpenkjKey(host);
  await openkj({ command: "clearDatabase", api_key: key, system_id: 1 });
  const songs = [
    { artist: "ABBA", title: "Waterloo" },
    { artist: "ABBA", title: "Fernando" },
    { artist: "Beyoncé", title: "Halo" },
    { artist: "10cc", title: "Dreadlock Holiday" },
    { artist: "!!!", title: "Me and Giuliani" },
  ];
  await openkj({ command: "addSongs", api_key: key, system_id: 1, songs });
});

beforeEach(async () => {
  await forgetRateLimits();
  venue = await addVenue(host, { name: `Dialect ${randomUUID().slice(0, 8)}` });
  waterloo = await songId("waterloo");
});

afterAll(() => database.end());

describe("a venue", () => {
  test("is found by its code, in any case and under a former one, by PUT and POST", async () => {
    for (const method of ["PUT", "POST"]) {
      expect(await app("venueExists", here(), method)).toEqual({
        command: "venueExists",
        error: false,
        exists: true,
      });
    }
    expect(await app("venueExists", { venueUrlName: ` ${venue.url_name.toUpperCase()} ` })).toMatchObject({
      exists: true,
    });
    expect(await app("venueExists", { venueUrlName: "no-such-bar" })).toMatchObject({
      error: false,
      exists: false,
    });
    expect(await app("venueExists")).toMatchObject({ error: false, exists: false });
    await host.client.rpc("archive_venue", { p_venue_id: venue.id });
    expect(await app("venueExists", here())).toMatchObject({ error: false, exists: false });
    expect(await app("search", here({ searchString: "abba" }))).toMatchObject({
      error: true,
      song_count: 0,
      songs: [],
    });
  });

  test("says whether it takes requests, to apps and to programs alike", async () => {
    for (const accepting of [true, false]) {
      await host.client.rpc("set_accepting", { p_venue_id: venue.id, p_accepting: accepting });
      for (const command of ["venueAccepting", "getAccepting"]) {
        expect(await app(command, here())).toEqual({
          command,
          error: false,
          venue_id: venue.openkj_venue_id,
          accepting,
        });
      }
      const program = await openkj({
        command: "getAccepting",
        api_key: key,
        venue_id: venue.openkj_venue_id,
      });
      expect(program).toMatchObject({ error: false, accepting });
    }
    expect(await app("venueAccepting", { venueUrlName: "no-such-bar" })).toMatchObject({ error: true });
    expect(await app("getAccepting", { venue_id: venue.openkj_venue_id })).toMatchObject({ error: true });
    expect(await app("connectionTest")).toEqual({
      command: "connectionTest",
      error: false,
      connection: "ok",
    });
  });

  test("is found nearby with numbers or texts; a private one is not", async () => {
    const far = await addVenue(host, { name: "Far Away", latitude: 47.1, longitude: -120.5 });
    const hidden = await addVenue(host, {
      name: "Hidden",
      latitude: 47.1,
      longitude: -120.51,
      is_private: true,
    });
    const near = await app("getNearbyVenues2", { range: "250", latitude: "47.12", longitude: -120.5 });
    expect(near).toMatchObject({ error: false });
    const nearby = near["nearby"] as Json[];
    expect(nearby).toContainEqual({
      venueId: far.url_name,
      name: "Far Away",
      distance: 1.38,
      accepting: true,
    });
    expect(JSON.stringify(nearby)).not.toContain(hidden.url_name);
    for (const wrong of [{}, { latitude: "north", longitude: 0 }, { latitude: 91, longitude: 0 }]) {
      expect(await app("getNearbyVenues2", wrong)).toMatchObject({ error: true, nearby: [] });
    }
    await host.client.rpc("archive_venue", { p_venue_id: far.id });
  });
});

describe("the book", () => {
  test("is searched", async () => {
    expect(await app("search", here({ searchString: "beyonce hal" }))).toEqual({
      command: "search",
      error: false,
      song_count: 1,
      songs: [{ song_id: expect.any(Number) as number, artist: "Beyoncé", title: "Halo" }],
    });
    expect(await app("search", here({ searchString: "zzzzzz" }))).toMatchObject({
      error: false,
      song_count: 0,
      songs: [],
    });
    for (const wrong of [{}, { searchString: "" }, { searchString: "x".repeat(201) }, { searchString: 5 }]) {
      const reply = await app("search", here(wrong));
      expect(Array.isArray(reply["songs"])).toBe(true);
    }
  });

  test.each([
    ["A", ["Fernando", "Waterloo"]],
    ["b", ["Halo"]],
    ["#", ["Dreadlock Holiday"]],
    ["@", ["Me and Giuliani"]],
    ["Z", []],
  ])("is browsed under %s", async (letter, titles) => {
    const reply = await app("browse", here({ browseBy: "artist", letter }));
    expect(reply).toMatchObject({ error: false, result_count: titles.length });
    expect((reply["songs"] as Json[]).map(({ title }) => title)).toEqual(titles);
    for (const { songid } of reply["songs"] as Json[]) expect(songid).toMatch(/^\d+$/);
  });

  test("is browsed by one letter of the artist only", async () => {
    for (const wrong of [{}, { letter: "" }, { letter: "AB" }, { browseBy: "title", letter: "A" }]) {
      expect(await app("browse", here(wrong))).toMatchObject({ error: true, result_count: 0, songs: [] });
    }
  });

  test("is listed whole to a program with songs:read", async () => {
    const reply = await openkj({ command: "getSongs", api_key: key, system_id: 1 });
    const songs = reply["songs"] as Json[];
    expect(songs.map(({ artist }) => artist)).toEqual(["!!!", "10cc", "ABBA", "ABBA", "Beyoncé"]);
    for (const { song_id, songid } of songs) expect(songid).toBe(String(song_id));
    expect((await openkj({ command: "getSongs", api_key: key }))["songs"]).toEqual(songs);
    expect(await openkj({ command: "getSongs", api_key: key, system_id: 99 })).toMatchObject({
      error: false,
      songs: [],
    });
    expect(await openkj({ command: "getSongs" })).toMatchObject({ error: true });
  });
});

describe("a request", () => {
  test.each([
    ["Ann", ["Ann"]],
    ["Ann & Bob", ["Ann", "Bob"]],
    ["Ann, Bob, & Cy", ["Ann", "Bob", "Cy"]],
    ["Ann, Bob, Cy & Di", ["Ann", "Bob", "Cy", "Di"]],
    ["Parker, Kim", ["Parker, Kim"]],
    ["R&B Queen", ["R&B Queen"]],
  ])("of %j has its singers as a list", async (singerName, names) => {
    expect(await submit(singerName, { keyChange: "+2" })).toEqual({
      command: "submitRequest",
      error: false,
      success: true,
    });
    expect(await queue()).toEqual([
      { singer_names: names, title: "Waterloo", key_change: 2, singer_user_id: null, submitted_by: null },
    ]);
  });

  test("reaches OpenKJ with name and key", async () => {
    await submit("Ann & Bob", { keyChange: "-2" });
    const { requests } = await openkj({
      command: "getRequests",
      api_key: key,
      venue_id: venue.openkj_venue_id,
    });
    expect(requests).toMatchObject([{
      singer: "Ann & Bob",
      artist: "ABBA",
      title: "Waterloo",
      key_change: -2,
    }]);
  });

  test("that is sent again within a minute stays one, also at the same time", async () => {
    const replies = await Promise.all(Array.from({ length: 8 }, () => submit("Ann")));
    for (const reply of replies) expect(reply).toMatchObject({ error: false, success: true });
    expect(await queue()).toHaveLength(1);
    await submit("Ann", { songId: Number(await songId("fernando")) });
    expect(await queue()).toHaveLength(2);
  });

  test.each([
    ["no song", { songId: undefined }, /songId/],
    ["a song that is not in the book", { songId: "999999999" }, /not in the venue's book/],
    ["a song id that is none", { songId: "1; drop table requests" }, /songId/],
    ["no name", { singerName: "" }, /name/],
    ["a list for a name", { singerName: ["Ann"] }, /texts/],
    ["five singers", { singerName: "A, B, C, D, & E" }, /1 to 4/],
    ["a name too long", { singerName: "x".repeat(101) }, /100/],
    ["a key too high", { keyChange: "+13" }, /-12 to 12/],
    ["a key that is none", { keyChange: "high" }, /-12 to 12/],
  ])("with %s is refused", async (_, fields, text) => {
    expect(await submit("Ann", fields)).toMatchObject(refused(text));
    expect(await queue()).toEqual([]);
  });

  test("is refused by a closed venue, one with a PIN, and one without guests", async () => {
    await host.client.rpc("set_accepting", { p_venue_id: venue.id, p_accepting: false });
    expect(await submit("Ann")).toMatchObject(refused(/takes no requests/));
    await host.client.rpc("set_accepting", { p_venue_id: venue.id, p_accepting: true });
    await setRules({ guests_allowed: false });
    expect(await submit("Ann")).toMatchObject(refused(/account/));
    await setRules({ guests_allowed: true });
    expect((await host.client.rpc("set_show_pin", { p_venue_id: venue.id, p_pin: "4711" })).error).toBeNull();
    expect(await submit("Ann")).toMatchObject(refused(/PIN/));
    expect(await app("search", here({ searchString: "abba" }))).toMatchObject({ error: true, songs: [] });
    expect(await app("browse", here({ letter: "A" }))).toMatchObject({ error: true, songs: [] });
    expect(await queue()).toEqual([]);
  });

  test("is held to the venue's rules, by the singer's name", async () => {
    await setRules({ key_change_allowed: false });
    expect(await submit("Ann", { keyChange: "+1" })).toMatchObject(refused(/key/));
    await setRules({ last_initial_required: true });
    expect(await submit("Ann")).toMatchObject(refused(/initial/));
    await setRules({ last_initial_required: false, max_active_requests: 1 });
    expect(await submit("Ann")).toMatchObject({ success: true });
    const fernando = await songId("fernando");
    expect(await submit("ANN", { songId: fernando })).toMatchObject(refused(/already have 1/));
    expect(await submit("Bob", { songId: fernando })).toMatchObject({ success: true });
    await setRules({ max_active_requests: null, cooldown_minutes: 10 });
    expect(await submit("Ann", { songId: await songId("halo") })).toMatchObject(refused(/10 minutes/));
    await setRules({ cooldown_minutes: null, same_song: "not_while_active" });
    expect(await submit("Cy")).toMatchObject(refused(/already asked/));
    // Found before it was blocked: a search no longer shows it.
    const halo = await songId("halo");
    expectData(
      await host.client.rpc("block_song", { p_venue_id: venue.id, p_song_id: Number(halo) })
        .then(({ error }) => ({ data: true, error })),
    );
    expect(await submit("Di", { songId: halo })).toMatchObject(refused(/not sung here/));
  });
});

describe("limits", () => {
  /** What an app's request is answered when much of a limit is used already; undone afterwards, and unseen by other tests. */
  async function submitAfter(used: Record<string, number>, fields: Json, before: Json[] = []): Promise<Json> {
    const undo = new Error("undo");
    let reply: Json = {};
    await database.begin(async (sql) => {
      const send = async (more: Json) => {
        const body = { command: "submitRequest", ...here({ songId: waterloo, keyChange: "0", ...more }) };
        const [row] = await sql<{ reply: Json }[]>`
          select private.openkj_call(${JSON.stringify(body)}::text::jsonb, '198.51.100.7') as reply
        `;
        return row?.reply ?? {};
      };
      for (const earlier of before) await send(earlier);
      for (const [limit, count] of Object.entries(used)) {
        await sql`
          update private.rate_limit_counters set used = ${count}
          where rate_limit_key = ${limit} and (subject like '198.51.100.7%' or subject = ${venue.id})
        `;
      }
      reply = await send(fields);
      throw undo;
    }).catch((error: unknown) => {
      if (error !== undo) throw error;
    });
    return reply;
  }

  test("hold one device, not the room that shares its address", async () => {
    const used = { requests_per_device: 10 };
    const before = [{ singerName: "Ann", deviceId: "phone-1" }, { singerName: "Di" }];
    const send = (fields: Json) => submitAfter(used, fields, before);
    expect(await send({ singerName: "Anna", deviceId: "phone-1" })).toMatchObject(
      refused(/requests_per_device/),
    );
    expect(await send({ singerName: "DI", songId: await songId("halo") })).toMatchObject(
      refused(/requests_per_device/),
    );
    expect(await send({ singerName: "Bob", deviceId: "phone-2" })).toMatchObject({ success: true });
    expect(await send({ singerName: "Cy" })).toMatchObject({ success: true });
  });

  test("hold an address and a venue", async () => {
    const before = [{ singerName: "Ann" }];
    const byAddress = await submitAfter({ requests_per_address: 60 }, { singerName: "Bob" }, before);
    expect(byAddress).toMatchObject(refused(/requests_per_address/));
    await setRules({ max_requests_per_hour: 1 });
    expect(await submitAfter({}, { singerName: "Bob" }, before)).toMatchObject(refused(/requests_per_venue/));
    expect(await queue()).toEqual([]);
  });
});
