-- What apps of singers for OpenKJ's hosted service say: the same URL and one JSON object, without a key or a session. The
-- venue's guest rules hold for them. Also the plain list of a book, for programs that have no search of their own.

create function private.json_number(p_value jsonb)
returns double precision
language sql
immutable
security invoker
set search_path = ''
as $$
  select case
    when jsonb_typeof(p_value) in ('number', 'string') and p_value #>> '{}' ~ '^[-+]?[0-9]{1,9}(\.[0-9]{1,20})?$'
      then (p_value #>> '{}')::double precision
  end;
$$;

comment on function private.json_number(jsonb) is 'A number sent as number or text, else null.';

revoke all on function private.json_number(jsonb) from public;

create function private.split_singer_names(p_text text)
returns text[]
language sql
immutable
security invoker
set search_path = ''
as $$
  -- A comma alone is no group: somebody may write "Parker, Kim".
  select case
    when p_text ~ '\s&\s' then regexp_split_to_array(btrim(p_text), '\s*,\s*(?:&\s+)?|\s+&\s+')
    else array[p_text]
  end;
$$;

comment on function private.split_singer_names(text) is 'The singers of "A & B", "A, B & C" or "A, B, & C"; any other text is one name.';

revoke all on function private.split_singer_names(text) from public;

create function private.find_dialect_venue(p_body jsonb)
returns public.venues
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_venue public.venues;
begin
  select venue.* into v_venue
  from private.venue_url_names as used
  join public.venues as venue on venue.id = used.venue_id
  where used.url_name = lower(btrim(p_body ->> 'venueUrlName')) and venue.archived_at is null;
  return v_venue;
end;
$$;

comment on function private.find_dialect_venue(jsonb) is 'The venue with this url name, or former url name; null when there is none.';

revoke all on function private.find_dialect_venue(jsonb) from public;

create function private.require_dialect_venue(p_body jsonb)
returns public.venues
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_venue public.venues := private.find_dialect_venue(p_body);
begin
  if v_venue.id is null then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue. Check the code on the poster.');
  end if;
  return v_venue;
end;
$$;

comment on function private.require_dialect_venue(jsonb) is 'As find_dialect_venue. Errors: 404 venue_not_found.';

revoke all on function private.require_dialect_venue(jsonb) from public;

create function private.submit_dialect_request(p_venue public.venues, p_body jsonb, p_address inet)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_address constant text := coalesce(host(p_address), 'unknown');
  v_names text[] := private.clean_singer_names(private.split_singer_names(p_body ->> 'singerName'));
  v_song_id bigint := case when p_body ->> 'songId' ~ '^[0-9]{1,18}$' then (p_body ->> 'songId')::bigint end;
  v_key_change integer := case
    when p_body -> 'keyChange' is null or p_body ->> 'keyChange' ~ '^\s*$' then 0
    when p_body ->> 'keyChange' ~ '^[-+]?[0-9]{1,2}$' then (p_body ->> 'keyChange')::integer
  end;
begin
  if v_song_id is null then
    perform private.raise_error(400, 'song_missing', 'A request needs the songId of a song that was found.');
  end if;
  if v_key_change is null then
    perform private.raise_error(400, 'invalid_key_change', 'The key can be changed by -12 to 12 semitones, like "+1".');
  end if;
  perform private.require_admission(p_venue.id);

  -- From here on the requests of the organization follow one another, as in insert_request.
  perform
  from private.organization_counters as counter
  where counter.organization_id = p_venue.organization_id
  for no key update;

  if exists (
    select
    from private.requests_of_singer(p_venue.id, null, v_names, null) as request
    where request.song_id = v_song_id and request.requested_at > now() - interval '1 minute'
  ) then
    -- The button was pressed twice, or the app sent it again.
    return;
  end if;

  -- An app that names its device is held to that; else those who share the bar's Wi-Fi are told apart by their names.
  perform private.enforce_rate_limit(
    'requests_per_device', v_address || ' ' || md5(coalesce(nullif(p_body ->> 'deviceId', ''), lower(v_names::text)))
  );
  perform private.enforce_rate_limit('requests_per_address', v_address);
  perform private.enforce_rate_limit(
    'requests_per_venue', p_venue.id::text,
    (select rules.max_requests_per_hour from public.venue_rules as rules where rules.venue_id = p_venue.id)
  );

  perform private.insert_request(p_venue.id, null, null, v_names, v_song_id, null, null, v_key_change, null, null, false);
end;
$$;

comment on function private.submit_dialect_request(public.venues, jsonb, inet) is
  'Asks for a song as a guest without a session, known by address, device and name. Sent again within a minute it stays one request.
Errors: as submit_request.';

revoke all on function private.submit_dialect_request(public.venues, jsonb, inet) from public;

create function private.browse_dialect_book(p_system_id uuid, p_letter text)
returns table (song_id bigint, artist text, title text)
language sql
stable
security invoker
rows 1000
set search_path = ''
as $$
  -- A book has digits and symbols under one sign; here they are "#" and "@".
  select song.song_id, song.artist, song.title
  from private.browse_book(p_system_id, case when p_letter = '@' then '#' else p_letter end, 5000, 0)
    with ordinality as song (song_id, artist, title, place)
  where p_letter not in ('#', '@') or (private.normalize_text(song.artist) ~ '^[0-9]') = (p_letter = '#')
  order by song.place;
$$;

comment on function private.browse_dialect_book(uuid, text) is 'The first 5,000 songs of a book under a letter, "#" for digits or "@" for symbols.';

revoke all on function private.browse_dialect_book(uuid, text) from public;

create function private.singer_dialect_command(p_command text, p_body jsonb, p_address inet)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_venue public.venues;
  v_songs jsonb;
  v_wrong text;
begin
  select string_agg(field, ', ') into v_wrong
  from unnest(array['venueUrlName', 'searchString', 'browseBy', 'letter', 'songId', 'singerName', 'keyChange', 'deviceId']) as field
  where jsonb_typeof(p_body -> field) in ('array', 'object');
  if v_wrong is not null then
    perform private.raise_error(400, 'invalid_text', format('These fields must be texts: %s.', v_wrong));
  end if;

  case p_command
    when 'venueExists' then
      return jsonb_build_object('exists', (private.find_dialect_venue(p_body)).id is not null);

    when 'venueAccepting', 'getAccepting' then
      v_venue := private.require_dialect_venue(p_body);
      return jsonb_build_object('venue_id', v_venue.openkj_venue_id, 'accepting', v_venue.accepting_requests);

    when 'search' then
      v_venue := private.require_dialect_venue(p_body);
      select coalesce(
        jsonb_agg(
          jsonb_build_object('song_id', song.song_id, 'artist', song.artist, 'title', song.title) order by song.place
        ), '[]'
      )
      into v_songs
      from private.search_songs(v_venue.id, p_body ->> 'searchString', 100, 0)
        with ordinality as song (song_id, artist, title, match, total_count, place);
      return jsonb_build_object('song_count', jsonb_array_length(v_songs), 'songs', v_songs);

    when 'browse' then
      v_venue := private.require_dialect_venue(p_body);
      if coalesce(p_body ->> 'browseBy', 'artist') <> 'artist' or coalesce(char_length(p_body ->> 'letter'), 0) <> 1 then
        perform private.raise_error(
          400, 'invalid_letter', 'Songs are browsed by artist under one letter, "#" for digits or "@" for symbols.'
        );
      end if;
      select coalesce(
        jsonb_agg(
          jsonb_build_object('songid', song.song_id::text, 'artist', song.artist, 'title', song.title) order by song.place
        ), '[]'
      )
      into v_songs
      from private.browse_dialect_book(private.require_book(v_venue.id, 1, 0), p_body ->> 'letter')
        with ordinality as song (song_id, artist, title, place)
      where not exists (
        select from public.blocked_songs as blocked where blocked.venue_id = v_venue.id and blocked.song_id = song.song_id
      );
      return jsonb_build_object('result_count', jsonb_array_length(v_songs), 'songs', v_songs);

    when 'submitRequest' then
      perform private.submit_dialect_request(private.require_dialect_venue(p_body), p_body, p_address);
      return '{"success": true}'::jsonb;

    when 'getNearbyVenues2' then
      return jsonb_build_object('nearby', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object(
              'venueId', (near.venue).url_name,
              'name', (near.venue).name,
              'distance', round((near.distance_meters / 1609.344)::numeric, 2),
              'accepting', (near.venue).accepting_requests
            )
            order by near.distance_meters, (near.venue).id
          ), '[]'
        )
        from private.nearby_venues(
          private.json_number(p_body -> 'latitude'), private.json_number(p_body -> 'longitude'),
          least(greatest(coalesce(private.json_number(p_body -> 'range'), 25), 1), 100), 50, null
        ) as near
      ));
    else
      perform private.raise_error(400, 'unknown_command', 'Unknown command');
      return null;
  end case;
end;
$$;

comment on function private.singer_dialect_command(text, jsonb, inet) is
  'The fields of the reply to one command of a singer''s app. song_id is a number and songid a text, as these apps read them. Raises
what the singer is told.';

revoke all on function private.singer_dialect_command(text, jsonb, inet) from public;

create function private.singer_dialect_call(p_command text, p_body jsonb, p_address inet)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_detail text;
begin
  return jsonb_build_object('command', p_command, 'error', false) || private.singer_dialect_command(p_command, p_body, p_address);
exception
  when others then
    if sqlstate not like 'PT4%' then
      raise;
    end if;
    get stacked diagnostics v_detail = pg_exception_detail;
    -- These apps read the lists without looking at error first.
    return jsonb_build_object('command', p_command, 'error', true, 'errorString', v_detail)
      || case p_command
        when 'search' then '{"song_count": 0, "songs": []}'
        when 'browse' then '{"result_count": 0, "songs": []}'
        when 'getNearbyVenues2' then '{"nearby": []}'
        when 'submitRequest' then '{"success": false}'
        else '{}'
      end::jsonb;
end;
$$;

comment on function private.singer_dialect_call(text, jsonb, inet) is 'One call of a singer''s app: the whole reply.';

revoke all on function private.singer_dialect_call(text, jsonb, inet) from public;

create function private.openkj_songs(p_caller private.api_key_caller, p_body jsonb)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select coalesce(
    jsonb_agg(
      jsonb_build_object('song_id', song.song_id, 'artist', song.artist, 'title', song.title, 'songid', song.song_id::text)
      order by song.artist, song.title, song.song_id
    ), '[]'
  )
  from (
    select distinct spelling.song_id, spelling.artist, spelling.title
    from public.systems as system
    join private.book_chunks as book on book.system_id = system.id
    cross join lateral private.chunk_spellings(book.chunk, book.members) as spelling_id
    join private.song_spellings as spelling on spelling.id = spelling_id
    where system.organization_id = p_caller.organization_id
      and (p_caller.system_id is null or p_caller.system_id = system.id)
      and (
        coalesce(private.json_integer(p_body -> 'system_id'), 0) = 0
        or system.openkj_system_id = private.json_integer(p_body -> 'system_id')
        or p_caller.system_id = system.id
      )
  ) as song;
$$;

comment on function private.openkj_songs(private.api_key_caller, jsonb) is
  'The book of a system, or of all systems when system_id is missing or 0, by artist and title.';

revoke all on function private.openkj_songs(private.api_key_caller, jsonb) from public;
