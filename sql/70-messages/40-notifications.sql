-- What the app tells a user: kept until read, and sent at once over the private topic user:<uuid>:notifications.

create table public.notifications (
  id bigint generated always as identity primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  category text not null references public.message_categories (key) on update cascade on delete restrict,
  kind text not null,
  data jsonb not null default '{}',
  idempotency_key text unique,
  created_at timestamptz not null default now(),
  read_at timestamptz
);

alter table public.notifications enable row level security;
revoke all on public.notifications from anon, authenticated, service_role;

create index notifications_user_id_idx on public.notifications (user_id, id desc);
create index notifications_category_idx on public.notifications (category);
create index notifications_created_at_idx on public.notifications (created_at);
create index notifications_unread_idx on public.notifications (user_id) where read_at is null;

comment on table public.notifications is 'Notifications in the app; unread while read_at is null.';
comment on column public.notifications.kind is 'What happened, such as request_accepted; data has what the app needs to say it.';

create function private.notify_user(
  p_user_id uuid, p_category text, p_kind text, p_data jsonb, p_idempotency_key text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_notification public.notifications;
begin
  insert into public.notifications (user_id, category, kind, data, idempotency_key)
  values (p_user_id, p_category, p_kind, p_data, p_idempotency_key)
  on conflict (idempotency_key) do nothing
  returning * into v_notification;
  if v_notification.id is null then
    return;
  end if;
  -- An open channel may outlive the right to it, so it carries what happened; the rest is read from the row.
  perform realtime.send(
    jsonb_build_object(
      'notification_id', v_notification.id, 'category', p_category, 'kind', p_kind, 'created_at', v_notification.created_at
    ),
    'notification_created',
    'user:' || p_user_id || ':notifications',
    true
  );

  -- Who never asked for messages of a kind leaves no trace in the outbox; who said no does.
  perform private.enqueue_message(
    template.channel, p_kind, address.value, private.message_variables(p_kind, template.channel, p_data), p_user_id,
    p_idempotency_key || ':' || template.channel
  )
  from private.message_templates as template
  join public.message_categories as category on category.key = template.category
  join auth.users as account on account.id = p_user_id
  cross join lateral (
    select case template.channel
      when 'email' then case when account.email_confirmed_at is not null then account.email end
      else case when account.phone_confirmed_at is not null then account.phone end
    end as value
  ) as address
  left join public.message_preferences as preference
    on preference.user_id = p_user_id and preference.category = template.category and preference.channel = template.channel
  where template.key = p_kind and address.value <> ''
    and (template.channel = any (category.default_channels) or preference.user_id is not null);
end;
$$;

comment on function private.notify_user(uuid, text, text, jsonb, text) is
  'Tells a user something once per idempotency key: in the app at once, by mail and text where the
kind has a template and the user wants it. Definer: called while somebody else acts.';

revoke all on function private.notify_user(uuid, text, text, jsonb, text) from public;
