-- claim() leaves tasks that a worker has no handler for to others.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a');
  b constant uuid := rhythm.queue('b');
begin
  perform test.eq((select array_agg(x.id) from test.claim_rows(w, p_limit => 10, p_targets => array['b']) as x), array[b], 'only b');
  perform test.eq(test.status(a), 'pending', 'a waits for another worker');
end;
$$;
