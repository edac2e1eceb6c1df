grant select on public.organizations to authenticated, service_role;
grant update (name, legal_name, contact_email, contact_phone, time_zone, require_mfa) on public.organizations to authenticated;

create policy "Only trusted sessions reach organizations" on public.organizations
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with organization:read see their organization" on public.organizations
  for select to authenticated
  using (id = any (array(select private.organizations_with('organization:read'))));

create policy "Members with organization:write change their organization" on public.organizations
  for update to authenticated
  using (id = any (array(select private.organizations_with('organization:write'))))
  with check (id = any (array(select private.organizations_with('organization:write'))));
