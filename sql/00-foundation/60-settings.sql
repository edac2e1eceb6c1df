create table private.settings (
  key text primary key,
  value text not null,
  description text not null
);

alter table private.settings enable row level security;

comment on table private.settings is 'What differs between deployments and is no secret, such as the address of the app.';

create function private.setting(p_key text)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select setting.value from private.settings as setting where setting.key = p_key
  );
end;
$$;

comment on function private.setting(text) is 'A setting of this deployment. Definer: the table is private.';

revoke all on function private.setting(text) from public;
