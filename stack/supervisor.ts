// The process that owns an instance's servers: it starts them in order, starts again what has crashed, and ends them.
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createInstance, type Instance, root } from "./instance.ts";
import { waitForPort } from "./ports.ts";
import { applyMigrations, loadPlatform, plantSeeds } from "./schema.ts";
import type { Service } from "./service.ts";
import { auth } from "./services/auth.ts";
import { functions } from "./services/functions.ts";
import { gateway } from "./services/gateway.ts";
import { inbox } from "./services/inbox.ts";
import { database } from "./services/postgres.ts";
import { realtime } from "./services/realtime.ts";
import { rest } from "./services/postgrest.ts";
import { storage } from "./services/storage.ts";

/** What the supervisor tells the command that started it. */
export type Report =
  | { kind: "progress"; sentence: string }
  | { kind: "ready" }
  | { kind: "failed"; sentence: string };

const startPatience = 60_000;
const crashesAllowed = 5;
const crashWindow = 60_000;

interface Running {
  service: Service;
  exit: Promise<string>;
  ended?: string;
  kill(signal: NodeJS.Signals): void;
}

const name = process.argv[2] ?? "demo";
const running = new Map<string, Running>();
let stopping = false;

function report(report: Report): void {
  if (report.kind !== "ready") log(report.sentence);
  if (process.connected) process.send?.(report);
}

function say(sentence: string): void {
  report({ kind: "progress", sentence });
}

function log(sentence: string): void {
  console.log(`${new Date().toISOString()} ${sentence}`);
}

/** The last lines of a server's log, for the person who has to find out why it ended. */
function tail(instance: Instance, service: Service): string {
  const log = join(instance.logs, `${service.name}.log`);
  const lines = readFileSync(log, "utf8").trimEnd().split("\n").slice(-20);
  return [`The end of ${relative(root, log)}:`, ...lines.map((line) => `  ${line}`)].join("\n");
}

function launch(instance: Instance, service: Service): Running {
  if (stopping) throw new Error("the stack is being stopped");
  const command = service.start(instance);
  const output = openSync(join(instance.logs, `${service.name}.log`), "a");
  const child = spawn(command.program, command.arguments, {
    cwd: command.folder,
    env: command.environment,
    stdio: ["ignore", output, output],
    ...command.user,
  });
  closeSync(output);
  if (child.pid !== undefined) instance.pids.write(service.name, child.pid);
  const exit = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const one: Running = { service, exit, kill: (signal) => child.kill(signal) };
  void exit.then((reason) => one.ended = reason);
  running.set(service.name, one);
  return one;
}

/** Starts a server and returns once it answers. */
async function bringUp(instance: Instance, service: Service): Promise<Running> {
  const one = launch(instance, service);
  const deadline = Date.now() + startPatience;
  while (one.ended === undefined && Date.now() < deadline) {
    if (await service.ready(instance)) return one;
    await sleep(50);
  }
  const reason = one.ended === undefined ? "it does not answer" : `it ended with ${one.ended}`;
  one.kill("SIGKILL");
  throw new Error(`${service.name} did not start: ${reason}.\n${tail(instance, service)}`);
}

/** Starts a server again whenever it ends by itself, unless it does so all the time. */
async function keepUp(instance: Instance, first: Running): Promise<void> {
  const { service } = first;
  let crashes: number[] = [];
  for (let one = first;;) {
    const reason = await one.exit;
    if (stopping) return;
    log(`${service.name} ended with ${reason}.`);
    const now = Date.now();
    crashes = [...crashes.filter((time) => time > now - crashWindow), now];
    if (crashes.length > crashesAllowed) {
      log(`${service.name} keeps ending and is left alone.\n${tail(instance, service)}`);
      return;
    }
    await sleep(200 * crashes.length);
    if (stopping) return;
    log(`Starting ${service.name} again.`);
    try {
      one = launch(instance, service);
    } catch (error) {
      log(`${service.name} cannot be started: ${String(error)}`);
      return;
    }
  }
}

async function start(instance: Instance): Promise<void> {
  const { ports } = instance;
  const addresses: [string, number][] = [
    ["The gateway", ports.gateway],
    ["The database", ports.database],
    ["The inbox", ports.inbox],
  ];
  for (const [what, port] of addresses) await waitForPort(port, what, say);
  const services = [auth, realtime, rest, storage, ...functions(instance), inbox, gateway];
  for (const service of [database, ...services]) {
    rmSync(join(instance.logs, `${service.name}.log`), { force: true });
  }

  const install = async (service: Service) => {
    try {
      await service.install(instance, say);
    } catch (error) {
      throw new Error(
        `${service.name} did not start: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
  say("Starting the database");
  await install(database);
  void keepUp(instance, await bringUp(instance, database));
  await loadPlatform(instance, say);
  await Promise.all(services.map(install));
  await applyMigrations(instance, say);
  await plantSeeds(instance, say);
  say(`Starting ${services.map((service) => service.name).join(", ")}`);
  for (const one of await Promise.all(services.map((service) => bringUp(instance, service)))) {
    void keepUp(instance, one);
  }
}

/** Ends the servers, the database last. */
async function stop(instance: Instance): Promise<void> {
  stopping = true;
  const end = async ({ service, exit, kill }: Running) => {
    kill(service.stop);
    const patience = setTimeout(() => kill("SIGKILL"), 8000);
    await exit;
    clearTimeout(patience);
    instance.pids.remove(service.name);
  };
  const { postgres, ...others } = Object.fromEntries(running);
  await Promise.all(Object.values(others).map(end));
  if (postgres !== undefined) await end(postgres);
  instance.pids.remove("supervisor");
}

/** Runs the instance until somebody ends it. */
async function supervise(): Promise<void> {
  const instance = await createInstance(name);
  await instance.pids.sweep();
  instance.pids.write("supervisor", process.pid);

  const leave = async () => {
    if (stopping) return;
    log("Stopping.");
    await stop(instance);
    log("Stopped.");
    process.exit();
  };
  process.on("SIGTERM", () => void leave());
  process.on("SIGINT", () => void leave());
  // Until it lets go on purpose, the command that started this process takes the servers with it when it ends.
  let held = true;
  process.on("message", () => held = false);
  process.on("disconnect", () => held && void leave());

  try {
    await start(instance);
    log("Everything runs.");
    report({ kind: "ready" });
  } catch (error) {
    if (stopping) return;
    process.exitCode = 1;
    fail(error);
    await leave();
  }
}

function fail(error: unknown): void {
  report({ kind: "failed", sentence: error instanceof Error ? error.message : String(error) });
}

await supervise().catch(fail);
