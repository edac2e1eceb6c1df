// The life of a stack as a person at a terminal sees it, one step after the other.
import { createServer } from "node:net";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { ProjectCopy } from "../support/project-copy.ts";

// A start takes seconds on a quiet machine, and has to share a busy one.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let project: ProjectCopy;

beforeAll(async () => {
  project = await ProjectCopy.make();
});

afterAll(() => project.remove());

async function query<Row extends postgres.Row>(text: string): Promise<Row[]> {
  const sql = postgres(`postgresql://postgres:postgres@127.0.0.1:${project.ports.database}/postgres`, {
    max: 1,
  });
  try {
    return [...await sql.unsafe<Row[]>(text)];
  } finally {
    await sql.end();
  }
}

async function answers(port: number): Promise<boolean> {
  return await fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false);
}

test("before the first start there is nothing to show", async () => {
  const { code, output } = await project.run("status");
  expect(code).toBe(1);
  expect(output).toContain("npm start");
});

test("a taken port is named with its holder, and nothing is left behind", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(project.ports.api, "127.0.0.1", resolve));
  const { code, output } = await project.run("start");
  await new Promise((resolve) => holder.close(resolve));
  expect(code).toBe(1);
  expect(output).toContain(`port ${project.ports.api}`);
  expect(output).toContain(`process ${process.pid}`);
  expect(output).toContain("another port in supabase/config.toml");
  expect((await project.run("status")).code).toBe(1);
});

test("a service that cannot start is named with its last words, and the others are stopped", async () => {
  const broken = project.write(
    "broken-auth.sh",
    "#!/bin/sh\necho 'the moon is in the wrong place'\nexit 3\n",
  );
  const { code, output } = await project.run("start", { STACK_AUTH: broken });
  expect(code).toBe(1);
  expect(output).toContain("auth did not start");
  expect(output).toContain("the moon is in the wrong place");
  await expect(query("select 1")).rejects.toThrow();
});

test("a wrong setting is named with its place", async () => {
  const text = project.read("supabase/config.toml");
  project.write("supabase/config.toml", text.replace("jwt_expiry = 900", 'jwt_expiry = "soon"'));
  const { code, output } = await project.run("start");
  project.write("supabase/config.toml", text);
  expect(code).toBe(1);
  expect(output).toContain("auth.jwt_expiry");
});

test("a start ends with addresses, keys and accounts", async () => {
  const { code, output } = await project.run("start");
  expect(output).toContain(`http://127.0.0.1:${project.ports.api}`);
  expect(output).toContain("sb_publishable_");
  expect(output).toContain("host@example.com");
  expect(code).toBe(0);
  expect(await answers(project.ports.inbox)).toBe(true);
});

test("status prints shell variables", async () => {
  const { code, output } = await project.run("status");
  expect(code).toBe(0);
  for (const line of output.trim().split("\n")) expect(line).toMatch(/^[A-Z_]+="[^"]*"$/);
  const names = [
    "API_URL",
    "DB_URL",
    "ANON_KEY",
    "SERVICE_ROLE_KEY",
    "MAILPIT_URL",
    "OPENKJ_URL",
    "HOST_EMAIL",
  ];
  for (const name of names) expect(output).toContain(`${name}="`);
});

test("a second start says that it runs already", async () => {
  const { code, output } = await project.run("start");
  expect(code).toBe(0);
  expect(output).toContain("runs already");
  expect(output).toContain(`http://127.0.0.1:${project.ports.api}`);
});

test("the next start makes nothing anew and finds the data again", async () => {
  const migrations = "select version from supabase_migrations.schema_migrations order by version";
  const before = await query(migrations);
  expect(before.length).toBeGreaterThan(0);
  await query("create table public.kept as select 42 as answer");
  expect((await project.run("stop")).code).toBe(0);
  expect(await answers(project.ports.api)).toBe(false);
  const { code, output } = await project.run("start");
  expect(code).toBe(0);
  for (const once of ["Fetching", "Making", "Applying", "Planting"]) expect(output).not.toContain(once);
  expect(await query("select answer from public.kept")).toEqual([{ answer: 42 }]);
  expect(await query(migrations)).toEqual(before);
});

test("a supervisor that was killed leaves nothing in the way of the next start", async () => {
  const pid = Number(project.read(".stack/demo/pids/supervisor.pid").split(" ")[0]);
  process.kill(pid, "SIGKILL");
  await vi.waitFor(async () => expect((await project.run("status")).code).toBe(1), 30_000);
  const { code } = await project.run("start");
  expect(code).toBe(0);
  expect(await query("select answer from public.kept")).toEqual([{ answer: 42 }]);
});

test("reset forgets the data", async () => {
  expect((await project.run("reset")).code).toBe(0);
  expect(await answers(project.ports.api)).toBe(false);
  expect((await project.run("status")).code).toBe(1);
});
