-- How a book comes in. OpenKJ clears, sends batches of 1,000 songs and never says that it is done; so batches are staged
-- beside the book that singers search, and published as a whole.

create table private.book_uploads (
  id uuid primary key default gen_random_uuid(),
  system_id uuid not null references public.systems (id) on delete cascade,
  state text not null default 'staged',
  opened_at timestamptz not null default now(),
  closed_at timestamptz,
  constraint state_is_known check (state in ('staged', 'published')),
  constraint closed_when_published check ((state = 'published') = (closed_at is not null)),
  unique (system_id, state)
);

alter table private.book_uploads enable row level security;
revoke all on private.book_uploads from anon, authenticated, service_role;

comment on table private.book_uploads is
  'For each system the upload that is under way and the one its book came from: at most one of each.';

create table private.book_upload_batches (
  id bigint generated always as identity primary key,
  upload_id uuid not null references private.book_uploads (id) on delete cascade,
  content_hash uuid not null,
  received integer not null,
  accepted integer not null,
  errors jsonb not null default '[]',
  first_spelling_id integer,
  last_spelling_id integer,
  payload jsonb,
  spelling_ids integer[],
  song_ids bigint[],
  artist_ids integer[],
  received_at timestamptz not null default now(),
  constraint accepted_is_part_of_received check (accepted between 0 and received),
  unique (upload_id, content_hash)
);

alter table private.book_upload_batches enable row level security;
revoke all on private.book_upload_batches from anon, authenticated, service_role;

-- Gone again within seconds; packing it would cost more than writing it.
alter table private.book_upload_batches alter column payload set storage external;

comment on table private.book_upload_batches is
  'The batches of an upload; the same batch sent twice is one row. Once published, only what tells a batch again and what the report
needs is kept.';
comment on column private.book_upload_batches.received is 'Songs in the batch as sent, with those that could not be used.';
comment on column private.book_upload_batches.first_spelling_id is 'Its first song: the neighbour of a song OpenKJ left out.';
comment on column private.book_upload_batches.payload is
  'The batch as sent, when the live book came with the same one: its songs are looked up only if another batch has changed.';
comment on column private.book_upload_batches.spelling_ids is 'Its songs, with their song_ids and artist_ids in the same order.';

-- Every function here takes this lock first, so two uploads, edits or publications of one book queue up.
create function private.lock_book(p_system_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform from private.books as book where book.system_id = p_system_id for update;
  if not found then
    insert into private.books (system_id) values (p_system_id) on conflict do nothing;
    perform from private.books as book where book.system_id = p_system_id for update;
  end if;
end;
$$;

comment on function private.lock_book(uuid) is 'Locks the book of a system for writing until the transaction ends. Definer: books are private.';

revoke all on function private.lock_book(uuid) from public;

create function private.book_stage_open(p_system_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_upload_id uuid;
begin
  perform private.lock_book(p_system_id);
  delete from private.book_uploads as upload where upload.system_id = p_system_id and upload.state = 'staged';
  insert into private.book_uploads (system_id) values (p_system_id) returning id into v_upload_id;
  return v_upload_id;
end;
$$;

comment on function private.book_stage_open(uuid) is
  'Starts an upload of the system''s book, dropping one that was under way. The live book stays as it is. Definer: books are
private; callers check who may write songs.';

revoke all on function private.book_stage_open(uuid) from public;
grant execute on function private.book_stage_open(uuid) to service_role;

create function private.read_songs(p_songs jsonb, out artists text[], out titles text[], out errors jsonb)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  select
    coalesce(array_agg(song.value ->> 'artist' order by song.number), '{}'),
    coalesce(array_agg(song.value ->> 'title' order by song.number), '{}')
  into artists, titles
  from jsonb_array_elements(p_songs) with ordinality as song (value, number)
  where jsonb_typeof(song.value -> 'artist') = 'string' and jsonb_typeof(song.value -> 'title') = 'string'
    and song.value ->> 'artist' ~ '[^[:space:]]' and song.value ->> 'title' ~ '[^[:space:]]'
    and char_length(song.value ->> 'artist') <= 255 and char_length(song.value ->> 'title') <= 255;

  errors := '[]';
  if cardinality(artists) < jsonb_array_length(p_songs) then
    select jsonb_agg(jsonb_build_object('index', song.number - 1, 'detail', song.problem) order by song.number)
    into errors
    from (
      select
        element.number,
        case
          when jsonb_typeof(element.value) <> 'object' then 'Not an object with artist and title.'
          when jsonb_typeof(element.value -> 'artist') is distinct from 'string' then 'The artist is missing or not a text.'
          when jsonb_typeof(element.value -> 'title') is distinct from 'string' then 'The title is missing or not a text.'
          when element.value ->> 'artist' !~ '[^[:space:]]' then 'The artist is empty.'
          when element.value ->> 'title' !~ '[^[:space:]]' then 'The title is empty.'
          when char_length(element.value ->> 'artist') > 255 then 'The artist is longer than 255 characters.'
          when char_length(element.value ->> 'title') > 255 then 'The title is longer than 255 characters.'
        end as problem
      from jsonb_array_elements(p_songs) with ordinality as element (value, number)
    ) as song
    where song.problem is not null;
  end if;
end;
$$;

comment on function private.read_songs(jsonb) is
  'The usable songs of [{"artist", "title"}], in order, and for each of the others its index and what is wrong with it.';

revoke all on function private.read_songs(jsonb) from public;

create function private.book_stage_add(p_system_id uuid, p_songs jsonb)
returns table (processed integer, errors jsonb)
language plpgsql
volatile
security definer
set search_path = ''
set jit = off
as $$
declare
  v_hash uuid := md5(p_songs::text)::uuid;
  v_upload_id uuid;
  v_known private.book_upload_batches;
  v_songs record;
  v_found record;
begin
  if jsonb_typeof(p_songs) is distinct from 'array' then
    perform private.raise_error(400, 'songs_not_a_list', 'The songs are not a JSON array.', 'Send [{"artist": "...", "title": "..."}, ...].');
  end if;

  select batch.* into v_known
  from private.book_uploads as upload
  join private.book_upload_batches as batch on batch.upload_id = upload.id
  where upload.system_id = p_system_id and upload.state = 'published' and batch.content_hash = v_hash;
  if not found then
    -- Before the book is locked: two uploads wait for each other only over songs that are new to both.
    select * into v_songs from private.read_songs(p_songs);
    select * into v_found from private.require_spellings(v_songs.artists, v_songs.titles);
  end if;

  perform private.lock_book(p_system_id);
  select upload.id into v_upload_id
  from private.book_uploads as upload
  where upload.system_id = p_system_id and upload.state = 'staged';
  if v_upload_id is null and v_known.id is not null then
    -- The last batch again, after its upload was published: the client saw no answer. It must not become a new book.
    processed := v_known.accepted;
    errors := v_known.errors;
    return next;
    return;
  end if;
  if v_upload_id is null or exists (
    select
    from private.book_upload_batches as batch
    where batch.upload_id = v_upload_id
    having max(batch.received_at) < now() - interval '1 hour'
  ) then
    v_upload_id := private.book_stage_open(p_system_id);
  end if;

  if v_known.id is not null then
    processed := v_known.accepted;
    errors := v_known.errors;
    insert into private.book_upload_batches (
      upload_id, content_hash, received, accepted, errors, first_spelling_id, last_spelling_id, payload
    )
    values (
      v_upload_id, v_hash, v_known.received, processed, errors, v_known.first_spelling_id, v_known.last_spelling_id, p_songs
    )
    on conflict (upload_id, content_hash) do nothing;
  else
    processed := cardinality(v_songs.artists);
    errors := v_songs.errors;
    insert into private.book_upload_batches (
      upload_id, content_hash, received, accepted, errors, first_spelling_id, last_spelling_id,
      spelling_ids, song_ids, artist_ids
    )
    values (
      v_upload_id, v_hash, jsonb_array_length(p_songs), processed, errors,
      v_found.spelling_ids[1], v_found.spelling_ids[cardinality(v_found.spelling_ids)],
      v_found.spelling_ids, v_found.song_ids, v_found.artist_ids
    )
    on conflict (upload_id, content_hash) do nothing;
  end if;
  return next;
end;
$$;

comment on function private.book_stage_add(uuid, jsonb) is
  'Stages a batch of [{"artist", "title"}], opening an upload when there is none or the last one was left an hour ago. Returns how
many songs were taken and, for each of the others, its index and what is wrong with it. The same batch twice counts once. Definer:
the catalogue and books are private; callers check who may write songs.';

revoke all on function private.book_stage_add(uuid, jsonb) from public;
grant execute on function private.book_stage_add(uuid, jsonb) to service_role;

create function private.book_publish(p_system_id uuid, out changed boolean, out songs integer)
language plpgsql
volatile
security definer
set search_path = ''
set jit = off
set work_mem = '64MB'
as $$
declare
  v_upload_id uuid;
  v_hash uuid;
  v_live_hash uuid;
  v_batch record;
  v_songs record;
  v_found record;
  v_spelling_ids integer[];
  v_artist_ids integer[];
begin
  changed := false;
  perform private.lock_book(p_system_id);
  select upload.id into v_upload_id
  from private.book_uploads as upload
  where upload.system_id = p_system_id and upload.state = 'staged';
  if found then
    select md5(string_agg(batch.content_hash::text, '' order by batch.content_hash))::uuid into v_hash
    from private.book_upload_batches as batch
    where batch.upload_id = v_upload_id and batch.received > 0;
    v_hash := coalesce(v_hash, md5('')::uuid);
    select book.content_hash into v_live_hash from private.books as book where book.system_id = p_system_id;

    if v_hash is distinct from v_live_hash then
      for v_batch in
        select batch.id, batch.payload
        from private.book_upload_batches as batch
        where batch.upload_id = v_upload_id and batch.payload is not null
      loop
        select * into v_songs from private.read_songs(v_batch.payload);
        select * into v_found from private.require_spellings(v_songs.artists, v_songs.titles);
        update private.book_upload_batches as batch
        set spelling_ids = v_found.spelling_ids, song_ids = v_found.song_ids, artist_ids = v_found.artist_ids
        where batch.id = v_batch.id;
      end loop;
      -- A book has one spelling of a song: the one the catalogue knew first.
      select coalesce(array_agg(kept.spelling_id), '{}'), coalesce(array_agg(kept.artist_id), '{}')
      into v_spelling_ids, v_artist_ids
      from (
        select min(staged.spelling_id) as spelling_id, min(staged.artist_id) as artist_id
        from private.book_upload_batches as batch
        cross join lateral unnest(batch.spelling_ids, batch.song_ids, batch.artist_ids)
          as staged (spelling_id, song_id, artist_id)
        where batch.upload_id = v_upload_id
        group by staged.song_id
      ) as kept;
      changed := private.replace_book(p_system_id, v_spelling_ids, v_artist_ids);
    end if;

    update private.books as book set content_hash = v_hash, published_at = now() where book.system_id = p_system_id;
    delete from private.book_uploads as upload where upload.system_id = p_system_id and upload.state = 'published';
    update private.book_uploads as upload set state = 'published', closed_at = now() where upload.id = v_upload_id;
    update private.book_upload_batches as batch
    set payload = null, spelling_ids = null, song_ids = null, artist_ids = null
    where batch.upload_id = v_upload_id;
  end if;
  songs := private.book_size(p_system_id);
end;
$$;

comment on function private.book_publish(uuid) is
  'Makes the staged upload the book, in one step: readers see the old or the new one. Tells whether any song changed and how many
there are now. Without an upload under way nothing happens. Definer: books are private; callers check who may write songs.';

revoke all on function private.book_publish(uuid) from public;
grant execute on function private.book_publish(uuid) to service_role;

create function private.replace_book(p_system_id uuid, p_spelling_ids integer[], p_artist_ids integer[])
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
set jit = off
as $$
declare
  v_newest integer[];
  v_changed boolean;
begin
  with
    next_chunks as materialized (select * from private.chunk_members(p_spelling_ids)),
    -- As the book was, whatever the rest of this statement does; unpacked once per chunk.
    previous_chunks as materialized (
      select book.chunk, book.members || ''::bytea as members
      from private.book_chunks as book
      where book.system_id = p_system_id
    ),
    removed as (
      delete from private.book_chunks as book
      where book.system_id = p_system_id and book.chunk not in (select chunk from next_chunks)
      returning book.chunk
    ),
    replaced as (
      insert into private.book_chunks as book (system_id, chunk, songs, members)
      select p_system_id, next.chunk, next.songs, next.members
      from next_chunks as next
      where not exists (
        select
        from previous_chunks as previous
        where previous.chunk = next.chunk and previous.members = next.members
      )
      on conflict (system_id, chunk) do update set songs = excluded.songs, members = excluded.members
      returning book.chunk
    ),
    added as (
      select spelling_id
      from unnest(p_spelling_ids) as spelling_id
      left join previous_chunks as previous on previous.chunk = private.song_chunk(spelling_id)
      where get_bit(previous.members, spelling_id % 240000) is distinct from 1
      order by spelling_id desc
      limit 200
    )
  select
    exists (select from removed) or exists (select from replaced),
    array(select spelling_id from added order by spelling_id desc)
  into v_changed, v_newest;

  if v_changed then
    update private.books as book
    set
      songs = cardinality(p_spelling_ids),
      spelling_ids = case when cardinality(p_spelling_ids) <= 2000 then p_spelling_ids end,
      newest = (v_newest || book.newest)[:200],
      changed_at = now()
    where book.system_id = p_system_id;
    perform private.index_book_artists(p_system_id, p_spelling_ids, p_artist_ids);
  end if;
  return v_changed;
end;
$$;

comment on function private.replace_book(uuid, integer[], integer[]) is
  'Gives the book exactly these spellings, which come with their artists, and says whether that changed anything. Callers hold its
lock. Definer: books are private.';

revoke all on function private.replace_book(uuid, integer[], integer[]) from public;

create function private.index_book_artists(p_system_id uuid, p_spelling_ids integer[], p_artist_ids integer[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  delete from private.book_letters as entry where entry.system_id = p_system_id;
  insert into private.book_letters (system_id, letter, artists, songs)
  select
    p_system_id, private.artist_letter(artist.name),
    array_agg(counted.spelling_id order by artist.name), array_agg(counted.songs order by artist.name)
  from (
    select member.artist_id, min(member.spelling_id) as spelling_id, count(*)::integer as songs
    from unnest(p_spelling_ids, p_artist_ids) as member (spelling_id, artist_id)
    group by member.artist_id
  ) as counted
  join private.song_artists as artist on artist.id = counted.artist_id
  group by 2;
end;
$$;

comment on function private.index_book_artists(uuid, integer[], integer[]) is
  'Rebuilds what browsing reads. Callers hold the lock of the book. Definer: books are private.';

revoke all on function private.index_book_artists(uuid, integer[], integer[]) from public;

create function private.book_stage_expire(p_idle interval default '10 seconds')
returns table (system_id uuid, changed boolean, songs integer)
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staged record;
begin
  for v_staged in
    select
      upload.system_id,
      bool_or(batch.received < 1000) as is_complete,
      sum(batch.accepted) as songs
    from private.book_uploads as upload
    join private.book_upload_batches as batch on batch.upload_id = upload.id
    where upload.state = 'staged'
    group by upload.system_id
    having max(batch.received_at) < now() - p_idle
    order by upload.system_id
  loop
    -- Only full batches: a finished upload whose last batch happened to be full, or a cancelled one. A book that would
    -- shrink by more than a tenth waits for the host.
    if v_staged.is_complete or v_staged.songs >= 0.9 * private.book_size(v_staged.system_id) then
      system_id := v_staged.system_id;
      select published.changed, published.songs into changed, songs from private.book_publish(system_id) as published;
      return next;
    end if;
  end loop;
end;
$$;

comment on function private.book_stage_expire(interval) is
  'Publishes uploads that have been silent for a while, unless their book would be much smaller than the live one: those stay
staged for the host to decide. Returns what it published. A job; definer because books are private.';

revoke all on function private.book_stage_expire(interval) from public;
grant execute on function private.book_stage_expire(interval) to service_role;

create function private.book_upload_report(p_system_id uuid, p_state text)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  with
    batches as (
      select
        batch.*,
        lead(batch.received) over sent as next_received,
        lead(batch.last_spelling_id) over sent as next_last_spelling_id
      from private.book_uploads as upload
      join private.book_upload_batches as batch on batch.upload_id = upload.id
      where upload.system_id = p_system_id and upload.state = p_state
      window sent as (order by batch.id)
    ),
    -- OpenKJ sends each batch backwards and forgets the song between a full batch and the next one. Other programs send
    -- songs in another order and forget none.
    gaps as (
      select batches.id, batches.next_received > 0 as is_certain, before.artist, before.title, after.artist as after_artist, after.title as after_title
      from batches
      join private.song_spellings as before on before.id = batches.first_spelling_id
      join private.song_spellings as last on last.id = batches.last_spelling_id
      left join private.song_spellings as after on after.id = batches.next_last_spelling_id
      where batches.received = 1000 and batches.next_received is not null
        and (lower(before.artist), lower(before.title)) > (lower(last.artist), lower(last.title))
    )
  select jsonb_build_object(
    'opened_at', upload.opened_at,
    'published_at', upload.closed_at,
    'last_batch_at', (select max(batches.received_at) from batches),
    'batches', (select count(*) from batches),
    'full_batches', (select count(*) from batches where batches.received >= 1000),
    'songs_received', (select coalesce(sum(batches.received), 0) from batches),
    'songs_live', private.book_size(p_system_id),
    'missing_songs', (select count(*) from gaps where is_certain),
    'possibly_missing_songs', (select count(*) from gaps where not is_certain),
    'missing_between', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'after', jsonb_build_object('artist', gaps.artist, 'title', gaps.title),
            'before', case when gaps.is_certain then jsonb_build_object('artist', gaps.after_artist, 'title', gaps.after_title) end
          )
          order by gaps.id
        ),
        '[]'
      )
      from gaps
    )
  )
  from private.book_uploads as upload
  where upload.system_id = p_system_id and upload.state = p_state;
$$;

comment on function private.book_upload_report(uuid, text) is
  'What came in with an upload and which songs OpenKJ left out of it; null when there is none. Definer: uploads are private.';

revoke all on function private.book_upload_report(uuid, text) from public;
grant execute on function private.book_upload_report(uuid, text) to service_role;
