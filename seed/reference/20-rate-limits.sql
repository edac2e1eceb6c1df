insert into private.rate_limits (key, maximum, window_seconds, description) values
  ('user_writes', 300, 60, 'Writing REST requests of one user'),
  ('organization_creation', 5, 86400, 'Organizations made by one user'),
  ('requests_per_device', 10, 3600, 'Song requests of one guest'),
  ('requests_per_singer', 10, 3600, 'Song requests of one singer'),
  ('requests_per_address', 60, 3600, 'Song requests of guests from one address: a bar''s Wi-Fi shares one'),
  ('requests_per_venue', 50, 3600, 'Song requests at one venue, where the venue sets nothing else'),
  ('pin_attempts_per_device', 5, 900, 'PINs tried by one guest or singer'),
  ('pin_attempts_per_venue', 200, 900, 'PINs tried at one venue'),
  ('password_confirmations', 5, 900, 'Passwords entered again by one user'),
  ('backup_codes', 5, 900, 'Backup codes tried by one user'),
  ('invitations', 50, 86400, 'Invitations sent by one organization'),
  ('invitation_resends', 5, 3600, 'Times one invitation is sent again'),
  ('invitation_lookups', 60, 3600, 'Invitation tokens looked up from one address'),
  ('song_imports', 30, 3600, 'Song book files imported by one organization'),
  ('api_key_rotation', 5, 3600, 'Rotations of one API key'),
  ('api_key_failures', 100, 60, 'Wrong API keys from one address, in the request interface')
on conflict (key) do nothing;
