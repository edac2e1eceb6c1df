import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { database, forgetRateLimits } from "../support/database.ts";
import { addVenue, expectData, type Host, newClient, signInGuest, signUpHost } from "../support/people.ts";

let host: Host;
let other: Host;

beforeAll(async () => {
  await forgetRateLimits();
  [host, other] = await Promise.all([signUpHost("venues"), signUpHost("other")]);
});
afterAll(() => database.end());

const unique = () => randomUUID().slice(0, 8);

describe("creating venues", () => {
  test("numbers count from 1001 in each organization, url names are unique over all", async () => {
    const name = `Café ${unique()}`;
    const first = await addVenue(host, { name });
    const second = await addVenue(other, { name });
    const slug = name.toLowerCase().replace("é", "e").replace(" ", "-");
    expect(first).toMatchObject({ openkj_venue_id: 1001, url_name: slug, accepting_requests: true });
    expect(second).toMatchObject({ openkj_venue_id: 1001, url_name: `${slug}-2` });
  });

  test("fifty venues of one name at once all get a url name of their own, and numbers without gaps or doubles", async () => {
    const maker = await signUpHost("parallel");
    const name = `Rush ${unique()}`;
    const venues = await Promise.all(Array.from({ length: 50 }, () => addVenue(maker, { name })));
    expect(new Set(venues.map(({ url_name }) => url_name)).size).toBe(50);
    expect(venues.map(({ openkj_venue_id }) => openkj_venue_id).sort((a, b) => a - b))
      .toEqual(Array.from({ length: 50 }, (_, index) => 1001 + index));
  });

  test.each([
    ["a name of blanks", { name: "   " }],
    ["a latitude of 91", { latitude: 91 }],
    ["half a position", { latitude: 1, longitude: null }],
    ["a script as website", { website: "javascript:alert(1)" }],
    ["a phone number with letters", { phone_number: "call me" }],
    ["a url name with blanks", { url_name: "my bar" }],
    ["a name of 10,000 characters", { name: "x".repeat(10_000) }],
  ])("%s is refused with 400 and makes nothing", async (_, values) => {
    const before = expectData(await host.client.from("venues").select("id")).length;
    const { status, error } = await host.client.from("venues").insert({
      organization_id: host.organizationId,
      name: "Bad",
      address: "1 Main Street",
      city: "Nashville",
      state: "TN",
      postal_code: "37201",
      ...values,
    });
    expect([status, error?.code]).toEqual([400, "23514"]);
    expect(expectData(await host.client.from("venues").select("id"))).toHaveLength(before);
  });

  test("a reserved or taken url name is refused", async () => {
    const values = {
      organization_id: host.organizationId,
      name: "Named",
      address: "1",
      city: "N",
      state: "TN",
      postal_code: "1",
    };
    const reserved = await host.client.from("venues").insert({ ...values, url_name: "nearby" });
    expect([reserved.status, reserved.error?.message]).toEqual([400, "url_name_reserved"]);
    const venue = await addVenue(other);
    const taken = await host.client.from("venues").insert({ ...values, url_name: venue.url_name });
    expect([taken.status, taken.error?.message]).toEqual([409, "url_name_taken"]);
  });

  test("another url name keeps the former link working, and only those who may create venues give one", async () => {
    const venue = await addVenue(host, { name: `Poster ${unique()}` });
    const wanted = `poster-${unique()}`;
    const change = (client: Host["client"], name: string) =>
      client.rpc("change_url_name", { p_venue_id: venue.id, p_url_name: name });
    expect((await change(host.client, wanted)).data).toBe(wanted);
    const found = expectData(await newClient().rpc("find_venue", { p_url_name: venue.url_name }));
    expect(found).toMatchObject({ id: venue.id, url_name: wanted });
    const refused = await change(other.client, `poster-${unique()}`);
    expect([refused.status, refused.error?.message]).toEqual([404, "venue_not_found"]);
    const reserved = await change(host.client, "admin");
    expect([reserved.status, reserved.error?.message]).toEqual([400, "url_name_reserved"]);
  });

  test("nobody makes a venue for another tenant", async () => {
    await expect(addVenue({ ...host, organizationId: other.organizationId })).rejects.toMatchObject({});
  });
});

describe("finding venues", () => {
  test("by url name without signing in, showing only what a venue shows", async () => {
    const venue = await addVenue(host, { name: `Findable ${unique()}` });
    const found = expectData(
      await newClient().rpc("find_venue", { p_url_name: venue.url_name.toUpperCase() }),
    );
    expect(found).toMatchObject({ id: venue.id, name: venue.name });
    expect(Object.keys(found)).not.toContain("organization_id");
  });

  test("a new name keeps the old link", async () => {
    const venue = await addVenue(host, { name: `Before ${unique()}` });
    expectData(await host.client.from("venues").update({ name: "After" }).eq("id", venue.id).select());
    const found = expectData(await newClient().rpc("find_venue", { p_url_name: venue.url_name }));
    expect(found).toMatchObject({ name: "After", url_name: venue.url_name });
  });

  test("nearby: nearest first, in miles with two decimals, private and archived ones left out", async () => {
    const near = await addVenue(host, { name: "Near", latitude: -40.0, longitude: 20.0 });
    const far = await addVenue(host, { name: "Far", latitude: -40.1, longitude: 20.0 });
    const hidden = await addVenue(host, {
      name: "Hidden",
      latitude: -40.0,
      longitude: 20.0,
      is_private: true,
    });
    const gone = await addVenue(host, { name: "Gone", latitude: -40.0, longitude: 20.0 });
    expect((await host.client.rpc("archive_venue", { p_venue_id: gone.id })).error).toBeNull();

    const found = expectData(await newClient().rpc("nearby_venues", { p_latitude: -40, p_longitude: 20 }));
    const ids = found.map(({ id }) => id);
    expect(ids.indexOf(near.id)).toBeGreaterThanOrEqual(0);
    expect(ids.indexOf(near.id)).toBeLessThan(ids.indexOf(far.id));
    expect(ids).not.toContain(hidden.id);
    expect(ids).not.toContain(gone.id);
    const distance = found.find(({ id }) => id === far.id)?.distance_miles ?? 0;
    expect(distance).toBeCloseTo(6.9, 1);
    const archived = await newClient().rpc("find_venue", { p_url_name: gone.url_name });
    expect([archived.status, archived.error?.message]).toEqual([404, "venue_not_found"]);
  });

  test.each([
    [{ p_latitude: 91, p_longitude: 0 }, "invalid_latitude"],
    [{ p_latitude: 0, p_longitude: -181 }, "invalid_longitude"],
    [{ p_latitude: 0, p_longitude: 0, p_radius_miles: 0.5 }, "invalid_radius"],
    [{ p_latitude: 0, p_longitude: 0, p_limit: 51 }, "invalid_limit"],
  ])("nearby refuses %j", async (values, message) => {
    const { status, error } = await newClient().rpc("nearby_venues", values);
    expect([status, error?.message]).toEqual([400, message]);
    expect(error?.hint).not.toBe("");
  });
});

describe("listing venues", () => {
  test("filters and pages; wildcards are plain text; private ones are left out", async () => {
    const city = `Town ${unique()}`;
    await addVenue(host, { name: "100% Karaoke", city });
    await addVenue(host, { name: "Another Bar", city, accepting_requests: false });
    await addVenue(host, { name: "Hidden Bar", city, is_private: true });
    const list = async (values: Record<string, string | number | boolean>) =>
      expectData(await newClient().rpc("list_venues", { p_city: city, ...values })).map(({ name }) => name);
    expect(await list({})).toEqual(["100% Karaoke", "Another Bar"]);
    expect(await list({ p_search: "%" })).toEqual(["100% Karaoke"]);
    expect(await list({ p_accepting: true })).toEqual(["100% Karaoke"]);
    expect(await list({ p_limit: 1, p_page: 2 })).toEqual(["Another Bar"]);
    expect((await newClient().rpc("list_venues", { p_sort: "distance" })).error?.message).toBe(
      "invalid_sort",
    );
  });

  test("a venue tells at its door what is going on, and what whoever asks is held to", async () => {
    const venue = await addVenue(host);
    const rules = {
      free_text_allowed: true,
      notes_allowed: false,
      max_active_requests: 3,
      cooldown_minutes: 20,
    };
    expectData(
      await host.client.from("venue_rules").update(rules).eq("venue_id", venue.id).select().single(),
    );
    const door = expectData(await newClient().rpc("venue_today", { p_venue_id: venue.id }));
    expect(door).toEqual({
      total_songs: 0,
      requests_today: 0,
      waiting: 0,
      show_opened_at: null,
      pin_required: false,
      rotation: [],
      rules: {
        ...rules,
        guests_allowed: true,
        key_change_allowed: true,
        last_initial_required: false,
        same_song: "allowed",
        same_song_minutes: null,
        queue_order: "fifo",
        queue_visibility: "first_names",
      },
    });
    expect((await newClient().rpc("venue_today", { p_venue_id: randomUUID() })).error?.message).toBe(
      "venue_not_found",
    );
  });
});

describe("systems", () => {
  test("are numbered from 1, and one with songs cannot be deleted", async () => {
    const { client, organizationId } = await signUpHost("systems");
    const second = expectData(
      await client.from("systems").insert({ organization_id: organizationId, name: "Second" }).select()
        .single(),
    );
    expect(second.openkj_system_id).toBe(2);
    expectData(
      await client.rpc("add_song", { p_system_id: second.id, p_artist: "ABBA", p_title: "Waterloo" }),
    );
    const refused = await client.from("systems").delete().eq("id", second.id);
    expect([refused.status, refused.error?.message]).toEqual([409, "system_has_songs"]);
    expect((await client.rpc("clear_song_book", { p_system_id: second.id })).error).toBeNull();
    expectData(await client.from("systems").delete().eq("id", second.id).select().single());
  });
});

describe("systems, many at once", () => {
  test("thirty made at once are numbered without gaps or doubles", async () => {
    const maker = await signUpHost("rigs");
    const made = await Promise.all(
      Array.from(
        { length: 30 },
        () =>
          maker.client.from("systems").insert({ organization_id: maker.organizationId, name: "Rig" }).select()
            .single(),
      ),
    );
    expect(made.map(({ data }) => data?.openkj_system_id ?? 0).sort((a, b) => a - b))
      .toEqual(Array.from({ length: 30 }, (_, index) => index + 2));
    const listed = expectData(
      await maker.client.rpc("list_systems", { p_organization_id: maker.organizationId, p_limit: 100 }),
    );
    expect(listed.map(({ song_count, total_count }) => [song_count, total_count])).toEqual(
      Array(31).fill([0, 31]),
    );
  });

  test("deleting one waits for whoever adds songs to it, and then keeps it", async () => {
    const maker = await signUpHost("race");
    const rig = expectData(
      await maker.client.from("systems").insert({ organization_id: maker.organizationId, name: "Rig" })
        .select().single(),
    );
    const song = { p_system_id: rig.id, p_artist: "ABBA", p_title: "Waterloo" };
    expectData(await maker.client.rpc("add_song", song));
    expect((await maker.client.rpc("clear_song_book", { p_system_id: rig.id })).error).toBeNull();
    let deleting: PromiseLike<{ status: number; error: { message: string } | null }> | undefined;
    await database.begin(async (sql) => {
      const [found] = await sql<{ id: number }[]>`
        select spelling.id from private.song_spellings as spelling where artist = 'ABBA' and title = 'Waterloo'`;
      await sql`select private.set_book_spelling(${rig.id}, ${found?.id ?? 0}, true)`;
      deleting = Promise.resolve(maker.client.from("systems").delete().eq("id", rig.id));
      for (let waiting = false; !waiting;) {
        const rows = await sql`select from pg_locks where not granted and pid <> pg_backend_pid()`;
        waiting = rows.length > 0;
      }
    });
    const refused = await deleting;
    expect([refused?.status, refused?.error?.message]).toEqual([409, "system_has_songs"]);
  });
});

describe("opening and closing", () => {
  test("by itself: everybody sees the hours, whoever asks too early learns when, and the host may open by hand", async () => {
    const venue = await addVenue(host, { name: `Hours ${unique()}` });
    // The organization's clock is UTC: open for an hour, from six hours from now.
    const opens = new Date(Date.now() + 6 * 3600_000);
    const time = (hours: number) => `${String((opens.getUTCHours() + hours) % 24).padStart(2, "0")}:00`;
    const hours = [{ weekday: opens.getUTCDay(), opens_at: time(0), closes_at: time(1) }];
    expect((await host.client.rpc("set_opening_hours", { p_venue_id: venue.id, p_hours: hours })).error)
      .toBeNull();
    const find = async () => expectData(await newClient().rpc("find_venue", { p_url_name: venue.url_name }));
    const opensAt = new Date(opens.setUTCMinutes(0, 0, 0)).toISOString();
    const found = await find();
    expect(found).toMatchObject({ accepting_requests: false, opening_hours: hours, last_call_at: null });
    expect(new Date(found.opens_at ?? 0).toISOString()).toBe(opensAt);
    const { client: guest } = await signInGuest();
    const ask = () =>
      guest.rpc("submit_request", {
        p_venue_id: venue.id,
        p_artist: "A",
        p_title: "B",
        p_singer_names: ["Ann"],
      });
    const refused = await ask();
    expect([refused.status, refused.error?.message]).toEqual([422, "venue_closed"]);
    expect(refused.error?.hint).toContain(`at ${opensAt.replace(".000", "")}: retry_after=`);

    await host.client.rpc("set_accepting", { p_venue_id: venue.id, p_accepting: true });
    expect(await find()).toMatchObject({ accepting_requests: true, opens_at: null, last_call_at: null });
    const lastCall = await host.client.rpc("announce_last_call", { p_venue_id: venue.id, p_minutes: 15 });
    expect((await find()).last_call_at).toBe(lastCall.data);

    const bad = [{ weekday: 9, opens_at: "20:00", closes_at: "02:00" }];
    const answer = await host.client.rpc("set_opening_hours", { p_venue_id: venue.id, p_hours: bad });
    expect([answer.status, answer.error?.message]).toEqual([400, "invalid_opening_hours"]);
    expect(answer.error?.details).toContain("Entry 1");
  });

  test("branding is shown to everybody and written by those who may", async () => {
    const venue = await addVenue(host, { name: `Brand ${unique()}` });
    const branding = { logo_url: "https://example.com/logo.svg", color_palette: { background: "#10002b" } };
    expectData(await host.client.from("venue_branding").insert({ venue_id: venue.id, ...branding }).select());
    const found = expectData(await newClient().rpc("find_venue", { p_url_name: venue.url_name }));
    expect(found.branding).toEqual(branding);
    const foreign = await other.client.from("venue_branding").update({ logo_url: null }).eq(
      "venue_id",
      venue.id,
    ).select();
    expect(foreign.data).toEqual([]);
  });

  test("needs requests:process at that venue", async () => {
    const venue = await addVenue(host);
    const refused = await other.client.rpc("set_accepting", { p_venue_id: venue.id, p_accepting: false });
    expect([refused.status, refused.error?.message]).toEqual([404, "venue_not_found"]);
    expect((await host.client.rpc("set_accepting", { p_venue_id: venue.id, p_accepting: false })).error)
      .toBeNull();
    const found = expectData(await newClient().rpc("find_venue", { p_url_name: venue.url_name }));
    expect(found.accepting_requests).toBe(false);
  });
});
