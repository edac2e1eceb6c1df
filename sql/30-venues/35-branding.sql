create table public.venue_branding (
  venue_id uuid primary key references public.venues (id) on delete cascade,
  logo_url text,
  color_palette jsonb not null default '{}',
  updated_at timestamptz not null default now(),
  constraint logo_url_is_a_web_address check (logo_url ~* '^https?://[^\s<>"]+$' and char_length(logo_url) <= 500),
  constraint color_palette_is_an_object check (jsonb_typeof(color_palette) = 'object'),
  constraint color_palette_is_small check (pg_column_size(color_palette) <= 4096),
  constraint colors_are_hexadecimal check (
    not jsonb_path_exists(color_palette, '$.* ? (@.type() != "string" || !(@ like_regex "^#[0-9a-fA-F]{6}$"))')
  )
);

alter table public.venue_branding enable row level security;
revoke all on public.venue_branding from anon, authenticated, service_role;

comment on table public.venue_branding is 'How a venue''s page looks. Shown to everybody by find_venue; no row means the app''s own look.';
comment on column public.venue_branding.color_palette is 'Colours by name, such as {"background": "#10002b"}; the names are the app''s.';

create trigger venue_branding_set_updated_at
  before update on public.venue_branding
  for each row execute function private.set_updated_at();
