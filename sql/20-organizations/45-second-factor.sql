-- An organization may ask its members for a second factor (require_mfa); the permission path holds them to it.

create function private.check_second_factor_demand()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.refuse_delegated_access();
  if new.require_mfa and auth.uid() is not null and private.claims() ->> 'aal' is distinct from 'aal2' then
    perform private.raise_error(
      403, 'second_factor_required', 'Whoever asks the others for a second factor uses one: you would lock yourself out.',
      'Enroll a factor and verify a code of it.'
    );
  end if;
  return new;
end;
$$;

comment on function private.check_second_factor_demand() is 'Definer: tokens are read by functions of this schema only.';

revoke all on function private.check_second_factor_demand() from public;

create trigger organizations_check_second_factor_demand
  before update of require_mfa on public.organizations
  for each row
  when (new.require_mfa is distinct from old.require_mfa)
  execute function private.check_second_factor_demand();

create function private.announce_second_factor_demand()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.notify_user(
    member.user_id, 'security', 'second_factor_demanded',
    jsonb_build_object('organization_id', new.id, 'organization', new.name),
    format('second_factor_demanded:%s:%s:%s', new.id, member.user_id, now())
  )
  from public.organization_members as member
  where member.organization_id = new.id and member.status = 'active' and not exists (
    select from auth.mfa_factors as factor where factor.user_id = member.user_id and factor.status = 'verified'
  );
  return null;
end;
$$;

comment on function private.announce_second_factor_demand() is
  'Members without a factor see nothing of the organization from now on, and are told why. Definer: factors are Auth''s.';

revoke all on function private.announce_second_factor_demand() from public;

create trigger organizations_announce_second_factor_demand
  after update of require_mfa on public.organizations
  for each row
  when (new.require_mfa and not old.require_mfa)
  execute function private.announce_second_factor_demand();
