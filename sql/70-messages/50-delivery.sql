-- Sending what is in the outbox. The worker claims, sends, and says how it went; everything else is decided here.

create table private.message_attempts (
  id bigint generated always as identity primary key,
  message_id uuid not null references private.messages (id) on delete cascade,
  attempt integer not null,
  outcome text not null,
  provider text not null,
  error text,
  finished_at timestamptz not null default now(),
  constraint outcome_is_known check (outcome in ('sent', 'failed', 'refused'))
);

alter table private.message_attempts enable row level security;

create index message_attempts_message_id_idx on private.message_attempts (message_id, id);

comment on table private.message_attempts is
  'The delivery log: each attempt and its outcome. refused means that the provider will never take it.';

create function private.claim_messages(p_limit integer)
returns table (
  id uuid, channel text, recipient text, subject text, body_text text, body_html text, attempt integer, created_at timestamptz,
  was_interrupted boolean
)
language plpgsql
volatile
security definer
set search_path = ''
rows 20
as $$
declare
  v_seen uuid[];
  v_claimed uuid[];
  v_interrupted uuid[];
  v_message record;
begin
  loop
    with
      due as (
        select message.id, message.status
        from private.messages as message
        where message.status in ('pending', 'sending') and message.next_attempt_at <= now()
        -- Somebody waits for a code; everything else can.
        order by (message.category <> 'security'), message.next_attempt_at, message.id
        limit p_limit
        for update skip locked
      ),
      taken as (
        update private.messages as message
        set
          status = case
            -- A code that arrives after it ended only confuses.
            when message.expires_at <= now() then 'expired'
            when message.attempts >= 3 then 'dead'
            else 'sending'
          end,
          last_error = case
            when message.expires_at <= now() then 'ended before it could be sent'
            when message.attempts >= 3 then 'interrupted three times'
            else message.last_error
          end,
          attempts = least(message.attempts + 1, 3),
          -- Who has not answered in two minutes is dead, and the next worker takes over.
          next_attempt_at = now() + interval '2 minutes'
        from due
        where message.id = due.id
        returning message.id, message.status, due.status as former_status
      )
    select
      array_agg(taken.id),
      array_agg(taken.id) filter (where taken.status = 'sending'),
      array_agg(taken.id) filter (where taken.status = 'sending' and taken.former_status = 'sending')
    into v_seen, v_claimed, v_interrupted
    from taken;
    exit when v_seen is null;

    -- In one order, so that two workers never wait for each other.
    for v_message in
      select message.id, message.channel, coalesce(message.user_id::text, message.recipient) as subject
      from private.messages as message
      where message.id = any (v_claimed) and message.category <> 'security' and message.attempts = 1
      order by 2, 3, message.created_at, 1
    loop
      if private.take_rate_limit(v_message.channel || '_messages_per_user', v_message.subject) > 0 then
        update private.messages as message
        set status = 'suppressed', last_error = 'more than the recipient may get in an hour'
        where message.id = v_message.id;
        v_claimed := array_remove(v_claimed, v_message.id);
      end if;
    end loop;
    exit when v_claimed <> '{}';
  end loop;

  return query
    select
      rendered.id, rendered.channel, rendered.recipient, rendered.subject, rendered.body_text, rendered.body_html, message.attempts,
      rendered.created_at, rendered.id = any (coalesce(v_interrupted, '{}'))
    from private.messages as message
    join private.rendered_messages as rendered on rendered.id = message.id
    where message.id = any (v_claimed);
end;
$$;

comment on function private.claim_messages(integer) is
  'Up to p_limit messages that are due, now this worker''s for two minutes; empty when nothing is due. was_interrupted: an earlier
attempt began and nobody knows how it ended, so look before sending again. Ends what is too late, was interrupted three times, or is
more than its recipient may get in an hour (never about security). Definer: the worker''s role may read no table.';

revoke all on function private.claim_messages(integer) from public;

create function private.finish_message(
  p_id uuid, p_attempt integer, p_outcome text, p_provider text, p_provider_message_id text, p_error text,
  p_retry_after integer default null
)
returns numeric
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_message private.messages;
  v_error text := p_error;
  v_secret text;
  v_wait numeric;
begin
  select message.* into v_message
  from private.messages as message
  where message.id = p_id and message.status = 'sending' and message.attempts = p_attempt
  for update;
  if not found then
    return null;
  end if;
  -- A provider may repeat what it was given.
  for v_secret in
    select secret.value
    from jsonb_each_text(v_message.secrets) as secret
    where secret.value <> ''
    order by char_length(secret.value) desc
  loop
    v_error := replace(v_error, v_secret, '[removed]');
  end loop;
  v_error := left(v_error, 500);
  if p_outcome = 'failed' and p_attempt < 3 then
    -- 1 s, then 2 s, each up to half as long again, so that many failures at once do not come back at once.
    v_wait := greatest(2 ^ (p_attempt - 1) * (1 + random() / 2), least(coalesce(p_retry_after, 0), 3600));
  end if;
  update private.messages as message
  set
    status = case when p_outcome = 'sent' then 'sent' when v_wait is null then 'dead' else 'pending' end,
    sent_at = case when p_outcome = 'sent' then now() end,
    provider = p_provider,
    provider_message_id = p_provider_message_id,
    last_error = v_error,
    next_attempt_at = now() + make_interval(secs => coalesce(v_wait, 0))
  where message.id = p_id;
  insert into private.message_attempts (message_id, attempt, outcome, provider, error)
  values (p_id, p_attempt, p_outcome, p_provider, v_error);
  return v_wait;
end;
$$;

comment on function private.finish_message(uuid, integer, text, text, text, text, integer) is
  'How an attempt ended: sent, failed (tried again up to three times, then dead) or refused (dead at once). p_retry_after: seconds the
provider wants to be left alone. Returns the seconds until the next attempt, or null when there is none or the claim was lost to another
worker meanwhile. Definer: the worker''s role may write no table.';

revoke all on function private.finish_message(uuid, integer, text, text, text, text, integer) from public;

create role message_worker nologin;
grant message_worker to postgres;
grant usage on schema private to message_worker;
grant execute on function private.claim_messages(integer) to message_worker;
grant execute on function private.finish_message(uuid, integer, text, text, text, text, integer) to message_worker;

-- For platform people: what happened to messages, and a second chance for the dead ones.

create function private.retry_message(p_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_message private.messages;
begin
  if private.platform_role() is not null then
    select message.* into v_message from private.messages as message where message.id = p_id and message.status = 'dead' for update;
  end if;
  if v_message.id is null then
    perform private.raise_error(404, 'message_not_found', 'There is no such dead message.', 'Check the id.');
  end if;
  if exists (
    select
    from private.message_templates as template
    where template.key = v_message.template_key and template.channel = v_message.channel and template.secrets <> '{}'
  ) then
    perform private.raise_error(
      409, 'message_has_ended', 'Its code or link was removed when it was given up.', 'Have the person ask for a new one.'
    );
  end if;
  update private.messages set status = 'pending', attempts = 0, next_attempt_at = now(), expires_at = null where id = p_id;
  perform private.write_audit(
    null, 'messages', p_id::text, 'update', jsonb_build_object('status', 'dead'), jsonb_build_object('status', 'pending')
  );
  perform private.wake_message_worker();
end;
$$;

comment on function private.retry_message(uuid) is 'Definer: the outbox is private; checks the platform role.';

revoke all on function private.retry_message(uuid) from public;
grant execute on function private.retry_message(uuid) to authenticated;

create function public.retry_message(p_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.retry_message(p_id);
$$;

comment on function public.retry_message(uuid) is
  'Platform people: puts a dead message back into the outbox; written to the audit log. Errors: 404 message_not_found; 409
message_has_ended, where it held a code or a link.';

revoke all on function public.retry_message(uuid) from public;
grant execute on function public.retry_message(uuid) to authenticated;

create function private.list_messages(p_status text, p_before timestamptz, p_before_id uuid, p_limit integer)
returns table (
  id uuid, channel text, template text, category text, recipient text, status text, created_at timestamptz, sent_at timestamptz,
  provider text, provider_message_id text, last_error text, attempts jsonb
)
language plpgsql
stable
security definer
set search_path = ''
rows 20
as $$
begin
  if private.platform_role() is null then
    return;
  end if;
  return query
    select
      message.id, message.channel, message.template_key, message.category, message.recipient, message.status, message.created_at,
      message.sent_at, message.provider, message.provider_message_id, message.last_error,
      (
        select coalesce(jsonb_agg(
          jsonb_build_object(
            'attempt', attempt.attempt, 'outcome', attempt.outcome, 'provider', attempt.provider, 'error', attempt.error,
            'finished_at', attempt.finished_at
          )
          order by attempt.id
        ), '[]')
        from private.message_attempts as attempt
        where attempt.message_id = message.id
      )
    from private.messages as message
    where (p_status is null or message.status = p_status)
      and (p_before is null or (message.created_at, message.id) < (p_before, coalesce(p_before_id, '00000000-0000-0000-0000-000000000000')))
    order by message.created_at desc, message.id desc
    limit least(greatest(coalesce(p_limit, 20), 1), 100);
end;
$$;

comment on function private.list_messages(text, timestamptz, uuid, integer) is 'Definer: the outbox is private; checks the platform role.';

revoke all on function private.list_messages(text, timestamptz, uuid, integer) from public;
grant execute on function private.list_messages(text, timestamptz, uuid, integer) to authenticated;

create function public.list_messages(
  p_status text default null, p_before timestamptz default null, p_before_id uuid default null, p_limit integer default 20
)
returns table (
  id uuid, channel text, template text, category text, recipient text, status text, created_at timestamptz, sent_at timestamptz,
  provider text, provider_message_id text, last_error text, attempts jsonb
)
language sql
stable
security invoker
set search_path = ''
rows 20
as $$
  select * from private.list_messages(p_status, p_before, p_before_id, p_limit);
$$;

comment on function public.list_messages(text, timestamptz, uuid, integer) is
  'Platform people: the delivery log, the latest first, without texts. p_status: pending, sending, sent, dead (the dead letters), expired
or suppressed; the next page is before the last row''s created_at and id. p_limit 1 to 100. Empty for everybody else.';

revoke all on function public.list_messages(text, timestamptz, uuid, integer) from public;
grant execute on function public.list_messages(text, timestamptz, uuid, integer) to authenticated;

create function private.expire_messages()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_count integer;
begin
  update private.messages as message
  set
    status = case when message.status = 'pending' then 'expired' else message.status end,
    last_error = case when message.status = 'pending' then 'ended before it could be sent' else message.last_error end,
    secrets = '{}'
  where message.expires_at <= now() and (message.secrets <> '{}' or message.status = 'pending')
    -- One that is being sent is the worker's until its lease ends; then it is claimed and ended.
    and message.status <> 'sending';
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

comment on function private.expire_messages() is
  'Ends messages that are too late, and removes codes and links that no longer work; returns how many. A job, therefore definer.';

revoke all on function private.expire_messages() from public;

create function private.forget_messages()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_count integer;
begin
  delete from private.messages as message
  where message.created_at < now() - make_interval(days => private.setting('messages_kept_days')::integer)
    and message.status not in ('pending', 'sending');
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

comment on function private.forget_messages() is
  'Deletes what was sent or given up longer ago than the setting messages_kept_days, with its delivery log; returns how many. A job,
therefore definer.';

revoke all on function private.forget_messages() from public;

create function private.forget_notifications()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_count integer;
begin
  delete from public.notifications as notification
  where notification.created_at < now() - make_interval(days => private.setting('notifications_kept_days')::integer);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

comment on function private.forget_notifications() is
  'Deletes notifications older than the setting notifications_kept_days, read or not; returns how many. A job, therefore definer.';

revoke all on function private.forget_notifications() from public;

-- Waking the worker: at once when there is something to send, and every minute for what is due again.

create function private.wake_message_worker()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if exists (
    select from private.messages as message where message.status in ('pending', 'sending') and message.next_attempt_at <= now()
  ) then
    perform private.call_edge_function('/messages');
  end if;
end;
$$;

comment on function private.wake_message_worker() is
  'Calls the function messages when something is due. Definer: the outbox is private.';

revoke all on function private.wake_message_worker() from public;

create function private.messages_enqueued()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.wake_message_worker();
  return null;
end;
$$;

comment on function private.messages_enqueued() is 'Definer: as wake_message_worker.';

revoke all on function private.messages_enqueued() from public;

create trigger messages_wake_worker
  after insert on private.messages
  for each statement execute function private.messages_enqueued();
