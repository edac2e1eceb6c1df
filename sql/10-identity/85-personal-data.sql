-- Where personal data lies. One list says what an export holds, and why something is left out of it; a table that refers to
-- people and is not on it fails the tests.

create table private.personal_data (
  table_name text not null,
  column_name text not null,
  section text,
  left_out text[] not null default '{}',
  reason text,
  primary key (table_name, column_name),
  constraint table_name_has_a_schema check (table_name ~ '^(public|private)\.[a-z_]+$'),
  constraint is_exported_or_says_why_not check ((section is null) <> (reason is null))
);

alter table private.personal_data enable row level security;

comment on table private.personal_data is
  'Every column that refers to a person, by user id or, in email, by address.';
comment on column private.personal_data.section is 'Where the rows stand in the person''s export; null when they are not theirs to take.';
comment on column private.personal_data.left_out is 'Columns that are secrets, inner workings or another''s.';

create function private.personal_rows(p_table_name text, p_column_name text, p_user_id uuid, p_left_out text[])
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_rows jsonb;
begin
  execute format(
    'select coalesce(jsonb_agg(to_jsonb(mine) - $2 || jsonb_strip_nulls(jsonb_build_object(
       ''organization'', (
         select organization.name from public.organizations as organization
         where organization.id = (to_jsonb(mine) ->> ''organization_id'')::uuid
       ),
       ''venue'', (select venue.name from public.venues as venue where venue.id = (to_jsonb(mine) ->> ''venue_id'')::uuid)
     )) order by mine), ''[]'')
     from %I.%I as mine where mine.%I = $1::%s',
    split_part(p_table_name, '.', 1), split_part(p_table_name, '.', 2), p_column_name, case p_column_name when 'email' then 'text' else 'uuid' end
  )
  into v_rows
  using
    case p_column_name
      when 'email' then (select lower(account.email) from auth.users as account where account.id = p_user_id)
      else p_user_id::text
    end,
    p_left_out;
  return v_rows;
end;
$$;

comment on function private.personal_rows(text, text, uuid, text[]) is
  'The rows of a table that are about a person, with the names of their organization and venue. Definer: reads any table on the list.';

revoke all on function private.personal_rows(text, text, uuid, text[]) from public;
