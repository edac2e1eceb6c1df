-- One way to refuse: PostgREST turns SQLSTATE PTnnn into HTTP status nnn and passes message, details and hint on.

create function private.raise_error(p_status integer, p_code text, p_detail text default null, p_hint text default null)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  raise exception using
    errcode = 'PT' || p_status,
    message = p_code,
    detail = coalesce(p_detail, ''),
    hint = coalesce(p_hint, '');
end;
$$;

comment on function private.raise_error(integer, text, text, text) is
  'Refuses the current statement with HTTP status p_status (400-599). p_code is stable and for programs, p_detail says what
is wrong, p_hint how to put it right.';

revoke all on function private.raise_error(integer, text, text, text) from public;
-- Triggers that check what people write run in the writer's role.
grant execute on function private.raise_error(integer, text, text, text) to authenticated;

create function private.raise_error_until(p_status integer, p_code text, p_detail text, p_until timestamptz)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  perform private.raise_error(
    p_status, p_code, p_detail,
    format(
      'Ask again at %s: retry_after=%s',
      to_char(p_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), greatest(1, ceil(extract(epoch from p_until - now())))::integer
    )
  );
end;
$$;

comment on function private.raise_error_until(integer, text, text, timestamptz) is
  'As raise_error, for a refusal that ends by itself at p_until: the hint has the time (UTC) and retry_after in seconds.';

revoke all on function private.raise_error_until(integer, text, text, timestamptz) from public;
