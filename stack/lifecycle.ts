import { fork } from "node:child_process";
import { existsSync, mkdirSync, openSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { folderOf, type Instance, pidsOf, root, runningInstance, withdraw } from "./instance.ts";
import { installPackages } from "./packages.ts";
import type { Say } from "./service.ts";
import { removeDatabase } from "./services/postgres.ts";
import type { Report } from "./supervisor.ts";

/** Starts an instance. With `stay` it outlives the caller, otherwise it ends with it. */
export async function startInstance(name: string, stay: boolean, say: Say): Promise<Instance> {
  installPackages(say);
  const folder = folderOf(name);
  mkdirSync(join(folder, "logs"), { recursive: true });
  const log = openSync(join(folder, "logs", "supervisor.log"), "a");
  const supervisor = fork(join(root, "stack", "supervisor.ts"), [name], {
    cwd: root,
    detached: true,
    stdio: ["ignore", log, log, "ipc"],
  });
  await new Promise<void>((resolve, reject) => {
    supervisor.on("message", (report: Report) => {
      if (report.kind === "progress") say(report.sentence);
      else if (report.kind === "ready") resolve();
      else reject(new Error(report.sentence));
    });
    supervisor.once("exit", (code) => {
      reject(new Error(`The supervisor ended with exit code ${code}; see ${folder}/logs/supervisor.log`));
    });
  });
  if (stay) {
    await new Promise((resolve) => supervisor.send("stay", resolve));
    if (supervisor.connected) supervisor.disconnect();
  } else {
    supervisor.channel?.unref();
  }
  supervisor.unref();
  const instance = await runningInstance(name);
  if (instance === undefined) throw new Error("The stack has ended right after its start.");
  return instance;
}

/** Ends an instance, whoever started it. Returns whether there was anything to end. */
export async function stopInstance(name: string): Promise<boolean> {
  const pids = pidsOf(name);
  const supervisor = pids.alive("supervisor");
  if (supervisor !== undefined) {
    process.kill(supervisor, "SIGTERM");
    const deadline = Date.now() + 20_000;
    while (pids.alive("supervisor") !== undefined && Date.now() < deadline) await sleep(50);
  }
  const leftBehind = await pids.sweep();
  withdraw(name);
  return supervisor !== undefined || leftBehind;
}

/** Ends an instance and removes it, down to its keys. */
export async function removeInstance(name: string): Promise<void> {
  await stopInstance(name);
  removeDatabase(name);
  rmSync(folderOf(name), { recursive: true, force: true });
}

/** Ends an instance and removes its data. The keys stay, as apps have them in their settings. */
export async function emptyInstance(name: string): Promise<void> {
  await stopInstance(name);
  removeDatabase(name);
  const folder = folderOf(name);
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder).filter((entry) => entry !== "keys.json")) {
    rmSync(join(folder, entry), { recursive: true });
  }
}
