-- A signal to nobody, to a task or to a workflow that is over is an error with its reason.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.queue('a');
begin
  perform test.claim(w);
  perform test.complete(w, f);
  perform test.raises(format('select rhythm.signal(%L, ''s'')', f), 'RH003', 'is completed');
  perform test.raises(format('select rhythm.signal(%L, ''s'')', a), 'RH003', 'is a task, only workflows take signals');
  perform test.raises('select rhythm.signal(''0190a000-0000-7000-8000-000000000001'', ''s'')', 'RH002', 'there is no execution 0190a000-0000-7000-8000-000000000001');
  perform test.eq((select count(*) from rhythm.signal), 0::bigint, 'nothing is kept');
end;
$$;
