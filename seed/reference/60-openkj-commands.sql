insert into private.openkj_commands (command, scope_key) values
  ('getSerial', 'requests:read'),
  ('getVenues', 'requests:read'),
  ('getRequests', 'requests:read'),
  ('getAccepting', 'requests:read'),
  ('getAlert', 'requests:read'),
  ('getEntitledSystemCount', 'requests:read'),
  ('setAccepting', 'requests:write'),
  ('deleteRequest', 'requests:write'),
  ('clearRequests', 'requests:write'),
  ('addRequest', 'requests:write'),
  ('updateRotation', 'requests:write'),
  ('clearDatabase', 'songs:write'),
  ('addSongs', 'songs:write')
on conflict (command) do update set scope_key = excluded.scope_key;
