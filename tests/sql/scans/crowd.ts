/** A database of the size at which a wrong plan shows: 100,000 executions, most of them over. */

/** The worker of the crowd, as a SQL literal. */
export const worker: string = "'00000000-0000-7000-8000-0000000000ff'";

/** 96,000 that are over, 2,000 ready, 1,000 delayed, and 1,000 workflows that wait for a signal. */
export const crowd: string = `
  select rhythm.register_flow('f', 'return 1', '{}');
  select rhythm.register_worker(${worker}, array['default'], p_lease => '1h');
  insert into rhythm.execution (id, created_at, completed_at, run_at, stage, max_attempts, type, status, target, queue, inputs, output)
  select rhythm.uuid7(now() - interval '1 day' + n * interval '1 ms'), now(), case when n <= 96000 then now() end,
    case when n > 98000 and n <= 99000 then now() + interval '1 day' end,
    case when n <= 96000 then 4 when n <= 98000 then 1 when n <= 99000 then 0 else 3 end, 3,
    case when n <= 99000 then 'task' else 'workflow' end,
    case when n <= 96000 then 'completed' when n <= 99000 then 'pending' else 'suspended' end,
    'a', 'default', '{}', case when n <= 96000 then 'null'::jsonb end
  from generate_series(1, 100000) as n;
  insert into rhythm.workflow_state (execution_id, program, need, waits, snapshot)
  select e.id, f.program, '{1}', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', jsonb_build_array(e.id))), '{}'
  from rhythm.execution as e cross join rhythm.flow as f where e.stage = 3;
  insert into rhythm.signal_wait (id, execution_id, name, timeout_at)
  select e.id, e.id, 's', now() + interval '1 day' from rhythm.execution as e where e.stage = 3;
  analyze;
`;
