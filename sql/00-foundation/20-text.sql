-- The form in which what people type is kept, and how texts are compared: one normalisation for every place that asks whether two
-- songs are the same; nobody else folds case, accents or punctuation.

create function private.one_line(p_text text)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  return btrim(regexp_replace(normalize(p_text, nfc), '[[:space:][:cntrl:]]+', ' ', 'g'));
end;
$$;

comment on function private.one_line(text) is 'What somebody typed in one normal form on one line, without control characters.';

revoke all on function private.one_line(text) from public;

-- unaccent() is only stable because a dictionary can be edited; ours never is, and indexes need an immutable function.
-- In plpgsql, which keeps its plan for the session; functions with a search path are never inlined. A column may bring the
-- collation "C", in which only ASCII has letters and case, so the database's own is named wherever that matters.
create function private.fold_text(p_text text)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  return lower(extensions.unaccent('extensions.unaccent'::regdictionary, replace(normalize(p_text collate "default", nfkc), '&', ' and ')));
end;
$$;

comment on function private.fold_text(text) is 'Compatibility forms, accents and case taken away; "&" is read as "and".';

revoke all on function private.fold_text(text) from public;
grant execute on function private.fold_text(text) to service_role;

create function private.normalize_text(p_text text)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
declare
  v_folded text collate "default";
  v_text text collate "default";
begin
  -- Most texts are like this, and books are long.
  if p_text ~ '^[a-zA-Z0-9]+( [a-zA-Z0-9]+)*$' then
    v_text := lower(p_text);
    return case when starts_with(v_text, 'the ') then substr(v_text, 5) else v_text end;
  end if;

  v_folded := private.fold_text(p_text);
  v_text := regexp_replace(v_folded, '[^[:alnum:][:space:]]+', '', 'g');
  v_text := btrim(regexp_replace(v_text, '[[:space:]]+', ' ', 'g'));
  if starts_with(v_text, 'the ') then
    v_text := substr(v_text, 5);
  end if;
  if v_text = '' then
    -- "!!!" is a band: a text of nothing but symbols stands for itself.
    v_text := btrim(regexp_replace(v_folded, '[[:space:][:cntrl:]]+', ' ', 'g'));
  end if;
  return v_text;
end;
$$;

comment on function private.normalize_text(text) is
  'The form in which texts are compared: no accents, case or punctuation, "&" as "and", no leading "the", single blanks.';

revoke all on function private.normalize_text(text) from public;
grant execute on function private.normalize_text(text) to service_role;

create function private.song_fingerprint(p_artist text, p_title text)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  -- Normalising can lengthen a text (one sign stands for a whole phrase); an index entry must stay below 2,700 bytes.
  return left(private.normalize_text(p_artist), 255) || U&'\001F' || left(private.normalize_text(p_title), 255);
end;
$$;

comment on function private.song_fingerprint(text, text) is
  'What makes two songs the same: normalised artist, U+001F, normalised title.';

revoke all on function private.song_fingerprint(text, text) from public;
grant execute on function private.song_fingerprint(text, text) to service_role;

create function private.search_words(p_text text)
returns text[]
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
declare
  v_folded text collate "default";
  v_words text collate "default";
begin
  if char_length(p_text) <= 40 and p_text ~ '^[a-zA-Z0-9]+( [a-zA-Z0-9]+)*$' then
    return string_to_array(lower(p_text), ' ');
  end if;

  v_folded := private.fold_text(p_text);
  v_words := regexp_replace(v_folded, '[^[:alnum:][:space:]]+', '', 'g');
  if v_words <> v_folded then
    -- "AC/DC" is found as "acdc" and as "ac dc".
    v_words := v_words || ' ' || regexp_replace(v_folded, '[^[:alnum:][:space:]]+', ' ', 'g');
    if v_folded ~ '[[:alnum:]][!$]|[!$][[:alnum:]]' then
      -- "P!nk" and "Ke$ha" are typed as they are spoken.
      v_words := v_words || ' ' || regexp_replace(translate(v_folded, '!$', 'is'), '[^[:alnum:][:space:]]+', '', 'g');
    end if;
  end if;
  if v_words ~ '[\u3040-\u30ff\u3400-\u9fff]' then
    -- Chinese and Japanese are written without blanks: each sign is a word.
    v_words := regexp_replace(v_words, '([\u3040-\u30ff\u3400-\u9fff])', ' \1 ', 'g');
  end if;
  v_words := btrim(regexp_replace(v_words, '[[:space:]]+', ' ', 'g'));
  if v_words = '' then
    return string_to_array(left(private.normalize_text(p_text), 40), ' ');
  elsif char_length(v_words) > 40 then
    return array(select left(word, 40) from unnest(string_to_array(v_words, ' ')) as word);
  end if;
  return string_to_array(v_words, ' ');
end;
$$;

comment on function private.search_words(text) is 'The words by which a text can be found, each at most 40 characters, some of them twice.';

revoke all on function private.search_words(text) from public;
