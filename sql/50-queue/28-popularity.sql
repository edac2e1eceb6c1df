-- How often each song was asked for at a venue: kept as requests come in, so that lists never count the history.

create table private.venue_song_counts (
  venue_id uuid not null references public.venues (id) on delete cascade,
  song_id bigint not null references public.songs (id) on delete cascade,
  requested integer not null,
  primary key (venue_id, song_id)
) with (fillfactor = 80);

alter table private.venue_song_counts enable row level security;

create index venue_song_counts_song_id_idx on private.venue_song_counts (song_id);
create index venue_song_counts_requested_idx on private.venue_song_counts (venue_id, requested desc, song_id);

comment on table private.venue_song_counts is 'Requests per venue and song of the catalogue, free text left out.';

create function private.count_requested_songs()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into private.venue_song_counts as counted (venue_id, song_id, requested)
  select changed.venue_id, changed.song_id, count(*)
  from changed
  where changed.song_id is not null
  group by changed.venue_id, changed.song_id
  order by changed.venue_id, changed.song_id
  on conflict (venue_id, song_id) do update set requested = counted.requested + excluded.requested;
  return null;
end;
$$;

comment on function private.count_requested_songs() is 'Definer: the counts are private.';

revoke all on function private.count_requested_songs() from public;

create trigger requests_count_songs
  after insert on public.requests
  referencing new table as changed
  for each statement execute function private.count_requested_songs();

create function private.most_requested_songs(p_venue_id uuid, p_limit integer)
returns table (song_id bigint, artist text, title text, requested integer)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
declare
  v_system_id uuid := private.venue_system(p_venue_id);
begin
  if not exists (select from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null) then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue.', 'Find the venue again.');
  end if;
  if p_limit is null or p_limit not between 1 and 100 then
    perform private.raise_error(400, 'invalid_limit', 'The limit must be 1 to 100.', 'Leave it out for 20.');
  end if;
  perform private.require_admission(p_venue_id);
  return query
    select counted.song_id, song.artist, song.title, counted.requested
    from (
      -- Some of the most wanted may have left the book, so a few more are looked at.
      select * from private.venue_song_counts as most
      where most.venue_id = p_venue_id
      order by most.requested desc, most.song_id
      limit p_limit * 3
    ) as counted
    cross join lateral private.book_song(v_system_id, counted.song_id) as song
    order by counted.requested desc, counted.song_id
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
  'The songs of the venue''s book that were asked for most often there. p_limit: 1-100. Errors: 400 invalid_limit;
403 pin_required; 404 venue_not_found.';

revoke all on function public.most_requested_songs(uuid, integer) from public;
grant execute on function public.most_requested_songs(uuid, integer) to anon, authenticated;
