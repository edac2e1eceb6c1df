// Every server is killed in turn, and in the end the one that watches over them; nothing that was promised is lost.
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { ProjectCopy } from "../support/project-copy.ts";

const patience = { timeout: 60_000, interval: 50 };
const email = "faults@example.com";
const password = "correct horse battery staple";
const topic = "house:faults";

// A start takes seconds on a quiet machine, and has to share a busy one.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let project: ProjectCopy;
let variables: Record<string, string>;
let sql: postgres.Sql;
let app: SupabaseClient;
let service: SupabaseClient;
let writing = true;
let writer: Promise<void>;
/** A server that was stopped in the middle of its life: it runs, and never answers. */
let silent: number;
const acknowledged = new Set<number>();
const heard: Record<string, number[]> = { "1.0.0": [], "2.0.0": [] };

const pidFolder = () => join(project.folder, ".stack", "demo", "pids");
const serverNames = () =>
  readdirSync(pidFolder()).map((file) => file.replace(".pid", "")).filter((name) => name !== "supervisor");
const pidOf = (name: string) => Number(project.read(`.stack/demo/pids/${name}.pid`).split(" ")[0]);
/** Whether a process runs; one that has ended and that nobody has asked about yet does not. */
const runs = (pid: number) =>
  existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
const supervisorLog = () => project.read(".stack/demo/logs/supervisor.log");

function client(options: object = {}): SupabaseClient {
  return createClient(variables.API_URL ?? "", variables.PUBLISHABLE_KEY ?? "", {
    auth: { persistSession: false, autoRefreshToken: false },
    ...options,
  });
}

/**
 * Writes numbers, each with a row and a broadcast in one transaction, whatever happens to the servers. By psql: the
 * driver of the other statements throws where nobody can catch it when a connection ends between two packets.
 */
async function keepWriting(): Promise<void> {
  for (let number = 1; writing; number++) {
    try {
      await promisify(execFile)("psql", [
        "--no-psqlrc",
        "--quiet",
        "--set=ON_ERROR_STOP=1",
        `--dbname=${variables.DB_URL}`,
        `--command=begin; insert into public.kept (number) values (${number});
          select realtime.send('{"number": ${number}}', 'count', '${topic}'); commit;`,
      ]);
      acknowledged.add(number);
    } catch {
      // The database was away. Whether this number was committed, its table will tell.
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function listen(vsn: string): Promise<void> {
  const listener = client({ realtime: { vsn }, accessToken: () => Promise.resolve(variables.ANON_KEY) });
  const channel = listener.channel(topic, { config: { private: true } })
    .on("broadcast", { event: "count" }, ({ payload }) => heard[vsn]?.push(payload.number));
  await new Promise<void>((resolve) => channel.subscribe((status) => status === "SUBSCRIBED" && resolve()));
}

/** The last number that was said to be committed; it may be heard before the one who wrote it is told. */
const lastAcknowledged = () => Math.max(0, ...acknowledged);

/** Waits until both listeners have heard something that was committed after now. */
async function bothHearAgain(): Promise<void> {
  const last = lastAcknowledged();
  await vi.waitFor(() => {
    for (const numbers of Object.values(heard)) expect(numbers.at(-1)).toBeGreaterThan(last);
  }, patience);
}

async function numbersBetween(first: number, last: number): Promise<number[]> {
  const rows = await sql<{ number: number }[]>`
    select number from public.kept where number between ${first} and ${last} order by number`;
  return rows.map(({ number }) => number);
}

/** Kills servers and waits until the supervisor has started them again. */
async function kill(names: string[]): Promise<void> {
  const before = new Map(names.map((name) => [name, pidOf(name)]));
  for (const pid of before.values()) process.kill(pid, "SIGKILL");
  await vi.waitFor(() => {
    for (const [name, pid] of before) expect(pidOf(name)).not.toBe(pid);
  }, patience);
}

/** Whatever it says, it says itself: the gateway did not have to. */
async function functionAnswers(name: string): Promise<void> {
  const response = await fetch(`${variables.API_URL}/functions/v1/${name}`);
  expect(await response.text()).not.toMatch(/BOOT_ERROR|WORKER_ERROR/);
}

const works: Record<string, () => Promise<void>> = {
  postgrest: async () => expect((await app.from("venues").select("id").limit(1)).error).toBeNull(),
  auth: async () => expect((await app.auth.getUser()).data.user?.email).toBe(email),
  storage: async () => {
    const { data } = await service.storage.from("faults").download("kept.txt");
    expect(await data?.text()).toBe("kept");
  },
  inbox: async () => expect((await fetch(variables.INBOX_URL ?? "")).status).toBe(200),
};

async function everythingWorks(): Promise<void> {
  for (const work of Object.values(works)) await vi.waitFor(work, patience);
}

beforeAll(async () => {
  project = await ProjectCopy.make();
});

afterAll(async () => {
  writing = false;
  await writer;
  await app?.removeAllChannels();
  await sql?.end();
  await project.remove();
});

test("two starts at once make one stack, and both end well", async () => {
  const [one, other] = await Promise.all([project.run("start"), project.run("start")]);
  for (const { code, output } of [one, other]) {
    expect(output).toContain("sb_publishable_");
    expect(code).toBe(0);
  }
  expect(one.output + other.output).toContain("Waiting for another command");
  const { output } = await project.run("status");
  variables = Object.fromEntries(
    [...output.matchAll(/^([A-Z_]+)="(.*)"$/gm)].map(([, name, value]) => [name, value]),
  );

  sql = postgres(variables.DB_URL ?? "", { max: 2, onnotice: () => {} });
  await sql`create table public.kept (number integer primary key)`;
  await sql.unsafe(
    `create policy "listen to faults" on realtime.messages for select to anon using (realtime.topic() = '${topic}')`,
  );
  service = createClient(variables.API_URL ?? "", variables.SECRET_KEY ?? "", {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  app = client();
  expect((await service.auth.admin.createUser({ email, password, email_confirm: true })).error).toBeNull();
  expect((await app.auth.signInWithPassword({ email, password })).error).toBeNull();
  expect((await service.storage.createBucket("faults")).error).toBeNull();
  expect((await service.storage.from("faults").upload("kept.txt", "kept")).error).toBeNull();
  await Promise.all(Object.keys(heard).map(listen));
  writer = keepWriting();
  await bothHearAgain();
  // It takes the supervisor a minute to be sure of this one, and nothing below needs it before that.
  silent = pidOf("function-geocoder");
  process.kill(silent, "SIGSTOP");
});

test.each(["realtime", "postgrest", "auth", "storage", "inbox", "postgres"])(
  "%s comes back after kill -9, and nobody misses a broadcast or hears one twice",
  async (name) => {
    const first = lastAcknowledged();
    await kill([name]);
    await bothHearAgain();
    await everythingWorks();
    expect(supervisorLog()).toMatch(
      new RegExp(`${name} ended with SIGKILL\\. The end of \\.stack/demo/logs/${name}\\.log:\\n  `),
    );
    const last = Math.min(...Object.values(heard).map((numbers) => numbers.at(-1) ?? 0));
    const committed = await numbersBetween(first, last);
    for (const numbers of Object.values(heard)) {
      expect(numbers.filter((number) => number >= first && number <= last)).toEqual(committed);
    }
    for (const number of acknowledged) {
      if (number >= first && number <= last) expect(committed).toContain(number);
    }
  },
);

test("a server that runs but does not answer is named and replaced", async () => {
  await vi.waitFor(() => expect(pidOf("function-geocoder")).not.toBe(silent), 2 * patience.timeout);
  expect(supervisorLog()).toContain("function-geocoder runs but does not answer any more.");
  await vi.waitFor(() => functionAnswers("geocoder"), patience);
});

test("Edge Functions come back, all of them", async () => {
  const names = serverNames().filter((name) => name.startsWith("function-"));
  expect(names.length).toBeGreaterThan(3);
  await kill(names);
  for (const name of names) await vi.waitFor(() => functionAnswers(name.replace("function-", "")), patience);
  for (const name of names) expect(supervisorLog()).toContain(`${name} ended with SIGKILL`);
});

test("the gateway comes back, and clients find their way back to it by themselves", async () => {
  await kill(["gateway"]);
  await everythingWorks();
  await bothHearAgain();
});

test("an account and its session outlive it all", async () => {
  expect((await app.auth.refreshSession()).error).toBeNull();
  expect((await app.auth.getUser()).data.user?.email).toBe(email);
});

test("an upload that is cut off by the server's end leaves nothing behind", async () => {
  const files = () => readdirSync(join(project.folder, ".stack", "demo", "storage")).length;
  const before = files();
  let feed: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (feed = controller) });
  feed?.enqueue(new Uint8Array(100_000));
  const upload = service.storage.from("faults").upload("half.bin", body, { duplex: "half" });
  await vi.waitFor(() => expect(files()).toBe(before + 1), patience);
  await kill(["storage"]);
  expect((await upload).error).not.toBeNull();
  await vi.waitFor(works.storage ?? (() => {}), patience);
  expect(files()).toBe(before);
  const { data } = await service.storage.from("faults").list();
  expect(data?.map(({ name }) => name)).toEqual(["kept.txt"]);
});

test("a server that keeps ending is given up, with its last words, and the others go on", async () => {
  const healthy = project.read("stack/inbox/main.ts");
  project.write("stack/inbox/main.ts", "throw new Error('the letter box is rusted shut');\n");
  process.kill(pidOf("inbox"), "SIGKILL");
  await vi.waitFor(
    () => expect(supervisorLog()).toMatch(/inbox has ended \d+ times .* is left alone/),
    patience,
  );
  expect(supervisorLog()).toContain("the letter box is rusted shut");
  const { code, output } = await project.run("status");
  expect(code).toBe(0);
  expect(output).toContain("The server inbox has ended.");
  expect(output).toContain("the letter box is rusted shut");
  await works.postgrest?.();
  await bothHearAgain();
  project.write("stack/inbox/main.ts", healthy);
});

test("after the end of the supervisor, stop ends what it left, and no stranger", async () => {
  writing = false;
  await writer;
  // As after a restart of the machine: the number now belongs to somebody else, here to this test.
  writeFileSync(join(pidFolder(), "stranger.pid"), `${process.pid} 1`);
  const left = serverNames().filter((name) => name !== "stranger" && name !== "inbox").map(pidOf);
  process.kill(pidOf("supervisor"), "SIGKILL");
  await vi.waitFor(async () => expect((await project.run("status")).code).toBe(1), patience);
  const { code, output } = await project.run("stop");
  expect(code).toBe(0);
  expect(output).toContain("The stack has stopped");
  expect(left.filter(runs)).toEqual([]);
  expect(readdirSync(pidFolder())).toEqual([]);
});
