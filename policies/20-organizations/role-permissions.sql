grant select on public.role_permissions to authenticated, service_role;

create policy "Everybody signed in reads the catalogue of role permissions" on public.role_permissions
  for select to authenticated
  using (true);
