-- Moving requests through their states. One function does it for the host's portal, for OpenKJ and for the singer.

create function private.change_requests(p_request_ids bigint[], p_state text, p_actor text, p_reason text default null)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_refused record;
  v_changed integer;
begin
  -- In order of id, so that two bulk changes never wait for each other in a circle.
  perform from public.requests as request where request.id = any (p_request_ids) order by request.id for no key update;

  select request.id, request.state into v_refused
  from public.requests as request
  where request.id = any (p_request_ids)
    and request.state <> p_state
    and not exists (
      select
      from public.request_transitions as allowed
      where allowed.from_state = request.state and allowed.to_state = p_state and allowed.actor = p_actor
    )
  order by request.id
  limit 1;
  if found then
    perform private.raise_error(
      409, 'transition_not_allowed', format('Request %s is %s and cannot become %s.', v_refused.id, v_refused.state, p_state),
      'Read the request again: somebody may have been faster.'
    );
  end if;

  update public.requests as request
  set
    state = p_state,
    -- The first acceptance opens the night.
    show_id = case
      when request.show_id is null and p_state in ('accepted', 'performing', 'completed') then private.current_show(request.venue_id)
      else request.show_id
    end,
    reason = case when p_state in ('rejected', 'skipped') then p_reason end,
    processed_at = case when p_state = 'completed' then now() end
  where request.id = any (p_request_ids) and request.state <> p_state;
  get diagnostics v_changed = row_count;
  return v_changed;
end;
$$;

comment on function private.change_requests(bigint[], text, text, text) is
  'Moves requests to a state as singer, host or undo and returns how many moved; those already there are left alone. All or nothing:
409 transition_not_allowed names the first that may not.';

revoke all on function private.change_requests(bigint[], text, text, text) from public;

create function private.set_request_state(p_request_id bigint, p_state text, p_reason text)
returns public.requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
  v_reason text := private.clean_text(p_reason, 'reason', 500);
begin
  v_request := private.require_request(p_request_id, case when p_state = 'cleared' then 'requests:delete' else 'requests:process' end);
  if p_state is null or not exists (select from public.request_states as known where known.key = p_state) then
    perform private.raise_error(400, 'invalid_state', 'There is no such state.', 'See the table request_states.');
  end if;
  perform private.change_requests(array[p_request_id], p_state, 'host', v_reason);
  select request.* into v_request from public.requests as request where request.id = p_request_id;
  return v_request;
end;
$$;

comment on function private.set_request_state(bigint, text, text) is 'Definer: requests are changed only through change_requests.';

revoke all on function private.set_request_state(bigint, text, text) from public;
grant execute on function private.set_request_state(bigint, text, text) to authenticated;

create function public.set_request_state(p_request_id bigint, p_state text, p_reason text default null)
returns public.requests
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.set_request_state(p_request_id, p_state, p_reason);
$$;

comment on function public.set_request_state(bigint, text, text) is
  'The host moves a request to another state (see request_transitions, actor host) and gets it back. p_reason (up to 500
characters) is shown to a rejected or skipped singer. Needs requests:process, for cleared requests:delete. Errors: 400 invalid_state,
invalid_reason; 403; 404 request_not_found; 409 transition_not_allowed.';

revoke all on function public.set_request_state(bigint, text, text) from public;
grant execute on function public.set_request_state(bigint, text, text) to authenticated;

create function private.process_requests(p_request_ids bigint[], p_processed boolean)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_ids bigint[];
  v_missing text;
begin
  perform private.require_user();
  select array_agg(distinct id) into v_ids from unnest(p_request_ids) as id where id is not null;
  if coalesce(cardinality(v_ids), 0) not between 1 and 100 then
    perform private.raise_error(400, 'invalid_request_ids', 'Between 1 and 100 requests can be processed at once.', 'Send them in parts.');
  end if;
  if p_processed is null then
    perform private.raise_error(400, 'invalid_processed', 'p_processed must be true or false.', 'Say which.');
  end if;
  select string_agg(wanted.id::text, ', ' order by wanted.id) into v_missing
  from unnest(v_ids) as wanted (id)
  where not exists (
    select
    from public.requests as request
    where request.id = wanted.id
      and request.organization_id = any (array(select private.organizations_with('requests:process')))
  );
  if v_missing is not null then
    perform private.raise_error(
      404, 'request_not_found', 'There are no such requests, or they are not yours: ' || v_missing, 'Read the queue again.'
    );
  end if;
  return private.change_requests(v_ids, case when p_processed then 'completed' else 'pending' end, 'host');
end;
$$;

comment on function private.process_requests(bigint[], boolean) is 'Definer: requests are changed only through change_requests.';

revoke all on function private.process_requests(bigint[], boolean) from public;
grant execute on function private.process_requests(bigint[], boolean) to authenticated;

create function public.process_requests(p_request_ids bigint[], p_processed boolean default true)
returns integer
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.process_requests(p_request_ids, p_processed);
$$;

comment on function public.process_requests(bigint[], boolean) is
  'Marks 1-100 requests as sung, or puts them back into the queue, all or nothing, and returns how many changed. Duplicate ids
count once. Needs requests:process. Errors: 400 invalid_request_ids, invalid_processed; 404 request_not_found naming the
ids; 409 transition_not_allowed.';

revoke all on function public.process_requests(bigint[], boolean) from public;
grant execute on function public.process_requests(bigint[], boolean) to authenticated;

create function private.clear_requests(p_venue_id uuid, p_states text[])
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  return private.change_requests(
    -- Locked while they are chosen: what somebody else is bringing on stage meanwhile is left out.
    array(
      select request.id
      from public.requests as request
      where request.venue_id = p_venue_id and request.state = any (p_states)
      order by request.id
      for no key update
    ),
    'cleared', 'host'
  );
end;
$$;

comment on function private.clear_requests(uuid, text[]) is 'Clears what is in one of the states at a venue and returns how many requests that were.';

revoke all on function private.clear_requests(uuid, text[]) from public;

create function private.clear_queue(p_venue_id uuid)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id), 'requests:delete', 'venue_not_found'
  );
  return private.clear_requests(p_venue_id, array['pending', 'accepted']);
end;
$$;

comment on function private.clear_queue(uuid) is 'Definer: requests are changed only through change_requests.';

revoke all on function private.clear_queue(uuid) from public;
grant execute on function private.clear_queue(uuid) to authenticated;

create function public.clear_queue(p_venue_id uuid)
returns integer
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.clear_queue(p_venue_id);
$$;

comment on function public.clear_queue(uuid) is
  'Clears everything that waits at a venue and returns how many requests that were. They keep their history. Needs
requests:delete. Errors: 403; 404 venue_not_found.';

revoke all on function public.clear_queue(uuid) from public;
grant execute on function public.clear_queue(uuid) to authenticated;

create function private.own_request(p_request_id bigint)
returns public.requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_request public.requests;
begin
  select request.* into v_request
  from public.requests as request
  where request.id = p_request_id and request.singer_user_id = v_user_id
  for no key update;
  if not found then
    perform private.raise_error(404, 'request_not_found', 'There is no such request, or it is not yours.', 'Read your requests again.');
  end if;
  return v_request;
end;
$$;

comment on function private.own_request(bigint) is 'The caller''s own request, locked. Errors: 401; 404 request_not_found.';

revoke all on function private.own_request(bigint) from public;

create function private.cancel_request(p_request_id bigint)
returns public.requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests := private.own_request(p_request_id);
begin
  perform private.change_requests(array[v_request.id], 'cancelled', 'singer');
  select request.* into v_request from public.requests as request where request.id = p_request_id;
  return v_request;
end;
$$;

comment on function private.cancel_request(bigint) is 'Definer: requests are changed only through change_requests.';

revoke all on function private.cancel_request(bigint) from public;
grant execute on function private.cancel_request(bigint) to authenticated;

create function public.cancel_request(p_request_id bigint)
returns public.requests
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.cancel_request(p_request_id);
$$;

comment on function public.cancel_request(bigint) is
  'The singer withdraws an own request that is not being sung yet; again is harmless. Errors: 401; 404 request_not_found;
409 transition_not_allowed.';

revoke all on function public.cancel_request(bigint) from public;
grant execute on function public.cancel_request(bigint) to authenticated;

create function private.change_words(p_request public.requests, p_singer_names text[], p_key_change integer, p_notes text)
returns public.requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_request public.requests := p_request;
begin
  if p_key_change not between -12 and 12 then
    perform private.raise_error(400, 'invalid_key_change', 'The key can be changed by -12 to 12 semitones.', 'Send 0 for the original key.');
  end if;
  if (p_singer_names, p_key_change) is distinct from (p_request.singer_names, p_request.key_change) then
    -- OpenKJ never looks again at an id it knows, so what it shows needs a new one when it changes.
    update private.organization_counters
    set next_openkj_request_id = next_openkj_request_id + 1
    where organization_id = p_request.organization_id
    returning next_openkj_request_id - 1 into v_request.openkj_request_id;
  end if;
  update public.requests as request
  set
    singer_names = p_singer_names,
    key_change = p_key_change,
    notes = p_notes,
    openkj_request_id = v_request.openkj_request_id
  where request.id = p_request.id
    and (request.singer_names, request.key_change, request.notes) is distinct from (p_singer_names, p_key_change, p_notes)
  returning request.* into v_request;
  return case when found then v_request else p_request end;
end;
$$;

comment on function private.change_words(public.requests, text[], integer, text) is
  'Writes what a request says; what says the same already is not touched. The request must be locked. Errors: 400 invalid_key_change.';

revoke all on function private.change_words(public.requests, text[], integer, text) from public;

create function private.edit_request(p_request_id bigint, p_key_change integer, p_notes text)
returns public.requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests := private.own_request(p_request_id);
  v_rules public.venue_rules;
  v_notes text := private.clean_text(p_notes, 'notes', 500);
begin
  if v_request.state <> 'pending' then
    perform private.raise_error(
      409, 'request_not_pending', format('The request is %s and can no longer be changed.', v_request.state), 'Talk to the host.'
    );
  end if;
  select rules.* into v_rules from public.venue_rules as rules where rules.venue_id = v_request.venue_id;
  perform private.check_song_rules(v_rules, coalesce(p_key_change, 0), v_notes, null);
  return private.change_words(
    v_request, v_request.singer_names, coalesce(p_key_change, v_request.key_change),
    case when p_notes is null then v_request.notes else v_notes end
  );
end;
$$;

comment on function private.edit_request(bigint, integer, text) is 'Definer: singers may not update requests directly.';

revoke all on function private.edit_request(bigint, integer, text) from public;
grant execute on function private.edit_request(bigint, integer, text) to authenticated;

create function public.edit_request(p_request_id bigint, p_key_change integer default null, p_notes text default null)
returns public.requests
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.edit_request(p_request_id, p_key_change, p_notes);
$$;

comment on function public.edit_request(bigint, integer, text) is
  'The singer changes key (-12..12) or notes (up to 500 characters, empty removes them) of an own pending request; what is left out
stays. Errors: 400 invalid_key_change, invalid_notes; 401; 404 request_not_found; 409 request_not_pending; 422
key_change_not_allowed, notes_not_allowed.';

revoke all on function public.edit_request(bigint, integer, text) from public;
grant execute on function public.edit_request(bigint, integer, text) to authenticated;
