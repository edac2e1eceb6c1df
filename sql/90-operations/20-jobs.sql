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
  command text not null,
  description text not null
);

alter table private.jobs enable row level security;

comment on table private.jobs is 'Jobs of pg_cron: schedule in cron''s five fields, UTC.';

insert into private.jobs (name, schedule, command, description) values
  ('create_audit_partitions', '5 3 * * *', 'select private.create_audit_partitions()', 'Partitions of the audit log for the coming months'),
  (
    'forget_rate_limit_windows', '*/10 * * * *',
    'delete from private.rate_limit_counters where window_ends_at < now() - interval ''1 minute''',
    'Counters of windows that are over'
  ),
  ('wake_message_worker', '* * * * *', 'select private.wake_message_worker()', 'Messages that are due again'),
  (
    'forget_codes', '15 * * * *',
    'update private.messages set variables = variables - ''code'' - ''link'' where template_key like ''auth\_%'' and created_at < now() - interval ''1 day'' and variables ?| array[''code'', ''link'']',
    'One-time codes and links in mails that are long sent'
  ),
  (
    'close_idle_shows', '*/5 * * * *',
    'update public.shows set closed_at = greatest(last_activity_at, opened_at) where closed_at is null and last_activity_at < now() - interval ''6 hours''',
    'Nights that nobody closed'
  ),
  ('expire_files', '10 * * * *', 'select private.expire_files()', 'Files of imports and reports after seven days'),
  ('forget_song_imports', '20 4 * * *', 'select private.forget_song_imports()', 'Imports of song books that nobody ran to their end'),
  ('alert_offline_hosts', '* * * * *', 'select private.alert_offline_hosts()', 'Show programs that fell silent during a night'),
  (
    'publish_silent_uploads', '* * * * *', 'select private.book_stage_expire()',
    'Song books whose upload ended on a full batch'
  ),
  (
    'complete_taken_requests', '*/15 * * * *', 'select private.complete_taken_requests()',
    'Requests the host took and never finished, once their night is over'
  );

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
    execute 'select cron.schedule($1, $2, $3)' using v_job.name, v_job.schedule, v_job.command;
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;

comment on function private.schedule_jobs() is 'Tells pg_cron about every job and returns how many there are. Again is harmless.';

revoke all on function private.schedule_jobs() from public;

select private.schedule_jobs();
