-- Where much was consumed and is still seen, claims begin at the head; what came in before it waits, but is never lost.
set local statement_timeout = 0;
do $$
declare
  w constant uuid := test.worker();
  v_behind uuid;
  v_next uuid;
  v_urgent uuid;
  v_last uuid;
begin
  -- Not all alike: a batch each.
  perform rhythm.create_many((select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a', 'metadata', jsonb_build_object('n', n))) from generate_series(1, 6000) as n));
  perform test.eq(cardinality(test.claim(w, 6000)), 6000, 'all of them');
  perform test.eq((select count(*) from rhythm.queue_head), 0::bigint, 'nothing to walk over: no head');
  perform test.settle_many(w, (select jsonb_agg(jsonb_build_object('id', e.id, 'status', 'completed')) from rhythm.execution as e));
  perform test.pass('1 s');
  perform rhythm.queue('a'), rhythm.queue('a');
  perform test.pass('1 s');
  perform test.eq(cardinality(test.claim(w, 1)), 1, 'far from the beginning');
  -- As if the way had been much farther: this machine may take seconds for what follows.
  update rhythm.queue_head as h set until = rhythm.now() + interval '10 minutes';
  perform test.eq((select count(*) from rhythm.queue_head), 1::bigint, 'noted');

  select c.id into v_behind from rhythm.create_many(jsonb_build_array(
    jsonb_build_object('type', 'task', 'target', 'a', 'id', rhythm.uuid7_floor(rhythm.now() - interval '1 hour')))) as c (id);
  v_urgent := rhythm.queue('a', priority => 1);
  v_next := (select b.first_id from rhythm.batch as b where b.worker is null and b.first_id not in (v_behind, v_urgent));
  perform test.eq(test.claim(w, 1), array[v_urgent], 'what is more urgent comes first, as ever');
  perform test.eq(test.claim(w, 5), array[v_next], 'then what is after the head');
  perform test.eq(test.claim(w, 5), array[v_behind], 'a worker that finds nothing there looks everywhere before it sleeps');

  select c.id into v_behind from rhythm.create_many(jsonb_build_array(
    jsonb_build_object('type', 'task', 'target', 'a', 'id', rhythm.uuid7_floor(rhythm.now() - interval '30 minutes')))) as c (id);
  v_last := rhythm.queue('a');
  perform test.pass('11 min');
  perform test.eq(test.claim(w, 1), array[v_behind], 'however busy, the beginning is looked at again when the time of the head is over');
  perform rhythm.queue('b', queue => 'other');
  perform test.eq(test.claim(w, 5), array[v_last], 'and nothing is leased twice');

  perform test.pass('2 h');
  perform rhythm.forget_heads(rhythm.now());
  perform test.eq((select count(*) from rhythm.queue_head), 0::bigint, 'tick() forgets heads that nobody asks for');
end;
$$;

-- Beside batches, too.
do $$
declare
  w constant uuid := test.worker('{batches}');
  v_batch uuid[];
  v_urgent uuid;
  v_behind uuid;
begin
  perform rhythm.create_many((
    select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a', 'queue', 'batches', 'metadata', jsonb_build_object('n', n))) from generate_series(1, 6000) as n));
  perform test.settle_many(w, (select jsonb_agg(jsonb_build_object('id', c.id, 'status', 'completed')) from test.claim_rows(w, p_limit => 6000) as c));
  perform test.pass('1 s');
  v_batch := array(select rhythm.create_many((
    select jsonb_agg('{"type": "task", "target": "a", "queue": "batches", "priority": -1}'::jsonb || jsonb_build_object('inputs', n)) from generate_series(1, 300) as n)));
  perform test.pass('1 s');
  perform test.eq(test.claim(w, 10), v_batch[1:10], 'far from the beginning');
  update rhythm.queue_head as h set until = rhythm.now() + interval '10 minutes';
  perform test.eq((select h.priority from rhythm.queue_head as h where h.queue = 'batches'), -1::smallint, 'noted where the batch is');

  select c.id into v_behind from rhythm.create_many(jsonb_build_array(
    jsonb_build_object('type', 'task', 'target', 'a', 'queue', 'batches', 'id', rhythm.uuid7_floor(rhythm.now() - interval '2 hours')))) as c (id);
  v_urgent := rhythm.queue('a', queue => 'batches');
  perform test.eq(test.claim(w, 3), v_urgent || v_batch[11:12], 'what is more urgent comes first, what came back far behind waits');
  perform test.pass('11 min');
  perform test.eq(test.claim(w, 1), array[v_behind], 'until the time of the head is over');
  perform test.eq(test.claim(w, 300), v_batch[13:300], 'each once');
end;
$$;
