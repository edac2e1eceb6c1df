// Realtime as a program of its own, in a database of its own, with limits so small that a test can reach them.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { unusedPort } from "../support/program.ts";
import {
  database,
  environment,
  type Frame,
  refusedUpgrade,
  type Socket,
  socket,
  uniqueTopic,
  until,
  userToken,
} from "./realtime/support.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const program = join(import.meta.dirname, "..", "..", "stack", "realtime", "main.ts");
const suffix = randomUUID().slice(0, 8);
const databaseName = `realtime_${suffix}`;
const alice = randomUUID();
const patience = 60_000;

function urlOf(name: string): string {
  const url = new URL(environment.databaseUrl);
  url.username = "supabase_admin";
  url.pathname = `/${name}`;
  return url.toString();
}

let sql: postgres.Sql;
let running: Server | undefined;

/** One run of the program. */
class Server {
  readonly port: number;
  readonly exit: Promise<number | null>;
  readonly #child: ChildProcess;
  #log = "";

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
    this.exit = new Promise((resolve) => child.once("exit", resolve));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (data) => this.#log += String(data));
    }
  }

  static async start(limits: Record<string, string | number>, port?: number): Promise<Server> {
    const own = port ?? await unusedPort();
    const child = spawn(process.execPath, [program, "serve"], { env: variables(own, limits) });
    running = new Server(child, own);
    await vi.waitFor(async () => expect((await fetch(`${running?.http}/health`)).status).toBe(200), patience);
    return running;
  }

  get http(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get address(): string {
    return `ws://127.0.0.1:${this.port}/socket/websocket`;
  }

  /** What it has said about something. */
  logged(message: string): Record<string, unknown>[] {
    return this.#log.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line))
      .filter((line) => line.message === message);
  }

  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
  }

  open(vsn?: string): Promise<Socket> {
    return socket({ address: this.address, ...vsn !== undefined && { vsn } });
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    this.#child.kill(signal);
    return await this.exit;
  }
}

function variables(port: number, limits: Record<string, string | number>): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    PORT: String(port),
    DATABASE_URL: urlOf(databaseName),
    API_JWT_SECRET: environment.jwtSecret,
    SLOT_NAME_SUFFIX: suffix,
    ...Object.fromEntries(Object.entries(limits).map(([name, value]) => [`REALTIME_${name}`, String(value)])),
  };
}

beforeAll(async () => {
  await database.unsafe(`create database ${databaseName} template template0`);
  await database.unsafe(`grant create on database ${databaseName} to supabase_realtime_admin`);
  sql = postgres(urlOf(databaseName), { max: 4, onnotice: () => {} });
  await sql.unsafe(`
    create schema realtime;
    grant usage on schema realtime to postgres, anon, authenticated, service_role;
    grant all on schema realtime to supabase_realtime_admin;
    create publication supabase_realtime;`);
  execFileSync(process.execPath, [program, "migrate"], { env: variables(1, {}) });
  await sql.unsafe(`
    create policy "Alice reads" on realtime.messages for select to authenticated
      using (current_setting('request.jwt.claims')::jsonb ->> 'sub' = '${alice}')`);
});

afterEach(async () => {
  await running?.end();
  running = undefined;
});

afterAll(async () => {
  await sql.end();
  await database`
    select pg_drop_replication_slot(slot_name) from pg_replication_slots
    where database = ${databaseName} and not active`;
  await database.unsafe(`drop database ${databaseName} with (force)`);
});

const systemMessage = (frame: Frame) => frame[3] === "system";
const broadcast = (payload: object) => ({ type: "broadcast", event: "e", payload });
const track = (payload: object) => ({ type: "presence", event: "track", payload });

async function endedWith(connection: Socket, message: string): Promise<void> {
  const [, , , , system] = await connection.frame(systemMessage, patience);
  expect(system).toMatchObject({ extension: "system", status: "error", message });
  await connection.frame((frame) => frame[3] === "phx_close", patience);
}

test("settings that are missing or wrong are named, one line for all", () => {
  const outcome = (environment: NodeJS.ProcessEnv) => {
    try {
      execFileSync(process.execPath, [program, "serve"], { env: environment, stdio: "pipe" });
      return "";
    } catch (error) {
      return String((error as { stderr: Buffer }).stderr);
    }
  };
  expect(outcome({ PATH: process.env.PATH })).toMatch(/DATABASE_URL: .*; API_JWT_SECRET: /);
  expect(outcome({ ...variables(1, { MAX_CONCURRENT_USERS: "many" }) })).toContain(
    "REALTIME_MAX_CONCURRENT_USERS",
  );
});

describe("limits on one client", () => {
  test("connections, channels, sizes of payloads and of presences", async () => {
    const server = await Server.start({
      MAX_CONCURRENT_USERS: 2,
      MAX_CHANNELS_PER_CLIENT: 2,
      MAX_PAYLOAD_KILOBYTES: 1,
    });
    const [one, other] = [await server.open(), await server.open("1.0.0")];
    expect(await refusedUpgrade({ apikey: environment.anonKey, vsn: "2.0.0" }, server.address)).toEqual({
      status: 429,
      body: '{"error":"Too many connected users"}',
    });

    const topic = uniqueTopic("small");
    for (const [index, name] of [topic, uniqueTopic("small")].entries()) {
      expect((await one.join(name, { broadcast: { ack: true } }, {}, String(index + 1))).status).toBe("ok");
    }
    expect(await one.join(uniqueTopic("small"), {}, {}, "3")).toEqual({
      status: "error",
      response: { reason: "ChannelRateLimitReached: Too many channels" },
    });

    await other.join(topic, { presence: { key: "o", enabled: true } });
    one.send("1", "4", `realtime:${topic}`, "broadcast", broadcast({ text: "x".repeat(1500) }));
    expect(await one.reply("4")).toEqual({ status: "error", response: "payload_size_exceeded" });
    one.send("1", "5", `realtime:${topic}`, "broadcast", broadcast({ text: "short" }));
    expect(await one.reply("5")).toEqual({ status: "ok", response: {} });
    await other.frame((frame) => frame[3] === "broadcast");
    expect(other.frames.filter((frame) => frame[3] === "broadcast")).toHaveLength(1);

    other.send("1", "6", `realtime:${topic}`, "presence", track({ text: "x".repeat(1500) }));
    await endedWith(other, "Track message size exceeded");
    expect(server.logged("ending a channel")).toMatchObject([{
      level: "warning",
      reason: "Track message size exceeded",
    }]);

    other.close();
    await until(() => server.logged("refused a connection").length === 1);
    await vi.waitFor(async () => await (await server.open()).join(uniqueTopic("small")), patience);
  });

  test("silence, and a connection without a channel", async () => {
    const server = await Server.start({ IDLE_TIMEOUT_MS: 2_000, NO_CHANNEL_TIMEOUT_MS: 1_000 });
    const silent = await server.open();
    await silent.join(uniqueTopic("silent"));
    const aimless = await server.open();
    const lively = await server.open();
    await lively.join(uniqueTopic("lively"));
    const beat = setInterval(() => {
      lively.send(null, "9", "phoenix", "heartbeat", {});
      aimless.send(null, "9", "phoenix", "heartbeat", {});
    }, 200);
    await until(() => silent.closed !== null && aimless.closed !== null, patience);
    clearInterval(beat);
    expect([silent.closed, aimless.closed]).toMatchObject([{ code: 1000 }, { code: 1000 }]);
    expect(lively.closed).toBeNull();
  });

  test("reading too slowly: it is cut off, nobody waits for it, and the server keeps its size", async () => {
    const server = await Server.start({ MAX_BUFFERED_BYTES: 1_000_000 });
    const topic = uniqueTopic("slow");
    const [slow, brisk, speaker] = [await server.open(), await server.open(), await server.open()];
    for (const connection of [slow, brisk]) await connection.join(topic);
    await speaker.join(topic, { broadcast: { ack: true } });
    slow.stopReading();
    const text = "x".repeat(500_000);
    const before = server.residentBytes;
    const dropped = () => server.logged("a client reads too slowly, dropping its connection").length;
    let sent = 0;
    while (dropped() === 0 || sent < 100) {
      sent += 1;
      speaker.send("1", `n${sent}`, `realtime:${topic}`, "broadcast", broadcast({ sent, text }));
      await speaker.reply(`n${sent}`);
      speaker.frames.length = 0;
    }
    expect(dropped()).toBe(1);
    const numbers = () =>
      brisk.frames.flatMap(([, , , event, payload]) =>
        event === "broadcast" ? [(payload.payload as { sent: number }).sent] : []
      );
    await until(() => numbers().length === sent, patience);
    expect(numbers()).toEqual(Array.from({ length: sent }, (_, index) => index + 1));
    // A hundred messages were 50 MB; what the engine keeps for its next collection is more than what is queued.
    expect(server.residentBytes - before).toBeLessThan(200_000_000);
    slow.readOn();
    await until(() => slow.closed !== null, patience);
    expect([1006, 1013]).toContain(slow.closed?.code);
  });
});

describe("limits on all clients together", () => {
  const post = (server: Server) =>
    fetch(`${server.http}/api/broadcast`, {
      method: "POST",
      headers: { apikey: environment.anonKey, "content-type": "application/json" },
      body: JSON.stringify({ messages: [{ topic: "any", event: "e", payload: {} }] }),
    });

  test("messages: who would receive more is told and let go; over HTTP the answer is 429", async () => {
    const server = await Server.start({ MAX_EVENTS_PER_SECOND: 1 });
    const topic = uniqueTopic("busy");
    const [speaker, listener] = [await server.open(), await server.open()];
    await listener.join(topic);
    await speaker.join(topic);
    expect((await post(server)).status).toBe(202);
    for (let number = 0; number < 70; number++) {
      speaker.send("1", "2", `realtime:${topic}`, "broadcast", broadcast({ number }));
    }
    await endedWith(listener, "Too many messages per second");
    expect(await (await post(server)).json()).toEqual({ message: "You have exceeded your rate limit" });
    expect((await post(server)).status).toBe(429);
    expect(server.logged("ending a channel")).toMatchObject([{ reason: "Too many messages per second" }]);
  });

  test("presences", async () => {
    const server = await Server.start({ MAX_PRESENCE_EVENTS_PER_SECOND: 1, MAX_CLIENT_PRESENCE_CALLS: 1000 });
    const connection = await server.open();
    await connection.join(uniqueTopic("crowd"), { presence: { key: "a", enabled: true } });
    const [, , topic] = await connection.frame((frame) => frame[3] === "presence_state");
    for (let call = 0; call < 70; call++) {
      connection.send("1", `c${call}`, topic, "presence", track({ call }));
    }
    await endedWith(connection, "Too many presence messages per second");
  });

  test("joins: one too many costs the connection, the next one is not let in", async () => {
    const server = await Server.start({ MAX_JOINS_PER_SECOND: 1, PRIVATE_ONLY: "true" });
    const connection = await server.open();
    expect(await connection.join(uniqueTopic("open"), {}, {}, "public")).toEqual({
      status: "error",
      response: { reason: "PrivateOnly: This project only allows private channels" },
    });
    for (let number = 1; number <= 61; number++) {
      connection.send(String(number), String(number), `realtime:${uniqueTopic("rush")}`, "phx_join", {
        config: { private: true },
      });
    }
    expect(await connection.reply("61")).toEqual({
      status: "error",
      response: { reason: "ClientJoinRateLimitReached: Too many joins per second" },
    });
    await until(() => connection.closed !== null, patience);
    expect(connection.closed?.code).toBe(1001);
    expect(await refusedUpgrade({ apikey: environment.anonKey, vsn: "2.0.0" }, server.address)).toEqual({
      status: 429,
      body: '{"error":"Too many joins per second"}',
    });
  });
});

describe("the messages' partitions", () => {
  const partitions = async () =>
    (await sql<{ name: string }[]>`
      select inhrelid::regclass::text as name from pg_inherits
      where inhparent = 'realtime.messages'::regclass order by 1`).map(({ name }) =>
      name.replace(/^realtime\./, "")
    );
  const day = (offset: number) =>
    `messages_${new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10).replaceAll("-", "_")}`;

  test("are kept from three days ago to three days ahead; without today's a private join is refused", async () => {
    for (const offset of [-3, -4, -5]) {
      const [from, to] = [offset, offset + 1].map((days) =>
        new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
      );
      await sql.unsafe(
        `create table realtime.${
          day(offset)
        } partition of realtime.messages for values from ('${from}') to ('${to}')`,
      );
    }
    const server = await Server.start({});
    expect(await partitions()).toEqual([-3, -1, 0, 1, 2, 3].map(day));

    await sql.unsafe(`drop table realtime.${day(0)}`);
    const connection = await server.open();
    const token = await userToken({ sub: alice });
    expect(await connection.join(uniqueTopic("lost"), { private: true }, { access_token: token }, "1"))
      .toEqual({
        status: "error",
        response: { reason: "MissingPartition: Realtime was unable to find the expected messages partition" },
      });
    expect((await connection.join(uniqueTopic("lost"), {}, {}, "2")).status).toBe("ok");
    await sql`select realtime.maintain_partitions()`;
    expect(
      (await connection.join(uniqueTopic("lost"), { private: true }, { access_token: token }, "3")).status,
    )
      .toBe("ok");
  });
});

test("a database that is away: private joins are told so, public ones go on, and it is found again", async () => {
  const server = await Server.start({});
  const connection = await server.open();
  const token = await userToken({ sub: alice });
  let ref = 0;
  const join = (isPrivate: boolean) =>
    connection.join(uniqueTopic("away"), { private: isPrivate }, { access_token: token }, String(++ref));
  expect((await join(true)).status).toBe("ok");

  await database.unsafe(`alter database ${databaseName} with allow_connections false`);
  try {
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = ${databaseName} and application_name = 'realtime'`;
    const reason = "UnableToConnectToProject: Realtime was unable to connect to the project database";
    // One that loses its connection, and one that gets none.
    for (let attempt = 1; attempt <= 2; attempt++) {
      expect(await join(true)).toEqual({ status: "error", response: { reason } });
    }
    expect((await join(false)).status).toBe("ok");
  } finally {
    await database.unsafe(`alter database ${databaseName} with allow_connections true`);
  }
  await vi.waitFor(async () => expect((await join(true)).status).toBe("ok"), patience);
});

describe("the end of the server", () => {
  async function toldOfTheEnd(connection: Socket, channel: string): Promise<void> {
    await until(() => connection.closed !== null);
    expect(connection.closed?.code).toBe(1012);
    const [, , , , system] = await connection.frame(systemMessage);
    expect(system).toEqual({
      extension: "system",
      status: "ok",
      message: "Server requested disconnect",
      channel,
    });
  }

  test.each<NodeJS.Signals>(["SIGTERM", "SIGKILL"])(
    "by %s: who comes back gets what was committed meanwhile, once and in order; a newcomer nothing",
    async (signal) => {
      const first = await Server.start({});
      const topic = uniqueTopic("gap");
      const token = await userToken({ sub: alice });
      const join = async (server: Server, vsn: string) => {
        const connection = await server.open(vsn);
        expect((await connection.join(topic, { private: true }, { access_token: token })).status).toBe("ok");
        return connection;
      };
      const numbers = ({ raw }: Socket) =>
        raw.flatMap((frame) =>
          [...String(frame).matchAll(/"number": ?(\d+)/g)].map(([, number]) => Number(number))
        );
      const send = async (from: number, to: number) => {
        for (let number = from; number <= to; number++) {
          await sql`select realtime.send(${sql.json({ number })}, 'count', ${topic})`;
        }
      };

      const before = [await join(first, "1.0.0"), await join(first, "2.0.0")];
      await send(1, 5);
      for (const connection of before) await until(() => numbers(connection).length === 5);
      await vi.waitFor(async () => expect((await sql`select from realtime.members`).count).toBe(2), patience);
      await first.end(signal);
      if (signal === "SIGTERM") { for (const connection of before) await toldOfTheEnd(connection, topic); }
      await send(6, 40);
      const second = await Server.start({}, first.port);
      await send(41, 45);
      const after = [await join(second, "1.0.0"), await join(second, "2.0.0")];
      const newcomer = await join(second, "2.0.0");
      await send(46, 50);
      const range = (from: number, to: number) =>
        Array.from({ length: to - from + 1 }, (_, index) => from + index);
      for (const connection of after) {
        await until(() => numbers(connection).includes(50), patience);
        expect(numbers(connection)).toEqual(range(6, 50));
      }
      await until(() => numbers(newcomer).includes(50), patience);
      expect(numbers(newcomer)).toEqual(range(46, 50));
    },
  );

  test("what clients leave is forgotten: members, subscriptions to changes", async () => {
    await sql.unsafe(`
      create table if not exists public.notes (id integer primary key);
      grant select on public.notes to anon;
      do $$ begin alter publication supabase_realtime add table public.notes; exception when duplicate_object then null; end $$`);
    const server = await Server.start({ MAX_CHANNELS_PER_CLIENT: 50 });
    const connections = await Promise.all(Array.from({ length: 10 }, () => server.open()));
    await Promise.all(connections.map(async (connection) => {
      for (let channel = 1; channel <= 50; channel++) {
        const changes = channel === 1 ? [{ event: "*", schema: "public", table: "notes" }] : [];
        await connection.join(uniqueTopic("many"), { postgres_changes: changes }, {}, String(channel));
      }
      await connection.frame((frame) => systemMessage(frame) && frame[4].status === "ok", patience);
    }));
    const counts = async () => {
      const [row] = await sql`
        select
          (select count(*)::integer from realtime.members) as members,
          (select count(*)::integer from realtime.subscription) as subscriptions,
          (select count(*)::integer from pg_replication_slots where database = ${databaseName} and temporary) as streams`;
      return row;
    };
    await vi.waitFor(
      async () => expect(await counts()).toEqual({ members: 500, subscriptions: 10, streams: 1 }),
      patience,
    );
    for (const connection of connections) connection.close();
    await vi.waitFor(
      async () => expect(await counts()).toEqual({ members: 0, subscriptions: 0, streams: 0 }),
      patience,
    );
  });
});
