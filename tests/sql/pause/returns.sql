-- A paused execution is parked when its attempt comes back: failed, released, lost with its worker.
do $$
declare
  w uuid;
  a uuid;
  b uuid[];
begin
  w := test.worker();
  a := rhythm.queue('a', retry => '{"max_attempts": 5, "initial": 0}');
  perform test.claim(w);
  perform rhythm.pause_execution(a);
  perform test.fail(w, a);
  perform test.pass('1m');
  perform rhythm.tick();
  perform test.eq(test.claim(w), '{}'::uuid[], 'its attempt threw');
  perform rhythm.resume_execution(a);
  perform rhythm.tick();
  perform test.eq(test.claim(w), array[a], 'resumed');
  perform rhythm.pause_execution(a);
  perform test.settle(w, a, '{"status": "released"}');
  perform test.eq(test.claim(w), '{}'::uuid[], 'its worker gave it back');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'sound');
  perform rhythm.resume_execution(a);
  perform test.claim(w);
  perform rhythm.pause_execution(a);
  perform rhythm.stop_worker(w);
  w := test.worker();
  perform test.eq(test.claim(w), '{}'::uuid[], 'its worker stopped');
  perform rhythm.resume_execution(a);
  perform test.complete(w, (test.claim(w))[1]);

  b := array(select c.id from rhythm.create_many('[{"type": "task", "target": "b"}, {"type": "task", "target": "b"}]') as c (id));
  perform test.claim(w);
  perform rhythm.pause_execution(b[1]);
  perform rhythm.stop_worker(w);
  w := test.worker();
  perform test.eq(test.claim(w), array[b[2]], 'of a batch of two, one');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'sound');
end;
$$;
