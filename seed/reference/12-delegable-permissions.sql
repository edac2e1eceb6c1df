insert into private.delegable_permissions (permission_key, needs_write)
select permission.key, permission.key not like '%:read'
from public.permissions as permission
where split_part(permission.key, ':', 1) not in ('billing', 'api_keys', 'members', 'audit')
on conflict do nothing;
