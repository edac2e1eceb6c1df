-- What is asked for most at a venue.
begin;
\ir ../support/actors.psql
\ir ../support/night.psql
select no_plan();

create function tests.most(p_period text, p_venue text default 'hall')
returns text[]
language sql
return (
  select coalesce(array_agg(format('%s × %s', song.requested, song.title) order by song.place), '{}')
  from public.most_requested_songs(tests.id(p_venue), 20, p_period) with ordinality as song (song_id, artist, title, requested, place)
);

select is(
  tests.most(period), array['2 × Third Song of the Tests', '1 × First Song of the Tests'],
  format('%s: the songs asked for, the most wanted first, without the one that is blocked', period)
)
from unnest(array['tonight', '30_days', 'all']) as period;
select is(tests.most('all', 'inn'), array['1 × First Song of the Tests'], 'each venue has a list of its own');

update public.shows set closed_at = now() where venue_id = tests.id('hall');
select is(tests.most('tonight'), '{}', 'tonight is over with the show');
select is(cardinality(tests.most('30_days')), 2, 'the month is not');
update public.requests set requested_at = now() - interval '31 days' where id = tests.number('request of eve');
select is(tests.most('30_days'), array['2 × Third Song of the Tests'], 'what was asked for long ago leaves the month');
select is(cardinality(tests.most('all')), 2, 'and stays in the whole');
select private.delete_song(tests.id('system'), tests.number('third song')) from (select tests.act_as('alice')) as acting \g /dev/null
select tests.act_as_owner_role();
select is(tests.most('all'), array['1 × First Song of the Tests'], 'a song that left the book is not offered');

select is(tests.attempt('anon', call), outcome, format('%s: %s', outcome, call))
from (values
  ($$ select * from public.most_requested_songs(tests.id('hall'), 1) $$, '1'),
  ($$ select * from public.most_requested_songs(tests.id('hall'), 0) $$, '400 invalid_limit'),
  ($$ select * from public.most_requested_songs(tests.id('hall'), 20, 'week') $$, '400 invalid_period'),
  ($$ select * from public.most_requested_songs(tests.id('hall'), 20, null) $$, '400 invalid_period'),
  ($$ select * from public.most_requested_songs(gen_random_uuid()) $$, '404 venue_not_found')
) as example (call, outcome);

select * from finish();
rollback;
