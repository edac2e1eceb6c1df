insert into public.request_states (key, description, is_active) values
  ('pending', 'Asked for, waiting for the host', true),
  ('accepted', 'Taken into the rotation', true),
  ('performing', 'Being sung now', true),
  ('completed', 'Sung, or taken over by the show program', false),
  ('cancelled', 'Withdrawn by the singer', false),
  ('rejected', 'Refused by the host', false),
  ('skipped', 'Passed over by the host', false),
  ('cleared', 'Cleared with the whole queue', false)
on conflict (key) do update set description = excluded.description, is_active = excluded.is_active;

insert into public.request_transitions (from_state, to_state, actor) values
  ('pending', 'accepted', 'host'),
  ('pending', 'performing', 'host'),
  ('pending', 'completed', 'host'),
  ('pending', 'rejected', 'host'),
  ('pending', 'skipped', 'host'),
  ('pending', 'cleared', 'host'),
  ('pending', 'cancelled', 'singer'),
  ('accepted', 'pending', 'host'),
  ('accepted', 'performing', 'host'),
  ('accepted', 'completed', 'host'),
  ('accepted', 'rejected', 'host'),
  ('accepted', 'skipped', 'host'),
  ('accepted', 'cleared', 'host'),
  ('accepted', 'cancelled', 'singer'),
  ('performing', 'accepted', 'host'),
  ('performing', 'completed', 'host'),
  ('performing', 'skipped', 'host'),
  ('completed', 'pending', 'host'),
  ('skipped', 'pending', 'host')
on conflict do nothing;

-- A step of the host may be taken back, and that again.
insert into public.request_transitions (from_state, to_state, actor)
select step.to_state, step.from_state, 'undo' from public.request_transitions as step where step.actor = 'host'
union
select step.from_state, step.to_state, 'undo' from public.request_transitions as step where step.actor = 'host'
on conflict do nothing;
