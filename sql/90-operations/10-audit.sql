-- The audit log: who changed what of a tenant's, with the values before and after. Append-only, a partition a month.
-- Requests are left out: request_events keeps every change of theirs.

create table public.audit_entries (
  id bigint generated always as identity,
  created_at timestamptz not null default now(),
  organization_id uuid,
  actor_id uuid,
  actor_kind text not null,
  actor_name text,
  delegated_access_id uuid,
  table_name text not null,
  row_key text not null,
  operation text not null,
  old_values jsonb,
  new_values jsonb,
  address inet default private.client_address(),
  user_agent text default left(private.request_header('user-agent'), 500),
  http_request_id text default left(private.request_header('x-request-id'), 100),
  constraint actor_kind_is_known check (actor_kind in ('user', 'guest', 'api_key', 'service', 'job', 'auth', 'sql', 'system')),
  constraint operation_is_known check (operation in ('insert', 'update', 'delete', 'import', 'read', 'call')),
  primary key (id, created_at)
) partition by range (created_at);

alter table public.audit_entries enable row level security;
revoke all on public.audit_entries from anon, authenticated, service_role;

create index audit_entries_organization_id_idx on public.audit_entries (organization_id, created_at desc, id desc);
create index audit_entries_row_idx on public.audit_entries (table_name, row_key, created_at desc);
create index audit_entries_actor_id_idx on public.audit_entries (actor_id, created_at desc);
create index audit_entries_created_at_idx on public.audit_entries (created_at desc, id desc);

comment on column public.audit_entries.actor_kind is
  'user, guest (anonymous), api_key, service (the service role or an Edge Function), job (the scheduler), auth (the Auth server), sql
(somebody with a connection to the database, such as Studio); system where nothing else is known.';
comment on column public.audit_entries.actor_name is 'Beside the user: the key''s id, the role, the job, or the database user.';
comment on table public.audit_entries is
  'Every tenant- or security-relevant change. No foreign keys: entries outlive what they speak of. old_values and new_values hold the
columns that changed, secrets left out. delegated_access_id tells that somebody from the platform acted; read and call are theirs.';

create function private.refuse_audit_change()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  raise exception using
    errcode = '42501', message = 'The audit log is append-only.', hint = 'Old months go as a whole, by private.forget_audit_entries().';
end;
$$;

revoke all on function private.refuse_audit_change() from public;

-- Not even their owner changes entries. Triggers for rows hold in every partition.
create trigger audit_entries_refuse_changes
  before update or delete on public.audit_entries
  for each row execute function private.refuse_audit_change();

create trigger audit_entries_refuse_truncate
  before truncate on public.audit_entries
  for each statement execute function private.refuse_audit_change();

create function private.add_audit_partition(p_month date)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_name text := coalesce('audit_entries_' || to_char(p_month, 'YYYY_MM'), 'audit_entries_default');
begin
  if p_month is null then
    execute format('create table private.%I partition of public.audit_entries default', v_name);
  else
    execute format(
      'create table private.%I partition of public.audit_entries for values from (%L) to (%L)',
      v_name, p_month::timestamptz, (p_month + interval '1 month')::timestamptz
    );
  end if;
  execute format('alter table private.%I enable row level security', v_name);
  execute format(
    'create trigger refuse_truncate before truncate on private.%I for each statement execute function private.refuse_audit_change()', v_name
  );
end;
$$;

comment on function private.add_audit_partition(date) is
  'Makes the partition of a month, by its first day; or without one that of all other times. Definer: the log belongs to nobody else.';

revoke all on function private.add_audit_partition(date) from public;

create function private.renew_audit_default(p_since timestamptz, p_months date[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_former text := 'audit_entries_former';
  v_month date;
begin
  alter table public.audit_entries detach partition private.audit_entries_default;
  execute format('alter table private.audit_entries_default rename to %I', v_former);
  perform private.add_audit_partition(null);
  foreach v_month in array p_months loop
    perform private.add_audit_partition(v_month);
  end loop;
  execute format('insert into public.audit_entries overriding system value select * from private.%I where created_at >= $1', v_former)
  using p_since;
  execute format('drop table private.%I', v_former);
end;
$$;

comment on function private.renew_audit_default(timestamptz, date[]) is
  'Makes months whose entries have come already, and lets those before p_since go: entries move to where they belong. Definer: as
add_audit_partition.';

revoke all on function private.renew_audit_default(timestamptz, date[]) from public;

-- Nothing is lost when a month's partition was not made in time.
select private.add_audit_partition(null);

create function private.create_audit_partitions()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_missing date[] := array(
    select month::date
    from generate_series(date_trunc('month', now()), date_trunc('month', now()) + interval '2 months', interval '1 month') as month
    where to_regclass(format('private.audit_entries_%s', to_char(month, 'YYYY_MM'))) is null
  );
  v_month date;
begin
  if v_missing = '{}' then
    return 0;
  end if;
  -- Entries that came before their month's partition stand in its way.
  if exists (select from private.audit_entries_default as entry where entry.created_at >= v_missing[1]) then
    perform private.renew_audit_default('-infinity', v_missing);
  else
    foreach v_month in array v_missing loop
      perform private.add_audit_partition(v_month);
    end loop;
  end if;
  return cardinality(v_missing);
end;
$$;

comment on function private.create_audit_partitions() is
  'Makes the partitions of this month and the next two where they are missing, and returns how many were. A job; definer: it owns the
table.';

revoke all on function private.create_audit_partitions() from public;

select private.create_audit_partitions();

create function private.forget_audit_entries()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_oldest timestamptz := date_trunc('month', now()) - make_interval(months => private.setting('audit_kept_months')::integer);
  v_partition text;
  v_count integer := 0;
begin
  for v_partition in
    select child.relname
    from pg_catalog.pg_inherits as inheritance
    join pg_catalog.pg_class as child on child.oid = inheritance.inhrelid
    where inheritance.inhparent = 'public.audit_entries'::regclass and child.relname ~ '^audit_entries_[0-9]{4}_[0-9]{2}$'
      and to_date(right(child.relname, 7), 'YYYY_MM') < v_oldest
    order by child.relname
  loop
    execute format('drop table private.%I', v_partition);
    v_count := v_count + 1;
  end loop;
  if exists (select from private.audit_entries_default as entry where entry.created_at < v_oldest) then
    perform private.renew_audit_default(v_oldest, '{}');
    v_count := v_count + 1;
  end if;
  return v_count;
end;
$$;

comment on function private.forget_audit_entries() is
  'Drops the months that are older than the setting audit_kept_months, and returns how many there were: the only way entries ever go. A
job; definer: it owns the table.';

revoke all on function private.forget_audit_entries() from public;

create function private.write_audit(
  p_organization_id uuid, p_table_name text, p_row_key text, p_operation text, p_old_values jsonb, p_new_values jsonb,
  p_delegated_access_id uuid default null
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := auth.uid();
  v_job text := nullif(current_setting('karaoke.job', true), '');
  v_key text := nullif(current_setting('karaoke.api_key_id', true), '');
  v_role text := current_setting('role');
  v_kind text;
  v_name text;
begin
  if v_job is not null then
    v_kind := 'job';
    v_name := v_job;
  elsif private.change_source() in ('openkj', 'api') then
    v_kind := 'api_key';
    v_name := v_key;
  elsif v_user_id is not null then
    v_kind := case when (private.claims() ->> 'is_anonymous')::boolean then 'guest' else 'user' end;
  elsif private.claims() ->> 'role' = 'service_role' then
    v_kind := 'service';
    v_name := 'service_role';
  elsif private.claims() ->> 'role' is not null then
    v_kind := 'system';
    v_name := private.claims() ->> 'role';
  elsif session_user = 'supabase_auth_admin' then
    v_kind := 'auth';
    v_name := session_user;
  elsif v_role = 'none' then
    v_kind := 'sql';
    v_name := session_user;
  else
    -- Edge Functions take on roles of their own.
    v_kind := 'service';
    v_name := v_role;
  end if;
  insert into public.audit_entries (
    organization_id, actor_id, actor_kind, actor_name, delegated_access_id, table_name, row_key, operation, old_values, new_values
  )
  values (
    p_organization_id, v_user_id, v_kind, v_name,
    coalesce(
      p_delegated_access_id,
      (select delegated.id from private.delegated_access() as delegated where delegated.organization_id = p_organization_id)
    ),
    p_table_name, p_row_key, p_operation, p_old_values, p_new_values
  );
end;
$$;

comment on function private.write_audit(uuid, text, text, text, jsonb, jsonb, uuid) is
  'Writes an entry, with who acts and from where. Definer: nobody may write the audit log directly.';

revoke all on function private.write_audit(uuid, text, text, text, jsonb, jsonb, uuid) from public;

create function private.add_delegated_audit(
  p_access public.delegated_access_sessions, p_operation text, p_table_name text, p_row_key text, p_values jsonb
)
returns void
language sql
volatile
security definer
set search_path = ''
as $$
  select private.write_audit(p_access.organization_id, p_table_name, p_row_key, p_operation, null, p_values, p_access.id);
$$;

comment on function private.add_delegated_audit(public.delegated_access_sessions, text, text, text, jsonb) is
  'What is done under delegated access beside changes: read (row_key is the permission) and call (table_name is the path, row_key the
method). Definer: nobody may write the audit log directly.';

revoke all on function private.add_delegated_audit(public.delegated_access_sessions, text, text, text, jsonb) from public;

create function private.redact(p_values jsonb)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  v_secret text;
begin
  for v_secret in select jsonb_object_keys(p_values) loop
    if v_secret ~ '(secret|password|token|hash)' and p_values -> v_secret <> 'null' then
      p_values := jsonb_set(p_values, array[v_secret], '"[removed]"');
    end if;
  end loop;
  return p_values;
end;
$$;

comment on function private.redact(jsonb) is 'A row''s values without its secrets: that one was there, or was changed, stays to be seen.';

revoke all on function private.redact(jsonb) from public;

create function private.record_audit()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_old jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  v_new jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  v_row jsonb := coalesce(v_new, v_old);
  v_organization_id uuid;
  v_uninteresting text[] := array['created_at', 'updated_at', 'location'];
begin
  if tg_op = 'UPDATE' then
    select jsonb_object_agg(field.key, v_old -> field.key), jsonb_object_agg(field.key, field.value)
    into v_old, v_new
    from jsonb_each(v_new) as field
    where field.value is distinct from v_old -> field.key and field.key <> all (v_uninteresting);
    if v_new is null then
      return null;
    end if;
  end if;
  v_organization_id := case tg_table_name
    when 'organizations' then (v_row ->> 'id')::uuid
    when 'show_pins' then (select show.organization_id from public.shows as show where show.id = (v_row ->> 'show_id')::uuid)
    when 'organization_member_permissions' then (
      select member.organization_id
      from public.organization_members as member
      where member.id = (v_row ->> 'organization_member_id')::uuid
    )
    else coalesce(
      (v_row ->> 'organization_id')::uuid,
      (select venue.organization_id from public.venues as venue where venue.id = (v_row ->> 'venue_id')::uuid)
    )
  end;
  perform private.write_audit(
    v_organization_id, tg_table_name,
    coalesce(
      v_row ->> 'id',
      -- Tables without an id: their key, column by column.
      (
        select string_agg(v_row ->> field.attname, ' ' order by position.number)
        from pg_catalog.pg_index as key
        cross join unnest(key.indkey::smallint[]) with ordinality as position (attnum, number)
        join pg_catalog.pg_attribute as field on field.attrelid = key.indrelid and field.attnum = position.attnum
        where key.indrelid = tg_relid and key.indisprimary
      )
    ),
    lower(tg_op), private.redact(v_old - v_uninteresting), private.redact(v_new - v_uninteresting)
  );
  return null;
end;
$$;

comment on function private.record_audit() is
  'Trigger: writes what was changed, secrets removed. Definer: nobody may write the audit log directly.';

revoke all on function private.record_audit() from public;

create function private.record_account_audit()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.write_audit(
    null, 'users', coalesce(new.id, old.id)::text, lower(tg_op), null,
    case when tg_op = 'UPDATE' then
      (
        select jsonb_object_agg(changed.name, '[removed]')
        from (values
          ('email', old.email is distinct from new.email),
          ('phone', old.phone is distinct from new.phone),
          ('encrypted_password', old.encrypted_password is distinct from new.encrypted_password),
          ('banned_until', old.banned_until is distinct from new.banned_until)
        ) as changed (name, is_changed)
        where changed.is_changed
      )
    end
  );
  return null;
end;
$$;

comment on function private.record_account_audit() is
  'Trigger on Auth''s accounts: that an address, number, password or ban was changed, or the account deleted, never to what: the log
outlives the account. Definer: nobody may write the audit log directly.';

revoke all on function private.record_account_audit() from public;
grant execute on function private.record_account_audit() to supabase_auth_admin;

create trigger users_audit
  after update of email, phone, encrypted_password, banned_until on auth.users
  for each row
  when (
    (old.email, old.phone, old.encrypted_password, old.banned_until)
      is distinct from (new.email, new.phone, new.encrypted_password, new.banned_until)
  )
  execute function private.record_account_audit();

create trigger users_audit_deletion
  after delete on auth.users
  for each row execute function private.record_account_audit();

create function private.record_factor_audit()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.write_audit(
    null, 'mfa_factors', old.id::text, lower(tg_op),
    jsonb_build_object('user_id', old.user_id, 'factor_type', old.factor_type, 'status', old.status),
    case when tg_op = 'UPDATE' then jsonb_build_object('status', new.status) end
  );
  return null;
end;
$$;

comment on function private.record_factor_audit() is
  'Trigger on Auth''s second factors: that one was confirmed or removed, and whose, never its secret. Definer: nobody may write the audit
log directly.';

revoke all on function private.record_factor_audit() from public;
grant execute on function private.record_factor_audit() to supabase_auth_admin;

create trigger mfa_factors_audit
  after update of status on auth.mfa_factors
  for each row when (old.status is distinct from new.status)
  execute function private.record_factor_audit();

-- One that was never confirmed has protected nothing.
create trigger mfa_factors_audit_deletion
  after delete on auth.mfa_factors
  for each row when (old.status = 'verified')
  execute function private.record_factor_audit();

create trigger organizations_audit
  after insert or update or delete on public.organizations
  for each row execute function private.record_audit();

create trigger organization_members_audit
  after insert or update or delete on public.organization_members
  for each row execute function private.record_audit();

create trigger organization_member_permissions_audit
  after insert or update or delete on public.organization_member_permissions
  for each row execute function private.record_audit();

create trigger organization_invitations_audit
  after insert or update or delete on public.organization_invitations
  for each row execute function private.record_audit();

create trigger api_keys_audit
  after insert or update or delete on public.api_keys
  for each row execute function private.record_audit();

create trigger delegated_access_sessions_audit
  after insert or update on public.delegated_access_sessions
  for each row execute function private.record_audit();

create trigger systems_audit
  after insert or update or delete on public.systems
  for each row execute function private.record_audit();

create trigger venues_audit
  after insert or update or delete on public.venues
  for each row execute function private.record_audit();

create trigger venue_rules_audit
  after update on public.venue_rules
  for each row execute function private.record_audit();

create trigger venue_branding_audit
  after insert or update or delete on public.venue_branding
  for each row execute function private.record_audit();

create trigger venue_opening_hours_audit
  after insert or update or delete on public.venue_opening_hours
  for each row execute function private.record_audit();

create trigger shows_audit
  after insert or update or delete on public.shows
  for each row execute function private.record_audit();

create trigger venue_bans_audit
  after insert or update or delete on public.venue_bans
  for each row execute function private.record_audit();

create trigger blocked_songs_audit
  after insert or delete on public.blocked_songs
  for each row execute function private.record_audit();

create trigger show_pins_audit
  after insert or update or delete on private.show_pins
  for each row execute function private.record_audit();

create trigger ownership_offers_audit
  after insert or update or delete on private.ownership_offers
  for each row execute function private.record_audit();

-- What the platform decides for everybody.

create trigger platform_admins_audit
  after insert or update or delete on private.platform_admins
  for each row execute function private.record_audit();

create trigger delegable_permissions_audit
  after insert or update or delete on private.delegable_permissions
  for each row execute function private.record_audit();

create trigger permissions_audit
  after insert or update or delete on public.permissions
  for each row execute function private.record_audit();

create trigger roles_audit
  after insert or update or delete on public.roles
  for each row execute function private.record_audit();

create trigger role_permissions_audit
  after insert or update or delete on public.role_permissions
  for each row execute function private.record_audit();

create trigger api_key_scopes_audit
  after insert or update or delete on public.api_key_scopes
  for each row execute function private.record_audit();

create trigger settings_audit
  after insert or update or delete on private.settings
  for each row execute function private.record_audit();

create trigger rate_limits_audit
  after insert or update or delete on private.rate_limits
  for each row execute function private.record_audit();
