-- The statements that run all night, planned with thousands of rows around: each goes through the index made for it and reads
-- no large table from end to end. Where a statement lives in a function, its own text is what is planned.
begin;
\ir ../support/actors.psql
\ir ../support/night.psql
select no_plan();

-- Many rows --------------------------------------------------------------------------------------------------------------

insert into auth.users (id, aud, role, email, is_anonymous, raw_user_meta_data)
select gen_random_uuid(), 'authenticated', 'authenticated', 'many' || i || '@tests.invalid', false, '{}' from generate_series(1, 3000) as i;
create temporary table many as
select row_number() over (order by account.id) as number, account.id as user_id, gen_random_uuid() as organization_id, gen_random_uuid() as venue_id
from auth.users as account
where account.email like 'many%@tests.invalid';
insert into auth.sessions (id, user_id, created_at, updated_at) select gen_random_uuid(), user_id, now(), now() from many;
insert into auth.mfa_factors (id, user_id, factor_type, status, created_at, updated_at)
select gen_random_uuid(), user_id, 'totp', 'verified', now(), now() from many;

-- Triggers would only make this slow; they come back with the rollback.
alter table public.organizations disable trigger user;
alter table public.organization_members disable trigger user;
alter table public.venues disable trigger user;
alter table public.requests disable trigger user;
alter table public.performances disable trigger user;
alter table public.api_keys disable trigger user;
alter table public.shows disable trigger user;

insert into public.organizations (id, name) select organization_id, 'Many' from many;
insert into private.organization_counters (organization_id) select organization_id from many;
insert into public.organization_members (organization_id, user_id, role_key) select organization_id, user_id, 'owner' from many;
insert into public.systems (organization_id, name) select organization_id, 'Many' from many;
insert into public.venues (id, organization_id, openkj_venue_id, url_name, name, address, city, state, postal_code, latitude, longitude)
select venue_id, organization_id, 1001, 'many-' || number, 'Many', 'X', 'X', 'XX', 'X', -60 + number % 50 * 0.9, -120 + number / 50 * 1.5 from many;
insert into private.venue_url_names (url_name, venue_id) select 'many-' || number, venue_id from many;
insert into public.venue_rules (venue_id) select venue_id from many;
insert into public.shows (organization_id, venue_id, opened_at, closed_at)
select organization_id, venue_id, now() - interval '1 year', now() - interval '364 days' from many;
insert into public.api_keys (id, organization_id, name, prefix, scopes) select organization_id, organization_id, 'Many', left('sk_live_' || md5(number::text), 12), '{requests:read}' from many;
insert into private.api_key_secrets (secret_hash, api_key_id) select sha256(user_id::text::bytea), organization_id from many;
-- Of days gone by only, as it is just after midnight.
insert into public.api_key_usage (api_key_id, day, last_call_at)
select organization_id, current_date - i, now() - make_interval(days => i) from many, generate_series(1, 3) as i;
-- Years of history: most of it at other venues, much of it at the hall, all of it over.
insert into public.requests (
  organization_id, venue_id, openkj_request_id, singer_user_id, singer_names, artist, title, state, requested_at, processed_at, song_id
)
select
  coalesce(many.organization_id, tests.id('A')), coalesce(many.venue_id, tests.id('hall')), 100000 + i, person.user_id, '{Many}', 'Artist', 'Title', 'completed',
  now() - make_interval(mins => i), now(), tests.number('first song')
from generate_series(1, 24000) as i
left join many on many.number = i / 8 and i % 4 <> 0
join many as person on person.number = i % 3000 + 1;
insert into public.performances (request_id, organization_id, venue_id, show_id, singer_user_id, singer_name, fingerprint, artist, title, key_change, performed_at)
select request.id, request.organization_id, request.venue_id, show.id, request.singer_user_id, 'Many', 'x', 'Artist', 'Title', 0, request.requested_at
from public.requests as request
left join lateral (select show.id from public.shows as show where show.venue_id = request.venue_id limit 1) as show on true
where request.artist = 'Artist';
insert into public.notifications (user_id, category, kind, read_at) select user_id, 'queue', 'request_accepted', now() from many, generate_series(1, 4);
insert into public.audit_entries (organization_id, actor_kind, table_name, row_key, operation, created_at)
select organization_id, 'system', 'venues', 'x', 'update', now() - make_interval(secs => number::integer * 60 + i) from many, generate_series(1, 4) as i;

analyze auth.users, auth.sessions, auth.mfa_factors, public.organizations, public.organization_members, public.organization_member_permissions,
  private.organization_counters, public.systems, public.venues, private.venue_url_names, public.venue_rules, public.shows, public.api_keys,
  private.api_key_secrets, public.api_key_usage, public.requests, public.performances, public.notifications, public.audit_entries, public.delegated_access_sessions;

-- Plans ------------------------------------------------------------------------------------------------------------------

-- The first statement of a function, or the one between two marks, with values in the place of its parameters and variables.
create function pg_temp.body(p_function text, p_values jsonb, p_from text default null, p_to text default null)
returns text
language plpgsql
as $$
declare
  v_body text := (select prosrc from pg_proc where oid = p_function::regproc);
  v_name text;
  v_value text;
begin
  if p_from is null and (select prolang from pg_proc where oid = p_function::regproc) <> (select oid from pg_language where lanname = 'sql') then
    v_body := substring(v_body from '\mbegin\s+(.*)');
    v_body := regexp_replace(regexp_replace(split_part(v_body, ';', 1), '^return query\s+', ''), '^return\s+', 'select ');
  elsif p_from is not null then
    v_body := substr(v_body, strpos(v_body, p_from));
    v_body := left(v_body, strpos(v_body, p_to) + char_length(p_to) - 1);
  end if;
  v_body := regexp_replace(v_body, '\s+into\s+[\w., ]+(?=\s+from\s)', '', 'g');
  for v_name, v_value in select * from jsonb_each_text(p_values) loop
    v_body := regexp_replace(v_body, '\m' || v_name || '\M', v_value, 'g');
  end loop;
  return rtrim(btrim(v_body, E' \n'), ';');
end;
$$;

create function pg_temp.plan(p_actor text, p_sql text)
returns text
language plpgsql
as $$
declare
  v_line text;
  v_plan text := '';
begin
  perform tests.act_as(p_actor);
  for v_line in execute 'explain (costs off) ' || p_sql loop
    v_plan := v_plan || v_line || E'\n';
  end loop;
  perform tests.act_as_owner_role();
  return v_plan;
end;
$$;

-- Which of the large tables a plan reads from end to end.
create function pg_temp.scanned(p_plan text)
returns text
language sql
return (
  select string_agg(distinct matched[1], ', ')
  from regexp_matches(p_plan, 'Seq Scan on (\w+)', 'g') as matched
  where matched[1] in (
    'users', 'sessions', 'mfa_factors', 'organizations', 'organization_members', 'organization_counters', 'systems', 'venues', 'venue_url_names', 'venue_rules',
    'shows', 'api_keys', 'api_key_secrets', 'api_key_usage', 'requests', 'performances', 'notifications'
  ) or matched[1] = format('audit_entries_%s', to_char(now(), 'YYYY_MM')) -- the other partitions may be empty
);

create temporary table hot (number integer, name text, actor text, statement text, indexes text[]);
insert into hot values
  (
    1, 'verifying an API key', 'postgres',
    pg_temp.body('private.verify_api_key', '{"v_hash": "sha256(''x'')", "p_address": "null::inet"}', 'select', 'secret_hash = v_hash'),
    '{api_key_secrets_pkey,api_keys_pkey}'
  ),
  (2, 'which organizations a permission is held in', 'stan', null, '{organization_members_user_id_idx}'),
  (3, 'whether a session is believed', 'stan', null, '{sessions_pkey,users_pkey,mfa_factors}'),
  (
    4, 'the queue of a venue', 'postgres',
    pg_temp.body(
      'private.queue',
      jsonb_build_object(
        'v_order', '''fifo''', 'p_venue_id', quote_literal(tests.id('hall')) || '::uuid',
        'v_show_id', '(select id from public.shows where venue_id = ' || quote_literal(tests.id('hall')) || ' and closed_at is null)'
      )
    ),
    '{requests_active_,performances_show_id_idx}'
  ),
  (
    19, 'the songs of a night', 'postgres',
    pg_temp.body(
      'private.night_songs',
      jsonb_build_object(
        'p_venue_id', quote_literal(tests.id('hall')) || '::uuid',
        'v_show_id', '(select id from public.shows where venue_id = ' || quote_literal(tests.id('hall')) || ' and closed_at is null)'
      )
    ),
    '{requests_active_,performances_show_id_idx,requests_pkey}'
  ),
  (
    5, 'a singer''s own requests, as the app reads the table', 'eve',
    format('select * from public.requests where singer_user_id = %L order by requested_at desc, id desc limit 20', tests.id('eve')), '{requests_singer_user_id_idx}'
  ),
  (
    -- Through what the policy allows, which bounds it by the venue's own rows.
    6, 'a venue''s requests, as the portal reads the table', 'stan',
    format('select * from public.requests where venue_id = %L order by requested_at desc, id desc limit 20', tests.id('hall')),
    '{requests_singer_user_id_idx,requests_organization_venue_idx}'
  ),
  (
    7, 'what waits at a venue, as the portal reads the table', 'stan',
    format('select * from public.requests where venue_id = %L and state in (''pending'', ''accepted'', ''performing'') order by requested_at, id', tests.id('hall')), '{requests_active_}'
  ),
  (
    8, 'venues nearby', 'postgres',
    pg_temp.body(
      'private.nearby_venues',
      jsonb_build_object(
        'v_here', 'extensions.st_setsrid(extensions.st_makepoint(-100, -40), 4326)::extensions.geography', 'p_radius_miles', '25', 'p_accepting', 'null::boolean', 'p_limit', '20'
      ),
      'select near', 'limit p_limit'
    ),
    '{venues_location_idx}'
  ),
  (
    9, 'a venue by its url name', 'postgres', pg_temp.body('private.find_venue', '{"p_url_name": "''many-7''"}', 'select venue', 'archived_at is null'),
    '{venue_url_names_pkey,venues_pkey}'
  ),
  (
    10, 'the request that OpenKJ deletes', 'postgres',
    format('select * from public.requests as request where request.organization_id = %L and request.openkj_request_id = 100400 and request.state in (''pending'', ''accepted'', ''performing'')', tests.id('A')),
    '{requests_organization_id_openkj_request_id_key}'
  ),
  (
    11, 'how many songs a singer has waiting', 'postgres',
    format('select count(*) from public.requests where singer_user_id = %L and venue_id = %L and state in (''pending'', ''accepted'', ''performing'')', tests.id('eve'), tests.id('hall')),
    '{requests_active_of_singer_idx}'
  ),
  (
    12, 'whether the song was asked for tonight', 'postgres',
    format('select max(requested_at) from public.requests where venue_id = %L and requested_at > now() - interval ''24 hours'' and song_id = %s', tests.id('hall'), tests.number('first song')),
    '{requests_venue_id_idx}'
  ),
  (
    13, 'a request by its idempotency key', 'postgres',
    format('select * from public.requests where venue_id = %L and submitted_by = %L and idempotency_key = gen_random_uuid()', tests.id('hall'), tests.id('eve')), '{requests_}'
  ),
  (14, 'a user''s unread notifications', 'eve', 'select id, kind, data from public.notifications where read_at is null order by id desc limit 20', '{notifications_}'),
  (
    15, 'the audit log of an organization', 'alice',
    format('select * from public.audit_entries where organization_id = %L order by created_at desc, id desc limit 50', tests.id('A')), '{organization_id}'
  ),
  (
    20, 'the audit log of an organization, as the function reads it', 'postgres',
    pg_temp.body(
      'private.list_audit_entries',
      jsonb_build_object(
        'p_organization_id', quote_literal(tests.id('A')) || '::uuid', 'p_filters', '''{}''::jsonb', 'p_before', 'now()', 'p_before_id', '1', 'p_limit', '20'
      ),
      E'select\n      entry.id', '1), 100)'
    ),
    '{_organization_id_created_at_id_idx}'
  ),
  (
    21, 'the audit log of everybody', 'postgres',
    pg_temp.body(
      'private.list_audit_entries',
      '{"p_organization_id": "null::uuid", "p_filters": "''{}''::jsonb", "p_before": "null::timestamptz", "p_before_id": "null::bigint", "p_limit": "20"}',
      E'select\n      entry.id', '1), 100)'
    ),
    '{_created_at_id_idx}'
  ),
  (16, 'a member''s venues', 'stan', 'select * from public.venues', '{venues_organization_id_openkj_venue_id_key}'),
  (17, 'a member''s API keys', 'alice', 'select * from public.api_keys order by created_at desc', '{api_keys_organization_id_idx}'),
  (
    18, 'the counter of an organization', 'postgres', format('update private.organization_counters set openkj_serial = openkj_serial + 1 where organization_id = %L', tests.id('A')),
    '{organization_counters_pkey}'
  ),
  (
    19, 'a poll of OpenKJ', 'postgres',
    pg_temp.body('private.openkj_polls', '{"poll.secret_hash": "sha256(''x'')"}', 'select jsonb_build_object', 'allowed_networks is null'),
    '{api_key_secrets_pkey,api_keys_pkey,api_key_usage_pkey,organization_counters_pkey}'
  );
-- These ask for the caller, whom they find in the claims.
update hot set statement = pg_temp.body('private.organizations_with', '{"p_permission": "''requests:read''"}'), actor = 'claims of stan' where number = 2;
update hot set statement = pg_temp.body('private.session_refusal', '{"v_user_id": "auth.uid()", "v_claims": "private.claims()"}'), actor = 'claims of stan' where number = 3;

create function pg_temp.planned(p_actor text, p_sql text)
returns text
language plpgsql
as $$
declare
  v_plan text;
begin
  if p_actor not like 'claims of %' then
    return pg_temp.plan(p_actor, p_sql);
  end if;
  perform tests.act_as(substr(p_actor, 11));
  perform set_config('tests.claims', current_setting('request.jwt.claims'), true);
  perform tests.act_as_owner_role();
  perform set_config('request.jwt.claims', current_setting('tests.claims'), true);
  v_plan := '';
  for p_sql in execute 'explain (costs off) ' || p_sql loop
    v_plan := v_plan || p_sql || E'\n';
  end loop;
  perform tests.act_as_owner_role();
  return v_plan;
end;
$$;
create temporary table planned as select hot.*, pg_temp.planned(actor, statement) as plan from hot;

select is(
  (select string_agg(wanted, ', ') from unnest(indexes) as wanted where strpos(plan, wanted) = 0), null, format('%s goes through its index', name)
)
from planned order by number;
select is(pg_temp.scanned(plan), null, format('%s reads no large table from end to end', name)) from planned order by number;
select diag(name || E'\n' || plan) from planned
where pg_temp.scanned(plan) is not null or exists (select from unnest(indexes) as wanted where strpos(plan, wanted) = 0)
order by number;

-- A search has the planner's choices narrowed by its function, as here.
set local enable_seqscan = off;
create temporary table searched as select pg_temp.plan('postgres', pg_temp.body(
  'private.search_spellings',
  jsonb_build_object(
    'p_system_id', quote_literal(tests.id('system')) || '::uuid', 'p_question.index', quote_literal('''#~lov'''), 'p_question.is_exact', 'false',
    'p_question.texts', '''{% love%}''::text[]', 'p_question.patterns', '''{}''::text[]', 'p_limit', '100'
  ),
  'select found.id, found.song_id', 'limit p_limit'
)) as plan;
select is(
  (select string_agg(wanted, ', ') from unnest(array['book_chunks_pkey', 'song_spellings_tokens_idx']) as wanted where strpos(plan, wanted) = 0),
  null, 'a search of a long book goes through its indexes'
)
from searched;
select is(pg_temp.scanned(plan), null, 'and reads no large table from end to end') from searched;
set local enable_seqscan to default;

-- A policy asks for the caller's organizations once, not once a row.
select is(
  (select string_agg(name, ', ') from planned where actor in ('stan', 'alice', 'eve') and plan ~ 'Filter: .*private\.(organizations_with|session_is_trusted|has_permission)\('),
  null, 'no policy calls a function for each row'
);

select * from finish();
rollback;
