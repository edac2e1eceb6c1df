insert into private.settings (key, value, description) values
  ('app_url', 'http://127.0.0.1:3000', 'Where links in mails lead to: the app or portal, without a slash at the end'),
  ('functions_url', '', 'Where the Edge Functions answer, such as https://<ref>.supabase.co/functions/v1; empty: nobody is woken')
on conflict (key) do nothing;
