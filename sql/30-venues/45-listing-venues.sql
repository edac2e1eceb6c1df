create function private.list_venues(
  p_search text, p_city text, p_state text, p_country text, p_accepting boolean, p_sort text, p_page integer, p_limit integer
)
returns table (venue public.venues, total_count bigint)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
begin
  if p_sort is null or p_sort not in ('name', 'city', 'newest') then
    perform private.raise_error(400, 'invalid_sort', 'Venues are sorted by name, city or newest.', 'Leave it out for name.');
  end if;
  if p_page is null or p_page not between 1 and 10000 or p_limit is null or p_limit not between 1 and 100 then
    perform private.raise_error(400, 'invalid_page', 'The page counts from 1 and has 1 to 100 rows.', 'Leave them out for 1 and 20.');
  end if;
  return query
    select listed, count(*) over ()
    from public.venues as listed
    where listed.archived_at is null
      and not listed.is_private
      and (p_accepting is null or listed.accepting_requests = p_accepting)
      -- Found as text, so that a percent sign means a percent sign.
      and (p_search is null or strpos(lower(listed.name), lower(btrim(p_search))) > 0)
      and (p_city is null or strpos(lower(listed.city), lower(btrim(p_city))) > 0)
      and (p_state is null or lower(listed.state) = lower(btrim(p_state)))
      and (p_country is null or lower(listed.country) = lower(btrim(p_country)))
    order by
      case p_sort when 'name' then lower(listed.name) when 'city' then lower(listed.city) end,
      case when p_sort = 'newest' then listed.created_at end desc,
      listed.id
    limit p_limit offset (p_page - 1) * p_limit;
end;
$$;

comment on function private.list_venues(text, text, text, text, boolean, text, integer, integer) is
  'Definer: the tables are for members. Never leaves the private schema as whole rows.';

revoke all on function private.list_venues(text, text, text, text, boolean, text, integer, integer) from public;

create function private.list_venue_cards(
  p_search text, p_city text, p_state text, p_country text, p_accepting boolean, p_sort text, p_page integer, p_limit integer
)
returns table (
  id uuid, url_name text, name text, address text, city text, state text, postal_code text, country text, phone_number text,
  website text, accepting_requests boolean, total_count bigint
)
language sql
stable
security definer
set search_path = ''
rows 20
as $$
  select
    (listed.venue).id, (listed.venue).url_name, (listed.venue).name, (listed.venue).address, (listed.venue).city, (listed.venue).state,
    (listed.venue).postal_code, (listed.venue).country, (listed.venue).phone_number, (listed.venue).website,
    (listed.venue).accepting_requests, listed.total_count
  from private.list_venues(p_search, p_city, p_state, p_country, p_accepting, p_sort, p_page, p_limit) as listed;
$$;

comment on function private.list_venue_cards(text, text, text, text, boolean, text, integer, integer) is 'Definer: see list_venues.';

revoke all on function private.list_venue_cards(text, text, text, text, boolean, text, integer, integer) from public;
grant execute on function private.list_venue_cards(text, text, text, text, boolean, text, integer, integer) to anon, authenticated;

create function public.list_venues(
  p_search text default null,
  p_city text default null,
  p_state text default null,
  p_country text default null,
  p_accepting boolean default null,
  p_sort text default 'name',
  p_page integer default 1,
  p_limit integer default 20
)
returns table (
  id uuid, url_name text, name text, address text, city text, state text, postal_code text, country text, phone_number text,
  website text, accepting_requests boolean, total_count bigint
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.list_venue_cards(p_search, p_city, p_state, p_country, p_accepting, p_sort, p_page, p_limit);
$$;

comment on function public.list_venues(text, text, text, text, boolean, text, integer, integer) is
  'Public venues. p_search and p_city are found anywhere in name and city, p_state and p_country must be equal, case aside; p_sort: name,
city or newest. total_count is that of all pages of 1-100 rows. Errors: 400 invalid_sort, invalid_page.';

revoke all on function public.list_venues(text, text, text, text, boolean, text, integer, integer) from public;
grant execute on function public.list_venues(text, text, text, text, boolean, text, integer, integer) to anon, authenticated;
