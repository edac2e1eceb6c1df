-- A system's book: a bitmap over the spellings of the catalogue, one row per chunk in which the host has songs. 100,000
-- songs out of a million take about 130 KB; publishing a book replaces a handful of rows.

create table private.books (
  system_id uuid primary key references public.systems (id) on delete cascade,
  songs integer not null default 0,
  content_hash uuid,
  newest integer[] not null default '{}',
  spelling_ids integer[] default '{}',
  published_at timestamptz,
  changed_at timestamptz not null default now(),
  constraint songs_are_not_negative check (songs >= 0),
  constraint short_books_are_listed check ((songs <= 2000) = (spelling_ids is not null)),
  constraint the_list_is_complete check (cardinality(spelling_ids) = songs)
);

alter table private.books enable row level security;
revoke all on private.books from anon, authenticated, service_role;

comment on table private.books is 'One row per system that has or had a song book. Its row lock serialises all writers of the book.';
comment on column private.books.content_hash is 'Hash of the upload it came from; null once songs were edited one by one.';
comment on column private.books.newest is 'The spellings added last, newest first, at most 200.';
comment on column private.books.spelling_ids is
  'All spellings of a book of up to 2,000 songs, which is searched faster one by one than through the index of the catalogue.';
comment on column private.books.published_at is 'When an upload was last published, changed or not.';
comment on column private.books.changed_at is 'When its songs last changed.';

create table private.book_chunks (
  system_id uuid not null references private.books (system_id) on delete cascade,
  chunk integer not null,
  songs integer not null,
  members bytea not null,
  primary key (system_id, chunk),
  constraint members_has_30000_bytes check (octet_length(members) = 30000),
  constraint songs_are_1_to_240000 check (songs between 1 and 240000)
);

alter table private.book_chunks enable row level security;
revoke all on private.book_chunks from anon, authenticated, service_role;

comment on table private.book_chunks is 'Which spellings of a chunk are in the book.';
comment on column private.book_chunks.members is 'Bit n is set when the spelling of this chunk whose id leaves n when divided by 240000 is in the book.';

-- Artists are kept ready for browsing as two arrays per letter: 100,000 songs by 12,000 artists take about 100 KB.
create table private.book_letters (
  system_id uuid not null references private.books (system_id) on delete cascade,
  letter text collate "C" not null,
  artists integer[] not null,
  songs integer[] not null,
  primary key (system_id, letter),
  constraint letter_is_one_character check (char_length(letter) = 1),
  constraint arrays_are_of_one_length check (cardinality(artists) = cardinality(songs) and cardinality(artists) > 0)
);

alter table private.book_letters enable row level security;
revoke all on private.book_letters from anon, authenticated, service_role;

comment on table private.book_letters is 'The artists of a book by first letter; digits and symbols are under "#".';
comment on column private.book_letters.artists is 'For each artist, in order, one spelling of a song of theirs in this book.';
comment on column private.book_letters.songs is 'For each artist, in the same order, how many songs the book has.';

-- Counters change all night; they live apart from everything that is read or replaced as a whole.
create table private.song_popularity (
  system_id uuid not null references public.systems (id) on delete cascade,
  song_id bigint not null references public.songs (id) on delete cascade,
  requests integer not null default 1,
  primary key (system_id, song_id)
) with (fillfactor = 70);

alter table private.song_popularity enable row level security;
revoke all on private.song_popularity from anon, authenticated, service_role;

create index song_popularity_song_id_idx on private.song_popularity (song_id);

comment on table private.song_popularity is 'How often a song was asked for where this book is used; orders search results.';

create function private.count_song_request(p_system_id uuid, p_song_id bigint)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into private.song_popularity as popularity (system_id, song_id) values (p_system_id, p_song_id)
    on conflict (system_id, song_id) do update set requests = popularity.requests + 1;
end;
$$;

comment on function private.count_song_request(uuid, bigint) is 'Makes a song of a book one request more popular.';

revoke all on function private.count_song_request(uuid, bigint) from public;

-- Sets of spellings and bitmaps, one into the other ------------------------------------------------------------------

create function private.chunk_members(p_spelling_ids integer[])
returns table (chunk integer, songs integer, members bytea)
language sql
immutable
security invoker
set search_path = ''
as $$
  with
    bytes as (
      select private.song_chunk(id) as chunk, id % 240000 / 8 as position, bit_or(1 << (id % 8)) as value, count(*) as songs
      from (select distinct id from unnest(p_spelling_ids) as id) as ids
      group by 1, 2
    ),
    -- Each byte that is not zero, behind the zeros since the one before it.
    pieces as (
      select
        bytes.chunk, bytes.position, bytes.songs,
        repeat('00', bytes.position - 1 - lag(bytes.position, 1, -1) over previous)
          || lpad(to_hex(bytes.value), 2, '0')
          || case when lead(bytes.position) over previous is null then repeat('00', 29999 - bytes.position) else '' end as hex
      from bytes
      window previous as (partition by bytes.chunk order by bytes.position)
    )
  select chunk, sum(songs)::integer, decode(string_agg(hex, '' order by position), 'hex')
  from pieces
  group by chunk;
$$;

comment on function private.chunk_members(integer[]) is 'The bitmaps of a set of spellings.';

revoke all on function private.chunk_members(integer[]) from public;

create function private.chunk_spellings(p_chunk integer, p_members bytea)
returns setof integer
language plpgsql
immutable
strict
security invoker
rows 10000
set search_path = ''
as $$
declare
  -- A stored bitmap is packed; unpack it once, not once per byte.
  v_members bytea := p_members || ''::bytea;
begin
  return query
  select greatest(p_chunk - 4, 0) * 240000 + byte.position * 8 + bit
  from (
    select position, get_byte(v_members, position) as value
    from generate_series(0, octet_length(v_members) - 1) as position
    offset 0
  ) as byte
  cross join generate_series(0, 7) as bit
  where byte.value & (1 << bit) <> 0
  order by 1;
end;
$$;

comment on function private.chunk_spellings(integer, bytea) is 'The spellings in one bitmap, in order.';

revoke all on function private.chunk_spellings(integer, bytea) from public;

create function private.book_spellings(p_system_id uuid)
returns integer[]
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(array_agg(spelling_id), '{}')
  from private.book_chunks as book
  cross join lateral private.chunk_spellings(book.chunk, book.members) as spelling_id
  where book.system_id = p_system_id;
$$;

comment on function private.book_spellings(uuid) is 'All spellings of a book. Definer: books are private.';

revoke all on function private.book_spellings(uuid) from public;

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

-- One song of a book -------------------------------------------------------------------------------------------------

create function private.book_spelling(p_system_id uuid, p_song_id bigint)
returns integer
language sql
stable
security definer
set search_path = ''
as $$
  select spelling.id
  from private.song_spellings as spelling
  join private.book_chunks as book on book.system_id = p_system_id and book.chunk = private.song_chunk(spelling.id)
  where spelling.song_id = p_song_id and get_bit(book.members, spelling.id % 240000) = 1;
$$;

comment on function private.book_spelling(uuid, bigint) is 'Which spelling of a song the book has; null when the song is not in it.';

revoke all on function private.book_spelling(uuid, bigint) from public;

create function private.book_song(p_system_id uuid, p_song_id bigint)
returns table (artist text, title text)
language sql
stable
security definer
rows 1
set search_path = ''
as $$
  select spelling.artist, spelling.title
  from private.song_spellings as spelling
  where spelling.id = private.book_spelling(p_system_id, p_song_id);
$$;

comment on function private.book_song(uuid, bigint) is 'A song as this host spells it; no row when the book does not have it.';

revoke all on function private.book_song(uuid, bigint) from public;
grant execute on function private.book_song(uuid, bigint) to service_role;

create function private.find_book_song(p_system_id uuid, p_artist text, p_title text)
returns bigint
language sql
stable
security definer
set search_path = ''
as $$
  select song.id
  from public.songs as song
  where song.fingerprint = private.song_fingerprint(p_artist, p_title)
    and private.book_spelling(p_system_id, song.id) is not null;
$$;

comment on function private.find_book_song(uuid, text, text) is 'The song of the book that is the same as this artist and title, or null.';

revoke all on function private.find_book_song(uuid, text, text) from public;
grant execute on function private.find_book_song(uuid, text, text) to service_role;

create function private.book_size(p_system_id uuid)
returns integer
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce((select book.songs from private.books as book where book.system_id = p_system_id), 0)
  );
end;
$$;

comment on function private.book_size(uuid) is 'How many songs the book of a system has.';

revoke all on function private.book_size(uuid) from public;
grant execute on function private.book_size(uuid) to service_role;
