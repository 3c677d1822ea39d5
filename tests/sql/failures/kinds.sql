-- Failures are counted by their kind, with a state that a person sets. What was resolved and comes again is new.
do $$
declare
  w constant uuid := test.worker();
  a uuid[];
  k bigint;
  e jsonb := '{"type": "Error", "message": "x", "stack": "Error: x\n    at Array.map (<anonymous>)\n    at charge (file:///srv/app/tasks.ts:10:5)\n    at main.ts:3:1"}';
begin
  perform test.eq(rhythm.message_kind(jsonb_build_object('message', m.given)), m.kind, m.given)
  from (values
    ('Card 4242 of "Ada" was refused', 'Card # of # was refused'), ('no order ord_8f3a', 'no order #'), ('can''t open ''/tmp/x'' and `y`', 'can''t open # and #'),
    ('customer 0199c3f2-aaaa-7bbb-8ccc-0123456789ab is gone', 'customer # is gone'), (null, null)) as m (given, kind);
  perform test.eq(rhythm.user_frame(e), 'charge (tasks.ts', 'function and file');
  perform test.eq(rhythm.user_frame('{"stack": "Error: x\n    at file:///srv/app/tasks.ts:10:5"}'), 'tasks.ts', 'without a function');
  perform test.eq(rhythm.user_frame('{"stack": 5}'), null, 'not a stack');
  perform test.eq(rhythm.fingerprint_of('a', e), rhythm.fingerprint_of('a', e || '{"stack": "Error: x\n    at charge (/other/place/tasks.ts:12:7)"}'), 'the same after a deploy');
  perform test.eq(rhythm.fingerprint_of('a', e) = rhythm.fingerprint_of('b', e), false, 'another task');
  perform test.eq(rhythm.fingerprint_of('a', e) = rhythm.fingerprint_of('a', e || '{"stack": "Error: x\n    at refund (tasks.ts:12:7)"}'), false, 'another function');

  a := array(select c.id from rhythm.create_many((select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'charge')) from generate_series(1, 5))) as c (id));
  perform test.claim(w, 100);
  perform test.fail(w, a[1], 'card 1 refused');
  perform test.fail(w, a[2], 'card 2 refused');
  perform test.fail(w, a[3], 'no such customer');
  perform test.complete(w, a[4]);
  perform test.eq((select count(*) from rhythm.failures), 0::bigint, 'not counted yet');
  perform rhythm.chores();
  perform test.eq((select array_agg(row(f.state, f.type, f.target, f.message, f.count, f.failed, f.example_id = a[2])::text) from rhythm.failures as f where f.count = 2),
    array['(new,task,charge,"card # refused",2,2,t)'], 'two of one kind');
  perform test.eq((select f.trend from rhythm.failures as f where f.count = 2), array_fill(0::bigint, array[23]) || 2::bigint, 'in this hour');
  perform test.eq((select count(*) from rhythm.failures), 2::bigint, 'two kinds');
  k := (select f.fingerprint from rhythm.failures as f where f.count = 2);

  perform test.eq(rhythm.set_failure(k, 'resolved', 'fixed in 1.4', 'ada'), true, 'resolved');
  perform test.eq(rhythm.set_failure(k, 'resolved'), false, 'was resolved');
  perform test.eq((select row(f.state, f.note)::text from rhythm.failures as f where f.fingerprint = k), '(resolved,"fixed in 1.4")', 'the note stays');
  perform test.pass('1 hour');
  perform rhythm.retry(a[1]);
  perform test.eq((select f.failed from rhythm.failures as f where f.fingerprint = k), 1::bigint, 'one runs again');
  perform test.claim(w, 100);
  perform test.fail(w, a[1], 'card 1 refused');
  perform rhythm.chores();
  perform test.eq((select row(f.state, f.count, f.failed, f.trend[23:24])::text from rhythm.failures as f where f.fingerprint = k), '(new,3,2,"{2,1}")', 'it came again');

  perform rhythm.set_failure(k, 'ignored');
  perform test.fail(w, a[5], 'card 5 refused');
  perform test.pass('2 s');
  perform rhythm.chores();
  perform test.eq((select row(f.state, f.count)::text from rhythm.failures as f where f.fingerprint = k), '(ignored,4)', 'ignored stays so');
  perform test.eq(test.work(rhythm.operate('retry', jsonb_build_object('fingerprint', k::text))), 'completed: 3 looked, 3 done, 0 unchanged, 0 refused', 'an operation looks at this kind only');
  perform test.pass('31 days');
  perform rhythm.chores();
  perform test.eq((select count(*) from rhythm.failures) + (select count(*) from rhythm.failure_hour), 0::bigint, 'forgotten after the retention');
end;
$$;
