-- How others learn that something changed: the organization's serial, and what is broadcast to whom.
begin;
\ir support/actors.psql
\ir support/night.psql
select no_plan();

update private.rate_limits set maximum = 100000;
delete from public.blocked_songs;

-- The serial -----------------------------------------------------------------------------------------------------------

create function pg_temp.serial(p_organization text default 'A')
returns integer
language sql
return private.openkj_serial(tests.id(p_organization));

-- By how much a statement moves the serials of A and B.
create function pg_temp.moves(p_actor text, p_sql text)
returns text
language plpgsql
as $$
declare
  v_a integer := pg_temp.serial('A');
  v_b integer := pg_temp.serial('B');
begin
  perform tests.act_as(p_actor);
  execute p_sql;
  perform tests.act_as_owner_role();
  return format('%s %s', pg_temp.serial('A') - v_a, pg_temp.serial('B') - v_b);
end;
$$;

delete from public.shows where venue_id = tests.id('hall');
update public.requests set show_id = null where venue_id = tests.id('hall');
select is(pg_temp.moves(actor, statement), moved, label)
from (values
  (1, 'eve', 'select public.submit_request(tests.id(''hall''), tests.number(''second song''))', '1 0', 'asking moves it by one'),
  (2, 'stan', 'select public.set_request_state(tests.number(''walk-up''), ''accepted'')', '1 0', 'accepting, which opens the night, by one'),
  (3, 'stan', 'select public.set_request_state(tests.number(''walk-up''), ''accepted'')', '0 0', 'again by nothing'),
  (4, 'stan', 'select public.set_request_state(tests.number(''walk-up''), ''completed'')', '1 0', 'completing by one'),
  (5, 'eve', 'select public.edit_request(tests.number(''request of eve''), 3)', '1 0', 'a new key by one'),
  (6, 'eve', 'select public.edit_request(tests.number(''request of eve''), p_notes => ''Hello'')', '1 0', 'a note by one'),
  (7, 'stan', 'select public.process_requests(array[tests.number(''request of eve''), tests.number(''request of gus'')])', '1 0', 'a bulk change by one'),
  (8, 'stan', 'select public.process_requests(array[tests.number(''request of eve''), tests.number(''request of gus'')], false)', '1 0', 'and back by one'),
  (9, 'mia', 'select public.clear_queue(tests.id(''hall''))', '1 0', 'clearing by one'),
  (10, 'mia', 'select public.clear_queue(tests.id(''hall''))', '0 0', 'clearing nothing by nothing'),
  (11, 'stan', 'select public.set_accepting(tests.id(''hall''), false)', '1 0', 'closing by one'),
  (12, 'stan', 'select public.set_accepting(tests.id(''hall''), false)', '0 0', 'again by nothing'),
  (13, 'stan', 'select public.set_accepting(tests.id(''hall''), true)', '1 0', 'opening by one'),
  (14, 'mia', 'update public.venues set name = ''Renamed'' where id = tests.id(''hall'')', '1 0', 'a venue''s name by one'),
  (15, 'mia', 'update public.venues set phone_number = ''+15550100'' where id = tests.id(''hall'')', '0 0', 'its phone, which OpenKJ never shows, by nothing'),
  (16, 'alice', 'insert into public.venues (organization_id, name, address, city, state, postal_code) values (tests.id(''A''), ''New'', ''X'', ''X'', ''XX'', ''X'')', '1 0', 'a new venue by one'),
  (17, 'alice', 'select public.archive_venue((select id from public.venues where name = ''New''))', '1 0', 'archiving by one'),
  (18, 'bob', 'select public.add_walk_up(tests.id(''inn''), array[''Kim''], tests.number(''first song''))', '0 1', 'another organization moves its own'),
  (19, 'postgres', 'select private.bump_openkj_serial(array[tests.id(''A''), tests.id(''B''), tests.id(''A''), null])', '1 1', 'several at once each by one')
) as change (number, actor, statement, moved, label)
order by number;

update private.organization_counters set openkj_serial = 2147483646 where organization_id = tests.id('A');
select pg_temp.moves('stan', 'select public.set_accepting(tests.id(''hall''), false)');
select is(pg_temp.serial(), 2147483647, 'the serial goes up to the largest number OpenKJ reads');
select pg_temp.moves('stan', 'select public.set_accepting(tests.id(''hall''), true)');
select is(pg_temp.serial(), 1, 'and then starts again at one: zero would mean an error');
select throws_ok($$ update private.organization_counters set openkj_serial = 0 where organization_id = tests.id('A') $$, '23514', null, 'it is never zero');

-- Who may follow what --------------------------------------------------------------------------------------------------

-- Topics in the order of the columns below.
create function pg_temp.follows(p_actor text, p_aal text default 'aal1')
returns text
language sql
return (
  select string_agg(
    case came_to when '1' then case when answer then '+' else '.' end when '42501' then '-' else came_to end, ' ' order by number
  )
  from unnest(array[
    'venue:' || tests.id('hall') || ':queue', 'venue:' || tests.id('hall') || ':display', 'venue:' || tests.id('inn') || ':queue',
    'venue:' || tests.id('inn') || ':display', 'request:' || tests.number('request of eve'), 'request:' || tests.number('request of gus'),
    'user:' || tests.id('eve') || ':notifications'
  ]) with ordinality as topic (name, number)
  cross join lateral tests.attempt(p_actor, format('select private.may_follow(%L)', topic.name), p_aal) as tried (came_to)
  left join lateral (
    select (tests.answer(p_actor, format('select private.may_follow(%L) as may', topic.name), p_aal) -> 0 ->> 'may')::boolean as answer
    where came_to = '1'
  ) as answered on true
);
--                                 hall    hall    inn     inn     request request notifications
--                                 queue   display queue   display of eve  of gus  of eve
select is(pg_temp.follows(actor), expected, actor || ' follows what is theirs to hear')
from (values
  ('anon',    '- - - - - - -'),
  ('service', '- - - - - - -'),
  ('gus',     '. + . + . + .'),
  ('eve',     '. + . + + . +'),
  ('bob',     '. + + + . . .'),
  ('alice',   '+ + . + . . .'),
  ('stan',    '+ + . + . . .'),
  ('dan',     '+ + . + . . .'),
  ('sue',     '. + . + . . .'),
  ('rex',     '. + . + . . .'),
  ('mallory', '. . . . . . .'),
  ('nora',    '. . . . . . .'),
  ('bea',     '. . . . . . .')
) as expectation (actor, expected);
select is(pg_temp.follows('mallory', 'aal2'), '. + . + . . .', 'with the second factor mallory hears what everybody does');

select is(tests.answer('alice', format('select private.may_follow(%L) as may', topic)), '[{"may": false}]', format('%s is no topic', to_json(left(topic, 60))))
from unnest(array[
  '', 'venue', 'venue:', 'venue::queue', 'venue:x:queue', 'venue:' || tests.id('hall'), 'venue:' || tests.id('hall') || ':',
  'venue:' || tests.id('hall') || ':queue:', 'venue:' || tests.id('hall') || ':staff', 'VENUE:' || tests.id('hall') || ':queue',
  'x:venue:' || tests.id('hall') || ':queue', 'venue:' || tests.id('hall') || E':queue\n', 'venue:%:queue', 'venue:' || tests.id('inn') || ':display:queue',
  'request:', 'request:-1', 'request:1e3', 'request:9999999999999999999', 'request:' || repeat('9', 100), 'user::notifications',
  'user:' || tests.id('eve') || ':notifications', repeat('x', 100000)
]) as topic;
select is(tests.answer('alice', 'select coalesce(private.may_follow(null), false) as may'), '[{"may": false}]', 'no topic is no topic');
update public.venue_rules set queue_visibility = 'none' where venue_id = tests.id('hall');
select is(split_part(pg_temp.follows('eve'), ' ', 2), '.', 'a queue that is not shown is not followed');
update public.venue_rules set queue_visibility = 'full' where venue_id = tests.id('hall');
select private.current_show(tests.id('hall'))
\g /dev/null
insert into private.show_pins (show_id, pin_hash) select private.open_show(tests.id('hall')), 'x';
select is(split_part(pg_temp.follows('eve'), ' ', 2), '.', 'nor one behind a PIN');
select is(split_part(pg_temp.follows('stan'), ' ', 2), '+', 'except by staff');
delete from private.show_pins;

-- As the server of Realtime asks: may this user read a message of this topic?
create function pg_temp.receives(p_actor text, p_topic text, p_extension text default 'broadcast')
returns boolean
language plpgsql
as $$
declare
  v_receives boolean;
begin
  perform tests.act_as_owner_role();
  insert into realtime.messages (topic, extension, payload, event, private) values (p_topic, p_extension, '{}', 'asked', true);
  perform tests.act_as(p_actor);
  perform set_config('realtime.topic', p_topic, true);
  select exists (select from realtime.messages where topic = p_topic and event = 'asked' and extension = p_extension) into v_receives;
  perform tests.act_as_owner_role();
  delete from realtime.messages where topic = p_topic and event = 'asked';
  return v_receives;
end;
$$;
select ok(pg_temp.receives('stan', 'venue:' || tests.id('hall') || ':queue'), 'the policy lets staff receive');
select ok(not pg_temp.receives('eve', 'venue:' || tests.id('hall') || ':queue'), 'and singers not');
select ok(pg_temp.receives('eve', 'venue:' || tests.id('hall') || ':display'), 'who receive what is shown');
select ok(not pg_temp.receives('nora', 'venue:' || tests.id('hall') || ':display'), 'an ended session receives nothing');
select ok(not pg_temp.receives('stan', 'venue:' || tests.id('hall') || ':queue', 'presence'), 'presence is not offered');
select is(
  tests.attempt(actor, format(
    $$ insert into realtime.messages (topic, extension, payload, event, private) values ('venue:%s:queue', 'broadcast', '{}', 'request_created', true) $$, tests.id('hall')
  )), '42501', actor || ' sends nothing'
)
from unnest(array['anon', 'gus', 'eve', 'stan', 'alice']) as actor;

-- What is broadcast ----------------------------------------------------------------------------------------------------

create function pg_temp.heard(p_actor text, p_sql text)
returns table (topic text, event text, payload jsonb)
language plpgsql
as $$
begin
  perform tests.act_as_owner_role();
  delete from realtime.messages;
  perform tests.act_as(p_actor);
  execute p_sql;
  perform tests.act_as_owner_role();
  return query
    select
      replace(replace(replace(message.topic, tests.id('hall')::text, 'hall'), tests.id('eve')::text, 'eve'), tests.number('request of eve')::text, 'of eve'),
      message.event, message.payload
    from realtime.messages as message
    where message.private
      -- Other tests may be heard in the same database.
      and substring(message.topic from ':([^:]+)') in (tests.id('hall')::text, tests.id('eve')::text, tests.number('request of eve')::text)
    order by message.inserted_at, message.id;
end;
$$;
create temporary table heard (topic text, event text, payload jsonb);

insert into heard select * from pg_temp.heard('eve', 'select public.submit_request(tests.id(''hall''), tests.number(''first song''), p_idempotency_key => gen_random_uuid())');
select bag_eq(
  'select topic, event from heard', $$ values ('venue:hall:queue', 'requests_created'), ('venue:hall:display', 'queue_changed') $$,
  'a new request is told to staff, and the room that something is new'
);
select is(
  (select payload - 'id' from heard where topic like '%:queue'),
  (
    select jsonb_build_object('venue_id', tests.id('hall'), 'serial', pg_temp.serial(), 'requests', jsonb_build_array(jsonb_build_object(
      'request_id', asked.id, 'openkj_request_id', asked.openkj_request_id, 'state', 'pending', 'version', 1
    )))
    from public.requests as asked order by asked.id desc limit 1
  ),
  'staff hear which request it is and the serial it came with, and nothing of what it says'
);
select is((select payload - 'id' from heard where topic like '%:display'), jsonb_build_object('venue_id', tests.id('hall')), 'the room hears no name');

update public.requests set state = 'pending' where id = tests.number('request of eve');
truncate heard;
insert into heard select * from pg_temp.heard('stan', 'select public.set_request_state(tests.number(''request of eve''), ''rejected'', ''Too long'')');
select bag_has(
  'select topic, event from heard',
  $$ values ('venue:hall:queue', 'requests_changed'), ('venue:hall:display', 'queue_changed'), ('request:of eve', 'request_changed'), ('user:eve:notifications', 'notification_created') $$,
  'a change is told to staff, the room and the singer'
);
select is((select count(*) from heard where topic = 'venue:hall:queue'), 1::bigint, 'once');
select is(
  (select payload - 'id' from heard where topic = 'request:of eve'),
  (select jsonb_build_object('request_id', id, 'state', 'rejected', 'version', version) from public.requests where id = tests.number('request of eve')),
  'the singer hears what became of it, and reads why'
);

truncate heard;
insert into heard select * from pg_temp.heard('stan', 'select public.set_accepting(tests.id(''hall''), false)');
select bag_eq(
  'select topic, event, payload - ''id'' from heard',
  $$ select 'venue:hall:' || audience as topic, 'accepting_changed' as event, jsonb_build_object('venue_id', tests.id('hall'), 'accepting_requests', false) as payload from unnest(array['queue', 'display']) as audience $$,
  'closing is told to staff and the room'
);
select is_empty($$ select * from pg_temp.heard('stan', 'select public.set_accepting(tests.id(''hall''), false)') $$, 'nothing changed, nothing told');

select bag_eq(
  $$ select topic, event, payload - 'id' from pg_temp.heard('alice', 'update public.venue_rules set notes_allowed = false, max_active_requests = 2 where venue_id = tests.id(''hall'')') $$,
  $$ select 'venue:hall:' || audience as topic, 'rules_changed' as event, jsonb_build_object('venue_id', tests.id('hall')) as payload from unnest(array['queue', 'display']) as audience $$,
  'so are other rules, once'
);
select is(
  (select string_agg(distinct event, ' ') from pg_temp.heard('alice', format('update public.venue_rules set %s where venue_id = tests.id(''hall'')', change))),
  told, format('"%s" is told as %s', change, coalesce(told, 'nothing'))
)
from (values ('notes_allowed = false', null), ('last_call_minutes = 5', null), ('queue_order = ''rotation''', 'queue_changed')) as changed (change, told);
update public.venue_rules set (notes_allowed, max_active_requests, queue_order) = (true, null, 'fifo') where venue_id = tests.id('hall');

-- What singers are told ------------------------------------------------------------------------------------------------

delete from public.notifications;
delete from private.messages;
update public.venues set accepting_requests = true where id = tests.id('hall');
update public.requests set state = 'pending' where id = tests.number('request of eve');
delete from public.notifications;
update auth.users set phone = '15550100', phone_confirmed_at = now() where id = tests.id('eve');
update public.message_preferences set category = 'queue', is_enabled = true where user_id = tests.id('eve');
select tests.act_as('stan');
select public.set_request_state(tests.number('request of eve'), 'skipped', 'No such key'), public.set_request_state(tests.number('request of eve'), 'pending'), public.set_request_state(tests.number('request of eve'), 'skipped', 'Again')
\g /dev/null
select tests.act_as_owner_role();
select results_eq(
  $$ select data ->> 'reason' from public.notifications where user_id = tests.id('eve') and kind = 'request_skipped' order by id $$,
  $$ values ('No such key'), ('Again') $$, 'each time is told'
);
select is(
  (select count(*) from private.messages where user_id = tests.id('eve') and template_key = 'request_skipped' and channel = 'email'), 2::bigint, 'by mail as well for those who want it'
);
select is((select count(*) from private.messages where user_id = tests.id('eve') and channel = 'sms'), 0::bigint, 'not by text for those who did not say so');
select is(tests.attempt('eve', $$ update public.notifications set read_at = now() where kind = 'request_skipped' $$), '2', 'the user marks them as read');
select is(tests.attempt('eve', $$ update public.notifications set data = '{}' $$), '42501', 'and changes nothing else');
select is(
  tests.attempt('eve', format($$ insert into public.message_preferences (user_id, category, channel, is_enabled) values (tests.id('eve'), %L, %L, false) $$, category, channel)),
  '23514', format('%s by %s is not for anybody to switch off', category, channel)
)
from (values ('security', 'email'), ('security', 'sms'), ('queue', 'push')) as refused (category, channel);
select is(
  tests.attempt('eve', $$ update public.message_preferences set user_id = tests.id('bob') $$), '42501', 'preferences are not given to others'
);

select * from finish();
rollback;
