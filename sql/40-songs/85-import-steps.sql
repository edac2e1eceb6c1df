-- What the Edge Function "song-books" may do: take an import on, hand over rows, finish or give up, read a book, and find
-- files that are old. It connects as a role that can call these functions and nothing else.

create role song_books_gateway nologin;
grant song_books_gateway to postgres;
grant usage on schema private to song_books_gateway;

create function private.claim_song_import(p_import_id uuid, p_claims jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_most_runs constant integer := 5;
  v_import public.song_imports;
  v_run_id uuid;
begin
  perform set_config('request.jwt.claims', p_claims::text, true);
  perform private.check_request();
  select import.* into v_import from public.song_imports as import where import.id = p_import_id for update;
  if p_claims ->> 'role' is distinct from 'service_role' then
    perform private.require_permission(v_import.organization_id, 'songs:write', 'import_not_found');
  elsif v_import.id is null then
    perform private.raise_error(404, 'import_not_found', 'There is no such import.', 'Check the id.');
  end if;

  -- One that is over, or that a run is at work on, needs nothing. A run that gave no sign for a minute was cut off; what it
  -- handed over is dropped and the file is read anew. A file that cuts off every run is not read for ever.
  if v_import.state = 'queued' or v_import.state = 'running' and not exists (
    select
    from private.song_import_runs as run
    where run.song_import_id = p_import_id and run.last_sign_at > now() - interval '1 minute'
  ) then
    delete from private.song_import_runs as run where run.song_import_id = p_import_id;
    if v_import.runs < v_most_runs then
      insert into private.song_import_runs (song_import_id) values (p_import_id) returning run_id into v_run_id;
      update public.song_imports as import
      set
        state = 'running', started_at = now(), runs = import.runs + 1, encoding = null,
        bytes_done = 0, rows_done = 0, rows_valid = 0, rows_invalid = 0, errors = '[]'
      where import.id = p_import_id
      returning import.* into v_import;
    else
      update public.song_imports as import
      set
        state = 'failed', finished_at = now(),
        failure = jsonb_build_object(
          'code', 'import_broke_off', 'detail', format('Reading the file broke off %s times.', v_most_runs),
          'hint', 'The book is as it was. Split the file or save it in another format, and import it again.'
        )
      where import.id = p_import_id
      returning import.* into v_import;
    end if;
  end if;
  return jsonb_build_object('run_id', v_run_id, 'import', to_jsonb(v_import) - 'errors');
end;
$$;

comment on function private.claim_song_import(uuid, jsonb) is
  'Takes an import on for the caller with these verified claims. Returns the import and, when there is work to do, the run_id to
do it under. Definer: the gateway''s role has no rights of its own; checks songs:write itself.';

revoke all on function private.claim_song_import(uuid, jsonb) from public;
grant execute on function private.claim_song_import(uuid, jsonb) to song_books_gateway;

create function private.is_current_run(p_import_id uuid, p_run_id uuid)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform from public.song_imports as import where import.id = p_import_id and import.state = 'running' for update;
  if not found then
    return false;
  end if;
  update private.song_import_runs as run set last_sign_at = clock_timestamp()
  where run.song_import_id = p_import_id and run.run_id = p_run_id;
  return found;
end;
$$;

comment on function private.is_current_run(uuid, uuid) is
  'Locks the import and notes a sign of life; false once it was cancelled or another run took it over. Definer: runs are private.';

revoke all on function private.is_current_run(uuid, uuid) from public;

create function private.stage_song_import(
  p_import_id uuid, p_run_id uuid, p_number integer, p_rows jsonb, p_bytes_done bigint, p_encoding text default null
)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
set jit = off
as $$
declare
  v_is_dry_run boolean;
  v_artists text[];
  v_titles text[];
  v_errors jsonb;
  v_invalid integer;
  v_batches integer;
  v_found record;
begin
  with
    sent as (
      select
        (item.value ->> 'line')::integer as line, item.value ->> 'artist' as artist, item.value ->> 'title' as title,
        item.value as value, item.number
      from jsonb_array_elements(p_rows) with ordinality as item (value, number)
    ),
    judged as (
      select sent.*, problem.field, problem.text as problem
      from sent
      left join lateral (
        values
          (sent.value ->> 'field', sent.value ->> 'problem', 1),
          ('artist', case when sent.artist is null or sent.artist !~ '[^[:space:]]' then 'The artist is empty.' end, 2),
          ('title', case when sent.title is null or sent.title !~ '[^[:space:]]' then 'The title is empty.' end, 3),
          ('artist', case when char_length(sent.artist) > 255 then 'The artist is longer than 255 characters.' end, 4),
          ('title', case when char_length(sent.title) > 255 then 'The title is longer than 255 characters.' end, 5)
        order by 3
      ) as problem (field, text, rank) on problem.text is not null and (sent.value ->> 'problem' is null or problem.rank = 1)
    ),
    usable as (select * from judged where judged.problem is null),
    -- A row with two faults is told of both.
    unusable as (
      select
        judged.number,
        jsonb_build_object(
          'line', judged.line,
          'column', coalesce(judged.value -> 'column', judged.value -> (judged.field || '_column')),
          'field', judged.field,
          'problem', judged.problem
        ) as error
      from judged
      where judged.problem is not null
    )
  select
    (select coalesce(array_agg(usable.artist order by usable.number), '{}') from usable),
    (select coalesce(array_agg(usable.title order by usable.number), '{}') from usable),
    (select coalesce(jsonb_agg(unusable.error order by unusable.number), '[]') from unusable),
    (select count(distinct unusable.number)::integer from unusable)
  into v_artists, v_titles, v_errors, v_invalid;

  select import.is_dry_run into v_is_dry_run from public.song_imports as import where import.id = p_import_id;
  -- Before the import is locked: imports wait for each other only over songs that are new to both.
  if not v_is_dry_run then
    select * into v_found from private.require_spellings(v_artists, v_titles);
  end if;

  if not private.is_current_run(p_import_id, p_run_id) then
    return false;
  end if;
  select run.batches into v_batches from private.song_import_runs as run where run.song_import_id = p_import_id;
  -- The same batch again changes nothing.
  if p_number < v_batches then
    return true;
  end if;
  if p_number > v_batches then
    perform private.raise_error(
      409, 'batch_missing', format('Batch %s came before batch %s.', p_number, v_batches), 'Run the import again.'
    );
  end if;
  update private.song_import_runs as run set batches = v_batches + 1 where run.song_import_id = p_import_id;
  if v_is_dry_run then
    insert into private.song_import_batches (song_import_id, number, fingerprints)
    select p_import_id, p_number, coalesce(array_agg(private.song_fingerprint(row.artist, row.title)), '{}')
    from unnest(v_artists, v_titles) as row (artist, title);
  else
    insert into private.song_import_batches (song_import_id, number, fingerprints, spelling_ids, song_ids, artist_ids)
    values (p_import_id, p_number, '{}', v_found.spelling_ids, v_found.song_ids, v_found.artist_ids);
  end if;
  update public.song_imports as import
  set
    bytes_done = p_bytes_done,
    encoding = p_encoding,
    rows_done = import.rows_done + jsonb_array_length(p_rows),
    rows_valid = import.rows_valid + cardinality(v_artists),
    rows_invalid = import.rows_invalid + v_invalid,
    errors = case
      when jsonb_array_length(v_errors) = 0 or jsonb_array_length(import.errors) >= 1000 then import.errors
      else jsonb_path_query_array(import.errors || v_errors, '$[0 to 999]')
    end
  where import.id = p_import_id;
  return true;
end;
$$;

comment on function private.stage_song_import(uuid, uuid, integer, jsonb, bigint, text) is
  'Takes rows of the file: [{"line", "artist", "title", "artist_column", "title_column"}], or {"line", "column", "problem"} for what
could not be read. Batches count from 0 without a gap; one may come twice. False when the run is over. Definer: the catalogue and imports are private.';

revoke all on function private.stage_song_import(uuid, uuid, integer, jsonb, bigint, text) from public;
grant execute on function private.stage_song_import(uuid, uuid, integer, jsonb, bigint, text) to song_books_gateway;

create function private.book_songs(p_system_id uuid)
returns table (spelling_id integer, song_id bigint, artist_id integer)
language sql
stable
security definer
rows 50000
set search_path = ''
set jit = off
as $$
  select spelling.id, spelling.song_id, spelling.artist_id
  from private.book_chunks as book
  cross join lateral private.chunk_spellings(book.chunk, book.members) as member (spelling_id)
  join private.song_spellings as spelling on spelling.id = member.spelling_id
  where book.system_id = p_system_id;
$$;

comment on function private.book_songs(uuid) is 'Every song of a book. Definer: books are private.';

revoke all on function private.book_songs(uuid) from public;

create function private.publish_song_import(p_import public.song_imports, out songs_added integer, out songs_removed integer)
language plpgsql
volatile
security definer
set search_path = ''
set jit = off
set work_mem = '64MB'
as $$
declare
  v_spelling_ids integer[];
  v_artist_ids integer[];
begin
  perform private.lock_book(p_import.system_id);
  with
    staged as (
      -- Of two spellings of a song the file's first one counts.
      select distinct on (row.song_id) row.song_id, row.spelling_id, row.artist_id
      from private.song_import_batches as batch
      cross join lateral unnest(batch.spelling_ids, batch.song_ids, batch.artist_ids)
        with ordinality as row (spelling_id, song_id, artist_id, place)
      where batch.song_import_id = p_import.id
      order by row.song_id, batch.number, row.place
    ),
    present as materialized (select * from private.book_songs(p_import.system_id)),
    next_songs as (
      select
        case when p_import.mode = 'merge' then coalesce(present.spelling_id, staged.spelling_id)
          else coalesce(staged.spelling_id, present.spelling_id)
        end as spelling_id,
        coalesce(staged.artist_id, present.artist_id) as artist_id,
        present.song_id is null as is_added,
        staged.song_id is null as is_missing
      from staged
      full join present on present.song_id = staged.song_id
    )
  select
    coalesce(array_agg(next.spelling_id) filter (where p_import.mode = 'merge' or not next.is_missing), '{}'),
    coalesce(array_agg(next.artist_id) filter (where p_import.mode = 'merge' or not next.is_missing), '{}'),
    (count(*) filter (where next.is_added))::integer,
    (count(*) filter (where next.is_missing and p_import.mode = 'replace'))::integer
  into v_spelling_ids, v_artist_ids, songs_added, songs_removed
  from next_songs as next;
  if private.replace_book(p_import.system_id, v_spelling_ids, v_artist_ids) then
    update private.books as book set content_hash = null where book.system_id = p_import.system_id;
  end if;
  update private.books as book set published_at = now() where book.system_id = p_import.system_id;
end;
$$;

comment on function private.publish_song_import(public.song_imports) is
  'Makes what an import has read the book, or part of it. Callers hold the lock of the import. Definer: books are private.';

revoke all on function private.publish_song_import(public.song_imports) from public;

create function private.preview_song_import(p_import public.song_imports, out songs_added integer, out songs_removed integer)
language sql
stable
security definer
set search_path = ''
set jit = off
as $$
  with
    staged as (
      select distinct fingerprint
      from private.song_import_batches as batch
      cross join lateral unnest(batch.fingerprints) as fingerprint
      where batch.song_import_id = p_import.id
    ),
    present as (
      select song.fingerprint
      from private.book_songs(p_import.system_id) as member
      join public.songs as song on song.id = member.song_id
    )
  select
    (count(*) filter (where present.fingerprint is null))::integer,
    (count(*) filter (where staged.fingerprint is null and p_import.mode = 'replace'))::integer
  from staged
  full join present on present.fingerprint = staged.fingerprint;
$$;

comment on function private.preview_song_import(public.song_imports) is
  'What publishing the import would change. Definer: books are private.';

revoke all on function private.preview_song_import(public.song_imports) from public;

create function private.finish_song_import(p_import_id uuid, p_run_id uuid, p_batches integer)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_import public.song_imports;
  v_counts record;
begin
  if not private.is_current_run(p_import_id, p_run_id) then
    return false;
  end if;
  -- A database that was restored or restarted may have forgotten the latest ones.
  if p_batches is distinct from (select run.batches from private.song_import_runs as run where run.song_import_id = p_import_id) then
    perform private.raise_error(409, 'batch_missing', 'Not every batch of the file is there.', 'Run the import again.');
  end if;
  select import.* into v_import from public.song_imports as import where import.id = p_import_id;
  if v_import.rows_valid = 0 then
    return private.fail_song_import(
      p_import_id, p_run_id,
      jsonb_build_object(
        'code', 'no_songs', 'detail', 'The file has no row with an artist and a title.',
        'hint', 'Look at the errors, and say which columns hold the artist and the title.'
      )
    );
  end if;
  if v_import.is_dry_run then
    select * into v_counts from private.preview_song_import(v_import);
  else
    select * into v_counts from private.publish_song_import(v_import);
    insert into public.audit_entries (
      organization_id, actor_id, actor_kind, table_name, row_key, operation, new_values
    )
    values (
      v_import.organization_id, v_import.created_by, case when v_import.created_by is null then 'system' else 'user' end,
      'song_imports', p_import_id::text, 'import',
      jsonb_build_object(
        'system_id', v_import.system_id, 'mode', v_import.mode, 'path', v_import.path,
        'songs_added', v_counts.songs_added, 'songs_removed', v_counts.songs_removed
      )
    );
  end if;
  update public.song_imports as import
  set
    state = 'completed', finished_at = now(), rows_total = import.rows_done, bytes_done = import.bytes_total,
    songs_added = v_counts.songs_added, songs_removed = v_counts.songs_removed
  where import.id = p_import_id;
  delete from private.song_import_runs as run where run.song_import_id = p_import_id;
  return true;
end;
$$;

comment on function private.finish_song_import(uuid, uuid, integer) is
  'The last step: publishes what was read, or counts what that would change. False when the run is over. Definer: books are private.';

revoke all on function private.finish_song_import(uuid, uuid, integer) from public;
grant execute on function private.finish_song_import(uuid, uuid, integer) to song_books_gateway;

create function private.fail_song_import(p_import_id uuid, p_run_id uuid, p_failure jsonb)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if not private.is_current_run(p_import_id, p_run_id) then
    return false;
  end if;
  update public.song_imports as import set state = 'failed', finished_at = now(), failure = p_failure where import.id = p_import_id;
  delete from private.song_import_runs as run where run.song_import_id = p_import_id;
  return true;
end;
$$;

comment on function private.fail_song_import(uuid, uuid, jsonb) is
  'Ends an import whose file cannot be used. False when the run is over. Definer: imports are written only by these functions.';

revoke all on function private.fail_song_import(uuid, uuid, jsonb) from public;
grant execute on function private.fail_song_import(uuid, uuid, jsonb) to song_books_gateway;

create function private.stalled_song_imports()
returns setof uuid
language sql
stable
security definer
rows 10
set search_path = ''
as $$
  select import.id
  from public.song_imports as import
  left join private.song_import_runs as run on run.song_import_id = import.id
  where import.state in ('queued', 'running')
    and coalesce(run.last_sign_at, import.created_at) < now() - interval '1 minute'
  order by import.created_at, import.id
  limit 10;
$$;

comment on function private.stalled_song_imports() is
  'Imports that were cut off or never begun, the oldest first. Definer: for all organizations.';

revoke all on function private.stalled_song_imports() from public;
grant execute on function private.stalled_song_imports() to song_books_gateway;

create function private.resume_song_imports()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if exists (select from private.stalled_song_imports()) then
    perform private.call_edge_function('/song-books/resume-imports');
  end if;
end;
$$;

comment on function private.resume_song_imports() is
  'Has the function song-books take on imports that were cut off or never begun. A job; definer as stalled_song_imports.';

revoke all on function private.resume_song_imports() from public;

create function private.forget_song_imports()
returns integer
language sql
volatile
security definer
set search_path = ''
as $$
  with
    abandoned as (
      update public.song_imports as import
      set
        state = 'failed', finished_at = now(),
        failure = '{"code": "import_abandoned", "detail": "Nobody ran this import to its end.", "hint": "Upload the file again."}'
      where import.state in ('queued', 'running') and import.updated_at < now() - interval '7 days'
      returning import.id
    ),
    dropped as (
      delete from private.song_import_runs as run where run.song_import_id in (select abandoned.id from abandoned)
    )
  select count(*)::integer from abandoned;
$$;

comment on function private.forget_song_imports() is
  'Gives up imports that nobody touched for a week: their files are gone by then. A job; definer because it is for all organizations.';

revoke all on function private.forget_song_imports() from public;

create function private.expired_files()
returns table (bucket_id text, name text)
language sql
stable
security definer
set search_path = ''
as $$
  select object.bucket_id, object.name
  from storage.objects as object
  where object.bucket_id in ('imports', 'reports') and object.created_at < now() - interval '7 days'
  order by object.created_at, object.id
  limit 1000;
$$;

comment on function private.expired_files() is
  'Files of the buckets imports and reports that are over a week old, the oldest first. Only Storage itself may delete them. Definer: policies
hide them.';

revoke all on function private.expired_files() from public;
grant execute on function private.expired_files() to song_books_gateway;

create function private.expire_files()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if exists (select from private.expired_files()) then
    perform private.call_edge_function('/song-books/expire-files');
  end if;
end;
$$;

comment on function private.expire_files() is
  'Has the function song-books delete files that are over a week old, a thousand at a time. A job;
definer as expired_files.';

revoke all on function private.expire_files() from public;
