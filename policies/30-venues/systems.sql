grant select, delete on public.systems to authenticated;
grant select on public.systems to service_role;
grant insert (organization_id, name, configuration) on public.systems to authenticated;
grant update (name, configuration) on public.systems to authenticated;

create policy "Only trusted sessions reach systems" on public.systems
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with systems:read see the systems" on public.systems
  for select to authenticated
  using (organization_id = any (array(select private.organizations_with('systems:read'))));

create policy "Members with systems:create add systems" on public.systems
  for insert to authenticated
  with check (organization_id = any (array(select private.organizations_with('systems:create'))));

create policy "Members with systems:update change systems" on public.systems
  for update to authenticated
  using (organization_id = any (array(select private.organizations_with('systems:update'))))
  with check (organization_id = any (array(select private.organizations_with('systems:update'))));

create policy "Members with systems:delete delete systems" on public.systems
  for delete to authenticated
  using (organization_id = any (array(select private.organizations_with('systems:delete'))));
