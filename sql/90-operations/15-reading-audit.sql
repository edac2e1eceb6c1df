-- Reading the audit log: page by page, filtered, by those who may.

create function private.list_audit_entries(
  p_organization_id uuid, p_filters jsonb, p_before timestamptz, p_before_id bigint, p_limit integer
)
returns table (
  id bigint, created_at timestamptz, organization_id uuid, actor_id uuid, actor_kind text, actor_name text, delegated_access_id uuid,
  table_name text, row_key text, operation text, old_values jsonb, new_values jsonb, address inet, user_agent text, http_request_id text
)
language plpgsql
stable
security definer
set search_path = ''
-- Filters that are not given leave no trace in a plan made for the values.
set plan_cache_mode = force_custom_plan
rows 20
as $$
declare
  v_unknown text;
begin
  if p_organization_id is null and private.platform_role() is null then
    perform private.raise_error(404, 'organization_not_found', 'There is no such thing, or it is not yours.', 'Check the id.');
  elsif p_organization_id is not null and private.platform_role() is null then
    perform private.require_permission(p_organization_id, 'audit:read', 'organization_not_found');
  end if;
  select string_agg(given.key, ', ' order by given.key) into v_unknown
  from jsonb_object_keys(coalesce(p_filters, '{}')) as given (key)
  where given.key not in (
    'table_name', 'row_key', 'operation', 'actor_id', 'actor_kind', 'delegated_access_id', 'http_request_id', 'since', 'until'
  );
  if v_unknown is not null then
    perform private.raise_error(
      400, 'invalid_filter', format('There is no such filter: %s.', v_unknown),
      'Filters: table_name, row_key, operation, actor_id, actor_kind, delegated_access_id, http_request_id, since, until.'
    );
  end if;
  return query
    select
      entry.id, entry.created_at, entry.organization_id, entry.actor_id, entry.actor_kind, coalesce(entry.actor_name, profile.name),
      entry.delegated_access_id, entry.table_name, entry.row_key, entry.operation, entry.old_values, entry.new_values, entry.address,
      entry.user_agent, entry.http_request_id
    from public.audit_entries as entry
    left join public.profiles as profile on profile.user_id = entry.actor_id
    where (p_organization_id is null or entry.organization_id = p_organization_id)
      and (p_before is null or (entry.created_at, entry.id) < (p_before, coalesce(p_before_id, 0)))
      and (p_filters ->> 'table_name' is null or entry.table_name = p_filters ->> 'table_name')
      and (p_filters ->> 'row_key' is null or entry.row_key = p_filters ->> 'row_key')
      and (p_filters ->> 'operation' is null or entry.operation = p_filters ->> 'operation')
      and (p_filters ->> 'actor_id' is null or entry.actor_id = (p_filters ->> 'actor_id')::uuid)
      and (p_filters ->> 'actor_kind' is null or entry.actor_kind = p_filters ->> 'actor_kind')
      and (p_filters ->> 'delegated_access_id' is null or entry.delegated_access_id = (p_filters ->> 'delegated_access_id')::uuid)
      and (p_filters ->> 'http_request_id' is null or entry.http_request_id = p_filters ->> 'http_request_id')
      and (p_filters ->> 'since' is null or entry.created_at >= (p_filters ->> 'since')::timestamptz)
      and (p_filters ->> 'until' is null or entry.created_at < (p_filters ->> 'until')::timestamptz)
    order by entry.created_at desc, entry.id desc
    limit least(greatest(coalesce(p_limit, 20), 1), 100);
exception
  when invalid_text_representation or invalid_datetime_format or datetime_field_overflow then
    perform private.raise_error(400, 'invalid_filter', 'A filter has a value of the wrong kind: ' || sqlerrm || '.', 'Ids are UUIDs, times ISO 8601.');
end;
$$;

comment on function private.list_audit_entries(uuid, jsonb, timestamptz, bigint, integer) is
  'Definer: shows the names of those who acted; checks audit:read, or the platform role.';

revoke all on function private.list_audit_entries(uuid, jsonb, timestamptz, bigint, integer) from public;
grant execute on function private.list_audit_entries(uuid, jsonb, timestamptz, bigint, integer) to authenticated;

create function public.list_audit_entries(
  p_organization_id uuid default null, p_filters jsonb default '{}', p_before timestamptz default null, p_before_id bigint default null,
  p_limit integer default 20
)
returns table (
  id bigint, created_at timestamptz, organization_id uuid, actor_id uuid, actor_kind text, actor_name text, delegated_access_id uuid,
  table_name text, row_key text, operation text, old_values jsonb, new_values jsonb, address inet, user_agent text, http_request_id text
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.list_audit_entries(p_organization_id, p_filters, p_before, p_before_id, p_limit);
$$;

comment on function public.list_audit_entries(uuid, jsonb, timestamptz, bigint, integer) is
  'The audit log of an organization, the latest first; platform people read any, or without an organization all of it. p_filters: an
object with any of table_name, row_key, operation, actor_id, actor_kind, delegated_access_id, http_request_id, since, until (ISO times).
The next page is before the last row''s created_at and id; p_limit 1 to 100. Errors: 400 invalid_filter; 401; 403; 404
organization_not_found.';

revoke all on function public.list_audit_entries(uuid, jsonb, timestamptz, bigint, integer) from public;
grant execute on function public.list_audit_entries(uuid, jsonb, timestamptz, bigint, integer) to authenticated;
