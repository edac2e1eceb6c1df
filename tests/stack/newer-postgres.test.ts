import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { pg_trgm } from "@electric-sql/pglite/contrib/pg_trgm";
import { pgcrypto } from "@electric-sql/pglite/contrib/pgcrypto";
import { unaccent } from "@electric-sql/pglite/contrib/unaccent";
import { uuid_ossp } from "@electric-sql/pglite/contrib/uuid_ossp";
import { postgis } from "@electric-sql/pglite-postgis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { database as runningDatabase } from "../support/database.ts";

const root = join(import.meta.dirname, "..", "..");

function sqlOf(folder: string): string[] {
  return readdirSync(join(root, folder)).filter((file) => file.endsWith(".sql")).sort()
    .map((file) => readFileSync(join(root, folder, file), "utf8"));
}

/** An in-process PostgreSQL, three majors newer than Debian's, that knows fewer extensions. */
let database: PGlite;

async function become(role: string): Promise<void> {
  await database.exec(`reset role; set session authorization ${role}; reset all;`);
}

beforeAll(async () => {
  database = await PGlite.create({ extensions: { pg_trgm, pgcrypto, postgis, unaccent, uuid_ossp } });
  // There the first superuser is called `postgres`; on Supabase that is the name of a lesser role.
  await database.exec("create role supabase_admin superuser login createrole createdb replication bypassrls");
  await become("supabase_admin");
  await database.exec("alter role postgres rename to founder");
  for (const file of sqlOf("stack/platform")) await database.exec(file);
  for (const service of ["auth", "realtime"]) {
    await database.exec(readFileSync(join(root, "stack", service, "schema.sql"), "utf8"));
    await become("supabase_admin");
  }
  await become("postgres");
  for (const migration of sqlOf("supabase/migrations")) await database.exec(migration);
}, 300_000);

afterAll(() => database.close());

test("the database is of a newer major, and its owner no superuser", async () => {
  const { rows } = await database.query<{ major: number; superuser: boolean }>(`
    select current_setting('server_version_num')::integer / 10000 as major, rolsuper as superuser
    from pg_roles where rolname = current_user
  `);
  expect(rows[0]?.major).toBeGreaterThanOrEqual(17);
  expect(rows[0]?.superuser).toBe(false);
});

test("all migrations load, and every table is behind row-level security", async () => {
  const { rows } = await database.query<{ table: string; secured: boolean }>(`
    select relname as table, relrowsecurity as secured
    from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by relname
  `);
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.filter((row) => !row.secured)).toEqual([]);
});

/** The people and the night of the pgTAP tests, without pgTAP and without what only psql understands. */
const scene =
  ["actors", "night"].map((name) =>
    readFileSync(join(root, "tests", "database", "support", `${name}.psql`), "utf8")
      .replace(/^create extension .*$/m, "")
      .replaceAll(/^\\g .*$/gm, ";")
  ).join("\n") + `
create table tests.keys (secret text not null);
grant all on tests.keys to public;
create function tests.openkj(p_command text, p_more jsonb default '{}') returns jsonb language plpgsql as $$
declare
  v_body jsonb := jsonb_build_object('command', p_command, 'api_key', (select secret from tests.keys)) || p_more;
  v_reply jsonb;
begin
  perform set_config('role', 'openkj_gateway', true);
  v_reply := private.openkj_call(v_body, '198.51.100.7');
  perform set_config('role', 'none', true);
  return v_reply;
end $$;`;

/** For each area what somebody does and reads, one after the other; nothing in the rows is made by chance. */
const smoke: [area: string, actor: string, sql: string][] = [
  [
    "identity",
    "eve",
    "select key from jsonb_object_keys(to_jsonb(public.export_account())) as key order by key",
  ],
  ["identity", "eve", "select nickname, preferences from public.singer_profiles"],
  ["identity", "eve", "select count(*) as sessions from public.list_sessions()"],
  [
    "organizations",
    "alice",
    `select email, name, role_key, status, grants, denials, has_second_factor, total_count
     from public.list_members(tests.id('A')) order by email`,
  ],
  ["organizations", "stan", "select name from public.organizations"],
  [
    "venues",
    "anon",
    `select name, url_name, city, distance_miles, distance_kilometers
     from public.nearby_venues(-48.8, -123.4, 50) order by distance_miles, name`,
  ],
  ["venues", "anon", "select name, city from public.find_venue('hall-of-the-tests')"],
  ["venues", "mia", "select name, is_private from public.venues order by name"],
  [
    "songs",
    "anon",
    "select artist, title, match, total_count from public.search_songs(tests.id('hall'), 'zzyzx fir')",
  ],
  ["songs", "anon", "select artist, title, match from public.search_songs(tests.id('hall'), 'thrid song')"],
  ["songs", "anon", "select artist, title, match from public.search_songs(tests.id('hall'), 'QWXV thïrd')"],
  ["songs", "anon", "select * from public.browse_letters(tests.id('hall')) order by letter"],
  ["songs", "anon", "select * from public.browse_artists(tests.id('hall'), 'Q')"],
  [
    "openkj",
    "alice",
    `
    insert into tests.keys select public.create_api_key(tests.id('A'), 'All',
      array['requests:read', 'requests:write', 'songs:read', 'songs:write']) ->> 'key'`,
  ],
  ["openkj", "postgres", "select tests.openkj('getSerial') as reply"],
  [
    "queue",
    "gus",
    `select artist, title, singer_name, state, key_change
     from public.submit_request(tests.id('hall'), tests.number('third song'), null, null, array['Gus', 'Kim'], -2)`,
  ],
  ["queue", "stan", "select state from public.set_request_state(tests.number('request of eve'), 'accepted')"],
  [
    "queue",
    "stan",
    "select place, singer_name, title, state from public.public_queue(tests.id('hall')) order by place",
  ],
  [
    "queue",
    "postgres",
    "update public.venue_rules set queue_order = 'rotation' where venue_id = tests.id('hall')",
  ],
  [
    "queue",
    "gus",
    "select title, singer_name, state, place from public.my_requests(tests.id('hall')) order by title",
  ],
  [
    "queue",
    "stan",
    "select place, singer_name, title, state from public.public_queue(tests.id('hall')) order by place",
  ],
  ["openkj", "postgres", "select tests.openkj('getSerial') as reply"],
  ["openkj", "postgres", "select tests.openkj('getVenues') as reply"],
  [
    "openkj",
    "postgres",
    `select request.value - 'request_time' as request
     from jsonb_array_elements(tests.openkj('getRequests', '{"venue_id": 1001}') -> 'requests') as request`,
  ],
  [
    "messages",
    "alice",
    "select public.invite_member(tests.id('A'), 'someone@tests.invalid', 'staff') is not null as is_invited",
  ],
  [
    "messages",
    "postgres",
    `select channel, template, recipient, subject, body_text like '%http%' as has_link, body_html is null as is_plain
     from private.rendered_messages where recipient = 'someone@tests.invalid'`,
  ],
  [
    "audit",
    "alice",
    `select table_name, operation, actor_kind, count(*) from public.audit_entries
     where organization_id = tests.id('A')
     group by table_name, operation, actor_kind order by table_name, operation, actor_kind`,
  ],
];

type Run = (sql: string) => Promise<unknown[]>;

/** Plays the scene in an open transaction; what each step answered. */
async function play(run: Run): Promise<[string, string, unknown][]> {
  await run(scene);
  const answers: [string, string, unknown][] = [];
  for (const [area, actor, sql] of smoke) {
    if (sql.trimStart().startsWith("select")) {
      const [row] = await run(`select tests.answer('${actor}', $smoke$ ${sql} $smoke$) as answer`) as {
        answer: unknown;
      }[];
      answers.push([area, sql, row?.answer]);
    } else {
      await run(`select tests.act_as('${actor}')`);
      await run(sql);
      await run("select tests.act_as_owner_role()");
    }
  }
  return answers;
}

test("every area gives the same rows there as on the running database", async () => {
  await database.exec("begin");
  const newer = await play(async (sql) => (await database.exec(sql)).at(-1)?.rows ?? []);
  await database.exec("rollback");

  let running: typeof newer = [];
  const undo = new Error("undo");
  await runningDatabase.begin(async (transaction) => {
    running = await play((sql) => transaction.unsafe(sql));
    throw undo;
  }).catch((error: unknown) => {
    if (error !== undo) throw error;
  });

  expect(newer.filter(([, , answer]) => Array.isArray(answer) && answer.length === 0)).toEqual([]);
  expect(newer).toEqual(running);
});
