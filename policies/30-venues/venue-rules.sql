grant select on public.venue_rules to authenticated, service_role;
grant update (
  guests_allowed, free_text_allowed, key_change_allowed, notes_allowed, last_initial_required, max_active_requests, cooldown_minutes,
  same_song, same_song_minutes, max_requests_per_hour, queue_order, queue_visibility,
  last_call_minutes
) on public.venue_rules to authenticated;

create policy "Only trusted sessions reach venue rules" on public.venue_rules
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Whoever sees a venue sees its rules" on public.venue_rules
  for select to authenticated
  using (venue_id in (select venue.id from public.venues as venue));

create policy "Members with venues:update change the rules" on public.venue_rules
  for update to authenticated
  using (
    venue_id in (
      select venue.id
      from public.venues as venue
      where venue.organization_id = any (array(select private.organizations_with('venues:update')))
    )
  )
  with check (
    venue_id in (
      select venue.id
      from public.venues as venue
      where venue.organization_id = any (array(select private.organizations_with('venues:update')))
    )
  );
