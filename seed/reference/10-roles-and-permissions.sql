-- The permission catalogue and what each role holds by default. Running it again puts the defaults back.

insert into public.permissions (key, description) values
  ('organization:read', 'See the organization'),
  ('organization:write', 'Change the organization''s settings'),
  ('members:read', 'See the members'),
  ('members:invite', 'Invite members'),
  ('members:update', 'Change members'' roles and permissions'),
  ('members:remove', 'Remove members'),
  ('venues:read', 'See the venues'),
  ('venues:create', 'Create venues'),
  ('venues:update', 'Change venues'),
  ('venues:delete', 'Archive venues'),
  ('systems:read', 'See the karaoke systems'),
  ('systems:create', 'Create karaoke systems'),
  ('systems:update', 'Change karaoke systems'),
  ('systems:delete', 'Delete karaoke systems'),
  ('requests:read', 'See the request queue'),
  ('requests:process', 'Take, skip, reject and reorder requests; open and close a venue for requests'),
  ('requests:delete', 'Clear requests from the queue'),
  ('api_keys:read', 'See the API keys'),
  ('api_keys:write', 'Create and rotate API keys'),
  ('api_keys:revoke', 'Revoke API keys'),
  ('billing:read', 'See invoices and the subscription'),
  ('billing:write', 'Change the subscription'),
  ('branding:read', 'See the branding'),
  ('branding:write', 'Change the branding'),
  ('analytics:read', 'See the statistics'),
  ('reports:write', 'Save and schedule reports'),
  ('audit:read', 'Read the audit log'),
  ('songs:read', 'See the song books'),
  ('songs:write', 'Change the song books')
on conflict (key) do update set description = excluded.description;

insert into public.roles (key, name, description, is_platform_role, rank) values
  ('super_admin', 'Platform administrator', 'Runs the platform', true, 1),
  ('support_admin', 'Support', 'Helps the platform''s customers', true, 2),
  ('owner', 'Owner', 'Owns the organization; exactly one', false, 10),
  ('admin', 'Administrator', 'Runs the organization, except members'' roles and billing', false, 20),
  ('manager', 'Manager', 'Runs the venues and their song books', false, 30),
  ('staff', 'Staff', 'Runs the request queue', false, 40)
on conflict (key) do update set
  name = excluded.name, description = excluded.description,
  is_platform_role = excluded.is_platform_role, rank = excluded.rank;

insert into public.role_permissions (role_key, permission_key)
select 'owner', permission.key from public.permissions as permission
union all
select 'admin', permission.key from public.permissions as permission
where permission.key not in ('members:update', 'members:remove', 'billing:read', 'billing:write')
union all
select 'manager', permission.key from public.permissions as permission
where permission.key in (
  'organization:read', 'members:read', 'venues:read', 'venues:update', 'systems:read', 'systems:update', 'requests:read',
  'requests:process', 'requests:delete', 'api_keys:read', 'branding:read', 'analytics:read', 'reports:write', 'songs:read',
  'songs:write'
)
union all
select 'staff', permission.key from public.permissions as permission
where permission.key in (
  'organization:read', 'venues:read', 'systems:read', 'requests:read', 'requests:process', 'songs:read'
)
on conflict do nothing;
