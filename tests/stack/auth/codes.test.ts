import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
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
} from "./support/api.ts";

const codeExpired = [403, "otp_expired", "Token has expired or is invalid"];
const linkExpired = [403, "otp_expired", "Email link is invalid or has expired"];
const invalid = (message: string) => [400, "validation_failed", message];

const verify = (body: unknown) => call("POST", "/verify", body);
const verifyRefusal = (body: unknown) => refusal("POST", "/verify", body);

async function follow(hash: string, type: string, to = "http://127.0.0.1:3000/done") {
  const query = new URLSearchParams({ token: hash, type, redirect_to: to });
  const { status, headers } = await call("GET", `/verify?${query}`);
  return { status, location: headers.get("location") ?? "" };
}

describe("magic links and codes", () => {
  test("sign in whoever can read the mail", async () => {
    const { id, email } = await createUser("magic");
    const app = client();
    expect((await app.auth.signInWithOtp({ email })).error).toBeNull();
    const { data, error } = await app.auth.verifyOtp({ email, token: await sentCode(email), type: "email" });
    expect(error).toBeNull();
    expect(data.user?.id).toBe(id);
    expect(claimsOf(data.session?.access_token ?? "").amr).toMatchObject([{ method: "otp" }]);
  });

  test("answer with an empty object", async () => {
    const { email } = await createUser("empty");
    expect(await call("POST", "/otp", { email })).toMatchObject({ status: 200, body: {} });
    await pauseBetweenMessages();
    expect(await call("POST", "/magiclink", { email })).toMatchObject({ status: 200, body: {} });
  });

  test("make an account when there is none, unless told not to", async () => {
    const email = newAddress("maker");
    const app = client();
    const refused = await app.auth.signInWithOtp({ email, options: { shouldCreateUser: false } });
    expect([refused.error?.status, refused.error?.code, refused.error?.message])
      .toEqual([422, "otp_disabled", "Signups not allowed for otp"]);
    expect((await app.auth.signInWithOtp({ email, options: { data: { nickname: "Maker" } } })).error)
      .toBeNull();
    const token = await sentCode(email);
    // A new address gets a sign-up code, which is no magic link.
    expect(await verifyRefusal({ type: "magiclink", email, token })).toEqual(codeExpired);
    const { data, error } = await app.auth.verifyOtp({ email, token, type: "email" });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({ email, user_metadata: { nickname: "Maker", email_verified: true } });
  });

  test("work once", async () => {
    const { email } = await createUser("once");
    await call("POST", "/otp", { email });
    const token = await sentCode(email);
    expect((await verify({ type: "email", email, token })).status).toBe(200);
    expect(await verifyRefusal({ type: "email", email, token })).toEqual(codeExpired);
  });

  test("survive wrong guesses, and are void after a newer one", async () => {
    const { email } = await createUser("guesses");
    await call("POST", "/otp", { email });
    const first = await sentCode(email);
    expect(await verifyRefusal({ type: "email", email, token: first === "000000" ? "000001" : "000000" }))
      .toEqual(codeExpired);
    const tooEarly = await refusal("POST", "/otp", { email });
    expect(tooEarly.slice(0, 2)).toEqual([429, "over_email_send_rate_limit"]);
    await pauseBetweenMessages();
    await call("POST", "/otp", { email });
    const second = await sentCode(email);
    if (second !== first) {
      expect(await verifyRefusal({ type: "email", email, token: first })).toEqual(codeExpired);
    }
    expect((await verify({ type: "email", email, token: second })).status).toBe(200);
  });

  test("end in time", async () => {
    const { id, email } = await createUser("late");
    await call("POST", "/otp", { email });
    const [token, hash] = [await sentCode(email), await sentHash(email)];
    await database`update auth.users set recovery_sent_at = now() - interval '2 days' where id = ${id}`;
    expect(await verifyRefusal({ type: "email", email, token })).toEqual(codeExpired);
    expect(await verifyRefusal({ type: "magiclink", token_hash: hash })).toEqual(linkExpired);
  });

  test("are kept as hashes of address and code", async () => {
    const { id, email } = await createUser("hash");
    await call("POST", "/otp", { email });
    const expected = createHash("sha224").update(email + await sentCode(email)).digest("hex");
    const [row] = await database<Record<string, string>[]>`
      select users.recovery_token, tokens.token_hash, tokens.token_type::text, tokens.relates_to
      from auth.users join auth.one_time_tokens as tokens on tokens.user_id = users.id
      where users.id = ${id}`;
    expect(row).toEqual({
      recovery_token: expected,
      token_hash: expected,
      token_type: "recovery_token",
      relates_to: email,
    });
    expect(await sentHash(email)).toBe(expected);
  });

  test("refuse what they cannot send to", async () => {
    const cases: [string, unknown, unknown[]][] = [
      ["/otp", {}, invalid("One of email or phone must be set")],
      [
        "/otp",
        { email: newAddress("both"), phone: newPhone() },
        invalid("Only an email address or phone number should be provided"),
      ],
      ["/otp", { email: "nothing" }, invalid("Unable to validate email address: invalid format")],
      [
        "/otp",
        { email: newAddress("channel"), channel: "sms" },
        invalid("Channel should only be specified with Phone OTP"),
      ],
      [
        "/otp",
        { email: newAddress("challenge"), code_challenge: "x".repeat(43) },
        invalid("PKCE flow requires code_challenge_method and code_challenge"),
      ],
      ["/magiclink", {}, [422, "validation_failed", "Password recovery requires an email"]],
      ["/recover", {}, invalid("Password recovery requires an email")],
      [
        "/resend",
        { type: "foo" },
        invalid("Missing one of these types: signup, email_change, sms, phone_change"),
      ],
      ["/resend", { type: "signup" }, invalid("Type provided requires an email address")],
      ["/resend", { type: "sms" }, invalid("Type provided requires a phone number")],
      ["/resend", { type: "email_change" }, invalid("Missing email address or phone number")],
      [
        "/resend",
        { type: "signup", email: newAddress("both"), phone: newPhone() },
        invalid("Only an email address or phone number should be provided."),
      ],
    ];
    for (const [path, body, expected] of cases) {
      expect([path, await refusal("POST", path, body)]).toEqual([path, expected]);
    }
  });

  test("are for everybody where only links to sign in are asked for", async () => {
    const email = newAddress("link");
    expect((await call("POST", "/magiclink", { email, create_user: false })).status).toBe(200);
    expect((await verify({ type: "email", email, token: await sentCode(email) })).status).toBe(200);
  });

  test("by phone", async () => {
    const phone = newPhone();
    const app = client();
    expect((await app.auth.signInWithOtp({ phone })).error).toBeNull();
    const { data, error } = await app.auth.verifyOtp({ phone, token: await sentCode(phone), type: "sms" });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({ phone, phone_confirmed_at: expect.any(String) });
  });
});

describe("password recovery", () => {
  test("signs in by code, so that a new password can be chosen", async () => {
    const { email } = await createUser("forgot");
    const app = client();
    expect((await app.auth.resetPasswordForEmail(email)).error).toBeNull();
    const verified = await app.auth.verifyOtp({ email, token: await sentCode(email), type: "recovery" });
    expect(verified.error).toBeNull();
    expect((await app.auth.updateUser({ password: `${password}new` })).error).toBeNull();
    const old = await client().auth.signInWithPassword({ email, password });
    expect(old.error?.code).toBe("invalid_credentials");
    expect((await client().auth.signInWithPassword({ email, password: `${password}new` })).error).toBeNull();
  });

  test("does not tell who has an account", async () => {
    expect(await call("POST", "/recover", { email: newAddress("nobody") })).toMatchObject({
      status: 200,
      body: {},
    });
  });

  test("confirms an unconfirmed address too, but not its identity", async () => {
    const { id, email } = await createUser("unconfirmed", { email_confirm: false });
    await call("POST", "/recover", { email });
    const { body } = await verify({ type: "recovery", email, token: await sentCode(email) });
    expect(body.user).toMatchObject({ id, email_confirmed_at: expect.any(String) });
    expect(body.user.identities[0]?.identity_data?.email_verified).toBe(false);
  });
});

describe("a used link", () => {
  test("voids the other links of the user, but not the codes", async () => {
    const { email } = await createUser("both", { email_confirm: false });
    await call("POST", "/recover", { email });
    const [code, hash] = [await sentCode(email), await sentHash(email)];
    await call("POST", "/resend", { type: "signup", email });
    expect((await verify({ type: "signup", token_hash: await sentHash(email) })).status).toBe(200);
    expect(await verifyRefusal({ type: "recovery", token_hash: hash })).toEqual(linkExpired);
    expect((await verify({ type: "recovery", email, token: code })).status).toBe(200);
  });

  test("may call itself just an e-mail", async () => {
    const { email } = await createUser("just");
    await call("POST", "/otp", { email });
    const { location } = await follow(await sentHash(email), "email");
    expect(parametersOf(location, "hash").access_token).toEqual(expect.any(String));
  });
});

describe("verification", () => {
  test("says what a request lacks", async () => {
    const email = newAddress("lack");
    const cases: [Record<string, unknown>, unknown[]][] = [
      [{ email, token: "123456" }, invalid("Verify requires a verification type")],
      [{ type: "signup", email }, invalid("Verify requires either a token or a token hash")],
      [
        { type: "signup", token: "123456" },
        invalid("Only an email address or phone number should be provided on verify"),
      ],
      [
        { type: "signup", token: "123456", email, phone: newPhone() },
        invalid("Only an email address or phone number should be provided on verify"),
      ],
      [
        { type: "signup", token_hash: "abc", email },
        invalid("Only the token_hash and type should be provided"),
      ],
      [
        { type: "signup", token_hash: "abc", redirect_to: "http://127.0.0.1:3000" },
        invalid("Only the token_hash and type should be provided"),
      ],
      [{ type: "sms", token_hash: "abc" }, invalid("Invalid email verification type")],
      [{ type: "foo", token_hash: "abc" }, invalid("Invalid email verification type")],
      [{ type: "signup", token: "123456", email: "nothing" }, [
        422,
        "validation_failed",
        "Invalid email format",
      ]],
      [{ type: "signup", token: "123456", email }, codeExpired],
      [{ type: "signup", token_hash: "abc" }, linkExpired],
    ];
    for (const [body, expected] of cases) expect([body, await verifyRefusal(body)]).toEqual([body, expected]);
  });

  test("is closed to the banned", async () => {
    const { id, email } = await createUser("outlaw");
    await call("POST", "/otp", { email });
    const token = await sentCode(email);
    await database`update auth.users set banned_until = now() + interval '1 hour' where id = ${id}`;
    expect(await verifyRefusal({ type: "email", email, token })).toEqual([
      403,
      "user_banned",
      "User is banned",
    ]);
  });
});

describe("sending again", () => {
  test("gives a new sign-up code", async () => {
    const email = newAddress("resend");
    await call("POST", "/signup", { email, password });
    await pauseBetweenMessages();
    expect((await client().auth.resend({ type: "signup", email })).error).toBeNull();
    const { status } = await verify({ type: "signup", email, token: await sentCode(email) });
    expect(status).toBe(200);
  });

  test("gives a new code by text message", async () => {
    const phone = newPhone();
    await call("POST", "/signup", { phone, password });
    const early = await refusal("POST", "/resend", { type: "sms", phone });
    expect(early.slice(0, 2)).toEqual([429, "over_sms_send_rate_limit"]);
    await database`
      update auth.users set confirmation_sent_at = confirmation_sent_at - interval '1 minute' where phone = ${phone}`;
    expect((await client().auth.resend({ type: "sms", phone })).error).toBeNull();
    expect((await verify({ type: "sms", phone, token: await sentCode(phone) })).status).toBe(200);
  });

  test("does nothing, and says nothing, when there is nothing to send", async () => {
    const { email } = await createUser("nothing");
    for (const [type, to] of [["signup", email], ["email_change", email], ["signup", newAddress("nobody")]]) {
      expect(await call("POST", "/resend", { type, email: to })).toMatchObject({ status: 200, body: {} });
    }
  });
});
