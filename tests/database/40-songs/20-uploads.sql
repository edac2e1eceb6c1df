-- A book comes in as batches, is staged, and replaces the live one in one step.
begin;
\ir ../support/actors.psql
select no_plan();

create function tests.songs(p_from integer, p_to integer)
returns jsonb
language sql
-- As OpenKJ sends them: backwards.
return (
  select coalesce(
    jsonb_agg(jsonb_build_object('artist', 'Artist ' || lpad((n / 7)::text, 5, '0'), 'title', 'Title ' || lpad(n::text, 6, '0')) order by n desc),
    '[]'
  )
  from generate_series(p_from, p_to) as n
);

create function tests.book(p_system text)
returns text[]
language sql
stable
return (
  select coalesce(array_agg(spelling.artist || ' - ' || spelling.title order by spelling.artist, spelling.title), '{}')
  from private.book_chunks as book
  cross join lateral private.chunk_spellings(book.chunk, book.members) as spelling_id
  join private.song_spellings as spelling on spelling.id = spelling_id
  where book.system_id = tests.id(p_system)
);

-- Staging and publishing -----------------------------------------------------------------------------------------------

select private.book_stage_open(tests.id('system')) \g /dev/null
select is(
  (select added.processed from private.book_stage_add(tests.id('system'), tests.songs(1, 20)) as added), 20,
  'a batch is taken as a whole'
);
select is(private.book_size(tests.id('system')), 0, 'what is staged is not in the book yet');
select results_eq(
  $$ select changed, songs from private.book_publish(tests.id('system')) $$, $$ values (true, 20) $$,
  'publishing makes the staged songs the book'
);
select is(cardinality(tests.book('system')), 20, 'the book has exactly the songs that were sent');
select results_eq(
  $$ select changed, songs from private.book_publish(tests.id('system')) $$, $$ values (false, 20) $$,
  'publishing again without an upload changes nothing'
);

select private.book_stage_add(tests.id('system'), tests.songs(1, 20)) \g /dev/null
select results_eq(
  $$ select changed, songs from private.book_publish(tests.id('system')) $$, $$ values (false, 20) $$,
  'the last batch sent again after publishing neither changes nor replaces the book'
);

create temporary table ids as select n, private.find_book_song(tests.id('system'), 'Artist 00000', 'Title 00000' || n) as id from generate_series(1, 6) as n;
select private.book_stage_open(tests.id('system')) \g /dev/null
select private.book_stage_add(tests.id('system'), tests.songs(1, 20)) \g /dev/null
select results_eq(
  $$ select changed, songs from private.book_publish(tests.id('system')) $$, $$ values (false, 20) $$,
  'an unchanged book is recognised'
);

select private.book_stage_open(tests.id('system')) \g /dev/null
select private.book_stage_add(tests.id('system'), tests.songs(1, 20)) \g /dev/null
select private.book_stage_add(tests.id('system'), tests.songs(21, 30)) \g /dev/null
select results_eq(
  $$ select changed, songs from private.book_publish(tests.id('system')) $$, $$ values (true, 30) $$,
  'a known batch and a new one make the book together'
);
select private.book_stage_open(tests.id('system')) \g /dev/null
select private.book_stage_add(tests.id('system'), tests.songs(21, 30)) \g /dev/null
select private.book_publish(tests.id('system')) \g /dev/null
select is(cardinality(tests.book('system')), 10, 'songs that are not in the new upload leave the book');
select private.book_stage_open(tests.id('system')) \g /dev/null
select private.book_stage_add(tests.id('system'), tests.songs(1, 20)) \g /dev/null
select private.book_publish(tests.id('system')) \g /dev/null
select is_empty(
  $$ select n from ids where id is distinct from private.find_book_song(tests.id('system'), 'Artist 00000', 'Title 00000' || n) $$,
  'songs keep their ids over uploads, also when they were gone in between'
);

-- An upload under way --------------------------------------------------------------------------------------------------

select private.book_stage_open(tests.id('system')) \g /dev/null
select private.book_stage_add(tests.id('system'), tests.songs(100, 110)) \g /dev/null
select is(cardinality(tests.book('system')), 20, 'an upload that was left changes nothing');
select private.book_stage_open(tests.id('system')) \g /dev/null
select private.book_stage_add(tests.id('system'), tests.songs(40, 44)) \g /dev/null
select private.book_stage_add(tests.id('system'), tests.songs(40, 44)) \g /dev/null
select private.book_publish(tests.id('system')) \g /dev/null
select is(cardinality(tests.book('system')), 5, 'starting anew drops what was staged, and a batch sent twice counts once');

select private.book_stage_add(tests.id('system'), tests.songs(50, 59)) \g /dev/null
select results_eq(
  $$ select changed, songs from private.book_publish(tests.id('system')) $$, $$ values (true, 10) $$,
  'songs without a start open an upload of their own'
);

select private.book_stage_open(tests.id('system')) \g /dev/null
select private.book_stage_add(tests.id('system'), '[]') \g /dev/null
select results_eq(
  $$ select changed, songs from private.book_publish(tests.id('system')) $$, $$ values (true, 0) $$,
  'an upload without songs empties the book'
);

-- What hosts write -----------------------------------------------------------------------------------------------------

select private.book_stage_open(tests.id('system')) \g /dev/null
select results_eq(
  $$ select added.processed, error ->> 'index', error ->> 'detail'
     from private.book_stage_add(tests.id('system'), jsonb_build_array(
       jsonb_build_object('artist', 'Good', 'title', 'Song'),
       jsonb_build_object('artist', '', 'title', 'No artist'),
       jsonb_build_object('artist', 'No title', 'title', '   '),
       jsonb_build_object('artist', repeat('x', 256), 'title', 'Long'),
       jsonb_build_object('artist', 'Long', 'title', repeat('x', 256)),
       jsonb_build_object('artist', 5, 'title', 'Number'),
       jsonb_build_object('artist', 'Missing'),
       'null', '"text"', '[]',
       jsonb_build_object('artist', repeat('é', 255), 'title', repeat('東', 255))
     )) as added
     cross join lateral jsonb_array_elements(added.errors) as error $$,
  $$ values
     (2, '1', 'The artist is empty.'),
     (2, '2', 'The title is empty.'),
     (2, '3', 'The artist is longer than 255 characters.'),
     (2, '4', 'The title is longer than 255 characters.'),
     (2, '5', 'The artist is missing or not a text.'),
     (2, '6', 'The title is missing or not a text.'),
     (2, '7', 'Not an object with artist and title.'),
     (2, '8', 'Not an object with artist and title.'),
     (2, '9', 'Not an object with artist and title.') $$,
  'a song that cannot be used is reported with its place and the others are taken'
);
select is(
  tests.attempt('postgres', $$ select private.book_stage_add(tests.id('system'), '{"artist": "A"}') $$), '400 songs_not_a_list',
  'something other than a list is refused'
);

select private.book_stage_open(tests.id('system')) \g /dev/null
select private.book_stage_add(tests.id('system'), jsonb_build_array(
  jsonb_build_object('artist', '  beyoncé ', 'title', 'Halo  (Live)'),
  jsonb_build_object('artist', U&'Beyonce\0301', 'title', 'Déjà Vu'),
  jsonb_build_object('artist', 'AC/DC', 'title', '"T.N.T."'),
  jsonb_build_object('artist', 'ACDC', 'title', 'TNT'),
  jsonb_build_object('artist', '東京事変', 'title', '群青日和'),
  jsonb_build_object('artist', '100%', 'title', E'back\\slash ''quote'' _')
)) \g /dev/null
select private.book_publish(tests.id('system')) \g /dev/null
select set_eq(
  $$ select unnest(tests.book('system')) $$,
  array[
    '  beyoncé  - Halo  (Live)', U&'Beyonce\0301 - Déjà Vu', 'AC/DC - "T.N.T."', '東京事変 - 群青日和', E'100% - back\\slash ''quote'' _'
  ],
  'texts stay as the host wrote them, byte by byte, and a song written in two ways is one song'
);

-- Two hosts ------------------------------------------------------------------------------------------------------------

select private.book_stage_add(tests.id('foreign system'), '[{"artist": "BEYONCE", "title": "halo live"}]') \g /dev/null
select private.book_publish(tests.id('foreign system')) \g /dev/null
select is(
  private.find_book_song(tests.id('foreign system'), 'Beyoncé', 'Halo Live'),
  private.find_book_song(tests.id('system'), 'Beyoncé', 'Halo Live'),
  'the same song in two books has one id'
);
select results_eq(
  $$ select artist, title from private.book_song(tests.id('foreign system'), private.find_book_song(tests.id('system'), 'beyonce', 'halo live')) $$,
  $$ values ('BEYONCE', 'halo live') $$,
  'each host keeps their own spelling of it'
);
select is_empty(
  $$ select * from private.book_song(tests.id('foreign system'), private.find_book_song(tests.id('system'), 'AC/DC', 'TNT')) $$,
  'a song of one host is not in the book of another'
);

-- OpenKJ's lost songs --------------------------------------------------------------------------------------------------

create function tests.upload_as_openkj(p_songs integer)
returns jsonb
language plpgsql
as $$
declare
  v_next integer := 1;
begin
  perform private.book_stage_open(tests.id('system'));
  -- Its loop reads one song too many per full batch and drops it.
  loop
    perform private.book_stage_add(tests.id('system'), tests.songs(v_next, least(v_next + 999, p_songs)));
    exit when v_next + 999 > p_songs;
    v_next := v_next + 1001;
  end loop;
  perform private.book_publish(tests.id('system'));
  return private.book_upload_report(tests.id('system'), 'published');
end;
$$;

select is(
  array[report -> 'batches', report -> 'songs_received', report -> 'missing_songs', report -> 'possibly_missing_songs'],
  expected::jsonb[], format('an OpenKJ with %s songs: batches, songs, missing and possibly missing songs are counted', songs)
)
from (values
  (0, '{1,0,0,0}'),
  (1, '{1,1,0,0}'),
  (999, '{1,999,0,0}'),
  (1000, '{2,1000,0,1}'),
  (1001, '{2,1000,0,1}'),
  (1002, '{2,1001,1,0}'),
  (2001, '{3,2000,1,1}'),
  (2003, '{3,2001,2,0}')
) as upload (songs, expected)
cross join lateral tests.upload_as_openkj(songs) as report;
select is(
  tests.upload_as_openkj(1500) -> 'missing_between',
  '[{"after": {"artist": "Artist 00142", "title": "Title 001000"}, "before": {"artist": "Artist 00143", "title": "Title 001002"}}]',
  'the neighbours of a lost song are named'
);
select private.book_stage_open(tests.id('system')) \g /dev/null
select private.book_stage_add(tests.id('system'), (select jsonb_agg(song order by md5(song::text)) from jsonb_array_elements(tests.songs(1, 1000)) as song)) \g /dev/null
select private.book_stage_add(tests.id('system'), (select jsonb_agg(song order by md5(song::text)) from jsonb_array_elements(tests.songs(1001, 1500)) as song)) \g /dev/null
select private.book_publish(tests.id('system')) \g /dev/null
select is(
  private.book_upload_report(tests.id('system'), 'published') -> 'missing_songs', '0',
  'a program that sends its songs in no order is not suspected of losing any'
);

-- Batches that are lost on their way --------------------------------------------------------------------------------------

-- Uploads these songs of a host as OpenKJ does, all but some batches, and ends it. After the first lost batch another copy of the
-- function answers when p_restarts. Returns "published" or the doubt, and the size of the book.
create function tests.send(p_kind text, p_numbers integer[], p_lost integer[] default '{}', p_restarts boolean default false)
returns text
language plpgsql
as $$
declare
  v_sender uuid := gen_random_uuid();
  v_batches integer := cardinality(p_numbers) / 1001 + 1;
  v_ended record;
begin
  perform private.book_stage_open(tests.id('long system'), v_sender);
  for v_number in 1..v_batches loop
    if v_number = any (p_lost) then
      v_sender := case when p_restarts then gen_random_uuid() else v_sender end;
      continue;
    end if;
    perform private.book_stage_add(
      tests.id('long system'),
      coalesce(
        jsonb_agg(jsonb_build_object('artist', p_kind || lpad((n / 7)::text, 5, '0'), 'title', 'Title ' || lpad(n::text, 6, '0')) order by n desc),
        '[]'
      ),
      v_sender
    )
    from unnest(p_numbers[v_number * 1001 - 1000 : v_number * 1001 - 1]) as n;
  end loop;
  select * into v_ended from private.book_stage_end(tests.id('long system'));
  return concat_ws(
    ', ',
    case when v_ended.published then 'published' else private.book_upload_report(tests.id('long system'), 'staged') ->> 'doubt' end,
    private.book_size(tests.id('long system'))
  );
end;
$$;

create function tests.numbers(p_from integer, p_to integer)
returns integer[]
language sql
return array(select generate_series(p_from, p_to));

insert into public.systems (organization_id, name) values (tests.id('A'), 'Long')
returning tests.name_id('long system', id) \g /dev/null

select is(tests.send('B', tests.numbers(1, 4004), '{2}'), 'published, 3000', 'a first book has nothing to be compared with');
select is(tests.send('B', tests.numbers(1, 4004)), 'published, 4000', 'a book that grows is published');
select is(tests.send('B', tests.numbers(1, 4004), '{3}'), 'gap, 4000', 'one without a batch in the middle waits, and the old one stays');
select is(tests.send('B', tests.numbers(1, 4004), '{1}'), 'gap, 4000', 'one without its first batch, too');
select is(tests.send('B', tests.numbers(1, 4004), '{1,2,3,4}', true), 'gap, 4000', 'one of which only the end came after a restart, too');
select is(
  tests.send('B', array(select n from generate_series(1, 4904) as n where n % 10 <> 0), '{3}'), 'gap, 4000',
  'one that the host has changed, too'
);
select is(
  tests.answer('alice', $$ select public.get_book_upload(tests.id('long system')) as upload $$) #>> '{0,upload,staged,doubt}', 'gap',
  'the host sees why it waits'
);
select private.book_stage_add(tests.id('long system'), '[]') \g /dev/null
select is(
  (select count(*) from private.book_drafts where system_id = tests.id('long system')), 0::bigint, 'what comes after its end is no part of it'
);
select is(
  tests.send('B', tests.numbers(1, 4004), '{3}') || tests.send('B', tests.numbers(1, 4004), '{3}'), 'gap, 4000gap, 4000',
  'the same again changes nothing'
);
select private.book_stage_add(tests.id('long system'), '[]') \g /dev/null
select is((select published from private.book_stage_end(tests.id('long system'))), false, 'nor does its last batch again');
select is_empty('select * from private.book_stage_expire(interval ''-1 second'')', 'time does not decide either');
select is(
  tests.answer('alice', $$ select public.publish_book_upload(tests.id('long system')) as result $$) #> '{0,result}',
  '{"changed": true, "songs": 3000}', 'the host can decide that it is right'
);
select is(tests.send('B', tests.numbers(1, 4004)), 'published, 4000', 'and the next upload brings the rest');

select is(
  tests.send('B', array(select n from generate_series(1, 4004) as n where n % 3 <> 0)), 'published, 2668',
  'a host may take out a third of the songs'
);
select tests.send('B', tests.numbers(1, 4004)) \g /dev/null
select is(
  tests.send('B', tests.numbers(1, 1500) || tests.numbers(3201, 4004)), 'published, 2302', 'or all of some artists'
);
select tests.send('B', tests.numbers(1, 4004)) \g /dev/null
select is(tests.send('B', tests.numbers(1, 2500)), 'published, 2498', 'or the last ones');
select is(tests.send('A', tests.numbers(1, 1500)), 'published, 1499', 'or bring another book');
select is(tests.send('C', tests.numbers(1, 4004), '{2}', true), 'published, 3000', 'which may lack something unseen when it is larger');
select is(
  private.book_upload_report(tests.id('long system'), 'published') -> 'is_interrupted', 'true', 'but the host sees that it was interrupted'
);
select is(tests.send('D', tests.numbers(1, 3003), '{2}', true), 'interrupted, 3000', 'and waits when it is smaller');
select is(tests.send('D', tests.numbers(1, 3003), '{4}', true), 'published, 3000', 'unless everything came');
select is(
  private.book_upload_report(tests.id('long system'), 'published') -> 'is_interrupted', 'false', 'from one copy of the function'
);
select is(tests.send('D', tests.numbers(2001, 2010)), 'published, 10', 'a small book may follow a large one');
select tests.send('D', tests.numbers(1, 3003)) \g /dev/null
select is(tests.send('D', '{}'), 'published, 0', 'and so may an empty one');

-- Silence --------------------------------------------------------------------------------------------------------------

-- Now is the same throughout a test, so "some seconds ago" is set by hand.
create function tests.wait(p_system text, p_time interval)
returns void
language sql
begin atomic
  update private.book_upload_batches as batch
  set received_at = batch.received_at - p_time
  from private.book_uploads as upload
  where upload.id = batch.upload_id and upload.system_id = tests.id(p_system);
end;

select private.book_stage_open(tests.id('system')) \g /dev/null
select private.book_stage_add(tests.id('system'), tests.songs(1, 1000)) \g /dev/null
select private.book_stage_add(tests.id('system'), tests.songs(1001, 2000)) \g /dev/null
select tests.wait('system', '9 seconds') \g /dev/null
select is_empty('select * from private.book_stage_expire()', 'an upload of full batches is given ten seconds');
select tests.wait('system', '2 seconds') \g /dev/null
select results_eq(
  'select system_id, changed, songs from private.book_stage_expire()', $$ values (tests.id('system'), true, 2000) $$,
  'after ten seconds of silence an upload of full batches is published'
);
select private.book_stage_open(tests.id('system')) \g /dev/null
select private.book_stage_add(tests.id('system'), tests.songs(1, 1000)) \g /dev/null
select tests.wait('system', '1 minute') \g /dev/null
select is_empty('select * from private.book_stage_expire()', 'one that would make the book much smaller waits for the host');
select is(
  tests.answer('alice', $$ select public.get_book_upload(tests.id('system')) as upload $$) #> '{0,upload,staged,songs_received}', '1000',
  'the host sees what is waiting'
);
select is(
  tests.answer('alice', $$ select public.publish_book_upload(tests.id('system')) as result $$) #> '{0,result}',
  '{"changed": true, "songs": 1000}', 'and can publish it'
);
select is(tests.attempt('alice', $$ select public.publish_book_upload(tests.id('system')) $$), '404 upload_not_found', 'once');

select private.book_stage_open(tests.id('system')) \g /dev/null
select private.book_stage_add(tests.id('system'), tests.songs(1, 5)) \g /dev/null
select tests.wait('system', '11 seconds') \g /dev/null
select results_eq(
  'select changed, songs from private.book_stage_expire()', $$ values (true, 5) $$,
  'an upload that ended but was never published, as when the server died between the two, is published'
);
select private.book_stage_add(tests.id('system'), tests.songs(6000, 6999)) \g /dev/null
select tests.answer('alice', $$ select public.discard_book_upload(tests.id('system')) $$) \g /dev/null
select is_empty(
  $$ select from private.book_uploads where system_id = tests.id('system') and state = 'staged' $$, 'the host can drop what is waiting'
);
select is(private.book_size(tests.id('system')), 5, 'and keeps the book');

select private.book_stage_add(tests.id('system'), tests.songs(6000, 6999)) \g /dev/null
select tests.wait('system', '2 hours') \g /dev/null
select private.book_stage_add(tests.id('system'), tests.songs(1, 7)) \g /dev/null
select private.book_publish(tests.id('system')) \g /dev/null
select is(private.book_size(tests.id('system')), 7, 'an upload left hours ago does not get into the next one');

select is_empty(
  $$ select from private.book_upload_batches where payload is not null or spelling_ids is not null or song_ids is not null $$,
  'nothing staged stays behind'
);

select * from finish();
rollback;
