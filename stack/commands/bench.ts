import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { root } from "../instance.ts";
import { removeInstance, startInstance } from "../lifecycle.ts";
import { variablesOf } from "../variables.ts";
import * as z from "zod";

const row = z.object({
  name: z.string(),
  value: z.number(),
  unit: z.string(),
  baseline: z.number().nullable(),
  ratio: z.number().nullable(),
  target: z.number().nullable(),
  ok: z.boolean(),
});

/**
 * Runs the programs `tests/bench/*.bench.ts` (or those whose path contains a given word) on a fresh instance. Each prints one
 * JSON object a line; they come out as a table, or with --json as they are.
 */
export async function bench(words: string[]): Promise<void> {
  const json = words.includes("--json");
  const wanted = words.filter((word) => !word.startsWith("-"));
  const programs = globSync("tests/bench/**/*.bench.ts", { cwd: root }).sort()
    .filter((path) => wanted.length === 0 || wanted.some((word) => path.includes(word)));
  const say = (sentence: string) => console.error(`· ${sentence}`);
  await removeInstance("bench");
  const instance = await startInstance("bench", false, say);
  let failed = 0;
  try {
    for (const program of programs) {
      say(program);
      const output = execFileSync(process.execPath, [program], {
        cwd: root,
        encoding: "utf8",
        env: { ...process.env, ...variablesOf(instance) },
        stdio: ["ignore", "pipe", "inherit"],
      });
      const rows = output.trim().split("\n").map((line) => row.parse(JSON.parse(line)));
      failed += rows.filter(({ ok }) => !ok).length;
      if (json) { for (const line of rows) console.log(JSON.stringify(line)); }
      else console.table(rows);
    }
  } finally {
    await removeInstance("bench");
  }
  if (failed > 0) throw new Error(`${failed} measurements miss their target.`);
}
