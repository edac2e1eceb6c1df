grant select on public.venue_opening_hours to authenticated, service_role;

create policy "Only trusted sessions reach opening hours" on public.venue_opening_hours
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Whoever sees a venue sees its opening hours" on public.venue_opening_hours
  for select to authenticated
  using (venue_id in (select venue.id from public.venues as venue));
