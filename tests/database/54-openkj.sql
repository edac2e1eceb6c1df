-- OpenKJ's calls, in the role that the Edge Function takes on: exact types, and nothing beyond what a key may reach.
begin;
\ir support/actors.psql
\ir support/night.psql
select no_plan();

update private.rate_limits set maximum = 100000;

create temporary table keys (name text primary key, secret text not null);
grant select on keys to public;
create function pg_temp.make(p_name text, p_actor text, p_arguments text)
returns text
language plpgsql
as $$
declare
  v_secret text;
begin
  perform tests.act_as(p_actor);
  execute format('select public.create_api_key(%s) ->> ''key''', p_arguments) into v_secret;
  perform tests.act_as_owner_role();
  insert into keys values (p_name, v_secret);
  return v_secret;
end;
$$;
select pg_temp.make('all', 'alice', $$ tests.id('A'), 'All', array['requests:read', 'requests:write', 'songs:read', 'songs:write'] $$)
\g /dev/null
select pg_temp.make('read', 'alice', $$ tests.id('A'), 'Reading', array['requests:read'] $$)
\g /dev/null
select pg_temp.make('cellar', 'alice', $$ tests.id('A'), 'Cellar only', array['requests:read', 'requests:write', 'songs:write'], p_venue_id => tests.id('cellar') $$)
\g /dev/null
select pg_temp.make('foreign', 'bob', $$ tests.id('B'), 'All', array['requests:read', 'requests:write', 'songs:write'] $$)
\g /dev/null
select pg_temp.make('revoked', 'alice', $$ tests.id('A'), 'Revoked', array['requests:read'] $$)
\g /dev/null
update public.api_keys set revoked_at = now() where name = 'Revoked' and organization_id = tests.id('A');

-- As the gateway calls: its role and no claims. Effects stay.
create function pg_temp.call(p_key text, p_command text, p_more jsonb default '{}')
returns jsonb
language plpgsql
as $$
declare
  v_body jsonb := jsonb_build_object('command', p_command, 'api_key', (select secret from keys where name = p_key)) || p_more;
  v_reply jsonb;
begin
  perform tests.act_as_owner_role();
  perform set_config('role', 'openkj_gateway', true);
  v_reply := private.openkj_call(v_body, '198.51.100.7');
  perform tests.act_as_owner_role();
  return v_reply;
end;
$$;
-- The same, undone, with what went wrong instead of failing.
create function pg_temp.try(p_key text, p_command text, p_more jsonb default '{}')
returns text
language plpgsql
as $$
declare
  v_reply jsonb;
  v_state text;
  v_message text;
begin
  begin
    v_reply := pg_temp.call(p_key, p_command, p_more);
    raise exception using errcode = 'UNDO0';
  exception
    when sqlstate 'UNDO0' then
      return case v_reply -> 'error' when 'true' then v_reply ->> 'errorString' when 'false' then 'ok' else 'error is no boolean' end;
    when others then
      get stacked diagnostics v_state = returned_sqlstate, v_message = message_text;
      return v_state || ' ' || v_message;
  end;
end;
$$;
create function pg_temp.types(p_reply jsonb)
returns text
language sql
return (select string_agg(field.key || ' ' || jsonb_typeof(field.value), ', ' order by field.key) from jsonb_each(p_reply) as field);
create function pg_temp.are_integers(p_reply jsonb)
returns boolean
language sql
return (
  select coalesce(bool_and(number.value #>> '{}' ~ '^-?[0-9]{1,10}$' and (number.value #>> '{}')::bigint between -2147483648 and 2147483647), true)
  from jsonb_path_query(p_reply, 'strict $.** ? (@.type() == "number")') as number (value)
);
create function pg_temp.number_of(p_request text)
returns integer
language sql
return (select openkj_request_id from public.requests where id = tests.number(p_request));

-- Types ----------------------------------------------------------------------------------------------------------------

create temporary table replies as
select command, pg_temp.call('all', command, more::jsonb) as reply, types
from (values
  (1, 'connectionTest', '{}', 'command string, connection string, error boolean'),
  (2, 'getSerial', '{}', 'command string, error boolean, serial number'),
  (3, 'getVenues', '{}', 'command string, error boolean, venues array'),
  (4, 'getRequests', '{"venue_id": 1001}', 'command string, error boolean, requests array, serial number'),
  (5, 'getAccepting', '{"venue_id": 1001}', 'accepting boolean, command string, error boolean, venue_id number'),
  (6, 'getAlert', '{}', 'alert boolean, command string, error boolean'),
  (7, 'getEntitledSystemCount', '{}', 'command string, count number, error boolean'),
  (8, 'setAccepting', '{"venue_id": 1001, "system_id": 1, "accepting": true}', 'accepting boolean, command string, error boolean, serial number, venue_id number'),
  (9, 'addRequest', '{"venue_id": 1001, "singer": "Kim", "artist": "Zzyzx Quartet", "title": "First Song of the Tests", "key_change": -2}', 'command string, error boolean, request_id number, serial number'),
  (10, 'updateRotation', '{"venue_id": 1001, "singers": [{"name": "Kim"}]}', 'command string, error boolean'),
  (11, 'deleteRequest', '{"venue_id": 1001, "request_id": 4294967295}', 'command string, error boolean, serial number'),
  (12, 'clearDatabase', '{"system_id": 1}', 'command string, error boolean, serial number'),
  (13, 'addSongs', '{"system_id": 1, "songs": [{"artist": "Zzyzx Quartet", "title": "First Song of the Tests"}, {"artist": "Zzyzx Quartet", "title": "Second Song of the Tests"}, {"artist": "The Qwxv", "title": "Third Song of the Tests"}]}', 'command string, entries processed number, error boolean, errors array, last_artist string, last_title string, serial number'),
  (14, 'getSongs', '{"system_id": 1}', 'command string, error boolean, songs array'),
  (15, 'clearRequests', '{"venue_id": 1002}', 'command string, error boolean, serial number')
) as called (number, command, more, types)
order by number;

select is(pg_temp.types(reply), types, command || ' has these fields and types') from replies;
select is(reply ->> 'command', command, command || ' is echoed') from replies;
select is(reply -> 'error', 'false', command || ' is no error') from replies;
select ok(pg_temp.are_integers(reply), command || ' has whole numbers of 32 bits') from replies;
select is(
  (select string_agg(command, ', ' order by command) from private.openkj_commands where command not in (select replies.command from replies)), null,
  'every command with a key is tried here'
);

select is(
  pg_temp.types((select reply -> 'venues' -> 0 from replies where command = 'getVenues')), 'accepting boolean, name string, url_name string, venue_id number', 'a venue'
);
select is(
  pg_temp.types((select reply -> 'requests' -> 0 from replies where command = 'getRequests')),
  'artist string, key_change number, request_id number, request_time number, singer string, title string', 'a request'
);
select results_eq(
  $$ select request.value ->> 'singer', (request.value ->> 'request_id')::integer,
       (request.value ->> 'request_time')::bigint between floor(extract(epoch from now())) and extract(epoch from clock_timestamp())
     from replies, jsonb_array_elements(reply -> 'requests') as request where command = 'getRequests' $$,
  $$ values ('Eve', pg_temp.number_of('request of eve'), true), ('Walker', pg_temp.number_of('walk-up'), true) $$,
  'what waits is answered, what was accepted is not, with the seconds since 1970'
);

-- Errors ---------------------------------------------------------------------------------------------------------------

select is(
  pg_temp.call(key, 'getVenues') - 'errorString', '{"command": "getVenues", "error": true}', format('with a key that is %s there is nothing but an error', key)
)
from unnest(array['revoked', 'missing']) as key;
select is(
  pg_temp.call('revoked', 'getVenues'), pg_temp.call('missing', 'getVenues'), 'a revoked key is answered like an unknown one'
);
select is(pg_temp.try('read', command), format('This API key may not do that: it lacks the scope %s.', scope_key), 'reading only: ' || command)
from private.openkj_commands where scope_key <> 'requests:read';
select is(pg_temp.call('all', command) - 'errorString', jsonb_build_object('command', command, 'error', true), format('"%s" is unknown', command))
from unnest(array['', 'nothing', 'getserial', 'testingAddRandomRequest', 'drop table']) as command;
select is(
  (private.openkj_call(body, null)) -> 'error', 'true', left('refused: ' || coalesce(body::text, 'nothing'), 80)
)
from unnest(array[
  null, 'null', '[]', '"getSerial"', '1', '{}', '{"command": null}', '{"command": ["getSerial"], "api_key": 1}', '{"command": {"a": 1}, "api_key": {"b": 2}}',
  '{"command": "getSerial"}', '{"command": "getSerial", "api_key": null}', '{"command": "getSerial", "api_key": []}', '{"command": true, "api_key": true}'
]::jsonb[]) as body;

-- Malformed values -----------------------------------------------------------------------------------------------------

create temporary table malformed as
select value
from unnest(array[
  'null', '""', '"x"', '"1001x"', '1001.5', '"1001.5"', '-1', '0', '1e400', '99999999999999999999', '"99999999999999999999"', '2147483648', '-2147483649',
  'true', '[]', '[1001]', '{}', '{"id": 1001}', '"1001; drop table requests"', '" 1001"', '"１００１"'
]::jsonb[]) as value;
select is(
  pg_temp.try('all', command, more || jsonb_build_object(field, malformed.value)), expected, format('%s with %s %s', command, field, malformed.value)
)
from malformed
cross join (values
  ('getRequests', 'venue_id', '{}', 'ok'),
  ('getAccepting', 'venue_id', '{}', 'There is no such venue.'),
  ('setAccepting', 'venue_id', '{"accepting": true}', 'There is no such venue.'),
  ('deleteRequest', 'request_id', '{}', 'ok'),
  ('clearRequests', 'venue_id', '{}', 'ok'),
  ('addRequest', 'venue_id', '{"artist": "A", "title": "B"}', 'There is no such venue.'),
  ('updateRotation', 'venue_id', '{"singers": []}', 'A rotation needs a venue_id and a list of singers.'),
  ('clearDatabase', 'system_id', '{}', 'There is no such system. Set the system id that the portal shows.'),
  ('addSongs', 'system_id', '{"songs": []}', 'There is no such system. Set the system id that the portal shows.')
) as tried (command, field, more_text, expected)
cross join lateral (select more_text::jsonb as more) as parsed;
select is(pg_temp.call('all', 'getRequests', jsonb_build_object('venue_id', value)) -> 'requests', '[]', format('venue %s has no requests', value)) from malformed;
select is(jsonb_array_length(pg_temp.call('all', 'getRequests', jsonb_build_object('venue_id', value)) -> 'requests') > 0, true, format('venue %s is the number', value))
from unnest(array['1001', '"1001"', '1001.0']::jsonb[]) as value;

select is(pg_temp.try('all', 'setAccepting', jsonb_build_object('venue_id', 1001, 'accepting', value)), 'accepting must be true or false.', format('accepting %s is refused', value))
from unnest(array['null', '"true"', '2', '-1', '[]', '{}', '0.5']::jsonb[]) as value;
select is(pg_temp.try('all', 'addSongs', jsonb_build_object('system_id', 1, 'songs', value)), 'songs must be a list of {artist, title}.', format('songs %s are refused', value))
from unnest(array['null', '"x"', '1', '{}']::jsonb[]) as value;
select is(pg_temp.try('all', 'addSongs', jsonb_build_object('system_id', 1, 'songs', value)), 'ok', format('songs %s are answered', value))
from unnest(array['[]', '[null]', '[1, "x", [], {}]', '[{"artist": 1, "title": 2}]', '[{"artist": null, "title": null}]', '[{"artist": "", "title": " "}]', '[{"artist": ["x"], "title": {"y": 1}}]']::jsonb[]) as value;
select is(
  pg_temp.call('all', 'addSongs', '{"system_id": 1, "songs": [{"artist": 1, "title": 2}, {"artist": "Zzyzx Quartet", "title": "First Song of the Tests"}, "x"]}')
    #> '{errors,0,index}', '0', 'what cannot be used is named by its place'
);
select isnt(pg_temp.try('all', 'addRequest', '{"venue_id": 1001}' || more), 'ok', format('addRequest with %s is refused', left(more::text, 60)))
from unnest(array[
  '{}', '{"artist": "A"}', '{"title": "B"}', '{"artist": "", "title": ""}', '{"artist": null, "title": null}', '{"artist": ["A"], "title": {"b": 1}}',
  '{"artist": "A", "title": "B", "key_change": 13}', '{"artist": "A", "title": "B", "key_change": 100000}'
]::jsonb[] || jsonb_build_object('artist', repeat('x', 256), 'title', 'B') || jsonb_build_object('artist', 'A', 'title', 'B', 'singer', repeat('x', 101))) as more;
select doesnt_match(pg_temp.try('all', 'addRequest', '{"venue_id": 1001}' || more), '^[0-9A-Z]{5} ', format('and in words: %s', left(more::text, 60)))
from unnest(array['{"artist": ["A"], "title": {"b": 1}}', '{"artist": 1, "title": 2, "singer": {}}', '{"artist": true, "title": false, "singer": [1]}']::jsonb[]) as more;

-- What each command does -----------------------------------------------------------------------------------------------

select pg_temp.call('all', 'setAccepting', '{"venue_id": 1001, "system_id": 1, "accepting": 0}')
\g /dev/null
select results_eq($$ select accepting_requests, system_id from public.venues where id = tests.id('hall') $$, $$ values (false, tests.id('system')) $$, 'setAccepting closes, and notes the system');
select is(pg_temp.try('all', 'addRequest', '{"venue_id": 1001, "artist": "A", "title": "B"}'), 'The venue takes no requests right now.', 'a closed venue takes none');
select pg_temp.call('all', 'setAccepting', '{"venue_id": 1001, "system_id": 77, "accepting": true}')
\g /dev/null
select results_eq($$ select accepting_requests, system_id from public.venues where id = tests.id('hall') $$, $$ values (true, tests.id('system')) $$, 'an unknown system changes nothing of that');

create temporary table before as select private.openkj_serial(tests.id('A')) as serial;
select is(
  (pg_temp.call('all', 'deleteRequest', jsonb_build_object('venue_id', 1001, 'request_id', pg_temp.number_of('walk-up'))) ->> 'serial')::integer,
  (select serial + 1 from before), 'deleteRequest moves the serial'
);
select is((select state from public.requests where id = tests.number('walk-up')), 'completed', 'and completes the request');
select is(
  (pg_temp.call('all', 'deleteRequest', jsonb_build_object('venue_id', 1001, 'request_id', pg_temp.number_of('walk-up'))) ->> 'serial')::integer,
  (select serial + 1 from before), 'again is harmless'
);
select results_eq(
  $$ select source, changed_by from public.request_events where request_id = tests.number('walk-up') and to_state = 'completed' $$, $$ values ('openkj', null::uuid) $$,
  'the log says that OpenKJ did it'
);
select pg_temp.call('all', 'clearRequests', '{"venue_id": 1001}')
\g /dev/null
select results_eq(
  $$ select state from public.requests where id in (tests.number('request of eve'), tests.number('request of gus')) order by id $$, $$ values ('cleared'), ('accepted') $$,
  'clearRequests clears what waits, not what the host has taken'
);
create temporary table added as select pg_temp.call('all', 'addRequest', '{"venue_id": 1001, "artist": "ZZYZX quartet", "title": "first song of the tests"}') as reply;
select is(
  (select (reply ->> 'request_id')::integer from added), (select max(openkj_request_id) from public.requests where organization_id = tests.id('A')),
  'addRequest answers the new number'
);
select results_eq(
  $$ select singer_name, artist, title, singer_user_id from public.requests where organization_id = tests.id('A') order by openkj_request_id desc limit 1 $$,
  $$ values ('Guest', 'Zzyzx Quartet', 'First Song of the Tests', null::uuid) $$, 'in the host''s own spelling'
);

-- Books.
select pg_temp.call('all', 'clearDatabase', '{"system_id": 1}')
\g /dev/null
select is(private.book_size(tests.id('system')), 1, 'clearing alone leaves the book as it was');
select pg_temp.call('all', 'addSongs', '{"system_id": 1, "songs": [{"artist": "Zzyzx Quartet", "title": "First Song of the Tests"}, {"artist": "Zzyzx Quartet", "title": "Another"}]}')
\g /dev/null
select is(private.book_size(tests.id('system')), 2, 'the last batch publishes');
truncate before;
insert into before select private.openkj_serial(tests.id('A'));
select pg_temp.call('all', 'addSongs', '{"system_id": 1, "songs": [{"artist": "Zzyzx Quartet", "title": "First Song of the Tests"}, {"artist": "Zzyzx Quartet", "title": "Another"}]}')
\g /dev/null
select results_eq($$ select private.book_size(tests.id('system')), private.openkj_serial(tests.id('A')) - serial from before $$, $$ values (2, 0) $$, 'the same batch again changes nothing');

-- Not theirs -----------------------------------------------------------------------------------------------------------

-- B's venue has the number 1001, as A's has: a key never reaches beyond its organization.
select is(pg_temp.call('foreign', 'getVenues') #>> '{venues,0,name}', 'Inn of the tests', 'a key sees the venues of its organization');
select is(jsonb_array_length(pg_temp.call('foreign', 'getVenues') -> 'venues'), 1, 'and no others');
select is(pg_temp.call('foreign', 'getRequests', '{"venue_id": 1002}') -> 'requests', '[]', 'a number that only another organization has is not there');
update public.requests set state = 'pending' where id = tests.number('request of eve');
select pg_temp.call('foreign', 'deleteRequest', jsonb_build_object('request_id', pg_temp.number_of('request of eve'), 'venue_id', 1001)), pg_temp.call('foreign', 'clearRequests', '{"venue_id": 1001}')
\g /dev/null
select is((select state from public.requests where id = tests.number('request of eve')), 'pending', 'requests of others are not deleted or cleared');
select pg_temp.call('foreign', 'setAccepting', '{"venue_id": 1001, "system_id": 1, "accepting": false}')
\g /dev/null
select is((select accepting_requests from public.venues where id = tests.id('hall')), true, 'and their venues not closed');
select pg_temp.call('foreign', 'clearDatabase', '{"system_id": 1}'), pg_temp.call('foreign', 'addSongs', '{"system_id": 1, "songs": []}')
\g /dev/null
select is(private.book_size(tests.id('system')), 2, 'nor their books changed');

-- A key for one venue.
select is(jsonb_array_length(pg_temp.call('cellar', 'getVenues') -> 'venues'), 1, 'a key for a venue sees that one');
select is(pg_temp.call('cellar', 'getRequests', '{"venue_id": 1001}') -> 'requests', '[]', 'reads no other''s queue');
select pg_temp.call('cellar', 'clearRequests', '{"venue_id": 1001}'), pg_temp.call('cellar', 'deleteRequest', jsonb_build_object('request_id', pg_temp.number_of('request of eve')))
\g /dev/null
select is((select state from public.requests where id = tests.number('request of eve')), 'pending', 'and changes none');
update public.venues set archived_at = now() where id = tests.id('cellar');
select is(
  pg_temp.call('cellar', 'getVenues') -> 'venues', '[{"name": "Add a venue in the portal", "url_name": "", "venue_id": 1, "accepting": false}]', 'the list is never empty'
);
update public.venues set archived_at = null where id = tests.id('cellar');

-- A key for one system means that system.
insert into public.systems (organization_id, name) values (tests.id('A'), 'Second');
select pg_temp.make('second', 'alice', $$ tests.id('A'), 'Second', array['songs:write', 'requests:read'], p_system_id => (select id from public.systems where name = 'Second') $$)
\g /dev/null
select pg_temp.call('second', 'addSongs', '{"system_id": 1, "songs": [{"artist": "Zzyzx Quartet", "title": "First Song of the Tests"}]}')
\g /dev/null
select results_eq(
  $$ select private.book_size(tests.id('system')), private.book_size((select id from public.systems where name = 'Second')) $$, $$ values (2, 1) $$, 'whatever number the program sends'
);

-- The gateway's role ---------------------------------------------------------------------------------------------------

create function pg_temp.as_gateway(p_sql text)
returns text
language plpgsql
as $$
begin
  perform set_config('role', 'openkj_gateway', true);
  execute p_sql;
  raise exception using errcode = 'UNDO0';
exception
  when others then
    return sqlstate;
end;
$$;
select is(pg_temp.as_gateway(statement), '42501', format('the gateway may not: %s', statement))
from unnest(array[
  'select from public.venues', 'select from private.api_key_secrets', 'select private.verify_api_key(''x'', null)',
  'select private.openkj_command(''getVenues'', null, ''{}'', null)', 'create table private.planted (id integer)', 'create table public.planted (id integer)',
  'select from auth.users', 'select private.request_interface_serials(null)', 'select public.find_venue(''x'')'
]) as statement;

-- Polls ----------------------------------------------------------------------------------------------------------------

-- Many at once are answered as each alone would be, in their order, also those that are still to be noted today.
select pg_temp.make('homely', 'alice', $$ tests.id('A'), 'Home', array['requests:read'], p_allowed_networks => array['203.0.113.0/24']::cidr[] $$)
\g /dev/null
select pg_temp.make('songs', 'alice', $$ tests.id('A'), 'Songs', array['songs:write'] $$)
\g /dev/null
create function pg_temp.polls(p_names text[], p_address inet default '198.51.100.7')
returns jsonb
language plpgsql
as $$
declare
  v_replies jsonb;
begin
  perform set_config('role', 'openkj_gateway', true);
  select jsonb_agg(reply) into v_replies
  from private.openkj_polls(
    (
      select jsonb_agg(jsonb_build_object('api_key', coalesce(keys.secret, polled.name), 'address', p_address) order by polled.place)
      from unnest(p_names) with ordinality as polled (name, place)
      left join keys using (name)
    )
  ) as reply;
  perform tests.act_as_owner_role();
  return v_replies;
end;
$$;
create temporary table polled as
select array['all', 'foreign', 'revoked', 'read', 'songs', 'homely', 'sk_live_none', '', 'read', 'all'] as names;
delete from public.api_key_usage;
select is(
  pg_temp.polls(names), (select jsonb_agg(pg_temp.call(name, 'getSerial') order by place) from unnest(names) with ordinality as one (name, place)),
  which || ': polls at once are answered as each alone'
)
from polled, unnest(array['the first of the day', 'later ones']) as which;
select is(pg_temp.polls(array['homely'], '203.0.113.9') #> '{0,error}', 'false', 'a key with networks polls from them');
select is(pg_temp.polls(array['homely'], null) #> '{0,error}', 'true', 'and from nowhere else');
select is(pg_temp.polls('{}'), null, 'none is answered with none');
update public.api_keys set revoked_at = now() where name = 'Reading' and organization_id = tests.id('A');
select is(pg_temp.polls(array['read']) #> '{0,error}', 'true', 'a key stops polling as soon as it is revoked');
select results_eq(
  $$ select key.name, usage.calls, usage.last_call_at = now(), usage.failures from public.api_key_usage as usage
     join public.api_keys as key on key.id = usage.api_key_id where key.organization_id = tests.id('A') and key.name in ('All', 'Songs') order by 1 $$,
  $$ values ('All', 0, true, 0), ('Songs', 0, null, 4) $$, 'polls are noted, not counted; those that fail are'
);

-- Heartbeat.
delete from private.system_heartbeats;
delete from public.api_key_usage where api_key_id in (select id from public.api_keys where name = 'All');
select pg_temp.call('all', 'getSerial')
\g /dev/null
select is((select count(*) from private.system_heartbeats where system_id = tests.id('system')), 1::bigint, 'a poll tells that the host is there');

select * from finish();
rollback;
