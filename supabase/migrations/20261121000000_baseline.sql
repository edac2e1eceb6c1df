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
-- Triggers that check what people write run in the writer's role.
grant execute on function private.raise_error(integer, text, text, text) to authenticated;

create function private.raise_error_until(p_status integer, p_code text, p_detail text, p_until timestamptz)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  perform private.raise_error(
    p_status, p_code, p_detail,
    format(
      'Ask again at %s: retry_after=%s',
      to_char(p_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), greatest(1, ceil(extract(epoch from p_until - now())))::integer
    )
  );
end;
$$;

comment on function private.raise_error_until(integer, text, text, timestamptz) is
  'As raise_error, for a refusal that ends by itself at p_until: the hint has the time (UTC) and retry_after in seconds.';

revoke all on function private.raise_error_until(integer, text, text, timestamptz) from public;

-- sql/00-foundation/20-text.sql
-- The form in which what people type is kept, and how texts are compared: one normalisation for every place that asks whether two
-- songs are the same; nobody else folds case, accents or punctuation.

create function private.one_line(p_text text)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  return btrim(regexp_replace(normalize(p_text, nfc), '[[:space:][:cntrl:]]+', ' ', 'g'));
end;
$$;

comment on function private.one_line(text) is 'What somebody typed in one normal form on one line, without control characters.';

revoke all on function private.one_line(text) from public;

-- unaccent() is only stable because a dictionary can be edited; ours never is, and indexes need an immutable function.
-- In plpgsql, which keeps its plan for the session; functions with a search path are never inlined. A column may bring the
-- collation "C", in which only ASCII has letters and case, so the database's own is named wherever that matters.
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
  return lower(extensions.unaccent('extensions.unaccent'::regdictionary, replace(normalize(p_text collate "default", nfkc), '&', ' and ')));
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
  v_folded text collate "default";
  v_text text collate "default";
begin
  -- Most texts are like this, and books are long.
  if p_text ~ '^[a-zA-Z0-9]+( [a-zA-Z0-9]+)*$' then
    v_text := lower(p_text);
    return case when starts_with(v_text, 'the ') then substr(v_text, 5) else v_text end;
  end if;

  v_folded := private.fold_text(p_text);
  v_text := regexp_replace(v_folded, '[^[:alnum:][:space:]]+', '', 'g');
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
  v_folded text collate "default";
  v_words text collate "default";
begin
  if char_length(p_text) <= 40 and p_text ~ '^[a-zA-Z0-9]+( [a-zA-Z0-9]+)*$' then
    return string_to_array(lower(p_text), ' ');
  end if;

  v_folded := private.fold_text(p_text);
  v_words := regexp_replace(v_folded, '[^[:alnum:][:space:]]+', '', 'g');
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
    return string_to_array(left(private.normalize_text(p_text), 40), ' ');
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
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return nullif(current_setting('request.headers', true), '')::json ->> p_name;
end;
$$;

revoke all on function private.request_header(text) from public;

create function private.plain_address(p_address inet)
returns inet
language plpgsql
immutable
strict
security invoker
set search_path = ''
as $$
begin
  if family(p_address) = 6 and p_address <<= '::ffff:0:0/96'::inet then
    return (replace(host(p_address), '::ffff:', '') || '/' || masklen(p_address) - 96)::inet;
  end if;
  return p_address;
end;
$$;

comment on function private.plain_address(inet) is
  'An address or network, as IPv4 where it is an IPv4 one written as IPv6 (::ffff:192.0.2.1): a server that listens on both
sees its clients so.';

revoke all on function private.plain_address(inet) from public;

create function private.client_address()
returns inet
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  -- The platform's edge writes the first header itself; behind another proxy it is that one's duty to overwrite, not to
  -- append to, what a client claims in the second.
  return private.plain_address(nullif(trim(coalesce(
    private.request_header('cf-connecting-ip'), split_part(private.request_header('x-forwarded-for'), ',', 1)
  )), '')::inet);
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
  fails_open boolean not null default false,
  constraint maximum_is_not_negative check (maximum >= 0),
  constraint window_is_positive check (window_seconds > 0)
);

alter table private.rate_limits enable row level security;

comment on table private.rate_limits is 'Limits by name; changing a row changes the limit at once.';
comment on column private.rate_limits.fails_open is
  'Whether uses pass while they cannot be counted. Only for reads: what guards credentials or writes stays shut then.';

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
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_wait integer;
begin
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
  select ceil(extract(epoch from taken.window_ends_at - clock_timestamp()))::integer into v_wait
  from taken, wanted
  where taken.used > wanted.maximum;
  return coalesce(v_wait, 0);
exception
  when others then
    if (select fails_open from private.rate_limits where key = p_key) is not true then
      raise;
    end if;
    raise warning 'The limit "%" is not counted: %', p_key, sqlerrm;
    return 0;
end;
$$;

comment on function private.take_rate_limit(text, text, integer, integer) is
  'Takes p_cost from the limit p_key of p_subject and answers 0, or the seconds to wait when the limit is used up.
p_maximum replaces the limit''s own maximum (a venue''s setting). A null subject or an unknown key is never limited. When
counting fails, so does the call, unless the limit fails open.';

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

-- sql/00-foundation/60-settings.sql
create table private.settings (
  key text primary key,
  value text not null,
  description text not null
);

alter table private.settings enable row level security;

comment on table private.settings is 'What differs between deployments and is no secret, such as the address of the app.';

create function private.setting(p_key text)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select setting.value from private.settings as setting where setting.key = p_key
  );
end;
$$;

comment on function private.setting(text) is 'A setting of this deployment. Definer: the table is private.';

revoke all on function private.setting(text) from public;

-- sql/00-foundation/70-edge-functions.sql
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

-- sql/10-identity/10-profiles.sql
-- Who a person is, beside what Auth keeps: one profile for every user, a singer profile for those who sing.

create table public.profiles (
  user_id uuid primary key references auth.users (id) on delete cascade,
  name text,
  display_name text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint name_is_1_to_255_characters check (char_length(name) between 1 and 255 and name = btrim(name) and name !~ '[[:cntrl:]]'),
  constraint display_name_is_1_to_100_characters
    check (char_length(display_name) between 1 and 100 and display_name = btrim(display_name) and display_name !~ '[[:cntrl:]]')
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
    check (char_length(nickname) between 1 and 100 and nickname = btrim(nickname) and nickname !~ '[[:cntrl:]]'),
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
  v_name text := rtrim(left(nullif(private.one_line(new.raw_user_meta_data ->> 'name'), ''), 255));
begin
  insert into public.profiles (user_id, name) values (new.id, v_name);
  if new.is_anonymous then
    return null;
  end if;
  if new.raw_user_meta_data ->> 'account_type' = 'customer' then
    perform private.create_organization(
      new.id,
      coalesce(nullif(private.one_line(new.raw_user_meta_data ->> 'organization_name'), ''), v_name, split_part(new.email, '@', 1), 'Karaoke'),
      nullif(btrim(new.raw_user_meta_data ->> 'time_zone'), '')
    );
  else
    insert into public.singer_profiles (user_id, nickname)
    values (new.id, rtrim(left(nullif(private.one_line(new.raw_user_meta_data ->> 'nickname'), ''), 100)));
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
  if private.is_guest(v_user_id) then
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

-- sql/10-identity/60-recent-authentication.sql
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

-- sql/10-identity/70-sessions-of-a-user.sql
create function private.list_sessions()
returns table (
  id uuid, created_at timestamptz, last_used_at timestamptz, user_agent text, address inet, assurance_level text, is_current boolean
)
language plpgsql
stable
security definer
set search_path = ''
rows 10
as $$
declare
  v_user_id uuid := private.require_user();
begin
  return query
    select
      session.id, session.created_at, coalesce(session.refreshed_at at time zone 'UTC', session.created_at), session.user_agent,
      session.ip, session.aal::text, session.id = (private.claims() ->> 'session_id')::uuid
    from auth.sessions as session
    where session.user_id = v_user_id and (session.not_after is null or session.not_after > now())
    order by 3 desc, session.id;
end;
$$;

comment on function private.list_sessions() is 'Definer: sessions are Auth''s.';

revoke all on function private.list_sessions() from public;
grant execute on function private.list_sessions() to authenticated;

create function public.list_sessions()
returns table (
  id uuid, created_at timestamptz, last_used_at timestamptz, user_agent text, address inet, assurance_level text, is_current boolean
)
language sql
stable
security invoker
set search_path = ''
rows 10
as $$
  select * from private.list_sessions();
$$;

comment on function public.list_sessions() is 'Where the caller is signed in, the latest first. Errors: 401.';

revoke all on function public.list_sessions() from public;
grant execute on function public.list_sessions() to authenticated;

create function private.end_session(p_session_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
begin
  delete from auth.sessions where id = p_session_id and user_id = v_user_id;
  if not found then
    perform private.raise_error(404, 'session_not_found', 'There is no such session, or it is not yours.', 'Read the list again.');
  end if;
end;
$$;

comment on function private.end_session(uuid) is 'Definer: sessions are Auth''s.';

revoke all on function private.end_session(uuid) from public;
grant execute on function private.end_session(uuid) to authenticated;

create function public.end_session(p_session_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.end_session(p_session_id);
$$;

comment on function public.end_session(uuid) is
  'Signs the caller out on one device, at once. Errors: 401; 404 session_not_found.';

revoke all on function public.end_session(uuid) from public;
grant execute on function public.end_session(uuid) to authenticated;

-- sql/10-identity/80-backup-codes.sql
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

-- sql/10-identity/85-personal-data.sql
-- Where personal data lies. One list says what an export holds, and why something is left out of it; a table that refers to
-- people and is not on it fails the tests.

create table private.personal_data (
  table_name text not null,
  column_name text not null,
  section text,
  left_out text[] not null default '{}',
  reason text,
  primary key (table_name, column_name),
  constraint table_name_has_a_schema check (table_name ~ '^(public|private)\.[a-z_]+$'),
  constraint is_exported_or_says_why_not check ((section is null) <> (reason is null))
);

alter table private.personal_data enable row level security;

comment on table private.personal_data is
  'Every column that refers to a person, by user id or, in email, by address.';
comment on column private.personal_data.section is 'Where the rows stand in the person''s export; null when they are not theirs to take.';
comment on column private.personal_data.left_out is 'Columns that are secrets, inner workings or another''s.';

create function private.personal_rows(p_table_name text, p_column_name text, p_user_id uuid, p_left_out text[])
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_rows jsonb;
begin
  execute format(
    'select coalesce(jsonb_agg(to_jsonb(mine) - $2 || jsonb_strip_nulls(jsonb_build_object(
       ''organization'', (
         select organization.name from public.organizations as organization
         where organization.id = (to_jsonb(mine) ->> ''organization_id'')::uuid
       ),
       ''venue'', (select venue.name from public.venues as venue where venue.id = (to_jsonb(mine) ->> ''venue_id'')::uuid)
     )) order by mine), ''[]'')
     from %I.%I as mine where mine.%I = $1::%s',
    split_part(p_table_name, '.', 1), split_part(p_table_name, '.', 2), p_column_name, case p_column_name when 'email' then 'text' else 'uuid' end
  )
  into v_rows
  using
    case p_column_name
      when 'email' then (select lower(account.email) from auth.users as account where account.id = p_user_id)
      else p_user_id::text
    end,
    p_left_out;
  return v_rows;
end;
$$;

comment on function private.personal_rows(text, text, uuid, text[]) is
  'The rows of a table that are about a person, with the names of their organization and venue. Definer: reads any table on the list.';

revoke all on function private.personal_rows(text, text, uuid, text[]) from public;

-- sql/10-identity/90-own-account.sql
-- What belongs to a person, to take along or to have deleted.

create function private.export_account()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
begin
  return jsonb_build_object(
    'exported_at', now(),
    'account', (
      select jsonb_build_object(
        'id', account.id, 'email', account.email, 'phone', account.phone, 'created_at', account.created_at,
        'last_sign_in_at', account.last_sign_in_at, 'metadata', account.raw_user_meta_data,
        'sign_in_methods', (
          select coalesce(jsonb_agg(jsonb_build_object('provider', identity.provider, 'created_at', identity.created_at) order by identity.created_at), '[]')
          from auth.identities as identity
          where identity.user_id = account.id
        ),
        'second_factors', (
          select coalesce(jsonb_agg(jsonb_build_object('name', factor.friendly_name, 'kind', factor.factor_type, 'created_at', factor.created_at) order by factor.created_at), '[]')
          from auth.mfa_factors as factor
          where factor.user_id = account.id
        ),
        'sessions', (
          select coalesce(jsonb_agg(jsonb_build_object('created_at', session.created_at, 'user_agent', session.user_agent, 'address', session.ip) order by session.created_at), '[]')
          from auth.sessions as session
          where session.user_id = account.id
        )
      )
      from auth.users as account
      where account.id = v_user_id
    )
  ) || (
    select jsonb_object_agg(kept.section, private.personal_rows(kept.table_name, kept.column_name, v_user_id, kept.left_out))
    from private.personal_data as kept
    where kept.section is not null
  );
end;
$$;

comment on function private.export_account() is 'Definer: reads across private and Auth''s tables, only rows of the caller.';

revoke all on function private.export_account() from public;
grant execute on function private.export_account() to authenticated;

create function public.export_account()
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.export_account();
$$;

comment on function public.export_account() is
  'Everything kept about the caller, as one JSON object: "account", and a list of rows for each section of the list of personal data.
Errors: 401.';

revoke all on function public.export_account() from public;
grant execute on function public.export_account() to authenticated;

create function private.end_account()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_owned uuid[];
  v_in_use text;
  v_reference record;
begin
  -- Locked, so that nobody joins meanwhile.
  select array_agg(locked.id) into v_owned
  from (
    select organization.id
    from public.organizations as organization
    join public.organization_members as owner on owner.organization_id = organization.id
    where owner.user_id = old.id and owner.role_key = 'owner'
    order by organization.id
    for update of organization
  ) as locked;
  select string_agg(organization.name, ', ' order by organization.name) into v_in_use
  from public.organizations as organization
  where organization.id = any (v_owned) and exists (
    select
    from public.organization_members as other
    where other.organization_id = organization.id and other.user_id <> old.id and other.status in ('active', 'suspended')
  );
  if v_in_use is not null then
    perform private.raise_error(
      409, 'still_owner', 'Others still work in organizations this account owns: ' || v_in_use || '.',
      'Transfer the ownership, or remove the other members first.'
    );
  end if;

  update public.performances set singer_name = 'Former singer' where singer_user_id = old.id;
  update public.requests
  set singer_names = array['Former singer'], notes = null, idempotency_key = null, idempotency_digest = null
  where singer_user_id = old.id;
  delete from private.messages where user_id = old.id;
  if coalesce(old.email, '') <> '' then
    perform private.enqueue_message('email', 'account_deleted', old.email, '{}');
  end if;
  delete from public.organizations where id = any (v_owned);
  if tg_op = 'DELETE' then
    return old;
  end if;
  -- Auth keeps the row of an account that is deleted softly, without its addresses: what would go with the row goes now.
  for v_reference in
    select reference.conrelid::regclass as table_name, field.attname as column_name, reference.confdeltype = 'c' as goes
    from pg_catalog.pg_constraint as reference
    join pg_catalog.pg_attribute as field on field.attrelid = reference.conrelid and field.attnum = reference.conkey[1]
    where reference.contype = 'f' and reference.confrelid = 'auth.users'::regclass and reference.conparentid = 0
      and reference.connamespace in ('public'::regnamespace, 'private'::regnamespace)
  loop
    if v_reference.goes then
      execute format('delete from %s where %I = $1', v_reference.table_name, v_reference.column_name) using old.id;
    else
      execute format('update %s set %I = null where %2$I = $1', v_reference.table_name, v_reference.column_name) using old.id;
    end if;
  end loop;
  return new;
end;
$$;

comment on function private.end_account() is
  'What goes with an account, whoever deletes it: in the app, over Auth''s admin API or in Studio. Refuses with 409 still_owner while
others work in an organization it owns; organizations without others go too; what was sung stays, without the name. Definer:
Auth''s role may write none of these tables.';

revoke all on function private.end_account() from public;
grant execute on function private.end_account() to supabase_auth_admin;

create trigger users_end_account
  before delete on auth.users
  for each row execute function private.end_account();

create trigger users_end_account_softly
  before update of deleted_at on auth.users
  for each row
  when (old.deleted_at is null and new.deleted_at is not null)
  execute function private.end_account();

create function private.delete_account()
returns void
language sql
volatile
security definer
set search_path = ''
as $$
  delete from auth.users as account
  where account.id = (select private.require_user())
    -- A guest is whoever holds the session, and has nothing else to prove it with.
    and case when account.is_anonymous then true else account.id = (select private.require_recent_authentication()) end;
$$;

comment on function private.delete_account() is 'Definer: accounts are Auth''s. See end_account().';

revoke all on function private.delete_account() from public;
grant execute on function private.delete_account() to authenticated;

create function public.delete_account()
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.delete_account();
$$;

comment on function public.delete_account() is
  'Deletes the caller''s account and what belongs to it, at once and for good, with organizations only they work in. What they sang
stays without their name. A guest needs no proof but the session. Errors: 401; 403 reauthentication_needed; 409 still_owner.';

revoke all on function public.delete_account() from public;
grant execute on function public.delete_account() to authenticated;

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
  constraint name_is_1_to_255_characters check (char_length(name) between 1 and 255 and name = btrim(name) and name !~ '[[:cntrl:]]'),
  constraint legal_name_is_1_to_255_characters
    check (char_length(legal_name) between 1 and 255 and legal_name = btrim(legal_name) and legal_name !~ '[[:cntrl:]]'),
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
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
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
end;
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

create function private.keep_an_owner()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if exists (select from public.organizations as organization where organization.id = old.organization_id) and not exists (
    select
    from public.organization_members as member
    where member.organization_id = old.organization_id and member.role_key = 'owner'
  ) then
    perform private.raise_error(
      409, 'owner_needed', 'An organization cannot be left without an owner.', 'Transfer the ownership, or delete the organization.'
    );
  end if;
  return null;
end;
$$;

comment on function private.keep_an_owner() is
  'Also for what is done in Studio. At the end of the transaction, as ownership changes hands in two steps.';

revoke all on function private.keep_an_owner() from public;

create constraint trigger organization_members_keep_an_owner
  after delete or update of role_key, organization_id on public.organization_members
  deferrable initially deferred
  for each row
  when (old.role_key = 'owner')
  execute function private.keep_an_owner();

create function private.hold_organization(p_organization_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform from public.organizations as organization where organization.id = p_organization_id for key share;
end;
$$;

comment on function private.hold_organization(uuid) is
  'Whoever changes a team calls this before anything else: then the end of the organization waits for them, or they for it, and neither
locks what the other needs. Definer: callers may not lock organizations.';

revoke all on function private.hold_organization(uuid) from public;

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

-- sql/20-organizations/35-delegated-access.sql
-- Platform people, and the time-boxed access they may take to an organization in order to help.

create table private.platform_admins (
  user_id uuid primary key references auth.users (id) on delete cascade,
  role_key text not null references public.roles (key) on update cascade on delete restrict,
  created_at timestamptz not null default now()
);

alter table private.platform_admins enable row level security;

create index platform_admins_role_key_idx on private.platform_admins (role_key);

comment on table private.platform_admins is
  'Who has a platform role. Written in Studio by somebody who may reach the database anyway, never by an API.';

create table public.delegated_access_sessions (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  admin_id uuid not null references auth.users (id) on delete cascade,
  reason text not null,
  can_write boolean not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  created_at timestamptz not null default now(),
  constraint reason_is_10_to_500_characters check (char_length(reason) between 10 and 500),
  constraint lasts_up_to_24_hours check (expires_at <= created_at + interval '24 hours')
);

alter table public.delegated_access_sessions enable row level security;
revoke all on public.delegated_access_sessions from anon, authenticated, service_role;

create index delegated_access_sessions_organization_id_idx on public.delegated_access_sessions (organization_id, created_at desc);
create index delegated_access_sessions_live_idx on public.delegated_access_sessions (admin_id, organization_id)
  where ended_at is null;

comment on table public.delegated_access_sessions is
  'Access of platform people to an organization: for a reason, for 1 to 24 hours, read-only unless writing was asked for. The owner is
told; what is read, called and changed under it is in the audit log with its id.';

create table private.delegable_permissions (
  permission_key text primary key references public.permissions (key) on update cascade on delete cascade,
  needs_write boolean not null
);

alter table private.delegable_permissions enable row level security;

comment on table private.delegable_permissions is
  'What delegated access may cover. Billing, API keys and members are not in it: helping needs none of them.';

create function private.platform_role()
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select admin.role_key
    from private.platform_admins as admin
    -- Platform people without a second factor have no power.
    where admin.user_id = auth.uid() and private.session_is_trusted() and private.claims() ->> 'aal' = 'aal2'
  );
end;
$$;

comment on function private.platform_role() is 'The caller''s platform role, or null. Definer: the table is private.';

revoke all on function private.platform_role() from public;

-- Acting under it ------------------------------------------------------------------------------------------------------
-- A request names the access in the header x-delegated-access. The step before every REST request writes down what is called, and
-- only then does the permission path count the access; other services have no such step, so it does not reach them. Reads run in
-- transactions that cannot write: they are announced in a call before.

create table private.announced_readings (
  delegated_access_id uuid not null references public.delegated_access_sessions (id) on delete cascade,
  permission_key text not null references public.permissions (key) on update cascade on delete cascade,
  expires_at timestamptz not null,
  primary key (delegated_access_id, permission_key)
);

alter table private.announced_readings enable row level security;

create index announced_readings_permission_key_idx on private.announced_readings (permission_key);

comment on table private.announced_readings is
  'What platform people have said that they are about to read under delegated access; it is in the audit log, and opens for five minutes.';

create function private.live_delegated_access(p_id uuid)
returns public.delegated_access_sessions
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_access public.delegated_access_sessions;
begin
  select delegated.* into v_access
  from public.delegated_access_sessions as delegated
  where delegated.id = p_id and delegated.admin_id = auth.uid() and delegated.ended_at is null and delegated.expires_at > now()
    and private.platform_role() is not null;
  return v_access;
end;
$$;

comment on function private.live_delegated_access(uuid) is
  'The caller''s access of this id while it lasts and they are of the platform; else a row of nulls. Definer: the table is not theirs.';

revoke all on function private.live_delegated_access(uuid) from public;

create function private.delegated_access()
returns public.delegated_access_sessions
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_id text := current_setting('karaoke.delegated_access', true);
begin
  if coalesce(v_id, '') = '' then
    return null;
  end if;
  return private.live_delegated_access(v_id::uuid);
end;
$$;

comment on function private.delegated_access() is
  'The access under which this request acts, if any. Asked anew by every statement, so that its end works at once. Definer: see
live_delegated_access.';

revoke all on function private.delegated_access() from public;

create function private.refuse_delegated_access()
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if (private.delegated_access()).id is not null then
    perform private.raise_error(
      403, 'not_delegable', 'Secrets and second factors are out of reach of delegated access.', 'Ask the owner of the organization to do it.'
    );
  end if;
end;
$$;

comment on function private.refuse_delegated_access() is
  'For what even delegated access with writing never covers: 403 not_delegable. Definer: see delegated_access.';

revoke all on function private.refuse_delegated_access() from public;

create function private.act_under_delegated_access(p_id text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_access public.delegated_access_sessions;
  v_path text := coalesce(nullif(current_setting('request.path', true), ''), 'unknown');
begin
  if p_id ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then
    v_access := private.live_delegated_access(p_id::uuid);
  end if;
  if v_access.id is null then
    perform private.raise_error(
      403, 'delegated_access_ended', 'The header x-delegated-access names no access of yours that is still open.',
      'Leave it out, or open access anew.'
    );
  end if;
  perform set_config('karaoke.delegated_access', v_access.id::text, true);
  if current_setting('transaction_read_only') = 'off' then
    perform private.add_delegated_audit(v_access, 'call', left(v_path, 200), coalesce(nullif(current_setting('request.method', true), ''), 'unknown'), null);
  elsif not exists (
    select from private.announced_readings as announced where announced.delegated_access_id = v_access.id and announced.expires_at > now()
  ) then
    perform private.raise_error(
      403, 'reading_not_announced', 'Reading under delegated access is announced first.', 'Call announce_reading with the permissions you read by.'
    );
  end if;
end;
$$;

comment on function private.act_under_delegated_access(text) is
  'Before a REST request whose header x-delegated-access has p_id: writes it down and lets the permission path count it. Refuses with
403 delegated_access_ended, reading_not_announced. Definer: nobody may write the audit log directly.';

revoke all on function private.act_under_delegated_access(text) from public;

create function private.announce_reading(p_id uuid, p_permissions text[])
returns timestamptz
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_access public.delegated_access_sessions;
  v_until timestamptz := now() + interval '5 minutes';
  v_refused text;
begin
  perform private.require_user();
  v_access := private.live_delegated_access(p_id);
  if v_access.id is null then
    perform private.raise_error(404, 'access_not_found', 'There is no such access, or it has ended.', 'Read the list again.');
  end if;
  select string_agg(coalesce(permission, 'null'), ', ') into v_refused
  from unnest(p_permissions) as permission
  where not exists (
    select from private.delegable_permissions as delegable where delegable.permission_key = permission and not delegable.needs_write
  );
  if v_refused is not null or coalesce(cardinality(p_permissions), 0) not between 1 and 50 then
    perform private.raise_error(
      400, 'invalid_permissions', 'Delegated access does not cover reading by: ' || coalesce(v_refused, 'nothing'),
      'Name 1 to 50 permissions such as venues:read.'
    );
  end if;
  insert into private.announced_readings as announced (delegated_access_id, permission_key, expires_at)
  select distinct v_access.id, permission, v_until from unnest(p_permissions) as permission
  on conflict (delegated_access_id, permission_key) do update set expires_at = excluded.expires_at;
  perform private.add_delegated_audit(v_access, 'read', 'permissions', permission, jsonb_build_object('until', v_until))
  from (select distinct unnest(p_permissions) as permission) as announced;
  return v_until;
end;
$$;

comment on function private.announce_reading(uuid, text[]) is 'Definer: announcements are private, and the log is written by functions only.';

revoke all on function private.announce_reading(uuid, text[]) from public;
grant execute on function private.announce_reading(uuid, text[]) to authenticated;

create function public.announce_reading(p_id uuid, p_permissions text[])
returns timestamptz
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.announce_reading(p_id, p_permissions);
$$;

comment on function public.announce_reading(uuid, text[]) is
  'Platform people: writes into the audit log that they read by these permissions (1-50, such as venues:read) under delegated access
p_id, and returns until when (five minutes). Requests with the header x-delegated-access: p_id may then read so. Errors: 400
invalid_permissions; 401; 404 access_not_found.';

revoke all on function public.announce_reading(uuid, text[]) from public;
grant execute on function public.announce_reading(uuid, text[]) to authenticated;

-- Opening and ending it ------------------------------------------------------------------------------------------------

create function private.open_delegated_access(p_organization_id uuid, p_reason text, p_hours integer, p_write boolean)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_session_id uuid;
  v_owner_id uuid;
begin
  if private.platform_role() is null then
    perform private.raise_error(404, 'organization_not_found', 'There is no such thing, or it is not yours.', 'Check the id.');
  end if;
  if p_hours is null or p_hours not between 1 and 24 then
    perform private.raise_error(400, 'invalid_hours', 'Access lasts 1 to 24 hours.', 'Leave it out for 4.');
  end if;
  if char_length(btrim(coalesce(p_reason, ''))) not between 10 and 500 then
    perform private.raise_error(400, 'invalid_reason', 'A reason of 10 to 500 characters is needed.', 'Name the support case.');
  end if;
  select member.user_id into v_owner_id
  from public.organization_members as member
  where member.organization_id = p_organization_id and member.role_key = 'owner';
  if v_owner_id is null then
    perform private.raise_error(404, 'organization_not_found', 'There is no such thing, or it is not yours.', 'Check the id.');
  end if;
  if exists (select from private.platform_admins as admin where admin.user_id = v_owner_id) then
    perform private.raise_error(403, 'owner_is_platform', 'Organizations of platform people are out of reach.', 'Talk to them.');
  end if;
  insert into public.delegated_access_sessions (organization_id, admin_id, reason, can_write, expires_at)
  values (p_organization_id, v_user_id, btrim(p_reason), coalesce(p_write, false), now() + make_interval(hours => p_hours))
  returning id into v_session_id;
  perform private.notify_user(
    v_owner_id, 'security', 'delegated_access_opened',
    jsonb_build_object(
      'reason', btrim(p_reason), 'hours', p_hours, 'access', case when p_write then 'read and change' else 'read' end,
      'organization', (select organization.name from public.organizations as organization where organization.id = p_organization_id)
    ),
    format('delegated_access_opened:%s', v_session_id)
  );
  return v_session_id;
end;
$$;

comment on function private.open_delegated_access(uuid, text, integer, boolean) is 'Definer: access is opened only here.';

revoke all on function private.open_delegated_access(uuid, text, integer, boolean) from public;
grant execute on function private.open_delegated_access(uuid, text, integer, boolean) to authenticated;

create function public.open_delegated_access(
  p_organization_id uuid, p_reason text, p_hours integer default 4, p_write boolean default false
)
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.open_delegated_access(p_organization_id, p_reason, p_hours, p_write);
$$;

comment on function public.open_delegated_access(uuid, text, integer, boolean) is
  'Platform people: access to an organization for 1-24 hours, with a reason of 10-500 characters; returns its id and tells the owner.
Requests act under it by the header x-delegated-access: <id>; reading is announced first. Needs a platform role and aal2. Errors: 400 invalid_hours, invalid_reason; 401; 403 owner_is_platform; 404 organization_not_found.';

revoke all on function public.open_delegated_access(uuid, text, integer, boolean) from public;
grant execute on function public.open_delegated_access(uuid, text, integer, boolean) to authenticated;

create function private.end_delegated_access(p_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
begin
  -- Whoever opened it, and the owner it was opened upon.
  update public.delegated_access_sessions as delegated
  set ended_at = now()
  where delegated.id = p_id and delegated.ended_at is null and (
    delegated.admin_id = v_user_id
    or exists (
      select
      from public.organization_members as member
      where member.organization_id = delegated.organization_id and member.user_id = v_user_id and member.role_key = 'owner'
    )
  );
  if not found then
    perform private.raise_error(404, 'access_not_found', 'There is no such access, or it has ended.', 'Read the list again.');
  end if;
end;
$$;

comment on function private.end_delegated_access(uuid) is 'Definer: access is ended only here.';

revoke all on function private.end_delegated_access(uuid) from public;
grant execute on function private.end_delegated_access(uuid) to authenticated;

create function public.end_delegated_access(p_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.end_delegated_access(p_id);
$$;

comment on function public.end_delegated_access(uuid) is
  'Ends delegated access at once: its holder, or the owner of the organization. Errors: 401; 404 access_not_found.';

revoke all on function public.end_delegated_access(uuid) from public;
grant execute on function public.end_delegated_access(uuid) to authenticated;

-- sql/20-organizations/40-permission-path.sql
-- The one way a permission is decided. Policies ask organizations_with() once per statement; RPCs ask has_permission() or
-- require_permission() for the one organization they are about. What people leave behind, such as API keys and invitations, is
-- measured by what its maker holds now.

create view private.held_permissions
with (security_invoker = true)
as
select member.organization_id, member.user_id, permission.key as permission_key
from public.organization_members as member
join auth.users as account on account.id = member.user_id
cross join public.permissions as permission
where member.status = 'active'
  and account.deleted_at is null
  and (account.banned_until is null or account.banned_until <= now())
  and not exists (
    select
    from public.organization_member_permissions as denied
    where denied.organization_member_id = member.id and denied.permission_key = permission.key and denied.effect = 'deny'
  )
  -- One look-up after the other: two conditions joined by "or" would read all roles each time.
  and exists (
    select
    from public.role_permissions as held
    where held.role_key = member.role_key and held.permission_key = permission.key
    union all
    select
    from public.organization_member_permissions as granted
    where granted.organization_member_id = member.id and granted.permission_key = permission.key and granted.effect = 'grant'
  );

comment on view private.held_permissions is
  'Who holds which permission in which organization: active membership of an account that is not banned, role plus grants minus
denials. It says nothing about sessions.';

create function private.organizations_with(p_permission text)
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
rows 10
as $$
begin
  return query
    select held.organization_id
    from private.held_permissions as held
    join public.organizations as organization on organization.id = held.organization_id
    where held.user_id = (select auth.uid())
      and held.permission_key = p_permission
      and (select private.session_is_trusted())
      and (not organization.require_mfa or (select private.claims() ->> 'aal') = 'aal2');
  if coalesce(current_setting('karaoke.delegated_access', true), '') <> '' then
    return query
      select delegated.organization_id
      from private.delegated_access() as delegated
      join private.delegable_permissions as delegable on delegable.permission_key = p_permission
      where delegated.id is not null and case
        when delegable.needs_write then delegated.can_write
        else exists (
          select
          from private.announced_readings as announced
          where announced.delegated_access_id = delegated.id and announced.permission_key = p_permission and announced.expires_at > now()
        )
      end;
  end if;
end;
$$;

comment on function private.organizations_with(text) is
  'The organizations in which the caller holds the permission now: active membership, role plus grants minus denials, a
trusted session, and a second factor where the organization asks for one; or the delegated access under which platform people act,
read by what they have announced. Definer: it reads memberships of all.';

revoke all on function private.organizations_with(text) from public;
grant execute on function private.organizations_with(text) to anon, authenticated;

create function private.has_permission(p_organization_id uuid, p_permission text)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select exists (select from private.organizations_with(p_permission) as organization_id where organization_id = p_organization_id)
  );
end;
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
  if (private.delegated_access()).organization_id = p_organization_id then
    perform private.raise_error(
      403, 'permission_denied', format('The delegated access does not include "%s", or reading by it was not announced.', p_permission),
      'Call announce_reading, or ask the owner of the organization to do it.'
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

-- sql/20-organizations/45-second-factor.sql
-- An organization may ask its members for a second factor (require_mfa); the permission path holds them to it.

create function private.check_second_factor_demand()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.refuse_delegated_access();
  if new.require_mfa and auth.uid() is not null and private.claims() ->> 'aal' is distinct from 'aal2' then
    perform private.raise_error(
      403, 'second_factor_required', 'Whoever asks the others for a second factor uses one: you would lock yourself out.',
      'Enroll a factor and verify a code of it.'
    );
  end if;
  return new;
end;
$$;

comment on function private.check_second_factor_demand() is 'Definer: tokens are read by functions of this schema only.';

revoke all on function private.check_second_factor_demand() from public;

create trigger organizations_check_second_factor_demand
  before update of require_mfa on public.organizations
  for each row
  when (new.require_mfa is distinct from old.require_mfa)
  execute function private.check_second_factor_demand();

create function private.announce_second_factor_demand()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.notify_user(
    member.user_id, 'security', 'second_factor_demanded',
    jsonb_build_object('organization_id', new.id, 'organization', new.name),
    format('second_factor_demanded:%s:%s:%s', new.id, member.user_id, now())
  )
  from public.organization_members as member
  where member.organization_id = new.id and member.status = 'active' and not exists (
    select from auth.mfa_factors as factor where factor.user_id = member.user_id and factor.status = 'verified'
  );
  return null;
end;
$$;

comment on function private.announce_second_factor_demand() is
  'Members without a factor see nothing of the organization from now on, and are told why. Definer: factors are Auth''s.';

revoke all on function private.announce_second_factor_demand() from public;

create trigger organizations_announce_second_factor_demand
  after update of require_mfa on public.organizations
  for each row
  when (new.require_mfa and not old.require_mfa)
  execute function private.announce_second_factor_demand();

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
  v_name text := private.one_line(coalesce(p_name, ''));
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

create function private.create_own_organization(p_name text, p_time_zone text, p_venue jsonb)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_organization_id uuid;
begin
  if private.is_guest(v_user_id) then
    perform private.raise_error(
      403, 'guest_not_allowed', 'A guest cannot own an organization.', 'Add an e-mail address to the account first.'
    );
  end if;
  perform private.enforce_rate_limit('organization_creation', v_user_id::text);
  v_organization_id := private.create_organization(v_user_id, p_name, p_time_zone);
  if p_venue is not null then
    insert into public.venues (
      organization_id, name, address, city, state, postal_code, country, phone_number, website, latitude, longitude
    )
    values (
      v_organization_id, p_venue ->> 'name', p_venue ->> 'address', p_venue ->> 'city', p_venue ->> 'state', p_venue ->> 'postal_code',
      coalesce(p_venue ->> 'country', 'USA'), p_venue ->> 'phone_number', p_venue ->> 'website',
      (p_venue ->> 'latitude')::double precision, (p_venue ->> 'longitude')::double precision
    );
  end if;
  return v_organization_id;
end;
$$;

comment on function private.create_own_organization(text, text, jsonb) is 'Definer: see create_organization.';

revoke all on function private.create_own_organization(text, text, jsonb) from public;
grant execute on function private.create_own_organization(text, text, jsonb) to authenticated;

create function public.create_organization(p_name text, p_time_zone text default 'UTC', p_venue jsonb default null)
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.create_own_organization(p_name, p_time_zone, p_venue);
$$;

comment on function public.create_organization(text, text, jsonb) is
  'Creates an organization owned by the caller and returns its id. p_name: 1-255 characters. p_time_zone: IANA name.
p_venue: its first venue, made with it or neither: name, address, city, state, postal_code, and as wanted country, phone_number, website,
latitude, longitude.
Errors: 400 invalid_organization_name, invalid_time_zone; 401; 403 guest_not_allowed; 429.';

revoke all on function public.create_organization(text, text, jsonb) from public;
grant execute on function public.create_organization(text, text, jsonb) to authenticated;

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
  constraint name_is_1_to_100_characters check (char_length(name) between 1 and 100 and name = btrim(name) and name !~ '[[:cntrl:]]'),
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
  created_by uuid references auth.users (id) on delete set null,
  valid_until timestamptz,
  created_at timestamptz not null default now()
);

alter table private.api_key_secrets enable row level security;

create index api_key_secrets_api_key_id_idx on private.api_key_secrets (api_key_id);
create index api_key_secrets_created_by_idx on private.api_key_secrets (created_by);

comment on table private.api_key_secrets is 'SHA-256 of each whole secret; valid_until is set when a rotation replaced it.';
comment on column private.api_key_secrets.created_by is
  'Who has seen the secret. It can do no more than they may do now: less after a demotion, nothing once they are suspended, removed,
banned or gone. Somebody else keeps the key alive by rotating it.';

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

create view private.presented_secrets with (security_invoker = true) as
select
  secret.secret_hash,
  api_key.id as api_key_id,
  api_key.organization_id,
  api_key.scopes,
  api_key.system_id,
  api_key.venue_id,
  api_key.allowed_networks,
  secret.created_by,
  case
    when api_key.revoked_at is not null then 'revoked'
    when secret.valid_until <= now() then 'rotated'
    when api_key.expires_at <= now() then 'expired'
  end as refusal
from private.api_key_secrets as secret
join public.api_keys as api_key on api_key.id = secret.api_key_id;

comment on view private.presented_secrets is
  'Every secret with its key and, when it does not work, why. Whether the address may use it is for the verifier to say.';

revoke all on private.presented_secrets from public;

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
  if p_is_poll then
    -- Whoever holds the row is noting a call with this key right now: a poll waits for nobody.
    perform
    from public.api_key_usage as usage
    where usage.api_key_id = p_api_key_id and usage.day = v_today
      and coalesce(usage.last_call_at, '-infinity') <= now() - interval '30 seconds'
    for no key update skip locked;
    if not found and exists (
      select from public.api_key_usage as usage where usage.api_key_id = p_api_key_id and usage.day = v_today
    ) then
      return false;
    end if;
  end if;
  insert into public.api_key_usage as usage (api_key_id, day, calls, last_call_at, last_call_from)
  values (p_api_key_id, v_today, case when p_is_poll then 0 else 1 end, now(), p_address)
  on conflict (api_key_id, day) do update set
    calls = usage.calls + excluded.calls, last_call_at = excluded.last_call_at, last_call_from = excluded.last_call_from;
  return true;
end;
$$;

comment on function private.record_api_key_call(uuid, inet, boolean) is
  'Counts a call. A poll is only noted when the last call was over 30 s ago; returns whether anything was written. Called last: all
calls with one key write the same row, and it stays locked until the call ends.';

revoke all on function private.record_api_key_call(uuid, inet, boolean) from public;

create function private.record_api_key_failure(p_key text, p_address inet, p_reason text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
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
end;
$$;

revoke all on function private.record_api_key_failure(text, inet, text) from public;

create function private.record_wrong_api_key(p_key text, p_address inet, p_reason text)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_wait integer := private.take_rate_limit('api_key_failures', coalesce(host(private.plain_address(p_address)), 'unknown'));
begin
  if v_wait = 0 then
    perform private.record_api_key_failure(p_key, p_address, p_reason);
  end if;
  return v_wait;
end;
$$;

comment on function private.record_wrong_api_key(text, inet, text) is
  'Records a call that verify_api_key() refused and returns 0, or the seconds to wait when too many came from this address; those
are not recorded. A key that works is never held up by others'' wrong ones.';

revoke all on function private.record_wrong_api_key(text, inet, text) from public;

create view private.held_scopes with (security_invoker = true) as
select held.organization_id, held.user_id, scope.key as scope_key
from public.api_key_scopes as scope
join private.held_permissions as held on held.permission_key = scope.permission_key;

comment on view private.held_scopes is 'Which scopes a key may have in an organization, as far as its maker holds them now.';

revoke all on private.held_scopes from public;

create function private.effective_scopes(p_scopes text[], p_organization_id uuid, p_user_id uuid)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return array(
    select held.scope_key
    from private.held_scopes as held
    where held.scope_key = any (p_scopes) and held.organization_id = p_organization_id and held.user_id = p_user_id
    order by held.scope_key
  );
end;
$$;

comment on function private.effective_scopes(text[], uuid, uuid) is
  'Those of the scopes whose permission the user holds in the organization now.';

revoke all on function private.effective_scopes(text[], uuid, uuid) from public;

create function private.verify_api_key(p_key text, p_address inet, out caller private.api_key_caller, out refusal text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_hash bytea := sha256(convert_to(coalesce(p_key, ''), 'UTF8'));
begin
  select
    presented.api_key_id, presented.organization_id,
    private.effective_scopes(presented.scopes, presented.organization_id, presented.created_by),
    presented.system_id, presented.venue_id,
    coalesce(
      presented.refusal,
      case
        when presented.allowed_networks is not null
          and not coalesce(private.plain_address(p_address) <<= any (presented.allowed_networks::inet[]), false)
          then 'address_not_allowed'
      end
    )
  into caller.api_key_id, caller.organization_id, caller.scopes, caller.system_id, caller.venue_id, refusal
  from private.presented_secrets as presented
  where presented.secret_hash = v_hash;
  if not found then
    refusal := 'unknown_key';
  elsif refusal is null and caller.scopes = '{}' then
    refusal := 'maker_lost_access';
  end if;
end;
$$;

comment on function private.verify_api_key(text, inet) is
  'The only verifier of API keys: one index look-up. refusal is null when the key works, else unknown_key, revoked, rotated,
expired, address_not_allowed or maker_lost_access; callers answer all of them alike and call record_wrong_api_key(). The scopes are
those that the maker of the secret holds now.';

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
  insert into private.api_key_secrets (secret_hash, api_key_id, created_by)
  values (sha256(convert_to(v_key, 'UTF8')), p_api_key_id, auth.uid());
  update public.api_keys set prefix = left(v_key, 12) where id = p_api_key_id;
  return v_key;
end;
$$;

comment on function private.add_api_key_secret(uuid) is
  'Makes a secret of 256 random bits for the key and returns it, the only time it exists in clear; it is the caller''s. Definer: hashes
are private.';

revoke all on function private.add_api_key_secret(uuid) from public;

create function private.require_scopes(p_organization_id uuid, p_scopes text[])
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_refused text;
begin
  select string_agg(known.key, ', ' order by known.key) into v_refused
  from public.api_key_scopes as known
  where known.key = any (p_scopes) and not private.has_permission(p_organization_id, known.permission_key);
  if v_refused is not null then
    perform private.raise_error(
      403, 'scope_not_held', 'A key cannot do what its maker may not: ' || v_refused, 'Leave these scopes out, or ask somebody who holds them.'
    );
  end if;
end;
$$;

comment on function private.require_scopes(uuid, text[]) is
  'Refuses unless the caller holds the permission behind each scope: 403 scope_not_held. Definer: it reads memberships of all.';

revoke all on function private.require_scopes(uuid, text[]) from public;

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
  perform private.require_scopes(p_organization_id, v_scopes);
  if char_length(private.one_line(coalesce(p_name, ''))) not between 1 and 100 then
    perform private.raise_error(400, 'invalid_name', 'The name must have 1 to 100 characters.', 'Say what the key is for.');
  end if;
  if char_length(p_description) > 500 then
    perform private.raise_error(400, 'invalid_description', 'The description has over 500 characters.', 'Shorten it.');
  end if;
  if p_allowed_networks is not null and (
    cardinality(p_allowed_networks) not between 1 and 20 or array_position(p_allowed_networks, null) is not null
  ) then
    perform private.raise_error(
      400, 'invalid_networks', 'The list of allowed networks has 1 to 20 entries.', 'Leave it out to allow every address.'
    );
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
    p_organization_id, private.one_line(p_name), p_description, '', v_scopes,
    (select array_agg(private.plain_address(network)::cidr) from unnest(p_allowed_networks) as network), p_system_id, p_venue_id, p_expires_at,
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
each scope, the permission it stands for. Errors: 400 invalid_scopes, invalid_name, invalid_description,
invalid_networks, invalid_expiry; 403 permission_denied, scope_not_held; 404 organization_not_found, system_not_found, venue_not_found.';

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
  -- The new secret works in the name of whoever rotates.
  perform private.require_scopes(v_api_key.organization_id, v_api_key.scopes);
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
  'Gives the key a new secret, returned in "key" this once; the old one works p_grace_hours (0-24) longer. Needs api_keys:write and
the permissions behind the key''s scopes: a secret can do what whoever made it may do. Errors: 400 invalid_grace_hours; 403
permission_denied, scope_not_held; 404 api_key_not_found; 409 api_key_revoked; 429 after 5 an hour.';

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

-- sql/20-organizations/70-managing-members.sql
-- Who may change whose role. Nobody gives what they do not hold, changes their own membership, or touches the owner.

create function private.require_grantable(p_organization_id uuid, p_role_key text, p_grants text[])
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_refused text;
begin
  if p_role_key is not null and (
    p_role_key = 'owner'
    or not exists (select from public.roles as role where role.key = p_role_key and not role.is_platform_role)
  ) then
    perform private.raise_error(
      400, 'invalid_role', 'This role cannot be given to a member.', 'Choose admin, manager or staff; ownership is transferred.'
    );
  end if;
  select string_agg(coalesce(permission, 'null'), ', ') into v_refused
  from unnest(p_grants) as permission
  where not exists (select from public.permissions as known where known.key = permission);
  if v_refused is not null then
    perform private.raise_error(400, 'invalid_permissions', 'Unknown permissions: ' || v_refused, 'See the table permissions.');
  end if;
  select string_agg(wanted.permission, ', ' order by wanted.permission) into v_refused
  from (
    select held.permission_key as permission from public.role_permissions as held where held.role_key = p_role_key
    union
    select permission from unnest(p_grants) as permission
  ) as wanted
  where not private.has_permission(p_organization_id, wanted.permission);
  if v_refused is not null then
    perform private.raise_error(
      403, 'permission_not_held', 'You cannot give what you do not hold: ' || v_refused, 'Ask the owner of the organization.'
    );
  end if;
end;
$$;

comment on function private.require_grantable(uuid, text, text[]) is
  'Refuses unless the caller may give the role and permissions: 400 invalid_role, invalid_permissions; 403 permission_not_held.';

revoke all on function private.require_grantable(uuid, text, text[]) from public;

create function private.member_to_change(p_member_id uuid, p_permission text)
returns public.organization_members
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_member public.organization_members;
begin
  perform private.hold_organization(
    (select member.organization_id from public.organization_members as member where member.id = p_member_id)
  );
  select member.* into v_member
  from public.organization_members as member
  where member.id = p_member_id
  for no key update;
  perform private.require_permission(v_member.organization_id, p_permission, 'member_not_found');
  if v_member.role_key = 'owner' then
    perform private.raise_error(
      409, 'owner_is_protected', 'The owner cannot be changed or removed.', 'Transfer the ownership first.'
    );
  end if;
  if v_member.user_id = auth.uid() then
    perform private.raise_error(
      409, 'own_membership', 'Nobody changes their own membership.', 'Ask somebody else, or leave the organization.'
    );
  end if;
  return v_member;
end;
$$;

comment on function private.member_to_change(uuid, text) is
  'The membership, locked, once the caller may change it: 403; 404 member_not_found; 409 owner_is_protected, own_membership.';

revoke all on function private.member_to_change(uuid, text) from public;

create function private.set_overrides(p_member_id uuid, p_effect text, p_permissions text[])
returns void
language sql
volatile
security definer
set search_path = ''
as $$
  delete from public.organization_member_permissions
  where organization_member_id = p_member_id and effect = p_effect and permission_key <> all (p_permissions);
  insert into public.organization_member_permissions (organization_member_id, permission_key, effect)
  select distinct p_member_id, permission, p_effect from unnest(p_permissions) as permission
  on conflict do nothing;
$$;

comment on function private.set_overrides(uuid, text, text[]) is 'Replaces a member''s overrides of one effect. Callers have checked them.';

revoke all on function private.set_overrides(uuid, text, text[]) from public;

create function private.update_member(p_member_id uuid, p_role_key text, p_grants text[], p_denials text[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_member public.organization_members := private.member_to_change(p_member_id, 'members:update');
begin
  perform private.require_grantable(v_member.organization_id, p_role_key, p_grants);
  if exists (
    select
    from unnest(p_denials) as permission
    where not exists (select from public.permissions as known where known.key = permission)
  ) then
    perform private.raise_error(400, 'invalid_permissions', 'Unknown permissions among the denials.', 'See the table permissions.');
  end if;
  -- To lift a denial is to give the permission back.
  perform private.require_grantable(
    v_member.organization_id, null,
    array(
      select override.permission_key
      from public.organization_member_permissions as override
      where override.organization_member_id = p_member_id and override.effect = 'deny' and override.permission_key <> all (p_denials)
    )
  );
  update public.organization_members set role_key = p_role_key where id = p_member_id and role_key <> p_role_key;
  if p_grants is not null then
    perform private.set_overrides(p_member_id, 'grant', p_grants);
  end if;
  if p_denials is not null then
    perform private.set_overrides(p_member_id, 'deny', p_denials);
  end if;
  perform private.end_invitations_of(v_member.organization_id, v_member.user_id);
end;
$$;

comment on function private.update_member(uuid, text, text[], text[]) is 'Definer: memberships are changed only by functions.';

revoke all on function private.update_member(uuid, text, text[], text[]) from public;
grant execute on function private.update_member(uuid, text, text[], text[]) to authenticated;

create function public.update_member(
  p_member_id uuid, p_role_key text default null, p_grants text[] default null, p_denials text[] default null
)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.update_member(p_member_id, p_role_key, p_grants, p_denials);
$$;

comment on function public.update_member(uuid, text, text[], text[]) is
  'Changes a member''s role and overrides; a list given replaces the former one, what is left out stays. Needs members:update.
Errors: 400 invalid_role, invalid_permissions; 403 permission_denied, permission_not_held; 404 member_not_found; 409
owner_is_protected, own_membership.';

revoke all on function public.update_member(uuid, text, text[], text[]) from public;
grant execute on function public.update_member(uuid, text, text[], text[]) to authenticated;

create function private.set_member_suspended(p_member_id uuid, p_suspended boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_member public.organization_members := private.member_to_change(p_member_id, 'members:update');
begin
  if p_suspended is null then
    perform private.raise_error(400, 'invalid_suspended', 'p_suspended must be true or false.', 'Say which.');
  end if;
  if v_member.status not in ('active', 'suspended') then
    perform private.raise_error(409, 'not_a_member', 'This membership has ended.', 'Invite the person again.');
  end if;
  update public.organization_members
  set status = case when p_suspended then 'suspended' else 'active' end
  where id = p_member_id;
  perform private.end_invitations_of(v_member.organization_id, v_member.user_id);
end;
$$;

comment on function private.set_member_suspended(uuid, boolean) is 'Definer: memberships are changed only by functions.';

revoke all on function private.set_member_suspended(uuid, boolean) from public;
grant execute on function private.set_member_suspended(uuid, boolean) to authenticated;

create function public.set_member_suspended(p_member_id uuid, p_suspended boolean)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.set_member_suspended(p_member_id, p_suspended);
$$;

comment on function public.set_member_suspended(uuid, boolean) is
  'Suspends a member, or restores them, from the next statement on. Needs members:update. Errors: 400 invalid_suspended; 403; 404
member_not_found; 409 owner_is_protected, own_membership, not_a_member.';

revoke all on function public.set_member_suspended(uuid, boolean) from public;
grant execute on function public.set_member_suspended(uuid, boolean) to authenticated;

create function private.end_membership(p_member public.organization_members)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  delete from public.organization_member_permissions where organization_member_id = p_member.id;
  update public.organization_members set status = 'revoked' where id = p_member.id and status <> 'revoked';
  perform private.end_invitations_of(p_member.organization_id, p_member.user_id);
  delete from private.session_contexts as context
  using auth.sessions as session
  where session.id = context.session_id and session.user_id = p_member.user_id
    and context.organization_id = p_member.organization_id;
  if found or p_member.status <> 'revoked' then
    perform private.notify_user(
      p_member.user_id, 'organization', 'member_removed',
      (
        select jsonb_build_object('organization_id', organization.id, 'organization', organization.name)
        from public.organizations as organization
        where organization.id = p_member.organization_id
      ),
      format('member_removed:%s:%s', p_member.id, p_member.updated_at)
    );
  end if;
end;
$$;

comment on function private.end_membership(public.organization_members) is 'Ends a membership; the row stays for the record.';

revoke all on function private.end_membership(public.organization_members) from public;

create function private.remove_member(p_member_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.end_membership(private.member_to_change(p_member_id, 'members:remove'));
end;
$$;

comment on function private.remove_member(uuid) is 'Definer: memberships are changed only by functions.';

revoke all on function private.remove_member(uuid) from public;
grant execute on function private.remove_member(uuid) to authenticated;

create function public.remove_member(p_member_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.remove_member(p_member_id);
$$;

comment on function public.remove_member(uuid) is
  'Removes a member from the next statement on and tells them. Needs members:remove. Errors: 403; 404 member_not_found; 409
owner_is_protected, own_membership.';

revoke all on function public.remove_member(uuid) from public;
grant execute on function public.remove_member(uuid) to authenticated;

create function private.leave_organization(p_organization_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_member public.organization_members;
begin
  perform private.hold_organization(p_organization_id);
  select member.* into v_member
  from public.organization_members as member
  where member.organization_id = p_organization_id and member.user_id = v_user_id and member.status in ('active', 'suspended')
  for no key update;
  if not found then
    perform private.raise_error(404, 'organization_not_found', 'You are no member of such an organization.', 'Check the id.');
  end if;
  if v_member.role_key = 'owner' then
    perform private.raise_error(409, 'owner_is_protected', 'The owner cannot leave.', 'Transfer the ownership first.');
  end if;
  perform private.end_membership(v_member);
end;
$$;

comment on function private.leave_organization(uuid) is 'Definer: memberships are changed only by functions.';

revoke all on function private.leave_organization(uuid) from public;
grant execute on function private.leave_organization(uuid) to authenticated;

create function public.leave_organization(p_organization_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.leave_organization(p_organization_id);
$$;

comment on function public.leave_organization(uuid) is
  'Ends the caller''s own membership. Errors: 401; 404 organization_not_found; 409 owner_is_protected.';

revoke all on function public.leave_organization(uuid) from public;
grant execute on function public.leave_organization(uuid) to authenticated;

create function private.list_members(p_organization_id uuid, p_search text, p_role_key text, p_status text, p_page integer, p_limit integer)
returns table (
  id uuid, user_id uuid, email text, name text, role_key text, status text, grants text[], denials text[], joined_at timestamptz,
  has_second_factor boolean, total_count bigint
)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_pattern text := '%' || regexp_replace(btrim(coalesce(p_search, '')), '([\\%_])', '\\\1', 'g') || '%';
begin
  perform private.require_permission(p_organization_id, 'members:read', 'organization_not_found');
  if p_page is null or p_page < 1 or p_limit is null or p_limit not between 1 and 100 then
    perform private.raise_error(400, 'invalid_page', 'The page counts from 1 and has 1 to 100 rows.', 'Leave them out for 1 and 20.');
  end if;
  if char_length(p_search) > 100 then
    perform private.raise_error(400, 'invalid_search', 'The search has over 100 characters.', 'Shorten it.');
  end if;
  return query
    select
      member.id, member.user_id, account.email::text, profile.name, member.role_key, member.status,
      array(
        select override.permission_key from public.organization_member_permissions as override
        where override.organization_member_id = member.id and override.effect = 'grant' order by 1
      ),
      array(
        select override.permission_key from public.organization_member_permissions as override
        where override.organization_member_id = member.id and override.effect = 'deny' order by 1
      ),
      member.created_at,
      exists (select from auth.mfa_factors as factor where factor.user_id = member.user_id and factor.status = 'verified'),
      count(*) over ()
    from public.organization_members as member
    join auth.users as account on account.id = member.user_id
    join public.profiles as profile on profile.user_id = member.user_id
    join public.roles as role on role.key = member.role_key
    where member.organization_id = p_organization_id
      and (p_role_key is null or member.role_key = p_role_key)
      and member.status = coalesce(p_status, 'active')
      and (account.email ilike v_pattern or profile.name ilike v_pattern)
    order by role.rank, member.created_at, member.id
    limit p_limit offset (p_page - 1)::bigint * p_limit;
end;
$$;

comment on function private.list_members(uuid, text, text, text, integer, integer) is 'Definer: addresses are Auth''s; checks members:read.';

revoke all on function private.list_members(uuid, text, text, text, integer, integer) from public;
grant execute on function private.list_members(uuid, text, text, text, integer, integer) to authenticated;

create function public.list_members(
  p_organization_id uuid, p_search text default null, p_role_key text default null, p_status text default 'active',
  p_page integer default 1, p_limit integer default 20
)
returns table (
  id uuid, user_id uuid, email text, name text, role_key text, status text, grants text[], denials text[], joined_at timestamptz,
  has_second_factor boolean, total_count bigint
)
language sql
stable
security invoker
set search_path = ''
as $$
  select * from private.list_members(p_organization_id, p_search, p_role_key, p_status, p_page, p_limit);
$$;

comment on function public.list_members(uuid, text, text, text, integer, integer) is
  'Members with name, address, role and overrides; the owner first. p_search looks in name and address (up to 100 characters), p_status
is active, suspended or revoked. has_second_factor tells
whom require_mfa would lock out. total_count is the number of all pages. Needs members:read. Errors: 400 invalid_page,
invalid_search; 403; 404 organization_not_found.';

revoke all on function public.list_members(uuid, text, text, text, integer, integer) from public;
grant execute on function public.list_members(uuid, text, text, text, integer, integer) to authenticated;

-- sql/20-organizations/80-invitations.sql
-- Invitations by mail: bound to the address, good for seven days, answered once.

create table public.organization_invitations (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  email text not null,
  role_key text not null references public.roles (key) on update cascade on delete restrict,
  grants text[] not null default '{}',
  status text not null default 'pending',
  invited_by uuid references auth.users (id) on delete set null,
  expires_at timestamptz not null default now() + interval '7 days',
  answered_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint email_is_a_lower_case_address
    check (email ~ '^[^@\s]+@[^@\s]+$' and email = lower(email) and char_length(email) <= 255),
  constraint status_is_known check (status in ('pending', 'accepted', 'declined', 'revoked')),
  constraint answered_at_matches_status check ((answered_at is not null) = (status in ('accepted', 'declined')))
);

alter table public.organization_invitations enable row level security;
revoke all on public.organization_invitations from anon, authenticated, service_role;

create unique index organization_invitations_one_pending_idx on public.organization_invitations (organization_id, email)
  where status = 'pending';
create index organization_invitations_organization_id_idx on public.organization_invitations (organization_id, created_at desc);
create index organization_invitations_role_key_idx on public.organization_invitations (role_key);
create index organization_invitations_invited_by_idx on public.organization_invitations (invited_by);

comment on table public.organization_invitations is 'Invitations to an organization. One may wait per address and organization.';

create trigger organization_invitations_set_updated_at
  before update on public.organization_invitations
  for each row execute function private.set_updated_at();

create table private.invitation_tokens (
  token_hash bytea primary key,
  invitation_id uuid not null unique references public.organization_invitations (id) on delete cascade
);

alter table private.invitation_tokens enable row level security;

comment on table private.invitation_tokens is 'SHA-256 of the token in the mailed link; sending again replaces it.';

create function private.invitation_stands(p_invitation public.organization_invitations)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return p_invitation.status = 'pending' and p_invitation.expires_at > now() and not exists (
    select
    from (
      select 'members:invite' as permission_key
      union select held.permission_key from public.role_permissions as held where held.role_key = p_invitation.role_key
      union select unnest(p_invitation.grants)
    ) as given
    where not exists (
      select
      from private.held_permissions as held
      where held.organization_id = p_invitation.organization_id and held.user_id = p_invitation.invited_by
        and held.permission_key = given.permission_key
    )
  );
end;
$$;

comment on function private.invitation_stands(public.organization_invitations) is
  'Whether an invitation can still be answered: it waits, is not out of date, and who sent it may still give what it gives. Definer:
it reads memberships of all.';

revoke all on function private.invitation_stands(public.organization_invitations) from public;

create function private.end_invitations_of(p_organization_id uuid, p_user_id uuid)
returns void
language sql
volatile
security definer
set search_path = ''
as $$
  with ended as (
    update public.organization_invitations as invitation
    set status = 'revoked'
    where invitation.organization_id = p_organization_id and invitation.invited_by = p_user_id and invitation.status = 'pending'
      and not private.invitation_stands(invitation)
    returning invitation.id
  )
  delete from private.invitation_tokens where invitation_id in (select ended.id from ended);
$$;

comment on function private.end_invitations_of(uuid, uuid) is
  'Takes back what somebody has sent and may no longer give: nobody comes back, or leaves a friend behind, by an invitation sent before.';

revoke all on function private.end_invitations_of(uuid, uuid) from public;

create function private.send_invitation(p_invitation_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_invitation public.organization_invitations;
  v_token text := encode(extensions.gen_random_bytes(32), 'hex');
begin
  update public.organization_invitations
  set expires_at = now() + interval '7 days', invited_by = auth.uid()
  where id = p_invitation_id
  returning * into v_invitation;
  insert into private.invitation_tokens (token_hash, invitation_id)
  values (sha256(convert_to(v_token, 'UTF8')), p_invitation_id)
  on conflict (invitation_id) do update set token_hash = excluded.token_hash;
  perform private.enqueue_message(
    'email', 'organization_invitation', v_invitation.email,
    jsonb_build_object(
      'inviter', (select coalesce(profile.name, 'A team member') from public.profiles as profile where profile.user_id = auth.uid()),
      'organization', (
        select organization.name from public.organizations as organization where organization.id = v_invitation.organization_id
      ),
      'role', (select role.name from public.roles as role where role.key = v_invitation.role_key),
      'link', private.setting('app_url') || '/invitation?token=' || v_token,
      'expires', to_char(v_invitation.expires_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'
    )
  );
end;
$$;

comment on function private.send_invitation(uuid) is
  'Gives the invitation a new token and seven days, makes it the caller''s, and mails the link.';

revoke all on function private.send_invitation(uuid) from public;

create function private.invite_member(p_organization_id uuid, p_email text, p_role_key text, p_grants text[])
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_email text := lower(normalize(btrim(coalesce(p_email, '')), nfc));
  v_invitation_id uuid;
  v_is_new boolean;
begin
  perform private.require_permission(p_organization_id, 'members:invite', 'organization_not_found');
  if v_email !~ '^[^@\s]+@[^@\s]+$' or char_length(v_email) > 255 then
    perform private.raise_error(400, 'invalid_email', 'This is no e-mail address.', 'Check it for typing errors.');
  end if;
  if p_role_key is null then
    perform private.raise_error(400, 'invalid_role', 'An invitation needs a role.', 'Choose admin, manager or staff.');
  end if;
  perform private.require_grantable(p_organization_id, p_role_key, p_grants);
  if exists (
    select
    from public.organization_members as member
    join auth.users as account on account.id = member.user_id
    where member.organization_id = p_organization_id and member.status in ('active', 'suspended') and lower(account.email) = v_email
  ) then
    perform private.raise_error(409, 'already_a_member', 'This person is a member already.', 'Change the role of the member instead.');
  end if;
  perform private.hold_organization(p_organization_id);
  perform private.enforce_rate_limit('invitations', p_organization_id::text);
  insert into public.organization_invitations as invitation (organization_id, email, role_key, grants, invited_by)
  values (p_organization_id, v_email, p_role_key, coalesce(p_grants, '{}'), auth.uid())
  on conflict (organization_id, email) where status = 'pending' do update set
    role_key = excluded.role_key, grants = excluded.grants, invited_by = excluded.invited_by
  returning invitation.id, invitation.created_at = now() into v_invitation_id, v_is_new;
  if not v_is_new then
    perform private.enforce_rate_limit('invitation_resends', v_invitation_id::text);
  end if;
  perform private.send_invitation(v_invitation_id);
  return v_invitation_id;
end;
$$;

comment on function private.invite_member(uuid, text, text, text[]) is 'Definer: invitations are made only here.';

revoke all on function private.invite_member(uuid, text, text, text[]) from public;
grant execute on function private.invite_member(uuid, text, text, text[]) to authenticated;

create function public.invite_member(p_organization_id uuid, p_email text, p_role_key text, p_grants text[] default '{}')
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.invite_member(p_organization_id, p_email, p_role_key, p_grants);
$$;

comment on function public.invite_member(uuid, text, text, text[]) is
  'Invites an address to the organization and returns the invitation''s id; inviting an address again replaces role and grants and
sends a new link. Needs members:invite, and whatever is given. Errors: 400 invalid_email, invalid_role, invalid_permissions; 403
permission_denied, permission_not_held; 404 organization_not_found; 409 already_a_member; 429.';

revoke all on function public.invite_member(uuid, text, text, text[]) from public;
grant execute on function public.invite_member(uuid, text, text, text[]) to authenticated;

create function private.pending_invitation(p_invitation_id uuid)
returns public.organization_invitations
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_invitation public.organization_invitations;
begin
  perform private.hold_organization(
    (select invitation.organization_id from public.organization_invitations as invitation where invitation.id = p_invitation_id)
  );
  select invitation.* into v_invitation
  from public.organization_invitations as invitation
  where invitation.id = p_invitation_id
  for no key update;
  perform private.require_permission(v_invitation.organization_id, 'members:invite', 'invitation_not_found');
  if v_invitation.status <> 'pending' then
    perform private.raise_error(
      409, 'invitation_answered', format('The invitation is %s.', v_invitation.status), 'Invite the person anew if need be.'
    );
  end if;
  return v_invitation;
end;
$$;

comment on function private.pending_invitation(uuid) is
  'The invitation, locked, for somebody with members:invite: 403; 404 invitation_not_found; 409 invitation_answered.';

revoke all on function private.pending_invitation(uuid) from public;

create function private.resend_invitation(p_invitation_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_invitation public.organization_invitations := private.pending_invitation(p_invitation_id);
begin
  -- Whoever sends it again gives it.
  perform private.require_grantable(v_invitation.organization_id, v_invitation.role_key, v_invitation.grants);
  perform private.enforce_rate_limit('invitation_resends', p_invitation_id::text);
  perform private.send_invitation(p_invitation_id);
end;
$$;

comment on function private.resend_invitation(uuid) is 'Definer: tokens are private.';

revoke all on function private.resend_invitation(uuid) from public;
grant execute on function private.resend_invitation(uuid) to authenticated;

create function public.resend_invitation(p_invitation_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.resend_invitation(p_invitation_id);
$$;

comment on function public.resend_invitation(uuid) is
  'Mails a new link with seven more days; the former link ends. 5 an hour. Needs members:invite, and whatever is given. Errors: 403
permission_denied, permission_not_held; 404
invitation_not_found; 409 invitation_answered; 429.';

revoke all on function public.resend_invitation(uuid) from public;
grant execute on function public.resend_invitation(uuid) to authenticated;

create function private.revoke_invitation(p_invitation_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.pending_invitation(p_invitation_id);
  delete from private.invitation_tokens where invitation_id = p_invitation_id;
  update public.organization_invitations set status = 'revoked' where id = p_invitation_id;
end;
$$;

comment on function private.revoke_invitation(uuid) is 'Definer: tokens are private.';

revoke all on function private.revoke_invitation(uuid) from public;
grant execute on function private.revoke_invitation(uuid) to authenticated;

create function public.revoke_invitation(p_invitation_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.revoke_invitation(p_invitation_id);
$$;

comment on function public.revoke_invitation(uuid) is
  'Takes a waiting invitation back. Needs members:invite. Errors: 403; 404 invitation_not_found; 409 invitation_answered.';

revoke all on function public.revoke_invitation(uuid) from public;
grant execute on function public.revoke_invitation(uuid) to authenticated;

create function private.invitation_by_token(p_token text)
returns public.organization_invitations
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_hash bytea := sha256(convert_to(coalesce(p_token, ''), 'UTF8'));
  v_invitation public.organization_invitations;
begin
  perform private.hold_organization((
    select invitation.organization_id
    from private.invitation_tokens as token
    join public.organization_invitations as invitation on invitation.id = token.invitation_id
    where token.token_hash = v_hash
  ));
  select invitation.* into v_invitation
  from private.invitation_tokens as token
  join public.organization_invitations as invitation on invitation.id = token.invitation_id
  where token.token_hash = v_hash
    and private.invitation_stands(invitation)
  for no key update of invitation;
  if not found then
    -- Used, expired, taken back and made up are one answer: a token nobody holds tells nothing.
    perform private.raise_error(
      404, 'invitation_not_found', 'There is no such invitation, or it has ended.', 'Ask for a new one.'
    );
  end if;
  return v_invitation;
end;
$$;

comment on function private.invitation_by_token(text) is 'The waiting invitation, locked. Errors: 404 invitation_not_found.';

revoke all on function private.invitation_by_token(text) from public;

create function private.preview_invitation(p_token text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_invitation public.organization_invitations;
begin
  perform private.enforce_rate_limit('invitation_lookups', host(private.client_address()));
  v_invitation := private.invitation_by_token(p_token);
  return jsonb_build_object(
    'organization_name', (
      select organization.name from public.organizations as organization where organization.id = v_invitation.organization_id
    ),
    'inviter_name', (select profile.name from public.profiles as profile where profile.user_id = v_invitation.invited_by),
    'email', v_invitation.email,
    'role', (select role.name from public.roles as role where role.key = v_invitation.role_key),
    'expires_at', v_invitation.expires_at
  );
end;
$$;

comment on function private.preview_invitation(text) is 'Definer: whoever holds the token may see what it is for.';

revoke all on function private.preview_invitation(text) from public;
grant execute on function private.preview_invitation(text) to anon, authenticated;

create function public.preview_invitation(p_token text)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.preview_invitation(p_token);
$$;

comment on function public.preview_invitation(text) is
  'What the invitation of a mailed link is for: organization_name, inviter_name (null when gone), email, role, expires_at. No sign-in
needed. Errors: 404 invitation_not_found; 429.';

revoke all on function public.preview_invitation(text) from public;
grant execute on function public.preview_invitation(text) to anon, authenticated;

create function private.answer_invitation(p_token text, p_accept boolean)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_invitation public.organization_invitations := private.invitation_by_token(p_token);
  v_member_id uuid;
begin
  if not exists (
    select
    from auth.users as account
    where account.id = v_user_id and lower(account.email) = v_invitation.email and account.email_confirmed_at is not null
  ) then
    perform private.raise_error(
      403, 'invitation_for_another_address', 'This invitation was sent to another address.',
      'Sign in with the address it was sent to, confirmed, or ask for a new invitation.'
    );
  end if;
  delete from private.invitation_tokens where invitation_id = v_invitation.id;
  update public.organization_invitations
  set status = case when p_accept then 'accepted' else 'declined' end, answered_at = now()
  where id = v_invitation.id;
  if not p_accept then
    return null;
  end if;
  -- Somebody who left or was removed comes back with the new role; an owner or active member stays what they are.
  insert into public.organization_members as member (organization_id, user_id, role_key)
  values (v_invitation.organization_id, v_user_id, v_invitation.role_key)
  on conflict (organization_id, user_id) do update set role_key = excluded.role_key, status = 'active'
  where member.status in ('invited', 'revoked')
  returning member.id into v_member_id;
  if v_member_id is not null then
    perform private.set_overrides(v_member_id, 'grant', v_invitation.grants);
  end if;
  return v_invitation.organization_id;
end;
$$;

comment on function private.answer_invitation(text, boolean) is 'Definer: memberships are made only here and with the organization.';

revoke all on function private.answer_invitation(text, boolean) from public;
grant execute on function private.answer_invitation(text, boolean) to authenticated;

create function public.accept_invitation(p_token text)
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.answer_invitation(p_token, true);
$$;

comment on function public.accept_invitation(text) is
  'Accepts the invitation of a mailed link and returns the organization''s id. The caller''s confirmed address must be the invited one.
Errors: 401; 403 invitation_for_another_address; 404 invitation_not_found.';

revoke all on function public.accept_invitation(text) from public;
grant execute on function public.accept_invitation(text) to authenticated;

create function public.decline_invitation(p_token text)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.answer_invitation(p_token, false);
$$;

comment on function public.decline_invitation(text) is 'Declines the invitation of a mailed link. Errors: as accept_invitation.';

revoke all on function public.decline_invitation(text) from public;
grant execute on function public.decline_invitation(text) to authenticated;

-- sql/20-organizations/90-ownership.sql
-- Ownership changes hands only when both sides say so.

create table private.ownership_offers (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  offered_by uuid not null references auth.users (id) on delete cascade,
  offered_to uuid not null references auth.users (id) on delete cascade,
  expires_at timestamptz not null default now() + interval '7 days'
);

alter table private.ownership_offers enable row level security;

create index ownership_offers_offered_by_idx on private.ownership_offers (offered_by);
create index ownership_offers_offered_to_idx on private.ownership_offers (offered_to);

comment on table private.ownership_offers is 'Ownership offered to a member and not yet answered; one per organization.';

create function private.offer_ownership(p_member_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_recent_authentication();
  v_member public.organization_members;
begin
  perform private.hold_organization(
    (select member.organization_id from public.organization_members as member where member.id = p_member_id)
  );
  select member.* into v_member from public.organization_members as member where member.id = p_member_id and member.status = 'active';
  if not exists (
    select
    from public.organization_members as owner
    where owner.organization_id = v_member.organization_id and owner.user_id = v_user_id and owner.role_key = 'owner'
  ) then
    perform private.raise_error(
      404, 'member_not_found', 'There is no such active member of an organization you own.', 'Only the owner can give ownership.'
    );
  end if;
  if v_member.user_id = v_user_id then
    perform private.raise_error(409, 'own_membership', 'You own this organization already.', 'Choose another member.');
  end if;
  insert into private.ownership_offers (organization_id, offered_by, offered_to)
  values (v_member.organization_id, v_user_id, v_member.user_id)
  on conflict (organization_id) do update set
    offered_by = excluded.offered_by, offered_to = excluded.offered_to, expires_at = excluded.expires_at;
  perform private.notify_user(
    v_member.user_id, 'security', 'ownership_offered',
    (
      select jsonb_build_object('organization_id', organization.id, 'organization', organization.name, 'owner', coalesce(profile.name, 'The owner'))
      from public.organizations as organization, public.profiles as profile
      where organization.id = v_member.organization_id and profile.user_id = v_user_id
    ),
    format('ownership_offered:%s:%s:%s', v_member.organization_id, v_member.user_id, now())
  );
end;
$$;

comment on function private.offer_ownership(uuid) is 'Definer: offers are private.';

revoke all on function private.offer_ownership(uuid) from public;
grant execute on function private.offer_ownership(uuid) to authenticated;

create function public.offer_ownership(p_member_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.offer_ownership(p_member_id);
$$;

comment on function public.offer_ownership(uuid) is
  'The owner offers the organization to an active member, who has seven days to accept; a new offer replaces the former one. Errors:
403 reauthentication_needed; 404 member_not_found; 409 own_membership.';

revoke all on function public.offer_ownership(uuid) from public;
grant execute on function public.offer_ownership(uuid) to authenticated;

create function private.answer_ownership(p_organization_id uuid, p_accept boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := case when p_accept then private.require_recent_authentication() else private.require_user() end;
  v_offer private.ownership_offers;
begin
  perform private.hold_organization(p_organization_id);
  -- The owner may take the offer back, the member answer it; the deleted row lets only one of two answers through.
  delete from private.ownership_offers as offer
  where offer.organization_id = p_organization_id
    and (offer.offered_to = v_user_id or not p_accept and offer.offered_by = v_user_id)
  returning offer.* into v_offer;
  if not found or v_offer.expires_at < now() then
    perform private.raise_error(404, 'offer_not_found', 'There is no such offer, or it has ended.', 'Ask the owner for a new one.');
  end if;
  if not p_accept then
    return;
  end if;
  update public.organization_members
  set role_key = 'admin'
  where organization_id = p_organization_id and user_id = v_offer.offered_by and role_key = 'owner';
  if not found then
    perform private.raise_error(409, 'offer_outdated', 'Who made the offer is no longer the owner.', 'Ask the owner for a new one.');
  end if;
  update public.organization_members
  set role_key = 'owner'
  where organization_id = p_organization_id and user_id = v_user_id and status = 'active';
  if not found then
    perform private.raise_error(409, 'not_a_member', 'Only an active member can become the owner.', 'Ask the owner for an invitation.');
  end if;
  delete from public.organization_member_permissions as override
  using public.organization_members as member
  where member.id = override.organization_member_id and member.organization_id = p_organization_id and member.user_id = v_user_id;
  perform private.notify_user(
    party.user_id, 'security', 'ownership_transferred',
    (
      select jsonb_build_object('organization_id', organization.id, 'organization', organization.name, 'owner', coalesce(profile.name, 'a member'))
      from public.organizations as organization, public.profiles as profile
      where organization.id = p_organization_id and profile.user_id = v_user_id
    ),
    format('ownership_transferred:%s:%s:%s', p_organization_id, party.user_id, now())
  )
  from unnest(array[v_offer.offered_by, v_user_id]) as party (user_id);
end;
$$;

comment on function private.answer_ownership(uuid, boolean) is 'Definer: offers are private; exactly one owner at every moment.';

revoke all on function private.answer_ownership(uuid, boolean) from public;
grant execute on function private.answer_ownership(uuid, boolean) to authenticated;

create function public.accept_ownership(p_organization_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.answer_ownership(p_organization_id, true);
$$;

comment on function public.accept_ownership(uuid) is
  'The member takes over: owner from now on, the former owner is an administrator. Errors: 403 reauthentication_needed; 404
offer_not_found; 409 offer_outdated, not_a_member.';

revoke all on function public.accept_ownership(uuid) from public;
grant execute on function public.accept_ownership(uuid) to authenticated;

create function public.decline_ownership(p_organization_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.answer_ownership(p_organization_id, false);
$$;

comment on function public.decline_ownership(uuid) is
  'The member declines the offer, or the owner takes it back. Errors: 401; 404 offer_not_found.';

revoke all on function public.decline_ownership(uuid) from public;
grant execute on function public.decline_ownership(uuid) to authenticated;

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
  constraint name_is_1_to_255_characters check (char_length(name) between 1 and 255 and name = btrim(name) and name !~ '[[:cntrl:]]'),
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

create function private.keep_system_in_use()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_venues text;
begin
  -- Deleting the whole organization takes its systems along; that arrives here from inside another trigger.
  if pg_trigger_depth() > 1 then
    return old;
  end if;
  -- Whoever is adding songs holds the book: wait for them, then count.
  perform from private.books as book where book.system_id = old.id for update;
  if private.book_size(old.id) > 0 then
    perform private.raise_error(
      409, 'system_has_songs', format('The book of this system has %s songs.', private.book_size(old.id)), 'Clear the song book first.'
    );
  end if;
  select string_agg(venue.name, ', ' order by venue.name, venue.id) into v_venues
  from public.venues as venue
  where venue.system_id = old.id;
  if v_venues is not null then
    perform private.raise_error(
      409, 'system_in_use', format('Venues use this system: %s.', left(v_venues, 500)), 'Give them another system first.'
    );
  end if;
  return old;
end;
$$;

comment on function private.keep_system_in_use() is
  'A song book is never lost by deleting its system, and no venue loses its system. Errors: 409 system_has_songs, system_in_use. Definer:
books are private.';

revoke all on function private.keep_system_in_use() from public;

create trigger systems_keep_in_use
  before delete on public.systems
  for each row execute function private.keep_system_in_use();

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

create table private.transliterations (
  letters text primary key,
  latin text not null
);

alter table private.transliterations enable row level security;

comment on table private.transliterations is 'How Cyrillic and Greek are written in Latin letters, in lower case; Latin letters with marks need no rows.';

create function private.slugify(p_text text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_text text := lower(normalize(p_text, nfkc));
  v_row record;
begin
  if v_text ~ '[\u0370-\u052f]' then
    for v_row in
      select transliteration.letters, transliteration.latin
      from private.transliterations as transliteration
      where strpos(v_text, transliteration.letters) > 0
      -- Two letters that sound together before each alone.
      order by char_length(transliteration.letters) desc
    loop
      v_text := replace(v_text, v_row.letters, v_row.latin);
    end loop;
  end if;
  return trim('-' from left(
    regexp_replace(lower(extensions.unaccent('extensions.unaccent'::regdictionary, v_text)), '[^a-z0-9]+', '-', 'g'), 100
  ));
end;
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
  constraint name_is_1_to_255_characters check (char_length(name) between 1 and 255 and name = btrim(name) and name !~ '[[:cntrl:]]'),
  constraint address_is_1_to_255_characters check (char_length(address) between 1 and 255 and address = btrim(address) and address !~ '[[:cntrl:]]'),
  constraint city_is_1_to_100_characters check (char_length(city) between 1 and 100 and city = btrim(city) and city !~ '[[:cntrl:]]'),
  constraint state_is_2_to_50_characters check (char_length(state) between 2 and 50 and state = btrim(state) and state !~ '[[:cntrl:]]'),
  constraint postal_code_is_1_to_20_characters
    check (char_length(postal_code) between 1 and 20 and postal_code = btrim(postal_code) and postal_code !~ '[[:cntrl:]]'),
  constraint country_is_1_to_50_characters check (char_length(country) between 1 and 50 and country = btrim(country) and country !~ '[[:cntrl:]]'),
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
  -- What people type is brought in form once, here.
  new.name := private.one_line(new.name);
  new.address := private.one_line(new.address);
  new.city := private.one_line(new.city);
  new.state := private.one_line(new.state);
  new.postal_code := private.one_line(new.postal_code);
  new.country := private.one_line(new.country);

  if tg_op = 'INSERT' then
    update private.organization_counters
    set next_openkj_venue_id = next_openkj_venue_id + 1
    where organization_id = new.organization_id
    returning next_openkj_venue_id - 1 into new.openkj_venue_id;
  elsif new.url_name = old.url_name then
    return new;
  end if;

  if nullif(new.url_name, '') is null then
    v_wanted := private.slugify(new.name);
    if v_wanted = '' then
      -- A name in a script we do not transliterate: all of these together must not queue for the next free number.
      v_wanted := 'venue-' || (100000 + floor(random() * 900000))::integer;
    end if;
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
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
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
    where venue.id = p_venue_id
  );
end;
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

-- sql/30-venues/35-branding.sql
create table public.venue_branding (
  venue_id uuid primary key references public.venues (id) on delete cascade,
  logo_url text,
  color_palette jsonb not null default '{}',
  updated_at timestamptz not null default now(),
  constraint logo_url_is_a_web_address check (logo_url ~* '^https?://[^\s<>"]+$' and char_length(logo_url) <= 500),
  constraint color_palette_is_an_object check (jsonb_typeof(color_palette) = 'object'),
  constraint color_palette_is_small check (pg_column_size(color_palette) <= 4096),
  constraint colors_are_hexadecimal check (
    not jsonb_path_exists(color_palette, '$.* ? (@.type() != "string" || !(@ like_regex "^#[0-9a-fA-F]{6}$"))')
  )
);

alter table public.venue_branding enable row level security;
revoke all on public.venue_branding from anon, authenticated, service_role;

comment on table public.venue_branding is 'How a venue''s page looks. Shown to everybody by find_venue; no row means the app''s own look.';
comment on column public.venue_branding.color_palette is 'Colours by name, such as {"background": "#10002b"}; the names are the app''s.';

create trigger venue_branding_set_updated_at
  before update on public.venue_branding
  for each row execute function private.set_updated_at();

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
  longitude double precision,
  opening_hours jsonb,
  opens_at timestamptz,
  last_call_at timestamptz,
  branding jsonb
);

comment on type public.venue_card is 'What a venue shows the world.';
comment on column public.venue_card.opening_hours is
  'When it takes requests by itself, in its organization''s time zone: [{weekday (0 is Sunday), opens_at, closes_at}]; a closing time that is not later is on the
next day. Empty where the host opens and closes by hand.';
comment on column public.venue_card.opens_at is 'While it is closed: when it opens by itself; null when nobody knows.';
comment on column public.venue_card.last_call_at is 'While it is open: when it stops taking requests by itself; null when nobody knows.';
comment on column public.venue_card.branding is 'logo_url and color_palette, or null.';

create function private.venue_card(p_venue public.venues)
returns public.venue_card
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return row(
    p_venue.id, p_venue.url_name, p_venue.name, p_venue.address, p_venue.city, p_venue.state, p_venue.postal_code, p_venue.country,
    p_venue.phone_number, p_venue.website, p_venue.accepting_requests, p_venue.latitude, p_venue.longitude,
    (
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'weekday', hours.weekday, 'opens_at', to_char(hours.opens_at, 'HH24:MI'), 'closes_at', to_char(hours.closes_at, 'HH24:MI')
          )
          order by hours.weekday, hours.opens_at
        ),
        '[]'
      )
      from public.venue_opening_hours as hours
      where hours.venue_id = p_venue.id
    ),
    case when not p_venue.accepting_requests then (private.opening(p_venue.id, now())).opens_at end,
    (
      select switch.switches_at
      from private.venue_switches as switch
      where switch.venue_id = p_venue.id and p_venue.accepting_requests and not switch.accepting
    ),
    (
      select jsonb_build_object('logo_url', branding.logo_url, 'color_palette', branding.color_palette)
      from public.venue_branding as branding
      where branding.venue_id = p_venue.id
    )
  )::public.venue_card;
end;
$$;

comment on function private.venue_card(public.venues) is 'A venue as the world sees it.';

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
      -- A night with a PIN is for those who were told.
      and not exists (
        select
        from public.shows as show
        join private.show_pins as pin on pin.show_id = show.id
        where show.venue_id = near.id and show.closed_at is null
      )
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
  'Public venues around a position (degrees, WGS 84), nearest first; a night with a PIN hides its venue. p_radius_miles 1-100, p_limit 1-50; p_accepting null for all,
true for those taking requests. Errors: 400 invalid_latitude, invalid_longitude, invalid_radius, invalid_limit.';

revoke all on function public.nearby_venues(double precision, double precision, double precision, integer, boolean) from public;
grant execute on function public.nearby_venues(double precision, double precision, double precision, integer, boolean)
  to anon, authenticated;

-- sql/30-venues/45-listing-venues.sql
create function private.list_venues(
  p_search text, p_city text, p_state text, p_country text, p_accepting boolean, p_sort text, p_page integer, p_limit integer
)
returns table (venue public.venues, total_count bigint)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
begin
  if p_sort is null or p_sort not in ('name', 'city', 'newest') then
    perform private.raise_error(400, 'invalid_sort', 'Venues are sorted by name, city or newest.', 'Leave it out for name.');
  end if;
  if p_page is null or p_page not between 1 and 10000 or p_limit is null or p_limit not between 1 and 100 then
    perform private.raise_error(400, 'invalid_page', 'The page counts from 1 and has 1 to 100 rows.', 'Leave them out for 1 and 20.');
  end if;
  return query
    select listed, count(*) over ()
    from public.venues as listed
    where listed.archived_at is null
      and not listed.is_private
      and (p_accepting is null or listed.accepting_requests = p_accepting)
      -- Found as text, so that a percent sign means a percent sign.
      and (p_search is null or strpos(lower(listed.name), lower(btrim(p_search))) > 0)
      and (p_city is null or strpos(lower(listed.city), lower(btrim(p_city))) > 0)
      and (p_state is null or lower(listed.state) = lower(btrim(p_state)))
      and (p_country is null or lower(listed.country) = lower(btrim(p_country)))
    order by
      case p_sort when 'name' then lower(listed.name) when 'city' then lower(listed.city) end,
      case when p_sort = 'newest' then listed.created_at end desc,
      listed.id
    limit p_limit offset (p_page - 1) * p_limit;
end;
$$;

comment on function private.list_venues(text, text, text, text, boolean, text, integer, integer) is
  'Definer: the tables are for members. Never leaves the private schema as whole rows.';

revoke all on function private.list_venues(text, text, text, text, boolean, text, integer, integer) from public;

create function private.list_venue_cards(
  p_search text, p_city text, p_state text, p_country text, p_accepting boolean, p_sort text, p_page integer, p_limit integer
)
returns table (
  id uuid, url_name text, name text, address text, city text, state text, postal_code text, country text, phone_number text,
  website text, accepting_requests boolean, total_count bigint
)
language sql
stable
security definer
set search_path = ''
rows 20
as $$
  select
    (listed.venue).id, (listed.venue).url_name, (listed.venue).name, (listed.venue).address, (listed.venue).city, (listed.venue).state,
    (listed.venue).postal_code, (listed.venue).country, (listed.venue).phone_number, (listed.venue).website,
    (listed.venue).accepting_requests, listed.total_count
  from private.list_venues(p_search, p_city, p_state, p_country, p_accepting, p_sort, p_page, p_limit) as listed;
$$;

comment on function private.list_venue_cards(text, text, text, text, boolean, text, integer, integer) is 'Definer: see list_venues.';

revoke all on function private.list_venue_cards(text, text, text, text, boolean, text, integer, integer) from public;
grant execute on function private.list_venue_cards(text, text, text, text, boolean, text, integer, integer) to anon, authenticated;

create function public.list_venues(
  p_search text default null,
  p_city text default null,
  p_state text default null,
  p_country text default null,
  p_accepting boolean default null,
  p_sort text default 'name',
  p_page integer default 1,
  p_limit integer default 20
)
returns table (
  id uuid, url_name text, name text, address text, city text, state text, postal_code text, country text, phone_number text,
  website text, accepting_requests boolean, total_count bigint
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.list_venue_cards(p_search, p_city, p_state, p_country, p_accepting, p_sort, p_page, p_limit);
$$;

comment on function public.list_venues(text, text, text, text, boolean, text, integer, integer) is
  'Public venues. p_search and p_city are found anywhere in name and city, p_state and p_country must be equal, case aside; p_sort: name,
city or newest. total_count is that of all pages of 1-100 rows. Errors: 400 invalid_sort, invalid_page.';

revoke all on function public.list_venues(text, text, text, text, boolean, text, integer, integer) from public;
grant execute on function public.list_venues(text, text, text, text, boolean, text, integer, integer) to anon, authenticated;

-- sql/30-venues/48-listing-systems.sql
create function private.list_systems(p_organization_id uuid, p_search text, p_page integer, p_limit integer)
returns table (
  id uuid, openkj_system_id integer, name text, configuration jsonb, song_count integer, venue_count bigint, last_seen_at timestamptz,
  created_at timestamptz, updated_at timestamptz, total_count bigint
)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
begin
  perform private.require_permission(p_organization_id, 'systems:read', 'organization_not_found');
  if p_page is null or p_page not between 1 and 10000 or p_limit is null or p_limit not between 1 and 100 then
    perform private.raise_error(400, 'invalid_page', 'The page counts from 1 and has 1 to 100 rows.', 'Leave them out for 1 and 20.');
  end if;
  return query
    select
      system.id, system.openkj_system_id, system.name, system.configuration, coalesce(book.songs, 0),
      (
        select count(*)
        from public.venues as venue
        where venue.organization_id = p_organization_id and venue.archived_at is null and private.venue_system(venue.id) = system.id
      ),
      heartbeat.last_seen_at, system.created_at, system.updated_at, count(*) over ()
    from public.systems as system
    left join private.books as book on book.system_id = system.id
    left join private.system_heartbeats as heartbeat on heartbeat.system_id = system.id
    where system.organization_id = p_organization_id
      and (p_search is null or strpos(private.fold_text(system.name), private.fold_text(btrim(p_search))) > 0)
    order by lower(system.name), system.openkj_system_id
    limit p_limit offset (p_page - 1) * p_limit;
end;
$$;

comment on function private.list_systems(uuid, text, integer, integer) is 'Definer: checks systems:read; books are private.';

revoke all on function private.list_systems(uuid, text, integer, integer) from public;
grant execute on function private.list_systems(uuid, text, integer, integer) to authenticated;

create function public.list_systems(
  p_organization_id uuid, p_search text default null, p_page integer default 1, p_limit integer default 20
)
returns table (
  id uuid, openkj_system_id integer, name text, configuration jsonb, song_count integer, venue_count bigint, last_seen_at timestamptz,
  created_at timestamptz, updated_at timestamptz, total_count bigint
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.list_systems(p_organization_id, p_search, p_page, p_limit);
$$;

comment on function public.list_systems(uuid, text, integer, integer) is
  'The systems of an organization by name, each with the songs of its book, the venues where that applies, and when its show program was
last heard of. p_search is found in the name. total_count is that of all pages of 1-100 rows. Needs systems:read.
Errors: 400 invalid_page; 403; 404 organization_not_found.';

revoke all on function public.list_systems(uuid, text, integer, integer) from public;
grant execute on function public.list_systems(uuid, text, integer, integer) to authenticated;

-- sql/30-venues/50-accepting.sql
create function private.change_accepting(p_venue_id uuid, p_accepting boolean, p_system_id uuid default null)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  update public.venues
  set accepting_requests = p_accepting, system_id = coalesce(p_system_id, system_id)
  -- Somebody may be archiving it at this moment.
  where id = p_venue_id and archived_at is null
    and (accepting_requests <> p_accepting or system_id is distinct from coalesce(p_system_id, system_id));
$$;

comment on function private.change_accepting(uuid, boolean, uuid) is
  'Opens or closes a venue for requests unless it is archived, and has it show the book of p_system_id where one is given. A venue that
is so already is not written.';

revoke all on function private.change_accepting(uuid, boolean, uuid) from public;

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
  perform private.change_accepting(p_venue_id, p_accepting);
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
  last_call_minutes integer,
  updated_at timestamptz not null default now(),
  constraint max_active_requests_is_1_to_100 check (max_active_requests between 1 and 100),
  constraint cooldown_is_1_to_1440_minutes check (cooldown_minutes between 1 and 1440),
  constraint same_song_is_known check (same_song in ('allowed', 'not_while_active', 'not_within_minutes', 'once_a_night')),
  constraint same_song_minutes_are_1_to_1440 check (same_song_minutes between 1 and 1440),
  constraint same_song_minutes_are_given check (same_song <> 'not_within_minutes' or same_song_minutes is not null),
  constraint max_requests_per_hour_is_1_to_10000 check (max_requests_per_hour between 1 and 10000),
  constraint last_call_is_1_to_240_minutes check (last_call_minutes between 1 and 240),
  constraint queue_order_is_known check (queue_order in ('fifo', 'rotation', 'manual')),
  constraint queue_visibility_is_known check (queue_visibility in ('none', 'first_names', 'full'))
);

alter table public.venue_rules enable row level security;
revoke all on public.venue_rules from anon, authenticated, service_role;

comment on table public.venue_rules is 'The rules of a venue''s queue.';
comment on column public.venue_rules.free_text_allowed is 'Whether a song that is not in the book may be asked for.';
comment on column public.venue_rules.max_requests_per_hour is 'Replaces the platform''s limit of requests per venue and hour.';
comment on column public.venue_rules.last_call_minutes is 'How long before the end of the opening hours the last request is taken.';
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

create function private.rules_of_asking(p_rules public.venue_rules)
returns jsonb
language sql
immutable
security invoker
set search_path = ''
as $$
  select jsonb_build_object(
    'guests_allowed', p_rules.guests_allowed,
    'free_text_allowed', p_rules.free_text_allowed,
    'key_change_allowed', p_rules.key_change_allowed,
    'notes_allowed', p_rules.notes_allowed,
    'last_initial_required', p_rules.last_initial_required,
    'max_active_requests', p_rules.max_active_requests,
    'cooldown_minutes', p_rules.cooldown_minutes,
    'same_song', p_rules.same_song,
    'same_song_minutes', p_rules.same_song_minutes,
    'queue_order', p_rules.queue_order,
    'queue_visibility', p_rules.queue_visibility
  );
$$;

comment on function private.rules_of_asking(public.venue_rules) is 'What somebody who asks for a song should know beforehand.';

revoke all on function private.rules_of_asking(public.venue_rules) from public;

-- sql/30-venues/65-opening-hours.sql
-- A venue may open and close by itself, week by week, in its organization's time zone. accepting_requests stays the one truth: opening
-- hours only turn it at their edges, so whatever the host does by hand holds until the next edge.

create table public.venue_opening_hours (
  venue_id uuid not null references public.venues (id) on delete cascade,
  weekday integer not null,
  opens_at time not null,
  closes_at time not null,
  primary key (venue_id, weekday, opens_at),
  constraint weekday_is_0_to_6 check (weekday between 0 and 6)
);

alter table public.venue_opening_hours enable row level security;
revoke all on public.venue_opening_hours from anon, authenticated, service_role;

comment on table public.venue_opening_hours is 'When a venue takes requests by itself, week by week.';
comment on column public.venue_opening_hours.weekday is 'On which day it opens: 0 is Sunday.';
comment on column public.venue_opening_hours.closes_at is 'Not later than opens_at means on the next day.';

create table private.venue_switches (
  venue_id uuid primary key references public.venues (id) on delete cascade,
  switches_at timestamptz not null,
  accepting boolean not null,
  is_last_call boolean not null default false
);

alter table private.venue_switches enable row level security;

create index venue_switches_switches_at_idx on private.venue_switches (switches_at);

comment on table private.venue_switches is 'When each venue opens or closes next by itself.';
comment on column private.venue_switches.is_last_call is 'Announced by the host, and not an edge of the opening hours.';

create function private.opening(
  p_venue_id uuid, p_at timestamptz, out is_open boolean, out closes_at timestamptz, out opens_at timestamptz
)
language sql
stable
security definer
set search_path = ''
as $$
  with
    zone as (
      select organization.time_zone, coalesce(rules.last_call_minutes, 0) as last_call_minutes
      from public.venues as venue
      join public.organizations as organization on organization.id = venue.organization_id
      join public.venue_rules as rules on rules.venue_id = venue.id
      where venue.id = p_venue_id
    ),
    -- Each opening around the time, from the local clock, which knows about daylight saving.
    openings as (
      select
        (day.date + hours.opens_at) at time zone zone.time_zone as starts_at,
        (day.date + (hours.closes_at <= hours.opens_at)::integer + hours.closes_at) at time zone zone.time_zone as ends_at
      from zone
      cross join lateral generate_series(-1, 8) as after (days)
      cross join lateral (select (p_at at time zone zone.time_zone)::date + after.days as date) as day
      join public.venue_opening_hours as hours on hours.venue_id = p_venue_id and hours.weekday = extract(dow from day.date)
    ),
    -- Those that meet or overlap are one; last call comes before the end of the whole.
    joined as (
      select lower(opened.hours) as starts_at, upper(opened.hours) - make_interval(mins => zone.last_call_minutes) as ends_at
      from zone
      cross join unnest((
        select range_agg(tstzrange(openings.starts_at, openings.ends_at)) from openings where openings.starts_at < openings.ends_at
      )) as opened (hours)
    )
  select
    coalesce(bool_or(joined.starts_at <= p_at and p_at < joined.ends_at), false),
    -- One that ends beyond the coming week never does.
    min(joined.ends_at) filter (where joined.starts_at <= p_at and p_at < joined.ends_at and joined.ends_at < p_at + interval '7 days'),
    min(joined.starts_at) filter (where joined.starts_at > p_at and joined.starts_at < joined.ends_at)
  from joined;
$$;

comment on function private.opening(uuid, timestamptz) is
  'What a venue''s opening hours say about a time: whether it is open, when it then closes (last call; null when never), and when it opens
next (null without opening hours). Definer: whoever looks at a venue may not see the tables.';

revoke all on function private.opening(uuid, timestamptz) from public;

create function private.schedule_switch(p_venue_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_opening record;
begin
  select * into v_opening from private.opening(p_venue_id, now());
  delete from private.venue_switches where venue_id = p_venue_id;
  insert into private.venue_switches (venue_id, switches_at, accepting)
  select p_venue_id, edge.switches_at, not v_opening.is_open
  from (values (case when v_opening.is_open then v_opening.closes_at else v_opening.opens_at end)) as edge (switches_at)
  where edge.switches_at is not null;
end;
$$;

comment on function private.schedule_switch(uuid) is 'Sets the next edge of a venue''s opening hours. Definer: switches are private.';

revoke all on function private.schedule_switch(uuid) from public;

create function private.apply_switches()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_venue_id uuid;
  v_venue_ids uuid[];
begin
  -- All venues first, then what their change touches: whoever changes a venue takes locks in this order too.
  select array_agg(due.id order by due.organization_id, due.id) into v_venue_ids
  from (
    select venue.id, venue.organization_id
    from private.venue_switches as switch
    join public.venues as venue on venue.id = switch.venue_id
    where switch.switches_at <= now() and venue.archived_at is null
    order by switch.switches_at
    limit 500
    for no key update of venue skip locked
  ) as due;
  foreach v_venue_id in array coalesce(v_venue_ids, '{}') loop
    -- Late by a night, the edge itself no longer counts, but what the hours say now.
    perform private.change_accepting(v_venue_id, not switch.is_last_call and (private.opening(v_venue_id, now())).is_open)
    from private.venue_switches as switch
    where switch.venue_id = v_venue_id and switch.switches_at <= now();
    perform private.schedule_switch(v_venue_id);
  end loop;
  return coalesce(cardinality(v_venue_ids), 0);
end;
$$;

comment on function private.apply_switches() is
  'Opens and closes the venues whose time has come and returns how many had one. Definer: run by the scheduler.';

revoke all on function private.apply_switches() from public;

create function private.move_last_call()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.schedule_switch(new.venue_id);
  return null;
end;
$$;

comment on function private.move_last_call() is 'Another last call moves the edges. Definer: switches are private.';

revoke all on function private.move_last_call() from public;

create trigger venue_rules_move_last_call
  after update of last_call_minutes on public.venue_rules
  for each row when (old.last_call_minutes is distinct from new.last_call_minutes)
  execute function private.move_last_call();

create function private.move_opening_hours()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.schedule_switch(venue.id)
  from public.venues as venue
  where venue.organization_id = new.id and venue.archived_at is null
    and exists (select from public.venue_opening_hours as hours where hours.venue_id = venue.id);
  return null;
end;
$$;

comment on function private.move_opening_hours() is 'Another time zone moves the edges. Definer: switches are private.';

revoke all on function private.move_opening_hours() from public;

create trigger organizations_move_opening_hours
  after update of time_zone on public.organizations
  for each row when (old.time_zone <> new.time_zone)
  execute function private.move_opening_hours();

create function private.set_opening_hours(p_venue_id uuid, p_hours jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_entry record;
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null),
    'venues:update', 'venue_not_found'
  );
  if p_hours is null or jsonb_typeof(p_hours) <> 'array' or jsonb_array_length(p_hours) > 28 then
    perform private.raise_error(
      400, 'invalid_opening_hours', 'Opening hours are a list of at most 28 entries.', 'Send [] to open and close by hand only.'
    );
  end if;
  for v_entry in select entry.value, entry.number from jsonb_array_elements(p_hours) with ordinality as entry (value, number) loop
    if jsonb_typeof(v_entry.value) <> 'object'
      or coalesce(v_entry.value ->> 'weekday', '') !~ '^[0-6]$'
      or coalesce(v_entry.value ->> 'opens_at', '') !~ '^([01][0-9]|2[0-3]):[0-5][0-9](:00)?$'
      or coalesce(v_entry.value ->> 'closes_at', '') !~ '^([01][0-9]|2[0-3]):[0-5][0-9](:00)?$'
    then
      perform private.raise_error(
        400, 'invalid_opening_hours', format('Entry %s of the opening hours is not understood: %s', v_entry.number, left(v_entry.value::text, 200)),
        'An entry is like {"weekday": 5, "opens_at": "20:00", "closes_at": "02:00"}; 0 is Sunday.'
      );
    end if;
  end loop;

  -- The venue's row first, as everything does that opens or closes it.
  perform from public.venues as venue where venue.id = p_venue_id for no key update;
  delete from public.venue_opening_hours where venue_id = p_venue_id;
  insert into public.venue_opening_hours (venue_id, weekday, opens_at, closes_at)
  select p_venue_id, (entry ->> 'weekday')::integer, (entry ->> 'opens_at')::time, (entry ->> 'closes_at')::time
  from jsonb_array_elements(p_hours) as entry
  on conflict (venue_id, weekday, opens_at) do nothing;
  if jsonb_array_length(p_hours) > 0 then
    perform private.change_accepting(p_venue_id, said.is_open) from private.opening(p_venue_id, now()) as said;
  end if;
  perform private.schedule_switch(p_venue_id);
end;
$$;

comment on function private.set_opening_hours(uuid, jsonb) is 'Definer: hours are written only as a whole.';

revoke all on function private.set_opening_hours(uuid, jsonb) from public;
grant execute on function private.set_opening_hours(uuid, jsonb) to authenticated;

create function public.set_opening_hours(p_venue_id uuid, p_hours jsonb)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.set_opening_hours(p_venue_id, p_hours);
$$;

comment on function public.set_opening_hours(uuid, jsonb) is
  'Sets all opening hours of a venue: a list of up to 28 entries {"weekday": 0-6 (0 is Sunday), "opens_at": "HH:MM", "closes_at": "HH:MM"} in
the organization''s time zone; a closing time that is not later is on the next day. The venue opens or closes accordingly at once and then
at every edge; by hand it can be opened and closed between them. [] leaves it to the host. Needs venues:update.
Errors: 400 invalid_opening_hours naming the entry; 403; 404 venue_not_found.';

revoke all on function public.set_opening_hours(uuid, jsonb) from public;
grant execute on function public.set_opening_hours(uuid, jsonb) to authenticated;

create function private.announce_last_call(p_venue_id uuid, p_minutes integer)
returns timestamptz
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_venue public.venues;
  v_at timestamptz := now() + make_interval(mins => p_minutes);
begin
  select venue.* into v_venue from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null for no key update;
  perform private.require_permission(v_venue.organization_id, 'requests:process', 'venue_not_found');
  if p_minutes is null or p_minutes not between 1 and 240 then
    perform private.raise_error(400, 'invalid_minutes', 'Last call is in 1 to 240 minutes.', 'Close the venue to take no more requests now.');
  end if;
  if not v_venue.accepting_requests then
    perform private.raise_error(409, 'venue_closed', 'The venue takes no requests anyway.', 'Open it first.');
  end if;
  insert into private.venue_switches (venue_id, switches_at, accepting, is_last_call)
  values (p_venue_id, v_at, false, true)
  on conflict (venue_id) do update
  set switches_at = excluded.switches_at, accepting = false, is_last_call = true;
  return v_at;
end;
$$;

comment on function private.announce_last_call(uuid, integer) is 'Definer: switches are private.';

revoke all on function private.announce_last_call(uuid, integer) from public;
grant execute on function private.announce_last_call(uuid, integer) to authenticated;

create function public.announce_last_call(p_venue_id uuid, p_minutes integer)
returns timestamptz
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.announce_last_call(p_venue_id, p_minutes);
$$;

comment on function public.announce_last_call(uuid, integer) is
  'Closes an open venue in p_minutes (1-240) and returns when; find_venue tells everybody. What waits in the queue stays. Needs
requests:process. Errors: 400 invalid_minutes; 403; 404 venue_not_found; 409 venue_closed.';

revoke all on function public.announce_last_call(uuid, integer) from public;
grant execute on function public.announce_last_call(uuid, integer) to authenticated;

create function private.refuse_closed_venue(p_venue_id uuid)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_opens_at timestamptz := (private.opening(p_venue_id, now())).opens_at;
begin
  if v_opens_at is null then
    perform private.raise_error(422, 'venue_closed', 'The venue takes no requests right now.', 'Ask the host when it opens.');
  end if;
  perform private.raise_error_until(422, 'venue_closed', 'The venue takes no requests right now.', v_opens_at);
end;
$$;

comment on function private.refuse_closed_venue(uuid) is
  'Refuses with 422 venue_closed and says when the venue opens by itself. Definer: as opening().';

revoke all on function private.refuse_closed_venue(uuid) from public;

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
  -- Locks in everybody's order: the venue, its requests, the serial that the changes of both move.
  perform from public.venues as venue where venue.id = p_venue_id for no key update;
  perform private.change_requests(
    array(select request.id from public.requests as request where request.venue_id = p_venue_id and request.state = 'performing'),
    'completed', 'host'
  );
  perform private.clear_requests(p_venue_id, array['pending', 'accepted']);
  update public.venues
  set archived_at = now(), accepting_requests = false
  where id = p_venue_id and archived_at is null;
  -- What was asked for meanwhile; from here on nothing more is.
  perform private.clear_requests(p_venue_id, array['pending', 'accepted']);
  perform private.end_show(p_venue_id);
  delete from private.venue_switches where venue_id = p_venue_id;
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
  'Takes a venue out of use: its queue is cleared and its night ends, nobody finds it any more, its history stays. Again is harmless.
Needs venues:delete. Errors: 403; 404 venue_not_found.';

revoke all on function public.archive_venue(uuid) from public;
grant execute on function public.archive_venue(uuid) to authenticated;

-- sql/30-venues/75-changing-url-names.sql
create function private.change_url_name(p_venue_id uuid, p_url_name text)
returns text
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_url_name text := lower(btrim(coalesce(p_url_name, '')));
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null),
    'venues:create', 'venue_not_found'
  );
  if v_url_name !~ '^[a-z0-9]+(-[a-z0-9]+)*$' or char_length(v_url_name) > 100 then
    perform private.raise_error(
      400, 'invalid_url_name', format('"%s" cannot be a url name.', left(v_url_name, 100)),
      'Use up to 100 small letters, digits and single hyphens between them.'
    );
  end if;
  if v_url_name <> (select venue.url_name from public.venues as venue where venue.id = p_venue_id) then
    -- Every name a venue had stays its own, so nobody may gather them.
    perform private.enforce_rate_limit('url_name_changes', p_venue_id::text);
    update public.venues set url_name = v_url_name where id = p_venue_id;
  end if;
  return v_url_name;
end;
$$;

comment on function private.change_url_name(uuid, text) is 'Definer: members may not write url_name themselves.';

revoke all on function private.change_url_name(uuid, text) from public;
grant execute on function private.change_url_name(uuid, text) to authenticated;

create function public.change_url_name(p_venue_id uuid, p_url_name text)
returns text
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.change_url_name(p_venue_id, p_url_name);
$$;

comment on function public.change_url_name(uuid, text) is
  'Gives a venue another url name (1-100 small letters, digits, single hyphens) and returns it; links and codes with the former one lead
on. Needs venues:create. Errors: 400 invalid_url_name, url_name_reserved; 403; 404 venue_not_found; 409 url_name_taken; 429 after 5 in a
day.';

revoke all on function public.change_url_name(uuid, text) from public;
grant execute on function public.change_url_name(uuid, text) to authenticated;

-- sql/30-venues/78-venue-page.sql
create function private.venue_page(p_url_name text)
returns jsonb
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
  if v_venue.id is null or (v_venue.is_private and not private.has_permission(v_venue.organization_id, 'venues:read')) then
    perform private.raise_error(
      404, 'venue_not_found', format('There is no venue "%s", or it is not yours.', left(p_url_name, 100)),
      'The code of a private venue is for its members only.'
    );
  end if;
  return jsonb_build_object(
    'url_name', v_venue.url_name, 'name', v_venue.name, 'is_private', v_venue.is_private,
    'url', private.setting('venue_page_url') || v_venue.url_name
  );
end;
$$;

comment on function private.venue_page(text) is 'Definer: the tables are for members.';

revoke all on function private.venue_page(text) from public;
grant execute on function private.venue_page(text) to anon, authenticated;

create function public.venue_page(p_url_name text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.venue_page(p_url_name);
$$;

comment on function public.venue_page(text) is
  'Where a venue''s page is: url_name (the present one, when a former one was given), name, is_private and url, which is what the venue''s
QR code opens. A private venue answers only members with venues:read. Errors: 404 venue_not_found.';

revoke all on function public.venue_page(text) from public;
grant execute on function public.venue_page(text) to anon, authenticated;

create function private.venue_today(p_venue_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_zone text;
  v_rules public.venue_rules;
begin
  select organization.time_zone into v_zone
  from public.venues as venue
  join public.organizations as organization on organization.id = venue.organization_id
  where venue.id = p_venue_id and venue.archived_at is null;
  if v_zone is null then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue.', 'Find the venue again.');
  end if;
  select rules.* into v_rules from public.venue_rules as rules where rules.venue_id = p_venue_id;
  return jsonb_build_object(
    'rules', private.rules_of_asking(v_rules),
    'total_songs', private.book_size(private.venue_system(p_venue_id)),
    'requests_today', (
      select count(*)
      from public.requests as request
      where request.venue_id = p_venue_id
        and request.requested_at >= date_trunc('day', now() at time zone v_zone) at time zone v_zone
    ),
    'waiting', (
      select count(*)
      from public.requests as request
      where request.venue_id = p_venue_id and request.state in ('pending', 'accepted', 'performing')
    ),
    'show_opened_at', (select show.opened_at from public.shows as show where show.id = private.open_show(p_venue_id)),
    'pin_required', not private.is_admitted(p_venue_id),
    'rotation', (
      -- Only some show programs push theirs; one that is hours old is of another night.
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'singer_name', private.shown_name(array[singer.value ->> 'name'], v_rules.queue_visibility),
            'is_current', coalesce((singer.value ->> 'is_current')::boolean, false)
          )
          order by singer.number
        ),
        '[]'
      )
      from private.rotations as rotation
      cross join lateral jsonb_array_elements(rotation.singers) with ordinality as singer (value, number)
      where rotation.venue_id = p_venue_id and rotation.updated_at > now() - interval '6 hours'
        and v_rules.queue_visibility <> 'none' and private.is_admitted(p_venue_id)
    )
  );
end;
$$;

comment on function private.venue_today(uuid) is 'Definer: counts rows the caller may not see.';

revoke all on function private.venue_today(uuid) from public;
grant execute on function private.venue_today(uuid) to anon, authenticated;

create function public.venue_today(p_venue_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.venue_today(p_venue_id);
$$;

comment on function public.venue_today(uuid) is
  'What a venue tells at its door: total_songs of its book, requests_today (in its organization''s time zone), waiting, show_opened_at
(null before the night), pin_required for the caller, rotation: the singers in the order of a show program that pushes it, named as
the venue''s rules say, and rules: what whoever asks for a song is held to (see venue_rules; null is no limit). Errors: 404 venue_not_found.';

revoke all on function public.venue_today(uuid) from public;
grant execute on function public.venue_today(uuid) to anon, authenticated;

-- sql/30-venues/80-geocoding.sql
-- Where a venue is on the map. An app may send the position; otherwise the Edge Function geocoder looks the address up afterwards, so
-- that no provider ever holds up the saving of a venue.

create table private.geocoding_tasks (
  venue_id uuid primary key references public.venues (id) on delete cascade,
  revision uuid not null default gen_random_uuid(),
  attempts integer not null default 0,
  next_attempt_at timestamptz default now(),
  last_error text
);

alter table private.geocoding_tasks enable row level security;

create index geocoding_tasks_next_attempt_at_idx on private.geocoding_tasks (next_attempt_at) where next_attempt_at is not null;

comment on table private.geocoding_tasks is 'Venues without a position, whose address is to be looked up or could not be found.';
comment on column private.geocoding_tasks.revision is 'New with each change of the address: an answer about a former one is worth nothing.';
comment on column private.geocoding_tasks.next_attempt_at is 'Null once there is no use in trying again; last_error says why.';

create function private.drop_stale_position()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  if (new.address, new.city, new.state, new.postal_code, new.country)
      is distinct from (old.address, old.city, old.state, old.postal_code, old.country)
    and (new.latitude, new.longitude) is not distinct from (old.latitude, old.longitude)
  then
    new.latitude := null;
    new.longitude := null;
  end if;
  return new;
end;
$$;

comment on function private.drop_stale_position() is
  'A venue that moved is not where it was: until the new address is found, or the app sends a position, it is nowhere.';

revoke all on function private.drop_stale_position() from public;

-- Triggers of one event fire in the order of their names: this one after venues_prepare, which trims the texts.
create trigger venues_prepare_position
  before update on public.venues
  for each row execute function private.drop_stale_position();

create function private.enqueue_geocoding(p_venue_ids uuid[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if cardinality(p_venue_ids) > 0 then
    insert into private.geocoding_tasks (venue_id)
    select wanted.venue_id from unnest(p_venue_ids) as wanted (venue_id)
    on conflict (venue_id) do update
    set revision = excluded.revision, attempts = 0, next_attempt_at = now(), last_error = null;
    perform private.call_edge_function('/geocoder');
  end if;
end;
$$;

comment on function private.enqueue_geocoding(uuid[]) is
  'Has the addresses of venues looked up; whatever was being looked up for them counts no more. Definer: the tasks are private.';

revoke all on function private.enqueue_geocoding(uuid[]) from public;

create function private.geocode_new_venues()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_geocoding(array(select venue.id from changed as venue where venue.latitude is null order by venue.id));
  return null;
end;
$$;

comment on function private.geocode_new_venues() is 'Definer: the tasks are private.';

revoke all on function private.geocode_new_venues() from public;

create trigger venues_geocode_on_insert
  after insert on public.venues
  referencing new table as changed
  for each statement execute function private.geocode_new_venues();

create function private.geocode_moved_venues()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  delete from private.geocoding_tasks as task
  using changed as venue
  where task.venue_id = venue.id and (venue.latitude is not null or venue.archived_at is not null);
  perform private.enqueue_geocoding(array(
    select venue.id
    from changed as venue
    join former on former.id = venue.id
    where venue.latitude is null and venue.archived_at is null
      and (venue.address, venue.city, venue.state, venue.postal_code, venue.country)
        is distinct from (former.address, former.city, former.state, former.postal_code, former.country)
    order by venue.id
  ));
  return null;
end;
$$;

comment on function private.geocode_moved_venues() is
  'A position makes looking up needless, another address makes it necessary. Definer: the tasks are private.';

revoke all on function private.geocode_moved_venues() from public;

create trigger venues_geocode_on_update
  after update on public.venues
  referencing old table as former new table as changed
  for each statement execute function private.geocode_moved_venues();

create function private.claim_geocoding_tasks(p_limit integer)
returns table (
  venue_id uuid, revision uuid, address text, city text, state text, postal_code text, country text
)
language plpgsql
volatile
security definer
set search_path = ''
rows 10
as $$
begin
  return query
    with
      due as (
        select task.venue_id
        from private.geocoding_tasks as task
        where task.next_attempt_at <= now()
        order by task.next_attempt_at, task.venue_id
        limit p_limit
        for update skip locked
      ),
      claimed as (
        -- Whoever claims and dies loses the task to another run.
        update private.geocoding_tasks as task
        set attempts = task.attempts + 1, next_attempt_at = now() + interval '2 minutes'
        from due
        where task.venue_id = due.venue_id
        returning task.venue_id, task.revision
      )
    select claimed.venue_id, claimed.revision, venue.address, venue.city, venue.state, venue.postal_code, venue.country
    from claimed
    join public.venues as venue on venue.id = claimed.venue_id;
end;
$$;

comment on function private.claim_geocoding_tasks(integer) is
  'Addresses to look up now, at most p_limit; nobody else gets them for two minutes. Definer: the worker''s role may read no table.';

revoke all on function private.claim_geocoding_tasks(integer) from public;

create function private.finish_geocoding_task(
  p_venue_id uuid, p_revision uuid, p_outcome text, p_latitude double precision, p_longitude double precision, p_error text
)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  -- The venue's row first, as whoever changes its address takes it first.
  perform from public.venues as venue where venue.id = p_venue_id for update;
  if not exists (
    select from private.geocoding_tasks as task where task.venue_id = p_venue_id and task.revision = p_revision for update
  ) then
    return false;
  end if;
  if p_outcome = 'found' then
    -- This also ends the task.
    update public.venues set latitude = p_latitude, longitude = p_longitude where id = p_venue_id;
  else
    update private.geocoding_tasks
    set
      last_error = left(p_error, 500),
      -- 1, 2, 4, 8 minutes; five times in all.
      next_attempt_at = case
        when p_outcome = 'failed' and attempts < 5 then now() + make_interval(mins => (2 ^ (attempts - 1))::integer)
      end
    where venue_id = p_venue_id;
  end if;
  return true;
end;
$$;

comment on function private.finish_geocoding_task(uuid, uuid, text, double precision, double precision, text) is
  'What looking up came to: found with a position, not_found, or failed with the reason (tried again, five times in all). False, and
nothing happens, when the address has changed or a position was entered meanwhile. Definer: the worker''s role may write no table.';

revoke all on function private.finish_geocoding_task(uuid, uuid, text, double precision, double precision, text) from public;

create function private.wake_geocoder()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if exists (select from private.geocoding_tasks as task where task.next_attempt_at <= now()) then
    perform private.call_edge_function('/geocoder');
  end if;
end;
$$;

comment on function private.wake_geocoder() is 'Calls the function geocoder when an address is due. Definer: the tasks are private.';

revoke all on function private.wake_geocoder() from public;

create role geocoder nologin;
grant geocoder to postgres;
grant usage on schema private to geocoder;
grant execute on function private.claim_geocoding_tasks(integer) to geocoder;
grant execute on function private.finish_geocoding_task(uuid, uuid, text, double precision, double precision, text) to geocoder;

-- sql/40-songs/10-catalogue.sql
-- The catalogue: every song any host has, once. What hosts write differs in case, accents and punctuation, so a song has
-- spellings, and a book (20-books.sql) is a set of spellings. Nobody reads these tables directly: a search only ever sees
-- the spellings that are in the book it asks about.

create table public.songs (
  id bigint generated always as identity primary key,
  fingerprint text collate "C" not null unique,
  created_at timestamptz not null default now(),
  unused_since timestamptz
);

alter table public.songs enable row level security;
revoke all on public.songs from anon, authenticated, service_role;

comment on table public.songs is
  'One row per distinct song over all organizations. An id never changes and is never reused; who added it is not kept.
One that nobody has had for a month is removed.';
comment on column public.songs.fingerprint is 'private.song_fingerprint(artist, title).';
comment on column public.songs.unused_since is 'Since when it is known to be in no book; null while it is in one.';

create index songs_unused_since_idx on public.songs (unused_since) where unused_since is not null;

create function private.artist_letter(p_normalized_artist text)
returns text
language sql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
  select case
    when left(p_normalized_artist collate "default", 1) ~ '[[:alpha:]]' then upper(left(p_normalized_artist collate "default", 1))
    else '#'
  end;
$$;

comment on function private.artist_letter(text) is 'Where an artist stands in the alphabet; digits and symbols under "#".';

revoke all on function private.artist_letter(text) from public;

create table private.song_artists (
  id integer generated always as identity primary key,
  name text collate "C" not null unique,
  letter text collate "C" not null generated always as (private.artist_letter(name)) stored
);

alter table private.song_artists enable row level security;
revoke all on private.song_artists from anon, authenticated, service_role;

comment on table private.song_artists is 'The artists of the catalogue.';
comment on column private.song_artists.name is 'The first part of the fingerprint of their songs.';
comment on column private.song_artists.letter is 'private.artist_letter(name).';

create function private.spelling_words(p_artist text, p_title text)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
declare
  v_artist text := replace(private.normalize_text(p_artist), ' ', '');
  v_title text := replace(private.normalize_text(p_title), ' ', '');
begin
  return ' ' || array_to_string(
    private.search_words(p_artist) || private.search_words(p_title)
      || ('=' || left(v_artist || v_title, 60)) || ('=' || left(v_title || v_artist, 60)),
    ' '
  ) || ' ';
end;
$$;

comment on function private.spelling_words(text, text) is 'The words by which a song can be found, each between blanks; behind "=" artist and title as one word, in both orders.';

revoke all on function private.spelling_words(text, text) from public;

create table private.song_spellings (
  id integer generated always as identity primary key,
  song_id bigint not null references public.songs (id) on delete restrict,
  artist_id integer not null references private.song_artists (id) on delete restrict,
  artist text collate "C" not null,
  title text collate "C" not null,
  words text not null generated always as (private.spelling_words(artist, title)) stored,
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
comment on column private.song_spellings.words is 'private.spelling_words(artist, title).';
comment on column private.song_spellings.artist_id is 'Follows from the song; kept here so that publishing a book need not read its songs.';

-- A chunk is a run of spellings: the unit of a book's bitmap and of the search index. The first ones are small, because what
-- the catalogue has known longest is what most books have: a search for a common word is done after the first or second.
create function private.song_chunk(p_spelling_id integer)
returns integer
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  return case
    when p_spelling_id < 15000 then 0
    when p_spelling_id < 30000 then 1
    when p_spelling_id < 60000 then 2
    when p_spelling_id < 120000 then 3
    else 4 + p_spelling_id / 240000
  end;
end;
$$;

comment on function private.song_chunk(integer) is 'Which chunk a spelling belongs to: 15,000 in the first, each as large as all before it, up to 240,000.';

revoke all on function private.song_chunk(integer) from public;

create function private.chunk_start(p_chunk integer)
returns integer
language sql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
  select case when p_chunk < 5 then (array[0, 15000, 30000, 60000, 120000])[p_chunk + 1] else (p_chunk - 4) * 240000 end;
$$;

comment on function private.chunk_start(integer) is 'The lowest id that song_chunk() puts into this chunk.';

revoke all on function private.chunk_start(integer) from public;

-- The index holds the words of a spelling behind the number of its chunk, so it can be asked about one chunk at a time:
--   "0 love"           a word
--   "0~l" "0~lo" "0~lov"   a word begins with this letter, with these two, with these three
--   "0=lovemedo..."    artist and title begin like this, wherever the blanks are
create function private.song_tokens(p_spelling_id integer, p_words text)
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
  v_chunk text := private.song_chunk(p_spelling_id);
  v_tokens text[] := array[]::text[];
  v_word text;
begin
  foreach v_word in array string_to_array(btrim(p_words, ' '), ' ') loop
    if starts_with(v_word, '=') then
      v_tokens := array_append(v_tokens, v_chunk || v_word);
    else
      v_tokens := v_tokens
        || array[
          v_chunk || ' ' || v_word, v_chunk || '~' || left(v_word, 1), v_chunk || '~' || left(v_word, 2), v_chunk || '~' || left(v_word, 3)
        ];
    end if;
  end loop;
  return array_to_tsvector(v_tokens);
end;
$$;

comment on function private.song_tokens(integer, text) is 'What the search index holds about one spelling.';

revoke all on function private.song_tokens(integer, text) from public;

-- With the pending list, which takes the tokens of many songs in together at a third of the cost. add_spellings() empties it at
-- once: its entries would be scanned by every search until somebody's insert pays for all of them.
create index song_spellings_tokens_idx on private.song_spellings
  using gin (private.song_tokens(id, words)) with (fastupdate = on);

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

-- As a tsvector, which unlike an array can be asked for what begins with a text.
create index song_words_neighbours_idx on private.song_words
  using gin (array_to_tsvector(private.word_neighbours(word))) with (fastupdate = off);

comment on table private.song_words is 'Every word of three letters or more in the catalogue: what a mistyped word may have meant.';

-- Adds what is not there yet. Rows go in in one order everywhere, and artists, songs, spellings and words always in that
-- order: two hosts who bring the same new songs at once wait for each other and never in a circle.
create function private.add_spellings(p_artists text[], p_titles text[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
set jit = off
-- A batch is small and the catalogue is large: whatever reads a table as a whole is a mistake.
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  v_fingerprints text[];
  v_words text[];
begin
  select array_agg(private.song_fingerprint(new.artist, new.title) order by new.number)
  into v_fingerprints
  from unnest(p_artists, p_titles) with ordinality as new (artist, title, number);

  insert into private.song_artists (name)
  select new.name
  from (select distinct split_part(fingerprint, U&'\001F', 1) collate "C" as name from unnest(v_fingerprints) as fingerprint) as new
  where not exists (select from private.song_artists as artist where artist.name = new.name)
  order by new.name
  on conflict do nothing;

  insert into public.songs (fingerprint)
  select distinct fingerprint collate "C"
  from unnest(v_fingerprints) as fingerprint
  where not exists (select from public.songs as song where song.fingerprint = fingerprint.fingerprint)
  order by 1
  on conflict do nothing;

  with added as (
    insert into private.song_spellings (song_id, artist_id, artist, title)
    select distinct song.id, song_artist.id, new.artist collate "C" as artist, new.title collate "C" as title
    from unnest(p_artists, p_titles, v_fingerprints) as new (artist, title, fingerprint)
    join public.songs as song on song.fingerprint = new.fingerprint
    join private.song_artists as song_artist on song_artist.name = split_part(new.fingerprint, U&'\001F', 1)
    where not exists (
      select from private.song_spellings as known where known.artist = new.artist and known.title = new.title
    )
    order by artist, title
    on conflict do nothing
    returning words
  )
  select array_agg(distinct word order by word) into v_words
  from added
  cross join lateral unnest(string_to_array(btrim(added.words, ' '), ' ')) as word
  where char_length(word) >= 3 and not starts_with(word, '=');

  insert into private.song_words (word)
  select word
  from unnest(v_words) as word
  where not exists (select from private.song_words as known where known.word = word.word)
  order by word collate "C"
  on conflict do nothing;

  perform gin_clean_pending_list('private.song_spellings_tokens_idx');
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
  select coalesce(array_agg(found.id), '{}'), coalesce(array_agg(found.song_id), '{}'), coalesce(array_agg(found.artist_id), '{}')
  into spelling_ids, song_ids, artist_ids
  from (
    select spelling.id, spelling.song_id, spelling.artist_id
    from unnest(p_artists, p_titles) with ordinality as wanted (artist, title, number)
    left join private.song_spellings as spelling on spelling.artist = wanted.artist and spelling.title = wanted.title
    order by wanted.number
  ) as found;
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
  perform private.hold_catalogue();
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
  spelling_ids integer[] default '{}',
  spelling_words text[],
  published_at timestamptz,
  changed_at timestamptz not null default now(),
  constraint songs_are_not_negative check (songs >= 0),
  constraint short_books_are_listed check ((songs <= 2000) = (spelling_ids is not null)),
  constraint the_list_is_complete check (cardinality(spelling_ids) = songs),
  constraint the_list_has_all_words check (cardinality(spelling_words) is not distinct from cardinality(spelling_ids))
);

alter table private.books enable row level security;
revoke all on private.books from anon, authenticated, service_role;

comment on table private.books is 'One row per system that has or had a song book. Its row lock serialises all writers of the book.';
comment on column private.books.content_hash is 'Hash of the upload it came from; null once songs were edited one by one.';
comment on column private.books.newest is 'The spellings added last, newest first, at most 200.';
comment on column private.books.spelling_ids is
  'All spellings of a book of up to 2,000 songs, which is searched faster one by one than through the index of the catalogue.';
comment on column private.books.spelling_words is
  'The words of spelling_ids, one by one: reading them here costs a third of a thousand look-ups. They come with a draft; for any other
change of the list a trigger notes them.';
comment on column private.books.published_at is 'When an upload was last published, changed or not.';
comment on column private.books.changed_at is 'When its songs last changed.';

-- Read by every search of the book, written seldom: packing them would cost more than it saves.
alter table private.books alter column spelling_words set storage external;

create function private.listed_words(p_spelling_ids integer[])
returns text[]
language plpgsql
stable
strict
security invoker
set search_path = ''
as $$
begin
  return array(
    select spelling.words
    from unnest(p_spelling_ids) with ordinality as listed (spelling_id, place)
    join private.song_spellings as spelling on spelling.id = listed.spelling_id
    order by listed.place
  );
end;
$$;

comment on function private.listed_words(integer[]) is 'The words of each of some spellings, in their order.';

revoke all on function private.listed_words(integer[]) from public;

create function private.list_spelling_words()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  new.spelling_words := private.listed_words(new.spelling_ids);
  return new;
end;
$$;

comment on function private.list_spelling_words() is
  'Trigger: notes the words of a short book beside its list, unless whoever wrote the list brought them along.';

revoke all on function private.list_spelling_words() from public;

create trigger list_spelling_words_of_new
  before insert on private.books
  for each row when (new.spelling_words is null)
  execute function private.list_spelling_words();

create trigger list_spelling_words
  before update of spelling_ids on private.books
  for each row when (new.spelling_words is not distinct from old.spelling_words)
  execute function private.list_spelling_words();

create table private.book_chunks (
  system_id uuid not null references private.books (system_id) on delete cascade,
  chunk integer not null,
  songs integer not null,
  members bytea not null,
  primary key (system_id, chunk),
  constraint members_has_30000_bytes check (octet_length(members) = 30000),
  constraint songs_are_1_to_240000 check (songs between 1 and 240000)
);

alter table private.book_chunks enable row level security;
revoke all on private.book_chunks from anon, authenticated, service_role;

comment on table private.book_chunks is 'Which spellings of a chunk are in the book.';
comment on column private.book_chunks.members is 'Bit n is set when the spelling of this chunk whose id leaves n when divided by 240000 is in the book.';

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
  venue_id uuid not null references public.venues (id) on delete cascade,
  song_id bigint not null references public.songs (id) on delete cascade,
  requests integer not null default 1,
  primary key (venue_id, song_id)
) with (fillfactor = 70);

alter table private.song_popularity enable row level security;
revoke all on private.song_popularity from anon, authenticated, service_role;

create index song_popularity_song_id_idx on private.song_popularity (song_id);
create index song_popularity_requests_idx on private.song_popularity (venue_id, requests desc, song_id);

comment on table private.song_popularity is 'How often a song was asked for at a venue; orders search results.';

create function private.count_song_request(p_venue_id uuid, p_song_id bigint)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into private.song_popularity as popularity (venue_id, song_id) values (p_venue_id, p_song_id)
  on conflict (venue_id, song_id) do update set requests = popularity.requests + 1;
end;
$$;

comment on function private.count_song_request(uuid, bigint) is 'Makes a song one request more popular at a venue.';

revoke all on function private.count_song_request(uuid, bigint) from public;

-- Sets of spellings and bitmaps, one into the other ------------------------------------------------------------------

create function private.chunk_members(p_spelling_ids integer[])
returns table (chunk integer, songs integer, members bytea)
language plpgsql
immutable
security invoker
rows 10
set search_path = ''
-- Every estimate is for a handful of spellings, and there are a hundred thousand.
set jit = off
set work_mem = '64MB'
set enable_nestloop = off
set enable_mergejoin = off
set enable_sort = off
as $$
begin
  return query
  with
    -- Five bytes at a time: as many as a bigint holds of those that never reach over the end of a chunk.
    pieces as (
      select id / 40 as place, bit_or(1::bigint << (32 - id % 40 / 8 * 8 + id % 8)) as bits
      from unnest(p_spelling_ids) as id
      group by 1
    ),
    placed as (select private.song_chunk(pieces.place * 40) as chunk, pieces.place % 6000 as place, pieces.bits from pieces),
    filled as (
      select
        every.chunk,
        string_agg(coalesce(substr(int8send(placed.bits), 4), '\x0000000000'), '' order by every.place) as members
      from (
        select chunks.chunk, place
        from (select distinct placed.chunk from placed) as chunks
        cross join generate_series(0, 5999) as place
      ) as every
      left join placed on placed.chunk = every.chunk and placed.place = every.place
      group by every.chunk
    )
  select filled.chunk, bit_count(filled.members)::integer, filled.members from filled;
end;
$$;

comment on function private.chunk_members(integer[]) is 'The bitmaps of a set of spellings.';

revoke all on function private.chunk_members(integer[]) from public;

create function private.member_bits(p_members bytea)
returns bit
language sql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
  select ('x' || encode(p_members, 'hex'))::bit(240000);
$$;

comment on function private.member_bits(bytea) is
  'A bitmap as a bit string, which knows "and" and "or"; it has the first bit of a byte at the other end than get_bit() of bytea.';

revoke all on function private.member_bits(bytea) from public;

create function private.chunk_spellings(p_chunk integer, p_members bytea, p_first_byte integer default 0)
returns setof integer
language plpgsql
immutable
strict
security invoker
rows 10000
set search_path = ''
as $$
declare
  -- A stored bitmap is packed; unpack it once, not once per byte.
  v_members bytea := p_members || ''::bytea;
begin
  return query
  select greatest(p_chunk - 4, 0) * 240000 + (p_first_byte + byte.position) * 8 + bit
  from (
    select position, get_byte(v_members, position) as value
    from generate_series(0, octet_length(v_members) - 1) as position
    offset 0
  ) as byte
  cross join generate_series(0, 7) as bit
  where byte.value & (1 << bit) <> 0
  order by 1;
end;
$$;

comment on function private.chunk_spellings(integer, bytea, integer) is
  'The spellings in one bitmap, or in a part of one that begins at this byte of it, in order.';

revoke all on function private.chunk_spellings(integer, bytea, integer) from public;

create function private.book_spellings(p_system_id uuid)
returns integer[]
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(array_agg(spelling_id), '{}')
  from private.book_chunks as book
  cross join lateral private.chunk_spellings(book.chunk, book.members) as spelling_id
  where book.system_id = p_system_id;
$$;

comment on function private.book_spellings(uuid) is 'All spellings of a book. Definer: books are private.';

revoke all on function private.book_spellings(uuid) from public;

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
  join private.book_chunks as book on book.system_id = p_system_id and book.chunk = private.song_chunk(spelling.id)
  where spelling.song_id = p_song_id and get_bit(book.members, spelling.id % 240000) = 1;
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
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce((select book.songs from private.books as book where book.system_id = p_system_id), 0)
  );
end;
$$;

comment on function private.book_size(uuid) is 'How many songs the book of a system has.';

revoke all on function private.book_size(uuid) from public;
grant execute on function private.book_size(uuid) to service_role;

-- sql/40-songs/25-blocked-songs.sql
-- What a venue will not have sung. Blocked songs stay in the book and are left out wherever singers look through it.

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

-- sql/40-songs/30-uploads.sql
-- How a book comes in. OpenKJ clears, sends batches of 1,000 songs and never says that it is done; so batches are staged
-- beside the book that singers search, and published as a whole.

create table private.book_uploads (
  id uuid primary key default gen_random_uuid(),
  system_id uuid not null references public.systems (id) on delete cascade,
  state text not null default 'staged',
  sender uuid,
  is_interrupted boolean not null default false,
  doubt text,
  opened_at timestamptz not null default now(),
  closed_at timestamptz,
  constraint state_is_known check (state in ('staged', 'published')),
  constraint doubt_is_known check (doubt in ('gap', 'interrupted')),
  constraint closed_when_published check ((state = 'published') = (closed_at is not null)),
  unique (system_id, state)
);

alter table private.book_uploads enable row level security;
revoke all on private.book_uploads from anon, authenticated, service_role;

comment on table private.book_uploads is
  'For each system the upload that is under way and the one its book came from: at most one of each.';
comment on column private.book_uploads.sender is 'The running copy of the function that handed over its beginning.';
comment on column private.book_uploads.is_interrupted is
  'Whether a part of it came through another copy of the function, or the database was restarted meanwhile: batches may be lost.';
comment on column private.book_uploads.doubt is
  'Why it waits for the host although its end came: see private.upload_doubt(). No further batch is added to it.';

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

create function private.record_book_change(p_system_id uuid, p_operation text, p_old_values jsonb, p_new_values jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.write_audit(
    (select system.organization_id from public.systems as system where system.id = p_system_id),
    'song_books', p_system_id::text, p_operation, p_old_values, p_new_values
  );
end;
$$;

comment on function private.record_book_change(uuid, text, jsonb, jsonb) is
  'Writes what was done to a book as one entry of the audit log, however many songs it concerns. Definer: as write_audit.';

revoke all on function private.record_book_change(uuid, text, jsonb, jsonb) from public;

create function private.book_stage_open(p_system_id uuid, p_sender uuid default null)
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
  delete from private.book_drafts as draft where draft.system_id = p_system_id;
  insert into private.book_uploads (system_id, sender) values (p_system_id, p_sender) returning id into v_upload_id;
  return v_upload_id;
end;
$$;

comment on function private.book_stage_open(uuid, uuid) is
  'Starts an upload of the system''s book, dropping one that was under way. The live book stays as it is. p_sender: the running copy
of the function that hands it over. Definer: books are private; callers check who may write songs.';

revoke all on function private.book_stage_open(uuid, uuid) from public;
grant execute on function private.book_stage_open(uuid, uuid) to service_role;

create function private.read_songs(p_songs jsonb, out artists text[], out titles text[], out errors jsonb)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  select coalesce(array_agg(song.artist), '{}'), coalesce(array_agg(song.title), '{}')
  into artists, titles
  from (
    select element.value ->> 'artist' as artist, element.value ->> 'title' as title
    from jsonb_array_elements(p_songs) with ordinality as element (value, number)
    where jsonb_typeof(element.value -> 'artist') = 'string' and jsonb_typeof(element.value -> 'title') = 'string'
    order by element.number
  ) as song
  where char_length(song.artist) <= 255 and char_length(song.title) <= 255
    and song.artist ~ '[^[:space:]]' and song.title ~ '[^[:space:]]';

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

create function private.book_stage_add(p_system_id uuid, p_songs jsonb, p_sender uuid default null)
returns table (processed integer, errors jsonb)
language plpgsql
volatile
security definer
set search_path = ''
set jit = off
as $$
declare
  v_hash uuid := md5(p_songs::text)::uuid;
  v_upload private.book_uploads;
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
  select upload.* into v_upload
  from private.book_uploads as upload
  where upload.system_id = p_system_id and upload.state = 'staged';
  if v_upload.id is null and v_known.id is not null then
    -- The last batch again, after its upload was published: the client saw no answer. It must not become a new book.
    processed := v_known.accepted;
    errors := v_known.errors;
    return next;
    return;
  end if;
  if v_upload.id is null or exists (
    select
    from private.book_upload_batches as batch
    where batch.upload_id = v_upload.id
    having max(batch.received_at) < now() - interval '1 hour'
      -- Its end came, and this is not that end again.
      or v_upload.doubt is not null and bool_or(batch.received < 1000) and not bool_or(batch.content_hash = v_hash)
  ) then
    -- OpenKJ begins with clearDatabase: that must have been lost.
    v_upload.id := private.book_stage_open(p_system_id);
    v_upload.sender := null;
  end if;
  if p_sender is distinct from v_upload.sender then
    update private.book_uploads as upload set is_interrupted = true where upload.id = v_upload.id and not upload.is_interrupted;
  end if;

  if v_known.id is not null then
    processed := v_known.accepted;
    errors := v_known.errors;
    insert into private.book_upload_batches (
      upload_id, content_hash, received, accepted, errors, first_spelling_id, last_spelling_id, payload
    )
    values (
      v_upload.id, v_hash, v_known.received, processed, errors, v_known.first_spelling_id, v_known.last_spelling_id, p_songs
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
      v_upload.id, v_hash, jsonb_array_length(p_songs), processed, errors,
      v_found.spelling_ids[1], v_found.spelling_ids[cardinality(v_found.spelling_ids)],
      v_found.spelling_ids, v_found.song_ids, v_found.artist_ids
    )
    on conflict (upload_id, content_hash) do nothing;
  end if;
  if found then
    delete from private.book_drafts as draft where draft.system_id = p_system_id;
    update private.book_uploads as upload set doubt = null where upload.id = v_upload.id and upload.doubt is not null;
  end if;
  return next;
end;
$$;

comment on function private.book_stage_add(uuid, jsonb, uuid) is
  'Stages a batch of [{"artist", "title"}], opening an upload when there is none, the last one was left an hour ago, or it waits for
the host. Returns how many songs were taken and, for each of the others, its index and what is wrong with it. The same batch twice
counts once. p_sender as in book_stage_open. Definer: the catalogue and books are private; callers check who may write songs.';

revoke all on function private.book_stage_add(uuid, jsonb, uuid) from public;
grant execute on function private.book_stage_add(uuid, jsonb, uuid) to service_role;

-- A book that is ready to replace the live one. Whoever changes a book, or adds to its upload, drops it.
create table private.book_drafts (
  system_id uuid primary key references private.books (system_id) on delete cascade,
  songs integer not null,
  songs_removed integer not null,
  newest integer[] not null,
  spelling_ids integer[],
  spelling_words text[]
);

alter table private.book_drafts alter column spelling_words set storage external;
alter table private.book_drafts enable row level security;
revoke all on private.book_drafts from anon, authenticated, service_role;

comment on table private.book_drafts is
  'Books made ready beside the live ones, so that publishing is a matter of milliseconds. Columns as in private.books.';
comment on column private.book_drafts.songs_removed is 'How many songs of the live book it does not have.';

create table private.book_draft_chunks (
  system_id uuid not null references private.book_drafts (system_id) on delete cascade,
  chunk integer not null,
  songs integer not null,
  members bytea not null,
  primary key (system_id, chunk)
);

alter table private.book_draft_chunks enable row level security;
revoke all on private.book_draft_chunks from anon, authenticated, service_role;

comment on table private.book_draft_chunks is 'As private.book_chunks.';

create table private.book_draft_letters (
  system_id uuid not null references private.book_drafts (system_id) on delete cascade,
  letter text collate "C" not null,
  artists integer[] not null,
  songs integer[] not null,
  primary key (system_id, letter)
);

alter table private.book_draft_letters enable row level security;
revoke all on private.book_draft_letters from anon, authenticated, service_role;

comment on table private.book_draft_letters is 'As private.book_letters.';

create function private.draft_book(p_system_id uuid, p_spelling_ids integer[], p_artist_ids integer[])
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
set jit = off
set work_mem = '64MB'
as $$
declare
  v_draft private.book_drafts;
  v_added integer;
  v_chunk record;
  v_first integer;
  v_end integer;
begin
  delete from private.book_drafts as draft where draft.system_id = p_system_id;
  insert into private.book_drafts (system_id, songs, songs_removed, newest, spelling_ids)
  values (p_system_id, cardinality(p_spelling_ids), 0, '{}', case when cardinality(p_spelling_ids) <= 2000 then p_spelling_ids end);
  insert into private.book_draft_chunks (system_id, chunk, songs, members)
  select p_system_id, next.chunk, next.songs, next.members from private.chunk_members(p_spelling_ids) as next;

  select
    cardinality(p_spelling_ids) - coalesce(sum(kept.songs), 0),
    private.book_size(p_system_id) - coalesce(sum(kept.songs), 0)
  into v_added, v_draft.songs_removed
  from private.book_draft_chunks as next
  join private.book_chunks as live on live.system_id = next.system_id and live.chunk = next.chunk
  cross join lateral bit_count(private.member_bits(next.members) & private.member_bits(live.members)) as kept (songs)
  where next.system_id = p_system_id;
  if v_added = 0 and v_draft.songs_removed = 0 then
    delete from private.book_drafts as draft where draft.system_id = p_system_id;
    return false;
  end if;

  v_draft.newest := '{}';
  if v_added > 0 then
    -- From the end of the catalogue, until there are enough.
    for v_chunk in
      select next.chunk, live.members || ''::bytea as live_members
      from private.book_draft_chunks as next
      left join private.book_chunks as live on live.system_id = next.system_id and live.chunk = next.chunk
      where next.system_id = p_system_id and next.members is distinct from live.members
      order by next.chunk desc
    loop
      v_first := private.chunk_start(v_chunk.chunk);
      v_end := private.chunk_start(v_chunk.chunk + 1);
      v_draft.newest := v_draft.newest || array(
        select spelling_id
        from unnest(p_spelling_ids) as spelling_id
        where spelling_id >= v_first and spelling_id < v_end
          and get_bit(v_chunk.live_members, spelling_id % 240000) is distinct from 1
        order by spelling_id desc
        limit 200 - cardinality(v_draft.newest)
      );
      exit when cardinality(v_draft.newest) = 200;
    end loop;
  end if;
  update private.book_drafts as draft
  set songs_removed = v_draft.songs_removed, newest = v_draft.newest, spelling_words = private.listed_words(draft.spelling_ids)
  where draft.system_id = p_system_id;
  insert into private.book_draft_letters (system_id, letter, artists, songs)
  select p_system_id, listed.letter, array_agg(listed.spelling_id), array_agg(listed.songs)
  from (
    select artist.letter, counted.spelling_id, counted.songs
    from (
      select member.artist_id, min(member.spelling_id) as spelling_id, count(*)::integer as songs
      from unnest(p_spelling_ids, p_artist_ids) as member (spelling_id, artist_id)
      group by member.artist_id
    ) as counted
    join private.song_artists as artist on artist.id = counted.artist_id
    order by artist.letter, artist.name
  ) as listed
  group by listed.letter;
  return true;
end;
$$;

comment on function private.draft_book(uuid, integer[], integer[]) is
  'Makes a book of exactly these spellings ready, which come with their artists; false, and no draft, when the live book is the same.
Callers hold its lock. Definer: books are private.';

revoke all on function private.draft_book(uuid, integer[], integer[]) from public;

create function private.publish_draft(p_system_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  -- What stays as it is is not written again.
  delete from private.book_chunks as live
  where live.system_id = p_system_id and not exists (
    select
    from private.book_draft_chunks as draft
    where draft.system_id = p_system_id and draft.chunk = live.chunk and draft.members = live.members
  );
  insert into private.book_chunks (system_id, chunk, songs, members)
  select draft.system_id, draft.chunk, draft.songs, draft.members
  from private.book_draft_chunks as draft
  where draft.system_id = p_system_id
  on conflict do nothing;

  delete from private.book_letters as live
  where live.system_id = p_system_id and not exists (
    select
    from private.book_draft_letters as draft
    where draft.system_id = p_system_id and draft.letter = live.letter and draft.artists = live.artists and draft.songs = live.songs
  );
  insert into private.book_letters (system_id, letter, artists, songs)
  select draft.system_id, draft.letter, draft.artists, draft.songs
  from private.book_draft_letters as draft
  where draft.system_id = p_system_id
  on conflict do nothing;

  update private.books as book
  set
    songs = draft.songs, spelling_ids = draft.spelling_ids, spelling_words = draft.spelling_words,
    newest = (draft.newest || book.newest)[:200], changed_at = now()
  from private.book_drafts as draft
  where book.system_id = p_system_id and draft.system_id = p_system_id;
  delete from private.book_drafts as draft where draft.system_id = p_system_id;
end;
$$;

comment on function private.publish_draft(uuid) is
  'Puts the book that was made ready in the place of the live one. Callers hold its lock. Definer: books are private.';

revoke all on function private.publish_draft(uuid) from public;

create function private.replace_book(p_system_id uuid, p_spelling_ids integer[], p_artist_ids integer[])
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if not private.draft_book(p_system_id, p_spelling_ids, p_artist_ids) then
    return false;
  end if;
  perform private.publish_draft(p_system_id);
  return true;
end;
$$;

comment on function private.replace_book(uuid, integer[], integer[]) is
  'Gives the book exactly these spellings, which come with their artists, and says whether that changed anything. Callers hold its
lock. Definer: books are private.';

revoke all on function private.replace_book(uuid, integer[], integer[]) from public;

create function private.upload_hash(p_upload_id uuid)
returns uuid
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(md5(string_agg(batch.content_hash::text, '' order by batch.content_hash)), md5(''))::uuid
  from private.book_upload_batches as batch
  where batch.upload_id = p_upload_id and batch.received > 0;
$$;

comment on function private.upload_hash(uuid) is 'By which an unchanged book is recognised. Definer: uploads are private.';

revoke all on function private.upload_hash(uuid) from public;

create function private.draft_upload(p_system_id uuid, p_upload_id uuid)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
set jit = off
set work_mem = '64MB'
as $$
declare
  v_batch record;
  v_songs record;
  v_found record;
  v_spelling_ids integer[];
  v_artist_ids integer[];
begin
  if private.upload_hash(p_upload_id) = (select book.content_hash from private.books as book where book.system_id = p_system_id) then
    return false;
  elsif exists (select from private.book_drafts as draft where draft.system_id = p_system_id) then
    return true;
  end if;
  for v_batch in
    select batch.id, batch.payload
    from private.book_upload_batches as batch
    where batch.upload_id = p_upload_id and batch.payload is not null
  loop
    select * into v_songs from private.read_songs(v_batch.payload);
    select * into v_found from private.require_spellings(v_songs.artists, v_songs.titles);
    update private.book_upload_batches as batch
    set payload = null, spelling_ids = v_found.spelling_ids, song_ids = v_found.song_ids, artist_ids = v_found.artist_ids
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
    where batch.upload_id = p_upload_id
    group by staged.song_id
  ) as kept;
  return private.draft_book(p_system_id, v_spelling_ids, v_artist_ids);
end;
$$;

comment on function private.draft_upload(uuid, uuid) is
  'Makes the book of a staged upload ready; false when the live book is the same. Callers hold the lock of the book. Definer: books
are private.';

revoke all on function private.draft_upload(uuid, uuid) from public;

create function private.spelling_key(p_spelling_id integer)
returns text
language sql
stable
security definer
set search_path = ''
as $$
  select lower(spelling.artist) || U&'\0001' || lower(spelling.title) from private.song_spellings as spelling where spelling.id = p_spelling_id;
$$;

comment on function private.spelling_key(integer) is
  'By which OpenKJ sorts a song, to be compared byte by byte (collation "C"). Definer: the catalogue is private.';

revoke all on function private.spelling_key(integer) from public;

-- OpenKJ sends batch after batch, looks at no answer and sends none again. One that is lost on its way, because the network, the
-- function or the database was away, is not missed by anybody but here.
create function private.upload_doubt(p_upload private.book_uploads, p_has_ended boolean)
returns text
language plpgsql
stable
security definer
set search_path = ''
set jit = off
as $$
declare
  -- What was in a batch of 1,000 that got lost, if most of it was in the book before.
  v_suspicious constant integer := 500;
  v_songs integer;
  v_live integer := private.book_size(p_upload.system_id);
  v_removed integer;
  v_firsts text[];
  v_lasts text[];
  v_is_sorted boolean;
begin
  select draft.songs, draft.songs_removed into v_songs, v_removed
  from private.book_drafts as draft
  where draft.system_id = p_upload.system_id;
  if v_removed is null or v_removed < v_suspicious then
    return null;
  end if;
  -- One short batch is what a small book looks like: without a sign of a break it is taken at its word.
  if p_has_ended and not p_upload.is_interrupted and not exists (
    select from private.book_upload_batches as batch where batch.upload_id = p_upload.id and batch.received >= 1000
  ) then
    return null;
  end if;

  -- OpenKJ sorts its songs, and sends each batch backwards.
  select
    coalesce(array_agg(batch.first order by batch.id), '{}'),
    coalesce(array_agg(batch.last order by batch.id), '{}'),
    coalesce(bool_and(batch.is_sorted), true)
  into v_firsts, v_lasts, v_is_sorted
  from (
    select
      batch.id, first.key as first, last.key as last,
      first.key <= last.key collate "C" and coalesce(lag(last.key) over sent < first.key collate "C", true) as is_sorted
    from private.book_upload_batches as batch
    cross join lateral private.spelling_key(batch.last_spelling_id) as first (key)
    cross join lateral private.spelling_key(batch.first_spelling_id) as last (key)
    where batch.upload_id = p_upload.id and batch.accepted > 0
    window sent as (order by batch.id)
  ) as batch;

  if v_is_sorted and v_live - v_removed >= v_songs / 2 then
    -- The book as it was, with changes. Songs that the host took out lie anywhere; those of a lost batch lie before, between or,
    -- unless the end came, behind the others.
    return (
      select 'gap'
      from (
        select width_bucket(removed.key collate "C", v_firsts) as place, removed.key
        from (
          -- Unpacked once per chunk, not once per song.
          select live.chunk, live.members, draft.members || ''::bytea as draft_members
          from private.book_chunks as live
          left join private.book_draft_chunks as draft on draft.system_id = live.system_id and draft.chunk = live.chunk
          where live.system_id = p_upload.system_id and draft.members is distinct from live.members
          offset 0
        ) as chunk
        cross join lateral private.chunk_spellings(chunk.chunk, chunk.members) as member (spelling_id)
        cross join lateral private.spelling_key(member.spelling_id) as removed (key)
        where get_bit(chunk.draft_members, member.spelling_id % 240000) is distinct from 1
      ) as removed
      where removed.place = 0 or removed.key > v_lasts[removed.place] collate "C"
      group by removed.place
      having count(*) >= v_suspicious and (removed.place = 0 or removed.place < cardinality(v_firsts) or not p_has_ended)
      limit 1
    );
  end if;
  -- Another book, or in no order: what is missing cannot be told, only that something may be.
  return case when p_upload.is_interrupted and v_songs <= v_live - v_suspicious then 'interrupted' end;
end;
$$;

comment on function private.upload_doubt(private.book_uploads, boolean) is
  'Why a staged upload, whose book is drafted, may have lost batches: "gap" when songs of the live book are missing that stand together
before or between two batches (or behind the last one, when no end came), "interrupted" when it came through two copies of the
function or past a restart and is smaller; null when there is nothing to suspect, as with one short batch and no restart. Definer: books are private.';

revoke all on function private.upload_doubt(private.book_uploads, boolean) from public;

create function private.book_publish(p_system_id uuid, out changed boolean, out songs integer)
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_upload_id uuid;
  v_songs integer;
begin
  changed := false;
  perform private.lock_book(p_system_id);
  select upload.id into v_upload_id
  from private.book_uploads as upload
  where upload.system_id = p_system_id and upload.state = 'staged';
  if found then
    changed := private.draft_upload(p_system_id, v_upload_id);
    if changed then
      v_songs := private.book_size(p_system_id);
      perform private.publish_draft(p_system_id);
      perform private.record_book_change(
        p_system_id, 'import', jsonb_build_object('songs', v_songs), jsonb_build_object('songs', private.book_size(p_system_id))
      );
    end if;
    update private.books as book
    set content_hash = private.upload_hash(v_upload_id), published_at = now()
    where book.system_id = p_system_id;
    delete from private.book_uploads as upload where upload.system_id = p_system_id and upload.state = 'published';
    update private.book_uploads as upload set state = 'published', doubt = null, closed_at = now() where upload.id = v_upload_id;
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

create function private.book_stage_end(
  p_system_id uuid, p_has_ended boolean default true, out published boolean, out changed boolean, out songs integer
)
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_upload private.book_uploads;
  v_doubt text;
begin
  perform private.lock_book(p_system_id);
  update private.book_uploads as upload
  set is_interrupted = upload.is_interrupted or upload.opened_at < pg_postmaster_start_time()
  where upload.system_id = p_system_id and upload.state = 'staged'
  returning upload.* into v_upload;
  if found and private.draft_upload(p_system_id, v_upload.id) then
    v_doubt := private.upload_doubt(v_upload, p_has_ended);
    update private.book_uploads as upload set doubt = v_doubt where upload.id = v_upload.id;
  end if;
  published := v_doubt is null;
  if published then
    select result.changed, result.songs into changed, songs from private.book_publish(p_system_id) as result;
  else
    changed := false;
    songs := private.book_size(p_system_id);
  end if;
end;
$$;

comment on function private.book_stage_end(uuid, boolean) is
  'Publishes the staged upload, whose end came or which has been silent; one that may have lost batches is kept for the host to decide.
Tells whether it was published, whether any song changed and how many there are now. Definer: as book_publish.';

revoke all on function private.book_stage_end(uuid, boolean) from public;
grant execute on function private.book_stage_end(uuid, boolean) to service_role;

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
      bool_or(batch.received < 1000) as has_ended,
      sum(batch.accepted) as songs
    from private.book_uploads as upload
    join private.book_upload_batches as batch on batch.upload_id = upload.id
    where upload.state = 'staged' and upload.doubt is null
    group by upload.system_id
    having max(batch.received_at) < now() - p_idle
    order by upload.system_id
  loop
    -- Only full batches: a finished upload whose last batch happened to be full, or a cancelled one. A book that would
    -- shrink by more than a tenth waits for the host.
    if v_staged.has_ended or v_staged.songs >= 0.9 * private.book_size(v_staged.system_id) then
      return query
      select v_staged.system_id, ended.changed, ended.songs
      from private.book_stage_end(v_staged.system_id, v_staged.has_ended) as ended
      where ended.published;
    end if;
  end loop;
end;
$$;

comment on function private.book_stage_expire(interval) is
  'Publishes uploads that have been silent for a while, unless their book would be much smaller than the live one or batches may be
lost: those stay staged for the host to decide. Returns what it published. A job; definer because books are private.';

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
    'is_interrupted', upload.is_interrupted,
    'doubt', upload.doubt,
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
-- Searching a book. The words of a query become a question to the search index per chunk of the book, from the songs the
-- catalogue has known longest to the newest; walking stops as soon as enough are found. A short book is not worth that: its
-- songs are looked at one by one. What is found is then ranked. All in plpgsql, which keeps its plans for the session.

-- What is asked for: index is the text of a tsquery in which "#" stands for the number of the chunk; texts are patterns for "like" and
-- patterns regular expressions over the words of a song, which must all match. A word is asked for as a text, which costs a tenth of
-- a regular expression; only words with alternatives need one. The index may answer with more than is meant unless is_exact.
create type private.song_question as (index text, texts text[], patterns text[], is_exact boolean);

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

create function private.search_beginning(p_word text)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  return private.search_token('~', left(p_word, 3), false);
end;
$$;

comment on function private.search_beginning(text) is
  'A token which every word has that begins like this, and others that have only its first three letters in common.';

revoke all on function private.search_beginning(text) from public;

create function private.search_text(p_word text, p_is_prefix boolean)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  return '% ' || regexp_replace(p_word, '([\\%_])', '\\\1', 'g') || case when p_is_prefix then '' else ' ' end || '%';
end;
$$;

comment on function private.search_text(text, boolean) is 'A pattern for "like" which the words of a song match that have this word.';

revoke all on function private.search_text(text, boolean) from public;

create function private.search_pattern(p_word text, p_is_prefix boolean)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  return ' ' || regexp_replace(p_word, '([^[:alnum:]])', '\\\1', 'g') || case when p_is_prefix then '' else ' ' end;
end;
$$;

comment on function private.search_pattern(text, boolean) is 'A regular expression for a word among the words of a song.';

revoke all on function private.search_pattern(text, boolean) from public;

create function private.ask_for_words(p_words text[])
returns private.song_question
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
declare
  v_last text := p_words[cardinality(p_words)];
  v_question private.song_question;
  v_word text;
begin
  v_question.texts := array[private.search_text(v_last, true)];
  v_question.patterns := '{}';
  v_question.is_exact := true;
  foreach v_word in array p_words[:cardinality(p_words) - 1] loop
    -- "guns and roses" is "Guns N' Roses", and nobody remembers where a "the" belongs.
    if v_word not in ('and', 'the') then
      v_question.index := concat_ws(' & ', v_question.index, private.search_token(' ', v_word, false));
      v_question.texts := v_question.texts || private.search_text(v_word, false);
    end if;
  end loop;
  if char_length(v_last) <= 3 then
    v_question.index := concat_ws(' & ', v_question.index, private.search_token('~', v_last, false));
  elsif v_question.index is null then
    v_question.index := private.search_token(' ', v_last, true);
  else
    -- Every word that begins like the last one would be gathered from the whole chunk, however rare the others are.
    v_question.index := v_question.index || ' & ' || private.search_beginning(v_last);
    v_question.is_exact := false;
  end if;
  return v_question;
end;
$$;

comment on function private.ask_for_words(text[]) is 'Songs with all these words, the last one as the beginning of a word.';

revoke all on function private.ask_for_words(text[]) from public;

create function private.ask_for_start(p_text text)
returns private.song_question
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
declare
  v_question private.song_question;
begin
  v_question.index := private.search_token('=', p_text, true);
  v_question.texts := array[private.search_text('=' || p_text, true)];
  v_question.patterns := '{}';
  v_question.is_exact := true;
  return v_question;
end;
$$;

comment on function private.ask_for_start(text) is 'Songs whose artist or title starts with this text without blanks.';

revoke all on function private.ask_for_start(text) from public;

create function private.similar_words(p_word text, p_is_beginning boolean)
returns setof text
language plpgsql
stable
strict
security definer
rows 20
set search_path = ''
as $$
declare
  v_neighbours text[] := array_remove(private.word_neighbours(p_word), '');
  -- One letter of three says too little.
  v_is_beginning boolean := p_is_beginning and char_length(p_word) > 3;
  v_question tsquery := (
    select string_agg(
      '''' || replace(replace(neighbour, '\', '\\'), '''', '''''') || '''' || case when v_is_beginning then ':*' else '' end, ' | '
    )::tsquery
    from unnest(v_neighbours) as neighbour
  );
begin
  return query
  select known.word::text
  from private.song_words as known
  where array_to_tsvector(private.word_neighbours(known.word)) @@ v_question
    and (
      not v_is_beginning
      or private.word_neighbours(known.word) && v_neighbours
      -- What was typed may have lost or gained a letter.
      or exists (
        select
        from generate_series(char_length(p_word) - 1, char_length(p_word) + 1) as length
        where private.word_neighbours(left(known.word, length)) && v_neighbours
      )
    )
  order by char_length(known.word), known.word
  limit 100;
end;
$$;

comment on function private.similar_words(text, boolean) is
  'Known words one slip away from a word, the shortest first; with p_is_beginning also those that begin with something one slip away.
Definer: the catalogue is private.';

revoke all on function private.similar_words(text, boolean) from public;

create function private.ask_for_similar_words(p_words text[])
returns private.song_question
language plpgsql
stable
strict
security definer
set search_path = ''
as $$
declare
  v_question private.song_question;
  v_tokens text;
  v_patterns text;
  v_word text;
  v_is_last boolean;
  v_known boolean[];
begin
  -- If there is a word nobody has ever sung, that is the slip, and the others stay as they are.
  select array_agg(
    char_length(wanted.word) < 3
      or exists (
        select
        from private.song_words as known
        where known.word = wanted.word
          or wanted.place = cardinality(p_words)
            and known.word >= wanted.word collate "C" and known.word < wanted.word || U&'\FFFF' collate "C"
      )
    order by wanted.place
  ) into v_known
  from unnest(p_words) with ordinality as wanted (word, place);

  v_question.is_exact := false;
  v_question.texts := '{}';
  for v_place in 1..cardinality(p_words) loop
    v_word := p_words[v_place];
    v_is_last := v_place = cardinality(p_words);
    continue when v_word in ('and', 'the') and not v_is_last;
    v_tokens := null;
    v_patterns := null;
    if not v_known[v_place] or not false = any (v_known) then
      select string_agg(private.search_token(' ', candidate.word, false), ' | '), string_agg(private.search_pattern(candidate.word, false), '|')
      into v_tokens, v_patterns
      from private.similar_words(v_word, v_is_last) as candidate (word);
    end if;
    v_question.index := concat_ws(
      ' & ', v_question.index,
      '(' || concat_ws(
        ' | ',
        case
          when not v_is_last then private.search_token(' ', v_word, false)
          when v_known[v_place] and v_place > 1 then private.search_beginning(v_word)
          else private.search_token(' ', v_word, true)
        end,
        v_tokens
      ) || ')'
    );
    v_question.patterns := v_question.patterns || concat_ws('|', private.search_pattern(v_word, v_is_last), v_patterns);
  end loop;
  return v_question;
end;
$$;

comment on function private.ask_for_similar_words(text[]) is
  'Songs with all these words or words one slip away from them, the last one perhaps unfinished. Definer: the catalogue is private.';

revoke all on function private.ask_for_similar_words(text[]) from public;

create function private.search_spellings(p_system_id uuid, p_question private.song_question, p_limit integer)
returns table (spelling_id integer, song_id bigint, artist text, title text, words text)
language plpgsql
stable
strict
security definer
rows 100
set search_path = ''
-- Estimates for any book are far too high for one book, and compiling a plan takes longer than running it.
set jit = off
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_sort = off
as $$
begin
  if exists (select from private.books as book where book.system_id = p_system_id and book.spelling_ids is not null) then
    return query
    select spelling.id, spelling.song_id, spelling.artist, spelling.title, spelling.words
    from (
      select listed.id
      from private.books as book
      cross join lateral unnest(book.spelling_ids, book.spelling_words) as listed (id, words)
      where book.system_id = p_system_id
        and listed.words like all (p_question.texts) and listed.words ~ all (p_question.patterns)
      limit p_limit
    ) as found
    join private.song_spellings as spelling on spelling.id = found.id;
  else
    return query
    select found.id, found.song_id, found.artist, found.title, found.words
    from (
      select book.chunk, book.members from private.book_chunks as book where book.system_id = p_system_id order by book.chunk offset 0
    ) as book
    cross join lateral (
      select spelling.id, spelling.song_id, spelling.artist, spelling.title, spelling.words
      from private.song_spellings as spelling
      where private.song_tokens(spelling.id, spelling.words)
          @@ replace(p_question.index, '#', book.chunk::text)::tsquery
        -- The inner select, with "offset", unpacks the bitmap once per chunk with an answer, not once per song.
        and get_bit((select book.members || ''::bytea), spelling.id % 240000) = 1
        and (
          p_question.is_exact
          or spelling.words like all (p_question.texts) and spelling.words ~ all (p_question.patterns)
        )
      offset 0
    ) as found
    limit p_limit;
  end if;
end;
$$;

comment on function private.search_spellings(uuid, private.song_question, integer) is
  'The first songs of a book that answer the question: a short one is read from its beginning to its end, a long one asked through the
index. Definer: books are private.';

revoke all on function private.search_spellings(uuid, private.song_question, integer) from public;

create function private.search_book(p_system_id uuid, p_query text, p_limit integer, p_offset integer, p_venue_id uuid default null)
returns table (song_id bigint, artist text, title text, match text, total_count integer)
language plpgsql
stable
security definer
rows 20
set search_path = ''
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
  v_most constant integer := 100;
  v_text text := private.normalize_text(p_query);
  v_joined text := left(replace(v_text, ' ', ''), 60);
  v_words text[] := private.search_words(v_text);
  v_exact private.song_question := private.ask_for_words(v_words);
  v_start private.song_question := private.ask_for_start(v_joined);
begin
  return query
  with
    by_words as materialized (select * from private.search_spellings(p_system_id, v_exact, v_most)),
    -- Needed when the words found nothing ("heyjude"), or more than are ranked: the best matches start like the query.
    by_start as materialized (
      select found.*
      from (select count(*) in (0, v_most) and char_length(v_text) > 1 as is_asked from by_words) as start
      cross join lateral private.search_spellings(p_system_id, case when start.is_asked then v_start end, v_most) as found
    ),
    -- Of more than are ranked, those that are asked for here must be among them, too.
    by_popularity as materialized (
      select found.*
      from (select from by_words having count(*) = v_most) as too_many
      cross join lateral (
        select spelling.id as spelling_id, spelling.song_id, spelling.artist, spelling.title, spelling.words
        from (
          select popularity.song_id
          from private.song_popularity as popularity
          where popularity.venue_id = p_venue_id
          order by popularity.requests desc, popularity.song_id
          limit 50
        ) as popular
        join private.song_spellings as spelling on spelling.song_id = popular.song_id
        where spelling.words like all (v_exact.texts)
        offset 0
      ) as found
      where private.book_spelling(p_system_id, found.song_id) = found.spelling_id
    ),
    by_similar_words as materialized (
      select found.*
      from (
        select case when not exists (select from by_words) and not exists (select from by_start) then private.ask_for_similar_words(v_words) end
          as question
        offset 0
      ) as slip
      cross join lateral private.search_spellings(p_system_id, slip.question, v_most) as found
    ),
    found as (
      select distinct on (every.spelling_id) every.*
      from (
        select * from by_words
        union all
        select * from by_start
        union all
        select * from by_popularity
        union all
        select * from by_similar_words
      ) as every
      where not exists (
        select from public.blocked_songs as blocked where blocked.venue_id = p_venue_id and blocked.song_id = every.song_id
      )
      order by every.spelling_id
    ),
    ranked as (
      select
        found.song_id, found.artist, found.title, found.spelling_id,
        (
          select popularity.requests
          from private.song_popularity as popularity
          where popularity.venue_id = p_venue_id and popularity.song_id = found.song_id
        ) as requests,
        case
          when exists (select from by_similar_words) then 4
          -- The whole song, its artist or its title: "artist" is how "artist title" begins and "title artist" ends.
          when v_joined in (song.artist_title, song.title_artist)
            or starts_with(song.artist_title, v_joined) and right(song.title_artist, char_length(v_joined)) = v_joined
            or starts_with(song.title_artist, v_joined) and right(song.artist_title, char_length(v_joined)) = v_joined then 1
          when starts_with(song.artist_title, v_joined) or starts_with(song.title_artist, v_joined) then 2
          else 3
        end as class
      from found
      cross join lateral (
        select split_part(found.words, ' =', 2) as artist_title, rtrim(split_part(found.words, ' =', 3), ' ') as title_artist
        offset 0
      ) as song
    )
  select
    ranked.song_id, ranked.artist, ranked.title, (array['exact', 'prefix', 'words', 'fuzzy'])[ranked.class],
    least(count(*) over (), v_most)::integer
  from ranked
  order by ranked.class, ranked.requests desc nulls last, ranked.spelling_id
  limit p_limit offset p_offset;
end;
$$;

comment on function private.search_book(uuid, text, integer, integer, uuid) is
  'Songs of a book for what somebody typed: all words, the last one as a beginning, without regard to case, accents or punctuation;
when nothing has them, words one slip away. Best first: exact, prefix, words, fuzzy, then by how often asked for at the venue, whose
blocked songs are left out; null for no venue in particular. The total is counted up to 100, and no more than these are ranked.
Definer: books and catalogue are private.';

revoke all on function private.search_book(uuid, text, integer, integer, uuid) from public;
grant execute on function private.search_book(uuid, text, integer, integer, uuid) to service_role;

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
language plpgsql
stable
security definer
rows 20
set search_path = ''
set jit = off
as $$
begin
  return query
  select spelling.artist, listed.songs, entry.total
  from (
    select
      letter.artists[p_offset + 1 : p_offset + p_limit] as artists, letter.songs[p_offset + 1 : p_offset + p_limit] as songs,
      cardinality(letter.artists) as total
    from private.book_letters as letter
    where letter.system_id = p_system_id and letter.letter = private.artist_letter(private.normalize_text(p_letter))
  ) as entry
  cross join lateral unnest(entry.artists, entry.songs) with ordinality as listed (spelling_id, songs, place)
  join private.song_spellings as spelling on spelling.id = listed.spelling_id
  order by listed.place;
end;
$$;

comment on function private.browse_book_artists(uuid, text, integer, integer) is
  'The artists of a book under a letter, in order. Definer: books are private.';

revoke all on function private.browse_book_artists(uuid, text, integer, integer) from public;
grant execute on function private.browse_book_artists(uuid, text, integer, integer) to service_role;

create function private.browse_book_artist(p_system_id uuid, p_artist text, p_limit integer, p_offset integer, p_venue_id uuid default null)
returns table (song_id bigint, artist text, title text)
language plpgsql
stable
security definer
rows 20
set search_path = ''
-- Estimates for any book are far too high for one book, and compiling a plan takes longer than running it.
set jit = off
as $$
declare
  v_name text := left(private.normalize_text(p_artist), 255);
begin
  return query
  select song.id, spelling.artist, spelling.title
  from private.song_artists as artist
  join private.song_spellings as spelling on spelling.artist_id = artist.id
  join private.book_chunks as book on book.system_id = p_system_id and book.chunk = private.song_chunk(spelling.id)
  join public.songs as song on song.id = spelling.song_id
  where artist.name = v_name and get_bit(book.members, spelling.id % 240000) = 1
    and not exists (
      select from public.blocked_songs as blocked where blocked.venue_id = p_venue_id and blocked.song_id = song.id
    )
  order by song.fingerprint
  limit p_limit offset p_offset;
end;
$$;

comment on function private.browse_book_artist(uuid, text, integer, integer, uuid) is
  'The songs a book has by an artist, by title, without those blocked at the venue. Definer: books and catalogue are private.';

revoke all on function private.browse_book_artist(uuid, text, integer, integer, uuid) from public;
grant execute on function private.browse_book_artist(uuid, text, integer, integer, uuid) to service_role;

create function private.browse_book(p_system_id uuid, p_letter text, p_limit integer, p_offset integer)
returns table (song_id bigint, artist text, title text)
language plpgsql
stable
security definer
rows 100
set search_path = ''
set jit = off
as $$
declare
  v_letter text := private.artist_letter(private.normalize_text(p_letter));
begin
  return query
  with
    artists as (
      select
        listed.spelling_id, listed.songs, row_number() over alphabet as place,
        sum(listed.songs) over alphabet - listed.songs as before
      from private.book_letters as entry
      cross join lateral unnest(entry.artists, entry.songs) with ordinality as listed (spelling_id, songs, place)
      where entry.system_id = p_system_id and (p_letter is null or entry.letter = v_letter)
      window alphabet as (order by entry.letter, listed.place)
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
end;
$$;

comment on function private.browse_book(uuid, text, integer, integer) is
  'The songs of a book by artist and title: those by the artists under a letter, or all when it is null. Definer: books and
catalogue are private.';

revoke all on function private.browse_book(uuid, text, integer, integer) from public;
grant execute on function private.browse_book(uuid, text, integer, integer) to service_role;

create function private.newest_book_songs(p_system_id uuid, p_count integer, p_venue_id uuid default null)
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
  join private.book_chunks as chunk on chunk.system_id = p_system_id and chunk.chunk = private.song_chunk(spelling.id)
  where book.system_id = p_system_id and get_bit(chunk.members, spelling.id % 240000) = 1
    and not exists (
      select from public.blocked_songs as blocked where blocked.venue_id = p_venue_id and blocked.song_id = spelling.song_id
    )
  order by added.place
  limit p_count;
$$;

comment on function private.newest_book_songs(uuid, integer, uuid) is 'The songs added to a book last, without those blocked at the venue. Definer: books are private.';

revoke all on function private.newest_book_songs(uuid, integer, uuid) from public;
grant execute on function private.newest_book_songs(uuid, integer, uuid) to service_role;

create function private.random_book_songs(p_system_id uuid, p_count integer, p_venue_id uuid default null)
returns table (song_id bigint, artist text, title text)
language sql
volatile
security definer
rows 20
set search_path = ''
as $$
  with
    -- Some pieces of the bitmaps, each as likely as it has songs, are enough to draw from.
    pieces as (
      select book.chunk, place * 100 as first_byte, piece.members
      from (
        -- Unpacked once per chunk. A short book is a list.
        select long.chunk, long.members || ''::bytea as members
        from private.book_chunks as long
        join private.books as book on book.system_id = long.system_id and book.spelling_ids is null
        where long.system_id = p_system_id
        offset 0
      ) as book
      cross join generate_series(0, 299) as place
      cross join lateral (select substr(book.members, place * 100 + 1, 100) as members offset 0) as piece
      where bit_count(piece.members) > 0
      order by -ln(1 - random()) / bit_count(piece.members)
      limit p_count
    ),
    candidates as (
      select spelling_id
      from pieces
      cross join lateral private.chunk_spellings(pieces.chunk, pieces.members, pieces.first_byte) as spelling_id
      union all
      select unnest(book.spelling_ids) from private.books as book where book.system_id = p_system_id
    ),
    drawn as (
      select spelling_id
      from candidates
      where not exists (
        select
        from public.blocked_songs as blocked
        join private.song_spellings as spelling on spelling.song_id = blocked.song_id
        where blocked.venue_id = p_venue_id and spelling.id = spelling_id
      )
      order by random()
      limit p_count
    )
  select spelling.song_id, spelling.artist, spelling.title
  from drawn
  join private.song_spellings as spelling on spelling.id = drawn.spelling_id;
$$;

comment on function private.random_book_songs(uuid, integer, uuid) is 'Some songs of a book, drawn by lot, without those blocked at the venue. Definer: books are private.';

revoke all on function private.random_book_songs(uuid, integer, uuid) from public;
grant execute on function private.random_book_songs(uuid, integer, uuid) to service_role;

-- sql/40-songs/60-editing.sql
-- One song at a time, by hand.

create function private.index_book_artist(p_system_id uuid, p_artist_id integer)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_letter text;
  v_artists integer[];
  v_songs integer[];
begin
  select artist.letter into v_letter from private.song_artists as artist where artist.id = p_artist_id;
  select array_agg(listed.spelling_id order by listed.name), array_agg(listed.songs order by listed.name)
  into v_artists, v_songs
  from (
    select entered.spelling_id, entered.songs, artist.name
    from private.book_letters as entry
    cross join lateral unnest(entry.artists, entry.songs) as entered (spelling_id, songs)
    join private.song_spellings as spelling on spelling.id = entered.spelling_id
    join private.song_artists as artist on artist.id = spelling.artist_id
    where entry.system_id = p_system_id and entry.letter = v_letter and spelling.artist_id <> p_artist_id
    union all
    select min(spelling.id), count(*)::integer, artist.name
    from private.song_artists as artist
    join private.song_spellings as spelling on spelling.artist_id = artist.id
    join private.book_chunks as book on book.system_id = p_system_id and book.chunk = private.song_chunk(spelling.id)
    where artist.id = p_artist_id and get_bit(book.members, spelling.id % 240000) = 1
    group by artist.name
  ) as listed;

  if v_artists is null then
    delete from private.book_letters as entry where entry.system_id = p_system_id and entry.letter = v_letter;
  else
    insert into private.book_letters as entry (system_id, letter, artists, songs)
    values (p_system_id, v_letter, v_artists, v_songs)
    on conflict (system_id, letter) do update set artists = excluded.artists, songs = excluded.songs;
  end if;
end;
$$;

comment on function private.index_book_artist(uuid, integer) is
  'Brings what browsing reads up to date for one artist. Callers hold the lock of the book. Definer: books are private.';

revoke all on function private.index_book_artist(uuid, integer) from public;

create function private.set_book_spelling(p_system_id uuid, p_spelling_id integer, p_is_in_book boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_chunk integer := private.song_chunk(p_spelling_id);
  v_offset integer := p_spelling_id % 240000;
begin
  if p_is_in_book then
    insert into private.book_chunks as book (system_id, chunk, songs, members)
    values (p_system_id, v_chunk, 1, set_bit(decode(repeat('00', 30000), 'hex'), v_offset, 1))
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
    spelling_ids = case
      when p_is_in_book and book.songs < 2000 then book.spelling_ids || p_spelling_id
      when not p_is_in_book and book.songs <= 2000 then array_remove(book.spelling_ids, p_spelling_id)
      -- Back to a short book.
      when not p_is_in_book and book.songs = 2001 then private.book_spellings(p_system_id)
    end,
    newest = case
      when p_is_in_book then (p_spelling_id || array_remove(book.newest, p_spelling_id))[:200]
      else array_remove(book.newest, p_spelling_id)
    end,
    content_hash = null,
    changed_at = now()
  where book.system_id = p_system_id;

  delete from private.book_drafts as draft where draft.system_id = p_system_id;
  perform private.index_book_artist(p_system_id, spelling.artist_id)
  from private.song_spellings as spelling
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

create function private.require_artist(p_artist text)
returns void
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  if p_artist is null or p_artist !~ '[^[:space:]]' or char_length(p_artist) > 255 then
    perform private.raise_error(400, 'invalid_artist', 'The artist is empty or longer than 255 characters.', 'Send 1 to 255 characters.');
  end if;
end;
$$;

comment on function private.require_artist(text) is 'Refuses an artist that a book cannot hold.';

revoke all on function private.require_artist(text) from public;

create function private.require_song_text(p_artist text, p_title text)
returns void
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  perform private.require_artist(p_artist);
  if p_title is null or p_title !~ '[^[:space:]]' or char_length(p_title) > 255 then
    perform private.raise_error(400, 'invalid_title', 'The title is empty or longer than 255 characters.', 'Send 1 to 255 characters.');
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

create function private.spelling_values(p_spelling_id integer)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object('song_id', spelling.song_id, 'artist', spelling.artist, 'title', spelling.title)
  from private.song_spellings as spelling
  where spelling.id = p_spelling_id;
$$;

comment on function private.spelling_values(integer) is 'A song as the audit log tells of it. Definer: the catalogue is private.';

revoke all on function private.spelling_values(integer) from public;

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
  perform private.record_book_change(p_system_id, 'insert', null, private.spelling_values(v_spelling_id));
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
  v_old private.song_spellings;
  v_new_id integer;
  v_song_id bigint;
begin
  perform private.require_system(p_system_id, 'songs:write');
  select spelling.* into v_old
  from private.song_spellings as spelling
  where spelling.id = private.book_spelling(p_system_id, p_song_id);
  p_artist := coalesce(p_artist, v_old.artist);
  p_title := coalesce(p_title, v_old.title);
  if v_old.id is not null then
    perform private.require_song_text(p_artist, p_title);
    -- The catalogue before the book, as uploads do: in one order nobody waits in a circle.
    v_new_id := private.catalogue_spelling(btrim(p_artist), btrim(p_title));
  end if;
  perform private.lock_book(p_system_id);
  if v_old.id is distinct from private.book_spelling(p_system_id, p_song_id) or v_old.id is null then
    perform private.raise_error(404, 'song_not_found', 'The book does not have this song.', 'Search the book again.');
  end if;
  select spelling.song_id into v_song_id from private.song_spellings as spelling where spelling.id = v_new_id;
  if v_new_id <> v_old.id then
    if v_song_id <> p_song_id and private.book_spelling(p_system_id, v_song_id) is not null then
      perform private.raise_error(
        409, 'song_already_exists', 'The book already has a song with this artist and title.', 'Delete one of the two instead.'
      );
    end if;
    perform private.set_book_spelling(p_system_id, v_old.id, false);
    perform private.set_book_spelling(p_system_id, v_new_id, true);
    perform private.record_book_change(
      p_system_id, 'update', private.spelling_values(v_old.id), private.spelling_values(v_new_id)
    );
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
  perform private.record_book_change(p_system_id, 'delete', private.spelling_values(v_spelling_id), null);
end;
$$;

comment on function private.delete_song(uuid, bigint) is 'See public.delete_song. Definer: books are private; checks songs:write itself.';

revoke all on function private.delete_song(uuid, bigint) from public;
grant execute on function private.delete_song(uuid, bigint) to authenticated;

create function private.add_songs(p_system_id uuid, p_songs jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
set jit = off
set work_mem = '64MB'
as $$
declare
  v_songs record;
  v_found record;
  v_places integer[];
  v_present bigint[];
begin
  perform private.require_system(p_system_id, 'songs:write');
  if jsonb_typeof(p_songs) is distinct from 'array' or jsonb_array_length(p_songs) not between 1 and 10000 then
    perform private.raise_error(
      400, 'invalid_songs', 'The songs are not a list of 1 to 10,000.', 'Send [{"artist": "...", "title": "..."}, ...]; import a file for more.'
    );
  end if;
  perform private.enforce_rate_limit(
    'song_bulk_additions', (select system.organization_id::text from public.systems as system where system.id = p_system_id)
  );

  select * into v_songs from private.read_songs(p_songs);
  v_places := array(
    select number
    from generate_series(1, jsonb_array_length(p_songs)) as number
    where not number = any (select (error.value ->> 'index')::integer + 1 from jsonb_array_elements(v_songs.errors) as error)
  );
  -- The catalogue before the book, as uploads do: in one order nobody waits in a circle.
  select * into v_found
  from private.require_spellings(
    array(select btrim(artist) from unnest(v_songs.artists) as artist), array(select btrim(title) from unnest(v_songs.titles) as title)
  );
  perform private.lock_book(p_system_id);
  select coalesce(array_agg(song.song_id), '{}') into v_present from private.book_songs(p_system_id) as song;

  return (
    with
      rows as (
        select
          v_places[sent.number] as place, sent.song_id, sent.spelling_id, sent.artist_id,
          row_number() over (partition by sent.song_id order by sent.number) = 1
            and not sent.song_id = any (select unnest(v_present)) as is_new
        from unnest(v_found.song_ids, v_found.spelling_ids, v_found.artist_ids)
          with ordinality as sent (song_id, spelling_id, artist_id, number)
      ),
      added as (
        select private.add_to_book(p_system_id, array_agg(rows.spelling_id), array_agg(rows.artist_id))
        from rows
        where rows.is_new
        having count(*) > 0
      ),
      told as (
        select rows.place, case when rows.is_new then 'added' else 'present' end as outcome, rows.song_id, null as problem
        from rows
        left join added on true
        union all
        select (error.value ->> 'index')::integer + 1, 'invalid', null, error.value ->> 'detail'
        from jsonb_array_elements(v_songs.errors) as error
      )
    select jsonb_build_object(
      'added', count(*) filter (where told.outcome = 'added'),
      'present', count(*) filter (where told.outcome = 'present'),
      'invalid', count(*) filter (where told.outcome = 'invalid'),
      'songs', jsonb_agg(to_jsonb(told) - 'place' order by told.place)
    )
    from told
  );
end;
$$;

comment on function private.add_songs(uuid, jsonb) is 'See public.add_songs. Definer: books are private; checks songs:write itself.';

revoke all on function private.add_songs(uuid, jsonb) from public;
grant execute on function private.add_songs(uuid, jsonb) to authenticated;

create function private.add_to_book(p_system_id uuid, p_spelling_ids integer[], p_artist_ids integer[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_spelling_ids integer[];
  v_artist_ids integer[];
begin
  select array_agg(song.spelling_id), array_agg(song.artist_id) into v_spelling_ids, v_artist_ids
  from private.book_songs(p_system_id) as song;
  perform private.replace_book(p_system_id, v_spelling_ids || p_spelling_ids, v_artist_ids || p_artist_ids);
  update private.books as book set content_hash = null where book.system_id = p_system_id;
  perform private.record_book_change(p_system_id, 'insert', null, jsonb_build_object('songs_added', cardinality(p_spelling_ids)));
end;
$$;

comment on function private.add_to_book(uuid, integer[], integer[]) is
  'Puts many spellings of songs that are not in the book into it at once. Callers hold the lock of the book. Definer: books are private.';

revoke all on function private.add_to_book(uuid, integer[], integer[]) from public;

create function private.get_song(p_system_id uuid, p_song_id bigint)
returns table (song_id bigint, artist text, title text)
language plpgsql
stable
security definer
rows 1
set search_path = ''
as $$
begin
  perform private.require_system(p_system_id, 'songs:read');
  return query select p_song_id, song.artist, song.title from private.book_song(p_system_id, p_song_id) as song;
  if not found then
    perform private.raise_error(404, 'song_not_found', 'The book does not have this song.', 'Search the book again.');
  end if;
end;
$$;

comment on function private.get_song(uuid, bigint) is 'See public.get_song. Definer: books are private; checks songs:read itself.';

revoke all on function private.get_song(uuid, bigint) from public;
grant execute on function private.get_song(uuid, bigint) to authenticated;

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
  perform private.enforce_rate_limit(
    'song_book_clearings', (select system.organization_id::text from public.systems as system where system.id = p_system_id)
  );
  perform private.lock_book(p_system_id);
  v_songs := private.book_size(p_system_id);
  perform private.replace_book(p_system_id, '{}', '{}');
  update private.books as book set content_hash = null where book.system_id = p_system_id;
  if v_songs > 0 then
    perform private.record_book_change(p_system_id, 'delete', jsonb_build_object('songs', v_songs), null);
  end if;
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

create function private.require_page(p_limit integer, p_offset integer)
returns void
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  if p_limit is null or p_limit not between 1 and 100 then
    perform private.raise_error(400, 'invalid_limit', 'The limit is not between 1 and 100.', 'Send 1 to 100, or leave it out.');
  end if;
  if p_offset is null or p_offset not between 0 and 1000000 then
    perform private.raise_error(400, 'invalid_offset', 'The offset is not between 0 and 1,000,000.', 'Send 0 or more, or leave it out.');
  end if;
end;
$$;

comment on function private.require_page(integer, integer) is 'Refuses a page that makes no sense.';

revoke all on function private.require_page(integer, integer) from public;

create function private.require_query(p_query text)
returns void
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  if p_query is null or char_length(p_query) > 200 or p_query !~ '[^[:space:]]' then
    perform private.raise_error(400, 'invalid_query', 'The query is empty or longer than 200 characters.', 'Send 1 to 200 characters.');
  end if;
end;
$$;

comment on function private.require_query(text) is 'Refuses a query that cannot be searched for.';

revoke all on function private.require_query(text) from public;

create function private.require_book(p_venue_id uuid, p_limit integer, p_offset integer)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_page(p_limit, p_offset);
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
  perform private.require_query(p_query);
  return query select * from private.search_book(private.require_book(p_venue_id, p_limit, p_offset), p_query, p_limit, p_offset, p_venue_id);
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
100. Query 1-200 characters, limit 1-100, offset from 0. Errors: 400 invalid_query, invalid_limit, invalid_offset; 404 venue_not_found.';

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
    perform private.raise_error(400, 'invalid_letter', 'The letter is not one character.', 'Send one letter, or "#" for digits and symbols.');
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
invalid_letter, invalid_limit, invalid_offset; 404 venue_not_found.';

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
  perform private.require_artist(p_artist);
  return query select * from private.browse_book_artist(private.require_book(p_venue_id, p_limit, p_offset), p_artist, p_limit, p_offset, p_venue_id);
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
  'The songs of an artist in the book of a venue, by title. Errors: 400 invalid_artist, invalid_limit, invalid_offset; 404
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
  return query select * from private.newest_book_songs(private.require_book(p_venue_id, p_limit, 0), p_limit, p_venue_id);
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
  'The songs added last to the book of a venue, newest first. Errors: 400 invalid_limit; 404 venue_not_found.';

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
  return query select * from private.random_book_songs(private.require_book(p_venue_id, p_limit, 0), p_limit, p_venue_id);
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
  'Some songs of the book of a venue, drawn by lot. Errors: 400 invalid_limit; 404 venue_not_found.';

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
  'Adds one song to the book of a system and returns its id. Needs songs:write. Errors: 400 invalid_artist, invalid_title; 401; 403
permission_denied; 404 system_not_found; 409 song_already_exists.';

revoke all on function public.add_song(uuid, text, text) from public;
grant execute on function public.add_song(uuid, text, text) to authenticated;

create function public.add_songs(p_system_id uuid, p_songs jsonb)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.add_songs(p_system_id, p_songs);
$$;

comment on function public.add_songs(uuid, jsonb) is
  'Adds up to 10,000 songs, [{"artist", "title"}] of 1-255 characters each, to the book of a system. Returns {"added", "present",
"invalid"}, how many of each, and "songs": in the order they were sent {"outcome", "song_id", "problem"}, where present means that the
book or the list had it already. An invalid song does not keep the others out. Needs songs:write. Errors: 400 invalid_songs; 401; 403
permission_denied; 404 system_not_found; 429.';

revoke all on function public.add_songs(uuid, jsonb) from public;
grant execute on function public.add_songs(uuid, jsonb) to authenticated;

create function public.get_song(p_system_id uuid, p_song_id bigint)
returns table (song_id bigint, artist text, title text)
language sql
stable
security invoker
rows 1
set search_path = ''
as $$
  select * from private.get_song(p_system_id, p_song_id);
$$;

comment on function public.get_song(uuid, bigint) is
  'A song of the book of a system as the host spells it. Needs songs:read. Errors: 401; 403 permission_denied; 404 system_not_found,
song_not_found.';

revoke all on function public.get_song(uuid, bigint) from public;
grant execute on function public.get_song(uuid, bigint) to authenticated;

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
not only their spelling. Needs songs:write. Errors: 400 invalid_artist, invalid_title; 401; 403 permission_denied; 404
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
permission_denied; 404 system_not_found; 429.';

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
  'The upload of the book that is under way (staged) and the last one published: what came in, which songs OpenKJ left out of it
(missing_songs, missing_between), whether it was cut off by a restart (is_interrupted), and why it waits although its end came (doubt):
"gap" when at least 500 songs of the live book are missing in one place, as when batches are lost, "interrupted" when it was cut off
and is smaller. Publish it, drop it or send it again. Needs songs:read. Errors: 401; 403 permission_denied; 404 system_not_found.';

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

create function private.list_songs(
  p_system_id uuid, p_letter text, p_limit integer, p_offset integer, p_query text, p_artist text
)
returns table (song_id bigint, artist text, title text, total_count integer)
language plpgsql
stable
security definer
rows 20
set search_path = ''
as $$
begin
  perform private.require_system(p_system_id, 'songs:read');
  perform private.require_page(p_limit, p_offset);
  if num_nonnulls(p_letter, p_query, p_artist) > 1 then
    perform private.raise_error(400, 'invalid_filter', 'There is more than one filter.', 'Send one of letter, query and artist, or none.');
  elsif p_query is not null then
    perform private.require_query(p_query);
    return query
    select song.song_id, song.artist, song.title, song.total_count
    from private.search_book(p_system_id, p_query, p_limit, p_offset) as song;
  elsif p_artist is not null then
    perform private.require_artist(p_artist);
    return query
    select song.song_id, song.artist, song.title, song.total_count
    from (
      select every.*, count(*) over ()::integer as total_count
      from private.browse_book_artist(p_system_id, p_artist, null, 0) with ordinality as every (song_id, artist, title, place)
    ) as song
    order by song.place
    limit p_limit offset p_offset;
  else
    if char_length(p_letter) <> 1 then
      perform private.raise_error(400, 'invalid_letter', 'The letter is not one character.', 'Send one letter, "#", or leave it out.');
    end if;
    return query
    select
      song.song_id, song.artist, song.title,
      (
        select coalesce(sum(entry.songs), 0)
        from private.browse_book_letters(p_system_id) as entry
        where p_letter is null or entry.letter = private.artist_letter(private.normalize_text(p_letter))
      )::integer
    from private.browse_book(p_system_id, p_letter, p_limit, p_offset) as song;
  end if;
end;
$$;

comment on function private.list_songs(uuid, text, integer, integer, text, text) is
  'See public.list_songs. Definer: books are private; checks songs:read itself.';

revoke all on function private.list_songs(uuid, text, integer, integer, text, text) from public;
grant execute on function private.list_songs(uuid, text, integer, integer, text, text) to authenticated;

create function public.list_songs(
  p_system_id uuid,
  p_letter text default null,
  p_limit integer default 20,
  p_offset integer default 0,
  p_query text default null,
  p_artist text default null
)
returns table (song_id bigint, artist text, title text, total_count integer)
language sql
stable
security invoker
rows 20
set search_path = ''
as $$
  select * from private.list_songs(p_system_id, p_letter, p_limit, p_offset, p_query, p_artist);
$$;

comment on function public.list_songs(uuid, text, integer, integer, text, text) is
  'The songs in the book of a system, for the people who keep it: all by artist and title, those of one letter ("#" for digits and
symbols), those of one artist, or what a query finds, best first and counted up to 100. Songs that venues have blocked are among them.
Needs songs:read. Errors: 400 invalid_filter, invalid_letter, invalid_query, invalid_artist, invalid_limit, invalid_offset; 401; 403
permission_denied; 404 system_not_found.';

revoke all on function public.list_songs(uuid, text, integer, integer, text, text) from public;
grant execute on function public.list_songs(uuid, text, integer, integer, text, text) to authenticated;

-- sql/40-songs/80-imports.sql
-- A song book from a file. An app uploads the file to the bucket "imports", starts an import and asks the Edge Function
-- "song-books" to run it. The function reads the file and hands its rows over in batches (85-import-steps.sql); nothing that
-- singers see changes before the last step, which is one transaction.

create table public.song_imports (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null,
  system_id uuid not null,
  path text not null,
  format text not null,
  mode text not null,
  is_dry_run boolean not null,
  columns jsonb,
  encoding text,
  runs integer not null default 0,
  state text not null default 'queued',
  bytes_total bigint not null,
  bytes_done bigint not null default 0,
  rows_total integer,
  rows_done integer not null default 0,
  rows_valid integer not null default 0,
  rows_invalid integer not null default 0,
  songs_added integer,
  songs_removed integer,
  errors jsonb not null default '[]',
  failure jsonb,
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  constraint format_is_known check (format in ('csv', 'tsv', 'txt', 'json', 'xlsx')),
  constraint mode_is_known check (mode in ('merge', 'replace')),
  constraint state_is_known check (state in ('queued', 'running', 'completed', 'failed', 'cancelled')),
  constraint columns_are_an_object check (jsonb_typeof(columns) = 'object'),
  constraint finished_at_its_end check ((state in ('completed', 'failed', 'cancelled')) = (finished_at is not null)),
  constraint failure_when_failed check ((state = 'failed') = (failure is not null)),
  foreign key (system_id, organization_id) references public.systems (id, organization_id) on delete cascade
);

alter table public.song_imports enable row level security;
revoke all on public.song_imports from anon, authenticated, service_role;

create index song_imports_organization_id_idx on public.song_imports (organization_id, created_at desc, id desc);
create index song_imports_system_id_idx on public.song_imports (system_id, organization_id);
create index song_imports_created_by_idx on public.song_imports (created_by);

comment on table public.song_imports is 'Song books that came from files: how far each import is and what came of it.';
comment on column public.song_imports.path is 'Where the file is in the bucket "imports": <organization_id>/<system_id>/<file>.';
comment on column public.song_imports.mode is 'merge adds the songs the book lacks; replace makes the file the book.';
comment on column public.song_imports.is_dry_run is 'When set, the counts say what would change and nothing changes.';
comment on column public.song_imports.columns is
  'Which column holds what: {"artist": ..., "title": ...}, each the name of a column or its number from 1. Null to find out.';
comment on column public.song_imports.encoding is
  'How the text of the file was read: utf-8, utf-16le, utf-16be or windows-1252. Null for a workbook, and before it is read.';
comment on column public.song_imports.runs is 'How often it was begun: one that was cut off is begun anew.';
comment on column public.song_imports.bytes_total is 'The size of the file; bytes_done of it are read.';
comment on column public.song_imports.rows_total is 'How many rows the file has, once it is read to its end.';
comment on column public.song_imports.errors is
  'The first 1,000 rows that cannot be used: [{"line", "column", "field", "problem"}]. They are left out, the rest is imported.';
comment on column public.song_imports.failure is
  'Why the import as a whole failed: {"code", "detail", "hint"} and, where known, "line". A failed import has changed nothing.';

create trigger song_imports_set_updated_at
  before update on public.song_imports
  for each row execute function private.set_updated_at();

-- What a run has read so far, until it is published or dropped.
create table private.song_import_runs (
  song_import_id uuid primary key references public.song_imports (id) on delete cascade,
  run_id uuid not null default gen_random_uuid(),
  batches integer not null default 0,
  last_sign_at timestamptz not null default now()
);

alter table private.song_import_runs enable row level security;
revoke all on private.song_import_runs from anon, authenticated, service_role;

comment on table private.song_import_runs is
  'The run that works on an import. It must show its run_id with every step, so one that was given up cannot interfere.';

create table private.song_import_batches (
  song_import_id uuid not null references private.song_import_runs (song_import_id) on delete cascade,
  number integer not null,
  fingerprints text[] not null,
  spelling_ids integer[],
  song_ids bigint[],
  artist_ids integer[],
  primary key (song_import_id, number)
);

alter table private.song_import_batches enable row level security;
revoke all on private.song_import_batches from anon, authenticated, service_role;

comment on column private.song_import_runs.batches is 'How many batches it has handed over; the next one has this number.';

comment on table private.song_import_batches is 'The usable rows of a run in the order of the file.';
comment on column private.song_import_batches.fingerprints is 'For a dry run, which adds nothing to the catalogue; else empty.';

create function private.start_song_import(
  p_system_id uuid, p_path text, p_format text, p_mode text, p_is_dry_run boolean, p_columns jsonb
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_organization_id uuid;
  v_format text := lower(coalesce(p_format, substring(p_path from '\.([^./]+)$')));
  v_size bigint;
  v_id uuid;
begin
  perform private.require_system(p_system_id, 'songs:write');
  select system.organization_id into v_organization_id from public.systems as system where system.id = p_system_id;
  if v_format is null or v_format not in ('csv', 'tsv', 'txt', 'json', 'xlsx') then
    perform private.raise_error(
      400, 'format_unknown', 'The format is none of csv, tsv, txt, json and xlsx.', 'Name the file accordingly or send the format.'
    );
  end if;
  if p_mode is null or p_mode not in ('merge', 'replace') then
    perform private.raise_error(400, 'mode_unknown', 'The mode is neither merge nor replace.', 'Send one of the two.');
  end if;
  if p_columns is not null and not (
    jsonb_typeof(p_columns) = 'object' and p_columns ?& array['artist', 'title'] and not exists (
      select
      from jsonb_each(p_columns) as mapped
      where mapped.key not in ('artist', 'title')
        or not (
          jsonb_typeof(mapped.value) = 'string' and char_length(mapped.value #>> '{}') between 1 and 255
          or jsonb_typeof(mapped.value) = 'number' and (mapped.value #>> '{}') ~ '^[1-9][0-9]{0,3}$'
        )
    )
  ) then
    perform private.raise_error(
      400, 'invalid_columns', 'The columns must name one for the artist and one for the title.',
      'Send {"artist": ..., "title": ...}, each the name of a column or its number from 1.'
    );
  end if;
  if p_path is null or not starts_with(p_path, v_organization_id || '/' || p_system_id || '/') then
    perform private.raise_error(
      400, 'invalid_path', 'The file is not in the folder of this system.',
      format('Upload it to the bucket imports as %s/%s/<file>.', v_organization_id, p_system_id)
    );
  end if;
  select coalesce((object.metadata ->> 'size')::bigint, 0) into v_size
  from storage.objects as object
  where object.bucket_id = 'imports' and object.name = p_path;
  if not found then
    perform private.raise_error(404, 'file_not_found', 'There is no such file in the bucket imports.', 'Upload it first.');
  end if;
  perform private.enforce_rate_limit('song_imports', v_organization_id::text);
  insert into public.song_imports (
    organization_id, system_id, path, format, mode, is_dry_run, columns, bytes_total, created_by
  )
  values (
    v_organization_id, p_system_id, p_path, v_format, p_mode, coalesce(p_is_dry_run, false), p_columns, v_size, auth.uid()
  )
  returning id into v_id;
  return v_id;
end;
$$;

comment on function private.start_song_import(uuid, text, text, text, boolean, jsonb) is
  'See public.start_song_import. Definer: imports are written only here; checks songs:write itself.';

revoke all on function private.start_song_import(uuid, text, text, text, boolean, jsonb) from public;
grant execute on function private.start_song_import(uuid, text, text, text, boolean, jsonb) to authenticated;

create function public.start_song_import(
  p_system_id uuid,
  p_path text,
  p_format text default null,
  p_mode text default 'merge',
  p_is_dry_run boolean default false,
  p_columns jsonb default null
)
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.start_song_import(p_system_id, p_path, p_format, p_mode, p_is_dry_run, p_columns);
$$;

comment on function public.start_song_import(uuid, text, text, text, boolean, jsonb) is
  'Queues the import of an uploaded file into the book of a system and returns its id; POST /functions/v1/song-books/imports/<id>/run
sets it going. The format follows from the name of the file unless given; p_mode is merge or replace; p_columns as in the table
song_imports. Needs songs:write. Errors: 400 format_unknown, mode_unknown, invalid_columns, invalid_path; 401; 403 permission_denied;
404 system_not_found, file_not_found; 429.';

revoke all on function public.start_song_import(uuid, text, text, text, boolean, jsonb) from public;
grant execute on function public.start_song_import(uuid, text, text, text, boolean, jsonb) to authenticated;

create function private.cancel_song_import(p_import_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_import public.song_imports;
begin
  select import.* into v_import from public.song_imports as import where import.id = p_import_id for update;
  perform private.require_permission(v_import.organization_id, 'songs:write', 'import_not_found');
  if v_import.state = 'cancelled' then
    return;
  end if;
  if v_import.state not in ('queued', 'running') then
    perform private.raise_error(
      409, 'import_finished', 'This import is already over.', 'Import another file to change the book again.'
    );
  end if;
  update public.song_imports as import set state = 'cancelled', finished_at = now() where import.id = p_import_id;
  delete from private.song_import_runs as run where run.song_import_id = p_import_id;
end;
$$;

comment on function private.cancel_song_import(uuid) is
  'See public.cancel_song_import. Definer: imports are written only here; checks songs:write itself.';

revoke all on function private.cancel_song_import(uuid) from public;
grant execute on function private.cancel_song_import(uuid) to authenticated;

create function public.cancel_song_import(p_import_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.cancel_song_import(p_import_id);
$$;

comment on function public.cancel_song_import(uuid) is
  'Ends an import that is not over; the book stays as it is. Again is harmless. Needs songs:write. Errors: 401; 403
permission_denied; 404 import_not_found; 409 import_finished.';

revoke all on function public.cancel_song_import(uuid) from public;
grant execute on function public.cancel_song_import(uuid) to authenticated;

create function private.song_import_errors(p_import_id uuid)
returns table (line integer, column_number integer, field text, problem text)
language plpgsql
stable
security definer
rows 1000
set search_path = ''
as $$
declare
  v_import public.song_imports;
begin
  select import.* into v_import from public.song_imports as import where import.id = p_import_id;
  perform private.require_permission(v_import.organization_id, 'songs:read', 'import_not_found');
  return query
  select (error.value ->> 'line')::integer, (error.value ->> 'column')::integer, error.value ->> 'field', error.value ->> 'problem'
  from jsonb_array_elements(v_import.errors) with ordinality as error (value, place)
  order by error.place;
end;
$$;

comment on function private.song_import_errors(uuid) is 'See public.song_import_errors. Definer: as cancel_song_import; checks songs:read itself.';

revoke all on function private.song_import_errors(uuid) from public;
grant execute on function private.song_import_errors(uuid) to authenticated;

create function public.song_import_errors(p_import_id uuid)
returns table (line integer, column_number integer, field text, problem text)
language sql
stable
security invoker
rows 1000
set search_path = ''
as $$
  select * from private.song_import_errors(p_import_id);
$$;

comment on function public.song_import_errors(uuid) is
  'The errors of an import as rows; with .csv() they come as a file. Needs songs:read. Errors: 401; 403 permission_denied; 404
import_not_found.';

revoke all on function public.song_import_errors(uuid) from public;
grant execute on function public.song_import_errors(uuid) to authenticated;

-- Realtime -----------------------------------------------------------------------------------------------------------

create function private.may_follow_import(p_topic text)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select exists (
    select
    from public.song_imports as import
    where 'import:' || import.id = p_topic and private.has_permission(import.organization_id, 'songs:read')
      and import.id = substring(p_topic from '^import:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$')::uuid
  );
$$;

comment on function private.may_follow_import(text) is
  'Whether the caller may follow the topic import:<id>: members with songs:read. Definer: it asks about rows the caller may not see.';

revoke all on function private.may_follow_import(text) from public;

create function private.broadcast_song_import()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform realtime.send(to_jsonb(new) - array['errors', 'path', 'columns'], 'import_changed', 'import:' || new.id, true);
  return null;
end;
$$;

comment on function private.broadcast_song_import() is 'Definer: nobody may write realtime.messages directly.';

revoke all on function private.broadcast_song_import() from public;

create trigger song_imports_broadcast
  after update on public.song_imports
  for each row execute function private.broadcast_song_import();

-- Files --------------------------------------------------------------------------------------------------------------

insert into storage.buckets (id, name, public, file_size_limit) values
  ('imports', 'imports', false, 67108864),
  ('reports', 'reports', false, 67108864)
on conflict (id) do nothing;

-- sql/40-songs/85-import-steps.sql
-- What the Edge Function "song-books" may do: take an import on, hand over rows, finish or give up, read a book, and find
-- files that are old. It connects as a role that can call these functions and nothing else.

create role song_books_gateway nologin;
grant song_books_gateway to postgres;
grant usage on schema private to song_books_gateway;

create function private.claim_song_import(p_import_id uuid, p_claims jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_most_runs constant integer := 5;
  v_import public.song_imports;
  v_run_id uuid;
begin
  perform set_config('request.jwt.claims', p_claims::text, true);
  perform private.check_request();
  select import.* into v_import from public.song_imports as import where import.id = p_import_id for update;
  if p_claims ->> 'role' is distinct from 'service_role' then
    perform private.require_permission(v_import.organization_id, 'songs:write', 'import_not_found');
  elsif v_import.id is null then
    perform private.raise_error(404, 'import_not_found', 'There is no such import.', 'Check the id.');
  end if;

  -- One that is over, or that a run is at work on, needs nothing. A run that gave no sign for a minute was cut off; what it
  -- handed over is dropped and the file is read anew. A file that cuts off every run is not read for ever.
  if v_import.state = 'queued' or v_import.state = 'running' and not exists (
    select
    from private.song_import_runs as run
    where run.song_import_id = p_import_id and run.last_sign_at > now() - interval '1 minute'
  ) then
    delete from private.song_import_runs as run where run.song_import_id = p_import_id;
    if v_import.runs < v_most_runs then
      insert into private.song_import_runs (song_import_id) values (p_import_id) returning run_id into v_run_id;
      update public.song_imports as import
      set
        state = 'running', started_at = now(), runs = import.runs + 1, encoding = null,
        bytes_done = 0, rows_done = 0, rows_valid = 0, rows_invalid = 0, errors = '[]'
      where import.id = p_import_id
      returning import.* into v_import;
    else
      update public.song_imports as import
      set
        state = 'failed', finished_at = now(),
        failure = jsonb_build_object(
          'code', 'import_broke_off', 'detail', format('Reading the file broke off %s times.', v_most_runs),
          'hint', 'The book is as it was. Split the file or save it in another format, and import it again.'
        )
      where import.id = p_import_id
      returning import.* into v_import;
    end if;
  end if;
  return jsonb_build_object('run_id', v_run_id, 'import', to_jsonb(v_import) - 'errors');
end;
$$;

comment on function private.claim_song_import(uuid, jsonb) is
  'Takes an import on for the caller with these verified claims. Returns the import and, when there is work to do, the run_id to
do it under. Definer: the gateway''s role has no rights of its own; checks songs:write itself.';

revoke all on function private.claim_song_import(uuid, jsonb) from public;
grant execute on function private.claim_song_import(uuid, jsonb) to song_books_gateway;

create function private.is_current_run(p_import_id uuid, p_run_id uuid)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform from public.song_imports as import where import.id = p_import_id and import.state = 'running' for update;
  if not found then
    return false;
  end if;
  update private.song_import_runs as run set last_sign_at = clock_timestamp()
  where run.song_import_id = p_import_id and run.run_id = p_run_id;
  return found;
end;
$$;

comment on function private.is_current_run(uuid, uuid) is
  'Locks the import and notes a sign of life; false once it was cancelled or another run took it over. Definer: runs are private.';

revoke all on function private.is_current_run(uuid, uuid) from public;

create function private.stage_song_import(
  p_import_id uuid, p_run_id uuid, p_number integer, p_rows jsonb, p_bytes_done bigint, p_encoding text default null
)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
set jit = off
as $$
declare
  v_is_dry_run boolean;
  v_artists text[];
  v_titles text[];
  v_errors jsonb;
  v_invalid integer;
  v_batches integer;
  v_found record;
begin
  with
    sent as (
      select
        (item.value ->> 'line')::integer as line, item.value ->> 'artist' as artist, item.value ->> 'title' as title,
        item.value as value, item.number
      from jsonb_array_elements(p_rows) with ordinality as item (value, number)
    ),
    judged as (
      select sent.*, problem.field, problem.text as problem
      from sent
      left join lateral (
        values
          (sent.value ->> 'field', sent.value ->> 'problem', 1),
          ('artist', case when sent.artist is null or sent.artist !~ '[^[:space:]]' then 'The artist is empty.' end, 2),
          ('title', case when sent.title is null or sent.title !~ '[^[:space:]]' then 'The title is empty.' end, 3),
          ('artist', case when char_length(sent.artist) > 255 then 'The artist is longer than 255 characters.' end, 4),
          ('title', case when char_length(sent.title) > 255 then 'The title is longer than 255 characters.' end, 5)
        order by 3
      ) as problem (field, text, rank) on problem.text is not null and (sent.value ->> 'problem' is null or problem.rank = 1)
    ),
    usable as (select * from judged where judged.problem is null),
    -- A row with two faults is told of both.
    unusable as (
      select
        judged.number,
        jsonb_build_object(
          'line', judged.line,
          'column', coalesce(judged.value -> 'column', judged.value -> (judged.field || '_column')),
          'field', judged.field,
          'problem', judged.problem
        ) as error
      from judged
      where judged.problem is not null
    )
  select
    (select coalesce(array_agg(usable.artist order by usable.number), '{}') from usable),
    (select coalesce(array_agg(usable.title order by usable.number), '{}') from usable),
    (select coalesce(jsonb_agg(unusable.error order by unusable.number), '[]') from unusable),
    (select count(distinct unusable.number)::integer from unusable)
  into v_artists, v_titles, v_errors, v_invalid;

  select import.is_dry_run into v_is_dry_run from public.song_imports as import where import.id = p_import_id;
  -- Before the import is locked: imports wait for each other only over songs that are new to both.
  if not v_is_dry_run then
    select * into v_found from private.require_spellings(v_artists, v_titles);
  end if;

  if not private.is_current_run(p_import_id, p_run_id) then
    return false;
  end if;
  select run.batches into v_batches from private.song_import_runs as run where run.song_import_id = p_import_id;
  -- The same batch again changes nothing.
  if p_number < v_batches then
    return true;
  end if;
  if p_number > v_batches then
    perform private.raise_error(
      409, 'batch_missing', format('Batch %s came before batch %s.', p_number, v_batches), 'Run the import again.'
    );
  end if;
  update private.song_import_runs as run set batches = v_batches + 1 where run.song_import_id = p_import_id;
  if v_is_dry_run then
    insert into private.song_import_batches (song_import_id, number, fingerprints)
    select p_import_id, p_number, coalesce(array_agg(private.song_fingerprint(row.artist, row.title)), '{}')
    from unnest(v_artists, v_titles) as row (artist, title);
  else
    insert into private.song_import_batches (song_import_id, number, fingerprints, spelling_ids, song_ids, artist_ids)
    values (p_import_id, p_number, '{}', v_found.spelling_ids, v_found.song_ids, v_found.artist_ids);
  end if;
  update public.song_imports as import
  set
    bytes_done = p_bytes_done,
    encoding = p_encoding,
    rows_done = import.rows_done + jsonb_array_length(p_rows),
    rows_valid = import.rows_valid + cardinality(v_artists),
    rows_invalid = import.rows_invalid + v_invalid,
    errors = case
      when jsonb_array_length(v_errors) = 0 or jsonb_array_length(import.errors) >= 1000 then import.errors
      else jsonb_path_query_array(import.errors || v_errors, '$[0 to 999]')
    end
  where import.id = p_import_id;
  return true;
end;
$$;

comment on function private.stage_song_import(uuid, uuid, integer, jsonb, bigint, text) is
  'Takes rows of the file: [{"line", "artist", "title", "artist_column", "title_column"}], or {"line", "column", "problem"} for what
could not be read. Batches count from 0 without a gap; one may come twice. False when the run is over. Definer: the catalogue and imports are private.';

revoke all on function private.stage_song_import(uuid, uuid, integer, jsonb, bigint, text) from public;
grant execute on function private.stage_song_import(uuid, uuid, integer, jsonb, bigint, text) to song_books_gateway;

create function private.book_songs(p_system_id uuid)
returns table (spelling_id integer, song_id bigint, artist_id integer)
language sql
stable
security definer
rows 50000
set search_path = ''
set jit = off
as $$
  select spelling.id, spelling.song_id, spelling.artist_id
  from private.book_chunks as book
  cross join lateral private.chunk_spellings(book.chunk, book.members) as member (spelling_id)
  join private.song_spellings as spelling on spelling.id = member.spelling_id
  where book.system_id = p_system_id;
$$;

comment on function private.book_songs(uuid) is 'Every song of a book. Definer: books are private.';

revoke all on function private.book_songs(uuid) from public;

create function private.publish_song_import(p_import public.song_imports, out songs_added integer, out songs_removed integer)
language plpgsql
volatile
security definer
set search_path = ''
set jit = off
set work_mem = '64MB'
as $$
declare
  v_spelling_ids integer[];
  v_artist_ids integer[];
begin
  perform private.lock_book(p_import.system_id);
  with
    staged as (
      -- Of two spellings of a song the file's first one counts.
      select distinct on (row.song_id) row.song_id, row.spelling_id, row.artist_id
      from private.song_import_batches as batch
      cross join lateral unnest(batch.spelling_ids, batch.song_ids, batch.artist_ids)
        with ordinality as row (spelling_id, song_id, artist_id, place)
      where batch.song_import_id = p_import.id
      order by row.song_id, batch.number, row.place
    ),
    present as materialized (select * from private.book_songs(p_import.system_id)),
    next_songs as (
      select
        case when p_import.mode = 'merge' then coalesce(present.spelling_id, staged.spelling_id)
          else coalesce(staged.spelling_id, present.spelling_id)
        end as spelling_id,
        coalesce(staged.artist_id, present.artist_id) as artist_id,
        present.song_id is null as is_added,
        staged.song_id is null as is_missing
      from staged
      full join present on present.song_id = staged.song_id
    )
  select
    coalesce(array_agg(next.spelling_id) filter (where p_import.mode = 'merge' or not next.is_missing), '{}'),
    coalesce(array_agg(next.artist_id) filter (where p_import.mode = 'merge' or not next.is_missing), '{}'),
    (count(*) filter (where next.is_added))::integer,
    (count(*) filter (where next.is_missing and p_import.mode = 'replace'))::integer
  into v_spelling_ids, v_artist_ids, songs_added, songs_removed
  from next_songs as next;
  if private.replace_book(p_import.system_id, v_spelling_ids, v_artist_ids) then
    update private.books as book set content_hash = null where book.system_id = p_import.system_id;
  end if;
  update private.books as book set published_at = now() where book.system_id = p_import.system_id;
end;
$$;

comment on function private.publish_song_import(public.song_imports) is
  'Makes what an import has read the book, or part of it. Callers hold the lock of the import. Definer: books are private.';

revoke all on function private.publish_song_import(public.song_imports) from public;

create function private.preview_song_import(p_import public.song_imports, out songs_added integer, out songs_removed integer)
language sql
stable
security definer
set search_path = ''
set jit = off
as $$
  with
    staged as (
      select distinct fingerprint
      from private.song_import_batches as batch
      cross join lateral unnest(batch.fingerprints) as fingerprint
      where batch.song_import_id = p_import.id
    ),
    present as (
      select song.fingerprint
      from private.book_songs(p_import.system_id) as member
      join public.songs as song on song.id = member.song_id
    )
  select
    (count(*) filter (where present.fingerprint is null))::integer,
    (count(*) filter (where staged.fingerprint is null and p_import.mode = 'replace'))::integer
  from staged
  full join present on present.fingerprint = staged.fingerprint;
$$;

comment on function private.preview_song_import(public.song_imports) is
  'What publishing the import would change. Definer: books are private.';

revoke all on function private.preview_song_import(public.song_imports) from public;

create function private.finish_song_import(p_import_id uuid, p_run_id uuid, p_batches integer)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_import public.song_imports;
  v_counts record;
begin
  if not private.is_current_run(p_import_id, p_run_id) then
    return false;
  end if;
  -- A database that was restored or restarted may have forgotten the latest ones.
  if p_batches is distinct from (select run.batches from private.song_import_runs as run where run.song_import_id = p_import_id) then
    perform private.raise_error(409, 'batch_missing', 'Not every batch of the file is there.', 'Run the import again.');
  end if;
  select import.* into v_import from public.song_imports as import where import.id = p_import_id;
  if v_import.rows_valid = 0 then
    return private.fail_song_import(
      p_import_id, p_run_id,
      jsonb_build_object(
        'code', 'no_songs', 'detail', 'The file has no row with an artist and a title.',
        'hint', 'Look at the errors, and say which columns hold the artist and the title.'
      )
    );
  end if;
  if v_import.is_dry_run then
    select * into v_counts from private.preview_song_import(v_import);
  else
    select * into v_counts from private.publish_song_import(v_import);
    insert into public.audit_entries (
      organization_id, actor_id, actor_kind, table_name, row_key, operation, new_values
    )
    values (
      v_import.organization_id, v_import.created_by, case when v_import.created_by is null then 'system' else 'user' end,
      'song_imports', p_import_id::text, 'import',
      jsonb_build_object(
        'system_id', v_import.system_id, 'mode', v_import.mode, 'path', v_import.path,
        'songs_added', v_counts.songs_added, 'songs_removed', v_counts.songs_removed
      )
    );
  end if;
  update public.song_imports as import
  set
    state = 'completed', finished_at = now(), rows_total = import.rows_done, bytes_done = import.bytes_total,
    songs_added = v_counts.songs_added, songs_removed = v_counts.songs_removed
  where import.id = p_import_id;
  delete from private.song_import_runs as run where run.song_import_id = p_import_id;
  return true;
end;
$$;

comment on function private.finish_song_import(uuid, uuid, integer) is
  'The last step: publishes what was read, or counts what that would change. False when the run is over. Definer: books are private.';

revoke all on function private.finish_song_import(uuid, uuid, integer) from public;
grant execute on function private.finish_song_import(uuid, uuid, integer) to song_books_gateway;

create function private.fail_song_import(p_import_id uuid, p_run_id uuid, p_failure jsonb)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if not private.is_current_run(p_import_id, p_run_id) then
    return false;
  end if;
  update public.song_imports as import set state = 'failed', finished_at = now(), failure = p_failure where import.id = p_import_id;
  delete from private.song_import_runs as run where run.song_import_id = p_import_id;
  return true;
end;
$$;

comment on function private.fail_song_import(uuid, uuid, jsonb) is
  'Ends an import whose file cannot be used. False when the run is over. Definer: imports are written only by these functions.';

revoke all on function private.fail_song_import(uuid, uuid, jsonb) from public;
grant execute on function private.fail_song_import(uuid, uuid, jsonb) to song_books_gateway;

create function private.stalled_song_imports()
returns setof uuid
language sql
stable
security definer
rows 10
set search_path = ''
as $$
  select import.id
  from public.song_imports as import
  left join private.song_import_runs as run on run.song_import_id = import.id
  where import.state in ('queued', 'running')
    and coalesce(run.last_sign_at, import.created_at) < now() - interval '1 minute'
  order by import.created_at, import.id
  limit 10;
$$;

comment on function private.stalled_song_imports() is
  'Imports that were cut off or never begun, the oldest first. Definer: for all organizations.';

revoke all on function private.stalled_song_imports() from public;
grant execute on function private.stalled_song_imports() to song_books_gateway;

create function private.resume_song_imports()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if exists (select from private.stalled_song_imports()) then
    perform private.call_edge_function('/song-books/resume-imports');
  end if;
end;
$$;

comment on function private.resume_song_imports() is
  'Has the function song-books take on imports that were cut off or never begun. A job; definer as stalled_song_imports.';

revoke all on function private.resume_song_imports() from public;

create function private.forget_song_imports()
returns integer
language sql
volatile
security definer
set search_path = ''
as $$
  with
    abandoned as (
      update public.song_imports as import
      set
        state = 'failed', finished_at = now(),
        failure = '{"code": "import_abandoned", "detail": "Nobody ran this import to its end.", "hint": "Upload the file again."}'
      where import.state in ('queued', 'running') and import.updated_at < now() - interval '7 days'
      returning import.id
    ),
    dropped as (
      delete from private.song_import_runs as run where run.song_import_id in (select abandoned.id from abandoned)
    )
  select count(*)::integer from abandoned;
$$;

comment on function private.forget_song_imports() is
  'Gives up imports that nobody touched for a week: their files are gone by then. A job; definer because it is for all organizations.';

revoke all on function private.forget_song_imports() from public;

create function private.expired_files()
returns table (bucket_id text, name text)
language sql
stable
security definer
set search_path = ''
as $$
  select object.bucket_id, object.name
  from storage.objects as object
  where object.bucket_id in ('imports', 'reports') and object.created_at < now() - interval '7 days'
  order by object.created_at, object.id
  limit 1000;
$$;

comment on function private.expired_files() is
  'Files of the buckets imports and reports that are over a week old, the oldest first. Only Storage itself may delete them. Definer: policies
hide them.';

revoke all on function private.expired_files() from public;
grant execute on function private.expired_files() to song_books_gateway;

create function private.expire_files()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if exists (select from private.expired_files()) then
    perform private.call_edge_function('/song-books/expire-files');
  end if;
end;
$$;

comment on function private.expire_files() is
  'Has the function song-books delete files that are over a week old, a thousand at a time. A job;
definer as expired_files.';

revoke all on function private.expire_files() from public;

-- sql/40-songs/90-exports.sql
-- A song book as a file: the Edge Function "song-books" asks whether the caller may have it, then reads it through a cursor.

create function private.open_song_export(p_system_id uuid, p_claims jsonb, p_api_key text, p_address inet)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_system public.systems;
  v_verified record;
  v_caller private.api_key_caller;
  v_wait integer;
begin
  select system.* into v_system from public.systems as system where system.id = p_system_id;
  if p_api_key is null then
    perform set_config('request.jwt.claims', p_claims::text, true);
    perform private.check_request();
    perform private.require_permission(v_system.organization_id, 'songs:read', 'system_not_found');
  else
    -- Answered instead of raised: what is noted about the key must stay.
    v_verified := private.verify_api_key(p_api_key, p_address);
    if v_verified.refusal is not null then
      perform private.record_wrong_api_key(p_api_key, p_address, v_verified.refusal);
      return jsonb_build_object(
        'status', 401, 'code', 'api_key_refused', 'detail', 'This API key does not work.', 'hint', 'Copy it again from the portal.'
      );
    end if;
    v_caller := v_verified.caller;
    if 'songs:read' <> all (v_caller.scopes) then
      perform private.record_api_key_failure(p_api_key, p_address, 'scope songs:read missing');
      return jsonb_build_object(
        'status', 403, 'code', 'scope_missing', 'detail', 'This API key lacks the scope songs:read.', 'hint', 'Make a key with it.'
      );
    end if;
    perform private.record_api_key_call(v_caller.api_key_id, p_address, false);
    if v_system.organization_id is distinct from v_caller.organization_id
      or v_caller.system_id is not null and v_caller.system_id <> p_system_id then
      return jsonb_build_object(
        'status', 404, 'code', 'system_not_found', 'detail', 'There is no such thing, or it is not yours.', 'hint', 'Check the id.'
      );
    end if;
  end if;
  -- Answered, too: with a key nothing may be undone.
  v_wait := private.take_rate_limit('song_exports', v_system.organization_id::text);
  if v_wait > 0 then
    return jsonb_build_object(
      'status', 429, 'code', 'rate_limited', 'detail', format('Too many exports. Try again in %s seconds.', v_wait),
      'hint', '', 'retry_after', v_wait
    );
  end if;
  return jsonb_build_object('name', v_system.name, 'songs', private.book_size(p_system_id));
end;
$$;

comment on function private.open_song_export(uuid, jsonb, text, inet) is
  'The name of a system and the size of its book, for whoever may read it: a user with these verified claims and songs:read, or an
API key with that scope. A refusal of a key, or of one export too many, is an answer with status, code, detail and hint. Definer: the gateway''s role has no
rights of its own.';

revoke all on function private.open_song_export(uuid, jsonb, text, inet) from public;
grant execute on function private.open_song_export(uuid, jsonb, text, inet) to song_books_gateway;

create function private.export_songs(p_system_id uuid)
returns table (artist text, title text)
language sql
stable
security definer
rows 50000
set search_path = ''
set jit = off
as $$
  select spelling.artist, spelling.title
  from private.book_songs(p_system_id) as member
  join private.song_spellings as spelling on spelling.id = member.spelling_id
  join public.songs as song on song.id = member.song_id
  order by song.fingerprint;
$$;

comment on function private.export_songs(uuid) is
  'Every song of a book as the host spells it, by artist and title. Callers check who may read it. Definer: books are private.';

revoke all on function private.export_songs(uuid) from public;
grant execute on function private.export_songs(uuid) to song_books_gateway;

-- sql/40-songs/95-unused-songs.sql
-- Songs that nobody has any more leave the catalogue: those that are in no book and that nobody asked for or keeps as a favourite, once
-- that has been so for a month. Until then a host who uploads again finds them, with the ids they had.

create function private.hold_catalogue()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('private.song_spellings', 0));
end;
$$;

comment on function private.hold_catalogue() is
  'Keeps spellings from being removed until the transaction ends: between finding one and putting it into a book nothing refers to it.';

revoke all on function private.hold_catalogue() from public;

create function private.unused_songs()
returns setof bigint
language plpgsql
stable
security definer
rows 1000
set search_path = ''
set jit = off
set work_mem = '64MB'
as $$
declare
  v_staged integer[];
begin
  -- What is being read in, first: when it is published meanwhile, the books have it below.
  select array_agg(distinct staged.spelling_id) into v_staged
  from (
    select unnest(batch.spelling_ids) as spelling_id from private.book_upload_batches as batch
    union all
    select unnest(batch.spelling_ids) from private.song_import_batches as batch
  ) as staged;

  return query
  with
    -- All books on top of each other.
    used as materialized (
      select book.chunk, bit_or(private.member_bits(book.members)) as members
      from private.book_chunks as book
      group by book.chunk
    ),
    staged as (select unnest(v_staged) as spelling_id),
    unused as (
      select spelling.song_id
      from private.song_spellings as spelling
      left join used on used.chunk = private.song_chunk(spelling.id)
      left join staged on staged.spelling_id = spelling.id
      group by spelling.song_id
      having not bool_or(coalesce(get_bit(used.members, (spelling.id % 240000) # 7), 0) = 1 or staged.spelling_id is not null)
    )
  select song.id
  from unused
  join public.songs as song on song.id = unused.song_id
  where not exists (select from public.requests as request where request.song_id = song.id)
    and not exists (select from public.performances as performance where performance.song_id = song.id)
    and not exists (select from public.favorite_songs as favorite where favorite.fingerprint = song.fingerprint)
    and not exists (select from public.blocked_songs as blocked where blocked.song_id = song.id);
end;
$$;

comment on function private.unused_songs() is
  'Songs of the catalogue that are in no book and on no way into one, that nobody asked for, sang or keeps as a favourite. Reads all books. Definer: the
catalogue and books are private.';

revoke all on function private.unused_songs() from public;

create function private.is_sung(p_word text)
returns boolean
language plpgsql
stable
strict
security definer
set search_path = ''
as $$
begin
  -- As a search does it: what is common is found in the first chunk.
  for v_chunk in 0..private.song_chunk(coalesce((select max(spelling.id) from private.song_spellings as spelling), 0)) loop
    if exists (
      select
      from private.song_spellings as spelling
      where private.song_tokens(spelling.id, spelling.words)
        @@ replace(private.search_token(' ', p_word, false), '#', v_chunk::text)::tsquery
    ) then
      return true;
    end if;
  end loop;
  return false;
end;
$$;

comment on function private.is_sung(text) is 'Whether a word is in any song of the catalogue. Definer: the catalogue is private.';

revoke all on function private.is_sung(text) from public;

create function private.remove_unused_songs(p_after interval default '30 days')
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_unused bigint[] := array(select private.unused_songs());
  v_removable bigint[];
  v_words text[];
begin
  update public.songs as song set unused_since = null
  where song.unused_since is not null and not song.id = any (select unnest(v_unused));
  update public.songs as song set unused_since = now()
  where song.unused_since is null and song.id = any (select unnest(v_unused));

  v_removable := array(
    select song.id from public.songs as song where song.unused_since <= now() - p_after order by song.unused_since, song.id limit 10000
  );
  -- Somebody may be reading songs in: then another night.
  if v_removable = '{}' or not pg_try_advisory_xact_lock(hashtextextended('private.song_spellings', 0)) then
    return 0;
  end if;
  v_removable := array(
    select song_id from private.unused_songs() as song_id where song_id = any (select unnest(v_removable))
  );
  with removed as (
    delete from private.song_spellings as spelling where spelling.song_id = any (v_removable) returning spelling.words
  )
  select array_agg(distinct word) into v_words from removed cross join lateral string_to_table(btrim(removed.words, ' '), ' ') as word;
  delete from public.songs as song where song.id = any (v_removable);
  delete from private.song_artists as artist
  where not exists (select from private.song_spellings as spelling where spelling.artist_id = artist.id);
  delete from private.song_words as known where known.word = any (v_words) and not private.is_sung(known.word);
  return cardinality(v_removable);
end;
$$;

comment on function private.remove_unused_songs(interval) is
  'Notes since when songs are unused and removes those that have been for p_after, at most 10,000 at a time. Returns how many. A job;
definer as unused_songs.';

revoke all on function private.remove_unused_songs(interval) from public;

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
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select show.id
    from public.shows as show
    where show.venue_id = p_venue_id and show.closed_at is null and show.last_activity_at >= now() - interval '6 hours'
  );
end;
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

create function private.end_show(p_venue_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  -- now() is when this transaction began; the show may be a moment younger.
  update public.shows set closed_at = greatest(now(), opened_at) where venue_id = p_venue_id and closed_at is null;
$$;

comment on function private.end_show(uuid) is 'Ends the night at a venue, if one is open.';

revoke all on function private.end_show(uuid) from public;

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
  perform private.end_show(p_venue_id);
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
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
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
      )
  );
end;
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
  perform private.refuse_delegated_access();
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
  constraint actor_is_known check (actor in ('singer', 'host', 'undo')),
  primary key (from_state, to_state, actor)
);

alter table public.request_transitions enable row level security;
revoke all on public.request_transitions from anon, authenticated, service_role;

create index request_transitions_to_state_idx on public.request_transitions (to_state);

comment on table public.request_transitions is
  'Who may move a request from which state to which: its singer, the host, or the host who takes back the last step (undo).';

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
  fingerprint text not null generated always as (private.song_fingerprint(artist, title)) stored,
  key_change integer not null default 0,
  notes text,
  state text not null default 'pending' references public.request_states (key) on update cascade on delete restrict,
  processed boolean not null generated always as (state = 'completed') stored,
  reason text,
  sort_order double precision,
  queued_as_of timestamptz,
  idempotency_key uuid,
  idempotency_digest uuid,
  requested_at timestamptz not null default now(),
  processed_at timestamptz,
  updated_at timestamptz not null default now(),
  version integer not null default 1,
  constraint singers_are_1_to_4 check (cardinality(singer_names) between 1 and 4),
  constraint artist_is_1_to_255_characters check (char_length(artist) between 1 and 255),
  constraint title_is_1_to_255_characters check (char_length(title) between 1 and 255),
  constraint key_change_is_within_an_octave check (key_change between -12 and 12),
  constraint notes_are_1_to_500_characters check (char_length(notes) between 1 and 500),
  constraint reason_is_1_to_500_characters check (char_length(reason) between 1 and 500),
  constraint digest_belongs_to_a_key check ((idempotency_digest is null) = (idempotency_key is null)),
  constraint processed_at_matches_state check ((processed_at is not null) = (state = 'completed')),
  unique (organization_id, openkj_request_id)
);

alter table public.requests enable row level security;
revoke all on public.requests from anon, authenticated, service_role;

create unique index requests_idempotency_idx on public.requests (venue_id, idempotency_key, submitted_by)
  where idempotency_key is not null;
-- The queue itself: small however long the history grows.
create index requests_active_idx on public.requests (venue_id, requested_at, id)
  where state in ('pending', 'accepted', 'performing');
create index requests_active_of_singer_idx on public.requests (venue_id, singer_user_id)
  where state in ('pending', 'accepted', 'performing');
create index requests_venue_id_idx on public.requests (venue_id, requested_at desc, id desc);
create index requests_organization_id_idx on public.requests (organization_id, requested_at desc, id desc);
-- What a policy allows of one venue, however many others the organization has.
create index requests_organization_venue_idx on public.requests (organization_id, venue_id, requested_at desc);
create index requests_show_id_idx on public.requests (show_id, singer_user_id);
create index requests_song_idx on public.requests (venue_id, fingerprint, requested_at desc);
create index requests_singer_user_id_idx on public.requests (singer_user_id, requested_at desc, id desc);
create index requests_submitted_by_idx on public.requests (submitted_by);
create index requests_state_idx on public.requests (state) where state in ('accepted', 'performing');

comment on table public.requests is 'Songs asked for at a venue: the queue, and its history.';
comment on column public.requests.openkj_request_id is
  'What OpenKJ calls it; counted per organization, never reused, and new when the key changes.';
comment on column public.requests.show_id is 'The night it belongs to: the one open when it was asked for, or the one its acceptance opened.';
comment on column public.requests.singer_user_id is 'The guest or singer it is for; null for a walk-up entered by staff or OpenKJ.';
comment on column public.requests.song_id is 'Song of the catalogue; null marks free text: a song that is not in the book.';
comment on column public.requests.fingerprint is 'By which two requests are for the same song, whatever book or spelling they come from.';
comment on column public.requests.reason is 'Why the host skipped or rejected it; the singer sees it.';
comment on column public.requests.sort_order is 'Place in a queue ordered by hand; null keeps the order of asking.';
comment on column public.requests.queued_as_of is
  'When it counts as asked for, once its singer has changed the order of own songs; null is requested_at.';
comment on column public.requests.idempotency_key is 'Chosen by the app: the same key asks once, however often it is sent.';
comment on column public.requests.idempotency_digest is 'Of what was sent with the key, by which another request with the same key is refused.';
comment on column public.requests.version is 'Counts the changes: of two versions of a request the one with the larger number is the later.';

create trigger requests_set_updated_at
  before update on public.requests
  for each row execute function private.set_updated_at();

create function private.count_request_version()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  new.version := old.version + 1;
  return new;
end;
$$;

revoke all on function private.count_request_version() from public;

create trigger requests_count_version
  before update on public.requests
  for each row execute function private.count_request_version();

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

create function private.require_request(p_request_id bigint, p_permission text)
returns public.requests
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_request public.requests;
begin
  select request.* into v_request from public.requests as request where request.id = p_request_id;
  perform private.require_permission(v_request.organization_id, p_permission, 'request_not_found');
  return v_request;
end;
$$;

comment on function private.require_request(bigint, text) is
  'A request of an organization in which the caller holds the permission. Errors: as require_permission, 404 request_not_found.';

revoke all on function private.require_request(bigint, text) from public;

-- Who is changing requests right now, for the log of events: RPCs and the OpenKJ commands say so.
create function private.change_source()
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return coalesce(nullif(current_setting('karaoke.source', true), ''), 'app');
end;
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
      new.fingerprint, new.artist, new.title, new.key_change, new.processed_at
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
-- Whom a host will not have.

create table public.venue_bans (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  venue_id uuid references public.venues (id) on delete cascade,
  user_id uuid references auth.users (id) on delete cascade,
  folded_name text,
  singer_name text not null,
  reason text,
  expires_at timestamptz,
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  constraint reason_is_1_to_500_characters check (char_length(reason) between 1 and 500),
  constraint bans_an_account_or_a_name check ((user_id is null) <> (folded_name is null)),
  unique nulls not distinct (organization_id, venue_id, user_id, folded_name)
);

alter table public.venue_bans enable row level security;
revoke all on public.venue_bans from anon, authenticated, service_role;

create index venue_bans_user_id_idx on public.venue_bans (user_id);
create index venue_bans_venue_id_idx on public.venue_bans (venue_id);
create index venue_bans_created_by_idx on public.venue_bans (created_by);

comment on table public.venue_bans is
  'Singers, guests'' devices and names that may not ask for songs: at one venue, or at all of the organization when venue_id is null.';
comment on column public.venue_bans.folded_name is 'The banned name without case and accents, where it is a name and not an account.';
comment on column public.venue_bans.singer_name is 'The name on the request that led to the ban, to recognise it by.';

create function private.ban_singer(p_request_id bigint, p_all_venues boolean, p_reason text, p_expires_at timestamptz, p_by_name boolean)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
  v_ban_id uuid;
  v_by_name boolean;
begin
  v_request := private.require_request(p_request_id, 'requests:process');
  if p_expires_at <= now() then
    perform private.raise_error(400, 'invalid_expiry', 'The expiry is in the past.', 'Give a time to come, or none.');
  end if;
  v_by_name := coalesce(p_by_name, false) or v_request.singer_user_id is null;
  insert into public.venue_bans as ban (
    organization_id, venue_id, user_id, folded_name, singer_name, reason, expires_at, created_by
  )
  values (
    v_request.organization_id, case when p_all_venues then null else v_request.venue_id end,
    case when not v_by_name then v_request.singer_user_id end,
    case when v_by_name then private.fold_text(v_request.singer_names[1]) end,
    v_request.singer_names[1], private.clean_text(p_reason, 'reason', 500), p_expires_at, auth.uid()
  )
  on conflict (organization_id, venue_id, user_id, folded_name) do update set
    reason = excluded.reason, expires_at = excluded.expires_at, created_by = excluded.created_by
  returning ban.id into v_ban_id;
  return v_ban_id;
end;
$$;

comment on function private.ban_singer(bigint, boolean, text, timestamptz, boolean) is 'Definer: bans are made only here.';

revoke all on function private.ban_singer(bigint, boolean, text, timestamptz, boolean) from public;
grant execute on function private.ban_singer(bigint, boolean, text, timestamptz, boolean) to authenticated;

create function public.ban_singer(
  p_request_id bigint,
  p_all_venues boolean default false,
  p_reason text default null,
  p_expires_at timestamptz default null,
  p_by_name boolean default false
)
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.ban_singer(p_request_id, p_all_venues, p_reason, p_expires_at, p_by_name);
$$;

comment on function public.ban_singer(bigint, boolean, text, timestamptz, boolean) is
  'Bans the account or device behind a request and returns the ban''s id; deleting the row of venue_bans lifts it. With p_by_name, or
where nobody''s account is behind the request, whoever gives the request''s first name. Needs requests:process. Errors: 400
invalid_expiry, invalid_reason; 403; 404 request_not_found.';

revoke all on function public.ban_singer(bigint, boolean, text, timestamptz, boolean) from public;
grant execute on function public.ban_singer(bigint, boolean, text, timestamptz, boolean) to authenticated;

-- sql/50-queue/28-popularity.sql
-- What is asked for most.

create function private.requested_songs(p_venue_id uuid, p_period text, p_count integer)
returns table (song_id bigint, requests integer)
language plpgsql
stable
security definer
set search_path = ''
rows 100
as $$
declare
  v_show_id uuid := private.open_show(p_venue_id);
begin
  if p_period = 'all' then
    -- Counted as requests come in, so that the list never reads the whole history.
    return query
      select popularity.song_id, popularity.requests
      from private.song_popularity as popularity
      where popularity.venue_id = p_venue_id
      order by popularity.requests desc, popularity.song_id
      limit p_count;
  elsif p_period = 'tonight' then
    return query
      select request.song_id, count(*)::integer
      from public.requests as request
      where request.venue_id = p_venue_id and request.requested_at > now() - interval '1 day' and request.song_id is not null
        -- A request that came before the show opened joins it when it is taken.
        and (request.show_id = v_show_id or v_show_id is not null and request.show_id is null and request.state = 'pending')
      group by request.song_id
      order by count(*) desc, request.song_id
      limit p_count;
  elsif p_period = '30_days' then
    return query
      select request.song_id, count(*)::integer
      from public.requests as request
      where request.venue_id = p_venue_id and request.requested_at > now() - interval '30 days' and request.song_id is not null
      group by request.song_id
      order by count(*) desc, request.song_id
      limit p_count;
  else
    perform private.raise_error(400, 'invalid_period', 'The period is none of tonight, 30_days and all.', 'Send one of them, or leave it out.');
  end if;
end;
$$;

comment on function private.requested_songs(uuid, text, integer) is
  'The songs asked for most often at a venue tonight, in 30_days or in all; free texts do not count. Definer: requests are read only
by those who made or take them.';

revoke all on function private.requested_songs(uuid, text, integer) from public;

create function private.most_requested_songs(p_venue_id uuid, p_limit integer, p_period text)
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
    select most.song_id, song.artist, song.title, most.requests
    -- Some of the most wanted may have left the book or be blocked, so a few more are looked at.
    from private.requested_songs(p_venue_id, coalesce(p_period, ''), p_limit * 3) as most
    cross join lateral private.book_song(v_system_id, most.song_id) as song
    where not exists (
      select from public.blocked_songs as blocked where blocked.venue_id = p_venue_id and blocked.song_id = most.song_id
    )
    order by most.requests desc, most.song_id
    limit p_limit;
end;
$$;

comment on function private.most_requested_songs(uuid, integer, text) is 'Definer: counts and books are private.';

revoke all on function private.most_requested_songs(uuid, integer, text) from public;
grant execute on function private.most_requested_songs(uuid, integer, text) to anon, authenticated;

create function public.most_requested_songs(p_venue_id uuid, p_limit integer default 20, p_period text default 'all')
returns table (song_id bigint, artist text, title text, requested integer)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.most_requested_songs(p_venue_id, p_limit, p_period);
$$;

comment on function public.most_requested_songs(uuid, integer, text) is
  'The songs of the venue''s book that were asked for most often there: tonight (in the open show), in the last 30_days, or in all.
p_limit: 1-100. Errors: 400 invalid_limit, invalid_period; 403 pin_required; 404 venue_not_found.';

revoke all on function public.most_requested_songs(uuid, integer, text) from public;
grant execute on function public.most_requested_songs(uuid, integer, text) to anon, authenticated;

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
      private.one_line(named.name) as name
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
  v_text text := nullif(private.one_line(p_text), '');
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

create function private.requests_of_singer(p_venue_id uuid, p_singer_user_id uuid, p_singer_names text[], p_since timestamptz)
returns setof public.requests
language plpgsql
stable
security invoker
set search_path = ''
rows 5
as $$
begin
  if p_singer_user_id is not null then
    return query
      select request.*
      from public.requests as request
      where request.venue_id = p_venue_id and request.singer_user_id = p_singer_user_id
        and request.state in ('pending', 'accepted', 'performing')
      union all
      select request.*
      from public.requests as request
      where request.venue_id = p_venue_id and request.singer_user_id = p_singer_user_id
        and request.requested_at > p_since and request.state not in ('pending', 'accepted', 'performing', 'cancelled');
  else
    -- Without an account a singer is known by name.
    return query
      select request.*
      from public.requests as request
      where request.venue_id = p_venue_id and request.singer_user_id is null
        and request.state in ('pending', 'accepted', 'performing')
        and lower(request.singer_names::text) = lower(p_singer_names::text)
      union all
      select request.*
      from public.requests as request
      where request.venue_id = p_venue_id and request.singer_user_id is null
        and request.requested_at > p_since and request.state not in ('pending', 'accepted', 'performing', 'cancelled')
        and lower(request.singer_names::text) = lower(p_singer_names::text);
  end if;
end;
$$;

comment on function private.requests_of_singer(uuid, uuid, text[], timestamptz) is
  'What waits of a singer at a venue, and what they asked for since a time and did not withdraw.';

revoke all on function private.requests_of_singer(uuid, uuid, text[], timestamptz) from public;

create function private.check_song_rules(p_rules public.venue_rules, p_key_change integer, p_notes text, p_singer_names text[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  if p_key_change <> 0 and not p_rules.key_change_allowed then
    perform private.raise_error(422, 'key_change_not_allowed', 'The key cannot be changed at this venue.', 'Send 0.');
  end if;
  if p_notes is not null and not p_rules.notes_allowed then
    perform private.raise_error(422, 'notes_not_allowed', 'This venue takes no notes.', 'Leave the notes out.');
  end if;
  if p_rules.last_initial_required and exists (select from unnest(p_singer_names) as name where name !~ '^\S+ \S') then
    perform private.raise_error(422, 'last_initial_required', 'This venue asks for an initial of the last name.', 'Write it like "Kim P.".');
  end if;
end;
$$;

comment on function private.check_song_rules(public.venue_rules, integer, text, text[]) is
  'The venue''s rules about what a request says. Errors: 422 key_change_not_allowed, notes_not_allowed, last_initial_required.';

revoke all on function private.check_song_rules(public.venue_rules, integer, text, text[]) from public;

create function private.check_queue_rules(
  p_venue public.venues, p_show_id uuid, p_singer_user_id uuid, p_singer_names text[], p_is_in_book boolean, p_artist text, p_title text,
  p_key_change integer, p_notes text
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_rules public.venue_rules;
  v_fingerprint constant text := private.song_fingerprint(p_artist, p_title);
  v_ban public.venue_bans;
  v_active integer;
  v_until timestamptz;
  v_is_active boolean;
  v_is_tonight boolean;
begin
  select rules.* into v_rules from public.venue_rules as rules where rules.venue_id = p_venue.id;
  if not v_rules.guests_allowed and private.is_guest(p_singer_user_id) then
    perform private.raise_error(
      403, 'guests_not_allowed', 'This venue takes requests from singers with an account only.', 'Sign up, your requests stay yours.'
    );
  end if;

  select ban.* into v_ban
  from public.venue_bans as ban
  where ban.organization_id = p_venue.organization_id and (ban.venue_id is null or ban.venue_id = p_venue.id)
    and (ban.expires_at is null or ban.expires_at > now())
    and (
      ban.user_id = p_singer_user_id
      or ban.folded_name = any (array(select private.fold_text(name) from unnest(p_singer_names) as name))
    )
  order by ban.expires_at desc nulls first
  limit 1;
  if found and v_ban.expires_at is null then
    perform private.raise_error(403, 'banned', 'This venue takes no requests from you.', 'Talk to the host.');
  elsif found then
    perform private.raise_error_until(403, 'banned', 'This venue takes no requests from you for some time.', v_ban.expires_at);
  end if;

  perform private.check_song_rules(v_rules, p_key_change, p_notes, p_singer_names);
  if not p_is_in_book and not v_rules.free_text_allowed then
    perform private.raise_error(
      422, 'song_not_in_book', 'This venue takes only songs from its book.', 'Search the book and send p_song_id.'
    );
  end if;
  if exists (
    select
    from public.blocked_songs as blocked
    join public.songs as song on song.id = blocked.song_id
    where blocked.venue_id = p_venue.id and song.fingerprint = v_fingerprint
  ) then
    perform private.raise_error(422, 'song_blocked', 'This song is not sung here.', 'Choose another one.');
  end if;

  if v_rules.max_active_requests is not null or v_rules.cooldown_minutes is not null then
    select
      count(*) filter (where request.state in ('pending', 'accepted', 'performing')),
      max(request.requested_at) + make_interval(mins => v_rules.cooldown_minutes)
    into v_active, v_until
    from private.requests_of_singer(
      p_venue.id, p_singer_user_id, p_singer_names, now() - make_interval(mins => v_rules.cooldown_minutes)
    ) as request;
    if v_active >= v_rules.max_active_requests then
      perform private.raise_error(
        422, 'too_many_active_requests',
        format('You already have %s %s waiting.', v_active, case v_active when 1 then 'song' else 'songs' end),
        'Sing or cancel one of them first.'
      );
    end if;
    if v_until > now() then
      perform private.raise_error_until(
        422, 'cooldown',
        format(
          'There are %s minutes between two songs of one singer; %s are left.',
          v_rules.cooldown_minutes, ceil(extract(epoch from v_until - now()) / 60)
        ),
        v_until
      );
    end if;
  end if;

  if v_rules.same_song <> 'allowed' then
    select
      bool_or(request.state <> 'completed'),
      bool_or(request.show_id = p_show_id),
      max(greatest(request.requested_at, request.processed_at)) + make_interval(mins => v_rules.same_song_minutes)
    into v_is_active, v_is_tonight, v_until
    from public.requests as request
    where request.venue_id = p_venue.id and request.fingerprint = v_fingerprint
      -- Nothing older matters, however often the song was sung here.
      and request.requested_at > now() - interval '48 hours'
      and request.state in ('pending', 'accepted', 'performing', 'completed');
    if v_is_active then
      perform private.raise_error(
        422, 'same_song', 'Somebody has already asked for this song.',
        case v_rules.same_song
          when 'once_a_night' then 'Each song is sung once a night here: choose another one.'
          else 'Ask again when it has been sung, or choose another song.'
        end
      );
    elsif v_rules.same_song = 'not_within_minutes' and v_until > now() then
      perform private.raise_error_until(
        422, 'same_song',
        format(
          'This song was sung a short time ago; %s minutes are left until it may be asked for again.',
          ceil(extract(epoch from v_until - now()) / 60)
        ),
        v_until
      );
    elsif v_rules.same_song = 'once_a_night' and v_is_tonight then
      perform private.raise_error(
        422, 'same_song', 'This song was sung tonight.', 'Each song is sung once a night here: choose another one.'
      );
    end if;
  end if;
end;
$$;

comment on function private.check_queue_rules(public.venues, uuid, uuid, text[], boolean, text, text, integer, text) is
  'All rules of a venue for those who ask, whoever carries their words: apps, or programs without an account. A singer is the account or
guest p_singer_user_id, else the names; a song is its fingerprint. Errors: 403 guests_not_allowed, banned; 422
key_change_not_allowed, notes_not_allowed, last_initial_required, song_not_in_book, song_blocked, too_many_active_requests,
cooldown, same_song; those that end by themselves say when. Called after the organization''s counter row is locked, so that two
requests at once cannot both pass.';

revoke all on function private.check_queue_rules(public.venues, uuid, uuid, text[], boolean, text, text, integer, text) from public;

create function private.own_singer_names(p_user_id uuid)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select array[coalesce(singer.nickname, profile.display_name, profile.name)]
    from public.profiles as profile
    left join public.singer_profiles as singer on singer.user_id = profile.user_id
    where profile.user_id = p_user_id and coalesce(singer.nickname, profile.display_name, profile.name) is not null
  );
end;
$$;

comment on function private.own_singer_names(uuid) is 'The name a singer goes by, as the list of a request; null when the profile has none.';

revoke all on function private.own_singer_names(uuid) from public;

create function private.request_digest(
  p_singer_names text[], p_song_id bigint, p_artist text, p_title text, p_key_change integer, p_notes text
)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return md5(jsonb_build_array(nullif(p_singer_names, '{}'), p_song_id, p_artist, p_title, p_key_change, p_notes)::text)::uuid;
end;
$$;

comment on function private.request_digest(text[], bigint, text, text, integer, text) is
  'By which the same request sent again is told from another one: what was sent, before anything is made of it.';

revoke all on function private.request_digest(text[], bigint, text, text, integer, text) from public;

create function private.find_repeated_request(p_venue_id uuid, p_submitted_by uuid, p_idempotency_key uuid, p_digest uuid)
returns public.requests
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_request public.requests;
begin
  select request.* into v_request
  from public.requests as request
  where request.venue_id = p_venue_id and request.idempotency_key = p_idempotency_key
    and request.submitted_by is not distinct from p_submitted_by;
  if v_request.idempotency_digest <> p_digest then
    perform private.raise_error(
      409, 'idempotency_key_reused', format('This idempotency key was used before, for request %s, which asks for something else.', v_request.id),
      'Use a new key for a new request. With the same key send exactly the same again.'
    );
  end if;
  return v_request;
end;
$$;

comment on function private.find_repeated_request(uuid, uuid, uuid, uuid) is
  'The request that the key has already made at the venue for whoever submits it (null is a program), or null. Errors: 409
idempotency_key_reused when it was made of something else.';

revoke all on function private.find_repeated_request(uuid, uuid, uuid, uuid) from public;

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
  v_request public.requests;
  v_organization_id uuid;
  v_system_id uuid;
  v_song_id bigint := p_song_id;
  v_artist text := private.clean_text(p_artist, 'artist', 255);
  v_title text := private.clean_text(p_title, 'title', 255);
  v_notes text := private.clean_text(p_notes, 'notes', 500);
  v_names text[];
  v_digest uuid;
  v_openkj_request_id integer;
  v_show_id uuid;
begin
  v_names := private.clean_singer_names(coalesce(nullif(p_singer_names, '{}'), private.own_singer_names(p_singer_user_id)));
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
    v_digest := private.request_digest(p_singer_names, p_song_id, p_artist, p_title, p_key_change, p_notes);
    v_request := private.find_repeated_request(p_venue_id, p_submitted_by, p_idempotency_key, v_digest);
    if v_request.id is not null then
      return v_request;
    end if;
  end if;

  select venue.* into v_venue from public.venues as venue where venue.id = p_venue_id;
  if not v_venue.accepting_requests then
    perform private.refuse_closed_venue(p_venue_id);
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
    end if;
  end if;

  v_show_id := private.open_show(p_venue_id);
  if not p_is_staff then
    perform private.check_queue_rules(
      v_venue, v_show_id, p_singer_user_id, v_names, v_song_id is not null, v_artist, v_title, p_key_change, v_notes
    );
  end if;
  if not p_is_staff and p_idempotency_key is null then
    -- The button was pressed twice, or an app that has no keys sent it again.
    select request.* into v_request
    from private.requests_of_singer(p_venue_id, p_singer_user_id, v_names, null) as request
    where request.state = 'pending' and request.requested_at > now() - interval '10 seconds'
      and (request.singer_names, request.artist, request.title, request.key_change) = (v_names, v_artist, v_title, p_key_change)
      and request.notes is not distinct from v_notes
    order by request.id
    limit 1;
    if found then
      return v_request;
    end if;
  end if;

  insert into public.requests (
    organization_id, venue_id, show_id, openkj_request_id, singer_user_id, submitted_by, singer_names, song_id, artist, title,
    key_change, notes, idempotency_key, idempotency_digest, requested_at
  )
  -- The time of the number it got, not of when its transaction began: nobody slips in before a place that was told already.
  values (
    v_organization_id, p_venue_id, v_show_id, v_openkj_request_id, p_singer_user_id, p_submitted_by, v_names, v_song_id, v_artist,
    v_title, p_key_change, v_notes, p_idempotency_key, v_digest, clock_timestamp()
  )
  returning * into v_request;
  if v_song_id is not null then
    perform private.count_song_request(p_venue_id, v_song_id);
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
  v_request public.requests;
begin
  if p_idempotency_key is not null then
    v_request := private.find_repeated_request(
      p_venue_id, v_user_id, p_idempotency_key,
      private.request_digest(p_singer_names, p_song_id, p_artist, p_title, p_key_change, p_notes)
    );
    if v_request.id is not null then
      return v_request;
    end if;
  end if;

  perform private.require_admission(p_venue_id);
  if private.is_guest(v_user_id) then
    perform private.enforce_rate_limit('requests_per_device', v_user_id::text);
    perform private.enforce_rate_limit('requests_per_address', host(private.client_address()));
  else
    perform private.enforce_rate_limit('requests_per_singer', v_user_id::text);
  end if;
  perform private.enforce_rate_limit(
    'requests_per_venue', p_venue_id::text,
    (select rules.max_requests_per_hour from public.venue_rules as rules where rules.venue_id = p_venue_id)
  );

  return private.insert_request(
    p_venue_id, v_user_id, v_user_id, p_singer_names, p_song_id, p_artist, p_title, p_key_change, p_notes, p_idempotency_key, false
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
to 500 characters. p_idempotency_key: chosen by the app, asks once however often it is sent; without one the same request within ten seconds,
where the venue''s rules would allow a second, is taken for a second tap and answered with the first. Refusals that end by themselves say when: the hint has the time and
retry_after in seconds. Errors: 400 invalid_...,
song_missing; 401; 403 guests_not_allowed, pin_required, banned; 404 venue_not_found,
song_not_found; 409 idempotency_key_reused; 422 venue_closed, song_not_in_book, song_blocked,
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

-- sql/50-queue/35-order.sql
-- The order of a queue: first come first served, by hand, or everybody in turn. docs/decisions/rotation.md says why.

create type private.night_song as (
  request_id bigint,
  is_sung boolean,
  at timestamptz,
  singers integer[]
);

comment on type private.night_song is
  'A song of tonight: sung at a time, on stage (at infinity, after all that was sung), or waiting since it was asked for. Its singers are
numbered over the night.';

create function private.night_songs(p_venue_id uuid)
returns setof private.night_song
language plpgsql
stable
security definer
set search_path = ''
-- Planning this takes as long as running it.
set plan_cache_mode = 'force_generic_plan'
rows 100
as $$
declare
  v_show_id constant uuid := private.open_show(p_venue_id);
begin
  return query
    with
      song as (
        select request.id, true as is_sung, sung.performed_at as at, request.singer_user_id, request.singer_names
        from public.performances as sung
        join public.requests as request on request.id = sung.request_id
        where sung.show_id = v_show_id
        union all
        select
          request.id, request.state = 'performing',
          case request.state when 'performing' then 'infinity' else coalesce(request.queued_as_of, request.requested_at) end,
          request.singer_user_id, request.singer_names
        from public.requests as request
        where request.venue_id = p_venue_id and request.state in ('pending', 'accepted', 'performing')
      ),
      -- Each spelling is folded once, however often its singer stands on the list.
      spelled as materialized (
        select written.name, private.fold_text(written.name) as folded
        from (select distinct unnest(song.singer_names) as name from song) as written
      ),
      named as (
        select song.id, spelled.folded as name, case part.number when 1 then song.singer_user_id end::text as account
        from song
        cross join lateral unnest(song.singer_names) with ordinality as part (name, number)
        join spelled on spelled.name = part.name
      ),
      -- A name that one account goes by tonight is that singer, whoever entered it. Two accounts of one name are two singers.
      known as (
        select named.name, min(named.account) as account
        from named
        where named.account is not null
        group by named.name
        having count(distinct named.account) = 1
      ),
      numbered as (
        select
          named.id,
          dense_rank() over (order by coalesce(named.account, known.account, 'name ' || named.name) collate "C")::integer as singer
        from named
        left join known on known.name = named.name
      ),
      sung_by as (
        select numbered.id, array_agg(distinct numbered.singer) as singers
        from numbered
        group by numbered.id
      )
    select song.id, song.is_sung, song.at, sung_by.singers
    from song
    join sung_by on sung_by.id = song.id
    order by song.is_sung desc, song.at, song.id;
end;
$$;

comment on function private.night_songs(uuid) is
  'What was sung tonight in order, then what waits in the order of asking, and by whom. A singer is the account or guest that asked, else
the name: the first name of a request is that of its account. Definer: singers may not see each other''s rows.';

revoke all on function private.night_songs(uuid) from public;

create function private.rotation(p_venue_id uuid)
returns table (request_id bigint, place bigint)
language plpgsql
stable
security definer
set search_path = ''
rows 50
as $$
declare
  v_songs constant private.night_song[] := array(select night from private.night_songs(p_venue_id) as night);
  v_song private.night_song;
  v_singer integer;
  v_singers constant integer := coalesce((select max(number) from unnest(v_songs) as song, unnest(song.singers) as number), 0);
  -- By singer: turns counted, when the last one was, since when and with which song they wait, and their place in line.
  v_turns integer[] := array_fill(null::integer, array[v_singers]);
  v_last timestamptz[] := array_fill(null::timestamptz, array[v_singers]);
  v_since timestamptz[] := array_fill(null::timestamptz, array[v_singers]);
  v_first bigint[] := array_fill(null::bigint, array[v_singers]);
  v_line integer[];
  -- The most turns anybody has had, and the round that comes next for each singer.
  v_most integer := 0;
  v_next integer[];
  v_songs_before integer[] := array_fill(0, array[v_singers]);
  v_round integer;
  v_before integer;
  v_behind integer;
  v_ids bigint[] := array[]::bigint[];
  v_rounds integer[] := array[]::integer[];
  v_befores integer[] := array[]::integer[];
  v_behinds integer[] := array[]::integer[];
begin
  foreach v_song in array v_songs loop
    if v_song.is_sung then
      -- Nobody counts as more than one turn behind: who comes late, or comes back, catches up by one song at most.
      v_round := v_most - 1;
      foreach v_singer in array v_song.singers loop
        v_round := greatest(v_round, v_turns[v_singer]);
      end loop;
      v_round := v_round + 1;
      if v_round < 1 then
        v_round := 1;
      end if;
      foreach v_singer in array v_song.singers loop
        v_turns[v_singer] := v_round;
        v_last[v_singer] := v_song.at;
      end loop;
      v_most := greatest(v_most, v_round);
    else
      foreach v_singer in array v_song.singers loop
        if v_first[v_singer] is null then
          v_first[v_singer] := v_song.request_id;
          v_since[v_singer] := greatest(v_song.at, v_last[v_singer]);
        end if;
      end loop;
    end if;
  end loop;

  -- The singers in line: fewest turns, then longest waiting. Newcomers let the first of those go who have sung before and whose
  -- turn it is.
  with
    waiting as (
      select
        singer.number,
        coalesce(v_turns[singer.number], 0) as turns,
        greatest(v_turns[singer.number], v_most - 1, 0) as round,
        v_since[singer.number] as since,
        singer.first_request
      from unnest(v_first) with ordinality as singer (first_request, number)
      where singer.first_request is not null
    ),
    leader as (
      select waiting.turns, waiting.since, waiting.first_request
      from waiting
      where waiting.turns > 0 and waiting.round = (select min(other.round) from waiting as other)
      order by waiting.turns, waiting.since, waiting.first_request
      limit 1
    ),
    line as (
      select
        waiting.number, waiting.round,
        -- Two singers who wait with the same duet stand side by side.
        rank() over (
          order by
            exists (
              select
              from leader
              where (leader.turns, leader.since, leader.first_request) = (waiting.turns, waiting.since, waiting.first_request)
            ) desc,
            waiting.turns, waiting.since, waiting.first_request
        ) as place
      from waiting
    )
  select array_agg(line.place order by singer.number), array_agg(line.round order by singer.number) into v_line, v_next
  from generate_series(1, v_singers) as singer (number)
  left join line on line.number = singer.number;

  foreach v_song in array v_songs loop
    continue when v_song.is_sung;
    -- The earliest round in which none of its singers has another song; behind the last of them in line.
    v_round := 0;
    v_before := 0;
    v_behind := 0;
    foreach v_singer in array v_song.singers loop
      v_round := greatest(v_round, v_next[v_singer]);
      v_before := greatest(v_before, v_songs_before[v_singer]);
      v_behind := greatest(v_behind, v_line[v_singer]);
    end loop;
    foreach v_singer in array v_song.singers loop
      v_next[v_singer] := v_round + 1;
      v_songs_before[v_singer] := v_before + 1;
    end loop;
    v_ids := v_ids || v_song.request_id;
    v_rounds := v_rounds || v_round;
    v_befores := v_befores || v_before;
    v_behinds := v_behinds || v_behind;
  end loop;

  return query
    select
      song.id,
      -- In a round, who waits for it already comes before those who sing first.
      row_number() over (order by song.round, song.before, song.behind, song.number)
    from unnest(v_ids, v_rounds, v_befores, v_behinds) with ordinality as song (id, round, before, behind, number);
end;
$$;

comment on function private.rotation(uuid) is
  'What waits at a venue, everybody in turn: fewest turns tonight first, then longest waiting; newcomers after the current round''s first
singer. A duet is a turn for each of its singers, a skipped song for nobody. Definer: as night_songs.';

revoke all on function private.rotation(uuid) from public;

create function private.queue(p_venue_id uuid)
returns table (request_id bigint, place integer, wait_seconds integer)
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
rows 50
as $$
#variable_conflict use_column
declare
  v_order constant text := (select rules.queue_order from public.venue_rules as rules where rules.venue_id = p_venue_id);
  v_show_id constant uuid := private.open_show(p_venue_id);
begin
  return query
    with
      -- The night's own pace: the gaps between its last songs, without breaks.
      gaps as (
        select extract(epoch from sung.performed_at - lag(sung.performed_at) over (order by sung.performed_at)) as seconds
        from (
          select latest.performed_at
          from public.performances as latest
          where latest.show_id = v_show_id
          order by latest.performed_at desc
          limit 11
        ) as sung
      ),
      pace as (
        select coalesce(avg(gaps.seconds) filter (where gaps.seconds between 30 and 900), 300) as seconds from gaps
      ),
      ordered as (
        select
          request.id,
          row_number() over (
            order by
              (request.state = 'performing') desc,
              (request.state = 'accepted') desc,
              case v_order when 'manual' then request.sort_order when 'rotation' then rotation.place end nulls last,
              coalesce(request.queued_as_of, request.requested_at),
              request.id
          ) as place
        from public.requests as request
        left join (select * from private.rotation(p_venue_id) where v_order = 'rotation') as rotation on rotation.request_id = request.id
        where request.venue_id = p_venue_id and request.state in ('pending', 'accepted', 'performing')
      )
    select ordered.id, ordered.place::integer, ((ordered.place - 1) * pace.seconds)::integer
    from ordered, pace
    order by ordered.place;
end;
$$;

comment on function private.queue(uuid) is
  'Active requests of a venue in the order of its rules: place from 1, wait in seconds from the night''s own gaps between songs
(5 minutes a song until there are some). What is on stage is first, then what the host has taken. Definer: singers may not see each
other''s rows.';

revoke all on function private.queue(uuid) from public;

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
  'Moves requests to a state as singer, host or undo and returns how many moved; those already there are left alone. All or nothing:
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
  v_request := private.require_request(p_request_id, case when p_state = 'cleared' then 'requests:delete' else 'requests:process' end);
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

create function private.clear_requests(p_venue_id uuid, p_states text[])
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  return private.change_requests(
    -- Locked while they are chosen: what somebody else is bringing on stage meanwhile is left out.
    array(
      select request.id
      from public.requests as request
      where request.venue_id = p_venue_id and request.state = any (p_states)
      order by request.id
      for no key update
    ),
    'cleared', 'host'
  );
end;
$$;

comment on function private.clear_requests(uuid, text[]) is 'Clears what is in one of the states at a venue and returns how many requests that were.';

revoke all on function private.clear_requests(uuid, text[]) from public;

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
  return private.clear_requests(p_venue_id, array['pending', 'accepted']);
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

create function private.change_words(p_request public.requests, p_singer_names text[], p_key_change integer, p_notes text)
returns public.requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_request public.requests := p_request;
begin
  if p_key_change not between -12 and 12 then
    perform private.raise_error(400, 'invalid_key_change', 'The key can be changed by -12 to 12 semitones.', 'Send 0 for the original key.');
  end if;
  if (p_singer_names, p_key_change) is distinct from (p_request.singer_names, p_request.key_change) then
    -- OpenKJ never looks again at an id it knows, so what it shows needs a new one when it changes.
    update private.organization_counters
    set next_openkj_request_id = next_openkj_request_id + 1
    where organization_id = p_request.organization_id
    returning next_openkj_request_id - 1 into v_request.openkj_request_id;
  end if;
  update public.requests as request
  set
    singer_names = p_singer_names,
    key_change = p_key_change,
    notes = p_notes,
    openkj_request_id = v_request.openkj_request_id
  where request.id = p_request.id
    and (request.singer_names, request.key_change, request.notes) is distinct from (p_singer_names, p_key_change, p_notes)
  returning request.* into v_request;
  return case when found then v_request else p_request end;
end;
$$;

comment on function private.change_words(public.requests, text[], integer, text) is
  'Writes what a request says; what says the same already is not touched. The request must be locked. Errors: 400 invalid_key_change.';

revoke all on function private.change_words(public.requests, text[], integer, text) from public;

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
begin
  if v_request.state <> 'pending' then
    perform private.raise_error(
      409, 'request_not_pending', format('The request is %s and can no longer be changed.', v_request.state), 'Talk to the host.'
    );
  end if;
  select rules.* into v_rules from public.venue_rules as rules where rules.venue_id = v_request.venue_id;
  perform private.check_song_rules(v_rules, coalesce(p_key_change, 0), v_notes, null);
  return private.change_words(
    v_request, v_request.singer_names, coalesce(p_key_change, v_request.key_change),
    case when p_notes is null then v_request.notes else v_notes end
  );
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

-- sql/50-queue/43-desk.sql
-- What the person at the desk does beside moving a request on: put back, put right, send home, speak to.

create function private.undo_request(p_request_id bigint)
returns public.requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
  v_event public.request_events;
begin
  v_request := private.require_request(p_request_id, 'requests:process');
  perform from public.requests as request where request.id = p_request_id for no key update;
  select event.* into v_event
  from public.request_events as event
  where event.request_id = p_request_id
  order by event.id desc
  limit 1;
  if v_event.from_state is null or v_event.to_state = 'cancelled' then
    perform private.raise_error(
      409, 'nothing_to_undo', 'The host has done nothing with this request that could be undone.', 'Read the request again.'
    );
  end if;
  perform private.change_requests(array[p_request_id], v_event.from_state, 'undo');
  select request.* into v_request from public.requests as request where request.id = p_request_id;
  return v_request;
end;
$$;

comment on function private.undo_request(bigint) is 'Definer: requests are changed only through change_requests.';

revoke all on function private.undo_request(bigint) from public;
grant execute on function private.undo_request(bigint) to authenticated;

create function public.undo_request(p_request_id bigint)
returns public.requests
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.undo_request(p_request_id);
$$;

comment on function public.undo_request(bigint) is
  'Takes back the last step of the host and returns the request in the state before; undoing that does the step again. Needs
requests:process. Errors: 403; 404 request_not_found; 409 nothing_to_undo (new, or withdrawn by its singer), transition_not_allowed.';

revoke all on function public.undo_request(bigint) from public;
grant execute on function public.undo_request(bigint) to authenticated;

create function private.update_request(p_request_id bigint, p_singer_names text[], p_key_change integer, p_notes text)
returns public.requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
  v_names text[] := case when p_singer_names is not null then private.clean_singer_names(p_singer_names) end;
  v_notes text := private.clean_text(p_notes, 'notes', 500);
begin
  v_request := private.require_request(p_request_id, 'requests:process');
  select request.* into v_request from public.requests as request where request.id = p_request_id for no key update;
  if v_request.state not in ('pending', 'accepted', 'performing') then
    perform private.raise_error(
      409, 'request_not_waiting', format('The request is %s and can no longer be changed.', v_request.state), 'Read the queue again.'
    );
  end if;
  return private.change_words(
    v_request, coalesce(v_names, v_request.singer_names), coalesce(p_key_change, v_request.key_change),
    case when p_notes is null then v_request.notes else v_notes end
  );
end;
$$;

comment on function private.update_request(bigint, text[], integer, text) is 'Definer: requests are changed only by functions.';

revoke all on function private.update_request(bigint, text[], integer, text) from public;
grant execute on function private.update_request(bigint, text[], integer, text) to authenticated;

create function public.update_request(
  p_request_id bigint, p_singer_names text[] default null, p_key_change integer default null, p_notes text default null
)
returns public.requests
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.update_request(p_request_id, p_singer_names, p_key_change, p_notes);
$$;

comment on function public.update_request(bigint, text[], integer, text) is
  'The host puts names (1-4 of 1-100 characters), key (-12..12) or notes (up to 500 characters, empty removes them) of a waiting request
right; what is left out stays. The rules for singers do not hold here. Needs requests:process. Errors: 400 invalid_singer_names,
invalid_key_change, invalid_notes; 403; 404 request_not_found; 409 request_not_waiting.';

revoke all on function public.update_request(bigint, text[], integer, text) from public;
grant execute on function public.update_request(bigint, text[], integer, text) to authenticated;

create function private.skip_singer(p_request_id bigint, p_reason text)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
  v_reason text := private.clean_text(p_reason, 'reason', 500);
begin
  v_request := private.require_request(p_request_id, 'requests:process');
  perform
  from private.requests_of_singer(v_request.venue_id, v_request.singer_user_id, v_request.singer_names, null) as waiting
  join public.requests as request on request.id = waiting.id
  order by request.id
  for no key update of request;
  return private.change_requests(
    array(
      select request.id
      from private.requests_of_singer(v_request.venue_id, v_request.singer_user_id, v_request.singer_names, null) as request
      where request.state in ('pending', 'accepted')
    ),
    'skipped', 'host', v_reason
  );
end;
$$;

comment on function private.skip_singer(bigint, text) is 'Definer: requests are changed only through change_requests.';

revoke all on function private.skip_singer(bigint, text) from public;
grant execute on function private.skip_singer(bigint, text) to authenticated;

create function public.skip_singer(p_request_id bigint, p_reason text default null)
returns integer
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.skip_singer(p_request_id, p_reason);
$$;

comment on function public.skip_singer(bigint, text) is
  'Skips all that waits of the singer behind a request, at its venue, and returns how many requests that were; a song on stage goes on.
p_reason (up to 500 characters) is told to the singer. Needs requests:process. Errors: 400 invalid_reason; 403; 404 request_not_found.';

revoke all on function public.skip_singer(bigint, text) from public;
grant execute on function public.skip_singer(bigint, text) to authenticated;

create function private.message_singer(p_request_id bigint, p_text text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
  v_text text := private.clean_text(p_text, 'text', 500);
begin
  v_request := private.require_request(p_request_id, 'requests:process');
  if v_text is null then
    perform private.raise_error(400, 'invalid_text', 'There is nothing in the message.', 'Write 1 to 500 characters.');
  end if;
  if v_request.singer_user_id is null then
    perform private.raise_error(
      409, 'nobody_to_tell', 'This request has no account behind it: staff or a program entered it.', 'Call the name instead.'
    );
  end if;
  perform private.enforce_rate_limit('messages_to_singer', v_request.venue_id || ' ' || v_request.singer_user_id);
  perform private.notify_user(
    v_request.singer_user_id, 'queue', 'host_message', private.request_facts(v_request) || jsonb_build_object('text', v_text),
    'host_message:' || gen_random_uuid()
  );
end;
$$;

comment on function private.message_singer(bigint, text) is 'Definer: the host speaks, the singer is told.';

revoke all on function private.message_singer(bigint, text) from public;
grant execute on function private.message_singer(bigint, text) to authenticated;

create function public.message_singer(p_request_id bigint, p_text text)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.message_singer(p_request_id, p_text);
$$;

comment on function public.message_singer(bigint, text) is
  'Tells the singer behind a request something (1-500 characters): a notification host_message in the app at once, and by mail or text
where they want it. 20 an hour to one singer. Needs requests:process. Errors: 400 invalid_text; 403; 404 request_not_found; 409
nobody_to_tell; 429.';

revoke all on function public.message_singer(bigint, text) from public;
grant execute on function public.message_singer(bigint, text) to authenticated;

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
  v_request := private.require_request(p_request_id, 'requests:process');
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

create function private.make_next(p_request_id bigint)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_user();
  v_request public.requests;
begin
  perform pg_advisory_xact_lock(hashtextextended('move_request:' || (
    select request.venue_id from public.requests as request where request.id = p_request_id and request.singer_user_id = v_user_id
  ), 0));
  perform
  from public.requests as request
  join public.requests as chosen on chosen.venue_id = request.venue_id
  where chosen.id = p_request_id and request.singer_user_id = v_user_id and request.state in ('pending', 'accepted', 'performing')
  order by request.id
  for no key update of request;
  v_request := private.own_request(p_request_id);
  if v_request.state <> 'pending' then
    perform private.raise_error(
      409, 'request_not_pending', format('The request is %s and can no longer be moved.', v_request.state), 'Talk to the host.'
    );
  end if;
  -- The singer's songs keep the places they have in the queue and change places among themselves.
  with
    waiting as (
      select
        request.id, request.sort_order, coalesce(request.queued_as_of, request.requested_at) as as_of,
        row_number() over (order by queue.place) as slot,
        row_number() over (order by request.id = p_request_id desc, queue.place) as wanted
      from private.queue(v_request.venue_id) as queue
      join public.requests as request on request.id = queue.request_id
      where request.singer_user_id = v_request.singer_user_id and request.state = 'pending'
    )
  update public.requests as request
  set queued_as_of = slot.as_of, sort_order = slot.sort_order
  from waiting as mine
  join waiting as slot on slot.slot = mine.wanted
  where request.id = mine.id and mine.slot <> mine.wanted and request.state = 'pending';
end;
$$;

comment on function private.make_next(bigint) is 'Definer: requests are changed only by functions.';

revoke all on function private.make_next(bigint) from public;
grant execute on function private.make_next(bigint) to authenticated;

create function public.make_next(p_request_id bigint)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.make_next(p_request_id);
$$;

comment on function public.make_next(bigint) is
  'The singer puts an own pending request before the others of theirs at this venue; nobody else''s place changes. Errors: 401; 404
request_not_found; 409 request_not_pending.';

revoke all on function public.make_next(bigint) from public;
grant execute on function public.make_next(bigint) to authenticated;

-- sql/50-queue/50-reading.sql
-- The queue as people read it.

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
    with
      mine as materialized (
        select own as request, own.id, own.venue_id, own.state, own.requested_at
        from public.requests as own
        where own.singer_user_id = v_user_id
          and (p_venue_id is null or own.venue_id = p_venue_id)
          and (own.state in ('pending', 'accepted', 'performing') or own.requested_at > now() - interval '12 hours')
        order by own.requested_at desc, own.id desc
        limit 100
      ),
      -- A queue is put in order as a whole, so once for each venue.
      waiting as (
        select queue.request_id, queue.place, queue.wait_seconds
        from (select distinct mine.venue_id from mine where mine.state in ('pending', 'accepted', 'performing')) as venue
        cross join lateral private.queue(venue.venue_id) as queue
      )
    select mine.request, waiting.place, waiting.wait_seconds
    from mine
    left join waiting on waiting.request_id = mine.id
    order by mine.requested_at desc, mine.id desc;
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
  if private.has_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id), 'requests:read'
  ) then
    v_visibility := 'full';
  elsif v_visibility = 'none' then
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
  'The queue of a venue in order, as it shows it to the room; members with requests:read see whole names. Read again when the topic venue:<id>:display says queue_changed.
Errors: 401; 403 queue_not_public, pin_required; 404 venue_not_found.';

revoke all on function public.public_queue(uuid) from public;
grant execute on function public.public_queue(uuid) to authenticated;

-- sql/50-queue/55-listing.sql
-- Requests in long lists: by keyset for those who scroll, by page with an exact count for those who leaf.

create function private.list_requests(
  p_organization_id uuid, p_venue_id uuid, p_states text[], p_search text, p_from timestamptz, p_until timestamptz, p_after bigint,
  p_page integer, p_limit integer
)
returns table (
  id bigint, venue_id uuid, show_id uuid, openkj_request_id integer, singer_user_id uuid, singer_names text[], singer_name text, song_id bigint,
  artist text, title text, key_change integer, notes text, state text, processed boolean, reason text, requested_at timestamptz,
  processed_at timestamptz, version integer, total_count bigint
)
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
rows 20
as $$
declare
  v_after public.requests;
  v_search text := private.fold_text(private.clean_text(p_search, 'search', 200));
  v_total bigint;
begin
  perform private.require_permission(p_organization_id, 'requests:read', 'organization_not_found');
  if p_limit is null or p_limit not between 1 and 100 or p_page not between 1 and 100000 then
    perform private.raise_error(400, 'invalid_page', 'The page counts from 1 and has 1 to 100 rows.', 'Leave them out for the first 20.');
  end if;
  if p_page is not null and p_after is not null then
    perform private.raise_error(400, 'invalid_page', 'A list goes on after a request or by page, not both.', 'Send p_after or p_page.');
  end if;
  if exists (
    select from unnest(p_states) as wanted (key)
    where not exists (select from public.request_states as known where known.key = wanted.key)
  ) then
    perform private.raise_error(400, 'invalid_state', 'There is no such state.', 'See the table request_states.');
  end if;
  if p_after is not null then
    select request.* into v_after
    from public.requests as request
    where request.id = p_after and request.organization_id = p_organization_id;
    if not found then
      perform private.raise_error(404, 'request_not_found', 'There is no such request to go on after.', 'Begin the list again.');
    end if;
  end if;
  if p_page is not null then
    select count(*) into v_total
    from public.requests as request
    where request.organization_id = p_organization_id
      and (p_venue_id is null or request.venue_id = p_venue_id)
      and (p_states is null or request.state = any (p_states))
      and (p_from is null or request.requested_at >= p_from)
      and (p_until is null or request.requested_at <= p_until)
      and (v_search is null or strpos(private.fold_text(concat_ws(' ', request.artist, request.title, request.singer_name)), v_search) > 0);
  end if;
  return query
    select
      request.id, request.venue_id, request.show_id, request.openkj_request_id, request.singer_user_id, request.singer_names,
      request.singer_name, request.song_id, request.artist, request.title, request.key_change, request.notes, request.state,
      request.processed, request.reason, request.requested_at, request.processed_at, request.version, v_total
    from public.requests as request
    where request.organization_id = p_organization_id
      and (p_venue_id is null or request.venue_id = p_venue_id)
      and (p_states is null or request.state = any (p_states))
      and (p_from is null or request.requested_at >= p_from)
      and (p_until is null or request.requested_at <= p_until)
      and (v_search is null or strpos(private.fold_text(concat_ws(' ', request.artist, request.title, request.singer_name)), v_search) > 0)
      and (p_after is null or (request.requested_at, request.id) < (v_after.requested_at, v_after.id))
    order by request.requested_at desc, request.id desc
    limit p_limit offset (coalesce(p_page, 1) - 1) * p_limit;
end;
$$;

comment on function private.list_requests(uuid, uuid, text[], text, timestamptz, timestamptz, bigint, integer, integer) is 'Definer: asks for the permission once, where a policy would be asked beside every row. Planned anew for each set of filters.';

revoke all on function private.list_requests(uuid, uuid, text[], text, timestamptz, timestamptz, bigint, integer, integer) from public;
grant execute on function private.list_requests(uuid, uuid, text[], text, timestamptz, timestamptz, bigint, integer, integer) to authenticated;

create function public.list_requests(
  p_organization_id uuid,
  p_venue_id uuid default null,
  p_states text[] default null,
  p_search text default null,
  p_from timestamptz default null,
  p_until timestamptz default null,
  p_after bigint default null,
  p_page integer default null,
  p_limit integer default 20
)
returns table (
  id bigint, venue_id uuid, show_id uuid, openkj_request_id integer, singer_user_id uuid, singer_names text[], singer_name text, song_id bigint,
  artist text, title text, key_change integer, notes text, state text, processed boolean, reason text, requested_at timestamptz,
  processed_at timestamptz, version integer, total_count bigint
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.list_requests(p_organization_id, p_venue_id, p_states, p_search, p_from, p_until, p_after, p_page, p_limit);
$$;

comment on function public.list_requests(uuid, uuid, text[], text, timestamptz, timestamptz, bigint, integer, integer) is
  'The requests of an organization or one of its venues, newest first, with any of these filters: states, words anywhere in artist,
title or singer (up to 200 characters), asked for from and until. p_limit: 1-100. Go on with p_after, the id of the last row; or by
p_page, then total_count is the exact number of all rows. A foreign venue has none. Needs requests:read. Errors: 400 invalid_page,
invalid_search, invalid_state; 403; 404 organization_not_found, request_not_found.';

revoke all on function public.list_requests(uuid, uuid, text[], text, timestamptz, timestamptz, bigint, integer, integer) from public;
grant execute on function public.list_requests(uuid, uuid, text[], text, timestamptz, timestamptz, bigint, integer, integer) to authenticated;

-- sql/50-queue/60-realtime.sql
-- Who hears what over Realtime. All topics are private:
--   venue:<uuid>:queue    which requests came or changed, for members with requests:read
--   venue:<uuid>:display  what the venue shows the room, for everybody signed in, guests included
--   request:<id>          one request, for its singer
--   import:<uuid>         how far the import of a song book is, for members with songs:read
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
  if p_topic like 'import:%' then
    return private.may_follow_import(p_topic);
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

-- What is broadcast names rows and their states and holds nothing personal: a channel that is open may outlive the right to
-- it, while rows are read through the API, which asks on every statement.
create function private.publish_requests()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform realtime.send(
    jsonb_build_object('venue_id', told.venue_id, 'serial', told.serial, 'requests', told.requests),
    case when tg_op = 'INSERT' then 'requests_created' else 'requests_changed' end,
    'venue:' || told.venue_id || ':queue',
    true
  )
  from (
    select
      listed.venue_id,
      counter.openkj_serial as serial,
      jsonb_agg(
        jsonb_build_object(
          'request_id', listed.id, 'openkj_request_id', listed.openkj_request_id, 'state', listed.state, 'version', listed.version
        )
        order by listed.id
      ) as requests
    from (
      select
        request.venue_id, request.organization_id, request.id, request.openkj_request_id, request.state, request.version,
        row_number() over (partition by request.venue_id order by request.id) as number
      -- Deleting a user changes a request twice in one statement: both are told as one, with the later version.
      from (
        select distinct on (changed.id) changed.*
        from changed
        order by changed.id, changed.version desc
      ) as request
    ) as listed
    join private.organization_counters as counter on counter.organization_id = listed.organization_id
    group by listed.venue_id, counter.openkj_serial, (listed.number - 1) / 200
    order by listed.venue_id, min(listed.id)
  ) as told;

  if tg_op = 'UPDATE' then
    perform realtime.send(
      jsonb_build_object('request_id', own.id, 'state', own.state, 'version', own.version),
      'request_changed', 'request:' || own.id, true
    )
    from (
      select distinct on (changed.id) changed.id, changed.state, changed.version
      from changed
      where changed.singer_user_id is not null
      order by changed.id, changed.version desc
    ) as own;
  end if;

  -- Says only that there is something new; what may be seen of it, public_queue() answers.
  perform realtime.send(jsonb_build_object('venue_id', moved.venue_id), 'queue_changed', 'venue:' || moved.venue_id || ':display', true)
  from (select distinct changed.venue_id from changed order by changed.venue_id) as moved;
  return null;
end;
$$;

comment on function private.publish_requests() is
  'Tells of a statement''s new or changed requests, once each: members in lists of up to 200, their singers, and the room that there is
something new. Definer: senders may not write realtime.messages.';

revoke all on function private.publish_requests() from public;

-- Triggers of one event fire in the order of their names: these after requests_bump_serial_…, whose serial they tell.
create trigger requests_publish_on_insert
  after insert on public.requests
  referencing new table as changed
  for each statement execute function private.publish_requests();

create trigger requests_publish_on_update
  after update on public.requests
  referencing new table as changed
  for each statement execute function private.publish_requests();

create function private.broadcast_to_venue(p_venue_id uuid, p_event text, p_payload jsonb)
returns void
language sql
volatile
security definer
set search_path = ''
as $$
  select realtime.send(p_payload, p_event, 'venue:' || p_venue_id || ':' || audience, true)
  from unnest(array['queue', 'display']) as audience;
$$;

comment on function private.broadcast_to_venue(uuid, text, jsonb) is
  'Tells members and the room something about a venue. Definer: senders may not write realtime.messages.';

revoke all on function private.broadcast_to_venue(uuid, text, jsonb) from public;

create function private.broadcast_accepting()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.broadcast_to_venue(
    new.id, 'accepting_changed', jsonb_build_object('venue_id', new.id, 'accepting_requests', new.accepting_requests)
  );
  return null;
end;
$$;

comment on function private.broadcast_accepting() is 'Definer: senders may not write realtime.messages.';

revoke all on function private.broadcast_accepting() from public;

create trigger venues_broadcast_accepting
  after update of accepting_requests on public.venues
  for each row
  when (old.accepting_requests is distinct from new.accepting_requests)
  execute function private.broadcast_accepting();

create function private.broadcast_order()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.broadcast_to_venue(new.venue_id, 'queue_changed', jsonb_build_object('venue_id', new.venue_id));
  return null;
end;
$$;

comment on function private.broadcast_order() is 'Definer: senders may not write realtime.messages.';

revoke all on function private.broadcast_order() from public;

create trigger venue_rules_broadcast_order
  after update of queue_order, queue_visibility on public.venue_rules
  for each row
  when ((old.queue_order, old.queue_visibility) is distinct from (new.queue_order, new.queue_visibility))
  execute function private.broadcast_order();

create function private.broadcast_rules()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  -- Another order or view of the queue is told as queue_changed.
  v_told_otherwise constant text[] := array['queue_order', 'queue_visibility'];
begin
  if private.rules_of_asking(new) - v_told_otherwise <> private.rules_of_asking(old) - v_told_otherwise then
    perform private.broadcast_to_venue(new.venue_id, 'rules_changed', jsonb_build_object('venue_id', new.venue_id));
  end if;
  return null;
end;
$$;

comment on function private.broadcast_rules() is 'Definer: senders may not write realtime.messages.';

revoke all on function private.broadcast_rules() from public;

create trigger venue_rules_broadcast_rules
  after update on public.venue_rules
  for each row execute function private.broadcast_rules();

create function private.broadcast_show()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.broadcast_to_venue(
    new.venue_id, 'show_changed',
    jsonb_build_object('venue_id', new.venue_id, 'show_id', new.id, 'is_open', new.closed_at is null)
  );
  return null;
end;
$$;

comment on function private.broadcast_show() is 'Definer: senders may not write realtime.messages.';

revoke all on function private.broadcast_show() from public;

create trigger shows_broadcast_opening
  after insert on public.shows
  for each row execute function private.broadcast_show();

create trigger shows_broadcast_closing
  after update of closed_at on public.shows
  for each row
  when (old.closed_at is distinct from new.closed_at)
  execute function private.broadcast_show();

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
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return (
    select case
      when jsonb_typeof(p_value) in ('number', 'string') and p_value #>> '{}' ~ '^-?[0-9]{1,10}(\.0+)?$'
        and (p_value #>> '{}')::numeric between -2147483648 and 2147483647
        then (p_value #>> '{}')::numeric::integer
    end
  );
end;
$$;

comment on function private.json_integer(jsonb) is 'A 32-bit integer sent as number or text, else null.';

revoke all on function private.json_integer(jsonb) from public;

create function private.openkj_serial(p_organization_id uuid)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select counter.openkj_serial from private.organization_counters as counter where counter.organization_id = p_organization_id
  );
end;
$$;

revoke all on function private.openkj_serial(uuid) from public;

create function private.openkj_venue(p_caller private.api_key_caller, p_body jsonb)
returns public.venues
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_number integer := private.json_integer(p_body -> 'venue_id');
  v_venue public.venues;
begin
  select venue.* into v_venue
  from public.venues as venue
  where venue.organization_id = p_caller.organization_id
    and venue.openkj_venue_id = v_number
    and venue.archived_at is null
    and (p_caller.venue_id is null or p_caller.venue_id = venue.id);
  return v_venue;
end;
$$;

revoke all on function private.openkj_venue(private.api_key_caller, jsonb) from public;

create function private.openkj_system(p_caller private.api_key_caller, p_body jsonb)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    -- A key made for one system or venue means that one's, whatever number the program has in its settings.
    select coalesce(
      p_caller.system_id,
    case when p_caller.venue_id is not null then private.venue_system(p_caller.venue_id) end,
      (
        select system.id
        from public.systems as system
        where system.organization_id = p_caller.organization_id
          and system.openkj_system_id = private.json_integer(p_body -> 'system_id')
      )
    )
  );
end;
$$;

revoke all on function private.openkj_system(private.api_key_caller, jsonb) from public;

create function private.record_heartbeat(p_caller private.api_key_caller)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  -- A poll names no system: it is the key's own, or the organization's first.
  insert into private.system_heartbeats as heartbeat (system_id, last_seen_at)
  select first.id, now()
  from (
    select system.id
    from public.systems as system
    where system.organization_id = p_caller.organization_id and (p_caller.system_id is null or system.id = p_caller.system_id)
    order by system.openkj_system_id
    limit 1
  ) as first
  where not exists (
    select
    from private.system_heartbeats as recent
    where recent.system_id = first.id and recent.last_seen_at > now() - interval '30 seconds'
  )
  on conflict (system_id) do update set last_seen_at = excluded.last_seen_at;
end;
$$;

comment on function private.record_heartbeat(private.api_key_caller) is 'Notes that the host''s program is there.';

revoke all on function private.record_heartbeat(private.api_key_caller) from public;

create function private.openkj_venues(p_caller private.api_key_caller)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
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
      and (p_caller.venue_id is null or p_caller.venue_id = venue.id)
  );
end;
$$;

revoke all on function private.openkj_venues(private.api_key_caller) from public;

create function private.openkj_requests(p_venue_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
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
    where request.state = 'pending'
  );
end;
$$;

comment on function private.openkj_requests(uuid) is 'What waits to be taken, in the order of the venue''s rules, as OpenKJ reads it.';

revoke all on function private.openkj_requests(uuid) from public;

create function private.openkj_command(p_command text, p_caller private.api_key_caller, p_body jsonb, p_sender uuid)
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
    when 'getSerial' then
      return jsonb_build_object('serial', private.openkj_serial(p_caller.organization_id));

    when 'getVenues' then
      return jsonb_build_object('venues', private.openkj_venues(p_caller));

    when 'getSongs' then
      return jsonb_build_object('songs', private.openkj_songs(p_caller, p_body));

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
      perform private.change_accepting(v_venue.id, v_accepting, v_system_id);
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
      perform private.clear_requests(v_venue.id, array['pending']);
      return jsonb_build_object('serial', private.openkj_serial(p_caller.organization_id));

    when 'clearDatabase' then
      v_system_id := private.openkj_system(p_caller, p_body);
      if v_system_id is null then
        perform private.raise_error(404, 'system_not_found', 'There is no such system. Set the system id that the portal shows.');
      end if;
      perform private.book_stage_open(v_system_id, p_sender);
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
      select added.processed, added.errors into v_added from private.book_stage_add(v_system_id, v_songs, p_sender) as added;
      -- OpenKJ's last batch is always the first one that is not full.
      if jsonb_array_length(v_songs) < 1000 and (select ended.changed from private.book_stage_end(v_system_id) as ended) then
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
      if jsonb_array_length(p_body -> 'singers') > 1000 or pg_column_size(p_body -> 'singers') > 262144 then
        perform private.raise_error(400, 'invalid_rotation', 'A rotation has up to 1,000 singers.');
      end if;
      if exists (
        select
        from jsonb_array_elements(p_body -> 'singers') as singer
        where jsonb_typeof(singer -> 'name') is distinct from 'string' or char_length(singer ->> 'name') > 400
          or jsonb_typeof(coalesce(singer -> 'is_current', 'false')) <> 'boolean'
      ) then
        perform private.raise_error(400, 'invalid_rotation', 'Each singer of a rotation needs a name.');
      end if;
      insert into private.rotations (venue_id, singers) values (v_venue.id, p_body -> 'singers')
      on conflict (venue_id) do update set singers = excluded.singers, updated_at = now();
      perform realtime.send(jsonb_build_object('venue_id', v_venue.id), 'queue_changed', 'venue:' || v_venue.id || ':display', true);
      return '{}'::jsonb;

    when 'addRequest' then
      v_venue := private.openkj_venue(p_caller, p_body);
      if v_venue.id is null then
        perform private.raise_error(404, 'venue_not_found', 'There is no such venue.');
      end if;
      if exists (
        select from unnest(array['artist', 'title', 'singer']) as field where jsonb_typeof(p_body -> field) in ('array', 'object')
      ) then
        perform private.raise_error(400, 'invalid_request', 'artist, title and singer must be texts.');
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

comment on function private.openkj_command(text, private.api_key_caller, jsonb, uuid) is
  'The fields of the reply to one command of a verified caller. Raises what the caller is told.';

revoke all on function private.openkj_command(text, private.api_key_caller, jsonb, uuid) from public;

create table private.openkj_commands (
  command text primary key,
  scope_key text not null references public.api_key_scopes (key) on update cascade on delete restrict
);

alter table private.openkj_commands enable row level security;

create index openkj_commands_scope_key_idx on private.openkj_commands (scope_key);

comment on table private.openkj_commands is 'The commands answered with a key, and the scope each needs.';

create function private.openkj_call(p_body jsonb, p_address inet, p_sender uuid default null)
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
  v_reply jsonb;
  v_detail text;
begin
  if v_command = 'connectionTest' then
    return '{"command": "connectionTest", "error": false, "connection": "ok"}'::jsonb;
  -- Apps of singers have no key; getAccepting is also a command of programs that have one.
  elsif v_command in ('search', 'browse', 'submitRequest', 'getNearbyVenues2', 'venueExists', 'venueAccepting')
    or v_command = 'getAccepting' and p_body ? 'venueUrlName' then
    return private.singer_dialect_call(v_command, p_body, p_address);
  end if;

  v_verified := private.verify_api_key(p_body ->> 'api_key', p_address);
  if v_verified.refusal is not null then
    perform private.record_wrong_api_key(p_body ->> 'api_key', p_address, v_verified.refusal);
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

  perform set_config('karaoke.source', 'openkj', true), set_config('karaoke.api_key_id', v_caller.api_key_id::text, true);
  begin
    v_reply := jsonb_build_object('command', v_command, 'error', false) || private.openkj_command(v_command, v_caller, p_body, p_sender);
  exception
    when others then
      -- Refusals are told; anything else is the function's to log and to hide.
      if sqlstate not like 'PT4%' then
        raise;
      end if;
      get stacked diagnostics v_detail = pg_exception_detail;
      v_reply := jsonb_build_object('command', v_command, 'error', true, 'errorString', v_detail);
  end;
  if private.record_api_key_call(v_caller.api_key_id, p_address, v_command = 'getSerial') then
    perform private.record_heartbeat(v_caller);
  end if;
  return v_reply;
end;
$$;

comment on function private.openkj_call(jsonb, inet, uuid) is
  'One OpenKJ call: the body with command and api_key, the client''s address, and which running copy of the function hands it over
(an upload that came through two of them may lack something); returns the whole reply: command as sent, error as a boolean, errorString when true, and the command''s own fields. Definer: the gateway''s role may do nothing else.';

revoke all on function private.openkj_call(jsonb, inet, uuid) from public;

create function private.openkj_polls(p_polls jsonb)
returns setof jsonb
language plpgsql
volatile
security definer
rows 10
set search_path = ''
as $$
begin
  -- As long as there is nothing to refuse and nothing to write down, a poll is this look-up; else it is a call like others.
  return query
    select coalesce(
      (
        select jsonb_build_object('command', 'getSerial', 'error', false, 'serial', counter.openkj_serial)
        from private.presented_secrets as presented
        join private.openkj_commands as command on command.command = 'getSerial' and command.scope_key = any (presented.scopes)
        join public.api_key_usage as usage
          on usage.api_key_id = presented.api_key_id and usage.day = (now() at time zone 'UTC')::date
          and usage.last_call_at > now() - interval '30 seconds'
        join private.organization_counters as counter on counter.organization_id = presented.organization_id
        where presented.secret_hash = poll.secret_hash
          and presented.refusal is null and presented.allowed_networks is null
          and exists (
            select
            from private.held_scopes as held
            where held.organization_id = presented.organization_id and held.user_id = presented.created_by
              and held.scope_key = command.scope_key
          )
      ),
      private.openkj_call(jsonb_build_object('command', 'getSerial', 'api_key', poll.api_key), poll.address)
    )
    from (
      select asked.api_key, asked.address, sha256(convert_to(asked.api_key, 'UTF8')) as secret_hash
      from jsonb_to_recordset(p_polls) as asked (api_key text, address inet)
      -- Hashed once, and not again for each secret it is compared with.
      offset 0
    ) as poll;
end;
$$;

comment on function private.openkj_polls(jsonb) is
  'What every host asks all night, for many at once: [{"api_key", "address"}] of calls of getSerial; returns their replies in the same
order. Definer: as openkj_call.';

revoke all on function private.openkj_polls(jsonb) from public;

-- The role the Edge Function takes on: it can make these calls and nothing else.
create role openkj_gateway nologin;
grant openkj_gateway to postgres;
grant usage on schema private to openkj_gateway;
grant execute on function private.openkj_call(jsonb, inet, uuid), private.openkj_polls(jsonb) to openkj_gateway;

-- sql/50-queue/75-request-interface.sql
-- The request interface: what other karaoke programs read and do over REST. One function answers a call in one round trip:
-- key, limit, scope and the operation itself. The Edge Function around it only speaks HTTP.

-- When each request changed last, as the organization's change serial. Changes of one organization follow one another, so who
-- has seen a serial has seen everything before it: a cursor over serials misses nothing, as one over times would.
create table private.request_changes (
  request_id bigint primary key references public.requests (id) on delete cascade,
  venue_id uuid not null references public.venues (id) on delete cascade,
  serial integer not null
);

alter table private.request_changes enable row level security;

create index request_changes_venue_id_idx on private.request_changes (venue_id, serial, request_id);

comment on table private.request_changes is 'The change serial with which each request came or changed last: what a cursor counts.';

create function private.record_request_serials()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into private.request_changes as change (request_id, venue_id, serial)
  -- A row may be in here twice: two foreign keys to one deleted user each make their change.
  select distinct changed.id, changed.venue_id, counter.openkj_serial
  from changed
  join private.organization_counters as counter on counter.organization_id = changed.organization_id
  on conflict (request_id) do update set serial = excluded.serial;
  return null;
end;
$$;

comment on function private.record_request_serials() is 'Definer: serials are private.';

revoke all on function private.record_request_serials() from public;

-- Triggers of one event fire in the order of their names: these after requests_bump_serial_…, which moves the serial.
create trigger requests_record_serials_on_insert
  after insert on public.requests
  referencing new table as changed
  for each statement execute function private.record_request_serials();

create trigger requests_record_serials_on_update
  after update on public.requests
  referencing new table as changed
  for each statement execute function private.record_request_serials();

create table private.request_interface_operations (
  operation text primary key,
  scope_key text not null references public.api_key_scopes (key) on update cascade on delete restrict
);

alter table private.request_interface_operations enable row level security;

create index request_interface_operations_scope_key_idx on private.request_interface_operations (scope_key);

comment on table private.request_interface_operations is 'The operations of the request interface, and the scope each needs.';

-- What runs in every call, or once per row, is in plpgsql, which keeps its plan for the session.

create function private.interface_venue(p_venue public.venues)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'id', p_venue.id,
    'openkj_venue_id', p_venue.openkj_venue_id,
    'url_name', p_venue.url_name,
    'name', p_venue.name,
    'address', p_venue.address,
    'city', p_venue.city,
    'state', p_venue.state,
    'postal_code', p_venue.postal_code,
    'country', p_venue.country,
    'accepting', p_venue.accepting_requests,
    'active_requests', (
      select count(*)
      from public.requests as request
      where request.venue_id = p_venue.id and request.state in ('pending', 'accepted', 'performing')
    )
  );
end;
$$;

comment on function private.interface_venue(public.venues) is 'A venue as the request interface shows it.';

revoke all on function private.interface_venue(public.venues) from public;

create function private.interface_request(p_request public.requests, p_place integer, p_wait_seconds integer)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'id', p_request.id,
    'venue_id', p_request.venue_id,
    'state', p_request.state,
    'processed', p_request.processed,
    'singers', p_request.singer_names,
    'singer', p_request.singer_name,
    'song_id', p_request.song_id,
    'artist', p_request.artist,
    'title', p_request.title,
    'key_change', p_request.key_change,
    'notes', p_request.notes,
    'reason', p_request.reason,
    'place', p_place,
    'wait_seconds', p_wait_seconds,
    'requested_at', p_request.requested_at,
    'processed_at', p_request.processed_at,
    'updated_at', p_request.updated_at
  );
end;
$$;

comment on function private.interface_request(public.requests, integer, integer) is
  'A request as the request interface shows it; place and wait are null once it no longer waits.';

revoke all on function private.interface_request(public.requests, integer, integer) from public;

create function private.key_reaches_venue(p_caller private.api_key_caller, p_venue public.venues)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return p_venue.organization_id = p_caller.organization_id and p_venue.archived_at is null
    and (p_caller.venue_id is null or p_caller.venue_id = p_venue.id)
    and (p_caller.system_id is null or p_caller.system_id = private.venue_system(p_venue.id));
end;
$$;

comment on function private.key_reaches_venue(private.api_key_caller, public.venues) is
  'Whether an API key may work with a venue: its organization''s; made for one venue, only that; made for one system, only where its book
applies.';

revoke all on function private.key_reaches_venue(private.api_key_caller, public.venues) from public;

create function private.require_interface_venue(p_caller private.api_key_caller, p_venue_id uuid)
returns public.venues
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_venue public.venues;
begin
  select venue.* into v_venue
  from public.venues as venue
  where venue.id = p_venue_id and private.key_reaches_venue(p_caller, venue);
  if not found then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue, or it is not this key''s.', 'List the venues.');
  end if;
  return v_venue;
end;
$$;

comment on function private.require_interface_venue(private.api_key_caller, uuid) is
  'A venue this key may work with. Errors: 404 venue_not_found.';

revoke all on function private.require_interface_venue(private.api_key_caller, uuid) from public;

create function private.require_interface_requests(p_caller private.api_key_caller, p_request_ids bigint[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_missing text;
begin
  select string_agg(wanted.id::text, ', ' order by wanted.id) into v_missing
  from unnest(p_request_ids) as wanted (id)
  where not exists (
    select
    from public.requests as request
    join public.venues as venue on venue.id = request.venue_id
    where request.id = wanted.id and private.key_reaches_venue(p_caller, venue)
  );
  if v_missing is not null then
    perform private.raise_error(
      404, 'request_not_found', format('There is no such request, or it is not this key''s: %s.', v_missing), 'Read the queue again.'
    );
  end if;
end;
$$;

comment on function private.require_interface_requests(private.api_key_caller, bigint[]) is
  'Refuses unless this key may work with every one of the requests. Errors: 404 request_not_found naming the others.';

revoke all on function private.require_interface_requests(private.api_key_caller, bigint[]) from public;

create function private.show_interface_request(p_request_id bigint)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select private.interface_request(request, queue.place, queue.wait_seconds)
    from public.requests as request
    left join lateral private.queue(request.venue_id) as queue on queue.request_id = request.id
    where request.id = p_request_id
  );
end;
$$;

comment on function private.show_interface_request(bigint) is 'One request with its place.';

revoke all on function private.show_interface_request(bigint) from public;

create function private.request_matches(p_request public.requests, p_states text[], p_singer text, p_song text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (p_states is null or p_request.state = any (p_states))
    and (p_singer is null or strpos(private.fold_text(p_request.singer_name), private.fold_text(p_singer)) > 0)
    and (p_song is null or strpos(private.fold_text(p_request.artist || ' ' || p_request.title), private.fold_text(p_song)) > 0);
end;
$$;

comment on function private.request_matches(public.requests, text[], text, text) is
  'Whether a request is in one of the states and has these words in its singers and its song; null asks for nothing.';

revoke all on function private.request_matches(public.requests, text[], text, text) from public;

create function private.list_interface_requests(p_caller private.api_key_caller, p_venue_id uuid, p_arguments jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_active constant text[] := array['pending', 'accepted', 'performing'];
  v_since constant text := p_arguments ->> 'since';
  v_serial constant integer := split_part(v_since, '.', 1)::integer;
  v_states constant text[] := case coalesce(p_arguments ->> 'state', case when v_since is null then 'active' else 'all' end)
    when 'all' then null
    when 'active' then v_active
    else array[p_arguments ->> 'state']
  end;
  v_singer constant text := p_arguments ->> 'singer';
  v_song constant text := p_arguments ->> 'song';
  v_after constant bigint := (p_arguments ->> 'after')::bigint;
  v_limit constant integer := coalesce((p_arguments ->> 'limit')::integer, 100);
  v_last public.requests;
  v_cursor text;
  v_ids bigint[];
  v_requests jsonb;
begin
  if v_after is not null then
    select request.* into v_last from public.requests as request where request.id = v_after and request.venue_id = p_venue_id;
    if not found then
      perform private.raise_error(404, 'request_not_found', 'There is no such request to go on after.', 'Begin the list again.');
    end if;
  end if;
  -- Read before the requests: what changes in between comes once more, but never not at all.
  select change.serial || '.' || change.request_id into v_cursor
  from private.request_changes as change
  where change.venue_id = p_venue_id
  order by change.serial desc, change.request_id desc
  limit 1;

  if v_since is not null then
    if v_serial > private.openkj_serial(p_caller.organization_id) then
      perform private.raise_error(
        410, 'cursor_unknown', 'This cursor is ahead of everything that has happened here.', 'Read the queue without since and go on from its cursor.'
      );
    end if;
    select array_agg(found.id order by found.serial, found.id) into v_ids
    from (
      select change.serial, request.id
      from private.request_changes as change
      join public.requests as request on request.id = change.request_id
      where change.venue_id = p_venue_id
        and (change.serial, change.request_id) > (v_serial, split_part(v_since, '.', 2)::bigint)
        and private.request_matches(request, v_states, v_singer, v_song)
      order by change.serial, change.request_id
      limit v_limit + 1
    ) as found;
  elsif v_states <@ v_active then
    select array_agg(found.id order by found.requested_at, found.id) into v_ids
    from (
      select request.requested_at, request.id
      from public.requests as request
      where request.venue_id = p_venue_id and request.state in ('pending', 'accepted', 'performing')
        and (
          v_after is null
          or (request.requested_at, request.id) > (v_last.requested_at, v_last.id)
        )
        and private.request_matches(request, v_states, v_singer, v_song)
      order by request.requested_at, request.id
      limit v_limit + 1
    ) as found;
  else
    select array_agg(found.id order by found.requested_at desc, found.id desc) into v_ids
    from (
      select request.requested_at, request.id
      from public.requests as request
      where request.venue_id = p_venue_id
        and (
          v_after is null
          or (request.requested_at, request.id) < (v_last.requested_at, v_last.id)
        )
        and private.request_matches(request, v_states, v_singer, v_song)
      order by request.requested_at desc, request.id desc
      limit v_limit + 1
    ) as found;
  end if;

  select jsonb_agg(private.interface_request(request, queue.place, queue.wait_seconds) order by listed.place) into v_requests
  from unnest(v_ids[:v_limit]) with ordinality as listed (id, place)
  join public.requests as request on request.id = listed.id
  left join private.queue(p_venue_id) as queue on queue.request_id = listed.id;

  if v_since is not null then
    select change.serial || '.' || change.request_id into v_cursor
    from private.request_changes as change
    where change.request_id = v_ids[least(cardinality(v_ids), v_limit)];
    v_cursor := coalesce(v_cursor, v_since);
  end if;
  return jsonb_build_object(
    'accepting', (select venue.accepting_requests from public.venues as venue where venue.id = p_venue_id),
    'requests', coalesce(v_requests, '[]'),
    'cursor', coalesce(v_cursor, '0.0'),
    'has_more', coalesce(cardinality(v_ids) > v_limit, false)
  );
end;
$$;

comment on function private.list_interface_requests(private.api_key_caller, uuid, jsonb) is
  'Requests of a venue: what waits in the order of asking, history newest first, or, with since, what has changed after that cursor in
the order of its changes. Errors: 404 request_not_found (after); 410 cursor_unknown.';

revoke all on function private.list_interface_requests(private.api_key_caller, uuid, jsonb) from public;

create function private.interface_statistics(p_venue public.venues)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select jsonb_build_object(
    'venue_id', p_venue.id,
    'total_requests', (select count(*) from public.requests as request where request.venue_id = p_venue.id),
    'active_requests', (
      select count(*)
      from public.requests as request
      where request.venue_id = p_venue.id and request.state in ('pending', 'accepted', 'performing')
    ),
    'processed_today', (
      select count(*)
      from public.performances as sung
      join public.organizations as organization on organization.id = p_venue.organization_id
      where sung.venue_id = p_venue.id
        and sung.performed_at >= date_trunc('day', now() at time zone organization.time_zone) at time zone organization.time_zone
    )
  );
$$;

comment on function private.interface_statistics(public.venues) is
  'How many requests a venue has had, has waiting, and has had sung since midnight in the organization''s time zone.';

revoke all on function private.interface_statistics(public.venues) from public;

create function private.create_interface_request(
  p_caller private.api_key_caller, p_venue_id uuid, p_arguments jsonb, out status integer, out body jsonb
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_key constant uuid := md5(p_caller.api_key_id || ' ' || (p_arguments ->> 'idempotency_key'))::uuid;
  v_names constant text[] := array(
    select name from jsonb_array_elements_text(p_arguments -> 'singers') with ordinality as named (name, place) order by named.place
  );
  v_song_id constant bigint := (p_arguments ->> 'song_id')::bigint;
  v_artist constant text := p_arguments ->> 'artist';
  v_title constant text := p_arguments ->> 'title';
  v_key_change constant integer := coalesce((p_arguments ->> 'key_change')::integer, 0);
  v_notes constant text := p_arguments ->> 'notes';
  v_request public.requests;
begin
  if v_key is not null then
    -- Two deliveries of one message at once: the second waits here, then finds the first one's request.
    perform pg_advisory_xact_lock(hashtextextended('create_interface_request:' || v_key, 0));
    v_request := private.find_repeated_request(
      p_venue_id, null, v_key, private.request_digest(v_names, v_song_id, v_artist, v_title, v_key_change, v_notes)
    );
    if v_request.id is not null then
      status := 200;
      body := private.show_interface_request(v_request.id);
      return;
    end if;
  end if;
  v_request := private.insert_request(
    p_venue_id, null, null, v_names, v_song_id, v_artist, v_title, v_key_change, v_notes, v_key, true
  );
  status := 201;
  body := private.show_interface_request(v_request.id);
end;
$$;

comment on function private.create_interface_request(private.api_key_caller, uuid, jsonb) is
  'Enters a request as a program: 201 with the new one, 200 with the one that this idempotency key has already made at this venue.
Errors: as insert_request.';

revoke all on function private.create_interface_request(private.api_key_caller, uuid, jsonb) from public;

create function private.request_interface_operation(
  p_operation text, p_caller private.api_key_caller, p_arguments jsonb, out status integer, out body jsonb
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_venue public.venues;
  v_ids bigint[];
begin
  status := 200;
  if p_arguments ? 'venue_id' then
    v_venue := private.require_interface_venue(p_caller, (p_arguments ->> 'venue_id')::uuid);
  end if;
  if p_arguments ? 'request_id' then
    v_ids := array[(p_arguments ->> 'request_id')::bigint];
  elsif p_arguments ? 'request_ids' then
    v_ids := array(select distinct id::bigint from jsonb_array_elements_text(p_arguments -> 'request_ids') as id);
  end if;
  perform private.require_interface_requests(p_caller, v_ids);

  case p_operation
    when 'list_venues' then
      select jsonb_build_object('venues', coalesce(jsonb_agg(private.interface_venue(venue) order by venue.name, venue.id), '[]'))
      into body
      from public.venues as venue
      where venue.organization_id = p_caller.organization_id and private.key_reaches_venue(p_caller, venue);

    when 'get_venue' then
      body := private.interface_venue(v_venue);

    when 'get_venue_statistics' then
      body := private.interface_statistics(v_venue);

    when 'set_accepting' then
      perform private.change_accepting(v_venue.id, (p_arguments ->> 'accepting')::boolean);
      body := private.interface_venue(private.require_interface_venue(p_caller, v_venue.id));

    when 'list_requests' then
      body := private.list_interface_requests(p_caller, v_venue.id, p_arguments);

    when 'create_request' then
      select created.status, created.body into status, body
      from private.create_interface_request(p_caller, v_venue.id, p_arguments) as created;

    when 'get_request' then
      body := private.show_interface_request(v_ids[1]);

    when 'process_request' then
      perform private.change_requests(v_ids, 'completed', 'host');
      body := private.show_interface_request(v_ids[1]);

    when 'unprocess_request' then
      perform private.change_requests(v_ids, 'pending', 'host');
      body := private.show_interface_request(v_ids[1]);

    when 'cancel_request' then
      -- The program withdraws it for its singer, as the singer could.
      perform private.change_requests(v_ids, 'cancelled', 'singer');
      body := private.show_interface_request(v_ids[1]);

    when 'process_requests' then
      body := jsonb_build_object('processed', private.change_requests(v_ids, 'completed', 'host'));
  end case;
end;
$$;

comment on function private.request_interface_operation(text, private.api_key_caller, jsonb) is
  'What one operation does and answers for a verified caller. Raises what the caller is told.';

revoke all on function private.request_interface_operation(text, private.api_key_caller, jsonb) from public;

create function private.interface_refusal(p_status integer, p_code text, p_detail text, p_hint text, p_retry_after integer default null)
returns jsonb
language sql
immutable
security invoker
set search_path = ''
as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'status', p_status, 'code', p_code, 'detail', p_detail, 'hint', p_hint, 'retry_after', p_retry_after
  ));
$$;

comment on function private.interface_refusal(integer, text, text, text, integer) is
  'A refusal as a value: raising it would take back what was counted.';

revoke all on function private.interface_refusal(integer, text, text, text, integer) from public;

create function private.request_interface_call(
  p_operation text, p_key text, p_address inet, p_arguments jsonb, p_is_continuation boolean
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_scope text;
  v_verified record;
  v_caller private.api_key_caller;
  v_wait integer;
  v_serial integer;
  v_answer record;
  v_code text;
  v_detail text;
  v_hint text;
  v_refusal jsonb;
begin
  v_verified := private.verify_api_key(p_key, p_address);
  if v_verified.refusal is not null then
    v_wait := private.record_wrong_api_key(p_key, p_address, v_verified.refusal);
    if v_wait > 0 then
      return private.interface_refusal(
        429, 'rate_limited', 'Too many wrong API keys came from this address.', format('Try again in %s seconds.', v_wait), v_wait
      );
    end if;
    return private.interface_refusal(
      401, 'invalid_api_key', 'The API key is invalid, expired or revoked.', 'Copy it again from the portal.'
    );
  end if;
  v_caller := v_verified.caller;

  if not p_is_continuation then
    v_wait := private.take_rate_limit('request_interface_per_key', v_caller.api_key_id::text);
    if v_wait > 0 then
      return private.interface_refusal(
        429, 'rate_limited', 'This API key has made too many calls.',
        format('Try again in %s seconds. Waiting for changes (wait, or an event stream) takes fewer calls.', v_wait), v_wait
      );
    end if;
  end if;

  select known.scope_key into v_scope
  from private.request_interface_operations as known
  where known.operation = p_operation;
  if v_scope is null or v_scope <> all (v_caller.scopes) then
    perform private.record_api_key_failure(p_key, p_address, 'scope ' || v_scope || ' missing');
    return private.interface_refusal(
      403, 'scope_missing', format('This API key does not have the scope %s.', v_scope), 'Create a key that has it.'
    );
  end if;

  perform set_config('karaoke.source', 'api', true), set_config('karaoke.api_key_id', v_caller.api_key_id::text, true);
  -- Read first: who then waits for the next serial is told of everything that came later.
  v_serial := private.openkj_serial(v_caller.organization_id);
  begin
    select answer.status, answer.body into v_answer
    from private.request_interface_operation(p_operation, v_caller, p_arguments) as answer;
  exception
    when others then
      -- Refusals are told; anything else is the function's to log and to hide.
      if sqlstate not like 'PT4%' then
        raise;
      end if;
      get stacked diagnostics v_code = message_text, v_detail = pg_exception_detail, v_hint = pg_exception_hint;
      v_refusal := private.interface_refusal(
        substr(sqlstate, 3)::integer, v_code, v_detail, v_hint, substring(v_hint from 'retry_after=([0-9]+)')::integer
      );
  end;
  perform private.record_api_key_call(v_caller.api_key_id, p_address, p_is_continuation);
  if v_refusal is not null then
    return v_refusal;
  end if;
  return jsonb_build_object(
    'status', v_answer.status, 'body', v_answer.body,
    'caller', jsonb_build_object(
      'api_key_id', v_caller.api_key_id, 'serial', v_serial
    )
  );
end;
$$;

comment on function private.request_interface_call(text, text, inet, jsonb, boolean) is
  'One call of the request interface: operation, API key, the client''s address, arguments; a continuation is a further look within a
call that waits, and is not counted against the key''s limit. Returns status and body, or status, code, detail, hint and retry_after of
a refusal; caller is for the function that waits. Definer: the interface''s role may do nothing else.';

revoke all on function private.request_interface_call(text, text, inet, jsonb, boolean) from public;

create function private.request_interface_serials(p_callers jsonb)
returns table (place integer, serial integer)
language plpgsql
stable
security definer
set search_path = ''
rows 100
as $$
begin
  return query
    select waiting.place::integer, counter.openkj_serial
    from jsonb_array_elements(p_callers) with ordinality as waiting (caller, place)
    cross join lateral private.verify_api_key(waiting.caller ->> 'key', (waiting.caller ->> 'address')::inet) as verified
    join private.organization_counters as counter on counter.organization_id = (verified.caller).organization_id
    where verified.refusal is null;
end;
$$;

comment on function private.request_interface_serials(jsonb) is
  'For programs that wait for something new, given as [{key, address}]: the change serials of their organizations, by the place in the list
from 1. A program whose key no longer works has none. Definer: keys and counters are private.';

revoke all on function private.request_interface_serials(jsonb) from public;

-- The role the Edge Function takes on: it can make these two calls and nothing else.
create role request_interface nologin;
grant request_interface to postgres;
grant usage on schema private to request_interface;
grant execute on function private.request_interface_call(text, text, inet, jsonb, boolean) to request_interface;
grant execute on function private.request_interface_serials(jsonb) to request_interface;

-- sql/50-queue/76-singer-dialect.sql
-- What apps of singers for OpenKJ's hosted service say: the same URL and one JSON object, without a key or a session. The
-- venue's guest rules hold for them. Also the plain list of a book, for programs that have no search of their own.

create function private.json_number(p_value jsonb)
returns double precision
language sql
immutable
security invoker
set search_path = ''
as $$
  select case
    when jsonb_typeof(p_value) in ('number', 'string') and p_value #>> '{}' ~ '^[-+]?[0-9]{1,9}(\.[0-9]{1,20})?$'
      then (p_value #>> '{}')::double precision
  end;
$$;

comment on function private.json_number(jsonb) is 'A number sent as number or text, else null.';

revoke all on function private.json_number(jsonb) from public;

create function private.split_singer_names(p_text text)
returns text[]
language sql
immutable
security invoker
set search_path = ''
as $$
  -- A comma alone is no group: somebody may write "Parker, Kim".
  select case
    when p_text ~ '\s&\s' then regexp_split_to_array(btrim(p_text), '\s*,\s*(?:&\s+)?|\s+&\s+')
    else array[p_text]
  end;
$$;

comment on function private.split_singer_names(text) is 'The singers of "A & B", "A, B & C" or "A, B, & C"; any other text is one name.';

revoke all on function private.split_singer_names(text) from public;

create function private.find_dialect_venue(p_body jsonb)
returns public.venues
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_venue public.venues;
begin
  select venue.* into v_venue
  from private.venue_url_names as used
  join public.venues as venue on venue.id = used.venue_id
  where used.url_name = lower(btrim(p_body ->> 'venueUrlName')) and venue.archived_at is null;
  return v_venue;
end;
$$;

comment on function private.find_dialect_venue(jsonb) is 'The venue with this url name, or former url name; null when there is none.';

revoke all on function private.find_dialect_venue(jsonb) from public;

create function private.require_dialect_venue(p_body jsonb)
returns public.venues
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_venue public.venues := private.find_dialect_venue(p_body);
begin
  if v_venue.id is null then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue. Check the code on the poster.');
  end if;
  return v_venue;
end;
$$;

comment on function private.require_dialect_venue(jsonb) is 'As find_dialect_venue. Errors: 404 venue_not_found.';

revoke all on function private.require_dialect_venue(jsonb) from public;

create function private.submit_dialect_request(p_venue public.venues, p_body jsonb, p_address inet)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_address constant text := coalesce(host(p_address), 'unknown');
  v_names text[] := private.clean_singer_names(private.split_singer_names(p_body ->> 'singerName'));
  v_song_id bigint := case when p_body ->> 'songId' ~ '^[0-9]{1,18}$' then (p_body ->> 'songId')::bigint end;
  v_key_change integer := case
    when p_body -> 'keyChange' is null or p_body ->> 'keyChange' ~ '^\s*$' then 0
    when p_body ->> 'keyChange' ~ '^[-+]?[0-9]{1,2}$' then (p_body ->> 'keyChange')::integer
  end;
begin
  if v_song_id is null then
    perform private.raise_error(400, 'song_missing', 'A request needs the songId of a song that was found.');
  end if;
  if v_key_change is null then
    perform private.raise_error(400, 'invalid_key_change', 'The key can be changed by -12 to 12 semitones, like "+1".');
  end if;
  perform private.require_admission(p_venue.id);

  -- From here on the requests of the organization follow one another, as in insert_request.
  perform
  from private.organization_counters as counter
  where counter.organization_id = p_venue.organization_id
  for no key update;

  if exists (
    select
    from private.requests_of_singer(p_venue.id, null, v_names, null) as request
    where request.song_id = v_song_id and request.requested_at > now() - interval '1 minute'
  ) then
    -- The button was pressed twice, or the app sent it again.
    return;
  end if;

  -- An app that names its device is held to that; else those who share the bar's Wi-Fi are told apart by their names.
  perform private.enforce_rate_limit(
    'requests_per_device', v_address || ' ' || md5(coalesce(nullif(p_body ->> 'deviceId', ''), lower(v_names::text)))
  );
  perform private.enforce_rate_limit('requests_per_address', v_address);
  perform private.enforce_rate_limit(
    'requests_per_venue', p_venue.id::text,
    (select rules.max_requests_per_hour from public.venue_rules as rules where rules.venue_id = p_venue.id)
  );

  perform private.insert_request(p_venue.id, null, null, v_names, v_song_id, null, null, v_key_change, null, null, false);
end;
$$;

comment on function private.submit_dialect_request(public.venues, jsonb, inet) is
  'Asks for a song as a guest without a session, known by address, device and name. Sent again within a minute it stays one request.
Errors: as submit_request.';

revoke all on function private.submit_dialect_request(public.venues, jsonb, inet) from public;

create function private.browse_dialect_book(p_system_id uuid, p_letter text)
returns table (song_id bigint, artist text, title text)
language sql
stable
security invoker
rows 1000
set search_path = ''
as $$
  -- A book has digits and symbols under one sign; here they are "#" and "@".
  select song.song_id, song.artist, song.title
  from private.browse_book(p_system_id, case when p_letter = '@' then '#' else p_letter end, 5000, 0)
    with ordinality as song (song_id, artist, title, place)
  where p_letter not in ('#', '@') or (private.normalize_text(song.artist) ~ '^[0-9]') = (p_letter = '#')
  order by song.place;
$$;

comment on function private.browse_dialect_book(uuid, text) is 'The first 5,000 songs of a book under a letter, "#" for digits or "@" for symbols.';

revoke all on function private.browse_dialect_book(uuid, text) from public;

create function private.singer_dialect_command(p_command text, p_body jsonb, p_address inet)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_venue public.venues;
  v_songs jsonb;
  v_wrong text;
begin
  select string_agg(field, ', ') into v_wrong
  from unnest(array['venueUrlName', 'searchString', 'browseBy', 'letter', 'songId', 'singerName', 'keyChange', 'deviceId']) as field
  where jsonb_typeof(p_body -> field) in ('array', 'object');
  if v_wrong is not null then
    perform private.raise_error(400, 'invalid_text', format('These fields must be texts: %s.', v_wrong));
  end if;

  case p_command
    when 'venueExists' then
      return jsonb_build_object('exists', (private.find_dialect_venue(p_body)).id is not null);

    when 'venueAccepting', 'getAccepting' then
      v_venue := private.require_dialect_venue(p_body);
      return jsonb_build_object('venue_id', v_venue.openkj_venue_id, 'accepting', v_venue.accepting_requests);

    when 'search' then
      v_venue := private.require_dialect_venue(p_body);
      select coalesce(
        jsonb_agg(
          jsonb_build_object('song_id', song.song_id, 'artist', song.artist, 'title', song.title) order by song.place
        ), '[]'
      )
      into v_songs
      from private.search_songs(v_venue.id, p_body ->> 'searchString', 100, 0)
        with ordinality as song (song_id, artist, title, match, total_count, place);
      return jsonb_build_object('song_count', jsonb_array_length(v_songs), 'songs', v_songs);

    when 'browse' then
      v_venue := private.require_dialect_venue(p_body);
      if coalesce(p_body ->> 'browseBy', 'artist') <> 'artist' or coalesce(char_length(p_body ->> 'letter'), 0) <> 1 then
        perform private.raise_error(
          400, 'invalid_letter', 'Songs are browsed by artist under one letter, "#" for digits or "@" for symbols.'
        );
      end if;
      select coalesce(
        jsonb_agg(
          jsonb_build_object('songid', song.song_id::text, 'artist', song.artist, 'title', song.title) order by song.place
        ), '[]'
      )
      into v_songs
      from private.browse_dialect_book(private.require_book(v_venue.id, 1, 0), p_body ->> 'letter')
        with ordinality as song (song_id, artist, title, place)
      where not exists (
        select from public.blocked_songs as blocked where blocked.venue_id = v_venue.id and blocked.song_id = song.song_id
      );
      return jsonb_build_object('result_count', jsonb_array_length(v_songs), 'songs', v_songs);

    when 'submitRequest' then
      perform private.submit_dialect_request(private.require_dialect_venue(p_body), p_body, p_address);
      return '{"success": true}'::jsonb;

    when 'getNearbyVenues2' then
      return jsonb_build_object('nearby', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object(
              'venueId', (near.venue).url_name,
              'name', (near.venue).name,
              'distance', round((near.distance_meters / 1609.344)::numeric, 2),
              'accepting', (near.venue).accepting_requests
            )
            order by near.distance_meters, (near.venue).id
          ), '[]'
        )
        from private.nearby_venues(
          private.json_number(p_body -> 'latitude'), private.json_number(p_body -> 'longitude'),
          least(greatest(coalesce(private.json_number(p_body -> 'range'), 25), 1), 100), 50, null
        ) as near
      ));
    else
      perform private.raise_error(400, 'unknown_command', 'Unknown command');
      return null;
  end case;
end;
$$;

comment on function private.singer_dialect_command(text, jsonb, inet) is
  'The fields of the reply to one command of a singer''s app. song_id is a number and songid a text, as these apps read them. Raises
what the singer is told.';

revoke all on function private.singer_dialect_command(text, jsonb, inet) from public;

create function private.singer_dialect_call(p_command text, p_body jsonb, p_address inet)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_detail text;
begin
  return jsonb_build_object('command', p_command, 'error', false) || private.singer_dialect_command(p_command, p_body, p_address);
exception
  when others then
    if sqlstate not like 'PT4%' then
      raise;
    end if;
    get stacked diagnostics v_detail = pg_exception_detail;
    -- These apps read the lists without looking at error first.
    return jsonb_build_object('command', p_command, 'error', true, 'errorString', v_detail)
      || case p_command
        when 'search' then '{"song_count": 0, "songs": []}'
        when 'browse' then '{"result_count": 0, "songs": []}'
        when 'getNearbyVenues2' then '{"nearby": []}'
        when 'submitRequest' then '{"success": false}'
        else '{}'
      end::jsonb;
end;
$$;

comment on function private.singer_dialect_call(text, jsonb, inet) is 'One call of a singer''s app: the whole reply.';

revoke all on function private.singer_dialect_call(text, jsonb, inet) from public;

create function private.openkj_songs(p_caller private.api_key_caller, p_body jsonb)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select coalesce(
    jsonb_agg(
      jsonb_build_object('song_id', song.song_id, 'artist', song.artist, 'title', song.title, 'songid', song.song_id::text)
      order by song.artist, song.title, song.song_id
    ), '[]'
  )
  from (
    select distinct spelling.song_id, spelling.artist, spelling.title
    from public.systems as system
    join private.book_chunks as book on book.system_id = system.id
    cross join lateral private.chunk_spellings(book.chunk, book.members) as spelling_id
    join private.song_spellings as spelling on spelling.id = spelling_id
    where system.organization_id = p_caller.organization_id
      and (p_caller.system_id is null or p_caller.system_id = system.id)
      and (
        coalesce(private.json_integer(p_body -> 'system_id'), 0) = 0
        or system.openkj_system_id = private.json_integer(p_body -> 'system_id')
        or p_caller.system_id = system.id
      )
  ) as song;
$$;

comment on function private.openkj_songs(private.api_key_caller, jsonb) is
  'The book of a system, or of all systems when system_id is missing or 0, by artist and title.';

revoke all on function private.openkj_songs(private.api_key_caller, jsonb) from public;

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
  v_end timestamptz;
  v_days integer;
  v_result jsonb;
begin
  select venue.* into v_venue from public.venues as venue where venue.id = p_venue_id;
  perform private.require_permission(v_venue.organization_id, 'venues:read', 'venue_not_found');
  if p_start > p_end then
    perform private.raise_error(400, 'invalid_range', 'The start is after the end.', 'Swap them.');
  end if;
  select organization.time_zone into v_zone from public.organizations as organization where organization.id = v_venue.organization_id;
  -- Days on which there was no venue yet, or that are still to come, thin out no average.
  v_end := greatest(least(p_end, now()), v_venue.created_at);
  v_start := least(greatest(p_start, v_venue.created_at), v_end);
  v_days := greatest(1, (v_end at time zone v_zone)::date - (v_start at time zone v_zone)::date + 1);

  with
    asked as materialized (
      select
        request.state, request.artist, request.title, request.singer_name,
        request.requested_at at time zone v_zone as asked_at,
        private.song_fingerprint(request.artist, request.title) as fingerprint,
        account.id is null as is_guest,
        -- A guest is whoever goes by that name: each night brings them a new session.
        coalesce(account.id::text, private.fold_text(request.singer_name)) as singer,
        profile.nickname
      from public.requests as request
      left join auth.users as account on account.id = request.singer_user_id and not account.is_anonymous
      left join public.singer_profiles as profile on profile.user_id = account.id
      where request.venue_id = p_venue_id and request.requested_at >= v_start and request.requested_at <= v_end
    ),
    songs as (
      -- As most people wrote it.
      select
        mode() within group (order by asked.artist) as artist, mode() within group (order by asked.title) as title, count(*) as requests
      from asked
      group by asked.fingerprint
      order by requests desc, artist, title
      limit 10
    ),
    singers as (
      select
        coalesce(min(asked.nickname), mode() within group (order by asked.singer_name)) as name, asked.is_guest, count(*) as requests
      from asked
      group by asked.singer, asked.is_guest
      order by requests desc, name, is_guest
      limit 10
    ),
    -- The last 30 days of the range, those without requests too.
    days as (
      select day.day, count(asked.asked_at) as requests
      from (
        select generate_series((v_end at time zone v_zone)::date - least(v_days, 30) + 1, (v_end at time zone v_zone)::date, interval '1 day')::date as day
      ) as day
      left join asked on asked.asked_at::date = day.day
      group by day.day
    ),
    hours as (
      select hour.hour, count(asked.asked_at) as requests
      from generate_series(0, 23) as hour (hour)
      left join asked on extract(hour from asked.asked_at) = hour.hour
      group by hour.hour
    )
  select jsonb_build_object(
    'venue_id', v_venue.id,
    'venue_name', v_venue.name,
    'from', v_start,
    'to', v_end,
    'total_requests', (select count(*) from asked),
    'pending_requests', (select count(*) from asked where asked.state in ('pending', 'accepted', 'performing')),
    'processed_requests', (select count(*) from asked where asked.state = 'completed'),
    'unique_singers', (select count(distinct asked.singer) from asked where not asked.is_guest),
    'unique_guests', (select count(distinct asked.singer) from asked where asked.is_guest),
    'average_requests_per_day', round((select count(*) from asked) / v_days::numeric, 2),
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
processed_requests, unique_singers (with an account), unique_guests (by the name they gave), average_requests_per_day (days before the
venue was there and days to come left out), top_songs and top_singers (10 each, the latter with is_guest), requests_by_day (the last 30
days of the range, those without requests too), requests_by_hour. Needs venues:read. Errors: 400 invalid_range; 403;
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
      'systems', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object('system_id', system.id, 'name', system.name, 'last_seen_at', heartbeat.last_seen_at)
            order by system.openkj_system_id
          ),
          '[]'
        )
        from public.systems as system
        left join private.system_heartbeats as heartbeat on heartbeat.system_id = system.id
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
total_songs, systems (with last_seen_at: the last sign of life of the show program), top_venue (null without requests). Needs venues:read. Errors: 403; 404 organization_not_found.';

revoke all on function public.organization_overview(uuid) from public;
grant execute on function public.organization_overview(uuid) to authenticated;

create function private.export_venue(p_venue_id uuid, p_start timestamptz, p_end timestamptz, p_after bigint, p_limit integer)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_venue public.venues;
  v_after_at timestamptz;
  v_rows jsonb;
  v_last bigint;
begin
  select venue.* into v_venue from public.venues as venue where venue.id = p_venue_id;
  perform private.require_permission(v_venue.organization_id, 'venues:read', 'venue_not_found');
  if p_start > p_end then
    perform private.raise_error(400, 'invalid_range', 'The start is after the end.', 'Swap them.');
  end if;
  if p_limit is null or p_limit not between 1 and 5000 then
    perform private.raise_error(400, 'invalid_limit', 'A page has 1 to 5000 requests.', 'Leave it out for 1000.');
  end if;
  if p_after is null then
    perform private.enforce_rate_limit('venue_exports', auth.uid()::text);
  else
    select request.requested_at into v_after_at
    from public.requests as request
    where request.id = p_after and request.venue_id = p_venue_id;
    if not found then
      perform private.raise_error(404, 'request_not_found', 'There is no such request at this venue.', 'Send next_after as it was received.');
    end if;
  end if;

  with
    page as (
      select request.*
      from public.requests as request
      where request.venue_id = p_venue_id
        and (p_start is null or request.requested_at >= p_start)
        and (p_end is null or request.requested_at <= p_end)
        and (p_after is null or (request.requested_at, request.id) < (v_after_at, p_after))
      order by request.requested_at desc, request.id desc
      limit p_limit
    )
  select
    coalesce(
      jsonb_agg(
        jsonb_build_object(
          'id', page.id, 'state', page.state, 'artist', page.artist, 'title', page.title, 'key_change', page.key_change, 'notes', page.notes,
          'singer_name', page.singer_name, 'requested_at', page.requested_at, 'processed', page.processed, 'processed_at', page.processed_at
        )
        order by page.requested_at desc, page.id desc
      ),
      '[]'
    ),
    case when count(*) = p_limit then (array_agg(page.id order by page.requested_at, page.id))[1] end
  into v_rows, v_last
  from page;
  return jsonb_build_object('venue_id', v_venue.id, 'venue_name', v_venue.name, 'requests', v_rows, 'next_after', v_last);
end;
$$;

comment on function private.export_venue(uuid, timestamptz, timestamptz, bigint, integer) is
  'Definer: checks venues:read, then reads all requests of the venue.';

revoke all on function private.export_venue(uuid, timestamptz, timestamptz, bigint, integer) from public;
grant execute on function private.export_venue(uuid, timestamptz, timestamptz, bigint, integer) to authenticated;

create function public.export_venue(
  p_venue_id uuid,
  p_start timestamptz default null,
  p_end timestamptz default null,
  p_after bigint default null,
  p_limit integer default 1000
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.export_venue(p_venue_id, p_start, p_end, p_after, p_limit);
$$;

comment on function public.export_venue(uuid, timestamptz, timestamptz, bigint, integer) is
  'Every request a venue has had between two times (all when left out), newest first, page by page: venue_id, venue_name, requests (without
anybody''s address) and next_after, to be sent as p_after for the next page of p_limit (1-5000) requests; null at the end. Needs
venues:read. Errors: 400 invalid_range, invalid_limit; 403; 404 venue_not_found, request_not_found; 429 after 10 exports in an hour.';

revoke all on function public.export_venue(uuid, timestamptz, timestamptz, bigint, integer) from public;
grant execute on function public.export_venue(uuid, timestamptz, timestamptz, bigint, integer) to authenticated;

-- sql/50-queue/85-nights.sql
-- Nights and their numbers. Days are those of the organization's time zone.

create function private.venue_shows(p_venue_id uuid, p_page integer, p_limit integer)
returns table (
  show_id uuid, opened_at timestamptz, closed_at timestamptz, requests bigint, sung bigint, singers bigint, total_count bigint
)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id), 'requests:read', 'venue_not_found'
  );
  if p_page is null or p_page not between 1 and 100000 or p_limit is null or p_limit not between 1 and 100 then
    perform private.raise_error(400, 'invalid_page', 'The page counts from 1 and has 1 to 100 rows.', 'Leave them out for 1 and 20.');
  end if;
  return query
    select show.id, show.opened_at, show.closed_at, counted.requests, counted.sung, counted.singers, show.total_count
    from (
      select night.id, night.opened_at, night.closed_at, count(*) over () as total_count
      from public.shows as night
      where night.venue_id = p_venue_id
      order by night.opened_at desc, night.id desc
      limit p_limit offset (p_page - 1) * p_limit
    ) as show
    cross join lateral (
      select
        count(*) as requests,
        count(*) filter (where request.state = 'completed') as sung,
        count(distinct coalesce(request.singer_user_id::text, lower(request.singer_name))) as singers
      from public.requests as request
      where request.show_id = show.id
    ) as counted
    order by show.opened_at desc, show.id desc;
end;
$$;

comment on function private.venue_shows(uuid, integer, integer) is 'Definer: checks requests:read, then counts.';

revoke all on function private.venue_shows(uuid, integer, integer) from public;
grant execute on function private.venue_shows(uuid, integer, integer) to authenticated;

create function public.venue_shows(p_venue_id uuid, p_page integer default 1, p_limit integer default 20)
returns table (
  show_id uuid, opened_at timestamptz, closed_at timestamptz, requests bigint, sung bigint, singers bigint, total_count bigint
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.venue_shows(p_venue_id, p_page, p_limit);
$$;

comment on function public.venue_shows(uuid, integer, integer) is
  'The nights of a venue, newest first, with how many requests, songs sung and singers each had; closed_at of the open one is null.
total_count is that of all pages of 1-100 rows. Needs requests:read. Errors: 400 invalid_page; 403; 404 venue_not_found.';

revoke all on function public.venue_shows(uuid, integer, integer) from public;
grant execute on function public.venue_shows(uuid, integer, integer) to authenticated;

create function private.show_log(p_show_id uuid, p_after bigint, p_limit integer)
returns table (
  event_id bigint, changed_at timestamptz, request_id bigint, singer_name text, artist text, title text, from_state text, to_state text,
  reason text, source text, changed_by uuid
)
language plpgsql
stable
security definer
set search_path = ''
rows 100
as $$
begin
  perform private.require_permission(
    (select show.organization_id from public.shows as show where show.id = p_show_id), 'requests:read', 'show_not_found'
  );
  if p_limit is null or p_limit not between 1 and 500 then
    perform private.raise_error(400, 'invalid_limit', 'The limit must be 1 to 500.', 'Leave it out for 100.');
  end if;
  return query
    select
      event.id, event.changed_at, request.id, request.singer_name, request.artist, request.title, event.from_state, event.to_state,
      event.reason, event.source, event.changed_by
    from public.requests as request
    join public.request_events as event on event.request_id = request.id
    where request.show_id = p_show_id and (p_after is null or event.id > p_after)
    order by event.id
    limit p_limit;
end;
$$;

comment on function private.show_log(uuid, bigint, integer) is 'Definer: checks requests:read, then reads the log.';

revoke all on function private.show_log(uuid, bigint, integer) from public;
grant execute on function private.show_log(uuid, bigint, integer) to authenticated;

create function public.show_log(p_show_id uuid, p_after bigint default null, p_limit integer default 100)
returns table (
  event_id bigint, changed_at timestamptz, request_id bigint, singer_name text, artist text, title text, from_state text, to_state text,
  reason text, source text, changed_by uuid
)
language sql
stable
security invoker
set search_path = ''
rows 100
as $$
  select * from private.show_log(p_show_id, p_after, p_limit);
$$;

comment on function public.show_log(uuid, bigint, integer) is
  'What happened in a night, in order: every state of its requests, when, by whom and through what (app, openkj, api, system). 1-500 rows;
go on with p_after, the event_id of the last one. Needs requests:read. Errors: 400 invalid_limit; 403; 404 show_not_found.';

revoke all on function public.show_log(uuid, bigint, integer) from public;
grant execute on function public.show_log(uuid, bigint, integer) to authenticated;

create function private.show_statistics(p_show_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_show public.shows;
begin
  select show.* into v_show from public.shows as show where show.id = p_show_id;
  perform private.require_permission(v_show.organization_id, 'requests:read', 'show_not_found');
  return (
    with
      asked as materialized (
        select
          request.state, request.artist, request.title, request.fingerprint, request.singer_name, request.requested_at,
          request.processed_at, coalesce(request.singer_user_id::text, lower(request.singer_name)) as singer
        from public.requests as request
        where request.show_id = p_show_id
      ),
      gaps as (
        select extract(epoch from sung.performed_at - lag(sung.performed_at) over (order by sung.performed_at, sung.id)) as seconds
        from public.performances as sung
        where sung.show_id = p_show_id
      ),
      songs as (
        select min(asked.artist) as artist, min(asked.title) as title, count(*) as requests
        from asked
        group by asked.fingerprint
        order by requests desc, artist, title
        limit 10
      ),
      singers as (
        select min(asked.singer_name) as name, count(*) as requests, count(*) filter (where asked.state = 'completed') as sung
        from asked
        group by asked.singer
        order by sung desc, requests desc, name
        limit 10
      )
    select jsonb_build_object(
      'show_id', v_show.id,
      'venue_id', v_show.venue_id,
      'opened_at', v_show.opened_at,
      'closed_at', v_show.closed_at,
      'total_requests', (select count(*) from asked),
      'requests_by_state', (
        select coalesce(jsonb_object_agg(counted.state, counted.requests), '{}')
        from (select asked.state, count(*) as requests from asked group by asked.state) as counted
      ),
      'unique_singers', (select count(distinct asked.singer) from asked),
      'average_wait_seconds', (
        select round(avg(extract(epoch from asked.processed_at - asked.requested_at))) from asked where asked.state = 'completed'
      ),
      'average_gap_seconds', (select round(avg(gaps.seconds)) from gaps where gaps.seconds between 30 and 900),
      'top_songs', coalesce((select jsonb_agg(to_jsonb(songs)) from songs), '[]'),
      'top_singers', coalesce((select jsonb_agg(to_jsonb(singers)) from singers), '[]')
    )
  );
end;
$$;

comment on function private.show_statistics(uuid) is 'Definer: checks requests:read, then counts.';

revoke all on function private.show_statistics(uuid) from public;
grant execute on function private.show_statistics(uuid) to authenticated;

create function public.show_statistics(p_show_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.show_statistics(p_show_id);
$$;

comment on function public.show_statistics(uuid) is
  'A night in numbers: total_requests, requests_by_state, unique_singers (guests counted as guests), average_wait_seconds from asking to
singing, average_gap_seconds between songs without breaks (null before there are any), top_songs and top_singers (10 each). Needs
requests:read. Errors: 403; 404 show_not_found.';

revoke all on function public.show_statistics(uuid) from public;
grant execute on function public.show_statistics(uuid) to authenticated;

create function private.request_statistics(p_organization_id uuid, p_venue_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_midnight timestamptz;
begin
  perform private.require_permission(p_organization_id, 'requests:read', 'organization_not_found');
  select date_trunc('day', now() at time zone organization.time_zone) at time zone organization.time_zone into v_midnight
  from public.organizations as organization
  where organization.id = p_organization_id;
  return (
    select jsonb_build_object(
      'total_requests', count(*),
      'pending_requests', count(*) filter (where request.state in ('pending', 'accepted', 'performing')),
      'processed_requests', count(*) filter (where request.state = 'completed'),
      'requests_today', count(*) filter (where request.requested_at >= v_midnight)
    )
    from public.requests as request
    where request.organization_id = p_organization_id and (p_venue_id is null or request.venue_id = p_venue_id)
  );
end;
$$;

comment on function private.request_statistics(uuid, uuid) is 'Definer: checks requests:read, then counts.';

revoke all on function private.request_statistics(uuid, uuid) from public;
grant execute on function private.request_statistics(uuid, uuid) to authenticated;

create function public.request_statistics(p_organization_id uuid, p_venue_id uuid default null)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.request_statistics(p_organization_id, p_venue_id);
$$;

comment on function public.request_statistics(uuid, uuid) is
  'How many requests an organization, or one of its venues, has had (total_requests), has waiting (pending_requests), has had sung
(processed_requests) and was asked for since midnight in its time zone (requests_today). A foreign venue has none. Needs requests:read.
Errors: 403; 404 organization_not_found.';

revoke all on function public.request_statistics(uuid, uuid) from public;
grant execute on function public.request_statistics(uuid, uuid) to authenticated;

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

-- sql/50-queue/95-host-offline.sql
-- A show whose program has fallen silent. An idle OpenKJ still calls every ten minutes, so eleven are the first sure sign.

create function private.alert_offline_hosts()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_silent record;
  v_count integer := 0;
begin
  for v_silent in
    select show.id as show_id, venue.id as venue_id, venue.name, heartbeat.last_seen_at, owner.user_id
    from public.shows as show
    join public.venues as venue on venue.id = show.venue_id
    join private.system_heartbeats as heartbeat on heartbeat.system_id = private.venue_system(venue.id)
    join public.organization_members as owner on owner.organization_id = show.organization_id and owner.role_key = 'owner'
    where show.closed_at is null
      -- A night that never heard of a program is run without one.
      and heartbeat.last_seen_at > show.opened_at - interval '1 hour'
      and heartbeat.last_seen_at < now() - interval '11 minutes'
    order by show.id
  loop
    perform private.notify_user(
      v_silent.user_id, 'organization', 'host_offline',
      jsonb_build_object('venue_id', v_silent.venue_id, 'venue', v_silent.name, 'last_seen_at', v_silent.last_seen_at),
      format('host_offline:%s:%s', v_silent.show_id, v_silent.last_seen_at)
    );
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;

comment on function private.alert_offline_hosts() is
  'Tells the owner, once for each silence, that the show program of an open night has not called for 11 minutes; returns how many are
silent. A job; definer because heartbeats are private.';

revoke all on function private.alert_offline_hosts() from public;

-- sql/60-singers/20-favorites.sql
-- What people want to find again. They belong to the user, not to the singer profile: a guest has them too and keeps them when the
-- guest becomes an account.

create table public.favorite_songs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  artist text not null,
  title text not null,
  key_change integer not null default 0,
  metadata jsonb not null default '{}',
  -- Written by a trigger; the default only tells generated types that it may be left out.
  fingerprint text collate "C" not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint artist_is_1_to_255_characters check (char_length(artist) between 1 and 255),
  constraint title_is_1_to_255_characters check (char_length(title) between 1 and 255),
  constraint key_change_is_within_12_semitones check (key_change between -12 and 12),
  constraint metadata_is_an_object check (jsonb_typeof(metadata) = 'object'),
  constraint metadata_is_small check (pg_column_size(metadata) <= 4096),
  unique (user_id, fingerprint, key_change)
);

alter table public.favorite_songs enable row level security;
revoke all on public.favorite_songs from anon, authenticated, service_role;

create index favorite_songs_fingerprint_idx on public.favorite_songs (fingerprint, user_id);

comment on table public.favorite_songs is
  'Songs somebody likes to sing, each in one or more keys. Not tied to a book: which of them a venue has is asked with list_favorite_songs.';
comment on column public.favorite_songs.metadata is 'Whatever the app keeps with it, at most 4 KB.';
comment on column public.favorite_songs.fingerprint is 'private.song_fingerprint(artist, title): the same song however it is written.';

create trigger favorite_songs_set_updated_at
  before update on public.favorite_songs
  for each row execute function private.set_updated_at();

create table public.favorite_venues (
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  venue_id uuid not null references public.venues (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (user_id, venue_id)
);

alter table public.favorite_venues enable row level security;
revoke all on public.favorite_venues from anon, authenticated, service_role;

create index favorite_venues_venue_id_idx on public.favorite_venues (venue_id);

comment on table public.favorite_venues is 'Venues somebody likes. An archived venue stays on the list and says so.';

create function private.prepare_favorite_song()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_maximum integer := private.setting('favorite_songs_maximum')::integer;
begin
  new.artist := private.clean_text(new.artist, 'artist', 255);
  new.title := private.clean_text(new.title, 'title', 255);
  new.fingerprint := private.song_fingerprint(new.artist, new.title);
  -- Two at once must not both be the last one.
  perform pg_advisory_xact_lock(hashtextextended('favorite_songs:' || new.user_id, 0));
  -- Only about the caller's own list; a row for somebody else is refused by the policy, whatever is in theirs.
  if new.user_id = auth.uid()
    and (select count(*) from public.favorite_songs as favorite where favorite.user_id = new.user_id) >= v_maximum
  then
    perform private.raise_error(
      422, 'too_many_favorites', format('You have %s favourite songs.', v_maximum), 'Remove one of them first.'
    );
  end if;
  return new;
end;
$$;

comment on function private.prepare_favorite_song() is
  'Cleans the texts and keeps the list within its limit. Errors: 400 invalid_artist, invalid_title; 422 too_many_favorites. Definer: the
texts'' functions are private.';

revoke all on function private.prepare_favorite_song() from public;

create trigger favorite_songs_prepare
  before insert on public.favorite_songs
  for each row execute function private.prepare_favorite_song();

create function private.prepare_favorite_venue()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_maximum integer := private.setting('favorite_venues_maximum')::integer;
begin
  if not exists (select from public.venues as venue where venue.id = new.venue_id and venue.archived_at is null) then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue.', 'Find the venue again.');
  end if;
  perform pg_advisory_xact_lock(hashtextextended('favorite_venues:' || new.user_id, 0));
  if new.user_id = auth.uid()
    and (select count(*) from public.favorite_venues as favorite where favorite.user_id = new.user_id) >= v_maximum
  then
    perform private.raise_error(
      422, 'too_many_favorites', format('You have %s favourite venues.', v_maximum), 'Remove one of them first.'
    );
  end if;
  return new;
end;
$$;

comment on function private.prepare_favorite_venue() is
  'Takes only venues that can be found, and keeps the list within its limit. Errors: 404 venue_not_found; 422 too_many_favorites. Definer:
singers do not see the table of venues.';

revoke all on function private.prepare_favorite_venue() from public;

create trigger favorite_venues_prepare
  before insert on public.favorite_venues
  for each row execute function private.prepare_favorite_venue();

create function private.list_favorite_songs(
  p_search text, p_artist text, p_title text, p_venue_id uuid, p_page integer, p_limit integer
)
returns table (
  id uuid, artist text, title text, key_change integer, metadata jsonb, created_at timestamptz, updated_at timestamptz, song_id bigint,
  is_available boolean, total_count bigint
)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
declare
  v_user_id uuid := private.require_user();
  v_system_id uuid;
begin
  if p_page is null or p_page not between 1 and 10000 or p_limit is null or p_limit not between 1 and 100 then
    perform private.raise_error(400, 'invalid_page', 'The page counts from 1 and has 1 to 100 rows.', 'Leave them out for 1 and 20.');
  end if;
  if p_venue_id is not null then
    if not exists (select from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null) then
      perform private.raise_error(404, 'venue_not_found', 'There is no such venue.', 'Find the venue again.');
    end if;
    perform private.require_admission(p_venue_id);
    v_system_id := private.venue_system(p_venue_id);
  end if;
  return query
    select
      listed.id, listed.artist, listed.title, listed.key_change, listed.metadata, listed.created_at, listed.updated_at, found.song_id,
      case when p_venue_id is not null then found.song_id is not null end, listed.total_count
    from (
      select favorite.*, count(*) over () as total_count
      from public.favorite_songs as favorite
      where favorite.user_id = v_user_id
        and (p_artist is null or strpos(private.fold_text(favorite.artist), private.fold_text(btrim(p_artist))) > 0)
        and (p_title is null or strpos(private.fold_text(favorite.title), private.fold_text(btrim(p_title))) > 0)
        and (
          p_search is null
          or strpos(private.fold_text(favorite.artist || ' ' || favorite.title), private.fold_text(btrim(p_search))) > 0
        )
      order by favorite.fingerprint, favorite.key_change, favorite.id
      limit p_limit offset (p_page - 1) * p_limit
    ) as listed
    cross join lateral (select private.find_book_song(v_system_id, listed.artist, listed.title) as song_id) as found
    order by listed.fingerprint, listed.key_change, listed.id;
end;
$$;

comment on function private.list_favorite_songs(text, text, text, uuid, integer, integer) is
  'Definer: books are private. Reads only the caller''s favourites.';

revoke all on function private.list_favorite_songs(text, text, text, uuid, integer, integer) from public;
grant execute on function private.list_favorite_songs(text, text, text, uuid, integer, integer) to authenticated;

create function public.list_favorite_songs(
  p_search text default null,
  p_artist text default null,
  p_title text default null,
  p_venue_id uuid default null,
  p_page integer default 1,
  p_limit integer default 20
)
returns table (
  id uuid, artist text, title text, key_change integer, metadata jsonb, created_at timestamptz, updated_at timestamptz, song_id bigint,
  is_available boolean, total_count bigint
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.list_favorite_songs(p_search, p_artist, p_title, p_venue_id, p_page, p_limit);
$$;

comment on function public.list_favorite_songs(text, text, text, uuid, integer, integer) is
  'The caller''s favourite songs by artist and title. p_search is found in both, p_artist and p_title in one; accents and case aside.
With p_venue_id each says whether that venue''s book has it (is_available) and under which song_id to ask for it; without it both are
null. total_count is that of all pages of 1-100 rows. Errors: 400 invalid_page; 401; 403 pin_required; 404 venue_not_found.';

revoke all on function public.list_favorite_songs(text, text, text, uuid, integer, integer) from public;
grant execute on function public.list_favorite_songs(text, text, text, uuid, integer, integer) to authenticated;

create function private.list_favorite_venues(p_search text, p_city text, p_state text, p_page integer, p_limit integer)
returns table (
  venue_id uuid, url_name text, name text, address text, city text, state text, postal_code text, country text, phone_number text,
  website text, accepting_requests boolean, is_archived boolean, added_at timestamptz, total_count bigint
)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
declare
  v_user_id uuid := private.require_user();
begin
  if p_page is null or p_page not between 1 and 10000 or p_limit is null or p_limit not between 1 and 100 then
    perform private.raise_error(400, 'invalid_page', 'The page counts from 1 and has 1 to 100 rows.', 'Leave them out for 1 and 20.');
  end if;
  return query
    select
      venue.id, venue.url_name, venue.name, venue.address, venue.city, venue.state, venue.postal_code, venue.country,
      venue.phone_number, venue.website, venue.accepting_requests, venue.archived_at is not null, favorite.created_at, count(*) over ()
    from public.favorite_venues as favorite
    join public.venues as venue on venue.id = favorite.venue_id
    where favorite.user_id = v_user_id
      and (p_search is null or strpos(private.fold_text(venue.name), private.fold_text(btrim(p_search))) > 0)
      and (p_city is null or strpos(private.fold_text(venue.city), private.fold_text(btrim(p_city))) > 0)
      and (p_state is null or private.fold_text(venue.state) = private.fold_text(btrim(p_state)))
    order by favorite.created_at desc, venue.id
    limit p_limit offset (p_page - 1) * p_limit;
end;
$$;

comment on function private.list_favorite_venues(text, text, text, integer, integer) is
  'Definer: the table of venues is for members. Reads only the caller''s favourites.';

revoke all on function private.list_favorite_venues(text, text, text, integer, integer) from public;
grant execute on function private.list_favorite_venues(text, text, text, integer, integer) to authenticated;

create function public.list_favorite_venues(
  p_search text default null,
  p_city text default null,
  p_state text default null,
  p_page integer default 1,
  p_limit integer default 20
)
returns table (
  venue_id uuid, url_name text, name text, address text, city text, state text, postal_code text, country text, phone_number text,
  website text, accepting_requests boolean, is_archived boolean, added_at timestamptz, total_count bigint
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.list_favorite_venues(p_search, p_city, p_state, p_page, p_limit);
$$;

comment on function public.list_favorite_venues(text, text, text, integer, integer) is
  'The caller''s favourite venues as they are now, those added last first; archived ones stay and are marked. p_search is found in the
name, p_city in the city, p_state must be equal, accents and case aside. total_count is that of all pages of 1-100 rows.
Errors: 400 invalid_page; 401.';

revoke all on function public.list_favorite_venues(text, text, text, integer, integer) from public;
grant execute on function public.list_favorite_venues(text, text, text, integer, integer) to authenticated;

-- sql/70-messages/05-categories.sql
-- What messages are about, and what somebody gets who has set nothing.

create table public.message_categories (
  key text primary key,
  description text not null,
  is_optional boolean not null,
  channels text[] not null,
  default_channels text[] not null,
  rank integer not null,
  constraint channels_are_known check (channels <@ array['email', 'sms']),
  constraint defaults_are_channels check (default_channels <@ channels),
  constraint what_must_arrive_is_on check (is_optional or default_channels = channels)
);

alter table public.message_categories enable row level security;
revoke all on public.message_categories from anon, authenticated, service_role;

comment on table public.message_categories is
  'Categories of messages: by which channels there are any, and by which one gets them without having asked. Nobody can
switch off a category that is not optional. Everything is told in the app as well.';
comment on column public.message_categories.rank is 'Order for lists.';

-- sql/70-messages/10-outbox.sql
-- The outbox: every mail and text is a row, written in the transaction that causes it. Rows hold a template and its
-- variables; the text is made when it is sent or looked at.

create function private.template_places(p_subject text, p_body text)
returns text[]
language sql
immutable
security invoker
set search_path = ''
as $$
  select coalesce(array_agg(distinct matched[1] order by matched[1]), '{}')
  from regexp_matches(concat(p_subject, ' ', p_body), '\{\{([a-z_]+)\}\}', 'g') as matched;
$$;

comment on function private.template_places(text, text) is 'Names of the {{places}} of a template.';

revoke all on function private.template_places(text, text) from public;

create table private.message_templates (
  key text not null,
  channel text not null,
  category text not null references public.message_categories (key) on update cascade on delete restrict,
  subject text,
  body text not null,
  variables text[] not null,
  secrets text[] not null default '{}',
  lifetime interval,
  constraint channel_is_known check (channel in ('email', 'sms')),
  constraint email_has_a_subject check ((channel = 'email') = (subject is not null)),
  constraint subject_is_one_line check (subject !~ '[[:cntrl:]]'),
  constraint variables_are_the_places check (
    variables @> private.template_places(subject, body) and variables <@ private.template_places(subject, body)
  ),
  constraint secrets_are_variables check (secrets <@ variables),
  constraint secrets_end check (secrets = '{}' or lifetime is not null),
  primary key (key, channel)
);

alter table private.message_templates enable row level security;

create index message_templates_category_idx on private.message_templates (category);

comment on table private.message_templates is
  'Texts with {{variable}} places. A body is plain text; in mails its lines become paragraphs and its link is clickable.';
comment on column private.message_templates.category is 'What a person may opt out of; security never.';
comment on column private.message_templates.variables is 'What must be given, no more and no less.';
comment on column private.message_templates.secrets is
  'Variables that open something: codes and links. They are taken out of a message that was sent, has ended or is given up.';
comment on column private.message_templates.lifetime is 'How long sending it makes sense; null: always.';

create table private.messages (
  id uuid primary key default gen_random_uuid(),
  channel text not null,
  template_key text not null,
  category text not null references public.message_categories (key) on update cascade on delete restrict,
  recipient text not null,
  variables jsonb not null default '{}',
  secrets jsonb not null default '{}',
  user_id uuid references auth.users (id) on delete set null,
  idempotency_key text unique,
  status text not null default 'pending',
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  expires_at timestamptz,
  provider text,
  provider_message_id text,
  last_error text,
  created_at timestamptz not null default now(),
  sent_at timestamptz,
  constraint status_is_known check (status in ('pending', 'sending', 'sent', 'dead', 'expired', 'suppressed')),
  constraint variables_are_an_object check (jsonb_typeof(variables) = 'object' and jsonb_typeof(secrets) = 'object'),
  foreign key (template_key, channel) references private.message_templates (key, channel)
    on update cascade on delete restrict
);

alter table private.messages enable row level security;

create index messages_template_idx on private.messages (template_key, channel);
create index messages_category_idx on private.messages (category);
create index messages_user_id_idx on private.messages (user_id);
create index messages_due_idx on private.messages ((category <> 'security'), next_attempt_at, id) where status in ('pending', 'sending');
create index messages_expiring_idx on private.messages (expires_at) where secrets <> '{}' or status in ('pending', 'sending');
create index messages_dead_idx on private.messages (created_at desc, id desc) where status = 'dead';
create index messages_recipient_idx on private.messages (recipient, created_at);
create index messages_created_at_idx on private.messages (created_at desc, id desc);

comment on table private.messages is
  'The outbox. dead: given up, the dead letters; expired: too late to be sent; suppressed: not wanted, or too many in an hour.';
comment on column private.messages.secrets is 'One-time codes and links: never exposed, never logged, removed when of no more use.';
comment on column private.messages.next_attempt_at is
  'When it is due; while it is being sent, when the sender is given up for dead.';
comment on column private.messages.idempotency_key is 'The same key enqueues once, however often it is tried.';

create function private.remove_message_secrets()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  new.secrets := '{}';
  return new;
end;
$$;

revoke all on function private.remove_message_secrets() from public;

-- What the provider "log" takes is read in the outbox, so its codes stay until they end.
create trigger messages_remove_secrets
  before insert or update on private.messages
  for each row
  when (new.secrets <> '{}' and new.status not in ('pending', 'sending') and (new.status <> 'sent' or new.provider <> 'log'))
  execute function private.remove_message_secrets();

create function private.message_variables(p_template_key text, p_channel text, p_data jsonb)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select coalesce(jsonb_object_agg(variable.name, p_data -> variable.name) filter (where p_data ? variable.name), '{}')
  from private.message_templates as template
  cross join unnest(template.variables) as variable (name)
  where template.key = p_template_key and template.channel = p_channel;
$$;

comment on function private.message_variables(text, text, jsonb) is
  'Of facts that were gathered for several texts, those this template speaks of.';

revoke all on function private.message_variables(text, text, jsonb) from public;

create function private.enqueue_message(
  p_channel text,
  p_template_key text,
  p_recipient text,
  p_variables jsonb,
  p_user_id uuid default null,
  p_idempotency_key text default null
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_template private.message_templates;
  v_wrong text;
  v_is_refused boolean;
  v_id uuid;
begin
  -- An account with only a phone number has nowhere to mail to; what was to be told of happens all the same.
  if coalesce(p_recipient, '') = '' then
    return null;
  end if;
  select template.* into v_template
  from private.message_templates as template
  where template.key = p_template_key and template.channel = p_channel;
  if not found then
    raise exception using errcode = '22023', message = format('There is no template "%s" for %s.', p_template_key, p_channel);
  end if;
  select string_agg(format(case when name = any (v_template.variables) then '"%s" is missing' else '"%s" is unknown' end, name), ', ' order by name)
  into v_wrong
  from (
    select unnest(v_template.variables) as name
    union
    select given.name from jsonb_object_keys(p_variables) as given (name)
  ) as named
  where (name = any (v_template.variables)) is distinct from (p_variables ? name);
  if v_wrong is not null then
    raise exception using errcode = '22023', message = format('Template "%s" for %s: %s.', p_template_key, p_channel, v_wrong);
  end if;
  v_is_refused := exists (
    select
    from public.message_preferences as preference
    where preference.user_id = p_user_id and preference.category = v_template.category and preference.channel = p_channel
      and not preference.is_enabled
  );

  insert into private.messages (
    channel, template_key, category, recipient, variables, secrets, user_id, idempotency_key, expires_at, status, last_error
  )
  values (
    p_channel, p_template_key, v_template.category, p_recipient, p_variables - v_template.secrets,
    (
      select coalesce(jsonb_object_agg(secret.name, p_variables -> secret.name), '{}')
      from unnest(v_template.secrets) as secret (name)
    ),
    -- A sign-up's mail is written before its user is committed, or even inserted.
    (select account.id from auth.users as account where account.id = p_user_id),
    p_idempotency_key,
    now() + v_template.lifetime,
    case when v_is_refused then 'suppressed' else 'pending' end,
    case when v_is_refused then 'the recipient does not want such messages' end
  )
  on conflict (idempotency_key) do nothing
  returning id into v_id;
  return v_id;
end;
$$;

comment on function private.enqueue_message(text, text, text, jsonb, uuid, text) is
  'Puts one message into the outbox and returns its id, or null when the idempotency key was used before or there is no recipient.
p_variables must have exactly the template''s variables, else 22023. What the user has switched off is kept, as suppressed.
Definer: called from hooks and triggers of other roles.';

revoke all on function private.enqueue_message(text, text, text, jsonb, uuid, text) from public;

create function private.encode_url_part(p_text text)
returns text
language sql
immutable
strict
security invoker
set search_path = ''
as $$
  select coalesce(
    string_agg(
      case
        when letter ~ '^[A-Za-z0-9._~-]$' then letter
        else upper(regexp_replace(encode(convert_to(letter, 'utf8'), 'hex'), '(..)', '%\1', 'g'))
      end,
      '' order by place
    ),
    ''
  )
  from regexp_split_to_table(p_text, '') with ordinality as split (letter, place);
$$;

comment on function private.encode_url_part(text) is 'A text as one value within a URL: every byte that could mean something else as %XX.';

revoke all on function private.encode_url_part(text) from public;

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
    private.message_variables(p_template_key, 'email', jsonb_build_object(
      'code', p_token,
      'link', format(
        '%s/verify?token=%s&type=%s&redirect_to=%s',
        rtrim(p_data ->> 'site_url', '/'),
        p_token_hash,
        p_data ->> 'email_action_type',
        private.encode_url_part(p_data ->> 'redirect_to')
      ),
      'address', p_data ->> 'address',
      'phone', p_data ->> 'phone',
      'provider', initcap(p_data ->> 'provider'),
      'factor', case p_data ->> 'factor_type' when 'totp' then 'authenticator app' when 'phone' then 'phone' else 'second factor' end
    )),
    p_user_id
  );
$$;

comment on function private.enqueue_auth_email(uuid, text, text, jsonb, text, text) is
  'One mail of Auth: its code and the link that confirms it (Auth names its own address site_url), or what was changed. Definer:
as enqueue_message.';

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

create function private.render_html(p_text text, p_links text[])
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  v_html text := private.escape_html(p_text);
  v_link text;
begin
  foreach v_link in array p_links loop
    v_link := private.escape_html(v_link);
    -- Only the links a mail is about can be clicked, never an address somebody put into a name.
    if v_link ~ '^https?://' then
      v_html := replace(v_html, v_link, format('<a href="%1$s">%1$s</a>', v_link));
    end if;
  end loop;
  return '<p>' || replace(replace(v_html, E'\n\n', '</p><p>'), E'\n', '<br>') || '</p>';
end;
$$;

comment on function private.render_html(text, text[]) is 'A plain text as HTML: paragraphs, lines, and the named links clickable.';

revoke all on function private.render_html(text, text[]) from public;

create function private.message_footer(p_category text)
returns text
language sql
stable
security invoker
set search_path = ''
as $$
  select E'\n\nChoose which messages you get: ' || private.setting('app_url') || '/settings/messages'
  from public.message_categories as category
  where category.key = p_category and category.is_optional;
$$;

comment on function private.message_footer(text) is 'What a mail that nobody has to get ends with; null for the others.';

revoke all on function private.message_footer(text) from public;

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
  regexp_replace(private.fill_template(template.subject, filled.variables), '[[:cntrl:]]+', ' ', 'g') as subject,
  filled.text as body_text,
  case when message.channel = 'email' then
    private.render_html(
      filled.text, array_remove(array[filled.variables ->> 'link', private.setting('app_url') || '/settings/messages'], null)
    )
  end as body_html
from private.messages as message
join private.message_templates as template
  on template.key = message.template_key and template.channel = message.channel
cross join lateral (
  select
    message.variables || message.secrets as variables,
    private.fill_template(template.body, message.variables || message.secrets)
      || case when message.channel = 'email' then coalesce(private.message_footer(message.category), '') else '' end as text
) as filled;

comment on view private.rendered_messages is
  'Messages as their recipients read them: what the sender sends and the inbox page shows. Places of secrets that are gone are empty.';

-- sql/70-messages/30-preferences.sql
create table public.message_preferences (
  user_id uuid not null references auth.users (id) on delete cascade,
  category text not null references public.message_categories (key) on update cascade on delete cascade,
  channel text not null,
  is_enabled boolean not null,
  updated_at timestamptz not null default now(),
  constraint security_is_not_optional check (category <> 'security'),
  constraint channel_is_known check (channel in ('email', 'sms')),
  primary key (user_id, category, channel)
);

alter table public.message_preferences enable row level security;
revoke all on public.message_preferences from anon, authenticated, service_role;

create index message_preferences_category_idx on public.message_preferences (category, user_id);

comment on table public.message_preferences is
  'Which messages a user wants beside those in the app. Without a row the defaults of message_categories hold.';

create trigger message_preferences_set_updated_at
  before update on public.message_preferences
  for each row execute function private.set_updated_at();

create function public.list_message_preferences()
returns table (category text, description text, channel text, is_enabled boolean, is_optional boolean)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select
    category.key, category.description, channel.name,
    coalesce(preference.is_enabled, channel.name = any (category.default_channels)),
    category.is_optional
  from public.message_categories as category
  cross join unnest(category.channels) as channel (name)
  left join public.message_preferences as preference
    on preference.user_id = (select auth.uid()) and preference.category = category.key and preference.channel = channel.name
  order by category.rank, channel.name;
$$;

comment on function public.list_message_preferences() is
  'Every category of messages by every channel it is sent by, and whether the caller gets it. What is optional is changed by an upsert
of {user_id, category, channel, is_enabled} into message_preferences; deleting that row brings the default back.';

revoke all on function public.list_message_preferences() from public;
grant execute on function public.list_message_preferences() to authenticated;

-- sql/70-messages/40-notifications.sql
-- What the app tells a user: kept until read, and sent at once over the private topic user:<uuid>:notifications.

create table public.notifications (
  id bigint generated always as identity primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  category text not null references public.message_categories (key) on update cascade on delete restrict,
  kind text not null,
  data jsonb not null default '{}',
  idempotency_key text unique,
  created_at timestamptz not null default now(),
  read_at timestamptz
);

alter table public.notifications enable row level security;
revoke all on public.notifications from anon, authenticated, service_role;

create index notifications_user_id_idx on public.notifications (user_id, id desc);
create index notifications_category_idx on public.notifications (category);
create index notifications_created_at_idx on public.notifications (created_at);
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
begin
  insert into public.notifications (user_id, category, kind, data, idempotency_key)
  values (p_user_id, p_category, p_kind, p_data, p_idempotency_key)
  on conflict (idempotency_key) do nothing
  returning * into v_notification;
  if v_notification.id is null then
    return;
  end if;
  -- An open channel may outlive the right to it, so it carries what happened; the rest is read from the row.
  perform realtime.send(
    jsonb_build_object(
      'notification_id', v_notification.id, 'category', p_category, 'kind', p_kind, 'created_at', v_notification.created_at
    ),
    'notification_created',
    'user:' || p_user_id || ':notifications',
    true
  );

  -- Who never asked for messages of a kind leaves no trace in the outbox; who said no does.
  perform private.enqueue_message(
    template.channel, p_kind, address.value, private.message_variables(p_kind, template.channel, p_data), p_user_id,
    p_idempotency_key || ':' || template.channel
  )
  from private.message_templates as template
  join public.message_categories as category on category.key = template.category
  join auth.users as account on account.id = p_user_id
  cross join lateral (
    select case template.channel
      when 'email' then case when account.email_confirmed_at is not null then account.email end
      else case when account.phone_confirmed_at is not null then account.phone end
    end as value
  ) as address
  left join public.message_preferences as preference
    on preference.user_id = p_user_id and preference.category = template.category and preference.channel = template.channel
  where template.key = p_kind and address.value <> ''
    and (template.channel = any (category.default_channels) or preference.user_id is not null);
end;
$$;

comment on function private.notify_user(uuid, text, text, jsonb, text) is
  'Tells a user something once per idempotency key: in the app at once, by mail and text where the
kind has a template and the user wants it. Definer: called while somebody else acts.';

revoke all on function private.notify_user(uuid, text, text, jsonb, text) from public;

-- sql/70-messages/50-delivery.sql
-- Sending what is in the outbox. The worker claims, sends, and says how it went; everything else is decided here.

create table private.message_attempts (
  id bigint generated always as identity primary key,
  message_id uuid not null references private.messages (id) on delete cascade,
  attempt integer not null,
  outcome text not null,
  provider text not null,
  error text,
  finished_at timestamptz not null default now(),
  constraint outcome_is_known check (outcome in ('sent', 'failed', 'refused'))
);

alter table private.message_attempts enable row level security;

create index message_attempts_message_id_idx on private.message_attempts (message_id, id);

comment on table private.message_attempts is
  'The delivery log: each attempt and its outcome. refused means that the provider will never take it.';

create function private.claim_messages(p_limit integer)
returns table (
  id uuid, channel text, recipient text, subject text, body_text text, body_html text, attempt integer, created_at timestamptz,
  was_interrupted boolean
)
language plpgsql
volatile
security definer
set search_path = ''
rows 20
as $$
declare
  v_seen uuid[];
  v_claimed uuid[];
  v_interrupted uuid[];
  v_message record;
begin
  loop
    with
      due as (
        select message.id, message.status
        from private.messages as message
        where message.status in ('pending', 'sending') and message.next_attempt_at <= now()
        -- Somebody waits for a code; everything else can.
        order by (message.category <> 'security'), message.next_attempt_at, message.id
        limit p_limit
        for update skip locked
      ),
      taken as (
        update private.messages as message
        set
          status = case
            -- A code that arrives after it ended only confuses.
            when message.expires_at <= now() then 'expired'
            when message.attempts >= 3 then 'dead'
            else 'sending'
          end,
          last_error = case
            when message.expires_at <= now() then 'ended before it could be sent'
            when message.attempts >= 3 then 'interrupted three times'
            else message.last_error
          end,
          attempts = least(message.attempts + 1, 3),
          -- Who has not answered in two minutes is dead, and the next worker takes over.
          next_attempt_at = now() + interval '2 minutes'
        from due
        where message.id = due.id
        returning message.id, message.status, due.status as former_status
      )
    select
      array_agg(taken.id),
      array_agg(taken.id) filter (where taken.status = 'sending'),
      array_agg(taken.id) filter (where taken.status = 'sending' and taken.former_status = 'sending')
    into v_seen, v_claimed, v_interrupted
    from taken;
    exit when v_seen is null;

    -- In one order, so that two workers never wait for each other.
    for v_message in
      select message.id, message.channel, coalesce(message.user_id::text, message.recipient) as subject
      from private.messages as message
      where message.id = any (v_claimed) and message.category <> 'security' and message.attempts = 1
      order by 2, 3, message.created_at, 1
    loop
      if private.take_rate_limit(v_message.channel || '_messages_per_user', v_message.subject) > 0 then
        update private.messages as message
        set status = 'suppressed', last_error = 'more than the recipient may get in an hour'
        where message.id = v_message.id;
        v_claimed := array_remove(v_claimed, v_message.id);
      end if;
    end loop;
    exit when v_claimed <> '{}';
  end loop;

  return query
    select
      rendered.id, rendered.channel, rendered.recipient, rendered.subject, rendered.body_text, rendered.body_html, message.attempts,
      rendered.created_at, rendered.id = any (coalesce(v_interrupted, '{}'))
    from private.messages as message
    join private.rendered_messages as rendered on rendered.id = message.id
    where message.id = any (v_claimed);
end;
$$;

comment on function private.claim_messages(integer) is
  'Up to p_limit messages that are due, now this worker''s for two minutes; empty when nothing is due. was_interrupted: an earlier
attempt began and nobody knows how it ended, so look before sending again. Ends what is too late, was interrupted three times, or is
more than its recipient may get in an hour (never about security). Definer: the worker''s role may read no table.';

revoke all on function private.claim_messages(integer) from public;

create function private.finish_message(
  p_id uuid, p_attempt integer, p_outcome text, p_provider text, p_provider_message_id text, p_error text,
  p_retry_after integer default null
)
returns numeric
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_message private.messages;
  v_error text := p_error;
  v_secret text;
  v_wait numeric;
begin
  select message.* into v_message
  from private.messages as message
  where message.id = p_id and message.status = 'sending' and message.attempts = p_attempt
  for update;
  if not found then
    return null;
  end if;
  -- A provider may repeat what it was given.
  for v_secret in
    select secret.value
    from jsonb_each_text(v_message.secrets) as secret
    where secret.value <> ''
    order by char_length(secret.value) desc
  loop
    v_error := replace(v_error, v_secret, '[removed]');
  end loop;
  v_error := left(v_error, 500);
  if p_outcome = 'failed' and p_attempt < 3 then
    -- 1 s, then 2 s, each up to half as long again, so that many failures at once do not come back at once.
    v_wait := greatest(2 ^ (p_attempt - 1) * (1 + random() / 2), least(coalesce(p_retry_after, 0), 3600));
  end if;
  update private.messages as message
  set
    status = case when p_outcome = 'sent' then 'sent' when v_wait is null then 'dead' else 'pending' end,
    sent_at = case when p_outcome = 'sent' then now() end,
    provider = p_provider,
    provider_message_id = p_provider_message_id,
    last_error = v_error,
    next_attempt_at = now() + make_interval(secs => coalesce(v_wait, 0))
  where message.id = p_id;
  insert into private.message_attempts (message_id, attempt, outcome, provider, error)
  values (p_id, p_attempt, p_outcome, p_provider, v_error);
  return v_wait;
end;
$$;

comment on function private.finish_message(uuid, integer, text, text, text, text, integer) is
  'How an attempt ended: sent, failed (tried again up to three times, then dead) or refused (dead at once). p_retry_after: seconds the
provider wants to be left alone. Returns the seconds until the next attempt, or null when there is none or the claim was lost to another
worker meanwhile. Definer: the worker''s role may write no table.';

revoke all on function private.finish_message(uuid, integer, text, text, text, text, integer) from public;

create role message_worker nologin;
grant message_worker to postgres;
grant usage on schema private to message_worker;
grant execute on function private.claim_messages(integer) to message_worker;
grant execute on function private.finish_message(uuid, integer, text, text, text, text, integer) to message_worker;

-- For platform people: what happened to messages, and a second chance for the dead ones.

create function private.retry_message(p_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_message private.messages;
begin
  if private.platform_role() is not null then
    select message.* into v_message from private.messages as message where message.id = p_id and message.status = 'dead' for update;
  end if;
  if v_message.id is null then
    perform private.raise_error(404, 'message_not_found', 'There is no such dead message.', 'Check the id.');
  end if;
  if exists (
    select
    from private.message_templates as template
    where template.key = v_message.template_key and template.channel = v_message.channel and template.secrets <> '{}'
  ) then
    perform private.raise_error(
      409, 'message_has_ended', 'Its code or link was removed when it was given up.', 'Have the person ask for a new one.'
    );
  end if;
  update private.messages set status = 'pending', attempts = 0, next_attempt_at = now(), expires_at = null where id = p_id;
  perform private.write_audit(
    null, 'messages', p_id::text, 'update', jsonb_build_object('status', 'dead'), jsonb_build_object('status', 'pending')
  );
  perform private.wake_message_worker();
end;
$$;

comment on function private.retry_message(uuid) is 'Definer: the outbox is private; checks the platform role.';

revoke all on function private.retry_message(uuid) from public;
grant execute on function private.retry_message(uuid) to authenticated;

create function public.retry_message(p_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.retry_message(p_id);
$$;

comment on function public.retry_message(uuid) is
  'Platform people: puts a dead message back into the outbox; written to the audit log. Errors: 404 message_not_found; 409
message_has_ended, where it held a code or a link.';

revoke all on function public.retry_message(uuid) from public;
grant execute on function public.retry_message(uuid) to authenticated;

create function private.list_messages(p_status text, p_before timestamptz, p_before_id uuid, p_limit integer)
returns table (
  id uuid, channel text, template text, category text, recipient text, status text, created_at timestamptz, sent_at timestamptz,
  provider text, provider_message_id text, last_error text, attempts jsonb
)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
begin
  if private.platform_role() is null then
    return;
  end if;
  return query
    select
      message.id, message.channel, message.template_key, message.category, message.recipient, message.status, message.created_at,
      message.sent_at, message.provider, message.provider_message_id, message.last_error,
      (
        select coalesce(jsonb_agg(
          jsonb_build_object(
            'attempt', attempt.attempt, 'outcome', attempt.outcome, 'provider', attempt.provider, 'error', attempt.error,
            'finished_at', attempt.finished_at
          )
          order by attempt.id
        ), '[]')
        from private.message_attempts as attempt
        where attempt.message_id = message.id
      )
    from private.messages as message
    where (p_status is null or message.status = p_status)
      and (p_before is null or (message.created_at, message.id) < (p_before, coalesce(p_before_id, '00000000-0000-0000-0000-000000000000')))
    order by message.created_at desc, message.id desc
    limit least(greatest(coalesce(p_limit, 20), 1), 100);
end;
$$;

comment on function private.list_messages(text, timestamptz, uuid, integer) is 'Definer: the outbox is private; checks the platform role.';

revoke all on function private.list_messages(text, timestamptz, uuid, integer) from public;
grant execute on function private.list_messages(text, timestamptz, uuid, integer) to authenticated;

create function public.list_messages(
  p_status text default null, p_before timestamptz default null, p_before_id uuid default null, p_limit integer default 20
)
returns table (
  id uuid, channel text, template text, category text, recipient text, status text, created_at timestamptz, sent_at timestamptz,
  provider text, provider_message_id text, last_error text, attempts jsonb
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.list_messages(p_status, p_before, p_before_id, p_limit);
$$;

comment on function public.list_messages(text, timestamptz, uuid, integer) is
  'Platform people: the delivery log, the latest first, without texts. p_status: pending, sending, sent, dead (the dead letters), expired
or suppressed; the next page is before the last row''s created_at and id. p_limit 1 to 100. Empty for everybody else.';

revoke all on function public.list_messages(text, timestamptz, uuid, integer) from public;
grant execute on function public.list_messages(text, timestamptz, uuid, integer) to authenticated;

create function private.expire_messages()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_count integer;
begin
  update private.messages as message
  set
    status = case when message.status = 'pending' then 'expired' else message.status end,
    last_error = case when message.status = 'pending' then 'ended before it could be sent' else message.last_error end,
    secrets = '{}'
  where message.expires_at <= now() and (message.secrets <> '{}' or message.status = 'pending')
    -- One that is being sent is the worker's until its lease ends; then it is claimed and ended.
    and message.status <> 'sending';
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

comment on function private.expire_messages() is
  'Ends messages that are too late, and removes codes and links that no longer work; returns how many. A job, therefore definer.';

revoke all on function private.expire_messages() from public;

create function private.forget_messages()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_count integer;
begin
  delete from private.messages as message
  where message.created_at < now() - make_interval(days => private.setting('messages_kept_days')::integer)
    and message.status not in ('pending', 'sending');
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

comment on function private.forget_messages() is
  'Deletes what was sent or given up longer ago than the setting messages_kept_days, with its delivery log; returns how many. A job,
therefore definer.';

revoke all on function private.forget_messages() from public;

create function private.forget_notifications()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_count integer;
begin
  delete from public.notifications as notification
  where notification.created_at < now() - make_interval(days => private.setting('notifications_kept_days')::integer);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

comment on function private.forget_notifications() is
  'Deletes notifications older than the setting notifications_kept_days, read or not; returns how many. A job, therefore definer.';

revoke all on function private.forget_notifications() from public;

-- Waking the worker: at once when there is something to send, and every minute for what is due again.

create function private.wake_message_worker()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if exists (
    select from private.messages as message where message.status in ('pending', 'sending') and message.next_attempt_at <= now()
  ) then
    perform private.call_edge_function('/messages');
  end if;
end;
$$;

comment on function private.wake_message_worker() is
  'Calls the function messages when something is due. Definer: the outbox is private.';

revoke all on function private.wake_message_worker() from public;

create function private.messages_enqueued()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.wake_message_worker();
  return null;
end;
$$;

comment on function private.messages_enqueued() is 'Definer: as wake_message_worker.';

revoke all on function private.messages_enqueued() from public;

create trigger messages_wake_worker
  after insert on private.messages
  for each statement execute function private.messages_enqueued();

-- sql/70-messages/60-welcome.sql
-- The first mail that is not about signing in: once the address is known to be theirs.

create function private.welcome_user()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_message(
    'email',
    case
      when exists (
        select from public.organization_members as owner where owner.user_id = new.id and owner.role_key = 'owner'
      ) then 'welcome_customer'
      else 'welcome_singer'
    end,
    new.email, jsonb_build_object('link', private.setting('app_url')), new.id, format('welcome:%s', new.id)
  );
  return null;
end;
$$;

comment on function private.welcome_user() is 'Definer: Auth''s role may not write to the outbox.';

revoke all on function private.welcome_user() from public;
grant execute on function private.welcome_user() to supabase_auth_admin;

create trigger users_welcome
  after update of email_confirmed_at on auth.users
  for each row
  when (old.email_confirmed_at is null and new.email_confirmed_at is not null)
  execute function private.welcome_user();

-- Who comes from Google or Apple has a confirmed address from the start. After users_create_account, by its name.
create trigger users_welcome_confirmed
  after insert on auth.users
  for each row
  when (new.email_confirmed_at is not null and new.raw_app_meta_data ->> 'provider' in ('google', 'apple'))
  execute function private.welcome_user();

-- sql/90-operations/10-audit.sql
-- The audit log: who changed what of a tenant's, with the values before and after. Append-only, a partition a month.
-- Requests are left out: request_events keeps every change of theirs.

create table public.audit_entries (
  id bigint generated always as identity,
  created_at timestamptz not null default now(),
  organization_id uuid,
  actor_id uuid,
  actor_kind text not null,
  actor_name text,
  delegated_access_id uuid,
  table_name text not null,
  row_key text not null,
  operation text not null,
  old_values jsonb,
  new_values jsonb,
  address inet default private.client_address(),
  user_agent text default left(private.request_header('user-agent'), 500),
  http_request_id text default left(private.request_header('x-request-id'), 100),
  constraint actor_kind_is_known check (actor_kind in ('user', 'guest', 'api_key', 'service', 'job', 'auth', 'sql', 'system')),
  constraint operation_is_known check (operation in ('insert', 'update', 'delete', 'import', 'read', 'call')),
  primary key (id, created_at)
) partition by range (created_at);

alter table public.audit_entries enable row level security;
revoke all on public.audit_entries from anon, authenticated, service_role;

create index audit_entries_organization_id_idx on public.audit_entries (organization_id, created_at desc, id desc);
create index audit_entries_row_idx on public.audit_entries (table_name, row_key, created_at desc);
create index audit_entries_actor_id_idx on public.audit_entries (actor_id, created_at desc);
create index audit_entries_created_at_idx on public.audit_entries (created_at desc, id desc);

comment on column public.audit_entries.actor_kind is
  'user, guest (anonymous), api_key, service (the service role or an Edge Function), job (the scheduler), auth (the Auth server), sql
(somebody with a connection to the database, such as Studio); system where nothing else is known.';
comment on column public.audit_entries.actor_name is 'Beside the user: the key''s id, the role, the job, or the database user.';
comment on table public.audit_entries is
  'Every tenant- or security-relevant change. No foreign keys: entries outlive what they speak of. old_values and new_values hold the
columns that changed, secrets left out. delegated_access_id tells that somebody from the platform acted; read and call are theirs.';

create function private.refuse_audit_change()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  raise exception using
    errcode = '42501', message = 'The audit log is append-only.', hint = 'Old months go as a whole, by private.forget_audit_entries().';
end;
$$;

revoke all on function private.refuse_audit_change() from public;

-- Not even their owner changes entries. Triggers for rows hold in every partition.
create trigger audit_entries_refuse_changes
  before update or delete on public.audit_entries
  for each row execute function private.refuse_audit_change();

create trigger audit_entries_refuse_truncate
  before truncate on public.audit_entries
  for each statement execute function private.refuse_audit_change();

create function private.add_audit_partition(p_month date)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_name text := coalesce('audit_entries_' || to_char(p_month, 'YYYY_MM'), 'audit_entries_default');
begin
  if p_month is null then
    execute format('create table private.%I partition of public.audit_entries default', v_name);
  else
    execute format(
      'create table private.%I partition of public.audit_entries for values from (%L) to (%L)',
      v_name, p_month::timestamptz, (p_month + interval '1 month')::timestamptz
    );
  end if;
  execute format('alter table private.%I enable row level security', v_name);
  execute format(
    'create trigger refuse_truncate before truncate on private.%I for each statement execute function private.refuse_audit_change()', v_name
  );
end;
$$;

comment on function private.add_audit_partition(date) is
  'Makes the partition of a month, by its first day; or without one that of all other times. Definer: the log belongs to nobody else.';

revoke all on function private.add_audit_partition(date) from public;

create function private.renew_audit_default(p_since timestamptz, p_months date[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_former text := 'audit_entries_former';
  v_month date;
begin
  alter table public.audit_entries detach partition private.audit_entries_default;
  execute format('alter table private.audit_entries_default rename to %I', v_former);
  perform private.add_audit_partition(null);
  foreach v_month in array p_months loop
    perform private.add_audit_partition(v_month);
  end loop;
  execute format('insert into public.audit_entries overriding system value select * from private.%I where created_at >= $1', v_former)
  using p_since;
  execute format('drop table private.%I', v_former);
end;
$$;

comment on function private.renew_audit_default(timestamptz, date[]) is
  'Makes months whose entries have come already, and lets those before p_since go: entries move to where they belong. Definer: as
add_audit_partition.';

revoke all on function private.renew_audit_default(timestamptz, date[]) from public;

-- Nothing is lost when a month's partition was not made in time.
select private.add_audit_partition(null);

create function private.create_audit_partitions()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_missing date[] := array(
    select month::date
    from generate_series(date_trunc('month', now()), date_trunc('month', now()) + interval '2 months', interval '1 month') as month
    where to_regclass(format('private.audit_entries_%s', to_char(month, 'YYYY_MM'))) is null
  );
  v_month date;
begin
  if v_missing = '{}' then
    return 0;
  end if;
  -- Entries that came before their month's partition stand in its way.
  if exists (select from private.audit_entries_default as entry where entry.created_at >= v_missing[1]) then
    perform private.renew_audit_default('-infinity', v_missing);
  else
    foreach v_month in array v_missing loop
      perform private.add_audit_partition(v_month);
    end loop;
  end if;
  return cardinality(v_missing);
end;
$$;

comment on function private.create_audit_partitions() is
  'Makes the partitions of this month and the next two where they are missing, and returns how many were. A job; definer: it owns the
table.';

revoke all on function private.create_audit_partitions() from public;

select private.create_audit_partitions();

create function private.forget_audit_entries()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_oldest timestamptz := date_trunc('month', now()) - make_interval(months => private.setting('audit_kept_months')::integer);
  v_partition text;
  v_count integer := 0;
begin
  for v_partition in
    select child.relname
    from pg_catalog.pg_inherits as inheritance
    join pg_catalog.pg_class as child on child.oid = inheritance.inhrelid
    where inheritance.inhparent = 'public.audit_entries'::regclass and child.relname ~ '^audit_entries_[0-9]{4}_[0-9]{2}$'
      and to_date(right(child.relname, 7), 'YYYY_MM') < v_oldest
    order by child.relname
  loop
    execute format('drop table private.%I', v_partition);
    v_count := v_count + 1;
  end loop;
  if exists (select from private.audit_entries_default as entry where entry.created_at < v_oldest) then
    perform private.renew_audit_default(v_oldest, '{}');
    v_count := v_count + 1;
  end if;
  return v_count;
end;
$$;

comment on function private.forget_audit_entries() is
  'Drops the months that are older than the setting audit_kept_months, and returns how many there were: the only way entries ever go. A
job; definer: it owns the table.';

revoke all on function private.forget_audit_entries() from public;

create function private.write_audit(
  p_organization_id uuid, p_table_name text, p_row_key text, p_operation text, p_old_values jsonb, p_new_values jsonb,
  p_delegated_access_id uuid default null
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := auth.uid();
  v_job text := nullif(current_setting('karaoke.job', true), '');
  v_key text := nullif(current_setting('karaoke.api_key_id', true), '');
  v_role text := current_setting('role');
  v_kind text;
  v_name text;
begin
  if v_job is not null then
    v_kind := 'job';
    v_name := v_job;
  elsif private.change_source() in ('openkj', 'api') then
    v_kind := 'api_key';
    v_name := v_key;
  elsif v_user_id is not null then
    v_kind := case when (private.claims() ->> 'is_anonymous')::boolean then 'guest' else 'user' end;
  elsif private.claims() ->> 'role' = 'service_role' then
    v_kind := 'service';
    v_name := 'service_role';
  elsif private.claims() ->> 'role' is not null then
    v_kind := 'system';
    v_name := private.claims() ->> 'role';
  elsif session_user = 'supabase_auth_admin' then
    v_kind := 'auth';
    v_name := session_user;
  elsif v_role = 'none' then
    v_kind := 'sql';
    v_name := session_user;
  else
    -- Edge Functions take on roles of their own.
    v_kind := 'service';
    v_name := v_role;
  end if;
  insert into public.audit_entries (
    organization_id, actor_id, actor_kind, actor_name, delegated_access_id, table_name, row_key, operation, old_values, new_values
  )
  values (
    p_organization_id, v_user_id, v_kind, v_name,
    coalesce(
      p_delegated_access_id,
      (select delegated.id from private.delegated_access() as delegated where delegated.organization_id = p_organization_id)
    ),
    p_table_name, p_row_key, p_operation, p_old_values, p_new_values
  );
end;
$$;

comment on function private.write_audit(uuid, text, text, text, jsonb, jsonb, uuid) is
  'Writes an entry, with who acts and from where. Definer: nobody may write the audit log directly.';

revoke all on function private.write_audit(uuid, text, text, text, jsonb, jsonb, uuid) from public;

create function private.add_delegated_audit(
  p_access public.delegated_access_sessions, p_operation text, p_table_name text, p_row_key text, p_values jsonb
)
returns void
language sql
volatile
security definer
set search_path = ''
as $$
  select private.write_audit(p_access.organization_id, p_table_name, p_row_key, p_operation, null, p_values, p_access.id);
$$;

comment on function private.add_delegated_audit(public.delegated_access_sessions, text, text, text, jsonb) is
  'What is done under delegated access beside changes: read (row_key is the permission) and call (table_name is the path, row_key the
method). Definer: nobody may write the audit log directly.';

revoke all on function private.add_delegated_audit(public.delegated_access_sessions, text, text, text, jsonb) from public;

create function private.redact(p_values jsonb)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  v_secret text;
begin
  for v_secret in select jsonb_object_keys(p_values) loop
    if v_secret ~ '(secret|password|token|hash)' and p_values -> v_secret <> 'null' then
      p_values := jsonb_set(p_values, array[v_secret], '"[removed]"');
    end if;
  end loop;
  return p_values;
end;
$$;

comment on function private.redact(jsonb) is 'A row''s values without its secrets: that one was there, or was changed, stays to be seen.';

revoke all on function private.redact(jsonb) from public;

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
  v_organization_id uuid;
  v_uninteresting text[] := array['created_at', 'updated_at', 'location'];
begin
  if tg_op = 'UPDATE' then
    select jsonb_object_agg(field.key, v_old -> field.key), jsonb_object_agg(field.key, field.value)
    into v_old, v_new
    from jsonb_each(v_new) as field
    where field.value is distinct from v_old -> field.key and field.key <> all (v_uninteresting);
    if v_new is null then
      return null;
    end if;
  end if;
  v_organization_id := case tg_table_name
    when 'organizations' then (v_row ->> 'id')::uuid
    when 'show_pins' then (select show.organization_id from public.shows as show where show.id = (v_row ->> 'show_id')::uuid)
    when 'organization_member_permissions' then (
      select member.organization_id
      from public.organization_members as member
      where member.id = (v_row ->> 'organization_member_id')::uuid
    )
    else coalesce(
      (v_row ->> 'organization_id')::uuid,
      (select venue.organization_id from public.venues as venue where venue.id = (v_row ->> 'venue_id')::uuid)
    )
  end;
  perform private.write_audit(
    v_organization_id, tg_table_name,
    coalesce(
      v_row ->> 'id',
      -- Tables without an id: their key, column by column.
      (
        select string_agg(v_row ->> field.attname, ' ' order by position.number)
        from pg_catalog.pg_index as key
        cross join unnest(key.indkey::smallint[]) with ordinality as position (attnum, number)
        join pg_catalog.pg_attribute as field on field.attrelid = key.indrelid and field.attnum = position.attnum
        where key.indrelid = tg_relid and key.indisprimary
      )
    ),
    lower(tg_op), private.redact(v_old - v_uninteresting), private.redact(v_new - v_uninteresting)
  );
  return null;
end;
$$;

comment on function private.record_audit() is
  'Trigger: writes what was changed, secrets removed. Definer: nobody may write the audit log directly.';

revoke all on function private.record_audit() from public;

create function private.record_account_audit()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.write_audit(
    null, 'users', coalesce(new.id, old.id)::text, lower(tg_op), null,
    case when tg_op = 'UPDATE' then
      (
        select jsonb_object_agg(changed.name, '[removed]')
        from (values
          ('email', old.email is distinct from new.email),
          ('phone', old.phone is distinct from new.phone),
          ('encrypted_password', old.encrypted_password is distinct from new.encrypted_password),
          ('banned_until', old.banned_until is distinct from new.banned_until)
        ) as changed (name, is_changed)
        where changed.is_changed
      )
    end
  );
  return null;
end;
$$;

comment on function private.record_account_audit() is
  'Trigger on Auth''s accounts: that an address, number, password or ban was changed, or the account deleted, never to what: the log
outlives the account. Definer: nobody may write the audit log directly.';

revoke all on function private.record_account_audit() from public;
grant execute on function private.record_account_audit() to supabase_auth_admin;

create trigger users_audit
  after update of email, phone, encrypted_password, banned_until on auth.users
  for each row
  when (
    (old.email, old.phone, old.encrypted_password, old.banned_until)
      is distinct from (new.email, new.phone, new.encrypted_password, new.banned_until)
  )
  execute function private.record_account_audit();

create trigger users_audit_deletion
  after delete on auth.users
  for each row execute function private.record_account_audit();

create function private.record_factor_audit()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.write_audit(
    null, 'mfa_factors', old.id::text, lower(tg_op),
    jsonb_build_object('user_id', old.user_id, 'factor_type', old.factor_type, 'status', old.status),
    case when tg_op = 'UPDATE' then jsonb_build_object('status', new.status) end
  );
  return null;
end;
$$;

comment on function private.record_factor_audit() is
  'Trigger on Auth''s second factors: that one was confirmed or removed, and whose, never its secret. Definer: nobody may write the audit
log directly.';

revoke all on function private.record_factor_audit() from public;
grant execute on function private.record_factor_audit() to supabase_auth_admin;

create trigger mfa_factors_audit
  after update of status on auth.mfa_factors
  for each row when (old.status is distinct from new.status)
  execute function private.record_factor_audit();

-- One that was never confirmed has protected nothing.
create trigger mfa_factors_audit_deletion
  after delete on auth.mfa_factors
  for each row when (old.status = 'verified')
  execute function private.record_factor_audit();

create trigger organizations_audit
  after insert or update or delete on public.organizations
  for each row execute function private.record_audit();

create trigger organization_members_audit
  after insert or update or delete on public.organization_members
  for each row execute function private.record_audit();

create trigger organization_member_permissions_audit
  after insert or update or delete on public.organization_member_permissions
  for each row execute function private.record_audit();

create trigger organization_invitations_audit
  after insert or update or delete on public.organization_invitations
  for each row execute function private.record_audit();

create trigger api_keys_audit
  after insert or update or delete on public.api_keys
  for each row execute function private.record_audit();

create trigger delegated_access_sessions_audit
  after insert or update on public.delegated_access_sessions
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

create trigger venue_branding_audit
  after insert or update or delete on public.venue_branding
  for each row execute function private.record_audit();

create trigger venue_opening_hours_audit
  after insert or update or delete on public.venue_opening_hours
  for each row execute function private.record_audit();

create trigger shows_audit
  after insert or update or delete on public.shows
  for each row execute function private.record_audit();

create trigger venue_bans_audit
  after insert or update or delete on public.venue_bans
  for each row execute function private.record_audit();

create trigger blocked_songs_audit
  after insert or delete on public.blocked_songs
  for each row execute function private.record_audit();

create trigger show_pins_audit
  after insert or update or delete on private.show_pins
  for each row execute function private.record_audit();

create trigger ownership_offers_audit
  after insert or update or delete on private.ownership_offers
  for each row execute function private.record_audit();

-- What the platform decides for everybody.

create trigger platform_admins_audit
  after insert or update or delete on private.platform_admins
  for each row execute function private.record_audit();

create trigger delegable_permissions_audit
  after insert or update or delete on private.delegable_permissions
  for each row execute function private.record_audit();

create trigger permissions_audit
  after insert or update or delete on public.permissions
  for each row execute function private.record_audit();

create trigger roles_audit
  after insert or update or delete on public.roles
  for each row execute function private.record_audit();

create trigger role_permissions_audit
  after insert or update or delete on public.role_permissions
  for each row execute function private.record_audit();

create trigger api_key_scopes_audit
  after insert or update or delete on public.api_key_scopes
  for each row execute function private.record_audit();

create trigger settings_audit
  after insert or update or delete on private.settings
  for each row execute function private.record_audit();

create trigger rate_limits_audit
  after insert or update or delete on private.rate_limits
  for each row execute function private.record_audit();

-- sql/90-operations/15-reading-audit.sql
-- Reading the audit log: page by page, filtered, by those who may.

create function private.list_audit_entries(
  p_organization_id uuid, p_filters jsonb, p_before timestamptz, p_before_id bigint, p_limit integer
)
returns table (
  id bigint, created_at timestamptz, organization_id uuid, actor_id uuid, actor_kind text, actor_name text, delegated_access_id uuid,
  table_name text, row_key text, operation text, old_values jsonb, new_values jsonb, address inet, user_agent text, http_request_id text
)
language plpgsql
stable
security definer
set search_path = ''
-- Filters that are not given leave no trace in a plan made for the values.
set plan_cache_mode = force_custom_plan
rows 20
as $$
declare
  v_unknown text;
begin
  if p_organization_id is null and private.platform_role() is null then
    perform private.raise_error(404, 'organization_not_found', 'There is no such thing, or it is not yours.', 'Check the id.');
  elsif p_organization_id is not null and private.platform_role() is null then
    perform private.require_permission(p_organization_id, 'audit:read', 'organization_not_found');
  end if;
  select string_agg(given.key, ', ' order by given.key) into v_unknown
  from jsonb_object_keys(coalesce(p_filters, '{}')) as given (key)
  where given.key not in (
    'table_name', 'row_key', 'operation', 'actor_id', 'actor_kind', 'delegated_access_id', 'http_request_id', 'since', 'until'
  );
  if v_unknown is not null then
    perform private.raise_error(
      400, 'invalid_filter', format('There is no such filter: %s.', v_unknown),
      'Filters: table_name, row_key, operation, actor_id, actor_kind, delegated_access_id, http_request_id, since, until.'
    );
  end if;
  return query
    select
      entry.id, entry.created_at, entry.organization_id, entry.actor_id, entry.actor_kind, coalesce(entry.actor_name, profile.name),
      entry.delegated_access_id, entry.table_name, entry.row_key, entry.operation, entry.old_values, entry.new_values, entry.address,
      entry.user_agent, entry.http_request_id
    from public.audit_entries as entry
    left join public.profiles as profile on profile.user_id = entry.actor_id
    where (p_organization_id is null or entry.organization_id = p_organization_id)
      and (p_before is null or (entry.created_at, entry.id) < (p_before, coalesce(p_before_id, 0)))
      and (p_filters ->> 'table_name' is null or entry.table_name = p_filters ->> 'table_name')
      and (p_filters ->> 'row_key' is null or entry.row_key = p_filters ->> 'row_key')
      and (p_filters ->> 'operation' is null or entry.operation = p_filters ->> 'operation')
      and (p_filters ->> 'actor_id' is null or entry.actor_id = (p_filters ->> 'actor_id')::uuid)
      and (p_filters ->> 'actor_kind' is null or entry.actor_kind = p_filters ->> 'actor_kind')
      and (p_filters ->> 'delegated_access_id' is null or entry.delegated_access_id = (p_filters ->> 'delegated_access_id')::uuid)
      and (p_filters ->> 'http_request_id' is null or entry.http_request_id = p_filters ->> 'http_request_id')
      and (p_filters ->> 'since' is null or entry.created_at >= (p_filters ->> 'since')::timestamptz)
      and (p_filters ->> 'until' is null or entry.created_at < (p_filters ->> 'until')::timestamptz)
    order by entry.created_at desc, entry.id desc
    limit least(greatest(coalesce(p_limit, 20), 1), 100);
exception
  when invalid_text_representation or invalid_datetime_format or datetime_field_overflow then
    perform private.raise_error(400, 'invalid_filter', 'A filter has a value of the wrong kind: ' || sqlerrm || '.', 'Ids are UUIDs, times ISO 8601.');
end;
$$;

comment on function private.list_audit_entries(uuid, jsonb, timestamptz, bigint, integer) is
  'Definer: shows the names of those who acted; checks audit:read, or the platform role.';

revoke all on function private.list_audit_entries(uuid, jsonb, timestamptz, bigint, integer) from public;
grant execute on function private.list_audit_entries(uuid, jsonb, timestamptz, bigint, integer) to authenticated;

create function public.list_audit_entries(
  p_organization_id uuid default null, p_filters jsonb default '{}', p_before timestamptz default null, p_before_id bigint default null,
  p_limit integer default 20
)
returns table (
  id bigint, created_at timestamptz, organization_id uuid, actor_id uuid, actor_kind text, actor_name text, delegated_access_id uuid,
  table_name text, row_key text, operation text, old_values jsonb, new_values jsonb, address inet, user_agent text, http_request_id text
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.list_audit_entries(p_organization_id, p_filters, p_before, p_before_id, p_limit);
$$;

comment on function public.list_audit_entries(uuid, jsonb, timestamptz, bigint, integer) is
  'The audit log of an organization, the latest first; platform people read any, or without an organization all of it. p_filters: an
object with any of table_name, row_key, operation, actor_id, actor_kind, delegated_access_id, http_request_id, since, until (ISO times).
The next page is before the last row''s created_at and id; p_limit 1 to 100. Errors: 400 invalid_filter; 401; 403; 404
organization_not_found.';

revoke all on function public.list_audit_entries(uuid, jsonb, timestamptz, bigint, integer) from public;
grant execute on function public.list_audit_entries(uuid, jsonb, timestamptz, bigint, integer) to authenticated;

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
  description text not null
);

alter table private.jobs enable row level security;

comment on table private.jobs is
  'Jobs of pg_cron: each is the function private.<name>() without arguments; schedule in cron''s five fields, UTC.';

create table private.job_runs (
  job_name text primary key references private.jobs (name) on update cascade on delete cascade,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  succeeded_at timestamptz,
  failing_since timestamptz,
  failures integer not null default 0,
  runs bigint not null default 0,
  last_error text
);

alter table private.job_runs enable row level security;

comment on table private.job_runs is 'How each job last went: failures counts those since it last succeeded.';

insert into private.jobs (name, schedule, description) values
  ('create_audit_partitions', '5 3 * * *', 'Partitions of the audit log for the coming months'),
  ('forget_audit_entries', '35 3 * * *', 'Months of the audit log that are older than is wanted'),
  ('forget_rate_limit_windows', '*/10 * * * *', 'Counters of windows that are over'),
  ('forget_job_runs', '50 4 * * *', 'The scheduler''s own record after seven days'),
  ('alert_expiring_api_keys', '0 9 * * *', 'API keys that end within seven days'),
  ('wake_message_worker', '* * * * *', 'Messages that are due again'),
  ('expire_messages', '* * * * *', 'Messages that are too late, and codes and links that have ended'),
  ('forget_messages', '40 4 * * *', 'Messages sent or given up long ago'),
  ('forget_notifications', '45 4 * * *', 'Old notifications in the app'),
  ('close_idle_shows', '*/5 * * * *', 'Nights that nobody closed'),
  ('expire_files', '10 * * * *', 'Files of imports and reports after seven days'),
  ('forget_song_imports', '20 4 * * *', 'Imports of song books that nobody ran to their end'),
  ('resume_song_imports', '* * * * *', 'Imports of song books that were cut off or never begun'),
  ('apply_switches', '* * * * *', 'Venues that open or close by themselves'),
  ('remove_unused_songs', '40 4 * * *', 'Songs of the catalogue that nobody has had for a month'),
  ('wake_geocoder', '*/5 * * * *', 'Addresses of venues that are to be looked up again'),
  ('alert_offline_hosts', '* * * * *', 'Show programs that fell silent during a night'),
  ('publish_silent_uploads', '* * * * *', 'Song books whose upload ended on a full batch'),
  ('complete_taken_requests', '*/15 * * * *', 'Requests the host took and never finished, once their night is over');

create function private.forget_rate_limit_windows()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_count integer;
begin
  -- A counter in use is passed over until the next time, so that nobody who is counted waits.
  delete from private.rate_limit_counters as counter
  where (counter.rate_limit_key, counter.subject) in (
    select ended.rate_limit_key, ended.subject
    from private.rate_limit_counters as ended
    where ended.window_ends_at < now() - interval '1 minute'
    for update skip locked
  );
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

comment on function private.forget_rate_limit_windows() is 'Deletes counters of windows that are over; returns how many. A job, therefore definer.';

revoke all on function private.forget_rate_limit_windows() from public;

create function private.close_idle_shows()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_count integer;
begin
  update public.shows
  set closed_at = greatest(last_activity_at, opened_at)
  where closed_at is null and last_activity_at < now() - interval '6 hours';
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

comment on function private.close_idle_shows() is 'Closes nights without activity for six hours; returns how many. A job, therefore definer.';

revoke all on function private.close_idle_shows() from public;

create function private.publish_silent_uploads()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.book_stage_expire();
end;
$$;

comment on function private.publish_silent_uploads() is 'Ends uploads of song books that fell silent. A job, therefore definer.';

revoke all on function private.publish_silent_uploads() from public;

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

create function private.alert_expiring_api_keys()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_count integer;
begin
  select count(private.notify_user(
    owner.user_id, 'organization', 'api_key_expiring',
    jsonb_build_object(
      'api_key_id', key.id, 'key', key.name, 'organization', organization.name,
      'expires', to_char(key.expires_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'
    ),
    format('api_key_expiring:%s:%s', key.id, key.expires_at)
  ))
  into v_count
  from public.api_keys as key
  join public.organizations as organization on organization.id = key.organization_id
  join public.organization_members as owner on owner.organization_id = key.organization_id and owner.role_key = 'owner'
  where key.revoked_at is null and key.expires_at between now() and now() + interval '7 days';
  return v_count;
end;
$$;

comment on function private.alert_expiring_api_keys() is
  'Tells owners once about each key that ends within seven days; returns how many end. A job, therefore definer.';

revoke all on function private.alert_expiring_api_keys() from public;

create function private.forget_job_runs()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if to_regclass('cron.job_run_details') is not null then
    execute 'delete from cron.job_run_details where end_time < now() - interval ''7 days''';
  end if;
end;
$$;

comment on function private.forget_job_runs() is 'pg_cron keeps a row per run for ever. A job; definer: the table is the scheduler''s.';

revoke all on function private.forget_job_runs() from public;

create function private.run_job(p_name text)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_job private.jobs;
  v_started timestamptz := clock_timestamp();
  v_error text;
  v_run private.job_runs;
begin
  select job.* into v_job from private.jobs as job where job.name = p_name;
  if not found then
    raise exception using errcode = '22023', message = format('There is no job "%s".', p_name);
  end if;
  -- A run that takes longer than its schedule is not joined by the next one.
  if not pg_try_advisory_xact_lock(hashtext('private.run_job'), hashtext(p_name)) then
    return null;
  end if;
  perform set_config('karaoke.job', p_name, true);
  begin
    execute format('select private.%I()', v_job.name);
  exception
    when others then
      v_error := left(format('%s: %s', sqlstate, sqlerrm), 500);
  end;
  perform set_config('karaoke.job', '', true);

  insert into private.job_runs as run (job_name, started_at, finished_at, succeeded_at, failing_since, failures, runs, last_error)
  values (
    p_name, v_started, clock_timestamp(), case when v_error is null then v_started end, case when v_error is not null then v_started end,
    case when v_error is null then 0 else 1 end, 1, v_error
  )
  on conflict (job_name) do update set
    started_at = excluded.started_at,
    finished_at = excluded.finished_at,
    succeeded_at = coalesce(excluded.succeeded_at, run.succeeded_at),
    failing_since = case when v_error is not null then coalesce(run.failing_since, excluded.failing_since) end,
    failures = case when v_error is null then 0 else run.failures + 1 end,
    runs = run.runs + 1,
    last_error = coalesce(v_error, run.last_error)
  returning run.* into v_run;

  -- One failure of what runs all the time mends itself; of what runs once a day it does not.
  if v_run.failures >= 3 or v_run.failures = 1 and v_job.schedule ~ '^[0-9]+ [0-9]+ ' then
    perform private.notify_user(
      admin.user_id, 'operations', 'job_failed',
      jsonb_build_object(
        'job', p_name, 'failures', v_run.failures, 'failed_at', to_char(v_started at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC', 'error', v_error
      ),
      format('job_failed:%s:%s:%s', p_name, extract(epoch from v_run.failing_since), admin.user_id)
    )
    from private.platform_admins as admin;
  end if;
  return v_error is null;
end;
$$;

comment on function private.run_job(text) is
  'Runs a job and records how it went: true, false when it failed (its own changes are undone), null when it runs already. Platform people
are told once when it keeps failing. The scheduler calls it as the database''s owner.';

revoke all on function private.run_job(text) from public;

create function private.list_jobs()
returns table (
  name text, schedule text, description text, started_at timestamptz, duration_ms integer, succeeded_at timestamptz, failing_since timestamptz,
  failures integer, runs bigint, last_error text
)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
begin
  if private.platform_role() is null then
    return;
  end if;
  return query
    select
      job.name, job.schedule, job.description, run.started_at,
      round(extract(epoch from run.finished_at - run.started_at) * 1000)::integer,
      run.succeeded_at, run.failing_since, coalesce(run.failures, 0), coalesce(run.runs, 0), run.last_error
    from private.jobs as job
    left join private.job_runs as run on run.job_name = job.name
    order by run.failures > 0 desc nulls last, job.name;
end;
$$;

comment on function private.list_jobs() is 'Definer: jobs are private; checks the platform role.';

revoke all on function private.list_jobs() from public;
grant execute on function private.list_jobs() to authenticated;

create function public.list_jobs()
returns table (
  name text, schedule text, description text, started_at timestamptz, duration_ms integer, succeeded_at timestamptz, failing_since timestamptz,
  failures integer, runs bigint, last_error text
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.list_jobs();
$$;

comment on function public.list_jobs() is
  'Platform people: every recurring job with its schedule (cron''s five fields, UTC) and how it last went, those that fail first. Empty
for everybody else.';

revoke all on function public.list_jobs() from public;
grant execute on function public.list_jobs() to authenticated;

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
    execute 'select cron.schedule($1, $2, $3)' using v_job.name, v_job.schedule, format('select private.run_job(%L)', v_job.name);
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;

comment on function private.schedule_jobs() is 'Tells pg_cron about every job and returns how many there are. Again is harmless.';

revoke all on function private.schedule_jobs() from public;

select private.schedule_jobs();

-- sql/90-operations/30-probes.sql
-- What the probes and the metrics ask. Their role can do nothing else.

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

create function private.metrics()
returns table (name text, kind text, help text, labels jsonb, value double precision)
language plpgsql
stable
security definer
set search_path = ''
rows 100
as $$
begin
  return query
    select 'outbox_messages', 'gauge', 'Messages by channel and status: waiting, being sent, or given up.',
      jsonb_build_object('channel', channel.name, 'status', status.name), count(message.id)::double precision
    from unnest(array['email', 'sms']) as channel (name)
    cross join unnest(array['pending', 'sending', 'dead']) as status (name)
    left join private.messages as message
      on message.channel = channel.name and message.status = status.name
      and (message.status = 'dead' or message.status in ('pending', 'sending'))
    group by channel.name, status.name
    union all
    select 'outbox_oldest_seconds', 'gauge', 'How long the message that is due longest has been due.', '{}',
      coalesce(extract(epoch from now() - min(message.next_attempt_at)), 0)::double precision
    from private.messages as message
    where message.status in ('pending', 'sending') and message.next_attempt_at <= now()
    union all
    select 'job_failures', 'gauge', 'Failures of a job since it last succeeded.', jsonb_build_object('job', job.name),
      coalesce(run.failures, 0)::double precision
    from private.jobs as job
    left join private.job_runs as run on run.job_name = job.name
    union all
    select 'job_last_success_timestamp_seconds', 'gauge', 'When a job last succeeded.', jsonb_build_object('job', run.job_name),
      extract(epoch from run.succeeded_at)::double precision
    from private.job_runs as run
    where run.succeeded_at is not null
    union all
    select 'job_duration_seconds', 'gauge', 'How long the last run of a job took.', jsonb_build_object('job', run.job_name),
      extract(epoch from run.finished_at - run.started_at)::double precision
    from private.job_runs as run
    union all
    select 'active_requests', 'gauge', 'Song requests that are not over, by state.', jsonb_build_object('state', state.name),
      count(request.id)::double precision
    from unnest(array['pending', 'accepted', 'performing']) as state (name)
    left join public.requests as request
      on request.state = state.name and request.state in ('pending', 'accepted', 'performing')
    group by state.name
    union all
    select 'open_shows', 'gauge', 'Nights that are open.', '{}', count(*)::double precision
    from public.shows as show
    where show.closed_at is null
    union all
    select figure.name, 'gauge', figure.help, '{}', figure.value
    from (
      select coalesce(sum(usage.calls), 0)::double precision as calls, coalesce(sum(usage.failures), 0)::double precision as failures
      from public.api_key_usage as usage
      where usage.day = (now() at time zone 'UTC')::date
    ) as today
    cross join lateral (values
      ('api_key_calls_today', 'Calls with API keys since midnight UTC, OpenKJ''s polls left out.', today.calls),
      ('api_key_failures_today', 'Calls with API keys that were refused since midnight UTC.', today.failures)
    ) as figure (name, help, value)
    union all
    select 'show_programs_online', 'gauge', 'Systems heard of within eleven minutes.', '{}', count(*)::double precision
    from private.system_heartbeats as heartbeat
    where heartbeat.last_seen_at > now() - interval '11 minutes'
    union all
    select 'rate_limited_subjects', 'gauge', 'Users, keys, devices, addresses and venues that have used a limit up in its current window.',
      jsonb_build_object('limit', rate_limit.key),
      count(counter.subject) filter (where counter.used > rate_limit.maximum and counter.window_ends_at > now())::double precision
    from private.rate_limits as rate_limit
    left join private.rate_limit_counters as counter on counter.rate_limit_key = rate_limit.key
    group by rate_limit.key
    union all
    select 'database_connections', 'gauge', 'Connections to the database, of everybody.', '{}', count(*)::double precision
    from pg_catalog.pg_stat_activity as activity
    where activity.datname = current_database()
    union all
    select 'database_connections_maximum', 'gauge', 'Connections the database server accepts.', '{}',
      current_setting('max_connections')::double precision
    union all
    select 'database_size_bytes', 'gauge', 'Size of the database.', '{}', pg_database_size(current_database())::double precision;
end;
$$;

comment on function private.metrics() is
  'Figures of the running platform, one row per sample. Nothing in them tells of one tenant or person. Definer: most of it is private.';

revoke all on function private.metrics() from public;

create role ops_gateway nologin;
grant ops_gateway to postgres;
grant usage on schema private to ops_gateway;
grant execute on function private.newest_migration() to ops_gateway;
grant execute on function private.metrics() to ops_gateway;

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

-- policies/20-organizations/delegated-access-sessions.sql
grant select on public.delegated_access_sessions to authenticated, service_role;

create policy "Only trusted sessions reach delegated access" on public.delegated_access_sessions
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with audit:read see who had access, platform people see their own" on public.delegated_access_sessions
  for select to authenticated
  using (
    admin_id = (select auth.uid())
    or organization_id = any (array(select private.organizations_with('audit:read')))
  );

-- policies/20-organizations/organization-invitations.sql
grant select on public.organization_invitations to authenticated, service_role;

create policy "Only trusted sessions reach invitations" on public.organization_invitations
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with members:read see the invitations" on public.organization_invitations
  for select to authenticated
  using (organization_id = any (array(select private.organizations_with('members:read'))));

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

-- policies/30-venues/venue-branding.sql
grant select, delete on public.venue_branding to authenticated;
grant select on public.venue_branding to service_role;
grant insert (venue_id, logo_url, color_palette) on public.venue_branding to authenticated;
grant update (logo_url, color_palette) on public.venue_branding to authenticated;

create policy "Only trusted sessions reach venue branding" on public.venue_branding
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with branding:read see the branding" on public.venue_branding
  for select to authenticated
  using (
    venue_id in (
      select venue.id
      from public.venues as venue
      where venue.organization_id = any (array(select private.organizations_with('branding:read')))
    )
  );

create policy "Members with branding:write add branding" on public.venue_branding
  for insert to authenticated
  with check (
    venue_id in (
      select venue.id
      from public.venues as venue
      where venue.organization_id = any (array(select private.organizations_with('branding:write')))
    )
  );

create policy "Members with branding:write change the branding" on public.venue_branding
  for update to authenticated
  using (
    venue_id in (
      select venue.id
      from public.venues as venue
      where venue.organization_id = any (array(select private.organizations_with('branding:write')))
    )
  )
  with check (
    venue_id in (
      select venue.id
      from public.venues as venue
      where venue.organization_id = any (array(select private.organizations_with('branding:write')))
    )
  );

create policy "Members with branding:write remove the branding" on public.venue_branding
  for delete to authenticated
  using (
    venue_id in (
      select venue.id
      from public.venues as venue
      where venue.organization_id = any (array(select private.organizations_with('branding:write')))
    )
  );

-- policies/30-venues/venue-opening-hours.sql
grant select on public.venue_opening_hours to authenticated, service_role;

create policy "Only trusted sessions reach opening hours" on public.venue_opening_hours
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Whoever sees a venue sees its opening hours" on public.venue_opening_hours
  for select to authenticated
  using (venue_id in (select venue.id from public.venues as venue));

-- policies/30-venues/venue-rules.sql
grant select on public.venue_rules to authenticated, service_role;
grant update (
  guests_allowed, free_text_allowed, key_change_allowed, notes_allowed, last_initial_required, max_active_requests, cooldown_minutes,
  same_song, same_song_minutes, max_requests_per_hour, queue_order, queue_visibility,
  last_call_minutes
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
  -- An archived one takes no requests; what it was may be put right.
  with check (
    organization_id = any (array(select private.organizations_with('venues:update')))
    and (archived_at is null or not accepting_requests)
  );

-- policies/40-songs/blocked-songs.sql
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

-- policies/40-songs/imports-files.sql
-- Files of imports lie in <organization_id>/<system_id>/. Nobody may change one that is there: an import may be reading it.
create policy "Members with songs:write upload files to import" on storage.objects
  for insert to authenticated
  with check (
    bucket_id = 'imports'
    and (storage.foldername(name))[1] = any (array(select id::text from private.organizations_with('songs:write') as id))
    and storage.foldername(name) in (
      select array[system.organization_id::text, system.id::text] from public.systems as system
    )
  );

create policy "Members with songs:write read files to import" on storage.objects
  for select to authenticated
  using (
    bucket_id = 'imports'
    and (storage.foldername(name))[1] = any (array(select id::text from private.organizations_with('songs:write') as id))
  );

create policy "Members with songs:write delete files to import" on storage.objects
  for delete to authenticated
  using (
    bucket_id = 'imports'
    and (storage.foldername(name))[1] = any (array(select id::text from private.organizations_with('songs:write') as id))
  );

-- Reports are written by the service alone and lie in <organization_id>/.
create policy "Members with analytics:read read report files" on storage.objects
  for select to authenticated
  using (
    bucket_id = 'reports'
    and (storage.foldername(name))[1] = any (array(select id::text from private.organizations_with('analytics:read') as id))
  );

-- policies/40-songs/song-imports.sql
grant select on public.song_imports to authenticated, service_role;

create policy "Only trusted sessions reach song imports" on public.song_imports
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "Members with songs:read see the song imports" on public.song_imports
  for select to authenticated
  using (organization_id = any (array(select private.organizations_with('songs:read'))));

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

-- policies/60-singers/favorite-songs.sql
grant select, delete on public.favorite_songs to authenticated;
grant select on public.favorite_songs to service_role;
grant insert (user_id, artist, title, key_change, metadata) on public.favorite_songs to authenticated;
grant update (key_change, metadata) on public.favorite_songs to authenticated;

create policy "Only trusted sessions reach favourite songs" on public.favorite_songs
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "People see their own favourite songs" on public.favorite_songs
  for select to authenticated
  using (user_id = (select auth.uid()));

create policy "People add favourite songs for themselves" on public.favorite_songs
  for insert to authenticated
  with check (user_id = (select auth.uid()));

create policy "People change their own favourite songs" on public.favorite_songs
  for update to authenticated
  using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));

create policy "People remove their own favourite songs" on public.favorite_songs
  for delete to authenticated
  using (user_id = (select auth.uid()));

-- policies/60-singers/favorite-venues.sql
grant select, delete on public.favorite_venues to authenticated;
grant select on public.favorite_venues to service_role;
grant insert (user_id, venue_id) on public.favorite_venues to authenticated;

create policy "Only trusted sessions reach favourite venues" on public.favorite_venues
  as restrictive for all to authenticated
  using ((select private.session_is_trusted()));

create policy "People see their own favourite venues" on public.favorite_venues
  for select to authenticated
  using (user_id = (select auth.uid()));

create policy "People add favourite venues for themselves" on public.favorite_venues
  for insert to authenticated
  with check (user_id = (select auth.uid()));

create policy "People remove their own favourite venues" on public.favorite_venues
  for delete to authenticated
  using (user_id = (select auth.uid()));

-- policies/70-messages/message-categories.sql
grant select on public.message_categories to authenticated, service_role;

create policy "Everybody signed in reads the categories of messages" on public.message_categories
  for select to authenticated
  using (true);

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

-- seed/reference/05-settings.sql
insert into private.settings (key, value, description) values
  ('app_url', 'http://127.0.0.1:3000', 'Where links in mails lead to: the app or portal, without a slash at the end'),
  ('functions_url', '', 'Where the Edge Functions answer, such as https://<ref>.supabase.co/functions/v1; empty: nobody is woken'),
  ('venue_page_url', 'http://127.0.0.1:3000/?venue=', 'What a venue''s QR code opens: the venue''s url name is appended'),
  ('favorite_songs_maximum', '1000', 'Favourite songs of one user'),
  ('favorite_venues_maximum', '200', 'Favourite venues of one user'),
  ('audit_kept_months', '24', 'How many whole months of the audit log are kept beside the current one'),
  ('messages_kept_days', '30', 'How long the outbox and its delivery log remember what was sent or given up'),
  ('notifications_kept_days', '90', 'How long notifications in the app are kept')
on conflict (key) do nothing;

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

-- seed/reference/12-delegable-permissions.sql
insert into private.delegable_permissions (permission_key, needs_write)
select permission.key, permission.key not like '%:read'
from public.permissions as permission
where split_part(permission.key, ':', 1) not in ('billing', 'api_keys', 'members', 'audit')
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
  ('messages_to_singer', 20, 3600, 'Messages of a venue''s hosts to one singer'),
  ('pin_attempts_per_device', 5, 900, 'PINs tried by one guest or singer'),
  ('pin_attempts_per_venue', 200, 900, 'PINs tried at one venue'),
  ('password_confirmations', 5, 900, 'Passwords entered again by one user'),
  ('backup_codes', 5, 900, 'Backup codes tried by one user'),
  ('invitations', 50, 86400, 'Invitations sent by one organization'),
  ('invitation_resends', 5, 3600, 'Times one invitation is sent again'),
  ('invitation_lookups', 60, 3600, 'Invitation tokens looked up from one address'),
  ('url_name_changes', 5, 86400, 'New url names of one venue'),
  ('song_imports', 10, 3600, 'Song book files imported by one organization'),
  ('song_bulk_additions', 10, 3600, 'Lists of songs added at once by one organization'),
  ('song_book_clearings', 5, 3600, 'Song books emptied by one organization'),
  ('api_key_rotation', 5, 3600, 'Rotations of one API key'),
  ('email_messages_per_user', 10, 3600, 'Mails to one user, except about security'),
  ('sms_messages_per_user', 5, 3600, 'Texts to one user, except about security'),
  ('api_key_failures', 100, 60, 'Wrong API keys from one address')
on conflict (key) do nothing;

insert into private.rate_limits (key, maximum, window_seconds, description, fails_open) values
  ('venue_exports', 10, 3600, 'Exports of venues'' requests begun by one user', true),
  ('song_exports', 20, 3600, 'Song books taken as files by one organization', true)
-- What an operator has set stays; how a limit fails is not theirs to set.
on conflict (key) do update set fails_open = excluded.fails_open;

-- seed/reference/28-message-categories.sql
insert into public.message_categories (key, description, is_optional, channels, default_channels, rank) values
  ('security', 'Signing in, the account, who has access', false, '{email,sms}', '{email,sms}', 10),
  ('queue', 'What becomes of songs I asked for', true, '{email,sms}', '{}', 20),
  ('requests', 'Each new request at venues I work for', true, '{email}', '{}', 30),
  ('organization', 'Organizations I work for, their venues and keys', true, '{email}', '{email}', 40),
  ('billing', 'Subscriptions and invoices', true, '{email}', '{email}', 50),
  ('reports', 'Reports that were ordered by mail', true, '{email}', '{email}', 60),
  ('operations', 'Trouble with the platform, for those who run it', true, '{email}', '{email}', 70),
  ('news', 'Announcements and maintenance', true, '{email}', '{}', 80)
on conflict (key) do update set
  description = excluded.description, is_optional = excluded.is_optional, channels = excluded.channels,
  default_channels = excluded.default_channels, rank = excluded.rank;

-- seed/reference/30-message-templates.sql
insert into private.message_templates (key, channel, category, variables, secrets, lifetime, subject, body) values
  ('auth_signup', 'email', 'security', '{code,link}', '{code,link}', '15 minutes', 'Confirm your e-mail address',
   E'Welcome!\n\nYour code is {{code}}.\n\nOr open this link to confirm your address:\n{{link}}\n\nBoth work for 15 minutes. If you did not sign up, ignore this mail.'),
  ('auth_invite', 'email', 'security', '{code,link}', '{code,link}', '15 minutes', 'You have been invited',
   E'You have been invited. Open this link to set up your account:\n{{link}}\n\nYour code is {{code}}.\n\nBoth work for 15 minutes.'),
  ('auth_magiclink', 'email', 'security', '{code,link}', '{code,link}', '15 minutes', 'Your sign-in link',
   E'Open this link to sign in:\n{{link}}\n\nOr enter the code {{code}}.\n\nIt works once and for 15 minutes. If you did not ask for it, ignore this mail.'),
  ('auth_recovery', 'email', 'security', '{code,link}', '{code,link}', '15 minutes', 'Reset your password',
   E'Open this link to set a new password:\n{{link}}\n\nOr enter the code {{code}}.\n\nBoth work for 15 minutes. If you did not ask for it, ignore this mail.'),
  ('auth_email_change_current', 'email', 'security', '{code,link}', '{code,link}', '15 minutes', 'Confirm the change of your e-mail address',
   E'Somebody, hopefully you, asked to change the e-mail address of your account.\n\nYour code is {{code}}, or open this link:\n{{link}}\n\nIf it was not you, change your password.'),
  ('auth_email_change_new', 'email', 'security', '{code,link}', '{code,link}', '15 minutes', 'Confirm your new e-mail address',
   E'Your code is {{code}}, or open this link to confirm this address:\n{{link}}\n\nBoth work for 15 minutes.'),
  ('auth_reauthentication', 'email', 'security', '{code}', '{code}', '15 minutes', 'Your confirmation code',
   E'Your code is {{code}}.\n\nIf you did not ask for it, change your password.'),
  ('second_factor_code', 'email', 'security', '{code}', '{code}', '5 minutes', 'Your sign-in code',
   E'Your code is {{code}}.\n\nIt works for 5 minutes. Do not share it. If you are not signing in, change your password.'),
  ('welcome_singer', 'email', 'security', '{link}', '{}', null, 'Welcome',
   E'Your address is confirmed.\n\nFind a venue near you, look through its songs and ask for one:\n{{link}}'),
  ('welcome_customer', 'email', 'security', '{link}', '{}', null, 'Welcome',
   E'Your address is confirmed.\n\nSet up your venue, upload your songs and make a key for your show program:\n{{link}}'),
  ('auth_password_changed_notification', 'email', 'security', '{}', '{}', null, 'Your password has been changed',
   E'The password of your account has been changed.\n\nIf it was not you, reset it at once.'),
  ('auth_email_changed_notification', 'email', 'security', '{address}', '{}', null, 'Your e-mail address has been changed',
   E'The e-mail address of your account is now {{address}}.\n\nIf it was not you, write to support.'),
  ('auth_phone_changed_notification', 'email', 'security', '{phone}', '{}', null, 'Your phone number has been changed',
   E'The phone number of your account is now {{phone}}, and it is confirmed.\n\nIf it was not you, change your password.'),
  ('auth_identity_linked_notification', 'email', 'security', '{provider}', '{}', null, 'A way to sign in was added',
   E'Signing in to your account by {{provider}} is possible now.\n\nIf it was not you, change your password.'),
  ('auth_identity_unlinked_notification', 'email', 'security', '{provider}', '{}', null, 'A way to sign in was removed',
   E'Signing in to your account by {{provider}} is no longer possible.\n\nIf it was not you, change your password.'),
  ('auth_mfa_factor_enrolled_notification', 'email', 'security', '{factor}', '{}', null, 'A second factor was added',
   E'Your account has a new second factor: {{factor}}.\n\nIf it was not you, change your password.'),
  ('auth_mfa_factor_unenrolled_notification', 'email', 'security', '{factor}', '{}', null, 'A second factor was removed',
   E'A second factor of your account was removed: {{factor}}.\n\nIf it was not you, change your password at once.'),
  ('account_locked', 'email', 'security', '{}', '{}', null, 'Your account is locked for 15 minutes',
   E'There were five wrong passwords in a row, so signing in with a password is locked for 15 minutes.\n\nIf it was not you, set a new password.'),
  ('backup_codes_created', 'email', 'security', '{}', '{}', null, 'New backup codes',
   E'New backup codes were made for your account; the former ones no longer work.\n\nIf it was not you, change your password.'),
  ('backup_code_used', 'email', 'security', '{left}', '{}', null, 'A backup code was used',
   E'Somebody, hopefully you, signed in with a backup code. The second factor was removed and all other devices were signed out. Codes left: {{left}}.\n\nIf it was not you, reset your password at once.'),
  ('account_deleted', 'email', 'security', '{}', '{}', null, 'Your account has been deleted',
   'Your account and what belonged to it have been deleted. If it was not you, write to support.'),
  ('account_suspended', 'email', 'security', '{reason}', '{}', null, 'Your account is suspended',
   E'Your account cannot be used for now. The reason:\n\n{{reason}}\n\nIf you think this is a mistake, write to support.'),
  ('account_restored', 'email', 'security', '{}', '{}', null, 'Your account can be used again',
   'Your account is no longer suspended.'),
  ('organization_invitation', 'email', 'security', '{expires,inviter,link,organization,role}', '{link}', '7 days', '{{inviter}} invited you to {{organization}}',
   E'{{inviter}} invited you to work in {{organization}} as {{role}}.\n\nOpen this link to see and answer the invitation:\n{{link}}\n\nIt works until {{expires}}. If you do not know them, ignore this mail.'),
  ('ownership_offered', 'email', 'security', '{organization,owner}', '{}', null, 'You are to become the owner of {{organization}}',
   E'{{owner}} wants to make you the owner of {{organization}}.\n\nAccept or decline it in the portal within seven days.'),
  ('ownership_transferred', 'email', 'security', '{organization,owner}', '{}', null, '{{organization}} has a new owner',
   '{{organization}} now belongs to {{owner}}.'),
  ('second_factor_demanded', 'email', 'security', '{organization}', '{}', null, '{{organization}} asks for a second factor',
   E'{{organization}} now asks all its members for a second factor. Until you add one to your account, you see nothing of it.\n\nAdd an authenticator app or your phone in the settings of your account.'),
  ('delegated_access_opened', 'email', 'security', '{access,hours,organization,reason}', '{}', null, 'Support has access to {{organization}}',
   E'Somebody from the platform may {{access}} {{organization}} for {{hours}} hours. The reason they gave:\n\n{{reason}}\n\nYou can end this at any time in the portal.'),
  ('organization_suspended', 'email', 'security', '{organization,reason}', '{}', null, '{{organization}} is suspended',
   E'{{organization}} cannot be used for now. The reason:\n\n{{reason}}\n\nIf you think this is a mistake, write to support.'),
  ('organization_restored', 'email', 'security', '{organization}', '{}', null, '{{organization}} can be used again',
   '{{organization}} is no longer suspended.'),
  ('member_removed', 'email', 'organization', '{organization}', '{}', null, 'You no longer belong to {{organization}}',
   'You are no longer a member of {{organization}}.'),
  ('host_offline', 'email', 'organization', '{last_seen_at,venue}', '{}', null, 'No sign of the show program at {{venue}}',
   E'The show program at {{venue}} has not called since {{last_seen_at}}. Requests wait until it does.\n\nCheck its computer and the network.'),
  ('api_key_expiring', 'email', 'organization', '{expires,key,organization}', '{}', null, 'The key "{{key}}" ends soon',
   E'The key "{{key}}" of {{organization}} works until {{expires}}. The program that uses it stops then.\n\nRotate the key in the portal and enter the new one in the program.'),
  ('request_created', 'email', 'requests', '{artist,link,singer,title,venue}', '{}', null, 'New song request at {{venue}}',
   E'{{singer}} would like to sing "{{title}}" by {{artist}} at {{venue}}.\n\n{{link}}'),
  ('request_accepted', 'email', 'queue', '{artist,title,venue}', '{}', null, 'Your song is in the rotation',
   '"{{title}}" by {{artist}} has been accepted at {{venue}}.'),
  ('request_next_up', 'email', 'queue', '{artist,title,venue}', '{}', null, 'You are next',
   'You are next at {{venue}} with "{{title}}" by {{artist}}.'),
  ('request_skipped', 'email', 'queue', '{artist,reason,title,venue}', '{}', null, 'Your song was skipped',
   '"{{title}}" by {{artist}} was skipped at {{venue}}. {{reason}}'),
  ('host_message', 'email', 'queue', '{text,venue}', '{}', null, 'A message from {{venue}}',
   E'The host at {{venue}} says:\n\n{{text}}'),
  ('request_rejected', 'email', 'queue', '{artist,reason,title,venue}', '{}', null, 'Your song was not accepted',
   '"{{title}}" by {{artist}} was not accepted at {{venue}}. {{reason}}'),
  ('subscription_started', 'email', 'billing', '{link,organization,plan}', '{}', null, '{{organization}} has the plan {{plan}}',
   E'{{organization}} now has the plan {{plan}}.\n\nSee or change it here:\n{{link}}'),
  ('trial_ending', 'email', 'billing', '{ends,link,organization,plan}', '{}', null, 'The trial of {{organization}} ends on {{ends}}',
   E'The trial of {{plan}} for {{organization}} ends on {{ends}}. It goes on as a paid subscription then, unless you cancel it before.\n\nSee or change it here:\n{{link}}'),
  ('subscription_cancelled', 'email', 'billing', '{ends,link,organization}', '{}', null, 'The subscription of {{organization}} ends on {{ends}}',
   E'The subscription of {{organization}} has been cancelled and works until {{ends}}.\n\nChanged your mind? Take it up again here:\n{{link}}'),
  ('subscription_ended', 'email', 'billing', '{link,organization}', '{}', null, 'The subscription of {{organization}} has ended',
   E'The subscription of {{organization}} has ended. Nothing is deleted; what is beyond the free plan can be read and no longer changed.\n\nTake it up again here:\n{{link}}'),
  ('invoice_paid', 'email', 'billing', '{amount,link,number,organization}', '{}', null, 'Invoice {{number}} is paid',
   E'Thank you. {{amount}} for {{organization}} arrived.\n\nThe invoice {{number}} is here:\n{{link}}'),
  ('payment_failed', 'email', 'billing', '{amount,ends,link,organization}', '{}', null, 'A payment for {{organization}} failed',
   E'{{amount}} for {{organization}} could not be collected.\n\nEverything works until {{ends}}. Set another way to pay before:\n{{link}}'),
  ('payment_action_required', 'email', 'billing', '{amount,link,organization}', '{}', null, 'Confirm a payment for {{organization}}',
   E'Your bank wants you to confirm {{amount}} for {{organization}}.\n\nConfirm it here:\n{{link}}'),
  ('grace_ending', 'email', 'billing', '{amount,ends,link,organization}', '{}', null, '{{organization}} loses its plan on {{ends}}',
   E'{{amount}} for {{organization}} is still open. From {{ends}}, what is beyond the free plan can be read and no longer changed.\n\nSet another way to pay:\n{{link}}'),
  ('plan_limit_near', 'email', 'billing', '{link,maximum,organization,used,what}', '{}', null, '{{organization}} has used nearly all of its plan',
   E'{{organization}} uses {{used}} of {{maximum}} {{what}} of its plan.\n\nSee the plans here:\n{{link}}'),
  ('plan_limit_exceeded', 'email', 'billing', '{link,maximum,organization,used,what}', '{}', null, '{{organization}} uses more than its plan has',
   E'{{organization}} uses {{used}} of {{maximum}} {{what}}. Nothing is deleted; what is beyond the plan can be read and no longer changed.\n\nSee the plans here:\n{{link}}'),
  ('report_ready', 'email', 'reports', '{expires,link,organization,report}', '{link}', '7 days', 'Your report "{{report}}"',
   E'The report "{{report}}" of {{organization}} is ready:\n{{link}}\n\nThe link works until {{expires}}.'),
  ('report_failed', 'email', 'reports', '{organization,reason,report}', '{}', null, 'The report "{{report}}" could not be made',
   E'The report "{{report}}" of {{organization}} could not be made: {{reason}}\n\nIt is tried again at its next time.'),
  ('job_failed', 'email', 'operations', '{error,failed_at,failures,job}', '{}', null, 'The job {{job}} fails',
   E'The job {{job}} failed {{failures}} times in a row, last at {{failed_at}}:\n\n{{error}}'),
  ('announcement', 'email', 'news', '{text,title}', '{}', null, '{{title}}',
   '{{text}}'),
  ('maintenance_planned', 'email', 'news', '{ends,starts,text}', '{}', null, 'Maintenance from {{starts}}',
   E'From {{starts}} until {{ends}} some things may not work.\n\n{{text}}'),
  ('auth_one_time_code', 'sms', 'security', '{code}', '{code}', '5 minutes', null,
   'Your code is {{code}}. It works for 5 minutes.'),
  ('auth_second_factor_code', 'sms', 'security', '{code}', '{code}', '5 minutes', null,
   'Your sign-in code is {{code}}. It works for 5 minutes. Do not share it.'),
  ('sign_in_link', 'sms', 'security', '{link}', '{link}', '15 minutes', null,
   'Sign in: {{link}} (works for 15 minutes)'),
  ('request_accepted', 'sms', 'queue', '{title,venue}', '{}', null, null,
   '{{venue}}: "{{title}}" is in the rotation.'),
  ('request_next_up', 'sms', 'queue', '{title,venue}', '{}', null, null,
   '{{venue}}: you are next with "{{title}}".'),
  ('request_skipped', 'sms', 'queue', '{reason,title,venue}', '{}', null, null,
   '{{venue}}: "{{title}}" was skipped. {{reason}}'),
  ('host_message', 'sms', 'queue', '{text,venue}', '{}', null, null,
   '{{venue}}: {{text}}'),
  ('request_rejected', 'sms', 'queue', '{reason,title,venue}', '{}', null, null,
   '{{venue}}: "{{title}}" was not accepted. {{reason}}')
on conflict (key, channel) do update set
  category = excluded.category, variables = excluded.variables, secrets = excluded.secrets, lifetime = excluded.lifetime,
  subject = excluded.subject, body = excluded.body;

-- seed/reference/40-reserved-url-names.sql
insert into private.reserved_url_names (url_name)
select unnest(array[
  'about', 'account', 'admin', 'api', 'app', 'auth', 'billing', 'dashboard', 'favicon', 'help', 'host', 'inbox', 'login',
  'logout', 'me', 'nearby', 'new', 'openkj', 'portal', 'privacy', 'robots', 'search', 'settings', 'signin', 'signup', 'singer',
  'sitemap', 'static', 'support', 'terms', 'venue', 'venues', 'www'
])
on conflict do nothing;

-- seed/reference/45-transliterations.sql
insert into private.transliterations (letters, latin) values
  -- Cyrillic: Russian, Ukrainian, Belarusian, Bulgarian, Serbian, Macedonian.
  ('а', 'a'), ('б', 'b'), ('в', 'v'), ('г', 'g'), ('ґ', 'g'), ('д', 'd'), ('ђ', 'dj'), ('е', 'e'), ('ё', 'yo'), ('є', 'ye'), ('ж', 'zh'),
  ('з', 'z'), ('и', 'i'), ('і', 'i'), ('ї', 'yi'), ('й', 'y'), ('ј', 'j'), ('к', 'k'), ('л', 'l'), ('љ', 'lj'), ('м', 'm'), ('н', 'n'),
  ('њ', 'nj'), ('о', 'o'), ('п', 'p'), ('р', 'r'), ('с', 's'), ('т', 't'), ('ћ', 'c'), ('у', 'u'), ('ў', 'u'), ('ф', 'f'), ('х', 'kh'),
  ('ц', 'ts'), ('ч', 'ch'), ('џ', 'dzh'), ('ш', 'sh'), ('щ', 'shch'), ('ъ', ''), ('ы', 'y'), ('ь', ''), ('э', 'e'), ('ю', 'yu'),
  ('я', 'ya'), ('ѓ', 'gj'), ('ѕ', 'dz'), ('ќ', 'kj'),
  -- Greek.
  ('ου', 'ou'), ('ού', 'ou'), ('α', 'a'), ('ά', 'a'), ('β', 'v'), ('γ', 'g'), ('δ', 'd'), ('ε', 'e'), ('έ', 'e'), ('ζ', 'z'), ('η', 'i'),
  ('ή', 'i'), ('θ', 'th'), ('ι', 'i'), ('ί', 'i'), ('ϊ', 'i'), ('ΐ', 'i'), ('κ', 'k'), ('λ', 'l'), ('μ', 'm'), ('ν', 'n'), ('ξ', 'x'),
  ('ο', 'o'), ('ό', 'o'), ('π', 'p'), ('ρ', 'r'), ('σ', 's'), ('ς', 's'), ('τ', 't'), ('υ', 'y'), ('ύ', 'y'), ('ϋ', 'y'), ('ΰ', 'y'),
  ('φ', 'f'), ('χ', 'ch'), ('ψ', 'ps'), ('ω', 'o'), ('ώ', 'o')
on conflict (letters) do update set latin = excluded.latin;

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

-- A step of the host may be taken back, and that again.
insert into public.request_transitions (from_state, to_state, actor)
select step.to_state, step.from_state, 'undo' from public.request_transitions as step where step.actor = 'host'
union
select step.from_state, step.to_state, 'undo' from public.request_transitions as step where step.actor = 'host'
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

-- seed/reference/65-request-interface.sql
insert into private.rate_limits (key, maximum, window_seconds, description) values
  ('request_interface_per_key', 600, 60, 'Calls of the request interface with one API key')
on conflict (key) do nothing;

insert into private.request_interface_operations (operation, scope_key) values
  ('list_venues', 'venues:read'),
  ('get_venue', 'venues:read'),
  ('get_venue_statistics', 'requests:read'),
  ('list_requests', 'requests:read'),
  ('get_request', 'requests:read'),
  ('set_accepting', 'requests:write'),
  ('create_request', 'requests:write'),
  ('process_request', 'requests:write'),
  ('unprocess_request', 'requests:write'),
  ('cancel_request', 'requests:write'),
  ('process_requests', 'requests:write')
on conflict (operation) do update set scope_key = excluded.scope_key;

-- The show program's whole book, for programs that cannot search here.
insert into private.openkj_commands (command, scope_key) values
  ('getSongs', 'songs:read')
on conflict (command) do update set scope_key = excluded.scope_key;

-- seed/reference/70-personal-data.sql
-- Ids that say nothing to a person, and hashes, are left out of the export.
insert into private.personal_data (table_name, column_name, section, left_out) values
  ('public.profiles', 'user_id', 'profile', '{}'),
  ('public.singer_profiles', 'user_id', 'singer_profile', '{}'),
  ('public.organization_members', 'user_id', 'memberships', '{}'),
  ('public.organization_invitations', 'email', 'invitations', '{invited_by}'),
  ('public.delegated_access_sessions', 'admin_id', 'delegated_access', '{}'),
  ('private.platform_admins', 'user_id', 'platform_roles', '{}'),
  ('private.ownership_offers', 'offered_by', 'ownership_offers_made', '{offered_to}'),
  ('private.ownership_offers', 'offered_to', 'ownership_offers_received', '{offered_by}'),
  ('private.backup_codes', 'user_id', 'backup_codes', '{code_hash}'),
  ('private.password_attempts', 'user_id', 'password_attempts', '{}'),
  ('public.requests', 'singer_user_id', 'requests', '{submitted_by,idempotency_key,idempotency_digest,sort_order,fingerprint}'),
  ('public.performances', 'singer_user_id', 'performances', '{fingerprint}'),
  ('public.favorite_songs', 'user_id', 'favorite_songs', '{fingerprint}'),
  ('public.favorite_venues', 'user_id', 'favorite_venues', '{}'),
  ('public.venue_bans', 'user_id', 'bans', '{created_by}'),
  ('private.show_admissions', 'user_id', 'show_admissions', '{}'),
  ('public.notifications', 'user_id', 'notifications', '{idempotency_key}'),
  ('public.message_preferences', 'user_id', 'message_preferences', '{}'),
  ('private.messages', 'user_id', 'messages', '{variables,secrets,idempotency_key,next_attempt_at,provider,provider_message_id,last_error}'),
  ('public.audit_entries', 'actor_id', 'audit_entries', '{old_values,new_values}')
on conflict (table_name, column_name) do update set section = excluded.section, left_out = excluded.left_out, reason = null;

insert into private.personal_data (table_name, column_name, reason) values
  ('public.organization_invitations', 'invited_by', 'the address is another person''s'),
  ('public.api_keys', 'created_by', 'keys are the organization''s'),
  ('private.api_key_secrets', 'created_by', 'secrets of the organization'),
  ('public.requests', 'submitted_by', 'requests entered for others are theirs'),
  ('public.request_events', 'changed_by', 'what happened to requests of others'),
  ('public.shows', 'opened_by', 'nights are the organization''s'),
  ('public.venue_bans', 'created_by', 'the ban is another person''s'),
  ('public.blocked_songs', 'created_by', 'the block list is the organization''s'),
  ('public.song_imports', 'created_by', 'imports are the organization''s')
on conflict (table_name, column_name) do update set section = null, left_out = '{}', reason = excluded.reason;
