create table public.message_preferences (
  user_id uuid not null references auth.users (id) on delete cascade,
  category text not null references public.message_categories (key) on update cascade on delete cascade,
  channel text not null,
  is_enabled boolean not null,
  updated_at timestamptz not null default now(),
  constraint security_is_not_optional check (category <> 'security'),
  constraint channel_is_known check (channel in ('email', 'sms')),
  primary key (user_id, category, channel)
);

alter table public.message_preferences enable row level security;
revoke all on public.message_preferences from anon, authenticated, service_role;

create index message_preferences_category_idx on public.message_preferences (category, user_id);

comment on table public.message_preferences is
  'Which messages a user wants beside those in the app. Without a row the defaults of message_categories hold.';

create trigger message_preferences_set_updated_at
  before update on public.message_preferences
  for each row execute function private.set_updated_at();

create function public.list_message_preferences()
returns table (category text, description text, channel text, is_enabled boolean, is_optional boolean)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select
    category.key, category.description, channel.name,
    coalesce(preference.is_enabled, channel.name = any (category.default_channels)),
    category.is_optional
  from public.message_categories as category
  cross join unnest(category.channels) as channel (name)
  left join public.message_preferences as preference
    on preference.user_id = (select auth.uid()) and preference.category = category.key and preference.channel = channel.name
  order by category.rank, channel.name;
$$;

comment on function public.list_message_preferences() is
  'Every category of messages by every channel it is sent by, and whether the caller gets it. What is optional is changed by an upsert
of {user_id, category, channel, is_enabled} into message_preferences; deleting that row brings the default back.';

revoke all on function public.list_message_preferences() from public;
grant execute on function public.list_message_preferences() to authenticated;
