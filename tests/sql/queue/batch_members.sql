-- Of a batch that was leased whole, each member goes its own way: one that is cancelled, fails or runs late takes nobody along. What is
-- left of it when its worker dies comes back one by one: only the poisonous one is counted as lost.
create function pg_temp.make(p_count integer, p_more jsonb default '{}') returns uuid[] language sql as $$
  select array(select rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a"}' || p_more || jsonb_build_object('inputs', n)) from generate_series(1, p_count) as n)))
$$;

-- The outputs are the places in a.
create function pg_temp.done(p_worker uuid, p_call integer, p_ids uuid[]) returns jsonb language sql as $$
  select test.done(p_worker, p_call, p_ids, (select jsonb_agg(n) from generate_series(1, cardinality(p_ids)) as n));
$$;

do $$
declare
  w constant uuid := test.worker();
  a constant uuid[] := pg_temp.make(100, '{"retry": {"max_attempts": 2, "initial": 1, "jitter": 0, "backoff": "fixed"}}');
  v_call integer;
begin
  perform test.eq(test.claim(w, 100), a, 'all of them');
  perform test.eq((select count(*) from rhythm.batch), 1::bigint, 'in one batch');
  v_call := test.call_of(a[1]);

  perform test.eq(rhythm.cancel(a[1], 'enough'), true, 'one is cancelled');
  perform test.eq(rhythm.beat(w) -> 'stop', jsonb_build_array(jsonb_build_object('id', a[1], 'reason', 'enough')), 'its worker hears of that one');
  perform test.settle(w, a[1], '{"status": "cancelled"}');
  perform test.fail(w, a[2]);
  perform test.settle(w, a[3], '{"status": "failed", "retryable": false, "error": {"type": "Error", "message": "no"}}');
  perform test.settle(w, a[4], '{"status": "released", "delay_ms": 5000, "reason": "no room"}');
  perform test.eq(array(select test.status(i) from unnest(a[1:5]) as i), '{cancelled,pending,failed,pending,running}'::text[], 'each its own way');
  perform test.eq((select count(*) from rhythm.batch as b where b.worker = w), 1::bigint, 'the rest is still in its batch');
  perform test.eq((select row(b.attempt, b.failures, b.crashes, b.size)::text from rhythm.batch as b where b.first_id = a[2]), '(1,1,0,1)', 'one threw');
  perform test.eq((select row(b.attempt, b.failures, b.crashes, b.size)::text from rhythm.batch as b where b.first_id = a[4]), '(0,0,0,1)', 'one was handed back');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');

  perform test.eq(pg_temp.done(w, v_call, a[5:100]), '{"refused": [], "declined": []}', 'the others complete');
  perform test.eq((select count(*) from rhythm.batch as b where b.worker = w), 0::bigint, 'the batch goes with its last member');
  perform test.eq(rhythm.get(a[7]) -> 'output', '3', 'each with its output');
  perform test.pass('1 s');
  perform rhythm.tick();
  perform test.eq(test.claim(w), a[2:2], 'the one that threw is tried again');
  perform test.fail(w, a[2]);
  perform test.eq(array[rhythm.get(a[2]) ->> 'status', rhythm.get(a[2]) ->> 'attempt'], '{failed,2}'::text[], 'as often as it may');
  perform test.pass('4 s');
  perform rhythm.tick();
  perform test.eq(test.claim(w), a[4:4], 'the one that was handed back');
  perform test.eq((rhythm.get(a[4]) ->> 'attempt')::integer, 1, 'in its first attempt');
  perform pg_temp.done(w, test.call_of(a[4]), a[4:4]);
end;
$$;

-- One runs past its timeout: the others were done in time.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid[] := pg_temp.make(100, '{"timeout": 10, "retry": {"max_attempts": 2, "initial": 1, "jitter": 0}}');
begin
  perform test.claim(w, 100);
  perform pg_temp.done(w, test.call_of(a[1]), a[1:99]);
  perform test.pass('12 s');
  perform rhythm.beat(w), rhythm.tick();
  perform test.eq(array[test.status(a[100]), rhythm.get(a[100]) #>> '{error,type}'], '{pending,TimeoutError}'::text[], 'it is tried again');
  perform test.eq((select row(b.failures, b.crashes)::text from rhythm.batch as b), '(1,0)', 'after a failure');
  perform test.eq((select count(*) from rhythm.execution as e where e.id = any (a) and e.state = 1), 99::bigint, 'the others are over');
  perform rhythm.cancel(a[100]);
end;
$$;

-- The worker of a hundred dies, again and again, of one of them.
do $$
declare
  w uuid := test.worker();
  a constant uuid[] := pg_temp.make(100, '{"retry": {"max_attempts": 1, "crashes": 2, "initial": 1, "jitter": 0}}');
  v_poison constant uuid := a[50];
begin
  perform test.claim(w, 100);
  perform pg_temp.done(w, test.call_of(a[1]), a[1:10]);
  perform rhythm.cancel(a[11], 'enough');
  perform test.silence('61 min');
  perform test.eq(test.status(a[11]), 'cancelled', 'what was to stop has stopped');
  perform test.eq((select row(count(*), max(b.size), max(b.crashes), max(b.failures), max(b.attempt))::text from rhythm.batch as b), '(89,1,0,0,1)', 'the rest comes back one by one, and nothing is counted');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
  for i in 1..3 loop
    perform test.eq(test.status(v_poison), 'pending', format('before crash %s', i));
    w := test.worker();
    perform test.eq(cardinality(test.claim(w, 100)), case i when 1 then 89 else 1 end, 'at once, or alone');
    perform test.eq((rhythm.get(v_poison) ->> 'attempt')::integer, i + 1, 'its attempt');
    if i = 1 then
      perform pg_temp.done(w, test.call_of(v_poison), array_remove(a[12:], v_poison));
      perform test.eq((select count(*) from rhythm.execution as e where e.id = any (a) and e.state = 1), 98::bigint, 'all others are over');
    end if;
    perform test.silence('61 min');
    perform test.pass('3 s');
    perform rhythm.tick();
  end loop;
  perform test.eq(array[test.status(v_poison), rhythm.get(v_poison) #>> '{error,type}'], '{failed,WorkerLostError}'::text[], 'it alone is given up');
  perform test.eq((select count(*) from rhythm.batch), 0::bigint, 'nothing is left');
end;
$$;

-- Of two that are left of a batch, neither is alone; one that is left is, and was not leased alone.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid[] := pg_temp.make(100);
begin
  perform test.claim(w, 100);
  perform pg_temp.done(w, test.call_of(a[1]), a[1:99]);
  perform test.silence('61 min');
  perform test.eq((select row(b.ids = a[100:], b.size, b.crashes, b.worker)::text from rhythm.batch as b), '(t,1,0,)', 'not counted');
  perform rhythm.cancel(a[100]);
end;
$$;
