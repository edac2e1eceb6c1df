-- The demo's organization with a venue, a system and an OpenKJ key, under fixed ids so that links and settings keep working.

insert into public.organizations (id, name, time_zone)
values ('00000000-0000-4000-8000-000000000101', 'Demo Karaoke', 'America/Chicago')
on conflict (id) do nothing;

insert into public.organization_members (organization_id, user_id, role_key) values
  ('00000000-0000-4000-8000-000000000101', '00000000-0000-4000-8000-000000000001', 'owner'),
  ('00000000-0000-4000-8000-000000000101', '00000000-0000-4000-8000-000000000002', 'staff')
on conflict (organization_id, user_id) do nothing;

insert into public.systems (id, organization_id, name)
values ('00000000-0000-4000-8000-000000000301', '00000000-0000-4000-8000-000000000101', 'Main rig')
on conflict (id) do nothing;

insert into public.venues (
  id, organization_id, name, address, city, state, postal_code, phone_number, website, latitude, longitude
)
values (
  '00000000-0000-4000-8000-000000000201', '00000000-0000-4000-8000-000000000101', 'The Demo Bar', '200 Broadway', 'Nashville', 'TN',
  '37201', '+16155550100', 'https://example.com', 36.1612, -86.7775
)
on conflict (id) do nothing;

-- The only secret in the repository: it opens nothing but a demo on the machine it was started on.
insert into public.api_keys (id, organization_id, name, prefix, scopes, created_by)
values (
  '00000000-0000-4000-8000-000000000401', '00000000-0000-4000-8000-000000000101', 'Demo OpenKJ', 'sk_live_demo',
  array['requests:read', 'requests:write', 'songs:read', 'songs:write', 'venues:read', 'systems:read'],
  '00000000-0000-4000-8000-000000000001'
)
on conflict (id) do nothing;

insert into private.api_key_secrets (secret_hash, api_key_id, created_by)
values (
  sha256(convert_to('sk_live_demo0demo0demo0demo0demo0demo0demo0demo0dem', 'UTF8')), '00000000-0000-4000-8000-000000000401',
  '00000000-0000-4000-8000-000000000001'
)
on conflict (secret_hash) do nothing;
