grant select, delete on public.blocked_songs to authenticated;
grant select on public.blocked_songs to service_role;

create policy "Only trusted sessions reach blocked songs" on public.blocked_songs
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Whoever sees a venue sees its block list" on public.blocked_songs
  for select to authenticated
  using (venue_id in (select venue.id from public.venues as venue));

create policy "Members with venues:update unblock songs" on public.blocked_songs
  for delete to authenticated
  using (
    venue_id in (
      select venue.id
      from public.venues as venue
      where venue.organization_id = any (array(select private.organizations_with('venues:update')))
    )
  );
