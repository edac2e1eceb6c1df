import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { root } from "./instance.ts";
import type { Command } from "./service.ts";

/** The path of a server: the stack's own, or the one which a variable of the environment names. */
export function replaceable(name: string, variable: string): string {
  const replacement = process.env[variable];
  return replacement === undefined || replacement === ""
    ? join(root, "stack", name, "main.ts")
    : resolve(replacement);
}

/** A server's program with one of its sub-commands. */
export function commandOf(path: string, word: string, environment: Record<string, string>): Command {
  if (!existsSync(path)) throw new Error(`its program is missing: ${path}`);
  const own = path.endsWith(".ts");
  return {
    program: own ? process.execPath : path,
    arguments: own ? [path, word] : [word],
    environment,
    // The real servers look for their migrations beside themselves.
    folder: dirname(path),
  };
}

/** Runs a program to its end; a failure carries what it said. */
export async function runToEnd(command: Command): Promise<void> {
  const options = { cwd: command.folder, env: command.environment, maxBuffer: 64 * 1024 * 1024 };
  await new Promise<void>((resolve, reject) => {
    execFile(command.program, command.arguments, options, (error, stdout, stderr) => {
      if (error === null) return resolve();
      const said = (stdout + stderr).trim().split("\n").slice(-30).join("\n");
      reject(new Error(`${command.arguments.at(-1)} failed: ${said || error.message}`));
    });
  });
}
