import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { pidsOf, root } from "../instance.ts";
import { removeInstance, startInstance, stopInstance } from "../lifecycle.ts";
import { removeDatabase } from "../services/postgres.ts";
import { variablesOf } from "../variables.ts";
import { checks, succeeds } from "./checks.ts";
import { typesAreFresh } from "./types.ts";

interface Count {
  passed: number;
  failed: number;
}

function title(text: string): void {
  console.log(`\n=== ${text}`);
}

function one(success: boolean): Count {
  return success ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function checked(name: string, work: () => boolean): Count {
  title(name);
  const success = work();
  console.log(success ? "in order" : `NOT IN ORDER: ${name}`);
  return one(success);
}

const vitestSummary = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  success: z.boolean(),
});

function runVitest(words: string[], environment: Record<string, string>): Count {
  title("tests of the running stack");
  const folder = mkdtempSync(join(tmpdir(), "vitest-"));
  const file = join(folder, "summary.json");
  const success = succeeds(
    ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`, ...words],
    environment,
  );
  if (!existsSync(file)) return one(false);
  const summary = vitestSummary.parse(JSON.parse(readFileSync(file, "utf8")));
  rmSync(folder, { recursive: true });
  // A file that cannot be loaded has no tests to fail.
  const failed = summary.numFailedTests + (!success && summary.numFailedTests === 0 ? 1 : 0);
  return { passed: summary.numPassedTests, failed };
}

/** Runs pgTAP's files one at a time, as each may use everything in the database. */
function runPgTap(files: string[], databaseUrl: string): Count {
  title("tests inside the database");
  const result = spawnSync("pg_prove", ["--dbname", databaseUrl, "--comments", ...files], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, PGOPTIONS: "--client-min-messages=warning" },
  });
  if (result.error !== undefined) throw result.error;
  console.log(result.stdout + result.stderr);
  const tests = Number(/^Files=\d+, Tests=(\d+)/m.exec(result.stdout)?.[1] ?? 0);
  const named = [...result.stdout.matchAll(/^ {2}Failed tests?: {2}(.+)$/gm)].flatMap(([, list = ""]) =>
    list.split(", ").map((range) => range.split("-").map(Number))
  ).map(([first = 0, last = first]) => last - first + 1).reduce((sum, count) => sum + count, 0);
  const failed = result.status === 0 ? 0 : Math.max(named, 1);
  return { passed: tests - named, failed };
}

/** The name of this run's own instance: a run beside another one keeps out of its way. */
function freeName(): string {
  return pidsOf("test").alive("supervisor") === undefined ? "test" : `test-${process.pid}`;
}

function testTheStack(words: string[], environment: Record<string, string>): Count[] {
  const options = words.filter((word) => word.startsWith("-"));
  const paths = words.filter((word) => !word.startsWith("-")).map((word) => word.replace(/^\.\//, ""));
  const inDatabase = (path: string) => path.startsWith("tests/database");
  const counts: Count[] = [];
  const files = globSync("tests/database/**/*.sql", { cwd: root }).sort()
    .filter((file) => paths.length === 0 || paths.some((path) => inDatabase(path) && file.startsWith(path)));
  if (files.length > 0) counts.push(runPgTap(files, environment.DB_URL ?? ""));
  const others = paths.filter((path) => !inDatabase(path));
  if (paths.length === 0 || others.length > 0) counts.push(runVitest([...others, ...options], environment));
  return counts;
}

async function testAFreshStack(words: string[]): Promise<Count[]> {
  title("a fresh stack");
  const name = freeName();
  await removeInstance(name);
  const counts: Count[] = [];
  try {
    const instance = await startInstance(name, false, (sentence) => console.log(`· ${sentence}`));
    const variables = variablesOf(instance);
    if (words.length === 0) {
      counts.push(checked("generated types", () => typesAreFresh(variables.DB_URL ?? "")));
    }
    counts.push(...testTheStack(words, variables));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    counts.push(one(false));
  } finally {
    // Its logs stay for whoever looks into a failure; a run beside another one leaves nothing.
    if (name === "test") {
      await stopInstance(name);
      removeDatabase(name);
    } else {
      await removeInstance(name);
    }
  }
  return counts;
}

/**
 * Runs everything that must be in order: the checks of the sources, then the tests on a fresh instance, or on the stack which
 * the environment names. With words, only the tests that they name.
 */
export async function test(words: string[]): Promise<void> {
  const counts: Count[] = [];
  if (words.length === 0) {
    for (const { name, command } of Object.values(checks).flatMap((list) => list())) {
      counts.push(checked(name, () => succeeds(command)));
    }
  }
  const { API_URL, DB_URL } = process.env;
  if (API_URL === undefined || DB_URL === undefined) counts.push(...await testAFreshStack(words));
  else {
    // What is true of this stack only is not asked of another, unless by name.
    const foreign = words.some((word) => word.includes("house-")) ? [] : ["--exclude=tests/stack/house-*"];
    counts.push(...testTheStack([...words, ...foreign], { API_URL, DB_URL }));
  }
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const failed = counts.reduce((sum, count) => sum + count.failed, 0);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}
