-- Favourite songs and venues: whose they are, what is the same, and what a venue has of them.
begin;
\ir support/actors.psql
\ir support/night.psql
select no_plan();

create function pg_temp.add_song(p_artist text, p_title text, p_key_change integer default 0, p_metadata jsonb default '{}')
returns text
language sql
return format(
  'insert into public.favorite_songs (artist, title, key_change, metadata) values (%L, %L, %L, %L)', p_artist, p_title, p_key_change, p_metadata
);

-- Songs ----------------------------------------------------------------------------------------------------------------

select is(tests.attempt(actor, pg_temp.add_song('Queen', 'Bohemian Rhapsody')), '1', actor || ' adds a favourite song')
from unnest(array['eve', 'gus', 'stan']) as actor;
select is(tests.attempt(actor, pg_temp.add_song('Queen', 'Bohemian Rhapsody')), '42501', actor || ' does not')
from unnest(array['anon', 'mallory', 'nora', 'bea', 'service']) as actor;
select is(
  tests.attempt('eve', pg_temp.add_song('zzyzx  QUARTET', 'First song of the tests')), '23505', 'the same song is there once, however it is written'
);
select is(
  tests.attempt('eve', pg_temp.add_song('Zzyzx Quartet', 'First Song of the Tests', -3)), '1', 'in another key it is another favourite'
);
select is(tests.attempt('eve', pg_temp.add_song(artist, title, key_change, metadata)), outcome, label)
from (values
  (null, 'T', 0, '{}'::jsonb, '23502', 'a favourite has an artist'),
  ('A', '   ', 0, '{}', '23502', 'and a title'),
  (repeat('x', 256), 'T', 0, '{}', '400 invalid_artist', 'of at most 255 characters'),
  ('A', 'T', 13, '{}', '23514', 'a key within twelve semitones'),
  ('A', 'T', 0, '[]', '23514', 'and notes that are an object'),
  ('A', 'T', 0, jsonb_build_object('x', repeat(md5('x'), 200) || (select string_agg(md5(n::text), '') from generate_series(1, 200) as n)), '23514', 'of a bearable size')
) as bad (artist, title, key_change, metadata, outcome, label);
select is(
  tests.attempt('eve', $$ insert into public.favorite_songs (user_id, artist, title) values (tests.id('gus'), 'A', 'T') $$), '42501',
  'nobody adds favourites for others'
);
select is(tests.attempt('eve', $$ update public.favorite_songs set artist = 'Other' $$), '42501', 'a favourite does not become another song');
select is(
  tests.attempt('eve', $$ update public.favorite_songs set key_change = 2, metadata = '{"note": "slowly"}' $$), '1', 'key and notes change, only one''s own'
);
select is(tests.attempt('eve', $$ delete from public.favorite_songs where user_id = tests.id('gus') $$), '0', 'those of others are not there to remove');

select tests.act_as('eve');
insert into public.favorite_songs (artist, title, key_change) values
  ('  The   Qwxv ', 'Third Song of the Tests', 0), ('Beyoncé', '100% Pure', 1), ('Nobody', 'Unknown Song', 0);
select tests.act_as_owner_role();
select is(
  tests.answer('eve', $$ select artist, title, key_change, is_available from public.list_favorite_songs(p_venue_id => tests.id('hall')) $$),
  '[{"artist": "Beyoncé", "title": "100% Pure", "key_change": 1, "is_available": false},
    {"artist": "Nobody", "title": "Unknown Song", "key_change": 0, "is_available": false},
    {"artist": "The Qwxv", "title": "Third Song of the Tests", "key_change": 0, "is_available": true},
    {"artist": "Zzyzx Quartet", "title": "First Song of the Tests", "key_change": 0, "is_available": true}]'::jsonb,
  'they come by artist and title, and a venue tells which of them it has'
);
select is(
  tests.answer('eve', $$ select song_id from public.list_favorite_songs('qwxv', p_venue_id => tests.id('hall')) $$),
  jsonb_build_array(jsonb_build_object('song_id', tests.number('third song'))), 'with the id to ask for'
);
select is(
  tests.answer('eve', $$ select distinct is_available, song_id from public.list_favorite_songs(p_venue_id => tests.id('mill')) $$),
  '[{"is_available": false, "song_id": null}]', 'a venue without a book has none'
);
select is(
  tests.answer('eve', $$ select distinct is_available, total_count from public.list_favorite_songs() $$),
  '[{"is_available": null, "total_count": 4}]', 'without a venue nothing is said about it'
);
select is(
  tests.answer('eve', format('select artist from public.list_favorite_songs(%s)', arguments)), expected::jsonb, format('list_favorite_songs(%s)', arguments)
)
from (values
  ('p_search => ''beyonce pure''', '[]'), ('p_search => ''BEYONCE''', '[{"artist": "Beyoncé"}]'), ('p_title => ''%''', '[{"artist": "Beyoncé"}]'),
  ('p_artist => ''third''', '[]'), ('p_title => ''unknown''', '[{"artist": "Nobody"}]'), ('p_limit => 1, p_page => 2', '[{"artist": "Nobody"}]')
) as asked (arguments, expected);
select is(
  tests.answer('gus', 'select artist from public.list_favorite_songs()'), '[{"artist": "Zzyzx Quartet"}]', 'a guest has favourites of their own'
);
select is(tests.attempt('eve', format('select * from public.list_favorite_songs(%s)', arguments)), outcome, format('list_favorite_songs(%s) is refused', arguments))
from (values
  ('p_limit => 0', '400 invalid_page'), ('p_limit => 101', '400 invalid_page'), ('p_page => 0', '400 invalid_page')
) as asked (arguments, outcome);
insert into tests.names (name) values ('nowhere');
select is(
  tests.attempt('eve', $$ select * from public.list_favorite_songs(p_venue_id => tests.id('nowhere')) $$), '404 venue_not_found', 'a venue must be there'
);
select tests.act_as('stan');
select public.set_show_pin(tests.id('hall'), '4711')
\g /dev/null
select tests.act_as_owner_role();
select is(
  tests.attempt('eve', $$ select * from public.list_favorite_songs(p_venue_id => tests.id('hall')) $$), '403 pin_required', 'a PIN guards what the book has'
);

update private.settings set value = '4' where key = 'favorite_songs_maximum';
select is(tests.attempt('eve', pg_temp.add_song('One', 'Too Many')), '422 too_many_favorites', 'the list has an end');
select is(tests.attempt('gus', pg_temp.add_song('One', 'More')), '1', 'for each person');

-- Venues ---------------------------------------------------------------------------------------------------------------

select is(tests.attempt('eve', $$ insert into public.favorite_venues (venue_id) values (tests.id('hall')) $$), '23505', 'a venue is there once');
select is(tests.attempt('eve', $$ insert into public.favorite_venues (venue_id) values (tests.id('nowhere')) $$), '404 venue_not_found', 'it must be there');
select is(
  tests.attempt('eve', $$ insert into public.favorite_venues (user_id, venue_id) values (tests.id('gus'), tests.id('inn')) $$), '42501', 'nobody adds for others'
);
select is(tests.attempt(actor, $$ insert into public.favorite_venues (venue_id) values (tests.id('inn')) $$), outcome, actor || ' and a favourite venue')
from (values ('gus', '1'), ('stan', '1'), ('anon', '42501'), ('mallory', '42501'), ('nora', '42501'), ('service', '42501')) as tried (actor, outcome);
insert into public.favorite_venues (user_id, venue_id, created_at) values (tests.id('eve'), tests.id('inn'), now() + interval '1 minute');
select is(
  tests.answer('eve', 'select name, is_archived, total_count from public.list_favorite_venues()'),
  '[{"name": "Inn of the tests", "is_archived": false, "total_count": 2}, {"name": "Hall of the tests", "is_archived": false, "total_count": 2}]'::jsonb,
  'those added last come first'
);
select is(
  tests.answer('eve', format('select name from public.list_favorite_venues(%s)', arguments)), expected::jsonb, format('list_favorite_venues(%s)', arguments)
)
from (values
  ('p_search => ''inn''', '[{"name": "Inn of the tests"}]'), ('p_city => ''TEST'', p_limit => 1', '[{"name": "Inn of the tests"}]'),
  ('p_state => ''t''', '[]'), ('p_state => ''ts'', p_page => 2, p_limit => 1', '[{"name": "Hall of the tests"}]')
) as asked (arguments, expected);
select tests.act_as('alice');
select public.archive_venue(tests.id('hall'))
\g /dev/null
select tests.act_as_owner_role();
select is(
  tests.answer('eve', $$ select name, is_archived, accepting_requests from public.list_favorite_venues('hall') $$),
  '[{"name": "Hall of the tests", "is_archived": true, "accepting_requests": false}]', 'an archived venue stays and says so'
);
delete from public.favorite_venues where user_id = tests.id('eve') and venue_id = tests.id('hall');
select is(
  tests.attempt('eve', $$ insert into public.favorite_venues (venue_id) values (tests.id('hall')) $$), '404 venue_not_found', 'but is not added any more'
);
update private.settings set value = '1' where key = 'favorite_venues_maximum';
select is(tests.attempt('eve', $$ insert into public.favorite_venues (venue_id) values (tests.id('cellar')) $$), '422 too_many_favorites', 'the list has an end');

-- What is kept about a person contains them, and goes with the person.
select is(
  tests.answer('eve', $$ select jsonb_array_length(public.export_account() -> 'favorite_songs') as songs, public.export_account() #>> '{favorite_venues,0,venue}' as venue $$),
  '[{"songs": 4, "venue": "Inn of the tests"}]', 'they are in the export of the account'
);
delete from auth.users where id = tests.id('eve');
select is_empty($$ select from public.favorite_songs where user_id = tests.id('eve') $$, 'and go with the account');

select * from finish();
rollback;
