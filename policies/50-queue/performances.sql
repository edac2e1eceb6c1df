grant select on public.performances to authenticated, service_role;

create policy "Only trusted sessions reach performances" on public.performances
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Singers see what they sang, members with requests:read what was sung at the organization" on public.performances
  for select to authenticated
  using (
    singer_user_id = (select auth.uid())
    or organization_id = any (array(select private.organizations_with('requests:read')))
  );
