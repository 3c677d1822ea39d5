-- Failures of workflows are told apart by the line of the flow, and have the versions that failed.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  g constant uuid := rhythm.start('f');
begin
  perform test.claim(w, 2);
  perform test.settle(w, f, jsonb_build_object('status', 'failed', 'error', '{"type": "Error", "message": "no", "at": {"line": 3, "column": 1}}'::jsonb));
  perform test.settle(w, g, jsonb_build_object('status', 'failed', 'error', '{"type": "Error", "message": "no", "at": {"line": 4, "column": 1}}'::jsonb));
  perform rhythm.chores();
  perform test.eq((select array_agg(row(x.type, x.target, x.message, x.count, x.versions)::text) from rhythm.failures as x),
    array['(workflow,f,no,1,{1})', '(workflow,f,no,1,{1})'], 'two lines');
end;
$$;
