-- Signing up, Auth's hooks, which sessions are believed, the active context.
begin;
\ir support/actors.psql
select no_plan();

-- Signing up -----------------------------------------------------------------------------------------------------------

select tests.sign_up('sol', '{"name": "  Sol Singer ", "nickname": "Sol", "account_type": "singer"}');
select results_eq(
  $$ select profile.name, singer.nickname
     from public.profiles as profile join public.singer_profiles as singer using (user_id)
     where user_id = tests.id('sol') $$,
  $$ values ('Sol Singer', 'Sol') $$,
  'a singer gets a profile and a singer profile'
);
select is_empty(
  $$ select from public.organization_members where user_id = tests.id('sol') $$,
  'and no organization'
);

select tests.sign_up('cara', '{"name": "Cara", "account_type": "customer", "organization_name": " Cara''s Karaoke ", "time_zone": "Europe/Berlin"}');
select results_eq(
  $$ select organization.name, organization.time_zone, member.role_key, member.status, count(system.id)
     from public.organization_members as member
     join public.organizations as organization on organization.id = member.organization_id
     join public.systems as system on system.organization_id = organization.id
     where member.user_id = tests.id('cara')
     group by 1, 2, 3, 4 $$,
  $$ values ('Cara''s Karaoke', 'Europe/Berlin', 'owner', 'active', 1::bigint) $$,
  'a customer gets an organization of their own with its first system'
);
select is_empty(
  $$ select from public.singer_profiles where user_id = tests.id('cara') $$,
  'and no singer profile'
);

select tests.sign_up('nameless', '{"account_type": "customer"}');
select is(
  (select organization.name from public.organizations as organization join public.organization_members as member on member.organization_id = organization.id
   where member.user_id = tests.id('nameless')),
  'nameless', 'a customer who names nothing gets an organization named after the address'
);

select tests.sign_up('gil', '{"account_type": "customer", "organization_name": "Guests Inc"}', true);
select ok(
  exists (select from public.profiles where user_id = tests.id('gil'))
  and not exists (select from public.singer_profiles where user_id = tests.id('gil'))
  and not exists (select from public.organization_members where user_id = tests.id('gil')),
  'a guest gets a profile and nothing else, whatever the metadata says'
);

select tests.sign_up('mo', '{"role": "super_admin", "app_role": "super_admin", "roles": ["super_admin"], "is_super_admin": true, "account_type": "admin"}');
select is(
  (select jsonb_agg(to_jsonb(member)) from public.organization_members as member where member.user_id = tests.id('mo')),
  null, 'roles in the metadata give nothing'
);

select lives_ok(
  format($$ select tests.sign_up('longname', jsonb_build_object('name', %L, 'nickname', %L)) $$, repeat('n', 254) || ' and more', repeat('n', 99) || ' and more'),
  'a name that is too long, and cut at a blank, does not stand in the way of signing up'
);
select lives_ok(
  $$ select tests.sign_up('oddly', '{"name": {"a": 1}, "nickname": ["x"], "account_type": {"x": 1}}') $$,
  'metadata of the wrong kind do not stand in the way of signing up'
);

-- Before Auth makes a user ---------------------------------------------------------------------------------------------

create function pg_temp.asked(p_metadata jsonb)
returns jsonb
language sql
return private.before_user_created_hook(jsonb_build_object('user', jsonb_build_object('user_metadata', p_metadata)));

select is(pg_temp.asked('{"account_type": "singer"}'), '{}', 'singers may sign up');
select is(pg_temp.asked('{"account_type": "customer"}'), '{}', 'customers may sign up');
select is(pg_temp.asked('{}'), '{}', 'whoever says nothing signs up as singer');
select is(private.before_user_created_hook('{"user": {}}'), '{}', 'a guest without any metadata may come in');
select is(
  pg_temp.asked(jsonb_build_object('account_type', kind)) #>> '{error,http_code}', '400',
  format('account type %s is refused', kind)
)
from unnest(array['"admin"', '"super_admin"', '""', '7', '["customer"]', '"Customer"']::jsonb[]) as kind;

select is(
  pg_temp.asked('{"account_type": "customer", "organization_name": "Karaoke", "time_zone": " Europe/Berlin "}'), '{}',
  'an organization with a name and a time zone is fine'
);
select is(
  pg_temp.asked('{"account_type": "customer", "time_zone": "Mars/Olympus"}') #>> '{error,message}',
  'time_zone must be an IANA name such as America/Chicago', 'a time zone that does not exist is refused in words'
);
select is(
  pg_temp.asked(jsonb_build_object('account_type', 'customer', 'organization_name', repeat('x', 256))) #>> '{error,http_code}',
  '400', 'so is a name that is too long'
);

-- A guest who signs up -------------------------------------------------------------------------------------------------

update auth.users set is_anonymous = false, email = 'gus@tests.invalid' where id = tests.id('gus');
select is(
  (select count(*) from public.singer_profiles where user_id = tests.id('gus')), 1::bigint,
  'a guest who adds an address becomes a singer under the same id'
);
update auth.users set is_anonymous = true where id = tests.id('gus');
update auth.users set is_anonymous = false where id = tests.id('gus');
select is(
  (select count(*) from public.singer_profiles where user_id = tests.id('gus')), 1::bigint,
  'once, however often it happens'
);

-- Tokens of before and after say the opposite of what is.
create function pg_temp.with_guest_token(p_is_anonymous boolean)
returns text
language plpgsql
as $$
declare
  v_refusal text;
begin
  perform tests.act_as('gus');
  perform set_config('request.jwt.claims', (current_setting('request.jwt.claims')::jsonb || jsonb_build_object('is_anonymous', p_is_anonymous))::text, true);
  perform public.create_singer_profile();
  perform public.create_organization('Gus Karaoke');
  perform tests.act_as_owner_role();
  return 'no longer a guest';
exception
  when others then
    return sqlerrm;
end;
$$;
select is(pg_temp.with_guest_token(true), 'no longer a guest', 'with the token of before');
update auth.users set is_anonymous = true where id = tests.id('gus');
select is(pg_temp.with_guest_token(false), 'guest_not_allowed', 'a guest is one whatever the token says');
update auth.users set is_anonymous = false where id = tests.id('gus');

-- Which sessions are believed ------------------------------------------------------------------------------------------

create function pg_temp.refusal_of(p_claims jsonb)
returns text
language plpgsql
as $$
declare
  v_refusal text;
begin
  perform tests.act_as_owner_role();
  perform set_config('request.jwt.claims', p_claims::text, true);
  v_refusal := private.session_refusal();
  perform tests.act_as_owner_role();
  return v_refusal;
end;
$$;

create function pg_temp.claims_of(p_name text, p_more jsonb default '{}')
returns jsonb
language sql
return (
  select jsonb_build_object('sub', tests.id(person.name), 'role', 'authenticated', 'session_id', person.session_id, 'aal', 'aal1') || p_more
  from tests.people as person
  where person.name = p_name
);

select is(pg_temp.refusal_of(pg_temp.claims_of('alice')), null, 'a session that exists is believed');
select is(pg_temp.refusal_of('{"role": "anon"}'), 'not_signed_in', 'nobody is nobody');
select is(pg_temp.refusal_of(pg_temp.claims_of('alice') - 'session_id'), 'session_ended', 'a token without a session is not believed');
select is(pg_temp.refusal_of(pg_temp.claims_of('alice', '{"session_id": ""}')), 'session_ended', 'nor one with an empty session');
select is(
  pg_temp.refusal_of(pg_temp.claims_of('alice', jsonb_build_object('session_id', gen_random_uuid()))), 'session_ended',
  'nor one with a session that is gone'
);
select is(
  pg_temp.refusal_of(pg_temp.claims_of('alice', jsonb_build_object('session_id', pg_temp.claims_of('bob') ->> 'session_id'))),
  'session_ended', 'nor one with the session of somebody else'
);
select is(pg_temp.refusal_of(pg_temp.claims_of('nora')), 'session_ended', 'signing out works at once');
select is(pg_temp.refusal_of(pg_temp.claims_of('bea')), 'user_banned', 'a ban works at once');
select is(pg_temp.refusal_of(pg_temp.claims_of('mallory')), 'second_factor_required', 'a verified factor is asked for');
select is(pg_temp.refusal_of(pg_temp.claims_of('mallory') - 'aal'), 'second_factor_required', 'a token that is silent about factors has none');
select is(pg_temp.refusal_of(pg_temp.claims_of('mallory', '{"aal": "aal2"}')), null, 'and with it the session is believed');
insert into auth.mfa_factors (id, user_id, factor_type, status, created_at, updated_at)
values (gen_random_uuid(), tests.id('eve'), 'totp', 'unverified', now(), now());
select is(pg_temp.refusal_of(pg_temp.claims_of('eve')), null, 'a factor that was never verified does not lock its user out');
update auth.sessions set not_after = now() - interval '1 second' where user_id = tests.id('sol');
select is(pg_temp.refusal_of(pg_temp.claims_of('sol')), 'session_ended', 'a session past its time is over');
update auth.users set deleted_at = now() where id = tests.id('cara');
select is(pg_temp.refusal_of(pg_temp.claims_of('cara')), 'user_banned', 'a deleted user is out');

-- Before every REST request --------------------------------------------------------------------------------------------

select is(tests.attempt('anon', 'select private.check_request()'), '1', 'visitors pass');
select is(tests.attempt('service', 'select private.check_request()'), '1', 'the service passes');
select is(tests.attempt('alice', 'select private.check_request()'), '1', 'a session that is alive passes');
select is(tests.attempt('nora', 'select private.check_request()'), '401 session_ended', 'one that has ended does not');
select is(tests.attempt('bea', 'select private.check_request()'), '403 user_banned', 'a banned user does not');
select is(
  tests.attempt('mallory', 'select private.check_request()'), '1',
  'a session that still owes its second factor passes: policies and functions decide what it may do'
);
update private.rate_limits set maximum = 2 where key = 'user_writes';
select tests.act_as('eve');
select private.check_request(), private.check_request();
select throws_ok('select private.check_request()', 'PT429', 'rate_limited', 'writing too often is refused');
select tests.act_as_owner_role();
select is(tests.attempt('alice', 'select private.check_request()'), '1', 'for one user, not for others');
-- Wrong passwords ------------------------------------------------------------------------------------------------------

create function pg_temp.enter_password(p_name text, p_valid boolean)
returns text
language sql
return private.password_verification_attempt_hook(jsonb_build_object('user_id', tests.id(p_name), 'valid', p_valid)) ->> 'decision';

create function pg_temp.enter_passwords(p_name text, p_valid boolean, p_times integer)
returns text
language plpgsql
as $$
declare
  v_decisions text[] := '{}';
begin
  for v_time in 1..p_times loop
    v_decisions := v_decisions || pg_temp.enter_password(p_name, p_valid);
  end loop;
  return array_to_string(v_decisions, ' ');
end;
$$;

select is(pg_temp.enter_passwords('eve', false, 4), 'continue continue continue continue', 'four wrong passwords are answered as usual');
select is(pg_temp.enter_password('eve', true), 'continue', 'a right one opens');
select is(pg_temp.enter_passwords('eve', false, 4), 'continue continue continue continue', 'and the count starts anew');
select is(pg_temp.enter_password('eve', false), 'continue', 'the fifth in a row is answered as the others');
select is(pg_temp.enter_password('eve', true), 'reject', 'but from then on the right one is refused');
select is(pg_temp.enter_passwords('eve', false, 3), 'reject reject reject', 'and wrong ones as well');
select results_eq(
  $$ select template_key, recipient, count(*) from private.messages where user_id = tests.id('eve') group by 1, 2 $$,
  $$ values ('account_locked', 'eve@tests.invalid', 1::bigint) $$,
  'one mail tells the user'
);
select is(
  (select locked_until from private.password_attempts where user_id = tests.id('eve')), now() + interval '15 minutes',
  'the lock lasts 15 minutes and attempts do not prolong it'
);
select is(pg_temp.enter_password('bob', true), 'continue', 'others are not locked');
update private.password_attempts set locked_until = now() - interval '1 second' where user_id = tests.id('eve');
select is(pg_temp.enter_passwords('eve', false, 4), 'continue continue continue continue', 'afterwards there are five attempts again');
select is(pg_temp.enter_passwords('eve', true, 1), 'continue', 'and the right one opens');

update auth.users set email = null, phone = '15550100' where id = tests.id('stan');
select is(
  pg_temp.enter_passwords('stan', false, 5) || ' ' || pg_temp.enter_password('stan', true),
  'continue continue continue continue continue reject', 'an account without an e-mail address is locked as well'
);
select is(
  private.password_verification_attempt_hook(jsonb_build_object('user_id', tests.id('adam'), 'valid', false)) - 'message', '{"decision": "continue"}',
  'the answer has the form that Auth reads'
);

-- Wrong codes ----------------------------------------------------------------------------------------------------------

create function pg_temp.enter_codes(p_valid boolean, p_times integer)
returns text
language plpgsql
as $$
declare
  v_decisions text[] := '{}';
begin
  for v_time in 1..p_times loop
    v_decisions := v_decisions || (private.mfa_verification_attempt_hook(jsonb_build_object(
      'factor_id', (select id from auth.mfa_factors where user_id = tests.id('mallory')), 'user_id', tests.id('mallory'), 'valid', p_valid
    )) ->> 'decision');
  end loop;
  return array_to_string(v_decisions, ' ');
end;
$$;
create function pg_temp.challenge(p_created_at timestamptz)
returns void
language sql
begin atomic
  insert into auth.mfa_challenges (id, factor_id, created_at, ip_address)
  select gen_random_uuid(), id, p_created_at, '198.51.100.1' from auth.mfa_factors where user_id = tests.id('mallory');
end;
select pg_temp.challenge(now() - interval '1 minute')
\g /dev/null
select is(pg_temp.enter_codes(false, 5), 'continue continue continue continue reject', 'the fifth wrong code for one challenge is rejected');
select is(pg_temp.enter_codes(false, 1), 'reject', 'and so is every further one');
select pg_temp.challenge(now())
\g /dev/null
select is(pg_temp.enter_codes(false, 4), 'continue continue continue continue', 'a new challenge has five of its own');
select is(pg_temp.enter_codes(true, 1), 'continue', 'a right code is let through');
select is(pg_temp.enter_codes(false, 4), 'continue continue continue continue', 'and the count starts anew');

-- Claims ---------------------------------------------------------------------------------------------------------------

create function pg_temp.token(p_name text, p_claims jsonb default '{}')
returns jsonb
language sql
return private.custom_access_token_hook(jsonb_build_object(
  'user_id', tests.id(p_name),
  'claims', jsonb_build_object('sub', tests.id(p_name), 'session_id', (select session_id from tests.people where name = p_name)) || p_claims
)) -> 'claims';

select is(pg_temp.token('alice') ->> 'app_role', 'customer', 'a member of an organization is a customer');
select is(pg_temp.token('alice') -> 'org_ids', jsonb_build_array(tests.id('A')), 'the token names the organizations');
select is(pg_temp.token('alice') -> 'active_context', '{"type": "singer", "id": null}', 'the active context is the singer side at first');
select is(pg_temp.token('alice', '{"aal": "aal2", "x": 1}') ->> 'aal', 'aal2', 'the other claims stay as they are');
select is(pg_temp.token('eve') ->> 'app_role', 'singer', 'others are singers');
select is(pg_temp.token('eve') -> 'org_ids', '[]', 'without organizations');
select is(pg_temp.token('gus', '{"is_anonymous": true}') ->> 'app_role', 'guest', 'guests are guests');
select is(pg_temp.token('sue') -> 'org_ids', '[]', 'a suspended membership is not named');
select is(pg_temp.token('rex') -> 'org_ids', '[]', 'nor a removed one');
select is(
  private.custom_access_token_hook(jsonb_build_object('user_id', tests.id('eve'), 'claims', '{"role": "authenticated"}'::jsonb)) #>> '{claims,app_role}',
  'singer', 'claims without a session do not fail'
);

-- The active context ---------------------------------------------------------------------------------------------------

select tests.act_as('alice');
select lives_ok($$ select public.switch_context(tests.id('A')) $$, 'a member switches to the organization');
select tests.act_as_owner_role();
select is(
  pg_temp.token('alice') -> 'active_context', jsonb_build_object('type', 'organization', 'id', tests.id('A')),
  'and the next token says so'
);
select tests.act_as('alice');
select throws_ok($$ select public.switch_context(tests.id('B')) $$, 'PT404', 'organization_not_found', 'not to one of others');
select throws_ok($$ select public.switch_context(gen_random_uuid()) $$, 'PT404', 'organization_not_found', 'nor to one that does not exist');
select tests.act_as_owner_role();
select is(pg_temp.token('alice') #>> '{active_context,id}', tests.id('A')::text, 'a refused switch changes nothing');
update public.organization_members set role_key = 'staff', status = 'revoked' where user_id = tests.id('adam');
insert into private.session_contexts (session_id, organization_id) select session_id, tests.id('A') from tests.people where name = 'adam';
select is(pg_temp.token('adam') ->> 'active_context', '{"id": null, "type": "singer"}', 'who was removed is on the singer side again');
select is(
  tests.attempt('eve', $$ select public.switch_context(tests.id('A')) $$), '404 organization_not_found', 'strangers do not switch'
);
select tests.act_as('alice');
select lives_ok($$ select public.switch_context(null) $$, 'a member switches back');
select tests.act_as_owner_role();
select is(pg_temp.token('alice') #>> '{active_context,type}', 'singer', 'and is a singer again');
delete from auth.sessions where user_id = tests.id('alice');
select is_empty(
  $$ select from private.session_contexts as context join tests.people as person using (session_id) where person.name = 'alice' $$,
  'a context ends with its session'
);

-- Profiles -------------------------------------------------------------------------------------------------------------

select is(tests.attempt('eve', $$ update public.profiles set display_name = 'Evie' where user_id = tests.id('eve') $$), '1', 'users change their own profile');
select is(tests.attempt('eve', $$ update public.profiles set display_name = 'Evie' where user_id = tests.id('bob') $$), '0', 'not that of others');
select is(tests.attempt('eve', $$ update public.profiles set user_id = tests.id('bob') $$), '42501', 'and cannot give it away');
select is(tests.attempt('eve', $$ update public.profiles set display_name = ' ' $$), '23514', 'a blank name is refused');
select is(
  tests.attempt('eve', format($$ update public.singer_profiles set preferences = jsonb_build_object('x', (select string_agg(md5(i::text), '') from generate_series(1, 2000) as i)) $$)),
  '23514', 'preferences are no place to store files'
);

-- Reads do not count ---------------------------------------------------------------------------------------------------

-- At the end, as a transaction does not become writable again.
set transaction_read_only = on;
select tests.act_as('eve');
select lives_ok('select private.check_request()', 'a request that only reads is let through without being counted');
select tests.act_as_owner_role();

select * from finish();
rollback;
