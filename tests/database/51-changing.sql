-- Requests through their states: who may move them where, in ones and in hundreds, and what is written down about it.
begin;
\ir support/actors.psql
\ir support/night.psql
select no_plan();

-- Moves ----------------------------------------------------------------------------------------------------------------

-- + allowed, . refused, = already there. Rows from, columns to.
create temporary table moves as
select words[1] as actor, words[2] as from_state, state as to_state, words[2 + number::integer] as outcome
from (
  select regexp_split_to_array(trim(line), '\s+') as words
  from regexp_split_to_table($$
                   pending accepted performing completed cancelled rejected skipped cleared
    host pending      =       +         +          +         .        +        +       +
    host accepted     +       =         +          +         .        +        +       +
    host performing   .       +         =          +         .        .        +       .
    host completed    +       .         .          =         .        .        .       .
    host cancelled    .       .         .          .         =        .        .       .
    host rejected     .       .         .          .         .        =        .       .
    host skipped      +       .         .          .         .        .        =       .
    host cleared      .       .         .          .         .        .        .       =
  $$, '\n') as line
  where line ~ '^\s+host '
) as lines
cross join unnest(array['pending', 'accepted', 'performing', 'completed', 'cancelled', 'rejected', 'skipped', 'cleared'])
  with ordinality as target (state, number);

create function pg_temp.put(p_request text, p_state text)
returns void
language sql
begin atomic
  update public.requests
  set state = p_state, processed_at = case when p_state = 'completed' then now() end
  where id = tests.number(p_request);
end;

create function pg_temp.move(p_from text, p_to text, p_actor text default 'adam')
returns text
language plpgsql
as $$
begin
  perform tests.act_as_owner_role();
  perform pg_temp.put('request of eve', p_from);
  return tests.attempt(p_actor, format('select public.set_request_state(tests.number(''request of eve''), %L)', p_to));
end;
$$;

select is(
  pg_temp.move(from_state, to_state), case outcome when '.' then '409 transition_not_allowed' else '1' end,
  format('the host moves a request from %s to %s: %s', from_state, to_state, case outcome when '.' then 'no' when '=' then 'it is there' else 'yes' end)
)
from moves;

create function pg_temp.cancel(p_from text, p_actor text)
returns text
language plpgsql
as $$
begin
  perform pg_temp.put('request of eve', p_from);
  return tests.attempt(p_actor, $sql$ select public.cancel_request(tests.number('request of eve')) $sql$);
end;
$$;
select is(
  pg_temp.cancel(state, 'eve'), case when state in ('pending', 'accepted', 'cancelled') then '1' else '409 transition_not_allowed' end,
  format('the singer cancels a request that is %s', state)
)
from unnest(array['pending', 'accepted', 'performing', 'completed', 'cancelled', 'rejected', 'skipped', 'cleared']) as state;
select pg_temp.put('request of eve', 'pending');

select is(tests.attempt('stan', $$ select public.set_request_state(tests.number('request of eve'), 'lost') $$), '400 invalid_state', 'an unknown state is refused');
select is(tests.attempt('stan', $$ select public.set_request_state(tests.number('request of eve'), null) $$), '400 invalid_state', 'and so is none');
select is(
  tests.attempt('stan', $$ select public.set_request_state(tests.number('request of eve'), 'cleared') $$), '403 permission_denied', 'clearing needs requests:delete'
);
select is(tests.attempt('grace', $$ select public.set_request_state(tests.number('request of eve'), 'cleared') $$), '1', 'which may be granted');
select is(tests.attempt('dan', $$ select public.set_request_state(tests.number('request of eve'), 'cleared') $$), '1', 'and is not the same as processing');
select is(
  tests.attempt('eve', $$ select public.set_request_state(tests.number('request of eve'), 'accepted') $$), '404 request_not_found', 'a singer does not accept an own request'
);
select is(
  tests.attempt('stan', format($$ select public.set_request_state(tests.number('request of eve'), 'rejected', %L) $$, repeat('x', 501))), '400 invalid_reason', 'a reason is short'
);

-- What the singer learns -----------------------------------------------------------------------------------------------

select tests.act_as('stan');
select public.set_request_state(tests.number('request of eve'), 'skipped', '  Not in   this key ')
\g /dev/null
select is(
  tests.answer('eve', $$ select state, reason from public.my_requests() where id = tests.number('request of eve') $$),
  '[{"state": "skipped", "reason": "Not in this key"}]', 'the singer reads why a request was skipped'
);
select tests.act_as('stan');
select public.set_request_state(tests.number('request of eve'), 'pending', 'Back')
\g /dev/null
select is(
  tests.answer('eve', $$ select state, reason from public.my_requests() where id = tests.number('request of eve') $$),
  '[{"state": "pending", "reason": null}]', 'the reason goes when the request comes back'
);

-- The log --------------------------------------------------------------------------------------------------------------

delete from public.request_events where request_id = tests.number('request of eve');
select tests.act_as('stan');
select public.set_request_state(tests.number('request of eve'), 'accepted'), public.set_request_state(tests.number('request of eve'), 'accepted')
\g /dev/null
select tests.act_as('eve');
select public.cancel_request(tests.number('request of eve'))
\g /dev/null
select tests.act_as_owner_role();
select results_eq(
  $$ select from_state, to_state, changed_by, source from public.request_events where request_id = tests.number('request of eve') order by id $$,
  $$ values ('pending', 'accepted', tests.id('stan'), 'app'), ('accepted', 'cancelled', tests.id('eve'), 'app') $$,
  'each change is written down once, with who made it'
);
select is(
  tests.attempt(actor, format('%s', statement)), '42501', format('%s: %s', actor, statement)
)
from unnest(array['alice', 'stan', 'service']) as actor
cross join unnest(array['update public.request_events set to_state = ''pending''', 'delete from public.request_events', 'delete from public.performances']) as statement;

-- What was sung --------------------------------------------------------------------------------------------------------

select tests.act_as('stan');
select public.process_requests(array[tests.number('request of gus')])
\g /dev/null
select tests.act_as_owner_role();
select results_eq(
  $$ select singer_user_id, singer_name, song_id, artist, title, venue_id, organization_id, show_id is not null, fingerprint
     from public.performances where request_id = tests.number('request of gus') $$,
  $$ values (
    tests.id('gus'), 'Gus', tests.number('second song'), 'Zzyzx Quartet', 'Second Song of the Tests', tests.id('hall'), tests.id('A'), true,
    private.song_fingerprint('Zzyzx Quartet', 'Second Song of the Tests')
  ) $$,
  'a completed request is a performance'
);
select ok((select processed and processed_at is not null from public.requests where id = tests.number('request of gus')), 'and processed');
select tests.act_as('stan');
select public.process_requests(array[tests.number('request of gus')], false)
\g /dev/null
select tests.act_as_owner_role();
select is_empty($$ select from public.performances where request_id = tests.number('request of gus') $$, 'putting it back withdraws the performance');
select ok((select not processed and processed_at is null and state = 'pending' from public.requests where id = tests.number('request of gus')), 'and it waits again');
select tests.act_as('stan');
select public.process_requests(array[tests.number('request of gus')])
\g /dev/null
select tests.act_as_owner_role();
select is((select count(*) from public.performances where request_id = tests.number('request of gus')), 1::bigint, 'sung again, it is one performance');

-- In hundreds ----------------------------------------------------------------------------------------------------------

create function pg_temp.process(p_actor text, p_arguments text)
returns text
language sql
return tests.attempt(p_actor, format('select public.process_requests(%s)', p_arguments));

create temporary table many as
select (private.insert_request(tests.id('hall'), null, null, array['Singer ' || i], tests.number('first song'), null, null, 0, null, null, true)).id
from generate_series(1, 101) as i;
select is(
  tests.answer('stan', format('select public.process_requests(%L) as changed', (select array_agg(id) from (select id from many order by id limit 100) as hundred))),
  '[{"changed": 100}]', 'a hundred at once'
);
select is(pg_temp.process('stan', quote_literal((select array_agg(id) from many))), '400 invalid_request_ids', 'not a hundred and one');
select is(
  pg_temp.process('stan', quote_literal((select array_agg(id) from (select id from many limit 3) as few, generate_series(1, 100)))), '1', 'duplicates count once'
);
select is(pg_temp.process('stan', arguments), outcome, 'process_requests(' || arguments || ')')
from (values
  ('''{}''', '400 invalid_request_ids'), ('null', '400 invalid_request_ids'), ('array[null]::bigint[]', '400 invalid_request_ids'),
  ('array[1], null', '400 invalid_processed'), ('array[-1]', '404 request_not_found'), ('array[0, 9223372036854775807]', '404 request_not_found')
) as refused (arguments, outcome);

-- All or nothing, and only one's own. The rows of others look like rows that are not there.
select throws_ok(
  format(
    'select tests.act_as(''stan''), public.process_requests(array[%s, %s, 999999999999])', tests.number('request of eve'), tests.number('foreign request')
  ),
  'PT404', 'request_not_found', 'one unknown id refuses them all'
);
create function pg_temp.detail(p_actor text, p_sql text)
returns text
language plpgsql
as $$
declare
  v_detail text;
begin
  perform tests.act_as(p_actor);
  execute p_sql;
  raise exception using errcode = 'UNDO0', detail = 'accepted';
exception
  when others then
    get stacked diagnostics v_detail = pg_exception_detail;
    return v_detail;
end;
$$;
select is(
  pg_temp.detail('stan', format('select public.process_requests(array[%s, %s, 999999999999])', tests.number('walk-up'), tests.number('foreign request'))),
  format('There are no such requests, or they are not yours: %s, 999999999999', tests.number('foreign request')), 'the unknown ones are named, others'' among them'
);
select is(
  pg_temp.process('bob', format('array[%s]', tests.number('walk-up'))), '404 request_not_found',
  'whoever has requests of an own organization does not process those of another'
);
select is(
  pg_temp.process('bob', format('array[%s, %s]', tests.number('walk-up'), tests.number('foreign request'))), '404 request_not_found', 'nor hidden among them'
);
update public.requests set state = 'cancelled' where id = tests.number('request of eve');
select is(
  pg_temp.process('stan', format('array[%s, %s]', tests.number('walk-up'), tests.number('request of eve'))), '409 transition_not_allowed',
  'one that may not be moved refuses them all'
);
select is((select state from public.requests where id = tests.number('walk-up')), 'pending', 'and nothing changed');

-- Clearing -------------------------------------------------------------------------------------------------------------

update public.requests set state = 'pending' where id = tests.number('request of eve');
select is(
  tests.answer('mia', $$ select public.clear_queue(tests.id('hall')) as cleared $$),
  to_jsonb(array[jsonb_build_object('cleared', 3)]), 'clearing takes what waits: the last of the many, the walk-up and eve''s'
);
select is(tests.answer('mia', $$ select public.clear_queue(tests.id('hall')) as cleared $$), '[{"cleared": 0}]', 'again there is nothing');
select is((select state from public.requests where id = tests.number('walk-up')), 'cleared', 'they keep their history');
select is((select state from public.requests where id = tests.number('sung by eve')), 'completed', 'what was sung stays sung');

-- Editing --------------------------------------------------------------------------------------------------------------

update public.requests set state = 'pending' where id = tests.number('request of eve');
create function pg_temp.edit(p_actor text, p_arguments text)
returns text
language sql
return tests.attempt(p_actor, format('select public.edit_request(tests.number(''request of eve''), %s)', p_arguments));
create temporary table number_before as select openkj_request_id from public.requests where id = tests.number('request of eve');
select is(
  tests.answer('eve', $$ select edited.key_change, edited.notes from public.edit_request(tests.number('request of eve'), p_notes => ' Slow,   please ') as edited $$),
  '[{"key_change": 0, "notes": "Slow, please"}]', 'the singer changes the notes'
);
select is((select openkj_request_id from public.requests where id = tests.number('request of eve')), (select openkj_request_id from number_before), 'the number stays');
select is(
  tests.answer('eve', $$ select edited.key_change, edited.notes from public.edit_request(tests.number('request of eve'), 2) as edited $$),
  '[{"key_change": 2, "notes": "Slow, please"}]', 'the singer changes the key; what is left out stays'
);
select is(
  (select openkj_request_id from public.requests where id = tests.number('request of eve')),
  (select next_openkj_request_id - 1 from private.organization_counters where organization_id = tests.id('A')),
  'OpenKJ gets to see a new number, which was never used'
);
select is(
  tests.answer('eve', $$ select edited.notes from public.edit_request(tests.number('request of eve'), p_notes => ' ') as edited $$), '[{"notes": null}]', 'empty notes are none'
);
select is(pg_temp.edit('eve', arguments), outcome, 'edit_request(' || left(arguments, 40) || ')')
from (values
  ('13', '400 invalid_key_change'), ('-13', '400 invalid_key_change'), (format('0, %L', repeat('x', 501)), '400 invalid_notes'), ('null', '1'), ('-12', '1')
) as refused (arguments, outcome);
update public.venue_rules set key_change_allowed = false, notes_allowed = false where venue_id = tests.id('hall');
select is(pg_temp.edit('eve', '5'), '422 key_change_not_allowed', 'where keys are fixed, they are');
select is(pg_temp.edit('eve', '0'), '1', 'the original is always possible');
select is(pg_temp.edit('eve', 'null, ''Hello'''), '422 notes_not_allowed', 'where notes are unwanted, they are');
update public.venue_rules set key_change_allowed = true, notes_allowed = true where venue_id = tests.id('hall');
select is(pg_temp.edit('gus', '1'), '404 request_not_found', 'not by another singer');
select is(pg_temp.edit('stan', '1'), '404 request_not_found', 'not by the host');
select private.change_requests(array[tests.number('request of eve')], 'accepted', 'host')
\g /dev/null
select is(pg_temp.edit('eve', '1'), '409 request_not_pending', 'once it is in the rotation it stays as it is');
select is(
  tests.attempt('eve', $$ update public.requests set key_change = 3 where id = tests.number('request of eve') $$), '42501', 'and not by hand'
);

-- Banning --------------------------------------------------------------------------------------------------------------

select tests.act_as('stan');
select public.ban_singer(tests.number('walk-up')), public.ban_singer(tests.number('request of eve'), p_by_name => true)
\g /dev/null
select tests.act_as_owner_role();
select set_eq(
  $$ select user_id, folded_name from public.venue_bans where venue_id = tests.id('hall') and created_by is not null $$,
  $$ values (null::uuid, 'walker'), (null::uuid, 'eve') $$, 'a walk-up is banned by name, an account where the host says so'
);
delete from public.venue_bans where folded_name is not null;
select is(
  tests.attempt('stan', $$ select public.ban_singer(tests.number('request of eve'), p_expires_at => now()) $$), '400 invalid_expiry', 'a ban has a future'
);
select tests.act_as('stan');
select is(
  public.ban_singer(tests.number('request of eve'), false, ' Throws  microphones '), public.ban_singer(tests.number('request of eve'), false, 'Really', now() + interval '1 day'),
  'a second ban of the same singer changes the first'
);
select tests.act_as_owner_role();
select results_eq(
  $$ select venue_id, reason, singer_name, created_by, expires_at > now() from public.venue_bans where user_id = tests.id('eve') $$,
  $$ values (tests.id('hall'), 'Really', 'Eve', tests.id('stan'), true) $$, 'it says whom, where, why and until when'
);
select is(tests.attempt('eve', 'delete from public.venue_bans'), '0', 'the banned do not lift it');
select is(tests.attempt('bob', 'delete from public.venue_bans where user_id = tests.id(''eve'')'), '0', 'strangers do not either');

select * from finish();
rollback;
