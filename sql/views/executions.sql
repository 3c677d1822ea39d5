-- Executions, for people. Views belong to the owner: whoever may read one needs no right on a table.

drop view if exists rhythm.executions;

create view rhythm.executions as
select
  e.id,
  e.type,
  e.target,
  e.status,
  e.queue,
  e.priority,
  e.attempt,
  e.max_attempts,
  e.inputs,
  e.output,
  e.error,
  coalesce(e.metadata, '{}') as metadata,
  e.progress,
  e.note,
  e.cancel_reason,
  e.parent_id,
  e.worker,
  e.concurrency_key,
  e.timeout_ms,
  e.crashes,
  e.traceparent,
  e.created_at,
  e.run_at,
  e.claimed_at,
  e.completed_at
from rhythm.execution as e;

comment on view rhythm.executions is
  'Every workflow and task. Newest first: order by id desc, ids carry the time. note says why one does not go on, where '
  'somebody knows.';

drop view if exists rhythm.logs;

create view rhythm.logs as
select
  l.id,
  l.execution_id,
  l.at,
  l.level,
  l.message,
  l.data
from rhythm.log_line as l;

comment on view rhythm.logs is 'What executions said, in the order of id: console.log in a flow, ctx.log in a task.';

drop view if exists rhythm.waits;

create view rhythm.waits as
select w.execution_id, e.target, w.kind, w.id, w.name, w.until
from (
  select distinct a.execution_id, c.type, c.id, c.target, null::timestamptz
  from rhythm.workflow_state as a
  cross join lateral jsonb_array_elements(a.waits) as g(wait)
  cross join lateral jsonb_array_elements_text(g.wait -> 'ids') as i(id)
  join rhythm.execution as c on c.id = i.id::uuid and c.stage < 4
  union all
  select t.execution_id, 'timer', t.id, null, t.fires_at
  from rhythm.timer as t
  where not t.fired
    and not t.deadline
  union all
  select s.execution_id, 'signal', s.id, s.name, s.timeout_at
  from rhythm.signal_wait as s
  where s.signal_id is null
    and not s.timed_out
  union all
  select f.execution_id, l.type, l.id, l.target, null
  from rhythm.follower as f
  join rhythm.execution as l on l.id = f.leader_id and l.stage < 4
) as w(execution_id, kind, id, name, until)
join rhythm.execution as e on e.id = w.execution_id and e.stage < 4;

comment on view rhythm.waits is
  'What each workflow waits for: a task or workflow (name: its target), a timer, a signal (name: the signal''s); until: '
  'when the timer fires or the wait for the signal gives up.';

drop view if exists rhythm.stacks;

create view rhythm.stacks as
select
  s.execution_id,
  e.target,
  v.version,
  e.status,
  f.nth as fibre,
  f.fibre ->> 'function' as function,
  (f.fibre ->> 'line')::integer as line,
  (f.fibre ->> 'column')::integer as "column",
  split_part(v.source, E'\n', (f.fibre ->> 'line')::integer) as source_line,
  f.fibre -> 'variables' as variables,
  f.fibre -> 'waitsFor' as waits_for
from rhythm.workflow_state as s
join rhythm.execution as e on e.id = s.execution_id
join rhythm.flow_version as v on v.program = s.program
cross join lateral jsonb_array_elements(
  case jsonb_typeof(s.stack) when 'array' then s.stack when 'object' then s.stack -> 'fibres' else '[]' end
) with ordinality as f(fibre, nth);

comment on view rhythm.stacks is
  'Where each suspended workflow stands in its source: one row for each of its activations, innermost source line, the '
  'variables in scope, the ids it waits for. As of its last suspension.';
