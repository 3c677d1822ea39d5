-- Nothing of a paused queue begins; what runs goes on; resuming wakes.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a');
  b uuid;
begin
  perform test.claim(w);
  b := rhythm.queue('a');
  perform test.eq(rhythm.pause_queue('default'), true, 'paused');
  perform test.eq(rhythm.pause_queue('default'), false, 'paused already');
  perform test.eq(test.claim(w), '{}'::uuid[], 'nothing begins');
  perform test.complete(w, a);
  perform test.eq(test.status(a), 'completed', 'what ran ends');
  perform test.eq(rhythm.resume_queue('default'), true, 'resumed');
  perform test.eq(rhythm.resume_queue('default'), false, 'resumed already');
  perform test.eq((select count(*) from rhythm.queue), 0::bigint, 'no row is left');
  perform test.eq(test.claim(w), array[b], 'it begins');
end;
$$;
