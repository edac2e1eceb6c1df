-- The tenant. Everything a karaoke host owns hangs off an organization.

create table public.organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  legal_name text,
  contact_email text,
  contact_phone text,
  time_zone text not null default 'UTC',
  require_mfa boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint name_is_1_to_255_characters check (char_length(name) between 1 and 255 and name = btrim(name) and name !~ '[[:cntrl:]]'),
  constraint legal_name_is_1_to_255_characters
    check (char_length(legal_name) between 1 and 255 and legal_name = btrim(legal_name) and legal_name !~ '[[:cntrl:]]'),
  constraint contact_email_is_an_address
    check (contact_email ~ '^[^@\s]+@[^@\s]+$' and contact_email = lower(contact_email) and char_length(contact_email) <= 255),
  constraint contact_phone_is_e164 check (contact_phone ~ '^\+[1-9][0-9]{1,14}$')
);

alter table public.organizations enable row level security;
revoke all on public.organizations from anon, authenticated, service_role;

comment on table public.organizations is 'A karaoke host or venue business: the tenant.';
comment on column public.organizations.time_zone is 'IANA name. "Today", "this month" and daily figures are counted in it.';
comment on column public.organizations.require_mfa is 'When true, a member''s session counts only after a second factor.';

create function private.check_organization_time_zone()
returns trigger
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  if not exists (select from pg_catalog.pg_timezone_names as zone where zone.name = new.time_zone) then
    perform private.raise_error(
      400, 'invalid_time_zone', format('"%s" is no time zone.', left(new.time_zone, 100)), 'Use an IANA name such as America/Chicago.'
    );
  end if;
  return new;
end;
$$;

revoke all on function private.check_organization_time_zone() from public;

create trigger organizations_check_time_zone
  before insert or update of time_zone on public.organizations
  for each row execute function private.check_organization_time_zone();

create trigger organizations_set_updated_at
  before update on public.organizations
  for each row execute function private.set_updated_at();

-- OpenKJ reads every id as a 32-bit integer, so an organization counts its own venues, systems and requests. The change
-- serial is a counter of its own: it says "something a host wants to see has changed", and never allots an id.
create table private.organization_counters (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  next_openkj_venue_id integer not null default 1001,
  next_openkj_system_id integer not null default 1,
  next_openkj_request_id integer not null default 1,
  openkj_serial integer not null default 1,
  constraint openkj_serial_is_positive check (openkj_serial > 0)
) with (fillfactor = 50);

alter table private.organization_counters enable row level security;

comment on table private.organization_counters is 'Per-organization counters. Numbers are never reused.';
comment on column private.organization_counters.openkj_serial is
  '31-bit, never 0; after 2147483647 it starts again at 1 (a client only compares for inequality).';

create function private.create_organization_counters()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into private.organization_counters (organization_id) values (new.id);
  return null;
end;
$$;

comment on function private.create_organization_counters() is 'Definer: the counters are private.';

revoke all on function private.create_organization_counters() from public;

create trigger organizations_create_counters
  after insert on public.organizations
  for each row execute function private.create_organization_counters();

create function private.bump_openkj_serial(p_organization_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    -- Locked in one order, so that two transactions over the same organizations never wait for each other.
    update private.organization_counters as counter
    set openkj_serial = case when counter.openkj_serial = 2147483647 then 1 else counter.openkj_serial + 1 end
    from (
      select locked.organization_id
      from private.organization_counters as locked
      where locked.organization_id = any (p_organization_ids)
      order by locked.organization_id
      for no key update
    ) as ordered
    where counter.organization_id = ordered.organization_id;
end;
$$;

comment on function private.bump_openkj_serial(uuid[]) is
  'Moves the change serial of the organizations, in the transaction of the change itself.';

revoke all on function private.bump_openkj_serial(uuid[]) from public;

alter table private.session_contexts
  add constraint session_contexts_organization_id_fkey
  foreign key (organization_id) references public.organizations (id) on delete cascade;

create index session_contexts_organization_id_idx on private.session_contexts (organization_id);
