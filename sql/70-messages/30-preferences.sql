create table public.message_preferences (
  user_id uuid not null references auth.users (id) on delete cascade,
  category text not null,
  channel text not null,
  is_enabled boolean not null,
  updated_at timestamptz not null default now(),
  -- Security messages are not in the list: nobody can switch them off.
  constraint category_is_known check (category in ('queue', 'organization', 'billing', 'news')),
  constraint channel_is_known check (channel in ('email', 'sms')),
  primary key (user_id, category, channel)
);

alter table public.message_preferences enable row level security;
revoke all on public.message_preferences from anon, authenticated, service_role;

comment on table public.message_preferences is
  'Which messages a user wants beside those in the app. Without a row: mails about organization and billing, nothing else.';

create trigger message_preferences_set_updated_at
  before update on public.message_preferences
  for each row execute function private.set_updated_at();

create function private.wants_message(p_user_id uuid, p_category text, p_channel text)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select p_category = 'security' or coalesce(
      (
        select preference.is_enabled
        from public.message_preferences as preference
        where preference.user_id = p_user_id and preference.category = p_category and preference.channel = p_channel
      ),
      p_channel = 'email' and p_category in ('organization', 'billing')
    )
  );
end;
$$;

comment on function private.wants_message(uuid, text, text) is
  'Whether a user wants messages of a category by a channel. Definer: asked while somebody else acts.';

revoke all on function private.wants_message(uuid, text, text) from public;
