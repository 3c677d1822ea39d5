-- claim() never leases the same execution twice.
do $$
declare
  w constant uuid := test.worker();
  v constant uuid := test.worker();
  a constant uuid := rhythm.queue('a');
begin
  perform test.eq(test.claim(w), array[a], 'the first worker');
  perform test.eq(test.claim(v), '{}'::uuid[], 'the second worker');
  perform test.eq(test.complete(v, a) -> 'refused' -> 0 ->> 'id', a::text, 'a worker without the lease');
  perform test.eq(test.status(a), 'running', 'it still runs');
end;
$$;
