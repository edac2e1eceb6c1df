import { isIP } from "node:net";
import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context } from "hono";
import type { JWTPayload } from "jose";
import type { Sql } from "./database.ts";
import { AuthError } from "./errors.ts";
import type { Keys } from "./keys.ts";
import type { Limits } from "./limits.ts";
import type { MailTransport } from "./mail.ts";
import type { Settings } from "./settings.ts";
import type { Session } from "./sessions.ts";
import { findSession } from "./sessions.ts";
import type { User } from "./users.ts";
import { findUserById, isBanned, nilUuid } from "./users.ts";

/** What every request shares. */
export interface Service {
  settings: Settings;
  sql: Sql;
  keys: Keys;
  limits: Limits;
  mail: MailTransport;
}

/** One request. */
export interface Call extends Service {
  c: Context;
  ip: string;
  userAgent: string;
  /** Fires when the answer would come too late to be of use. */
  deadline: AbortSignal;
}

export type Handler = (call: Call) => Promise<Response> | Response;

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}

/** The caller's address: the first that proxies tell, else the peer's. */
export function clientIp(c: Context): string {
  const forwarded = c.req.header("x-forwarded-for")?.split(",")[0]?.trim() ?? "";
  if (isIP(forwarded) !== 0) return forwarded;
  return getConnInfo(c).remote.address ?? "127.0.0.1";
}

function bearerToken(c: Context): string {
  const match = /^bearer\s+(\S.*)$/i.exec(c.req.header("authorization") ?? "");
  if (match === null) {
    throw new AuthError(401, "no_authorization", "This endpoint requires a valid Bearer token");
  }
  return (match[1] ?? "").trim();
}

/** The claims of a valid bearer token. */
async function bearerClaims(call: Call): Promise<JWTPayload> {
  const token = bearerToken(call.c);
  try {
    return await call.keys.verify(token);
  } catch (error) {
    const why = error instanceof Error ? error.message : "unreadable";
    throw new AuthError(403, "bad_jwt", `invalid JWT: unable to parse or verify signature, ${why}`);
  }
}

export interface Caller {
  claims: JWTPayload;
  user: User;
  /** Absent for tokens that name none, such as those made by hand. */
  session: Session | undefined;
}

/** The user behind the bearer token. */
export async function requireUser(call: Call): Promise<Caller> {
  const claims = await bearerClaims(call);
  const subject = claims.sub ?? "";
  if (subject === "") throw new AuthError(403, "bad_jwt", "invalid claim: missing sub claim");
  if (!isUuid(subject)) throw new AuthError(400, "bad_jwt", "invalid claim: sub claim must be a UUID");
  const user = await findUserById(call.sql, subject);
  if (user === undefined) {
    throw new AuthError(403, "user_not_found", "User from sub claim in JWT does not exist");
  }
  const sessionId = typeof claims.session_id === "string" ? claims.session_id : "";
  let session: Session | undefined;
  // The nil UUID is as good as no session at all.
  if (sessionId !== "" && sessionId !== nilUuid) {
    if (!isUuid(sessionId)) {
      throw new AuthError(403, "bad_jwt", "invalid claim: session_id claim must be a UUID");
    }
    session = await findSession(call.sql, sessionId);
    if (session === undefined || session.user_id !== user.id) {
      throw new AuthError(403, "session_not_found", "Session from session_id claim in JWT does not exist");
    }
  }
  if (isBanned(user)) throw new AuthError(403, "user_banned", "User is banned");
  return { claims, user, session };
}

/** As requireUser, for endpoints closed to anonymous users. */
export async function requirePermanentUser(call: Call): Promise<Caller> {
  const caller = await requireUser(call);
  if (caller.claims.is_anonymous === true) {
    throw new AuthError(403, "no_authorization", "Anonymous user not allowed to perform these actions");
  }
  return caller;
}

/** Lets tokens of administrators pass. */
export async function requireAdmin(call: Call): Promise<JWTPayload> {
  const claims = await bearerClaims(call);
  const role = typeof claims.role === "string" ? claims.role : "";
  if (!call.settings.jwt.adminRoles.includes(role)) throw new AuthError(403, "not_admin", "User not allowed");
  return claims;
}

function audienceOf(claims: JWTPayload | undefined): string {
  return [claims?.aud ?? []].flat()[0] ?? "";
}

/** The audience in which accounts are looked up. */
export async function requestAudience(call: Call): Promise<string> {
  const header = call.c.req.header("x-jwt-aud");
  if (header !== undefined && header !== "") return header;
  if (call.c.req.header("authorization") !== undefined) {
    // A broken bearer is no error on routes that need no user.
    const claims = await bearerClaims(call).catch(() => undefined);
    const role = typeof claims?.role === "string" ? claims.role : "";
    const audience = audienceOf(claims);
    if (audience !== "" && !call.settings.jwt.adminRoles.includes(role)) return audience;
  }
  return call.settings.jwt.audience;
}

/** Refuses a caller whose token is for another audience than the request. */
export async function requireSameAudience(call: Call, { claims }: Caller, refusal: AuthError): Promise<void> {
  if (audienceOf(claims) !== await requestAudience(call)) throw refusal;
}
