-- What is ready by a batch that does not list it is found by check(); this leaves damage.
do $$
begin
  perform rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a"}'::jsonb) from generate_series(1, 20)));
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'as it is to be');
  update rhythm.ready_batch as b set ids = b.ids[2:];
  perform test.eq((select array_agg(c.violation) from rhythm.check() as c), '{"it is ready, and no batch lists it"}', 'one is lost');
  update rhythm.execution as e set worker = rhythm.uuid7(), status = 'running', claimed_at = rhythm.now() where e.id = (select b.ids[1] from rhythm.ready_batch as b);
  perform test.eq('it is ready by a batch, and leased' in (select c.violation from rhythm.check() as c), true, 'one is leased');
end;
$$;
