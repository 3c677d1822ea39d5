-- Hooks start a task, a flow or a call for each new kind or each failure that fits. What a hook started calls no hook.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow('repair');
  a uuid[];
  h uuid;
  c uuid;
begin
  perform test.claim(w);
  perform test.complete(w, f);
  perform rhythm.set_failure_hook('kinds', 'tell', filter => '{"target": "charge"}', queue => 'alerts', p_by => 'ada');
  perform rhythm.set_failure_hook('each', 'repair', 'workflow', 'failed', filter => '{"metadata": {"nth": 2}}');
  perform rhythm.set_failure_hook('call', p_event => 'failed', url => 'https://user:pass@example.org/a?token=1', secret => 's3', filter => '{"type": "task", "target": "charge"}');
  perform test.eq((select array_agg(row(x.name, x.event, x.type, x.target, x.host, x.is_signed)::text order by x.name) from rhythm.failure_hooks as x),
    array['(call,failed,task,rhythm.call,example.org,t)', '(each,failed,workflow,repair,,f)', '(kinds,new,task,tell,,f)'], 'the view');
  perform test.raises($q$select rhythm.set_failure_hook('x', 'repare', 'workflow')$q$, 'RH004', 'There is no flow "repare"');

  a := array(select x.id from rhythm.create_many((select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'charge', 'metadata', jsonb_build_object('nth', n))) from generate_series(1, 3) as n)) as x (id));
  perform test.claim(w, 100);
  perform test.fail(w, a[1], 'card 1 refused');
  perform test.fail(w, a[2], 'card 2 refused');
  perform rhythm.chores();
  perform test.eq((select array_agg(row(x.name, x.started)::text order by x.name) from rhythm.failure_hooks as x), array['(call,1)', '(each,1)', '(kinds,1)'], 'started; the address is called once for both');
  h := (select x.id from rhythm.executions as x where x.target = 'tell');
  perform test.eq((select row(x.queue, x.inputs ->> 'hook', x.inputs ->> 'event', x.inputs #>> '{execution,id}', x.inputs #>> '{error,message}')::text from rhythm.executions as x where x.id = h),
    format('(alerts,kinds,new,%s,"card 1 refused")', a[1]), 'what a task of a hook is told');
  perform test.eq((select x.inputs #>> '{execution,id}' from rhythm.executions as x where x.target = 'repair' and x.id <> f), a[2]::text, 'only what fits');
  c := (select x.id from rhythm.executions as x where x.target = 'rhythm.call' order by x.id limit 1);
  perform test.eq(rhythm.hook_address(c), '{"url": "https://user:pass@example.org/a?token=1", "secret": "s3"}'::jsonb, 'for the worker');
  perform test.eq(rhythm.hook_address(a[3]), null, 'for nothing else');
  perform test.eq((select count(*) from rhythm.executions as x where x::text like '%token=1%' or x::text like '%s3%'), 0::bigint, 'no execution has the address or the secret');

  -- A hook for everything, whose own task fails.
  perform rhythm.set_failure_hook('all', 'charge', p_event => 'failed');
  perform test.fail(w, a[3], 'no such customer');
  perform test.pass('2 s');
  perform rhythm.chores();
  perform test.eq((select x.started from rhythm.failure_hooks as x where x.name = 'all'), 1::bigint, 'it starts charge');
  h := (select x.last_id from rhythm.failure_hooks as x where x.name = 'all');
  perform test.claim(w, 100);
  perform test.fail(w, h, 'no such customer');
  perform test.pass('2 s');
  perform rhythm.chores();
  perform test.eq((select x.started from rhythm.failure_hooks as x where x.name = 'all'), 1::bigint, 'and not itself');
  perform test.eq((select max(x.count) from rhythm.failures as x), 2::bigint, 'its failure is counted');

  -- What cannot be started is said, and stops nothing.
  update rhythm.failure_hook as x set type = 'workflow', target = 'gone' where x.name = 'all';
  perform rhythm.retry(a[1]);
  perform test.claim(w, 100);
  perform test.fail(w, a[1], 'card 1 refused');
  perform test.pass('2 s');
  perform rhythm.chores();
  perform test.eq((select x.problem from rhythm.failure_hooks as x where x.name = 'all'), 'There is no flow "gone"', 'a problem');
  perform test.eq((select x.started from rhythm.failure_hooks as x where x.name = 'call'), 2::bigint, 'the others go on; another kind is another call');
  -- A flood becomes a call a minute, which says how many there were.
  a := array(select x.id from rhythm.create_many((select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'charge')) from generate_series(1, 50) as n)) as x (id));
  perform test.pass('1 minute');
  for i in 1 .. 2 loop
    perform test.claim(w, 100);
    perform test.fail(w, x.id, 'card 9 refused') from unnest(a[25 * i - 24 : 25 * i]) as x (id);
    perform test.pass('2 s');
    perform rhythm.chores();
  end loop;
  perform test.eq((select x.started from rhythm.failure_hooks as x where x.name = 'call'), 3::bigint, 'one call for fifty');
  perform test.eq((select (x.inputs #>> '{failure,count}')::integer > 25 from rhythm.executions as x join rhythm.failure_hooks as h on h.last_id = x.id where h.name = 'call'), true, 'how many there were');
  perform rhythm.configure('hook_interval', '0');
  perform rhythm.retry(a[1]);
  perform rhythm.retry(a[2]);
  perform test.claim(w, 100);
  perform test.fail(w, a[1], 'card 9 refused');
  perform test.fail(w, a[2], 'card 9 refused');
  perform test.pass('2 s');
  perform rhythm.chores();
  perform test.eq((select x.started from rhythm.failure_hooks as x where x.name = 'call'), 5::bigint, 'without an interval, each');
  perform test.eq(rhythm.remove_failure_hook('call'), true, 'removed');
  perform test.eq(rhythm.remove_failure_hook('call'), false, 'was removed');
  perform test.eq(rhythm.hook_address(c), null, 'its calls have no address any more');
end;
$$;
