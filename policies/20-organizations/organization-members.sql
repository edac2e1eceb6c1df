grant select on public.organization_members to authenticated, service_role;

create policy "Only trusted sessions reach memberships" on public.organization_members
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Users see their own memberships, those with members:read all of the organization" on public.organization_members
  for select to authenticated
  using (
    user_id = (select auth.uid())
    or organization_id = any (array(select private.organizations_with('members:read')))
  );
