-- One song at a time, by hand.
begin;
\ir ../support/actors.psql
select no_plan();

select private.book_stage_add(tests.id('system'), '[
  {"artist": "Queen", "title": "Bohemian Rapsody"}, {"artist": "Queen", "title": "One Vision"}, {"artist": "ABBA", "title": "SOS"}
]') \g /dev/null
select private.book_publish(tests.id('system')) \g /dev/null
create temporary table song as
select name, private.find_book_song(tests.id('system'), artist, title) as id
from (values ('wrong', 'Queen', 'Bohemian Rapsody'), ('vision', 'Queen', 'One Vision'), ('sos', 'ABBA', 'SOS')) as song (name, artist, title);
grant select on song to public;

create function tests.letters()
returns text[]
language sql
stable
return (select coalesce(array_agg(letter || ':' || artists || ':' || songs order by letter), '{}') from private.browse_book_letters(tests.id('system')));

-- Adding ---------------------------------------------------------------------------------------------------------------

select is(
  tests.answer('alice', $$ select public.add_song(tests.id('system'), ' Adele ', ' Hello ') is not null as added $$), '[{"added": true}]',
  'a song is added'
);
select results_eq(
  $$ select artist, title from private.book_song(tests.id('system'), private.find_book_song(tests.id('system'), 'adele', 'hello')) $$,
  $$ values ('Adele', 'Hello') $$, 'without the blanks around it'
);
select is(tests.letters(), array['A:2:2', 'Q:1:2'], 'and can be browsed');
select is((select title from private.newest_book_songs(tests.id('system'), 1)), 'Hello', 'and is the newest');
select is(private.book_size(tests.id('system')), 4, 'and counts');
select is(
  (select title from private.search_book(tests.id('system'), 'adele hello', 5, 0)), 'Hello', 'and is found'
);
select is(tests.attempt('alice', call), outcome, format('%s: %s', outcome, call))
from (values
  ($$ select public.add_song(tests.id('system'), 'ADELE', 'Hello!') $$, '409 song_already_exists'),
  ($$ select public.add_song(tests.id('system'), '', 'Hello') $$, '400 invalid_artist'),
  ($$ select public.add_song(tests.id('system'), 'Adele', null) $$, '400 invalid_title'),
  ($$ select public.add_song(tests.id('system'), repeat('x', 256), 'Hello') $$, '400 invalid_artist'),
  ($$ select public.add_song(tests.id('system'), 'Adele', repeat('x', 256)) $$, '400 invalid_title'),
  ($$ select public.add_song(gen_random_uuid(), 'Adele', 'Hello') $$, '404 system_not_found'),
  ($$ select public.add_song(tests.id('foreign system'), 'Adele', 'Hello') $$, '404 system_not_found')
) as example (call, outcome);

-- Many at once ---------------------------------------------------------------------------------------------------------

select is(
  tests.answer('mia', $$
    select
      done - 'songs' as counts,
      (select jsonb_agg(song -> 'outcome') from jsonb_array_elements(done -> 'songs') as song) as outcomes,
      (select jsonb_agg(song -> 'problem') from jsonb_array_elements(done -> 'songs') as song where song ->> 'song_id' is null) as problems
    from public.add_songs(tests.id('system'), '[
      {"artist": " Cher ", "title": "Believe"}, {"artist": "", "title": "x"}, {"artist": "CHER", "title": "believe!"},
      {"artist": "adele", "title": "hello"}, 7, {"artist": "Cher", "title": "Strong Enough"}
    ]') as done
  $$),
  '[{
    "counts": {"added": 2, "present": 2, "invalid": 2},
    "outcomes": ["added", "invalid", "present", "present", "invalid", "added"],
    "problems": ["The artist is empty.", "Not an object with artist and title."]
  }]',
  'each song sent is told what became of it'
);
select is(tests.letters(), array['A:2:2', 'C:1:2', 'Q:1:2'], 'and the new ones are in the book');
select is(private.book_size(tests.id('system')), 6, 'and count');
insert into song values ('believe', private.find_book_song(tests.id('system'), 'cher', 'believe'));
select is(
  tests.answer('stan', $$ select found.artist, found.title from song, public.get_song(tests.id('system'), song.id) as found where song.name = 'believe' $$),
  '[{"artist": "Cher", "title": "Believe"}]', 'a song is looked up as the host spells it'
);
select is(
  tests.answer('alice', $$
    select jsonb_array_length(done -> 'songs') as songs, done -> 'added' as added, done -> 'present' as present
    from public.add_songs(tests.id('system'), (
      select jsonb_agg(jsonb_build_object('artist', 'Many', 'title', 'Song ' || n % 5000)) from generate_series(1, 10000) as n
    )) as done
  $$),
  '[{"songs": 10000, "added": 5000, "present": 5000}]', 'ten thousand are taken at once'
);
select is(private.book_size(tests.id('system')), 5006, 'also by a book that becomes a long one');
select is(tests.attempt(who, call), outcome, format('%s: %s, by %s', outcome, call, who))
from (values
  ('alice', $$ select public.add_songs(tests.id('system'), '[]') $$, '400 invalid_songs'),
  ('alice', $$ select public.add_songs(tests.id('system'), '{}') $$, '400 invalid_songs'),
  ('alice', $$ select public.add_songs(tests.id('system'), null) $$, '400 invalid_songs'),
  ('alice', $$ select public.add_songs(tests.id('system'), (select jsonb_agg(n) from generate_series(1, 10001) as n)) $$, '400 invalid_songs'),
  ('alice', $$ select public.add_songs(tests.id('foreign system'), '[{"artist": "A", "title": "B"}]') $$, '404 system_not_found'),
  ('stan', $$ select public.add_songs(tests.id('system'), '[{"artist": "A", "title": "B"}]') $$, '403 permission_denied'),
  ('alice', $$ select * from public.get_song(tests.id('system'), -1) $$, '404 song_not_found'),
  ('alice', $$ select * from public.get_song(tests.id('foreign system'), 1) $$, '404 system_not_found')
) as example (who, call, outcome);
update private.rate_limit_counters set used = 10 where rate_limit_key = 'song_bulk_additions' and subject = tests.id('A')::text;
select is(
  tests.attempt('alice', $$ select public.add_songs(tests.id('system'), '[{"artist": "A", "title": "B"}]') $$), '429 rate_limited',
  'ten lists an hour'
);
select private.replace_book(tests.id('system'), array_agg(song.spelling_id), array_agg(song.artist_id))
from private.book_songs(tests.id('system')) as song
join private.song_spellings as spelling on spelling.id = song.spelling_id
where spelling.artist not in ('Many', 'Cher')
\g /dev/null

-- Editing --------------------------------------------------------------------------------------------------------------

select is(
  tests.answer('mia', $$ select public.update_song(tests.id('system'), song.id, null, 'Bohemian Rhapsody') <> song.id as moved from song where name = 'wrong' $$),
  '[{"moved": true}]', 'a corrected word makes it another song'
);
select is_empty(
  $$ select private.book_song(tests.id('system'), id) from song where name = 'wrong' $$, 'and the wrong one is gone'
);
select is(
  tests.answer('mia', $$ select public.update_song(tests.id('system'), song.id, 'QUEEN', null) = song.id as same from song where name = 'vision' $$),
  '[{"same": true}]', 'another spelling is the same song'
);
select results_eq(
  $$ select artist, title from private.book_song(tests.id('system'), (select id from song where name = 'vision')) $$,
  $$ values ('QUEEN', 'One Vision') $$, 'spelled as wished, with what was left out unchanged'
);
select is(tests.letters(), array['A:2:2', 'Q:1:2'], 'an artist spelled in two ways is one artist');
select is(private.book_size(tests.id('system')), 4, 'and the book is as large as before');
select is(tests.attempt('alice', call), outcome, format('%s: %s', outcome, call))
from (values
  ($$ select public.update_song(tests.id('system'), (select id from song where name = 'sos'), 'queen', 'one vision') $$, '409 song_already_exists'),
  ($$ select public.update_song(tests.id('system'), (select id from song where name = 'wrong'), null, 'x') $$, '404 song_not_found'),
  ($$ select public.update_song(tests.id('system'), -1, null, 'x') $$, '404 song_not_found'),
  ($$ select public.update_song(tests.id('system'), (select id from song where name = 'sos'), ' ', null) $$, '400 invalid_artist'),
  ($$ select public.update_song(tests.id('system'), (select id from song where name = 'sos')) $$, '1')
) as example (call, outcome);

-- Deleting -------------------------------------------------------------------------------------------------------------

select tests.answer('alice', $$ select public.delete_song(tests.id('system'), id) from song where name = 'sos' $$) \g /dev/null
select is(private.find_book_song(tests.id('system'), 'ABBA', 'SOS'), null, 'a deleted song is gone');
select is(tests.letters(), array['A:1:1', 'Q:1:2'], 'and its artist with it');
select is(
  tests.attempt('alice', $$ select public.delete_song(tests.id('system'), id) from song where name = 'sos' $$), '404 song_not_found', 'once'
);
-- An upload after edits ------------------------------------------------------------------------------------------------

select private.book_stage_open(tests.id('system')) \g /dev/null
select private.book_stage_add(tests.id('system'), '[
  {"artist": "Queen", "title": "Bohemian Rapsody"}, {"artist": "Queen", "title": "One Vision"}, {"artist": "ABBA", "title": "SOS"}
]') \g /dev/null
select results_eq(
  $$ select changed, songs from private.book_publish(tests.id('system')) $$, $$ values (true, 3) $$,
  'an upload replaces what was edited, even when it is the same one as before'
);
select is(private.find_book_song(tests.id('system'), 'ABBA', 'SOS'), (select id from song where name = 'sos'), 'with the ids of before');
select is(tests.letters(), array['A:1:1', 'Q:1:2'], 'and browsing follows');

select is(
  tests.answer('alice', $$ select public.clear_song_book(tests.id('system')) as songs $$), '[{"songs": 3}]', 'a book can be cleared'
);
select is(private.book_size(tests.id('system')), 0, 'then it is empty');
select is(tests.attempt('alice', call), outcome, format('%s: %s', outcome, call))
from (values
  ($$ select public.clear_song_book(gen_random_uuid()) $$, '404 system_not_found'),
  ($$ select public.clear_song_book(tests.id('foreign system')) $$, '404 system_not_found'),
  ($$ select public.clear_song_book(null) $$, '404 system_not_found')
) as example (call, outcome);
update private.rate_limit_counters set used = 5 where rate_limit_key = 'song_book_clearings' and subject = tests.id('A')::text;
select is(tests.attempt('alice', $$ select public.clear_song_book(tests.id('system')) $$), '429 rate_limited', 'five times an hour');
select is(tests.letters(), '{}', 'for browsing too');
select is(
  tests.answer('alice', $$ select public.add_song(tests.id('system'), 'First', 'Song') > 0 as added $$), '[{"added": true}]',
  'and songs can be added again'
);

-- Between short and long books -----------------------------------------------------------------------------------------

select private.book_stage_open(tests.id('system')) \g /dev/null
select private.book_stage_add(tests.id('system'), (
  select jsonb_agg(jsonb_build_object('artist', 'Artist ' || n % 50, 'title', 'Title ' || n)) from generate_series(1, 1999) as n
)) \g /dev/null
select private.book_publish(tests.id('system')) \g /dev/null
create function tests.is_listed()
returns boolean
language sql
stable
return (
  select book.spelling_ids @> private.book_spellings(book.system_id) and book.spelling_ids <@ private.book_spellings(book.system_id)
    and book.spelling_words is not distinct from (
      select array_agg(spelling.words order by listed.place)
      from unnest(book.spelling_ids) with ordinality as listed (spelling_id, place)
      join private.song_spellings as spelling on spelling.id = listed.spelling_id
    )
  from private.books as book
  where book.system_id = tests.id('system')
);
select tests.answer('alice', $$ select public.add_song(tests.id('system'), 'Extra', 'Number one') $$) \g /dev/null
select is(tests.is_listed(), true, 'a book of 2,000 songs is short');
select is((select count(*) from private.search_book(tests.id('system'), 'extra', 5, 0)), 1::bigint, 'and finds its last song');
select tests.answer('alice', $$ select public.add_song(tests.id('system'), 'Extra', 'Number two') $$) \g /dev/null
select is(tests.is_listed(), null, 'one of 2,001 is long');
select is((select count(*) from private.search_book(tests.id('system'), 'extra', 5, 0)), 2::bigint, 'and finds both');
create temporary table extra as select private.find_book_song(tests.id('system'), 'Extra', 'Number one') as id;
grant select on extra to public;
select tests.answer('alice', $$ select public.delete_song(tests.id('system'), id) from extra $$) \g /dev/null
select is(tests.is_listed(), true, 'and short again with one less');
select is((select count(*) from private.search_book(tests.id('system'), 'extra', 5, 0)), 1::bigint, 'without the one that left');

-- What the audit log says ----------------------------------------------------------------------------------------------

create view tests.entries as
select entry.id, person.name as who, entry.operation, entry.old_values - 'song_id' as old, entry.new_values - 'song_id' as new
from public.audit_entries as entry
left join tests.names as person on person.id = entry.actor_id
where entry.table_name = 'song_books' and entry.row_key = tests.id('system')::text;
select results_eq(
  'select who, operation, old, new from tests.entries order by id limit 4',
  $$ values
     (null, 'import', '{"songs": 0}'::jsonb, '{"songs": 3}'::jsonb),
     ('alice', 'insert', null, '{"artist": "Adele", "title": "Hello"}'),
     ('mia', 'insert', null, '{"songs_added": 2}'),
     ('alice', 'insert', null, '{"songs_added": 5000}') $$,
  'uploads, single songs and many at once are one entry each'
);
select is(
  (select count(*) from tests.entries where operation = 'update' and old ->> 'title' <> new ->> 'title') > 0, true, 'a correction tells both'
);
select results_eq(
  $$ select old from tests.entries where operation = 'delete' and old ? 'songs' $$, $$ values ('{"songs": 3}'::jsonb) $$,
  'so does clearing a book, when there was anything'
);

select * from finish();
rollback;
