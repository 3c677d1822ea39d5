-- What a claim parked after its pause had ended is ready again after chores().
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a');
  b constant uuid := rhythm.queue('b');
begin
  perform rhythm.pause_task('a');
  perform rhythm.pause_task('b');
  perform test.claim(w);
  -- As a claim does that began before the end of the pause.
  delete from rhythm.pause where target = 'a';
  perform test.eq(test.claim(w), '{}'::uuid[], 'parked');
  perform test.pass('2s');
  perform rhythm.chores();
  perform test.eq(test.claim(w), array[a], 'ready again');
  perform rhythm.resume_task('b');
  perform test.eq(test.claim(w), array[b], 'the other when it is resumed');
end;
$$;
