-- Invitations by mail: bound to the address, good for seven days, answered once.

create table public.organization_invitations (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  email text not null,
  role_key text not null references public.roles (key) on update cascade on delete restrict,
  grants text[] not null default '{}',
  status text not null default 'pending',
  invited_by uuid references auth.users (id) on delete set null,
  expires_at timestamptz not null default now() + interval '7 days',
  answered_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint email_is_a_lower_case_address
    check (email ~ '^[^@\s]+@[^@\s]+$' and email = lower(email) and char_length(email) <= 255),
  constraint status_is_known check (status in ('pending', 'accepted', 'declined', 'revoked')),
  constraint answered_at_matches_status check ((answered_at is not null) = (status in ('accepted', 'declined')))
);

alter table public.organization_invitations enable row level security;
revoke all on public.organization_invitations from anon, authenticated, service_role;

create unique index organization_invitations_one_pending_idx on public.organization_invitations (organization_id, email)
  where status = 'pending';
create index organization_invitations_organization_id_idx on public.organization_invitations (organization_id, created_at desc);
create index organization_invitations_role_key_idx on public.organization_invitations (role_key);
create index organization_invitations_invited_by_idx on public.organization_invitations (invited_by);

comment on table public.organization_invitations is 'Invitations to an organization. One may wait per address and organization.';

create trigger organization_invitations_set_updated_at
  before update on public.organization_invitations
  for each row execute function private.set_updated_at();

create table private.invitation_tokens (
  token_hash bytea primary key,
  invitation_id uuid not null unique references public.organization_invitations (id) on delete cascade
);

alter table private.invitation_tokens enable row level security;

comment on table private.invitation_tokens is 'SHA-256 of the token in the mailed link; sending again replaces it.';

create function private.invitation_stands(p_invitation public.organization_invitations)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return p_invitation.status = 'pending' and p_invitation.expires_at > now() and not exists (
    select
    from (
      select 'members:invite' as permission_key
      union select held.permission_key from public.role_permissions as held where held.role_key = p_invitation.role_key
      union select unnest(p_invitation.grants)
    ) as given
    where not exists (
      select
      from private.held_permissions as held
      where held.organization_id = p_invitation.organization_id and held.user_id = p_invitation.invited_by
        and held.permission_key = given.permission_key
    )
  );
end;
$$;

comment on function private.invitation_stands(public.organization_invitations) is
  'Whether an invitation can still be answered: it waits, is not out of date, and who sent it may still give what it gives. Definer:
it reads memberships of all.';

revoke all on function private.invitation_stands(public.organization_invitations) from public;

create function private.end_invitations_of(p_organization_id uuid, p_user_id uuid)
returns void
language sql
volatile
security definer
set search_path = ''
as $$
  with ended as (
    update public.organization_invitations as invitation
    set status = 'revoked'
    where invitation.organization_id = p_organization_id and invitation.invited_by = p_user_id and invitation.status = 'pending'
      and not private.invitation_stands(invitation)
    returning invitation.id
  )
  delete from private.invitation_tokens where invitation_id in (select ended.id from ended);
$$;

comment on function private.end_invitations_of(uuid, uuid) is
  'Takes back what somebody has sent and may no longer give: nobody comes back, or leaves a friend behind, by an invitation sent before.';

revoke all on function private.end_invitations_of(uuid, uuid) from public;

create function private.send_invitation(p_invitation_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_invitation public.organization_invitations;
  v_token text := encode(extensions.gen_random_bytes(32), 'hex');
begin
  update public.organization_invitations
  set expires_at = now() + interval '7 days', invited_by = auth.uid()
  where id = p_invitation_id
  returning * into v_invitation;
  insert into private.invitation_tokens (token_hash, invitation_id)
  values (sha256(convert_to(v_token, 'UTF8')), p_invitation_id)
  on conflict (invitation_id) do update set token_hash = excluded.token_hash;
  perform private.enqueue_message(
    'email', 'organization_invitation', v_invitation.email,
    jsonb_build_object(
      'inviter', (select coalesce(profile.name, 'A team member') from public.profiles as profile where profile.user_id = auth.uid()),
      'organization', (
        select organization.name from public.organizations as organization where organization.id = v_invitation.organization_id
      ),
      'role', (select role.name from public.roles as role where role.key = v_invitation.role_key),
      'link', private.setting('app_url') || '/invitation?token=' || v_token,
      'expires', to_char(v_invitation.expires_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'
    )
  );
end;
$$;

comment on function private.send_invitation(uuid) is
  'Gives the invitation a new token and seven days, makes it the caller''s, and mails the link.';

revoke all on function private.send_invitation(uuid) from public;

create function private.invite_member(p_organization_id uuid, p_email text, p_role_key text, p_grants text[])
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_email text := lower(normalize(btrim(coalesce(p_email, '')), nfc));
  v_invitation_id uuid;
  v_is_new boolean;
begin
  perform private.require_permission(p_organization_id, 'members:invite', 'organization_not_found');
  if v_email !~ '^[^@\s]+@[^@\s]+$' or char_length(v_email) > 255 then
    perform private.raise_error(400, 'invalid_email', 'This is no e-mail address.', 'Check it for typing errors.');
  end if;
  if p_role_key is null then
    perform private.raise_error(400, 'invalid_role', 'An invitation needs a role.', 'Choose admin, manager or staff.');
  end if;
  perform private.require_grantable(p_organization_id, p_role_key, p_grants);
  if exists (
    select
    from public.organization_members as member
    join auth.users as account on account.id = member.user_id
    where member.organization_id = p_organization_id and member.status in ('active', 'suspended') and lower(account.email) = v_email
  ) then
    perform private.raise_error(409, 'already_a_member', 'This person is a member already.', 'Change the role of the member instead.');
  end if;
  perform private.hold_organization(p_organization_id);
  perform private.enforce_rate_limit('invitations', p_organization_id::text);
  insert into public.organization_invitations as invitation (organization_id, email, role_key, grants, invited_by)
  values (p_organization_id, v_email, p_role_key, coalesce(p_grants, '{}'), auth.uid())
  on conflict (organization_id, email) where status = 'pending' do update set
    role_key = excluded.role_key, grants = excluded.grants, invited_by = excluded.invited_by
  returning invitation.id, invitation.created_at = now() into v_invitation_id, v_is_new;
  if not v_is_new then
    perform private.enforce_rate_limit('invitation_resends', v_invitation_id::text);
  end if;
  perform private.send_invitation(v_invitation_id);
  return v_invitation_id;
end;
$$;

comment on function private.invite_member(uuid, text, text, text[]) is 'Definer: invitations are made only here.';

revoke all on function private.invite_member(uuid, text, text, text[]) from public;
grant execute on function private.invite_member(uuid, text, text, text[]) to authenticated;

create function public.invite_member(p_organization_id uuid, p_email text, p_role_key text, p_grants text[] default '{}')
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.invite_member(p_organization_id, p_email, p_role_key, p_grants);
$$;

comment on function public.invite_member(uuid, text, text, text[]) is
  'Invites an address to the organization and returns the invitation''s id; inviting an address again replaces role and grants and
sends a new link. Needs members:invite, and whatever is given. Errors: 400 invalid_email, invalid_role, invalid_permissions; 403
permission_denied, permission_not_held; 404 organization_not_found; 409 already_a_member; 429.';

revoke all on function public.invite_member(uuid, text, text, text[]) from public;
grant execute on function public.invite_member(uuid, text, text, text[]) to authenticated;

create function private.pending_invitation(p_invitation_id uuid)
returns public.organization_invitations
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_invitation public.organization_invitations;
begin
  perform private.hold_organization(
    (select invitation.organization_id from public.organization_invitations as invitation where invitation.id = p_invitation_id)
  );
  select invitation.* into v_invitation
  from public.organization_invitations as invitation
  where invitation.id = p_invitation_id
  for no key update;
  perform private.require_permission(v_invitation.organization_id, 'members:invite', 'invitation_not_found');
  if v_invitation.status <> 'pending' then
    perform private.raise_error(
      409, 'invitation_answered', format('The invitation is %s.', v_invitation.status), 'Invite the person anew if need be.'
    );
  end if;
  return v_invitation;
end;
$$;

comment on function private.pending_invitation(uuid) is
  'The invitation, locked, for somebody with members:invite: 403; 404 invitation_not_found; 409 invitation_answered.';

revoke all on function private.pending_invitation(uuid) from public;

create function private.resend_invitation(p_invitation_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_invitation public.organization_invitations := private.pending_invitation(p_invitation_id);
begin
  -- Whoever sends it again gives it.
  perform private.require_grantable(v_invitation.organization_id, v_invitation.role_key, v_invitation.grants);
  perform private.enforce_rate_limit('invitation_resends', p_invitation_id::text);
  perform private.send_invitation(p_invitation_id);
end;
$$;

comment on function private.resend_invitation(uuid) is 'Definer: tokens are private.';

revoke all on function private.resend_invitation(uuid) from public;
grant execute on function private.resend_invitation(uuid) to authenticated;

create function public.resend_invitation(p_invitation_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.resend_invitation(p_invitation_id);
$$;

comment on function public.resend_invitation(uuid) is
  'Mails a new link with seven more days; the former link ends. 5 an hour. Needs members:invite, and whatever is given. Errors: 403
permission_denied, permission_not_held; 404
invitation_not_found; 409 invitation_answered; 429.';

revoke all on function public.resend_invitation(uuid) from public;
grant execute on function public.resend_invitation(uuid) to authenticated;

create function private.revoke_invitation(p_invitation_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.pending_invitation(p_invitation_id);
  delete from private.invitation_tokens where invitation_id = p_invitation_id;
  update public.organization_invitations set status = 'revoked' where id = p_invitation_id;
end;
$$;

comment on function private.revoke_invitation(uuid) is 'Definer: tokens are private.';

revoke all on function private.revoke_invitation(uuid) from public;
grant execute on function private.revoke_invitation(uuid) to authenticated;

create function public.revoke_invitation(p_invitation_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.revoke_invitation(p_invitation_id);
$$;

comment on function public.revoke_invitation(uuid) is
  'Takes a waiting invitation back. Needs members:invite. Errors: 403; 404 invitation_not_found; 409 invitation_answered.';

revoke all on function public.revoke_invitation(uuid) from public;
grant execute on function public.revoke_invitation(uuid) to authenticated;

create function private.invitation_by_token(p_token text)
returns public.organization_invitations
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_hash bytea := sha256(convert_to(coalesce(p_token, ''), 'UTF8'));
  v_invitation public.organization_invitations;
begin
  perform private.hold_organization((
    select invitation.organization_id
    from private.invitation_tokens as token
    join public.organization_invitations as invitation on invitation.id = token.invitation_id
    where token.token_hash = v_hash
  ));
  select invitation.* into v_invitation
  from private.invitation_tokens as token
  join public.organization_invitations as invitation on invitation.id = token.invitation_id
  where token.token_hash = v_hash
    and private.invitation_stands(invitation)
  for no key update of invitation;
  if not found then
    -- Used, expired, taken back and made up are one answer: a token nobody holds tells nothing.
    perform private.raise_error(
      404, 'invitation_not_found', 'There is no such invitation, or it has ended.', 'Ask for a new one.'
    );
  end if;
  return v_invitation;
end;
$$;

comment on function private.invitation_by_token(text) is 'The waiting invitation, locked. Errors: 404 invitation_not_found.';

revoke all on function private.invitation_by_token(text) from public;

create function private.preview_invitation(p_token text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_invitation public.organization_invitations;
begin
  perform private.enforce_rate_limit('invitation_lookups', host(private.client_address()));
  v_invitation := private.invitation_by_token(p_token);
  return jsonb_build_object(
    'organization_name', (
      select organization.name from public.organizations as organization where organization.id = v_invitation.organization_id
    ),
    'inviter_name', (select profile.name from public.profiles as profile where profile.user_id = v_invitation.invited_by),
    'email', v_invitation.email,
    'role', (select role.name from public.roles as role where role.key = v_invitation.role_key),
    'expires_at', v_invitation.expires_at
  );
end;
$$;

comment on function private.preview_invitation(text) is 'Definer: whoever holds the token may see what it is for.';

revoke all on function private.preview_invitation(text) from public;
grant execute on function private.preview_invitation(text) to anon, authenticated;

create function public.preview_invitation(p_token text)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.preview_invitation(p_token);
$$;

comment on function public.preview_invitation(text) is
  'What the invitation of a mailed link is for: organization_name, inviter_name (null when gone), email, role, expires_at. No sign-in
needed. Errors: 404 invitation_not_found; 429.';

revoke all on function public.preview_invitation(text) from public;
grant execute on function public.preview_invitation(text) to anon, authenticated;

create function private.answer_invitation(p_token text, p_accept boolean)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
  v_invitation public.organization_invitations := private.invitation_by_token(p_token);
  v_member_id uuid;
begin
  if not exists (
    select
    from auth.users as account
    where account.id = v_user_id and lower(account.email) = v_invitation.email and account.email_confirmed_at is not null
  ) then
    perform private.raise_error(
      403, 'invitation_for_another_address', 'This invitation was sent to another address.',
      'Sign in with the address it was sent to, confirmed, or ask for a new invitation.'
    );
  end if;
  delete from private.invitation_tokens where invitation_id = v_invitation.id;
  update public.organization_invitations
  set status = case when p_accept then 'accepted' else 'declined' end, answered_at = now()
  where id = v_invitation.id;
  if not p_accept then
    return null;
  end if;
  -- Somebody who left or was removed comes back with the new role; an owner or active member stays what they are.
  insert into public.organization_members as member (organization_id, user_id, role_key)
  values (v_invitation.organization_id, v_user_id, v_invitation.role_key)
  on conflict (organization_id, user_id) do update set role_key = excluded.role_key, status = 'active'
  where member.status in ('invited', 'revoked')
  returning member.id into v_member_id;
  if v_member_id is not null then
    perform private.set_overrides(v_member_id, 'grant', v_invitation.grants);
  end if;
  return v_invitation.organization_id;
end;
$$;

comment on function private.answer_invitation(text, boolean) is 'Definer: memberships are made only here and with the organization.';

revoke all on function private.answer_invitation(text, boolean) from public;
grant execute on function private.answer_invitation(text, boolean) to authenticated;

create function public.accept_invitation(p_token text)
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.answer_invitation(p_token, true);
$$;

comment on function public.accept_invitation(text) is
  'Accepts the invitation of a mailed link and returns the organization''s id. The caller''s confirmed address must be the invited one.
Errors: 401; 403 invitation_for_another_address; 404 invitation_not_found.';

revoke all on function public.accept_invitation(text) from public;
grant execute on function public.accept_invitation(text) to authenticated;

create function public.decline_invitation(p_token text)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.answer_invitation(p_token, false);
$$;

comment on function public.decline_invitation(text) is 'Declines the invitation of a mailed link. Errors: as accept_invitation.';

revoke all on function public.decline_invitation(text) from public;
grant execute on function public.decline_invitation(text) to authenticated;
