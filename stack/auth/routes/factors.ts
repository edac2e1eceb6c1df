import { z } from "zod";
import { checkPhone } from "../accounts.ts";
import { audit } from "../audit.ts";
import type { Call, Caller } from "../call.ts";
import { isUuid, requirePermanentUser } from "../call.ts";
import type { JsonObject, Transaction } from "../database.ts";
import { AuthError, databaseStep, validationFailed } from "../errors.ts";
import { enrollment, newSecret, removeFactor } from "../factors.ts";
import { optionalText, readBody } from "../json-body.ts";
import { limitRepetition, limitRequests, limitSms } from "../limits.ts";
import { notify, sendText } from "../messages.ts";
import { randomCode } from "../one-time.ts";
import { pathId } from "./admin.ts";
import type { Factor } from "../users.ts";
import { factorsOf, lockUser } from "../users.ts";

const enrollBody = z.object({
  factor_type: optionalText,
  friendly_name: optionalText,
  issuer: optionalText,
  phone: optionalText,
});
type EnrollBody = z.infer<typeof enrollBody>;

const challengeBody = z.object({ channel: optionalText });

/** A row of auth.mfa_challenges. */
export interface FactorChallenge {
  id: string;
  factor_id: string;
  created_at: Date;
  verified_at: Date | null;
  ip_address: string;
  otp_code: string | null;
}

const factorLifetime = "5 minutes";

const factorNotFound = () => new AuthError(404, "mfa_factor_not_found", "Factor not found");

/** The caller's factor that the path names. */
export async function ownFactor(call: Call, caller: Caller): Promise<Factor> {
  const id = pathId(call, "factor_id");
  const factor = (await factorsOf(call.sql, caller.user.id)).find((one) => one.id === id);
  if (factor === undefined) throw factorNotFound();
  return factor;
}

async function checkEnrollment(
  call: Call,
  sql: Transaction,
  { user, session }: Caller,
  name: string,
): Promise<void> {
  await sql`
    delete from auth.mfa_factors
    where user_id = ${user.id} and status = 'unverified' and last_challenged_at is null
      and created_at + ${factorLifetime}::interval < now()`;
  const factors = await factorsOf(sql, user.id);
  if (factors.some((factor) => (factor.friendly_name ?? "") === name)) {
    throw new AuthError(
      422,
      "mfa_factor_name_conflict",
      `A factor with the friendly name "${name}" for this user already exists`,
    );
  }
  if (factors.length >= call.settings.mfa.maximumFactors) {
    throw new AuthError(
      422,
      "too_many_enrolled_mfa_factors",
      "Maximum number of verified factors reached, unenroll to continue",
    );
  }
  if (session?.aal !== "aal2" && factors.some((factor) => factor.status === "verified")) {
    throw new AuthError(403, "insufficient_aal", "AAL2 required to enroll a new factor");
  }
}

interface NewFactor {
  type: "totp" | "phone";
  name: string;
  secret: string | null;
  phone: string | null;
}

async function insertFactor(
  call: Call,
  sql: Transaction,
  { user }: Caller,
  factor: NewFactor,
): Promise<string> {
  const id = crypto.randomUUID();
  const now = new Date();
  await databaseStep("Error enrolling factor", () =>
    sql`
    insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret, phone)
    values (${id}, ${user.id}, ${factor.name}, ${factor.type}, 'unverified', ${now}, ${now}, ${factor.secret},
      ${factor.phone})`);
  await audit(sql, call, user, "factor_in_progress", { factor_id: id, factor_type: factor.type });
  return id;
}

async function enrollTotp(
  call: Call,
  sql: Transaction,
  caller: Caller,
  body: EnrollBody,
): Promise<JsonObject> {
  await checkEnrollment(call, sql, caller, body.friendly_name);
  const issuer = body.issuer || new URL(call.settings.siteUrl).host;
  if (!caller.user.email) throw new AuthError(500, "unexpected_failure", "Error generating QR Code");
  const secret = newSecret();
  const { uri, qrCode } = enrollment(issuer, caller.user.email, secret);
  const factor: NewFactor = { type: "totp", name: body.friendly_name, secret, phone: null };
  const id = await insertFactor(call, sql, caller, factor);
  return { id, type: "totp", friendly_name: body.friendly_name, totp: { qr_code: qrCode, secret, uri } };
}

async function enrollPhone(
  call: Call,
  sql: Transaction,
  caller: Caller,
  body: EnrollBody,
): Promise<JsonObject> {
  if (body.phone === "") throw validationFailed("Phone number required to enroll Phone factor");
  const phone = checkPhone(body.phone);
  const same = (await factorsOf(sql, caller.user.id)).find((one) => one.phone === phone);
  if (same?.status === "verified") {
    throw new AuthError(
      422,
      "mfa_verified_factor_exists",
      "A verified phone factor already exists, unenroll the existing factor to continue",
    );
  }
  if (same !== undefined) await sql`delete from auth.mfa_factors where id = ${same.id}`;
  await checkEnrollment(call, sql, caller, body.friendly_name);
  const factor: NewFactor = { type: "phone", name: body.friendly_name, secret: null, phone };
  const id = await insertFactor(call, sql, caller, factor);
  return { id, type: "phone", friendly_name: body.friendly_name, phone: body.phone };
}

const labels = { totp: "TOTP", phone: "Phone" } as const;

/** POST /factors */
export async function enroll(call: Call): Promise<Response> {
  const caller = await requirePermanentUser(call);
  if (caller.session === undefined) {
    throw new AuthError(
      500,
      "unexpected_failure",
      "A valid session and a registered user are required to enroll a factor",
    );
  }
  const body = await readBody(call.c, enrollBody);
  const type = body.factor_type;
  if (type === "webauthn") {
    throw new AuthError(422, "mfa_webauthn_enroll_not_enabled", "MFA enroll is disabled for WebAuthn");
  }
  if (type !== "totp" && type !== "phone") {
    throw validationFailed("factor_type needs to be totp, phone, or webauthn");
  }
  if (!call.settings.mfa[type].enroll) {
    throw new AuthError(422, `mfa_${type}_enroll_not_enabled`, `MFA enroll is disabled for ${labels[type]}`);
  }
  const answer = await call.sql.begin(async (sql) => {
    await lockUser(sql, caller.user.id);
    return type === "totp"
      ? await enrollTotp(call, sql, caller, body)
      : await enrollPhone(call, sql, caller, body);
  });
  return call.c.json(answer);
}

/** Refuses a factor of a kind that cannot be verified here, and says which kinds can. */
export function verifiableType(call: Call, factor: Factor): "totp" | "phone" {
  const type = factor.factor_type;
  if (type === "webauthn") {
    throw new AuthError(422, "mfa_webauthn_verify_not_enabled", "MFA verification is disabled for WebAuthn");
  }
  if (!call.settings.mfa[type].verify) {
    throw new AuthError(
      422,
      `mfa_${type}_verify_not_enabled`,
      `MFA verification is disabled for ${labels[type]}`,
    );
  }
  return type;
}

async function textCode(call: Call, { user }: Caller, phone: string): Promise<string> {
  limitSms(call);
  const code = randomCode(call.settings.mfa.phone.otpLength);
  try {
    await sendText(call, call.sql, user, { otp: code, phone, sms_type: "mfa" });
  } catch (error) {
    if (error instanceof AuthError && error.code === "sms_send_failed") throw error;
    throw new AuthError(500, "unexpected_failure", "error invoking hook", error);
  }
  return code;
}

/**
 * As textCode, no oftener than the settings say. Of several challenges at once the one that moves the time of the last sends
 * its text; it moves it back when it cannot.
 */
async function textCodeInTurn(call: Call, caller: Caller, factor: Factor): Promise<string> {
  await readBody(call.c, challengeBody);
  const { minimumInterval } = call.settings.mfa.phone;
  const claimed = await call.sql`
    update auth.mfa_factors set last_challenged_at = clock_timestamp()
    where id = ${factor.id} and (last_challenged_at is null
      or last_challenged_at + make_interval(secs => ${minimumInterval / 1000}) < clock_timestamp())`;
  if (claimed.count === 0) {
    const { last_challenged_at: last } = await ownFactor(call, caller);
    limitRepetition(last, minimumInterval, "over_sms_send_rate_limit");
  }
  try {
    return await textCode(call, caller, factor.phone ?? "");
  } catch (error) {
    await call.sql`
      update auth.mfa_factors set last_challenged_at = ${factor.last_challenged_at} where id = ${factor.id}`;
    throw error;
  }
}

/** POST /factors/<id>/challenge */
export async function challengeFactor(call: Call): Promise<Response> {
  const caller = await requirePermanentUser(call);
  const factor = await ownFactor(call, caller);
  limitRequests(call, "challenge");
  const type = verifiableType(call, factor);
  const code = type === "phone" ? await textCodeInTurn(call, caller, factor) : null;
  const id = crypto.randomUUID();
  const now = new Date();
  await call.sql.begin(async (sql) => {
    // The factor first: the foreign key's share of its row, taken before, would deadlock challenges of the same moment.
    const challenged = await sql`
      update auth.mfa_factors set last_challenged_at = clock_timestamp(), updated_at = now() where id = ${factor.id}`;
    if (challenged.count === 0) throw factorNotFound();
    await sql`
      insert into auth.mfa_challenges (id, factor_id, created_at, ip_address, otp_code)
      values (${id}, ${factor.id}, ${now}, ${call.ip}, ${code})`;
    await audit(sql, call, caller.user, "challenge_created", { factor_id: factor.id });
  });
  const expiresAt = Math.floor(now.getTime() / 1000) + call.settings.mfa.challengeExpiry;
  return call.c.json({ id, type, expires_at: expiresAt });
}

/** DELETE /factors/<id> */
export async function unenroll(call: Call): Promise<Response> {
  const caller = await requirePermanentUser(call);
  const factor = await ownFactor(call, caller);
  if (caller.session === undefined) {
    throw new AuthError(
      500,
      "unexpected_failure",
      "A valid session and factor are required to unenroll a factor",
    );
  }
  if (factor.status === "verified" && caller.session.aal !== "aal2") {
    throw new AuthError(422, "insufficient_aal", "AAL2 required to unenroll verified factor");
  }
  await call.sql.begin(async (sql) => {
    await lockUser(sql, caller.user.id);
    if (!await removeFactor(sql, factor)) throw factorNotFound();
    await audit(sql, call, caller.user, "factor_unenrolled", {
      factor_id: factor.id,
      factor_type: factor.factor_type,
    });
    await notify(call, sql, caller.user, "mfa_factor_unenrolled", { factor_type: factor.factor_type });
  });
  return call.c.json({ id: factor.id });
}

/** What else is asked of a factor: whose it is comes first, as with the real server. */
export async function noSuchAction(call: Call): Promise<Response> {
  await ownFactor(call, await requirePermanentUser(call));
  return new Response(null, { status: 405, headers: { allow: "DELETE" } });
}

/** A challenge id, in the form that the database takes. */
export const challengeId = z.string().refine(isUuid, "must be a UUID");
