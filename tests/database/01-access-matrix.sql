-- Every exposed table and function as every kind of caller, by trying. The two tables below are the expectation: a table or
-- function that is missing in them fails, and so does one that is no longer there.
begin;
\ir support/actors.psql
\ir support/night.psql
select no_plan();

-- Something for every function to work on.
update public.venue_rules set queue_order = 'manual' where venue_id = tests.id('hall');
insert into tests.names (name) values ('nowhere');
insert into tests.numbers (name, number) values ('nothing', 999999999999);
do $$
begin
  perform private.book_stage_add(tests.id('system'), '[{"artist": "Zzyzx Quartet", "title": "Not yet published"}]');
end;
$$;

create temporary table actors as
select name, number
from unnest(string_to_array('anon gus eve bob alice adam mia stan grace dan sue rex mallory nora bea service', ' '))
  with ordinality as actor (name, number);

-- Tables ---------------------------------------------------------------------------------------------------------------
-- -    no privilege, or refused by a policy          own  what is the caller's personally
-- 0    nothing is there for the caller               org  everything of the caller's organization
-- all  everything                                     409  reached, and refused: systems here have songs
create temporary table table_expectations as
select words[1] as name, words[2] as verb, words[3:] as outcomes
from (
  select regexp_split_to_array(trim(line), '\s+') as words
  from regexp_split_to_table($$
                                          no   guest singer other owner admin mana- staff grant deny sus-  re-   no 2nd ended ban-  ser-
                                          one               owner             ger                    pend. moved factor       ned   vice
api_key_scopes                    select  -    all   all    all   all   all   all   all   all   all  all   all   all    all   all   all
api_key_usage                     select  -    0     0      org   org   org   org   0     0     org  0     0     0      0     0     all
api_keys                          select  -    0     0      org   org   org   org   0     0     org  0     0     0      0     0     all
api_keys                          update  -    0     0      org   org   org   0     0     0     0    0     0     0      0     0     -
audit_entries                     select  -    0     0      org   org   org   0     0     org   0    0     0     0      0     0     all
blocked_songs                     select  -    0     0      org   org   org   org   org   org   org  0     0     0      0     0     all
blocked_songs                     delete  -    0     0      org   org   org   org   0     org   org  0     0     0      0     0     -
delegated_access_sessions         select  -    own   own    org   org   org   own   own   org   own  own   own   0      0     0     all
favorite_songs                    select  -    own   own    own   own   own   own   own   own   own  own   own   0      0     0     all
favorite_songs                    insert  -    1     1      1     1     1     1     1     1     1    1     1     -      -     -     -
favorite_songs                    update  -    own   own    own   own   own   own   own   own   own  own   own   0      0     0     -
favorite_songs                    delete  -    own   own    own   own   own   own   own   own   own  own   own   0      0     0     -
favorite_venues                   select  -    own   own    own   own   own   own   own   own   own  own   own   0      0     0     all
favorite_venues                   insert  -    1     1      1     1     1     1     1     1     1    1     1     -      -     -     -
favorite_venues                   delete  -    own   own    own   own   own   own   own   own   own  own   own   0      0     0     -
message_categories                select  -    all   all    all   all   all   all   all   all   all  all   all   all    all   all   all
message_preferences               select  -    own   own    own   own   own   own   own   own   own  own   own   0      0     0     all
message_preferences               insert  -    1     1      1     1     1     1     1     1     1    1     1     -      -     -     -
message_preferences               delete  -    own   own    own   own   own   own   own   own   own  own   own   0      0     0     -
message_preferences               update  -    own   own    own   own   own   own   own   own   own  own   own   0      0     0     -
notifications                     select  -    own   own    own   own   own   own   own   own   own  own   own   0      0     0     all
notifications                     update  -    own   own    own   own   own   own   own   own   own  own   own   0      0     0     -
organization_member_permissions   select  -    own   own    org   org   org   org   own   own   org  own   own   0      0     0     all
organization_members              select  -    own   own    org   org   org   org   own   own   org  own   own   0      0     0     all
organization_invitations          select  -    0     0      org   org   org   org   0     0     org  0     0     0      0     0     all
organizations                     select  -    0     0      org   org   org   org   org   org   org  0     0     0      0     0     all
organizations                     update  -    0     0      org   org   org   0     0     0     0    0     0     0      0     0     -
performances                      select  -    own   own    org   org   org   org   org   org   org  own   own   0      0     0     all
permissions                       select  -    all   all    all   all   all   all   all   all   all  all   all   all    all   all   all
profiles                          select  -    own   own    own   own   own   own   own   own   own  own   own   0      0     0     all
profiles                          update  -    own   own    own   own   own   own   own   own   own  own   own   0      0     0     -
request_events                    select  -    own   own    org   org   org   org   org   org   org  own   own   0      0     0     all
request_states                    select  -    all   all    all   all   all   all   all   all   all  all   all   all    all   all   all
request_transitions               select  -    all   all    all   all   all   all   all   all   all  all   all   all    all   all   all
requests                          select  -    own   own    org   org   org   org   org   org   org  own   own   0      0     0     all
role_permissions                  select  -    all   all    all   all   all   all   all   all   all  all   all   all    all   all   all
roles                             select  -    all   all    all   all   all   all   all   all   all  all   all   all    all   all   all
shows                             select  -    0     0      org   org   org   org   org   org   org  0     0     0      0     0     all
singer_profiles                   select  -    own   own    own   own   own   own   own   own   own  own   own   0      0     0     all
singer_profiles                   update  -    own   own    own   own   own   own   own   own   own  own   own   0      0     0     -
song_imports                      select  -    0     0      org   org   org   org   org   org   org  0     0     0      0     0     all
songs                             select  -    -     -      -     -     -     -     -     -     -    -     -     -      -     -     -
systems                           select  -    0     0      org   org   org   org   org   org   org  0     0     0      0     0     all
systems                           insert  -    -     -      1     1     1     -     -     -     -    -     -     -      -     -     -
systems                           update  -    0     0      org   org   org   org   0     0     org  0     0     0      0     0     -
systems                           delete  -    0     0      409   409   409   0     0     0     0    0     0     0      0     0     -
venue_bans                        select  -    0     0      org   org   org   org   org   org   org  0     0     0      0     0     all
venue_bans                        delete  -    0     0      org   org   org   org   org   org   0    0     0     0      0     0     -
venue_branding                    select  -    0     0      org   org   org   org   0     0     org  0     0     0      0     0     all
venue_branding                    insert  -    -     -      1     1     1     -     -     -     -    -     -     -      -     -     -
venue_branding                    update  -    0     0      org   org   org   0     0     0     0    0     0     0      0     0     -
venue_branding                    delete  -    0     0      org   org   org   0     0     0     0    0     0     0      0     0     -
venue_opening_hours               select  -    0     0      org   org   org   org   org   org   org  0     0     0      0     0     all
venue_rules                       select  -    0     0      org   org   org   org   org   org   org  0     0     0      0     0     all
venue_rules                       update  -    0     0      org   org   org   org   0     org   org  0     0     0      0     0     -
venues                            select  -    0     0      org   org   org   org   org   org   org  0     0     0      0     0     all
venues                            insert  -    -     -      1     1     1     -     -     -     -    -     -     -      -     -     -
venues                            update  -    0     0      org   org   org   org   0     org   org  0     0     0      0     0     -
  $$, '\n') as line
  where line ~ '\s(select|insert|update|delete)\s'
) as lines;

-- Which rows are meant: for organization %1$L and user %2$L.
create temporary table row_owners (name text primary key, org text, own text);
insert into row_owners values
  ('api_key_usage', 'api_key_id in (select id from public.api_keys where organization_id = %1$L)', null),
  ('api_keys', 'organization_id = %1$L', null),
  ('audit_entries', 'organization_id = %1$L', null),
  ('blocked_songs', 'venue_id in (select id from public.venues where organization_id = %1$L)', null),
  (
    'organization_member_permissions',
    'organization_member_id in (select id from public.organization_members where organization_id = %1$L)',
    'organization_member_id in (select id from public.organization_members where user_id = %2$L)'
  ),
  ('organization_members', 'organization_id = %1$L', 'user_id = %2$L'),
  ('delegated_access_sessions', 'organization_id = %1$L', 'admin_id = %2$L'),
  ('organization_invitations', 'organization_id = %1$L', null),
  ('song_imports', 'organization_id = %1$L', null),
  ('favorite_songs', null, 'user_id = %2$L'),
  ('favorite_venues', null, 'user_id = %2$L'),
  ('message_preferences', null, 'user_id = %2$L'),
  ('notifications', null, 'user_id = %2$L'),
  ('organizations', 'id = %1$L', null),
  ('performances', 'organization_id = %1$L', 'singer_user_id = %2$L'),
  ('profiles', null, 'user_id = %2$L'),
  (
    'request_events',
    'request_id in (select id from public.requests where organization_id = %1$L)',
    'request_id in (select id from public.requests where singer_user_id = %2$L)'
  ),
  ('requests', 'organization_id = %1$L', 'singer_user_id = %2$L'),
  ('shows', 'organization_id = %1$L', null),
  ('singer_profiles', null, 'user_id = %2$L'),
  ('systems', 'organization_id = %1$L', null),
  ('venue_bans', 'organization_id = %1$L', null),
  ('venue_branding', 'venue_id in (select id from public.venues where organization_id = %1$L)', null),
  ('venue_opening_hours', 'venue_id in (select id from public.venues where organization_id = %1$L)', null),
  ('venue_rules', 'venue_id in (select id from public.venues where organization_id = %1$L)', null),
  ('venues', 'organization_id = %1$L', null);

-- Written to the caller's own organization %1$L or as the caller %2$L.
create temporary table insertions (name text primary key, statement text not null);
insert into insertions values
  ('favorite_songs', 'insert into public.favorite_songs (user_id, artist, title) values (%2$L, ''New'', ''Song'')'),
  ('favorite_venues', 'insert into public.favorite_venues (user_id, venue_id) values (%2$L, tests.id(''inn''))'),
  (
    'message_preferences',
    'insert into public.message_preferences (user_id, category, channel, is_enabled) values (%2$L, ''news'', ''sms'', true)'
  ),
  ('systems', 'insert into public.systems (organization_id, name) values (%1$L, ''Second rig'')'),
  (
    'venue_branding',
    'insert into public.venue_branding (venue_id)
     values (coalesce((select id from public.venues where organization_id = %1$L limit 1), %1$L))
     on conflict (venue_id) do update set logo_url = excluded.logo_url'
  ),
  (
    'venues',
    'insert into public.venues (organization_id, name, address, city, state, postal_code)
     values (%1$L, ''Attempt'', ''1 Main Street'', ''Testville'', ''TS'', ''12345'')'
  );

create function pg_temp.organization_of(p_actor text)
returns uuid
language sql
return tests.id(case p_actor when 'bob' then 'B' when 'mallory' then 'M' else 'A' end);

create function pg_temp.condition(p_table text, p_actor text, p_expected text)
returns text
language sql
return (
  select case p_expected
    when 'all' then 'true'
    when 'org' then format(owned.org, pg_temp.organization_of(p_actor), tests.id(p_actor))
    when 'own' then format(owned.own, null, tests.id(p_actor))
    else 'false'
  end
  from (values (p_table)) as asked (name)
  left join row_owners as owned using (name)
);

-- The rows themselves and not their number: one row of another's for one of one's own would not show.
create function pg_temp.rows_of(p_actor text, p_table text, p_condition text)
returns text[]
language plpgsql
as $$
declare
  v_columns text;
  v_rows text[];
begin
  select string_agg(quote_ident(field.attname), ', ' order by field.attnum) into v_columns
  from pg_attribute as field
  where field.attrelid = format('public.%I', p_table)::regclass and field.attnum > 0 and not field.attisdropped
    and has_column_privilege('authenticated', field.attrelid, field.attnum, 'SELECT');
  perform tests.act_as(p_actor);
  execute format(
    'select array_agg(md5(row(%s)::text) order by md5(row(%1$s)::text)) from public.%I where %s',
    coalesce(v_columns, '1'), p_table, p_condition
  )
  into v_rows;
  perform tests.act_as_owner_role();
  return coalesce(v_rows, '{}');
exception
  when insufficient_privilege then
    perform tests.act_as_owner_role();
    return array['-'];
end;
$$;

create function pg_temp.outcome(p_table text, p_verb text, p_actor text, p_expected text)
returns text
language plpgsql
as $$
declare
  v_condition text := pg_temp.condition(p_table, p_actor, p_expected);
  v_column text;
  v_found text;
begin
  if p_verb = 'select' then
    v_found := pg_temp.rows_of(p_actor, p_table, 'true');
    return case
      when v_found = '{-}' then '-'
      when v_found::text[] = pg_temp.rows_of('postgres', p_table, v_condition) then p_expected
      else format('%s rows, not those expected', cardinality(v_found::text[]))
    end;
  end if;

  -- A column the caller might write, else any: then the privilege is missing.
  select field.attname into v_column
  from pg_attribute as field
  where field.attrelid = format('public.%I', p_table)::regclass and field.attnum > 0 and not field.attisdropped
    and field.attgenerated = '' and field.attidentity = ''
  order by has_column_privilege('authenticated', field.attrelid, field.attnum, 'UPDATE') desc, field.attnum
  limit 1;
  v_found := tests.attempt(p_actor, case p_verb
    when 'insert' then coalesce(
      (select format(insertion.statement, pg_temp.organization_of(p_actor), tests.id(p_actor)) from insertions as insertion where insertion.name = p_table),
      format('insert into public.%I default values', p_table)
    )
    when 'update' then format('update public.%I set %I = %2$I', p_table, v_column)
    else format('delete from public.%I', p_table)
  end);
  return case
    when v_found = '42501' then '-'
    when v_found ~ '^[0-9]{3} ' then left(v_found, 3)
    when p_expected in ('org', 'own') and v_found = cardinality(pg_temp.rows_of('postgres', p_table, v_condition))::text then p_expected
    else v_found
  end;
end;
$$;

create temporary view exposed_tables as
select relation.relname::text as name
from pg_class as relation
where relation.relnamespace = 'public'::regnamespace and relation.relkind in ('r', 'p', 'v', 'm', 'f') and not relation.relispartition;

select is_empty(
  $$ select name from exposed_tables where name not in (select expected.name from table_expectations as expected) $$,
  'every table has an expectation'
);
select is_empty(
  $$ select name from table_expectations where name not in (select exposed.name from exposed_tables as exposed) $$,
  'every expectation has a table'
);
select is_empty(
  $$ select name, verb from table_expectations where cardinality(outcomes) <> (select count(*) from actors) $$,
  'every expectation is about every caller'
);

select is(
  (
    select string_agg(concat_ws(' ', exposed.name, verb, actor.name || ':', pg_temp.outcome(exposed.name, verb, actor.name, wanted.outcome)), E'\n')
    from actors as actor
    left join table_expectations as expected on expected.name = exposed.name and expected.verb = tried.verb
    -- Verbs without a line are nobody's.
    cross join lateral (select coalesce(expected.outcomes[actor.number], '-') as outcome) as wanted
    where pg_temp.outcome(exposed.name, tried.verb, actor.name, wanted.outcome) <> wanted.outcome
  ),
  null,
  format('%s %s', tried.verb, exposed.name)
)
from exposed_tables as exposed
cross join unnest(array['select', 'insert', 'update', 'delete']) as tried (verb)
order by exposed.name, tried.verb;

-- There was something to see, or the above would mean little.
select ok(
  (owned.org is null or not exists (
    select from unnest(array['alice', 'bob']) as actor where pg_temp.rows_of('postgres', name, pg_temp.condition(name, actor, 'org')) = '{}'
  ))
  and (owned.own is null or pg_temp.rows_of('postgres', name, pg_temp.condition(name, case when name like 'organization%' then 'dan' when name like 'delegated%' then 'rex' else 'eve' end, 'own')) <> '{}'),
  'the tests have rows of ' || name
)
from row_owners as owned;

-- Another's organization is no better than none at all.
select is(
  tests.attempt('bob', format(insertion.statement, tests.id('A'), tests.id('alice'))), '42501',
  'nobody inserts anything for somebody else: ' || insertion.name
)
from insertions as insertion;
select is(
  tests.attempt('bob', format(insertion.statement, gen_random_uuid(), gen_random_uuid())), '42501',
  'and somebody who does not exist looks the same: ' || insertion.name
)
from insertions as insertion;

-- With the second factor, mallory is an owner like others.
select is(
  tests.attempt('mallory', format('select from public.%I', name), 'aal2'),
  (select count(*)::text from public.venues where organization_id = tests.id('M')),
  'a session with the second factor is trusted'
)
from (values ('venues')) as reached (name);

-- Exactly these columns may be written.
select set_eq(
  $$ select field.attrelid::regclass::text, lower(granted.privilege_type), string_agg(field.attname, ' ' order by field.attname)
     from pg_attribute as field
     cross join lateral aclexplode(field.attacl) as granted
     where field.attrelid in (select format('public.%I', name)::regclass from exposed_tables)
       and granted.privilege_type <> 'SELECT'
     group by 1, 2 $$,
  $$ values
       ('api_keys', 'update', 'description name'),
       ('favorite_songs', 'insert', 'artist key_change metadata title user_id'),
       ('favorite_songs', 'update', 'key_change metadata'),
       ('favorite_venues', 'insert', 'user_id venue_id'),
       ('message_preferences', 'insert', 'category channel is_enabled user_id'),
       ('message_preferences', 'update', 'category channel is_enabled user_id'),
       ('notifications', 'update', 'read_at'),
       ('organizations', 'update', 'contact_email contact_phone legal_name name require_mfa time_zone'),
       ('profiles', 'update', 'display_name name'),
       ('singer_profiles', 'update', 'nickname preferences'),
       ('systems', 'insert', 'configuration name organization_id'),
       ('systems', 'update', 'configuration name'),
       ('venue_branding', 'insert', 'color_palette logo_url venue_id'),
       ('venue_branding', 'update', 'color_palette logo_url'),
       ('venue_rules', 'update', 'cooldown_minutes free_text_allowed guests_allowed key_change_allowed last_call_minutes last_initial_required max_active_requests max_requests_per_hour notes_allowed queue_order queue_visibility same_song same_song_minutes'),
       ('venues', 'insert', 'accepting_requests address city country is_private latitude longitude name organization_id phone_number postal_code state system_id url_name website'),
       ('venues', 'update', 'accepting_requests address city country is_private latitude longitude name phone_number postal_code state system_id website') $$,
  'the columns that callers may write'
);

-- Functions ------------------------------------------------------------------------------------------------------------
-- Outcomes: - no privilege, ok, or the HTTP status of the refusal. {name} stands for an id of the tests.
create temporary table function_expectations (name text primary key, call text not null, outcomes text not null);
insert into function_expectations values
  --                                                               anon gus eve bob alice adam mia stan grace dan sue rex mallory nora bea service
  ('accept_invitation', '''token of the tests''',                  '-    403 ok  403 403   403  403 403  403   403 403 403 403     401  403 -'),
  ('accept_ownership', '{A}',                                      '-    403 403 403 403   403  403 403  403   403 403 403 403     401  403 -'),
  ('add_song', '{system}, ''New'', ''Song''',                      '-    404 404 404 ok    ok   ok  403  403   ok  404 404 403     401  403 -'),
  ('add_songs', '{system}, ''[7]''',                               '-    404 404 404 ok    ok   ok  403  403   ok  404 404 403     401  403 -'),
  ('add_walk_up', '{hall}, array[''Kim''], {first song}',          '-    404 404 404 ok    ok   ok  ok   ok    403 404 404 403     401  403 -'),
  ('announce_reading', '{access}, array[''venues:read'']',         '-    404 404 404 404   404  404 404  404   404 404 404 403     401  403 -'),
  ('announce_last_call', '{hall}, 30',                             '-    404 404 404 ok    ok   ok  ok   ok    403 404 404 403     401  403 -'),
  ('archive_venue', '{hall}',                                      '-    404 404 404 ok    ok   403 403  403   403 404 404 403     401  403 -'),
  ('ban_singer', '{request of eve}',                               '-    404 404 404 ok    ok   ok  ok   ok    403 404 404 403     401  403 -'),
  ('block_song', '{hall}, {first song}',                           '-    404 404 404 ok    ok   ok  403  ok    ok  404 404 403     401  403 -'),
  ('browse_artist', '{hall}, ''Zzyzx Quartet''',                   'ok   ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  ok      ok   ok  -'),
  ('browse_artists', '{hall}, ''z''',                              'ok   ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  ok      ok   ok  -'),
  ('browse_letters', '{hall}',                                     'ok   ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  ok      ok   ok  -'),
  ('cancel_request', '{request of eve}',                           '-    404 ok  404 404   404  404 404  404   404 404 404 403     401  403 -'),
  ('cancel_song_import', '{import}',                               '-    404 404 404 ok    ok   ok  403  403   ok  404 404 403     401  403 -'),
  ('change_url_name', '{hall}, ''zqxj-new''',                      '-    404 404 404 ok    ok   403 403  403   403 404 404 403     401  403 -'),
  ('clear_queue', '{hall}',                                        '-    404 404 404 ok    ok   ok  403  ok    ok  404 404 403     401  403 -'),
  ('clear_song_book', '{system}',                                  '-    404 404 404 ok    ok   ok  403  403   ok  404 404 403     401  403 -'),
  ('close_show', '{hall}',                                         '-    404 404 404 ok    ok   ok  ok   ok    403 404 404 403     401  403 -'),
  ('confirm_password', '''wrong''',                                '-    ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  403     401  403 -'),
  ('count_backup_codes', '',                                       '-    ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  403     401  403 -'),
  ('create_api_key', '{A}, ''Key'', array[''requests:read'']',     '-    404 404 404 ok    ok   403 403  403   403 404 404 403     401  403 -'),
  ('create_backup_codes', '',                                      '-    409 409 409 409   409  409 409  409   409 409 409 403     401  403 -'),
  ('create_organization', '''Another''',                           '-    403 ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  403     401  403 -'),
  ('create_singer_profile', '',                                    '-    403 ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  403     401  403 -'),
  ('decline_invitation', '''token of the tests''',                 '-    403 ok  403 403   403  403 403  403   403 403 403 403     401  403 -'),
  ('decline_ownership', '{A}',                                     '-    404 404 404 ok    404  404 ok   404   404 404 404 403     401  403 -'),
  ('delete_account', '',                                           '-    ok  403 403 403   403  403 403  403   403 403 403 403     401  403 -'),
  ('delete_song', '{system}, {first song}',                        '-    404 404 404 ok    ok   ok  403  403   ok  404 404 403     401  403 -'),
  ('discard_book_upload', '{system}',                              '-    404 404 404 ok    ok   ok  403  403   ok  404 404 403     401  403 -'),
  ('edit_request', '{request of eve}, 2',                          '-    404 ok  404 404   404  404 404  404   404 404 404 403     401  403 -'),
  ('end_delegated_access', '{access}',                             '-    404 404 404 ok    404  404 404  404   404 404 ok  403     401  403 -'),
  ('end_session', '{session of eve}',                              '-    404 ok  404 404   404  404 404  404   404 404 404 403     401  403 -'),
  ('enter_show', '{hall}, ''0000''',                               '-    ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  403     401  403 -'),
  ('export_account', '',                                           '-    ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  403     401  403 -'),
  ('export_venue', '{hall}',                                       '-    404 404 404 ok    ok   ok  ok   ok    ok  404 404 403     401  403 -'),
  ('find_venue', '{hall url}',                                     'ok   ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  ok      ok   ok  -'),
  ('get_book_upload', '{system}',                                  '-    404 404 404 ok    ok   ok  ok   ok    ok  404 404 403     401  403 -'),
  ('get_song', '{system}, {first song}',                           '-    404 404 404 ok    ok   ok  ok   ok    ok  404 404 403     401  403 -'),
  ('invite_member', '{A}, ''new@tests.invalid'', ''staff''',       '-    404 404 404 ok    ok   403 403  403   403 404 404 403     401  403 -'),
  ('leave_organization', '{A}',                                    '-    404 404 404 409   ok   ok  ok   ok    ok  ok  404 403     401  403 -'),
  ('list_favorite_songs', '',                                      '-    ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  403     401  403 -'),
  ('list_favorite_venues', '',                                     '-    ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  403     401  403 -'),
  ('list_audit_entries', '{A}',                                    '-    404 404 404 ok    ok   403 403  ok   403 404 404 403     401  403 -'),
  ('list_jobs', '',                                                '-    ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  ok      ok   ok  -'),
  ('list_members', '{A}',                                          '-    404 404 404 ok    ok   ok  403  403   ok  404 404 403     401  403 -'),
  ('list_messages', '',                                            '-    ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  ok      ok   ok  -'),
  ('list_message_preferences', '',                                 '-    ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  ok      ok   ok  -'),
  ('list_requests', '{A}',                                         '-    404 404 404 ok    ok   ok  ok   ok    ok  404 404 403     401  403 -'),
  ('list_sessions', '',                                            '-    ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  403     401  403 -'),
  ('list_songs', '{system}',                                       '-    404 404 404 ok    ok   ok  ok   ok    ok  404 404 403     401  403 -'),
  ('list_systems', '{A}',                                          '-    404 404 404 ok    ok   ok  ok   ok    ok  404 404 403     401  403 -'),
  ('list_venues', '',                                              'ok   ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  ok      ok   ok  -'),
  ('make_next', '{request of eve}',                                '-    404 ok  404 404   404  404 404  404   404 404 404 403     401  403 -'),
  ('message_singer', '{request of eve}, ''Come to the stage''',    '-    404 404 404 ok    ok   ok  ok   ok    403 404 404 403     401  403 -'),
  ('most_requested_songs', '{hall}',                               'ok   ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  ok      ok   ok  -'),
  ('move_request', '{request of eve}',                             '-    404 404 404 ok    ok   ok  ok   ok    403 404 404 403     401  403 -'),
  ('my_requests', '',                                              '-    ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  403     401  403 -'),
  ('nearby_venues', '-48.87, -123.39',                             'ok   ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  ok      ok   ok  -'),
  ('newest_songs', '{hall}',                                       'ok   ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  ok      ok   ok  -'),
  ('offer_ownership', '{membership of stan}',                      '-    403 403 403 403   403  403 403  403   403 403 403 403     401  403 -'),
  ('open_delegated_access', '{A}, ''Support case 4711''',          '-    404 404 404 404   404  404 404  404   404 404 404 403     401  403 -'),
  ('open_show', '{hall}',                                          '-    404 404 404 ok    ok   ok  ok   ok    403 404 404 403     401  403 -'),
  ('organization_overview', '{A}',                                 '-    404 404 404 ok    ok   ok  ok   ok    ok  404 404 403     401  403 -'),
  ('preview_invitation', '''token of the tests''',                 'ok   ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  ok      ok   ok  -'),
  ('process_requests', 'array[{walk-up}]',                         '-    404 404 404 ok    ok   ok  ok   ok    404 404 404 403     401  403 -'),
  ('public_queue', '{hall}',                                       '-    ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  403     401  403 -'),
  ('publish_book_upload', '{system}',                              '-    404 404 404 ok    ok   ok  403  403   ok  404 404 403     401  403 -'),
  ('random_songs', '{hall}',                                       'ok   ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  ok      ok   ok  -'),
  ('remove_member', '{membership of stan}',                        '-    404 404 404 ok    403  403 403  403   403 404 404 403     401  403 -'),
  ('request_statistics', '{A}',                                    '-    404 404 404 ok    ok   ok  ok   ok    ok  404 404 403     401  403 -'),
  ('resend_invitation', '{invitation}',                            '-    404 404 404 ok    ok   403 403  403   403 404 404 403     401  403 -'),
  ('retry_message', '{key}',                                       '-    404 404 404 404   404  404 404  404   404 404 404 404     404  404 -'),
  ('revoke_api_key', '{key}',                                      '-    404 404 404 ok    ok   403 403  403   403 404 404 403     401  403 -'),
  ('revoke_invitation', '{invitation}',                            '-    404 404 404 ok    ok   403 403  403   403 404 404 403     401  403 -'),
  ('rotate_api_key', '{key}',                                      '-    404 404 404 ok    ok   403 403  403   403 404 404 403     401  403 -'),
  ('search_songs', '{hall}, ''zzyzx''',                            'ok   ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  ok      ok   ok  -'),
  ('set_accepting', '{hall}, true',                                '-    404 404 404 ok    ok   ok  ok   ok    403 404 404 403     401  403 -'),
  ('set_member_suspended', '{membership of stan}, true',           '-    404 404 404 ok    403  403 403  403   403 404 404 403     401  403 -'),
  ('set_opening_hours', '{hall}, ''[]''',                          '-    404 404 404 ok    ok   ok  403  ok    ok  404 404 403     401  403 -'),
  ('set_request_state', '{request of eve}, ''accepted''',          '-    404 404 404 ok    ok   ok  ok   ok    403 404 404 403     401  403 -'),
  ('set_show_pin', '{hall}, ''1234''',                             '-    404 404 404 ok    ok   ok  ok   ok    403 404 404 403     401  403 -'),
  ('show_log', '{show}',                                           '-    404 404 404 ok    ok   ok  ok   ok    ok  404 404 403     401  403 -'),
  ('show_statistics', '{show}',                                    '-    404 404 404 ok    ok   ok  ok   ok    ok  404 404 403     401  403 -'),
  ('skip_singer', '{request of eve}',                              '-    404 404 404 ok    ok   ok  ok   ok    403 404 404 403     401  403 -'),
  ('song_import_errors', '{import}',                               '-    404 404 404 ok    ok   ok  ok   ok    ok  404 404 403     401  403 -'),
  ('start_song_import', '{system}, {A} || ''/'' || {system} || ''/book.csv''',
                                                                   '-    404 404 404 ok    ok   ok  403  403   ok  404 404 403     401  403 -'),
  -- rex is banned at the hall.
  ('submit_request', '{hall}, {first song}, null, null, array[''Kim'']',
                                                                   '-    ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  403 403     401  403 -'),
  ('switch_context', '{A}',                                        '-    404 404 404 ok    ok   ok  ok   ok    ok  404 404 403     401  403 -'),
  ('undo_request', '{request of gus}',                             '-    404 404 404 ok    ok   ok  ok   ok    403 404 404 403     401  403 -'),
  ('update_member', '{membership of stan}, ''staff''',             '-    404 404 404 ok    403  403 403  403   403 404 404 403     401  403 -'),
  ('update_request', '{request of eve}, array[''Eve P.''], 2',     '-    404 404 404 ok    ok   ok  ok   ok    403 404 404 403     401  403 -'),
  ('update_song', '{system}, {first song}, ''zzyzx quartet''',     '-    404 404 404 ok    ok   ok  403  403   ok  404 404 403     401  403 -'),
  ('use_backup_code', '''wrong''',                                 '-    409 409 409 409   409  409 409  409   409 409 409 ok      401  403 -'),
  ('venue_shows', '{hall}',                                        '-    404 404 404 ok    ok   ok  ok   ok    ok  404 404 403     401  403 -'),
  ('venue_page', '{hall url}',                                     'ok   ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  ok      ok   ok  -'),
  ('venue_statistics', '{hall}',                                   '-    404 404 404 ok    ok   ok  ok   ok    ok  404 404 403     401  403 -'),
  ('venue_today', '{hall}',                                        'ok   ok  ok  ok  ok    ok   ok  ok   ok    ok  ok  ok  ok      ok   ok  -');

create function pg_temp.filled(p_name text, p_call text, p_instead text default null)
returns text
language plpgsql
as $$
declare
  v_call text := replace(p_call, '{hall url}', quote_literal((select url_name from public.venues where id = tests.id('hall'))));
  v_name text;
begin
  for v_name in select distinct matched[1] from regexp_matches(v_call, '\{([^}]+)\}', 'g') as matched loop
    v_call := replace(v_call, '{' || v_name || '}', case
      when p_instead = 'null' and tests.id(v_name) is not null then 'null::uuid'
      when p_instead = 'null' then 'null::bigint'
      when p_instead = 'missing' and tests.id(v_name) is not null then quote_literal(tests.id('nowhere')) || '::uuid'
      when p_instead = 'missing' then tests.number('nothing')::text
      when tests.id(v_name) is not null then quote_literal(tests.id(v_name)) || '::uuid'
      else tests.number(v_name)::text || '::bigint'
    end);
  end loop;
  return format('select * from public.%I(%s)', p_name, v_call);
end;
$$;

create temporary view exposed_functions as
select routine.proname::text as name
from pg_proc as routine
where routine.pronamespace = 'public'::regnamespace;

select is_empty(
  $$ select name from exposed_functions where name not in (select expected.name from function_expectations as expected) $$,
  'every function has an expectation'
);
select is_empty(
  $$ select name from function_expectations where name not in (select exposed.name from exposed_functions as exposed) $$,
  'every expectation has a function'
);
select is_empty(
  $$ select name from function_expectations where cardinality(regexp_split_to_array(outcomes, '\s+')) <> (select count(*) from actors) $$,
  'every expectation is about every caller'
);

select is(
  (
    select string_agg(actor.name || ': ' || tried.came_to, E'\n' order by actor.number)
    from actors as actor
    cross join lateral tests.attempt(actor.name, pg_temp.filled(expected.name, expected.call)) as tried (came_to)
    where case when tried.came_to = '42501' then '-' when tried.came_to ~ '^[0-9]+$' then 'ok' else left(tried.came_to, 3) end
      <> (regexp_split_to_array(expected.outcomes, '\s+'))[actor.number]
  ),
  null,
  format('call %s', expected.name)
)
from function_expectations as expected
join exposed_functions using (name)
order by expected.name;

-- Not yours looks like not there, to the last word.
create function pg_temp.refusal(p_actor text, p_sql text)
returns text
language plpgsql
as $$
declare
  v_message text;
  v_detail text;
  v_hint text;
  v_state text;
begin
  perform tests.act_as(p_actor);
  execute p_sql;
  raise exception using errcode = 'UNDO0', message = 'accepted';
exception
  when others then
    get stacked diagnostics v_state = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail, v_hint = pg_exception_hint;
    return concat_ws(' / ', v_state, v_message, regexp_replace(v_detail, '[0-9]+', 'N', 'g'), v_hint);
end;
$$;
-- Entering, asking and looking at a venue are open to everybody, so a foreign venue is as good as any.
select is(
  pg_temp.refusal(actor, pg_temp.filled(expected.name, expected.call)),
  pg_temp.refusal(actor, pg_temp.filled(expected.name, expected.call, 'missing')),
  format('%s tells %s nothing about what is not theirs', expected.name, actor)
)
from function_expectations as expected
cross join unnest(array['bob', 'eve', 'sue']) as actor
where expected.call like '%{%' and expected.call not like '{hall url}'
  and (regexp_split_to_array(expected.outcomes, '\s+'))[(select number from actors where name = actor)] = '404'
order by expected.name, actor;

-- Nothing in the place of an id is refused like an id that is not there; nothing anywhere else is refused in words.
select alike(
  pg_temp.refusal('alice', pg_temp.filled(expected.name, expected.call, 'null')), any_of, format('%s without an id is refused in words', expected.name)
)
from function_expectations as expected
cross join (values ('PT4%')) as pattern (any_of)
where expected.call ~ '\{' and expected.name not in (
  'find_venue', 'venue_page', -- their name is tried in the tests of venues
  'switch_context' -- null is the singer's side
)
order by expected.name;

-- Delegated access -----------------------------------------------------------------------------------------------------
-- Three people of the platform with access to organization A: pat's has run out, pia's is for reading and pam's for writing too,
-- and both have announced all that can be read. All they may do beyond a stranger, who sue is to A, is written here.
select tests.sign_up(name) from unnest(array['pat', 'pia', 'pam']) as name
\g /dev/null
insert into private.platform_admins (user_id, role_key) select tests.id(name), 'support_admin' from unnest(array['pat', 'pia', 'pam']) as name;
with opened as (
  insert into public.delegated_access_sessions (organization_id, admin_id, reason, can_write, created_at, expires_at)
  select tests.id('A'), tests.id(name), 'Support case 4711', can_write, now() - interval '2 hours', now() + make_interval(hours => hours)
  from (values ('pat', true, 0), ('pia', false, 1), ('pam', true, 1)) as person (name, can_write, hours)
  returning id, admin_id
)
update tests.people
set aal = 'aal2', delegated_access_id = opened.id
from opened
where opened.admin_id = tests.id(people.name);
insert into private.announced_readings (delegated_access_id, permission_key, expires_at)
select person.delegated_access_id, delegable.permission_key, now() + interval '5 minutes'
from tests.people as person, private.delegable_permissions as delegable
where person.name in ('pat', 'pia', 'pam') and not delegable.needs_write;

-- Access for writing does what the owner does, access for reading sees what the owner sees; but not in these, where pia and pam
-- are strangers (-), or are told that they may not (403). A function that reads is named, or it is refused to pia.
create temporary table delegated_exceptions (name text primary key, pia text not null, pam text not null);
insert into delegated_exceptions values
  ('api_key_usage', '-', '-'), ('api_keys', '-', '-'), ('audit_entries', '-', '-'), ('delegated_access_sessions', '-', '-'),
  ('organization_invitations', '-', '-'), ('organization_member_permissions', '-', '-'), ('organization_members', '-', '-'),
  ('create_api_key', '403', '403'), ('revoke_api_key', '403', '403'), ('rotate_api_key', '403', '403'), ('invite_member', '403', '403'),
  ('resend_invitation', '403', '403'), ('revoke_invitation', '403', '403'), ('list_members', '403', '403'), ('remove_member', '403', '403'),
  ('set_member_suspended', '403', '403'), ('update_member', '403', '403'), ('set_show_pin', '403', '403'),
  ('decline_ownership', '-', '-'), ('end_delegated_access', '-', '-'), ('leave_organization', '404', '404'),
  ('open_delegated_access', 'ok', 'ok'), ('process_requests', '404', 'ok'),
  ('get_book_upload', 'ok', 'ok'), ('get_song', 'ok', 'ok'), ('list_songs', 'ok', 'ok'), ('list_systems', 'ok', 'ok'), ('song_import_errors', 'ok', 'ok'), ('organization_overview', 'ok', 'ok'), ('switch_context', 'ok', 'ok'),
  ('list_requests', 'ok', 'ok'), ('request_statistics', 'ok', 'ok'), ('show_log', 'ok', 'ok'), ('show_statistics', 'ok', 'ok'),
  ('export_venue', 'ok', 'ok'), ('venue_shows', 'ok', 'ok'), ('venue_statistics', 'ok', 'ok');

select is(
  (
    select string_agg(concat_ws(' ', actor || ':', tried.came_to, 'for', wanted.outcome), E'\n')
    from unnest(array['pat', 'pia', 'pam']) as actor
    left join table_expectations as expected on expected.name = exposed.name and expected.verb = attempted.verb
    cross join lateral (
      select expected.outcomes[(select number from actors where name = 'alice')] as owner, expected.outcomes[(select number from actors where name = 'sue')] as stranger
    ) as seen
    cross join lateral (
      select coalesce(
        case
          when exposed.name in (select exception.name from delegated_exceptions as exception where exception.pam = '-') then seen.stranger
          when actor = 'pam' or actor = 'pia' and attempted.verb = 'select' then seen.owner
          else seen.stranger
        end,
        '-'
      ) as outcome
    ) as wanted
    cross join lateral pg_temp.outcome(exposed.name, attempted.verb, actor, wanted.outcome) as tried (came_to)
    where tried.came_to <> wanted.outcome
  ),
  null,
  format('under delegated access: %s %s', attempted.verb, exposed.name)
)
from exposed_tables as exposed
cross join unnest(array['select', 'insert', 'update', 'delete']) as attempted (verb)
order by exposed.name, attempted.verb;

select is(
  (
    select string_agg(concat_ws(' ', actor || ':', tried.came_to, 'for', wanted.outcome), E'\n')
    from unnest(array['pat', 'pia', 'pam']) as actor
    left join delegated_exceptions as exception on exception.name = expected.name
    cross join lateral (
      select words[(select number from actors where name = 'alice')] as owner, words[(select number from actors where name = 'sue')] as stranger
      from regexp_split_to_array(expected.outcomes, '\s+') as words
    ) as seen
    cross join lateral (
      select case
        when expected.name = 'leave_organization' then '404'
        when expected.name in ('list_audit_entries', 'open_delegated_access') then 'ok' -- what all platform people may
        when actor = 'pat' or exception.pam = '-' or seen.owner <> 'ok' or seen.stranger <> '404' then seen.stranger
        when actor = 'pam' then coalesce(exception.pam, 'ok')
        else coalesce(exception.pia, '403')
      end as outcome
    ) as wanted
    cross join lateral tests.attempt(actor, pg_temp.filled(expected.name, expected.call)) as tried (came_to)
    where case when tried.came_to = '42501' then '-' when tried.came_to ~ '^[0-9]+$' then 'ok' else left(tried.came_to, 3) end <> wanted.outcome
  ),
  null,
  format('under delegated access: call %s', expected.name)
)
from function_expectations as expected
join exposed_functions using (name)
order by expected.name;
select is_empty(
  $$ select name from delegated_exceptions where name not in (select name from exposed_functions union all select name from exposed_tables) $$,
  'every exception is about something that exists'
);

-- Realtime topics ------------------------------------------------------------------------------------------------------
-- Who is let in: t, f, or - for visitors without a session, who have no privilege. The service does not join as one.
create temporary table topic_expectations (topic text primary key, outcomes text not null);
insert into topic_expectations values
  --                                       anon gus eve bob alice adam mia stan grace dan sue rex mallory nora bea
  ('venue:{hall}:queue',                  '-    f   f   f   t     t    t   t    t     t   f   f   f       f    f'),
  ('venue:{hall}:display',                '-    t   t   t   t     t    t   t    t     t   t   t   f       f    f'),
  ('venue:{cellar}:queue',                '-    f   f   f   t     t    t   t    t     t   f   f   f       f    f'),
  ('venue:{inn}:queue',                   '-    f   f   t   f     f    f   f    f     f   f   f   f       f    f'),
  ('venue:{nowhere}:queue',               '-    f   f   f   f     f    f   f    f     f   f   f   f       f    f'),
  ('venue:{nowhere}:display',             '-    f   f   f   f     f    f   f    f     f   f   f   f       f    f'),
  ('request:{request of eve}',            '-    f   t   f   f     f    f   f    f     f   f   f   f       f    f'),
  ('request:{request of gus}',            '-    t   f   f   f     f    f   f    f     f   f   f   f       f    f'),
  ('request:{nothing}',                   '-    f   f   f   f     f    f   f    f     f   f   f   f       f    f'),
  ('user:{eve}:notifications',            '-    f   t   f   f     f    f   f    f     f   f   f   f       f    f'),
  ('user:{mallory}:notifications',        '-    f   f   f   f     f    f   f    f     f   f   f   f       f    f'),
  ('user:{bea}:notifications',            '-    f   f   f   f     f    f   f    f     f   f   f   f       f    f'),
  ('import:{import}',                     '-    f   f   f   t     t    t   t    t     t   f   f   f       f    f'),
  ('venue:%:queue',                       '-    f   f   f   f     f    f   f    f     f   f   f   f       f    f'),
  ('venue:{hall}:queue ',                 '-    f   f   f   f     f    f   f    f     f   f   f   f       f    f'),
  ('public',                              '-    f   f   f   f     f    f   f    f     f   f   f   f       f    f'),
  ('',                                    '-    f   f   f   f     f    f   f    f     f   f   f   f       f    f');

create function pg_temp.topic(p_topic text)
returns text
language plpgsql
as $$
declare
  v_topic text := p_topic;
  v_name text;
begin
  for v_name in select matched[1] from regexp_matches(p_topic, '\{([^}]+)\}', 'g') as matched loop
    v_topic := replace(v_topic, '{' || v_name || '}', coalesce(tests.id(v_name)::text, tests.number(v_name)::text));
  end loop;
  return v_topic;
end;
$$;
-- As Realtime asks when somebody joins: may a row of this topic be read, or written?
create function pg_temp.joins(p_actor text, p_topic text, p_statement text)
returns text
language plpgsql
as $$
declare
  v_rows bigint;
begin
  perform set_config('realtime.topic', p_topic, true), tests.act_as(p_actor);
  execute p_statement;
  get diagnostics v_rows = row_count;
  perform tests.act_as_owner_role();
  return v_rows > 0;
exception
  when insufficient_privilege then
    perform tests.act_as_owner_role();
    return case when p_actor = 'anon' then '-' else 'f' end;
end;
$$;
insert into realtime.messages (topic, extension, event, payload, private) values ('tests', 'broadcast', 'tests', '{}', true);
select is(
  (
    select string_agg(actor.name || ': ' || found.came_to, E'\n' order by actor.number)
    from actors as actor
    cross join lateral (
      select pg_temp.joins(actor.name, pg_temp.topic(expected.topic), $$ select from realtime.messages where topic = 'tests' and extension = 'broadcast' $$)
    ) as found (came_to)
    where actor.name <> 'service'
      and left(found.came_to, 1) <> (regexp_split_to_array(expected.outcomes, '\s+'))[actor.number]
      and not (actor.name = 'anon' and left(found.came_to, 1) = 'f')
  ),
  null,
  format('who receives "%s"', topic)
)
from topic_expectations as expected
order by topic;
select is(
  (
    select string_agg(actor.name, ', ')
    from actors as actor
    where actor.name <> 'service' and left(pg_temp.joins(
      actor.name, pg_temp.topic(expected.topic), $$ insert into realtime.messages (topic, extension, event, payload, private) values ('tests', 'broadcast', 'tests', '{}', true) $$
    ), 1) not in ('f', '-')
  ),
  null,
  format('nobody sends to "%s"', topic)
)
from topic_expectations as expected
order by topic;
-- Files ----------------------------------------------------------------------------------------------------------------
-- Rows of storage.objects as Storage reads and writes them for a caller: how many of the tests' two files per bucket, one of A and one
-- of B. A bucket that is not here fails; verbs that are not here are nobody's.
create temporary table file_expectations (bucket text, verb text, outcomes text not null, primary key (bucket, verb));
insert into file_expectations values
  --                      anon gus eve bob alice adam mia stan grace dan sue rex mallory nora bea
  ('imports', 'select',  '0    0   0   1   1     1    1   0    0     1   0   0   0       0    0'),
  ('imports', 'insert',  '-    -   -   1   1     1    1   -    -     1   -   -   -       -    -'),
  ('imports', 'delete',  '0    0   0   1   1     1    1   0    0     1   0   0   0       0    0'),
  ('reports', 'select',  '0    0   0   1   1     1    1   0    0     1   0   0   0       0    0');

select is_empty(
  $$ select id from storage.buckets where id not in (select bucket from file_expectations) $$, 'every bucket has an expectation'
);
-- As Storage does before it deletes.
select set_config('storage.allow_delete_query', 'true', true)
\g /dev/null
delete from storage.objects;
insert into storage.objects (bucket_id, name, metadata)
select bucket.id, format('%s/%s/file', organization, system), '{"size": 100}'
from storage.buckets as bucket
cross join (values (tests.id('A'), tests.id('system')), (tests.id('B'), tests.id('foreign system'))) as place (organization, system);
select is(
  (
    select string_agg(concat_ws(' ', actor.name || ':', tried.came_to, 'for', wanted.outcome), E'\n' order by actor.number)
    from actors as actor
    left join file_expectations as expected on expected.bucket = bucket.id and expected.verb = attempted.verb
    cross join lateral (
      select coalesce((regexp_split_to_array(expected.outcomes, '\s+'))[actor.number], '-') as outcome
    ) as wanted
    cross join lateral (
      select tests.attempt(actor.name, case attempted.verb
        when 'select' then format('select from storage.objects where bucket_id = %L', bucket.id)
        when 'insert' then format(
          'insert into storage.objects (bucket_id, name) values (%L, %L)', bucket.id,
          format('%s/%s/another', pg_temp.organization_of(actor.name), tests.id(case actor.name when 'bob' then 'foreign system' else 'system' end))
        )
        when 'update' then format('update storage.objects set metadata = ''{}'' where bucket_id = %L', bucket.id)
        else format('delete from storage.objects where bucket_id = %L', bucket.id)
      end)
    ) as tried (came_to)
    where actor.name <> 'service'
      and case when tried.came_to = '42501' then '-' when wanted.outcome = '-' and tried.came_to = '0' then '-' when wanted.outcome = '0' and tried.came_to = '42501' then '0' else tried.came_to end <> wanted.outcome
  ),
  null,
  format('%s files of %s', attempted.verb, bucket.id)
)
from storage.buckets as bucket
cross join unnest(array['select', 'insert', 'update', 'delete']) as attempted (verb)
order by bucket.id, attempted.verb;
select is(
  tests.attempt(actor, format('insert into storage.objects (bucket_id, name) values (''imports'', %L)', path)), '42501',
  format('%s writes no file at %s', actor, left(path, 60))
)
from (values
  ('alice', 'file'), ('alice', '../file'), ('alice', tests.id('A') || '/file'), ('alice', tests.id('B') || '/' || tests.id('foreign system') || '/file'),
  ('alice', tests.id('A') || '/' || tests.id('foreign system') || '/file'), ('alice', tests.id('A') || '/' || tests.id('system') || '/deeper/file'),
  ('bob', tests.id('A') || '/' || tests.id('system') || '/file'), ('alice', upper(tests.id('A')::text) || '/' || tests.id('system') || '/file'),
  ('alice', '/' || tests.id('A') || '/' || tests.id('system') || '/file')
) as written (actor, path);

-- Private functions ----------------------------------------------------------------------------------------------------
-- Reached by no request, but by policies and by the exposed functions in the caller's role. These and no others:
create temporary table private_grants as
select words[1] as name, words[2] as roles
from (
  select regexp_split_to_array(trim(line), '\s+') as words
  from regexp_split_to_table($$
    add_song                            authenticated
    add_songs                           authenticated
    add_walk_up                         authenticated
    announce_last_call                  authenticated
    announce_reading                    authenticated
    answer_invitation                   authenticated
    answer_ownership                    authenticated
    archive_venue                       authenticated
    ban_singer                          authenticated
    before_user_created_hook            supabase_auth_admin
    block_song                          authenticated
    book_publish                        service_role
    book_size                           service_role
    book_song                           service_role
    book_stage_add                      service_role
    book_stage_end                      service_role
    book_stage_expire                   service_role
    book_stage_open                     service_role
    book_upload_report                  service_role
    browse_artist                       anon,authenticated
    browse_artists                      anon,authenticated
    browse_book                         service_role
    browse_book_artist                  service_role
    browse_book_artists                 service_role
    browse_book_letters                 service_role
    browse_letters                      anon,authenticated
    cancel_request                      authenticated
    cancel_song_import                  authenticated
    change_url_name                     authenticated
    check_request                       anon,authenticated,service_role
    claim_geocoding_tasks               geocoder
    claim_messages                      message_worker
    claim_song_import                   song_books_gateway
    clear_queue                         authenticated
    clear_song_book                     authenticated
    close_show                          authenticated
    complete_guest_account              supabase_auth_admin
    confirm_password                    authenticated
    count_backup_codes                  authenticated
    create_account                      supabase_auth_admin
    create_api_key                      authenticated
    create_backup_codes                 authenticated
    create_own_organization             authenticated
    create_singer_profile               authenticated
    custom_access_token_hook            supabase_auth_admin
    delete_account                      authenticated
    delete_song                         authenticated
    discard_book_upload                 authenticated
    edit_request                        authenticated
    end_account                         supabase_auth_admin
    end_delegated_access                authenticated
    end_session                         authenticated
    enter_show                          authenticated
    expired_files                       song_books_gateway
    export_account                      authenticated
    export_songs                        song_books_gateway
    export_venue                        authenticated
    fail_song_import                    song_books_gateway
    find_book_song                      service_role
    find_venue                          anon,authenticated
    finish_geocoding_task               geocoder
    finish_message                      message_worker
    finish_song_import                  song_books_gateway
    fold_text                           service_role
    get_book_upload                     authenticated
    get_song                            authenticated
    has_permission                      anon,authenticated
    invite_member                       authenticated
    leave_organization                  authenticated
    list_favorite_songs                 authenticated
    list_favorite_venues                authenticated
    list_audit_entries                  authenticated
    list_jobs                           authenticated
    list_members                        authenticated
    list_messages                       authenticated
    list_requests                       authenticated
    list_sessions                       authenticated
    list_songs                          authenticated
    list_systems                        authenticated
    list_venue_cards                    anon,authenticated
    make_next                           authenticated
    may_follow                          authenticated
    message_singer                      authenticated
    metrics                             ops_gateway
    mfa_verification_attempt_hook       supabase_auth_admin
    most_requested_songs                anon,authenticated
    move_request                        authenticated
    my_requests                         authenticated
    nearby_venue_cards                  anon,authenticated
    newest_book_songs                   service_role
    newest_migration                    ops_gateway
    newest_songs                        anon,authenticated
    normalize_text                      service_role
    offer_ownership                     authenticated
    open_delegated_access               authenticated
    open_show_as_staff                  authenticated
    open_song_export                    song_books_gateway
    openkj_call                         openkj_gateway
    openkj_polls                        openkj_gateway
    organization_overview               authenticated
    organizations_with                  anon,authenticated
    password_verification_attempt_hook  supabase_auth_admin
    preview_invitation                  anon,authenticated
    process_requests                    authenticated
    public_queue                        authenticated
    publish_book_upload                 authenticated
    raise_error                         authenticated
    random_book_songs                   service_role
    random_songs                        anon,authenticated
    remove_member                       authenticated
    request_interface_call              request_interface
    request_interface_serials           request_interface
    request_statistics                  authenticated
    resend_invitation                   authenticated
    retry_message                       authenticated
    revoke_api_key                      authenticated
    revoke_invitation                   authenticated
    rotate_api_key                      authenticated
    record_account_audit                supabase_auth_admin
    record_factor_audit                 supabase_auth_admin
    search_book                         service_role
    search_songs                        anon,authenticated
    send_email_hook                     supabase_auth_admin
    send_sms_hook                       supabase_auth_admin
    session_is_trusted                  anon,authenticated
    set_accepting                       authenticated
    set_member_suspended                authenticated
    set_opening_hours                   authenticated
    set_request_state                   authenticated
    set_show_pin                        authenticated
    show_log                            authenticated
    show_statistics                     authenticated
    skip_singer                         authenticated
    song_fingerprint                    service_role
    song_import_errors                  authenticated
    stage_song_import                   song_books_gateway
    stalled_song_imports                song_books_gateway
    start_song_import                   authenticated
    submit_request                      authenticated
    switch_context                      authenticated
    undo_request                        authenticated
    update_member                       authenticated
    update_request                      authenticated
    update_song                         authenticated
    use_backup_code                     authenticated
    venue_shows                         authenticated
    venue_page                          anon,authenticated
    venue_statistics                    authenticated
    venue_today                         anon,authenticated
    welcome_user                        supabase_auth_admin
  $$, '\n') as line
  where line ~ '\S'
) as lines;

create temporary view granted_private as
select routine.proname::text as name, string_agg(grantee.rolname, ',' order by grantee.rolname) as roles
from pg_proc as routine
cross join lateral aclexplode(routine.proacl) as granted
join pg_roles as grantee on grantee.oid = granted.grantee
where routine.pronamespace = 'private'::regnamespace and granted.grantee <> routine.proowner
group by routine.oid, routine.proname;

select is_empty(
  $$ select name, roles from granted_private except select name, roles from private_grants $$,
  'no role may call a private function beyond those listed'
);
select is_empty(
  $$ select name, roles from private_grants except select name, roles from granted_private $$,
  'the roles listed for private functions have them'
);

select * from finish();
rollback;
