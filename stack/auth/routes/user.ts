import { z } from "zod";
import { checkEmail, checkPhone, hasPassword, passwordPatch } from "../accounts.ts";
import { audit } from "../audit.ts";
import type { Call, Caller } from "../call.ts";
import { requireSameAudience, requireUser } from "../call.ts";
import { applyEmailChange, applyPhoneChange } from "../confirmations.ts";
import type { Transaction } from "../database.ts";
import { AuthError, emailExists, validationFailed } from "../errors.ts";
import type { Challenge } from "../flow.ts";
import { readChallenge, startMailFlow } from "../flow.ts";
import { challengeFields, metadata, optionalText, readBody } from "../json-body.ts";
import { limitRequests } from "../limits.ts";
import { notify, sendEmailChange, sendPhoneCode } from "../messages.ts";
import { clearTokens, hashCode, isTokenValid } from "../one-time.ts";
import { checkPassword, verifyPassword } from "../passwords.ts";
import { deleteSessions, methodsOf } from "../sessions.ts";
import type { User, UserPatch } from "../users.ts";
import {
  factorsOf,
  findEmailOwner,
  findUserByPhone,
  fullUserJson,
  lockUser,
  mergeMetadata,
  updateUser,
} from "../users.ts";

const userBody = z.object({
  email: optionalText,
  phone: optionalText,
  password: z.string().optional(),
  current_password: optionalText,
  nonce: optionalText,
  data: metadata.optional(),
  app_metadata: metadata.optional(),
  channel: optionalText,
  ...challengeFields,
});

/** GET /user */
export async function getUser(call: Call): Promise<Response> {
  const caller = await requireUser(call);
  await requireSameAudience(call, caller, validationFailed("Token audience doesn't match request audience"));
  return call.c.json(await fullUserJson(call.sql, caller.user));
}

/** What a user wants to change, with everything checked that needs no database. */
interface Change {
  email: string | undefined;
  phone: string | undefined;
  password: string | undefined;
  currentPassword: string;
  nonce: string;
  data: Record<string, unknown> | undefined;
  appMetadata: Record<string, unknown> | undefined;
  challenge: Challenge | undefined;
}

function checkChange(call: Call, body: z.infer<typeof userBody>, user: User): Change {
  const email = body.email === "" ? "" : checkEmail(body.email);
  const phone = body.phone === "" ? "" : checkPhone(body.phone);
  if (body.password !== undefined) checkPassword(call.settings.password, body.password);
  return {
    email: email === "" || email === user.email ? undefined : email,
    phone: phone === "" || phone === user.phone ? undefined : phone,
    password: body.password,
    currentPassword: body.current_password,
    nonce: body.nonce,
    data: body.data,
    appMetadata: body.app_metadata,
    challenge: readChallenge(body),
  };
}

const dayLong = 24 * 3_600_000;

/** The code of GET /reauthenticate; it is burnt whatever comes after. */
async function checkNonce(call: Call, user: User, nonce: string): Promise<void> {
  if (nonce === "") {
    throw new AuthError(400, "reauthentication_needed", "Password update requires reauthentication");
  }
  const { mail, sms } = call.settings;
  const [address, expiry] = user.email ? [user.email, mail.otpExpiry] : [user.phone ?? "", sms.otpExpiry];
  const hash = hashCode(address, nonce);
  await call.sql.begin(async (sql) => {
    const { reauthentication_token: token, reauthentication_sent_at: sentAt } = await lockUser(sql, user.id);
    if (!isTokenValid(hash, token, sentAt, expiry)) {
      throw new AuthError(422, "reauthentication_not_valid", "Nonce has expired or is invalid");
    }
    await updateUser(sql, user.id, { reauthentication_token: "" });
    await clearTokens(sql, user.id);
  });
}

async function checkNewPassword(call: Call, { user, session }: Caller, change: Change, password: string) {
  const { security } = call.settings;
  if (security.currentPasswordForPassword && hasPassword(user)) {
    const { methods } = session === undefined ? { methods: [] } : await methodsOf(call.sql, session.id);
    // Somebody who came by code or link may well have forgotten the password.
    if (!methods.some(({ method }) => ["otp", "magiclink", "recovery"].includes(method))) {
      if (change.currentPassword === "") {
        throw new AuthError(
          400,
          "current_password_required",
          "Current password required when setting new password.",
        );
      }
      if (!(await verifyPassword(change.currentPassword, user.encrypted_password ?? "", call.deadline))) {
        throw new AuthError(
          400,
          "current_password_invalid",
          "Current password required when setting new password.",
        );
      }
    }
  }
  if (security.reauthenticateForPassword) {
    const isOld = session === undefined || Date.now() > session.created_at.getTime() + dayLong;
    if (isOld) await checkNonce(call, user, change.nonce);
  }
  if (hasPassword(user) && await verifyPassword(password, user.encrypted_password ?? "", call.deadline)) {
    throw new AuthError(422, "same_password", "New password should be different from the old password.");
  }
}

async function checkAllowed(call: Call, caller: Caller, change: Change): Promise<void> {
  const { user, session } = caller;
  if (change.appMetadata !== undefined && !call.settings.jwt.adminRoles.includes(user.role)) {
    throw new AuthError(403, "not_admin", "Updating app_metadata requires admin privileges");
  }
  const isSensitive = change.email !== undefined || change.phone !== undefined ||
    change.password !== undefined;
  if (isSensitive && session?.aal !== "aal2") {
    const factors = await factorsOf(call.sql, user.id);
    if (factors.some((factor) => factor.status === "verified")) {
      throw new AuthError(
        401,
        "insufficient_aal",
        "AAL2 session is required to update email or password when MFA is enabled.",
      );
    }
  }
  if (user.is_anonymous && change.password !== undefined && !change.email && !change.phone) {
    throw validationFailed(
      "Updating password of an anonymous user without an email or phone is not allowed",
      422,
    );
  }
  if (
    change.email !== undefined &&
    (await findEmailOwner(call.sql, change.email, user.aud, user.id)) !== undefined
  ) {
    throw emailExists();
  }
  if (change.phone !== undefined && (await findUserByPhone(call.sql, change.phone, user.aud)) !== undefined) {
    throw new AuthError(422, "phone_exists", "A user with this phone number has already been registered");
  }
  if (change.password !== undefined) await checkNewPassword(call, caller, change, change.password);
}

async function setPassword(
  call: Call,
  sql: Transaction,
  { user, session }: Caller,
  patch: UserPatch,
): Promise<User> {
  const updated = await updateUser(sql, user.id, patch);
  await clearTokens(sql, user.id);
  await deleteSessions(sql, user.id, session?.id);
  await audit(sql, call, updated, "user_updated_password");
  await notify(call, sql, updated, "password_changed");
  return updated;
}

async function changeEmail(call: Call, sql: Transaction, user: User, email: string, challenge?: Challenge) {
  if (user.is_anonymous && call.settings.mail.autoconfirm) {
    return await applyEmailChange(call, sql, { ...user, email_change: email });
  }
  await startMailFlow(sql, user.id, "email_change", challenge);
  return await sendEmailChange(call, sql, user, email, challenge !== undefined);
}

async function changePhone(call: Call, sql: Transaction, user: User, phone: string): Promise<User> {
  if (call.settings.sms.autoconfirm) {
    return await applyPhoneChange(call, sql, { ...user, phone_change: phone });
  }
  return await sendPhoneCode(call, sql, user, phone, "phone_change");
}

/** PUT /user */
export async function updateOwnUser(call: Call): Promise<Response> {
  const caller = await requireUser(call);
  limitRequests(call, "user");
  const change = checkChange(call, await readBody(call.c, userBody), caller.user);
  await checkAllowed(call, caller, change);
  const newPassword = change.password === undefined ? undefined : await passwordPatch(change.password);
  const answer = await call.sql.begin(async (sql) => {
    // As it is now: of several changes at once none undoes another.
    let user = await lockUser(sql, caller.user.id);
    if (newPassword !== undefined) user = await setPassword(call, sql, { ...caller, user }, newPassword);
    if (change.data !== undefined) {
      const merged = mergeMetadata(user.raw_user_meta_data, change.data);
      user = await updateUser(sql, user.id, { raw_user_meta_data: merged });
    }
    if (change.appMetadata !== undefined) {
      const merged = mergeMetadata(user.raw_app_meta_data, change.appMetadata);
      user = await updateUser(sql, user.id, { raw_app_meta_data: merged });
    }
    if (change.email !== undefined) user = await changeEmail(call, sql, user, change.email, change.challenge);
    if (change.phone !== undefined) user = await changePhone(call, sql, user, change.phone);
    await audit(sql, call, user, "user_modified");
    return await fullUserJson(sql, user);
  });
  return call.c.json(answer);
}
