import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

export const host = "127.0.0.1";

export async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A free port below the range from which the system takes ports for outgoing connections. */
export async function freePort(taken: ReadonlySet<number>): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (!taken.has(port) && await isFree(port)) return port;
  }
}

/**
 * Returns who listens on a port, as far as the caller may see it: "process 123 (/usr/sbin/nginx)". Undefined when nobody does:
 * then a port that is not free belongs to a connection.
 */
export function listenerOn(port: number): string | undefined {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  const sockets = ["tcp", "tcp6"].flatMap((table) => {
    const lines = readFileSync(`/proc/net/${table}`, "utf8").trim().split("\n").slice(1);
    return lines.map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[1]?.endsWith(`:${wanted}`) && fields[3] === "0A")
      .map((fields) => `socket:[${fields[9]}]`);
  });
  if (sockets.length === 0) return undefined;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (openFiles(pid).some((file) => sockets.includes(file))) {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      return `process ${pid} (${command.slice(0, 100)})`;
    }
  }
  return "a process of another user";
}

/** What a process has open; nothing when it has ended or belongs to somebody else. */
function openFiles(pid: string): string[] {
  const link = (path: string) => {
    try {
      return readlinkSync(path);
    } catch {
      return "";
    }
  };
  try {
    return readdirSync(`/proc/${pid}/fd`).map((file) => link(`/proc/${pid}/fd/${file}`));
  } catch {
    return [];
  }
}

/**
 * Waits until a port can be listened on. Somebody who listens there will not go away by himself, but the system also lends these
 * ports to outgoing connections and keeps them a minute after their end.
 */
export async function waitForPort(
  port: number,
  what: string,
  say: (sentence: string) => void,
): Promise<void> {
  const deadline = Date.now() + 90_000;
  for (let waits = 0; !await isFree(port); waits++) {
    const holder = listenerOn(port);
    if (holder !== undefined || Date.now() > deadline) {
      throw new Error(
        `${what} needs port ${port} of ${host}, which is taken by ${holder ?? "a connection"}. ` +
          "End that, or give another port in supabase/config.toml, and start again.",
      );
    }
    if (waits === 0) say(`Waiting for port ${port}, which an ended connection holds for up to a minute`);
    await sleep(500);
  }
}
