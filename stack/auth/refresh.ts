import postgres from "postgres";
import { audit } from "./audit.ts";
import type { Call } from "./call.ts";
import type { JsonObject, Transaction } from "./database.ts";
import { AuthError, validationFailed } from "./errors.ts";
import type { Session } from "./sessions.ts";
import {
  answerWithTokens,
  insertRefreshToken,
  lockSession,
  nextCountedToken,
  sessionsOf,
} from "./sessions.ts";
import type { CountedToken } from "./tokens.ts";
import { decodeCountedToken, encodeCountedToken } from "./tokens.ts";
import type { User } from "./users.ts";
import { factorsOf, findUserById, isBanned } from "./users.ts";

interface StoredToken {
  id: string;
  token: string;
  revoked: boolean;
  updated_at: Date;
  parent: string | null;
  session_id: string | null;
}

/** A refusal whose side effects stay: it is thrown after the transaction. */
interface Refused {
  refused: AuthError;
}

const notFound = () =>
  new AuthError(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found");
const alreadyUsed = () =>
  new AuthError(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used");

/** When a session was last used; one that was never refreshed, when its token was changed last. */
function lastUseOf(session: Session, tokenChanged = session.created_at): number {
  return (session.refreshed_at ?? new Date(Math.max(tokenChanged.getTime(), session.created_at.getTime())))
    .getTime();
}

/** Why a session is over; undefined while it is not. Only a refresh asks. */
function whyOver(call: Call, session: Session, lastUse: number, owesFactor: boolean): string | undefined {
  const { timebox, inactivityTimeout, allowLowAal } = call.settings.sessions;
  const now = Date.now();
  const created = session.created_at.getTime();
  if (session.not_after !== null && session.not_after.getTime() < now) return "";
  if (timebox > 0 && created + timebox < now) return "";
  if (inactivityTimeout > 0 && lastUse + inactivityTimeout < now) return " (Inactivity)";
  if (allowLowAal > 0 && created + allowLowAal < now && (session.aal ?? "aal1") === "aal1" && owesFactor) {
    return " (Low AAL: User Needs MFA Verification)";
  }
  return undefined;
}

/** Checks the limits of sessions, which hold at refresh only. */
async function checkSession(
  call: Call,
  sql: Transaction,
  user: User,
  session: Session,
  tokenChanged: Date,
): Promise<void> {
  const { allowLowAal, singlePerUser } = call.settings.sessions;
  // Only that limit asks for it, and every refresh comes by here.
  const owesFactor = allowLowAal > 0 &&
    (await factorsOf(sql, user.id)).some((factor) => factor.status === "verified");
  const lastUse = lastUseOf(session, tokenChanged);
  let why = whyOver(call, session, lastUse, owesFactor);
  if (why === undefined && singlePerUser) {
    const isNewer = (other: Session) =>
      other.id !== session.id && lastUseOf(other) > lastUse &&
      whyOver(call, other, lastUseOf(other), owesFactor) === undefined;
    if ((await sessionsOf(sql, user.id)).some(isNewer)) why = " (Revoked by Newer Login)";
  }
  if (why !== undefined) {
    throw new AuthError(400, "session_expired", `Invalid Refresh Token: Session Expired${why}`);
  }
}

/** The refresh token of version 1 that follows, or that already followed, a given one. */
async function rotateStored(
  call: Call,
  sql: Transaction,
  session: Session,
  token: StoredToken,
): Promise<string | Refused> {
  const { rotation, reuseInterval } = call.settings.security;
  if (token.revoked) {
    const [live] = await sql<StoredToken[]>`
      select * from auth.refresh_tokens
      where session_id = ${session.id} and revoked = false order by id desc limit 1`;
    // The client may never have seen the answer that carried the newest token.
    if (live !== undefined && live.parent === token.token) return live.token;
    if (Date.now() > token.updated_at.getTime() + reuseInterval * 1000) {
      if (rotation) {
        await sql`
          update auth.refresh_tokens set revoked = true, updated_at = now()
          where session_id = ${session.id} and revoked = false`;
      }
      return { refused: alreadyUsed() };
    }
  } else {
    await sql`update auth.refresh_tokens set revoked = true, updated_at = now() where id = ${token.id}`;
  }
  return await insertRefreshToken(sql, session, token.token);
}

/** The same for version 2, where the session's counter stands for all rows. */
async function rotateCounted(
  call: Call,
  sql: Transaction,
  session: Session,
  token: CountedToken,
): Promise<string | Refused> {
  const { rotation, reuseInterval } = call.settings.security;
  const key = session.refresh_token_hmac_key ?? "";
  const current = Number(session.refresh_token_counter ?? 0);
  if (token.counter > current) {
    throw validationFailed("Invalid Refresh Token: Not Issued By This Server");
  }
  if (token.counter === current) return await nextCountedToken(sql, session);
  const lastUse = (session.refreshed_at ?? session.created_at).getTime();
  if (token.counter === current - 1 || Date.now() < lastUse + reuseInterval * 1000) {
    return encodeCountedToken(session.id, current, key);
  }
  if (rotation) await sql`delete from auth.sessions where id = ${session.id}`;
  return { refused: alreadyUsed() };
}

async function findStored(sql: Transaction, token: string): Promise<StoredToken | undefined> {
  const [row] = await sql<StoredToken[]>`select * from auth.refresh_tokens where token = ${token}`;
  return row;
}

async function refresh(call: Call, sql: Transaction, text: string): Promise<JsonObject | Refused> {
  await sql`set local lock_timeout to '5s'`;
  const counted = text.length > 12 ? decodeCountedToken(text) : undefined;
  const sessionId = counted?.sessionId ?? (await findStored(sql, text))?.session_id;
  const session = sessionId === undefined || sessionId === null
    ? undefined
    : await lockSession(sql, sessionId);
  if (session === undefined) throw notFound();
  // Read again: while this request waited, another may have used the token.
  const stored = counted === undefined ? await findStored(sql, text) : undefined;
  if (stored === undefined && counted?.isSignedWith(session.refresh_token_hmac_key ?? "") !== true) {
    throw notFound();
  }
  const user = await findUserById(sql, session.user_id);
  if (user === undefined) throw notFound();
  if (isBanned(user)) throw new AuthError(400, "user_banned", "Invalid Refresh Token: User Banned");
  await checkSession(call, sql, user, session, stored?.updated_at ?? session.created_at);

  const next = stored === undefined
    ? await rotateCounted(call, sql, session, counted as CountedToken)
    : await rotateStored(call, sql, session, stored);
  if (typeof next !== "string") return next;
  await audit(sql, call, user, "token_refreshed");
  if (stored?.revoked === false) await audit(sql, call, user, "token_revoked");
  await sql`
    update auth.sessions
    set refreshed_at = now() at time zone 'utc', updated_at = now(), user_agent = ${call.userAgent || null},
      ip = ${call.ip}
    where id = ${session.id}`;
  return await answerWithTokens(call, sql, user, session, next, "token_refresh");
}

/** The grant refresh_token. */
export async function refreshTokens(call: Call, token: string): Promise<JsonObject> {
  const isStored = /^[a-z0-9]{12}$/.test(token);
  if (!isStored && (token.length <= 12 || decodeCountedToken(token) === undefined)) {
    throw validationFailed("Refresh token is not valid");
  }
  let result;
  try {
    result = await call.sql.begin((sql) => refresh(call, sql, token));
  } catch (error) {
    const isLocked = error instanceof postgres.PostgresError && error.code === "55P03";
    if (isLocked) {
      throw new AuthError(409, "conflict", "Too many concurrent token refresh requests on the same session");
    }
    throw error;
  }
  if (result.refused instanceof AuthError) throw result.refused;
  return result as JsonObject;
}
