-- The schemas of a new project with their owners and grants, the extensions it comes with, and its publication.
-- The tables in `auth` and `realtime` are made by those services themselves.

grant usage on schema public to anon, authenticated, service_role;

create schema extensions authorization postgres;
grant usage on schema extensions to anon, authenticated, service_role;
grant all on schema extensions to dashboard_user;

create schema auth authorization supabase_admin;
grant usage on schema auth to anon, authenticated, service_role, postgres, supabase_realtime_admin;
grant all on schema auth to supabase_auth_admin, dashboard_user;

create schema storage authorization supabase_admin;
grant usage on schema storage to anon, authenticated, service_role;
grant usage on schema storage to postgres with grant option;
grant all on schema storage to supabase_storage_admin, dashboard_user;

create schema realtime authorization supabase_admin;
grant usage on schema realtime to anon, authenticated, service_role;
grant usage on schema realtime to postgres with grant option;
grant all on schema realtime to supabase_realtime_admin;
create schema _realtime authorization supabase_admin;

create schema graphql_public authorization supabase_admin;
grant usage on schema graphql_public to postgres, anon, authenticated, service_role;

create schema supabase_migrations authorization postgres;
create table supabase_migrations.schema_migrations (
  version text primary key,
  statements text[],
  name text
);
alter table supabase_migrations.schema_migrations owner to postgres;

-- PostGIS, pg_cron and plpgsql_check can be created by a superuser only, where supautils does not help; a project's own
-- `create extension if not exists` then finds them. A server without one of them does without it.
do $$
declare
  v_extension record;
begin
  for v_extension in
    select wanted.name, wanted.schema
    from (values
      (1, 'uuid-ossp', 'extensions'),
      (2, 'pgcrypto', 'extensions'),
      (3, 'pg_stat_statements', 'extensions'),
      (4, 'postgis', 'extensions'),
      (5, 'plpgsql_check', 'extensions'),
      (6, 'pg_cron', 'pg_catalog')
    ) as wanted (position, name, schema)
    join pg_catalog.pg_available_extensions as available on available.name = wanted.name
    order by wanted.position
  loop
    execute format('create extension %I with schema %I', v_extension.name, v_extension.schema);
  end loop;

  if exists (select from pg_catalog.pg_extension where extname = 'pg_cron') then
    grant usage on schema cron to postgres with grant option;
    grant execute on all functions in schema cron to postgres with grant option;
    grant select on cron.job to postgres;
    grant select, insert, update, delete, truncate, references on cron.job_run_details to postgres;
  end if;
end
$$;
grant execute on all functions in schema extensions to postgres with grant option;

create publication supabase_realtime;
alter publication supabase_realtime owner to postgres;

create function graphql_public.graphql(
  "operationName" text default null,
  query text default null,
  variables jsonb default null,
  extensions jsonb default null
) returns jsonb
language sql
immutable
set search_path = ''
as $$
  select '{"errors": [{"message": "pg_graphql extension is not enabled."}]}'::jsonb;
$$;
