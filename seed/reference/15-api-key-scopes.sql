insert into public.api_key_scopes (key, description, permission_key) values
  ('requests:read', 'Read the request queue', 'requests:read'),
  ('requests:write', 'Take, clear and add requests; open and close venues', 'requests:process'),
  ('songs:read', 'Read song books', 'songs:read'),
  ('songs:write', 'Upload song books', 'songs:write'),
  ('venues:read', 'Read venues', 'venues:read'),
  ('venues:write', 'Change venues', 'venues:update'),
  ('systems:read', 'Read karaoke systems', 'systems:read')
on conflict (key) do update set description = excluded.description, permission_key = excluded.permission_key;
