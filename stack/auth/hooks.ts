import postgres from "postgres";
import type { Call } from "./call.ts";
import type { JsonObject, Queryable } from "./database.ts";
import { AuthError } from "./errors.ts";
import type { HookName, HookSettings } from "./settings.ts";

const metadataNames: Record<HookName, string> = {
  before_user_created: "before-user-created",
  after_user_created: "after-user-created",
  send_email: "send-email",
  send_sms: "send-sms",
  custom_access_token: "customize-access-token",
  password_verification_attempt: "password-verification",
  mfa_verification_attempt: "mfa-verification",
};

const statementTimeout = 2000;

/**
 * Where a hook runs: `inside` the caller's transaction, in its `own` one (committed whatever the hook decides),
 * or as a `single` statement, to which the platform's time limit does not apply.
 */
export type HookPlace = "inside" | "own" | "single";

export function hasHook(call: Call, name: HookName): boolean {
  return call.settings.hooks[name] !== undefined;
}

async function callFunction(sql: Queryable, hook: HookSettings, event: JsonObject): Promise<unknown> {
  const rows = await sql.unsafe(
    `select "${hook.schema}"."${hook.function}"($1) as output`,
    [event as unknown as postgres.SerializableParameter],
  );
  return rows[0]?.output;
}

async function callLimited(sql: Queryable, hook: HookSettings, event: JsonObject): Promise<unknown> {
  await sql.unsafe(`set local statement_timeout to ${statementTimeout}`);
  const output = await callFunction(sql, hook, event);
  await sql.unsafe("set local statement_timeout to default");
  return output;
}

function readOutput(output: unknown): JsonObject | null {
  if (output === null || output === undefined) return null;
  if (typeof output !== "object" || Array.isArray(output)) {
    throw new AuthError(500, "unexpected_failure", "Error unmarshaling JSON output.");
  }
  return output as JsonObject;
}

/** A hook's own refusal, which carries a status and a sentence but no code. */
function refusalIn(output: JsonObject | null): AuthError | undefined {
  const error = output?.error;
  if (typeof error !== "object" || error === null || Array.isArray(error)) return undefined;
  const { message, http_code: status } = error as JsonObject;
  if (typeof message !== "string" || message === "") return undefined;
  if (status !== undefined && typeof status !== "number") return undefined;
  return new AuthError(status ?? 500, "", message);
}

/** Calls a hook, if it is set, and returns its answer; undefined without a hook, null for an empty answer. */
export async function runHook(
  call: Call,
  sql: Queryable,
  name: HookName,
  place: HookPlace,
  event: JsonObject,
): Promise<JsonObject | null | undefined> {
  const hook = call.settings.hooks[name];
  if (hook === undefined) return undefined;
  const metadata = {
    uuid: crypto.randomUUID(),
    time: new Date().toISOString(),
    name: metadataNames[name],
    ip_address: call.ip,
  };
  const full = { metadata, ...event };
  let output: unknown;
  try {
    if (place === "inside") output = await callLimited(sql, hook, full);
    else if (place === "own") {
      output = await call.sql.begin((transaction) => callLimited(transaction, hook, full));
    } else output = await callFunction(sql, hook, full);
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    throw new AuthError(500, "unexpected_failure", `Error running hook URI: ${hook.uri}`, error);
  }
  const answer = readOutput(output);
  const refusal = refusalIn(answer);
  if (refusal !== undefined) throw refusal;
  return answer;
}
