-- count_queues() and search_executions() say what the views say, whatever they look at.
do $$
declare
  w constant uuid := test.worker(array['default', 'mail']);
  v_id uuid;
  v_child uuid;
  v_kind bigint;
  v_running uuid[];
  v_case record;
  v_found uuid[];
  v_page record;
  v_before uuid;
  v_pages integer;
begin
  -- All statuses, of tasks and flows, with parents, lines, tags and metadata.
  for n in 1..12 loop
    v_id := test.flow();
    perform test.claim(w);
    v_child := rhythm.uuid7();
    perform test.suspend(w, v_id, jsonb_build_array(test.run_task(v_child, 'a')), 'any', array[v_child]);
  end loop;
  perform rhythm.queue('b', metadata => '{"region": "eu"}'), rhythm.queue('b', queue => 'mail') from generate_series(1, 5);
  update rhythm.execution as e set tags = array['customer=c' || e.priority + 1] where e.target = 'b' and e.queue = 'mail';
  v_running := test.claim(w, 6);
  perform test.complete(w, v_running[1]), test.complete(w, v_running[2]), test.fail(w, v_running[3]), test.fail(w, v_running[4]);
  perform rhythm.queue('b', queue => 'mail', delay => '1h') from generate_series(1, 5);
  v_id := rhythm.queue('b', queue => 'mail', delay => '1h');
  perform rhythm.cancel(v_id);
  perform rhythm.queue('c', metadata => '{"region": "us"}') from generate_series(1, 3);

  perform test.eq((select jsonb_agg(to_jsonb(c) - 'is_estimate' - 'oldest_seconds' order by c.queue) from rhythm.count_queues() as c),
    (select jsonb_agg(to_jsonb(q) - 'oldest_seconds' order by q.queue) from rhythm.queues as q), 'what queues say');
  perform test.eq((select bool_or(c.is_estimate) from rhythm.count_queues() as c), false, 'few are counted');

  for v_case in
    select * from (values
      ('{}'::jsonb, 'true'),
      ('{"statuses": ["pending"]}', 'status = ''pending'''),
      ('{"statuses": ["running"]}', 'status = ''running'''),
      ('{"statuses": ["suspended"]}', 'status = ''suspended'''),
      ('{"statuses": ["pending", "running", "suspended"]}', 'status in (''pending'', ''running'', ''suspended'')'),
      ('{"statuses": ["completed"]}', 'status = ''completed'''),
      ('{"statuses": ["failed"]}', 'status = ''failed'''),
      ('{"statuses": ["failed", "pending"]}', 'status in (''failed'', ''pending'')'),
      ('{"statuses": ["cancelled", "suspended"]}', 'status in (''cancelled'', ''suspended'')'),
      ('{"statuses": []}', 'false'),
      ('{"type": "task", "statuses": ["pending", "suspended"]}', 'type = ''task'' and status = ''pending'''),
      ('{"target": "b", "queue": "mail", "statuses": ["pending"]}', 'target = ''b'' and queue = ''mail'' and status = ''pending'''),
      ('{"type": "workflow"}', 'type = ''workflow'''),
      ('{"target": "f", "version": 1}', 'target = ''f'' and version = 1'),
      ('{"metadata": {"region": "eu"}}', 'metadata @> ''{"region": "eu"}'''),
      ('{"variables": {"customer": "c1"}}', 'tags @> array[''customer=c1'']'),
      ('{"line": 3}', 'false')
    ) as c (filter, condition)
  loop
    v_found := '{}';
    v_before := null;
    v_pages := 0;
    loop
      select s.ids, s.searched_to into v_page from rhythm.search_executions(v_case.filter, v_before, 2) as s;
      v_found := v_found || v_page.ids;
      v_before := v_page.searched_to;
      v_pages := v_pages + 1;
      exit when v_before is null or v_pages > 100;
    end loop;
    execute format('select array(select e.id from rhythm.executions as e where %s order by e.id desc)', v_case.condition) into v_running;
    perform test.eq(v_found, v_running, v_case.filter::text);
  end loop;
  v_id := (select e.parent_id from rhythm.executions as e where e.parent_id is not null order by e.id limit 1);
  perform test.eq((select s.ids from rhythm.search_executions(jsonb_build_object('parent', v_id)) as s),
    array(select e.id from rhythm.executions as e where e.parent_id = v_id), 'children');
  v_kind := (select e.fingerprint from rhythm.executions as e where e.fingerprint is not null order by e.id limit 1);
  perform test.eq((select s.ids from rhythm.search_executions(jsonb_build_object('fingerprint', v_kind)) as s),
    array(select e.id from rhythm.executions as e where e.fingerprint = v_kind order by e.id desc), 'failures of a kind');
  perform test.eq((select count(distinct e.status) from rhythm.executions as e), 6::bigint, 'all statuses were there');
  perform test.eq((select row(cardinality(s.ids), s.searched_to)::text from rhythm.search_executions(jsonb_build_object('since', rhythm.first_id(rhythm.now() + interval '1 hour'))) as s),
    '(0,)', 'younger than all');
end;
$$;
