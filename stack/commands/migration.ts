import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../instance.ts";

const sources = ["sql/**/*.sql", "policies/**/*.sql", "seed/reference/**/*.sql"];
const baseline = join(root, "supabase", "migrations", "20261121000000_baseline.sql");

/** The domain's SQL in load order: first its rooms, then the policies, then the reference rows. */
export function compose(): string {
  const files = sources.flatMap((pattern) => globSync(pattern, { cwd: root }).sort());
  const parts = files.map((file) => `-- ${file}\n${readFileSync(join(root, file), "utf8").trim()}\n`);
  return `-- Composed by \`npm run db:migration\`; change the files named below instead.\n\n${
    parts.join("\n")
  }`;
}

/** Writes the baseline migration, or with --check only says whether it is up to date. */
export function composeMigration(words: string[]): void {
  const text = compose();
  if (!words.includes("--check")) {
    mkdirSync(dirname(baseline), { recursive: true });
    writeFileSync(baseline, text);
    console.log(`Wrote ${baseline}`);
  } else if (!existsSync(baseline) || readFileSync(baseline, "utf8") !== text) {
    throw new Error("The migration is out of date. Compose it with: npm run db:migration");
  }
}
