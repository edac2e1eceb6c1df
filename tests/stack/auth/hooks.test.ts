import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
  client as clientOfAny,
  createUser,
  database,
  newAddress,
  newFormat,
  newPhone,
  password,
} from "./support/api.ts";

let server: OwnServer;

beforeAll(async () => {
  if (!canStartServers) return;
  server = await startServer({
    GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED: "true",
    GOTRUE_EXTERNAL_PHONE_ENABLED: "true",
    GOTRUE_MFA_PHONE_ENROLL_ENABLED: "true",
    GOTRUE_MFA_PHONE_VERIFY_ENABLED: "true",
    GOTRUE_MAILER_NOTIFICATIONS_PASSWORD_CHANGED_ENABLED: "true",
    GOTRUE_MAILER_NOTIFICATIONS_EMAIL_CHANGED_ENABLED: "true",
    GOTRUE_MAILER_NOTIFICATIONS_MFA_FACTOR_ENROLLED_ENABLED: "true",
    ...hookSettings(
      "before_user_created",
      "after_user_created",
      "custom_access_token",
      "password_verification_attempt",
      "mfa_verification_attempt",
    ),
  });
});

afterAll(async () => await server?.stop());

const call: typeof callAny = (method, path, body, options = {}) =>
  callAny(method, path, body, { base: server.url, ...options });
const client = () => clientOfAny(undefined, server.url);
const signUp = (email: string, more: Record<string, unknown> = {}) =>
  call("POST", "/signup", { email, password, ...more }, { headers: newFormat });
const signIn = (email: string, secret = password) =>
  call("POST", "/token?grant_type=password", { email, password: secret }, { headers: newFormat });
const refusing = (status: number, message: string) =>
  `'${JSON.stringify({ error: { http_code: status, message } })}'::jsonb`;

async function exists(email: string): Promise<boolean> {
  return (await database`select from auth.users where email = ${email}`).length > 0;
}

async function enrolled(email: string) {
  const app = client();
  await app.auth.signInWithPassword({ email, password });
  const { data } = await app.auth.mfa.enroll({ factorType: "totp", friendlyName: "app" });
  const totp = new TOTP({ secret: Secret.fromBase32(data?.totp.secret ?? "") });
  return { app, factorId: data?.id ?? "", code: () => totp.generate() };
}

describe.skipIf(!canStartServers)("before a user is created", () => {
  test("the hook sees who it will be", async () => {
    const email = newAddress("seen");
    const { body } = await signUp(email, { data: { account_type: "singer" } });
    const [event] = await eventsOf("before_user_created", email);
    expect(event.metadata).toMatchObject({
      name: "before-user-created",
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      time: expect.any(String),
      ip_address: expect.any(String),
    });
    expect(event.user).toMatchObject({
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
    const { status, headers, body } = await signUp(email);
    expect([status, body]).toEqual([403, { code: "unknown", message: "Not tonight" }]);
    expect(headers.get("x-sb-error-code")).toBeNull();
    expect(await exists(email)).toBe(false);
    const { error } = await client().auth.signUp({ email, password });
    expect(error?.message).toBe("Not tonight");
  });

  test("a refusal without status is a 500, and other shapes are none", async () => {
    const bare = newAddress("bare");
    await plantAnswer("before_user_created", bare, `'{"error": {"message": "No"}}'::jsonb`);
    expect((await signUp(bare)).status).toBe(500);
    for (
      const answer of [`'{"error": {"http_code": 400, "message": ""}}'`, `'{"error": "no"}'`, "'{}'", "null"]
    ) {
      const email = newAddress("shape");
      await plantAnswer("before_user_created", email, `${answer}::jsonb`);
      expect([answer, (await signUp(email)).status]).toEqual([answer, 200]);
    }
  });

  test("an exception is a 500 that names the hook", async () => {
    const email = newAddress("broken");
    await plantAnswer("before_user_created", email, "to_jsonb(1 / 0)");
    const { status, body } = await signUp(email);
    expect([status, body]).toEqual([500, {
      code: "unexpected_failure",
      message: "Error running hook URI: pg-functions://postgres/auth_probe/before_user_created",
    }]);
    expect(await exists(email)).toBe(false);
  });

  test("the hook is asked for anonymous users, and not for the administrator's", async () => {
    const nickname = crypto.randomUUID();
    await call("POST", "/signup", { data: { nickname } });
    expect((await eventsOf("before_user_created", nickname))[0].user.is_anonymous).toBe(true);
    const { email } = await createUser("by-admin");
    await admin(server.url).createUser({ email: `x${email}`, password });
    expect(await eventsOf("before_user_created", `x${email}`)).toEqual([]);
  });

  test("its writes outlive a sign-up that fails later", async () => {
    const email = newAddress("later");
    await plantAnswer("send_email", email, refusing(400, "No mail"));
    expect((await signUp(email)).status).toBe(400);
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
    expect((await signUp(email)).status).toBe(200);
  });

  test("another hook is told afterwards", async () => {
    const email = newAddress("after");
    const { body } = await signUp(email);
    const [event] = await eventsOf("after_user_created", email);
    expect(event).toMatchObject({ metadata: { name: "after-user-created" }, user: { id: body.id, email } });
  });
});

describe.skipIf(!canStartServers)("sending", () => {
  test("a mail names code, hash, purpose and place", async () => {
    const email = newAddress("mail");
    await call("POST", "/signup?redirect_to=http://127.0.0.1:3000/there", { email, password });
    const event = await sentBy("send_email", email);
    expect(event.metadata.name).toBe("send-email");
    expect(event.user).toMatchObject({ email, identities: [{ provider: "email" }] });
    expect(event.email_data).toEqual({
      token: expect.stringMatching(/^\d{6}$/),
      token_hash: expect.stringMatching(/^[0-9a-f]{56}$/),
      token_new: "",
      token_hash_new: "",
      redirect_to: "http://127.0.0.1:3000/there",
      site_url: server.url,
      email_action_type: "signup",
      old_email: "",
      old_phone: "",
      provider: "",
      factor_type: "",
    });
  });

  test("each purpose has its name", async () => {
    const { email } = await createUser("purposes");
    const app = client();
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
    await admin(server.url).inviteUserByEmail(invited);
    actions.push((await sentBy("send_email", invited)).email_data.email_action_type);
    expect(actions).toEqual(["magiclink", "recovery", "reauthentication", "email_change", "invite"]);
  });

  test("a change of address has two codes with crossed names", async () => {
    const { email } = await createUser("crossed");
    const app = client();
    await app.auth.signInWithPassword({ email, password });
    const target = newAddress("crossed-new");
    await app.auth.updateUser({ email: target });
    const { email_data: mail, user } = await sentBy("send_email", email);
    expect(user.new_email).toBe(target);
    const verify = (body: Record<string, string>) =>
      call("POST", "/verify", { type: "email_change", ...body });
    expect((await verify({ token_hash: mail.token_hash_new })).body.code).toBe("200");
    const { status, body } = await verify({ email: target, token: mail.token_new });
    expect([status, body.user.email]).toEqual([200, target]);
    const done = (await eventsOf("send_email", target)).at(-1);
    expect(done.email_data).toMatchObject({
      email_action_type: "email_changed_notification",
      old_email: email,
    });
  });

  test("notifications may be refused without harm", async () => {
    const { email } = await createUser("notified");
    const app = client();
    await app.auth.signInWithPassword({ email, password });
    await plantAnswer("send_email", email, refusing(400, "Leave me alone"));
    expect((await app.auth.updateUser({ password: `${password}2` })).error).toBeNull();
    expect((await eventsOf("send_email", email)).at(-1).email_data)
      .toMatchObject({ email_action_type: "password_changed_notification", token: "" });
  });

  test("a refusal undoes what was asked for", async () => {
    const { email } = await createUser("undone");
    await plantAnswer("send_email", email, refusing(422, "No mails today"));
    const { status, body } = await call("POST", "/recover", { email }, { headers: newFormat });
    expect([status, body.message]).toEqual([422, "No mails today"]);
    const [row] =
      await database`select recovery_token, recovery_sent_at from auth.users where email = ${email}`;
    expect(row).toEqual({ recovery_token: "", recovery_sent_at: null });
  });

  test("takes two seconds at most", async () => {
    const { email } = await createUser("sleepy");
    await plantAnswer("send_email", email, "coalesce((select '{}'::jsonb from pg_sleep(4)), '{}'::jsonb)");
    const started = Date.now();
    const { status, body } = await call("POST", "/recover", { email }, { headers: newFormat });
    expect([status, body.code]).toEqual([500, "unexpected_failure"]);
    expect(Date.now() - started).toBeLessThan(3800);
  });

  test("a text message names code and number", async () => {
    const phone = newPhone();
    await call("POST", "/otp", { phone });
    const event = await sentBy("send_sms", phone);
    expect(event).toMatchObject({ metadata: { name: "send-sms" }, user: { phone } });
    expect(event.sms).toEqual({ otp: expect.stringMatching(/^\d{6}$/), phone });
  });

  test("a factor's text message says what it is, and a failing hook is a 500", async () => {
    const { email } = await createUser("factor");
    const app = client();
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

describe.skipIf(!canStartServers)("the access token", () => {
  test("says what the hook makes of it", async () => {
    const { email } = await createUser("extra");
    await plantAnswer(
      "custom_access_token",
      email,
      `jsonb_build_object('claims', $1 -> 'claims' || '{"app_role": "host"}'::jsonb)`,
    );
    const { body } = await signIn(email);
    expect(claimsOf(body.access_token)).toMatchObject({ app_role: "host", email, aal: "aal1" });
    const [event] = await eventsOf("custom_access_token", email);
    expect(event).toMatchObject({
      metadata: { name: "customize-access-token" },
      user_id: body.user.id,
      authentication_method: "password",
      claims: { sub: body.user.id, amr: [{ method: "password" }] },
    });
    await call("POST", "/token?grant_type=refresh_token", { refresh_token: body.refresh_token });
    expect((await eventsOf("custom_access_token", email)).at(-1).authentication_method).toBe("token_refresh");
  });

  test("must keep what every token needs", async () => {
    const { email } = await createUser("missing");
    await plantAnswer(
      "custom_access_token",
      email,
      "jsonb_build_object('claims', ($1 -> 'claims') - 'email')",
    );
    const { status, body } = await signIn(email);
    expect(status).toBe(500);
    expect(body.message)
      .toBe("output claims do not conform to the expected schema: \n- (root): email is required\n");
    for (const answer of ["'{}'::jsonb", "null::jsonb"]) {
      await plantAnswer("custom_access_token", email, answer);
      const { status, body } = await signIn(email);
      expect([answer, status, body.message]).toEqual([answer, 500, "output claims field is missing"]);
    }
    for (const claim of [`{"exp": "soon"}`, `{"aal": 2}`, `{"amr": [1]}`, `{"app_metadata": []}`]) {
      await plantAnswer(
        "custom_access_token",
        email,
        `jsonb_build_object('claims', $1 -> 'claims' || '${claim}'::jsonb)`,
      );
      expect([claim, (await signIn(email)).status]).toEqual([claim, 500]);
    }
  });

  test("is not made when the hook refuses, and the refresh token stays good", async () => {
    const { email } = await createUser("later");
    const { body } = await signIn(email);
    const refresh = () =>
      call("POST", "/token?grant_type=refresh_token", { refresh_token: body.refresh_token }, {
        headers: newFormat,
      });
    await plantAnswer("custom_access_token", email, refusing(403, "Come back later"));
    const refused = await refresh();
    expect([refused.status, refused.body.message]).toEqual([403, "Come back later"]);
    const [row] = await database<{ count: number }[]>`
      select count(*)::int as count from auth.refresh_tokens where token = ${body.refresh_token} and not revoked`;
    expect(row?.count).toBe(1);
    await plantAnswer("custom_access_token", email, "$1");
    expect((await refresh()).status).toBe(200);
  });
});

describe.skipIf(!canStartServers)("password attempts", () => {
  test("are told, right or wrong", async () => {
    const { id, email } = await createUser("attempts");
    await signIn(email, "wrong");
    await signIn(email);
    const events = await eventsOf("password_verification_attempt", id);
    expect(events.map(({ user_id: user, valid }) => [user, valid])).toEqual([[id, false], [id, true]]);
    expect(events[0].metadata.name).toBe("password-verification");
  });

  test("can be rejected although right, with what the hook wrote", async () => {
    const { id, email } = await createUser("locked");
    await plantAnswer(
      "password_verification_attempt",
      id,
      `'{"decision": "reject", "message": "Locked"}'::jsonb`,
    );
    const { status, body } = await signIn(email);
    expect([status, body]).toEqual([400, { code: "invalid_credentials", message: "Locked" }]);
    await plantAnswer("password_verification_attempt", id, `'{"decision": "reject"}'::jsonb`);
    expect((await signIn(email)).body.message)
      .toBe("Further password verification attempts will be rejected.");
    expect(await eventsOf("password_verification_attempt", id)).toHaveLength(2);
  });

  test("can sign the user out everywhere", async () => {
    const { id, email } = await createUser("out");
    const { body } = await signIn(email);
    await plantAnswer(
      "password_verification_attempt",
      id,
      `'{"decision": "reject", "should_logout_user": true}'::jsonb`,
    );
    await signIn(email);
    expect((await call("GET", "/user", undefined, { token: body.access_token })).status).toBe(403);
  });
});

describe.skipIf(!canStartServers)("factor attempts", () => {
  test("are told, and a rejection ends all sessions", async () => {
    const { id, email } = await createUser("rejected");
    const { app, factorId, code } = await enrolled(email);
    const token = (await app.auth.getSession()).data.session?.access_token ?? "";
    await plantAnswer("mfa_verification_attempt", id, `'{"decision": "reject", "message": "Stop"}'::jsonb`);
    const { error } = await app.auth.mfa.challengeAndVerify({ factorId, code: code() });
    expect([error?.status, error?.code, error?.message]).toEqual([403, "mfa_verification_rejected", "Stop"]);
    const [event] = await eventsOf("mfa_verification_attempt", id);
    expect(event).toMatchObject({
      metadata: { name: "mfa-verification" },
      user_id: id,
      factor_id: factorId,
      factor_type: "totp",
      valid: true,
    });
    expect((await call("GET", "/user", undefined, { token })).status).toBe(403);
  });

  test("go on otherwise", async () => {
    const { email } = await createUser("goes");
    const { app, factorId, code } = await enrolled(email);
    expect((await app.auth.mfa.challengeAndVerify({ factorId, code: code() })).error).toBeNull();
    expect((await sentBy("send_email", email)).email_data)
      .toMatchObject({ email_action_type: "mfa_factor_enrolled_notification", factor_type: "totp" });
  });
});

describe.skipIf(!canStartServers)("a hook that cannot be called", () => {
  test("is a 500: no such function, or no JSON", async () => {
    for (const name of ["nothing_there", "as_text"]) {
      const broken = await startServer({
        GOTRUE_HOOK_SEND_EMAIL_URI: `pg-functions://postgres/auth_probe/${name}`,
      });
      const { email } = await createUser("broken");
      const { status, body } = await callAny("POST", "/recover", { email }, {
        base: broken.url,
        headers: newFormat,
      });
      expect([name, status, body.code]).toEqual([name, 500, "unexpected_failure"]);
      await broken.stop();
    }
  });
});

describe.skipIf(!canStartServers)("people's own triggers", () => {
  test("speak in the old error format only", async () => {
    const email = newAddress("trigger");
    await database.unsafe(`
      create or replace function auth_probe.refuse_user() returns trigger language plpgsql as $$
      begin
        raise exception 'no such singer' using errcode = 'PT418', hint = 'Sing louder', detail = 'Too quiet';
      end $$;
      create or replace trigger auth_probe_refuse before insert on auth.users for each row
        when (new.email like 'trigger-%') execute function auth_probe.refuse_user();
    `);
    try {
      const old = await call("POST", "/signup", { email, password });
      expect([old.status, old.body]).toEqual([418, {
        code: "PT418",
        message: "no such singer",
        hint: "Sing louder",
        detail: "Too quiet",
      }]);
      const modern = await signUp(email);
      expect([modern.status, modern.body])
        .toEqual([500, { code: "unexpected_failure", message: "Database error saving new user" }]);
    } finally {
      // The table is Auth's; the trigger goes with its function.
      await database`drop function auth_probe.refuse_user() cascade`;
    }
  });
});
