import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Claims, Issuer } from "./support/issuer.ts";
import { startIssuer } from "./support/issuer.ts";
import type { OwnServer } from "./support/own-server.ts";
import {
  canStartServers,
  eventsOf,
  hookSettings,
  plantAnswer,
  sentBy,
  startServer,
} from "./support/own-server.ts";
import {
  admin,
  call as callAny,
  claimsOf,
  client,
  createUser,
  database,
  newAddress,
  parametersOf,
  password,
  refusal as refusalOfAny,
} from "./support/api.ts";

let issuer: Issuer;
let server: OwnServer;

beforeAll(async () => {
  if (!canStartServers) return;
  issuer = await startIssuer();
  server = await startServer({
    GOTRUE_EXTERNAL_KEYCLOAK_ENABLED: "true",
    GOTRUE_EXTERNAL_KEYCLOAK_CLIENT_ID: "test-client",
    GOTRUE_EXTERNAL_KEYCLOAK_SECRET: "test-secret",
    GOTRUE_EXTERNAL_KEYCLOAK_URL: issuer.url,
    GOTRUE_EXTERNAL_KEYCLOAK_REDIRECT_URI: "http://127.0.0.1:3000/callback",
    GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED: "true",
    GOTRUE_SECURITY_MANUAL_LINKING_ENABLED: "true",
    GOTRUE_URI_ALLOW_LIST: "http://127.0.0.1:3000/**",
    ...hookSettings("before_user_created"),
  });
});

afterAll(async () => {
  await server?.stop();
  await issuer?.close();
});

const call: typeof callAny = (method, path, body, options = {}) =>
  callAny(method, path, body, { base: server.url, ...options });
const refusal: typeof refusalOfAny = (method, path, body, options = {}) =>
  refusalOfAny(method, path, body, { base: server.url, ...options });
const to = "http://127.0.0.1:3000/after";

/** Begins a sign-in and says with which state the provider is asked. */
async function begin(query = "", token?: string): Promise<string> {
  const path = token === undefined ? "/authorize" : "/user/identities/authorize";
  const options = token === undefined ? {} : { token };
  const { status, headers } = await call(
    "GET",
    `${path}?provider=keycloak&redirect_to=${to}${query}`,
    undefined,
    options,
  );
  expect(status).toBe(302);
  return new URL(headers.get("location") ?? "").searchParams.get("state") ?? "";
}

/** Comes back from the provider. */
async function comeBack(state: string, claims: Claims): Promise<string> {
  const { status, headers } = await call("GET", `/callback?state=${state}&code=${issuer.codeFor(claims)}`);
  expect(status).toBe(302);
  return headers.get("location") ?? "";
}

async function signIn(claims: Claims): Promise<Record<string, string>> {
  return parametersOf(await comeBack(await begin(), claims), "hash");
}

async function userOf(tokens: Record<string, string>) {
  return (await call("GET", "/user", undefined, { token: tokens.access_token ?? "" })).body;
}

function newPerson(name: string, more: Partial<Claims> = {}): Claims & { email: string } {
  return { sub: crypto.randomUUID(), email: newAddress(name), email_verified: true, name: "Ada", ...more };
}

describe.skipIf(!canStartServers)("sign-in with a provider", () => {
  test("asks the provider with what it needs to know", async () => {
    const { status, headers } = await call(
      "GET",
      `/authorize?provider=keycloak&scopes=a,b&redirect_to=${to}&prompt=consent&state=mine&client_id=mine`,
    );
    expect(status).toBe(302);
    const url = new URL(headers.get("location") ?? "");
    expect(url.origin + url.pathname).toBe(`${issuer.url}/protocol/openid-connect/auth`);
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
    const location = await comeBack(await begin(), person);
    expect(location.startsWith(`${to}#access_token=`)).toBe(true);
    const tokens = parametersOf(location, "hash");
    expect(tokens).toMatchObject({
      token_type: "bearer",
      sb: "",
      provider_token: expect.stringMatching(/^access-/),
      provider_refresh_token: expect.stringMatching(/^refresh-/),
    });
    expect(tokens).not.toHaveProperty("type");
    expect(claimsOf(tokens.access_token ?? "").amr).toMatchObject([{ method: "oauth" }]);
    const user = await userOf(tokens);
    expect(user).toMatchObject({
      email: person.email,
      email_confirmed_at: expect.any(String),
      app_metadata: { provider: "keycloak", providers: ["keycloak"] },
      user_metadata: {
        iss: issuer.url,
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
    const first = await userOf(await signIn(person));
    const second = await userOf(await signIn({ ...person, email: newAddress("moved"), name: "Ada L." }));
    expect(second.id).toBe(first.id);
    expect(second.email).toBe(person.email);
    expect(second.user_metadata.full_name).toBe("Ada L.");
  });

  test("joins a confirmed account with the same proven address, which keeps its password", async () => {
    const { id, email } = await createUser("join");
    const user = await userOf(await signIn(newPerson("join", { email })));
    expect(user.id).toBe(id);
    expect(user.app_metadata.providers).toEqual(["email", "keycloak"]);
    const { error } = await client(undefined, server.url).auth.signInWithPassword({ email, password });
    expect(error).toBeNull();
  });

  test("joins an unconfirmed account, which loses whatever somebody else may have set", async () => {
    const { id, email } = await createUser("squatter", { email_confirm: false });
    const user = await userOf(await signIn(newPerson("squatter", { email })));
    expect(user.id).toBe(id);
    expect(user.identities.map(({ provider }: { provider: string }) => provider)).toEqual(["keycloak"]);
    const { error } = await client(undefined, server.url).auth.signInWithPassword({ email, password });
    expect(error?.code).toBe("invalid_credentials");
  });

  test("lets nobody in with an unproven address", async () => {
    const person = newPerson("unproven", { email_verified: false });
    const location = await comeBack(await begin(), person);
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
    await call("POST", "/verify", { type: "email", email: person.email, token: mail.token });
    expect((await userOf(await signIn(person))).email).toBe(person.email);
  });

  test("never gives an unproven address of somebody else", async () => {
    const { id, email } = await createUser("victim");
    const location = await comeBack(await begin(), newPerson("attacker", { email, email_verified: false }));
    expect(parametersOf(location, "search").error_code).toBe("provider_email_needs_verification");
    const { data } = await admin().getUserById(id);
    expect(data.user?.identities).toHaveLength(1);
  });

  test("needs an address", async () => {
    const location = await comeBack(await begin(), { sub: crypto.randomUUID() });
    expect(parametersOf(location, "search")).toMatchObject({
      error: "server_error",
      error_description: "Error getting user email from external provider",
    });
  });

  test("is closed to the banned", async () => {
    const person = newPerson("banned");
    const { id } = await userOf(await signIn(person));
    await admin().updateUserById(id, { ban_duration: "1h" });
    const location = await comeBack(await begin(), person);
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
    const location = await comeBack(await begin(), person);
    expect(parametersOf(location, "search")).toMatchObject({
      error: "access_denied",
      error_code: "",
      error_description: "Not tonight",
    });
    const friendly = newPerson("welcome");
    const user = await userOf(await signIn(friendly));
    const [event] = await eventsOf("before_user_created", friendly.email);
    expect(event.user.app_metadata.provider).toBe("keycloak");
    expect(event.user.id).not.toBe(user.id);
  });

  test("ends in a code for those who asked with a challenge", async () => {
    const verifier = "a-verifier-of-at-least-forty-three-characters-0123456789";
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    const person = newPerson("exchange");
    const location = await comeBack(
      await begin(`&code_challenge=${challenge}&code_challenge_method=s256`),
      person,
    );
    const { code } = parametersOf(location, "search");
    const { status, body } = await call("POST", "/token?grant_type=pkce", {
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
    expect(await refusal("GET", "/authorize?provider=google"))
      .toEqual([400, "validation_failed", "Unsupported provider: provider is not enabled"]);
    expect(await refusal("GET", "/authorize?provider=foo"))
      .toEqual([400, "validation_failed", "Unsupported provider: Provider foo could not be found"]);
    expect((await refusal("GET", "/authorize?provider=keycloak&code_challenge=abc"))[0]).toBe(400);
  });
});

describe.skipIf(!canStartServers)("the way back", () => {
  const stray = async (query: string) => {
    const { status, headers } = await call("GET", `/callback${query}`);
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
    const late = await begin();
    await database`update auth.flow_state set created_at = now() - interval '6 minutes' where id = ${late}`;
    expect(await stray(`?code=abc&state=${late}`)).toMatchObject({ error_code: "bad_oauth_state" });
  });

  test("is taken once", async () => {
    const state = await begin();
    await comeBack(state, newPerson("twice"));
    const { error_code: code } = await stray(`?code=abc&state=${state}`);
    expect(["flow_state_already_used", "bad_oauth_state"]).toContain(code);
  });

  test("passes on the provider's own error", async () => {
    const state = await begin();
    const { status, headers } = await call(
      "GET",
      `/callback?state=${state}&error=access_denied&error_description=The%20user%20said%20no`,
    );
    expect(status).toBe(302);
    expect(parametersOf(headers.get("location") ?? "", "search"))
      .toMatchObject({ error: "access_denied", error_description: "The user said no" });
  });

  test("reports a code that the provider does not take", async () => {
    const state = await begin();
    const { headers } = await call("GET", `/callback?state=${state}&code=unknown`);
    expect(parametersOf(headers.get("location") ?? "", "search").error).toBe("server_error");
  });

  test("may be a form, as Apple sends it", async () => {
    const person = newPerson("form");
    const state = await begin();
    const answer = await fetch(`${server.url}/callback`, {
      method: "POST",
      body: new URLSearchParams({ state, code: issuer.codeFor(person) }),
      redirect: "manual",
    });
    expect(answer.status).toBe(302);
    expect(answer.headers.get("location")?.startsWith(`${to}#access_token=`)).toBe(true);
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
    const own = await startServer({ ...provider("GOOGLE", issuer.url), ...provider("APPLE", issuer.url) });
    try {
      for (const name of ["google", "apple"] as const) {
        const person = newPerson(
          name,
          name === "apple" ? { email_verified: "true" as unknown as boolean } : {},
        );
        const begun = await callAny("GET", `/authorize?provider=${name}`, undefined, { base: own.url });
        const url = new URL(begun.headers.get("location") ?? "");
        expect(url.href.startsWith(`${issuer.url}/protocol/openid-connect/auth?`)).toBe(true);
        expect(url.searchParams.get("response_mode")).toBe(name === "apple" ? "form_post" : null);
        const state = url.searchParams.get("state");
        const path = `/callback?state=${state}&code=${issuer.codeFor(person)}`;
        const back = await callAny("GET", path, undefined, { base: own.url });
        const { access_token: token = "" } = parametersOf(back.headers.get("location") ?? "", "hash");
        const { body: user } = await callAny("GET", "/user", undefined, { base: own.url, token });
        expect(user).toMatchObject({ email: person.email, app_metadata: { provider: name } });
        const idToken = await issuer.idToken({ ...person, aud: "second-client" });
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

describe.skipIf(!canStartServers)("linking", () => {
  test("adds a provider to a signed-in user, who keeps address and data", async () => {
    const { id, email } = await createUser("linker", { user_metadata: { name: "Mine" } });
    const app = client(undefined, server.url);
    const { data } = await app.auth.signInWithPassword({ email, password });
    const state = await begin("", data.session?.access_token ?? "");
    const user = await userOf(parametersOf(await comeBack(state, newPerson("linked")), "hash"));
    expect(user).toMatchObject({ id, email, user_metadata: { name: "Mine" } });
    expect(user.app_metadata.providers).toEqual(["email", "keycloak"]);
    expect((await call("GET", "/user", undefined, { token: data.session?.access_token ?? "" })).status).toBe(
      200,
    );

    const identity = user.identities.find(({ provider }: { provider: string }) => provider === "email");
    expect((await app.auth.unlinkIdentity(identity)).error).toBeNull();
    const after = (await app.auth.getUser()).data.user;
    expect(after?.identities?.map(({ provider }) => provider)).toEqual(["keycloak"]);
    expect(after?.email).not.toBe(email);
  });

  test("makes an anonymous user permanent", async () => {
    const { body } = await call("POST", "/signup", {});
    const person = newPerson("settled");
    const state = await begin("", body.access_token);
    const user = await userOf(parametersOf(await comeBack(state, person), "hash"));
    expect(user).toMatchObject({ id: body.user.id, is_anonymous: false, email: person.email });
  });

  test("can answer with the address instead of leading there", async () => {
    const { body } = await call("POST", "/signup", {});
    const { body: answer } = await call(
      "GET",
      `/user/identities/authorize?provider=keycloak&skip_http_redirect=true`,
      undefined,
      { token: body.access_token },
    );
    expect(answer.url.startsWith(`${issuer.url}/protocol/openid-connect/auth?`)).toBe(true);
  });

  test("takes no identity from anybody", async () => {
    const person = newPerson("owned");
    await signIn(person);
    const { body } = await call("POST", "/signup", {});
    const location = await comeBack(await begin("", body.access_token), person);
    expect(parametersOf(location, "search")).toMatchObject({
      error_code: "identity_already_exists",
      error_description: "Identity is already linked to another user",
    });
  });
});

describe.skipIf(!canStartServers)("an id_token", () => {
  const grant = (body: Record<string, unknown>, token?: string) =>
    call("POST", "/token?grant_type=id_token", body, token === undefined ? {} : { token });

  test("signs in", async () => {
    const person = newPerson("native");
    const nonce = "a-nonce";
    const idToken = await issuer.idToken({
      ...person,
      aud: "test-client",
      nonce: createHash("sha256").update(nonce).digest("hex"),
    });
    const app = client(undefined, server.url);
    const { data, error } = await app.auth.signInWithIdToken({ provider: "keycloak", token: idToken, nonce });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({ email: person.email, app_metadata: { provider: "keycloak" } });
    expect(data.user).not.toHaveProperty("confirmed_at");
  });

  test("must be whole, meant for this project and in time", async () => {
    const person = newPerson("picky");
    const good = await issuer.idToken({ ...person, aud: "test-client" });
    const cases: [Record<string, unknown>, string, string][] = [
      [{ provider: "keycloak" }, "invalid request", "id_token required"],
      [{ provider: "keycloak", id_token: `${good.slice(0, -4)}AAAA` }, "invalid request", "Bad ID token"],
      [
        { provider: "keycloak", id_token: await issuer.idToken({ ...person, aud: "test-client" }, -60) },
        "invalid request",
        "Bad ID token",
      ],
      [
        { provider: "keycloak", id_token: await issuer.idToken({ ...person, aud: "zz" }) },
        "invalid request",
        "Unacceptable audience in id_token: [zz]",
      ],
      [
        { provider: "keycloak", id_token: good, nonce: "n" },
        "invalid request",
        "Passed nonce and nonce in id_token should either both exist or not.",
      ],
      [
        {
          provider: "keycloak",
          id_token: await issuer.idToken({ ...person, aud: "test-client", nonce: "other" }),
          nonce: "n",
        },
        "invalid nonce",
        "Nonces mismatch",
      ],
    ];
    for (const [body, error, description] of cases) {
      const answer = await grant(body);
      expect([answer.status, answer.body]).toEqual([400, { error, error_description: description }]);
    }
    expect((await database`select from auth.users where email = ${person.email}`).length).toBe(0);
  });

  test("of a provider that is off is refused", async () => {
    const idToken = await issuer.idToken({ ...newPerson("off"), aud: "test-client" });
    const [status, code] = await refusal("POST", "/token?grant_type=id_token", {
      provider: "google",
      id_token: idToken,
    });
    expect([status, code]).toEqual([400, "provider_disabled"]);
  });

  test("links to a signed-in user", async () => {
    const { body } = await call("POST", "/signup", {});
    const person = newPerson("link-token");
    const idToken = await issuer.idToken({ ...person, aud: "test-client" });
    const answer = await grant(
      { provider: "keycloak", id_token: idToken, link_identity: true },
      body.access_token,
    );
    expect(answer.status).toBe(200);
    expect(answer.body.user).toMatchObject({ id: body.user.id, email: person.email });
    expect(claimsOf(answer.body.access_token).session_id).not.toBe(claimsOf(body.access_token).session_id);
  });
});
