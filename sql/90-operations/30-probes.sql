-- What the readiness probe asks. Its role can do nothing else.

create function private.newest_migration()
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_version text;
begin
  -- The CLI makes this table with its first migration, which may be the one that makes this function.
  if to_regclass('supabase_migrations.schema_migrations') is not null then
    execute 'select max(version) from supabase_migrations.schema_migrations' into v_version;
  end if;
  return v_version;
end;
$$;

comment on function private.newest_migration() is
  'Version of the newest migration applied, or null. Definer: the table belongs to the CLI.';

revoke all on function private.newest_migration() from public;

create role ops_gateway nologin;
grant ops_gateway to postgres;
grant usage on schema private to ops_gateway;
grant execute on function private.newest_migration() to ops_gateway;
