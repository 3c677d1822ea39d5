-- What is asked for with "notify_on_end" is notified of at its end, as by watch().
do $$
declare
  w constant uuid := test.worker();
  v_one uuid;
  v_flow uuid;
  v_keyed uuid;
  v_many uuid[];
begin
  perform rhythm.register_flow('f', 'x', '{}');
  select c.id into v_one from rhythm.create_many('[{"type": "task", "target": "a", "notify_on_end": true}]') as c (id);
  select c.id into v_flow from rhythm.create_many('[{"type": "workflow", "target": "f", "notify_on_end": true}]') as c (id);
  v_many := array(select rhythm.create_many((select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a', 'inputs', n, 'notify_on_end', true)) from generate_series(1, 30) as n)));
  v_keyed := rhythm.queue('a', idempotency_key => 'k', queue => 'other');
  perform rhythm.create_many('[{"type": "task", "target": "a", "idempotency_key": "k", "notify_on_end": true}]');
  perform test.eq((select array_agg(e.id) from rhythm.execution as e where not e.notify_on_end), array[v_keyed], 'all but what a key stood for');
  perform rhythm.queue('a');
  perform test.eq((select count(*) from rhythm.execution as e where not e.notify_on_end), 2::bigint, 'nobody asked for the last');
end;
$$;
