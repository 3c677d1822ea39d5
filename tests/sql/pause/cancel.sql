-- cancel() ends a pause: what must clean up does it. retry() of what was cancelled or failed while paused runs.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  s constant uuid := rhythm.uuid7();
  a uuid;
begin
  perform test.claim(w);
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb, 'cleanup', true,
    'effects', jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 's')),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', jsonb_build_array(s)))));
  perform rhythm.pause_execution(f);
  perform rhythm.cancel(f, 'enough');
  perform test.eq(test.claim(w), array[f], 'it cleans up');
  perform test.settle(w, f, '{"status": "cancelled"}');

  a := rhythm.queue('a');
  perform rhythm.pause_execution(a);
  perform rhythm.cancel(a);
  perform test.eq(test.status(a), 'cancelled', 'what has not begun ends at once');
  perform rhythm.retry(a);
  perform test.eq(test.claim(w), array[a], 'and runs when it is retried');
  perform rhythm.pause_execution(a);
  perform test.fail(w, a);
  perform rhythm.retry(a);
  perform test.eq(test.claim(w), array[a], 'so does what failed while it was paused');
  perform rhythm.pause_execution(a);
  perform rhythm.cancel(a);
  perform test.eq(rhythm.pause_execution(a), false, 'what is being cancelled is not paused');
  perform test.settle(w, a, '{"status": "cancelled"}');

  -- A paused workflow that was woken and must clean up.
  perform rhythm.retry(f);
  perform rhythm.pause_execution(f);
  perform rhythm.signal(f, 's');
  perform rhythm.cancel(f, 'again');
  perform test.eq(test.claim(w), array[f], 'it cleans up');
end;
$$;
