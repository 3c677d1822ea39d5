-- What has not begun by its time is cancelled with the code EXPIRED. No claim hands it out, and what has begun once does not expire.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a', expires => '10s');
  b constant uuid := rhythm.queue('b', expires => (rhythm.now() + interval '20 s')::text, retry => '3');
  d constant uuid := rhythm.queue('d', delay => '1h', expires => '10s');
  alike uuid[];
  due timestamptz;
begin
  select array_agg(c) into alike from rhythm.create_many((select jsonb_agg('{"type": "task", "target": "e", "expires": "30s"}'::jsonb) from generate_series(1, 150))) as c;
  perform test.eq((select count(distinct e.batch_id) from rhythm.execution as e where e.id = any (alike)), 2::bigint, 'alike tasks share batches');
  due := rhythm.tick();
  perform test.eq(due between rhythm.now() + interval '9 s' and rhythm.now() + interval '10 s', true, 'tick() says when');
  perform test.pass('11 s');
  perform test.eq(test.claim(w, 1), array[b], 'a claim does not hand out what has expired, even if nobody has cancelled it');
  perform test.eq(test.status(a), 'pending', 'it waits for that');
  perform rhythm.tick();
  perform test.eq(test.status(a), 'cancelled', 'cancelled');
  perform test.eq(rhythm.get(a) #>> '{error,code}', 'EXPIRED', 'with its reason');
  perform test.eq(rhythm.get(a) ->> 'cancel_reason' like 'It had not begun by %, when it expired', true, 'as a sentence');
  perform test.fail(w, b);
  perform test.pass('25 s');
  perform rhythm.register_worker(w, p_lease => '1h');
  perform rhythm.tick();
  perform test.eq(test.status(b), 'pending', 'what began once does not expire');
  perform test.eq(test.claim(w), array[b], 'it is repeated');
  perform test.eq((select count(*) from rhythm.executions as e where e.id = any (alike) and e.status = 'cancelled' and e.error ->> 'code' = 'EXPIRED'), 150::bigint, 'all of a batch');
  perform test.eq((select count(*) from rhythm.batch as b where b.target = 'e'), 0::bigint, 'batches are gone');
  perform test.pass('3566 s');
  perform rhythm.register_worker(w, p_lease => '1h');
  perform rhythm.tick();
  perform test.eq(test.claim(w), array[d], 'the time counts from the moment from which it may run');
  perform rhythm.retry(a);
  perform test.eq(test.claim(w), array[a], 'a retry by hand does not expire again');
  perform test.eq(rhythm.get(a) ->> 'expires_at', null, 'and says so');
end;
$$;

-- Part of a batch was taken: the rest expires. What a worker hands back without running it may expire again.
do $$
declare
  w constant uuid := test.worker();
  ids uuid[];
  one uuid;
begin
  select array_agg(c order by c) into ids from rhythm.create_many((select jsonb_agg('{"type": "task", "target": "e", "expires": "30s"}'::jsonb) from generate_series(1, 5))) as c;
  perform test.eq(cardinality(test.claim(w, 2)), 2, 'two of them begin');
  perform test.settle(w, ids[1], '{"status": "released"}');
  perform test.pass('31 s');
  perform rhythm.register_worker(w, p_lease => '1h');
  perform rhythm.tick();
  perform test.eq((select array_agg(test.status(i) order by i) from unnest(ids) as i), array['cancelled', 'running', 'cancelled', 'cancelled', 'cancelled'], 'the others expired');
end;
$$;

-- A workflow sees the code. What is put under something that expires goes with it. Paused, too.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  c uuid;
  g uuid;
  p constant uuid := rhythm.queue('p', queue => 'nobody', expires => '10s');
  u uuid;
  items jsonb;
begin
  perform test.claim(w);
  c := rhythm.new_id();
  perform test.suspend(w, f, jsonb_build_array(test.run_task(c) || '{"options": {"expires": "10s", "queue": "nobody"}}'), 'all', array[c]);
  u := rhythm.queue('u', queue => 'nobody', parent => p);
  g := rhythm.queue('g', queue => 'nobody', expires => '10s');
  perform rhythm.pause_execution(g);
  perform test.pass('11 s');
  perform rhythm.register_worker(w, p_lease => '1h');
  perform rhythm.tick();
  perform test.eq(array[test.status(c), test.status(p), test.status(u), test.status(g)], array['cancelled', 'cancelled', 'cancelled', 'cancelled'], 'all of them');
  select x.settled into items from test.claim_rows(w) as x;
  perform test.eq(items #>> '{0,error,code}', 'EXPIRED', 'the workflow is told why');
end;
$$;

-- What is refused.
do $$
begin
  perform test.raises($q$ select rhythm.queue('a', expires => '0s') $q$, 'RH001', 'expires must be a duration above zero');
  perform test.raises($q$ select rhythm.queue('a', expires => 'tomorrow') $q$, 'RH001', 'expires must be a duration above zero');
  perform test.raises($q$ select rhythm.queue('a', run_at => '2100-01-02', expires => '2100-01-01') $q$, 'RH001', 'expires must be later than run_at');
  perform test.raises($q$ select rhythm.schedule('s', '@daily', 'a', type => 'task', options => '{"expires": "2100-01-01"}') $q$, 'RH001', 'must be a duration, because');
end;
$$;

-- A workflow that is handed back unrun may expire, too; one that has taken a step, or that threw, may not.
do $$
declare
  w constant uuid := test.worker();
  a uuid;
  b uuid;
begin
  perform rhythm.register_flow('f', 'return 1', '{}');
  a := rhythm.start('f', expires => '10s');
  b := rhythm.start('f', expires => '10s', retry => '3');
  perform test.claim(w);
  perform test.settle(w, a, '{"status": "released"}');
  perform test.fail(w, b);
  perform test.pass('11 s');
  perform rhythm.register_worker(w, p_lease => '1h');
  perform rhythm.tick();
  perform test.eq(array[test.status(a), test.status(b)], array['cancelled', 'pending'], 'only what has not begun expires');
  a := rhythm.start('f', expires => '10s');
  perform test.claim(w);
  perform rhythm.stop_worker(w);
  perform test.pass('11 s');
  perform rhythm.tick();
  perform test.eq(test.status(a), 'cancelled', 'a worker that stops hands back the same way');
end;
$$;
