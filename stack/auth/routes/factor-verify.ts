import { z } from "zod";
import { audit } from "../audit.ts";
import type { Call } from "../call.ts";
import { requirePermanentUser } from "../call.ts";
import type { Transaction } from "../database.ts";
import { AuthError, validationFailed } from "../errors.ts";
import { factorMethods, isTotpCode } from "../factors.ts";
import { challengeId, ownFactor, verifiableType } from "./factors.ts";
import type { FactorChallenge } from "./factors.ts";
import { runHook } from "../hooks.ts";
import { optionalText, readBody } from "../json-body.ts";
import { limitRequests } from "../limits.ts";
import { notify } from "../messages.ts";
import type { Session } from "../sessions.ts";
import {
  addMethod,
  answerWithTokens,
  deleteSessions,
  insertRefreshToken,
  lockSession,
  nextCountedToken,
} from "../sessions.ts";
import type { Factor, User } from "../users.ts";
import { lockUser, nilUuid } from "../users.ts";

const verifyBody = z.object({
  challenge_id: challengeId.default(nilUuid),
  code: optionalText,
});

/** The one answer to a challenge from another address and to one that is used up. */
const unusable = () =>
  new AuthError(422, "mfa_ip_address_mismatch", "Challenge and verify IP addresses mismatch.");

async function findChallenge(call: Call, factor: Factor, id: string): Promise<FactorChallenge> {
  const [challenge] = await call.sql<(FactorChallenge & { same_ip: boolean })[]>`
    select *, ip_address = ${call.ip}::inet as same_ip
    from auth.mfa_challenges where id = ${id} and factor_id = ${factor.id}`;
  if (challenge === undefined) {
    throw new AuthError(422, "mfa_factor_not_found", "MFA factor with the provided challenge ID not found");
  }
  if (challenge.verified_at !== null || !challenge.same_ip) throw unusable();
  if (Date.now() > challenge.created_at.getTime() + call.settings.mfa.challengeExpiry * 1000) {
    await call.sql`delete from auth.mfa_challenges where id = ${id}`;
    throw new AuthError(
      422,
      "mfa_challenge_expired",
      `MFA challenge ${id} has expired, verify against another challenge or create a new challenge.`,
    );
  }
  return challenge;
}

/** Lets the hook judge an attempt; a rejection signs the user out everywhere. */
async function judgeAttempt(call: Call, user: User, factor: Factor, valid: boolean): Promise<void> {
  const event = { user_id: user.id, factor_id: factor.id, factor_type: factor.factor_type, valid };
  const verdict = await runHook(call, call.sql, "mfa_verification_attempt", "own", event);
  if (verdict?.decision !== "reject") return;
  await call.sql.begin((sql) => deleteSessions(sql, user.id));
  const message = typeof verdict.message === "string" ? verdict.message : "";
  throw new AuthError(
    403,
    "mfa_verification_rejected",
    message || "Further MFA verification attempts will be rejected.",
  );
}

/** The session goes on at the higher level, with a new refresh token. */
async function raiseSession(
  sql: Transaction,
  id: string,
  factor: Factor,
): Promise<{ session: Session; token: string }> {
  const session = await lockSession(sql, id);
  if (session === undefined) {
    throw new AuthError(403, "session_not_found", "Session from session_id claim in JWT does not exist");
  }
  await addMethod(sql, session.id, factorMethods[factor.factor_type]);
  await sql`
    update auth.sessions set aal = 'aal2', factor_id = ${factor.id}, updated_at = now() where id = ${session.id}`;
  if (session.refresh_token_hmac_key !== null) {
    return { session, token: await nextCountedToken(sql, session, 2) };
  }
  const [live] = await sql<{ token: string }[]>`
    update auth.refresh_tokens set revoked = true, updated_at = now()
    where id = (
      select id from auth.refresh_tokens where session_id = ${session.id} and revoked = false order by id desc limit 1
    )
    returning token`;
  return { session, token: await insertRefreshToken(sql, session, live?.token ?? null) };
}

/** POST /factors/<id>/verify */
export async function verifyFactor(call: Call): Promise<Response> {
  const { user, session } = await requirePermanentUser(call);
  const factor = await ownFactor(call, { user, session, claims: {} });
  limitRequests(call, "factorVerify");
  const body = await readBody(call.c, verifyBody);
  if (body.code === "") throw validationFailed("Code needs to be non-empty");
  const type = verifiableType(call, factor);
  const challenge = await findChallenge(call, factor, body.challenge_id);
  const valid = type === "totp"
    ? isTotpCode(factor.secret ?? "", body.code)
    : challenge.otp_code === body.code;
  await judgeAttempt(call, user, factor, valid);
  if (!valid) {
    const message = type === "totp" ? "Invalid TOTP code entered" : "Invalid MFA Phone code entered";
    throw new AuthError(422, "mfa_verification_failed", message);
  }
  if (session === undefined) {
    throw new AuthError(403, "session_not_found", "Session from session_id claim in JWT does not exist");
  }
  const answer = await call.sql.begin(async (sql) => {
    const owner = await lockUser(sql, user.id);
    const claimed = await sql`
      update auth.mfa_challenges set verified_at = now() where id = ${challenge.id} and verified_at is null`;
    if (claimed.count === 0) throw unusable();
    await audit(sql, call, user, "verification_attempted", {
      factor_id: factor.id,
      challenge_id: challenge.id,
    });
    if (factor.status === "unverified") {
      await sql`update auth.mfa_factors set status = 'verified', updated_at = now() where id = ${factor.id}`;
      await notify(call, sql, user, "mfa_factor_enrolled", { factor_type: factor.factor_type });
    }
    const raised = await raiseSession(sql, session.id, factor);
    await sql`
      delete from auth.sessions where user_id = ${user.id} and (aal is null or aal < 'aal2') and id <> ${session.id}`;
    await sql`
      delete from auth.mfa_factors
      where user_id = ${user.id} and factor_type = ${factor.factor_type} and status = 'unverified'`;
    return await answerWithTokens(call, sql, owner, raised.session, raised.token, factorMethods[type]);
  });
  return call.c.json(answer);
}
