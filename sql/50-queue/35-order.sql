-- The order of a queue: first come first served, by hand, or everybody in turn. docs/decisions/rotation.md says why.

create type private.night_song as (
  request_id bigint,
  is_sung boolean,
  at timestamptz,
  singers integer[]
);

comment on type private.night_song is
  'A song of tonight: sung at a time, on stage (at infinity, after all that was sung), or waiting since it was asked for. Its singers are
numbered over the night.';

create function private.night_songs(p_venue_id uuid)
returns setof private.night_song
language plpgsql
stable
security definer
set search_path = ''
-- Planning this takes as long as running it.
set plan_cache_mode = 'force_generic_plan'
rows 100
as $$
declare
  v_show_id constant uuid := private.open_show(p_venue_id);
begin
  return query
    with
      song as (
        select request.id, true as is_sung, sung.performed_at as at, request.singer_user_id, request.singer_names
        from public.performances as sung
        join public.requests as request on request.id = sung.request_id
        where sung.show_id = v_show_id
        union all
        select
          request.id, request.state = 'performing',
          case request.state when 'performing' then 'infinity' else coalesce(request.queued_as_of, request.requested_at) end,
          request.singer_user_id, request.singer_names
        from public.requests as request
        where request.venue_id = p_venue_id and request.state in ('pending', 'accepted', 'performing')
      ),
      -- Each spelling is folded once, however often its singer stands on the list.
      spelled as materialized (
        select written.name, private.fold_text(written.name) as folded
        from (select distinct unnest(song.singer_names) as name from song) as written
      ),
      named as (
        select song.id, spelled.folded as name, case part.number when 1 then song.singer_user_id end::text as account
        from song
        cross join lateral unnest(song.singer_names) with ordinality as part (name, number)
        join spelled on spelled.name = part.name
      ),
      -- A name that one account goes by tonight is that singer, whoever entered it. Two accounts of one name are two singers.
      known as (
        select named.name, min(named.account) as account
        from named
        where named.account is not null
        group by named.name
        having count(distinct named.account) = 1
      ),
      numbered as (
        select
          named.id,
          dense_rank() over (order by coalesce(named.account, known.account, 'name ' || named.name) collate "C")::integer as singer
        from named
        left join known on known.name = named.name
      ),
      sung_by as (
        select numbered.id, array_agg(distinct numbered.singer) as singers
        from numbered
        group by numbered.id
      )
    select song.id, song.is_sung, song.at, sung_by.singers
    from song
    join sung_by on sung_by.id = song.id
    order by song.is_sung desc, song.at, song.id;
end;
$$;

comment on function private.night_songs(uuid) is
  'What was sung tonight in order, then what waits in the order of asking, and by whom. A singer is the account or guest that asked, else
the name: the first name of a request is that of its account. Definer: singers may not see each other''s rows.';

revoke all on function private.night_songs(uuid) from public;

create function private.rotation(p_venue_id uuid)
returns table (request_id bigint, place bigint)
language plpgsql
stable
security definer
set search_path = ''
rows 50
as $$
declare
  v_songs constant private.night_song[] := array(select night from private.night_songs(p_venue_id) as night);
  v_song private.night_song;
  v_singer integer;
  v_singers constant integer := coalesce((select max(number) from unnest(v_songs) as song, unnest(song.singers) as number), 0);
  -- By singer: turns counted, when the last one was, since when and with which song they wait, and their place in line.
  v_turns integer[] := array_fill(null::integer, array[v_singers]);
  v_last timestamptz[] := array_fill(null::timestamptz, array[v_singers]);
  v_since timestamptz[] := array_fill(null::timestamptz, array[v_singers]);
  v_first bigint[] := array_fill(null::bigint, array[v_singers]);
  v_line integer[];
  -- The most turns anybody has had, and the round that comes next for each singer.
  v_most integer := 0;
  v_next integer[];
  v_songs_before integer[] := array_fill(0, array[v_singers]);
  v_round integer;
  v_before integer;
  v_behind integer;
  v_ids bigint[] := array[]::bigint[];
  v_rounds integer[] := array[]::integer[];
  v_befores integer[] := array[]::integer[];
  v_behinds integer[] := array[]::integer[];
begin
  foreach v_song in array v_songs loop
    if v_song.is_sung then
      -- Nobody counts as more than one turn behind: who comes late, or comes back, catches up by one song at most.
      v_round := v_most - 1;
      foreach v_singer in array v_song.singers loop
        v_round := greatest(v_round, v_turns[v_singer]);
      end loop;
      v_round := v_round + 1;
      if v_round < 1 then
        v_round := 1;
      end if;
      foreach v_singer in array v_song.singers loop
        v_turns[v_singer] := v_round;
        v_last[v_singer] := v_song.at;
      end loop;
      v_most := greatest(v_most, v_round);
    else
      foreach v_singer in array v_song.singers loop
        if v_first[v_singer] is null then
          v_first[v_singer] := v_song.request_id;
          v_since[v_singer] := greatest(v_song.at, v_last[v_singer]);
        end if;
      end loop;
    end if;
  end loop;

  -- The singers in line: fewest turns, then longest waiting. Newcomers let the first of those go who have sung before and whose
  -- turn it is.
  with
    waiting as (
      select
        singer.number,
        coalesce(v_turns[singer.number], 0) as turns,
        greatest(v_turns[singer.number], v_most - 1, 0) as round,
        v_since[singer.number] as since,
        singer.first_request
      from unnest(v_first) with ordinality as singer (first_request, number)
      where singer.first_request is not null
    ),
    leader as (
      select waiting.turns, waiting.since, waiting.first_request
      from waiting
      where waiting.turns > 0 and waiting.round = (select min(other.round) from waiting as other)
      order by waiting.turns, waiting.since, waiting.first_request
      limit 1
    ),
    line as (
      select
        waiting.number, waiting.round,
        -- Two singers who wait with the same duet stand side by side.
        rank() over (
          order by
            exists (
              select
              from leader
              where (leader.turns, leader.since, leader.first_request) = (waiting.turns, waiting.since, waiting.first_request)
            ) desc,
            waiting.turns, waiting.since, waiting.first_request
        ) as place
      from waiting
    )
  select array_agg(line.place order by singer.number), array_agg(line.round order by singer.number) into v_line, v_next
  from generate_series(1, v_singers) as singer (number)
  left join line on line.number = singer.number;

  foreach v_song in array v_songs loop
    continue when v_song.is_sung;
    -- The earliest round in which none of its singers has another song; behind the last of them in line.
    v_round := 0;
    v_before := 0;
    v_behind := 0;
    foreach v_singer in array v_song.singers loop
      v_round := greatest(v_round, v_next[v_singer]);
      v_before := greatest(v_before, v_songs_before[v_singer]);
      v_behind := greatest(v_behind, v_line[v_singer]);
    end loop;
    foreach v_singer in array v_song.singers loop
      v_next[v_singer] := v_round + 1;
      v_songs_before[v_singer] := v_before + 1;
    end loop;
    v_ids := v_ids || v_song.request_id;
    v_rounds := v_rounds || v_round;
    v_befores := v_befores || v_before;
    v_behinds := v_behinds || v_behind;
  end loop;

  return query
    select
      song.id,
      -- In a round, who waits for it already comes before those who sing first.
      row_number() over (order by song.round, song.before, song.behind, song.number)
    from unnest(v_ids, v_rounds, v_befores, v_behinds) with ordinality as song (id, round, before, behind, number);
end;
$$;

comment on function private.rotation(uuid) is
  'What waits at a venue, everybody in turn: fewest turns tonight first, then longest waiting; newcomers after the current round''s first
singer. A duet is a turn for each of its singers, a skipped song for nobody. Definer: as night_songs.';

revoke all on function private.rotation(uuid) from public;

create function private.queue(p_venue_id uuid)
returns table (request_id bigint, place integer, wait_seconds integer)
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
rows 50
as $$
#variable_conflict use_column
declare
  v_order constant text := (select rules.queue_order from public.venue_rules as rules where rules.venue_id = p_venue_id);
  v_show_id constant uuid := private.open_show(p_venue_id);
begin
  return query
    with
      -- The night's own pace: the gaps between its last songs, without breaks.
      gaps as (
        select extract(epoch from sung.performed_at - lag(sung.performed_at) over (order by sung.performed_at)) as seconds
        from (
          select latest.performed_at
          from public.performances as latest
          where latest.show_id = v_show_id
          order by latest.performed_at desc
          limit 11
        ) as sung
      ),
      pace as (
        select coalesce(avg(gaps.seconds) filter (where gaps.seconds between 30 and 900), 300) as seconds from gaps
      ),
      ordered as (
        select
          request.id,
          row_number() over (
            order by
              (request.state = 'performing') desc,
              (request.state = 'accepted') desc,
              case v_order when 'manual' then request.sort_order when 'rotation' then rotation.place end nulls last,
              coalesce(request.queued_as_of, request.requested_at),
              request.id
          ) as place
        from public.requests as request
        left join (select * from private.rotation(p_venue_id) where v_order = 'rotation') as rotation on rotation.request_id = request.id
        where request.venue_id = p_venue_id and request.state in ('pending', 'accepted', 'performing')
      )
    select ordered.id, ordered.place::integer, ((ordered.place - 1) * pace.seconds)::integer
    from ordered, pace
    order by ordered.place;
end;
$$;

comment on function private.queue(uuid) is
  'Active requests of a venue in the order of its rules: place from 1, wait in seconds from the night''s own gaps between songs
(5 minutes a song until there are some). What is on stage is first, then what the host has taken. Definer: singers may not see each
other''s rows.';

revoke all on function private.queue(uuid) from public;
