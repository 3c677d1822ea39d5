-- tick() purges what is older than the setting retention, and no more than its limit.
do $$
declare
  w constant uuid := test.worker();
  v_ids uuid[];
begin
  perform rhythm.queue('a') from generate_series(1, 5);
  v_ids := test.claim(w);
  perform test.complete(w, i.id) from unnest(v_ids) as i (id);
  perform rhythm.configure('retention', '1 hour');
  perform test.pass('59 min');
  perform rhythm.tick();
  perform test.eq((select count(*) from rhythm.execution), 5::bigint, 'all are kept');
  perform test.pass('2 min');
  perform rhythm.tick(3);
  perform test.eq((select count(*) from rhythm.execution), 2::bigint, 'bounded');
  perform test.pass('2 s');
  perform rhythm.tick(3);
  perform test.eq((select count(*) from rhythm.execution), 0::bigint, 'the rest with the next');
end;
$$;
