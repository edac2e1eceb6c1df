import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { database } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import { startProgram, unusedPort } from "../support/program.ts";

const nasty = `"><script>alert(1)</script>${crypto.randomUUID()}@example.com`;
let stop: () => void;
let address: string;
let template: string;

beforeAll(async () => {
  const [known] = await database<{ key: string }[]>`
    select key from private.message_templates where channel = 'email' and secrets = '{}' order by key limit 1
  `;
  template = known?.key ?? "";
  await database`
    insert into private.messages (channel, template_key, category, recipient, status)
    values ('email', ${template}, 'security', ${nasty}, 'suppressed')
  `;
  const port = await unusedPort();
  address = `http://127.0.0.1:${port}`;
  stop = await startProgram("stack/inbox/main.ts", port, {
    PORT: String(port),
    DATABASE_URL: environment.databaseUrl,
  });
});

afterAll(async () => {
  stop();
  await database`delete from private.messages where recipient = ${nasty}`;
});

test("programs read the messages of one recipient", async () => {
  const response = await fetch(`${address}/api/messages?recipient=${encodeURIComponent(nasty)}`);
  const messages = z.array(
    z.looseObject({ channel: z.string(), recipient: z.string(), template: z.string() }),
  )
    .parse(await response.json());
  expect(messages).toHaveLength(1);
  expect(messages[0]).toMatchObject({ channel: "email", recipient: nasty, template });
});

test("people read them without the messages doing anything", async () => {
  const response = await fetch(`${address}/?recipient=${encodeURIComponent(nasty)}`);
  const page = await response.text();
  expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(page).toContain("&lt;script&gt;");
  expect(page).not.toContain("<script");
  expect(page).toMatch(/<iframe sandbox="[^"]*" [^>]*srcdoc="/);
  expect(page).not.toContain("allow-scripts");
});
