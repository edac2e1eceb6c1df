import { acceptSignup, confirmEmail, confirmPhone } from "./accounts.ts";
import { audit } from "./audit.ts";
import type { Call } from "./call.ts";
import type { Transaction } from "./database.ts";
import { notify } from "./messages.ts";
import { clearToken, clearTokens } from "./one-time.ts";
import type { User } from "./users.ts";
import { setOwnIdentity, syncProviders, updateUser } from "./users.ts";

/** What a proven code or link does. */
export type Confirmation = "signup" | "recovery" | "magiclink" | "email_change" | "sms" | "phone_change";

async function recover(call: Call, sql: Transaction, user: User): Promise<User> {
  const recovered = await updateUser(sql, user.id, { recovery_token: "" });
  await clearTokens(sql, user.id);
  if (recovered.email_confirmed_at !== null) {
    await audit(sql, call, recovered, "login");
    return recovered;
  }
  await audit(sql, call, recovered, "user_signedup");
  return await confirmEmail(sql, recovered);
}

/** Notes one of the two confirmations of a change of address. */
async function confirmHalf(sql: Transaction, user: User, hash: string): Promise<void> {
  const isCurrent = user.email_change_token_current !== "" && user.email_change_token_current.endsWith(hash);
  const type = isCurrent ? "email_change_token_current" : "email_change_token_new";
  await updateUser(sql, user.id, { email_change_confirm_status: 1, [type]: "" });
  await clearToken(sql, user.id, type);
}

/** The user's address is what was asked for. */
export async function applyEmailChange(call: Call, sql: Transaction, user: User): Promise<User> {
  const email = user.email_change;
  await setOwnIdentity(sql, user.id, "email", { email, email_verified: true });
  await audit(sql, call, user, "user_modified");
  const oldEmail = user.email ?? "";
  const patch = {
    email,
    email_change: "",
    email_change_token_current: "",
    email_change_token_new: "",
    email_change_confirm_status: 0,
    is_anonymous: false,
  };
  const changed = await updateUser(sql, user.id, patch, "Error confirm email");
  await clearTokens(sql, user.id);
  const confirmed = changed.email_confirmed_at === null ? await confirmEmail(sql, changed) : changed;
  await notify(call, sql, confirmed, "email_changed", { old_email: oldEmail });
  return confirmed;
}

/** The same for a phone. */
export async function applyPhoneChange(call: Call, sql: Transaction, user: User): Promise<User> {
  const phone = user.phone_change;
  await setOwnIdentity(sql, user.id, "phone", { phone, phone_verified: true });
  await audit(sql, call, user, "user_modified");
  const oldPhone = user.phone ?? "";
  const patch = {
    phone,
    phone_change: "",
    phone_change_token: "",
    phone_confirmed_at: new Date(),
    is_anonymous: false,
  };
  const changed = await updateUser(sql, user.id, patch, "Error confirming user");
  await clearTokens(sql, user.id);
  await notify(call, sql, changed, "phone_changed", { old_phone: oldPhone });
  return changed;
}

/** Whether the other address has yet to confirm a change too. */
function needsBoth(call: Call, user: User): boolean {
  const { autoconfirm, secureEmailChange } = call.settings.mail;
  return secureEmailChange && !autoconfirm && user.email_change_confirm_status === 0 && Boolean(user.email);
}

/** Applies a proven code or link. Undefined: the other address has yet to confirm. */
export async function applyConfirmation(
  call: Call,
  sql: Transaction,
  user: User,
  confirmation: Confirmation,
  hash: string,
): Promise<User | undefined> {
  switch (confirmation) {
    case "signup":
      return await syncProviders(sql, await acceptSignup(call, sql, user));
    case "recovery":
    case "magiclink":
      return await syncProviders(sql, await recover(call, sql, user));
    case "sms":
      await audit(sql, call, user, "user_signedup");
      return await syncProviders(sql, await confirmPhone(sql, user));
    case "phone_change":
      return await syncProviders(sql, await applyPhoneChange(call, sql, user));
    case "email_change":
      if (needsBoth(call, user)) {
        await confirmHalf(sql, user, hash);
        return undefined;
      }
      return await syncProviders(sql, await applyEmailChange(call, sql, user));
  }
}
