import { createHash } from "node:crypto";
import { createRemoteJWKSet, jwtVerify } from "jose";
import type { JWTPayload } from "jose";
import { z } from "zod";
import type { Call } from "./call.ts";
import type { JsonObject } from "./database.ts";
import { AuthError, OAuthError, validationFailed } from "./errors.ts";
import type { ProviderName, ProviderSettings } from "./settings.ts";
import { providerNames } from "./settings.ts";

/** What a provider says about a person. */
export interface Profile {
  provider: ProviderName;
  sub: string;
  email: string;
  emailVerified: boolean;
  /** As it is kept in the identity and shown in the user's metadata. */
  data: JsonObject & { sub: string };
}

interface Endpoints {
  authorization: string;
  token: string;
  userinfo: string;
}

interface Definition {
  issuer: string;
  scopes: string[];
  endpoints: Endpoints;
  /** Further parameters of the authorization request. */
  extra: Record<string, string>;
}

/** Names that the real server knows; all but the three above are always off here. */
export const knownProviders = [
  "apple",
  "azure",
  "bitbucket",
  "discord",
  "facebook",
  "figma",
  "fly",
  "github",
  "gitlab",
  "google",
  "kakao",
  "keycloak",
  "linkedin",
  "linkedin_oidc",
  "notion",
  "slack",
  "slack_oidc",
  "snapchat",
  "spotify",
  "twitch",
  "twitter",
  "workos",
  "x",
  "zoom",
];

const issuers = { apple: "https://appleid.apple.com", google: "https://accounts.google.com", keycloak: "" };

/** The provider's own issuer, or the one of the settings. */
export function issuerOf(name: ProviderName, settings: ProviderSettings): string {
  return settings.url || issuers[name];
}

const discoverySchema = z.looseObject({
  issuer: z.string(),
  jwks_uri: z.url(),
  authorization_endpoint: z.string().default(""),
  token_endpoint: z.string().default(""),
  userinfo_endpoint: z.string().default(""),
});
type Discovery = z.infer<typeof discoverySchema> & { keys: ReturnType<typeof createRemoteJWKSet> };

const discoveries = new Map<string, Discovery>();

async function discover(issuer: string): Promise<Discovery> {
  const known = discoveries.get(issuer);
  if (known !== undefined) return known;
  const response = await fetch(`${issuer}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(5000),
  });
  if (!response.ok) throw new Error(`discovery of ${issuer} answered ${response.status}`);
  const document = discoverySchema.parse(await response.json());
  const discovery = { ...document, keys: createRemoteJWKSet(new URL(document.jwks_uri)) };
  discoveries.set(issuer, discovery);
  return discovery;
}

/** Known without asking, so that sign-ins can begin on a machine without a network. */
const ownEndpoints: Record<"apple" | "google", Endpoints> = {
  apple: {
    authorization: "https://appleid.apple.com/auth/authorize",
    token: "https://appleid.apple.com/auth/token",
    userinfo: "",
  },
  google: {
    authorization: "https://accounts.google.com/o/oauth2/v2/auth",
    token: "https://oauth2.googleapis.com/token",
    userinfo: "https://openidconnect.googleapis.com/v1/userinfo",
  },
};

async function discoverEndpoints(issuer: string): Promise<Endpoints> {
  const found = await discover(issuer);
  return {
    authorization: found.authorization_endpoint,
    token: found.token_endpoint,
    userinfo: found.userinfo_endpoint,
  };
}

async function definitionOf(name: ProviderName, settings: ProviderSettings): Promise<Definition> {
  const issuer = issuerOf(name, settings);
  if (name === "keycloak") {
    const base = `${issuer}/protocol/openid-connect`;
    const endpoints = { authorization: `${base}/auth`, token: `${base}/token`, userinfo: `${base}/userinfo` };
    return { issuer, scopes: ["profile", "email"], endpoints, extra: {} };
  }
  const endpoints = settings.url === "" ? ownEndpoints[name] : await discoverEndpoints(issuer);
  if (name === "apple") {
    return { issuer, scopes: ["email", "name"], endpoints, extra: { response_mode: "form_post" } };
  }
  return { issuer, scopes: ["email", "profile"], endpoints, extra: {} };
}

/** The provider that a request names, if it is switched on. */
export function enabledProvider(
  call: Call,
  text: string,
): { name: ProviderName; settings: ProviderSettings } {
  const wanted = text.toLowerCase();
  if (!knownProviders.includes(wanted)) {
    throw validationFailed(`Unsupported provider: Provider ${text} could not be found`);
  }
  const name = providerNames.find((one) => one === wanted);
  const settings = name === undefined ? undefined : call.settings.providers[name];
  if (name === undefined || settings?.enabled !== true) {
    throw validationFailed("Unsupported provider: provider is not enabled");
  }
  return { name, settings };
}

const ownParameters = new Set([
  "provider",
  "scopes",
  "redirect_to",
  "code_challenge",
  "code_challenge_method",
  "skip_http_redirect",
  "invite_token",
  "client_id",
  "redirect_uri",
  "response_type",
  "scope",
  "state",
]);

/** Where people sign in at the provider. */
export async function authorizationUrl(call: Call, name: ProviderName, state: string): Promise<string> {
  const settings = call.settings.providers[name];
  const { endpoints, scopes, extra } = await definitionOf(name, settings);
  const url = new URL(endpoints.authorization);
  for (const [key, value] of Object.entries({ ...call.c.req.query(), ...extra })) {
    if (!ownParameters.has(key)) url.searchParams.set(key, value);
  }
  const asked = (call.c.req.query("scopes") ?? "").split(",").filter((scope) => scope !== "");
  url.searchParams.set("client_id", settings.clientIds[0] ?? "");
  url.searchParams.set("redirect_uri", settings.redirectUri);
  url.searchParams.set("response_type", "code");
  url.searchParams.set("scope", [...scopes, ...asked].join(" "));
  url.searchParams.set("state", state);
  return url.href;
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** What only this provider says, kept as it is. */
const ownClaims: Record<ProviderName, string[]> = {
  apple: ["auth_time", "is_private_email"],
  google: ["hd"],
  keycloak: [],
};

function toProfile(provider: ProviderName, issuer: string, claims: JsonObject): Profile {
  const sub = asText(claims.sub);
  if (sub === "") {
    throw new AuthError(500, "unexpected_failure", "Error getting user profile from external provider");
  }
  const email = asText(claims.email).toLowerCase();
  // Apple vouches for all it names; others may write their booleans as strings.
  const emailVerified = email !== "" && provider === "apple" ||
    claims.email_verified === true || claims.email_verified === "true";
  const own = Object.entries(claims).filter(([claim, value]) =>
    value !== undefined && ownClaims[provider].includes(claim)
  );
  const name = asText(claims.name);
  const picture = asText(claims.picture);
  const data = {
    iss: asText(claims.iss) || issuer,
    sub,
    provider_id: sub,
    ...(name === "" ? {} : { name, full_name: name }),
    ...(picture === "" ? {} : { picture, avatar_url: picture }),
    ...(email === "" ? {} : { email }),
    email_verified: emailVerified,
    phone_verified: false,
    ...(own.length === 0 ? {} : { custom_claims: Object.fromEntries(own) }),
  };
  return { provider, sub, email, emailVerified, data };
}

async function verifiedClaims(issuer: string, token: string, clientIds: string[]): Promise<JWTPayload> {
  const { issuer: named, keys } = await discover(issuer);
  const { payload } = await jwtVerify(token, keys, { issuer: named, requiredClaims: ["sub", "exp"] });
  const audiences = [payload.aud ?? []].flat();
  if (!audiences.some((audience) => clientIds.includes(audience))) {
    throw new OAuthError("invalid request", `Unacceptable audience in id_token: [${audiences.join(" ")}]`);
  }
  return payload;
}

const tokenSchema = z.looseObject({
  access_token: z.string(),
  refresh_token: z.string().default(""),
  id_token: z.string().default(""),
});

export interface ExchangedProfile {
  profile: Profile;
  accessToken: string;
  refreshToken: string;
}

/** Turns the provider's code into what it knows of the person. */
export async function exchangeProviderCode(
  call: Call,
  name: ProviderName,
  code: string,
): Promise<ExchangedProfile> {
  const settings = call.settings.providers[name];
  try {
    const { issuer, endpoints } = await definitionOf(name, settings);
    const clientId = settings.clientIds[0] ?? "";
    const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(settings.secret)}`;
    const response = await fetch(endpoints.token, {
      method: "POST",
      headers: {
        authorization: `Basic ${Buffer.from(credentials).toString("base64")}`,
        accept: "application/json",
      },
      body: new URLSearchParams({
        grant_type: "authorization_code",
        code,
        redirect_uri: settings.redirectUri,
      }),
      signal: AbortSignal.timeout(8000),
    });
    if (!response.ok) throw new Error(`the token endpoint answered ${response.status}`);
    const tokens = tokenSchema.parse(await response.json());
    const exchanged = { accessToken: tokens.access_token, refreshToken: tokens.refresh_token };
    if (name !== "keycloak" && tokens.id_token !== "") {
      const claims = await verifiedClaims(issuer, tokens.id_token, settings.clientIds);
      return { profile: toProfile(name, issuer, claims), ...exchanged };
    }
    const info = await fetch(endpoints.userinfo, {
      headers: { authorization: `Bearer ${tokens.access_token}`, accept: "application/json" },
      signal: AbortSignal.timeout(8000),
    });
    if (!info.ok) throw new Error(`the userinfo endpoint answered ${info.status}`);
    const claims = z.record(z.string(), z.unknown()).parse(await info.json());
    return { profile: toProfile(name, issuer, claims), ...exchanged };
  } catch (error) {
    if (error instanceof AuthError) throw error;
    throw new AuthError(500, "unexpected_failure", `Unable to exchange external code: ${code}`, error);
  }
}

function leftHalfHash(text: string): string {
  return createHash("sha256").update(text).digest().subarray(0, 16).toString("base64url");
}

/** Checks an id_token that an app got by itself. */
export async function profileOfIdToken(
  name: ProviderName,
  settings: ProviderSettings,
  token: string,
  accessToken: string,
  nonce: string,
): Promise<Profile> {
  const issuer = issuerOf(name, settings);
  let claims: JWTPayload;
  try {
    claims = await verifiedClaims(issuer, token, settings.clientIds);
  } catch (error) {
    if (error instanceof OAuthError) throw error;
    throw new OAuthError("invalid request", "Bad ID token");
  }
  if (accessToken !== "" && claims.at_hash !== undefined && claims.at_hash !== leftHalfHash(accessToken)) {
    throw new OAuthError("invalid request", "Bad ID token");
  }
  const claimed = asText(claims.nonce);
  if (!settings.skipNonceCheck) {
    if ((claimed === "") !== (nonce === "")) {
      throw new OAuthError(
        "invalid request",
        "Passed nonce and nonce in id_token should either both exist or not.",
      );
    }
    if (nonce !== "" && createHash("sha256").update(nonce).digest("hex") !== claimed) {
      throw new OAuthError("invalid nonce", "Nonces mismatch");
    }
  }
  return toProfile(name, issuer, claims);
}
