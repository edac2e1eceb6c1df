create function private.archive_venue(p_venue_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id), 'venues:delete', 'venue_not_found'
  );
  update public.venues
  set archived_at = now(), accepting_requests = false
  where id = p_venue_id and archived_at is null;
  delete from private.venue_switches where venue_id = p_venue_id;
end;
$$;

comment on function private.archive_venue(uuid) is 'Definer: archived_at is written only here.';

revoke all on function private.archive_venue(uuid) from public;
grant execute on function private.archive_venue(uuid) to authenticated;

create function public.archive_venue(p_venue_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.archive_venue(p_venue_id);
$$;

comment on function public.archive_venue(uuid) is
  'Takes a venue out of use: nobody finds it any more, its history stays. Again is harmless. Needs venues:delete. Errors: 403;
404 venue_not_found.';

revoke all on function public.archive_venue(uuid) from public;
grant execute on function public.archive_venue(uuid) to authenticated;
