create function private.change_url_name(p_venue_id uuid, p_url_name text)
returns text
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_url_name text := lower(btrim(coalesce(p_url_name, '')));
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null),
    'venues:create', 'venue_not_found'
  );
  if v_url_name !~ '^[a-z0-9]+(-[a-z0-9]+)*$' or char_length(v_url_name) > 100 then
    perform private.raise_error(
      400, 'invalid_url_name', format('"%s" cannot be a url name.', left(v_url_name, 100)),
      'Use up to 100 small letters, digits and single hyphens between them.'
    );
  end if;
  if v_url_name <> (select venue.url_name from public.venues as venue where venue.id = p_venue_id) then
    -- Every name a venue had stays its own, so nobody may gather them.
    perform private.enforce_rate_limit('url_name_changes', p_venue_id::text);
    update public.venues set url_name = v_url_name where id = p_venue_id;
  end if;
  return v_url_name;
end;
$$;

comment on function private.change_url_name(uuid, text) is 'Definer: members may not write url_name themselves.';

revoke all on function private.change_url_name(uuid, text) from public;
grant execute on function private.change_url_name(uuid, text) to authenticated;

create function public.change_url_name(p_venue_id uuid, p_url_name text)
returns text
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.change_url_name(p_venue_id, p_url_name);
$$;

comment on function public.change_url_name(uuid, text) is
  'Gives a venue another url name (1-100 small letters, digits, single hyphens) and returns it; links and codes with the former one lead
on. Needs venues:create. Errors: 400 invalid_url_name, url_name_reserved; 403; 404 venue_not_found; 409 url_name_taken; 429 after 5 in a
day.';

revoke all on function public.change_url_name(uuid, text) from public;
grant execute on function public.change_url_name(uuid, text) to authenticated;
