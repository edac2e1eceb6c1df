grant select on public.audit_entries to authenticated, service_role;

create policy "Only trusted sessions reach the audit log" on public.audit_entries
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with audit:read read the log of the organization" on public.audit_entries
  for select to authenticated
  using (organization_id = any (array(select private.organizations_with('audit:read'))));
