-- docs/definer-functions.md and the catalogue say the same.
begin;
\ir support/actors.psql
select no_plan();

\set page `cat docs/definer-functions.md`
create temporary table documented as
select matched[1] as name from regexp_matches(:'page', '^- `private\.(\w+)`: \S', 'gn') as matched;
create temporary view definers as
select distinct routine.proname::text as name
from pg_proc as routine
where routine.prosecdef and routine.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  and not exists (select from pg_depend as made where made.objid = routine.oid and made.deptype = 'e');

select cmp_ok((select count(*) from documented), '>=', 100::bigint, 'the page lists functions');
select is_empty(
  $$ select name from definers except select name from documented $$, 'every definer function is on the page with its reason: npm run db:migration writes it'
);
select is_empty($$ select name from documented except select name from definers $$, 'and every function on the page is one');

select * from finish();
rollback;
