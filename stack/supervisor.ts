// The process that owns an instance's servers: it starts them in order, starts again what has crashed, and ends them.
import { spawn } from "node:child_process";
import { closeSync, ftruncateSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createInstance,
  endOfLog,
  folderOf,
  type Instance,
  pidsOf,
  publish,
  runningInstance,
  withdraw,
} from "./instance.ts";
import { waitForPort } from "./ports.ts";
import { takeSoleRight } from "./processes.ts";
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
/** How long another command may take to start or end the same instance. */
const turnPatience = 120_000;
const crashesAllowed = 5;
const crashWindow = 60_000;
/** How often a running server is asked whether it still answers, and how many questions in a row it may leave open. */
const questionInterval = 10_000;
const silencesAllowed = 3;

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

/** Waits until a server answers; one that does not is ended, and the error says why. */
async function untilReady(instance: Instance, one: Running): Promise<void> {
  const deadline = Date.now() + startPatience;
  while (one.ended === undefined && Date.now() < deadline) {
    if (await one.service.ready(instance)) return;
    await sleep(50);
  }
  const reason = one.ended === undefined ? "it does not answer" : `it ended with ${one.ended}`;
  one.kill("SIGKILL");
  throw new Error(
    `${one.service.name} did not start: ${reason}.\n${endOfLog(instance, one.service.name)}`,
  );
}

async function bringUp(instance: Instance, service: Service): Promise<Running> {
  const one = launch(instance, service);
  await untilReady(instance, one);
  return one;
}

/** Ends a server that runs but answers no longer; then it is started again like one that has ended by itself. */
async function watch(instance: Instance, one: Running): Promise<void> {
  for (let silences = 0; silences < silencesAllowed;) {
    await sleep(questionInterval);
    if (one.ended !== undefined || stopping) return;
    silences = await one.service.ready(instance) === undefined ? silences + 1 : 0;
  }
  if (one.ended !== undefined || stopping) return;
  log(`${one.service.name} runs but does not answer any more. It is ended.`);
  one.kill("SIGKILL");
}

/** Starts a server again whenever it ends by itself, unless it does so all the time. */
async function keepUp(instance: Instance, first: Running): Promise<void> {
  const { service } = first;
  let crashes: number[] = [];
  void watch(instance, first);
  for (let one = first;;) {
    const reason = await one.exit;
    if (stopping) return;
    log(`${service.name} ended with ${reason}. ${endOfLog(instance, service.name)}`);
    const now = Date.now();
    crashes = [...crashes.filter((time) => time > now - crashWindow), now];
    if (crashes.length > crashesAllowed) {
      log(
        `${service.name} has ended ${crashes.length} times within a minute and is left alone. ` +
          "When it is mended: npm run stop, npm start.",
      );
      return;
    }
    await sleep(200 * crashes.length);
    // Without the database the others can only fail again.
    while (service !== database && !stopping && !await database.ready(instance)) await sleep(200);
    if (stopping) return;
    log(`Starting ${service.name} again.`);
    try {
      one = launch(instance, service);
    } catch (error) {
      log(`${service.name} cannot be started: ${String(error)}`);
      return;
    }
    void untilReady(instance, one).then(() => {
      log(`${service.name} answers again.`);
      return watch(instance, one);
    }, () => {});
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
  withdraw(instance.name);
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

/** Waits while another process starts or ends this instance; false once that one runs it, or nobody waits any more. */
async function isMyTurn(): Promise<boolean> {
  const deadline = Date.now() + turnPatience;
  for (let waits = 0; !await takeSoleRight(folderOf(name)); waits++) {
    if (!process.connected || await runningInstance(name) !== undefined) return false;
    const holder = pidsOf(name).alive("supervisor") ?? "unknown";
    if (Date.now() > deadline) throw new Error(`Process ${holder} neither starts nor ends the stack.`);
    if (waits === 0) say("Waiting for another command that starts or ends this stack");
    await sleep(100);
  }
  return true;
}

/** Runs the instance until somebody ends it. */
async function supervise(): Promise<void> {
  if (!await isMyTurn()) return report({ kind: "ready" });
  // What it prints goes to a file, where the last run's words still are.
  ftruncateSync(process.stdout.fd);
  withdraw(name);
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
    publish(instance);
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
