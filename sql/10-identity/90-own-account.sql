-- What belongs to a person, to take along or to have deleted.

create function private.export_account()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
begin
  return jsonb_build_object(
    'exported_at', now(),
    'account', (
      select jsonb_build_object(
        'id', account.id, 'email', account.email, 'phone', account.phone, 'created_at', account.created_at,
        'last_sign_in_at', account.last_sign_in_at
      )
      from auth.users as account
      where account.id = v_user_id
    ),
    'profile', (select to_jsonb(profile) from public.profiles as profile where profile.user_id = v_user_id),
    'singer_profile', (select to_jsonb(profile) from public.singer_profiles as profile where profile.user_id = v_user_id),
    'memberships', (
      select coalesce(jsonb_agg(to_jsonb(member) || jsonb_build_object('organization', organization.name) order by member.id), '[]')
      from public.organization_members as member
      join public.organizations as organization on organization.id = member.organization_id
      where member.user_id = v_user_id
    ),
    'requests', (
      select coalesce(jsonb_agg(to_jsonb(request) - 'idempotency_key' - 'sort_order' order by request.id), '[]')
      from public.requests as request
      where request.singer_user_id = v_user_id
    ),
    'performances', (
      select coalesce(jsonb_agg(to_jsonb(sung) order by sung.id), '[]')
      from public.performances as sung
      where sung.singer_user_id = v_user_id
    ),
    'notifications', (
      select coalesce(jsonb_agg(to_jsonb(told) - 'idempotency_key' order by told.id), '[]')
      from public.notifications as told
      where told.user_id = v_user_id
    ),
    'message_preferences', (
      select coalesce(jsonb_agg(to_jsonb(preference) order by preference.category, preference.channel), '[]')
      from public.message_preferences as preference
      where preference.user_id = v_user_id
    )
  );
end;
$$;

comment on function private.export_account() is 'Definer: reads across tables, only rows of the caller.';

revoke all on function private.export_account() from public;
grant execute on function private.export_account() to authenticated;

create function public.export_account()
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.export_account();
$$;

comment on function public.export_account() is 'Everything kept about the caller, as one JSON object. Errors: 401.';

revoke all on function public.export_account() from public;
grant execute on function public.export_account() to authenticated;

create function private.delete_account()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_recent_authentication();
  v_email text;
  v_owned text;
begin
  select nullif(account.email, '') into v_email from auth.users as account where account.id = v_user_id for update;
  select string_agg(organization.name, ', ' order by organization.name) into v_owned
  from public.organization_members as owner
  join public.organizations as organization on organization.id = owner.organization_id
  where owner.user_id = v_user_id and owner.role_key = 'owner' and exists (
    select
    from public.organization_members as other
    where other.organization_id = owner.organization_id and other.user_id <> v_user_id and other.status in ('active', 'suspended')
  );
  if v_owned is not null then
    perform private.raise_error(
      409, 'still_owner', 'Others still work in organizations you own: ' || v_owned || '.',
      'Transfer the ownership, or remove the other members first.'
    );
  end if;

  update public.performances set singer_name = 'Former singer' where singer_user_id = v_user_id;
  update public.requests set singer_names = array['Former singer'], notes = null where singer_user_id = v_user_id;
  if v_email is not null then
    perform private.enqueue_message('email', 'account_deleted', v_email, '{}');
  end if;
  delete from public.organizations as organization
  using public.organization_members as owner
  where owner.organization_id = organization.id and owner.user_id = v_user_id and owner.role_key = 'owner';
  delete from auth.users where id = v_user_id;
end;
$$;

comment on function private.delete_account() is 'Definer: accounts are Auth''s; requests stay for the venue''s statistics, without a name.';

revoke all on function private.delete_account() from public;
grant execute on function private.delete_account() to authenticated;

create function public.delete_account()
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.delete_account();
$$;

comment on function public.delete_account() is
  'Deletes the caller''s account and what belongs to it, at once and for good, with organizations only they work in. What they sang
stays without their name. Errors: 401; 403 reauthentication_needed; 409 still_owner.';

revoke all on function public.delete_account() from public;
grant execute on function public.delete_account() to authenticated;
