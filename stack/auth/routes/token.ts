import { z } from "zod";
import { hasPassword, plainPhone } from "../accounts.ts";
import { audit } from "../audit.ts";
import type { Call } from "../call.ts";
import { requestAudience } from "../call.ts";
import { AuthError, validationFailed } from "../errors.ts";
import { exchangeCode } from "../flow.ts";
import { runHook } from "../hooks.ts";
import { grantIdToken } from "./id-token.ts";
import { optionalText, readBody } from "../json-body.ts";
import { limitRequests } from "../limits.ts";
import { passwordWeakness, verifyPassword } from "../passwords.ts";
import { refreshTokens } from "../refresh.ts";
import { deleteSessions, startSession } from "../sessions.ts";
import type { User } from "../users.ts";
import { findUserByEmail, findUserById, findUserByPhone, isBanned } from "../users.ts";

const passwordBody = z.object({ email: optionalText, phone: optionalText, password: optionalText });
const refreshBody = z.object({ refresh_token: optionalText });
const codeBody = z.object({ auth_code: optionalText, code_verifier: optionalText });

const invalidCredentials = (message = "Invalid login credentials") =>
  new AuthError(400, "invalid_credentials", message);

async function findByAddress(call: Call, body: z.infer<typeof passwordBody>): Promise<User | undefined> {
  if (body.email !== "" && body.phone !== "") {
    throw validationFailed("Only an email address or phone number should be provided on login.");
  }
  const audience = await requestAudience(call);
  if (body.email !== "") {
    if (!call.settings.emailEnabled) {
      throw new AuthError(422, "email_provider_disabled", "Email logins are disabled");
    }
    return await findUserByEmail(call.sql, body.email, audience);
  }
  if (body.phone === "") throw validationFailed("missing email or phone");
  if (!call.settings.phoneEnabled) {
    throw new AuthError(422, "phone_provider_disabled", "Phone logins are disabled");
  }
  return await findUserByPhone(call.sql, plainPhone(body.phone), audience);
}

/** Lets the hook judge an attempt. Its decision holds for right passwords too. */
async function judgeAttempt(call: Call, user: User, valid: boolean): Promise<void> {
  const event = { user_id: user.id, valid };
  const verdict = await runHook(call, call.sql, "password_verification_attempt", "own", event);
  if (verdict?.decision !== "reject") return;
  if (verdict.should_logout_user === true) {
    await call.sql.begin((sql) => deleteSessions(sql, user.id));
  }
  const message = typeof verdict.message === "string" ? verdict.message : "";
  throw invalidCredentials(message || "Further password verification attempts will be rejected.");
}

async function grantPassword(call: Call): Promise<Response> {
  const body = await readBody(call.c, passwordBody);
  const user = await findByAddress(call, body);
  if (user === undefined || !hasPassword(user)) throw invalidCredentials();
  if (isBanned(user)) throw new AuthError(400, "user_banned", "User is banned");
  const valid = await verifyPassword(body.password, user.encrypted_password ?? "", call.deadline);
  await judgeAttempt(call, user, valid);
  if (!valid) throw invalidCredentials();
  if (body.email !== "" && user.email_confirmed_at === null) {
    throw new AuthError(400, "email_not_confirmed", "Email not confirmed");
  }
  if (body.email === "" && user.phone_confirmed_at === null) {
    throw new AuthError(400, "phone_not_confirmed", "Phone not confirmed");
  }
  const answer = await call.sql.begin(async (sql) => {
    await audit(sql, call, user, "login", { provider: body.email === "" ? "phone" : "email" });
    return await startSession(call, sql, user, "password");
  });
  const weakness = passwordWeakness(call.settings.password, body.password);
  return call.c.json({ ...answer, weak_password: weakness ?? null });
}

async function grantRefresh(call: Call): Promise<Response> {
  const body = await readBody(call.c, refreshBody);
  return call.c.json(await refreshTokens(call, body.refresh_token));
}

async function grantCode(call: Call): Promise<Response> {
  const body = await readBody(call.c, codeBody);
  if (body.auth_code === "" || body.code_verifier === "") {
    throw validationFailed("invalid request: both auth code and code verifier should be non-empty");
  }
  const answer = await call.sql.begin(async (sql) => {
    const flow = await exchangeCode(sql, body.auth_code, body.code_verifier);
    const user = await findUserById(sql, flow.user_id ?? "");
    if (user === undefined) throw new AuthError(404, "user_not_found", "User not found");
    if (isBanned(user)) throw new AuthError(403, "user_banned", "User is banned");
    await audit(sql, call, user, "login", { provider_type: flow.provider_type });
    const tokens = await startSession(call, sql, user, flow.authentication_method);
    return {
      ...tokens,
      ...(flow.provider_access_token ? { provider_token: flow.provider_access_token } : {}),
      ...(flow.provider_refresh_token ? { provider_refresh_token: flow.provider_refresh_token } : {}),
    };
  });
  return call.c.json(answer);
}

/** POST /token?grant_type= */
export async function token(call: Call): Promise<Response> {
  limitRequests(call, "token");
  const grant = call.c.req.query("grant_type") ?? "";
  if (grant === "password") return await grantPassword(call);
  if (grant === "refresh_token") return await grantRefresh(call);
  if (grant === "pkce") return await grantCode(call);
  if (grant === "id_token") return await grantIdToken(call);
  if (grant === "web3") {
    throw new AuthError(
      422,
      "web3_provider_disabled",
      "Web3 provider is disabled: it is not offered locally",
    );
  }
  throw invalidCredentials("unsupported_grant_type");
}
