-- For the day the phone with the second factor is lost.

create table private.backup_codes (
  user_id uuid not null references auth.users (id) on delete cascade,
  code_hash bytea not null,
  used_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (user_id, code_hash)
);

alter table private.backup_codes enable row level security;

comment on table private.backup_codes is 'SHA-256 of user and code: 50 random bits each, ten at a time.';

create function private.backup_code_hash(p_user_id uuid, p_code text)
returns bytea
language sql
immutable
security invoker
set search_path = ''
as $$
  select sha256(convert_to(p_user_id || ':' || upper(regexp_replace(coalesce(p_code, ''), '[^A-Za-z0-9]', '', 'g')), 'UTF8'));
$$;

revoke all on function private.backup_code_hash(uuid, text) from public;

create function private.create_backup_codes()
returns text[]
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_codes text[];
begin
  if not exists (
    select from auth.mfa_factors as factor where factor.user_id = v_user_id and factor.status = 'verified'
  ) then
    perform private.raise_error(
      409, 'no_second_factor', 'Backup codes stand in for a second factor, and there is none.', 'Enroll a factor first.'
    );
  end if;
  -- 32 symbols, so that each of ten random bytes gives five bits without bias; no I, O, 0 or 1 to misread.
  select array_agg(drawn.code)
  into v_codes
  from (
    select string_agg(substr('ABCDEFGHJKLMNPQRSTUVWXYZ23456789', get_byte(random.bytes, position) % 32 + 1, 1), '' order by position) as code
    from (select number, extensions.gen_random_bytes(10) as bytes from generate_series(1, 10) as number) as random
    cross join generate_series(0, 9) as position
    group by random.number
  ) as drawn;
  delete from private.backup_codes where user_id = v_user_id;
  insert into private.backup_codes (user_id, code_hash)
  select v_user_id, private.backup_code_hash(v_user_id, code) from unnest(v_codes) as code;
  perform private.enqueue_message(
    'email', 'backup_codes_created', (select nullif(account.email, '') from auth.users as account where account.id = v_user_id), '{}',
    v_user_id
  );
  return v_codes;
end;
$$;

comment on function private.create_backup_codes() is 'Definer: codes are private. require_user() asks for aal2 here.';

revoke all on function private.create_backup_codes() from public;
grant execute on function private.create_backup_codes() to authenticated;

create function public.create_backup_codes()
returns text[]
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.create_backup_codes();
$$;

comment on function public.create_backup_codes() is
  'Ten new backup codes of ten characters, shown this once; the former ones end. Needs a session that has used the second factor.
Errors: 401; 403 second_factor_required; 409 no_second_factor.';

revoke all on function public.create_backup_codes() from public;
grant execute on function public.create_backup_codes() to authenticated;

create function private.use_backup_code(p_code text)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := auth.uid();
  v_refusal text := private.session_refusal();
begin
  -- The one call that a session without its second factor may make.
  if v_refusal is distinct from 'second_factor_required' then
    perform private.require_user();
    perform private.raise_error(409, 'no_factor_lost', 'This session needs no backup code.', 'Remove a factor in the settings instead.');
  end if;
  perform private.enforce_rate_limit('backup_codes', v_user_id::text);
  -- The row lock lets one of two uses at once through.
  update private.backup_codes
  set used_at = now()
  where user_id = v_user_id and code_hash = private.backup_code_hash(v_user_id, p_code) and used_at is null;
  if not found then
    return false;
  end if;
  delete from auth.mfa_factors where user_id = v_user_id;
  delete from auth.sessions where user_id = v_user_id and id <> (private.claims() ->> 'session_id')::uuid;
  perform private.enqueue_message(
    'email', 'backup_code_used', (select nullif(account.email, '') from auth.users as account where account.id = v_user_id),
    jsonb_build_object(
      'left', (select count(*) from private.backup_codes as code where code.user_id = v_user_id and code.used_at is null)
    ),
    v_user_id
  );
  return true;
end;
$$;

comment on function private.use_backup_code(text) is 'Definer: codes are private, factors and sessions are Auth''s.';

revoke all on function private.use_backup_code(text) from public;
grant execute on function private.use_backup_code(text) to authenticated;

create function public.use_backup_code(p_code text)
returns boolean
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.use_backup_code(p_code);
$$;

comment on function public.use_backup_code(text) is
  'Signs in without the lost second factor: true removes the factors, ends all other sessions and mails the user; false for a wrong or
used code. 5 attempts in 15 minutes. Blanks, dashes and case do not matter. Errors: 401; 409 no_factor_lost; 429.';

revoke all on function public.use_backup_code(text) from public;
grant execute on function public.use_backup_code(text) to authenticated;

create function private.count_backup_codes()
returns integer
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
begin
  return (select count(*) from private.backup_codes as code where code.user_id = v_user_id and code.used_at is null);
end;
$$;

comment on function private.count_backup_codes() is 'Definer: codes are private.';

revoke all on function private.count_backup_codes() from public;
grant execute on function private.count_backup_codes() to authenticated;

create function public.count_backup_codes()
returns integer
language sql
stable
security invoker
set search_path = ''
as $$
  select private.count_backup_codes();
$$;

comment on function public.count_backup_codes() is 'How many unused backup codes the caller has. Errors: 401.';

revoke all on function public.count_backup_codes() from public;
grant execute on function public.count_backup_codes() to authenticated;
