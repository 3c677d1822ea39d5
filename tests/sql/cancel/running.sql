-- What runs is asked to stop; its worker hears of it with its next beat, and what it then says decides.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a');
  b constant uuid := rhythm.queue('b');
  c constant uuid := rhythm.queue('c');
  d constant uuid := rhythm.queue('d');
begin
  perform test.claim(w);
  perform test.eq(rhythm.cancel(a, 'stop it'), true, 'asked');
  perform test.eq(rhythm.cancel(a, 'again'), false, 'asked already');
  perform rhythm.cancel(b);
  perform rhythm.cancel(c);
  perform rhythm.cancel(d);
  perform test.eq(test.status(a), 'running', 'it runs on');
  perform test.eq(rhythm.beat(w) -> 'stop' @> jsonb_build_array(jsonb_build_object('id', a, 'reason', 'stop it')), true, 'the worker is told');
  perform test.settle(w, a, '{"status": "cancelled"}');
  perform test.settle(w, b, '{"status": "completed", "output": "done", "finished": true}');
  perform test.complete(w, d, '"done"');
  perform test.fail(w, c);
  perform test.eq(test.status(a), 'cancelled', 'it stopped');
  perform test.eq(test.status(b), 'completed', 'it had finished before its worker was told');
  perform test.eq(test.status(d), 'cancelled', 'it returned because it was asked to stop');
  perform test.eq(test.status(c), 'cancelled', 'it broke off, and is not tried again');
  perform test.eq(rhythm.beat(w) -> 'stop', '[]'::jsonb, 'nothing left to stop');
end;
$$;
