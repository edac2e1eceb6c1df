insert into private.reserved_url_names (url_name)
select unnest(array[
  'about', 'account', 'admin', 'api', 'app', 'auth', 'billing', 'dashboard', 'favicon', 'help', 'host', 'inbox', 'login',
  'logout', 'me', 'nearby', 'new', 'openkj', 'portal', 'privacy', 'robots', 'search', 'settings', 'signin', 'signup', 'singer',
  'sitemap', 'static', 'support', 'terms', 'venue', 'venues', 'www'
])
on conflict do nothing;
