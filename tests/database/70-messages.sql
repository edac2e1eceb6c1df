-- The outbox: what is put into it, and how it is rendered.
begin;
\ir support/actors.psql
select no_plan();

-- Templates ------------------------------------------------------------------------------------------------------------

insert into private.message_templates (key, channel, category, variables, secrets, lifetime, subject, body) values
  ('tests', 'email', 'security', '{code,link,name}', '{code,link}', '1 hour', 'Hello {{name}}', E'Dear {{name}},\n\nopen {{link}} or enter {{code}}.'),
  ('tests', 'sms', 'security', '{code,name}', '{code}', '1 hour', null, '{{name}}: {{code}}'),
  ('tests_news', 'email', 'news', '{name}', '{}', null, 'News', E'Dear {{name}},\nhello.'),
  ('tests_news', 'sms', 'news', '{name}', '{}', null, null, 'Hello {{name}}'),
  ('tests_queue', 'email', 'organization', '{name}', '{}', null, 'Your organization', '{{name}}'),
  ('tests_queue', 'sms', 'organization', '{name}', '{}', null, null, '{{name}}');

create function pg_temp.fill(p_template text, p_variables jsonb)
returns text
language sql
return private.fill_template(p_template, p_variables);
select is(pg_temp.fill(template, variables::jsonb), filled, label)
from (values
  ('Hi {{name}}!', '{"name": "Kim"}', 'Hi Kim!', 'a place is filled'),
  ('{{a}}{{b}}{{a}}', '{"a": "1", "b": "2"}', '121', 'as often as it is there'),
  ('Hi {{name}}!', '{}', 'Hi !', 'without a variable it is empty'),
  ('Hi {{name}}!', '{"name": null}', 'Hi !', 'and so with an empty one'),
  ('{{a}} {{b}}', '{"a": "{{b}}", "b": "{{a}}"}', '{{b}} {{a}}', 'what looks like a place in a value is not filled again'),
  ('{{a}}b}}', '{"a": "{{", "b": "x"}', '{{b}}', 'nor what becomes one'),
  ('{{{a}}}', '{"a": "x"}', '{x}', 'braces around a place stay'),
  ('{{A}} {{ a }} {{a-b}} {{', '{"a": "x", "A": "y"}', '{{A}} {{ a }} {{a-b}} {{', 'what is no place stays'),
  ('{{n}}', '{"n": 7}', '7', 'numbers are written out'),
  ('{{a}}', '{"a": "\\1 $1 %s \\0"}', '\1 $1 %s \0', 'signs of other languages mean nothing'),
  ('', '{"a": "x"}', '', 'nothing stays nothing')
) as tried (template, variables, filled, label);
select is(
  char_length(pg_temp.fill(repeat('{{a}}', 1000), jsonb_build_object('a', repeat('{{a}}', 20)))), 100000, 'a value full of places is filled in once'
);
select throws_ok(
  format($$ insert into private.message_templates (key, channel, category, variables, secrets, lifetime, subject, body) values ('bad', 'email', 'news', %s) $$, row),
  '23514', null, label
)
from (values
  ($$ '{}', '{}', null, 'Hi', '{{name}}' $$, 'a place that is not declared'),
  ($$ '{name,more}', '{}', null, 'Hi', '{{name}}' $$, 'a declared variable without a place'),
  ($$ '{name}', '{code}', '1 day', 'Hi', '{{name}}' $$, 'a secret that is no variable'),
  ($$ '{code}', '{code}', null, 'Hi', '{{code}}' $$, 'a secret that never ends'),
  ($$ '{}', '{}', null, E'Hi\nBcc: x', 'x' $$, 'a subject of two lines'),
  ($$ '{}', '{}', null, null, 'x' $$, 'a mail without a subject')
) as tried (row, label);

-- Each template as its recipient sees it, with values that try to break out.
create temporary table every_template as
select
  template.*,
  private.enqueue_message(
    template.channel, template.key, 'every-' || template.key || '@tests.invalid',
    coalesce(
      (select jsonb_object_agg(name, case name when 'link' then 'https://app.tests/?a=1&b=2' else format(E'<b>%s</b>\r\nBcc: x', name) end) from unnest(template.variables) as name), '{}'
    )
  ) as id
from private.message_templates as template;
create temporary table every_text as
select every.key, every.channel, every.variables, every.category, rendered.*
from every_template as every
join private.rendered_messages as rendered (message_id, created_at, channel_of, recipient, status, template, subject, body_text, body_html) on rendered.message_id = every.id;
select is((select count(*) from every_text), (select count(*) from private.message_templates), 'every template renders');
select is_empty(
  $$ select key, channel from every_text where body_text ~ '\{\{|\}\}' or subject ~ '\{\{|\}\}' or body_text !~ '\S' $$, 'without a place left over'
);
select is_empty($$ select key from every_text where subject ~ '[[:cntrl:]]' or channel = 'email' and subject !~ '\S' $$, 'with a subject of one line');
select is_empty(
  $$ select key, variable from every_text, unnest(variables) as variable where variable <> 'link' and strpos(coalesce(subject, '') || body_text, format('<b>%s</b>', variable)) = 0 $$,
  'with every variable as it is in the text'
);
select is_empty(
  $$ select key from every_text where channel = 'email' and body_html ~ '<(?!/?(p|a|br)\y)' or channel = 'sms' and body_html is not null $$, 'and escaped in the HTML'
);
select is_empty(
  $$ select key from every_text where channel = 'email' and 'link' = any (variables) and strpos(body_html, '<a href="https://app.tests/?a=1&amp;b=2">') = 0 $$, 'links can be clicked'
);
select is_empty(
  $$ select key from every_text where channel = 'email' and (body_text like '%/settings/messages') <> (category <> 'security') $$,
  'what nobody has to get says where to switch it off'
);
select is_empty(
  $$ select key, channel from private.message_templates, unnest(variables) as variable where variable = 'code' and not variable = any (secrets) $$, 'codes are secrets'
);
select is_empty(
  $$ select notification from unnest(array['auth_signup', 'auth_invite', 'auth_magiclink', 'auth_recovery', 'auth_email_change_current', 'auth_email_change_new', 'auth_reauthentication',
       'second_factor_code', 'sign_in_link', 'auth_one_time_code', 'auth_second_factor_code', 'welcome_singer', 'welcome_customer', 'auth_password_changed_notification',
       'auth_email_changed_notification', 'auth_phone_changed_notification', 'auth_mfa_factor_enrolled_notification', 'auth_mfa_factor_unenrolled_notification', 'backup_code_used',
       'backup_codes_created', 'account_locked', 'account_deleted', 'account_suspended', 'organization_invitation', 'ownership_offered', 'delegated_access_opened', 'request_created',
       'host_offline', 'api_key_expiring', 'trial_ending', 'invoice_paid', 'payment_failed', 'payment_action_required', 'grace_ending', 'subscription_started', 'subscription_cancelled',
       'subscription_ended', 'plan_limit_near', 'plan_limit_exceeded', 'report_ready', 'report_failed', 'job_failed', 'announcement', 'maintenance_planned']) as notification
     where notification not in (select key from private.message_templates) $$,
  'there is a text for everything people are told'
);

-- Rendering ------------------------------------------------------------------------------------------------------------

create function pg_temp.rendered(p_variables jsonb, p_channel text default 'email')
returns private.rendered_messages
language plpgsql
as $$
declare
  v_id uuid := private.enqueue_message(
    p_channel, 'tests', 'kim@tests.invalid', case p_channel when 'email' then '{"name": "", "link": "", "code": ""}'::jsonb else '{}' end || p_variables
  );
  v_rendered private.rendered_messages;
begin
  select * into v_rendered from private.rendered_messages where id = v_id;
  return v_rendered;
end;
$$;
select results_eq(
  $$ select subject, body_text, body_html from pg_temp.rendered('{"name": "Kim", "link": "https://example.com/a?b=1&c=2", "code": "123"}') $$,
  $$ values (
    'Hello Kim', E'Dear Kim,\n\nopen https://example.com/a?b=1&c=2 or enter 123.',
    '<p>Dear Kim,</p><p>open <a href="https://example.com/a?b=1&amp;c=2">https://example.com/a?b=1&amp;c=2</a> or enter 123.</p>'
  ) $$,
  'a mail has a subject, a text and paragraphs with clickable links'
);
select is((pg_temp.rendered('{"name": "Kim", "code": "123"}', 'sms')).body_text, 'Kim: 123', 'a text has a text');
select is((pg_temp.rendered('{"name": "Kim", "code": "123"}', 'sms')).body_html, null, 'and no HTML');
select is(
  (pg_temp.rendered('{"name": "<script>alert(''1'')</script> & \"x\""}')).body_html,
  '<p>Dear &lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;,</p><p>open  or enter .</p>', 'values are no HTML'
);
select doesnt_match(
  (pg_temp.rendered(jsonb_build_object('name', value))).body_html, '<(?!/?(p|a)\y)|href="(?!https?://)|" ?on', format('nothing breaks out with %s', value)
)
from unnest(array[
  '<img src=x onerror=alert(1)>', 'https://x"onmouseover="alert(1)', 'javascript:alert(1)', 'https://x''onclick=''y', 'https://x><b>', '</p></a><b>',
  '{{link}}<b>', '&lt;b&gt;<b>', 'data:text/html,<b>'
]) as value;
select is(
  (pg_temp.rendered(jsonb_build_object('name', E'Kim\r\nBcc: victim@example.com\r\n\r\n<b>'))).subject, 'Hello Kim Bcc: victim@example.com <b>', 'a subject stays one line'
);
select doesnt_match((pg_temp.rendered(jsonb_build_object('name', E'a\nb\rc\x0bd\x0ce\tf'))).subject, '[[:cntrl:]]', 'without any control sign');

-- Putting in -----------------------------------------------------------------------------------------------------------

create function pg_temp.news(p_recipient text, p_user text default null, p_key text default null, p_channel text default 'email')
returns uuid
language sql
as $$
  select private.enqueue_message(p_channel, 'tests_news', p_recipient, '{"name": "Kim"}', tests.id(p_user), p_key);
$$;
select isnt(pg_temp.news('kim@tests.invalid', null, 'once'), null, 'a message goes in');
select is(pg_temp.news('kim@tests.invalid', null, 'once'), null, 'with the same key it does not go in again');
select is((select count(*) from private.messages where idempotency_key = 'once'), 1::bigint, 'there is one');
select is(pg_temp.news(recipient), null, 'without a recipient nothing goes in') from unnest(array[null, '']) as recipient;
select isnt(private.enqueue_message('email', 'tests_news', 'kim@tests.invalid', '{"name": "Kim"}', gen_random_uuid()), null, 'a user who is not there yet does not stand in the way');
select throws_ok(format('select private.enqueue_message(%s)', arguments), '22023', message, message)
from (values
  ($$ 'email', 'no such template', 'kim@tests.invalid', '{}' $$, 'There is no template "no such template" for email.'),
  ($$ 'pigeon', 'tests', 'kim@tests.invalid', '{}' $$, 'There is no template "tests" for pigeon.'),
  ($$ 'email', 'tests', 'kim@tests.invalid', '{"name": "Kim", "nmae": "x"}' $$, 'Template "tests" for email: "code" is missing, "link" is missing, "nmae" is unknown.'),
  ($$ 'email', 'tests_news', 'kim@tests.invalid', '{}' $$, 'Template "tests_news" for email: "name" is missing.'),
  ($$ 'email', 'tests_news', 'kim@tests.invalid', '[]' $$, null)
) as tried (arguments, message);
select results_eq(
  $$ select status, attempts, next_attempt_at <= now(), category from private.messages where idempotency_key = 'once' $$, $$ values ('pending', 0, true, 'news') $$, 'it waits to be sent'
);

-- Secrets --------------------------------------------------------------------------------------------------------------

create function pg_temp.code(p_key text)
returns uuid
language sql
as $$
  select private.enqueue_message('email', 'tests', 'kim@tests.invalid', '{"name": "Kim", "code": "135791", "link": "https://app.tests/t?token=SECRET"}', null, p_key);
$$;
select pg_temp.code(key) from unnest(array['sent', 'logged', 'dead', 'late', 'busy']) as key
\g /dev/null
create function pg_temp.whole(p_key text)
returns text
language sql
as $$
  select message::text || (select coalesce(string_agg(attempt::text, ''), '') from private.message_attempts as attempt where attempt.message_id = message.id)
  from private.messages as message where message.idempotency_key = p_key;
$$;
select is((select variables from private.messages where idempotency_key = 'sent'), '{"name": "Kim"}', 'secrets are kept apart');
update private.messages set next_attempt_at = now() + interval '1 hour' where idempotency_key is distinct from 'sent' and status = 'pending';
select results_eq(
  $$ select body_text, attempt, was_interrupted from private.claim_messages(10) $$,
  $$ values (E'Dear Kim,\n\nopen https://app.tests/t?token=SECRET or enter 135791.', 1, false) $$, 'the sender gets the text whole'
);
select is(
  (select private.finish_message(id, 1, 'sent', 'mailjet', '7', 'taken: 135791') from private.messages where idempotency_key = 'sent'), null, 'what is sent is not due again'
);
select doesnt_match(pg_temp.whole('sent'), '135791|SECRET', 'what was sent has no secrets left, not even in what the provider said');
select matches(pg_temp.whole('sent'), 'taken: \[removed\]', 'which is kept otherwise');
select is((select body_text from private.rendered_messages join private.messages using (id) where idempotency_key = 'sent'), E'Dear Kim,\n\nopen  or enter .', 'and its text has gaps');
create function pg_temp.claim(p_key text)
returns bigint
language sql
as $$
  update private.messages set next_attempt_at = now() where idempotency_key = p_key;
  select count(*) from private.claim_messages(10);
$$;
select is(pg_temp.claim('logged'), 1::bigint, 'another');
select is((select private.finish_message(id, 1, 'sent', 'log', null, null) from private.messages where idempotency_key = 'logged'), null, 'that only the inbox shows');
select matches(pg_temp.whole('logged'), '135791', 'keeps its code, as it is read there');
update private.messages set expires_at = now() where idempotency_key in ('logged', 'late');
select is(private.expire_messages(), 2, 'until it ends');
select doesnt_match(pg_temp.whole(key), '135791|SECRET', key || ': after that nothing is left') from unnest(array['logged', 'late']) as key;
select is((select status from private.messages where idempotency_key = 'late'), 'expired', 'what was not sent in time never is');
select is(private.expire_messages(), 0, 'once is enough');
select is(pg_temp.claim('dead'), 1::bigint, 'another');
select is((select private.finish_message(id, 1, 'refused', 'mailjet', null, 'no such address: https://app.tests/t?token=SECRET') from private.messages where idempotency_key = 'dead'), null, 'refused for good');
select doesnt_match(pg_temp.whole('dead'), '135791|SECRET', 'what is given up has no secrets left');
update private.messages set expires_at = now(), next_attempt_at = now() where idempotency_key = 'busy';
select is_empty('select from private.claim_messages(10)', 'what ended meanwhile is not claimed');
select is((select status || ' ' || secrets from private.messages where idempotency_key = 'busy'), 'expired {}', 'but ended');

-- Attempts -------------------------------------------------------------------------------------------------------------

select pg_temp.code('tried')
\g /dev/null
select is(pg_temp.claim('tried'), 1::bigint, 'claimed');
select is(pg_temp.claim('nobody'), 0::bigint, 'nobody else gets it meanwhile');
select is((select private.finish_message(id, 2, 'sent', 'mailjet', null, null) from private.messages where idempotency_key = 'tried'), null, 'whose claim was lost cannot finish it');
select is((select status from private.messages where idempotency_key = 'tried'), 'sending', 'so it stays what it was');
select ok((select private.finish_message(id, 1, 'failed', 'mailjet', null, 'status 500') <@ '[1, 1.5]'::numrange from private.messages where idempotency_key = 'tried'), 'a failure is due again after a second, up to half as long again');
select is(pg_temp.claim('tried'), 1::bigint, 'claimed again');
select ok((select private.finish_message(id, 2, 'failed', 'mailjet', null, 'status 429', 30) = 30 from private.messages where idempotency_key = 'tried'), 'later when the provider says so');
select is(pg_temp.claim('tried'), 1::bigint, 'claimed once more');
select is((select private.finish_message(id, 3, 'failed', 'mailjet', null, 'status 500') from private.messages where idempotency_key = 'tried'), null, 'the third failure is the last');
select results_eq(
  $$ select attempt.attempt, attempt.outcome, attempt.provider, attempt.error from private.message_attempts as attempt join private.messages as message on message.id = attempt.message_id
     where idempotency_key = 'tried' order by 1 $$,
  $$ values (1, 'failed', 'mailjet', 'status 500'), (2, 'failed', 'mailjet', 'status 429'), (3, 'failed', 'mailjet', 'status 500') $$, 'each attempt is in the delivery log'
);
select is((select status from private.messages where idempotency_key = 'tried'), 'dead', 'then it is a dead letter');
select pg_temp.code('interrupted')
\g /dev/null
select is(pg_temp.claim('interrupted'), 1::bigint, format('worker %s dies over it', number)) from generate_series(1, 3) as number;
select is(pg_temp.claim('interrupted'), 0::bigint, 'there is no fourth');
select is((select status || ' ' || secrets from private.messages where idempotency_key = 'interrupted'), 'dead {}', 'it is given up');

-- Not too many, and only what is wanted --------------------------------------------------------------------------------

update private.messages set next_attempt_at = now() + interval '1 hour' where status = 'pending';
select pg_temp.news('eve@tests.invalid', 'eve', 'news ' || number) from generate_series(1, 12) as number
\g /dev/null
select pg_temp.news('15550100', 'eve', 'text ' || number, 'sms') from generate_series(1, 7) as number
\g /dev/null
select pg_temp.news('bob@tests.invalid', 'bob', 'for bob')
\g /dev/null
select is((select count(*) from private.claim_messages(7)), 7::bigint, 'as many as asked for');
select is((select count(*) from private.claim_messages(100)), 9::bigint, 'ten mails and five texts an hour, each user on their own');
select is(
  (select string_agg(distinct channel || ' ' || last_error, ', ') from private.messages where status = 'suppressed' and user_id = tests.id('eve')),
  'email more than the recipient may get in an hour, sms more than the recipient may get in an hour', 'the others are recorded'
);
select is((select count(*) from private.messages where status = 'suppressed' and user_id = tests.id('eve')), 4::bigint, 'each of them');
select private.enqueue_message('email', 'account_locked', 'eve@tests.invalid', '{}', tests.id('eve'))
\g /dev/null
select is((select count(*) from private.claim_messages(100)), 1::bigint, 'mails about security know no limit');

create function pg_temp.statuses(p_user text)
returns text
language sql
as $$
  select string_agg(template_key || ' ' || channel || ' ' || status, ', ' order by template_key, channel) from private.messages where user_id = tests.id(p_user);
$$;
create function pg_temp.notify(p_user text, p_kind text, p_category text default 'organization')
returns void
language sql
as $$
  delete from private.messages where user_id = tests.id(p_user);
  select private.notify_user(tests.id(p_user), p_category, p_kind, '{"name": "Kim", "more": 1}', null);
$$;
update auth.users set phone = '15550199', phone_confirmed_at = now() where id = tests.id('mia');
select pg_temp.notify('mia', 'tests_queue')
\g /dev/null
select is(pg_temp.statuses('mia'), 'tests_queue email pending', 'who has set nothing gets the defaults of the category');
select pg_temp.notify('mia', 'tests_news', 'news')
\g /dev/null
select is(pg_temp.statuses('mia'), null, 'and nothing of what one has to ask for');
insert into public.message_preferences (user_id, category, channel, is_enabled) values
  (tests.id('mia'), 'organization', 'email', false), (tests.id('mia'), 'organization', 'sms', true), (tests.id('mia'), 'news', 'sms', true);
select pg_temp.notify('mia', 'tests_queue')
\g /dev/null
select is(pg_temp.statuses('mia'), 'tests_queue email suppressed, tests_queue sms pending', 'what was switched off is recorded as such, what was switched on is sent');
select pg_temp.notify('mia', 'tests_news', 'news')
\g /dev/null
select is(pg_temp.statuses('mia'), 'tests_news sms pending', 'each by its channel');
select pg_temp.notify('gus', 'tests_queue')
\g /dev/null
select is(pg_temp.statuses('gus'), null, 'who has no address is not written to');
select is((select count(*) from public.notifications where user_id = tests.id('gus') and kind = 'tests_queue'), 1::bigint, 'but finds it in the app');
select is(
  tests.attempt('mia', $$ insert into public.message_preferences (user_id, category, channel, is_enabled) values (tests.id('mia'), 'security', 'email', false) $$), '23514',
  'security cannot be switched off'
);
select is(
  tests.attempt('mia', $$ insert into public.message_preferences (user_id, category, channel, is_enabled) values (tests.id('mia'), 'weather', 'email', false) $$), '23503',
  'nor what there is not'
);
select is(
  (select jsonb_object_agg(row ->> 'category' || ' ' || (row ->> 'channel'), row -> 'is_enabled') from jsonb_array_elements(tests.answer('mia', 'select * from public.list_message_preferences()')) as row),
  '{"security email": true, "security sms": true, "queue email": false, "queue sms": false, "requests email": false, "organization email": false, "billing email": true,
    "reports email": true, "operations email": true, "news email": false}'::jsonb,
  'the list of preferences has every category and channel, with what holds'
);
select is(
  (select count(*) from private.message_templates as template join public.message_categories as category on category.key = template.category
   where not template.channel = any (category.channels) and template.key not like 'tests%'), 0::bigint, 'and no text is missing in it'
);

-- Notifications --------------------------------------------------------------------------------------------------------

select private.notify_user(tests.id('dan'), 'news', 'tests_news', jsonb_build_object('name', 'Kim', 'private', 'SECRET'), 'dan ' || number) from generate_series(1, 3) as number, generate_series(1, 2)
\g /dev/null
select is((select count(*) from public.notifications where user_id = tests.id('dan')), 3::bigint, 'told once per key');
select is(
  (select count(*) from realtime.messages where topic = format('user:%s:notifications', tests.id('dan')) and event = 'notification_created' and payload ->> 'kind' = 'tests_news' and payload ? 'notification_id'),
  3::bigint, 'and heard at once'
);
select is_empty(format('select from realtime.messages where topic = %L and payload::text ~ ''SECRET''', format('user:%s:notifications', tests.id('dan'))), 'without what it says');
select is(tests.attempt('dan', 'select from public.notifications where read_at is null'), '3', 'unread ones can be counted');
select is(tests.attempt('dan', 'update public.notifications set read_at = now() where read_at is null'), '3', 'and all be marked as read');
select is(tests.attempt('eve', format('update public.notifications set read_at = now() where user_id = %L', tests.id('dan'))), '0', 'by nobody else');
select is(tests.attempt('dan', 'update public.notifications set data = ''{}'''), '42501', 'what they say cannot be changed');
update public.notifications set created_at = now() - interval '91 days' where user_id = tests.id('dan') and idempotency_key = 'dan 1';
select is(private.forget_notifications(), 1, 'old ones are forgotten');
update private.messages set created_at = now() - interval '31 days' where idempotency_key in ('sent', 'dead', 'once');
select is(private.forget_messages(), 2, 'and old messages, except those that wait');

-- Welcome --------------------------------------------------------------------------------------------------------------

create function pg_temp.welcomes(p_user text)
returns text
language sql
as $$
  delete from private.messages where user_id = tests.id(p_user);
  update auth.users set email_confirmed_at = null where id = tests.id(p_user);
  update auth.users set email_confirmed_at = now() where id = tests.id(p_user);
  update auth.users set email_confirmed_at = now() + interval '1 second' where id = tests.id(p_user);
  select pg_temp.statuses(p_user);
$$;
select is(pg_temp.welcomes('eve'), 'welcome_singer email pending', 'a singer is welcomed once the address is confirmed');
select is(pg_temp.welcomes('alice'), 'welcome_customer email pending', 'and a customer as one');

-- Auth's messages ------------------------------------------------------------------------------------------------------

create function pg_temp.sent(p_data jsonb, p_user jsonb default '{}')
returns table (template text, recipient text, body text)
language plpgsql
as $$
begin
  delete from private.messages where user_id = tests.id('eve');
  perform tests.act_as_owner_role();
  perform private.send_email_hook(jsonb_build_object(
    'user', jsonb_build_object('id', tests.id('eve'), 'email', 'eve@tests.invalid') || p_user,
    'email_data', jsonb_build_object('token', '123456', 'token_hash', 'HASH', 'site_url', 'https://auth.tests/', 'redirect_to', 'https://app.tests/?a=1&b=2%26+ü#c') || p_data
  ));
  return query
    select rendered.template, rendered.recipient, rendered.body_text
    from private.rendered_messages as rendered
    join private.messages as message using (id)
    where message.user_id = tests.id('eve')
    order by rendered.template;
end;
$$;
select results_eq(
  format('select template, recipient, body like ''%%123456%%'' from pg_temp.sent(%L)', jsonb_build_object('email_action_type', action)),
  format($$ values ('auth_%s', 'eve@tests.invalid', true) $$, action), format('%s is put into the outbox', action)
)
from unnest(array['signup', 'invite', 'magiclink', 'recovery', 'reauthentication']) as action;
select ok(
  (select strpos(body, 'https://auth.tests/verify?token=HASH&type=signup&redirect_to=https%3A%2F%2Fapp.tests%2F%3Fa%3D1%26b%3D2%2526%2B%C3%BC%23c') > 0 from pg_temp.sent('{"email_action_type": "signup"}')),
  'its link names the token and where to go afterwards'
);
select results_eq(
  $$ select template, recipient, body like '%111111%', body like '%token=HASH2%'
     from pg_temp.sent('{"email_action_type": "email_change", "token": "111111", "token_new": "222222", "token_hash": "HASH1", "token_hash_new": "HASH2"}', '{"new_email": "eve2@tests.invalid"}') $$,
  $$ values ('auth_email_change_current', 'eve@tests.invalid', true, true), ('auth_email_change_new', 'eve2@tests.invalid', false, false) $$,
  'a change of address goes to both addresses, each with its own code and link'
);
select results_eq(
  $$ select template, recipient from pg_temp.sent('{"email_action_type": "email_change", "token_new": ""}', '{"new_email": "eve2@tests.invalid"}') $$,
  $$ values ('auth_email_change_new', 'eve2@tests.invalid') $$, 'or to the new one alone'
);
select results_eq(
  format('select template, recipient from pg_temp.sent(%L)', jsonb_build_object('email_action_type', action, 'old_email', 'old@tests.invalid')),
  format($$ values ('auth_%s', %L) $$, action, case action when 'email_changed_notification' then 'old@tests.invalid' else 'eve@tests.invalid' end), format('%s is told', action)
)
from unnest(array[
  'password_changed_notification', 'email_changed_notification', 'phone_changed_notification', 'identity_linked_notification', 'identity_unlinked_notification',
  'mfa_factor_enrolled_notification', 'mfa_factor_unenrolled_notification'
]) as action;
delete from private.messages where user_id = tests.id('eve');
select is(
  private.send_sms_hook(jsonb_build_object('user', jsonb_build_object('id', tests.id('eve')), 'sms', '{"phone": "15550100", "otp": "987654"}'::jsonb)), '{}', 'texts are taken'
);
select results_eq(
  $$ select rendered.channel, rendered.recipient, rendered.body_text from private.rendered_messages as rendered join private.messages as message using (id) where message.user_id = tests.id('eve') $$,
  $$ values ('sms', '15550100', 'Your code is 987654. It works for 5 minutes.') $$, 'and put into the outbox'
);
select is(
  private.send_sms_hook(jsonb_build_object('user', jsonb_build_object('id', tests.id('bob')), 'sms', '{"phone": "15550100", "otp": "987654", "sms_type": "mfa"}'::jsonb)), '{}', 'a second factor too'
);
select is((select template_key from private.messages where user_id = tests.id('bob') and channel = 'sms'), 'auth_second_factor_code', 'with words of its own');
select results_eq(
  format('select body from pg_temp.sent(%L, %L)', '{"email_action_type": "' || action || '_notification", "old_email": "old@tests.invalid", "provider": "google", "factor_type": "totp"}', '{"phone": "15550100"}'),
  format('values (%L)', text), format('%s says what was changed', action)
)
from (values
  ('email_changed', E'The e-mail address of your account is now eve@tests.invalid.\n\nIf it was not you, write to support.'),
  ('phone_changed', E'The phone number of your account is now 15550100, and it is confirmed.\n\nIf it was not you, change your password.'),
  ('identity_linked', E'Signing in to your account by Google is possible now.\n\nIf it was not you, change your password.'),
  ('mfa_factor_unenrolled', E'A second factor of your account was removed: authenticator app.\n\nIf it was not you, change your password at once.')
) as told (action, text);
select is_empty(
  $$ select key from private.message_templates where key like 'auth%' and category <> 'security' $$, 'nobody can opt out of what Auth sends'
);

-- Nobody reads the outbox ----------------------------------------------------------------------------------------------

select is(tests.attempt(actor, format('select from private.%s', relation)), '42501', format('%s does not read %s', actor, relation))
from unnest(array['anon', 'gus', 'eve', 'alice', 'service']) as actor
cross join unnest(array['messages', 'rendered_messages', 'message_templates', 'message_attempts']) as relation;

-- Codes and links vanish from the outbox with their user.
select pg_temp.news('eve@tests.invalid', 'eve')
\g /dev/null
select lives_ok($$ delete from auth.users where id = tests.id('eve') $$, 'a user with messages can be deleted');

select * from finish();
rollback;
