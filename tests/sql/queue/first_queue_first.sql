-- claim() serves a worker's queues in their order, and no others.
do $$
declare
  w constant uuid := test.worker(array['fast', 'slow']);
  a constant uuid := rhythm.queue('a', queue => 'slow');
  b constant uuid := rhythm.queue('b', queue => 'fast');
  c constant uuid := rhythm.queue('c', queue => 'other');
begin
  perform test.eq((select array_agg(x.id) from test.claim_rows(w, p_limit => 10) as x), array[b, a], 'in the order of its queues');
  perform test.eq(test.status(c), 'pending', 'another queue');
end;
$$;
