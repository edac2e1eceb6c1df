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
begin
  -- A code that arrives after it ended only confuses.
  update private.messages as message
  set status = 'dead', last_error = 'expired before it could be sent'
  where message.status in ('pending', 'sending') and message.next_attempt_at <= now()
    and message.template_key like 'auth\_%' and message.created_at < now() - interval '15 minutes';

  -- A message that three workers died over is not tried on a fourth.
  update private.messages as message
  set status = 'dead', last_error = 'interrupted three times'
  where message.status = 'sending' and message.next_attempt_at <= now() and message.attempts >= 3;

  -- More than ten mails or five texts an hour are too many, except about security.
  update private.messages as message
  set status = 'suppressed', last_error = 'over the hourly limit of the recipient'
  from private.message_templates as template
  where message.status = 'pending' and message.next_attempt_at <= now()
    and template.key = message.template_key and template.channel = message.channel and template.category <> 'security'
    and (
      select count(*)
      from private.messages as earlier
      where earlier.recipient = message.recipient and earlier.channel = message.channel
        and earlier.created_at > now() - interval '1 hour' and earlier.id <> message.id
        and (earlier.status in ('sent', 'sending') or (earlier.created_at, earlier.id) < (message.created_at, message.id))
        and earlier.status <> 'suppressed'
    ) >= case message.channel when 'email' then 10 else 5 end;

  return query
    with
      due as (
        select message.id, message.status
        from private.messages as message
        where message.status in ('pending', 'sending') and message.next_attempt_at <= now()
        order by message.next_attempt_at, message.id
        limit p_limit
        for update skip locked
      ),
      claimed as (
        update private.messages as message
        -- Who has not answered in two minutes is dead, and the next worker takes over.
        set status = 'sending', attempts = message.attempts + 1, next_attempt_at = now() + interval '2 minutes'
        from due
        where message.id = due.id
        returning message.id, message.attempts, due.status = 'sending' as was_interrupted
      )
    select
      rendered.id, rendered.channel, rendered.recipient, rendered.subject, rendered.body_text, rendered.body_html, claimed.attempts,
      rendered.created_at, claimed.was_interrupted
    from claimed
    join private.rendered_messages as rendered on rendered.id = claimed.id;
end;
$$;

comment on function private.claim_messages(integer) is
  'Up to p_limit messages that are due, now this worker''s for two minutes. was_interrupted: an earlier attempt began and nobody knows how
it ended, so look before sending again. Definer: the worker''s role may read no table.';

revoke all on function private.claim_messages(integer) from public;

create function private.finish_message(
  p_id uuid, p_attempt integer, p_outcome text, p_provider text, p_provider_message_id text, p_error text
)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  update private.messages as message
  set
    status = case
      when p_outcome = 'sent' then 'sent'
      when p_outcome = 'refused' or message.attempts >= 3 then 'dead'
      else 'pending'
    end,
    sent_at = case when p_outcome = 'sent' then now() end,
    provider = p_provider,
    provider_message_id = p_provider_message_id,
    last_error = left(p_error, 500),
    -- 1 s, 2 s, 4 s, each up to half as long again, so that many failures at once do not come back at once.
    next_attempt_at = now() + make_interval(secs => 2 ^ (message.attempts - 1) * (1 + random() / 2))
  where message.id = p_id and message.status = 'sending' and message.attempts = p_attempt;
  if not found then
    return false;
  end if;
  insert into private.message_attempts (message_id, attempt, outcome, provider, error)
  values (p_id, p_attempt, p_outcome, p_provider, left(p_error, 500));
  return true;
end;
$$;

comment on function private.finish_message(uuid, integer, text, text, text, text) is
  'How an attempt ended: sent, failed (tried again up to three times, then dead) or refused (dead at once). False when the claim was lost to
another worker meanwhile. Definer: the worker''s role may write no table.';

revoke all on function private.finish_message(uuid, integer, text, text, text, text) from public;

create role message_worker nologin;
grant message_worker to postgres;
grant usage on schema private to message_worker;
grant execute on function private.claim_messages(integer) to message_worker;
grant execute on function private.finish_message(uuid, integer, text, text, text, text) to message_worker;

create function private.retry_message(p_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if private.platform_role() is null then
    perform private.raise_error(404, 'message_not_found', 'There is no such message.', 'Check the id.');
  end if;
  update private.messages set status = 'pending', attempts = 0, next_attempt_at = now() where id = p_id and status = 'dead';
  if not found then
    perform private.raise_error(404, 'message_not_found', 'There is no such dead message.', 'Check the id.');
  end if;
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
  'Platform people: puts a dead message back into the outbox. Errors: 404 message_not_found.';

revoke all on function public.retry_message(uuid) from public;
grant execute on function public.retry_message(uuid) to authenticated;

create function private.list_dead_messages(p_limit integer)
returns table (id uuid, channel text, template text, recipient text, created_at timestamptz, attempts integer, last_error text)
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
    select message.id, message.channel, message.template_key, message.recipient, message.created_at, message.attempts, message.last_error
    from private.messages as message
    where message.status = 'dead'
    order by message.created_at desc, message.id
    limit least(greatest(coalesce(p_limit, 20), 1), 100);
end;
$$;

comment on function private.list_dead_messages(integer) is 'Definer: the outbox is private; checks the platform role.';

revoke all on function private.list_dead_messages(integer) from public;
grant execute on function private.list_dead_messages(integer) to authenticated;

create function public.list_dead_messages(p_limit integer default 20)
returns table (id uuid, channel text, template text, recipient text, created_at timestamptz, attempts integer, last_error text)
language sql
stable
security invoker
set search_path = ''
as $$
  select * from private.list_dead_messages(p_limit);
$$;

comment on function public.list_dead_messages(integer) is
  'Platform people: messages that could not be sent, the latest first, without their texts. Empty for everybody else.';

revoke all on function public.list_dead_messages(integer) from public;
grant execute on function public.list_dead_messages(integer) to authenticated;

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
