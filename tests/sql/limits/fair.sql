-- In a fair queue keys take turns: many tasks of one delay the first of another by one turn; weights count; priority orders within a key.
create function test.keys(p_ids uuid[]) returns text language sql as $$
  select string_agg(e.concurrency_key || case when e.priority = 0 then '' else e.priority::text end, ' ' order by e.concurrency_key, e.priority desc)
  from rhythm.execution as e where e.id = any (p_ids);
$$;
create function test.of_key(p_ids uuid[], p_key text) returns bigint language sql as $$
  select count(*) from rhythm.execution as e where e.id = any (p_ids) and e.concurrency_key = p_key;
$$;
create function test.many(p_count integer, p_key text) returns void language sql as $$
  select rhythm.create_many((
    select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a', 'queue', 'q', 'concurrency_key', p_key)) from generate_series(1, p_count)));
$$;

do $$
declare
  w constant uuid := test.worker(array['q']);
begin
  perform rhythm.configure_queue('q', fair => 'key');
  perform test.many(500, 'big');
  perform test.eq(test.keys(test.claim(w, 3)), 'big big big', 'alone');
  perform test.many(3, 'small');
  perform rhythm.queue('a', queue => 'q', concurrency_key => 'small', priority => 5);
  perform test.eq(test.keys(test.claim(w, 1)), 'small5', 'a new key is next, its most urgent task first');
  perform test.eq(test.keys(test.claim(w, 1)), 'big', 'then the other');
  perform test.eq(test.keys(test.claim(w, 1)), 'small', 'and so on');
  perform test.eq(test.keys(test.claim(w, 3)), 'big big small', 'also in one claim');
  perform test.eq(test.keys(test.claim(w, 1)), 'small', 'the last of it');
  -- A key that comes and goes has no more turns than one that stays.
  perform test.many(1, 'small');
  perform test.eq(test.keys(test.claim(w, 1)), 'big', 'it had its turn');
  perform test.eq(test.keys(test.claim(w, 1)), 'small', 'now it has the next');
  -- Weights, changed while it runs.
  perform test.many(500, 'gold');
  perform rhythm.configure_queue('q', fair => 'key', weights => '{"gold": 3}');
  perform test.eq(test.of_key(test.claim(w, 100), 'gold') between 74 and 76, true, 'three of four turns');
  perform rhythm.configure_key('q', 'gold', weight => 1);
  perform test.eq(test.of_key(test.claim(w, 100), 'gold') between 49 and 51, true, 'one of two');
  -- A worker does not walk over what it cannot run.
  perform rhythm.queue('b', queue => 'q', concurrency_key => 'other');
  perform test.eq(array(select c.target from test.claim_rows(w, p_limit => 10, p_targets => '{c}') as c), '{}', 'nothing for it');
  perform test.eq(array(select c.target from test.claim_rows(w, p_limit => 10, p_targets => '{b}') as c), '{b}', 'only that');
  -- Not fair any more: the oldest first.
  perform rhythm.configure_queue('q', concurrency => 1000);
  perform test.eq(test.of_key(test.claim(w, 20), 'big'), 20::bigint, 'the oldest');
end;
$$;
