-- Venues that open and close by themselves: what the hours say about a time, what the scheduler makes of it, and what the host does between.
begin;
\ir support/actors.psql
select no_plan();

create function pg_temp.says(p_at text)
returns text
language sql
return (
  select concat_ws(
    ' ', case when said.is_open then 'open until ' || coalesce(to_char(said.closes_at at time zone 'America/Chicago', 'DD HH24:MI'), 'ever') else 'closed' end,
    'opens ' || to_char(said.opens_at at time zone 'America/Chicago', 'DD HH24:MI')
  )
  from private.opening(tests.id('hall'), p_at::timestamp at time zone 'America/Chicago') as said
);

create function pg_temp.set_hours(p_hours text)
returns void
language plpgsql
as $$
begin
  perform tests.act_as('mia');
  perform public.set_opening_hours(tests.id('hall'), p_hours::jsonb);
  perform tests.act_as_owner_role();
end;
$$;

-- What the hours say. Organization A is in Chicago; 4 December 2026 is a Friday. -----------------------------------------

select is(pg_temp.says('2026-12-04 21:00'), 'closed', 'without hours nothing is said');
select pg_temp.set_hours('[{"weekday": 5, "opens_at": "20:00", "closes_at": "02:00"}, {"weekday": 0, "opens_at": "15:00", "closes_at": "18:00"}]')
\g /dev/null
select is(pg_temp.says(at), said, 'at ' || at)
from (values
  ('2026-12-04 19:59', 'closed opens 04 20:00'), ('2026-12-04 20:00', 'open until 05 02:00 opens 06 15:00'),
  ('2026-12-05 01:59', 'open until 05 02:00 opens 06 15:00'), ('2026-12-05 02:00', 'closed opens 06 15:00'),
  ('2026-12-06 17:00', 'open until 06 18:00 opens 11 20:00'), ('2026-12-06 18:00', 'closed opens 11 20:00')
) as asked (at, said);
update public.venue_rules set last_call_minutes = 30 where venue_id = tests.id('hall');
select is(pg_temp.says('2026-12-05 01:29'), 'open until 05 01:30 opens 06 15:00', 'last call comes before the end');
select is(pg_temp.says('2026-12-05 01:30'), 'closed opens 06 15:00', 'and then nothing is taken');
select pg_temp.set_hours('[{"weekday": 5, "opens_at": "20:00", "closes_at": "00:00"}, {"weekday": 6, "opens_at": "00:00", "closes_at": "04:00"}]')
\g /dev/null
select is(pg_temp.says('2026-12-04 23:45'), 'open until 05 03:30 opens 11 20:00', 'hours that meet at midnight are one, with one last call');
update public.venue_rules set last_call_minutes = null where venue_id = tests.id('hall');
select pg_temp.set_hours('[{"weekday": 6, "opens_at": "20:00", "closes_at": "02:30"}, {"weekday": 0, "opens_at": "02:30", "closes_at": "03:30"}]')
\g /dev/null
select is(pg_temp.says('2027-03-13 21:00'), 'open until 14 03:30 opens 20 20:00', 'in the night without an hour from two to three');
select pg_temp.set_hours('[{"weekday": 6, "opens_at": "20:00", "closes_at": "04:00"}]')
\g /dev/null
select is(
  (select closes_at from private.opening(tests.id('hall'), '2026-10-31 21:00-05')), '2026-11-01 04:00-06'::timestamptz,
  'the night with an hour twice is an hour longer'
);
select pg_temp.set_hours((select jsonb_agg(jsonb_build_object('weekday', day, 'opens_at', '00:00', 'closes_at', '00:00'))::text from generate_series(0, 6) as day))
\g /dev/null
select is(pg_temp.says('2026-12-04 03:00'), 'open until ever', 'round the clock never closes');
select is_empty($$ select from private.venue_switches where venue_id = tests.id('hall') $$, 'and has nothing to switch');

-- What becomes of it -----------------------------------------------------------------------------------------------------

-- Hours around now, whatever day it is.
create function pg_temp.hours_around_now(p_opens integer, p_closes integer)
returns text
language sql
return (
  select jsonb_build_array(jsonb_build_object(
    'weekday', extract(dow from local.opens)::integer, 'opens_at', to_char(local.opens, 'HH24:MI'), 'closes_at', to_char(local.closes, 'HH24:MI')
  ))::text
  from (
    select now() at time zone 'America/Chicago' + make_interval(mins => p_opens) as opens, now() at time zone 'America/Chicago' + make_interval(mins => p_closes) as closes
  ) as local
);
create temporary view hall as
select venue.accepting_requests as accepting, switch.accepting as will_be, switch.switches_at, switch.is_last_call
from public.venues as venue
left join private.venue_switches as switch on switch.venue_id = venue.id
where venue.id = tests.id('hall');
create function pg_temp.time_passes()
returns void
language plpgsql
as $$
begin
  update private.venue_switches set switches_at = now() where venue_id = tests.id('hall');
  perform private.apply_switches();
end;
$$;

select pg_temp.set_hours(pg_temp.hours_around_now(60, 120))
\g /dev/null
select results_eq('select accepting, will_be from hall', 'values (false, true)', 'hours that begin later close the venue until then');
select is((select opens_at from public.find_venue((select url_name from public.venues where id = tests.id('hall')))), (select switches_at from hall), 'everybody is told when it opens');
select is((select last_call_at from public.find_venue((select url_name from public.venues where id = tests.id('hall')))), null, 'a closed venue has no last call');
create function pg_temp.hint_of_refusal()
returns text
language plpgsql
as $$
declare
  v_hint text;
begin
  perform private.insert_request(tests.id('hall'), tests.id('eve'), tests.id('eve'), '{Eve}', null, 'A', 'B', 0, null, null, false);
  return 'taken';
exception
  when sqlstate 'PT422' then
    get stacked diagnostics v_hint = pg_exception_hint;
    return sqlerrm || ': ' || v_hint;
end;
$$;
select is(
  pg_temp.hint_of_refusal(), (
    select format(
      'venue_closed: Ask again at %s: retry_after=%s',
      to_char(switches_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), ceil(extract(epoch from switches_at - now()))
    )
    from hall
  ),
  'and so is who asks for a song'
);
select pg_temp.set_hours(pg_temp.hours_around_now(-60, 60))
\g /dev/null
select results_eq('select accepting, will_be from hall', 'values (true, false)', 'hours that are now open it until they end');
select is((select last_call_at from public.find_venue((select url_name from public.venues where id = tests.id('hall')))), (select switches_at from hall), 'and everybody is told when that is');
select is((select jsonb_array_length(opening_hours) from public.find_venue((select url_name from public.venues where id = tests.id('hall')))), 1, 'with all the hours');
select is(private.apply_switches(), 0, 'before its time nothing happens');

-- By hand, between the edges.
update public.venues set accepting_requests = false where id = tests.id('hall');
select private.apply_switches()
\g /dev/null
select is((select accepting from hall), false, 'a host who closes early keeps it closed');
select pg_temp.time_passes()
\g /dev/null
-- The clock stands still in a transaction, so the hours still say open.
select results_eq('select accepting, will_be from hall', 'values (true, false)', 'until the next edge, where the hours hold again');

-- Last call.
select tests.act_as('stan');
select is(public.announce_last_call(tests.id('hall'), 15), now() + interval '15 minutes', 'the person at the desk announces last call');
select tests.act_as_owner_role();
select results_eq('select accepting, will_be, is_last_call from hall', 'values (true, false, true)', 'it is still open');
select is(pg_temp.time_passes()::text, '', 'when its time has come');
select results_eq('select accepting, is_last_call from hall', 'values (false, false)', 'it closes, whatever the hours say');
select is(tests.attempt('stan', $$ select public.announce_last_call(tests.id('hall'), 15) $$), '409 venue_closed', 'a closed venue has no last call');
select is(tests.attempt('stan', format('select public.announce_last_call(tests.id(''inn''), %L)', 15)), '404 venue_not_found', 'nor has that of others');
update public.venues set accepting_requests = true where id = tests.id('hall');
select is(tests.attempt('stan', format('select public.announce_last_call(tests.id(''hall''), %L)', minutes)), '400 invalid_minutes', coalesce(minutes::text, 'no') || ' minutes are refused')
from unnest(array[0, 241, null]) as minutes;
select pg_temp.set_hours('[]')
\g /dev/null
select results_eq('select accepting, will_be from hall', 'values (true, null::boolean)', 'without hours the host opens and closes');

-- What moves the edges.
select pg_temp.set_hours(pg_temp.hours_around_now(-60, 60))
\g /dev/null
create temporary table before as select switches_at from hall;
update public.venue_rules set last_call_minutes = 20 where venue_id = tests.id('hall');
select is((select switches_at from hall), (select switches_at - interval '20 minutes' from before), 'another last call');
update public.organizations set time_zone = 'America/New_York' where id = tests.id('A');
select isnt((select switches_at from hall), (select switches_at - interval '20 minutes' from before), 'another time zone');
select tests.act_as('alice');
select public.archive_venue(tests.id('hall'))
\g /dev/null
select tests.act_as_owner_role();
select is((select switches_at from hall), null, 'an archived venue has none');
select is(tests.attempt('alice', $$ select public.set_opening_hours(tests.id('hall'), '[]') $$), '404 venue_not_found', 'and gets none');

-- Bad input ----------------------------------------------------------------------------------------------------------------

select is(tests.attempt('mia', format('select public.set_opening_hours(tests.id(''cellar''), %L)', hours)), '400 invalid_opening_hours', left(coalesce(hours, 'null'), 60) || ' is refused')
from unnest(array[
  null, '{}', '"x"', '[1]', '[{}]', '[{"weekday": 7, "opens_at": "20:00", "closes_at": "02:00"}]', '[{"weekday": 1, "opens_at": "24:00", "closes_at": "02:00"}]',
  '[{"weekday": 1, "opens_at": "20:00"}]', '[{"weekday": "x", "opens_at": "20:00", "closes_at": "02:00"}]', '[{"weekday": 1.5, "opens_at": "20:00", "closes_at": "02:00"}]',
  (select jsonb_agg(jsonb_build_object('weekday', 1, 'opens_at', '20:00', 'closes_at', '21:00'))::text from generate_series(1, 29))
]) as hours;
select is_empty($$ select from public.venue_opening_hours where venue_id = tests.id('cellar') $$, 'and changes nothing');

-- Branding -----------------------------------------------------------------------------------------------------------------

select is(
  tests.attempt('adam', format('insert into public.venue_branding (venue_id, logo_url, color_palette) values (tests.id(''cellar''), %L, %L)', logo, palette)), outcome,
  concat_ws(' ', logo, palette)
)
from (values
  ('https://example.com/logo.png', '{"background": "#10002b"}', '1'), (null, '{}', '1'), ('javascript:alert(1)', '{}', '23514'), (null, '[]', '23514'),
  (null, '{"background": "red"}', '23514'), (null, '{"background": 5}', '23514'), (null, '{"background": null}', '23514'), (null, '{"a": {"b": "#000000"}}', '23514')
) as tried (logo, palette, outcome);
insert into public.venue_branding (venue_id, color_palette) values (tests.id('cellar'), '{"text": "#ffffff"}');
select is(
  (select branding from public.find_venue((select url_name from public.venues where id = tests.id('cellar')))),
  '{"logo_url": null, "color_palette": {"text": "#ffffff"}}', 'a venue shows its branding'
);

select * from finish();
rollback;
