import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../instance.ts";
import { definersPage } from "./definers.ts";

const sources = ["sql/**/*.sql", "policies/**/*.sql", "seed/reference/**/*.sql"];
const baseline = join(root, "supabase", "migrations", "20261121000000_baseline.sql");
const definers = join(root, "docs", "definer-functions.md");

/** The domain's SQL in load order: first its rooms, then the policies, then the reference rows. */
export function compose(): string {
  const files = sources.flatMap((pattern) => globSync(pattern, { cwd: root }).sort());
  const parts = files.map((file) => `-- ${file}\n${readFileSync(join(root, file), "utf8").trim()}\n`);
  return `-- Composed by \`npm run db:migration\`; change the files named below instead.\n\n${
    parts.join("\n")
  }`;
}

/** Writes the baseline migration and the page about it, or with --check only says whether they are up to date. */
export function composeMigration(words: string[]): void {
  const migration = compose();
  const written = new Map([[baseline, migration], [definers, definersPage(migration)]]);
  for (const [path, text] of written) {
    if (!words.includes("--check")) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      console.log(`Wrote ${path}`);
    } else if (!existsSync(path) || readFileSync(path, "utf8") !== text) {
      throw new Error(`${path} is out of date. Compose it with: npm run db:migration`);
    }
  }
}
