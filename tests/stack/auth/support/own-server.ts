import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { User } from "@supabase/supabase-js";
import type { JWK } from "jose";
import type { Claims } from "./api.ts";
import { database } from "../../../support/database.ts";
import { environment } from "../../../support/environment.ts";

const root = resolve(import.meta.dirname, "../../../..");

/** An Auth server can only be started beside the database of a stack on this machine. */
export const canStartServers = ["127.0.0.1", "localhost"].includes(new URL(environment.databaseUrl).hostname);

async function freePort(): Promise<number> {
  const server = createServer();
  return await new Promise((done) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** A key to sign tokens with. */
export function newSigningKey(id: string, operations = ["sign", "verify"]): JWK {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...privateKey.export({ format: "jwk" }), kid: id, alg: "ES256", use: "sig", key_ops: operations };
}

let prepared: Promise<void> | undefined;

/** Functions for the hooks, which note what they were told and answer what a test has planted. */
async function prepareHooks(): Promise<void> {
  await database.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(726349)`;
    await sql.unsafe(`
      create schema if not exists auth_probe;
      grant usage on schema auth_probe to supabase_auth_admin;
      create table if not exists auth_probe.events (
        id bigint generated always as identity primary key,
        hook text not null,
        subject text not null,
        event jsonb not null
      );
      create table if not exists auth_probe.answers (
        hook text not null,
        subject text not null,
        statement text not null,
        primary key (hook, subject)
      );
      create or replace function auth_probe.answer(p_hook text, p_subject text, p_event jsonb, p_default jsonb)
      returns jsonb language plpgsql security definer set search_path = '' as $$
      declare
        v_statement text;
        v_answer jsonb;
      begin
        insert into auth_probe.events (hook, subject, event) values (p_hook, p_subject, p_event);
        select answers.statement into v_statement
        from auth_probe.answers where answers.hook = p_hook and answers.subject = p_subject;
        if v_statement is null then return p_default; end if;
        execute v_statement into v_answer using p_event;
        return v_answer;
      end $$;
      grant execute on function auth_probe.answer(text, text, jsonb, jsonb) to supabase_auth_admin;
      create or replace function auth_probe.before_user_created(event jsonb) returns jsonb language sql as $$
        select auth_probe.answer('before_user_created',
          coalesce(nullif(event #>> '{user,email}', ''), event #>> '{user,user_metadata,nickname}', ''), event, '{}') $$;
      create or replace function auth_probe.after_user_created(event jsonb) returns jsonb language sql as $$
        select auth_probe.answer('after_user_created', event #>> '{user,email}', event, '{}') $$;
      create or replace function auth_probe.send_email(event jsonb) returns jsonb language sql as $$
        select auth_probe.answer('send_email', event #>> '{user,email}', event, '{}') $$;
      create or replace function auth_probe.send_sms(event jsonb) returns jsonb language sql as $$
        select auth_probe.answer('send_sms', event #>> '{sms,phone}', event, '{}') $$;
      create or replace function auth_probe.custom_access_token(event jsonb) returns jsonb language sql as $$
        select auth_probe.answer('custom_access_token', event #>> '{claims,email}', event,
          jsonb_build_object('claims', event -> 'claims')) $$;
      create or replace function auth_probe.password_verification_attempt(event jsonb) returns jsonb language sql as $$
        select auth_probe.answer('password_verification_attempt', event ->> 'user_id', event,
          '{"decision": "continue"}') $$;
      create or replace function auth_probe.mfa_verification_attempt(event jsonb) returns jsonb language sql as $$
        select auth_probe.answer('mfa_verification_attempt', event ->> 'user_id', event, '{"decision": "continue"}') $$;
      create or replace function auth_probe.as_text(event jsonb) returns text language sql as $$ select 'text'::text $$;
      grant execute on all functions in schema auth_probe to supabase_auth_admin;
    `);
  });
}

/** What a hook answers for a user: the value of an SQL expression over the event, $1. */
export async function plantAnswer(hook: string, subject: string, expression: string): Promise<void> {
  await database`
    insert into auth_probe.answers (hook, subject, statement) values (${hook}, ${subject}, ${`select ${expression}`})
    on conflict (hook, subject) do update set statement = excluded.statement`;
}

/** All that hooks are told; each is told its part of it. */
export interface HookEvent {
  metadata: { uuid: string; time: string; name: string; ip_address: string };
  user: User;
  user_id: string;
  email_data: {
    token: string;
    token_hash: string;
    token_new: string;
    token_hash_new: string;
    redirect_to: string;
    site_url: string;
    email_action_type: string;
    old_email: string;
    old_phone: string;
    provider: string;
    factor_type: string;
  };
  sms: { otp: string; phone: string; sms_type?: string };
  claims: Claims;
  authentication_method: string;
  factor_id: string;
  factor_type: string;
  valid: boolean;
}

/** What a hook was told about a user, newest last. */
export async function eventsOf(hook: string, subject: string): Promise<HookEvent[]> {
  const rows = await database<{ event: HookEvent }[]>`
    select event from auth_probe.events where hook = ${hook} and subject = ${subject} order by id`;
  return rows.map(({ event }) => event);
}

/** The newest code or hash that a server of a test has sent. */
export async function sentBy(hook: "send_email" | "send_sms", recipient: string) {
  const event = (await eventsOf(hook, recipient)).at(-1);
  if (event === undefined) throw new Error(`nothing was sent to ${recipient}`);
  return event;
}

/** The variables that switch on a hook with the function of the same name. */
export function hookSettings(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => [
    [`GOTRUE_HOOK_${name.toUpperCase()}_ENABLED`, "true"],
    [`GOTRUE_HOOK_${name.toUpperCase()}_URI`, `pg-functions://postgres/auth_probe/${name}`],
  ]));
}

export interface OwnServer {
  url: string;
  stop(): Promise<void>;
}

function spawnProgram(command: "serve" | "migrate", settings: Record<string, string>): ChildProcess {
  const replacement = process.env.STACK_AUTH;
  const path = replacement === undefined || replacement === ""
    ? join(root, "stack", "auth", "main.ts")
    : resolve(replacement);
  const [program, words] = path.endsWith(".ts") ? [process.execPath, [path, command]] : [path, [command]];
  const { PATH = "" } = process.env;
  return spawn(program, words, {
    cwd: dirname(path),
    env: { PATH, ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** The variables of a server on the stack's database, in which the tests' settings come last. */
function variables(port: number, settings: Record<string, string>): Record<string, string> {
  const url = `http://127.0.0.1:${port}`;
  const databaseUrl = new URL(environment.databaseUrl);
  databaseUrl.username = "supabase_auth_admin";
  return {
    GOTRUE_API_HOST: "127.0.0.1",
    API_HOST: "127.0.0.1",
    PORT: String(port),
    GOTRUE_API_PORT: String(port),
    GOTRUE_DB_DRIVER: "postgres",
    GOTRUE_DB_DATABASE_URL: databaseUrl.href,
    DATABASE_URL: databaseUrl.href,
    GOTRUE_DB_MAX_POOL_SIZE: "5",
    API_EXTERNAL_URL: url,
    GOTRUE_SITE_URL: "http://127.0.0.1:3000",
    GOTRUE_JWT_SECRET: environment.jwtSecret,
    GOTRUE_JWT_AUD: "authenticated",
    GOTRUE_JWT_DEFAULT_GROUP_NAME: "authenticated",
    GOTRUE_JWT_ADMIN_ROLES: "service_role",
    GOTRUE_RATE_LIMIT_EMAIL_SENT: "360000",
    GOTRUE_RATE_LIMIT_SMS_SENT: "360000",
    GOTRUE_SMTP_MAX_FREQUENCY: "1ns",
    GOTRUE_SMS_MAX_FREQUENCY: "1ns",
    ...hookSettings("send_email", "send_sms"),
    ...settings,
  };
}

/** Brings the schema up to date once more, as every start of a stack does. The exit code. */
export async function migrateAgain(): Promise<number | null> {
  const program = spawnProgram("migrate", variables(await freePort(), {}));
  program.stdout?.resume();
  program.stderr?.resume();
  return await new Promise((done) => program.once("exit", done));
}

/** Starts a further Auth server on the stack's database, for settings that the project does not have. */
export async function startServer(settings: Record<string, string> = {}): Promise<OwnServer> {
  await (prepared ??= prepareHooks());
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = spawnProgram("serve", variables(port, settings));
  let said = "";
  server.stdout?.on("data", (chunk) => said += chunk);
  server.stderr?.on("data", (chunk) => said += chunk);
  const ended = new Promise<void>((done) => server.once("exit", () => done()));
  for (let attempt = 0; attempt < 1200; attempt++) {
    if (server.exitCode !== null) throw new Error(`Auth did not start: ${said.slice(-2000)}`);
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok) return { url, stop: async () => void (server.kill("SIGTERM"), await ended) };
    await sleep(50);
  }
  server.kill("SIGKILL");
  throw new Error(`Auth was not ready in time: ${said.slice(-2000)}`);
}
