grant select on public.requests to authenticated, service_role;

create policy "Only trusted sessions reach requests" on public.requests
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Singers see their own requests, members with requests:read those of the organization" on public.requests
  for select to authenticated
  using (
    singer_user_id = (select auth.uid())
    or organization_id = any (array(select private.organizations_with('requests:read')))
  );
