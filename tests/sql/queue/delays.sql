-- A delayed execution is ready at its time, and not before.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a', delay => '10s');
  b constant uuid := rhythm.queue('b', run_at => rhythm.now() + interval '1 hour');
  due timestamptz;
begin
  due := rhythm.tick();
  perform test.eq(test.claim(w), '{}'::uuid[], 'nothing yet');
  perform test.eq(due between rhythm.now() + interval '9 s' and rhythm.now() + interval '10 s', true, 'tick() says when');
  perform test.pass('9.5 s');
  perform rhythm.tick();
  perform test.eq(test.claim(w), '{}'::uuid[], 'still not');
  perform test.pass('0.6 s');
  perform rhythm.tick();
  perform test.eq(test.claim(w), array[a], 'now the first');
  perform test.pass('1 h');
  perform rhythm.register_worker(w, p_lease => '1h');
  perform rhythm.tick();
  perform test.eq(test.claim(w), array[b], 'now the second');
end;
$$;
