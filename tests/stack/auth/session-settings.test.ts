import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OwnServer } from "./support/own-server.ts";
import { canStartServers, startServer } from "./support/own-server.ts";
import { at, start } from "./support/passing-servers.ts";
import { claimsOf, client, createUser, database, password } from "./support/api.ts";

describe.skipIf(!canStartServers)("limits of sessions", () => {
  async function sessionOf(server: OwnServer, name: string) {
    const { email, id } = await createUser(name);
    const session = await at(server).signIn({ email });
    return {
      email,
      id,
      refreshToken: session.refresh_token,
      sessionId: claimsOf(session.access_token).session_id,
    };
  }

  test("a time box, from the beginning", async () => {
    const server = await start({ GOTRUE_SESSIONS_TIMEBOX: "1h" });
    const { refreshToken, sessionId } = await sessionOf(server, "timebox");
    await database`update auth.sessions set created_at = now() - interval '61 minutes' where id = ${sessionId}`;
    const { status, body } = await at(server).refresh(refreshToken);
    expect([status, body])
      .toEqual([400, { code: "session_expired", message: "Invalid Refresh Token: Session Expired" }]);
    expect((await database`select from auth.sessions where id = ${sessionId}`).length).toBe(1);
  });

  test("idleness, from the last refresh", async () => {
    const server = await start({ GOTRUE_SESSIONS_INACTIVITY_TIMEOUT: "1h" });
    const { refreshToken, sessionId } = await sessionOf(server, "idle");
    await database`
      update auth.sessions set refreshed_at = (now() at time zone 'utc') - interval '61 minutes' where id = ${sessionId}`;
    expect((await at(server).refresh(refreshToken)).body.message)
      .toBe("Invalid Refresh Token: Session Expired (Inactivity)");
  });

  test("one session a user", async () => {
    const server = await start({ GOTRUE_SESSIONS_SINGLE_PER_USER: "true" });
    const { email, refreshToken } = await sessionOf(server, "single");
    const newer = await at(server).signIn({ email });
    expect((await at(server).refresh(refreshToken)).body.message)
      .toBe("Invalid Refresh Token: Session Expired (Revoked by Newer Login)");
    expect((await at(server).refresh(newer.refresh_token)).status).toBe(200);
  });

  test("one session a user: the one used last, while it lives", async () => {
    const server = await start({ GOTRUE_SESSIONS_SINGLE_PER_USER: "true", GOTRUE_SESSIONS_TIMEBOX: "1h" });
    const { email, refreshToken } = await sessionOf(server, "busy");
    const { session_id: other } = claimsOf((await at(server).signIn({ email })).access_token);
    const begun = (ago: string) =>
      database`
        update auth.sessions set created_at = now() - ${ago}::interval, refreshed_at = now() at time zone 'utc'
        where id = ${other}`;
    await begun("10 minutes");
    expect((await at(server).refresh(refreshToken)).body.message)
      .toBe("Invalid Refresh Token: Session Expired (Revoked by Newer Login)");
    await begun("2 hours");
    expect((await at(server).refresh(refreshToken)).status).toBe(200);
  });

  test("a second factor that is owed", async () => {
    const server = await start({ GOTRUE_SESSIONS_ALLOW_LOW_AAL: "10m" });
    const { email } = await createUser("owes");
    const app = client(undefined, server.url);
    await app.auth.signInWithPassword({ email, password });
    const { data } = await app.auth.mfa.enroll({ factorType: "totp", friendlyName: "app" });
    const code = new TOTP({ secret: Secret.fromBase32(data?.totp.secret ?? "") }).generate();
    await app.auth.mfa.challengeAndVerify({ factorId: data?.id ?? "", code });
    const low = await at(server).signIn({ email });
    const { exp, iat, session_id: sessionId } = claimsOf(low.access_token);
    expect(exp - iat).toBeLessThanOrEqual(600);
    await database`update auth.sessions set created_at = now() - interval '11 minutes' where id = ${sessionId}`;
    expect((await at(server).refresh(low.refresh_token)).body.message)
      .toBe("Invalid Refresh Token: Session Expired (Low AAL: User Needs MFA Verification)");
  });
});

describe.skipIf(!canStartServers)("rotation of refresh tokens", () => {
  test("switched off lets the session live after a reuse", async () => {
    const server = await start({ GOTRUE_SECURITY_REFRESH_TOKEN_ROTATION_ENABLED: "false" });
    const { email } = await createUser("rotation");
    const first = await at(server).signIn({ email });
    const second = await at(server).refresh(first.refresh_token);
    const third = await at(server).refresh(second.body.refresh_token);
    expect(third.body.refresh_token).not.toBe(second.body.refresh_token);
    const reused = await at(server).refresh(first.refresh_token);
    expect([reused.status, reused.body.code]).toEqual([400, "refresh_token_already_used"]);
    expect((await at(server).refresh(third.body.refresh_token)).status).toBe(200);
  });
});

describe.skipIf(!canStartServers)("refresh tokens of version 2", () => {
  let server: OwnServer;

  beforeAll(async () => {
    server = await startServer({ GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION: "2" });
  });

  afterAll(async () => await server?.stop());

  async function signedIn(name: string) {
    const { email } = await createUser(name);
    const body = await at(server).signIn({ email });
    return {
      email,
      token: body.refresh_token as string,
      sessionId: claimsOf(body.access_token).session_id as string,
    };
  }

  test("need no rows, only a key and a counter", async () => {
    const { token, sessionId } = await signedIn("version-two");
    expect(token).toMatch(/^[A-Za-z0-9_-]{51}$/);
    const bytes = Buffer.from(token, "base64url");
    expect(bytes[0]).toBe(0);
    expect(bytes.subarray(1, 17).toString("hex")).toBe(sessionId.replaceAll("-", ""));
    const next = await at(server).refresh(token);
    expect(next.status).toBe(200);
    expect(next.body.refresh_token).not.toBe(token);
    expect((await database`select from auth.refresh_tokens where session_id = ${sessionId}`).length).toBe(0);
    const [row] = await database`
      select refresh_token_counter::int as counter, length(refresh_token_hmac_key) as key
      from auth.sessions where id = ${sessionId}`;
    expect(row).toEqual({ counter: 1, key: 43 });
  });

  test("one step behind gives the current one, older ones end the session", async () => {
    const { token, sessionId } = await signedIn("behind");
    const second = (await at(server).refresh(token)).body.refresh_token;
    expect((await at(server).refresh(token)).body.refresh_token).toBe(second);
    const third = (await at(server).refresh(second)).body.refresh_token;
    expect(third).not.toBe(second);
    await database`
      update auth.sessions set refreshed_at = refreshed_at - interval '1 hour' where id = ${sessionId}`;
    const reused = await at(server).refresh(token);
    expect([reused.status, reused.body.code]).toEqual([400, "refresh_token_already_used"]);
    expect((await database`select from auth.sessions where id = ${sessionId}`).length).toBe(0);
    expect((await at(server).refresh(third)).body.code).toBe("refresh_token_not_found");
  });

  test("cannot be made up", async () => {
    const { token } = await signedIn("forged");
    const bytes = Buffer.from(token, "base64url");
    bytes[17] = 5;
    const { status, body } = await at(server).refresh(bytes.toString("base64url"));
    expect([status, body]).toEqual([400, {
      code: "validation_failed",
      message: "Refresh token is not valid",
    }]);
  });

  test("in parallel are all the same", async () => {
    const { token } = await signedIn("parallel");
    const answers = await Promise.all(Array.from({ length: 8 }, () => at(server).refresh(token)));
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
  });
});
