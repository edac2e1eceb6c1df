import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { pg_trgm } from "@electric-sql/pglite/contrib/pg_trgm";
import { pgcrypto } from "@electric-sql/pglite/contrib/pgcrypto";
import { unaccent } from "@electric-sql/pglite/contrib/unaccent";
import { uuid_ossp } from "@electric-sql/pglite/contrib/uuid_ossp";
import { postgis } from "@electric-sql/pglite-postgis";
import { afterAll, beforeAll, expect, test } from "vitest";

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
}, 120_000);

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

test("a place is found by its distance", async () => {
  const { rows } = await database.query<{ metres: number }>(`
    select extensions.st_distance(
      extensions.st_makepoint(13.4, 52.5)::extensions.geography,
      extensions.st_makepoint(13.4, 52.6)::extensions.geography
    ) as metres
  `);
  expect(rows[0]?.metres).toBeGreaterThan(11_000);
  expect(rows[0]?.metres).toBeLessThan(11_300);
});
