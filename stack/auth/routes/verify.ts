import { z } from "zod";
import { checkEmail, checkPhone } from "../accounts.ts";
import type { Call } from "../call.ts";
import { requestAudience } from "../call.ts";
import type { Confirmation } from "../confirmations.ts";
import { applyConfirmation } from "../confirmations.ts";
import type { JsonObject, Queryable, Transaction } from "../database.ts";
import { AuthError, validationFailed } from "../errors.ts";
import { issueCode } from "../flow.ts";
import { optionalText, readBody } from "../json-body.ts";
import { limitRequests } from "../limits.ts";
import { log } from "../log.ts";
import type { TokenType } from "../one-time.ts";
import { findUserByTokenHash, hashCode, isExpired, isTokenValid, pkcePrefix } from "../one-time.ts";
import { redirect, redirectTarget, withFragment, withQuery } from "../redirects.ts";
import { startSession } from "../sessions.ts";
import type { User } from "../users.ts";
import { findUserByEmail, findUserByPhone, instanceId, isBanned, lockUser } from "../users.ts";

const verifyBody = z.object({
  type: optionalText,
  token: optionalText,
  token_hash: optionalText,
  email: optionalText,
  phone: optionalText,
  redirect_to: optionalText,
});
type VerifyBody = z.infer<typeof verifyBody>;

const acceptSecond = "Confirmation link accepted. Please proceed to confirm link sent to the other email";
const linkExpired = () => new AuthError(403, "otp_expired", "Email link is invalid or has expired");
const codeExpired = () => new AuthError(403, "otp_expired", "Token has expired or is invalid");
const banned = () => new AuthError(403, "user_banned", "User is banned");

/** A user whose code or link is right, and what that confirms. */
interface Proven {
  user: User;
  confirmation: Confirmation;
  /** Without the mark of code exchanges. */
  hash: string;
}

const linkTypes: Record<string, TokenType[]> = {
  signup: ["confirmation_token"],
  invite: ["confirmation_token"],
  email: ["confirmation_token", "recovery_token"],
  recovery: ["recovery_token"],
  magiclink: ["recovery_token"],
  email_change: ["email_change_token_current", "email_change_token_new"],
};

function confirmationOf(type: string, token: TokenType): Confirmation {
  if (token === "confirmation_token") return "signup";
  if (token === "recovery_token") return type === "recovery" ? "recovery" : "magiclink";
  return "email_change";
}

function sentAt(user: User, confirmation: Confirmation): Date | null {
  if (confirmation === "signup") return user.confirmation_sent_at;
  if (confirmation === "email_change") return user.email_change_sent_at;
  return user.recovery_sent_at;
}

async function proveLink(call: Call, sql: Queryable, type: string, hash: string): Promise<Proven> {
  const types = linkTypes[type];
  if (types === undefined) throw validationFailed("Invalid email verification type");
  const found = await findUserByTokenHash(sql, hash, types);
  if (found === undefined) throw linkExpired();
  const { user } = found;
  if (isBanned(user)) throw banned();
  const confirmation = confirmationOf(type, found.type);
  if (isExpired(sentAt(user, confirmation), call.settings.mail.otpExpiry)) throw linkExpired();
  return { user, confirmation, hash };
}

/** Who is changing their address from or to this one. */
async function findUserForEmailChange(sql: Queryable, email: string, audience: string, hash: string) {
  const [user] = await sql<User[]>`
    select * from auth.users
    where instance_id = ${instanceId} and aud = ${audience} and is_sso_user = false
      and (lower(email) = ${email} and email_change_token_current in (${hash}, ${pkcePrefix + hash})
        or lower(email_change) = ${email} and email_change_token_new in (${hash}, ${pkcePrefix + hash}))
    limit 1`;
  return user;
}

async function findUserForPhoneChange(sql: Queryable, phone: string, audience: string) {
  const [user] = await sql<User[]>`
    select * from auth.users
    where instance_id = ${instanceId} and phone_change = ${phone} and aud = ${audience} and is_sso_user = false
    order by phone_change_sent_at desc limit 1`;
  return user;
}

async function provePhoneCode(call: Call, sql: Queryable, body: VerifyBody): Promise<Proven> {
  const phone = checkPhone(body.phone);
  const hash = hashCode(phone, body.token);
  const audience = await requestAudience(call);
  const { otpExpiry: expiry, testCodes } = call.settings.sms;
  const isFixed = testCodes.get(phone) === body.token;
  if (body.type === "sms") {
    const user = await findUserByPhone(sql, phone, audience);
    if (user === undefined) throw codeExpired();
    if (isBanned(user)) throw banned();
    if (!isFixed && !isTokenValid(hash, user.confirmation_token, user.confirmation_sent_at, expiry)) {
      throw codeExpired();
    }
    return { user, confirmation: "sms", hash };
  }
  if (body.type !== "phone_change") throw validationFailed("Invalid sms verification type");
  const user = await findUserForPhoneChange(sql, phone, audience);
  if (user === undefined) throw codeExpired();
  if (isBanned(user)) throw banned();
  if (!isFixed && !isTokenValid(hash, user.phone_change_token, user.phone_change_sent_at, expiry)) {
    throw codeExpired();
  }
  return { user, confirmation: "phone_change", hash };
}

async function proveMailCode(call: Call, sql: Queryable, body: VerifyBody): Promise<Proven> {
  let email;
  try {
    email = checkEmail(body.email);
  } catch {
    throw validationFailed("Invalid email format", 422);
  }
  const hash = hashCode(email, body.token);
  const audience = await requestAudience(call);
  const expiry = call.settings.mail.otpExpiry;
  const user = body.type === "email_change"
    ? await findUserForEmailChange(sql, email, audience, hash)
    : await findUserByEmail(sql, email, audience);
  if (user === undefined) throw codeExpired();
  if (isBanned(user)) throw banned();
  for (const type of linkTypes[body.type] ?? []) {
    const confirmation = confirmationOf(body.type, type);
    if (isTokenValid(hash, user[type], sentAt(user, confirmation), expiry)) {
      return { user, confirmation, hash };
    }
  }
  throw codeExpired();
}

async function prove(call: Call, sql: Queryable, body: VerifyBody): Promise<Proven> {
  if (body.type === "") throw validationFailed("Verify requires a verification type");
  if (body.token === "" && body.token_hash === "") {
    throw validationFailed("Verify requires either a token or a token hash");
  }
  if (body.token !== "" && body.token_hash !== "") {
    throw validationFailed("Verify requires either a token or a token hash");
  }
  if (body.token_hash !== "") {
    if (body.email !== "" || body.phone !== "" || body.redirect_to !== "") {
      throw validationFailed("Only the token_hash and type should be provided");
    }
    return await proveLink(call, sql, body.type, body.token_hash);
  }
  if ((body.email === "") === (body.phone === "")) {
    throw validationFailed("Only an email address or phone number should be provided on verify");
  }
  return body.email === "" ? await provePhoneCode(call, sql, body) : await proveMailCode(call, sql, body);
}

/** Proves it, and once more when nobody else can use it any longer: of many who come at once with one code, one gets in. */
async function proveOnce(sql: Transaction, proveIt: () => Promise<Proven>): Promise<Proven> {
  const { user } = await proveIt();
  await lockUser(sql, user.id);
  return await proveIt();
}

/** POST /verify */
export async function verifyCode(call: Call): Promise<Response> {
  limitRequests(call, "verify");
  const body = await readBody(call.c, verifyBody);
  const answer = await call.sql.begin(async (sql): Promise<JsonObject> => {
    const proven = await proveOnce(sql, () => prove(call, sql, body));
    const user = await applyConfirmation(call, sql, proven.user, proven.confirmation, proven.hash);
    if (user === undefined) return { code: "200", msg: acceptSecond };
    return await startSession(call, sql, user, "otp");
  });
  return call.c.json(answer);
}

const oauthErrors: Record<number, string> = {
  400: "invalid_request",
  401: "unauthorized_client",
  403: "access_denied",
  500: "server_error",
};

/** Sends people on with an error, in the fragment and, for code exchanges, in the query too. */
function errorRedirect(to: string, error: AuthError, isPkce: boolean): Response {
  const name = oauthErrors[error.status];
  const values: Record<string, string> = {
    ...(name === undefined ? {} : { error: name }),
    error_code: error.code,
    error_description: error.message,
  };
  const address = (isPkce ? withQuery(to, values) : to).split("#", 1)[0] ?? to;
  return redirect(303, withFragment(address, values));
}

/** How a session that began with a link of this type is said to be authenticated, after the exchange. */
const exchangeMethods: Record<string, string> = {
  signup: "email/signup",
  invite: "invite",
  recovery: "recovery",
  magiclink: "magiclink",
  email_change: "email_change",
};

async function followLink(
  call: Call,
  type: string,
  hash: string,
  to: string,
  isPkce: boolean,
): Promise<string> {
  return await call.sql.begin(async (sql): Promise<string> => {
    const proven = await proveOnce(sql, () => proveLink(call, sql, type, hash));
    const bare = hash.startsWith(pkcePrefix) ? hash.slice(pkcePrefix.length) : hash;
    const user = await applyConfirmation(call, sql, proven.user, proven.confirmation, bare);
    if (user === undefined) {
      const message = { message: acceptSecond };
      return withFragment((isPkce ? withQuery(to, message) : to).split("#", 1)[0] ?? to, message);
    }
    if (isPkce) {
      return withQuery(to, { code: await issueCode(sql, user.id, exchangeMethods[type] ?? "") });
    }
    const tokens = await startSession(call, sql, user, "otp");
    return withFragment(to, {
      access_token: String(tokens.access_token),
      expires_at: String(tokens.expires_at),
      expires_in: String(tokens.expires_in),
      refresh_token: String(tokens.refresh_token),
      token_type: "bearer",
      type,
    });
  });
}

/** GET /verify */
export async function verifyLink(call: Call): Promise<Response> {
  limitRequests(call, "verify");
  const type = call.c.req.query("type") ?? "";
  const hash = call.c.req.query("token") ?? "";
  if (type === "") throw validationFailed("Verify requires a verification type");
  if (hash === "") throw validationFailed("Verify requires a token or a token hash");
  const to = redirectTarget(call);
  const isPkce = hash.startsWith(pkcePrefix);
  if (isPkce && exchangeMethods[type] === undefined) {
    // No page is told: the real server does not foresee this either.
    throw new Error(`a code exchange cannot begin with the type "${type}"`);
  }
  try {
    return redirect(303, await followLink(call, type, hash, to, isPkce));
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    if (error.status >= 500) log("error", error.message, { path: "/verify", stack: error.stack });
    return errorRedirect(to, error, isPkce);
  }
}
