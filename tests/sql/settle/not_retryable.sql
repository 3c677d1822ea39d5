-- An error that is not retryable ends a task at its first attempt.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a');
begin
  perform test.claim(w);
  perform test.settle(w, a, '{"status": "failed", "retryable": false, "error": {"type": "Error", "message": "no"}}');
  perform test.eq(test.status(a), 'failed', 'at once');
end;
$$;
