grant select on public.organization_invitations to authenticated, service_role;

create policy "Only trusted sessions reach invitations" on public.organization_invitations
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with members:read see the invitations" on public.organization_invitations
  for select to authenticated
  using (organization_id = any (array(select private.organizations_with('members:read'))));
