-- The audit log: who changed what of a tenant's, with the values before and after. Append-only, a partition a month.
-- Requests are left out: request_events keeps every change of theirs.

create table public.audit_entries (
  id bigint generated always as identity,
  created_at timestamptz not null default now(),
  organization_id uuid,
  actor_id uuid,
  actor_kind text not null,
  delegated_access_id uuid,
  table_name text not null,
  row_key text not null,
  operation text not null,
  old_values jsonb,
  new_values jsonb,
  address inet,
  user_agent text,
  http_request_id text,
  constraint actor_kind_is_known check (actor_kind in ('user', 'guest', 'api_key', 'service', 'system')),
  constraint operation_is_known check (operation in ('insert', 'update', 'delete', 'import')),
  primary key (id, created_at)
) partition by range (created_at);

alter table public.audit_entries enable row level security;
revoke all on public.audit_entries from anon, authenticated, service_role;

create index audit_entries_organization_id_idx on public.audit_entries (organization_id, created_at desc, id desc);
create index audit_entries_row_idx on public.audit_entries (table_name, row_key, created_at desc);
create index audit_entries_actor_id_idx on public.audit_entries (actor_id, created_at desc);

comment on table public.audit_entries is
  'Every tenant- or security-relevant change. No foreign keys: entries outlive what they speak of. old_values and new_values hold the
columns that changed, secrets left out. delegated_access_id tells that somebody from the platform acted.';

-- Nothing is lost when a month's partition was not made in time.
create table private.audit_entries_default partition of public.audit_entries default;
alter table private.audit_entries_default enable row level security;

create function private.create_audit_partitions()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_month date;
begin
  for v_month in
    select generate_series(date_trunc('month', now()), date_trunc('month', now()) + interval '2 months', interval '1 month')::date
  loop
    if to_regclass(format('private.audit_entries_%s', to_char(v_month, 'YYYY_MM'))) is null then
      execute format(
        'create table private.audit_entries_%s partition of public.audit_entries for values from (%L) to (%L)',
        to_char(v_month, 'YYYY_MM'), v_month::timestamptz, (v_month + interval '1 month')::timestamptz
      );
      execute format('alter table private.audit_entries_%s enable row level security', to_char(v_month, 'YYYY_MM'));
    end if;
  end loop;
end;
$$;

comment on function private.create_audit_partitions() is
  'Makes the partitions of this month and the next two; run daily. Definer: it owns the table.';

revoke all on function private.create_audit_partitions() from public;

select private.create_audit_partitions();

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
  v_hidden text[] := array['created_at', 'updated_at', 'location', 'secret_hash', 'pin_hash', 'token_hash'];
begin
  if tg_op = 'UPDATE' then
    select jsonb_object_agg(field.key, v_old -> field.key), jsonb_object_agg(field.key, field.value)
    into v_old, v_new
    from jsonb_each(v_new) as field
    where field.value is distinct from v_old -> field.key and field.key <> all (v_hidden);
    if v_new is null then
      return null;
    end if;
  end if;
  v_organization_id := case tg_table_name
    when 'organizations' then (v_row ->> 'id')::uuid
    when 'venue_rules' then (select venue.organization_id from public.venues as venue where venue.id = (v_row ->> 'venue_id')::uuid)
    when 'blocked_songs' then (select venue.organization_id from public.venues as venue where venue.id = (v_row ->> 'venue_id')::uuid)
    when 'organization_member_permissions' then (
      select member.organization_id
      from public.organization_members as member
      where member.id = (v_row ->> 'organization_member_id')::uuid
    )
    else (v_row ->> 'organization_id')::uuid
  end;
  insert into public.audit_entries (
    organization_id, actor_id, actor_kind, delegated_access_id, table_name, row_key, operation, old_values, new_values, address, user_agent,
    http_request_id
  )
  values (
    v_organization_id,
    auth.uid(),
    case
      when private.change_source() in ('openkj', 'api') then 'api_key'
      when auth.uid() is not null and (private.claims() ->> 'is_anonymous')::boolean then 'guest'
      when auth.uid() is not null then 'user'
      when private.claims() ->> 'role' = 'service_role' then 'service'
      else 'system'
    end,
    (
      select delegated.id
      from public.delegated_access_sessions as delegated
      where delegated.admin_id = auth.uid() and delegated.organization_id = v_organization_id
        and delegated.ended_at is null and delegated.expires_at > now()
      order by delegated.created_at desc
      limit 1
    ),
    tg_table_name,
    coalesce(
      v_row ->> 'id',
      v_row ->> 'venue_id',
      (v_row ->> 'organization_member_id') || ' ' || (v_row ->> 'permission_key')
    ),
    lower(tg_op),
    v_old - v_hidden,
    v_new - v_hidden,
    private.client_address(),
    left(private.request_header('user-agent'), 500),
    left(private.request_header('x-request-id'), 100)
  );
  return null;
end;
$$;

comment on function private.record_audit() is 'Definer: nobody may write the audit log directly.';

revoke all on function private.record_audit() from public;

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

create trigger shows_audit
  after insert or update or delete on public.shows
  for each row execute function private.record_audit();

create trigger venue_bans_audit
  after insert or update or delete on public.venue_bans
  for each row execute function private.record_audit();

create trigger blocked_songs_audit
  after insert or delete on public.blocked_songs
  for each row execute function private.record_audit();
