-- A venue's url name goes into QR codes and links, so it never changes by itself and an old one keeps leading to its venue.

create table private.reserved_url_names (
  url_name text primary key
);

alter table private.reserved_url_names enable row level security;

comment on table private.reserved_url_names is 'Words that routes of apps use and no venue may take.';

create function private.slugify(p_text text)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$
  select trim('-' from left(
    regexp_replace(
      lower(extensions.unaccent('extensions.unaccent'::regdictionary, normalize(p_text, nfkc))), '[^a-z0-9]+', '-', 'g'
    ),
    100
  ));
$$;

comment on function private.slugify(text) is
  'Text as part of a URL: transliterated, lower case, words joined by "-", at most 100 characters, empty when nothing is left.';

revoke all on function private.slugify(text) from public;
