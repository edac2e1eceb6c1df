-- Members, invitations, ownership and delegated access: who may give what to whom, and every way to get more than one has.
begin;
\ir support/actors.psql
select no_plan();

create function pg_temp.member(p_name text, p_organization text default 'A')
returns uuid
language sql
return (select id from public.organization_members where user_id = tests.id(p_name) and organization_id = tests.id(p_organization));
create function pg_temp.override(p_name text, p_permission text, p_effect text)
returns void
language sql
begin atomic
  insert into public.organization_member_permissions values (pg_temp.member(p_name), p_permission, p_effect);
end;
-- A statement tried in a role, with {name} for the membership of somebody in A.
create function pg_temp.try(p_actor text, p_sql text, p_aal text default 'aal1')
returns text
language plpgsql
as $$
declare
  v_sql text := p_sql;
  v_name text;
begin
  for v_name in select distinct matched[1] from regexp_matches(p_sql, '\{(\w+)\}', 'g') as matched loop
    v_sql := replace(v_sql, '{' || v_name || '}', quote_literal(pg_temp.member(v_name)) || '::uuid');
  end loop;
  return tests.attempt(p_actor, 'select ' || v_sql, p_aal);
end;
$$;
-- The same, done.
create function pg_temp.do(p_actor text, p_sql text)
returns jsonb
language plpgsql
as $$
declare
  v_sql text := p_sql;
  v_name text;
  v_answer jsonb;
begin
  for v_name in select distinct matched[1] from regexp_matches(p_sql, '\{(\w+)\}', 'g') as matched loop
    v_sql := replace(v_sql, '{' || v_name || '}', quote_literal(pg_temp.member(v_name)) || '::uuid');
  end loop;
  v_answer := tests.answer(p_actor, 'select ' || v_sql || ' as answer');
  return v_answer -> 0 -> 'answer';
end;
$$;

-- Changing members -----------------------------------------------------------------------------------------------------

select is(pg_temp.try('alice', 'public.update_member({stan}, ''manager'')'), '1', 'the owner changes a role');
select is(pg_temp.try(actor, 'public.update_member({stan}, ''manager'')'), outcome, format('%s does not: %s', actor, outcome))
from (values
  ('adam', '403 permission_denied'), ('mia', '403 permission_denied'), ('stan', '403 permission_denied'), ('bob', '404 member_not_found'), ('eve', '404 member_not_found'),
  ('sue', '404 member_not_found'), ('rex', '404 member_not_found')
) as refused (actor, outcome);
select is(pg_temp.try('alice', call), outcome, call)
from (values
  ('public.update_member({alice}, ''staff'')', '409 owner_is_protected'),
  ('public.set_member_suspended({alice}, true)', '409 owner_is_protected'),
  ('public.remove_member({alice})', '409 owner_is_protected'),
  ('public.leave_organization(tests.id(''A''))', '409 owner_is_protected'),
  ('public.update_member({stan}, ''owner'')', '400 invalid_role'),
  ('public.update_member({stan}, ''super_admin'')', '400 invalid_role'),
  ('public.update_member({stan}, ''nothing'')', '400 invalid_role'),
  ('public.update_member({stan}, p_grants => array[''no:such''])', '400 invalid_permissions'),
  ('public.update_member({stan}, p_grants => array[null]::text[])', '400 invalid_permissions'),
  ('public.update_member({stan}, p_denials => array[''no:such''])', '400 invalid_permissions'),
  ('public.update_member({stan}, p_denials => array[null]::text[])', '400 invalid_permissions'),
  ('public.update_member({stan})', '1'),
  ('public.set_member_suspended({stan}, null)', '400 invalid_suspended'),
  ('public.set_member_suspended({rex}, false)', '409 not_a_member')
) as tried (call, outcome);

select pg_temp.do('alice', 'public.update_member({stan}, ''manager'', array[''venues:create''], array[''audit:read''])')
\g /dev/null
select results_eq(
  $$ select member.role_key, string_agg(override.effect || ' ' || override.permission_key, ', ' order by override.effect)
     from public.organization_members as member join public.organization_member_permissions as override on override.organization_member_id = member.id
     where member.user_id = tests.id('stan') group by 1 $$,
  $$ values ('manager', 'deny audit:read, grant venues:create') $$, 'role and overrides change together'
);
select pg_temp.do('alice', 'public.update_member({stan}, p_grants => ''{}'')')
\g /dev/null
select is(
  (select string_agg(effect || ' ' || permission_key, ', ') from public.organization_member_permissions where organization_member_id = pg_temp.member('stan')),
  'deny audit:read', 'a list replaces the former one, what is left out stays'
);
select pg_temp.do('alice', 'public.update_member({stan}, ''staff'', p_denials => ''{}'')')
\g /dev/null

-- A manager who may change members.
select pg_temp.override('mia', 'members:update', 'grant'), pg_temp.override('mia', 'members:remove', 'grant'), pg_temp.override('mia', 'members:invite', 'grant');
select is(pg_temp.try('mia', call), outcome, 'the manager: ' || call)
from (values
  ('public.update_member({stan}, ''manager'')', '1'),
  ('public.update_member({stan}, ''admin'')', '403 permission_not_held'),
  ('public.update_member({stan}, p_grants => array[''songs:write''])', '1'),
  ('public.update_member({stan}, p_grants => array[''billing:write''])', '403 permission_not_held'),
  ('public.update_member({stan}, p_grants => array[''songs:write'', ''api_keys:write''])', '403 permission_not_held'),
  ('public.update_member({mia}, ''admin'')', '409 own_membership'),
  ('public.update_member({mia}, p_grants => array[''songs:write''])', '409 own_membership'),
  ('public.update_member({alice}, ''staff'')', '409 owner_is_protected'),
  ('public.remove_member({mia})', '409 own_membership'),
  ('public.invite_member(tests.id(''A''), ''x@tests.invalid'', ''admin'')', '403 permission_not_held'),
  ('public.invite_member(tests.id(''A''), ''x@tests.invalid'', ''manager'', array[''audit:read''])', '403 permission_not_held'),
  ('public.invite_member(tests.id(''A''), ''x@tests.invalid'', ''manager'')', '1'),
  ('public.invite_member(tests.id(''A''), ''x@tests.invalid'', ''owner'')', '400 invalid_role')
) as tried (call, outcome);
-- What is denied to oneself is not held, whatever the role says.
select pg_temp.override('mia', 'songs:write', 'deny');
select is(pg_temp.try('mia', 'public.update_member({stan}, ''manager'')'), '403 permission_not_held', 'a role with something one is denied is not given');
-- To lift a denial is to give.
select pg_temp.override('grace', 'songs:write', 'deny');
select is(pg_temp.try('mia', 'public.update_member({grace}, p_denials => ''{}'')'), '403 permission_not_held', 'a denial of what one does not hold is not lifted');
select is(pg_temp.try('mia', 'public.update_member({grace}, p_denials => array[''songs:write'', ''songs:read''])'), '1', 'others may be added');
select is(pg_temp.try('alice', 'public.update_member({grace}, p_denials => ''{}'')'), '1', 'who holds it may lift it');
select is(
  pg_temp.try('mia', format('public.update_member(%L::uuid, ''staff'')', pg_temp.member('bob', 'B'))), '404 member_not_found', 'members of others are not there'
);

-- Suspending and removing ----------------------------------------------------------------------------------------------

create function pg_temp.sees(p_name text)
returns text
language sql
return tests.attempt(p_name, 'select from public.venues where organization_id = tests.id(''A'')');
select is(pg_temp.sees('stan'), '2', 'a member sees the venues');
select pg_temp.do('alice', 'public.set_member_suspended({stan}, true)')
\g /dev/null
select is(pg_temp.sees('stan'), '0', 'a suspended one does not');
select is(pg_temp.try('stan', 'public.set_member_suspended({stan}, false)'), '404 member_not_found', 'and does not bring themselves back');
select pg_temp.do('alice', 'public.set_member_suspended({stan}, false)')
\g /dev/null
select is(pg_temp.sees('stan'), '2', 'the owner does');
insert into private.session_contexts (session_id, organization_id) select session_id, tests.id('A') from tests.people where name = 'stan';
select pg_temp.override('stan', 'venues:update', 'grant');
select pg_temp.do('alice', 'public.remove_member({stan})')
\g /dev/null
select is(pg_temp.sees('stan'), '0', 'a removed one sees nothing');
select is_empty($$ select from private.session_contexts as context join tests.people as person using (session_id) where person.name = 'stan' $$, 'the session no longer works for the organization');
select is_empty($$ select from public.organization_member_permissions where organization_member_id = pg_temp.member('stan') $$, 'overrides are gone');
select is((select count(*) from public.notifications where user_id = tests.id('stan') and kind = 'member_removed'), 1::bigint, 'and is told');
select is(pg_temp.try('stan', 'public.leave_organization(tests.id(''A''))'), '404 organization_not_found', 'who was removed cannot leave');
select is(pg_temp.try('dan', 'public.leave_organization(tests.id(''A''))'), '1', 'a member may');
select is(pg_temp.try('sue', 'public.leave_organization(tests.id(''A''))'), '1', 'a suspended one too');
select is(pg_temp.try('eve', 'public.leave_organization(tests.id(''A''))'), '404 organization_not_found', 'a stranger has nothing to leave');

-- The list -------------------------------------------------------------------------------------------------------------

select is(
  tests.answer('alice', $$ select name, role_key, total_count from public.list_members(tests.id('A'), p_limit => 1) $$),
  jsonb_build_array(jsonb_build_object(
    'name', 'Alice', 'role_key', 'owner', 'total_count',
    (select count(*) from public.organization_members where organization_id = tests.id('A') and status = 'active')
  )),
  'members are listed, the owner first'
);
select is(tests.answer('alice', format('select name from public.list_members(tests.id(''A''), %L)', search)), found::jsonb, format('search for %s', search))
from (values ('ADA', '[{"name": "Adam"}]'), ('mia@tests', '[{"name": "Mia"}]'), ('%', '[]'), ('_dam', '[]'), ('\', '[]'), ('''', '[]')) as searched (search, found);
select is(tests.attempt('alice', format('select from public.list_members(tests.id(''A''), %s)', arguments)), outcome, format('list_members(%s)', arguments))
from (values
  ('p_page => 0', '400 invalid_page'), ('p_page => null', '400 invalid_page'), ('p_limit => 0', '400 invalid_page'), ('p_limit => 101', '400 invalid_page'),
  ('p_page => 2147483647, p_limit => 1', '0'), ('p_page => 2147483647, p_limit => 100', '0'), ('p_search => repeat(''x'', 101)', '400 invalid_search'), ('p_status => ''suspended''', '1')
) as listed (arguments, outcome);
select is(tests.attempt(actor, 'select from public.list_members(tests.id(''A''))'), outcome, actor || ' lists the members: ' || outcome)
from (values ('grace', '403 permission_denied'), ('bob', '404 organization_not_found'), ('sue', '404 organization_not_found')) as refused (actor, outcome);

-- Invitations ----------------------------------------------------------------------------------------------------------

create function pg_temp.token(p_email text)
returns text
language sql
return (
  select substring(secrets ->> 'link' from 'token=([0-9a-f]{64})$') from private.messages
  where recipient = p_email and template_key = 'organization_invitation' order by created_at desc, ctid desc limit 1
);
select pg_temp.do('adam', 'public.invite_member(tests.id(''A''), ''  EVE@tests.invalid '', ''staff'', array[''venues:update''])')
\g /dev/null
select results_eq(
  $$ select email, role_key, grants, status, invited_by, expires_at from public.organization_invitations where email = 'eve@tests.invalid' $$,
  $$ values ('eve@tests.invalid', 'staff', array['venues:update'], 'pending', tests.id('adam'), now() + interval '7 days') $$, 'an invitation waits for seven days'
);
select matches(pg_temp.token('eve@tests.invalid'), '^[0-9a-f]{64}$', 'its link has a token of 32 bytes');
select is_empty(
  $$ select from public.organization_invitations where strpos(organization_invitations::text, pg_temp.token('eve@tests.invalid')) > 0
     union all select from private.invitation_tokens where strpos(invitation_tokens::text, pg_temp.token('eve@tests.invalid')) > 0
     union all select from public.audit_entries where strpos(audit_entries::text, pg_temp.token('eve@tests.invalid')) > 0 $$,
  'which is kept nowhere else'
);
select is(tests.attempt('adam', format('select public.invite_member(tests.id(''A''), %s)', arguments)), outcome, format('invite_member(%s)', to_json(left(arguments, 60))))
from (values
  ('''no address'', ''staff''', '400 invalid_email'), ('null, ''staff''', '400 invalid_email'), (quote_literal(repeat('x', 250) || '@tests.invalid') || ', ''staff''', '400 invalid_email'),
  (quote_literal(E'a@b\r\nBcc: c@d') || ', ''staff''', '400 invalid_email'), ('''x@tests.invalid'', null', '400 invalid_role'), ('''mia@tests.invalid'', ''staff''', '409 already_a_member'),
  ('''sue@tests.invalid'', ''staff''', '409 already_a_member')
) as refused (arguments, outcome);
select is(tests.attempt(actor, 'select public.invite_member(tests.id(''A''), ''x@tests.invalid'', ''staff'')'), outcome, format('%s invites: %s', actor, outcome))
from (values ('grace', '403 permission_denied'), ('bob', '404 organization_not_found'), ('gus', '404 organization_not_found')) as refused (actor, outcome);

create temporary table tokens as select pg_temp.token('eve@tests.invalid') as token;
grant select on tokens to public;
select is(
  tests.answer('anon', format('select public.preview_invitation(%L) - ''expires_at'' as preview', (select token from tokens))) -> 0 -> 'preview',
  '{"role": "Staff", "email": "eve@tests.invalid", "inviter_name": "Adam", "organization_name": "Organization A"}', 'whoever has the link sees what it is for'
);
select is(tests.attempt('anon', format('select public.preview_invitation(%L)', token)), '404 invitation_not_found', 'a token that is wrong shows nothing')
from unnest(array['', null, 'x', repeat('0', 64), repeat('x', 100000)]) as token;
select is(
  tests.attempt('bob', format('select public.accept_invitation(%L)', (select token from tokens))), '403 invitation_for_another_address', 'an invitation is for its address'
);
update auth.users set email_confirmed_at = null where id = tests.id('eve');
select is(
  tests.attempt('eve', format('select public.accept_invitation(%L)', (select token from tokens))), '403 invitation_for_another_address', 'which must be confirmed'
);
update auth.users set email_confirmed_at = now() where id = tests.id('eve');
select is(
  tests.answer('eve', format('select public.accept_invitation(%L) as id', (select token from tokens))) -> 0 ->> 'id', tests.id('A')::text, 'the invited person accepts'
);
select is(tests.attempt('eve', 'update public.venues set city = ''X'' where organization_id = tests.id(''A'')'), '2', 'and holds what was given');
select is(tests.attempt('eve', format('select public.accept_invitation(%L)', (select token from tokens))), '404 invitation_not_found', 'once');
select is(
  tests.attempt('adam', format('select public.%s(%L::uuid)', call, (select id from public.organization_invitations where email = 'eve@tests.invalid'))),
  '409 invitation_answered', call || ' comes too late'
)
from unnest(array['resend_invitation', 'revoke_invitation']) as call;

-- Sent again, taken back, run out, declined.
select pg_temp.do('adam', 'public.invite_member(tests.id(''A''), ''gus@tests.invalid'', ''staff'')')
\g /dev/null
truncate tokens;
insert into tokens select pg_temp.token('gus@tests.invalid');
update private.messages set created_at = created_at - interval '1 minute' where recipient = 'gus@tests.invalid';
select pg_temp.do('adam', format('public.resend_invitation(%L)', (select id from public.organization_invitations where email = 'gus@tests.invalid')))
\g /dev/null
select is(tests.attempt('anon', format('select public.preview_invitation(%L)', (select token from tokens))), '404 invitation_not_found', 'sent again, the former link ends');
select is(tests.attempt('anon', format('select public.preview_invitation(%L)', pg_temp.token('gus@tests.invalid'))), '1', 'and the new one works');
update public.organization_invitations set expires_at = now() where email = 'gus@tests.invalid';
select is(tests.attempt('anon', format('select public.preview_invitation(%L)', pg_temp.token('gus@tests.invalid'))), '404 invitation_not_found', 'until it has run out');
update public.organization_invitations set expires_at = now() + interval '1 day' where email = 'gus@tests.invalid';
select pg_temp.do('adam', format('public.revoke_invitation(%L)', (select id from public.organization_invitations where email = 'gus@tests.invalid')))
\g /dev/null
select is(tests.attempt('anon', format('select public.preview_invitation(%L)', pg_temp.token('gus@tests.invalid'))), '404 invitation_not_found', 'or was taken back');
select is(
  tests.attempt('bob', format('select public.revoke_invitation(%L::uuid)', (select id from public.organization_invitations where email = 'gus@tests.invalid'))), '404 invitation_not_found',
  'strangers take nothing back'
);

-- A removed admin leaves no way back behind.
insert into auth.users (id, email, email_confirmed_at, is_anonymous, aud, role) values (gen_random_uuid(), 'second@tests.invalid', now(), false, 'authenticated', 'authenticated');
select pg_temp.do('adam', 'public.invite_member(tests.id(''A''), ''second@tests.invalid'', ''admin'')')
\g /dev/null
select pg_temp.do('alice', 'public.remove_member({adam})')
\g /dev/null
select is(
  tests.attempt('anon', format('select public.preview_invitation(%L)', pg_temp.token('second@tests.invalid'))), '404 invitation_not_found', 'the invitations of a removed member end'
);

-- Suspended people do not come back by an invitation; removed ones do, with the new role only.
select pg_temp.do('alice', 'public.invite_member(tests.id(''A''), ''rex@tests.invalid'', ''staff'')')
\g /dev/null
select is(tests.attempt('rex', format('select public.accept_invitation(%L)', pg_temp.token('rex@tests.invalid'))), '1', 'a removed member may come back');
select tests.answer('rex', format('select public.accept_invitation(%L)', pg_temp.token('rex@tests.invalid')))
\g /dev/null
select results_eq($$ select role_key, status from public.organization_members where user_id = tests.id('rex') $$, $$ values ('staff', 'active') $$, 'with the role of the invitation');

-- Ownership ------------------------------------------------------------------------------------------------------------

select is(pg_temp.try('alice', 'public.offer_ownership({mia})'), '403 reauthentication_needed', 'ownership is offered with a fresh proof of identity');
insert into private.password_confirmations (session_id, confirmed_at) select session_id, now() - interval '10 minutes' from tests.people where name = 'alice';
select is(pg_temp.try('alice', 'public.offer_ownership({mia})'), '403 reauthentication_needed', 'which ten minutes later is none');
update private.password_confirmations set confirmed_at = now();
insert into private.password_confirmations (session_id, confirmed_at) select session_id, now() from tests.people where name in ('mia', 'dan', 'grace', 'bob');
select is(pg_temp.try('alice', call), outcome, call)
from (values
  ('public.offer_ownership({alice})', '409 own_membership'), ('public.offer_ownership({sue})', '404 member_not_found'), ('public.offer_ownership({adam})', '404 member_not_found'),
  ('public.offer_ownership(gen_random_uuid())', '404 member_not_found'), ('public.offer_ownership(null)', '404 member_not_found')
) as refused (call, outcome);
select is(pg_temp.try(actor, 'public.offer_ownership({grace})'), '404 member_not_found', actor || ' has no ownership to offer') from unnest(array['mia', 'dan', 'bob']) as actor;
select pg_temp.do('alice', 'public.offer_ownership({mia})')
\g /dev/null
select is(pg_temp.try('dan', 'public.accept_ownership(tests.id(''A''))'), '404 offer_not_found', 'an offer is for one member');
select is(pg_temp.try('alice', 'public.accept_ownership(tests.id(''A''))'), '404 offer_not_found', 'not for who made it');
select pg_temp.do('alice', 'public.offer_ownership({dan})')
\g /dev/null
select is(pg_temp.try('mia', 'public.accept_ownership(tests.id(''A''))'), '404 offer_not_found', 'a new offer replaces the former one');
select is(pg_temp.try('alice', 'public.decline_ownership(tests.id(''A''))'), '1', 'the owner may take it back');
select is(pg_temp.try('dan', 'public.decline_ownership(tests.id(''A''))'), '1', 'the member may decline');
update private.ownership_offers set expires_at = now() - interval '1 second';
select is(pg_temp.try('dan', 'public.accept_ownership(tests.id(''A''))'), '404 offer_not_found', 'an offer runs out');
update private.ownership_offers set expires_at = now() + interval '1 day';
update public.organization_members set status = 'suspended' where id = pg_temp.member('dan');
select is(pg_temp.try('dan', 'public.accept_ownership(tests.id(''A''))'), '409 not_a_member', 'who is suspended does not become owner');
update public.organization_members set status = 'active' where id = pg_temp.member('dan');
select pg_temp.do('dan', 'public.accept_ownership(tests.id(''A''))')
\g /dev/null
select results_eq(
  $$ select role_key from public.organization_members where id in (pg_temp.member('dan'), pg_temp.member('alice')) order by role_key $$, $$ values ('admin'), ('owner') $$,
  'the member is owner, the former owner an admin'
);
select is_empty($$ select from public.organization_member_permissions where organization_member_id = pg_temp.member('dan') $$, 'an owner has no denials');
select is(pg_temp.try('alice', 'public.accept_ownership(tests.id(''A''))'), '404 offer_not_found', 'an offer is answered once');
select is(
  tests.attempt('dan', 'delete from public.organizations'), '42501', 'not even an owner deletes by hand'
);

-- Delegated access -----------------------------------------------------------------------------------------------------

create function pg_temp.access(p_actor text, p_arguments text, p_aal text default 'aal2')
returns text
language sql
return tests.attempt(p_actor, format('select public.open_delegated_access(%s)', p_arguments), p_aal);
select is(pg_temp.access(actor, 'tests.id(''B''), ''Support case 4711'''), '404 organization_not_found', actor || ' is not of the platform') from unnest(array['eve', 'alice', 'dan', 'gus']) as actor;
insert into private.platform_admins values (tests.id('eve'), 'support_admin');
select is(pg_temp.access('eve', 'tests.id(''B''), ''Support case 4711''', 'aal1'), '404 organization_not_found', 'platform people without a second factor have no power');
select is(pg_temp.access('eve', arguments), outcome, format('open_delegated_access(%s)', left(arguments, 60)))
from (values
  ('tests.id(''B''), ''short''', '400 invalid_reason'), ('tests.id(''B''), null', '400 invalid_reason'), ('tests.id(''B''), ''               ''', '400 invalid_reason'),
  ('tests.id(''B''), ''Support case 4711'', 0', '400 invalid_hours'), ('tests.id(''B''), ''Support case 4711'', 25', '400 invalid_hours'), ('tests.id(''B''), ''Support case 4711'', null', '400 invalid_hours'),
  ('gen_random_uuid(), ''Support case 4711''', '404 organization_not_found'), ('null, ''Support case 4711''', '404 organization_not_found'), ('tests.id(''B''), ''Support case 4711''', '1')
) as tried (arguments, outcome);
insert into private.platform_admins values (tests.id('mallory'), 'super_admin');
select is(pg_temp.access('eve', 'tests.id(''M''), ''Support case 4711'''), '403 owner_is_platform', 'platform people are out of each other''s reach');

create temporary table opened as
select (tests.answer('eve', 'select public.open_delegated_access(tests.id(''B''), ''Support case 4711'') as id', 'aal2') -> 0 ->> 'id')::uuid as id;
select is((select count(*) from public.notifications where user_id = tests.id('bob') and kind = 'delegated_access_opened'), 1::bigint, 'the owner is told');
-- What a request with the header x-delegated-access comes to: the step before it, then the statement.
create function pg_temp.under(p_sql text, p_method text default 'POST', p_id uuid default null, p_aal text default 'aal2')
returns text
language plpgsql
as $$
begin
  perform set_config('tests.access', coalesce(p_id, (select id from opened))::text, true), set_config('tests.method', p_method, true);
  return tests.attempt('eve', format('select tests.take_up_access(); %s', p_sql), p_aal);
end;
$$;
create function tests.take_up_access()
returns void
language plpgsql
as $$
begin
  perform
    set_config('request.headers', json_build_object('x-delegated-access', current_setting('tests.access'))::text, true),
    set_config('request.path', '/tests', true), set_config('request.method', current_setting('tests.method'), true);
  perform private.check_request();
end;
$$;
grant execute on function tests.take_up_access() to public;
grant select on opened to public;
create function pg_temp.delegated(p_permissions text, p_aal text default 'aal2')
returns text
language plpgsql
as $$
declare
  v_held text;
begin
  perform tests.act_as('eve', p_aal), set_config('karaoke.delegated_access', (select id from opened)::text, true);
  v_held := (select string_agg(key, ' ' order by key) from public.permissions where key ~ p_permissions and private.has_permission(tests.id('B'), key));
  perform tests.act_as_owner_role();
  return v_held;
end;
$$;
select is(pg_temp.delegated('.'), null, 'nothing is read that was not announced');
select is(tests.attempt('eve', format('select public.announce_reading(%L, %L)', (select id from opened), permissions), aal), outcome, format('announcing %s: %s', permissions, outcome))
from (values
  ('{venues:read}', 'aal1', '404 access_not_found'), ('{}', 'aal2', '400 invalid_permissions'), (null, 'aal2', '400 invalid_permissions'), ('{NULL}', 'aal2', '400 invalid_permissions'),
  ('{members:read}', 'aal2', '400 invalid_permissions'), ('{venues:update}', 'aal2', '400 invalid_permissions'), ('{venues:read,nonsense}', 'aal2', '400 invalid_permissions')
) as tried (permissions, aal, outcome);
select is(tests.attempt('dan', format('select public.announce_reading(%L, %L)', (select id from opened), '{venues:read}'), 'aal2'), '404 access_not_found', 'only the holder of an access announces');
select tests.answer('eve', format('select public.announce_reading(%L, %L)', (select id from opened), '{venues:read,requests:read,organization:read}'), 'aal2')
\g /dev/null
select results_eq(
  $$ select operation, table_name, row_key, organization_id, delegated_access_id from public.audit_entries where operation = 'read' and actor_id = tests.id('eve') order by row_key $$,
  $$ select 'read', 'permissions', permission, tests.id('B'), (select id from opened) from unnest(array['organization:read', 'requests:read', 'venues:read']) as permission $$,
  'what is announced is in the log before it is read'
);
select is(pg_temp.delegated('.'), 'organization:read requests:read venues:read', 'and then it is read, and nothing else');
select is(pg_temp.delegated('.', 'aal1'), null, 'with the second factor only');
select is(tests.attempt('eve', 'select from public.venues where organization_id = tests.id(''B'')', 'aal2'), '0', 'a request that does not name the access has none');
update private.announced_readings set expires_at = now();
select is(pg_temp.delegated('.'), null, 'an announcement runs out');
update private.announced_readings set expires_at = now() + interval '1 minute';
select is(pg_temp.under('select 1', p_id => id), outcome, format('the step before a request: %s', outcome))
from (values (null::uuid, '1'), (gen_random_uuid(), '403 delegated_access_ended'), (tests.id('B'), '403 delegated_access_ended')) as named (id, outcome);
select is(pg_temp.under('select 1', p_aal => 'aal1'), '403 delegated_access_ended', 'and so without the second factor');
select is(tests.attempt('eve', 'select set_config(''tests.access'', ''nonsense'', true); select tests.take_up_access()', 'aal2'), '403 delegated_access_ended', 'and what is no id');
select is(tests.attempt('dan', format('select set_config(''tests.access'', %L, true); select tests.take_up_access()', (select id from opened))), '403 delegated_access_ended', 'and the access of another');
select is(pg_temp.under('select from public.venues where organization_id = tests.id(''A'')'), '2', 'in no other organization than before');
select is(pg_temp.under('update public.venues set city = ''X'' where organization_id = tests.id(''B'')'), '0', 'nothing is changed');
select is(pg_temp.under('select public.set_accepting(tests.id(''inn''), false)'), '403 permission_denied', 'nor called');
update public.delegated_access_sessions set can_write = true;
select is(pg_temp.delegated('(billing|api_keys|members|audit)'), null, 'not even writing access covers billing, keys, members or the log');
select is(pg_temp.under('select public.create_api_key(tests.id(''B''), ''Key'', array[''requests:read''])'), '403 permission_denied', 'a key would outlive the access');
select is(pg_temp.under('select public.invite_member(tests.id(''B''), ''x@tests.invalid'', ''staff'')'), '403 permission_denied', 'and so would a member');
select is(pg_temp.under('select public.set_accepting(tests.id(''inn''), false)'), '1', 'what is asked for is done');
select is(pg_temp.under('select public.set_show_pin(tests.id(''inn''), ''1234'')'), '403 not_delegable', 'but no secret is set');
select is(pg_temp.under('update public.organizations set require_mfa = true where id = tests.id(''B'')'), '403 not_delegable', 'and no factor asked for');
select is(pg_temp.under('update public.organizations set name = ''Helped'' where id = tests.id(''B'')'), '1', 'unlike a name');
create temporary table before_it as select max(id) as id from public.audit_entries;
select tests.act_as('eve', 'aal2');
select set_config('tests.access', (select id::text from opened), true), set_config('tests.method', 'PATCH', true);
select tests.take_up_access();
update public.venues set city = 'Under access' where id = tests.id('inn');
update public.venues set city = 'Not under access' where id = tests.id('hall');
select tests.act_as_owner_role();
select results_eq(
  $$ select operation, table_name, row_key, delegated_access_id, organization_id from public.audit_entries where id > (select before_it.id from before_it) order by id $$,
  $$ select operation, table_name, row_key, access_id, organization_id from (values
       ('call', '/tests', 'PATCH', (select id from opened), tests.id('B')),
       ('update', 'venues', tests.id('inn')::text, (select id from opened), tests.id('B')),
       ('update', 'venues', tests.id('hall')::text, null, tests.id('A'))
     ) as expected (operation, table_name, row_key, access_id, organization_id) $$,
  'what is called and changed under it says so in the log, and nothing else does'
);
select is(tests.attempt('bob', format('select public.end_delegated_access(%L)', (select id from opened))), '1', 'the owner ends it');
select is(tests.attempt('dan', format('select public.end_delegated_access(%L)', (select id from opened))), '404 access_not_found', 'strangers do not');
update public.delegated_access_sessions set created_at = now() - interval '5 hours', expires_at = now();
select is(pg_temp.delegated('.'), null, 'it ends by itself');
update public.delegated_access_sessions set expires_at = now() + interval '1 hour';
delete from private.platform_admins where user_id = tests.id('eve');
select is(pg_temp.delegated('.'), null, 'and with the platform role');

-- Accounts -------------------------------------------------------------------------------------------------------------

select is(tests.attempt('bob', 'select public.delete_account()'), '1', 'who alone works in an organization deletes it with the account');
select is(tests.attempt('dan', 'select public.delete_account()'), '409 still_owner', 'not while others work there');
select is(tests.attempt('eve', 'select public.delete_account()'), '403 reauthentication_needed', 'nor without a fresh proof of identity');
update auth.users set encrypted_password = extensions.crypt('Karaoke-2026!', extensions.gen_salt('bf', 4)) where id = tests.id('eve');
select is(tests.answer('eve', 'select public.confirm_password(''wrong'') as ok'), '[{"ok": false}]', 'a wrong password is no proof');
select is(tests.answer('eve', 'select public.confirm_password(null) as ok'), '[{"ok": false}]', 'nor is none');
select is(tests.attempt('eve', 'select public.delete_account()'), '403 reauthentication_needed', 'of anything');
select is(tests.answer('eve', 'select public.confirm_password(''Karaoke-2026!'') as ok'), '[{"ok": true}]', 'the right one is');
select is(tests.attempt('eve', 'select public.delete_account()'), '1', 'for deleting the account');
select is(tests.attempt('mia', 'select public.confirm_password('''')'), '1', 'without a password there is none to confirm');
select is(tests.answer('mia', 'select public.confirm_password('''') as ok'), '[{"ok": false}]', 'not even an empty one');
select tests.answer('eve', 'select public.confirm_password(''x'')'), tests.answer('eve', 'select public.confirm_password(''x'')')
\g /dev/null
select is(tests.attempt('eve', 'select public.confirm_password(''Karaoke-2026!'')'), '429 rate_limited', 'five attempts are all there are');

select is(
  tests.attempt('eve', format('select public.end_session(%L)', (select session_id from tests.people where name = 'bob'))), '404 session_not_found', 'nobody ends the sessions of others'
);
select is(tests.answer('eve', 'select count(*), bool_and(is_current) from public.list_sessions()'), '[{"count": 1, "bool_and": true}]', 'or sees them');
select is(
  tests.answer('eve', 'select public.export_account() -> ''account'' ->> ''email'' as email'), '[{"email": "eve@tests.invalid"}]', 'an export is about its owner'
);
select doesnt_match(tests.answer('eve', 'select public.export_account()')::text, 'bob@|alice@|encrypted_password|\$2[aby]\$|secret', 'and nobody else, without secrets');

-- Backup codes.
select is(tests.attempt('eve', 'select public.create_backup_codes()'), '409 no_second_factor', 'codes stand in for a factor');
select is(tests.attempt('mallory', 'select public.create_backup_codes()'), '403 second_factor_required', 'and are made with it');
create temporary table codes as
select code from jsonb_array_elements_text(tests.answer('mallory', 'select public.create_backup_codes() as codes', 'aal2') -> 0 -> 'codes') as code;
select results_eq(
  $$ select count(*), count(distinct code), bool_and(code ~ '^[A-HJ-NP-Z2-9]{10}$') from codes $$, $$ values (10::bigint, 10::bigint, true) $$, 'ten codes of ten symbols without I, O, 0 and 1'
);
select is_empty($$ select from private.backup_codes, codes where strpos(backup_codes::text, codes.code) > 0 $$, 'kept as hashes');
select is(tests.attempt('mallory', 'select public.use_backup_code(''x'')', 'aal2'), '409 no_factor_lost', 'with the factor no code is needed');
select is(tests.attempt('eve', format('select public.use_backup_code(%L)', (select code from codes limit 1))), '409 no_factor_lost', 'codes of others are no use');
select is(tests.answer('mallory', 'select public.use_backup_code(''WRONGCODE2'') as ok'), '[{"ok": false}]', 'a wrong code is refused');
select is(tests.answer('mallory', 'select public.use_backup_code(null) as ok'), '[{"ok": false}]', 'so is none');
insert into auth.sessions (id, user_id, created_at, updated_at) values (gen_random_uuid(), tests.id('mallory'), now(), now());
select is(
  tests.answer('mallory', format('select public.use_backup_code(%L) as ok', (select lower(left(code, 5)) || ' - ' || right(code, 5) from codes limit 1))), '[{"ok": true}]', 'a code opens, however it is typed'
);
select is((select count(*) from auth.mfa_factors where user_id = tests.id('mallory')), 0::bigint, 'the lost factor is gone');
select is((select count(*) from auth.sessions where user_id = tests.id('mallory')), 1::bigint, 'other sessions are over');
select is((select count(*) from private.messages where template_key = 'backup_code_used' and user_id = tests.id('mallory')), 1::bigint, 'a mail tells of it');
insert into auth.mfa_factors (id, user_id, factor_type, status, created_at, updated_at) values (gen_random_uuid(), tests.id('mallory'), 'totp', 'verified', now(), now());
select is(tests.answer('mallory', format('select public.use_backup_code(%L) as ok', (select code from codes limit 1))), '[{"ok": false}]', 'a code works once');

select * from finish();
rollback;
