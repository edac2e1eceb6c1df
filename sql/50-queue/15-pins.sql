-- A night may ask for a PIN. It guards the book, the queue and asking alike; whoever entered it once is in for the night.

create table private.show_pins (
  show_id uuid primary key references public.shows (id) on delete cascade,
  pin_hash text not null
);

alter table private.show_pins enable row level security;

comment on table private.show_pins is 'bcrypt hash of a night''s PIN; a night without a row is open to everybody.';

create table private.show_admissions (
  show_id uuid not null references public.shows (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  admitted_at timestamptz not null default now(),
  primary key (show_id, user_id)
);

alter table private.show_admissions enable row level security;

create index show_admissions_user_id_idx on private.show_admissions (user_id);

comment on table private.show_admissions is 'Who has entered the PIN of a night.';

create function private.is_admitted(p_venue_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select
      not exists (select from private.show_pins as pin where pin.show_id = private.open_show(p_venue_id))
      or exists (
        select
        from private.show_admissions as admission
        where admission.show_id = private.open_show(p_venue_id) and admission.user_id = auth.uid()
          and private.session_is_trusted()
      )
      or exists (
        select
        from public.venues as venue
        where venue.id = p_venue_id and private.has_permission(venue.organization_id, 'requests:read')
      )
  );
end;
$$;

comment on function private.is_admitted(uuid) is
  'Whether the caller may see the book and queue of the venue tonight: no PIN, PIN entered, or staff. Definer: PINs are private.';

revoke all on function private.is_admitted(uuid) from public;

create function private.require_admission(p_venue_id uuid)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if not private.is_admitted(p_venue_id) then
    perform private.raise_error(
      403, 'pin_required', 'Tonight this venue asks for a PIN.', 'Ask the host for it and send it to enter_show.'
    );
  end if;
end;
$$;

comment on function private.require_admission(uuid) is 'Refuses with 403 pin_required unless is_admitted(). Definer: as is_admitted.';

revoke all on function private.require_admission(uuid) from public;

create function private.set_show_pin(p_venue_id uuid, p_pin text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_show_id uuid := private.open_show_as_staff(p_venue_id);
begin
  perform private.refuse_delegated_access();
  if p_pin !~ '^[0-9]{4,6}$' then
    perform private.raise_error(400, 'invalid_pin', 'A PIN has 4 to 6 digits.', 'Choose another one, or none to take it away.');
  end if;
  delete from private.show_pins where show_id = v_show_id;
  delete from private.show_admissions where show_id = v_show_id;
  if p_pin is not null then
    insert into private.show_pins (show_id, pin_hash)
    values (v_show_id, extensions.crypt(p_pin, extensions.gen_salt('bf', 8)));
  end if;
end;
$$;

comment on function private.set_show_pin(uuid, text) is 'Definer: PINs are private.';

revoke all on function private.set_show_pin(uuid, text) from public;
grant execute on function private.set_show_pin(uuid, text) to authenticated;

create function public.set_show_pin(p_venue_id uuid, p_pin text default null)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.set_show_pin(p_venue_id, p_pin);
$$;

comment on function public.set_show_pin(uuid, text) is
  'Gives tonight''s show a PIN of 4-6 digits, or takes it away when null; opens the show if there is none. Everybody has to enter
a new PIN. Needs requests:process. Errors: 400 invalid_pin; 403; 404 venue_not_found.';

revoke all on function public.set_show_pin(uuid, text) from public;
grant execute on function public.set_show_pin(uuid, text) to authenticated;

create function private.enter_show(p_venue_id uuid, p_pin text)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_pin private.show_pins;
begin
  if not exists (select from public.venues as venue where venue.id = p_venue_id and venue.archived_at is null) then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue.', 'Find the venue again.');
  end if;
  select pin.* into v_pin from private.show_pins as pin where pin.show_id = private.open_show(p_venue_id);
  if not found then
    return true;
  end if;
  -- A wrong PIN answers false instead of raising: raising would give the attempt back.
  perform private.enforce_rate_limit('pin_attempts_per_device', v_user_id::text);
  perform private.enforce_rate_limit('pin_attempts_per_venue', p_venue_id::text);
  if extensions.crypt(coalesce(p_pin, ''), v_pin.pin_hash) <> v_pin.pin_hash then
    return false;
  end if;
  insert into private.show_admissions (show_id, user_id) values (v_pin.show_id, v_user_id) on conflict do nothing;
  return true;
end;
$$;

comment on function private.enter_show(uuid, text) is 'Definer: PINs are private.';

revoke all on function private.enter_show(uuid, text) from public;
grant execute on function private.enter_show(uuid, text) to authenticated;

create function public.enter_show(p_venue_id uuid, p_pin text)
returns boolean
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.enter_show(p_venue_id, p_pin);
$$;

comment on function public.enter_show(uuid, text) is
  'Enters tonight''s show with its PIN: true when it was right or there is none, false when it was wrong. 5 attempts in 15 minutes.
Errors: 401; 404 venue_not_found; 429.';

revoke all on function public.enter_show(uuid, text) from public;
grant execute on function public.enter_show(uuid, text) to authenticated;
