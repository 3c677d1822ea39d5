-- What a handler stores is there for the next attempt, and only who holds the lease can store it.
do $$
declare
  w constant uuid := test.worker();
  v constant uuid := test.worker();
  a constant uuid := rhythm.queue('a', retry => '{"max_attempts": 3, "initial": 0}');
  b constant uuid := rhythm.queue('b');
  v_call integer;
  v_parcels jsonb;
begin
  perform test.claim(w);
  v_call := test.call_of(a);
  perform test.eq(rhythm.checkpoint(w, a, v_call, '{"page": 1}'), true, 'the worker that holds it');
  perform test.eq(rhythm.checkpoint(w, a, v_call, '{"page": 2}'), true, 'again');
  perform test.eq(rhythm.checkpoint(w, a, v_call + 1, '{"page": 9}'), false, 'another call');
  perform test.eq(rhythm.checkpoint(v, a, v_call, '{"page": 9}'), false, 'another worker');
  perform test.eq(rhythm.checkpoint(w, rhythm.new_id(), v_call, '1'), false, 'what does not exist');
  perform test.raises(format('select rhythm.checkpoint(%L, %L, %s, null)', w, a, v_call), 'RH001', 'p_value must be JSON');
  perform test.eq(rhythm.checkpoint(w, a, v_call, '{"page": 4}', 4), true, 'numbered');
  perform test.eq(rhythm.checkpoint(w, a, v_call, '{"page": 3}', 3), true, 'an older one, late');
  perform test.eq(rhythm.get(a) #>> '{checkpoint,page}', '4', 'changes nothing');
  perform test.eq(rhythm.checkpoint(w, a, v_call, '{"page": 2}'), true, 'without a number it is the newest');
  perform test.eq(rhythm.get(a) -> 'checkpoint', '{"page": 2}'::jsonb, 'readers see it');
  perform test.fail(w, a, 'one');
  perform test.eq(rhythm.checkpoint(w, a, v_call, '{"page": 9}'), false, 'the attempt is over');
  perform rhythm.tick();
  v_parcels := test.exchange(w, '[]', '{"limit": 1}') -> 'parcels';
  perform test.eq(v_parcels #> array['0', 'checkpoints', a::text], '{"page": 2}'::jsonb, 'the next attempt has it');

  -- Lost with its worker.
  perform test.eq(rhythm.checkpoint(w, a, test.call_of(a), 'null'), true, 'null is a value');
  perform rhythm.stop_worker(w);
  v_parcels := test.exchange(v, '[]', '{"limit": 10}') -> 'parcels';
  perform test.eq((select count(*) from jsonb_array_elements(v_parcels) as p where p ? 'checkpoints'), 1::bigint, 'only what stored one');
  perform test.eq(jsonb_path_query_first(v_parcels, '$[*].checkpoints') -> a::text, 'null'::jsonb, 'and that is null');
  perform test.eq(rhythm.get(b) -> 'checkpoint', 'null'::jsonb, 'the other stored none');

  -- A retry by hand keeps it.
  perform rhythm.checkpoint(v, a, test.call_of(a), '3');
  perform rhythm.cancel(a);
  perform test.fail(v, a, 'stopped');
  perform rhythm.retry(a);
  v_parcels := test.exchange(v, '[]', '{"limit": 10}') -> 'parcels';
  perform test.eq(jsonb_path_query_first(v_parcels, '$[*].checkpoints') -> a::text, '3'::jsonb, 'after a retry by hand');
end;
$$;

-- What a stopping worker hands back in its first attempt has it in the next.
do $$
declare
  w constant uuid := test.worker();
  v constant uuid := test.worker();
  a constant uuid := rhythm.queue('a', expires => '10s');
begin
  perform test.claim(w);
  perform rhythm.checkpoint(w, a, test.call_of(a), '{"page": 1}');
  perform test.settle(w, a, '{"status": "released"}');
  perform test.pass('11 s');
  perform rhythm.register_worker(w, p_lease => '1h');
  perform rhythm.register_worker(v, p_lease => '1h');
  perform rhythm.tick();
  perform test.eq(test.exchange(v, '[]', '{"limit": 10}') #> array['parcels', '0', 'checkpoints', a::text], '{"page": 1}'::jsonb, 'it has begun: it does not expire, and has the checkpoint');
end;
$$;
