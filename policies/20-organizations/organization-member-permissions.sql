grant select on public.organization_member_permissions to authenticated, service_role;

create policy "Only trusted sessions reach member permissions" on public.organization_member_permissions
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Overrides are seen by whoever sees the member" on public.organization_member_permissions
  for select to authenticated
  using (organization_member_id in (select member.id from public.organization_members as member));
