-- The catalogue: every song any host has, once. What hosts write differs in case, accents and punctuation, so a song has
-- spellings, and a book (20-books.sql) is a set of spellings. Nobody reads these tables directly: a search only ever sees
-- the spellings that are in the book it asks about.

create table public.songs (
  id bigint generated always as identity primary key,
  fingerprint text collate "C" not null unique,
  created_at timestamptz not null default now(),
  unused_since timestamptz
);

alter table public.songs enable row level security;
revoke all on public.songs from anon, authenticated, service_role;

comment on table public.songs is
  'One row per distinct song over all organizations. An id never changes and is never reused; who added it is not kept.
One that nobody has had for a month is removed.';
comment on column public.songs.fingerprint is 'private.song_fingerprint(artist, title).';
comment on column public.songs.unused_since is 'Since when it is known to be in no book; null while it is in one.';

create index songs_unused_since_idx on public.songs (unused_since) where unused_since is not null;

create function private.artist_letter(p_normalized_artist text)
returns text
language sql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
  select case
    when left(p_normalized_artist collate "default", 1) ~ '[[:alpha:]]' then upper(left(p_normalized_artist collate "default", 1))
    else '#'
  end;
$$;

comment on function private.artist_letter(text) is 'Where an artist stands in the alphabet; digits and symbols under "#".';

revoke all on function private.artist_letter(text) from public;

create table private.song_artists (
  id integer generated always as identity primary key,
  name text collate "C" not null unique,
  letter text collate "C" not null generated always as (private.artist_letter(name)) stored
);

alter table private.song_artists enable row level security;
revoke all on private.song_artists from anon, authenticated, service_role;

comment on table private.song_artists is 'The artists of the catalogue.';
comment on column private.song_artists.name is 'The first part of the fingerprint of their songs.';
comment on column private.song_artists.letter is 'private.artist_letter(name).';

create function private.spelling_words(p_artist text, p_title text)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
declare
  v_artist text := replace(private.normalize_text(p_artist), ' ', '');
  v_title text := replace(private.normalize_text(p_title), ' ', '');
begin
  return ' ' || array_to_string(
    private.search_words(p_artist) || private.search_words(p_title)
      || ('=' || left(v_artist || v_title, 60)) || ('=' || left(v_title || v_artist, 60)),
    ' '
  ) || ' ';
end;
$$;

comment on function private.spelling_words(text, text) is 'The words by which a song can be found, each between blanks; behind "=" artist and title as one word, in both orders.';

revoke all on function private.spelling_words(text, text) from public;

create table private.song_spellings (
  id integer generated always as identity primary key,
  song_id bigint not null references public.songs (id) on delete restrict,
  artist_id integer not null references private.song_artists (id) on delete restrict,
  artist text collate "C" not null,
  title text collate "C" not null,
  words text not null generated always as (private.spelling_words(artist, title)) stored,
  constraint artist_is_1_to_255_characters check (char_length(artist) between 1 and 255),
  constraint title_is_1_to_255_characters check (char_length(title) between 1 and 255),
  unique (artist, title)
);

alter table private.song_spellings enable row level security;
revoke all on private.song_spellings from anon, authenticated, service_role;

create index song_spellings_song_id_idx on private.song_spellings (song_id);
create index song_spellings_artist_id_idx on private.song_spellings (artist_id);

comment on table private.song_spellings is 'An artist and a title exactly as a host wrote them: OpenKJ looks songs up by the exact text.';
comment on column private.song_spellings.id is 'Counts up without gaps, so that a book can be a bitmap over it.';
comment on column private.song_spellings.words is 'private.spelling_words(artist, title).';
comment on column private.song_spellings.artist_id is 'Follows from the song; kept here so that publishing a book need not read its songs.';

-- A chunk is a run of spellings: the unit of a book's bitmap and of the search index. The first ones are small, because what
-- the catalogue has known longest is what most books have: a search for a common word is done after the first or second.
create function private.song_chunk(p_spelling_id integer)
returns integer
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  return case
    when p_spelling_id < 15000 then 0
    when p_spelling_id < 30000 then 1
    when p_spelling_id < 60000 then 2
    when p_spelling_id < 120000 then 3
    else 4 + p_spelling_id / 240000
  end;
end;
$$;

comment on function private.song_chunk(integer) is 'Which chunk a spelling belongs to: 15,000 in the first, each as large as all before it, up to 240,000.';

revoke all on function private.song_chunk(integer) from public;

create function private.chunk_start(p_chunk integer)
returns integer
language sql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
  select case when p_chunk < 5 then (array[0, 15000, 30000, 60000, 120000])[p_chunk + 1] else (p_chunk - 4) * 240000 end;
$$;

comment on function private.chunk_start(integer) is 'The lowest id that song_chunk() puts into this chunk.';

revoke all on function private.chunk_start(integer) from public;

-- The index holds the words of a spelling behind the number of its chunk, so it can be asked about one chunk at a time:
--   "0 love"           a word
--   "0~l" "0~lo" "0~lov"   a word begins with this letter, with these two, with these three
--   "0=lovemedo..."    artist and title begin like this, wherever the blanks are
create function private.song_tokens(p_spelling_id integer, p_words text)
returns tsvector
language plpgsql
immutable
strict
parallel safe
security invoker
cost 10000
set search_path = ''
as $$
declare
  v_chunk text := private.song_chunk(p_spelling_id);
  v_tokens text[] := array[]::text[];
  v_word text;
begin
  foreach v_word in array string_to_array(btrim(p_words, ' '), ' ') loop
    if starts_with(v_word, '=') then
      v_tokens := array_append(v_tokens, v_chunk || v_word);
    else
      v_tokens := v_tokens
        || array[
          v_chunk || ' ' || v_word, v_chunk || '~' || left(v_word, 1), v_chunk || '~' || left(v_word, 2), v_chunk || '~' || left(v_word, 3)
        ];
    end if;
  end loop;
  return array_to_tsvector(v_tokens);
end;
$$;

comment on function private.song_tokens(integer, text) is 'What the search index holds about one spelling.';

revoke all on function private.song_tokens(integer, text) from public;

-- With the pending list, which takes the tokens of many songs in together at a third of the cost. add_spellings() empties it at
-- once: its entries would be scanned by every search until somebody's insert pays for all of them.
create index song_spellings_tokens_idx on private.song_spellings
  using gin (private.song_tokens(id, words)) with (fastupdate = on);

-- A word and each way to leave one letter out. Two words that are one slip apart share an entry.
create function private.word_neighbours(p_word text)
returns text[]
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
declare
  v_neighbours text[] := array[p_word];
begin
  for v_position in 1..char_length(p_word) loop
    v_neighbours := v_neighbours || overlay(p_word placing '' from v_position for 1);
  end loop;
  return v_neighbours;
end;
$$;

comment on function private.word_neighbours(text) is 'The word itself and the word with each one of its letters left out.';

revoke all on function private.word_neighbours(text) from public;

create table private.song_words (
  word text collate "C" primary key
);

alter table private.song_words enable row level security;
revoke all on private.song_words from anon, authenticated, service_role;

-- As a tsvector, which unlike an array can be asked for what begins with a text.
create index song_words_neighbours_idx on private.song_words
  using gin (array_to_tsvector(private.word_neighbours(word))) with (fastupdate = off);

comment on table private.song_words is 'Every word of three letters or more in the catalogue: what a mistyped word may have meant.';

-- Adds what is not there yet. Rows go in in one order everywhere, and artists, songs, spellings and words always in that
-- order: two hosts who bring the same new songs at once wait for each other and never in a circle.
create function private.add_spellings(p_artists text[], p_titles text[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
set jit = off
-- A batch is small and the catalogue is large: whatever reads a table as a whole is a mistake.
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  v_fingerprints text[];
  v_words text[];
begin
  select array_agg(private.song_fingerprint(new.artist, new.title) order by new.number)
  into v_fingerprints
  from unnest(p_artists, p_titles) with ordinality as new (artist, title, number);

  insert into private.song_artists (name)
  select new.name
  from (select distinct split_part(fingerprint, U&'\001F', 1) collate "C" as name from unnest(v_fingerprints) as fingerprint) as new
  where not exists (select from private.song_artists as artist where artist.name = new.name)
  order by new.name
  on conflict do nothing;

  insert into public.songs (fingerprint)
  select distinct fingerprint collate "C"
  from unnest(v_fingerprints) as fingerprint
  where not exists (select from public.songs as song where song.fingerprint = fingerprint.fingerprint)
  order by 1
  on conflict do nothing;

  with added as (
    insert into private.song_spellings (song_id, artist_id, artist, title)
    select distinct song.id, song_artist.id, new.artist collate "C" as artist, new.title collate "C" as title
    from unnest(p_artists, p_titles, v_fingerprints) as new (artist, title, fingerprint)
    join public.songs as song on song.fingerprint = new.fingerprint
    join private.song_artists as song_artist on song_artist.name = split_part(new.fingerprint, U&'\001F', 1)
    where not exists (
      select from private.song_spellings as known where known.artist = new.artist and known.title = new.title
    )
    order by artist, title
    on conflict do nothing
    returning words
  )
  select array_agg(distinct word order by word) into v_words
  from added
  cross join lateral unnest(string_to_array(btrim(added.words, ' '), ' ')) as word
  where char_length(word) >= 3 and not starts_with(word, '=');

  insert into private.song_words (word)
  select word
  from unnest(v_words) as word
  where not exists (select from private.song_words as known where known.word = word.word)
  order by word collate "C"
  on conflict do nothing;

  perform gin_clean_pending_list('private.song_spellings_tokens_idx');
end;
$$;

comment on function private.add_spellings(text[], text[]) is
  'Adds spellings, their songs and their words to the catalogue. Definer: the catalogue belongs to nobody.';

revoke all on function private.add_spellings(text[], text[]) from public;

create function private.find_spellings(
  p_artists text[], p_titles text[], out spelling_ids integer[], out song_ids bigint[], out artist_ids integer[]
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  select coalesce(array_agg(found.id), '{}'), coalesce(array_agg(found.song_id), '{}'), coalesce(array_agg(found.artist_id), '{}')
  into spelling_ids, song_ids, artist_ids
  from (
    select spelling.id, spelling.song_id, spelling.artist_id
    from unnest(p_artists, p_titles) with ordinality as wanted (artist, title, number)
    left join private.song_spellings as spelling on spelling.artist = wanted.artist and spelling.title = wanted.title
    order by wanted.number
  ) as found;
end;
$$;

comment on function private.find_spellings(text[], text[]) is
  'The spellings with exactly these artists and titles, in the same order; null for the unknown. Definer: the catalogue is private.';

revoke all on function private.find_spellings(text[], text[]) from public;

create function private.require_spellings(
  p_artists text[], p_titles text[], out spelling_ids integer[], out song_ids bigint[], out artist_ids integer[]
)
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_unknown integer[];
begin
  perform private.hold_catalogue();
  select * into spelling_ids, song_ids, artist_ids from private.find_spellings(p_artists, p_titles);
  if array_position(spelling_ids, null) is null then
    return;
  end if;
  select array_agg(found.place) into v_unknown
  from unnest(spelling_ids) with ordinality as found (spelling_id, place)
  where found.spelling_id is null;
  perform private.add_spellings(
    array(select p_artists[place] from unnest(v_unknown) as place), array(select p_titles[place] from unnest(v_unknown) as place)
  );
  select * into spelling_ids, song_ids, artist_ids from private.find_spellings(p_artists, p_titles);
end;
$$;

comment on function private.require_spellings(text[], text[]) is
  'The spellings with exactly these artists and titles, in the same order; the unknown are added. Definer: the catalogue is private.';

revoke all on function private.require_spellings(text[], text[]) from public;
