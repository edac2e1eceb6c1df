-- The outbox: every mail and text is a row, written in the transaction that causes it. Rows hold a template and its
-- variables; the text is made when it is sent or looked at.

create table private.message_templates (
  key text not null,
  channel text not null,
  category text not null,
  subject text,
  body text not null,
  constraint channel_is_known check (channel in ('email', 'sms')),
  constraint category_is_known check (category in ('security', 'queue', 'organization', 'billing', 'news')),
  constraint email_has_a_subject check ((channel = 'email') = (subject is not null)),
  primary key (key, channel)
);

alter table private.message_templates enable row level security;

comment on table private.message_templates is
  'Texts with {{variable}} places. A body is plain text; in mails its lines become paragraphs and its links are clickable.';
comment on column private.message_templates.category is 'What a person may opt out of; security never.';

create table private.messages (
  id uuid primary key default gen_random_uuid(),
  channel text not null,
  template_key text not null,
  recipient text not null,
  variables jsonb not null default '{}',
  user_id uuid references auth.users (id) on delete set null,
  idempotency_key text unique,
  status text not null default 'pending',
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  provider text,
  provider_message_id text,
  last_error text,
  created_at timestamptz not null default now(),
  sent_at timestamptz,
  constraint status_is_known check (status in ('pending', 'sending', 'sent', 'dead', 'suppressed')),
  constraint variables_are_an_object check (jsonb_typeof(variables) = 'object'),
  foreign key (template_key, channel) references private.message_templates (key, channel)
    on update cascade on delete restrict
);

alter table private.messages enable row level security;

create index messages_template_idx on private.messages (template_key, channel);
create index messages_user_id_idx on private.messages (user_id);
create index messages_due_idx on private.messages (next_attempt_at) where status in ('pending', 'sending');
create index messages_recipient_idx on private.messages (recipient, created_at);

comment on table private.messages is 'The outbox. Variables may hold one-time codes: never exposed, never logged.';
comment on column private.messages.next_attempt_at is
  'When it is due; while it is being sent, when the sender is given up for dead.';
comment on column private.messages.idempotency_key is 'The same key enqueues once, however often it is tried.';

create function private.enqueue_message(
  p_channel text,
  p_template_key text,
  p_recipient text,
  p_variables jsonb,
  p_user_id uuid default null,
  p_idempotency_key text default null
)
returns uuid
language sql
volatile
security definer
set search_path = ''
as $$
  insert into private.messages (channel, template_key, recipient, variables, user_id, idempotency_key)
  select
    p_channel, p_template_key, p_recipient, p_variables,
    -- A sign-up's mail is written before its user is committed, or even inserted.
    (select account.id from auth.users as account where account.id = p_user_id),
    p_idempotency_key
  -- An account with only a phone number has nowhere to mail to; what was to be told of happens all the same.
  where p_recipient <> ''
  on conflict (idempotency_key) do nothing
  returning id;
$$;

comment on function private.enqueue_message(text, text, text, jsonb, uuid, text) is
  'Puts one message into the outbox and returns its id, or null when the idempotency key was used before or there is no recipient.
Definer: called from hooks and triggers of other roles.';

revoke all on function private.enqueue_message(text, text, text, jsonb, uuid, text) from public;

create function private.enqueue_auth_email(
  p_user_id uuid, p_template_key text, p_recipient text, p_data jsonb, p_token text, p_token_hash text
)
returns void
language sql
volatile
security definer
set search_path = ''
as $$
  select private.enqueue_message(
    'email', p_template_key, p_recipient,
    jsonb_build_object(
      'code', p_token,
      'link', format(
        '%s/verify?token=%s&type=%s&redirect_to=%s',
        rtrim(p_data ->> 'site_url', '/'),
        p_token_hash,
        p_data ->> 'email_action_type',
        replace(replace(replace(p_data ->> 'redirect_to', '&', '%26'), '=', '%3D'), '#', '%23')
      )
    ),
    p_user_id
  );
$$;

comment on function private.enqueue_auth_email(uuid, text, text, jsonb, text, text) is
  'One mail of Auth: its code and the link that confirms it (Auth names its own address site_url). Definer: as enqueue_message.';

revoke all on function private.enqueue_auth_email(uuid, text, text, jsonb, text, text) from public;
