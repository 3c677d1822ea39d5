-- With a sign of life a worker says what it holds: it hears what it does not, and what it does not know of goes back to its queue,
-- once the answer that told of it can no longer be on its way.
do $$
declare
  w constant uuid := test.worker();
  other constant uuid := test.worker();
  a constant uuid[] := array(select rhythm.create_many((select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a', 'inputs', n)) from generate_series(1, 6) as n)));
  f uuid;
  v_unknown constant uuid := rhythm.uuid7(rhythm.now() + interval '1 s');
  v_answer jsonb;
  v_calls integer[];
begin
  perform test.claim(w, 2);
  perform test.claim(w, 2);
  perform test.claim(other, 1);
  f := test.flow();
  perform test.claim(w, 2);
  v_calls := array[test.call_of(a[1]), test.call_of(a[3]), test.call_of(a[6])];
  perform test.complete(w, a[1]);
  v_answer := rhythm.beat(w, p_holds => jsonb_build_array(
    jsonb_build_object('call', v_calls[1], 'ids', to_jsonb(a[1:3])), jsonb_build_object('call', v_calls[3], 'ids', to_jsonb(a[5:6] || v_unknown))));
  perform test.eq(v_answer -> 'alive', 'true', 'alive');
  perform test.eq((select array_agg(l.value order by l.value) from jsonb_array_elements_text(v_answer -> 'lost') as l),
    (select array_agg(i::text order by i) from unnest(array[a[1], a[3], a[5], v_unknown]) as i), 'over, of another call, of another worker, unknown');
  perform test.eq(array(select test.status(i) from unnest(a || f) as i), '{completed,running,running,running,running,running,running}'::text[], 'nothing goes back at once');

  -- Half of its lease later.
  perform test.pass('31 min');
  v_answer := rhythm.beat(w, p_holds => jsonb_build_array(jsonb_build_object('call', v_calls[1], 'ids', to_jsonb(a[2:2]))));
  perform test.eq(v_answer -> 'lost', '[]', 'it holds that one');
  perform test.eq(array(select test.status(i) from unnest(a || f) as i), '{completed,running,pending,pending,running,pending,pending}'::text[], 'the others go back');
  perform test.eq((select array_agg(distinct row(b.failures, b.crashes, b.worker)::text) from rhythm.batch as b where b.first_id in (a[3], a[6], f)), '{"(0,0,)"}', 'nothing is counted');
  perform test.eq((select count(*) from test.claim_rows(other, p_limit => 10) as c where c.attempt = 1), 4::bigint, 'for others, in their first attempt');
  perform test.eq(test.done(w, v_calls[2], a[3:4], '[1, 2]') #>> '{refused,0,reason}', 'its lease is lost', 'the answer comes late');
  perform test.eq(rhythm.beat(w, p_holds => '[]') -> 'lost', '[]', 'it holds nothing');
  perform test.eq(test.status(a[2]), 'pending', 'so that goes back, too');
  perform test.eq(rhythm.beat(w) -> 'alive', 'true', 'who names nothing asks for nothing');
  perform test.raises(format('select rhythm.beat(%L, p_holds => %L)', w, '{}'), 'RH001', 'must be an array');
  perform rhythm.stop_worker(other);
end;
$$;
