-- check() names each kind of damage, table by table and column by column, and finds nothing before. It leaves damage.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  g constant uuid := test.flow();
  h uuid;
  k constant uuid := rhythm.uuid7(rhythm.now(), 4);
  a constant uuid := rhythm.uuid7(rhythm.now(), 0);
  b constant uuid := rhythm.uuid7(rhythm.now(), 1);
  s constant uuid := rhythm.uuid7(rhythm.now(), 2);
  t constant uuid := rhythm.uuid7(rhythm.now(), 3);
  d constant uuid := rhythm.enqueue('done', priority => 9, idempotency_key => 'k');
  r constant uuid := rhythm.enqueue('running', idempotency_key => 'k');
  v_case record;
  v_found text;
begin
  -- f waits for all of a and b; g for a signal or a timer; d is done; r, a, b and h run.
  perform test.claim(w);
  perform test.complete(w, d);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a), test.run_task(b)), 'all', array[a, b]);
  perform test.suspend(w, g, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 's'),
    jsonb_build_object('type', 'start_timer', 'id', t, 'at', rhythm.now() + interval '1 day')), 'any', array[s, t]);
  h := rhythm.start('f', timeout => '1h');
  perform test.claim(w);
  -- k follows r, for a workflow of its own.
  perform rhythm.claim_execution(w, rhythm.start('f', idempotency_key => 'of k'));
  perform test.suspend(w, rhythm.start('f', idempotency_key => 'of k'), jsonb_build_array(test.keyed(k, p_target => 'running')), 'any', array[k]);
  perform rhythm.configure_queue('q', rate => 5);
  perform rhythm.schedule('daily', '@daily', 'a', type => 'task');
  perform rhythm.define_sql_task('sql', 'pg_catalog.jsonb_typeof(jsonb)');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'sound');

  for v_case in
    select * from (values
      -- execution
      ('delete from rhythm.worker', a, 'which is not registered'),
      ('update rhythm.execution set worker = gen_random_uuid() where id = $r', r, 'which is not registered'),
      ('update rhythm.execution set claimed_at = null where id = $r', r, 'nobody knows since when'),
      ('update rhythm.execution set stage = 2, newborn = true where id = $r', r, 'nothing leads from its worker to it'),
      ('update rhythm.execution set attempt = 4 where id = $r', r, 'it is in attempt 4 of 3'),
      ('update rhythm.execution set stage = 3, status = ''suspended'', worker = null where id = $r', r, 'it is a task and suspended'),
      ('update rhythm.execution set stage = 0, status = ''pending'', worker = null, run_at = now(), cancel_reason = ''x'' where id = $r', r, 'did not end'),
      ('update rhythm.execution set cancel_reason = ''x'' where id = $f', f, 'it is to be cancelled, is not running, and did not end'),
      ('update rhythm.execution set stopping = true where id = $f', f, 'asked to stop, and it has none'),
      ('update rhythm.execution set output = null where id = $d', d, 'it is completed without an output'),
      ('update rhythm.execution set stage = 5, status = ''failed'', worker = null, completed_at = now() where id = $r', r, 'it is failed without an error'),
      ('update rhythm.execution set stage = 4, status = ''completed'', worker = null, completed_at = now(), output = ''1'' where id = $a', a, 'its waiting parent was not told'),
      ('update rhythm.execution set delivered = 3 where id = $h', h, 'it was given 3 settled things, and has 0'),
      ('delete from rhythm.execution where id in ($a, $b)', f, 'waits for nothing that can still happen'),
      -- workflow_state
      ('delete from rhythm.workflow_state where execution_id = $f', f, 'it is a workflow without a state'),
      ('insert into rhythm.workflow_state (execution_id, program) select $r, program from rhythm.flow', r, 'a task with the state of a workflow'),
      ('update rhythm.execution set stage = 4, status = ''completed'', worker = null, completed_at = now(), output = ''1'' where id = $h', h, 'its state is still there'),
      ('update rhythm.workflow_state set need = ''{0}'' where execution_id = $f', f, 'a group that it waits for is satisfied'),
      ('update rhythm.workflow_state set need = ''{1}'' where execution_id = $f', f, 'it still needs {1} of its groups, and should need {2}'),
      ('update rhythm.workflow_state set need = ''{}'' where execution_id = $f', f, 'it still needs {} of its groups'),
      ('update rhythm.workflow_state set waits = ''[]'' where execution_id = $f', f, 'waits for nothing that can still happen'),
      ('update rhythm.workflow_state set waits = null where execution_id = $f', f, 'waits for nothing that can still happen'),
      ('update rhythm.workflow_state set inbox = array[$a] where execution_id = $f', f, 'which has not settled'),
      ('update rhythm.workflow_state set inbox = array[$t] where execution_id = $g', g, 'which has not settled'),
      ('update rhythm.workflow_state set inbox = array[$s] where execution_id = $g', g, 'which has not settled'),
      ('update rhythm.workflow_state set inbox = array[$d, $d] where execution_id = $h', h, 'twice'),
      -- timer
      ('update rhythm.timer set fired = true where id = $t', g, 'fired and it was not told'),
      ('delete from rhythm.timer where execution_id = $h', h, 'it has a timeout, and nothing that ends it'),
      ('insert into rhythm.timer (id, execution_id, fires_at) values (gen_random_uuid(), $d, now())', d, 'a timer of it is still to fire'),
      ('insert into rhythm.timer (id, execution_id, fires_at) values (gen_random_uuid(), $r, now())', r, 'it is a task and has a timer'),
      -- signal_wait, signal
      ('update rhythm.signal_wait set timed_out = true', g, 'is settled and it was not told'),
      ('update rhythm.signal_wait set signal_id = 99', g, 'took signal 99, which is not there'),
      ('update rhythm.signal_wait set execution_id = $d', d, 'it is completed and still waits for a signal'),
      ('delete from rhythm.signal_wait; delete from rhythm.timer where id = $t', g, 'waits for nothing that can still happen'),
      ('insert into rhythm.signal (execution_id, name, payload, sent_at) values ($g, ''s'', ''1'', now())', g, 'is open although the signal is there'),
      ('insert into rhythm.signal (execution_id, name, payload, sent_at, taken_by) values ($g, ''s'', ''1'', now(), $s)', g, 'was taken by a wait that took another'),
      -- follower
      ('delete from rhythm.follower', k, 'it is a task and suspended'),
      ('update rhythm.execution set stage = 1, status = ''pending'' where id = $k', k, 'it follows execution $r, and is pending'),
      ('delete from rhythm.execution where id = $r', k, 'it follows execution $r, which is over or gone, and was not told'),
      ('update rhythm.execution set stage = 4, status = ''completed'', worker = null, completed_at = now(), output = ''1'' where id = $r', k, 'which is over or gone, and was not told'),
      ('update rhythm.execution set watched = false where id = $r', k, 'it follows execution $r, which tells nobody of its end'),
      ('insert into rhythm.follower (execution_id, leader_id, key) values ($r, $a, ''k'')', k, 'it follows execution $r, which follows another'),
      ('insert into rhythm.workflow_state (execution_id, program) select $k, program from rhythm.flow', k, 'has the state of a workflow'),
      -- the rest
      ('update rhythm.idempotency_key set execution_id = $s where key = ''task:done:k''', s, 'stands for it, and it is not there'),
      ('update rhythm.queue set begun = ''{1}''', null, 'queue "q" has 0 moments and 1 counts'),
      ('update rhythm.schedule_entry set next_slot = next_slot + interval ''1 hour''', null, 'is none that "@daily" names'),
      ('update rhythm.schedule_entry set due_at = now()', null, 'before its next time'),
      ('update rhythm.schedule_entry set cron = ''x''', null, 'schedule "daily": "x" is not a cron expression'),
      ('update rhythm.schedule_entry set timezone = ''Mars''', null, 'schedule "daily": "Mars" is not a time zone'),
      ('update rhythm.flow_version set name = ''other''', null, 'flow "f" stands on a version of flow "other"'),
      ('update rhythm.task set sql_function = ''gone(jsonb)''', null, 'the function gone(jsonb) of task "sql" is not there')
    ) as v (damage, execution, violation)
  loop
    begin
      execute (
        select v_text from (
          select replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(v_case.damage, '$k', quote_literal(k) || '::uuid'),
            '$f', quote_literal(f) || '::uuid'), '$g', quote_literal(g) || '::uuid'), '$h', quote_literal(h) || '::uuid'),
            '$a', quote_literal(a) || '::uuid'), '$b', quote_literal(b) || '::uuid'), '$s', quote_literal(s) || '::uuid'),
            '$t', quote_literal(t) || '::uuid'), '$d', quote_literal(d) || '::uuid'), '$r', quote_literal(r) || '::uuid')
        ) as x (v_text));
      select string_agg(c.violation, '; ') into v_found from rhythm.check() as c where c.execution_id is not distinct from v_case.execution;
      raise exception 'undo' using errcode = 'TT000';
    exception
      when sqlstate 'TT000' then
        null;
    end;
    perform test.eq(coalesce(v_found, 'nothing') like '%' || replace(v_case.violation, '$r', r::text) || '%', true, format('%s: found %s', v_case.damage, v_found));
  end loop;
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'sound again');
end;
$$;
