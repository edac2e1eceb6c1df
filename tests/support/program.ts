import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { vi } from "vitest";

/** A port of the loopback interface that nobody listens on. */
export async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
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
