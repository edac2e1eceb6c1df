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
  $$ values ('organization_members', 'sql', null::uuid, '{"role_key": "staff"}'::jsonb, '{"role_key": "manager"}'::jsonb) $$, 'what somebody does with a connection of their own is theirs'
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
  $$ select distinct field.key from public.audit_entries, jsonb_each_text(coalesce(new_values, '{}') || coalesce(old_values, '{}')) as field
     where field.key ~ '(hash|secret|password|token)' and field.value <> '[removed]' $$,
  'no entry has the value of a secret'
);

-- A header too long to keep.
select is(
  (select char_length(user_agent) <= 500 and char_length(http_request_id) <= 100
   from pg_temp.entry('mia', 'update public.venues set city = ''Elsewhere'' where id = tests.id(''hall'')', jsonb_build_object('user-agent', repeat('x', 10000), 'x-request-id', repeat('y', 10000)))),
  true, 'headers are cut'
);

-- Every table is watched, or says here why not. A new one fails until somebody decides.
create temporary table unwatched (name text primary key, reason text not null);
insert into unwatched values
  ('public.api_key_usage', 'counts calls'),
  ('public.audit_entries', 'the log itself'),
  ('public.favorite_songs', 'a person''s own'),
  ('public.favorite_venues', 'a person''s own'),
  ('public.message_categories', 'deployed with the code'),
  ('public.message_preferences', 'a person''s own'),
  ('public.notifications', 'a person''s own'),
  ('public.performances', 'history, made by the queue'),
  ('public.profiles', 'a person''s own'),
  ('public.request_events', 'itself a log'),
  ('public.request_states', 'deployed with the code'),
  ('public.request_transitions', 'deployed with the code'),
  ('public.requests', 'request_events keeps every change'),
  ('public.singer_profiles', 'a person''s own'),
  ('public.song_imports', 'each writes one entry when it is applied'),
  ('public.songs', 'belongs to nobody'),
  ('private.announced_readings', 'becomes entries of its own'),
  ('private.api_key_secrets', 'changes with api_keys, which are watched'),
  ('private.backup_codes', 'the user is mailed'),
  ('private.book_chunks', 'song books: imports write one entry'),
  ('private.book_draft_chunks', 'song books'),
  ('private.book_draft_letters', 'song books'),
  ('private.book_drafts', 'song books'),
  ('private.book_letters', 'song books'),
  ('private.book_upload_batches', 'song books'),
  ('private.book_uploads', 'song books'),
  ('private.books', 'song books'),
  ('private.factor_attempts', 'counts attempts'),
  ('private.geocoding_tasks', 'work in progress'),
  ('private.invitation_tokens', 'changes with organization_invitations, which are watched'),
  ('private.job_runs', 'itself a log'),
  ('private.jobs', 'deployed with the code'),
  ('private.message_attempts', 'itself a log'),
  ('private.message_templates', 'deployed with the code'),
  ('private.messages', 'delivery has a log of its own; a retry by hand writes an entry'),
  ('private.openkj_commands', 'deployed with the code'),
  ('private.organization_counters', 'counts'),
  ('private.password_attempts', 'counts attempts'),
  ('private.password_confirmations', 'ends by itself'),
  ('private.personal_data', 'deployed with the code'),
  ('private.rate_limit_counters', 'counts'),
  ('private.request_changes', 'itself a log'),
  ('private.request_interface_operations', 'deployed with the code'),
  ('private.reserved_url_names', 'deployed with the code'),
  ('private.rotations', 'the show program''s'),
  ('private.session_contexts', 'ends with the session'),
  ('private.show_admissions', 'ends with the night'),
  ('private.song_artists', 'belongs to nobody'),
  ('private.song_import_batches', 'song books'),
  ('private.song_import_runs', 'song books'),
  ('private.song_popularity', 'counts'),
  ('private.song_spellings', 'belongs to nobody'),
  ('private.song_words', 'belongs to nobody'),
  ('private.system_heartbeats', 'changes with every call'),
  ('private.transliterations', 'deployed with the code'),
  ('private.venue_switches', 'made from the opening hours'),
  ('private.venue_url_names', 'changes with venues, which are watched');
create temporary view known_tables as
select relation.oid, format('%s.%s', relation.relnamespace::regnamespace, relation.relname) as name,
  exists (select from pg_trigger as found where found.tgrelid = relation.oid and found.tgfoid = 'private.record_audit'::regproc) as is_watched
from pg_class as relation
where relation.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and relation.relkind in ('r', 'p') and not relation.relispartition
  and not exists (select from pg_depend as made where made.objid = relation.oid and made.deptype = 'e');
select is_empty($$ select name from known_tables where not is_watched and name not in (select unwatched.name from unwatched) $$, 'every table is in the log, or says why not');
select is_empty($$ select name from unwatched where name in (select known.name from known_tables as known where is_watched) $$, 'none says so for nothing');

-- Who acts.
select results_eq(
  format('select distinct actor_kind, actor_name from pg_temp.entry(%L, %L)', actor, setting || ' update public.venues set city = gen_random_uuid()::text where id = tests.id(''hall'')'),
  format('values (%L, %L::text)', kind, name), label
)
from (values
  ('mia', '', 'user', null, 'a user is the user'),
  ('postgres', '', 'sql', session_user::text, 'who has a connection of their own is its database user'),
  ('postgres', $$ select set_config('request.jwt.claims', '{"role": "service_role"}', true); $$, 'service', 'service_role', 'the service role is told from it'),
  ('postgres', $$ select set_config('karaoke.job', 'tests', true); $$, 'job', 'tests', 'a job is the job')
) as tried (actor, setting, kind, name, label);
select set_config('karaoke.job', '', true)
\g /dev/null
select results_eq(
  $$ select table_name, row_key = tests.id('bob')::text, operation, new_values, organization_id, actor_kind
     from pg_temp.entry('postgres', 'update auth.users set phone = ''15550123'', encrypted_password = ''x'', last_sign_in_at = now() where id = tests.id(''bob'')') $$,
  $$ values ('users', true, 'update', '{"phone": "[removed]", "encrypted_password": "[removed]"}'::jsonb, null::uuid, 'sql') $$, 'that an account was changed is written, never to what'
);
insert into auth.mfa_factors (id, user_id, factor_type, status, created_at, updated_at, secret)
select '00000000-0000-4000-8000-00000000f00d', tests.id('mia'), 'totp', 'unverified', now(), now(), 'SECRET';
select results_eq(
  $$ select table_name, row_key, operation, actor_kind, old_values || coalesce(new_values, '{}'), entry::text ~ 'SECRET'
     from pg_temp.entry('postgres', 'update auth.mfa_factors set last_challenged_at = now() where secret = ''SECRET'';
       update auth.mfa_factors set status = ''verified'' where secret = ''SECRET''; delete from auth.mfa_factors where secret = ''SECRET''') as entry $$,
  $$ select 'mfa_factors', '00000000-0000-4000-8000-00000000f00d', operation, 'sql',
       jsonb_build_object('user_id', tests.id('mia'), 'factor_type', 'totp', 'status', 'verified'), false
     from unnest(array['update', 'delete']) as operation $$,
  'that a second factor was confirmed or removed is written, and whose, without its secret'
);
insert into auth.mfa_factors (id, user_id, factor_type, status, created_at, updated_at)
select gen_random_uuid(), tests.id('mia'), 'totp', 'unverified', now(), now();
select is_empty(
  $$ select from pg_temp.entry('postgres', 'delete from auth.mfa_factors where user_id = tests.id(''mia'') and status = ''unverified''') $$,
  'one that was never confirmed is nobody''s loss'
);
select is_empty($$ select from pg_temp.entry('postgres', 'update auth.users set last_sign_in_at = now() where id = tests.id(''bob'')') $$, 'signing in is no change');
select results_eq(
  $$ select table_name, row_key, operation, old_values ->> 'maximum', new_values ->> 'maximum' from pg_temp.entry('postgres', 'update private.rate_limits set maximum = 6 where key = ''backup_codes''') $$,
  $$ values ('rate_limits', 'backup_codes', 'update', '5', '6') $$, 'what the platform decides for all is written'
);
select is(private.redact('{"name": "x", "secret_hash": "y", "token": null}'), '{"name": "x", "secret_hash": "[removed]", "token": null}', 'a secret leaves only that it was there');

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

select is(tests.attempt('postgres', statement), '42501', 'its owner: ' || statement)
from unnest(array[
  'update public.audit_entries set actor_id = null', 'delete from public.audit_entries', 'truncate public.audit_entries',
  format('update private.audit_entries_%s set actor_id = null', to_char(now(), 'YYYY_MM')), format('delete from private.audit_entries_%s', to_char(now(), 'YYYY_MM')),
  format('truncate private.audit_entries_%s', to_char(now(), 'YYYY_MM')), 'truncate private.audit_entries_default'
]) as statement;

insert into private.platform_admins (user_id, role_key) values (tests.id('eve'), 'support_admin');
create function pg_temp.listed(p_actor text, p_arguments text, p_aal text default 'aal1')
returns jsonb
language sql
as $$
  select tests.answer(p_actor, format('select * from public.list_audit_entries(%s)', p_arguments), p_aal);
$$;
select is(
  (select jsonb_agg(row -> 'id') from (
     select page.row from jsonb_array_elements(pg_temp.listed('alice', format('%L, p_limit => 4', tests.id('A')))) as page (row)
     union all
     select page.row
     from jsonb_array_elements(pg_temp.listed('alice', format('%L, p_limit => 4', tests.id('A')))) with ordinality as last (row, number)
     cross join lateral jsonb_array_elements(pg_temp.listed('alice', format('%L, p_before => %L, p_before_id => %s, p_limit => 4', tests.id('A'), last.row ->> 'created_at', last.row ->> 'id'))) as page (row)
     where last.number = 4
   ) as pages),
  (select jsonb_agg(id) from (select id from public.audit_entries where organization_id = tests.id('A') order by created_at desc, id desc limit 8) as latest),
  'the log is read page by page'
);
select is(
  (select jsonb_agg(distinct row ->> 'actor_name') from jsonb_array_elements(pg_temp.listed('alice', format('%L, %L', tests.id('A'), jsonb_build_object('actor_id', tests.id('mia'))))) as row), '["Mia"]',
  'with the names of those who acted, of one of them'
);
select is(
  (select jsonb_agg(distinct row ->> 'table_name') from jsonb_array_elements(pg_temp.listed('alice', format('%L, %L', tests.id('A'), '{"table_name": "systems", "operation": "insert"}'))) as row), '["systems"]', 'filters narrow it'
);
select is(jsonb_array_length(pg_temp.listed('alice', format('%L, %L', tests.id('A'), filters))), count, filters)
from (values ('{"http_request_id": "r-1"}', 1), ('{"since": "2100-01-01"}', 0), ('{"until": "2000-01-01"}', 0)) as tried (filters, count);
select is(tests.attempt('alice', format('select * from public.list_audit_entries(%L, %L)', tests.id('A'), filters)), '400 invalid_filter', filters)
from unnest(array['{"color": "red"}', '{"actor_id": "me"}', '{"since": "yesterday evening"}']) as filters;
select is(tests.attempt('alice', 'select * from public.list_audit_entries()'), '404 organization_not_found', 'an owner does not read everybody''s');
select is(tests.attempt('eve', 'select * from public.list_audit_entries()'), '404 organization_not_found', 'nor do platform people without their second factor');
select cmp_ok(jsonb_array_length(pg_temp.listed('eve', 'null, p_limit => 100', 'aal2')), '=', 100, 'with it they read all of it');
select cmp_ok(jsonb_array_length(pg_temp.listed('eve', format('%L', tests.id('B')), 'aal2')), '>', 0, 'and that of each');

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
-- A month whose partition comes late, and one that is too old.
do $$
begin
  execute format('drop table private.audit_entries_%s', to_char(now() + interval '2 months', 'YYYY_MM'));
end;
$$;
insert into public.audit_entries (created_at, actor_kind, table_name, row_key, operation)
values (now() + interval '2 months', 'system', 'tests', 'early', 'insert'), (now() - interval '20 months', 'system', 'tests', 'kept', 'insert');
select is(private.create_audit_partitions(), 1, 'a partition that was not made in time is made');
select results_eq(
  $$ select row_key, tableoid::regclass::text from public.audit_entries where table_name = 'tests' order by row_key $$,
  format($$ values ('early', 'private.audit_entries_%s'), ('kept', 'private.audit_entries_default'), ('x', 'private.audit_entries_default') $$, to_char(now() + interval '2 months', 'YYYY_MM')),
  'and takes over what had to wait for it'
);
select is(private.create_audit_partitions(), 0, 'once');
select private.add_audit_partition('2001-02-01')
\g /dev/null
select is(private.forget_audit_entries(), 2, 'months that are too old go, and what is older than its partition');
select results_eq($$ select row_key from public.audit_entries where table_name = 'tests' order by 1 $$, $$ values ('early'), ('kept') $$, 'nothing else');
select is(private.forget_audit_entries(), 0, 'once');
select is(tests.attempt('postgres', 'truncate private.audit_entries_default'), '42501', 'the new default is as closed as the former');
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

-- Last, as they are gone after it.
select tests.act_as_owner_role();
insert into private.password_confirmations (session_id, confirmed_at) select session_id, now() from tests.people where name = 'eve';
select results_eq(
  format($$ select actor_id, actor_kind from pg_temp.entry(%L, 'select public.delete_account()') where table_name = 'users' $$, name),
  format('values (tests.id(%L), %L::text)', name, kind), format('who deletes an account is a %s', kind)
)
from (values ('eve', 'user'), ('gus', 'guest')) as leaving (name, kind);

select * from finish();
rollback;
