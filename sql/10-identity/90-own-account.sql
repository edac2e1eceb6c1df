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
        'last_sign_in_at', account.last_sign_in_at, 'metadata', account.raw_user_meta_data,
        'sign_in_methods', (
          select coalesce(jsonb_agg(jsonb_build_object('provider', identity.provider, 'created_at', identity.created_at) order by identity.created_at), '[]')
          from auth.identities as identity
          where identity.user_id = account.id
        ),
        'second_factors', (
          select coalesce(jsonb_agg(jsonb_build_object('name', factor.friendly_name, 'kind', factor.factor_type, 'created_at', factor.created_at) order by factor.created_at), '[]')
          from auth.mfa_factors as factor
          where factor.user_id = account.id
        ),
        'sessions', (
          select coalesce(jsonb_agg(jsonb_build_object('created_at', session.created_at, 'user_agent', session.user_agent, 'address', session.ip) order by session.created_at), '[]')
          from auth.sessions as session
          where session.user_id = account.id
        )
      )
      from auth.users as account
      where account.id = v_user_id
    )
  ) || (
    select jsonb_object_agg(kept.section, private.personal_rows(kept.table_name, kept.column_name, v_user_id, kept.left_out))
    from private.personal_data as kept
    where kept.section is not null
  );
end;
$$;

comment on function private.export_account() is 'Definer: reads across private and Auth''s tables, only rows of the caller.';

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

comment on function public.export_account() is
  'Everything kept about the caller, as one JSON object: "account", and a list of rows for each section of the list of personal data.
Errors: 401.';

revoke all on function public.export_account() from public;
grant execute on function public.export_account() to authenticated;

create function private.end_account()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_owned uuid[];
  v_in_use text;
  v_reference record;
begin
  -- Locked, so that nobody joins meanwhile.
  select array_agg(locked.id) into v_owned
  from (
    select organization.id
    from public.organizations as organization
    join public.organization_members as owner on owner.organization_id = organization.id
    where owner.user_id = old.id and owner.role_key = 'owner'
    order by organization.id
    for update of organization
  ) as locked;
  select string_agg(organization.name, ', ' order by organization.name) into v_in_use
  from public.organizations as organization
  where organization.id = any (v_owned) and exists (
    select
    from public.organization_members as other
    where other.organization_id = organization.id and other.user_id <> old.id and other.status in ('active', 'suspended')
  );
  if v_in_use is not null then
    perform private.raise_error(
      409, 'still_owner', 'Others still work in organizations this account owns: ' || v_in_use || '.',
      'Transfer the ownership, or remove the other members first.'
    );
  end if;

  update public.performances set singer_name = 'Former singer' where singer_user_id = old.id;
  update public.requests
  set singer_names = array['Former singer'], notes = null, idempotency_key = null, idempotency_digest = null
  where singer_user_id = old.id;
  delete from private.messages where user_id = old.id;
  if coalesce(old.email, '') <> '' then
    perform private.enqueue_message('email', 'account_deleted', old.email, '{}');
  end if;
  delete from public.organizations where id = any (v_owned);
  if tg_op = 'DELETE' then
    return old;
  end if;
  -- Auth keeps the row of an account that is deleted softly, without its addresses: what would go with the row goes now.
  for v_reference in
    select reference.conrelid::regclass as table_name, field.attname as column_name, reference.confdeltype = 'c' as goes
    from pg_catalog.pg_constraint as reference
    join pg_catalog.pg_attribute as field on field.attrelid = reference.conrelid and field.attnum = reference.conkey[1]
    where reference.contype = 'f' and reference.confrelid = 'auth.users'::regclass and reference.conparentid = 0
      and reference.connamespace in ('public'::regnamespace, 'private'::regnamespace)
  loop
    if v_reference.goes then
      execute format('delete from %s where %I = $1', v_reference.table_name, v_reference.column_name) using old.id;
    else
      execute format('update %s set %I = null where %2$I = $1', v_reference.table_name, v_reference.column_name) using old.id;
    end if;
  end loop;
  return new;
end;
$$;

comment on function private.end_account() is
  'What goes with an account, whoever deletes it: in the app, over Auth''s admin API or in Studio. Refuses with 409 still_owner while
others work in an organization it owns; organizations without others go too; what was sung stays, without the name. Definer:
Auth''s role may write none of these tables.';

revoke all on function private.end_account() from public;
grant execute on function private.end_account() to supabase_auth_admin;

create trigger users_end_account
  before delete on auth.users
  for each row execute function private.end_account();

create trigger users_end_account_softly
  before update of deleted_at on auth.users
  for each row
  when (old.deleted_at is null and new.deleted_at is not null)
  execute function private.end_account();

create function private.delete_account()
returns void
language sql
volatile
security definer
set search_path = ''
as $$
  delete from auth.users as account
  where account.id = (select private.require_user())
    -- A guest is whoever holds the session, and has nothing else to prove it with.
    and case when account.is_anonymous then true else account.id = (select private.require_recent_authentication()) end;
$$;

comment on function private.delete_account() is 'Definer: accounts are Auth''s. See end_account().';

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
stays without their name. A guest needs no proof but the session. Errors: 401; 403 reauthentication_needed; 409 still_owner.';

revoke all on function public.delete_account() from public;
grant execute on function public.delete_account() to authenticated;
