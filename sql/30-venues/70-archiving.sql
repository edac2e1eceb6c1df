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
  -- Locks in everybody's order: the venue, its requests, the serial that the changes of both move.
  perform from public.venues as venue where venue.id = p_venue_id for no key update;
  perform private.change_requests(
    array(select request.id from public.requests as request where request.venue_id = p_venue_id and request.state = 'performing'),
    'completed', 'host'
  );
  perform private.clear_requests(p_venue_id, array['pending', 'accepted']);
  update public.venues
  set archived_at = now(), accepting_requests = false
  where id = p_venue_id and archived_at is null;
  -- What was asked for meanwhile; from here on nothing more is.
  perform private.clear_requests(p_venue_id, array['pending', 'accepted']);
  perform private.end_show(p_venue_id);
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
  'Takes a venue out of use: its queue is cleared and its night ends, nobody finds it any more, its history stays. Again is harmless.
Needs venues:delete. Errors: 403; 404 venue_not_found.';

revoke all on function public.archive_venue(uuid) from public;
grant execute on function public.archive_venue(uuid) to authenticated;
