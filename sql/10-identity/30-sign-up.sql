-- What a new user gets, in the transaction in which Auth makes the user.

create function private.create_account()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_name text := rtrim(left(nullif(private.one_line(new.raw_user_meta_data ->> 'name'), ''), 255));
begin
  insert into public.profiles (user_id, name) values (new.id, v_name);
  if new.is_anonymous then
    return null;
  end if;
  if new.raw_user_meta_data ->> 'account_type' = 'customer' then
    perform private.create_organization(
      new.id,
      coalesce(nullif(private.one_line(new.raw_user_meta_data ->> 'organization_name'), ''), v_name, split_part(new.email, '@', 1), 'Karaoke'),
      nullif(btrim(new.raw_user_meta_data ->> 'time_zone'), '')
    );
  else
    insert into public.singer_profiles (user_id, nickname)
    values (new.id, rtrim(left(nullif(private.one_line(new.raw_user_meta_data ->> 'nickname'), ''), 100)));
  end if;
  return null;
end;
$$;

comment on function private.create_account() is
  'Profile for everybody; organization with owner for account type customer, singer profile for the others; neither for a
guest. Roles in the user''s metadata are never read. Definer: Auth''s role may write none of these tables.';

revoke all on function private.create_account() from public;
grant execute on function private.create_account() to supabase_auth_admin;

create trigger users_create_account
  after insert on auth.users
  for each row execute function private.create_account();

create function private.complete_guest_account()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into public.singer_profiles (user_id) values (new.id) on conflict (user_id) do nothing;
  return null;
end;
$$;

comment on function private.complete_guest_account() is
  'A guest who adds an e-mail address or phone becomes a singer under the same id, so requests stay theirs. Definer: as
create_account.';

revoke all on function private.complete_guest_account() from public;
grant execute on function private.complete_guest_account() to supabase_auth_admin;

create trigger users_complete_guest_account
  after update of is_anonymous on auth.users
  for each row
  when (old.is_anonymous and not new.is_anonymous)
  execute function private.complete_guest_account();

create function private.create_singer_profile()
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_singer_profile_id uuid;
begin
  if private.is_guest(v_user_id) then
    perform private.raise_error(
      403, 'guest_not_allowed', 'A guest has no singer profile.', 'Add an e-mail address to the account first.'
    );
  end if;
  insert into public.singer_profiles (user_id) values (v_user_id) on conflict (user_id) do nothing;
  select profile.id into v_singer_profile_id from public.singer_profiles as profile where profile.user_id = v_user_id;
  return v_singer_profile_id;
end;
$$;

comment on function private.create_singer_profile() is 'Definer: rows of this table are made only here and at sign-up.';

revoke all on function private.create_singer_profile() from public;
grant execute on function private.create_singer_profile() to authenticated;

create function public.create_singer_profile()
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.create_singer_profile();
$$;

comment on function public.create_singer_profile() is
  'Gives the caller a singer profile, for those who signed up as customer, and returns its id. Calling it again is harmless.
Errors: 401; 403 guest_not_allowed.';

revoke all on function public.create_singer_profile() from public;
grant execute on function public.create_singer_profile() to authenticated;
