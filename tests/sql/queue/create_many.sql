-- create_many() makes all or none, and gives the ids in order.
do $$
declare
  ids uuid[];
begin
  ids := array(select rhythm.create_many('[{"type": "task", "target": "a"}, {"type": "task", "target": "b", "priority": 3, "delay": "1h"}]'));
  perform test.eq(rhythm.get(ids[1]) ->> 'target', 'a', 'the first');
  perform test.eq(rhythm.get(ids[2]) ->> 'target', 'b', 'the second');
  perform test.eq(rhythm.get(ids[2]) ->> 'priority', '3', 'its priority');
  perform test.raises($q$select rhythm.create_many('[{"type": "task", "target": "c"}, {"type": "task", "target": "c c"}]')$q$, 'RH001', 'Request 2');
  perform test.eq((select count(*) from rhythm.execution), 2::bigint, 'nothing of the bad batch');
  perform test.eq((select count(*) from rhythm.create_many('[]')), 0::bigint, 'an empty batch');
end;
$$;
