/** A database of the size at which a wrong plan shows: 100,000 executions, most of them over. */

/** The worker of the crowd, as a SQL literal. */
export const worker: string = "'00000000-0000-7000-8000-0000000000ff'";

/** 96,000 that are over, 2,000 ready, 1,000 delayed, and 1,000 workflows that wait for a signal. */
export const crowd: string = `
  select rhythm.register_flow('f', 'return 1', '{}');
  select rhythm.register_worker(${worker}, array['default'], p_lease => '1h');
  insert into rhythm.execution (id, batch_id, completed_at, run_at, state, type, target, queue, inputs, wait_group)
  select rhythm.uuid7(now() - interval '1 day' + n * interval '1 ms'), case when n > 96000 and n <= 99000 then n end,
    case when n <= 96000 then now() end, case when n > 98000 and n <= 99000 then now() + interval '1 day' end,
    case when n <= 96000 then 1 else 0 end, case when n <= 99000 then 'task' else 'workflow' end, 'a', 'default', '{}', null
  from generate_series(1, 100000) as n;
  select setval('rhythm.batch_id_seq', 200000);
  insert into rhythm.batch (id, first_id, run_at, priority, size, type, queue, target, common, ids)
  select e.batch_id, e.id, e.run_at, 0, 1, 'task', e.queue, e.target, '{"max_attempts": 3}', array[e.id]
  from rhythm.execution as e where e.batch_id is not null;
  insert into rhythm.workflow_state (execution_id, program, last_group, groups, sizes, need, snapshot)
  select e.id, f.program, 1, '{1}', '{1}', '{1}', '{}'
  from rhythm.execution as e cross join rhythm.flow as f where e.type = 'workflow';
  insert into rhythm.signal_wait (id, execution_id, name, timeout_at, wait_group)
  select e.id, e.id, 's', now() + interval '1 day', 1 from rhythm.execution as e where e.type = 'workflow';
  analyze;
`;
