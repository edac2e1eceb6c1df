-- API keys: what machines (OpenKJ, other karaoke programs) show instead of a person. The row people see holds no secret;
-- secrets are hashes in a table of their own, two of them while a rotation's grace period lasts.

create table public.api_key_scopes (
  key text primary key,
  description text not null,
  permission_key text not null references public.permissions (key) on update cascade on delete restrict
);

alter table public.api_key_scopes enable row level security;
revoke all on public.api_key_scopes from anon, authenticated, service_role;

create index api_key_scopes_permission_key_idx on public.api_key_scopes (permission_key);

comment on table public.api_key_scopes is 'What an API key may be allowed to do, and the permission its creator must hold for it.';

create table public.api_keys (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  name text not null,
  description text,
  prefix text not null,
  scopes text[] not null,
  allowed_networks cidr[],
  system_id uuid,
  venue_id uuid,
  expires_at timestamptz,
  revoked_at timestamptz,
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint name_is_1_to_100_characters check (char_length(name) between 1 and 100 and name = btrim(name) and name !~ '[[:cntrl:]]'),
  constraint description_is_up_to_500_characters check (char_length(description) <= 500),
  constraint scopes_are_1_to_20 check (cardinality(scopes) between 1 and 20),
  constraint allowed_networks_are_1_to_20 check (cardinality(allowed_networks) between 1 and 20)
);

alter table public.api_keys enable row level security;
revoke all on public.api_keys from anon, authenticated, service_role;

create index api_keys_organization_id_idx on public.api_keys (organization_id, created_at desc);
create index api_keys_created_by_idx on public.api_keys (created_by);
create index api_keys_prefix_idx on public.api_keys (prefix);

comment on table public.api_keys is 'API keys without their secrets. A revoked key stays revoked.';
comment on column public.api_keys.prefix is 'First 12 characters of the newest secret, to recognise the key by.';
comment on column public.api_keys.allowed_networks is 'When set, the key works only from these networks.';
comment on column public.api_keys.system_id is 'When set, the key works only for this system''s song book.';
comment on column public.api_keys.venue_id is 'When set, the key works only for this venue.';

create trigger api_keys_set_updated_at
  before update on public.api_keys
  for each row execute function private.set_updated_at();

create table private.api_key_secrets (
  secret_hash bytea primary key,
  api_key_id uuid not null references public.api_keys (id) on delete cascade,
  created_by uuid references auth.users (id) on delete set null,
  valid_until timestamptz,
  created_at timestamptz not null default now()
);

alter table private.api_key_secrets enable row level security;

create index api_key_secrets_api_key_id_idx on private.api_key_secrets (api_key_id);
create index api_key_secrets_created_by_idx on private.api_key_secrets (created_by);

comment on table private.api_key_secrets is 'SHA-256 of each whole secret; valid_until is set when a rotation replaced it.';
comment on column private.api_key_secrets.created_by is
  'Who has seen the secret. It can do no more than they may do now: less after a demotion, nothing once they are suspended, removed,
banned or gone. Somebody else keeps the key alive by rotating it.';

create table public.api_key_usage (
  api_key_id uuid not null references public.api_keys (id) on delete cascade,
  day date not null,
  calls integer not null default 0,
  failures integer not null default 0,
  last_call_at timestamptz,
  last_call_from inet,
  last_failure_at timestamptz,
  last_failure_from inet,
  last_failure_reason text,
  primary key (api_key_id, day)
) with (fillfactor = 70);

alter table public.api_key_usage enable row level security;
revoke all on public.api_key_usage from anon, authenticated, service_role;

comment on table public.api_key_usage is
  'Use of a key per day (UTC). A failure is a call with a secret that has the key''s prefix and did not work: OpenKJ shows its
user nothing when the key is wrong, so this is where a host sees it.';
comment on column public.api_key_usage.calls is 'Calls other than the change poll, which only moves last_call_at, at most every 30 s.';

create view private.presented_secrets with (security_invoker = true) as
select
  secret.secret_hash,
  api_key.id as api_key_id,
  api_key.organization_id,
  api_key.scopes,
  api_key.system_id,
  api_key.venue_id,
  api_key.allowed_networks,
  secret.created_by,
  case
    when api_key.revoked_at is not null then 'revoked'
    when secret.valid_until <= now() then 'rotated'
    when api_key.expires_at <= now() then 'expired'
  end as refusal
from private.api_key_secrets as secret
join public.api_keys as api_key on api_key.id = secret.api_key_id;

comment on view private.presented_secrets is
  'Every secret with its key and, when it does not work, why. Whether the address may use it is for the verifier to say.';

revoke all on private.presented_secrets from public;

create type private.api_key_caller as (api_key_id uuid, organization_id uuid, scopes text[], system_id uuid, venue_id uuid);

create function private.record_api_key_call(p_api_key_id uuid, p_address inet, p_is_poll boolean)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_today date := (now() at time zone 'UTC')::date;
begin
  if p_is_poll then
    -- Whoever holds the row is noting a call with this key right now: a poll waits for nobody.
    perform
    from public.api_key_usage as usage
    where usage.api_key_id = p_api_key_id and usage.day = v_today
      and coalesce(usage.last_call_at, '-infinity') <= now() - interval '30 seconds'
    for no key update skip locked;
    if not found and exists (
      select from public.api_key_usage as usage where usage.api_key_id = p_api_key_id and usage.day = v_today
    ) then
      return false;
    end if;
  end if;
  insert into public.api_key_usage as usage (api_key_id, day, calls, last_call_at, last_call_from)
  values (p_api_key_id, v_today, case when p_is_poll then 0 else 1 end, now(), p_address)
  on conflict (api_key_id, day) do update set
    calls = usage.calls + excluded.calls, last_call_at = excluded.last_call_at, last_call_from = excluded.last_call_from;
  return true;
end;
$$;

comment on function private.record_api_key_call(uuid, inet, boolean) is
  'Counts a call. A poll is only noted when the last call was over 30 s ago; returns whether anything was written. Called last: all
calls with one key write the same row, and it stays locked until the call ends.';

revoke all on function private.record_api_key_call(uuid, inet, boolean) from public;

create function private.record_api_key_failure(p_key text, p_address inet, p_reason text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into public.api_key_usage as usage (api_key_id, day, failures, last_failure_at, last_failure_from, last_failure_reason)
    select api_key.id, (now() at time zone 'UTC')::date, 1, now(), p_address, p_reason
    from public.api_keys as api_key
    where api_key.prefix = left(p_key, 12)
    order by api_key.id
    on conflict (api_key_id, day) do update set
      failures = usage.failures + 1,
      last_failure_at = excluded.last_failure_at,
      last_failure_from = excluded.last_failure_from,
      last_failure_reason = excluded.last_failure_reason;
end;
$$;

revoke all on function private.record_api_key_failure(text, inet, text) from public;

create function private.record_wrong_api_key(p_key text, p_address inet, p_reason text)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_wait integer := private.take_rate_limit('api_key_failures', coalesce(host(private.plain_address(p_address)), 'unknown'));
begin
  if v_wait = 0 then
    perform private.record_api_key_failure(p_key, p_address, p_reason);
  end if;
  return v_wait;
end;
$$;

comment on function private.record_wrong_api_key(text, inet, text) is
  'Records a call that verify_api_key() refused and returns 0, or the seconds to wait when too many came from this address; those
are not recorded. A key that works is never held up by others'' wrong ones.';

revoke all on function private.record_wrong_api_key(text, inet, text) from public;

create view private.held_scopes with (security_invoker = true) as
select held.organization_id, held.user_id, scope.key as scope_key
from public.api_key_scopes as scope
join private.held_permissions as held on held.permission_key = scope.permission_key;

comment on view private.held_scopes is 'Which scopes a key may have in an organization, as far as its maker holds them now.';

revoke all on private.held_scopes from public;

create function private.effective_scopes(p_scopes text[], p_organization_id uuid, p_user_id uuid)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return array(
    select held.scope_key
    from private.held_scopes as held
    where held.scope_key = any (p_scopes) and held.organization_id = p_organization_id and held.user_id = p_user_id
    order by held.scope_key
  );
end;
$$;

comment on function private.effective_scopes(text[], uuid, uuid) is
  'Those of the scopes whose permission the user holds in the organization now.';

revoke all on function private.effective_scopes(text[], uuid, uuid) from public;

create function private.verify_api_key(p_key text, p_address inet, out caller private.api_key_caller, out refusal text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_hash bytea := sha256(convert_to(coalesce(p_key, ''), 'UTF8'));
begin
  select
    presented.api_key_id, presented.organization_id,
    private.effective_scopes(presented.scopes, presented.organization_id, presented.created_by),
    presented.system_id, presented.venue_id,
    coalesce(
      presented.refusal,
      case
        when presented.allowed_networks is not null
          and not coalesce(private.plain_address(p_address) <<= any (presented.allowed_networks::inet[]), false)
          then 'address_not_allowed'
      end
    )
  into caller.api_key_id, caller.organization_id, caller.scopes, caller.system_id, caller.venue_id, refusal
  from private.presented_secrets as presented
  where presented.secret_hash = v_hash;
  if not found then
    refusal := 'unknown_key';
  elsif refusal is null and caller.scopes = '{}' then
    refusal := 'maker_lost_access';
  end if;
end;
$$;

comment on function private.verify_api_key(text, inet) is
  'The only verifier of API keys: one index look-up. refusal is null when the key works, else unknown_key, revoked, rotated,
expired, address_not_allowed or maker_lost_access; callers answer all of them alike and call record_wrong_api_key(). The scopes are
those that the maker of the secret holds now.';

revoke all on function private.verify_api_key(text, inet) from public;

create function private.add_api_key_secret(p_api_key_id uuid)
returns text
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_key text := 'sk_live_' || rtrim(
    translate(replace(encode(extensions.gen_random_bytes(32), 'base64'), E'\n', ''), '+/', '-_'), '='
  );
begin
  insert into private.api_key_secrets (secret_hash, api_key_id, created_by)
  values (sha256(convert_to(v_key, 'UTF8')), p_api_key_id, auth.uid());
  update public.api_keys set prefix = left(v_key, 12) where id = p_api_key_id;
  return v_key;
end;
$$;

comment on function private.add_api_key_secret(uuid) is
  'Makes a secret of 256 random bits for the key and returns it, the only time it exists in clear; it is the caller''s. Definer: hashes
are private.';

revoke all on function private.add_api_key_secret(uuid) from public;

create function private.require_scopes(p_organization_id uuid, p_scopes text[])
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_refused text;
begin
  select string_agg(known.key, ', ' order by known.key) into v_refused
  from public.api_key_scopes as known
  where known.key = any (p_scopes) and not private.has_permission(p_organization_id, known.permission_key);
  if v_refused is not null then
    perform private.raise_error(
      403, 'scope_not_held', 'A key cannot do what its maker may not: ' || v_refused, 'Leave these scopes out, or ask somebody who holds them.'
    );
  end if;
end;
$$;

comment on function private.require_scopes(uuid, text[]) is
  'Refuses unless the caller holds the permission behind each scope: 403 scope_not_held. Definer: it reads memberships of all.';

revoke all on function private.require_scopes(uuid, text[]) from public;

create function private.create_api_key(
  p_organization_id uuid, p_name text, p_scopes text[], p_description text, p_expires_at timestamptz, p_allowed_networks cidr[],
  p_system_id uuid, p_venue_id uuid
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_scopes text[];
  v_refused text;
  v_api_key public.api_keys;
  v_key text;
begin
  perform private.require_permission(p_organization_id, 'api_keys:write', 'organization_not_found');

  select array_agg(distinct scope order by scope) into v_scopes from unnest(p_scopes) as scope;
  if coalesce(cardinality(v_scopes), 0) not between 1 and 20 then
    perform private.raise_error(400, 'invalid_scopes', 'An API key needs 1 to 20 scopes.', 'See the table api_key_scopes.');
  end if;
  select string_agg(coalesce(scope, 'null'), ', ') into v_refused
  from unnest(v_scopes) as scope
  where not exists (select from public.api_key_scopes as known where known.key = scope);
  if v_refused is not null then
    perform private.raise_error(400, 'invalid_scopes', 'Unknown scopes: ' || v_refused, 'See the table api_key_scopes.');
  end if;
  perform private.require_scopes(p_organization_id, v_scopes);
  if char_length(private.one_line(coalesce(p_name, ''))) not between 1 and 100 then
    perform private.raise_error(400, 'invalid_name', 'The name must have 1 to 100 characters.', 'Say what the key is for.');
  end if;
  if char_length(p_description) > 500 then
    perform private.raise_error(400, 'invalid_description', 'The description has over 500 characters.', 'Shorten it.');
  end if;
  if p_allowed_networks is not null and (
    cardinality(p_allowed_networks) not between 1 and 20 or array_position(p_allowed_networks, null) is not null
  ) then
    perform private.raise_error(
      400, 'invalid_networks', 'The list of allowed networks has 1 to 20 entries.', 'Leave it out to allow every address.'
    );
  end if;
  if p_expires_at <= now() then
    perform private.raise_error(400, 'invalid_expiry', 'The expiry is in the past.', 'Give a time to come, or none.');
  end if;
  if p_system_id is not null and not exists (
    select from public.systems as system where system.id = p_system_id and system.organization_id = p_organization_id
  ) then
    perform private.raise_error(404, 'system_not_found', 'There is no such system, or it is not yours.', 'Check the id.');
  end if;
  if p_venue_id is not null and not exists (
    select from public.venues as venue where venue.id = p_venue_id and venue.organization_id = p_organization_id
  ) then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue, or it is not yours.', 'Check the id.');
  end if;

  insert into public.api_keys (
    organization_id, name, description, prefix, scopes, allowed_networks, system_id, venue_id, expires_at, created_by
  )
  values (
    p_organization_id, private.one_line(p_name), p_description, '', v_scopes,
    (select array_agg(private.plain_address(network)::cidr) from unnest(p_allowed_networks) as network), p_system_id, p_venue_id, p_expires_at,
    auth.uid()
  )
  returning id into v_api_key.id;
  v_key := private.add_api_key_secret(v_api_key.id);
  select * into v_api_key from public.api_keys as api_key where api_key.id = v_api_key.id;
  return to_jsonb(v_api_key) || jsonb_build_object('key', v_key);
end;
$$;

comment on function private.create_api_key(uuid, text, text[], text, timestamptz, cidr[], uuid, uuid) is
  'Definer: keys are made only here.';

revoke all on function private.create_api_key(uuid, text, text[], text, timestamptz, cidr[], uuid, uuid) from public;
grant execute on function private.create_api_key(uuid, text, text[], text, timestamptz, cidr[], uuid, uuid) to authenticated;

create function public.create_api_key(
  p_organization_id uuid,
  p_name text,
  p_scopes text[],
  p_description text default null,
  p_expires_at timestamptz default null,
  p_allowed_networks cidr[] default null,
  p_system_id uuid default null,
  p_venue_id uuid default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.create_api_key(
    p_organization_id, p_name, p_scopes, p_description, p_expires_at, p_allowed_networks, p_system_id, p_venue_id
  );
$$;

comment on function public.create_api_key(uuid, text, text[], text, timestamptz, cidr[], uuid, uuid) is
  'Creates an API key and returns its row with the secret in "key": the only time it is shown. Needs api_keys:write and, for
each scope, the permission it stands for. Errors: 400 invalid_scopes, invalid_name, invalid_description,
invalid_networks, invalid_expiry; 403 permission_denied, scope_not_held; 404 organization_not_found, system_not_found, venue_not_found.';

revoke all on function public.create_api_key(uuid, text, text[], text, timestamptz, cidr[], uuid, uuid) from public;
grant execute on function public.create_api_key(uuid, text, text[], text, timestamptz, cidr[], uuid, uuid) to authenticated;

create function private.rotate_api_key(p_api_key_id uuid, p_grace_hours integer)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_api_key public.api_keys;
  v_key text;
begin
  -- The lock makes two rotations at once follow each other: each replaces what it found.
  select * into v_api_key from public.api_keys as api_key where api_key.id = p_api_key_id for update;
  perform private.require_permission(v_api_key.organization_id, 'api_keys:write', 'api_key_not_found');
  if v_api_key.revoked_at is not null then
    perform private.raise_error(409, 'api_key_revoked', 'A revoked key stays revoked.', 'Create a new key.');
  end if;
  if p_grace_hours is null or p_grace_hours not between 0 and 24 then
    perform private.raise_error(400, 'invalid_grace_hours', 'The grace period must be 0 to 24 hours.', 'Leave it out for none.');
  end if;
  -- The new secret works in the name of whoever rotates.
  perform private.require_scopes(v_api_key.organization_id, v_api_key.scopes);
  perform private.enforce_rate_limit('api_key_rotation', p_api_key_id::text);
  update private.api_key_secrets
  set valid_until = least(valid_until, now() + make_interval(hours => p_grace_hours))
  where api_key_id = p_api_key_id;
  v_key := private.add_api_key_secret(p_api_key_id);
  select * into v_api_key from public.api_keys as api_key where api_key.id = p_api_key_id;
  return to_jsonb(v_api_key) || jsonb_build_object('key', v_key);
end;
$$;

comment on function private.rotate_api_key(uuid, integer) is 'Definer: hashes are private.';

revoke all on function private.rotate_api_key(uuid, integer) from public;
grant execute on function private.rotate_api_key(uuid, integer) to authenticated;

create function public.rotate_api_key(p_api_key_id uuid, p_grace_hours integer default 0)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.rotate_api_key(p_api_key_id, p_grace_hours);
$$;

comment on function public.rotate_api_key(uuid, integer) is
  'Gives the key a new secret, returned in "key" this once; the old one works p_grace_hours (0-24) longer. Needs api_keys:write and
the permissions behind the key''s scopes: a secret can do what whoever made it may do. Errors: 400 invalid_grace_hours; 403
permission_denied, scope_not_held; 404 api_key_not_found; 409 api_key_revoked; 429 after 5 an hour.';

revoke all on function public.rotate_api_key(uuid, integer) from public;
grant execute on function public.rotate_api_key(uuid, integer) to authenticated;

create function private.revoke_api_key(p_api_key_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_organization_id uuid;
begin
  select api_key.organization_id into v_organization_id from public.api_keys as api_key where api_key.id = p_api_key_id;
  perform private.require_permission(v_organization_id, 'api_keys:revoke', 'api_key_not_found');
  update public.api_keys set revoked_at = now() where id = p_api_key_id and revoked_at is null;
end;
$$;

comment on function private.revoke_api_key(uuid) is 'Definer: revoked_at is written only here.';

revoke all on function private.revoke_api_key(uuid) from public;
grant execute on function private.revoke_api_key(uuid) to authenticated;

create function public.revoke_api_key(p_api_key_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.revoke_api_key(p_api_key_id);
$$;

comment on function public.revoke_api_key(uuid) is
  'Ends the key for good, from the next call on. Again is harmless. Needs api_keys:revoke. Errors: 403; 404 api_key_not_found.';

revoke all on function public.revoke_api_key(uuid) from public;
grant execute on function public.revoke_api_key(uuid) to authenticated;
