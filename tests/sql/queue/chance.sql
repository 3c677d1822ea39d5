-- Where the owner sets rhythm_clock.seed, all chance follows from it; without it, nothing does.
do $$
declare
  v_first text[];
  v_second text[];
  v_ids uuid[];
begin
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:00Z', true);
  perform rhythm.register_flow('f', 'return 1', '{}');
  for v_turn in 1 .. 2 loop
    perform set_config('rhythm_clock.seed', 'seven', true);
    v_second := v_first;
    v_ids := array[rhythm.new_id(), rhythm.queue('a'), rhythm.start('f')];
    v_first := v_ids::text[] || rhythm.backoff_ms('{"jitter": true}', 3)::text || rhythm.chance()::text || rhythm.uuid7()::text
      || (select e.seed::text from rhythm.execution as e where e.id = v_ids[3]);
    perform rhythm.cancel(i.id) from unnest(v_ids) as i (id) where i.id <> v_ids[1];
    perform rhythm.delete_execution(i.id) from unnest(v_ids) as i (id) where i.id <> v_ids[1];
  end loop;
  perform test.eq(v_first, v_second, 'the same seed');
  perform test.eq((select count(distinct x) from unnest(v_first) as x), 7::bigint, 'each draw is another');
  perform test.eq((select bool_and(rhythm.chance() between 0 and 0.9999999999) and count(distinct rhythm.chance()) = 100 from generate_series(1, 100)), true, 'from 0 to 1');

  perform set_config('rhythm_clock.seed', '', true);
  perform test.eq(rhythm.secret() <> rhythm.secret(), true, 'without a seed');
end;
$$;

-- It comes from one place.
do $$
begin
  perform test.eq(
    array(
      select p.proname::text from pg_catalog.pg_proc as p
      where p.pronamespace = 'rhythm'::regnamespace and p.prosrc ~ '\m(gen_random_uuid|random|gen_random_bytes)\(' and p.proname <> 'secret'),
    '{}'::text[], 'functions with chance of their own');
end;
$$;
