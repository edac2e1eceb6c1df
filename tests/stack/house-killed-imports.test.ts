// Whatever dies while a song book is imported, and when: singers see the old book or the new one, and the import comes to its end.
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Database } from "../../types/database.ts";
import { ProjectCopy } from "../support/project-copy.ts";

const patience = { timeout: 120_000, interval: 50 };

// A start takes seconds on a quiet machine, and has to share a busy one.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let project: ProjectCopy;
let variables: Record<string, string>;
let host: SupabaseClient<Database>;
let organizationId: string;
let systemId: string;
let number = 0;

const pidOf = (name: string) => Number(project.read(`.stack/demo/pids/${name}.pid`).split(" ")[0]);
const connect = () => postgres(variables.DB_URL ?? "", { max: 1, onnotice: () => {}, connect_timeout: 2 });

/** Asks on a connection of its own, since the database may have died since the last question. */
async function ask<Row extends postgres.Row>(query: (sql: postgres.Sql) => Promise<Row[]>): Promise<Row[]> {
  const sql = connect();
  try {
    return await query(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

const listOf = (name: string) =>
  Array.from({ length: 4500 }, (_, index) => `${name} ${index % 90} - Song ${index}`);

async function book(): Promise<string[]> {
  const songs = await ask((sql) =>
    sql<{ song: string }[]>`select artist || ' - ' || title as song from private.export_songs(${systemId})`
  );
  return songs.map(({ song }) => song).sort();
}

async function start(songs: string[]): Promise<string> {
  const path = `${organizationId}/${systemId}/${number++}.txt`;
  expect((await host.storage.from("imports").upload(path, new Blob([songs.join("\n")]))).error).toBeNull();
  const { data, error } = await host.rpc("start_song_import", {
    p_system_id: systemId,
    p_path: path,
    p_mode: "replace",
  });
  if (error) throw new Error(error.message);
  return data;
}

async function stateOf(id: string): Promise<string> {
  const [row] = await ask((sql) =>
    sql<{ state: string }[]>`select state from public.song_imports where id = ${id}`
  );
  return row!.state;
}

/** What the schedule does every minute, once a minute has passed since the last sign of the run. */
async function resume(id: string): Promise<void> {
  await ask((sql) =>
    sql`update private.song_import_runs set last_sign_at = now() - interval '2 minutes' where song_import_id = ${id}`
  );
  await vi.waitFor(async () => {
    const answer = await fetch(`${variables.API_URL}/functions/v1/song-books/resume-imports`, {
      method: "POST",
      headers: { apikey: variables.SECRET_KEY ?? "" },
    });
    expect(await answer.text()).toContain("resumed");
  }, patience);
}

const barriers: Record<string, (sql: postgres.TransactionSql, id: string) => Promise<unknown>> = {
  /** Stands where the run will put one of its next batches. */
  "between two batches": async (sql, id) => {
    for (let batch = 1;; batch++) {
      const [free] = await sql`
        insert into private.song_import_batches (song_import_id, number, fingerprints) values (${id}, ${batch}, '{}')
        on conflict do nothing returning number`;
      if (free !== undefined) return;
    }
  },
  /** Holds the book that the run is about to replace. */
  "in the last step": (sql) => sql`select private.lock_book(${systemId})`,
};

async function isHeldUp(): Promise<void> {
  await vi.waitFor(async () => {
    const waiting = await ask((sql) =>
      sql`
      select from pg_stat_activity where application_name = 'song_books_gateway' and wait_event_type = 'Lock'`
    );
    expect(waiting).toHaveLength(1);
  }, patience);
}

beforeAll(async () => {
  project = await ProjectCopy.make();
  expect((await project.run("start")).code).toBe(0);
  const { output } = await project.run("status");
  variables = Object.fromEntries(
    [...output.matchAll(/^([A-Z_]+)="(.*)"$/gm)].map(([, name, value]) => [name, value]),
  );
  host = createClient<Database>(variables.API_URL ?? "", variables.PUBLISHABLE_KEY ?? "", {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { error } = await host.auth.signInWithPassword({
    email: variables.HOST_EMAIL ?? "",
    password: variables.HOST_PASSWORD ?? "",
  });
  expect(error).toBeNull();
  organizationId = (await host.from("organizations").select("id").limit(1).single()).data!.id;
  const system = { organization_id: organizationId, name: "Killed" };
  systemId = (await host.from("systems").insert(system).select("id").single()).data!.id;
});

afterAll(async () => {
  await host?.removeAllChannels();
  await project?.remove();
});

let current: string[] = [];

test.each([
  ["function-song-books", "between two batches"],
  ["postgres", "between two batches"],
  ["function-song-books", "in the last step"],
  ["postgres", "in the last step"],
])("%s is killed %s", async (server, moment) => {
  const before = current;
  const after = listOf(`${server} ${moment}`).sort();
  const id = await start(after);
  const blocker = connect();
  let release = () => {};
  const released = new Promise<void>((resolve) => release = resolve);
  let blocking: Promise<unknown> = Promise.resolve();
  const block = () =>
    new Promise<void>((resolve, reject) => {
      blocking = blocker.begin(async (sql) => {
        await barriers[moment]!(sql, id);
        resolve();
        await released;
        throw new Error("undo");
      }).catch(reject);
    });
  if (moment === "in the last step") await block();
  expect((await host.functions.invoke(`song-books/imports/${id}/run`, { method: "POST" })).error).toBeNull();
  if (moment !== "in the last step") await block();
  await isHeldUp();
  expect(await book()).toEqual(before);

  const pid = pidOf(server);
  process.kill(pid, "SIGKILL");
  release();
  await blocking.catch(() => {});
  await blocker.end({ timeout: 1 });
  await vi.waitFor(() => expect(pidOf(server)).not.toBe(pid), patience);
  await vi.waitFor(async () => expect([before, after]).toContainEqual(await book()), patience);

  if (server === "postgres") {
    // The function tries again for some seconds; either that was enough, or it says that it gave up.
    await vi.waitFor(async () => {
      const gaveUp = project.read(".stack/demo/logs/function-song-books.log").split("\n")
        .some((line) => line.includes("import broke off") && line.includes(id));
      expect(gaveUp || await stateOf(id) === "completed").toBe(true);
    }, patience);
  }
  if (await stateOf(id) !== "completed") await resume(id);
  await vi.waitFor(async () => expect(await stateOf(id)).toBe("completed"), patience);
  expect(await book()).toEqual(after);
  current = after;
});
