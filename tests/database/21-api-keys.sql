-- API keys: what a key looks like, what it may do, and when it stops working.
begin;
\ir support/actors.psql
select no_plan();

create function pg_temp.refusal(p_key text, p_address inet default '198.51.100.7')
returns text
language sql
return (select refusal from private.verify_api_key(p_key, p_address));

create temporary table made (name text primary key, key jsonb not null);
create function pg_temp.make(p_name text, p_sql text)
returns text
language plpgsql
as $$
declare
  v_key jsonb;
begin
  perform tests.act_as('alice');
  execute 'select ' || p_sql into v_key;
  perform tests.act_as_owner_role();
  insert into made values (p_name, v_key) on conflict (name) do update set key = excluded.key;
  return v_key ->> 'key';
end;
$$;
create function pg_temp.key(p_name text)
returns text
language sql
return (select key ->> 'key' from made where name = p_name);
create function pg_temp.key_id(p_name text)
returns uuid
language sql
return (select (key ->> 'id')::uuid from made where name = p_name);

-- Used while alice acts.
grant select on made to public;
grant execute on all functions in schema pg_temp to public;

-- Making ---------------------------------------------------------------------------------------------------------------

select matches(
  pg_temp.make('first', $$ public.create_api_key(tests.id('A'), ' Main rig ', array['requests:read', 'songs:write', 'requests:read']) $$),
  '^sk_live_[A-Za-z0-9_-]{43}$', 'a key is sk_live_ and 32 bytes in base64url'
);
select isnt(
  pg_temp.make('second', $$ public.create_api_key(tests.id('A'), 'Second', array['requests:read']) $$), pg_temp.key('first'),
  'each is another one'
);
select results_eq(
  $$ select name, prefix, scopes, created_by from public.api_keys where id = pg_temp.key_id('first') $$,
  $$ select 'Main rig', left(pg_temp.key('first'), 12), array['requests:read', 'songs:write'], tests.id('alice') $$,
  'its row has its first 12 characters, its scopes once each, and who made it'
);
select is_empty(
  $$ select key.id from public.api_keys as key where position(substr(pg_temp.key('first'), 13) in key::text) > 0
     union all
     select null from private.api_key_secrets as secret where position(substr(pg_temp.key('first'), 13) in secret::text) > 0
     union all
     select null from public.audit_entries as entry where position(substr(pg_temp.key('first'), 13) in entry::text) > 0 $$,
  'the secret is kept nowhere, the audit log included'
);
select is(
  (select secret_hash from private.api_key_secrets where api_key_id = pg_temp.key_id('first')),
  sha256(convert_to(pg_temp.key('first'), 'UTF8')), 'only the SHA-256 of the whole key is'
);
select is(
  (select caller from private.verify_api_key(pg_temp.key('first'), null)),
  row(pg_temp.key_id('first'), tests.id('A'), array['requests:read', 'songs:write'], null, null)::private.api_key_caller,
  'the key works'
);
select is(pg_temp.refusal(pg_temp.key('first')), null, 'from everywhere when no networks are named');

create function pg_temp.refused(p_arguments text, p_actor text default 'alice')
returns text
language sql
return tests.attempt(p_actor, format('select public.create_api_key(tests.id(''A''), %s)', p_arguments));

select is(pg_temp.refused($$ '', array['requests:read'] $$), '400 invalid_name', 'a key has a name');
select is(pg_temp.refused($$ null, array['requests:read'] $$), '400 invalid_name', 'really');
select is(pg_temp.refused($$ 'Key', '{}' $$), '400 invalid_scopes', 'a key has scopes');
select is(pg_temp.refused($$ 'Key', null $$), '400 invalid_scopes', 'at least one');
select is(pg_temp.refused($$ 'Key', array[null]::text[] $$), '400 invalid_scopes', 'that is one');
select is(pg_temp.refused($$ 'Key', array['requests:everything'] $$), '400 invalid_scopes', 'that exists');
select is(pg_temp.refused($$ 'Key', array['requests:read', null] $$), '400 invalid_scopes', 'each of them');
select is(
  pg_temp.refused($$ 'Key', (select array_agg('scope' || i) from generate_series(1, 100000) as i) $$), '400 invalid_scopes',
  'a flood of scopes is refused'
);
select is(pg_temp.refused(format($$ 'Key', array['requests:read'], %L $$, repeat('x', 501))), '400 invalid_description', 'a description is short');
select is(pg_temp.refused($$ 'Key', array['requests:read'], null, now() - interval '1 second' $$), '400 invalid_expiry', 'an expiry is still to come');
select is(pg_temp.refused($$ 'Key', array['requests:read'], null, null, '{}' $$), '400 invalid_networks', 'an empty list of networks is a mistake');
select is(
  pg_temp.refused($$ 'Key', array['requests:read'], null, null, null, tests.id('foreign system') $$), '404 system_not_found',
  'a key is not bound to a system of others'
);
select is(
  pg_temp.refused($$ 'Key', array['requests:read'], null, null, null, null, tests.id('inn') $$), '404 venue_not_found',
  'nor to a venue of others'
);

-- Never more than the creator holds.
insert into public.organization_member_permissions (organization_member_id, permission_key, effect)
select id, unnest(array['api_keys:write', 'api_keys:read']), 'grant' from public.organization_members
where user_id = tests.id('stan') and organization_id = tests.id('A');
select is(pg_temp.refused($$ 'Key', array['requests:read', 'requests:write'] $$, 'stan'), '1', 'staff who may make keys give what they hold');
select is(pg_temp.refused($$ 'Key', array['requests:read', 'songs:write'] $$, 'stan'), '403 scope_not_held', 'and nothing else');
select is(
  (select string_agg(key, ', ' order by key) from public.api_key_scopes
   where pg_temp.refused(format($$ 'Key', array[%L] $$, key), 'stan') = '403 scope_not_held'),
  'songs:write, venues:write', 'that is: these are refused'
);

-- When a key does not work ---------------------------------------------------------------------------------------------

select is(pg_temp.refusal('sk_live_' || repeat('x', 43)), 'unknown_key', 'an unknown key does not work');
select is(pg_temp.refusal(''), 'unknown_key', 'nor does an empty one');
select is(pg_temp.refusal(null), 'unknown_key', 'nor none');
select is(pg_temp.refusal(left(pg_temp.key('first'), 50)), 'unknown_key', 'nor a part of one');
select is(pg_temp.refusal(pg_temp.key('first') || ' '), 'unknown_key', 'nor one with something added');
select is(pg_temp.refusal(encode(sha256(convert_to(pg_temp.key('first'), 'UTF8')), 'hex')), 'unknown_key', 'nor its hash');
select is(pg_temp.refusal(repeat('x', 1000000)), 'unknown_key', 'nor a very long one');

select pg_temp.make('expiring', $$ public.create_api_key(tests.id('A'), 'Expiring', array['requests:read'], null, now() + interval '1 day') $$)
\g /dev/null
select is(pg_temp.refusal(pg_temp.key('expiring')), null, 'a key works until it expires');
update public.api_keys set expires_at = now() where id = pg_temp.key_id('expiring');
select is(pg_temp.refusal(pg_temp.key('expiring')), 'expired', 'and not a moment longer');

select pg_temp.make('homely', $$ public.create_api_key(tests.id('A'), 'Home', array['requests:read'], null, null, array['203.0.113.0/24', '2001:db8::/32']::cidr[]) $$)
\g /dev/null
select is(pg_temp.refusal(pg_temp.key('homely'), '203.0.113.9'), null, 'a key with networks works in them');
select is(pg_temp.refusal(pg_temp.key('homely'), '2001:db8::9'), null, 'in each of them');
select is(pg_temp.refusal(pg_temp.key('homely'), '203.0.114.9'), 'address_not_allowed', 'not beside them');
select is(pg_temp.refusal(pg_temp.key('homely'), '2001:db9::1'), 'address_not_allowed', 'not beside the other one');
select is(pg_temp.refusal(pg_temp.key('homely'), null), 'address_not_allowed', 'and not from an address nobody knows');

-- Rotation -------------------------------------------------------------------------------------------------------------

insert into made select 'before', key from made where name = 'first';
select pg_temp.make('first', format('public.rotate_api_key(%L, 2)', pg_temp.key_id('first')))
\g /dev/null
select isnt(pg_temp.key('first'), pg_temp.key('before'), 'rotation gives a new secret');
select is(pg_temp.key_id('first'), pg_temp.key_id('before'), 'to the same key');
select is(
  (select prefix from public.api_keys where id = pg_temp.key_id('first')), left(pg_temp.key('first'), 12), 'its prefix is the new one'
);
select is(pg_temp.refusal(pg_temp.key('first')), null, 'the new secret works');
select is(pg_temp.refusal(pg_temp.key('before')), null, 'the old one works during the grace period');
update private.api_key_secrets set valid_until = now() where secret_hash = sha256(convert_to(pg_temp.key('before'), 'UTF8'));
select is(pg_temp.refusal(pg_temp.key('before')), 'rotated', 'and not after it');
insert into made select 'between', key from made where name = 'first';
select pg_temp.make('first', format('public.rotate_api_key(%L)', pg_temp.key_id('first')))
\g /dev/null
select is(pg_temp.refusal(pg_temp.key('between')), 'rotated', 'without a grace period the old secret stops at once');
select is(pg_temp.refusal(pg_temp.key('before')), 'rotated', 'an earlier one does not come back');
select is(
  tests.attempt('alice', format('select public.rotate_api_key(%L, %s)', pg_temp.key_id('first'), grace)), '400 invalid_grace_hours',
  'a grace period of ' || grace || ' is refused'
)
from unnest(array['-1', '25', 'null']) as grace;
select pg_temp.make('again' || i, format('public.rotate_api_key(%L)', pg_temp.key_id('second'))) from generate_series(1, 5) as i
\g /dev/null
select is(
  tests.attempt('alice', format('select public.rotate_api_key(%L)', pg_temp.key_id('second'))), '429 rate_limited', 'five rotations an hour are enough'
);
select is(
  (select count(*) from private.api_key_secrets where api_key_id = pg_temp.key_id('second') and valid_until is null), 1::bigint,
  'one secret is in force'
);

-- Revoking -------------------------------------------------------------------------------------------------------------

select tests.act_as('alice');
select lives_ok(format('select public.revoke_api_key(%L)', pg_temp.key_id('first')), 'a key is revoked');
select tests.act_as_owner_role();
select is(pg_temp.refusal(pg_temp.key('first')), 'revoked', 'and stops at once');
create temporary table revoked as select revoked_at from public.api_keys where id = pg_temp.key_id('first');
select tests.act_as('alice');
select lives_ok(format('select public.revoke_api_key(%L)', pg_temp.key_id('first')), 'again is harmless');
select throws_ok(
  format('select public.rotate_api_key(%L)', pg_temp.key_id('first')), 'PT409', 'api_key_revoked', 'a revoked key gets no new secret'
);
select tests.act_as_owner_role();
select is((select revoked_at from public.api_keys where id = pg_temp.key_id('first')), (select revoked_at from revoked), 'and the first time counts');
select is(
  tests.attempt('alice', format('update public.api_keys set revoked_at = null where id = %L', pg_temp.key_id('first'))), '42501',
  'nobody brings it back by hand'
);
select is(
  tests.attempt('alice', format('update public.api_keys set scopes = %L where id = %L', '{requests:write}', pg_temp.key_id('second'))), '42501',
  'or gives it other scopes'
);

-- What hosts see of it -------------------------------------------------------------------------------------------------

select pg_temp.make('watched', $$ public.create_api_key(tests.id('A'), 'Watched', array['requests:read']) $$)
\g /dev/null
create function pg_temp.call(p_key text, p_command text default 'getVenues')
returns jsonb
language sql
return private.openkj_call(jsonb_build_object('api_key', p_key, 'command', p_command), '198.51.100.7');
select pg_temp.call(left(pg_temp.key('watched'), 12) || repeat('0', 39)), pg_temp.call(left(pg_temp.key('watched'), 12)), pg_temp.call(pg_temp.key('watched'))
\g /dev/null
select results_eq(
  format('select calls, failures, last_failure_reason, last_failure_from, last_call_from from public.api_key_usage where api_key_id = %L', pg_temp.key_id('watched')),
  $$ values (1, 2, 'unknown_key', '198.51.100.7'::inet, '198.51.100.7'::inet) $$,
  'wrong calls with its prefix are counted beside those that worked'
);
select pg_temp.call(pg_temp.key('watched'), 'setAccepting')
\g /dev/null
select is(
  (select last_failure_reason from public.api_key_usage where api_key_id = pg_temp.key_id('watched')), 'scope requests:write missing',
  'a missing scope is named'
);
select pg_temp.call(pg_temp.key('watched'), 'getSerial') from generate_series(1, 20)
\g /dev/null
select is(
  (select calls from public.api_key_usage where api_key_id = pg_temp.key_id('watched')), 1, 'polling is not counted as calls'
);
select lives_ok($$ select pg_temp.call(null), pg_temp.call(''), pg_temp.call('sk_live_') $$, 'calls without a key are refused, not failed');

-- A key goes with its venue or system.
select pg_temp.make('bound', $$ public.create_api_key(tests.id('A'), 'Bound', array['requests:read'], null, null, null, tests.id('system'), tests.id('cellar')) $$)
\g /dev/null
select is(
  (select caller from private.verify_api_key(pg_temp.key('bound'), null)),
  row(pg_temp.key_id('bound'), tests.id('A'), array['requests:read'], tests.id('system'), tests.id('cellar'))::private.api_key_caller,
  'a bound key says what it is bound to'
);

select * from finish();
rollback;
