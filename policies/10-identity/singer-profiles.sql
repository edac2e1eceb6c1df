grant select on public.singer_profiles to authenticated, service_role;
grant update (nickname, preferences) on public.singer_profiles to authenticated;

create policy "Only trusted sessions reach singer profiles" on public.singer_profiles
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Singers see their own profile" on public.singer_profiles
  for select to authenticated
  using (user_id = (select auth.uid()));

create policy "Singers change their own profile" on public.singer_profiles
  for update to authenticated
  using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));
