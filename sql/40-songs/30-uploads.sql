-- How a book comes in. OpenKJ clears, sends batches of 1,000 songs and never says that it is done; so batches are staged
-- beside the book that singers search, and published as a whole.

create table private.book_uploads (
  id uuid primary key default gen_random_uuid(),
  system_id uuid not null references public.systems (id) on delete cascade,
  state text not null default 'staged',
  sender uuid,
  is_interrupted boolean not null default false,
  doubt text,
  opened_at timestamptz not null default now(),
  closed_at timestamptz,
  constraint state_is_known check (state in ('staged', 'published')),
  constraint doubt_is_known check (doubt in ('gap', 'interrupted')),
  constraint closed_when_published check ((state = 'published') = (closed_at is not null)),
  unique (system_id, state)
);

alter table private.book_uploads enable row level security;
revoke all on private.book_uploads from anon, authenticated, service_role;

comment on table private.book_uploads is
  'For each system the upload that is under way and the one its book came from: at most one of each.';
comment on column private.book_uploads.sender is 'The running copy of the function that handed over its beginning.';
comment on column private.book_uploads.is_interrupted is
  'Whether a part of it came through another copy of the function, or the database was restarted meanwhile: batches may be lost.';
comment on column private.book_uploads.doubt is
  'Why it waits for the host although its end came: see private.upload_doubt(). No further batch is added to it.';

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

create function private.record_book_change(p_system_id uuid, p_operation text, p_old_values jsonb, p_new_values jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.write_audit(
    (select system.organization_id from public.systems as system where system.id = p_system_id),
    'song_books', p_system_id::text, p_operation, p_old_values, p_new_values
  );
end;
$$;

comment on function private.record_book_change(uuid, text, jsonb, jsonb) is
  'Writes what was done to a book as one entry of the audit log, however many songs it concerns. Definer: as write_audit.';

revoke all on function private.record_book_change(uuid, text, jsonb, jsonb) from public;

create function private.book_stage_open(p_system_id uuid, p_sender uuid default null)
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
  delete from private.book_drafts as draft where draft.system_id = p_system_id;
  insert into private.book_uploads (system_id, sender) values (p_system_id, p_sender) returning id into v_upload_id;
  return v_upload_id;
end;
$$;

comment on function private.book_stage_open(uuid, uuid) is
  'Starts an upload of the system''s book, dropping one that was under way. The live book stays as it is. p_sender: the running copy
of the function that hands it over. Definer: books are private; callers check who may write songs.';

revoke all on function private.book_stage_open(uuid, uuid) from public;
grant execute on function private.book_stage_open(uuid, uuid) to service_role;

create function private.read_songs(p_songs jsonb, out artists text[], out titles text[], out errors jsonb)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  select coalesce(array_agg(song.artist), '{}'), coalesce(array_agg(song.title), '{}')
  into artists, titles
  from (
    select element.value ->> 'artist' as artist, element.value ->> 'title' as title
    from jsonb_array_elements(p_songs) with ordinality as element (value, number)
    where jsonb_typeof(element.value -> 'artist') = 'string' and jsonb_typeof(element.value -> 'title') = 'string'
    order by element.number
  ) as song
  where char_length(song.artist) <= 255 and char_length(song.title) <= 255
    and song.artist ~ '[^[:space:]]' and song.title ~ '[^[:space:]]';

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

create function private.book_stage_add(p_system_id uuid, p_songs jsonb, p_sender uuid default null)
returns table (processed integer, errors jsonb)
language plpgsql
volatile
security definer
set search_path = ''
set jit = off
as $$
declare
  v_hash uuid := md5(p_songs::text)::uuid;
  v_upload private.book_uploads;
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
  select upload.* into v_upload
  from private.book_uploads as upload
  where upload.system_id = p_system_id and upload.state = 'staged';
  if v_upload.id is null and v_known.id is not null then
    -- The last batch again, after its upload was published: the client saw no answer. It must not become a new book.
    processed := v_known.accepted;
    errors := v_known.errors;
    return next;
    return;
  end if;
  if v_upload.id is null or exists (
    select
    from private.book_upload_batches as batch
    where batch.upload_id = v_upload.id
    having max(batch.received_at) < now() - interval '1 hour'
      -- Its end came, and this is not that end again.
      or v_upload.doubt is not null and bool_or(batch.received < 1000) and not bool_or(batch.content_hash = v_hash)
  ) then
    -- OpenKJ begins with clearDatabase: that must have been lost.
    v_upload.id := private.book_stage_open(p_system_id);
    v_upload.sender := null;
  end if;
  if p_sender is distinct from v_upload.sender then
    update private.book_uploads as upload set is_interrupted = true where upload.id = v_upload.id and not upload.is_interrupted;
  end if;

  if v_known.id is not null then
    processed := v_known.accepted;
    errors := v_known.errors;
    insert into private.book_upload_batches (
      upload_id, content_hash, received, accepted, errors, first_spelling_id, last_spelling_id, payload
    )
    values (
      v_upload.id, v_hash, v_known.received, processed, errors, v_known.first_spelling_id, v_known.last_spelling_id, p_songs
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
      v_upload.id, v_hash, jsonb_array_length(p_songs), processed, errors,
      v_found.spelling_ids[1], v_found.spelling_ids[cardinality(v_found.spelling_ids)],
      v_found.spelling_ids, v_found.song_ids, v_found.artist_ids
    )
    on conflict (upload_id, content_hash) do nothing;
  end if;
  if found then
    delete from private.book_drafts as draft where draft.system_id = p_system_id;
    update private.book_uploads as upload set doubt = null where upload.id = v_upload.id and upload.doubt is not null;
  end if;
  return next;
end;
$$;

comment on function private.book_stage_add(uuid, jsonb, uuid) is
  'Stages a batch of [{"artist", "title"}], opening an upload when there is none, the last one was left an hour ago, or it waits for
the host. Returns how many songs were taken and, for each of the others, its index and what is wrong with it. The same batch twice
counts once. p_sender as in book_stage_open. Definer: the catalogue and books are private; callers check who may write songs.';

revoke all on function private.book_stage_add(uuid, jsonb, uuid) from public;
grant execute on function private.book_stage_add(uuid, jsonb, uuid) to service_role;

-- A book that is ready to replace the live one. Whoever changes a book, or adds to its upload, drops it.
create table private.book_drafts (
  system_id uuid primary key references private.books (system_id) on delete cascade,
  songs integer not null,
  songs_removed integer not null,
  newest integer[] not null,
  spelling_ids integer[],
  spelling_words text[]
);

alter table private.book_drafts alter column spelling_words set storage external;
alter table private.book_drafts enable row level security;
revoke all on private.book_drafts from anon, authenticated, service_role;

comment on table private.book_drafts is
  'Books made ready beside the live ones, so that publishing is a matter of milliseconds. Columns as in private.books.';
comment on column private.book_drafts.songs_removed is 'How many songs of the live book it does not have.';

create table private.book_draft_chunks (
  system_id uuid not null references private.book_drafts (system_id) on delete cascade,
  chunk integer not null,
  songs integer not null,
  members bytea not null,
  primary key (system_id, chunk)
);

alter table private.book_draft_chunks enable row level security;
revoke all on private.book_draft_chunks from anon, authenticated, service_role;

comment on table private.book_draft_chunks is 'As private.book_chunks.';

create table private.book_draft_letters (
  system_id uuid not null references private.book_drafts (system_id) on delete cascade,
  letter text collate "C" not null,
  artists integer[] not null,
  songs integer[] not null,
  primary key (system_id, letter)
);

alter table private.book_draft_letters enable row level security;
revoke all on private.book_draft_letters from anon, authenticated, service_role;

comment on table private.book_draft_letters is 'As private.book_letters.';

create function private.draft_book(p_system_id uuid, p_spelling_ids integer[], p_artist_ids integer[])
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
set jit = off
set work_mem = '64MB'
as $$
declare
  v_draft private.book_drafts;
  v_added integer;
  v_chunk record;
  v_first integer;
  v_end integer;
begin
  delete from private.book_drafts as draft where draft.system_id = p_system_id;
  insert into private.book_drafts (system_id, songs, songs_removed, newest, spelling_ids)
  values (p_system_id, cardinality(p_spelling_ids), 0, '{}', case when cardinality(p_spelling_ids) <= 2000 then p_spelling_ids end);
  insert into private.book_draft_chunks (system_id, chunk, songs, members)
  select p_system_id, next.chunk, next.songs, next.members from private.chunk_members(p_spelling_ids) as next;

  select
    cardinality(p_spelling_ids) - coalesce(sum(kept.songs), 0),
    private.book_size(p_system_id) - coalesce(sum(kept.songs), 0)
  into v_added, v_draft.songs_removed
  from private.book_draft_chunks as next
  join private.book_chunks as live on live.system_id = next.system_id and live.chunk = next.chunk
  cross join lateral bit_count(private.member_bits(next.members) & private.member_bits(live.members)) as kept (songs)
  where next.system_id = p_system_id;
  if v_added = 0 and v_draft.songs_removed = 0 then
    delete from private.book_drafts as draft where draft.system_id = p_system_id;
    return false;
  end if;

  v_draft.newest := '{}';
  if v_added > 0 then
    -- From the end of the catalogue, until there are enough.
    for v_chunk in
      select next.chunk, live.members || ''::bytea as live_members
      from private.book_draft_chunks as next
      left join private.book_chunks as live on live.system_id = next.system_id and live.chunk = next.chunk
      where next.system_id = p_system_id and next.members is distinct from live.members
      order by next.chunk desc
    loop
      v_first := private.chunk_start(v_chunk.chunk);
      v_end := private.chunk_start(v_chunk.chunk + 1);
      v_draft.newest := v_draft.newest || array(
        select spelling_id
        from unnest(p_spelling_ids) as spelling_id
        where spelling_id >= v_first and spelling_id < v_end
          and get_bit(v_chunk.live_members, spelling_id % 240000) is distinct from 1
        order by spelling_id desc
        limit 200 - cardinality(v_draft.newest)
      );
      exit when cardinality(v_draft.newest) = 200;
    end loop;
  end if;
  update private.book_drafts as draft
  set songs_removed = v_draft.songs_removed, newest = v_draft.newest, spelling_words = private.listed_words(draft.spelling_ids)
  where draft.system_id = p_system_id;
  insert into private.book_draft_letters (system_id, letter, artists, songs)
  select p_system_id, listed.letter, array_agg(listed.spelling_id), array_agg(listed.songs)
  from (
    select artist.letter, counted.spelling_id, counted.songs
    from (
      select member.artist_id, min(member.spelling_id) as spelling_id, count(*)::integer as songs
      from unnest(p_spelling_ids, p_artist_ids) as member (spelling_id, artist_id)
      group by member.artist_id
    ) as counted
    join private.song_artists as artist on artist.id = counted.artist_id
    order by artist.letter, artist.name
  ) as listed
  group by listed.letter;
  return true;
end;
$$;

comment on function private.draft_book(uuid, integer[], integer[]) is
  'Makes a book of exactly these spellings ready, which come with their artists; false, and no draft, when the live book is the same.
Callers hold its lock. Definer: books are private.';

revoke all on function private.draft_book(uuid, integer[], integer[]) from public;

create function private.publish_draft(p_system_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  -- What stays as it is is not written again.
  delete from private.book_chunks as live
  where live.system_id = p_system_id and not exists (
    select
    from private.book_draft_chunks as draft
    where draft.system_id = p_system_id and draft.chunk = live.chunk and draft.members = live.members
  );
  insert into private.book_chunks (system_id, chunk, songs, members)
  select draft.system_id, draft.chunk, draft.songs, draft.members
  from private.book_draft_chunks as draft
  where draft.system_id = p_system_id
  on conflict do nothing;

  delete from private.book_letters as live
  where live.system_id = p_system_id and not exists (
    select
    from private.book_draft_letters as draft
    where draft.system_id = p_system_id and draft.letter = live.letter and draft.artists = live.artists and draft.songs = live.songs
  );
  insert into private.book_letters (system_id, letter, artists, songs)
  select draft.system_id, draft.letter, draft.artists, draft.songs
  from private.book_draft_letters as draft
  where draft.system_id = p_system_id
  on conflict do nothing;

  update private.books as book
  set
    songs = draft.songs, spelling_ids = draft.spelling_ids, spelling_words = draft.spelling_words,
    newest = (draft.newest || book.newest)[:200], changed_at = now()
  from private.book_drafts as draft
  where book.system_id = p_system_id and draft.system_id = p_system_id;
  delete from private.book_drafts as draft where draft.system_id = p_system_id;
end;
$$;

comment on function private.publish_draft(uuid) is
  'Puts the book that was made ready in the place of the live one. Callers hold its lock. Definer: books are private.';

revoke all on function private.publish_draft(uuid) from public;

create function private.replace_book(p_system_id uuid, p_spelling_ids integer[], p_artist_ids integer[])
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if not private.draft_book(p_system_id, p_spelling_ids, p_artist_ids) then
    return false;
  end if;
  perform private.publish_draft(p_system_id);
  return true;
end;
$$;

comment on function private.replace_book(uuid, integer[], integer[]) is
  'Gives the book exactly these spellings, which come with their artists, and says whether that changed anything. Callers hold its
lock. Definer: books are private.';

revoke all on function private.replace_book(uuid, integer[], integer[]) from public;

create function private.upload_hash(p_upload_id uuid)
returns uuid
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(md5(string_agg(batch.content_hash::text, '' order by batch.content_hash)), md5(''))::uuid
  from private.book_upload_batches as batch
  where batch.upload_id = p_upload_id and batch.received > 0;
$$;

comment on function private.upload_hash(uuid) is 'By which an unchanged book is recognised. Definer: uploads are private.';

revoke all on function private.upload_hash(uuid) from public;

create function private.draft_upload(p_system_id uuid, p_upload_id uuid)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
set jit = off
set work_mem = '64MB'
as $$
declare
  v_batch record;
  v_songs record;
  v_found record;
  v_spelling_ids integer[];
  v_artist_ids integer[];
begin
  if private.upload_hash(p_upload_id) = (select book.content_hash from private.books as book where book.system_id = p_system_id) then
    return false;
  elsif exists (select from private.book_drafts as draft where draft.system_id = p_system_id) then
    return true;
  end if;
  for v_batch in
    select batch.id, batch.payload
    from private.book_upload_batches as batch
    where batch.upload_id = p_upload_id and batch.payload is not null
  loop
    select * into v_songs from private.read_songs(v_batch.payload);
    select * into v_found from private.require_spellings(v_songs.artists, v_songs.titles);
    update private.book_upload_batches as batch
    set payload = null, spelling_ids = v_found.spelling_ids, song_ids = v_found.song_ids, artist_ids = v_found.artist_ids
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
    where batch.upload_id = p_upload_id
    group by staged.song_id
  ) as kept;
  return private.draft_book(p_system_id, v_spelling_ids, v_artist_ids);
end;
$$;

comment on function private.draft_upload(uuid, uuid) is
  'Makes the book of a staged upload ready; false when the live book is the same. Callers hold the lock of the book. Definer: books
are private.';

revoke all on function private.draft_upload(uuid, uuid) from public;

create function private.spelling_key(p_spelling_id integer)
returns text
language sql
stable
security definer
set search_path = ''
as $$
  select lower(spelling.artist) || U&'\0001' || lower(spelling.title) from private.song_spellings as spelling where spelling.id = p_spelling_id;
$$;

comment on function private.spelling_key(integer) is
  'By which OpenKJ sorts a song, to be compared byte by byte (collation "C"). Definer: the catalogue is private.';

revoke all on function private.spelling_key(integer) from public;

-- OpenKJ sends batch after batch, looks at no answer and sends none again. One that is lost on its way, because the network, the
-- function or the database was away, is not missed by anybody but here.
create function private.upload_doubt(p_upload private.book_uploads, p_has_ended boolean)
returns text
language plpgsql
stable
security definer
set search_path = ''
set jit = off
as $$
declare
  -- What was in a batch of 1,000 that got lost, if most of it was in the book before.
  v_suspicious constant integer := 500;
  v_songs integer;
  v_live integer := private.book_size(p_upload.system_id);
  v_removed integer;
  v_firsts text[];
  v_lasts text[];
  v_is_sorted boolean;
begin
  select draft.songs, draft.songs_removed into v_songs, v_removed
  from private.book_drafts as draft
  where draft.system_id = p_upload.system_id;
  if v_removed is null or v_removed < v_suspicious then
    return null;
  end if;
  -- One short batch is what a small book looks like: without a sign of a break it is taken at its word.
  if p_has_ended and not p_upload.is_interrupted and not exists (
    select from private.book_upload_batches as batch where batch.upload_id = p_upload.id and batch.received >= 1000
  ) then
    return null;
  end if;

  -- OpenKJ sorts its songs, and sends each batch backwards.
  select
    coalesce(array_agg(batch.first order by batch.id), '{}'),
    coalesce(array_agg(batch.last order by batch.id), '{}'),
    coalesce(bool_and(batch.is_sorted), true)
  into v_firsts, v_lasts, v_is_sorted
  from (
    select
      batch.id, first.key as first, last.key as last,
      first.key <= last.key collate "C" and coalesce(lag(last.key) over sent < first.key collate "C", true) as is_sorted
    from private.book_upload_batches as batch
    cross join lateral private.spelling_key(batch.last_spelling_id) as first (key)
    cross join lateral private.spelling_key(batch.first_spelling_id) as last (key)
    where batch.upload_id = p_upload.id and batch.accepted > 0
    window sent as (order by batch.id)
  ) as batch;

  if v_is_sorted and v_live - v_removed >= v_songs / 2 then
    -- The book as it was, with changes. Songs that the host took out lie anywhere; those of a lost batch lie before, between or,
    -- unless the end came, behind the others.
    return (
      select 'gap'
      from (
        select width_bucket(removed.key collate "C", v_firsts) as place, removed.key
        from (
          -- Unpacked once per chunk, not once per song.
          select live.chunk, live.members, draft.members || ''::bytea as draft_members
          from private.book_chunks as live
          left join private.book_draft_chunks as draft on draft.system_id = live.system_id and draft.chunk = live.chunk
          where live.system_id = p_upload.system_id and draft.members is distinct from live.members
          offset 0
        ) as chunk
        cross join lateral private.chunk_spellings(chunk.chunk, chunk.members) as member (spelling_id)
        cross join lateral private.spelling_key(member.spelling_id) as removed (key)
        where get_bit(chunk.draft_members, member.spelling_id % 240000) is distinct from 1
      ) as removed
      where removed.place = 0 or removed.key > v_lasts[removed.place] collate "C"
      group by removed.place
      having count(*) >= v_suspicious and (removed.place = 0 or removed.place < cardinality(v_firsts) or not p_has_ended)
      limit 1
    );
  end if;
  -- Another book, or in no order: what is missing cannot be told, only that something may be.
  return case when p_upload.is_interrupted and v_songs <= v_live - v_suspicious then 'interrupted' end;
end;
$$;

comment on function private.upload_doubt(private.book_uploads, boolean) is
  'Why a staged upload, whose book is drafted, may have lost batches: "gap" when songs of the live book are missing that stand together
before or between two batches (or behind the last one, when no end came), "interrupted" when it came through two copies of the
function or past a restart and is smaller; null when there is nothing to suspect, as with one short batch and no restart. Definer: books are private.';

revoke all on function private.upload_doubt(private.book_uploads, boolean) from public;

create function private.book_publish(p_system_id uuid, out changed boolean, out songs integer)
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_upload_id uuid;
  v_songs integer;
begin
  changed := false;
  perform private.lock_book(p_system_id);
  select upload.id into v_upload_id
  from private.book_uploads as upload
  where upload.system_id = p_system_id and upload.state = 'staged';
  if found then
    changed := private.draft_upload(p_system_id, v_upload_id);
    if changed then
      v_songs := private.book_size(p_system_id);
      perform private.publish_draft(p_system_id);
      perform private.record_book_change(
        p_system_id, 'import', jsonb_build_object('songs', v_songs), jsonb_build_object('songs', private.book_size(p_system_id))
      );
    end if;
    update private.books as book
    set content_hash = private.upload_hash(v_upload_id), published_at = now()
    where book.system_id = p_system_id;
    delete from private.book_uploads as upload where upload.system_id = p_system_id and upload.state = 'published';
    update private.book_uploads as upload set state = 'published', doubt = null, closed_at = now() where upload.id = v_upload_id;
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

create function private.book_stage_end(
  p_system_id uuid, p_has_ended boolean default true, out published boolean, out changed boolean, out songs integer
)
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_upload private.book_uploads;
  v_doubt text;
begin
  perform private.lock_book(p_system_id);
  update private.book_uploads as upload
  set is_interrupted = upload.is_interrupted or upload.opened_at < pg_postmaster_start_time()
  where upload.system_id = p_system_id and upload.state = 'staged'
  returning upload.* into v_upload;
  if found and private.draft_upload(p_system_id, v_upload.id) then
    v_doubt := private.upload_doubt(v_upload, p_has_ended);
    update private.book_uploads as upload set doubt = v_doubt where upload.id = v_upload.id;
  end if;
  published := v_doubt is null;
  if published then
    select result.changed, result.songs into changed, songs from private.book_publish(p_system_id) as result;
  else
    changed := false;
    songs := private.book_size(p_system_id);
  end if;
end;
$$;

comment on function private.book_stage_end(uuid, boolean) is
  'Publishes the staged upload, whose end came or which has been silent; one that may have lost batches is kept for the host to decide.
Tells whether it was published, whether any song changed and how many there are now. Definer: as book_publish.';

revoke all on function private.book_stage_end(uuid, boolean) from public;
grant execute on function private.book_stage_end(uuid, boolean) to service_role;

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
      bool_or(batch.received < 1000) as has_ended,
      sum(batch.accepted) as songs
    from private.book_uploads as upload
    join private.book_upload_batches as batch on batch.upload_id = upload.id
    where upload.state = 'staged' and upload.doubt is null
    group by upload.system_id
    having max(batch.received_at) < now() - p_idle
    order by upload.system_id
  loop
    -- Only full batches: a finished upload whose last batch happened to be full, or a cancelled one. A book that would
    -- shrink by more than a tenth waits for the host.
    if v_staged.has_ended or v_staged.songs >= 0.9 * private.book_size(v_staged.system_id) then
      return query
      select v_staged.system_id, ended.changed, ended.songs
      from private.book_stage_end(v_staged.system_id, v_staged.has_ended) as ended
      where ended.published;
    end if;
  end loop;
end;
$$;

comment on function private.book_stage_expire(interval) is
  'Publishes uploads that have been silent for a while, unless their book would be much smaller than the live one or batches may be
lost: those stay staged for the host to decide. Returns what it published. A job; definer because books are private.';

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
    'is_interrupted', upload.is_interrupted,
    'doubt', upload.doubt,
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
