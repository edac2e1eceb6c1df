grant select (id, user_id, category, kind, data, created_at, read_at) on public.notifications to authenticated;
grant select on public.notifications to service_role;
grant update (read_at) on public.notifications to authenticated;

create policy "Only trusted sessions reach notifications" on public.notifications
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Users see their own notifications" on public.notifications
  for select to authenticated
  using (user_id = (select auth.uid()));

create policy "Users mark their own notifications as read" on public.notifications
  for update to authenticated
  using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));
