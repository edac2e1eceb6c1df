import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import * as z from "zod";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const documents = ["README.md", ...globSync("docs/**/*.md", { cwd: root })].sort();
const sql = globSync("supabase/migrations/*.sql", { cwd: root }).map(read).join("\n");
const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(
  JSON.parse(read("package.json")),
);

const namesIn = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map((found) => found[1] ?? ""))].sort();

const functions = namesIn(sql, /^create (?:or replace )?function public\.(\w+)\(/gm);
const tables = namesIn(sql, /^create (?:table|view) public\.(\w+)/gm);
const ours = new Set(
  namesIn(sql, /^create (?:(?:or replace )?function|table|unlogged table|view|type) private\.(\w+)/gm),
);

/** A path as documents write it: from the root, a pattern or not, the ending of a test left out or not. */
function exists(path: string): boolean {
  const pattern = path.replace(/\/$/, "").replaceAll(/<[^>]+>/g, "*");
  return ["", ".test.ts", ".sql", ".ts"].some((ending) =>
    globSync(pattern + ending, { cwd: root }).length > 0
  );
}

describe.each(documents)("%s", (document) => {
  const text = read(document);

  test("leads only to what exists", () => {
    const links = namesIn(text, /\]\(((?!https?:|#|mailto:)[^)#]+)(?:#[^)]*)?\)/g);
    expect(links.filter((link) => !existsSync(join(root, dirname(document), link)))).toEqual([]);
  });

  test("names files, commands, functions and tables that exist", () => {
    const paths = namesIn(
      text,
      /`((?:\.?\/)?(?:sql|policies|seed|functions|supabase|stack|examples|tests|docs|types)\/[^\s`]*)`/g,
    ).filter((path) => !path.startsWith("/functions/"));
    // The map of the API names its tests from their folder.
    const isNamed = (path: string) =>
      exists(path) || (document === "docs/api-map.md" && exists(`tests/${path}`));
    expect(paths.filter((path) => !isNamed(path)), "files").toEqual([]);
    const commands = namesIn(text, /npm run (?:-s )?([\w:]+)/g);
    expect(commands.filter((command) => !(command in scripts)), "npm scripts").toEqual([]);
    expect(
      namesIn(text, /\bprivate\.(\w+)/g).filter((name) => !ours.has(name)),
      "private functions and tables",
    )
      .toEqual([]);
    expect(namesIn(text, /rpc\("(\w+)"/g).filter((name) => !functions.includes(name)), "calls").toEqual([]);
    expect(namesIn(text, /from\("(\w+)"\)/g).filter((name) => !tables.includes(name)), "tables")
      .toEqual(namesIn(text, /storage\.from\("(\w+)"\)/g));
  });
});

describe("docs/api-map.md", () => {
  const text = read("docs/api-map.md");

  test("has every exposed function and table", () => {
    expect(functions.filter((name) => !new RegExp(`\\b${name}\\b`).test(text)), "functions").toEqual([]);
    expect(tables.filter((name) => !new RegExp(`\\b${name}\\b`).test(text)), "tables").toEqual([]);
  });

  test("names a test for every row, and only tests that exist", () => {
    const lines = text.split("\n");
    const rows = lines.filter((line, index) =>
      /^\| (?!---)/.test(line) && !(lines[index + 1] ?? "").startsWith("| ---")
    ).map((line) => line.split("|").map((cell) => cell.trim()));
    const tested = rows.map((cells) => ({
      row: cells[1],
      tests: namesIn(cells.at(-2) ?? "", /`([^`]+)`/g).flatMap((name) => name.split(/,\s*/)),
    }));
    // What there is none of, and PostgREST's own formats, need no test of ours.
    const without = rows.filter((cells) => !/`|^–$|^PostgREST$/.test(cells.at(-2) ?? ""));
    expect(without).toEqual([]);
    const missing = tested.flatMap(({ row, tests }) =>
      tests.filter((name) => !name.startsWith("docs/") && !exists(`tests/${name}`)).map((name) =>
        `${row}: ${name}`
      )
    );
    expect(missing).toEqual([]);
  });
});
