-- A song book from a file. An app uploads the file to the bucket "imports", starts an import and asks the Edge Function
-- "song-books" to run it. The function reads the file and hands its rows over in batches (85-import-steps.sql); nothing that
-- singers see changes before the last step, which is one transaction.

create table public.song_imports (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null,
  system_id uuid not null,
  path text not null,
  format text not null,
  mode text not null,
  is_dry_run boolean not null,
  columns jsonb,
  encoding text,
  runs integer not null default 0,
  state text not null default 'queued',
  bytes_total bigint not null,
  bytes_done bigint not null default 0,
  rows_total integer,
  rows_done integer not null default 0,
  rows_valid integer not null default 0,
  rows_invalid integer not null default 0,
  songs_added integer,
  songs_removed integer,
  errors jsonb not null default '[]',
  failure jsonb,
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  constraint format_is_known check (format in ('csv', 'tsv', 'txt', 'json', 'xlsx')),
  constraint mode_is_known check (mode in ('merge', 'replace')),
  constraint state_is_known check (state in ('queued', 'running', 'completed', 'failed', 'cancelled')),
  constraint columns_are_an_object check (jsonb_typeof(columns) = 'object'),
  constraint finished_at_its_end check ((state in ('completed', 'failed', 'cancelled')) = (finished_at is not null)),
  constraint failure_when_failed check ((state = 'failed') = (failure is not null)),
  foreign key (system_id, organization_id) references public.systems (id, organization_id) on delete cascade
);

alter table public.song_imports enable row level security;
revoke all on public.song_imports from anon, authenticated, service_role;

create index song_imports_organization_id_idx on public.song_imports (organization_id, created_at desc, id desc);
create index song_imports_system_id_idx on public.song_imports (system_id, organization_id);
create index song_imports_created_by_idx on public.song_imports (created_by);

comment on table public.song_imports is 'Song books that came from files: how far each import is and what came of it.';
comment on column public.song_imports.path is 'Where the file is in the bucket "imports": <organization_id>/<system_id>/<file>.';
comment on column public.song_imports.mode is 'merge adds the songs the book lacks; replace makes the file the book.';
comment on column public.song_imports.is_dry_run is 'When set, the counts say what would change and nothing changes.';
comment on column public.song_imports.columns is
  'Which column holds what: {"artist": ..., "title": ...}, each the name of a column or its number from 1. Null to find out.';
comment on column public.song_imports.encoding is
  'How the text of the file was read: utf-8, utf-16le, utf-16be or windows-1252. Null for a workbook, and before it is read.';
comment on column public.song_imports.runs is 'How often it was begun: one that was cut off is begun anew.';
comment on column public.song_imports.bytes_total is 'The size of the file; bytes_done of it are read.';
comment on column public.song_imports.rows_total is 'How many rows the file has, once it is read to its end.';
comment on column public.song_imports.errors is
  'The first 1,000 rows that cannot be used: [{"line", "column", "field", "problem"}]. They are left out, the rest is imported.';
comment on column public.song_imports.failure is
  'Why the import as a whole failed: {"code", "detail", "hint"} and, where known, "line". A failed import has changed nothing.';

create trigger song_imports_set_updated_at
  before update on public.song_imports
  for each row execute function private.set_updated_at();

-- What a run has read so far, until it is published or dropped.
create table private.song_import_runs (
  song_import_id uuid primary key references public.song_imports (id) on delete cascade,
  run_id uuid not null default gen_random_uuid(),
  batches integer not null default 0,
  last_sign_at timestamptz not null default now()
);

alter table private.song_import_runs enable row level security;
revoke all on private.song_import_runs from anon, authenticated, service_role;

comment on table private.song_import_runs is
  'The run that works on an import. It must show its run_id with every step, so one that was given up cannot interfere.';

create table private.song_import_batches (
  song_import_id uuid not null references private.song_import_runs (song_import_id) on delete cascade,
  number integer not null,
  fingerprints text[] not null,
  spelling_ids integer[],
  song_ids bigint[],
  artist_ids integer[],
  primary key (song_import_id, number)
);

alter table private.song_import_batches enable row level security;
revoke all on private.song_import_batches from anon, authenticated, service_role;

comment on column private.song_import_runs.batches is 'How many batches it has handed over; the next one has this number.';

comment on table private.song_import_batches is 'The usable rows of a run in the order of the file.';
comment on column private.song_import_batches.fingerprints is 'For a dry run, which adds nothing to the catalogue; else empty.';

create function private.start_song_import(
  p_system_id uuid, p_path text, p_format text, p_mode text, p_is_dry_run boolean, p_columns jsonb
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_organization_id uuid;
  v_format text := lower(coalesce(p_format, substring(p_path from '\.([^./]+)$')));
  v_size bigint;
  v_id uuid;
begin
  perform private.require_system(p_system_id, 'songs:write');
  select system.organization_id into v_organization_id from public.systems as system where system.id = p_system_id;
  if v_format is null or v_format not in ('csv', 'tsv', 'txt', 'json', 'xlsx') then
    perform private.raise_error(
      400, 'format_unknown', 'The format is none of csv, tsv, txt, json and xlsx.', 'Name the file accordingly or send the format.'
    );
  end if;
  if p_mode is null or p_mode not in ('merge', 'replace') then
    perform private.raise_error(400, 'mode_unknown', 'The mode is neither merge nor replace.', 'Send one of the two.');
  end if;
  if p_columns is not null and not (
    jsonb_typeof(p_columns) = 'object' and p_columns ?& array['artist', 'title'] and not exists (
      select
      from jsonb_each(p_columns) as mapped
      where mapped.key not in ('artist', 'title')
        or not (
          jsonb_typeof(mapped.value) = 'string' and char_length(mapped.value #>> '{}') between 1 and 255
          or jsonb_typeof(mapped.value) = 'number' and (mapped.value #>> '{}') ~ '^[1-9][0-9]{0,3}$'
        )
    )
  ) then
    perform private.raise_error(
      400, 'invalid_columns', 'The columns must name one for the artist and one for the title.',
      'Send {"artist": ..., "title": ...}, each the name of a column or its number from 1.'
    );
  end if;
  if p_path is null or not starts_with(p_path, v_organization_id || '/' || p_system_id || '/') then
    perform private.raise_error(
      400, 'invalid_path', 'The file is not in the folder of this system.',
      format('Upload it to the bucket imports as %s/%s/<file>.', v_organization_id, p_system_id)
    );
  end if;
  select coalesce((object.metadata ->> 'size')::bigint, 0) into v_size
  from storage.objects as object
  where object.bucket_id = 'imports' and object.name = p_path;
  if not found then
    perform private.raise_error(404, 'file_not_found', 'There is no such file in the bucket imports.', 'Upload it first.');
  end if;
  perform private.enforce_rate_limit('song_imports', v_organization_id::text);
  insert into public.song_imports (
    organization_id, system_id, path, format, mode, is_dry_run, columns, bytes_total, created_by
  )
  values (
    v_organization_id, p_system_id, p_path, v_format, p_mode, coalesce(p_is_dry_run, false), p_columns, v_size, auth.uid()
  )
  returning id into v_id;
  return v_id;
end;
$$;

comment on function private.start_song_import(uuid, text, text, text, boolean, jsonb) is
  'See public.start_song_import. Definer: imports are written only here; checks songs:write itself.';

revoke all on function private.start_song_import(uuid, text, text, text, boolean, jsonb) from public;
grant execute on function private.start_song_import(uuid, text, text, text, boolean, jsonb) to authenticated;

create function public.start_song_import(
  p_system_id uuid,
  p_path text,
  p_format text default null,
  p_mode text default 'merge',
  p_is_dry_run boolean default false,
  p_columns jsonb default null
)
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.start_song_import(p_system_id, p_path, p_format, p_mode, p_is_dry_run, p_columns);
$$;

comment on function public.start_song_import(uuid, text, text, text, boolean, jsonb) is
  'Queues the import of an uploaded file into the book of a system and returns its id; POST /functions/v1/song-books/imports/<id>/run
sets it going. The format follows from the name of the file unless given; p_mode is merge or replace; p_columns as in the table
song_imports. Needs songs:write. Errors: 400 format_unknown, mode_unknown, invalid_columns, invalid_path; 401; 403 permission_denied;
404 system_not_found, file_not_found; 429.';

revoke all on function public.start_song_import(uuid, text, text, text, boolean, jsonb) from public;
grant execute on function public.start_song_import(uuid, text, text, text, boolean, jsonb) to authenticated;

create function private.cancel_song_import(p_import_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_import public.song_imports;
begin
  select import.* into v_import from public.song_imports as import where import.id = p_import_id for update;
  perform private.require_permission(v_import.organization_id, 'songs:write', 'import_not_found');
  if v_import.state = 'cancelled' then
    return;
  end if;
  if v_import.state not in ('queued', 'running') then
    perform private.raise_error(
      409, 'import_finished', 'This import is already over.', 'Import another file to change the book again.'
    );
  end if;
  update public.song_imports as import set state = 'cancelled', finished_at = now() where import.id = p_import_id;
  delete from private.song_import_runs as run where run.song_import_id = p_import_id;
end;
$$;

comment on function private.cancel_song_import(uuid) is
  'See public.cancel_song_import. Definer: imports are written only here; checks songs:write itself.';

revoke all on function private.cancel_song_import(uuid) from public;
grant execute on function private.cancel_song_import(uuid) to authenticated;

create function public.cancel_song_import(p_import_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.cancel_song_import(p_import_id);
$$;

comment on function public.cancel_song_import(uuid) is
  'Ends an import that is not over; the book stays as it is. Again is harmless. Needs songs:write. Errors: 401; 403
permission_denied; 404 import_not_found; 409 import_finished.';

revoke all on function public.cancel_song_import(uuid) from public;
grant execute on function public.cancel_song_import(uuid) to authenticated;

create function private.song_import_errors(p_import_id uuid)
returns table (line integer, column_number integer, field text, problem text)
language plpgsql
stable
security definer
rows 1000
set search_path = ''
as $$
declare
  v_import public.song_imports;
begin
  select import.* into v_import from public.song_imports as import where import.id = p_import_id;
  perform private.require_permission(v_import.organization_id, 'songs:read', 'import_not_found');
  return query
  select (error.value ->> 'line')::integer, (error.value ->> 'column')::integer, error.value ->> 'field', error.value ->> 'problem'
  from jsonb_array_elements(v_import.errors) with ordinality as error (value, place)
  order by error.place;
end;
$$;

comment on function private.song_import_errors(uuid) is 'See public.song_import_errors. Definer: as cancel_song_import; checks songs:read itself.';

revoke all on function private.song_import_errors(uuid) from public;
grant execute on function private.song_import_errors(uuid) to authenticated;

create function public.song_import_errors(p_import_id uuid)
returns table (line integer, column_number integer, field text, problem text)
language sql
stable
security invoker
rows 1000
set search_path = ''
as $$
  select * from private.song_import_errors(p_import_id);
$$;

comment on function public.song_import_errors(uuid) is
  'The errors of an import as rows; with .csv() they come as a file. Needs songs:read. Errors: 401; 403 permission_denied; 404
import_not_found.';

revoke all on function public.song_import_errors(uuid) from public;
grant execute on function public.song_import_errors(uuid) to authenticated;

-- Realtime -----------------------------------------------------------------------------------------------------------

create function private.may_follow_import(p_topic text)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select exists (
    select
    from public.song_imports as import
    where 'import:' || import.id = p_topic and private.has_permission(import.organization_id, 'songs:read')
      and import.id = substring(p_topic from '^import:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$')::uuid
  );
$$;

comment on function private.may_follow_import(text) is
  'Whether the caller may follow the topic import:<id>: members with songs:read. Definer: it asks about rows the caller may not see.';

revoke all on function private.may_follow_import(text) from public;

create function private.broadcast_song_import()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform realtime.send(to_jsonb(new) - array['errors', 'path', 'columns'], 'import_changed', 'import:' || new.id, true);
  return null;
end;
$$;

comment on function private.broadcast_song_import() is 'Definer: nobody may write realtime.messages directly.';

revoke all on function private.broadcast_song_import() from public;

create trigger song_imports_broadcast
  after update on public.song_imports
  for each row execute function private.broadcast_song_import();

-- Files --------------------------------------------------------------------------------------------------------------

insert into storage.buckets (id, name, public, file_size_limit) values
  ('imports', 'imports', false, 67108864),
  ('reports', 'reports', false, 67108864)
on conflict (id) do nothing;
