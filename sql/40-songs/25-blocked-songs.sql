-- What a venue will not have sung. Blocked songs stay in the book and are left out wherever singers look through it.

create table public.blocked_songs (
  venue_id uuid not null references public.venues (id) on delete cascade,
  song_id bigint not null references public.songs (id) on delete cascade,
  artist text not null,
  title text not null,
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  primary key (venue_id, song_id)
);

alter table public.blocked_songs enable row level security;
revoke all on public.blocked_songs from anon, authenticated, service_role;

create index blocked_songs_song_id_idx on public.blocked_songs (song_id);
create index blocked_songs_created_by_idx on public.blocked_songs (created_by);

comment on table public.blocked_songs is 'Songs of the book that a venue does not want asked for.';

create function private.block_song(p_venue_id uuid, p_song_id bigint)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_song record;
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null),
    'venues:update', 'venue_not_found'
  );
  select song.artist, song.title into v_song from private.book_song(private.venue_system(p_venue_id), p_song_id) as song;
  if not found then
    perform private.raise_error(404, 'song_not_found', 'This song is not in the venue''s book.', 'Search the book again.');
  end if;
  insert into public.blocked_songs (venue_id, song_id, artist, title, created_by)
  values (p_venue_id, p_song_id, v_song.artist, v_song.title, auth.uid())
  on conflict do nothing;
end;
$$;

comment on function private.block_song(uuid, bigint) is 'Definer: the catalogue is private.';

revoke all on function private.block_song(uuid, bigint) from public;
grant execute on function private.block_song(uuid, bigint) to authenticated;

create function public.block_song(p_venue_id uuid, p_song_id bigint)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.block_song(p_venue_id, p_song_id);
$$;

comment on function public.block_song(uuid, bigint) is
  'Puts a song of the book on the venue''s block list; deleting the row of blocked_songs takes it off. Needs venues:update.
Errors: 403; 404 venue_not_found, song_not_found.';

revoke all on function public.block_song(uuid, bigint) from public;
grant execute on function public.block_song(uuid, bigint) to authenticated;
