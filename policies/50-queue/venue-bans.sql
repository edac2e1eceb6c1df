grant select, delete on public.venue_bans to authenticated;
grant select on public.venue_bans to service_role;

create policy "Only trusted sessions reach bans" on public.venue_bans
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with requests:read see the bans" on public.venue_bans
  for select to authenticated
  using (organization_id = any (array(select private.organizations_with('requests:read'))));

create policy "Members with requests:process lift bans" on public.venue_bans
  for delete to authenticated
  using (organization_id = any (array(select private.organizations_with('requests:process'))));
