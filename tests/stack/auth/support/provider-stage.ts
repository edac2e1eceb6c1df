import { expect } from "vitest";
import type { Answer, Body, CallOptions } from "./api.ts";
import { call, newAddress, parametersOf, refusal } from "./api.ts";
import type { Claims, Issuer } from "./issuer.ts";
import { startIssuer } from "./issuer.ts";
import type { OwnServer } from "./own-server.ts";
import { hookSettings, startServer } from "./own-server.ts";

export const afterSignIn = "http://127.0.0.1:3000/after";

/** An Auth server with one provider, which is an issuer of the tests' own. */
export interface ProviderStage {
  issuer: Issuer;
  server: OwnServer;
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  refusal(
    method: string,
    path: string,
    body?: unknown,
    options?: CallOptions,
  ): Promise<[number, string, string]>;
  /** Begins a sign-in and says with which state the provider is asked. */
  begin(query?: string, token?: string): Promise<string>;
  /** Comes back from the provider, and says where that leads. */
  comeBack(state: string, claims: Claims): Promise<string>;
  /** The whole way; the tokens at its end. */
  signIn(claims: Claims): Promise<Record<string, string>>;
  userOf(tokens: Record<string, string>): Promise<Body>;
  stop(): Promise<void>;
}

export function newPerson(name: string, more: Partial<Claims> = {}): Claims & { email: string } {
  return { sub: crypto.randomUUID(), email: newAddress(name), email_verified: true, name: "Ada", ...more };
}

export async function startProviderStage(): Promise<ProviderStage> {
  const issuer = await startIssuer();
  const server = await startServer({
    GOTRUE_EXTERNAL_KEYCLOAK_ENABLED: "true",
    GOTRUE_EXTERNAL_KEYCLOAK_CLIENT_ID: "test-client",
    GOTRUE_EXTERNAL_KEYCLOAK_SECRET: "test-secret",
    GOTRUE_EXTERNAL_KEYCLOAK_URL: issuer.url,
    GOTRUE_EXTERNAL_KEYCLOAK_REDIRECT_URI: "http://127.0.0.1:3000/callback",
    GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED: "true",
    GOTRUE_SECURITY_MANUAL_LINKING_ENABLED: "true",
    GOTRUE_MAILER_NOTIFICATIONS_IDENTITY_LINKED_ENABLED: "true",
    GOTRUE_MAILER_NOTIFICATIONS_IDENTITY_UNLINKED_ENABLED: "true",
    GOTRUE_URI_ALLOW_LIST: "http://127.0.0.1:3000/**",
    ...hookSettings("before_user_created"),
  });
  const stage: ProviderStage = {
    issuer,
    server,
    call: (method, path, body, options) => call(method, path, body, { base: server.url, ...options }),
    refusal: (method, path, body, options) => refusal(method, path, body, { base: server.url, ...options }),
    begin: async (query = "", token) => {
      const path = token === undefined ? "/authorize" : "/user/identities/authorize";
      const { status, headers } = await stage.call(
        "GET",
        `${path}?provider=keycloak&redirect_to=${afterSignIn}${query}`,
        undefined,
        token === undefined ? {} : { token },
      );
      expect(status).toBe(302);
      return new URL(headers.get("location") ?? "").searchParams.get("state") ?? "";
    },
    comeBack: async (state, claims) => {
      const path = `/callback?state=${state}&code=${issuer.codeFor(claims)}`;
      const { status, headers } = await stage.call("GET", path);
      expect(status).toBe(302);
      return headers.get("location") ?? "";
    },
    signIn: async (claims) => {
      const tokens = parametersOf(await stage.comeBack(await stage.begin(), claims), "hash");
      expect(tokens, "what the provider's user came back with").toHaveProperty("access_token");
      return tokens;
    },
    userOf: async (tokens) => {
      const { status, body } = await stage.call("GET", "/user", undefined, {
        token: tokens.access_token ?? "",
      });
      expect({ status, body }).toMatchObject({ status: 200 });
      return body;
    },
    stop: async () => {
      await server.stop();
      await issuer.close();
    },
  };
  return stage;
}
