-- What each venue allows. One row per venue, made with it; every limit is off until a host sets it.

create table public.venue_rules (
  venue_id uuid primary key references public.venues (id) on delete cascade,
  guests_allowed boolean not null default true,
  free_text_allowed boolean not null default false,
  key_change_allowed boolean not null default true,
  notes_allowed boolean not null default true,
  last_initial_required boolean not null default false,
  max_active_requests integer,
  cooldown_minutes integer,
  same_song text not null default 'allowed',
  same_song_minutes integer,
  max_requests_per_hour integer,
  queue_order text not null default 'fifo',
  queue_visibility text not null default 'first_names',
  last_call_minutes integer,
  updated_at timestamptz not null default now(),
  constraint max_active_requests_is_1_to_100 check (max_active_requests between 1 and 100),
  constraint cooldown_is_1_to_1440_minutes check (cooldown_minutes between 1 and 1440),
  constraint same_song_is_known check (same_song in ('allowed', 'not_while_active', 'not_within_minutes', 'once_a_night')),
  constraint same_song_minutes_are_1_to_1440 check (same_song_minutes between 1 and 1440),
  constraint same_song_minutes_are_given check (same_song <> 'not_within_minutes' or same_song_minutes is not null),
  constraint max_requests_per_hour_is_1_to_10000 check (max_requests_per_hour between 1 and 10000),
  constraint last_call_is_1_to_240_minutes check (last_call_minutes between 1 and 240),
  constraint queue_order_is_known check (queue_order in ('fifo', 'rotation', 'manual')),
  constraint queue_visibility_is_known check (queue_visibility in ('none', 'first_names', 'full'))
);

alter table public.venue_rules enable row level security;
revoke all on public.venue_rules from anon, authenticated, service_role;

comment on table public.venue_rules is 'The rules of a venue''s queue.';
comment on column public.venue_rules.free_text_allowed is 'Whether a song that is not in the book may be asked for.';
comment on column public.venue_rules.max_requests_per_hour is 'Replaces the platform''s limit of requests per venue and hour.';
comment on column public.venue_rules.last_call_minutes is 'How long before the end of the opening hours the last request is taken.';
comment on column public.venue_rules.queue_visibility is 'What the public queue shows: nothing, first names, or whole names.';

create trigger venue_rules_set_updated_at
  before update on public.venue_rules
  for each row execute function private.set_updated_at();

create function private.create_venue_rules()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into public.venue_rules (venue_id) values (new.id);
  return null;
end;
$$;

comment on function private.create_venue_rules() is 'Definer: rows of this table are made only with their venue.';

revoke all on function private.create_venue_rules() from public;

create trigger venues_create_rules
  after insert on public.venues
  for each row execute function private.create_venue_rules();

create function private.rules_of_asking(p_rules public.venue_rules)
returns jsonb
language sql
immutable
security invoker
set search_path = ''
as $$
  select jsonb_build_object(
    'guests_allowed', p_rules.guests_allowed,
    'free_text_allowed', p_rules.free_text_allowed,
    'key_change_allowed', p_rules.key_change_allowed,
    'notes_allowed', p_rules.notes_allowed,
    'last_initial_required', p_rules.last_initial_required,
    'max_active_requests', p_rules.max_active_requests,
    'cooldown_minutes', p_rules.cooldown_minutes,
    'same_song', p_rules.same_song,
    'same_song_minutes', p_rules.same_song_minutes,
    'queue_order', p_rules.queue_order,
    'queue_visibility', p_rules.queue_visibility
  );
$$;

comment on function private.rules_of_asking(public.venue_rules) is 'What somebody who asks for a song should know beforehand.';

revoke all on function private.rules_of_asking(public.venue_rules) from public;
