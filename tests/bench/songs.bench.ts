import postgres from "postgres";
import { environment } from "../support/environment.ts";
import {
  type Latencies,
  latencies,
  latenciesInTurn,
  median,
  milliseconds,
  Report,
  scale,
  throughput,
} from "./bench.ts";
import { type Song, SongMaker } from "./song-data.ts";

// Song books at the size of a platform: a catalogue, many books in it, and what it costs to search one and to upload one.

const size = {
  small: { catalogue: 60_000, books: 20, distinctBooks: 5, upload: 10_000, queries: 300 },
  large: { catalogue: 1_000_000, books: 1_000, distinctBooks: 50, upload: 100_000, queries: 1_000 },
}[scale];

const database = postgres(environment.databaseUrl, { max: 8, onnotice: () => {} });
/** For what is measured one after the other. */
const single = postgres(environment.databaseUrl, { max: 1, onnotice: () => {} });
const report = new Report();
const maker = new SongMaker(42);

function batches<Item>(items: readonly Item[], length: number): Item[][] {
  return Array.from(
    { length: Math.ceil(items.length / length) },
    (_, n) => items.slice(n * length, (n + 1) * length),
  );
}

async function addToCatalogue(songs: readonly Song[]): Promise<void> {
  for (const part of batches(songs, 5_000)) {
    const artists = part.map((song) => song.artist);
    const titles = part.map((song) => song.title);
    await database`select private.add_spellings(${artists}, ${titles})`;
  }
}

async function makeSystems(count: number): Promise<string[]> {
  const [organization] = await database<{ id: string }[]>`
    insert into public.organizations (name) values ('Benchmark of song books') returning id`;
  const rows = await database<{ id: string }[]>`
    insert into public.systems (organization_id, name)
    select ${organization!.id}, 'System ' || number from generate_series(1, ${count}::integer) as number
    returning id`;
  return rows.map((row) => row.id);
}

/** A book with every tenth song of the catalogue, another tenth for each number. */
async function fillBook(systemId: string, number: number, firstSpelling: number): Promise<void> {
  await database`
    with lock as (select private.lock_book(${systemId}))
    select private.replace_book(${systemId}, array_agg(id), array_agg(artist_id))
    from private.song_spellings, lock
    where id > ${firstSpelling} and hashint4(id # (${number}::integer * 7919)) % 10 = 0`;
}

async function copyBook(from: string, to: readonly string[]): Promise<void> {
  await database.begin(async (transaction) => {
    await transaction`
      insert into private.books (system_id, songs, spelling_ids, newest)
      select copy, songs, spelling_ids, newest from private.books, unnest(${to}::uuid[]) as copy where system_id = ${from}`;
    await transaction`
      insert into private.book_chunks (system_id, chunk, songs, members)
      select copy, chunk, songs, members from private.book_chunks, unnest(${to}::uuid[]) as copy where system_id = ${from}`;
    await transaction`
      insert into private.book_letters (system_id, letter, artists, songs)
      select copy, letter, artists, songs from private.book_letters, unnest(${to}::uuid[]) as copy where system_id = ${from}`;
  });
}

async function makeVenue(systemId: string): Promise<string> {
  const [venue] = await database<{ id: string }[]>`
    insert into public.venues (organization_id, system_id, name, address, city, state, postal_code)
    select organization_id, id, 'Benchmark', '1 Main Street', 'Testville', 'TS', '12345'
    from public.systems where id = ${systemId}
    returning id`;
  return venue!.id;
}

interface Query {
  systemId: string;
  text: string;
}

async function someSongs(systemId: string, count: number): Promise<(Song & { song_id: string })[]> {
  const songs = await database<(Song & { song_id: string })[]>`
    select song_id, artist, title from private.random_book_songs(${systemId}, ${count})`;
  return [...songs];
}

async function queriesFor(systemIds: readonly string[], count: number): Promise<Query[]> {
  const queries: Query[] = [];
  for (const [place, systemId] of systemIds.entries()) {
    const share = Math.ceil(count / systemIds.length);
    for (const [n, song] of (await someSongs(systemId, share)).entries()) {
      queries.push({ systemId, text: maker.query(song, place * share + n) });
    }
  }
  return queries.slice(0, count);
}

async function search(query: Query, sql = database): Promise<readonly { song_id: string }[]> {
  return await sql`select * from private.search_book(${query.systemId}, ${query.text}, 20, 0)`;
}

/** The share of songs found on the first page of a query made from each. */
async function recall(
  systemIds: readonly string[],
  count: number,
  ask: (song: Song) => string,
): Promise<number> {
  let found = 0;
  let asked = 0;
  for (const systemId of systemIds) {
    for (const song of await someSongs(systemId, Math.ceil(count / systemIds.length))) {
      const results = await search({ systemId, text: ask(song) });
      asked++;
      if (results.some((result) => result.song_id === song.song_id)) found++;
    }
  }
  return found / asked;
}

async function copyRows(songs: readonly Song[]): Promise<number> {
  await database`create table if not exists private.benchmark_rows (artist text, title text)`;
  const lines = songs.map((song) => `${song.artist}\t${song.title}\n`).join("");
  const time = await milliseconds(async () => {
    const target = await database`copy private.benchmark_rows from stdin`.writable();
    await new Promise<void>((resolve, reject) => {
      target.on("finish", resolve).on("error", reject);
      target.end(lines);
    });
  });
  await database`drop table private.benchmark_rows`;
  return time;
}

interface Upload {
  total: number;
  draft: number;
  publish: number;
}

async function upload(systemId: string, songs: readonly Song[]): Promise<Upload> {
  let draft = 0;
  let publish = 0;
  const total = await milliseconds(async () => {
    const [opened] = await database<{ id: string }[]>`select private.book_stage_open(${systemId}) as id`;
    for (const batch of batches(songs, 1_000)) {
      await database`select * from private.book_stage_add(${systemId}, ${
        JSON.stringify(batch)
      }::text::jsonb)`;
    }
    draft = await milliseconds(async () => {
      await database`select private.draft_upload(${systemId}, ${opened!.id})`;
    });
    publish = await milliseconds(async () => {
      await database`select * from private.book_publish(${systemId})`;
    });
  });
  return { total, draft, publish };
}

function sorted(songs: readonly Song[]): Song[] {
  const key = (song: Song): string => `${song.artist}\u0000${song.title}`;
  return [...songs].sort((a, b) => key(a) < key(b) ? -1 : 1);
}

async function main(): Promise<void> {
  const [before] = await database<{ spelling: number; artist: number; song: string }[]>`
    select
      (select coalesce(max(id), 0) from private.song_spellings) as spelling,
      (select coalesce(max(id), 0) from private.song_artists) as artist,
      (select coalesce(max(id), 0) from public.songs) as song`;
  const first = before!;
  const catalogue = maker.songs(size.catalogue);
  const systems = await makeSystems(size.books + 2);
  const uploader = systems.pop()!;
  const short = systems.pop()!;
  try {
    await addToCatalogue(catalogue);
    await database`vacuum analyze private.song_spellings, public.songs, private.song_words, private.song_artists`;

    await fillBook(systems[0]!, 0, first.spelling);
    await database`vacuum analyze private.book_chunks`;
    const lonely = await queriesFor([systems[0]!], size.queries);
    const searchSingly = (query: Query) => search(query, single);
    for (const query of lonely.slice(0, 50)) await searchSingly(query);
    const alone = await latencies(lonely, searchSingly, 3);

    for (let number = 1; number < size.distinctBooks; number++) {
      await fillBook(systems[number]!, number, first.spelling);
    }
    for (let number = 0; number < size.distinctBooks; number++) {
      await copyBook(
        systems[number]!,
        systems.filter((_, n) => n >= size.distinctBooks && n % size.distinctBooks === number),
      );
    }
    await database`vacuum analyze private.book_chunks, private.books, private.book_letters`;
    const [stored] = await database<{ bytes: string; memberships: string }[]>`
      select
        (select sum(pg_total_relation_size(name::regclass))
         from unnest(array['private.books', 'private.book_chunks', 'private.book_letters']) as name) as bytes,
        (select sum(songs) from private.books) as memberships`;

    const spread = systems.filter((_, n) => n % Math.ceil(systems.length / 100) === 0);
    const queries = await queriesFor(spread, size.queries);
    const ids = queries.map((_, n) => first.spelling + 1 + (n * 7919) % size.catalogue);
    const lookUp = (id: number): Promise<unknown> =>
      single`select song_id from private.song_spellings where id = ${id}`;
    for (const query of queries.slice(0, 50)) await searchSingly(query);
    // Singers' searches come one by one between other work, and so must the look-ups they are compared with.
    const [lookUps, searches] = await latenciesInTurn(
      queries.map((query, n) => ({ query, id: ids[n]! })),
      [({ id }) => lookUp(id), ({ query }) => searchSingly(query)],
      3,
    ) as [Latencies, Latencies];
    const again = await latencies(lonely, searchSingly, 3);

    report.add({ name: "primary-key look-up p50", value: lookUps.p50, unit: "ms" });
    for (const [share, most] of [["p50", 20], ["p95", 50], ["p99", 80]] as const) {
      report.add({
        name: `search ${share}, in look-ups`,
        value: searches[share],
        unit: "ms",
        baseline: lookUps.p50,
        atMost: most,
      });
    }
    report.add({
      name: `search p50, ${size.books} books instead of 1`,
      value: again.p50,
      unit: "ms",
      baseline: alone.p50,
      atMost: 1.2,
    });
    await upload(short, catalogue.filter((_, n) => n % (size.catalogue / 1_000) === 5));
    const shortQueries = await queriesFor([short], size.queries);
    for (const query of shortQueries.slice(0, 50)) await searchSingly(query);
    const shortSearches = await latencies(shortQueries, searchSingly, 3);
    report.add({
      name: "search p95, book of 1000 songs, in look-ups",
      value: shortSearches.p95,
      unit: "ms",
      baseline: lookUps.p50,
      atMost: 50,
    });
    const perSecond = await throughput([...queries, ...queries], 8, (query) => search(query));
    // A thousand a second, where a look-up takes a tenth of a millisecond.
    report.add({
      name: "search, 8 at once, to look-ups one by one",
      value: perSecond,
      unit: "/s",
      baseline: 1000 / lookUps.p50,
      atLeast: 0.1,
    });
    report.add({
      name: "songs found when typed right",
      value: 100 * await recall(spread.slice(0, 20), 300, (song) => `${song.artist} ${song.title}`),
      unit: "%",
      atLeast: 99,
    });
    report.add({
      name: "songs found with one slip",
      value: 100 * await recall(spread.slice(0, 20), 300, (song) => maker.mistyped(song)),
      unit: "%",
      atLeast: 95,
    });
    report.add({
      name: "stored per million songs in books",
      value: Number(stored!.bytes) / Number(stored!.memberships),
      unit: "MB",
      // A page is a page, however small the book.
      ...(scale === "large" ? { atMost: 3 } : {}),
    });

    const book = sorted(catalogue.filter((_, n) => n % (size.catalogue / size.upload) === 3));
    const rows = await median(5, () => copyRows(book));
    report.add({ name: `COPY of ${size.upload} rows`, value: rows, unit: "ms" });
    const known = await upload(uploader, book);
    report.add({
      name: "upload, every song known",
      value: known.total,
      unit: "ms",
      baseline: rows,
      atMost: 30,
    });
    const unchanged = await upload(uploader, book);
    report.add({ name: "upload, unchanged", value: unchanged.total, unit: "ms", baseline: rows, atMost: 10 });
    // Ten milliseconds, where a look-up takes a tenth of one.
    const publishing = { unit: "ms", baseline: lookUps.p50, atMost: 100 };
    report.add({
      name: "publishing an unchanged book, in look-ups",
      value: unchanged.publish,
      ...publishing,
    });
    const changed = await upload(uploader, book.slice(1));
    report.add({
      name: "upload, one song less",
      value: changed.total,
      unit: "ms",
      baseline: rows,
      atMost: 30,
    });
    report.add({ name: "making a changed book ready", value: changed.draft, unit: "ms" });
    report.add({ name: "publishing a changed book, in look-ups", value: changed.publish, ...publishing });
    const strange = new SongMaker(7);
    const fresh = await upload(uploader, sorted(strange.songs(size.upload)));
    report.add({
      name: "upload, every song new",
      value: fresh.total,
      unit: "ms",
      baseline: rows,
      atMost: 300,
    });
    const venueId = await makeVenue(systems[0]!);
    const callApi = async ({ text }: Query): Promise<void> => {
      const response = await fetch(`${environment.apiUrl}/rest/v1/rpc/search_songs`, {
        method: "POST",
        headers: { apikey: environment.publishableKey, "content-type": "application/json" },
        body: JSON.stringify({ p_venue_id: venueId, p_query: text }),
      });
      await response.json();
      if (!response.ok) throw new Error(`Searching through the API answered ${response.status}`);
    };
    for (const query of lonely.slice(0, 50)) await callApi(query);
    const calls = await latencies(lonely, callApi, 2);
    report.add({ name: "search through the API p50", value: calls.p50, unit: "ms" });
    report.add({ name: "search through the API p95", value: calls.p95, unit: "ms" });

    const [letter] = await database<{ letter: string }[]>`
      select letter from private.browse_book_letters(${systems[0]!}) order by artists desc limit 1`;
    const pages = Array.from({ length: 100 }, (_, n) => n);
    const browsing = await latencies(
      pages,
      (page) =>
        database`select * from private.browse_book_artists(${systems[0]!}, ${letter!.letter}, 20, ${
          page * 10
        })`,
    );
    report.add({
      name: "a page of artists p95",
      value: browsing.p95,
      unit: "ms",
      baseline: lookUps.p50,
      atMost: 50,
    });
  } finally {
    await database`
      delete from public.venues
      where organization_id in (select id from public.organizations where name = 'Benchmark of song books')`;
    await database`delete from public.organizations where name = 'Benchmark of song books'`;
    await database`delete from private.song_spellings where id > ${first.spelling}`;
    await database`delete from public.songs where id > ${first.song}`;
    await database`delete from private.song_artists where id > ${first.artist}`;
    await Promise.all([database.end(), single.end()]);
  }
  if (!report.finish()) process.exitCode = 1;
}

await main();
