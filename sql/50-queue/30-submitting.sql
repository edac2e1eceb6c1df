-- Asking for a song. One function writes requests, whoever asks: a guest, a singer, staff for a walk-up, or a program.

create function private.clean_singer_names(p_names text[])
returns text[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  v_names text[];
begin
  select array_agg(cleaned.name order by cleaned.place) into v_names
  from (
    select
      named.place,
      btrim(regexp_replace(normalize(named.name, nfc), '[[:space:][:cntrl:]]+', ' ', 'g')) as name
    from unnest(p_names) with ordinality as named (name, place)
  ) as cleaned;
  if coalesce(cardinality(v_names), 0) not between 1 and 4 then
    perform private.raise_error(
      400, 'invalid_singer_names', 'A request needs 1 to 4 singers.', 'Send a list of names: one for a solo, two for a duet.'
    );
  end if;
  if exists (select from unnest(v_names) as name where name is null or char_length(name) not between 1 and 100) then
    perform private.raise_error(
      400, 'invalid_singer_names', 'Each singer''s name must have 1 to 100 characters.', 'Shorten or fill in the name.'
    );
  end if;
  return v_names;
end;
$$;

comment on function private.clean_singer_names(text[]) is
  'The names in one normal form. Errors: 400 invalid_singer_names.';

revoke all on function private.clean_singer_names(text[]) from public;

create function private.clean_text(p_text text, p_field text, p_maximum integer)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  v_text text := nullif(btrim(regexp_replace(normalize(p_text, nfc), '[[:space:][:cntrl:]]+', ' ', 'g')), '');
begin
  if char_length(v_text) > p_maximum then
    perform private.raise_error(
      400, 'invalid_' || p_field, format('The %s has %s characters; %s are allowed.', p_field, char_length(v_text), p_maximum),
      'Shorten it.'
    );
  end if;
  return v_text;
end;
$$;

comment on function private.clean_text(text, text, integer) is
  'Text in one normal form on one line, null when nothing is left. Errors: 400 invalid_<field> over p_maximum characters.';

revoke all on function private.clean_text(text, text, integer) from public;

create function private.check_queue_rules(
  p_venue_id uuid, p_show_id uuid, p_rules public.venue_rules, p_singer_user_id uuid, p_song_id bigint, p_artist text, p_title text
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_last timestamptz;
  v_fingerprint text := private.song_fingerprint(p_artist, p_title);
begin
  if p_rules.max_active_requests <= (
    select count(*)
    from public.requests as request
    where request.singer_user_id = p_singer_user_id and request.venue_id = p_venue_id
      and request.state in ('pending', 'accepted', 'performing')
  ) then
    perform private.raise_error(
      422, 'too_many_active_requests', format('You already have %s songs waiting.', p_rules.max_active_requests),
      'Sing or cancel one of them first.'
    );
  end if;

  if p_rules.cooldown_minutes is not null then
    select max(request.requested_at) into v_last
    from public.requests as request
    where request.singer_user_id = p_singer_user_id and request.venue_id = p_venue_id and request.state <> 'cancelled'
      and request.requested_at > now() - make_interval(mins => p_rules.cooldown_minutes);
    if v_last is not null then
      perform private.raise_error(
        422, 'cooldown', format('There are %s minutes between two songs of one singer.', p_rules.cooldown_minutes),
        format('You may ask again at %s.', to_char(
          (v_last + make_interval(mins => p_rules.cooldown_minutes)) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
        ))
      );
    end if;
  end if;

  if p_rules.same_song <> 'allowed' then
    select max(request.requested_at) into v_last
    from public.requests as request
    where request.venue_id = p_venue_id
      and request.state not in ('cancelled', 'rejected', 'skipped', 'cleared')
      and case p_rules.same_song
        when 'not_while_active' then request.state <> 'completed'
        when 'not_within_minutes' then
          request.state <> 'completed' or request.requested_at > now() - make_interval(mins => p_rules.same_song_minutes)
        else request.state <> 'completed' or request.show_id = p_show_id
      end
      -- Nothing older than a night matters, and the index then reads only the night's rows.
      and request.requested_at > now() - interval '24 hours'
      and case
        when p_song_id is not null then request.song_id = p_song_id
        else private.song_fingerprint(request.artist, request.title) = v_fingerprint
      end;
    if v_last is not null then
      perform private.raise_error(
        422, 'same_song', 'Somebody has already asked for this song.',
        case p_rules.same_song
          when 'not_while_active' then 'Ask again when it has been sung, or choose another song.'
          when 'not_within_minutes' then format('Ask again %s minutes after the last time, or choose another song.', p_rules.same_song_minutes)
          else 'Each song is sung once a night here: choose another one.'
        end
      );
    end if;
  end if;
end;
$$;

comment on function private.check_queue_rules(uuid, uuid, public.venue_rules, uuid, bigint, text, text) is
  'The venue''s rules about singers and songs. Errors: 422 too_many_active_requests, cooldown, same_song. Called after the
organization''s counter row is locked, so that two requests at once cannot both pass.';

revoke all on function private.check_queue_rules(uuid, uuid, public.venue_rules, uuid, bigint, text, text) from public;

create function private.insert_request(
  p_venue_id uuid,
  p_singer_user_id uuid,
  p_submitted_by uuid,
  p_singer_names text[],
  p_song_id bigint,
  p_artist text,
  p_title text,
  p_key_change integer,
  p_notes text,
  p_idempotency_key uuid,
  p_is_staff boolean
)
returns public.requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_venue public.venues;
  v_rules public.venue_rules;
  v_request public.requests;
  v_organization_id uuid;
  v_system_id uuid;
  v_song_id bigint := p_song_id;
  v_artist text := private.clean_text(p_artist, 'artist', 255);
  v_title text := private.clean_text(p_title, 'title', 255);
  v_notes text := private.clean_text(p_notes, 'notes', 500);
  v_names text[] := private.clean_singer_names(p_singer_names);
  v_openkj_request_id integer;
  v_show_id uuid;
begin
  if p_key_change is null or p_key_change not between -12 and 12 then
    perform private.raise_error(400, 'invalid_key_change', 'The key can be changed by -12 to 12 semitones.', 'Send 0 for the original key.');
  end if;

  select venue.organization_id into v_organization_id
  from public.venues as venue
  where venue.id = p_venue_id and venue.archived_at is null;
  if v_organization_id is null then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue.', 'Find the venue again.');
  end if;

  -- From here on the organization's requests follow one another: numbers, rules and the serial agree.
  update private.organization_counters
  set next_openkj_request_id = next_openkj_request_id + 1
  where organization_id = v_organization_id
  returning next_openkj_request_id - 1 into v_openkj_request_id;

  if p_idempotency_key is not null then
    select request.* into v_request
    from public.requests as request
    where request.venue_id = p_venue_id and request.submitted_by = p_submitted_by and request.idempotency_key = p_idempotency_key;
    if found then
      return v_request;
    end if;
  end if;

  select venue.* into v_venue from public.venues as venue where venue.id = p_venue_id;
  select rules.* into v_rules from public.venue_rules as rules where rules.venue_id = p_venue_id;
  if not v_venue.accepting_requests then
    perform private.raise_error(422, 'venue_closed', 'The venue takes no requests right now.', 'Ask the host when it opens.');
  end if;

  if not p_is_staff then
    if p_key_change <> 0 and not v_rules.key_change_allowed then
      perform private.raise_error(422, 'key_change_not_allowed', 'The key cannot be changed at this venue.', 'Send 0.');
    end if;
    if v_notes is not null and not v_rules.notes_allowed then
      perform private.raise_error(422, 'notes_not_allowed', 'This venue takes no notes.', 'Leave the notes out.');
    end if;
    if v_rules.last_initial_required and exists (select from unnest(v_names) as name where name !~ '^\S+ \S') then
      perform private.raise_error(422, 'last_initial_required', 'This venue asks for an initial of the last name.', 'Write it like "Kim P.".');
    end if;
  end if;

  v_system_id := private.venue_system(p_venue_id);
  if v_song_id is not null then
    select song.artist, song.title into v_artist, v_title
    from private.book_song(v_system_id, v_song_id) as song;
    if not found then
      perform private.raise_error(404, 'song_not_found', 'This song is not in the venue''s book.', 'Search the book again.');
    end if;
  elsif v_artist is null or v_title is null then
    perform private.raise_error(400, 'song_missing', 'A request needs a song.', 'Send p_song_id, or both p_artist and p_title.');
  else
    v_song_id := private.find_book_song(v_system_id, v_artist, v_title);
    if v_song_id is not null then
      select song.artist, song.title into v_artist, v_title
      from private.book_song(v_system_id, v_song_id) as song;
    elsif not p_is_staff and not v_rules.free_text_allowed then
      perform private.raise_error(
        422, 'song_not_in_book', 'This venue takes only songs from its book.', 'Search the book and send p_song_id.'
      );
    end if;
  end if;

  v_show_id := private.open_show(p_venue_id);
  if not p_is_staff then
    if exists (
      select
      from public.venue_bans as ban
      where ban.user_id = p_singer_user_id and ban.organization_id = v_organization_id
        and (ban.venue_id is null or ban.venue_id = p_venue_id) and (ban.expires_at is null or ban.expires_at > now())
    ) then
      perform private.raise_error(403, 'banned', 'This venue takes no requests from you.', 'Talk to the host.');
    end if;
    if exists (select from public.blocked_songs as blocked where blocked.venue_id = p_venue_id and blocked.song_id = v_song_id) then
      perform private.raise_error(422, 'song_blocked', 'This song is not sung here.', 'Choose another one.');
    end if;
    perform private.check_queue_rules(p_venue_id, v_show_id, v_rules, p_singer_user_id, v_song_id, v_artist, v_title);
  end if;

  insert into public.requests (
    organization_id, venue_id, show_id, openkj_request_id, singer_user_id, submitted_by, singer_names, song_id, artist, title,
    key_change, notes, idempotency_key
  )
  values (
    v_organization_id, p_venue_id, v_show_id, v_openkj_request_id, p_singer_user_id, p_submitted_by, v_names, v_song_id, v_artist,
    v_title, p_key_change, v_notes, p_idempotency_key
  )
  returning * into v_request;
  if v_song_id is not null then
    perform private.count_song_request(v_system_id, v_song_id);
  end if;
  return v_request;
end;
$$;

comment on function private.insert_request(uuid, uuid, uuid, text[], bigint, text, text, integer, text, uuid, boolean) is
  'The one place where requests are made. Staff and programs (p_is_staff) are not held to the rules for singers, but to a closed
venue as everybody. Definer: nobody may insert requests directly.';

revoke all on function private.insert_request(uuid, uuid, uuid, text[], bigint, text, text, integer, text, uuid, boolean) from public;

create function private.submit_request(
  p_venue_id uuid, p_song_id bigint, p_artist text, p_title text, p_singer_names text[], p_key_change integer, p_notes text,
  p_idempotency_key uuid
)
returns public.requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_is_guest boolean := coalesce((private.claims() ->> 'is_anonymous')::boolean, false);
  v_names text[] := p_singer_names;
  v_request public.requests;
begin
  if p_idempotency_key is not null then
    select request.* into v_request
    from public.requests as request
    where request.venue_id = p_venue_id and request.submitted_by = v_user_id and request.idempotency_key = p_idempotency_key;
    if found then
      return v_request;
    end if;
  end if;

  perform private.require_admission(p_venue_id);
  if v_is_guest then
    if not coalesce((select rules.guests_allowed from public.venue_rules as rules where rules.venue_id = p_venue_id), true) then
      perform private.raise_error(
        403, 'guests_not_allowed', 'This venue takes requests from singers with an account only.', 'Sign up, your requests stay yours.'
      );
    end if;
    perform private.enforce_rate_limit('requests_per_device', v_user_id::text);
    perform private.enforce_rate_limit('requests_per_address', host(private.client_address()));
  else
    perform private.enforce_rate_limit('requests_per_singer', v_user_id::text);
  end if;
  perform private.enforce_rate_limit(
    'requests_per_venue', p_venue_id::text,
    (select rules.max_requests_per_hour from public.venue_rules as rules where rules.venue_id = p_venue_id)
  );

  if coalesce(cardinality(v_names), 0) = 0 then
    select array[coalesce(singer.nickname, profile.display_name, profile.name)] into v_names
    from public.profiles as profile
    left join public.singer_profiles as singer on singer.user_id = profile.user_id
    where profile.user_id = v_user_id and coalesce(singer.nickname, profile.display_name, profile.name) is not null;
  end if;
  return private.insert_request(
    p_venue_id, v_user_id, v_user_id, v_names, p_song_id, p_artist, p_title, p_key_change, p_notes, p_idempotency_key, false
  );
end;
$$;

comment on function private.submit_request(uuid, bigint, text, text, text[], integer, text, uuid) is
  'Definer: requests are made only through insert_request.';

revoke all on function private.submit_request(uuid, bigint, text, text, text[], integer, text, uuid) from public;
grant execute on function private.submit_request(uuid, bigint, text, text, text[], integer, text, uuid) to authenticated;

create function public.submit_request(
  p_venue_id uuid,
  p_song_id bigint default null,
  p_artist text default null,
  p_title text default null,
  p_singer_names text[] default null,
  p_key_change integer default 0,
  p_notes text default null,
  p_idempotency_key uuid default null
)
returns public.requests
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.submit_request(
    p_venue_id, p_song_id, p_artist, p_title, p_singer_names, p_key_change, p_notes, p_idempotency_key
  );
$$;

comment on function public.submit_request(uuid, bigint, text, text, text[], integer, text, uuid) is
  'Asks for a song at a venue and returns the request. p_song_id from search_songs, or p_artist and p_title (1-255 characters).
p_singer_names: 1-4 names of 1-100 characters, may be left out when the profile has one. p_key_change: -12..12 semitones. p_notes: up
to 500 characters. p_idempotency_key: chosen by the app, asks once however often it is sent. Errors: 400 invalid_...,
song_missing; 401; 403 guests_not_allowed, pin_required, banned; 404 venue_not_found,
song_not_found; 422 venue_closed, song_not_in_book, song_blocked,
key_change_not_allowed, notes_not_allowed, last_initial_required, too_many_active_requests, cooldown, same_song; 429.';

revoke all on function public.submit_request(uuid, bigint, text, text, text[], integer, text, uuid) from public;
grant execute on function public.submit_request(uuid, bigint, text, text, text[], integer, text, uuid) to authenticated;

create function private.add_walk_up(
  p_venue_id uuid, p_singer_names text[], p_song_id bigint, p_artist text, p_title text, p_key_change integer, p_notes text,
  p_idempotency_key uuid
)
returns public.requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null),
    'requests:process', 'venue_not_found'
  );
  return private.insert_request(
    p_venue_id, null, auth.uid(), p_singer_names, p_song_id, p_artist, p_title, p_key_change, p_notes, p_idempotency_key, true
  );
end;
$$;

comment on function private.add_walk_up(uuid, text[], bigint, text, text, integer, text, uuid) is
  'Definer: requests are made only through insert_request.';

revoke all on function private.add_walk_up(uuid, text[], bigint, text, text, integer, text, uuid) from public;
grant execute on function private.add_walk_up(uuid, text[], bigint, text, text, integer, text, uuid) to authenticated;

create function public.add_walk_up(
  p_venue_id uuid,
  p_singer_names text[],
  p_song_id bigint default null,
  p_artist text default null,
  p_title text default null,
  p_key_change integer default 0,
  p_notes text default null,
  p_idempotency_key uuid default null
)
returns public.requests
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.add_walk_up(
    p_venue_id, p_singer_names, p_song_id, p_artist, p_title, p_key_change, p_notes, p_idempotency_key
  );
$$;

comment on function public.add_walk_up(uuid, text[], bigint, text, text, integer, text, uuid) is
  'Enters a request for somebody without a phone. As submit_request, but free of the rules for singers. Needs
requests:process. Errors: as submit_request; 403; 404 venue_not_found.';

revoke all on function public.add_walk_up(uuid, text[], bigint, text, text, integer, text, uuid) from public;
grant execute on function public.add_walk_up(uuid, text[], bigint, text, text, integer, text, uuid) to authenticated;
