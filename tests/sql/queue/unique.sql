-- A unique key belongs to one execution while that is queued, active or kept, or for a time; per target.
do $$
declare
  w constant uuid := test.worker();
  q constant uuid := rhythm.queue('q', unique_by => '{"key": "k", "while": "queued"}');
  a constant uuid := rhythm.queue('a', unique_by => '{"key": "k"}');
  k constant uuid := rhythm.queue('k', unique_by => '{"key": "k", "while": "kept"}');
  d constant uuid := rhythm.queue('d', unique_by => '{"key": "k", "while": "1m"}');
  again uuid;
begin
  perform test.eq(array[rhythm.queue('q', unique_by => '{"key": "k", "while": "queued"}'), rhythm.queue('a', unique_by => '{"key": "k"}'),
    rhythm.queue('k', idempotency_key => 'k'), rhythm.queue('d', unique_by => '{"key": "k"}')], array[q, a, k, d], 'the same while they wait; an idempotency key is the kept form');
  perform test.eq(jsonb_build_array(rhythm.get(a) ->> 'unique_key', rhythm.get(a) ->> 'unique_while'), '["k", "active"]', 'it says so');
  perform test.eq(rhythm.create_each('[{"type": "task", "target": "a", "unique": {"key": "k"}}, {"type": "task", "target": "a", "unique": {"key": "l"}}, {"type": "task", "target": "a", "unique": {"key": "l"}}]')
    @? '$[0] ? (@.created == false)', true, 'create_each() says that it was there');
  perform test.claim(w);
  again := rhythm.queue('q', unique_by => '{"key": "k", "while": "queued"}');
  perform test.eq(again <> q, true, 'queued: free when it has begun');
  perform test.eq(rhythm.queue('a', unique_by => '{"key": "k"}'), a, 'active: not yet');
  perform test.fail(w, a);
  perform test.eq(rhythm.queue('a', unique_by => '{"key": "k"}') <> a, true, 'active: free when it has ended');
  perform test.complete(w, k);
  perform test.complete(w, d);
  perform test.eq(array[rhythm.queue('k', unique_by => '{"key": "k"}'), rhythm.queue('d', unique_by => '{"key": "k"}')], array[k, d], 'kept, or for a time, also when it has ended');
  perform test.pass('61 s');
  perform test.eq(rhythm.queue('d', unique_by => '{"key": "k"}') <> d, true, 'the time is over');
  perform test.raises(format('select rhythm.retry(%L)', a), 'RH003', 'has its unique key "k" now');
  perform rhythm.cancel((select e.id from rhythm.execution as e where e.target = 'a' and e.unique_key = 'k' and e.state = 0));
  perform rhythm.retry(a);
  perform test.eq(rhythm.queue('a', unique_by => '{"key": "k"}'), a, 'a retry has it again');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
end;
$$;

-- What happens if another has the key: reject, replace, cancel_existing.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('u', '{"n": 1}', unique_by => '{"key": "k"}', priority => 3);
  b uuid;
  c uuid;
begin
  perform test.raises($q$ select rhythm.queue('u', unique_by => '{"key": "k", "on_conflict": "reject"}') $q$, 'RH012', 'has the unique key "k"');
  perform test.eq(rhythm.queue('u', '{"n": 2}', queue => 'other', delay => '1h', unique_by => '{"key": "k", "on_conflict": "replace"}'), a, 'replaced');
  perform test.eq(jsonb_build_array(rhythm.get(a) -> 'inputs', rhythm.get(a) ->> 'queue', rhythm.get(a) ->> 'priority', (rhythm.get(a) ->> 'run_at') is not null), '[{"n": 2}, "other", "0", true]', 'by all that the other says');
  perform test.eq(rhythm.queue('u', '{"n": 3}', unique_by => '{"key": "k", "on_conflict": "replace"}'), a, 'again');
  perform test.eq((select x.inputs from test.claim_rows(w, p_targets => array['u']) as x), '{"n": 3}'::jsonb, 'it begins with that');
  perform test.raises($q$ select rhythm.queue('u', unique_by => '{"key": "k", "on_conflict": "replace"}') $q$, 'RH012', 'has begun, so it cannot be replaced');
  b := rhythm.queue('u', unique_by => '{"key": "k", "on_conflict": "cancel_existing"}');
  perform test.eq(jsonb_build_array(test.status(a), rhythm.get(a) ->> 'cancel_reason'), jsonb_build_array('running', 'Another start with its unique key "k" took its place'), 'what runs is asked to stop');
  c := rhythm.queue('u', unique_by => '{"key": "k", "on_conflict": "cancel_existing"}');
  perform test.eq(array[test.status(b), test.status(c)], array['cancelled', 'pending'], 'what waits is cancelled at once');
  perform test.eq(rhythm.queue('u', unique_by => '{"key": "k"}'), c, 'the new one has the key');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
  perform test.raises($q$ select rhythm.create_many('[{"type":"task","target":"z","unique":{"key":"k","on_conflict":"replace"}},{"type":"task","target":"z","unique":{"key":"k"}}]') $q$,
    'RH001', 'Two requests of one call have the unique or debounce key "k"');
end;
$$;

-- A workflow that waits is replaced with the version that is current then. What is paused stays paused.
do $$
declare
  w constant uuid := test.worker();
  f uuid;
begin
  perform rhythm.register_flow('f', 'return 1', '{}');
  f := rhythm.start('f', '{"n": 1}', unique_by => '{"key": "k", "while": "queued", "on_conflict": "replace"}', timeout => '1h');
  perform rhythm.pause_execution(f);
  perform rhythm.register_flow('f', 'return 2', '{}');
  perform test.eq(rhythm.start('f', '{"n": 2}', unique_by => '{"key": "k", "while": "queued", "on_conflict": "replace"}'), f, 'the same');
  perform test.eq((select jsonb_build_array(e.version, e.status, e.paused_at is not null, e.inputs) from rhythm.executions as e where e.id = f), '[2, "pending", true, {"n": 2}]', 'its version and inputs are new');
  perform test.eq((select count(*) from rhythm.timer as t where t.execution_id = f), 0::bigint, 'its timeout is that of the other: none');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
  perform rhythm.resume_execution(f);
  perform test.eq(f = any (test.claim(w)), true, 'it begins');
  perform test.eq(rhythm.start('f', '{}', unique_by => '{"key": "k", "while": "queued"}') <> f, true, 'and has no key any more');
end;
$$;

-- Children of workflows: existing ends as the owner does, reject fails with a code.
do $$
declare
  w constant uuid := test.worker();
  o constant uuid := rhythm.queue('a', queue => 'later', unique_by => '{"key": "child"}');
  f constant uuid := test.flow();
  c constant uuid := rhythm.new_id();
  r constant uuid := rhythm.new_id();
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(c) || '{"options": {"unique": {"key": "child"}}}',
    test.run_task(r) || '{"options": {"unique": {"key": "child", "on_conflict": "reject"}}}'), 'any', array[r]);
  perform test.eq(array[test.status(c), test.status(r), rhythm.get(r) #>> '{error,code}', rhythm.get(r) #>> '{error,executionId}'], array['suspended', 'failed', 'UNIQUE_KEY_TAKEN', o::text], 'one waits, one is refused');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
end;
$$;

-- What is handed back unrun is queued again, if it still has its key. If another start has that by now, it counts as begun: it runs, too,
-- and of those that have not begun one has the key.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('h', '{"n": 1}', unique_by => '{"key": "k", "while": "queued"}', expires => '1h');
  b uuid;
  d uuid;
begin
  perform test.claim(w);
  perform test.settle(w, a, '{"status": "released"}');
  perform test.eq(rhythm.queue('h', unique_by => '{"key": "k", "while": "queued"}'), a, 'nobody took its key: it is queued again');
  perform test.claim(w);
  b := rhythm.queue('h', '{"n": 2}', unique_by => '{"key": "k", "while": "queued"}');
  perform test.settle(w, a, '{"status": "released"}');
  perform test.raises(format('select rhythm.change(%L, %L)', a, '{"priority": 1}'), 'RH003', 'has begun');
  perform test.eq(rhythm.queue('h', '{"n": 3}', unique_by => '{"key": "k", "while": "queued", "on_conflict": "replace"}'), b, 'the other has the key');
  perform test.eq(rhythm.get(a) -> 'inputs', '{"n": 1}'::jsonb, 'and no start changes this one');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
  perform test.eq(test.claim(w), array[a, b], 'both begin');
  -- With its worker.
  d := rhythm.queue('h', '{"n": 4}', unique_by => '{"key": "k", "while": "queued"}');
  perform rhythm.stop_worker(w);
  perform test.raises(format('select rhythm.change(%L, %L)', b, '{"priority": 1}'), 'RH003', 'has begun');
  perform test.eq(rhythm.queue('h', unique_by => '{"key": "k", "while": "queued"}'), d, 'a worker that stops hands back the same way');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
end;
$$;
