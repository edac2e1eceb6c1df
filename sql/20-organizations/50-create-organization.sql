create function private.create_organization(p_owner_id uuid, p_name text, p_time_zone text default null)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_organization_id uuid;
  v_name text := private.one_line(coalesce(p_name, ''));
begin
  if char_length(v_name) not between 1 and 255 then
    perform private.raise_error(
      400, 'invalid_organization_name', format('The name has %s characters.', char_length(v_name)), 'Give 1 to 255 characters.'
    );
  end if;
  insert into public.organizations (name, time_zone)
  values (v_name, coalesce(p_time_zone, 'UTC'))
  returning id into v_organization_id;
  insert into public.organization_members (organization_id, user_id, role_key)
  values (v_organization_id, p_owner_id, 'owner');
  -- A stock OpenKJ uploads to system 1, so there is one from the start.
  insert into public.systems (organization_id, name) values (v_organization_id, 'Karaoke system');
  return v_organization_id;
end;
$$;

comment on function private.create_organization(uuid, text, text) is
  'Makes an organization, its owner and its first system in one transaction. Definer: nobody may insert either directly.';

revoke all on function private.create_organization(uuid, text, text) from public;

create function private.create_own_organization(p_name text, p_time_zone text, p_venue jsonb)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_organization_id uuid;
begin
  if private.is_guest(v_user_id) then
    perform private.raise_error(
      403, 'guest_not_allowed', 'A guest cannot own an organization.', 'Add an e-mail address to the account first.'
    );
  end if;
  perform private.enforce_rate_limit('organization_creation', v_user_id::text);
  v_organization_id := private.create_organization(v_user_id, p_name, p_time_zone);
  if p_venue is not null then
    insert into public.venues (
      organization_id, name, address, city, state, postal_code, country, phone_number, website, latitude, longitude
    )
    values (
      v_organization_id, p_venue ->> 'name', p_venue ->> 'address', p_venue ->> 'city', p_venue ->> 'state', p_venue ->> 'postal_code',
      coalesce(p_venue ->> 'country', 'USA'), p_venue ->> 'phone_number', p_venue ->> 'website',
      (p_venue ->> 'latitude')::double precision, (p_venue ->> 'longitude')::double precision
    );
  end if;
  return v_organization_id;
end;
$$;

comment on function private.create_own_organization(text, text, jsonb) is 'Definer: see create_organization.';

revoke all on function private.create_own_organization(text, text, jsonb) from public;
grant execute on function private.create_own_organization(text, text, jsonb) to authenticated;

create function public.create_organization(p_name text, p_time_zone text default 'UTC', p_venue jsonb default null)
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.create_own_organization(p_name, p_time_zone, p_venue);
$$;

comment on function public.create_organization(text, text, jsonb) is
  'Creates an organization owned by the caller and returns its id. p_name: 1-255 characters. p_time_zone: IANA name.
p_venue: its first venue, made with it or neither: name, address, city, state, postal_code, and as wanted country, phone_number, website,
latitude, longitude.
Errors: 400 invalid_organization_name, invalid_time_zone; 401; 403 guest_not_allowed; 429.';

revoke all on function public.create_organization(text, text, jsonb) from public;
grant execute on function public.create_organization(text, text, jsonb) to authenticated;
