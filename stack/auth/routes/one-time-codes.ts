import { z } from "zod";
import { checkEmail, checkPhone } from "../accounts.ts";
import { audit } from "../audit.ts";
import type { Call } from "../call.ts";
import { requestAudience } from "../call.ts";
import type { JsonObject } from "../database.ts";
import { AuthError, validationFailed } from "../errors.ts";
import type { Challenge } from "../flow.ts";
import { readChallenge, startMailFlow } from "../flow.ts";
import { challengeFields, metadata, optionalText, readBody } from "../json-body.ts";
import { limitRequests } from "../limits.ts";
import { sendConfirmation, sendEmailChange, sendPhoneCode, sendSignInLink } from "../messages.ts";
import { randomPassword } from "../passwords.ts";
import { isConfirmed, refuseWhenClosed, signUp } from "./signup.ts";
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
  data: JsonObject;
  challenge: Challenge | undefined;
}

async function findAccount(
  call: Call,
  { email, phone }: Pick<CodeRequest, "email" | "phone">,
): Promise<User | undefined> {
  const audience = await requestAudience(call);
  return email === undefined
    ? await findUserByPhone(call.sql, phone ?? "", audience)
    : await findUserByEmail(call.sql, email, audience);
}

/**
 * Sends a confirmed user what signs them in. Here as below the user is read again under the lock: of many requests at once,
 * one message goes out.
 */
async function sendToConfirmed(call: Call, found: User, { phone, challenge }: CodeRequest): Promise<void> {
  await call.sql.begin(async (sql) => {
    const user = await lockUser(sql, found.id);
    if (phone !== undefined) {
      await audit(sql, call, user, "user_recovery_requested", { channel: "sms" });
      await sendPhoneCode(call, sql, user, phone, "confirmation");
      return;
    }
    await audit(sql, call, user, "user_recovery_requested");
    await startMailFlow(sql, user.id, "magiclink", challenge);
    await sendSignInLink(call, sql, user, "magiclink", challenge !== undefined);
  });
}

/** Anybody else signs up by it, with a password nobody knows; what confirms the account is what signs them in. */
async function sendCode(call: Call, request: CodeRequest): Promise<Response> {
  const byEmail = request.email !== undefined;
  const user = await findAccount(call, request);
  if (user !== undefined && isConfirmed(user, byEmail)) {
    await sendToConfirmed(call, user, request);
    return call.c.json({});
  }
  refuseWhenClosed(call);
  const { challenge, ...address } = request;
  const candidate = {
    ...address,
    provider: byEmail ? "email" : "phone",
    audience: await requestAudience(call),
  };
  await signUp(call, { candidate, byEmail, password: randomPassword(), challenge });
  // Confirmed at once, they have a session which nobody receives, and get their code all the same.
  const { mail, sms } = call.settings;
  return (byEmail ? mail.autoconfirm : sms.autoconfirm) ? await sendCode(call, request) : call.c.json({});
}

async function sendByMail(call: Call, body: z.infer<typeof otpBody>): Promise<Response> {
  if (!call.settings.emailEnabled) {
    throw new AuthError(422, "email_provider_disabled", "Email logins are disabled");
  }
  if (body.email === "") throw validationFailed("Password recovery requires an email", 422);
  const email = checkEmail(body.email);
  return await sendCode(call, { email, data: body.data, challenge: readChallenge(body) });
}

async function sendByText(call: Call, body: z.infer<typeof otpBody>): Promise<Response> {
  if (!call.settings.phoneEnabled) {
    throw new AuthError(400, "phone_provider_disabled", "Unsupported phone provider");
  }
  return await sendCode(call, { phone: checkPhone(body.phone), data: body.data, challenge: undefined });
}

/** POST /otp */
export async function otp(call: Call): Promise<Response> {
  limitRequests(call, "otp");
  const body = await readBody(call.c, otpBody);
  const { email, phone } = body;
  if (email !== "" && phone !== "") {
    throw validationFailed("Only an email address or phone number should be provided");
  }
  if (email !== "" && body.channel !== "") {
    throw validationFailed("Channel should only be specified with Phone OTP");
  }
  readChallenge(body);
  if (email === "" && phone === "") throw validationFailed("One of email or phone must be set");
  if (!body.create_user) {
    const address = email === "" ? { phone: checkPhone(phone) } : { email: checkEmail(email) };
    if (await findAccount(call, address) === undefined) {
      throw new AuthError(422, "otp_disabled", "Signups not allowed for otp");
    }
  }
  return email === "" ? await sendByText(call, body) : await sendByMail(call, body);
}

/** POST /magiclink */
export async function magiclink(call: Call): Promise<Response> {
  limitRequests(call, "magiclink");
  return await sendByMail(call, await readBody(call.c, otpBody));
}

/** Refuses what goes by a way that is switched off. */
function requireProvider(call: Call, provider: "email" | "phone"): void {
  const { emailEnabled, phoneEnabled } = call.settings;
  if (provider === "email" ? emailEnabled : phoneEnabled) return;
  const name = provider === "email" ? "Email" : "Phone";
  throw new AuthError(400, `${provider}_provider_disabled`, `${name} logins are disabled`);
}

/** POST /recover */
export async function recover(call: Call): Promise<Response> {
  limitRequests(call, "recover");
  requireProvider(call, "email");
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
  const { email, phone } = body;
  const type = z.enum(["signup", "email_change", "sms", "phone_change"]).safeParse(body.type).data;
  if (type === undefined) {
    throw validationFailed("Missing one of these types: signup, email_change, sms, phone_change");
  }
  const challenge = type === "signup" || type === "email_change" ? readChallenge(body) : undefined;
  if (type === "signup" && email === "") throw validationFailed("Type provided requires an email address");
  if (type === "sms" && phone === "") throw validationFailed("Type provided requires a phone number");
  if (email !== "" && phone !== "") {
    throw validationFailed("Only an email address or phone number should be provided.");
  }
  if (email === "" && phone === "") throw validationFailed("Missing email address or phone number");
  // The address says whose account it is; what is sent, and where to, is what that account waits for.
  requireProvider(call, email === "" ? "phone" : "email");
  const user = await findAccount(
    call,
    email === "" ? { phone: checkPhone(phone) } : { email: checkEmail(email) },
  );
  if (user !== undefined) await resendTo(call, user, type, challenge);
  return call.c.json({});
}
