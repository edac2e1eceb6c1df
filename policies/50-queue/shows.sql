grant select on public.shows to authenticated, service_role;

create policy "Only trusted sessions reach shows" on public.shows
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with requests:read see the shows" on public.shows
  for select to authenticated
  using (organization_id = any (array(select private.organizations_with('requests:read'))));
