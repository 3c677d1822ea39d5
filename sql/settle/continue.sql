-- Workflows that start over under the same id: Workflow.continueAs().

-- The inputs must match the schema of the version that is current now, with which it goes on.
create or replace function rhythm.check_continuation(p_outcome rhythm.outcome)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flow text;
  v_problem jsonb;
begin
  select e.target, rhythm.check_inputs(v.input_schema, coalesce(p_outcome.output, '{}')) into v_flow, v_problem
  from rhythm.execution as e
  join rhythm.flow as f on f.name = e.target
  join rhythm.flow_version as v on v.program = f.program and v.input_schema is not null
  where e.id = p_outcome.id;
  if v_problem is not null then
    perform rhythm.raise('RH005', format('Cannot continue flow "%s" with these inputs: %s', v_flow, v_problem ->> 'message'), null, v_problem::text);
  end if;
end;
$$;

comment on function rhythm.check_continuation(rhythm.outcome) is 'Raises RH005 if a workflow may not start over with some inputs. Internal.';

-- What ended under a workflow, and all under that which has ended, too: at most a thousand, the rest the next time. In PL/pgSQL a
-- session plans this once, and not in each round.
create or replace function rhythm.ended_under(p_ids uuid[])
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    with recursive node as (
      select c.id from unnest(p_ids) as i (id) join rhythm.execution as c on c.parent_id = i.id and c.state > 0
      union all
      select c.id from node as n join rhythm.execution as c on c.parent_id = n.id and c.state > 0
    )
    select n.id from node as n limit 1000);
end;
$$;

comment on function rhythm.ended_under(uuid[]) is 'What workflows started that has ended, at most a thousand. Internal.';

-- A signal that a wait took, and that the workflow has not seen, waits again in its old place. Signals that nobody took stay. A
-- question that it took and did not answer is rejected. The newest thousand questions stay, for those who asked.
create or replace function rhythm.forget_past(p_ids uuid[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.signal as g set taken_by = null
  from rhythm.workflow_state as s join rhythm.inbox as i on i.execution_id = s.execution_id and i.nth > s.delivered
  where s.execution_id = any (p_ids) and g.execution_id = s.execution_id and g.taken_by = i.item;
  update rhythm.signal as g
  set answered_at = p_now, answer = jsonb_build_object('error', jsonb_build_object('type', 'UnansweredError', 'message',
    format('Workflow "%s" (%s) has started over and has not answered "%s"', e.target, e.id, g.name)))
  from rhythm.execution as e
  where g.execution_id = any (p_ids) and g.asked and g.taken_by is not null and g.answer is null and e.id = g.execution_id;
  if found then
    perform rhythm.notify('done', i.id::text) from unnest(p_ids) as i (id);
  end if;
  delete from rhythm.signal as g
  using unnest(p_ids) as i (id)
  where g.execution_id = i.id and g.taken_by is not null and (g.asked is null or g.id <= (
    select x.id from rhythm.signal as x where x.execution_id = i.id and x.asked and x.taken_by is not null order by x.id desc offset 1000 limit 1));
  delete from rhythm.signal_wait as w where w.execution_id = any (p_ids);
  delete from rhythm.timer as t where t.execution_id = any (p_ids) and not t.deadline;
  delete from rhythm.inbox as i where i.execution_id = any (p_ids);
  delete from rhythm.journal as j where j.execution_id = any (p_ids);
  delete from rhythm.base as b where b.execution_id = any (p_ids);
  delete from rhythm.taken_end as n where n.execution_id = any (p_ids);
  delete from rhythm.step as s where s.execution_id = any (p_ids);
  delete from rhythm.log_line as l
  using unnest(p_ids) as i (id)
  where l.execution_id = i.id
    and l.id <= (select x.id from rhythm.log_line as x where x.execution_id = i.id order by x.id desc offset 1000 limit 1);
  perform rhythm.remove_over(rhythm.ended_under(p_ids));
end;
$$;

comment on function rhythm.forget_past(uuid[], timestamptz) is 'Deletes the history of workflows that start over, with the children that have ended. Internal.';

-- Its number of steps goes on, so that a worker that has the old state in memory is refused. Its epoch is raised, so that no id is
-- given twice. The caller has locked states and executions. Returns the workflows: they are in no batch, and can continue at once.
create or replace function rhythm.continue_flows(p_outcomes rhythm.outcome[], p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids constant uuid[] := array(select o.id from unnest(p_outcomes) as o where o.fate = 'continued');
begin
  if v_ids = '{}' then
    return '{}';
  end if;
  perform rhythm.check_continuation(o) from unnest(p_outcomes) as o where o.fate = 'continued';
  perform rhythm.forget_past(v_ids, p_now);
  update rhythm.workflow_state as s
  set seq = s.seq + 1, program = coalesce((select f.program from rhythm.flow as f where f.name = e.target), s.program), snapshot = null, stack = null, cleanup = false,
    groups = '{}', sizes = '{}', need = '{}', delivered = 0, arrived = 0, attempt = 0, failures = 0, batch_id = null
  from rhythm.execution as e
  where s.execution_id = any (v_ids) and e.id = s.execution_id;
  update rhythm.execution as e
  set inputs = coalesce(o.output, '{}'), epoch = coalesce(e.epoch, 0) + 1, version = v.version, expires_at = null, error = null, note = null, stopping = false,
    tags = case when v.found_by is not null then rhythm.first_tags(v.found_by, coalesce(o.output, '{}')) end
  from unnest(p_outcomes) as o
  join rhythm.workflow_state as s on s.execution_id = o.id
  join rhythm.flow_version as v on v.program = s.program
  where o.fate = 'continued' and e.id = o.id;
  -- Rebuilding begins here: with the inputs.
  insert into rhythm.base (execution_id, step, epoch, at, act, by, program, snapshot)
  select s.execution_id, s.seq, e.epoch, p_now, 'continued', 'the workflow', s.program, 'null'
  from rhythm.workflow_state as s join rhythm.execution as e on e.id = s.execution_id
  where s.execution_id = any (v_ids);
  return v_ids;
end;
$$;

comment on function rhythm.continue_flows(rhythm.outcome[], timestamptz) is 'Lets workflows start over with other inputs; returns them. Internal.';
