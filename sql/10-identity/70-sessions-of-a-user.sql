create function private.list_sessions()
returns table (
  id uuid, created_at timestamptz, last_used_at timestamptz, user_agent text, address inet, assurance_level text, is_current boolean
)
language plpgsql
stable
security definer
set search_path = ''
rows 10
as $$
declare
  v_user_id uuid := private.require_user();
begin
  return query
    select
      session.id, session.created_at, coalesce(session.refreshed_at at time zone 'UTC', session.created_at), session.user_agent,
      session.ip, session.aal::text, session.id = (private.claims() ->> 'session_id')::uuid
    from auth.sessions as session
    where session.user_id = v_user_id and (session.not_after is null or session.not_after > now())
    order by 3 desc, session.id;
end;
$$;

comment on function private.list_sessions() is 'Definer: sessions are Auth''s.';

revoke all on function private.list_sessions() from public;
grant execute on function private.list_sessions() to authenticated;

create function public.list_sessions()
returns table (
  id uuid, created_at timestamptz, last_used_at timestamptz, user_agent text, address inet, assurance_level text, is_current boolean
)
language sql
stable
security invoker
set search_path = ''
rows 10
as $$
  select * from private.list_sessions();
$$;

comment on function public.list_sessions() is 'Where the caller is signed in, the latest first. Errors: 401.';

revoke all on function public.list_sessions() from public;
grant execute on function public.list_sessions() to authenticated;

create function private.end_session(p_session_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_user();
begin
  delete from auth.sessions where id = p_session_id and user_id = v_user_id;
  if not found then
    perform private.raise_error(404, 'session_not_found', 'There is no such session, or it is not yours.', 'Read the list again.');
  end if;
end;
$$;

comment on function private.end_session(uuid) is 'Definer: sessions are Auth''s.';

revoke all on function private.end_session(uuid) from public;
grant execute on function private.end_session(uuid) to authenticated;

create function public.end_session(p_session_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.end_session(p_session_id);
$$;

comment on function public.end_session(uuid) is
  'Signs the caller out on one device, at once. Errors: 401; 404 session_not_found.';

revoke all on function public.end_session(uuid) from public;
grant execute on function public.end_session(uuid) to authenticated;
