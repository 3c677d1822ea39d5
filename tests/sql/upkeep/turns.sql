-- beat() tells how long a worker that dozes may wait between two ticks: the more of them doze, the longer.
do $$
declare
  a constant uuid := test.worker();
  b constant uuid := test.worker();
begin
  perform test.eq(rhythm.beat(a) -> 'turn_ms', '1000'::jsonb, 'all are awake');
  perform test.claim_rows(a, p_sleeps => true);
  perform test.eq(rhythm.beat(a) -> 'turn_ms', '1000'::jsonb, 'one alone');
  perform test.claim_rows(b, p_sleeps => true);
  perform test.eq(rhythm.beat(a) -> 'turn_ms', '2000'::jsonb, 'two take turns');
  perform rhythm.queue('t');
  perform test.claim(b);
  perform test.eq(rhythm.beat(a) -> 'turn_ms', '1000'::jsonb, 'one found something');
  perform test.claim_rows(test.worker(array['other']), p_sleeps => true) from generate_series(1, 9);
  perform test.eq(rhythm.beat(a) -> 'turn_ms', '5000'::jsonb, 'nobody waits for longer');
  create function pg_temp.nothing(p jsonb) returns jsonb language sql as 'select null::jsonb';
  perform rhythm.define_sql_task('nothing', 'pg_temp.nothing(jsonb)'::regprocedure);
  perform test.eq(rhythm.beat(a) -> 'turn_ms', '1000'::jsonb, 'SQL tasks notify nobody');
end;
$$;
