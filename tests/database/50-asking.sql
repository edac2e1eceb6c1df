-- Asking for a song: who may, what for, and each rule of a venue, on and off.
begin;
\ir support/actors.psql
\ir support/night.psql
select no_plan();

-- Limits are tried at the end; until then nobody runs into them.
update private.rate_limits set maximum = 100000;
delete from public.blocked_songs where venue_id = tests.id('hall');

create function pg_temp.rule(p_change text)
returns void
language plpgsql
as $$
begin
  execute format('update public.venue_rules set %s where venue_id = tests.id(''hall'')', p_change);
end;
$$;

create function pg_temp.ask(p_actor text, p_arguments text default null, p_venue text default 'hall')
returns text
language sql
return tests.attempt(p_actor, format(
  'select * from public.submit_request(tests.id(%L), %s, p_idempotency_key => gen_random_uuid())', p_venue,
  coalesce(p_arguments, 'p_song_id => tests.number(''first song''), p_singer_names => array[''Kim'']')
));

-- The request ----------------------------------------------------------------------------------------------------------

select is(
  tests.answer('gus', $$
    select (asked).artist, (asked).title, (asked).singer_name, (asked).singer_names, (asked).state, (asked).processed, (asked).key_change,
      (asked).notes, (asked).song_id = tests.number('second song') as is_song, (asked).singer_user_id = tests.id('gus') as is_singer,
      (asked).submitted_by = tests.id('gus') as is_submitter, (asked).organization_id = tests.id('A') as is_organization
    from (select public.submit_request(
      tests.id('hall'), null, ' zzyzx   QUARTET ', 'second song of the tests!', array[' Kim  ' || E'\t' || 'P. ', 'Lee', 'Mo'], -3, E' line one\nline two '
    ) as asked) as made $$),
  jsonb_build_array(jsonb_build_object(
    'artist', 'Zzyzx Quartet', 'title', 'Second Song of the Tests', 'singer_name', 'Kim P., Lee & Mo', 'singer_names', array['Kim P.', 'Lee', 'Mo'],
    'state', 'pending', 'processed', false, 'key_change', -3, 'notes', 'line one line two', 'is_song', true, 'is_singer', true,
    'is_submitter', true, 'is_organization', true
  )),
  'a request in words finds its song in the book and takes the host''s spelling; texts are cleaned'
);
select is(
  tests.answer('eve', $$ select (public.submit_request(tests.id('hall'), tests.number('first song'))).singer_name $$), '[{"singer_name": "Eve"}]',
  'a singer with a profile need not say the name'
);
select is(pg_temp.ask('gus', $$ tests.number('first song') $$), '400 invalid_singer_names', 'a guest has to');
select is(
  (select array_agg(distinct singer_name order by singer_name) from (
    select (private.insert_request(tests.id('hall'), null, null, names, tests.number('first song'), null, null, 0, null, null, true)).singer_name
    from (values (array['A']), (array['A', 'B']), (array['A', 'B', 'C']), (array['A', 'B', 'C', 'D'])) as several (names)
  ) as asked),
  array['A', 'A & B', 'A, B & C', 'A, B, C & D'], 'solo, duet and groups are shown joined'
);

-- What is refused always -----------------------------------------------------------------------------------------------

select is(pg_temp.ask('eve', arguments), outcome, outcome || ': ' || left(arguments, 90))
from (values
  ($$ tests.number('first song'), p_singer_names => array['A', 'B', 'C', 'D', 'E'] $$, '400 invalid_singer_names'),
  ($$ tests.number('first song'), p_singer_names => array[''] $$, '400 invalid_singer_names'),
  ($$ tests.number('first song'), p_singer_names => array['   '] $$, '400 invalid_singer_names'),
  ($$ tests.number('first song'), p_singer_names => array[null]::text[] $$, '400 invalid_singer_names'),
  ($$ tests.number('first song'), p_singer_names => array['A', null] $$, '400 invalid_singer_names'),
  ($$ tests.number('first song'), p_singer_names => array[repeat('x', 101)] $$, '400 invalid_singer_names'),
  ($$ tests.number('first song'), p_singer_names => array[['A', 'B'], ['C', 'D']] $$, '1'),
  ($$ tests.number('first song'), p_singer_names => (select array_agg('x'::text) from generate_series(1, 100000)) $$, '400 invalid_singer_names'),
  ($$ tests.number('first song'), p_key_change => 13 $$, '400 invalid_key_change'),
  ($$ tests.number('first song'), p_key_change => -13 $$, '400 invalid_key_change'),
  ($$ tests.number('first song'), p_key_change => null $$, '400 invalid_key_change'),
  ($$ tests.number('first song'), p_notes => repeat('x', 501) $$, '400 invalid_notes'),
  ($$ null $$, '400 song_missing'),
  ($$ null, 'Only Artist' $$, '400 song_missing'),
  ($$ null, 'Artist', '  ' $$, '400 song_missing'),
  ($$ null, repeat('x', 256), 'Title' $$, '400 invalid_artist'),
  ($$ null, 'Artist', repeat('x', 256) $$, '400 invalid_title'),
  ($$ 0 $$, '404 song_not_found'),
  ($$ -1 $$, '404 song_not_found'),
  ($$ 9223372036854775807 $$, '404 song_not_found'),
  ($$ null, 'Zzyzx Quartet', 'Unknown Song' $$, '422 song_not_in_book')
) as refused (arguments, outcome);

-- A song of somebody else's book is not in this one.
do $$
begin
  perform private.book_stage_open(tests.id('foreign system'));
  perform private.book_stage_add(tests.id('foreign system'), '[
    {"artist": "Zzyzx Quartet", "title": "First Song of the Tests"}, {"artist": "Zzyzx Quartet", "title": "Theirs alone"}
  ]');
  perform private.book_publish(tests.id('foreign system'));
end;
$$;
select is(
  pg_temp.ask('eve', (select id::text from public.songs where fingerprint = private.song_fingerprint('Zzyzx Quartet', 'Theirs alone'))),
  '404 song_not_found', 'a song that only another organization has is not found'
);

-- Rules, off and on ----------------------------------------------------------------------------------------------------

select is(pg_temp.ask('gus'), '1', 'guests may ask');
select pg_temp.rule('guests_allowed = false');
select is(pg_temp.ask('gus'), '403 guests_not_allowed', 'unless the venue wants singers with an account');
select is(pg_temp.ask('eve'), '1', 'who still may');
select pg_temp.rule('guests_allowed = true');

select pg_temp.rule('free_text_allowed = true');
select is(
  tests.answer('eve', $$ select asked.song_id, asked.artist, asked.title from public.submit_request(tests.id('hall'), null, ' The  Unknowns ', 'Song') as asked $$),
  '[{"song_id": null, "artist": "The Unknowns", "title": "Song"}]', 'free text is taken where allowed, and marked by having no song'
);
select is(pg_temp.ask('eve', $$ 0 $$), '404 song_not_found', 'a wrong id is still wrong');
select pg_temp.rule('free_text_allowed = false');

select pg_temp.rule('key_change_allowed = false');
select is(pg_temp.ask('eve', $$ tests.number('first song'), p_key_change => 1 $$), '422 key_change_not_allowed', 'keys may be fixed');
select is(pg_temp.ask('eve', $$ tests.number('first song'), p_key_change => 0 $$), '1', 'the original one is fine');
select pg_temp.rule('key_change_allowed = true');

select pg_temp.rule('notes_allowed = false');
select is(pg_temp.ask('eve', $$ tests.number('first song'), p_notes => 'Hello' $$), '422 notes_not_allowed', 'notes may be unwanted');
select is(pg_temp.ask('eve', $$ tests.number('first song'), p_notes => '   ' $$), '1', 'a blank note is none');
select pg_temp.rule('notes_allowed = true');

select pg_temp.rule('last_initial_required = true');
select is(
  pg_temp.ask('eve', format('tests.number(''first song''), p_singer_names => %L', names)), outcome, format('a last initial: %s', names)
)
from (values
  ('{Kim}', '422 last_initial_required'), ('{"Kim P."}', '1'), ('{"Kim Parker","Lee"}', '422 last_initial_required'), ('{"Kim P","Lee S"}', '1')
) as named (names, outcome);
select is(pg_temp.ask('eve', 'tests.number(''first song'')'), '422 last_initial_required', 'the name of the profile is held to it as well');
select pg_temp.rule('last_initial_required = false');

update public.requests set state = 'cleared' where venue_id = tests.id('hall') and state in ('pending', 'accepted');
select pg_temp.rule('max_active_requests = 2');
create function pg_temp.asks(p_actor text, p_song text)
returns void
language plpgsql
as $$
begin
  perform tests.act_as(p_actor);
  perform public.submit_request(tests.id('hall'), tests.number(p_song), p_singer_names => array['Kim'], p_idempotency_key => gen_random_uuid());
  perform tests.act_as_owner_role();
end;
$$;
select pg_temp.asks('eve', 'first song'), pg_temp.asks('eve', 'second song');
select is(pg_temp.ask('eve'), '422 too_many_active_requests', 'a singer has as many songs waiting as the venue allows');
select is(pg_temp.ask('gus'), '1', 'each singer for themselves');
select is(pg_temp.ask('eve', null, 'inn'), '1', 'each venue for itself');
select private.change_requests(array_agg(id), 'cancelled', 'singer') from public.requests
where singer_user_id = tests.id('eve') and state = 'pending' and song_id = tests.number('second song')
\g /dev/null
select is(pg_temp.ask('eve'), '1', 'a cancelled one makes room');
select pg_temp.rule('max_active_requests = null');

select pg_temp.rule('cooldown_minutes = 10');
select is(pg_temp.ask('eve'), '422 cooldown', 'a singer waits between two songs');
select is(pg_temp.ask('bob'), '1', 'others do not');
update public.requests set requested_at = now() - interval '10 minutes' where singer_user_id = tests.id('eve');
select is(pg_temp.ask('eve'), '1', 'until the time is over');
update public.requests set requested_at = now() - interval '5 minutes', state = 'cancelled' where singer_user_id = tests.id('eve') and state = 'pending';
select is(pg_temp.ask('eve'), '1', 'a song that was cancelled does not count');
select pg_temp.rule('cooldown_minutes = null');

delete from public.requests where venue_id = tests.id('hall');
select pg_temp.asks('gus', 'first song');
select pg_temp.rule('same_song = ''not_while_active''');
select is(pg_temp.ask('eve'), '422 same_song', 'the same song is not asked for twice while it waits');
select is(pg_temp.ask('gus'), '422 same_song', 'by nobody');
select is(pg_temp.ask('eve', $$ null, 'ZZYZX quartet', 'First song, of the tests' $$), '422 same_song', 'however it is written');
select is(pg_temp.ask('eve', $$ tests.number('second song') $$), '1', 'another song is fine');
update public.requests set state = 'completed', processed_at = now() where venue_id = tests.id('hall');
select is(pg_temp.ask('eve'), '1', 'afterwards it may be');
select pg_temp.rule('same_song = ''not_within_minutes'', same_song_minutes = 30');
select is(pg_temp.ask('eve'), '422 same_song', 'not within the minutes of a venue');
update public.requests set requested_at = now() - interval '45 minutes' where venue_id = tests.id('hall');
select is(pg_temp.ask('eve'), '422 same_song', 'which count from when it was sung, not from when it was asked for');
update public.requests set processed_at = now() - interval '31 minutes' where venue_id = tests.id('hall');
select is(pg_temp.ask('eve'), '1', 'then again');
select pg_temp.rule('same_song = ''once_a_night''');
update public.requests set show_id = null where venue_id = tests.id('hall');
select is(pg_temp.ask('eve'), '1', 'what was sung without a night does not count for tonight');
update public.requests set show_id = private.current_show(tests.id('hall')) where venue_id = tests.id('hall');
select is(pg_temp.ask('eve'), '422 same_song', 'once a night means once a night');
update public.shows set closed_at = now() where venue_id = tests.id('hall');
select is(pg_temp.ask('eve'), '1', 'the next night is another one');
update public.requests set state = 'rejected', processed_at = null where venue_id = tests.id('hall');
select pg_temp.rule('same_song = ''not_while_active''');
select is(pg_temp.ask('eve'), '1', 'a rejected request does not block its song');
select pg_temp.rule('same_song = ''allowed''');

insert into public.blocked_songs (venue_id, song_id, artist, title)
values (tests.id('hall'), tests.number('first song'), 'Zzyzx Quartet', 'First Song of the Tests');
select is(pg_temp.ask('eve'), '422 song_blocked', 'a blocked song is not taken');
select is(pg_temp.ask('eve', $$ null, 'zzyzx quartet', 'first song of the tests' $$), '422 song_blocked', 'however it is asked for');
delete from public.blocked_songs where venue_id = tests.id('hall');

insert into public.venue_bans (organization_id, venue_id, user_id, singer_name) values
  (tests.id('A'), tests.id('cellar'), tests.id('eve'), 'Eve'), (tests.id('A'), null, tests.id('gus'), 'Gus');
select is(pg_temp.ask('eve'), '1', 'who is banned at one venue may ask at another');
select is(pg_temp.ask('eve', null, 'cellar'), '403 banned', 'but not there');
select is(pg_temp.ask('gus'), '403 banned', 'who is banned everywhere may not');
select is(pg_temp.ask('gus', null, 'inn'), '1', 'but elsewhere is not with other organizations');
update public.venue_bans set expires_at = now() where user_id = tests.id('gus');
select is(pg_temp.ask('gus'), '1', 'a ban ends when it says');
delete from public.venue_bans;

update public.venues set accepting_requests = false where id = tests.id('hall');
select is(pg_temp.ask('eve'), '422 venue_closed', 'a closed venue takes nothing');
select is(
  tests.attempt('stan', $$ select public.add_walk_up(tests.id('hall'), array['Kim'], tests.number('first song')) $$), '422 venue_closed', 'not even from staff'
);
update public.venues set accepting_requests = true where id = tests.id('hall');

-- When one may ask again -----------------------------------------------------------------------------------------------

create function pg_temp.refusal(p_actor text, p_arguments text default null)
returns text
language plpgsql
as $$
declare
  v_hint text;
  v_message text;
begin
  perform tests.act_as(p_actor);
  execute format(
    'select * from public.submit_request(tests.id(''hall''), %s, p_idempotency_key => gen_random_uuid())',
    coalesce(p_arguments, 'tests.number(''first song''), p_singer_names => array[''Kim'']')
  );
  raise exception using errcode = 'UNDO0', message = 'accepted';
exception
  when others then
    get stacked diagnostics v_message = message_text, v_hint = pg_exception_hint;
    return v_message || ' ' || coalesce(substring(v_hint from 'retry_after=[0-9]+'), 'open end');
end;
$$;
delete from public.requests where venue_id = tests.id('hall');
select pg_temp.asks('eve', 'first song');
update public.requests set requested_at = now() - interval '4 minutes' where venue_id = tests.id('hall');
select pg_temp.rule('cooldown_minutes = 10');
select is(pg_temp.refusal('eve'), 'cooldown retry_after=360', 'a pause says when it is over');
select pg_temp.rule('cooldown_minutes = null, max_active_requests = 1');
select is(pg_temp.refusal('eve'), 'too_many_active_requests open end', 'what waits for the host to act does not');
select pg_temp.rule('max_active_requests = null, same_song = ''not_within_minutes'', same_song_minutes = 30');
select is(pg_temp.refusal('bob'), 'same_song open end', 'a song that waits neither');
update public.requests set state = 'completed', processed_at = now() - interval '1 minute' where venue_id = tests.id('hall');
select is(pg_temp.refusal('bob'), 'same_song retry_after=1740', 'one that was sung does');
select is(
  pg_temp.refusal('bob', $$ null, 'the ZZYZX quartet', 'First song of the Tests.', array['Kim'] $$), 'same_song retry_after=1740', 'whatever it is called'
);
update public.requests set song_id = null where venue_id = tests.id('hall');
select is(pg_temp.refusal('bob'), 'same_song retry_after=1740', 'and though it came as free text then');
select pg_temp.rule('same_song = ''allowed'', same_song_minutes = null');
insert into public.venue_bans (organization_id, venue_id, user_id, singer_name, expires_at)
values (tests.id('A'), tests.id('hall'), tests.id('eve'), 'Eve', now() + interval '1 hour');
select is(pg_temp.refusal('eve'), 'banned retry_after=3600', 'a ban with an end tells it');
insert into public.venue_bans (organization_id, venue_id, user_id, singer_name) values (tests.id('A'), null, tests.id('eve'), 'Eve');
select is(pg_temp.refusal('eve'), 'banned open end', 'one without has none, even beside one that ends');
delete from public.venue_bans;
insert into public.venue_bans (organization_id, venue_id, folded_name, singer_name) values (tests.id('A'), tests.id('hall'), 'kim', 'Kim');
select is(pg_temp.refusal('gus', $$ tests.number('first song'), p_singer_names => array['Ann', 'KÍM'] $$), 'banned open end', 'a banned name is refused on any phone');
select is(pg_temp.refusal('gus', $$ tests.number('first song'), p_singer_names => array['Kimberly'] $$), 'accepted open end', 'a longer one is another');
select throws_ok(
  $$ insert into public.venue_bans (organization_id, user_id, folded_name, singer_name) values (tests.id('A'), tests.id('eve'), 'eve', 'Eve') $$, '23514', null,
  'a ban is of an account or of a name'
);
delete from public.venue_bans;

-- Blocked by what it is, not by its number.
insert into public.blocked_songs (venue_id, song_id, artist, title)
values (tests.id('hall'), tests.number('first song'), 'Zzyzx Quartet', 'First Song of the Tests');
select pg_temp.rule('free_text_allowed = true');
create temporary table book as select * from private.book_chunks where system_id = tests.id('system');
delete from private.book_chunks where system_id = tests.id('system');
select is(
  pg_temp.refusal('gus', $$ null, 'Zzyzx QUARTET', 'First Song of the Tests', array['Kim'] $$), 'song_blocked open end', 'a blocked song is blocked as free text too'
);
select is(pg_temp.refusal('gus', $$ null, 'Zzyzx Quartet', 'Other', array['Kim'] $$), 'accepted open end', 'another one is not');
select pg_temp.rule('free_text_allowed = false');
delete from public.blocked_songs where venue_id = tests.id('hall');
insert into private.book_chunks select * from book;

-- A second tap.
select is(
  tests.answer('gus', $$ select count(distinct (asked).id) as requests from (
    select public.submit_request(tests.id('hall'), tests.number('first song'), p_singer_names => array['Kim']) as asked from generate_series(1, 3)
  ) as taps $$), '[{"requests": 1}]', 'three taps are one request'
);
select is(
  tests.answer('gus', $$ select count(distinct (public.submit_request(tests.id('hall'), tests.number('first song'), p_singer_names => array['Kim'], p_key_change => key)).id) as requests
    from unnest(array[1, 2]) as key $$), '[{"requests": 2}]', 'another key is another request'
);

-- Walk-ups -------------------------------------------------------------------------------------------------------------

select pg_temp.rule('free_text_allowed = false, key_change_allowed = false, notes_allowed = false, last_initial_required = true, max_active_requests = 1, cooldown_minutes = 60, same_song = ''once_a_night''');
select is(
  tests.answer('stan', $$ select asked.singer_user_id, asked.submitted_by = tests.id('stan') as by_stan, asked.artist, asked.key_change, asked.notes
    from public.add_walk_up(tests.id('hall'), array['Kim'], null, 'Nobody', 'Knows', 5, 'Table 4') as asked $$),
  '[{"singer_user_id": null, "by_stan": true, "artist": "Nobody", "key_change": 5, "notes": "Table 4"}]', 'staff are not held to the rules for singers'
);
select is(
  tests.attempt('stan', format('select public.add_walk_up(tests.id(''hall''), %s)', arguments)), outcome, outcome || ' for staff: ' || left(arguments, 80)
)
from (values
  ($$ array['Kim'] $$, '400 song_missing'),
  ($$ null, tests.number('first song') $$, '400 invalid_singer_names'),
  ($$ '{}', tests.number('first song') $$, '400 invalid_singer_names'),
  ($$ array['Kim'], 0 $$, '404 song_not_found'),
  ($$ array['Kim'], tests.number('first song'), p_key_change => 13 $$, '400 invalid_key_change')
) as refused (arguments, outcome);
select is(
  tests.attempt('stan', $$ select public.add_walk_up(tests.id('inn'), array['Kim'], tests.number('first song')) $$), '404 venue_not_found', 'staff work at their own venues'
);
update public.venue_rules set (
  free_text_allowed, key_change_allowed, notes_allowed, last_initial_required, max_active_requests, cooldown_minutes, same_song
) = (false, true, true, false, null, null, 'allowed')
where venue_id = tests.id('hall');

-- Asking once ----------------------------------------------------------------------------------------------------------

create temporary table asked (id bigint, number integer);
grant all on asked to public;
select tests.act_as('eve');
insert into asked select id, openkj_request_id from public.submit_request(tests.id('hall'), tests.number('first song'), p_idempotency_key => '11111111-1111-4111-8111-111111111111');
insert into asked select id, openkj_request_id from public.submit_request(tests.id('hall'), tests.number('first song'), p_idempotency_key => '11111111-1111-4111-8111-111111111111');
select is((select count(distinct id) from asked), 1::bigint, 'the same key asks once');
select tests.act_as_owner_role();
select is(
  tests.attempt('eve', format(
    $$ select public.submit_request(tests.id('hall'), p_idempotency_key => '11111111-1111-4111-8111-111111111111', %s) $$, body
  )),
  '409 idempotency_key_reused', 'and nothing else: ' || body
)
from unnest(array[
  $$p_song_id => tests.number('second song')$$,
  $$p_artist => 'A', p_title => 'B'$$,
  $$p_song_id => tests.number('first song'), p_key_change => 1$$,
  $$p_song_id => tests.number('first song'), p_notes => 'slow'$$,
  $$p_song_id => tests.number('first song'), p_singer_names => array['Eve']$$
]) as body;
select is(
  (select count(*) from public.requests where idempotency_key = '11111111-1111-4111-8111-111111111111'), 1::bigint, 'which changes nothing'
);
update public.requests set key_change = 3, notes = 'slow' where id = (select min(id) from asked);
update public.venues set accepting_requests = false where id = tests.id('hall');
select is(
  tests.attempt('eve', $$ select public.submit_request(tests.id('hall'), tests.number('first song'), p_idempotency_key => '11111111-1111-4111-8111-111111111111') $$),
  '1', 'also when it was changed and the venue has closed in between'
);
update public.venues set accepting_requests = true where id = tests.id('hall');
select isnt(
  tests.answer('gus', $$ select (public.submit_request(tests.id('hall'), tests.number('first song'), p_singer_names => array['Gus'], p_idempotency_key => '11111111-1111-4111-8111-111111111111')).id $$) -> 0 ->> 'id',
  (select min(id)::text from asked), 'the key of one singer says nothing about another''s'
);
select isnt(
  tests.answer('eve', $$ select (public.submit_request(tests.id('inn'), tests.number('first song'), p_idempotency_key => '11111111-1111-4111-8111-111111111111')).id $$) -> 0 ->> 'id',
  (select min(id)::text from asked), 'nor about another venue'
);

select tests.act_as('stan');
select public.add_walk_up(tests.id('hall'), array['Kim'], tests.number('first song'), p_idempotency_key => '22222222-2222-4222-8222-222222222222')
\g /dev/null
select tests.act_as_owner_role();
select is(
  tests.attempt('stan', format(
    $$ select public.add_walk_up(tests.id('hall'), array[%L], tests.number('first song'), p_idempotency_key => '22222222-2222-4222-8222-222222222222') $$, name
  )),
  outcome, 'the key of a walk-up holds for ' || name
)
from (values ('Kim', '1'), ('Lee', '409 idempotency_key_reused')) as sent (name, outcome);

-- Numbers for OpenKJ ---------------------------------------------------------------------------------------------------

select is(
  (select count(*) - count(distinct openkj_request_id) from public.requests where organization_id = tests.id('A')), 0::bigint, 'numbers are used once'
);
select is(
  (select next_openkj_request_id > (select max(openkj_request_id) from public.requests where organization_id = tests.id('A'))
   from private.organization_counters where organization_id = tests.id('A')), true, 'and the next one is new'
);

-- By hand --------------------------------------------------------------------------------------------------------------

select is(
  tests.attempt(actor, $$ insert into public.requests (organization_id, venue_id, openkj_request_id, singer_names, artist, title)
    values (tests.id('A'), tests.id('hall'), 99999, '{Kim}', 'A', 'B') $$), '42501', actor || ' does not insert requests by hand'
)
from unnest(array['anon', 'gus', 'eve', 'alice', 'stan', 'service']) as actor;

-- Limits ---------------------------------------------------------------------------------------------------------------

delete from private.rate_limit_counters;
update private.rate_limits set maximum = 2 where key in ('requests_per_device', 'requests_per_singer');
select pg_temp.asks('gus', 'first song'), pg_temp.asks('gus', 'first song'), pg_temp.asks('eve', 'first song'), pg_temp.asks('eve', 'first song');
select is(pg_temp.ask('gus'), '429 rate_limited', 'a device may ask so often');
select is(pg_temp.ask('eve'), '429 rate_limited', 'a singer may ask so often');
select is(pg_temp.ask('bob'), '1', 'each for themselves');
update private.rate_limits set maximum = 100000;
select is(pg_temp.ask('gus'), '1', 'a changed limit counts at once');
select pg_temp.rule('max_requests_per_hour = 4');
select is(pg_temp.ask('bob'), '429 rate_limited', 'a venue may set a limit of its own');
select is(pg_temp.ask('bob', null, 'inn'), '1', 'for itself');
select is(
  tests.attempt('stan', $$ select public.add_walk_up(tests.id('hall'), array['Kim'], tests.number('first song')) $$), '1', 'staff are not counted'
);
select pg_temp.rule('max_requests_per_hour = null');
update private.rate_limits set maximum = 1 where key = 'requests_per_address';
create function pg_temp.ask_from(p_actor text, p_address text)
returns text
language plpgsql
as $$
begin
  perform tests.act_as(p_actor);
  perform set_config('request.headers', json_build_object('x-forwarded-for', p_address)::text, true);
  perform public.submit_request(tests.id('hall'), tests.number('first song'), p_singer_names => array['Kim']);
  perform tests.act_as_owner_role();
  return 'asked';
exception
  when others then
    return sqlerrm;
end;
$$;
select is(pg_temp.ask_from('gus', '198.51.100.1'), 'asked', 'an address has a limit');
select is(pg_temp.ask_from('gus', '198.51.100.1, 203.0.113.9'), 'rate_limited', 'whatever comes behind it');
select is(pg_temp.ask_from('gus', '198.51.100.2'), 'asked', 'another one has its own');
select is(pg_temp.ask_from('eve', '198.51.100.1'), 'asked', 'singers with an account are not held to it');
select is(pg_temp.ask_from('gus', 'not an address'), 'asked', 'a malformed one is none');

select * from finish();
rollback;
