-- One song at a time, by hand.

create function private.index_book_artist(p_system_id uuid, p_artist_id integer)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_letter text;
  v_artists integer[];
  v_songs integer[];
begin
  select artist.letter into v_letter from private.song_artists as artist where artist.id = p_artist_id;
  select array_agg(listed.spelling_id order by listed.name), array_agg(listed.songs order by listed.name)
  into v_artists, v_songs
  from (
    select entered.spelling_id, entered.songs, artist.name
    from private.book_letters as entry
    cross join lateral unnest(entry.artists, entry.songs) as entered (spelling_id, songs)
    join private.song_spellings as spelling on spelling.id = entered.spelling_id
    join private.song_artists as artist on artist.id = spelling.artist_id
    where entry.system_id = p_system_id and entry.letter = v_letter and spelling.artist_id <> p_artist_id
    union all
    select min(spelling.id), count(*)::integer, artist.name
    from private.song_artists as artist
    join private.song_spellings as spelling on spelling.artist_id = artist.id
    join private.book_chunks as book on book.system_id = p_system_id and book.chunk = private.song_chunk(spelling.id)
    where artist.id = p_artist_id and get_bit(book.members, spelling.id % 240000) = 1
    group by artist.name
  ) as listed;

  if v_artists is null then
    delete from private.book_letters as entry where entry.system_id = p_system_id and entry.letter = v_letter;
  else
    insert into private.book_letters as entry (system_id, letter, artists, songs)
    values (p_system_id, v_letter, v_artists, v_songs)
    on conflict (system_id, letter) do update set artists = excluded.artists, songs = excluded.songs;
  end if;
end;
$$;

comment on function private.index_book_artist(uuid, integer) is
  'Brings what browsing reads up to date for one artist. Callers hold the lock of the book. Definer: books are private.';

revoke all on function private.index_book_artist(uuid, integer) from public;

create function private.set_book_spelling(p_system_id uuid, p_spelling_id integer, p_is_in_book boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_chunk integer := private.song_chunk(p_spelling_id);
  v_offset integer := p_spelling_id % 240000;
begin
  if p_is_in_book then
    insert into private.book_chunks as book (system_id, chunk, songs, members)
    values (p_system_id, v_chunk, 1, set_bit(decode(repeat('00', 30000), 'hex'), v_offset, 1))
    on conflict (system_id, chunk) do update set songs = book.songs + 1, members = set_bit(book.members, v_offset, 1);
  else
    delete from private.book_chunks as book where book.system_id = p_system_id and book.chunk = v_chunk and book.songs = 1;
    update private.book_chunks as book
    set songs = book.songs - 1, members = set_bit(book.members, v_offset, 0)
    where book.system_id = p_system_id and book.chunk = v_chunk;
  end if;

  update private.books as book
  set
    songs = book.songs + case when p_is_in_book then 1 else -1 end,
    spelling_ids = case
      when p_is_in_book and book.songs < 2000 then book.spelling_ids || p_spelling_id
      when not p_is_in_book and book.songs <= 2000 then array_remove(book.spelling_ids, p_spelling_id)
      -- Back to a short book.
      when not p_is_in_book and book.songs = 2001 then private.book_spellings(p_system_id)
    end,
    newest = case
      when p_is_in_book then (p_spelling_id || array_remove(book.newest, p_spelling_id))[:200]
      else array_remove(book.newest, p_spelling_id)
    end,
    content_hash = null,
    changed_at = now()
  where book.system_id = p_system_id;

  delete from private.book_drafts as draft where draft.system_id = p_system_id;
  perform private.index_book_artist(p_system_id, spelling.artist_id)
  from private.song_spellings as spelling
  where spelling.id = p_spelling_id;
end;
$$;

comment on function private.set_book_spelling(uuid, integer, boolean) is
  'Puts a spelling that is not in the book into it, or takes one that is out of it. Callers hold the lock of the book. Definer:
books are private.';

revoke all on function private.set_book_spelling(uuid, integer, boolean) from public;

create function private.require_system(p_system_id uuid, p_permission text)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(
    (select system.organization_id from public.systems as system where system.id = p_system_id), p_permission, 'system_not_found'
  );
end;
$$;

comment on function private.require_system(uuid, text) is
  'Refuses unless the caller holds the permission in the organization of the system; 404 system_not_found for everybody else.
Definer: callers may not see the table.';

revoke all on function private.require_system(uuid, text) from public;

create function private.require_artist(p_artist text)
returns void
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  if p_artist is null or p_artist !~ '[^[:space:]]' or char_length(p_artist) > 255 then
    perform private.raise_error(400, 'invalid_artist', 'The artist is empty or longer than 255 characters.', 'Send 1 to 255 characters.');
  end if;
end;
$$;

comment on function private.require_artist(text) is 'Refuses an artist that a book cannot hold.';

revoke all on function private.require_artist(text) from public;

create function private.require_song_text(p_artist text, p_title text)
returns void
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  perform private.require_artist(p_artist);
  if p_title is null or p_title !~ '[^[:space:]]' or char_length(p_title) > 255 then
    perform private.raise_error(400, 'invalid_title', 'The title is empty or longer than 255 characters.', 'Send 1 to 255 characters.');
  end if;
end;
$$;

comment on function private.require_song_text(text, text) is 'Refuses an artist or a title that a book cannot hold.';

revoke all on function private.require_song_text(text, text) from public;

create function private.catalogue_spelling(p_artist text, p_title text)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  return (select found.spelling_ids[1] from private.require_spellings(array[p_artist], array[p_title]) as found);
end;
$$;

comment on function private.catalogue_spelling(text, text) is 'The spelling with this artist and title, added when new. Definer: the catalogue is private.';

revoke all on function private.catalogue_spelling(text, text) from public;

create function private.spelling_values(p_spelling_id integer)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object('song_id', spelling.song_id, 'artist', spelling.artist, 'title', spelling.title)
  from private.song_spellings as spelling
  where spelling.id = p_spelling_id;
$$;

comment on function private.spelling_values(integer) is 'A song as the audit log tells of it. Definer: the catalogue is private.';

revoke all on function private.spelling_values(integer) from public;

create function private.add_song(p_system_id uuid, p_artist text, p_title text)
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_spelling_id integer;
  v_song_id bigint;
begin
  perform private.require_system(p_system_id, 'songs:write');
  perform private.require_song_text(p_artist, p_title);
  v_spelling_id := private.catalogue_spelling(btrim(p_artist), btrim(p_title));
  select spelling.song_id into v_song_id from private.song_spellings as spelling where spelling.id = v_spelling_id;
  perform private.lock_book(p_system_id);
  if private.book_spelling(p_system_id, v_song_id) is not null then
    perform private.raise_error(
      409, 'song_already_exists', 'The book already has this song.', 'Edit the song it has if the spelling is wrong.'
    );
  end if;
  perform private.set_book_spelling(p_system_id, v_spelling_id, true);
  perform private.record_book_change(p_system_id, 'insert', null, private.spelling_values(v_spelling_id));
  return v_song_id;
end;
$$;

comment on function private.add_song(uuid, text, text) is 'See public.add_song. Definer: books are private; checks songs:write itself.';

revoke all on function private.add_song(uuid, text, text) from public;
grant execute on function private.add_song(uuid, text, text) to authenticated;

create function private.update_song(p_system_id uuid, p_song_id bigint, p_artist text, p_title text)
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_old private.song_spellings;
  v_new_id integer;
  v_song_id bigint;
begin
  perform private.require_system(p_system_id, 'songs:write');
  select spelling.* into v_old
  from private.song_spellings as spelling
  where spelling.id = private.book_spelling(p_system_id, p_song_id);
  p_artist := coalesce(p_artist, v_old.artist);
  p_title := coalesce(p_title, v_old.title);
  if v_old.id is not null then
    perform private.require_song_text(p_artist, p_title);
    -- The catalogue before the book, as uploads do: in one order nobody waits in a circle.
    v_new_id := private.catalogue_spelling(btrim(p_artist), btrim(p_title));
  end if;
  perform private.lock_book(p_system_id);
  if v_old.id is distinct from private.book_spelling(p_system_id, p_song_id) or v_old.id is null then
    perform private.raise_error(404, 'song_not_found', 'The book does not have this song.', 'Search the book again.');
  end if;
  select spelling.song_id into v_song_id from private.song_spellings as spelling where spelling.id = v_new_id;
  if v_new_id <> v_old.id then
    if v_song_id <> p_song_id and private.book_spelling(p_system_id, v_song_id) is not null then
      perform private.raise_error(
        409, 'song_already_exists', 'The book already has a song with this artist and title.', 'Delete one of the two instead.'
      );
    end if;
    perform private.set_book_spelling(p_system_id, v_old.id, false);
    perform private.set_book_spelling(p_system_id, v_new_id, true);
    perform private.record_book_change(
      p_system_id, 'update', private.spelling_values(v_old.id), private.spelling_values(v_new_id)
    );
  end if;
  return v_song_id;
end;
$$;

comment on function private.update_song(uuid, bigint, text, text) is 'See public.update_song. Definer: books are private; checks songs:write itself.';

revoke all on function private.update_song(uuid, bigint, text, text) from public;
grant execute on function private.update_song(uuid, bigint, text, text) to authenticated;

create function private.delete_song(p_system_id uuid, p_song_id bigint)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_spelling_id integer;
begin
  perform private.require_system(p_system_id, 'songs:write');
  perform private.lock_book(p_system_id);
  v_spelling_id := private.book_spelling(p_system_id, p_song_id);
  if v_spelling_id is null then
    perform private.raise_error(404, 'song_not_found', 'The book does not have this song.', 'Search the book again.');
  end if;
  perform private.set_book_spelling(p_system_id, v_spelling_id, false);
  perform private.record_book_change(p_system_id, 'delete', private.spelling_values(v_spelling_id), null);
end;
$$;

comment on function private.delete_song(uuid, bigint) is 'See public.delete_song. Definer: books are private; checks songs:write itself.';

revoke all on function private.delete_song(uuid, bigint) from public;
grant execute on function private.delete_song(uuid, bigint) to authenticated;

create function private.add_songs(p_system_id uuid, p_songs jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
set jit = off
set work_mem = '64MB'
as $$
declare
  v_songs record;
  v_found record;
  v_places integer[];
  v_present bigint[];
begin
  perform private.require_system(p_system_id, 'songs:write');
  if jsonb_typeof(p_songs) is distinct from 'array' or jsonb_array_length(p_songs) not between 1 and 10000 then
    perform private.raise_error(
      400, 'invalid_songs', 'The songs are not a list of 1 to 10,000.', 'Send [{"artist": "...", "title": "..."}, ...]; import a file for more.'
    );
  end if;
  perform private.enforce_rate_limit(
    'song_bulk_additions', (select system.organization_id::text from public.systems as system where system.id = p_system_id)
  );

  select * into v_songs from private.read_songs(p_songs);
  v_places := array(
    select number
    from generate_series(1, jsonb_array_length(p_songs)) as number
    where not number = any (select (error.value ->> 'index')::integer + 1 from jsonb_array_elements(v_songs.errors) as error)
  );
  -- The catalogue before the book, as uploads do: in one order nobody waits in a circle.
  select * into v_found
  from private.require_spellings(
    array(select btrim(artist) from unnest(v_songs.artists) as artist), array(select btrim(title) from unnest(v_songs.titles) as title)
  );
  perform private.lock_book(p_system_id);
  select coalesce(array_agg(song.song_id), '{}') into v_present from private.book_songs(p_system_id) as song;

  return (
    with
      rows as (
        select
          v_places[sent.number] as place, sent.song_id, sent.spelling_id, sent.artist_id,
          row_number() over (partition by sent.song_id order by sent.number) = 1
            and not sent.song_id = any (select unnest(v_present)) as is_new
        from unnest(v_found.song_ids, v_found.spelling_ids, v_found.artist_ids)
          with ordinality as sent (song_id, spelling_id, artist_id, number)
      ),
      added as (
        select private.add_to_book(p_system_id, array_agg(rows.spelling_id), array_agg(rows.artist_id))
        from rows
        where rows.is_new
        having count(*) > 0
      ),
      told as (
        select rows.place, case when rows.is_new then 'added' else 'present' end as outcome, rows.song_id, null as problem
        from rows
        left join added on true
        union all
        select (error.value ->> 'index')::integer + 1, 'invalid', null, error.value ->> 'detail'
        from jsonb_array_elements(v_songs.errors) as error
      )
    select jsonb_build_object(
      'added', count(*) filter (where told.outcome = 'added'),
      'present', count(*) filter (where told.outcome = 'present'),
      'invalid', count(*) filter (where told.outcome = 'invalid'),
      'songs', jsonb_agg(to_jsonb(told) - 'place' order by told.place)
    )
    from told
  );
end;
$$;

comment on function private.add_songs(uuid, jsonb) is 'See public.add_songs. Definer: books are private; checks songs:write itself.';

revoke all on function private.add_songs(uuid, jsonb) from public;
grant execute on function private.add_songs(uuid, jsonb) to authenticated;

create function private.add_to_book(p_system_id uuid, p_spelling_ids integer[], p_artist_ids integer[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_spelling_ids integer[];
  v_artist_ids integer[];
begin
  select array_agg(song.spelling_id), array_agg(song.artist_id) into v_spelling_ids, v_artist_ids
  from private.book_songs(p_system_id) as song;
  perform private.replace_book(p_system_id, v_spelling_ids || p_spelling_ids, v_artist_ids || p_artist_ids);
  update private.books as book set content_hash = null where book.system_id = p_system_id;
  perform private.record_book_change(p_system_id, 'insert', null, jsonb_build_object('songs_added', cardinality(p_spelling_ids)));
end;
$$;

comment on function private.add_to_book(uuid, integer[], integer[]) is
  'Puts many spellings of songs that are not in the book into it at once. Callers hold the lock of the book. Definer: books are private.';

revoke all on function private.add_to_book(uuid, integer[], integer[]) from public;

create function private.get_song(p_system_id uuid, p_song_id bigint)
returns table (song_id bigint, artist text, title text)
language plpgsql
stable
security definer
rows 1
set search_path = ''
as $$
begin
  perform private.require_system(p_system_id, 'songs:read');
  return query select p_song_id, song.artist, song.title from private.book_song(p_system_id, p_song_id) as song;
  if not found then
    perform private.raise_error(404, 'song_not_found', 'The book does not have this song.', 'Search the book again.');
  end if;
end;
$$;

comment on function private.get_song(uuid, bigint) is 'See public.get_song. Definer: books are private; checks songs:read itself.';

revoke all on function private.get_song(uuid, bigint) from public;
grant execute on function private.get_song(uuid, bigint) to authenticated;

create function private.clear_song_book(p_system_id uuid)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_songs integer;
begin
  perform private.require_system(p_system_id, 'songs:write');
  perform private.enforce_rate_limit(
    'song_book_clearings', (select system.organization_id::text from public.systems as system where system.id = p_system_id)
  );
  perform private.lock_book(p_system_id);
  v_songs := private.book_size(p_system_id);
  perform private.replace_book(p_system_id, '{}', '{}');
  update private.books as book set content_hash = null where book.system_id = p_system_id;
  if v_songs > 0 then
    perform private.record_book_change(p_system_id, 'delete', jsonb_build_object('songs', v_songs), null);
  end if;
  return v_songs;
end;
$$;

comment on function private.clear_song_book(uuid) is 'See public.clear_song_book. Definer: books are private; checks songs:write itself.';

revoke all on function private.clear_song_book(uuid) from public;
grant execute on function private.clear_song_book(uuid) to authenticated;

create function private.get_book_upload(p_system_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_system(p_system_id, 'songs:read');
  return jsonb_build_object(
    'staged', private.book_upload_report(p_system_id, 'staged'), 'published', private.book_upload_report(p_system_id, 'published')
  );
end;
$$;

comment on function private.get_book_upload(uuid) is 'See public.get_book_upload. Definer: uploads are private; checks songs:read itself.';

revoke all on function private.get_book_upload(uuid) from public;
grant execute on function private.get_book_upload(uuid) to authenticated;

create function private.require_staged_upload(p_system_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_system(p_system_id, 'songs:write');
  perform private.lock_book(p_system_id);
  if not exists (
    select from private.book_uploads as upload where upload.system_id = p_system_id and upload.state = 'staged'
  ) then
    perform private.raise_error(404, 'upload_not_found', 'No upload of this book is waiting.', 'Start one in the karaoke program.');
  end if;
end;
$$;

comment on function private.require_staged_upload(uuid) is
  'Refuses unless the caller may write the songs of the system and an upload is waiting; locks the book. Definer: uploads are private.';

revoke all on function private.require_staged_upload(uuid) from public;

create function private.publish_book_upload(p_system_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_staged_upload(p_system_id);
  return (
    select jsonb_build_object('changed', published.changed, 'songs', published.songs)
    from private.book_publish(p_system_id) as published
  );
end;
$$;

comment on function private.publish_book_upload(uuid) is 'See public.publish_book_upload. Definer: uploads are private; checks songs:write itself.';

revoke all on function private.publish_book_upload(uuid) from public;
grant execute on function private.publish_book_upload(uuid) to authenticated;

create function private.discard_book_upload(p_system_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_staged_upload(p_system_id);
  delete from private.book_uploads as upload where upload.system_id = p_system_id and upload.state = 'staged';
end;
$$;

comment on function private.discard_book_upload(uuid) is 'See public.discard_book_upload. Definer: uploads are private; checks songs:write itself.';

revoke all on function private.discard_book_upload(uuid) from public;
grant execute on function private.discard_book_upload(uuid) to authenticated;
