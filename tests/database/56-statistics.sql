-- Statistics and exports of a venue, on the organization's clock (Chicago), about a venue that is ten days old.
begin;
\ir support/actors.psql
select no_plan();

update public.venues set created_at = now() - interval '10 days' where id = tests.id('hall');
create function pg_temp.ask(p_singer text, p_name text, p_artist text, p_title text, p_at timestamptz, p_state text default 'pending')
returns void
language sql
begin atomic
  insert into public.requests (organization_id, venue_id, openkj_request_id, singer_user_id, singer_names, artist, title, requested_at, state, processed_at)
  select
    tests.id('A'), tests.id('hall'), (select count(*) from public.requests) + 1, tests.id(p_singer), array[p_name], p_artist, p_title, p_at, p_state,
    case when p_state = 'completed' then p_at end;
end;
-- A moment of a day in Chicago, some days ago.
create function pg_temp.ago(p_days integer, p_time time)
returns timestamptz
language sql
return ((now() at time zone 'America/Chicago')::date - p_days + p_time) at time zone 'America/Chicago';

select pg_temp.ask(singer, name, artist, title, pg_temp.ago(days, at), state)
from (values
  ('eve', 'Eve', 'ABBA', 'Waterloo', 3, '23:30'::time, 'completed'), ('eve', 'Evie', 'Abba', 'Waterloo', 3, '23:40', 'completed'),
  ('eve', 'Eve', 'ABBA', 'waterloo!', 2, '00:10', 'skipped'), ('gus', 'Zoë', 'Queen', 'Flash', 2, '00:20', 'completed'),
  (null, 'zoe', 'Queen', 'Flash', 2, '21:00', 'pending'), (null, 'Kim', 'Nobody', '100% Song', 1, '21:00', 'accepted')
) as asked (singer, name, artist, title, days, at, state)
\g /dev/null

create function pg_temp.statistics(p_arguments text default '')
returns jsonb
language sql
return tests.answer('alice', format('select public.venue_statistics(tests.id(''hall'')%s) as found', p_arguments)) #> '{0,found}';

select is(pg_temp.statistics() -> name, value::jsonb, name)
from (values
  ('total_requests', '6'), ('pending_requests', '2'), ('processed_requests', '3'), ('unique_singers', '1'), ('unique_guests', '2'),
  ('top_songs', '[{"artist": "ABBA", "title": "Waterloo", "requests": 3}, {"artist": "Queen", "title": "Flash", "requests": 2}, {"artist": "Nobody", "title": "100% Song", "requests": 1}]'),
  ('top_singers', '[{"name": "Eve", "is_guest": false, "requests": 3}, {"name": "Zoë", "is_guest": true, "requests": 2}, {"name": "Kim", "is_guest": true, "requests": 1}]')
) as expected (name, value);
select is((pg_temp.statistics() ->> 'average_requests_per_day')::numeric, round(6 / 11.0, 2), 'the average is over the days the venue was there');
select is(jsonb_array_length(pg_temp.statistics() -> 'requests_by_day'), 11, 'every day is there');
select results_eq(
  $$ select (day ->> 'requests')::integer from jsonb_array_elements(pg_temp.statistics() -> 'requests_by_day') with ordinality as listed (day, place) order by place desc limit 5 $$,
  array[0, 1, 3, 2, 0], 'with what was asked on it by the clock of the place, days without anything too'
);
select results_eq(
  $$ select (hour ->> 'hour')::integer, (hour ->> 'requests')::integer from jsonb_array_elements(pg_temp.statistics() -> 'requests_by_hour') as hour where hour ->> 'requests' <> '0' $$,
  'values (0, 2), (21, 2), (23, 2)', 'and every hour'
);
select is(jsonb_array_length(pg_temp.statistics() -> 'requests_by_hour'), 24, 'of the day');

-- A range counts inside itself, everywhere.
create temporary table day as
select pg_temp.statistics(format(', %L, %L', pg_temp.ago(2, '00:00'), pg_temp.ago(1, '00:00') - interval '1 second')) as found;
select is((select found -> name from day), value::jsonb, 'one day: ' || name)
from (values
  ('total_requests', '3'), ('processed_requests', '1'), ('unique_guests', '1'), ('average_requests_per_day', '3.00'),
  ('top_singers', '[{"name": "Zoë", "is_guest": true, "requests": 2}, {"name": "Eve", "is_guest": false, "requests": 1}]')
) as expected (name, value);
select is((select jsonb_array_length(found -> 'requests_by_day') from day), 1, 'one day has one day');
select is(
  (pg_temp.statistics(format(', %L, %L', now() - interval '5 years', now() + interval '5 years')) ->> 'average_requests_per_day')::numeric, round(6 / 11.0, 2),
  'days before the venue and days to come thin out no average'
);
select is((pg_temp.statistics(', ''-infinity'', ''infinity''') ->> 'total_requests'), '6', 'not even endless ones');
update public.venues set created_at = now() - interval '100 days' where id = tests.id('hall');
select is(jsonb_array_length(pg_temp.statistics() -> 'requests_by_day'), 30, 'of a long range the last 30 days are listed');
select is(jsonb_array_length(pg_temp.statistics(format(', %L', now() + interval '1 year')) -> 'top_songs'), 0, 'nothing comes of what is to come');
select is(tests.attempt('alice', $$ select public.venue_statistics(tests.id('hall'), now(), now() - interval '1 day') $$), '400 invalid_range', 'a range has an order');
select is(
  jsonb_array_length(pg_temp.statistics(format(', %L, %L', p_start, p_end)) -> 'requests_by_day'), 1, format('from %s to %s is one day', p_start, p_end)
)
from (values ('-infinity', '-infinity'), ('infinity', 'infinity')) as ranges (p_start, p_end);

-- Export ---------------------------------------------------------------------------------------------------------------

create function pg_temp.exported(p_arguments text default '')
returns jsonb
language sql
return tests.answer('stan', format('select public.export_venue(tests.id(''hall'')%s) as found', p_arguments)) #> '{0,found}';

select is(
  (select array_agg(request ->> 'singer_name') from jsonb_array_elements(pg_temp.exported() -> 'requests') as request), array['Kim', 'zoe', 'Zoë', 'Eve', 'Evie', 'Eve'],
  'an export has every request, newest first'
);
select set_eq(
  $$ select jsonb_object_keys(pg_temp.exported(', p_limit => 1') #> '{requests,0}') $$,
  array['id', 'state', 'artist', 'title', 'key_change', 'notes', 'singer_name', 'requested_at', 'processed', 'processed_at'], 'and nothing about who they are'
);
select is(jsonb_array_length(pg_temp.exported(format(', %L, %L', pg_temp.ago(2, '00:00'), pg_temp.ago(1, '00:00'))) -> 'requests'), 3, 'inside a range');
create function pg_temp.pages()
returns text
language plpgsql
as $$
declare
  v_page jsonb;
  v_names text := '';
begin
  loop
    v_page := pg_temp.exported(format(', p_limit => 4, p_after => %s', coalesce(v_page ->> 'next_after', 'null')));
    v_names := v_names || (select coalesce(string_agg(request ->> 'singer_name', ' '), '') || '/' from jsonb_array_elements(v_page -> 'requests') as request);
    exit when v_page -> 'next_after' = 'null';
  end loop;
  return v_names;
end;
$$;
select is(pg_temp.pages(), 'Kim zoe Zoë Eve/Evie Eve/', 'page by page nothing is lost or doubled');
select is(tests.attempt('stan', format('select public.export_venue(tests.id(''hall''), %s)', arguments)), outcome, arguments)
from (values
  ('p_limit => 0', '400 invalid_limit'), ('p_limit => 5001', '400 invalid_limit'), ('p_after => 999999999', '404 request_not_found'),
  ('p_start => now(), p_end => now() - interval ''1 day''', '400 invalid_range')
) as tried (arguments, outcome);
delete from private.rate_limit_counters where rate_limit_key = 'venue_exports';
select pg_temp.exported() from generate_series(1, 10)
\g /dev/null
select is(tests.attempt('stan', $$ select public.export_venue(tests.id('hall')) $$), '429 rate_limited', 'ten exports are begun in an hour');
select is(tests.attempt('alice', $$ select public.export_venue(tests.id('hall')) $$), '1', 'by each person');

-- The whole organization ---------------------------------------------------------------------------------------------------

select is(tests.answer('alice', $$ select public.organization_overview(tests.id('A')) as found $$) #> array['0', 'found', name], value::jsonb, 'overview: ' || name)
from (values
  ('total_venues', '2'), ('venues_accepting_requests', '2'), ('total_requests', '6'), ('pending_requests', '2'), ('processed_requests', '3'), ('total_songs', '0'),
  ('top_venue', (select jsonb_build_object('venue_id', tests.id('hall'), 'venue_name', 'Hall of the tests', 'requests', 6)::text))
) as expected (name, value);
select is(tests.answer('bob', $$ select public.organization_overview(tests.id('B')) as found $$) #> '{0,found,top_venue}', 'null', 'without requests there is no top venue');

select * from finish();
rollback;
