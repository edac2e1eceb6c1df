/** Asking for songs, reading the queue as its history grows, finding venues nearby, and what the permission path costs. */
import { database, forgetRateLimits } from "../support/database.ts";
import { addOpenkjKey, addVenue, expectData, openkj, signInGuest, signUpHost } from "../support/people.ts";
import { latencies, Report, scale, throughput } from "./bench.ts";

const report = new Report();
const isLarge = scale === "large";

await forgetRateLimits();
const host = await signUpHost("bench");
const venue = await addVenue(host);
const key = await addOpenkjKey(host);
await openkj({ command: "clearDatabase", api_key: key, system_id: 1 });
const songs = Array.from(
  { length: 900 },
  (_, number) => ({ artist: `Artist ${number}`, title: `Title ${number}` }),
);
await openkj({ command: "addSongs", api_key: key, system_id: 1, songs });
expectData(
  await host.client.from("venue_rules").update({
    max_active_requests: 100,
    same_song: "not_while_active",
    last_initial_required: true,
    queue_order: "rotation",
    max_requests_per_hour: 10_000,
  }).eq("venue_id", venue.id).select().single(),
);

// Every rule on, through the API, against an insert into a table with one policy and no rule.
await database.unsafe(`
  create table if not exists public.bench_rows (id bigint generated always as identity primary key, text text);
  alter table public.bench_rows enable row level security;
  grant insert (text) on public.bench_rows to authenticated;
  drop policy if exists bench on public.bench_rows;
  create policy bench on public.bench_rows for insert to authenticated with check ((select auth.uid()) is not null);
  update private.rate_limits set maximum = maximum * 1000 where key like 'requests%' or key = 'user_writes';
  notify pgrst, 'reload schema';`);
try {
  const guests = await Promise.all(Array.from({ length: 8 }, signInGuest));
  const insert = async (_: unknown, caller: number): Promise<void> => {
    // The generated types know nothing of a table that is only here for this benchmark.
    const { error } = await guests[caller]!.client.from("bench_rows" as "profiles")
      .insert({ text: "x" } as never);
    if (error) throw new Error(error.message);
  };
  const submit = async (number: number, caller: number): Promise<void> => {
    expectData(
      await guests[caller]!.client.rpc("submit_request", {
        p_venue_id: venue.id,
        p_artist: songs[number]!.artist,
        p_title: songs[number]!.title,
        p_singer_names: ["Ann A"],
      }),
    );
  };
  for (let waited = 0; waited < 50; waited++) {
    if (await insert(0, 0).then(() => true, () => false)) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const numbers = Array.from({ length: 400 }, (_, number) => number);
  const bare = await throughput(numbers, 8, insert);
  report.add({
    name: "submit_request with every rule on, 8 callers, to a bare insert",
    value: await throughput(numbers, 8, submit),
    unit: "/s",
    baseline: bare,
    atLeast: 0.5,
  });
} finally {
  await database.unsafe(`
    drop table public.bench_rows;
    update private.rate_limits set maximum = maximum / 1000 where key like 'requests%' or key = 'user_writes';
    notify pgrst, 'reload schema';`);
}

/** What is only there to be measured against is taken back. */
class Undo extends Error {}

async function measured(work: (sql: typeof database) => Promise<void>): Promise<void> {
  await database.begin(async (transaction) => {
    await work(transaction as unknown as typeof database);
    throw new Undo();
  }).catch((error: unknown) => {
    if (!(error instanceof Undo)) throw error;
  });
}

await measured(async (sql) => {
  await sql`alter table public.requests disable trigger user`;
  const grow = (count: number, from: number) =>
    sql`
      insert into public.requests (organization_id, venue_id, openkj_request_id, singer_names, artist, title, state, requested_at, processed_at)
      select ${host.organizationId}, ${venue.id}, ${from} + i, '{Old}', 'Artist ' || i % 900, 'Title ' || i % 900, 'completed',
        now() - make_interval(days => 2, mins => i), now()
      from generate_series(1, ${count}::integer) as i`;
  const reads = Array.from({ length: 200 }, () => 0);
  const read = () => sql`select * from private.queue(${venue.id})`;
  const [guest] = await sql<{ id: string }[]>`select id from auth.users order by created_at desc limit 1`;
  let number = 0;
  const submit = () =>
    sql`select private.insert_request(${venue.id}, ${guest!.id}, ${guest!.id}, '{"Ann A"}', null,
      ${`Free ${number}`}, ${`Song ${number++}`}, 0, null, null, true)`;
  const history = isLarge ? 100_000 : 10_000;
  await grow(history, 1_000_000);
  await sql`analyze public.requests`;
  await sql`alter table public.requests enable trigger user`;
  const before = { read: await latencies(reads, read, 3), submit: await latencies(reads, submit) };
  await sql`update public.requests set state = 'cancelled' where venue_id = ${venue.id} and artist like 'Free%'`;
  await sql`alter table public.requests disable trigger user`;
  await grow(history * 9, 10_000_000);
  await sql`analyze public.requests`;
  await sql`alter table public.requests enable trigger user`;
  const after = { read: await latencies(reads, read, 3), submit: await latencies(reads, submit) };
  report.add({
    name: "reading the queue, ten times the history",
    value: after.read.p50,
    unit: "ms",
    baseline: before.read.p50,
    atMost: 1.2,
  });
  report.add({
    name: "asking for a song, ten times the history",
    value: after.submit.p50,
    unit: "ms",
    baseline: before.submit.p50,
    atMost: 1.2,
  });
});

await measured(async (sql) => {
  const count = isLarge ? 1_000_000 : 100_000;
  await sql`alter table public.venues disable trigger user`;
  await sql`
    insert into public.venues (organization_id, openkj_venue_id, url_name, name, address, city, state, postal_code, latitude, longitude)
    select ${host.organizationId}, 10000 + i, 'bench-' || i, 'Bench', 'X', 'X', 'XX', 'X', 25 + random() * 24, -125 + random() * 58
    from generate_series(1, ${count}::integer) as i`;
  await sql`analyze public.venues`;
  const places = Array.from(
    { length: 200 },
    (_, number) => [30 + (number % 20) * 0.7, -120 + (number % 50)] as const,
  );
  const lookup = await latencies(places, () => sql`select name from public.venues where id = ${venue.id}`, 3);
  const nearby = await latencies(
    places,
    ([latitude, longitude]) => sql`select * from public.nearby_venues(${latitude}, ${longitude})`,
    3,
  );
  report.add({
    name: `nearby among ${count} venues, p95, to a primary-key lookup`,
    value: nearby.p95,
    unit: "ms",
    baseline: lookup.p95,
    atMost: 100,
  });
});

await measured(async (sql) => {
  const organizations = isLarge ? 10_000 : 1_000;
  const token = (await host.client.auth.getSession()).data.session?.access_token ?? "";
  const claims = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
  await sql`alter table public.organizations disable trigger user`;
  await sql`alter table public.organization_members disable trigger user`;
  await sql`alter table public.venues disable trigger user`;
  await sql`create temporary table made as select gen_random_uuid() as id, i from generate_series(1, ${organizations}::integer) as i`;
  await sql`create temporary table people as select gen_random_uuid() as id, i from generate_series(1, 10 * ${organizations}::integer) as i`;
  await sql`insert into public.organizations (id, name) select id, 'Bench' from made`;
  await sql`insert into auth.users (id, aud, role, email, raw_user_meta_data) select id, 'authenticated', 'authenticated', id || '@bench.invalid', '{}' from people`;
  await sql`
    insert into public.organization_members (organization_id, user_id, role_key)
    select made.id, people.id, 'staff' from people join made on made.i = people.i % ${organizations}::integer + 1`;
  await sql`
    insert into public.venues (organization_id, openkj_venue_id, url_name, name, address, city, state, postal_code)
    select ${host.organizationId}, 20000 + i, 'rls-' || i, 'Bench', 'X', 'X', 'XX', 'X' from generate_series(1, 100) as i`;
  await sql`analyze public.organizations, public.organization_members, public.venues`;
  const list = () =>
    sql`select id, name, city from public.venues where organization_id = ${host.organizationId} order by id limit 100`;
  const times = Array.from({ length: 300 }, () => 0);
  const without = await latencies(times, list, 3);
  await sql`select set_config('request.jwt.claims', ${claims}, true)`;
  await sql`set local role authenticated`;
  const under = await latencies(times, list, 3);
  await sql`reset role`;
  report.add({
    name: `a list of 100 venues under row-level security, ${
      organizations * 10
    } memberships, to the same without`,
    value: under.p50,
    unit: "ms",
    baseline: without.p50,
    atMost: 1.2,
  });
});

await database.end();
if (!report.finish()) process.exitCode = 1;
