-- Executions, for people. Views belong to the owner, so that a role that may read one needs no right on a table.

drop view if exists rhythm.executions;

create view rhythm.executions as
select
  e.id,
  e.type,
  e.target,
  rhythm.status_name(e.state, b.id, b.worker) as status,
  e.queue,
  e.priority,
  e.version,
  coalesce(b.attempt, s.attempt, e.attempt)::integer as attempt,
  rhythm.max_attempts(e.retry) as max_attempts,
  e.inputs,
  case when e.state in (1, 4) then coalesce(e.output, 'null') end as output,
  e.error,
  coalesce(e.metadata, '{}') as metadata,
  e.progress,
  e.checkpoint -> 'value' as checkpoint,
  e.note,
  e.cancel_reason,
  e.parent_id,
  case when e.parent_id is not null then case when e.outlives then 'abandon' else 'cancel' end end as on_parent_cancel,
  coalesce(e.root_id, e.id) as root_id,
  b.worker,
  e.concurrency_key,
  e.unique_key,
  e.unique_while,
  e.timeout_ms,
  case when e.state = 0 then coalesce(b.failures, s.failures, 0) else 0 end::integer as failures,
  coalesce(b.crashes, 0)::integer as crashes,
  rhythm.max_crashes(e.retry) as max_crashes,
  e.tags,
  e.fingerprint,
  e.traceparent,
  rhythm.created_at(e.id) as created_at,
  coalesce(nullif(b.run_at, 'infinity'), e.run_at) as run_at,
  e.expires_at,
  coalesce(b.claimed_at, e.claimed_at) as claimed_at,
  case when e.state = 4 then coalesce((select f.completed_at from rhythm.frozen as f where f.execution_id = e.id), e.completed_at) else e.completed_at end as completed_at,
  case when e.state = 4 then (select f.status from rhythm.frozen as f where f.execution_id = e.id) end as frozen_status,
  b.gate,
  case when e.state = 0 then e.paused_at end as paused_at,
  case when e.state = 0 then e.paused_by end as paused_by,
  case when e.state = 0 then e.pause_reason end as pause_reason
from rhythm.execution as e
left join rhythm.workflow_state as s on s.execution_id = e.id and e.type = 'workflow'
left join rhythm.batch as b on b.id = coalesce(e.batch_id, s.batch_id);

comment on view rhythm.executions is
  'Every workflow and task. For the newest first: order by id desc, because ids contain the time. note says why one does not continue, if '
  'that is known.';

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

comment on view rhythm.logs is 'What executions logged, in the order of id: console.log in a flow, ctx.log in a task.';

drop view if exists rhythm.waits;

create view rhythm.waits as
select w.execution_id, e.target, w.kind, w.id, w.name, w.until
from (
  select s.execution_id, c.type, c.id, c.target, null::timestamptz
  from rhythm.workflow_state as s
  join rhythm.execution as c on c.parent_id = s.execution_id and c.state = 0 and c.wait_group = any (s.groups)
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
  select k.execution_id, o.type, o.id, o.target, null
  from rhythm.key_waiter as k
  join rhythm.execution as o on o.id = k.owner_id and o.state = 0
) as w(execution_id, kind, id, name, until)
join rhythm.execution as e on e.id = w.execution_id and e.state = 0;

comment on view rhythm.waits is
  'What each workflow waits for: a task or workflow (name: its target), a timer, a signal (name: the signal''s); until: '
  'when the timer fires or the wait for the signal times out.';

drop view if exists rhythm.stacks;

create view rhythm.stacks as
select
  s.execution_id,
  e.target,
  v.version,
  rhythm.status_name(e.state, b.id, b.worker) as status,
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
left join rhythm.batch as b on b.id = s.batch_id
cross join lateral jsonb_array_elements(
  case jsonb_typeof(s.stack) when 'array' then s.stack when 'object' then s.stack -> 'fibres' else '[]' end
) with ordinality as f(fibre, nth);

comment on view rhythm.stacks is
  'The line at which each suspended workflow waits, with its variables: one row for each of its branches, with the innermost '
  'source line, the variables in scope, and the ids that it waits for. As of its last suspension.';
