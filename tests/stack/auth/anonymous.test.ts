import { describe, expect, test } from "vitest";
import {
  call,
  claimsOf,
  client,
  newAddress,
  newPhone,
  password,
  refusal,
  sentCode,
  signInAgain,
} from "./support/api.ts";

describe("anonymous users", () => {
  test("get a session at once", async () => {
    const app = client();
    const { data, error } = await app.auth.signInAnonymously({ options: { data: { nickname: "Guest" } } });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({
      is_anonymous: true,
      email: "",
      app_metadata: {},
      identities: [],
      user_metadata: { nickname: "Guest" },
    });
    expect(claimsOf(data.session?.access_token ?? "")).toMatchObject({
      is_anonymous: true,
      role: "authenticated",
      aal: "aal1",
      amr: [{ method: "anonymous" }],
    });
  });

  test("are always new, whoever asks", async () => {
    const first = await call("POST", "/signup", {});
    const second = await call("POST", "/signup", {}, { token: first.body.access_token });
    expect(second.status).toBe(200);
    expect(second.body.user.id).not.toBe(first.body.user.id);
  });

  test("become permanent by an address, and stay who they are", async () => {
    const app = client();
    const { data: anonymous } = await app.auth.signInAnonymously();
    const alone = await app.auth.updateUser({ password });
    expect([alone.error?.status, alone.error?.code, alone.error?.message]).toEqual([
      422,
      "validation_failed",
      "Updating password of an anonymous user without an email or phone is not allowed",
    ]);
    const email = newAddress("permanent");
    const asked = await app.auth.updateUser({ email, password });
    expect(asked.error).toBeNull();
    expect(asked.data.user).toMatchObject({ new_email: email, is_anonymous: true });
    const { data, error } = await app.auth.verifyOtp({
      email,
      token: await sentCode(email),
      type: "email_change",
    });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({ id: anonymous.user?.id, email, is_anonymous: false });
    expect(data.user?.identities).toMatchObject([{ provider: "email" }]);
    expect(claimsOf(data.session?.access_token ?? "").is_anonymous).toBe(false);
    expect((await signInAgain(email)).session.user.id).toBe(anonymous.user?.id);
  });

  test("become permanent by a phone", async () => {
    const app = client();
    const { data: anonymous } = await app.auth.signInAnonymously();
    const phone = newPhone();
    expect((await app.auth.updateUser({ phone })).error).toBeNull();
    const { data, error } = await app.auth.verifyOtp({
      phone,
      token: await sentCode(phone),
      type: "phone_change",
    });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({ id: anonymous.user?.id, phone, is_anonymous: false });
  });

  test("may not have factors", async () => {
    const { body } = await call("POST", "/signup", {});
    expect(await refusal("POST", "/factors", { factor_type: "totp" }, { token: body.access_token }))
      .toEqual([403, "no_authorization", "Anonymous user not allowed to perform these actions"]);
  });
});
