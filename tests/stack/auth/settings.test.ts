import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createLocalJWKSet, importJWK, jwtVerify, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import type { OwnServer } from "./support/own-server.ts";
import { canStartServers, eventsOf, newSigningKey, sentBy, startServer } from "./support/own-server.ts";
import { at, start } from "./support/passing-servers.ts";
import {
  claimsOf,
  client,
  createUser,
  database,
  environment,
  handmadeToken,
  headerOf,
  newAddress,
  newPhone,
  parametersOf,
  password,
  signedIn,
} from "./support/api.ts";

type Body = Record<string, unknown>;

describe.skipIf(!canStartServers)("confirmation at once", () => {
  test("gives a session on sign-up, and tells who has an account", async () => {
    const { call } = at(
      await start({
        GOTRUE_MAILER_AUTOCONFIRM: "true",
        GOTRUE_SMS_AUTOCONFIRM: "true",
        GOTRUE_EXTERNAL_PHONE_ENABLED: "true",
      }),
    );
    const email = newAddress("at-once");
    const { status, body } = await call("POST", "/signup", { email, password });
    expect(status).toBe(200);
    expect(claimsOf(body.access_token).amr).toMatchObject([{ method: "password" }]);
    expect(body.user).toMatchObject({ email, email_confirmed_at: expect.any(String) });
    expect(body.user).not.toHaveProperty("confirmed_at");
    const again = await call("POST", "/signup", { email, password });
    expect([again.status, again.body])
      .toEqual([422, { code: "user_already_exists", message: "User already registered" }]);
    const phone = newPhone();
    expect((await call("POST", "/signup", { phone, password })).body.user.phone).toBe(phone);
  });

  test("takes one word for a change of address", async () => {
    const server = at(await start({ GOTRUE_MAILER_AUTOCONFIRM: "true" }));
    const { email } = await createUser("one-word");
    const { access_token: token } = await server.signIn({ email });
    const target = newAddress("one-word");
    await server.call("PUT", "/user", { email: target }, token);
    const { email_data: mail } = await sentBy("send_email", email);
    const { body } = await server.call("POST", "/verify", { type: "email_change", email, token: mail.token });
    expect(body.user.email).toBe(target);
  });

  test("makes an account of whoever asks for a code, which comes all the same", async () => {
    const server = at(
      await start({
        GOTRUE_MAILER_AUTOCONFIRM: "true",
        GOTRUE_SMS_AUTOCONFIRM: "true",
        GOTRUE_EXTERNAL_PHONE_ENABLED: "true",
      }),
    );
    const [email, phone] = [newAddress("at-once"), newPhone()];
    for (const address of [{ email }, { phone }]) {
      const answer = await server.call("POST", "/otp", address);
      expect([answer.status, answer.body]).toEqual([200, {}]);
    }
    const sessions = await database<{ method: string }[]>`
      select claims.authentication_method as method
      from auth.users join auth.sessions on sessions.user_id = users.id
        join auth.mfa_amr_claims as claims on claims.session_id = sessions.id
      where users.email = ${email} or users.phone = ${phone}`;
    expect(sessions).toEqual([{ method: "password" }, { method: "password" }]);
    const mailed = await sentBy("send_email", email);
    expect(mailed.email_data.email_action_type).toBe("magiclink");
    const texted = await sentBy("send_sms", phone);
    for (
      const proof of [
        { type: "magiclink", email, token: mailed.email_data.token },
        { type: "sms", phone, token: texted.sms.otp },
      ]
    ) {
      expect((await server.call("POST", "/verify", proof)).body.user).toMatchObject(
        proof.type === "sms" ? { phone } : { email },
      );
    }
  });

  test("makes an anonymous user permanent at once", async () => {
    const { call } = at(
      await start({ GOTRUE_MAILER_AUTOCONFIRM: "true", GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED: "true" }),
    );
    const { body } = await call("POST", "/signup", {});
    const email = newAddress("anonymous");
    const changed = await call("PUT", "/user", { email, password }, body.access_token);
    expect(changed.body).toMatchObject({ email, is_anonymous: false, app_metadata: {} });
  });
});

describe.skipIf(!canStartServers)("what is switched off", () => {
  test("says so", async () => {
    const { call } = at(
      await start({
        GOTRUE_DISABLE_SIGNUP: "true",
        GOTRUE_EXTERNAL_EMAIL_ENABLED: "false",
        GOTRUE_MFA_TOTP_ENROLL_ENABLED: "false",
        GOTRUE_MFA_TOTP_VERIFY_ENABLED: "false",
      }),
    );
    const email = newAddress("off");
    const refused = async (path: string, body: unknown) => {
      const answer = await call("POST", path, body);
      return [answer.status, answer.body.code, answer.body.message];
    };
    expect(await refused("/signup", { email, password }))
      .toEqual([422, "signup_disabled", "Signups not allowed for this instance"]);
    expect(await refused("/signup", {}))
      .toEqual([422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled"]);
    expect(await refused("/token?grant_type=password", { email, password }))
      .toEqual([422, "email_provider_disabled", "Email logins are disabled"]);
    expect(await refused("/token?grant_type=password", { phone: newPhone(), password }))
      .toEqual([422, "phone_provider_disabled", "Phone logins are disabled"]);
    for (const path of ["/recover", "/resend"]) {
      expect(await refused(path, { email, type: "signup" }))
        .toEqual([400, "email_provider_disabled", "Email logins are disabled"]);
    }
    expect(await refused("/otp", { email }))
      .toEqual([422, "email_provider_disabled", "Email logins are disabled"]);
    expect(await refused("/otp", { phone: newPhone() }))
      .toEqual([400, "phone_provider_disabled", "Unsupported phone provider"]);
    const ofProject = await signedIn("off");
    const token = await handmadeToken({
      sub: ofProject.id,
      session_id: claimsOf(ofProject.token).session_id,
    });
    const enroll = await call("POST", "/factors", { factor_type: "totp" }, token);
    expect([enroll.status, enroll.body.code, enroll.body.message])
      .toEqual([422, "mfa_totp_enroll_not_enabled", "MFA enroll is disabled for TOTP"]);
    const { data: factor } = await ofProject.client.auth.mfa.enroll({ factorType: "totp" });
    const challenge = await call("POST", `/factors/${factor?.id}/challenge`, {}, token);
    expect([challenge.status, challenge.body.code, challenge.body.message])
      .toEqual([422, "mfa_totp_verify_not_enabled", "MFA verification is disabled for TOTP"]);
    const link = await call("GET", "/user/identities/authorize?provider=google", undefined, token);
    expect([link.status, link.body.code]).toEqual([404, "manual_linking_disabled"]);
    const unauthorized = await call("GET", "/user");
    expect([unauthorized.status, unauthorized.body])
      .toEqual([401, { code: "no_authorization", message: "This endpoint requires a valid Bearer token" }]);
    const invited = await call("POST", "/invite", { email }, environment.serviceRoleKey);
    expect([invited.status, invited.body.email]).toEqual([200, email]);
    const settings = await call("GET", "/settings");
    expect(settings.body).toMatchObject({
      disable_signup: true,
      external: { email: false, anonymous_users: false },
    });
  });

  test("sign-ups, for whoever has not confirmed too", async () => {
    const { call } = at(await start({ GOTRUE_DISABLE_SIGNUP: "true" }));
    const { email } = await createUser("waiting", { email_confirm: false });
    for (const address of [email, newAddress("nobody")]) {
      const { status, body } = await call("POST", "/otp", { email: address });
      expect([status, body])
        .toEqual([422, { code: "signup_disabled", message: "Signups not allowed for this instance" }]);
    }
    expect((await call("POST", "/otp", { email: (await createUser("settled")).email })).status).toBe(200);
  });

  test("sign-ups by e-mail and phone", async () => {
    const { call } = at(await start({ GOTRUE_EXTERNAL_EMAIL_ENABLED: "false" }));
    const email = await call("POST", "/signup", { email: newAddress("off"), password });
    expect([email.status, email.body.message]).toEqual([400, "Email signups are disabled"]);
    const phone = await call("POST", "/signup", { phone: newPhone(), password });
    expect([phone.status, phone.body.message]).toEqual([400, "Phone signups are disabled"]);
  });
});

describe.skipIf(!canStartServers)("signing keys", () => {
  /** What the client finds in a token, having checked it as the keys of the server allow. */
  const claimsBy = (server: OwnServer, token: string) => client(undefined, server.url).auth.getClaims(token);

  test("can be changed while old tokens live", async () => {
    const [old, fresh] = [newSigningKey("old-key"), newSigningKey("new-key")];
    const { email } = await createUser("keys");
    const methods = { GOTRUE_JWT_VALID_METHODS: "HS256,RS256,ES256" };
    const before = await start({ ...methods, GOTRUE_JWT_KEYS: JSON.stringify([old]) });
    const { access_token: oldToken } = await at(before).signIn({ email });
    expect(headerOf(oldToken))
      .toEqual({ alg: "ES256", kid: "old-key", typ: "JWT" });

    const keys = JSON.stringify([fresh, { ...old, key_ops: ["verify"] }]);
    const during = at(await start({ ...methods, GOTRUE_JWT_KEYS: keys }));
    expect((await during.call("GET", "/user", undefined, oldToken)).status).toBe(200);
    const { access_token: newToken } = await during.signIn({ email });
    expect(headerOf(newToken).kid).toBe("new-key");
    const { body } = await during.call("GET", "/.well-known/jwks.json");
    expect(body.keys.map(({ kid }) => kid)).toEqual(["new-key", "old-key"]);

    const after = at(await start({ ...methods, GOTRUE_JWT_KEYS: JSON.stringify([fresh]) }));
    expect((await after.call("GET", "/user", undefined, oldToken)).body.code).toBe("bad_jwt");
    expect((await after.call("GET", "/user", undefined, newToken)).status).toBe(200);
  });

  test("may be RSA, and wait before they sign", async () => {
    const rsa = (kid: string, operations: string[]) => ({
      ...generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }),
      kid,
      alg: "RS256",
      use: "sig",
      key_ops: operations,
    });
    const [current, standby] = [rsa("current", ["sign", "verify"]), rsa("standby", ["verify"])];
    const keys = JSON.stringify([standby, current]);
    const started = await start({ GOTRUE_JWT_KEYS: keys });
    const server = at(started);
    const { email } = await createUser("rsa");
    const { access_token: token } = await server.signIn({ email });
    expect(headerOf(token))
      .toEqual({ alg: "RS256", kid: "current", typ: "JWT" });
    const early = await new SignJWT(claimsOf(token)).setProtectedHeader({
      alg: "RS256",
      kid: "standby",
      typ: "JWT",
    })
      .sign(await importJWK({ ...standby, key_ops: ["sign"] }, "RS256"));
    for (const one of [token, early]) {
      expect((await server.call("GET", "/user", undefined, one)).body.email).toBe(email);
    }
    const { headers, body } = await server.call("GET", "/.well-known/jwks.json");
    expect(headers.get("cache-control")).toBe("public, max-age=600");
    expect(body.keys.map((key: Body) => [key.kid, key.use, key.key_ops, Object.keys(key).sort()])).toEqual(
      ["standby", "current"].map((
        kid,
      ) => [kid, "sig", ["verify"], ["alg", "e", "key_ops", "kid", "kty", "n", "use"]]),
    );
    expect((await claimsBy(started, token)).data?.claims.sub).toBe(claimsOf(token).sub);
    // The shared secret is none of the methods that these keys allow.
    const shared = await handmadeToken({ sub: claimsOf(token).sub });
    expect((await server.call("GET", "/user", undefined, shared)).body.code).toBe("bad_jwt");
  });

  test("may be of every kind that clients can check", async () => {
    const kinds = [
      ["RS512", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey],
      ["ES512", generateKeyPairSync("ec", { namedCurve: "P-521" }).privateKey],
      ["EdDSA", generateKeyPairSync("ed25519").privateKey],
    ] as const;
    const { email } = await createUser("kinds");
    for (const [alg, key] of kinds) {
      const jwk = { ...key.export({ format: "jwk" }), kid: alg, alg, key_ops: ["sign", "verify"] };
      const server = at(await start({ GOTRUE_JWT_KEYS: JSON.stringify([jwk]) }));
      const { access_token: token } = await server.signIn({ email });
      expect(headerOf(token)).toEqual({ alg, kid: alg, typ: "JWT" });
      const { body: set } = await server.call("GET", "/.well-known/jwks.json");
      const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: set.keys }));
      expect((await server.call("GET", "/user", undefined, token)).body.id).toBe(payload.sub);
    }
  });

  test("do without: the shared secret signs", async () => {
    const started = await start({ GOTRUE_JWT_KEY_ID: "shared" });
    const server = at(started);
    const { email } = await createUser("secret");
    const { access_token: token } = await server.signIn({ email });
    expect(headerOf(token))
      .toEqual({ alg: "HS256", kid: "shared", typ: "JWT" });
    expect(claimsOf(token)).not.toHaveProperty("iss");
    expect((await server.call("GET", "/.well-known/jwks.json")).body.keys).toEqual([]);
    expect((await claimsBy(started, token)).data?.claims).toMatchObject({ email });
  });
});

describe.skipIf(!canStartServers)("pages of other origins", () => {
  test("are answered by the server itself, except about the gateway's key", async () => {
    const server = at(await start({}));
    const origin = { origin: "https://app.example.com" };
    const preflight = async (names: string) =>
      (await server.call("OPTIONS", "/token", undefined, undefined, {
        ...origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": names,
      })).headers;
    const allowed = await preflight("authorization,content-type,x-client-info,x-supabase-api-version");
    expect(allowed.get("access-control-allow-origin")).toBe("*");
    expect(allowed.get("access-control-allow-credentials")).toBe("true");
    expect((await preflight("apikey")).get("access-control-allow-origin")).toBeNull();
    const { headers } = await server.call("GET", "/settings", undefined, undefined, origin);
    expect(headers.get("access-control-expose-headers")).toBe("X-Total-Count, Link, X-Supabase-Api-Version");
  });
});

describe.skipIf(!canStartServers)("the caller's address", () => {
  test("is the first that proxies name", async () => {
    const server = at(await start({}));
    const { email } = await createUser("far");
    const { body } = await server.call("POST", "/token?grant_type=password", { email, password }, undefined, {
      "x-forwarded-for": "203.0.113.9, 10.0.0.1",
    });
    const [session] = await database<{ ip: string }[]>`
      select host(ip) as ip from auth.sessions where id = ${claimsOf(body.access_token).session_id}`;
    expect(session?.ip).toBe("203.0.113.9");
  });
});

describe.skipIf(!canStartServers)("rates", () => {
  test("are counted by the address in the header, where one is named", async () => {
    const server = at(
      await start({ GOTRUE_RATE_LIMIT_HEADER: "x-test-address", GOTRUE_RATE_LIMIT_VERIFY: "1" }),
    );
    const attempt = (headers: Record<string, string>) =>
      server.call("POST", "/verify", { type: "signup", token_hash: "x" }, undefined, headers);
    const statuses: number[] = [];
    for (let count = 0; count < 31; count++) {
      statuses.push((await attempt({ "x-test-address": "192.0.2.7" })).status);
    }
    expect(statuses).toEqual([...Array(30).fill(403), 429]);
    const { body } = await attempt({ "x-test-address": "192.0.2.7" });
    expect(body).toEqual({ code: "over_request_rate_limit", message: "Request rate limit reached" });
    expect((await attempt({ "x-test-address": "192.0.2.8" })).status).toBe(403);
    expect((await attempt({})).status).toBe(403);
  });

  test("are counted for each kind of request by itself, and say so in one way", async () => {
    const server = at(
      await start({
        GOTRUE_RATE_LIMIT_HEADER: "x-test-address",
        GOTRUE_RATE_LIMIT_OTP: "1",
        GOTRUE_RATE_LIMIT_VERIFY: "1",
        GOTRUE_RATE_LIMIT_TOKEN_REFRESH: "1",
        GOTRUE_RATE_LIMIT_ANONYMOUS_USERS: "1",
        GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED: "true",
      }),
    );
    const { email } = await createUser("counted");
    const { access_token: token } = await server.signIn({ email });
    const { body: factor } = await server.call("POST", "/factors", { factor_type: "totp" }, token);
    const requests: [method: string, path: string, body: unknown, token?: string][] = [
      ["POST", "/signup", { email: "nothing", password }],
      ["POST", "/signup", {}],
      ["POST", "/otp", {}],
      ["POST", "/magiclink", {}],
      ["POST", "/recover", {}],
      ["POST", "/resend", {}],
      ["POST", "/verify", {}],
      ["POST", "/token?grant_type=refresh_token", {}],
      ["PUT", "/user", { data: {} }, token],
      ["POST", `/factors/${factor.id}/challenge`, {}, token],
      ["POST", `/factors/${factor.id}/verify`, {}, token],
    ];
    for (const [method, path, body, bearer] of requests) {
      const ask = (address: string) => server.call(method, path, body, bearer, { "x-test-address": address });
      const answers = await Promise.all(Array.from({ length: 40 }, () => ask("192.0.2.7")));
      const limited = answers.filter(({ status }) => status === 429);
      expect([path, limited.length > 0, answers.length - limited.length >= 30]).toEqual([path, true, true]);
      expect(limited[0]?.body).toEqual({
        code: "over_request_rate_limit",
        message: "Request rate limit reached",
      });
      expect(limited[0]?.headers.get("retry-after")).toBeNull();
      expect([path, (await ask("192.0.2.8")).status === 429]).toEqual([path, false]);
    }
    const { status } = await server.call("PUT", "/user", {}, undefined, { "x-test-address": "192.0.2.7" });
    expect(status).toBe(401);
  }, 120_000);

  test("hold for all text messages together, and a rate of nothing allows nothing", async () => {
    const server = at(
      await start({
        GOTRUE_EXTERNAL_PHONE_ENABLED: "true",
        GOTRUE_RATE_LIMIT_SMS_SENT: "1",
        GOTRUE_RATE_LIMIT_EMAIL_SENT: "0",
      }),
    );
    expect((await server.call("POST", "/otp", { phone: newPhone() })).status).toBe(200);
    const { status, body } = await server.call("POST", "/otp", { phone: newPhone() });
    expect([status, body])
      .toEqual([429, { code: "over_sms_send_rate_limit", message: "SMS rate limit exceeded" }]);
    const email = newAddress("none");
    expect((await server.call("POST", "/otp", { email })).body.code).toBe("over_email_send_rate_limit");
    // What could not be told is undone.
    expect((await database`select from auth.users where email = ${email}`).length).toBe(0);
  });

  test("hold for all mails together", async () => {
    const server = at(await start({ GOTRUE_RATE_LIMIT_EMAIL_SENT: "2" }));
    const statuses: number[] = [];
    for (let count = 0; count < 3; count++) {
      statuses.push((await server.call("POST", "/signup", { email: newAddress("rate"), password })).status);
    }
    expect(statuses).toEqual([200, 200, 429]);
    const { email } = await createUser("rate");
    const { body } = await server.call("POST", "/recover", { email });
    expect(body).toEqual({ code: "over_email_send_rate_limit", message: "email rate limit exceeded" });
  });
});

describe.skipIf(!canStartServers)("a change of password", () => {
  test("can ask for the current one", async () => {
    const server = at(await start({ GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD: "true" }));
    const { email } = await createUser("current");
    const { access_token: token } = await server.signIn({ email });
    const change = async (body: Body) => {
      const answer = await server.call("PUT", "/user", { password: `${password}2`, ...body }, token);
      return [answer.status, answer.body.code];
    };
    expect(await change({})).toEqual([400, "current_password_required"]);
    expect(await change({ current_password: "wrong" })).toEqual([400, "current_password_invalid"]);
    expect(await change({ current_password: password })).toEqual([200, undefined]);
    // Who came by a code may well have forgotten it.
    await server.call("POST", "/recover", { email });
    const { email_data: mail } = await sentBy("send_email", email);
    const { body } = await server.call("POST", "/verify", { type: "recovery", email, token: mail.token });
    const changed = await server.call("PUT", "/user", { password: `${password}3` }, body.access_token);
    expect(changed.status).toBe(200);
  });

  test("says all that the new one lacks", async () => {
    const server = at(
      await start({
        GOTRUE_PASSWORD_MIN_LENGTH: "8",
        GOTRUE_PASSWORD_REQUIRED_CHARACTERS: String.raw`abc:\::0123`,
      }),
    );
    const attempt = async (secret: string) =>
      (await server.call("POST", "/signup", { email: newAddress("lacks"), password: secret })).body;
    expect(await attempt("z")).toEqual({
      code: "weak_password",
      message: "Password should be at least 8 characters. " +
        "Password should contain at least one character of each: abc, :, 0123.",
      weak_password: { reasons: ["length", "characters"] },
    });
    expect(await attempt("zzzzzzzz:a")).toMatchObject({ weak_password: { reasons: ["characters"] } });
    expect(await attempt("zzzzzz:a0")).toMatchObject({ role: "authenticated" });
  });

  test("can ask for a code when the session is older than a day", async () => {
    const server = at(await start({ GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION: "true" }));
    const { email } = await createUser("code");
    const { access_token: token } = await server.signIn({ email });
    const change = async (body: Body) => {
      const answer = await server.call("PUT", "/user", body, token);
      return [answer.status, answer.body.code];
    };
    expect(await change({ password: `${password}2` })).toEqual([200, undefined]);
    await database`
      update auth.sessions set created_at = now() - interval '25 hours'
      where id = ${claimsOf(token).session_id}`;
    expect(await change({ password: `${password}3` })).toEqual([400, "reauthentication_needed"]);
    expect(await change({ password: `${password}3`, nonce: "000000" })).toEqual([
      422,
      "reauthentication_not_valid",
    ]);
    await server.call("GET", "/reauthenticate", undefined, token);
    const { email_data: mail } = await sentBy("send_email", email);
    expect(await change({ password: `${password}2`, nonce: mail.token })).toEqual([422, "same_password"]);
    // The code is burnt all the same.
    expect(await change({ password: `${password}3`, nonce: mail.token })).toEqual([
      422,
      "reauthentication_not_valid",
    ]);
    await server.call("GET", "/reauthenticate", undefined, token);
    const fresh = (await sentBy("send_email", email)).email_data.token;
    expect(await change({ password: `${password}3`, nonce: fresh })).toEqual([200, undefined]);
  });
});

describe.skipIf(!canStartServers)("a fixed code for a number", () => {
  test("is good whenever it is given, and no text is sent", async () => {
    const phone = newPhone();
    const server = at(
      await start({ GOTRUE_EXTERNAL_PHONE_ENABLED: "true", GOTRUE_SMS_TEST_OTP: `${phone}:123456` }),
    );
    expect((await server.call("POST", "/otp", { phone })).status).toBe(200);
    expect(await eventsOf("send_sms", phone)).toEqual([]);
    const verify = (token: string) => server.call("POST", "/verify", { type: "sms", phone, token });
    expect((await verify("654321")).body.code).toBe("otp_expired");
    for (let count = 0; count < 2; count++) {
      expect((await verify("123456")).body.user).toMatchObject({ phone });
    }
  });
});

describe.skipIf(!canStartServers)("the time for an answer", () => {
  test("ends, whatever the database does", async () => {
    const server = at(await start({ GOTRUE_API_MAX_REQUEST_DURATION: "1s" }));
    const { id, email } = await createUser("late");
    await database.begin(async (sql) => {
      await sql`select from auth.users where id = ${id} for update`;
      const { status, body } = await server.call("POST", "/recover", { email });
      expect([status, body]).toEqual([504, {
        code: "request_timeout",
        message: "Processing this request timed out, please retry after a moment.",
      }]);
    });
  });
});

describe.skipIf(!canStartServers)("a change of address", () => {
  test("can do with the new one's word", async () => {
    const server = at(await start({ GOTRUE_MAILER_SECURE_EMAIL_CHANGE_ENABLED: "false" }));
    const { email } = await createUser("simple");
    const { access_token: token } = await server.signIn({ email });
    const target = newAddress("simple-new");
    await server.call("PUT", "/user", { email: target }, token);
    const { email_data: mail } = await sentBy("send_email", email);
    expect(mail).toMatchObject({ token_new: "", token_hash_new: "" });
    const { body } = await server.call("POST", "/verify", {
      type: "email_change",
      email: target,
      token: mail.token,
    });
    expect(body.user.email).toBe(target);
  });
});

/** Takes mails over SMTP and keeps what it was sent. */
async function startMailCatcher() {
  const mails: string[] = [];
  const catcher = createServer((socket) => {
    let inData = false;
    let mail = "";
    const say = (line: string) => socket.write(`${line}\r\n`);
    say("220 catcher");
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      for (const line of chunk.toString().split("\r\n")) {
        if (inData) {
          if (line === ".") {
            mails.push(mail);
            inData = false;
            say("250 kept");
          } else mail += `${line}\n`;
        } else if (/^DATA$/i.test(line)) {
          mail = "";
          inData = true;
          say("354 go on");
        } else if (/^QUIT/i.test(line)) {
          say("221 bye");
          socket.end();
        } else if (line !== "") say("250 fine");
      }
    });
  });
  await new Promise<void>((done) => catcher.listen(0, "127.0.0.1", done));
  return { mails, port: (catcher.address() as AddressInfo).port, close: () => catcher.close() };
}

describe.skipIf(!canStartServers)("mail without a hook", () => {
  test("goes over SMTP, with a link that works", async () => {
    const catcher = await startMailCatcher();
    const server = await start({
      GOTRUE_HOOK_SEND_EMAIL_ENABLED: "false",
      GOTRUE_SMTP_HOST: "127.0.0.1",
      GOTRUE_SMTP_PORT: String(catcher.port),
      GOTRUE_SMTP_ADMIN_EMAIL: "admin@example.com",
      GOTRUE_SMTP_SENDER_NAME: "Karaoke",
      GOTRUE_MAILER_SUBJECTS_CONFIRMATION: "Welcome {{ .Email }}",
      GOTRUE_MAILER_NOTIFICATIONS_PASSWORD_CHANGED_ENABLED: "true",
      GOTRUE_MAILER_SUBJECTS_PASSWORD_CHANGED_NOTIFICATION: "Changed!",
    });
    const email = newAddress("smtp");
    const { status } = await at(server).call("POST", "/signup", { email, password });
    expect(status).toBe(200);
    const mail = catcher.mails[0] ?? "";
    expect(mail).toContain(`To: ${email}`);
    expect(mail).toMatch(/^From: "?Karaoke"? <admin@example.com>$/m);
    const text = mail.replaceAll("=\n", "").replaceAll("=3D", "=").replaceAll("&amp;", "&");
    expect(text.replaceAll("_", " ")).toContain(`Welcome ${email}`.replaceAll("_", " "));
    const hash = /token=([0-9a-f]{56})&type=signup/.exec(text)?.[1] ?? "";
    expect(hash).toHaveLength(56);
    const { headers } = await at(server).call("GET", `/verify?token=${hash}&type=signup`);
    expect(headers.get("location")).toContain("#access_token=");
    const { access_token: token } = parametersOf(headers.get("location") ?? "", "hash");
    await at(server).call("PUT", "/user", { password: `${password}2` }, token);
    const notice = catcher.mails[1] ?? "";
    expect(notice).toContain(`To: ${email}`);
    expect(notice).toMatch(/^Subject: Changed!$/m);
    catcher.close();
  });
});

describe.skipIf(!canStartServers || Boolean(process.env.STACK_AUTH))("this project's own server", () => {
  test("says in one line which setting it cannot use", async () => {
    const cases: [Record<string, string>, string][] = [
      [{ GOTRUE_JWT_EXP: "soon" }, "GOTRUE_JWT_EXP"],
      [{ GOTRUE_SESSIONS_TIMEBOX: "1 day" }, "GOTRUE_SESSIONS_TIMEBOX"],
      [{ GOTRUE_JWT_KEYS: "[]" }, "GOTRUE_JWT_KEYS"],
      [{ GOTRUE_HOOK_SEND_EMAIL_URI: "https://example.com/hook" }, "GOTRUE_HOOK_SEND_EMAIL_URI"],
      [{ GOTRUE_SITE_URL: "" }, "GOTRUE_SITE_URL"],
      [{ GOTRUE_SECURITY_CAPTCHA_ENABLED: "true" }, "GOTRUE_SECURITY_CAPTCHA_ENABLED .*auth.captcha"],
      [{ GOTRUE_PASSWORD_HIBP_ENABLED: "true" }, "GOTRUE_PASSWORD_HIBP_ENABLED"],
      [{ GOTRUE_EXTERNAL_GITHUB_ENABLED: "true" }, "GOTRUE_EXTERNAL_GITHUB_ENABLED .*auth.external.github"],
    ];
    await Promise.all(cases.map(async ([settings, name]) => {
      const complaint = new RegExp(`auth cannot start: .*${name}[^\\n]*\\n?$`);
      await expect(startServer(settings)).rejects.toThrow(complaint);
    }));
  });

  test("has no way to send text messages but the hook", async () => {
    const server = at(
      await start({ GOTRUE_HOOK_SEND_SMS_ENABLED: "false", GOTRUE_EXTERNAL_PHONE_ENABLED: "true" }),
    );
    const { status, body } = await server.call("POST", "/otp", { phone: newPhone() });
    expect([status, body.code]).toEqual([422, "sms_send_failed"]);
    expect(body.message).toContain("send_sms hook");
  });
});
