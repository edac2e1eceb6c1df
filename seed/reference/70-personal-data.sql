-- Ids that say nothing to a person, and hashes, are left out of the export.
insert into private.personal_data (table_name, column_name, section, left_out) values
  ('public.profiles', 'user_id', 'profile', '{}'),
  ('public.singer_profiles', 'user_id', 'singer_profile', '{}'),
  ('public.organization_members', 'user_id', 'memberships', '{}'),
  ('public.organization_invitations', 'email', 'invitations', '{invited_by}'),
  ('public.delegated_access_sessions', 'admin_id', 'delegated_access', '{}'),
  ('private.platform_admins', 'user_id', 'platform_roles', '{}'),
  ('private.ownership_offers', 'offered_by', 'ownership_offers_made', '{offered_to}'),
  ('private.ownership_offers', 'offered_to', 'ownership_offers_received', '{offered_by}'),
  ('private.backup_codes', 'user_id', 'backup_codes', '{code_hash}'),
  ('private.password_attempts', 'user_id', 'password_attempts', '{}'),
  ('public.requests', 'singer_user_id', 'requests', '{submitted_by,idempotency_key,idempotency_digest,sort_order,fingerprint}'),
  ('public.performances', 'singer_user_id', 'performances', '{fingerprint}'),
  ('public.favorite_songs', 'user_id', 'favorite_songs', '{fingerprint}'),
  ('public.favorite_venues', 'user_id', 'favorite_venues', '{}'),
  ('public.venue_bans', 'user_id', 'bans', '{created_by}'),
  ('private.show_admissions', 'user_id', 'show_admissions', '{}'),
  ('public.notifications', 'user_id', 'notifications', '{idempotency_key}'),
  ('public.message_preferences', 'user_id', 'message_preferences', '{}'),
  ('private.messages', 'user_id', 'messages', '{variables,secrets,idempotency_key,next_attempt_at,provider,provider_message_id,last_error}'),
  ('public.audit_entries', 'actor_id', 'audit_entries', '{old_values,new_values}')
on conflict (table_name, column_name) do update set section = excluded.section, left_out = excluded.left_out, reason = null;

insert into private.personal_data (table_name, column_name, reason) values
  ('public.organization_invitations', 'invited_by', 'the address is another person''s'),
  ('public.api_keys', 'created_by', 'keys are the organization''s'),
  ('private.api_key_secrets', 'created_by', 'secrets of the organization'),
  ('public.requests', 'submitted_by', 'requests entered for others are theirs'),
  ('public.request_events', 'changed_by', 'what happened to requests of others'),
  ('public.shows', 'opened_by', 'nights are the organization''s'),
  ('public.venue_bans', 'created_by', 'the ban is another person''s'),
  ('public.blocked_songs', 'created_by', 'the block list is the organization''s'),
  ('public.song_imports', 'created_by', 'imports are the organization''s')
on conflict (table_name, column_name) do update set section = null, left_out = '{}', reason = excluded.reason;
