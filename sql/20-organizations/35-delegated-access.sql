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
told; what is read, called and changed under it is in the audit log with its id.';

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

-- Acting under it ------------------------------------------------------------------------------------------------------
-- A request names the access in the header x-delegated-access. The step before every REST request writes down what is called, and
-- only then does the permission path count the access; other services have no such step, so it does not reach them. Reads run in
-- transactions that cannot write: they are announced in a call before.

create table private.announced_readings (
  delegated_access_id uuid not null references public.delegated_access_sessions (id) on delete cascade,
  permission_key text not null references public.permissions (key) on update cascade on delete cascade,
  expires_at timestamptz not null,
  primary key (delegated_access_id, permission_key)
);

alter table private.announced_readings enable row level security;

create index announced_readings_permission_key_idx on private.announced_readings (permission_key);

comment on table private.announced_readings is
  'What platform people have said that they are about to read under delegated access; it is in the audit log, and opens for five minutes.';

create function private.live_delegated_access(p_id uuid)
returns public.delegated_access_sessions
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_access public.delegated_access_sessions;
begin
  select delegated.* into v_access
  from public.delegated_access_sessions as delegated
  where delegated.id = p_id and delegated.admin_id = auth.uid() and delegated.ended_at is null and delegated.expires_at > now()
    and private.platform_role() is not null;
  return v_access;
end;
$$;

comment on function private.live_delegated_access(uuid) is
  'The caller''s access of this id while it lasts and they are of the platform; else a row of nulls. Definer: the table is not theirs.';

revoke all on function private.live_delegated_access(uuid) from public;

create function private.delegated_access()
returns public.delegated_access_sessions
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_id text := current_setting('karaoke.delegated_access', true);
begin
  if coalesce(v_id, '') = '' then
    return null;
  end if;
  return private.live_delegated_access(v_id::uuid);
end;
$$;

comment on function private.delegated_access() is
  'The access under which this request acts, if any. Asked anew by every statement, so that its end works at once. Definer: see
live_delegated_access.';

revoke all on function private.delegated_access() from public;

create function private.refuse_delegated_access()
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if (private.delegated_access()).id is not null then
    perform private.raise_error(
      403, 'not_delegable', 'Secrets and second factors are out of reach of delegated access.', 'Ask the owner of the organization to do it.'
    );
  end if;
end;
$$;

comment on function private.refuse_delegated_access() is
  'For what even delegated access with writing never covers: 403 not_delegable. Definer: see delegated_access.';

revoke all on function private.refuse_delegated_access() from public;

create function private.act_under_delegated_access(p_id text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_access public.delegated_access_sessions;
  v_path text := coalesce(nullif(current_setting('request.path', true), ''), 'unknown');
begin
  if p_id ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then
    v_access := private.live_delegated_access(p_id::uuid);
  end if;
  if v_access.id is null then
    perform private.raise_error(
      403, 'delegated_access_ended', 'The header x-delegated-access names no access of yours that is still open.',
      'Leave it out, or open access anew.'
    );
  end if;
  perform set_config('karaoke.delegated_access', v_access.id::text, true);
  if current_setting('transaction_read_only') = 'off' then
    perform private.add_delegated_audit(v_access, 'call', left(v_path, 200), coalesce(nullif(current_setting('request.method', true), ''), 'unknown'), null);
  elsif not exists (
    select from private.announced_readings as announced where announced.delegated_access_id = v_access.id and announced.expires_at > now()
  ) then
    perform private.raise_error(
      403, 'reading_not_announced', 'Reading under delegated access is announced first.', 'Call announce_reading with the permissions you read by.'
    );
  end if;
end;
$$;

comment on function private.act_under_delegated_access(text) is
  'Before a REST request whose header x-delegated-access has p_id: writes it down and lets the permission path count it. Refuses with
403 delegated_access_ended, reading_not_announced. Definer: nobody may write the audit log directly.';

revoke all on function private.act_under_delegated_access(text) from public;

create function private.announce_reading(p_id uuid, p_permissions text[])
returns timestamptz
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_access public.delegated_access_sessions;
  v_until timestamptz := now() + interval '5 minutes';
  v_refused text;
begin
  perform private.require_user();
  v_access := private.live_delegated_access(p_id);
  if v_access.id is null then
    perform private.raise_error(404, 'access_not_found', 'There is no such access, or it has ended.', 'Read the list again.');
  end if;
  select string_agg(coalesce(permission, 'null'), ', ') into v_refused
  from unnest(p_permissions) as permission
  where not exists (
    select from private.delegable_permissions as delegable where delegable.permission_key = permission and not delegable.needs_write
  );
  if v_refused is not null or coalesce(cardinality(p_permissions), 0) not between 1 and 50 then
    perform private.raise_error(
      400, 'invalid_permissions', 'Delegated access does not cover reading by: ' || coalesce(v_refused, 'nothing'),
      'Name 1 to 50 permissions such as venues:read.'
    );
  end if;
  insert into private.announced_readings as announced (delegated_access_id, permission_key, expires_at)
  select distinct v_access.id, permission, v_until from unnest(p_permissions) as permission
  on conflict (delegated_access_id, permission_key) do update set expires_at = excluded.expires_at;
  perform private.add_delegated_audit(v_access, 'read', 'permissions', permission, jsonb_build_object('until', v_until))
  from (select distinct unnest(p_permissions) as permission) as announced;
  return v_until;
end;
$$;

comment on function private.announce_reading(uuid, text[]) is 'Definer: announcements are private, and the log is written by functions only.';

revoke all on function private.announce_reading(uuid, text[]) from public;
grant execute on function private.announce_reading(uuid, text[]) to authenticated;

create function public.announce_reading(p_id uuid, p_permissions text[])
returns timestamptz
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.announce_reading(p_id, p_permissions);
$$;

comment on function public.announce_reading(uuid, text[]) is
  'Platform people: writes into the audit log that they read by these permissions (1-50, such as venues:read) under delegated access
p_id, and returns until when (five minutes). Requests with the header x-delegated-access: p_id may then read so. Errors: 400
invalid_permissions; 401; 404 access_not_found.';

revoke all on function public.announce_reading(uuid, text[]) from public;
grant execute on function public.announce_reading(uuid, text[]) to authenticated;

-- Opening and ending it ------------------------------------------------------------------------------------------------

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
Requests act under it by the header x-delegated-access: <id>; reading is announced first. Needs a platform role and aal2. Errors: 400 invalid_hours, invalid_reason; 401; 403 owner_is_platform; 404 organization_not_found.';

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
