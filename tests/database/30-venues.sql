-- Venues and systems: numbers, url names, what the world finds and what it does not.
begin;
\ir support/actors.psql
select no_plan();

create function pg_temp.add(p_name text, p_url_name text default null, p_organization text default 'A', p_more text default null)
returns public.venues
language plpgsql
as $$
declare
  v_venue public.venues;
begin
  insert into public.venues (organization_id, name, url_name, address, city, state, postal_code)
  values (tests.id(p_organization), p_name, p_url_name, '1 Main Street', 'Testville', 'TS', '12345')
  returning * into v_venue;
  return v_venue;
end;
$$;

-- Numbers --------------------------------------------------------------------------------------------------------------

select results_eq(
  $$ select openkj_venue_id from public.venues where organization_id = tests.id('A') order by 1 $$, array[1001, 1002],
  'an organization counts its venues from 1001'
);
select is((select openkj_venue_id from public.venues where id = tests.id('inn')), 1001, 'each organization its own');
select is((pg_temp.add('Numbered')).openkj_venue_id, 1003, 'one after the other');
delete from public.venues where organization_id = tests.id('A') and openkj_venue_id = 1003;
select is((pg_temp.add('Numbered again')).openkj_venue_id, 1004, 'a number is never used again');
select is((select openkj_system_id from public.systems where id = tests.id('system')), 1, 'systems are counted from 1');
insert into public.systems (organization_id, name, openkj_system_id) values (tests.id('A'), 'Second', 77);
select is((select openkj_system_id from public.systems where name = 'Second' and organization_id = tests.id('A')), 2, 'whatever the writer says');
delete from public.systems where name = 'Second';
insert into public.systems (organization_id, name) values (tests.id('A'), 'Third');
select is((select openkj_system_id from public.systems where name = 'Third' and organization_id = tests.id('A')), 3, 'and not used again');

-- Systems, listed
select is(
  tests.answer('stan', $$ select openkj_system_id, name, song_count, venue_count, total_count from public.list_systems(tests.id('A')) $$),
  '[{"openkj_system_id": 1, "name": "Karaoke system", "song_count": 0, "venue_count": 3, "total_count": 2}, {"openkj_system_id": 3, "name": "Third", "song_count": 0, "venue_count": 0, "total_count": 2}]'::jsonb,
  'systems are listed with their songs and venues'
);
select is(
  tests.answer('stan', format('select name from public.list_systems(tests.id(''A''), %s)', arguments)), expected::jsonb, format('list_systems(%s)', arguments)
)
from (values ('''THIRD''', '[{"name": "Third"}]'), ('''%''', '[]'), ('null, 2, 1', '[{"name": "Third"}]')) as asked (arguments, expected);
select is(tests.attempt('bob', $$ select * from public.list_systems(tests.id('A')) $$), '404 organization_not_found', 'of one''s own organization');

-- A first venue comes with its organization, or neither.
select is(
  tests.answer('eve', $$ select public.create_organization('With a venue', 'Europe/Paris', '{"name": "Zqxj First", "address": "1", "city": "Paris", "state": "FR", "postal_code": "75001", "country": "France"}') is not null as made $$),
  '[{"made": true}]', 'an organization is made with its first venue'
);
select is((select openkj_venue_id from public.venues where name = 'Zqxj First'), 1001, 'which is its number 1001');
select is(
  tests.attempt('eve', format('select public.create_organization(''With a venue'', ''UTC'', %L)', venue)), outcome, 'or not at all: ' || venue
)
from (values ('{"name": "Zqxj First"}', '23502'), ('{"name": " ", "address": "1", "city": "Paris", "state": "FR", "postal_code": "75001"}', '23514')) as tried (venue, outcome);

-- Url names ------------------------------------------------------------------------------------------------------------

select is((pg_temp.add('  Zqxj Café & Bar! ')).url_name, 'zqxj-cafe-bar', 'a url name is made from the name, transliterated');
select is((pg_temp.add('Zqxj Cafe Bar')).url_name, 'zqxj-cafe-bar-2', 'taken ones get a number');
select is((pg_temp.add('zqxj CAFÉ bar', null, 'B')).url_name, 'zqxj-cafe-bar-3', 'over all organizations');
select is((pg_temp.add('Zqxjstraße Ærø Łódź')).url_name, 'zqxjstrasse-aero-lodz', 'letters of other alphabets become ours where they can');
select is((pg_temp.add(name)).url_name, expected, name || ' in Latin letters')
from (values
  ('Караоке «Щегол» на Ёлке', 'karaoke-shchegol-na-yolke'), ('Київська Ґава Ї', 'kiyivska-gava-yi'), ('Ταβέρνα του Ήλιου ΩΜΕΓΑ', 'taverna-tou-iliou-omega'),
  ('Ђорђе Љубав', 'djordje-ljubav'), ('Bar Москва 24', 'bar-moskva-24')
) as named (name, expected);
select matches((pg_temp.add('カラオケ館')).url_name, '^venue-[0-9]+$', 'a name with nothing to transliterate gets a number');
select matches((pg_temp.add('!!!')).url_name, '^venue-[0-9]+$', 'and so does one without any letter');
select matches((pg_temp.add('Admin')).url_name, '^admin-[0-9]+$', 'words that apps use are not given away');
select is((pg_temp.add(repeat('zqxjlong ', 20))).url_name, rtrim(left(repeat('zqxjlong-', 20), 100), '-'), 'a long name is cut');
select is(char_length((pg_temp.add(repeat('zqxjlong ', 20))).url_name) <= 100, true, 'also when it needs a number');
select is((pg_temp.add('Chosen', 'zqxj-chosen')).url_name, 'zqxj-chosen', 'a url name may be chosen');
select is((pg_temp.add('Empty choice zqxj', '')).url_name, 'empty-choice-zqxj', 'an empty choice is none');
select throws_ok($$ select pg_temp.add('Chosen', 'zqxj-chosen', 'B') $$, 'PT409', 'url_name_taken', 'a chosen one that is taken is refused');
select throws_ok($$ select pg_temp.add('Chosen', 'admin') $$, 'PT400', 'url_name_reserved', 'and so is a reserved one');
select throws_ok(format('select pg_temp.add(%L, %L)', 'Chosen', bad), '23514', null, format('"%s" is no url name', bad))
from unnest(array['Zqxj', 'zqxj bar', '-zqxj', 'zqxj-', 'zqxj--bar', 'zqxj/bar', 'zqxj''bar', repeat('x', 101), 'zqxjé']) as bad;

update public.venues set name = 'Zqxj Renamed' where url_name = 'zqxj-cafe-bar';
select is((select url_name from public.venues where name = 'Zqxj Renamed'), 'zqxj-cafe-bar', 'renaming keeps the url name');
update public.venues set url_name = 'zqxj-moved' where url_name = 'zqxj-cafe-bar';
select is((public.find_venue('zqxj-cafe-bar')).url_name, 'zqxj-moved', 'a former url name leads to the venue');
select is((public.find_venue('zqxj-moved')).name, 'Zqxj Renamed', 'as does the present one');
select matches((pg_temp.add('Zqxj Café Bar', null, 'B')).url_name, '^zqxj-cafe-bar-[0-9]+$', 'a former url name is not given to others');
select throws_ok($$ select pg_temp.add('Thief', 'zqxj-cafe-bar', 'B') $$, 'PT409', 'url_name_taken', 'not even when they ask for it');
update public.venues set url_name = 'zqxj-cafe-bar' where url_name = 'zqxj-moved';
select is((public.find_venue('zqxj-moved')).url_name, 'zqxj-cafe-bar', 'its venue may have it back');
select is(
  tests.attempt('alice', $$ update public.venues set url_name = 'zqxj-by-hand' where url_name = 'zqxj-cafe-bar' $$), '42501',
  'members do not change url names: they are on posters'
);

-- Changing one --------------------------------------------------------------------------------------------------------

select tests.act_as('adam');
select is(public.change_url_name(tests.id('hall'), ' Zqxj-Poster '), 'zqxj-poster', 'who may create venues may give one another url name');
select is(public.change_url_name(tests.id('hall'), 'zqxj-poster'), 'zqxj-poster', 'again is harmless');
select tests.act_as_owner_role();
select is((public.find_venue('hall-of-the-tests')).url_name, 'zqxj-poster', 'the former one leads on')
where exists (select from private.venue_url_names where url_name = 'hall-of-the-tests' and venue_id = tests.id('hall'));
select is(tests.attempt('alice', format('select public.change_url_name(tests.id(''hall''), %L)', wanted)), outcome, coalesce(wanted, 'nothing') || ' as a url name')
from (values
  ('admin', '400 url_name_reserved'), ('zqxj-cafe-bar', '409 url_name_taken'), ('zqxj bar', '400 invalid_url_name'), ('', '400 invalid_url_name'),
  (null, '400 invalid_url_name'), (repeat('x', 101), '400 invalid_url_name'), ('zqxj--bar', '400 invalid_url_name'), ('бар', '400 invalid_url_name')
) as tried (wanted, outcome);
select is(tests.attempt(actor, $$ select public.change_url_name(tests.id('hall'), 'zqxj-taken-over') $$), outcome, actor || ' and the url name of the hall')
from (values ('bob', '404 venue_not_found'), ('rex', '404 venue_not_found'), ('mia', '403 permission_denied'), ('stan', '403 permission_denied'), ('anon', '42501')) as tried (actor, outcome);
select tests.act_as('adam');
select public.change_url_name(tests.id('hall'), 'zqxj-poster-' || n) from generate_series(2, 5) as n
\g /dev/null
select tests.act_as_owner_role();
select is(tests.attempt('adam', $$ select public.change_url_name(tests.id('hall'), 'zqxj-poster-6') $$), '429 rate_limited', 'nobody gathers url names');

-- What a venue may be --------------------------------------------------------------------------------------------------

select is(
  tests.attempt('alice', format('update public.venues set %s where id = tests.id(''hall'')', change)), '23514', change || ' is refused'
)
from unnest(array[
  'name = ''''', 'name = ''   ''', format('name = %L', repeat('x', 256)), 'website = ''javascript:alert(1)''', 'website = ''https://x y''',
  'phone_number = ''555''', 'latitude = 91', 'longitude = -181', 'latitude = null', 'latitude = ''nan''', 'state = ''T''',
  'website = ''https://x"onclick''', format('postal_code = %L', repeat('1', 21))
]) as change;
select is(
  tests.attempt('alice', $$ update public.venues set name = '  The   Hall ' where id = tests.id('hall') and name = 'Hall of the tests' $$), '1',
  'blanks around a name are taken away'
);
select is(
  tests.attempt('alice', $$ update public.venues set system_id = tests.id('foreign system') where id = tests.id('hall') $$), '23503',
  'a venue uses no system of others'
);
select is(
  tests.attempt('alice', $$ delete from public.systems where id = tests.id('system') $$), '1', 'a system that no venue names may go'
);
update public.venues set system_id = tests.id('system') where id = tests.id('hall');
select is(
  tests.attempt('alice', $$ delete from public.systems where id = tests.id('system') $$), '409 system_in_use', 'one that a venue names may not'
);
select is(
  tests.attempt('alice', $$ insert into public.venues (organization_id, name, address, city, state, postal_code, openkj_venue_id)
    values (tests.id('A'), 'X', 'X', 'X', 'TS', 'X', 1) $$), '42501', 'numbers are not chosen'
);
select is(
  tests.attempt('bob', $$ insert into public.venues (organization_id, name, url_name, address, city, state, postal_code)
    values (tests.id('A'), 'X', 'zqxj-planted', 'X', 'X', 'TS', 'X') $$), '42501', 'nobody plants a venue in another organization'
);
select is_empty($$ select from private.venue_url_names where url_name = 'zqxj-planted' $$, 'and no url name stays behind');

-- A private function's rights are no way in: updates touch only what the policy shows.
select is(tests.attempt('bob', $$ update public.venues set name = 'Taken over' where id = tests.id('hall') $$), '0', 'a foreign venue is not there to change');

-- Finding --------------------------------------------------------------------------------------------------------------

select is(
  tests.answer('anon', format('select (public.find_venue(%L)).id', (select url_name from public.venues where id = tests.id('hall')))),
  jsonb_build_array(jsonb_build_object('id', tests.id('hall'))), 'everybody finds a venue by its url name'
);
select is(
  tests.answer('anon', format('select (public.find_venue(%L)).id', '  ' || upper((select url_name from public.venues where id = tests.id('hall'))) || ' ')),
  jsonb_build_array(jsonb_build_object('id', tests.id('hall'))), 'in whatever case it was typed'
);
select is(
  tests.answer('gus', format('select (public.find_venue(%L)).name', (select url_name from public.venues where id = tests.id('cellar')))),
  '[{"name": "Cellar of the tests"}]', 'a private venue is found by its url name'
);
select is(tests.attempt('gus', format('select public.find_venue(%L)', bad)), '404 venue_not_found', 'an unknown one is not found')
from unnest(array['zqxj-nowhere', '', '%', '../admin', repeat('x', 100000), null]) as bad;
select set_eq(
  $$ select jsonb_object_keys(to_jsonb(public.find_venue((select url_name from public.venues where id = tests.id('hall'))))) $$,
  array['id', 'url_name', 'name', 'address', 'city', 'state', 'postal_code', 'country', 'phone_number', 'website', 'accepting_requests', 'latitude', 'longitude', 'opening_hours', 'opens_at', 'last_call_at', 'branding'],
  'the world sees a card of it, not whose it is'
);

-- Its page, which the QR code opens.
select is(
  (tests.answer(actor, format('select public.venue_page(%L) as page', (select url_name from public.venues where id = tests.id(venue)))) #>> '{0,page,url}'),
  private.setting('venue_page_url') || (select url_name from public.venues where id = tests.id(venue)), format('%s gets the page of the %s', actor, venue)
)
from (values ('anon', 'hall'), ('gus', 'hall'), ('stan', 'cellar'), ('alice', 'cellar')) as asked (actor, venue);
select is(
  tests.attempt(actor, format('select public.venue_page(%L)', (select url_name from public.venues where id = tests.id('cellar')))), '404 venue_not_found',
  'the page of a private venue is not for ' || actor
)
from unnest(array['anon', 'gus', 'bob', 'rex', 'sue', 'nora']) as actor;
select is(tests.attempt('alice', format('select public.venue_page(%L)', bad)), '404 venue_not_found', 'there is no page of an unknown venue')
from unnest(array['zqxj-nowhere', '', null]) as bad;

-- Nearby. The hall is 6.9 miles north of the inn; the cellar beside it is private, the mill has no place.
select results_eq(
  $$ select id, distance_miles, distance_kilometers from public.nearby_venues(-48.8767, -123.3933) $$,
  $$ values (tests.id('hall'), 0.00, 0.00), (tests.id('inn'), 6.91, 11.12) $$,
  'nearby venues come nearest first, in miles and kilometres with two decimals, without private ones'
);
select results_eq(
  $$ select id from public.nearby_venues(-48.8767, -123.3933, 6) $$, array[tests.id('hall')], 'within the radius'
);
select results_eq(
  $$ select id from public.nearby_venues(-48.9767, -123.3933, 25, 1) $$, array[tests.id('inn')], 'up to the limit'
);
update public.venues set accepting_requests = false where id = tests.id('hall');
select results_eq(
  $$ select id from public.nearby_venues(-48.8767, -123.3933, p_accepting => true) $$, array[tests.id('inn')], 'those that are open'
);
select results_eq(
  $$ select id from public.nearby_venues(-48.8767, -123.3933, p_accepting => false) $$, array[tests.id('hall')], 'or those that are not'
);
select pg_temp.add(name) from unnest(array['North Pole', 'South Pole']) as name
\g /dev/null
update public.venues set latitude = case name when 'North Pole' then 89.99 else -90 end, longitude = 10 where name like '% Pole' and organization_id = tests.id('A');
select results_eq(
  $$ select name, distance_miles < 3 from public.nearby_venues(89.99, -170) $$, $$ values ('North Pole', true) $$, 'at the pole every direction is near'
);
select results_eq($$ select name, distance_miles from public.nearby_venues(-90, 123) $$, $$ values ('South Pole', 0.00) $$, 'and every longitude one');
update public.venues set latitude = 45, longitude = 100 where name like '% Pole' and organization_id = tests.id('A');
update public.venues set accepting_requests = true where id = tests.id('hall');
select tests.act_as('stan');
select public.set_show_pin(tests.id('hall'), '4711')
\g /dev/null
select tests.act_as_owner_role();
select results_eq($$ select id from public.nearby_venues(-48.8767, -123.3933) $$, array[tests.id('inn')], 'a night with a PIN is not announced');
select tests.act_as('stan');
select public.close_show(tests.id('hall'))
\g /dev/null
select tests.act_as_owner_role();
select is((select count(*) from public.nearby_venues(-48.8767, -123.3933)), 2::bigint, 'the next one is');
update public.venues set accepting_requests = false where id = tests.id('hall');
select is_empty($$ select from public.nearby_venues(-20, 179.9, 100) where id = tests.id('hall') $$, 'nothing that is far away');
select pg_temp.add('Dateline')
\g /dev/null
update public.venues set latitude = -50, longitude = 179.95 where name = 'Dateline' and organization_id = tests.id('A');
select results_eq(
  $$ select name, distance_miles < 10 from public.nearby_venues(-50, -179.95) $$, $$ values ('Dateline', true) $$,
  'the date line is no border'
);
select is(
  tests.attempt('anon', format('select * from public.nearby_venues(%s)', arguments)), outcome, format('nearby_venues(%s)', arguments)
)
from (values
  ('90, 180', '0'), ('-90, -180', '0'),
  ('90.1, 0', '400 invalid_latitude'), ('null, 0', '400 invalid_latitude'), ('''nan'', 0', '400 invalid_latitude'), ('''infinity'', 0', '400 invalid_latitude'),
  ('0, -180.1', '400 invalid_longitude'), ('0, null', '400 invalid_longitude'), ('0, ''nan''', '400 invalid_longitude'),
  ('0, 0, 0.99', '400 invalid_radius'), ('0, 0, 100.1', '400 invalid_radius'), ('0, 0, null', '400 invalid_radius'), ('0, 0, ''nan''', '400 invalid_radius'),
  ('0, 0, 25, 0', '400 invalid_limit'), ('0, 0, 25, 51', '400 invalid_limit'), ('0, 0, 25, null', '400 invalid_limit'),
  ('0, 0, 1, 50', '0'), ('0, 0, 100, 1', '0')
) as tried (arguments, outcome);

-- Looking addresses up ---------------------------------------------------------------------------------------------

create temporary view task as
select task.revision, task.attempts, task.next_attempt_at, task.last_error from private.geocoding_tasks as task where task.venue_id = tests.id('mill');
select is((select count(*) from task), 1::bigint, 'a venue made without a position waits to be looked up');
select is_empty($$ select from private.geocoding_tasks where venue_id = tests.id('hall') $$, 'one with a position does not');
select results_eq(
  $$ select venue_id, address, country from private.claim_geocoding_tasks(1000) where venue_id = tests.id('mill') $$,
  $$ values (tests.id('mill'), '1 Main Street', 'USA') $$, 'the worker gets the address'
);
select is_empty($$ select from private.claim_geocoding_tasks(1000) $$, 'and nobody else does meanwhile');
select ok(private.finish_geocoding_task(tests.id('mill'), (select revision from task), 'failed', null, null, 'no answer'), 'a failure is written down');
select results_eq(
  'select attempts, next_attempt_at, last_error from task', $$ values (1, now() + interval '1 minute', 'no answer') $$, 'and tried again a minute later'
);
update private.geocoding_tasks set attempts = 5 where venue_id = tests.id('mill');
select private.finish_geocoding_task(tests.id('mill'), (select revision from task), 'failed', null, null, 'no answer')
\g /dev/null
select is((select next_attempt_at from task), null, 'five times in all');
select is(
  private.finish_geocoding_task(tests.id('mill'), gen_random_uuid(), 'found', 1, 2, null), false, 'an answer about a former address is worth nothing'
);
select is((select latitude from public.venues where id = tests.id('mill')), null, 'and changes nothing');
select is(private.finish_geocoding_task(tests.id('mill'), (select revision from task), 'found', 1, 2, null), true, 'a present one is');
select is((select (latitude, longitude) from public.venues where id = tests.id('mill')), row(1::float8, 2::float8), 'and becomes the position');
select is((select count(*) from task), 0::bigint, 'then nothing waits');
update public.venues set address = ' 1 Main Street  ', phone_number = '+4930123456', name = 'Mill again' where id = tests.id('mill');
select is((select latitude from public.venues where id = tests.id('mill')), 1::float8, 'what is no other address keeps it');

create function pg_temp.after(p_change text)
returns text
language plpgsql
as $$
declare
  v_after text;
begin
  execute format('update public.venues set %s where id = tests.id(''mill'')', p_change);
  select concat_ws(' ', coalesce(venue.latitude::text, 'nowhere'), (select 'waiting' from task)) into v_after
  from public.venues as venue
  where venue.id = tests.id('mill');
  raise exception using errcode = 'UNDO0', message = v_after;
exception
  when sqlstate 'UNDO0' then
    return sqlerrm;
end;
$$;
select is(pg_temp.after(change), outcome, 'after ' || change)
from (values
  ('address = ''2 Other Street''', 'nowhere waiting'), ('city = ''Elsewhere''', 'nowhere waiting'), ('state = ''XX''', 'nowhere waiting'),
  ('postal_code = ''9''', 'nowhere waiting'), ('country = ''Canada''', 'nowhere waiting'),
  ('address = ''2 Other Street'', latitude = 5, longitude = 6', '5'), ('latitude = null, longitude = null', 'nowhere'),
  ('accepting_requests = false', '1')
) as tried (change, outcome);
update public.venues set city = 'Elsewhere' where id = tests.id('mill');
select is((select count(*) from task), 1::bigint, 'another address waits');
update public.venues set latitude = 5, longitude = 6 where id = tests.id('mill');
select is((select count(*) from task), 0::bigint, 'until somebody enters a position');

-- Archiving ------------------------------------------------------------------------------------------------------------

select tests.act_as('alice');
select public.set_accepting(tests.id('hall'), true);
select public.set_request_state((public.add_walk_up(tests.id('hall'), array['Ann'], p_artist => 'A', p_title => 'A')).id, 'performing');
select public.set_request_state((public.add_walk_up(tests.id('hall'), array['Ben'], p_artist => 'B', p_title => 'B')).id, 'accepted');
select public.add_walk_up(tests.id('hall'), array['Cho'], p_artist => 'C', p_title => 'C');
select lives_ok($$ select public.archive_venue(tests.id('hall')) $$, 'a venue is archived');
select lives_ok($$ select public.archive_venue(tests.id('hall')) $$, 'again is harmless');
select tests.act_as_owner_role();
select ok((select archived_at is not null and not accepting_requests from public.venues where id = tests.id('hall')), 'and closed');
select results_eq(
  $$ select title || ' ' || state from public.requests where venue_id = tests.id('hall') and title in ('A', 'B', 'C') order by title $$,
  array['A completed', 'B cleared', 'C cleared'], 'its queue is cleared'
);
select is((select count(*) from public.shows where venue_id = tests.id('hall') and closed_at is null), 0::bigint, 'its night ends');
select is(
  tests.attempt('anon', format('select public.find_venue(%L)', (select url_name from public.venues where id = tests.id('hall')))),
  '404 venue_not_found', 'nobody finds it any more'
);
select results_eq($$ select id from public.nearby_venues(-48.8767, -123.3933) $$, array[tests.id('inn')], 'not even nearby');
select is(tests.attempt('alice', $$ select from public.venues where id = tests.id('hall') $$), '1', 'its members still see it');
select is(tests.attempt('alice', $$ select public.set_accepting(tests.id('hall'), true) $$), '404 venue_not_found', 'it does not open again');
select is(
  tests.attempt('eve', $$ select public.submit_request(tests.id('hall'), null, 'A', 'B', array['Eve']) $$), '404 venue_not_found',
  'nobody asks for songs there'
);
select is(tests.attempt('eve', $$ select * from public.public_queue(tests.id('hall')) $$), '404 venue_not_found', 'or reads its queue');
select is(tests.attempt('eve', $$ select * from public.search_songs(tests.id('hall'), 'x') $$), '404 venue_not_found', 'or its book');
select is(
  tests.attempt('alice', $$ update public.venues set archived_at = null where id = tests.id('hall') $$), '42501', 'nobody brings it back by hand'
);
select is(
  tests.attempt('alice', format('update public.venues set %s where id = tests.id(''hall'')', change)), outcome, format('%s: %s', change, outcome)
)
from (values ('accepting_requests = true', '42501'), ('city = ''Elsewhere'', system_id = null', '1')) as changes (change, outcome);

-- Accepting ------------------------------------------------------------------------------------------------------------

select is(tests.attempt('stan', $$ select public.set_accepting(tests.id('cellar'), null) $$), '400 invalid_accepting', 'open or closed must be said');
select tests.act_as('stan');
select public.set_accepting(tests.id('cellar'), false)
\g /dev/null
select tests.act_as_owner_role();
select is((select accepting_requests from public.venues where id = tests.id('cellar')), false, 'the person at the desk closes the venue');
select is(
  tests.attempt('stan', $$ update public.venues set accepting_requests = true where id = tests.id('cellar') $$), '0', 'without being able to change it otherwise'
);

-- Rules ----------------------------------------------------------------------------------------------------------------

select is((select count(*) from public.venue_rules where venue_id = tests.id('mill')), 1::bigint, 'a venue is made with its rules');
select is(
  tests.attempt('mia', format('update public.venue_rules set %s where venue_id = tests.id(''hall'')', change)), '23514', change || ' is refused'
)
from unnest(array[
  'max_active_requests = 0', 'max_active_requests = 101', 'cooldown_minutes = 0', 'cooldown_minutes = 1441', 'same_song = ''never''',
  'same_song = ''not_within_minutes''', 'max_requests_per_hour = 0', 'queue_order = ''random''', 'queue_visibility = ''everything'''
]) as change;
select is(tests.attempt('mia', $$ update public.venue_rules set venue_id = tests.id('inn') $$), '42501', 'rules do not move to another venue');

select * from finish();
rollback;
