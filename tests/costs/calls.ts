/** What calls are written with: a worker counts its calls of exchange(). */
export const HELPERS: string = `
  create function public.in_sql(jsonb) returns jsonb language sql as 'select $1';

  create function public.next(p_worker uuid, p_ends jsonb, p_want jsonb) returns jsonb language plpgsql as $$
  begin
    return rhythm.exchange(p_worker, (select max(c.call) + 1 from rhythm.worker_call as c where c.worker_id = p_worker), p_ends, p_want);
  end
  $$;

  create function public.claim(p_worker uuid, p_queue text, p_limit integer) returns jsonb language plpgsql as $$
  begin
    return public.next(p_worker, '[]', jsonb_build_object('queues', jsonb_build_array(p_queue), 'limit', p_limit));
  end
  $$;

  create function public.claim_one(p_worker uuid, p_execution uuid) returns jsonb language plpgsql as $$
  begin
    return rhythm.claim_execution(p_worker, p_execution, (select max(c.call) + 1 from rhythm.worker_call as c where c.worker_id = p_worker));
  end
  $$;

  create function public.claimed(p_worker uuid, p_queue text, p_limit integer) returns table (id uuid, call integer) language plpgsql as $$
  declare
    v_answer constant jsonb := public.claim(p_worker, p_queue, p_limit);
  begin
    return query
      select (i.value #>> '{}')::uuid, (v_answer ->> 'call')::integer
      from jsonb_array_elements(v_answer -> 'parcels') as p cross join jsonb_array_elements(p.value -> 'ids') as i;
  end
  $$;`;

/**
 * One call, in SQL, of each function that a role may call. `:name` stands for an id of `crowd.ts`; `:busy` is a worker with a
 * hundred leases, once the tables are full. What needs a lease claims it in the same call: everything is rolled back.
 */
export const CALLS: Readonly<Record<string, string>> = {
  // Reading.
  get: "select rhythm.get(:done)",
  explain: "select rhythm.explain(:done)",
  "explain, what is ready": "select rhythm.explain(:ready)",
  "explain, what waits": "select rhythm.explain(:signals)",
  wait_for: "select rhythm.wait_for(:done)",
  keys_of: "select * from rhythm.keys_of(:signals)",
  lines_of: "select rhythm.lines_of(:signals)",
  flow_state: "select rhythm.flow_state(:signals)",
  history: "select count(*) from rhythm.history(:signals)",
  replay_start: "select rhythm.replay_start(:signals)",
  replay_steps: "select count(*) from rhythm.replay_steps(:signals)",
  pending_effects: "select rhythm.pending_effects(:forks, array[:ready]::uuid[])",
  edit_state: "select rhythm.edit_state(:signals, 1, '{}')",
  rewind_state:
    `select rhythm.rewind_state(:signals, 1, '{}', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', array[w.id])), array[w.id])
    from (select w.id from rhythm.signal_wait as w where w.execution_id = :signals limit 1) as w`,
  fork_state:
    `select rhythm.fork_state(:signals, rhythm.new_id(), 1, 1, '{}', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', array[x.id])),
    jsonb_build_array(jsonb_build_object('id', x.id, 'type', 'await_signal', 'name', 's'))) from (select rhythm.new_id() as id) as x`,
  fork_steps: "select rhythm.fork_steps(:signals, 1)",
  audit: "select count(*) from rhythm.audit()",
  find_token: "select rhythm.find_token(repeat('0', 64))",
  set_gate: "select rhythm.set_gate('f', 1)",
  remove_gate: "select rhythm.remove_gate(1)",
  export_execution: "select rhythm.export_execution(:signals)",
  import_execution:
    `select rhythm.import_execution(replace(rhythm.export_execution(:done)::text, x.old, rhythm.new_id()::text)::jsonb) from (select :done::text as old) as x`,
  odd_queue: "select rhythm.odd_queue('default')",
  odd_key: "select rhythm.odd_key('limited', 'key 1')",
  odd_task: "select rhythm.odd_task('a')",
  ids_ending: "select count(*) from rhythm.ids_ending('00000000')",

  // Creating.
  start: "select rhythm.start('f', idempotency_key => 'new')",
  queue: "select rhythm.queue('a')",
  "queue, under a parent": "select rhythm.queue('a', parent => :signals)",
  "queue, under a task": "select rhythm.queue('a', parent => :ready)",
  "start, under a parent": "select rhythm.start('f', parent => :forks)",
  "queue, known key": "select rhythm.queue('a', idempotency_key => 'once')",
  create_each: `select rhythm.create_each('[{"type": "task", "target": "a", "unique": {"key": "costs"}}]')`,
  create_many:
    `select rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a"}'::jsonb) from generate_series(1, 100)))`,
  register_flow: "select rhythm.register_flow('f', 'return 2', '{}')",
  set_flow_version: "select rhythm.set_flow_version('f', 1)",
  register_workflow: "select rhythm.register_workflow('code2')",
  unregistered: `select rhythm.unregistered('[{"kind": "task", "name": "a"}]')`,
  register_tasks: `select rhythm.register_tasks('[{"name": "a"}]')`,

  // Steering.
  signal: "select rhythm.signal(:signals, 's')",
  ask: "select rhythm.ask(:signals, 's')",
  "ask, with a key": "select rhythm.ask(:signals, 's', idempotency_key => 'k')",
  signal_token: "select rhythm.signal_token(:signals, 's')",
  read_address: "select rhythm.read_address(rhythm.signal_token(:signals, 's'))",
  use_address: "select rhythm.use_address(rhythm.signal_token(:signals, 's'))",
  "signal, for later": "select rhythm.signal(:sleeps, 's')",
  "cancel, a task": "select rhythm.cancel(:ready)",
  "cancel, a workflow": "select rhythm.cancel(:forks)",
  "cancel, what runs": "select rhythm.cancel(c.id) from public.claimed(:busy, 'default', 1) as c",
  cancel_many: "select rhythm.cancel_many(array[:ready, :signals, :forks]::uuid[])",
  "retry, a task": "select rhythm.retry(:failed)",
  "retry, what was cancelled": "select rhythm.retry(:cancelled)",
  "retry, a workflow": "select rhythm.retry(:fails)",
  delete_execution: "select rhythm.delete_execution(:done)",
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
  configure_key: "select rhythm.configure_key('limited', 'key 1', concurrency => 5)",
  set_failure_hook: "select rhythm.set_failure_hook('alerts', 'tell')",
  remove_failure_hook:
    "select rhythm.set_failure_hook('alerts', 'tell'), rhythm.remove_failure_hook('alerts')",
  hook_address: "select rhythm.hook_address(:ready)",
  tag: `select rhythm.tag(:done, '{"orderId": "1042"}')`,
  find: `select count(*) from rhythm.find('{"orderId": "1042"}')`,
  set_failure: "select rhythm.set_failure(f.fingerprint, 'known') from rhythm.failures as f limit 1",
  operate: `select rhythm.operate('retry', '{"status": "failed"}')`,
  migrate: `select rhythm.migrate('f')`,
  register_pairing: `select rhythm.register_pairing('f', 1, 1, '{}')`,
  unpaired_versions: `select * from rhythm.unpaired_versions('f', 1)`,
  operation_places: `select rhythm.operate('retry', '{"status": "failed"}');
    select p.* from rhythm.operations as o cross join lateral rhythm.operation_places(o.id) as p`,
  apply_change: "select rhythm.apply_change(rhythm.new_id(), rhythm.new_id(), 1, 1)",
  stop_operation: `select rhythm.stop_operation(rhythm.operate('retry', '{"status": "failed"}'))`,
  resume_operation:
    `select rhythm.stop_operation(o.id), rhythm.resume_operation(o.id) from rhythm.operate('retry', '{"status": "failed"}') as o (id)`,
  work_operation:
    `select rhythm.work_operation(rhythm.operate('cancel', '{"target": "a"}', dry_run => true))`,
  change: `select rhythm.change(:ready, '{"priority": 3}')`,
  pause_execution: "select rhythm.pause_execution(:ready)",
  "pause_execution, a workflow": "select rhythm.pause_execution(:signals)",
  resume_execution: "select rhythm.pause_execution(:ready), rhythm.resume_execution(:ready)",
  pause_task: "select rhythm.pause_task('a')",
  resume_task: "select rhythm.pause_task('a'), rhythm.resume_task('a')",
  pause_flow: "select rhythm.pause_flow('f')",
  resume_flow: "select rhythm.pause_flow('f'), rhythm.resume_flow('f')",
  pause_everything: "select rhythm.pause_everything()",
  adopt: "select rhythm.adopt()",
  took_at: "select rhythm.took_at('{1}', 0.5)",
  home_problem: "select rhythm.home_problem()",
  resume_everything: "select rhythm.pause_everything(), rhythm.resume_everything()",
  pause_key: "select rhythm.pause_key('limited', 'key 1')",
  resume_key: "select rhythm.pause_key('limited', 'key 1'), rhythm.resume_key('limited', 'key 1')",

  drain_worker: "select rhythm.drain_worker(:busy)",
  resume_worker: "select rhythm.drain_worker(:busy), rhythm.resume_worker(:busy)",
  answer_ask: "select rhythm.answer_ask(rhythm.ask(:signals, 's'))",

  // Working.
  register_worker: "select rhythm.register_worker(null)",
  beat: "select rhythm.beat(:busy)",
  "beat, with what it holds":
    `select rhythm.beat(:busy, p_holds => (select jsonb_agg(jsonb_build_object('call', c.call, 'ids', jsonb_build_array(c.id)))
    from public.claimed(:busy, 'default', 100) as c))`,
  unserved: "select rhythm.unserved(:busy, '0s')",
  exchange: "select public.claim(:busy, 'default', 100)",
  "exchange, some tasks":
    `select public.next(:busy, '[]', '{"queues": ["default"], "limit": 100, "targets": ["a"]}')`,
  "exchange, a limited queue": "select public.claim(:busy, 'limited', 1)",
  "exchange, done":
    `select public.next(:busy, (select jsonb_agg(jsonb_build_object('kind', 'done', 'call', c.call, 'ids', jsonb_build_array(c.id), 'outputs', '[1]'::jsonb))
    from public.claimed(:busy, 'alike', 100) as c), null)`,
  "exchange, outcomes":
    `select public.next(:busy, (select jsonb_agg(jsonb_build_object('kind', 'outcome', 'call', c.call, 'id', c.id, 'status', 'completed', 'output', 1))
    from public.claimed(:busy, 'default', 100) as c), null)`,
  "exchange, failures":
    `select public.next(:busy, (select jsonb_agg(jsonb_build_object('kind', 'outcome', 'call', c.call, 'id', c.id, 'status', 'failed',
      'error', '{"type": "Error", "message": "no"}'::jsonb)) from public.claimed(:busy, 'default', 100) as c), null)`,
  "exchange, a step":
    `select public.next(:busy, jsonb_build_array(jsonb_build_object('kind', 'steps', 'children', '[]'::jsonb, 'kinds', '[]'::jsonb,
      'ends', jsonb_build_array(jsonb_build_object('id', :timer, 'timer', true, 'flow', :sleeps, 'seq', 1, 'next', 'completed', 'result', 1)))), null)`,
  "exchange, fire":
    `select public.next(:busy, jsonb_build_array(jsonb_build_object('kind', 'fire', 'timers', array[:timer])), null)`,
  "exchange, leave":
    `select public.next(:busy, jsonb_build_array(jsonb_build_object('kind', 'leave', 'timers', array[:timer])), null)`,
  settle_one:
    `select rhythm.settle_one(:busy, jsonb_build_object('id', c.id, 'call', c.call, 'status', 'completed', 'output', 1))
    from public.claimed(:busy, 'alike', 1) as c limit 1`,
  claim_execution: "select public.claim_one(:busy, :fresh)",
  load_steps: "select rhythm.load_steps(array[:code]::uuid[])",
  save_steps:
    `select public.claim_one(:busy, :fresh), rhythm.save_steps(:busy, jsonb_build_array(jsonb_build_object('execution_id', :fresh,
      'name', 'next', 'seq', 1, 'kind', 'step', 'attempts', 1, 'status', 'completed')))`,
  report:
    `select rhythm.report(:busy, jsonb_agg(jsonb_build_object('id', c.id, 'level', 'info', 'message', 'm')), jsonb_object_agg(c.id, 1))
    from public.claimed(:busy, 'default', 100) as c`,
  checkpoint:
    `select rhythm.checkpoint(:busy, c.id, c.call, '{"page": 1}', 1) from public.claimed(:busy, 'alike', 1) as c limit 1`,
  get_program: "select rhythm.get_program((select f.program from rhythm.flow as f where f.name = 'f'))",
  stop_worker: "select rhythm.stop_worker(:busy)",
  tick: "select rhythm.tick()",
  due: "select rhythm.due()",
  chores: "select rhythm.chores()",
  sql_tasks: "select rhythm.sql_tasks()",

  // The deployer's and the owner's.
  purge: "select rhythm.purge(interval '0')",
  define_sql_task: "select rhythm.define_sql_task('in_sql', 'public.in_sql(jsonb)')",
  undefine_sql_task: "select rhythm.undefine_sql_task('in_sql')",
};

/** What reads no table that grows, is to read all of it (`check`), or a part of a fixed size: a sample of some thousand pages (`count_suspended`), the newest rows. */
export const NOT_CALLED: readonly string[] = [
  "now",
  "new_id",
  "status_name",
  "created_at",
  "max_attempts",
  "max_crashes",
  "first_id",
  "channel",
  "cron_next",
  "cron_upcoming",
  "check",
  "count_queues",
  "count_signal_waits",
  "count_standing",
  "count_suspended",
  "search_executions",
];
