grant select, delete on public.favorite_songs to authenticated;
grant select on public.favorite_songs to service_role;
grant insert (user_id, artist, title, key_change, metadata) on public.favorite_songs to authenticated;
grant update (key_change, metadata) on public.favorite_songs to authenticated;

create policy "Only trusted sessions reach favourite songs" on public.favorite_songs
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "People see their own favourite songs" on public.favorite_songs
  for select to authenticated
  using (user_id = (select auth.uid()));

create policy "People add favourite songs for themselves" on public.favorite_songs
  for insert to authenticated
  with check (user_id = (select auth.uid()));

create policy "People change their own favourite songs" on public.favorite_songs
  for update to authenticated
  using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));

create policy "People remove their own favourite songs" on public.favorite_songs
  for delete to authenticated
  using (user_id = (select auth.uid()));
