import { afterAll, beforeAll, expect, test } from "vitest";
import { randomNumbers } from "../bench/bench.ts";
import { database } from "../support/database.ts";
import { addVenue, type Host, signUpHost } from "../support/people.ts";

let host: Host;
let venueId: string;

beforeAll(async () => {
  host = await signUpHost("rotation");
  venueId = (await addVenue(host)).id;
});
afterAll(() => database.end());

interface Song {
  number: number;
  account: string | null;
  names: string[];
  state: "completed" | "skipped" | "performing" | "accepted" | "pending";
  /** Minutes into the night. */
  askedAt: number;
  sungAt: number | null;
}

/** Who sings a song: its account stands behind the first name, and behind any name that only one account goes by tonight. */
function singersOf(song: Song, night: Song[]): Set<string> {
  return new Set(song.names.map((name, index) => {
    if (index === 0 && song.account) return song.account;
    const accounts = new Set(
      night.filter((other) => other.names[0]?.toLowerCase() === name.toLowerCase() && other.account)
        .map((other) => other.account),
    );
    const [only] = accounts;
    return accounts.size === 1 && only ? only : `name ${name.toLowerCase()}`;
  }));
}

/** Plays the night on, song by song, and returns the numbers in the order in which they are sung. */
function playOn(all: Song[]): number[] {
  const night = all.filter(({ state }) => state !== "skipped");
  const turns = new Map<string, number>();
  const lastTurn = new Map<string, number>();
  let most = 0;
  const turnsOf = (singer: string) => turns.get(singer) ?? 0;
  const levelOf = (singers: Iterable<string>) =>
    Math.max(0, most - 1, ...[...singers].map((singer) => turnsOf(singer)));
  const sing = (singers: Set<string>, at: number) => {
    const turn = levelOf(singers) + 1;
    for (const singer of singers) {
      turns.set(singer, turn);
      lastTurn.set(singer, at);
    }
    most = Math.max(most, turn);
  };
  const now = 10_000;
  night.filter(({ state }) => state === "completed" || state === "performing")
    .map((song) => ({ song, at: song.sungAt ?? now }))
    .toSorted((a, b) => a.at - b.at || a.song.number - b.song.number)
    .forEach(({ song, at }) => sing(singersOf(song, night), at));

  let waiting = night.filter(({ state }) => state === "pending" || state === "accepted")
    .toSorted((a, b) => a.askedAt - b.askedAt || a.number - b.number)
    .map((song) => ({ song, singers: singersOf(song, night) }));

  // The line as people stand in it now.
  const first = new Map<string, Song>();
  for (const { song, singers } of waiting) {
    for (const singer of singers) if (!first.has(singer)) first.set(singer, song);
  }
  const since = (singer: string) =>
    Math.max(first.get(singer)?.askedAt ?? 0, lastTurn.get(singer) ?? -Infinity);
  const byTurn = (a: string, b: string) =>
    turnsOf(a) - turnsOf(b) || since(a) - since(b) ||
    (first.get(a)?.number ?? 0) - (first.get(b)?.number ?? 0);
  const line = [...first.keys()].toSorted(byTurn);
  const lowest = Math.min(...line.map((singer) => levelOf([singer])));
  const leader = line.find((singer) => turnsOf(singer) > 0 && levelOf([singer]) === lowest);
  const isLeading = (singer: string) => leader !== undefined && byTurn(singer, leader) === 0;
  const places = new Map(line.map((singer) => [
    singer,
    isLeading(singer) ? -1 : line.findIndex((other) => byTurn(singer, other) === 0),
  ]));

  const sungSince = new Map<string, number>();
  const order: Song[] = [];
  for (let step = 1; waiting.length > 0; step++) {
    const blocked = new Set<string>();
    let best: { key: number[]; index: number } | undefined;
    for (const [index, { singers }] of waiting.entries()) {
      const mayGo = [...singers].every((singer) => !blocked.has(singer));
      singers.forEach((singer) => blocked.add(singer));
      if (!mayGo) continue;
      const key = [
        levelOf(singers),
        Math.max(...[...singers].map((singer) => sungSince.get(singer) ?? 0)),
        Math.max(...[...singers].map((singer) => places.get(singer) ?? 0)),
        index,
      ];
      const difference = best ? key.map((value, at) => value - best!.key[at]!).find((by) => by !== 0) : -1;
      if (difference! < 0) best = { key, index };
    }
    const next = waiting[best!.index]!;
    waiting = waiting.filter((other) => other !== next);
    order.push(next.song);
    const already = Math.max(...[...next.singers].map((singer) => sungSince.get(singer) ?? 0));
    for (const singer of next.singers) sungSince.set(singer, already + 1);
    sing(next.singers, now + step);
  }
  const onStage = night.filter(({ state }) => state === "performing");
  const taken = order.filter(({ state }) => state === "accepted");
  const pending = order.filter(({ state }) => state === "pending");
  return [...onStage, ...taken, ...pending].map(({ number }) => number);
}

const names = ["Ann", "ann", "Ben", "Cy", "Dot", "Eve", "Flo", "Gus"];

function randomNight(seed: number, accounts: string[]): Song[] {
  const random = randomNumbers(seed);
  const below = (count: number) => Math.floor(random() * count);
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)]!;
  const size = below(40);
  const share = random();
  let onStage = false;
  return Array.from({ length: size }, (_, number) => {
    let state: Song["state"] = "pending";
    if (random() < share) state = random() < 0.15 ? "skipped" : "completed";
    else if (random() < 0.2) state = "accepted";
    else if (!onStage && random() < 0.1) state = "performing";
    onStage ||= state === "performing";
    const askedAt = below(60) * 5;
    return {
      number,
      account: random() < 0.6 ? pick(accounts) : null,
      names: random() < 0.75 ? [pick(names)] : Array.from({ length: 2 + below(3) }, () => pick(names)),
      state,
      askedAt,
      sungAt: state === "completed" ? askedAt + below(120) : null,
    };
  });
}

class Undo extends Error {}

test("on 150 random nights the rotation is that of an independent model", { timeout: 120_000 }, async () => {
  let compared = 0;
  await database.begin(async (sql) => {
    const accounts = (await sql<{ id: string }[]>`
      insert into auth.users (id, aud, role, is_anonymous, raw_app_meta_data, raw_user_meta_data)
      select gen_random_uuid(), 'authenticated', 'authenticated', true, '{}', '{}' from generate_series(1, 5)
      returning id`).map(({ id }) => id);
    await sql`update public.venue_rules set queue_order = 'rotation' where venue_id = ${venueId}`;
    for (let seed = 1; seed <= 150; seed++) {
      const night = randomNight(seed, accounts);
      await sql`delete from public.requests where venue_id = ${venueId}`;
      await sql`delete from public.shows where venue_id = ${venueId}`;
      await sql`
        with show as (
          insert into public.shows (organization_id, venue_id, opened_at)
          values (${host.organizationId}, ${venueId}, now() - interval '12 hours') returning id
        )
        insert into public.requests (
          organization_id, venue_id, show_id, openkj_request_id, singer_user_id, singer_names, artist, title, state, requested_at, processed_at
        )
        select
          ${host.organizationId}, ${venueId}, show.id, ${seed * 1000}::integer + song.number, song.account,
          array(select jsonb_array_elements_text(song.names)), 'Artist', song.number::text, song.state,
          now() - interval '12 hours' + make_interval(mins => song."askedAt"),
          now() - interval '12 hours' + make_interval(mins => song."sungAt")
        from show, jsonb_to_recordset(${sql.json(night as never)}) as song (
          number integer, account uuid, names jsonb, state text, "askedAt" integer, "sungAt" integer
        )
        order by song.number`;
      const rows = await sql<{ number: number }[]>`
        select request.title::integer as number
        from private.queue(${venueId}) as queue join public.requests as request on request.id = queue.request_id
        order by queue.place`;
      expect(rows.map(({ number }) => number), `night ${seed}: ${JSON.stringify(night)}`).toEqual(
        playOn(night),
      );
      compared += rows.length;
    }
    throw new Undo();
  }).catch((error: unknown) => {
    if (!(error instanceof Undo)) throw error;
  });
  expect(compared).toBeGreaterThan(1000);
});
