// Whatever dies while OpenKJ sends a song book, and when: singers see the old book or the new one, and the next upload works.
import postgres from "postgres";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openkjBatches, OpenkjClient, type Song } from "../support/openkj-client.ts";
import { ProjectCopy } from "../support/project-copy.ts";

const patience = { timeout: 120_000, interval: 50 };

// A start takes seconds on a quiet machine, and has to share a busy one.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let project: ProjectCopy;
let variables: Record<string, string>;
let systemId: string;

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

async function book(): Promise<string[]> {
  const songs = await ask((sql) =>
    sql<{ song: string }[]>`select artist || ' - ' || title as song from private.export_songs(${systemId})`
  );
  return songs.map(({ song }) => song).sort();
}

/** Three batches: two full ones and the last. */
const songsOf = (name: string): Song[] =>
  Array.from({ length: 2007 }, (_, index) => ({
    artist: `${name} ${String(index % 90).padStart(2, "0")}`,
    title: `Song ${String(index).padStart(4, "0")}`,
  }));

/** What of these songs reaches the server. */
const sentOf = (songs: Song[]) =>
  openkjBatches(songs).batches.flat().map(({ artist, title }) => `${artist} - ${title}`).sort();

type Call = [command: string, fields: Parameters<OpenkjClient["exchange"]>[1]];

function callsOf(songs: Song[]): Call[] {
  const { batches } = openkjBatches(songs);
  return [
    ["clearDatabase", { system_id: 1 }],
    ...batches.map((
      batch,
    ): Call => ["addSongs", { system_id: 1, songs: batch.map((song) => ({ ...song })) }]),
  ];
}

async function isHeldUp(): Promise<void> {
  await vi.waitFor(async () => {
    const waiting = await ask((sql) =>
      sql`select from pg_stat_activity where application_name = 'openkj_gateway' and wait_event_type = 'Lock'`
    );
    expect(waiting).not.toHaveLength(0);
  }, patience);
}

let program: OpenkjClient;

beforeAll(async () => {
  project = await ProjectCopy.make();
  expect((await project.run("start")).code).toBe(0);
  const { output } = await project.run("status");
  variables = Object.fromEntries(
    [...output.matchAll(/^([A-Z_]+)="(.*)"$/gm)].map(([, name, value]) => [name, value]),
  );
  program = new OpenkjClient({
    url: variables.OPENKJ_URL ?? "",
    apiKey: variables.OPENKJ_DEMO_KEY ?? "",
  });
  const [system] = await ask((sql) =>
    sql<{ id: string }[]>`
      select system.id from public.systems as system
      join public.api_keys as key on key.organization_id = system.organization_id
      join private.api_key_secrets as secret on secret.api_key_id = key.id
      where secret.secret_hash = sha256(convert_to(${program.apiKey}, 'UTF8')) and system.openkj_system_id = 1`
  );
  systemId = system?.id ?? "";
});

afterAll(async () => {
  program?.stop();
  await project?.remove();
});

test.each([
  ["function-openkj", "when the upload begins", 0],
  ["function-openkj", "in its first batch", 1],
  ["postgres", "in its first batch", 1],
  ["function-openkj", "in its last full batch", 2],
  ["postgres", "in its last full batch", 2],
  ["function-openkj", "while the book is published", 3],
  ["postgres", "while the book is published", 3],
])("%s is killed %s", async (server, moment, place) => {
  const before = await book();
  const songs = songsOf(`${server} ${moment}`);
  const after = sentOf(songs);
  const calls = callsOf(songs);
  for (const [command, fields] of calls.slice(0, place)) await program.exchange(command, fields);

  const blocker = connect();
  let release = () => {};
  const released = new Promise<void>((resolve) => release = resolve);
  await new Promise<void>((resolve, reject) => {
    blocker.begin(async (sql) => {
      if (place === 3) await sql`lock table private.book_letters in share mode`;
      else await sql`select private.lock_book(${systemId})`;
      resolve();
      await released;
    }).catch(reject);
  });
  // As the program does it: no reply is looked at, and what failed is not sent again.
  const send = async (some: Call[]) => {
    for (const [command, fields] of some) await program.exchange(command, fields);
  };
  const rest = send(place === 3 ? calls.slice(3) : calls.slice(place, 3));
  await isHeldUp();
  expect(await book()).toEqual(before);

  const pid = pidOf(server);
  process.kill(pid, "SIGKILL");
  release();
  await rest;
  await blocker.end({ timeout: 1 });
  await vi.waitFor(() => expect(pidOf(server)).not.toBe(pid), patience);
  await vi.waitFor(async () => expect(await program.test()).toBe(""), patience);
  // The end of the upload is answered as if nothing had happened, whatever was lost before it.
  if (place < 3) await send(calls.slice(3));
  expect([before, after]).toContainEqual(await book());

  await program.updateRemoteDatabase(songs);
  expect(await book()).toEqual(after);
});
