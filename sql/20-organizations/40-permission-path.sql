-- The one way a permission is decided. Policies ask organizations_with() once per statement; RPCs ask has_permission() or
-- require_permission() for the one organization they are about.

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
    select member.organization_id
    from public.organization_members as member
    join public.organizations as organization on organization.id = member.organization_id
    where member.user_id = (select auth.uid())
      and member.status = 'active'
      and (select private.session_is_trusted())
      and (not organization.require_mfa or (select private.claims() ->> 'aal') = 'aal2')
      and not exists (
        select
        from public.organization_member_permissions as denied
        where denied.organization_member_id = member.id and denied.permission_key = p_permission and denied.effect = 'deny'
      )
      and (
        exists (
          select
          from public.role_permissions as held
          where held.role_key = member.role_key and held.permission_key = p_permission
        )
        or exists (
          select
          from public.organization_member_permissions as granted
          where granted.organization_member_id = member.id and granted.permission_key = p_permission and granted.effect = 'grant'
        )
      )
    union
    select delegated.organization_id
    from public.delegated_access_sessions as delegated
    join private.delegable_permissions as delegable on delegable.permission_key = p_permission
    where delegated.admin_id = (select auth.uid())
      and delegated.ended_at is null
      and delegated.expires_at > now()
      and (delegated.can_write or not delegable.needs_write)
      and (select private.platform_role()) is not null;
end;
$$;

comment on function private.organizations_with(text) is
  'The organizations in which the caller holds the permission now: active membership, role plus grants minus denials, a
trusted session, and a second factor where the organization asks for one; or live delegated access of platform people. Definer: it
reads memberships of all.';

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
