grant select, delete on public.message_preferences to authenticated;
grant select on public.message_preferences to service_role;
grant insert (user_id, category, channel, is_enabled) on public.message_preferences to authenticated;
grant update (user_id, category, channel, is_enabled) on public.message_preferences to authenticated;

create policy "Only trusted sessions reach preferences" on public.message_preferences
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Users see their own preferences" on public.message_preferences
  for select to authenticated
  using (user_id = (select auth.uid()));

create policy "Users set their own preferences" on public.message_preferences
  for insert to authenticated
  with check (user_id = (select auth.uid()));

create policy "Users change their own preferences" on public.message_preferences
  for update to authenticated
  using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));

create policy "Users take back their own preferences" on public.message_preferences
  for delete to authenticated
  using (user_id = (select auth.uid()));
