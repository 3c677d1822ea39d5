-- Nothing of a paused task or flow is claimed, in queues with and without limits; other work is, also behind it.
do $$
declare
  w constant uuid := test.worker(array['default', 'slow']);
  p uuid[];
  f uuid;
  o uuid;
  l uuid;
begin
  perform rhythm.configure_queue('slow', concurrency => 5);
  p := array(select c.id from rhythm.create_many((select jsonb_agg('{"type": "task", "target": "mail"}'::jsonb) from generate_series(1, 250))) as c (id));
  f := test.flow();
  l := rhythm.queue('mail', queue => 'slow');
  o := rhythm.queue('other', queue => 'slow');
  perform test.eq(rhythm.pause_task('mail', 'the provider is down', 'ada'), true, 'paused');
  perform test.eq(rhythm.pause_task('mail'), false, 'paused already');
  perform test.eq(test.claim(w, 5), array[f, o], 'what is behind it is claimed');
  perform test.eq(test.claim(w, 5), '{}'::uuid[], 'nothing else');
  perform test.eq((test.sentences(l))[1], 'Task "mail" is paused since <time> by ada: the provider is down', 'explained');
  perform test.eq(test.reasons(p[1]), array['target_paused'], 'the reason');
  perform test.eq((select count(*) from rhythm.batch as b where b.worker is null and b.run_at is null), 0::bigint, 'no claim reads it again');
  perform test.eq(rhythm.has_ready('default', null) or exists (select from rhythm.lane as l where l.open), false, 'nor asks for it');
  perform test.eq((select row(x.kind, x.name, x.paused_by, x.reason)::text from rhythm.pauses as x), '(task,mail,ada,"the provider is down")', 'listed');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'sound');
  perform rhythm.queue('mail');
  perform test.eq(test.claim(w, 5), '{}'::uuid[], 'what comes later is not claimed');
  perform test.eq(rhythm.resume_task('mail'), true, 'resumed');
  perform test.eq(rhythm.resume_task('mail'), false, 'resumed already');
  perform test.eq(cardinality(test.claim(w, 1000)), 252, 'all of it is claimed');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'sound');

  perform rhythm.pause_flow('f');
  perform test.settle(w, f, '{"status": "released"}');
  perform test.eq(test.claim(w, 5), '{}'::uuid[], 'a flow');
  perform rhythm.resume_flow('f');
  perform test.eq(test.claim(w, 5), array[f], 'resumed');
end;
$$;
