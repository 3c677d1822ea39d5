-- A paused execution is not claimed until it is resumed, whatever state it is in: ready, in a batch with others, delayed, running.
do $$
declare
  w constant uuid := test.worker();
  b constant uuid[] := array(select c.id from rhythm.create_many('[{"type": "task", "target": "b"}, {"type": "task", "target": "b"}, {"type": "task", "target": "b"}]') as c (id));
  a uuid := rhythm.queue('a', priority => -1);
  d uuid;
begin
  perform test.eq(rhythm.pause_execution(b[2], 'look at it first', 'ada'), true, 'paused');
  perform test.eq(rhythm.pause_execution(b[2]), false, 'paused already');
  perform test.eq((select row(e.status, e.paused_by, e.pause_reason, e.run_at is null)::text from rhythm.executions as e where e.id = b[2]), '(pending,ada,"look at it first",t)', 'shown');
  perform test.eq((test.sentences(b[2]))[1], 'It is paused since <time> by ada: look at it first', 'explained');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'sound');
  perform test.eq(test.claim(w), array[b[1], b[3], a], 'the others of its batch are claimed');
  perform test.eq(rhythm.next_due(rhythm.now()) < 'infinity', true, 'it is never due');
  perform test.eq(rhythm.resume_execution(b[2]), true, 'resumed');
  perform test.eq(rhythm.resume_execution(b[2]), false, 'resumed already');
  perform test.eq(test.claim(w), array[b[2]], 'it is claimed');

  -- Running: the attempt ends.
  perform test.eq(rhythm.pause_execution(b[2]), true, 'while it runs');
  perform test.eq(test.status(b[2]), 'running', 'the attempt goes on');
  perform test.complete(w, b[2]);
  perform test.eq(rhythm.get(b[2]) ->> 'paused_at', null, 'what has ended is not paused');
  perform test.eq(rhythm.pause_execution(b[2]), false, 'it has ended');

  -- Delayed.
  d := rhythm.queue('d', delay => '1h');
  perform rhythm.pause_execution(d);
  perform test.pass('30m');
  perform rhythm.resume_execution(d);
  perform test.eq(test.claim(w), '{}'::uuid[], 'its delay goes on');
  perform rhythm.pause_execution(d);
  perform test.pass('31m');
  perform rhythm.due();
  perform test.eq(test.claim(w), '{}'::uuid[], 'its time comes while it is paused');
  perform rhythm.resume_execution(d);
  perform test.eq(test.claim(w), array[d], 'so it begins at once');
end;
$$;
