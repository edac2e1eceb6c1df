/**
 * What the permission path costs an app: a list of 100 rows over REST beside many organizations, to the same list from a copy of the
 * table without row-level security, with the same token.
 */
import { database, forgetRateLimits } from "../support/database.ts";
import { signUpHost } from "../support/people.ts";
import { Report, scale } from "./bench.ts";

const report = new Report();
const organizations = scale === "large" ? 10_000 : 1_000;

await forgetRateLimits();
const host = await signUpHost("bench");

// Rows that nobody looks at: what they would set off is left out.
await database.begin(async (sql) => {
  for (const table of ["organizations", "organization_members", "venues"]) {
    await sql.unsafe(`alter table public.${table} disable trigger user`);
  }
  await sql`
    create temporary table made on commit drop as
    select gen_random_uuid() as id, i from generate_series(1, ${organizations}::integer) as i`;
  await sql`
    create temporary table people on commit drop as
    select gen_random_uuid() as id, i from generate_series(1, 10 * ${organizations}::integer) as i`;
  await sql`insert into public.organizations (id, name) select id, 'Bench' from made`;
  await sql`
    insert into auth.users (id, aud, role, email, raw_user_meta_data)
    select id, 'authenticated', 'authenticated', id || '@bench.invalid', '{}' from people`;
  await sql`
    insert into public.organization_members (organization_id, user_id, role_key)
    select made.id, people.id, 'staff' from people join made on made.i = people.i % ${organizations}::integer + 1`;
  // The caller works in some of them, too.
  await sql`
    insert into public.organization_members (organization_id, user_id, role_key)
    select id, ${host.userId}, 'manager' from made order by id limit 10`;
  await sql`
    insert into public.venues (organization_id, openkj_venue_id, url_name, name, address, city, state, postal_code)
    select ${host.organizationId}, 20000 + i, 'rls-' || ${host.organizationId}::text || i, 'Bench', 'X', 'X', 'XX', 'X' from generate_series(1, 100) as i`;
  for (const table of ["organizations", "organization_members", "venues"]) {
    await sql.unsafe(`alter table public.${table} enable trigger user`);
  }
});
await database.unsafe(`
  analyze public.organizations, public.organization_members, public.venues, auth.users;
  create table public.bench_venues as select * from public.venues;
  alter table public.bench_venues add primary key (id);
  create index on public.bench_venues (organization_id);
  grant select on public.bench_venues to authenticated;
  analyze public.bench_venues;
  notify pgrst, 'reload schema';`);

const list = (table: "venues") => async () => {
  const { data, error } = await host.client.from(table).select("id, name, city")
    .eq("organization_id", host.organizationId).order("id").limit(100);
  if (error || data.length !== 100) throw new Error(error?.message ?? `${data?.length} rows`);
};
// The generated types know nothing of a table that is only here for this benchmark.
const open = list("bench_venues" as "venues");
for (let waited = 0; waited < 50; waited++) {
  if (await open().then(() => true, () => false)) break;
  await new Promise((resolve) => setTimeout(resolve, 100));
}
// In turns, so that a busy moment is shared.
const times = Array.from({ length: 600 }, (_, number) => number);
const took = { open: [] as number[], held: [] as number[] };
for (const number of times) {
  const started = performance.now();
  await (number % 2 === 0 ? open() : list("venues")());
  took[number % 2 === 0 ? "open" : "held"].push(performance.now() - started);
}
const median = (values: number[]): number =>
  values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;
report.add({
  name: `100 venues under row-level security beside ${organizations * 10} memberships, to the same without`,
  value: median(took.held),
  unit: "ms",
  baseline: median(took.open),
  atMost: 1.2,
});
await database`drop table public.bench_venues`;

await database.end();
if (!report.finish()) process.exitCode = 1;
