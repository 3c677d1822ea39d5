-- Work that is handed back counts no attempt and says why.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a');
begin
  perform test.claim(w);
  perform test.settle(w, a, '{"status": "released", "reason": "no handler here", "delay_ms": 5000}');
  perform test.eq(rhythm.get(a) ->> 'attempt', '0', 'no attempt');
  perform test.eq(rhythm.get(a) ->> 'note', 'no handler here', 'the reason');
  perform test.pass('5 s');
  perform rhythm.tick();
  perform test.eq(test.claim(w), array[a], 'ready again');
end;
$$;
