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

create function private.plain_address(p_address inet)
returns inet
language plpgsql
immutable
strict
security invoker
set search_path = ''
as $$
begin
  if family(p_address) = 6 and p_address <<= '::ffff:0:0/96'::inet then
    return (replace(host(p_address), '::ffff:', '') || '/' || masklen(p_address) - 96)::inet;
  end if;
  return p_address;
end;
$$;

comment on function private.plain_address(inet) is
  'An address or network, as IPv4 where it is an IPv4 one written as IPv6 (::ffff:192.0.2.1): a server that listens on both
sees its clients so.';

revoke all on function private.plain_address(inet) from public;

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
  return private.plain_address(nullif(trim(coalesce(
    private.request_header('cf-connecting-ip'), split_part(private.request_header('x-forwarded-for'), ',', 1)
  )), '')::inet);
exception
  when invalid_text_representation then
    return null;
end;
$$;

comment on function private.client_address() is 'Address of the HTTP client, or null when it is unknown or malformed.';

revoke all on function private.client_address() from public;
