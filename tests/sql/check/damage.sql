-- check() names each kind of damage, table by table and column by column, and finds nothing before. It leaves damage.
-- $f stands for the id of f.
create function pg_temp.named(p_text text, p_ids jsonb, p_as text) returns text language plpgsql as $$
declare
  v_id record;
begin
  for v_id in select * from jsonb_each_text(p_ids) loop
    p_text := replace(p_text, '$' || v_id.key, format(p_as, v_id.value));
  end loop;
  return p_text;
end;
$$;

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
  d constant uuid := rhythm.queue('done', priority => 9, idempotency_key => 'k');
  r constant uuid := rhythm.queue('running', idempotency_key => 'k', priority => 1, timeout => '1h', metadata => '{"m": null}', retry => '{"crashes": 2}');
  x uuid;
  v_ids jsonb;
  v_case record;
  v_found text;
begin
  -- f waits for all of a and b; g for a signal or a timer; d is done; x was cancelled; r, a, b and h run; k waits for r, for a workflow of its own.
  perform test.claim(w);
  perform test.complete(w, d);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a), test.run_task(b)), 'all', array[a, b]);
  perform test.suspend(w, g, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 's'),
    jsonb_build_object('type', 'start_timer', 'id', t, 'at', rhythm.now() + interval '1 day')), 'any', array[s, t]);
  h := rhythm.start('f', timeout => '1h');
  perform test.claim(w);
  perform rhythm.claim_execution(w, rhythm.start('f', idempotency_key => 'of k'), test.next_call(w));
  perform test.suspend(w, rhythm.start('f', idempotency_key => 'of k'), jsonb_build_array(test.keyed(k, p_target => 'running')), 'any', array[k]);
  x := rhythm.queue('x');
  perform rhythm.cancel(x);
  perform rhythm.configure_queue('q', rate => 5);
  perform rhythm.schedule('daily', '@daily', 'a', type => 'task');
  perform rhythm.define_sql_task('sql', 'pg_catalog.jsonb_typeof(jsonb)');
  perform test.eq((select string_agg(c.violation, '; ') from rhythm.check() as c), null, 'sound');

  v_ids := jsonb_build_object('f', f, 'g', g, 'h', h, 'k', k, 'a', a, 'b', b, 's', s, 't', t, 'd', d, 'r', r, 'x', x, 'w', w);
  for v_case in
    select * from (values
      -- Columns of one row that do not fit together
      ('update rhythm.execution set type = ''x'' where id = $r', r, '"x" is not a type'),
      ('update rhythm.execution set state = 5, completed_at = now() where id = $d', d, '5 is not a state'),
      ('update rhythm.execution set completed_at = null where id = $d', d, 'it ended without one'),
      ('update rhythm.execution set completed_at = now() where id = $r', r, 'it is live and has a time of its end'),
      ('update rhythm.execution set fingerprint = 7 where id = $d', d, 'has one without a failure'),
      ('update rhythm.execution set batch_id = 7 where id = $d', d, 'it is over and names a batch'),
      ('update rhythm.execution set unique_key = ''x'' where id = $d', d, 'a unique key without'),
      ('update rhythm.execution set unique_key = ''x'', unique_while = ''kept'' where id = $d', d, 'a unique key without'),
      ('update rhythm.batch set call = null where id = (select batch_id from rhythm.execution where id = $r)', r, 'has a part of a lease'),
      ('update rhythm.batch set claimed_at = null where id = (select batch_id from rhythm.execution where id = $r)', r, 'has a part of a lease'),
      ('update rhythm.batch set run_at = now() where id = (select batch_id from rhythm.execution where id = $r)', r, 'is delayed and leased'),
      ('update rhythm.batch set size = 2 where id = (select batch_id from rhythm.execution where id = $r)', r, 'says another size than it has'),
      ('update rhythm.batch set gate = 1 where id = (select batch_id from rhythm.execution where id = $r)', r, 'is paused, or at a gate, and not parked'),
      ('update rhythm.workflow_state set delivered = 9 where execution_id = $f', f, 'was told of more items than have arrived'),
      ('update rhythm.workflow_state set need = need || 1 where execution_id = $f', f, 'are not as many'),
      -- execution
      ('delete from rhythm.execution where id in ($a, $b)', f, 'waits for nothing that can still happen'),
      ('delete from rhythm.execution where id = $f', a, 'it is live and its parent $f is not there'),
      ('update rhythm.execution set parent_id = $d where id = $a', a, 'its tree is that of $f, and its parent''s another'),
      ('update rhythm.execution set root_id = $d where id = $a', a, 'its tree is that of $d, and its parent''s another'),
      ('update rhythm.execution set root_id = $d where id = $r', r, 'it belongs to the tree of another'),
      ('update rhythm.execution set batch_id = null where id = $r', r, 'it is a live task and in no batch'),
      ('update rhythm.execution set batch_id = 0 where id = $r', r, 'it is a live task and in no batch'),
      ('update rhythm.execution set batch_id = 0 where id = $h', h, 'names a batch that only its state may name'),
      ('update rhythm.execution set timeout_ms = 1 where id = $r', r, 'differs from its member in timeout_ms'),
      ('update rhythm.execution set timeout_ms = 1 where id = $f', f, 'it has a timeout, and nothing that ends it'),
      ('update rhythm.execution set seed = null where id = $f', f, 'it is a workflow, and has no seed'),
      ('update rhythm.execution set parent_step = 7 where id = $a', a, 'it ended with step 7 of its workflow, which stands at 1'),
      ('update rhythm.execution set wait_group = 7 where id = $a', f, '$a belongs to group 7 of it, and it has 1'),
      ('update rhythm.execution set wait_group = null where parent_id = $f', f, 'waits for nothing that can still happen'),
      ('update rhythm.execution set state = 1, batch_id = null, completed_at = now(), output = ''1'' where id = $a', a, 'its waiting parent was not told'),
      ('update rhythm.execution set state = 1, batch_id = null, completed_at = now(), output = ''1'' where id = $h', h, 'its state is still there'),
      ('update rhythm.execution set state = 3, completed_at = now(), cancel_reason = ''x'' where id = $h', h, 'it is over and in a batch'),
      ('update rhythm.execution set priority = 5 where id = $r', r, 'differs from its member in priority'),
      ('update rhythm.execution set notify_on_end = false where id = $r', k, 'it waits for execution $r by its key, which tells nobody of its end'),
      ('update rhythm.execution set stopping = true where id = $f', f, 'asked to stop, and it has none'),
      ('update rhythm.execution set keyed = false where id = $r', r, 'an idempotency key stands for it, and it does not say so'),
      ('update rhythm.execution set type = ''workflow'' where id = $r', r, 'it is a workflow without a state'),
      ('update rhythm.execution set type = ''task'' where id = $f', f, 'it is a task with the state of a workflow'),
      ('update rhythm.execution set target = ''c'' where id = $r', r, 'differs from its member in target'),
      ('update rhythm.execution set queue = ''c'' where id = $r', r, 'differs from its member in queue'),
      ('update rhythm.execution set queue = ''c'' where id = $h', h, 'differs from its member in queue'),
      ('update rhythm.execution set concurrency_key = ''c'' where id = $r', r, 'differs from its member in concurrency_key'),
      ('update rhythm.execution set traceparent = ''c'' where id = $r', r, 'differs from its member in traceparent'),
      ('update rhythm.execution set metadata = ''{}'' where id = $r', r, 'differs from its member in metadata'),
      ('update rhythm.execution set retry = ''{"max_attempts": 2}'' where id = $r', r, 'differs from its member in max_attempts'),
      ('update rhythm.execution set cancel_reason = ''x'' where id = $f', f, 'it should be cancelled, is not running, and did not end'),
      ('update rhythm.execution set cancel_reason = null where id = $x', x, 'it was cancelled without a reason'),
      ('update rhythm.execution set error = ''{}'' where id = $d', d, 'it is completed, and has an error'),
      ('update rhythm.execution set state = 2, fingerprint = 1, batch_id = null, completed_at = now() where id = $r', r, 'it failed without an error'),
      ('update rhythm.execution set output = ''1'' where id = $r', r, 'it has an output, and did not complete'),
      -- batch
      ('delete from rhythm.batch where first_id = $r', r, 'it is a live task and in no batch'),
      ('delete from rhythm.batch where first_id = $h', h, 'its state names a batch that does not hold it'),
      ('update rhythm.batch set id = 1000000 where first_id = $r', r, 'batch 1000000 has no members'),
      ('update rhythm.batch set first_id = $d where first_id = $r', d, 'does not begin with it'),
      ('update rhythm.batch set worker = null, call = null, claimed_at = null where first_id = $r; update rhythm.execution set stopping = true where id = $r', r, 'asked to stop, and it has none'),
      ('update rhythm.batch set worker = null, call = null, claimed_at = null where first_id = $r; update rhythm.execution set cancel_reason = ''x'' where id = $r', r, 'is not running, and did not end'),
      ('update rhythm.batch set worker = gen_random_uuid() where first_id = $r', r, 'which is not registered'),
      ('delete from rhythm.worker', r, 'which is not registered'),
      ('update rhythm.batch set timeout_ms = null where first_id = $r', r, 'differs from its member in timeout_ms'),
      ('update rhythm.batch set call = 1000 where first_id = $r', r, 'it is leased to a call that worker $w has not made'),
      ('update rhythm.worker_call set call = 0', r, 'it is leased to a call that worker $w has not made'),
      ('update rhythm.batch set priority = 5 where first_id = $r', r, 'differs from its member in priority'),
      ('update rhythm.batch set ids = array[$d] where first_id = $r', r, 'it is a live task and in no batch'),
      ('update rhythm.batch set attempt = 0 where first_id = $r', r, 'it is leased, and no attempt was counted'),
      ('update rhythm.batch set failures = 3 where first_id = $r', r, 'it has no attempts left: 3 of 1 threw, 0 were lost with their worker, 2 may be'),
      ('update rhythm.batch set crashes = 3 where first_id = $r', r, 'it has no attempts left: 0 of 1 threw, 3 were lost with their worker, 2 may be'),
      ('update rhythm.batch set crashes = 4 where first_id = $h', h, 'it has no attempts left: 0 of 1 threw, 4 were lost with their worker, 3 may be'),
      ('update rhythm.batch set type = ''workflow'' where first_id = $r', r, 'differs from its member in type'),
      ('update rhythm.batch set queue = ''c'' where first_id = $r', r, 'differs from its member in queue'),
      ('update rhythm.batch set target = ''c'' where first_id = $h', h, 'differs from its member in target'),
      ('update rhythm.batch set concurrency_key = ''c'' where first_id = $r', r, 'differs from its member in concurrency_key'),
      ('update rhythm.batch set common = ''{}'' where first_id = $r', r, 'differs from its member in max_attempts, metadata, timeout_ms'),
      ('update rhythm.batch set common = common || ''{"traceparent": "c"}'' where first_id = $r', r, 'differs from its member in traceparent'),
      -- workflow_state
      ('delete from rhythm.workflow_state where execution_id = $f', f, 'it is a workflow without a state'),
      ('update rhythm.workflow_state set execution_id = $w where execution_id = $f', w, 'a state belongs to an execution that is not there'),
      ('insert into rhythm.workflow_state (execution_id, program) select $r, program from rhythm.flow', r, 'a task with the state of a workflow'),
      ('insert into rhythm.workflow_state (execution_id, program) select $w, program from rhythm.flow', w, 'a state belongs to an execution that is not there'),
      ('update rhythm.workflow_state set program = ''c'' where execution_id = $f', f, 'it uses program c, which does not exist'),
      ('update rhythm.workflow_state set batch_id = 0 where execution_id = $f', f, 'its state names a batch that does not hold it'),
      ('update rhythm.workflow_state set batch_id = null where execution_id = $h', h, 'waits for nothing that can still happen'),
      ('update rhythm.workflow_state set seq = 0 where execution_id = $f', f, 'step 1 of it is noted, and it stands at 0'),
      ('insert into rhythm.inbox values ($f, 1, $d, 1, false)', f, 'its inbox holds number 1, and only 0 items arrived'),
      ('update rhythm.workflow_state set arrived = 1, delivered = 1 where execution_id = $f', f, 'it is suspended, and was given 1 items'),
      ('update rhythm.workflow_state set last_group = 0 where execution_id = $f', f, '$f belongs to group 1 of it, and it has 0'),
      ('update rhythm.workflow_state set groups = ''{}'', sizes = ''{}'', need = ''{}'' where execution_id = $f', f, 'waits for nothing that can still happen'),
      ('update rhythm.workflow_state set sizes = ''{3}'' where execution_id = $f', f, 'it still needs {2} of its groups, and should need {3}'),
      ('update rhythm.workflow_state set need = ''{0}'' where execution_id = $f', f, 'a group that it waits for is satisfied'),
      ('update rhythm.workflow_state set need = ''{1}'' where execution_id = $f', f, 'it still needs {1} of its groups, and should need {2}'),
      ('update rhythm.workflow_state set snapshot = null where execution_id = $f', f, 'it is suspended, and has no snapshot'),
      -- inbox
      ('insert into rhythm.inbox values ($w, 1, $d, 1, false)', w, 'an item in an inbox belongs to an execution that is not there'),
      ('insert into rhythm.inbox values ($r, 1, $d, 1, false)', r, 'it has an inbox, and no state'),
      ('insert into rhythm.inbox values ($h, 1, $d, null, false); update rhythm.workflow_state set arrived = 1', h, 'its inbox holds $d, which is no child, timer or wait for a signal of it'),
      ('insert into rhythm.inbox values ($f, 1, $a, null, false)', f, 'its inbox holds $a, which has not ended'),
      ('insert into rhythm.inbox values ($g, 1, $t, null, false)', g, 'its inbox holds $t, which has not ended'),
      ('insert into rhythm.inbox values ($g, 1, $s, null, false)', g, 'its inbox holds $s, which has not ended'),
      ('insert into rhythm.inbox values ($h, 1, $a, null, false), ($h, 2, $a, null, false)', h, 'its inbox holds $a twice'),
      ('insert into rhythm.inbox values ($h, 1, $a, null, false), ($h, 1, $b, null, false)', h, 'its inbox holds two items of number 1'),
      ('insert into rhythm.inbox values ($f, 1, $d, 2, false)', f, '$d belongs to group 2 of it, and it has 1'),
      ('update rhythm.timer set fired = true where id = $t; insert into rhythm.inbox values ($g, 1, $t, null, true)', g, 'its inbox says of $t whether it failed, and that is not so'),
      -- journal
      ('update rhythm.journal set execution_id = $w where execution_id = $f', w, 'a step in the journal belongs to an execution that is not there'),
      ('update rhythm.journal set step = 2 where execution_id = $f', f, 'step 2 of it is noted, and it stands at 1'),
      -- timer
      ('update rhythm.timer set id = gen_random_uuid(), wait_group = 2 where id = $t', g, 'belongs to group 2 of it, and it has 1'),
      ('update rhythm.timer set execution_id = $w where id = $t', w, 'a timer belongs to an execution that is not there'),
      ('update rhythm.timer set fired = true where id = $t', g, 'fired and it was not told'),
      ('update rhythm.timer set deadline = true where id = $t; delete from rhythm.signal_wait', g, 'waits for nothing that can still happen'),
      ('update rhythm.timer set fired = true where execution_id = $h', h, 'it has a timeout, and nothing that ends it'),
      ('delete from rhythm.timer where execution_id = $h', h, 'it has a timeout, and nothing that ends it'),
      ('insert into rhythm.timer (id, execution_id, fires_at) values (gen_random_uuid(), $d, now())', d, 'a timer of it is still to fire'),
      ('insert into rhythm.timer (id, execution_id, fires_at) values (gen_random_uuid(), $r, now())', r, 'it is a task and has a timer'),
      -- signal_wait, signal
      ('update rhythm.signal_wait set timed_out = true', g, 'has ended and it was not told'),
      ('update rhythm.signal_wait set signal_id = 99', g, 'took signal 99, which is not there'),
      ('update rhythm.signal_wait set execution_id = $d', d, 'it is a task and has a timer or a wait for a signal'),
      ('update rhythm.signal_wait set execution_id = $w', w, 'a wait for a signal belongs to an execution that is not there'),
      ('update rhythm.signal_wait set wait_group = 3', g, '$s belongs to group 3 of it, and it has 1'),
      ('delete from rhythm.signal_wait; delete from rhythm.timer where id = $t', g, 'waits for nothing that can still happen'),
      ('insert into rhythm.signal (execution_id, name, payload, sent_at) values ($g, ''s'', ''1'', now())', g, 'is open although the signal is there'),
      ('insert into rhythm.signal (execution_id, name, payload, sent_at, taken_by) values ($g, ''s'', ''1'', now(), $s)', g, 'was taken by a wait that took another'),
      ('insert into rhythm.signal (execution_id, name, payload, sent_at) values ($w, ''s'', ''1'', now())', w, 'a signal belongs to an execution that is not there'),
      -- log_line
      ('insert into rhythm.log_line (execution_id, at, level, message) values ($w, now(), ''info'', ''x'')', w, 'a log line belongs to an execution that is not there'),
      -- key_waiter
      ('delete from rhythm.key_waiter', k, 'it is a live task and in no batch'),
      ('update rhythm.execution set batch_id = 0 where id = $k', k, 'it waits for execution $r by its key, and is in a batch'),
      ('update rhythm.key_waiter set execution_id = $w', w, 'a wait for a key belongs to an execution that is not there'),
      ('update rhythm.key_waiter set key = ''task:b:k''', k, 'it waits for the key "task:b:k", which is not of its kind'),
      ('update rhythm.key_waiter set owner_id = (select e.parent_id from rhythm.execution as e where e.id = $k)', k, 'which waits for it'),
      ('delete from rhythm.execution where id = $r', k, 'it waits for execution $r by its key, which is over or gone, and was not told'),
      ('update rhythm.execution set state = 1, batch_id = null, completed_at = now(), output = ''1'' where id = $r', k, 'which is over or gone, and was not told'),
      ('insert into rhythm.key_waiter (execution_id, owner_id, key) values ($r, $a, ''task:running:k'')', k, 'it waits for execution $r by its key, which waits for another'),
      ('insert into rhythm.workflow_state (execution_id, program) select $k, program from rhythm.flow', k, 'has the state of a workflow'),
      -- the rest
      ('update rhythm.idempotency_key set execution_id = $s where key = ''task:done:k''', s, 'stands for it, and it is not there'),
      ('update rhythm.schedule_entry set next_slot = next_slot + interval ''1 hour''', null, 'is none that "@daily" names'),
      ('update rhythm.schedule_entry set due_at = now()', null, 'before its next time'),
      ('update rhythm.schedule_entry set cron = ''x''', null, 'schedule "daily": "x" is not a cron expression'),
      ('update rhythm.schedule_entry set timezone = ''Mars''', null, 'schedule "daily": "Mars" is not a time zone'),
      ('update rhythm.flow_version set name = ''other''', null, 'flow "f" uses a version of flow "other"'),
      ('update rhythm.task set sql_function = ''gone(jsonb)''', null, 'the function gone(jsonb) of task "sql" is not there')
    ) as v (damage, execution, violation)
  loop
    begin
      execute pg_temp.named(v_case.damage, v_ids, '''%s''::uuid');
      select string_agg(c.violation, '; ') into v_found from rhythm.check() as c where c.execution_id is not distinct from v_case.execution;
      raise exception 'undo' using errcode = 'TT000';
    exception
      when sqlstate 'TT000' then
        null;
    end;
    perform test.eq(coalesce(v_found, 'nothing') like '%' || pg_temp.named(v_case.violation, v_ids, '%s') || '%', true, format('%s: found %s', v_case.damage, v_found));
  end loop;
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'sound again');
end;
$$;
