-- What is asked for most. The counts are kept as requests come in, so that the list never reads the history.

create index song_popularity_requests_idx on private.song_popularity (system_id, requests desc, song_id);

create function private.most_requested_songs(p_venue_id uuid, p_limit integer)
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
    select counted.song_id, song.artist, song.title, counted.requests
    from (
      -- Some of the most wanted may have left the book, so a few more are looked at.
      select * from private.song_popularity as most
      where most.system_id = v_system_id
      order by most.requests desc, most.song_id
      limit p_limit * 3
    ) as counted
    cross join lateral private.book_song(v_system_id, counted.song_id) as song
    order by counted.requests desc, counted.song_id
    limit p_limit;
end;
$$;

comment on function private.most_requested_songs(uuid, integer) is 'Definer: counts and books are private.';

revoke all on function private.most_requested_songs(uuid, integer) from public;
grant execute on function private.most_requested_songs(uuid, integer) to anon, authenticated;

create function public.most_requested_songs(p_venue_id uuid, p_limit integer default 20)
returns table (song_id bigint, artist text, title text, requested integer)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.most_requested_songs(p_venue_id, p_limit);
$$;

comment on function public.most_requested_songs(uuid, integer) is
  'The songs of the venue''s book that were asked for most often. p_limit: 1-100. Errors: 400 invalid_limit;
403 pin_required; 404 venue_not_found.';

revoke all on function public.most_requested_songs(uuid, integer) from public;
grant execute on function public.most_requested_songs(uuid, integer) to anon, authenticated;
