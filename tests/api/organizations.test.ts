import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { database, forgetRateLimits } from "../support/database.ts";
import { latestMessage, linkOf } from "../support/inbox.ts";
import {
  addSecondFactor,
  addVenue,
  expectData,
  type Host,
  newClient,
  type Person,
  signUp,
  signUpHost,
} from "../support/people.ts";

let host: Host;

beforeAll(forgetRateLimits);
beforeEach(async () => {
  host = await signUpHost("owner", "Sunset Karaoke");
});
afterAll(() => database.end());

/** Invites somebody, who accepts; returns the id of the membership. */
async function hire(person: Person, role: string, organization = host): Promise<string> {
  expectData(
    await organization.client.rpc("invite_member", {
      p_organization_id: organization.organizationId,
      p_email: person.email,
      p_role_key: role,
    }),
  );
  expectData(await person.client.rpc("accept_invitation", { p_token: await invitationToken(person.email) }));
  const { id } = expectData(
    await organization.client.from("organization_members").select("id").eq("user_id", person.userId)
      .eq("organization_id", organization.organizationId).single(),
  );
  return id;
}

async function invitationToken(email: string): Promise<string> {
  return new URL(linkOf(await latestMessage(email, "organization_invitation"))).searchParams.get("token") ??
    "";
}

describe("invitations", () => {
  test("are previewed by token, accepted by the invited address only, and once", async () => {
    const invited = await signUp("invited");
    const wrong = await signUp("wrong");
    expectData(
      await host.client.rpc("invite_member", {
        p_organization_id: host.organizationId,
        p_email: ` ${invited.email.toUpperCase()} `,
        p_role_key: "manager",
      }),
    );
    const p_token = await invitationToken(invited.email);
    const preview = expectData(await newClient().rpc("preview_invitation", { p_token }));
    expect(preview).toMatchObject({
      organization_name: "Sunset Karaoke",
      email: invited.email,
      role: "Manager",
    });
    expect((await wrong.client.rpc("accept_invitation", { p_token })).error?.message).toBe(
      "invitation_for_another_address",
    );
    expect(expectData(await invited.client.rpc("accept_invitation", { p_token }))).toBe(host.organizationId);
    expect((await invited.client.rpc("accept_invitation", { p_token })).error?.message).toBe(
      "invitation_not_found",
    );
    expect(expectData(await invited.client.from("organizations").select("name"))).toEqual([{
      name: "Sunset Karaoke",
    }]);
  });

  test("one invitation is accepted once, also twenty times at once", async () => {
    const invited = await signUp("racer");
    expectData(
      await host.client.rpc("invite_member", {
        p_organization_id: host.organizationId,
        p_email: invited.email,
        p_role_key: "staff",
      }),
    );
    const p_token = await invitationToken(invited.email);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => invited.client.rpc("accept_invitation", { p_token })),
    );
    expect(answers.filter(({ error }) => error === null)).toHaveLength(1);
  });

  test("sending again ends the former link; taking back ends both; two organizations never mix", async () => {
    const invited = await signUp("popular");
    const other = await signUpHost("rival", "Rival Karaoke");
    const invite = async (from: Host) =>
      expectData(
        await from.client.rpc("invite_member", {
          p_organization_id: from.organizationId,
          p_email: invited.email,
          p_role_key: "staff",
        }),
      );
    const id = await invite(host);
    const first = await invitationToken(invited.email);
    expect((await host.client.rpc("resend_invitation", { p_invitation_id: id })).error).toBeNull();
    const second = await invitationToken(invited.email);
    expect((await invited.client.rpc("accept_invitation", { p_token: first })).error?.message).toBe(
      "invitation_not_found",
    );
    await invite(other);
    const third = await invitationToken(invited.email);
    expect((await host.client.rpc("revoke_invitation", { p_invitation_id: id })).error).toBeNull();
    expect((await invited.client.rpc("accept_invitation", { p_token: second })).error?.message).toBe(
      "invitation_not_found",
    );
    expect(expectData(await invited.client.rpc("accept_invitation", { p_token: third }))).toBe(
      other.organizationId,
    );
    expect((await other.client.rpc("revoke_invitation", { p_invitation_id: id })).error?.message).toBe(
      "invitation_not_found",
    );
  });

  test("nobody gives what they do not hold, or ownership, or a platform role", async () => {
    const manager = await signUp("manager");
    await hire(manager, "manager");
    const invite = (person: Person, p_role_key: string, p_grants: string[] = []) =>
      person.client.rpc("invite_member", {
        p_organization_id: host.organizationId,
        p_email: "new@example.com",
        p_role_key,
        p_grants,
      });
    expect((await invite(manager, "staff")).error?.message).toBe("permission_denied");
    const admin = await signUp("admin");
    await hire(admin, "admin");
    expect((await invite(admin, "staff", ["billing:write"])).error?.message).toBe("permission_not_held");
    for (const role of ["owner", "super_admin", "nonsense"]) {
      expect((await invite(host, role)).error?.message, role).toBe("invalid_role");
    }
    expect((await invite(await signUpHost("eve"), "staff")).error?.message).toBe("organization_not_found");
  });
});

describe("members", () => {
  test("a removed or suspended member sees nothing from the next statement on", async () => {
    const staff = await signUp("staff");
    const id = await hire(staff, "staff");
    await addVenue(host);
    const venues = async () => expectData(await staff.client.from("venues").select("id")).length;
    expect(await venues()).toBe(1);
    const suspend = (p_suspended: boolean) =>
      host.client.rpc("set_member_suspended", { p_member_id: id, p_suspended });
    expect((await suspend(true)).error).toBeNull();
    expect(await venues()).toBe(0);
    expect((await suspend(false)).error).toBeNull();
    expect(await venues()).toBe(1);
    expect((await host.client.rpc("remove_member", { p_member_id: id })).error).toBeNull();
    expect(await venues()).toBe(0);
    expect((await latestMessage(staff.email, "member_removed")).subject).toContain("Sunset Karaoke");
    expect(await hire(staff, "manager")).toBe(id);
  });

  test("overrides add and take away; a denial wins", async () => {
    const staff = await signUp("override");
    const id = await hire(staff, "staff");
    const create = () => addVenue({ ...host, client: staff.client }).then(() => true, () => false);
    expect(await create()).toBe(false);
    expect((await host.client.rpc("update_member", { p_member_id: id, p_grants: ["venues:create"] })).error)
      .toBeNull();
    expect(await create()).toBe(true);
    expect((await host.client.rpc("update_member", { p_member_id: id, p_denials: ["venues:create"] })).error)
      .toBeNull();
    expect(await create()).toBe(false);
  });

  test("nobody touches the owner or their own membership", async () => {
    const admin = await signUp("climber");
    const id = await hire(admin, "admin");
    const members = expectData(
      await host.client.rpc("list_members", { p_organization_id: host.organizationId }),
    );
    const owner = members.find(({ role_key }) => role_key === "owner");
    expect(members.map(({ role_key }) => role_key)).toEqual(["owner", "admin"]);
    expect(
      (await host.client.rpc("update_member", { p_member_id: owner?.id ?? "", p_role_key: "staff" })).error
        ?.message,
    )
      .toBe("owner_is_protected");
    expect((await admin.client.rpc("update_member", { p_member_id: id, p_role_key: "staff" })).error?.message)
      .toBe("permission_denied");
    expect(
      (await host.client.rpc("leave_organization", { p_organization_id: host.organizationId })).error
        ?.message,
    )
      .toBe("owner_is_protected");
    expect((await admin.client.rpc("leave_organization", { p_organization_id: host.organizationId })).error)
      .toBeNull();
    expect(expectData(await admin.client.from("organizations").select("id"))).toEqual([]);
  });

  test("an organization that requires a second factor shows nothing to members without one", async () => {
    const staff = await signUp("unfactored");
    await hire(staff, "staff");
    await database`update public.organizations set require_mfa = true where id = ${host.organizationId}`;
    expect(expectData(await staff.client.from("organizations").select("id"))).toEqual([]);
    const { error } = await staff.client.rpc("list_members", { p_organization_id: host.organizationId });
    expect(error?.message).toBe("second_factor_required");
  });
});

describe("ownership", () => {
  test("changes hands when both sides say so, once, and there is always exactly one owner", async () => {
    const heir = await signUp("heir");
    const id = await hire(heir, "manager");
    expect(
      (await heir.client.rpc("accept_ownership", { p_organization_id: host.organizationId })).error?.message,
    )
      .toBe("offer_not_found");
    expect((await host.client.rpc("offer_ownership", { p_member_id: id })).error).toBeNull();
    const answers = await Promise.all(
      Array.from(
        { length: 10 },
        () => heir.client.rpc("accept_ownership", { p_organization_id: host.organizationId }),
      ),
    );
    expect(answers.filter(({ error }) => error === null)).toHaveLength(1);
    const members = expectData(
      await heir.client.rpc("list_members", { p_organization_id: host.organizationId }),
    );
    expect(members.map(({ user_id, role_key }) => [user_id, role_key])).toEqual([
      [heir.userId, "owner"],
      [host.userId, "admin"],
    ]);
    expect((await host.client.rpc("offer_ownership", { p_member_id: id })).error?.message).toBe(
      "member_not_found",
    );
  });
});

describe("delegated access", () => {
  test("reads for a while, writes only when asked for, tells the owner, is audited and ended at once", async () => {
    const helper = await signUp("support");
    const open = (p_write = false) =>
      helper.client.rpc("open_delegated_access", {
        p_organization_id: host.organizationId,
        p_reason: "Ticket 4711: the book does not load",
        p_write,
      });
    expect((await open()).error?.message).toBe("organization_not_found");
    await database`insert into private.platform_admins (user_id, role_key) values (${helper.userId}, 'support_admin')`;
    expect((await open()).error?.message, "without a second factor").toBe("organization_not_found");
    await addSecondFactor(helper);
    const venue = await addVenue(host);
    const id = expectData(await open());
    expect((await latestMessage(host.email, "delegated_access_opened")).body_text).toContain("Ticket 4711");

    const under = (access: string) => ({
      venues: () => helper.client.from("venues").select("id").setHeader("x-delegated-access", access),
      rename: () =>
        helper.client.from("venues").update({ name: "Helped" }).eq("id", venue.id).select("id")
          .setHeader("x-delegated-access", access),
    });
    const announce = (p_id: string) =>
      helper.client.rpc("announce_reading", { p_id, p_permissions: ["venues:read"] });
    const entries = async (access: string) =>
      expectData(
        await host.client.from("audit_entries").select("operation, table_name, row_key, actor_id")
          .eq("delegated_access_id", access).order("id"),
      );
    const actor_id = helper.userId;

    // A read runs where nothing can be written: it is refused until it has been announced, which writes it down.
    const early = await under(id).venues();
    expect([early.status, early.error?.message]).toEqual([403, "reading_not_announced"]);
    expect(await entries(id)).toEqual([]);
    expectData(await announce(id));
    expect(await entries(id)).toEqual([{
      operation: "read",
      table_name: "permissions",
      row_key: "venues:read",
      actor_id,
    }]);
    expect(expectData(await under(id).venues())).toEqual([{ id: venue.id }]);
    expect(expectData(await helper.client.from("venues").select("id")), "without naming the access").toEqual(
      [],
    );
    const systems = helper.client.from("systems").select("id").setHeader("x-delegated-access", id);
    expect(expectData(await systems), "not announced").toEqual([]);
    expect(expectData(await under(id).rename()), "read-only").toEqual([]);
    const keys = helper.client.from("api_keys").select("id").setHeader("x-delegated-access", id);
    expect(expectData(await keys)).toEqual([]);
    const list = await helper.client.rpc("list_members", { p_organization_id: host.organizationId })
      .setHeader("x-delegated-access", id);
    expect(list.error?.message).toBe("permission_denied");

    const writing = expectData(await open(true));
    expectData(await announce(writing));
    expect(expectData(await under(writing).rename())).toEqual([{ id: venue.id }]);
    expect(await entries(writing)).toEqual([
      { operation: "read", table_name: "permissions", row_key: "venues:read", actor_id },
      { operation: "call", table_name: "/venues", row_key: "PATCH", actor_id },
      { operation: "update", table_name: "venues", row_key: venue.id, actor_id },
    ]);
    for (const p_id of [id, writing]) {
      expect((await host.client.rpc("end_delegated_access", { p_id })).error).toBeNull();
      expect((await under(p_id).venues()).error?.message).toBe("delegated_access_ended");
      expect((await under(p_id).rename()).error?.message).toBe("delegated_access_ended");
    }
  });
});

describe("the audit log", () => {
  test("says who changed what, without secrets, to those who may read it", async () => {
    const venue = await addVenue(host);
    expectData(await host.client.from("venues").update({ name: "Renamed" }).eq("id", venue.id).select());
    const created = expectData(
      await host.client.rpc("create_api_key", {
        p_organization_id: host.organizationId,
        p_name: "key",
        p_scopes: ["requests:read"],
      }),
    ) as { key: string };
    const entries = expectData(await host.client.from("audit_entries").select("*").order("id"));
    const renamed = entries.find(({ table_name, operation }) =>
      table_name === "venues" && operation === "update"
    );
    expect(renamed).toMatchObject({
      actor_id: host.userId,
      actor_kind: "user",
      row_key: venue.id,
      old_values: { name: "The Test Bar" },
      new_values: { name: "Renamed" },
    });
    expect(JSON.stringify(entries)).not.toContain(created.key);
    const staff = await signUp("curious");
    await hire(staff, "staff");
    expect(expectData(await staff.client.from("audit_entries").select("id"))).toEqual([]);
    expect(
      (await host.client.from("audit_entries").delete().eq("organization_id", host.organizationId)).error
        ?.code,
    )
      .toBe("42501");
  });
});
