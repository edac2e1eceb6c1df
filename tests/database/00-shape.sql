-- What holds for every table, column, function and policy, whoever made it. Exceptions are listed with their reason.
begin;
\ir support/actors.psql
select no_plan();

create temporary view ours as
select relation.oid, relation.relnamespace::regnamespace::text as schema, relation.relname as name, relation.relkind as kind,
  relation.relrowsecurity as has_security, relation.relispartition as is_partition, relation.reloptions as options,
  relation.oid::regclass::text as label
from pg_class as relation
where relation.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
  and not exists (select from pg_depend as made where made.objid = relation.oid and made.deptype = 'e');

create temporary view our_functions as
select routine.*, routine.oid::regprocedure::text as label
from pg_proc as routine
where routine.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  and not exists (select from pg_depend as made where made.objid = routine.oid and made.deptype = 'e');

-- Tables that hold nobody's data: the same for every caller.
create temporary table catalogues (name text primary key, reason text not null);
insert into catalogues values
  ('api_key_scopes', 'what keys may be allowed'),
  ('message_categories', 'what messages are about'),
  ('permissions', 'what members may be allowed'),
  ('request_states', 'states of a request'),
  ('request_transitions', 'moves of a request'),
  ('role_permissions', 'defaults of the roles'),
  ('roles', 'the roles'),
  ('songs', 'no policy at all: nobody reads it directly');

-- Tables ---------------------------------------------------------------------------------------------------------------

select cmp_ok((select count(*) from ours where kind in ('r', 'p')), '>=', 40::bigint, 'there are tables to look at');

select is_empty(
  $$ select label from ours where kind in ('r', 'p') and not has_security $$,
  'every table has row-level security'
);
select is_empty(
  $$ select label from ours where kind in ('r', 'p')
     and not exists (select from pg_index as found where found.indrelid = ours.oid and found.indisprimary) $$,
  'every table has a primary key'
);
select is_empty(
  $$ select label from ours where kind in ('r', 'p') and not is_partition and obj_description(oid, 'pg_class') is null $$,
  'every table says what it is for'
);
select is_empty(
  $$ select label from ours where kind in ('m', 'f') $$,
  'there are no materialised views or foreign tables, which row-level security does not reach'
);
select is_empty(
  $$ select label from ours where kind = 'v' and not coalesce(options @> array['security_invoker=true'], false) $$,
  'every view asks as its caller'
);
select is_empty(
  $$ select ours.label || '.' || field.attname
     from ours
     join pg_attribute as field on field.attrelid = ours.oid and field.attnum > 0 and not field.attisdropped
     where ours.kind in ('r', 'p', 'v', 'c') and field.atttypid = 'timestamp without time zone'::regtype $$,
  'every time has its zone'
);
select is_empty(
  $$ select ours.label || '.' || field.attname
     from ours
     join pg_attribute as field on field.attrelid = ours.oid and field.attnum > 0 and not field.attisdropped
     join pg_type as type on type.oid = field.atttypid
     where ours.kind in ('r', 'p') and (type.typtype = 'e' or type.typname in ('varchar', 'bpchar', 'json', 'money', 'float4', 'serial')) $$,
  'no column is an enum, a varchar, json or money: text with a check, jsonb and integers do it'
);
select is_empty(
  $$ select label from ours where kind in ('r', 'p', 'v') and name !~ '^[a-z][a-z0-9_]*$' $$,
  'names of tables are in snake case'
);
select is_empty(
  $$ select ours.label || '.' || field.attname
     from ours
     join pg_attribute as field on field.attrelid = ours.oid and field.attnum > 0 and not field.attisdropped
     where ours.kind in ('r', 'p', 'v') and field.attname !~ '^[a-z][a-z0-9_]*$' $$,
  'names of columns are in snake case'
);
select is_empty(
  $$ select ours.label || '.' || checked.conname
     from ours
     join pg_constraint as checked on checked.conrelid = ours.oid and checked.contype = 'c'
     where ours.kind in ('r', 'p') and checked.conname ~ '_check[0-9]*$' $$,
  'every check is named as the fact it states'
);
select is_empty(
  $$ select ours.label
     from ours
     where ours.kind in ('r', 'p')
       and exists (select from pg_attribute as field where field.attrelid = ours.oid and field.attname = 'updated_at' and not field.attisdropped)
       and ours.schema = 'public'
       and not exists (
         select from pg_trigger as found where found.tgrelid = ours.oid and found.tgfoid = 'private.set_updated_at'::regproc
       ) $$,
  'updated_at is kept by the shared trigger'
);

-- Foreign keys ---------------------------------------------------------------------------------------------------------

select is_empty(
  $$ select ours.label || ': ' || reference.conname
     from ours
     join pg_constraint as reference on reference.conrelid = ours.oid and reference.contype = 'f'
     where reference.conparentid = 0 and not exists (
       select from pg_index as found
       where found.indrelid = ours.oid and found.indisvalid
         and (string_to_array(found.indkey::text, ' ')::smallint[])[:cardinality(reference.conkey)] @> reference.conkey
     ) $$,
  'every foreign key has an index that begins with its columns'
);
select is_empty(
  $$ select ours.label || ': ' || reference.conname
     from ours
     join pg_constraint as reference on reference.conrelid = ours.oid and reference.contype = 'f'
     where reference.confdeltype = 'a' $$,
  'every foreign key says what happens on delete'
);
select is_empty(
  $$ select ours.label || '.' || field.attname
     from ours
     join pg_attribute as field on field.attrelid = ours.oid and field.attnum > 0 and not field.attisdropped
     where ours.kind in ('r', 'p') and field.attname ~ '_id$' and field.atttypid in ('uuid'::regtype, 'bigint'::regtype)
       and not exists (
         select from pg_constraint as reference
         where reference.conrelid = ours.oid and reference.contype = 'f' and field.attnum = any (reference.conkey)
       )
       and ours.name not like 'audit\_entries%' -- entries outlive what they speak of
       and (ours.name, field.attname) not in (
         ('song_import_runs', 'run_id'), -- the run's own mark
         ('factor_attempts', 'challenge_id'), -- only compared; challenges come and go
         ('requests', 'song_id'), -- history outlives the catalogue; the id is looked up in the book when asked for
         ('performances', 'song_id')
       ) $$,
  'every column named after a row elsewhere refers to it'
);

-- Policies -------------------------------------------------------------------------------------------------------------

create temporary view our_policies as
select policy.*, relation.relname as table_name, relation.relname || ': ' || policy.polname as label
from pg_policy as policy
join pg_class as relation on relation.oid = policy.polrelid
where relation.relnamespace in ('public'::regnamespace, 'private'::regnamespace);

select is_empty(
  $$ select label from our_policies where polpermissive and polcmd = '*' $$,
  'no permissive policy is for all commands'
);
select is_empty(
  $$ select label from our_policies where polroles = '{0}' or polroles && array['anon'::regrole::oid] $$,
  'every policy names its roles, and none is for visitors without a session'
);
select is_empty(
  $$ select name from ours
     where schema = 'public' and kind in ('r', 'p') and name not in (select catalogues.name from catalogues)
       and not exists (
         select from our_policies as policy
         where policy.polrelid = ours.oid and not policy.polpermissive and policy.polcmd = '*'
           and policy.polroles = array['authenticated'::regrole::oid]
           and pg_get_expr(policy.polqual, policy.polrelid) = '( SELECT private.session_is_trusted() AS session_is_trusted)'
           and policy.polwithcheck is null
       ) $$,
  'every table with personal or tenant data is closed to sessions that are not trusted'
);
select is_empty(
  $$ select name from catalogues where name not in (select ours.name from ours where ours.schema = 'public') $$,
  'the list of catalogues names existing tables only'
);
select is_empty(
  $$ select label from our_policies as policy
     where policy.polpermissive and policy.polcmd = 'r' and pg_get_expr(policy.polqual, policy.polrelid) = 'true'
       and policy.table_name not in (select name from catalogues) $$,
  'only catalogues are open to everybody signed in'
);
select is_empty(
  $$ select label from our_policies as policy
     where (coalesce(pg_get_expr(policy.polqual, policy.polrelid), '') || coalesce(pg_get_expr(policy.polwithcheck, policy.polrelid), ''))
       ~ '(?<!SELECT )(auth\.(uid|jwt|role|email)\(\)|private\.session_is_trusted\(\)|current_setting)' $$,
  'what does not depend on the row is asked once per statement'
);
select is_empty(
  $$ select label from our_policies as policy
     where (coalesce(pg_get_expr(policy.polqual, policy.polrelid), '') || coalesce(pg_get_expr(policy.polwithcheck, policy.polrelid), ''))
       ~ 'auth\.jwt|user_metadata|current_setting' $$,
  'no policy believes what a token says'
);
select is_empty(
  $$ select min(label) from our_policies where polpermissive group by polrelid, polcmd having count(*) > 1 $$,
  'a table has one permissive policy per command'
);
select is_empty(
  $$ select label from our_policies where table_name in (select ours.name from ours where ours.schema = 'private') $$,
  'private tables have no policies: nobody but definer functions reads them'
);

-- Grants ---------------------------------------------------------------------------------------------------------------

create temporary view table_grants as
select ours.schema, ours.name, ours.label, granted.privilege_type as privilege,
  case granted.grantee when 0 then 'public' else pg_get_userbyid(granted.grantee) end as grantee
from ours
join pg_class as relation on relation.oid = ours.oid
cross join lateral aclexplode(relation.relacl) as granted
where ours.kind in ('r', 'p', 'v', 'S');

select is_empty(
  $$ select label, privilege, grantee from table_grants
     where schema = 'private' and grantee not in ('postgres', 'supabase_admin') and label <> 'private.rendered_messages' $$,
  'nobody has a privilege on a private table'
);
select is_empty(
  $$ select label, privilege, grantee from table_grants where grantee in ('public', 'anon') $$,
  'visitors without a session have no privilege on any table'
);
select is_empty(
  $$ select label, privilege, grantee from table_grants
     where grantee in ('authenticated', 'service_role') and privilege not in ('SELECT', 'DELETE') $$,
  'whoever may insert or update may do so by column, and nobody may truncate, refer to or put triggers on a table'
);
select is_empty(
  $$ select ours.label || '.' || field.attname, granted.privilege_type
     from ours
     join pg_attribute as field on field.attrelid = ours.oid
     cross join lateral aclexplode(field.attacl) as granted
     where granted.grantee <> 'authenticated'::regrole
       or granted.privilege_type not in ('SELECT', 'INSERT', 'UPDATE')
       or granted.privilege_type <> 'SELECT' and ours.name not in ('favorite_songs', 'favorite_venues', 'message_preferences') and field.attname in (
         'id', 'created_at', 'updated_at', 'created_by', 'archived_at', 'revoked_at', 'openkj_venue_id', 'openkj_system_id',
         'openkj_request_id', 'prefix', 'scopes', 'user_id', 'role_key', 'status'
       ) -- preferences are the user's own rows, written whole; the policy holds them to their user
       or (granted.privilege_type = 'UPDATE' and field.attname in ('organization_id', 'venue_id', 'url_name')) $$,
  'nobody may write ids, numbers, owners, roles or times'
);

-- Functions ------------------------------------------------------------------------------------------------------------

select cmp_ok((select count(*) from our_functions), '>=', 100::bigint, 'there are functions to look at');

select is_empty(
  $$ select label from our_functions where not coalesce(proconfig @> array['search_path=""'], false) $$,
  'every function has an empty search path'
);
select is_empty(
  $$ select label from our_functions where prosecdef and pronamespace = 'public'::regnamespace $$,
  'no exposed function runs with the rights of its owner'
);
select is_empty(
  $$ select routine.label
     from our_functions as routine
     cross join lateral aclexplode(coalesce(routine.proacl, acldefault('f', routine.proowner))) as granted
     where granted.grantee = 0 and granted.privilege_type = 'EXECUTE' $$,
  'no function may be called by everybody'
);
select is_empty(
  $$ select label from our_functions where pronamespace = 'public'::regnamespace and obj_description(oid, 'pg_proc') is null $$,
  'every exposed function says what it does'
);
select is_empty(
  $$ select label from our_functions
     where prosecdef and obj_description(oid, 'pg_proc') is null and prorettype <> 'trigger'::regtype $$,
  'every definer function says why it is one'
);
select is_empty(
  $$ select label from our_functions
     where pronamespace = 'public'::regnamespace and obj_description(oid, 'pg_proc') !~ 'Errors: '
       and prosrc ~ 'private\.(create|set|add|change|move|ban|block|archive|rotate|revoke|submit|process|cancel|edit|clear|switch)' $$,
  'every exposed function that can refuse lists its errors'
);
select is_empty(
  $$ select label from our_functions, unnest(proargnames[:pronargs]) as argument
     where pronamespace = 'public'::regnamespace and argument !~ '^p_[a-z0-9_]+$' $$,
  'parameters of exposed functions begin with p_'
);
select is_empty(
  $$ select routine.label
     from our_functions as routine
     cross join lateral aclexplode(routine.proacl) as granted
     where routine.prorettype = 'trigger'::regtype
       and granted.grantee not in (routine.proowner, 'supabase_auth_admin'::regrole) $$,
  'nobody may call a trigger function'
);
select is_empty(
  $$ select min(label) from our_functions where pronamespace = 'public'::regnamespace group by proname having count(*) > 1 $$,
  'no exposed function is overloaded, which PostgREST could not tell apart'
);
select is_empty(
  $$ select label from our_functions where pg_get_userbyid(proowner) <> 'postgres' $$,
  'every function belongs to postgres'
);
select is_empty(
  $$ select label from our_functions
     where prolang = (select language.oid from pg_language as language where language.lanname = 'plpgsql')
       and prosrc ~* '\mexecute\s+[^'']' and prosrc !~* '\mexecute\s+format\('
     $$,
  'dynamic SQL is fixed or built with format'
);

-- What runs in the caller's role: exposed functions, and triggers of tables that callers write.
select is_empty(
  $$ select distinct routine.label, called.name
     from our_functions as routine
     cross join unnest(array['anon', 'authenticated']) as role
     cross join lateral (
       select matched[1] as name from regexp_matches(regexp_replace(routine.prosrc, '--[^\n]*', '', 'g'), 'private\.(\w+)\(', 'g') as matched
     ) as called
     where not routine.prosecdef
       and (
         routine.pronamespace = 'public'::regnamespace and has_function_privilege(role, routine.oid, 'EXECUTE')
         or role = 'authenticated' and exists (
           select
           from pg_trigger as found
           where found.tgfoid = routine.oid
             and (has_any_column_privilege(role, found.tgrelid, 'INSERT') or has_any_column_privilege(role, found.tgrelid, 'UPDATE'))
         )
       )
       and not exists (
         select from our_functions as target
         where target.pronamespace = 'private'::regnamespace and target.proname = called.name
           and has_function_privilege(role, target.oid, 'EXECUTE')
       ) $$,
  'what runs in the caller''s role calls only what the caller may call'
);

-- The roles that Edge Functions take on, each with all it may call.
create temporary table gateways (role name, callable text[]);
insert into gateways values
  ('geocoder', '{claim_geocoding_tasks,finish_geocoding_task}'),
  ('message_worker', '{claim_messages,finish_message}'),
  ('openkj_gateway', '{openkj_call,openkj_polls}'),
  ('ops_gateway', '{metrics,newest_migration}'),
  ('request_interface', '{request_interface_call,request_interface_serials}'),
  (
    'song_books_gateway',
    '{claim_song_import,expired_files,export_songs,fail_song_import,finish_song_import,open_song_export,stage_song_import,stalled_song_imports}'
  );

-- Schemas and default privileges ---------------------------------------------------------------------------------------

select is_empty(
  $$ select routine.label
     from our_functions as routine
     cross join lateral aclexplode(routine.proacl) as granted
     join pg_roles as grantee on grantee.oid = granted.grantee
     where grantee.rolname not in ('postgres', 'anon', 'authenticated', 'service_role', 'supabase_auth_admin')
       and grantee.rolname not in (select role from gateways)
     $$,
  'only the known roles may call a function'
);
select ok(
  not has_schema_privilege('anon', 'private', 'CREATE') and not has_schema_privilege('authenticated', 'private', 'CREATE')
  and not has_schema_privilege('anon', 'public', 'CREATE') and not has_schema_privilege('authenticated', 'public', 'CREATE')
  and not has_schema_privilege('service_role', 'private', 'CREATE') and not exists (select from gateways where has_schema_privilege(role, 'private', 'CREATE') or has_schema_privilege(role, 'public', 'CREATE')),
  'no caller may make anything in our schemas'
);

-- Made as the next migration would make it, without a single grant.
create table public.forgotten (id integer primary key);
create table private.forgotten (id integer primary key);
create sequence public.forgotten_numbers;
create function public.forgotten() returns integer language sql return 1;
create function private.forgotten() returns integer language sql return 1;
select is_empty(
  $$ select role, relation, privilege
     from unnest(array['anon', 'authenticated', 'service_role']) as role
     cross join unnest(array['public.forgotten', 'private.forgotten']) as relation
     cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) as privilege
     where has_table_privilege(role, relation, privilege) $$,
  'a new table without grants is out of reach'
);
select is_empty(
  $$ select role, privilege
     from unnest(array['anon', 'authenticated', 'service_role']) as role
     cross join unnest(array['USAGE', 'SELECT', 'UPDATE']) as privilege
     where has_sequence_privilege(role, 'public.forgotten_numbers', privilege) $$,
  'a new sequence without grants is out of reach'
);
select is_empty(
  $$ select role, routine
     from (select 'anon' union all select unnest(array['authenticated', 'service_role', 'supabase_auth_admin']) union all select role::text from gateways) as caller (role)
     cross join unnest(array['public.forgotten()', 'private.forgotten()']) as routine
     where has_function_privilege(role, routine, 'EXECUTE') $$,
  'a new function without grants is out of reach'
);

-- The database as a whole ----------------------------------------------------------------------------------------------

select is_empty(
  $$ select extname from pg_extension where extnamespace = 'public'::regnamespace $$,
  'no extension lives in the exposed schema'
);
-- Edge Functions that talk to the database directly take on a role of their own.
select is(
  (
    select rolcanlogin or rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication
      or exists (select from pg_auth_members as membership where membership.member = gateway.oid)
    from pg_roles as gateway
    where rolname = role
  ),
  false, format('%s cannot log in, passes by no policy and belongs to no other role', role)
)
from gateways;
select is(
  (select array_agg(proname::text order by proname) from our_functions where has_function_privilege(role, oid, 'EXECUTE')),
  callable, format('%s can make its calls and no other', role)
)
from gateways;
select is_empty(
  $$ select ours.label, role from ours, gateways, unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as privilege
     where ours.kind in ('r', 'p', 'v') and has_table_privilege(role, ours.oid, privilege) $$,
  'and reaches no table'
);

select * from finish();
rollback;
