create function private.move_request(p_request_id bigint, p_before_request_id bigint)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
begin
  v_request := private.require_request(p_request_id, 'requests:process');
  if (select rules.queue_order from public.venue_rules as rules where rules.venue_id = v_request.venue_id) <> 'manual' then
    perform private.raise_error(
      409, 'queue_not_manual', 'This queue orders itself.', 'Set queue_order of the venue''s rules to manual first.'
    );
  end if;
  -- One move at a time per venue: each works on the order the one before it left.
  perform pg_advisory_xact_lock(hashtextextended('move_request:' || v_request.venue_id, 0));
  perform
  from public.requests as request
  where request.venue_id = v_request.venue_id and request.state in ('pending', 'accepted', 'performing')
  order by request.id
  for no key update;
  if not exists (select from private.queue(v_request.venue_id) as queue where queue.request_id = p_request_id)
    or p_before_request_id is not null
    and not exists (select from private.queue(v_request.venue_id) as queue where queue.request_id = p_before_request_id)
  then
    perform private.raise_error(
      409, 'request_not_waiting', 'One of the requests no longer waits in this queue.', 'Read the queue again.'
    );
  end if;

  with
    ordered as (
      select
        queue.request_id,
        row_number() over (
          order by
            case
              when queue.request_id = p_request_id then coalesce(
                (select target.place from private.queue(v_request.venue_id) as target where target.request_id = p_before_request_id)
                  - 0.5,
                1e9
              )
              else queue.place
            end
        ) as place
      from private.queue(v_request.venue_id) as queue
    )
  update public.requests as request
  set sort_order = ordered.place
  from ordered
  where request.id = ordered.request_id and request.sort_order is distinct from ordered.place;
end;
$$;

comment on function private.move_request(bigint, bigint) is 'Definer: requests are changed only by functions.';

revoke all on function private.move_request(bigint, bigint) from public;
grant execute on function private.move_request(bigint, bigint) to authenticated;

create function public.move_request(p_request_id bigint, p_before_request_id bigint default null)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.move_request(p_request_id, p_before_request_id);
$$;

comment on function public.move_request(bigint, bigint) is
  'Moves a waiting request before another one of the same venue, or to the end when null. The venue''s queue_order must be manual;
what is being sung stays first. Needs requests:process. Errors: 403; 404 request_not_found; 409 queue_not_manual,
request_not_waiting.';

revoke all on function public.move_request(bigint, bigint) from public;
grant execute on function public.move_request(bigint, bigint) to authenticated;

create function private.make_next(p_request_id bigint)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_user();
  v_request public.requests;
begin
  perform pg_advisory_xact_lock(hashtextextended('move_request:' || (
    select request.venue_id from public.requests as request where request.id = p_request_id and request.singer_user_id = v_user_id
  ), 0));
  perform
  from public.requests as request
  join public.requests as chosen on chosen.venue_id = request.venue_id
  where chosen.id = p_request_id and request.singer_user_id = v_user_id and request.state in ('pending', 'accepted', 'performing')
  order by request.id
  for no key update of request;
  v_request := private.own_request(p_request_id);
  if v_request.state <> 'pending' then
    perform private.raise_error(
      409, 'request_not_pending', format('The request is %s and can no longer be moved.', v_request.state), 'Talk to the host.'
    );
  end if;
  -- The singer's songs keep the places they have in the queue and change places among themselves.
  with
    waiting as (
      select
        request.id, request.sort_order, coalesce(request.queued_as_of, request.requested_at) as as_of,
        row_number() over (order by queue.place) as slot,
        row_number() over (order by request.id = p_request_id desc, queue.place) as wanted
      from private.queue(v_request.venue_id) as queue
      join public.requests as request on request.id = queue.request_id
      where request.singer_user_id = v_request.singer_user_id and request.state = 'pending'
    )
  update public.requests as request
  set queued_as_of = slot.as_of, sort_order = slot.sort_order
  from waiting as mine
  join waiting as slot on slot.slot = mine.wanted
  where request.id = mine.id and mine.slot <> mine.wanted and request.state = 'pending';
end;
$$;

comment on function private.make_next(bigint) is 'Definer: requests are changed only by functions.';

revoke all on function private.make_next(bigint) from public;
grant execute on function private.make_next(bigint) to authenticated;

create function public.make_next(p_request_id bigint)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.make_next(p_request_id);
$$;

comment on function public.make_next(bigint) is
  'The singer puts an own pending request before the others of theirs at this venue; nobody else''s place changes. Errors: 401; 404
request_not_found; 409 request_not_pending.';

revoke all on function public.make_next(bigint) from public;
grant execute on function public.make_next(bigint) to authenticated;
