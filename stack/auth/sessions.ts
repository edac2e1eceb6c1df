import { randomBytes, randomInt } from "node:crypto";
import type { Call } from "./call.ts";
import type { JsonObject, Queryable, Transaction } from "./database.ts";
import { databaseStep } from "./errors.ts";
import type { AuthenticationMethod } from "./tokens.ts";
import { createAccessToken, encodeCountedToken } from "./tokens.ts";
import type { User } from "./users.ts";
import { factorsOf, identitiesOf, instanceId, lockUser, updateUser, userJson } from "./users.ts";

export type Aal = "aal1" | "aal2" | "aal3";

/** A row of auth.sessions. */
export interface Session {
  id: string;
  user_id: string;
  created_at: Date;
  updated_at: Date;
  factor_id: string | null;
  aal: Aal | null;
  not_after: Date | null;
  refreshed_at: Date | null;
  refresh_token_hmac_key: string | null;
  refresh_token_counter: string | null;
}

/** refreshed_at is kept in UTC without zone. */
function columns(sql: Queryable) {
  return sql`id, user_id, created_at, updated_at, factor_id, aal, not_after,
    refreshed_at at time zone 'utc' as refreshed_at, refresh_token_hmac_key, refresh_token_counter`;
}

export async function findSession(sql: Queryable, id: string): Promise<Session | undefined> {
  const [session] = await sql<Session[]>`select ${columns(sql)} from auth.sessions where id = ${id}`;
  return session;
}

/** As findSession; others who want the same session wait until the transaction ends. */
export async function lockSession(sql: Queryable, id: string): Promise<Session | undefined> {
  const [session] = await sql<Session[]>`select ${
    columns(sql)
  } from auth.sessions where id = ${id} for update`;
  return session;
}

export async function sessionsOf(sql: Queryable, userId: string): Promise<Session[]> {
  return await sql<Session[]>`
    select ${columns(sql)} from auth.sessions where user_id = ${userId} order by created_at`;
}

/** Signs a user out everywhere, or everywhere but in one session. */
export async function deleteSessions(sql: Transaction, userId: string, except?: string): Promise<void> {
  await lockUser(sql, userId);
  await sql`
    delete from auth.sessions
    where user_id = ${userId} ${except === undefined ? sql`` : sql`and id <> ${except}`}`;
}

const secondFactors = new Set(["totp", "mfa/phone", "mfa/webauthn"]);

/** How a session was authenticated, newest first, and what that is worth. */
export async function methodsOf(
  sql: Queryable,
  sessionId: string,
): Promise<{ methods: AuthenticationMethod[]; aal: Aal }> {
  const rows = await sql<{ authentication_method: string; updated_at: Date }[]>`
    select authentication_method, updated_at from auth.mfa_amr_claims
    where session_id = ${sessionId} order by updated_at desc`;
  const methods = rows.map((row) => ({
    method: row.authentication_method,
    timestamp: Math.floor(row.updated_at.getTime() / 1000),
  }));
  return { methods, aal: methods.some(({ method }) => secondFactors.has(method)) ? "aal2" : "aal1" };
}

export async function addMethod(sql: Queryable, sessionId: string, method: string): Promise<void> {
  const now = new Date();
  await sql`
    insert into auth.mfa_amr_claims (session_id, created_at, updated_at, authentication_method, id)
    values (${sessionId}, ${now}, ${now}, ${method}, ${crypto.randomUUID()})
    on conflict (session_id, authentication_method) do update set updated_at = excluded.updated_at`;
}

const tokenAlphabet = "abcdefghijklmnopqrstuvwxyz234567";

/** Stores a new refresh token of version 1, after the one that it replaces. */
export async function insertRefreshToken(
  sql: Queryable,
  session: Session,
  parent: string | null,
): Promise<string> {
  const token = Array.from({ length: 12 }, () => tokenAlphabet[randomInt(tokenAlphabet.length)]).join("");
  const now = new Date();
  await sql`
    insert into auth.refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id)
    values (${instanceId}, ${token}, ${session.user_id}, false, ${now}, ${now}, ${parent}, ${session.id})`;
  return token;
}

/** Moves a session's counter on and returns the refresh token of version 2 that is then the newest. */
export async function nextCountedToken(sql: Queryable, session: Session, steps = 1): Promise<string> {
  const counter = Number(session.refresh_token_counter ?? 0) + steps;
  await sql`update auth.sessions set refresh_token_counter = ${counter} where id = ${session.id}`;
  return encodeCountedToken(session.id, counter, session.refresh_token_hmac_key ?? "");
}

/** The token answer for a session and a refresh token that already exist. */
export async function answerWithTokens(
  call: Call,
  sql: Transaction,
  user: User,
  session: Session,
  refreshToken: string,
  method: string,
): Promise<JsonObject> {
  const { methods, aal } = await methodsOf(sql, session.id);
  const [identities, factors] = [await identitiesOf(sql, user.id), await factorsOf(sql, user.id)];
  const { token, expiresAt } = await createAccessToken(
    call,
    sql,
    { user, session, methods, aal, factors },
    method,
  );
  return {
    access_token: token,
    token_type: "bearer",
    expires_in: call.settings.jwt.expiry,
    expires_at: expiresAt,
    refresh_token: refreshToken,
    user: userJson(user, identities, factors),
  };
}

/** Signs a user in: a new session with its first tokens. */
export async function startSession(
  call: Call,
  sql: Transaction,
  user: User,
  method: string,
): Promise<JsonObject> {
  const now = new Date();
  const signedIn = await updateUser(sql, user.id, { last_sign_in_at: now });
  const counted = call.settings.security.refreshTokenVersion === 2;
  const hmacKey = counted ? randomBytes(32).toString("base64url") : null;
  const rows = await databaseStep("Database error granting user", () =>
    sql<Session[]>`
    insert into auth.sessions
      (id, user_id, created_at, updated_at, aal, user_agent, ip, refresh_token_hmac_key, refresh_token_counter)
    values (${crypto.randomUUID()}, ${user.id}, ${now}, ${now}, 'aal1', ${call.userAgent || null}, ${call.ip},
      ${hmacKey}, ${counted ? 0 : null})
    returning ${columns(sql)}`);
  const session = rows[0];
  if (session === undefined) throw new Error("insert returned no row");
  const refreshToken = hmacKey === null
    ? await insertRefreshToken(sql, session, null)
    : encodeCountedToken(session.id, 0, hmacKey);
  await addMethod(sql, session.id, method);
  return await answerWithTokens(call, sql, signedIn, session, refreshToken, method);
}
