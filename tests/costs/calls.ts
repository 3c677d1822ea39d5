/**
 * One call, in SQL, of each function that a role may call. `:name` stands for an id of `crowd.ts`; `:busy` is a worker with a
 * hundred leases, once the tables are full. What needs a lease claims it in the same call: everything is rolled back.
 */
export const CALLS: Readonly<Record<string, string>> = {
  // Reading.
  get: "select rhythm.get(:done)",
  wait_for: "select rhythm.wait_for(:done)",
  flow_state: "select rhythm.flow_state(:signals)",
  count_batched: "select rhythm.count_batched()",
  newborn: "select rhythm.newborn('default')",

  // Creating.
  start: "select rhythm.start('f', idempotency_key => 'new')",
  enqueue: "select rhythm.enqueue('a')",
  "enqueue, under a parent": "select rhythm.enqueue('a', parent => :signals)",
  "enqueue, under a task": "select rhythm.enqueue('a', parent => :ready)",
  "start, under a parent": "select rhythm.start('f', parent => :forks)",
  "enqueue, known key": "select rhythm.enqueue('a', idempotency_key => 'once')",
  create_many:
    `select rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a"}'::jsonb) from generate_series(1, 100)))`,
  register_flow: "select rhythm.register_flow('f', 'return 2', '{}')",
  register_workflow: "select rhythm.register_workflow('code2')",
  unregistered: `select rhythm.unregistered('[{"kind": "task", "name": "a"}]')`,
  register_tasks: `select rhythm.register_tasks('[{"name": "a"}]')`,

  // Steering.
  signal: "select rhythm.signal(:signals, 's')",
  "signal, for later": "select rhythm.signal(:sleeps, 's')",
  "cancel, a task": "select rhythm.cancel(:ready)",
  "cancel, a workflow": "select rhythm.cancel(:forks)",
  "cancel, what runs": "select rhythm.cancel((select c.id from rhythm.claim(:busy, array['default']) as c))",
  "retry, a task": "select rhythm.retry(:failed)",
  "retry, what was cancelled": "select rhythm.retry(:cancelled)",
  "retry, a workflow": "select rhythm.retry(:fails)",
  watch: "select rhythm.watch(array[:ready, :signals, :done]::uuid[])",
  schedule: "select rhythm.schedule('hourly', '@hourly', 'a', type => 'task')",
  unschedule: "select rhythm.unschedule('daily')",
  pause_schedule: "select rhythm.pause_schedule('daily')",
  resume_schedule: "select rhythm.pause_schedule('daily'), rhythm.resume_schedule('daily')",
  trigger_schedule: "select rhythm.trigger_schedule('daily')",
  backfill_schedule: "select rhythm.backfill_schedule('daily', now() - interval '3 days', now())",
  pause_queue: "select rhythm.pause_queue('default')",
  resume_queue: "select rhythm.pause_queue('default'), rhythm.resume_queue('default')",
  configure_queue: "select rhythm.configure_queue('default', concurrency => 10)",

  // Working.
  register_worker: "select rhythm.register_worker(null)",
  beat: "select rhythm.beat(:busy)",
  held: "select rhythm.held(:busy)",
  unserved: "select rhythm.unserved(:busy, '0s')",
  claim: "select count(*) from rhythm.claim(:busy, array['default'], 100)",
  "claim, some tasks": "select count(*) from rhythm.claim(:busy, array['default'], 100, array['a'])",
  "claim, limited": "select count(*) from rhythm.claim(:busy, array['limited'], 1)",
  claim_packed: "select count(*) from rhythm.claim_packed(:busy, array['default'], 100, null, false)",
  claim_execution: "select count(*) from rhythm.claim_execution(:busy, :fresh)",
  settle:
    `select rhythm.settle(:busy, (select jsonb_agg(jsonb_build_object('id', c.id, 'attempt', c.attempt, 'status', 'completed', 'output', 1))
    from rhythm.claim(:busy, array['default'], 100) as c))`,
  settle_tasks:
    `select rhythm.settle_tasks(:busy, array_agg(c.id order by c.id), array_agg(c.attempt::integer order by c.id), jsonb_agg(1))
    from rhythm.claim(:busy, array['alike'], 100) as c`,
  settle_advanced:
    `select rhythm.settle_advanced(:busy, jsonb_build_array(jsonb_build_object('id', :timer, 'timer', true, 'flow', :sleeps, 'seq', 1,
      'next', 'completed', 'result', 1)))`,
  fire_kept: "select rhythm.fire_kept(:busy, array[:timer]::uuid[])",
  release_kept: "select rhythm.release_kept(array[:timer]::uuid[])",
  load_steps: "select rhythm.load_steps(array[:code]::uuid[])",
  save_steps:
    `select rhythm.save_steps(:busy, jsonb_build_array(jsonb_build_object('execution_id', c.id, 'name', 'next', 'seq', 1, 'kind', 'step',
      'attempts', 1, 'status', 'completed'))) from rhythm.claim_execution(:busy, :fresh) as c`,
  report:
    `select rhythm.report(:busy, jsonb_agg(jsonb_build_object('id', c.id, 'level', 'info', 'message', 'm')), jsonb_object_agg(c.id, 1))
    from rhythm.claim(:busy, array['default']) as c`,
  get_program: "select rhythm.get_program((select f.program from rhythm.flow as f where f.name = 'f'))",
  stop_worker: "select rhythm.stop_worker(:busy)",
  tick: "select rhythm.tick()",

  // The deployer's and the owner's.
  purge: "select rhythm.purge(interval '0')",
  define_sql_task: "select rhythm.define_sql_task('in_sql', 'public.in_sql(jsonb)')",
  undefine_sql_task: "select rhythm.undefine_sql_task('in_sql')",
};

/** What reads no table that grows, is to read all of it (`check`), or a sample of some thousand pages (`count_suspended`). */
export const NOT_CALLED: readonly string[] = [
  "now",
  "first_id",
  "channel",
  "cron_next",
  "cron_upcoming",
  "check",
  "count_suspended",
];
