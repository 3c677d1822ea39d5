-- Tasks that were made together, all alike, are ready by the batch: claimed in the order of everything, each once, and no
-- different from others to whoever cancels, limits, counts or buries.
create function pg_temp.make(p_count integer, p_more jsonb default '{}') returns uuid[] language sql as $$
  select array(select rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a"}' || p_more || jsonb_build_object('inputs', n)) from generate_series(1, p_count) as n)))
$$;

create function pg_temp.ready() returns bigint language sql as $$ select q.ready from rhythm.queues as q where q.queue = 'default' $$;

do $$
declare
  w constant uuid := test.worker();
  v_before constant uuid := rhythm.queue('a');
  a uuid[];
  b uuid[];
  v_between uuid;
  v_urgent uuid;
  v_after uuid;
  v_answer jsonb;
begin
  perform test.pass('1 ms');
  a := pg_temp.make(250);
  perform test.pass('1 ms');
  v_between := rhythm.queue('a');
  perform test.pass('1 ms');
  b := pg_temp.make(120, '{"metadata": {"b": true}}');
  v_urgent := rhythm.queue('a', priority => 1);
  v_after := rhythm.queue('a');
  perform test.eq((select array_agg(r.size order by r.first_id) from rhythm.batch as r), '{1,100,100,50,1,100,20,1,1}', 'batches');
  perform test.eq(pg_temp.ready(), 374::bigint, 'counted');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');

  perform test.eq(test.claim(w, 30), array[v_urgent, v_before] || a[1:28], 'what is urgent, what is older, then the batch');
  perform test.eq(test.claim(w, 100), a[29:128], 'over the end of a batch');
  v_answer := test.exchange(w, p_want => '{"limit": 22}');
  perform test.eq(v_answer -> 'parcels', jsonb_build_array(jsonb_build_object('ids', a[129:150], 'inputs', (select jsonb_agg(n) from generate_series(129, 150) as n),
    'common', '{"type": "task", "target": "a", "queue": "default", "attempt": 1, "max_attempts": 1}'::jsonb)), 'in one parcel');
  perform test.eq((select count(*) from test.claim_rows(w, p_targets => '{b}')), 0::bigint, 'of another task there is nothing');

  -- Cancelled ones are passed over, and come back one by one.
  perform rhythm.cancel(a[151]), rhythm.cancel(a[153]);
  perform test.eq(pg_temp.ready() between 374 - 152 - 2 and 374 - 152, true, 'an estimate');
  perform rhythm.retry(a[153]);
  -- The place of a batch is that of its first task.
  perform test.eq(test.claim(w, 3), array[a[152], a[154], a[155]], 'of three, those that are ready');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check(), in between');
  perform test.eq(test.claim(w, 200), a[153] || a[156:250] || v_between || b[1:103], 'what was made between two batches comes between them');
  perform test.eq((select array_agg(distinct e.attempt::text || e.status) from rhythm.executions as e where e.id = any (a[1:150])), '{1running}', 'leased as any');
  perform test.eq((select count(*) from rhythm.executions as e where e.queue = 'default' and e.status = 'running'), 355::bigint, 'running');
  perform test.eq((select count(*) from rhythm.executions as e where e.worker = w), 355::bigint, 'each of them');
  perform test.eq(test.claim(w, 200), b[104:120] || v_after, 'the rest');
  perform test.eq(test.claim(w, 200), '{}', 'each once');
  perform test.eq((select count(*) from rhythm.batch as r where r.worker is null), 0::bigint, 'no ready batch is left');

  -- What its worker loses is ready again.
  perform test.done(w, x.call, x.ids, (select jsonb_agg(n) from generate_series(1, cardinality(x.ids)) as n))
  from (select test.call_of(i) as call, array_agg(i order by i) as ids from unnest(a[1:100]) as i group by 1) as x;
  perform rhythm.stop_worker(w);
  perform test.eq(pg_temp.ready(), 273::bigint, 'ready again');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
end;
$$;

-- All of it was cancelled: what comes after it is found at once.
do $$
declare
  w constant uuid := test.worker('{gone}');
  a uuid[] := pg_temp.make(500, '{"queue": "gone"}');
  v_last constant uuid := rhythm.queue('a', queue => 'gone');
begin
  perform rhythm.cancel(i) from unnest(a) as i;
  perform test.eq(test.claim(w, 10), array[v_last], 'behind five batches of nothing');
  perform test.eq((select count(*) from rhythm.batch as r where r.queue = 'gone' and r.worker is null), 0::bigint, 'forgotten');
  a := pg_temp.make(700, '{"queue": "gone"}');
  perform rhythm.configure_queue('gone', concurrency => 3);
  perform rhythm.cancel(i) from unnest(a[:600]) as i;
  perform test.eq(test.claim(w, 10), a[601:602], 'in a queue with a limit, too');
end;
$$;

-- Limits, a function as handler and the warning that there is none look at each of them.
do $$
declare
  w constant uuid := test.worker('{limited,timed}');
  a constant uuid[] := pg_temp.make(150, '{"queue": "limited"}');
  b uuid[];
begin
  perform rhythm.configure_queue('limited', concurrency => 2);
  perform test.eq(test.claim(w, 10), a[1:2], 'no more than the limit');
  perform test.complete(w, a[1]);
  perform test.eq(test.claim(w, 10), a[3:3], 'in their order');
  perform rhythm.pause_queue('limited');
  perform test.eq(test.claim(w, 10), '{}', 'nothing while it is paused');
  perform test.eq((select max(r.size) from rhythm.batch as r where r.queue = 'limited' and r.first_id = any (a[3:]) and r.worker is not null), 1::smallint, 'leased one by one');
  b := pg_temp.make(50, '{"queue": "limited"}');
  perform test.eq((select max(r.size) from rhythm.batch as r where r.queue = 'limited' and r.first_id = any (b)), 1::smallint, 'no shared batches in a queue that has limits');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');

  b := pg_temp.make(30, '{"queue": "timed", "timeout": "5s"}');
  perform test.eq(test.claim(w, 30), b, 'with a timeout');
  perform test.pass('7 s');
  perform rhythm.beat(w);
  perform rhythm.tick();
  perform test.eq((select count(*) from rhythm.execution as e where e.id = any (b) and e.error ->> 'type' = 'TimeoutError'), 30::bigint, 'ended by it');

  b := pg_temp.make(25, '{"queue": "timed", "target": "nobody"}');
  perform test.pass('1 minute');
  perform rhythm.beat(w, '{"tasks": ["a"]}');
  perform test.eq(rhythm.unserved(w) -> 0 -> 'executions', '25', 'nobody has a handler');
  perform test.eq((select count(*) from rhythm.execution as e where e.id = any (b) and e.note like 'No worker of queue%'), 25::bigint, 'and they say so');

  b := pg_temp.make(40, '{"queue": "sql", "target": "doubled"}');
  create function pg_temp.doubled(p jsonb) returns jsonb language sql as 'select to_jsonb(2 * p::integer)';
  perform rhythm.define_sql_task('doubled', 'pg_temp.doubled(jsonb)'::regprocedure);
  perform test.run_sql_tasks();
  perform test.eq(array(select rhythm.get(i) -> 'output' from unnest(b) with ordinality as u (i, n) order by n), array(select to_jsonb(2 * n) from generate_series(1, 40) as n), 'run by tick()');
  perform test.eq(exists (select from rhythm.batch where queue = 'sql'), false, 'taken');
  b := pg_temp.make(40, '{"queue": "sql", "target": "doubled"}');
  perform test.eq(exists (select from rhythm.batch where queue = 'sql' and size > 1), false, 'no shared batches of what tick() runs');
  b := pg_temp.make(250, '{"queue": "sql", "target": "later"}');
  perform rhythm.define_sql_task('later', 'pg_temp.doubled(jsonb)'::regprocedure);
  perform test.run_sql_tasks();
  perform test.eq((select count(*) from rhythm.execution as e where e.id = any (b) and e.state = 1), 250::bigint, 'tick() is told to come back as long as there are batches');
end;
$$;
