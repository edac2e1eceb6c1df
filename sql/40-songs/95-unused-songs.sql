-- Songs that nobody has any more leave the catalogue: those that are in no book and that nobody asked for or keeps as a favourite, once
-- that has been so for a month. Until then a host who uploads again finds them, with the ids they had.

create function private.hold_catalogue()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('private.song_spellings', 0));
end;
$$;

comment on function private.hold_catalogue() is
  'Keeps spellings from being removed until the transaction ends: between finding one and putting it into a book nothing refers to it.';

revoke all on function private.hold_catalogue() from public;

create function private.unused_songs()
returns setof bigint
language plpgsql
stable
security definer
rows 1000
set search_path = ''
set jit = off
set work_mem = '64MB'
as $$
declare
  v_staged integer[];
begin
  -- What is being read in, first: when it is published meanwhile, the books have it below.
  select array_agg(distinct staged.spelling_id) into v_staged
  from (
    select unnest(batch.spelling_ids) as spelling_id from private.book_upload_batches as batch
    union all
    select unnest(batch.spelling_ids) from private.song_import_batches as batch
  ) as staged;

  return query
  with
    -- All books on top of each other.
    used as materialized (
      select book.chunk, bit_or(private.member_bits(book.members)) as members
      from private.book_chunks as book
      group by book.chunk
    ),
    staged as (select unnest(v_staged) as spelling_id),
    unused as (
      select spelling.song_id
      from private.song_spellings as spelling
      left join used on used.chunk = private.song_chunk(spelling.id)
      left join staged on staged.spelling_id = spelling.id
      group by spelling.song_id
      having not bool_or(coalesce(get_bit(used.members, (spelling.id % 240000) # 7), 0) = 1 or staged.spelling_id is not null)
    )
  select song.id
  from unused
  join public.songs as song on song.id = unused.song_id
  where not exists (select from public.requests as request where request.song_id = song.id)
    and not exists (select from public.performances as performance where performance.song_id = song.id)
    and not exists (select from public.favorite_songs as favorite where favorite.fingerprint = song.fingerprint)
    and not exists (select from public.blocked_songs as blocked where blocked.song_id = song.id);
end;
$$;

comment on function private.unused_songs() is
  'Songs of the catalogue that are in no book and on no way into one, that nobody asked for, sang or keeps as a favourite. Reads all books. Definer: the
catalogue and books are private.';

revoke all on function private.unused_songs() from public;

create function private.is_sung(p_word text)
returns boolean
language plpgsql
stable
strict
security definer
set search_path = ''
as $$
begin
  -- As a search does it: what is common is found in the first chunk.
  for v_chunk in 0..private.song_chunk(coalesce((select max(spelling.id) from private.song_spellings as spelling), 0)) loop
    if exists (
      select
      from private.song_spellings as spelling
      where private.song_tokens(spelling.id, spelling.words)
        @@ replace(private.search_token(' ', p_word, false), '#', v_chunk::text)::tsquery
    ) then
      return true;
    end if;
  end loop;
  return false;
end;
$$;

comment on function private.is_sung(text) is 'Whether a word is in any song of the catalogue. Definer: the catalogue is private.';

revoke all on function private.is_sung(text) from public;

create function private.remove_unused_songs(p_after interval default '30 days')
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_unused bigint[] := array(select private.unused_songs());
  v_removable bigint[];
  v_words text[];
begin
  update public.songs as song set unused_since = null
  where song.unused_since is not null and not song.id = any (select unnest(v_unused));
  update public.songs as song set unused_since = now()
  where song.unused_since is null and song.id = any (select unnest(v_unused));

  v_removable := array(
    select song.id from public.songs as song where song.unused_since <= now() - p_after order by song.unused_since, song.id limit 10000
  );
  -- Somebody may be reading songs in: then another night.
  if v_removable = '{}' or not pg_try_advisory_xact_lock(hashtextextended('private.song_spellings', 0)) then
    return 0;
  end if;
  v_removable := array(
    select song_id from private.unused_songs() as song_id where song_id = any (select unnest(v_removable))
  );
  with removed as (
    delete from private.song_spellings as spelling where spelling.song_id = any (v_removable) returning spelling.words
  )
  select array_agg(distinct word) into v_words from removed cross join lateral string_to_table(btrim(removed.words, ' '), ' ') as word;
  delete from public.songs as song where song.id = any (v_removable);
  delete from private.song_artists as artist
  where not exists (select from private.song_spellings as spelling where spelling.artist_id = artist.id);
  delete from private.song_words as known where known.word = any (v_words) and not private.is_sung(known.word);
  return cardinality(v_removable);
end;
$$;

comment on function private.remove_unused_songs(interval) is
  'Notes since when songs are unused and removes those that have been for p_after, at most 10,000 at a time. Returns how many. A job;
definer as unused_songs.';

revoke all on function private.remove_unused_songs(interval) from public;
