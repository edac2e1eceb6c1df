create function private.venue_page(p_url_name text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_venue public.venues;
begin
  select venue.* into v_venue
  from private.venue_url_names as used
  join public.venues as venue on venue.id = used.venue_id
  where used.url_name = lower(btrim(p_url_name)) and venue.archived_at is null;
  if v_venue.id is null or (v_venue.is_private and not private.has_permission(v_venue.organization_id, 'venues:read')) then
    perform private.raise_error(
      404, 'venue_not_found', format('There is no venue "%s", or it is not yours.', left(p_url_name, 100)),
      'The code of a private venue is for its members only.'
    );
  end if;
  return jsonb_build_object(
    'url_name', v_venue.url_name, 'name', v_venue.name, 'is_private', v_venue.is_private,
    'url', private.setting('venue_page_url') || v_venue.url_name
  );
end;
$$;

comment on function private.venue_page(text) is 'Definer: the tables are for members.';

revoke all on function private.venue_page(text) from public;
grant execute on function private.venue_page(text) to anon, authenticated;

create function public.venue_page(p_url_name text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.venue_page(p_url_name);
$$;

comment on function public.venue_page(text) is
  'Where a venue''s page is: url_name (the present one, when a former one was given), name, is_private and url, which is what the venue''s
QR code opens. A private venue answers only members with venues:read. Errors: 404 venue_not_found.';

revoke all on function public.venue_page(text) from public;
grant execute on function public.venue_page(text) to anon, authenticated;

create function private.venue_today(p_venue_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_zone text;
  v_rules public.venue_rules;
begin
  select organization.time_zone into v_zone
  from public.venues as venue
  join public.organizations as organization on organization.id = venue.organization_id
  where venue.id = p_venue_id and venue.archived_at is null;
  if v_zone is null then
    perform private.raise_error(404, 'venue_not_found', 'There is no such venue.', 'Find the venue again.');
  end if;
  select rules.* into v_rules from public.venue_rules as rules where rules.venue_id = p_venue_id;
  return jsonb_build_object(
    'rules', private.rules_of_asking(v_rules),
    'total_songs', private.book_size(private.venue_system(p_venue_id)),
    'requests_today', (
      select count(*)
      from public.requests as request
      where request.venue_id = p_venue_id
        and request.requested_at >= date_trunc('day', now() at time zone v_zone) at time zone v_zone
    ),
    'waiting', (
      select count(*)
      from public.requests as request
      where request.venue_id = p_venue_id and request.state in ('pending', 'accepted', 'performing')
    ),
    'show_opened_at', (select show.opened_at from public.shows as show where show.id = private.open_show(p_venue_id)),
    'pin_required', not private.is_admitted(p_venue_id),
    'rotation', (
      -- Only some show programs push theirs; one that is hours old is of another night.
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'singer_name', private.shown_name(array[singer.value ->> 'name'], v_rules.queue_visibility),
            'is_current', coalesce((singer.value ->> 'is_current')::boolean, false)
          )
          order by singer.number
        ),
        '[]'
      )
      from private.rotations as rotation
      cross join lateral jsonb_array_elements(rotation.singers) with ordinality as singer (value, number)
      where rotation.venue_id = p_venue_id and rotation.updated_at > now() - interval '6 hours'
        and v_rules.queue_visibility <> 'none' and private.is_admitted(p_venue_id)
    )
  );
end;
$$;

comment on function private.venue_today(uuid) is 'Definer: counts rows the caller may not see.';

revoke all on function private.venue_today(uuid) from public;
grant execute on function private.venue_today(uuid) to anon, authenticated;

create function public.venue_today(p_venue_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.venue_today(p_venue_id);
$$;

comment on function public.venue_today(uuid) is
  'What a venue tells at its door: total_songs of its book, requests_today (in its organization''s time zone), waiting, show_opened_at
(null before the night), pin_required for the caller, rotation: the singers in the order of a show program that pushes it, named as
the venue''s rules say, and rules: what whoever asks for a song is held to (see venue_rules; null is no limit). Errors: 404 venue_not_found.';

revoke all on function public.venue_today(uuid) from public;
grant execute on function public.venue_today(uuid) to anon, authenticated;
