-- retry() of a workflow that failed before its first suspension begins it anew.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  v_claimed record;
begin
  perform test.claim(w);
  perform test.fail(w, f, 'at once');
  perform test.eq(test.status(f), 'failed', 'a workflow is not tried again by itself');
  perform rhythm.retry(f);
  select * into v_claimed from test.claim_rows(w);
  perform test.eq(v_claimed.id, f, 'it runs');
  perform test.eq(v_claimed.snapshot, null::jsonb, 'from its beginning');
  perform test.complete(w, f);
end;
$$;
