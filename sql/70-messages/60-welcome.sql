-- The first mail that is not about signing in: once the address is known to be theirs.

create function private.welcome_user()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_message(
    'email',
    case
      when exists (
        select from public.organization_members as owner where owner.user_id = new.id and owner.role_key = 'owner'
      ) then 'welcome_customer'
      else 'welcome_singer'
    end,
    new.email, jsonb_build_object('link', private.setting('app_url')), new.id, format('welcome:%s', new.id)
  );
  return null;
end;
$$;

comment on function private.welcome_user() is 'Definer: Auth''s role may not write to the outbox.';

revoke all on function private.welcome_user() from public;
grant execute on function private.welcome_user() to supabase_auth_admin;

create trigger users_welcome
  after update of email_confirmed_at on auth.users
  for each row
  when (old.email_confirmed_at is null and new.email_confirmed_at is not null)
  execute function private.welcome_user();

-- Who comes from Google or Apple has a confirmed address from the start. After users_create_account, by its name.
create trigger users_welcome_confirmed
  after insert on auth.users
  for each row
  when (new.email_confirmed_at is not null and new.raw_app_meta_data ->> 'provider' in ('google', 'apple'))
  execute function private.welcome_user();
