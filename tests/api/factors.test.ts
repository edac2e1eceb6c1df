import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { database, forgetRateLimits } from "../support/database.ts";
import { codeOf, latestMessage } from "../support/inbox.ts";
import {
  addSecondFactor,
  expectData,
  newAddress,
  newClient,
  password,
  type Person,
  signUp,
  signUpHost,
} from "../support/people.ts";

beforeAll(forgetRateLimits);
afterAll(() => database.end());

/** A number nobody has, in the range kept for fiction. */
function newNumber(): string {
  return `+1555${String(Math.floor(Math.random() * 1e7)).padStart(7, "0")}`;
}

/** The code in the newest text to a number; Auth keeps numbers without the plus. */
async function textedCode(phone: string): Promise<string> {
  const [{ recipient } = { recipient: phone }] = await database<{ recipient: string }[]>`
    select recipient from private.rendered_messages
    where recipient in (${phone}, ${phone.slice(1)}) order by created_at desc limit 1`;
  return codeOf(await latestMessage(recipient));
}

/** Adds the phone as second factor and uses it: the session is aal2 afterwards. */
async function addPhoneFactor({ client }: Person, phone: string): Promise<string> {
  const factor = expectData(
    await client.auth.mfa.enroll({ factorType: "phone", phone, friendlyName: phone }),
  );
  const challenge = expectData(await client.auth.mfa.challenge({ factorId: factor.id }));
  expectData(
    await client.auth.mfa.verify({
      factorId: factor.id,
      challengeId: challenge.id,
      code: await textedCode(phone),
    }),
  );
  return factor.id;
}

/** Texts a code again, as somebody does who has waited long enough for Auth to send another. */
async function challengeLater(client: Person["client"], factorId: string) {
  await database`update auth.mfa_factors set last_challenged_at = now() - interval '1 hour' where id = ${factorId}`;
  return expectData(await client.auth.mfa.challenge({ factorId }));
}

describe("a phone as second factor", () => {
  test("opens what it guards, is asked for on the next device, and is taken away only with it", async () => {
    const host = await signUpHost("phoned");
    const phone = newNumber();
    const factorId = await addPhoneFactor(host, phone);
    expect(expectData(await host.client.from("organizations").select("id"))).toHaveLength(1);
    expect((await host.client.auth.mfa.listFactors()).data?.phone).toHaveLength(1);
    expect(expectData(await host.client.rpc("create_backup_codes"))).toHaveLength(10);
    expect(expectData(await host.client.rpc("count_backup_codes"))).toBe(10);

    const device = newClient();
    expectData(await device.auth.signInWithPassword({ email: host.email, password }));
    expect(expectData(await device.from("organizations").select("id"))).toEqual([]);
    expect((await device.auth.mfa.getAuthenticatorAssuranceLevel()).data).toMatchObject({
      currentLevel: "aal1",
      nextLevel: "aal2",
    });
    expect((await device.auth.mfa.unenroll({ factorId })).error).not.toBeNull();
    const challenge = await challengeLater(device, factorId);
    const wrong = await device.auth.mfa.verify({ factorId, challengeId: challenge.id, code: "000000" });
    expect(wrong.error).not.toBeNull();
    expectData(
      await device.auth.mfa.verify({ factorId, challengeId: challenge.id, code: await textedCode(phone) }),
    );
    expect(expectData(await device.from("organizations").select("id"))).toHaveLength(1);

    expect((await device.auth.mfa.unenroll({ factorId })).error).toBeNull();
    // What Auth itself did to the factor is in the log: confirmed once, taken away once.
    const entries = await database`
      select operation, actor_kind, old_values ->> 'user_id' as user_id
      from public.audit_entries where table_name = 'mfa_factors' and row_key = ${factorId} order by id`;
    expect(entries).toEqual(
      ["update", "delete"].map((operation) => ({ operation, actor_kind: "auth", user_id: host.userId })),
    );
    const later = newClient();
    expectData(await later.auth.signInWithPassword({ email: host.email, password }));
    expect(expectData(await later.from("organizations").select("id"))).toHaveLength(1);
  });

  test("five wrong codes for one challenge end the sessions", async () => {
    const person = await signUp("guessed");
    const phone = newNumber();
    const factorId = await addPhoneFactor(person, phone);
    const device = newClient();
    expectData(await device.auth.signInWithPassword({ email: person.email, password }));
    const challenge = await challengeLater(device, factorId);
    const code = String((Number(await textedCode(phone)) + 1) % 1_000_000).padStart(6, "0");
    for (let attempt = 0; attempt < 5; attempt++) {
      expect((await device.auth.mfa.verify({ factorId, challengeId: challenge.id, code })).error).not
        .toBeNull();
    }
    expect((await person.client.from("profiles").select("user_id")).status).toBe(401);
  });
});

describe("changing what one signs in with", () => {
  test("a phone number is confirmed by a texted code", async () => {
    const person = await signUp("mobile");
    const phone = newNumber();
    expectData(await person.client.auth.updateUser({ phone }));
    expect((await person.client.auth.verifyOtp({ phone, token: "000000", type: "phone_change" })).error).not
      .toBeNull();
    const { user } = expectData(
      await person.client.auth.verifyOtp({ phone, token: await textedCode(phone), type: "phone_change" }),
    );
    expect(user?.phone).toBe(phone.slice(1));
    const exported = expectData(await person.client.rpc("export_account")) as { account: { phone: string } };
    expect(exported.account.phone).toBe(phone.slice(1));
  });

  test("an address is confirmed by both, and an invitation is for the address of now", async () => {
    const host = await signUpHost("inviting");
    const person = await signUp("moving");
    const email = newAddress("moved");
    const invite = (p_email: string) =>
      host.client.rpc("invite_member", {
        p_organization_id: host.organizationId,
        p_email,
        p_role_key: "staff",
      });
    expectData(await invite(person.email));
    expectData(await person.client.auth.updateUser({ email }));
    const former = codeOf(await latestMessage(person.email, "auth_email_change_current"));
    await person.client.auth.verifyOtp({ email: person.email, token: former, type: "email_change" });
    const token = codeOf(await latestMessage(email, "auth_email_change_new"));
    expectData(await person.client.auth.verifyOtp({ email, token, type: "email_change" }));

    const link = async (address: string) =>
      /token=([0-9a-f]+)/.exec((await latestMessage(address, "organization_invitation")).body_text)?.[1] ??
        "";
    const old = await person.client.rpc("accept_invitation", { p_token: await link(person.email) });
    expect(old.error?.message).toBe("invitation_for_another_address");
    expectData(await invite(email));
    expect(expectData(await person.client.rpc("accept_invitation", { p_token: await link(email) }))).toBe(
      host.organizationId,
    );
  });

  test("a forgotten password is reset by mail, which the second factor still guards", async () => {
    const person = await signUp("forgetting");
    const totp = await addSecondFactor(person);
    const client = newClient();
    expectData(await client.auth.resetPasswordForEmail(person.email));
    const token = codeOf(await latestMessage(person.email, "auth_recovery"));
    expectData(await client.auth.verifyOtp({ email: person.email, token, type: "recovery" }));
    expect(expectData(await client.from("profiles").select("user_id"))).toEqual([]);
    const other = "Another-2026!";
    expect((await client.auth.updateUser({ password: other })).error).not.toBeNull();
    const factors = expectData(await client.auth.mfa.listFactors());
    // A code that has just been used is not taken twice: the next one is as good.
    const code = totp.generate({ timestamp: Date.now() + 30_000 });
    expectData(await client.auth.mfa.challengeAndVerify({ factorId: factors.totp[0]?.id ?? "", code }));
    expectData(await client.auth.updateUser({ password: other }));
    expectData(await newClient().auth.signInWithPassword({ email: person.email, password: other }));
  });

  test("somebody invited before they have an account signs up and accepts", async () => {
    const host = await signUpHost("early", "Early Karaoke");
    const email = newAddress("newcomer");
    expectData(
      await host.client.rpc("invite_member", {
        p_organization_id: host.organizationId,
        p_email: email.toUpperCase(),
        p_role_key: "manager",
      }),
    );
    const p_token =
      /token=([0-9a-f]+)/.exec((await latestMessage(email, "organization_invitation")).body_text)?.[1] ?? "";
    const client = newClient();
    expectData(await client.auth.signUp({ email, password }));
    expect((await client.rpc("accept_invitation", { p_token })).status, "before the address is confirmed")
      .toBe(401);
    const token = codeOf(await latestMessage(email, "auth_signup"));
    expectData(await client.auth.verifyOtp({ email, token, type: "signup" }));
    expect(expectData(await client.rpc("accept_invitation", { p_token }))).toBe(host.organizationId);
    expect(expectData(await client.from("organizations").select("name"))).toEqual([{
      name: "Early Karaoke",
    }]);
  });
});
