-- The audit log: what is written, what is left out, who reads it; and limits and jobs.
begin;
\ir support/actors.psql
select no_plan();

create function pg_temp.entry(p_actor text, p_sql text, p_headers jsonb default null)
returns setof public.audit_entries
language plpgsql
as $$
declare
  v_last bigint := coalesce((select max(id) from public.audit_entries), 0);
begin
  perform tests.act_as(p_actor);
  perform set_config('request.headers', coalesce(p_headers::text, ''), true);
  execute p_sql;
  perform tests.act_as_owner_role();
  return query select * from public.audit_entries where id > v_last order by id;
end;
$$;

-- What is written ------------------------------------------------------------------------------------------------------

select results_eq(
  $$ select organization_id, actor_id, actor_kind, table_name, row_key, operation, old_values, new_values, address, user_agent, http_request_id
     from pg_temp.entry('mia', 'update public.venues set name = ''New name'', phone_number = ''+15550100'', city = city where id = tests.id(''hall'')',
       '{"x-forwarded-for": "203.0.113.7, 10.0.0.1", "user-agent": "Browser", "x-request-id": "r-1"}') $$,
  $$ values (
    tests.id('A'), tests.id('mia'), 'user', 'venues', tests.id('hall')::text, 'update', '{"name": "Hall of the tests", "phone_number": null}'::jsonb,
    '{"name": "New name", "phone_number": "+15550100"}'::jsonb, '203.0.113.7'::inet, 'Browser', 'r-1'
  ) $$,
  'an entry says who changed what of whom, from where, and only the columns that changed'
);
select is_empty($$ select from pg_temp.entry('mia', 'update public.venues set name = name where id = tests.id(''hall'')') $$, 'no change, no entry');
select results_eq(
  $$ select actor_kind, actor_id, operation, old_values is null, new_values ->> 'name', address
     from pg_temp.entry('alice', 'insert into public.systems (organization_id, name) values (tests.id(''A''), ''Rig'')', '{"x-forwarded-for": "nonsense"}') $$,
  $$ values ('user', tests.id('alice'), 'insert', true, 'Rig', null::inet) $$, 'a new row is written with its values'
);
select results_eq(
  $$ select operation, old_values ->> 'name', new_values is null from pg_temp.entry('alice', 'delete from public.systems where name = ''Rig''') $$,
  $$ values ('delete', 'Rig', true) $$, 'and a deleted one with those it had'
);
select results_eq(
  $$ select table_name, organization_id, row_key = tests.id('hall')::text, new_values
     from pg_temp.entry('mia', 'update public.venue_rules set cooldown_minutes = 5 where venue_id = tests.id(''hall'')') $$,
  $$ values ('venue_rules', tests.id('A'), true, '{"cooldown_minutes": 5}'::jsonb) $$, 'rules belong to their venue''s organization'
);
select results_eq(
  $$ select table_name, organization_id, operation, new_values ->> 'effect'
     from pg_temp.entry('postgres', 'insert into public.organization_member_permissions select id, ''audit:read'', ''grant'' from public.organization_members where user_id = tests.id(''stan'')') $$,
  $$ values ('organization_member_permissions', tests.id('A'), 'insert', 'grant') $$, 'overrides to their member''s'
);
select results_eq(
  $$ select table_name, actor_kind, actor_id, old_values, new_values from pg_temp.entry('postgres', 'update public.organization_members set role_key = ''manager'' where user_id = tests.id(''stan'')') $$,
  $$ values ('organization_members', 'system', null::uuid, '{"role_key": "staff"}'::jsonb, '{"role_key": "manager"}'::jsonb) $$, 'what nobody in particular does, the system does'
);
select is(
  (select count(*) from pg_temp.entry('postgres', 'select set_config(''karaoke.source'', ''openkj'', true); update public.venues set accepting_requests = false where id = tests.id(''hall'')') where actor_kind = 'api_key'),
  1::bigint, 'what comes with a key is a key''s'
);
select is((select actor_kind from pg_temp.entry('stan', 'select public.open_show(tests.id(''hall''))')), 'user', 'opening a show is written');
select results_eq(
  $$ select table_name, operation from pg_temp.entry('eve', 'select public.create_organization(''Eve'')') order by id $$,
  $$ values ('organizations', 'insert'), ('organization_members', 'insert'), ('systems', 'insert') $$, 'a new organization leaves a trace of each part'
);

-- Secrets.
create temporary table made as
select * from pg_temp.entry('alice', 'select public.create_api_key(tests.id(''A''), ''Key'', array[''requests:read''])');
select is((select count(*) from made where table_name = 'api_keys'), 2::bigint, 'a new key is written');
select is_empty(
  $$ select from made, private.api_key_secrets as secret where strpos(made::text, encode(secret.secret_hash, 'hex')) > 0 $$, 'without its hash'
);
select is_empty($$ select from made where made::text ~ 'sk_live_[A-Za-z0-9_-]{20}' $$, 'and without the key');
select is_empty(
  $$ select distinct key from public.audit_entries, jsonb_object_keys(coalesce(new_values, '{}') || coalesce(old_values, '{}')) as key
     where key ~ '(hash|secret|password|token|pin)' $$,
  'no entry has a column that could be a secret'
);

-- A header too long to keep.
select is(
  (select char_length(user_agent) <= 500 and char_length(http_request_id) <= 100
   from pg_temp.entry('mia', 'update public.venues set city = ''Elsewhere'' where id = tests.id(''hall'')', jsonb_build_object('user-agent', repeat('x', 10000), 'x-request-id', repeat('y', 10000)))),
  true, 'headers are cut'
);

-- Every table of a tenant that people change is watched.
select is_empty(
  $$ select relation.relname
     from pg_class as relation
     where relation.relnamespace = 'public'::regnamespace and relation.relkind = 'r'
       and exists (select from pg_attribute as field where field.attrelid = relation.oid and field.attname in ('organization_id', 'venue_id') and not field.attisdropped)
       and relation.relname not in (
         'requests', 'performances', -- request_events and a history of their own
         'song_imports' -- each writes one entry when it is applied
       )
       and not exists (select from pg_trigger as found where found.tgrelid = relation.oid and found.tgfoid = 'private.record_audit'::regproc) $$,
  'every table of an organization is in the log'
);

-- Who reads and writes it ----------------------------------------------------------------------------------------------

select is(tests.attempt('alice', 'select from public.audit_entries where organization_id <> tests.id(''A'')'), '0', 'an owner reads nothing of others');
select cmp_ok(tests.attempt('alice', 'select from public.audit_entries')::integer, '>', 10, 'but all of the own organization');
select is(tests.attempt('mia', 'select from public.audit_entries'), '0', 'a manager does not read it');
select is(tests.attempt(actor, statement), '42501', format('%s: %s', actor, statement))
from unnest(array['alice', 'bob', 'service']) as actor
cross join unnest(array[
  'insert into public.audit_entries (actor_kind, table_name, row_key, operation) values (''user'', ''x'', ''x'', ''insert'')',
  'update public.audit_entries set actor_id = null', 'delete from public.audit_entries', 'truncate public.audit_entries',
  'select from private.audit_entries_default'
]) as statement;

-- Partitions -----------------------------------------------------------------------------------------------------------

select is(
  (select count(*) from generate_series(0, 2) as month
   where to_regclass(format('private.audit_entries_%s', to_char(now() + make_interval(months => month), 'YYYY_MM'))) is not null),
  3::bigint, 'there is a partition for this month and the next two'
);
select lives_ok('select private.create_audit_partitions()', 'making them again is harmless');
select is(
  (select tableoid::regclass::text from public.audit_entries order by id desc limit 1), format('private.audit_entries_%s', to_char(now(), 'YYYY_MM')), 'entries go where they belong'
);
insert into public.audit_entries (created_at, actor_kind, table_name, row_key, operation) values ('1999-12-31', 'system', 'tests', 'x', 'insert');
select is((select tableoid::regclass::text from public.audit_entries where table_name = 'tests'), 'private.audit_entries_default', 'and are kept where there is no partition');
select is_empty(
  $$ select child.relname from pg_inherits join pg_class as child on child.oid = pg_inherits.inhrelid
     where pg_inherits.inhparent = 'public.audit_entries'::regclass and (not child.relrowsecurity or child.relnamespace <> 'private'::regnamespace) $$,
  'partitions are private and have row-level security'
);

-- Limits ---------------------------------------------------------------------------------------------------------------

insert into private.rate_limits (key, maximum, window_seconds, description) values ('tests', 3, 60, 'For the tests'), ('tests_none', 0, 60, 'For the tests');
create function pg_temp.take(p_subject text default 'x', p_maximum integer default null, p_cost integer default 1, p_key text default 'tests')
returns integer
language plpgsql
as $$
begin
  return private.take_rate_limit(p_key, p_subject, p_maximum, p_cost);
end;
$$;
create function pg_temp.takes(p_times integer, p_subject text default 'x')
returns text
language plpgsql
as $$
declare
  v_waits text := '';
begin
  for v_time in 1..p_times loop
    v_waits := v_waits || case when pg_temp.take(p_subject) = 0 then '+' else '.' end;
  end loop;
  return v_waits;
end;
$$;
select is(pg_temp.takes(5), '+++..', 'a limit lets as many through as it says');
select is(pg_temp.takes(3, 'y'), '+++', 'for each subject');
select ok(pg_temp.take() between 59 and 60, 'it says how many seconds to wait');
update private.rate_limit_counters set window_ends_at = clock_timestamp() + interval '20.5 seconds' where rate_limit_key = 'tests' and subject = 'x';
select is(pg_temp.take(), 21, 'rounded up, so that waiting helps');
update private.rate_limit_counters set window_ends_at = clock_timestamp() where rate_limit_key = 'tests' and subject = 'x';
select is(pg_temp.takes(4), '+++.', 'a new window is a new count');
select is(pg_temp.take('x', 10), 0, 'another maximum may be given');
select is(pg_temp.take('z', 1) || ' ' || (pg_temp.take('z', 1) > 0), '0 true', 'a lower one as well');
select is(pg_temp.take('c', null, 3), 0, 'a use may cost more');
select cmp_ok(pg_temp.take('c'), '>', 0, 'and then nothing is left');
select cmp_ok(pg_temp.take('d', null, 4), '>', 0, 'more than there is cannot be taken');
select is(pg_temp.take(null), 0, 'nobody is not limited');
select is(pg_temp.take('x', null, 1, 'no such limit'), 0, 'a limit that does not exist limits nothing');
select cmp_ok(pg_temp.take('x', null, 1, 'tests_none'), '>', 0, 'none at all means none at all');
select throws_ok($$ select private.enforce_rate_limit('tests', 'x') $$, 'PT429', 'rate_limited', 'refusing says so');
select is(tests.attempt(actor, 'select private.take_rate_limit(''tests'', ''x'')'), '42501', actor || ' takes from no limit directly')
from unnest(array['anon', 'eve', 'alice', 'service']) as actor;
update private.rate_limit_counters set used = 2147483647 where rate_limit_key = 'tests' and subject = 'x';
select lives_ok($$ update private.rate_limit_counters set used = 4 where rate_limit_key = 'tests' and subject = 'x' $$, 'counters are rows');
select is_empty($$ select key from private.rate_limits where description = '' or maximum < 0 $$, 'every limit says what it limits');

-- Jobs -----------------------------------------------------------------------------------------------------------------

create function pg_temp.failure(p_command text)
returns text
language plpgsql
as $$
begin
  execute p_command;
  return null;
exception
  when others then
    return sqlerrm;
end;
$$;
select is(pg_temp.failure(command), null, format('the job %s runs', name)) from private.jobs order by name;
select is(pg_temp.failure(command), null, format('the job %s runs again', name)) from private.jobs order by name;
select is_empty($$ select name from private.jobs where array_length(regexp_split_to_array(schedule, '\s+'), 1) <> 5 $$, 'every schedule has five fields');
select lives_ok('select private.schedule_jobs()', 'telling the scheduler again is harmless');

select * from finish();
rollback;
