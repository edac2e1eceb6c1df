-- Auth calls these inside or beside its own transactions. They are definer functions because Auth's role may read none of
-- our tables, and only that role may call them.

create table private.password_attempts (
  user_id uuid primary key references auth.users (id) on delete cascade,
  failures integer not null default 0,
  locked_until timestamptz
);

alter table private.password_attempts enable row level security;

comment on table private.password_attempts is 'Wrong passwords in a row; five of them lock the account for 15 minutes.';

create table private.factor_attempts (
  factor_id uuid primary key references auth.mfa_factors (id) on delete cascade,
  challenge_id uuid,
  failures integer not null default 0
);

alter table private.factor_attempts enable row level security;

comment on table private.factor_attempts is 'Wrong codes for the newest challenge of a factor; five of them reject it.';

create function private.before_user_created_hook(event jsonb)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  -- What create_account() would stumble over is refused here in words: after this, Auth can only report a database error.
  select case
    when problem.message is null then '{}'::jsonb
    else jsonb_build_object('error', jsonb_build_object('http_code', 400, 'message', problem.message))
  end
  from (
    select case
      when coalesce(metadata ->> 'account_type', 'singer') not in ('singer', 'customer')
        then 'account_type must be "singer" or "customer"'
      when char_length(btrim(metadata ->> 'organization_name')) > 255
        then 'organization_name must have 1 to 255 characters'
      when btrim(metadata ->> 'time_zone') <> ''
        and not exists (select from pg_catalog.pg_timezone_names as zone where zone.name = btrim(metadata ->> 'time_zone'))
        then 'time_zone must be an IANA name such as America/Chicago'
    end as message
    from (select event #> '{user,user_metadata}' as metadata) as sent
  ) as problem;
$$;

comment on function private.before_user_created_hook(jsonb) is
  'Auth hook: the only account types are singer (also when none is given) and customer; an organization''s name and time zone
must be usable.';

create function private.custom_access_token_hook(event jsonb)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := (event ->> 'user_id')::uuid;
  v_session_id uuid := nullif(event #>> '{claims,session_id}', '')::uuid;
  v_organization_ids jsonb;
  v_context_id uuid;
begin
  select coalesce(jsonb_agg(member.organization_id order by member.created_at, member.organization_id), '[]')
  into v_organization_ids
  from public.organization_members as member
  where member.user_id = v_user_id and member.status = 'active';

  select context.organization_id into v_context_id
  from private.session_contexts as context
  where context.session_id = v_session_id;

  return jsonb_build_object(
    'claims',
    event -> 'claims' || jsonb_build_object(
      'app_role', case
        when (event #>> '{claims,is_anonymous}')::boolean then 'guest'
        when jsonb_array_length(v_organization_ids) > 0 then 'customer'
        else 'singer'
      end,
      'org_ids', v_organization_ids,
      'active_context', case
        when v_organization_ids @> to_jsonb(v_context_id)
          then jsonb_build_object('type', 'organization', 'id', v_context_id)
        else jsonb_build_object('type', 'singer', 'id', null)
      end
    )
  );
end;
$$;

comment on function private.custom_access_token_hook(jsonb) is
  'Auth hook: adds app_role (guest, singer, customer), org_ids and active_context. Hints for apps: permissions are looked up
in the database, never in the token.';

create function private.password_verification_attempt_hook(event jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := (event ->> 'user_id')::uuid;
  v_attempt private.password_attempts;
begin
  insert into private.password_attempts as attempt (user_id) values (v_user_id)
  on conflict (user_id) do update set user_id = excluded.user_id
  returning attempt.* into v_attempt;

  if v_attempt.locked_until > now() then
    return jsonb_build_object(
      'decision', 'reject',
      'message', 'Too many wrong passwords. Try again in 15 minutes, or reset the password.'
    );
  end if;

  if (event ->> 'valid')::boolean then
    delete from private.password_attempts where user_id = v_user_id;
  elsif v_attempt.locked_until is null and v_attempt.failures >= 4 then
    update private.password_attempts
    set failures = 0, locked_until = now() + interval '15 minutes'
    where user_id = v_user_id;
    perform private.enqueue_message(
      'email', 'account_locked', (select account.email from auth.users as account where account.id = v_user_id), '{}', v_user_id
    );
  else
    update private.password_attempts
    set failures = case when v_attempt.locked_until is null then v_attempt.failures + 1 else 1 end, locked_until = null
    where user_id = v_user_id;
  end if;
  return '{"decision": "continue"}'::jsonb;
end;
$$;

comment on function private.password_verification_attempt_hook(jsonb) is
  'Auth hook: the fifth wrong password in a row locks password sign-in for 15 minutes and mails the user.';

create function private.mfa_verification_attempt_hook(event jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_factor_id uuid := (event ->> 'factor_id')::uuid;
  v_challenge_id uuid;
  v_failures integer;
begin
  if (event ->> 'valid')::boolean then
    delete from private.factor_attempts where factor_id = v_factor_id;
    return '{"decision": "continue"}'::jsonb;
  end if;

  -- The event names no challenge; the newest one of the factor is the one being answered.
  select challenge.id into v_challenge_id
  from auth.mfa_challenges as challenge
  where challenge.factor_id = v_factor_id
  order by challenge.created_at desc
  limit 1;

  insert into private.factor_attempts as attempt (factor_id, challenge_id, failures)
  values (v_factor_id, v_challenge_id, 1)
  on conflict (factor_id) do update set
    failures = case
      when attempt.challenge_id is not distinct from excluded.challenge_id then attempt.failures + 1
      else 1
    end,
    challenge_id = excluded.challenge_id
  returning failures into v_failures;

  if v_failures >= 5 then
    return jsonb_build_object('decision', 'reject', 'message', 'Too many wrong codes. Sign in again.');
  end if;
  return '{"decision": "continue"}'::jsonb;
end;
$$;

comment on function private.mfa_verification_attempt_hook(jsonb) is
  'Auth hook: the fifth wrong code for one challenge is rejected, which makes Auth end the user''s sessions.';

create function private.send_email_hook(event jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  -- What a change is told with is in the user.
  v_data jsonb := (event -> 'email_data') || jsonb_build_object('address', event #>> '{user,email}', 'phone', event #>> '{user,phone}');
  v_action text := v_data ->> 'email_action_type';
  v_user_id uuid := (event #>> '{user,id}')::uuid;
  v_old_address text := event #>> '{user,email}';
  v_new_address text := event #>> '{user,new_email}';
begin
  if v_action = 'email_change' and coalesce(v_data ->> 'token_new', '') <> '' then
    -- Auth crosses the names: token belongs to the current address and its hash is token_hash_new.
    perform private.enqueue_auth_email(v_user_id, 'auth_email_change_current', v_old_address, v_data, v_data ->> 'token', v_data ->> 'token_hash_new');
    perform private.enqueue_auth_email(v_user_id, 'auth_email_change_new', v_new_address, v_data, v_data ->> 'token_new', v_data ->> 'token_hash');
  elsif v_action = 'email_change' then
    perform private.enqueue_auth_email(v_user_id, 'auth_email_change_new', v_new_address, v_data, v_data ->> 'token', v_data ->> 'token_hash');
  elsif v_action = 'email_changed_notification' then
    perform private.enqueue_auth_email(v_user_id, 'auth_' || v_action, v_data ->> 'old_email', v_data, '', '');
  else
    perform private.enqueue_auth_email(v_user_id, 'auth_' || v_action, v_old_address, v_data, v_data ->> 'token', v_data ->> 'token_hash');
  end if;
  return '{}'::jsonb;
end;
$$;

comment on function private.send_email_hook(jsonb) is 'Auth hook: puts every mail of Auth into the outbox.';

create function private.send_sms_hook(event jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_message(
    'sms', case event #>> '{sms,sms_type}' when 'mfa' then 'auth_second_factor_code' else 'auth_one_time_code' end, event #>> '{sms,phone}', jsonb_build_object('code', event #>> '{sms,otp}'),
    (event #>> '{user,id}')::uuid
  );
  return '{}'::jsonb;
end;
$$;

comment on function private.send_sms_hook(jsonb) is 'Auth hook: puts every text of Auth into the outbox.';

revoke all on function
  private.before_user_created_hook(jsonb),
  private.custom_access_token_hook(jsonb),
  private.password_verification_attempt_hook(jsonb),
  private.mfa_verification_attempt_hook(jsonb),
  private.send_email_hook(jsonb),
  private.send_sms_hook(jsonb)
from public;

grant execute on function
  private.before_user_created_hook(jsonb),
  private.custom_access_token_hook(jsonb),
  private.password_verification_attempt_hook(jsonb),
  private.mfa_verification_attempt_hook(jsonb),
  private.send_email_hook(jsonb),
  private.send_sms_hook(jsonb)
to supabase_auth_admin;
