import { z } from "zod";
import { beforeUserCreated, checkEmail, insertUser } from "../accounts.ts";
import { adminActor, audit } from "../audit.ts";
import type { Call } from "../call.ts";
import { requestAudience, requireAdmin } from "../call.ts";
import type { JsonObject, Transaction } from "../database.ts";
import { AuthError, emailExists, validationFailed } from "../errors.ts";
import { metadata, optionalText, readBody } from "../json-body.ts";
import type { MailAction } from "../messages.ts";
import { sendInvite, verificationLink } from "../messages.ts";
import type { TokenType } from "../one-time.ts";
import { hashCode, randomCode, saveToken } from "../one-time.ts";
import { checkPassword, hashPassword, randomPassword } from "../passwords.ts";
import { redirectTarget } from "../redirects.ts";
import type { User, UserPatch } from "../users.ts";
import {
  createOwnIdentity,
  findEmailOwner,
  findUserByEmail,
  fullUserJson,
  lockUser,
  mergeMetadata,
  updateUser,
} from "../users.ts";

const inviteBody = z.object({ email: optionalText, data: metadata.default({}) });
const linkBody = z.object({
  type: optionalText,
  email: optionalText,
  new_email: optionalText,
  password: optionalText,
  data: metadata.optional(),
  redirect_to: optionalText,
});

const linkTypes = [
  "signup",
  "invite",
  "magiclink",
  "recovery",
  "email_change_current",
  "email_change_new",
] as const;
type LinkType = (typeof linkTypes)[number];

/** An account that waits for its owner to come. Without a password it gets one on confirmation. */
async function createPending(
  call: Call,
  sql: Transaction,
  id: string,
  email: string,
  data: JsonObject,
  encryptedPassword: string,
): Promise<User> {
  const candidate = { provider: "email", email, data, audience: await requestAudience(call) };
  const user = await insertUser(call, sql, id, candidate, encryptedPassword);
  await createOwnIdentity(sql, user.id, "email", { email });
  return user;
}

/** POST /invite */
export async function invite(call: Call): Promise<Response> {
  await requireAdmin(call);
  const body = await readBody(call.c, inviteBody);
  const email = checkEmail(body.email);
  const audience = await requestAudience(call);
  const existing = await findUserByEmail(call.sql, email, audience);
  if (existing !== undefined && existing.email_confirmed_at !== null) throw emailExists();
  const id = crypto.randomUUID();
  if (existing === undefined) {
    await beforeUserCreated(call, id, { provider: "email", email, data: body.data, audience });
  }
  const answer = await call.sql.begin(async (sql) => {
    const user = existing === undefined
      ? await createPending(call, sql, id, email, body.data, "")
      : await lockUser(sql, existing.id);
    await audit(sql, call, adminActor, "user_invited", { user_id: user.id, user_email: email });
    return await fullUserJson(sql, await sendInvite(call, sql, user));
  });
  return call.c.json(answer);
}

interface Link {
  user: User;
  type: LinkType;
  /** The hash in the link. */
  hash: string;
}

const mailActions: Record<LinkType, MailAction> = {
  signup: "signup",
  invite: "invite",
  magiclink: "magiclink",
  recovery: "recovery",
  email_change_current: "email_change",
  email_change_new: "email_change",
};

interface LinkRequest {
  type: LinkType;
  email: string;
  newEmail: string;
  data: JsonObject | undefined;
  code: string;
  existing: User | undefined;
  newUserId: string;
  encryptedPassword: string;
}

async function setToken(
  sql: Transaction,
  user: User,
  type: TokenType,
  hash: string,
  relatesTo: string,
  patch: UserPatch,
): Promise<User> {
  await saveToken(sql, user.id, type, hash, relatesTo);
  return await updateUser(sql, user.id, { [type]: hash, ...patch });
}

async function createLink(call: Call, sql: Transaction, request: LinkRequest): Promise<Link> {
  const { type, email, newEmail, code } = request;
  const existing = request.existing === undefined ? undefined : await lockUser(sql, request.existing.id);
  const now = new Date();
  const hash = hashCode(email, code);
  if (type === "signup" || type === "invite") {
    let user = existing ??
      await createPending(call, sql, request.newUserId, email, request.data ?? {}, request.encryptedPassword);
    if (type === "signup" && existing !== undefined && request.data !== undefined) {
      const merged = mergeMetadata(user.raw_user_meta_data, request.data);
      user = await updateUser(sql, user.id, { raw_user_meta_data: merged });
    }
    if (type === "invite") {
      await audit(sql, call, adminActor, "user_invited", { user_id: user.id, user_email: email });
    }
    const patch = { confirmation_sent_at: now, ...(type === "invite" ? { invited_at: now } : {}) };
    return { user: await setToken(sql, user, "confirmation_token", hash, email, patch), type, hash };
  }
  if (existing === undefined) throw new AuthError(404, "user_not_found", "User with this email not found");
  if (type === "magiclink" || type === "recovery") {
    await audit(sql, call, existing, "user_recovery_requested");
    const user = await setToken(sql, existing, "recovery_token", hash, email, { recovery_sent_at: now });
    return { user, type, hash };
  }
  const change = { email_change: newEmail, email_change_sent_at: now, email_change_confirm_status: 0 };
  if (type === "email_change_current") {
    return {
      user: await setToken(sql, existing, "email_change_token_current", hash, email, change),
      type,
      hash,
    };
  }
  const newHash = hashCode(newEmail, code);
  const user = await setToken(sql, existing, "email_change_token_new", newHash, newEmail, change);
  return { user, type, hash: newHash };
}

/** What must hold before a link of this type is made. */
async function checkLink(
  call: Call,
  type: LinkType,
  body: z.infer<typeof linkBody>,
  existing: User | undefined,
): Promise<{ newEmail: string }> {
  if (type === "signup" || type === "invite") {
    if (existing !== undefined && existing.email_confirmed_at !== null) throw emailExists();
    return { newEmail: "" };
  }
  if (existing === undefined) throw new AuthError(404, "user_not_found", "User with this email not found");
  if (type === "magiclink" || type === "recovery") return { newEmail: "" };
  if (type === "email_change_current" && !call.settings.mail.secureEmailChange) {
    throw validationFailed("Enable secure email change to generate link for current email");
  }
  const newEmail = checkEmail(body.new_email);
  if ((await findEmailOwner(call.sql, newEmail, existing.aud, existing.id)) !== undefined) {
    throw emailExists();
  }
  return { newEmail };
}

/** POST /admin/generate_link */
export async function generateLink(call: Call): Promise<Response> {
  await requireAdmin(call);
  const body = await readBody(call.c, linkBody);
  const email = checkEmail(body.email);
  const audience = await requestAudience(call);
  const wanted = linkTypes.find((one) => one === body.type);
  if (wanted === undefined) throw validationFailed(`Invalid email action link type requested: ${body.type}`);
  const existing = await findUserByEmail(call.sql, email, audience);
  const isNewByMagicLink = wanted === "magiclink" && existing === undefined;
  const type = isNewByMagicLink ? "signup" : wanted;
  const { newEmail } = await checkLink(call, type, body, existing);
  let encryptedPassword = "";
  if (type === "signup" && existing === undefined) {
    if (!isNewByMagicLink) {
      if (body.password === "") throw validationFailed("Signup requires a valid password");
      checkPassword(call.settings.password, body.password);
    }
    encryptedPassword = await hashPassword(isNewByMagicLink ? randomPassword() : body.password);
  }
  const newUserId = crypto.randomUUID();
  if (existing === undefined) {
    await beforeUserCreated(call, newUserId, { provider: "email", email, data: body.data ?? {}, audience });
  }
  const code = randomCode(call.settings.mail.otpLength);
  const redirectTo = redirectTarget(call, body.redirect_to);
  const request = { type, email, newEmail, data: body.data, code, existing, newUserId, encryptedPassword };
  const answer = await call.sql.begin(async (sql) => {
    const link = await createLink(call, sql, request);
    return {
      ...(await fullUserJson(sql, link.user)),
      action_link: verificationLink(call, mailActions[link.type], link.hash, redirectTo),
      email_otp: code,
      // For a new address this is not the hash in the link: the real server's answer is the same.
      hashed_token: hashCode(email, code),
      verification_type: link.type,
      redirect_to: redirectTo,
    };
  });
  return call.c.json(answer);
}
