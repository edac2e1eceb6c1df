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
      private.one_line(named.name) as name
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
  v_text text := nullif(private.one_line(p_text), '');
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

create function private.requests_of_singer(p_venue_id uuid, p_singer_user_id uuid, p_singer_names text[], p_since timestamptz)
returns setof public.requests
language plpgsql
stable
security invoker
set search_path = ''
rows 5
as $$
begin
  if p_singer_user_id is not null then
    return query
      select request.*
      from public.requests as request
      where request.venue_id = p_venue_id and request.singer_user_id = p_singer_user_id
        and request.state in ('pending', 'accepted', 'performing')
      union all
      select request.*
      from public.requests as request
      where request.venue_id = p_venue_id and request.singer_user_id = p_singer_user_id
        and request.requested_at > p_since and request.state not in ('pending', 'accepted', 'performing', 'cancelled');
  else
    -- Without an account a singer is known by name.
    return query
      select request.*
      from public.requests as request
      where request.venue_id = p_venue_id and request.singer_user_id is null
        and request.state in ('pending', 'accepted', 'performing')
        and lower(request.singer_names::text) = lower(p_singer_names::text)
      union all
      select request.*
      from public.requests as request
      where request.venue_id = p_venue_id and request.singer_user_id is null
        and request.requested_at > p_since and request.state not in ('pending', 'accepted', 'performing', 'cancelled')
        and lower(request.singer_names::text) = lower(p_singer_names::text);
  end if;
end;
$$;

comment on function private.requests_of_singer(uuid, uuid, text[], timestamptz) is
  'What waits of a singer at a venue, and what they asked for since a time and did not withdraw.';

revoke all on function private.requests_of_singer(uuid, uuid, text[], timestamptz) from public;

create function private.check_song_rules(p_rules public.venue_rules, p_key_change integer, p_notes text, p_singer_names text[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  if p_key_change <> 0 and not p_rules.key_change_allowed then
    perform private.raise_error(422, 'key_change_not_allowed', 'The key cannot be changed at this venue.', 'Send 0.');
  end if;
  if p_notes is not null and not p_rules.notes_allowed then
    perform private.raise_error(422, 'notes_not_allowed', 'This venue takes no notes.', 'Leave the notes out.');
  end if;
  if p_rules.last_initial_required and exists (select from unnest(p_singer_names) as name where name !~ '^\S+ \S') then
    perform private.raise_error(422, 'last_initial_required', 'This venue asks for an initial of the last name.', 'Write it like "Kim P.".');
  end if;
end;
$$;

comment on function private.check_song_rules(public.venue_rules, integer, text, text[]) is
  'The venue''s rules about what a request says. Errors: 422 key_change_not_allowed, notes_not_allowed, last_initial_required.';

revoke all on function private.check_song_rules(public.venue_rules, integer, text, text[]) from public;

create function private.check_queue_rules(
  p_venue public.venues, p_show_id uuid, p_singer_user_id uuid, p_singer_names text[], p_is_in_book boolean, p_artist text, p_title text,
  p_key_change integer, p_notes text
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_rules public.venue_rules;
  v_fingerprint constant text := private.song_fingerprint(p_artist, p_title);
  v_ban public.venue_bans;
  v_active integer;
  v_until timestamptz;
  v_is_active boolean;
  v_is_tonight boolean;
begin
  select rules.* into v_rules from public.venue_rules as rules where rules.venue_id = p_venue.id;
  if not v_rules.guests_allowed and private.is_guest(p_singer_user_id) then
    perform private.raise_error(
      403, 'guests_not_allowed', 'This venue takes requests from singers with an account only.', 'Sign up, your requests stay yours.'
    );
  end if;

  select ban.* into v_ban
  from public.venue_bans as ban
  where ban.organization_id = p_venue.organization_id and (ban.venue_id is null or ban.venue_id = p_venue.id)
    and (ban.expires_at is null or ban.expires_at > now())
    and (
      ban.user_id = p_singer_user_id
      or ban.folded_name = any (array(select private.fold_text(name) from unnest(p_singer_names) as name))
    )
  order by ban.expires_at desc nulls first
  limit 1;
  if found and v_ban.expires_at is null then
    perform private.raise_error(403, 'banned', 'This venue takes no requests from you.', 'Talk to the host.');
  elsif found then
    perform private.raise_error_until(403, 'banned', 'This venue takes no requests from you for some time.', v_ban.expires_at);
  end if;

  perform private.check_song_rules(v_rules, p_key_change, p_notes, p_singer_names);
  if not p_is_in_book and not v_rules.free_text_allowed then
    perform private.raise_error(
      422, 'song_not_in_book', 'This venue takes only songs from its book.', 'Search the book and send p_song_id.'
    );
  end if;
  if exists (
    select
    from public.blocked_songs as blocked
    join public.songs as song on song.id = blocked.song_id
    where blocked.venue_id = p_venue.id and song.fingerprint = v_fingerprint
  ) then
    perform private.raise_error(422, 'song_blocked', 'This song is not sung here.', 'Choose another one.');
  end if;

  if v_rules.max_active_requests is not null or v_rules.cooldown_minutes is not null then
    select
      count(*) filter (where request.state in ('pending', 'accepted', 'performing')),
      max(request.requested_at) + make_interval(mins => v_rules.cooldown_minutes)
    into v_active, v_until
    from private.requests_of_singer(
      p_venue.id, p_singer_user_id, p_singer_names, now() - make_interval(mins => v_rules.cooldown_minutes)
    ) as request;
    if v_active >= v_rules.max_active_requests then
      perform private.raise_error(
        422, 'too_many_active_requests',
        format('You already have %s %s waiting.', v_active, case v_active when 1 then 'song' else 'songs' end),
        'Sing or cancel one of them first.'
      );
    end if;
    if v_until > now() then
      perform private.raise_error_until(
        422, 'cooldown',
        format(
          'There are %s minutes between two songs of one singer; %s are left.',
          v_rules.cooldown_minutes, ceil(extract(epoch from v_until - now()) / 60)
        ),
        v_until
      );
    end if;
  end if;

  if v_rules.same_song <> 'allowed' then
    select
      bool_or(request.state <> 'completed'),
      bool_or(request.show_id = p_show_id),
      max(greatest(request.requested_at, request.processed_at)) + make_interval(mins => v_rules.same_song_minutes)
    into v_is_active, v_is_tonight, v_until
    from public.requests as request
    where request.venue_id = p_venue.id and request.fingerprint = v_fingerprint
      -- Nothing older matters, however often the song was sung here.
      and request.requested_at > now() - interval '48 hours'
      and request.state in ('pending', 'accepted', 'performing', 'completed');
    if v_is_active then
      perform private.raise_error(
        422, 'same_song', 'Somebody has already asked for this song.',
        case v_rules.same_song
          when 'once_a_night' then 'Each song is sung once a night here: choose another one.'
          else 'Ask again when it has been sung, or choose another song.'
        end
      );
    elsif v_rules.same_song = 'not_within_minutes' and v_until > now() then
      perform private.raise_error_until(
        422, 'same_song',
        format(
          'This song was sung a short time ago; %s minutes are left until it may be asked for again.',
          ceil(extract(epoch from v_until - now()) / 60)
        ),
        v_until
      );
    elsif v_rules.same_song = 'once_a_night' and v_is_tonight then
      perform private.raise_error(
        422, 'same_song', 'This song was sung tonight.', 'Each song is sung once a night here: choose another one.'
      );
    end if;
  end if;
end;
$$;

comment on function private.check_queue_rules(public.venues, uuid, uuid, text[], boolean, text, text, integer, text) is
  'All rules of a venue for those who ask, whoever carries their words: apps, or programs without an account. A singer is the account or
guest p_singer_user_id, else the names; a song is its fingerprint. Errors: 403 guests_not_allowed, banned; 422
key_change_not_allowed, notes_not_allowed, last_initial_required, song_not_in_book, song_blocked, too_many_active_requests,
cooldown, same_song; those that end by themselves say when. Called after the organization''s counter row is locked, so that two
requests at once cannot both pass.';

revoke all on function private.check_queue_rules(public.venues, uuid, uuid, text[], boolean, text, text, integer, text) from public;

create function private.own_singer_names(p_user_id uuid)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select array[coalesce(singer.nickname, profile.display_name, profile.name)]
    from public.profiles as profile
    left join public.singer_profiles as singer on singer.user_id = profile.user_id
    where profile.user_id = p_user_id and coalesce(singer.nickname, profile.display_name, profile.name) is not null
  );
end;
$$;

comment on function private.own_singer_names(uuid) is 'The name a singer goes by, as the list of a request; null when the profile has none.';

revoke all on function private.own_singer_names(uuid) from public;

create function private.request_digest(
  p_singer_names text[], p_song_id bigint, p_artist text, p_title text, p_key_change integer, p_notes text
)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return md5(jsonb_build_array(nullif(p_singer_names, '{}'), p_song_id, p_artist, p_title, p_key_change, p_notes)::text)::uuid;
end;
$$;

comment on function private.request_digest(text[], bigint, text, text, integer, text) is
  'By which the same request sent again is told from another one: what was sent, before anything is made of it.';

revoke all on function private.request_digest(text[], bigint, text, text, integer, text) from public;

create function private.find_repeated_request(p_venue_id uuid, p_submitted_by uuid, p_idempotency_key uuid, p_digest uuid)
returns public.requests
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_request public.requests;
begin
  select request.* into v_request
  from public.requests as request
  where request.venue_id = p_venue_id and request.idempotency_key = p_idempotency_key
    and request.submitted_by is not distinct from p_submitted_by;
  if v_request.idempotency_digest <> p_digest then
    perform private.raise_error(
      409, 'idempotency_key_reused', format('This idempotency key was used before, for request %s, which asks for something else.', v_request.id),
      'Use a new key for a new request. With the same key send exactly the same again.'
    );
  end if;
  return v_request;
end;
$$;

comment on function private.find_repeated_request(uuid, uuid, uuid, uuid) is
  'The request that the key has already made at the venue for whoever submits it (null is a program), or null. Errors: 409
idempotency_key_reused when it was made of something else.';

revoke all on function private.find_repeated_request(uuid, uuid, uuid, uuid) from public;

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
  v_request public.requests;
  v_organization_id uuid;
  v_system_id uuid;
  v_song_id bigint := p_song_id;
  v_artist text := private.clean_text(p_artist, 'artist', 255);
  v_title text := private.clean_text(p_title, 'title', 255);
  v_notes text := private.clean_text(p_notes, 'notes', 500);
  v_names text[];
  v_digest uuid;
  v_openkj_request_id integer;
  v_show_id uuid;
begin
  v_names := private.clean_singer_names(coalesce(nullif(p_singer_names, '{}'), private.own_singer_names(p_singer_user_id)));
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
    v_digest := private.request_digest(p_singer_names, p_song_id, p_artist, p_title, p_key_change, p_notes);
    v_request := private.find_repeated_request(p_venue_id, p_submitted_by, p_idempotency_key, v_digest);
    if v_request.id is not null then
      return v_request;
    end if;
  end if;

  select venue.* into v_venue from public.venues as venue where venue.id = p_venue_id;
  if not v_venue.accepting_requests then
    perform private.refuse_closed_venue(p_venue_id);
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
    end if;
  end if;

  v_show_id := private.open_show(p_venue_id);
  if not p_is_staff then
    perform private.check_queue_rules(
      v_venue, v_show_id, p_singer_user_id, v_names, v_song_id is not null, v_artist, v_title, p_key_change, v_notes
    );
  end if;
  if not p_is_staff and p_idempotency_key is null then
    -- The button was pressed twice, or an app that has no keys sent it again.
    select request.* into v_request
    from private.requests_of_singer(p_venue_id, p_singer_user_id, v_names, null) as request
    where request.state = 'pending' and request.requested_at > now() - interval '10 seconds'
      and (request.singer_names, request.artist, request.title, request.key_change) = (v_names, v_artist, v_title, p_key_change)
      and request.notes is not distinct from v_notes
    order by request.id
    limit 1;
    if found then
      return v_request;
    end if;
  end if;

  insert into public.requests (
    organization_id, venue_id, show_id, openkj_request_id, singer_user_id, submitted_by, singer_names, song_id, artist, title,
    key_change, notes, idempotency_key, idempotency_digest, requested_at
  )
  -- The time of the number it got, not of when its transaction began: nobody slips in before a place that was told already.
  values (
    v_organization_id, p_venue_id, v_show_id, v_openkj_request_id, p_singer_user_id, p_submitted_by, v_names, v_song_id, v_artist,
    v_title, p_key_change, v_notes, p_idempotency_key, v_digest, clock_timestamp()
  )
  returning * into v_request;
  if v_song_id is not null then
    perform private.count_song_request(p_venue_id, v_song_id);
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
  v_request public.requests;
begin
  if p_idempotency_key is not null then
    v_request := private.find_repeated_request(
      p_venue_id, v_user_id, p_idempotency_key,
      private.request_digest(p_singer_names, p_song_id, p_artist, p_title, p_key_change, p_notes)
    );
    if v_request.id is not null then
      return v_request;
    end if;
  end if;

  perform private.require_admission(p_venue_id);
  if private.is_guest(v_user_id) then
    perform private.enforce_rate_limit('requests_per_device', v_user_id::text);
    perform private.enforce_rate_limit('requests_per_address', host(private.client_address()));
  else
    perform private.enforce_rate_limit('requests_per_singer', v_user_id::text);
  end if;
  perform private.enforce_rate_limit(
    'requests_per_venue', p_venue_id::text,
    (select rules.max_requests_per_hour from public.venue_rules as rules where rules.venue_id = p_venue_id)
  );

  return private.insert_request(
    p_venue_id, v_user_id, v_user_id, p_singer_names, p_song_id, p_artist, p_title, p_key_change, p_notes, p_idempotency_key, false
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
to 500 characters. p_idempotency_key: chosen by the app, asks once however often it is sent; without one the same request within ten seconds,
where the venue''s rules would allow a second, is taken for a second tap and answered with the first. Refusals that end by themselves say when: the hint has the time and
retry_after in seconds. Errors: 400 invalid_...,
song_missing; 401; 403 guests_not_allowed, pin_required, banned; 404 venue_not_found,
song_not_found; 409 idempotency_key_reused; 422 venue_closed, song_not_in_book, song_blocked,
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
