-- Composed by `npm run db:migration`; change the files named below instead.

-- sql/00-foundation/10-schemas.sql
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

-- sql/00-foundation/15-errors.sql
-- One way to refuse: PostgREST turns SQLSTATE PTnnn into HTTP status nnn and passes message, details and hint on.

create function private.raise_error(p_status integer, p_code text, p_detail text default null, p_hint text default null)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  raise exception using
    errcode = 'PT' || p_status,
    message = p_code,
    detail = coalesce(p_detail, ''),
    hint = coalesce(p_hint, '');
end;
$$;

comment on function private.raise_error(integer, text, text, text) is
  'Refuses the current statement with HTTP status p_status (400-599). p_code is stable and for programs, p_detail says what
is wrong, p_hint how to put it right.';

revoke all on function private.raise_error(integer, text, text, text) from public;

-- sql/00-foundation/20-text.sql
-- How texts are compared. One normalisation for every place that asks whether two songs are the same; nobody else folds
-- case, accents or punctuation.

-- unaccent() is only stable because a dictionary can be edited; ours never is, and indexes need an immutable function.
-- In plpgsql, which keeps its plan for the session; functions with a search path are never inlined.
create function private.fold_text(p_text text)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  return lower(extensions.unaccent('extensions.unaccent'::regdictionary, replace(normalize(p_text, nfkc), '&', ' and ')));
end;
$$;

comment on function private.fold_text(text) is 'Compatibility forms, accents and case taken away; "&" is read as "and".';

revoke all on function private.fold_text(text) from public;
grant execute on function private.fold_text(text) to service_role;

create function private.normalize_text(p_text text)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
declare
  v_folded text := private.fold_text(p_text);
  v_text text := v_folded;
begin
  v_text := regexp_replace(v_text, '[^[:alnum:][:space:]]+', '', 'g');
  v_text := btrim(regexp_replace(v_text, '[[:space:]]+', ' ', 'g'));
  if starts_with(v_text, 'the ') then
    v_text := substr(v_text, 5);
  end if;
  if v_text = '' then
    -- "!!!" is a band: a text of nothing but symbols stands for itself.
    v_text := btrim(regexp_replace(v_folded, '[[:space:][:cntrl:]]+', ' ', 'g'));
  end if;
  return v_text;
end;
$$;

comment on function private.normalize_text(text) is
  'The form in which texts are compared: no accents, case or punctuation, "&" as "and", no leading "the", single blanks.';

revoke all on function private.normalize_text(text) from public;
grant execute on function private.normalize_text(text) to service_role;

create function private.song_fingerprint(p_artist text, p_title text)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  -- Normalising can lengthen a text (one sign stands for a whole phrase); an index entry must stay below 2,700 bytes.
  return left(private.normalize_text(p_artist), 255) || U&'\001F' || left(private.normalize_text(p_title), 255);
end;
$$;

comment on function private.song_fingerprint(text, text) is
  'What makes two songs the same: normalised artist, U+001F, normalised title.';

revoke all on function private.song_fingerprint(text, text) from public;
grant execute on function private.song_fingerprint(text, text) to service_role;

create function private.search_words(p_text text)
returns text[]
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
declare
  v_folded text := private.fold_text(p_text);
  v_words text := regexp_replace(v_folded, '[^[:alnum:][:space:]]+', '', 'g');
begin
  if v_words <> v_folded then
    -- "AC/DC" is found as "acdc" and as "ac dc".
    v_words := v_words || ' ' || regexp_replace(v_folded, '[^[:alnum:][:space:]]+', ' ', 'g');
    if v_folded ~ '[[:alnum:]][!$]|[!$][[:alnum:]]' then
      -- "P!nk" and "Ke$ha" are typed as they are spoken.
      v_words := v_words || ' ' || regexp_replace(translate(v_folded, '!$', 'is'), '[^[:alnum:][:space:]]+', '', 'g');
    end if;
  end if;
  if v_words ~ '[\u3040-\u30ff\u3400-\u9fff]' then
    -- Chinese and Japanese are written without blanks: each sign is a word.
    v_words := regexp_replace(v_words, '([\u3040-\u30ff\u3400-\u9fff])', ' \1 ', 'g');
  end if;
  v_words := btrim(regexp_replace(v_words, '[[:space:]]+', ' ', 'g'));
  if v_words = '' then
    return array[left(private.normalize_text(p_text), 40)];
  elsif char_length(v_words) > 40 then
    return array(select left(word, 40) from unnest(string_to_array(v_words, ' ')) as word);
  end if;
  return string_to_array(v_words, ' ');
end;
$$;

comment on function private.search_words(text) is 'The words by which a text can be found, each at most 40 characters, some of them twice.';

revoke all on function private.search_words(text) from public;

-- sql/00-foundation/30-updated-at.sql
create function private.set_updated_at()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end;
$$;

revoke all on function private.set_updated_at() from public;

-- sql/00-foundation/40-request-context.sql
-- What is known about the HTTP request being served. PostgREST sets the settings; Edge Functions that talk to the
-- database directly set the same ones.

create function private.request_header(p_name text)
returns text
language sql
stable
security invoker
set search_path = ''
as $$
  select nullif(current_setting('request.headers', true), '')::json ->> p_name;
$$;

revoke all on function private.request_header(text) from public;

create function private.client_address()
returns inet
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  -- The gateway puts the client first; what a client forged behind it is ignored.
  return nullif(trim(split_part(private.request_header('x-forwarded-for'), ',', 1)), '')::inet;
exception
  when invalid_text_representation then
    return null;
end;
$$;

comment on function private.client_address() is 'Address of the HTTP client, or null when it is unknown or malformed.';

revoke all on function private.client_address() from public;

-- sql/00-foundation/50-rate-limits.sql
-- Rate limits: a limit is a row, a counter is a row, one statement takes from it. Windows are fixed: they start with
-- the first use after the previous one ended.

create table private.rate_limits (
  key text primary key,
  maximum integer not null,
  window_seconds integer not null,
  description text not null,
  constraint maximum_is_not_negative check (maximum >= 0),
  constraint window_is_positive check (window_seconds > 0)
);

alter table private.rate_limits enable row level security;

comment on table private.rate_limits is 'Limits by name; changing a row changes the limit at once.';

-- Losing the counters in a crash only opens the windows anew, so they need no log.
create unlogged table private.rate_limit_counters (
  rate_limit_key text not null references private.rate_limits (key) on update cascade on delete cascade,
  subject text not null,
  used integer not null,
  window_ends_at timestamptz not null,
  primary key (rate_limit_key, subject)
);

alter table private.rate_limit_counters enable row level security;

create index rate_limit_counters_window_ends_at_idx on private.rate_limit_counters (window_ends_at);

comment on table private.rate_limit_counters is
  'How much of a limit each subject (user, API key, device, address, venue) has used in its current window.';

create function private.take_rate_limit(p_key text, p_subject text, p_maximum integer default null, p_cost integer default 1)
returns integer
language sql
volatile
security definer
set search_path = ''
as $$
  with
    wanted as (
      select key, coalesce(p_maximum, maximum) as maximum, make_interval(secs => window_seconds) as length
      from private.rate_limits
      where key = p_key and p_subject is not null
    ),
    taken as (
      insert into private.rate_limit_counters as counter (rate_limit_key, subject, used, window_ends_at)
      select key, p_subject, p_cost, clock_timestamp() + length from wanted
      on conflict (rate_limit_key, subject) do update set
        used = case
          when counter.window_ends_at <= clock_timestamp() then excluded.used
          -- A refused use does not count; the ceiling also keeps the number from overflowing.
          else least(counter.used + excluded.used, (select maximum + 1 from wanted))
        end,
        window_ends_at = case
          when counter.window_ends_at <= clock_timestamp() then excluded.window_ends_at
          else counter.window_ends_at
        end
      returning counter.used, counter.window_ends_at
    )
  select coalesce(
    (
      select ceil(extract(epoch from taken.window_ends_at - clock_timestamp()))::integer
      from taken, wanted
      where taken.used > wanted.maximum
    ),
    0
  );
$$;

comment on function private.take_rate_limit(text, text, integer, integer) is
  'Takes p_cost from the limit p_key of p_subject and answers 0, or the seconds to wait when the limit is used up.
p_maximum replaces the limit''s own maximum (a venue''s setting). A null subject or an unknown key is never limited.';

revoke all on function private.take_rate_limit(text, text, integer, integer) from public;

create function private.enforce_rate_limit(p_key text, p_subject text, p_maximum integer default null)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_wait integer := private.take_rate_limit(p_key, p_subject, p_maximum);
begin
  if v_wait > 0 then
    perform private.raise_error(
      429,
      'rate_limited',
      format('The limit "%s" is used up. Try again in %s seconds.', p_key, v_wait),
      format('retry_after=%s', v_wait)
    );
  end if;
end;
$$;

comment on function private.enforce_rate_limit(text, text, integer) is
  'Like take_rate_limit, but refuses with 429 rate_limited; the hint carries retry_after in seconds.';

revoke all on function private.enforce_rate_limit(text, text, integer) from public;

-- sql/10-identity/10-profiles.sql
-- Who a person is, beside what Auth keeps: one profile for every user, a singer profile for those who sing.

create table public.profiles (
  user_id uuid primary key references auth.users (id) on delete cascade,
  name text,
  display_name text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint name_is_1_to_255_characters check (char_length(name) between 1 and 255 and name = btrim(name)),
  constraint display_name_is_1_to_100_characters
    check (char_length(display_name) between 1 and 100 and display_name = btrim(display_name))
);

alter table public.profiles enable row level security;
revoke all on public.profiles from anon, authenticated, service_role;

comment on table public.profiles is 'One row per user, guests included. Made with the user, goes with the user.';
comment on column public.profiles.name is 'Full name, seen by the members of the organizations the user belongs to.';
comment on column public.profiles.display_name is 'How the user is called in a room when the singer profile has no nickname.';

create trigger profiles_set_updated_at
  before update on public.profiles
  for each row execute function private.set_updated_at();

create table public.singer_profiles (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null unique references auth.users (id) on delete cascade,
  nickname text,
  avatar_path text,
  preferences jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint nickname_is_1_to_100_characters
    check (char_length(nickname) between 1 and 100 and nickname = btrim(nickname)),
  constraint preferences_are_an_object check (jsonb_typeof(preferences) = 'object'),
  constraint preferences_are_small check (pg_column_size(preferences) <= 16384)
);

alter table public.singer_profiles enable row level security;
revoke all on public.singer_profiles from anon, authenticated, service_role;

comment on table public.singer_profiles is 'The singer side of a user: what the room and the app know about them.';

create trigger singer_profiles_set_updated_at
  before update on public.singer_profiles
  for each row execute function private.set_updated_at();

-- sql/10-identity/20-sessions.sql
-- Which callers are believed. A token says who somebody is; everything else is looked up on every statement, so that
-- signing out, a ban or a new factor works at once and not when the token expires.

create function private.claims()
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select nullif(current_setting('request.jwt.claims', true), '')::jsonb;
$$;

revoke all on function private.claims() from public;

create function private.session_refusal()
returns text
language sql
stable
security definer
set search_path = ''
as $$
  -- The first reason that applies, or null when the caller may go on.
  select case
    when auth.uid() is null then 'not_signed_in'
    when session.id is null or session.user_id is distinct from auth.uid() then 'session_ended'
    when session.not_after < now() then 'session_ended'
    when account.deleted_at is not null or account.banned_until > now() then 'user_banned'
    when private.claims() ->> 'aal' is distinct from 'aal2' and exists (
      select from auth.mfa_factors as factor where factor.user_id = account.id and factor.status = 'verified'
    ) then 'second_factor_required'
  end
  from (select) as caller
  left join auth.users as account on account.id = auth.uid()
  left join auth.sessions as session on session.id = nullif(private.claims() ->> 'session_id', '')::uuid;
$$;

comment on function private.session_refusal() is
  'Why the caller''s session is not believed: not_signed_in, session_ended, user_banned, second_factor_required; null when it
is. Definer: callers cannot read the auth tables.';

revoke all on function private.session_refusal() from public;

create function private.session_is_trusted()
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select private.session_refusal() is null;
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
  -- Reads run in read-only transactions, which cannot count.
  if current_setting('transaction_read_only') = 'off' then
    perform private.enforce_rate_limit('user_writes', auth.uid()::text);
  end if;
end;
$$;

comment on function private.check_request() is
  'Runs before every REST request: refuses ended sessions and banned users, and applies the limit of writes per user.';

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

-- sql/10-identity/30-sign-up.sql
-- What a new user gets, in the transaction in which Auth makes the user.

create function private.create_account()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_name text := left(nullif(normalize(btrim(coalesce(new.raw_user_meta_data ->> 'name', '')), nfc), ''), 255);
begin
  insert into public.profiles (user_id, name) values (new.id, v_name);
  if new.is_anonymous then
    return null;
  end if;
  if new.raw_user_meta_data ->> 'account_type' = 'customer' then
    perform private.create_organization(
      new.id,
      coalesce(nullif(btrim(new.raw_user_meta_data ->> 'organization_name'), ''), v_name, split_part(new.email, '@', 1), 'Karaoke'),
      nullif(btrim(new.raw_user_meta_data ->> 'time_zone'), '')
    );
  else
    insert into public.singer_profiles (user_id, nickname)
    values (new.id, left(nullif(normalize(btrim(coalesce(new.raw_user_meta_data ->> 'nickname', '')), nfc), ''), 100));
  end if;
  return null;
end;
$$;

comment on function private.create_account() is
  'Profile for everybody; organization with owner for account type customer, singer profile for the others; neither for a
guest. Roles in the user''s metadata are never read. Definer: Auth''s role may write none of these tables.';

revoke all on function private.create_account() from public;
grant execute on function private.create_account() to supabase_auth_admin;

create trigger users_create_account
  after insert on auth.users
  for each row execute function private.create_account();

create function private.complete_guest_account()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into public.singer_profiles (user_id) values (new.id) on conflict (user_id) do nothing;
  return null;
end;
$$;

comment on function private.complete_guest_account() is
  'A guest who adds an e-mail address or phone becomes a singer under the same id, so requests stay theirs. Definer: as
create_account.';

revoke all on function private.complete_guest_account() from public;
grant execute on function private.complete_guest_account() to supabase_auth_admin;

create trigger users_complete_guest_account
  after update of is_anonymous on auth.users
  for each row
  when (old.is_anonymous and not new.is_anonymous)
  execute function private.complete_guest_account();

create function private.create_singer_profile()
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_singer_profile_id uuid;
begin
  if (private.claims() ->> 'is_anonymous')::boolean then
    perform private.raise_error(
      403, 'guest_not_allowed', 'A guest has no singer profile.', 'Add an e-mail address to the account first.'
    );
  end if;
  insert into public.singer_profiles (user_id) values (v_user_id) on conflict (user_id) do nothing;
  select profile.id into v_singer_profile_id from public.singer_profiles as profile where profile.user_id = v_user_id;
  return v_singer_profile_id;
end;
$$;

comment on function private.create_singer_profile() is 'Definer: rows of this table are made only here and at sign-up.';

revoke all on function private.create_singer_profile() from public;
grant execute on function private.create_singer_profile() to authenticated;

create function public.create_singer_profile()
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.create_singer_profile();
$$;

comment on function public.create_singer_profile() is
  'Gives the caller a singer profile, for those who signed up as customer, and returns its id. Calling it again is harmless.
Errors: 401; 403 guest_not_allowed.';

revoke all on function public.create_singer_profile() from public;
grant execute on function public.create_singer_profile() to authenticated;

-- sql/10-identity/40-auth-hooks.sql
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
  select case
    when coalesce(event #>> '{user,user_metadata,account_type}', 'singer') in ('singer', 'customer') then '{}'::jsonb
    else jsonb_build_object(
      'error',
      jsonb_build_object('http_code', 400, 'message', 'account_type must be "singer" or "customer"')
    )
  end;
$$;

comment on function private.before_user_created_hook(jsonb) is
  'Auth hook: the only account types are singer (also when none is given) and customer.';

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
  v_data jsonb := event -> 'email_data';
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
    'sms', 'auth_one_time_code', event #>> '{sms,phone}', jsonb_build_object('code', event #>> '{sms,otp}'),
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

-- sql/10-identity/50-active-context.sql
create function private.switch_context(p_organization_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_user();
  if p_organization_id is not null then
    perform private.require_permission(p_organization_id, 'organization:read', 'organization_not_found');
  end if;
  insert into private.session_contexts (session_id, organization_id)
  values ((private.claims() ->> 'session_id')::uuid, p_organization_id)
  on conflict (session_id) do update set organization_id = excluded.organization_id, updated_at = now();
end;
$$;

comment on function private.switch_context(uuid) is 'Definer: contexts are private, and membership is checked here.';

revoke all on function private.switch_context(uuid) from public;
grant execute on function private.switch_context(uuid) to authenticated;

create function public.switch_context(p_organization_id uuid default null)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.switch_context(p_organization_id);
$$;

comment on function public.switch_context(uuid) is
  'Makes this session work as an organization the caller is an active member of, or as singer when null. Refresh the session
to see it in the token (active_context). Errors: 401; 404 organization_not_found.';

revoke all on function public.switch_context(uuid) from public;
grant execute on function public.switch_context(uuid) to authenticated;

-- sql/20-organizations/10-roles-and-permissions.sql
-- Roles, permissions and who holds what by default are rows, filled by seed/reference.

create table public.permissions (
  key text primary key,
  description text not null,
  constraint key_is_resource_and_action check (key ~ '^[a-z_]+:[a-z_]+$')
);

alter table public.permissions enable row level security;
revoke all on public.permissions from anon, authenticated, service_role;

comment on table public.permissions is 'Everything a member of an organization may be allowed to do, as resource:action.';

create table public.roles (
  key text primary key,
  name text not null,
  description text not null,
  is_platform_role boolean not null default false,
  rank integer not null
);

alter table public.roles enable row level security;
revoke all on public.roles from anon, authenticated, service_role;

comment on table public.roles is
  'Roles inside an organization, and platform roles outside any (is_platform_role), which no organization can give.';
comment on column public.roles.rank is 'Order for lists, the most powerful first.';

create table public.role_permissions (
  role_key text not null references public.roles (key) on update cascade on delete cascade,
  permission_key text not null references public.permissions (key) on update cascade on delete cascade,
  primary key (role_key, permission_key)
);

alter table public.role_permissions enable row level security;
revoke all on public.role_permissions from anon, authenticated, service_role;

create index role_permissions_permission_key_idx on public.role_permissions (permission_key);

comment on table public.role_permissions is 'What each role may do unless an override of the member says otherwise.';

-- sql/20-organizations/20-organizations.sql
-- The tenant. Everything a karaoke host owns hangs off an organization.

create table public.organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  legal_name text,
  contact_email text,
  contact_phone text,
  time_zone text not null default 'UTC',
  require_mfa boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint name_is_1_to_255_characters check (char_length(name) between 1 and 255 and name = btrim(name)),
  constraint legal_name_is_1_to_255_characters
    check (char_length(legal_name) between 1 and 255 and legal_name = btrim(legal_name)),
  constraint contact_email_is_an_address
    check (contact_email ~ '^[^@\s]+@[^@\s]+$' and contact_email = lower(contact_email) and char_length(contact_email) <= 255),
  constraint contact_phone_is_e164 check (contact_phone ~ '^\+[1-9][0-9]{1,14}$')
);

alter table public.organizations enable row level security;
revoke all on public.organizations from anon, authenticated, service_role;

comment on table public.organizations is 'A karaoke host or venue business: the tenant.';
comment on column public.organizations.time_zone is 'IANA name. "Today", "this month" and daily figures are counted in it.';
comment on column public.organizations.require_mfa is 'When true, a member''s session counts only after a second factor.';

create function private.check_organization_time_zone()
returns trigger
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  if not exists (select from pg_catalog.pg_timezone_names as zone where zone.name = new.time_zone) then
    perform private.raise_error(
      400, 'invalid_time_zone', format('"%s" is no time zone.', left(new.time_zone, 100)), 'Use an IANA name such as America/Chicago.'
    );
  end if;
  return new;
end;
$$;

revoke all on function private.check_organization_time_zone() from public;

create trigger organizations_check_time_zone
  before insert or update of time_zone on public.organizations
  for each row execute function private.check_organization_time_zone();

create trigger organizations_set_updated_at
  before update on public.organizations
  for each row execute function private.set_updated_at();

-- OpenKJ reads every id as a 32-bit integer, so an organization counts its own venues, systems and requests. The change
-- serial is a counter of its own: it says "something a host wants to see has changed", and never allots an id.
create table private.organization_counters (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  next_openkj_venue_id integer not null default 1001,
  next_openkj_system_id integer not null default 1,
  next_openkj_request_id integer not null default 1,
  openkj_serial integer not null default 1,
  constraint openkj_serial_is_positive check (openkj_serial > 0)
) with (fillfactor = 50);

alter table private.organization_counters enable row level security;

comment on table private.organization_counters is 'Per-organization counters. Numbers are never reused.';
comment on column private.organization_counters.openkj_serial is
  '31-bit, never 0; after 2147483647 it starts again at 1 (a client only compares for inequality).';

create function private.create_organization_counters()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into private.organization_counters (organization_id) values (new.id);
  return null;
end;
$$;

comment on function private.create_organization_counters() is 'Definer: the counters are private.';

revoke all on function private.create_organization_counters() from public;

create trigger organizations_create_counters
  after insert on public.organizations
  for each row execute function private.create_organization_counters();

create function private.bump_openkj_serial(p_organization_ids uuid[])
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  -- Locked in one order, so that two transactions over the same organizations never wait for each other.
  update private.organization_counters as counter
  set openkj_serial = case when counter.openkj_serial = 2147483647 then 1 else counter.openkj_serial + 1 end
  from (
    select locked.organization_id
    from private.organization_counters as locked
    where locked.organization_id = any (p_organization_ids)
    order by locked.organization_id
    for no key update
  ) as ordered
  where counter.organization_id = ordered.organization_id;
$$;

comment on function private.bump_openkj_serial(uuid[]) is
  'Moves the change serial of the organizations, in the transaction of the change itself.';

revoke all on function private.bump_openkj_serial(uuid[]) from public;

alter table private.session_contexts
  add constraint session_contexts_organization_id_fkey
  foreign key (organization_id) references public.organizations (id) on delete cascade;

create index session_contexts_organization_id_idx on private.session_contexts (organization_id);

-- sql/20-organizations/30-members.sql
create table public.organization_members (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  role_key text not null references public.roles (key) on update cascade on delete restrict,
  status text not null default 'active',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint status_is_known check (status in ('invited', 'active', 'suspended', 'revoked')),
  constraint owner_is_active check (role_key <> 'owner' or status = 'active'),
  unique (organization_id, user_id)
);

alter table public.organization_members enable row level security;
revoke all on public.organization_members from anon, authenticated, service_role;

create index organization_members_user_id_idx on public.organization_members (user_id);
create index organization_members_role_key_idx on public.organization_members (role_key);
create unique index organization_members_one_owner_idx on public.organization_members (organization_id)
  where role_key = 'owner';

comment on table public.organization_members is
  'Who belongs to an organization. Only status active counts. The owner is a member like any other, and there is exactly one.';

create trigger organization_members_set_updated_at
  before update on public.organization_members
  for each row execute function private.set_updated_at();

create function private.check_member_role()
returns trigger
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  if (select role.is_platform_role from public.roles as role where role.key = new.role_key) then
    perform private.raise_error(
      400, 'not_an_organization_role', format('"%s" is a platform role.', new.role_key), 'Choose one of the organization roles.'
    );
  end if;
  return new;
end;
$$;

revoke all on function private.check_member_role() from public;

create trigger organization_members_check_role
  before insert or update of role_key on public.organization_members
  for each row execute function private.check_member_role();

create table public.organization_member_permissions (
  organization_member_id uuid not null references public.organization_members (id) on delete cascade,
  permission_key text not null references public.permissions (key) on update cascade on delete cascade,
  effect text not null,
  created_at timestamptz not null default now(),
  constraint effect_is_known check (effect in ('grant', 'deny')),
  primary key (organization_member_id, permission_key, effect)
);

alter table public.organization_member_permissions enable row level security;
revoke all on public.organization_member_permissions from anon, authenticated, service_role;

create index organization_member_permissions_permission_key_idx on public.organization_member_permissions (permission_key);

comment on table public.organization_member_permissions is
  'Overrides of one member: a granted permission is added to the role''s, a denied one is taken away; a denial wins.';

-- sql/20-organizations/40-permission-path.sql
-- The one way a permission is decided. Policies ask organizations_with() once per statement; RPCs ask has_permission() or
-- require_permission() for the one organization they are about.

create function private.organizations_with(p_permission text)
returns setof uuid
language sql
stable
security definer
set search_path = ''
rows 10
as $$
  select member.organization_id
  from public.organization_members as member
  join public.organizations as organization on organization.id = member.organization_id
  where member.user_id = (select auth.uid())
    and member.status = 'active'
    and (select private.session_is_trusted())
    and (not organization.require_mfa or (select private.claims() ->> 'aal') = 'aal2')
    and not exists (
      select
      from public.organization_member_permissions as denied
      where denied.organization_member_id = member.id and denied.permission_key = p_permission and denied.effect = 'deny'
    )
    and (
      exists (
        select
        from public.role_permissions as held
        where held.role_key = member.role_key and held.permission_key = p_permission
      )
      or exists (
        select
        from public.organization_member_permissions as granted
        where granted.organization_member_id = member.id and granted.permission_key = p_permission and granted.effect = 'grant'
      )
    );
$$;

comment on function private.organizations_with(text) is
  'The organizations in which the caller holds the permission now: active membership, role plus grants minus denials, a
trusted session, and a second factor where the organization asks for one. Definer: it reads memberships of all.';

revoke all on function private.organizations_with(text) from public;
grant execute on function private.organizations_with(text) to anon, authenticated;

create function private.has_permission(p_organization_id uuid, p_permission text)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select exists (select from private.organizations_with(p_permission) as organization_id where organization_id = p_organization_id);
$$;

comment on function private.has_permission(uuid, text) is 'Whether the caller holds the permission in the organization now.';

revoke all on function private.has_permission(uuid, text) from public;
grant execute on function private.has_permission(uuid, text) to anon, authenticated;

create function private.require_permission(p_organization_id uuid, p_permission text, p_not_found text)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_user();
  if private.has_permission(p_organization_id, p_permission) then
    return;
  end if;
  -- Members learn what they lack; for everybody else there is nothing here.
  if exists (
    select
    from public.organization_members as member
    join public.organizations as organization on organization.id = member.organization_id
    where member.organization_id = p_organization_id and member.user_id = auth.uid() and member.status = 'active'
      and organization.require_mfa and private.claims() ->> 'aal' is distinct from 'aal2'
  ) then
    perform private.raise_error(
      403, 'second_factor_required', 'This organization asks its members for a second factor.', 'Enroll a factor and verify a code of it.'
    );
  end if;
  if private.has_permission(p_organization_id, 'organization:read') then
    perform private.raise_error(
      403, 'permission_denied', format('Your role does not include the permission "%s".', p_permission),
      'Ask the owner of the organization for it.'
    );
  end if;
  perform private.raise_error(404, p_not_found, 'There is no such thing, or it is not yours.', 'Check the id.');
end;
$$;

comment on function private.require_permission(uuid, text, text) is
  'Refuses unless the caller holds the permission: as require_user(); 403 permission_denied for members; 404 p_not_found for
everybody else, exactly as for an id that does not exist (pass null as the organization then).';

revoke all on function private.require_permission(uuid, text, text) from public;

-- sql/20-organizations/50-create-organization.sql
create function private.create_organization(p_owner_id uuid, p_name text, p_time_zone text default null)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_organization_id uuid;
  v_name text := normalize(btrim(coalesce(p_name, '')), nfc);
begin
  if char_length(v_name) not between 1 and 255 then
    perform private.raise_error(
      400, 'invalid_organization_name', format('The name has %s characters.', char_length(v_name)), 'Give 1 to 255 characters.'
    );
  end if;
  insert into public.organizations (name, time_zone)
  values (v_name, coalesce(p_time_zone, 'UTC'))
  returning id into v_organization_id;
  insert into public.organization_members (organization_id, user_id, role_key)
  values (v_organization_id, p_owner_id, 'owner');
  -- A stock OpenKJ uploads to system 1, so there is one from the start.
  insert into public.systems (organization_id, name) values (v_organization_id, 'Karaoke system');
  return v_organization_id;
end;
$$;

comment on function private.create_organization(uuid, text, text) is
  'Makes an organization, its owner and its first system in one transaction. Definer: nobody may insert either directly.';

revoke all on function private.create_organization(uuid, text, text) from public;

create function private.create_own_organization(p_name text, p_time_zone text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
begin
  if (private.claims() ->> 'is_anonymous')::boolean then
    perform private.raise_error(
      403, 'guest_not_allowed', 'A guest cannot own an organization.', 'Add an e-mail address to the account first.'
    );
  end if;
  perform private.enforce_rate_limit('organization_creation', v_user_id::text);
  return private.create_organization(v_user_id, p_name, p_time_zone);
end;
$$;

comment on function private.create_own_organization(text, text) is 'Definer: see create_organization.';

revoke all on function private.create_own_organization(text, text) from public;
grant execute on function private.create_own_organization(text, text) to authenticated;

create function public.create_organization(p_name text, p_time_zone text default 'UTC')
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.create_own_organization(p_name, p_time_zone);
$$;

comment on function public.create_organization(text, text) is
  'Creates an organization owned by the caller and returns its id. p_name: 1-255 characters. p_time_zone: IANA name.
Errors: 400 invalid_organization_name, invalid_time_zone; 401; 403 guest_not_allowed; 429.';

revoke all on function public.create_organization(text, text) from public;
grant execute on function public.create_organization(text, text) to authenticated;

-- sql/20-organizations/60-api-keys.sql
-- API keys: what machines (OpenKJ, other karaoke programs) show instead of a person. The row people see holds no secret;
-- secrets are hashes in a table of their own, two of them while a rotation's grace period lasts.

create table public.api_key_scopes (
  key text primary key,
  description text not null,
  permission_key text not null references public.permissions (key) on update cascade on delete restrict
);

alter table public.api_key_scopes enable row level security;
revoke all on public.api_key_scopes from anon, authenticated, service_role;

create index api_key_scopes_permission_key_idx on public.api_key_scopes (permission_key);

comment on table public.api_key_scopes is 'What an API key may be allowed to do, and the permission its creator must hold for it.';

create table public.api_keys (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  name text not null,
  description text,
  prefix text not null,
  scopes text[] not null,
  allowed_networks cidr[],
  system_id uuid,
  venue_id uuid,
  expires_at timestamptz,
  revoked_at timestamptz,
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint name_is_1_to_100_characters check (char_length(name) between 1 and 100 and name = btrim(name)),
  constraint description_is_up_to_500_characters check (char_length(description) <= 500),
  constraint scopes_are_1_to_20 check (cardinality(scopes) between 1 and 20),
  constraint allowed_networks_are_1_to_20 check (cardinality(allowed_networks) between 1 and 20)
);

alter table public.api_keys enable row level security;
revoke all on public.api_keys from anon, authenticated, service_role;

create index api_keys_organization_id_idx on public.api_keys (organization_id, created_at desc);
create index api_keys_created_by_idx on public.api_keys (created_by);
create index api_keys_prefix_idx on public.api_keys (prefix);

comment on table public.api_keys is 'API keys without their secrets. A revoked key stays revoked.';
comment on column public.api_keys.prefix is 'First 12 characters of the newest secret, to recognise the key by.';
comment on column public.api_keys.allowed_networks is 'When set, the key works only from these networks.';
comment on column public.api_keys.system_id is 'When set, the key works only for this system''s song book.';
comment on column public.api_keys.venue_id is 'When set, the key works only for this venue.';

create trigger api_keys_set_updated_at
  before update on public.api_keys
  for each row execute function private.set_updated_at();

create table private.api_key_secrets (
  secret_hash bytea primary key,
  api_key_id uuid not null references public.api_keys (id) on delete cascade,
  valid_until timestamptz,
  created_at timestamptz not null default now()
);

alter table private.api_key_secrets enable row level security;

create index api_key_secrets_api_key_id_idx on private.api_key_secrets (api_key_id);

comment on table private.api_key_secrets is 'SHA-256 of each whole secret; valid_until is set when a rotation replaced it.';

create table public.api_key_usage (
  api_key_id uuid not null references public.api_keys (id) on delete cascade,
  day date not null,
  calls integer not null default 0,
  failures integer not null default 0,
  last_call_at timestamptz,
  last_call_from inet,
  last_failure_at timestamptz,
  last_failure_from inet,
  last_failure_reason text,
  primary key (api_key_id, day)
) with (fillfactor = 70);

alter table public.api_key_usage enable row level security;
revoke all on public.api_key_usage from anon, authenticated, service_role;

comment on table public.api_key_usage is
  'Use of a key per day (UTC). A failure is a call with a secret that has the key''s prefix and did not work: OpenKJ shows its
user nothing when the key is wrong, so this is where a host sees it.';
comment on column public.api_key_usage.calls is 'Calls other than the change poll, which only moves last_call_at, at most every 30 s.';

create type private.api_key_caller as (api_key_id uuid, organization_id uuid, scopes text[], system_id uuid, venue_id uuid);

create function private.record_api_key_call(p_api_key_id uuid, p_address inet, p_is_poll boolean)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_today date := (now() at time zone 'UTC')::date;
begin
  if p_is_poll and exists (
    select
    from public.api_key_usage as recent
    where recent.api_key_id = p_api_key_id and recent.day = v_today and recent.last_call_at > now() - interval '30 seconds'
  ) then
    return false;
  end if;
  insert into public.api_key_usage as usage (api_key_id, day, calls, last_call_at, last_call_from)
  values (p_api_key_id, v_today, case when p_is_poll then 0 else 1 end, now(), p_address)
  on conflict (api_key_id, day) do update set
    calls = usage.calls + excluded.calls, last_call_at = excluded.last_call_at, last_call_from = excluded.last_call_from;
  return true;
end;
$$;

comment on function private.record_api_key_call(uuid, inet, boolean) is
  'Counts a call. A poll is only noted when the last call was over 30 s ago; returns whether anything was written.';

revoke all on function private.record_api_key_call(uuid, inet, boolean) from public;

create function private.record_api_key_failure(p_key text, p_address inet, p_reason text)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  insert into public.api_key_usage as usage (api_key_id, day, failures, last_failure_at, last_failure_from, last_failure_reason)
  select api_key.id, (now() at time zone 'UTC')::date, 1, now(), p_address, p_reason
  from public.api_keys as api_key
  where api_key.prefix = left(p_key, 12)
  order by api_key.id
  on conflict (api_key_id, day) do update set
    failures = usage.failures + 1,
    last_failure_at = excluded.last_failure_at,
    last_failure_from = excluded.last_failure_from,
    last_failure_reason = excluded.last_failure_reason;
$$;

revoke all on function private.record_api_key_failure(text, inet, text) from public;

create function private.verify_api_key(p_key text, p_address inet, out caller private.api_key_caller, out refusal text)
language sql
stable
security invoker
set search_path = ''
as $$
  select
    row(api_key.id, api_key.organization_id, api_key.scopes, api_key.system_id, api_key.venue_id)::private.api_key_caller,
    case
      when api_key.id is null then 'unknown_key'
      when api_key.revoked_at is not null then 'revoked'
      when secret.valid_until <= now() then 'rotated'
      when api_key.expires_at <= now() then 'expired'
      when api_key.allowed_networks is not null
        and not coalesce(p_address <<= any (api_key.allowed_networks::inet[]), false) then 'address_not_allowed'
    end
  from (select sha256(convert_to(coalesce(p_key, ''), 'UTF8')) as hash) as presented
  left join private.api_key_secrets as secret on secret.secret_hash = presented.hash
  left join public.api_keys as api_key on api_key.id = secret.api_key_id;
$$;

comment on function private.verify_api_key(text, inet) is
  'The only verifier of API keys: one index look-up. refusal is null when the key works, else unknown_key, revoked, rotated,
expired or address_not_allowed; callers answer all of them alike and record the failure.';

revoke all on function private.verify_api_key(text, inet) from public;

create function private.add_api_key_secret(p_api_key_id uuid)
returns text
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_key text := 'sk_live_' || rtrim(
    translate(replace(encode(extensions.gen_random_bytes(32), 'base64'), E'\n', ''), '+/', '-_'), '='
  );
begin
  insert into private.api_key_secrets (secret_hash, api_key_id) values (sha256(convert_to(v_key, 'UTF8')), p_api_key_id);
  update public.api_keys set prefix = left(v_key, 12) where id = p_api_key_id;
  return v_key;
end;
$$;

comment on function private.add_api_key_secret(uuid) is
  'Makes a secret of 256 random bits for the key and returns it, the only time it exists in clear. Definer: hashes are private.';

revoke all on function private.add_api_key_secret(uuid) from public;

create function private.create_api_key(
  p_organization_id uuid, p_name text, p_scopes text[], p_description text, p_expires_at timestamptz, p_allowed_networks cidr[],
  p_system_id uuid, p_venue_id uuid
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_scopes text[];
  v_refused text;
  v_api_key public.api_keys;
  v_key text;
begin
  perform private.require_permission(p_organization_id, 'api_keys:write', 'organization_not_found');

  select array_agg(distinct scope order by scope) into v_scopes from unnest(p_scopes) as scope;
  if coalesce(cardinality(v_scopes), 0) not between 1 and 20 then
    perform private.raise_error(400, 'invalid_scopes', 'An API key needs 1 to 20 scopes.', 'See the table api_key_scopes.');
  end if;
  select string_agg(coalesce(scope, 'null'), ', ') into v_refused
  from unnest(v_scopes) as scope
  where not exists (select from public.api_key_scopes as known where known.key = scope);
  if v_refused is not null then
    perform private.raise_error(400, 'invalid_scopes', 'Unknown scopes: ' || v_refused, 'See the table api_key_scopes.');
  end if;
  select string_agg(known.key, ', ' order by known.key) into v_refused
  from public.api_key_scopes as known
  where known.key = any (v_scopes) and not private.has_permission(p_organization_id, known.permission_key);
  if v_refused is not null then
    perform private.raise_error(
      403, 'scope_not_held', 'A key cannot do what its creator may not: ' || v_refused, 'Leave these scopes out.'
    );
  end if;
  if char_length(btrim(coalesce(p_name, ''))) not between 1 and 100 then
    perform private.raise_error(400, 'invalid_name', 'The name must have 1 to 100 characters.', 'Say what the key is for.');
  end if;
  if char_length(p_description) > 500 then
    perform private.raise_error(400, 'invalid_description', 'The description has over 500 characters.', 'Shorten it.');
  end if;
  if p_expires_at <= now() then
    perform private.raise_error(400, 'invalid_expiry', 'The expiry is in the past.', 'Give a time to come, or none.');
  end if;
  if p_system_id is not null and not exists (
    select from public.systems as system where system.id = p_system_id and system.organization_id = p_organization_id
  ) then
    perform private.raise_error(404, 'system_not_found', 'There is no such system, or it is not yours.', 'Check the id.');
  end if;
  if p_venue_id is not null and not exists (
    select from public.venues as venue where venue.id = p_venue_id and venue.organization_id = p_organization_id
  ) then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue, or it is not yours.', 'Check the id.');
  end if;

  insert into public.api_keys (
    organization_id, name, description, prefix, scopes, allowed_networks, system_id, venue_id, expires_at, created_by
  )
  values (
    p_organization_id, btrim(p_name), p_description, '', v_scopes, p_allowed_networks, p_system_id, p_venue_id, p_expires_at,
    auth.uid()
  )
  returning id into v_api_key.id;
  v_key := private.add_api_key_secret(v_api_key.id);
  select * into v_api_key from public.api_keys as api_key where api_key.id = v_api_key.id;
  return to_jsonb(v_api_key) || jsonb_build_object('key', v_key);
end;
$$;

comment on function private.create_api_key(uuid, text, text[], text, timestamptz, cidr[], uuid, uuid) is
  'Definer: keys are made only here.';

revoke all on function private.create_api_key(uuid, text, text[], text, timestamptz, cidr[], uuid, uuid) from public;
grant execute on function private.create_api_key(uuid, text, text[], text, timestamptz, cidr[], uuid, uuid) to authenticated;

create function public.create_api_key(
  p_organization_id uuid,
  p_name text,
  p_scopes text[],
  p_description text default null,
  p_expires_at timestamptz default null,
  p_allowed_networks cidr[] default null,
  p_system_id uuid default null,
  p_venue_id uuid default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.create_api_key(
    p_organization_id, p_name, p_scopes, p_description, p_expires_at, p_allowed_networks, p_system_id, p_venue_id
  );
$$;

comment on function public.create_api_key(uuid, text, text[], text, timestamptz, cidr[], uuid, uuid) is
  'Creates an API key and returns its row with the secret in "key": the only time it is shown. Needs api_keys:write and, for
each scope, the permission it stands for. Errors: 400 invalid_scopes, invalid_name, invalid_description, invalid_expiry;
403 permission_denied, scope_not_held; 404 organization_not_found, system_not_found, venue_not_found.';

revoke all on function public.create_api_key(uuid, text, text[], text, timestamptz, cidr[], uuid, uuid) from public;
grant execute on function public.create_api_key(uuid, text, text[], text, timestamptz, cidr[], uuid, uuid) to authenticated;

create function private.rotate_api_key(p_api_key_id uuid, p_grace_hours integer)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_api_key public.api_keys;
  v_key text;
begin
  -- The lock makes two rotations at once follow each other: each replaces what it found.
  select * into v_api_key from public.api_keys as api_key where api_key.id = p_api_key_id for update;
  perform private.require_permission(v_api_key.organization_id, 'api_keys:write', 'api_key_not_found');
  if v_api_key.revoked_at is not null then
    perform private.raise_error(409, 'api_key_revoked', 'A revoked key stays revoked.', 'Create a new key.');
  end if;
  if p_grace_hours is null or p_grace_hours not between 0 and 24 then
    perform private.raise_error(400, 'invalid_grace_hours', 'The grace period must be 0 to 24 hours.', 'Leave it out for none.');
  end if;
  perform private.enforce_rate_limit('api_key_rotation', p_api_key_id::text);
  update private.api_key_secrets
  set valid_until = least(valid_until, now() + make_interval(hours => p_grace_hours))
  where api_key_id = p_api_key_id;
  v_key := private.add_api_key_secret(p_api_key_id);
  select * into v_api_key from public.api_keys as api_key where api_key.id = p_api_key_id;
  return to_jsonb(v_api_key) || jsonb_build_object('key', v_key);
end;
$$;

comment on function private.rotate_api_key(uuid, integer) is 'Definer: hashes are private.';

revoke all on function private.rotate_api_key(uuid, integer) from public;
grant execute on function private.rotate_api_key(uuid, integer) to authenticated;

create function public.rotate_api_key(p_api_key_id uuid, p_grace_hours integer default 0)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.rotate_api_key(p_api_key_id, p_grace_hours);
$$;

comment on function public.rotate_api_key(uuid, integer) is
  'Gives the key a new secret, returned in "key" this once; the old one works p_grace_hours (0-24) longer. Needs api_keys:write.
Errors: 400 invalid_grace_hours; 403; 404 api_key_not_found; 409 api_key_revoked; 429 after 5 an hour.';

revoke all on function public.rotate_api_key(uuid, integer) from public;
grant execute on function public.rotate_api_key(uuid, integer) to authenticated;

create function private.revoke_api_key(p_api_key_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_organization_id uuid;
begin
  select api_key.organization_id into v_organization_id from public.api_keys as api_key where api_key.id = p_api_key_id;
  perform private.require_permission(v_organization_id, 'api_keys:revoke', 'api_key_not_found');
  update public.api_keys set revoked_at = now() where id = p_api_key_id and revoked_at is null;
end;
$$;

comment on function private.revoke_api_key(uuid) is 'Definer: revoked_at is written only here.';

revoke all on function private.revoke_api_key(uuid) from public;
grant execute on function private.revoke_api_key(uuid) to authenticated;

create function public.revoke_api_key(p_api_key_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.revoke_api_key(p_api_key_id);
$$;

comment on function public.revoke_api_key(uuid) is
  'Ends the key for good, from the next call on. Again is harmless. Needs api_keys:revoke. Errors: 403; 404 api_key_not_found.';

revoke all on function public.revoke_api_key(uuid) from public;
grant execute on function public.revoke_api_key(uuid) to authenticated;

-- sql/30-venues/10-systems.sql
-- A system is one karaoke rig of an organization; the song book belongs to it.

create table public.systems (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  -- Allotted by a trigger; the default only tells generated types that it may be left out.
  openkj_system_id integer not null default 0,
  name text not null,
  configuration jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint name_is_1_to_255_characters check (char_length(name) between 1 and 255 and name = btrim(name)),
  constraint configuration_is_an_object check (jsonb_typeof(configuration) = 'object'),
  constraint configuration_is_small check (pg_column_size(configuration) <= 65536),
  unique (organization_id, openkj_system_id),
  unique (id, organization_id)
);

alter table public.systems enable row level security;
revoke all on public.systems from anon, authenticated, service_role;

comment on table public.systems is 'A karaoke rig with a song book of its own.';
comment on column public.systems.openkj_system_id is 'What OpenKJ calls it; counted per organization from 1, never reused.';

create trigger systems_set_updated_at
  before update on public.systems
  for each row execute function private.set_updated_at();

create function private.number_system()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  update private.organization_counters
  set next_openkj_system_id = next_openkj_system_id + 1
  where organization_id = new.organization_id
  returning next_openkj_system_id - 1 into new.openkj_system_id;
  return new;
end;
$$;

comment on function private.number_system() is 'Definer: the counters are private.';

revoke all on function private.number_system() from public;

create trigger systems_number
  before insert on public.systems
  for each row execute function private.number_system();

-- When each rig was last heard of. Apart from its row, which people edit and which is audited.
create table private.system_heartbeats (
  system_id uuid primary key references public.systems (id) on delete cascade,
  last_seen_at timestamptz not null
) with (fillfactor = 50);

alter table private.system_heartbeats enable row level security;

comment on table private.system_heartbeats is 'Last call of OpenKJ for a system, at most one write in 30 s.';

-- sql/30-venues/20-url-names.sql
-- A venue's url name goes into QR codes and links, so it never changes by itself and an old one keeps leading to its venue.

create table private.reserved_url_names (
  url_name text primary key
);

alter table private.reserved_url_names enable row level security;

comment on table private.reserved_url_names is 'Words that routes of apps use and no venue may take.';

create function private.slugify(p_text text)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$
  select trim('-' from left(
    regexp_replace(
      lower(extensions.unaccent('extensions.unaccent'::regdictionary, normalize(p_text, nfkc))), '[^a-z0-9]+', '-', 'g'
    ),
    100
  ));
$$;

comment on function private.slugify(text) is
  'Text as part of a URL: transliterated, lower case, words joined by "-", at most 100 characters, empty when nothing is left.';

revoke all on function private.slugify(text) from public;

-- sql/30-venues/30-venues.sql
create table public.venues (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  -- Both are allotted by a trigger; the defaults only tell generated types that they may be left out.
  openkj_venue_id integer not null default 0,
  url_name text not null default '' unique,
  name text not null,
  address text not null,
  city text not null,
  state text not null,
  postal_code text not null,
  country text not null default 'USA',
  phone_number text,
  website text,
  accepting_requests boolean not null default true,
  is_private boolean not null default false,
  system_id uuid,
  latitude double precision,
  longitude double precision,
  location extensions.geography (point, 4326) generated always as (
    (extensions.st_setsrid(extensions.st_makepoint(longitude, latitude), 4326))::extensions.geography
  ) stored,
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint name_is_1_to_255_characters check (char_length(name) between 1 and 255 and name = btrim(name)),
  constraint address_is_1_to_255_characters check (char_length(address) between 1 and 255 and address = btrim(address)),
  constraint city_is_1_to_100_characters check (char_length(city) between 1 and 100 and city = btrim(city)),
  constraint state_is_2_to_50_characters check (char_length(state) between 2 and 50 and state = btrim(state)),
  constraint postal_code_is_1_to_20_characters
    check (char_length(postal_code) between 1 and 20 and postal_code = btrim(postal_code)),
  constraint country_is_1_to_50_characters check (char_length(country) between 1 and 50 and country = btrim(country)),
  constraint phone_number_is_e164 check (phone_number ~ '^\+[1-9][0-9]{1,14}$'),
  constraint website_is_a_web_address check (website ~* '^https?://[^\s<>"]+$' and char_length(website) <= 500),
  constraint url_name_is_a_slug check (url_name ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(url_name) <= 100),
  constraint latitude_is_within_90_degrees check (latitude between -90 and 90),
  constraint longitude_is_within_180_degrees check (longitude between -180 and 180),
  constraint coordinates_come_in_pairs check ((latitude is null) = (longitude is null)),
  foreign key (system_id, organization_id) references public.systems (id, organization_id) on delete restrict,
  unique (organization_id, openkj_venue_id)
);

alter table public.venues enable row level security;
revoke all on public.venues from anon, authenticated, service_role;

create index venues_system_id_idx on public.venues (system_id, organization_id);
create index venues_location_idx on public.venues using gist (location) where archived_at is null and not is_private;

comment on table public.venues is 'A place with a karaoke night. Archived venues keep their history and are found no more.';
comment on column public.venues.openkj_venue_id is 'What OpenKJ calls it; counted per organization from 1001, never reused.';
comment on column public.venues.url_name is 'Unique over all organizations; made from the name unless given; stays when the name changes.';
comment on column public.venues.system_id is 'Whose song book applies; null means the organization''s first system.';
comment on column public.venues.is_private is 'Left out of nearby search and lists; found by url name only.';

create trigger venues_set_updated_at
  before update on public.venues
  for each row execute function private.set_updated_at();

create table private.venue_url_names (
  url_name text primary key,
  venue_id uuid not null references public.venues (id) on delete cascade deferrable initially deferred
);

alter table private.venue_url_names enable row level security;

create index venue_url_names_venue_id_idx on private.venue_url_names (venue_id);

comment on table private.venue_url_names is 'Every url name a venue has or had, so that old links lead on.';

create function private.prepare_venue()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_wanted text;
  v_number integer := 1;
begin
  -- Lists people type are trimmed once, here.
  new.name := normalize(btrim(new.name), nfc);
  new.address := btrim(new.address);
  new.city := btrim(new.city);
  new.state := btrim(new.state);
  new.postal_code := btrim(new.postal_code);
  new.country := btrim(new.country);

  if tg_op = 'INSERT' then
    update private.organization_counters
    set next_openkj_venue_id = next_openkj_venue_id + 1
    where organization_id = new.organization_id
    returning next_openkj_venue_id - 1 into new.openkj_venue_id;
  elsif new.url_name = old.url_name then
    return new;
  end if;

  if nullif(new.url_name, '') is null then
    v_wanted := coalesce(nullif(private.slugify(new.name), ''), 'venue');
    new.url_name := v_wanted;
    -- Two venues of one name made at once: the second waits for the first, then takes the next number.
    perform pg_advisory_xact_lock(hashtextextended('venue_url_name:' || v_wanted, 0));
    while exists (select from private.reserved_url_names as reserved where reserved.url_name = new.url_name)
      or exists (select from private.venue_url_names as used where used.url_name = new.url_name)
    loop
      v_number := v_number + 1;
      new.url_name := rtrim(left(v_wanted, 100 - char_length('-' || v_number)), '-') || '-' || v_number;
    end loop;
  elsif exists (select from private.reserved_url_names as reserved where reserved.url_name = new.url_name) then
    perform private.raise_error(
      400, 'url_name_reserved', format('The url name "%s" is reserved.', new.url_name), 'Choose another one.'
    );
  end if;

  insert into private.venue_url_names as used (url_name, venue_id) values (new.url_name, new.id)
  on conflict (url_name) do update set venue_id = used.venue_id
  where used.venue_id = excluded.venue_id;
  if not found then
    perform private.raise_error(
      409, 'url_name_taken', format('The url name "%s" is taken.', new.url_name), 'Choose another one, or leave it out.'
    );
  end if;
  return new;
end;
$$;

comment on function private.prepare_venue() is
  'Allots number and url name. Errors: 400 url_name_reserved, 409 url_name_taken. Definer: counters and names are private.';

revoke all on function private.prepare_venue() from public;

create trigger venues_prepare
  before insert or update on public.venues
  for each row execute function private.prepare_venue();

create function private.venue_system(p_venue_id uuid)
returns uuid
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(
    venue.system_id,
    (
      select system.id
      from public.systems as system
      where system.organization_id = venue.organization_id
      order by system.openkj_system_id
      limit 1
    )
  )
  from public.venues as venue
  where venue.id = p_venue_id;
$$;

comment on function private.venue_system(uuid) is
  'The system whose book applies at the venue; null when there is none. Definer: callers may not see the tables.';

revoke all on function private.venue_system(uuid) from public;

alter table public.api_keys
  add constraint api_keys_system_id_fkey
    foreign key (system_id) references public.systems (id) on delete cascade,
  add constraint api_keys_venue_id_fkey
    foreign key (venue_id) references public.venues (id) on delete cascade;

create index api_keys_system_id_idx on public.api_keys (system_id);
create index api_keys_venue_id_idx on public.api_keys (venue_id);

-- sql/30-venues/40-finding-venues.sql
-- How singers find a venue. These are the only ways to see a venue without belonging to its organization, and they show
-- only what a venue shows the world.

create type public.venue_card as (
  id uuid,
  url_name text,
  name text,
  address text,
  city text,
  state text,
  postal_code text,
  country text,
  phone_number text,
  website text,
  accepting_requests boolean,
  latitude double precision,
  longitude double precision
);

comment on type public.venue_card is 'What a venue shows the world.';

create function private.venue_card(p_venue public.venues)
returns public.venue_card
language sql
stable
security invoker
set search_path = ''
as $$
  select row(
    p_venue.id, p_venue.url_name, p_venue.name, p_venue.address, p_venue.city, p_venue.state, p_venue.postal_code, p_venue.country,
    p_venue.phone_number, p_venue.website, p_venue.accepting_requests, p_venue.latitude, p_venue.longitude
  )::public.venue_card;
$$;

revoke all on function private.venue_card(public.venues) from public;

create function private.find_venue(p_url_name text)
returns public.venue_card
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_venue public.venues;
begin
  select venue.* into v_venue
  from private.venue_url_names as used
  join public.venues as venue on venue.id = used.venue_id
  where used.url_name = lower(btrim(p_url_name)) and venue.archived_at is null;
  if v_venue.id is null then
    perform private.raise_error(
      404, 'venue_not_found', format('There is no venue "%s".', left(p_url_name, 100)), 'Check the link or the code on the poster.'
    );
  end if;
  return private.venue_card(v_venue);
end;
$$;

comment on function private.find_venue(text) is 'Definer: the tables are for members.';

revoke all on function private.find_venue(text) from public;
grant execute on function private.find_venue(text) to anon, authenticated;

create function public.find_venue(p_url_name text)
returns public.venue_card
language sql
stable
security invoker
set search_path = ''
as $$
  select private.find_venue(p_url_name);
$$;

comment on function public.find_venue(text) is
  'The venue with this url name, or with this former url name: then url_name of the answer differs and links should follow it.
Errors: 404 venue_not_found.';

revoke all on function public.find_venue(text) from public;
grant execute on function public.find_venue(text) to anon, authenticated;

create function private.nearby_venues(
  p_latitude double precision, p_longitude double precision, p_radius_miles double precision, p_limit integer, p_accepting boolean
)
returns table (venue public.venues, distance_meters double precision)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
declare
  v_here extensions.geography;
begin
  if p_latitude is null or p_latitude not between -90 and 90 then
    perform private.raise_error(400, 'invalid_latitude', 'The latitude must be between -90 and 90.', 'Send the position in degrees.');
  end if;
  if p_longitude is null or p_longitude not between -180 and 180 then
    perform private.raise_error(400, 'invalid_longitude', 'The longitude must be between -180 and 180.', 'Send the position in degrees.');
  end if;
  if p_radius_miles is null or p_radius_miles not between 1 and 100 then
    perform private.raise_error(400, 'invalid_radius', 'The radius must be 1 to 100 miles.', 'Leave it out for 25 miles.');
  end if;
  if p_limit is null or p_limit not between 1 and 50 then
    perform private.raise_error(400, 'invalid_limit', 'The limit must be 1 to 50.', 'Leave it out for 20.');
  end if;
  v_here := extensions.st_setsrid(extensions.st_makepoint(p_longitude, p_latitude), 4326)::extensions.geography;
  return query
    select near, extensions.st_distance(near.location, v_here)
    from public.venues as near
    where near.archived_at is null
      and not near.is_private
      and (p_accepting is null or near.accepting_requests = p_accepting)
      and extensions.st_dwithin(near.location, v_here, p_radius_miles * 1609.344)
    order by near.location operator(extensions.<->) v_here, near.id
    limit p_limit;
end;
$$;

comment on function private.nearby_venues(double precision, double precision, double precision, integer, boolean) is
  'Definer: the tables are for members. Never leaves the private schema as whole rows.';

revoke all on function private.nearby_venues(double precision, double precision, double precision, integer, boolean) from public;

create function private.nearby_venue_cards(
  p_latitude double precision, p_longitude double precision, p_radius_miles double precision, p_limit integer, p_accepting boolean
)
returns table (
  id uuid, url_name text, name text, address text, city text, state text, postal_code text, country text, accepting_requests boolean,
  latitude double precision, longitude double precision, distance_miles numeric, distance_kilometers numeric
)
language sql
stable
security definer
set search_path = ''
rows 20
as $$
  select
    (near.venue).id, (near.venue).url_name, (near.venue).name, (near.venue).address, (near.venue).city, (near.venue).state,
    (near.venue).postal_code, (near.venue).country, (near.venue).accepting_requests, (near.venue).latitude, (near.venue).longitude,
    round((near.distance_meters / 1609.344)::numeric, 2), round((near.distance_meters / 1000)::numeric, 2)
  from private.nearby_venues(p_latitude, p_longitude, p_radius_miles, p_limit, p_accepting) as near
  order by near.distance_meters, (near.venue).id;
$$;

comment on function private.nearby_venue_cards(double precision, double precision, double precision, integer, boolean) is
  'Definer: see nearby_venues.';

revoke all on function private.nearby_venue_cards(double precision, double precision, double precision, integer, boolean) from public;
grant execute on function private.nearby_venue_cards(double precision, double precision, double precision, integer, boolean)
  to anon, authenticated;

create function public.nearby_venues(
  p_latitude double precision,
  p_longitude double precision,
  p_radius_miles double precision default 25,
  p_limit integer default 20,
  p_accepting boolean default null
)
returns table (
  id uuid, url_name text, name text, address text, city text, state text, postal_code text, country text, accepting_requests boolean,
  latitude double precision, longitude double precision, distance_miles numeric, distance_kilometers numeric
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.nearby_venue_cards(p_latitude, p_longitude, p_radius_miles, p_limit, p_accepting);
$$;

comment on function public.nearby_venues(double precision, double precision, double precision, integer, boolean) is
  'Public venues around a position (degrees, WGS 84), nearest first. p_radius_miles 1-100, p_limit 1-50; p_accepting null for all,
true for those taking requests. Errors: 400 invalid_latitude, invalid_longitude, invalid_radius, invalid_limit.';

revoke all on function public.nearby_venues(double precision, double precision, double precision, integer, boolean) from public;
grant execute on function public.nearby_venues(double precision, double precision, double precision, integer, boolean)
  to anon, authenticated;

-- sql/30-venues/50-accepting.sql
create function private.set_accepting(p_venue_id uuid, p_accepting boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_organization_id uuid;
begin
  select venue.organization_id into v_organization_id
  from public.venues as venue
  where venue.id = p_venue_id and venue.archived_at is null;
  perform private.require_permission(v_organization_id, 'requests:process', 'venue_not_found');
  if p_accepting is null then
    perform private.raise_error(400, 'invalid_accepting', 'p_accepting must be true or false.', 'Say which.');
  end if;
  update public.venues set accepting_requests = p_accepting where id = p_venue_id and accepting_requests <> p_accepting;
end;
$$;

comment on function private.set_accepting(uuid, boolean) is
  'Definer: the person at the desk may open and close a venue without being allowed to change it otherwise.';

revoke all on function private.set_accepting(uuid, boolean) from public;
grant execute on function private.set_accepting(uuid, boolean) to authenticated;

create function public.set_accepting(p_venue_id uuid, p_accepting boolean)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.set_accepting(p_venue_id, p_accepting);
$$;

comment on function public.set_accepting(uuid, boolean) is
  'Opens or closes a venue for requests; what waits in the queue stays. Needs requests:process. Errors: 400 invalid_accepting;
403; 404 venue_not_found.';

revoke all on function public.set_accepting(uuid, boolean) from public;
grant execute on function public.set_accepting(uuid, boolean) to authenticated;

-- sql/30-venues/60-venue-rules.sql
-- What each venue allows. One row per venue, made with it; every limit is off until a host sets it.

create table public.venue_rules (
  venue_id uuid primary key references public.venues (id) on delete cascade,
  guests_allowed boolean not null default true,
  free_text_allowed boolean not null default false,
  key_change_allowed boolean not null default true,
  notes_allowed boolean not null default true,
  last_initial_required boolean not null default false,
  max_active_requests integer,
  cooldown_minutes integer,
  same_song text not null default 'allowed',
  same_song_minutes integer,
  max_requests_per_hour integer,
  queue_order text not null default 'fifo',
  queue_visibility text not null default 'first_names',
  updated_at timestamptz not null default now(),
  constraint max_active_requests_is_1_to_100 check (max_active_requests between 1 and 100),
  constraint cooldown_is_1_to_1440_minutes check (cooldown_minutes between 1 and 1440),
  constraint same_song_is_known check (same_song in ('allowed', 'not_while_active', 'not_within_minutes', 'once_a_night')),
  constraint same_song_minutes_are_1_to_1440 check (same_song_minutes between 1 and 1440),
  constraint same_song_minutes_are_given check (same_song <> 'not_within_minutes' or same_song_minutes is not null),
  constraint max_requests_per_hour_is_1_to_10000 check (max_requests_per_hour between 1 and 10000),
  constraint queue_order_is_known check (queue_order in ('fifo', 'rotation', 'manual')),
  constraint queue_visibility_is_known check (queue_visibility in ('none', 'first_names', 'full'))
);

alter table public.venue_rules enable row level security;
revoke all on public.venue_rules from anon, authenticated, service_role;

comment on table public.venue_rules is 'The rules of a venue''s queue.';
comment on column public.venue_rules.free_text_allowed is 'Whether a song that is not in the book may be asked for.';
comment on column public.venue_rules.max_requests_per_hour is 'Replaces the platform''s limit of requests per venue and hour.';
comment on column public.venue_rules.queue_visibility is 'What the public queue shows: nothing, first names, or whole names.';

create trigger venue_rules_set_updated_at
  before update on public.venue_rules
  for each row execute function private.set_updated_at();

create function private.create_venue_rules()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into public.venue_rules (venue_id) values (new.id);
  return null;
end;
$$;

comment on function private.create_venue_rules() is 'Definer: rows of this table are made only with their venue.';

revoke all on function private.create_venue_rules() from public;

create trigger venues_create_rules
  after insert on public.venues
  for each row execute function private.create_venue_rules();

-- sql/30-venues/70-archiving.sql
create function private.archive_venue(p_venue_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id), 'venues:delete', 'venue_not_found'
  );
  update public.venues
  set archived_at = now(), accepting_requests = false
  where id = p_venue_id and archived_at is null;
end;
$$;

comment on function private.archive_venue(uuid) is 'Definer: archived_at is written only here.';

revoke all on function private.archive_venue(uuid) from public;
grant execute on function private.archive_venue(uuid) to authenticated;

create function public.archive_venue(p_venue_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.archive_venue(p_venue_id);
$$;

comment on function public.archive_venue(uuid) is
  'Takes a venue out of use: nobody finds it any more, its history stays. Again is harmless. Needs venues:delete. Errors: 403;
404 venue_not_found.';

revoke all on function public.archive_venue(uuid) from public;
grant execute on function public.archive_venue(uuid) to authenticated;

-- sql/40-songs/10-catalogue.sql
-- The catalogue: every song any host has, once. What hosts write differs in case, accents and punctuation, so a song has
-- spellings, and a book (20-books.sql) is a set of spellings. Nobody reads these tables directly: a search only ever sees
-- the spellings that are in the book it asks about.

create table public.songs (
  id bigint generated always as identity primary key,
  fingerprint text collate "C" not null unique,
  created_at timestamptz not null default now()
);

alter table public.songs enable row level security;
revoke all on public.songs from anon, authenticated, service_role;

comment on table public.songs is
  'One row per distinct song over all organizations. An id never changes and is never reused; who added it is not kept.';
comment on column public.songs.fingerprint is 'private.song_fingerprint(artist, title).';

create table private.song_artists (
  id integer generated always as identity primary key,
  name text collate "C" not null unique
);

alter table private.song_artists enable row level security;
revoke all on private.song_artists from anon, authenticated, service_role;

comment on table private.song_artists is 'The artists of the catalogue.';
comment on column private.song_artists.name is 'The first part of the fingerprint of their songs.';

create table private.song_spellings (
  id integer generated always as identity primary key,
  song_id bigint not null references public.songs (id) on delete restrict,
  artist_id integer not null references private.song_artists (id) on delete restrict,
  artist text collate "C" not null,
  title text collate "C" not null,
  constraint artist_is_1_to_255_characters check (char_length(artist) between 1 and 255),
  constraint title_is_1_to_255_characters check (char_length(title) between 1 and 255),
  unique (artist, title)
);

alter table private.song_spellings enable row level security;
revoke all on private.song_spellings from anon, authenticated, service_role;

create index song_spellings_song_id_idx on private.song_spellings (song_id);
create index song_spellings_artist_id_idx on private.song_spellings (artist_id);

comment on table private.song_spellings is 'An artist and a title exactly as a host wrote them: OpenKJ looks songs up by the exact text.';
comment on column private.song_spellings.id is 'Counts up without gaps, so that a book can be a bitmap over it.';
comment on column private.song_spellings.artist_id is 'Follows from the song; kept here so that publishing a book need not read its songs.';

-- A chunk is a run of 60,000 spellings: the unit of a book's bitmap (7,500 bytes, four pieces of a page) and of the search
-- index. The index holds the words of a spelling behind the number of its chunk, so it can be asked about one chunk:
--   "0 love"   a word            "0~l"   a word begins with this letter
--   "0=lovemedo", "0=..."   artist and title without blanks, in both orders: what a text starts with, words written as one
create function private.song_tokens(p_spelling_id integer, p_artist text, p_title text)
returns tsvector
language plpgsql
immutable
strict
parallel safe
security invoker
cost 10000
set search_path = ''
as $$
declare
  v_chunk text := p_spelling_id / 60000;
  v_artist text := replace(private.normalize_text(p_artist), ' ', '');
  v_title text := replace(private.normalize_text(p_title), ' ', '');
  v_tokens text[] := array[v_chunk || '=' || left(v_artist || v_title, 60), v_chunk || '=' || left(v_title || v_artist, 60)];
  v_word text;
begin
  foreach v_word in array private.search_words(p_artist) || private.search_words(p_title) loop
    v_tokens := v_tokens || (v_chunk || ' ' || v_word) || (v_chunk || '~' || left(v_word, 1));
  end loop;
  return array_to_tsvector(v_tokens);
end;
$$;

comment on function private.song_tokens(integer, text, text) is 'What the search index holds about one spelling.';

revoke all on function private.song_tokens(integer, text, text) from public;

-- Without the pending list: its entries would be scanned by every search until somebody's insert pays for all of them.
create index song_spellings_tokens_idx on private.song_spellings
  using gin (private.song_tokens(id, artist, title)) with (fastupdate = off);

-- A word and each way to leave one letter out. Two words that are one slip apart share an entry.
create function private.word_neighbours(p_word text)
returns text[]
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
declare
  v_neighbours text[] := array[p_word];
begin
  for v_position in 1..char_length(p_word) loop
    v_neighbours := v_neighbours || overlay(p_word placing '' from v_position for 1);
  end loop;
  return v_neighbours;
end;
$$;

comment on function private.word_neighbours(text) is 'The word itself and the word with each one of its letters left out.';

revoke all on function private.word_neighbours(text) from public;

create table private.song_words (
  word text collate "C" primary key
);

alter table private.song_words enable row level security;
revoke all on private.song_words from anon, authenticated, service_role;

create index song_words_neighbours_idx on private.song_words using gin (private.word_neighbours(word)) with (fastupdate = off);

comment on table private.song_words is 'Every word of three letters or more in the catalogue: what a mistyped word may have meant.';

-- Adds what is not there yet. Rows go in in one order everywhere, and artists, songs, spellings and words always in that
-- order: two hosts who bring the same new songs at once wait for each other and never in a circle.
create function private.add_spellings(p_artists text[], p_titles text[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_fingerprints text[];
begin
  select array_agg(private.song_fingerprint(new.artist, new.title) order by new.number)
  into v_fingerprints
  from unnest(p_artists, p_titles) with ordinality as new (artist, title, number);

  insert into private.song_artists (name)
  select distinct split_part(fingerprint, U&'\001F', 1) collate "C" as name
  from unnest(v_fingerprints) as fingerprint
  where not exists (
    select from private.song_artists as artist where artist.name = split_part(fingerprint.fingerprint, U&'\001F', 1)
  )
  order by name
  on conflict do nothing;

  insert into public.songs (fingerprint)
  select distinct fingerprint collate "C"
  from unnest(v_fingerprints) as fingerprint
  where not exists (select from public.songs as song where song.fingerprint = fingerprint.fingerprint)
  order by 1
  on conflict do nothing;

  insert into private.song_spellings (song_id, artist_id, artist, title)
  select distinct song.id, song_artist.id, new.artist collate "C" as artist, new.title collate "C" as title
  from unnest(p_artists, p_titles, v_fingerprints) as new (artist, title, fingerprint)
  join public.songs as song on song.fingerprint = new.fingerprint
  join private.song_artists as song_artist on song_artist.name = split_part(new.fingerprint, U&'\001F', 1)
  where not exists (
    select from private.song_spellings as known where known.artist = new.artist and known.title = new.title
  )
  order by artist, title
  on conflict do nothing;

  insert into private.song_words (word)
  select distinct word collate "C"
  from unnest(p_artists || p_titles) as text
  cross join lateral unnest(private.search_words(text)) as word
  where char_length(word) >= 3
    and not exists (select from private.song_words as known where known.word = word.word)
  order by 1
  on conflict do nothing;
end;
$$;

comment on function private.add_spellings(text[], text[]) is
  'Adds spellings, their songs and their words to the catalogue. Definer: the catalogue belongs to nobody.';

revoke all on function private.add_spellings(text[], text[]) from public;

create function private.find_spellings(
  p_artists text[], p_titles text[], out spelling_ids integer[], out song_ids bigint[], out artist_ids integer[]
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  select
    coalesce(array_agg(spelling.id order by wanted.number), '{}'),
    coalesce(array_agg(spelling.song_id order by wanted.number), '{}'),
    coalesce(array_agg(spelling.artist_id order by wanted.number), '{}')
  into spelling_ids, song_ids, artist_ids
  from unnest(p_artists, p_titles) with ordinality as wanted (artist, title, number)
  left join private.song_spellings as spelling on spelling.artist = wanted.artist and spelling.title = wanted.title;
end;
$$;

comment on function private.find_spellings(text[], text[]) is
  'The spellings with exactly these artists and titles, in the same order; null for the unknown. Definer: the catalogue is private.';

revoke all on function private.find_spellings(text[], text[]) from public;

create function private.require_spellings(
  p_artists text[], p_titles text[], out spelling_ids integer[], out song_ids bigint[], out artist_ids integer[]
)
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_unknown integer[];
begin
  select * into spelling_ids, song_ids, artist_ids from private.find_spellings(p_artists, p_titles);
  if array_position(spelling_ids, null) is null then
    return;
  end if;
  select array_agg(found.place) into v_unknown
  from unnest(spelling_ids) with ordinality as found (spelling_id, place)
  where found.spelling_id is null;
  perform private.add_spellings(
    array(select p_artists[place] from unnest(v_unknown) as place), array(select p_titles[place] from unnest(v_unknown) as place)
  );
  select * into spelling_ids, song_ids, artist_ids from private.find_spellings(p_artists, p_titles);
end;
$$;

comment on function private.require_spellings(text[], text[]) is
  'The spellings with exactly these artists and titles, in the same order; the unknown are added. Definer: the catalogue is private.';

revoke all on function private.require_spellings(text[], text[]) from public;

-- sql/40-songs/20-books.sql
-- A system's book: a bitmap over the spellings of the catalogue, one row per chunk in which the host has songs. 100,000
-- songs out of a million take about 130 KB; publishing a book replaces a handful of rows.

create table private.books (
  system_id uuid primary key references public.systems (id) on delete cascade,
  songs integer not null default 0,
  content_hash uuid,
  newest integer[] not null default '{}',
  published_at timestamptz,
  changed_at timestamptz not null default now(),
  constraint songs_are_not_negative check (songs >= 0)
);

alter table private.books enable row level security;
revoke all on private.books from anon, authenticated, service_role;

comment on table private.books is 'One row per system that has or had a song book. Its row lock serialises all writers of the book.';
comment on column private.books.content_hash is 'Hash of the upload it came from; null once songs were edited one by one.';
comment on column private.books.newest is 'The spellings added last, newest first, at most 200.';
comment on column private.books.published_at is 'When an upload was last published, changed or not.';
comment on column private.books.changed_at is 'When its songs last changed.';

create table private.book_chunks (
  system_id uuid not null references private.books (system_id) on delete cascade,
  chunk integer not null,
  songs integer not null,
  members bytea not null,
  primary key (system_id, chunk),
  constraint members_has_7500_bytes check (octet_length(members) = 7500),
  constraint songs_are_1_to_60000 check (songs between 1 and 60000)
);

alter table private.book_chunks enable row level security;
revoke all on private.book_chunks from anon, authenticated, service_role;

comment on table private.book_chunks is 'Which spellings of a chunk are in the book.';
comment on column private.book_chunks.members is 'Bit n is set when spelling chunk * 60000 + n is in the book.';

-- Artists are kept ready for browsing as two arrays per letter: 100,000 songs by 12,000 artists take about 100 KB.
create table private.book_letters (
  system_id uuid not null references private.books (system_id) on delete cascade,
  letter text collate "C" not null,
  artists integer[] not null,
  songs integer[] not null,
  primary key (system_id, letter),
  constraint letter_is_one_character check (char_length(letter) = 1),
  constraint arrays_are_of_one_length check (cardinality(artists) = cardinality(songs) and cardinality(artists) > 0)
);

alter table private.book_letters enable row level security;
revoke all on private.book_letters from anon, authenticated, service_role;

comment on table private.book_letters is 'The artists of a book by first letter; digits and symbols are under "#".';
comment on column private.book_letters.artists is 'For each artist, in order, one spelling of a song of theirs in this book.';
comment on column private.book_letters.songs is 'For each artist, in the same order, how many songs the book has.';

-- Counters change all night; they live apart from everything that is read or replaced as a whole.
create table private.song_popularity (
  system_id uuid not null references public.systems (id) on delete cascade,
  song_id bigint not null references public.songs (id) on delete cascade,
  requests integer not null default 1,
  primary key (system_id, song_id)
) with (fillfactor = 70);

alter table private.song_popularity enable row level security;
revoke all on private.song_popularity from anon, authenticated, service_role;

create index song_popularity_song_id_idx on private.song_popularity (song_id);

comment on table private.song_popularity is 'How often a song was asked for where this book is used; orders search results.';

create function private.count_song_request(p_system_id uuid, p_song_id bigint)
returns void
language sql
volatile
security definer
set search_path = ''
as $$
  insert into private.song_popularity as popularity (system_id, song_id) values (p_system_id, p_song_id)
  on conflict (system_id, song_id) do update set requests = popularity.requests + 1;
$$;

comment on function private.count_song_request(uuid, bigint) is 'Makes a song of a book one request more popular.';

revoke all on function private.count_song_request(uuid, bigint) from public;

-- Sets of spellings and bitmaps, one into the other ------------------------------------------------------------------

create function private.chunk_members(p_spelling_ids integer[])
returns table (chunk integer, songs integer, members bytea)
language sql
immutable
security invoker
set search_path = ''
as $$
  with
    bytes as (
      select id / 60000 as chunk, id % 60000 / 8 as position, bit_or(1 << (id % 8)) as value, count(*) as songs
      from (select distinct id from unnest(p_spelling_ids) as id) as ids
      group by 1, 2
    ),
    -- Each byte that is not zero, behind the zeros since the one before it.
    pieces as (
      select
        bytes.chunk, bytes.position, bytes.songs,
        repeat('00', bytes.position - 1 - lag(bytes.position, 1, -1) over previous)
          || lpad(to_hex(bytes.value), 2, '0')
          || case when lead(bytes.position) over previous is null then repeat('00', 7499 - bytes.position) else '' end as hex
      from bytes
      window previous as (partition by bytes.chunk order by bytes.position)
    )
  select chunk, sum(songs)::integer, decode(string_agg(hex, '' order by position), 'hex')
  from pieces
  group by chunk;
$$;

comment on function private.chunk_members(integer[]) is 'The bitmaps of a set of spellings.';

revoke all on function private.chunk_members(integer[]) from public;

create function private.chunk_spellings(p_chunk integer, p_members bytea)
returns setof integer
language sql
immutable
strict
security invoker
rows 6000
set search_path = ''
as $$
  select p_chunk * 60000 + position * 8 + bit
  from (
    select position, get_byte(p_members, position) as value from generate_series(0, octet_length(p_members) - 1) as position
  ) as bytes
  cross join generate_series(0, 7) as bit
  where value <> 0 and value & (1 << bit) <> 0;
$$;

comment on function private.chunk_spellings(integer, bytea) is 'The spellings in one bitmap, in order.';

revoke all on function private.chunk_spellings(integer, bytea) from public;

create function private.artist_letter(p_normalized_artist text)
returns text
language sql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
  select case when left(p_normalized_artist, 1) ~ '[[:alpha:]]' then upper(left(p_normalized_artist, 1)) else '#' end;
$$;

comment on function private.artist_letter(text) is 'Where an artist stands in the alphabet; digits and symbols under "#".';

revoke all on function private.artist_letter(text) from public;

-- One song of a book -------------------------------------------------------------------------------------------------

create function private.book_spelling(p_system_id uuid, p_song_id bigint)
returns integer
language sql
stable
security definer
set search_path = ''
as $$
  select spelling.id
  from private.song_spellings as spelling
  join private.book_chunks as book on book.system_id = p_system_id and book.chunk = spelling.id / 60000
  where spelling.song_id = p_song_id and get_bit(book.members, spelling.id % 60000) = 1;
$$;

comment on function private.book_spelling(uuid, bigint) is 'Which spelling of a song the book has; null when the song is not in it.';

revoke all on function private.book_spelling(uuid, bigint) from public;

create function private.book_song(p_system_id uuid, p_song_id bigint)
returns table (artist text, title text)
language sql
stable
security definer
rows 1
set search_path = ''
as $$
  select spelling.artist, spelling.title
  from private.song_spellings as spelling
  where spelling.id = private.book_spelling(p_system_id, p_song_id);
$$;

comment on function private.book_song(uuid, bigint) is 'A song as this host spells it; no row when the book does not have it.';

revoke all on function private.book_song(uuid, bigint) from public;
grant execute on function private.book_song(uuid, bigint) to service_role;

create function private.find_book_song(p_system_id uuid, p_artist text, p_title text)
returns bigint
language sql
stable
security definer
set search_path = ''
as $$
  select song.id
  from public.songs as song
  where song.fingerprint = private.song_fingerprint(p_artist, p_title)
    and private.book_spelling(p_system_id, song.id) is not null;
$$;

comment on function private.find_book_song(uuid, text, text) is 'The song of the book that is the same as this artist and title, or null.';

revoke all on function private.find_book_song(uuid, text, text) from public;
grant execute on function private.find_book_song(uuid, text, text) to service_role;

create function private.book_size(p_system_id uuid)
returns integer
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce((select book.songs from private.books as book where book.system_id = p_system_id), 0);
$$;

comment on function private.book_size(uuid) is 'How many songs the book of a system has.';

revoke all on function private.book_size(uuid) from public;
grant execute on function private.book_size(uuid) to service_role;

-- sql/40-songs/30-uploads.sql
-- How a book comes in. OpenKJ clears, sends batches of 1,000 songs and never says that it is done; so batches are staged
-- beside the book that singers search, and published as a whole.

create table private.book_uploads (
  id uuid primary key default gen_random_uuid(),
  system_id uuid not null references public.systems (id) on delete cascade,
  state text not null default 'staged',
  opened_at timestamptz not null default now(),
  closed_at timestamptz,
  constraint state_is_known check (state in ('staged', 'published')),
  constraint closed_when_published check ((state = 'published') = (closed_at is not null)),
  unique (system_id, state)
);

alter table private.book_uploads enable row level security;
revoke all on private.book_uploads from anon, authenticated, service_role;

comment on table private.book_uploads is
  'For each system the upload that is under way and the one its book came from: at most one of each.';

create table private.book_upload_batches (
  id bigint generated always as identity primary key,
  upload_id uuid not null references private.book_uploads (id) on delete cascade,
  content_hash uuid not null,
  received integer not null,
  accepted integer not null,
  errors jsonb not null default '[]',
  first_spelling_id integer,
  last_spelling_id integer,
  payload jsonb,
  spelling_ids integer[],
  song_ids bigint[],
  artist_ids integer[],
  received_at timestamptz not null default now(),
  constraint accepted_is_part_of_received check (accepted between 0 and received),
  unique (upload_id, content_hash)
);

alter table private.book_upload_batches enable row level security;
revoke all on private.book_upload_batches from anon, authenticated, service_role;

-- Gone again within seconds; packing it would cost more than writing it.
alter table private.book_upload_batches alter column payload set storage external;

comment on table private.book_upload_batches is
  'The batches of an upload; the same batch sent twice is one row. Once published, only what tells a batch again and what the report
needs is kept.';
comment on column private.book_upload_batches.received is 'Songs in the batch as sent, with those that could not be used.';
comment on column private.book_upload_batches.first_spelling_id is 'Its first song: the neighbour of a song OpenKJ left out.';
comment on column private.book_upload_batches.payload is
  'The batch as sent, when the live book came with the same one: its songs are looked up only if another batch has changed.';
comment on column private.book_upload_batches.spelling_ids is 'Its songs, with their song_ids and artist_ids in the same order.';

-- Every function here takes this lock first, so two uploads, edits or publications of one book queue up.
create function private.lock_book(p_system_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform from private.books as book where book.system_id = p_system_id for update;
  if not found then
    insert into private.books (system_id) values (p_system_id) on conflict do nothing;
    perform from private.books as book where book.system_id = p_system_id for update;
  end if;
end;
$$;

comment on function private.lock_book(uuid) is 'Locks the book of a system for writing until the transaction ends. Definer: books are private.';

revoke all on function private.lock_book(uuid) from public;

create function private.book_stage_open(p_system_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_upload_id uuid;
begin
  perform private.lock_book(p_system_id);
  delete from private.book_uploads as upload where upload.system_id = p_system_id and upload.state = 'staged';
  insert into private.book_uploads (system_id) values (p_system_id) returning id into v_upload_id;
  return v_upload_id;
end;
$$;

comment on function private.book_stage_open(uuid) is
  'Starts an upload of the system''s book, dropping one that was under way. The live book stays as it is. Definer: books are
private; callers check who may write songs.';

revoke all on function private.book_stage_open(uuid) from public;
grant execute on function private.book_stage_open(uuid) to service_role;

create function private.read_songs(p_songs jsonb, out artists text[], out titles text[], out errors jsonb)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  select
    coalesce(array_agg(song.value ->> 'artist' order by song.number), '{}'),
    coalesce(array_agg(song.value ->> 'title' order by song.number), '{}')
  into artists, titles
  from jsonb_array_elements(p_songs) with ordinality as song (value, number)
  where jsonb_typeof(song.value -> 'artist') = 'string' and jsonb_typeof(song.value -> 'title') = 'string'
    and song.value ->> 'artist' ~ '[^[:space:]]' and song.value ->> 'title' ~ '[^[:space:]]'
    and char_length(song.value ->> 'artist') <= 255 and char_length(song.value ->> 'title') <= 255;

  errors := '[]';
  if cardinality(artists) < jsonb_array_length(p_songs) then
    select jsonb_agg(jsonb_build_object('index', song.number - 1, 'detail', song.problem) order by song.number)
    into errors
    from (
      select
        element.number,
        case
          when jsonb_typeof(element.value) <> 'object' then 'Not an object with artist and title.'
          when jsonb_typeof(element.value -> 'artist') is distinct from 'string' then 'The artist is missing or not a text.'
          when jsonb_typeof(element.value -> 'title') is distinct from 'string' then 'The title is missing or not a text.'
          when element.value ->> 'artist' !~ '[^[:space:]]' then 'The artist is empty.'
          when element.value ->> 'title' !~ '[^[:space:]]' then 'The title is empty.'
          when char_length(element.value ->> 'artist') > 255 then 'The artist is longer than 255 characters.'
          when char_length(element.value ->> 'title') > 255 then 'The title is longer than 255 characters.'
        end as problem
      from jsonb_array_elements(p_songs) with ordinality as element (value, number)
    ) as song
    where song.problem is not null;
  end if;
end;
$$;

comment on function private.read_songs(jsonb) is
  'The usable songs of [{"artist", "title"}], in order, and for each of the others its index and what is wrong with it.';

revoke all on function private.read_songs(jsonb) from public;

create function private.book_stage_add(p_system_id uuid, p_songs jsonb)
returns table (processed integer, errors jsonb)
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_hash uuid := md5(p_songs::text)::uuid;
  v_upload_id uuid;
  v_known private.book_upload_batches;
  v_songs record;
  v_found record;
begin
  if jsonb_typeof(p_songs) is distinct from 'array' then
    perform private.raise_error(400, 'songs_not_a_list', 'The songs are not a JSON array.', 'Send [{"artist": "...", "title": "..."}, ...].');
  end if;

  select batch.* into v_known
  from private.book_uploads as upload
  join private.book_upload_batches as batch on batch.upload_id = upload.id
  where upload.system_id = p_system_id and upload.state = 'published' and batch.content_hash = v_hash;
  if not found then
    -- Before the book is locked: two uploads wait for each other only over songs that are new to both.
    select * into v_songs from private.read_songs(p_songs);
    select * into v_found from private.require_spellings(v_songs.artists, v_songs.titles);
  end if;

  perform private.lock_book(p_system_id);
  select upload.id into v_upload_id
  from private.book_uploads as upload
  where upload.system_id = p_system_id and upload.state = 'staged';
  if v_upload_id is null and v_known.id is not null then
    -- The last batch again, after its upload was published: the client saw no answer. It must not become a new book.
    processed := v_known.accepted;
    errors := v_known.errors;
    return next;
    return;
  end if;
  if v_upload_id is null or exists (
    select
    from private.book_upload_batches as batch
    where batch.upload_id = v_upload_id
    having max(batch.received_at) < now() - interval '1 hour'
  ) then
    v_upload_id := private.book_stage_open(p_system_id);
  end if;

  if v_known.id is not null then
    processed := v_known.accepted;
    errors := v_known.errors;
    insert into private.book_upload_batches (
      upload_id, content_hash, received, accepted, errors, first_spelling_id, last_spelling_id, payload
    )
    values (
      v_upload_id, v_hash, v_known.received, processed, errors, v_known.first_spelling_id, v_known.last_spelling_id, p_songs
    )
    on conflict (upload_id, content_hash) do nothing;
  else
    processed := cardinality(v_songs.artists);
    errors := v_songs.errors;
    insert into private.book_upload_batches (
      upload_id, content_hash, received, accepted, errors, first_spelling_id, last_spelling_id,
      spelling_ids, song_ids, artist_ids
    )
    values (
      v_upload_id, v_hash, jsonb_array_length(p_songs), processed, errors,
      v_found.spelling_ids[1], v_found.spelling_ids[cardinality(v_found.spelling_ids)],
      v_found.spelling_ids, v_found.song_ids, v_found.artist_ids
    )
    on conflict (upload_id, content_hash) do nothing;
  end if;
  return next;
end;
$$;

comment on function private.book_stage_add(uuid, jsonb) is
  'Stages a batch of [{"artist", "title"}], opening an upload when there is none or the last one was left an hour ago. Returns how
many songs were taken and, for each of the others, its index and what is wrong with it. The same batch twice counts once. Definer:
the catalogue and books are private; callers check who may write songs.';

revoke all on function private.book_stage_add(uuid, jsonb) from public;
grant execute on function private.book_stage_add(uuid, jsonb) to service_role;

create function private.book_publish(p_system_id uuid, out changed boolean, out songs integer)
language plpgsql
volatile
security definer
set search_path = ''
set work_mem = '64MB'
as $$
declare
  v_upload_id uuid;
  v_hash uuid;
  v_live_hash uuid;
  v_batch record;
  v_songs record;
  v_found record;
  v_spelling_ids integer[];
  v_artist_ids integer[];
begin
  changed := false;
  perform private.lock_book(p_system_id);
  select upload.id into v_upload_id
  from private.book_uploads as upload
  where upload.system_id = p_system_id and upload.state = 'staged';
  if found then
    select md5(string_agg(batch.content_hash::text, '' order by batch.content_hash))::uuid into v_hash
    from private.book_upload_batches as batch
    where batch.upload_id = v_upload_id and batch.received > 0;
    v_hash := coalesce(v_hash, md5('')::uuid);
    select book.content_hash into v_live_hash from private.books as book where book.system_id = p_system_id;

    if v_hash is distinct from v_live_hash then
      for v_batch in
        select batch.id, batch.payload
        from private.book_upload_batches as batch
        where batch.upload_id = v_upload_id and batch.payload is not null
      loop
        select * into v_songs from private.read_songs(v_batch.payload);
        select * into v_found from private.require_spellings(v_songs.artists, v_songs.titles);
        update private.book_upload_batches as batch
        set spelling_ids = v_found.spelling_ids, song_ids = v_found.song_ids, artist_ids = v_found.artist_ids
        where batch.id = v_batch.id;
      end loop;
      -- A book has one spelling of a song: the one the catalogue knew first.
      select coalesce(array_agg(kept.spelling_id), '{}'), coalesce(array_agg(kept.artist_id), '{}')
      into v_spelling_ids, v_artist_ids
      from (
        select min(staged.spelling_id) as spelling_id, min(staged.artist_id) as artist_id
        from private.book_upload_batches as batch
        cross join lateral unnest(batch.spelling_ids, batch.song_ids, batch.artist_ids)
          as staged (spelling_id, song_id, artist_id)
        where batch.upload_id = v_upload_id
        group by staged.song_id
      ) as kept;
      changed := private.replace_book(p_system_id, v_spelling_ids, v_artist_ids);
    end if;

    update private.books as book set content_hash = v_hash, published_at = now() where book.system_id = p_system_id;
    delete from private.book_uploads as upload where upload.system_id = p_system_id and upload.state = 'published';
    update private.book_uploads as upload set state = 'published', closed_at = now() where upload.id = v_upload_id;
    update private.book_upload_batches as batch
    set payload = null, spelling_ids = null, song_ids = null, artist_ids = null
    where batch.upload_id = v_upload_id;
  end if;
  songs := private.book_size(p_system_id);
end;
$$;

comment on function private.book_publish(uuid) is
  'Makes the staged upload the book, in one step: readers see the old or the new one. Tells whether any song changed and how many
there are now. Without an upload under way nothing happens. Definer: books are private; callers check who may write songs.';

revoke all on function private.book_publish(uuid) from public;
grant execute on function private.book_publish(uuid) to service_role;

create function private.replace_book(p_system_id uuid, p_spelling_ids integer[], p_artist_ids integer[])
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_newest integer[];
  v_changed boolean;
begin
  with
    next_chunks as materialized (select * from private.chunk_members(p_spelling_ids)),
    removed as (
      delete from private.book_chunks as book
      where book.system_id = p_system_id and book.chunk not in (select chunk from next_chunks)
      returning book.chunk
    ),
    replaced as (
      insert into private.book_chunks as book (system_id, chunk, songs, members)
      select p_system_id, next.chunk, next.songs, next.members
      from next_chunks as next
      where not exists (
        select
        from private.book_chunks as book
        where book.system_id = p_system_id and book.chunk = next.chunk and book.members = next.members
      )
      on conflict (system_id, chunk) do update set songs = excluded.songs, members = excluded.members
      returning book.chunk
    ),
    -- Read from the snapshot of this statement, so compared with the book as it was.
    added as (
      select spelling_id
      from unnest(p_spelling_ids) as spelling_id
      left join private.book_chunks as book on book.system_id = p_system_id and book.chunk = spelling_id / 60000
      where get_bit(book.members, spelling_id % 60000) is distinct from 1
      order by spelling_id desc
      limit 200
    )
  select
    exists (select from removed) or exists (select from replaced),
    array(select spelling_id from added order by spelling_id desc)
  into v_changed, v_newest;

  if v_changed then
    update private.books as book
    set songs = cardinality(p_spelling_ids), newest = (v_newest || book.newest)[:200], changed_at = now()
    where book.system_id = p_system_id;
    perform private.index_book_artists(p_system_id, p_spelling_ids, p_artist_ids);
  end if;
  return v_changed;
end;
$$;

comment on function private.replace_book(uuid, integer[], integer[]) is
  'Gives the book exactly these spellings, which come with their artists, and says whether that changed anything. Callers hold its
lock. Definer: books are private.';

revoke all on function private.replace_book(uuid, integer[], integer[]) from public;

create function private.index_book_artists(p_system_id uuid, p_spelling_ids integer[], p_artist_ids integer[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  delete from private.book_letters as entry where entry.system_id = p_system_id;
  insert into private.book_letters (system_id, letter, artists, songs)
  select
    p_system_id, private.artist_letter(artist.name),
    array_agg(counted.spelling_id order by artist.name), array_agg(counted.songs order by artist.name)
  from (
    select member.artist_id, min(member.spelling_id) as spelling_id, count(*)::integer as songs
    from unnest(p_spelling_ids, p_artist_ids) as member (spelling_id, artist_id)
    group by member.artist_id
  ) as counted
  join private.song_artists as artist on artist.id = counted.artist_id
  group by 2;
end;
$$;

comment on function private.index_book_artists(uuid, integer[], integer[]) is
  'Rebuilds what browsing reads. Callers hold the lock of the book. Definer: books are private.';

revoke all on function private.index_book_artists(uuid, integer[], integer[]) from public;

create function private.book_stage_expire(p_idle interval default '10 seconds')
returns table (system_id uuid, changed boolean, songs integer)
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staged record;
begin
  for v_staged in
    select
      upload.system_id,
      bool_or(batch.received < 1000) as is_complete,
      sum(batch.accepted) as songs
    from private.book_uploads as upload
    join private.book_upload_batches as batch on batch.upload_id = upload.id
    where upload.state = 'staged'
    group by upload.system_id
    having max(batch.received_at) < now() - p_idle
    order by upload.system_id
  loop
    -- Only full batches: a finished upload whose last batch happened to be full, or a cancelled one. A book that would
    -- shrink by more than a tenth waits for the host.
    if v_staged.is_complete or v_staged.songs >= 0.9 * private.book_size(v_staged.system_id) then
      system_id := v_staged.system_id;
      select published.changed, published.songs into changed, songs from private.book_publish(system_id) as published;
      return next;
    end if;
  end loop;
end;
$$;

comment on function private.book_stage_expire(interval) is
  'Publishes uploads that have been silent for a while, unless their book would be much smaller than the live one: those stay
staged for the host to decide. Returns what it published. A job; definer because books are private.';

revoke all on function private.book_stage_expire(interval) from public;
grant execute on function private.book_stage_expire(interval) to service_role;

create function private.book_upload_report(p_system_id uuid, p_state text)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  with
    batches as (
      select
        batch.*,
        lead(batch.received) over sent as next_received,
        lead(batch.last_spelling_id) over sent as next_last_spelling_id
      from private.book_uploads as upload
      join private.book_upload_batches as batch on batch.upload_id = upload.id
      where upload.system_id = p_system_id and upload.state = p_state
      window sent as (order by batch.id)
    ),
    -- OpenKJ sends each batch backwards and forgets the song between a full batch and the next one. Other programs send
    -- songs in another order and forget none.
    gaps as (
      select batches.id, batches.next_received > 0 as is_certain, before.artist, before.title, after.artist as after_artist, after.title as after_title
      from batches
      join private.song_spellings as before on before.id = batches.first_spelling_id
      join private.song_spellings as last on last.id = batches.last_spelling_id
      left join private.song_spellings as after on after.id = batches.next_last_spelling_id
      where batches.received = 1000 and batches.next_received is not null
        and (lower(before.artist), lower(before.title)) > (lower(last.artist), lower(last.title))
    )
  select jsonb_build_object(
    'opened_at', upload.opened_at,
    'published_at', upload.closed_at,
    'last_batch_at', (select max(batches.received_at) from batches),
    'batches', (select count(*) from batches),
    'full_batches', (select count(*) from batches where batches.received >= 1000),
    'songs_received', (select coalesce(sum(batches.received), 0) from batches),
    'songs_live', private.book_size(p_system_id),
    'missing_songs', (select count(*) from gaps where is_certain),
    'possibly_missing_songs', (select count(*) from gaps where not is_certain),
    'missing_between', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'after', jsonb_build_object('artist', gaps.artist, 'title', gaps.title),
            'before', case when gaps.is_certain then jsonb_build_object('artist', gaps.after_artist, 'title', gaps.after_title) end
          )
          order by gaps.id
        ),
        '[]'
      )
      from gaps
    )
  )
  from private.book_uploads as upload
  where upload.system_id = p_system_id and upload.state = p_state;
$$;

comment on function private.book_upload_report(uuid, text) is
  'What came in with an upload and which songs OpenKJ left out of it; null when there is none. Definer: uploads are private.';

revoke all on function private.book_upload_report(uuid, text) from public;
grant execute on function private.book_upload_report(uuid, text) to service_role;

-- sql/40-songs/40-search.sql
-- Searching a book. The words of the query become one question to the search index per chunk of the book, from the songs the
-- catalogue has known longest to the newest; walking stops as soon as enough are found. What is found is then ranked.
-- Everything here is plpgsql because it keeps its plans for the session.

-- "#" stands for the number of the chunk, which is filled in later; no word has one of its own.
create function private.search_token(p_kind text, p_word text, p_is_prefix boolean)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  return '''#' || p_kind || replace(replace(translate(p_word, '#', ''), '\', '\\'), '''', '''''') || ''''
    || case when p_is_prefix then ':*' else '' end;
end;
$$;

comment on function private.search_token(text, text, boolean) is 'A token of the search index as text of a tsquery.';

revoke all on function private.search_token(text, text, boolean) from public;

create function private.search_words_question(p_words text[])
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
declare
  v_last text := p_words[cardinality(p_words)];
  v_question text;
  v_word text;
begin
  -- One letter as a prefix would gather thousands of words; it has a token of its own.
  v_question := case
    when char_length(v_last) = 1 then private.search_token('~', v_last, false)
    else private.search_token(' ', v_last, true)
  end;
  foreach v_word in array p_words[:cardinality(p_words) - 1] loop
    -- "guns and roses" is "Guns N' Roses", and nobody remembers where a "the" belongs.
    if v_word not in ('and', 'the') then
      v_question := v_question || ' & ' || private.search_token(' ', v_word, false);
    end if;
  end loop;
  return v_question;
end;
$$;

comment on function private.search_words_question(text[]) is
  'The question for songs with all these words, the last one as the beginning of a word.';

revoke all on function private.search_words_question(text[]) from public;

create function private.search_similar_question(p_words text[])
returns text
language plpgsql
stable
strict
security definer
set search_path = ''
as $$
declare
  v_question text;
  v_similar text;
  v_word text;
begin
  foreach v_word in array p_words loop
    select string_agg(private.search_token(' ', known.word, false), ' | ') into v_similar
    from private.song_words as known
    where private.word_neighbours(known.word) && private.word_neighbours(v_word);
    v_question := concat_ws(' & ', v_question, '(' || concat_ws(' | ', private.search_token(' ', v_word, true), v_similar) || ')');
  end loop;
  return v_question;
end;
$$;

comment on function private.search_similar_question(text[]) is
  'The question for songs in which each word begins like one of these or is one slip away from it. Definer: the catalogue is private.';

revoke all on function private.search_similar_question(text[]) from public;

create function private.search_spellings(p_system_id uuid, p_question text, p_limit integer)
returns table (spelling_id integer, song_id bigint, artist text, title text)
language plpgsql
stable
strict
security definer
rows 100
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
  return query
  select found.id, found.song_id, found.artist, found.title
  from (
    -- The bitmap is unpacked here once per chunk, not below once per song.
    select book.chunk, book.members || ''::bytea as members
    from private.book_chunks as book
    where book.system_id = p_system_id
    order by book.chunk
    offset 0
  ) as book
  cross join lateral (
    select spelling.id, spelling.song_id, spelling.artist, spelling.title
    from private.song_spellings as spelling
    where private.song_tokens(spelling.id, spelling.artist, spelling.title)
        @@ replace(p_question, '#', book.chunk::text)::tsquery
      and get_bit(book.members, spelling.id % 60000) = 1
  ) as found
  limit p_limit;
end;
$$;

comment on function private.search_spellings(uuid, text, integer) is
  'The first songs of a book that answer the question, oldest chunk first. Definer: books are private.';

revoke all on function private.search_spellings(uuid, text, integer) from public;

create function private.search_book(p_system_id uuid, p_query text, p_limit integer, p_offset integer)
returns table (song_id bigint, artist text, title text, match text, total_count integer)
language plpgsql
stable
security definer
rows 20
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
declare
  v_most constant integer := 300;
  v_text text := private.normalize_text(p_query);
  v_words text[] := string_to_array(v_text, ' ');
  v_start text := private.search_token('=', left(replace(v_text, ' ', ''), 60), true);
begin
  return query
  with
    by_words as materialized (
      select * from private.search_spellings(p_system_id, private.search_words_question(v_words), v_most)
    ),
    -- Needed when the words found nothing ("heyjude"), or more than are ranked: the best matches start like the query.
    by_start as materialized (
      select found.*
      from (select count(*) as songs from by_words) as words
      cross join lateral private.search_spellings(
        p_system_id, case when words.songs in (0, v_most) and char_length(v_text) > 1 then v_start end, p_limit + p_offset
      ) as found
    ),
    by_similar_words as materialized (
      select found.*
      from (select exists (select from by_words) or exists (select from by_start) as is_enough) as exact
      cross join lateral private.search_spellings(
        p_system_id, case when not exact.is_enough then private.search_similar_question(v_words) end, v_most
      ) as found
    ),
    found as (
      select * from by_words
      union
      select * from by_start
      union all
      select * from by_similar_words
    ),
    ranked as (
      select
        found.song_id, found.artist, found.title, found.spelling_id, coalesce(popularity.requests, 0) as requests,
        case
          when exists (select from by_similar_words) then 4
          when v_text in (song.artist, song.title, song.artist || ' ' || song.title, song.title || ' ' || song.artist) then 1
          when starts_with(song.artist || ' ' || song.title, v_text) or starts_with(song.title || ' ' || song.artist, v_text) then 2
          else 3
        end as class
      from found
      cross join lateral (
        select split_part(song.fingerprint, U&'\001F', 1) as artist, split_part(song.fingerprint, U&'\001F', 2) as title
        from public.songs as song
        where song.id = found.song_id
        offset 0
      ) as song
      left join private.song_popularity as popularity
        on popularity.system_id = p_system_id and popularity.song_id = found.song_id
    )
  select
    ranked.song_id, ranked.artist, ranked.title, (array['exact', 'prefix', 'words', 'fuzzy'])[ranked.class],
    least(count(*) over (), v_most)::integer
  from ranked
  order by ranked.class, ranked.requests desc, ranked.spelling_id
  limit p_limit offset p_offset;
end;
$$;

comment on function private.search_book(uuid, text, integer, integer) is
  'Songs of a book for what somebody typed: all words, the last one as a beginning, without regard to case, accents or punctuation;
when nothing has them, words one slip away. Best first: exact, prefix, words, fuzzy, then by how often asked for here. The total
is counted up to 300. Definer: books and catalogue are private.';

revoke all on function private.search_book(uuid, text, integer, integer) from public;
grant execute on function private.search_book(uuid, text, integer, integer) to service_role;

-- sql/40-songs/50-browse.sql
-- Looking through a book without a query: the alphabet, an artist, what is new, a lucky dip.

create function private.browse_book_letters(p_system_id uuid)
returns table (letter text, artists integer, songs integer)
language sql
stable
security definer
rows 27
set search_path = ''
as $$
  select
    entry.letter, cardinality(entry.artists),
    (select sum(count) from unnest(entry.songs) as count)::integer
  from private.book_letters as entry
  where entry.system_id = p_system_id
  order by entry.letter;
$$;

comment on function private.browse_book_letters(uuid) is
  'The letters under which a book has artists, "#" first. Definer: books are private.';

revoke all on function private.browse_book_letters(uuid) from public;
grant execute on function private.browse_book_letters(uuid) to service_role;

create function private.browse_book_artists(p_system_id uuid, p_letter text, p_limit integer, p_offset integer)
returns table (artist text, songs integer, total_count integer)
language sql
stable
security definer
rows 20
set search_path = ''
as $$
  select spelling.artist, entry.songs[place], cardinality(entry.artists)
  from private.book_letters as entry
  cross join generate_series(p_offset + 1, least(p_offset + p_limit, cardinality(entry.artists))) as place
  join private.song_spellings as spelling on spelling.id = entry.artists[place]
  where entry.system_id = p_system_id and entry.letter = private.artist_letter(private.normalize_text(p_letter))
  order by place;
$$;

comment on function private.browse_book_artists(uuid, text, integer, integer) is
  'The artists of a book under a letter, in order. Definer: books are private.';

revoke all on function private.browse_book_artists(uuid, text, integer, integer) from public;
grant execute on function private.browse_book_artists(uuid, text, integer, integer) to service_role;

create function private.browse_book_artist(p_system_id uuid, p_artist text, p_limit integer, p_offset integer)
returns table (song_id bigint, artist text, title text)
language sql
stable
security definer
rows 20
set search_path = ''
as $$
  select song.id, spelling.artist, spelling.title
  from public.songs as song
  join private.song_spellings as spelling on spelling.song_id = song.id
  join private.book_chunks as book on book.system_id = p_system_id and book.chunk = spelling.id / 60000
  where song.fingerprint >= left(private.normalize_text(p_artist), 255) || U&'\001F' collate "C"
    and song.fingerprint < left(private.normalize_text(p_artist), 255) || U&'\0020' collate "C"
    and get_bit(book.members, spelling.id % 60000) = 1
  order by song.fingerprint
  limit p_limit offset p_offset;
$$;

comment on function private.browse_book_artist(uuid, text, integer, integer) is
  'The songs a book has by an artist, by title. Definer: books and catalogue are private.';

revoke all on function private.browse_book_artist(uuid, text, integer, integer) from public;
grant execute on function private.browse_book_artist(uuid, text, integer, integer) to service_role;

create function private.browse_book(p_system_id uuid, p_letter text, p_limit integer, p_offset integer)
returns table (song_id bigint, artist text, title text)
language sql
stable
security definer
rows 100
set search_path = ''
as $$
  with
    artists as (
      select artist.place, artist.spelling_id, artist.songs, sum(artist.songs) over (order by artist.place) - artist.songs as before
      from private.book_letters as entry
      cross join lateral unnest(entry.artists, entry.songs) with ordinality as artist (spelling_id, songs, place)
      where entry.system_id = p_system_id and entry.letter = private.artist_letter(private.normalize_text(p_letter))
    )
  select song.song_id, song.artist, song.title
  from artists
  join private.song_spellings as spelling on spelling.id = artists.spelling_id
  cross join lateral private.browse_book_artist(
    p_system_id, spelling.artist,
    least(artists.songs, p_offset + p_limit - artists.before)::integer, greatest(p_offset - artists.before, 0)::integer
  ) with ordinality as song (song_id, artist, title, place)
  where artists.before < p_offset + p_limit and artists.before + artists.songs > p_offset
  order by artists.place, song.place
  limit p_limit;
$$;

comment on function private.browse_book(uuid, text, integer, integer) is
  'The songs of a book by the artists under a letter, by artist and title. Definer: books and catalogue are private.';

revoke all on function private.browse_book(uuid, text, integer, integer) from public;
grant execute on function private.browse_book(uuid, text, integer, integer) to service_role;

create function private.newest_book_songs(p_system_id uuid, p_count integer)
returns table (song_id bigint, artist text, title text)
language sql
stable
security definer
rows 20
set search_path = ''
as $$
  select spelling.song_id, spelling.artist, spelling.title
  from private.books as book
  cross join lateral unnest(book.newest) with ordinality as added (spelling_id, place)
  join private.song_spellings as spelling on spelling.id = added.spelling_id
  join private.book_chunks as chunk on chunk.system_id = p_system_id and chunk.chunk = spelling.id / 60000
  where book.system_id = p_system_id and get_bit(chunk.members, spelling.id % 60000) = 1
  order by added.place
  limit p_count;
$$;

comment on function private.newest_book_songs(uuid, integer) is 'The songs added to a book last. Definer: books are private.';

revoke all on function private.newest_book_songs(uuid, integer) from public;
grant execute on function private.newest_book_songs(uuid, integer) to service_role;

create function private.random_book_songs(p_system_id uuid, p_count integer)
returns table (song_id bigint, artist text, title text)
language sql
volatile
security definer
rows 20
set search_path = ''
as $$
  with
    -- A few chunks, each as likely as it has songs, are enough to draw from.
    chunks as (
      select book.chunk, book.members
      from private.book_chunks as book
      where book.system_id = p_system_id
      order by -ln(1 - random()) / book.songs
      limit 3
    ),
    drawn as (
      select spelling_id
      from chunks
      cross join lateral private.chunk_spellings(chunks.chunk, chunks.members) as spelling_id
      order by random()
      limit p_count
    )
  select spelling.song_id, spelling.artist, spelling.title
  from drawn
  join private.song_spellings as spelling on spelling.id = drawn.spelling_id;
$$;

comment on function private.random_book_songs(uuid, integer) is 'Some songs of a book, drawn by lot. Definer: books are private.';

revoke all on function private.random_book_songs(uuid, integer) from public;
grant execute on function private.random_book_songs(uuid, integer) to service_role;

-- sql/40-songs/60-editing.sql
-- One song at a time, by hand.

create function private.index_book_artist(p_system_id uuid, p_artist text)
returns void
language sql
volatile
security definer
set search_path = ''
as $$
  with
    counted as (
      select min(spelling.id) as spelling_id, count(*)::integer as songs, p_artist as name
      from public.songs as song
      join private.song_spellings as spelling on spelling.song_id = song.id
      join private.book_chunks as book on book.system_id = p_system_id and book.chunk = spelling.id / 60000
      where song.fingerprint >= p_artist || U&'\001F' collate "C" and song.fingerprint < p_artist || U&'\0020' collate "C"
        and get_bit(book.members, spelling.id % 60000) = 1
      having count(*) > 0
    ),
    others as (
      select entered.spelling_id, entered.songs, artist.name
      from private.book_letters as entry
      cross join lateral unnest(entry.artists, entry.songs) as entered (spelling_id, songs)
      join private.song_spellings as spelling on spelling.id = entered.spelling_id
      join private.song_artists as artist on artist.id = spelling.artist_id
      where entry.system_id = p_system_id and entry.letter = private.artist_letter(p_artist)
    ),
    artists as (
      select * from counted
      union all
      select * from others where others.name <> p_artist
    ),
    emptied as (
      delete from private.book_letters as entry
      where entry.system_id = p_system_id and entry.letter = private.artist_letter(p_artist) and not exists (select from artists)
    )
  insert into private.book_letters as entry (system_id, letter, artists, songs)
  select
    p_system_id, private.artist_letter(p_artist),
    array_agg(artists.spelling_id order by artists.name collate "C"),
    array_agg(artists.songs order by artists.name collate "C")
  from artists
  having count(*) > 0
  on conflict (system_id, letter) do update set artists = excluded.artists, songs = excluded.songs;
$$;

comment on function private.index_book_artist(uuid, text) is
  'Brings what browsing reads up to date for one normalised artist. Callers hold the lock of the book. Definer: books are private.';

revoke all on function private.index_book_artist(uuid, text) from public;

create function private.set_book_spelling(p_system_id uuid, p_spelling_id integer, p_is_in_book boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_chunk integer := p_spelling_id / 60000;
  v_offset integer := p_spelling_id % 60000;
begin
  if p_is_in_book then
    insert into private.book_chunks as book (system_id, chunk, songs, members)
    values (p_system_id, v_chunk, 1, set_bit(decode(repeat('00', 7500), 'hex'), v_offset, 1))
    on conflict (system_id, chunk) do update set songs = book.songs + 1, members = set_bit(book.members, v_offset, 1);
  else
    delete from private.book_chunks as book where book.system_id = p_system_id and book.chunk = v_chunk and book.songs = 1;
    update private.book_chunks as book
    set songs = book.songs - 1, members = set_bit(book.members, v_offset, 0)
    where book.system_id = p_system_id and book.chunk = v_chunk;
  end if;

  update private.books as book
  set
    songs = book.songs + case when p_is_in_book then 1 else -1 end,
    newest = case
      when p_is_in_book then (p_spelling_id || array_remove(book.newest, p_spelling_id))[:200]
      else array_remove(book.newest, p_spelling_id)
    end,
    content_hash = null,
    changed_at = now()
  where book.system_id = p_system_id;

  perform private.index_book_artist(p_system_id, artist.name)
  from private.song_spellings as spelling
  join private.song_artists as artist on artist.id = spelling.artist_id
  where spelling.id = p_spelling_id;
end;
$$;

comment on function private.set_book_spelling(uuid, integer, boolean) is
  'Puts a spelling that is not in the book into it, or takes one that is out of it. Callers hold the lock of the book. Definer:
books are private.';

revoke all on function private.set_book_spelling(uuid, integer, boolean) from public;

create function private.require_system(p_system_id uuid, p_permission text)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(
    (select system.organization_id from public.systems as system where system.id = p_system_id), p_permission, 'system_not_found'
  );
end;
$$;

comment on function private.require_system(uuid, text) is
  'Refuses unless the caller holds the permission in the organization of the system; 404 system_not_found for everybody else.
Definer: callers may not see the table.';

revoke all on function private.require_system(uuid, text) from public;

create function private.require_song_text(p_artist text, p_title text)
returns void
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  if p_artist is null or p_artist !~ '[^[:space:]]' or char_length(p_artist) > 255 then
    perform private.raise_error(400, 'artist_invalid', 'The artist is empty or longer than 255 characters.', 'Send 1 to 255 characters.');
  end if;
  if p_title is null or p_title !~ '[^[:space:]]' or char_length(p_title) > 255 then
    perform private.raise_error(400, 'title_invalid', 'The title is empty or longer than 255 characters.', 'Send 1 to 255 characters.');
  end if;
end;
$$;

comment on function private.require_song_text(text, text) is 'Refuses an artist or a title that a book cannot hold.';

revoke all on function private.require_song_text(text, text) from public;

create function private.catalogue_spelling(p_artist text, p_title text)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  return (select found.spelling_ids[1] from private.require_spellings(array[p_artist], array[p_title]) as found);
end;
$$;

comment on function private.catalogue_spelling(text, text) is 'The spelling with this artist and title, added when new. Definer: the catalogue is private.';

revoke all on function private.catalogue_spelling(text, text) from public;

create function private.add_song(p_system_id uuid, p_artist text, p_title text)
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_spelling_id integer;
  v_song_id bigint;
begin
  perform private.require_system(p_system_id, 'songs:write');
  perform private.require_song_text(p_artist, p_title);
  v_spelling_id := private.catalogue_spelling(btrim(p_artist), btrim(p_title));
  select spelling.song_id into v_song_id from private.song_spellings as spelling where spelling.id = v_spelling_id;
  perform private.lock_book(p_system_id);
  if private.book_spelling(p_system_id, v_song_id) is not null then
    perform private.raise_error(
      409, 'song_already_exists', 'The book already has this song.', 'Edit the song it has if the spelling is wrong.'
    );
  end if;
  perform private.set_book_spelling(p_system_id, v_spelling_id, true);
  return v_song_id;
end;
$$;

comment on function private.add_song(uuid, text, text) is 'See public.add_song. Definer: books are private; checks songs:write itself.';

revoke all on function private.add_song(uuid, text, text) from public;
grant execute on function private.add_song(uuid, text, text) to authenticated;

create function private.update_song(p_system_id uuid, p_song_id bigint, p_artist text, p_title text)
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_old_id integer;
  v_old private.song_spellings;
  v_new_id integer;
  v_song_id bigint;
begin
  perform private.require_system(p_system_id, 'songs:write');
  perform private.lock_book(p_system_id);
  v_old_id := private.book_spelling(p_system_id, p_song_id);
  if v_old_id is null then
    perform private.raise_error(404, 'song_not_found', 'The book does not have this song.', 'Search the book again.');
  end if;
  select spelling.* into v_old from private.song_spellings as spelling where spelling.id = v_old_id;
  p_artist := coalesce(p_artist, v_old.artist);
  p_title := coalesce(p_title, v_old.title);
  perform private.require_song_text(p_artist, p_title);
  v_new_id := private.catalogue_spelling(btrim(p_artist), btrim(p_title));
  select spelling.song_id into v_song_id from private.song_spellings as spelling where spelling.id = v_new_id;
  if v_new_id <> v_old_id then
    if v_song_id <> p_song_id and private.book_spelling(p_system_id, v_song_id) is not null then
      perform private.raise_error(
        409, 'song_already_exists', 'The book already has a song with this artist and title.', 'Delete one of the two instead.'
      );
    end if;
    perform private.set_book_spelling(p_system_id, v_old_id, false);
    perform private.set_book_spelling(p_system_id, v_new_id, true);
  end if;
  return v_song_id;
end;
$$;

comment on function private.update_song(uuid, bigint, text, text) is 'See public.update_song. Definer: books are private; checks songs:write itself.';

revoke all on function private.update_song(uuid, bigint, text, text) from public;
grant execute on function private.update_song(uuid, bigint, text, text) to authenticated;

create function private.delete_song(p_system_id uuid, p_song_id bigint)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_spelling_id integer;
begin
  perform private.require_system(p_system_id, 'songs:write');
  perform private.lock_book(p_system_id);
  v_spelling_id := private.book_spelling(p_system_id, p_song_id);
  if v_spelling_id is null then
    perform private.raise_error(404, 'song_not_found', 'The book does not have this song.', 'Search the book again.');
  end if;
  perform private.set_book_spelling(p_system_id, v_spelling_id, false);
end;
$$;

comment on function private.delete_song(uuid, bigint) is 'See public.delete_song. Definer: books are private; checks songs:write itself.';

revoke all on function private.delete_song(uuid, bigint) from public;
grant execute on function private.delete_song(uuid, bigint) to authenticated;

create function private.clear_song_book(p_system_id uuid)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_songs integer;
begin
  perform private.require_system(p_system_id, 'songs:write');
  perform private.lock_book(p_system_id);
  v_songs := private.book_size(p_system_id);
  perform private.replace_book(p_system_id, '{}', '{}');
  update private.books as book set content_hash = null where book.system_id = p_system_id;
  return v_songs;
end;
$$;

comment on function private.clear_song_book(uuid) is 'See public.clear_song_book. Definer: books are private; checks songs:write itself.';

revoke all on function private.clear_song_book(uuid) from public;
grant execute on function private.clear_song_book(uuid) to authenticated;

create function private.get_book_upload(p_system_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_system(p_system_id, 'songs:read');
  return jsonb_build_object(
    'staged', private.book_upload_report(p_system_id, 'staged'), 'published', private.book_upload_report(p_system_id, 'published')
  );
end;
$$;

comment on function private.get_book_upload(uuid) is 'See public.get_book_upload. Definer: uploads are private; checks songs:read itself.';

revoke all on function private.get_book_upload(uuid) from public;
grant execute on function private.get_book_upload(uuid) to authenticated;

create function private.require_staged_upload(p_system_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_system(p_system_id, 'songs:write');
  perform private.lock_book(p_system_id);
  if not exists (
    select from private.book_uploads as upload where upload.system_id = p_system_id and upload.state = 'staged'
  ) then
    perform private.raise_error(404, 'upload_not_found', 'No upload of this book is waiting.', 'Start one in the karaoke program.');
  end if;
end;
$$;

comment on function private.require_staged_upload(uuid) is
  'Refuses unless the caller may write the songs of the system and an upload is waiting; locks the book. Definer: uploads are private.';

revoke all on function private.require_staged_upload(uuid) from public;

create function private.publish_book_upload(p_system_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_staged_upload(p_system_id);
  return (
    select jsonb_build_object('changed', published.changed, 'songs', published.songs)
    from private.book_publish(p_system_id) as published
  );
end;
$$;

comment on function private.publish_book_upload(uuid) is 'See public.publish_book_upload. Definer: uploads are private; checks songs:write itself.';

revoke all on function private.publish_book_upload(uuid) from public;
grant execute on function private.publish_book_upload(uuid) to authenticated;

create function private.discard_book_upload(p_system_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_staged_upload(p_system_id);
  delete from private.book_uploads as upload where upload.system_id = p_system_id and upload.state = 'staged';
end;
$$;

comment on function private.discard_book_upload(uuid) is 'See public.discard_book_upload. Definer: uploads are private; checks songs:write itself.';

revoke all on function private.discard_book_upload(uuid) from public;
grant execute on function private.discard_book_upload(uuid) to authenticated;

-- sql/40-songs/70-api.sql
-- What apps call. Thin: they run as the caller and reach one definer function each, which checks who may do what.

create function private.require_book(p_venue_id uuid, p_limit integer, p_offset integer)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if p_limit is null or p_limit not between 1 and 100 then
    perform private.raise_error(400, 'limit_invalid', 'The limit is not between 1 and 100.', 'Send 1 to 100, or leave it out.');
  end if;
  if p_offset is null or p_offset not between 0 and 1000000 then
    perform private.raise_error(400, 'offset_invalid', 'The offset is not between 0 and 1,000,000.', 'Send 0 or more, or leave it out.');
  end if;
  if not exists (select from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null) then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue.', 'Check the id.');
  end if;
  perform private.require_admission(p_venue_id);
  return private.venue_system(p_venue_id);
end;
$$;

comment on function private.require_book(uuid, integer, integer) is
  'The system whose book a venue uses, once the venue is found and the page makes sense. Definer: callers may not see the tables.';

revoke all on function private.require_book(uuid, integer, integer) from public;

create function private.search_songs(p_venue_id uuid, p_query text, p_limit integer, p_offset integer)
returns table (song_id bigint, artist text, title text, match text, total_count integer)
language plpgsql
stable
security definer
rows 20
set search_path = ''
as $$
begin
  if p_query is null or char_length(p_query) > 200 or p_query !~ '[^[:space:]]' then
    perform private.raise_error(400, 'query_invalid', 'The query is empty or longer than 200 characters.', 'Send 1 to 200 characters.');
  end if;
  return query select * from private.search_book(private.require_book(p_venue_id, p_limit, p_offset), p_query, p_limit, p_offset);
end;
$$;

comment on function private.search_songs(uuid, text, integer, integer) is 'See public.search_songs. Definer: books are private; a venue''s book is public.';

revoke all on function private.search_songs(uuid, text, integer, integer) from public;
grant execute on function private.search_songs(uuid, text, integer, integer) to anon, authenticated;

create function public.search_songs(p_venue_id uuid, p_query text, p_limit integer default 20, p_offset integer default 0)
returns table (song_id bigint, artist text, title text, match text, total_count integer)
language sql
stable
security invoker
rows 20
set search_path = ''
as $$
  select * from private.search_songs(p_venue_id, p_query, p_limit, p_offset);
$$;

comment on function public.search_songs(uuid, text, integer, integer) is
  'Songs in the book of a venue for what a singer types: every word counts, the last one as a beginning; accents, case and
punctuation do not matter and small slips are forgiven. Best first; match is exact, prefix, words or fuzzy; total_count counts up to
300. Query 1-200 characters, limit 1-100, offset from 0. Errors: 400 query_invalid, limit_invalid, offset_invalid; 404 venue_not_found.';

revoke all on function public.search_songs(uuid, text, integer, integer) from public;
grant execute on function public.search_songs(uuid, text, integer, integer) to anon, authenticated;

create function private.browse_letters(p_venue_id uuid)
returns table (letter text, artists integer, songs integer)
language plpgsql
stable
security definer
rows 27
set search_path = ''
as $$
begin
  return query select * from private.browse_book_letters(private.require_book(p_venue_id, 1, 0));
end;
$$;

comment on function private.browse_letters(uuid) is 'See public.browse_letters. Definer: books are private; a venue''s book is public.';

revoke all on function private.browse_letters(uuid) from public;
grant execute on function private.browse_letters(uuid) to anon, authenticated;

create function public.browse_letters(p_venue_id uuid)
returns table (letter text, artists integer, songs integer)
language sql
stable
security invoker
rows 27
set search_path = ''
as $$
  select * from private.browse_letters(p_venue_id);
$$;

comment on function public.browse_letters(uuid) is
  'The letters under which the book of a venue has artists, with how many artists and songs; digits and symbols under "#". Errors:
404 venue_not_found.';

revoke all on function public.browse_letters(uuid) from public;
grant execute on function public.browse_letters(uuid) to anon, authenticated;

create function private.browse_artists(p_venue_id uuid, p_letter text, p_limit integer, p_offset integer)
returns table (artist text, songs integer, total_count integer)
language plpgsql
stable
security definer
rows 20
set search_path = ''
as $$
begin
  if p_letter is null or char_length(p_letter) <> 1 then
    perform private.raise_error(400, 'letter_invalid', 'The letter is not one character.', 'Send one letter, or "#" for digits and symbols.');
  end if;
  return query select * from private.browse_book_artists(private.require_book(p_venue_id, p_limit, p_offset), p_letter, p_limit, p_offset);
end;
$$;

comment on function private.browse_artists(uuid, text, integer, integer) is 'See public.browse_artists. Definer: books are private; a venue''s book is public.';

revoke all on function private.browse_artists(uuid, text, integer, integer) from public;
grant execute on function private.browse_artists(uuid, text, integer, integer) to anon, authenticated;

create function public.browse_artists(p_venue_id uuid, p_letter text, p_limit integer default 20, p_offset integer default 0)
returns table (artist text, songs integer, total_count integer)
language sql
stable
security invoker
rows 20
set search_path = ''
as $$
  select * from private.browse_artists(p_venue_id, p_letter, p_limit, p_offset);
$$;

comment on function public.browse_artists(uuid, text, integer, integer) is
  'The artists under a letter in the book of a venue, in order, with how many songs each has; "#" for digits and symbols. Errors: 400
letter_invalid, limit_invalid, offset_invalid; 404 venue_not_found.';

revoke all on function public.browse_artists(uuid, text, integer, integer) from public;
grant execute on function public.browse_artists(uuid, text, integer, integer) to anon, authenticated;

create function private.browse_artist(p_venue_id uuid, p_artist text, p_limit integer, p_offset integer)
returns table (song_id bigint, artist text, title text)
language plpgsql
stable
security definer
rows 20
set search_path = ''
as $$
begin
  if p_artist is null or p_artist !~ '[^[:space:]]' or char_length(p_artist) > 255 then
    perform private.raise_error(400, 'artist_invalid', 'The artist is empty or longer than 255 characters.', 'Send 1 to 255 characters.');
  end if;
  return query select * from private.browse_book_artist(private.require_book(p_venue_id, p_limit, p_offset), p_artist, p_limit, p_offset);
end;
$$;

comment on function private.browse_artist(uuid, text, integer, integer) is 'See public.browse_artist. Definer: books are private; a venue''s book is public.';

revoke all on function private.browse_artist(uuid, text, integer, integer) from public;
grant execute on function private.browse_artist(uuid, text, integer, integer) to anon, authenticated;

create function public.browse_artist(p_venue_id uuid, p_artist text, p_limit integer default 20, p_offset integer default 0)
returns table (song_id bigint, artist text, title text)
language sql
stable
security invoker
rows 20
set search_path = ''
as $$
  select * from private.browse_artist(p_venue_id, p_artist, p_limit, p_offset);
$$;

comment on function public.browse_artist(uuid, text, integer, integer) is
  'The songs of an artist in the book of a venue, by title. Errors: 400 artist_invalid, limit_invalid, offset_invalid; 404
venue_not_found.';

revoke all on function public.browse_artist(uuid, text, integer, integer) from public;
grant execute on function public.browse_artist(uuid, text, integer, integer) to anon, authenticated;

create function private.newest_songs(p_venue_id uuid, p_limit integer)
returns table (song_id bigint, artist text, title text)
language plpgsql
stable
security definer
rows 20
set search_path = ''
as $$
begin
  return query select * from private.newest_book_songs(private.require_book(p_venue_id, p_limit, 0), p_limit);
end;
$$;

comment on function private.newest_songs(uuid, integer) is 'See public.newest_songs. Definer: books are private; a venue''s book is public.';

revoke all on function private.newest_songs(uuid, integer) from public;
grant execute on function private.newest_songs(uuid, integer) to anon, authenticated;

create function public.newest_songs(p_venue_id uuid, p_limit integer default 20)
returns table (song_id bigint, artist text, title text)
language sql
stable
security invoker
rows 20
set search_path = ''
as $$
  select * from private.newest_songs(p_venue_id, p_limit);
$$;

comment on function public.newest_songs(uuid, integer) is
  'The songs added last to the book of a venue, newest first. Errors: 400 limit_invalid; 404 venue_not_found.';

revoke all on function public.newest_songs(uuid, integer) from public;
grant execute on function public.newest_songs(uuid, integer) to anon, authenticated;

create function private.random_songs(p_venue_id uuid, p_limit integer)
returns table (song_id bigint, artist text, title text)
language plpgsql
volatile
security definer
rows 20
set search_path = ''
as $$
begin
  return query select * from private.random_book_songs(private.require_book(p_venue_id, p_limit, 0), p_limit);
end;
$$;

comment on function private.random_songs(uuid, integer) is 'See public.random_songs. Definer: books are private; a venue''s book is public.';

revoke all on function private.random_songs(uuid, integer) from public;
grant execute on function private.random_songs(uuid, integer) to anon, authenticated;

create function public.random_songs(p_venue_id uuid, p_limit integer default 20)
returns table (song_id bigint, artist text, title text)
language sql
volatile
security invoker
rows 20
set search_path = ''
as $$
  select * from private.random_songs(p_venue_id, p_limit);
$$;

comment on function public.random_songs(uuid, integer) is
  'Some songs of the book of a venue, drawn by lot. Errors: 400 limit_invalid; 404 venue_not_found.';

revoke all on function public.random_songs(uuid, integer) from public;
grant execute on function public.random_songs(uuid, integer) to anon, authenticated;

create function public.add_song(p_system_id uuid, p_artist text, p_title text)
returns bigint
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.add_song(p_system_id, p_artist, p_title);
$$;

comment on function public.add_song(uuid, text, text) is
  'Adds one song to the book of a system and returns its id. Needs songs:write. Errors: 400 artist_invalid, title_invalid; 401; 403
permission_denied; 404 system_not_found; 409 song_already_exists.';

revoke all on function public.add_song(uuid, text, text) from public;
grant execute on function public.add_song(uuid, text, text) to authenticated;

create function public.update_song(p_system_id uuid, p_song_id bigint, p_artist text default null, p_title text default null)
returns bigint
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.update_song(p_system_id, p_song_id, p_artist, p_title);
$$;

comment on function public.update_song(uuid, bigint, text, text) is
  'Changes how a song of the book is written; what is left out stays. Returns the id it has now: another one when the words changed and
not only their spelling. Needs songs:write. Errors: 400 artist_invalid, title_invalid; 401; 403 permission_denied; 404
system_not_found, song_not_found; 409 song_already_exists.';

revoke all on function public.update_song(uuid, bigint, text, text) from public;
grant execute on function public.update_song(uuid, bigint, text, text) to authenticated;

create function public.delete_song(p_system_id uuid, p_song_id bigint)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.delete_song(p_system_id, p_song_id);
$$;

comment on function public.delete_song(uuid, bigint) is
  'Takes one song out of the book of a system. Needs songs:write. Errors: 401; 403 permission_denied; 404 system_not_found,
song_not_found.';

revoke all on function public.delete_song(uuid, bigint) from public;
grant execute on function public.delete_song(uuid, bigint) to authenticated;

create function public.clear_song_book(p_system_id uuid)
returns integer
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.clear_song_book(p_system_id);
$$;

comment on function public.clear_song_book(uuid) is
  'Takes every song out of the book of a system and returns how many there were. Needs songs:write. Errors: 401; 403
permission_denied; 404 system_not_found.';

revoke all on function public.clear_song_book(uuid) from public;
grant execute on function public.clear_song_book(uuid) to authenticated;

create function public.get_book_upload(p_system_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.get_book_upload(p_system_id);
$$;

comment on function public.get_book_upload(uuid) is
  'The upload of the book that is under way (staged) and the last one published: what came in, and which songs OpenKJ left out of it
(missing_songs, missing_between). Needs songs:read. Errors: 401; 403 permission_denied; 404 system_not_found.';

revoke all on function public.get_book_upload(uuid) from public;
grant execute on function public.get_book_upload(uuid) to authenticated;

create function public.publish_book_upload(p_system_id uuid)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.publish_book_upload(p_system_id);
$$;

comment on function public.publish_book_upload(uuid) is
  'Makes a waiting upload the book. Needs songs:write. Errors: 401; 403 permission_denied; 404 system_not_found, upload_not_found.';

revoke all on function public.publish_book_upload(uuid) from public;
grant execute on function public.publish_book_upload(uuid) to authenticated;

create function public.discard_book_upload(p_system_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.discard_book_upload(p_system_id);
$$;

comment on function public.discard_book_upload(uuid) is
  'Drops a waiting upload; the book stays as it is. Needs songs:write. Errors: 401; 403 permission_denied; 404 system_not_found,
upload_not_found.';

revoke all on function public.discard_book_upload(uuid) from public;
grant execute on function public.discard_book_upload(uuid) to authenticated;

-- sql/50-queue/10-shows.sql
-- A night at a venue. Turns, statistics and the night's log belong to a show.

create table public.shows (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  venue_id uuid not null references public.venues (id) on delete cascade,
  opened_at timestamptz not null default now(),
  opened_by uuid references auth.users (id) on delete set null,
  closed_at timestamptz,
  last_activity_at timestamptz not null default now(),
  constraint closes_after_opening check (closed_at >= opened_at)
);

alter table public.shows enable row level security;
revoke all on public.shows from anon, authenticated, service_role;

create unique index shows_one_open_per_venue_idx on public.shows (venue_id) where closed_at is null;
create index shows_venue_id_idx on public.shows (venue_id, opened_at desc);
create index shows_organization_id_idx on public.shows (organization_id);
create index shows_opened_by_idx on public.shows (opened_by);
create index shows_idle_idx on public.shows (last_activity_at) where closed_at is null;

comment on table public.shows is
  'A karaoke night. Opened by staff or by the first accepted request, closed by staff or after 6 hours without activity.';

create function private.open_show(p_venue_id uuid)
returns uuid
language sql
stable
security invoker
set search_path = ''
as $$
  select show.id
  from public.shows as show
  where show.venue_id = p_venue_id and show.closed_at is null and show.last_activity_at >= now() - interval '6 hours';
$$;

comment on function private.open_show(uuid) is 'The open show of the venue, or null. One without activity for 6 hours counts as over.';

revoke all on function private.open_show(uuid) from public;

create function private.current_show(p_venue_id uuid)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_show_id uuid := private.open_show(p_venue_id);
begin
  if v_show_id is null then
    update public.shows
    set closed_at = greatest(last_activity_at, opened_at)
    where venue_id = p_venue_id and closed_at is null and last_activity_at < now() - interval '6 hours';
    insert into public.shows (organization_id, venue_id, opened_by)
    select venue.organization_id, venue.id, (select account.id from auth.users as account where account.id = auth.uid())
    from public.venues as venue
    where venue.id = p_venue_id
    on conflict (venue_id) where closed_at is null do nothing;
    v_show_id := private.open_show(p_venue_id);
  else
    update public.shows
    set last_activity_at = now()
    where id = v_show_id and last_activity_at < now() - interval '1 minute';
  end if;
  return v_show_id;
end;
$$;

comment on function private.current_show(uuid) is 'The open show of the venue, opened now if there is none.';

revoke all on function private.current_show(uuid) from public;

create function private.open_show_as_staff(p_venue_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null),
    'requests:process', 'venue_not_found'
  );
  return private.current_show(p_venue_id);
end;
$$;

comment on function private.open_show_as_staff(uuid) is 'Definer: shows are written only here.';

revoke all on function private.open_show_as_staff(uuid) from public;
grant execute on function private.open_show_as_staff(uuid) to authenticated;

create function public.open_show(p_venue_id uuid)
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.open_show_as_staff(p_venue_id);
$$;

comment on function public.open_show(uuid) is
  'Opens the night at a venue and returns its id; the open one if there is one. Needs requests:process. Errors: 403;
404 venue_not_found.';

revoke all on function public.open_show(uuid) from public;
grant execute on function public.open_show(uuid) to authenticated;

create function private.close_show(p_venue_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null),
    'requests:process', 'venue_not_found'
  );
  update public.shows set closed_at = now() where venue_id = p_venue_id and closed_at is null;
end;
$$;

comment on function private.close_show(uuid) is 'Definer: shows are written only here.';

revoke all on function private.close_show(uuid) from public;
grant execute on function private.close_show(uuid) to authenticated;

create function public.close_show(p_venue_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.close_show(p_venue_id);
$$;

comment on function public.close_show(uuid) is
  'Closes the night at a venue; without an open one nothing happens. Needs requests:process. Errors: 403; 404 venue_not_found.';

revoke all on function public.close_show(uuid) from public;
grant execute on function public.close_show(uuid) to authenticated;

-- sql/50-queue/15-pins.sql
-- A night may ask for a PIN. It guards the book, the queue and asking alike; whoever entered it once is in for the night.

create table private.show_pins (
  show_id uuid primary key references public.shows (id) on delete cascade,
  pin_hash text not null
);

alter table private.show_pins enable row level security;

comment on table private.show_pins is 'bcrypt hash of a night''s PIN; a night without a row is open to everybody.';

create table private.show_admissions (
  show_id uuid not null references public.shows (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  admitted_at timestamptz not null default now(),
  primary key (show_id, user_id)
);

alter table private.show_admissions enable row level security;

create index show_admissions_user_id_idx on private.show_admissions (user_id);

comment on table private.show_admissions is 'Who has entered the PIN of a night.';

create function private.is_admitted(p_venue_id uuid)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select
    not exists (select from private.show_pins as pin where pin.show_id = private.open_show(p_venue_id))
    or exists (
      select
      from private.show_admissions as admission
      where admission.show_id = private.open_show(p_venue_id) and admission.user_id = auth.uid()
        and private.session_is_trusted()
    )
    or exists (
      select
      from public.venues as venue
      where venue.id = p_venue_id and private.has_permission(venue.organization_id, 'requests:read')
    );
$$;

comment on function private.is_admitted(uuid) is
  'Whether the caller may see the book and queue of the venue tonight: no PIN, PIN entered, or staff. Definer: PINs are private.';

revoke all on function private.is_admitted(uuid) from public;

create function private.require_admission(p_venue_id uuid)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if not private.is_admitted(p_venue_id) then
    perform private.raise_error(
      403, 'pin_required', 'Tonight this venue asks for a PIN.', 'Ask the host for it and send it to enter_show.'
    );
  end if;
end;
$$;

comment on function private.require_admission(uuid) is 'Refuses with 403 pin_required unless is_admitted(). Definer: as is_admitted.';

revoke all on function private.require_admission(uuid) from public;

create function private.set_show_pin(p_venue_id uuid, p_pin text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_show_id uuid := private.open_show_as_staff(p_venue_id);
begin
  if p_pin !~ '^[0-9]{4,6}$' then
    perform private.raise_error(400, 'invalid_pin', 'A PIN has 4 to 6 digits.', 'Choose another one, or none to take it away.');
  end if;
  delete from private.show_pins where show_id = v_show_id;
  delete from private.show_admissions where show_id = v_show_id;
  if p_pin is not null then
    insert into private.show_pins (show_id, pin_hash)
    values (v_show_id, extensions.crypt(p_pin, extensions.gen_salt('bf', 8)));
  end if;
end;
$$;

comment on function private.set_show_pin(uuid, text) is 'Definer: PINs are private.';

revoke all on function private.set_show_pin(uuid, text) from public;
grant execute on function private.set_show_pin(uuid, text) to authenticated;

create function public.set_show_pin(p_venue_id uuid, p_pin text default null)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.set_show_pin(p_venue_id, p_pin);
$$;

comment on function public.set_show_pin(uuid, text) is
  'Gives tonight''s show a PIN of 4-6 digits, or takes it away when null; opens the show if there is none. Everybody has to enter
a new PIN. Needs requests:process. Errors: 400 invalid_pin; 403; 404 venue_not_found.';

revoke all on function public.set_show_pin(uuid, text) from public;
grant execute on function public.set_show_pin(uuid, text) to authenticated;

create function private.enter_show(p_venue_id uuid, p_pin text)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_pin private.show_pins;
begin
  if not exists (select from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null) then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue.', 'Find the venue again.');
  end if;
  select pin.* into v_pin from private.show_pins as pin where pin.show_id = private.open_show(p_venue_id);
  if not found then
    return true;
  end if;
  -- A wrong PIN answers false instead of raising: raising would give the attempt back.
  perform private.enforce_rate_limit('pin_attempts_per_device', v_user_id::text);
  perform private.enforce_rate_limit('pin_attempts_per_venue', p_venue_id::text);
  if extensions.crypt(coalesce(p_pin, ''), v_pin.pin_hash) <> v_pin.pin_hash then
    return false;
  end if;
  insert into private.show_admissions (show_id, user_id) values (v_pin.show_id, v_user_id) on conflict do nothing;
  return true;
end;
$$;

comment on function private.enter_show(uuid, text) is 'Definer: PINs are private.';

revoke all on function private.enter_show(uuid, text) from public;
grant execute on function private.enter_show(uuid, text) to authenticated;

create function public.enter_show(p_venue_id uuid, p_pin text)
returns boolean
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.enter_show(p_venue_id, p_pin);
$$;

comment on function public.enter_show(uuid, text) is
  'Enters tonight''s show with its PIN: true when it was right or there is none, false when it was wrong. 5 attempts in 15 minutes.
Errors: 401; 404 venue_not_found; 429.';

revoke all on function public.enter_show(uuid, text) from public;
grant execute on function public.enter_show(uuid, text) to authenticated;

-- sql/50-queue/20-requests.sql
-- The queue. A request is never deleted by what people or OpenKJ do: it changes its state, and every change is kept.

create table public.request_states (
  key text primary key,
  description text not null,
  is_active boolean not null
);

alter table public.request_states enable row level security;
revoke all on public.request_states from anon, authenticated, service_role;

comment on table public.request_states is 'States of a request. Active ones wait or are being sung.';

create table public.request_transitions (
  from_state text not null references public.request_states (key) on update cascade on delete cascade,
  to_state text not null references public.request_states (key) on update cascade on delete cascade,
  actor text not null,
  constraint actor_is_known check (actor in ('singer', 'host')),
  primary key (from_state, to_state, actor)
);

alter table public.request_transitions enable row level security;
revoke all on public.request_transitions from anon, authenticated, service_role;

create index request_transitions_to_state_idx on public.request_transitions (to_state);

comment on table public.request_transitions is 'Who may move a request from which state to which.';

create table public.requests (
  id bigint generated always as identity primary key,
  organization_id uuid not null references public.organizations (id) on delete cascade,
  venue_id uuid not null references public.venues (id) on delete cascade,
  show_id uuid references public.shows (id) on delete set null,
  openkj_request_id integer not null,
  singer_user_id uuid references auth.users (id) on delete set null,
  submitted_by uuid references auth.users (id) on delete set null,
  singer_names text[] not null,
  singer_name text not null generated always as (
    case cardinality(singer_names)
      when 1 then singer_names[1]
      when 2 then singer_names[1] || ' & ' || singer_names[2]
      when 3 then singer_names[1] || ', ' || singer_names[2] || ' & ' || singer_names[3]
      else singer_names[1] || ', ' || singer_names[2] || ', ' || singer_names[3] || ' & ' || singer_names[4]
    end
  ) stored,
  song_id bigint,
  artist text not null,
  title text not null,
  key_change integer not null default 0,
  notes text,
  state text not null default 'pending' references public.request_states (key) on update cascade on delete restrict,
  processed boolean not null generated always as (state = 'completed') stored,
  reason text,
  sort_order double precision,
  idempotency_key uuid,
  requested_at timestamptz not null default now(),
  processed_at timestamptz,
  updated_at timestamptz not null default now(),
  constraint singers_are_1_to_4 check (cardinality(singer_names) between 1 and 4),
  constraint artist_is_1_to_255_characters check (char_length(artist) between 1 and 255),
  constraint title_is_1_to_255_characters check (char_length(title) between 1 and 255),
  constraint key_change_is_within_an_octave check (key_change between -12 and 12),
  constraint notes_are_1_to_500_characters check (char_length(notes) between 1 and 500),
  constraint reason_is_1_to_500_characters check (char_length(reason) between 1 and 500),
  constraint processed_at_matches_state check ((processed_at is not null) = (state = 'completed')),
  unique (organization_id, openkj_request_id)
);

alter table public.requests enable row level security;
revoke all on public.requests from anon, authenticated, service_role;

create unique index requests_idempotency_idx on public.requests (venue_id, submitted_by, idempotency_key)
  where idempotency_key is not null;
-- The queue itself: small however long the history grows.
create index requests_active_idx on public.requests (venue_id, requested_at, id)
  where state in ('pending', 'accepted', 'performing');
create index requests_active_of_singer_idx on public.requests (singer_user_id, venue_id)
  where state in ('pending', 'accepted', 'performing');
create index requests_venue_id_idx on public.requests (venue_id, requested_at desc, id desc);
create index requests_show_id_idx on public.requests (show_id, singer_user_id);
create index requests_show_song_idx on public.requests (show_id, song_id);
create index requests_singer_user_id_idx on public.requests (singer_user_id, requested_at desc, id desc);
create index requests_submitted_by_idx on public.requests (submitted_by);
create index requests_state_idx on public.requests (state) where state in ('accepted', 'performing');

comment on table public.requests is 'Songs asked for at a venue: the queue, and its history.';
comment on column public.requests.openkj_request_id is
  'What OpenKJ calls it; counted per organization, never reused, and new when the key changes.';
comment on column public.requests.show_id is 'The night it belongs to: the one open when it was asked for, or the one its acceptance opened.';
comment on column public.requests.singer_user_id is 'The guest or singer it is for; null for a walk-up entered by staff or OpenKJ.';
comment on column public.requests.song_id is 'Song of the catalogue; null marks free text: a song that is not in the book.';
comment on column public.requests.reason is 'Why the host skipped or rejected it; the singer sees it.';
comment on column public.requests.sort_order is 'Place in a queue ordered by hand; null keeps the order of asking.';
comment on column public.requests.idempotency_key is 'Chosen by the app: the same key asks once, however often it is sent.';

create trigger requests_set_updated_at
  before update on public.requests
  for each row execute function private.set_updated_at();

create table public.request_events (
  id bigint generated always as identity primary key,
  request_id bigint not null references public.requests (id) on delete cascade,
  from_state text references public.request_states (key) on update cascade on delete restrict,
  to_state text not null references public.request_states (key) on update cascade on delete restrict,
  changed_by uuid references auth.users (id) on delete set null,
  source text not null,
  reason text,
  changed_at timestamptz not null default clock_timestamp(),
  constraint source_is_known check (source in ('app', 'openkj', 'api', 'system'))
);

alter table public.request_events enable row level security;
revoke all on public.request_events from anon, authenticated, service_role;

create index request_events_request_id_idx on public.request_events (request_id, id);
create index request_events_changed_by_idx on public.request_events (changed_by);
create index request_events_from_state_idx on public.request_events (from_state);
create index request_events_to_state_idx on public.request_events (to_state);

comment on table public.request_events is 'Every state a request has had: what, when, by whom. Append-only.';

create table public.performances (
  id bigint generated always as identity primary key,
  request_id bigint not null unique references public.requests (id) on delete cascade,
  organization_id uuid not null references public.organizations (id) on delete cascade,
  venue_id uuid not null references public.venues (id) on delete cascade,
  show_id uuid references public.shows (id) on delete set null,
  singer_user_id uuid references auth.users (id) on delete set null,
  singer_name text not null,
  song_id bigint,
  fingerprint text not null,
  artist text not null,
  title text not null,
  key_change integer not null,
  performed_at timestamptz not null default now()
);

alter table public.performances enable row level security;
revoke all on public.performances from anon, authenticated, service_role;

create index performances_singer_user_id_idx on public.performances (singer_user_id, performed_at desc, id desc);
create index performances_venue_id_idx on public.performances (venue_id, performed_at desc, id desc);
create index performances_show_id_idx on public.performances (show_id, performed_at);
create index performances_organization_id_idx on public.performances (organization_id, performed_at desc);

comment on table public.performances is 'What was sung, one row per completed request: the history that statistics read.';

-- Who is changing requests right now, for the log of events: RPCs and the OpenKJ commands say so.
create function private.change_source()
returns text
language sql
stable
security invoker
set search_path = ''
as $$
  select coalesce(nullif(current_setting('karaoke.source', true), ''), 'app');
$$;

revoke all on function private.change_source() from public;

create function private.record_request_change()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and new.state = old.state then
    return null;
  end if;
  insert into public.request_events (request_id, from_state, to_state, changed_by, source, reason)
  values (
    new.id,
    case when tg_op = 'UPDATE' then old.state end,
    new.state,
    (select account.id from auth.users as account where account.id = auth.uid()),
    private.change_source(),
    new.reason
  );
  if new.state = 'completed' then
    insert into public.performances (
      request_id, organization_id, venue_id, show_id, singer_user_id, singer_name, song_id, fingerprint, artist, title, key_change,
      performed_at
    )
    values (
      new.id, new.organization_id, new.venue_id, new.show_id, new.singer_user_id, new.singer_name, new.song_id,
      private.song_fingerprint(new.artist, new.title), new.artist, new.title, new.key_change, new.processed_at
    );
  elsif tg_op = 'UPDATE' and old.state = 'completed' then
    delete from public.performances where request_id = new.id;
  end if;
  return null;
end;
$$;

comment on function private.record_request_change() is
  'Keeps the log of states and the history of what was sung. Definer: both are written only here.';

revoke all on function private.record_request_change() from public;

create trigger requests_record_change
  after insert or update of state on public.requests
  for each row execute function private.record_request_change();

-- The statements below run once per statement: a bulk change moves the serial once.
create function private.requests_changed()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.bump_openkj_serial(array(select distinct organization_id from changed));
  return null;
end;
$$;

comment on function private.requests_changed() is 'Definer: the counters are private.';

revoke all on function private.requests_changed() from public;

create trigger requests_bump_serial_on_insert
  after insert on public.requests
  referencing new table as changed
  for each statement execute function private.requests_changed();

create trigger requests_bump_serial_on_update
  after update on public.requests
  referencing new table as changed
  for each statement execute function private.requests_changed();

create function private.venues_changed()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    perform private.bump_openkj_serial(array(select distinct organization_id from changed));
  else
    -- Only what OpenKJ shows: names, accepting, and which venues there are.
    perform private.bump_openkj_serial(array(
      select distinct changed.organization_id
      from changed
      join former on former.id = changed.id
      where (changed.name, changed.url_name, changed.accepting_requests, changed.archived_at)
        is distinct from (former.name, former.url_name, former.accepting_requests, former.archived_at)
    ));
  end if;
  return null;
end;
$$;

comment on function private.venues_changed() is 'Definer: the counters are private.';

revoke all on function private.venues_changed() from public;

create trigger venues_bump_serial_on_insert
  after insert on public.venues
  referencing new table as changed
  for each statement execute function private.venues_changed();

create trigger venues_bump_serial_on_update
  after update on public.venues
  referencing old table as former new table as changed
  for each statement execute function private.venues_changed();

-- sql/50-queue/25-bans.sql
-- Whom and what a host will not have.

create table public.venue_bans (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  venue_id uuid references public.venues (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  singer_name text not null,
  reason text,
  expires_at timestamptz,
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  constraint reason_is_1_to_500_characters check (char_length(reason) between 1 and 500),
  unique nulls not distinct (organization_id, venue_id, user_id)
);

alter table public.venue_bans enable row level security;
revoke all on public.venue_bans from anon, authenticated, service_role;

create index venue_bans_user_id_idx on public.venue_bans (user_id);
create index venue_bans_venue_id_idx on public.venue_bans (venue_id);
create index venue_bans_created_by_idx on public.venue_bans (created_by);

comment on table public.venue_bans is
  'Singers and guests'' devices that may not ask for songs: at one venue, or at all of the organization when venue_id is null.';
comment on column public.venue_bans.singer_name is 'The name on the request that led to the ban, to recognise it by.';

create function private.ban_singer(p_request_id bigint, p_all_venues boolean, p_reason text, p_expires_at timestamptz)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
  v_ban_id uuid;
begin
  select request.* into v_request from public.requests as request where request.id = p_request_id;
  perform private.require_permission(v_request.organization_id, 'requests:process', 'request_not_found');
  if v_request.singer_user_id is null then
    perform private.raise_error(
      409, 'nobody_to_ban', 'This request has no account behind it: staff or a program entered it.', 'Reject it instead.'
    );
  end if;
  if p_expires_at <= now() then
    perform private.raise_error(400, 'invalid_expiry', 'The expiry is in the past.', 'Give a time to come, or none.');
  end if;
  insert into public.venue_bans as ban (organization_id, venue_id, user_id, singer_name, reason, expires_at, created_by)
  values (
    v_request.organization_id, case when p_all_venues then null else v_request.venue_id end, v_request.singer_user_id,
    v_request.singer_name, private.clean_text(p_reason, 'reason', 500), p_expires_at, auth.uid()
  )
  on conflict (organization_id, venue_id, user_id) do update set
    reason = excluded.reason, expires_at = excluded.expires_at, created_by = excluded.created_by
  returning ban.id into v_ban_id;
  return v_ban_id;
end;
$$;

comment on function private.ban_singer(bigint, boolean, text, timestamptz) is 'Definer: bans are made only here.';

revoke all on function private.ban_singer(bigint, boolean, text, timestamptz) from public;
grant execute on function private.ban_singer(bigint, boolean, text, timestamptz) to authenticated;

create function public.ban_singer(
  p_request_id bigint, p_all_venues boolean default false, p_reason text default null, p_expires_at timestamptz default null
)
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.ban_singer(p_request_id, p_all_venues, p_reason, p_expires_at);
$$;

comment on function public.ban_singer(bigint, boolean, text, timestamptz) is
  'Bans the singer or device behind a request and returns the ban''s id; deleting the row of venue_bans lifts it. Needs
requests:process. Errors: 400 invalid_expiry, invalid_reason; 403; 404 request_not_found; 409 nobody_to_ban.';

revoke all on function public.ban_singer(bigint, boolean, text, timestamptz) from public;
grant execute on function public.ban_singer(bigint, boolean, text, timestamptz) to authenticated;

create table public.blocked_songs (
  venue_id uuid not null references public.venues (id) on delete cascade,
  song_id bigint not null references public.songs (id) on delete cascade,
  artist text not null,
  title text not null,
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  primary key (venue_id, song_id)
);

alter table public.blocked_songs enable row level security;
revoke all on public.blocked_songs from anon, authenticated, service_role;

create index blocked_songs_song_id_idx on public.blocked_songs (song_id);
create index blocked_songs_created_by_idx on public.blocked_songs (created_by);

comment on table public.blocked_songs is 'Songs of the book that a venue does not want asked for.';

create function private.block_song(p_venue_id uuid, p_song_id bigint)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_song record;
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null),
    'venues:update', 'venue_not_found'
  );
  select song.artist, song.title into v_song from private.book_song(private.venue_system(p_venue_id), p_song_id) as song;
  if not found then
    perform private.raise_error(404, 'song_not_found', 'This song is not in the venue''s book.', 'Search the book again.');
  end if;
  insert into public.blocked_songs (venue_id, song_id, artist, title, created_by)
  values (p_venue_id, p_song_id, v_song.artist, v_song.title, auth.uid())
  on conflict do nothing;
end;
$$;

comment on function private.block_song(uuid, bigint) is 'Definer: the catalogue is private.';

revoke all on function private.block_song(uuid, bigint) from public;
grant execute on function private.block_song(uuid, bigint) to authenticated;

create function public.block_song(p_venue_id uuid, p_song_id bigint)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.block_song(p_venue_id, p_song_id);
$$;

comment on function public.block_song(uuid, bigint) is
  'Puts a song of the book on the venue''s block list; deleting the row of blocked_songs takes it off. Needs venues:update.
Errors: 403; 404 venue_not_found, song_not_found.';

revoke all on function public.block_song(uuid, bigint) from public;
grant execute on function public.block_song(uuid, bigint) to authenticated;

-- sql/50-queue/28-popularity.sql
-- What is asked for most. The counts are kept as requests come in, so that the list never reads the history.

create index song_popularity_requests_idx on private.song_popularity (system_id, requests desc, song_id);

create function private.most_requested_songs(p_venue_id uuid, p_limit integer)
returns table (song_id bigint, artist text, title text, requested integer)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
declare
  v_system_id uuid := private.require_book(p_venue_id, p_limit, 0);
begin
  return query
    select counted.song_id, song.artist, song.title, counted.requests
    from (
      -- Some of the most wanted may have left the book, so a few more are looked at.
      select * from private.song_popularity as most
      where most.system_id = v_system_id
      order by most.requests desc, most.song_id
      limit p_limit * 3
    ) as counted
    cross join lateral private.book_song(v_system_id, counted.song_id) as song
    order by counted.requests desc, counted.song_id
    limit p_limit;
end;
$$;

comment on function private.most_requested_songs(uuid, integer) is 'Definer: counts and books are private.';

revoke all on function private.most_requested_songs(uuid, integer) from public;
grant execute on function private.most_requested_songs(uuid, integer) to anon, authenticated;

create function public.most_requested_songs(p_venue_id uuid, p_limit integer default 20)
returns table (song_id bigint, artist text, title text, requested integer)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.most_requested_songs(p_venue_id, p_limit);
$$;

comment on function public.most_requested_songs(uuid, integer) is
  'The songs of the venue''s book that were asked for most often. p_limit: 1-100. Errors: 400 limit_invalid;
403 pin_required; 404 venue_not_found.';

revoke all on function public.most_requested_songs(uuid, integer) from public;
grant execute on function public.most_requested_songs(uuid, integer) to anon, authenticated;

-- sql/50-queue/30-submitting.sql
-- Asking for a song. One function writes requests, whoever asks: a guest, a singer, staff for a walk-up, or a program.

create function private.clean_singer_names(p_names text[])
returns text[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  v_names text[];
begin
  select array_agg(cleaned.name order by cleaned.place) into v_names
  from (
    select
      named.place,
      btrim(regexp_replace(normalize(named.name, nfc), '[[:space:][:cntrl:]]+', ' ', 'g')) as name
    from unnest(p_names) with ordinality as named (name, place)
  ) as cleaned;
  if coalesce(cardinality(v_names), 0) not between 1 and 4 then
    perform private.raise_error(
      400, 'invalid_singer_names', 'A request needs 1 to 4 singers.', 'Send a list of names: one for a solo, two for a duet.'
    );
  end if;
  if exists (select from unnest(v_names) as name where name is null or char_length(name) not between 1 and 100) then
    perform private.raise_error(
      400, 'invalid_singer_names', 'Each singer''s name must have 1 to 100 characters.', 'Shorten or fill in the name.'
    );
  end if;
  return v_names;
end;
$$;

comment on function private.clean_singer_names(text[]) is
  'The names in one normal form. Errors: 400 invalid_singer_names.';

revoke all on function private.clean_singer_names(text[]) from public;

create function private.clean_text(p_text text, p_field text, p_maximum integer)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  v_text text := nullif(btrim(regexp_replace(normalize(p_text, nfc), '[[:space:][:cntrl:]]+', ' ', 'g')), '');
begin
  if char_length(v_text) > p_maximum then
    perform private.raise_error(
      400, 'invalid_' || p_field, format('The %s has %s characters; %s are allowed.', p_field, char_length(v_text), p_maximum),
      'Shorten it.'
    );
  end if;
  return v_text;
end;
$$;

comment on function private.clean_text(text, text, integer) is
  'Text in one normal form on one line, null when nothing is left. Errors: 400 invalid_<field> over p_maximum characters.';

revoke all on function private.clean_text(text, text, integer) from public;

create function private.check_queue_rules(
  p_venue_id uuid, p_show_id uuid, p_rules public.venue_rules, p_singer_user_id uuid, p_song_id bigint, p_artist text, p_title text
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_last timestamptz;
  v_fingerprint text := private.song_fingerprint(p_artist, p_title);
begin
  if p_rules.max_active_requests <= (
    select count(*)
    from public.requests as request
    where request.singer_user_id = p_singer_user_id and request.venue_id = p_venue_id
      and request.state in ('pending', 'accepted', 'performing')
  ) then
    perform private.raise_error(
      422, 'too_many_active_requests', format('You already have %s songs waiting.', p_rules.max_active_requests),
      'Sing or cancel one of them first.'
    );
  end if;

  if p_rules.cooldown_minutes is not null then
    select max(request.requested_at) into v_last
    from public.requests as request
    where request.singer_user_id = p_singer_user_id and request.venue_id = p_venue_id and request.state <> 'cancelled'
      and request.requested_at > now() - make_interval(mins => p_rules.cooldown_minutes);
    if v_last is not null then
      perform private.raise_error(
        422, 'cooldown', format('There are %s minutes between two songs of one singer.', p_rules.cooldown_minutes),
        format('You may ask again at %s.', to_char(
          (v_last + make_interval(mins => p_rules.cooldown_minutes)) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
        ))
      );
    end if;
  end if;

  if p_rules.same_song <> 'allowed' then
    select max(request.requested_at) into v_last
    from public.requests as request
    where request.venue_id = p_venue_id
      and request.state not in ('cancelled', 'rejected', 'skipped', 'cleared')
      and case p_rules.same_song
        when 'not_while_active' then request.state <> 'completed'
        when 'not_within_minutes' then
          request.state <> 'completed' or request.requested_at > now() - make_interval(mins => p_rules.same_song_minutes)
        else request.state <> 'completed' or request.show_id = p_show_id
      end
      -- Nothing older than a night matters, and the index then reads only the night's rows.
      and request.requested_at > now() - interval '24 hours'
      and case
        when p_song_id is not null then request.song_id = p_song_id
        else private.song_fingerprint(request.artist, request.title) = v_fingerprint
      end;
    if v_last is not null then
      perform private.raise_error(
        422, 'same_song', 'Somebody has already asked for this song.',
        case p_rules.same_song
          when 'not_while_active' then 'Ask again when it has been sung, or choose another song.'
          when 'not_within_minutes' then format('Ask again %s minutes after the last time, or choose another song.', p_rules.same_song_minutes)
          else 'Each song is sung once a night here: choose another one.'
        end
      );
    end if;
  end if;
end;
$$;

comment on function private.check_queue_rules(uuid, uuid, public.venue_rules, uuid, bigint, text, text) is
  'The venue''s rules about singers and songs. Errors: 422 too_many_active_requests, cooldown, same_song. Called after the
organization''s counter row is locked, so that two requests at once cannot both pass.';

revoke all on function private.check_queue_rules(uuid, uuid, public.venue_rules, uuid, bigint, text, text) from public;

create function private.insert_request(
  p_venue_id uuid,
  p_singer_user_id uuid,
  p_submitted_by uuid,
  p_singer_names text[],
  p_song_id bigint,
  p_artist text,
  p_title text,
  p_key_change integer,
  p_notes text,
  p_idempotency_key uuid,
  p_is_staff boolean
)
returns public.requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_venue public.venues;
  v_rules public.venue_rules;
  v_request public.requests;
  v_organization_id uuid;
  v_system_id uuid;
  v_song_id bigint := p_song_id;
  v_artist text := private.clean_text(p_artist, 'artist', 255);
  v_title text := private.clean_text(p_title, 'title', 255);
  v_notes text := private.clean_text(p_notes, 'notes', 500);
  v_names text[] := private.clean_singer_names(p_singer_names);
  v_openkj_request_id integer;
  v_show_id uuid;
begin
  if p_key_change is null or p_key_change not between -12 and 12 then
    perform private.raise_error(400, 'invalid_key_change', 'The key can be changed by -12 to 12 semitones.', 'Send 0 for the original key.');
  end if;

  select venue.organization_id into v_organization_id
  from public.venues as venue
  where venue.id = p_venue_id and venue.archived_at is null;
  if v_organization_id is null then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue.', 'Find the venue again.');
  end if;

  -- From here on the organization's requests follow one another: numbers, rules and the serial agree.
  update private.organization_counters
  set next_openkj_request_id = next_openkj_request_id + 1
  where organization_id = v_organization_id
  returning next_openkj_request_id - 1 into v_openkj_request_id;

  if p_idempotency_key is not null then
    select request.* into v_request
    from public.requests as request
    where request.venue_id = p_venue_id and request.submitted_by = p_submitted_by and request.idempotency_key = p_idempotency_key;
    if found then
      return v_request;
    end if;
  end if;

  select venue.* into v_venue from public.venues as venue where venue.id = p_venue_id;
  select rules.* into v_rules from public.venue_rules as rules where rules.venue_id = p_venue_id;
  if not v_venue.accepting_requests then
    perform private.raise_error(422, 'venue_closed', 'The venue takes no requests right now.', 'Ask the host when it opens.');
  end if;

  if not p_is_staff then
    if p_key_change <> 0 and not v_rules.key_change_allowed then
      perform private.raise_error(422, 'key_change_not_allowed', 'The key cannot be changed at this venue.', 'Send 0.');
    end if;
    if v_notes is not null and not v_rules.notes_allowed then
      perform private.raise_error(422, 'notes_not_allowed', 'This venue takes no notes.', 'Leave the notes out.');
    end if;
    if v_rules.last_initial_required and exists (select from unnest(v_names) as name where name !~ '^\S+ \S') then
      perform private.raise_error(422, 'last_initial_required', 'This venue asks for an initial of the last name.', 'Write it like "Kim P.".');
    end if;
  end if;

  v_system_id := private.venue_system(p_venue_id);
  if v_song_id is not null then
    select song.artist, song.title into v_artist, v_title
    from private.book_song(v_system_id, v_song_id) as song;
    if not found then
      perform private.raise_error(404, 'song_not_found', 'This song is not in the venue''s book.', 'Search the book again.');
    end if;
  elsif v_artist is null or v_title is null then
    perform private.raise_error(400, 'song_missing', 'A request needs a song.', 'Send p_song_id, or both p_artist and p_title.');
  else
    v_song_id := private.find_book_song(v_system_id, v_artist, v_title);
    if v_song_id is not null then
      select song.artist, song.title into v_artist, v_title
      from private.book_song(v_system_id, v_song_id) as song;
    elsif not p_is_staff and not v_rules.free_text_allowed then
      perform private.raise_error(
        422, 'song_not_in_book', 'This venue takes only songs from its book.', 'Search the book and send p_song_id.'
      );
    end if;
  end if;

  v_show_id := private.open_show(p_venue_id);
  if not p_is_staff then
    if exists (
      select
      from public.venue_bans as ban
      where ban.user_id = p_singer_user_id and ban.organization_id = v_organization_id
        and (ban.venue_id is null or ban.venue_id = p_venue_id) and (ban.expires_at is null or ban.expires_at > now())
    ) then
      perform private.raise_error(403, 'banned', 'This venue takes no requests from you.', 'Talk to the host.');
    end if;
    if exists (select from public.blocked_songs as blocked where blocked.venue_id = p_venue_id and blocked.song_id = v_song_id) then
      perform private.raise_error(422, 'song_blocked', 'This song is not sung here.', 'Choose another one.');
    end if;
    perform private.check_queue_rules(p_venue_id, v_show_id, v_rules, p_singer_user_id, v_song_id, v_artist, v_title);
  end if;

  insert into public.requests (
    organization_id, venue_id, show_id, openkj_request_id, singer_user_id, submitted_by, singer_names, song_id, artist, title,
    key_change, notes, idempotency_key
  )
  values (
    v_organization_id, p_venue_id, v_show_id, v_openkj_request_id, p_singer_user_id, p_submitted_by, v_names, v_song_id, v_artist,
    v_title, p_key_change, v_notes, p_idempotency_key
  )
  returning * into v_request;
  if v_song_id is not null then
    perform private.count_song_request(v_system_id, v_song_id);
  end if;
  return v_request;
end;
$$;

comment on function private.insert_request(uuid, uuid, uuid, text[], bigint, text, text, integer, text, uuid, boolean) is
  'The one place where requests are made. Staff and programs (p_is_staff) are not held to the rules for singers, but to a closed
venue as everybody. Definer: nobody may insert requests directly.';

revoke all on function private.insert_request(uuid, uuid, uuid, text[], bigint, text, text, integer, text, uuid, boolean) from public;

create function private.submit_request(
  p_venue_id uuid, p_song_id bigint, p_artist text, p_title text, p_singer_names text[], p_key_change integer, p_notes text,
  p_idempotency_key uuid
)
returns public.requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_is_guest boolean := coalesce((private.claims() ->> 'is_anonymous')::boolean, false);
  v_names text[] := p_singer_names;
  v_request public.requests;
begin
  if p_idempotency_key is not null then
    select request.* into v_request
    from public.requests as request
    where request.venue_id = p_venue_id and request.submitted_by = v_user_id and request.idempotency_key = p_idempotency_key;
    if found then
      return v_request;
    end if;
  end if;

  perform private.require_admission(p_venue_id);
  if v_is_guest then
    if not coalesce((select rules.guests_allowed from public.venue_rules as rules where rules.venue_id = p_venue_id), true) then
      perform private.raise_error(
        403, 'guests_not_allowed', 'This venue takes requests from singers with an account only.', 'Sign up, your requests stay yours.'
      );
    end if;
    perform private.enforce_rate_limit('requests_per_device', v_user_id::text);
    perform private.enforce_rate_limit('requests_per_address', host(private.client_address()));
  else
    perform private.enforce_rate_limit('requests_per_singer', v_user_id::text);
  end if;
  perform private.enforce_rate_limit(
    'requests_per_venue', p_venue_id::text,
    (select rules.max_requests_per_hour from public.venue_rules as rules where rules.venue_id = p_venue_id)
  );

  if coalesce(cardinality(v_names), 0) = 0 then
    select array[coalesce(singer.nickname, profile.display_name, profile.name)] into v_names
    from public.profiles as profile
    left join public.singer_profiles as singer on singer.user_id = profile.user_id
    where profile.user_id = v_user_id and coalesce(singer.nickname, profile.display_name, profile.name) is not null;
  end if;
  return private.insert_request(
    p_venue_id, v_user_id, v_user_id, v_names, p_song_id, p_artist, p_title, p_key_change, p_notes, p_idempotency_key, false
  );
end;
$$;

comment on function private.submit_request(uuid, bigint, text, text, text[], integer, text, uuid) is
  'Definer: requests are made only through insert_request.';

revoke all on function private.submit_request(uuid, bigint, text, text, text[], integer, text, uuid) from public;
grant execute on function private.submit_request(uuid, bigint, text, text, text[], integer, text, uuid) to authenticated;

create function public.submit_request(
  p_venue_id uuid,
  p_song_id bigint default null,
  p_artist text default null,
  p_title text default null,
  p_singer_names text[] default null,
  p_key_change integer default 0,
  p_notes text default null,
  p_idempotency_key uuid default null
)
returns public.requests
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.submit_request(
    p_venue_id, p_song_id, p_artist, p_title, p_singer_names, p_key_change, p_notes, p_idempotency_key
  );
$$;

comment on function public.submit_request(uuid, bigint, text, text, text[], integer, text, uuid) is
  'Asks for a song at a venue and returns the request. p_song_id from search_songs, or p_artist and p_title (1-255 characters).
p_singer_names: 1-4 names of 1-100 characters, may be left out when the profile has one. p_key_change: -12..12 semitones. p_notes: up
to 500 characters. p_idempotency_key: chosen by the app, asks once however often it is sent. Errors: 400 invalid_...,
song_missing; 401; 403 guests_not_allowed, pin_required, banned; 404 venue_not_found,
song_not_found; 422 venue_closed, song_not_in_book, song_blocked,
key_change_not_allowed, notes_not_allowed, last_initial_required, too_many_active_requests, cooldown, same_song; 429.';

revoke all on function public.submit_request(uuid, bigint, text, text, text[], integer, text, uuid) from public;
grant execute on function public.submit_request(uuid, bigint, text, text, text[], integer, text, uuid) to authenticated;

create function private.add_walk_up(
  p_venue_id uuid, p_singer_names text[], p_song_id bigint, p_artist text, p_title text, p_key_change integer, p_notes text,
  p_idempotency_key uuid
)
returns public.requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null),
    'requests:process', 'venue_not_found'
  );
  return private.insert_request(
    p_venue_id, null, auth.uid(), p_singer_names, p_song_id, p_artist, p_title, p_key_change, p_notes, p_idempotency_key, true
  );
end;
$$;

comment on function private.add_walk_up(uuid, text[], bigint, text, text, integer, text, uuid) is
  'Definer: requests are made only through insert_request.';

revoke all on function private.add_walk_up(uuid, text[], bigint, text, text, integer, text, uuid) from public;
grant execute on function private.add_walk_up(uuid, text[], bigint, text, text, integer, text, uuid) to authenticated;

create function public.add_walk_up(
  p_venue_id uuid,
  p_singer_names text[],
  p_song_id bigint default null,
  p_artist text default null,
  p_title text default null,
  p_key_change integer default 0,
  p_notes text default null,
  p_idempotency_key uuid default null
)
returns public.requests
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.add_walk_up(
    p_venue_id, p_singer_names, p_song_id, p_artist, p_title, p_key_change, p_notes, p_idempotency_key
  );
$$;

comment on function public.add_walk_up(uuid, text[], bigint, text, text, integer, text, uuid) is
  'Enters a request for somebody without a phone. As submit_request, but free of the rules for singers. Needs
requests:process. Errors: as submit_request; 403; 404 venue_not_found.';

revoke all on function public.add_walk_up(uuid, text[], bigint, text, text, integer, text, uuid) from public;
grant execute on function public.add_walk_up(uuid, text[], bigint, text, text, integer, text, uuid) to authenticated;

-- sql/50-queue/40-changing.sql
-- Moving requests through their states. One function does it for the host's portal, for OpenKJ and for the singer.

create function private.change_requests(p_request_ids bigint[], p_state text, p_actor text, p_reason text default null)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_refused record;
  v_changed integer;
begin
  -- In order of id, so that two bulk changes never wait for each other in a circle.
  perform from public.requests as request where request.id = any (p_request_ids) order by request.id for no key update;

  select request.id, request.state into v_refused
  from public.requests as request
  where request.id = any (p_request_ids)
    and request.state <> p_state
    and not exists (
      select
      from public.request_transitions as allowed
      where allowed.from_state = request.state and allowed.to_state = p_state and allowed.actor = p_actor
    )
  order by request.id
  limit 1;
  if found then
    perform private.raise_error(
      409, 'transition_not_allowed', format('Request %s is %s and cannot become %s.', v_refused.id, v_refused.state, p_state),
      'Read the request again: somebody may have been faster.'
    );
  end if;

  update public.requests as request
  set
    state = p_state,
    -- The first acceptance opens the night.
    show_id = case
      when request.show_id is null and p_state in ('accepted', 'performing', 'completed') then private.current_show(request.venue_id)
      else request.show_id
    end,
    reason = case when p_state in ('rejected', 'skipped') then p_reason end,
    processed_at = case when p_state = 'completed' then now() end
  where request.id = any (p_request_ids) and request.state <> p_state;
  get diagnostics v_changed = row_count;
  return v_changed;
end;
$$;

comment on function private.change_requests(bigint[], text, text, text) is
  'Moves requests to a state as singer or host and returns how many moved; those already there are left alone. All or nothing:
409 transition_not_allowed names the first that may not.';

revoke all on function private.change_requests(bigint[], text, text, text) from public;

create function private.set_request_state(p_request_id bigint, p_state text, p_reason text)
returns public.requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
  v_reason text := private.clean_text(p_reason, 'reason', 500);
begin
  select request.* into v_request from public.requests as request where request.id = p_request_id;
  perform private.require_permission(
    v_request.organization_id, case when p_state = 'cleared' then 'requests:delete' else 'requests:process' end, 'request_not_found'
  );
  if p_state is null or not exists (select from public.request_states as known where known.key = p_state) then
    perform private.raise_error(400, 'invalid_state', 'There is no such state.', 'See the table request_states.');
  end if;
  perform private.change_requests(array[p_request_id], p_state, 'host', v_reason);
  select request.* into v_request from public.requests as request where request.id = p_request_id;
  return v_request;
end;
$$;

comment on function private.set_request_state(bigint, text, text) is 'Definer: requests are changed only through change_requests.';

revoke all on function private.set_request_state(bigint, text, text) from public;
grant execute on function private.set_request_state(bigint, text, text) to authenticated;

create function public.set_request_state(p_request_id bigint, p_state text, p_reason text default null)
returns public.requests
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.set_request_state(p_request_id, p_state, p_reason);
$$;

comment on function public.set_request_state(bigint, text, text) is
  'The host moves a request to another state (see request_transitions, actor host) and gets it back. p_reason (up to 500
characters) is shown to a rejected or skipped singer. Needs requests:process, for cleared requests:delete. Errors: 400 invalid_state,
invalid_reason; 403; 404 request_not_found; 409 transition_not_allowed.';

revoke all on function public.set_request_state(bigint, text, text) from public;
grant execute on function public.set_request_state(bigint, text, text) to authenticated;

create function private.process_requests(p_request_ids bigint[], p_processed boolean)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_ids bigint[];
  v_missing text;
begin
  perform private.require_user();
  select array_agg(distinct id) into v_ids from unnest(p_request_ids) as id where id is not null;
  if coalesce(cardinality(v_ids), 0) not between 1 and 100 then
    perform private.raise_error(400, 'invalid_request_ids', 'Between 1 and 100 requests can be processed at once.', 'Send them in parts.');
  end if;
  if p_processed is null then
    perform private.raise_error(400, 'invalid_processed', 'p_processed must be true or false.', 'Say which.');
  end if;
  select string_agg(wanted.id::text, ', ' order by wanted.id) into v_missing
  from unnest(v_ids) as wanted (id)
  where not exists (
    select
    from public.requests as request
    where request.id = wanted.id
      and request.organization_id = any (array(select private.organizations_with('requests:process')))
  );
  if v_missing is not null then
    perform private.raise_error(
      404, 'request_not_found', 'There are no such requests, or they are not yours: ' || v_missing, 'Read the queue again.'
    );
  end if;
  return private.change_requests(v_ids, case when p_processed then 'completed' else 'pending' end, 'host');
end;
$$;

comment on function private.process_requests(bigint[], boolean) is 'Definer: requests are changed only through change_requests.';

revoke all on function private.process_requests(bigint[], boolean) from public;
grant execute on function private.process_requests(bigint[], boolean) to authenticated;

create function public.process_requests(p_request_ids bigint[], p_processed boolean default true)
returns integer
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.process_requests(p_request_ids, p_processed);
$$;

comment on function public.process_requests(bigint[], boolean) is
  'Marks 1-100 requests as sung, or puts them back into the queue, all or nothing, and returns how many changed. Duplicate ids
count once. Needs requests:process. Errors: 400 invalid_request_ids, invalid_processed; 404 request_not_found naming the
ids; 409 transition_not_allowed.';

revoke all on function public.process_requests(bigint[], boolean) from public;
grant execute on function public.process_requests(bigint[], boolean) to authenticated;

create function private.clear_queue(p_venue_id uuid)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id), 'requests:delete', 'venue_not_found'
  );
  return private.change_requests(
    array(select request.id from public.requests as request where request.venue_id = p_venue_id and request.state in ('pending', 'accepted')),
    'cleared', 'host'
  );
end;
$$;

comment on function private.clear_queue(uuid) is 'Definer: requests are changed only through change_requests.';

revoke all on function private.clear_queue(uuid) from public;
grant execute on function private.clear_queue(uuid) to authenticated;

create function public.clear_queue(p_venue_id uuid)
returns integer
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.clear_queue(p_venue_id);
$$;

comment on function public.clear_queue(uuid) is
  'Clears everything that waits at a venue and returns how many requests that were. They keep their history. Needs
requests:delete. Errors: 403; 404 venue_not_found.';

revoke all on function public.clear_queue(uuid) from public;
grant execute on function public.clear_queue(uuid) to authenticated;

create function private.own_request(p_request_id bigint)
returns public.requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_request public.requests;
begin
  select request.* into v_request
  from public.requests as request
  where request.id = p_request_id and request.singer_user_id = v_user_id
  for no key update;
  if not found then
    perform private.raise_error(404, 'request_not_found', 'There is no such request, or it is not yours.', 'Read your requests again.');
  end if;
  return v_request;
end;
$$;

comment on function private.own_request(bigint) is 'The caller''s own request, locked. Errors: 401; 404 request_not_found.';

revoke all on function private.own_request(bigint) from public;

create function private.cancel_request(p_request_id bigint)
returns public.requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests := private.own_request(p_request_id);
begin
  perform private.change_requests(array[v_request.id], 'cancelled', 'singer');
  select request.* into v_request from public.requests as request where request.id = p_request_id;
  return v_request;
end;
$$;

comment on function private.cancel_request(bigint) is 'Definer: requests are changed only through change_requests.';

revoke all on function private.cancel_request(bigint) from public;
grant execute on function private.cancel_request(bigint) to authenticated;

create function public.cancel_request(p_request_id bigint)
returns public.requests
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.cancel_request(p_request_id);
$$;

comment on function public.cancel_request(bigint) is
  'The singer withdraws an own request that is not being sung yet; again is harmless. Errors: 401; 404 request_not_found;
409 transition_not_allowed.';

revoke all on function public.cancel_request(bigint) from public;
grant execute on function public.cancel_request(bigint) to authenticated;

create function private.edit_request(p_request_id bigint, p_key_change integer, p_notes text)
returns public.requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests := private.own_request(p_request_id);
  v_rules public.venue_rules;
  v_notes text := private.clean_text(p_notes, 'notes', 500);
  v_openkj_request_id integer := v_request.openkj_request_id;
begin
  if p_key_change not between -12 and 12 then
    perform private.raise_error(400, 'invalid_key_change', 'The key can be changed by -12 to 12 semitones.', 'Send 0 for the original key.');
  end if;
  if v_request.state <> 'pending' then
    perform private.raise_error(
      409, 'request_not_pending', format('The request is %s and can no longer be changed.', v_request.state), 'Talk to the host.'
    );
  end if;
  select rules.* into v_rules from public.venue_rules as rules where rules.venue_id = v_request.venue_id;
  if p_key_change <> 0 and not v_rules.key_change_allowed then
    perform private.raise_error(422, 'key_change_not_allowed', 'The key cannot be changed at this venue.', 'Send 0.');
  end if;
  if v_notes is not null and not v_rules.notes_allowed then
    perform private.raise_error(422, 'notes_not_allowed', 'This venue takes no notes.', 'Leave the notes out.');
  end if;
  if p_key_change <> v_request.key_change then
    -- OpenKJ never looks again at an id it knows, so a changed key needs a new one.
    update private.organization_counters
    set next_openkj_request_id = next_openkj_request_id + 1
    where organization_id = v_request.organization_id
    returning next_openkj_request_id - 1 into v_openkj_request_id;
  end if;
  update public.requests
  set
    key_change = coalesce(p_key_change, key_change),
    notes = case when p_notes is null then notes else v_notes end,
    openkj_request_id = v_openkj_request_id
  where id = p_request_id
  returning * into v_request;
  return v_request;
end;
$$;

comment on function private.edit_request(bigint, integer, text) is 'Definer: singers may not update requests directly.';

revoke all on function private.edit_request(bigint, integer, text) from public;
grant execute on function private.edit_request(bigint, integer, text) to authenticated;

create function public.edit_request(p_request_id bigint, p_key_change integer default null, p_notes text default null)
returns public.requests
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.edit_request(p_request_id, p_key_change, p_notes);
$$;

comment on function public.edit_request(bigint, integer, text) is
  'The singer changes key (-12..12) or notes (up to 500 characters, empty removes them) of an own pending request; what is left out
stays. Errors: 400 invalid_key_change, invalid_notes; 401; 404 request_not_found; 409 request_not_pending; 422
key_change_not_allowed, notes_not_allowed.';

revoke all on function public.edit_request(bigint, integer, text) from public;
grant execute on function public.edit_request(bigint, integer, text) to authenticated;

-- sql/50-queue/45-reordering.sql
create function private.move_request(p_request_id bigint, p_before_request_id bigint)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
begin
  select request.* into v_request from public.requests as request where request.id = p_request_id;
  perform private.require_permission(v_request.organization_id, 'requests:process', 'request_not_found');
  if (select rules.queue_order from public.venue_rules as rules where rules.venue_id = v_request.venue_id) <> 'manual' then
    perform private.raise_error(
      409, 'queue_not_manual', 'This queue orders itself.', 'Set queue_order of the venue''s rules to manual first.'
    );
  end if;
  -- One move at a time per venue: each works on the order the one before it left.
  perform pg_advisory_xact_lock(hashtextextended('move_request:' || v_request.venue_id, 0));
  perform
  from public.requests as request
  where request.venue_id = v_request.venue_id and request.state in ('pending', 'accepted', 'performing')
  order by request.id
  for no key update;
  if not exists (select from private.queue(v_request.venue_id) as queue where queue.request_id = p_request_id)
    or p_before_request_id is not null
    and not exists (select from private.queue(v_request.venue_id) as queue where queue.request_id = p_before_request_id)
  then
    perform private.raise_error(
      409, 'request_not_waiting', 'One of the requests no longer waits in this queue.', 'Read the queue again.'
    );
  end if;

  with
    ordered as (
      select
        queue.request_id,
        row_number() over (
          order by
            case
              when queue.request_id = p_request_id then coalesce(
                (select target.place from private.queue(v_request.venue_id) as target where target.request_id = p_before_request_id)
                  - 0.5,
                1e9
              )
              else queue.place
            end
        ) as place
      from private.queue(v_request.venue_id) as queue
    )
  update public.requests as request
  set sort_order = ordered.place
  from ordered
  where request.id = ordered.request_id and request.sort_order is distinct from ordered.place;
end;
$$;

comment on function private.move_request(bigint, bigint) is 'Definer: requests are changed only by functions.';

revoke all on function private.move_request(bigint, bigint) from public;
grant execute on function private.move_request(bigint, bigint) to authenticated;

create function public.move_request(p_request_id bigint, p_before_request_id bigint default null)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.move_request(p_request_id, p_before_request_id);
$$;

comment on function public.move_request(bigint, bigint) is
  'Moves a waiting request before another one of the same venue, or to the end when null. The venue''s queue_order must be manual;
what is being sung stays first. Needs requests:process. Errors: 403; 404 request_not_found; 409 queue_not_manual,
request_not_waiting.';

revoke all on function public.move_request(bigint, bigint) from public;
grant execute on function public.move_request(bigint, bigint) to authenticated;

-- sql/50-queue/50-reading.sql
-- The queue as people read it: in order, with places and an estimate of the wait.

create function private.queue(p_venue_id uuid)
returns table (request_id bigint, place integer, wait_seconds integer)
language sql
stable
security definer
set search_path = ''
rows 50
as $$
  with
    active as (
      select
        request.id, request.state, request.requested_at, request.sort_order,
        coalesce(request.singer_user_id::text, lower(request.singer_name)) as singer,
        -- The second song of a singer counts as a turn that already waits.
        row_number() over (
          partition by coalesce(request.singer_user_id::text, lower(request.singer_name)) order by request.requested_at, request.id
        ) as song_of_singer
      from public.requests as request
      where request.venue_id = p_venue_id and request.state in ('pending', 'accepted', 'performing')
    ),
    turns as (
      select coalesce(sung.singer_user_id::text, lower(sung.singer_name)) as singer, count(*) as taken
      from public.performances as sung
      where sung.show_id = (select private.open_show(p_venue_id))
      group by 1
    ),
    -- The night's own pace: the gaps between its last songs, without breaks.
    gaps as (
      select extract(epoch from sung.performed_at - lag(sung.performed_at) over (order by sung.performed_at)) as seconds
      from (
        select latest.performed_at
        from public.performances as latest
        where latest.show_id = (select private.open_show(p_venue_id))
        order by latest.performed_at desc
        limit 11
      ) as sung
    ),
    pace as (
      select coalesce(avg(gaps.seconds) filter (where gaps.seconds between 30 and 900), 300) as seconds from gaps
    ),
    ordered as (
      select
        active.id,
        row_number() over (
          order by
            (active.state = 'performing') desc,
            (active.state = 'accepted') desc,
            case rules.queue_order
              when 'manual' then active.sort_order
              when 'rotation' then coalesce(turns.taken, 0) + active.song_of_singer
            end nulls last,
            active.requested_at,
            active.id
        ) as place
      from active
      join public.venue_rules as rules on rules.venue_id = p_venue_id
      left join turns on turns.singer = active.singer
    )
  select ordered.id, ordered.place::integer, ((ordered.place - 1) * pace.seconds)::integer
  from ordered, pace
  order by ordered.place;
$$;

comment on function private.queue(uuid) is
  'Active requests of a venue in the order of its rules: place from 1, wait in seconds from the night''s own gaps between songs
(5 minutes a song until there are some). Definer: singers may not see each other''s rows.';

revoke all on function private.queue(uuid) from public;

create function private.my_requests(p_venue_id uuid)
returns table (request public.requests, place integer, wait_seconds integer)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
begin
  return query
    select mine, waiting.place, waiting.wait_seconds
    from public.requests as mine
    left join lateral (
      select queue.place, queue.wait_seconds
      from private.queue(mine.venue_id) as queue
      where queue.request_id = mine.id
    ) as waiting on mine.state in ('pending', 'accepted', 'performing')
    where mine.singer_user_id = v_user_id
      and (p_venue_id is null or mine.venue_id = p_venue_id)
      and (mine.state in ('pending', 'accepted', 'performing') or mine.requested_at > now() - interval '12 hours')
    order by mine.requested_at desc, mine.id desc
    limit 100;
end;
$$;

comment on function private.my_requests(uuid) is 'Definer: places depend on other singers'' rows.';

revoke all on function private.my_requests(uuid) from public;
grant execute on function private.my_requests(uuid) to authenticated;

create function public.my_requests(p_venue_id uuid default null)
returns table (
  id bigint, venue_id uuid, song_id bigint, artist text, title text, key_change integer, notes text, singer_name text, state text,
  reason text, requested_at timestamptz, place integer, wait_seconds integer
)
language sql
stable
security invoker
set search_path = ''
as $$
  select
    (mine.request).id, (mine.request).venue_id, (mine.request).song_id, (mine.request).artist, (mine.request).title,
    (mine.request).key_change, (mine.request).notes, (mine.request).singer_name, (mine.request).state, (mine.request).reason,
    (mine.request).requested_at, mine.place, mine.wait_seconds
  from private.my_requests(p_venue_id) as mine;
$$;

comment on function public.my_requests(uuid) is
  'The caller''s waiting requests and those of the last 12 hours, newest first, at one venue or all. place (from 1) and wait_seconds
are null once a request no longer waits. Errors: 401.';

revoke all on function public.my_requests(uuid) from public;
grant execute on function public.my_requests(uuid) to authenticated;

create function private.shown_name(p_singer_names text[], p_visibility text)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$
  select string_agg(
    case when p_visibility = 'full' then named.name else split_part(named.name, ' ', 1) end, ' & ' order by named.place
  )
  from unnest(p_singer_names) with ordinality as named (name, place);
$$;

comment on function private.shown_name(text[], text) is 'Singer names as the public queue shows them: whole, or first names only.';

revoke all on function private.shown_name(text[], text) from public;

create function private.public_queue(p_venue_id uuid)
returns table (request_id bigint, place integer, singer_name text, artist text, title text, state text, is_mine boolean)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_visibility text;
begin
  select rules.queue_visibility into v_visibility
  from public.venue_rules as rules
  join public.venues as venue on venue.id = rules.venue_id
  where rules.venue_id = p_venue_id and venue.archived_at is null;
  if v_visibility is null then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue.', 'Find the venue again.');
  end if;
  perform private.require_admission(p_venue_id);
  if v_visibility = 'none' then
    perform private.raise_error(403, 'queue_not_public', 'This venue does not show its queue.', 'Your own requests tell your place.');
  end if;
  return query
    select
      request.id, queue.place, private.shown_name(request.singer_names, v_visibility), request.artist, request.title, request.state,
      coalesce(request.singer_user_id = v_user_id, false)
    from private.queue(p_venue_id) as queue
    join public.requests as request on request.id = queue.request_id
    order by queue.place;
end;
$$;

comment on function private.public_queue(uuid) is 'Definer: shows of others'' requests only what the venue shows.';

revoke all on function private.public_queue(uuid) from public;
grant execute on function private.public_queue(uuid) to authenticated;

create function public.public_queue(p_venue_id uuid)
returns table (request_id bigint, place integer, singer_name text, artist text, title text, state text, is_mine boolean)
language sql
stable
security invoker
set search_path = ''
as $$
  select * from private.public_queue(p_venue_id);
$$;

comment on function public.public_queue(uuid) is
  'The queue of a venue as it shows it to the room, in order. Read again when the topic venue:<id>:display says queue_changed.
Errors: 401; 403 queue_not_public, pin_required; 404 venue_not_found.';

revoke all on function public.public_queue(uuid) from public;
grant execute on function public.public_queue(uuid) to authenticated;

-- sql/50-queue/60-realtime.sql
-- Who hears what over Realtime. All topics are private:
--   venue:<uuid>:queue    whole requests, for members with requests:read
--   venue:<uuid>:display  what the venue shows the room, for everybody signed in, guests included
--   request:<id>          one request, for its singer
--   user:<uuid>:notifications  for that user

create function private.may_follow(p_topic text)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_venue_id uuid := substring(p_topic from '^venue:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}):(?:queue|display)$')::uuid;
  v_request_id bigint := substring(p_topic from '^request:([0-9]{1,18})$')::bigint;
begin
  if not private.session_is_trusted() then
    return false;
  end if;
  if p_topic = 'user:' || auth.uid() || ':notifications' then
    return true;
  end if;
  if v_request_id is not null then
    return exists (
      select from public.requests as request where request.id = v_request_id and request.singer_user_id = auth.uid()
    );
  end if;
  if p_topic like '%:queue' then
    return exists (
      select
      from public.venues as venue
      where venue.id = v_venue_id and private.has_permission(venue.organization_id, 'requests:read')
    );
  end if;
  return exists (
    select
    from public.venues as venue
    join public.venue_rules as rules on rules.venue_id = venue.id
    where venue.id = v_venue_id and venue.archived_at is null and rules.queue_visibility <> 'none'
      and private.is_admitted(venue.id)
  );
end;
$$;

comment on function private.may_follow(text) is
  'Whether the caller may receive what is broadcast on the topic. Definer: it asks about rows the caller may not see.';

revoke all on function private.may_follow(text) from public;
grant execute on function private.may_follow(text) to authenticated;

create function private.broadcast_request()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform realtime.send(
    to_jsonb(new) - 'idempotency_key',
    case when tg_op = 'INSERT' then 'request_created' else 'request_changed' end,
    'venue:' || new.venue_id || ':queue',
    true
  );
  if tg_op = 'UPDATE' and new.singer_user_id is not null then
    perform realtime.send(
      jsonb_build_object(
        'request_id', new.id, 'state', new.state, 'reason', new.reason, 'key_change', new.key_change, 'notes', new.notes
      ),
      'request_changed',
      'request:' || new.id,
      true
    );
  end if;
  return null;
end;
$$;

comment on function private.broadcast_request() is 'Definer: senders may not write realtime.messages.';

revoke all on function private.broadcast_request() from public;

create trigger requests_broadcast
  after insert or update on public.requests
  for each row execute function private.broadcast_request();

create function private.broadcast_displays()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  -- Says only that there is something new; what may be seen of it, public_queue() answers.
  perform realtime.send(jsonb_build_object('venue_id', moved.venue_id), 'queue_changed', 'venue:' || moved.venue_id || ':display', true)
  from (select distinct changed.venue_id from changed) as moved;
  return null;
end;
$$;

comment on function private.broadcast_displays() is 'Definer: senders may not write realtime.messages.';

revoke all on function private.broadcast_displays() from public;

create trigger requests_broadcast_displays_on_insert
  after insert on public.requests
  referencing new table as changed
  for each statement execute function private.broadcast_displays();

create trigger requests_broadcast_displays_on_update
  after update on public.requests
  referencing new table as changed
  for each statement execute function private.broadcast_displays();

create function private.broadcast_venue()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform realtime.send(
    jsonb_build_object('venue_id', new.id, 'accepting_requests', new.accepting_requests),
    'accepting_changed',
    'venue:' || new.id || ':' || audience,
    true
  )
  from unnest(array['queue', 'display']) as audience;
  return null;
end;
$$;

comment on function private.broadcast_venue() is 'Definer: senders may not write realtime.messages.';

revoke all on function private.broadcast_venue() from public;

create trigger venues_broadcast
  after update of accepting_requests on public.venues
  for each row
  when (old.accepting_requests is distinct from new.accepting_requests)
  execute function private.broadcast_venue();

-- sql/50-queue/70-openkj.sql
-- OpenKJ's protocol: one call, one JSON object in, one out. Types are exact, because the client reads a wrong type as zero,
-- false or nothing. The Edge Function around it only speaks HTTP.

-- What OpenKJ users see of the real rotation, for builds that push it.
create table private.rotations (
  venue_id uuid primary key references public.venues (id) on delete cascade,
  singers jsonb not null,
  updated_at timestamptz not null default now()
);

alter table private.rotations enable row level security;

comment on table private.rotations is 'The rotation as the show program last pushed it (updateRotation).';

create function private.json_integer(p_value jsonb)
returns integer
language sql
immutable
security invoker
set search_path = ''
as $$
  select case
    when jsonb_typeof(p_value) in ('number', 'string') and p_value #>> '{}' ~ '^-?[0-9]{1,10}(\.0+)?$'
      and (p_value #>> '{}')::numeric between -2147483648 and 2147483647
      then (p_value #>> '{}')::numeric::integer
  end;
$$;

comment on function private.json_integer(jsonb) is 'A 32-bit integer sent as number or text, else null.';

revoke all on function private.json_integer(jsonb) from public;

create function private.openkj_serial(p_organization_id uuid)
returns integer
language sql
stable
security invoker
set search_path = ''
as $$
  select counter.openkj_serial from private.organization_counters as counter where counter.organization_id = p_organization_id;
$$;

revoke all on function private.openkj_serial(uuid) from public;

create function private.openkj_venue(p_caller private.api_key_caller, p_body jsonb)
returns public.venues
language sql
stable
security invoker
set search_path = ''
as $$
  select venue.*
  from public.venues as venue
  where venue.organization_id = p_caller.organization_id
    and venue.openkj_venue_id = private.json_integer(p_body -> 'venue_id')
    and venue.archived_at is null
    and (p_caller.venue_id is null or p_caller.venue_id = venue.id);
$$;

revoke all on function private.openkj_venue(private.api_key_caller, jsonb) from public;

create function private.openkj_system(p_caller private.api_key_caller, p_body jsonb)
returns uuid
language sql
stable
security invoker
set search_path = ''
as $$
  -- A key made for one system means that system, whatever number the program has in its settings.
  select coalesce(
    p_caller.system_id,
    (
      select system.id
      from public.systems as system
      where system.organization_id = p_caller.organization_id
        and system.openkj_system_id = private.json_integer(p_body -> 'system_id')
    )
  );
$$;

revoke all on function private.openkj_system(private.api_key_caller, jsonb) from public;

create function private.record_heartbeat(p_caller private.api_key_caller)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  -- A poll names no system: it is the key's own, or the organization's first.
  insert into private.system_heartbeats as heartbeat (system_id, last_seen_at)
  select system.id, now()
  from public.systems as system
  where system.organization_id = p_caller.organization_id and (p_caller.system_id is null or system.id = p_caller.system_id)
  order by system.openkj_system_id
  limit 1
  on conflict (system_id) do update set last_seen_at = excluded.last_seen_at
  where heartbeat.last_seen_at < now() - interval '30 seconds';
$$;

comment on function private.record_heartbeat(private.api_key_caller) is 'Notes that the host''s program is there.';

revoke all on function private.record_heartbeat(private.api_key_caller) from public;

create function private.openkj_venues(p_caller private.api_key_caller)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'venue_id', venue.openkj_venue_id, 'name', venue.name, 'url_name', venue.url_name, 'accepting', venue.accepting_requests
      )
      order by venue.name, venue.openkj_venue_id
    ),
    -- OpenKJ forgets its chosen venue when the list is empty. Real numbers start at 1001.
    '[{"venue_id": 1, "name": "Add a venue in the portal", "url_name": "", "accepting": false}]'
  )
  from public.venues as venue
  where venue.organization_id = p_caller.organization_id and venue.archived_at is null
    and (p_caller.venue_id is null or p_caller.venue_id = venue.id);
$$;

revoke all on function private.openkj_venues(private.api_key_caller) from public;

create function private.openkj_requests(p_venue_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'request_id', request.openkj_request_id,
        'artist', request.artist,
        'title', request.title,
        'singer', request.singer_name,
        'key_change', request.key_change,
        'request_time', floor(extract(epoch from request.requested_at))::integer
      )
      order by queue.place
    ),
    '[]'
  )
  from private.queue(p_venue_id) as queue
  join public.requests as request on request.id = queue.request_id
  where request.state = 'pending';
$$;

comment on function private.openkj_requests(uuid) is 'What waits to be taken, in the order of the venue''s rules, as OpenKJ reads it.';

revoke all on function private.openkj_requests(uuid) from public;

create function private.openkj_command(p_command text, p_caller private.api_key_caller, p_body jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_venue public.venues;
  v_system_id uuid;
  v_request public.requests;
  v_accepting boolean;
  v_added record;
  v_songs jsonb;
begin
  case p_command
    when 'getVenues' then
      return jsonb_build_object('venues', private.openkj_venues(p_caller));

    when 'getRequests' then
      v_venue := private.openkj_venue(p_caller, p_body);
      return jsonb_build_object(
        'serial', private.openkj_serial(p_caller.organization_id), 'requests', private.openkj_requests(v_venue.id)
      );

    when 'getEntitledSystemCount' then
      return jsonb_build_object(
        'count',
        (
          select greatest(1, max(system.openkj_system_id))
          from public.systems as system
          where system.organization_id = p_caller.organization_id
        )
      );

    when 'getAlert' then
      return '{"alert": false}'::jsonb;

    when 'getAccepting' then
      v_venue := private.openkj_venue(p_caller, p_body);
      if v_venue.id is null then
        perform private.raise_error(404, 'venue_not_found', 'There is no such venue.');
      end if;
      return jsonb_build_object('venue_id', v_venue.openkj_venue_id, 'accepting', v_venue.accepting_requests);

    when 'setAccepting' then
      v_venue := private.openkj_venue(p_caller, p_body);
      if v_venue.id is null then
        perform private.raise_error(404, 'venue_not_found', 'There is no such venue.');
      end if;
      v_accepting := case p_body -> 'accepting'
        when 'true'::jsonb then true when '1'::jsonb then true when 'false'::jsonb then false when '0'::jsonb then false
      end;
      if v_accepting is null then
        perform private.raise_error(400, 'invalid_accepting', 'accepting must be true or false.');
      end if;
      v_system_id := private.openkj_system(p_caller, p_body);
      -- The system that opens a venue is the one whose book its singers see.
      update public.venues
      set accepting_requests = v_accepting, system_id = coalesce(v_system_id, system_id)
      where id = v_venue.id
        and (accepting_requests, system_id) is distinct from (v_accepting, coalesce(v_system_id, system_id));
      return jsonb_build_object(
        'venue_id', v_venue.openkj_venue_id, 'accepting', v_accepting, 'serial', private.openkj_serial(p_caller.organization_id)
      );

    when 'deleteRequest' then
      -- The host has taken it, so it counts as sung. Again, or for an id that is not theirs, nothing happens.
      select request.* into v_request
      from public.requests as request
      where request.organization_id = p_caller.organization_id
        and request.openkj_request_id = private.json_integer(p_body -> 'request_id')
        and request.state in ('pending', 'accepted', 'performing')
        and (p_caller.venue_id is null or p_caller.venue_id = request.venue_id);
      if found then
        begin
          perform private.change_requests(array[v_request.id], 'completed', 'host');
        exception
          -- Two deliveries of one message: the first one did it.
          when sqlstate 'PT409' then null;
        end;
      end if;
      return jsonb_build_object('serial', private.openkj_serial(p_caller.organization_id));

    when 'clearRequests' then
      v_venue := private.openkj_venue(p_caller, p_body);
      perform private.change_requests(
        array(select request.id from public.requests as request where request.venue_id = v_venue.id and request.state = 'pending'),
        'cleared', 'host'
      );
      return jsonb_build_object('serial', private.openkj_serial(p_caller.organization_id));

    when 'clearDatabase' then
      v_system_id := private.openkj_system(p_caller, p_body);
      if v_system_id is null then
        perform private.raise_error(404, 'system_not_found', 'There is no such system. Set the system id that the portal shows.');
      end if;
      perform private.book_stage_open(v_system_id);
      return jsonb_build_object('serial', private.openkj_serial(p_caller.organization_id));

    when 'addSongs' then
      v_system_id := private.openkj_system(p_caller, p_body);
      if v_system_id is null then
        perform private.raise_error(404, 'system_not_found', 'There is no such system. Set the system id that the portal shows.');
      end if;
      v_songs := p_body -> 'songs';
      if jsonb_typeof(v_songs) is distinct from 'array' then
        perform private.raise_error(400, 'invalid_songs', 'songs must be a list of {artist, title}.');
      end if;
      select added.processed, added.errors into v_added from private.book_stage_add(v_system_id, v_songs) as added;
      -- OpenKJ's last batch is always the first one that is not full.
      if jsonb_array_length(v_songs) < 1000 and (select published.changed from private.book_publish(v_system_id) as published) then
        perform private.bump_openkj_serial(array[p_caller.organization_id]);
      end if;
      return jsonb_build_object(
        'errors', v_added.errors,
        'entries processed', v_added.processed,
        'last_artist', coalesce(v_songs -> -1 ->> 'artist', ''),
        'last_title', coalesce(v_songs -> -1 ->> 'title', ''),
        'serial', private.openkj_serial(p_caller.organization_id)
      );

    when 'updateRotation' then
      v_venue := private.openkj_venue(p_caller, p_body);
      if v_venue.id is null or jsonb_typeof(p_body -> 'singers') is distinct from 'array' then
        perform private.raise_error(400, 'invalid_rotation', 'A rotation needs a venue_id and a list of singers.');
      end if;
      insert into private.rotations (venue_id, singers) values (v_venue.id, p_body -> 'singers')
      on conflict (venue_id) do update set singers = excluded.singers, updated_at = now();
      return '{}'::jsonb;

    when 'addRequest' then
      v_venue := private.openkj_venue(p_caller, p_body);
      if v_venue.id is null then
        perform private.raise_error(404, 'venue_not_found', 'There is no such venue.');
      end if;
      v_request := private.insert_request(
        v_venue.id, null, null, array[coalesce(nullif(btrim(p_body ->> 'singer'), ''), 'Guest')], null,
        p_body ->> 'artist', p_body ->> 'title', coalesce(private.json_integer(p_body -> 'key_change'), 0), null, null, true
      );
      return jsonb_build_object(
        'request_id', v_request.openkj_request_id, 'serial', private.openkj_serial(p_caller.organization_id)
      );
    else
      perform private.raise_error(400, 'unknown_command', 'Unknown command');
      return null;
  end case;
end;
$$;

comment on function private.openkj_command(text, private.api_key_caller, jsonb) is
  'The fields of the reply to one command of a verified caller. Raises what the caller is told.';

revoke all on function private.openkj_command(text, private.api_key_caller, jsonb) from public;

create table private.openkj_commands (
  command text primary key,
  scope_key text not null references public.api_key_scopes (key) on update cascade on delete restrict
);

alter table private.openkj_commands enable row level security;

create index openkj_commands_scope_key_idx on private.openkj_commands (scope_key);

comment on table private.openkj_commands is 'The commands answered with a key, and the scope each needs.';

create function private.openkj_call(p_body jsonb, p_address inet, p_user_agent text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_command text := case when jsonb_typeof(p_body -> 'command') = 'string' then left(p_body ->> 'command', 100) else '' end;
  v_scope text;
  v_verified record;
  v_caller private.api_key_caller;
  v_detail text;
begin
  if v_command = 'connectionTest' then
    return '{"command": "connectionTest", "error": false, "connection": "ok"}'::jsonb;
  end if;

  v_verified := private.verify_api_key(p_body ->> 'api_key', p_address);
  if v_verified.refusal is not null then
    perform private.record_api_key_failure(p_body ->> 'api_key', p_address, v_verified.refusal);
    if private.take_rate_limit('api_key_failures', host(p_address)) > 0 then
      perform pg_sleep(0.2);
    end if;
    return jsonb_build_object('command', v_command, 'error', true, 'errorString', 'Unknown API key. Copy it again from the portal.');
  end if;

  v_caller := v_verified.caller;
  select command.scope_key into v_scope from private.openkj_commands as command where command.command = v_command;
  if not found then
    return jsonb_build_object('command', v_command, 'error', true, 'errorString', 'Unknown command');
  end if;
  if v_scope <> all (v_caller.scopes) then
    perform private.record_api_key_failure(p_body ->> 'api_key', p_address, 'scope ' || v_scope || ' missing');
    return jsonb_build_object(
      'command', v_command, 'error', true, 'errorString', format('This API key may not do that: it lacks the scope %s.', v_scope)
    );
  end if;

  if private.record_api_key_call(v_caller.api_key_id, p_address, v_command = 'getSerial') then
    perform private.record_heartbeat(v_caller);
  end if;
  if v_command = 'getSerial' then
    return jsonb_build_object('command', 'getSerial', 'error', false, 'serial', private.openkj_serial(v_caller.organization_id));
  end if;

  perform set_config('karaoke.source', 'openkj', true);
  begin
    return jsonb_build_object('command', v_command, 'error', false) || private.openkj_command(v_command, v_caller, p_body);
  exception
    when others then
      -- Refusals are told; anything else is the function's to log and to hide.
      if sqlstate not like 'PT4%' then
        raise;
      end if;
      get stacked diagnostics v_detail = pg_exception_detail;
      return jsonb_build_object('command', v_command, 'error', true, 'errorString', v_detail);
  end;
end;
$$;

comment on function private.openkj_call(jsonb, inet, text) is
  'One OpenKJ call: the body with command and api_key, the client''s address and user agent; returns the whole reply: command as
sent, error as a boolean, errorString when true, and the command''s own fields. Definer: the gateway''s role may do nothing else.';

revoke all on function private.openkj_call(jsonb, inet, text) from public;

-- The role the Edge Function takes on: it can make this one call and nothing else.
create role openkj_gateway nologin;
grant openkj_gateway to postgres;
grant usage on schema private to openkj_gateway;
grant execute on function private.openkj_call(jsonb, inet, text) to openkj_gateway;

-- sql/50-queue/80-statistics.sql
-- What a host wants to know about a venue. Days and hours are those of the organization's time zone.

create function private.venue_statistics(p_venue_id uuid, p_start timestamptz, p_end timestamptz)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_venue public.venues;
  v_zone text;
  v_start timestamptz;
  v_end timestamptz := coalesce(p_end, now());
  v_result jsonb;
begin
  select venue.* into v_venue from public.venues as venue where venue.id = p_venue_id;
  perform private.require_permission(v_venue.organization_id, 'venues:read', 'venue_not_found');
  v_start := coalesce(p_start, v_venue.created_at);
  if v_start > v_end then
    perform private.raise_error(400, 'invalid_range', 'The start is after the end.', 'Swap them.');
  end if;
  select organization.time_zone into v_zone from public.organizations as organization where organization.id = v_venue.organization_id;

  with
    asked as materialized (
      select
        request.state, request.artist, request.title, request.singer_user_id, request.singer_name,
        request.requested_at at time zone v_zone as asked_at,
        private.song_fingerprint(request.artist, request.title) as fingerprint,
        coalesce(request.singer_user_id::text, lower(request.singer_name)) as singer
      from public.requests as request
      where request.venue_id = p_venue_id and request.requested_at >= v_start and request.requested_at <= v_end
    ),
    songs as (
      select min(asked.artist) as artist, min(asked.title) as title, count(*) as requests
      from asked
      group by asked.fingerprint
      order by requests desc, artist, title
      limit 10
    ),
    singers as (
      select min(asked.singer_name) as name, count(*) as requests
      from asked
      group by asked.singer
      order by requests desc, name
      limit 10
    ),
    -- The last 30 days of the range, those without requests too.
    days as (
      select day::date as day, (select count(*) from asked where asked.asked_at::date = day::date) as requests
      from generate_series(
        greatest((v_start at time zone v_zone)::date, (v_end at time zone v_zone)::date - 29)::timestamp,
        (v_end at time zone v_zone)::date::timestamp,
        interval '1 day'
      ) as day
    ),
    hours as (
      select hour, (select count(*) from asked where extract(hour from asked.asked_at) = hour) as requests
      from generate_series(0, 23) as hour
    )
  select jsonb_build_object(
    'venue_id', v_venue.id,
    'venue_name', v_venue.name,
    'from', v_start,
    'to', v_end,
    'total_requests', (select count(*) from asked),
    'pending_requests', (select count(*) from asked where asked.state in ('pending', 'accepted', 'performing')),
    'processed_requests', (select count(*) from asked where asked.state = 'completed'),
    'unique_singers', (select count(distinct asked.singer) from asked),
    'average_requests_per_day', round(
      (select count(*) from asked)
        / greatest(1, (v_end at time zone v_zone)::date - (v_start at time zone v_zone)::date + 1)::numeric,
      2
    ),
    'top_songs', coalesce((select jsonb_agg(to_jsonb(songs)) from songs), '[]'),
    'top_singers', coalesce((select jsonb_agg(to_jsonb(singers)) from singers), '[]'),
    'requests_by_day', (select jsonb_agg(to_jsonb(days) order by days.day) from days),
    'requests_by_hour', (select jsonb_agg(to_jsonb(hours) order by hours.hour) from hours)
  )
  into v_result;
  return v_result;
end;
$$;

comment on function private.venue_statistics(uuid, timestamptz, timestamptz) is 'Definer: checks venues:read, then counts all requests.';

revoke all on function private.venue_statistics(uuid, timestamptz, timestamptz) from public;
grant execute on function private.venue_statistics(uuid, timestamptz, timestamptz) to authenticated;

create function public.venue_statistics(p_venue_id uuid, p_start timestamptz default null, p_end timestamptz default null)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.venue_statistics(p_venue_id, p_start, p_end);
$$;

comment on function public.venue_statistics(uuid, timestamptz, timestamptz) is
  'Requests of a venue between two times (from its creation until now when left out): total_requests, pending_requests,
processed_requests, unique_singers (guests counted as guests), average_requests_per_day, top_songs and top_singers (10 each),
requests_by_day (the last 30 days of the range), requests_by_hour. Needs venues:read. Errors: 400 invalid_range; 403;
404 venue_not_found.';

revoke all on function public.venue_statistics(uuid, timestamptz, timestamptz) from public;
grant execute on function public.venue_statistics(uuid, timestamptz, timestamptz) to authenticated;

create function private.organization_overview(p_organization_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(p_organization_id, 'venues:read', 'organization_not_found');
  return (
    with
      by_venue as (
        select
          venue.id, venue.name, venue.accepting_requests, venue.archived_at,
          count(request.id) as requests,
          count(request.id) filter (where request.state in ('pending', 'accepted', 'performing')) as pending,
          count(request.id) filter (where request.state = 'completed') as processed
        from public.venues as venue
        left join public.requests as request on request.venue_id = venue.id
        where venue.organization_id = p_organization_id
        group by venue.id
      )
    select jsonb_build_object(
      'total_venues', count(*) filter (where by_venue.archived_at is null),
      'venues_accepting_requests', count(*) filter (where by_venue.accepting_requests),
      'total_requests', coalesce(sum(by_venue.requests), 0),
      'pending_requests', coalesce(sum(by_venue.pending), 0),
      'processed_requests', coalesce(sum(by_venue.processed), 0),
      'total_songs', (
        select coalesce(sum(private.book_size(system.id)), 0)
        from public.systems as system
        where system.organization_id = p_organization_id
      ),
      'top_venue', (
        select jsonb_build_object('venue_id', best.id, 'venue_name', best.name, 'requests', best.requests)
        from by_venue as best
        where best.requests > 0
        order by best.requests desc, best.name, best.id
        limit 1
      )
    )
    from by_venue
  );
end;
$$;

comment on function private.organization_overview(uuid) is 'Definer: checks venues:read, then counts all requests.';

revoke all on function private.organization_overview(uuid) from public;
grant execute on function private.organization_overview(uuid) to authenticated;

create function public.organization_overview(p_organization_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.organization_overview(p_organization_id);
$$;

comment on function public.organization_overview(uuid) is
  'An organization at a glance: total_venues, venues_accepting_requests, total_requests, pending_requests, processed_requests,
total_songs, top_venue (null without requests). Needs venues:read. Errors: 403; 404 organization_not_found.';

revoke all on function public.organization_overview(uuid) from public;
grant execute on function public.organization_overview(uuid) to authenticated;

-- sql/50-queue/90-telling-singers.sql
-- A singer is told what becomes of a request: accepted, skipped or rejected with the reason, and when they are next.

create function private.request_facts(p_request public.requests)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select jsonb_build_object(
    'request_id', p_request.id, 'venue_id', venue.id, 'venue', venue.name, 'artist', p_request.artist, 'title', p_request.title,
    'reason', p_request.reason
  )
  from public.venues as venue
  where venue.id = p_request.venue_id;
$$;

revoke all on function private.request_facts(public.requests) from public;

create function private.tell_singers()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
  v_venue_id uuid;
begin
  for v_request in
    select changed.*
    from changed
    join former on former.id = changed.id
    where changed.state <> former.state and changed.state in ('accepted', 'rejected', 'skipped')
      and changed.singer_user_id is not null
    order by changed.id
  loop
    perform private.notify_user(
      v_request.singer_user_id, 'queue', 'request_' || v_request.state, private.request_facts(v_request),
      -- A request may be skipped, put back and skipped again: each time is told.
      format(
        'request_%s:%s:%s', v_request.state, v_request.id,
        (select max(event.id) from public.request_events as event where event.request_id = v_request.id)
      )
    );
  end loop;

  for v_venue_id in
    select distinct changed.venue_id
    from changed
    join former on former.id = changed.id
    where changed.state <> former.state
    order by changed.venue_id
  loop
    select request.* into v_request
    from private.queue(v_venue_id) as queue
    join public.requests as request on request.id = queue.request_id
    where request.state <> 'performing'
    order by queue.place
    limit 1;
    if v_request.singer_user_id is not null then
      perform private.notify_user(
        v_request.singer_user_id, 'queue', 'request_next_up', private.request_facts(v_request),
        format('request_next_up:%s', v_request.id)
      );
    end if;
  end loop;
  return null;
end;
$$;

comment on function private.tell_singers() is 'Definer: the host acts, the singer is told.';

revoke all on function private.tell_singers() from public;

-- After the trigger that writes request_events: triggers of one event run in order of their names.
create trigger requests_tell_singers
  after update on public.requests
  referencing old table as former new table as changed
  for each statement execute function private.tell_singers();

-- sql/70-messages/10-outbox.sql
-- The outbox: every mail and text is a row, written in the transaction that causes it. Rows hold a template and its
-- variables; the text is made when it is sent or looked at.

create table private.message_templates (
  key text not null,
  channel text not null,
  category text not null,
  subject text,
  body text not null,
  constraint channel_is_known check (channel in ('email', 'sms')),
  constraint category_is_known check (category in ('security', 'queue', 'organization', 'billing', 'news')),
  constraint email_has_a_subject check ((channel = 'email') = (subject is not null)),
  primary key (key, channel)
);

alter table private.message_templates enable row level security;

comment on table private.message_templates is
  'Texts with {{variable}} places. A body is plain text; in mails its lines become paragraphs and its links are clickable.';
comment on column private.message_templates.category is 'What a person may opt out of; security never.';

create table private.messages (
  id uuid primary key default gen_random_uuid(),
  channel text not null,
  template_key text not null,
  recipient text not null,
  variables jsonb not null default '{}',
  user_id uuid references auth.users (id) on delete set null,
  idempotency_key text unique,
  status text not null default 'pending',
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  last_error text,
  created_at timestamptz not null default now(),
  sent_at timestamptz,
  constraint status_is_known check (status in ('pending', 'sent', 'dead', 'suppressed')),
  constraint variables_are_an_object check (jsonb_typeof(variables) = 'object'),
  foreign key (template_key, channel) references private.message_templates (key, channel)
    on update cascade on delete restrict
);

alter table private.messages enable row level security;

create index messages_template_idx on private.messages (template_key, channel);
create index messages_user_id_idx on private.messages (user_id);
create index messages_due_idx on private.messages (next_attempt_at) where status = 'pending';
create index messages_recipient_idx on private.messages (recipient, created_at);

comment on table private.messages is 'The outbox. Variables may hold one-time codes: never exposed, never logged.';
comment on column private.messages.idempotency_key is 'The same key enqueues once, however often it is tried.';

create function private.enqueue_message(
  p_channel text,
  p_template_key text,
  p_recipient text,
  p_variables jsonb,
  p_user_id uuid default null,
  p_idempotency_key text default null
)
returns uuid
language sql
volatile
security definer
set search_path = ''
as $$
  insert into private.messages (channel, template_key, recipient, variables, user_id, idempotency_key)
  values (
    p_channel, p_template_key, p_recipient, p_variables,
    -- A sign-up's mail is written before its user is committed, or even inserted.
    (select account.id from auth.users as account where account.id = p_user_id),
    p_idempotency_key
  )
  on conflict (idempotency_key) do nothing
  returning id;
$$;

comment on function private.enqueue_message(text, text, text, jsonb, uuid, text) is
  'Puts one message into the outbox and returns its id, or null when the idempotency key was used before. Definer: called from
hooks and triggers of other roles.';

revoke all on function private.enqueue_message(text, text, text, jsonb, uuid, text) from public;

create function private.enqueue_auth_email(
  p_user_id uuid, p_template_key text, p_recipient text, p_data jsonb, p_token text, p_token_hash text
)
returns void
language sql
volatile
security definer
set search_path = ''
as $$
  select private.enqueue_message(
    'email', p_template_key, p_recipient,
    jsonb_build_object(
      'code', p_token,
      'link', format(
        '%s/verify?token=%s&type=%s&redirect_to=%s',
        rtrim(p_data ->> 'site_url', '/'),
        p_token_hash,
        p_data ->> 'email_action_type',
        replace(replace(replace(p_data ->> 'redirect_to', '&', '%26'), '=', '%3D'), '#', '%23')
      )
    ),
    p_user_id
  );
$$;

comment on function private.enqueue_auth_email(uuid, text, text, jsonb, text, text) is
  'One mail of Auth: its code and the link that confirms it (Auth names its own address site_url). Definer: as enqueue_message.';

revoke all on function private.enqueue_auth_email(uuid, text, text, jsonb, text, text) from public;

-- sql/70-messages/20-rendering.sql
create function private.escape_html(p_text text)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$
  select replace(replace(replace(replace(replace(
    p_text, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;');
$$;

revoke all on function private.escape_html(text) from public;

create function private.fill_template(p_template text, p_variables jsonb)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  v_result text := '';
  v_rest text := p_template;
  v_name text;
begin
  -- One pass from left to right, so that a value which looks like a place is never filled again.
  loop
    v_name := substring(v_rest from '\{\{([a-z_]+)\}\}');
    exit when v_name is null;
    v_result := v_result
      || left(v_rest, strpos(v_rest, '{{' || v_name || '}}') - 1)
      || coalesce(p_variables ->> v_name, '');
    v_rest := substr(v_rest, strpos(v_rest, '{{' || v_name || '}}') + char_length(v_name) + 4);
  end loop;
  return v_result || v_rest;
end;
$$;

comment on function private.fill_template(text, jsonb) is 'Replaces each {{name}} by the variable of that name, or by nothing.';

revoke all on function private.fill_template(text, jsonb) from public;

create view private.rendered_messages
with (security_invoker = true)
as
select
  message.id,
  message.created_at,
  message.channel,
  message.recipient,
  message.status,
  message.template_key as template,
  -- A header is one line, whatever the variables hold.
  regexp_replace(private.fill_template(template.subject, message.variables), '[[:cntrl:]]+', ' ', 'g') as subject,
  private.fill_template(template.body, message.variables) as body_text,
  case when message.channel = 'email' then
    '<p>'
    || replace(
      regexp_replace(
        private.escape_html(private.fill_template(template.body, message.variables)),
        '(https?://[^[:space:]<]+)', '<a href="\1">\1</a>', 'g'
      ),
      E'\n\n', '</p><p>'
    )
    || '</p>'
  end as body_html
from private.messages as message
join private.message_templates as template
  on template.key = message.template_key and template.channel = message.channel;

comment on view private.rendered_messages is 'Messages as their recipients read them: what the sender sends and the inbox page shows.';

-- sql/70-messages/30-preferences.sql
create table public.message_preferences (
  user_id uuid not null references auth.users (id) on delete cascade,
  category text not null,
  channel text not null,
  is_enabled boolean not null,
  updated_at timestamptz not null default now(),
  -- Security messages are not in the list: nobody can switch them off.
  constraint category_is_known check (category in ('queue', 'organization', 'billing', 'news')),
  constraint channel_is_known check (channel in ('email', 'sms')),
  primary key (user_id, category, channel)
);

alter table public.message_preferences enable row level security;
revoke all on public.message_preferences from anon, authenticated, service_role;

comment on table public.message_preferences is
  'Which messages a user wants beside those in the app. Without a row: mails about organization and billing, nothing else.';

create trigger message_preferences_set_updated_at
  before update on public.message_preferences
  for each row execute function private.set_updated_at();

create function private.wants_message(p_user_id uuid, p_category text, p_channel text)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select p_category = 'security' or coalesce(
    (
      select preference.is_enabled
      from public.message_preferences as preference
      where preference.user_id = p_user_id and preference.category = p_category and preference.channel = p_channel
    ),
    p_channel = 'email' and p_category in ('organization', 'billing')
  );
$$;

comment on function private.wants_message(uuid, text, text) is
  'Whether a user wants messages of a category by a channel. Definer: asked while somebody else acts.';

revoke all on function private.wants_message(uuid, text, text) from public;

-- sql/70-messages/40-notifications.sql
-- What the app tells a user: kept until read, and sent at once over the private topic user:<uuid>:notifications.

create table public.notifications (
  id bigint generated always as identity primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  category text not null,
  kind text not null,
  data jsonb not null default '{}',
  idempotency_key text unique,
  created_at timestamptz not null default now(),
  read_at timestamptz,
  constraint category_is_known check (category in ('security', 'queue', 'organization', 'billing', 'news'))
);

alter table public.notifications enable row level security;
revoke all on public.notifications from anon, authenticated, service_role;

create index notifications_user_id_idx on public.notifications (user_id, id desc);
create index notifications_unread_idx on public.notifications (user_id) where read_at is null;

comment on table public.notifications is 'Notifications in the app; unread while read_at is null.';
comment on column public.notifications.kind is 'What happened, such as request_accepted; data has what the app needs to say it.';

create function private.notify_user(
  p_user_id uuid, p_category text, p_kind text, p_data jsonb, p_idempotency_key text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_notification public.notifications;
  v_account record;
begin
  insert into public.notifications (user_id, category, kind, data, idempotency_key)
  values (p_user_id, p_category, p_kind, p_data, p_idempotency_key)
  on conflict (idempotency_key) do nothing
  returning * into v_notification;
  if v_notification.id is null then
    return;
  end if;
  perform realtime.send(
    to_jsonb(v_notification) - 'idempotency_key' - 'id' || jsonb_build_object('notification_id', v_notification.id),
    'notification_created',
    'user:' || p_user_id || ':notifications',
    true
  );

  select
    case when account.email_confirmed_at is not null then nullif(account.email, '') end as email,
    case when account.phone_confirmed_at is not null then nullif(account.phone, '') end as phone
  into v_account
  from auth.users as account
  where account.id = p_user_id;
  if v_account.email is not null and private.wants_message(p_user_id, p_category, 'email') then
    perform private.enqueue_message('email', p_kind, v_account.email, p_data, p_user_id, p_idempotency_key || ':email');
  end if;
  if v_account.phone is not null and private.wants_message(p_user_id, p_category, 'sms') then
    perform private.enqueue_message('sms', p_kind, v_account.phone, p_data, p_user_id, p_idempotency_key || ':sms');
  end if;
end;
$$;

comment on function private.notify_user(uuid, text, text, jsonb, text) is
  'Tells a user something once per idempotency key: in the app at once, by mail and text as the user prefers. A kind sent by mail or
text has a template of that name. Definer: called while somebody else acts.';

revoke all on function private.notify_user(uuid, text, text, jsonb, text) from public;

-- sql/90-operations/10-audit.sql
-- The audit log: who changed what of a tenant's, with the values before and after. Append-only, a partition a month.
-- Requests are left out: request_events keeps every change of theirs.

create table public.audit_entries (
  id bigint generated always as identity,
  created_at timestamptz not null default now(),
  organization_id uuid,
  actor_id uuid,
  actor_kind text not null,
  table_name text not null,
  row_key text not null,
  operation text not null,
  old_values jsonb,
  new_values jsonb,
  address inet,
  user_agent text,
  http_request_id text,
  constraint actor_kind_is_known check (actor_kind in ('user', 'guest', 'api_key', 'service', 'system')),
  constraint operation_is_known check (operation in ('insert', 'update', 'delete', 'import')),
  primary key (id, created_at)
) partition by range (created_at);

alter table public.audit_entries enable row level security;
revoke all on public.audit_entries from anon, authenticated, service_role;

create index audit_entries_organization_id_idx on public.audit_entries (organization_id, created_at desc, id desc);
create index audit_entries_row_idx on public.audit_entries (table_name, row_key, created_at desc);
create index audit_entries_actor_id_idx on public.audit_entries (actor_id, created_at desc);

comment on table public.audit_entries is
  'Every tenant- or security-relevant change. No foreign keys: entries outlive what they speak of. old_values and new_values hold the
columns that changed, secrets left out.';

-- Nothing is lost when a month's partition was not made in time.
create table private.audit_entries_default partition of public.audit_entries default;
alter table private.audit_entries_default enable row level security;

create function private.create_audit_partitions()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_month date;
begin
  for v_month in
    select generate_series(date_trunc('month', now()), date_trunc('month', now()) + interval '2 months', interval '1 month')::date
  loop
    if to_regclass(format('private.audit_entries_%s', to_char(v_month, 'YYYY_MM'))) is null then
      execute format(
        'create table private.audit_entries_%s partition of public.audit_entries for values from (%L) to (%L)',
        to_char(v_month, 'YYYY_MM'), v_month::timestamptz, (v_month + interval '1 month')::timestamptz
      );
      execute format('alter table private.audit_entries_%s enable row level security', to_char(v_month, 'YYYY_MM'));
    end if;
  end loop;
end;
$$;

comment on function private.create_audit_partitions() is
  'Makes the partitions of this month and the next two; run daily. Definer: it owns the table.';

revoke all on function private.create_audit_partitions() from public;

select private.create_audit_partitions();

create function private.record_audit()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_old jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  v_new jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  v_row jsonb := coalesce(v_new, v_old);
  v_hidden text[] := array['created_at', 'updated_at', 'location', 'secret_hash', 'pin_hash', 'token_hash'];
begin
  if tg_op = 'UPDATE' then
    select jsonb_object_agg(field.key, v_old -> field.key), jsonb_object_agg(field.key, field.value)
    into v_old, v_new
    from jsonb_each(v_new) as field
    where field.value is distinct from v_old -> field.key and field.key <> all (v_hidden);
    if v_new is null then
      return null;
    end if;
  end if;
  insert into public.audit_entries (
    organization_id, actor_id, actor_kind, table_name, row_key, operation, old_values, new_values, address, user_agent,
    http_request_id
  )
  values (
    case tg_table_name
      when 'organizations' then (v_row ->> 'id')::uuid
      when 'venue_rules' then (select venue.organization_id from public.venues as venue where venue.id = (v_row ->> 'venue_id')::uuid)
      when 'organization_member_permissions' then (
        select member.organization_id
        from public.organization_members as member
        where member.id = (v_row ->> 'organization_member_id')::uuid
      )
      else (v_row ->> 'organization_id')::uuid
    end,
    auth.uid(),
    case
      when private.change_source() in ('openkj', 'api') then 'api_key'
      when auth.uid() is not null and (private.claims() ->> 'is_anonymous')::boolean then 'guest'
      when auth.uid() is not null then 'user'
      when private.claims() ->> 'role' = 'service_role' then 'service'
      else 'system'
    end,
    tg_table_name,
    coalesce(
      v_row ->> 'id',
      v_row ->> 'venue_id',
      (v_row ->> 'organization_member_id') || ' ' || (v_row ->> 'permission_key')
    ),
    lower(tg_op),
    v_old - v_hidden,
    v_new - v_hidden,
    private.client_address(),
    left(private.request_header('user-agent'), 500),
    left(private.request_header('x-request-id'), 100)
  );
  return null;
end;
$$;

comment on function private.record_audit() is 'Definer: nobody may write the audit log directly.';

revoke all on function private.record_audit() from public;

create trigger organizations_audit
  after insert or update or delete on public.organizations
  for each row execute function private.record_audit();

create trigger organization_members_audit
  after insert or update or delete on public.organization_members
  for each row execute function private.record_audit();

create trigger organization_member_permissions_audit
  after insert or update or delete on public.organization_member_permissions
  for each row execute function private.record_audit();

create trigger api_keys_audit
  after insert or update or delete on public.api_keys
  for each row execute function private.record_audit();

create trigger systems_audit
  after insert or update or delete on public.systems
  for each row execute function private.record_audit();

create trigger venues_audit
  after insert or update or delete on public.venues
  for each row execute function private.record_audit();

create trigger venue_rules_audit
  after update on public.venue_rules
  for each row execute function private.record_audit();

create trigger shows_audit
  after insert or update or delete on public.shows
  for each row execute function private.record_audit();

-- sql/90-operations/20-jobs.sql
-- Recurring work, listed with its schedule in this one place. Every job may run twice or late without harm.

do $$
begin
  -- A test database may lack the scheduler; the cloud has it and leaves it to the project to switch it on.
  if exists (select from pg_catalog.pg_available_extensions as available where available.name = 'pg_cron') then
    create extension if not exists pg_cron with schema pg_catalog;
  end if;
end;
$$;

create table private.jobs (
  name text primary key,
  schedule text not null,
  command text not null,
  description text not null
);

alter table private.jobs enable row level security;

comment on table private.jobs is 'Jobs of pg_cron: schedule in cron''s five fields, UTC.';

insert into private.jobs (name, schedule, command, description) values
  ('create_audit_partitions', '5 3 * * *', 'select private.create_audit_partitions()', 'Partitions of the audit log for the coming months'),
  (
    'forget_rate_limit_windows', '*/10 * * * *',
    'delete from private.rate_limit_counters where window_ends_at < now() - interval ''1 minute''',
    'Counters of windows that are over'
  ),
  (
    'close_idle_shows', '*/5 * * * *',
    'update public.shows set closed_at = greatest(last_activity_at, opened_at) where closed_at is null and last_activity_at < now() - interval ''6 hours''',
    'Nights that nobody closed'
  ),
  (
    'publish_silent_uploads', '* * * * *', 'select private.book_stage_expire()',
    'Song books whose upload ended on a full batch'
  ),
  (
    'complete_taken_requests', '*/15 * * * *', 'select private.complete_taken_requests()',
    'Requests the host took and never finished, once their night is over'
  );

create function private.complete_taken_requests()
returns integer
language sql
volatile
security definer
set search_path = ''
as $$
  select private.change_requests(
    array(
      select request.id
      from public.requests as request
      join public.shows as show on show.id = request.show_id
      where request.state in ('accepted', 'performing') and show.closed_at < now() - interval '1 hour'
      order by request.id
      limit 1000
    ),
    'completed', 'host'
  );
$$;

comment on function private.complete_taken_requests() is 'Definer: run by the scheduler.';

revoke all on function private.complete_taken_requests() from public;

create function private.schedule_jobs()
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_job record;
  v_count integer := 0;
begin
  -- Where the scheduler is missing (a test database), there is nothing to schedule.
  if not exists (select from pg_catalog.pg_extension as installed where installed.extname = 'pg_cron') then
    return 0;
  end if;
  for v_job in select * from private.jobs as job order by job.name loop
    execute 'select cron.schedule($1, $2, $3)' using v_job.name, v_job.schedule, v_job.command;
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;

comment on function private.schedule_jobs() is 'Tells pg_cron about every job and returns how many there are. Again is harmless.';

revoke all on function private.schedule_jobs() from public;

select private.schedule_jobs();

-- policies/10-identity/profiles.sql
grant select on public.profiles to authenticated, service_role;
grant update (name, display_name) on public.profiles to authenticated;

create policy "Only trusted sessions reach profiles" on public.profiles
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Users see their own profile" on public.profiles
  for select to authenticated
  using (user_id = (select auth.uid()));

create policy "Users change their own profile" on public.profiles
  for update to authenticated
  using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));

-- policies/10-identity/singer-profiles.sql
grant select on public.singer_profiles to authenticated, service_role;
grant update (nickname, preferences) on public.singer_profiles to authenticated;

create policy "Only trusted sessions reach singer profiles" on public.singer_profiles
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Singers see their own profile" on public.singer_profiles
  for select to authenticated
  using (user_id = (select auth.uid()));

create policy "Singers change their own profile" on public.singer_profiles
  for update to authenticated
  using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));

-- policies/20-organizations/api-key-scopes.sql
grant select on public.api_key_scopes to authenticated, service_role;

create policy "Everybody signed in reads the catalogue of api key scopes" on public.api_key_scopes
  for select to authenticated
  using (true);

-- policies/20-organizations/api-key-usage.sql
grant select on public.api_key_usage to authenticated, service_role;

create policy "Only trusted sessions reach the use of API keys" on public.api_key_usage
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Whoever sees a key sees its use" on public.api_key_usage
  for select to authenticated
  using (api_key_id in (select api_key.id from public.api_keys as api_key));

-- policies/20-organizations/api-keys.sql
grant select on public.api_keys to authenticated, service_role;
grant update (name, description) on public.api_keys to authenticated;

create policy "Only trusted sessions reach API keys" on public.api_keys
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with api_keys:read see the keys" on public.api_keys
  for select to authenticated
  using (organization_id = any (array(select private.organizations_with('api_keys:read'))));

create policy "Members with api_keys:write rename keys" on public.api_keys
  for update to authenticated
  using (organization_id = any (array(select private.organizations_with('api_keys:write'))))
  with check (organization_id = any (array(select private.organizations_with('api_keys:write'))));

-- policies/20-organizations/organization-member-permissions.sql
grant select on public.organization_member_permissions to authenticated, service_role;

create policy "Only trusted sessions reach member permissions" on public.organization_member_permissions
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Overrides are seen by whoever sees the member" on public.organization_member_permissions
  for select to authenticated
  using (organization_member_id in (select member.id from public.organization_members as member));

-- policies/20-organizations/organization-members.sql
grant select on public.organization_members to authenticated, service_role;

create policy "Only trusted sessions reach memberships" on public.organization_members
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Users see their own memberships, those with members:read all of the organization" on public.organization_members
  for select to authenticated
  using (
    user_id = (select auth.uid())
    or organization_id = any (array(select private.organizations_with('members:read')))
  );

-- policies/20-organizations/organizations.sql
grant select on public.organizations to authenticated, service_role;
grant update (name, legal_name, contact_email, contact_phone, time_zone, require_mfa) on public.organizations to authenticated;

create policy "Only trusted sessions reach organizations" on public.organizations
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with organization:read see their organization" on public.organizations
  for select to authenticated
  using (id = any (array(select private.organizations_with('organization:read'))));

create policy "Members with organization:write change their organization" on public.organizations
  for update to authenticated
  using (id = any (array(select private.organizations_with('organization:write'))))
  with check (id = any (array(select private.organizations_with('organization:write'))));

-- policies/20-organizations/permissions.sql
grant select on public.permissions to authenticated, service_role;

create policy "Everybody signed in reads the catalogue of permissions" on public.permissions
  for select to authenticated
  using (true);

-- policies/20-organizations/role-permissions.sql
grant select on public.role_permissions to authenticated, service_role;

create policy "Everybody signed in reads the catalogue of role permissions" on public.role_permissions
  for select to authenticated
  using (true);

-- policies/20-organizations/roles.sql
grant select on public.roles to authenticated, service_role;

create policy "Everybody signed in reads the catalogue of roles" on public.roles
  for select to authenticated
  using (true);

-- policies/30-venues/systems.sql
grant select, delete on public.systems to authenticated;
grant select on public.systems to service_role;
grant insert (organization_id, name, configuration) on public.systems to authenticated;
grant update (name, configuration) on public.systems to authenticated;

create policy "Only trusted sessions reach systems" on public.systems
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with systems:read see the systems" on public.systems
  for select to authenticated
  using (organization_id = any (array(select private.organizations_with('systems:read'))));

create policy "Members with systems:create add systems" on public.systems
  for insert to authenticated
  with check (organization_id = any (array(select private.organizations_with('systems:create'))));

create policy "Members with systems:update change systems" on public.systems
  for update to authenticated
  using (organization_id = any (array(select private.organizations_with('systems:update'))))
  with check (organization_id = any (array(select private.organizations_with('systems:update'))));

create policy "Members with systems:delete delete systems" on public.systems
  for delete to authenticated
  using (organization_id = any (array(select private.organizations_with('systems:delete'))));

-- policies/30-venues/venue-rules.sql
grant select on public.venue_rules to authenticated, service_role;
grant update (
  guests_allowed, free_text_allowed, key_change_allowed, notes_allowed, last_initial_required, max_active_requests, cooldown_minutes,
  same_song, same_song_minutes, max_requests_per_hour, queue_order, queue_visibility
) on public.venue_rules to authenticated;

create policy "Only trusted sessions reach venue rules" on public.venue_rules
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Whoever sees a venue sees its rules" on public.venue_rules
  for select to authenticated
  using (venue_id in (select venue.id from public.venues as venue));

create policy "Members with venues:update change the rules" on public.venue_rules
  for update to authenticated
  using (
    venue_id in (
      select venue.id
      from public.venues as venue
      where venue.organization_id = any (array(select private.organizations_with('venues:update')))
    )
  )
  with check (
    venue_id in (
      select venue.id
      from public.venues as venue
      where venue.organization_id = any (array(select private.organizations_with('venues:update')))
    )
  );

-- policies/30-venues/venues.sql
grant select on public.venues to authenticated, service_role;
grant insert (
  organization_id, url_name, name, address, city, state, postal_code, country, phone_number, website, accepting_requests, is_private,
  system_id, latitude, longitude
) on public.venues to authenticated;
grant update (
  name, address, city, state, postal_code, country, phone_number, website, accepting_requests, is_private, system_id, latitude,
  longitude
) on public.venues to authenticated;

create policy "Only trusted sessions reach venues" on public.venues
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with venues:read see the venues" on public.venues
  for select to authenticated
  using (organization_id = any (array(select private.organizations_with('venues:read'))));

create policy "Members with venues:create add venues" on public.venues
  for insert to authenticated
  with check (organization_id = any (array(select private.organizations_with('venues:create'))));

create policy "Members with venues:update change venues" on public.venues
  for update to authenticated
  using (organization_id = any (array(select private.organizations_with('venues:update'))))
  with check (organization_id = any (array(select private.organizations_with('venues:update'))));

-- policies/50-queue/blocked-songs.sql
grant select, delete on public.blocked_songs to authenticated;
grant select on public.blocked_songs to service_role;

create policy "Only trusted sessions reach blocked songs" on public.blocked_songs
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Whoever sees a venue sees its block list" on public.blocked_songs
  for select to authenticated
  using (venue_id in (select venue.id from public.venues as venue));

create policy "Members with venues:update unblock songs" on public.blocked_songs
  for delete to authenticated
  using (
    venue_id in (
      select venue.id
      from public.venues as venue
      where venue.organization_id = any (array(select private.organizations_with('venues:update')))
    )
  );

-- policies/50-queue/performances.sql
grant select on public.performances to authenticated, service_role;

create policy "Only trusted sessions reach performances" on public.performances
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Singers see what they sang, members with requests:read what was sung at the organization" on public.performances
  for select to authenticated
  using (
    singer_user_id = (select auth.uid())
    or organization_id = any (array(select private.organizations_with('requests:read')))
  );

-- policies/50-queue/realtime-messages.sql
-- Receiving only: nothing that is broadcast comes from a client.
create policy "Those who may follow a topic receive it" on realtime.messages
  for select to authenticated
  using (extension = 'broadcast' and (select private.may_follow((select realtime.topic()))));

-- policies/50-queue/request-events.sql
grant select on public.request_events to authenticated, service_role;

create policy "Only trusted sessions reach request events" on public.request_events
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Whoever sees a request sees what happened to it" on public.request_events
  for select to authenticated
  using (request_id in (select request.id from public.requests as request));

-- policies/50-queue/request-states.sql
grant select on public.request_states to authenticated, service_role;

create policy "Everybody signed in reads the catalogue of request states" on public.request_states
  for select to authenticated
  using (true);

-- policies/50-queue/request-transitions.sql
grant select on public.request_transitions to authenticated, service_role;

create policy "Everybody signed in reads the catalogue of request transitions" on public.request_transitions
  for select to authenticated
  using (true);

-- policies/50-queue/requests.sql
grant select on public.requests to authenticated, service_role;

create policy "Only trusted sessions reach requests" on public.requests
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Singers see their own requests, members with requests:read those of the organization" on public.requests
  for select to authenticated
  using (
    singer_user_id = (select auth.uid())
    or organization_id = any (array(select private.organizations_with('requests:read')))
  );

-- policies/50-queue/shows.sql
grant select on public.shows to authenticated, service_role;

create policy "Only trusted sessions reach shows" on public.shows
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with requests:read see the shows" on public.shows
  for select to authenticated
  using (organization_id = any (array(select private.organizations_with('requests:read'))));

-- policies/50-queue/venue-bans.sql
grant select, delete on public.venue_bans to authenticated;
grant select on public.venue_bans to service_role;

create policy "Only trusted sessions reach bans" on public.venue_bans
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with requests:read see the bans" on public.venue_bans
  for select to authenticated
  using (organization_id = any (array(select private.organizations_with('requests:read'))));

create policy "Members with requests:process lift bans" on public.venue_bans
  for delete to authenticated
  using (organization_id = any (array(select private.organizations_with('requests:process'))));

-- policies/70-messages/message-preferences.sql
grant select, delete on public.message_preferences to authenticated;
grant select on public.message_preferences to service_role;
grant insert (user_id, category, channel, is_enabled) on public.message_preferences to authenticated;
grant update (user_id, category, channel, is_enabled) on public.message_preferences to authenticated;

create policy "Only trusted sessions reach preferences" on public.message_preferences
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Users see their own preferences" on public.message_preferences
  for select to authenticated
  using (user_id = (select auth.uid()));

create policy "Users set their own preferences" on public.message_preferences
  for insert to authenticated
  with check (user_id = (select auth.uid()));

create policy "Users change their own preferences" on public.message_preferences
  for update to authenticated
  using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));

create policy "Users take back their own preferences" on public.message_preferences
  for delete to authenticated
  using (user_id = (select auth.uid()));

-- policies/70-messages/notifications.sql
grant select (id, user_id, category, kind, data, created_at, read_at) on public.notifications to authenticated;
grant select on public.notifications to service_role;
grant update (read_at) on public.notifications to authenticated;

create policy "Only trusted sessions reach notifications" on public.notifications
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Users see their own notifications" on public.notifications
  for select to authenticated
  using (user_id = (select auth.uid()));

create policy "Users mark their own notifications as read" on public.notifications
  for update to authenticated
  using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));

-- policies/90-operations/audit-entries.sql
grant select on public.audit_entries to authenticated, service_role;

create policy "Only trusted sessions reach the audit log" on public.audit_entries
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with audit:read read the log of the organization" on public.audit_entries
  for select to authenticated
  using (organization_id = any (array(select private.organizations_with('audit:read'))));

-- seed/reference/10-roles-and-permissions.sql
-- The permission catalogue and what each role holds by default. Running it again puts the defaults back.

insert into public.permissions (key, description) values
  ('organization:read', 'See the organization'),
  ('organization:write', 'Change the organization''s settings'),
  ('members:read', 'See the members'),
  ('members:invite', 'Invite members'),
  ('members:update', 'Change members'' roles and permissions'),
  ('members:remove', 'Remove members'),
  ('venues:read', 'See the venues'),
  ('venues:create', 'Create venues'),
  ('venues:update', 'Change venues'),
  ('venues:delete', 'Archive venues'),
  ('systems:read', 'See the karaoke systems'),
  ('systems:create', 'Create karaoke systems'),
  ('systems:update', 'Change karaoke systems'),
  ('systems:delete', 'Delete karaoke systems'),
  ('requests:read', 'See the request queue'),
  ('requests:process', 'Take, skip, reject and reorder requests; open and close a venue for requests'),
  ('requests:delete', 'Clear requests from the queue'),
  ('api_keys:read', 'See the API keys'),
  ('api_keys:write', 'Create and rotate API keys'),
  ('api_keys:revoke', 'Revoke API keys'),
  ('billing:read', 'See invoices and the subscription'),
  ('billing:write', 'Change the subscription'),
  ('branding:read', 'See the branding'),
  ('branding:write', 'Change the branding'),
  ('analytics:read', 'See the statistics'),
  ('reports:write', 'Save and schedule reports'),
  ('audit:read', 'Read the audit log'),
  ('songs:read', 'See the song books'),
  ('songs:write', 'Change the song books')
on conflict (key) do update set description = excluded.description;

insert into public.roles (key, name, description, is_platform_role, rank) values
  ('super_admin', 'Platform administrator', 'Runs the platform', true, 1),
  ('support_admin', 'Support', 'Helps the platform''s customers', true, 2),
  ('owner', 'Owner', 'Owns the organization; exactly one', false, 10),
  ('admin', 'Administrator', 'Runs the organization, except members'' roles and billing', false, 20),
  ('manager', 'Manager', 'Runs the venues and their song books', false, 30),
  ('staff', 'Staff', 'Runs the request queue', false, 40)
on conflict (key) do update set
  name = excluded.name, description = excluded.description,
  is_platform_role = excluded.is_platform_role, rank = excluded.rank;

insert into public.role_permissions (role_key, permission_key)
select 'owner', permission.key from public.permissions as permission
union all
select 'admin', permission.key from public.permissions as permission
where permission.key not in ('members:update', 'members:remove', 'billing:read', 'billing:write')
union all
select 'manager', permission.key from public.permissions as permission
where permission.key in (
  'organization:read', 'members:read', 'venues:read', 'venues:update', 'systems:read', 'systems:update', 'requests:read',
  'requests:process', 'requests:delete', 'api_keys:read', 'branding:read', 'analytics:read', 'reports:write', 'songs:read',
  'songs:write'
)
union all
select 'staff', permission.key from public.permissions as permission
where permission.key in (
  'organization:read', 'venues:read', 'systems:read', 'requests:read', 'requests:process', 'songs:read'
)
on conflict do nothing;

-- seed/reference/15-api-key-scopes.sql
insert into public.api_key_scopes (key, description, permission_key) values
  ('requests:read', 'Read the request queue', 'requests:read'),
  ('requests:write', 'Take, clear and add requests; open and close venues', 'requests:process'),
  ('songs:read', 'Read song books', 'songs:read'),
  ('songs:write', 'Upload song books', 'songs:write'),
  ('venues:read', 'Read venues', 'venues:read'),
  ('venues:write', 'Change venues', 'venues:update'),
  ('systems:read', 'Read karaoke systems', 'systems:read')
on conflict (key) do update set description = excluded.description, permission_key = excluded.permission_key;

-- seed/reference/20-rate-limits.sql
insert into private.rate_limits (key, maximum, window_seconds, description) values
  ('user_writes', 300, 60, 'Writing REST requests of one user'),
  ('organization_creation', 5, 86400, 'Organizations made by one user'),
  ('requests_per_device', 10, 3600, 'Song requests of one guest'),
  ('requests_per_singer', 10, 3600, 'Song requests of one singer'),
  ('requests_per_address', 60, 3600, 'Song requests of guests from one address: a bar''s Wi-Fi shares one'),
  ('requests_per_venue', 50, 3600, 'Song requests at one venue, where the venue sets nothing else'),
  ('pin_attempts_per_device', 5, 900, 'PINs tried by one guest or singer'),
  ('pin_attempts_per_venue', 200, 900, 'PINs tried at one venue'),
  ('api_key_rotation', 5, 3600, 'Rotations of one API key'),
  ('api_key_failures', 100, 60, 'Wrong API keys from one address')
on conflict (key) do nothing;

-- seed/reference/30-message-templates.sql
insert into private.message_templates (key, channel, category, subject, body) values
  ('auth_signup', 'email', 'security', 'Confirm your e-mail address',
   E'Welcome!\n\nYour code is {{code}}.\n\nOr open this link to confirm your address:\n{{link}}\n\nIf you did not sign up, ignore this mail.'),
  ('auth_invite', 'email', 'security', 'You have been invited',
   E'You have been invited. Open this link to set up your account:\n{{link}}\n\nYour code is {{code}}.'),
  ('auth_magiclink', 'email', 'security', 'Your sign-in link',
   E'Open this link to sign in:\n{{link}}\n\nOr enter the code {{code}}.\n\nIt works once and for a short time. If you did not ask for it, ignore this mail.'),
  ('auth_recovery', 'email', 'security', 'Reset your password',
   E'Open this link to set a new password:\n{{link}}\n\nOr enter the code {{code}}.\n\nIf you did not ask for it, ignore this mail.'),
  ('auth_email_change_current', 'email', 'security', 'Confirm the change of your e-mail address',
   E'Somebody, hopefully you, asked to change the e-mail address of your account.\n\nYour code is {{code}}, or open this link:\n{{link}}\n\nIf it was not you, change your password.'),
  ('auth_email_change_new', 'email', 'security', 'Confirm your new e-mail address',
   E'Your code is {{code}}, or open this link to confirm this address:\n{{link}}'),
  ('auth_reauthentication', 'email', 'security', 'Your confirmation code',
   E'Your code is {{code}}.\n\nIf you did not ask for it, change your password.'),
  ('auth_password_changed_notification', 'email', 'security', 'Your password has been changed',
   E'The password of your account has been changed.\n\nIf it was not you, reset it at once.'),
  ('auth_email_changed_notification', 'email', 'security', 'Your e-mail address has been changed',
   E'The e-mail address of your account has been changed.\n\nIf it was not you, write to support.'),
  ('auth_phone_changed_notification', 'email', 'security', 'Your phone number has been changed',
   E'The phone number of your account has been changed.\n\nIf it was not you, change your password.'),
  ('auth_identity_linked_notification', 'email', 'security', 'A sign-in method was added',
   E'A new way to sign in was added to your account.\n\nIf it was not you, change your password.'),
  ('auth_identity_unlinked_notification', 'email', 'security', 'A sign-in method was removed',
   E'A way to sign in was removed from your account.\n\nIf it was not you, change your password.'),
  ('auth_mfa_factor_enrolled_notification', 'email', 'security', 'A second factor was added',
   E'A second factor was added to your account.\n\nIf it was not you, change your password.'),
  ('auth_mfa_factor_unenrolled_notification', 'email', 'security', 'A second factor was removed',
   E'A second factor was removed from your account.\n\nIf it was not you, change your password.'),
  ('account_locked', 'email', 'security', 'Your account is locked for 15 minutes',
   E'There were five wrong passwords in a row, so signing in with a password is locked for 15 minutes.\n\nIf it was not you, set a new password.'),
  ('request_accepted', 'email', 'queue', 'Your song is in the rotation',
   E'"{{title}}" by {{artist}} has been accepted at {{venue}}.'),
  ('request_next_up', 'email', 'queue', 'You are next',
   E'You are next at {{venue}} with "{{title}}" by {{artist}}.'),
  ('request_skipped', 'email', 'queue', 'Your song was skipped',
   E'"{{title}}" by {{artist}} was skipped at {{venue}}. {{reason}}'),
  ('request_rejected', 'email', 'queue', 'Your song was not accepted',
   E'"{{title}}" by {{artist}} was not accepted at {{venue}}. {{reason}}'),
  ('request_accepted', 'sms', 'queue', null, '{{venue}}: "{{title}}" is in the rotation.'),
  ('request_next_up', 'sms', 'queue', null, '{{venue}}: you are next with "{{title}}".'),
  ('request_skipped', 'sms', 'queue', null, '{{venue}}: "{{title}}" was skipped. {{reason}}'),
  ('request_rejected', 'sms', 'queue', null, '{{venue}}: "{{title}}" was not accepted. {{reason}}'),
  ('auth_one_time_code', 'sms', 'security', null, 'Your code is {{code}}.')
on conflict (key, channel) do update set
  category = excluded.category, subject = excluded.subject, body = excluded.body;

-- seed/reference/40-reserved-url-names.sql
insert into private.reserved_url_names (url_name)
select unnest(array[
  'about', 'account', 'admin', 'api', 'app', 'auth', 'billing', 'dashboard', 'favicon', 'help', 'host', 'inbox', 'login',
  'logout', 'me', 'nearby', 'new', 'openkj', 'portal', 'privacy', 'robots', 'search', 'settings', 'signin', 'signup', 'singer',
  'sitemap', 'static', 'support', 'terms', 'venue', 'venues', 'www'
])
on conflict do nothing;

-- seed/reference/50-request-states.sql
insert into public.request_states (key, description, is_active) values
  ('pending', 'Asked for, waiting for the host', true),
  ('accepted', 'Taken into the rotation', true),
  ('performing', 'Being sung now', true),
  ('completed', 'Sung, or taken over by the show program', false),
  ('cancelled', 'Withdrawn by the singer', false),
  ('rejected', 'Refused by the host', false),
  ('skipped', 'Passed over by the host', false),
  ('cleared', 'Cleared with the whole queue', false)
on conflict (key) do update set description = excluded.description, is_active = excluded.is_active;

insert into public.request_transitions (from_state, to_state, actor) values
  ('pending', 'accepted', 'host'),
  ('pending', 'performing', 'host'),
  ('pending', 'completed', 'host'),
  ('pending', 'rejected', 'host'),
  ('pending', 'skipped', 'host'),
  ('pending', 'cleared', 'host'),
  ('pending', 'cancelled', 'singer'),
  ('accepted', 'pending', 'host'),
  ('accepted', 'performing', 'host'),
  ('accepted', 'completed', 'host'),
  ('accepted', 'rejected', 'host'),
  ('accepted', 'skipped', 'host'),
  ('accepted', 'cleared', 'host'),
  ('accepted', 'cancelled', 'singer'),
  ('performing', 'accepted', 'host'),
  ('performing', 'completed', 'host'),
  ('performing', 'skipped', 'host'),
  ('completed', 'pending', 'host'),
  ('skipped', 'pending', 'host')
on conflict do nothing;

-- seed/reference/60-openkj-commands.sql
insert into private.openkj_commands (command, scope_key) values
  ('getSerial', 'requests:read'),
  ('getVenues', 'requests:read'),
  ('getRequests', 'requests:read'),
  ('getAccepting', 'requests:read'),
  ('getAlert', 'requests:read'),
  ('getEntitledSystemCount', 'requests:read'),
  ('setAccepting', 'requests:write'),
  ('deleteRequest', 'requests:write'),
  ('clearRequests', 'requests:write'),
  ('addRequest', 'requests:write'),
  ('updateRotation', 'requests:write'),
  ('clearDatabase', 'songs:write'),
  ('addSongs', 'songs:write')
on conflict (command) do update set scope_key = excluded.scope_key;
