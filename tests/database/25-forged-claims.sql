-- A token is signed, yet much in it is the user's to choose (user_metadata) or was true once (org_ids, active_context). Whatever it
-- says beside user and session: nothing is seen or allowed that was not before.
begin;
\ir support/actors.psql
\ir support/night.psql
select no_plan();

create temporary table forged (claim text primary key, claims jsonb not null);
insert into forged values
  ('user_metadata', jsonb_build_object('user_metadata', jsonb_build_object(
    'role', 'service_role', 'roles', array['super_admin'], 'app_role', 'super_admin', 'is_super_admin', true, 'account_type', 'customer',
    'org_ids', array[tests.id('A')], 'organization_id', tests.id('A')
  ))),
  ('app_metadata', jsonb_build_object('app_metadata', jsonb_build_object(
    'role', 'service_role', 'roles', array['super_admin'], 'app_role', 'super_admin', 'claims_admin', true, 'org_ids', array[tests.id('A')]
  ))),
  ('app_role', '{"app_role": "super_admin", "roles": ["super_admin", "owner"], "user_role": "service_role", "is_admin": true}'),
  ('org_ids', jsonb_build_object('org_ids', array[tests.id('A'), tests.id('M')])),
  ('active_context', jsonb_build_object('active_context', jsonb_build_object('type', 'organization', 'id', tests.id('A')))),
  ('email', '{"email": "alice@tests.invalid", "phone": "+15555550100"}'),
  ('aal', '{"aal": "aal9", "amr": [{"method": "totp", "timestamp": 99999999999}]}'),
  ('aud and iss', '{"aud": "service_role", "iss": "supabase"}'),
  ('is_anonymous', '{"is_anonymous": false, "is_super_admin": true}');

create temporary view readable as
select relation.oid::regclass as name
from pg_class as relation
where relation.relnamespace = 'public'::regnamespace and relation.relkind in ('r', 'p') and not relation.relispartition
  and has_table_privilege('authenticated', relation.oid, 'SELECT');
create temporary table seen (actor text, claim text, table_name regclass, entries text[]);
create function pg_temp.look(p_actor text, p_claim text, p_claims jsonb)
returns void
language plpgsql
as $$
declare
  v_table regclass;
  v_entries text[];
  v_seen seen[] := '{}';
begin
  for v_table in select name from readable loop
    perform tests.act_as(p_actor);
    perform set_config('request.jwt.claims', (current_setting('request.jwt.claims')::jsonb || p_claims)::text, true);
    execute format('select array_agg(md5(entry::text) order by md5(entry::text)) from %s as entry', v_table) into v_entries;
    perform tests.act_as_owner_role();
    insert into seen values (p_actor, p_claim, v_table, coalesce(v_entries, '{}'));
  end loop;
end;
$$;
select pg_temp.look(actor, claim, claims)
from unnest(array['bob', 'sue']) as actor
cross join (select claim, claims from forged union all select 'none', '{}') as looked

\g /dev/null
select is_empty(
  $$ select forged.actor, forged.table_name
     from seen as forged
     join seen as honest on honest.actor = forged.actor and honest.table_name = forged.table_name and honest.claim = 'none'
     where forged.claim = $$ || quote_literal(claim) || $$ and forged.entries <> honest.entries $$,
  format('nobody sees anything else for what %s says', claim)
)
from forged
order by claim;
select cmp_ok((select count(*) from seen where entries <> '{}'), '>=', 50::bigint, 'and there was something to see');

create function pg_temp.held(p_actor text, p_claims jsonb)
returns bigint
language plpgsql
as $$
declare
  v_held bigint;
begin
  perform tests.act_as(p_actor);
  perform set_config('request.jwt.claims', (current_setting('request.jwt.claims')::jsonb || p_claims)::text, true);
  select count(*) into v_held
  from public.permissions as permission
  where private.has_permission(tests.id('A'), permission.key) or private.has_permission(tests.id('M'), permission.key);
  perform tests.act_as_owner_role();
  return v_held;
end;
$$;
select is(pg_temp.held(actor, claims), 0::bigint, format('%s holds nothing for what %s says', actor, claim))
from forged, unnest(array['bob', 'sue']) as actor
order by actor, claim;

-- Names that shadow ours.
select tests.act_as('bob');
create temporary table organization_members as select tests.id('A') as organization_id, tests.id('bob') as user_id, 'owner' as role_key, 'active' as status;
create temporary table held_permissions as select tests.id('A') as organization_id, tests.id('bob') as user_id, 'venues:update' as permission_key;
create function pg_temp.uid() returns uuid language sql return tests.id('alice');
create function pg_temp.session_is_trusted() returns boolean language sql return true;
set local search_path = pg_temp, private, auth, public;
select private.has_permission(tests.id('A'), 'venues:update') as is_held, (select count(*) from public.venues where organization_id = tests.id('A')) as venues
\gset
reset search_path;
select tests.act_as_owner_role();
select is(:'is_held' || ' ' || :'venues', 'f 0', 'names that shadow ours change nothing');

-- Signing up with roles gives none, whatever they are called.
select tests.sign_up('rogue', '{"role": "super_admin", "app_role": "super_admin", "roles": ["super_admin"], "platform_role": "super_admin", "role_key": "owner", "account_type": "singer", "is_super_admin": true}');
select is_empty($$ select from private.platform_admins where user_id = tests.id('rogue') $$, 'nobody signs up for the platform');
select is_empty($$ select from public.organization_members where user_id = tests.id('rogue') $$, 'or into an organization');

select * from finish();
rollback;
