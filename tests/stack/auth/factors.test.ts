import type { SupabaseClient } from "@supabase/supabase-js";
import { Secret, TOTP } from "otpauth";
import { describe, expect, test } from "vitest";
import type { SignedIn } from "./support/api.ts";
import {
  admin,
  call,
  claimsOf,
  createUser,
  database,
  newPhone,
  password,
  refusal,
  sentCode,
  signedIn,
  signInAgain,
} from "./support/api.ts";

function codeFor(secret: string, offset = 0): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + offset });
}

/** A code that is surely not the present one or its neighbours. */
function wrongCode(secret: string): string {
  const right = [-30_000, 0, 30_000].map((offset) => codeFor(secret, offset));
  return ["111111", "222222", "333333", "444444"].find((code) => !right.includes(code)) ?? "";
}

async function enrolled(app: SupabaseClient, friendlyName = "phone") {
  const { data, error } = await app.auth.mfa.enroll({ factorType: "totp", friendlyName });
  if (error) throw error;
  return { id: data.id, secret: data.totp.secret, totp: data.totp };
}

/** A user whose session has passed a second factor. */
async function withFactor(name: string): Promise<SignedIn & { factorId: string; secret: string }> {
  const user = await signedIn(name);
  const { id: factorId, secret } = await enrolled(user.client);
  const { data, error } = await user.client.auth.mfa.challengeAndVerify({ factorId, code: codeFor(secret) });
  if (error) throw error;
  return { ...user, factorId, secret, token: data.access_token, session: data };
}

describe("enrolment", () => {
  test("gives a secret, a link and a picture", async () => {
    const { client: app, email } = await signedIn("enroll");
    const { data, error } = await app.auth.mfa.enroll({
      factorType: "totp",
      friendlyName: "App",
      issuer: "Bar & Co",
    });
    expect(error).toBeNull();
    expect(data).toMatchObject({ id: expect.any(String), type: "totp", friendly_name: "App" });
    expect(data?.totp.secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(data?.totp.qr_code).toMatch(/^data:image\/svg\+xml;utf-8,<\?xml version="1\.0"/);
    const uri = new URL(data?.totp.uri ?? "");
    expect(uri.protocol).toBe("otpauth:");
    expect(decodeURIComponent(uri.pathname)).toContain(`Bar & Co:${email}`);
    expect(Object.fromEntries(uri.searchParams)).toEqual({
      algorithm: "SHA1",
      digits: "6",
      issuer: "Bar & Co",
      period: "30",
      secret: data?.totp.secret,
    });
    expect((await app.auth.mfa.listFactors()).data?.all).toMatchObject([{
      status: "unverified",
      factor_type: "totp",
    }]);
  });

  test("names the site unless told otherwise", async () => {
    const { client: app } = await signedIn("issuer");
    const { totp } = await enrolled(app);
    expect(new URL(totp.uri).searchParams.get("issuer")).toMatch(/^127\.0\.0\.1|localhost/);
  });

  test("needs a name of its own", async () => {
    const { client: app, token } = await signedIn("names");
    await enrolled(app, "a");
    expect(await refusal("POST", "/factors", { factor_type: "totp", friendly_name: "a" }, { token })).toEqual(
      [
        422,
        "mfa_factor_name_conflict",
        'A factor with the friendly name "a" for this user already exists',
      ],
    );
    const unnamed = { factor_type: "totp" };
    expect((await call("POST", "/factors", unnamed, { token })).status).toBe(200);
    for (const body of [unnamed, { factor_type: "phone", phone: newPhone() }]) {
      expect((await refusal("POST", "/factors", body, { token }))[1]).toBe("mfa_factor_name_conflict");
    }
  });

  test("knows its kinds", async () => {
    const { token } = await signedIn("kinds");
    expect(await refusal("POST", "/factors", { factor_type: "dance" }, { token }))
      .toEqual([400, "validation_failed", "factor_type needs to be totp, phone, or webauthn"]);
    expect((await refusal("POST", "/factors", { factor_type: "webauthn" }, { token }))[0]).toBe(422);
  });

  test("of an app needs an address to show there", async () => {
    const { email, token } = await signedIn("phone-only", { phone: newPhone(), phone_confirm: true });
    await database`update auth.users set email = null where email = ${email}`;
    expect(await refusal("POST", "/factors", { factor_type: "totp" }, { token }))
      .toEqual([500, "unexpected_failure", "Error generating QR Code"]);
  });

  test("stops at ten", async () => {
    const { client: app, token } = await signedIn("many");
    for (let number = 0; number < 10; number++) await enrolled(app, `factor ${number}`);
    expect(await refusal("POST", "/factors", { factor_type: "totp", friendly_name: "eleven" }, { token }))
      .toEqual([
        422,
        "too_many_enrolled_mfa_factors",
        "Maximum number of verified factors reached, unenroll to continue",
      ]);
  });

  test("forgets what was never used", async () => {
    const { client: app } = await signedIn("forgets");
    const { id } = await enrolled(app, "old");
    await database`update auth.mfa_factors set created_at = now() - interval '6 minutes' where id = ${id}`;
    await enrolled(app, "old");
    expect((await app.auth.mfa.listFactors()).data?.all).toHaveLength(1);
  });
});

describe("verification", () => {
  test("raises the same session, ends the others and removes unverified factors", async () => {
    const user = await signedIn("raise");
    const other = await signInAgain(user.email);
    const { id: factorId, secret } = await enrolled(user.client);
    await enrolled(user.client, "spare");
    const challenge = await user.client.auth.mfa.challenge({ factorId });
    expect(challenge.data).toMatchObject({ id: expect.any(String), type: "totp" });
    expect(Math.abs((challenge.data?.expires_at ?? 0) - Date.now() / 1000 - 300)).toBeLessThan(10);
    const { data, error } = await user.client.auth.mfa.verify({
      factorId,
      challengeId: challenge.data?.id ?? "",
      code: codeFor(secret),
    });
    expect(error).toBeNull();
    const claims = claimsOf(data?.access_token ?? "");
    expect(claims).toMatchObject({ aal: "aal2", session_id: claimsOf(user.token).session_id });
    expect(claims.amr.map(({ method }: { method: string }) => method).sort()).toEqual(["password", "totp"]);
    expect(data?.user.factors).toMatchObject([{ id: factorId, status: "verified" }]);
    expect(data?.refresh_token).not.toBe(user.session.refresh_token);
    expect((await call("GET", "/user", undefined, { token: other.token })).status).toBe(403);
    expect((await user.client.auth.mfa.getAuthenticatorAssuranceLevel()).data)
      .toMatchObject({ currentLevel: "aal2", nextLevel: "aal2" });
    const [row] = await database`
      select aal::text, factor_id from auth.sessions where id = ${claims.session_id}`;
    expect(row).toEqual({ aal: "aal2", factor_id: factorId });
  });

  test("raises what the refresh token before it gives too", async () => {
    const user = await signedIn("earlier");
    const { id: factorId, secret } = await enrolled(user.client);
    const { data } = await user.client.auth.mfa.challengeAndVerify({ factorId, code: codeFor(secret) });
    const { body } = await call("POST", "/token?grant_type=refresh_token", {
      refresh_token: user.session.refresh_token,
    });
    expect(body.refresh_token).toBe(data?.refresh_token);
    expect(claimsOf(body.access_token).aal).toBe("aal2");
  });

  test("lasts over a refresh, and a new sign-in starts below", async () => {
    const user = await withFactor("lasts");
    const { data } = await user.client.auth.refreshSession();
    expect(claimsOf(data.session?.access_token ?? "").aal).toBe("aal2");
    const again = await signInAgain(user.email);
    expect(claimsOf(again.token).aal).toBe("aal1");
    expect((await again.client.auth.mfa.getAuthenticatorAssuranceLevel()).data)
      .toMatchObject({ currentLevel: "aal1", nextLevel: "aal2" });
  });

  test("accepts the neighbours of the present code, and no other", async () => {
    const { client: app } = await signedIn("window");
    const { id: factorId, secret } = await enrolled(app);
    for (const [offset, accepted] of [[-120_000, false], [120_000, false], [-25_000, true]] as const) {
      const { error } = await app.auth.mfa.challengeAndVerify({ factorId, code: codeFor(secret, offset) });
      expect([offset, error === null]).toEqual([offset, accepted]);
    }
  });

  test("refuses a wrong code and lets the next one in", async () => {
    const { client: app, token } = await signedIn("typo");
    const { id: factorId, secret } = await enrolled(app);
    const { data: challenge } = await app.auth.mfa.challenge({ factorId });
    const verify = (code: string) =>
      refusal("POST", `/factors/${factorId}/verify`, { challenge_id: challenge?.id, code }, { token });
    expect(await verify(wrongCode(secret)))
      .toEqual([422, "mfa_verification_failed", "Invalid TOTP code entered"]);
    expect(await verify("")).toEqual([400, "validation_failed", "Code needs to be non-empty"]);
    expect((await verify(codeFor(secret)))[0]).toBe(200);
    // A challenge serves once.
    expect((await verify(codeFor(secret))).slice(0, 2)).toEqual([422, "mfa_ip_address_mismatch"]);
  });

  test("needs a challenge of this factor, in time, from the same address", async () => {
    const { client: app, token } = await signedIn("challenge");
    const { id: factorId, secret } = await enrolled(app);
    const verify = (challengeId: string) =>
      refusal("POST", `/factors/${factorId}/verify`, { challenge_id: challengeId, code: codeFor(secret) }, {
        token,
      });
    expect(await verify(crypto.randomUUID()))
      .toEqual([422, "mfa_factor_not_found", "MFA factor with the provided challenge ID not found"]);
    const { data: late } = await app.auth.mfa.challenge({ factorId });
    const lateId = late?.id ?? "";
    await database`update auth.mfa_challenges set created_at = now() - interval '6 minutes' where id = ${lateId}`;
    expect(await verify(lateId)).toEqual([
      422,
      "mfa_challenge_expired",
      `MFA challenge ${lateId} has expired, verify against another challenge or create a new challenge.`,
    ]);
    const { data: moved } = await app.auth.mfa.challenge({ factorId });
    const movedId = moved?.id ?? "";
    await database`update auth.mfa_challenges set ip_address = '192.0.2.1' where id = ${movedId}`;
    expect(await verify(movedId))
      .toEqual([422, "mfa_ip_address_mismatch", "Challenge and verify IP addresses mismatch."]);
  });

  test("is for one's own factors", async () => {
    const owner = await signedIn("owner");
    const { id } = await enrolled(owner.client);
    const { token } = await signedIn("thief");
    const missing = [404, "mfa_factor_not_found", "Factor not found"];
    expect(await refusal("POST", `/factors/${id}/challenge`, {}, { token })).toEqual(missing);
    expect(await refusal("DELETE", `/factors/${id}`, undefined, { token })).toEqual(missing);
    expect(await refusal("DELETE", `/factors/${crypto.randomUUID()}`, undefined, { token })).toEqual(missing);
  });
});

describe("a user with a verified factor", () => {
  test("changes nothing sensitive below aal2", async () => {
    const user = await withFactor("guarded");
    const { token } = await signInAgain(user.email);
    for (const body of [{ password: `${password}x` }, { email: "new@example.com" }, { phone: newPhone() }]) {
      expect(await refusal("PUT", "/user", body, { token })).toEqual([
        401,
        "insufficient_aal",
        "AAL2 session is required to update email or password when MFA is enabled.",
      ]);
    }
    expect((await call("PUT", "/user", { data: { a: 1 } }, { token })).status).toBe(200);
    expect((await call("PUT", "/user", { password: `${password}x` }, { token: user.token })).status).toBe(
      200,
    );
  });

  test("neither adds nor removes factors below aal2", async () => {
    const user = await withFactor("below");
    const { token } = await signInAgain(user.email);
    expect(await refusal("POST", "/factors", { factor_type: "totp", friendly_name: "second" }, { token }))
      .toEqual([403, "insufficient_aal", "AAL2 required to enroll a new factor"]);
    expect(await refusal("DELETE", `/factors/${user.factorId}`, undefined, { token }))
      .toEqual([422, "insufficient_aal", "AAL2 required to unenroll verified factor"]);
  });

  test("can remove it, and is then aal1 again", async () => {
    const user = await withFactor("remove");
    const { data, error } = await user.client.auth.mfa.unenroll({ factorId: user.factorId });
    expect([error, data?.id]).toEqual([null, user.factorId]);
    expect((await call("GET", "/user", undefined, { token: user.token })).status).toBe(200);
    const refreshed = await user.client.auth.refreshSession();
    const claims = claimsOf(refreshed.data.session?.access_token ?? "");
    expect(claims.aal).toBe("aal1");
    expect(claims.amr).toMatchObject([{ method: "password" }]);
  });
});

describe("a phone as factor", () => {
  test("gets a code by text message", async () => {
    const user = await signedIn("texter");
    const phone = newPhone();
    const { data, error } = await user.client.auth.mfa.enroll({ factorType: "phone", phone: `+${phone}` });
    expect(error).toBeNull();
    expect(data).toMatchObject({ type: "phone", phone: `+${phone}` });
    const factorId = data?.id ?? "";
    const challenge = await user.client.auth.mfa.challenge({ factorId });
    expect(challenge.data).toMatchObject({ type: "phone" });
    const early = await user.client.auth.mfa.challenge({ factorId });
    expect([early.error?.status, early.error?.code]).toEqual([429, "over_sms_send_rate_limit"]);
    const code = await sentCode(phone);
    const verify = (value: string) =>
      user.client.auth.mfa.verify({ factorId, challengeId: challenge.data?.id ?? "", code: value });
    const wrong = await verify(code === "000000" ? "000001" : "000000");
    expect([wrong.error?.code, wrong.error?.message])
      .toEqual(["mfa_verification_failed", "Invalid MFA Phone code entered"]);
    const right = await verify(code);
    expect(right.error).toBeNull();
    expect(claimsOf(right.data?.access_token ?? "").amr.map(({ method }: { method: string }) => method))
      .toContain("mfa/phone");
    const again = await refusal(
      "POST",
      "/factors",
      { factor_type: "phone", phone, friendly_name: "x" },
      { token: right.data?.access_token ?? "" },
    );
    expect(again.slice(0, 2)).toEqual([422, "mfa_verified_factor_exists"]);
  });

  test("takes the place of one with the same number that was never verified", async () => {
    const { client: app, token } = await signedIn("again");
    const phone = newPhone();
    const ids: string[] = [];
    for (const friendlyName of ["first", "second"]) {
      const { data } = await app.auth.mfa.enroll({ factorType: "phone", phone, friendlyName });
      ids.push(data?.id ?? "");
    }
    expect((await app.auth.mfa.listFactors()).data?.all.map(({ id }) => id)).toEqual([ids[1]]);
    // The challenge of a phone may name a channel, so it needs a body.
    expect((await refusal("POST", `/factors/${ids[1]}/challenge`, undefined, { token })).slice(0, 2))
      .toEqual([400, "bad_json"]);
  });

  test("must be a number", async () => {
    const { token } = await signedIn("no-number");
    expect(await refusal("POST", "/factors", { factor_type: "phone", phone: "none" }, { token }))
      .toEqual([400, "validation_failed", "Invalid phone number format (E.164 required)"]);
    expect(await refusal("POST", "/factors", { factor_type: "phone" }, { token }))
      .toEqual([400, "validation_failed", "Phone number required to enroll Phone factor"]);
  });
});

test("recovery codes, which newer clients know, are none of this server's factors", async () => {
  const { token } = await signedIn("recovery");
  for (const method of ["GET", "POST", "DELETE"]) {
    expect(await refusal(method, "/factors/recovery-codes", undefined, { token }))
      .toEqual([404, "validation_failed", "factor_id must be an UUID"]);
  }
});

describe("an administrator", () => {
  test("sees and removes factors", async () => {
    const user = await withFactor("managed");
    const { data } = await admin().mfa.listFactors({ userId: user.id });
    expect(data?.factors).toMatchObject([{ id: user.factorId, status: "verified", phone: "" }]);
    expect((await admin().mfa.deleteFactor({ userId: user.id, id: user.factorId })).error).toBeNull();
    expect((await admin().mfa.listFactors({ userId: user.id })).data?.factors).toEqual([]);
    const refreshed = await user.client.auth.refreshSession();
    expect(claimsOf(refreshed.data.session?.access_token ?? "").aal).toBe("aal1");
  });

  test("sees none where there are none", async () => {
    const { id } = await createUser("factorless");
    expect((await admin().mfa.listFactors({ userId: id })).data?.factors).toEqual([]);
  });
});
