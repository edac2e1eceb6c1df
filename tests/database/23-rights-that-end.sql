-- What people leave behind - API keys, invitations, organizations - once they hold less than when they made it.
begin;
\ir support/actors.psql
select no_plan();

create function pg_temp.member(p_name text)
returns uuid
language sql
return (select id from public.organization_members where user_id = tests.id(p_name) and organization_id = tests.id('A'));
create function pg_temp.do(p_actor text, p_sql text, p_aal text default 'aal1')
returns jsonb
language sql
return tests.answer(p_actor, format('select %s as answer', p_sql), p_aal) -> 0 -> 'answer';

-- Used in statements of people.
grant execute on all functions in schema pg_temp to public;

-- API keys -------------------------------------------------------------------------------------------------------------

create temporary table keys (name text primary key, id uuid, secret text);
create function pg_temp.keep(p_name text, p_key jsonb)
returns void
language sql
begin atomic
  insert into keys values (p_name, (p_key ->> 'id')::uuid, p_key ->> 'key');
end;
create function pg_temp.scopes(p_name text)
returns text
language sql
return (
  select coalesce(verified.refusal, array_to_string((verified.caller).scopes, ' '))
  from keys, private.verify_api_key(keys.secret, '198.51.100.7') as verified
  where keys.name = p_name
);
-- What the key of adam may do after something has happened, which is taken back.
create function pg_temp.scopes_after(p_sql text)
returns text
language plpgsql
as $$
declare
  v_scopes text;
begin
  execute p_sql;
  v_scopes := pg_temp.scopes('adam');
  raise exception using errcode = 'UNDO0', message = v_scopes;
exception
  when sqlstate 'UNDO0' then
    return sqlerrm;
end;
$$;

select pg_temp.keep('adam', pg_temp.do('adam', $$ public.create_api_key(tests.id('A'), 'Rig', array['requests:read', 'requests:write', 'songs:write']) $$))
\g /dev/null
select is(pg_temp.scopes('adam'), 'requests:read requests:write songs:write', 'a key does what its maker may do');
select is(pg_temp.scopes_after(happened), scopes, happened || ': ' || scopes)
from (values
  ('update public.organization_members set role_key = ''staff'' where id = pg_temp.member(''adam'')', 'requests:read requests:write'),
  (
    'insert into public.organization_member_permissions values (pg_temp.member(''adam''), ''requests:process'', ''deny'')',
    'requests:read songs:write'
  ),
  ('update public.organization_members set status = ''suspended'' where id = pg_temp.member(''adam'')', 'maker_lost_access'),
  ('update public.organization_members set status = ''revoked'' where id = pg_temp.member(''adam'')', 'maker_lost_access'),
  ('delete from public.organization_members where id = pg_temp.member(''adam'')', 'maker_lost_access'),
  ('update auth.users set banned_until = now() + interval ''1 hour'' where id = tests.id(''adam'')', 'maker_lost_access'),
  ('update auth.users set banned_until = now() where id = tests.id(''adam'')', 'requests:read requests:write songs:write'),
  ('delete from auth.users where id = tests.id(''adam'')', 'maker_lost_access'),
  ('delete from auth.sessions where user_id = tests.id(''adam'')', 'requests:read requests:write songs:write'),
  ('update public.api_keys set scopes = array[''songs:read''] where id = (select id from keys)', 'songs:read')
) as step (happened, scopes);

-- The reply and the record say which.
update public.organization_members set role_key = 'staff' where id = pg_temp.member('adam');
select is(
  private.openkj_call(jsonb_build_object('api_key', secret, 'command', 'clearDatabase', 'system_id', 1), null) ->> 'errorString',
  'This API key may not do that: it lacks the scope songs:write.', 'a scope that its maker has lost is missing'
)
from keys;
update public.organization_members set status = 'suspended' where id = pg_temp.member('adam');
select is(private.openkj_call(jsonb_build_object('api_key', secret, 'command', 'getSerial'), null) -> 'error', 'true', 'without its maker it is no key')
from keys;
select is(
  (select last_failure_reason from public.api_key_usage as usage join keys on keys.id = usage.api_key_id), 'maker_lost_access',
  'and the organization sees why'
);

-- Whoever rotates it takes it over, and must hold its scopes.
insert into public.organization_member_permissions values (pg_temp.member('mia'), 'api_keys:write', 'grant'), (pg_temp.member('mia'), 'songs:write', 'deny');
select is(
  tests.attempt('mia', format('select public.rotate_api_key(%L::uuid)', (select id from keys))), '403 scope_not_held',
  'nobody takes over what they do not hold'
);
select pg_temp.keep('alice', pg_temp.do('alice', format('public.rotate_api_key(%L::uuid, 24)', (select id from keys))))
\g /dev/null
select is(pg_temp.scopes('alice'), 'requests:read requests:write songs:write', 'the new secret works in the name of whoever rotated');
select is(pg_temp.scopes('adam'), 'maker_lost_access', 'the old one, in its grace period, still in that of its maker');
update public.organization_members set status = 'active' where id = pg_temp.member('adam');
select is(pg_temp.scopes('adam'), 'requests:read requests:write', 'who may do what they now may');
update public.organization_members set role_key = 'admin' where id = pg_temp.member('adam');

-- Networks.
select is(
  pg_temp.do('alice', format($$ public.create_api_key(tests.id('A'), 'Home', array['songs:read'], null, null, %L) -> 'allowed_networks' $$, given))::text,
  kept, format('networks %s are kept as %s', given, kept)
)
from (values
  ('{203.0.113.0/24}', '["203.0.113.0/24"]'), ('{::ffff:203.0.113.0/120}', '["203.0.113.0/24"]'), ('{::ffff:203.0.113.7}', '["203.0.113.7/32"]'),
  ('{2001:db8::/32,198.51.100.7}', '["2001:db8::/32", "198.51.100.7/32"]'), ('{::/0}', '["::/0"]')
) as network (given, kept);
select is(
  tests.attempt('alice', format($$ select public.create_api_key(tests.id('A'), 'Home', array['songs:read'], null, null, %L) $$, networks)),
  outcome, format('networks %s: %s', left(networks, 40), outcome)
)
from (values
  ('{}', '400 invalid_networks'), ('{NULL}', '400 invalid_networks'), ('{10.0.0.0/8,NULL}', '400 invalid_networks'),
  ((select array_agg(format('10.0.%s.0/24', i)) from generate_series(1, 21) as i)::text, '400 invalid_networks'),
  ('{nonsense}', '22P02')
) as tried (networks, outcome);
update public.api_keys set allowed_networks = '{203.0.113.0/24}' where id = (select id from keys where name = 'alice');
select is((private.verify_api_key((select secret from keys where name = 'alice'), address)).refusal, refusal, format('from %s', address))
from (values
  ('203.0.113.9'::inet, null), ('::ffff:203.0.113.9', null), ('::ffff:203.0.114.9', 'address_not_allowed'), ('203.0.114.9', 'address_not_allowed'),
  ('::203.0.113.9', 'address_not_allowed'), ('2001:db8::1', 'address_not_allowed')
) as tried (address, refusal);

-- Guessing.
update private.rate_limits set maximum = 3 where key = 'api_key_failures';
select is(
  (select array_agg(private.record_wrong_api_key('sk_live_zzzz' || i, '203.0.113.77', 'unknown_key') > 0 order by i) from generate_series(1, 5) as i),
  '{f,f,f,t,t}', 'wrong keys from one address are told to wait'
);
select is(private.record_wrong_api_key('sk_live_zzzz', '::ffff:203.0.113.77', 'unknown_key') > 0, true, 'however it is written');
select is(private.record_wrong_api_key('sk_live_zzzz', '203.0.113.78', 'unknown_key'), 0, 'others are not');
update public.api_keys set allowed_networks = null;
select is((private.verify_api_key((select secret from keys where name = 'alice'), '203.0.113.77')).refusal, null, 'and a key that works is never held up');

-- Invitations ----------------------------------------------------------------------------------------------------------

create function pg_temp.invite(p_actor text, p_email text, p_role text default 'staff', p_grants text default '{}')
returns text
language plpgsql
as $$
begin
  perform pg_temp.do(p_actor, format('public.invite_member(tests.id(''A''), %L, %L, %L)', p_email, p_role, p_grants));
  return (
    select substring(secrets ->> 'link' from 'token=([0-9a-f]{64})$') from private.messages
    where recipient = p_email order by created_at desc, ctid desc limit 1
  );
end;
$$;
create temporary table sent as
select email, pg_temp.invite('adam', email, role_key, grants) as token
from (values ('eve@tests.invalid', 'staff', '{}'), ('sol@tests.invalid', 'admin', '{}'), ('gil@tests.invalid', 'staff', '{songs:write}')) as invited (email, role_key, grants);
create function pg_temp.standing()
returns text
language sql
return (
  select string_agg(split_part(email, '@', 1), ' ' order by email) from sent
  where tests.attempt('anon', format('select public.preview_invitation(%L)', token)) = '1'
);
select is(pg_temp.standing(), 'eve gil sol', 'invitations stand while their sender may give what they give');
create function pg_temp.standing_after(p_sql text)
returns text
language plpgsql
as $$
declare
  v_standing text;
begin
  execute p_sql;
  v_standing := coalesce(pg_temp.standing(), 'none');
  raise exception using errcode = 'UNDO0', message = v_standing;
exception
  when sqlstate 'UNDO0' then
    return sqlerrm;
end;
$$;
select is(pg_temp.standing_after(happened), standing, happened || ': ' || standing)
from (values
  ('insert into public.organization_member_permissions values (pg_temp.member(''adam''), ''members:invite'', ''deny'')', 'none'),
  ('insert into public.organization_member_permissions values (pg_temp.member(''adam''), ''songs:write'', ''deny'')', 'eve'),
  ('insert into public.organization_member_permissions values (pg_temp.member(''adam''), ''branding:write'', ''deny'')', 'eve gil'),
  ('update auth.users set banned_until = now() + interval ''1 hour'' where id = tests.id(''adam'')', 'none'),
  ('delete from auth.users where id = tests.id(''adam'')', 'none'),
  ('update public.organization_invitations set expires_at = now()', 'none'),
  ('select pg_temp.do(''alice'', ''public.update_member(pg_temp.member(''''adam''''), ''''staff'''')'')', 'none'),
  ('select pg_temp.do(''alice'', ''public.set_member_suspended(pg_temp.member(''''adam''''), true)'')', 'none'),
  ('select pg_temp.do(''alice'', ''public.remove_member(pg_temp.member(''''adam''''))'')', 'none'),
  ('select pg_temp.do(''adam'', ''public.leave_organization(tests.id(''''A''''))'')', 'none')
) as step (happened, standing);
select pg_temp.do('alice', $$ public.update_member(pg_temp.member('adam'), p_denials => array['branding:write']) $$)
\g /dev/null
select results_eq(
  $$ select email, status from public.organization_invitations where email in (select email from sent) order by email $$,
  $$ values ('eve@tests.invalid', 'pending'), ('gil@tests.invalid', 'pending'), ('sol@tests.invalid', 'revoked') $$,
  'those that end are shown as ended, the others wait on'
);
select is((select count(*) from private.invitation_tokens as token join public.organization_invitations as invitation on invitation.id = token.invitation_id where invitation.email = 'sol@tests.invalid'), 0::bigint, 'and their tokens are gone');
select is(
  tests.attempt('adam', format('select public.resend_invitation(%L::uuid)', (select id from public.organization_invitations where email = 'gil@tests.invalid'))), '1',
  'who still holds what is given sends it again'
);
insert into public.organization_member_permissions values (pg_temp.member('mia'), 'members:invite', 'grant');
select is(
  tests.attempt('mia', format('select public.resend_invitation(%L::uuid)', (select id from public.organization_invitations where email = 'gil@tests.invalid'))), '403 permission_not_held',
  'who does not, does not'
);
select pg_temp.do('alice', format('public.resend_invitation(%L::uuid)', (select id from public.organization_invitations where email = 'gil@tests.invalid')))
\g /dev/null
select pg_temp.do('alice', $$ public.remove_member(pg_temp.member('adam')) $$)
\g /dev/null
select results_eq(
  $$ select email, status from public.organization_invitations where organization_id = tests.id('A') and status = 'pending' order by email $$, $$ values ('gil@tests.invalid', 'pending') $$,
  'an invitation is that of whoever sent it last'
);
-- Written in another way, an address is the same; another one is not.
select is(tests.attempt('bob', 'select public.invite_member(tests.id(''B''), ''  EVE@Tests.INVALID '', ''staff'')'), '1', 'case and blanks do not make another address');
select pg_temp.do('bob', 'public.invite_member(tests.id(''B''), ''eve@tests.invalid'', ''staff'')')
\g /dev/null
select is(pg_temp.do('bob', 'public.invite_member(tests.id(''B''), ''Eve@tests.invalid'', ''staff'')'), (select to_jsonb(id) from public.organization_invitations where organization_id = tests.id('B') and email = 'eve@tests.invalid'), 'inviting again is the same invitation');

-- Organizations keep an owner ------------------------------------------------------------------------------------------

create function pg_temp.at_the_end(p_sql text)
returns text
language sql
return tests.attempt('postgres', p_sql);
select is(pg_temp.at_the_end(done), outcome, done || ': ' || outcome)
from (values
  ('delete from public.organization_members where user_id = tests.id(''alice'')', '409 owner_needed'),
  ('update public.organization_members set role_key = ''admin'' where user_id = tests.id(''alice'')', '409 owner_needed'),
  ('update public.organization_members set organization_id = tests.id(''M'') where user_id = tests.id(''stan'')', '1'),
  ('delete from public.organizations where id = tests.id(''A'')', '1'),
  ('delete from public.organization_members where user_id = tests.id(''stan'')', '1'),
  ('update public.organization_members set status = ''suspended'' where user_id = tests.id(''alice'')', '23514'),
  ('update public.organization_members set role_key = ''owner'' where user_id = tests.id(''stan'')', '23505'),
  ('update public.organization_members set role_key = ''super_admin'' where user_id = tests.id(''stan'')', '400 not_an_organization_role')
) as tried (done, outcome);

-- A second factor for all ----------------------------------------------------------------------------------------------

create function pg_temp.demand(p_actor text, p_demand boolean, p_aal text)
returns text
language sql
return tests.attempt(p_actor, format('update public.organizations set require_mfa = %L where id = tests.id(''A'')', p_demand), p_aal);
select is(pg_temp.demand('alice', true, 'aal1'), '403 second_factor_required', 'nobody locks themselves out');
select is(pg_temp.demand('alice', false, 'aal1'), '1', 'asking for nothing is no change');
select is(pg_temp.demand('stan', true, 'aal2'), '0', 'staff do not ask for factors');
select tests.act_as('alice', 'aal2');
update public.organizations set require_mfa = true where id = tests.id('A');
select tests.act_as_owner_role();
select set_eq(
  $$ select name from tests.names join public.notifications as told on told.user_id = names.id where told.kind = 'second_factor_demanded' $$,
  $$ select name from tests.names join public.organization_members as member on member.user_id = names.id where member.organization_id = tests.id('A') and member.status = 'active' $$,
  'members without a factor are told, once they are locked out'
);
select is(tests.attempt('mia', 'select from public.venues where organization_id = tests.id(''A'')', 'aal1'), '0', 'they see nothing');
select is(tests.attempt('mia', 'select from public.venues where organization_id = tests.id(''A'')', 'aal2'), '2', 'until they use a factor');
select is(tests.attempt('mia', 'select public.list_members(tests.id(''A''))', 'aal1'), '403 second_factor_required', 'and are told why');
select is(tests.attempt('mia', 'select public.leave_organization(tests.id(''A''))', 'aal1'), '1', 'leaving is always possible');
select is(pg_temp.demand('alice', false, 'aal1'), '0', 'only with a factor is the demand taken back');
select is(pg_temp.demand('alice', false, 'aal2'), '1', 'and then it is');
select is(
  tests.answer('alice', $$ select name, has_second_factor from public.list_members(tests.id('A'), 'mia') $$, 'aal2'), '[{"name": "Mia", "has_second_factor": false}]',
  'the list of members says who has none'
);

select * from finish();
rollback;
