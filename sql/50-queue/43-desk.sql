-- What the person at the desk does beside moving a request on: put back, put right, send home, speak to.

create function private.undo_request(p_request_id bigint)
returns public.requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
  v_event public.request_events;
begin
  v_request := private.require_request(p_request_id, 'requests:process');
  perform from public.requests as request where request.id = p_request_id for no key update;
  select event.* into v_event
  from public.request_events as event
  where event.request_id = p_request_id
  order by event.id desc
  limit 1;
  if v_event.from_state is null or v_event.to_state = 'cancelled' then
    perform private.raise_error(
      409, 'nothing_to_undo', 'The host has done nothing with this request that could be undone.', 'Read the request again.'
    );
  end if;
  perform private.change_requests(array[p_request_id], v_event.from_state, 'undo');
  select request.* into v_request from public.requests as request where request.id = p_request_id;
  return v_request;
end;
$$;

comment on function private.undo_request(bigint) is 'Definer: requests are changed only through change_requests.';

revoke all on function private.undo_request(bigint) from public;
grant execute on function private.undo_request(bigint) to authenticated;

create function public.undo_request(p_request_id bigint)
returns public.requests
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.undo_request(p_request_id);
$$;

comment on function public.undo_request(bigint) is
  'Takes back the last step of the host and returns the request in the state before; undoing that does the step again. Needs
requests:process. Errors: 403; 404 request_not_found; 409 nothing_to_undo (new, or withdrawn by its singer), transition_not_allowed.';

revoke all on function public.undo_request(bigint) from public;
grant execute on function public.undo_request(bigint) to authenticated;

create function private.update_request(p_request_id bigint, p_singer_names text[], p_key_change integer, p_notes text)
returns public.requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
  v_names text[] := case when p_singer_names is not null then private.clean_singer_names(p_singer_names) end;
  v_notes text := private.clean_text(p_notes, 'notes', 500);
begin
  v_request := private.require_request(p_request_id, 'requests:process');
  select request.* into v_request from public.requests as request where request.id = p_request_id for no key update;
  if v_request.state not in ('pending', 'accepted', 'performing') then
    perform private.raise_error(
      409, 'request_not_waiting', format('The request is %s and can no longer be changed.', v_request.state), 'Read the queue again.'
    );
  end if;
  return private.change_words(
    v_request, coalesce(v_names, v_request.singer_names), coalesce(p_key_change, v_request.key_change),
    case when p_notes is null then v_request.notes else v_notes end
  );
end;
$$;

comment on function private.update_request(bigint, text[], integer, text) is 'Definer: requests are changed only by functions.';

revoke all on function private.update_request(bigint, text[], integer, text) from public;
grant execute on function private.update_request(bigint, text[], integer, text) to authenticated;

create function public.update_request(
  p_request_id bigint, p_singer_names text[] default null, p_key_change integer default null, p_notes text default null
)
returns public.requests
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.update_request(p_request_id, p_singer_names, p_key_change, p_notes);
$$;

comment on function public.update_request(bigint, text[], integer, text) is
  'The host puts names (1-4 of 1-100 characters), key (-12..12) or notes (up to 500 characters, empty removes them) of a waiting request
right; what is left out stays. The rules for singers do not hold here. Needs requests:process. Errors: 400 invalid_singer_names,
invalid_key_change, invalid_notes; 403; 404 request_not_found; 409 request_not_waiting.';

revoke all on function public.update_request(bigint, text[], integer, text) from public;
grant execute on function public.update_request(bigint, text[], integer, text) to authenticated;

create function private.skip_singer(p_request_id bigint, p_reason text)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
  v_reason text := private.clean_text(p_reason, 'reason', 500);
begin
  v_request := private.require_request(p_request_id, 'requests:process');
  perform
  from private.requests_of_singer(v_request.venue_id, v_request.singer_user_id, v_request.singer_names, null) as waiting
  join public.requests as request on request.id = waiting.id
  order by request.id
  for no key update of request;
  return private.change_requests(
    array(
      select request.id
      from private.requests_of_singer(v_request.venue_id, v_request.singer_user_id, v_request.singer_names, null) as request
      where request.state in ('pending', 'accepted')
    ),
    'skipped', 'host', v_reason
  );
end;
$$;

comment on function private.skip_singer(bigint, text) is 'Definer: requests are changed only through change_requests.';

revoke all on function private.skip_singer(bigint, text) from public;
grant execute on function private.skip_singer(bigint, text) to authenticated;

create function public.skip_singer(p_request_id bigint, p_reason text default null)
returns integer
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.skip_singer(p_request_id, p_reason);
$$;

comment on function public.skip_singer(bigint, text) is
  'Skips all that waits of the singer behind a request, at its venue, and returns how many requests that were; a song on stage goes on.
p_reason (up to 500 characters) is told to the singer. Needs requests:process. Errors: 400 invalid_reason; 403; 404 request_not_found.';

revoke all on function public.skip_singer(bigint, text) from public;
grant execute on function public.skip_singer(bigint, text) to authenticated;

create function private.message_singer(p_request_id bigint, p_text text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
  v_text text := private.clean_text(p_text, 'text', 500);
begin
  v_request := private.require_request(p_request_id, 'requests:process');
  if v_text is null then
    perform private.raise_error(400, 'invalid_text', 'There is nothing in the message.', 'Write 1 to 500 characters.');
  end if;
  if v_request.singer_user_id is null then
    perform private.raise_error(
      409, 'nobody_to_tell', 'This request has no account behind it: staff or a program entered it.', 'Call the name instead.'
    );
  end if;
  perform private.enforce_rate_limit('messages_to_singer', v_request.venue_id || ' ' || v_request.singer_user_id);
  perform private.notify_user(
    v_request.singer_user_id, 'queue', 'host_message', private.request_facts(v_request) || jsonb_build_object('text', v_text),
    'host_message:' || gen_random_uuid()
  );
end;
$$;

comment on function private.message_singer(bigint, text) is 'Definer: the host speaks, the singer is told.';

revoke all on function private.message_singer(bigint, text) from public;
grant execute on function private.message_singer(bigint, text) to authenticated;

create function public.message_singer(p_request_id bigint, p_text text)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.message_singer(p_request_id, p_text);
$$;

comment on function public.message_singer(bigint, text) is
  'Tells the singer behind a request something (1-500 characters): a notification host_message in the app at once, and by mail or text
where they want it. 20 an hour to one singer. Needs requests:process. Errors: 400 invalid_text; 403; 404 request_not_found; 409
nobody_to_tell; 429.';

revoke all on function public.message_singer(bigint, text) from public;
grant execute on function public.message_singer(bigint, text) to authenticated;
