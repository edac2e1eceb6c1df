grant select on public.request_states to authenticated, service_role;

create policy "Everybody signed in reads the catalogue of request states" on public.request_states
  for select to authenticated
  using (true);
