-- Ownership changes hands only when both sides say so.

create table private.ownership_offers (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  offered_by uuid not null references auth.users (id) on delete cascade,
  offered_to uuid not null references auth.users (id) on delete cascade,
  expires_at timestamptz not null default now() + interval '7 days'
);

alter table private.ownership_offers enable row level security;

create index ownership_offers_offered_by_idx on private.ownership_offers (offered_by);
create index ownership_offers_offered_to_idx on private.ownership_offers (offered_to);

comment on table private.ownership_offers is 'Ownership offered to a member and not yet answered; one per organization.';

create function private.offer_ownership(p_member_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_recent_authentication();
  v_member public.organization_members;
begin
  perform private.hold_organization(
    (select member.organization_id from public.organization_members as member where member.id = p_member_id)
  );
  select member.* into v_member from public.organization_members as member where member.id = p_member_id and member.status = 'active';
  if not exists (
    select
    from public.organization_members as owner
    where owner.organization_id = v_member.organization_id and owner.user_id = v_user_id and owner.role_key = 'owner'
  ) then
    perform private.raise_error(
      404, 'member_not_found', 'There is no such active member of an organization you own.', 'Only the owner can give ownership.'
    );
  end if;
  if v_member.user_id = v_user_id then
    perform private.raise_error(409, 'own_membership', 'You own this organization already.', 'Choose another member.');
  end if;
  insert into private.ownership_offers (organization_id, offered_by, offered_to)
  values (v_member.organization_id, v_user_id, v_member.user_id)
  on conflict (organization_id) do update set
    offered_by = excluded.offered_by, offered_to = excluded.offered_to, expires_at = excluded.expires_at;
  perform private.notify_user(
    v_member.user_id, 'security', 'ownership_offered',
    (
      select jsonb_build_object('organization_id', organization.id, 'organization', organization.name, 'owner', coalesce(profile.name, 'The owner'))
      from public.organizations as organization, public.profiles as profile
      where organization.id = v_member.organization_id and profile.user_id = v_user_id
    ),
    format('ownership_offered:%s:%s:%s', v_member.organization_id, v_member.user_id, now())
  );
end;
$$;

comment on function private.offer_ownership(uuid) is 'Definer: offers are private.';

revoke all on function private.offer_ownership(uuid) from public;
grant execute on function private.offer_ownership(uuid) to authenticated;

create function public.offer_ownership(p_member_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.offer_ownership(p_member_id);
$$;

comment on function public.offer_ownership(uuid) is
  'The owner offers the organization to an active member, who has seven days to accept; a new offer replaces the former one. Errors:
403 reauthentication_needed; 404 member_not_found; 409 own_membership.';

revoke all on function public.offer_ownership(uuid) from public;
grant execute on function public.offer_ownership(uuid) to authenticated;

create function private.answer_ownership(p_organization_id uuid, p_accept boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := case when p_accept then private.require_recent_authentication() else private.require_user() end;
  v_offer private.ownership_offers;
begin
  perform private.hold_organization(p_organization_id);
  -- The owner may take the offer back, the member answer it; the deleted row lets only one of two answers through.
  delete from private.ownership_offers as offer
  where offer.organization_id = p_organization_id
    and (offer.offered_to = v_user_id or not p_accept and offer.offered_by = v_user_id)
  returning offer.* into v_offer;
  if not found or v_offer.expires_at < now() then
    perform private.raise_error(404, 'offer_not_found', 'There is no such offer, or it has ended.', 'Ask the owner for a new one.');
  end if;
  if not p_accept then
    return;
  end if;
  update public.organization_members
  set role_key = 'admin'
  where organization_id = p_organization_id and user_id = v_offer.offered_by and role_key = 'owner';
  if not found then
    perform private.raise_error(409, 'offer_outdated', 'Who made the offer is no longer the owner.', 'Ask the owner for a new one.');
  end if;
  update public.organization_members
  set role_key = 'owner'
  where organization_id = p_organization_id and user_id = v_user_id and status = 'active';
  if not found then
    perform private.raise_error(409, 'not_a_member', 'Only an active member can become the owner.', 'Ask the owner for an invitation.');
  end if;
  delete from public.organization_member_permissions as override
  using public.organization_members as member
  where member.id = override.organization_member_id and member.organization_id = p_organization_id and member.user_id = v_user_id;
  perform private.notify_user(
    party.user_id, 'security', 'ownership_transferred',
    (
      select jsonb_build_object('organization_id', organization.id, 'organization', organization.name, 'owner', coalesce(profile.name, 'a member'))
      from public.organizations as organization, public.profiles as profile
      where organization.id = p_organization_id and profile.user_id = v_user_id
    ),
    format('ownership_transferred:%s:%s:%s', p_organization_id, party.user_id, now())
  )
  from unnest(array[v_offer.offered_by, v_user_id]) as party (user_id);
end;
$$;

comment on function private.answer_ownership(uuid, boolean) is 'Definer: offers are private; exactly one owner at every moment.';

revoke all on function private.answer_ownership(uuid, boolean) from public;
grant execute on function private.answer_ownership(uuid, boolean) to authenticated;

create function public.accept_ownership(p_organization_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.answer_ownership(p_organization_id, true);
$$;

comment on function public.accept_ownership(uuid) is
  'The member takes over: owner from now on, the former owner is an administrator. Errors: 403 reauthentication_needed; 404
offer_not_found; 409 offer_outdated, not_a_member.';

revoke all on function public.accept_ownership(uuid) from public;
grant execute on function public.accept_ownership(uuid) to authenticated;

create function public.decline_ownership(p_organization_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.answer_ownership(p_organization_id, false);
$$;

comment on function public.decline_ownership(uuid) is
  'The member declines the offer, or the owner takes it back. Errors: 401; 404 offer_not_found.';

revoke all on function public.decline_ownership(uuid) from public;
grant execute on function public.decline_ownership(uuid) to authenticated;
