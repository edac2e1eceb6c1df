import { globSync } from "node:fs";
import { root } from "../instance.ts";
import { removeInstance, startInstance } from "../lifecycle.ts";
import { variablesOf } from "../variables.ts";
import { succeeds } from "./checks.ts";

/**
 * Runs the programs `tests/bench/*.bench.ts`, or those whose path contains a given word, on a fresh instance. Each prints a
 * table, or with --json one object a line, and fails when a figure misses its target.
 */
export async function bench(words: string[]): Promise<void> {
  const options = words.filter((word) => word.startsWith("-"));
  const wanted = words.filter((word) => !word.startsWith("-"));
  const programs = globSync("tests/bench/**/*.bench.ts", { cwd: root }).sort()
    .filter((path) => wanted.length === 0 || wanted.some((word) => path.includes(word)));
  if (programs.length === 0) throw new Error(`No benchmark is called ${wanted.join(", ")}.`);
  const say = (sentence: string) => console.error(`· ${sentence}`);
  const name = `bench-${process.pid}`;
  const instance = await startInstance(name, false, say);
  let failed: string[] = [];
  try {
    failed = programs.filter((program) => {
      say(program);
      return !succeeds(["node", program, ...options], variablesOf(instance));
    });
  } finally {
    await removeInstance(name);
  }
  if (failed.length > 0) throw new Error(`These did not meet their targets: ${failed.join(", ")}`);
}
