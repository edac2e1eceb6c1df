import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { root } from "../instance.ts";

/** A check that needs no running stack, as a command line. */
export interface Check {
  name: string;
  command: string[];
}

const functionEntries = () => globSync("functions/**/*.ts", { cwd: root });

export const checks: Record<"format" | "lint" | "typecheck" | "generated", () => Check[]> = {
  format: () => [{ name: "format", command: ["deno", "fmt", "--check"] }],
  lint: () => [{ name: "lint", command: ["deno", "lint", "--quiet"] }],
  typecheck: () => [
    { name: "types", command: ["tsc", "--noEmit"] },
    {
      name: "types of the functions",
      command: ["deno", "check", "--quiet", "--config=functions/deno.json", ...functionEntries()],
    },
  ],
  generated: () => [
    { name: "migration", command: ["node", join("stack", "main.ts"), "migration", "--check"] },
  ],
};

/** The caller's environment, and what keeps the tools to themselves and their output to the point. */
export const toolEnvironment = {
  ...process.env,
  DENO_DIR: join(root, ".stack", "deno"),
  DENO_NO_UPDATE_CHECK: "1",
  // A registry may be reached through a proxy whose certificate only the system knows.
  DENO_TLS_CA_STORE: "mozilla,system",
  SUPABASE_TELEMETRY_DISABLED: "1",
  // Otherwise the CLI remarks on the missing TLS of the loopback interface.
  PGSSLMODE: "disable",
};

/** Runs a command line with the project's own programs; returns whether it succeeded. */
export function succeeds(command: string[], environment: Record<string, string> = {}): boolean {
  const [program = "", ...words] = command;
  const result = spawnSync(program, words, {
    cwd: root,
    stdio: "inherit",
    env: { ...toolEnvironment, ...environment },
  });
  return result.status === 0;
}

/** Runs some of the checks; fails when one fails. */
export function check(...names: (keyof typeof checks)[]): void {
  const failed = names.flatMap((name) => checks[name]()).filter(({ command }) => !succeeds(command));
  if (failed.length > 0) throw new Error(`Not in order: ${failed.map(({ name }) => name).join(", ")}`);
}
