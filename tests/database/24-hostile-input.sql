-- Every exposed function with hostile arguments in the place of each of its parameters, generated from the catalogue. The answer is
-- one of a right kind: rows, a refusal in words (PT4..), or PostgreSQL's own refusal of a malformed value (class 22), which
-- PostgREST answers with 400. Anything else is a fault: a check of a column that nobody foresaw, an internal error, a lost lock.
begin;
\ir support/actors.psql
\ir support/night.psql
select no_plan();

create temporary table hostile (type text, value text, primary key (type, value));
insert into hostile
select type, value
from (values
  ('text', array[
    'null', '''''', '''   ''', '''%''', '''_''', '''\''', '''''''; drop table public.venues; --''', 'repeat(''x'', 100000)', 'repeat(E''\U0001F600'', 5000)',
    'E''\r\nBcc: x@example.com''', 'E''\u202Eevil\u200B''', '''{"a": 1}''', '''(((((((''', '''<script>alert(1)</script>''', '''NaN''', '''../../etc/passwd'''
  ]),
  ('integer', array['null', '0', '-1', '2147483647', '-2147483648']),
  ('bigint', array['null', '0', '-1', '9223372036854775807', '-9223372036854775808']),
  ('smallint', array['null', '0', '-1', '32767']),
  ('double precision', array['null', '0', '''NaN''', '''Infinity''', '''-Infinity''', '1e308', '-1e308']),
  ('numeric', array['null', '''NaN''', '1e1000', '-1']),
  ('boolean', array['null', 'true', 'false']),
  ('uuid', array['null', 'gen_random_uuid()', 'tests.id(''B'')', 'tests.id(''inn'')', '''00000000-0000-0000-0000-000000000000''']),
  ('timestamp with time zone', array['null', '''infinity''', '''-infinity''', '''0001-01-01''', '''290000-01-01''']),
  ('date', array['null', '''infinity''', '''-infinity''', '''0001-01-01''', '''5874897-12-31''']),
  ('interval', array['null', '''-1 day''', '''178000000 years''']),
  ('jsonb', array['null', '''null''', '''{}''', '''[]''', '''0''', '''"x"''', '''[[[[[[]]]]]]''', '''{"artist": {"x": 1}, "title": []}''', 'jsonb_build_object(repeat(''k'', 100000), 1)']),
  ('text[]', array['null', '''{}''', '''{NULL}''', '''{"",""}''', '''{{a,b},{c,d}}''', 'array_fill(''x''::text, array[10000])', 'array[repeat(''x'', 100000)]', '''{%,_}''']),
  ('bigint[]', array['null', '''{}''', '''{NULL}''', '''{{1,2},{3,4}}''', 'array_fill(1::bigint, array[10000])', '''{-1,0,9223372036854775807}''']),
  ('integer[]', array['null', '''{}''', '''{NULL}''', 'array_fill(1, array[10000])']),
  ('uuid[]', array['null', '''{}''', '''{NULL}''', 'array_fill(gen_random_uuid(), array[10000])']),
  ('cidr[]', array['null', '''{}''', '''{NULL}''', '''{0.0.0.0/0,::/0}'''])
) as kind (type, list), unnest(kind.list) as value;

create temporary view parameters as
select routine.oid, routine.proname::text as name, argument.position, routine.proargnames[argument.position] as argument,
  format_type(argument.type, null) as type, argument.position > routine.pronargs - routine.pronargdefaults as has_default
from pg_proc as routine
cross join unnest(routine.proargtypes::oid[]) with ordinality as argument (type, position)
where routine.pronamespace = 'public'::regnamespace;

select is_empty(
  $$ select name, argument, type from parameters where type not in (select type from hostile) $$, 'there is something hostile for every type of parameter'
);

-- What stands in the other places: something that exists, so that the call comes far.
create function pg_temp.plausible(p_name text, p_argument text, p_type text)
returns text
language sql
return case p_type
  when 'uuid' then format('%L::uuid', tests.id(case
    when p_argument ~ 'venue' then 'hall'
    when p_argument ~ 'system' then 'system'
    when p_argument ~ 'api_key' then 'key'
    when p_argument ~ 'invitation' then 'invitation'
    when p_argument ~ 'import' then 'import'
    else 'A'
  end))
  when 'bigint' then tests.number(case when p_argument ~ 'song' then 'first song' else 'request of eve' end)::text
  when 'bigint[]' then format('array[%s]::bigint[]', tests.number('request of eve'))
  when 'text[]' then '''{Ann}''::text[]'
  when 'text' then case when p_argument ~ 'url' then '''hall''' else '''Ann''' end
  when 'boolean' then 'true'
  when 'jsonb' then '''{}''::jsonb'
  when 'integer' then '1'
  when 'double precision' then '1'
  else 'null'
end;

create temporary table calls as
select target.name, format('%s => %s', target.argument, left(value, 60)) as label,
  format('select * from public.%I(%s)', target.name, string_agg(
    format('%I => %s', other.argument, case
      when other.argument = target.argument then format('(%s)::%s', value, target.type)
      else pg_temp.plausible(other.name, other.argument, other.type)
    end), ', '
  )) as statement
from parameters as target
join hostile on hostile.type = target.type
join parameters as other on other.oid = target.oid and (other.argument = target.argument or not other.has_default)
group by target.name, target.argument, target.type, value
union all
-- Nothing at all, everywhere.
select name, 'nulls', format('select * from public.%I(%s)', name, string_agg(format('%I => null', argument), ', ')) from parameters group by oid, name;

select cmp_ok((select count(*) from calls), '>=', 500::bigint, 'there is something to try');
select is(
  (
    select string_agg(format('%s: %s', calls.label, tried.came_to), E'\n')
    from calls
    cross join lateral tests.attempt('alice', calls.statement) as tried (came_to)
    where calls.name = routine.name and tried.came_to !~ '^([0-9]+|4[0-9]{2} .*|22...|42501)$'
  ),
  null,
  format('%s answers in words, whatever it is given', routine.name)
)
from (select distinct name from parameters) as routine
order by routine.name;

-- A name is one line: whatever shows it, a mail or a screen of a venue, must not be made to show more.
select is(tests.attempt('alice', statement), '23514', format('%s is refused', statement))
from unnest(array[
  $$ update public.organizations set name = E'Two\nlines' $$,
  $$ update public.organizations set legal_name = E'A\ttab' $$,
  $$ update public.systems set name = E'A\u0007bell' $$,
  $$ update public.api_keys set name = E'Two\r\nlines' $$,
  $$ update public.profiles set name = E'Two\nlines' $$,
  $$ update public.profiles set display_name = E'Two\nlines' $$
]) as statement;
update public.venues set name = E'Two\r\n lines', city = E'A\u0007 bell' where id = tests.id('hall');
select results_eq(
  $$ select name, city from public.venues where id = tests.id('hall') $$, $$ values ('Two lines', 'A bell') $$,
  'what is typed into a venue is brought in form, with one blank where a line ended'
);
select tests.sign_up('liz', '{"name": "Liz\nBcc: all", "nickname": "Liz\u0007", "account_type": "singer"}');
select results_eq(
  $$ select profile.name, singer.nickname from public.profiles as profile join public.singer_profiles as singer using (user_id)
     where user_id = tests.id('liz') $$,
  $$ values ('Liz Bcc: all', 'Liz') $$, 'and so are the names of who signs up'
);

select * from finish();
rollback;
