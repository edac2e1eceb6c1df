grant select on public.api_key_usage to authenticated, service_role;

create policy "Only trusted sessions reach the use of API keys" on public.api_key_usage
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Whoever sees a key sees its use" on public.api_key_usage
  for select to authenticated
  using (api_key_id in (select api_key.id from public.api_keys as api_key));
