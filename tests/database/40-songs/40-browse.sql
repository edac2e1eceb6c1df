-- Looking through a book without a query.
begin;
\ir ../support/actors.psql
select no_plan();

select private.book_stage_add(tests.id('system'), jsonb_agg(jsonb_build_object('artist', artist, 'title', title)))
from (values
  ('ABBA', 'Waterloo'), ('Abba', 'Chiquitita'), ('abba', 'Fernando'), ('a-ha', 'Take On Me'), ('The Animals', 'House of the Rising Sun'),
  ('Ärzte', 'Westerland'), ('U2', 'One'), ('2Pac', 'Changes'), ('!!!', 'Yadnus'), ('東京事変', '群青日和'), ('Zaz', 'Je veux'),
  ('The The', 'Uncertain Smile')
) as song (artist, title)
\g /dev/null
select private.book_publish(tests.id('system')) \g /dev/null
select private.book_stage_add(tests.id('foreign system'), '[{"artist": "ABBA", "title": "SOS"}, {"artist": "Aerosmith", "title": "Crazy"}]') \g /dev/null
select private.book_publish(tests.id('foreign system')) \g /dev/null

select is(
  tests.answer('anon', $$ select letter, artists, songs from public.browse_letters(tests.id('hall')) $$),
  '[{"letter": "#", "artists": 2, "songs": 2}, {"letter": "A", "artists": 4, "songs": 6}, {"letter": "T", "artists": 1, "songs": 1},
    {"letter": "U", "artists": 1, "songs": 1}, {"letter": "Z", "artists": 1, "songs": 1}, {"letter": "東", "artists": 1, "songs": 1}]',
  'letters count artists and songs of this book; accents and a leading "the" do not matter; digits and symbols are under "#"'
);
select is(
  tests.answer('anon', $$ select artist, songs, total_count from public.browse_artists(tests.id('hall'), 'a') $$),
  '[{"artist": "ABBA", "songs": 3, "total_count": 4}, {"artist": "a-ha", "songs": 1, "total_count": 4},
    {"artist": "The Animals", "songs": 1, "total_count": 4}, {"artist": "Ärzte", "songs": 1, "total_count": 4}]',
  'the artists of a letter are in order, once each, written as in this book'
);
select is(
  tests.answer('anon', $$ select artist from public.browse_artists(tests.id('hall'), 'A', 2, 1) $$),
  '[{"artist": "a-ha"}, {"artist": "The Animals"}]', 'and come in pages'
);
select is(
  tests.answer('anon', $$ select artist from public.browse_artists(tests.id('hall'), '#') $$),
  '[{"artist": "!!!"}, {"artist": "2Pac"}]', 'digits and symbols are one group'
);
select is(
  tests.answer('anon', $$ select artist from public.browse_artists(tests.id('hall'), 'Ä') $$),
  tests.answer('anon', $$ select artist from public.browse_artists(tests.id('hall'), 'A') $$), 'a letter with an accent is the letter'
);
select is(tests.answer('anon', $$ select artist from public.browse_artists(tests.id('hall'), 'Q') $$), '[]', 'a letter without artists is empty');
select is(
  tests.answer('anon', $$ select artist, title from public.browse_artist(tests.id('hall'), 'Abba') $$),
  '[{"artist": "Abba", "title": "Chiquitita"}, {"artist": "abba", "title": "Fernando"}, {"artist": "ABBA", "title": "Waterloo"}]',
  'the songs of an artist are in order of title, in every spelling, and only those of this book'
);
select is(
  tests.answer('anon', $$ select title from public.browse_artist(tests.id('hall'), 'ABBA', 1, 1) $$), '[{"title": "Fernando"}]', 'and come in pages'
);
select is(
  (select array_agg(title) from private.browse_book(tests.id('system'), 'A', 100, 0)),
  array['Chiquitita', 'Fernando', 'Waterloo', 'Take On Me', 'House of the Rising Sun', 'Westerland'],
  'the songs under a letter are in order of artist and title'
);
select is(
  (select array_agg(title) from private.browse_book(tests.id('system'), 'A', 3, 2)),
  array['Waterloo', 'Take On Me', 'House of the Rising Sun'], 'and come in pages across artists'
);

-- For the people who keep the book -------------------------------------------------------------------------------------

select is(
  (select array_agg(title) from private.browse_book(tests.id('system'), null, 100, 0)),
  array['Yadnus', 'Changes', 'Chiquitita', 'Fernando', 'Waterloo', 'Take On Me', 'House of the Rising Sun', 'Westerland',
    'Uncertain Smile', 'One', 'Je veux', '群青日和'],
  'without a letter the whole book is in order'
);
select is(
  tests.answer('stan', $$ select title, total_count from public.list_songs(tests.id('system'), null, 2, 3) $$),
  '[{"title": "Fernando", "total_count": 12}, {"title": "Waterloo", "total_count": 12}]', 'a member pages through the whole book'
);
select is(
  tests.answer('stan', $$ select title, total_count from public.list_songs(tests.id('system'), 'u') $$),
  '[{"title": "One", "total_count": 1}]', 'or through a letter'
);
select is(
  tests.answer('stan', $$ select title, total_count from public.list_songs(tests.id('system'), p_artist => 'abba', p_limit => 1, p_offset => 1) $$)
    #>> '{0,total_count}',
  (select songs::text from private.browse_book_artists(tests.id('system'), 'a', 100, 0) where artist = 'ABBA'), 'or an artist'
);
select is(
  tests.answer('stan', $$ select title, total_count from public.list_songs(tests.id('system'), p_query => 'watrloo') $$),
  '[{"title": "Waterloo", "total_count": 1}]', 'or searches it'
);
select is(tests.attempt('stan', call), outcome, format('%s: %s', outcome, call))
from (values
  ($$ select * from public.list_songs(tests.id('system'), p_query => ' ') $$, '400 invalid_query'),
  ($$ select * from public.list_songs(tests.id('system'), p_artist => ' ') $$, '400 invalid_artist'),
  ($$ select * from public.list_songs(tests.id('system'), 'a', p_query => 'love') $$, '400 invalid_filter')
) as example (call, outcome);
select is(tests.attempt('eve', $$ select * from public.list_songs(tests.id('system')) $$), '404 system_not_found', 'nobody else does');
select is(
  tests.attempt('stan', $$ select * from public.list_songs(tests.id('system'), 'xx') $$), '400 invalid_letter', 'a letter is one character'
);

select is(
  tests.answer('anon', $$ select distinct title from public.newest_songs(tests.id('inn')) order by title $$),
  '[{"title": "Crazy"}, {"title": "SOS"}]', 'the newest songs of a first upload are its songs'
);
select private.book_stage_open(tests.id('foreign system')) \g /dev/null
select private.book_stage_add(tests.id('foreign system'), '[{"artist": "ABBA", "title": "SOS"}, {"artist": "Adele", "title": "Hello"}]') \g /dev/null
select private.book_publish(tests.id('foreign system')) \g /dev/null
select is(
  tests.answer('anon', $$ select title from public.newest_songs(tests.id('inn')) $$),
  '[{"title": "Hello"}, {"title": "SOS"}]', 'added songs come first and songs that left are gone'
);
select is(
  (select array_agg(title order by title) from private.random_book_songs(tests.id('foreign system'), 20)), array['Hello', 'SOS'],
  'a lucky dip draws from the book only, and each song once'
);
select is(
  (select count(*) from private.random_book_songs(tests.id('system'), 5)), 5::bigint, 'and as many as asked for'
);
select cmp_ok(
  (select count(distinct title) from generate_series(1, 60) as n cross join lateral private.random_book_songs(tests.id('system'), n * 0 + 1)),
  '>', 3::bigint, 'not always the same'
);

select is(tests.attempt('anon', call), outcome, format('%s: %s', outcome, call))
from (values
  ($$ select * from public.browse_letters(gen_random_uuid()) $$, '404 venue_not_found'),
  ($$ select * from public.browse_artists(gen_random_uuid(), 'A') $$, '404 venue_not_found'),
  ($$ select * from public.browse_artist(gen_random_uuid(), 'ABBA') $$, '404 venue_not_found'),
  ($$ select * from public.newest_songs(gen_random_uuid()) $$, '404 venue_not_found'),
  ($$ select * from public.random_songs(gen_random_uuid()) $$, '404 venue_not_found'),
  ($$ select * from public.browse_artists(tests.id('hall'), '') $$, '400 invalid_letter'),
  ($$ select * from public.browse_artists(tests.id('hall'), 'AB') $$, '400 invalid_letter'),
  ($$ select * from public.browse_artists(tests.id('hall'), 'A', 101) $$, '400 invalid_limit'),
  ($$ select * from public.browse_artist(tests.id('hall'), ' ') $$, '400 invalid_artist'),
  ($$ select * from public.browse_artist(tests.id('hall'), 'Nobody') $$, '0'),
  ($$ select * from public.newest_songs(tests.id('hall'), 0) $$, '400 invalid_limit'),
  ($$ select * from public.random_songs(tests.id('hall'), 101) $$, '400 invalid_limit')
) as example (call, outcome);

select * from finish();
rollback;
