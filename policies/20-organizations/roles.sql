grant select on public.roles to authenticated, service_role;

create policy "Everybody signed in reads the catalogue of roles" on public.roles
  for select to authenticated
  using (true);
