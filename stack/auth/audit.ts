import type { Call } from "./call.ts";
import type { JsonObject, Queryable } from "./database.ts";
import { jsonValue } from "./database.ts";
import { instanceId } from "./users.ts";
import type { User } from "./users.ts";

const logTypes = {
  login: "account",
  logout: "account",
  invite_accepted: "account",
  user_signedup: "team",
  user_invited: "team",
  user_deleted: "team",
  user_modified: "user",
  user_recovery_requested: "user",
  user_reauthenticate_requested: "user",
  user_confirmation_requested: "user",
  user_repeated_signup: "user",
  user_updated_password: "user",
  token_revoked: "token",
  token_refreshed: "token",
  factor_in_progress: "factor",
  factor_unenrolled: "factor",
  factor_updated: "factor",
  challenge_created: "factor",
  verification_attempted: "factor",
  factor_deleted: "factor",
  identity_unlinked: "identity",
} as const;

export type AuditAction = keyof typeof logTypes;

/** Who an action is ascribed to. */
export type Actor = Pick<User, "id" | "email" | "phone" | "raw_user_meta_data" | "is_sso_user">;

/** Administrators have a role but no account. */
export const adminActor: Actor = {
  id: instanceId,
  email: "service_role",
  phone: null,
  raw_user_meta_data: null,
  is_sso_user: false,
};

/** Writes down what was done, in the same transaction as the deed. */
export async function audit(
  sql: Queryable,
  call: Call,
  actor: Actor,
  action: AuditAction,
  traits?: JsonObject,
): Promise<void> {
  const name = actor.raw_user_meta_data?.full_name;
  const payload = {
    action,
    actor_id: actor.id,
    ...(typeof name === "string" ? { actor_name: name } : {}),
    actor_username: actor.email || actor.phone || "",
    actor_via_sso: actor.is_sso_user,
    log_type: logTypes[action],
    ...(traits === undefined ? {} : { traits }),
  };
  await sql`
    insert into auth.audit_log_entries (instance_id, id, payload, created_at, ip_address)
    values (${instanceId}, ${crypto.randomUUID()}, ${jsonValue(sql, payload)}, ${new Date()}, ${call.ip})`;
}
