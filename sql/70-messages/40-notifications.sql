-- What the app tells a user: kept until read, and sent at once over the private topic user:<uuid>:notifications.

create table public.notifications (
  id bigint generated always as identity primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  category text not null,
  kind text not null,
  data jsonb not null default '{}',
  idempotency_key text unique,
  created_at timestamptz not null default now(),
  read_at timestamptz,
  constraint category_is_known check (category in ('security', 'queue', 'organization', 'billing', 'news'))
);

alter table public.notifications enable row level security;
revoke all on public.notifications from anon, authenticated, service_role;

create index notifications_user_id_idx on public.notifications (user_id, id desc);
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
  v_account record;
begin
  insert into public.notifications (user_id, category, kind, data, idempotency_key)
  values (p_user_id, p_category, p_kind, p_data, p_idempotency_key)
  on conflict (idempotency_key) do nothing
  returning * into v_notification;
  if v_notification.id is null then
    return;
  end if;
  perform realtime.send(
    to_jsonb(v_notification) - 'idempotency_key' - 'id' || jsonb_build_object('notification_id', v_notification.id),
    'notification_created',
    'user:' || p_user_id || ':notifications',
    true
  );

  select
    case when account.email_confirmed_at is not null then nullif(account.email, '') end as email,
    case when account.phone_confirmed_at is not null then nullif(account.phone, '') end as phone
  into v_account
  from auth.users as account
  where account.id = p_user_id;
  perform private.enqueue_message(
    template.channel, p_kind, case template.channel when 'email' then v_account.email else v_account.phone end, p_data, p_user_id,
    p_idempotency_key || ':' || template.channel
  )
  from private.message_templates as template
  where template.key = p_kind
    and case template.channel when 'email' then v_account.email else v_account.phone end is not null
    and private.wants_message(p_user_id, p_category, template.channel);
end;
$$;

comment on function private.notify_user(uuid, text, text, jsonb, text) is
  'Tells a user something once per idempotency key: in the app at once, by mail and text where the
kind has a template and the user wants it. Definer: called while somebody else acts.';

revoke all on function private.notify_user(uuid, text, text, jsonb, text) from public;
