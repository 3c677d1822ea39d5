/** A fault that is planted: one line of the engine or the worker, changed. */
export interface Mutation {
  /** What is wrong then, in a few words. */
  readonly name: string;
  /** The file. */
  readonly file: string;
  /** What stands there once. */
  readonly find: string;
  /** What takes its place. */
  readonly replace: string;
  /** The file of a test that sees it where seeds do not, and after ` => ` what the name of the test contains. */
  readonly test?: string;
  /** Why no promise is broken by it; nothing: one is. */
  readonly because?: string;
}

/** All of them. A feature adds those that its own promises must find. */
export const mutations: readonly Mutation[] = [
  {
    name: "a task that completes need not be leased to this worker",
    file: "sql/settle/ends.sql",
    find: "where b.worker = p_worker and b.call = p_call and b.type = 'task';",
    replace: "where b.worker is not null and b.call = p_call and b.type = 'task';",
  },
  {
    name: "a task that completes need not be leased by this call",
    file: "sql/settle/ends.sql",
    find: "where b.worker = p_worker and b.call = p_call and b.type = 'task';",
    replace: "where b.worker = p_worker and b.type = 'task';",
  },
  {
    name: "a child that completes tells nobody",
    file: "sql/settle/ends.sql",
    find: "      and e.parent_id is null and e.cancel_reason is null\n",
    replace: "      and e.cancel_reason is null\n",
  },
  {
    name: "the batch of the last task stays",
    file: "sql/settle/ends.sql",
    find:
      "  if cardinality(v_ids) = v_size then\n    delete from rhythm.batch as b where b.id = any (v_batches);",
    replace: "  if cardinality(v_ids) = v_size then\n    null;",
  },
  {
    name: "failures are not counted",
    file: "sql/settle/ends.sql",
    find:
      "      failures = b.failures + p_failures, crashes = b.crashes + p_crashes\n    where b.id = p_batch;",
    replace: "      crashes = b.crashes + p_crashes\n    where b.id = p_batch;",
  },
  {
    name: "a failed attempt is repeated at once",
    file: "sql/settle/ends.sql",
    find: "case o.fate when 'retry' then (retried ->> o.id::text)::bigint else o.delay_ms end",
    replace: "case o.fate when 'retry' then 0 else o.delay_ms end",
  },
  {
    name: "one failure too many is allowed",
    file: "sql/settle/outcomes.sql",
    find: "and rhythm.attempts_left(p_execution.retry, p_failures + 1, 0) then 'retry'",
    replace: "and rhythm.attempts_left(p_execution.retry, p_failures, 0) then 'retry'",
  },
  {
    name: "the lease of an outcome is not compared with the call",
    file: "sql/settle/outcomes.sql",
    find:
      "offset 0) as b\n      on b.worker = p_worker and b.call = g.call\n    cross join lateral (select coalesce(g.moment",
    replace: "offset 0) as b\n      on b.worker = p_worker\n    cross join lateral (select coalesce(g.moment",
  },
  {
    name: "the lease of an outcome is not compared with the worker",
    file: "sql/settle/outcomes.sql",
    find:
      "offset 0) as b\n      on b.worker = p_worker and b.call = g.call\n    cross join lateral (select coalesce(g.moment",
    replace:
      "offset 0) as b\n      on b.worker is not null\n    cross join lateral (select coalesce(g.moment",
  },
  {
    name: "an outcome of an earlier step counts",
    file: "sql/settle/outcomes.sql",
    find: "    where g.seq is null or s.seq = g.seq\n",
    replace: "",
  },
  {
    name: "a refused end is answered as taken",
    file: "sql/settle/settle.sql",
    find: "  if cardinality(p_held) < jsonb_array_length(p_items) then",
    replace: "  if false then",
  },
  {
    name: "children with keys run beside those that have the key",
    file: "sql/settle/settle.sql",
    find: "        where (r.value ->> 'id')::uuid <> all (v_waiters));",
    replace: "        where true);",
  },
  {
    name: "a workflow that was cancelled while it ran is not taken up again",
    test: "tests/sql/run_test.ts => cancel/cleanup_always.sql",
    file: "sql/settle/settle.sql",
    find:
      "where o.fate = 'suspended' and exists (select from rhythm.execution as x where x.id = o.id and x.stopping offset 0));",
    replace: "where false);",
  },
  {
    name: "parents do not hear of ends",
    file: "sql/wake/follow.sql",
    find: "where e.parent_id is not null order by e.nth);",
    replace: "where false order by e.nth);",
  },
  {
    name: "a child that failed counts as one that completed",
    file: "sql/wake/follow.sql",
    find: "select row(e.parent_id, e.id, e.state <> 1, e.wait_group)",
    replace: "select row(e.parent_id, e.id, false, e.wait_group)",
  },
  {
    name: "the inbox of a workflow that is over stays",
    file: "sql/wake/follow.sql",
    find: "  delete from rhythm.inbox as i where i.execution_id = any (v_completed);\n",
    replace: "",
  },
  {
    name: "a workflow goes on one end too early",
    test: "tests/sql/run_test.ts => waits/all.sql",
    file: "sql/wake/wake.sql",
    find: "case when (p_items[1]).failed then 0 else p_need[v_nth] - 1 end;",
    replace: "case when (p_items[1]).failed then 0 else p_need[v_nth] - 2 end;",
  },
  {
    name: "a workflow that is ready can become ready again",
    file: "sql/wake/wake.sql",
    find: "where x.execution_id = i.id and x.batch_id is null offset 0) as s",
    replace: "where x.execution_id = i.id offset 0) as s",
  },
  {
    name: "what has arrived is not counted",
    file: "sql/wake/wake.sql",
    find: "set arrived = s.arrived + p.size, need",
    replace: "set arrived = s.arrived, need",
  },
  {
    name: "a signal wakes nobody",
    file: "sql/wake/signal.sql",
    find: "  perform rhythm.resume(rhythm.deliver(rhythm.match_signals(array[p_execution])), v_now);\n",
    replace: "",
  },
  {
    name: "a signal that is sent again is sent twice",
    file: "sql/wake/signal.sql",
    find: "coalesce(p_payload, 'null'), signal.idempotency_key, v_now)",
    replace: "coalesce(p_payload, 'null'), null, v_now)",
  },
  {
    name: "an answer is lost",
    file: "sql/asks/asks.sql",
    find: "and g.asked and g.answer is null\n",
    replace: "and g.asked and g.answer is not null\n",
  },
  {
    name: "a workflow is not told that a signal is a question",
    file: "sql/claim/parcels.sql",
    find: "|| case when g.asked then",
    replace: "|| case when false then",
  },
  {
    name: "timers fire a little early",
    file: "sql/time/due.sql",
    find: "where not t.fired and not t.deadline and coalesce(t.kept_until, t.fires_at) <= p_now\n",
    replace:
      "where not t.fired and not t.deadline and coalesce(t.kept_until, t.fires_at) <= p_now + interval '300 ms'\n",
  },
  {
    name: "timers do not fire",
    file: "sql/time/due.sql",
    find: "  if v_due = '{}' then\n    return 0;\n  end if;\n  -- What another session has locked stays due.",
    replace: "  if true then\n    return 0;\n  end if;\n  -- What another session has locked stays due.",
  },
  {
    name: "a wait for a signal that took too long ends without an error",
    file: "sql/time/due.sql",
    find: "select coalesce(array_agg(row(x.execution_id, x.id, true, x.wait_group)",
    replace: "select coalesce(array_agg(row(x.execution_id, x.id, false, x.wait_group)",
  },
  {
    name: "claims hand out what has expired",
    file: "sql/claim/heads.sql",
    find:
      "      where b.queue = p_queue and b.worker is null and b.run_at is null and not b.limited\n        and (p_targets is null or b.type = 'workflow' or b.target = any (p_targets))\n        and (b.expires_at is null or b.expires_at > p_now or b.attempt > 0)\n",
    replace:
      "      where b.queue = p_queue and b.worker is null and b.run_at is null and not b.limited\n        and (p_targets is null or b.type = 'workflow' or b.target = any (p_targets))\n",
  },
  {
    name: "work expires before its time",
    file: "sql/time/expire.sql",
    find:
      "        where y.expires_at is not null and y.worker is null and y.attempt = 0 and y.expires_at <= p_now\n",
    replace: "        where y.expires_at is not null and y.worker is null and y.attempt = 0\n",
  },
  {
    name: "delayed work becomes ready early",
    file: "sql/time/due.sql",
    find: "    where b.run_at is not null and b.run_at <= p_now\n",
    replace: "    where b.run_at is not null and b.run_at <= p_now + interval '1 second'\n",
  },
  {
    name: "delayed work stays delayed",
    file: "sql/time/due.sql",
    find: "    where b.run_at is not null and b.run_at <= p_now\n",
    replace: "    where b.run_at is not null and b.run_at <= p_now - interval '1 hour'\n",
  },
  {
    name: "the work of dead workers is not given to others",
    file: "sql/time/chores.sql",
    find: "    where w.beat_at < p_now - w.lease_ms * interval '1 millisecond'\n",
    replace: "    where w.beat_at < p_now - w.lease_ms * interval '1 hour'\n",
  },
  {
    name: "workers that live are given up",
    file: "sql/time/chores.sql",
    find: "    where w.beat_at < p_now - w.lease_ms * interval '1 millisecond'\n",
    replace: "    where w.beat_at < p_now - w.lease_ms * interval '0.2 milliseconds'\n",
  },
  {
    name: "a dead worker goes and its leases stay",
    file: "sql/time/chores.sql",
    find:
      "    perform rhythm.take_back(v_batches, 'The worker that ran it was lost: its heartbeats stopped', p_now);\n",
    replace: "",
  },
  {
    name: "attempts that run past their timeout go on",
    file: "sql/time/chores.sql",
    find: "  perform rhythm.end_overdue(p_limit, v_now);\n",
    replace: "",
  },
  {
    name: "workflows that run past their timeout go on",
    file: "sql/time/chores.sql",
    find: "    perform rhythm.end_late_workflows(p_limit, v_now);\n",
    replace: "    null;\n",
  },
  {
    name: "a loss is no crash",
    file: "sql/claim/workers.sql",
    find: "          0, case when p_crashed is not null and v_batch.size = 1 then 1 else 0 end,",
    replace: "          0, 0,",
  },
  {
    name: "one loss is one too many",
    file: "sql/claim/workers.sql",
    find: "          and not rhythm.attempts_left(v_member.retry, 0, v_batch.crashes + 1) then 'failed'",
    replace: "          then 'failed'",
  },
  {
    name: "what a worker does not name stays leased",
    file: "sql/claim/workers.sql",
    find: "    perform rhythm.return_unnamed(p_worker, p_holds, v_now);\n",
    replace: "",
  },
  {
    name: "a worker that takes leave leaves its work behind",
    file: "sql/claim/workers.sql",
    find:
      "  v_batches := array(select b.id from rhythm.batch as b where b.worker = p_worker order by b.id);\n  perform rhythm.lock_around",
    replace: "  v_batches := '{}';\n  perform rhythm.lock_around",
  },
  {
    name: "a late call is carried out",
    file: "sql/settle/exchange.sql",
    find: "  elsif p_call < v_last.call then\n",
    replace: "  elsif false then\n",
  },
  {
    name: "a call that is sent again is carried out again",
    file: "sql/settle/exchange.sql",
    find: "set call = p_call, refused = null where c.worker_id = p_worker and c.odd = v_last.odd",
    replace: "set refused = null where c.worker_id = p_worker and c.odd = v_last.odd",
  },
  {
    name: "the answer to a call that is sent again has no work in it",
    file: "sql/settle/exchange.sql",
    find: "where b.worker = p_last.worker_id and b.call = p_last.call order by",
    replace: "where false and b.call = p_last.call order by",
  },
  {
    name: "a step in memory counts although its workflow is further",
    file: "sql/settle/steps.sql",
    find: "where s.execution_id = g.flow and s.seq = g.seq and s.batch_id is null and s.arrived = 0",
    replace: "where s.execution_id = g.flow and s.batch_id is null and s.arrived = 0",
  },
  {
    name: "a step in memory counts although something is in the inbox",
    test: "tests/sql/run_test.ts => settle/steps_inbox.sql",
    file: "sql/settle/steps.sql",
    find: "where s.execution_id = g.flow and s.seq = g.seq and s.batch_id is null and s.arrived = 0",
    replace: "where s.execution_id = g.flow and s.seq = g.seq and s.batch_id is null",
  },
  {
    name: "a step in memory takes a timer before its time",
    file: "sql/settle/steps.sql",
    find: "and x.execution_id = g.flow and x.fires_at <= p_now and not x.fired",
    replace: "and x.execution_id = g.flow and not x.fired",
  },
  {
    name: "a step in memory counts for a task whose lease is lost",
    file: "sql/settle/steps.sql",
    find: "offset 0) as b\n        on b.worker = p_worker and b.call = g.call\n",
    replace: "offset 0) as b\n        on true\n",
  },
  {
    name: "a queue runs one more than its limit",
    file: "sql/limits/claim.sql",
    find: "  v_room := least(p_limit, v_queue.concurrency - v_state.running\n",
    replace: "  v_room := least(p_limit, v_queue.concurrency + 1 - v_state.running\n",
  },
  {
    name: "what begins in a queue with limits is not counted",
    file: "sql/limits/claim.sql",
    find: "then v_state.running + v_began else 0 end;",
    replace: "then v_state.running else 0 end;",
  },
  {
    name: "a paused queue is claimed from",
    file: "sql/settle/exchange.sql",
    find:
      "where rhythm.has_ready(q.name, p_targets) and not exists (select from rhythm.queue as x where x.name = q.name and x.paused_at is not null)",
    replace: "where rhythm.has_ready(q.name, p_targets)",
    because: "a claim looks at the pause twice more, under the lock of the queue: only work is wasted",
  },
  {
    name: "a slot of a schedule can start twice",
    test: "tests/sql/run_test.ts => schedules/fires.sql",
    file: "sql/schedules/fire.sql",
    find:
      "    v_entry.next_slot := rhythm.cron_after(v_times, v_entry.timezone, v_slots[cardinality(v_slots)]);\n",
    replace: "",
  },
  {
    name: "a step of code that is over can be written again",
    test: "tests/sql/run_test.ts => steps/save.sql",
    file: "sql/steps/steps.sql",
    find: "  where s.status in ('waiting', 'retrying')\n",
    replace: "",
  },
  {
    name: "steps of code are written by any worker",
    file: "sql/steps/steps.sql",
    find: "on b.worker = p_worker and b.call = coalesce(n.call, b.call)\n  on conflict",
    replace: "on true\n  on conflict",
  },
  {
    name: "an idempotency key that is taken gives a new execution",
    file: "sql/create/create_many.sql",
    find: "        select case when f.is_free then excluded.execution_id else k.execution_id end,",
    replace: "        select excluded.execution_id,",
  },
  {
    name: "a unique key is free before its execution ends",
    file: "sql/create/create_many.sql",
    find: "    when 'active' then v_execution.state > 0\n",
    replace: "    when 'active' then true\n",
  },
  {
    name: "a retry takes the unique key of another",
    test: "tests/sql/run_test.ts => queue/unique.sql",
    file: "sql/create/unique.sql",
    find: "  if v_owner <> p_execution then\n    perform rhythm.raise('RH003', format('Cannot run",
    replace: "  if false then\n    perform rhythm.raise('RH003', format('Cannot run",
  },
  {
    name: "a purge leaves the journal",
    file: "sql/history/sweep.sql",
    find: "    delete from rhythm.journal as j where j.execution_id = any (v_workflows);\n",
    replace: "",
  },
  {
    name: "a purge removes what ended a moment ago, because it was started long ago",
    test: "tests/sql/run_test.ts => upkeep/purge.sql",
    file: "sql/history/sweep.sql",
    find: "      and e.state > 0\n      and e.completed_at < v_before",
    replace: "      and e.state > 0",
  },
  {
    name: "an execution that is resumed stays parked",
    test: "tests/sql/run_test.ts => pause/execution.sql",
    file: "sql/pause/executions.sql",
    find: "    set paused = false, gate = null, run_at = case when x.run_at > p_now then x.run_at end,",
    replace: "    set paused = false, gate = null, run_at = b.run_at,",
  },
  {
    name: "a paused execution is not parked",
    file: "sql/pause/executions.sql",
    find: "      update rhythm.batch as b set run_at = 'infinity', paused = true where b.id = v_batch.id;",
    replace: "      null;",
  },
  {
    name: "a task or flow that is paused is not parked",
    test: "tests/sql/run_test.ts => pause/targets.sql",
    file: "sql/pause/targets.sql",
    find: "where b.id = any (p_batches) and b.type || ':' || b.target = any (p_paused) returning b.id",
    replace: "where false and b.type || ':' || b.target = any (p_paused) returning b.id",
  },
  {
    name: "what is parked stays so when its pause ends",
    file: "sql/pause/targets.sql",
    find:
      "    select t.type, t.target from t where v_paused is null or t.type || ':' || t.target <> all (v_paused)",
    replace: "    select t.type, t.target from t where false",
  },
  {
    name: "an operation leaves out the last of what it looks at",
    test: "tests/races/operations_test.ts => sessions that are killed in a piece",
    file: "sql/operations/work.sql",
    find: "    v_operation.is_looked := not v_left and cardinality(v_ids) < v_operation.pace;\n",
    replace: "    v_operation.is_looked := cardinality(v_ids) < v_operation.pace;\n",
  },
  {
    name: "an operation forgets how far it is",
    file: "sql/operations/work.sql",
    find: "done = v_operation.done, unchanged",
    replace: "done = o.done, unchanged",
  },
  {
    name: "an edit does not ask whether the workflow has gone on",
    file: "sql/history/changes.sql",
    find: "  elsif v_state.seq is distinct from p_seq then",
    replace: "  elsif false then",
  },
  {
    name: "an edit does not ask whether a worker has the workflow",
    file: "sql/history/changes.sql",
    find: "  if v_batch.worker is not null then",
    replace: "  if false then",
  },
  {
    name: "an edit takes no number among the steps",
    file: "sql/history/changes.sql",
    find: "p_state.seq + case when e.state = 0 then 1 else 2 end into v_epoch, v_step;",
    replace: "p_state.seq into v_epoch, v_step;",
  },
  {
    name: "a rewind leaves what was begun since",
    test: "tests/sql/run_test.ts => history/rewind.sql",
    file: "sql/history/changes.sql",
    find: "where c.parent_id = p_execution and c.state = 0 and c.id <> all (p_pending)), 'its workflow",
    replace: "where false), 'its workflow",
  },
  {
    name: "a rewind keeps the signals that were taken since",
    file: "sql/history/changes.sql",
    find: "where w.execution_id = p_execution and g.id = w.signal_id and w.id <> all (v_kept);",
    replace: "where false;",
  },
  {
    name: "a rewind gives back the signals that were taken before",
    file: "sql/history/changes.sql",
    find: "where j.execution_id = p_execution and j.step <= p_step);",
    replace: "where false);",
  },
  {
    name: "a rewind does not take again what has ended",
    test: "tests/sql/run_test.ts => history/rewind.sql",
    file: "sql/history/changes.sql",
    find:
      "      select c.id, c.state <> 1 as failed, c.wait_group, c.completed_at as ended_at from rhythm.execution as c where c.parent_id = p_execution and c.state > 0 and c.id = any (p_pending)",
    replace:
      "      select c.id, c.state <> 1 as failed, c.wait_group, c.completed_at as ended_at from rhythm.execution as c where false",
  },
  {
    name: "a child that outlives its workflow ends with its timeout",
    test: "tests/sql/run_test.ts => cancel/abandon.sql",
    file: "sql/time/chores.sql",
    find: "where c.parent_id = any (v_ids) and c.state = 0 and c.outlives is null\n",
    replace: "where c.parent_id = any (v_ids) and c.state = 0\n",
  },
  {
    name: "a cancellation that comes again ends the clean-up",
    test: "tests/sql/run_test.ts => cancel/again.sql",
    file: "sql/cancel/cancel.sql",
    find: "    where n.depth < 1000 and (n.state > 0 or n.cancel_reason is null) and c.outlives is null\n",
    replace: "    where n.depth < 1000 and c.outlives is null\n",
  },
  {
    name: "the clean-up of code is cancelled",
    test: "tests/sql/run_test.ts => steps/clean_up.sql",
    file: "sql/create/parents.sql",
    find: "      when x.cancel_reason is not null and not rhythm.is_cleaning_up(x) then x.cancel_reason",
    replace: "      when x.cancel_reason is not null then x.cancel_reason",
  },
  {
    name: "a claim does not count the attempt",
    file: "sql/claim/claim.sql",
    find: "    attempt = case when b.type = 'task' or b.attempt = 0 then b.attempt + 1 else b.attempt end\n",
    replace: "    attempt = greatest(b.attempt, 1)\n",
  },
  {
    name: "worker: a call whose answer was lost is forgotten",
    test: "tests/worker/engine/exchange_test.ts => sends the very same call again",
    file: "src/worker/engine/exchange.ts",
    find: '          this.#failed("exchange", error, attempt);\n',
    replace: '          this.#failed("exchange", error, attempt);\n          return undefined;\n',
  },
  {
    name: "worker: a call that is sent again has a new number",
    test: "tests/worker/engine/exchange_test.ts => sends the very same call again",
    file: "src/worker/engine/exchange.ts",
    find: '          this.#failed("exchange", error, attempt);\n',
    replace:
      '          this.#failed("exchange", error, attempt);\n          call = { ...call, number: this.#numbers[call.number % 2 === 1 ? "odd" : "even"] += 2 };\n',
  },
  {
    name: "worker: what was declined is not brought again",
    test: "tests/worker/engine/exchange_test.ts => what is declined comes again",
    file: "src/worker/engine/exchange.ts",
    find: "        this.#endAgain(outcome);\n",
    replace: "",
  },
  {
    name: "worker: a refused workflow stays open in memory",
    test: "tests/worker/engine/exchange_test.ts => what is refused is told, and forgotten",
    file: "src/worker/engine/exchange.ts",
    find: "      user.flows.forget(id);\n      this.#parts.stats.refused++;",
    replace: "      this.#parts.stats.refused++;",
  },
  {
    name: "worker: it does not say what is under way",
    test: "tests/worker/engine/exchange_test.ts => holds() names",
    file: "src/worker/engine/exchange.ts",
    find: "      yield* leasesOf(underWay?.ends.outcomes ?? []);\n",
    replace: "",
  },
  {
    name: "worker: it does not say what runs",
    test: "tests/worker/engine/exchange_test.ts => holds() names",
    file: "src/worker/engine/exchange.ts",
    find: "    for (const { claimed } of this.#parts.inFlight.all()) yield claimed;\n",
    replace: "",
  },
  {
    name: "worker: given up, it goes on with what it had",
    file: "src/worker/engine/engine_client.ts",
    find: '      this.#parts.inFlight.stopAll("lost", LOST);\n',
    replace: "",
  },
  {
    name: "worker: given up, it does not register again",
    file: "src/worker/engine/engine_client.ts",
    find: "      await this.#register();\n    })()",
    replace: "    })()",
  },
  {
    name: "worker: it sends no heartbeats",
    file: "src/worker/engine/engine_client.ts",
    find: "    this.#beats.at(leaseMs / 3);\n",
    replace: "",
  },
  {
    name: "worker: it never ticks",
    file: "src/worker/engine/engine_client.ts",
    find: "    for (const timer of Object.values(this.#ticks)) timer.start();\n",
    replace: "",
  },
  {
    name: "worker: what was cancelled runs on",
    test: "tests/worker/loop/worker_test.ts => stops what is cancelled",
    file: "src/worker/engine/engine_client.ts",
    find: '    for (const { id, reason } of cancelled) inFlight.stop(id, "cancelled", reason);\n',
    replace: "",
  },
  {
    name: "worker: it runs what it claimed long ago",
    test: "tests/worker/loop/zombie_test.ts => starts no handler from a claim",
    file: "src/worker/engine/engine_client.ts",
    find: "    return clock.monotonic() - Math.max(askedAt, this.#beatSentAt) <= leaseMs;",
    replace: "    return clock.monotonic() - Math.max(askedAt, this.#beatSentAt) <= Infinity;",
  },
  {
    name: "worker: it takes its own clock for the server's",
    test: "tests/worker/flows/server_time_test.ts => never before what the server told",
    file: "src/worker/flows/server_time.ts",
    find: "    this.#offsetMs = Math.max(least, Math.min(this.#offsetMs, now - since));\n",
    replace: "",
  },
  {
    name: "worker: timers that it keeps ring early",
    file: "src/worker/flows/kept_timers.ts",
    find: "    const ms = Math.max(0, next.due + this.leadMs - this.#clock.now());",
    replace: "    const ms = Math.max(0, next.due + this.leadMs - this.#clock.now() - 500);",
  },
  {
    name: "worker: an end that came with a transaction is brought again",
    file: "src/worker/engine/sql_engine.ts",
    find: "      if (reason !== undefined) throw new LeaseLostError(claimed.id, reason);\n",
    replace: "",
  },
  {
    name: "worker: a stopped worker does not take leave",
    test: "tests/worker/loop/worker_test.ts => hands back what outlives the grace time",
    file: "src/worker/engine/engine_client.ts",
    find: "      await engine.leave();\n",
    replace: "",
  },
  {
    name: "a paused queue that has no limits is claimed from",
    test: "tests/sql/run_test.ts => limits/pause_keeps_limits.sql",
    file: "sql/limits/queues.sql",
    find:
      "set paused_at = excluded.paused_at, paused_by = excluded.paused_by, pause_reason = excluded.pause_reason where q.paused_at is null;",
    replace:
      "set paused_by = excluded.paused_by, pause_reason = excluded.pause_reason where q.paused_at is null;",
  },
  {
    name: "a migration is not noted on its workflows",
    test: "tests/app/migrate_test.ts",
    file: "sql/operations/migrate.sql",
    find: "set change = p_operation.id where",
    replace: "set change = null where",
  },
  {
    name: "a migration leaves the program as it was",
    test: "tests/app/migrate_test.ts",
    file: "sql/operations/migrate.sql",
    find: "v_operation.args ->> 'note'), v_to.program, v_operation.started_by);",
    replace: "v_operation.args ->> 'note'), null, v_operation.started_by);",
  },
  {
    name: "a migration is applied without the lease",
    file: "sql/operations/migrate.sql",
    find:
      "  if not found or v_state.seq is distinct from p_seq or v_execution.state <> 0 then\n    return null;",
    replace: "  if v_execution.state <> 0 then\n    return null;",
  },
  {
    name: "what is repaired does not go on",
    test: "tests/app/migrate_test.ts",
    file: "sql/operations/migrate.sql",
    find: "    perform rhythm.retry_again(p_id);\n",
    replace: "    null;\n",
  },
  {
    name: "a rewind keeps the version",
    test: "tests/app/migrate_test.ts",
    file: "sql/history/changes.sql",
    find: "'rewound', p_note, nullif(v_program, v_state.program));",
    replace: "'rewound', p_note);",
  },
  {
    name: "a hook is called for the first failure of a kind only",
    test: "tests/sql/run_test.ts => failures/hooks.sql",
    file: "sql/failures/hooks.sql",
    find: "case v_hook.event when 'new' then v_first else p_notes end);",
    replace: "v_first);",
  },
  {
    name: "hooks are called again for what they started",
    test: "tests/sql/run_test.ts => failures/hooks.sql",
    file: "sql/failures/count.sql",
    find: "  perform rhythm.call_hooks(v_notes, v_new);\n",
    replace: "  perform rhythm.call_hooks(v_notes, v_new);\n  perform rhythm.call_hooks(v_notes, v_new);\n",
  },
  {
    name: "failures are counted once a second, however many",
    test: "tests/sql/run_test.ts => failures/",
    file: "sql/failures/count.sql",
    find: "set count = f.count + excluded.count, first_at",
    replace: "set count = f.count + 1, first_at",
  },
  {
    name: "what a flow is found by is not stored",
    test: "tests/app/find_test.ts",
    file: "sql/settle/effects.sql",
    find: "where e.id = o.id and e.tags is distinct from t.tags;",
    replace: "where e.id = o.id and e.tags is null and t.tags is null;",
  },
  {
    name: "worker: a flow that ends after a change is found by the old values",
    file: "src/flow/durable/run.ts",
    find: "      : this.#tags === undefined && this.#tagsRead !== undefined\n",
    replace: "      : this.#tagsRead !== undefined && Number.isNaN(this.#tagsRead.length)\n",
  },
  {
    name: "a copy of the database works",
    test: "tests/sql/run_test.ts => home/adopt.sql",
    file: "sql/home/home.sql",
    find: "  if v_problem is not null then\n    perform rhythm.raise('RH011', v_problem,",
    replace: "  if false then\n    perform rhythm.raise('RH011', v_problem,",
  },
  {
    name: "all leases are of the first call",
    test: "tests/sql/run_test.ts => settle/done.sql",
    file: "sql/claim/claim.sql",
    find: "  set worker = p_worker, call = p_call, claimed_at = p_now, run_at = null,\n",
    replace: "  set worker = p_worker, call = 1, claimed_at = p_now, run_at = null,\n",
  },
  {
    name: "a start that is debounced does not wait after the last one",
    file: "sql/create/unique.sql",
    find: "    p_now + rhythm.duration_ms(p_request #> '{debounce,delay}') * interval '1 millisecond',\n",
    replace:
      "    rhythm.created_at(p_waiting) + rhythm.duration_ms(p_request #> '{debounce,delay}') * interval '1 millisecond',\n",
  },
  {
    name: "a start that is debounced forgets the inputs before it",
    test: "tests/sql/run_test.ts => queue/debounce.sql",
    file: "sql/create/unique.sql",
    find: "when 'all' then v_before || jsonb_build_array(",
    replace: "when 'all' then jsonb_build_array(",
  },
  {
    name: "a start that is throttled looks at one start too early",
    file: "sql/create/throttle.sql",
    find: "v_starts[cardinality(v_starts) - v_request.most + 1] + v_request.per",
    replace: "v_starts[cardinality(v_starts) - v_request.most] + v_request.per",
  },
  {
    name: "a start that is throttled and delayed counts from now",
    test: "tests/sql/run_test.ts => queue/throttle.sql",
    file: "sql/create/throttle.sql",
    find: "      v_starts := v_starts || v_at;\n",
    replace: "      v_starts := v_starts || v_now;\n",
  },
  {
    name: "what has begun can be changed",
    test: "tests/sql/run_test.ts => queue/change.sql",
    file: "sql/create/change.sql",
    find: "  if v_old.id is null or rhythm.is_begun(v_execution) then",
    replace: "  if v_old.id is null then",
  },
  {
    name: "a change does not delay",
    test: "tests/sql/run_test.ts => queue/change.sql",
    file: "sql/create/change.sql",
    find: "case when v_execution.run_at > p_now then v_execution.run_at end, 0,",
    replace: "null, 0,",
  },
];
