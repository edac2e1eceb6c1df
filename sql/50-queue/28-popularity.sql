-- What is asked for most.

create function private.requested_songs(p_venue_id uuid, p_period text, p_count integer)
returns table (song_id bigint, requests integer)
language plpgsql
stable
security definer
set search_path = ''
rows 100
as $$
declare
  v_show_id uuid := private.open_show(p_venue_id);
begin
  if p_period = 'all' then
    -- Counted as requests come in, so that the list never reads the whole history.
    return query
      select popularity.song_id, popularity.requests
      from private.song_popularity as popularity
      where popularity.venue_id = p_venue_id
      order by popularity.requests desc, popularity.song_id
      limit p_count;
  elsif p_period = 'tonight' then
    return query
      select request.song_id, count(*)::integer
      from public.requests as request
      where request.venue_id = p_venue_id and request.requested_at > now() - interval '1 day' and request.song_id is not null
        -- A request that came before the show opened joins it when it is taken.
        and (request.show_id = v_show_id or v_show_id is not null and request.show_id is null and request.state = 'pending')
      group by request.song_id
      order by count(*) desc, request.song_id
      limit p_count;
  elsif p_period = '30_days' then
    return query
      select request.song_id, count(*)::integer
      from public.requests as request
      where request.venue_id = p_venue_id and request.requested_at > now() - interval '30 days' and request.song_id is not null
      group by request.song_id
      order by count(*) desc, request.song_id
      limit p_count;
  else
    perform private.raise_error(400, 'invalid_period', 'The period is none of tonight, 30_days and all.', 'Send one of them, or leave it out.');
  end if;
end;
$$;

comment on function private.requested_songs(uuid, text, integer) is
  'The songs asked for most often at a venue tonight, in 30_days or in all; free texts do not count. Definer: requests are read only
by those who made or take them.';

revoke all on function private.requested_songs(uuid, text, integer) from public;

create function private.most_requested_songs(p_venue_id uuid, p_limit integer, p_period text)
returns table (song_id bigint, artist text, title text, requested integer)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
declare
  v_system_id uuid := private.require_book(p_venue_id, p_limit, 0);
begin
  return query
    select most.song_id, song.artist, song.title, most.requests
    -- Some of the most wanted may have left the book or be blocked, so a few more are looked at.
    from private.requested_songs(p_venue_id, coalesce(p_period, ''), p_limit * 3) as most
    cross join lateral private.book_song(v_system_id, most.song_id) as song
    where not exists (
      select from public.blocked_songs as blocked where blocked.venue_id = p_venue_id and blocked.song_id = most.song_id
    )
    order by most.requests desc, most.song_id
    limit p_limit;
end;
$$;

comment on function private.most_requested_songs(uuid, integer, text) is 'Definer: counts and books are private.';

revoke all on function private.most_requested_songs(uuid, integer, text) from public;
grant execute on function private.most_requested_songs(uuid, integer, text) to anon, authenticated;

create function public.most_requested_songs(p_venue_id uuid, p_limit integer default 20, p_period text default 'all')
returns table (song_id bigint, artist text, title text, requested integer)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.most_requested_songs(p_venue_id, p_limit, p_period);
$$;

comment on function public.most_requested_songs(uuid, integer, text) is
  'The songs of the venue''s book that were asked for most often there: tonight (in the open show), in the last 30_days, or in all.
p_limit: 1-100. Errors: 400 invalid_limit, invalid_period; 403 pin_required; 404 venue_not_found.';

revoke all on function public.most_requested_songs(uuid, integer, text) from public;
grant execute on function public.most_requested_songs(uuid, integer, text) to anon, authenticated;
