insert into public.message_categories (key, description, is_optional, channels, default_channels, rank) values
  ('security', 'Signing in, the account, who has access', false, '{email,sms}', '{email,sms}', 10),
  ('queue', 'What becomes of songs I asked for', true, '{email,sms}', '{}', 20),
  ('requests', 'Each new request at venues I work for', true, '{email}', '{}', 30),
  ('organization', 'Organizations I work for, their venues and keys', true, '{email}', '{email}', 40),
  ('billing', 'Subscriptions and invoices', true, '{email}', '{email}', 50),
  ('reports', 'Reports that were ordered by mail', true, '{email}', '{email}', 60),
  ('operations', 'Trouble with the platform, for those who run it', true, '{email}', '{email}', 70),
  ('news', 'Announcements and maintenance', true, '{email}', '{}', 80)
on conflict (key) do update set
  description = excluded.description, is_optional = excluded.is_optional, channels = excluded.channels,
  default_channels = excluded.default_channels, rank = excluded.rank;
