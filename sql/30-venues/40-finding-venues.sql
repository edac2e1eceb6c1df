-- How singers find a venue. These are the only ways to see a venue without belonging to its organization, and they show
-- only what a venue shows the world.

create type public.venue_card as (
  id uuid,
  url_name text,
  name text,
  address text,
  city text,
  state text,
  postal_code text,
  country text,
  phone_number text,
  website text,
  accepting_requests boolean,
  latitude double precision,
  longitude double precision,
  opening_hours jsonb,
  opens_at timestamptz,
  last_call_at timestamptz,
  branding jsonb
);

comment on type public.venue_card is 'What a venue shows the world.';
comment on column public.venue_card.opening_hours is
  'When it takes requests by itself, in its organization''s time zone: [{weekday (0 is Sunday), opens_at, closes_at}]; a closing time that is not later is on the
next day. Empty where the host opens and closes by hand.';
comment on column public.venue_card.opens_at is 'While it is closed: when it opens by itself; null when nobody knows.';
comment on column public.venue_card.last_call_at is 'While it is open: when it stops taking requests by itself; null when nobody knows.';
comment on column public.venue_card.branding is 'logo_url and color_palette, or null.';

create function private.venue_card(p_venue public.venues)
returns public.venue_card
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return row(
    p_venue.id, p_venue.url_name, p_venue.name, p_venue.address, p_venue.city, p_venue.state, p_venue.postal_code, p_venue.country,
    p_venue.phone_number, p_venue.website, p_venue.accepting_requests, p_venue.latitude, p_venue.longitude,
    (
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'weekday', hours.weekday, 'opens_at', to_char(hours.opens_at, 'HH24:MI'), 'closes_at', to_char(hours.closes_at, 'HH24:MI')
          )
          order by hours.weekday, hours.opens_at
        ),
        '[]'
      )
      from public.venue_opening_hours as hours
      where hours.venue_id = p_venue.id
    ),
    case when not p_venue.accepting_requests then (private.opening(p_venue.id, now())).opens_at end,
    (
      select switch.switches_at
      from private.venue_switches as switch
      where switch.venue_id = p_venue.id and p_venue.accepting_requests and not switch.accepting
    ),
    (
      select jsonb_build_object('logo_url', branding.logo_url, 'color_palette', branding.color_palette)
      from public.venue_branding as branding
      where branding.venue_id = p_venue.id
    )
  )::public.venue_card;
end;
$$;

comment on function private.venue_card(public.venues) is 'A venue as the world sees it.';

revoke all on function private.venue_card(public.venues) from public;

create function private.find_venue(p_url_name text)
returns public.venue_card
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_venue public.venues;
begin
  select venue.* into v_venue
  from private.venue_url_names as used
  join public.venues as venue on venue.id = used.venue_id
  where used.url_name = lower(btrim(p_url_name)) and venue.archived_at is null;
  if v_venue.id is null then
    perform private.raise_error(
      404, 'venue_not_found', format('There is no venue "%s".', left(p_url_name, 100)), 'Check the link or the code on the poster.'
    );
  end if;
  return private.venue_card(v_venue);
end;
$$;

comment on function private.find_venue(text) is 'Definer: the tables are for members.';

revoke all on function private.find_venue(text) from public;
grant execute on function private.find_venue(text) to anon, authenticated;

create function public.find_venue(p_url_name text)
returns public.venue_card
language sql
stable
security invoker
set search_path = ''
as $$
  select private.find_venue(p_url_name);
$$;

comment on function public.find_venue(text) is
  'The venue with this url name, or with this former url name: then url_name of the answer differs and links should follow it.
Errors: 404 venue_not_found.';

revoke all on function public.find_venue(text) from public;
grant execute on function public.find_venue(text) to anon, authenticated;

create function private.nearby_venues(
  p_latitude double precision, p_longitude double precision, p_radius_miles double precision, p_limit integer, p_accepting boolean
)
returns table (venue public.venues, distance_meters double precision)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
declare
  v_here extensions.geography;
begin
  if p_latitude is null or p_latitude not between -90 and 90 then
    perform private.raise_error(400, 'invalid_latitude', 'The latitude must be between -90 and 90.', 'Send the position in degrees.');
  end if;
  if p_longitude is null or p_longitude not between -180 and 180 then
    perform private.raise_error(400, 'invalid_longitude', 'The longitude must be between -180 and 180.', 'Send the position in degrees.');
  end if;
  if p_radius_miles is null or p_radius_miles not between 1 and 100 then
    perform private.raise_error(400, 'invalid_radius', 'The radius must be 1 to 100 miles.', 'Leave it out for 25 miles.');
  end if;
  if p_limit is null or p_limit not between 1 and 50 then
    perform private.raise_error(400, 'invalid_limit', 'The limit must be 1 to 50.', 'Leave it out for 20.');
  end if;
  v_here := extensions.st_setsrid(extensions.st_makepoint(p_longitude, p_latitude), 4326)::extensions.geography;
  return query
    select near, extensions.st_distance(near.location, v_here)
    from public.venues as near
    where near.archived_at is null
      and not near.is_private
      and (p_accepting is null or near.accepting_requests = p_accepting)
      and extensions.st_dwithin(near.location, v_here, p_radius_miles * 1609.344)
      -- A night with a PIN is for those who were told.
      and not exists (
        select
        from public.shows as show
        join private.show_pins as pin on pin.show_id = show.id
        where show.venue_id = near.id and show.closed_at is null
      )
    order by near.location operator(extensions.<->) v_here, near.id
    limit p_limit;
end;
$$;

comment on function private.nearby_venues(double precision, double precision, double precision, integer, boolean) is
  'Definer: the tables are for members. Never leaves the private schema as whole rows.';

revoke all on function private.nearby_venues(double precision, double precision, double precision, integer, boolean) from public;

create function private.nearby_venue_cards(
  p_latitude double precision, p_longitude double precision, p_radius_miles double precision, p_limit integer, p_accepting boolean
)
returns table (
  id uuid, url_name text, name text, address text, city text, state text, postal_code text, country text, accepting_requests boolean,
  latitude double precision, longitude double precision, distance_miles numeric, distance_kilometers numeric
)
language sql
stable
security definer
set search_path = ''
rows 20
as $$
  select
    (near.venue).id, (near.venue).url_name, (near.venue).name, (near.venue).address, (near.venue).city, (near.venue).state,
    (near.venue).postal_code, (near.venue).country, (near.venue).accepting_requests, (near.venue).latitude, (near.venue).longitude,
    round((near.distance_meters / 1609.344)::numeric, 2), round((near.distance_meters / 1000)::numeric, 2)
  from private.nearby_venues(p_latitude, p_longitude, p_radius_miles, p_limit, p_accepting) as near
  order by near.distance_meters, (near.venue).id;
$$;

comment on function private.nearby_venue_cards(double precision, double precision, double precision, integer, boolean) is
  'Definer: see nearby_venues.';

revoke all on function private.nearby_venue_cards(double precision, double precision, double precision, integer, boolean) from public;
grant execute on function private.nearby_venue_cards(double precision, double precision, double precision, integer, boolean)
  to anon, authenticated;

create function public.nearby_venues(
  p_latitude double precision,
  p_longitude double precision,
  p_radius_miles double precision default 25,
  p_limit integer default 20,
  p_accepting boolean default null
)
returns table (
  id uuid, url_name text, name text, address text, city text, state text, postal_code text, country text, accepting_requests boolean,
  latitude double precision, longitude double precision, distance_miles numeric, distance_kilometers numeric
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.nearby_venue_cards(p_latitude, p_longitude, p_radius_miles, p_limit, p_accepting);
$$;

comment on function public.nearby_venues(double precision, double precision, double precision, integer, boolean) is
  'Public venues around a position (degrees, WGS 84), nearest first; a night with a PIN hides its venue. p_radius_miles 1-100, p_limit 1-50; p_accepting null for all,
true for those taking requests. Errors: 400 invalid_latitude, invalid_longitude, invalid_radius, invalid_limit.';

revoke all on function public.nearby_venues(double precision, double precision, double precision, integer, boolean) from public;
grant execute on function public.nearby_venues(double precision, double precision, double precision, integer, boolean)
  to anon, authenticated;
