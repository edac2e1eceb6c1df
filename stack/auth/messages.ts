import type { Call } from "./call.ts";
import type { JsonObject, Transaction } from "./database.ts";
import { AuthError } from "./errors.ts";
import { runHook } from "./hooks.ts";
import { log } from "./log.ts";
import { limitEmails, limitRepetition, limitSms } from "./limits.ts";
import { renderMail } from "./mail.ts";
import type { TokenType } from "./one-time.ts";
import { hashCode, pkcePrefix, randomCode, saveToken } from "./one-time.ts";
import { redirectTarget } from "./redirects.ts";
import type { User, UserPatch } from "./users.ts";
import { fullUserJson, updateUser } from "./users.ts";

export type MailAction = "signup" | "invite" | "magiclink" | "recovery" | "email_change" | "reauthentication";

/** Where a code goes and what it opens. */
interface MailedCode {
  action: MailAction;
  address: string;
  code: string;
  hash: string;
}

const templateNames: Record<MailAction, string> = {
  signup: "confirmation",
  invite: "invite",
  magiclink: "magic_link",
  recovery: "recovery",
  email_change: "email_change",
  reauthentication: "reauthentication",
};

const emptyEmailData = {
  token: "",
  token_hash: "",
  redirect_to: "",
  email_action_type: "",
  site_url: "",
  token_new: "",
  token_hash_new: "",
  old_email: "",
  old_phone: "",
  provider: "",
  factor_type: "",
};

/** The address that a mail's link opens. */
export function verificationLink(call: Call, action: MailAction, hash: string, redirectTo: string): string {
  const { urlPaths } = call.settings.mail;
  const paths: Record<MailAction, string> = {
    signup: urlPaths.confirmation,
    invite: urlPaths.invite,
    magiclink: urlPaths.recovery,
    recovery: urlPaths.recovery,
    email_change: urlPaths.email_change,
    reauthentication: urlPaths.confirmation,
  };
  const url = new URL(paths[action], call.settings.externalUrl);
  const target = /[&=#]/.test(redirectTo) ? encodeURIComponent(redirectTo) : redirectTo;
  return `${url.href}?token=${hash}&type=${action}&redirect_to=${target}`;
}

async function deliver(call: Call, user: User, sent: MailedCode): Promise<void> {
  const redirectTo = redirectTarget(call);
  const common = {
    SiteURL: call.settings.siteUrl,
    Email: user.email ?? "",
    Token: sent.code,
    Data: user.raw_user_meta_data ?? {},
  };
  const values = sent.action === "reauthentication" ? common : {
    ...common,
    ConfirmationURL: verificationLink(call, sent.action, sent.hash, redirectTo),
    TokenHash: sent.hash,
    RedirectTo: redirectTo,
    ...(sent.action === "email_change" ? { NewEmail: user.email_change, SendingTo: sent.address } : {}),
  };
  try {
    await call.mail(await renderMail(call.settings.mail, templateNames[sent.action], sent.address, values));
  } catch (error) {
    throw new AuthError(
      500,
      "unexpected_failure",
      `Error sending ${templateNames[sent.action].replaceAll("_", " ")} email`,
      error,
    );
  }
}

/** Sends codes by the hook, if there is one, else by mail. Two codes belong to a change of address. */
async function sendMail(
  call: Call,
  sql: Transaction,
  user: User,
  first: MailedCode,
  second?: MailedCode,
): Promise<void> {
  limitEmails(call);
  const emailData = {
    ...emptyEmailData,
    // The names of the two hashes are crossed in the protocol: clients depend on it.
    token: first.code,
    token_hash: second?.hash ?? first.hash,
    token_new: second?.code ?? "",
    token_hash_new: second === undefined ? "" : first.hash,
    redirect_to: redirectTarget(call),
    site_url: call.settings.externalUrl,
    email_action_type: first.action,
  };
  const event = { user: await fullUserJson(sql, user), email_data: emailData };
  if ((await runHook(call, sql, "send_email", "inside", event)) !== undefined) return;
  await deliver(call, user, first);
  if (second !== undefined) await deliver(call, user, second);
}

/** Tells a user what was changed, where that is switched on: by the hook, else by mail. A refusal changes nothing. */
export async function notify(
  call: Call,
  sql: Transaction,
  user: User,
  what: string,
  details: Partial<typeof emptyEmailData> = {},
): Promise<void> {
  if (call.settings.mail.notifications[what] !== true || !user.email) return;
  const emailData = {
    ...emptyEmailData,
    ...details,
    redirect_to: redirectTarget(call),
    site_url: call.settings.externalUrl,
    email_action_type: `${what}_notification`,
  };
  const event: JsonObject = { user: await fullUserJson(sql, user), email_data: emailData };
  try {
    if ((await runHook(call, sql, "send_email", "inside", event)) !== undefined) return;
  } catch (error) {
    // Only a hook's own refusal can be overlooked; after anything else the transaction is broken.
    if (!(error instanceof AuthError) || error.code !== "") throw error;
    return;
  }
  const values = {
    SiteURL: call.settings.siteUrl,
    Email: user.email,
    Data: user.raw_user_meta_data ?? {},
    OldEmail: emailData.old_email,
    OldPhone: emailData.old_phone,
    Phone: user.phone ?? "",
    Provider: emailData.provider,
    FactorType: emailData.factor_type,
  };
  // Who changed the address may not be who owned it.
  const to = emailData.old_email || user.email;
  await renderMail(call.settings.mail, `${what}_notification`, to, values).then(call.mail).catch((
    error: unknown,
  ) => log("error", "a notification was not sent", { what, reason: String(error) }));
}

const tooManyMails = "over_email_send_rate_limit";
const tooManyTexts = "over_sms_send_rate_limit";

function newMailCode(call: Call, address: string, action: MailAction, isPkce: boolean): MailedCode {
  const code = randomCode(call.settings.mail.otpLength);
  return { action, address, code, hash: (isPkce ? pkcePrefix : "") + hashCode(address, code) };
}

async function storeAndSend(
  call: Call,
  sql: Transaction,
  user: User,
  sent: MailedCode,
  type: TokenType,
  patch: UserPatch,
): Promise<User> {
  await sendMail(call, sql, user, sent);
  const updated = await updateUser(sql, user.id, { [type]: sent.hash, ...patch });
  await saveToken(sql, user.id, type, sent.hash, sent.address);
  return updated;
}

/** Asks a new user to confirm the address. */
export async function sendConfirmation(
  call: Call,
  sql: Transaction,
  user: User,
  isPkce: boolean,
): Promise<User> {
  limitRepetition(user.confirmation_sent_at, call.settings.mail.minimumInterval, tooManyMails);
  const sent = newMailCode(call, user.email ?? "", "signup", isPkce);
  return await storeAndSend(call, sql, user, sent, "confirmation_token", {
    confirmation_sent_at: new Date(),
  });
}

export async function sendInvite(call: Call, sql: Transaction, user: User): Promise<User> {
  const now = new Date();
  const sent = newMailCode(call, user.email ?? "", "invite", false);
  const patch = { confirmation_sent_at: now, invited_at: now };
  return await storeAndSend(call, sql, user, sent, "confirmation_token", patch);
}

/** Sends a link to sign in, or to sign in and choose a new password. */
export async function sendSignInLink(
  call: Call,
  sql: Transaction,
  user: User,
  action: "magiclink" | "recovery",
  isPkce: boolean,
): Promise<User> {
  limitRepetition(user.recovery_sent_at, call.settings.mail.minimumInterval, tooManyMails);
  const sent = newMailCode(call, user.email ?? "", action, isPkce);
  return await storeAndSend(call, sql, user, sent, "recovery_token", { recovery_sent_at: new Date() });
}

/** Asks to confirm a new address at that address and, unless switched off, at the present one. */
export async function sendEmailChange(
  call: Call,
  sql: Transaction,
  user: User,
  newEmail: string,
  isPkce: boolean,
): Promise<User> {
  const { mail } = call.settings;
  limitRepetition(user.email_change_sent_at, mail.minimumInterval, tooManyMails);
  const toNew = newMailCode(call, newEmail, "email_change", isPkce);
  const present = user.email ?? "";
  const toPresent = mail.secureEmailChange && present !== ""
    ? newMailCode(call, present, "email_change", isPkce)
    : undefined;
  const changing = await updateUser(sql, user.id, {
    email_change: newEmail,
    email_change_token_new: toNew.hash,
    email_change_token_current: toPresent?.hash ?? "",
    email_change_confirm_status: 0,
  });
  if (toPresent === undefined) await sendMail(call, sql, changing, toNew);
  else {
    await sendMail(call, sql, changing, toPresent, toNew);
    await saveToken(sql, user.id, "email_change_token_current", toPresent.hash, present);
  }
  await saveToken(sql, user.id, "email_change_token_new", toNew.hash, newEmail);
  return await updateUser(sql, user.id, { email_change_sent_at: new Date() });
}

/** Hands a text message to the hook. There is no other way out. */
export async function sendText(
  call: Call,
  sql: Transaction | Call["sql"],
  user: User,
  text: { otp: string; phone: string; sms_type?: "mfa" },
): Promise<void> {
  const place = text.sms_type === "mfa" ? "single" : "inside";
  const event = { user: await fullUserJson(sql, user), sms: text };
  if ((await runHook(call, sql, "send_sms", place, event)) !== undefined) return;
  throw new AuthError(
    422,
    "sms_send_failed",
    "Error sending confirmation OTP to provider: no send_sms hook is set, and SMS providers are not offered locally",
  );
}

const textColumns = {
  confirmation: { type: "confirmation_token", sentAt: "confirmation_sent_at" },
  phone_change: { type: "phone_change_token", sentAt: "phone_change_sent_at" },
  reauthentication: { type: "reauthentication_token", sentAt: "reauthentication_sent_at" },
} as const;

/** Sends a code to a phone: to confirm it, to sign in, to change to it, or to prove presence. */
export async function sendPhoneCode(
  call: Call,
  sql: Transaction,
  user: User,
  phone: string,
  purpose: keyof typeof textColumns,
): Promise<User> {
  const { sms } = call.settings;
  const { type, sentAt } = textColumns[purpose];
  limitRepetition(user[sentAt], sms.minimumInterval, tooManyTexts);
  const fixed = sms.testCodes.get(phone);
  const code = fixed ?? randomCode(sms.otpLength);
  if (fixed === undefined) {
    limitSms(call);
    await sendText(call, sql, user, { otp: code, phone });
  }
  const hash = hashCode(phone, code);
  const change = purpose === "phone_change" ? { phone_change: phone } : {};
  const updated = await updateUser(sql, user.id, { ...change, [type]: hash, [sentAt]: new Date() });
  await saveToken(sql, user.id, type, hash, phone);
  return updated;
}

/** Sends the code that proves presence before a change of password. */
export async function sendReauthentication(call: Call, sql: Transaction, user: User): Promise<User> {
  if (!user.email) return await sendPhoneCode(call, sql, user, user.phone ?? "", "reauthentication");
  limitRepetition(user.reauthentication_sent_at, call.settings.mail.minimumInterval, tooManyMails);
  const sent = newMailCode(call, user.email, "reauthentication", false);
  const patch = { reauthentication_sent_at: new Date() };
  return await storeAndSend(call, sql, user, sent, "reauthentication_token", patch);
}
