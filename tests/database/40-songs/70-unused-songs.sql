-- Songs that nobody has any more leave the catalogue.
begin;
\ir ../support/actors.psql
\ir ../support/night.psql
select no_plan();

create function tests.upload(p_system text, p_songs text)
returns void
language plpgsql
as $$
begin
  perform private.book_stage_open(tests.id(p_system));
  perform private.book_stage_add(tests.id(p_system), p_songs::jsonb);
  perform private.book_publish(tests.id(p_system));
end;
$$;
create function tests.is_known(p_title text)
returns boolean
language sql
stable
return (select exists (select from private.song_spellings as spelling where spelling.artist = 'Qwxv Unused' and spelling.title = p_title));

select tests.upload('system', '[
  {"artist": "Qwxv Unused", "title": "Gone Qwxvfarewell"}, {"artist": "Qwxv Unused", "title": "Kept by the neighbour"},
  {"artist": "Qwxv Unused", "title": "Kept in another spelling"}, {"artist": "Qwxv Unused", "title": "Blocked"},
  {"artist": "Qwxv Unused", "title": "On its way"}, {"artist": "Qwxv Unused", "title": "Imported"},
  {"artist": "Qwxv Unused", "title": "Back again"}
]') \g /dev/null
select tests.upload('foreign system', '[
  {"artist": "Qwxv Unused", "title": "Kept by the neighbour"}, {"artist": "QWXV UNUSED", "title": "kept in another spelling"}
]') \g /dev/null
insert into public.blocked_songs (venue_id, song_id, artist, title)
values (tests.id('hall'), private.find_book_song(tests.id('system'), 'Qwxv Unused', 'Blocked'), 'Qwxv Unused', 'Blocked');
insert into private.song_popularity (venue_id, song_id)
values (tests.id('hall'), private.find_book_song(tests.id('system'), 'Qwxv Unused', 'Gone Qwxvfarewell'));
create temporary table gone as select private.find_book_song(tests.id('system'), 'Qwxv Unused', 'Gone Qwxvfarewell') as song_id;
select tests.upload('system', '[{"artist": "Qwxv Other", "title": "Song"}]') \g /dev/null
select private.book_stage_add(tests.id('system'), '[{"artist": "Qwxv Unused", "title": "On its way"}]') \g /dev/null
insert into private.song_import_runs (song_import_id) values (tests.id('import'));
insert into private.song_import_batches (song_import_id, number, fingerprints, spelling_ids)
select tests.id('import'), 0, '{}', found.spelling_ids
from private.find_spellings(array['Qwxv Unused'], array['Imported']) as found;

select private.remove_unused_songs() \g /dev/null
select ok(tests.is_known('Gone Qwxvfarewell'), 'a song stays for a month after the last book lost it');
select is(
  (
    select array_agg(split_part(song.fingerprint, U&'\001F', 2) order by song.fingerprint)
    from public.songs as song
    where song.fingerprint like 'qwxv unused%' and song.unused_since is not null
  ),
  array['back again', 'gone qwxvfarewell'], 'only what is in no book, on no way into one and not spoken of counts as unused'
);
select tests.upload('system', '[{"artist": "Qwxv Unused", "title": "Back again"}, {"artist": "Qwxv Unused", "title": "On its way"}]')
\g /dev/null
update public.songs as song set unused_since = song.unused_since - interval '31 days' where song.unused_since is not null;
select cmp_ok(private.remove_unused_songs(), '>=', 1, 'a month later it goes');
select is(tests.is_known('Gone Qwxvfarewell'), false, 'with its spellings');
select is(
  (select array_agg(word order by word) from private.song_words where word in ('qwxvfarewell', 'qwxv', 'back')), array['back', 'qwxv'],
  'and its words, unless another song has them'
);
select is_empty($$ select from private.song_popularity join gone using (song_id) $$, 'and its counts');
select ok(tests.is_known(title), format('%s stays', title))
from unnest(array['Kept by the neighbour', 'Kept in another spelling', 'Blocked', 'On its way', 'Imported', 'Back again']) as title;
select is(
  (
    select count(*) from public.songs as song
    where song.id in (tests.number('first song'), tests.number('second song'), tests.number('third song'))
  ),
  3::bigint, 'what was asked for stays'
);
select tests.upload('system', '[{"artist": "Qwxv Unused", "title": "Gone Qwxvfarewell"}]') \g /dev/null
select isnt(
  private.find_book_song(tests.id('system'), 'Qwxv Unused', 'Gone Qwxvfarewell'), (select song_id from gone), 'who brings it again gets a new song'
);
select is(
  (select array_agg(title) from private.search_book(tests.id('system'), 'qwxv unused', 20, 0)), array['Gone Qwxvfarewell'], 'which is found'
);

select * from finish();
rollback;
