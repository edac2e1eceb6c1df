import {
  afterUserCreated,
  beforeUserCreated,
  confirmEmail,
  insertUser,
  keepOnlyIdentity,
} from "./accounts.ts";
import type { Candidate } from "./accounts.ts";
import { audit } from "./audit.ts";
import type { Call } from "./call.ts";
import type { Queryable, Transaction } from "./database.ts";
import { jsonValue } from "./database.ts";
import { AuthError, emailExists } from "./errors.ts";
import { notify, sendConfirmation } from "./messages.ts";
import type { Profile } from "./providers.ts";
import type { Identity, User } from "./users.ts";
import {
  createIdentity,
  findEmailOwner,
  findUserByEmail,
  findUserById,
  isBanned,
  lockUser,
  mergeMetadata,
  syncProviders,
  takeEmailOfIdentities,
  updateUser,
} from "./users.ts";

/** The account behind a profile, or why nobody may sign in with it although something was written. */
export interface Matched {
  user: User;
  isNew: boolean;
  refused?: AuthError;
}

async function findIdentity(sql: Queryable, profile: Profile): Promise<Identity | undefined> {
  const [identity] = await sql<Identity[]>`
    select * from auth.identities where provider = ${profile.provider} and provider_id = ${profile.sub}`;
  return identity;
}

/** A user who owns the profile's address: directly, or through another provider. */
async function findUserByProfile(call: Call, sql: Queryable, profile: Profile): Promise<User | undefined> {
  if (profile.email === "") return undefined;
  const audience = call.settings.jwt.audience;
  const owner = await findUserByEmail(sql, profile.email, audience);
  if (owner !== undefined) return owner;
  const [identity] = await sql<{ user_id: string }[]>`
    select user_id from auth.identities
    where email = ${profile.email} and (identity_data ->> 'email_verified')::boolean
    order by created_at limit 1`;
  return identity === undefined ? undefined : await findUserById(sql, identity.user_id);
}

async function signInKnown(
  call: Call,
  sql: Transaction,
  identity: Identity,
  profile: Profile,
): Promise<Matched> {
  const user = await lockUser(sql, identity.user_id);
  if (isBanned(user)) throw new AuthError(403, "user_banned", "User is banned");
  await sql`
    update auth.identities
    set identity_data = ${jsonValue(sql, profile.data)}, last_sign_in_at = now(), updated_at = now()
    where id = ${identity.id}`;
  const updated = await updateUser(sql, user.id, {
    raw_user_meta_data: mergeMetadata(user.raw_user_meta_data, profile.data),
  });
  await audit(sql, call, updated, "login", { provider: profile.provider });
  return { user: await syncProviders(sql, updated), isNew: false };
}

/** The provider proves the address of an account that exists. */
async function linkByEmail(
  call: Call,
  sql: Transaction,
  ownerId: string,
  profile: Profile,
): Promise<Matched> {
  // As it is now: the decision to link was made before the transaction.
  const user = await lockUser(sql, ownerId);
  if (isBanned(user)) throw new AuthError(403, "user_banned", "User is banned");
  await createIdentity(sql, user.id, profile.provider, profile.data);
  const merged = await updateUser(sql, user.id, {
    raw_user_meta_data: mergeMetadata(user.raw_user_meta_data, profile.data),
  });
  await audit(sql, call, merged, "login", { provider: profile.provider });
  return { user: await syncProviders(sql, merged), isNew: false };
}

async function createFromProfile(
  call: Call,
  sql: Transaction,
  profile: Profile,
  candidate: Candidate,
): Promise<Matched> {
  const user = await insertUser(call, sql, crypto.randomUUID(), candidate, "");
  await createIdentity(sql, user.id, profile.provider, profile.data);
  await audit(sql, call, user, "user_signedup", { provider: profile.provider });
  return { user, isNew: true };
}

/** Confirms an address that the provider vouches for; for any other, asks its owner and refuses until then. */
async function requireProvenEmail(
  call: Call,
  sql: Transaction,
  matched: Matched,
  profile: Profile,
): Promise<Matched> {
  const { provider, email, emailVerified } = profile;
  if (matched.user.email_confirmed_at !== null || email === "") return matched;
  // Whoever began this account never proved the address: nothing of theirs may open it.
  const identity = await findIdentity(sql, profile);
  const emptied = await updateUser(sql, matched.user.id, { encrypted_password: null });
  const user = identity === undefined ? emptied : await keepOnlyIdentity(sql, emptied, identity);
  if (user.email && (emailVerified || call.settings.mail.autoconfirm)) {
    return { ...matched, user: await confirmEmail(sql, user) };
  }
  const needsVerification = (sentence: string) =>
    new AuthError(422, "provider_email_needs_verification", `Unverified email with ${provider}. ${sentence}`);
  if (!user.email) {
    return {
      ...matched,
      refused: needsVerification(`Verify the email with ${provider} in order to sign in`),
    };
  }
  const asked = await sendConfirmation(call, sql, user, false);
  const sentence = `A confirmation email has been sent to your ${provider} email`;
  return { ...matched, user: asked, refused: needsVerification(sentence) };
}

/**
 * Finds or makes the account for a profile, and lets `finish` end the request in the same transaction.
 * Order: the same person at the same provider, then a proven address, then a new account.
 */
export async function signInWithProfile<T>(
  call: Call,
  profile: Profile,
  finish: (sql: Transaction, user: User) => Promise<T>,
): Promise<T> {
  const { settings, sql: pool } = call;
  if (profile.email === "" && !settings.providers[profile.provider].emailOptional) {
    throw new AuthError(500, "unexpected_failure", "Error getting user email from external provider");
  }
  const isKnown = (await findIdentity(pool, profile)) !== undefined;
  const owner = isKnown ? undefined : await findUserByProfile(call, pool, profile);
  const isLinking = owner !== undefined && (profile.emailVerified || settings.mail.autoconfirm);
  const isTaken = owner !== undefined ||
    (await findEmailOwner(pool, profile.email, settings.jwt.audience)) !== undefined;
  const candidate: Candidate = {
    provider: profile.provider,
    ...(profile.email === "" || isTaken ? {} : { email: profile.email }),
    data: profile.data,
    audience: settings.jwt.audience,
  };
  if (!isKnown && !isLinking) {
    if (settings.disableSignup) {
      throw new AuthError(422, "signup_disabled", "Signups not allowed for this instance");
    }
    await beforeUserCreated(call, crypto.randomUUID(), candidate);
  }
  const result = await pool.begin(async (sql): Promise<{ matched: Matched; finished?: T }> => {
    const identity = await findIdentity(sql, profile);
    const found = identity !== undefined
      ? await signInKnown(call, sql, identity, profile)
      : isLinking
      ? await linkByEmail(call, sql, owner.id, profile)
      : await createFromProfile(call, sql, profile, candidate);
    const matched = await requireProvenEmail(call, sql, found, profile);
    if (matched.refused !== undefined) return { matched };
    return { matched, finished: await finish(sql, matched.user) };
  });
  if (result.matched.isNew) await afterUserCreated(call, result.matched.user);
  if (result.matched.refused !== undefined) throw result.matched.refused;
  return result.finished as T;
}

/** The address of a user who had none is the provider's, once that is proven; so an anonymous one becomes permanent. */
async function takeAddress(
  call: Call,
  sql: Transaction,
  user: User,
  profile: Profile,
): Promise<Omit<Matched, "isNew">> {
  const addressed = await takeEmailOfIdentities(sql, user);
  if (addressed === undefined) {
    throw emailExists(400);
  }
  if (profile.emailVerified) {
    const confirmed = await confirmEmail(sql, addressed);
    return { user: await updateUser(sql, confirmed.id, { is_anonymous: false }) };
  }
  const { provider } = profile;
  const sentence =
    `Unverified email with ${provider}. A confirmation email has been sent to your ${provider} email`;
  return {
    user: await sendConfirmation(call, sql, addressed, false),
    refused: new AuthError(422, "email_not_confirmed", sentence),
  };
}

async function addProfile(
  call: Call,
  sql: Transaction,
  userId: string,
  profile: Profile,
): Promise<Omit<Matched, "isNew">> {
  const user = await lockUser(sql, userId);
  if (isBanned(user)) throw new AuthError(403, "user_banned", "User is banned");
  const identity = await findIdentity(sql, profile);
  if (identity !== undefined) {
    const whose = identity.user_id === user.id ? "" : " to another user";
    throw new AuthError(422, "identity_already_exists", `Identity is already linked${whose}`);
  }
  await createIdentity(sql, user.id, profile.provider, profile.data);
  const linked = user.email || profile.email === "" ? { user } : await takeAddress(call, sql, user, profile);
  if (linked.refused !== undefined) return linked;
  await notify(call, sql, linked.user, "identity_linked", { provider: profile.provider });
  return { user: await syncProviders(sql, linked.user) };
}

/** Adds a profile to a signed-in user, and lets `finish` end the request in the same transaction. */
export async function linkProfile<T>(
  call: Call,
  userId: string,
  profile: Profile,
  finish: (sql: Transaction, user: User) => Promise<T>,
): Promise<T> {
  const result = await call.sql.begin(async (sql): Promise<{ refused?: AuthError; finished?: T }> => {
    const { user, refused } = await addProfile(call, sql, userId, profile);
    return refused === undefined ? { finished: await finish(sql, user) } : { refused };
  });
  if (result.refused !== undefined) throw result.refused;
  return result.finished as T;
}
