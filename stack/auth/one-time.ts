import { createHash, randomInt } from "node:crypto";
import type { Queryable } from "./database.ts";
import { databaseStep } from "./errors.ts";
import type { User } from "./users.ts";

export type TokenType =
  | "confirmation_token"
  | "recovery_token"
  | "email_change_token_new"
  | "email_change_token_current"
  | "phone_change_token"
  | "reauthentication_token";

/** Marks links whose use ends in a code exchange instead of tokens. */
export const pkcePrefix = "pkce_";

/** A decimal code of that many digits. */
export function randomCode(length: number): string {
  return randomInt(0, 10 ** length).toString().padStart(length, "0");
}

/** What is stored and sent in links for a code that went to an address. */
export function hashCode(address: string, code: string): string {
  return createHash("sha224").update(address.toLowerCase() + code).digest("hex");
}

/** Files a hash so that links find their user; a newer one of the same type takes the place of the older. */
export async function saveToken(
  sql: Queryable,
  userId: string,
  type: TokenType,
  hash: string,
  relatesTo: string,
): Promise<void> {
  await databaseStep("Database error creating one-time token", () =>
    sql`
    insert into auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to)
    values (${crypto.randomUUID()}, ${userId}, ${type}, ${hash}, ${relatesTo.toLowerCase()})
    on conflict (user_id, token_type) do update
      set token_hash = excluded.token_hash, relates_to = excluded.relates_to, updated_at = now(), created_at = now()`);
}

export async function clearTokens(sql: Queryable, userId: string): Promise<void> {
  await sql`delete from auth.one_time_tokens where user_id = ${userId}`;
}

export async function clearToken(sql: Queryable, userId: string, type: TokenType): Promise<void> {
  await sql`delete from auth.one_time_tokens where user_id = ${userId} and token_type = ${type}`;
}

/** The user who waits for this link, and as which type. */
export async function findUserByTokenHash(
  sql: Queryable,
  hash: string,
  types: TokenType[],
): Promise<{ user: User; type: TokenType } | undefined> {
  const [row] = await sql<(User & { found_type: TokenType })[]>`
    select users.*, one_time_tokens.token_type as found_type
    from auth.one_time_tokens
      join auth.users on users.id = one_time_tokens.user_id
    where one_time_tokens.token_hash = ${hash} and one_time_tokens.token_type::text in ${sql(types)}
      and users.is_sso_user = false
    limit 1`;
  if (row === undefined) return undefined;
  const { found_type: type, ...user } = row;
  return { user, type };
}

export function isExpired(sentAt: Date | null, seconds: number): boolean {
  return sentAt === null || sentAt.getTime() + seconds * 1000 < Date.now();
}

/** Whether a given hash is the stored one and still in time. */
export function isTokenValid(
  hash: string,
  stored: string | null,
  sentAt: Date | null,
  seconds: number,
): boolean {
  if (stored === null || stored === "" || isExpired(sentAt, seconds)) return false;
  return stored === hash || stored === pkcePrefix + hash;
}
