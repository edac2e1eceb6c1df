-- Schemas, extensions and default privileges. Everything below is deny-first: a table or function is reachable
-- only after a grant that names it.

create extension if not exists postgis with schema extensions;
create extension if not exists pgcrypto with schema extensions;
create extension if not exists pg_trgm with schema extensions;
create extension if not exists unaccent with schema extensions;

create schema private;

comment on schema private is
  'Never exposed by the API: definer functions, secrets, counters, outbox and job state.';

revoke all on schema private from public;
-- USAGE only lets a role resolve names; each function it may call is granted by name.
grant usage on schema private to anon, authenticated, service_role, supabase_auth_admin;

-- The form without a schema is the one that takes EXECUTE away from PUBLIC; the "in schema" form does nothing.
alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;
