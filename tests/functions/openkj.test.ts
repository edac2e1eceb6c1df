import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { database, forgetRateLimits } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import { OpenkjClient, type Song } from "../support/openkj-client.ts";
import { bookSize, newOpenkjHost, type OpenkjHost, programOf } from "../support/openkj-host.ts";
import { addVenue, type Client, expectData, signInGuest } from "../support/people.ts";

let host: OpenkjHost;
let program: OpenkjClient;
const programs: OpenkjClient[] = [];

beforeAll(async () => {
  host = await newOpenkjHost("openkj");
  // Requests of any text, so that the text is what is tested.
  const rules = host.person.client.from("venue_rules").update({ free_text_allowed: true });
  expectData(await rules.eq("venue_id", host.venueId).select());
});

beforeEach(async () => {
  await forgetRateLimits();
  program = start(host);
  await program.clearRequests();
  await program.setAccepting(true);
});

afterEach(() => {
  for (const running of programs.splice(0)) running.stop();
});

afterAll(() => database.end());

function start(ofHost: OpenkjHost, options: Partial<ConstructorParameters<typeof OpenkjClient>[0]> = {}) {
  const started = programOf(ofHost, options);
  programs.push(started);
  return started;
}

/** A guest who asks for a song with their phone. */
async function ask(guest: Client, values: { artist: string; title: string; singer?: string; key?: number }) {
  return expectData(
    await guest.rpc("submit_request", {
      p_venue_id: host.venueId,
      p_artist: values.artist,
      p_title: values.title,
      p_singer_names: [values.singer ?? "Gus Guest"],
      p_key_change: values.key ?? 0,
    }),
  );
}

/** Lets a test close over the number of songs: `Artist 0001`, `Title 0001` and so on. */
function numbered(count: number, word = "Song"): Song[] {
  return Array.from({ length: count }, (_, index) => {
    const number = String(index + 1).padStart(5, "0");
    return { artist: `${word} Artist ${number}`, title: `${word} Title ${number}` };
  });
}

describe("settings and start", () => {
  test("the test button passes, and says so when the key is wrong", async () => {
    expect(await program.test()).toBe("");
    const stranger = start(host, { apiKey: `sk_live_${"x".repeat(43)}` });
    expect(await stranger.test()).toMatch(/Unknown API key/);
  });

  test("start fills the venue list, the box and the number of systems, without a message box", async () => {
    const started = start(host, { venueId: 0 });
    await started.start();
    expect(started.venues).toEqual([
      { venueId: host.openkjVenueId, name: host.venueName, urlName: host.urlName, accepting: true },
    ]);
    expect(started).toMatchObject({
      venueId: host.openkjVenueId,
      acceptingBox: true,
      largestSystemId: 1,
      messages: [],
      log: [],
    });
  });

  test("SongbookAgent starts as well", async () => {
    const agent = start(host, { program: "SongbookAgent" });
    expect(await agent.test()).toBe("");
    await agent.start();
    expect(agent.venues).toHaveLength(1);
  });

  test("a host without a venue gets a list that is not empty, and their own once there is one", async () => {
    const person = await newOpenkjHost("homeless");
    await database`delete from public.venues where id = ${person.venueId}`;
    const started = start(person, { venueId: 0 });
    expect(await started.test()).toBe("");
    await started.start();
    expect(started.venues).toHaveLength(1);
    expect(started.venues[0]?.accepting).toBe(false);
    const venue = await addVenue(person.person, { name: "A Home" });
    await started.poll();
    expect(started.venues.map(({ venueId }) => venueId)).toEqual([venue.openkj_venue_id]);
    expect(started.venueId).toBe(venue.openkj_venue_id);
  });

  test("connectionTest answers without a key", async () => {
    const anyone = start(host, { apiKey: "" });
    const { text } = await anyone.exchange("connectionTest");
    expect(JSON.parse(text)).toEqual({ command: "connectionTest", error: false, connection: "ok" });
  });
});

describe("polling", () => {
  test("nothing is fetched again while nothing changes", async () => {
    await program.start();
    await program.poll();
    const [serial, sent] = [program.serial, program.sent.length];
    for (let poll = 0; poll < 3; poll++) await program.poll();
    expect(program.serial).toBe(serial);
    expect(program.sent.slice(sent)).toEqual(["getSerial", "getSerial", "getSerial"]);
  });

  test("waits for nobody, whatever another call with the same key is doing", async () => {
    await program.poll();
    const holder = await database.reserve();
    const usage = async () =>
      expectData(await host.person.client.from("api_key_usage").select("last_call_at"))[0]?.last_call_at;
    const answers = async () => (await program.exchange("getSerial")).reply.get("serial").toInt() > 0;
    const longAgo = "2026-01-01T00:00:00+00:00";
    try {
      await holder`update public.api_key_usage set last_call_at = ${longAgo} where api_key_id in (
        select id from public.api_keys where organization_id = ${host.organizationId})`;
      await holder`begin`;
      await holder`select from public.api_key_usage for update`;
      expect(await answers()).toBe(true);
      expect(await usage()).toBe(longAgo);
    } finally {
      await holder`rollback`;
      holder.release();
    }
    expect(await answers()).toBe(true);
    expect(await usage()).not.toBe(longAgo);
  });

  test("a request arrives with its exact text, key and time", async () => {
    const guest = await signInGuest();
    await program.poll();
    const before = program.serial;
    const text = { artist: "Beyoncé & JAY‐Z / 東京事変", title: `"Déjà Vu" (feat. 'x') <b>\\ 100%` };
    await ask(guest.client, { ...text, singer: "Zoë K", key: -2 });
    await program.poll();
    expect(program.serial).not.toBe(before);
    expect(program.requests).toHaveLength(1);
    expect(program.requests[0]).toMatchObject({ ...text, singer: "Zoë K", keyChange: -2 });
    expect(Math.abs((program.requests[0]?.requestTime ?? 0) - Date.now() / 1000)).toBeLessThan(60);
  });

  test("requests come in the order asked", async () => {
    const guest = await signInGuest();
    for (const title of ["C", "A", "B"]) await ask(guest.client, { artist: "Abba", title });
    await program.poll();
    expect(program.requests.map(({ title }) => title)).toEqual(["C", "A", "B"]);
  });

  test("a changed key is a new request for the program, and no id comes twice", async () => {
    const guest = await signInGuest();
    const { id } = await ask(guest.client, { artist: "Queen", title: "Innuendo" });
    await program.poll();
    const first = program.requests[0]?.requestId ?? 0;
    expectData(await guest.client.rpc("edit_request", { p_request_id: id, p_key_change: 3 }));
    await program.poll();
    expect(program.requests).toHaveLength(1);
    expect(program.requests[0]?.keyChange).toBe(3);
    expect(program.requests[0]?.requestId).toBeGreaterThan(first);
  });
});

describe("taking and clearing", () => {
  test("a taken request leaves the list; taking it twice harms nothing; its id is never used again", async () => {
    const guest = await signInGuest();
    await ask(guest.client, { artist: "Queen", title: "Innuendo" });
    await ask(guest.client, { artist: "Queen", title: "Jealousy" });
    await program.poll();
    const [first] = program.requests;
    await program.removeRequest(first?.requestId ?? 0);
    expect(program.requests.map(({ title }) => title)).toEqual(["Jealousy"]);
    const serial = (await program.exchange("getSerial")).reply.get("serial").toInt();
    await program.removeRequest(first?.requestId ?? 0);
    expect(program.log).toEqual([]);
    expect((await program.exchange("getSerial")).reply.get("serial").toInt()).toBe(serial);
    await ask(guest.client, { artist: "Queen", title: "Delilah" });
    await program.poll();
    expect(program.requests.map(({ requestId }) => requestId)).not.toContain(first?.requestId);
    expect(new Set(program.loggedRequests).size).toBe(3);
  });

  test("clear empties the list", async () => {
    const guest = await signInGuest();
    for (const title of ["1", "2"]) await ask(guest.client, { artist: "A", title });
    await program.poll();
    expect(program.requests).toHaveLength(2);
    await program.clearRequests();
    expect(program.requests).toEqual([]);
    expect(program.log).toEqual([]);
  });
});

describe('the box "accepting requests"', () => {
  test("follows the venue: off, on and off again", async () => {
    await program.start();
    for (const accepting of [false, true, false]) {
      await program.setAccepting(accepting);
      expect(program.acceptingBox).toBe(accepting);
      expect(program.venues[0]?.accepting).toBe(accepting);
    }
  });

  test("binds the system to the venue: its book is the one that singers see, and a repeated click changes nothing", async () => {
    const own = await newOpenkjHost("two-rigs");
    const system = { organization_id: own.organizationId, name: "Second rig" };
    const second = expectData(await own.person.client.from("systems").insert(system).select().single());
    const [first, other] = [
      start(own),
      start(own, { systemId: second.openkj_system_id }),
    ];
    await first.updateRemoteDatabase([{ artist: "Rig one", title: "Only here" }]);
    await other.updateRemoteDatabase([{ artist: "Rig two", title: "Only there" }]);
    const guest = await signInGuest();
    const artists = async () =>
      expectData(await guest.client.rpc("search_songs", { p_venue_id: own.venueId, p_query: "only" }))
        .map(({ artist }) => artist);
    for (const [rig, artist] of [[first, "Rig one"], [other, "Rig two"], [first, "Rig one"]] as const) {
      await rig.setAccepting(true);
      expect(await artists()).toEqual([artist]);
      await rig.poll();
      const { serial } = rig;
      await rig.setAccepting(true);
      await rig.poll();
      expect(rig.serial).toBe(serial);
    }
  });

  test("sets and never toggles", async () => {
    for (let repetition = 0; repetition < 2; repetition++) {
      const { reply } = await program.exchange("setAccepting", {
        accepting: false,
        system_id: 1,
        venue_id: host.openkjVenueId,
      });
      expect(reply.get("accepting").json).toBe(false);
      expect(reply.get("venue_id").toInt()).toBe(host.openkjVenueId);
    }
    await program.refresh();
    expect(program.acceptingBox).toBe(false);
  });
});

test("what the program does is in the audit log, with the call it came by", async () => {
  const headers = { "x-request-id": `box-${crypto.randomUUID()}`, "user-agent": "OpenKJ on a laptop" };
  const body = { command: "setAccepting", venue_id: host.openkjVenueId, system_id: 1, accepting: false };
  const answer = await fetch(environment.openkjUrl, {
    method: "POST",
    headers,
    body: JSON.stringify({ ...body, api_key: host.apiKey }),
  });
  expect(await answer.json()).toMatchObject({ error: false });
  const entries = expectData(
    await host.person.client.from("audit_entries").select().eq("http_request_id", headers["x-request-id"]),
  );
  expect(entries).toMatchObject([{
    table_name: "venues",
    row_key: host.venueId,
    actor_kind: "api_key",
    new_values: { accepting_requests: false },
    user_agent: headers["user-agent"],
    address: expect.any(String) as string,
  }]);
});

describe("what cannot be done", () => {
  test.each<[string, Record<string, string | number | boolean>]>([
    ["setAccepting", { venue_id: 9999, accepting: true, system_id: 1 }],
    ["getAccepting", { venue_id: 9999 }],
    ["clearDatabase", { system_id: 99 }],
    ["addSongs", { system_id: 99 }],
    ["testingAddRandomRequest", { venue_id: 1001 }],
    ["noSuchCommand", {}],
    ["constructor", {}],
    ["", {}],
  ])("%s %j is a protocol error", async (command, fields) => {
    const { status, text } = await program.exchange(command, fields);
    expect(status).toBe(200);
    const reply = JSON.parse(text) as Record<string, unknown>;
    expect(reply).toEqual({ command, error: true, errorString: expect.any(String) as string });
    expect(reply["errorString"]).not.toBe("");
  });

  test("an unknown venue has no requests, and clearing it harms nothing", async () => {
    for (const venueId of [0, -1, 9999, 2147483647]) {
      const asked = await program.exchange("getRequests", { venue_id: venueId });
      expect(asked.reply.get("requests").json).toEqual([]);
      expect((await program.exchange("clearRequests", { venue_id: venueId })).reply.get("error").json).toBe(
        false,
      );
      const taken = await program.exchange("deleteRequest", { venue_id: venueId, request_id: 424242 });
      expect(taken.reply.get("error").json).toBe(false);
    }
  });

  test("a revoked key ends at once, looks like any wrong key, and its owner sees it", async () => {
    const other = await newOpenkjHost("revoked");
    const stopped = start(other);
    expect(await stopped.test()).toBe("");
    const [key] = expectData(await other.person.client.from("api_keys").select("id"));
    expectData({
      data: true,
      error: (await other.person.client.rpc("revoke_api_key", { p_api_key_id: key?.id ?? "" })).error,
    });
    const wrong = await start(host, { apiKey: "sk_live_wrong" }).exchange("getSerial");
    const revoked = await stopped.exchange("getSerial");
    expect(revoked.text).toBe(wrong.text);
    const usage = expectData(
      await other.person.client.from("api_key_usage").select("failures, last_failure_reason"),
    );
    expect(usage[0]?.failures).toBeGreaterThan(0);
  });

  test("no command works without a key", async () => {
    const anyone = start(host, { apiKey: "" });
    const commands = [
      "getSerial",
      "getVenues",
      "getRequests",
      "getAlert",
      "getEntitledSystemCount",
      "setAccepting",
      "deleteRequest",
      "clearRequests",
      "clearDatabase",
      "addSongs",
      "addRequest",
      "updateRotation",
    ];
    for (const command of commands) {
      const { reply } = await anyone.exchange(command, {
        venue_id: host.openkjVenueId,
        system_id: 1,
        accepting: false,
      });
      expect([reply.get("command").json, reply.get("error").json]).toEqual([command, true]);
    }
    await program.refresh();
    expect(program.acceptingBox).toBe(true);
  });
});

describe("the address", () => {
  test.each(["", "/", "/api", "/api/", "/api.php"])(
    "is answered with %j behind it, without a redirect",
    async (path) => {
      for (const method of ["POST", "PUT"]) {
        const response = await fetch(`${environment.openkjUrl}${path}`, {
          method,
          body: program.body("getSerial"),
          redirect: "manual",
        });
        expect(response.status).toBe(200);
        expect(await response.json()).toMatchObject({ command: "getSerial", error: false });
      }
    },
  );

  test("the key may come as a header", async () => {
    const headerSets: Record<string, string>[] = [
      { "x-api-key": host.apiKey },
      { authorization: `Bearer ${host.apiKey}` },
    ];
    for (const headers of headerSets) {
      const response = await fetch(environment.openkjUrl, {
        method: "POST",
        body: '{"command":"getSerial"}',
        headers,
      });
      expect(await response.json()).toMatchObject({ command: "getSerial", error: false });
    }
  });

  test("a browser that opens it is told what it is", async () => {
    const response = await fetch(environment.openkjUrl);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("OpenKJ");
  });
});

describe("uploads", () => {
  const edges: Song[] = [
    { artist: "Beyoncé", title: "Déjà Vu" },
    { artist: "AC/DC", title: 'Who Made "Who"' },
    { artist: "Guns N' Roses", title: "Sweet Child o' Mine" },
    { artist: "東京事変", title: "群青日和" },
    { artist: "방탄소년단", title: "봄날" },
    { artist: "ABBA", title: "S.O.S." },
    { artist: "abba", title: "s.o.s." },
  ];

  test.each([0, 1, 999, 1000, 1001, 1002, 2001, 2002, 2003])(
    "of %i songs, with edges, arrive whole but for the rows that the program drops",
    async (count) => {
      const songs = [...edges, ...numbered(Math.max(0, count - edges.length + 1))].slice(
        0,
        count + (count > edges.length ? 1 : 0),
      );
      const report = await program.updateRemoteDatabase(songs);
      expect(report.replies.filter(({ reply }) => reply.get("error").json !== false)).toEqual([]);
      const sent = report.batches.reduce((sum, size) => sum + size, 0);
      expect(sent + report.lost.length).toBe(count);
      expect(await bookSize(host)).toBe(sent);
    },
  );

  test("keep the host's spelling to the byte", async () => {
    await program.updateRemoteDatabase(edges);
    const guest = await signInGuest();
    for (const { artist, title } of edges.slice(0, 5)) {
      const found = expectData(
        await guest.client.rpc("search_songs", { p_venue_id: host.venueId, p_query: `${artist} ${title}` }),
      );
      expect(found.map((song) => ({ artist: song.artist, title: song.title }))).toContainEqual({
        artist,
        title,
      });
    }
  });

  test("of the same book change nothing, not even the serial", async () => {
    await program.updateRemoteDatabase(numbered(1500));
    const serial = (await program.exchange("getSerial")).reply.get("serial").toInt();
    await program.updateRemoteDatabase(numbered(1500));
    expect((await program.exchange("getSerial")).reply.get("serial").toInt()).toBe(serial);
    await program.updateRemoteDatabase(numbered(1499));
    expect((await program.exchange("getSerial")).reply.get("serial").toInt()).toBeGreaterThan(serial);
    expect(await bookSize(host)).toBe(1498);
  });

  test("answer each batch with what people look at", async () => {
    await program.exchange("clearDatabase", { system_id: 1 });
    const songs = [{ artist: "A", title: "1" }, { artist: "", title: "no artist" }, {
      artist: "B",
      title: "2",
    }];
    const { text } = await program.exchange("addSongs", { songs, system_id: 1 });
    const reply = JSON.parse(text) as Record<string, unknown>;
    expect(reply).toMatchObject({
      command: "addSongs",
      error: false,
      "entries processed": 2,
      last_artist: "B",
      last_title: "2",
      serial: expect.any(Number) as number,
    });
    expect(reply["errors"]).toHaveLength(1);
    expect(await bookSize(host)).toBe(2);
  });

  test("sent twice, batch by batch, count once", async () => {
    const songs = numbered(1000, "Twice").map(({ artist, title }) => ({ artist, title }));
    await program.exchange("clearDatabase", { system_id: 1 });
    await program.exchange("addSongs", { songs, system_id: 1 });
    await program.exchange("addSongs", { songs, system_id: 1 });
    const last = [{ artist: "Last", title: "Song" }];
    await program.exchange("addSongs", { songs: last, system_id: 1 });
    await program.exchange("addSongs", { songs: last, system_id: 1 });
    expect(await bookSize(host)).toBe(1001);
  });

  test("that are cancelled leave the old book, and the next one works", async () => {
    await program.updateRemoteDatabase(numbered(3005, "Old"));
    const before = await bookSize(host);
    await program.updateRemoteDatabase(numbered(3005, "New"), { cancelAfterBatches: 1 });
    await database`select private.book_stage_expire('0 seconds')`;
    expect(await bookSize(host)).toBe(before);
    await program.updateRemoteDatabase(numbered(5, "New"));
    expect(await bookSize(host)).toBe(5);
  });

  test("of SongbookAgent that end on a full batch are published once they are silent", async () => {
    const agent = start(host, { program: "SongbookAgent" });
    const report = await agent.updateRemoteDatabase(numbered(2000, "Agent"));
    expect(report.batches).toEqual([1000, 1000]);
    await database`select private.book_stage_expire('0 seconds')`;
    expect(await bookSize(host)).toBe(2000);
  });

  test("tell the host which songs the program dropped", async () => {
    const songs = numbered(2003, "Lost");
    const { lost } = await program.updateRemoteDatabase(songs);
    const upload = expectData(
      await host.person.client.rpc("get_book_upload", { p_system_id: host.systemId }),
    );
    const { published } = upload as unknown as {
      published: { missing_songs: number; missing_between: { after: Song; before: Song }[] };
    };
    expect(published.missing_songs).toBe(lost.length);
    const names = songs.map(({ title }) => title);
    for (const [index, { after, before }] of published.missing_between.entries()) {
      const gap = names.indexOf(lost[index]?.title ?? "");
      expect([after.title, before.title]).toEqual([names[gap - 1], names[gap + 1]]);
    }
  });
});

describe("builds that push their rotation", () => {
  test("are answered, and others' venues stay out of reach", async () => {
    const singers = [{ singer_id: 1, name: "Zoë", position: 0, is_current: true, regular: false }];
    await program.pushRotation(singers);
    expect(program.log).toEqual([]);
    const { reply } = await program.exchange("updateRotation", { singers, system_id: 1, venue_id: 9999 });
    expect(reply.get("error").json).toBe(true);
  });
});
