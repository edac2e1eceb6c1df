-- What the probes and the metrics ask. Their role can do nothing else.

create function private.newest_migration()
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_version text;
begin
  -- The CLI makes this table with its first migration, which may be the one that makes this function.
  if to_regclass('supabase_migrations.schema_migrations') is not null then
    execute 'select max(version) from supabase_migrations.schema_migrations' into v_version;
  end if;
  return v_version;
end;
$$;

comment on function private.newest_migration() is
  'Version of the newest migration applied, or null. Definer: the table belongs to the CLI.';

revoke all on function private.newest_migration() from public;

create function private.metrics()
returns table (name text, kind text, help text, labels jsonb, value double precision)
language plpgsql
stable
security definer
set search_path = ''
rows 100
as $$
begin
  return query
    select 'outbox_messages', 'gauge', 'Messages by channel and status: waiting, being sent, or given up.',
      jsonb_build_object('channel', channel.name, 'status', status.name), count(message.id)::double precision
    from unnest(array['email', 'sms']) as channel (name)
    cross join unnest(array['pending', 'sending', 'dead']) as status (name)
    left join private.messages as message
      on message.channel = channel.name and message.status = status.name
      and (message.status = 'dead' or message.status in ('pending', 'sending'))
    group by channel.name, status.name
    union all
    select 'outbox_oldest_seconds', 'gauge', 'How long the message that is due longest has been due.', '{}',
      coalesce(extract(epoch from now() - min(message.next_attempt_at)), 0)::double precision
    from private.messages as message
    where message.status in ('pending', 'sending') and message.next_attempt_at <= now()
    union all
    select 'job_failures', 'gauge', 'Failures of a job since it last succeeded.', jsonb_build_object('job', job.name),
      coalesce(run.failures, 0)::double precision
    from private.jobs as job
    left join private.job_runs as run on run.job_name = job.name
    union all
    select 'job_last_success_timestamp_seconds', 'gauge', 'When a job last succeeded.', jsonb_build_object('job', run.job_name),
      extract(epoch from run.succeeded_at)::double precision
    from private.job_runs as run
    where run.succeeded_at is not null
    union all
    select 'job_duration_seconds', 'gauge', 'How long the last run of a job took.', jsonb_build_object('job', run.job_name),
      extract(epoch from run.finished_at - run.started_at)::double precision
    from private.job_runs as run
    union all
    select 'active_requests', 'gauge', 'Song requests that are not over, by state.', jsonb_build_object('state', state.name),
      count(request.id)::double precision
    from unnest(array['pending', 'accepted', 'performing']) as state (name)
    left join public.requests as request
      on request.state = state.name and request.state in ('pending', 'accepted', 'performing')
    group by state.name
    union all
    select 'open_shows', 'gauge', 'Nights that are open.', '{}', count(*)::double precision
    from public.shows as show
    where show.closed_at is null
    union all
    select figure.name, 'gauge', figure.help, '{}', figure.value
    from (
      select coalesce(sum(usage.calls), 0)::double precision as calls, coalesce(sum(usage.failures), 0)::double precision as failures
      from public.api_key_usage as usage
      where usage.day = (now() at time zone 'UTC')::date
    ) as today
    cross join lateral (values
      ('api_key_calls_today', 'Calls with API keys since midnight UTC, OpenKJ''s polls left out.', today.calls),
      ('api_key_failures_today', 'Calls with API keys that were refused since midnight UTC.', today.failures)
    ) as figure (name, help, value)
    union all
    select 'show_programs_online', 'gauge', 'Systems heard of within eleven minutes.', '{}', count(*)::double precision
    from private.system_heartbeats as heartbeat
    where heartbeat.last_seen_at > now() - interval '11 minutes'
    union all
    select 'rate_limited_subjects', 'gauge', 'Users, keys, devices, addresses and venues that have used a limit up in its current window.',
      jsonb_build_object('limit', rate_limit.key),
      count(counter.subject) filter (where counter.used > rate_limit.maximum and counter.window_ends_at > now())::double precision
    from private.rate_limits as rate_limit
    left join private.rate_limit_counters as counter on counter.rate_limit_key = rate_limit.key
    group by rate_limit.key
    union all
    select 'database_connections', 'gauge', 'Connections to the database, of everybody.', '{}', count(*)::double precision
    from pg_catalog.pg_stat_activity as activity
    where activity.datname = current_database()
    union all
    select 'database_connections_maximum', 'gauge', 'Connections the database server accepts.', '{}',
      current_setting('max_connections')::double precision
    union all
    select 'database_size_bytes', 'gauge', 'Size of the database.', '{}', pg_database_size(current_database())::double precision;
end;
$$;

comment on function private.metrics() is
  'Figures of the running platform, one row per sample. Nothing in them tells of one tenant or person. Definer: most of it is private.';

revoke all on function private.metrics() from public;

create role ops_gateway nologin;
grant ops_gateway to postgres;
grant usage on schema private to ops_gateway;
grant execute on function private.newest_migration() to ops_gateway;
grant execute on function private.metrics() to ops_gateway;
