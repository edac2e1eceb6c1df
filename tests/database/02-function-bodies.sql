-- Every function in plpgsql, read by plpgsql_check: names that do not exist, types that do not fit, code that cannot be reached.
begin;
\ir support/actors.psql
select no_plan();

select exists (select from pg_extension where extname = 'plpgsql_check') as is_installed
\gset
\if :is_installed
\else
  select count(*) > 0 as is_installed from pg_available_extensions where name = 'plpgsql_check' and installed_version is null
  \gset
  \if :is_installed
    create extension plpgsql_check with schema extensions;
  \endif
\endif

\if :is_installed

-- Findings that are meant, each with its reason.
create temporary table meant (routine text, message text, reason text);
insert into meant values
  ('private.verify_api_key(text,inet)', 'composite OUT variable "caller" is not single argument', 'its callers take the record whole');

create temporary view findings as
select routine.oid::regprocedure::text as routine, triggered.relation::regclass::text as relation, finding.level, finding.lineno,
  finding.message, finding.detail
from pg_proc as routine
left join lateral (
  select distinct on (found.tgfoid) found.tgrelid as relation, found.tgnewtable, found.tgoldtable
  from pg_trigger as found
  where found.tgfoid = routine.oid and not found.tgisinternal
  order by found.tgfoid, found.tgoldtable nulls last
) as triggered on true
cross join lateral extensions.plpgsql_check_function_tb(
  routine.oid, coalesce(triggered.relation, 0)::regclass,
  security_warnings => true, performance_warnings => false,
  oldtable => triggered.tgoldtable, newtable => triggered.tgnewtable
) as finding
where routine.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  and routine.prolang = (select language.oid from pg_language as language where language.lanname = 'plpgsql')
  and (routine.prorettype <> 'trigger'::regtype or triggered.relation is not null);

select is_empty(
  $$ select routine, relation, level, lineno, message, detail from findings
     where not exists (select from meant where findings.routine = meant.routine and findings.message like meant.message) $$,
  'no function in plpgsql has a mistake that can be found by reading it'
);
select is_empty(
  $$ select routine, message from meant
     where not exists (select from findings where findings.routine = meant.routine and findings.message like meant.message) $$,
  'every exception is still needed'
);

\else

select skip('plpgsql_check is not available here', 1);

\endif

-- Functions in SQL: reading them again under their own search path tells what has moved since they were made.
create function pg_temp.problem(p_routine oid)
returns text
language plpgsql
as $$
begin
  execute pg_get_functiondef(p_routine);
  return null;
exception
  when others then
    return sqlerrm;
end;
$$;
select is_empty(
  $$ select routine.oid::regprocedure, pg_temp.problem(routine.oid)
     from pg_proc as routine
     where routine.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
       and routine.prolang = (select language.oid from pg_language as language where language.lanname = 'sql')
       and pg_temp.problem(routine.oid) is not null $$,
  'every function in SQL can be made again as it is'
);

select * from finish();
rollback;
