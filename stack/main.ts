import { bench } from "./commands/bench.ts";
import { check, succeeds } from "./commands/checks.ts";
import { composeMigration } from "./commands/migration.ts";
import { run } from "./commands/run.ts";
import { reset, start, status, stop } from "./commands/stack.ts";
import { test } from "./commands/test.ts";
import { types } from "./commands/types.ts";
import { installPackages } from "./packages.ts";

const [command = "", ...words] = process.argv.slice(2);

const commands: Record<string, (words: string[]) => Promise<void> | void> = {
  start: () => start(),
  stop: () => stop(),
  reset: () => reset(),
  status: () => status(),
  test,
  bench,
  run,
  types,
  migration: composeMigration,
  format: () => {
    if (!succeeds(["deno", "fmt", "--quiet"])) throw new Error("Formatting failed.");
  },
  lint: () => check("lint"),
  typecheck: () => check("typecheck"),
  packages: () => installPackages((sentence) => console.error(sentence)),
};

const chosen = commands[command];
try {
  if (chosen === undefined) {
    throw new Error(`Unknown command "${command}". Known: ${Object.keys(commands).join(", ")}`);
  }
  await chosen(words);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
