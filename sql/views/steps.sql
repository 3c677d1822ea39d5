-- Workflows in TypeScript as executions: registered like flows, run by workers or by the process that calls them.

create or replace function rhythm.register_workflow(p_name text, p_options jsonb default null, deploy text default null)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_version rhythm.flow_version;
begin
  select v.* into v_version from rhythm.flow as f join rhythm.flow_version as v on v.program = f.program where f.name = p_name;
  if found and v_version.code <> '{"language": "typescript"}' then
    perform rhythm.raise('RH001', format('"%s" is a flow already: a name stands for a flow or for a workflow in TypeScript', p_name), 'Give the workflow another name');
  end if;
  p_options := coalesce(p_options, v_version.options, '{}');
  -- Registered already. Only a new deploy must be written.
  if deploy is null and p_options = v_version.options then
    return v_version.version;
  end if;
  return rhythm.register_flow(p_name, format(E'// Its steps are in TypeScript, under this name.\n// %s', p_options),
    '{"language": "typescript"}', options => p_options, deploy => deploy);
end;
$$;

comment on function rhythm.register_workflow(text, jsonb, text) is
  'Registers a workflow in TypeScript, with the defaults of its executions (queue, priority, timeout, retry; null: no change). From then on start() starts it like a flow.';

create or replace function rhythm.claim_execution(p_worker uuid, p_execution uuid, p_call integer)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last rhythm.worker_call;
  v_batch rhythm.batch;
begin
  perform rhythm.require_read_committed();
  if coalesce(p_call, 0) < 1 then
    perform rhythm.raise('RH001', rhythm.exchange_problem(p_call, '[]', null));
  end if;
  perform from rhythm.worker_call as c where c.worker_id = p_worker and c.odd = (p_call % 2 = 1) for no key update;
  v_last := rhythm.last_call(p_worker, p_call);
  if p_call = v_last.call then
    return rhythm.same_answer(v_last);
  end if;
  select b.* into v_batch
  from rhythm.workflow_state as s join rhythm.batch as b on b.id = s.batch_id
  where s.execution_id = p_execution and b.worker is null and b.run_at is distinct from 'infinity'
    and not rhythm.is_paused(rhythm.paused_targets(), 'workflow', b.target)
  for update of b;
  if found then
    if v_batch.size > 1 then
      insert into rhythm.batch
      select (rhythm.batch_of(e, null, v_batch.attempt, v_batch.failures, v_batch.crashes)).* from rhythm.execution as e where e.id = p_execution
      returning * into v_batch;
      perform rhythm.move_members('workflow', array[p_execution], s.batch_id, v_batch.id) from rhythm.workflow_state as s where s.execution_id = p_execution;
    end if;
    -- Not in the turn of its queue, so the limits of the queue do not count it.
    update rhythm.batch as b set limited = false where b.id = v_batch.id and b.limited;
    perform rhythm.lease(p_worker, p_call, array[v_batch.id], rhythm.now());
    perform rhythm.deliver_rest(array[v_batch.id]);
    update rhythm.worker_call as c set call = p_call, refused = null where c.worker_id = p_worker and c.odd = v_last.odd;
    return jsonb_build_object('call', p_call, 'parcels', rhythm.parcels(array[v_batch.id]));
  elsif not exists (select from rhythm.execution as e where e.id = p_execution and e.type = 'workflow') then
    perform rhythm.raise('RH002', format('There is no workflow %s', coalesce(p_execution::text, 'null')));
  end if;
  return jsonb_build_object('call', p_call, 'parcels', '[]'::jsonb);
end;
$$;

comment on function rhythm.claim_execution(uuid, uuid, integer) is
  'Leases one workflow to a worker, whatever its queue; answers as exchange(), without parcels if it runs elsewhere, is suspended, or has ended.';

-- The step that made the workflow fail runs again. p_restarted: failed children that retry() itself runs again.
create or replace function rhythm.reopen_steps(p_execution uuid, p_restarted uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.step as s
  set status = 'waiting', seq = null, error = null
  where s.execution_id = p_execution and s.status = 'failed' and s.wait_id = any (p_restarted);
  -- Steps after it was told of its cancellation were clean-up.
  delete from rhythm.step as s
  using rhythm.step as c
  where c.execution_id = p_execution and c.name = '#cancelled' and s.execution_id = p_execution and s.seq >= c.seq;
  delete from rhythm.step as s
  using rhythm.execution as e
  where e.id = p_execution and s.execution_id = p_execution and s.status = 'failed'
    and s.name = coalesce(e.error ->> 'step', s.name);
end;
$$;

comment on function rhythm.reopen_steps(uuid, uuid[]) is
  'Lets the failed step that ended a workflow run again; all failed steps, if the error names none. Internal to retry().';

drop view if exists rhythm.steps;

create view rhythm.steps as
select s.execution_id, s.seq, s.name, s.kind, s.status, s.attempts, s.started_at, s.ended_at, s.until, s.wait_id, s.output, s.error
from rhythm.step as s;

comment on view rhythm.steps is
  'What workflows in TypeScript did, step by step: order by execution_id, seq. Without seq: it waits (until this time), or pauses before another attempt.';
