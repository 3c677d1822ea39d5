-- retry() of a workflow that was cancelled while it waited for a signal: it waits for it again.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  s constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 's')), 'any', array[s]);
  perform rhythm.cancel(f);
  perform test.eq(test.status(f), 'cancelled', 'at once');
  perform rhythm.retry(f);
  perform test.eq(test.status(f), 'suspended', 'it waits');
  perform rhythm.signal(f, 's');
  perform test.eq(test.claim(w), array[f], 'it goes on');
  perform test.complete(w, f);
end;
$$;
