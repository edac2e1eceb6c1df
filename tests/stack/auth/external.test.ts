import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canStartServers, eventsOf, plantAnswer, sentBy, startServer } from "./support/own-server.ts";
import type { ProviderStage } from "./support/provider-stage.ts";
import { afterSignIn, newPerson, startProviderStage } from "./support/provider-stage.ts";
import {
  admin,
  call as callAny,
  claimsOf,
  client,
  createUser,
  database,
  newAddress,
  newPhone,
  parametersOf,
  password,
} from "./support/api.ts";

let stage: ProviderStage;

beforeAll(async () => {
  if (canStartServers) stage = await startProviderStage();
});

afterAll(async () => await stage?.stop());

describe.skipIf(!canStartServers)("sign-in with a provider", () => {
  test("asks the provider with what it needs to know", async () => {
    const { status, headers } = await stage.call(
      "GET",
      `/authorize?provider=keycloak&scopes=a,b&redirect_to=${afterSignIn}&prompt=consent&state=mine&client_id=mine`,
    );
    expect(status).toBe(302);
    const url = new URL(headers.get("location") ?? "");
    expect(url.origin + url.pathname).toBe(`${stage.issuer.url}/protocol/openid-connect/auth`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: "test-client",
      redirect_uri: "http://127.0.0.1:3000/callback",
      response_type: "code",
      scope: "profile email a b",
      prompt: "consent",
      state: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  test("makes an account and comes back with tokens", async () => {
    const person = newPerson("ada", { picture: "https://example.com/ada.png" });
    const location = await stage.comeBack(await stage.begin(), person);
    expect(location.startsWith(`${afterSignIn}#access_token=`)).toBe(true);
    const tokens = parametersOf(location, "hash");
    expect(tokens).toMatchObject({
      token_type: "bearer",
      sb: "",
      provider_token: expect.stringMatching(/^access-/),
      provider_refresh_token: expect.stringMatching(/^refresh-/),
    });
    expect(tokens).not.toHaveProperty("type");
    expect(claimsOf(tokens.access_token ?? "").amr).toMatchObject([{ method: "oauth" }]);
    const user = await stage.userOf(tokens);
    expect(user).toMatchObject({
      email: person.email,
      email_confirmed_at: expect.any(String),
      app_metadata: { provider: "keycloak", providers: ["keycloak"] },
      user_metadata: {
        iss: stage.issuer.url,
        sub: person.sub,
        provider_id: person.sub,
        name: "Ada",
        full_name: "Ada",
        picture: "https://example.com/ada.png",
        avatar_url: "https://example.com/ada.png",
        email: person.email,
        email_verified: true,
        phone_verified: false,
      },
    });
    expect(user.identities).toMatchObject([{ id: person.sub, provider: "keycloak", email: person.email }]);
  });

  test("knows people again, keeps their address and takes over what is new", async () => {
    const person = newPerson("again");
    const first = await stage.userOf(await stage.signIn({ ...person, picture: "https://example.com/a.png" }));
    const second = await stage.userOf(
      await stage.signIn({ ...person, email: newAddress("moved"), name: "Ada L." }),
    );
    expect(second.id).toBe(first.id);
    expect(second.email).toBe(person.email);
    expect(second.user_metadata).toMatchObject({ full_name: "Ada L.", picture: expect.any(String) });
    // What the provider no longer says is not in its identity.
    expect(second.identities[0]?.identity_data).toMatchObject({ full_name: "Ada L." });
    expect(second.identities[0]?.identity_data).not.toHaveProperty("picture");
  });

  test("joins a confirmed account with the same proven address, which keeps its password", async () => {
    const { id, email } = await createUser("join");
    const user = await stage.userOf(await stage.signIn(newPerson("join", { email })));
    expect(user.id).toBe(id);
    expect(user.app_metadata.providers).toEqual(["email", "keycloak"]);
    const { error } = await client(undefined, stage.server.url).auth.signInWithPassword({ email, password });
    expect(error).toBeNull();
  });

  test("joins an unconfirmed account, which loses whatever somebody else may have set", async () => {
    const { id, email } = await createUser("squatter", {
      email_confirm: false,
      phone: newPhone(),
      phone_confirm: true,
      user_metadata: { planted: true },
    });
    const user = await stage.userOf(await stage.signIn(newPerson("squatter", { email })));
    expect(user.id).toBe(id);
    expect(user.identities.map(({ provider }: { provider: string }) => provider)).toEqual(["keycloak"]);
    expect(user.user_metadata).not.toHaveProperty("planted");
    const { error } = await client(undefined, stage.server.url).auth.signInWithPassword({ email, password });
    expect(error?.code).toBe("invalid_credentials");
  });

  test("lets nobody in with an unproven address", async () => {
    const person = newPerson("unproven", { email_verified: false });
    const location = await stage.comeBack(await stage.begin(), person);
    const message =
      "Unverified email with keycloak. A confirmation email has been sent to your keycloak email";
    expect(parametersOf(location, "search")).toEqual({
      error: "access_denied",
      error_code: "provider_email_needs_verification",
      error_description: message,
    });
    expect(location.split("#")[1]).toContain("error_code=provider_email_needs_verification");
    const { email_data: mail } = await sentBy("send_email", person.email);
    expect(mail.email_action_type).toBe("signup");
    const { body } = await stage.call("POST", "/verify", {
      type: "email",
      email: person.email,
      token: mail.token,
    });
    expect(body.user.identities[0]?.identity_data).toMatchObject({ email_verified: true });
    expect((await stage.userOf(await stage.signIn(person))).email).toBe(person.email);
  });

  test("never gives an unproven address of somebody else", async () => {
    const { id, email } = await createUser("victim");
    const location = await stage.comeBack(
      await stage.begin(),
      newPerson("attacker", { email, email_verified: false }),
    );
    expect(parametersOf(location, "search").error_code).toBe("provider_email_needs_verification");
    const { data } = await admin().getUserById(id);
    expect(data.user?.identities).toHaveLength(1);
  });

  test("needs an address", async () => {
    const location = await stage.comeBack(await stage.begin(), { sub: crypto.randomUUID() });
    expect(parametersOf(location, "search")).toMatchObject({
      error: "server_error",
      error_description: "Error getting user email from external provider",
    });
  });

  test("is closed to the banned", async () => {
    const person = newPerson("banned");
    const { id } = await stage.userOf(await stage.signIn(person));
    await admin().updateUserById(id, { ban_duration: "1h" });
    const location = await stage.comeBack(await stage.begin(), person);
    expect(parametersOf(location, "search")).toMatchObject({
      error: "access_denied",
      error_code: "user_banned",
    });
  });

  test("can be refused by the hook, which is asked with another id", async () => {
    const person = newPerson("refused");
    await plantAnswer(
      "before_user_created",
      person.email,
      `'{"error": {"http_code": 403, "message": "Not tonight"}}'::jsonb`,
    );
    const location = await stage.comeBack(await stage.begin(), person);
    expect(parametersOf(location, "search")).toMatchObject({
      error: "access_denied",
      error_code: "",
      error_description: "Not tonight",
    });
    const friendly = newPerson("welcome");
    const user = await stage.userOf(await stage.signIn(friendly));
    const [event] = await eventsOf("before_user_created", friendly.email);
    expect(event?.user.app_metadata.provider).toBe("keycloak");
    expect(event?.user.id).not.toBe(user.id);
  });

  test("ends in a code for those who asked with a challenge", async () => {
    const verifier = "a-verifier-of-at-least-forty-three-characters-0123456789";
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    const person = newPerson("exchange");
    const location = await stage.comeBack(
      await stage.begin(`&code_challenge=${challenge}&code_challenge_method=s256`),
      person,
    );
    const { code } = parametersOf(location, "search");
    const { status, body } = await stage.call("POST", "/token?grant_type=pkce", {
      auth_code: code,
      code_verifier: verifier,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      user: { email: person.email },
      provider_token: expect.stringMatching(/^access-/),
      provider_refresh_token: expect.stringMatching(/^refresh-/),
    });
    expect(claimsOf(body.access_token).amr).toMatchObject([{ method: "oauth" }]);
  });

  test("is offered only where switched on", async () => {
    expect(await stage.refusal("GET", "/authorize?provider=google"))
      .toEqual([400, "validation_failed", "Unsupported provider: provider is not enabled"]);
    expect(await stage.refusal("GET", "/authorize?provider=foo"))
      .toEqual([400, "validation_failed", "Unsupported provider: Provider foo could not be found"]);
    expect((await stage.refusal("GET", "/authorize?provider=keycloak&code_challenge=abc"))[0]).toBe(400);
  });
});

describe.skipIf(!canStartServers)("the way back", () => {
  const stray = async (query: string) => {
    const { status, headers } = await stage.call("GET", `/callback${query}`);
    const location = headers.get("location") ?? "";
    expect(status).toBe(303);
    expect(location.startsWith("http://127.0.0.1:3000")).toBe(true);
    expect(location).not.toContain("#");
    return parametersOf(location, "search");
  };

  test("needs a state that is under way", async () => {
    expect(await stray("?code=abc")).toMatchObject({
      error: "invalid_request",
      error_code: "bad_oauth_callback",
    });
    for (const state of ["nonsense", crypto.randomUUID()]) {
      expect(await stray(`?code=abc&state=${state}`))
        .toMatchObject({ error: "invalid_request", error_code: "bad_oauth_state" });
    }
    const late = await stage.begin();
    await database`update auth.flow_state set created_at = now() - interval '6 minutes' where id = ${late}`;
    expect(await stray(`?code=abc&state=${late}`)).toMatchObject({ error_code: "bad_oauth_state" });
  });

  test("is taken once", async () => {
    const state = await stage.begin();
    await stage.comeBack(state, newPerson("twice"));
    const { error_code: code } = await stray(`?code=abc&state=${state}`);
    expect(["flow_state_already_used", "bad_oauth_state"]).toContain(code);
  });

  test("passes on the provider's own error", async () => {
    const state = await stage.begin();
    const { status, headers } = await stage.call(
      "GET",
      `/callback?state=${state}&error=access_denied&error_description=The%20user%20said%20no`,
    );
    expect(status).toBe(302);
    expect(parametersOf(headers.get("location") ?? "", "search"))
      .toMatchObject({ error: "access_denied", error_description: "The user said no" });
  });

  test("reports a code that the provider does not take", async () => {
    const state = await stage.begin();
    const { headers } = await stage.call("GET", `/callback?state=${state}&code=unknown`);
    expect(parametersOf(headers.get("location") ?? "", "search").error).toBe("server_error");
  });

  test("may be a form, as Apple sends it", async () => {
    const person = newPerson("form");
    const state = await stage.begin();
    const answer = await fetch(`${stage.server.url}/callback`, {
      method: "POST",
      body: new URLSearchParams({ state, code: stage.issuer.codeFor(person) }),
      redirect: "manual",
    });
    expect(answer.status).toBe(302);
    expect(answer.headers.get("location")?.startsWith(`${afterSignIn}#access_token=`)).toBe(true);
  });
});

/** The real server asks the real Google and Apple only, so they cannot be stood in for there. */
describe.skipIf(!canStartServers || Boolean(process.env.STACK_AUTH))("Google and Apple", () => {
  const provider = (name: string, url: string) => ({
    [`GOTRUE_EXTERNAL_${name}_ENABLED`]: "true",
    [`GOTRUE_EXTERNAL_${name}_CLIENT_ID`]: "test-client,second-client",
    [`GOTRUE_EXTERNAL_${name}_SECRET`]: "test-secret",
    [`GOTRUE_EXTERNAL_${name}_URL`]: url,
    [`GOTRUE_EXTERNAL_${name}_REDIRECT_URI`]: "http://127.0.0.1:3000/callback",
  });

  test("can be any issuer here: codes and id_tokens", async () => {
    const own = await startServer({
      ...provider("GOOGLE", stage.issuer.url),
      ...provider("APPLE", stage.issuer.url),
    });
    try {
      for (const name of ["google", "apple"] as const) {
        const person = newPerson(
          name,
          name === "apple" ? { email_verified: false, auth_time: 1_700_000_000 } : { hd: "example.com" },
        );
        const begun = await callAny("GET", `/authorize?provider=${name}`, undefined, { base: own.url });
        const url = new URL(begun.headers.get("location") ?? "");
        expect(url.href.startsWith(`${stage.issuer.url}/protocol/openid-connect/auth?`)).toBe(true);
        expect(url.searchParams.get("response_mode")).toBe(name === "apple" ? "form_post" : null);
        const state = url.searchParams.get("state");
        const path = `/callback?state=${state}&code=${stage.issuer.codeFor(person)}`;
        const back = await callAny("GET", path, undefined, { base: own.url });
        const { access_token: token = "" } = parametersOf(back.headers.get("location") ?? "", "hash");
        const { body: user } = await callAny("GET", "/user", undefined, { base: own.url, token });
        expect(user).toMatchObject({
          email: person.email,
          app_metadata: { provider: name },
          user_metadata: {
            email_verified: true,
            custom_claims: name === "apple" ? { auth_time: 1_700_000_000 } : { hd: "example.com" },
          },
        });
        const idToken = await stage.issuer.idToken({ ...person, aud: "second-client" });
        const app = client(undefined, own.url);
        const { data, error } = await app.auth.signInWithIdToken({ provider: name, token: idToken });
        expect([error, data.user?.id]).toEqual([null, user.id]);
      }
    } finally {
      await own.stop();
    }
  });

  test("begin at their own addresses otherwise", async () => {
    const own = await startServer({ ...provider("GOOGLE", ""), ...provider("APPLE", "") });
    try {
      for (const [name, host] of [["google", "accounts.google.com"], ["apple", "appleid.apple.com"]]) {
        const { headers } = await callAny("GET", `/authorize?provider=${name}`, undefined, { base: own.url });
        expect(new URL(headers.get("location") ?? "").hostname).toBe(host);
      }
      const { body } = await callAny("GET", "/settings", undefined, { base: own.url });
      expect(body.external).toMatchObject({ google: true, apple: true, keycloak: false });
    } finally {
      await own.stop();
    }
  });
});
