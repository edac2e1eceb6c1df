-- A song book as a file: the Edge Function "song-books" asks whether the caller may have it, then reads it through a cursor.

create function private.open_song_export(p_system_id uuid, p_claims jsonb, p_api_key text, p_address inet)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_system public.systems;
  v_verified record;
  v_caller private.api_key_caller;
  v_wait integer;
begin
  select system.* into v_system from public.systems as system where system.id = p_system_id;
  if p_api_key is null then
    perform set_config('request.jwt.claims', p_claims::text, true);
    perform private.check_request();
    perform private.require_permission(v_system.organization_id, 'songs:read', 'system_not_found');
  else
    -- Answered instead of raised: what is noted about the key must stay.
    v_verified := private.verify_api_key(p_api_key, p_address);
    if v_verified.refusal is not null then
      perform private.record_wrong_api_key(p_api_key, p_address, v_verified.refusal);
      return jsonb_build_object(
        'status', 401, 'code', 'api_key_refused', 'detail', 'This API key does not work.', 'hint', 'Copy it again from the portal.'
      );
    end if;
    v_caller := v_verified.caller;
    if 'songs:read' <> all (v_caller.scopes) then
      perform private.record_api_key_failure(p_api_key, p_address, 'scope songs:read missing');
      return jsonb_build_object(
        'status', 403, 'code', 'scope_missing', 'detail', 'This API key lacks the scope songs:read.', 'hint', 'Make a key with it.'
      );
    end if;
    perform private.record_api_key_call(v_caller.api_key_id, p_address, false);
    if v_system.organization_id is distinct from v_caller.organization_id
      or v_caller.system_id is not null and v_caller.system_id <> p_system_id then
      return jsonb_build_object(
        'status', 404, 'code', 'system_not_found', 'detail', 'There is no such thing, or it is not yours.', 'hint', 'Check the id.'
      );
    end if;
  end if;
  -- Answered, too: with a key nothing may be undone.
  v_wait := private.take_rate_limit('song_exports', v_system.organization_id::text);
  if v_wait > 0 then
    return jsonb_build_object(
      'status', 429, 'code', 'rate_limited', 'detail', format('Too many exports. Try again in %s seconds.', v_wait),
      'hint', '', 'retry_after', v_wait
    );
  end if;
  return jsonb_build_object('name', v_system.name, 'songs', private.book_size(p_system_id));
end;
$$;

comment on function private.open_song_export(uuid, jsonb, text, inet) is
  'The name of a system and the size of its book, for whoever may read it: a user with these verified claims and songs:read, or an
API key with that scope. A refusal of a key, or of one export too many, is an answer with status, code, detail and hint. Definer: the gateway''s role has no
rights of its own.';

revoke all on function private.open_song_export(uuid, jsonb, text, inet) from public;
grant execute on function private.open_song_export(uuid, jsonb, text, inet) to song_books_gateway;

create function private.export_songs(p_system_id uuid)
returns table (artist text, title text)
language sql
stable
security definer
rows 50000
set search_path = ''
set jit = off
as $$
  select spelling.artist, spelling.title
  from private.book_songs(p_system_id) as member
  join private.song_spellings as spelling on spelling.id = member.spelling_id
  join public.songs as song on song.id = member.song_id
  order by song.fingerprint;
$$;

comment on function private.export_songs(uuid) is
  'Every song of a book as the host spells it, by artist and title. Callers check who may read it. Definer: books are private.';

revoke all on function private.export_songs(uuid) from public;
grant execute on function private.export_songs(uuid) to song_books_gateway;
