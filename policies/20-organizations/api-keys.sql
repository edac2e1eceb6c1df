grant select on public.api_keys to authenticated, service_role;
grant update (name, description) on public.api_keys to authenticated;

create policy "Only trusted sessions reach API keys" on public.api_keys
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with api_keys:read see the keys" on public.api_keys
  for select to authenticated
  using (organization_id = any (array(select private.organizations_with('api_keys:read'))));

create policy "Members with api_keys:write rename keys" on public.api_keys
  for update to authenticated
  using (organization_id = any (array(select private.organizations_with('api_keys:write'))))
  with check (organization_id = any (array(select private.organizations_with('api_keys:write'))));
