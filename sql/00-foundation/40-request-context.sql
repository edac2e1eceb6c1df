-- What is known about the HTTP request being served. PostgREST sets the settings; Edge Functions that talk to the
-- database directly set the same ones.

create function private.request_header(p_name text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return nullif(current_setting('request.headers', true), '')::json ->> p_name;
end;
$$;

revoke all on function private.request_header(text) from public;

create function private.client_address()
returns inet
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  -- The platform's edge writes the first header itself; behind another proxy it is that one's duty to overwrite, not to
  -- append to, what a client claims in the second.
  return nullif(trim(coalesce(
    private.request_header('cf-connecting-ip'), split_part(private.request_header('x-forwarded-for'), ',', 1)
  )), '')::inet;
exception
  when invalid_text_representation then
    return null;
end;
$$;

comment on function private.client_address() is 'Address of the HTTP client, or null when it is unknown or malformed.';

revoke all on function private.client_address() from public;
