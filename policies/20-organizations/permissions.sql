grant select on public.permissions to authenticated, service_role;

create policy "Everybody signed in reads the catalogue of permissions" on public.permissions
  for select to authenticated
  using (true);
