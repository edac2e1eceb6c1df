-- What people want to find again. They belong to the user, not to the singer profile: a guest has them too and keeps them when the
-- guest becomes an account.

create table public.favorite_songs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  artist text not null,
  title text not null,
  key_change integer not null default 0,
  metadata jsonb not null default '{}',
  -- Written by a trigger; the default only tells generated types that it may be left out.
  fingerprint text collate "C" not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint artist_is_1_to_255_characters check (char_length(artist) between 1 and 255),
  constraint title_is_1_to_255_characters check (char_length(title) between 1 and 255),
  constraint key_change_is_within_12_semitones check (key_change between -12 and 12),
  constraint metadata_is_an_object check (jsonb_typeof(metadata) = 'object'),
  constraint metadata_is_small check (pg_column_size(metadata) <= 4096),
  unique (user_id, fingerprint, key_change)
);

alter table public.favorite_songs enable row level security;
revoke all on public.favorite_songs from anon, authenticated, service_role;

create index favorite_songs_fingerprint_idx on public.favorite_songs (fingerprint, user_id);

comment on table public.favorite_songs is
  'Songs somebody likes to sing, each in one or more keys. Not tied to a book: which of them a venue has is asked with list_favorite_songs.';
comment on column public.favorite_songs.metadata is 'Whatever the app keeps with it, at most 4 KB.';
comment on column public.favorite_songs.fingerprint is 'private.song_fingerprint(artist, title): the same song however it is written.';

create trigger favorite_songs_set_updated_at
  before update on public.favorite_songs
  for each row execute function private.set_updated_at();

create table public.favorite_venues (
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  venue_id uuid not null references public.venues (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (user_id, venue_id)
);

alter table public.favorite_venues enable row level security;
revoke all on public.favorite_venues from anon, authenticated, service_role;

create index favorite_venues_venue_id_idx on public.favorite_venues (venue_id);

comment on table public.favorite_venues is 'Venues somebody likes. An archived venue stays on the list and says so.';

create function private.prepare_favorite_song()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_maximum integer := private.setting('favorite_songs_maximum')::integer;
begin
  new.artist := private.clean_text(new.artist, 'artist', 255);
  new.title := private.clean_text(new.title, 'title', 255);
  new.fingerprint := private.song_fingerprint(new.artist, new.title);
  -- Two at once must not both be the last one.
  perform pg_advisory_xact_lock(hashtextextended('favorite_songs:' || new.user_id, 0));
  -- Only about the caller's own list; a row for somebody else is refused by the policy, whatever is in theirs.
  if new.user_id = auth.uid()
    and (select count(*) from public.favorite_songs as favorite where favorite.user_id = new.user_id) >= v_maximum
  then
    perform private.raise_error(
      422, 'too_many_favorites', format('You have %s favourite songs.', v_maximum), 'Remove one of them first.'
    );
  end if;
  return new;
end;
$$;

comment on function private.prepare_favorite_song() is
  'Cleans the texts and keeps the list within its limit. Errors: 400 invalid_artist, invalid_title; 422 too_many_favorites. Definer: the
texts'' functions are private.';

revoke all on function private.prepare_favorite_song() from public;

create trigger favorite_songs_prepare
  before insert on public.favorite_songs
  for each row execute function private.prepare_favorite_song();

create function private.prepare_favorite_venue()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_maximum integer := private.setting('favorite_venues_maximum')::integer;
begin
  if not exists (select from public.venues as venue where venue.id = new.venue_id and venue.archived_at is null) then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue.', 'Find the venue again.');
  end if;
  perform pg_advisory_xact_lock(hashtextextended('favorite_venues:' || new.user_id, 0));
  if new.user_id = auth.uid()
    and (select count(*) from public.favorite_venues as favorite where favorite.user_id = new.user_id) >= v_maximum
  then
    perform private.raise_error(
      422, 'too_many_favorites', format('You have %s favourite venues.', v_maximum), 'Remove one of them first.'
    );
  end if;
  return new;
end;
$$;

comment on function private.prepare_favorite_venue() is
  'Takes only venues that can be found, and keeps the list within its limit. Errors: 404 venue_not_found; 422 too_many_favorites. Definer:
singers do not see the table of venues.';

revoke all on function private.prepare_favorite_venue() from public;

create trigger favorite_venues_prepare
  before insert on public.favorite_venues
  for each row execute function private.prepare_favorite_venue();

create function private.list_favorite_songs(
  p_search text, p_artist text, p_title text, p_venue_id uuid, p_page integer, p_limit integer
)
returns table (
  id uuid, artist text, title text, key_change integer, metadata jsonb, created_at timestamptz, updated_at timestamptz, song_id bigint,
  is_available boolean, total_count bigint
)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
declare
  v_user_id uuid := private.require_user();
  v_system_id uuid;
begin
  if p_page is null or p_page not between 1 and 10000 or p_limit is null or p_limit not between 1 and 100 then
    perform private.raise_error(400, 'invalid_page', 'The page counts from 1 and has 1 to 100 rows.', 'Leave them out for 1 and 20.');
  end if;
  if p_venue_id is not null then
    if not exists (select from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null) then
      perform private.raise_error(404, 'venue_not_found', 'There is no such venue.', 'Find the venue again.');
    end if;
    perform private.require_admission(p_venue_id);
    v_system_id := private.venue_system(p_venue_id);
  end if;
  return query
    select
      listed.id, listed.artist, listed.title, listed.key_change, listed.metadata, listed.created_at, listed.updated_at, found.song_id,
      case when p_venue_id is not null then found.song_id is not null end, listed.total_count
    from (
      select favorite.*, count(*) over () as total_count
      from public.favorite_songs as favorite
      where favorite.user_id = v_user_id
        and (p_artist is null or strpos(private.fold_text(favorite.artist), private.fold_text(btrim(p_artist))) > 0)
        and (p_title is null or strpos(private.fold_text(favorite.title), private.fold_text(btrim(p_title))) > 0)
        and (
          p_search is null
          or strpos(private.fold_text(favorite.artist || ' ' || favorite.title), private.fold_text(btrim(p_search))) > 0
        )
      order by favorite.fingerprint, favorite.key_change, favorite.id
      limit p_limit offset (p_page - 1) * p_limit
    ) as listed
    cross join lateral (select private.find_book_song(v_system_id, listed.artist, listed.title) as song_id) as found
    order by listed.fingerprint, listed.key_change, listed.id;
end;
$$;

comment on function private.list_favorite_songs(text, text, text, uuid, integer, integer) is
  'Definer: books are private. Reads only the caller''s favourites.';

revoke all on function private.list_favorite_songs(text, text, text, uuid, integer, integer) from public;
grant execute on function private.list_favorite_songs(text, text, text, uuid, integer, integer) to authenticated;

create function public.list_favorite_songs(
  p_search text default null,
  p_artist text default null,
  p_title text default null,
  p_venue_id uuid default null,
  p_page integer default 1,
  p_limit integer default 20
)
returns table (
  id uuid, artist text, title text, key_change integer, metadata jsonb, created_at timestamptz, updated_at timestamptz, song_id bigint,
  is_available boolean, total_count bigint
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.list_favorite_songs(p_search, p_artist, p_title, p_venue_id, p_page, p_limit);
$$;

comment on function public.list_favorite_songs(text, text, text, uuid, integer, integer) is
  'The caller''s favourite songs by artist and title. p_search is found in both, p_artist and p_title in one; accents and case aside.
With p_venue_id each says whether that venue''s book has it (is_available) and under which song_id to ask for it; without it both are
null. total_count is that of all pages of 1-100 rows. Errors: 400 invalid_page; 401; 403 pin_required; 404 venue_not_found.';

revoke all on function public.list_favorite_songs(text, text, text, uuid, integer, integer) from public;
grant execute on function public.list_favorite_songs(text, text, text, uuid, integer, integer) to authenticated;

create function private.list_favorite_venues(p_search text, p_city text, p_state text, p_page integer, p_limit integer)
returns table (
  venue_id uuid, url_name text, name text, address text, city text, state text, postal_code text, country text, phone_number text,
  website text, accepting_requests boolean, is_archived boolean, added_at timestamptz, total_count bigint
)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
declare
  v_user_id uuid := private.require_user();
begin
  if p_page is null or p_page not between 1 and 10000 or p_limit is null or p_limit not between 1 and 100 then
    perform private.raise_error(400, 'invalid_page', 'The page counts from 1 and has 1 to 100 rows.', 'Leave them out for 1 and 20.');
  end if;
  return query
    select
      venue.id, venue.url_name, venue.name, venue.address, venue.city, venue.state, venue.postal_code, venue.country,
      venue.phone_number, venue.website, venue.accepting_requests, venue.archived_at is not null, favorite.created_at, count(*) over ()
    from public.favorite_venues as favorite
    join public.venues as venue on venue.id = favorite.venue_id
    where favorite.user_id = v_user_id
      and (p_search is null or strpos(private.fold_text(venue.name), private.fold_text(btrim(p_search))) > 0)
      and (p_city is null or strpos(private.fold_text(venue.city), private.fold_text(btrim(p_city))) > 0)
      and (p_state is null or private.fold_text(venue.state) = private.fold_text(btrim(p_state)))
    order by favorite.created_at desc, venue.id
    limit p_limit offset (p_page - 1) * p_limit;
end;
$$;

comment on function private.list_favorite_venues(text, text, text, integer, integer) is
  'Definer: the table of venues is for members. Reads only the caller''s favourites.';

revoke all on function private.list_favorite_venues(text, text, text, integer, integer) from public;
grant execute on function private.list_favorite_venues(text, text, text, integer, integer) to authenticated;

create function public.list_favorite_venues(
  p_search text default null,
  p_city text default null,
  p_state text default null,
  p_page integer default 1,
  p_limit integer default 20
)
returns table (
  venue_id uuid, url_name text, name text, address text, city text, state text, postal_code text, country text, phone_number text,
  website text, accepting_requests boolean, is_archived boolean, added_at timestamptz, total_count bigint
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.list_favorite_venues(p_search, p_city, p_state, p_page, p_limit);
$$;

comment on function public.list_favorite_venues(text, text, text, integer, integer) is
  'The caller''s favourite venues as they are now, those added last first; archived ones stay and are marked. p_search is found in the
name, p_city in the city, p_state must be equal, accents and case aside. total_count is that of all pages of 1-100 rows.
Errors: 400 invalid_page; 401.';

revoke all on function public.list_favorite_venues(text, text, text, integer, integer) from public;
grant execute on function public.list_favorite_venues(text, text, text, integer, integer) to authenticated;
