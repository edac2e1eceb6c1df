-- What a host wants to know about a venue. Days and hours are those of the organization's time zone.

create function private.venue_statistics(p_venue_id uuid, p_start timestamptz, p_end timestamptz)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_venue public.venues;
  v_zone text;
  v_start timestamptz;
  v_end timestamptz := coalesce(p_end, now());
  v_result jsonb;
begin
  select venue.* into v_venue from public.venues as venue where venue.id = p_venue_id;
  perform private.require_permission(v_venue.organization_id, 'venues:read', 'venue_not_found');
  v_start := coalesce(p_start, v_venue.created_at);
  if v_start > v_end then
    perform private.raise_error(400, 'invalid_range', 'The start is after the end.', 'Swap them.');
  end if;
  select organization.time_zone into v_zone from public.organizations as organization where organization.id = v_venue.organization_id;

  with
    asked as materialized (
      select
        request.state, request.artist, request.title, request.singer_user_id, request.singer_name,
        request.requested_at at time zone v_zone as asked_at,
        private.song_fingerprint(request.artist, request.title) as fingerprint,
        coalesce(request.singer_user_id::text, lower(request.singer_name)) as singer
      from public.requests as request
      where request.venue_id = p_venue_id and request.requested_at >= v_start and request.requested_at <= v_end
    ),
    songs as (
      select min(asked.artist) as artist, min(asked.title) as title, count(*) as requests
      from asked
      group by asked.fingerprint
      order by requests desc, artist, title
      limit 10
    ),
    singers as (
      select min(asked.singer_name) as name, count(*) as requests
      from asked
      group by asked.singer
      order by requests desc, name
      limit 10
    ),
    -- The last 30 days of the range, those without requests too.
    days as (
      select day::date as day, (select count(*) from asked where asked.asked_at::date = day::date) as requests
      from generate_series(
        greatest((v_start at time zone v_zone)::date, (v_end at time zone v_zone)::date - 29)::timestamp,
        (v_end at time zone v_zone)::date::timestamp,
        interval '1 day'
      ) as day
    ),
    hours as (
      select hour, (select count(*) from asked where extract(hour from asked.asked_at) = hour) as requests
      from generate_series(0, 23) as hour
    )
  select jsonb_build_object(
    'venue_id', v_venue.id,
    'venue_name', v_venue.name,
    'from', v_start,
    'to', v_end,
    'total_requests', (select count(*) from asked),
    'pending_requests', (select count(*) from asked where asked.state in ('pending', 'accepted', 'performing')),
    'processed_requests', (select count(*) from asked where asked.state = 'completed'),
    'unique_singers', (select count(distinct asked.singer) from asked),
    'average_requests_per_day', round(
      (select count(*) from asked)
        / greatest(1, (v_end at time zone v_zone)::date - (v_start at time zone v_zone)::date + 1)::numeric,
      2
    ),
    'top_songs', coalesce((select jsonb_agg(to_jsonb(songs)) from songs), '[]'),
    'top_singers', coalesce((select jsonb_agg(to_jsonb(singers)) from singers), '[]'),
    'requests_by_day', (select jsonb_agg(to_jsonb(days) order by days.day) from days),
    'requests_by_hour', (select jsonb_agg(to_jsonb(hours) order by hours.hour) from hours)
  )
  into v_result;
  return v_result;
end;
$$;

comment on function private.venue_statistics(uuid, timestamptz, timestamptz) is 'Definer: checks venues:read, then counts all requests.';

revoke all on function private.venue_statistics(uuid, timestamptz, timestamptz) from public;
grant execute on function private.venue_statistics(uuid, timestamptz, timestamptz) to authenticated;

create function public.venue_statistics(p_venue_id uuid, p_start timestamptz default null, p_end timestamptz default null)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.venue_statistics(p_venue_id, p_start, p_end);
$$;

comment on function public.venue_statistics(uuid, timestamptz, timestamptz) is
  'Requests of a venue between two times (from its creation until now when left out): total_requests, pending_requests,
processed_requests, unique_singers (guests counted as guests), average_requests_per_day, top_songs and top_singers (10 each),
requests_by_day (the last 30 days of the range), requests_by_hour. Needs venues:read. Errors: 400 invalid_range; 403;
404 venue_not_found.';

revoke all on function public.venue_statistics(uuid, timestamptz, timestamptz) from public;
grant execute on function public.venue_statistics(uuid, timestamptz, timestamptz) to authenticated;

create function private.organization_overview(p_organization_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(p_organization_id, 'venues:read', 'organization_not_found');
  return (
    with
      by_venue as (
        select
          venue.id, venue.name, venue.accepting_requests, venue.archived_at,
          count(request.id) as requests,
          count(request.id) filter (where request.state in ('pending', 'accepted', 'performing')) as pending,
          count(request.id) filter (where request.state = 'completed') as processed
        from public.venues as venue
        left join public.requests as request on request.venue_id = venue.id
        where venue.organization_id = p_organization_id
        group by venue.id
      )
    select jsonb_build_object(
      'total_venues', count(*) filter (where by_venue.archived_at is null),
      'venues_accepting_requests', count(*) filter (where by_venue.accepting_requests),
      'total_requests', coalesce(sum(by_venue.requests), 0),
      'pending_requests', coalesce(sum(by_venue.pending), 0),
      'processed_requests', coalesce(sum(by_venue.processed), 0),
      'total_songs', (
        select coalesce(sum(private.book_size(system.id)), 0)
        from public.systems as system
        where system.organization_id = p_organization_id
      ),
      'systems', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object('system_id', system.id, 'name', system.name, 'last_seen_at', heartbeat.last_seen_at)
            order by system.openkj_system_id
          ),
          '[]'
        )
        from public.systems as system
        left join private.system_heartbeats as heartbeat on heartbeat.system_id = system.id
        where system.organization_id = p_organization_id
      ),
      'top_venue', (
        select jsonb_build_object('venue_id', best.id, 'venue_name', best.name, 'requests', best.requests)
        from by_venue as best
        where best.requests > 0
        order by best.requests desc, best.name, best.id
        limit 1
      )
    )
    from by_venue
  );
end;
$$;

comment on function private.organization_overview(uuid) is 'Definer: checks venues:read, then counts all requests.';

revoke all on function private.organization_overview(uuid) from public;
grant execute on function private.organization_overview(uuid) to authenticated;

create function public.organization_overview(p_organization_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.organization_overview(p_organization_id);
$$;

comment on function public.organization_overview(uuid) is
  'An organization at a glance: total_venues, venues_accepting_requests, total_requests, pending_requests, processed_requests,
total_songs, systems (with last_seen_at: the last sign of life of the show program), top_venue (null without requests). Needs venues:read. Errors: 403; 404 organization_not_found.';

revoke all on function public.organization_overview(uuid) from public;
grant execute on function public.organization_overview(uuid) to authenticated;
