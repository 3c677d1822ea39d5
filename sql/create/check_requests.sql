-- Checks requests: everything that starts an execution comes through here.

-- Validates the options that requests share once, and only the size of each input.
create or replace function rhythm.are_right(p_requests jsonb)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(bool_and(rhythm.request_problem(h.head) is null), true)
      and coalesce(max(h.bytes), 0) <= rhythm.setting('max_payload_bytes')::integer
    from (
      select case when jsonb_typeof(r.value) = 'object' then r.value - 'inputs' else r.value end as head,
        max(octet_length((r.value -> 'inputs')::text)) as bytes
      from jsonb_array_elements(p_requests) as r
      group by 1
    ) as h
  );
end;
$$;

comment on function rhythm.are_right(jsonb) is 'Whether an array for create_many() is right; if not, check_requests() says what is wrong. Internal.';

create or replace function rhythm.check_requests(p_requests jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_nth bigint;
  v_problem text;
begin
  if p_requests is null or jsonb_typeof(p_requests) <> 'array' then
    perform rhythm.raise('RH001', 'The argument of create_many() is not a JSON array', 'Expected [{"type": "task", "target": "send_email", "inputs": {}}, …]');
  end if;
  if rhythm.are_right(p_requests) then
    return;
  end if;
  select r.nth, rhythm.request_problem(r.value) into v_nth, v_problem
  from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
  where rhythm.request_problem(r.value) is not null
  order by r.nth
  limit 1;
  if v_problem is not null then
    perform rhythm.raise(
      case when v_problem like 'inputs take%' then 'RH006' else 'RH001' end,
      case when jsonb_array_length(p_requests) = 1 then v_problem else format('Request %s: %s', v_nth, v_problem) end
    );
  end if;
end;
$$;

comment on function rhythm.check_requests(jsonb) is 'Raises RH001 (RH006: too large) for the first thing that is wrong in an array for create_many().';

create or replace function rhythm.check_targets(p_requests jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flow text;
  v_problem jsonb;
begin
  select t.target into v_flow
  from (select distinct r.value ->> 'target' as target from jsonb_array_elements(p_requests) as r where r.value ->> 'type' = 'workflow') as t
  where not exists (select from rhythm.flow as f where f.name = t.target)
  limit 1;
  if v_flow is not null then
    perform rhythm.raise('RH004', format('There is no flow "%s"', v_flow), coalesce(
      rhythm.did_you_mean(v_flow, array(select f.name from rhythm.flow as f order by f.name)),
      'Register it with register_flow(), or start a worker that has it'));
  end if;

  select p.problem, p.target into v_problem, v_flow
  from (
    select r.value ->> 'target' as target, rhythm.check_inputs(v.input_schema, coalesce(r.value -> 'inputs', '{}')) as problem
    from jsonb_array_elements(p_requests) as r
    join rhythm.flow as f on f.name = r.value ->> 'target'
    join rhythm.flow_version as v on v.program = f.program and v.input_schema is not null
    where r.value ->> 'type' = 'workflow'
  ) as p
  where p.problem is not null
  limit 1;
  if v_problem is not null then
    perform rhythm.raise('RH005', format('Cannot start flow "%s": %s', v_flow, coalesce(v_problem ->> 'message', v_problem ->> 'sentence', v_problem::text)), null, v_problem::text);
  end if;
end;
$$;

comment on function rhythm.check_targets(jsonb) is 'Raises RH004 for a flow that is not registered, RH005 for inputs that do not match its schema.';
