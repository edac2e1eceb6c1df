import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { environment } from "../../support/environment.ts";
import { call, client, handmadeToken, newAddress, newFormat, refusal, signedIn } from "./support/api.ts";

const future = () => Math.floor(Date.now() / 1000) + 600;

describe("answers about the server", () => {
  test("health names the server", async () => {
    const { status, body } = await call("GET", "/health");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      name: "GoTrue",
      version: expect.any(String),
      description: expect.any(String),
    });
  });

  test("settings tell what is on", async () => {
    const { body } = await call("GET", "/settings");
    expect(body).toMatchObject({
      external: { anonymous_users: true, email: true, phone: true, google: false, apple: false },
      disable_signup: false,
      mailer_autoconfirm: false,
      phone_autoconfirm: false,
      saml_enabled: false,
    });
    expect(body.sms_provider).toEqual(expect.any(String));
  });

  test("the keys are public, and the shared secret is not among them", async () => {
    const { headers, body } = await call("GET", "/.well-known/jwks.json");
    expect(headers.get("cache-control")).toBe("public, max-age=600");
    expect(body.keys.length).toBeGreaterThan(0);
    for (const key of body.keys) {
      expect(key).toMatchObject({ use: "sig", key_ops: ["verify"], kid: expect.any(String) });
      expect(key).not.toHaveProperty("d");
      expect(key.kty).not.toBe("oct");
    }
  });
});

describe("requests", () => {
  test("a trailing slash makes no difference", async () => {
    expect((await call("GET", "/health/")).body.name).toBe("GoTrue");
  });

  test("an unknown path is 404 in plain text", async () => {
    const { status, headers, text } = await call("GET", "/no-such-thing");
    expect(status).toBe(404);
    expect(headers.get("content-type")).toContain("text/plain");
    expect(text.trim()).toBe("404 page not found");
  });

  test("a wrong method is 405 and names the right one", async () => {
    for (const method of ["GET", "HEAD", "DELETE"]) {
      const { status, headers, text } = await call(method, "/signup");
      expect([method, status, text]).toEqual([method, 405, ""]);
      expect(headers.get("allow")).toContain("POST");
    }
  });

  test("a body that is no JSON is refused and says so", async () => {
    for (const raw of ["", "{", "hello", '{"email": 5}', "[1]"]) {
      const [status, code, message] = await refusal("POST", "/token?grant_type=password", undefined, { raw });
      expect([raw, status, code]).toEqual([raw, 400, "bad_json"]);
      expect(message).toMatch(/^Could not parse request body as JSON: ./);
    }
  });

  test("null is an empty body, and a null value is an absent one", async () => {
    expect(await refusal("POST", "/recover", undefined, { raw: "null" }))
      .toEqual([400, "validation_failed", "Password recovery requires an email"]);
    expect(await refusal("POST", "/recover", { email: null }))
      .toEqual([400, "validation_failed", "Password recovery requires an email"]);
  });

  test("keys compare without case, unknown ones are ignored, the content type does not matter", async () => {
    const answer = await call("POST", "/recover", { EMAIL: "nobody@example.com", colour: "blue" }, {
      headers: { "content-type": "text/plain" },
    });
    expect([answer.status, answer.body]).toEqual([200, {}]);
  });

  test("more than a mebibyte is too much", async () => {
    const raw = JSON.stringify({ email: "a@example.com", data: { text: "x".repeat(1024 * 1024) } });
    expect(await refusal("POST", "/signup", undefined, { raw }))
      .toEqual([413, "request_entity_too_large", "Request body too large (max 1048576 bytes)"]);
  });

  test("an id in the path must be a uuid", async () => {
    const token = environment.serviceRoleKey;
    expect(await refusal("GET", "/admin/users/seven", undefined, { token }))
      .toEqual([404, "validation_failed", "user_id must be an UUID"]);
    const user = await signedIn("path");
    expect(await refusal("DELETE", "/factors/seven", undefined, { token: user.token }))
      .toEqual([404, "validation_failed", "factor_id must be an UUID"]);
  });
});

describe("two error formats", () => {
  const wrong = { email: "nobody@example.com", password: "wrong" };

  test("the new one on request", async () => {
    const { status, headers, body } = await call("POST", "/token?grant_type=password", wrong, {
      headers: newFormat,
    });
    expect(status).toBe(400);
    expect(body).toEqual({ code: "invalid_credentials", message: "Invalid login credentials" });
    expect(headers.get("x-supabase-api-version")).toBe("2024-01-01");
    expect(headers.get("x-sb-error-code")).toBe("invalid_credentials");
  });

  test("the old one otherwise", async () => {
    const versions: Record<string, string>[] = [{}, { "x-supabase-api-version": "2023-12-31" }];
    for (const headers of versions) {
      const answer = await call("POST", "/token?grant_type=password", wrong, { headers });
      expect(answer.body).toEqual({
        code: 400,
        error_code: "invalid_credentials",
        msg: "Invalid login credentials",
      });
      expect(answer.headers.get("x-supabase-api-version")).toBeNull();
      expect(answer.headers.get("x-sb-error-code")).toBe("invalid_credentials");
    }
  });

  test("a failure of the server has a number for its log, in the old one", async () => {
    const failed = { token: environment.serviceRoleKey };
    const { status, body } = await call("GET", "/admin/users?per_page=0", undefined, failed);
    expect([status, body]).toEqual([500, {
      code: 500,
      error_code: "unexpected_failure",
      msg: expect.any(String),
      error_id: expect.any(String),
    }]);
    const modern = await call("GET", "/admin/users?per_page=0", undefined, { ...failed, headers: newFormat });
    expect(modern.body).toEqual({ code: "unexpected_failure", message: body.msg });
  });

  test("a success never names the version", async () => {
    const { headers } = await call("GET", "/settings", undefined, { headers: newFormat });
    expect(headers.get("x-supabase-api-version")).toBeNull();
  });

  test("a weak password carries its reasons", async () => {
    const weak = { email: "weak@example.com", password: "short" };
    const modern = await call("POST", "/signup", weak, { headers: newFormat });
    expect(modern.status).toBe(422);
    expect(modern.body).toMatchObject({
      code: "weak_password",
      weak_password: { reasons: ["length", "characters"] },
    });
    expect(modern.headers.get("x-sb-error-code")).toBeNull();
    const old = await call("POST", "/signup", weak);
    expect(old.body).toMatchObject({
      code: 422,
      error_code: "weak_password",
      msg: modern.body.message,
      weak_password: { reasons: ["length", "characters"] },
    });
  });
});

describe("the bearer token", () => {
  const user = (token: string) => refusal("GET", "/user", undefined, { token });

  test("the scheme's case does not matter", async () => {
    const { token } = await signedIn("scheme");
    const { status } = await call("GET", "/user", undefined, {
      headers: { authorization: `bEARER ${token}` },
    });
    expect(status).toBe(200);
  });

  test("must be well-formed, signed by this project and in time", async () => {
    const prefix = "invalid JWT: unable to parse or verify signature, ";
    const sub = randomUUID();
    const tokens = {
      nonsense: "abc",
      unsigned: `${Buffer.from('{"alg":"none"}').toString("base64url")}.${
        Buffer.from(JSON.stringify({ sub, exp: future() })).toString("base64url")
      }.`,
      foreign: await handmadeToken({ sub, exp: future() }, "another-secret-which-is-at-least-32-characters"),
      early: await handmadeToken({ sub, exp: future(), nbf: future() }),
    };
    for (const [name, token] of Object.entries(tokens)) {
      const [status, code, message] = await user(token);
      expect([name, status, code]).toEqual([name, 403, "bad_jwt"]);
      expect(message.startsWith(prefix)).toBe(true);
    }
    expect(await user(await handmadeToken({ sub, exp: 1000 })))
      .toEqual([403, "bad_jwt", `${prefix}token has invalid claims: token is expired`]);
  });

  test("must name a user: keys do not", async () => {
    for (const token of [environment.anonKey, environment.serviceRoleKey]) {
      expect(await user(token)).toEqual([403, "bad_jwt", "invalid claim: missing sub claim"]);
    }
  });

  test("must name a user and a session that exist", async () => {
    expect(await user(await handmadeToken({ sub: randomUUID(), exp: future() })))
      .toEqual([403, "user_not_found", "User from sub claim in JWT does not exist"]);
    const { id } = await signedIn("handmade");
    expect(await user(await handmadeToken({ sub: id, session_id: randomUUID(), exp: future() })))
      .toEqual([403, "session_not_found", "Session from session_id claim in JWT does not exist"]);
  });

  test("names them by uuid, and is for the audience of the request", async () => {
    expect(await user(await handmadeToken({ sub: "seven", exp: future() })))
      .toEqual([400, "bad_jwt", "invalid claim: sub claim must be a UUID"]);
    const { id, token } = await signedIn("named");
    expect(await user(await handmadeToken({ sub: id, session_id: "seven", exp: future() })))
      .toEqual([403, "bad_jwt", "invalid claim: session_id claim must be a UUID"]);
    const elsewhere = { token, headers: { "x-jwt-aud": "elsewhere" } };
    expect(await refusal("GET", "/user", undefined, elsewhere))
      .toEqual([400, "validation_failed", "Token audience doesn't match request audience"]);
    expect(await refusal("DELETE", `/user/identities/${randomUUID()}`, undefined, elsewhere))
      .toEqual([403, "unexpected_audience", "Token audience doesn't match request audience"]);
  });

  test("is looked at before what else may be wrong", async () => {
    for (
      const [method, path] of [
        ["POST", "/logout?scope=foo"],
        ["GET", "/user/identities/authorize?provider=foo"],
        ["DELETE", "/user/identities/seven"],
        ["DELETE", "/factors/seven"],
      ] as const
    ) {
      expect([path, ...await refusal(method, path, undefined, { token: environment.anonKey })])
        .toEqual([path, 403, "bad_jwt", "invalid claim: missing sub claim"]);
    }
  });

  test("may lack exp and session_id", async () => {
    const { id } = await signedIn("minimal");
    const { status, body } = await call("GET", "/user", undefined, {
      token: await handmadeToken({ sub: id }),
    });
    expect([status, body.id]).toEqual([200, id]);
  });

  test("does not disturb routes that need no user", async () => {
    const { status } = await call("POST", "/recover", { email: "nobody@example.com" }, { token: "rubbish" });
    expect(status).toBe(200);
  });

  test("of an administrator opens admin routes, no other does", async () => {
    const { token } = await signedIn("nosy");
    for (const other of [token, environment.anonKey]) {
      expect(await refusal("GET", "/admin/users", undefined, { token: other }))
        .toEqual([403, "not_admin", "User not allowed"]);
    }
    const { token: ofOfficer } = await signedIn("officer", { role: "service_role" });
    for (const key of [environment.serviceRoleKey, ofOfficer]) {
      expect((await call("GET", "/admin/users", undefined, { token: key })).status).toBe(200);
    }
  });
});

test("the client's errors are of the kind that tells what to do", async () => {
  const { auth } = client();
  const email = newAddress("typed");
  const wrong = await auth.signInWithPassword({ email, password: "wrong" });
  expect(wrong.error).toMatchObject({ name: "AuthApiError", status: 400, code: "invalid_credentials" });
  const weak = await auth.signUp({ email, password: "short" });
  expect(weak.error).toMatchObject({
    name: "AuthWeakPasswordError",
    status: 422,
    code: "weak_password",
    reasons: ["length", "characters"],
  });
  const { client: app, token } = await signedIn("typed");
  await call("POST", "/logout", undefined, { token });
  expect((await app.auth.getUser()).error).toMatchObject({ name: "AuthSessionMissingError" });
});

test("what this project leaves out says so", async () => {
  expect((await refusal("POST", "/sso", { domain: "example.com" })).slice(0, 2))
    .toEqual([404, "saml_provider_disabled"]);
  expect((await refusal("POST", "/passkeys/authentication/options", {})).slice(0, 2))
    .toEqual([404, "passkey_disabled"]);
  const [status] = await refusal("POST", "/token?grant_type=web3", { chain: "solana" });
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
});
