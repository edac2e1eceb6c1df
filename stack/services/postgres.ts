import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import postgres from "postgres";
import { databaseUrl, folderOf, type Instance, root } from "../instance.ts";
import { installedMajor, programsOf } from "../packages.ts";
import { host } from "../ports.ts";
import type { Command, Service } from "../service.ts";

type User = { uid: number; gid: number };

/** PostgreSQL refuses to run as root: then it runs as the distribution's user for it. */
function systemUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const fields = readFileSync("/etc/passwd", "utf8").split("\n").map((line) => line.split(":"))
    .find(([name]) => name === "postgres");
  if (fields === undefined) {
    throw new Error('The system user "postgres" is missing; the package postgresql makes it.');
  }
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}

/** In the instance's folder, or where that user can reach it when the clone is closed to others. */
function homeOf(name: string, user: User | undefined): string {
  const folder = folderOf(name);
  mkdirSync(folder, { recursive: true });
  const reachable = user === undefined ||
    spawnSync("test", ["-x", folder], { ...user, cwd: "/" }).status === 0;
  if (reachable) return join(folder, "postgres");
  const clone = `${basename(root)}-${createHash("sha256").update(root).digest("hex").slice(0, 8)}`;
  return join("/var/lib/postgresql", `${clone}-${name}`);
}

/** Removes an instance's database for good. */
export function removeDatabase(name: string): void {
  rmSync(homeOf(name, systemUser()), { recursive: true, force: true });
}

function run(program: string, words: string[], user: User | undefined): string {
  const result = spawnSync(program, words, {
    ...user,
    cwd: "/",
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8" },
    encoding: "utf8",
  });
  if (result.status !== 0) {
    throw new Error(`${basename(program)} failed: ${result.stderr || result.error?.message}`);
  }
  return result.stdout;
}

function majorOf(data: string): number {
  const version = join(data, "PG_VERSION");
  const major = existsSync(version) ? Number(readFileSync(version, "utf8")) : installedMajor();
  if (major === undefined || !existsSync(join(programsOf(major), "postgres"))) {
    throw new Error(
      `The data were written by PostgreSQL ${major}, which is not installed. Install it or: npm run reset`,
    );
  }
  return major;
}

function install(instance: Instance): Promise<void> {
  const user = systemUser();
  const home = homeOf(instance.name, user);
  const data = join(home, "data");
  if (!existsSync(join(data, "PG_VERSION"))) {
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home, { mode: 0o700 });
    const password = join(home, "password");
    writeFileSync(password, "postgres", { mode: 0o600 });
    if (user !== undefined) { for (const path of [home, password]) chownSync(path, user.uid, user.gid); }
    run(join(programsOf(majorOf(data)), "initdb"), [
      `--pgdata=${data}`,
      "--username=supabase_admin",
      `--pwfile=${password}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C.UTF-8",
      ...instance.durable ? [] : ["--no-sync"],
    ], user);
  }
  return Promise.resolve();
}

/**
 * Ends what a killed server has left of itself, and removes the file by which it claimed the data: either would keep the next
 * one from starting. Looked for as the same user, who alone may see where a process is at home.
 */
function clearAway(data: string, user: User | undefined): void {
  const inData = 'find /proc/[0-9]*/cwd -maxdepth 0 -lname "$1" 2>/dev/null | cut -d/ -f3';
  const script = `while left=$(${inData}); [ -n "$left" ]; do kill -9 $left; sleep 0.05; done`;
  run("/bin/sh", ["-c", script, "sh", data], user);
  rmSync(join(data, "postmaster.pid"), { force: true });
}

function start(instance: Instance): Command {
  const user = systemUser();
  const data = join(homeOf(instance.name, user), "data");
  clearAway(data, user);
  const program = join(programsOf(majorOf(data)), "postgres");
  const settings: Record<string, string> = {
    listen_addresses: host,
    port: String(instance.ports.database),
    unix_socket_directories: "",
    shared_buffers: "256MB",
    max_connections: "150",
    max_worker_processes: "20",
    wal_level: "logical",
    shared_preload_libraries: "pg_stat_statements,pg_cron",
    "cron.database_name": "postgres",
    "cron.use_background_workers": "on",
    log_checkpoints: "off",
    ...instance.durable ? {} : { fsync: "off", full_page_writes: "off" },
  };
  // Newer minor releases let in only the listed plug-ins of logical decoding.
  if (run(program, ["--describe-config"], user).includes("output_plugin_libraries")) {
    settings.output_plugin_libraries = "pgoutput,wal2json";
  }
  return {
    program,
    arguments: [
      "-D",
      data,
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ],
    environment: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8" },
    folder: "/",
    ...user === undefined ? {} : { user },
  };
}

async function ready(instance: Instance): Promise<boolean | undefined> {
  const sql = postgres(databaseUrl(instance, "supabase_admin"), {
    max: 1,
    connect_timeout: 10,
    onnotice: () => {},
  });
  try {
    await sql`select 1`;
    return true;
  } catch (error) {
    return error instanceof postgres.PostgresError ? false : undefined;
  } finally {
    await sql.end();
  }
}

export const database: Service = { name: "postgres", install, start, ready, stop: "SIGINT" };
