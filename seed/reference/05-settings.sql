insert into private.settings (key, value, description) values
  ('app_url', 'http://127.0.0.1:3000', 'Where links in mails lead to: the app or portal, without a slash at the end'),
  ('functions_url', '', 'Where the Edge Functions answer, such as https://<ref>.supabase.co/functions/v1; empty: nobody is woken'),
  ('venue_page_url', 'http://127.0.0.1:3000/?venue=', 'What a venue''s QR code opens: the venue''s url name is appended'),
  ('favorite_songs_maximum', '1000', 'Favourite songs of one user'),
  ('favorite_venues_maximum', '200', 'Favourite venues of one user'),
  ('audit_kept_months', '24', 'How many whole months of the audit log are kept beside the current one'),
  ('messages_kept_days', '30', 'How long the outbox and its delivery log remember what was sent or given up'),
  ('notifications_kept_days', '90', 'How long notifications in the app are kept')
on conflict (key) do nothing;
