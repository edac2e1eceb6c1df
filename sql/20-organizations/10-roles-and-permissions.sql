-- Roles, permissions and who holds what by default are rows, filled by seed/reference.

create table public.permissions (
  key text primary key,
  description text not null,
  constraint key_is_resource_and_action check (key ~ '^[a-z_]+:[a-z_]+$')
);

alter table public.permissions enable row level security;
revoke all on public.permissions from anon, authenticated, service_role;

comment on table public.permissions is 'Everything a member of an organization may be allowed to do, as resource:action.';

create table public.roles (
  key text primary key,
  name text not null,
  description text not null,
  is_platform_role boolean not null default false,
  rank integer not null
);

alter table public.roles enable row level security;
revoke all on public.roles from anon, authenticated, service_role;

comment on table public.roles is
  'Roles inside an organization, and platform roles outside any (is_platform_role), which no organization can give.';
comment on column public.roles.rank is 'Order for lists, the most powerful first.';

create table public.role_permissions (
  role_key text not null references public.roles (key) on update cascade on delete cascade,
  permission_key text not null references public.permissions (key) on update cascade on delete cascade,
  primary key (role_key, permission_key)
);

alter table public.role_permissions enable row level security;
revoke all on public.role_permissions from anon, authenticated, service_role;

create index role_permissions_permission_key_idx on public.role_permissions (permission_key);

comment on table public.role_permissions is 'What each role may do unless an override of the member says otherwise.';
