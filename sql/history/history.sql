-- What workflows did, step by step. sql/settle writes it: a row of the journal, or the row of the child with whose end the step
-- committed.

create or replace function rhythm.steps_of(p_execution uuid, p_after integer, p_limit integer)
returns table (step integer, moment timestamptz, items uuid[])
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select s.step, s.moment, s.items from (
    select j.step, j.moment, j.items from rhythm.journal as j where j.execution_id = p_execution and j.step > p_after
    union all
    select c.parent_step, c.completed_at, array[c.id] from rhythm.execution as c where c.parent_id = p_execution and c.parent_step > p_after
  ) as s
  order by s.step
  limit p_limit;
end;
$$;

comment on function rhythm.steps_of(uuid, integer, integer) is 'The steps of a workflow after a number, in order. Internal.';

-- Raises for what has no history.
create or replace function rhythm.workflow_with_history(p_execution uuid, p_what text)
returns rhythm.execution
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_execution rhythm.execution;
begin
  select e.* into v_execution from rhythm.execution as e where e.id = p_execution;
  if not found then
    perform rhythm.raise('RH002', format('%s: there is no execution %s', p_what, coalesce(p_execution::text, 'null')));
  elsif v_execution.type <> 'workflow' then
    perform rhythm.raise('RH003', format('%s: execution %s is a task, and only workflows have steps', p_what, p_execution));
  end if;
  return v_execution;
end;
$$;

comment on function rhythm.workflow_with_history(uuid, text) is 'The execution, if it is a workflow. Internal.';

-- The end of a child as a step took it, if the child has begun again since.
create or replace function rhythm.end_taken(p_execution uuid, p_item uuid, p_step integer)
returns table (settled jsonb)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select n.settled from rhythm.taken_end as n where n.execution_id = p_execution and n.item = p_item and n.step >= p_step order by n.step limit 1;
$$;

comment on function rhythm.end_taken(uuid, uuid, integer) is 'The end of a child that a step of its workflow took, if the child has begun again since. Internal.';

create or replace function rhythm.history(p_execution uuid, p_after integer default 0, p_limit integer default 1000)
returns table (step integer, moment timestamptz, act text, took jsonb, note text, by text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
begin
  perform rhythm.workflow_with_history(p_execution, 'Cannot show the history');
  perform rhythm.check_limit('history()', p_limit);
  return query
  select x.step, x.moment, x.act, x.took, x.note, x.by
  from (
    select s.step, s.moment, 'step' as act, (
      select coalesce(jsonb_agg(case
        when i.id = p_execution then jsonb_build_object('kind', 'cancellation', 'id', i.id)
        when c.id is not null then jsonb_build_object('kind', c.type, 'id', i.id, 'name', c.target, 'status', coalesce(n.settled ->> 'status', rhythm.status_name(c.state, null, null)))
        when w.id is not null then jsonb_build_object('kind', 'signal', 'id', i.id, 'name', w.name, 'status', case when w.timed_out then 'timed out' else 'completed' end)
          || case when exists (select from rhythm.signal as g where g.id = w.signal_id and g.asked) then '{"asked": true}'::jsonb else '{}' end
        else jsonb_build_object('kind', 'timer', 'id', i.id, 'status', 'completed') end order by i.nth), '[]')
      from unnest(s.items) with ordinality as i (id, nth)
      left join rhythm.execution as c on c.id = i.id
      left join rhythm.signal_wait as w on w.id = i.id
      left join lateral rhythm.end_taken(p_execution, i.id, s.step) as n on true
    ) as took, null as note, null as by
    from rhythm.steps_of(p_execution, coalesce(p_after, 0), p_limit) as s
    union all
    select b.step, b.at, b.act, '[]', b.note, b.by from rhythm.base as b where b.execution_id = p_execution and b.step > coalesce(p_after, 0)
    union all
    select p.seq, p.ended_at, 'step', jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('kind', p.kind, 'id', p.wait_id, 'name', p.name, 'status', p.status))), null, null
    from rhythm.step as p
    -- What a fork got from the other workflow is the past of that.
    where p.execution_id = p_execution and p.seq > greatest(p_after, 0, (
      select f.step from rhythm.base as f where f.execution_id = p_execution and f.act = 'forked' order by f.step limit 1))
  ) as x
  order by x.step
  limit p_limit;
end;
$$;

comment on function rhythm.history(uuid, integer, integer) is
  'What a workflow did, step by step: when, and what it took (tasks, workflows, timers, signals that had ended; its cancellation). act says what a person did instead of a step. p_after: the last step of the page before. Example: select * from rhythm.history(''0190…'');';

-- Contains the seed, with which anyone can compute the random numbers of the workflow.
create or replace function rhythm.replay_start(p_execution uuid, p_step integer default null)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_execution constant rhythm.execution := rhythm.workflow_with_history(p_execution, 'Cannot rebuild a state');
  v_state rhythm.workflow_state;
  v_version rhythm.flow_version;
  v_base rhythm.base;
begin
  select s.* into v_state from rhythm.workflow_state as s where s.execution_id = p_execution;
  select v.* into v_version from rhythm.flow_version as v where v.name = v_execution.target and v.version = v_execution.version;
  if not found then
    perform rhythm.raise('RH003', format('Cannot rebuild a state of execution %s: it has not begun, because it waits for the owner of its key', p_execution));
  elsif v_version.code = '{"language": "typescript"}' then
    perform rhythm.raise('RH003', format('Cannot rebuild a state of execution %s: it is a workflow in TypeScript', p_execution), 'Its history() names the steps, with their results');
  end if;
  select b.* into v_base from rhythm.base as b where b.execution_id = p_execution and b.step <= coalesce(p_step, b.step) order by b.step desc limit 1;
  if found then
    select v.* into v_version from rhythm.flow_version as v where v.program = v_base.program;
  else
    -- Before it was changed for the first time, it may have run another program.
    select v.* into v_version
    from rhythm.base as b
    join rhythm.flow_version as v on v.program = coalesce(b.was, b.program)
    where b.execution_id = p_execution and b.act <> 'forked' and b.step > p_step
    order by b.step limit 1;
    if not found then
      select v.* into v_version from rhythm.flow_version as v where v.name = v_execution.target and v.version = v_execution.version;
    end if;
  end if;
  return jsonb_build_object(
    'id', v_execution.id, 'flow', v_version.name, 'version', v_version.version, 'source', v_version.source, 'code', v_version.code,
    'seed', v_execution.seed::text, 'epoch', coalesce(v_base.epoch, 0), 'queue', v_execution.queue, 'parentId', v_execution.parent_id,
    'metadata', coalesce(v_execution.metadata, '{}'), 'inputs', v_execution.inputs,
    'status', (select coalesce(e.frozen_status, e.status) from rhythm.executions as e where e.id = p_execution), 'output', v_execution.output, 'cancelReason', v_execution.cancel_reason,
    'seq', v_state.seq, 'snapshot', v_state.snapshot,
    'base', case when v_base.step is not null then jsonb_build_object('step', v_base.step, 'at', v_base.at, 'snapshot', v_base.snapshot) end);
end;
$$;

comment on function rhythm.replay_start(uuid, integer) is
  'With what a state of a workflow is rebuilt: program, inputs, seed, the newest base up to a step, and the stored state. For tools: rhythm.executions.at() of TypeScript rebuilds it.';

create or replace function rhythm.replay_steps(p_execution uuid, p_after integer default 0, p_limit integer default 10000)
returns table (step integer, moment timestamptz, cancelled boolean, settled jsonb)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
begin
  perform rhythm.check_limit('replay_steps()', p_limit);
  return query
  select s.step, s.moment, p_execution = any (s.items), x.settled
  from rhythm.steps_of(p_execution, coalesce(p_after, 0), p_limit) as s
  cross join lateral (
    select case when exists (select from rhythm.taken_end as n where n.execution_id = p_execution and n.item = any (s.items)) then (
      select jsonb_agg(coalesce(n.settled, i.value) order by i.nth)
      from jsonb_array_elements(rhythm.settled_items(array_remove(s.items, p_execution))) with ordinality as i (value, nth)
      left join lateral rhythm.end_taken(p_execution, (i.value ->> 'id')::uuid, s.step) as n on true)
    else rhythm.settled_items(array_remove(s.items, p_execution)) end as settled
  ) as x
  order by s.step;
end;
$$;

comment on function rhythm.replay_steps(uuid, integer, integer) is
  'The steps of a workflow with what each took, as the language reads it. For tools: rhythm.executions.at() of TypeScript rebuilds states from them.';
