-- How long a used-up limit makes wait, and what becomes of limits that cannot be counted.
begin;
\ir support/actors.psql
select no_plan();

insert into private.rate_limits (key, maximum, window_seconds, description, fails_open) values
  ('guesses', 2, 900, 'A limit on credentials', false),
  ('views', 2, 900, 'A limit on reads', true);

create function pg_temp.hint_of(p_statement text)
returns text
language plpgsql
as $$
declare
  v_hint text;
begin
  execute p_statement;
  return null;
exception
  when others then
    get stacked diagnostics v_hint = pg_exception_hint;
    return v_hint;
end;
$$;

-- Waiting --------------------------------------------------------------------------------------------------------------

select results_eq(
  $$ select private.take_rate_limit(key, 'gus') from unnest(array['guesses', 'guesses', 'views', 'views']) as taken (key) $$,
  array[0, 0, 0, 0], 'what is within the limit passes'
);
update private.rate_limit_counters set window_ends_at = clock_timestamp() + interval '600 seconds' where subject = 'gus';
create temporary table refused as
select private.take_rate_limit('guesses', 'gus') as wait, window_ends_at from private.rate_limit_counters
where rate_limit_key = 'guesses' and subject = 'gus';
select cmp_ok(wait, '<=', 600, 'the wait is no longer than the window') from refused;
select ok(
  clock_timestamp() + make_interval(secs => wait) >= window_ends_at, 'whoever waits so long meets a new window'
) from refused;
select matches(
  pg_temp.hint_of($$ select private.enforce_rate_limit('guesses', 'gus') $$), '^retry_after=([1-9]|[1-9]\d|[1-5]\d\d|600)$',
  'and the refusal says it in seconds'
);
update private.rate_limit_counters set window_ends_at = clock_timestamp() where subject = 'gus';
select is(private.take_rate_limit('guesses', 'gus'), 0, 'after that it passes again');

-- Counting that fails --------------------------------------------------------------------------------------------------

alter table private.rate_limit_counters rename to lost_counters;
select throws_ok($$ select private.enforce_rate_limit('guesses', 'gus') $$, '42P01', null, 'credentials stay shut');
set local client_min_messages = error;
select lives_ok($$ select private.enforce_rate_limit('views', 'gus') $$, 'reads pass');
alter table private.lost_counters rename to rate_limit_counters;
select results_eq(
  $$ select private.take_rate_limit('views', 'ann') > 0 from generate_series(1, 3) $$, array[false, false, true],
  'and are counted again when that works again'
);
select set_eq(
  'select key from private.rate_limits where fails_open', array['song_exports', 'venue_exports', 'views'], 'only reads fail open'
);

select * from finish();
rollback;
