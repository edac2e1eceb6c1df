-- Looking through a book without a query: the alphabet, an artist, what is new, a lucky dip.

create function private.browse_book_letters(p_system_id uuid)
returns table (letter text, artists integer, songs integer)
language sql
stable
security definer
rows 27
set search_path = ''
as $$
  select
    entry.letter, cardinality(entry.artists),
    (select sum(count) from unnest(entry.songs) as count)::integer
  from private.book_letters as entry
  where entry.system_id = p_system_id
  order by entry.letter;
$$;

comment on function private.browse_book_letters(uuid) is
  'The letters under which a book has artists, "#" first. Definer: books are private.';

revoke all on function private.browse_book_letters(uuid) from public;
grant execute on function private.browse_book_letters(uuid) to service_role;

create function private.browse_book_artists(p_system_id uuid, p_letter text, p_limit integer, p_offset integer)
returns table (artist text, songs integer, total_count integer)
language plpgsql
stable
security definer
rows 20
set search_path = ''
set jit = off
as $$
begin
  return query
  select spelling.artist, listed.songs, entry.total
  from (
    select
      letter.artists[p_offset + 1 : p_offset + p_limit] as artists, letter.songs[p_offset + 1 : p_offset + p_limit] as songs,
      cardinality(letter.artists) as total
    from private.book_letters as letter
    where letter.system_id = p_system_id and letter.letter = private.artist_letter(private.normalize_text(p_letter))
  ) as entry
  cross join lateral unnest(entry.artists, entry.songs) with ordinality as listed (spelling_id, songs, place)
  join private.song_spellings as spelling on spelling.id = listed.spelling_id
  order by listed.place;
end;
$$;

comment on function private.browse_book_artists(uuid, text, integer, integer) is
  'The artists of a book under a letter, in order. Definer: books are private.';

revoke all on function private.browse_book_artists(uuid, text, integer, integer) from public;
grant execute on function private.browse_book_artists(uuid, text, integer, integer) to service_role;

create function private.browse_book_artist(p_system_id uuid, p_artist text, p_limit integer, p_offset integer, p_venue_id uuid default null)
returns table (song_id bigint, artist text, title text)
language plpgsql
stable
security definer
rows 20
set search_path = ''
-- Estimates for any book are far too high for one book, and compiling a plan takes longer than running it.
set jit = off
as $$
declare
  v_name text := left(private.normalize_text(p_artist), 255);
begin
  return query
  select song.id, spelling.artist, spelling.title
  from private.song_artists as artist
  join private.song_spellings as spelling on spelling.artist_id = artist.id
  join private.book_chunks as book on book.system_id = p_system_id and book.chunk = private.song_chunk(spelling.id)
  join public.songs as song on song.id = spelling.song_id
  where artist.name = v_name and get_bit(book.members, spelling.id % 240000) = 1
    and not exists (
      select from public.blocked_songs as blocked where blocked.venue_id = p_venue_id and blocked.song_id = song.id
    )
  order by song.fingerprint
  limit p_limit offset p_offset;
end;
$$;

comment on function private.browse_book_artist(uuid, text, integer, integer, uuid) is
  'The songs a book has by an artist, by title, without those blocked at the venue. Definer: books and catalogue are private.';

revoke all on function private.browse_book_artist(uuid, text, integer, integer, uuid) from public;
grant execute on function private.browse_book_artist(uuid, text, integer, integer, uuid) to service_role;

create function private.browse_book(p_system_id uuid, p_letter text, p_limit integer, p_offset integer)
returns table (song_id bigint, artist text, title text)
language plpgsql
stable
security definer
rows 100
set search_path = ''
set jit = off
as $$
declare
  v_letter text := private.artist_letter(private.normalize_text(p_letter));
begin
  return query
  with
    artists as (
      select
        listed.spelling_id, listed.songs, row_number() over alphabet as place,
        sum(listed.songs) over alphabet - listed.songs as before
      from private.book_letters as entry
      cross join lateral unnest(entry.artists, entry.songs) with ordinality as listed (spelling_id, songs, place)
      where entry.system_id = p_system_id and (p_letter is null or entry.letter = v_letter)
      window alphabet as (order by entry.letter, listed.place)
    )
  select song.song_id, song.artist, song.title
  from artists
  join private.song_spellings as spelling on spelling.id = artists.spelling_id
  cross join lateral private.browse_book_artist(
    p_system_id, spelling.artist,
    least(artists.songs, p_offset + p_limit - artists.before)::integer, greatest(p_offset - artists.before, 0)::integer
  ) with ordinality as song (song_id, artist, title, place)
  where artists.before < p_offset + p_limit and artists.before + artists.songs > p_offset
  order by artists.place, song.place
  limit p_limit;
end;
$$;

comment on function private.browse_book(uuid, text, integer, integer) is
  'The songs of a book by artist and title: those by the artists under a letter, or all when it is null. Definer: books and
catalogue are private.';

revoke all on function private.browse_book(uuid, text, integer, integer) from public;
grant execute on function private.browse_book(uuid, text, integer, integer) to service_role;

create function private.newest_book_songs(p_system_id uuid, p_count integer, p_venue_id uuid default null)
returns table (song_id bigint, artist text, title text)
language sql
stable
security definer
rows 20
set search_path = ''
as $$
  select spelling.song_id, spelling.artist, spelling.title
  from private.books as book
  cross join lateral unnest(book.newest) with ordinality as added (spelling_id, place)
  join private.song_spellings as spelling on spelling.id = added.spelling_id
  join private.book_chunks as chunk on chunk.system_id = p_system_id and chunk.chunk = private.song_chunk(spelling.id)
  where book.system_id = p_system_id and get_bit(chunk.members, spelling.id % 240000) = 1
    and not exists (
      select from public.blocked_songs as blocked where blocked.venue_id = p_venue_id and blocked.song_id = spelling.song_id
    )
  order by added.place
  limit p_count;
$$;

comment on function private.newest_book_songs(uuid, integer, uuid) is 'The songs added to a book last, without those blocked at the venue. Definer: books are private.';

revoke all on function private.newest_book_songs(uuid, integer, uuid) from public;
grant execute on function private.newest_book_songs(uuid, integer, uuid) to service_role;

create function private.random_book_songs(p_system_id uuid, p_count integer, p_venue_id uuid default null)
returns table (song_id bigint, artist text, title text)
language sql
volatile
security definer
rows 20
set search_path = ''
as $$
  with
    -- Some pieces of the bitmaps, each as likely as it has songs, are enough to draw from.
    pieces as (
      select book.chunk, place * 100 as first_byte, piece.members
      from (
        -- Unpacked once per chunk. A short book is a list.
        select long.chunk, long.members || ''::bytea as members
        from private.book_chunks as long
        join private.books as book on book.system_id = long.system_id and book.spelling_ids is null
        where long.system_id = p_system_id
        offset 0
      ) as book
      cross join generate_series(0, 299) as place
      cross join lateral (select substr(book.members, place * 100 + 1, 100) as members offset 0) as piece
      where bit_count(piece.members) > 0
      order by -ln(1 - random()) / bit_count(piece.members)
      limit p_count
    ),
    candidates as (
      select spelling_id
      from pieces
      cross join lateral private.chunk_spellings(pieces.chunk, pieces.members, pieces.first_byte) as spelling_id
      union all
      select unnest(book.spelling_ids) from private.books as book where book.system_id = p_system_id
    ),
    drawn as (
      select spelling_id
      from candidates
      where not exists (
        select
        from public.blocked_songs as blocked
        join private.song_spellings as spelling on spelling.song_id = blocked.song_id
        where blocked.venue_id = p_venue_id and spelling.id = spelling_id
      )
      order by random()
      limit p_count
    )
  select spelling.song_id, spelling.artist, spelling.title
  from drawn
  join private.song_spellings as spelling on spelling.id = drawn.spelling_id;
$$;

comment on function private.random_book_songs(uuid, integer, uuid) is 'Some songs of a book, drawn by lot, without those blocked at the venue. Definer: books are private.';

revoke all on function private.random_book_songs(uuid, integer, uuid) from public;
grant execute on function private.random_book_songs(uuid, integer, uuid) to service_role;
