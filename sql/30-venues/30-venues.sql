create table public.venues (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  -- Both are allotted by a trigger; the defaults only tell generated types that they may be left out.
  openkj_venue_id integer not null default 0,
  url_name text not null default '' unique,
  name text not null,
  address text not null,
  city text not null,
  state text not null,
  postal_code text not null,
  country text not null default 'USA',
  phone_number text,
  website text,
  accepting_requests boolean not null default true,
  is_private boolean not null default false,
  system_id uuid,
  latitude double precision,
  longitude double precision,
  location extensions.geography (point, 4326) generated always as (
    (extensions.st_setsrid(extensions.st_makepoint(longitude, latitude), 4326))::extensions.geography
  ) stored,
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint name_is_1_to_255_characters check (char_length(name) between 1 and 255 and name = btrim(name) and name !~ '[[:cntrl:]]'),
  constraint address_is_1_to_255_characters check (char_length(address) between 1 and 255 and address = btrim(address) and address !~ '[[:cntrl:]]'),
  constraint city_is_1_to_100_characters check (char_length(city) between 1 and 100 and city = btrim(city) and city !~ '[[:cntrl:]]'),
  constraint state_is_2_to_50_characters check (char_length(state) between 2 and 50 and state = btrim(state) and state !~ '[[:cntrl:]]'),
  constraint postal_code_is_1_to_20_characters
    check (char_length(postal_code) between 1 and 20 and postal_code = btrim(postal_code) and postal_code !~ '[[:cntrl:]]'),
  constraint country_is_1_to_50_characters check (char_length(country) between 1 and 50 and country = btrim(country) and country !~ '[[:cntrl:]]'),
  constraint phone_number_is_e164 check (phone_number ~ '^\+[1-9][0-9]{1,14}$'),
  constraint website_is_a_web_address check (website ~* '^https?://[^\s<>"]+$' and char_length(website) <= 500),
  constraint url_name_is_a_slug check (url_name ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(url_name) <= 100),
  constraint latitude_is_within_90_degrees check (latitude between -90 and 90),
  constraint longitude_is_within_180_degrees check (longitude between -180 and 180),
  constraint coordinates_come_in_pairs check ((latitude is null) = (longitude is null)),
  foreign key (system_id, organization_id) references public.systems (id, organization_id) on delete restrict,
  unique (organization_id, openkj_venue_id)
);

alter table public.venues enable row level security;
revoke all on public.venues from anon, authenticated, service_role;

create index venues_system_id_idx on public.venues (system_id, organization_id);
create index venues_location_idx on public.venues using gist (location) where archived_at is null and not is_private;

comment on table public.venues is 'A place with a karaoke night. Archived venues keep their history and are found no more.';
comment on column public.venues.openkj_venue_id is 'What OpenKJ calls it; counted per organization from 1001, never reused.';
comment on column public.venues.url_name is 'Unique over all organizations; made from the name unless given; stays when the name changes.';
comment on column public.venues.system_id is 'Whose song book applies; null means the organization''s first system.';
comment on column public.venues.is_private is 'Left out of nearby search and lists; found by url name only.';

create trigger venues_set_updated_at
  before update on public.venues
  for each row execute function private.set_updated_at();

create table private.venue_url_names (
  url_name text primary key,
  venue_id uuid not null references public.venues (id) on delete cascade deferrable initially deferred
);

alter table private.venue_url_names enable row level security;

create index venue_url_names_venue_id_idx on private.venue_url_names (venue_id);

comment on table private.venue_url_names is 'Every url name a venue has or had, so that old links lead on.';

create function private.prepare_venue()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_wanted text;
  v_number integer := 1;
begin
  -- What people type is brought in form once, here.
  new.name := private.one_line(new.name);
  new.address := private.one_line(new.address);
  new.city := private.one_line(new.city);
  new.state := private.one_line(new.state);
  new.postal_code := private.one_line(new.postal_code);
  new.country := private.one_line(new.country);

  if tg_op = 'INSERT' then
    update private.organization_counters
    set next_openkj_venue_id = next_openkj_venue_id + 1
    where organization_id = new.organization_id
    returning next_openkj_venue_id - 1 into new.openkj_venue_id;
  elsif new.url_name = old.url_name then
    return new;
  end if;

  if nullif(new.url_name, '') is null then
    v_wanted := private.slugify(new.name);
    if v_wanted = '' then
      -- A name in a script we do not transliterate: all of these together must not queue for the next free number.
      v_wanted := 'venue-' || (100000 + floor(random() * 900000))::integer;
    end if;
    new.url_name := v_wanted;
    -- Two venues of one name made at once: the second waits for the first, then takes the next number.
    perform pg_advisory_xact_lock(hashtextextended('venue_url_name:' || v_wanted, 0));
    while exists (select from private.reserved_url_names as reserved where reserved.url_name = new.url_name)
      or exists (select from private.venue_url_names as used where used.url_name = new.url_name)
    loop
      v_number := v_number + 1;
      new.url_name := rtrim(left(v_wanted, 100 - char_length('-' || v_number)), '-') || '-' || v_number;
    end loop;
  elsif exists (select from private.reserved_url_names as reserved where reserved.url_name = new.url_name) then
    perform private.raise_error(
      400, 'url_name_reserved', format('The url name "%s" is reserved.', new.url_name), 'Choose another one.'
    );
  end if;

  insert into private.venue_url_names as used (url_name, venue_id) values (new.url_name, new.id)
  on conflict (url_name) do update set venue_id = used.venue_id
  where used.venue_id = excluded.venue_id;
  if not found then
    perform private.raise_error(
      409, 'url_name_taken', format('The url name "%s" is taken.', new.url_name), 'Choose another one, or leave it out.'
    );
  end if;
  return new;
end;
$$;

comment on function private.prepare_venue() is
  'Allots number and url name. Errors: 400 url_name_reserved, 409 url_name_taken. Definer: counters and names are private.';

revoke all on function private.prepare_venue() from public;

create trigger venues_prepare
  before insert or update on public.venues
  for each row execute function private.prepare_venue();

create function private.venue_system(p_venue_id uuid)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(
      venue.system_id,
      (
        select system.id
        from public.systems as system
        where system.organization_id = venue.organization_id
        order by system.openkj_system_id
        limit 1
      )
    )
    from public.venues as venue
    where venue.id = p_venue_id
  );
end;
$$;

comment on function private.venue_system(uuid) is
  'The system whose book applies at the venue; null when there is none. Definer: callers may not see the tables.';

revoke all on function private.venue_system(uuid) from public;

alter table public.api_keys
  add constraint api_keys_system_id_fkey
    foreign key (system_id) references public.systems (id) on delete cascade,
  add constraint api_keys_venue_id_fkey
    foreign key (venue_id) references public.venues (id) on delete cascade;

create index api_keys_system_id_idx on public.api_keys (system_id);
create index api_keys_venue_id_idx on public.api_keys (venue_id);
