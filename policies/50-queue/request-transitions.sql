grant select on public.request_transitions to authenticated, service_role;

create policy "Everybody signed in reads the catalogue of request transitions" on public.request_transitions
  for select to authenticated
  using (true);
