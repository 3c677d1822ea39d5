-- A name that nothing has is odd, and the nearest one is what was meant. What has the name once makes it known.
do $$
declare
  w constant uuid := rhythm.register_worker(null, array['mail'], p_info => '{"tasks": ["send_email"]}');
begin
  perform test.eq(rhythm.odd_queue('defualt'), 'No execution, worker, task, flow or limit has a queue "defualt". Did you mean "default"?', 'misspelt');
  perform test.eq(rhythm.odd_queue('mial'), 'No execution, worker, task, flow or limit has a queue "mial". Did you mean "mail"?', 'of a worker');
  perform test.eq(rhythm.odd_queue('zzz'), 'No execution, worker, task, flow or limit has a queue "zzz".', 'nothing is near');
  perform test.eq(rhythm.odd_queue('mail'), null, 'a worker serves it');
  perform test.eq(rhythm.odd_queue('default'), null, 'where everything goes that names none');
  perform test.eq(rhythm.odd_queue(null), null, 'none named');
  perform rhythm.register_tasks('[{"name": "render", "queue": "images"}]');
  perform test.eq(rhythm.odd_queue('images'), null, 'a task names it');
  perform rhythm.queue('send_email', queue => 'later', delay => '1h', concurrency_key => 'acme');
  perform test.eq(rhythm.odd_queue('later'), null, 'an execution waits in it');
  perform rhythm.pause_queue('early');
  perform test.eq(rhythm.odd_queue('early'), null, 'it is paused');

  perform test.eq(rhythm.odd_task('send_emial'),
    'No worker that is alive has a task "send_emial", and none has registered it. Did you mean "send_email"?', 'misspelt');
  perform test.eq(rhythm.odd_task('send_email'), null, 'a worker has it');
  perform test.eq(rhythm.odd_task('render'), null, 'registered');

  perform test.eq(rhythm.odd_key('later', 'amce'),
    'No execution of queue "later" that is ready, delayed or running has the concurrency key "amce". Did you mean "acme"?', 'misspelt');
  perform test.eq(rhythm.odd_key('later', 'acme'), null, 'an execution has it');
  perform rhythm.configure_key('later', 'gold', weight => 2);
  perform test.eq(rhythm.odd_key('later', 'gold'), null, 'it has a weight');
end;
$$;
