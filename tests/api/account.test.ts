import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { database, forgetRateLimits } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import { latestMessage } from "../support/inbox.ts";
import {
  addSecondFactor,
  addVenue,
  expectData,
  newClient,
  password,
  signInGuest,
  signUp,
  signUpHost,
} from "../support/people.ts";

beforeAll(forgetRateLimits);
afterAll(() => database.end());

describe("backup codes", () => {
  test("let somebody in who lost the factor: once, ending other sessions, with a mail", async () => {
    const person = await signUp("lost");
    expect((await person.client.rpc("create_backup_codes")).error?.message).toBe("no_second_factor");
    await addSecondFactor(person);
    const codes = expectData(await person.client.rpc("create_backup_codes"));
    expect(codes).toHaveLength(10);
    for (const code of codes) expect(code).toMatch(/^[A-HJ-NP-Z2-9]{10}$/);

    const half = newClient();
    expectData(await half.auth.signInWithPassword({ email: person.email, password }));
    expect(expectData(await half.from("profiles").select("user_id"))).toEqual([]);
    expect((await half.rpc("use_backup_code", { p_code: "WRONGWRONG" })).data).toBe(false);
    const code = codes[3] ?? "";
    expect(
      (await half.rpc("use_backup_code", { p_code: `${code.slice(0, 5)}-${code.slice(5).toLowerCase()}` }))
        .data,
    ).toBe(true);
    expect(expectData(await half.from("profiles").select("user_id"))).toEqual([{ user_id: person.userId }]);
    expect((await person.client.from("profiles").select("user_id")).status).toBe(401);
    expect(expectData(await half.rpc("count_backup_codes"))).toBe(9);
    expect((await latestMessage(person.email, "backup_code_used")).body_text).toContain("Codes left: 9");
  });

  test("one code is used once under fifty tries at once", async () => {
    const person = await signUp("racing");
    await addSecondFactor(person);
    const [code = ""] = expectData(await person.client.rpc("create_backup_codes"));
    const half = newClient();
    expectData(await half.auth.signInWithPassword({ email: person.email, password }));
    await database`update private.rate_limits set maximum = 1000 where key = 'backup_codes'`;
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => half.rpc("use_backup_code", { p_code: code })),
    );
    await database`update private.rate_limits set maximum = 5 where key = 'backup_codes'`;
    expect(answers.filter(({ data }) => data === true)).toHaveLength(1);
  });
});

describe("sessions", () => {
  test("are listed and ended one by one; others' cannot be", async () => {
    const person = await signUp("devices");
    const phone = newClient();
    expectData(await phone.auth.signInWithPassword({ email: person.email, password }));
    const sessions = expectData(await person.client.rpc("list_sessions"));
    expect(sessions).toHaveLength(2);
    const other = sessions.find(({ is_current }) => !is_current);
    const stranger = await signUp("stranger");
    expect((await stranger.client.rpc("end_session", { p_session_id: other?.id ?? "" })).error?.message).toBe(
      "session_not_found",
    );
    expect((await person.client.rpc("end_session", { p_session_id: other?.id ?? "" })).error).toBeNull();
    expect((await phone.from("profiles").select("user_id")).status).toBe(401);
    expect((await person.client.from("profiles").select("user_id")).status).toBe(200);
  });
});

describe("deleting an account", () => {
  test("asks for a recent proof of identity", async () => {
    const person = await signUp("old");
    await database`
      update auth.mfa_amr_claims set updated_at = now() - interval '11 minutes', created_at = now() - interval '11 minutes'
      where session_id in (select id from auth.sessions where user_id = ${person.userId})`;
    expect((await person.client.rpc("delete_account")).error?.message).toBe("reauthentication_needed");
    expect((await person.client.rpc("confirm_password", { p_password: "Wrong-2026!" })).data).toBe(false);
    expect((await person.client.rpc("confirm_password", { p_password: password })).data).toBe(true);
    expect((await person.client.rpc("delete_account")).error).toBeNull();
    const [row] =
      await database`select count(*)::integer as count from auth.users where id = ${person.userId}`;
    expect(row?.["count"]).toBe(0);
  });

  test("is open to guests, who have nothing but their session", async () => {
    const guest = await signInGuest();
    await database`
      update auth.mfa_amr_claims set updated_at = now() - interval '11 minutes', created_at = now() - interval '11 minutes'
      where session_id in (select id from auth.sessions where user_id = ${guest.userId})`;
    expect((await guest.client.rpc("delete_account")).error).toBeNull();
    expect(await database`select from auth.users where id = ${guest.userId}`).toHaveLength(0);
  });

  test("keeps what was sung, without the name, and says goodbye", async () => {
    const host = await signUpHost("venue");
    const venue = await addVenue(host);
    await database`update public.venue_rules set free_text_allowed = true where venue_id = ${venue.id}`;
    const singer = await signUp("leaving", { nickname: "Sol" });
    const request = expectData(
      await singer.client.rpc("submit_request", {
        p_venue_id: venue.id,
        p_artist: "ABBA",
        p_title: "Waterloo",
      }),
    );
    expectData(await host.client.rpc("process_requests", { p_request_ids: [request.id] }));
    const exported = expectData(await singer.client.rpc("export_account")) as Record<string, unknown[]>;
    expect(exported["requests"]).toHaveLength(1);
    expect(exported["performances"]).toHaveLength(1);
    expect((await singer.client.rpc("delete_account")).error).toBeNull();
    const sung = expectData(
      await host.client.from("performances").select("singer_name, singer_user_id, title"),
    );
    expect(sung).toEqual([{ singer_name: "Former singer", singer_user_id: null, title: "Waterloo" }]);
    await latestMessage(singer.email, "account_deleted");
  });

  test("is refused while others work in an organization the user owns", async () => {
    const host = await signUpHost("boss", "Busy Karaoke");
    const staff = await signUp("worker");
    await database`
      insert into public.organization_members (organization_id, user_id, role_key)
      values (${host.organizationId}, ${staff.userId}, 'staff')`;
    const { error, status } = await host.client.rpc("delete_account");
    expect([status, error?.message]).toEqual([409, "still_owner"]);
    expect(error?.details).toContain("Busy Karaoke");
  });

  test("by an administrator follows the same rules: no organization is left without an owner", async () => {
    const host = await signUpHost("orphan", "Orphan Karaoke");
    const staff = await signUp("helper");
    await database`
      insert into public.organization_members (organization_id, user_id, role_key)
      values (${host.organizationId}, ${staff.userId}, 'staff')`;
    const { auth } = newClient(environment.serviceRoleKey);
    for (const softly of [false, true]) {
      expect((await auth.admin.deleteUser(host.userId, softly)).error, String(softly)).not.toBeNull();
    }
    expect(expectData(await staff.client.from("organizations").select("name"))).toEqual([
      { name: "Orphan Karaoke" },
    ]);

    expect((await auth.admin.deleteUser(staff.userId, true)).error).toBeNull();
    expect((await staff.client.from("profiles").select("user_id")).status).toBeGreaterThanOrEqual(401);
    expect((await auth.admin.deleteUser(host.userId)).error).toBeNull();
    const [left] = await database`
      select
        (select count(*)::integer from public.organizations where id = ${host.organizationId}) as organizations,
        (select count(*)::integer from public.profiles where user_id in (${host.userId}, ${staff.userId})) as profiles`;
    expect(left).toEqual({ organizations: 0, profiles: 0 });
    await latestMessage(host.email, "account_deleted");
  });
});
