import { createHash } from "node:crypto";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import postgres, { type Sql } from "postgres";
import { databaseUrl, type Instance, root } from "./instance.ts";
import type { Say } from "./service.ts";

/** The SQL files of a folder, in load order. */
export function sqlFiles(folder: string): string[] {
  return readdirSync(folder).filter((file) => file.endsWith(".sql")).sort().map((file) => join(folder, file));
}

async function connected(instance: Instance, role: string, work: (sql: Sql) => Promise<void>): Promise<void> {
  const sql = postgres(databaseUrl(instance, role), { max: 1, onnotice: () => {} });
  try {
    await work(sql);
  } finally {
    await sql.end();
  }
}

/** Where a composed migration's line comes from: the nearest heading above it that names a file. */
function sourceOf(path: string, lines: string[], line: number): string {
  for (let index = line - 1; index >= 0; index--) {
    const heading = /^-- (\S+\/\S+\.sql)$/.exec(lines[index] ?? "");
    if (heading !== null) return `${heading[1]}:${line - index - 1}`;
  }
  return `${relative(root, path)}:${line}`;
}

/** Runs a file as one transaction; a failure names the file and the line. */
async function runFile(sql: Sql, path: string, afterwards?: (sql: Sql) => Promise<unknown>): Promise<void> {
  const text = readFileSync(path, "utf8");
  try {
    await sql.begin(async (transaction) => {
      await transaction.unsafe(text).simple();
      await afterwards?.(transaction as unknown as Sql);
    });
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    const line = text.slice(0, Number(error.position ?? 1)).split("\n").length;
    const where = sourceOf(path, text.split("\n"), line);
    const more = [error.detail, error.hint, error.where].filter((part) => part !== undefined).join("\n");
    throw new Error(`${where}: ${error.message} (${error.code})${more === "" ? "" : `\n${more}`}`);
  }
}

/** Makes a new cluster what a new Supabase project is. */
export async function loadPlatform(instance: Instance, say: Say): Promise<void> {
  await connected(instance, "supabase_admin", async (sql) => {
    const [found] = await sql`select to_regclass('supabase_migrations.schema_migrations') as migrations`;
    if (found?.migrations !== null) return;
    say("Making a new project's database");
    const text = sqlFiles(join(root, "stack", "platform")).map((path) => readFileSync(path, "utf8")).join(
      "\n",
    );
    await sql.begin((transaction) => transaction.unsafe(text).simple());
  });
}

/** Applies the migrations that are not recorded yet, as the CLI does, and says when a recorded one was changed since. */
export async function applyMigrations(instance: Instance, say: Say): Promise<void> {
  await connected(instance, "postgres", async (sql) => {
    const rows = await sql<{ version: string; statements: string[] }[]>`
      select version, statements from supabase_migrations.schema_migrations
    `;
    const applied = new Map(rows.map((row) => [row.version, row.statements.join("\n")]));
    for (const path of sqlFiles(join(root, "supabase", "migrations"))) {
      const [, version = "", name = ""] = /^(\d+)_(.*)\.sql$/.exec(basename(path)) ?? [];
      const text = readFileSync(path, "utf8");
      const recorded = applied.get(version);
      if (recorded === undefined) {
        say(`Applying the migration ${basename(path)}`);
        await runFile(sql, path, (transaction) =>
          transaction`
          insert into supabase_migrations.schema_migrations (version, name, statements)
          values (${version}, ${name}, ${[text]})
        `);
      } else if (recorded !== text) {
        say(`${basename(path)} has changed since this database was made; \`npm run reset\` makes it anew`);
      }
    }
  });
}

/** Plants the seeds that were not planted yet, and records them where the CLI does. */
export async function plantSeeds(instance: Instance, say: Say): Promise<void> {
  const { enabled, sql_paths: patterns } = instance.config.db.seed;
  if (!enabled) return;
  const folder = join(root, "supabase");
  const paths = patterns.flatMap((pattern) => globSync(pattern, { cwd: folder }).sort());
  await connected(instance, "postgres", async (sql) => {
    await sql`create table if not exists supabase_migrations.seed_files (path text primary key, hash text not null)`;
    const planted = await sql<{ path: string }[]>`select path from supabase_migrations.seed_files`;
    for (const path of paths) {
      if (planted.some((row) => row.path === path)) continue;
      const file = join(folder, path);
      say(`Planting ${relative(root, file)}`);
      const hash = createHash("sha256").update(readFileSync(file)).digest("hex");
      await runFile(
        sql,
        file,
        (transaction) =>
          transaction`insert into supabase_migrations.seed_files (path, hash) values (${path}, ${hash})`,
      );
    }
  });
}
