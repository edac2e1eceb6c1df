grant select on public.message_categories to authenticated, service_role;

create policy "Everybody signed in reads the categories of messages" on public.message_categories
  for select to authenticated
  using (true);
