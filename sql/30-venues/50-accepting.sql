create function private.change_accepting(p_venue_id uuid, p_accepting boolean, p_system_id uuid default null)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  update public.venues
  set accepting_requests = p_accepting, system_id = coalesce(p_system_id, system_id)
  -- Somebody may be archiving it at this moment.
  where id = p_venue_id and archived_at is null
    and (accepting_requests <> p_accepting or system_id is distinct from coalesce(p_system_id, system_id));
$$;

comment on function private.change_accepting(uuid, boolean, uuid) is
  'Opens or closes a venue for requests unless it is archived, and has it show the book of p_system_id where one is given. A venue that
is so already is not written.';

revoke all on function private.change_accepting(uuid, boolean, uuid) from public;

create function private.set_accepting(p_venue_id uuid, p_accepting boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_organization_id uuid;
begin
  select venue.organization_id into v_organization_id
  from public.venues as venue
  where venue.id = p_venue_id and venue.archived_at is null;
  perform private.require_permission(v_organization_id, 'requests:process', 'venue_not_found');
  if p_accepting is null then
    perform private.raise_error(400, 'invalid_accepting', 'p_accepting must be true or false.', 'Say which.');
  end if;
  perform private.change_accepting(p_venue_id, p_accepting);
end;
$$;

comment on function private.set_accepting(uuid, boolean) is
  'Definer: the person at the desk may open and close a venue without being allowed to change it otherwise.';

revoke all on function private.set_accepting(uuid, boolean) from public;
grant execute on function private.set_accepting(uuid, boolean) to authenticated;

create function public.set_accepting(p_venue_id uuid, p_accepting boolean)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.set_accepting(p_venue_id, p_accepting);
$$;

comment on function public.set_accepting(uuid, boolean) is
  'Opens or closes a venue for requests; what waits in the queue stays. Needs requests:process. Errors: 400 invalid_accepting;
403; 404 venue_not_found.';

revoke all on function public.set_accepting(uuid, boolean) from public;
grant execute on function public.set_accepting(uuid, boolean) to authenticated;
