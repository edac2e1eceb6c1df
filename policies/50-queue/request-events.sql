grant select on public.request_events to authenticated, service_role;

create policy "Only trusted sessions reach request events" on public.request_events
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Whoever sees a request sees what happened to it" on public.request_events
  for select to authenticated
  using (request_id in (select request.id from public.requests as request));
