import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SignJWT } from "jose";
import { startIssuer } from "./support/issuer.ts";
import { canStartServers, sentBy } from "./support/own-server.ts";
import type { ProviderStage } from "./support/provider-stage.ts";
import { newPerson, startProviderStage } from "./support/provider-stage.ts";
import {
  admin,
  claimsOf,
  client,
  createUser,
  database,
  newAddress,
  parametersOf,
  password,
} from "./support/api.ts";

let stage: ProviderStage;

beforeAll(async () => {
  if (canStartServers) stage = await startProviderStage();
});

afterAll(async () => await stage?.stop());

describe.skipIf(!canStartServers)("linking", () => {
  test("adds a provider to a signed-in user, who keeps address and data", async () => {
    const { id, email } = await createUser("linker", { user_metadata: { name: "Mine" } });
    const app = client(undefined, stage.server.url);
    const { data } = await app.auth.signInWithPassword({ email, password });
    const state = await stage.begin("", data.session?.access_token ?? "");
    const user = await stage.userOf(parametersOf(await stage.comeBack(state, newPerson("linked")), "hash"));
    expect(user).toMatchObject({ id, email, user_metadata: { name: "Mine" } });
    const notice = { token: "", provider: "keycloak" };
    expect((await sentBy("send_email", email)).email_data)
      .toMatchObject({ ...notice, email_action_type: "identity_linked_notification" });
    expect(user.app_metadata.providers).toEqual(["email", "keycloak"]);
    expect((await stage.call("GET", "/user", undefined, { token: data.session?.access_token ?? "" })).status)
      .toBe(
        200,
      );

    const identity = user.identities.find(({ provider }) => provider === "email");
    expect(identity).toBeDefined();
    expect(identity && (await app.auth.unlinkIdentity(identity)).error).toBeNull();
    const after = (await app.auth.getUser()).data.user;
    expect(after?.identities?.map(({ provider }) => provider)).toEqual(["keycloak"]);
    expect(after?.email).not.toBe(email);
  });

  test("makes an anonymous user permanent", async () => {
    const { body } = await stage.call("POST", "/signup", {});
    const person = newPerson("settled");
    const state = await stage.begin("", body.access_token);
    const user = await stage.userOf(parametersOf(await stage.comeBack(state, person), "hash"));
    expect(user).toMatchObject({ id: body.user.id, is_anonymous: false, email: person.email });
  });

  test("waits for an address that nobody has proven, and takes none of somebody else", async () => {
    const { body } = await stage.call("POST", "/signup", {});
    const person = newPerson("unproven", { email_verified: false });
    const location = await stage.comeBack(await stage.begin("", body.access_token), person);
    expect(parametersOf(location, "search")).toEqual({
      error: "server_error",
      error_code: "email_not_confirmed",
      error_description:
        "Unverified email with keycloak. A confirmation email has been sent to your keycloak email",
    });
    expect((await sentBy("send_email", person.email)).email_data.email_action_type).toBe("signup");
    const { data } = await admin().getUserById(body.user.id);
    expect(data.user).toMatchObject({ email: person.email, is_anonymous: true });
    expect(data.user).not.toHaveProperty("email_confirmed_at");

    const { email } = await createUser("owner");
    const other = (await stage.call("POST", "/signup", {})).body;
    const taken = await stage.comeBack(
      await stage.begin("", other.access_token),
      newPerson("taken", { email }),
    );
    expect(parametersOf(taken, "search")).toMatchObject({
      error: "invalid_request",
      error_code: "email_exists",
    });
  });

  test("cannot be undone when the address that is left belongs to somebody else", async () => {
    const { email } = await createUser("conflict");
    const { email: theirs } = await createUser("conflict-owner");
    const app = client(undefined, stage.server.url);
    const { data } = await app.auth.signInWithPassword({ email, password });
    await stage.comeBack(
      await stage.begin("", data.session?.access_token ?? ""),
      newPerson("conflict", { email: theirs }),
    );
    const identities = (await app.auth.getUserIdentities()).data?.identities ?? [];
    const own = identities.find(({ provider }) => provider === "email");
    const { error } = await app.auth.unlinkIdentity(own as never);
    expect([error?.status, error?.code, error?.message]).toEqual([
      422,
      "email_conflict_identity_not_deletable",
      "Unable to unlink identity due to email conflict",
    ]);
    // An address that a provider knows is nobody else's to take.
    const stranger = await createUser("conflict-other");
    const { body } = await stage.call("POST", "/token?grant_type=password", {
      email: stranger.email,
      password,
    });
    const person = newPerson("known");
    const known = await stage.userOf(await stage.signIn(person));
    await admin().updateUserById(known.id, { email: newAddress("known-moved"), email_confirm: true });
    expect(
      (await stage.refusal("PUT", "/user", { email: person.email }, { token: body.access_token }))
        .slice(0, 2),
    ).toEqual([422, "email_exists"]);
  });

  test("can answer with the address instead of leading there", async () => {
    const { body } = await stage.call("POST", "/signup", {});
    const { body: answer } = await stage.call(
      "GET",
      `/user/identities/authorize?provider=keycloak&skip_http_redirect=true`,
      undefined,
      { token: body.access_token },
    );
    expect(answer.url.startsWith(`${stage.issuer.url}/protocol/openid-connect/auth?`)).toBe(true);
  });

  test("takes no identity from anybody", async () => {
    const person = newPerson("owned");
    await stage.signIn(person);
    const { body } = await stage.call("POST", "/signup", {});
    const location = await stage.comeBack(await stage.begin("", body.access_token), person);
    expect(parametersOf(location, "search")).toMatchObject({
      error_code: "identity_already_exists",
      error_description: "Identity is already linked to another user",
    });
  });
});

describe.skipIf(!canStartServers)("an id_token", () => {
  const grant = (body: Record<string, unknown>, token?: string) =>
    stage.call("POST", "/token?grant_type=id_token", body, token === undefined ? {} : { token });

  test("signs in", async () => {
    const person = newPerson("native");
    const nonce = "a-nonce";
    const idToken = await stage.issuer.idToken({
      ...person,
      aud: "test-client",
      nonce: createHash("sha256").update(nonce).digest("hex"),
    });
    const app = client(undefined, stage.server.url);
    const { data, error } = await app.auth.signInWithIdToken({ provider: "keycloak", token: idToken, nonce });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({ email: person.email, app_metadata: { provider: "keycloak" } });
    expect(data.user).not.toHaveProperty("confirmed_at");
    // A provider may be named by who it is instead.
    const token = await stage.issuer.idToken({ ...person, aud: "test-client" });
    const { body } = await grant({ issuer: stage.issuer.url, client_id: "test-client", id_token: token });
    expect(body.user?.id).toBe(data.user?.id);
  });

  test("must be whole, meant for this project and in time", async () => {
    const person = newPerson("picky");
    const good = await stage.issuer.idToken({ ...person, aud: "test-client" });
    const cases: [Record<string, unknown>, string, string][] = [
      [{ provider: "keycloak" }, "invalid request", "id_token required"],
      [{ provider: "keycloak", id_token: `${good.slice(0, -4)}AAAA` }, "invalid request", "Bad ID token"],
      [
        {
          provider: "keycloak",
          id_token: await stage.issuer.idToken({ ...person, aud: "test-client" }, -60),
        },
        "invalid request",
        "Bad ID token",
      ],
      [
        { provider: "keycloak", id_token: await stage.issuer.idToken({ ...person, aud: "zz" }) },
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
          id_token: await stage.issuer.idToken({ ...person, aud: "test-client", nonce: "other" }),
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

  test("is refused when it is forged, from elsewhere, too early or for another access token", async () => {
    const person = { ...newPerson("forged"), aud: "test-client" };
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = { ...person, iss: stage.issuer.url, exp: Math.floor(Date.now() / 1000) + 300 };
    const jwks = await (await fetch(`${stage.issuer.url}/protocol/openid-connect/certs`)).text();
    const withSecret = (secret: string) =>
      new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: "test-key" }).sign(
        new TextEncoder().encode(secret),
      );
    const stranger = await startIssuer();
    const tokens = [
      `${encode({ alg: "none" })}.${encode(claims)}.`,
      `${encode({ alg: "RS256", kid: "test-key" })}.${encode(claims)}.`,
      await withSecret(jwks),
      await withSecret("test-secret-of-at-least-32-characters"),
      await stranger.idToken(person),
      await stranger.idToken({ ...person, iss: stage.issuer.url }),
      await stage.issuer.idToken({ ...person, iss: stranger.url }),
      await stage.issuer.idToken({ ...person, nbf: Math.floor(Date.now() / 1000) + 300 }),
      "not.a.token",
    ];
    await stranger.close();
    for (const token of tokens) {
      const answer = await grant({ provider: "keycloak", id_token: token });
      expect([answer.status, answer.body])
        .toEqual([400, { error: "invalid request", error_description: "Bad ID token" }]);
    }
    const bound = await stage.issuer.idToken({
      ...person,
      at_hash: createHash("sha256").update("right").digest().subarray(0, 16).toString("base64url"),
    });
    const wrong = await grant({ provider: "keycloak", id_token: bound, access_token: "wrong" });
    expect(wrong.body).toEqual({ error: "invalid request", error_description: "Bad ID token" });
    expect((await database`select from auth.users where email = ${person.email}`).length).toBe(0);
    const right = await grant({ provider: "keycloak", id_token: bound, access_token: "right" });
    expect([right.status, right.body.user?.email]).toEqual([200, person.email]);
  });

  test("of a provider that is off is refused", async () => {
    const idToken = await stage.issuer.idToken({ ...newPerson("off"), aud: "test-client" });
    // Whatever the token is: it is not looked at.
    for (const token of [idToken, "not.a.token"]) {
      expect(
        await stage.refusal("POST", "/token?grant_type=id_token", { provider: "google", id_token: token }),
      )
        .toEqual([
          400,
          "provider_disabled",
          'Provider (issuer "https://accounts.google.com") is not enabled',
        ]);
    }
  });

  test("links to a signed-in user", async () => {
    const { body } = await stage.call("POST", "/signup", {});
    const person = newPerson("link-token");
    const idToken = await stage.issuer.idToken({ ...person, aud: "test-client" });
    const answer = await grant(
      { provider: "keycloak", id_token: idToken, link_identity: true },
      body.access_token,
    );
    expect(answer.status).toBe(200);
    expect(answer.body.user).toMatchObject({ id: body.user.id, email: person.email });
    expect(claimsOf(answer.body.access_token).session_id).not.toBe(claimsOf(body.access_token).session_id);
    const { email } = await createUser("link-token");
    const app = client(undefined, stage.server.url);
    await app.auth.signInWithPassword({ email, password });
    const { data, error } = await app.auth.linkIdentity({
      provider: "keycloak",
      token: await stage.issuer.idToken({ ...newPerson("link-client"), aud: "test-client" }),
    });
    expect([error, data.user?.email, data.user?.app_metadata.providers])
      .toEqual([null, email, ["email", "keycloak"]]);
  });
});
