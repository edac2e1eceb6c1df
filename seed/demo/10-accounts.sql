-- People of the demo. All have the password "Karaoke-2026!" (bcrypt below). Never loaded in production.

insert into auth.users (
  instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data,
  confirmation_token, recovery_token, email_change_token_new, email_change, created_at, updated_at
)
select
  '00000000-0000-0000-0000-000000000000', person.id, 'authenticated', 'authenticated', person.email,
  '$2a$10$P1TYgNk6i3jsypo1nKYqMe8IZd28rNeF1SAwjyAHf9ayG2DaFrB02', '2026-01-01', '{"provider": "email", "providers": ["email"]}',
  jsonb_build_object('sub', person.id, 'email', person.email, 'email_verified', true, 'name', person.name, 'nickname', person.nickname),
  '', '', '', '', '2026-01-01', '2026-01-01'
from (values
  ('00000000-0000-4000-8000-000000000001'::uuid, 'host@example.com', 'Harper Host', 'Harper'),
  ('00000000-0000-4000-8000-000000000002'::uuid, 'staff@example.com', 'Sam Staff', 'Sam'),
  ('00000000-0000-4000-8000-000000000003'::uuid, 'singer@example.com', 'Sol Singer', 'Sol')
) as person (id, email, name, nickname)
on conflict (id) do nothing;

insert into auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
select
  account.id::text, account.id,
  jsonb_build_object('sub', account.id, 'email', account.email, 'email_verified', true, 'phone_verified', false),
  'email', '2026-01-01', '2026-01-01', '2026-01-01'
from auth.users as account
where account.email in ('host@example.com', 'staff@example.com', 'singer@example.com')
on conflict (provider_id, provider) do nothing;
