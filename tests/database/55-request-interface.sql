-- The request interface: a key reaches its own organization, its own venue and its own scopes, whatever is asked for.
begin;
\ir support/actors.psql
\ir support/night.psql
select no_plan();

create temporary table keys (name text primary key, secret text not null);
create function pg_temp.make(p_name text, p_actor text, p_arguments text)
returns void
language plpgsql
as $$
declare
  v_secret text;
begin
  perform tests.act_as(p_actor);
  execute format('select public.create_api_key(%s) ->> ''key''', p_arguments) into v_secret;
  perform tests.act_as_owner_role();
  insert into keys values (p_name, v_secret);
end;
$$;
select pg_temp.make('all', 'alice', $$ tests.id('A'), 'All', array(select key from public.api_key_scopes) $$);
select pg_temp.make('cellar', 'alice', $$ tests.id('A'), 'Cellar', array(select key from public.api_key_scopes), p_venue_id => tests.id('cellar') $$);
select pg_temp.make('read', 'alice', $$ tests.id('A'), 'Read', array['requests:read'] $$);
select pg_temp.make('foreign', 'bob', $$ tests.id('B'), 'All', array(select key from public.api_key_scopes) $$);

-- In the role that the Edge Function takes on; effects stay.
create function pg_temp.call(p_key text, p_operation text, p_arguments jsonb default '{}')
returns jsonb
language plpgsql
as $$
declare
  v_secret text := (select secret from keys where name = p_key);
  v_answer jsonb;
begin
  perform tests.act_as_owner_role();
  perform set_config('role', 'request_interface', true);
  v_answer := private.request_interface_call(p_operation, v_secret, '198.51.100.7', p_arguments, false);
  perform tests.act_as_owner_role();
  return v_answer;
end;
$$;

create temporary table operations (operation text primary key, subject text not null, more jsonb not null);
insert into operations values
  ('list_venues', '', '{}'), ('get_venue', 'venue', '{}'), ('get_venue_statistics', 'venue', '{}'), ('set_accepting', 'venue', '{"accepting": true}'),
  ('list_requests', 'venue', '{}'), ('create_request', 'venue', '{"singers": ["Kim"], "artist": "Zzyzx Quartet", "title": "First Song of the Tests"}'),
  ('get_request', 'request', '{}'), ('process_request', 'request', '{}'), ('unprocess_request', 'request', '{}'), ('cancel_request', 'request', '{}'),
  ('process_requests', 'requests', '{}');
select set_eq('select operation from private.request_interface_operations', 'select operation from operations', 'every operation is tried here');

create function pg_temp.arguments(p_subject text, p_more jsonb, p_venue uuid, p_request bigint)
returns jsonb
language sql
return p_more || case p_subject
  when 'venue' then jsonb_build_object('venue_id', p_venue)
  when 'request' then jsonb_build_object('request_id', p_request)
  when 'requests' then jsonb_build_object('request_ids', jsonb_build_array(p_request))
  else '{}'
end;

-- Not theirs is not there ------------------------------------------------------------------------------------------------

select is(
  (pg_temp.call('foreign', operation, pg_temp.arguments(subject, more, tests.id('hall'), tests.number('request of eve'))) - 'detail')
    = (pg_temp.call('foreign', operation, pg_temp.arguments(subject, more, gen_random_uuid(), 999999999999)) - 'detail'),
  true, operation || ': another organization''s is like none'
)
from operations where subject <> '';
select is(
  pg_temp.call(key, operation, pg_temp.arguments(subject, more, tests.id('hall'), tests.number('request of eve'))) ->> 'status', '404',
  format('%s with the key %s does not reach the hall', operation, key)
)
from operations cross join unnest(array['foreign', 'cellar']) as key
where subject <> '';
select is(
  (select string_agg(venue ->> 'name', ', ') from jsonb_array_elements(pg_temp.call(key, 'list_venues') #> '{body,venues}') as venue), names, format('the key %s sees its venues', key)
)
from (values ('all', 'Cellar of the tests, Hall of the tests'), ('cellar', 'Cellar of the tests'), ('foreign', 'Inn of the tests')) as listed (key, names);
select is(
  pg_temp.call('all', 'process_requests', jsonb_build_object('request_ids', jsonb_build_array(tests.number('request of eve'), tests.number('foreign request')))) ->> 'status',
  '404', 'one foreign request among one''s own refuses them all'
);
select results_eq(
  $$ select state from public.requests where id in (tests.number('request of eve'), tests.number('foreign request')) order by id $$, $$ values ('pending'), ('completed') $$,
  'and nothing has changed'
);
select is(
  pg_temp.call('all', 'list_requests', jsonb_build_object('venue_id', tests.id('hall'), 'state', state, 'after', id)),
  '{"status": 404, "code": "request_not_found", "detail": "There is no such request to go on after.", "hint": "Begin the list again."}'::jsonb,
  format('a list of %s goes on after no %s request', state, kind)
)
from (values ('foreign', tests.number('foreign request')), ('missing', 999999999999)) as last (kind, id)
cross join unnest(array['active', 'all']) as state;
-- The same key of an app says nothing about another key's request.
select is(
  (select count(distinct pg_temp.call(key, 'create_request', jsonb_build_object(
    'venue_id', tests.id(venue), 'singers', '["Kim"]'::jsonb, 'artist', 'Zzyzx Quartet', 'title', 'First Song of the Tests', 'idempotency_key', 'once'
  )) #>> '{body,id}') from (values ('all', 'hall'), ('all', 'hall'), ('foreign', 'inn')) as sent (key, venue)),
  2::bigint, 'an idempotency key belongs to its API key'
);

select is(
  pg_temp.call('all', 'create_request', jsonb_build_object(
    'venue_id', tests.id('hall'), 'singers', '["Kim"]'::jsonb, 'artist', 'Zzyzx Quartet', 'title', 'Second Song of the Tests', 'idempotency_key', 'once'
  )) ->> 'code',
  'idempotency_key_reused', 'and to one request'
);
delete from public.venue_opening_hours where venue_id = tests.id('hall');
insert into public.venue_opening_hours (venue_id, weekday, opens_at, closes_at)
select tests.id('hall'), extract(dow from now() at time zone 'UTC' + interval '3 days'), '20:00', '23:00';
update public.venues set accepting_requests = false where id = tests.id('hall');
select is(
  (closed ->> 'status', closed ->> 'code', (closed ->> 'retry_after')::integer between 86400 and 7 * 86400)::text,
  '(422,venue_closed,t)', 'a closed venue says when it opens by itself'
)
from pg_temp.call('all', 'create_request', jsonb_build_object(
  'venue_id', tests.id('hall'), 'singers', '["Kim"]'::jsonb, 'artist', 'Zzyzx Quartet', 'title', 'First Song of the Tests'
)) as closed;
update public.venues set accepting_requests = true where id = tests.id('hall');

-- Waiting ----------------------------------------------------------------------------------------------------------------

select pg_temp.make('system', 'alice', $$ tests.id('A'), 'System', array(select key from public.api_key_scopes), p_system_id => tests.id('system') $$);
select pg_temp.make('nora', 'adam', $$ tests.id('A'), 'Adam''s', array['requests:read'] $$);
create function pg_temp.waiting()
returns text
language sql
return (
  select string_agg(keys.name, ' ' order by keys.name)
  from private.request_interface_serials((select jsonb_agg(jsonb_build_object('key', secret, 'address', '198.51.100.7') order by name) from keys)) as found
  join (select name, row_number() over (order by name) as place from keys) as keys using (place)
  join private.organization_counters as counter
    on counter.organization_id = tests.id(case keys.name when 'foreign' then 'B' else 'A' end) and counter.openkj_serial = found.serial
);
select is(pg_temp.waiting(), 'all cellar foreign nora read system', 'whoever waits is told where their own organization is');
update public.api_keys set revoked_at = now() where name = 'Read';
update public.api_keys set expires_at = now() where name = 'Cellar';
update public.api_keys set allowed_networks = '{203.0.113.0/24}' where name = 'All' and organization_id = tests.id('B');
update public.organization_members set status = 'revoked' where organization_id = tests.id('A') and user_id = tests.id('adam');
select is(pg_temp.waiting(), 'all system', 'a key that is revoked, over, used elsewhere, or whose maker left, waits for nothing');
update public.api_keys set revoked_at = null, expires_at = null, allowed_networks = null where organization_id in (tests.id('A'), tests.id('B'));
delete from keys where name = 'nora';

-- A key for one system reaches the venues where its book applies.
insert into public.systems (organization_id, name) values (tests.id('A'), 'Other rig');
update public.venues set system_id = (select id from public.systems where name = 'Other rig' and organization_id = tests.id('A')) where id = tests.id('cellar');
select is(
  (select string_agg(venue ->> 'name', ', ') from jsonb_array_elements(pg_temp.call('system', 'list_venues') #> '{body,venues}') as venue), 'Hall of the tests',
  'a key made for one system sees the venues with its book'
);
select is(
  pg_temp.call('system', 'list_requests', jsonb_build_object('venue_id', tests.id(venue))) ->> 'status', status, 'and works with them only: ' || venue
)
from (values ('hall', '200'), ('cellar', '404'), ('inn', '404')) as tried (venue, status);
select is(pg_temp.call('system', 'get_request', jsonb_build_object('request_id', tests.number('request of eve'))) ->> 'status', '200', 'and with their requests');

-- Scopes -----------------------------------------------------------------------------------------------------------------

select is(
  pg_temp.call('read', operations.operation, pg_temp.arguments(subject, more, tests.id('hall'), tests.number('request of eve'))) ->> 'status',
  case when known.scope_key = 'requests:read' then '200' else '403' end, format('%s with requests:read alone', operations.operation)
)
from operations join private.request_interface_operations as known using (operation);
select is(pg_temp.call('missing', operation) ->> 'status', '401', operation || ' without a key') from operations;
select is(pg_temp.call('all', operation) ->> 'status', '403', format('"%s" is no operation', operation)) from unnest(array['', 'drop', 'LIST_VENUES']) as operation;

select * from finish();
rollback;
