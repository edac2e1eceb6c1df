import { parseOptions } from "@node-rs/bcrypt";
import { createHash } from "node:crypto";
import { z } from "zod";
import { checkEmail, checkPhone, confirmEmail, confirmPhone, passwordPatch } from "../accounts.ts";
import { adminActor, audit } from "../audit.ts";
import type { Call } from "../call.ts";
import { isUuid, requestAudience, requireAdmin } from "../call.ts";
import type { JsonObject, Transaction } from "../database.ts";
import { jsonValue } from "../database.ts";
import { AuthError, databaseStep, emailExists, validationFailed } from "../errors.ts";
import { metadata, optionalText, readBody, readOptionalBody } from "../json-body.ts";
import { clearTokens } from "../one-time.ts";
import { checkPassword, hashPassword, randomPassword } from "../passwords.ts";
import { pageHeaders, pathUser, readPage } from "./admin.ts";
import { deleteSessions } from "../sessions.ts";
import { parseDuration } from "../settings.ts";
import type { User } from "../users.ts";
import {
  createOwnIdentity,
  createUser,
  findEmailOwner,
  findUserByPhone,
  fullUserJson,
  identitiesOf,
  instanceId,
  lockUser,
  mergeMetadata,
  nilUuid,
  setOwnIdentity,
  updateUser,
  userJson,
} from "../users.ts";

const userBody = z.object({
  id: optionalText,
  aud: optionalText,
  role: optionalText,
  email: optionalText,
  phone: optionalText,
  password: z.string().optional(),
  password_hash: optionalText,
  email_confirm: z.boolean().default(false),
  phone_confirm: z.boolean().default(false),
  user_metadata: metadata.optional(),
  app_metadata: metadata.optional(),
  ban_duration: optionalText,
});
type UserBody = z.infer<typeof userBody>;

const deleteBody = z.object({ should_soft_delete: z.boolean().default(false) });

/** Newest first, unless asked otherwise. */
function isAscending(call: Call): boolean {
  const sort = call.c.req.query("sort");
  if (sort === undefined) return false;
  const [field, ...rest] = sort.split(" ");
  const direction = rest.join(" ");
  if (field !== "created_at") throw validationFailed(`Bad Sort Parameters: bad field for sort '${field}'`);
  if (rest.length > 0 && !/^(asc|desc)$/i.test(direction)) {
    throw validationFailed(
      `Bad Sort Parameters: bad direction for sort '${direction}', only 'asc' and 'desc' allowed`,
    );
  }
  return direction.toLowerCase() === "asc";
}

/** GET /admin/users */
export async function listUsers(call: Call): Promise<Response> {
  await requireAdmin(call);
  const { sql } = call;
  const audience = await requestAudience(call);
  const page = readPage(call);
  const filter = call.c.req.query("filter") ?? "";
  const ascending = isAscending(call);
  const pattern = `%${filter}%`;
  const where = sql`
    where instance_id = ${instanceId} and aud = ${audience}
    ${
    filter === ""
      ? sql``
      : sql`and (email like ${pattern} or raw_user_meta_data ->> 'full_name' ilike ${pattern})`
  }`;
  const [counted] = await sql<{ total: number }[]>`select count(*)::int as total from auth.users ${where}`;
  const users = await sql<User[]>`
    select * from auth.users ${where}
    order by created_at ${ascending ? sql`asc` : sql`desc`}, id
    limit ${page.size} offset ${(page.number - 1) * page.size}`;
  const shown = users.map((user) => userJson(user, null, []));
  return call.c.json({ users: shown, aud: audience }, 200, pageHeaders(call, page, counted?.total ?? 0));
}

/** GET /admin/users/<id> */
export async function getUserById(call: Call): Promise<Response> {
  await requireAdmin(call);
  return call.c.json(await fullUserJson(call.sql, await pathUser(call)));
}

/** When a ban ends; null lifts it, undefined leaves it. */
function banEnd(duration: string): Date | null | undefined {
  if (duration === "") return undefined;
  if (duration === "none") return null;
  const length = parseDuration(duration);
  if (length === undefined) {
    throw validationFailed(`invalid format for ban duration: time: invalid duration "${duration}"`);
  }
  return length === 0 ? null : new Date(Date.now() + length);
}

async function encryptedPassword(body: UserBody): Promise<string> {
  if (body.password !== undefined && body.password_hash !== "") {
    throw validationFailed("Only a password or a password hash should be provided");
  }
  if (body.password_hash !== "") {
    try {
      parseOptions(body.password_hash);
    } catch (error) {
      throw new AuthError(500, "unexpected_failure", "Error creating user", error);
    }
    return body.password_hash;
  }
  if (Buffer.byteLength(body.password ?? "") > 72) {
    throw new AuthError(500, "unexpected_failure", "Error creating user");
  }
  return await hashPassword(body.password || randomPassword());
}

/** Answers of administrators' changes confirm without reading the row again. */
async function shownUser(sql: Transaction, user: User): Promise<JsonObject> {
  const { confirmed_at: _unread, ...shown } = await fullUserJson(sql, user);
  return shown;
}

interface Confirmations {
  email_confirm: boolean;
  phone_confirm: boolean;
}

async function confirm(sql: Transaction, user: User, body: Confirmations): Promise<User> {
  const withEmail = body.email_confirm ? await confirmEmail(sql, user) : user;
  return body.phone_confirm ? await confirmPhone(sql, withEmail) : withEmail;
}

/** Writes an account; why the database refuses is not told, only that it does. */
async function written(
  call: Call,
  failure: string,
  change: (sql: Transaction) => Promise<JsonObject>,
): Promise<JsonObject> {
  try {
    return await call.sql.begin(change);
  } catch (error) {
    if (error instanceof AuthError && error.status < 500) throw error;
    throw new AuthError(500, "unexpected_failure", failure, error instanceof AuthError ? error.cause : error);
  }
}

/** POST /admin/users */
export async function createUserAsAdmin(call: Call): Promise<Response> {
  await requireAdmin(call);
  const body = await readBody(call.c, userBody);
  const audience = body.aud || await requestAudience(call);
  if (body.email === "" && body.phone === "") {
    throw validationFailed("Cannot create a user without either an email or phone");
  }
  const email = body.email === "" ? "" : checkEmail(body.email);
  if (email !== "" && (await findEmailOwner(call.sql, email, audience)) !== undefined) {
    throw emailExists();
  }
  const phone = body.phone === "" ? "" : checkPhone(body.phone);
  if (phone !== "" && (await findUserByPhone(call.sql, phone, audience)) !== undefined) {
    throw new AuthError(422, "phone_exists", "Phone number already registered by another user");
  }
  const password = await encryptedPassword(body);
  if (body.id !== "" && !isUuid(body.id)) throw validationFailed("ID must conform to the uuid v4 format");
  if (body.id === nilUuid) throw validationFailed("ID cannot be a nil uuid");
  const providers = [...(email === "" ? [] : ["email"]), ...(phone === "" ? [] : ["phone"])];
  const bannedUntil = banEnd(body.ban_duration);
  const answer = await written(call, "Database error creating new user", async (sql) => {
    const created = await createUser(sql, {
      ...(body.id === "" ? {} : { id: body.id }),
      aud: audience,
      role: body.role || call.settings.jwt.defaultGroup,
      email,
      phone,
      encryptedPassword: password,
      userMetadata: body.user_metadata ?? {},
      appMetadata: mergeMetadata({ provider: providers[0], providers }, body.app_metadata ?? {}),
    });
    if (email !== "") await createOwnIdentity(sql, created.id, "email", { email });
    if (phone !== "") await createOwnIdentity(sql, created.id, "phone", { phone });
    const confirmed = await confirm(sql, created, body);
    const user = bannedUntil === undefined
      ? confirmed
      : await updateUser(sql, created.id, { banned_until: bannedUntil });
    const traits = { user_id: user.id, user_email: email, user_phone: phone };
    await audit(sql, call, adminActor, "user_signedup", traits);
    return await shownUser(sql, user);
  });
  return call.c.json(answer);
}

async function setAddress(
  sql: Transaction,
  user: User,
  kind: "email" | "phone",
  value: string,
  isVerified: boolean,
): Promise<User> {
  await setOwnIdentity(sql, user.id, kind, { [kind]: value, [`${kind}_verified`]: isVerified });
  return await updateUser(sql, user.id, {
    [kind]: value,
    ...(isVerified ? { is_anonymous: false } : {}),
  });
}

/** PUT /admin/users/<id> */
export async function updateUserAsAdmin(call: Call): Promise<Response> {
  await requireAdmin(call);
  const before = await pathUser(call);
  const body = await readBody(call.c, userBody);
  const email = body.email === "" ? "" : checkEmail(body.email);
  const phone = body.phone === "" ? "" : checkPhone(body.phone);
  if (body.password !== undefined) checkPassword(call.settings.password, body.password);
  const bannedUntil = banEnd(body.ban_duration);
  const newPassword = body.password === undefined ? undefined : await passwordPatch(body.password);
  const answer = await written(call, "Error updating user", async (sql) => {
    let user = await confirm(sql, await lockUser(sql, before.id), body);
    if (newPassword !== undefined) {
      user = await updateUser(sql, user.id, newPassword);
      await clearTokens(sql, user.id);
      await deleteSessions(sql, user.id);
    }
    if (email !== "") user = await setAddress(sql, user, "email", email, body.email_confirm);
    if (phone !== "") user = await setAddress(sql, user, "phone", phone, body.phone_confirm);
    user = await updateUser(sql, user.id, {
      ...(body.role === "" ? {} : { role: body.role }),
      ...(bannedUntil === undefined ? {} : { banned_until: bannedUntil }),
      raw_user_meta_data: mergeMetadata(user.raw_user_meta_data, body.user_metadata ?? {}),
      raw_app_meta_data: mergeMetadata(user.raw_app_meta_data, body.app_metadata ?? {}),
    });
    const traits = { user_id: user.id, user_email: user.email ?? "", user_phone: user.phone ?? "" };
    await audit(sql, call, adminActor, "user_modified", traits);
    return await shownUser(sql, user);
  });
  return call.c.json(answer);
}

/** Something that is unique like the value, and tells nothing about it. */
function obfuscate(userId: string, value: string): string {
  return createHash("sha256").update(userId + value).digest("base64url");
}

async function softDelete(sql: Transaction, id: string): Promise<void> {
  const user = await lockUser(sql, id);
  if (user.deleted_at !== null) return;
  const hidden = (value: string | null) => value ? obfuscate(user.id, value) : value ?? "";
  await updateUser(sql, user.id, {
    email: hidden(user.email) || null,
    phone: hidden(user.phone).slice(0, 15) || null,
    email_change: hidden(user.email_change),
    phone_change: hidden(user.phone_change).slice(0, 15),
    encrypted_password: null,
    confirmation_token: "",
    recovery_token: "",
    email_change_token_current: "",
    email_change_token_new: "",
    phone_change_token: "",
    reauthentication_token: "",
    raw_user_meta_data: {},
    raw_app_meta_data: {},
    deleted_at: new Date(),
  });
  for (const identity of await identitiesOf(sql, user.id)) {
    await sql`
      update auth.identities
      set provider_id = ${obfuscate(user.id, identity.provider_id)}, identity_data = ${jsonValue(sql, {})},
        updated_at = now()
      where id = ${identity.id}`;
  }
  await clearTokens(sql, user.id);
  await deleteSessions(sql, user.id);
  await sql`delete from auth.mfa_factors where user_id = ${user.id}`;
}

/** DELETE /admin/users/<id> */
export async function deleteUser(call: Call): Promise<Response> {
  await requireAdmin(call);
  const user = await pathUser(call);
  const body = await readOptionalBody(call.c, deleteBody);
  await call.sql.begin(async (sql) => {
    const traits = { user_id: user.id, user_email: user.email ?? "", user_phone: user.phone ?? "" };
    await audit(sql, call, adminActor, "user_deleted", traits);
    if (!body.should_soft_delete) {
      await databaseStep(
        "Database error deleting user",
        () => sql`delete from auth.users where id = ${user.id}`,
      );
    } else await softDelete(sql, user.id);
  });
  return call.c.json({});
}
