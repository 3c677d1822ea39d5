-- Beside very many batches, count_queues() estimates what is ready and delayed; search_executions() says how far it has looked. It leaves damage.
do $$
declare
  w constant uuid := test.worker(array['default']);
  v_page record;
  v_task uuid;
begin
  v_task := rhythm.queue('old');
  insert into rhythm.batch (first_id, run_at, priority, size, type, queue, target, limited, common, ids)
  select rhythm.uuid7(), case when n % 4 = 0 then rhythm.now() + interval '1 day' end, n % 3, 1, 'task', case when n % 2 = 0 then 'many' else 'limited' end, 'x', n % 2 = 1, '{}', array[rhythm.uuid7()]
  from generate_series(1, 24000) as n;
  perform rhythm.configure_queue('limited', concurrency => 3);
  perform rhythm.queue('y', queue => 'few') from generate_series(1, 7);
  perform rhythm.queue('z', queue => 'few', priority => 5);
  perform test.claim(w);

  perform test.eq((select row(c.ready, c.delayed, c.running, c.is_estimate)::text from rhythm.count_queues() as c where c.queue = 'few'), '(8,0,0,f)', 'few are counted');
  perform test.eq((select c.oldest_at from rhythm.count_queues() as c where c.queue = 'few'), (select q.oldest_at from rhythm.queues as q where q.queue = 'few'), 'the oldest of all priorities');
  perform test.eq((select row(c.running, c.workers)::text from rhythm.count_queues() as c where c.queue = 'default'), '(1,1)', 'what runs is counted');
  perform test.eq((select c.ready between 4500 and 7500 and c.delayed between 4500 and 7500 and c.is_estimate from rhythm.count_queues() as c where c.queue = 'many'), true, '6,000 and 6,000');
  perform test.eq((select c.ready between 10000 and 14000 and c.is_estimate from rhythm.count_queues() as c where c.queue = 'limited'), true, '12,000');

  insert into rhythm.execution (id, completed_at, state, type, target, queue, inputs)
  select rhythm.uuid7(), rhythm.now(), 1, 'task', 'new', 'default', '{}' from generate_series(1, 45000);
  select s.ids, s.searched_to into v_page from rhythm.search_executions('{"target": "old"}') as s;
  perform test.eq(row(v_page.ids, v_page.searched_to > v_task)::text, '({},t)', 'it has not looked that far');
  select s.ids, s.searched_to into v_page from rhythm.search_executions('{"target": "old"}', v_page.searched_to) as s;
  perform test.eq(v_page.ids, array[v_task], 'and goes on from there');
  perform test.eq(v_page.searched_to, null, 'to the end');
  perform test.eq((select row(s.ids, s.searched_to)::text from rhythm.search_executions('{"target": "old", "statuses": ["running"]}') as s), format('({%s},)', v_task), 'what is live is found at once');
end;
$$;
