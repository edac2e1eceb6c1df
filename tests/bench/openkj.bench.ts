import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import * as http from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { generatedSongs } from "../../seed/demo/songs.ts";
import { database } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import { openkjBatches, OpenkjClient } from "../support/openkj-client.ts";
import { newOpenkjHost, type OpenkjHost } from "../support/openkj-host.ts";
import { latencies, middle, milliseconds, Report, scale, throughput } from "./bench.ts";

// Functions are started here, beside the yardstick and without a gateway, so that only they are compared.

const root = new URL("../../", import.meta.url).pathname;
const connections = 8;
const calls = scale === "large" ? 5_000 : 2_000;
const bookSize = scale === "large" ? 100_000 : 20_000;
const rounds = 3;
// As many batches at either size: the heap grows to what it finds comfortable before it stays there.
const memoryUploads = scale === "large" ? 8 : 40;

interface RunningFunction {
  url: string;
  process: ChildProcess;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

async function startFunction(verb: "run" | "serve", entry: string): Promise<RunningFunction> {
  const port = await freePort();
  const child = spawn(`${root}node_modules/@deno/linux-${process.arch}-glibc/deno`, [
    verb,
    "--quiet",
    "--no-prompt",
    `--config=${root}functions/deno.json`,
    "--allow-net",
    "--allow-env",
    entry,
  ], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      ...process.env,
      SUPABASE_DB_URL: environment.databaseUrl,
      DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
    },
  });
  const url = `http://127.0.0.1:${port}/`;
  for (let wait = 0; wait < 200; wait++) {
    const isUp = await fetch(url).then(() => true, () => false);
    if (isUp) return { url, process: child };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${entry} did not start`);
}

/** Kept-open connections that send the same bytes again and again: next to nothing is spent on the client's side. */
class Callers {
  readonly #sockets: Socket[];
  readonly #request: Buffer;

  constructor(url: string, body: string, count: number) {
    const { hostname, port } = new URL(url);
    this.#sockets = Array.from(
      { length: count },
      () => connect({ host: hostname, port: Number(port), noDelay: true }),
    );
    this.#request = Buffer.from(
      `POST /openkj HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: Keep-Alive\r\n\r\n${body}`,
    );
  }

  call(caller: number): Promise<string> {
    const socket = this.#sockets[caller];
    if (!socket) throw new Error("There is no such caller");
    return new Promise((resolve, reject) => {
      let text = "";
      const listen = (chunk: Buffer) => {
        text += chunk.toString("latin1");
        const head = text.indexOf("\r\n\r\n");
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1]);
        if (head < 0 || text.length < head + 4 + length) return;
        socket.off("data", listen).off("error", reject);
        resolve(text.slice(head + 4));
      };
      socket.on("data", listen).once("error", reject);
      socket.write(this.#request);
    });
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

function memoryOf({ process: { pid } }: RunningFunction): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1024;
}

/** One call on a connection of its own, as the program makes them during an upload. */
function post(url: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    http.request(url, { method: "POST", agent: false, headers }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => text += chunk.toString()).on("end", () => {
        if (text.includes('"error": false')) resolve();
        else reject(new Error(text));
      });
    }).on("error", reject).end(body);
  });
}

const report = new Report();
const openkj = await startFunction("run", "functions/openkj/index.ts");
const bare = await startFunction("serve", "tests/bench/bare-function.ts");
const items = Array.from({ length: calls }, (_, index) => index);

/** Calls per second of both functions, measured in turns, so that whatever else the machine does is shared by both. */
async function compareRates(body: string): Promise<{ value: number; baseline: number }> {
  const [ours, yardstick] = [
    new Callers(openkj.url, body, connections),
    new Callers(bare.url, "{}", connections),
  ];
  const rate = (callers: Callers, count = calls) =>
    throughput(items.slice(0, count), connections, (_, caller) => callers.call(caller));
  for (const callers of [ours, yardstick]) await rate(callers, calls / 4);
  const rates: [number, number][] = [];
  for (let round = 0; round < rounds; round++) rates.push([await rate(ours), await rate(yardstick)]);
  for (const callers of [ours, yardstick]) callers.close();
  return { value: middle(rates.map(([rate]) => rate)), baseline: middle(rates.map(([, rate]) => rate)) };
}

async function compareCommands(host: OpenkjHost): Promise<void> {
  const program = new OpenkjClient({ url: openkj.url, apiKey: host.apiKey, venueId: host.openkjVenueId });
  for (let number = 1; number <= 20; number++) {
    const fields = {
      artist: "ABBA",
      title: `Waterloo ${number}`,
      singer: `Singer ${number}`,
      venue_id: host.openkjVenueId,
    };
    const { text } = await program.exchange("addRequest", fields);
    if (!text.includes('"error": false')) throw new Error(text);
  }
  const commands: [string, string, number | undefined][] = [
    ["getSerial", program.body("getSerial"), 0.5],
    ["getVenues", program.body("getVenues"), undefined],
    ["getRequests, 20 waiting", program.body("getRequests", { venue_id: host.openkjVenueId }), undefined],
  ];
  for (const [name, body, atLeast] of commands) {
    report.add({
      name: `${name}: ${connections} callers, to a bare select 1`,
      unit: "/s",
      ...await compareRates(body),
      ...(atLeast !== undefined && { atLeast }),
    });
  }
  const one = new Callers(openkj.url, program.body("getSerial"), 1);
  const { p50, p95 } = await latencies(items.slice(0, 2000), () => one.call(0));
  one.close();
  report.add({ name: "getSerial: one caller, p50", value: p50, unit: "ms" });
  report.add({ name: "getSerial: one caller, p95", value: p95, unit: "ms", atMost: 5 });
  program.stop();
}

async function compareUploads(): Promise<void> {
  const { batches } = openkjBatches(generatedSongs(bookSize));
  const [teacher, inSql, overHttp] = [
    await newOpenkjHost("teacher"),
    await newOpenkjHost("insql"),
    await newOpenkjHost("overhttp"),
  ];
  const program = new OpenkjClient({ url: openkj.url, apiKey: overHttp.apiKey });
  const bodies = [
    program.body("clearDatabase", { system_id: 1 }),
    ...batches.map((batch) =>
      program.body("addSongs", { songs: batch.map((song) => ({ ...song })), system_id: 1 })
    ),
  ];

  const connection = await database.reserve();
  const texts = batches.map((batch) => JSON.stringify(batch));
  // What an upload costs without the protocol: the same songs, sent as they are there.
  const publishInSql = async ({ systemId }: OpenkjHost) => {
    await connection`select private.book_stage_open(${systemId})`;
    for (const text of texts) {
      await connection`select private.book_stage_add(${systemId}, ${text}::text::jsonb)`;
    }
    await connection`select private.book_publish(${systemId})`;
  };
  const publishOverHttp = async () => {
    for (const body of bodies) await post(openkj.url, body);
  };
  const empty = async ({ systemId }: OpenkjHost) => {
    await connection`select private.book_stage_open(${systemId})`;
    await connection`select private.book_stage_add(${systemId}, '[]')`;
    await connection`select private.book_publish(${systemId})`;
  };

  // The catalogue learns the songs first, and every connection its plans, so that both ways do the same work.
  await publishInSql(teacher);
  for (let round = 0; round < 2; round++) await publishOverHttp();
  // In turns, so that whatever else the machine does is shared by both.
  const memory: number[] = [];
  const inSqlTimes: number[] = [];
  const overHttpTimes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await empty(inSql);
    inSqlTimes.push(await milliseconds(() => publishInSql(inSql)));
    await empty(overHttp);
    overHttpTimes.push(await milliseconds(publishOverHttp));
  }
  for (let upload = 0; upload < 2 * memoryUploads; upload++) {
    await publishOverHttp();
    memory.push(memoryOf(openkj));
  }
  const sizes = await connection<{ size: number }[]>`
    select private.book_size(system_id) as size from unnest(${[
    inSql.systemId,
    overHttp.systemId,
  ]}::uuid[]) as system_id
  `;
  if (sizes.some(({ size }) => size !== sizes[0]?.size || size < bookSize * 0.99)) {
    throw new Error("The books differ");
  }
  report.add({
    name: `upload of ${bookSize} songs over the protocol, to in SQL`,
    value: middle(overHttpTimes),
    unit: "ms",
    baseline: middle(inSqlTimes),
    atMost: 1.5,
  });
  // Its garbage is collected now and then: what must not grow is the most it takes.
  report.add({
    name: `memory of the function in ${memoryUploads} further uploads, to in the first ${memoryUploads}`,
    value: Math.max(...memory.slice(memoryUploads)),
    unit: "MB",
    baseline: Math.max(...memory.slice(0, memoryUploads)),
    atMost: 1.2,
  });
  connection.release();
  program.stop();
}

try {
  const host = await newOpenkjHost("bench");
  await compareCommands(host);
  await compareUploads();
} finally {
  // Killed, because a function that is asked to stop waits for its idle database connections.
  openkj.process.kill("SIGKILL");
  bare.process.kill("SIGKILL");
  await database.end();
}
process.exitCode = report.finish() ? 0 : 1;
