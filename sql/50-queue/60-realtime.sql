-- Who hears what over Realtime. All topics are private:
--   venue:<uuid>:queue    which requests came or changed, for members with requests:read
--   venue:<uuid>:display  what the venue shows the room, for everybody signed in, guests included
--   request:<id>          one request, for its singer
--   import:<uuid>         how far the import of a song book is, for members with songs:read
--   user:<uuid>:notifications  for that user

create function private.may_follow(p_topic text)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_venue_id uuid := substring(p_topic from '^venue:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}):(?:queue|display)$')::uuid;
  v_request_id bigint := substring(p_topic from '^request:([0-9]{1,18})$')::bigint;
begin
  if not private.session_is_trusted() then
    return false;
  end if;
  if p_topic = 'user:' || auth.uid() || ':notifications' then
    return true;
  end if;
  if p_topic like 'import:%' then
    return private.may_follow_import(p_topic);
  end if;
  if v_request_id is not null then
    return exists (
      select from public.requests as request where request.id = v_request_id and request.singer_user_id = auth.uid()
    );
  end if;
  if p_topic like '%:queue' then
    return exists (
      select
      from public.venues as venue
      where venue.id = v_venue_id and private.has_permission(venue.organization_id, 'requests:read')
    );
  end if;
  return exists (
    select
    from public.venues as venue
    join public.venue_rules as rules on rules.venue_id = venue.id
    where venue.id = v_venue_id and venue.archived_at is null and rules.queue_visibility <> 'none'
      and private.is_admitted(venue.id)
  );
end;
$$;

comment on function private.may_follow(text) is
  'Whether the caller may receive what is broadcast on the topic. Definer: it asks about rows the caller may not see.';

revoke all on function private.may_follow(text) from public;
grant execute on function private.may_follow(text) to authenticated;

-- What is broadcast names rows and their states and holds nothing personal: a channel that is open may outlive the right to
-- it, while rows are read through the API, which asks on every statement.
create function private.publish_requests()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform realtime.send(
    jsonb_build_object('venue_id', told.venue_id, 'serial', told.serial, 'requests', told.requests),
    case when tg_op = 'INSERT' then 'requests_created' else 'requests_changed' end,
    'venue:' || told.venue_id || ':queue',
    true
  )
  from (
    select
      listed.venue_id,
      counter.openkj_serial as serial,
      jsonb_agg(
        jsonb_build_object(
          'request_id', listed.id, 'openkj_request_id', listed.openkj_request_id, 'state', listed.state, 'version', listed.version
        )
        order by listed.id
      ) as requests
    from (
      select
        request.venue_id, request.organization_id, request.id, request.openkj_request_id, request.state, request.version,
        row_number() over (partition by request.venue_id order by request.id) as number
      -- Deleting a user changes a request twice in one statement: both are told as one, with the later version.
      from (
        select distinct on (changed.id) changed.*
        from changed
        order by changed.id, changed.version desc
      ) as request
    ) as listed
    join private.organization_counters as counter on counter.organization_id = listed.organization_id
    group by listed.venue_id, counter.openkj_serial, (listed.number - 1) / 200
    order by listed.venue_id, min(listed.id)
  ) as told;

  if tg_op = 'UPDATE' then
    perform realtime.send(
      jsonb_build_object('request_id', own.id, 'state', own.state, 'version', own.version),
      'request_changed', 'request:' || own.id, true
    )
    from (
      select distinct on (changed.id) changed.id, changed.state, changed.version
      from changed
      where changed.singer_user_id is not null
      order by changed.id, changed.version desc
    ) as own;
  end if;

  -- Says only that there is something new; what may be seen of it, public_queue() answers.
  perform realtime.send(jsonb_build_object('venue_id', moved.venue_id), 'queue_changed', 'venue:' || moved.venue_id || ':display', true)
  from (select distinct changed.venue_id from changed order by changed.venue_id) as moved;
  return null;
end;
$$;

comment on function private.publish_requests() is
  'Tells of a statement''s new or changed requests, once each: members in lists of up to 200, their singers, and the room that there is
something new. Definer: senders may not write realtime.messages.';

revoke all on function private.publish_requests() from public;

-- Triggers of one event fire in the order of their names: these after requests_bump_serial_…, whose serial they tell.
create trigger requests_publish_on_insert
  after insert on public.requests
  referencing new table as changed
  for each statement execute function private.publish_requests();

create trigger requests_publish_on_update
  after update on public.requests
  referencing new table as changed
  for each statement execute function private.publish_requests();

create function private.broadcast_to_venue(p_venue_id uuid, p_event text, p_payload jsonb)
returns void
language sql
volatile
security definer
set search_path = ''
as $$
  select realtime.send(p_payload, p_event, 'venue:' || p_venue_id || ':' || audience, true)
  from unnest(array['queue', 'display']) as audience;
$$;

comment on function private.broadcast_to_venue(uuid, text, jsonb) is
  'Tells members and the room something about a venue. Definer: senders may not write realtime.messages.';

revoke all on function private.broadcast_to_venue(uuid, text, jsonb) from public;

create function private.broadcast_accepting()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.broadcast_to_venue(
    new.id, 'accepting_changed', jsonb_build_object('venue_id', new.id, 'accepting_requests', new.accepting_requests)
  );
  return null;
end;
$$;

comment on function private.broadcast_accepting() is 'Definer: senders may not write realtime.messages.';

revoke all on function private.broadcast_accepting() from public;

create trigger venues_broadcast_accepting
  after update of accepting_requests on public.venues
  for each row
  when (old.accepting_requests is distinct from new.accepting_requests)
  execute function private.broadcast_accepting();

create function private.broadcast_order()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.broadcast_to_venue(new.venue_id, 'queue_changed', jsonb_build_object('venue_id', new.venue_id));
  return null;
end;
$$;

comment on function private.broadcast_order() is 'Definer: senders may not write realtime.messages.';

revoke all on function private.broadcast_order() from public;

create trigger venue_rules_broadcast_order
  after update of queue_order, queue_visibility on public.venue_rules
  for each row
  when ((old.queue_order, old.queue_visibility) is distinct from (new.queue_order, new.queue_visibility))
  execute function private.broadcast_order();

create function private.broadcast_rules()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  -- Another order or view of the queue is told as queue_changed.
  v_told_otherwise constant text[] := array['queue_order', 'queue_visibility'];
begin
  if private.rules_of_asking(new) - v_told_otherwise <> private.rules_of_asking(old) - v_told_otherwise then
    perform private.broadcast_to_venue(new.venue_id, 'rules_changed', jsonb_build_object('venue_id', new.venue_id));
  end if;
  return null;
end;
$$;

comment on function private.broadcast_rules() is 'Definer: senders may not write realtime.messages.';

revoke all on function private.broadcast_rules() from public;

create trigger venue_rules_broadcast_rules
  after update on public.venue_rules
  for each row execute function private.broadcast_rules();

create function private.broadcast_show()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.broadcast_to_venue(
    new.venue_id, 'show_changed',
    jsonb_build_object('venue_id', new.venue_id, 'show_id', new.id, 'is_open', new.closed_at is null)
  );
  return null;
end;
$$;

comment on function private.broadcast_show() is 'Definer: senders may not write realtime.messages.';

revoke all on function private.broadcast_show() from public;

create trigger shows_broadcast_opening
  after insert on public.shows
  for each row execute function private.broadcast_show();

create trigger shows_broadcast_closing
  after update of closed_at on public.shows
  for each row
  when (old.closed_at is distinct from new.closed_at)
  execute function private.broadcast_show();
