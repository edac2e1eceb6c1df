grant select on public.delegated_access_sessions to authenticated, service_role;

create policy "Only trusted sessions reach delegated access" on public.delegated_access_sessions
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with audit:read see who had access, platform people see their own" on public.delegated_access_sessions
  for select to authenticated
  using (
    admin_id = (select auth.uid())
    or organization_id = any (array(select private.organizations_with('audit:read')))
  );
