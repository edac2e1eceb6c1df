-- Files of imports lie in <organization_id>/<system_id>/. Nobody may change one that is there: an import may be reading it.
create policy "Members with songs:write upload files to import" on storage.objects
  for insert to authenticated
  with check (
    bucket_id = 'imports'
    and (storage.foldername(name))[1] = any (array(select id::text from private.organizations_with('songs:write') as id))
    and storage.foldername(name) in (
      select array[system.organization_id::text, system.id::text] from public.systems as system
    )
  );

create policy "Members with songs:write read files to import" on storage.objects
  for select to authenticated
  using (
    bucket_id = 'imports'
    and (storage.foldername(name))[1] = any (array(select id::text from private.organizations_with('songs:write') as id))
  );

create policy "Members with songs:write delete files to import" on storage.objects
  for delete to authenticated
  using (
    bucket_id = 'imports'
    and (storage.foldername(name))[1] = any (array(select id::text from private.organizations_with('songs:write') as id))
  );

-- Reports are written by the service alone and lie in <organization_id>/.
create policy "Members with analytics:read read report files" on storage.objects
  for select to authenticated
  using (
    bucket_id = 'reports'
    and (storage.foldername(name))[1] = any (array(select id::text from private.organizations_with('analytics:read') as id))
  );
