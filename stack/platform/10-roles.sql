-- The roles of a new Supabase project. Passwords are the well-known local ones: every server of the local stack
-- listens on the loopback interface only.

create role postgres login createrole createdb replication bypassrls password 'postgres';
alter role postgres set search_path to "$user", public, extensions;
alter role supabase_admin set search_path to "$user", public, auth, extensions;

create role anon nologin;
alter role anon set statement_timeout to '3s';
create role authenticated nologin;
alter role authenticated set statement_timeout to '8s';
create role service_role nologin bypassrls;

create role authenticator login noinherit password 'postgres';
alter role authenticator set statement_timeout to '8s';
alter role authenticator set lock_timeout to '8s';
grant anon, authenticated, service_role to authenticator;

create role supabase_auth_admin login noinherit password 'postgres';
alter role supabase_auth_admin set search_path to auth;
alter role supabase_auth_admin set idle_in_transaction_session_timeout to 60000;

create role supabase_storage_admin login noinherit createrole password 'postgres';
alter role supabase_storage_admin set search_path to storage;
grant authenticator to supabase_storage_admin;

create role supabase_realtime_admin login noinherit createrole replication password 'postgres';
alter role supabase_realtime_admin set search_path to public, extensions, realtime;
grant anon, authenticated, service_role to supabase_realtime_admin;
grant set on parameter log_min_messages to supabase_realtime_admin;

create role supabase_replication_admin login replication password 'postgres';
create role supabase_etl_admin login replication password 'postgres';
create role supabase_read_only_user login bypassrls password 'postgres';
grant pg_read_all_data to supabase_read_only_user;
create role dashboard_user nologin createrole createdb replication;
create role pgbouncer login password 'postgres';

grant anon, authenticated, service_role to postgres with admin option;
grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres;

alter database postgres owner to postgres;
grant create on database postgres to supabase_auth_admin, supabase_storage_admin, supabase_realtime_admin;

-- Stand-ins for the extension supautils, by which a project's `postgres` may do a little more than its attributes say:
-- put policies on storage.objects and realtime.messages, and configure PostgREST through `alter role authenticator set`.
grant supabase_storage_admin, supabase_realtime_admin to postgres;
grant authenticator to postgres with admin option;
grant set on parameter "pgrst.db_pre_request" to postgres;
grant set on parameter "pgrst.db_schemas" to postgres;
grant set on parameter "pgrst.db_max_rows" to postgres;
grant set on parameter "pgrst.db_aggregates_enabled" to postgres;
grant set on parameter "pgrst.db_plan_enabled" to postgres;
grant set on parameter "pgrst.openapi_mode" to postgres;
