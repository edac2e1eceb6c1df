-- A singer is told what becomes of a request: accepted, skipped or rejected with the reason, and when they are next.

create function private.request_facts(p_request public.requests)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select jsonb_build_object(
    'request_id', p_request.id, 'venue_id', venue.id, 'venue', venue.name, 'artist', p_request.artist, 'title', p_request.title,
    'reason', p_request.reason
  )
  from public.venues as venue
  where venue.id = p_request.venue_id;
$$;

revoke all on function private.request_facts(public.requests) from public;

create function private.tell_singers()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
  v_venue_id uuid;
begin
  for v_request in
    select changed.*
    from changed
    join former on former.id = changed.id
    where changed.state <> former.state and changed.state in ('accepted', 'rejected', 'skipped')
      and changed.singer_user_id is not null
    order by changed.id
  loop
    perform private.notify_user(
      v_request.singer_user_id, 'queue', 'request_' || v_request.state, private.request_facts(v_request),
      -- A request may be skipped, put back and skipped again: each time is told.
      format(
        'request_%s:%s:%s', v_request.state, v_request.id,
        (select max(event.id) from public.request_events as event where event.request_id = v_request.id)
      )
    );
  end loop;

  for v_venue_id in
    select distinct changed.venue_id
    from changed
    join former on former.id = changed.id
    where changed.state <> former.state
    order by changed.venue_id
  loop
    select request.* into v_request
    from private.queue(v_venue_id) as queue
    join public.requests as request on request.id = queue.request_id
    where request.state <> 'performing'
    order by queue.place
    limit 1;
    if v_request.singer_user_id is not null then
      perform private.notify_user(
        v_request.singer_user_id, 'queue', 'request_next_up', private.request_facts(v_request),
        format('request_next_up:%s', v_request.id)
      );
    end if;
  end loop;
  return null;
end;
$$;

comment on function private.tell_singers() is 'Definer: the host acts, the singer is told.';

revoke all on function private.tell_singers() from public;

-- After the trigger that writes request_events: triggers of one event run in order of their names.
create trigger requests_tell_singers
  after update on public.requests
  referencing old table as former new table as changed
  for each statement execute function private.tell_singers();
