import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { randomInt } from "node:crypto";

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

/** Who listens on a port, as far as the caller may see it: "process 123 (/usr/sbin/nginx)". */
export function holderOf(port: number): string {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  const sockets = ["tcp", "tcp6"].flatMap((table) => {
    const lines = readFileSync(`/proc/net/${table}`, "utf8").trim().split("\n").slice(1);
    return lines.map((line) => line.trim().split(/\s+/)).filter((fields) =>
      fields[1]?.endsWith(`:${wanted}`) && fields[3] === "0A"
    ).map((fields) => `socket:[${fields[9]}]`);
  });
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const files = readdirSync(`/proc/${pid}/fd`).map((file) => {
        try {
          return readlinkSync(`/proc/${pid}/fd/${file}`);
        } catch {
          return "";
        }
      });
      if (files.some((file) => sockets.includes(file))) {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        return `process ${pid} (${command.slice(0, 100)})`;
      }
    } catch {
      // The process has ended, or belongs to somebody else.
    }
  }
  return "a process of another user";
}
