import { z } from "zod";
import {
  afterUserCreated,
  beforeUserCreated,
  checkEmail,
  checkPhone,
  confirmEmail,
  confirmPhone,
  ensureOwnIdentity,
  insertUser,
} from "../accounts.ts";
import type { Candidate } from "../accounts.ts";
import { audit } from "../audit.ts";
import type { Call } from "../call.ts";
import { requestAudience } from "../call.ts";
import type { JsonObject, Transaction } from "../database.ts";
import { AuthError, validationFailed } from "../errors.ts";
import type { Challenge } from "../flow.ts";
import { readChallenge, startMailFlow } from "../flow.ts";
import { challengeFields, metadata, optionalText, readBody } from "../json-body.ts";
import { limitRequests } from "../limits.ts";
import { sendConfirmation, sendPhoneCode } from "../messages.ts";
import { checkPassword, hashPassword } from "../passwords.ts";
import { startSession } from "../sessions.ts";
import type { User } from "../users.ts";
import { findEmailOwner, findUserByPhone, fullUserJson, lockUser, userJson } from "../users.ts";

const signupBody = z.object({
  email: optionalText,
  phone: optionalText,
  password: optionalText,
  data: metadata.default({}),
  channel: optionalText,
  ...challengeFields,
});
type SignupBody = z.infer<typeof signupBody>;

export function refuseWhenClosed(call: Call): void {
  if (call.settings.disableSignup) {
    throw new AuthError(422, "signup_disabled", "Signups not allowed for this instance");
  }
}

async function signupAnonymously(call: Call, data: JsonObject): Promise<Response> {
  if (!call.settings.anonymousEnabled) {
    throw new AuthError(422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled");
  }
  limitRequests(call, "anonymous");
  refuseWhenClosed(call);
  const candidate = { provider: "", data, audience: call.settings.jwt.audience, isAnonymous: true };
  const id = crypto.randomUUID();
  await beforeUserCreated(call, id, candidate);
  const [user, answer] = await call.sql.begin(async (sql) => {
    const created = await insertUser(call, sql, id, candidate, "");
    try {
      return [created, await startSession(call, sql, created, "anonymous")];
    } catch (error) {
      throw new AuthError(500, "unexpected_failure", "Database error creating anonymous user", error);
    }
  });
  await afterUserCreated(call, user);
  return call.c.json(answer);
}

export interface SignupRequest {
  candidate: Candidate;
  byEmail: boolean;
  password: string;
  challenge: Challenge | undefined;
}

async function checkRequest(call: Call, body: SignupBody): Promise<SignupRequest> {
  const { settings } = call;
  refuseWhenClosed(call);
  if (body.password === "") throw validationFailed("Signup requires a valid password");
  checkPassword(settings.password, body.password);
  if (body.email !== "" && body.phone !== "") {
    throw validationFailed("Only an email address or phone number should be provided on signup.");
  }
  if (body.phone !== "" && body.code_challenge !== "") {
    throw validationFailed("PKCE not supported for phone signups");
  }
  const challenge = readChallenge(body);
  const byEmail = body.email !== "";
  if (byEmail && !settings.emailEnabled) {
    throw new AuthError(400, "email_provider_disabled", "Email signups are disabled");
  }
  if (!byEmail && !settings.phoneEnabled) {
    throw new AuthError(400, "phone_provider_disabled", "Phone signups are disabled");
  }
  const address = byEmail ? { email: checkEmail(body.email) } : { phone: checkPhone(body.phone) };
  const provider = byEmail ? "email" : "phone";
  const candidate = { provider, ...address, data: body.data, audience: await requestAudience(call) };
  return { candidate, byEmail, password: body.password, challenge };
}

export function isConfirmed(user: User, byEmail: boolean): boolean {
  return (byEmail ? user.email_confirmed_at : user.phone_confirmed_at) !== null;
}

/** Looks like a new user, so that nobody learns who has an account. */
function inventedUser(candidate: Candidate): JsonObject {
  const now = new Date();
  const user = {
    id: crypto.randomUUID(),
    aud: candidate.audience,
    role: "",
    email: candidate.email ?? null,
    phone: candidate.phone ?? null,
    confirmation_sent_at: now,
    raw_app_meta_data: { provider: candidate.provider, providers: [candidate.provider] },
    raw_user_meta_data: candidate.data,
    created_at: now,
    updated_at: now,
    is_anonymous: false,
    email_confirmed_at: null,
    invited_at: null,
    phone_confirmed_at: null,
    confirmed_at: null,
    recovery_sent_at: null,
    email_change: "",
    email_change_sent_at: null,
    phone_change: "",
    phone_change_sent_at: null,
    reauthentication_sent_at: null,
    last_sign_in_at: null,
    banned_until: null,
    deleted_at: null,
  };
  return userJson(user, [], []);
}

/** Confirms at once, or sends what is needed to confirm. */
async function confirmOrAsk(call: Call, sql: Transaction, user: User, request: SignupRequest): Promise<User> {
  const { mail, sms } = call.settings;
  if (request.byEmail ? mail.autoconfirm : sms.autoconfirm) {
    await audit(sql, call, user, "user_signedup", { provider: request.candidate.provider });
    return request.byEmail ? await confirmEmail(sql, user) : await confirmPhone(sql, user);
  }
  await audit(sql, call, user, "user_confirmation_requested", { provider: request.candidate.provider });
  if (!request.byEmail) return await sendPhoneCode(call, sql, user, user.phone ?? "", "confirmation");
  await startMailFlow(sql, user.id, "email/signup", request.challenge);
  return await sendConfirmation(call, sql, user, request.challenge !== undefined);
}

/** Answers of sign-ups confirm without reading the row again. */
function withoutConfirmedAt(answer: JsonObject): JsonObject {
  const { confirmed_at: _unread, ...user } = answer.user as JsonObject;
  return { ...answer, user };
}

async function answerExisting(call: Call, user: User, { candidate }: SignupRequest): Promise<JsonObject> {
  await audit(call.sql, call, user, "user_repeated_signup", { provider: candidate.provider });
  if (call.settings.mail.autoconfirm || call.settings.sms.autoconfirm) {
    throw new AuthError(422, "user_already_exists", "User already registered");
  }
  return inventedUser(candidate);
}

/** Makes an account, or asks once more to confirm one; whoever needs not confirm is signed in. */
export async function signUp(call: Call, request: SignupRequest): Promise<JsonObject> {
  const { candidate, byEmail } = request;
  const existing = byEmail
    ? await findEmailOwner(call.sql, candidate.email ?? "", candidate.audience)
    : await findUserByPhone(call.sql, candidate.phone ?? "", candidate.audience);
  if (existing !== undefined && isConfirmed(existing, byEmail)) {
    return await answerExisting(call, existing, request);
  }
  const id = crypto.randomUUID();
  if (existing === undefined) await beforeUserCreated(call, id, candidate);
  const encryptedPassword = existing === undefined ? await hashPassword(request.password, call.deadline) : "";
  const [user, answer] = await call.sql.begin(async (sql): Promise<[User, JsonObject]> => {
    const found = existing === undefined
      ? await insertUser(call, sql, id, candidate, encryptedPassword)
      : await lockUser(sql, existing.id);
    const identified = await ensureOwnIdentity(sql, found, byEmail ? "email" : "phone", candidate.data);
    const asked = await confirmOrAsk(call, sql, identified, request);
    if (isConfirmed(asked, byEmail)) {
      await audit(sql, call, asked, "login", { provider: candidate.provider });
      return [asked, withoutConfirmedAt(await startSession(call, sql, asked, "password"))];
    }
    const shown = await fullUserJson(sql, asked);
    // An invited person's data is not for whoever knows the address.
    return [asked, asked.invited_at === null ? shown : { ...shown, user_metadata: {}, identities: [] }];
  });
  if (existing === undefined) await afterUserCreated(call, user);
  return answer;
}

/** POST /signup */
export async function signup(call: Call): Promise<Response> {
  const body = await readBody(call.c, signupBody);
  if (body.email === "" && body.phone === "") return await signupAnonymously(call, body.data);
  limitRequests(call, "signup");
  return call.c.json(await signUp(call, await checkRequest(call, body)));
}
