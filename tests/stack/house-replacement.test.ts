// Another program in the place of Auth, and the suite on a stack that somebody else has started.
import { spawn } from "node:child_process";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ProjectCopy } from "../support/project-copy.ts";

const root = join(import.meta.dirname, "..", "..");

let project: ProjectCopy;
let standIn: string;

beforeAll(async () => {
  project = await ProjectCopy.make();
  // It notes how it is called and what it finds, and then is this project's own server as a program from outside.
  standIn = project.write(
    "auth-stand-in.sh",
    `#!/bin/sh
cd "$(dirname "$0")"
echo "$*" >> auth-calls
env > "auth-environment-$1"
if [ "$1" = migrate ] && [ ! -e auth-tables-before ]; then
  psql "$DATABASE_URL" --no-psqlrc --tuples-only --no-align --output=auth-tables-before --command="
    select count(*) from pg_class where relnamespace = 'auth'::regnamespace"
fi
exec "${process.execPath}" "${join(root, "stack", "auth", "main.ts")}" "$@"
`,
  );
  const { code, output } = await project.run("start", { STACK_AUTH: standIn });
  expect(code, output).toBe(0);
}, 120_000);

afterAll(() => project.remove());

test("it makes its schema first, then serves", () => {
  expect(project.read("auth-calls").trim().split("\n")).toEqual(["migrate", "serve"]);
});

test("it is given the variables of the real server and little else", () => {
  const ofEveryProgram = /^(PATH|HOME|LANG|TZ|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|DENO_CERT)$/;
  const ofTheShell = /^(PWD|OLDPWD|SHLVL|_)$/;
  for (const word of ["migrate", "serve"]) {
    const names = project.read(`auth-environment-${word}`).trim().split("\n").map((line) =>
      line.split("=")[0] ?? ""
    );
    const others = names.filter((name) =>
      !/^(GOTRUE_[A-Z0-9_]+|API_EXTERNAL_URL|PORT|DATABASE_URL)$/.test(name)
    );
    expect(others.filter((name) => !ofEveryProgram.test(name) && !ofTheShell.test(name))).toEqual([]);
    expect(names).toContain("GOTRUE_SITE_URL");
  }
});

test("its tables are its own: the stack makes none of them and changes none", async () => {
  expect(project.read("auth-tables-before").trim()).toBe("0");
  const sql = postgres(`postgresql://postgres:postgres@127.0.0.1:${project.ports.database}/postgres`, {
    max: 1,
  });
  const foreign = await sql`
    select relname from pg_class
    where relnamespace = 'auth'::regnamespace and relowner <> 'supabase_auth_admin'::regrole
    union all
    select proname from pg_proc
    where pronamespace = 'auth'::regnamespace and proowner <> 'supabase_auth_admin'::regrole`;
  await sql.end();
  expect([...foreign]).toEqual([]);
});

test("the suite passes on it, told by variables alone where the stack is", async () => {
  const { output: status } = await project.run("status");
  const variables = Object.fromEntries(
    [...status.matchAll(/^(\w+)="(.*)"$/gm)].map(([, name = "", value = ""]) => [name, value]),
  );
  const files = ["links", "conventions"].map((name) => `tests/stack/auth/${name}.test.ts`);
  const child = spawn("sh", ["stack/bootstrap.sh", "test", ...files], {
    cwd: root,
    env: { ...process.env, ...variables, STACK_AUTH: standIn },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => output += String(data));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  expect(output).not.toContain("a fresh stack");
  expect(output).toMatch(/\n[1-9]\d* passed, 0 failed\n/);
  expect(code, output).toBe(0);
}, 180_000);
