-- Recurring work, listed with its schedule in this one place. Every job may run twice or late without harm.

do $$
begin
  -- A test database may lack the scheduler; the cloud has it and leaves it to the project to switch it on.
  if exists (select from pg_catalog.pg_available_extensions as available where available.name = 'pg_cron') then
    create extension if not exists pg_cron with schema pg_catalog;
  end if;
end;
$$;

create table private.jobs (
  name text primary key,
  schedule text not null,
  description text not null
);

alter table private.jobs enable row level security;

comment on table private.jobs is
  'Jobs of pg_cron: each is the function private.<name>() without arguments; schedule in cron''s five fields, UTC.';

create table private.job_runs (
  job_name text primary key references private.jobs (name) on update cascade on delete cascade,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  succeeded_at timestamptz,
  failing_since timestamptz,
  failures integer not null default 0,
  runs bigint not null default 0,
  last_error text
);

alter table private.job_runs enable row level security;

comment on table private.job_runs is 'How each job last went: failures counts those since it last succeeded.';

insert into private.jobs (name, schedule, description) values
  ('create_audit_partitions', '5 3 * * *', 'Partitions of the audit log for the coming months'),
  ('forget_audit_entries', '35 3 * * *', 'Months of the audit log that are older than is wanted'),
  ('forget_rate_limit_windows', '*/10 * * * *', 'Counters of windows that are over'),
  ('forget_job_runs', '50 4 * * *', 'The scheduler''s own record after seven days'),
  ('alert_expiring_api_keys', '0 9 * * *', 'API keys that end within seven days'),
  ('wake_message_worker', '* * * * *', 'Messages that are due again'),
  ('expire_messages', '* * * * *', 'Messages that are too late, and codes and links that have ended'),
  ('forget_messages', '40 4 * * *', 'Messages sent or given up long ago'),
  ('forget_notifications', '45 4 * * *', 'Old notifications in the app'),
  ('close_idle_shows', '*/5 * * * *', 'Nights that nobody closed'),
  ('expire_files', '10 * * * *', 'Files of imports and reports after seven days'),
  ('forget_song_imports', '20 4 * * *', 'Imports of song books that nobody ran to their end'),
  ('resume_song_imports', '* * * * *', 'Imports of song books that were cut off or never begun'),
  ('apply_switches', '* * * * *', 'Venues that open or close by themselves'),
  ('remove_unused_songs', '40 4 * * *', 'Songs of the catalogue that nobody has had for a month'),
  ('wake_geocoder', '*/5 * * * *', 'Addresses of venues that are to be looked up again'),
  ('alert_offline_hosts', '* * * * *', 'Show programs that fell silent during a night'),
  ('publish_silent_uploads', '* * * * *', 'Song books whose upload ended on a full batch'),
  ('complete_taken_requests', '*/15 * * * *', 'Requests the host took and never finished, once their night is over');

create function private.forget_rate_limit_windows()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_count integer;
begin
  -- A counter in use is passed over until the next time, so that nobody who is counted waits.
  delete from private.rate_limit_counters as counter
  where (counter.rate_limit_key, counter.subject) in (
    select ended.rate_limit_key, ended.subject
    from private.rate_limit_counters as ended
    where ended.window_ends_at < now() - interval '1 minute'
    for update skip locked
  );
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

comment on function private.forget_rate_limit_windows() is 'Deletes counters of windows that are over; returns how many. A job, therefore definer.';

revoke all on function private.forget_rate_limit_windows() from public;

create function private.close_idle_shows()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_count integer;
begin
  update public.shows
  set closed_at = greatest(last_activity_at, opened_at)
  where closed_at is null and last_activity_at < now() - interval '6 hours';
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

comment on function private.close_idle_shows() is 'Closes nights without activity for six hours; returns how many. A job, therefore definer.';

revoke all on function private.close_idle_shows() from public;

create function private.publish_silent_uploads()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.book_stage_expire();
end;
$$;

comment on function private.publish_silent_uploads() is 'Ends uploads of song books that fell silent. A job, therefore definer.';

revoke all on function private.publish_silent_uploads() from public;

create function private.complete_taken_requests()
returns integer
language sql
volatile
security definer
set search_path = ''
as $$
  select private.change_requests(
    array(
      select request.id
      from public.requests as request
      join public.shows as show on show.id = request.show_id
      where request.state in ('accepted', 'performing') and show.closed_at < now() - interval '1 hour'
      order by request.id
      limit 1000
    ),
    'completed', 'host'
  );
$$;

comment on function private.complete_taken_requests() is 'Definer: run by the scheduler.';

revoke all on function private.complete_taken_requests() from public;

create function private.alert_expiring_api_keys()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_count integer;
begin
  select count(private.notify_user(
    owner.user_id, 'organization', 'api_key_expiring',
    jsonb_build_object(
      'api_key_id', key.id, 'key', key.name, 'organization', organization.name,
      'expires', to_char(key.expires_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'
    ),
    format('api_key_expiring:%s:%s', key.id, key.expires_at)
  ))
  into v_count
  from public.api_keys as key
  join public.organizations as organization on organization.id = key.organization_id
  join public.organization_members as owner on owner.organization_id = key.organization_id and owner.role_key = 'owner'
  where key.revoked_at is null and key.expires_at between now() and now() + interval '7 days';
  return v_count;
end;
$$;

comment on function private.alert_expiring_api_keys() is
  'Tells owners once about each key that ends within seven days; returns how many end. A job, therefore definer.';

revoke all on function private.alert_expiring_api_keys() from public;

create function private.forget_job_runs()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if to_regclass('cron.job_run_details') is not null then
    execute 'delete from cron.job_run_details where end_time < now() - interval ''7 days''';
  end if;
end;
$$;

comment on function private.forget_job_runs() is 'pg_cron keeps a row per run for ever. A job; definer: the table is the scheduler''s.';

revoke all on function private.forget_job_runs() from public;

create function private.run_job(p_name text)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_job private.jobs;
  v_started timestamptz := clock_timestamp();
  v_error text;
  v_run private.job_runs;
begin
  select job.* into v_job from private.jobs as job where job.name = p_name;
  if not found then
    raise exception using errcode = '22023', message = format('There is no job "%s".', p_name);
  end if;
  -- A run that takes longer than its schedule is not joined by the next one.
  if not pg_try_advisory_xact_lock(hashtext('private.run_job'), hashtext(p_name)) then
    return null;
  end if;
  perform set_config('karaoke.job', p_name, true);
  begin
    execute format('select private.%I()', v_job.name);
  exception
    when others then
      v_error := left(format('%s: %s', sqlstate, sqlerrm), 500);
  end;
  perform set_config('karaoke.job', '', true);

  insert into private.job_runs as run (job_name, started_at, finished_at, succeeded_at, failing_since, failures, runs, last_error)
  values (
    p_name, v_started, clock_timestamp(), case when v_error is null then v_started end, case when v_error is not null then v_started end,
    case when v_error is null then 0 else 1 end, 1, v_error
  )
  on conflict (job_name) do update set
    started_at = excluded.started_at,
    finished_at = excluded.finished_at,
    succeeded_at = coalesce(excluded.succeeded_at, run.succeeded_at),
    failing_since = case when v_error is not null then coalesce(run.failing_since, excluded.failing_since) end,
    failures = case when v_error is null then 0 else run.failures + 1 end,
    runs = run.runs + 1,
    last_error = coalesce(v_error, run.last_error)
  returning run.* into v_run;

  -- One failure of what runs all the time mends itself; of what runs once a day it does not.
  if v_run.failures >= 3 or v_run.failures = 1 and v_job.schedule ~ '^[0-9]+ [0-9]+ ' then
    perform private.notify_user(
      admin.user_id, 'operations', 'job_failed',
      jsonb_build_object(
        'job', p_name, 'failures', v_run.failures, 'failed_at', to_char(v_started at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC', 'error', v_error
      ),
      format('job_failed:%s:%s:%s', p_name, extract(epoch from v_run.failing_since), admin.user_id)
    )
    from private.platform_admins as admin;
  end if;
  return v_error is null;
end;
$$;

comment on function private.run_job(text) is
  'Runs a job and records how it went: true, false when it failed (its own changes are undone), null when it runs already. Platform people
are told once when it keeps failing. The scheduler calls it as the database''s owner.';

revoke all on function private.run_job(text) from public;

create function private.list_jobs()
returns table (
  name text, schedule text, description text, started_at timestamptz, duration_ms integer, succeeded_at timestamptz, failing_since timestamptz,
  failures integer, runs bigint, last_error text
)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
begin
  if private.platform_role() is null then
    return;
  end if;
  return query
    select
      job.name, job.schedule, job.description, run.started_at,
      round(extract(epoch from run.finished_at - run.started_at) * 1000)::integer,
      run.succeeded_at, run.failing_since, coalesce(run.failures, 0), coalesce(run.runs, 0), run.last_error
    from private.jobs as job
    left join private.job_runs as run on run.job_name = job.name
    order by run.failures > 0 desc nulls last, job.name;
end;
$$;

comment on function private.list_jobs() is 'Definer: jobs are private; checks the platform role.';

revoke all on function private.list_jobs() from public;
grant execute on function private.list_jobs() to authenticated;

create function public.list_jobs()
returns table (
  name text, schedule text, description text, started_at timestamptz, duration_ms integer, succeeded_at timestamptz, failing_since timestamptz,
  failures integer, runs bigint, last_error text
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.list_jobs();
$$;

comment on function public.list_jobs() is
  'Platform people: every recurring job with its schedule (cron''s five fields, UTC) and how it last went, those that fail first. Empty
for everybody else.';

revoke all on function public.list_jobs() from public;
grant execute on function public.list_jobs() to authenticated;

create function private.schedule_jobs()
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_job record;
  v_count integer := 0;
begin
  -- Where the scheduler is missing (a test database), there is nothing to schedule.
  if not exists (select from pg_catalog.pg_extension as installed where installed.extname = 'pg_cron') then
    return 0;
  end if;
  for v_job in select * from private.jobs as job order by job.name loop
    execute 'select cron.schedule($1, $2, $3)' using v_job.name, v_job.schedule, format('select private.run_job(%L)', v_job.name);
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;

comment on function private.schedule_jobs() is 'Tells pg_cron about every job and returns how many there are. Again is harmless.';

revoke all on function private.schedule_jobs() from public;

select private.schedule_jobs();
