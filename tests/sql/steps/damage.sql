-- check() names each kind of damage to steps, and finds nothing before. It leaves damage.
do $$
declare
  w constant uuid := test.worker();
  f uuid;
  t constant uuid := rhythm.queue('a', queue => 'elsewhere');
  v_case record;
  v_found text;
begin
  perform rhythm.register_workflow('code');
  f := rhythm.start('code');
  perform test.eq(jsonb_array_length(rhythm.claim_execution(w, f, 1) -> 'parcels'), 1, 'claimed');
  perform rhythm.save_steps(w, jsonb_build_array(
    jsonb_build_object('execution_id', f, 'name', 'a', 'kind', 'step', 'status', 'completed', 'seq', 1, 'attempts', 1, 'output', 7),
    jsonb_build_object('execution_id', f, 'name', 'go', 'kind', 'signal', 'status', 'waiting', 'wait_id', rhythm.uuid7(), 'signal', 'go')));
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'sound');
  for v_case in
    select * from (values
      ('update rhythm.step set execution_id = $2 where name = ''a''', t, 'it is a task and has a step "a"'),
      ('update rhythm.step set execution_id = ''01900000-0000-7000-8000-000000000000'' where name = ''a''', '01900000-0000-7000-8000-000000000000'::uuid, 'step "a" belongs to no execution'),
      ('update rhythm.step set seq = 1, status = ''completed'' where name = ''go''', f, 'steps "a", "go" ended as number 1'),
      ('delete from rhythm.signal_wait', f, 'step "go" waits for nothing that can still happen')
    ) as v (damage, execution, violation)
  loop
    begin
      execute replace(v_case.damage, '$2', quote_literal(t) || '::uuid');
      select string_agg(c.violation, '; ') into v_found from rhythm.check() as c where c.execution_id = v_case.execution;
      raise exception 'undo' using errcode = 'TT000';
    exception
      when sqlstate 'TT000' then
        null;
    end;
    perform test.eq(coalesce(v_found, 'nothing') like '%' || v_case.violation || '%', true, format('%s: found %s', v_case.damage, v_found));
  end loop;
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'sound again');
end;
$$;
