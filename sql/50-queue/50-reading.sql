-- The queue as people read it.

create function private.my_requests(p_venue_id uuid)
returns table (request public.requests, place integer, wait_seconds integer)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
begin
  return query
    with
      mine as materialized (
        select own as request, own.id, own.venue_id, own.state, own.requested_at
        from public.requests as own
        where own.singer_user_id = v_user_id
          and (p_venue_id is null or own.venue_id = p_venue_id)
          and (own.state in ('pending', 'accepted', 'performing') or own.requested_at > now() - interval '12 hours')
        order by own.requested_at desc, own.id desc
        limit 100
      ),
      -- A queue is put in order as a whole, so once for each venue.
      waiting as (
        select queue.request_id, queue.place, queue.wait_seconds
        from (select distinct mine.venue_id from mine where mine.state in ('pending', 'accepted', 'performing')) as venue
        cross join lateral private.queue(venue.venue_id) as queue
      )
    select mine.request, waiting.place, waiting.wait_seconds
    from mine
    left join waiting on waiting.request_id = mine.id
    order by mine.requested_at desc, mine.id desc;
end;
$$;

comment on function private.my_requests(uuid) is 'Definer: places depend on other singers'' rows.';

revoke all on function private.my_requests(uuid) from public;
grant execute on function private.my_requests(uuid) to authenticated;

create function public.my_requests(p_venue_id uuid default null)
returns table (
  id bigint, venue_id uuid, song_id bigint, artist text, title text, key_change integer, notes text, singer_name text, state text,
  reason text, requested_at timestamptz, place integer, wait_seconds integer
)
language sql
stable
security invoker
set search_path = ''
as $$
  select
    (mine.request).id, (mine.request).venue_id, (mine.request).song_id, (mine.request).artist, (mine.request).title,
    (mine.request).key_change, (mine.request).notes, (mine.request).singer_name, (mine.request).state, (mine.request).reason,
    (mine.request).requested_at, mine.place, mine.wait_seconds
  from private.my_requests(p_venue_id) as mine;
$$;

comment on function public.my_requests(uuid) is
  'The caller''s waiting requests and those of the last 12 hours, newest first, at one venue or all. place (from 1) and wait_seconds
are null once a request no longer waits. Errors: 401.';

revoke all on function public.my_requests(uuid) from public;
grant execute on function public.my_requests(uuid) to authenticated;

create function private.shown_name(p_singer_names text[], p_visibility text)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$
  select string_agg(
    case when p_visibility = 'full' then named.name else split_part(named.name, ' ', 1) end, ' & ' order by named.place
  )
  from unnest(p_singer_names) with ordinality as named (name, place);
$$;

comment on function private.shown_name(text[], text) is 'Singer names as the public queue shows them: whole, or first names only.';

revoke all on function private.shown_name(text[], text) from public;

create function private.public_queue(p_venue_id uuid)
returns table (request_id bigint, place integer, singer_name text, artist text, title text, state text, is_mine boolean)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_visibility text;
begin
  select rules.queue_visibility into v_visibility
  from public.venue_rules as rules
  join public.venues as venue on venue.id = rules.venue_id
  where rules.venue_id = p_venue_id and venue.archived_at is null;
  if v_visibility is null then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue.', 'Find the venue again.');
  end if;
  perform private.require_admission(p_venue_id);
  if private.has_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id), 'requests:read'
  ) then
    v_visibility := 'full';
  elsif v_visibility = 'none' then
    perform private.raise_error(403, 'queue_not_public', 'This venue does not show its queue.', 'Your own requests tell your place.');
  end if;
  return query
    select
      request.id, queue.place, private.shown_name(request.singer_names, v_visibility), request.artist, request.title, request.state,
      coalesce(request.singer_user_id = v_user_id, false)
    from private.queue(p_venue_id) as queue
    join public.requests as request on request.id = queue.request_id
    order by queue.place;
end;
$$;

comment on function private.public_queue(uuid) is 'Definer: shows of others'' requests only what the venue shows.';

revoke all on function private.public_queue(uuid) from public;
grant execute on function private.public_queue(uuid) to authenticated;

create function public.public_queue(p_venue_id uuid)
returns table (request_id bigint, place integer, singer_name text, artist text, title text, state text, is_mine boolean)
language sql
stable
security invoker
set search_path = ''
as $$
  select * from private.public_queue(p_venue_id);
$$;

comment on function public.public_queue(uuid) is
  'The queue of a venue in order, as it shows it to the room; members with requests:read see whole names. Read again when the topic venue:<id>:display says queue_changed.
Errors: 401; 403 queue_not_public, pin_required; 404 venue_not_found.';

revoke all on function public.public_queue(uuid) from public;
grant execute on function public.public_queue(uuid) to authenticated;
