-- However much is older than the retention and has to stay, tick() looks at a part of it at a time, and comes to what may go.
do $$
declare
  v_old uuid[];
  v_young uuid;
  v_ticks integer := 0;
begin
  perform rhythm.configure('retention', '1 day');
  -- Thirty that wait for long, then three that are over.
  perform rhythm.queue('a', delay => '300d') from generate_series(1, 30);
  v_old := array(select rhythm.queue('b') from generate_series(1, 3));
  perform rhythm.cancel(i) from unnest(v_old) as i;
  perform test.pass('2 days');
  v_young := rhythm.queue('b');
  perform rhythm.cancel(v_young);
  perform test.eq(rhythm.purge_on(1, rhythm.now()), false, 'ten of thirty-three');
  perform test.eq(rhythm.purge_on(1, rhythm.now()), false, 'twenty');
  perform test.eq((select count(*) from rhythm.execution), 34::bigint, 'none of these may go');
  while not rhythm.purge_on(1, rhythm.now()) loop
    v_ticks := v_ticks + 1;
  end loop;
  perform test.eq(v_ticks, 3, 'one at a time, to the end');
  perform test.eq((select array_agg(e.id) from rhythm.execution as e where e.target = 'b'), array[v_young], 'what is old enough is gone');

  perform rhythm.tick();
  v_old := array(select rhythm.queue('b') from generate_series(1, 12));
  perform rhythm.cancel(i) from unnest(v_old) as i;
  perform test.pass('2 days');
  perform test.eq(rhythm.tick(5) < rhythm.now() + interval '101 milliseconds', true, 'more of it in a tenth of a second');
  loop
    perform test.pass('100 milliseconds');
    exit when coalesce(rhythm.tick(5) > rhythm.now() + interval '1 second', true);
  end loop;
  perform test.eq((select count(*) from rhythm.execution as e where e.state > 0), 0::bigint, 'all of it');
end;
$$;
