-- Whom a host will not have.

create table public.venue_bans (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  venue_id uuid references public.venues (id) on delete cascade,
  user_id uuid references auth.users (id) on delete cascade,
  folded_name text,
  singer_name text not null,
  reason text,
  expires_at timestamptz,
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  constraint reason_is_1_to_500_characters check (char_length(reason) between 1 and 500),
  constraint bans_an_account_or_a_name check ((user_id is null) <> (folded_name is null)),
  unique nulls not distinct (organization_id, venue_id, user_id, folded_name)
);

alter table public.venue_bans enable row level security;
revoke all on public.venue_bans from anon, authenticated, service_role;

create index venue_bans_user_id_idx on public.venue_bans (user_id);
create index venue_bans_venue_id_idx on public.venue_bans (venue_id);
create index venue_bans_created_by_idx on public.venue_bans (created_by);

comment on table public.venue_bans is
  'Singers, guests'' devices and names that may not ask for songs: at one venue, or at all of the organization when venue_id is null.';
comment on column public.venue_bans.folded_name is 'The banned name without case and accents, where it is a name and not an account.';
comment on column public.venue_bans.singer_name is 'The name on the request that led to the ban, to recognise it by.';

create function private.ban_singer(p_request_id bigint, p_all_venues boolean, p_reason text, p_expires_at timestamptz, p_by_name boolean)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request public.requests;
  v_ban_id uuid;
  v_by_name boolean;
begin
  v_request := private.require_request(p_request_id, 'requests:process');
  if p_expires_at <= now() then
    perform private.raise_error(400, 'invalid_expiry', 'The expiry is in the past.', 'Give a time to come, or none.');
  end if;
  v_by_name := coalesce(p_by_name, false) or v_request.singer_user_id is null;
  insert into public.venue_bans as ban (
    organization_id, venue_id, user_id, folded_name, singer_name, reason, expires_at, created_by
  )
  values (
    v_request.organization_id, case when p_all_venues then null else v_request.venue_id end,
    case when not v_by_name then v_request.singer_user_id end,
    case when v_by_name then private.fold_text(v_request.singer_names[1]) end,
    v_request.singer_names[1], private.clean_text(p_reason, 'reason', 500), p_expires_at, auth.uid()
  )
  on conflict (organization_id, venue_id, user_id, folded_name) do update set
    reason = excluded.reason, expires_at = excluded.expires_at, created_by = excluded.created_by
  returning ban.id into v_ban_id;
  return v_ban_id;
end;
$$;

comment on function private.ban_singer(bigint, boolean, text, timestamptz, boolean) is 'Definer: bans are made only here.';

revoke all on function private.ban_singer(bigint, boolean, text, timestamptz, boolean) from public;
grant execute on function private.ban_singer(bigint, boolean, text, timestamptz, boolean) to authenticated;

create function public.ban_singer(
  p_request_id bigint,
  p_all_venues boolean default false,
  p_reason text default null,
  p_expires_at timestamptz default null,
  p_by_name boolean default false
)
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.ban_singer(p_request_id, p_all_venues, p_reason, p_expires_at, p_by_name);
$$;

comment on function public.ban_singer(bigint, boolean, text, timestamptz, boolean) is
  'Bans the account or device behind a request and returns the ban''s id; deleting the row of venue_bans lifts it. With p_by_name, or
where nobody''s account is behind the request, whoever gives the request''s first name. Needs requests:process. Errors: 400
invalid_expiry, invalid_reason; 403; 404 request_not_found.';

revoke all on function public.ban_singer(bigint, boolean, text, timestamptz, boolean) from public;
grant execute on function public.ban_singer(bigint, boolean, text, timestamptz, boolean) to authenticated;
