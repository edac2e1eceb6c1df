import type { Call } from "../call.ts";
import { isUuid, requireUser } from "../call.ts";
import type { Transaction } from "../database.ts";
import { AuthError } from "../errors.ts";
import { linkProfile, signInWithProfile } from "../external.ts";
import type { Flow } from "../flow.ts";
import { findFlow, isFlowExpired, readChallenge, startFlow } from "../flow.ts";
import type { ExchangedProfile } from "../providers.ts";
import { authorizationUrl, enabledProvider, exchangeProviderCode } from "../providers.ts";
import { encodeQuery, redirect, redirectTarget, withFragment, withQuery } from "../redirects.ts";
import { requireManualLinking } from "./identities.ts";
import { startSession } from "../sessions.ts";
import type { ProviderName } from "../settings.ts";
import type { User } from "../users.ts";
import { updateUser } from "../users.ts";

async function beginFlow(call: Call, linkingTarget?: string): Promise<string> {
  const query = (name: string) => call.c.req.query(name) ?? "";
  const { name } = enabledProvider(call, query("provider"));
  const challenge = readChallenge({
    code_challenge: query("code_challenge"),
    code_challenge_method: query("code_challenge_method"),
  });
  const state = await startFlow(call.sql, {
    provider: name,
    authenticationMethod: "oauth",
    challenge,
    referrer: redirectTarget(call),
    ...(linkingTarget === undefined ? {} : { linkingTarget }),
  });
  return await authorizationUrl(call, name, state);
}

/** GET /authorize */
export async function authorize(call: Call): Promise<Response> {
  return redirect(302, await beginFlow(call));
}

/** GET /user/identities/authorize */
export async function authorizeLink(call: Call): Promise<Response> {
  const { user } = await requireUser(call);
  requireManualLinking(call);
  const url = await beginFlow(call, user.id);
  return call.c.req.query("skip_http_redirect") === "true" ? call.c.json({ url }) : redirect(302, url);
}

/** A callback that belongs to no sign-in under way. */
function strayCallback(call: Call, code: string, description: string): Response {
  const values = { error: "invalid_request", error_code: code, error_description: description };
  return redirect(303, withQuery(call.settings.siteUrl, values));
}

const deniedCodes = ["signup_disabled", "user_banned", "provider_email_needs_verification"];
const errorsByStatus: Record<number, string> = {
  400: "invalid_request",
  401: "unauthorized_client",
  403: "access_denied",
};

function failedCallback(to: string, values: Record<string, string>): Response {
  // Encoded a second time, as the real server does and its clients undo.
  const fragment = encodeQuery(values).replaceAll("%", "%25");
  const address = withQuery(to.split("#", 1)[0] ?? to, values);
  return redirect(302, `${address}#${fragment}`);
}

function errorValues(error: AuthError): Record<string, string> {
  const name = deniedCodes.includes(error.code)
    ? "access_denied"
    : errorsByStatus[error.status] ?? "server_error";
  return { error: name, error_code: error.code, error_description: error.message };
}

async function finishFlow(
  call: Call,
  sql: Transaction,
  user: User,
  flow: Flow,
  exchanged: ExchangedProfile,
): Promise<string> {
  const to = flow.referrer ?? call.settings.siteUrl;
  if (flow.auth_code !== null) {
    await sql`
      update auth.flow_state
      set user_id = ${user.id}, provider_access_token = ${exchanged.accessToken},
        provider_refresh_token = ${exchanged.refreshToken}, updated_at = now()
      where id = ${flow.id}`;
    // The sign-in counts from now although the session begins with the exchange.
    await updateUser(sql, user.id, { last_sign_in_at: new Date() });
    return withQuery(to, { code: flow.auth_code });
  }
  const tokens = await startSession(call, sql, user, "oauth");
  return withFragment(to, {
    access_token: String(tokens.access_token),
    expires_at: String(tokens.expires_at),
    expires_in: String(tokens.expires_in),
    provider_token: exchanged.accessToken,
    ...(exchanged.refreshToken === "" ? {} : { provider_refresh_token: exchanged.refreshToken }),
    refresh_token: String(tokens.refresh_token),
    token_type: "bearer",
  });
}

async function completeSignIn(call: Call, flow: Flow, code: string): Promise<string> {
  const exchanged = await exchangeProviderCode(call, flow.provider_type as ProviderName, code);
  const { profile } = exchanged;
  const target = flow.linking_target_id;
  const finish = (sql: Transaction, user: User) => finishFlow(call, sql, user, flow, exchanged);
  return target === null
    ? await signInWithProfile(call, profile, finish)
    : await linkProfile(call, target, profile, finish);
}

/** GET /callback, and POST as a form from Apple */
export async function callback(call: Call): Promise<Response> {
  const form = call.c.req.method === "POST" ? await call.c.req.parseBody() : {};
  const value = (name: string) => {
    const given = form[name] ?? call.c.req.query(name);
    return typeof given === "string" ? given : "";
  };
  const state = value("state");
  if (state === "") return strayCallback(call, "bad_oauth_callback", "OAuth state parameter missing");
  const flow = isUuid(state) ? await findFlow(call.sql, state) : undefined;
  if (flow === undefined || flow.authentication_method !== "oauth") {
    return strayCallback(call, "bad_oauth_state", "OAuth state not found or expired");
  }
  if (isFlowExpired(flow)) return strayCallback(call, "bad_oauth_state", "OAuth state has expired");
  const claimed = await call.sql`
    update auth.flow_state set auth_code_issued_at = now(), updated_at = now()
    where id = ${flow.id} and auth_code_issued_at is null`;
  if (claimed.count === 0) {
    return strayCallback(call, "flow_state_already_used", "OAuth state has already been used");
  }
  const to = flow.referrer ?? call.settings.siteUrl;
  const providerError = value("error");
  if (providerError !== "") {
    return failedCallback(to, { error: providerError, error_description: value("error_description") });
  }
  const code = value("code");
  try {
    if (code === "") {
      throw new AuthError(
        400,
        "bad_oauth_callback",
        "OAuth callback with missing authorization code missing",
      );
    }
    return redirect(302, await completeSignIn(call, flow, code));
  } catch (error) {
    if (error instanceof AuthError) return failedCallback(to, errorValues(error));
    throw error;
  }
}
