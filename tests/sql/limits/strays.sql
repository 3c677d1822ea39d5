-- What a session with an old snapshot put into lanes, or beside them, is found by chores().
do $$
declare
  w constant uuid := test.worker('{lost,late,idle}');
  v_lost uuid;
  v_late uuid;
begin
  -- As a session does that still saw the limits when they, and the row of the queue, were gone.
  v_lost := rhythm.queue('a', queue => 'lost');
  update rhythm.batch as b set limited = true where b.queue = 'lost';
  perform test.eq(test.claim(w, 1), '{}'::uuid[], 'in a lane of a queue without a row');
  perform test.pass('2 s');
  perform rhythm.chores();
  perform test.pass('2 s');
  perform rhythm.chores();
  perform test.eq(test.claim(w, 1), array[v_lost], 'put back');

  -- As one does that did not see the limits yet.
  perform rhythm.configure_queue('late', concurrency => 1);
  perform rhythm.queue('a', queue => 'late');
  perform test.pass('2 s');
  perform rhythm.chores();
  perform test.complete(w, c.id) from test.claim_rows(w, p_limit => 1) as c;
  v_late := rhythm.queue('a', queue => 'late');
  update rhythm.batch as b set limited = false where b.queue = 'late' and b.worker is null;
  update rhythm.queue as q set limited_since = '3' where q.name = 'late';
  update rhythm.queue_state as s set listed = '3' where s.queue = 'late';
  delete from rhythm.limit_note as n where n.queue = 'late' and n.head is not null;
  perform test.pass('2 s');
  perform rhythm.chores();
  perform test.eq(test.claim(w, 1), array[v_late], 'listed');
  perform test.complete(w, v_late);

  -- Limits that nobody claimed under leave nothing behind.
  perform rhythm.configure_queue('idle', concurrency => 1);
  perform rhythm.configure_queue('idle');
  update rhythm.queue as q set limited_since = '3' where q.name in ('idle', 'lost');
  perform test.pass('2 s');
  perform rhythm.chores();
  perform test.pass('2 s');
  perform rhythm.chores();
  perform test.eq((select count(*) from rhythm.queue as q where q.name in ('idle', 'lost')), 0::bigint, 'no rows of queues without limits');
end;
$$;
