-- The order of a queue, places and waits, and what of it the room sees.
begin;
\ir support/actors.psql
\ir support/night.psql
select no_plan();

delete from public.requests where venue_id = tests.id('hall');
delete from public.shows where venue_id = tests.id('hall');

-- One letter a request: its singer is the part before the number.
create function pg_temp.ask(p_name text, p_minutes_ago integer, p_singer text default null)
returns void
language plpgsql
as $$
declare
  v_id bigint := (private.insert_request(
    tests.id('hall'), tests.id(p_singer), null, array[regexp_replace(p_name, '[0-9]', '')], tests.number('first song'), null, null, 0, null, null, true
  )).id;
begin
  update public.requests set requested_at = now() - make_interval(mins => p_minutes_ago), title = p_name where id = v_id;
end;
$$;
create function pg_temp.line()
returns text
language sql
return (
  select string_agg(request.title, ' ' order by queue.place)
  from private.queue(tests.id('hall')) as queue join public.requests as request on request.id = queue.request_id
);
create function pg_temp.id_of(p_name text)
returns bigint
language sql
return (select id from public.requests where venue_id = tests.id('hall') and title = p_name);
create function pg_temp.move(p_name text, p_state text)
returns void
language plpgsql
as $$
begin
  perform private.change_requests(array[pg_temp.id_of(p_name)], p_state, 'host');
end;
$$;

-- First come, first served ---------------------------------------------------------------------------------------------

select is(pg_temp.line(), null, 'an empty queue is empty');
select pg_temp.ask('b1', 30), pg_temp.ask('a1', 40), pg_temp.ask('a2', 35), pg_temp.ask('c1', 10);
select is(pg_temp.line(), 'a1 a2 b1 c1', 'fifo is the order of asking');
select is((select array_agg(place order by place) from private.queue(tests.id('hall'))), array[1, 2, 3, 4], 'places count from 1');
select pg_temp.move('c1', 'accepted');
select is(pg_temp.line(), 'c1 a1 a2 b1', 'what the host has taken comes before what waits');
select pg_temp.move('a2', 'performing');
select is(pg_temp.line(), 'a2 c1 a1 b1', 'and what is being sung before that');
select pg_temp.move('a2', 'completed'), pg_temp.move('c1', 'skipped');
select is(pg_temp.line(), 'a1 b1', 'what is over is no longer in it');
update public.requests set requested_at = now() where venue_id = tests.id('hall') and title in ('a1', 'b1');
select is(pg_temp.line(), 'b1 a1', 'asked at the same moment, the first to arrive is first');

-- Fair rotation --------------------------------------------------------------------------------------------------------

update public.venue_rules set queue_order = 'rotation' where venue_id = tests.id('hall');
delete from public.requests where venue_id = tests.id('hall');
select pg_temp.ask('a1', 60), pg_temp.ask('a2', 59), pg_temp.ask('a3', 58), pg_temp.ask('b1', 50), pg_temp.ask('b2', 49), pg_temp.ask('c1', 40);
select is(pg_temp.line(), 'a1 b1 c1 a2 b2 a3', 'everybody''s first song comes before anybody''s second');
select pg_temp.move('a1', 'completed');
select is(pg_temp.line(), 'b1 c1 a2 b2 a3', 'who has sung waits for the others');
select pg_temp.ask('d1', 1);
select is(pg_temp.line(), 'b1 c1 d1 a2 b2 a3', 'a newcomer comes before second turns');
select pg_temp.move('b1', 'skipped');
select is(pg_temp.line(), 'b2 c1 d1 a2 a3', 'a skipped song is no turn');
select pg_temp.move('b2', 'completed'), pg_temp.move('c1', 'completed'), pg_temp.move('d1', 'completed');
select pg_temp.ask('c2', 5), pg_temp.ask('d2', 4), pg_temp.ask('b3', 3);
select is(pg_temp.line(), 'a2 c2 d2 b3 a3', 'with equal turns the longest waiting goes first');
select is(
  (select string_agg(lower(singer_name), ' ' order by singer_name) from public.performances where venue_id = tests.id('hall')), 'a b c d', 'turns are what was sung tonight'
);
update public.shows set closed_at = now() where venue_id = tests.id('hall');
select is(pg_temp.line(), 'a2 c2 d2 b3 a3', 'a new night starts even: only what waits counts');

-- Who is who, and duets -------------------------------------------------------------------------------------------------

create function pg_temp.start_night()
returns void
language plpgsql
as $$
begin
  delete from public.requests where venue_id = tests.id('hall');
  delete from public.shows where venue_id = tests.id('hall');
end;
$$;
create function pg_temp.sing(p_name text)
returns void
language plpgsql
as $$
begin
  perform pg_temp.move(p_name, 'completed');
  -- Within one transaction the clock stands still.
  update public.performances set performed_at = clock_timestamp() where request_id = pg_temp.id_of(p_name);
end;
$$;
create function pg_temp.sung_by(p_name text, p_singers text[])
returns void
language sql
begin atomic
  update public.requests set singer_names = p_singers where id = pg_temp.id_of(p_name);
end;

select pg_temp.start_night();
select pg_temp.ask('a1', 60), pg_temp.ask('b1', 50), pg_temp.ask('c1', 40);
select pg_temp.sung_by('a1', '{Ann,Ben}');
select pg_temp.sung_by('b1', '{Ben}'), pg_temp.sung_by('c1', '{Cy}');
select is(pg_temp.line(), 'a1 c1 b1', 'the second of a duet waits for it before the next own song');
select pg_temp.sing('a1');
select is(pg_temp.line(), 'c1 b1', 'a duet is a turn for each');
select pg_temp.ask('a2', 90), pg_temp.sung_by('a2', '{Ann}');
select is(pg_temp.line(), 'c1 b1 a2', 'for both of them');
select pg_temp.ask('d1', 30), pg_temp.sung_by('d1', '{Dot,Cy,Flo,Gil}');
select is(pg_temp.line(), 'c1 b1 a2 d1', 'a group waits for the one of them who has another song first');

select pg_temp.start_night();
select pg_temp.ask('a1', 60, 'eve'), pg_temp.sung_by('a1', '{Éve P.}');
select pg_temp.sing('a1');
select pg_temp.ask('w1', 50), pg_temp.sung_by('w1', '{eve p.}');
select pg_temp.ask('b1', 10), pg_temp.sung_by('b1', '{Ben}');
select is(pg_temp.line(), 'b1 w1', 'a walk-up in the name of a guest is that guest');
select pg_temp.ask('a2', 40, 'eve'), pg_temp.sung_by('a2', '{Somebody else}');
select is(pg_temp.line(), 'b1 w1 a2', 'a guest under another name is the same guest');
select pg_temp.ask('g1', 5, 'gus'), pg_temp.sung_by('g1', '{eve p.}');
select is(pg_temp.line(), 'w1 b1 g1 a2', 'two phones of one name are two singers, and the walk-up is neither');

-- Coming late and coming back ------------------------------------------------------------------------------------------

select pg_temp.start_night();
select pg_temp.ask('a' || i, 100 - i), pg_temp.ask('b' || i, 90 - i) from generate_series(1, 5) as i;
select pg_temp.sing(name) from unnest(array['a1', 'b1', 'a2', 'b2', 'a3']) as name;
select is(pg_temp.line(), 'b3 a4 b4 a5 b5', 'two take turns');
select pg_temp.ask('n1', 5), pg_temp.ask('n2', 4), pg_temp.ask('n3', 3), pg_temp.ask('m1', 2);
select is(pg_temp.line(), 'b3 n1 m1 a4 b4 n2 a5 b5 n3', 'newcomers come after the current round''s first singer, and catch up by one song');
select pg_temp.sing(name) from unnest(array['b3', 'n1', 'm1']) as name;
select is(pg_temp.line(), 'a4 b4 n2 a5 b5 n3', 'the line keeps moving as it was shown');
select pg_temp.sing(name) from unnest(array['a4', 'b4', 'n2', 'a5', 'b5', 'n3']) as name;
select pg_temp.ask('m2', 1), pg_temp.ask('m3', 1), pg_temp.ask('a6', 1);
select is(pg_temp.line(), 'm2 a6 m3', 'who comes back is not owed all that was missed');
select pg_temp.move('m2', 'performing');
select is(pg_temp.line(), 'm2 a6 m3', 'the song on stage counts already');

-- Changing the order in the middle of a night --------------------------------------------------------------------------

update public.venue_rules set queue_order = 'fifo' where venue_id = tests.id('hall');
select pg_temp.ask('b6', 70);
select is(pg_temp.line(), 'm2 b6 m3 a6', 'now it is first come, first served');
update public.venue_rules set queue_order = 'rotation' where venue_id = tests.id('hall');
select is(pg_temp.line(), 'm2 a6 b6 m3', 'and in turn again, with every turn remembered');

-- The singer's own order -----------------------------------------------------------------------------------------------

select pg_temp.start_night();
select pg_temp.ask('e1', 60, 'eve'), pg_temp.ask('e2', 50, 'eve'), pg_temp.ask('e3', 40, 'eve'), pg_temp.ask('g1', 45, 'gus');
select is(
  tests.attempt(actor, format('select public.make_next(%s)', pg_temp.id_of('e3'))), outcome, actor || ' puts an own song first, or cannot'
)
from (values ('eve', '1'), ('gus', '404 request_not_found'), ('stan', '404 request_not_found')) as tried (actor, outcome);
create function pg_temp.next(p_name text)
returns text
language plpgsql
as $$
declare
  v_id bigint := pg_temp.id_of(p_name);
begin
  perform tests.act_as('eve');
  perform public.make_next(v_id);
  perform tests.act_as_owner_role();
  return pg_temp.line();
end;
$$;
select is(pg_temp.next('e3'), 'e3 g1 e1 e2', 'the chosen one takes the singer''s first place');
select is(pg_temp.next('e3'), 'e3 g1 e1 e2', 'again it stays there');
update public.venue_rules set queue_order = 'fifo' where venue_id = tests.id('hall');
select is(pg_temp.line(), 'e3 e1 g1 e2', 'in any order of the venue, nobody else''s place changes');
update public.venue_rules set queue_order = 'manual' where venue_id = tests.id('hall');
update public.requests set sort_order = number from (values ('g1', 1), ('e1', 2), ('e2', 3), ('e3', 4)) as placed (name, number)
where title = placed.name and venue_id = tests.id('hall');
select is(pg_temp.next('e2'), 'g1 e2 e1 e3', 'also in one made by hand');
select pg_temp.move('e2', 'accepted');
select is(
  tests.attempt('eve', format('select public.make_next(%s)', pg_temp.id_of('e2'))), '409 request_not_pending', 'what the host has taken is the host''s'
);

-- By hand --------------------------------------------------------------------------------------------------------------

update public.venue_rules set queue_order = 'manual' where venue_id = tests.id('hall');
delete from public.requests where venue_id = tests.id('hall');
select pg_temp.ask('a1', 60), pg_temp.ask('b1', 50), pg_temp.ask('c1', 40), pg_temp.ask('d1', 30);
select is(pg_temp.line(), 'a1 b1 c1 d1', 'a queue by hand starts as asked');
create function pg_temp.reorder(p_name text, p_before text)
returns text
language plpgsql
as $$
declare
  v_id bigint := pg_temp.id_of(p_name);
  v_before bigint := pg_temp.id_of(p_before);
begin
  perform tests.act_as('stan');
  perform public.move_request(v_id, v_before);
  perform tests.act_as_owner_role();
  return pg_temp.line();
end;
$$;
select is(pg_temp.reorder('d1', 'a1'), 'd1 a1 b1 c1', 'to the front');
select is(pg_temp.reorder('d1', 'c1'), 'a1 b1 d1 c1', 'in between');
select is(pg_temp.reorder('a1', null), 'b1 d1 c1 a1', 'to the end');
select is(pg_temp.reorder('b1', 'b1'), 'b1 d1 c1 a1', 'before itself is where it is');
select pg_temp.ask('e1', 90);
select is(pg_temp.line(), 'b1 d1 c1 a1 e1', 'what is asked for later comes behind what was put in order');
select pg_temp.move('c1', 'performing');
select is(pg_temp.line(), 'c1 b1 d1 a1 e1', 'what is being sung is first');
select is(pg_temp.reorder('e1', 'b1'), 'c1 e1 b1 d1 a1', 'and stays so');
select is(
  tests.attempt('stan', format('select public.move_request(%s, %s)', pg_temp.id_of('e1'), other)), '409 request_not_waiting', 'not before a request ' || label
)
from (values (tests.number('foreign request'), 'of another venue'), (999999999999, 'that is not there')) as refused (other, label);
select pg_temp.move('a1', 'skipped');
select is(tests.attempt('stan', format('select public.move_request(%s)', pg_temp.id_of('a1'))), '409 request_not_waiting', 'what no longer waits does not move');
update public.venue_rules set queue_order = 'fifo' where venue_id = tests.id('hall');
select is(tests.attempt('stan', format('select public.move_request(%s)', pg_temp.id_of('e1'))), '409 queue_not_manual', 'a queue that orders itself is not reordered');
select is(
  tests.attempt('alice', format('update public.requests set sort_order = 0 where id = %s', pg_temp.id_of('e1'))), '42501', 'nor is any by hand in the table'
);

-- The wait -------------------------------------------------------------------------------------------------------------

delete from public.requests where venue_id = tests.id('hall');
select pg_temp.ask('a1', 60, 'eve'), pg_temp.ask('b1', 50, 'gus'), pg_temp.ask('c1', 40);
select is(
  (select array_agg(wait_seconds order by place) from private.queue(tests.id('hall'))), array[0, 300, 600], 'before there is a pace, a song takes five minutes'
);
select pg_temp.ask('s' || i, 100 + i) from generate_series(1, 6) as i;
select pg_temp.move('s' || i, 'completed') from generate_series(1, 6) as i;
-- Gaps of 4, 4, 4 minutes, a break of 40, and a double click of 5 seconds.
update public.performances set performed_at = now() - offsets.ago
from (values
  ('s1', interval '60 min'), ('s2', interval '56 min'), ('s3', interval '52 min'), ('s4', interval '48 min'), ('s5', interval '8 min'),
  ('s6', interval '7 min 55 s')
) as offsets (name, ago)
where performances.title = offsets.name and performances.venue_id = tests.id('hall');
select is(
  (select array_agg(wait_seconds order by place) from private.queue(tests.id('hall'))), array[0, 240, 480], 'then the night''s own pace, without breaks and slips'
);

-- Who sees what of it --------------------------------------------------------------------------------------------------

select is(
  tests.answer('gus', $$ select title, place, wait_seconds, state, singer_name from public.my_requests(tests.id('hall')) $$),
  '[{"title": "b1", "place": 2, "wait_seconds": 240, "state": "pending", "singer_name": "b"}]', 'a singer reads place and wait of an own request'
);
select is(tests.answer('bob', $$ select * from public.my_requests() $$), '[]', 'and nothing of others');
select is(tests.answer('eve', $$ select * from public.my_requests(gen_random_uuid()) $$), '[]', 'a venue without requests has none');
select is(
  tests.answer('eve', $$ select venue_id = tests.id('inn') as inn, state, place from public.my_requests() order by 1 desc $$),
  '[{"inn": true, "place": null, "state": "completed"}, {"inn": false, "place": 1, "state": "pending"}]', 'without a venue it is all of them; what is over has no place'
);
update public.requests set singer_names = array['Ann Smith', 'Bob Lee'] where venue_id = tests.id('hall') and title = 'c1';
select is(
  tests.answer('eve', $$ select place, singer_name, title, state, is_mine from public.public_queue(tests.id('hall')) $$),
  '[{"place": 1, "title": "a1", "state": "pending", "is_mine": true, "singer_name": "a"},
    {"place": 2, "title": "b1", "state": "pending", "is_mine": false, "singer_name": "b"},
    {"place": 3, "title": "c1", "state": "pending", "is_mine": false, "singer_name": "Ann & Bob"}]', 'the room reads first names'
);
update public.venue_rules set queue_visibility = 'full' where venue_id = tests.id('hall');
select is(
  tests.answer('eve', $$ select singer_name from public.public_queue(tests.id('hall')) where place = 3 $$), '[{"singer_name": "Ann Smith & Bob Lee"}]', 'or whole ones'
);
update public.venue_rules set queue_visibility = 'none' where venue_id = tests.id('hall');
select is(tests.attempt('eve', $$ select * from public.public_queue(tests.id('hall')) $$), '403 queue_not_public', 'or nothing');
select is(
  tests.answer('eve', $$ select place from public.my_requests(tests.id('hall')) $$), '[{"place": 1}]', 'a singer''s own place is told all the same'
);

-- Shows ----------------------------------------------------------------------------------------------------------------

delete from public.requests where venue_id = tests.id('hall');
delete from public.shows where venue_id = tests.id('hall');
select pg_temp.ask('a1', 5), pg_temp.ask('b1', 4);
select is_empty($$ select from public.shows where venue_id = tests.id('hall') $$, 'asking opens no night');
select pg_temp.move('a1', 'accepted');
select results_eq(
  $$ select show.closed_at, request.title from public.shows as show join public.requests as request on request.show_id = show.id where show.venue_id = tests.id('hall') $$,
  $$ values (null::timestamptz, 'a1') $$, 'the first acceptance does'
);
select pg_temp.move('b1', 'accepted');
select is((select count(distinct show_id) from public.requests where venue_id = tests.id('hall')), 1::bigint, 'the next one joins it');
select pg_temp.ask('c1', 3);
select is((select show_id from public.requests where id = pg_temp.id_of('c1')), (select show_id from public.requests where id = pg_temp.id_of('a1')), 'what is asked for during a night belongs to it');
create function pg_temp.show(p_actor text, p_verb text)
returns uuid
language plpgsql
as $$
begin
  perform tests.act_as(p_actor);
  if p_verb = 'open' then
    perform public.open_show(tests.id('hall'));
  else
    perform public.close_show(tests.id('hall'));
  end if;
  perform tests.act_as_owner_role();
  return private.open_show(tests.id('hall'));
end;
$$;
select is(pg_temp.show('stan', 'open'), (select show_id from public.requests where id = pg_temp.id_of('a1')), 'opening an open night is harmless');
select is(pg_temp.show('stan', 'close'), null, 'staff close it');
select is(pg_temp.show('stan', 'close'), null, 'closing a closed one is harmless');
select isnt(pg_temp.show('stan', 'open'), (select show_id from public.requests where id = pg_temp.id_of('a1')), 'opening again is another night');
select is((select count(*) from public.shows where venue_id = tests.id('hall') and closed_at is null), 1::bigint, 'there is one open night');
select throws_ok($$ insert into public.shows (organization_id, venue_id) values (tests.id('A'), tests.id('hall')) $$, '23505', null, 'whoever writes');
update public.shows set opened_at = now() - interval '10 hours', last_activity_at = now() - interval '7 hours' where venue_id = tests.id('hall') and closed_at is null;
select is(private.open_show(tests.id('hall')), null, 'a night without activity for six hours is over');
select isnt(pg_temp.show('stan', 'open'), null, 'and does not stand in the way of the next');
select is((select count(*) from public.shows where venue_id = tests.id('hall') and closed_at is null), 1::bigint, 'which is the only open one');
select lives_ok(
  $$ update public.shows set opened_at = now() + interval '1 second' where venue_id = tests.id('hall') and closed_at is null $$, 'a show that was opened by somebody a moment later'
);
select is(pg_temp.show('stan', 'close'), null, 'closes as well');

-- Requests that the host took and forgot are completed once their night is over.
select pg_temp.show('stan', 'open');
select pg_temp.ask('z1', 1);
select pg_temp.move('z1', 'accepted');
update public.shows set opened_at = now() - interval '5 hours', closed_at = now() - interval '2 hours' where venue_id = tests.id('hall') and closed_at is null;
select cmp_ok(private.complete_taken_requests(), '>=', 1, 'forgotten requests are completed');
select is((select state from public.requests where id = pg_temp.id_of('z1')), 'completed', 'as this one is');

-- A PIN ----------------------------------------------------------------------------------------------------------------

select is(tests.attempt('stan', format('select public.set_show_pin(tests.id(''hall''), %L)', pin)), '400 invalid_pin', format('"%s" is no PIN', pin))
from unnest(array['', '123', '1234567', '12a4', ' 1234', '１２３４']) as pin;
select tests.act_as('stan');
select public.set_show_pin(tests.id('hall'), '4711')
\g /dev/null
select tests.act_as_owner_role();
select is_empty($$ select from private.show_pins where pin_hash like '%4711%' $$, 'a PIN is kept as a hash');
update public.venue_rules set queue_visibility = 'full' where venue_id = tests.id('hall');
create function pg_temp.guarded(p_actor text)
returns text
language sql
return (
  select string_agg(case when came_to ~ '^[0-9]+$' then 'ok' else came_to end, ', ')
  from unnest(array[
    'select * from public.search_songs(tests.id(''hall''), ''zzyzx'')', 'select * from public.browse_letters(tests.id(''hall''))',
    'select * from public.most_requested_songs(tests.id(''hall''))', 'select * from public.public_queue(tests.id(''hall''))',
    'select public.submit_request(tests.id(''hall''), tests.number(''first song''), p_singer_names => array[''Kim''])'
  ]) with ordinality as tried (statement, number)
  cross join lateral tests.attempt(p_actor, statement) as attempt (came_to)
);
select is(
  pg_temp.guarded('gus'), '403 pin_required, 403 pin_required, 403 pin_required, 403 pin_required, 403 pin_required', 'a PIN guards book, queue and asking alike'
);
select is(pg_temp.guarded('stan'), 'ok, ok, ok, ok, ok', 'staff need none');
select is(
  pg_temp.guarded('bob'), '403 pin_required, 403 pin_required, 403 pin_required, 403 pin_required, 403 pin_required', 'staff of others do'
);
select is(tests.attempt('anon', 'select * from public.search_songs(tests.id(''hall''), ''zzyzx'')'), '403 pin_required', 'visitors cannot enter one');
select is(tests.answer('gus', 'select public.enter_show(tests.id(''hall''), ''0000'') as is_in'), '[{"is_in": false}]', 'a wrong PIN is told');
select is(tests.answer('gus', 'select public.enter_show(tests.id(''hall''), null) as is_in'), '[{"is_in": false}]', 'so is none');
select is(tests.answer('gus', 'select public.enter_show(tests.id(''hall''), (select pin_hash from (values (''x'')) as x (pin_hash))) as is_in'), '[{"is_in": false}]', 'or anything else');
select is(pg_temp.guarded('gus') like '403%', true, 'a wrong PIN opens nothing');
select is(tests.answer('gus', 'select public.enter_show(tests.id(''hall''), ''4711'') as is_in'), '[{"is_in": true}]', 'the right one is');
select is(pg_temp.guarded('gus'), 'ok, ok, ok, ok, ok', 'and opens everything');
select is(tests.answer('gus', 'select public.enter_show(tests.id(''hall''), ''0000'') as is_in'), '[{"is_in": false}]', 'a later slip');
select is(pg_temp.guarded('gus'), 'ok, ok, ok, ok, ok', 'does not close it');
select is(tests.attempt('gus', 'select public.enter_show(tests.id(''hall''), ''4711'')'), '429 rate_limited', 'five attempts are all there are, wrong or right');
select is(tests.attempt('eve', 'select public.enter_show(tests.id(''hall''), ''4711'')'), '1', 'others have their own');
select tests.act_as('stan');
select public.set_show_pin(tests.id('hall'), '0815')
\g /dev/null
select tests.act_as_owner_role();
select is(pg_temp.guarded('gus') like '403%', true, 'a new PIN has to be entered by everybody');
select tests.act_as('stan');
select public.set_show_pin(tests.id('hall'))
\g /dev/null
select tests.act_as_owner_role();
select is(pg_temp.guarded('eve'), 'ok, ok, ok, ok, ok', 'without one the night is open');

select * from finish();
rollback;
