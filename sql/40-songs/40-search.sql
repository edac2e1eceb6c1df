-- Searching a book. The words of a query become a question to the search index per chunk of the book, from the songs the
-- catalogue has known longest to the newest; walking stops as soon as enough are found. A short book is not worth that: its
-- songs are looked at one by one. What is found is then ranked. All in plpgsql, which keeps its plans for the session.

-- What is asked for: index is the text of a tsquery in which "#" stands for the number of the chunk; texts are patterns for "like" and
-- patterns regular expressions over the words of a song, which must all match. A word is asked for as a text, which costs a tenth of
-- a regular expression; only words with alternatives need one. The index may answer with more than is meant unless is_exact.
create type private.song_question as (index text, texts text[], patterns text[], is_exact boolean);

create function private.search_token(p_kind text, p_word text, p_is_prefix boolean)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  return '''#' || p_kind || replace(replace(translate(p_word, '#', ''), '\', '\\'), '''', '''''') || ''''
    || case when p_is_prefix then ':*' else '' end;
end;
$$;

comment on function private.search_token(text, text, boolean) is 'A token of the search index as text of a tsquery.';

revoke all on function private.search_token(text, text, boolean) from public;

create function private.search_beginning(p_word text)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  return private.search_token('~', left(p_word, 3), false);
end;
$$;

comment on function private.search_beginning(text) is
  'A token which every word has that begins like this, and others that have only its first three letters in common.';

revoke all on function private.search_beginning(text) from public;

create function private.search_text(p_word text, p_is_prefix boolean)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  return '% ' || regexp_replace(p_word, '([\\%_])', '\\\1', 'g') || case when p_is_prefix then '' else ' ' end || '%';
end;
$$;

comment on function private.search_text(text, boolean) is 'A pattern for "like" which the words of a song match that have this word.';

revoke all on function private.search_text(text, boolean) from public;

create function private.search_pattern(p_word text, p_is_prefix boolean)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  return ' ' || regexp_replace(p_word, '([^[:alnum:]])', '\\\1', 'g') || case when p_is_prefix then '' else ' ' end;
end;
$$;

comment on function private.search_pattern(text, boolean) is 'A regular expression for a word among the words of a song.';

revoke all on function private.search_pattern(text, boolean) from public;

create function private.ask_for_words(p_words text[])
returns private.song_question
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
declare
  v_last text := p_words[cardinality(p_words)];
  v_question private.song_question;
  v_word text;
begin
  v_question.texts := array[private.search_text(v_last, true)];
  v_question.patterns := '{}';
  v_question.is_exact := true;
  foreach v_word in array p_words[:cardinality(p_words) - 1] loop
    -- "guns and roses" is "Guns N' Roses", and nobody remembers where a "the" belongs.
    if v_word not in ('and', 'the') then
      v_question.index := concat_ws(' & ', v_question.index, private.search_token(' ', v_word, false));
      v_question.texts := v_question.texts || private.search_text(v_word, false);
    end if;
  end loop;
  if char_length(v_last) <= 3 then
    v_question.index := concat_ws(' & ', v_question.index, private.search_token('~', v_last, false));
  elsif v_question.index is null then
    v_question.index := private.search_token(' ', v_last, true);
  else
    -- Every word that begins like the last one would be gathered from the whole chunk, however rare the others are.
    v_question.index := v_question.index || ' & ' || private.search_beginning(v_last);
    v_question.is_exact := false;
  end if;
  return v_question;
end;
$$;

comment on function private.ask_for_words(text[]) is 'Songs with all these words, the last one as the beginning of a word.';

revoke all on function private.ask_for_words(text[]) from public;

create function private.ask_for_start(p_text text)
returns private.song_question
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
declare
  v_question private.song_question;
begin
  v_question.index := private.search_token('=', p_text, true);
  v_question.texts := array[private.search_text('=' || p_text, true)];
  v_question.patterns := '{}';
  v_question.is_exact := true;
  return v_question;
end;
$$;

comment on function private.ask_for_start(text) is 'Songs whose artist or title starts with this text without blanks.';

revoke all on function private.ask_for_start(text) from public;

create function private.similar_words(p_word text, p_is_beginning boolean)
returns setof text
language plpgsql
stable
strict
security definer
rows 20
set search_path = ''
as $$
declare
  v_neighbours text[] := array_remove(private.word_neighbours(p_word), '');
  -- One letter of three says too little.
  v_is_beginning boolean := p_is_beginning and char_length(p_word) > 3;
  v_question tsquery := (
    select string_agg(
      '''' || replace(replace(neighbour, '\', '\\'), '''', '''''') || '''' || case when v_is_beginning then ':*' else '' end, ' | '
    )::tsquery
    from unnest(v_neighbours) as neighbour
  );
begin
  return query
  select known.word::text
  from private.song_words as known
  where array_to_tsvector(private.word_neighbours(known.word)) @@ v_question
    and (
      not v_is_beginning
      or private.word_neighbours(known.word) && v_neighbours
      -- What was typed may have lost or gained a letter.
      or exists (
        select
        from generate_series(char_length(p_word) - 1, char_length(p_word) + 1) as length
        where private.word_neighbours(left(known.word, length)) && v_neighbours
      )
    )
  order by char_length(known.word), known.word
  limit 100;
end;
$$;

comment on function private.similar_words(text, boolean) is
  'Known words one slip away from a word, the shortest first; with p_is_beginning also those that begin with something one slip away.
Definer: the catalogue is private.';

revoke all on function private.similar_words(text, boolean) from public;

create function private.ask_for_similar_words(p_words text[])
returns private.song_question
language plpgsql
stable
strict
security definer
set search_path = ''
as $$
declare
  v_question private.song_question;
  v_tokens text;
  v_patterns text;
  v_word text;
  v_is_last boolean;
  v_known boolean[];
begin
  -- If there is a word nobody has ever sung, that is the slip, and the others stay as they are.
  select array_agg(
    char_length(wanted.word) < 3
      or exists (
        select
        from private.song_words as known
        where known.word = wanted.word
          or wanted.place = cardinality(p_words)
            and known.word >= wanted.word collate "C" and known.word < wanted.word || U&'\FFFF' collate "C"
      )
    order by wanted.place
  ) into v_known
  from unnest(p_words) with ordinality as wanted (word, place);

  v_question.is_exact := false;
  v_question.texts := '{}';
  for v_place in 1..cardinality(p_words) loop
    v_word := p_words[v_place];
    v_is_last := v_place = cardinality(p_words);
    continue when v_word in ('and', 'the') and not v_is_last;
    v_tokens := null;
    v_patterns := null;
    if not v_known[v_place] or not false = any (v_known) then
      select string_agg(private.search_token(' ', candidate.word, false), ' | '), string_agg(private.search_pattern(candidate.word, false), '|')
      into v_tokens, v_patterns
      from private.similar_words(v_word, v_is_last) as candidate (word);
    end if;
    v_question.index := concat_ws(
      ' & ', v_question.index,
      '(' || concat_ws(
        ' | ',
        case
          when not v_is_last then private.search_token(' ', v_word, false)
          when v_known[v_place] and v_place > 1 then private.search_beginning(v_word)
          else private.search_token(' ', v_word, true)
        end,
        v_tokens
      ) || ')'
    );
    v_question.patterns := v_question.patterns || concat_ws('|', private.search_pattern(v_word, v_is_last), v_patterns);
  end loop;
  return v_question;
end;
$$;

comment on function private.ask_for_similar_words(text[]) is
  'Songs with all these words or words one slip away from them, the last one perhaps unfinished. Definer: the catalogue is private.';

revoke all on function private.ask_for_similar_words(text[]) from public;

create function private.search_spellings(p_system_id uuid, p_question private.song_question, p_limit integer)
returns table (spelling_id integer, song_id bigint, artist text, title text, words text)
language plpgsql
stable
strict
security definer
rows 100
set search_path = ''
-- Estimates for any book are far too high for one book, and compiling a plan takes longer than running it.
set jit = off
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_sort = off
as $$
begin
  if exists (select from private.books as book where book.system_id = p_system_id and book.spelling_ids is not null) then
    return query
    select spelling.id, spelling.song_id, spelling.artist, spelling.title, spelling.words
    from (
      select listed.id
      from private.books as book
      cross join lateral unnest(book.spelling_ids, book.spelling_words) as listed (id, words)
      where book.system_id = p_system_id
        and listed.words like all (p_question.texts) and listed.words ~ all (p_question.patterns)
      limit p_limit
    ) as found
    join private.song_spellings as spelling on spelling.id = found.id;
  else
    return query
    select found.id, found.song_id, found.artist, found.title, found.words
    from (
      select book.chunk, book.members from private.book_chunks as book where book.system_id = p_system_id order by book.chunk offset 0
    ) as book
    cross join lateral (
      select spelling.id, spelling.song_id, spelling.artist, spelling.title, spelling.words
      from private.song_spellings as spelling
      where private.song_tokens(spelling.id, spelling.words)
          @@ replace(p_question.index, '#', book.chunk::text)::tsquery
        -- The inner select, with "offset", unpacks the bitmap once per chunk with an answer, not once per song.
        and get_bit((select book.members || ''::bytea), spelling.id % 240000) = 1
        and (
          p_question.is_exact
          or spelling.words like all (p_question.texts) and spelling.words ~ all (p_question.patterns)
        )
      offset 0
    ) as found
    limit p_limit;
  end if;
end;
$$;

comment on function private.search_spellings(uuid, private.song_question, integer) is
  'The first songs of a book that answer the question: a short one is read from its beginning to its end, a long one asked through the
index. Definer: books are private.';

revoke all on function private.search_spellings(uuid, private.song_question, integer) from public;

create function private.search_book(p_system_id uuid, p_query text, p_limit integer, p_offset integer, p_venue_id uuid default null)
returns table (song_id bigint, artist text, title text, match text, total_count integer)
language plpgsql
stable
security definer
rows 20
set search_path = ''
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
  v_most constant integer := 100;
  v_text text := private.normalize_text(p_query);
  v_joined text := left(replace(v_text, ' ', ''), 60);
  v_words text[] := private.search_words(v_text);
  v_exact private.song_question := private.ask_for_words(v_words);
  v_start private.song_question := private.ask_for_start(v_joined);
begin
  return query
  with
    by_words as materialized (select * from private.search_spellings(p_system_id, v_exact, v_most)),
    -- Needed when the words found nothing ("heyjude"), or more than are ranked: the best matches start like the query.
    by_start as materialized (
      select found.*
      from (select count(*) in (0, v_most) and char_length(v_text) > 1 as is_asked from by_words) as start
      cross join lateral private.search_spellings(p_system_id, case when start.is_asked then v_start end, v_most) as found
    ),
    -- Of more than are ranked, those that are asked for here must be among them, too.
    by_popularity as materialized (
      select found.*
      from (select from by_words having count(*) = v_most) as too_many
      cross join lateral (
        select spelling.id as spelling_id, spelling.song_id, spelling.artist, spelling.title, spelling.words
        from (
          select popularity.song_id
          from private.song_popularity as popularity
          where popularity.venue_id = p_venue_id
          order by popularity.requests desc, popularity.song_id
          limit 50
        ) as popular
        join private.song_spellings as spelling on spelling.song_id = popular.song_id
        where spelling.words like all (v_exact.texts)
        offset 0
      ) as found
      where private.book_spelling(p_system_id, found.song_id) = found.spelling_id
    ),
    by_similar_words as materialized (
      select found.*
      from (
        select case when not exists (select from by_words) and not exists (select from by_start) then private.ask_for_similar_words(v_words) end
          as question
        offset 0
      ) as slip
      cross join lateral private.search_spellings(p_system_id, slip.question, v_most) as found
    ),
    found as (
      select distinct on (every.spelling_id) every.*
      from (
        select * from by_words
        union all
        select * from by_start
        union all
        select * from by_popularity
        union all
        select * from by_similar_words
      ) as every
      where not exists (
        select from public.blocked_songs as blocked where blocked.venue_id = p_venue_id and blocked.song_id = every.song_id
      )
      order by every.spelling_id
    ),
    ranked as (
      select
        found.song_id, found.artist, found.title, found.spelling_id,
        (
          select popularity.requests
          from private.song_popularity as popularity
          where popularity.venue_id = p_venue_id and popularity.song_id = found.song_id
        ) as requests,
        case
          when exists (select from by_similar_words) then 4
          -- The whole song, its artist or its title: "artist" is how "artist title" begins and "title artist" ends.
          when v_joined in (song.artist_title, song.title_artist)
            or starts_with(song.artist_title, v_joined) and right(song.title_artist, char_length(v_joined)) = v_joined
            or starts_with(song.title_artist, v_joined) and right(song.artist_title, char_length(v_joined)) = v_joined then 1
          when starts_with(song.artist_title, v_joined) or starts_with(song.title_artist, v_joined) then 2
          else 3
        end as class
      from found
      cross join lateral (
        select split_part(found.words, ' =', 2) as artist_title, rtrim(split_part(found.words, ' =', 3), ' ') as title_artist
        offset 0
      ) as song
    )
  select
    ranked.song_id, ranked.artist, ranked.title, (array['exact', 'prefix', 'words', 'fuzzy'])[ranked.class],
    least(count(*) over (), v_most)::integer
  from ranked
  order by ranked.class, ranked.requests desc nulls last, ranked.spelling_id
  limit p_limit offset p_offset;
end;
$$;

comment on function private.search_book(uuid, text, integer, integer, uuid) is
  'Songs of a book for what somebody typed: all words, the last one as a beginning, without regard to case, accents or punctuation;
when nothing has them, words one slip away. Best first: exact, prefix, words, fuzzy, then by how often asked for at the venue, whose
blocked songs are left out; null for no venue in particular. The total is counted up to 100, and no more than these are ranked.
Definer: books and catalogue are private.';

revoke all on function private.search_book(uuid, text, integer, integer, uuid) from public;
grant execute on function private.search_book(uuid, text, integer, integer, uuid) to service_role;
