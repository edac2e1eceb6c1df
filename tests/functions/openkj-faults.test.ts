import { request } from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { realSongs } from "../../seed/demo/songs.ts";
import { database, forgetRateLimits } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import type { OpenkjClient } from "../support/openkj-client.ts";
import { bookSize, newOpenkjHost, type OpenkjHost, programOf } from "../support/openkj-host.ts";
import { addVenue, expectData, signInGuest } from "../support/people.ts";

// Faults that other request servers for OpenKJ have: each must stay away from here.
//
//   numbers and texts for booleans, text around JSON, errors without a command   "a reply"
//   serial 0, serials that come again or stay                                     "the serial"
//   keys that are ignored, or reach another host's venue                          "another tenant", openkj.test.ts
//   requests stored while closed, an upload that opens, a toggle for a switch     "a closed venue", openkj.test.ts
//   injected SQL, stored scripts, empty rows                                      "text"
//   torn books, ids that change, requests that an upload deletes                  "an upload"
//   batches refused for their size or number                                      "an upload", openkj-handler.test.ts
//   a search blind to accents and slips                                           "an upload"
//   requests that are gone once taken, a second delete that is an error           "a taken request", openkj.test.ts
//   names and ids of singers that are believed or lost                            "a guest"
//   keys in the log, headers that must be there, pages that need the internet     openkj-handler.test.ts, "a reply"

let host: OpenkjHost;
let neighbour: OpenkjHost;
let program: OpenkjClient;

beforeAll(async () => {
  host = await newOpenkjHost("faultless");
  neighbour = await newOpenkjHost("neighbour");
  for (const { person, venueId } of [host, neighbour]) {
    const rules = person.client.from("venue_rules").update({ free_text_allowed: true });
    expectData(await rules.eq("venue_id", venueId).select());
  }
});

beforeEach(async () => {
  await forgetRateLimits();
  program = programOf(host);
  await program.clearRequests();
  await program.setAccepting(true);
});

afterEach(() => program.stop());

afterAll(() => database.end());

const song = { artist: "ABBA", title: "Waterloo" };

async function serialOf(ofHost: OpenkjHost): Promise<number> {
  const running = programOf(ofHost);
  const { reply } = await running.exchange("getSerial");
  running.stop();
  return reply.get("serial").toInt();
}

async function ask(venueId: string, values: { artist: string; title: string } = song) {
  const guest = await signInGuest();
  return await guest.client.rpc("submit_request", {
    p_venue_id: venueId,
    p_artist: values.artist,
    p_title: values.title,
    p_singer_names: ["Gus Guest"],
  });
}

describe("a reply", () => {
  test("is one JSON object of the right types, whatever the command", async () => {
    const guestSong = expectData(await ask(host.venueId));
    expect(guestSong.state).toBe("pending");
    const venue = { venue_id: host.openkjVenueId };
    const replies = [
      await program.exchange("getSerial"),
      await program.exchange("getVenues"),
      await program.exchange("getRequests", venue),
      await program.exchange("getEntitledSystemCount"),
      await program.exchange("getAlert"),
      await program.exchange("setAccepting", { ...venue, accepting: true, system_id: 1 }),
      await program.exchange("deleteRequest", { ...venue, request_id: 999 }),
      await program.exchange("clearRequests", venue),
      await program.exchange("clearDatabase", { system_id: 1 }),
      await program.exchange("addSongs", { songs: [song], system_id: 1 }),
      await program.exchange("noSuchCommand"),
    ];
    const integers = [
      "serial",
      "count",
      "venue_id",
      "request_id",
      "key_change",
      "request_time",
      "entries processed",
    ];
    const booleans = ["error", "accepting", "alert"];
    const check = (value: unknown, name: string): void => {
      if (integers.includes(name)) {
        expect(value, name).toSatisfy((number) =>
          Number.isInteger(number) && number === (number as number | 0)
        );
      }
      if (booleans.includes(name)) expect(typeof value, name).toBe("boolean");
      if (Array.isArray(value)) { for (const item of value) check(item, ""); }
      else if (typeof value === "object" && value !== null) {
        for (const [key, item] of Object.entries(value)) check(item, key);
      }
    };
    for (const { command, status, text } of replies) {
      expect(status).toBe(200);
      const reply = JSON.parse(text) as Record<string, unknown>;
      expect(reply["command"]).toBe(command);
      expect(typeof reply["error"]).toBe("boolean");
      check(reply, "");
    }
  });

  test("to anything that goes wrong has a command, a boolean error and a text, and no more", async () => {
    const nothing: [string, Record<string, boolean | number | string>][] = [
      ["setAccepting", { venue_id: 4711, accepting: true, system_id: 1 }],
      ["setAccepting", { venue_id: host.openkjVenueId, accepting: "yes", system_id: 1 }],
      ["clearDatabase", { system_id: 4711 }],
      ["addSongs", { system_id: 1, songs: "none" }],
      ["addRequest", { venue_id: host.openkjVenueId }],
      ["updateRotation", { venue_id: host.openkjVenueId }],
      // Other builds send these; an error does them no harm.
      ...[
        "sacCurVersion",
        "getChatSerial",
        "getChatOverview",
        "sendChatReply",
        "setChatMessageHidden",
        "setSingerMuted",
        "clearChat",
        "listSingers",
        "deleteSinger",
        "resetSingerPassword",
        "addStreamLibraryEntry",
        "testingAddRandomRequest",
      ].map((command): [string, Record<string, number>] => [command, { venue_id: host.openkjVenueId }]),
    ];
    for (const [command, fields] of nothing) {
      const { status, text } = await program.exchange(command, fields);
      expect([status, JSON.parse(text)]).toEqual([
        200,
        { command, error: true, errorString: expect.stringMatching(/\w/) as string },
      ]);
    }
  });

  test("to a browser loads nothing from anywhere", async () => {
    const page = await (await fetch(environment.openkjUrl)).text();
    expect(page).not.toMatch(/https?:|<script|<link|<img/i);
  });

  test("needs no header that a client might leave out", async () => {
    const body = program.body("getSerial");
    const text = await new Promise<string>((resolve, reject) => {
      const headers = { "content-length": Buffer.byteLength(body) };
      const call = request(environment.openkjUrl, { method: "POST", headers }, (response) => {
        let received = "";
        response.on("data", (chunk: Buffer) => received += chunk.toString()).on(
          "end",
          () => resolve(received),
        );
      });
      call.on("error", reject).end(body);
    });
    expect(JSON.parse(text)).toMatchObject({ command: "getSerial", error: false });
  });
});

describe("the serial", () => {
  test("is there before anything has happened, and is no error for the test button", async () => {
    const newcomer = await newOpenkjHost("newcomer");
    const started = programOf(newcomer);
    expect(await started.test()).toBe("");
    started.stop();
    expect(await serialOf(newcomer)).toBeGreaterThan(0);
  });

  test("changes with all that a host would see, and never comes again", async () => {
    const seen = [await serialOf(host)];
    const changes: [string, () => PromiseLike<unknown>][] = [
      ["a request", () => ask(host.venueId)],
      ["a taken request", async () => {
        await program.poll();
        await program.removeRequest(program.requests[0]?.requestId ?? 0);
      }],
      ["another request", () => ask(host.venueId)],
      ["a cleared list", () => program.clearRequests()],
      ["a closed venue", () => program.setAccepting(false)],
      ["an opened venue", () => program.setAccepting(true)],
      [
        "a new name",
        () => host.person.client.from("venues").update({ name: "Renamed" }).eq("id", host.venueId),
      ],
      ["a new venue", () => addVenue(host.person, { name: "A second bar" })],
      [
        "a new book",
        () => program.updateRemoteDatabase([song, { artist: "Queen", title: String(Math.random()) }]),
      ],
    ];
    for (const [change, make] of changes) {
      await make();
      seen.push(await serialOf(host));
      expect(seen.at(-1), change).toBeGreaterThan(seen.at(-2) ?? 0);
    }
    expect(Math.max(...seen)).toBeLessThan(2 ** 31);
  });
});

describe("another tenant", () => {
  test("cannot be read, closed, cleared or robbed by its numbers, which may be the same as one's own", async () => {
    const [theirs, ours] = [programOf(neighbour), program];
    await theirs.setAccepting(true);
    await theirs.updateRemoteDatabase([song, { artist: "Queen", title: "Innuendo" }]);
    expectData(await ask(neighbour.venueId));
    await theirs.poll();
    const [request] = theirs.requests;
    expect(request).toBeDefined();
    const before = { serial: await serialOf(neighbour), book: await bookSize(neighbour) };
    expect(neighbour.openkjVenueId).toBe(host.openkjVenueId);
    const venue = { venue_id: neighbour.openkjVenueId };
    expect((await ours.exchange("getRequests", venue)).reply.get("requests").json).toEqual([]);
    await ours.exchange("deleteRequest", { ...venue, request_id: request?.requestId ?? 0 });
    await ours.exchange("clearRequests", venue);
    await ours.exchange("setAccepting", { ...venue, accepting: false, system_id: 1 });
    await ours.updateRemoteDatabase([]);
    await theirs.refresh();
    expect(theirs.requests).toEqual([request]);
    expect(theirs.acceptingBox).toBe(true);
    expect({ serial: await serialOf(neighbour), book: await bookSize(neighbour) }).toEqual(before);
    theirs.stop();
  });

  test("has venue numbers that mean nothing here", async () => {
    const numbers = [];
    for (const name of ["North", "South", "West"]) {
      numbers.push((await addVenue(neighbour.person, { name })).openkj_venue_id);
    }
    const foreign = Math.max(...numbers);
    const { reply } = await program.exchange("setAccepting", {
      venue_id: foreign,
      accepting: false,
      system_id: 1,
    });
    expect(reply.get("error").json).toBe(true);
    const venues = expectData(await neighbour.person.client.from("venues").select("accepting_requests"));
    expect(venues.map(({ accepting_requests }) => accepting_requests)).toEqual([true, true, true, true]);
  });
});

describe("a closed venue", () => {
  test("takes no request by any way in, and an upload does not open it", async () => {
    await program.setAccepting(false);
    expect((await ask(host.venueId)).error?.message).toBe("venue_closed");
    const added = await program.exchange("addRequest", {
      ...song,
      venue_id: host.openkjVenueId,
      singer: "Zoë",
    });
    expect(added.reply.get("error").json).toBe(true);
    await program.updateRemoteDatabase([song]);
    await program.refresh();
    expect(program).toMatchObject({ requests: [], acceptingBox: false });
  });
});

describe("text", () => {
  const hostile = [
    `"; drop table public.requests; --`,
    "0 UNION SELECT sql FROM sqlite_master",
    "<script>alert(1)</script>",
    "100%_\\",
    "${jndi:ldap://x}",
    "O'Brien & Søn",
  ];

  test("is only text: it comes back as it went in", async () => {
    for (const artist of hostile) {
      const { reply } = await program.exchange("addRequest", {
        artist,
        title: artist,
        singer: artist,
        venue_id: host.openkjVenueId,
      });
      expect(reply.get("error").json, artist).toBe(false);
    }
    await program.poll();
    expect(program.requests.map(({ artist }) => artist)).toEqual(hostile);
    expect(program.requests.map(({ title }) => title)).toEqual(hostile);
    const response = await fetch(environment.openkjUrl, {
      method: "POST",
      body: program.body("getRequests", { venue_id: host.openkjVenueId }),
    });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("that is empty or too long makes no request", async () => {
    for (const artist of ["", "   ", "x".repeat(10_000)]) {
      const fields = { artist, title: "Waterloo", venue_id: host.openkjVenueId, singer: "Zoë" };
      expect((await program.exchange("addRequest", fields)).reply.get("error").json).toBe(true);
    }
    for (const keyChange of [13, -13]) {
      const fields = { ...song, key_change: keyChange, venue_id: host.openkjVenueId, singer: "Zoë" };
      expect((await program.exchange("addRequest", fields)).reply.get("error").json).toBe(true);
    }
    await program.refresh();
    expect(program.requests).toEqual([]);
  });
});

describe("an upload", () => {
  test("keeps the waiting requests and shows the old book until it is done", async () => {
    await program.updateRemoteDatabase([song, { artist: "Queen", title: "Innuendo" }]);
    expectData(await ask(host.venueId));
    const songs = Array.from({ length: 3003 }, (_, number) => ({ artist: "New", title: String(number) }));
    const sizes: number[] = [];
    let watching = true;
    const watcher = (async () => {
      while (watching) sizes.push(await bookSize(host));
    })();
    const { batches } = await program.updateRemoteDatabase(songs);
    watching = false;
    await watcher;
    expect(batches).toEqual([1000, 1000, 1000, 0]);
    expect([2, 3000]).toEqual(expect.arrayContaining([...new Set(sizes)]));
    expect(await bookSize(host)).toBe(3000);
    await program.refresh();
    expect(program.requests).toHaveLength(1);
  });

  test("leaves the ids of songs as they were, so that an open search page still works", async () => {
    const guest = await signInGuest();
    const find = async () => {
      const found = await guest.client.rpc("search_songs", { p_venue_id: host.venueId, p_query: "waterloo" });
      return expectData(found)[0]?.song_id;
    };
    await program.updateRemoteDatabase([song]);
    const id = await find();
    expect(id).toBeGreaterThan(0);
    await program.updateRemoteDatabase([{ artist: "A", title: "First" }, song]);
    expect(await find()).toBe(id);
    const request = expectData(
      await guest.client.rpc("submit_request", {
        p_venue_id: host.venueId,
        p_song_id: id,
        p_singer_names: ["Gus Guest"],
      }),
    );
    expect(request).toMatchObject(song);
  });

  test("may have batches of several hundred kilobytes and more than a hundred calls in a row", async () => {
    const long = "x".repeat(250);
    const songs = Array.from(
      { length: 1000 },
      (_, number) => ({ artist: `${number} ${long}`.slice(0, 255), title: long }),
    );
    await program.exchange("clearDatabase", { system_id: 1 });
    const { reply } = await program.exchange("addSongs", { songs, system_id: 1 });
    expect(reply.get("entries processed").toInt()).toBe(1000);
    for (let call = 0; call < 150; call++) {
      expect((await program.exchange("addSongs", { songs, system_id: 1 })).reply.get("error").json).toBe(
        false,
      );
      if (call >= 20) continue;
      expect((await program.exchange("getSerial")).reply.get("error").json).toBe(false);
    }
  });

  test("does not stop the polls that run beside it", async () => {
    const other = programOf(host);
    const upload = program.updateRemoteDatabase(
      Array.from({ length: 8000 }, (_, number) => ({ artist: "Beside", title: String(number) })),
    );
    let isDone = false;
    upload.finally(() => isDone = true);
    let polls = 0;
    while (!isDone) {
      expect((await other.exchange("getSerial")).reply.get("serial").toInt()).toBeGreaterThan(0);
      polls++;
    }
    await upload;
    expect(polls).toBeGreaterThan(5);
    other.stop();
  });

  test("lets singers find what they mean, however they type it", async () => {
    await program.updateRemoteDatabase(realSongs());
    const guest = await signInGuest();
    for (
      const [query, artist, title] of [
        ["beyonce", "Beyoncé", undefined],
        ["ACDC", "AC/DC", undefined],
        ["qeen love", "Queen", "Somebody to Love"],
        ["sweet carolin", "Neil Diamond", "Sweet Caroline"],
        ["群青日和", "東京事変", "群青日和"],
        ['"', undefined, undefined],
      ] as const
    ) {
      const answer = await guest.client.rpc("search_songs", { p_venue_id: host.venueId, p_query: query });
      const found = expectData(answer);
      expect(found.length, query).toBeLessThanOrEqual(20);
      if (artist) expect(found.map((match) => match.artist), query).toContain(artist);
      if (title) expect(found.map((match) => match.title), query).toContain(title);
    }
  });
});

describe("a guest", () => {
  test("is the one who asks, whatever a body says about singers, and keeps the name they gave", async () => {
    const [regular, guest] = [await signInGuest(), await signInGuest()];
    for (const field of ["singer_user_id", "singer_id", "user_id", "submitted_by"]) {
      const { reply } = await program.exchange("addRequest", {
        ...song,
        venue_id: host.openkjVenueId,
        singer: `Named ${field}`,
        [field]: regular.userId,
      });
      expect(reply.get("error").json).toBe(false);
    }
    expectData(
      await guest.client.rpc("submit_request", {
        p_venue_id: host.venueId,
        p_artist: song.artist,
        p_title: song.title,
        p_singer_names: ["Gus Guest"],
      }),
    );
    await program.poll();
    expect(program.requests.map(({ singer }) => singer)).toEqual([
      "Named singer_user_id",
      "Named singer_id",
      "Named user_id",
      "Named submitted_by",
      "Gus Guest",
    ]);
    expect(expectData(await regular.client.from("requests").select("id"))).toEqual([]);
    expect(expectData(await guest.client.from("requests").select("singer_name"))).toEqual([
      { singer_name: "Gus Guest" },
    ]);
  });
});

describe("a taken request", () => {
  test("is history, not gone", async () => {
    const guest = await signInGuest();
    const asked = expectData(
      await guest.client.rpc("submit_request", {
        p_venue_id: host.venueId,
        p_artist: song.artist,
        p_title: song.title,
        p_singer_names: ["Gus Guest"],
      }),
    );
    await program.poll();
    await program.removeRequest(program.requests[0]?.requestId ?? 0);
    const [mine] = expectData(await guest.client.from("requests").select("state").eq("id", asked.id));
    expect(mine?.state).toBe("completed");
    const heard = await guest.client.from("performances").select("artist, title, singer_name");
    expect(expectData(heard)).toEqual([{ ...song, singer_name: "Gus Guest" }]);
    const sung = expectData(
      await host.person.client.from("performances").select("artist, title, singer_name"),
    );
    expect(sung).toContainEqual({ ...song, singer_name: "Gus Guest" });
  });
});
