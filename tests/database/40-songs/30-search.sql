-- A singer finds a song however they type it.
begin;
\ir ../support/actors.psql
select no_plan();

select private.book_stage_add(tests.id('system'), jsonb_agg(jsonb_build_object('artist', artist, 'title', title)))
from (values
  ('Queen', 'Bohemian Rhapsody'), ('Queen', 'Somebody To Love'), ('Queen', 'Love of My Life'), ('Queen', 'Killer Queen'),
  ('Queens of the Stone Age', 'No One Knows'), ('AC/DC', 'T.N.T.'), ('AC/DC', 'Thunderstruck'), ('Beyoncé', 'Halo'),
  ('Beyoncé', 'Crazy in Love'), ('The Beatles', 'Hey Jude'), ('The Beatles', 'The End'), ('The Beatles', 'Love Me Do'),
  ('Guns N'' Roses', 'Sweet Child O'' Mine'), ('Simon & Garfunkel', 'The Boxer'), ('P!nk', 'So What'), ('Ke$ha', 'TiK ToK'),
  ('blink-182', 'All the Small Things'), ('東京事変', '群青日和'), ('Sigur Rós', 'Hoppípolla'), ('U2', 'One'), ('!!!', 'Yadnus'),
  ('Haddaway', 'What Is Love'), ('Nazareth', 'Love Hurts'), ('100% Band', 'Under_score 50% Off'), ('Ben E. King', 'Stand by Me'),
  ('Love', 'Alone Again Or'), ('Foreigner', 'Love'), ('Otis', 'Lovely Day'), ('Édith Piaf', 'Non, je ne regrette rien')
) as song (artist, title)
\g /dev/null
select private.book_publish(tests.id('system')) \g /dev/null
select private.book_stage_add(tests.id('foreign system'), '[
  {"artist": "Queen", "title": "Bohemian Rhapsody"}, {"artist": "Secret Band", "title": "Hidden Song"}, {"artist": "QUEEN", "title": "Radio Ga Ga"}
]') \g /dev/null
select private.book_publish(tests.id('foreign system')) \g /dev/null

-- The same songs among thousands of others: long books are searched in another way than short ones.
insert into public.systems (organization_id, name) values (tests.id('B'), 'Long')
returning tests.name_id('long system', id) \g /dev/null
select private.book_stage_add(tests.id('long system'), (
  select jsonb_agg(jsonb_build_object('artist', spelling.artist, 'title', spelling.title))
  from private.song_spellings as spelling
  where spelling.id = any ((select book.spelling_ids from private.books as book where book.system_id = tests.id('system'))::integer[])
)) \g /dev/null
select private.book_stage_add(tests.id('long system'), (
  select jsonb_agg(jsonb_build_object('artist', 'Xx' || md5((n / 10)::text), 'title', 'Xx' || md5(n::text))) from generate_series(1, 2500) as n
)) \g /dev/null
select private.book_publish(tests.id('long system')) \g /dev/null

create function tests.found(p_query text, p_limit integer default 20, p_system text default 'system')
returns text[]
language sql
stable
return (
  select coalesce(array_agg(song.artist || ' - ' || song.title order by song.place), '{}')
  from private.search_book(tests.id(p_system), p_query, p_limit, 0, tests.id('hall')) with ordinality as song (id, artist, title, match, total, place)
);

select ok(song = any (tests.found(query, 20, book)), format('%L finds %s in the %s', query, song, book))
from unnest(array['system', 'long system']) as book
cross join (values
  ('queen bohemian rhapsody', 'Queen - Bohemian Rhapsody'),
  ('bohemian rhapsody queen', 'Queen - Bohemian Rhapsody'),
  ('rhapsody queen boh', 'Queen - Bohemian Rhapsody'),
  ('QUEEN BOHEM', 'Queen - Bohemian Rhapsody'),
  ('queen - bohemian', 'Queen - Bohemian Rhapsody'),
  ('queen b', 'Queen - Bohemian Rhapsody'),
  ('boh', 'Queen - Bohemian Rhapsody'),
  ('acdc', 'AC/DC - Thunderstruck'),
  ('ac dc', 'AC/DC - Thunderstruck'),
  ('ac/dc', 'AC/DC - Thunderstruck'),
  ('AC-DC thunder', 'AC/DC - Thunderstruck'),
  ('tnt', 'AC/DC - T.N.T.'),
  ('t n t', 'AC/DC - T.N.T.'),
  ('beyonce', 'Beyoncé - Halo'),
  ('beyoncé halo', 'Beyoncé - Halo'),
  ('beatles hey jude', 'The Beatles - Hey Jude'),
  ('the beatles the end', 'The Beatles - The End'),
  ('beatles end', 'The Beatles - The End'),
  ('heyjude', 'The Beatles - Hey Jude'),
  ('beatlesheyjude', 'The Beatles - Hey Jude'),
  ('guns and roses', 'Guns N'' Roses - Sweet Child O'' Mine'),
  ('guns n roses', 'Guns N'' Roses - Sweet Child O'' Mine'),
  ('guns n'' roses sweet child o mine', 'Guns N'' Roses - Sweet Child O'' Mine'),
  ('simon garfunkel', 'Simon & Garfunkel - The Boxer'),
  ('simon and garfunkel', 'Simon & Garfunkel - The Boxer'),
  ('pink so what', 'P!nk - So What'),
  ('p!nk', 'P!nk - So What'),
  ('kesha', 'Ke$ha - TiK ToK'),
  ('blink 182', 'blink-182 - All the Small Things'),
  ('blink182', 'blink-182 - All the Small Things'),
  ('beatles he', 'The Beatles - Hey Jude'),
  ('bo', 'Queen - Bohemian Rhapsody'),
  ('th', 'AC/DC - Thunderstruck'),
  ('東京', '東京事変 - 群青日和'),
  ('青日', '東京事変 - 群青日和'),
  ('hoppipolla', 'Sigur Rós - Hoppípolla'),
  ('u2', 'U2 - One'),
  ('u', 'U2 - One'),
  ('!!!', '!!! - Yadnus'),
  ('stand by me ben e king', 'Ben E. King - Stand by Me'),
  ('edith piaf', 'Édith Piaf - Non, je ne regrette rien')
) as expected (query, song);

-- Slips ----------------------------------------------------------------------------------------------------------------

select ok(song = any (tests.found(query, 20, book)), format('%L, mistyped, finds %s in the %s', query, song, book))
from unnest(array['system', 'long system']) as book
cross join (values
  ('qeen bohem', 'Queen - Bohemian Rhapsody'),
  ('queen bohemain', 'Queen - Bohemian Rhapsody'),
  ('quenn rapsody', 'Queen - Bohemian Rhapsody'),
  ('qeen love', 'Queen - Somebody To Love'),
  ('thunderstrukc', 'AC/DC - Thunderstruck'),
  ('beyonse', 'Beyoncé - Halo'),
  ('hadaway', 'Haddaway - What Is Love'),
  ('nazaret love', 'Nazareth - Love Hurts'),
  ('garfunkle', 'Simon & Garfunkel - The Boxer'),
  -- In the last word, which is not finished: a letter too few, too many, another one, two the wrong way round.
  ('bohmi', 'Queen - Bohemian Rhapsody'),
  ('queen bohmi', 'Queen - Bohemian Rhapsody'),
  ('queen bohhem', 'Queen - Bohemian Rhapsody'),
  ('queen bahem', 'Queen - Bohemian Rhapsody'),
  ('queen bohme', 'Queen - Bohemian Rhapsody'),
  ('thunsers', 'AC/DC - Thunderstruck'),
  ('acdc tunder', 'AC/DC - Thunderstruck'),
  ('beatles hye', 'The Beatles - Hey Jude'),
  ('qeen bohmi', 'Queen - Bohemian Rhapsody')
) as expected (query, song);
select is(
  (select array_agg(distinct song.match) from private.search_book(tests.id('system'), 'qeen bohem', 20, 0) as song), '{fuzzy}',
  'what was found by guessing is marked'
);
select ok(not 'Haddaway - What Is Love' = any (tests.found('halo')), 'nobody guesses when the words are there');

-- Order ----------------------------------------------------------------------------------------------------------------

-- Which of several comes first depends on what the catalogue knew before, and others share it.
select set_eq(
  $$ select artist || ' - ' || title from private.search_book(tests.id('system'), 'love', 2, 0) $$,
  $$ values ('Foreigner - Love'), ('Love - Alone Again Or') $$,
  'a title or an artist that is just the word is exact'
);
select is(
  (select array_agg(match) from private.search_book(tests.id('system'), 'love', 20, 0)),
  array['exact', 'exact', 'prefix', 'prefix', 'prefix', 'prefix', 'words', 'words', 'words'],
  'then songs with the word anywhere'
);
select private.count_song_request(tests.id('hall'), private.find_book_song(tests.id('system'), 'Beatles', 'Love Me Do')) \g /dev/null
select is((tests.found('love'))[3], 'The Beatles - Love Me Do', 'among equals the one asked for most often here comes first');
select is((tests.found('love'))[1], 'Foreigner - Love', 'but not before better matches');
select private.count_song_request(tests.id('inn'), private.find_book_song(tests.id('system'), 'Queen', 'Love of My Life'))
from generate_series(1, 3)
\g /dev/null
select is((tests.found('love'))[3], 'The Beatles - Love Me Do', 'what another venue asks for counts there');
select is(
  (select array_agg(distinct total_count) from private.search_book(tests.id('system'), 'love', 3, 0)), '{9}',
  'the total counts all that was found, not only the page'
);
select is(
  tests.found('love'),
  (select array_agg(song order by page, place) from (
    select page, place, artist || ' - ' || title as song
    from generate_series(0, 4) as page
    cross join lateral private.search_book(tests.id('system'), 'love', 2, page * 2, tests.id('hall')) with ordinality as found (id, artist, title, match, total, place)
  ) as paged),
  'pages follow each other without gaps or repeats'
);
select is(tests.found('love'), tests.found('love', 20, 'long system'), 'a long book is searched to the same result as a short one');
select is((select total_count from private.search_book(tests.id('long system'), 'x', 1, 0)), 100, 'the total is counted up to a limit');
select private.count_song_request(
  tests.id('hall'), (select max(song.song_id) from private.browse_book(tests.id('long system'), 'X', 2500, 0) as song)
) \g /dev/null
select is(
  (select found.song_id from private.search_book(tests.id('long system'), 'xx', 1, 0, tests.id('hall')) as found),
  (select max(song.song_id) from private.browse_book(tests.id('long system'), 'X', 2500, 0) as song),
  'a song that is asked for here is found among however many others'
);

-- Text is text ---------------------------------------------------------------------------------------------------------

select is(tests.found('%'), '{}', 'a percent sign is no wildcard');
select is(tests.found('_'), '{}', 'an underscore is no wildcard');
select is(tests.found('50%'), array['100% Band - Under_score 50% Off'], 'signs in a query are ignored like those in the songs');
select lives_ok(
  format('select * from private.search_book(tests.id(%L), %L, 20, 0)', book, query), format('%s is a harmless query to the %s', to_json(query), book)
)
from unnest(array['system', 'long system']) as book
cross join unnest(array[
  '''', '''''', '\', '\''', '#', '# #', '(', ')', '&', '|', '!', '<->', ':*', 'a:*', ':', '''; drop table songs; --', '*', '<>',
  'queen & !love', E'tab\tline\n', 'e', repeat('a', 200), repeat('a ', 100), repeat('東', 200), repeat('!', 200), U&'\FDFA', U&'\200D', U&'\+01F600'
]) as query;
select is(tests.found(U&'\200D'), '{}', 'a query without a visible sign finds nothing');

-- One book at a time ---------------------------------------------------------------------------------------------------

select is(tests.found('secret band'), '{}', 'a song of another host is not found');
select is(tests.found('secert band'), '{}', 'nor by a mistyped name');
select is(tests.found('radio ga ga'), '{}', 'nor one by an artist both have');
select is(tests.found('queen', 20, 'foreign system'), array['Queen - Bohemian Rhapsody', 'QUEEN - Radio Ga Ga'], 'each host finds their own');

select is_empty(
  $$ select oid::regprocedure::text from pg_proc
     where pronamespace = 'private'::regnamespace
       and proname in ('search_book', 'search_spellings', 'browse_book', 'browse_book_artist', 'browse_book_artists')
       and not proconfig @> array['jit=off'] $$,
  'no search waits for its plan to be compiled'
);

-- The call of the apps -------------------------------------------------------------------------------------------------

select is(
  tests.answer('anon', $$ select artist, title, match, total_count from public.search_songs(tests.id('hall'), 'bohemian') $$),
  '[{"artist": "Queen", "title": "Bohemian Rhapsody", "match": "prefix", "total_count": 1}]',
  'everybody may search the book of a venue'
);
select is(
  tests.answer('anon', $$ select title from public.search_songs(tests.id('inn'), 'radio') $$), '[{"title": "Radio Ga Ga"}]',
  'a venue without a chosen system uses the first one of its organization'
);
select is(tests.attempt('anon', call), outcome, format('%s: %s', outcome, call))
from (values
  ($$ select * from public.search_songs(gen_random_uuid(), 'love') $$, '404 venue_not_found'),
  ($$ select * from public.search_songs(null, 'love') $$, '404 venue_not_found'),
  ($$ select * from public.search_songs(tests.id('hall'), '') $$, '400 invalid_query'),
  ($$ select * from public.search_songs(tests.id('hall'), '   ') $$, '400 invalid_query'),
  ($$ select * from public.search_songs(tests.id('hall'), null) $$, '400 invalid_query'),
  ($$ select * from public.search_songs(tests.id('hall'), repeat('a', 201)) $$, '400 invalid_query'),
  ($$ select * from public.search_songs(tests.id('hall'), repeat('a', 200)) $$, '0'),
  ($$ select * from public.search_songs(tests.id('hall'), 'love', 0) $$, '400 invalid_limit'),
  ($$ select * from public.search_songs(tests.id('hall'), 'love', 101) $$, '400 invalid_limit'),
  ($$ select * from public.search_songs(tests.id('hall'), 'love', null) $$, '400 invalid_limit'),
  ($$ select * from public.search_songs(tests.id('hall'), 'love', 100) $$, '9'),
  ($$ select * from public.search_songs(tests.id('hall'), 'love', 1, 8) $$, '1'),
  ($$ select * from public.search_songs(tests.id('hall'), 'love', 20, 9) $$, '0'),
  ($$ select * from public.search_songs(tests.id('hall'), 'love', 20, -1) $$, '400 invalid_offset')
) as example (call, outcome);

-- A song that the venue blocked is found nowhere at it, and everywhere else.
create function tests.seen(p_venue text, p_title text)
returns text[]
language sql
return (
  select coalesce(array_agg(way order by way), '{}')
  from unnest(array[
    'search_songs(%L, ''love'')', 'search_songs(%L, ''crazy in love'')', 'search_songs(%L, ''beyonse'')', 'browse_artist(%L, ''Beyoncé'')',
    'newest_songs(%L, 100)', 'random_songs(%L, 100)', 'most_requested_songs(%L)', 'list'
  ]) as way
  where tests.answer('stan', case
    when way = 'list' then format('select title from public.list_songs(%L, p_artist => ''Beyoncé'')', tests.id('system'))
    else format('select title from public.' || way, tests.id(p_venue))
  end)::text like format('%%"%s"%%', p_title)
);
insert into public.venues (organization_id, system_id, name, address, city, state, postal_code)
values (tests.id('A'), tests.id('system'), 'Next Door', '2 Main Street', 'Testville', 'TS', '12345')
returning tests.name_id('next door', id) \g /dev/null
select private.count_song_request(venue, private.find_book_song(tests.id('system'), 'Beyoncé', 'Crazy in Love'))
from unnest(array[tests.id('hall'), tests.id('next door')]) as venue
\g /dev/null
select is(cardinality(tests.seen('hall', 'Crazy in Love')), 8, 'a song is found in all these ways');
insert into public.blocked_songs (venue_id, song_id, artist, title)
values (tests.id('hall'), private.find_book_song(tests.id('system'), 'Beyoncé', 'Crazy in Love'), 'Beyoncé', 'Crazy in Love');
select is(tests.seen('hall', 'Crazy in Love'), '{list}', 'once it is blocked, only its host still sees it');
select is(cardinality(tests.seen('next door', 'Crazy in Love')), 8, 'another venue with the same book is not concerned');

update public.venues set archived_at = now() where id = tests.id('inn');
select is(
  tests.attempt('anon', $$ select * from public.search_songs(tests.id('inn'), 'queen') $$), '404 venue_not_found',
  'an archived venue is not found'
);

select is(
  (
    select count(distinct song.song_id)
    from private.random_book_songs(tests.id('long system'), 20) as song
    where private.book_spelling(tests.id('long system'), song.song_id) is not null
  ),
  20::bigint, 'songs drawn by lot from a long book are in it'
);

select * from finish();
rollback;
