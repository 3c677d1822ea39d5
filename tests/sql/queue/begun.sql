-- What has ended has begun, also for a session that read its row before the end: so no start is given what is over.
do $$
declare
  w constant uuid := test.worker();
  v_before rhythm.execution;
  a uuid := rhythm.queue('a', unique_by => '{"key": "k", "while": "queued"}');
begin
  select e.* into v_before from rhythm.execution as e where e.id = a;
  perform test.eq(rhythm.is_begun(v_before), false, 'it waits');
  perform test.eq(test.claim(w), array[a], 'it is claimed');
  perform test.eq(rhythm.is_begun(v_before), true, 'it has begun');
  perform test.complete(w, a);
  perform test.eq(rhythm.is_begun(v_before), true, 'it is over');
  perform test.eq(rhythm.queue('a', unique_by => '{"key": "k", "while": "queued"}') <> a, true, 'its key is free');
end;
$$;
