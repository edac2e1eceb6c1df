create function private.list_systems(p_organization_id uuid, p_search text, p_page integer, p_limit integer)
returns table (
  id uuid, openkj_system_id integer, name text, configuration jsonb, song_count integer, venue_count bigint, last_seen_at timestamptz,
  created_at timestamptz, updated_at timestamptz, total_count bigint
)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
begin
  perform private.require_permission(p_organization_id, 'systems:read', 'organization_not_found');
  if p_page is null or p_page not between 1 and 10000 or p_limit is null or p_limit not between 1 and 100 then
    perform private.raise_error(400, 'invalid_page', 'The page counts from 1 and has 1 to 100 rows.', 'Leave them out for 1 and 20.');
  end if;
  return query
    select
      system.id, system.openkj_system_id, system.name, system.configuration, coalesce(book.songs, 0),
      (
        select count(*)
        from public.venues as venue
        where venue.organization_id = p_organization_id and venue.archived_at is null and private.venue_system(venue.id) = system.id
      ),
      heartbeat.last_seen_at, system.created_at, system.updated_at, count(*) over ()
    from public.systems as system
    left join private.books as book on book.system_id = system.id
    left join private.system_heartbeats as heartbeat on heartbeat.system_id = system.id
    where system.organization_id = p_organization_id
      and (p_search is null or strpos(private.fold_text(system.name), private.fold_text(btrim(p_search))) > 0)
    order by lower(system.name), system.openkj_system_id
    limit p_limit offset (p_page - 1) * p_limit;
end;
$$;

comment on function private.list_systems(uuid, text, integer, integer) is 'Definer: checks systems:read; books are private.';

revoke all on function private.list_systems(uuid, text, integer, integer) from public;
grant execute on function private.list_systems(uuid, text, integer, integer) to authenticated;

create function public.list_systems(
  p_organization_id uuid, p_search text default null, p_page integer default 1, p_limit integer default 20
)
returns table (
  id uuid, openkj_system_id integer, name text, configuration jsonb, song_count integer, venue_count bigint, last_seen_at timestamptz,
  created_at timestamptz, updated_at timestamptz, total_count bigint
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.list_systems(p_organization_id, p_search, p_page, p_limit);
$$;

comment on function public.list_systems(uuid, text, integer, integer) is
  'The systems of an organization by name, each with the songs of its book, the venues where that applies, and when its show program was
last heard of. p_search is found in the name. total_count is that of all pages of 1-100 rows. Needs systems:read.
Errors: 400 invalid_page; 403; 404 organization_not_found.';

revoke all on function public.list_systems(uuid, text, integer, integer) from public;
grant execute on function public.list_systems(uuid, text, integer, integer) to authenticated;
