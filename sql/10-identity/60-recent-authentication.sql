-- Changes that would lock somebody out for good ask for a proof of identity that is at most ten minutes old: a sign-in or
-- a factor of this session, or the password entered again. Users without a password prove it by signing in anew.

create table private.password_confirmations (
  session_id uuid primary key references auth.sessions (id) on delete cascade,
  confirmed_at timestamptz not null
);

alter table private.password_confirmations enable row level security;

comment on table private.password_confirmations is 'When a session last entered its password again.';

create function private.confirm_password(p_password text)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_hash text;
begin
  perform private.enforce_rate_limit('password_confirmations', v_user_id::text);
  select nullif(account.encrypted_password, '') into v_hash from auth.users as account where account.id = v_user_id;
  if v_hash is null or extensions.crypt(coalesce(p_password, ''), v_hash) <> v_hash then
    return false;
  end if;
  insert into private.password_confirmations (session_id, confirmed_at)
  values ((private.claims() ->> 'session_id')::uuid, now())
  on conflict (session_id) do update set confirmed_at = excluded.confirmed_at;
  return true;
end;
$$;

comment on function private.confirm_password(text) is 'Definer: password hashes are Auth''s.';

revoke all on function private.confirm_password(text) from public;
grant execute on function private.confirm_password(text) to authenticated;

create function public.confirm_password(p_password text)
returns boolean
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.confirm_password(p_password);
$$;

comment on function public.confirm_password(text) is
  'Checks the caller''s password; true opens sensitive changes for ten minutes. 5 attempts in 15 minutes. Errors: 401; 429.';

revoke all on function public.confirm_password(text) from public;
grant execute on function public.confirm_password(text) to authenticated;

create function private.require_recent_authentication()
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_session_id uuid := (private.claims() ->> 'session_id')::uuid;
begin
  if exists (
    select
    from auth.mfa_amr_claims as proof
    where proof.session_id = v_session_id and proof.authentication_method <> 'anonymous'
      and proof.updated_at > now() - interval '10 minutes'
  ) or exists (
    select
    from private.password_confirmations as confirmation
    where confirmation.session_id = v_session_id and confirmation.confirmed_at > now() - interval '10 minutes'
  ) then
    return v_user_id;
  end if;
  perform private.raise_error(
    403, 'reauthentication_needed', 'This needs a proof of identity that is at most ten minutes old.',
    'Call confirm_password, verify a factor again, or sign in again.'
  );
  return null;
end;
$$;

comment on function private.require_recent_authentication() is
  'The caller''s id, or a refusal: as require_user(), and 403 reauthentication_needed. Definer: proofs are Auth''s.';

revoke all on function private.require_recent_authentication() from public;
