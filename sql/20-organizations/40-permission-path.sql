-- The one way a permission is decided. Policies ask organizations_with() once per statement; RPCs ask has_permission() or
-- require_permission() for the one organization they are about. What people leave behind, such as API keys and invitations, is
-- measured by what its maker holds now.

create view private.held_permissions
with (security_invoker = true)
as
select member.organization_id, member.user_id, permission.key as permission_key
from public.organization_members as member
join auth.users as account on account.id = member.user_id
cross join public.permissions as permission
where member.status = 'active'
  and account.deleted_at is null
  and (account.banned_until is null or account.banned_until <= now())
  and not exists (
    select
    from public.organization_member_permissions as denied
    where denied.organization_member_id = member.id and denied.permission_key = permission.key and denied.effect = 'deny'
  )
  -- One look-up after the other: two conditions joined by "or" would read all roles each time.
  and exists (
    select
    from public.role_permissions as held
    where held.role_key = member.role_key and held.permission_key = permission.key
    union all
    select
    from public.organization_member_permissions as granted
    where granted.organization_member_id = member.id and granted.permission_key = permission.key and granted.effect = 'grant'
  );

comment on view private.held_permissions is
  'Who holds which permission in which organization: active membership of an account that is not banned, role plus grants minus
denials. It says nothing about sessions.';

create function private.organizations_with(p_permission text)
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
rows 10
as $$
begin
  return query
    select held.organization_id
    from private.held_permissions as held
    join public.organizations as organization on organization.id = held.organization_id
    where held.user_id = (select auth.uid())
      and held.permission_key = p_permission
      and (select private.session_is_trusted())
      and (not organization.require_mfa or (select private.claims() ->> 'aal') = 'aal2');
  if coalesce(current_setting('karaoke.delegated_access', true), '') <> '' then
    return query
      select delegated.organization_id
      from private.delegated_access() as delegated
      join private.delegable_permissions as delegable on delegable.permission_key = p_permission
      where delegated.id is not null and case
        when delegable.needs_write then delegated.can_write
        else exists (
          select
          from private.announced_readings as announced
          where announced.delegated_access_id = delegated.id and announced.permission_key = p_permission and announced.expires_at > now()
        )
      end;
  end if;
end;
$$;

comment on function private.organizations_with(text) is
  'The organizations in which the caller holds the permission now: active membership, role plus grants minus denials, a
trusted session, and a second factor where the organization asks for one; or the delegated access under which platform people act,
read by what they have announced. Definer: it reads memberships of all.';

revoke all on function private.organizations_with(text) from public;
grant execute on function private.organizations_with(text) to anon, authenticated;

create function private.has_permission(p_organization_id uuid, p_permission text)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select exists (select from private.organizations_with(p_permission) as organization_id where organization_id = p_organization_id)
  );
end;
$$;

comment on function private.has_permission(uuid, text) is 'Whether the caller holds the permission in the organization now.';

revoke all on function private.has_permission(uuid, text) from public;
grant execute on function private.has_permission(uuid, text) to anon, authenticated;

create function private.require_permission(p_organization_id uuid, p_permission text, p_not_found text)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_user();
  if private.has_permission(p_organization_id, p_permission) then
    return;
  end if;
  -- Members learn what they lack; for everybody else there is nothing here.
  if exists (
    select
    from public.organization_members as member
    join public.organizations as organization on organization.id = member.organization_id
    where member.organization_id = p_organization_id and member.user_id = auth.uid() and member.status = 'active'
      and organization.require_mfa and private.claims() ->> 'aal' is distinct from 'aal2'
  ) then
    perform private.raise_error(
      403, 'second_factor_required', 'This organization asks its members for a second factor.', 'Enroll a factor and verify a code of it.'
    );
  end if;
  if (private.delegated_access()).organization_id = p_organization_id then
    perform private.raise_error(
      403, 'permission_denied', format('The delegated access does not include "%s", or reading by it was not announced.', p_permission),
      'Call announce_reading, or ask the owner of the organization to do it.'
    );
  end if;
  if private.has_permission(p_organization_id, 'organization:read') then
    perform private.raise_error(
      403, 'permission_denied', format('Your role does not include the permission "%s".', p_permission),
      'Ask the owner of the organization for it.'
    );
  end if;
  perform private.raise_error(404, p_not_found, 'There is no such thing, or it is not yours.', 'Check the id.');
end;
$$;

comment on function private.require_permission(uuid, text, text) is
  'Refuses unless the caller holds the permission: as require_user(); 403 permission_denied for members; 404 p_not_found for
everybody else, exactly as for an id that does not exist (pass null as the organization then).';

revoke all on function private.require_permission(uuid, text, text) from public;
