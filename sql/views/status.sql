-- The status of an execution: the one place that decides it.

-- Has no setting, so that views can inline it. Operators are qualified instead.
create or replace function rhythm.status_name(p_state smallint, p_batch bigint, p_worker uuid)
returns text
language plpgsql
immutable
as $$
begin
  return case
    when p_state OPERATOR(pg_catalog.>) 0 then
      case when p_state OPERATOR(pg_catalog.=) 1 then 'completed' when p_state OPERATOR(pg_catalog.=) 2 then 'failed' when p_state OPERATOR(pg_catalog.=) 3 then 'cancelled' else 'frozen' end
    when p_batch is null then 'suspended'
    when p_worker is null then 'pending'
    else 'running' end;
end;
$$;

comment on function rhythm.status_name(smallint, bigint, uuid) is 'The status of an execution, from its state and its batch.';

create or replace function rhythm.status_of(p_execution uuid)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select rhythm.status_name(e.state, b.id, b.worker)
    from rhythm.execution as e
    left join rhythm.workflow_state as s on s.execution_id = e.id
    left join rhythm.batch as b on b.id = coalesce(e.batch_id, s.batch_id)
    where e.id = p_execution);
end;
$$;

comment on function rhythm.status_of(uuid) is 'The status of an execution; null if it does not exist.';
