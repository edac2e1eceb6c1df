import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { JWTPayload } from "jose";
import { z } from "zod";
import type { Call } from "./call.ts";
import type { JsonObject, Transaction } from "./database.ts";
import { AuthError } from "./errors.ts";
import { hasHook, runHook } from "./hooks.ts";
import type { Aal, Session } from "./sessions.ts";
import type { Factor, User } from "./users.ts";

/** How a user proved who they are, as tokens name it. */
export interface AuthenticationMethod {
  method: string;
  timestamp: number;
}

const text = z.string();
const whole = z.int();
const outputClaims = z.looseObject({
  aud: z.union([text, z.array(text)]),
  exp: whole,
  iat: whole,
  sub: text,
  email: text,
  phone: text,
  role: text,
  aal: text,
  session_id: text,
  is_anonymous: z.unknown().refine((value) => value !== undefined),
  nbf: whole.optional(),
  app_metadata: z.record(text, z.unknown()).optional(),
  user_metadata: z.record(text, z.unknown()).optional(),
  amr: z.array(z.union([text, z.record(text, z.unknown())])).optional(),
});

function checkedClaims(answer: JsonObject | null): JWTPayload {
  const claims = answer?.claims;
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) {
    throw new AuthError(500, "", "output claims field is missing");
  }
  const result = outputClaims.safeParse(claims);
  if (result.success) return result.data as JWTPayload;
  const lines = result.error.issues.map((issue) => {
    const key = issue.path.join(".");
    return (claims as JsonObject)[key] === undefined
      ? `- (root): ${key} is required\n`
      : `- ${key}: Invalid type. ${issue.message}\n`;
  });
  throw new AuthError(500, "", `output claims do not conform to the expected schema: \n${lines.join("")}`);
}

export interface TokenSubject {
  user: User;
  session: Session;
  methods: AuthenticationMethod[];
  aal: Aal;
  factors: Factor[];
}

/** Signs an access token that says what is true of the user and the session now, as the token hook wants it. */
export async function createAccessToken(
  call: Call,
  sql: Transaction,
  { user, session, methods, aal, factors }: TokenSubject,
  authenticationMethod: string,
): Promise<{ token: string; expiresAt: number }> {
  const { jwt, sessions } = call.settings;
  const issuedAt = Math.floor(Date.now() / 1000);
  let expiresAt = issuedAt + jwt.expiry;
  const owesFactor = aal === "aal1" && factors.some((factor) => factor.status === "verified");
  if (sessions.allowLowAal > 0 && owesFactor) {
    expiresAt = Math.min(expiresAt, Math.floor((session.created_at.getTime() + sessions.allowLowAal) / 1000));
  }
  const claims = {
    ...(jwt.issuer === "" ? {} : { iss: jwt.issuer }),
    sub: user.id,
    // The real server learns to write one audience as a text only when it signs for the first time.
    aud: hasHook(call, "custom_access_token") && !call.keys.hasSigned() ? [user.aud] : user.aud,
    exp: expiresAt,
    iat: issuedAt,
    email: user.email ?? "",
    phone: user.phone ?? "",
    app_metadata: user.raw_app_meta_data ?? {},
    user_metadata: user.raw_user_meta_data ?? {},
    role: user.role,
    aal,
    amr: methods,
    session_id: session.id,
    is_anonymous: user.is_anonymous,
  };
  const event = { user_id: user.id, claims, authentication_method: authenticationMethod };
  const answer = await runHook(call, sql, "custom_access_token", "inside", event);
  const final: JWTPayload = answer === undefined ? claims : checkedClaims(answer);
  return { token: await call.keys.sign(final), expiresAt };
}

/** The content of a refresh token of version 2. */
export interface CountedToken {
  sessionId: string;
  counter: number;
  /** Whether it was signed with this key of the session. */
  isSignedWith(hmacKey: string): boolean;
}

function encodeCounter(counter: number): Buffer {
  const bytes: number[] = [];
  let rest = counter;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

const signatureLength = 16;
const checksumLength = 4;
const headLength = 17;

function sign(hmacKey: string, content: Buffer): Buffer {
  const key = Buffer.from(hmacKey, "base64url");
  return createHmac("sha256", key).update(content).digest().subarray(0, signatureLength);
}

function checksum(content: Buffer): Buffer {
  return createHash("sha256").update(content).digest().subarray(0, checksumLength);
}

/** A refresh token of version 2: it needs no row, only the session's key and counter. */
export function encodeCountedToken(sessionId: string, counter: number, hmacKey: string): string {
  const id = Buffer.from(sessionId.replaceAll("-", ""), "hex");
  const content = Buffer.concat([Buffer.from([0]), id, encodeCounter(counter)]);
  const signed = Buffer.concat([content, sign(hmacKey, content)]);
  return Buffer.concat([signed, checksum(signed)]).toString("base64url");
}

/** Reads a refresh token of version 2; undefined if it is none. */
export function decodeCountedToken(token: string): CountedToken | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(token)) return undefined;
  const bytes = Buffer.from(token, "base64url");
  if (bytes.length < headLength + 1 + signatureLength + checksumLength || bytes[0] !== 0) return undefined;
  const signed = bytes.subarray(0, -checksumLength);
  if (!checksum(signed).equals(bytes.subarray(-checksumLength))) return undefined;
  const content = signed.subarray(0, -signatureLength);
  const signature = signed.subarray(-signatureLength);
  let counter = 0;
  let factor = 1;
  const digits = content.subarray(headLength);
  for (const [index, byte] of digits.entries()) {
    const isLast = index === digits.length - 1;
    if (isLast === byte >= 0x80 || index > 6) return undefined;
    counter += (byte & 0x7f) * factor;
    factor *= 0x80;
  }
  const hex = content.subarray(1, headLength).toString("hex");
  const sessionId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return {
    sessionId,
    counter,
    isSignedWith: (hmacKey) => timingSafeEqual(sign(hmacKey, content), signature),
  };
}
