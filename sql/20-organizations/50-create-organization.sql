create function private.create_organization(p_owner_id uuid, p_name text, p_time_zone text default null)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_organization_id uuid;
  v_name text := normalize(btrim(coalesce(p_name, '')), nfc);
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

create function private.create_own_organization(p_name text, p_time_zone text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
begin
  if (private.claims() ->> 'is_anonymous')::boolean then
    perform private.raise_error(
      403, 'guest_not_allowed', 'A guest cannot own an organization.', 'Add an e-mail address to the account first.'
    );
  end if;
  perform private.enforce_rate_limit('organization_creation', v_user_id::text);
  return private.create_organization(v_user_id, p_name, p_time_zone);
end;
$$;

comment on function private.create_own_organization(text, text) is 'Definer: see create_organization.';

revoke all on function private.create_own_organization(text, text) from public;
grant execute on function private.create_own_organization(text, text) to authenticated;

create function public.create_organization(p_name text, p_time_zone text default 'UTC')
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.create_own_organization(p_name, p_time_zone);
$$;

comment on function public.create_organization(text, text) is
  'Creates an organization owned by the caller and returns its id. p_name: 1-255 characters. p_time_zone: IANA name.
Errors: 400 invalid_organization_name, invalid_time_zone; 401; 403 guest_not_allowed; 429.';

revoke all on function public.create_organization(text, text) from public;
grant execute on function public.create_organization(text, text) to authenticated;
