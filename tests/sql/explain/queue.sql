-- explain() says what is before an execution in its queue, whether somebody serves it, and what is paused.
do $$
declare
  a constant uuid := rhythm.queue('a');
  b constant uuid := rhythm.queue('b');
  k constant uuid := rhythm.queue('a', queue => 'mail', concurrency_key => 'acme');
  n uuid;
begin
  perform test.eq(test.sentences(a), array['No worker takes from queue "default"', 'It is ready, and the next in queue "default"'], 'no worker');
  perform rhythm.register_worker(null, p_info => '{"tasks": ["a"]}');
  perform test.eq(test.sentences(a), array['It is ready, and the next in queue "default"'], 'ready');
  perform test.eq(test.sentences(b), array['No worker of queue "default" has a handler for task "b"', '1 executions are before it in queue "default"'], 'no handler');
  perform test.eq(test.reasons(b), array['no_handler', 'ready'], 'reasons');
  perform test.eq((test.reason(b, 'ready') ->> 'ahead')::integer, 1, 'its place');
  n := rhythm.queue('a', priority => 5);
  perform test.eq((test.reason(a, 'ready') ->> 'ahead')::integer, 1, 'a higher priority is before it');
  perform from rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a", "concurrency_key": "k", "priority": 1}'::jsonb) from generate_series(1, 1000)));
  perform test.eq((test.sentences(b))[2], 'At least 1000 executions are before it in queue "default"', 'a long queue');

  perform rhythm.pause_queue('default');
  perform test.eq((test.sentences(a))[1], 'Queue "default" is paused since <time> by postgres', 'paused');
  perform rhythm.pause_key('mail', 'acme');
  perform test.eq(test.reasons(k), array['key_paused', 'no_worker', 'ready'], 'key paused');
  perform test.eq((test.sentences(k))[1], 'Key "acme" of queue "mail" is paused since <time> by postgres', 'key paused');
  perform test.eq(test.reason(k, 'key_paused') ->> 'key', 'acme', 'which');
end;
$$;
