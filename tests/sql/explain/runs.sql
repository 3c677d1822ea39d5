-- explain() says who runs an execution, whether that worker is silent, and that it is asked to stop.
do $$
declare
  w constant uuid := rhythm.register_worker(null, p_name => 'w1', p_lease => '10s');
  a constant uuid := rhythm.queue('a', timeout => '1h');
begin
  perform test.claim(w);
  perform test.eq(test.sentences(a), array['Worker "w1" runs it since <time>'], 'runs');
  perform test.eq((test.reason(a, 'running') ->> 'until')::timestamptz - (test.reason(a, 'running') ->> 'since')::timestamptz, interval '1h', 'until its timeout');
  perform rhythm.cancel(a, 'too late');
  perform test.eq(test.sentences(a), array['It was cancelled (too late), and its worker is asked to stop it', 'Worker "w1" runs it since <time>'], 'asked to stop');
  perform test.eq(test.reasons(a), array['stopping', 'running'], 'stopping');
  perform test.pass('11s');
  perform test.eq((test.sentences(a))[2], 'Worker "w1" runs it, and sent no heartbeat since <time>. chores() gives its work to another worker', 'silent');
  perform test.eq(test.reasons(a), array['stopping', 'worker_silent'], 'worker_silent');
end;
$$;
