-- A system's book: a bitmap over the spellings of the catalogue, one row per chunk in which the host has songs. 100,000
-- songs out of a million take about 130 KB; publishing a book replaces a handful of rows.

create table private.books (
  system_id uuid primary key references public.systems (id) on delete cascade,
  songs integer not null default 0,
  content_hash uuid,
  newest integer[] not null default '{}',
  spelling_ids integer[] default '{}',
  spelling_words text[],
  published_at timestamptz,
  changed_at timestamptz not null default now(),
  constraint songs_are_not_negative check (songs >= 0),
  constraint short_books_are_listed check ((songs <= 2000) = (spelling_ids is not null)),
  constraint the_list_is_complete check (cardinality(spelling_ids) = songs),
  constraint the_list_has_all_words check (cardinality(spelling_words) is not distinct from cardinality(spelling_ids))
);

alter table private.books enable row level security;
revoke all on private.books from anon, authenticated, service_role;

comment on table private.books is 'One row per system that has or had a song book. Its row lock serialises all writers of the book.';
comment on column private.books.content_hash is 'Hash of the upload it came from; null once songs were edited one by one.';
comment on column private.books.newest is 'The spellings added last, newest first, at most 200.';
comment on column private.books.spelling_ids is
  'All spellings of a book of up to 2,000 songs, which is searched faster one by one than through the index of the catalogue.';
comment on column private.books.spelling_words is
  'The words of spelling_ids, one by one: reading them here costs a third of a thousand look-ups. They come with a draft; for any other
change of the list a trigger notes them.';
comment on column private.books.published_at is 'When an upload was last published, changed or not.';
comment on column private.books.changed_at is 'When its songs last changed.';

-- Read by every search of the book, written seldom: packing them would cost more than it saves.
alter table private.books alter column spelling_words set storage external;

create function private.listed_words(p_spelling_ids integer[])
returns text[]
language plpgsql
stable
strict
security invoker
set search_path = ''
as $$
begin
  return array(
    select spelling.words
    from unnest(p_spelling_ids) with ordinality as listed (spelling_id, place)
    join private.song_spellings as spelling on spelling.id = listed.spelling_id
    order by listed.place
  );
end;
$$;

comment on function private.listed_words(integer[]) is 'The words of each of some spellings, in their order.';

revoke all on function private.listed_words(integer[]) from public;

create function private.list_spelling_words()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  new.spelling_words := private.listed_words(new.spelling_ids);
  return new;
end;
$$;

comment on function private.list_spelling_words() is
  'Trigger: notes the words of a short book beside its list, unless whoever wrote the list brought them along.';

revoke all on function private.list_spelling_words() from public;

create trigger list_spelling_words_of_new
  before insert on private.books
  for each row when (new.spelling_words is null)
  execute function private.list_spelling_words();

create trigger list_spelling_words
  before update of spelling_ids on private.books
  for each row when (new.spelling_words is not distinct from old.spelling_words)
  execute function private.list_spelling_words();

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
  venue_id uuid not null references public.venues (id) on delete cascade,
  song_id bigint not null references public.songs (id) on delete cascade,
  requests integer not null default 1,
  primary key (venue_id, song_id)
) with (fillfactor = 70);

alter table private.song_popularity enable row level security;
revoke all on private.song_popularity from anon, authenticated, service_role;

create index song_popularity_song_id_idx on private.song_popularity (song_id);
create index song_popularity_requests_idx on private.song_popularity (venue_id, requests desc, song_id);

comment on table private.song_popularity is 'How often a song was asked for at a venue; orders search results.';

create function private.count_song_request(p_venue_id uuid, p_song_id bigint)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into private.song_popularity as popularity (venue_id, song_id) values (p_venue_id, p_song_id)
  on conflict (venue_id, song_id) do update set requests = popularity.requests + 1;
end;
$$;

comment on function private.count_song_request(uuid, bigint) is 'Makes a song one request more popular at a venue.';

revoke all on function private.count_song_request(uuid, bigint) from public;

-- Sets of spellings and bitmaps, one into the other ------------------------------------------------------------------

create function private.chunk_members(p_spelling_ids integer[])
returns table (chunk integer, songs integer, members bytea)
language plpgsql
immutable
security invoker
rows 10
set search_path = ''
-- Every estimate is for a handful of spellings, and there are a hundred thousand.
set jit = off
set work_mem = '64MB'
set enable_nestloop = off
set enable_mergejoin = off
set enable_sort = off
as $$
begin
  return query
  with
    -- Five bytes at a time: as many as a bigint holds of those that never reach over the end of a chunk.
    pieces as (
      select id / 40 as place, bit_or(1::bigint << (32 - id % 40 / 8 * 8 + id % 8)) as bits
      from unnest(p_spelling_ids) as id
      group by 1
    ),
    placed as (select private.song_chunk(pieces.place * 40) as chunk, pieces.place % 6000 as place, pieces.bits from pieces),
    filled as (
      select
        every.chunk,
        string_agg(coalesce(substr(int8send(placed.bits), 4), '\x0000000000'), '' order by every.place) as members
      from (
        select chunks.chunk, place
        from (select distinct placed.chunk from placed) as chunks
        cross join generate_series(0, 5999) as place
      ) as every
      left join placed on placed.chunk = every.chunk and placed.place = every.place
      group by every.chunk
    )
  select filled.chunk, bit_count(filled.members)::integer, filled.members from filled;
end;
$$;

comment on function private.chunk_members(integer[]) is 'The bitmaps of a set of spellings.';

revoke all on function private.chunk_members(integer[]) from public;

create function private.member_bits(p_members bytea)
returns bit
language sql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
  select ('x' || encode(p_members, 'hex'))::bit(240000);
$$;

comment on function private.member_bits(bytea) is
  'A bitmap as a bit string, which knows "and" and "or"; it has the first bit of a byte at the other end than get_bit() of bytea.';

revoke all on function private.member_bits(bytea) from public;

create function private.chunk_spellings(p_chunk integer, p_members bytea, p_first_byte integer default 0)
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
  select greatest(p_chunk - 4, 0) * 240000 + (p_first_byte + byte.position) * 8 + bit
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

comment on function private.chunk_spellings(integer, bytea, integer) is
  'The spellings in one bitmap, or in a part of one that begins at this byte of it, in order.';

revoke all on function private.chunk_spellings(integer, bytea, integer) from public;

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
