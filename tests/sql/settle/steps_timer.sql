-- A timer that is due and the next step of its workflow are one settle. The engine decides, by its own clock, under the
-- lock of the state: not a moment early, once, from where the workflow stands, and in no queue that goes by claims.
create function pg_temp.timer(p_id uuid, p_in text, p_kept boolean default true) returns jsonb language sql as $$
  select jsonb_build_object('type', 'start_timer', 'id', p_id, 'at', rhythm.now() + p_in::interval, 'kept', p_kept);
$$;

create function pg_temp.sleeper(p_worker uuid, p_timer uuid, p_in text default '3s') returns uuid language plpgsql as $$
declare
  f constant uuid := test.flow();
begin
  perform test.claim(p_worker);
  perform test.suspend(p_worker, f, jsonb_build_array(pg_temp.timer(p_timer, p_in)), 'any', array[p_timer]);
  return f;
end;
$$;

create function pg_temp.ring(p_worker uuid, p_timer uuid, p_flow uuid, p_seq integer, p_next jsonb default '{"next": "completed", "result": 7}') returns jsonb language sql as $$
  select test.steps(p_worker, jsonb_build_array(jsonb_build_object('id', p_timer, 'timer', true, 'flow', p_flow, 'seq', p_seq) || p_next));
$$;

create function pg_temp.waits(p_ids uuid[]) returns jsonb language sql as $$
  select jsonb_build_object('next', 'suspended', 'snapshot', '{"at": 2}'::jsonb, 'mode', 'any', 'ids', p_ids);
$$;

do $$
declare
  w constant uuid := test.worker();
  t constant uuid[] := array(select rhythm.uuid7() as id from generate_series(1, 12) order by id);
  f constant uuid := pg_temp.sleeper(w, t[1]);
  g constant uuid := pg_temp.sleeper(w, t[2]);
  h uuid;
  v_answer jsonb;
begin
  v_answer := pg_temp.ring(w, t[1], f, 1);
  perform test.eq(v_answer -> 'declined', to_jsonb(array[t[1]]), 'not due yet');
  perform test.eq((v_answer #>> array['early', t[1]::text])::integer between 1 and 3000, true, 'it says by how much');
  perform test.eq(test.status(f), 'suspended', 'never early');
  perform test.pass('3s');
  perform test.eq(pg_temp.ring(w, t[1], f, 0), jsonb_build_object('declined', array[t[1]], 'early', '{}'::jsonb, 'born', '[]'::jsonb), 'not from an older step');
  perform test.eq(pg_temp.ring(w, t[1], f, 2) -> 'declined', to_jsonb(array[t[1]]), 'nor from one that is still to come');
  perform test.eq(pg_temp.ring(w, t[1], g, 1) -> 'declined', to_jsonb(array[t[1]]), 'not the timer of another workflow');
  perform test.eq(pg_temp.ring(w, t[12], f, 1) -> 'declined', to_jsonb(array[t[12]]), 'no timer at all');
  perform rhythm.pause_queue('default');
  perform test.eq(pg_temp.ring(w, t[1], f, 1) -> 'declined', to_jsonb(array[t[1]]), 'not in a queue that is paused, or has limits');
  perform rhythm.resume_queue('default');
  perform test.eq((select count(*) from rhythm.timer), 2::bigint, 'what is declined changes nothing');

  -- On to another timer, and from that to the end.
  v_answer := pg_temp.ring(w, t[1], f, 1, pg_temp.waits(array[t[3]]) || jsonb_build_object('cleanup', true, 'timers', jsonb_build_array(pg_temp.timer(t[3], '10s'), pg_temp.timer(t[4], '20s', false))));
  perform test.eq(v_answer -> 'declined', '[]', 'due, and settled');
  perform test.eq((select array[s.seq::text, s.snapshot::text, s.need::text, s.cleanup::text] from rhythm.workflow_state as s where s.execution_id = f), array['2', '{"at": 2}', '{1}', 'true'], 'one further');
  perform test.eq((select array_agg(x.id order by x.id) from rhythm.timer as x where x.execution_id = f and not x.fired), array[t[3], t[4]], 'the timer has fired, others began');
  perform test.eq((select array_agg(x.kept_until > x.fires_at order by x.id) from rhythm.timer as x where x.execution_id = f and not x.fired), array[true, null], 'one of them kept');
  perform test.eq(pg_temp.ring(w, t[1], f, 1) -> 'declined', to_jsonb(array[t[1]]), 'a repeated call');
  perform test.pass('10s');
  perform test.eq(pg_temp.ring(w, t[3], f, 2, pg_temp.waits(array[t[5]]) || jsonb_build_object('released', array[t[4], t[2]], 'timers', jsonb_build_array(pg_temp.timer(t[5], '1s')))) -> 'declined', '[]', 'again');
  perform test.eq((select array_agg(x.id order by x.id) from rhythm.timer as x where not x.fired), array[t[2], t[5]], 'what it dropped is gone, if it was its own');
  perform test.pass('1s');
  perform rhythm.watch(array[f]);
  perform test.eq(pg_temp.ring(w, t[5], f, 3) -> 'declined', '[]', 'the last step');
  perform test.eq(rhythm.get(f) ->> 'output', '7', 'the result');
  perform test.eq(exists (select from rhythm.workflow_state as s where s.execution_id = f), false, 'a workflow that is over stands nowhere');

  -- Others were first.
  perform rhythm.cancel(g);
  perform test.eq(pg_temp.ring(w, t[2], g, 1) -> 'declined', to_jsonb(array[t[2]]), 'its workflow was cancelled');
  h := pg_temp.sleeper(w, t[6], '0s');
  perform test.pass('250ms');
  perform rhythm.tick();
  perform test.eq(pg_temp.ring(w, t[6], h, 1) -> 'declined', to_jsonb(array[t[6]]), 'it fired already');
  perform test.eq(test.status(h), 'pending', 'and woke its workflow');
  perform test.eq(pg_temp.ring(w, t[6], h, 1, pg_temp.waits(array[t[7]]) || jsonb_build_object('timers', jsonb_build_array(pg_temp.timer(t[7], '1s')))) -> 'declined', to_jsonb(array[t[6]]), 'whatever comes next');
  perform test.eq(exists (select from rhythm.timer as x where x.id = t[7]), false, 'what is declined starts nothing');
  perform test.claim(w);
  perform test.complete(w, h);
  h := pg_temp.sleeper(w, t[8], '0s');
  perform rhythm.signal(h, 'unasked');
  perform test.eq(pg_temp.ring(w, t[8], h, 1) -> 'declined', '[]', 'a signal that it does not wait for is nothing to it');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
end;
$$;

-- Of two that go on at once, each drops its own alone; and the end of the time that all of a workflow may take is no timer of it.
do $$
declare
  w constant uuid := test.worker();
  t constant uuid[] := array(select rhythm.uuid7() from generate_series(1, 4));
  f constant uuid := pg_temp.sleeper(w, t[1], '0s');
  g constant uuid := pg_temp.sleeper(w, t[2], '0s');
  d constant uuid := rhythm.uuid7();
begin
  insert into rhythm.timer (id, execution_id, fires_at, deadline) values (d, f, rhythm.now() - interval '1s', true);
  perform test.eq(pg_temp.ring(w, d, f, 1) -> 'declined', to_jsonb(array[d]), 'a deadline');
  perform test.eq(test.steps(w, jsonb_build_array(
    jsonb_build_object('id', t[1], 'timer', true, 'flow', f, 'seq', 1, 'timers', jsonb_build_array(pg_temp.timer(t[3], '1s')), 'released', array[t[4], d]) || pg_temp.waits(array[t[3]]),
    jsonb_build_object('id', t[2], 'timer', true, 'flow', g, 'seq', 1, 'timers', jsonb_build_array(pg_temp.timer(t[4], '1s')), 'released', array[t[3]]) || pg_temp.waits(array[t[4]]))) -> 'declined', '[]', 'both');
  perform test.eq((select array_agg(x.id order by x.id) from rhythm.timer as x where x.execution_id in (f, g) and not x.deadline and not x.fired), (select array_agg(i order by i) from unnest(array[t[3], t[4]]) as i), 'what the other one waits for stays');
  perform test.eq((select count(*) from rhythm.timer as x where x.deadline), 1::bigint, 'and the deadline');
  delete from rhythm.timer as x where x.deadline;
  perform rhythm.cancel(f);
  perform rhythm.cancel(g);
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
end;
$$;

-- A wait for a signal that a race lost is dropped, unless it took a signal: then somebody else was first.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  t constant uuid[] := array(select rhythm.uuid7() from generate_series(1, 4));
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(pg_temp.timer(t[1], '0s'), jsonb_build_object('type', 'await_signal', 'id', t[2], 'name', 's')), 'any', array[t[1], t[2]]);
  perform test.eq(pg_temp.ring(w, t[1], f, 1, pg_temp.waits(array[t[3]]) || jsonb_build_object('released', array[t[2]], 'timers', jsonb_build_array(pg_temp.timer(t[3], '0s')))) -> 'declined', '[]', 'the timer was first');
  perform test.eq(exists (select from rhythm.signal_wait as s where s.execution_id = f), false, 'the wait is gone');
  perform rhythm.signal(f, 's', '5');
  perform test.eq((select count(*) from rhythm.signal as s where s.execution_id = f and s.taken_by is null), 1::bigint, 'the signal is kept');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
end;
$$;

do $$
declare
  w constant uuid := test.worker();
  t constant uuid := rhythm.uuid7();
  f constant uuid := pg_temp.sleeper(w, t, '0s');
  u constant uuid := rhythm.uuid7();
  v_case record;
  v_answer jsonb;
begin
  for v_case in select * from (values
    (pg_temp.waits(array[u]) || '{"timers": [{"id": "x"}]}', 'Every timer needs id and at'),
    (pg_temp.waits(array[u]) || jsonb_build_object('timers', array[jsonb_build_object('id', u, 'at', 'noon')]), 'invalid input syntax'),
    (pg_temp.waits(array[u]) || jsonb_build_object('timers', array[jsonb_build_object('id', u, 'at', '2020-13-13')]), 'out of range'),
    (pg_temp.waits(array[u]) || '{"timers": 5}', ''), (pg_temp.waits(array[u]) || '{"released": 5}', ''),
    ('{"next": "completed", "timers": [{}]}', 'starts no timers')) as v (next, words) loop
    v_answer := pg_temp.ring(w, t, f, 1, v_case.next);
    perform test.eq(v_answer ->> 'problem' like '%' || v_case.words || '%', true, format('%s: %s', v_case.words, v_answer ->> 'problem'));
    perform test.eq(v_answer -> 'declined', to_jsonb(array[t]), 'declined');
  end loop;
  perform test.eq(pg_temp.ring(w, t, f, 1) -> 'declined', '[]', 'nothing was changed');
end;
$$;
