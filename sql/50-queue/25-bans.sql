-- Whom and what a host will not have.

create table public.venue_bans (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  venue_id uuid references public.venues (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  singer_name text not null,
  reason text,
  expires_at timestamptz,
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  constraint reason_is_1_to_500_characters check (char_length(reason) between 1 and 500),
  unique nulls not distinct (organization_id, venue_id, user_id)
);

alter table public.venue_bans enable row level security;
revoke all on public.venue_bans from anon, authenticated, service_role;

create index venue_bans_user_id_idx on public.venue_bans (user_id);
create index venue_bans_venue_id_idx on public.venue_bans (venue_id);
create index venue_bans_created_by_idx on public.venue_bans (created_by);

comment on table public.venue_bans is
  'Singers and guests'' devices that may not ask for songs: at one venue, or at all of the organization when venue_id is null.';
comment on column public.venue_bans.singer_name is 'The name on the request that led to the ban, to recognise it by.';

create function private.ban_singer(p_request_id bigint, p_all_venues boolean, p_reason text, p_expires_at timestamptz)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
  v_ban_id uuid;
begin
  select request.* into v_request from public.requests as request where request.id = p_request_id;
  perform private.require_permission(v_request.organization_id, 'requests:process', 'request_not_found');
  if v_request.singer_user_id is null then
    perform private.raise_error(
      409, 'nobody_to_ban', 'This request has no account behind it: staff or a program entered it.', 'Reject it instead.'
    );
  end if;
  if p_expires_at <= now() then
    perform private.raise_error(400, 'invalid_expiry', 'The expiry is in the past.', 'Give a time to come, or none.');
  end if;
  insert into public.venue_bans as ban (organization_id, venue_id, user_id, singer_name, reason, expires_at, created_by)
  values (
    v_request.organization_id, case when p_all_venues then null else v_request.venue_id end, v_request.singer_user_id,
    v_request.singer_name, private.clean_text(p_reason, 'reason', 500), p_expires_at, auth.uid()
  )
  on conflict (organization_id, venue_id, user_id) do update set
    reason = excluded.reason, expires_at = excluded.expires_at, created_by = excluded.created_by
  returning ban.id into v_ban_id;
  return v_ban_id;
end;
$$;

comment on function private.ban_singer(bigint, boolean, text, timestamptz) is 'Definer: bans are made only here.';

revoke all on function private.ban_singer(bigint, boolean, text, timestamptz) from public;
grant execute on function private.ban_singer(bigint, boolean, text, timestamptz) to authenticated;

create function public.ban_singer(
  p_request_id bigint, p_all_venues boolean default false, p_reason text default null, p_expires_at timestamptz default null
)
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.ban_singer(p_request_id, p_all_venues, p_reason, p_expires_at);
$$;

comment on function public.ban_singer(bigint, boolean, text, timestamptz) is
  'Bans the singer or device behind a request and returns the ban''s id; deleting the row of venue_bans lifts it. Needs
requests:process. Errors: 400 invalid_expiry, invalid_reason; 403; 404 request_not_found; 409 nobody_to_ban.';

revoke all on function public.ban_singer(bigint, boolean, text, timestamptz) from public;
grant execute on function public.ban_singer(bigint, boolean, text, timestamptz) to authenticated;

create table public.blocked_songs (
  venue_id uuid not null references public.venues (id) on delete cascade,
  song_id bigint not null references public.songs (id) on delete cascade,
  artist text not null,
  title text not null,
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  primary key (venue_id, song_id)
);

alter table public.blocked_songs enable row level security;
revoke all on public.blocked_songs from anon, authenticated, service_role;

create index blocked_songs_song_id_idx on public.blocked_songs (song_id);
create index blocked_songs_created_by_idx on public.blocked_songs (created_by);

comment on table public.blocked_songs is 'Songs of the book that a venue does not want asked for.';

create function private.block_song(p_venue_id uuid, p_song_id bigint)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_song record;
begin
  perform private.require_permission(
    (select venue.organization_id from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null),
    'venues:update', 'venue_not_found'
  );
  select song.artist, song.title into v_song from private.book_song(private.venue_system(p_venue_id), p_song_id) as song;
  if not found then
    perform private.raise_error(404, 'song_not_found', 'This song is not in the venue''s book.', 'Search the book again.');
  end if;
  insert into public.blocked_songs (venue_id, song_id, artist, title, created_by)
  values (p_venue_id, p_song_id, v_song.artist, v_song.title, auth.uid())
  on conflict do nothing;
end;
$$;

comment on function private.block_song(uuid, bigint) is 'Definer: the catalogue is private.';

revoke all on function private.block_song(uuid, bigint) from public;
grant execute on function private.block_song(uuid, bigint) to authenticated;

create function public.block_song(p_venue_id uuid, p_song_id bigint)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.block_song(p_venue_id, p_song_id);
$$;

comment on function public.block_song(uuid, bigint) is
  'Puts a song of the book on the venue''s block list; deleting the row of blocked_songs takes it off. Needs venues:update.
Errors: 403; 404 venue_not_found, song_not_found.';

revoke all on function public.block_song(uuid, bigint) from public;
grant execute on function public.block_song(uuid, bigint) to authenticated;
