grant select on public.profiles to authenticated, service_role;
grant update (name, display_name) on public.profiles to authenticated;

create policy "Only trusted sessions reach profiles" on public.profiles
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Users see their own profile" on public.profiles
  for select to authenticated
  using (user_id = (select auth.uid()));

create policy "Users change their own profile" on public.profiles
  for update to authenticated
  using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));
