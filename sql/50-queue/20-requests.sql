-- The queue. A request is never deleted by what people or OpenKJ do: it changes its state, and every change is kept.

create table public.request_states (
  key text primary key,
  description text not null,
  is_active boolean not null
);

alter table public.request_states enable row level security;
revoke all on public.request_states from anon, authenticated, service_role;

comment on table public.request_states is 'States of a request. Active ones wait or are being sung.';

create table public.request_transitions (
  from_state text not null references public.request_states (key) on update cascade on delete cascade,
  to_state text not null references public.request_states (key) on update cascade on delete cascade,
  actor text not null,
  constraint actor_is_known check (actor in ('singer', 'host', 'undo')),
  primary key (from_state, to_state, actor)
);

alter table public.request_transitions enable row level security;
revoke all on public.request_transitions from anon, authenticated, service_role;

create index request_transitions_to_state_idx on public.request_transitions (to_state);

comment on table public.request_transitions is
  'Who may move a request from which state to which: its singer, the host, or the host who takes back the last step (undo).';

create table public.requests (
  id bigint generated always as identity primary key,
  organization_id uuid not null references public.organizations (id) on delete cascade,
  venue_id uuid not null references public.venues (id) on delete cascade,
  show_id uuid references public.shows (id) on delete set null,
  openkj_request_id integer not null,
  singer_user_id uuid references auth.users (id) on delete set null,
  submitted_by uuid references auth.users (id) on delete set null,
  singer_names text[] not null,
  singer_name text not null generated always as (
    case cardinality(singer_names)
      when 1 then singer_names[1]
      when 2 then singer_names[1] || ' & ' || singer_names[2]
      when 3 then singer_names[1] || ', ' || singer_names[2] || ' & ' || singer_names[3]
      else singer_names[1] || ', ' || singer_names[2] || ', ' || singer_names[3] || ' & ' || singer_names[4]
    end
  ) stored,
  song_id bigint,
  artist text not null,
  title text not null,
  fingerprint text not null generated always as (private.song_fingerprint(artist, title)) stored,
  key_change integer not null default 0,
  notes text,
  state text not null default 'pending' references public.request_states (key) on update cascade on delete restrict,
  processed boolean not null generated always as (state = 'completed') stored,
  reason text,
  sort_order double precision,
  queued_as_of timestamptz,
  idempotency_key uuid,
  idempotency_digest uuid,
  requested_at timestamptz not null default now(),
  processed_at timestamptz,
  updated_at timestamptz not null default now(),
  version integer not null default 1,
  constraint singers_are_1_to_4 check (cardinality(singer_names) between 1 and 4),
  constraint artist_is_1_to_255_characters check (char_length(artist) between 1 and 255),
  constraint title_is_1_to_255_characters check (char_length(title) between 1 and 255),
  constraint key_change_is_within_an_octave check (key_change between -12 and 12),
  constraint notes_are_1_to_500_characters check (char_length(notes) between 1 and 500),
  constraint reason_is_1_to_500_characters check (char_length(reason) between 1 and 500),
  constraint digest_belongs_to_a_key check ((idempotency_digest is null) = (idempotency_key is null)),
  constraint processed_at_matches_state check ((processed_at is not null) = (state = 'completed')),
  unique (organization_id, openkj_request_id)
);

alter table public.requests enable row level security;
revoke all on public.requests from anon, authenticated, service_role;

create unique index requests_idempotency_idx on public.requests (venue_id, idempotency_key, submitted_by)
  where idempotency_key is not null;
-- The queue itself: small however long the history grows.
create index requests_active_idx on public.requests (venue_id, requested_at, id)
  where state in ('pending', 'accepted', 'performing');
create index requests_active_of_singer_idx on public.requests (venue_id, singer_user_id)
  where state in ('pending', 'accepted', 'performing');
create index requests_venue_id_idx on public.requests (venue_id, requested_at desc, id desc);
create index requests_organization_id_idx on public.requests (organization_id, requested_at desc, id desc);
-- What a policy allows of one venue, however many others the organization has.
create index requests_organization_venue_idx on public.requests (organization_id, venue_id, requested_at desc);
create index requests_show_id_idx on public.requests (show_id, singer_user_id);
create index requests_song_idx on public.requests (venue_id, fingerprint, requested_at desc);
create index requests_singer_user_id_idx on public.requests (singer_user_id, requested_at desc, id desc);
create index requests_submitted_by_idx on public.requests (submitted_by);
create index requests_state_idx on public.requests (state) where state in ('accepted', 'performing');

comment on table public.requests is 'Songs asked for at a venue: the queue, and its history.';
comment on column public.requests.openkj_request_id is
  'What OpenKJ calls it; counted per organization, never reused, and new when the key changes.';
comment on column public.requests.show_id is 'The night it belongs to: the one open when it was asked for, or the one its acceptance opened.';
comment on column public.requests.singer_user_id is 'The guest or singer it is for; null for a walk-up entered by staff or OpenKJ.';
comment on column public.requests.song_id is 'Song of the catalogue; null marks free text: a song that is not in the book.';
comment on column public.requests.fingerprint is 'By which two requests are for the same song, whatever book or spelling they come from.';
comment on column public.requests.reason is 'Why the host skipped or rejected it; the singer sees it.';
comment on column public.requests.sort_order is 'Place in a queue ordered by hand; null keeps the order of asking.';
comment on column public.requests.queued_as_of is
  'When it counts as asked for, once its singer has changed the order of own songs; null is requested_at.';
comment on column public.requests.idempotency_key is 'Chosen by the app: the same key asks once, however often it is sent.';
comment on column public.requests.idempotency_digest is 'Of what was sent with the key, by which another request with the same key is refused.';
comment on column public.requests.version is 'Counts the changes: of two versions of a request the one with the larger number is the later.';

create trigger requests_set_updated_at
  before update on public.requests
  for each row execute function private.set_updated_at();

create function private.count_request_version()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  new.version := old.version + 1;
  return new;
end;
$$;

revoke all on function private.count_request_version() from public;

create trigger requests_count_version
  before update on public.requests
  for each row execute function private.count_request_version();

create table public.request_events (
  id bigint generated always as identity primary key,
  request_id bigint not null references public.requests (id) on delete cascade,
  from_state text references public.request_states (key) on update cascade on delete restrict,
  to_state text not null references public.request_states (key) on update cascade on delete restrict,
  changed_by uuid references auth.users (id) on delete set null,
  source text not null,
  reason text,
  changed_at timestamptz not null default clock_timestamp(),
  constraint source_is_known check (source in ('app', 'openkj', 'api', 'system'))
);

alter table public.request_events enable row level security;
revoke all on public.request_events from anon, authenticated, service_role;

create index request_events_request_id_idx on public.request_events (request_id, id);
create index request_events_changed_by_idx on public.request_events (changed_by);
create index request_events_from_state_idx on public.request_events (from_state);
create index request_events_to_state_idx on public.request_events (to_state);

comment on table public.request_events is 'Every state a request has had: what, when, by whom. Append-only.';

create table public.performances (
  id bigint generated always as identity primary key,
  request_id bigint not null unique references public.requests (id) on delete cascade,
  organization_id uuid not null references public.organizations (id) on delete cascade,
  venue_id uuid not null references public.venues (id) on delete cascade,
  show_id uuid references public.shows (id) on delete set null,
  singer_user_id uuid references auth.users (id) on delete set null,
  singer_name text not null,
  song_id bigint,
  fingerprint text not null,
  artist text not null,
  title text not null,
  key_change integer not null,
  performed_at timestamptz not null default now()
);

alter table public.performances enable row level security;
revoke all on public.performances from anon, authenticated, service_role;

create index performances_singer_user_id_idx on public.performances (singer_user_id, performed_at desc, id desc);
create index performances_venue_id_idx on public.performances (venue_id, performed_at desc, id desc);
create index performances_show_id_idx on public.performances (show_id, performed_at);
create index performances_organization_id_idx on public.performances (organization_id, performed_at desc);

comment on table public.performances is 'What was sung, one row per completed request: the history that statistics read.';

create function private.require_request(p_request_id bigint, p_permission text)
returns public.requests
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_request public.requests;
begin
  select request.* into v_request from public.requests as request where request.id = p_request_id;
  perform private.require_permission(v_request.organization_id, p_permission, 'request_not_found');
  return v_request;
end;
$$;

comment on function private.require_request(bigint, text) is
  'A request of an organization in which the caller holds the permission. Errors: as require_permission, 404 request_not_found.';

revoke all on function private.require_request(bigint, text) from public;

-- Who is changing requests right now, for the log of events: RPCs and the OpenKJ commands say so.
create function private.change_source()
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return coalesce(nullif(current_setting('karaoke.source', true), ''), 'app');
end;
$$;

revoke all on function private.change_source() from public;

create function private.record_request_change()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and new.state = old.state then
    return null;
  end if;
  insert into public.request_events (request_id, from_state, to_state, changed_by, source, reason)
  values (
    new.id,
    case when tg_op = 'UPDATE' then old.state end,
    new.state,
    (select account.id from auth.users as account where account.id = auth.uid()),
    private.change_source(),
    new.reason
  );
  if new.state = 'completed' then
    insert into public.performances (
      request_id, organization_id, venue_id, show_id, singer_user_id, singer_name, song_id, fingerprint, artist, title, key_change,
      performed_at
    )
    values (
      new.id, new.organization_id, new.venue_id, new.show_id, new.singer_user_id, new.singer_name, new.song_id,
      new.fingerprint, new.artist, new.title, new.key_change, new.processed_at
    );
  elsif tg_op = 'UPDATE' and old.state = 'completed' then
    delete from public.performances where request_id = new.id;
  end if;
  return null;
end;
$$;

comment on function private.record_request_change() is
  'Keeps the log of states and the history of what was sung. Definer: both are written only here.';

revoke all on function private.record_request_change() from public;

create trigger requests_record_change
  after insert or update of state on public.requests
  for each row execute function private.record_request_change();

-- The statements below run once per statement: a bulk change moves the serial once.
create function private.requests_changed()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.bump_openkj_serial(array(select distinct organization_id from changed));
  return null;
end;
$$;

comment on function private.requests_changed() is 'Definer: the counters are private.';

revoke all on function private.requests_changed() from public;

create trigger requests_bump_serial_on_insert
  after insert on public.requests
  referencing new table as changed
  for each statement execute function private.requests_changed();

create trigger requests_bump_serial_on_update
  after update on public.requests
  referencing new table as changed
  for each statement execute function private.requests_changed();

create function private.venues_changed()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    perform private.bump_openkj_serial(array(select distinct organization_id from changed));
  else
    -- Only what OpenKJ shows: names, accepting, and which venues there are.
    perform private.bump_openkj_serial(array(
      select distinct changed.organization_id
      from changed
      join former on former.id = changed.id
      where (changed.name, changed.url_name, changed.accepting_requests, changed.archived_at)
        is distinct from (former.name, former.url_name, former.accepting_requests, former.archived_at)
    ));
  end if;
  return null;
end;
$$;

comment on function private.venues_changed() is 'Definer: the counters are private.';

revoke all on function private.venues_changed() from public;

create trigger venues_bump_serial_on_insert
  after insert on public.venues
  referencing new table as changed
  for each statement execute function private.venues_changed();

create trigger venues_bump_serial_on_update
  after update on public.venues
  referencing old table as former new table as changed
  for each statement execute function private.venues_changed();
