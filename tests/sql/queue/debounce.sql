-- Many starts with a debounce key are one execution, which begins when they have ceased for a while, or after the longest delay.
do $$
declare
  w constant uuid := test.worker();
  a uuid;
  b uuid;
  c uuid;
  v_begun uuid[];
  v_last constant jsonb := '{"key": "k", "delay": "10s", "max_delay": "25s"}';
begin
  a := rhythm.queue('last', '{"n": 1}', debounce => v_last);
  b := rhythm.queue('first', '{"n": 1}', debounce => v_last || '{"inputs": "first"}');
  c := rhythm.queue('all', '{"n": 1}', debounce => v_last || '{"inputs": "all"}');
  for n in 2 .. 4 loop
    perform test.pass('8 s');
    perform rhythm.register_worker(w, p_lease => '1h');
    perform rhythm.tick();
    perform test.eq(test.claim(w), '{}'::uuid[], 'not yet');
    perform test.eq(array[
      rhythm.queue('last', jsonb_build_object('n', n), debounce => v_last),
      rhythm.queue('first', jsonb_build_object('n', n), debounce => v_last || '{"inputs": "first"}'),
      rhythm.queue('all', jsonb_build_object('n', n), debounce => v_last || '{"inputs": "all"}')], array[a, b, c], 'the same');
  end loop;
  perform test.pass('1.5 s');
  perform rhythm.tick();
  v_begun := test.claim(w);
  perform test.eq((select jsonb_object_agg(e.target, e.inputs) from rhythm.execution as e where e.id = any (v_begun)),
    '{"last": {"n": 4}, "first": {"n": 1}, "all": [{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}]}', 'after the longest delay, with the inputs that were asked for');
  perform test.eq(rhythm.queue('last', '{}', debounce => v_last) <> a, true, 'what comes then is another one');
  perform test.eq(rhythm.queue('last', '{}', unique_by => '{"key": "k"}') <> a, true, 'its keys are its own');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
end;
$$;

-- A second start moves the first: the delay counts from the last one.
do $$
declare
  w constant uuid := test.worker();
  a uuid := rhythm.queue('m', debounce => '{"key": "k", "delay": "10s"}');
begin
  perform test.pass('9 s');
  perform rhythm.queue('m', debounce => '{"key": "k", "delay": "10s"}');
  perform test.pass('9 s');
  perform rhythm.register_worker(w, p_lease => '1h');
  perform rhythm.tick();
  perform test.eq((select count(*) from test.claim_rows(w, p_targets => array['m'])), 0::bigint, 'it has moved');
  perform test.pass('2 s');
  perform rhythm.tick();
  perform test.eq((select x.id from test.claim_rows(w, p_targets => array['m']) as x), a, 'now');
end;
$$;
