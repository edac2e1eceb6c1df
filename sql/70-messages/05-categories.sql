-- What messages are about, and what somebody gets who has set nothing.

create table public.message_categories (
  key text primary key,
  description text not null,
  is_optional boolean not null,
  channels text[] not null,
  default_channels text[] not null,
  rank integer not null,
  constraint channels_are_known check (channels <@ array['email', 'sms']),
  constraint defaults_are_channels check (default_channels <@ channels),
  constraint what_must_arrive_is_on check (is_optional or default_channels = channels)
);

alter table public.message_categories enable row level security;
revoke all on public.message_categories from anon, authenticated, service_role;

comment on table public.message_categories is
  'Categories of messages: by which channels there are any, and by which one gets them without having asked. Nobody can
switch off a category that is not optional. Everything is told in the app as well.';
comment on column public.message_categories.rank is 'Order for lists.';
