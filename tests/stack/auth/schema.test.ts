import { describe, expect, test } from "vitest";
import { call, createUser, database } from "./support/api.ts";
import { canStartServers, migrateAgain } from "./support/own-server.ts";

const tables = {
  users: [
    "instance_id uuid",
    "id uuid not null",
    "aud character varying(255)",
    "role character varying(255)",
    "email character varying(255)",
    "encrypted_password character varying(255)",
    "email_confirmed_at timestamp with time zone",
    "invited_at timestamp with time zone",
    "confirmation_token character varying(255)",
    "confirmation_sent_at timestamp with time zone",
    "recovery_token character varying(255)",
    "recovery_sent_at timestamp with time zone",
    "email_change_token_new character varying(255)",
    "email_change character varying(255)",
    "email_change_sent_at timestamp with time zone",
    "last_sign_in_at timestamp with time zone",
    "raw_app_meta_data jsonb",
    "raw_user_meta_data jsonb",
    "is_super_admin boolean",
    "created_at timestamp with time zone",
    "updated_at timestamp with time zone",
    "phone text",
    "phone_confirmed_at timestamp with time zone",
    "phone_change text",
    "phone_change_token character varying(255)",
    "phone_change_sent_at timestamp with time zone",
    "confirmed_at timestamp with time zone",
    "email_change_token_current character varying(255)",
    "email_change_confirm_status smallint",
    "banned_until timestamp with time zone",
    "reauthentication_token character varying(255)",
    "reauthentication_sent_at timestamp with time zone",
    "is_sso_user boolean not null",
    "deleted_at timestamp with time zone",
    "is_anonymous boolean not null",
  ],
  identities: [
    "provider_id text not null",
    "user_id uuid not null",
    "identity_data jsonb not null",
    "provider text not null",
    "last_sign_in_at timestamp with time zone",
    "created_at timestamp with time zone",
    "updated_at timestamp with time zone",
    "email text",
    "id uuid not null",
  ],
  sessions: [
    "id uuid not null",
    "user_id uuid not null",
    "created_at timestamp with time zone",
    "updated_at timestamp with time zone",
    "factor_id uuid",
    "aal auth.aal_level",
    "not_after timestamp with time zone",
    "refreshed_at timestamp without time zone",
    "user_agent text",
    "ip inet",
    "tag text",
    "oauth_client_id uuid",
    "refresh_token_hmac_key text",
    "refresh_token_counter bigint",
    "scopes text",
  ],
  refresh_tokens: [
    "instance_id uuid",
    "id bigint not null",
    "token character varying(255)",
    "user_id character varying(255)",
    "revoked boolean",
    "created_at timestamp with time zone",
    "updated_at timestamp with time zone",
    "parent character varying(255)",
    "session_id uuid",
  ],
  mfa_factors: [
    "id uuid not null",
    "user_id uuid not null",
    "friendly_name text",
    "factor_type auth.factor_type not null",
    "status auth.factor_status not null",
    "created_at timestamp with time zone not null",
    "updated_at timestamp with time zone not null",
    "secret text",
    "phone text",
    "last_challenged_at timestamp with time zone",
    "web_authn_credential jsonb",
    "web_authn_aaguid uuid",
    "last_webauthn_challenge_data jsonb",
  ],
  mfa_challenges: [
    "id uuid not null",
    "factor_id uuid not null",
    "created_at timestamp with time zone not null",
    "verified_at timestamp with time zone",
    "ip_address inet not null",
    "otp_code text",
    "web_authn_session_data jsonb",
  ],
  mfa_amr_claims: [
    "session_id uuid not null",
    "created_at timestamp with time zone not null",
    "updated_at timestamp with time zone not null",
    "authentication_method text not null",
    "id uuid not null",
  ],
  one_time_tokens: [
    "id uuid not null",
    "user_id uuid not null",
    "token_type auth.one_time_token_type not null",
    "token_hash text not null",
    "relates_to text not null",
    "created_at timestamp without time zone not null",
    "updated_at timestamp without time zone not null",
  ],
  audit_log_entries: [
    "instance_id uuid",
    "id uuid not null",
    "payload json",
    "created_at timestamp with time zone",
    "ip_address character varying(64) not null",
  ],
};

const columnsQuery = `
  select relation.relname as "table",
    lower(attname || ' ' || format_type(atttypid, atttypmod) || case when attnotnull then ' not null' else '' end)
      as "column"
  from pg_attribute
    join pg_class as relation on relation.oid = attrelid
  where relation.relnamespace = 'auth'::regnamespace and relation.relkind = 'r' and attnum > 0 and not attisdropped
  order by relation.relname, attnum`;

function grouped(rows: { table: string; column: string }[]): Record<string, string[]> {
  const result: Record<string, string[]> = {};
  for (const { table, column } of rows) (result[table] ??= []).push(column);
  return result;
}

describe("the auth schema", () => {
  test("has the tables and columns that policies and people rely on", async () => {
    const found = grouped(await database.unsafe(columnsQuery));
    for (const [table, columns] of Object.entries(tables)) {
      expect([table, found[table]?.toSorted()]).toEqual([table, columns.toSorted()]);
    }
    for (const table of ["flow_state", "instances", "schema_migrations", "saml_providers", "sso_providers"]) {
      expect(found).toHaveProperty(table);
    }
  });

  test("belongs to the service; the owner may use it, the API's roles may not", async () => {
    const rows = await database<Record<string, unknown>[]>`
      select relname as name, pg_get_userbyid(relowner) as owner, relrowsecurity as secured,
        has_table_privilege('postgres', oid, 'select with grant option') as readable,
        has_table_privilege('postgres', oid, 'insert, update, delete, truncate, references, trigger') as usable,
        has_table_privilege('anon', oid, 'select, insert, update, delete') as anon,
        has_table_privilege('authenticated', oid, 'select, insert, update, delete') as authenticated,
        has_table_privilege('service_role', oid, 'select, insert, update, delete') as service_role
      from pg_class
      where relnamespace = 'auth'::regnamespace and relkind = 'r' and relname in ${
      database(Object.keys(tables))
    }`;
    expect(rows).toHaveLength(Object.keys(tables).length);
    for (const row of rows) {
      expect(row).toEqual({
        name: row.name,
        owner: "supabase_auth_admin",
        secured: true,
        readable: true,
        usable: true,
        anon: false,
        authenticated: false,
        service_role: false,
      });
    }
  });

  test("keeps an account and an address together", async () => {
    const { id, email } = await createUser("unique");
    await expect(database`
      insert into auth.users (instance_id, id, email) values (gen_random_uuid(), gen_random_uuid(), ${email})
    `).rejects.toMatchObject({ code: "23505" });
    await expect(database`
      update auth.users set email_change_confirm_status = 3 where id = ${id}`).rejects.toMatchObject({
      code: "23514",
    });
    await database`delete from auth.users where id = ${id}`;
    expect((await database`select from auth.identities where user_id = ${id}`).length).toBe(0);
  });
});

describe("who is asking", () => {
  async function asking(settings: Record<string, string>) {
    return await database.begin(async (sql) => {
      for (const [name, value] of Object.entries(settings)) {
        await sql`select set_config(${name}, ${value}, true)`;
      }
      const [row] = await sql`select auth.uid(), auth.role(), auth.email(), auth.jwt()`;
      return row;
    });
  }

  const id = "11111111-2222-3333-4444-555555555555";

  test("is read from the request's claims", async () => {
    const claims = { sub: id, role: "authenticated", email: "a@example.com", aal: "aal2" };
    expect(await asking({ "request.jwt.claims": JSON.stringify(claims) }))
      .toEqual({ uid: id, role: "authenticated", email: "a@example.com", jwt: claims });
  });

  test("is nobody without claims", async () => {
    const nobody = { uid: null, role: null, email: null, jwt: null };
    expect(await asking({})).toEqual(nobody);
    expect(await asking({ "request.jwt.claims": "", "request.jwt.claim.sub": "" })).toEqual(nobody);
  });

  test("is read from the older settings first", async () => {
    const claims = JSON.stringify({ sub: crypto.randomUUID(), role: "anon" });
    const row = await asking({ "request.jwt.claims": claims, "request.jwt.claim.sub": id });
    expect(row).toMatchObject({ uid: id, role: "anon" });
  });

  test("must have a uuid", async () => {
    await expect(asking({ "request.jwt.claims": '{"sub": "me"}' })).rejects.toMatchObject({ code: "22P02" });
  });

  test("may be asked by everybody", async () => {
    const [row] = await database`
      select has_function_privilege('anon', 'auth.uid()', 'execute') and
        has_function_privilege('authenticated', 'auth.jwt()', 'execute') as executable,
        (select provolatile from pg_proc where oid = 'auth.uid()'::regprocedure) as volatility`;
    expect(row).toEqual({ executable: true, volatility: "s" });
  });
});

test("a user planted by SQL can sign in", async () => {
  const { id } = await createUser("template");
  const email = `planted-${crypto.randomUUID().slice(0, 8)}@example.com`;
  await database`
    insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data,
      raw_user_meta_data, created_at, updated_at, confirmation_token, recovery_token, email_change_token_new, email_change)
    select instance_id, gen_random_uuid(), aud, role, ${email}, encrypted_password, now(), raw_app_meta_data, '{}', now(),
      now(), '', '', '', ''
    from auth.users where id = ${id}`;
  const { status, body } = await call("POST", "/token?grant_type=password", {
    email,
    password: "Karaoke-2026!",
  });
  expect([status, body.user?.email]).toEqual([200, email]);
});

test.skipIf(!canStartServers)("making the schema again, twice at once, changes nothing", async () => {
  const { id } = await createUser("migrated");
  const before = await database.unsafe(columnsQuery);
  expect(await Promise.all([migrateAgain(), migrateAgain()])).toEqual([0, 0]);
  expect(await database.unsafe(columnsQuery)).toEqual(before);
  expect((await database`select from auth.users where id = ${id}`).length).toBe(1);
});
