-- The person at the desk: undo, put right, send home, speak to; long lists; nights and their numbers.
begin;
\ir support/actors.psql
\ir support/night.psql
select no_plan();

update private.rate_limits set maximum = 100000 where key <> 'messages_to_singer';
delete from public.blocked_songs;

create function pg_temp.as_stan(p_sql text)
returns jsonb
language sql
return tests.answer('stan', p_sql);

-- Undo -----------------------------------------------------------------------------------------------------------------

select is(
  pg_temp.as_stan($$ select (public.undo_request(tests.number('request of gus'))).state $$), '[{"state": "pending"}]', 'accepting is taken back'
);
select is(
  pg_temp.as_stan($$ select (public.undo_request(tests.number('request of gus'))).state $$), '[{"state": "accepted"}]', 'and taking back is taken back'
);
select is(
  pg_temp.as_stan($$ select (public.undo_request(tests.number('sung by eve'))).state $$), '[{"state": "accepted"}]', 'a song that was not sung after all waits where it was'
);
select is_empty($$ select from public.performances where request_id = tests.number('sung by eve') $$, 'and is no performance');
create function pg_temp.step_and_undo(p_state text)
returns text
language plpgsql
as $$
declare
  v_before public.requests;
  v_after public.requests;
begin
  select * into v_before from public.requests where id = tests.number('request of gus');
  perform tests.act_as('mia');
  perform public.set_request_state(tests.number('request of gus'), p_state, 'A reason');
  v_after := public.undo_request(tests.number('request of gus'));
  perform tests.act_as_owner_role();
  return case
    when (v_after.state, v_after.reason, v_after.processed_at, v_after.singer_names, v_after.openkj_request_id)
      is not distinct from (v_before.state, v_before.reason, v_before.processed_at, v_before.singer_names, v_before.openkj_request_id) then 'as before'
    else v_after::text
  end;
end;
$$;
select is(pg_temp.step_and_undo(state), 'as before', state || ' is undone')
from unnest(array['performing', 'completed', 'rejected', 'skipped', 'cleared', 'pending']) as state;
select is(
  tests.attempt('stan', $$ select public.set_request_state(tests.number('request of gus'), 'rejected'), public.set_request_state(tests.number('request of gus'), 'accepted') $$),
  '409 transition_not_allowed', 'which is more than setting a state allows: a late tap of somebody else does not bring a rejected request back'
);
select is(
  tests.attempt('stan', $$ select public.undo_request(tests.number('walk-up')) $$), '409 nothing_to_undo', 'a new request has nothing to undo'
);
select tests.act_as('eve');
select public.cancel_request(tests.number('request of eve'))
\g /dev/null
select tests.act_as_owner_role();
select is(
  tests.attempt('stan', $$ select public.undo_request(tests.number('request of eve')) $$), '409 nothing_to_undo', 'what its singer withdrew stays withdrawn'
);
update public.requests set state = 'pending' where id = tests.number('request of eve');

-- Put right ------------------------------------------------------------------------------------------------------------

create temporary table before_update as select * from public.requests where id = tests.number('request of eve');
select is(
  pg_temp.as_stan($$ select edited.singer_name, edited.key_change, edited.notes, edited.version
    from public.update_request(tests.number('request of eve'), p_notes => ' Table  5 ') as edited $$),
  jsonb_build_array(jsonb_build_object('singer_name', 'Eve', 'key_change', 0, 'notes', 'Table 5', 'version', (select version + 1 from before_update))),
  'notes are put right and the rest stays'
);
select is(
  pg_temp.as_stan($$ select edited.version from public.update_request(tests.number('request of eve'), p_notes => 'Table 5') as edited $$),
  jsonb_build_array(jsonb_build_object('version', (select version + 1 from before_update))), 'saying the same again changes nothing'
);
select is((select openkj_request_id from public.requests where id = tests.number('request of eve')), (select openkj_request_id from before_update), 'OpenKJ shows no notes and keeps its number');
select is(
  pg_temp.as_stan($$ select edited.singer_name, edited.key_change from public.update_request(tests.number('request of eve'), array[' Eve ', 'Ann'], -12) as edited $$),
  '[{"singer_name": "Eve & Ann", "key_change": -12}]', 'names and key are put right'
);
select isnt((select openkj_request_id from public.requests where id = tests.number('request of eve')), (select openkj_request_id from before_update), 'which OpenKJ learns by a new number');
select is(
  tests.attempt('stan', format('select public.update_request(tests.number(''request of eve''), %s)', arguments)), outcome, 'update_request: ' || outcome
)
from (values
  ('array[]::text[]', '400 invalid_singer_names'), ('array[repeat(''x'', 101)]', '400 invalid_singer_names'), ('p_key_change => 13', '400 invalid_key_change'),
  ('p_notes => repeat(''x'', 501)', '400 invalid_notes')
) as refused (arguments, outcome);
select pg_temp.as_stan($$ select public.set_request_state(tests.number('request of gus'), 'completed') $$)
\g /dev/null
select is(
  tests.attempt('stan', $$ select public.update_request(tests.number('request of gus'), p_key_change => 1) $$), '409 request_not_waiting', 'what is sung is sung'
);
select pg_temp.as_stan($$ select public.undo_request(tests.number('request of gus')) $$)
\g /dev/null

-- Send home ------------------------------------------------------------------------------------------------------------

select tests.act_as('gus');
select public.submit_request(tests.id('hall'), tests.number('first song'), p_singer_names => array['Gus']), public.submit_request(tests.id('hall'), tests.number('third song'), p_singer_names => array['Gus and friends'])
\g /dev/null
select tests.act_as_owner_role();
delete from public.notifications;
select is(pg_temp.as_stan($$ select public.skip_singer(tests.number('request of gus'), 'Gone home') as skipped $$), '[{"skipped": 3}]', 'all that waits of one singer is skipped');
select is(pg_temp.as_stan($$ select public.skip_singer(tests.number('request of gus'), 'Gone home') as skipped $$), '[{"skipped": 0}]', 'again there is nothing');
select is(
  (select count(*) from public.notifications where user_id = tests.id('gus') and kind = 'request_skipped' and data ->> 'reason' = 'Gone home'), 3::bigint, 'and told why'
);
select is((select count(*) from public.requests where venue_id = tests.id('hall') and state = 'pending'), 2::bigint, 'others wait on');
select is(pg_temp.as_stan($$ select public.skip_singer(tests.number('walk-up')) as skipped $$), '[{"skipped": 1}]', 'somebody without a phone goes by name');

-- Speak to -------------------------------------------------------------------------------------------------------------

delete from public.notifications;
delete from private.messages;
update public.message_preferences set category = 'queue', is_enabled = true where user_id = tests.id('eve');
select pg_temp.as_stan($$ select public.message_singer(tests.number('request of eve'), ' Come to   the stage ') $$)
\g /dev/null
select is(
  tests.answer('eve', $$ select kind, category, data ->> 'text' as text, data ->> 'venue' as venue from public.notifications $$),
  jsonb_build_array(jsonb_build_object(
    'kind', 'host_message', 'category', 'queue', 'text', 'Come to the stage', 'venue', (select name from public.venues where id = tests.id('hall'))
  )),
  'the singer reads it in the app'
);
select is((select count(*) from private.messages where user_id = tests.id('eve') and template_key = 'host_message'), 1::bigint, 'and by mail who wants that');
select is(tests.attempt('stan', format('select public.message_singer(tests.number(%L), %L)', request, text)), outcome, outcome)
from (values
  ('request of eve', null, '400 invalid_text'), ('request of eve', '  ', '400 invalid_text'), ('request of eve', repeat('x', 501), '400 invalid_text'),
  ('walk-up', 'Hello', '409 nobody_to_tell')
) as refused (request, text, outcome);
update private.rate_limits set maximum = 1 where key = 'messages_to_singer';
select is(tests.attempt('stan', $$ select public.message_singer(tests.number('request of eve'), 'Hello') $$), '429 rate_limited', 'nobody is talked at without end');

-- Lists ----------------------------------------------------------------------------------------------------------------

delete from public.requests where organization_id = tests.id('A');
insert into public.requests (organization_id, venue_id, openkj_request_id, singer_names, artist, title, state, requested_at, processed_at)
select
  tests.id('A'), tests.id(case when i % 5 = 0 then 'cellar' else 'hall' end), 1000 + i, array[case when i % 7 = 0 then 'José' else 'Kim' end], 'Artist ' || i % 3, 'Title 100% ' || i,
  case when i % 2 = 0 then 'completed' else 'pending' end, now() - make_interval(mins => i / 2), case when i % 2 = 0 then now() end
from generate_series(1, 60) as i;

create function pg_temp.pages(p_arguments text)
returns integer[]
language plpgsql
as $$
declare
  v_after bigint;
  v_ids bigint[];
  v_numbers integer[] := array[]::integer[];
begin
  loop
    perform tests.act_as('stan');
    execute format('select array_agg(listed.id) from public.list_requests(tests.id(''A''), p_after => $1, p_limit => 7, %s) as listed', p_arguments) into v_ids using v_after;
    perform tests.act_as_owner_role();
    exit when v_ids is null;
    v_numbers := v_numbers || array(
      select request.openkj_request_id - 1000 from unnest(v_ids) with ordinality as listed (id, place) join public.requests as request on request.id = listed.id order by place
    );
    v_after := v_ids[cardinality(v_ids)];
  end loop;
  return v_numbers;
end;
$$;
create function pg_temp.wanted(p_condition text)
returns integer[]
language plpgsql
as $$
declare
  v_numbers integer[];
begin
  execute format('select array_agg(openkj_request_id - 1000 order by requested_at desc, id desc) from public.requests where organization_id = tests.id(''A'') and %s', p_condition) into v_numbers;
  return v_numbers;
end;
$$;
select is(pg_temp.pages(arguments), pg_temp.wanted(condition), 'every row once and in order: ' || arguments)
from (values
  ('p_venue_id => null', 'true'),
  ('p_venue_id => tests.id(''hall'')', 'venue_id = tests.id(''hall'')'),
  ('p_states => array[''pending'', ''accepted'']', 'state = ''pending'''),
  ('p_search => ''JOSE''', 'singer_name = ''José'''),
  ('p_search => ''100% 1''', 'title like ''Title 100\% 1%'''),
  ('p_from => now() - interval ''20 minutes'', p_until => now() - interval ''10 minutes''', 'requested_at between now() - interval ''20 minutes'' and now() - interval ''10 minutes''')
) as listed (arguments, condition);
select is(
  pg_temp.as_stan($$ select count(*) as rows, max(total_count) as total from public.list_requests(tests.id('A'), p_venue_id => tests.id('hall'), p_page => 3) $$),
  '[{"rows": 8, "total": 48}]', 'by page the number of all is exact'
);
select is(pg_temp.as_stan($$ select * from public.list_requests(tests.id('A'), p_page => 9) $$), '[]', 'behind the last page there is nothing');
select is(pg_temp.as_stan($$ select * from public.list_requests(tests.id('A'), p_venue_id => tests.id('inn')) $$), '[]', 'a foreign venue has no rows here');
select is(tests.attempt('stan', format('select * from public.list_requests(tests.id(''A''), %s)', arguments)), outcome, arguments || ': ' || outcome)
from (values
  ('p_limit => 0', '400 invalid_page'), ('p_limit => 101', '400 invalid_page'), ('p_page => 0', '400 invalid_page'), ('p_page => 1, p_after => 1', '400 invalid_page'),
  ('p_states => array[''lost'']', '400 invalid_state'), ('p_search => repeat(''x'', 201)', '400 invalid_search'), ('p_after => 999999999999', '404 request_not_found'),
  ('p_after => tests.number(''foreign request'')', '404 request_not_found')
) as refused (arguments, outcome);

-- Nights ---------------------------------------------------------------------------------------------------------------

delete from public.requests where organization_id = tests.id('A');
delete from public.shows where venue_id = tests.id('hall');
create temporary table night as select private.current_show(tests.id('hall')) as id;
grant all on night to public;
create function pg_temp.ask(p_name text, p_song text)
returns bigint
language sql
return (private.insert_request(tests.id('hall'), null, null, array[p_name], tests.number(p_song), null, null, 0, null, null, true)).id;
create temporary table songs as
select pg_temp.ask(name, song) as id, name
from (values ('Ann', 'first song'), ('Ben', 'second song'), ('ann', 'first song'), ('Cy', 'third song')) as asked (name, song);
update public.requests set requested_at = now() - interval '10 minutes' where id in (select id from songs);
select private.change_requests(array(select id from songs where name in ('Ann', 'ann')), 'completed', 'host'), private.change_requests(array(select id from songs where name = 'Ben'), 'skipped', 'host', 'Left')
\g /dev/null
update public.performances set performed_at = now() - interval '4 minutes' where request_id = (select id from songs where name = 'Ann');
select is(
  pg_temp.as_stan($$ select show_id = (select id from night) as tonight, closed_at, requests, sung, singers, total_count from public.venue_shows(tests.id('hall')) $$),
  '[{"tonight": true, "closed_at": null, "requests": 4, "sung": 2, "singers": 3, "total_count": 1}]', 'a night is counted'
);
select is(
  (pg_temp.as_stan($$ select public.show_statistics((select id from night)) as s $$) -> 0 -> 's') - array['show_id', 'venue_id', 'opened_at', 'closed_at'] #- '{top_singers,0,name}',
  '{
    "total_requests": 4, "requests_by_state": {"completed": 2, "skipped": 1, "pending": 1}, "unique_singers": 3, "average_wait_seconds": 600,
    "average_gap_seconds": 240,
    "top_songs": [{"artist": "Zzyzx Quartet", "title": "First Song of the Tests", "requests": 2}, {"artist": "The Qwxv", "title": "Third Song of the Tests", "requests": 1},
      {"artist": "Zzyzx Quartet", "title": "Second Song of the Tests", "requests": 1}],
    "top_singers": [{"requests": 2, "sung": 2}, {"name": "Ben", "requests": 1, "sung": 0}, {"name": "Cy", "requests": 1, "sung": 0}]
  }'::jsonb, 'and told in numbers'
);
select is(
  pg_temp.as_stan($$ select singer_name, from_state, to_state, reason, source from public.show_log((select id from night)) where singer_name = 'Ben' $$),
  '[{"singer_name": "Ben", "from_state": null, "to_state": "pending", "reason": null, "source": "app"},
    {"singer_name": "Ben", "from_state": "pending", "to_state": "skipped", "reason": "Left", "source": "app"}]', 'the log says what happened'
);
select is(
  pg_temp.as_stan($$ select count(*) as rest from public.show_log((select id from night), (select event_id from public.show_log((select id from night), p_limit => 3) offset 2)) $$),
  '[{"rest": 4}]', 'and goes on after a row'
);
select is(tests.attempt('stan', format('select * from public.%s', call)), outcome, call || ': ' || outcome)
from (values
  ('show_log((select id from night), p_limit => 0)', '400 invalid_limit'), ('show_log((select id from night), p_limit => 501)', '400 invalid_limit'),
  ('venue_shows(tests.id(''hall''), 0)', '400 invalid_page'), ('venue_shows(tests.id(''hall''), 1, 101)', '400 invalid_page'),
  ('show_log(gen_random_uuid())', '404 show_not_found'), ('show_statistics(gen_random_uuid())', '404 show_not_found')
) as refused (call, outcome);

-- Today is the organization's day: Chicago's, not the server's.
update public.requests
set requested_at = date_trunc('day', now() at time zone 'America/Chicago') at time zone 'America/Chicago' - interval '1 second'
where id = (select id from songs where name = 'Cy');
update public.requests
set requested_at = date_trunc('day', now() at time zone 'America/Chicago') at time zone 'America/Chicago'
where id <> (select id from songs where name = 'Cy') and organization_id = tests.id('A');
select is(
  pg_temp.as_stan($$ select public.request_statistics(tests.id('A')) as s $$) -> 0 -> 's',
  '{"total_requests": 4, "pending_requests": 1, "processed_requests": 2, "requests_today": 3}'::jsonb, 'requests are counted by the organization''s day'
);
select is(
  pg_temp.as_stan($$ select public.request_statistics(tests.id('A'), tests.id('inn')) ->> 'total_requests' as total $$), '[{"total": "0"}]', 'a foreign venue has none'
);

select * from finish();
rollback;
