-- The request interface: what other karaoke programs read and do over REST. One function answers a call in one round trip:
-- key, limit, scope and the operation itself. The Edge Function around it only speaks HTTP.

-- When each request changed last, as the organization's change serial. Changes of one organization follow one another, so who
-- has seen a serial has seen everything before it: a cursor over serials misses nothing, as one over times would.
create table private.request_changes (
  request_id bigint primary key references public.requests (id) on delete cascade,
  venue_id uuid not null references public.venues (id) on delete cascade,
  serial integer not null
);

alter table private.request_changes enable row level security;

create index request_changes_venue_id_idx on private.request_changes (venue_id, serial, request_id);

comment on table private.request_changes is 'The change serial with which each request came or changed last: what a cursor counts.';

create function private.record_request_serials()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into private.request_changes as change (request_id, venue_id, serial)
  -- A row may be in here twice: two foreign keys to one deleted user each make their change.
  select distinct changed.id, changed.venue_id, counter.openkj_serial
  from changed
  join private.organization_counters as counter on counter.organization_id = changed.organization_id
  on conflict (request_id) do update set serial = excluded.serial;
  return null;
end;
$$;

comment on function private.record_request_serials() is 'Definer: serials are private.';

revoke all on function private.record_request_serials() from public;

-- Triggers of one event fire in the order of their names: these after requests_bump_serial_…, which moves the serial.
create trigger requests_record_serials_on_insert
  after insert on public.requests
  referencing new table as changed
  for each statement execute function private.record_request_serials();

create trigger requests_record_serials_on_update
  after update on public.requests
  referencing new table as changed
  for each statement execute function private.record_request_serials();

create table private.request_interface_operations (
  operation text primary key,
  scope_key text not null references public.api_key_scopes (key) on update cascade on delete restrict
);

alter table private.request_interface_operations enable row level security;

create index request_interface_operations_scope_key_idx on private.request_interface_operations (scope_key);

comment on table private.request_interface_operations is 'The operations of the request interface, and the scope each needs.';

-- What runs in every call, or once per row, is in plpgsql, which keeps its plan for the session.

create function private.interface_venue(p_venue public.venues)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'id', p_venue.id,
    'openkj_venue_id', p_venue.openkj_venue_id,
    'url_name', p_venue.url_name,
    'name', p_venue.name,
    'address', p_venue.address,
    'city', p_venue.city,
    'state', p_venue.state,
    'postal_code', p_venue.postal_code,
    'country', p_venue.country,
    'accepting', p_venue.accepting_requests,
    'active_requests', (
      select count(*)
      from public.requests as request
      where request.venue_id = p_venue.id and request.state in ('pending', 'accepted', 'performing')
    )
  );
end;
$$;

comment on function private.interface_venue(public.venues) is 'A venue as the request interface shows it.';

revoke all on function private.interface_venue(public.venues) from public;

create function private.interface_request(p_request public.requests, p_place integer, p_wait_seconds integer)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'id', p_request.id,
    'venue_id', p_request.venue_id,
    'state', p_request.state,
    'processed', p_request.processed,
    'singers', p_request.singer_names,
    'singer', p_request.singer_name,
    'song_id', p_request.song_id,
    'artist', p_request.artist,
    'title', p_request.title,
    'key_change', p_request.key_change,
    'notes', p_request.notes,
    'reason', p_request.reason,
    'place', p_place,
    'wait_seconds', p_wait_seconds,
    'requested_at', p_request.requested_at,
    'processed_at', p_request.processed_at,
    'updated_at', p_request.updated_at
  );
end;
$$;

comment on function private.interface_request(public.requests, integer, integer) is
  'A request as the request interface shows it; place and wait are null once it no longer waits.';

revoke all on function private.interface_request(public.requests, integer, integer) from public;

create function private.key_reaches_venue(p_caller private.api_key_caller, p_venue public.venues)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return p_venue.organization_id = p_caller.organization_id and p_venue.archived_at is null
    and (p_caller.venue_id is null or p_caller.venue_id = p_venue.id)
    and (p_caller.system_id is null or p_caller.system_id = private.venue_system(p_venue.id));
end;
$$;

comment on function private.key_reaches_venue(private.api_key_caller, public.venues) is
  'Whether an API key may work with a venue: its organization''s; made for one venue, only that; made for one system, only where its book
applies.';

revoke all on function private.key_reaches_venue(private.api_key_caller, public.venues) from public;

create function private.require_interface_venue(p_caller private.api_key_caller, p_venue_id uuid)
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
  from public.venues as venue
  where venue.id = p_venue_id and private.key_reaches_venue(p_caller, venue);
  if not found then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue, or it is not this key''s.', 'List the venues.');
  end if;
  return v_venue;
end;
$$;

comment on function private.require_interface_venue(private.api_key_caller, uuid) is
  'A venue this key may work with. Errors: 404 venue_not_found.';

revoke all on function private.require_interface_venue(private.api_key_caller, uuid) from public;

create function private.require_interface_requests(p_caller private.api_key_caller, p_request_ids bigint[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_missing text;
begin
  select string_agg(wanted.id::text, ', ' order by wanted.id) into v_missing
  from unnest(p_request_ids) as wanted (id)
  where not exists (
    select
    from public.requests as request
    join public.venues as venue on venue.id = request.venue_id
    where request.id = wanted.id and private.key_reaches_venue(p_caller, venue)
  );
  if v_missing is not null then
    perform private.raise_error(
      404, 'request_not_found', format('There is no such request, or it is not this key''s: %s.', v_missing), 'Read the queue again.'
    );
  end if;
end;
$$;

comment on function private.require_interface_requests(private.api_key_caller, bigint[]) is
  'Refuses unless this key may work with every one of the requests. Errors: 404 request_not_found naming the others.';

revoke all on function private.require_interface_requests(private.api_key_caller, bigint[]) from public;

create function private.show_interface_request(p_request_id bigint)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select private.interface_request(request, queue.place, queue.wait_seconds)
    from public.requests as request
    left join lateral private.queue(request.venue_id) as queue on queue.request_id = request.id
    where request.id = p_request_id
  );
end;
$$;

comment on function private.show_interface_request(bigint) is 'One request with its place.';

revoke all on function private.show_interface_request(bigint) from public;

create function private.request_matches(p_request public.requests, p_states text[], p_singer text, p_song text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (p_states is null or p_request.state = any (p_states))
    and (p_singer is null or strpos(private.fold_text(p_request.singer_name), private.fold_text(p_singer)) > 0)
    and (p_song is null or strpos(private.fold_text(p_request.artist || ' ' || p_request.title), private.fold_text(p_song)) > 0);
end;
$$;

comment on function private.request_matches(public.requests, text[], text, text) is
  'Whether a request is in one of the states and has these words in its singers and its song; null asks for nothing.';

revoke all on function private.request_matches(public.requests, text[], text, text) from public;

create function private.list_interface_requests(p_caller private.api_key_caller, p_venue_id uuid, p_arguments jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_active constant text[] := array['pending', 'accepted', 'performing'];
  v_since constant text := p_arguments ->> 'since';
  v_serial constant integer := split_part(v_since, '.', 1)::integer;
  v_states constant text[] := case coalesce(p_arguments ->> 'state', case when v_since is null then 'active' else 'all' end)
    when 'all' then null
    when 'active' then v_active
    else array[p_arguments ->> 'state']
  end;
  v_singer constant text := p_arguments ->> 'singer';
  v_song constant text := p_arguments ->> 'song';
  v_after constant bigint := (p_arguments ->> 'after')::bigint;
  v_limit constant integer := coalesce((p_arguments ->> 'limit')::integer, 100);
  v_last public.requests;
  v_cursor text;
  v_ids bigint[];
  v_requests jsonb;
begin
  if v_after is not null then
    select request.* into v_last from public.requests as request where request.id = v_after and request.venue_id = p_venue_id;
    if not found then
      perform private.raise_error(404, 'request_not_found', 'There is no such request to go on after.', 'Begin the list again.');
    end if;
  end if;
  -- Read before the requests: what changes in between comes once more, but never not at all.
  select change.serial || '.' || change.request_id into v_cursor
  from private.request_changes as change
  where change.venue_id = p_venue_id
  order by change.serial desc, change.request_id desc
  limit 1;

  if v_since is not null then
    if v_serial > private.openkj_serial(p_caller.organization_id) then
      perform private.raise_error(
        410, 'cursor_unknown', 'This cursor is ahead of everything that has happened here.', 'Read the queue without since and go on from its cursor.'
      );
    end if;
    select array_agg(found.id order by found.serial, found.id) into v_ids
    from (
      select change.serial, request.id
      from private.request_changes as change
      join public.requests as request on request.id = change.request_id
      where change.venue_id = p_venue_id
        and (change.serial, change.request_id) > (v_serial, split_part(v_since, '.', 2)::bigint)
        and private.request_matches(request, v_states, v_singer, v_song)
      order by change.serial, change.request_id
      limit v_limit + 1
    ) as found;
  elsif v_states <@ v_active then
    select array_agg(found.id order by found.requested_at, found.id) into v_ids
    from (
      select request.requested_at, request.id
      from public.requests as request
      where request.venue_id = p_venue_id and request.state in ('pending', 'accepted', 'performing')
        and (
          v_after is null
          or (request.requested_at, request.id) > (v_last.requested_at, v_last.id)
        )
        and private.request_matches(request, v_states, v_singer, v_song)
      order by request.requested_at, request.id
      limit v_limit + 1
    ) as found;
  else
    select array_agg(found.id order by found.requested_at desc, found.id desc) into v_ids
    from (
      select request.requested_at, request.id
      from public.requests as request
      where request.venue_id = p_venue_id
        and (
          v_after is null
          or (request.requested_at, request.id) < (v_last.requested_at, v_last.id)
        )
        and private.request_matches(request, v_states, v_singer, v_song)
      order by request.requested_at desc, request.id desc
      limit v_limit + 1
    ) as found;
  end if;

  select jsonb_agg(private.interface_request(request, queue.place, queue.wait_seconds) order by listed.place) into v_requests
  from unnest(v_ids[:v_limit]) with ordinality as listed (id, place)
  join public.requests as request on request.id = listed.id
  left join private.queue(p_venue_id) as queue on queue.request_id = listed.id;

  if v_since is not null then
    select change.serial || '.' || change.request_id into v_cursor
    from private.request_changes as change
    where change.request_id = v_ids[least(cardinality(v_ids), v_limit)];
    v_cursor := coalesce(v_cursor, v_since);
  end if;
  return jsonb_build_object(
    'accepting', (select venue.accepting_requests from public.venues as venue where venue.id = p_venue_id),
    'requests', coalesce(v_requests, '[]'),
    'cursor', coalesce(v_cursor, '0.0'),
    'has_more', coalesce(cardinality(v_ids) > v_limit, false)
  );
end;
$$;

comment on function private.list_interface_requests(private.api_key_caller, uuid, jsonb) is
  'Requests of a venue: what waits in the order of asking, history newest first, or, with since, what has changed after that cursor in
the order of its changes. Errors: 404 request_not_found (after); 410 cursor_unknown.';

revoke all on function private.list_interface_requests(private.api_key_caller, uuid, jsonb) from public;

create function private.interface_statistics(p_venue public.venues)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select jsonb_build_object(
    'venue_id', p_venue.id,
    'total_requests', (select count(*) from public.requests as request where request.venue_id = p_venue.id),
    'active_requests', (
      select count(*)
      from public.requests as request
      where request.venue_id = p_venue.id and request.state in ('pending', 'accepted', 'performing')
    ),
    'processed_today', (
      select count(*)
      from public.performances as sung
      join public.organizations as organization on organization.id = p_venue.organization_id
      where sung.venue_id = p_venue.id
        and sung.performed_at >= date_trunc('day', now() at time zone organization.time_zone) at time zone organization.time_zone
    )
  );
$$;

comment on function private.interface_statistics(public.venues) is
  'How many requests a venue has had, has waiting, and has had sung since midnight in the organization''s time zone.';

revoke all on function private.interface_statistics(public.venues) from public;

create function private.create_interface_request(
  p_caller private.api_key_caller, p_venue_id uuid, p_arguments jsonb, out status integer, out body jsonb
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_key constant uuid := md5(p_caller.api_key_id || ' ' || (p_arguments ->> 'idempotency_key'))::uuid;
  v_names constant text[] := array(
    select name from jsonb_array_elements_text(p_arguments -> 'singers') with ordinality as named (name, place) order by named.place
  );
  v_song_id constant bigint := (p_arguments ->> 'song_id')::bigint;
  v_artist constant text := p_arguments ->> 'artist';
  v_title constant text := p_arguments ->> 'title';
  v_key_change constant integer := coalesce((p_arguments ->> 'key_change')::integer, 0);
  v_notes constant text := p_arguments ->> 'notes';
  v_request public.requests;
begin
  if v_key is not null then
    -- Two deliveries of one message at once: the second waits here, then finds the first one's request.
    perform pg_advisory_xact_lock(hashtextextended('create_interface_request:' || v_key, 0));
    v_request := private.find_repeated_request(
      p_venue_id, null, v_key, private.request_digest(v_names, v_song_id, v_artist, v_title, v_key_change, v_notes)
    );
    if v_request.id is not null then
      status := 200;
      body := private.show_interface_request(v_request.id);
      return;
    end if;
  end if;
  v_request := private.insert_request(
    p_venue_id, null, null, v_names, v_song_id, v_artist, v_title, v_key_change, v_notes, v_key, true
  );
  status := 201;
  body := private.show_interface_request(v_request.id);
end;
$$;

comment on function private.create_interface_request(private.api_key_caller, uuid, jsonb) is
  'Enters a request as a program: 201 with the new one, 200 with the one that this idempotency key has already made at this venue.
Errors: as insert_request.';

revoke all on function private.create_interface_request(private.api_key_caller, uuid, jsonb) from public;

create function private.request_interface_operation(
  p_operation text, p_caller private.api_key_caller, p_arguments jsonb, out status integer, out body jsonb
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_venue public.venues;
  v_ids bigint[];
begin
  status := 200;
  if p_arguments ? 'venue_id' then
    v_venue := private.require_interface_venue(p_caller, (p_arguments ->> 'venue_id')::uuid);
  end if;
  if p_arguments ? 'request_id' then
    v_ids := array[(p_arguments ->> 'request_id')::bigint];
  elsif p_arguments ? 'request_ids' then
    v_ids := array(select distinct id::bigint from jsonb_array_elements_text(p_arguments -> 'request_ids') as id);
  end if;
  perform private.require_interface_requests(p_caller, v_ids);

  case p_operation
    when 'list_venues' then
      select jsonb_build_object('venues', coalesce(jsonb_agg(private.interface_venue(venue) order by venue.name, venue.id), '[]'))
      into body
      from public.venues as venue
      where venue.organization_id = p_caller.organization_id and private.key_reaches_venue(p_caller, venue);

    when 'get_venue' then
      body := private.interface_venue(v_venue);

    when 'get_venue_statistics' then
      body := private.interface_statistics(v_venue);

    when 'set_accepting' then
      perform private.change_accepting(v_venue.id, (p_arguments ->> 'accepting')::boolean);
      body := private.interface_venue(private.require_interface_venue(p_caller, v_venue.id));

    when 'list_requests' then
      body := private.list_interface_requests(p_caller, v_venue.id, p_arguments);

    when 'create_request' then
      select created.status, created.body into status, body
      from private.create_interface_request(p_caller, v_venue.id, p_arguments) as created;

    when 'get_request' then
      body := private.show_interface_request(v_ids[1]);

    when 'process_request' then
      perform private.change_requests(v_ids, 'completed', 'host');
      body := private.show_interface_request(v_ids[1]);

    when 'unprocess_request' then
      perform private.change_requests(v_ids, 'pending', 'host');
      body := private.show_interface_request(v_ids[1]);

    when 'cancel_request' then
      -- The program withdraws it for its singer, as the singer could.
      perform private.change_requests(v_ids, 'cancelled', 'singer');
      body := private.show_interface_request(v_ids[1]);

    when 'process_requests' then
      body := jsonb_build_object('processed', private.change_requests(v_ids, 'completed', 'host'));
  end case;
end;
$$;

comment on function private.request_interface_operation(text, private.api_key_caller, jsonb) is
  'What one operation does and answers for a verified caller. Raises what the caller is told.';

revoke all on function private.request_interface_operation(text, private.api_key_caller, jsonb) from public;

create function private.interface_refusal(p_status integer, p_code text, p_detail text, p_hint text, p_retry_after integer default null)
returns jsonb
language sql
immutable
security invoker
set search_path = ''
as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'status', p_status, 'code', p_code, 'detail', p_detail, 'hint', p_hint, 'retry_after', p_retry_after
  ));
$$;

comment on function private.interface_refusal(integer, text, text, text, integer) is
  'A refusal as a value: raising it would take back what was counted.';

revoke all on function private.interface_refusal(integer, text, text, text, integer) from public;

create function private.request_interface_call(
  p_operation text, p_key text, p_address inet, p_arguments jsonb, p_is_continuation boolean
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_scope text;
  v_verified record;
  v_caller private.api_key_caller;
  v_wait integer;
  v_serial integer;
  v_answer record;
  v_code text;
  v_detail text;
  v_hint text;
  v_refusal jsonb;
begin
  v_verified := private.verify_api_key(p_key, p_address);
  if v_verified.refusal is not null then
    v_wait := private.record_wrong_api_key(p_key, p_address, v_verified.refusal);
    if v_wait > 0 then
      return private.interface_refusal(
        429, 'rate_limited', 'Too many wrong API keys came from this address.', format('Try again in %s seconds.', v_wait), v_wait
      );
    end if;
    return private.interface_refusal(
      401, 'invalid_api_key', 'The API key is invalid, expired or revoked.', 'Copy it again from the portal.'
    );
  end if;
  v_caller := v_verified.caller;

  if not p_is_continuation then
    v_wait := private.take_rate_limit('request_interface_per_key', v_caller.api_key_id::text);
    if v_wait > 0 then
      return private.interface_refusal(
        429, 'rate_limited', 'This API key has made too many calls.',
        format('Try again in %s seconds. Waiting for changes (wait, or an event stream) takes fewer calls.', v_wait), v_wait
      );
    end if;
  end if;

  select known.scope_key into v_scope
  from private.request_interface_operations as known
  where known.operation = p_operation;
  if v_scope is null or v_scope <> all (v_caller.scopes) then
    perform private.record_api_key_failure(p_key, p_address, 'scope ' || v_scope || ' missing');
    return private.interface_refusal(
      403, 'scope_missing', format('This API key does not have the scope %s.', v_scope), 'Create a key that has it.'
    );
  end if;

  perform set_config('karaoke.source', 'api', true), set_config('karaoke.api_key_id', v_caller.api_key_id::text, true);
  -- Read first: who then waits for the next serial is told of everything that came later.
  v_serial := private.openkj_serial(v_caller.organization_id);
  begin
    select answer.status, answer.body into v_answer
    from private.request_interface_operation(p_operation, v_caller, p_arguments) as answer;
  exception
    when others then
      -- Refusals are told; anything else is the function's to log and to hide.
      if sqlstate not like 'PT4%' then
        raise;
      end if;
      get stacked diagnostics v_code = message_text, v_detail = pg_exception_detail, v_hint = pg_exception_hint;
      v_refusal := private.interface_refusal(
        substr(sqlstate, 3)::integer, v_code, v_detail, v_hint, substring(v_hint from 'retry_after=([0-9]+)')::integer
      );
  end;
  perform private.record_api_key_call(v_caller.api_key_id, p_address, p_is_continuation);
  if v_refusal is not null then
    return v_refusal;
  end if;
  return jsonb_build_object(
    'status', v_answer.status, 'body', v_answer.body,
    'caller', jsonb_build_object(
      'api_key_id', v_caller.api_key_id, 'serial', v_serial
    )
  );
end;
$$;

comment on function private.request_interface_call(text, text, inet, jsonb, boolean) is
  'One call of the request interface: operation, API key, the client''s address, arguments; a continuation is a further look within a
call that waits, and is not counted against the key''s limit. Returns status and body, or status, code, detail, hint and retry_after of
a refusal; caller is for the function that waits. Definer: the interface''s role may do nothing else.';

revoke all on function private.request_interface_call(text, text, inet, jsonb, boolean) from public;

create function private.request_interface_serials(p_callers jsonb)
returns table (place integer, serial integer)
language plpgsql
stable
security definer
set search_path = ''
rows 100
as $$
begin
  return query
    select waiting.place::integer, counter.openkj_serial
    from jsonb_array_elements(p_callers) with ordinality as waiting (caller, place)
    cross join lateral private.verify_api_key(waiting.caller ->> 'key', (waiting.caller ->> 'address')::inet) as verified
    join private.organization_counters as counter on counter.organization_id = (verified.caller).organization_id
    where verified.refusal is null;
end;
$$;

comment on function private.request_interface_serials(jsonb) is
  'For programs that wait for something new, given as [{key, address}]: the change serials of their organizations, by the place in the list
from 1. A program whose key no longer works has none. Definer: keys and counters are private.';

revoke all on function private.request_interface_serials(jsonb) from public;

-- The role the Edge Function takes on: it can make these two calls and nothing else.
create role request_interface nologin;
grant request_interface to postgres;
grant usage on schema private to request_interface;
grant execute on function private.request_interface_call(text, text, inet, jsonb, boolean) to request_interface;
grant execute on function private.request_interface_serials(jsonb) to request_interface;
