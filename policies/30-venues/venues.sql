grant select on public.venues to authenticated, service_role;
grant insert (
  organization_id, url_name, name, address, city, state, postal_code, country, phone_number, website, accepting_requests, is_private,
  system_id, latitude, longitude
) on public.venues to authenticated;
grant update (
  name, address, city, state, postal_code, country, phone_number, website, accepting_requests, is_private, system_id, latitude,
  longitude
) on public.venues to authenticated;

create policy "Only trusted sessions reach venues" on public.venues
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with venues:read see the venues" on public.venues
  for select to authenticated
  using (organization_id = any (array(select private.organizations_with('venues:read'))));

create policy "Members with venues:create add venues" on public.venues
  for insert to authenticated
  with check (organization_id = any (array(select private.organizations_with('venues:create'))));

create policy "Members with venues:update change venues" on public.venues
  for update to authenticated
  using (organization_id = any (array(select private.organizations_with('venues:update'))))
  -- An archived one takes no requests; what it was may be put right.
  with check (
    organization_id = any (array(select private.organizations_with('venues:update')))
    and (archived_at is null or not accepting_requests)
  );
