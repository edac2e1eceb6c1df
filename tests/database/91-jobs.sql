-- Recurring jobs: each runs, twice as well as once, how it went is seen, and a failing one is noticed. And the metrics.
begin;
\ir support/actors.psql
\ir support/night.psql
select no_plan();

insert into private.platform_admins (user_id, role_key) values (tests.id('eve'), 'support_admin');

-- The scheduler may be running the same job just now.
create function pg_temp.run(p_name text)
returns boolean
language plpgsql
as $$
declare
  v_result boolean;
begin
  loop
    v_result := private.run_job(p_name);
    exit when v_result is not null;
    perform pg_sleep(0.05);
  end loop;
  return v_result;
end;
$$;
select ok(pg_temp.run(name), format('the job %s runs', name)) from private.jobs order by name;
select ok(pg_temp.run(name), format('the job %s runs again', name)) from private.jobs order by name;
select is_empty($$ select job_name, last_error from private.job_runs where failures > 0 $$, 'none failed');
select is((select count(*) from private.job_runs where runs >= 2 and succeeded_at is not null and finished_at >= started_at), (select count(*) from private.jobs), 'each run is recorded');
select is_empty($$ select name from private.jobs where array_length(regexp_split_to_array(schedule, '\s+'), 1) <> 5 $$, 'every schedule has five fields');
select lives_ok('select private.schedule_jobs()', 'telling the scheduler again is harmless');
select throws_ok($$ select private.run_job('nothing') $$, '22023', 'There is no job "nothing".', 'a job that does not exist is none');

-- A job that fails.
create function private.tests()
returns void
language plpgsql
as $$
begin
  insert into private.settings (key, value, description) values ('tests', 'x', 'x');
  perform 1 / (select count(*) from tests.names where name = 'mended');
end;
$$;
create function private.tests_daily() returns void language sql as $$ select private.tests(); $$;
create function private.tests_kind() returns void language sql as $$ update public.venues set city = 'By a job' where id = tests.id('hall'); $$;
insert into private.jobs (name, schedule, description) values ('tests', '* * * * *', 'Fails'), ('tests_daily', '1 2 * * *', 'Fails'), ('tests_kind', '* * * * *', 'Changes something');
create function pg_temp.told()
returns bigint
language sql
as $$
  select count(*) from public.notifications where kind = 'job_failed' and user_id = tests.id('eve');
$$;
select is(private.run_job('tests'), false, 'a failure is told by the result') from generate_series(1, 2);
select is_empty($$ select from private.settings where key = 'tests' $$, 'what it did is undone');
select is(pg_temp.told(), 0::bigint, 'one that runs every minute may fail twice');
select is(private.run_job('tests'), false, 'the third time') from generate_series(1, 2);
select is(pg_temp.told(), 1::bigint, 'platform people are told, once');
select is((select last_error from private.job_runs where job_name = 'tests'), '22012: division by zero', 'with the reason');
select is((select count(*) from private.messages where template_key = 'job_failed' and user_id = tests.id('eve') and status = 'pending'), 1::bigint, 'by mail as well');
select is(private.run_job('tests_daily'), false, 'one that runs once a day');
select is(pg_temp.told(), 2::bigint, 'may not fail at all');
insert into tests.names (name) values ('mended');
select is(private.run_job('tests'), true, 'it recovers');
select results_eq($$ select failures, failing_since is null, succeeded_at is not null from private.job_runs where job_name = 'tests' $$, $$ values (0, true, true) $$, 'and is no longer failing');
delete from tests.names where name = 'mended';
delete from private.settings where key = 'tests';
select is(private.run_job('tests'), false, 'when it fails anew') from generate_series(1, 3);
select is(pg_temp.told(), 3::bigint, 'they are told anew');
select is(private.run_job('tests_kind'), true, 'a job that changes something');
select is(
  (select actor_kind || ' ' || actor_name from public.audit_entries where table_name = 'venues' and row_key = tests.id('hall')::text order by id desc limit 1), 'job tests_kind',
  'is named in the audit log'
);

-- Who sees them.
select is(tests.attempt(actor, 'select * from public.list_jobs()', aal), rows, format('%s at %s sees %s jobs', actor, aal, rows))
from (values ('alice', 'aal1', '0'), ('gus', 'aal1', '0'), ('eve', 'aal1', '0'), ('eve', 'aal2', (select count(*)::text from private.jobs))) as seen (actor, aal, rows);
select is(
  (select row ->> 'name' || ' ' || (row ->> 'failures') from jsonb_array_elements(tests.answer('eve', 'select * from public.list_jobs()', 'aal2')) with ordinality as job (row, number) where number = 1),
  'tests 3', 'those that fail come first'
);

-- A key that ends soon.
update public.api_keys set expires_at = now() + interval '6 days' where id = tests.id('key');
select is(private.alert_expiring_api_keys(), 1, 'the owner of a key that ends soon');
select is(private.alert_expiring_api_keys(), 1, 'is told');
select is((select count(*) from public.notifications where kind = 'api_key_expiring' and user_id = tests.id('alice')), 1::bigint, 'once');

-- Metrics.
create temporary table metrics as
select * from private.metrics();
select is_empty($$ select name from metrics where value is null or help !~ '\S' or kind not in ('gauge', 'counter') or name !~ '^[a-z_]+$' $$, 'every sample is complete');
select is_empty($$ select name, labels from metrics group by 1, 2 having count(*) > 1 $$, 'and there once');
select is((select value from metrics where name = 'job_failures' and labels ->> 'job' = 'tests'), 3::double precision, 'failing jobs');
select cmp_ok((select value from metrics where name = 'outbox_messages' and labels = '{"channel": "email", "status": "pending"}'), '>=', 1::double precision, 'what waits in the outbox');
select is(
  (select value from metrics where name = 'active_requests' and labels ->> 'state' = 'pending'), (select count(*)::double precision from public.requests where state = 'pending'), 'requests by state'
);
select is_empty(
  $$ select metrics.name from metrics, tests.names as named where strpos(metrics::text, named.id::text) > 0 $$, 'nobody is named'
);
select is(tests.attempt(actor, 'select from private.metrics()'), '42501', actor || ' does not read them') from unnest(array['anon', 'alice', 'service']) as actor;

select * from finish();
rollback;
