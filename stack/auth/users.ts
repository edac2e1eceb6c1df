import type { JsonObject, Queryable, Transaction } from "./database.ts";
import { jsonValue } from "./database.ts";
import { AuthError, databaseStep } from "./errors.ts";

export const nilUuid = "00000000-0000-0000-0000-000000000000";
export const instanceId = nilUuid;

/** A row of auth.users. */
export interface User {
  id: string;
  aud: string;
  role: string;
  email: string | null;
  encrypted_password: string | null;
  email_confirmed_at: Date | null;
  invited_at: Date | null;
  confirmation_token: string;
  confirmation_sent_at: Date | null;
  recovery_token: string;
  recovery_sent_at: Date | null;
  email_change_token_new: string;
  email_change_token_current: string;
  email_change: string;
  email_change_sent_at: Date | null;
  email_change_confirm_status: number;
  last_sign_in_at: Date | null;
  raw_app_meta_data: JsonObject | null;
  raw_user_meta_data: JsonObject | null;
  created_at: Date;
  updated_at: Date;
  phone: string | null;
  phone_confirmed_at: Date | null;
  phone_change: string;
  phone_change_token: string;
  phone_change_sent_at: Date | null;
  confirmed_at: Date | null;
  banned_until: Date | null;
  reauthentication_token: string;
  reauthentication_sent_at: Date | null;
  is_sso_user: boolean;
  deleted_at: Date | null;
  is_anonymous: boolean;
}

/** A row of auth.identities. */
export interface Identity {
  id: string;
  provider_id: string;
  user_id: string;
  identity_data: JsonObject;
  provider: string;
  last_sign_in_at: Date | null;
  created_at: Date | null;
  updated_at: Date | null;
  email: string | null;
}

export type FactorType = "totp" | "phone" | "webauthn";

/** A row of auth.mfa_factors. */
export interface Factor {
  id: string;
  user_id: string;
  friendly_name: string | null;
  factor_type: FactorType;
  status: "unverified" | "verified";
  created_at: Date;
  updated_at: Date;
  secret: string | null;
  phone: string | null;
  last_challenged_at: Date | null;
}

/** What may be changed on a user; the two metadata columns are replaced whole. */
export type UserPatch = Partial<Omit<User, "id" | "confirmed_at" | "created_at" | "updated_at">>;

export async function findUserById(sql: Queryable, id: string): Promise<User | undefined> {
  const [user] = await sql<User[]>`
    select * from auth.users where instance_id = ${instanceId} and id = ${id}`;
  return user;
}

function userIsGone(): AuthError {
  return new AuthError(404, "user_not_found", "User not found");
}

/**
 * The user as of now; nobody else changes the account until the transaction ends. A transaction that changes several rows of
 * one account begins with this: with one order, no two wait for each other. Rows of apps may refer to the user meanwhile.
 */
export async function lockUser(sql: Transaction, id: string): Promise<User> {
  const [user] = await sql<User[]>`
    select * from auth.users where instance_id = ${instanceId} and id = ${id} for no key update`;
  if (user === undefined) throw userIsGone();
  return user;
}

export async function findUserByEmail(
  sql: Queryable,
  email: string,
  audience: string,
): Promise<User | undefined> {
  const [user] = await sql<User[]>`
    select * from auth.users
    where instance_id = ${instanceId} and lower(email) = ${email.toLowerCase()} and aud = ${audience}
      and is_sso_user = false`;
  return user;
}

/** Whose address it is: as their own, or as a provider knows it. Nobody else may take it. */
export async function findEmailOwner(
  sql: Queryable,
  email: string,
  audience: string,
  except?: string,
): Promise<User | undefined> {
  const [user] = await sql<User[]>`
    select users.* from auth.users
    where instance_id = ${instanceId} and aud = ${audience} and is_sso_user = false
      ${except === undefined ? sql`` : sql`and id <> ${except}`}
      and id in (
        select id from auth.users where instance_id = ${instanceId} and lower(email) = ${email}
        union all
        select user_id from auth.identities where identities.email = ${email}
      )
    order by lower(email) = ${email} desc nulls last
    limit 1`;
  return user;
}

export async function findUserByPhone(
  sql: Queryable,
  phone: string,
  audience: string,
): Promise<User | undefined> {
  const [user] = await sql<User[]>`
    select * from auth.users
    where instance_id = ${instanceId} and phone = ${phone} and aud = ${audience} and is_sso_user = false`;
  return user;
}

/** Changes a user and returns the row as it is then. */
export async function updateUser(
  sql: Queryable,
  id: string,
  patch: UserPatch,
  failure = "Database error updating user",
): Promise<User> {
  const { raw_app_meta_data: appData, raw_user_meta_data: userData, ...plain } = patch;
  const columns: Record<string, unknown> = { ...plain, updated_at: new Date() };
  if (appData !== undefined) columns.raw_app_meta_data = jsonValue(sql, appData);
  if (userData !== undefined) columns.raw_user_meta_data = jsonValue(sql, userData);
  const rows = await databaseStep(
    failure,
    () =>
      sql<User[]>`update auth.users set ${
        sql(columns as Record<string, string>)
      } where id = ${id} returning *`,
  );
  const user = rows[0];
  if (user === undefined) throw userIsGone();
  return user;
}

export interface NewUser {
  id?: string;
  aud: string;
  role: string;
  email?: string;
  phone?: string;
  encryptedPassword: string;
  userMetadata: JsonObject;
  appMetadata: JsonObject;
  isAnonymous?: boolean;
}

export async function createUser(sql: Queryable, user: NewUser): Promise<User> {
  const now = new Date();
  const rows = await databaseStep("Database error saving new user", () =>
    sql<User[]>`
    insert into auth.users
      (instance_id, id, aud, role, email, phone, encrypted_password, raw_app_meta_data, raw_user_meta_data,
       confirmation_token, recovery_token, email_change, email_change_token_new, is_anonymous, created_at, updated_at)
    values
      (${instanceId}, ${user.id ?? crypto.randomUUID()}, ${user.aud}, ${user.role}, ${user.email || null},
       ${user.phone || null}, ${user.encryptedPassword}, ${jsonValue(sql, user.appMetadata)},
       ${jsonValue(sql, user.userMetadata)}, '', '', '', '', ${user.isAnonymous ?? false}, ${now}, ${now})
    returning *`);
  const created = rows[0];
  if (created === undefined) throw new Error("insert returned no row");
  return created;
}

/** Merges the top level; a null removes its key. */
export function mergeMetadata(current: JsonObject | null, patch: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries({ ...current, ...patch }).filter(([key]) => patch[key] !== null));
}

export async function identitiesOf(sql: Queryable, userId: string): Promise<Identity[]> {
  return await sql<Identity[]>`
    select * from auth.identities where user_id = ${userId} order by created_at, id`;
}

export async function factorsOf(sql: Queryable, userId: string): Promise<Factor[]> {
  return await sql<Factor[]>`
    select * from auth.mfa_factors where user_id = ${userId} order by created_at, id`;
}

export async function createIdentity(
  sql: Queryable,
  userId: string,
  provider: string,
  data: JsonObject & { sub: string },
): Promise<Identity> {
  // The database's clock is fine enough to keep the order of two identities made at once.
  const rows = await databaseStep("Error creating identity", () =>
    sql<Identity[]>`
    insert into auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
    values (${data.sub}, ${userId}, ${jsonValue(sql, data)}, ${provider}, clock_timestamp(),
      clock_timestamp(), clock_timestamp())
    returning *`);
  const identity = rows[0];
  if (identity === undefined) throw new Error("insert returned no row");
  return identity;
}

/** The identity for a user's own address or number, of which nothing is proven but what is said here. */
export async function createOwnIdentity(
  sql: Queryable,
  userId: string,
  provider: "email" | "phone",
  known: JsonObject,
): Promise<Identity> {
  const data = { sub: userId, email_verified: false, phone_verified: false, ...known };
  return await createIdentity(sql, userId, provider, data);
}

/** Merges into what an identity knows. */
export async function updateIdentityData(
  sql: Queryable,
  identity: Identity,
  patch: JsonObject,
): Promise<Identity> {
  const rows = await databaseStep("Database error updating identity", () =>
    sql<Identity[]>`
    update auth.identities
    set identity_data = ${jsonValue(sql, mergeMetadata(identity.identity_data, patch))}, updated_at = now()
    where id = ${identity.id} returning *`);
  return rows[0] ?? identity;
}

/** Keeps what is now known of a user's own address or number, in its identity or in a new one. */
export async function setOwnIdentity(
  sql: Queryable,
  userId: string,
  provider: "email" | "phone",
  known: JsonObject,
): Promise<Identity> {
  const identity = (await identitiesOf(sql, userId)).find((one) => one.provider === provider);
  return identity === undefined
    ? await createOwnIdentity(sql, userId, provider, known)
    : await updateIdentityData(sql, identity, known);
}

/**
 * The user's address is one of an identity's: while one carries it, it stays. Undefined when all that there are belong to
 * others already.
 */
export async function takeEmailOfIdentities(sql: Queryable, user: User): Promise<User | undefined> {
  const emails = (await identitiesOf(sql, user.id)).flatMap(({ email }) => email ? [email] : []);
  if (user.email && emails.includes(user.email)) return user;
  for (const email of emails) {
    const owner = await findUserByEmail(sql, email, user.aud);
    if (owner === undefined) return await updateUser(sql, user.id, { email });
  }
  return emails.length > 0
    ? undefined
    : await updateUser(sql, user.id, { email: null, email_confirmed_at: null });
}

/** Rewrites app_metadata's provider and providers from the identities there are. */
export async function syncProviders(sql: Queryable, user: User): Promise<User> {
  const providers = [...new Set((await identitiesOf(sql, user.id)).map((identity) => identity.provider))];
  const patch = providers.length === 0 ? {} : { provider: providers[0], providers };
  return await updateUser(sql, user.id, { raw_app_meta_data: mergeMetadata(user.raw_app_meta_data, patch) });
}

export function isBanned(user: User): boolean {
  return user.banned_until !== null && user.banned_until.getTime() > Date.now();
}

function whenPresent(key: string, value: Date | string | null): JsonObject {
  if (value === null || value === "") return {};
  return { [key]: value instanceof Date ? value.toISOString() : value };
}

function identityJson(identity: Identity): JsonObject {
  return {
    identity_id: identity.id,
    id: identity.provider_id,
    user_id: identity.user_id,
    identity_data: identity.identity_data,
    provider: identity.provider,
    ...whenPresent("last_sign_in_at", identity.last_sign_in_at),
    ...whenPresent("created_at", identity.created_at),
    ...whenPresent("updated_at", identity.updated_at),
    ...whenPresent("email", identity.email),
  };
}

export function factorJson(factor: Factor): JsonObject {
  return {
    id: factor.id,
    created_at: factor.created_at.toISOString(),
    updated_at: factor.updated_at.toISOString(),
    status: factor.status,
    ...whenPresent("friendly_name", factor.friendly_name),
    factor_type: factor.factor_type,
    phone: factor.phone ?? "",
    last_challenged_at: factor.last_challenged_at?.toISOString() ?? null,
  };
}

/** What the User object shows of a row. */
export type ShownUser = Omit<
  User,
  | "encrypted_password"
  | "confirmation_token"
  | "recovery_token"
  | "email_change_token_new"
  | "email_change_token_current"
  | "email_change_confirm_status"
  | "phone_change_token"
  | "reauthentication_token"
  | "is_sso_user"
>;

/** The User object of answers. Its order of keys is part of what people see. */
export function userJson(user: ShownUser, identities: Identity[] | null, factors: Factor[]): JsonObject {
  return {
    id: user.id,
    aud: user.aud,
    role: user.role,
    email: user.email ?? "",
    ...whenPresent("email_confirmed_at", user.email_confirmed_at),
    ...whenPresent("invited_at", user.invited_at),
    phone: user.phone ?? "",
    ...whenPresent("phone_confirmed_at", user.phone_confirmed_at),
    ...whenPresent("confirmation_sent_at", user.confirmation_sent_at),
    ...whenPresent("confirmed_at", user.confirmed_at),
    ...whenPresent("recovery_sent_at", user.recovery_sent_at),
    ...whenPresent("new_email", user.email_change),
    ...whenPresent("email_change_sent_at", user.email_change_sent_at),
    ...whenPresent("new_phone", user.phone_change),
    ...whenPresent("phone_change_sent_at", user.phone_change_sent_at),
    ...whenPresent("reauthentication_sent_at", user.reauthentication_sent_at),
    ...whenPresent("last_sign_in_at", user.last_sign_in_at),
    app_metadata: user.raw_app_meta_data ?? {},
    user_metadata: user.raw_user_meta_data ?? {},
    ...(factors.length === 0 ? {} : { factors: factors.map(factorJson) }),
    identities: identities === null ? null : identities.map(identityJson),
    created_at: user.created_at.toISOString(),
    updated_at: user.updated_at.toISOString(),
    ...whenPresent("banned_until", user.banned_until),
    ...whenPresent("deleted_at", user.deleted_at),
    is_anonymous: user.is_anonymous,
  };
}

/** The User object with everything that belongs to it. */
export async function fullUserJson(sql: Queryable, user: User): Promise<JsonObject> {
  const [identities, factors] = [await identitiesOf(sql, user.id), await factorsOf(sql, user.id)];
  return userJson(user, identities, factors);
}
