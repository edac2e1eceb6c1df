-- The outbox: what is put into it, and how it is rendered.
begin;
\ir support/actors.psql
select no_plan();

-- Templates ------------------------------------------------------------------------------------------------------------

insert into private.message_templates (key, channel, category, subject, body) values
  ('tests', 'email', 'news', 'Hello {{name}}', E'Dear {{name}},\n\nopen {{link}} or enter {{code}}.'),
  ('tests', 'sms', 'news', null, '{{name}}: {{code}}');

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
select is_empty(
  $$ select template.key, matched[1] from private.message_templates as template,
       regexp_matches(coalesce(template.subject, '') || template.body, '\{\{([^}]*)\}\}', 'g') as matched
     where matched[1] !~ '^[a-z_]+$' $$,
  'every place of every template can be filled'
);

-- Rendering ------------------------------------------------------------------------------------------------------------

create function pg_temp.rendered(p_variables jsonb, p_channel text default 'email')
returns private.rendered_messages
language plpgsql
as $$
declare
  v_id uuid := private.enqueue_message(p_channel, 'tests', 'kim@tests.invalid', p_variables);
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

select isnt(private.enqueue_message('email', 'tests', 'kim@tests.invalid', '{}', null, 'once'), null, 'a message goes in');
select is(private.enqueue_message('email', 'tests', 'kim@tests.invalid', '{}', null, 'once'), null, 'with the same key it does not go in again');
select is((select count(*) from private.messages where idempotency_key = 'once'), 1::bigint, 'there is one');
select is(private.enqueue_message('email', 'tests', recipient, '{}'), null, 'without a recipient nothing goes in') from unnest(array[null, '']) as recipient;
select isnt(private.enqueue_message('email', 'tests', 'kim@tests.invalid', '{}', gen_random_uuid()), null, 'a user who is not there yet does not stand in the way');
select throws_ok($$ select private.enqueue_message('email', 'no such template', 'kim@tests.invalid', '{}') $$, '23503', null, 'a template must exist');
select throws_ok($$ select private.enqueue_message('pigeon', 'tests', 'kim@tests.invalid', '{}') $$, '23503', null, 'for its channel');
select throws_ok($$ select private.enqueue_message('email', 'tests', 'kim@tests.invalid', '[]') $$, '23514', null, 'variables have names');
select results_eq(
  $$ select status, attempts, next_attempt_at <= now() from private.messages where idempotency_key = 'once' $$, $$ values ('pending', 0, true) $$, 'it waits to be sent'
);

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
    'email_data', jsonb_build_object('token', '123456', 'token_hash', 'HASH', 'site_url', 'https://auth.tests/', 'redirect_to', 'https://app.tests/?a=1&b=2#c') || p_data
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
  (select strpos(body, 'https://auth.tests/verify?token=HASH&type=signup&redirect_to=https://app.tests/?a%3D1%26b%3D2%23c') > 0 from pg_temp.sent('{"email_action_type": "signup"}')),
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
  $$ values ('sms', '15550100', 'Your code is 987654.') $$, 'and put into the outbox'
);
select is_empty(
  $$ select key from private.message_templates where key like 'auth%' and category <> 'security' $$, 'nobody can opt out of what Auth sends'
);

-- Nobody reads the outbox ----------------------------------------------------------------------------------------------

select is(tests.attempt(actor, format('select from private.%s', relation)), '42501', format('%s does not read %s', actor, relation))
from unnest(array['anon', 'gus', 'eve', 'alice', 'service']) as actor
cross join unnest(array['messages', 'rendered_messages', 'message_templates']) as relation;

-- Codes and links vanish from the outbox with their user.
select private.enqueue_message('email', 'tests', 'eve@tests.invalid', '{}', tests.id('eve'))
\g /dev/null
select lives_ok($$ delete from auth.users where id = tests.id('eve') $$, 'a user with messages can be deleted');

select * from finish();
rollback;
