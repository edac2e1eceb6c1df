import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { database, forgetRateLimits } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import type { Json } from "../../types/database.ts";
import { addVenue, expectData, type Host, newClient, signUpHost } from "../support/people.ts";

interface Song {
  artist: string;
  title: string;
}

interface Rig {
  host: Host;
  systemId: string;
  venueId: string;
}

async function newRig(name: string): Promise<Rig> {
  const host = await signUpHost(name);
  const venue = await addVenue(host, { name: `Songs of ${name}` });
  const systems = expectData(await host.client.from("systems").select("id"));
  return { host, systemId: systems[0]!.id, venueId: venue.id };
}

/** Words nobody else has sung. */
const unique = (): string => `q${randomUUID().replaceAll("-", "").slice(0, 12)}`;

function newSongs(count: number, word: string = unique()): Song[] {
  return Array.from(
    { length: count },
    (_, n) => ({ artist: `${word} Band ${n % 37}`, title: `${word} Song ${n}` }),
  );
}

/** Connections of their own, so that calls really run at the same time. */
async function withConnections<Result>(
  count: number,
  run: (connections: postgres.Sql[]) => Promise<Result>,
): Promise<Result> {
  const connections = Array.from(
    { length: count },
    () => postgres(environment.databaseUrl, { max: 1, onnotice: () => {} }),
  );
  try {
    return await run(connections);
  } finally {
    await Promise.all(connections.map((connection) => connection.end({ timeout: 1 })));
  }
}

async function stage(sql: postgres.Sql, systemId: string, songs: readonly Song[]): Promise<void> {
  await sql`select * from private.book_stage_add(${systemId}, ${JSON.stringify(songs)}::text::jsonb)`;
}

async function publish(sql: postgres.Sql, systemId: string): Promise<{ changed: boolean; songs: number }> {
  const [result] = await sql<
    { changed: boolean; songs: number }[]
  >`select * from private.book_publish(${systemId})`;
  return result!;
}

async function upload(sql: postgres.Sql, systemId: string, songs: readonly Song[]): Promise<number> {
  await sql`select private.book_stage_open(${systemId})`;
  for (let from = 0; from <= songs.length; from += 1000) {
    await stage(sql, systemId, songs.slice(from, from + 1000));
  }
  return (await publish(sql, systemId)).songs;
}

let rig: Rig;
let other: Rig;

beforeAll(async () => {
  await forgetRateLimits();
  [rig, other] = await Promise.all([newRig("songs"), newRig("more-songs")]);
});
afterAll(() => database.end());

describe("through the API", () => {
  const singer = newClient();

  beforeAll(async () => {
    await upload(database, rig.systemId, [
      { artist: "Queen", title: "Bohemian Rhapsody" },
      { artist: "Queen", title: "Somebody To Love" },
      { artist: "AC/DC", title: "T.N.T." },
      { artist: "Beyoncé", title: "Halo" },
      { artist: "100% Band", title: "Under_score" },
    ]);
  });

  test.each([
    ["qeen bohem", "Bohemian Rhapsody"],
    ["acdc", "T.N.T."],
    ["beyonce", "Halo"],
    ["somebody queen", "Somebody To Love"],
  ])("a singer without an account types %j and finds %s", async (query, title) => {
    const songs = expectData(await singer.rpc("search_songs", { p_venue_id: rig.venueId, p_query: query }));
    expect(songs.map((song) => song.title)).toContain(title);
  });

  test("a page has what apps need: an id that stays, the host's spelling, how it matched and how many there are", async () => {
    const ask = () => singer.rpc("search_songs", { p_venue_id: rig.venueId, p_query: "halo" });
    const [song] = expectData(await ask());
    expect(song).toEqual({
      song_id: expect.any(Number) as number,
      artist: "Beyoncé",
      title: "Halo",
      match: "exact",
      total_count: 1,
    });
    await upload(database, rig.systemId, [{ artist: "Beyoncé", title: "Halo" }, {
      artist: "Queen",
      title: "Bohemian Rhapsody",
    }]);
    expect(expectData(await ask())[0]?.song_id).toBe(song?.song_id);
  });

  test.each([
    ["an unknown venue", { p_venue_id: randomUUID(), p_query: "love" }, 404, "venue_not_found"],
    ["an empty query", { p_query: " " }, 400, "invalid_query"],
    ["a query that is too long", { p_query: "x".repeat(201) }, 400, "invalid_query"],
    ["a page that is too large", { p_query: "love", p_limit: 101 }, 400, "invalid_limit"],
  ])("%s is refused with the reason", async (_, parameters, status, code) => {
    const answer = await singer.rpc("search_songs", { p_venue_id: rig.venueId, ...parameters });
    expect(answer.status).toBe(status);
    expect(answer.error).toMatchObject({ message: code, details: expect.stringMatching(/.{10}/) as string });
  });

  test("nobody reads the catalogue, and a host edits only their own book", async () => {
    expect((await rig.host.client.from("songs").select("*")).error).toMatchObject({ code: "42501" });
    const added = await rig.host.client.rpc("add_song", {
      p_system_id: other.systemId,
      p_artist: "A",
      p_title: "B",
    });
    expect(added.status).toBe(404);
    expect((await singer.rpc("delete_song", { p_system_id: rig.systemId, p_song_id: 1 })).status).toBe(401);
  });

  test("a host adds, corrects and deletes a song, and singers see it at once", async () => {
    const word = unique();
    const search = async () =>
      expectData(await singer.rpc("search_songs", { p_venue_id: rig.venueId, p_query: word })).map((song) =>
        song.title
      );
    const book = { p_system_id: rig.systemId };
    const id = expectData(
      await rig.host.client.rpc("add_song", { ...book, p_artist: word, p_title: "Frist" }),
    );
    expect(await search()).toEqual(["Frist"]);
    const again = await rig.host.client.rpc("add_song", {
      ...book,
      p_artist: word.toUpperCase(),
      p_title: "frist!",
    });
    expect(again).toMatchObject({ status: 409, error: { message: "song_already_exists" } });
    const corrected = expectData(
      await rig.host.client.rpc("update_song", { ...book, p_song_id: id, p_title: "First" }),
    );
    expect(await search()).toEqual(["First"]);
    await rig.host.client.rpc("delete_song", { ...book, p_song_id: corrected });
    expect(await search()).toEqual([]);
  });
});

describe("many songs at once", () => {
  test("are added, each with what became of it, and found again by their ids", async () => {
    const word = unique();
    const book = { p_system_id: rig.systemId };
    const add = async (songs: object[]) =>
      expectData(await rig.host.client.rpc("add_songs", { ...book, p_songs: songs as Json[] })) as {
        added: number;
        songs: { outcome: string; song_id: number; problem: string | null }[];
      };
    const { added, songs } = await add(newSongs(3000, word));
    expect([added, songs.length]).toEqual([3000, 3000]);
    const id = songs[5]!.song_id;
    expect(await add([{ artist: `${word} Band 5`, title: `${word} song 5` }, { artist: word }])).toEqual({
      added: 0,
      present: 1,
      invalid: 1,
      songs: [
        { song_id: id, outcome: "present", problem: null },
        { song_id: null, outcome: "invalid", problem: expect.stringMatching(/title/) as string },
      ],
    });
    const song = await rig.host.client.rpc("get_song", { ...book, p_song_id: id }).single();
    expect(expectData(song)).toEqual({ song_id: id, artist: `${word} Band 5`, title: `${word} Song 5` });
    const foreign = await other.host.client.rpc("get_song", { ...book, p_song_id: id });
    expect(foreign).toMatchObject({ status: 404, error: { message: "system_not_found" } });
  });
});

describe("at the same time", () => {
  test("hosts who bring the same new songs neither block each other nor double them", async () => {
    const word = unique();
    const songs = newSongs(3000, word);
    const rigs = await Promise.all(["one", "two", "three", "four"].map((name) => newRig(`same-${name}`)));
    const sizes = await withConnections(4, (connections) =>
      Promise.all(rigs.map(({ systemId }, n) =>
        upload(
          connections[n]!,
          systemId,
          // Each in an order of their own, batches and all.
          n === 0 ? songs : [...songs].sort(() => Math.random() - 0.5),
        )
      )));
    expect(sizes).toEqual([3000, 3000, 3000, 3000]);
    const [catalogue] = await database`
      select count(distinct song.id)::integer as songs, count(*)::integer as spellings
      from private.song_spellings as spelling join public.songs as song on song.id = spelling.song_id
      where spelling.artist like ${`${word} %`}`;
    expect(catalogue).toEqual({ songs: 3000, spellings: 3000 });
  });

  test("a batch sent twice at once counts once", async () => {
    const songs = newSongs(400);
    await database`select private.book_stage_open(${other.systemId})`;
    await withConnections(
      6,
      (connections) => Promise.all(connections.map((connection) => stage(connection, other.systemId, songs))),
    );
    expect(await publish(database, other.systemId)).toEqual({ changed: true, songs: 400 });
  });

  test("of several who publish at once one changes the book", async () => {
    await database`select private.book_stage_open(${other.systemId})`;
    await stage(database, other.systemId, newSongs(50));
    const results = await withConnections(
      5,
      (connections) => Promise.all(connections.map((connection) => publish(connection, other.systemId))),
    );
    expect(results.filter(({ changed }) => changed)).toHaveLength(1);
    expect(results.map(({ songs }) => songs)).toEqual([50, 50, 50, 50, 50]);
  });

  test("of several who add one song at once one succeeds", async () => {
    const word = unique();
    const answers = await Promise.all(
      Array.from(
        { length: 8 },
        () => rig.host.client.rpc("add_song", { p_system_id: rig.systemId, p_artist: word, p_title: word }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
  });

  test("whoever searches while books are replaced sees the old or the new one, never a mixture", async () => {
    const word = unique();
    const books = [newSongs(90, `${word} old`), newSongs(60, `${word} new`)];
    await upload(database, other.systemId, books[0]!);
    let isDone = false;
    const seen = new Set<string>();
    await withConnections(4, async ([writer, ...readers]) => {
      const reading = readers.map(async (reader) => {
        while (!isDone) {
          const [counts] = await reader<{ old: number; new: number }[]>`
            select
              coalesce(max(total_count) filter (where side = 'old'), 0) as old,
              coalesce(max(total_count) filter (where side = 'new'), 0) as new
            from (
              select 'old' as side, total_count from private.search_book(${other.systemId}, ${`${word} old`}, 1, 0)
              union all
              select 'new', total_count from private.search_book(${other.systemId}, ${`${word} new`}, 1, 0)
            ) as sides`;
          seen.add(`${counts!.old} ${counts!.new}`);
        }
      });
      for (let round = 0; round < 12; round++) await upload(writer!, other.systemId, books[round % 2]!);
      isDone = true;
      await Promise.all(reading);
    });
    expect([...seen].sort()).toEqual(["0 60", "90 0"]);
  });
});

describe("when something dies", () => {
  test("a connection cut during an upload leaves the old book, and the next upload works", async () => {
    const before = newSongs(80);
    await upload(database, other.systemId, before);
    const next = newSongs(1500);
    for (const cutAfter of ["opening", "a batch", "publishing"]) {
      const connection = postgres(environment.databaseUrl, { max: 1, onnotice: () => {} });
      const [backend] = await connection<{ pid: number }[]>`select pg_backend_pid() as pid`;
      await connection`select private.book_stage_open(${other.systemId})`;
      if (cutAfter !== "opening") await stage(connection, other.systemId, next.slice(0, 1000));
      if (cutAfter === "publishing") {
        // Published, but not yet committed.
        const publishing = connection.unsafe(`
          begin;
          select private.book_stage_add('${other.systemId}', '${JSON.stringify(next.slice(1000))}');
          select private.book_publish('${other.systemId}');
          select pg_sleep(30);
          commit`);
        const refused = expect(publishing).rejects.toThrow();
        await expect.poll(async () => {
          const [activity] = await database`
            select wait_event from pg_stat_activity where pid = ${backend!.pid} and wait_event = 'PgSleep'`;
          return activity;
        }).toBeDefined();
        await database`select pg_terminate_backend(${backend!.pid})`;
        await refused;
      } else {
        await database`select pg_terminate_backend(${backend!.pid})`;
      }
      await connection.end({ timeout: 1 });
      const [book] = await database<{ size: number }[]>`select private.book_size(${other.systemId}) as size`;
      expect(book).toEqual({ size: 80 });
    }
    expect(await upload(database, other.systemId, next)).toBe(1500);
  });
});
