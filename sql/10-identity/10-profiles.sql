-- Who a person is, beside what Auth keeps: one profile for every user, a singer profile for those who sing.

create table public.profiles (
  user_id uuid primary key references auth.users (id) on delete cascade,
  name text,
  display_name text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint name_is_1_to_255_characters check (char_length(name) between 1 and 255 and name = btrim(name) and name !~ '[[:cntrl:]]'),
  constraint display_name_is_1_to_100_characters
    check (char_length(display_name) between 1 and 100 and display_name = btrim(display_name) and display_name !~ '[[:cntrl:]]')
);

alter table public.profiles enable row level security;
revoke all on public.profiles from anon, authenticated, service_role;

comment on table public.profiles is 'One row per user, guests included. Made with the user, goes with the user.';
comment on column public.profiles.name is 'Full name, seen by the members of the organizations the user belongs to.';
comment on column public.profiles.display_name is 'How the user is called in a room when the singer profile has no nickname.';

create trigger profiles_set_updated_at
  before update on public.profiles
  for each row execute function private.set_updated_at();

create table public.singer_profiles (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null unique references auth.users (id) on delete cascade,
  nickname text,
  avatar_path text,
  preferences jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint nickname_is_1_to_100_characters
    check (char_length(nickname) between 1 and 100 and nickname = btrim(nickname) and nickname !~ '[[:cntrl:]]'),
  constraint preferences_are_an_object check (jsonb_typeof(preferences) = 'object'),
  constraint preferences_are_small check (pg_column_size(preferences) <= 16384)
);

alter table public.singer_profiles enable row level security;
revoke all on public.singer_profiles from anon, authenticated, service_role;

comment on table public.singer_profiles is 'The singer side of a user: what the room and the app know about them.';

create trigger singer_profiles_set_updated_at
  before update on public.singer_profiles
  for each row execute function private.set_updated_at();
