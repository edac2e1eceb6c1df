import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { randomUUID } from "node:crypto";
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { database } from "../support/database.ts";
import { environment } from "../support/environment.ts";

interface Mail {
  To: { Email: string }[];
  Subject: string;
  TextPart: string;
  HTMLPart: string;
  CustomID: string;
  CustomCampaign: string;
}

const mailjetBody = z.object({
  Messages: z.array(z.looseObject({
    To: z.array(z.object({ Email: z.string() })),
    Subject: z.string(),
    TextPart: z.string(),
    HTMLPart: z.string(),
    CustomID: z.string(),
    CustomCampaign: z.string(),
    DeduplicateCampaign: z.literal(true),
  })),
});

/** The wire formats of Mailjet's Send API v3.1 and Twilio's Messages resource, as far as this product meets them. */
class Providers {
  readonly mails: Mail[] = [];
  readonly texts: { sid: string; to: string; body: string }[] = [];
  /** Statuses to answer with, for a recipient, before anything of theirs is taken. */
  readonly failures = new Map<string, number[]>();
  /** Recipients whose message is taken but never answered: whoever waits dies not knowing. */
  readonly silent = new Set<string>();
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: import("node:http").ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const reply = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (request.url === "/v3.1/send") {
      expect(request.headers.authorization).toBe(`Basic ${btoa("mail-key:mail-secret")}`);
      const [mail] = mailjetBody.parse(JSON.parse(text)).Messages;
      if (!mail) return reply(400, { ErrorMessage: "no message" });
      const address = mail.To[0]?.Email ?? "";
      const failure = this.failures.get(address)?.shift();
      if (failure !== undefined) return reply(failure, { ErrorMessage: "no" });
      if (address.startsWith("refused")) {
        return reply(400, { Messages: [{ Status: "error", Errors: [{ ErrorMessage: "bad address" }] }] });
      }
      // Mailjet drops the second mail of one campaign to one address.
      if (!this.mails.some(({ CustomCampaign }) => CustomCampaign === mail.CustomCampaign)) {
        this.mails.push(mail);
      }
      if (this.silent.has(address)) return;
      return reply(200, { Messages: [{ Status: "success", To: [{ Email: address, MessageID: 123 }] }] });
    }
    if (request.url?.startsWith("/2010-04-01/Accounts/AC0/Messages.json")) {
      const resource = (text: { sid: string; to: string; body: string }) => ({ ...text, status: "queued" });
      if (request.method === "GET") {
        const to = new URL(request.url, "http://x").searchParams.get("To");
        return reply(200, {
          messages: this.texts.filter((text) => text.to === to).map(resource),
          page_size: 50,
        });
      }
      const form = new URLSearchParams(text);
      const sent = { sid: `SM${randomUUID()}`, to: form.get("To") ?? "", body: form.get("Body") ?? "" };
      this.texts.push(sent);
      if (this.silent.has(sent.to)) return;
      return reply(201, resource(sent));
    }
    return reply(404, {});
  }
}

let providers: Providers;
let url: string;
const workers: ReturnType<typeof startWorker>[] = [];

/** A worker of this test's own: the function as it is deployed, with the providers' addresses turned to this test. */
function startWorker(port: number) {
  const child = spawn("deno", [
    "run",
    "--quiet",
    "--allow-all",
    "--config=functions/deno.json",
    "--node-modules-dir=none",
    "functions/messages/index.ts",
  ], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      ...process.env,
      DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
      SUPABASE_DB_URL: environment.databaseUrl,
      SUPABASE_SERVICE_ROLE_KEY: environment.serviceRoleKey,
      MAIL_PROVIDER: "mailjet",
      MAILJET_API_KEY: "mail-key",
      MAILJET_API_SECRET: "mail-secret",
      MAILJET_URL: url,
      SMS_PROVIDER: "twilio",
      TWILIO_ACCOUNT_SID: "AC0",
      TWILIO_AUTH_TOKEN: "token",
      TWILIO_FROM_NUMBER: "+15005550006",
      TWILIO_URL: url,
    },
  });
  return { child, address: `http://127.0.0.1:${port}` };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function work(worker: { address: string }): Promise<Response> {
  for (let attempt = 0;; attempt++) {
    try {
      return await fetch(worker.address, {
        method: "POST",
        headers: { authorization: `Bearer ${environment.serviceRoleKey}` },
      });
    } catch (error) {
      if (attempt === 100) throw error;
      await sleep(100);
    }
  }
}

async function newWorker() {
  const worker = startWorker(await freePort());
  workers.push(worker);
  return worker;
}

async function enqueue(
  channel: "email" | "sms",
  recipient: string,
  template = "account_deleted",
): Promise<string> {
  const [row] = await database<{ id: string }[]>`
    select private.enqueue_message(${channel}, ${template}, ${recipient}, '{}') as id`;
  return row?.id ?? "";
}

/** What arrived of one message. Other tests' messages are in the same outbox. */
const arrived = (id: string) => providers.mails.filter(({ CustomID }) => CustomID === id);

async function state(id: string) {
  const [row] = await database`
    select status, attempts, last_error, provider_message_id, next_attempt_at > now() as is_later
    from private.messages where id = ${id}`;
  return row;
}

const makeDue = (id: string) =>
  database`update private.messages set next_attempt_at = now() where id = ${id}`;

beforeAll(async () => {
  providers = new Providers();
  url = await providers.start();
});
beforeEach(() => {
  providers.failures.clear();
  providers.silent.clear();
});
afterAll(async () => {
  for (const { child } of workers) child.kill("SIGKILL");
  providers.stop();
  await database.end();
});

describe("the worker", { timeout: 60_000 }, () => {
  test("runs only for the project's secret key", async () => {
    const worker = await newWorker();
    expect((await work(worker)).status).toBe(200);
    for (const authorization of ["", "Bearer nonsense", `Bearer ${environment.anonKey}`]) {
      expect((await fetch(worker.address, { method: "POST", headers: { authorization } })).status).toBe(401);
    }
    expect((await fetch(`${environment.apiUrl}/functions/v1/messages`, { method: "POST" })).status).toBe(401);
  });

  test("sends mails and texts in the providers' own words", async () => {
    const worker = await newWorker();
    const mail = await enqueue("email", "ann@example.com");
    const phone = `1555${Math.floor(1e6 + Math.random() * 9e6)}`;
    const [text] = await database<{ id: string }[]>`
      select private.enqueue_message('sms', 'auth_one_time_code', ${phone}, '{"code": "123456"}') as id`;
    await work(worker);
    expect(arrived(mail)).toMatchObject([{
      To: [{ Email: "ann@example.com" }],
      Subject: "Your account has been deleted",
      CustomID: mail,
    }]);
    expect(providers.texts.filter(({ to }) => to === `+${phone}`)).toMatchObject([{
      body: "Your code is 123456.",
    }]);
    expect(await state(mail)).toMatchObject({ status: "sent", attempts: 1, provider_message_id: "123" });
    expect(await state(text?.id ?? "")).toMatchObject({ status: "sent" });
  });

  test("tries three times, later each time, then gives up; a refusal is final at once", async () => {
    const worker = await newWorker();
    const id = await enqueue("email", "ben@example.com");
    providers.failures.set("ben@example.com", [500, 503, 429]);
    for (let attempt = 1; attempt <= 3; attempt++) {
      await work(worker);
      expect(await state(id)).toMatchObject({
        status: attempt < 3 ? "pending" : "dead",
        attempts: attempt,
        is_later: true,
      });
      await makeDue(id);
    }
    const refused = await enqueue("email", "refused@example.com");
    await work(worker);
    expect(await state(refused)).toMatchObject({ status: "dead", attempts: 1 });
    expect([...arrived(id), ...arrived(refused)]).toEqual([]);
  });

  test("keeps to ten mails an hour for one address, except about security", async () => {
    const worker = await newWorker();
    const address = `busy-${randomUUID()}@example.com`;
    for (let number = 0; number < 12; number++) await enqueue("email", address, "request_next_up");
    await enqueue("email", address, "account_locked");
    await work(worker);
    const rows = await database`
      select status, count(*)::integer as count from private.messages where recipient = ${address} group by status order by 1`;
    expect(rows.map(({ status, count }) => [status, count])).toEqual([["sent", 11], ["suppressed", 2]]);
  });

  test("five at once send each message once", async () => {
    const all = await Promise.all(Array.from({ length: 3 }, newWorker));
    const ids = await Promise.all(
      Array.from({ length: 60 }, (_, n) => enqueue("email", `many-${n}@example.com`)),
    );
    await Promise.all([...all, ...all].map(work));
    expect(ids.map((id) => arrived(id).length)).toEqual(ids.map(() => 1));
  });

  test("killed after the provider took a message, nothing is lost and nothing arrives twice", async () => {
    const worker = await newWorker();
    await work(worker);
    const phone = `1555${Math.floor(1e6 + Math.random() * 9e6)}`;
    providers.silent.add("cut@example.com").add(`+${phone}`);
    const mail = await enqueue("email", "cut@example.com");
    const [text] = await database<{ id: string }[]>`
      select private.enqueue_message('sms', 'request_next_up', ${phone}, '{"venue": "Bar"}') as id`;
    const running = work(worker).catch(() => undefined);
    const texts = () => providers.texts.filter(({ to }) => to === `+${phone}`);
    for (let waited = 0; waited < 100 && arrived(mail).length + texts().length < 2; waited++) await sleep(50);
    worker.child.kill("SIGKILL");
    await running;
    expect(await state(mail)).toMatchObject({ status: "sending", attempts: 1 });
    providers.silent.clear();
    await makeDue(mail);
    await makeDue(text?.id ?? "");
    await work(await newWorker());
    expect(arrived(mail)).toHaveLength(1);
    expect(texts()).toHaveLength(1);
    expect(await state(text?.id ?? "")).toMatchObject({ status: "sent", attempts: 2 });
    expect(await state(mail)).toMatchObject({ status: "sent", attempts: 2 });
  });
});
