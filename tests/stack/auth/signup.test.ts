import { describe, expect, test } from "vitest";
import {
  admin,
  authUrl,
  call,
  claimsOf,
  client,
  createUser,
  database,
  newAddress,
  newPhone,
  parametersOf,
  password,
  pauseBetweenMessages,
  refusal,
  sentCode,
  sentHash,
  signInAgain,
} from "./support/api.ts";

async function countUsers(email: string): Promise<number> {
  const [row] = await database<{ count: number }[]>`
    select count(*)::int as count from auth.users where email = ${email}`;
  return row?.count ?? 0;
}

describe("sign-up by e-mail", () => {
  test("makes an unconfirmed user and sends a code", async () => {
    const email = newAddress("new");
    const { status, body } = await call("POST", "/signup", {
      email,
      password,
      data: { full_name: "New Singer" },
    });
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual([
      "id",
      "aud",
      "role",
      "email",
      "phone",
      "confirmation_sent_at",
      "app_metadata",
      "user_metadata",
      "identities",
      "created_at",
      "updated_at",
      "is_anonymous",
    ]);
    const own = {
      sub: body.id,
      email,
      email_verified: false,
      phone_verified: false,
      full_name: "New Singer",
    };
    expect(body).toMatchObject({
      aud: "authenticated",
      role: "authenticated",
      email,
      phone: "",
      app_metadata: { provider: "email", providers: ["email"] },
      user_metadata: own,
      is_anonymous: false,
    });
    expect(body.confirmation_sent_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/);
    expect(body.identities).toHaveLength(1);
    expect(body.identities[0]).toMatchObject({
      id: body.id,
      user_id: body.id,
      provider: "email",
      email,
      identity_data: own,
    });
    expect(await sentCode(email)).toMatch(/^\d{6}$/);
  });

  test("is closed to sign-in until confirmed, then open", async () => {
    const email = newAddress("confirm");
    const app = client();
    const signUp = await app.auth.signUp({ email, password });
    expect([signUp.error, signUp.data.session]).toEqual([null, null]);
    const early = await app.auth.signInWithPassword({ email, password });
    expect([early.error?.status, early.error?.code, early.error?.message])
      .toEqual([400, "email_not_confirmed", "Email not confirmed"]);
    const verified = await app.auth.verifyOtp({ email, token: await sentCode(email), type: "signup" });
    expect(verified.error).toBeNull();
    expect(verified.data.user).toMatchObject({ email, user_metadata: { email_verified: true } });
    expect(verified.data.user?.confirmed_at).toBe(verified.data.user?.email_confirmed_at);
    expect(verified.data.user?.identities?.[0]?.identity_data).toMatchObject({ email_verified: true });
    expect(claimsOf(verified.data.session?.access_token ?? "").amr).toMatchObject([{ method: "otp" }]);
    expect((await app.auth.signInWithPassword({ email, password })).error).toBeNull();
  });

  test("stores addresses in lower case and takes them in any", async () => {
    const email = newAddress("case");
    const { body } = await call("POST", "/signup", { email: email.toUpperCase(), password });
    expect(body.email).toBe(email);
    await admin().updateUserById(body.id, { email_confirm: true });
    expect((await signInAgain(email.toUpperCase())).session.user.email).toBe(email);
  });

  test("what callers send about themselves cannot claim to be verified", async () => {
    const email = newAddress("liar");
    const data = { sub: "me", email: "else@example.com", email_verified: true, role: "service_role" };
    const { body } = await call("POST", "/signup", { email, password, data });
    expect(body.user_metadata).toMatchObject({ sub: body.id, email, email_verified: false });
    expect(body.role).toBe("authenticated");
  });

  test("does not tell who has an account", async () => {
    const { id, email } = await createUser("known");
    const { status, body } = await call("POST", "/signup", {
      email,
      password: `${password}x`,
      data: { a: 1 },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ email, role: "", identities: [], user_metadata: { a: 1 } });
    expect(body.id).not.toBe(id);
    expect(body.confirmation_sent_at).toEqual(expect.any(String));
    expect(await countUsers(email)).toBe(1);
    await signInAgain(email);
  });

  test("again before confirmation sends a new code and changes nothing else", async () => {
    const email = newAddress("again");
    const first = await call("POST", "/signup", { email, password, data: { a: 1 } });
    const early = await refusal("POST", "/signup", { email, password });
    expect(early.slice(0, 2)).toEqual([429, "over_email_send_rate_limit"]);
    expect(early[2]).toMatch(/^For security purposes, you can only request this after \d+ seconds\.$/);
    const oldCode = await sentCode(email);
    await pauseBetweenMessages();
    const second = await call("POST", "/signup", { email, password: `${password}x`, data: { a: 2 } });
    expect(second.body.id).toBe(first.body.id);
    expect(second.body.user_metadata.a).toBe(1);
    const newCode = await sentCode(email);
    if (newCode !== oldCode) {
      expect(await refusal("POST", "/verify", { type: "signup", email, token: oldCode }))
        .toEqual([403, "otp_expired", "Token has expired or is invalid"]);
    }
    expect((await call("POST", "/verify", { type: "signup", email, token: newCode })).status).toBe(200);
    await signInAgain(email);
  });

  test("in parallel makes one user", async () => {
    const email = newAddress("parallel");
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => call("POST", "/signup", { email, password })),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(1);
    expect(statuses.every((status) => [200, 429, 500].includes(status))).toBe(true);
    expect(await countUsers(email)).toBe(1);
  });

  test("refuses what cannot be an account", async () => {
    const email = newAddress("bad");
    const cases: [Record<string, unknown>, number, string, string][] = [
      [{ email }, 400, "validation_failed", "Signup requires a valid password"],
      [
        { email, password: `Aa1!${"x".repeat(69)}` },
        400,
        "validation_failed",
        "Password cannot be longer than 72 characters",
      ],
      [
        { email, phone: newPhone(), password },
        400,
        "validation_failed",
        "Only an email address or phone number should be provided on signup.",
      ],
      [
        { email, password, code_challenge: "x".repeat(43) },
        400,
        "validation_failed",
        "PKCE flow requires code_challenge_method and code_challenge",
      ],
      [
        { email, password, code_challenge: "x".repeat(42), code_challenge_method: "s256" },
        400,
        "validation_failed",
        "code challenge has to be between 43 and 128 characters",
      ],
      [
        { email: "no address", password },
        400,
        "validation_failed",
        "Unable to validate email address: invalid format",
      ],
      [
        { email: ` ${email}`, password },
        400,
        "validation_failed",
        "Unable to validate email address: invalid format",
      ],
      [
        { email: `${"x".repeat(250)}@example.com`, password },
        400,
        "validation_failed",
        "An email address is too long",
      ],
      [{ phone: "0123", password }, 400, "validation_failed", "Invalid phone number format (E.164 required)"],
      [
        { phone: newPhone(), password, code_challenge: "x".repeat(43), code_challenge_method: "s256" },
        400,
        "validation_failed",
        "PKCE not supported for phone signups",
      ],
    ];
    for (const [body, ...expected] of cases) expect(await refusal("POST", "/signup", body)).toEqual(expected);
    expect(await countUsers(email)).toBe(0);
  });

  test("takes the shortest address there can be, and no unknown way to prove who asked", async () => {
    const email = `${newAddress("short").split("@")[0]}@b`;
    expect((await call("POST", "/signup", { email, password })).body.email).toBe(email);
    const challenge = { code_challenge: "x".repeat(43), code_challenge_method: "s512" };
    expect((await call("POST", "/signup", { email: newAddress("method"), password, ...challenge })).status)
      .toBe(500);
  });

  test("counts a password in bytes", async () => {
    const long = `Aa1!${"é".repeat(35)}`;
    expect((await refusal("POST", "/signup", { email: newAddress("bytes"), password: long }))[2])
      .toBe("Password cannot be longer than 72 characters");
    const fitting = `Aa1!${"é".repeat(34)}`;
    expect((await call("POST", "/signup", { email: newAddress("bytes"), password: fitting })).status).toBe(
      200,
    );
  });

  test("stores no password, only its bcrypt hash", async () => {
    const { id } = await createUser("hashed");
    const [row] = await database<{ encrypted_password: string }[]>`
      select encrypted_password from auth.users where id = ${id}`;
    expect(row?.encrypted_password).toMatch(/^\$2a\$10\$[./A-Za-z0-9]{53}$/);
  });
});

describe("sign-up by phone", () => {
  test("sends a code by text message and confirms with it", async () => {
    const phone = newPhone();
    const app = client();
    const { data, error } = await app.auth.signUp({
      phone: `+${phone.slice(0, 4)} ${phone.slice(4)}`,
      password,
    });
    expect(error).toBeNull();
    expect(data.session).toBeNull();
    expect(data.user).toMatchObject({
      phone,
      email: "",
      app_metadata: { provider: "phone", providers: ["phone"] },
    });
    expect(data.user?.identities?.[0]?.identity_data).not.toHaveProperty("phone");
    const early = await app.auth.signInWithPassword({ phone, password });
    expect(early.error?.code).toBe("phone_not_confirmed");
    const verified = await app.auth.verifyOtp({ phone, token: await sentCode(phone), type: "sms" });
    expect(verified.error).toBeNull();
    expect(verified.data.user?.phone_confirmed_at).toEqual(expect.any(String));
    expect((await app.auth.signInWithPassword({ phone: `+${phone}`, password })).error).toBeNull();
  });

  test("refuses a wrong code", async () => {
    const phone = newPhone();
    await client().auth.signUp({ phone, password });
    const code = await sentCode(phone);
    const wrong = code === "000000" ? "000001" : "000000";
    expect(await refusal("POST", "/verify", { type: "sms", phone, token: wrong }))
      .toEqual([403, "otp_expired", "Token has expired or is invalid"]);
    expect((await call("POST", "/verify", { type: "sms", phone, token: code })).status).toBe(200);
  });
});

describe("sign-up with a code exchange", () => {
  test("ends in a code, which is worth a session together with its verifier", async () => {
    const email = newAddress("pkce");
    const verifier = "a-verifier-of-at-least-forty-three-characters-0123456789";
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    const challenge = {
      code_challenge: Buffer.from(digest).toString("base64url"),
      code_challenge_method: "S256",
    };
    expect((await call("POST", "/signup", { email, password, ...challenge })).status).toBe(200);
    const hash = await sentHash(email);
    expect(hash).toMatch(/^pkce_[0-9a-f]{56}$/);
    const link = await call("GET", `/verify?token=${hash}&type=signup&redirect_to=http://127.0.0.1:3000/in`);
    expect(link.status).toBe(303);
    const location = link.headers.get("location") ?? "";
    expect(location.startsWith("http://127.0.0.1:3000/in?")).toBe(true);
    const { code } = parametersOf(location, "search");
    const exchange = (body: unknown) => call("POST", "/token?grant_type=pkce", body);
    expect((await exchange({ auth_code: code, code_verifier: verifier.slice(1) })).body.error_code)
      .toBe("bad_code_verifier");
    const { status, body } = await exchange({ auth_code: code, code_verifier: verifier });
    expect([status, body.user.email]).toEqual([200, email]);
    expect(claimsOf(body.access_token).amr).toMatchObject([{ method: "email/signup" }]);
    expect((await exchange({ auth_code: code, code_verifier: verifier })).body.error_code)
      .toBe("flow_state_not_found");
    expect((await exchange({ auth_code: code })).body.msg)
      .toBe("invalid request: both auth code and code verifier should be non-empty");
  });
});

test("the page of the settings is where links lead", async () => {
  const email = newAddress("link");
  await call("POST", "/signup?redirect_to=http://127.0.0.1:3000/welcome", { email, password });
  const hash = await sentHash(email);
  const { status, headers } = await call(
    "GET",
    `/verify?token=${hash}&type=signup&redirect_to=http://127.0.0.1:3000/welcome`,
  );
  expect(status).toBe(303);
  const location = headers.get("location") ?? "";
  expect(location.startsWith("http://127.0.0.1:3000/welcome#")).toBe(true);
  const tokens = parametersOf(location, "hash");
  expect(Object.keys(tokens)).toEqual([
    "access_token",
    "expires_at",
    "expires_in",
    "refresh_token",
    "sb",
    "token_type",
    "type",
  ]);
  expect(tokens).toMatchObject({ token_type: "bearer", type: "signup", sb: "" });
  const { status: known } = await call("GET", "/user", undefined, {
    token: tokens.access_token ?? "",
    base: authUrl,
  });
  expect(known).toBe(200);
});
