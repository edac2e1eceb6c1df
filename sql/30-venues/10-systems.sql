-- A system is one karaoke rig of an organization; the song book belongs to it.

create table public.systems (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  -- Allotted by a trigger; the default only tells generated types that it may be left out.
  openkj_system_id integer not null default 0,
  name text not null,
  configuration jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint name_is_1_to_255_characters check (char_length(name) between 1 and 255 and name = btrim(name) and name !~ '[[:cntrl:]]'),
  constraint configuration_is_an_object check (jsonb_typeof(configuration) = 'object'),
  constraint configuration_is_small check (pg_column_size(configuration) <= 65536),
  unique (organization_id, openkj_system_id),
  unique (id, organization_id)
);

alter table public.systems enable row level security;
revoke all on public.systems from anon, authenticated, service_role;

comment on table public.systems is 'A karaoke rig with a song book of its own.';
comment on column public.systems.openkj_system_id is 'What OpenKJ calls it; counted per organization from 1, never reused.';

create trigger systems_set_updated_at
  before update on public.systems
  for each row execute function private.set_updated_at();

create function private.number_system()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  update private.organization_counters
  set next_openkj_system_id = next_openkj_system_id + 1
  where organization_id = new.organization_id
  returning next_openkj_system_id - 1 into new.openkj_system_id;
  return new;
end;
$$;

comment on function private.number_system() is 'Definer: the counters are private.';

revoke all on function private.number_system() from public;

create trigger systems_number
  before insert on public.systems
  for each row execute function private.number_system();

create function private.keep_system_in_use()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_venues text;
begin
  -- Deleting the whole organization takes its systems along; that arrives here from inside another trigger.
  if pg_trigger_depth() > 1 then
    return old;
  end if;
  -- Whoever is adding songs holds the book: wait for them, then count.
  perform from private.books as book where book.system_id = old.id for update;
  if private.book_size(old.id) > 0 then
    perform private.raise_error(
      409, 'system_has_songs', format('The book of this system has %s songs.', private.book_size(old.id)), 'Clear the song book first.'
    );
  end if;
  select string_agg(venue.name, ', ' order by venue.name, venue.id) into v_venues
  from public.venues as venue
  where venue.system_id = old.id;
  if v_venues is not null then
    perform private.raise_error(
      409, 'system_in_use', format('Venues use this system: %s.', left(v_venues, 500)), 'Give them another system first.'
    );
  end if;
  return old;
end;
$$;

comment on function private.keep_system_in_use() is
  'A song book is never lost by deleting its system, and no venue loses its system. Errors: 409 system_has_songs, system_in_use. Definer:
books are private.';

revoke all on function private.keep_system_in_use() from public;

create trigger systems_keep_in_use
  before delete on public.systems
  for each row execute function private.keep_system_in_use();

-- When each rig was last heard of. Apart from its row, which people edit and which is audited.
create table private.system_heartbeats (
  system_id uuid primary key references public.systems (id) on delete cascade,
  last_seen_at timestamptz not null
) with (fillfactor = 50);

alter table private.system_heartbeats enable row level security;

comment on table private.system_heartbeats is 'Last call of OpenKJ for a system, at most one write in 30 s.';
