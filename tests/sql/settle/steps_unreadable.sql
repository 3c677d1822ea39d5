-- Steps that are no steps settle nothing, break nothing beside them, and the answer says what could not be read.
do $$
declare
  w constant uuid := test.worker();
  a uuid;
  v_answer jsonb;
  v_steps text;
begin
  foreach v_steps in array array[
    '"ends": [{"id": "x"}]',
    '"ends": [{"id": "00000000-0000-7000-8000-000000000001", "timers": [{"id": "x", "at": "2030-01-01"}]}]',
    '"ends": [{"call": "x"}]',
    '"ends": [], "kinds": [{"target": "a"}], "children": [{"id": "x"}]'
  ] loop
    a := rhythm.queue('a');
    perform test.claim(w);
    v_answer := test.exchange(w, jsonb_build_array(
      format('{"kind": "steps", %s}', v_steps)::jsonb,
      jsonb_build_object('kind', 'done', 'call', test.next_call(w) - 1, 'ids', jsonb_build_array(a), 'outputs', '[1]'::jsonb)));
    perform test.eq(v_answer ->> 'problem' like '% steps %' or v_answer ->> 'problem' like 'Every %', true, v_steps || ': ' || coalesce(v_answer ->> 'problem', 'none'));
    perform test.eq(test.status(a), 'completed', 'what stands beside it is settled');
  end loop;
end;
$$;
