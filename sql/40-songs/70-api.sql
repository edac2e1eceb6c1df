-- What apps call. Thin: they run as the caller and reach one definer function each, which checks who may do what.

create function private.require_page(p_limit integer, p_offset integer)
returns void
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  if p_limit is null or p_limit not between 1 and 100 then
    perform private.raise_error(400, 'invalid_limit', 'The limit is not between 1 and 100.', 'Send 1 to 100, or leave it out.');
  end if;
  if p_offset is null or p_offset not between 0 and 1000000 then
    perform private.raise_error(400, 'invalid_offset', 'The offset is not between 0 and 1,000,000.', 'Send 0 or more, or leave it out.');
  end if;
end;
$$;

comment on function private.require_page(integer, integer) is 'Refuses a page that makes no sense.';

revoke all on function private.require_page(integer, integer) from public;

create function private.require_query(p_query text)
returns void
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  if p_query is null or char_length(p_query) > 200 or p_query !~ '[^[:space:]]' then
    perform private.raise_error(400, 'invalid_query', 'The query is empty or longer than 200 characters.', 'Send 1 to 200 characters.');
  end if;
end;
$$;

comment on function private.require_query(text) is 'Refuses a query that cannot be searched for.';

revoke all on function private.require_query(text) from public;

create function private.require_book(p_venue_id uuid, p_limit integer, p_offset integer)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_page(p_limit, p_offset);
  if not exists (select from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null) then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue.', 'Check the id.');
  end if;
  perform private.require_admission(p_venue_id);
  return private.venue_system(p_venue_id);
end;
$$;

comment on function private.require_book(uuid, integer, integer) is
  'The system whose book a venue uses, once the venue is found and the page makes sense. Definer: callers may not see the tables.';

revoke all on function private.require_book(uuid, integer, integer) from public;

create function private.search_songs(p_venue_id uuid, p_query text, p_limit integer, p_offset integer)
returns table (song_id bigint, artist text, title text, match text, total_count integer)
language plpgsql
stable
security definer
rows 20
set search_path = ''
as $$
begin
  perform private.require_query(p_query);
  return query select * from private.search_book(private.require_book(p_venue_id, p_limit, p_offset), p_query, p_limit, p_offset, p_venue_id);
end;
$$;

comment on function private.search_songs(uuid, text, integer, integer) is 'See public.search_songs. Definer: books are private; a venue''s book is public.';

revoke all on function private.search_songs(uuid, text, integer, integer) from public;
grant execute on function private.search_songs(uuid, text, integer, integer) to anon, authenticated;

create function public.search_songs(p_venue_id uuid, p_query text, p_limit integer default 20, p_offset integer default 0)
returns table (song_id bigint, artist text, title text, match text, total_count integer)
language sql
stable
security invoker
rows 20
set search_path = ''
as $$
  select * from private.search_songs(p_venue_id, p_query, p_limit, p_offset);
$$;

comment on function public.search_songs(uuid, text, integer, integer) is
  'Songs in the book of a venue for what a singer types: every word counts, the last one as a beginning; accents, case and
punctuation do not matter and small slips are forgiven. Best first; match is exact, prefix, words or fuzzy; total_count counts up to
100. Query 1-200 characters, limit 1-100, offset from 0. Errors: 400 invalid_query, invalid_limit, invalid_offset; 404 venue_not_found.';

revoke all on function public.search_songs(uuid, text, integer, integer) from public;
grant execute on function public.search_songs(uuid, text, integer, integer) to anon, authenticated;

create function private.browse_letters(p_venue_id uuid)
returns table (letter text, artists integer, songs integer)
language plpgsql
stable
security definer
rows 27
set search_path = ''
as $$
begin
  return query select * from private.browse_book_letters(private.require_book(p_venue_id, 1, 0));
end;
$$;

comment on function private.browse_letters(uuid) is 'See public.browse_letters. Definer: books are private; a venue''s book is public.';

revoke all on function private.browse_letters(uuid) from public;
grant execute on function private.browse_letters(uuid) to anon, authenticated;

create function public.browse_letters(p_venue_id uuid)
returns table (letter text, artists integer, songs integer)
language sql
stable
security invoker
rows 27
set search_path = ''
as $$
  select * from private.browse_letters(p_venue_id);
$$;

comment on function public.browse_letters(uuid) is
  'The letters under which the book of a venue has artists, with how many artists and songs; digits and symbols under "#". Errors:
404 venue_not_found.';

revoke all on function public.browse_letters(uuid) from public;
grant execute on function public.browse_letters(uuid) to anon, authenticated;

create function private.browse_artists(p_venue_id uuid, p_letter text, p_limit integer, p_offset integer)
returns table (artist text, songs integer, total_count integer)
language plpgsql
stable
security definer
rows 20
set search_path = ''
as $$
begin
  if p_letter is null or char_length(p_letter) <> 1 then
    perform private.raise_error(400, 'invalid_letter', 'The letter is not one character.', 'Send one letter, or "#" for digits and symbols.');
  end if;
  return query select * from private.browse_book_artists(private.require_book(p_venue_id, p_limit, p_offset), p_letter, p_limit, p_offset);
end;
$$;

comment on function private.browse_artists(uuid, text, integer, integer) is 'See public.browse_artists. Definer: books are private; a venue''s book is public.';

revoke all on function private.browse_artists(uuid, text, integer, integer) from public;
grant execute on function private.browse_artists(uuid, text, integer, integer) to anon, authenticated;

create function public.browse_artists(p_venue_id uuid, p_letter text, p_limit integer default 20, p_offset integer default 0)
returns table (artist text, songs integer, total_count integer)
language sql
stable
security invoker
rows 20
set search_path = ''
as $$
  select * from private.browse_artists(p_venue_id, p_letter, p_limit, p_offset);
$$;

comment on function public.browse_artists(uuid, text, integer, integer) is
  'The artists under a letter in the book of a venue, in order, with how many songs each has; "#" for digits and symbols. Errors: 400
invalid_letter, invalid_limit, invalid_offset; 404 venue_not_found.';

revoke all on function public.browse_artists(uuid, text, integer, integer) from public;
grant execute on function public.browse_artists(uuid, text, integer, integer) to anon, authenticated;

create function private.browse_artist(p_venue_id uuid, p_artist text, p_limit integer, p_offset integer)
returns table (song_id bigint, artist text, title text)
language plpgsql
stable
security definer
rows 20
set search_path = ''
as $$
begin
  perform private.require_artist(p_artist);
  return query select * from private.browse_book_artist(private.require_book(p_venue_id, p_limit, p_offset), p_artist, p_limit, p_offset, p_venue_id);
end;
$$;

comment on function private.browse_artist(uuid, text, integer, integer) is 'See public.browse_artist. Definer: books are private; a venue''s book is public.';

revoke all on function private.browse_artist(uuid, text, integer, integer) from public;
grant execute on function private.browse_artist(uuid, text, integer, integer) to anon, authenticated;

create function public.browse_artist(p_venue_id uuid, p_artist text, p_limit integer default 20, p_offset integer default 0)
returns table (song_id bigint, artist text, title text)
language sql
stable
security invoker
rows 20
set search_path = ''
as $$
  select * from private.browse_artist(p_venue_id, p_artist, p_limit, p_offset);
$$;

comment on function public.browse_artist(uuid, text, integer, integer) is
  'The songs of an artist in the book of a venue, by title. Errors: 400 invalid_artist, invalid_limit, invalid_offset; 404
venue_not_found.';

revoke all on function public.browse_artist(uuid, text, integer, integer) from public;
grant execute on function public.browse_artist(uuid, text, integer, integer) to anon, authenticated;

create function private.newest_songs(p_venue_id uuid, p_limit integer)
returns table (song_id bigint, artist text, title text)
language plpgsql
stable
security definer
rows 20
set search_path = ''
as $$
begin
  return query select * from private.newest_book_songs(private.require_book(p_venue_id, p_limit, 0), p_limit, p_venue_id);
end;
$$;

comment on function private.newest_songs(uuid, integer) is 'See public.newest_songs. Definer: books are private; a venue''s book is public.';

revoke all on function private.newest_songs(uuid, integer) from public;
grant execute on function private.newest_songs(uuid, integer) to anon, authenticated;

create function public.newest_songs(p_venue_id uuid, p_limit integer default 20)
returns table (song_id bigint, artist text, title text)
language sql
stable
security invoker
rows 20
set search_path = ''
as $$
  select * from private.newest_songs(p_venue_id, p_limit);
$$;

comment on function public.newest_songs(uuid, integer) is
  'The songs added last to the book of a venue, newest first. Errors: 400 invalid_limit; 404 venue_not_found.';

revoke all on function public.newest_songs(uuid, integer) from public;
grant execute on function public.newest_songs(uuid, integer) to anon, authenticated;

create function private.random_songs(p_venue_id uuid, p_limit integer)
returns table (song_id bigint, artist text, title text)
language plpgsql
volatile
security definer
rows 20
set search_path = ''
as $$
begin
  return query select * from private.random_book_songs(private.require_book(p_venue_id, p_limit, 0), p_limit, p_venue_id);
end;
$$;

comment on function private.random_songs(uuid, integer) is 'See public.random_songs. Definer: books are private; a venue''s book is public.';

revoke all on function private.random_songs(uuid, integer) from public;
grant execute on function private.random_songs(uuid, integer) to anon, authenticated;

create function public.random_songs(p_venue_id uuid, p_limit integer default 20)
returns table (song_id bigint, artist text, title text)
language sql
volatile
security invoker
rows 20
set search_path = ''
as $$
  select * from private.random_songs(p_venue_id, p_limit);
$$;

comment on function public.random_songs(uuid, integer) is
  'Some songs of the book of a venue, drawn by lot. Errors: 400 invalid_limit; 404 venue_not_found.';

revoke all on function public.random_songs(uuid, integer) from public;
grant execute on function public.random_songs(uuid, integer) to anon, authenticated;

create function public.add_song(p_system_id uuid, p_artist text, p_title text)
returns bigint
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.add_song(p_system_id, p_artist, p_title);
$$;

comment on function public.add_song(uuid, text, text) is
  'Adds one song to the book of a system and returns its id. Needs songs:write. Errors: 400 invalid_artist, invalid_title; 401; 403
permission_denied; 404 system_not_found; 409 song_already_exists.';

revoke all on function public.add_song(uuid, text, text) from public;
grant execute on function public.add_song(uuid, text, text) to authenticated;

create function public.add_songs(p_system_id uuid, p_songs jsonb)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.add_songs(p_system_id, p_songs);
$$;

comment on function public.add_songs(uuid, jsonb) is
  'Adds up to 10,000 songs, [{"artist", "title"}] of 1-255 characters each, to the book of a system. Returns {"added", "present",
"invalid"}, how many of each, and "songs": in the order they were sent {"outcome", "song_id", "problem"}, where present means that the
book or the list had it already. An invalid song does not keep the others out. Needs songs:write. Errors: 400 invalid_songs; 401; 403
permission_denied; 404 system_not_found; 429.';

revoke all on function public.add_songs(uuid, jsonb) from public;
grant execute on function public.add_songs(uuid, jsonb) to authenticated;

create function public.get_song(p_system_id uuid, p_song_id bigint)
returns table (song_id bigint, artist text, title text)
language sql
stable
security invoker
rows 1
set search_path = ''
as $$
  select * from private.get_song(p_system_id, p_song_id);
$$;

comment on function public.get_song(uuid, bigint) is
  'A song of the book of a system as the host spells it. Needs songs:read. Errors: 401; 403 permission_denied; 404 system_not_found,
song_not_found.';

revoke all on function public.get_song(uuid, bigint) from public;
grant execute on function public.get_song(uuid, bigint) to authenticated;

create function public.update_song(p_system_id uuid, p_song_id bigint, p_artist text default null, p_title text default null)
returns bigint
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.update_song(p_system_id, p_song_id, p_artist, p_title);
$$;

comment on function public.update_song(uuid, bigint, text, text) is
  'Changes how a song of the book is written; what is left out stays. Returns the id it has now: another one when the words changed and
not only their spelling. Needs songs:write. Errors: 400 invalid_artist, invalid_title; 401; 403 permission_denied; 404
system_not_found, song_not_found; 409 song_already_exists.';

revoke all on function public.update_song(uuid, bigint, text, text) from public;
grant execute on function public.update_song(uuid, bigint, text, text) to authenticated;

create function public.delete_song(p_system_id uuid, p_song_id bigint)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.delete_song(p_system_id, p_song_id);
$$;

comment on function public.delete_song(uuid, bigint) is
  'Takes one song out of the book of a system. Needs songs:write. Errors: 401; 403 permission_denied; 404 system_not_found,
song_not_found.';

revoke all on function public.delete_song(uuid, bigint) from public;
grant execute on function public.delete_song(uuid, bigint) to authenticated;

create function public.clear_song_book(p_system_id uuid)
returns integer
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.clear_song_book(p_system_id);
$$;

comment on function public.clear_song_book(uuid) is
  'Takes every song out of the book of a system and returns how many there were. Needs songs:write. Errors: 401; 403
permission_denied; 404 system_not_found; 429.';

revoke all on function public.clear_song_book(uuid) from public;
grant execute on function public.clear_song_book(uuid) to authenticated;

create function public.get_book_upload(p_system_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.get_book_upload(p_system_id);
$$;

comment on function public.get_book_upload(uuid) is
  'The upload of the book that is under way (staged) and the last one published: what came in, which songs OpenKJ left out of it
(missing_songs, missing_between), whether it was cut off by a restart (is_interrupted), and why it waits although its end came (doubt):
"gap" when at least 500 songs of the live book are missing in one place, as when batches are lost, "interrupted" when it was cut off
and is smaller. Publish it, drop it or send it again. Needs songs:read. Errors: 401; 403 permission_denied; 404 system_not_found.';

revoke all on function public.get_book_upload(uuid) from public;
grant execute on function public.get_book_upload(uuid) to authenticated;

create function public.publish_book_upload(p_system_id uuid)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.publish_book_upload(p_system_id);
$$;

comment on function public.publish_book_upload(uuid) is
  'Makes a waiting upload the book. Needs songs:write. Errors: 401; 403 permission_denied; 404 system_not_found, upload_not_found.';

revoke all on function public.publish_book_upload(uuid) from public;
grant execute on function public.publish_book_upload(uuid) to authenticated;

create function public.discard_book_upload(p_system_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.discard_book_upload(p_system_id);
$$;

comment on function public.discard_book_upload(uuid) is
  'Drops a waiting upload; the book stays as it is. Needs songs:write. Errors: 401; 403 permission_denied; 404 system_not_found,
upload_not_found.';

revoke all on function public.discard_book_upload(uuid) from public;
grant execute on function public.discard_book_upload(uuid) to authenticated;

create function private.list_songs(
  p_system_id uuid, p_letter text, p_limit integer, p_offset integer, p_query text, p_artist text
)
returns table (song_id bigint, artist text, title text, total_count integer)
language plpgsql
stable
security definer
rows 20
set search_path = ''
as $$
begin
  perform private.require_system(p_system_id, 'songs:read');
  perform private.require_page(p_limit, p_offset);
  if num_nonnulls(p_letter, p_query, p_artist) > 1 then
    perform private.raise_error(400, 'invalid_filter', 'There is more than one filter.', 'Send one of letter, query and artist, or none.');
  elsif p_query is not null then
    perform private.require_query(p_query);
    return query
    select song.song_id, song.artist, song.title, song.total_count
    from private.search_book(p_system_id, p_query, p_limit, p_offset) as song;
  elsif p_artist is not null then
    perform private.require_artist(p_artist);
    return query
    select song.song_id, song.artist, song.title, song.total_count
    from (
      select every.*, count(*) over ()::integer as total_count
      from private.browse_book_artist(p_system_id, p_artist, null, 0) with ordinality as every (song_id, artist, title, place)
    ) as song
    order by song.place
    limit p_limit offset p_offset;
  else
    if char_length(p_letter) <> 1 then
      perform private.raise_error(400, 'invalid_letter', 'The letter is not one character.', 'Send one letter, "#", or leave it out.');
    end if;
    return query
    select
      song.song_id, song.artist, song.title,
      (
        select coalesce(sum(entry.songs), 0)
        from private.browse_book_letters(p_system_id) as entry
        where p_letter is null or entry.letter = private.artist_letter(private.normalize_text(p_letter))
      )::integer
    from private.browse_book(p_system_id, p_letter, p_limit, p_offset) as song;
  end if;
end;
$$;

comment on function private.list_songs(uuid, text, integer, integer, text, text) is
  'See public.list_songs. Definer: books are private; checks songs:read itself.';

revoke all on function private.list_songs(uuid, text, integer, integer, text, text) from public;
grant execute on function private.list_songs(uuid, text, integer, integer, text, text) to authenticated;

create function public.list_songs(
  p_system_id uuid,
  p_letter text default null,
  p_limit integer default 20,
  p_offset integer default 0,
  p_query text default null,
  p_artist text default null
)
returns table (song_id bigint, artist text, title text, total_count integer)
language sql
stable
security invoker
rows 20
set search_path = ''
as $$
  select * from private.list_songs(p_system_id, p_letter, p_limit, p_offset, p_query, p_artist);
$$;

comment on function public.list_songs(uuid, text, integer, integer, text, text) is
  'The songs in the book of a system, for the people who keep it: all by artist and title, those of one letter ("#" for digits and
symbols), those of one artist, or what a query finds, best first and counted up to 100. Songs that venues have blocked are among them.
Needs songs:read. Errors: 400 invalid_filter, invalid_letter, invalid_query, invalid_artist, invalid_limit, invalid_offset; 401; 403
permission_denied; 404 system_not_found.';

revoke all on function public.list_songs(uuid, text, integer, integer, text, text) from public;
grant execute on function public.list_songs(uuid, text, integer, integer, text, text) to authenticated;
