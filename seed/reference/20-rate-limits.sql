insert into private.rate_limits (key, maximum, window_seconds, description) values
  ('user_writes', 300, 60, 'Writing REST requests of one user'),
  ('organization_creation', 5, 86400, 'Organizations made by one user'),
  ('requests_per_device', 10, 3600, 'Song requests of one guest'),
  ('requests_per_singer', 10, 3600, 'Song requests of one singer'),
  ('requests_per_address', 60, 3600, 'Song requests of guests from one address: a bar''s Wi-Fi shares one'),
  ('requests_per_venue', 50, 3600, 'Song requests at one venue, where the venue sets nothing else'),
  ('messages_to_singer', 20, 3600, 'Messages of a venue''s hosts to one singer'),
  ('pin_attempts_per_device', 5, 900, 'PINs tried by one guest or singer'),
  ('pin_attempts_per_venue', 200, 900, 'PINs tried at one venue'),
  ('password_confirmations', 5, 900, 'Passwords entered again by one user'),
  ('backup_codes', 5, 900, 'Backup codes tried by one user'),
  ('invitations', 50, 86400, 'Invitations sent by one organization'),
  ('invitation_resends', 5, 3600, 'Times one invitation is sent again'),
  ('invitation_lookups', 60, 3600, 'Invitation tokens looked up from one address'),
  ('url_name_changes', 5, 86400, 'New url names of one venue'),
  ('song_imports', 10, 3600, 'Song book files imported by one organization'),
  ('song_bulk_additions', 10, 3600, 'Lists of songs added at once by one organization'),
  ('song_book_clearings', 5, 3600, 'Song books emptied by one organization'),
  ('api_key_rotation', 5, 3600, 'Rotations of one API key'),
  ('email_messages_per_user', 10, 3600, 'Mails to one user, except about security'),
  ('sms_messages_per_user', 5, 3600, 'Texts to one user, except about security'),
  ('api_key_failures', 100, 60, 'Wrong API keys from one address')
on conflict (key) do nothing;

insert into private.rate_limits (key, maximum, window_seconds, description, fails_open) values
  ('venue_exports', 10, 3600, 'Exports of venues'' requests begun by one user', true),
  ('song_exports', 20, 3600, 'Song books taken as files by one organization', true)
-- What an operator has set stays; how a limit fails is not theirs to set.
on conflict (key) do update set fails_open = excluded.fails_open;
