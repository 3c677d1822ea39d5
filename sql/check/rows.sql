-- The part of check() for single rows of the tables that each call writes.

-- What check constraints would refuse.
create or replace function rhythm.check_rows()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select e.id, case
    when e.type not in ('workflow', 'task') then format('"%s" is not a type', e.type)
    when e.state not between 0 and 4 then format('%s is not a state', e.state)
    when (e.completed_at is null) <> (e.state = 0) then 'it is live and has a time of its end, or it ended without one'
    when (e.fingerprint is null) <> (e.state <> 2) then 'it failed without a fingerprint, or has one without a failure'
    when e.state > 0 and e.batch_id is not null then 'it is over and names a batch'
    else 'it says how long it holds a unique key without the key, or the other way round' end
  from rhythm.execution as e
  where e.type not in ('workflow', 'task') or e.state not between 0 and 4 or (e.completed_at is null) <> (e.state = 0)
    or (e.fingerprint is null) <> (e.state <> 2) or e.state > 0 and e.batch_id is not null
    or (e.unique_key is null) <> (e.unique_while is null) or e.unique_while not in ('queued', 'active')
  union all
  select b.first_id, format(case
    when (b.worker is null) <> (b.call is null) or (b.worker is null) <> (b.claimed_at is null) then 'batch %s has a part of a lease: worker, call and time belong together'
    when b.worker is not null and b.run_at is not null then 'batch %s is delayed and leased'
    when b.size is distinct from cardinality(b.ids) then 'batch %s says another size than it has'
    else 'batch %s is paused, or at a gate, and not parked' end, b.id)
  from rhythm.batch as b
  where (b.worker is null) <> (b.call is null) or (b.worker is null) <> (b.claimed_at is null) or b.worker is not null and b.run_at is not null
    or b.size is distinct from cardinality(b.ids) or (b.paused or b.gate is not null) and b.run_at is distinct from 'infinity'
  union all
  select s.execution_id, case when s.delivered > s.arrived then 'its worker was told of more items than have arrived'
    else 'its groups of waits, their sizes and what they need are not as many' end
  from rhythm.workflow_state as s
  where s.delivered > s.arrived or cardinality(s.groups) <> cardinality(s.need) or cardinality(s.groups) <> cardinality(s.sizes);
$$;

comment on function rhythm.check_rows() is 'Rows whose columns do not fit together. Part of check().';
