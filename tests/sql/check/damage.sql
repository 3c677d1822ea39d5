-- check() names each kind of damage, and finds nothing before. It leaves damage.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  g constant uuid := test.flow();
  a constant uuid := rhythm.uuid7(rhythm.now(), 0);
  s constant uuid := rhythm.uuid7(rhythm.now(), 1);
  v_case record;
  v_found text;
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a)), 'any', array[a]);
  perform test.suspend(w, g, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 's')), 'any', array[s]);
  perform test.claim(w);
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'sound');
  for v_case in
    select * from (values
      ('delete from rhythm.worker', a, 'which is not registered'),
      ('delete from rhythm.workflow_state where execution_id = $1', f, 'it is a workflow without a state'),
      ('delete from rhythm.execution where id = $2', f, 'waits for nothing that can still happen'),
      ('delete from rhythm.signal_wait', g, 'waits for nothing that can still happen'),
      ('update rhythm.workflow_state set need = ''{0}'' where execution_id = $1', f, 'a group that it waits for is satisfied'),
      ('update rhythm.execution set stage = 4, status = ''completed'', worker = null, completed_at = now() where id = $2', a, 'its waiting parent was not told'),
      ('insert into rhythm.signal (execution_id, name, payload, sent_at) values ($3, ''s'', ''1'', now())', g, 'is open although the signal is there'),
      ('insert into rhythm.signal (execution_id, name, payload, sent_at, taken_by) select $3, ''s'', ''1'', now(), id from rhythm.signal_wait', g, 'was taken by a wait that took another'),
      ('update rhythm.execution set cancel_reason = ''x'' where id = $1', f, 'it is to be cancelled, is not running, and did not end')
    ) as v (damage, execution, violation)
  loop
    begin
      execute replace(replace(replace(v_case.damage, '$1', quote_literal(f) || '::uuid'), '$2', quote_literal(a) || '::uuid'), '$3', quote_literal(g) || '::uuid');
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
