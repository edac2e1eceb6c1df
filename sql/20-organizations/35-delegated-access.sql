-- Platform people, and the time-boxed access they may take to an organization in order to help.

create table private.platform_admins (
  user_id uuid primary key references auth.users (id) on delete cascade,
  role_key text not null references public.roles (key) on update cascade on delete restrict,
  created_at timestamptz not null default now()
);

alter table private.platform_admins enable row level security;

create index platform_admins_role_key_idx on private.platform_admins (role_key);

comment on table private.platform_admins is
  'Who has a platform role. Written in Studio by somebody who may reach the database anyway, never by an API.';

create table public.delegated_access_sessions (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  admin_id uuid not null references auth.users (id) on delete cascade,
  reason text not null,
  can_write boolean not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  created_at timestamptz not null default now(),
  constraint reason_is_10_to_500_characters check (char_length(reason) between 10 and 500),
  constraint lasts_up_to_24_hours check (expires_at <= created_at + interval '24 hours')
);

alter table public.delegated_access_sessions enable row level security;
revoke all on public.delegated_access_sessions from anon, authenticated, service_role;

create index delegated_access_sessions_organization_id_idx on public.delegated_access_sessions (organization_id, created_at desc);
create index delegated_access_sessions_live_idx on public.delegated_access_sessions (admin_id, organization_id)
  where ended_at is null;

comment on table public.delegated_access_sessions is
  'Access of platform people to an organization: for a reason, for 1 to 24 hours, read-only unless writing was asked for. The owner is
told; what is changed under it is in the audit log with its id.';

create table private.delegable_permissions (
  permission_key text primary key references public.permissions (key) on update cascade on delete cascade,
  needs_write boolean not null
);

alter table private.delegable_permissions enable row level security;

comment on table private.delegable_permissions is
  'What delegated access may cover. Billing, API keys and members are not in it: helping needs none of them.';

create function private.platform_role()
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select admin.role_key
    from private.platform_admins as admin
    -- Platform people without a second factor have no power.
    where admin.user_id = auth.uid() and private.session_is_trusted() and private.claims() ->> 'aal' = 'aal2'
  );
end;
$$;

comment on function private.platform_role() is 'The caller''s platform role, or null. Definer: the table is private.';

revoke all on function private.platform_role() from public;

create function private.open_delegated_access(p_organization_id uuid, p_reason text, p_hours integer, p_write boolean)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_session_id uuid;
  v_owner_id uuid;
begin
  if private.platform_role() is null then
    perform private.raise_error(404, 'organization_not_found', 'There is no such thing, or it is not yours.', 'Check the id.');
  end if;
  if p_hours is null or p_hours not between 1 and 24 then
    perform private.raise_error(400, 'invalid_hours', 'Access lasts 1 to 24 hours.', 'Leave it out for 4.');
  end if;
  if char_length(btrim(coalesce(p_reason, ''))) not between 10 and 500 then
    perform private.raise_error(400, 'invalid_reason', 'A reason of 10 to 500 characters is needed.', 'Name the support case.');
  end if;
  select member.user_id into v_owner_id
  from public.organization_members as member
  where member.organization_id = p_organization_id and member.role_key = 'owner';
  if v_owner_id is null then
    perform private.raise_error(404, 'organization_not_found', 'There is no such thing, or it is not yours.', 'Check the id.');
  end if;
  if exists (select from private.platform_admins as admin where admin.user_id = v_owner_id) then
    perform private.raise_error(403, 'owner_is_platform', 'Organizations of platform people are out of reach.', 'Talk to them.');
  end if;
  insert into public.delegated_access_sessions (organization_id, admin_id, reason, can_write, expires_at)
  values (p_organization_id, v_user_id, btrim(p_reason), coalesce(p_write, false), now() + make_interval(hours => p_hours))
  returning id into v_session_id;
  perform private.notify_user(
    v_owner_id, 'security', 'delegated_access_opened',
    jsonb_build_object(
      'reason', btrim(p_reason), 'hours', p_hours, 'access', case when p_write then 'read and change' else 'read' end,
      'organization', (select organization.name from public.organizations as organization where organization.id = p_organization_id)
    ),
    format('delegated_access_opened:%s', v_session_id)
  );
  return v_session_id;
end;
$$;

comment on function private.open_delegated_access(uuid, text, integer, boolean) is 'Definer: access is opened only here.';

revoke all on function private.open_delegated_access(uuid, text, integer, boolean) from public;
grant execute on function private.open_delegated_access(uuid, text, integer, boolean) to authenticated;

create function public.open_delegated_access(
  p_organization_id uuid, p_reason text, p_hours integer default 4, p_write boolean default false
)
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.open_delegated_access(p_organization_id, p_reason, p_hours, p_write);
$$;

comment on function public.open_delegated_access(uuid, text, integer, boolean) is
  'Platform people: access to an organization for 1-24 hours, with a reason of 10-500 characters; returns its id and tells the owner.
Needs a platform role and aal2. Errors: 400 invalid_hours, invalid_reason; 401; 403 owner_is_platform; 404 organization_not_found.';

revoke all on function public.open_delegated_access(uuid, text, integer, boolean) from public;
grant execute on function public.open_delegated_access(uuid, text, integer, boolean) to authenticated;

create function private.end_delegated_access(p_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
begin
  -- Whoever opened it, and the owner it was opened upon.
  update public.delegated_access_sessions as delegated
  set ended_at = now()
  where delegated.id = p_id and delegated.ended_at is null and (
    delegated.admin_id = v_user_id
    or exists (
      select
      from public.organization_members as member
      where member.organization_id = delegated.organization_id and member.user_id = v_user_id and member.role_key = 'owner'
    )
  );
  if not found then
    perform private.raise_error(404, 'access_not_found', 'There is no such access, or it has ended.', 'Read the list again.');
  end if;
end;
$$;

comment on function private.end_delegated_access(uuid) is 'Definer: access is ended only here.';

revoke all on function private.end_delegated_access(uuid) from public;
grant execute on function private.end_delegated_access(uuid) to authenticated;

create function public.end_delegated_access(p_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.end_delegated_access(p_id);
$$;

comment on function public.end_delegated_access(uuid) is
  'Ends delegated access at once: its holder, or the owner of the organization. Errors: 401; 404 access_not_found.';

revoke all on function public.end_delegated_access(uuid) from public;
grant execute on function public.end_delegated_access(uuid) to authenticated;
