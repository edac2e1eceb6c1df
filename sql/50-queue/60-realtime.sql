-- Who hears what over Realtime. All topics are private:
--   venue:<uuid>:queue    whole requests, for members with requests:read
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

create function private.broadcast_request()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform realtime.send(
    to_jsonb(new) - 'idempotency_key',
    case when tg_op = 'INSERT' then 'request_created' else 'request_changed' end,
    'venue:' || new.venue_id || ':queue',
    true
  );
  if tg_op = 'UPDATE' and new.singer_user_id is not null then
    perform realtime.send(
      jsonb_build_object(
        'request_id', new.id, 'state', new.state, 'reason', new.reason, 'key_change', new.key_change, 'notes', new.notes
      ),
      'request_changed',
      'request:' || new.id,
      true
    );
  end if;
  return null;
end;
$$;

comment on function private.broadcast_request() is 'Definer: senders may not write realtime.messages.';

revoke all on function private.broadcast_request() from public;

create trigger requests_broadcast
  after insert or update on public.requests
  for each row execute function private.broadcast_request();

create function private.broadcast_displays()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  -- Says only that there is something new; what may be seen of it, public_queue() answers.
  perform realtime.send(jsonb_build_object('venue_id', moved.venue_id), 'queue_changed', 'venue:' || moved.venue_id || ':display', true)
  from (select distinct changed.venue_id from changed) as moved;
  return null;
end;
$$;

comment on function private.broadcast_displays() is 'Definer: senders may not write realtime.messages.';

revoke all on function private.broadcast_displays() from public;

create trigger requests_broadcast_displays_on_insert
  after insert on public.requests
  referencing new table as changed
  for each statement execute function private.broadcast_displays();

create trigger requests_broadcast_displays_on_update
  after update on public.requests
  referencing new table as changed
  for each statement execute function private.broadcast_displays();

create function private.broadcast_venue()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform realtime.send(
    jsonb_build_object('venue_id', new.id, 'accepting_requests', new.accepting_requests),
    'accepting_changed',
    'venue:' || new.id || ':' || audience,
    true
  )
  from unnest(array['queue', 'display']) as audience;
  return null;
end;
$$;

comment on function private.broadcast_venue() is 'Definer: senders may not write realtime.messages.';

revoke all on function private.broadcast_venue() from public;

create trigger venues_broadcast
  after update of accepting_requests on public.venues
  for each row
  when (old.accepting_requests is distinct from new.accepting_requests)
  execute function private.broadcast_venue();
