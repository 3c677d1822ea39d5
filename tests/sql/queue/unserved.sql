-- A task that no worker of its queue has a handler for is told after a while, and says so itself.
do $$
declare
  w constant uuid := rhythm.register_worker(null, p_info => '{"tasks": ["known"]}');
  a constant uuid := rhythm.queue('misspelt');
  k constant uuid := rhythm.queue('known');
  o constant uuid := rhythm.queue('misspelt', queue => 'other');
begin
  perform test.eq(rhythm.unserved(w), '[]', 'not yet');
  perform test.pass('31 s');
  perform test.eq(rhythm.unserved(w), '[{"queue": "default", "target": "misspelt", "seconds": 31, "executions": 1}]', 'after a while');
  perform test.eq(rhythm.get(a) ->> 'note', 'No worker of queue "default" has a handler for task "misspelt"', 'on the execution');
  perform test.eq(rhythm.get(k) ->> 'note', null, 'a worker has a handler for this one');
  perform test.eq(rhythm.get(o) ->> 'note', null, 'another queue is not its business');
  perform from rhythm.create_many((select jsonb_agg('{"type": "task", "target": "known", "priority": 1}'::jsonb) from generate_series(1, 1001)));
  perform test.pass('31 s');
  perform test.eq(rhythm.unserved(w) -> 0 ->> 'target', 'misspelt', 'also behind a long queue of what only waits for its turn');
  perform rhythm.register_worker(null, p_info => '{"tasks": ["misspelt"]}');
  perform test.eq(rhythm.unserved(w), '[]', 'somebody came who can');
  perform rhythm.pause_queue('default');
  perform test.eq(rhythm.unserved(w), '[]', 'a queue that is paused has nothing to tell');
end;
$$;
