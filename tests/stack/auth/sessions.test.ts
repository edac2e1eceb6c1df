import { createClient } from "@supabase/supabase-js";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import {
  admin,
  authUrl,
  call,
  claimsOf,
  client,
  createUser,
  database,
  environment,
  newAddress,
  password,
  refusal,
  signedIn,
  signInAgain,
} from "./support/api.ts";

const refresh = (token: string) => call("POST", "/token?grant_type=refresh_token", { refresh_token: token });
const refreshRefusal = (token: string) =>
  refusal("POST", "/token?grant_type=refresh_token", { refresh_token: token });
const notFound = [400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found"];
const alreadyUsed = [400, "refresh_token_already_used", "Invalid Refresh Token: Already Used"];

/** Makes everything in a session look as if it had happened earlier. */
async function age(sessionId: string, by: string): Promise<void> {
  await database`
    update auth.refresh_tokens set updated_at = updated_at - ${by}::interval where session_id = ${sessionId}`;
}

function sessionIdOf(token: string): string {
  return claimsOf(token).session_id;
}

describe("sign-in with a password", () => {
  test("answers with tokens and the user", async () => {
    const { email } = await createUser("answer");
    const { body } = await call("POST", "/token?grant_type=password", { email, password });
    expect(body).toMatchObject({
      access_token: expect.any(String),
      token_type: "bearer",
      expires_in: expect.any(Number),
      refresh_token: expect.any(String),
      weak_password: null,
      user: { email },
    });
    const now = Math.floor(Date.now() / 1000);
    expect(Math.abs(body.expires_at - now - body.expires_in)).toBeLessThanOrEqual(2);
  });

  test("gives a token that says who, how and for how long, verifiable with the public keys", async () => {
    const { id, email, session } = await signedIn("claims", { user_metadata: { full_name: "Claire" } });
    const keys = createRemoteJWKSet(new URL(`${authUrl}/.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(session.access_token, keys);
    expect(protectedHeader).toMatchObject({ alg: "ES256", typ: "JWT", kid: expect.any(String) });
    expect(payload).toMatchObject({
      sub: id,
      iss: authUrl,
      email,
      phone: "",
      role: "authenticated",
      aal: "aal1",
      amr: [{ method: "password", timestamp: expect.any(Number) }],
      session_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      is_anonymous: false,
      app_metadata: { provider: "email", providers: ["email"] },
      user_metadata: { full_name: "Claire", email_verified: true },
    });
    // A list in the first token of a process only.
    expect([payload.aud].flat()).toEqual(["authenticated"]);
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(session.expires_in);
  });

  test("works with getClaims and getUser of the client", async () => {
    const { client: app, id } = await signedIn("client");
    const claims = await app.auth.getClaims();
    expect(claims.data?.claims.sub).toBe(id);
    expect((await app.auth.getUser()).data.user?.id).toBe(id);
  });

  test("leaves its traces", async () => {
    const { email, id, token } = await signedIn("traces");
    const sessionId = sessionIdOf(token);
    const [session] = await database<Record<string, unknown>[]>`
      select user_id, aal::text, host(ip) as ip, refreshed_at from auth.sessions where id = ${sessionId}`;
    expect(session).toMatchObject({ user_id: id, aal: "aal1", ip: expect.any(String), refreshed_at: null });
    const tokens = await database<{ token: string; parent: string | null; revoked: boolean }[]>`
      select token, parent, revoked from auth.refresh_tokens where session_id = ${sessionId}`;
    expect(tokens).toMatchObject([{ token: expect.stringMatching(/^[a-z2-7]{12}$/), revoked: false }]);
    const [user] = await database<
      { last_sign_in_at: Date }[]
    >`select last_sign_in_at from auth.users where id = ${id}`;
    expect(Date.now() - (user?.last_sign_in_at.getTime() ?? 0)).toBeLessThan(30_000);
    const entries = await database<{ payload: Record<string, unknown> }[]>`
      select payload from auth.audit_log_entries
      where payload ->> 'actor_id' = ${id} and payload ->> 'action' = 'login'`;
    expect(entries[0]?.payload).toMatchObject({ actor_username: email, log_type: "account" });
  });

  test("refuses without telling why", async () => {
    const { email } = await createUser("refused");
    const wrong = [400, "invalid_credentials", "Invalid login credentials"];
    const signIn = (body: unknown) => refusal("POST", "/token?grant_type=password", body);
    expect(await signIn({ email, password: "wrong" })).toEqual(wrong);
    expect(await signIn({ email: newAddress("nobody"), password })).toEqual(wrong);
    expect(await signIn({ email })).toEqual(wrong);
    expect(await signIn({ password })).toEqual([400, "validation_failed", "missing email or phone"]);
    expect(await signIn({ email, phone: "15550001111", password })).toEqual([
      400,
      "validation_failed",
      "Only an email address or phone number should be provided on login.",
    ]);
    const anonymous = await call("POST", "/signup", {});
    expect(anonymous.body.user.email).toBe("");
  });

  test("is closed to the banned, whatever the password, and at once", async () => {
    const { id, email, token, session } = await signedIn("banned");
    await admin().updateUserById(id, { ban_duration: "1h" });
    for (const secret of [password, "wrong"]) {
      expect(await refusal("POST", "/token?grant_type=password", { email, password: secret }))
        .toEqual([400, "user_banned", "User is banned"]);
    }
    expect(await refusal("GET", "/user", undefined, { token })).toEqual([
      403,
      "user_banned",
      "User is banned",
    ]);
    expect(await refreshRefusal(session.refresh_token))
      .toEqual([400, "user_banned", "Invalid Refresh Token: User Banned"]);
    expect((await refusal("POST", "/logout", undefined, { token }))[1]).toBe("user_banned");
    // Codes are sent all the same, and sessions stay.
    expect((await call("POST", "/otp", { email })).status).toBe(200);
    await admin().updateUserById(id, { ban_duration: "none" });
    expect((await refresh(session.refresh_token)).status).toBe(200);
  });

  test("says when a password no longer meets the rules, and lets it in", async () => {
    const { email } = await createUser("weak", { password: "weakling" });
    const { data, error } = await client().auth.signInWithPassword({ email, password: "weakling" });
    expect(error).toBeNull();
    expect(data.weakPassword).toMatchObject({ reasons: ["characters"], message: expect.any(String) });
  });
});

test("unknown grants are refused", async () => {
  for (const path of ["/token", "/token?grant_type=magic"]) {
    // The grant is looked for in the address only.
    expect(await refusal("POST", path, { grant_type: "password" }))
      .toEqual([400, "invalid_credentials", "unsupported_grant_type"]);
  }
});

describe("refresh", () => {
  test("replaces the token and keeps the session", async () => {
    const { session, token } = await signedIn("refresh");
    const { status, body } = await refresh(session.refresh_token);
    expect(status).toBe(200);
    expect(body.refresh_token).not.toBe(session.refresh_token);
    expect(sessionIdOf(body.access_token)).toBe(sessionIdOf(token));
    expect(claimsOf(body.access_token).amr).toMatchObject([{ method: "password" }]);
    expect(body).not.toHaveProperty("weak_password");
    const rows = await database<{ token: string; parent: string | null; revoked: boolean }[]>`
      select token, parent, revoked from auth.refresh_tokens where session_id = ${
      sessionIdOf(token)
    } order by id`;
    expect(rows.map(({ revoked }) => revoked)).toEqual([true, false]);
    expect(rows[1]?.parent).toBe(session.refresh_token);
    const [row] = await database<{ recent: boolean }[]>`
      select refreshed_at between (now() at time zone 'utc') - interval '30 seconds' and now() at time zone 'utc'
        as recent
      from auth.sessions where id = ${sessionIdOf(token)}`;
    expect(row?.recent).toBe(true);
  });

  test("carries what has changed meanwhile", async () => {
    const { id, session } = await signedIn("changed");
    await admin().updateUserById(id, { app_metadata: { tier: "gold" } });
    const { body } = await refresh(session.refresh_token);
    expect(claimsOf(body.access_token).app_metadata.tier).toBe("gold");
  });

  test("of the token before the newest gives the newest again, however late", async () => {
    const { session, token } = await signedIn("lost");
    const second = await refresh(session.refresh_token);
    await age(sessionIdOf(token), "1 hour");
    const again = await refresh(session.refresh_token);
    expect(again.body.refresh_token).toBe(second.body.refresh_token);
  });

  test("of an older token is theft: it ends the live ones", async () => {
    const { session, token } = await signedIn("theft");
    const second = await refresh(session.refresh_token);
    const third = await refresh(second.body.refresh_token);
    await age(sessionIdOf(token), "1 hour");
    expect(await refreshRefusal(session.refresh_token)).toEqual(alreadyUsed);
    const live = await database`
      select from auth.refresh_tokens where session_id = ${sessionIdOf(token)} and not revoked`;
    expect(live.length).toBe(0);
    // The session's row stays, and access tokens work until they end.
    expect((await call("GET", "/user", undefined, { token })).status).toBe(200);
    await age(sessionIdOf(token), "1 hour");
    expect(await refreshRefusal(third.body.refresh_token)).toEqual(alreadyUsed);
  });

  test("of the newest token goes on for a moment after a theft", async () => {
    const { session, token } = await signedIn("revived");
    const second = await refresh(session.refresh_token);
    const third = await refresh(second.body.refresh_token);
    await age(sessionIdOf(token), "1 hour");
    expect(await refreshRefusal(session.refresh_token)).toEqual(alreadyUsed);
    const fourth = await refresh(third.body.refresh_token);
    expect(fourth.status).toBe(200);
    expect((await refresh(fourth.body.refresh_token)).status).toBe(200);
  });

  test("of an older token within the interval is forgiven", async () => {
    const { session } = await signedIn("interval");
    const second = await refresh(session.refresh_token);
    await refresh(second.body.refresh_token);
    expect((await refresh(session.refresh_token)).status).toBe(200);
  });

  test("in parallel gives all the same new token", async () => {
    const { session } = await signedIn("parallel");
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(session.refresh_token)));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
  });

  test("does not wait for ever for somebody else to be done with the session", async () => {
    const { session, token } = await signedIn("held");
    await database.begin(async (sql) => {
      await sql`select from auth.sessions where id = ${sessionIdOf(token)} for update`;
      expect((await refreshRefusal(session.refresh_token)).slice(0, 2)).toEqual([409, "conflict"]);
    });
    expect((await refresh(session.refresh_token)).status).toBe(200);
  }, 30_000);

  test("needs a token of the right shape that exists", async () => {
    for (const token of ["", "short", "ABCDEFGHIJKL", "x".repeat(40), "' or 1=1 --"]) {
      expect(await refreshRefusal(token)).toEqual([400, "validation_failed", "Refresh token is not valid"]);
    }
    expect(await refreshRefusal("abcdefghijkl")).toEqual(notFound);
  });

  test("ends with the account", async () => {
    const { id, session, token } = await signedIn("gone");
    await admin().deleteUser(id);
    expect(await refreshRefusal(session.refresh_token)).toEqual(notFound);
    expect((await refusal("GET", "/user", undefined, { token }))[1]).toBe("user_not_found");
  });

  test("ends with the time that a session may live", async () => {
    const { session, token } = await signedIn("over");
    await database`
      update auth.sessions set not_after = now() - interval '1 second' where id = ${sessionIdOf(token)}`;
    expect(await refreshRefusal(session.refresh_token))
      .toEqual([400, "session_expired", "Invalid Refresh Token: Session Expired"]);
  });

  test("by the client works with a session of which only the tokens are known", async () => {
    const { session } = await signedIn("restored");
    const app = createClient(environment.apiUrl, environment.anonKey, {
      auth: { persistSession: false, autoRefreshToken: false },
    });
    const { data, error } = await app.auth.setSession({
      access_token: session.access_token,
      refresh_token: session.refresh_token,
    });
    expect(error).toBeNull();
    expect(data.user?.id).toBe(session.user.id);
    const refreshed = await app.auth.refreshSession();
    expect(refreshed.error).toBeNull();
    expect(refreshed.data.session?.refresh_token).not.toBe(session.refresh_token);
  });
});

describe("sign-out", () => {
  const isAlive = async (token: string) => (await call("GET", "/user", undefined, { token })).status === 200;

  async function threeSessions(name: string) {
    const first = await signedIn(name);
    return [first, await signInAgain(first.email), await signInAgain(first.email)] as const;
  }

  test("ends all sessions, unless told otherwise", async () => {
    const [first, second, third] = await threeSessions("global");
    expect((await first.client.auth.signOut()).error).toBeNull();
    expect(await Promise.all([first, second, third].map(({ token }) => isAlive(token)))).toEqual([
      false,
      false,
      false,
    ]);
    expect(await refreshRefusal(second.session.refresh_token)).toEqual(notFound);
  });

  test("can end this session only", async () => {
    const [first, second] = await threeSessions("local");
    expect((await first.client.auth.signOut({ scope: "local" })).error).toBeNull();
    expect([await isAlive(first.token), await isAlive(second.token)]).toEqual([false, true]);
  });

  test("can end all others", async () => {
    const [first, second, third] = await threeSessions("others");
    expect((await first.client.auth.signOut({ scope: "others" })).error).toBeNull();
    expect(await Promise.all([first, second, third].map(({ token }) => isAlive(token)))).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("answers without a body, knows its scopes, and needs a session", async () => {
    const { token } = await signedIn("scopes");
    expect(await refusal("POST", "/logout?scope=foo", undefined, { token }))
      .toEqual([400, "validation_failed", 'Unsupported logout scope "foo"']);
    const { status, text } = await call("POST", "/logout?scope=local", undefined, { token });
    expect([status, text]).toEqual([204, ""]);
    expect((await refusal("POST", "/logout", undefined, { token })).slice(0, 2)).toEqual([
      403,
      "session_not_found",
    ]);
  });

  test("by an administrator with somebody's token", async () => {
    const { token } = await signedIn("kicked");
    expect((await admin().signOut(token)).error).toBeNull();
    expect(await isAlive(token)).toBe(false);
  });
});
