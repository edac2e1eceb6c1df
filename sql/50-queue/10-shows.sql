-- A night at a venue. Turns, statistics and the night's log belong to a show.

create table public.shows (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  venue_id uuid not null references public.venues (id) on delete cascade,
  opened_at timestamptz not null default now(),
  opened_by uuid references auth.users (id) on delete set null,
  closed_at timestamptz,
  last_activity_at timestamptz not null default now(),
  constraint closes_after_opening check (closed_at >= opened_at)
);

alter table public.shows enable row level security;
revoke all on public.shows from anon, authenticated, service_role;

create unique index shows_one_open_per_venue_idx on public.shows (venue_id) where closed_at is null;
create index shows_venue_id_idx on public.shows (venue_id, opened_at desc);
create index shows_organization_id_idx on public.shows (organization_id);
create index shows_opened_by_idx on public.shows (opened_by);
create index shows_idle_idx on public.shows (last_activity_at) where closed_at is null;

comment on table public.shows is
  'A karaoke night. Opened by staff or by the first accepted request, closed by staff or after 6 hours without activity.';

create function private.open_show(p_venue_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select show.id
    from public.shows as show
    where show.venue_id = p_venue_id and show.closed_at is null and show.last_activity_at >= now() - interval '6 hours'
  );
end;
$$;

comment on function private.open_show(uuid) is 'The open show of the venue, or null. One without activity for 6 hours counts as over.';

revoke all on function private.open_show(uuid) from public;

create function private.current_show(p_venue_id uuid)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_show_id uuid := private.open_show(p_venue_id);
begin
  if v_show_id is null then
    update public.shows
    set closed_at = greatest(last_activity_at, opened_at)
    where venue_id = p_venue_id and closed_at is null and last_activity_at < now() - interval '6 hours';
    insert into public.shows (organization_id, venue_id, opened_by)
    select venue.organization_id, venue.id, (select account.id from auth.users as account where account.id = auth.uid())
    from public.venues as venue
    where venue.id = p_venue_id
    on conflict (venue_id) where closed_at is null do nothing;
    v_show_id := private.open_show(p_venue_id);
  else
    update public.shows
    set last_activity_at = now()
    where id = v_show_id and last_activity_at < now() - interval '1 minute';
  end if;
  return v_show_id;
end;
$$;

comment on function private.current_show(uuid) is 'The open show of the venue, opened now if there is none.';

revoke all on function private.current_show(uuid) from public;

create function private.open_show_as_staff(p_venue_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null),
    'requests:process', 'venue_not_found'
  );
  return private.current_show(p_venue_id);
end;
$$;

comment on function private.open_show_as_staff(uuid) is 'Definer: shows are written only here.';

revoke all on function private.open_show_as_staff(uuid) from public;
grant execute on function private.open_show_as_staff(uuid) to authenticated;

create function public.open_show(p_venue_id uuid)
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.open_show_as_staff(p_venue_id);
$$;

comment on function public.open_show(uuid) is
  'Opens the night at a venue and returns its id; the open one if there is one. Needs requests:process. Errors: 403;
404 venue_not_found.';

revoke all on function public.open_show(uuid) from public;
grant execute on function public.open_show(uuid) to authenticated;

create function private.end_show(p_venue_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  -- now() is when this transaction began; the show may be a moment younger.
  update public.shows set closed_at = greatest(now(), opened_at) where venue_id = p_venue_id and closed_at is null;
$$;

comment on function private.end_show(uuid) is 'Ends the night at a venue, if one is open.';

revoke all on function private.end_show(uuid) from public;

create function private.close_show(p_venue_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null),
    'requests:process', 'venue_not_found'
  );
  perform private.end_show(p_venue_id);
end;
$$;

comment on function private.close_show(uuid) is 'Definer: shows are written only here.';

revoke all on function private.close_show(uuid) from public;
grant execute on function private.close_show(uuid) to authenticated;

create function public.close_show(p_venue_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.close_show(p_venue_id);
$$;

comment on function public.close_show(uuid) is
  'Closes the night at a venue; without an open one nothing happens. Needs requests:process. Errors: 403; 404 venue_not_found.';

revoke all on function public.close_show(uuid) from public;
grant execute on function public.close_show(uuid) to authenticated;
