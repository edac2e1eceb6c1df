-- Who may change whose role. Nobody gives what they do not hold, changes their own membership, or touches the owner.

create function private.require_grantable(p_organization_id uuid, p_role_key text, p_grants text[])
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_refused text;
begin
  if p_role_key is not null and (
    p_role_key = 'owner'
    or not exists (select from public.roles as role where role.key = p_role_key and not role.is_platform_role)
  ) then
    perform private.raise_error(
      400, 'invalid_role', 'This role cannot be given to a member.', 'Choose admin, manager or staff; ownership is transferred.'
    );
  end if;
  select string_agg(coalesce(permission, 'null'), ', ') into v_refused
  from unnest(p_grants) as permission
  where not exists (select from public.permissions as known where known.key = permission);
  if v_refused is not null then
    perform private.raise_error(400, 'invalid_permissions', 'Unknown permissions: ' || v_refused, 'See the table permissions.');
  end if;
  select string_agg(wanted.permission, ', ' order by wanted.permission) into v_refused
  from (
    select held.permission_key as permission from public.role_permissions as held where held.role_key = p_role_key
    union
    select permission from unnest(p_grants) as permission
  ) as wanted
  where not private.has_permission(p_organization_id, wanted.permission);
  if v_refused is not null then
    perform private.raise_error(
      403, 'permission_not_held', 'You cannot give what you do not hold: ' || v_refused, 'Ask the owner of the organization.'
    );
  end if;
end;
$$;

comment on function private.require_grantable(uuid, text, text[]) is
  'Refuses unless the caller may give the role and permissions: 400 invalid_role, invalid_permissions; 403 permission_not_held.';

revoke all on function private.require_grantable(uuid, text, text[]) from public;

create function private.member_to_change(p_member_id uuid, p_permission text)
returns public.organization_members
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_member public.organization_members;
begin
  perform private.hold_organization(
    (select member.organization_id from public.organization_members as member where member.id = p_member_id)
  );
  select member.* into v_member
  from public.organization_members as member
  where member.id = p_member_id
  for no key update;
  perform private.require_permission(v_member.organization_id, p_permission, 'member_not_found');
  if v_member.role_key = 'owner' then
    perform private.raise_error(
      409, 'owner_is_protected', 'The owner cannot be changed or removed.', 'Transfer the ownership first.'
    );
  end if;
  if v_member.user_id = auth.uid() then
    perform private.raise_error(
      409, 'own_membership', 'Nobody changes their own membership.', 'Ask somebody else, or leave the organization.'
    );
  end if;
  return v_member;
end;
$$;

comment on function private.member_to_change(uuid, text) is
  'The membership, locked, once the caller may change it: 403; 404 member_not_found; 409 owner_is_protected, own_membership.';

revoke all on function private.member_to_change(uuid, text) from public;

create function private.set_overrides(p_member_id uuid, p_effect text, p_permissions text[])
returns void
language sql
volatile
security definer
set search_path = ''
as $$
  delete from public.organization_member_permissions
  where organization_member_id = p_member_id and effect = p_effect and permission_key <> all (p_permissions);
  insert into public.organization_member_permissions (organization_member_id, permission_key, effect)
  select distinct p_member_id, permission, p_effect from unnest(p_permissions) as permission
  on conflict do nothing;
$$;

comment on function private.set_overrides(uuid, text, text[]) is 'Replaces a member''s overrides of one effect. Callers have checked them.';

revoke all on function private.set_overrides(uuid, text, text[]) from public;

create function private.update_member(p_member_id uuid, p_role_key text, p_grants text[], p_denials text[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_member public.organization_members := private.member_to_change(p_member_id, 'members:update');
begin
  perform private.require_grantable(v_member.organization_id, p_role_key, p_grants);
  if exists (
    select
    from unnest(p_denials) as permission
    where not exists (select from public.permissions as known where known.key = permission)
  ) then
    perform private.raise_error(400, 'invalid_permissions', 'Unknown permissions among the denials.', 'See the table permissions.');
  end if;
  -- To lift a denial is to give the permission back.
  perform private.require_grantable(
    v_member.organization_id, null,
    array(
      select override.permission_key
      from public.organization_member_permissions as override
      where override.organization_member_id = p_member_id and override.effect = 'deny' and override.permission_key <> all (p_denials)
    )
  );
  update public.organization_members set role_key = p_role_key where id = p_member_id and role_key <> p_role_key;
  if p_grants is not null then
    perform private.set_overrides(p_member_id, 'grant', p_grants);
  end if;
  if p_denials is not null then
    perform private.set_overrides(p_member_id, 'deny', p_denials);
  end if;
  perform private.end_invitations_of(v_member.organization_id, v_member.user_id);
end;
$$;

comment on function private.update_member(uuid, text, text[], text[]) is 'Definer: memberships are changed only by functions.';

revoke all on function private.update_member(uuid, text, text[], text[]) from public;
grant execute on function private.update_member(uuid, text, text[], text[]) to authenticated;

create function public.update_member(
  p_member_id uuid, p_role_key text default null, p_grants text[] default null, p_denials text[] default null
)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.update_member(p_member_id, p_role_key, p_grants, p_denials);
$$;

comment on function public.update_member(uuid, text, text[], text[]) is
  'Changes a member''s role and overrides; a list given replaces the former one, what is left out stays. Needs members:update.
Errors: 400 invalid_role, invalid_permissions; 403 permission_denied, permission_not_held; 404 member_not_found; 409
owner_is_protected, own_membership.';

revoke all on function public.update_member(uuid, text, text[], text[]) from public;
grant execute on function public.update_member(uuid, text, text[], text[]) to authenticated;

create function private.set_member_suspended(p_member_id uuid, p_suspended boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_member public.organization_members := private.member_to_change(p_member_id, 'members:update');
begin
  if p_suspended is null then
    perform private.raise_error(400, 'invalid_suspended', 'p_suspended must be true or false.', 'Say which.');
  end if;
  if v_member.status not in ('active', 'suspended') then
    perform private.raise_error(409, 'not_a_member', 'This membership has ended.', 'Invite the person again.');
  end if;
  update public.organization_members
  set status = case when p_suspended then 'suspended' else 'active' end
  where id = p_member_id;
  perform private.end_invitations_of(v_member.organization_id, v_member.user_id);
end;
$$;

comment on function private.set_member_suspended(uuid, boolean) is 'Definer: memberships are changed only by functions.';

revoke all on function private.set_member_suspended(uuid, boolean) from public;
grant execute on function private.set_member_suspended(uuid, boolean) to authenticated;

create function public.set_member_suspended(p_member_id uuid, p_suspended boolean)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.set_member_suspended(p_member_id, p_suspended);
$$;

comment on function public.set_member_suspended(uuid, boolean) is
  'Suspends a member, or restores them, from the next statement on. Needs members:update. Errors: 400 invalid_suspended; 403; 404
member_not_found; 409 owner_is_protected, own_membership, not_a_member.';

revoke all on function public.set_member_suspended(uuid, boolean) from public;
grant execute on function public.set_member_suspended(uuid, boolean) to authenticated;

create function private.end_membership(p_member public.organization_members)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  delete from public.organization_member_permissions where organization_member_id = p_member.id;
  update public.organization_members set status = 'revoked' where id = p_member.id and status <> 'revoked';
  perform private.end_invitations_of(p_member.organization_id, p_member.user_id);
  delete from private.session_contexts as context
  using auth.sessions as session
  where session.id = context.session_id and session.user_id = p_member.user_id
    and context.organization_id = p_member.organization_id;
  if found or p_member.status <> 'revoked' then
    perform private.notify_user(
      p_member.user_id, 'organization', 'member_removed',
      (
        select jsonb_build_object('organization_id', organization.id, 'organization', organization.name)
        from public.organizations as organization
        where organization.id = p_member.organization_id
      ),
      format('member_removed:%s:%s', p_member.id, p_member.updated_at)
    );
  end if;
end;
$$;

comment on function private.end_membership(public.organization_members) is 'Ends a membership; the row stays for the record.';

revoke all on function private.end_membership(public.organization_members) from public;

create function private.remove_member(p_member_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.end_membership(private.member_to_change(p_member_id, 'members:remove'));
end;
$$;

comment on function private.remove_member(uuid) is 'Definer: memberships are changed only by functions.';

revoke all on function private.remove_member(uuid) from public;
grant execute on function private.remove_member(uuid) to authenticated;

create function public.remove_member(p_member_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.remove_member(p_member_id);
$$;

comment on function public.remove_member(uuid) is
  'Removes a member from the next statement on and tells them. Needs members:remove. Errors: 403; 404 member_not_found; 409
owner_is_protected, own_membership.';

revoke all on function public.remove_member(uuid) from public;
grant execute on function public.remove_member(uuid) to authenticated;

create function private.leave_organization(p_organization_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_member public.organization_members;
begin
  perform private.hold_organization(p_organization_id);
  select member.* into v_member
  from public.organization_members as member
  where member.organization_id = p_organization_id and member.user_id = v_user_id and member.status in ('active', 'suspended')
  for no key update;
  if not found then
    perform private.raise_error(404, 'organization_not_found', 'You are no member of such an organization.', 'Check the id.');
  end if;
  if v_member.role_key = 'owner' then
    perform private.raise_error(409, 'owner_is_protected', 'The owner cannot leave.', 'Transfer the ownership first.');
  end if;
  perform private.end_membership(v_member);
end;
$$;

comment on function private.leave_organization(uuid) is 'Definer: memberships are changed only by functions.';

revoke all on function private.leave_organization(uuid) from public;
grant execute on function private.leave_organization(uuid) to authenticated;

create function public.leave_organization(p_organization_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.leave_organization(p_organization_id);
$$;

comment on function public.leave_organization(uuid) is
  'Ends the caller''s own membership. Errors: 401; 404 organization_not_found; 409 owner_is_protected.';

revoke all on function public.leave_organization(uuid) from public;
grant execute on function public.leave_organization(uuid) to authenticated;

create function private.list_members(p_organization_id uuid, p_search text, p_role_key text, p_status text, p_page integer, p_limit integer)
returns table (
  id uuid, user_id uuid, email text, name text, role_key text, status text, grants text[], denials text[], joined_at timestamptz,
  has_second_factor boolean, total_count bigint
)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_pattern text := '%' || regexp_replace(btrim(coalesce(p_search, '')), '([\\%_])', '\\\1', 'g') || '%';
begin
  perform private.require_permission(p_organization_id, 'members:read', 'organization_not_found');
  if p_page is null or p_page < 1 or p_limit is null or p_limit not between 1 and 100 then
    perform private.raise_error(400, 'invalid_page', 'The page counts from 1 and has 1 to 100 rows.', 'Leave them out for 1 and 20.');
  end if;
  if char_length(p_search) > 100 then
    perform private.raise_error(400, 'invalid_search', 'The search has over 100 characters.', 'Shorten it.');
  end if;
  return query
    select
      member.id, member.user_id, account.email::text, profile.name, member.role_key, member.status,
      array(
        select override.permission_key from public.organization_member_permissions as override
        where override.organization_member_id = member.id and override.effect = 'grant' order by 1
      ),
      array(
        select override.permission_key from public.organization_member_permissions as override
        where override.organization_member_id = member.id and override.effect = 'deny' order by 1
      ),
      member.created_at,
      exists (select from auth.mfa_factors as factor where factor.user_id = member.user_id and factor.status = 'verified'),
      count(*) over ()
    from public.organization_members as member
    join auth.users as account on account.id = member.user_id
    join public.profiles as profile on profile.user_id = member.user_id
    join public.roles as role on role.key = member.role_key
    where member.organization_id = p_organization_id
      and (p_role_key is null or member.role_key = p_role_key)
      and member.status = coalesce(p_status, 'active')
      and (account.email ilike v_pattern or profile.name ilike v_pattern)
    order by role.rank, member.created_at, member.id
    limit p_limit offset (p_page - 1)::bigint * p_limit;
end;
$$;

comment on function private.list_members(uuid, text, text, text, integer, integer) is 'Definer: addresses are Auth''s; checks members:read.';

revoke all on function private.list_members(uuid, text, text, text, integer, integer) from public;
grant execute on function private.list_members(uuid, text, text, text, integer, integer) to authenticated;

create function public.list_members(
  p_organization_id uuid, p_search text default null, p_role_key text default null, p_status text default 'active',
  p_page integer default 1, p_limit integer default 20
)
returns table (
  id uuid, user_id uuid, email text, name text, role_key text, status text, grants text[], denials text[], joined_at timestamptz,
  has_second_factor boolean, total_count bigint
)
language sql
stable
security invoker
set search_path = ''
as $$
  select * from private.list_members(p_organization_id, p_search, p_role_key, p_status, p_page, p_limit);
$$;

comment on function public.list_members(uuid, text, text, text, integer, integer) is
  'Members with name, address, role and overrides; the owner first. p_search looks in name and address (up to 100 characters), p_status
is active, suspended or revoked. has_second_factor tells
whom require_mfa would lock out. total_count is the number of all pages. Needs members:read. Errors: 400 invalid_page,
invalid_search; 403; 404 organization_not_found.';

revoke all on function public.list_members(uuid, text, text, text, integer, integer) from public;
grant execute on function public.list_members(uuid, text, text, text, integer, integer) to authenticated;
