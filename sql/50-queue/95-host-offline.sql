-- A show whose program has fallen silent. An idle OpenKJ still calls every ten minutes, so eleven are the first sure sign.

create function private.alert_offline_hosts()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_silent record;
  v_count integer := 0;
begin
  for v_silent in
    select show.id as show_id, venue.id as venue_id, venue.name, heartbeat.last_seen_at, owner.user_id
    from public.shows as show
    join public.venues as venue on venue.id = show.venue_id
    join private.system_heartbeats as heartbeat on heartbeat.system_id = private.venue_system(venue.id)
    join public.organization_members as owner on owner.organization_id = show.organization_id and owner.role_key = 'owner'
    where show.closed_at is null
      -- A night that never heard of a program is run without one.
      and heartbeat.last_seen_at > show.opened_at - interval '1 hour'
      and heartbeat.last_seen_at < now() - interval '11 minutes'
    order by show.id
  loop
    perform private.notify_user(
      v_silent.user_id, 'organization', 'host_offline',
      jsonb_build_object('venue_id', v_silent.venue_id, 'venue', v_silent.name, 'last_seen_at', v_silent.last_seen_at),
      format('host_offline:%s:%s', v_silent.show_id, v_silent.last_seen_at)
    );
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;

comment on function private.alert_offline_hosts() is
  'Tells the owner, once for each silence, that the show program of an open night has not called for 11 minutes; returns how many are
silent. A job; definer because heartbeats are private.';

revoke all on function private.alert_offline_hosts() from public;
