import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { randomUUID } from "node:crypto";
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import postgres from "postgres";
import * as z from "zod";
import { createLog } from "../../functions/_shared/log.ts";
import { handle, type Message, type Sender } from "../../functions/messages/handler.ts";
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
  /** What to do with the next messages to a recipient before one of theirs is taken: a status, or what goes wrong. */
  readonly failures = new Map<string, (number | "silence" | "cut")[]>();
  /** Recipients whose message is taken but never answered: whoever waits dies not knowing. */
  readonly silent = new Set<string>();
  /** Recipients somebody has begun to send to. */
  readonly begun: string[] = [];
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
      response.writeHead(status, {
        "content-type": "application/json",
        ...(status === 429 && { "retry-after": "120" }),
      }).end(JSON.stringify(body));
    };
    /** Whether something goes wrong this time. */
    const fails = (recipient: string, body: (status: number) => unknown): boolean => {
      this.begun.push(recipient);
      const failure = this.failures.get(recipient)?.shift();
      if (failure === "cut") request.socket.destroy();
      else if (typeof failure === "number") reply(failure, body(failure));
      return failure !== undefined;
    };
    if (request.url === "/v3.1/send") {
      expect(request.headers.authorization).toBe(`Basic ${btoa("mail-key:mail-secret")}`);
      const [mail] = mailjetBody.parse(JSON.parse(text)).Messages;
      if (!mail) return reply(400, { ErrorMessage: "no message" });
      const address = mail.To[0]?.Email ?? "";
      if (fails(address, () => ({ ErrorMessage: "no" }))) return;
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
      if (fails(sent.to, (status) => ({ status, code: 20000 + status, message: "no", more_info: "" }))) {
        return;
      }
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
      PROVIDER_TIMEOUT_SECONDS: "2",
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

/** Makes a worker run once; one that has just been started is waited for. */
async function work(worker: { address: string }, patience = 100): Promise<Response> {
  for (let attempt = 0;; attempt++) {
    try {
      return await fetch(worker.address, {
        method: "POST",
        headers: { authorization: `Bearer ${environment.serviceRoleKey}` },
      });
    } catch (error) {
      if (attempt === patience) throw error;
      await sleep(100);
    }
  }
}

async function newWorker() {
  const worker = startWorker(await freePort());
  workers.push(worker);
  return worker;
}

/** A mail about nothing in particular, to an address of this file. */
async function enqueueMail(recipient: string, template = "account_deleted"): Promise<string> {
  const [row] = await database<{ id: string }[]>`
    select private.enqueue_message(
      'email', ${template}, ${recipient}, private.message_variables(${template}, 'email', '{"artist": "A", "title": "B", "venue": "C"}')
    ) as id`;
  return row?.id ?? "";
}

async function enqueueText(phone: string, template = "request_next_up"): Promise<string> {
  const [row] = await database<{ id: string }[]>`
    select private.enqueue_message(
      'sms', ${template}, ${phone}, private.message_variables(${template}, 'sms', '{"code": "123456", "title": "B", "venue": "C"}')
    ) as id`;
  return row?.id ?? "";
}

/** An address that only this file writes to. */
const newRecipient = () => `${randomUUID()}@worker.invalid`;
const newPhone = () => `1555${Math.floor(1e6 + Math.random() * 9e6)}`;

/** What arrived of one message. */
const arrived = (id: string) => providers.mails.filter(({ CustomID }) => CustomID === id);

async function state(id: string) {
  const [row] = await database`
    select status, attempts, last_error, provider_message_id,
      ceil(extract(epoch from next_attempt_at - now()))::integer as seconds
    from private.messages where id = ${id}`;
  return row;
}

const makeDue = (id: string) =>
  database`update private.messages set next_attempt_at = now() where id = ${id}`;

beforeAll(async () => {
  providers = new Providers();
  url = await providers.start();
  // Messages of other files stay where they are: their tests read them in the outbox.
  await database.unsafe(`
    create function private.hold_message() returns trigger language plpgsql set search_path = '' as $$
    begin
      new.next_attempt_at := 'infinity';
      return new;
    end $$;
    create trigger messages_hold before insert on private.messages for each row
      when (new.recipient not like '%@worker.invalid' and new.recipient not like '1555_______')
      execute function private.hold_message();
    update private.messages set next_attempt_at = 'infinity' where status in ('pending', 'sending')`);
});
beforeEach(() => {
  providers.failures.clear();
  providers.silent.clear();
});
afterAll(async () => {
  for (const { child } of workers) child.kill("SIGKILL");
  providers.stop();
  await database.unsafe(`
    drop function if exists private.hold_message() cascade;
    update private.messages set next_attempt_at = now() where next_attempt_at = 'infinity'`);
  await database.end();
});

/** Waits until something is so. */
async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; !await what(); attempt++) {
    if (attempt === 400) throw new Error(`This never came to be: ${what}`);
    await sleep(50);
  }
}

describe("the worker", { timeout: 60_000 }, () => {
  let worker: { address: string };
  beforeAll(async () => {
    worker = await newWorker();
  });

  test("runs only for the project's secret key", async () => {
    expect((await work(worker)).status).toBe(200);
    for (const authorization of ["", "Bearer nonsense", `Bearer ${environment.anonKey}`]) {
      expect((await fetch(worker.address, { method: "POST", headers: { authorization } })).status).toBe(401);
    }
    expect((await fetch(`${environment.apiUrl}/functions/v1/messages`, { method: "POST" })).status).toBe(401);
  });

  test("sends mails and texts in the providers' own words", async () => {
    const recipient = newRecipient();
    const mail = await enqueueMail(recipient);
    const phone = newPhone();
    const text = await enqueueText(phone, "auth_one_time_code");
    await work(worker);
    expect(arrived(mail)).toMatchObject([{
      To: [{ Email: recipient }],
      Subject: "Your account has been deleted",
      CustomID: mail,
    }]);
    expect(providers.texts.filter(({ to }) => to === `+${phone}`)).toMatchObject([{
      body: "Your code is 123456. It works for 5 minutes.",
    }]);
    expect(await state(mail)).toMatchObject({ status: "sent", attempts: 1, provider_message_id: "123" });
    expect(await state(text)).toMatchObject({ status: "sent" });
    const [kept] = await database`select secrets from private.messages where id = ${text}`;
    expect(kept).toEqual({ secrets: {} });
  });

  test("tries again whatever goes wrong at a provider", async () => {
    const failures = [500, 503, 401, "cut", "silence"] as const;
    const messages = await Promise.all(failures.map(async (failure) => {
      const [recipient, phone] = [newRecipient(), newPhone()];
      providers.failures.set(recipient, [failure]).set(`+${phone}`, [failure]);
      return { phone, mail: await enqueueMail(recipient), text: await enqueueText(phone) };
    }));
    await work(worker);
    for (const { phone, mail, text } of messages) {
      expect(await state(mail)).toMatchObject({ status: "sent", attempts: 2 });
      expect(await state(text)).toMatchObject({ status: "sent", attempts: 2 });
      expect(arrived(mail)).toHaveLength(1);
      expect(providers.texts.filter(({ to }) => to === `+${phone}`)).toHaveLength(1);
    }
  });

  test("gives up after three failures, and at once where trying again is no use", async () => {
    const [recipient, refused, phone] = [newRecipient(), `refused-${newRecipient()}`, newPhone()];
    providers.failures.set(recipient, [500, 500, 500]).set(`+${phone}`, [400]);
    const id = await enqueueMail(recipient);
    const others = [await enqueueMail(refused), await enqueueText(phone)];
    await work(worker);
    expect(await state(id)).toMatchObject({ status: "dead", attempts: 3 });
    for (const other of others) expect(await state(other)).toMatchObject({ status: "dead", attempts: 1 });
    const log = await database`
      select outcome, provider from private.message_attempts where message_id = ${id} order by id`;
    expect(log).toMatchObject(Array.from({ length: 3 }, () => ({ outcome: "failed", provider: "mailjet" })));
    expect(arrived(id)).toEqual([]);
  });

  test("leaves a provider alone as long as it says", async () => {
    const [recipient, phone] = [newRecipient(), newPhone()];
    providers.failures.set(recipient, [429]).set(`+${phone}`, [429]);
    const ids = [await enqueueMail(recipient), await enqueueText(phone)];
    await work(worker);
    for (const id of ids) {
      const row = await state(id);
      expect(row).toMatchObject({ status: "pending", attempts: 1 });
      expect(row?.seconds).toBeGreaterThan(30);
      expect(row?.seconds).toBeLessThanOrEqual(120);
      await makeDue(id);
    }
    await work(worker);
    for (const id of ids) expect(await state(id)).toMatchObject({ status: "sent", attempts: 2 });
  });

  test("keeps to ten mails an hour for one address, except about security", async () => {
    const address = newRecipient();
    for (let number = 0; number < 12; number++) await enqueueMail(address, "request_next_up");
    await enqueueMail(address, "account_locked");
    await work(worker);
    const rows = await database`
      select status, count(*)::integer as count from private.messages where recipient = ${address} group by status order by 1`;
    expect(rows.map(({ status, count }) => [status, count])).toEqual([["sent", 11], ["suppressed", 2]]);
  });

  test("several at once send each message once", async () => {
    const all = await Promise.all([worker, newWorker(), newWorker()]);
    const ids = await Promise.all(Array.from({ length: 60 }, () => enqueueMail(newRecipient())));
    await Promise.all([...all, ...all].map((worker) => work(worker)));
    expect(ids.map((id) => arrived(id).length)).toEqual(ids.map(() => 1));
  });
});

// Killing a worker at any moment loses nothing. After the provider has taken a message and before that is written down nobody
// knows, so the next worker sends again, in a way that the provider can tell: Mailjet drops the second mail of one campaign
// to one address; Twilio is asked first whether it has the text.
describe("a worker that is killed", { timeout: 60_000 }, () => {
  const outcome = async (ids: string[]) =>
    await Promise.all(ids.map(async (id) => {
      const row = await state(id);
      return `${row?.status} ${row?.attempts}`;
    }));

  async function enqueueBoth() {
    const [recipient, phone] = [newRecipient(), newPhone()];
    const ids = [await enqueueMail(recipient), await enqueueText(phone)];
    const came = () => [
      arrived(ids[0] ?? "").length,
      providers.texts.filter(({ to }) => to === `+${phone}`).length,
    ];
    return { recipient, phone: `+${phone}`, ids, came };
  }

  async function takeOver(ids: string[]): Promise<void> {
    // The lease of a dead worker ends after two minutes.
    await database`update private.messages set next_attempt_at = now() where id = any (${ids}) and status <> 'sent'`;
    await work(await newWorker());
  }

  /** Holds statements on the outbox up, as a slow database does. */
  async function whileHeld(lock: (sql: typeof database) => Promise<unknown>, action: () => Promise<void>) {
    await database.begin(async (transaction) => {
      await lock(transaction as unknown as typeof database);
      await action();
    });
  }

  const waiting = async () => {
    const [row] = await database`
      select count(*)::integer as count from pg_stat_activity
      where usename = 'postgres' and application_name = 'message_worker' and wait_event_type = 'Lock'`;
    return (row?.count ?? 0) > 0;
  };

  test("before and while it claims", async () => {
    const worker = await newWorker();
    await work(worker);
    const { ids, came } = await enqueueBoth();
    await whileHeld((sql) => sql`lock table private.messages in exclusive mode`, async () => {
      const running = work(worker, 0).catch(() => undefined);
      await until(waiting);
      worker.child.kill("SIGKILL");
      await running;
    });
    await until(async () => !await waiting());
    expect(came()).toEqual([0, 0]);
    await takeOver(ids);
    expect(came()).toEqual([1, 1]);
    expect((await outcome(ids)).every((text) => text.startsWith("sent"))).toBe(true);
  });

  test("after claiming, before the provider has anything", async () => {
    const worker = await newWorker();
    await work(worker);
    const { ids, came, recipient, phone } = await enqueueBoth();
    providers.failures.set(recipient, ["silence"]).set(phone, ["silence"]);
    const running = work(worker, 0).catch(() => undefined);
    await until(() => providers.begun.includes(recipient) && providers.begun.includes(phone));
    worker.child.kill("SIGKILL");
    await running;
    expect(await outcome(ids)).toEqual(["sending 1", "sending 1"]);
    expect(came()).toEqual([0, 0]);
    await work(await newWorker());
    expect(came()).toEqual([0, 0]);
    await takeOver(ids);
    expect(came()).toEqual([1, 1]);
    expect(await outcome(ids)).toEqual(["sent 2", "sent 2"]);
  });

  test("after the provider took it, before it answered", async () => {
    const worker = await newWorker();
    await work(worker);
    const { ids, came, recipient, phone } = await enqueueBoth();
    providers.silent.add(recipient).add(phone);
    const running = work(worker, 0).catch(() => undefined);
    await until(() => came().every((count) => count === 1));
    worker.child.kill("SIGKILL");
    await running;
    expect(await outcome(ids)).toEqual(["sending 1", "sending 1"]);
    providers.silent.clear();
    await takeOver(ids);
    expect(came()).toEqual([1, 1]);
    expect(await outcome(ids)).toEqual(["sent 2", "sent 2"]);
  });

  test("while it writes down that the provider took it", async () => {
    const worker = await newWorker();
    await work(worker);
    const { ids, came, recipient, phone } = await enqueueBoth();
    providers.failures.set(recipient, ["silence"]).set(phone, ["silence"]);
    const first = work(worker, 0).catch(() => undefined);
    await until(() => providers.begun.includes(recipient) && providers.begun.includes(phone));
    await whileHeld(
      (sql) => sql`select from private.messages where id = any (${ids}) for update`,
      async () => {
        // Both time out now, and the worker waits to say so.
        await until(waiting);
        worker.child.kill("SIGKILL");
        await first;
      },
    );
    await until(async () => !await waiting());
    await takeOver(ids);
    expect(came()).toEqual([1, 1]);
    expect((await outcome(ids)).every((text) => text.startsWith("sent"))).toBe(true);
  });
});

describe("fifty at once", { timeout: 60_000 }, () => {
  test("enqueue a message once, and fifty workers send each once", async () => {
    const pool = postgres(environment.databaseUrl, { max: 50, onnotice: () => {}, connect_timeout: 60 });
    try {
      const recipients = Array.from({ length: 40 }, newRecipient);
      const keys = recipients.map(() => randomUUID());
      // Every message is enqueued five times, by whoever is free.
      const enqueued = await Promise.all(
        Array.from({ length: 200 }, (_, number) =>
          pool<{ id: string | null }[]>`
            select private.enqueue_message('email', 'account_deleted', ${
            recipients[number % 40] ?? ""
          }, '{}', null, ${keys[number % 40] ?? ""}) as id`),
      );
      const ids = enqueued.flatMap(([row]) => row?.id ?? []);
      expect(ids).toHaveLength(40);

      const sent: string[] = [];
      const sender: Sender = {
        provider: "mailjet",
        send: async ({ id }) => {
          sent.push(id);
          await Promise.resolve();
          return { outcome: "sent" };
        },
      };
      const run = () =>
        handle(new Request("http://localhost/messages", { method: "POST" }), {
          senders: { email: sender, sms: sender },
          isAllowed: () => true,
          log: createLog("messages", "error", () => {}),
          pause: () => Promise.resolve(),
          claim: (limit) => pool<Message[]>`select * from private.claim_messages(${limit})`,
          finish: async (message, provider, { outcome }) => {
            await pool`select private.finish_message(${message.id}, ${message.attempt}, ${outcome}, ${provider}, null, null)`;
            return null;
          },
        });
      await Promise.all(Array.from({ length: 50 }, run));
      expect(sent.filter((id) => ids.includes(id)).sort()).toEqual([...ids].sort());
    } finally {
      await pool.end();
    }
  });
});
