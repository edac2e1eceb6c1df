import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { type Config, readConfig } from "./config.ts";
import { type Keys, loadKeys } from "./keys.ts";
import { freePort, host } from "./ports.ts";
import { PidFiles } from "./processes.ts";

export const root = dirname(import.meta.dirname);

/** One running (or once started) copy of the stack, in `.stack/<name>/`. */
export interface Instance {
  name: string;
  folder: string;
  logs: string;
  pids: PidFiles;
  config: Config;
  keys: Keys;
  ports: Ports;
  /** Only the demo's data is worth the wait for a disk. */
  durable: boolean;
}

const portNames = [
  "gateway",
  "database",
  "inbox",
  "rest",
  "restAdmin",
  "auth",
  "realtime",
  "storage",
] as const;
export type Ports = Record<(typeof portNames)[number], number> & { functions: Record<string, number> };

export function folderOf(name: string): string {
  return join(root, ".stack", name);
}

export function pidsOf(name: string): PidFiles {
  return new PidFiles(join(folderOf(name), "pids"));
}

/** The demo has the ports of config.toml, every other instance and every inner server any free one. */
async function choosePorts(name: string, config: Config): Promise<Ports> {
  const fixed: Partial<Ports> = name === "demo"
    ? { gateway: config.api.port, database: config.db.port, inbox: config.local_smtp.port }
    : {};
  const taken = new Set<number>();
  const free = async () => {
    const port = await freePort(taken);
    taken.add(port);
    return port;
  };
  const ports = { functions: {} } as Ports;
  for (const port of portNames) ports[port] = fixed[port] ?? await free();
  for (const [function_, settings] of Object.entries(config.functions)) {
    if (settings.enabled) ports.functions[function_] = await free();
  }
  return ports;
}

async function describe(name: string, ports: (config: Config) => Promise<Ports>): Promise<Instance> {
  const folder = folderOf(name);
  const config = readConfig(join(root, "supabase", "config.toml"));
  const keys = await loadKeys(join(folder, "keys.json"), config.auth.signing_keys_path);
  const logs = join(folder, "logs");
  const chosen = await ports(config);
  return { name, folder, logs, pids: pidsOf(name), config, keys, ports: chosen, durable: name === "demo" };
}

function portsFile(name: string): string {
  return join(folderOf(name), "ports.json");
}

/** Describes an instance that is about to start. */
export async function createInstance(name: string): Promise<Instance> {
  mkdirSync(join(folderOf(name), "logs"), { recursive: true });
  return await describe(name, (config) => choosePorts(name, config));
}

/** Lets others find an instance: all of it answers. */
export function publish({ name, ports }: Instance): void {
  writeFileSync(portsFile(name), JSON.stringify(ports));
}

/** Takes that back: the instance is being ended, or not yet there. */
export function withdraw(name: string): void {
  rmSync(portsFile(name), { force: true });
}

/** The instance of this name, from the moment all of it has answered until it is ended. */
export async function runningInstance(name: string): Promise<Instance | undefined> {
  const path = portsFile(name);
  if (pidsOf(name).alive("supervisor") === undefined || !existsSync(path)) return undefined;
  return await describe(name, () => Promise.resolve(JSON.parse(readFileSync(path, "utf8")) as Ports));
}

export function apiUrl(instance: Instance): string {
  return `http://${host}:${instance.ports.gateway}`;
}

export function databaseUrl(instance: Instance, role = "postgres"): string {
  return `postgresql://${role}:postgres@${host}:${instance.ports.database}/postgres`;
}

/** The last lines of a server's log, for the person who has to find out why it ended. */
export function endOfLog({ logs }: Instance, server: string): string {
  const log = join(logs, `${server}.log`);
  const lines = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n").slice(-20) : [];
  return [`The end of ${relative(root, log)}:`, ...lines.map((line) => `  ${line}`)].join("\n");
}
