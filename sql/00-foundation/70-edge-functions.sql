-- How the database calls an Edge Function: after the transaction, with the project's secret key.

do $$
begin
  if exists (select from pg_catalog.pg_available_extensions as available where available.name = 'pg_net') then
    create extension if not exists pg_net with schema extensions;
  end if;
end;
$$;

create function private.call_edge_function(p_path text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_url text := nullif(private.setting('functions_url'), '');
  v_key text;
begin
  if v_url is null then
    return;
  end if;
  select secret.decrypted_secret into v_key from vault.decrypted_secrets as secret where secret.name = 'secret_key';
  perform net.http_post(
    url := v_url || p_path,
    body := '{}'::jsonb,
    headers := jsonb_build_object('authorization', 'Bearer ' || v_key, 'content-type', 'application/json')
  );
end;
$$;

comment on function private.call_edge_function(text) is
  'Posts to an Edge Function, such as /messages, once the transaction is committed. Does nothing where functions_url is not set.
Definer: reads the vault.';

revoke all on function private.call_edge_function(text) from public;
