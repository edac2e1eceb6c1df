-- Who holds which permission, and what that means for organizations and their members.
begin;
\ir support/actors.psql
select no_plan();

create function pg_temp.holds(p_actor text, p_permission text, p_organization text default 'A', p_aal text default 'aal1')
returns boolean
language plpgsql
as $$
declare
  v_holds boolean;
begin
  perform tests.act_as(p_actor, p_aal);
  v_holds := private.has_permission(tests.id(p_organization), p_permission);
  perform tests.act_as_owner_role();
  return v_holds;
end;
$$;

-- Roles ----------------------------------------------------------------------------------------------------------------

-- The defaults: owner, admin, manager, staff; + holds, . does not.
create temporary table defaults as
select words[1] as permission, words[2:5] as held
from (
  select regexp_split_to_array(trim(line), '\s+') as words
  from regexp_split_to_table($$
    organization:read   + + + +
    organization:write  + + . .
    members:read        + + + .
    members:invite      + + . .
    members:update      + . . .
    members:remove      + . . .
    venues:read         + + + +
    venues:create       + + . .
    venues:update       + + + .
    venues:delete       + + . .
    systems:read        + + + +
    systems:create      + + . .
    systems:update      + + + .
    systems:delete      + + . .
    requests:read       + + + +
    requests:process    + + + +
    requests:delete     + + + .
    api_keys:read       + + + .
    api_keys:write      + + . .
    api_keys:revoke     + + . .
    billing:read        + . . .
    billing:write       + . . .
    branding:read       + + + .
    branding:write      + + . .
    analytics:read      + + + .
    reports:write       + + + .
    audit:read          + + . .
    songs:read          + + + +
    songs:write         + + + .
  $$, '\n') as line
  where line ~ '\S'
) as lines;

select set_eq('select key from public.permissions', 'select permission from defaults', 'these are all permissions');
select is(
  (
    select string_agg(format('%s %s', actor.name, defaults.permission), ', ')
    from defaults
    cross join unnest(array['alice', 'adam', 'mia', 'stan']) with ordinality as actor (name, number)
    where pg_temp.holds(actor.name, defaults.permission) <> (defaults.held[actor.number] = '+')
  ),
  null, 'owner, admin, manager and staff hold what their roles say'
);
select is(
  (select string_agg(key, ', ') from public.permissions where pg_temp.holds('bob', key)), null,
  'the owner of another organization holds nothing'
);
select is(
  (
    select string_agg(actor || ' ' || key, ', ')
    from public.permissions, unnest(array['anon', 'gus', 'eve', 'sue', 'rex', 'nora', 'bea']) as actor
    where pg_temp.holds(actor, key)
  ),
  null, 'nor do visitors, guests, singers, the suspended, the removed, the banned or an ended session'
);
select is(
  tests.attempt('service', $$ select private.has_permission(tests.id('A'), 'organization:read') $$), '42501',
  'the service is no member and does not ask'
);
select ok(
  not pg_temp.holds('alice', 'no:such') and not pg_temp.holds('alice', '') and pg_temp.holds('alice', null) is not true,
  'a permission that does not exist is held by nobody'
);

-- Overrides ------------------------------------------------------------------------------------------------------------

select ok(pg_temp.holds('grace', 'venues:update'), 'a granted permission is added to the role');
select ok(not pg_temp.holds('dan', 'requests:process'), 'a denied one is taken away');
select ok(not pg_temp.holds('dan', 'venues:create'), 'a denial wins over a grant');
select ok(not pg_temp.holds('grace', 'venues:update', 'B'), 'a grant counts in its own organization only');
insert into public.organization_members (organization_id, user_id, role_key) values (tests.id('B'), tests.id('dan'), 'manager');
select ok(pg_temp.holds('dan', 'requests:process', 'B'), 'and so does a denial');
insert into public.organization_member_permissions (organization_member_id, permission_key, effect)
select id, 'audit:read', 'grant' from public.organization_members where user_id = tests.id('sue');
select ok(not pg_temp.holds('sue', 'audit:read'), 'a grant does not bring a suspended member back');

-- Membership changes at once -------------------------------------------------------------------------------------------

update public.organization_members set status = 'suspended' where user_id = tests.id('stan');
select ok(not pg_temp.holds('stan', 'requests:read'), 'suspending works at once');
update public.organization_members set status = 'active' where user_id = tests.id('stan');
select ok(pg_temp.holds('stan', 'requests:read'), 'and so does bringing back');
update public.organization_members set status = 'invited' where user_id = tests.id('stan');
select ok(not pg_temp.holds('stan', 'requests:read'), 'an invited person is no member yet');
update public.organization_members set status = 'active' where user_id = tests.id('stan');

-- The second factor ----------------------------------------------------------------------------------------------------

select ok(not pg_temp.holds('mallory', 'organization:read', 'M'), 'a session that owes its second factor holds nothing');
select ok(pg_temp.holds('mallory', 'organization:read', 'M', 'aal2'), 'and with it what the role says');
update public.organizations set require_mfa = true where id = tests.id('A');
select ok(
  not pg_temp.holds('alice', 'organization:read') and not pg_temp.holds('stan', 'requests:read'),
  'an organization that asks for a second factor trusts nobody without one, not even its owner'
);
select is(
  tests.attempt('alice', $$ select public.organization_overview(tests.id('A')) $$), '403 second_factor_required',
  'members are told why'
);
select is(
  tests.attempt('bob', $$ select public.organization_overview(tests.id('A')) $$), '404 organization_not_found',
  'and strangers nothing'
);
select is(
  tests.attempt('sue', $$ select public.organization_overview(tests.id('A')) $$), '404 organization_not_found',
  'neither are suspended members'
);
select ok(pg_temp.holds('alice', 'organization:read', 'A', 'aal2'), 'with a second factor everything is as before');
select is(tests.attempt('alice', 'select from public.venues'), '0', 'tables follow the same rule');
select is(tests.attempt('alice', 'select from public.venues', 'aal2'), '2', 'tables follow the same rule with the factor');
select is(
  tests.attempt('alice', $$ update public.organizations set require_mfa = false where id = tests.id('A') $$), '0',
  'and it cannot be switched off without the factor'
);
update public.organizations set require_mfa = false where id = tests.id('A');

-- A forged token -------------------------------------------------------------------------------------------------------

select tests.act_as('eve');
select set_config('request.jwt.claims', (current_setting('request.jwt.claims')::jsonb || jsonb_build_object(
  'org_ids', jsonb_build_array(tests.id('A')), 'app_role', 'super_admin', 'active_context', jsonb_build_object('type', 'organization', 'id', tests.id('A')),
  'user_metadata', '{"role": "owner"}'::jsonb, 'app_metadata', jsonb_build_object('role', 'super_admin', 'org_ids', jsonb_build_array(tests.id('A')))
))::text, true);
select is((select count(*) from public.organizations), 0::bigint, 'what a token says about organizations and roles opens nothing');
select is(private.has_permission(tests.id('A'), 'organization:read'), false, 'neither a permission');
select tests.act_as_owner_role();

-- Making organizations -------------------------------------------------------------------------------------------------

select tests.act_as('eve');
select lives_ok(
  $$ select set_config('tests.new', public.create_organization('  Eve''s Karaoke  ', 'Asia/Tokyo')::text, true) $$, 'a singer makes an organization'
);
select results_eq(
  $$ select organization.name, organization.time_zone, member.role_key, member.status
     from public.organizations as organization
     join public.organization_members as member on member.organization_id = organization.id
     where organization.id = current_setting('tests.new')::uuid $$,
  $$ values ('Eve''s Karaoke', 'Asia/Tokyo', 'owner', 'active') $$,
  'and is its owner'
);
select is((select count(*) from public.systems), 1::bigint, 'it has a system from the start');
select throws_ok($$ select public.create_organization('   ') $$, 'PT400', 'invalid_organization_name', 'a name is needed');
select throws_ok($$ select public.create_organization(null) $$, 'PT400', 'invalid_organization_name', 'really');
select throws_ok(format('select public.create_organization(%L)', repeat('x', 256)), 'PT400', 'invalid_organization_name', 'one of up to 255 characters');
select throws_ok($$ select public.create_organization('X', 'Mars/Olympus') $$, 'PT400', 'invalid_time_zone', 'the time zone must exist');
select lives_ok($$ select public.create_organization('X', null) $$, 'none means UTC');
select tests.act_as_owner_role();
select is(
  tests.attempt('eve', $$ update public.organizations set time_zone = 'nowhere' $$), '400 invalid_time_zone', 'the time zone is checked on change as well'
);
select tests.act_as('eve');
select public.create_organization('Third'), public.create_organization('Fourth'), public.create_organization('Fifth')
\g /dev/null
select throws_ok($$ select public.create_organization('Sixth') $$, 'PT429', 'rate_limited', 'five a day are enough');
select tests.act_as_owner_role();

-- What holds whoever writes --------------------------------------------------------------------------------------------

select throws_ok(
  $$ update public.organization_members set role_key = 'owner' where user_id = tests.id('adam') $$, '23505', null,
  'there is one owner'
);
select throws_ok(
  $$ update public.organization_members set status = 'suspended' where user_id = tests.id('alice') $$, '23514', null,
  'the owner is active'
);
select throws_ok(
  $$ update public.organization_members set role_key = 'super_admin' where user_id = tests.id('adam') $$, 'PT400', 'not_an_organization_role',
  'no organization gives a role of the platform'
);
select throws_ok(
  $$ insert into public.organization_members (organization_id, user_id, role_key) values (tests.id('A'), tests.id('adam'), 'staff') $$,
  '23505', null, 'a person is a member once'
);
select throws_ok(
  $$ update public.organizations set contact_email = 'Info@Example.com' where id = tests.id('A') $$, '23514', null,
  'addresses are kept in lower case'
);
select throws_ok(
  $$ update public.organizations set contact_phone = '555-0100' where id = tests.id('A') $$, '23514', null,
  'phone numbers are kept in E.164'
);

-- Members read what they may, strangers see nothing --------------------------------------------------------------------

select is(tests.attempt('adam', $$ update public.organizations set name = 'Renamed' where id = tests.id('A') $$), '1', 'an admin renames the organization');
select is(tests.attempt('mia', $$ update public.organizations set name = 'Renamed' where id = tests.id('A') $$), '0', 'a manager does not');
select is(tests.attempt('bob', $$ update public.organizations set name = 'Renamed' where id = tests.id('A') $$), '0', 'another owner does not');
select is(tests.attempt('alice', $$ update public.organization_members set role_key = 'staff' $$), '42501', 'members are not changed by hand');
select is(
  tests.attempt('stan', $$ insert into public.organization_member_permissions values (tests.id('A'), 'venues:update', 'grant') $$), '42501',
  'and nobody grants by hand'
);

select * from finish();
rollback;
