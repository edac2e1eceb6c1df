import { describe, expect, test } from "vitest";
import { latestMessage } from "../../support/inbox.ts";
import {
  admin,
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
  signedIn,
  signInAgain,
} from "./support/api.ts";

const change = (token: string, body: unknown) => call("PUT", "/user", body, { token });
const changeRefusal = (token: string, body: unknown) => refusal("PUT", "/user", body, { token });
const isAlive = async (token: string) => (await call("GET", "/user", undefined, { token })).status === 200;

describe("metadata", () => {
  test("merges at the top level, and null removes a key", async () => {
    const { client: app } = await signedIn("merge", { user_metadata: { a: 1, b: { c: 2 } } });
    const { data, error } = await app.auth.updateUser({ data: { a: null, b: { d: 3 }, e: "é" } });
    expect(error).toBeNull();
    expect(data.user?.user_metadata).toEqual({ b: { d: 3 }, e: "é", email_verified: true });
  });

  test("of the application is not the user's to write", async () => {
    const { token } = await signedIn("climber");
    expect(await changeRefusal(token, { app_metadata: { role: "admin" } }))
      .toEqual([403, "not_admin", "Updating app_metadata requires admin privileges"]);
  });

  test("keeps what SQL could trip over", async () => {
    const { client: app } = await signedIn("quotes");
    const nasty = `'); drop table auth.users; -- \\ " $1 {{ . }} 𝕏`;
    const { data } = await app.auth.updateUser({ data: { nasty } });
    expect(data.user?.user_metadata.nasty).toBe(nasty);
  });
});

describe("a new password", () => {
  test("ends all other sessions and voids pending codes", async () => {
    const first = await signedIn("password");
    const second = await signInAgain(first.email);
    await call("POST", "/recover", { email: first.email });
    const code = await sentCode(first.email);
    const { status, body } = await change(first.token, { password: `${password}new` });
    expect(status).toBe(200);
    expect(body).not.toHaveProperty("recovery_sent_at");
    expect([await isAlive(first.token), await isAlive(second.token)]).toEqual([true, false]);
    expect(await refusal("POST", "/verify", { type: "recovery", email: first.email, token: code }))
      .toEqual([403, "otp_expired", "Token has expired or is invalid"]);
    await signInAgain(first.email, `${password}new`);
  });

  test("must be new, strong and not too long", async () => {
    const { token } = await signedIn("strong");
    expect(await changeRefusal(token, { password }))
      .toEqual([422, "same_password", "New password should be different from the old password."]);
    for (const weak of ["", "Short1!", "nouppercase1!", "NOLOWERCASE1!", "NoDigits!!", "NoSymbols11"]) {
      expect([weak, ...(await changeRefusal(token, { password: weak })).slice(0, 2)])
        .toEqual([weak, 422, "weak_password"]);
    }
    expect(await changeRefusal(token, { password: `Aa1!${"x".repeat(70)}` }))
      .toEqual([400, "validation_failed", "Password cannot be longer than 72 characters"]);
  });
});

describe("a new e-mail address", () => {
  test("counts when both addresses have confirmed", async () => {
    const { id, email, client: app, token } = await signedIn("mover");
    const target = newAddress("moved");
    const asked = await app.auth.updateUser({ email: target.toUpperCase() });
    expect(asked.error).toBeNull();
    expect(asked.data.user).toMatchObject({
      email,
      new_email: target,
      email_change_sent_at: expect.any(String),
    });
    const [fromOld, fromNew] = [await sentCode(email), await sentCode(target)];

    const first = await call("POST", "/verify", { type: "email_change", email, token: fromOld });
    expect([first.status, first.body]).toEqual([200, {
      code: "200",
      msg: "Confirmation link accepted. Please proceed to confirm link sent to the other email",
    }]);
    expect((await app.auth.getUser()).data.user?.email).toBe(email);

    const { data, error } = await client().auth.verifyOtp({
      email: target,
      token: fromNew,
      type: "email_change",
    });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({ id, email: target });
    expect(data.user).not.toHaveProperty("new_email");
    expect(data.user?.identities?.[0]).toMatchObject({ email: target });
    expect(await isAlive(token)).toBe(true);
    await signInAgain(target);
  });

  test("may be confirmed in either order, and by links", async () => {
    const { email, client: app } = await signedIn("links");
    const target = newAddress("linked");
    await app.auth.updateUser({ email: target });
    const open = async (hash: string) => {
      const path = `/verify?token=${hash}&type=email_change&redirect_to=http://127.0.0.1:3000/mail`;
      return (await call("GET", path)).headers.get("location") ?? "";
    };
    const [oldHash, newHash] = [await sentHash(email), await sentHash(target)];
    expect(await open(newHash)).toBe(
      "http://127.0.0.1:3000/mail#message=Confirmation+link+accepted.+Please+proceed+to+confirm+link+sent+to+the" +
        "+other+email&sb=",
    );
    expect(parametersOf(await open(oldHash), "hash")).toMatchObject({ type: "email_change" });
    await signInAgain(target);
  });

  test("must be free when asked for, and when confirmed", async () => {
    const { token } = await signedIn("taker");
    const { email: taken } = await createUser("taken");
    expect(await changeRefusal(token, { email: taken }))
      .toEqual([422, "email_exists", "A user with this email address has already been registered"]);
    expect(await changeRefusal(token, { email: "nothing" }))
      .toEqual([400, "validation_failed", "Unable to validate email address: invalid format"]);
  });

  test("replaces one that is pending", async () => {
    const { email, client: app } = await signedIn("replacer");
    const [first, second] = [newAddress("first"), newAddress("second")];
    await app.auth.updateUser({ email: first });
    const stale = await sentCode(first);
    await pauseBetweenMessages();
    expect((await app.auth.updateUser({ email: second })).data.user?.new_email).toBe(second);
    expect((await refusal("POST", "/verify", { type: "email_change", email: first, token: stale }))[1])
      .toBe("otp_expired");
    expect(
      (await call("POST", "/verify", { type: "email_change", email, token: await sentCode(email) })).status,
    )
      .toBe(200);
  });

  test("may be gone when it is confirmed", async () => {
    const { email, client: app } = await signedIn("slow");
    const target = newAddress("gone");
    await app.auth.updateUser({ email: target });
    const first = { type: "email_change", email, token: await sentCode(email) };
    const second = { type: "email_change", email: target, token: await sentCode(target) };
    expect((await call("POST", "/verify", first)).status).toBe(200);
    await createUser("quick", { email: target });
    expect(await refusal("POST", "/verify", second)).toEqual([
      500,
      "unexpected_failure",
      "Error confirm email",
    ]);
  });

  test("can be sent for again", async () => {
    const { email, client: app } = await signedIn("resender");
    const target = newAddress("again");
    await app.auth.updateUser({ email: target });
    const before = await latestMessage(target);
    await pauseBetweenMessages();
    expect((await app.auth.resend({ type: "email_change", email })).error).toBeNull();
    expect((await latestMessage(target)).id).not.toBe(before.id);
  });
});

describe("a new phone", () => {
  test("counts when it has confirmed", async () => {
    const { id, client: app } = await signedIn("caller");
    const phone = newPhone();
    const asked = await app.auth.updateUser({ phone });
    expect(asked.error).toBeNull();
    expect(asked.data.user).toMatchObject({ phone: "", new_phone: phone });
    const { data, error } = await app.auth.verifyOtp({
      phone,
      token: await sentCode(phone),
      type: "phone_change",
    });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({ id, phone, phone_confirmed_at: expect.any(String) });
    expect(data.user?.app_metadata.providers).toEqual(["email", "phone"]);
    expect(data.user?.identities?.map(({ provider }) => provider)).toEqual(["email", "phone"]);
  });

  test("can be sent for again", async () => {
    const { client: app, email, token } = await signedIn("again");
    const phone = newPhone();
    const current = newPhone();
    await call("PUT", "/user", { phone: current }, { token });
    await app.auth.verifyOtp({ phone: current, token: await sentCode(current), type: "phone_change" });
    await database`
      update auth.users set phone_change_sent_at = phone_change_sent_at - interval '1 minute' where phone = ${current}`;
    await call("PUT", "/user", { phone }, { token });
    // The current number says whose change it is.
    expect(await refusal("POST", "/resend", { type: "phone_change", phone: current })).toEqual([
      429,
      "over_sms_send_rate_limit",
      expect.stringMatching(/^For security purposes, you can only request this after [0-4] seconds\.$/),
    ]);
    await database`
      update auth.users set phone_change_sent_at = phone_change_sent_at - interval '1 minute' where phone = ${current}`;
    expect((await app.auth.resend({ type: "phone_change", phone: current })).error).toBeNull();
    await database`
      update auth.users set phone_change_sent_at = phone_change_sent_at - interval '1 minute' where phone = ${current}`;
    const before = await latestMessage(phone);
    // So does any other address of theirs.
    expect((await call("POST", "/resend", { type: "phone_change", email })).body).toEqual({});
    expect((await latestMessage(phone)).id).not.toBe(before.id);
    const { data } = await app.auth.verifyOtp({ phone, token: await sentCode(phone), type: "phone_change" });
    expect(data.user?.phone).toBe(phone);
  });

  test("must be a number that is free", async () => {
    const { token } = await signedIn("dialler");
    const phone = newPhone();
    await createUser("owner", { phone, phone_confirm: true });
    expect(await changeRefusal(token, { phone }))
      .toEqual([422, "phone_exists", "A user with this phone number has already been registered"]);
    expect(await changeRefusal(token, { phone: "12ab" }))
      .toEqual([400, "validation_failed", "Invalid phone number format (E.164 required)"]);
  });
});

describe("reauthentication", () => {
  test("sends a code to the user", async () => {
    const { email, client: app } = await signedIn("prove");
    expect((await app.auth.reauthenticate()).error).toBeNull();
    expect(await sentCode(email)).toMatch(/^\d{6}$/);
  });

  test("goes by text to who has no address, and is good for a new password", async () => {
    const phone = newPhone();
    const app = client();
    await app.auth.signUp({ phone, password });
    await app.auth.verifyOtp({ phone, token: await sentCode(phone), type: "sms" });
    const before = await latestMessage(phone);
    expect((await app.auth.reauthenticate()).error).toBeNull();
    expect((await latestMessage(phone)).id).not.toBe(before.id);
    const nonce = await sentCode(phone);
    expect((await app.auth.updateUser({ password: `${password}2`, nonce })).error).toBeNull();
  });

  test("needs somewhere to send it", async () => {
    const { body } = await call("POST", "/signup", {});
    expect(await refusal("GET", "/reauthenticate", undefined, { token: body.access_token })).toEqual([
      400,
      "validation_failed",
      "Reauthentication requires the user to have an email or a phone number",
    ]);
  });
});

describe("identities", () => {
  test("are listed by the client", async () => {
    const { id, client: app } = await signedIn("identities");
    const { data } = await app.auth.getUserIdentities();
    expect(data?.identities).toMatchObject([{ id, provider: "email", user_id: id }]);
  });

  test("cannot all be unlinked", async () => {
    const { client: app, token } = await signedIn("unlinker");
    const { data } = await app.auth.getUserIdentities();
    const { error } = await app.auth.unlinkIdentity(data?.identities[0] as never);
    expect([error?.status, error?.code, error?.message]).toEqual([
      422,
      "single_identity_not_deletable",
      "User must have at least 1 identity after unlinking",
    ]);
    expect(await refusal("DELETE", "/user/identities/seven", undefined, { token }))
      .toEqual([404, "validation_failed", "identity_id must be an UUID"]);
  });

  test("of a phone take the number with them", async () => {
    const phone = newPhone();
    const { client: app, token } = await signedIn("both", { phone, phone_confirm: true });
    expect(await refusal("DELETE", `/user/identities/${crypto.randomUUID()}`, undefined, { token }))
      .toEqual([422, "identity_not_found", "Identity doesn't exist"]);
    const { data } = await app.auth.getUserIdentities();
    const identity = data?.identities.find(({ provider }) => provider === "phone");
    expect((await app.auth.unlinkIdentity(identity as never)).error).toBeNull();
    const user = (await app.auth.getUser()).data.user;
    expect(user?.phone).toBe("");
    expect(user?.identities).toHaveLength(1);
    expect(user?.app_metadata.providers).toEqual(["email"]);
  });
});

describe("a user's own account", () => {
  test("is all or nothing", async () => {
    const { id, token } = await signedIn("whole");
    const { email: taken } = await createUser("whole-taken");
    expect((await changeRefusal(token, { data: { a: 1 }, password: `${password}x`, email: taken }))[1])
      .toBe("email_exists");
    const { data } = await admin().getUserById(id);
    expect(data.user?.user_metadata).not.toHaveProperty("a");
  });

  test("cannot be deleted by this way", async () => {
    const { token } = await signedIn("stay");
    expect((await call("DELETE", "/user", undefined, { token })).status).toBe(405);
  });

  test("shows neither secrets nor codes", async () => {
    const { email, token } = await signedIn("secrets");
    await call("POST", "/recover", { email });
    const { text } = await call("GET", "/user", undefined, { token });
    expect(text).not.toMatch(/encrypted_password|_token|is_sso_user|\$2a\$/);
  });

  test("keeps its old access token until it ends, and its session goes on after a refresh", async () => {
    const { client: app, token } = await signedIn("goes-on");
    await app.auth.updateUser({ data: { nickname: "New" } });
    expect(claimsOf(token).user_metadata).not.toHaveProperty("nickname");
    const { data } = await app.auth.refreshSession();
    expect(claimsOf(data.session?.access_token ?? "").user_metadata.nickname).toBe("New");
  });

  test("can be read by its row in the database", async () => {
    const { id, email } = await createUser("row");
    const [row] = await database`
      select email, aud, role, is_anonymous, is_sso_user, confirmation_token, recovery_token from auth.users
      where id = ${id}`;
    expect(row).toEqual({
      email,
      aud: "authenticated",
      role: "authenticated",
      is_anonymous: false,
      is_sso_user: false,
      confirmation_token: "",
      recovery_token: "",
    });
  });
});
