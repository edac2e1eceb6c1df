-- A venue's url name goes into QR codes and links, so it never changes by itself and an old one keeps leading to its venue.

create table private.reserved_url_names (
  url_name text primary key
);

alter table private.reserved_url_names enable row level security;

comment on table private.reserved_url_names is 'Words that routes of apps use and no venue may take.';

create table private.transliterations (
  letters text primary key,
  latin text not null
);

alter table private.transliterations enable row level security;

comment on table private.transliterations is 'How Cyrillic and Greek are written in Latin letters, in lower case; Latin letters with marks need no rows.';

create function private.slugify(p_text text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_text text := lower(normalize(p_text, nfkc));
  v_row record;
begin
  if v_text ~ '[\u0370-\u052f]' then
    for v_row in
      select transliteration.letters, transliteration.latin
      from private.transliterations as transliteration
      where strpos(v_text, transliteration.letters) > 0
      -- Two letters that sound together before each alone.
      order by char_length(transliteration.letters) desc
    loop
      v_text := replace(v_text, v_row.letters, v_row.latin);
    end loop;
  end if;
  return trim('-' from left(
    regexp_replace(lower(extensions.unaccent('extensions.unaccent'::regdictionary, v_text)), '[^a-z0-9]+', '-', 'g'), 100
  ));
end;
$$;

comment on function private.slugify(text) is
  'Text as part of a URL: transliterated, lower case, words joined by "-", at most 100 characters, empty when nothing is left.';

revoke all on function private.slugify(text) from public;
