-- OpenKJ's protocol: one call, one JSON object in, one out. Types are exact, because the client reads a wrong type as zero,
-- false or nothing. The Edge Function around it only speaks HTTP.

-- What OpenKJ users see of the real rotation, for builds that push it.
create table private.rotations (
  venue_id uuid primary key references public.venues (id) on delete cascade,
  singers jsonb not null,
  updated_at timestamptz not null default now()
);

alter table private.rotations enable row level security;

comment on table private.rotations is 'The rotation as the show program last pushed it (updateRotation).';

create function private.json_integer(p_value jsonb)
returns integer
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return (
    select case
      when jsonb_typeof(p_value) in ('number', 'string') and p_value #>> '{}' ~ '^-?[0-9]{1,10}(\.0+)?$'
        and (p_value #>> '{}')::numeric between -2147483648 and 2147483647
        then (p_value #>> '{}')::numeric::integer
    end
  );
end;
$$;

comment on function private.json_integer(jsonb) is 'A 32-bit integer sent as number or text, else null.';

revoke all on function private.json_integer(jsonb) from public;

create function private.openkj_serial(p_organization_id uuid)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select counter.openkj_serial from private.organization_counters as counter where counter.organization_id = p_organization_id
  );
end;
$$;

revoke all on function private.openkj_serial(uuid) from public;

create function private.openkj_venue(p_caller private.api_key_caller, p_body jsonb)
returns public.venues
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_number integer := private.json_integer(p_body -> 'venue_id');
  v_venue public.venues;
begin
  select venue.* into v_venue
  from public.venues as venue
  where venue.organization_id = p_caller.organization_id
    and venue.openkj_venue_id = v_number
    and venue.archived_at is null
    and (p_caller.venue_id is null or p_caller.venue_id = venue.id);
  return v_venue;
end;
$$;

revoke all on function private.openkj_venue(private.api_key_caller, jsonb) from public;

create function private.openkj_system(p_caller private.api_key_caller, p_body jsonb)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    -- A key made for one system or venue means that one's, whatever number the program has in its settings.
    select coalesce(
      p_caller.system_id,
    case when p_caller.venue_id is not null then private.venue_system(p_caller.venue_id) end,
      (
        select system.id
        from public.systems as system
        where system.organization_id = p_caller.organization_id
          and system.openkj_system_id = private.json_integer(p_body -> 'system_id')
      )
    )
  );
end;
$$;

revoke all on function private.openkj_system(private.api_key_caller, jsonb) from public;

create function private.record_heartbeat(p_caller private.api_key_caller)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  -- A poll names no system: it is the key's own, or the organization's first.
  insert into private.system_heartbeats as heartbeat (system_id, last_seen_at)
  select first.id, now()
  from (
    select system.id
    from public.systems as system
    where system.organization_id = p_caller.organization_id and (p_caller.system_id is null or system.id = p_caller.system_id)
    order by system.openkj_system_id
    limit 1
  ) as first
  where not exists (
    select
    from private.system_heartbeats as recent
    where recent.system_id = first.id and recent.last_seen_at > now() - interval '30 seconds'
  )
  on conflict (system_id) do update set last_seen_at = excluded.last_seen_at;
end;
$$;

comment on function private.record_heartbeat(private.api_key_caller) is 'Notes that the host''s program is there.';

revoke all on function private.record_heartbeat(private.api_key_caller) from public;

create function private.openkj_venues(p_caller private.api_key_caller)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'venue_id', venue.openkj_venue_id, 'name', venue.name, 'url_name', venue.url_name, 'accepting', venue.accepting_requests
        )
        order by venue.name, venue.openkj_venue_id
      ),
      -- OpenKJ forgets its chosen venue when the list is empty. Real numbers start at 1001.
      '[{"venue_id": 1, "name": "Add a venue in the portal", "url_name": "", "accepting": false}]'
    )
    from public.venues as venue
    where venue.organization_id = p_caller.organization_id and venue.archived_at is null
      and (p_caller.venue_id is null or p_caller.venue_id = venue.id)
  );
end;
$$;

revoke all on function private.openkj_venues(private.api_key_caller) from public;

create function private.openkj_requests(p_venue_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'request_id', request.openkj_request_id,
          'artist', request.artist,
          'title', request.title,
          'singer', request.singer_name,
          'key_change', request.key_change,
          'request_time', floor(extract(epoch from request.requested_at))::integer
        )
        order by queue.place
      ),
      '[]'
    )
    from private.queue(p_venue_id) as queue
    join public.requests as request on request.id = queue.request_id
    where request.state = 'pending'
  );
end;
$$;

comment on function private.openkj_requests(uuid) is 'What waits to be taken, in the order of the venue''s rules, as OpenKJ reads it.';

revoke all on function private.openkj_requests(uuid) from public;

create function private.openkj_command(p_command text, p_caller private.api_key_caller, p_body jsonb, p_sender uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_venue public.venues;
  v_system_id uuid;
  v_request public.requests;
  v_accepting boolean;
  v_added record;
  v_songs jsonb;
begin
  case p_command
    when 'getSerial' then
      return jsonb_build_object('serial', private.openkj_serial(p_caller.organization_id));

    when 'getVenues' then
      return jsonb_build_object('venues', private.openkj_venues(p_caller));

    when 'getSongs' then
      return jsonb_build_object('songs', private.openkj_songs(p_caller, p_body));

    when 'getRequests' then
      v_venue := private.openkj_venue(p_caller, p_body);
      return jsonb_build_object(
        'serial', private.openkj_serial(p_caller.organization_id), 'requests', private.openkj_requests(v_venue.id)
      );

    when 'getEntitledSystemCount' then
      return jsonb_build_object(
        'count',
        (
          select greatest(1, max(system.openkj_system_id))
          from public.systems as system
          where system.organization_id = p_caller.organization_id
        )
      );

    when 'getAlert' then
      return '{"alert": false}'::jsonb;

    when 'getAccepting' then
      v_venue := private.openkj_venue(p_caller, p_body);
      if v_venue.id is null then
        perform private.raise_error(404, 'venue_not_found', 'There is no such venue.');
      end if;
      return jsonb_build_object('venue_id', v_venue.openkj_venue_id, 'accepting', v_venue.accepting_requests);

    when 'setAccepting' then
      v_venue := private.openkj_venue(p_caller, p_body);
      if v_venue.id is null then
        perform private.raise_error(404, 'venue_not_found', 'There is no such venue.');
      end if;
      v_accepting := case p_body -> 'accepting'
        when 'true'::jsonb then true when '1'::jsonb then true when 'false'::jsonb then false when '0'::jsonb then false
      end;
      if v_accepting is null then
        perform private.raise_error(400, 'invalid_accepting', 'accepting must be true or false.');
      end if;
      v_system_id := private.openkj_system(p_caller, p_body);
      -- The system that opens a venue is the one whose book its singers see.
      perform private.change_accepting(v_venue.id, v_accepting, v_system_id);
      return jsonb_build_object(
        'venue_id', v_venue.openkj_venue_id, 'accepting', v_accepting, 'serial', private.openkj_serial(p_caller.organization_id)
      );

    when 'deleteRequest' then
      -- The host has taken it, so it counts as sung. Again, or for an id that is not theirs, nothing happens.
      select request.* into v_request
      from public.requests as request
      where request.organization_id = p_caller.organization_id
        and request.openkj_request_id = private.json_integer(p_body -> 'request_id')
        and request.state in ('pending', 'accepted', 'performing')
        and (p_caller.venue_id is null or p_caller.venue_id = request.venue_id);
      if found then
        begin
          perform private.change_requests(array[v_request.id], 'completed', 'host');
        exception
          -- Two deliveries of one message: the first one did it.
          when sqlstate 'PT409' then null;
        end;
      end if;
      return jsonb_build_object('serial', private.openkj_serial(p_caller.organization_id));

    when 'clearRequests' then
      v_venue := private.openkj_venue(p_caller, p_body);
      perform private.clear_requests(v_venue.id, array['pending']);
      return jsonb_build_object('serial', private.openkj_serial(p_caller.organization_id));

    when 'clearDatabase' then
      v_system_id := private.openkj_system(p_caller, p_body);
      if v_system_id is null then
        perform private.raise_error(404, 'system_not_found', 'There is no such system. Set the system id that the portal shows.');
      end if;
      perform private.book_stage_open(v_system_id, p_sender);
      return jsonb_build_object('serial', private.openkj_serial(p_caller.organization_id));

    when 'addSongs' then
      v_system_id := private.openkj_system(p_caller, p_body);
      if v_system_id is null then
        perform private.raise_error(404, 'system_not_found', 'There is no such system. Set the system id that the portal shows.');
      end if;
      v_songs := p_body -> 'songs';
      if jsonb_typeof(v_songs) is distinct from 'array' then
        perform private.raise_error(400, 'invalid_songs', 'songs must be a list of {artist, title}.');
      end if;
      select added.processed, added.errors into v_added from private.book_stage_add(v_system_id, v_songs, p_sender) as added;
      -- OpenKJ's last batch is always the first one that is not full.
      if jsonb_array_length(v_songs) < 1000 and (select ended.changed from private.book_stage_end(v_system_id) as ended) then
        perform private.bump_openkj_serial(array[p_caller.organization_id]);
      end if;
      return jsonb_build_object(
        'errors', v_added.errors,
        'entries processed', v_added.processed,
        'last_artist', coalesce(v_songs -> -1 ->> 'artist', ''),
        'last_title', coalesce(v_songs -> -1 ->> 'title', ''),
        'serial', private.openkj_serial(p_caller.organization_id)
      );

    when 'updateRotation' then
      v_venue := private.openkj_venue(p_caller, p_body);
      if v_venue.id is null or jsonb_typeof(p_body -> 'singers') is distinct from 'array' then
        perform private.raise_error(400, 'invalid_rotation', 'A rotation needs a venue_id and a list of singers.');
      end if;
      if jsonb_array_length(p_body -> 'singers') > 1000 or pg_column_size(p_body -> 'singers') > 262144 then
        perform private.raise_error(400, 'invalid_rotation', 'A rotation has up to 1,000 singers.');
      end if;
      if exists (
        select
        from jsonb_array_elements(p_body -> 'singers') as singer
        where jsonb_typeof(singer -> 'name') is distinct from 'string' or char_length(singer ->> 'name') > 400
          or jsonb_typeof(coalesce(singer -> 'is_current', 'false')) <> 'boolean'
      ) then
        perform private.raise_error(400, 'invalid_rotation', 'Each singer of a rotation needs a name.');
      end if;
      insert into private.rotations (venue_id, singers) values (v_venue.id, p_body -> 'singers')
      on conflict (venue_id) do update set singers = excluded.singers, updated_at = now();
      perform realtime.send(jsonb_build_object('venue_id', v_venue.id), 'queue_changed', 'venue:' || v_venue.id || ':display', true);
      return '{}'::jsonb;

    when 'addRequest' then
      v_venue := private.openkj_venue(p_caller, p_body);
      if v_venue.id is null then
        perform private.raise_error(404, 'venue_not_found', 'There is no such venue.');
      end if;
      if exists (
        select from unnest(array['artist', 'title', 'singer']) as field where jsonb_typeof(p_body -> field) in ('array', 'object')
      ) then
        perform private.raise_error(400, 'invalid_request', 'artist, title and singer must be texts.');
      end if;
      v_request := private.insert_request(
        v_venue.id, null, null, array[coalesce(nullif(btrim(p_body ->> 'singer'), ''), 'Guest')], null,
        p_body ->> 'artist', p_body ->> 'title', coalesce(private.json_integer(p_body -> 'key_change'), 0), null, null, true
      );
      return jsonb_build_object(
        'request_id', v_request.openkj_request_id, 'serial', private.openkj_serial(p_caller.organization_id)
      );
    else
      perform private.raise_error(400, 'unknown_command', 'Unknown command');
      return null;
  end case;
end;
$$;

comment on function private.openkj_command(text, private.api_key_caller, jsonb, uuid) is
  'The fields of the reply to one command of a verified caller. Raises what the caller is told.';

revoke all on function private.openkj_command(text, private.api_key_caller, jsonb, uuid) from public;

create table private.openkj_commands (
  command text primary key,
  scope_key text not null references public.api_key_scopes (key) on update cascade on delete restrict
);

alter table private.openkj_commands enable row level security;

create index openkj_commands_scope_key_idx on private.openkj_commands (scope_key);

comment on table private.openkj_commands is 'The commands answered with a key, and the scope each needs.';

create function private.openkj_call(p_body jsonb, p_address inet, p_sender uuid default null)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_command text := case when jsonb_typeof(p_body -> 'command') = 'string' then left(p_body ->> 'command', 100) else '' end;
  v_scope text;
  v_verified record;
  v_caller private.api_key_caller;
  v_reply jsonb;
  v_detail text;
begin
  if v_command = 'connectionTest' then
    return '{"command": "connectionTest", "error": false, "connection": "ok"}'::jsonb;
  -- Apps of singers have no key; getAccepting is also a command of programs that have one.
  elsif v_command in ('search', 'browse', 'submitRequest', 'getNearbyVenues2', 'venueExists', 'venueAccepting')
    or v_command = 'getAccepting' and p_body ? 'venueUrlName' then
    return private.singer_dialect_call(v_command, p_body, p_address);
  end if;

  v_verified := private.verify_api_key(p_body ->> 'api_key', p_address);
  if v_verified.refusal is not null then
    perform private.record_wrong_api_key(p_body ->> 'api_key', p_address, v_verified.refusal);
    return jsonb_build_object('command', v_command, 'error', true, 'errorString', 'Unknown API key. Copy it again from the portal.');
  end if;

  v_caller := v_verified.caller;
  select command.scope_key into v_scope from private.openkj_commands as command where command.command = v_command;
  if not found then
    return jsonb_build_object('command', v_command, 'error', true, 'errorString', 'Unknown command');
  end if;
  if v_scope <> all (v_caller.scopes) then
    perform private.record_api_key_failure(p_body ->> 'api_key', p_address, 'scope ' || v_scope || ' missing');
    return jsonb_build_object(
      'command', v_command, 'error', true, 'errorString', format('This API key may not do that: it lacks the scope %s.', v_scope)
    );
  end if;

  perform set_config('karaoke.source', 'openkj', true), set_config('karaoke.api_key_id', v_caller.api_key_id::text, true);
  begin
    v_reply := jsonb_build_object('command', v_command, 'error', false) || private.openkj_command(v_command, v_caller, p_body, p_sender);
  exception
    when others then
      -- Refusals are told; anything else is the function's to log and to hide.
      if sqlstate not like 'PT4%' then
        raise;
      end if;
      get stacked diagnostics v_detail = pg_exception_detail;
      v_reply := jsonb_build_object('command', v_command, 'error', true, 'errorString', v_detail);
  end;
  if private.record_api_key_call(v_caller.api_key_id, p_address, v_command = 'getSerial') then
    perform private.record_heartbeat(v_caller);
  end if;
  return v_reply;
end;
$$;

comment on function private.openkj_call(jsonb, inet, uuid) is
  'One OpenKJ call: the body with command and api_key, the client''s address, and which running copy of the function hands it over
(an upload that came through two of them may lack something); returns the whole reply: command as sent, error as a boolean, errorString when true, and the command''s own fields. Definer: the gateway''s role may do nothing else.';

revoke all on function private.openkj_call(jsonb, inet, uuid) from public;

create function private.openkj_polls(p_polls jsonb)
returns setof jsonb
language plpgsql
volatile
security definer
rows 10
set search_path = ''
as $$
begin
  -- As long as there is nothing to refuse and nothing to write down, a poll is this look-up; else it is a call like others.
  return query
    select coalesce(
      (
        select jsonb_build_object('command', 'getSerial', 'error', false, 'serial', counter.openkj_serial)
        from private.presented_secrets as presented
        join private.openkj_commands as command on command.command = 'getSerial' and command.scope_key = any (presented.scopes)
        join public.api_key_usage as usage
          on usage.api_key_id = presented.api_key_id and usage.day = (now() at time zone 'UTC')::date
          and usage.last_call_at > now() - interval '30 seconds'
        join private.organization_counters as counter on counter.organization_id = presented.organization_id
        where presented.secret_hash = poll.secret_hash
          and presented.refusal is null and presented.allowed_networks is null
          and exists (
            select
            from private.held_scopes as held
            where held.organization_id = presented.organization_id and held.user_id = presented.created_by
              and held.scope_key = command.scope_key
          )
      ),
      private.openkj_call(jsonb_build_object('command', 'getSerial', 'api_key', poll.api_key), poll.address)
    )
    from (
      select asked.api_key, asked.address, sha256(convert_to(asked.api_key, 'UTF8')) as secret_hash
      from jsonb_to_recordset(p_polls) as asked (api_key text, address inet)
      -- Hashed once, and not again for each secret it is compared with.
      offset 0
    ) as poll;
end;
$$;

comment on function private.openkj_polls(jsonb) is
  'What every host asks all night, for many at once: [{"api_key", "address"}] of calls of getSerial; returns their replies in the same
order. Definer: as openkj_call.';

revoke all on function private.openkj_polls(jsonb) from public;

-- The role the Edge Function takes on: it can make these calls and nothing else.
create role openkj_gateway nologin;
grant openkj_gateway to postgres;
grant usage on schema private to openkj_gateway;
grant execute on function private.openkj_call(jsonb, inet, uuid), private.openkj_polls(jsonb) to openkj_gateway;
