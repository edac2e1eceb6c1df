-- Searching a book. The words of the query become one question to the search index per chunk of the book, from the songs the
-- catalogue has known longest to the newest; walking stops as soon as enough are found. What is found is then ranked.

-- Text inside a tsquery, as the token of a chunk that is filled in later ("#" never survives normalisation as a word's part,
-- and in a word made of symbols it only costs that word's hits).
create function private.search_token(p_kind text, p_word text, p_is_prefix boolean)
returns text
language sql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
  select '''#' || p_kind || replace(replace(replace(p_word, '#', ''), '\', '\\'), '''', '''''') || ''''
    || case when p_is_prefix then ':*' else '' end;
$$;

comment on function private.search_token(text, text, boolean) is 'A token of the search index in the text form of a tsquery.';

revoke all on function private.search_token(text, text, boolean) from public;

-- All words, the last one as the beginning of a word. "and" and "the" are not insisted upon before that.
create function private.search_question(p_words text[])
returns text
language sql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
  select string_agg(
    case
      when word.number < cardinality(p_words) then private.search_token(' ', word.text, false)
      when char_length(word.text) = 1 then private.search_token('~', word.text, false)
      else private.search_token(' ', word.text, true)
    end,
    ' & '
  )
  from unnest(p_words) with ordinality as word (text, number)
  where word.number = cardinality(p_words) or word.text not in ('and', 'the') or cardinality(p_words) = 1;
$$;

comment on function private.search_question(text[]) is 'The question for songs that have all these words.';

revoke all on function private.search_question(text[]) from public;

create function private.search_spellings(p_system_id uuid, p_question text, p_limit integer)
returns integer[]
language sql
stable
security definer
set search_path = ''
set enable_seqscan = off
as $$
  select coalesce(array_agg(hit.id), '{}')
  from (
  select found.id
  from (
    -- The bitmap is unpacked once per chunk here, not once per song below.
    select book.chunk, book.members || ''::bytea as members
    from private.book_chunks as book
    where book.system_id = p_system_id
    order by book.chunk
    offset 0
  ) as book
  cross join lateral (
    select spelling.id
    from private.song_spellings as spelling
    where private.song_tokens(spelling.id, spelling.artist, spelling.title)
        @@ replace(p_question, '#', book.chunk::text)::tsquery
      and get_bit(book.members, spelling.id % 60000) = 1
  ) as found
  limit p_limit
  ) as hit;
$$;

comment on function private.search_spellings(uuid, text, integer) is
  'The first songs of a book that answer the question, oldest chunk first. Definer: books are private.';

revoke all on function private.search_spellings(uuid, text, integer) from public;

-- Words the catalogue knows that the word may have been meant to be: one slip away; for longer words also similar ones.
create function private.similar_words(p_word text)
returns text[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_words text[];
begin
  select array_agg(known.word) into v_words
  from private.song_words as known
  where private.word_neighbours(known.word) && private.word_neighbours(p_word);
  return coalesce(v_words, array[p_word]);
end;
$$;

comment on function private.similar_words(text) is 'Known words one slip away from a word, itself included when known. Definer: the catalogue is private.';

revoke all on function private.similar_words(text) from public;

create function private.search_book(p_system_id uuid, p_query text, p_limit integer, p_offset integer)
returns table (song_id bigint, artist text, title text, match text, total_count integer)
language plpgsql
stable
security definer
rows 20
set search_path = ''
as $$
declare
  v_most constant integer := 500;
  v_normal text := private.normalize_text(p_query);
  v_joined text := left(replace(v_normal, ' ', ''), 60);
  v_words text[] := string_to_array(v_normal, ' ');
  v_found integer[];
  v_is_fuzzy boolean := false;
begin
  v_found := private.search_spellings(p_system_id, private.search_question(v_words), v_most);
  -- None, or too many to rank them all: what starts with the query must be among them.
  if cardinality(v_found) in (0, v_most) and char_length(v_joined) > 1 then
    v_found := v_found || private.search_spellings(p_system_id, private.search_token('=', v_joined, true), v_most);
  end if;
  if cardinality(v_found) = 0 then
    v_is_fuzzy := true;
    v_found := private.search_spellings(
      p_system_id,
      (
        select string_agg(
          '(' || (select string_agg(private.search_token(' ', known, false), ' | ') from unnest(private.similar_words(word)) as known)
            || case when number = cardinality(v_words) then ' | ' || private.search_token(' ', word, true) else '' end || ')',
          ' & '
        )
        from unnest(v_words) with ordinality as query (word, number)
      ),
      v_most
    );
  end if;

  return query
  with
    found as (select distinct spelling_id from unnest(v_found) as spelling_id),
    ranked as (
      select
        spelling.song_id, spelling.artist, spelling.title, spelling.id,
        case
          when v_is_fuzzy then 4
          when v_normal in (song.artist, song.title, song.artist || ' ' || song.title, song.title || ' ' || song.artist) then 1
          when starts_with(song.artist || ' ' || song.title, v_normal) or starts_with(song.title || ' ' || song.artist, v_normal) then 2
          else 3
        end as class,
        coalesce(popularity.requests, 0) as requests
      from found
      join private.song_spellings as spelling on spelling.id = found.spelling_id
      cross join lateral (
        select split_part(song.fingerprint, U&'\001F', 1) as artist, split_part(song.fingerprint, U&'\001F', 2) as title
        from public.songs as song
        where song.id = spelling.song_id
        offset 0
      ) as song
      left join private.song_popularity as popularity
        on popularity.system_id = p_system_id and popularity.song_id = spelling.song_id
    )
  select
    ranked.song_id, ranked.artist, ranked.title, (array['exact', 'prefix', 'words', 'fuzzy'])[ranked.class],
    least(count(*) over (), v_most)::integer
  from ranked
  order by ranked.class, ranked.requests desc, ranked.id
  limit p_limit offset p_offset;
end;
$$;

comment on function private.search_book(uuid, text, integer, integer) is
  'Songs of a book for what somebody typed: all words, the last one as a beginning, without regard to case, accents or punctuation;
when nothing has them, words one slip away. Best first: exact, prefix, words, fuzzy, then by how often asked for here. The total
is counted up to 500. Definer: books and catalogue are private.';

revoke all on function private.search_book(uuid, text, integer, integer) from public;
grant execute on function private.search_book(uuid, text, integer, integer) to service_role;
