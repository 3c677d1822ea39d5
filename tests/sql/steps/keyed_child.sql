-- save_steps() starts a child with an idempotency key once: a second follows the first, also one that is over, and is cancelled with its own workflow.
create function pg_temp.begins(p_worker uuid, p_flow uuid, p_child uuid, p_key text) returns jsonb language sql as $$
  select rhythm.save_steps(p_worker, jsonb_build_array(jsonb_build_object('execution_id', p_flow, 'name', 'child ' || p_child, 'kind', 'task', 'status', 'waiting', 'wait_id', p_child,
    'child', jsonb_build_object('type', 'task', 'target', 'a', 'idempotency_key', p_key, 'idempotency_ttl', '1h'))));
$$;

do $$
declare
  w constant uuid := test.worker();
  f uuid[];
  c constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 4) as n);
begin
  perform rhythm.register_workflow('code');
  f := array[rhythm.start('code'), rhythm.start('code'), rhythm.start('code')];
  perform test.claim(w);
  perform pg_temp.begins(w, f[1], c[1], 'k'), pg_temp.begins(w, f[2], c[2], 'k'), pg_temp.begins(w, f[1], c[3], 'k');
  perform test.eq(array(select test.status(x) from unnest(c[:3]) as x), '{pending,suspended,suspended}'::text[], 'one is to run');
  perform test.settle(w, f[2], jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb, 'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', array[c[2]]))));
  perform test.claim(w);
  perform test.complete(w, c[1], '5');
  perform test.eq(array(select rhythm.get(x) ->> 'output' from unnest(c[:3]) as x), '{5,5,5}'::text[], 'for all');
  perform test.eq((select x.settled -> 0 ->> 'output' from test.claim_rows(w) as x), '5', 'a workflow that waits goes on with it');

  perform pg_temp.begins(w, f[1], c[4], 'k');
  perform test.eq(test.status(c[4]), 'completed', 'over already');
  perform test.settle(w, f[1], jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb, 'waits', jsonb_build_array(jsonb_build_object('mode', 'all', 'ids', c[3:4]))));
  perform test.eq(test.status(f[1]), 'pending', 'so it need not wait');

  perform rhythm.queue('a', idempotency_key => 'other');
  perform rhythm.cancel(f[3]);
  perform pg_temp.begins(w, f[3], c[5], 'other');
  perform test.eq(array[test.status(c[5]), test.status(rhythm.queue('a', idempotency_key => 'other'))], '{cancelled,pending}'::text[], 'cancelled alone');
  perform test.settle(w, f[3], '{"status": "cancelled"}');
  perform test.eq(test.claim(w, 1), f[1:1], 'the first goes on');
  perform test.complete(w, f[1]), test.complete(w, f[2]);
end;
$$;
