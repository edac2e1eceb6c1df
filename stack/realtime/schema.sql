-- Schema `realtime` as the Realtime service leaves it in a project's database. Idempotent. It expects the platform's roles
-- and the schema itself, and is run by supabase_realtime_admin or by a superuser.
--
-- `send` and `broadcast_changes` set no search_path on purpose: policies on realtime.messages are evaluated inside them and
-- must see the path of whoever calls.

set role supabase_realtime_admin;

-- Types ------------------------------------------------------------------------------------------

do $$
begin
  if to_regtype('realtime.action') is null then
    create type realtime.action as enum ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'ERROR');
  end if;
  if to_regtype('realtime.equality_op') is null then
    create type realtime.equality_op as enum
      ('eq', 'neq', 'lt', 'lte', 'gt', 'gte', 'in', 'like', 'ilike', 'is', 'match', 'imatch', 'isdistinct');
  end if;
  if to_regtype('realtime.user_defined_filter') is null then
    create type realtime.user_defined_filter as (
      column_name text,
      op realtime.equality_op,
      value text,
      negate boolean
    );
  end if;
  if to_regtype('realtime.wal_column') is null then
    create type realtime.wal_column as (
      name text,
      type_name text,
      type_oid oid,
      value jsonb,
      is_pkey boolean,
      is_selectable boolean
    );
  end if;
  if to_regtype('realtime.wal_rls') is null then
    create type realtime.wal_rls as (
      wal jsonb,
      is_rls_enabled boolean,
      subscription_ids uuid[],
      errors text[]
    );
  end if;
end
$$;

-- Messages ---------------------------------------------------------------------------------------

create table if not exists realtime.messages (
  topic text not null,
  extension text not null,
  payload jsonb,
  event text,
  private boolean default false,
  updated_at timestamp without time zone not null default now(),
  inserted_at timestamp without time zone not null default now(),
  id uuid not null default gen_random_uuid(),
  binary_payload bytea,
  constraint messages_pkey primary key (id, inserted_at),
  constraint messages_payload_exclusive check (payload is null or binary_payload is null)
) partition by range (inserted_at);

create index if not exists messages_inserted_at_topic_index
  on realtime.messages (inserted_at desc, topic)
  where extension = 'broadcast' and private is true;

comment on table realtime.messages is
  'Broadcasts sent from the database, kept 72 hours; its policies decide who may read and write a private channel.';

alter table realtime.messages enable row level security;
grant select, insert, update on realtime.messages to anon, authenticated, service_role;
grant all on realtime.messages to postgres, dashboard_user;

create or replace function realtime.maintain_partitions() returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_day date;
  v_name text;
  v_today date := (now() at time zone 'utc')::date;
begin
  for v_day in select generate_series(v_today - 1, v_today + 3, interval '1 day') loop
    v_name := 'messages_' || to_char(v_day, 'YYYY_MM_DD');
    if to_regclass('realtime.' || v_name) is null then
      execute format(
        'create table realtime.%I partition of realtime.messages for values from (%L) to (%L)',
        v_name, v_day, v_day + 1
      );
    end if;
  end loop;

  for v_name in
    select partition.relname
    from pg_catalog.pg_inherits as inheritance
    join pg_catalog.pg_class as partition on partition.oid = inheritance.inhrelid
    where inheritance.inhparent = 'realtime.messages'::regclass
      and partition.relname ~ '^messages_\d{4}_\d{2}_\d{2}$'
      and to_date(right(partition.relname, 10), 'YYYY_MM_DD') < v_today - 3
  loop
    execute format('drop table realtime.%I', v_name);
  end loop;
end
$$;
revoke all on function realtime.maintain_partitions() from public;
comment on function realtime.maintain_partitions() is
  'Makes the partitions of realtime.messages for yesterday to three days ahead and drops those older than 72 hours.';

do $$ begin perform realtime.maintain_partitions(); end $$;

-- Sending from the database ----------------------------------------------------------------------

create or replace function realtime.topic() returns text
language sql
stable
as $$
  select nullif(current_setting('realtime.topic', true), '');
$$;
comment on function realtime.topic() is 'The channel topic that is being authorised or written to; for policies on realtime.messages.';

create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
language plpgsql
volatile
as $$
declare
  v_id uuid := gen_random_uuid();
begin
  perform set_config('realtime.topic', topic, true);
  insert into realtime.messages (id, payload, event, topic, private, extension)
  values (
    v_id,
    case when payload ? 'id' then payload else jsonb_set(payload, '{id}', to_jsonb(v_id)) end,
    event, topic, private, 'broadcast'
  );
exception
  -- A lost broadcast must never undo the change it reports.
  when others then
    raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
end
$$;
comment on function realtime.send(jsonb, text, text, boolean) is
  'Broadcasts a JSON payload to a channel when the transaction commits; a refusal is only a warning.';

create or replace function realtime.send_binary(payload bytea, event text, topic text, private boolean default true) returns void
language plpgsql
volatile
as $$
begin
  perform set_config('realtime.topic', topic, true);
  insert into realtime.messages (binary_payload, event, topic, private, extension)
  values (payload, event, topic, private, 'broadcast');
exception
  when others then
    raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
end
$$;
comment on function realtime.send_binary(bytea, text, text, boolean) is
  'Broadcasts raw bytes to a channel when the transaction commits; a refusal is only a warning.';

create or replace function realtime.broadcast_changes(
  topic_name text,
  event_name text,
  operation text,
  table_name text,
  table_schema text,
  new record,
  old record,
  level text default 'ROW'
) returns void
language plpgsql
volatile
as $$
begin
  if level = 'STATEMENT' then
    raise exception 'broadcast_changes works in row triggers only, not in statement triggers';
  end if;
  if operation not in ('INSERT', 'UPDATE', 'DELETE') then
    raise exception 'Unexpected operation type: %', operation;
  end if;
  perform realtime.send(
    jsonb_build_object(
      'schema', table_schema,
      'table', table_name,
      'operation', operation,
      'record', case when operation <> 'DELETE' then to_jsonb(new) end,
      'old_record', case when operation <> 'INSERT' then to_jsonb(old) end
    ),
    event_name,
    topic_name
  );
exception
  when others then
    raise exception 'Failed to process the row: %', sqlerrm;
end
$$;
comment on function realtime.broadcast_changes(text, text, text, text, text, record, record, text) is
  'For row triggers: broadcasts the changed row to a private channel.';

do $$
begin
  if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime_messages_publication') then
    create publication supabase_realtime_messages_publication for table realtime.messages with (publish = 'insert');
  end if;
end
$$;

-- Unlogged: it has to outlive the service, not the database.
create unlogged table if not exists realtime.members (
  member_id uuid primary key,
  room text not null,
  caller text not null
);
comment on table realtime.members is
  'Who is in which channel right now; after a restart of the service it tells who comes back. Kept by the service.';

-- Subscriptions to table changes -----------------------------------------------------------------

create or replace function realtime.to_regrole(role_name text) returns regrole
language sql
immutable
as $$
  select role_name::regrole;
$$;

create or replace function realtime.cast(val text, type_ regtype) returns jsonb
language plpgsql
immutable
as $$
declare
  v_result jsonb;
begin
  execute format('select to_jsonb(%L::%s)', val, type_) into v_result;
  return v_result;
end
$$;
comment on function realtime.cast(text, regtype) is 'The JSON form of a value given as text; fails when the text is no such value.';

create table if not exists realtime.subscription (
  id bigint generated always as identity constraint pk_subscription primary key,
  subscription_id uuid not null,
  entity regclass not null,
  filters realtime.user_defined_filter[] not null default '{}',
  claims jsonb not null,
  claims_role regrole not null generated always as (realtime.to_regrole(claims ->> 'role')) stored,
  created_at timestamp without time zone not null default timezone('utc', now()),
  action_filter text default '*',
  selected_columns text[],
  constraint subscription_action_filter_check check (action_filter in ('*', 'INSERT', 'UPDATE', 'DELETE'))
);
create index if not exists ix_realtime_subscription_entity on realtime.subscription (entity);
create unique index if not exists subscription_key on realtime.subscription
  (subscription_id, entity, filters, action_filter, coalesce(selected_columns, '{}'));
comment on table realtime.subscription is 'Who listens to which table''s changes right now; kept by the service.';

grant select on realtime.subscription to anon, authenticated, service_role;
grant all on realtime.subscription to postgres, dashboard_user;

create or replace function realtime.subscription_check_filters() returns trigger
language plpgsql
volatile
as $$
declare
  v_readable text[] := array(
    select attribute.attname::text
    from pg_catalog.pg_attribute as attribute
    where attribute.attrelid = new.entity
      and attribute.attnum > 0
      and not attribute.attisdropped
      and has_column_privilege(new.claims ->> 'role', attribute.attrelid, attribute.attnum, 'SELECT')
  );
  v_filter realtime.user_defined_filter;
  v_type regtype;
  v_column text;
begin
  foreach v_filter in array new.filters loop
    if v_filter.column_name <> all (v_readable) then
      raise exception 'invalid column for filter %', v_filter.column_name;
    end if;
    select attribute.atttypid into v_type
    from pg_catalog.pg_attribute as attribute
    where attribute.attrelid = new.entity and attribute.attname = v_filter.column_name;

    case v_filter.op
      when 'in' then
        if jsonb_array_length(realtime.cast(v_filter.value, (v_type::text || '[]')::regtype)) > 100 then
          raise exception 'too many values for `in` filter. Maximum 100';
        end if;
      when 'is' then
        if v_filter.value not in ('null', 'true', 'false', 'unknown') then
          raise exception 'invalid value for is filter: must be null, true, false, or unknown';
        elsif v_filter.value <> 'null' and v_type <> 'boolean'::regtype then
          raise exception 'is % filter requires a boolean column, got %', v_filter.value, v_type;
        end if;
      when 'like', 'ilike', 'match', 'imatch' then
        if v_type not in ('text'::regtype, 'character varying'::regtype, 'character'::regtype, 'name'::regtype) then
          raise exception 'operator % requires a text-compatible column type, got %', v_filter.op, v_type;
        end if;
        if v_filter.op in ('match', 'imatch') then
          begin
            perform '' ~ v_filter.value;
          exception
            when others then
              raise exception 'invalid regular expression for % filter: %', v_filter.op, sqlerrm;
          end;
        end if;
      else
        perform realtime.cast(v_filter.value, v_type);
    end case;
  end loop;

  foreach v_column in array coalesce(new.selected_columns, '{}') loop
    if v_column <> all (v_readable) then
      raise exception 'invalid column for select %', v_column;
    end if;
  end loop;

  -- One order, so that the unique index knows the same set again.
  new.filters := array(select filter from unnest(new.filters) as filter order by filter);
  if new.selected_columns is not null then
    new.selected_columns := array(select column_name from unnest(new.selected_columns) as column_name order by column_name);
  end if;
  return new;
end
$$;

create or replace trigger tr_check_filters
  before insert or update on realtime.subscription
  for each row execute function realtime.subscription_check_filters();

reset role;
