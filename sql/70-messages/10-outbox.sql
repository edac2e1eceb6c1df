-- The outbox: every mail and text is a row, written in the transaction that causes it. Rows hold a template and its
-- variables; the text is made when it is sent or looked at.

create function private.template_places(p_subject text, p_body text)
returns text[]
language sql
immutable
security invoker
set search_path = ''
as $$
  select coalesce(array_agg(distinct matched[1] order by matched[1]), '{}')
  from regexp_matches(concat(p_subject, ' ', p_body), '\{\{([a-z_]+)\}\}', 'g') as matched;
$$;

comment on function private.template_places(text, text) is 'Names of the {{places}} of a template.';

revoke all on function private.template_places(text, text) from public;

create table private.message_templates (
  key text not null,
  channel text not null,
  category text not null references public.message_categories (key) on update cascade on delete restrict,
  subject text,
  body text not null,
  variables text[] not null,
  secrets text[] not null default '{}',
  lifetime interval,
  constraint channel_is_known check (channel in ('email', 'sms')),
  constraint email_has_a_subject check ((channel = 'email') = (subject is not null)),
  constraint subject_is_one_line check (subject !~ '[[:cntrl:]]'),
  constraint variables_are_the_places check (
    variables @> private.template_places(subject, body) and variables <@ private.template_places(subject, body)
  ),
  constraint secrets_are_variables check (secrets <@ variables),
  constraint secrets_end check (secrets = '{}' or lifetime is not null),
  primary key (key, channel)
);

alter table private.message_templates enable row level security;

create index message_templates_category_idx on private.message_templates (category);

comment on table private.message_templates is
  'Texts with {{variable}} places. A body is plain text; in mails its lines become paragraphs and its link is clickable.';
comment on column private.message_templates.category is 'What a person may opt out of; security never.';
comment on column private.message_templates.variables is 'What must be given, no more and no less.';
comment on column private.message_templates.secrets is
  'Variables that open something: codes and links. They are taken out of a message that was sent, has ended or is given up.';
comment on column private.message_templates.lifetime is 'How long sending it makes sense; null: always.';

create table private.messages (
  id uuid primary key default gen_random_uuid(),
  channel text not null,
  template_key text not null,
  category text not null references public.message_categories (key) on update cascade on delete restrict,
  recipient text not null,
  variables jsonb not null default '{}',
  secrets jsonb not null default '{}',
  user_id uuid references auth.users (id) on delete set null,
  idempotency_key text unique,
  status text not null default 'pending',
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  expires_at timestamptz,
  provider text,
  provider_message_id text,
  last_error text,
  created_at timestamptz not null default now(),
  sent_at timestamptz,
  constraint status_is_known check (status in ('pending', 'sending', 'sent', 'dead', 'expired', 'suppressed')),
  constraint variables_are_an_object check (jsonb_typeof(variables) = 'object' and jsonb_typeof(secrets) = 'object'),
  foreign key (template_key, channel) references private.message_templates (key, channel)
    on update cascade on delete restrict
);

alter table private.messages enable row level security;

create index messages_template_idx on private.messages (template_key, channel);
create index messages_category_idx on private.messages (category);
create index messages_user_id_idx on private.messages (user_id);
create index messages_due_idx on private.messages ((category <> 'security'), next_attempt_at, id) where status in ('pending', 'sending');
create index messages_expiring_idx on private.messages (expires_at) where secrets <> '{}' or status in ('pending', 'sending');
create index messages_dead_idx on private.messages (created_at desc, id desc) where status = 'dead';
create index messages_recipient_idx on private.messages (recipient, created_at);
create index messages_created_at_idx on private.messages (created_at desc, id desc);

comment on table private.messages is
  'The outbox. dead: given up, the dead letters; expired: too late to be sent; suppressed: not wanted, or too many in an hour.';
comment on column private.messages.secrets is 'One-time codes and links: never exposed, never logged, removed when of no more use.';
comment on column private.messages.next_attempt_at is
  'When it is due; while it is being sent, when the sender is given up for dead.';
comment on column private.messages.idempotency_key is 'The same key enqueues once, however often it is tried.';

create function private.remove_message_secrets()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  new.secrets := '{}';
  return new;
end;
$$;

revoke all on function private.remove_message_secrets() from public;

-- What the provider "log" takes is read in the outbox, so its codes stay until they end.
create trigger messages_remove_secrets
  before insert or update on private.messages
  for each row
  when (new.secrets <> '{}' and new.status not in ('pending', 'sending') and (new.status <> 'sent' or new.provider <> 'log'))
  execute function private.remove_message_secrets();

create function private.message_variables(p_template_key text, p_channel text, p_data jsonb)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select coalesce(jsonb_object_agg(variable.name, p_data -> variable.name) filter (where p_data ? variable.name), '{}')
  from private.message_templates as template
  cross join unnest(template.variables) as variable (name)
  where template.key = p_template_key and template.channel = p_channel;
$$;

comment on function private.message_variables(text, text, jsonb) is
  'Of facts that were gathered for several texts, those this template speaks of.';

revoke all on function private.message_variables(text, text, jsonb) from public;

create function private.enqueue_message(
  p_channel text,
  p_template_key text,
  p_recipient text,
  p_variables jsonb,
  p_user_id uuid default null,
  p_idempotency_key text default null
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_template private.message_templates;
  v_wrong text;
  v_is_refused boolean;
  v_id uuid;
begin
  -- An account with only a phone number has nowhere to mail to; what was to be told of happens all the same.
  if coalesce(p_recipient, '') = '' then
    return null;
  end if;
  select template.* into v_template
  from private.message_templates as template
  where template.key = p_template_key and template.channel = p_channel;
  if not found then
    raise exception using errcode = '22023', message = format('There is no template "%s" for %s.', p_template_key, p_channel);
  end if;
  select string_agg(format(case when name = any (v_template.variables) then '"%s" is missing' else '"%s" is unknown' end, name), ', ' order by name)
  into v_wrong
  from (
    select unnest(v_template.variables) as name
    union
    select given.name from jsonb_object_keys(p_variables) as given (name)
  ) as named
  where (name = any (v_template.variables)) is distinct from (p_variables ? name);
  if v_wrong is not null then
    raise exception using errcode = '22023', message = format('Template "%s" for %s: %s.', p_template_key, p_channel, v_wrong);
  end if;
  v_is_refused := exists (
    select
    from public.message_preferences as preference
    where preference.user_id = p_user_id and preference.category = v_template.category and preference.channel = p_channel
      and not preference.is_enabled
  );

  insert into private.messages (
    channel, template_key, category, recipient, variables, secrets, user_id, idempotency_key, expires_at, status, last_error
  )
  values (
    p_channel, p_template_key, v_template.category, p_recipient, p_variables - v_template.secrets,
    (
      select coalesce(jsonb_object_agg(secret.name, p_variables -> secret.name), '{}')
      from unnest(v_template.secrets) as secret (name)
    ),
    -- A sign-up's mail is written before its user is committed, or even inserted.
    (select account.id from auth.users as account where account.id = p_user_id),
    p_idempotency_key,
    now() + v_template.lifetime,
    case when v_is_refused then 'suppressed' else 'pending' end,
    case when v_is_refused then 'the recipient does not want such messages' end
  )
  on conflict (idempotency_key) do nothing
  returning id into v_id;
  return v_id;
end;
$$;

comment on function private.enqueue_message(text, text, text, jsonb, uuid, text) is
  'Puts one message into the outbox and returns its id, or null when the idempotency key was used before or there is no recipient.
p_variables must have exactly the template''s variables, else 22023. What the user has switched off is kept, as suppressed.
Definer: called from hooks and triggers of other roles.';

revoke all on function private.enqueue_message(text, text, text, jsonb, uuid, text) from public;

create function private.encode_url_part(p_text text)
returns text
language sql
immutable
strict
security invoker
set search_path = ''
as $$
  select coalesce(
    string_agg(
      case
        when letter ~ '^[A-Za-z0-9._~-]$' then letter
        else upper(regexp_replace(encode(convert_to(letter, 'utf8'), 'hex'), '(..)', '%\1', 'g'))
      end,
      '' order by place
    ),
    ''
  )
  from regexp_split_to_table(p_text, '') with ordinality as split (letter, place);
$$;

comment on function private.encode_url_part(text) is 'A text as one value within a URL: every byte that could mean something else as %XX.';

revoke all on function private.encode_url_part(text) from public;

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
    private.message_variables(p_template_key, 'email', jsonb_build_object(
      'code', p_token,
      'link', format(
        '%s/verify?token=%s&type=%s&redirect_to=%s',
        rtrim(p_data ->> 'site_url', '/'),
        p_token_hash,
        p_data ->> 'email_action_type',
        private.encode_url_part(p_data ->> 'redirect_to')
      ),
      'address', p_data ->> 'address',
      'phone', p_data ->> 'phone',
      'provider', initcap(p_data ->> 'provider'),
      'factor', case p_data ->> 'factor_type' when 'totp' then 'authenticator app' when 'phone' then 'phone' else 'second factor' end
    )),
    p_user_id
  );
$$;

comment on function private.enqueue_auth_email(uuid, text, text, jsonb, text, text) is
  'One mail of Auth: its code and the link that confirms it (Auth names its own address site_url), or what was changed. Definer:
as enqueue_message.';

revoke all on function private.enqueue_auth_email(uuid, text, text, jsonb, text, text) from public;
