-- Requests in long lists: by keyset for those who scroll, by page with an exact count for those who leaf.

create function private.list_requests(
  p_organization_id uuid, p_venue_id uuid, p_states text[], p_search text, p_from timestamptz, p_until timestamptz, p_after bigint,
  p_page integer, p_limit integer
)
returns table (
  id bigint, venue_id uuid, show_id uuid, openkj_request_id integer, singer_user_id uuid, singer_names text[], singer_name text, song_id bigint,
  artist text, title text, key_change integer, notes text, state text, processed boolean, reason text, requested_at timestamptz,
  processed_at timestamptz, version integer, total_count bigint
)
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
rows 20
as $$
declare
  v_after public.requests;
  v_search text := private.fold_text(private.clean_text(p_search, 'search', 200));
  v_total bigint;
begin
  perform private.require_permission(p_organization_id, 'requests:read', 'organization_not_found');
  if p_limit is null or p_limit not between 1 and 100 or p_page not between 1 and 100000 then
    perform private.raise_error(400, 'invalid_page', 'The page counts from 1 and has 1 to 100 rows.', 'Leave them out for the first 20.');
  end if;
  if p_page is not null and p_after is not null then
    perform private.raise_error(400, 'invalid_page', 'A list goes on after a request or by page, not both.', 'Send p_after or p_page.');
  end if;
  if exists (
    select from unnest(p_states) as wanted (key)
    where not exists (select from public.request_states as known where known.key = wanted.key)
  ) then
    perform private.raise_error(400, 'invalid_state', 'There is no such state.', 'See the table request_states.');
  end if;
  if p_after is not null then
    select request.* into v_after
    from public.requests as request
    where request.id = p_after and request.organization_id = p_organization_id;
    if not found then
      perform private.raise_error(404, 'request_not_found', 'There is no such request to go on after.', 'Begin the list again.');
    end if;
  end if;
  if p_page is not null then
    select count(*) into v_total
    from public.requests as request
    where request.organization_id = p_organization_id
      and (p_venue_id is null or request.venue_id = p_venue_id)
      and (p_states is null or request.state = any (p_states))
      and (p_from is null or request.requested_at >= p_from)
      and (p_until is null or request.requested_at <= p_until)
      and (v_search is null or strpos(private.fold_text(concat_ws(' ', request.artist, request.title, request.singer_name)), v_search) > 0);
  end if;
  return query
    select
      request.id, request.venue_id, request.show_id, request.openkj_request_id, request.singer_user_id, request.singer_names,
      request.singer_name, request.song_id, request.artist, request.title, request.key_change, request.notes, request.state,
      request.processed, request.reason, request.requested_at, request.processed_at, request.version, v_total
    from public.requests as request
    where request.organization_id = p_organization_id
      and (p_venue_id is null or request.venue_id = p_venue_id)
      and (p_states is null or request.state = any (p_states))
      and (p_from is null or request.requested_at >= p_from)
      and (p_until is null or request.requested_at <= p_until)
      and (v_search is null or strpos(private.fold_text(concat_ws(' ', request.artist, request.title, request.singer_name)), v_search) > 0)
      and (p_after is null or (request.requested_at, request.id) < (v_after.requested_at, v_after.id))
    order by request.requested_at desc, request.id desc
    limit p_limit offset (coalesce(p_page, 1) - 1) * p_limit;
end;
$$;

comment on function private.list_requests(uuid, uuid, text[], text, timestamptz, timestamptz, bigint, integer, integer) is 'Definer: asks for the permission once, where a policy would be asked beside every row. Planned anew for each set of filters.';

revoke all on function private.list_requests(uuid, uuid, text[], text, timestamptz, timestamptz, bigint, integer, integer) from public;
grant execute on function private.list_requests(uuid, uuid, text[], text, timestamptz, timestamptz, bigint, integer, integer) to authenticated;

create function public.list_requests(
  p_organization_id uuid,
  p_venue_id uuid default null,
  p_states text[] default null,
  p_search text default null,
  p_from timestamptz default null,
  p_until timestamptz default null,
  p_after bigint default null,
  p_page integer default null,
  p_limit integer default 20
)
returns table (
  id bigint, venue_id uuid, show_id uuid, openkj_request_id integer, singer_user_id uuid, singer_names text[], singer_name text, song_id bigint,
  artist text, title text, key_change integer, notes text, state text, processed boolean, reason text, requested_at timestamptz,
  processed_at timestamptz, version integer, total_count bigint
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.list_requests(p_organization_id, p_venue_id, p_states, p_search, p_from, p_until, p_after, p_page, p_limit);
$$;

comment on function public.list_requests(uuid, uuid, text[], text, timestamptz, timestamptz, bigint, integer, integer) is
  'The requests of an organization or one of its venues, newest first, with any of these filters: states, words anywhere in artist,
title or singer (up to 200 characters), asked for from and until. p_limit: 1-100. Go on with p_after, the id of the last row; or by
p_page, then total_count is the exact number of all rows. A foreign venue has none. Needs requests:read. Errors: 400 invalid_page,
invalid_search, invalid_state; 403; 404 organization_not_found, request_not_found.';

revoke all on function public.list_requests(uuid, uuid, text[], text, timestamptz, timestamptz, bigint, integer, integer) from public;
grant execute on function public.list_requests(uuid, uuid, text[], text, timestamptz, timestamptz, bigint, integer, integer) to authenticated;
