-- A worker that drains takes nothing new, and ends what it holds.
do $$
declare
  w constant uuid := test.worker();
  other uuid;
  t uuid;
  f uuid;
  v_ids uuid[];
begin
  t := rhythm.queue('t');
  perform test.eq(test.claim(w), array[t], 'it has one in hand');
  perform rhythm.queue('t');
  perform test.eq(rhythm.drain_worker(w, 'a new machine'), true, 'it drains');
  perform test.eq(rhythm.drain_worker(w), false, 'once');
  perform test.eq((select v.draining_since is not null and v.running = 1 from rhythm.workers as v where v.id = w), true, 'the view says so');
  perform test.eq(test.claim(w), '{}'::uuid[], 'nothing new');
  perform test.eq((select k.sleeping from rhythm.worker as k where k.id = w), false, 'nobody tries to wake it');
  perform test.eq((select q.workers from rhythm.queues as q where q.queue = 'default'), 0::bigint, 'it takes from no queue');
  perform test.eq((select c.workers from rhythm.count_queues() as c where c.queue = 'default'), 0::bigint, 'nor where queues are counted');
  perform test.eq((select rhythm.explain(x.id) #>> '{0,reason}' from rhythm.executions as x where x.status = 'pending'), 'no_worker', 'explain');
  perform test.settle(w, t, '{"status": "completed", "output": 1}', 10);
  perform test.eq((select e.status from rhythm.executions as e where e.id = t), 'completed', 'it ends what it holds');
  perform test.eq((select v.running from rhythm.workers as v where v.id = w), 0::bigint, 'and can be stopped');
  perform test.eq((rhythm.beat(w) ->> 'alive')::boolean, true, 'it stays alive');
  perform test.eq((select format('%s %s %s', a.act, a.kind, a.why) from rhythm.audit_entry as a where a.target = w::text), 'drain worker a new machine', 'audit');

  other := test.worker();
  perform test.eq(cardinality(test.claim(other)), 1, 'others take it');
  perform test.eq(rhythm.resume_worker(w), true, 'it goes on');
  perform test.eq(rhythm.resume_worker(w), false, 'once');
  t := rhythm.queue('t');
  perform test.eq(test.claim(w), array[t], 'it takes what comes');
  perform test.raises($q$select rhythm.drain_worker(rhythm.new_id())$q$, 'RH004', 'There is no worker');
  perform test.raises($q$select rhythm.resume_worker(null)$q$, 'RH004', 'There is no worker null');
end;
$$;

select * from rhythm.check();
