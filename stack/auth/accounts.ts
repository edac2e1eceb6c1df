import { audit } from "./audit.ts";
import type { Call } from "./call.ts";
import type { JsonObject, Queryable, Transaction } from "./database.ts";
import { validationFailed } from "./errors.ts";
import { hasHook, runHook } from "./hooks.ts";
import { clearTokens } from "./one-time.ts";
import { hashPassword, randomPassword } from "./passwords.ts";
import type { Identity, NewUser, User, UserPatch } from "./users.ts";
import {
  createIdentity,
  createUser,
  findUserById,
  fullUserJson,
  identitiesOf,
  mergeMetadata,
  syncProviders,
  updateIdentityData,
  updateUser,
} from "./users.ts";

const emailPattern =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** The address as it is stored. */
export function checkEmail(text: string, status = 400): string {
  const email = text.toLowerCase();
  if (email === "") throw validationFailed("An email address is required", status);
  if (email.length > 255) throw validationFailed("An email address is too long", status);
  if (!emailPattern.test(email)) {
    throw validationFailed("Unable to validate email address: invalid format", status);
  }
  return email;
}

/** Without what people write around the digits. */
export function plainPhone(text: string): string {
  return text.replace(/^\+/, "").replaceAll(" ", "");
}

/** The number as it is stored: digits only. */
export function checkPhone(text: string): string {
  const phone = plainPhone(text);
  if (!/^[1-9][0-9]{1,14}$/.test(phone)) {
    throw validationFailed("Invalid phone number format (E.164 required)");
  }
  return phone;
}

/** A user who is about to exist. */
export interface Candidate {
  provider: string;
  email?: string;
  phone?: string;
  data: JsonObject;
  audience: string;
  isAnonymous?: boolean;
}

const neverTime = "0001-01-01T00:00:00Z";

function providerMetadata(provider: string): JsonObject {
  return provider === "" ? {} : { provider, providers: [provider] };
}

/** Asks the hook whether this user may be created. Runs before, and apart from, the transaction that does. */
export async function beforeUserCreated(call: Call, id: string, candidate: Candidate): Promise<void> {
  if (!hasHook(call, "before_user_created")) return;
  const user = {
    id,
    aud: candidate.audience,
    role: "",
    email: candidate.email ?? "",
    phone: candidate.phone ?? "",
    app_metadata: providerMetadata(candidate.provider),
    user_metadata: candidate.data,
    identities: [],
    created_at: neverTime,
    updated_at: neverTime,
    is_anonymous: candidate.isAnonymous ?? false,
  };
  await runHook(call, call.sql, "before_user_created", "single", { user });
}

/** Tells the hook of a user who now exists; what it answers changes nothing any more. */
export async function afterUserCreated(call: Call, user: User): Promise<void> {
  if (!hasHook(call, "after_user_created")) return;
  await runHook(call, call.sql, "after_user_created", "single", { user: await fullUserJson(call.sql, user) });
}

/** Creates the row as sign-up does, and reads it again for what triggers made of it. */
export async function insertUser(
  call: Call,
  sql: Transaction,
  id: string,
  candidate: Candidate,
  encryptedPassword: string,
): Promise<User> {
  const user: NewUser = {
    id,
    aud: candidate.audience,
    role: call.settings.jwt.defaultGroup,
    encryptedPassword,
    userMetadata: candidate.data,
    appMetadata: providerMetadata(candidate.provider),
    isAnonymous: candidate.isAnonymous ?? false,
    ...(candidate.email === undefined ? {} : { email: candidate.email }),
    ...(candidate.phone === undefined ? {} : { phone: candidate.phone }),
  };
  const created = await createUser(sql, user);
  return (await findUserById(sql, created.id)) ?? created;
}

/**
 * The identity for the user's own address or number. What it says of itself beats what callers sent. Of what an account that
 * nobody has confirmed may have had before, nothing is left.
 */
export async function ensureOwnIdentity(
  sql: Transaction,
  user: User,
  provider: "email" | "phone",
  data: JsonObject,
): Promise<User> {
  const identities = await identitiesOf(sql, user.id);
  if (identities.some((identity) => identity.provider === provider)) return user;
  const identityData = {
    ...data,
    sub: user.id,
    ...(provider === "email" ? { email: user.email ?? "" } : {}),
    email_verified: false,
    phone_verified: false,
  };
  const own = await createIdentity(sql, user.id, provider, identityData);
  return await keepOnlyIdentity(sql, user, own);
}

/** Takes from an account nobody has confirmed whatever did not come with this identity. */
export async function keepOnlyIdentity(sql: Transaction, user: User, identity: Identity): Promise<User> {
  await sql`delete from auth.identities where user_id = ${user.id} and id <> ${identity.id}`;
  const only = await updateUser(sql, user.id, { raw_user_meta_data: identity.identity_data });
  return await syncProviders(sql, only);
}

/** The user's address is proven. All codes under way are void. */
export async function confirmEmail(sql: Queryable, user: User): Promise<User> {
  await clearTokens(sql, user.id);
  return await updateUser(sql, user.id, {
    email_confirmed_at: new Date(),
    confirmation_token: "",
    raw_user_meta_data: mergeMetadata(user.raw_user_meta_data, { email_verified: true }),
  });
}

/** The same for a phone, which leaves no mark in the metadata. */
export async function confirmPhone(sql: Queryable, user: User): Promise<User> {
  await clearTokens(sql, user.id);
  return await updateUser(sql, user.id, { phone_confirmed_at: new Date(), confirmation_token: "" });
}

/** Notes in all identities with the user's address that it is proven. */
async function verifyIdentities(sql: Queryable, user: User): Promise<void> {
  for (const identity of await identitiesOf(sql, user.id)) {
    if (identity.email && identity.email === user.email) {
      await updateIdentityData(sql, identity, { email_verified: true });
    }
  }
}

/** Whether the user can sign in with a password. */
export function hasPassword(user: User): boolean {
  return user.encrypted_password !== null && user.encrypted_password !== "";
}

/** What changing a password does to the row: every code and link under way is void. */
export async function passwordPatch(password: string): Promise<UserPatch> {
  return {
    encrypted_password: await hashPassword(password),
    confirmation_token: "",
    confirmation_sent_at: null,
    recovery_token: "",
    recovery_sent_at: null,
    email_change_token_new: "",
    email_change_token_current: "",
    email_change_sent_at: null,
    phone_change_token: "",
    phone_change_sent_at: null,
    reauthentication_token: "",
    reauthentication_sent_at: null,
  };
}

/** An invited user who follows the link: confirmed, with a password nobody knows until one is chosen. */
export async function acceptSignup(call: Call, sql: Transaction, user: User): Promise<User> {
  const pending = hasPassword(user) || user.invited_at === null
    ? user
    : await updateUser(sql, user.id, { encrypted_password: await hashPassword(randomPassword()) });
  await audit(sql, call, pending, "user_signedup");
  const confirmed = await confirmEmail(sql, pending);
  await verifyIdentities(sql, confirmed);
  return confirmed;
}
