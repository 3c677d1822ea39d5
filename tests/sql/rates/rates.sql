-- Counts of heartbeats are added to minutes and hours, with percentiles, and are forgotten in time.
do $$
declare
  w constant uuid := test.worker();
  v constant uuid := test.worker();
  r record;
begin
  perform rhythm.beat(w, p_rates => '[
    {"type": "task", "target": "a", "queue": "default", "completed": 3, "failed": 1, "cancelled": 0, "retried": 2, "total_ms": 600, "took": [0, 0, 0, 2, 0, 0, 4]},
    {"type": "workflow", "target": "f", "queue": "default", "completed": 1, "failed": 0, "cancelled": 1, "retried": 0, "total_ms": 90000000, "took": [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]}]');
  perform rhythm.beat(v, p_rates => '[{"type": "task", "target": "a", "queue": "default", "completed": 4, "failed": 0, "cancelled": 0, "retried": 0, "total_ms": 40, "took": [0, 0, 0, 4]}]');
  perform test.pass('2 s');
  perform rhythm.chores();
  perform test.eq((select count(*) from rhythm.rate_note), 0::bigint, 'all are counted');
  perform test.eq((select count(*) from rhythm.rates), 4::bigint, 'a minute and an hour of each');
  select * into r from rhythm.rates as x where x.span = 'minute' and x.target = 'a';
  perform test.eq(array[r.completed, r.failed, r.cancelled, r.retried], array[7, 1, 0, 2]::bigint[], 'of both workers');
  perform test.eq(r.mean_ms, 64.0, 'the mean');
  perform test.eq(array[r.p50_ms, r.p95_ms], array[9.2, 93.8], 'within the bounds');
  select * into r from rhythm.rates as x where x.span = 'hour' and x.target = 'f';
  perform test.eq(array[r.p50_ms, r.p99_ms], array[1.0, 86400000.0], 'longer than the last bound');
  perform test.eq(rhythm.beat(w, p_rates => '[]') ->> 'alive', 'true', 'nothing to count');

  perform rhythm.beat(w, p_rates => '[{"type": "line", "target": "f", "queue": "2:17", "completed": 3, "failed": 1, "cancelled": 0, "retried": 0, "total_ms": 5, "took": [1, 1]}]');
  perform test.pass('2 s');
  perform rhythm.chores();
  perform test.eq((select row(h.flow, h.version, h.line, h.came, h.failed, h.p50_ms)::text from rhythm.heat as h where h.span = 'hour'), '(f,2,17,3,1,1.0)', 'a line');
  perform test.eq((select count(*) from rhythm.rates as x where x.type = 'line'), 0::bigint, 'which is no end');
  perform test.raises(format($q$select rhythm.beat(%L, p_rates => '[{"type": "line", "target": "f", "queue": "17"}]')$q$, w), 'RH001', 'its version and line');

  perform test.raises(format($q$select rhythm.beat(%L, p_rates => '{}')$q$, w), 'RH001', 'p_rates must be an array');
  perform test.raises(format($q$select rhythm.beat(%L, p_rates => '[{"type": "task", "target": "a b", "queue": "q"}]')$q$, w), 'RH001', 'cannot be a task name');
  perform test.raises(format($q$select rhythm.beat(%L, p_rates => '[{"type": "x", "target": "a", "queue": "q"}]')$q$, w), 'RH001', 'p_rates must be an array');
  perform test.raises(format($q$select rhythm.beat(%L, p_rates => '[{"type": "task", "target": "a", "queue": "q", "completed": -1, "failed": 0, "cancelled": 0, "retried": 0, "total_ms": 0, "took": []}]')$q$, w),
    'RH001', 'p_rates must be an array');

  perform test.pass('26 h');
  perform rhythm.forget_rates(100, rhythm.now());
  perform test.eq((select array_agg(distinct x.span) from rhythm.rates as x), array['hour'], 'minutes are kept for a day');
  perform rhythm.forget_rates(100, rhythm.now() + interval '90 days');
  perform test.eq((select count(*) from rhythm.rates), 0::bigint, 'hours for 90 days');
end;
$$;
