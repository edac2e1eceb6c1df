import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { databaseUrl, root, runningInstance } from "../instance.ts";
import { toolEnvironment } from "./checks.ts";

const path = join(root, "types", "database.ts");

/** The database's tables and functions as TypeScript, formatted like everything else. */
function generate(url: string): string {
  const options = { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024, env: toolEnvironment } as const;
  const text = execFileSync(
    "supabase",
    ["gen", "types", "typescript", `--remote=${url}`, "--schema=public"],
    {
      ...options,
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  return execFileSync("deno", ["fmt", "--quiet", "--ext=ts", "-"], { ...options, input: text });
}

export function typesAreFresh(url: string): boolean {
  const fresh = existsSync(path) && readFileSync(path, "utf8") === generate(url);
  if (!fresh) {
    console.log("types/database.ts is out of date. Generate it on a running stack with: npm run types");
  }
  return fresh;
}

/** Writes the types of the running stack's database, or with --check only says whether they are up to date. */
export async function types(words: string[]): Promise<void> {
  const instance = await runningInstance("demo");
  if (instance === undefined) throw new Error("The stack is not running. Start it with: npm start");
  const url = databaseUrl(instance);
  if (words.includes("--check")) {
    if (!typesAreFresh(url)) throw new Error("The types are out of date.");
    return;
  }
  mkdirSync(join(root, "types"), { recursive: true });
  writeFileSync(path, generate(url));
  console.log(`Wrote ${path}`);
}
