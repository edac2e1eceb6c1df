-- Which callers are believed. A token says who somebody is; everything else is looked up on every statement, so that
-- signing out, a ban or a new factor works at once and not when the token expires.

create function private.claims()
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return nullif(current_setting('request.jwt.claims', true), '')::jsonb;
end;
$$;

revoke all on function private.claims() from public;

create function private.session_refusal()
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  -- Read once: this runs in every statement.
  v_claims jsonb := private.claims();
  v_user_id uuid := auth.uid();
begin
  return (
    -- The first reason that applies, or null when the caller may go on.
    select case
      when v_user_id is null then 'not_signed_in'
      when session.id is null or session.user_id is distinct from v_user_id then 'session_ended'
      when session.not_after < now() then 'session_ended'
      when account.deleted_at is not null or account.banned_until > now() then 'user_banned'
      when v_claims ->> 'aal' is distinct from 'aal2' and exists (
        select from auth.mfa_factors as factor where factor.user_id = v_user_id and factor.status = 'verified'
      ) then 'second_factor_required'
    end
    from (select) as caller
    left join auth.users as account on account.id = v_user_id
    left join auth.sessions as session on session.id = nullif(v_claims ->> 'session_id', '')::uuid
  );
end;
$$;

comment on function private.session_refusal() is
  'Why the caller''s session is not believed: not_signed_in, session_ended, user_banned, second_factor_required; null when it
is. Definer: callers cannot read the auth tables.';

revoke all on function private.session_refusal() from public;

create function private.session_is_trusted()
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return private.session_refusal() is null;
end;
$$;

comment on function private.session_is_trusted() is
  'The condition of the restrictive policy on every table with personal or tenant data: the session still exists, the user
is not banned, and has used the second factor if there is one.';

revoke all on function private.session_is_trusted() from public;
grant execute on function private.session_is_trusted() to anon, authenticated;

create function private.require_user()
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_refusal text := private.session_refusal();
begin
  case v_refusal
    when 'not_signed_in' then
      perform private.raise_error(401, v_refusal, 'This needs a signed-in user.', 'Sign in first; guests sign in anonymously.');
    when 'session_ended' then
      perform private.raise_error(401, v_refusal, 'This session has ended.', 'Sign in again.');
    when 'user_banned' then
      perform private.raise_error(403, v_refusal, 'This account is suspended.', 'Ask the platform''s support.');
    when 'second_factor_required' then
      perform private.raise_error(
        403, v_refusal, 'This account has a second factor and this session has not used it.', 'Verify a code of the factor.'
      );
    else
      null;
  end case;
  return auth.uid();
end;
$$;

comment on function private.require_user() is
  'The id of the caller, or a refusal: 401 not_signed_in, 401 session_ended, 403 user_banned, 403 second_factor_required.
The first line of every RPC that needs a user.';

revoke all on function private.require_user() from public;

create function private.is_guest(p_user_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return coalesce((select account.is_anonymous from auth.users as account where account.id = p_user_id), true);
end;
$$;

comment on function private.is_guest(uuid) is
  'Whether the user is a guest, or nobody at all. Asked here and not of the token, which may be older than the account''s address. Definer:
callers cannot read the auth tables.';

revoke all on function private.is_guest(uuid) from public;

create function private.check_request()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if private.claims() ->> 'role' is distinct from 'authenticated' then
    return;
  end if;
  -- A missing second factor is no ground to stop here: what such a session may do is for policies and RPCs to say.
  if private.session_refusal() in ('session_ended', 'user_banned') then
    perform private.require_user();
  end if;
  if private.request_header('x-delegated-access') is not null then
    perform private.act_under_delegated_access(private.request_header('x-delegated-access'));
  end if;
  -- Reads run in read-only transactions, which cannot count.
  if current_setting('transaction_read_only') = 'off' then
    perform private.enforce_rate_limit('user_writes', auth.uid()::text);
  end if;
end;
$$;

comment on function private.check_request() is
  'Runs before every REST request: refuses ended sessions and banned users, takes up delegated access, and applies the limit of writes
per user.';

revoke all on function private.check_request() from public;
grant execute on function private.check_request() to anon, authenticated, service_role;

alter role authenticator set pgrst.db_pre_request = 'private.check_request';
notify pgrst, 'reload config';

-- The organization or the singer side that a session works as. A convenience for apps: never asked for permissions.
create table private.session_contexts (
  session_id uuid primary key references auth.sessions (id) on delete cascade,
  organization_id uuid,
  updated_at timestamptz not null default now()
);

alter table private.session_contexts enable row level security;

comment on table private.session_contexts is
  'Active context of a session: an organization, or the singer side when organization_id is null.';
