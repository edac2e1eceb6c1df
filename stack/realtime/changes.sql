-- Who may see a change of a table: used by the service for each row that the publication `supabase_realtime` reports.
-- Idempotent; runs after schema.sql, as the same role.
--
-- No search_path is set on purpose: the policies of the changed table are evaluated inside.

set role supabase_realtime_admin;

create or replace function realtime.check_equality_op(
  op realtime.equality_op,
  type_ regtype,
  val_1 text,
  val_2 text,
  negate boolean
) returns boolean
language plpgsql
stable
as $$
declare
  v_result boolean;
  v_condition text;
begin
  v_condition := case op
    when 'isdistinct' then format('%L::%s is distinct from %L::%s', val_1, type_, val_2, type_)
    when 'is' then
      format(
        '%L::%s is %s', val_1, type_,
        case val_2 when 'null' then 'null' when 'true' then 'true' when 'false' then 'false' else 'unknown' end
      )
    when 'in' then format('%L::%s = any (%L::%s[])', val_1, type_, val_2, type_)
    else
      format(
        '%L::%s %s %L::%s', val_1, type_,
        case op
          when 'eq' then '='
          when 'neq' then '<>'
          when 'lt' then '<'
          when 'lte' then '<='
          when 'gt' then '>'
          when 'gte' then '>='
          when 'like' then '~~'
          when 'ilike' then '~~*'
          when 'match' then '~'
          when 'imatch' then '~*'
        end,
        val_2, type_
      )
  end;
  execute 'select ' || v_condition into v_result;
  return case when negate then not v_result else v_result end;
end
$$;

create or replace function realtime.is_visible_through_filters(
  columns realtime.wal_column[],
  filters realtime.user_defined_filter[]
) returns boolean
language sql
stable
as $$
  select coalesce(
    bool_and(
      coalesce(
        col.name is not null
        and realtime.check_equality_op(
          filter.op, col.type_oid::regtype, col.value #>> '{}', filter.value, coalesce(filter.negate, false)
        ),
        false
      )
    ),
    true
  )
  from unnest(filters) as filter
  left join unnest(columns) as col on col.name = filter.column_name;
$$;
comment on function realtime.is_visible_through_filters(realtime.wal_column[], realtime.user_defined_filter[]) is
  'Whether a row meets all filters of a subscription; a filter on a value that is not known is not met.';

-- The columns of a change with their types, keys and JSON values.
create or replace function realtime.wal_columns(entity regclass, columns jsonb) returns realtime.wal_column[]
language sql
stable
as $$
  select array_agg(
    row(
      attribute.attname,
      type.typname,
      type.oid,
      case
        when col.value is null then 'null'::jsonb
        when type.typname = 'bytea' then to_jsonb(col.value)
        else realtime.cast(col.value, type.oid::regtype)
      end,
      attribute.attnum = any (key.conkey),
      true
    )::realtime.wal_column
    order by attribute.attnum
  )
  from jsonb_to_recordset(columns) as col (name text, value text)
  join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = entity and attribute.attname = col.name and attribute.attnum > 0
  join pg_catalog.pg_type as type on type.oid = attribute.atttypid
  left join pg_catalog.pg_constraint as key on key.conrelid = entity and key.contype = 'p';
$$;

-- Whether a caller's policies show the row with this key, now.
create or replace function realtime.is_visible_to(
  entity regclass,
  columns realtime.wal_column[],
  claims_role regrole,
  claims jsonb
) returns boolean
language plpgsql
volatile
as $$
declare
  v_key text;
  v_visible boolean;
begin
  select string_agg(format('%I = %L', col.name, col.value #>> '{}'), ' and ') into v_key
  from unnest(columns) as col
  where col.is_pkey;
  perform
    set_config('role', trim(both '"' from claims_role::text), true),
    set_config('request.jwt.claims', claims::text, true);
  execute format('select exists (select from %s where %s)', entity, v_key) into v_visible;
  perform set_config('role', 'none', true);
  return v_visible;
end
$$;

create or replace function realtime.apply_rls(wal jsonb, max_record_bytes integer default 1024 * 1024)
returns setof realtime.wal_rls
language plpgsql
volatile
as $$
declare
  v_entity regclass := (
    select entity.oid
    from pg_catalog.pg_class as entity
    join pg_catalog.pg_namespace as namespace on namespace.oid = entity.relnamespace
    where entity.relname = wal ->> 'table' and namespace.nspname = wal ->> 'schema'
  );
  v_action realtime.action := case wal ->> 'action'
    when 'I' then 'INSERT'
    when 'U' then 'UPDATE'
    when 'D' then 'DELETE'
    else 'ERROR'
  end;
  v_is_rls_enabled boolean := (select relrowsecurity from pg_catalog.pg_class where oid = v_entity);
  v_is_too_large boolean := octet_length(wal::text) > max_record_bytes;
  v_columns realtime.wal_column[] := realtime.wal_columns(v_entity, wal -> 'columns');
  v_identity realtime.wal_column[] := realtime.wal_columns(v_entity, wal -> 'identity');
  v_head jsonb := jsonb_build_object('schema', wal ->> 'schema', 'table', wal ->> 'table', 'type', v_action);
  v_groups jsonb;
  v_group jsonb;
  v_role regrole;
  v_selected text[];
  v_visible uuid[];
  v_subscription realtime.subscription;
  v_subscriptions realtime.subscription[];
  v_readable text[];
begin
  -- Plain arrays instead of cursors: the role changes inside the loops, and a cursor would read on as somebody else.
  select coalesce(jsonb_agg(jsonb_build_object('role', g.claims_role, 'selected', to_jsonb(g.selected_columns))), '[]')
    into v_groups
  from (
    select distinct claims_role::oid::bigint as claims_role, selected_columns
    from realtime.subscription
    where entity = v_entity and action_filter in ('*', v_action::text)
  ) as g;

  for v_group in select jsonb_array_elements(v_groups) loop
    v_role := (v_group ->> 'role')::oid::regrole;
    v_selected := case
      when v_group -> 'selected' <> 'null' then array(select jsonb_array_elements_text(v_group -> 'selected'))
    end;
    v_subscriptions := array(
      select s
      from realtime.subscription as s
      where s.entity = v_entity
        and s.action_filter in ('*', v_action::text)
        and s.claims_role = v_role
        and s.selected_columns is not distinct from v_selected
    );
    v_readable := array(
      select attname::text
      from pg_catalog.pg_attribute
      where attrelid = v_entity and attnum > 0 and not attisdropped
        and has_column_privilege(v_role::oid, attrelid, attnum, 'SELECT')
    );

    if v_action <> 'DELETE' and not exists (select from unnest(v_columns) as col where col.is_pkey) then
      return next row(
        v_head, v_is_rls_enabled, array(select s.subscription_id from unnest(v_subscriptions) as s),
        array['Error 400: Bad Request, no primary key']
      )::realtime.wal_rls;
      continue;
    end if;
    if v_action <> 'DELETE'
      and exists (select from unnest(v_columns) as col where col.is_pkey and col.name <> all (v_readable)) then
      return next row(
        v_head, v_is_rls_enabled, array(select s.subscription_id from unnest(v_subscriptions) as s),
        array['Error 401: Unauthorized']
      )::realtime.wal_rls;
      continue;
    end if;

    v_visible := '{}';
    foreach v_subscription in array v_subscriptions loop
      -- A row that is gone cannot be asked about: deletions go to every listener whose filter they meet.
      if realtime.is_visible_through_filters(
        case when v_action = 'DELETE' then v_identity else v_columns end, v_subscription.filters
      ) and (
        v_action = 'DELETE'
        or not v_is_rls_enabled
        or realtime.is_visible_to(v_entity, v_columns, v_role, v_subscription.claims)
      ) then
        v_visible := v_visible || v_subscription.subscription_id;
      end if;
    end loop;
    continue when v_visible = '{}';

    return next row(
      v_head || jsonb_build_object(
        'commit_timestamp',
        to_char((wal ->> 'timestamp')::timestamptz at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'columns', (
          select jsonb_agg(jsonb_build_object('name', attribute.attname, 'type', type.typname) order by attribute.attnum)
          from pg_catalog.pg_attribute as attribute
          join pg_catalog.pg_type as type on type.oid = attribute.atttypid
          left join pg_catalog.pg_constraint as key on key.conrelid = v_entity and key.contype = 'p'
          where attribute.attrelid = v_entity
            and attribute.attname = any (v_readable)
            and (
              v_selected is null or attribute.attname = any (v_selected) or attribute.attnum = any (key.conkey)
            )
        )
      ) || case when v_action <> 'DELETE' then jsonb_build_object(
        -- A large value that did not change is not part of an update: the old row may know it.
        'record', (
          select jsonb_object_agg(coalesce(col.name, old.name), coalesce(col.value, old.value))
          from unnest(v_columns) as col
          full join unnest(v_identity) as old on old.name = col.name
          where coalesce(col.name, old.name) = any (v_readable)
            and (v_selected is null or coalesce(col.name, old.name) = any (v_selected) or coalesce(col.is_pkey, old.is_pkey))
            and (not v_is_too_large or octet_length(coalesce(col.value, old.value)::text) <= 64)
        )
      ) else '{}' end || case when v_action <> 'INSERT' then jsonb_build_object(
        'old_record', (
          select jsonb_object_agg(old.name, old.value)
          from unnest(v_identity) as old
          where old.name = any (v_readable)
            and (v_selected is null or old.name = any (v_selected) or old.is_pkey)
            and (not v_is_too_large or octet_length(old.value::text) <= 64)
            and (v_action = 'UPDATE' or not v_is_rls_enabled or old.is_pkey)
        )
      ) else '{}' end,
      v_is_rls_enabled,
      v_visible,
      case when v_is_too_large then array['Error 413: Payload Too Large'] else '{}'::text[] end
    )::realtime.wal_rls;
  end loop;
end
$$;
comment on function realtime.apply_rls(jsonb, integer) is
  'What each subscription may see of one change: one row per role and set of columns.';

revoke all on function
  realtime.check_equality_op(realtime.equality_op, regtype, text, text, boolean),
  realtime.is_visible_through_filters(realtime.wal_column[], realtime.user_defined_filter[]),
  realtime.wal_columns(regclass, jsonb),
  realtime.is_visible_to(regclass, realtime.wal_column[], regrole, jsonb),
  realtime.apply_rls(jsonb, integer)
from public;

reset role;
