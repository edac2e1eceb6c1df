-- Whatever is kept about a person is in their export, or says why not, and goes with their account.
begin;
\ir support/actors.psql
\ir support/night.psql
select no_plan();

-- Columns that hold a person's id or address.
create temporary view references_to_people as
select reference.conrelid::regclass::oid as table_id, field.attname::text as column_name
from pg_constraint as reference
join pg_attribute as field on field.attrelid = reference.conrelid and field.attnum = any (reference.conkey)
where reference.contype = 'f' and reference.confrelid = 'auth.users'::regclass and reference.conparentid = 0
union
select field.attrelid, field.attname
from pg_attribute as field
join pg_class as relation on relation.oid = field.attrelid
where relation.relkind in ('r', 'p') and not relation.relispartition and field.attnum > 0 and not field.attisdropped
  and (
    field.atttypid = 'uuid'::regtype and field.attname ~ '(^|_)(user|admin|actor|singer)_id$|_by$|_to$'
    or field.attname = 'email'
  );

create temporary view listed as
select kept.*, relation.relnamespace::regnamespace || '.' || relation.relname as table_label, found.column_name as found_column
from (
  select table_id, column_name
  from references_to_people
  join pg_class on pg_class.oid = table_id
  where relnamespace in ('public'::regnamespace, 'private'::regnamespace)
) as found
join pg_class as relation on relation.oid = found.table_id
left join private.personal_data as kept
  on kept.table_name = relation.relnamespace::regnamespace || '.' || relation.relname and kept.column_name = found.column_name;

select is_empty(
  $$ select table_label || '.' || found_column from listed where table_name is null $$,
  'every column that refers to a person is in seed/reference/70-personal-data.sql: add the row, with a section of the export or a reason'
);
select is_empty(
  $$ select kept.table_name || '.' || kept.column_name
     from private.personal_data as kept
     where not exists (
       select from pg_attribute as field
       where field.attrelid = to_regclass(kept.table_name) and field.attname = kept.column_name and not field.attisdropped
     ) $$,
  'and every row there is about a column that exists'
);
select is_empty(
  $$ select kept.table_name || '.' || hidden
     from private.personal_data as kept, unnest(kept.left_out) as hidden
     where not exists (
       select from pg_attribute as field where field.attrelid = to_regclass(kept.table_name) and field.attname = hidden and not field.attisdropped
     ) $$,
  'as is every column left out'
);
select is_empty(
  $$ select section from private.personal_data where section is not null group by section having count(*) > 1 $$,
  'every section of the export is of one table'
);

-- An export has what the tables have.
select is(
  (tests.answer('eve', 'select public.export_account() as exported') -> 0 -> 'exported') - 'account' - 'exported_at'
    @> (
      select jsonb_object_agg(section, '[]'::jsonb) from private.personal_data where section is not null
    ),
  true, 'an export has every section, also when nothing is in it'
);
create temporary table taken as
select actor, (tests.answer(actor, 'select public.export_account() as exported') -> 0 -> 'exported') as exported
from unnest(array['eve', 'alice', 'stan', 'rex', 'bob']) as actor;
create function pg_temp.rows_about(p_actor text, p_table text, p_column text)
returns bigint
language plpgsql
as $$
declare
  v_count bigint;
begin
  execute format('select count(*) from %s where %I::text = $1', p_table, p_column) into v_count
  using case p_column when 'email' then p_actor || '@tests.invalid' else tests.id(p_actor)::text end;
  return v_count;
end;
$$;
select is(
  jsonb_array_length(exported -> section)::bigint, pg_temp.rows_about(actor, table_name, column_name),
  format('the export of %s has the rows of %s', actor, table_name)
)
from taken, private.personal_data
where section is not null and table_name <> 'public.audit_entries'
order by actor, section;
select cmp_ok(
  (select count(*) from private.personal_data where section is not null and exists (select from taken where jsonb_array_length(exported -> section) > 0)),
  '>=', 12::bigint, 'and the tests have something for most sections'
);
select is_empty(
  $$ select actor, section, hidden from taken, private.personal_data, unnest(left_out) as hidden, jsonb_array_elements(exported -> section) as entry where entry ? hidden $$,
  'nothing that is left out is in it'
);
select is(
  tests.answer('bob', 'select public.export_account() #>> ''{memberships,0,organization}'' as name'), '[{"name": "Organization B"}]',
  'rows say the name of their organization'
);

-- The end of an account ------------------------------------------------------------------------------------------------

select tests.sign_up('zaphod', '{"name": "Zaphod Zzyzxbrox", "nickname": "Zaphod Zzyzxbrox"}');
update public.profiles set display_name = 'Zaphod Zzyzxbrox' where user_id = tests.id('zaphod');
do $$
declare
  v_request_ids bigint[];
begin
  insert into public.organization_members (organization_id, user_id, role_key) values (tests.id('A'), tests.id('zaphod'), 'staff');
  select array_agg((private.insert_request(
    tests.id('hall'), tests.id('zaphod'), tests.id('zaphod'), array['Zaphod Zzyzxbrox', 'Trillian'], tests.number(song), null, null, 0,
    'Zaphod Zzyzxbrox wants it loud', null, true
  )).id)
  into v_request_ids
  from unnest(array['first song', 'second song']) as song;
  perform private.change_requests(v_request_ids[1:1], 'accepted', 'host');
  perform private.change_requests(v_request_ids[1:1], 'completed', 'host');
  insert into public.favorite_songs (user_id, artist, title) values (tests.id('zaphod'), 'Zaphod Zzyzxbrox', 'Own song');
  insert into public.favorite_venues (user_id, venue_id) values (tests.id('zaphod'), tests.id('hall'));
  insert into public.venue_bans (organization_id, venue_id, user_id, singer_name) values (tests.id('B'), tests.id('inn'), tests.id('zaphod'), 'Zaphod Zzyzxbrox');
  perform private.notify_user(tests.id('zaphod'), 'news', 'member_removed', '{"organization": "Zaphod Zzyzxbrox Inc"}', 'zaphod');
  -- An organization only they work in.
  perform private.create_organization(tests.id('zaphod'), 'Zaphod Zzyzxbrox Inc');
end;
$$;

-- Every row of every table that still says who it was.
create function pg_temp.traces()
returns text[]
language plpgsql
as $$
declare
  v_table regclass;
  v_found boolean;
  v_traces text[] := '{}';
begin
  for v_table in
    select oid from pg_class
    where relkind in ('r', 'p') and not relispartition and relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    order by oid::regclass::text
  loop
    execute format('select exists (select from %s as entry where entry::text ~* $1)', v_table) into v_found
    using 'zzyzxbrox|zaphod@|' || tests.id('zaphod');
    if v_found then
      v_traces := v_traces || v_table::text;
    end if;
  end loop;
  return v_traces;
end;
$$;
create function pg_temp.traces_after(p_sql text)
returns text
language plpgsql
as $$
declare
  v_traces text;
begin
  execute p_sql;
  set constraints all immediate;
  v_traces := array_to_string(pg_temp.traces(), ' ');
  raise exception using errcode = 'UNDO0', message = v_traces;
exception
  when sqlstate 'UNDO0' then
    return sqlerrm;
end;
$$;
select cmp_ok(cardinality(pg_temp.traces()), '>=', 10, 'the person has left traces everywhere');
-- The audit log outlives what it speaks of: entries keep the bare id and what the organization was called. The farewell is in the outbox.
select is(pg_temp.traces_after(ended), 'audit_entries private.messages', ended || ' leaves the log and the farewell')
from unnest(array[
  'delete from auth.users where id = tests.id(''zaphod'')',
  'update auth.users set deleted_at = now(), email = null where id = tests.id(''zaphod'')'
]) as ended;
delete from auth.users where id = tests.id('zaphod');
select results_eq(
  $$ select template_key, recipient, user_id from private.messages where messages::text ~ 'zaphod' $$,
  $$ values ('account_deleted', 'zaphod@tests.invalid', null::uuid) $$, 'a mail says goodbye'
);
select results_eq(
  $$ select singer_names, notes, singer_user_id from public.requests where organization_id = tests.id('A') and 'Former singer' = any (singer_names) order by id $$,
  $$ values (array['Former singer'], null::text, null::uuid), (array['Former singer'], null, null) $$, 'requests stay without a name'
);
select is((select count(*) from public.performances where organization_id = tests.id('A') and singer_name = 'Former singer'), 1::bigint, 'and so does what was sung');

select is(tests.attempt('postgres', ended), '409 still_owner', 'nobody deletes an owner whom others work for: ' || ended)
from unnest(array[
  'delete from auth.users where id = tests.id(''alice'')',
  'update auth.users set deleted_at = now() where id = tests.id(''alice'')'
]) as ended;
delete from public.organization_members where organization_id = tests.id('A') and status in ('active', 'suspended') and role_key <> 'owner';
select is(
  tests.attempt('postgres', 'delete from auth.users where id = tests.id(''alice'')'), '1',
  'who is left alone takes the organization along, whoever was there before'
);

select * from finish();
rollback;
