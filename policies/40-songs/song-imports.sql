grant select on public.song_imports to authenticated, service_role;

create policy "Only trusted sessions reach song imports" on public.song_imports
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with songs:read see the song imports" on public.song_imports
  for select to authenticated
  using (organization_id = any (array(select private.organizations_with('songs:read'))));
