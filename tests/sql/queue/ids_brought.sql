-- An id that a caller brings is of version 7, of this cell, and not from the future
do $$
declare
  v_good constant uuid := rhythm.uuid7();
  v_soon constant uuid := rhythm.uuid7(rhythm.now() + interval '59 seconds');
  v_late constant uuid := rhythm.uuid7(rhythm.now() + interval '61 seconds');
begin
  perform test.eq(rhythm.id_problem(v_good), null, 'an id of now');
  perform test.eq(rhythm.id_problem(v_soon), null, 'an id of a clock that is a little ahead');
  perform test.eq(rhythm.id_problem('01900000-0000-7fff-800f-ffffffffffff'), null, 'an old id');
  perform test.eq((select c.id from rhythm.create_many(jsonb_build_array(jsonb_build_object('type', 'task', 'target', 'a', 'id', v_good))) as c (id)), v_good, 'the id');

  perform test.raises(format($s$select rhythm.create_many('[{"type": "task", "target": "a", "id": "%s"}]')$s$, v_late),
    'RH001', format('%s cannot be an id: it is more than a minute ahead of the clock of the database', v_late));
  perform test.raises($s$select rhythm.create_many('[{"type": "task", "target": "a", "id": "f81d4fae-7dec-41d0-8765-00a0c91e6bf6"}]')$s$,
    'RH001', 'f81d4fae-7dec-41d0-8765-00a0c91e6bf6 cannot be an id: expected a UUID of version 7, as new_id() makes it');
  perform test.raises($s$select rhythm.create_many('[{"type": "task", "target": "a", "id": "01900000-0000-7000-0000-000000000000"}]')$s$,
    'RH001', 'cannot be an id: expected a UUID of version 7');
  perform test.raises($s$select rhythm.create_many('[{"type": "task", "target": "a", "id": "01900000-0000-7000-8010-000000000000"}]')$s$,
    'RH001', '01900000-0000-7000-8010-000000000000 cannot be an id: it belongs to cell 1, expected cell 0, as new_id() makes it');
  perform test.raises($s$select rhythm.create_many('[{"type": "task", "target": "a", "id": "01900000-0000-7000-bff0-000000000000"}]')$s$,
    'RH001', 'it belongs to cell 1023, expected cell 0');
  perform test.raises($s$select rhythm.create_many('[{"type": "task", "target": "a", "id": "1"}]')$s$, 'RH001', 'id must be a UUID');
end;
$$;
