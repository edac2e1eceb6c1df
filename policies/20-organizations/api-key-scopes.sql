grant select on public.api_key_scopes to authenticated, service_role;

create policy "Everybody signed in reads the catalogue of api key scopes" on public.api_key_scopes
  for select to authenticated
  using (true);
