import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { join } from "node:path";
import { vi } from "vitest";

/** A port of the loopback interface that nobody listens on and that the system lends to no outgoing connection. */
export async function unusedPort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

/** Starts one of the stack's programs and waits until it answers on its port. Returns how to end it. */
export async function startProgram(
  path: string,
  port: number,
  variables: Record<string, string>,
): Promise<() => void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "..", "..", path)], {
    env: { ...process.env, ...variables },
    stdio: "inherit",
  });
  await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/`), { timeout: 10_000, interval: 50 });
  return () => child.kill();
}
