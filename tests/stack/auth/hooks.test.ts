import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canStartServers, eventsOf, plantAnswer, sentBy } from "./support/own-server.ts";
import type { HookStage } from "./support/hook-stage.ts";
import { refusing, startHookStage } from "./support/hook-stage.ts";
import { admin, createUser, database, newAddress, newFormat, newPhone, password } from "./support/api.ts";

let stage: HookStage;

beforeAll(async () => {
  if (canStartServers) stage = await startHookStage();
});

afterAll(async () => await stage?.stop());

async function exists(email: string): Promise<boolean> {
  return (await database`select from auth.users where email = ${email}`).length > 0;
}

describe.skipIf(!canStartServers)("before a user is created", () => {
  test("the hook sees who it will be", async () => {
    const email = newAddress("seen");
    const { body } = await stage.signUp(email, { data: { account_type: "singer" } });
    const [event] = await eventsOf("before_user_created", email);
    expect(event?.metadata).toMatchObject({
      name: "before-user-created",
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      time: expect.any(String),
      ip_address: expect.any(String),
    });
    expect(event?.user).toMatchObject({
      id: body.id,
      aud: "authenticated",
      role: "",
      email,
      phone: "",
      identities: [],
      app_metadata: { provider: "email", providers: ["email"] },
      user_metadata: { account_type: "singer" },
      created_at: "0001-01-01T00:00:00Z",
      updated_at: "0001-01-01T00:00:00Z",
      is_anonymous: false,
    });
  });

  test("the hook can refuse, with its own status and words", async () => {
    const email = newAddress("unwanted");
    await plantAnswer("before_user_created", email, refusing(403, "Not tonight"));
    const { status, headers, body } = await stage.signUp(email);
    expect([status, body]).toEqual([403, { code: "unknown", message: "Not tonight" }]);
    expect(headers.get("x-sb-error-code")).toBeNull();
    expect(await exists(email)).toBe(false);
    const { error } = await stage.client().auth.signUp({ email, password });
    expect(error?.message).toBe("Not tonight");
  });

  test("a refusal without status is a 500, and other shapes are none", async () => {
    const bare = newAddress("bare");
    await plantAnswer("before_user_created", bare, `'{"error": {"message": "No"}}'::jsonb`);
    expect((await stage.signUp(bare)).status).toBe(500);
    // Any status is taken for what it says.
    const mild = newAddress("mild");
    await plantAnswer("before_user_created", mild, refusing(200, "Very well"));
    const { status, body } = await stage.signUp(mild);
    expect([status, body, await exists(mild)])
      .toEqual([200, { code: "unknown", message: "Very well" }, false]);
    const listed = newAddress("listed");
    await plantAnswer("before_user_created", listed, "'[]'::jsonb");
    expect((await stage.signUp(listed)).body)
      .toEqual({ code: "unexpected_failure", message: "Error unmarshaling JSON output." });
    for (
      const answer of [`'{"error": {"http_code": 400, "message": ""}}'`, `'{"error": "no"}'`, "'{}'", "null"]
    ) {
      const email = newAddress("shape");
      await plantAnswer("before_user_created", email, `${answer}::jsonb`);
      expect([answer, (await stage.signUp(email)).status]).toEqual([answer, 200]);
    }
  });

  test("an exception is a 500 that names the hook", async () => {
    const email = newAddress("broken");
    await plantAnswer("before_user_created", email, "to_jsonb(1 / 0)");
    const { status, body } = await stage.signUp(email);
    expect([status, body]).toEqual([500, {
      code: "unexpected_failure",
      message: "Error running hook URI: pg-functions://postgres/auth_probe/before_user_created",
    }]);
    expect(await exists(email)).toBe(false);
  });

  test("the hook is asked for anonymous users, and not for the administrator's", async () => {
    const nickname = crypto.randomUUID();
    await stage.call("POST", "/signup", { data: { nickname } });
    expect((await eventsOf("before_user_created", nickname))[0]?.user.is_anonymous).toBe(true);
    const { email } = await createUser("by-admin");
    await admin(stage.url).createUser({ email: `x${email}`, password });
    expect(await eventsOf("before_user_created", `x${email}`)).toEqual([]);
  });

  test("its writes outlive a sign-up that fails later", async () => {
    const email = newAddress("later");
    await plantAnswer("send_email", email, refusing(400, "No mail"));
    expect((await stage.signUp(email)).status).toBe(400);
    expect(await exists(email)).toBe(false);
    expect(await eventsOf("before_user_created", email)).toHaveLength(1);
    // The mail hook's own writes went with the user.
    expect(await eventsOf("send_email", email)).toEqual([]);
  });

  test("the hook may take its time", async () => {
    const email = newAddress("thinker");
    await plantAnswer(
      "before_user_created",
      email,
      "coalesce((select '{}'::jsonb from pg_sleep(2.5)), '{}'::jsonb)",
    );
    expect((await stage.signUp(email)).status).toBe(200);
  });

  test("another hook is told afterwards", async () => {
    const email = newAddress("after");
    const { body } = await stage.signUp(email);
    const [event] = await eventsOf("after_user_created", email);
    expect(event).toMatchObject({ metadata: { name: "after-user-created" }, user: { id: body.id, email } });
  });
});

describe.skipIf(!canStartServers)("sending", () => {
  test("a mail names code, hash, purpose and place", async () => {
    const email = newAddress("mail");
    await stage.call("POST", "/signup?redirect_to=http://127.0.0.1:3000/there", { email, password });
    const event = await sentBy("send_email", email);
    expect(event.metadata.name).toBe("send-email");
    expect(event?.user).toMatchObject({ email, identities: [{ provider: "email" }] });
    expect(event.email_data).toEqual({
      token: expect.stringMatching(/^\d{6}$/),
      token_hash: expect.stringMatching(/^[0-9a-f]{56}$/),
      token_new: "",
      token_hash_new: "",
      redirect_to: "http://127.0.0.1:3000/there",
      site_url: stage.url,
      email_action_type: "signup",
      old_email: "",
      old_phone: "",
      provider: "",
      factor_type: "",
    });
  });

  test("each purpose has its name", async () => {
    const { email } = await createUser("purposes");
    const app = stage.client();
    await app.auth.signInWithPassword({ email, password });
    const actions: string[] = [];
    const note = async () => actions.push((await sentBy("send_email", email)).email_data.email_action_type);
    await app.auth.signInWithOtp({ email });
    await note();
    await app.auth.resetPasswordForEmail(email);
    await note();
    await app.auth.reauthenticate();
    await note();
    await app.auth.updateUser({ email: newAddress("purposes-new") });
    await note();
    const invited = newAddress("invited");
    await admin(stage.url).inviteUserByEmail(invited);
    actions.push((await sentBy("send_email", invited)).email_data.email_action_type);
    expect(actions).toEqual(["magiclink", "recovery", "reauthentication", "email_change", "invite"]);
  });

  test("a change of address has two codes with crossed names", async () => {
    const { email } = await createUser("crossed");
    const app = stage.client();
    await app.auth.signInWithPassword({ email, password });
    const target = newAddress("crossed-new");
    await app.auth.updateUser({ email: target });
    const { email_data: mail, user } = await sentBy("send_email", email);
    expect(user.new_email).toBe(target);
    const verify = (body: Record<string, string>) =>
      stage.call("POST", "/verify", { type: "email_change", ...body });
    expect((await verify({ token_hash: mail.token_hash_new })).body.code).toBe("200");
    const { status, body } = await verify({ email: target, token: mail.token_new });
    expect([status, body.user.email]).toEqual([200, target]);
    const done = (await eventsOf("send_email", target)).at(-1);
    expect(done?.email_data).toMatchObject({
      email_action_type: "email_changed_notification",
      old_email: email,
    });
  });

  test("a new number and a factor that is gone are told by mail", async () => {
    const [old, phone] = [newPhone(), newPhone()];
    const { email } = await createUser("told", { phone: old, phone_confirm: true });
    const app = stage.client();
    await app.auth.signInWithPassword({ email, password });
    await app.auth.updateUser({ phone });
    const { sms } = await sentBy("send_sms", phone);
    await app.auth.verifyOtp({ phone, token: sms.otp, type: "phone_change" });
    expect((await sentBy("send_email", email)).email_data)
      .toMatchObject({ email_action_type: "phone_changed_notification", old_phone: old, token: "" });
    const { data } = await app.auth.mfa.enroll({ factorType: "totp" });
    await app.auth.mfa.unenroll({ factorId: data?.id ?? "" });
    expect((await sentBy("send_email", email)).email_data)
      .toMatchObject({ email_action_type: "mfa_factor_unenrolled_notification", factor_type: "totp" });
  });

  test("notifications may be refused without harm", async () => {
    const { email } = await createUser("notified");
    const app = stage.client();
    await app.auth.signInWithPassword({ email, password });
    await plantAnswer("send_email", email, refusing(400, "Leave me alone"));
    expect((await app.auth.updateUser({ password: `${password}2` })).error).toBeNull();
    expect((await eventsOf("send_email", email)).at(-1)?.email_data)
      .toMatchObject({ email_action_type: "password_changed_notification", token: "" });
  });

  test("a refusal undoes what was asked for", async () => {
    const { email } = await createUser("undone");
    await plantAnswer("send_email", email, refusing(422, "No mails today"));
    const { status, body } = await stage.call("POST", "/recover", { email }, { headers: newFormat });
    expect([status, body.message]).toEqual([422, "No mails today"]);
    const [row] =
      await database`select recovery_token, recovery_sent_at from auth.users where email = ${email}`;
    expect(row).toEqual({ recovery_token: "", recovery_sent_at: null });
  });

  test("takes two seconds at most", async () => {
    const { email } = await createUser("sleepy");
    await plantAnswer("send_email", email, "coalesce((select '{}'::jsonb from pg_sleep(4)), '{}'::jsonb)");
    const started = Date.now();
    const { status, body } = await stage.call("POST", "/recover", { email }, { headers: newFormat });
    expect([status, body.code]).toEqual([500, "unexpected_failure"]);
    expect(Date.now() - started).toBeLessThan(3800);
  });

  test("a text message names code and number", async () => {
    const phone = newPhone();
    await stage.call("POST", "/otp", { phone });
    const event = await sentBy("send_sms", phone);
    expect(event).toMatchObject({ metadata: { name: "send-sms" }, user: { phone } });
    expect(event.sms).toEqual({ otp: expect.stringMatching(/^\d{6}$/), phone });
  });

  test("a factor's text message says what it is, and a failing hook is a 500", async () => {
    const { email } = await createUser("factor");
    const app = stage.client();
    await app.auth.signInWithPassword({ email, password });
    const phone = newPhone();
    const { data } = await app.auth.mfa.enroll({ factorType: "phone", phone, friendlyName: "p" });
    await plantAnswer("send_sms", phone, refusing(400, "No"));
    const failed = await app.auth.mfa.challenge({ factorId: data?.id ?? "" });
    expect(failed.error?.status).toBe(500);
    await plantAnswer("send_sms", phone, "'{}'::jsonb");
    expect((await app.auth.mfa.challenge({ factorId: data?.id ?? "" })).error).toBeNull();
    expect((await sentBy("send_sms", phone)).sms.sms_type).toBe("mfa");
  });
});
