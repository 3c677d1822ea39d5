-- What a handler stores for the next attempt.

-- A call can arrive late, after the next one of the same attempt: then its value is older, and changes nothing.
-- Locks: the execution, then its batch, so that nobody takes the lease back before the value is stored. Waits for them.
create or replace function rhythm.checkpoint(p_worker uuid, p_execution uuid, p_call integer, p_value jsonb, p_nth integer default null)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_lease constant text := format('%s %s', p_worker, p_call);
  v_batch bigint;
begin
  perform rhythm.require_read_committed();
  if p_value is null then
    perform rhythm.raise('RH001', 'p_value must be JSON, not null: the JSON value null is ''null''');
  elsif octet_length(p_value::text) > v_limit then
    perform rhythm.raise('RH006', format('The checkpoint takes %s bytes: at most %s are allowed (setting max_payload_bytes)', octet_length(p_value::text), v_limit));
  end if;
  select e.batch_id into v_batch from rhythm.execution as e where e.id = p_execution and e.state = 0 for no key update;
  perform from rhythm.batch as b where b.id = v_batch and b.worker = p_worker and b.call = p_call for share;
  if not found then
    return false;
  end if;
  update rhythm.execution as e set checkpoint = jsonb_build_object('lease', v_lease, 'nth', p_nth, 'value', p_value)
  where e.id = p_execution and coalesce(e.checkpoint ->> 'lease' <> v_lease or (e.checkpoint ->> 'nth')::integer < p_nth, true);
  return true;
end;
$$;

comment on function rhythm.checkpoint(uuid, uuid, integer, jsonb, integer) is
  'Stores a value for the next attempt of a task that the worker holds: the parcel of that attempt has it under checkpoints. p_call: the call that leased the task. p_nth: which value of the attempt this is; an older one than is stored changes nothing. False: the lease is lost, and nothing changed.';
