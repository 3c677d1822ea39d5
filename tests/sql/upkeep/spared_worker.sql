-- A worker that was silent while nobody listened has one lease more: after an outage, and after the clock was put back.
do $$
declare
  w constant uuid := test.worker();
  v_other constant uuid := test.worker();
  a constant uuid := rhythm.queue('a');
begin
  perform test.claim(w);
  perform rhythm.tick();
  perform test.pass('2 h');
  perform rhythm.tick();
  perform test.eq(test.status(a), 'running', 'nobody could give a sign of life, nor see one');
  perform test.eq(rhythm.beat(v_other) ->> 'alive', 'true', 'as this one would have');
  perform test.pass('40 min');
  perform rhythm.tick();
  perform test.eq(test.status(a), 'running', 'it has one lease');
  perform test.pass('40 min');
  perform rhythm.tick();
  perform test.eq(test.status(a), 'pending', 'and no more than one');
  perform test.eq(rhythm.beat(w) ->> 'alive', 'false', 'it was given up');
  perform test.eq(rhythm.beat(v_other) ->> 'alive', 'true', 'and the other was not');

  -- However seldom somebody ticks.
  perform test.pass('1 min');
  perform rhythm.tick();
  perform test.eq(test.claim(v_other), array[a], 'it has waited long enough');
  perform test.pass('3 h');
  perform rhythm.tick();
  perform test.eq(test.status(a), 'running', 'spared once');
  perform test.pass('3 h');
  perform rhythm.tick();
  perform test.eq(test.status(a), 'pending', 'not twice');
end;
$$;

do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('b');
begin
  perform test.claim(w);
  perform rhythm.tick();
  perform test.pass('-5 h');
  perform rhythm.tick();
  perform test.pass('59 min');
  perform rhythm.tick();
  perform test.eq(test.status(a), 'running', 'it may be alive: it has a lease from when the clock was put back');
  perform test.pass('2 min');
  perform rhythm.tick();
  perform test.eq(test.status(a), 'pending', 'and is not waited for until that time comes again');
end;
$$;
