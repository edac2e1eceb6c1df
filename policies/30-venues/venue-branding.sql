grant select, delete on public.venue_branding to authenticated;
grant select on public.venue_branding to service_role;
grant insert (venue_id, logo_url, color_palette) on public.venue_branding to authenticated;
grant update (logo_url, color_palette) on public.venue_branding to authenticated;

create policy "Only trusted sessions reach venue branding" on public.venue_branding
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with branding:read see the branding" on public.venue_branding
  for select to authenticated
  using (
    venue_id in (
      select venue.id
      from public.venues as venue
      where venue.organization_id = any (array(select private.organizations_with('branding:read')))
    )
  );

create policy "Members with branding:write add branding" on public.venue_branding
  for insert to authenticated
  with check (
    venue_id in (
      select venue.id
      from public.venues as venue
      where venue.organization_id = any (array(select private.organizations_with('branding:write')))
    )
  );

create policy "Members with branding:write change the branding" on public.venue_branding
  for update to authenticated
  using (
    venue_id in (
      select venue.id
      from public.venues as venue
      where venue.organization_id = any (array(select private.organizations_with('branding:write')))
    )
  )
  with check (
    venue_id in (
      select venue.id
      from public.venues as venue
      where venue.organization_id = any (array(select private.organizations_with('branding:write')))
    )
  );

create policy "Members with branding:write remove the branding" on public.venue_branding
  for delete to authenticated
  using (
    venue_id in (
      select venue.id
      from public.venues as venue
      where venue.organization_id = any (array(select private.organizations_with('branding:write')))
    )
  );
