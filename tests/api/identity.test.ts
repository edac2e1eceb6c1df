import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { database, forgetRateLimits } from "../support/database.ts";
import { codeOf, latestMessage } from "../support/inbox.ts";
import {
  addSecondFactor,
  expectData,
  newAddress,
  newClient,
  password,
  signInByMail,
  signInGuest,
  signUp,
  signUpHost,
} from "../support/people.ts";

beforeAll(forgetRateLimits);
afterAll(() => database.end());

describe("signing up", () => {
  test("a singer gets a profile and a singer profile, and nothing of an organization", async () => {
    const singer = await signUp("singer", { name: "Sol Singer", nickname: "Sol" });
    const profile = expectData(await singer.client.from("profiles").select("*").single());
    expect(profile).toMatchObject({ user_id: singer.userId, name: "Sol Singer" });
    const singerProfile = expectData(await singer.client.from("singer_profiles").select("*").single());
    expect(singerProfile.nickname).toBe("Sol");
    expect(expectData(await singer.client.from("organizations").select("*"))).toEqual([]);
  });

  test("a customer gets an organization they own, with a first system", async () => {
    const host = await signUpHost("customer", "Sunset Karaoke");
    const organization = expectData(await host.client.from("organizations").select("*").single());
    expect(organization).toMatchObject({ name: "Sunset Karaoke", time_zone: "UTC" });
    const members = expectData(
      await host.client.from("organization_members").select("role_key, status, user_id"),
    );
    expect(members).toEqual([{ role_key: "owner", status: "active", user_id: host.userId }]);
    const systems = expectData(await host.client.from("systems").select("openkj_system_id"));
    expect(systems).toEqual([{ openkj_system_id: 1 }]);
  });

  test("an account type that does not exist is refused and makes nobody", async () => {
    const email = newAddress("admin");
    const { error } = await newClient().auth.signUp({
      email,
      password,
      options: { data: { account_type: "super_admin" } },
    });
    expect(error?.message).toBe('account_type must be "singer" or "customer"');
    const [row] = await database`select count(*)::integer as count from auth.users where email = ${email}`;
    expect(row?.["count"]).toBe(0);
  });

  test("a role in the metadata gives nothing", async () => {
    const singer = await signUp("rogue", { app_role: "super_admin", role: "service_role" });
    const { data } = await singer.client.auth.getClaims();
    expect(data?.claims["app_role"]).toBe("singer");
    expect(data?.claims["role"]).toBe("authenticated");
  });

  test("a weak password is refused with what it lacks", async () => {
    const { error } = await newClient().auth.signUp({ email: newAddress("weak"), password: "password" });
    expect(error?.code).toBe("weak_password");
  });

  test("a magic link signs in somebody new as a singer", async () => {
    const singer = await signInByMail("link");
    const profiles = expectData(await singer.client.from("singer_profiles").select("user_id"));
    expect(profiles).toEqual([{ user_id: singer.userId }]);
  });
});

describe("guests", () => {
  test("a guest who adds an address keeps id and becomes a singer", async () => {
    const guest = await signInGuest();
    const profile = expectData(await guest.client.from("profiles").select("user_id").single());
    expect(profile.user_id).toBe(guest.userId);
    expect(expectData(await guest.client.from("singer_profiles").select("*"))).toEqual([]);

    const email = newAddress("guest");
    expectData(await guest.client.auth.updateUser({ email }));
    const token = codeOf(await latestMessage(email));
    const { user } = expectData(await guest.client.auth.verifyOtp({ email, token, type: "email_change" }));
    expect(user?.id).toBe(guest.userId);
    expect(user?.is_anonymous).toBe(false);
    expect(expectData(await guest.client.from("singer_profiles").select("user_id"))).toEqual([
      { user_id: guest.userId },
    ]);
  });

  test("a guest cannot own an organization", async () => {
    const guest = await signInGuest();
    const { error } = await guest.client.rpc("create_organization", { p_name: "Mine" });
    expect(error?.message).toBe("guest_not_allowed");
  });
});

describe("sessions", () => {
  test("signing out everywhere ends the access tokens at once, not when they expire", async () => {
    const singer = await signUp("leaver");
    const { data } = await singer.client.auth.getSession();
    const token = data.session?.access_token ?? "";
    const withToken = newClient();
    const read = () =>
      withToken.from("profiles").select("user_id").setHeader("Authorization", `Bearer ${token}`);
    expect((await read()).data).toHaveLength(1);
    expect((await singer.client.auth.signOut({ scope: "global" })).error).toBeNull();
    const { error, status } = await read();
    expect(status).toBe(401);
    expect(error?.message).toBe("session_ended");
  });

  test("with a second factor, a session that has not used it sees nothing and changes nothing", async () => {
    const host = await signUpHost("careful");
    await addSecondFactor(host);
    expect(expectData(await host.client.from("organizations").select("id"))).toHaveLength(1);

    const half = newClient();
    expectData(await half.auth.signInWithPassword({ email: host.email, password }));
    for (const table of ["organizations", "profiles", "systems", "organization_members"] as const) {
      expect(expectData(await half.from(table).select("*")), table).toEqual([]);
    }
    const { error, status } = await half.rpc("create_organization", { p_name: "Second" });
    expect([error?.message, status]).toEqual(["second_factor_required", 403]);
  });

  test("five wrong passwords lock the account, mail its owner, and the right password waits too", async () => {
    const singer = await signUp("forgetful");
    const client = newClient();
    for (let attempt = 0; attempt < 5; attempt++) {
      const { error } = await client.auth.signInWithPassword({
        email: singer.email,
        password: "Wrong-2026!",
      });
      expect(error?.code).toBe("invalid_credentials");
    }
    const { error } = await client.auth.signInWithPassword({ email: singer.email, password });
    expect(error?.message).toContain("Too many wrong passwords");
    expect((await latestMessage(singer.email, "account_locked")).subject).toContain("locked for 15 minutes");
  });

  test("the active context is kept through a refresh, and only an own organization can be one", async () => {
    const host = await signUpHost("switcher");
    const other = await signUpHost("other");
    const { error } = await host.client.rpc("switch_context", { p_organization_id: other.organizationId });
    expect(error?.message).toBe("organization_not_found");
    expect((await host.client.rpc("switch_context", { p_organization_id: host.organizationId })).error)
      .toBeNull();
    for (let round = 0; round < 2; round++) {
      expectData(await host.client.auth.refreshSession());
      const { data } = await host.client.auth.getClaims();
      expect(data?.claims["active_context"]).toEqual({ type: "organization", id: host.organizationId });
      expect(data?.claims["org_ids"]).toEqual([host.organizationId]);
    }
  });
});
