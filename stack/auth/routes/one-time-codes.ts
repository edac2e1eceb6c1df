import { z } from "zod";
import {
  afterUserCreated,
  beforeUserCreated,
  checkEmail,
  checkPhone,
  confirmEmail,
  ensureOwnIdentity,
  insertUser,
} from "../accounts.ts";
import { audit } from "../audit.ts";
import type { Call } from "../call.ts";
import { requestAudience } from "../call.ts";
import type { JsonObject } from "../database.ts";
import { AuthError, validationFailed } from "../errors.ts";
import type { Challenge } from "../flow.ts";
import { readChallenge, startMailFlow } from "../flow.ts";
import { challengeFields, metadata, optionalText, readBody } from "../json-body.ts";
import type { LimitName } from "../limits.ts";
import { limitRequests } from "../limits.ts";
import { sendConfirmation, sendEmailChange, sendPhoneCode, sendSignInLink } from "../messages.ts";
import { hashPassword, randomPassword } from "../passwords.ts";
import { startSession } from "../sessions.ts";
import type { User } from "../users.ts";
import { findUserByEmail, findUserByPhone, lockUser } from "../users.ts";

const otpBody = z.object({
  email: optionalText,
  phone: optionalText,
  create_user: z.boolean().default(true),
  data: metadata.default({}),
  channel: optionalText,
  ...challengeFields,
});
const recoverBody = z.object({ email: optionalText, ...challengeFields });
const resendBody = z.object({
  type: optionalText,
  email: optionalText,
  phone: optionalText,
  ...challengeFields,
});

interface CodeRequest {
  email?: string;
  phone?: string;
  createUser: boolean;
  data: JsonObject;
  challenge: Challenge | undefined;
}

async function findAccount(call: Call, request: CodeRequest, audience: string): Promise<User | undefined> {
  return request.email === undefined
    ? await findUserByPhone(call.sql, request.phone ?? "", audience)
    : await findUserByEmail(call.sql, request.email, audience);
}

/**
 * Sends an existing user what signs them in; an unconfirmed one is asked to confirm instead. Here as below the user is read
 * again under the lock: of many requests at once, one message goes out.
 */
async function sendToExisting(call: Call, found: User, request: CodeRequest): Promise<void> {
  await call.sql.begin(async (sql) => {
    const user = await lockUser(sql, found.id);
    if (request.phone !== undefined) {
      await audit(sql, call, user, "user_recovery_requested", { channel: "sms" });
      await sendPhoneCode(call, sql, user, request.phone, "confirmation");
      return;
    }
    const isPkce = request.challenge !== undefined;
    if (user.email_confirmed_at === null) {
      await audit(sql, call, user, "user_confirmation_requested");
      await startMailFlow(sql, user.id, "email/signup", request.challenge);
      await sendConfirmation(call, sql, user, isPkce);
      return;
    }
    await audit(sql, call, user, "user_recovery_requested");
    await startMailFlow(sql, user.id, "magiclink", request.challenge);
    await sendSignInLink(call, sql, user, "magiclink", isPkce);
  });
}

/** Creates the user with a password nobody knows. */
async function createAndSend(call: Call, request: CodeRequest, audience: string): Promise<void> {
  const { settings } = call;
  if (settings.disableSignup) {
    throw new AuthError(422, "signup_disabled", "Signups not allowed for this instance");
  }
  const id = crypto.randomUUID();
  const provider = request.email === undefined ? "phone" : "email";
  const address = request.email === undefined ? { phone: request.phone ?? "" } : { email: request.email };
  const candidate = { provider, ...address, data: request.data, audience };
  await beforeUserCreated(call, id, candidate);
  const password = await hashPassword(randomPassword(), call.deadline);
  const user = await call.sql.begin(async (sql) => {
    const created = await insertUser(call, sql, id, candidate, password);
    const identified = await ensureOwnIdentity(sql, created, provider, request.data);
    if (provider === "email" && settings.mail.autoconfirm) {
      await audit(sql, call, identified, "user_signedup");
      const confirmed = await confirmEmail(sql, identified);
      // Nobody receives this session, but the real server makes it too.
      await startSession(call, sql, confirmed, "password");
      return confirmed;
    }
    await audit(sql, call, identified, "user_confirmation_requested");
    if (provider === "phone") {
      return await sendPhoneCode(call, sql, identified, request.phone ?? "", "confirmation");
    }
    await startMailFlow(sql, id, "email/signup", request.challenge);
    return await sendConfirmation(call, sql, identified, request.challenge !== undefined);
  });
  await afterUserCreated(call, user);
  if (provider === "email" && settings.mail.autoconfirm) await sendToExisting(call, user, request);
}

async function sendCode(call: Call, request: CodeRequest): Promise<Response> {
  const audience = await requestAudience(call);
  const user = await findAccount(call, request, audience);
  if (user !== undefined) await sendToExisting(call, user, request);
  else if (request.createUser) await createAndSend(call, request, audience);
  else throw new AuthError(422, "otp_disabled", "Signups not allowed for otp");
  return call.c.json({});
}

function refuseWithoutEmail(call: Call): void {
  if (!call.settings.emailEnabled) {
    throw new AuthError(422, "email_provider_disabled", "Email logins are disabled");
  }
}

async function requestCode(call: Call, limit: LimitName, onlyEmail: boolean): Promise<Response> {
  limitRequests(call, limit);
  const body = await readBody(call.c, otpBody);
  const challenge = readChallenge(body);
  const common = { createUser: body.create_user, data: body.data, challenge };
  if (onlyEmail || body.phone === "") {
    if (body.email === "") {
      throw validationFailed(
        onlyEmail ? "Password recovery requires an email" : "One of email or phone must be set",
      );
    }
    refuseWithoutEmail(call);
    return await sendCode(call, { email: checkEmail(body.email), ...common });
  }
  if (body.email !== "") throw validationFailed("Only an email address or phone number should be provided");
  if (!call.settings.phoneEnabled) {
    throw new AuthError(400, "phone_provider_disabled", "Unsupported phone provider");
  }
  return await sendCode(call, { phone: checkPhone(body.phone), ...common });
}

/** POST /otp */
export async function otp(call: Call): Promise<Response> {
  return await requestCode(call, "otp", false);
}

/** POST /magiclink */
export async function magiclink(call: Call): Promise<Response> {
  return await requestCode(call, "magiclink", true);
}

/** POST /recover */
export async function recover(call: Call): Promise<Response> {
  limitRequests(call, "recover");
  const body = await readBody(call.c, recoverBody);
  if (body.email === "") throw validationFailed("Password recovery requires an email");
  const email = checkEmail(body.email);
  const challenge = readChallenge(body);
  const found = await findUserByEmail(call.sql, email, await requestAudience(call));
  // An unknown address gets the same answer, so that nobody learns who has an account.
  if (found === undefined) return call.c.json({});
  await call.sql.begin(async (sql) => {
    const user = await lockUser(sql, found.id);
    await audit(sql, call, user, "user_recovery_requested");
    await startMailFlow(sql, user.id, "recovery", challenge);
    await sendSignInLink(call, sql, user, "recovery", challenge !== undefined);
  });
  return call.c.json({});
}

type ResendType = "signup" | "email_change" | "sms" | "phone_change";

async function resendTo(
  call: Call,
  found: User,
  type: ResendType,
  challenge: Challenge | undefined,
): Promise<void> {
  await call.sql.begin(async (sql) => {
    const user = await lockUser(sql, found.id);
    const isPkce = challenge !== undefined;
    if (type === "signup" && user.email_confirmed_at === null) {
      await audit(sql, call, user, "user_confirmation_requested");
      await startMailFlow(sql, user.id, "email/signup", challenge);
      await sendConfirmation(call, sql, user, isPkce);
    } else if (type === "sms" && user.phone_confirmed_at === null) {
      await audit(sql, call, user, "user_recovery_requested");
      await sendPhoneCode(call, sql, user, user.phone ?? "", "confirmation");
    } else if (type === "email_change" && user.email_change !== "") {
      await startMailFlow(sql, user.id, "email_change", challenge);
      await sendEmailChange(call, sql, user, user.email_change, isPkce);
    } else if (type === "phone_change" && user.phone_change !== "") {
      await sendPhoneCode(call, sql, user, user.phone_change, "phone_change");
    }
  });
}

/** POST /resend */
export async function resend(call: Call): Promise<Response> {
  limitRequests(call, "resend");
  const body = await readBody(call.c, resendBody);
  const type = z.enum(["signup", "email_change", "sms", "phone_change"]).safeParse(body.type);
  if (!type.success) {
    throw validationFailed("Missing one of these types: signup, email_change, sms, phone_change");
  }
  if (body.email === "" && body.phone === "") throw validationFailed("Missing email address or phone number");
  if (body.email !== "" && body.phone !== "") {
    throw validationFailed("Only an email address or phone number should be provided.");
  }
  const wantsPhone = type.data === "sms" || type.data === "phone_change";
  if (wantsPhone && body.phone === "") throw validationFailed("Type provided requires a phone number");
  if (!wantsPhone && body.email === "") throw validationFailed("Type provided requires an email address");
  const challenge = readChallenge(body);
  const audience = await requestAudience(call);
  const user = wantsPhone
    ? await findUserByPhone(call.sql, checkPhone(body.phone), audience)
    : await findUserByEmail(call.sql, checkEmail(body.email), audience);
  if (user !== undefined) await resendTo(call, user, type.data, challenge);
  return call.c.json({});
}
