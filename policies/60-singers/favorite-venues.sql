grant select, delete on public.favorite_venues to authenticated;
grant select on public.favorite_venues to service_role;
grant insert (user_id, venue_id) on public.favorite_venues to authenticated;

create policy "Only trusted sessions reach favourite venues" on public.favorite_venues
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "People see their own favourite venues" on public.favorite_venues
  for select to authenticated
  using (user_id = (select auth.uid()));

create policy "People add favourite venues for themselves" on public.favorite_venues
  for insert to authenticated
  with check (user_id = (select auth.uid()));

create policy "People remove their own favourite venues" on public.favorite_venues
  for delete to authenticated
  using (user_id = (select auth.uid()));
