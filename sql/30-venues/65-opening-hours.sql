-- A venue may open and close by itself, week by week, in its organization's time zone. accepting_requests stays the one truth: opening
-- hours only turn it at their edges, so whatever the host does by hand holds until the next edge.

create table public.venue_opening_hours (
  venue_id uuid not null references public.venues (id) on delete cascade,
  weekday integer not null,
  opens_at time not null,
  closes_at time not null,
  primary key (venue_id, weekday, opens_at),
  constraint weekday_is_0_to_6 check (weekday between 0 and 6)
);

alter table public.venue_opening_hours enable row level security;
revoke all on public.venue_opening_hours from anon, authenticated, service_role;

comment on table public.venue_opening_hours is 'When a venue takes requests by itself, week by week.';
comment on column public.venue_opening_hours.weekday is 'On which day it opens: 0 is Sunday.';
comment on column public.venue_opening_hours.closes_at is 'Not later than opens_at means on the next day.';

create table private.venue_switches (
  venue_id uuid primary key references public.venues (id) on delete cascade,
  switches_at timestamptz not null,
  accepting boolean not null,
  is_last_call boolean not null default false
);

alter table private.venue_switches enable row level security;

create index venue_switches_switches_at_idx on private.venue_switches (switches_at);

comment on table private.venue_switches is 'When each venue opens or closes next by itself.';
comment on column private.venue_switches.is_last_call is 'Announced by the host, and not an edge of the opening hours.';

create function private.opening(
  p_venue_id uuid, p_at timestamptz, out is_open boolean, out closes_at timestamptz, out opens_at timestamptz
)
language sql
stable
security definer
set search_path = ''
as $$
  with
    zone as (
      select organization.time_zone, coalesce(rules.last_call_minutes, 0) as last_call_minutes
      from public.venues as venue
      join public.organizations as organization on organization.id = venue.organization_id
      join public.venue_rules as rules on rules.venue_id = venue.id
      where venue.id = p_venue_id
    ),
    -- Each opening around the time, from the local clock, which knows about daylight saving.
    openings as (
      select
        (day.date + hours.opens_at) at time zone zone.time_zone as starts_at,
        (day.date + (hours.closes_at <= hours.opens_at)::integer + hours.closes_at) at time zone zone.time_zone as ends_at
      from zone
      cross join lateral generate_series(-1, 8) as after (days)
      cross join lateral (select (p_at at time zone zone.time_zone)::date + after.days as date) as day
      join public.venue_opening_hours as hours on hours.venue_id = p_venue_id and hours.weekday = extract(dow from day.date)
    ),
    -- Those that meet or overlap are one; last call comes before the end of the whole.
    joined as (
      select lower(opened.hours) as starts_at, upper(opened.hours) - make_interval(mins => zone.last_call_minutes) as ends_at
      from zone
      cross join unnest((
        select range_agg(tstzrange(openings.starts_at, openings.ends_at)) from openings where openings.starts_at < openings.ends_at
      )) as opened (hours)
    )
  select
    coalesce(bool_or(joined.starts_at <= p_at and p_at < joined.ends_at), false),
    -- One that ends beyond the coming week never does.
    min(joined.ends_at) filter (where joined.starts_at <= p_at and p_at < joined.ends_at and joined.ends_at < p_at + interval '7 days'),
    min(joined.starts_at) filter (where joined.starts_at > p_at and joined.starts_at < joined.ends_at)
  from joined;
$$;

comment on function private.opening(uuid, timestamptz) is
  'What a venue''s opening hours say about a time: whether it is open, when it then closes (last call; null when never), and when it opens
next (null without opening hours). Definer: whoever looks at a venue may not see the tables.';

revoke all on function private.opening(uuid, timestamptz) from public;

create function private.schedule_switch(p_venue_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_opening record;
begin
  select * into v_opening from private.opening(p_venue_id, now());
  delete from private.venue_switches where venue_id = p_venue_id;
  insert into private.venue_switches (venue_id, switches_at, accepting)
  select p_venue_id, edge.switches_at, not v_opening.is_open
  from (values (case when v_opening.is_open then v_opening.closes_at else v_opening.opens_at end)) as edge (switches_at)
  where edge.switches_at is not null;
end;
$$;

comment on function private.schedule_switch(uuid) is 'Sets the next edge of a venue''s opening hours. Definer: switches are private.';

revoke all on function private.schedule_switch(uuid) from public;

create function private.apply_switches()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_venue_id uuid;
  v_venue_ids uuid[];
begin
  -- All venues first, then what their change touches: whoever changes a venue takes locks in this order too.
  select array_agg(due.id order by due.organization_id, due.id) into v_venue_ids
  from (
    select venue.id, venue.organization_id
    from private.venue_switches as switch
    join public.venues as venue on venue.id = switch.venue_id
    where switch.switches_at <= now() and venue.archived_at is null
    order by switch.switches_at
    limit 500
    for no key update of venue skip locked
  ) as due;
  foreach v_venue_id in array coalesce(v_venue_ids, '{}') loop
    -- Late by a night, the edge itself no longer counts, but what the hours say now.
    perform private.change_accepting(v_venue_id, not switch.is_last_call and (private.opening(v_venue_id, now())).is_open)
    from private.venue_switches as switch
    where switch.venue_id = v_venue_id and switch.switches_at <= now();
    perform private.schedule_switch(v_venue_id);
  end loop;
  return coalesce(cardinality(v_venue_ids), 0);
end;
$$;

comment on function private.apply_switches() is
  'Opens and closes the venues whose time has come and returns how many had one. Definer: run by the scheduler.';

revoke all on function private.apply_switches() from public;

create function private.move_last_call()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.schedule_switch(new.venue_id);
  return null;
end;
$$;

comment on function private.move_last_call() is 'Another last call moves the edges. Definer: switches are private.';

revoke all on function private.move_last_call() from public;

create trigger venue_rules_move_last_call
  after update of last_call_minutes on public.venue_rules
  for each row when (old.last_call_minutes is distinct from new.last_call_minutes)
  execute function private.move_last_call();

create function private.move_opening_hours()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.schedule_switch(venue.id)
  from public.venues as venue
  where venue.organization_id = new.id and venue.archived_at is null
    and exists (select from public.venue_opening_hours as hours where hours.venue_id = venue.id);
  return null;
end;
$$;

comment on function private.move_opening_hours() is 'Another time zone moves the edges. Definer: switches are private.';

revoke all on function private.move_opening_hours() from public;

create trigger organizations_move_opening_hours
  after update of time_zone on public.organizations
  for each row when (old.time_zone <> new.time_zone)
  execute function private.move_opening_hours();

create function private.set_opening_hours(p_venue_id uuid, p_hours jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_entry record;
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null),
    'venues:update', 'venue_not_found'
  );
  if p_hours is null or jsonb_typeof(p_hours) <> 'array' or jsonb_array_length(p_hours) > 28 then
    perform private.raise_error(
      400, 'invalid_opening_hours', 'Opening hours are a list of at most 28 entries.', 'Send [] to open and close by hand only.'
    );
  end if;
  for v_entry in select entry.value, entry.number from jsonb_array_elements(p_hours) with ordinality as entry (value, number) loop
    if jsonb_typeof(v_entry.value) <> 'object'
      or coalesce(v_entry.value ->> 'weekday', '') !~ '^[0-6]$'
      or coalesce(v_entry.value ->> 'opens_at', '') !~ '^([01][0-9]|2[0-3]):[0-5][0-9](:00)?$'
      or coalesce(v_entry.value ->> 'closes_at', '') !~ '^([01][0-9]|2[0-3]):[0-5][0-9](:00)?$'
    then
      perform private.raise_error(
        400, 'invalid_opening_hours', format('Entry %s of the opening hours is not understood: %s', v_entry.number, left(v_entry.value::text, 200)),
        'An entry is like {"weekday": 5, "opens_at": "20:00", "closes_at": "02:00"}; 0 is Sunday.'
      );
    end if;
  end loop;

  -- The venue's row first, as everything does that opens or closes it.
  perform from public.venues as venue where venue.id = p_venue_id for no key update;
  delete from public.venue_opening_hours where venue_id = p_venue_id;
  insert into public.venue_opening_hours (venue_id, weekday, opens_at, closes_at)
  select p_venue_id, (entry ->> 'weekday')::integer, (entry ->> 'opens_at')::time, (entry ->> 'closes_at')::time
  from jsonb_array_elements(p_hours) as entry
  on conflict (venue_id, weekday, opens_at) do nothing;
  if jsonb_array_length(p_hours) > 0 then
    perform private.change_accepting(p_venue_id, said.is_open) from private.opening(p_venue_id, now()) as said;
  end if;
  perform private.schedule_switch(p_venue_id);
end;
$$;

comment on function private.set_opening_hours(uuid, jsonb) is 'Definer: hours are written only as a whole.';

revoke all on function private.set_opening_hours(uuid, jsonb) from public;
grant execute on function private.set_opening_hours(uuid, jsonb) to authenticated;

create function public.set_opening_hours(p_venue_id uuid, p_hours jsonb)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.set_opening_hours(p_venue_id, p_hours);
$$;

comment on function public.set_opening_hours(uuid, jsonb) is
  'Sets all opening hours of a venue: a list of up to 28 entries {"weekday": 0-6 (0 is Sunday), "opens_at": "HH:MM", "closes_at": "HH:MM"} in
the organization''s time zone; a closing time that is not later is on the next day. The venue opens or closes accordingly at once and then
at every edge; by hand it can be opened and closed between them. [] leaves it to the host. Needs venues:update.
Errors: 400 invalid_opening_hours naming the entry; 403; 404 venue_not_found.';

revoke all on function public.set_opening_hours(uuid, jsonb) from public;
grant execute on function public.set_opening_hours(uuid, jsonb) to authenticated;

create function private.announce_last_call(p_venue_id uuid, p_minutes integer)
returns timestamptz
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_venue public.venues;
  v_at timestamptz := now() + make_interval(mins => p_minutes);
begin
  select venue.* into v_venue from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null for no key update;
  perform private.require_permission(v_venue.organization_id, 'requests:process', 'venue_not_found');
  if p_minutes is null or p_minutes not between 1 and 240 then
    perform private.raise_error(400, 'invalid_minutes', 'Last call is in 1 to 240 minutes.', 'Close the venue to take no more requests now.');
  end if;
  if not v_venue.accepting_requests then
    perform private.raise_error(409, 'venue_closed', 'The venue takes no requests anyway.', 'Open it first.');
  end if;
  insert into private.venue_switches (venue_id, switches_at, accepting, is_last_call)
  values (p_venue_id, v_at, false, true)
  on conflict (venue_id) do update
  set switches_at = excluded.switches_at, accepting = false, is_last_call = true;
  return v_at;
end;
$$;

comment on function private.announce_last_call(uuid, integer) is 'Definer: switches are private.';

revoke all on function private.announce_last_call(uuid, integer) from public;
grant execute on function private.announce_last_call(uuid, integer) to authenticated;

create function public.announce_last_call(p_venue_id uuid, p_minutes integer)
returns timestamptz
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.announce_last_call(p_venue_id, p_minutes);
$$;

comment on function public.announce_last_call(uuid, integer) is
  'Closes an open venue in p_minutes (1-240) and returns when; find_venue tells everybody. What waits in the queue stays. Needs
requests:process. Errors: 400 invalid_minutes; 403; 404 venue_not_found; 409 venue_closed.';

revoke all on function public.announce_last_call(uuid, integer) from public;
grant execute on function public.announce_last_call(uuid, integer) to authenticated;

create function private.refuse_closed_venue(p_venue_id uuid)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_opens_at timestamptz := (private.opening(p_venue_id, now())).opens_at;
begin
  if v_opens_at is null then
    perform private.raise_error(422, 'venue_closed', 'The venue takes no requests right now.', 'Ask the host when it opens.');
  end if;
  perform private.raise_error_until(422, 'venue_closed', 'The venue takes no requests right now.', v_opens_at);
end;
$$;

comment on function private.refuse_closed_venue(uuid) is
  'Refuses with 422 venue_closed and says when the venue opens by itself. Definer: as opening().';

revoke all on function private.refuse_closed_venue(uuid) from public;
