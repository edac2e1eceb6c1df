-- Nights and their numbers. Days are those of the organization's time zone.

create function private.venue_shows(p_venue_id uuid, p_page integer, p_limit integer)
returns table (
  show_id uuid, opened_at timestamptz, closed_at timestamptz, requests bigint, sung bigint, singers bigint, total_count bigint
)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id), 'requests:read', 'venue_not_found'
  );
  if p_page is null or p_page not between 1 and 100000 or p_limit is null or p_limit not between 1 and 100 then
    perform private.raise_error(400, 'invalid_page', 'The page counts from 1 and has 1 to 100 rows.', 'Leave them out for 1 and 20.');
  end if;
  return query
    select show.id, show.opened_at, show.closed_at, counted.requests, counted.sung, counted.singers, show.total_count
    from (
      select night.id, night.opened_at, night.closed_at, count(*) over () as total_count
      from public.shows as night
      where night.venue_id = p_venue_id
      order by night.opened_at desc, night.id desc
      limit p_limit offset (p_page - 1) * p_limit
    ) as show
    cross join lateral (
      select
        count(*) as requests,
        count(*) filter (where request.state = 'completed') as sung,
        count(distinct coalesce(request.singer_user_id::text, lower(request.singer_name))) as singers
      from public.requests as request
      where request.show_id = show.id
    ) as counted
    order by show.opened_at desc, show.id desc;
end;
$$;

comment on function private.venue_shows(uuid, integer, integer) is 'Definer: checks requests:read, then counts.';

revoke all on function private.venue_shows(uuid, integer, integer) from public;
grant execute on function private.venue_shows(uuid, integer, integer) to authenticated;

create function public.venue_shows(p_venue_id uuid, p_page integer default 1, p_limit integer default 20)
returns table (
  show_id uuid, opened_at timestamptz, closed_at timestamptz, requests bigint, sung bigint, singers bigint, total_count bigint
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.venue_shows(p_venue_id, p_page, p_limit);
$$;

comment on function public.venue_shows(uuid, integer, integer) is
  'The nights of a venue, newest first, with how many requests, songs sung and singers each had; closed_at of the open one is null.
total_count is that of all pages of 1-100 rows. Needs requests:read. Errors: 400 invalid_page; 403; 404 venue_not_found.';

revoke all on function public.venue_shows(uuid, integer, integer) from public;
grant execute on function public.venue_shows(uuid, integer, integer) to authenticated;

create function private.show_log(p_show_id uuid, p_after bigint, p_limit integer)
returns table (
  event_id bigint, changed_at timestamptz, request_id bigint, singer_name text, artist text, title text, from_state text, to_state text,
  reason text, source text, changed_by uuid
)
language plpgsql
stable
security definer
set search_path = ''
rows 100
as $$
begin
  perform private.require_permission(
    (select show.organization_id from public.shows as show where show.id = p_show_id), 'requests:read', 'show_not_found'
  );
  if p_limit is null or p_limit not between 1 and 500 then
    perform private.raise_error(400, 'invalid_limit', 'The limit must be 1 to 500.', 'Leave it out for 100.');
  end if;
  return query
    select
      event.id, event.changed_at, request.id, request.singer_name, request.artist, request.title, event.from_state, event.to_state,
      event.reason, event.source, event.changed_by
    from public.requests as request
    join public.request_events as event on event.request_id = request.id
    where request.show_id = p_show_id and (p_after is null or event.id > p_after)
    order by event.id
    limit p_limit;
end;
$$;

comment on function private.show_log(uuid, bigint, integer) is 'Definer: checks requests:read, then reads the log.';

revoke all on function private.show_log(uuid, bigint, integer) from public;
grant execute on function private.show_log(uuid, bigint, integer) to authenticated;

create function public.show_log(p_show_id uuid, p_after bigint default null, p_limit integer default 100)
returns table (
  event_id bigint, changed_at timestamptz, request_id bigint, singer_name text, artist text, title text, from_state text, to_state text,
  reason text, source text, changed_by uuid
)
language sql
stable
security invoker
set search_path = ''
rows 100
as $$
  select * from private.show_log(p_show_id, p_after, p_limit);
$$;

comment on function public.show_log(uuid, bigint, integer) is
  'What happened in a night, in order: every state of its requests, when, by whom and through what (app, openkj, api, system). 1-500 rows;
go on with p_after, the event_id of the last one. Needs requests:read. Errors: 400 invalid_limit; 403; 404 show_not_found.';

revoke all on function public.show_log(uuid, bigint, integer) from public;
grant execute on function public.show_log(uuid, bigint, integer) to authenticated;

create function private.show_statistics(p_show_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_show public.shows;
begin
  select show.* into v_show from public.shows as show where show.id = p_show_id;
  perform private.require_permission(v_show.organization_id, 'requests:read', 'show_not_found');
  return (
    with
      asked as materialized (
        select
          request.state, request.artist, request.title, request.fingerprint, request.singer_name, request.requested_at,
          request.processed_at, coalesce(request.singer_user_id::text, lower(request.singer_name)) as singer
        from public.requests as request
        where request.show_id = p_show_id
      ),
      gaps as (
        select extract(epoch from sung.performed_at - lag(sung.performed_at) over (order by sung.performed_at, sung.id)) as seconds
        from public.performances as sung
        where sung.show_id = p_show_id
      ),
      songs as (
        select min(asked.artist) as artist, min(asked.title) as title, count(*) as requests
        from asked
        group by asked.fingerprint
        order by requests desc, artist, title
        limit 10
      ),
      singers as (
        select min(asked.singer_name) as name, count(*) as requests, count(*) filter (where asked.state = 'completed') as sung
        from asked
        group by asked.singer
        order by sung desc, requests desc, name
        limit 10
      )
    select jsonb_build_object(
      'show_id', v_show.id,
      'venue_id', v_show.venue_id,
      'opened_at', v_show.opened_at,
      'closed_at', v_show.closed_at,
      'total_requests', (select count(*) from asked),
      'requests_by_state', (
        select coalesce(jsonb_object_agg(counted.state, counted.requests), '{}')
        from (select asked.state, count(*) as requests from asked group by asked.state) as counted
      ),
      'unique_singers', (select count(distinct asked.singer) from asked),
      'average_wait_seconds', (
        select round(avg(extract(epoch from asked.processed_at - asked.requested_at))) from asked where asked.state = 'completed'
      ),
      'average_gap_seconds', (select round(avg(gaps.seconds)) from gaps where gaps.seconds between 30 and 900),
      'top_songs', coalesce((select jsonb_agg(to_jsonb(songs)) from songs), '[]'),
      'top_singers', coalesce((select jsonb_agg(to_jsonb(singers)) from singers), '[]')
    )
  );
end;
$$;

comment on function private.show_statistics(uuid) is 'Definer: checks requests:read, then counts.';

revoke all on function private.show_statistics(uuid) from public;
grant execute on function private.show_statistics(uuid) to authenticated;

create function public.show_statistics(p_show_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.show_statistics(p_show_id);
$$;

comment on function public.show_statistics(uuid) is
  'A night in numbers: total_requests, requests_by_state, unique_singers (guests counted as guests), average_wait_seconds from asking to
singing, average_gap_seconds between songs without breaks (null before there are any), top_songs and top_singers (10 each). Needs
requests:read. Errors: 403; 404 show_not_found.';

revoke all on function public.show_statistics(uuid) from public;
grant execute on function public.show_statistics(uuid) to authenticated;

create function private.request_statistics(p_organization_id uuid, p_venue_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_midnight timestamptz;
begin
  perform private.require_permission(p_organization_id, 'requests:read', 'organization_not_found');
  select date_trunc('day', now() at time zone organization.time_zone) at time zone organization.time_zone into v_midnight
  from public.organizations as organization
  where organization.id = p_organization_id;
  return (
    select jsonb_build_object(
      'total_requests', count(*),
      'pending_requests', count(*) filter (where request.state in ('pending', 'accepted', 'performing')),
      'processed_requests', count(*) filter (where request.state = 'completed'),
      'requests_today', count(*) filter (where request.requested_at >= v_midnight)
    )
    from public.requests as request
    where request.organization_id = p_organization_id and (p_venue_id is null or request.venue_id = p_venue_id)
  );
end;
$$;

comment on function private.request_statistics(uuid, uuid) is 'Definer: checks requests:read, then counts.';

revoke all on function private.request_statistics(uuid, uuid) from public;
grant execute on function private.request_statistics(uuid, uuid) to authenticated;

create function public.request_statistics(p_organization_id uuid, p_venue_id uuid default null)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.request_statistics(p_organization_id, p_venue_id);
$$;

comment on function public.request_statistics(uuid, uuid) is
  'How many requests an organization, or one of its venues, has had (total_requests), has waiting (pending_requests), has had sung
(processed_requests) and was asked for since midnight in its time zone (requests_today). A foreign venue has none. Needs requests:read.
Errors: 403; 404 organization_not_found.';

revoke all on function public.request_statistics(uuid, uuid) from public;
grant execute on function public.request_statistics(uuid, uuid) to authenticated;
