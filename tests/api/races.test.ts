import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { database, forgetRateLimits } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import { latestMessage, linkOf } from "../support/inbox.ts";
import {
  addOpenkjKey,
  addSecondFactor,
  expectData,
  type Host,
  newClient,
  password,
  type Person,
  signUp,
  signUpHost,
} from "../support/people.ts";

const many = 50;
const connections = postgres(environment.databaseUrl, { max: many, onnotice: () => {}, idle_timeout: 20 });

/** Who is calling, as the step that checks a token hands it to the database. */
async function claimsOf({ client }: Pick<Person, "client">): Promise<string> {
  const { data } = await client.auth.getClaims();
  if (!data) throw new Error("Nobody is signed in");
  return JSON.stringify(data.claims);
}

/** What a call came to: its value as text, or the status and code of the refusal. */
type Outcome = string;

function call(claims: string, name: string, ...parameters: (string | string[] | number)[]): Promise<Outcome> {
  return connections.begin(async (sql) => {
    await sql`select set_config('request.jwt.claims', ${claims}, true), set_config('role', 'authenticated', true)`;
    const places = parameters.map((_, index) => `$${index + 1}`).join(", ");
    const [row] = await sql.unsafe(`select public.${name}(${places})::text as answer`, parameters);
    // A function without a result answers with nothing.
    return row?.["answer"] ? String(row["answer"]) : "done";
  }).catch((error: unknown) => {
    if (!(error instanceof postgres.PostgresError)) throw error;
    return `${error.code.replace("PT", "")} ${error.message}`;
  });
}

/** Makes every call on a connection of its own, all of them waiting for the same moment. */
async function atOnce(calls: (() => Promise<Outcome>)[]): Promise<Record<Outcome, number>> {
  const outcomes = await Promise.all(calls.map((work) => work()));
  expect(outcomes.filter((outcome) => outcome.startsWith("40P01")), "deadlocks").toEqual([]);
  return outcomes.reduce<Record<Outcome, number>>((counts, outcome) => {
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    return counts;
  }, {});
}

function times(work: () => Promise<Outcome>, count = many): (() => Promise<Outcome>)[] {
  return Array.from({ length: count }, () => work);
}

async function invite(host: Host, email: string): Promise<string> {
  expectData(
    await host.client.rpc("invite_member", {
      p_organization_id: host.organizationId,
      p_email: email,
      p_role_key: "staff",
    }),
  );
  const link = linkOf(await latestMessage(email, "organization_invitation"));
  return new URL(link).searchParams.get("token") ?? "";
}

async function addMember(host: Host, person: Person, role: string): Promise<string> {
  const [member] = await database`
    insert into public.organization_members (organization_id, user_id, role_key)
    values (${host.organizationId}, ${person.userId}, ${role}) returning id`;
  return String(member?.["id"]);
}

let host: Host;
let owner: string;

beforeAll(async () => {
  await forgetRateLimits();
  host = await signUpHost("racing", "Racing Karaoke");
  owner = await claimsOf(host);
  await Promise.all(
    times(async () => String((await connections`select 1 as one`)[0]?.["one"])).map((open) => open()),
  );
});
afterAll(async () => {
  await connections.end();
  await database.end();
});

describe("fifty at once", () => {
  test("accept an invitation: one does", async () => {
    const invited = await signUp("accepting");
    const token = await invite(host, invited.email);
    const claims = await claimsOf(invited);
    expect(await atOnce(times(() => call(claims, "accept_invitation", token)))).toEqual({
      [host.organizationId]: 1,
      "404 invitation_not_found": many - 1,
    });
  });

  test("accept and take back an invitation: one side wins, and the membership says which", async () => {
    const invited = await signUp("taken");
    const token = await invite(host, invited.email);
    const claims = await claimsOf(invited);
    const [invitation] = await database`
      select id from public.organization_invitations where email = ${invited.email}`;
    const outcomes = await atOnce([
      ...times(() => call(claims, "accept_invitation", token), 25),
      ...times(() => call(owner, "revoke_invitation", String(invitation?.["id"])), 25),
    ]);
    const accepted = outcomes[host.organizationId] ?? 0;
    const [found] = await database`
      select
        (select count(*)::integer from public.organization_members where user_id = ${invited.userId}) as members,
        (select status from public.organization_invitations where email = ${invited.email}) as status`;
    expect([accepted, outcomes["done"]]).toEqual(accepted === 1 ? [1, undefined] : [0, 1]);
    expect(found).toEqual({ members: accepted, status: accepted === 1 ? "accepted" : "revoked" });
  });

  test("invite one address: one invitation, and no more mails than its limit", async () => {
    const email = `wanted-${crypto.randomUUID()}@example.com`;
    const outcomes = await atOnce(
      times(() => call(owner, "invite_member", host.organizationId, email, "staff")),
    );
    const [found] = await database`
      select
        (select count(*)::integer from public.organization_invitations where email = ${email}) as invitations,
        (select count(*)::integer from private.messages where recipient = ${email}) as mails`;
    // Once, and sent again up to five times an hour.
    expect(found).toEqual({ invitations: 1, mails: 6 });
    expect(outcomes["429 rate_limited"]).toBe(many - 6);
  });

  test("send an invitation again: five an hour", async () => {
    const email = `again-${crypto.randomUUID()}@example.com`;
    await invite(host, email);
    const [invitation] = await database`
      select id from public.organization_invitations where email = ${email}`;
    expect(await atOnce(times(() => call(owner, "resend_invitation", String(invitation?.["id"]))))).toEqual({
      done: 5,
      "429 rate_limited": many - 5,
    });
    const [found] = await database`
      select count(*)::integer as tokens from private.invitation_tokens where invitation_id = ${
      invitation?.["id"]
    }`;
    expect(found).toEqual({ tokens: 1 });
  });

  test("use one backup code, or guess: one use, five guesses", async () => {
    const person = await signUp("lost");
    await addSecondFactor(person);
    const [code = ""] = expectData(await person.client.rpc("create_backup_codes"));
    const half = newClient();
    expectData(await half.auth.signInWithPassword({ email: person.email, password }));
    const claims = await claimsOf({ client: half });
    expect(await atOnce(times(() => call(claims, "use_backup_code", "WRONGWRONG")))).toEqual({
      false: 5,
      "429 rate_limited": many - 5,
    });
    await database`
      delete from private.rate_limit_counters where rate_limit_key = 'backup_codes' and subject = ${person.userId}`;
    const outcomes = await atOnce(times(() => call(claims, "use_backup_code", code)));
    expect(outcomes["true"]).toBe(1);
    const [found] = await database`
      select count(*)::integer as used from private.backup_codes where user_id = ${person.userId} and used_at is not null`;
    expect(found).toEqual({ used: 1 });
  });

  test("enter a wrong password again: five in a quarter of an hour", async () => {
    const claims = await claimsOf(await signUp("guessing"));
    expect(await atOnce(times(() => call(claims, "confirm_password", "Wrong-2026!")))).toEqual({
      false: 5,
      "429 rate_limited": many - 5,
    });
  });

  test("sign in with a wrong password: the fifth locks, once, with one mail", async () => {
    const person = await signUp("locking");
    const outcomes = await atOnce(times(async () => {
      const [row] = await connections`
        select private.password_verification_attempt_hook(
          jsonb_build_object('user_id', ${person.userId}::uuid, 'valid', false)
        ) ->> 'decision' as decision`;
      return String(row?.["decision"]);
    }));
    expect(outcomes).toEqual({ continue: 5, reject: many - 5 });
    const [found] = await database`
      select count(*)::integer as mails from private.messages
      where user_id = ${person.userId} and template_key = 'account_locked'`;
    expect(found).toEqual({ mails: 1 });
  });

  test("rotate an API key: five an hour, and one secret is left in force", async () => {
    await addOpenkjKey(host);
    const [key] = await database`
      select id from public.api_keys where organization_id = ${host.organizationId} order by created_at desc limit 1`;
    const outcomes = await atOnce(
      times(async () => (await call(owner, "rotate_api_key", String(key?.["id"]))).slice(0, 4)),
    );
    expect(outcomes).toEqual({ '{"id': 5, "429 ": many - 5 });
    const [found] = await database`
      select count(*)::integer as valid from private.api_key_secrets
      where api_key_id = ${key?.["id"]} and (valid_until is null or valid_until > now())`;
    expect(found).toEqual({ valid: 1 });
  });

  test("call with one API key, or a wrong one: every call is counted", async () => {
    const key = await addOpenkjKey(host);
    const venues = (api_key: string) => async () => {
      const [row] = await connections`
        select private.openkj_call(${
        JSON.stringify({ command: "getVenues", api_key })
      }::text::jsonb, '192.0.2.1') ->> 'error' as error`;
      return String(row?.["error"]);
    };
    expect(await atOnce([...times(venues(key), 25), ...times(venues(`${key.slice(0, 12)}wrong`), 25)]))
      .toEqual({
        false: 25,
        true: 25,
      });
    const [found] = await database`
      select calls, failures from public.api_key_usage as usage
      join public.api_keys as key on key.id = usage.api_key_id
      where key.prefix = ${key.slice(0, 12)}`;
    expect(found).toEqual({ calls: 25, failures: 25 });
  });

  test("make organizations: five a day", async () => {
    const claims = await claimsOf(await signUp("founder"));
    const outcomes = await atOnce(times(() => call(claims, "create_organization", "Another")));
    expect(outcomes["429 rate_limited"]).toBe(many - 5);
  });
});

describe("whatever happens at once, an organization has exactly one owner", () => {
  /** Owners that are active, and whether the organization is still there. */
  async function ownersOf(organizationId: string): Promise<unknown> {
    const [found] = await database`
      select
        (select count(*)::integer from public.organizations where id = ${organizationId}) as organizations,
        (
          select count(*)::integer from public.organization_members
          where organization_id = ${organizationId} and role_key = 'owner' and status = 'active'
        ) as owners`;
    return found;
  }

  test("ownership is offered, accepted, declined and withdrawn while members leave and are removed", async () => {
    const company = await signUpHost("company", "Company Karaoke");
    const [heir, rival] = await Promise.all([signUp("heir"), signUp("rival")]);
    const heirId = await addMember(company, heir, "admin");
    const rivalId = await addMember(company, rival, "admin");
    const [seller, first, second] = await Promise.all([company, heir, rival].map(claimsOf));
    const organization = company.organizationId;
    const claims = { seller: seller ?? "", first: first ?? "", second: second ?? "" };
    await call(claims.seller, "offer_ownership", heirId);
    await atOnce([
      ...times(() => call(claims.first, "accept_ownership", organization), 15),
      ...times(() => call(claims.second, "accept_ownership", organization), 10),
      ...times(() => call(claims.seller, "offer_ownership", rivalId), 5),
      ...times(() => call(claims.seller, "offer_ownership", heirId), 5),
      ...times(() => call(claims.seller, "decline_ownership", organization), 5),
      ...times(() => call(claims.first, "leave_organization", organization), 3),
      ...times(() => call(claims.second, "leave_organization", organization), 3),
      ...times(() => call(claims.seller, "remove_member", rivalId), 2),
      ...times(() => call(claims.seller, "set_member_suspended", heirId, "true"), 2),
    ]);
    expect(await ownersOf(organization)).toEqual({ organizations: 1, owners: 1 });
  });

  test("the owner deletes the account while invited people join", async () => {
    const company = await signUpHost("leaving", "Leaving Karaoke");
    const joining = await Promise.all(Array.from({ length: 5 }, () => signUp("joining")));
    const tokens = await Promise.all(joining.map(({ email }) => invite(company, email)));
    const claims = await Promise.all([company, ...joining].map(claimsOf));
    const outcomes = await atOnce([
      ...joining.map((_, index) => () =>
        call(claims[index + 1] ?? "", "accept_invitation", tokens[index] ?? "")
      ),
      ...times(() => call(claims[0] ?? "", "delete_account"), 5),
    ]);
    // Either nobody had joined and everything is gone, or the owner has to stay.
    const isGone = (outcomes["done"] ?? 0) > 0;
    expect(await ownersOf(company.organizationId)).toEqual(
      isGone ? { organizations: 0, owners: 0 } : { organizations: 1, owners: 1 },
    );
  });
});
