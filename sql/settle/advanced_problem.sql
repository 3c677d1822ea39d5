-- What settle_advanced() is given.

-- Every value that could be wrong, in one look at all of them.
create or replace function rhythm.advanced_problem(p_ends jsonb, p_children jsonb, p_kinds jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_problem text;
begin
  select case
    when bool_or(not coalesce(length(e.id) = 36 and length(e.flow) = 36 and (e.timer or e.attempt > 0) and e.seq >= 0, false)) then
      'Every end needs id, attempt, flow and seq; that of a timer no attempt'
    when bool_or(not coalesce(e.next = 'completed' or e.next = 'suspended' and jsonb_typeof(e.snapshot) = 'object', false)) then
      'An end is followed by a workflow that is suspended, with its snapshot, or completed'
    when bool_or(e.next = 'suspended' and not coalesce(e.mode in ('any', 'all') and jsonb_array_length(e.ids) > 0, false)) then
      'A suspended workflow waits: mode any or all, and ids'
    -- Of two, the second would be told to nobody.
    when count(*) > count(distinct lower(e.flow) || '/' || e.seq) then 'Two ends let the same workflow go on from the same seq: settle one of them alone'
    when max(greatest(pg_column_size(e.output), pg_column_size(e.result), pg_column_size(e.snapshot))) > v_limit / 2
      and max(greatest(octet_length(e.output::text), octet_length(e.result::text), octet_length(e.snapshot::text))) > v_limit then
      format('An output, a result or a snapshot takes more than %s bytes', v_limit)
  end
  into v_problem
  from jsonb_to_recordset(p_ends) as e (
    id text, timer boolean, attempt integer, flow text, seq integer, next text, output jsonb, result jsonb, snapshot jsonb, mode text, ids jsonb);
  if v_problem is null and jsonb_path_exists(p_ends, '$[*].timers') then
    select case
      when bool_or(e.next <> 'suspended') then 'A workflow that is over starts no timers'
      when bool_or(not coalesce(length(t.id) = 36 and t.at is not null, false)) then 'Every timer needs id and at'
    end
    into v_problem
    from jsonb_to_recordset(p_ends) as e (next text, timers jsonb)
    cross join lateral jsonb_to_recordset(e.timers) as t (id text, at timestamptz);
  end if;
  if v_problem is null and p_children <> '[]' then
    select case
      when jsonb_path_exists(p_kinds, '$[*].idempotency_key') then 'A child with an idempotency key is started with settle()'
      when bool_or(not coalesce(length(c.id) = 36 and length(c.flow) = 36 and c.kind >= 0, false)) then 'Every child needs id, flow and kind'
      when max(c.kind) >= jsonb_array_length(p_kinds) then format('There is no kind %s: %s were given, counted from 0', max(c.kind), jsonb_array_length(p_kinds))
      when bool_or(lower(c.flow) not in (select lower(e.flow) from jsonb_to_recordset(p_ends) as e (flow text))) then
        'A child names a flow that none of the ends names'
      when max(length(c.traceparent)) > 500 then 'traceparent must be a text of at most 500 characters'
      when max(pg_column_size(c.inputs)) > v_limit / 2 and max(octet_length(c.inputs::text)) > v_limit then
        format('The inputs of a child take more than %s bytes', v_limit)
    end
    into v_problem
    from jsonb_to_recordset(p_children) as c (id text, flow text, kind integer, inputs jsonb, traceparent text);
    -- Most kinds say no more than what is to run.
    if v_problem is null and exists (
      select from jsonb_array_elements(p_kinds) as k (value)
      where case when jsonb_typeof(k.value) = 'object' then k.value - 'target' <> '{}' else true end
    ) then
      select x.problem into v_problem
      from jsonb_array_elements(p_kinds) as k (value)
      cross join lateral (
        select case
          when jsonb_typeof(k.value) <> 'object' then rhythm.request_problem(k.value)
          when k.value - 'target' - rhythm.option_names('child') <> '{}' then
            'There is no ' || rhythm.unknown_option(k.value - 'target', rhythm.option_names('child'))
          else rhythm.request_problem(k.value || '{"type": "task"}')
        end as problem
      ) as x
      where x.problem is not null
      limit 1;
    end if;
  end if;
  return v_problem;
end;
$$;

comment on function rhythm.advanced_problem(jsonb, jsonb, jsonb) is 'What is wrong with what settle_advanced() was given; null if nothing is. Internal.';
