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
  v_end timestamptz;
  v_days integer;
  v_result jsonb;
begin
  select venue.* into v_venue from public.venues as venue where venue.id = p_venue_id;
  perform private.require_permission(v_venue.organization_id, 'venues:read', 'venue_not_found');
  if p_start > p_end then
    perform private.raise_error(400, 'invalid_range', 'The start is after the end.', 'Swap them.');
  end if;
  select organization.time_zone into v_zone from public.organizations as organization where organization.id = v_venue.organization_id;
  -- Days on which there was no venue yet, or that are still to come, thin out no average.
  v_end := greatest(least(p_end, now()), v_venue.created_at);
  v_start := least(greatest(p_start, v_venue.created_at), v_end);
  v_days := greatest(1, (v_end at time zone v_zone)::date - (v_start at time zone v_zone)::date + 1);

  with
    asked as materialized (
      select
        request.state, request.artist, request.title, request.singer_name,
        request.requested_at at time zone v_zone as asked_at,
        private.song_fingerprint(request.artist, request.title) as fingerprint,
        account.id is null as is_guest,
        -- A guest is whoever goes by that name: each night brings them a new session.
        coalesce(account.id::text, private.fold_text(request.singer_name)) as singer,
        profile.nickname
      from public.requests as request
      left join auth.users as account on account.id = request.singer_user_id and not account.is_anonymous
      left join public.singer_profiles as profile on profile.user_id = account.id
      where request.venue_id = p_venue_id and request.requested_at >= v_start and request.requested_at <= v_end
    ),
    songs as (
      -- As most people wrote it.
      select
        mode() within group (order by asked.artist) as artist, mode() within group (order by asked.title) as title, count(*) as requests
      from asked
      group by asked.fingerprint
      order by requests desc, artist, title
      limit 10
    ),
    singers as (
      select
        coalesce(min(asked.nickname), mode() within group (order by asked.singer_name)) as name, asked.is_guest, count(*) as requests
      from asked
      group by asked.singer, asked.is_guest
      order by requests desc, name, is_guest
      limit 10
    ),
    -- The last 30 days of the range, those without requests too.
    days as (
      select day.day, count(asked.asked_at) as requests
      from (
        select generate_series((v_end at time zone v_zone)::date - least(v_days, 30) + 1, (v_end at time zone v_zone)::date, interval '1 day')::date as day
      ) as day
      left join asked on asked.asked_at::date = day.day
      group by day.day
    ),
    hours as (
      select hour.hour, count(asked.asked_at) as requests
      from generate_series(0, 23) as hour (hour)
      left join asked on extract(hour from asked.asked_at) = hour.hour
      group by hour.hour
    )
  select jsonb_build_object(
    'venue_id', v_venue.id,
    'venue_name', v_venue.name,
    'from', v_start,
    'to', v_end,
    'total_requests', (select count(*) from asked),
    'pending_requests', (select count(*) from asked where asked.state in ('pending', 'accepted', 'performing')),
    'processed_requests', (select count(*) from asked where asked.state = 'completed'),
    'unique_singers', (select count(distinct asked.singer) from asked where not asked.is_guest),
    'unique_guests', (select count(distinct asked.singer) from asked where asked.is_guest),
    'average_requests_per_day', round((select count(*) from asked) / v_days::numeric, 2),
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
processed_requests, unique_singers (with an account), unique_guests (by the name they gave), average_requests_per_day (days before the
venue was there and days to come left out), top_songs and top_singers (10 each, the latter with is_guest), requests_by_day (the last 30
days of the range, those without requests too), requests_by_hour. Needs venues:read. Errors: 400 invalid_range; 403;
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

create function private.export_venue(p_venue_id uuid, p_start timestamptz, p_end timestamptz, p_after bigint, p_limit integer)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_venue public.venues;
  v_after_at timestamptz;
  v_rows jsonb;
  v_last bigint;
begin
  select venue.* into v_venue from public.venues as venue where venue.id = p_venue_id;
  perform private.require_permission(v_venue.organization_id, 'venues:read', 'venue_not_found');
  if p_start > p_end then
    perform private.raise_error(400, 'invalid_range', 'The start is after the end.', 'Swap them.');
  end if;
  if p_limit is null or p_limit not between 1 and 5000 then
    perform private.raise_error(400, 'invalid_limit', 'A page has 1 to 5000 requests.', 'Leave it out for 1000.');
  end if;
  if p_after is null then
    perform private.enforce_rate_limit('venue_exports', auth.uid()::text);
  else
    select request.requested_at into v_after_at
    from public.requests as request
    where request.id = p_after and request.venue_id = p_venue_id;
    if not found then
      perform private.raise_error(404, 'request_not_found', 'There is no such request at this venue.', 'Send next_after as it was received.');
    end if;
  end if;

  with
    page as (
      select request.*
      from public.requests as request
      where request.venue_id = p_venue_id
        and (p_start is null or request.requested_at >= p_start)
        and (p_end is null or request.requested_at <= p_end)
        and (p_after is null or (request.requested_at, request.id) < (v_after_at, p_after))
      order by request.requested_at desc, request.id desc
      limit p_limit
    )
  select
    coalesce(
      jsonb_agg(
        jsonb_build_object(
          'id', page.id, 'state', page.state, 'artist', page.artist, 'title', page.title, 'key_change', page.key_change, 'notes', page.notes,
          'singer_name', page.singer_name, 'requested_at', page.requested_at, 'processed', page.processed, 'processed_at', page.processed_at
        )
        order by page.requested_at desc, page.id desc
      ),
      '[]'
    ),
    case when count(*) = p_limit then (array_agg(page.id order by page.requested_at, page.id))[1] end
  into v_rows, v_last
  from page;
  return jsonb_build_object('venue_id', v_venue.id, 'venue_name', v_venue.name, 'requests', v_rows, 'next_after', v_last);
end;
$$;

comment on function private.export_venue(uuid, timestamptz, timestamptz, bigint, integer) is
  'Definer: checks venues:read, then reads all requests of the venue.';

revoke all on function private.export_venue(uuid, timestamptz, timestamptz, bigint, integer) from public;
grant execute on function private.export_venue(uuid, timestamptz, timestamptz, bigint, integer) to authenticated;

create function public.export_venue(
  p_venue_id uuid,
  p_start timestamptz default null,
  p_end timestamptz default null,
  p_after bigint default null,
  p_limit integer default 1000
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.export_venue(p_venue_id, p_start, p_end, p_after, p_limit);
$$;

comment on function public.export_venue(uuid, timestamptz, timestamptz, bigint, integer) is
  'Every request a venue has had between two times (all when left out), newest first, page by page: venue_id, venue_name, requests (without
anybody''s address) and next_after, to be sent as p_after for the next page of p_limit (1-5000) requests; null at the end. Needs
venues:read. Errors: 400 invalid_range, invalid_limit; 403; 404 venue_not_found, request_not_found; 429 after 10 exports in an hour.';

revoke all on function public.export_venue(uuid, timestamptz, timestamptz, bigint, integer) from public;
grant execute on function public.export_venue(uuid, timestamptz, timestamptz, bigint, integer) to authenticated;
