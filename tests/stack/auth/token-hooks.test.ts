import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  canStartServers,
  eventsOf,
  hookSettings,
  plantAnswer,
  sentBy,
  startServer,
} from "./support/own-server.ts";
import type { HookStage } from "./support/hook-stage.ts";
import { refusing, startHookStage } from "./support/hook-stage.ts";
import {
  call as callAny,
  claimsOf,
  createUser,
  database,
  newAddress,
  newFormat,
  password,
} from "./support/api.ts";

let stage: HookStage;

beforeAll(async () => {
  if (canStartServers) stage = await startHookStage();
});

afterAll(async () => await stage?.stop());

async function enrolled(email: string) {
  const app = stage.client();
  await app.auth.signInWithPassword({ email, password });
  const { data } = await app.auth.mfa.enroll({ factorType: "totp", friendlyName: "app" });
  const totp = new TOTP({ secret: Secret.fromBase32(data?.totp.secret ?? "") });
  return { app, factorId: data?.id ?? "", code: () => totp.generate() };
}

describe.skipIf(!canStartServers)("the access token", () => {
  test("lists its audience the first time, and says it plainly ever after", async () => {
    const own = await startServer(hookSettings("custom_access_token"));
    try {
      const { email } = await createUser("first");
      const audiences: unknown[] = [];
      for (let count = 0; count < 3; count++) {
        const { body } = await callAny("POST", "/token?grant_type=password", { email, password }, {
          base: own.url,
        });
        const told = (await eventsOf("custom_access_token", email)).at(-1)?.claims.aud;
        audiences.push([told, claimsOf(body.access_token).aud]);
      }
      expect(audiences).toEqual([
        [["authenticated"], ["authenticated"]],
        ["authenticated", "authenticated"],
        ["authenticated", "authenticated"],
      ]);
    } finally {
      await own.stop();
    }
  });

  test("says what the hook makes of it", async () => {
    const { email } = await createUser("extra");
    await plantAnswer(
      "custom_access_token",
      email,
      `jsonb_build_object('claims', $1 -> 'claims' || '{"app_role": "host"}'::jsonb)`,
    );
    const { body } = await stage.signIn(email);
    expect(claimsOf(body.access_token)).toMatchObject({ app_role: "host", email, aal: "aal1" });
    const [event] = await eventsOf("custom_access_token", email);
    expect(event).toMatchObject({
      metadata: { name: "customize-access-token" },
      user_id: body.user.id,
      authentication_method: "password",
      claims: { sub: body.user.id, amr: [{ method: "password" }] },
    });
    await stage.call("POST", "/token?grant_type=refresh_token", { refresh_token: body.refresh_token });
    expect((await eventsOf("custom_access_token", email)).at(-1)?.authentication_method).toBe(
      "token_refresh",
    );
  });

  test("must keep what every token needs", async () => {
    const { email } = await createUser("missing");
    await plantAnswer(
      "custom_access_token",
      email,
      "jsonb_build_object('claims', ($1 -> 'claims') - 'email')",
    );
    const { status, body } = await stage.signIn(email);
    expect(status).toBe(500);
    expect(body.message)
      .toBe("output claims do not conform to the expected schema: \n- (root): email is required\n");
    for (const answer of ["'{}'::jsonb", "null::jsonb"]) {
      await plantAnswer("custom_access_token", email, answer);
      const { status, body } = await stage.signIn(email);
      expect([answer, status, body.message]).toEqual([answer, 500, "output claims field is missing"]);
    }
    await plantAnswer("custom_access_token", email, "null::jsonb");
    expect((await stage.signIn(email)).status).toBe(500);
    for (const claim of [`{"exp": "soon"}`, `{"aal": 2}`, `{"amr": [1]}`, `{"app_metadata": []}`]) {
      await plantAnswer(
        "custom_access_token",
        email,
        `jsonb_build_object('claims', $1 -> 'claims' || '${claim}'::jsonb)`,
      );
      expect([claim, (await stage.signIn(email)).status]).toEqual([claim, 500]);
    }
  });

  test("that is refused to an anonymous user makes none", async () => {
    const nickname = newAddress("nameless");
    await plantAnswer(
      "custom_access_token",
      "",
      `case when $1 #>> '{claims,user_metadata,nickname}' = '${nickname}' then ${refusing(403, "No")}
        else jsonb_build_object('claims', $1 -> 'claims') end`,
    );
    const { status, body } = await stage.call("POST", "/signup", { data: { nickname } }, {
      headers: newFormat,
    });
    expect([status, body])
      .toEqual([500, {
        code: "unexpected_failure",
        message: "Database error creating anonymous user",
      }]);
    expect(
      (await database`select from auth.users where raw_user_meta_data ->> 'nickname' = ${nickname}`).length,
    )
      .toBe(0);
  });

  test("is not made when the hook refuses, and the refresh token stays good", async () => {
    const { email } = await createUser("later");
    const { body } = await stage.signIn(email);
    const refresh = () =>
      stage.call("POST", "/token?grant_type=refresh_token", { refresh_token: body.refresh_token }, {
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
    await stage.signIn(email, "wrong");
    await stage.signIn(email);
    const events = await eventsOf("password_verification_attempt", id);
    expect(events.map(({ user_id: user, valid }) => [user, valid])).toEqual([[id, false], [id, true]]);
    expect(events[0]?.metadata.name).toBe("password-verification");
  });

  test("can be rejected although right, with what the hook wrote", async () => {
    const { id, email } = await createUser("locked");
    await plantAnswer(
      "password_verification_attempt",
      id,
      `'{"decision": "reject", "message": "Locked"}'::jsonb`,
    );
    const { status, body } = await stage.signIn(email);
    expect([status, body]).toEqual([400, { code: "invalid_credentials", message: "Locked" }]);
    await plantAnswer("password_verification_attempt", id, `'{"decision": "reject"}'::jsonb`);
    expect((await stage.signIn(email)).body.message)
      .toBe("Further password verification attempts will be rejected.");
    expect(await eventsOf("password_verification_attempt", id)).toHaveLength(2);
  });

  test("can sign the user out everywhere", async () => {
    const { id, email } = await createUser("out");
    const { body } = await stage.signIn(email);
    await plantAnswer(
      "password_verification_attempt",
      id,
      `'{"decision": "reject", "should_logout_user": true}'::jsonb`,
    );
    await stage.signIn(email);
    expect((await stage.call("GET", "/user", undefined, { token: body.access_token })).status).toBe(403);
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
    expect((await stage.call("GET", "/user", undefined, { token })).status).toBe(403);
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
      const old = await stage.call("POST", "/signup", { email, password });
      expect([old.status, old.body]).toEqual([418, {
        code: "PT418",
        message: "no such singer",
        hint: "Sing louder",
        detail: "Too quiet",
      }]);
      const modern = await stage.signUp(email);
      expect([modern.status, modern.body])
        .toEqual([500, { code: "unexpected_failure", message: "Database error saving new user" }]);
    } finally {
      // The table is Auth's; the trigger goes with its function.
      await database`drop function auth_probe.refuse_user() cascade`;
    }
  });
});
