// What the Supabase CLI does with the database, told by its address as with any project in the cloud.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import * as z from "zod";
import { database } from "../support/database.ts";
import { environment } from "../support/environment.ts";

vi.setConfig({ testTimeout: 180_000 });

const root = join(import.meta.dirname, "..", "..");
const program = join(root, "node_modules", ".bin", "supabase");
const version = "29990101000000";
const schema = `test_command_line_${randomUUID().slice(0, 8)}`;
let folder: string;

/** Advice of level WARN or above that is not followed, by the cache key of its finding, and why. */
const accepted: Record<string, string> = {};

async function supabase(...words: string[]): Promise<{ code: number; out: string; all: string }> {
  const options = {
    cwd: folder,
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, SUPABASE_TELEMETRY_DISABLED: "1", PGSSLMODE: "disable" },
  };
  return await new Promise((resolve) => {
    execFile(program, [...words, `--remote=${environment.databaseUrl}`], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, out: stdout, all: stdout + stderr });
    });
  });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "command-line-"));
  mkdirSync(join(folder, "supabase"));
  for (const part of ["config.toml", "migrations"]) {
    cpSync(join(root, "supabase", part), join(folder, "supabase", part), { recursive: true });
  }
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database.unsafe(`
    drop schema if exists ${schema} cascade;
    delete from supabase_migrations.schema_migrations where version = '${version}'`);
});

test("migration list finds applied what was applied", async () => {
  const { code, all } = await supabase("migration", "list");
  expect(code, all).toBe(0);
  const [row] = await database<{ version: string }[]>`
    select max(version) as version from supabase_migrations.schema_migrations`;
  expect(all).toMatch(new RegExp(`${row?.version}\\W+${row?.version}`));
});

test("db push applies a new migration, once", async () => {
  const sql = `create schema ${schema};\ncreate table ${schema}.pushed (id integer primary key);\n`;
  writeFileSync(join(folder, "supabase", "migrations", `${version}_pushed.sql`), sql);
  const dry = await supabase("db", "push", "--dry-run");
  expect([dry.code, dry.all.includes(`${version}_pushed.sql`)], dry.all).toEqual([0, true]);
  const pushed = await supabase("db", "push", "--yes");
  expect(pushed.code, pushed.all).toBe(0);
  const [table] = await database`
    select relowner::regrole::text as owner from pg_class where oid = to_regclass(${`${schema}.pushed`})`;
  expect(table).toEqual({ owner: "postgres" });
  const [row] = await database`
    select name, array_length(statements, 1) as statements from supabase_migrations.schema_migrations
    where version = ${version}`;
  expect(row).toEqual({ name: "pushed", statements: 2 });
  const again = await supabase("db", "push", "--yes");
  expect([again.code, again.all.includes("up to date")], again.all).toEqual([0, true]);
});

test("gen types describes every table and function of the API", async () => {
  const { code, out, all } = await supabase("gen", "types", "typescript", "--schema=public");
  expect(code, all).toBe(0);
  for (const name of ["venues", "requests", "submit_request", "search_songs"]) {
    expect(out).toMatch(new RegExp(`\\b${name}"?:\\s*\\{`));
  }
});

test("db lint finds nothing wrong", async () => {
  const { code, all } = await supabase(
    "db",
    "lint",
    "--schema=public,private",
    "--level=error",
    "--fail-on=error",
  );
  expect(code, all).toBe(0);
});

const advice = z.object({
  results: z.array(
    z.looseObject({
      detail: z.string(),
      cacheKey: z.string(),
      metadata: z.looseObject({ schema: z.string().optional() }),
    }),
  ),
});

test("db advisors says nothing of weight that is not accepted with a reason", async () => {
  const { code, out, all } = await supabase(
    "db",
    "advisors",
    "--type=all",
    "--level=warn",
    "--output-format=json",
  );
  expect(code, all).toBe(0);
  // Other tests have schemas and policies of their own at the same time.
  const reported = advice.parse(JSON.parse(out)).results.filter(({ detail, metadata: { schema } }) =>
    schema === undefined || schema === "public" || schema === "private" ||
    ["realtime", "storage"].includes(schema) && !/test|faults/.test(detail)
  );
  expect(reported.filter(({ cacheKey }) => !(cacheKey in accepted))).toEqual([]);
  expect(Object.keys(accepted).filter((key) => !reported.some(({ cacheKey }) => cacheKey === key))).toEqual(
    [],
  );
});
