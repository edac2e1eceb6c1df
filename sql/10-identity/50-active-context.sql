create function private.switch_context(p_organization_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_user();
  if p_organization_id is not null then
    perform private.require_permission(p_organization_id, 'organization:read', 'organization_not_found');
  end if;
  insert into private.session_contexts (session_id, organization_id)
  values ((private.claims() ->> 'session_id')::uuid, p_organization_id)
  on conflict (session_id) do update set organization_id = excluded.organization_id, updated_at = now();
end;
$$;

comment on function private.switch_context(uuid) is 'Definer: contexts are private, and membership is checked here.';

revoke all on function private.switch_context(uuid) from public;
grant execute on function private.switch_context(uuid) to authenticated;

create function public.switch_context(p_organization_id uuid default null)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.switch_context(p_organization_id);
$$;

comment on function public.switch_context(uuid) is
  'Makes this session work as an organization the caller is an active member of, or as singer when null. Refresh the session
to see it in the token (active_context). Errors: 401; 404 organization_not_found.';

revoke all on function public.switch_context(uuid) from public;
grant execute on function public.switch_context(uuid) to authenticated;
