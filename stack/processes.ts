import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A process id alone may have gone to somebody else since; with its start time it is unmistakable. */
function identity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : `${pid} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

/**
 * Takes the sole right to run what is in a folder, or tells that another process has it. The right is a socket without a file:
 * the system takes it back when its holder ends, however that happens.
 */
export async function takeSoleRight(folder: string): Promise<boolean> {
  const socket = createServer().unref();
  const path = `\0${createHash("sha256").update(folder).digest("hex")}`;
  return await new Promise((resolve) => {
    socket.once("error", () => resolve(false));
    socket.listen({ path }, () => resolve(true));
  });
}

/** The files in an instance's folder that name its running processes. */
export class PidFiles {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  private path(name: string): string {
    return join(this.folder, `${name}.pid`);
  }

  write(name: string, pid: number): void {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(this.path(name), identity(pid) ?? "");
  }

  remove(name: string): void {
    rmSync(this.path(name), { force: true });
  }

  /** The process id behind a name, while that very process lives. */
  alive(name: string): number | undefined {
    if (!existsSync(this.path(name))) return undefined;
    const written = readFileSync(this.path(name), "utf8");
    const pid = Number(written.split(" ")[0]);
    return pid > 0 && identity(pid) === written ? pid : undefined;
  }

  private names(): string[] {
    if (!existsSync(this.folder)) return [];
    return readdirSync(this.folder).map((file) => file.replace(/\.pid$/, ""));
  }

  /** The names of processes that have ended without being asked to. */
  missing(): string[] {
    return this.names().filter((name) => this.alive(name) === undefined);
  }

  /** Ends what an interrupted supervisor has left behind. Returns whether that was anything. */
  async sweep(): Promise<boolean> {
    const names = this.names();
    const found = names.some((name) => this.alive(name) !== undefined);
    for (const [signal, patience] of [["SIGINT", 10_000], ["SIGKILL", 5_000]] as const) {
      for (const name of names) {
        const pid = this.alive(name);
        if (pid !== undefined) process.kill(pid, signal);
      }
      const deadline = Date.now() + patience;
      while (names.some((name) => this.alive(name) !== undefined) && Date.now() < deadline) await sleep(50);
    }
    for (const name of names) this.remove(name);
    return found;
  }
}
