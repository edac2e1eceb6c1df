import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  admin,
  call,
  client,
  createUser,
  database,
  environment,
  newAddress,
  newPhone,
  password,
  refusal,
  signedIn,
  signInAgain,
} from "./support/api.ts";

const token = environment.serviceRoleKey;
const asAdmin = (method: string, path: string, body?: unknown) => call(method, path, body, { token });
const adminRefusal = (method: string, path: string, body?: unknown) => refusal(method, path, body, { token });
const emailExists = [422, "email_exists", "A user with this email address has already been registered"];
const notFound = [404, "user_not_found", "User not found"];

describe("creating users", () => {
  test("confirms and fills in what it is told to", async () => {
    const [email, phone] = [newAddress("made"), newPhone()];
    const { data, error } = await admin().createUser({
      email,
      phone,
      password,
      email_confirm: true,
      phone_confirm: true,
      user_metadata: { full_name: "Made" },
      app_metadata: { tier: 1 },
      ban_duration: "none",
    });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({
      email,
      phone,
      email_confirmed_at: expect.any(String),
      phone_confirmed_at: expect.any(String),
      user_metadata: { full_name: "Made" },
      app_metadata: { tier: 1, provider: "email", providers: ["email", "phone"] },
    });
    expect(data.user).not.toHaveProperty("confirmed_at");
    expect(data.user?.identities?.map(({ provider }) => provider)).toEqual(["email", "phone"]);
    await signInAgain(email);
  });

  test("sends nothing and asks for no strong password", async () => {
    const email = newAddress("quiet");
    expect((await admin().createUser({ email, password: "x" })).error).toBeNull();
    const [row] = await database<{ count: number }[]>`
      select count(*)::int as count from private.rendered_messages where recipient = ${email}`;
    expect(row?.count).toBe(0);
  });

  test("takes an id, a role and a ready hash", async () => {
    const [id, email] = [crypto.randomUUID(), newAddress("ready")];
    const [row] = await database<{ hash: string }[]>`
      select encrypted_password as hash from auth.users where id = ${(await createUser("hash")).id}`;
    const { status, body } = await asAdmin("POST", "/admin/users", {
      id,
      email,
      email_confirm: true,
      password_hash: row?.hash,
      role: "authenticated",
    });
    expect([status, body.id]).toEqual([200, id]);
    await signInAgain(email);
    expect(await adminRefusal("POST", "/admin/users", { id, email: newAddress("same-id") }))
      .toEqual([500, "unexpected_failure", "Database error creating new user"]);
  });

  test("refuses what cannot be", async () => {
    const { email } = await createUser("first");
    const phone = newPhone();
    await createUser("with-phone", { phone });
    const cases: [Record<string, unknown>, unknown[]][] = [
      [{}, [400, "validation_failed", "Cannot create a user without either an email or phone"]],
      [{ email, password }, emailExists],
      [{ phone }, [422, "phone_exists", "Phone number already registered by another user"]],
      [
        { email: newAddress("two"), password, password_hash: "$2a$10$abc" },
        [400, "validation_failed", "Only a password or a password hash should be provided"],
      ],
      [
        { email: newAddress("two"), password: "", password_hash: "$2a$10$abc" },
        [400, "validation_failed", "Only a password or a password hash should be provided"],
      ],
      [
        { email: newAddress("id"), id: "seven" },
        [400, "validation_failed", "ID must conform to the uuid v4 format"],
      ],
      [
        { email: newAddress("id"), id: "00000000-0000-0000-0000-000000000000" },
        [400, "validation_failed", "ID cannot be a nil uuid"],
      ],
      [{ email: "nothing" }, [400, "validation_failed", "Unable to validate email address: invalid format"]],
    ];
    for (const [body, expected] of cases) {
      expect(await adminRefusal("POST", "/admin/users", body)).toEqual(expected);
    }
    for (const bad of [{ password: "x".repeat(73) }, { password_hash: "no hash" }]) {
      expect((await adminRefusal("POST", "/admin/users", { email: newAddress("odd"), ...bad }))[0]).toBe(500);
    }
  });
});

describe("reading users", () => {
  test("one by id", async () => {
    const { id, email } = await createUser("one");
    expect((await admin().getUserById(id)).data.user).toMatchObject({ id, email });
    expect(await adminRefusal("GET", `/admin/users/${crypto.randomUUID()}`)).toEqual(notFound);
  });

  test("in pages, newest first", async () => {
    const made = [await createUser("page"), await createUser("page"), await createUser("page")];
    const { headers, body } = await asAdmin("GET", "/admin/users?page=1&per_page=2");
    expect(body.aud).toBe("authenticated");
    expect(body.users).toHaveLength(2);
    expect(body.users.map(({ identities, factors }) => [identities, factors]))
      .toEqual([[null, undefined], [null, undefined]]);
    const times = body.users.map((user: { created_at: string }) => Date.parse(user.created_at));
    expect(times[0]).toBeGreaterThanOrEqual(times[1] ?? Infinity);
    const total = Number(headers.get("x-total-count"));
    expect(total).toBeGreaterThanOrEqual(made.length);
    const last = Math.ceil(total / 2);
    expect(headers.get("link")).toMatch(
      new RegExp(
        `^</admin/users\\?page=2&per_page=2>; rel="next", </admin/users\\?page=${last}&per_page=2>; rel="last"$`,
      ),
    );
    const { data } = await admin().listUsers({ page: 1, perPage: 2 });
    expect(data).toMatchObject({ nextPage: 2 });
    const { body: all } = await asAdmin("GET", "/admin/users?per_page=1000&sort=created_at%20asc");
    const oldest = all.users.map((user: { created_at: string }) => Date.parse(user.created_at));
    expect(oldest).toEqual([...oldest].sort((left, right) => left - right));
    expect((await asAdmin("GET", "/admin/users?per_page=0")).status).toBe(500);
  });

  test("in no other order, and in pages that can be counted", async () => {
    const bad = (message: string) => [400, "validation_failed", message];
    expect(await adminRefusal("GET", "/admin/users?sort=email%20asc"))
      .toEqual(bad("Bad Sort Parameters: bad field for sort 'email'"));
    expect(await adminRefusal("GET", "/admin/users?sort=created_at%20up"))
      .toEqual(
        bad("Bad Sort Parameters: bad direction for sort 'up', only 'asc' and 'desc' allowed"),
      );
    expect(await adminRefusal("GET", "/admin/users?page=-1"))
      .toEqual(bad('Bad Pagination Parameters: strconv.ParseUint: parsing "-1": invalid syntax'));
    const { data, error } = await admin().listUsers({ page: -1, perPage: 10 });
    expect([data.users, error?.name, error?.code]).toEqual([[], "AuthApiError", "validation_failed"]);
    expect(await adminRefusal("GET", "/admin/audit?query=color:red"))
      .toEqual(bad("Invalid query scope: color:red"));
  });

  test("by a part of the address or the name", async () => {
    const { id, email } = await createUser("findable", { user_metadata: { full_name: "Zacharias Unusual" } });
    for (const filter of [email.slice(2, 15), "zacharias unus"]) {
      const { body } = await asAdmin("GET", `/admin/users?filter=${encodeURIComponent(filter)}`);
      expect(body.users.map((user: { id: string }) => user.id)).toContain(id);
    }
    const { status, body } = await asAdmin(
      "GET",
      `/admin/users?filter=${encodeURIComponent("' or true --")}`,
    );
    expect([status, body.users]).toEqual([200, []]);
  });
});

describe("changing users", () => {
  test("changes what is named, at once", async () => {
    const { id } = await signedIn("changed", { user_metadata: { a: 1, b: 2 } });
    const [email, phone] = [newAddress("changed"), newPhone()];
    const { data, error } = await admin().updateUserById(id, {
      email,
      phone,
      user_metadata: { a: null, c: 3 },
      app_metadata: { tier: 2 },
    });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({ email, phone, app_metadata: { tier: 2 } });
    expect(data.user?.user_metadata).toEqual({ b: 2, c: 3, email_verified: true });
    await signInAgain(email);
  });

  test("of an address vouches for it only when told to", async () => {
    const { id, email } = await createUser("vouched");
    const proofs = async (attributes: Record<string, unknown>) => {
      const { data } = await admin().updateUserById(id, attributes);
      return data.user?.identities?.map(({ identity_data: known }) => [
        known?.email ?? known?.phone,
        known?.email_verified,
        known?.phone_verified,
      ]);
    };
    const [second, phone] = [newAddress("vouched"), newPhone()];
    expect(await proofs({ email, email_confirm: true })).toEqual([[email, true, false]]);
    expect(await proofs({ email: second })).toEqual([[second, false, false]]);
    expect(await proofs({ phone, phone_confirm: true })).toEqual([[second, false, false], [
      phone,
      false,
      true,
    ]]);
  });

  test("refuses an address of somebody else, without saying why", async () => {
    const { id } = await createUser("second");
    const { email } = await createUser("first");
    expect(await adminRefusal("PUT", `/admin/users/${id}`, { email }))
      .toEqual([500, "unexpected_failure", "Error updating user"]);
  });

  test("can make an anonymous one permanent", async () => {
    const { body } = await call("POST", "/signup", {});
    const email = newAddress("settled");
    const unproven = await admin().updateUserById(body.user.id, { email });
    expect(unproven.data.user).toMatchObject({ email, is_anonymous: true });
    const { data } = await admin().updateUserById(body.user.id, { email, email_confirm: true });
    expect(data.user).toMatchObject({ email, is_anonymous: false });
  });

  test("of a password ends all sessions and follows the rules", async () => {
    const user = await signedIn("reset");
    expect((await adminRefusal("PUT", `/admin/users/${user.id}`, { password: "weak" }))[1]).toBe(
      "weak_password",
    );
    expect((await admin().updateUserById(user.id, { password })).error).toBeNull();
    expect((await call("GET", "/user", undefined, { token: user.token })).status).toBe(403);
    await signInAgain(user.email);
  });

  test("bans for a while, for ever or no more", async () => {
    const { id } = await createUser("ban");
    const { data } = await admin().updateUserById(id, { ban_duration: "1h30m" });
    const until = Date.parse(data.user?.banned_until ?? "");
    expect(Math.abs(until - Date.now() - 5_400_000)).toBeLessThan(10_000);
    const [status, code, message] = await adminRefusal("PUT", `/admin/users/${id}`, { ban_duration: "1d" });
    expect([status, code]).toEqual([400, "validation_failed"]);
    expect(message).toMatch(/^invalid format for ban duration: /);
    const past = await admin().updateUserById(id, { ban_duration: "-1h" });
    expect(Date.parse(past.data.user?.banned_until ?? "")).toBeLessThan(Date.now());
    const lifted = await admin().updateUserById(id, { ban_duration: "none" });
    expect(lifted.data.user).not.toHaveProperty("banned_until");
  });

  test("knows nobody by an unknown id", async () => {
    expect(await adminRefusal("PUT", `/admin/users/${crypto.randomUUID()}`, {})).toEqual(notFound);
    expect(await adminRefusal("DELETE", `/admin/users/${crypto.randomUUID()}`)).toEqual(notFound);
  });
});

describe("deleting users", () => {
  test("removes them with all that is theirs", async () => {
    const { id, email } = await signedIn("deleted");
    expect((await admin().deleteUser(id)).error).toBeNull();
    const [row] = await database`
      select (select count(*)::int from auth.identities where user_id = ${id}) as identities,
        (select count(*)::int from auth.sessions where user_id = ${id}) as sessions`;
    expect(row).toEqual({ identities: 0, sessions: 0 });
    expect((await client().auth.signInWithPassword({ email, password })).error?.code).toBe(
      "invalid_credentials",
    );
  });

  test("softly keeps an unrecognisable row and frees the address", async () => {
    const phone = newPhone();
    const { id, email, token: userToken } = await signedIn("soft", { phone });
    const { status, body } = await asAdmin("DELETE", `/admin/users/${id}`, { should_soft_delete: true });
    expect([status, body]).toEqual([200, {}]);
    const hidden = (value: string) => createHash("sha256").update(id + value).digest("base64url");
    const [row] = await database<Record<string, unknown>[]>`
      select email, phone, encrypted_password, raw_user_meta_data, deleted_at is not null as deleted
      from auth.users where id = ${id}`;
    expect(row).toMatchObject({
      email: hidden(email),
      phone: hidden(phone).slice(0, 15),
      raw_user_meta_data: {},
      deleted: true,
    });
    expect(row?.encrypted_password ?? "").toBe("");
    expect((await call("GET", "/user", undefined, { token: userToken })).status).toBe(403);
    expect((await admin().createUser({ email, password })).error).toBeNull();
  });
});

test("a factor can be renamed", async () => {
  const { id, token: userToken } = await signedIn("renamer");
  const { body: factor } = await call("POST", "/factors", { factor_type: "totp", friendly_name: "old" }, {
    token: userToken,
  });
  const { status, body } = await asAdmin("PUT", `/admin/users/${id}/factors/${factor.id}`, {
    friendly_name: "new",
  });
  expect([status, body]).toEqual([200, expect.objectContaining({ id: factor.id, friendly_name: "new" })]);
  expect(await adminRefusal("DELETE", `/admin/users/${id}/factors/${crypto.randomUUID()}`))
    .toEqual([404, "mfa_factor_not_found", "Factor not found"]);
});

test("accounts live within their audience", async () => {
  const { email } = await createUser("audience");
  const headers = { "x-jwt-aud": "elsewhere" };
  const { status } = await call("POST", "/token?grant_type=password", { email, password }, { headers });
  expect(status).toBe(400);
  const { body, headers: pages } = await call("GET", "/admin/users", undefined, { token, headers });
  expect(body).toMatchObject({ aud: "elsewhere", users: [] });
  expect([pages.get("x-total-count"), pages.get("link")]).toEqual(["0", '</admin/users?page=0>; rel="last"']);
});

test("the audit log can be searched", async () => {
  const { email } = await signedIn("audited");
  const { headers, text } = await asAdmin(
    "GET",
    `/admin/audit?query=author:${encodeURIComponent(email)}&per_page=5`,
  );
  expect(Number(headers.get("x-total-count"))).toBeGreaterThanOrEqual(1);
  expect(JSON.parse(text)[0]).toMatchObject({
    id: expect.any(String),
    payload: { action: "login", actor_username: email },
    created_at: expect.any(String),
    ip_address: expect.any(String),
  });
  const found = await asAdmin("GET", "/admin/audit?query=action:login&per_page=3");
  const logins: { payload: { action: string } }[] = JSON.parse(found.text);
  expect(logins.every(({ payload }) => payload.action === "login")).toBe(true);
});
