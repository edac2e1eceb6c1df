insert into private.rate_limits (key, maximum, window_seconds, description) values
  ('request_interface_per_key', 600, 60, 'Calls of the request interface with one API key')
on conflict (key) do nothing;

insert into private.request_interface_operations (operation, scope_key) values
  ('list_venues', 'venues:read'),
  ('get_venue', 'venues:read'),
  ('get_venue_statistics', 'requests:read'),
  ('list_requests', 'requests:read'),
  ('get_request', 'requests:read'),
  ('set_accepting', 'requests:write'),
  ('create_request', 'requests:write'),
  ('process_request', 'requests:write'),
  ('unprocess_request', 'requests:write'),
  ('cancel_request', 'requests:write'),
  ('process_requests', 'requests:write')
on conflict (operation) do update set scope_key = excluded.scope_key;

-- The show program's whole book, for programs that cannot search here.
insert into private.openkj_commands (command, scope_key) values
  ('getSongs', 'songs:read')
on conflict (command) do update set scope_key = excluded.scope_key;
