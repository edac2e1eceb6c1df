// In the cloud the extension safeupdate refuses an update or delete without a condition in all that PostgREST runs, functions
// included. Nothing here can refuse it, so the functions are read.
import { afterAll, expect, test } from "vitest";
import { database } from "../support/database.ts";

afterAll(() => database.end());

/** The rest of a statement, without what is in parentheses, from where one of its verbs stands. */
function restOf(text: string): string {
  let rest = "";
  let depth = 0;
  for (const character of text) {
    if (character === "(") depth += 1;
    else if (character === ")") depth -= 1;
    else if (depth === 0) rest += character;
    if (depth < 0 || (depth === 0 && character === ";")) break;
  }
  return rest;
}

const verb = /\b(?:update\s+(?:only\s+)?[a-z_]+\.[a-z_]+|delete\s+from)\b/gi;

function unconditional(definition: string): string[] {
  const text = definition.replaceAll(/--.*$/gm, "");
  return [...text.matchAll(verb)].map(({ index }) => restOf(text.slice(index)))
    .filter((statement) => !/\bwhere\b/i.test(statement));
}

test("an update or delete without a condition would be found", () => {
  const found = unconditional(`
    delete from public.a where id = 1; -- update public.b set c = 1;
    with gone as (delete from public.a returning id) select id from gone where id = 2;
    update public.b set c = (select d from public.e where f = 3);
    insert into public.b values (1) on conflict (c) do update set c = 2;
    select id from public.a for update of a;`);
  expect(found.map((statement) => statement.replaceAll(/\s+/g, " ").trim())).toEqual([
    "delete from public.a returning id",
    "update public.b set c = ;",
  ]);
});

test("no function has one", async () => {
  const functions = await database<{ name: string; definition: string }[]>`
    select proc.oid::regprocedure::text as name, pg_get_functiondef(proc.oid) as definition
    from pg_proc as proc
    where proc.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and proc.prokind in ('f', 'p')`;
  expect(functions.length).toBeGreaterThan(0);
  const found = functions.map(({ name, definition }) => ({ name, statements: unconditional(definition) }));
  expect(found.filter(({ statements }) => statements.length > 0)).toEqual([]);
});
