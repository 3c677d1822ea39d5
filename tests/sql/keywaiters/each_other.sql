-- Workflows that wait for each other's children by their keys would wait for ever: whoever closes the circle fails, with the reason,
-- however many there are in it.
create function pg_temp.waits_for(p_worker uuid, p_flow uuid, p_child uuid, p_key text) returns jsonb language sql as $$
  select test.suspend(p_worker, p_flow, jsonb_build_array(test.keyed(p_child, 'run_workflow', 'f', p_key)), 'any', array[p_child]);
$$;

do $$
declare
  w constant uuid := test.worker();
  f uuid[];
  c uuid[];
  v_count integer;
  v_order integer[];
begin
  perform rhythm.register_flow('f', 'return 1', '{}');
  for v_count, v_order in select * from (values (2, '{1,2}'::integer[]), (2, '{2,1}'), (3, '{1,2,3}'), (3, '{3,1,2}'), (3, '{2,3,1}')) as v loop
    f := array(select rhythm.start('f', idempotency_key => format('%s %s', v_order, n)) from generate_series(1, v_count) as n order by n);
    c := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(1, v_count) as n);
    perform test.claim(w);
    -- Each waits for the next one, in this order.
    for n in 1..v_count loop
      perform pg_temp.waits_for(w, f[v_order[n]], c[v_order[n]], format('%s %s', v_order, v_order[n] % v_count + 1));
      perform test.eq(test.status(f[v_order[n]]), case when n < v_count then 'suspended' else 'pending' end, format('%s: number %s', v_order, n));
    end loop;
    perform test.eq(rhythm.get(c[v_order[v_count]]) #>> '{error,code}', 'WAITS_FOR_ITSELF', 'the last one is told why');
    perform test.eq((select count(*) from rhythm.execution as e where e.id = any (c) and e.state = 0), v_count - 1::bigint, 'the others wait');
    perform test.eq((select string_agg(k.violation, '; ') from rhythm.check() as k), null, 'all is well');
    -- It catches that, and ends: so do all others, one after another.
    perform test.eq((select x.settled #>> '{0,error,code}' from test.claim_rows(w) as x), 'WAITS_FOR_ITSELF', 'at its line');
    perform test.complete(w, f[v_order[v_count]], '1');
    for n in 1..v_count - 1 loop
      perform test.complete(w, (test.claim(w))[1], '1');
    end loop;
    perform test.eq((select count(*) from rhythm.execution as e where e.state = 0), 0::bigint, 'all is over');
  end loop;
end;
$$;

-- Not through a child alone: the owner of a key may be far below.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := rhythm.start('f', idempotency_key => 'top');
  c constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(1, 3) as n);
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(c[1], 'f') || '{"type": "run_workflow"}'), 'any', c[1:1]);
  perform test.claim(w);
  perform test.suspend(w, c[1], jsonb_build_array(test.run_task(c[2], 'f') || '{"type": "run_workflow"}'), 'any', c[2:2]);
  perform test.claim(w);
  perform pg_temp.waits_for(w, c[2], c[3], 'top');
  perform test.eq(rhythm.get(c[3]) #>> '{error,code}', 'WAITS_FOR_ITSELF', 'its grandmother');
  perform rhythm.cancel(f);
end;
$$;
