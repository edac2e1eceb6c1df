-- Where a venue is on the map. An app may send the position; otherwise the Edge Function geocoder looks the address up afterwards, so
-- that no provider ever holds up the saving of a venue.

create table private.geocoding_tasks (
  venue_id uuid primary key references public.venues (id) on delete cascade,
  revision uuid not null default gen_random_uuid(),
  attempts integer not null default 0,
  next_attempt_at timestamptz default now(),
  last_error text
);

alter table private.geocoding_tasks enable row level security;

create index geocoding_tasks_next_attempt_at_idx on private.geocoding_tasks (next_attempt_at) where next_attempt_at is not null;

comment on table private.geocoding_tasks is 'Venues without a position, whose address is to be looked up or could not be found.';
comment on column private.geocoding_tasks.revision is 'New with each change of the address: an answer about a former one is worth nothing.';
comment on column private.geocoding_tasks.next_attempt_at is 'Null once there is no use in trying again; last_error says why.';

create function private.drop_stale_position()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  if (new.address, new.city, new.state, new.postal_code, new.country)
      is distinct from (old.address, old.city, old.state, old.postal_code, old.country)
    and (new.latitude, new.longitude) is not distinct from (old.latitude, old.longitude)
  then
    new.latitude := null;
    new.longitude := null;
  end if;
  return new;
end;
$$;

comment on function private.drop_stale_position() is
  'A venue that moved is not where it was: until the new address is found, or the app sends a position, it is nowhere.';

revoke all on function private.drop_stale_position() from public;

-- Triggers of one event fire in the order of their names: this one after venues_prepare, which trims the texts.
create trigger venues_prepare_position
  before update on public.venues
  for each row execute function private.drop_stale_position();

create function private.enqueue_geocoding(p_venue_ids uuid[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if cardinality(p_venue_ids) > 0 then
    insert into private.geocoding_tasks (venue_id)
    select wanted.venue_id from unnest(p_venue_ids) as wanted (venue_id)
    on conflict (venue_id) do update
    set revision = excluded.revision, attempts = 0, next_attempt_at = now(), last_error = null;
    perform private.call_edge_function('/geocoder');
  end if;
end;
$$;

comment on function private.enqueue_geocoding(uuid[]) is
  'Has the addresses of venues looked up; whatever was being looked up for them counts no more. Definer: the tasks are private.';

revoke all on function private.enqueue_geocoding(uuid[]) from public;

create function private.geocode_new_venues()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_geocoding(array(select venue.id from changed as venue where venue.latitude is null order by venue.id));
  return null;
end;
$$;

comment on function private.geocode_new_venues() is 'Definer: the tasks are private.';

revoke all on function private.geocode_new_venues() from public;

create trigger venues_geocode_on_insert
  after insert on public.venues
  referencing new table as changed
  for each statement execute function private.geocode_new_venues();

create function private.geocode_moved_venues()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  delete from private.geocoding_tasks as task
  using changed as venue
  where task.venue_id = venue.id and (venue.latitude is not null or venue.archived_at is not null);
  perform private.enqueue_geocoding(array(
    select venue.id
    from changed as venue
    join former on former.id = venue.id
    where venue.latitude is null and venue.archived_at is null
      and (venue.address, venue.city, venue.state, venue.postal_code, venue.country)
        is distinct from (former.address, former.city, former.state, former.postal_code, former.country)
    order by venue.id
  ));
  return null;
end;
$$;

comment on function private.geocode_moved_venues() is
  'A position makes looking up needless, another address makes it necessary. Definer: the tasks are private.';

revoke all on function private.geocode_moved_venues() from public;

create trigger venues_geocode_on_update
  after update on public.venues
  referencing old table as former new table as changed
  for each statement execute function private.geocode_moved_venues();

create function private.claim_geocoding_tasks(p_limit integer)
returns table (
  venue_id uuid, revision uuid, address text, city text, state text, postal_code text, country text
)
language plpgsql
volatile
security definer
set search_path = ''
rows 10
as $$
begin
  return query
    with
      due as (
        select task.venue_id
        from private.geocoding_tasks as task
        where task.next_attempt_at <= now()
        order by task.next_attempt_at, task.venue_id
        limit p_limit
        for update skip locked
      ),
      claimed as (
        -- Whoever claims and dies loses the task to another run.
        update private.geocoding_tasks as task
        set attempts = task.attempts + 1, next_attempt_at = now() + interval '2 minutes'
        from due
        where task.venue_id = due.venue_id
        returning task.venue_id, task.revision
      )
    select claimed.venue_id, claimed.revision, venue.address, venue.city, venue.state, venue.postal_code, venue.country
    from claimed
    join public.venues as venue on venue.id = claimed.venue_id;
end;
$$;

comment on function private.claim_geocoding_tasks(integer) is
  'Addresses to look up now, at most p_limit; nobody else gets them for two minutes. Definer: the worker''s role may read no table.';

revoke all on function private.claim_geocoding_tasks(integer) from public;

create function private.finish_geocoding_task(
  p_venue_id uuid, p_revision uuid, p_outcome text, p_latitude double precision, p_longitude double precision, p_error text
)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  -- The venue's row first, as whoever changes its address takes it first.
  perform from public.venues as venue where venue.id = p_venue_id for update;
  if not exists (
    select from private.geocoding_tasks as task where task.venue_id = p_venue_id and task.revision = p_revision for update
  ) then
    return false;
  end if;
  if p_outcome = 'found' then
    -- This also ends the task.
    update public.venues set latitude = p_latitude, longitude = p_longitude where id = p_venue_id;
  else
    update private.geocoding_tasks
    set
      last_error = left(p_error, 500),
      -- 1, 2, 4, 8 minutes; five times in all.
      next_attempt_at = case
        when p_outcome = 'failed' and attempts < 5 then now() + make_interval(mins => (2 ^ (attempts - 1))::integer)
      end
    where venue_id = p_venue_id;
  end if;
  return true;
end;
$$;

comment on function private.finish_geocoding_task(uuid, uuid, text, double precision, double precision, text) is
  'What looking up came to: found with a position, not_found, or failed with the reason (tried again, five times in all). False, and
nothing happens, when the address has changed or a position was entered meanwhile. Definer: the worker''s role may write no table.';

revoke all on function private.finish_geocoding_task(uuid, uuid, text, double precision, double precision, text) from public;

create function private.wake_geocoder()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if exists (select from private.geocoding_tasks as task where task.next_attempt_at <= now()) then
    perform private.call_edge_function('/geocoder');
  end if;
end;
$$;

comment on function private.wake_geocoder() is 'Calls the function geocoder when an address is due. Definer: the tasks are private.';

revoke all on function private.wake_geocoder() from public;

create role geocoder nologin;
grant geocoder to postgres;
grant usage on schema private to geocoder;
grant execute on function private.claim_geocoding_tasks(integer) to geocoder;
grant execute on function private.finish_geocoding_task(uuid, uuid, text, double precision, double precision, text) to geocoder;
