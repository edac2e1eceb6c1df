-- Rate limits: a limit is a row, a counter is a row, one statement takes from it. Windows are fixed: they start with
-- the first use after the previous one ended.

create table private.rate_limits (
  key text primary key,
  maximum integer not null,
  window_seconds integer not null,
  description text not null,
  fails_open boolean not null default false,
  constraint maximum_is_not_negative check (maximum >= 0),
  constraint window_is_positive check (window_seconds > 0)
);

alter table private.rate_limits enable row level security;

comment on table private.rate_limits is 'Limits by name; changing a row changes the limit at once.';
comment on column private.rate_limits.fails_open is
  'Whether uses pass while they cannot be counted. Only for reads: what guards credentials or writes stays shut then.';

-- Losing the counters in a crash only opens the windows anew, so they need no log.
create unlogged table private.rate_limit_counters (
  rate_limit_key text not null references private.rate_limits (key) on update cascade on delete cascade,
  subject text not null,
  used integer not null,
  window_ends_at timestamptz not null,
  primary key (rate_limit_key, subject)
);

alter table private.rate_limit_counters enable row level security;

create index rate_limit_counters_window_ends_at_idx on private.rate_limit_counters (window_ends_at);

comment on table private.rate_limit_counters is
  'How much of a limit each subject (user, API key, device, address, venue) has used in its current window.';

create function private.take_rate_limit(p_key text, p_subject text, p_maximum integer default null, p_cost integer default 1)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_wait integer;
begin
  with
    wanted as (
      select key, coalesce(p_maximum, maximum) as maximum, make_interval(secs => window_seconds) as length
      from private.rate_limits
      where key = p_key and p_subject is not null
    ),
    taken as (
      insert into private.rate_limit_counters as counter (rate_limit_key, subject, used, window_ends_at)
      select key, p_subject, p_cost, clock_timestamp() + length from wanted
      on conflict (rate_limit_key, subject) do update set
        used = case
          when counter.window_ends_at <= clock_timestamp() then excluded.used
          -- A refused use does not count; the ceiling also keeps the number from overflowing.
          else least(counter.used + excluded.used, (select maximum + 1 from wanted))
        end,
        window_ends_at = case
          when counter.window_ends_at <= clock_timestamp() then excluded.window_ends_at
          else counter.window_ends_at
        end
      returning counter.used, counter.window_ends_at
    )
  select ceil(extract(epoch from taken.window_ends_at - clock_timestamp()))::integer into v_wait
  from taken, wanted
  where taken.used > wanted.maximum;
  return coalesce(v_wait, 0);
exception
  when others then
    if (select fails_open from private.rate_limits where key = p_key) is not true then
      raise;
    end if;
    raise warning 'The limit "%" is not counted: %', p_key, sqlerrm;
    return 0;
end;
$$;

comment on function private.take_rate_limit(text, text, integer, integer) is
  'Takes p_cost from the limit p_key of p_subject and answers 0, or the seconds to wait when the limit is used up.
p_maximum replaces the limit''s own maximum (a venue''s setting). A null subject or an unknown key is never limited. When
counting fails, so does the call, unless the limit fails open.';

revoke all on function private.take_rate_limit(text, text, integer, integer) from public;

create function private.enforce_rate_limit(p_key text, p_subject text, p_maximum integer default null)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_wait integer := private.take_rate_limit(p_key, p_subject, p_maximum);
begin
  if v_wait > 0 then
    perform private.raise_error(
      429,
      'rate_limited',
      format('The limit "%s" is used up. Try again in %s seconds.', p_key, v_wait),
      format('retry_after=%s', v_wait)
    );
  end if;
end;
$$;

comment on function private.enforce_rate_limit(text, text, integer) is
  'Like take_rate_limit, but refuses with 429 rate_limited; the hint carries retry_after in seconds.';

revoke all on function private.enforce_rate_limit(text, text, integer) from public;
