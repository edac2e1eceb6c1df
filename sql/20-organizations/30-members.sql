create table public.organization_members (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  role_key text not null references public.roles (key) on update cascade on delete restrict,
  status text not null default 'active',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint status_is_known check (status in ('invited', 'active', 'suspended', 'revoked')),
  constraint owner_is_active check (role_key <> 'owner' or status = 'active'),
  unique (organization_id, user_id)
);

alter table public.organization_members enable row level security;
revoke all on public.organization_members from anon, authenticated, service_role;

create index organization_members_user_id_idx on public.organization_members (user_id);
create index organization_members_role_key_idx on public.organization_members (role_key);
create unique index organization_members_one_owner_idx on public.organization_members (organization_id)
  where role_key = 'owner';

comment on table public.organization_members is
  'Who belongs to an organization. Only status active counts. The owner is a member like any other, and there is exactly one.';

create trigger organization_members_set_updated_at
  before update on public.organization_members
  for each row execute function private.set_updated_at();

create function private.check_member_role()
returns trigger
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  if (select role.is_platform_role from public.roles as role where role.key = new.role_key) then
    perform private.raise_error(
      400, 'not_an_organization_role', format('"%s" is a platform role.', new.role_key), 'Choose one of the organization roles.'
    );
  end if;
  return new;
end;
$$;

revoke all on function private.check_member_role() from public;

create trigger organization_members_check_role
  before insert or update of role_key on public.organization_members
  for each row execute function private.check_member_role();

create function private.keep_an_owner()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if exists (select from public.organizations as organization where organization.id = old.organization_id) and not exists (
    select
    from public.organization_members as member
    where member.organization_id = old.organization_id and member.role_key = 'owner'
  ) then
    perform private.raise_error(
      409, 'owner_needed', 'An organization cannot be left without an owner.', 'Transfer the ownership, or delete the organization.'
    );
  end if;
  return null;
end;
$$;

comment on function private.keep_an_owner() is
  'Also for what is done in Studio. At the end of the transaction, as ownership changes hands in two steps.';

revoke all on function private.keep_an_owner() from public;

create constraint trigger organization_members_keep_an_owner
  after delete or update of role_key, organization_id on public.organization_members
  deferrable initially deferred
  for each row
  when (old.role_key = 'owner')
  execute function private.keep_an_owner();

create function private.hold_organization(p_organization_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform from public.organizations as organization where organization.id = p_organization_id for key share;
end;
$$;

comment on function private.hold_organization(uuid) is
  'Whoever changes a team calls this before anything else: then the end of the organization waits for them, or they for it, and neither
locks what the other needs. Definer: callers may not lock organizations.';

revoke all on function private.hold_organization(uuid) from public;

create table public.organization_member_permissions (
  organization_member_id uuid not null references public.organization_members (id) on delete cascade,
  permission_key text not null references public.permissions (key) on update cascade on delete cascade,
  effect text not null,
  created_at timestamptz not null default now(),
  constraint effect_is_known check (effect in ('grant', 'deny')),
  primary key (organization_member_id, permission_key, effect)
);

alter table public.organization_member_permissions enable row level security;
revoke all on public.organization_member_permissions from anon, authenticated, service_role;

create index organization_member_permissions_permission_key_idx on public.organization_member_permissions (permission_key);

comment on table public.organization_member_permissions is
  'Overrides of one member: a granted permission is added to the role''s, a denied one is taken away; a denial wins.';
