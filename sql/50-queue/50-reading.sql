-- The queue as people read it: in order, with places and an estimate of the wait.

create function private.queue(p_venue_id uuid)
returns table (request_id bigint, place integer, wait_seconds integer)
language plpgsql
stable
security definer
set search_path = ''
rows 50
as $$
#variable_conflict use_column
begin
  return query
    with
      active as (
        select
          request.id, request.state, request.requested_at, request.sort_order,
          coalesce(request.singer_user_id::text, lower(request.singer_name)) as singer,
          -- The second song of a singer counts as a turn that already waits.
          row_number() over (
            partition by coalesce(request.singer_user_id::text, lower(request.singer_name)) order by request.requested_at, request.id
          ) as song_of_singer
        from public.requests as request
        where request.venue_id = p_venue_id and request.state in ('pending', 'accepted', 'performing')
      ),
      turns as (
        select coalesce(sung.singer_user_id::text, lower(sung.singer_name)) as singer, count(*) as taken
        from public.performances as sung
        where sung.show_id = (select private.open_show(p_venue_id))
        group by 1
      ),
      -- The night's own pace: the gaps between its last songs, without breaks.
      gaps as (
        select extract(epoch from sung.performed_at - lag(sung.performed_at) over (order by sung.performed_at)) as seconds
        from (
          select latest.performed_at
          from public.performances as latest
          where latest.show_id = (select private.open_show(p_venue_id))
          order by latest.performed_at desc
          limit 11
        ) as sung
      ),
      pace as (
        select coalesce(avg(gaps.seconds) filter (where gaps.seconds between 30 and 900), 300) as seconds from gaps
      ),
      ordered as (
        select
          active.id,
          row_number() over (
            order by
              (active.state = 'performing') desc,
              (active.state = 'accepted') desc,
              case rules.queue_order
                when 'manual' then active.sort_order
                when 'rotation' then coalesce(turns.taken, 0) + active.song_of_singer
              end nulls last,
              active.requested_at,
              active.id
          ) as place
        from active
        join public.venue_rules as rules on rules.venue_id = p_venue_id
        left join turns on turns.singer = active.singer
      )
    select ordered.id, ordered.place::integer, ((ordered.place - 1) * pace.seconds)::integer
    from ordered, pace
    order by ordered.place;
end;
$$;

comment on function private.queue(uuid) is
  'Active requests of a venue in the order of its rules: place from 1, wait in seconds from the night''s own gaps between songs
(5 minutes a song until there are some). Definer: singers may not see each other''s rows.';

revoke all on function private.queue(uuid) from public;

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
    select mine, waiting.place, waiting.wait_seconds
    from public.requests as mine
    left join lateral (
      select queue.place, queue.wait_seconds
      from private.queue(mine.venue_id) as queue
      where queue.request_id = mine.id
    ) as waiting on mine.state in ('pending', 'accepted', 'performing')
    where mine.singer_user_id = v_user_id
      and (p_venue_id is null or mine.venue_id = p_venue_id)
      and (mine.state in ('pending', 'accepted', 'performing') or mine.requested_at > now() - interval '12 hours')
    order by mine.requested_at desc, mine.id desc
    limit 100;
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
