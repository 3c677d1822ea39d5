-- A copy of the database stands still until it is adopted; the environment's name is compared, too.
do $$
declare
  w constant uuid := test.worker();
  t constant uuid := rhythm.queue('a');
  v_home rhythm.home;
begin
  select * into v_home from rhythm.home;
  perform test.eq(array[v_home.nth::text, v_home.database_name, v_home.environment], array['1', current_database(), null]::text[], 'the first worker notes where it is');
  perform test.eq(test.claim(w), array[t], 'at home it works');
  perform test.eq(rhythm.adopt(), format('Database "%s" is at home here already', current_database()), 'nothing to adopt');

  -- As if this were a copy of another database.
  update rhythm.home as h set database_name = 'production', nth = 2;
  perform test.raises(format('select test.exchange(%L)', w), 'RH011', 'it belongs to the database "production"');
  perform test.raises(format('select rhythm.beat(%L)', w), 'RH011', 'This is a copy');
  perform test.raises('select rhythm.register_worker(null)', 'RH011', 'This is a copy');
  perform test.raises('select rhythm.due()', 'RH011', 'This is a copy');
  perform test.raises('select rhythm.chores()', 'RH011', 'This is a copy');
  perform test.raises('select rhythm.adopt(upgraded => true)', 'RH001', 'This is more than an upgrade');
  perform test.eq((test.reasons(t))[1], 'not_adopted', 'explained');
  perform rhythm.queue('b');
  perform test.eq(rhythm.adopt(), format('Rhythm belongs to database "%s" now, and runs', current_database()), 'adopted');
  perform test.eq((select count(*) from rhythm.worker), 0::bigint, 'the workers of the original are gone');
  perform test.eq((select b.attempt from rhythm.batch as b join rhythm.execution as e on e.batch_id = b.id where e.id = t), 0::smallint, 'what they held counts no attempt');
  perform rhythm.tick();

  -- After pg_upgrade, the server has another identifier.
  update rhythm.home as h set system_identifier = '1' where h.system_identifier is not null;
  if found then
    update rhythm.home as h set nth = h.nth + 1;
    perform test.raises('select rhythm.due()', 'RH011', 'it belongs to another server');
    perform rhythm.adopt(upgraded => true);
    perform rhythm.due();
  end if;
  update rhythm.home as h set nth = h.nth + 1, database_oid = 1;
  perform test.raises('select rhythm.due()', 'RH011', 'an earlier database of the same name');
  perform rhythm.adopt();
  update rhythm.home as h set nth = h.nth + 1, timeline = 'br-1';
  perform set_config('neon.timeline_id', 'br-2', true);
  perform test.raises('select rhythm.due()', 'RH011', 'it belongs to the branch br-1');
  perform rhythm.adopt();
  perform rhythm.due();
end;
$$;

do $$
declare
  w uuid;
begin
  w := rhythm.register_worker(null, p_environment => 'production');
  perform test.eq((select h.environment from rhythm.home as h), 'production', 'the first name that a worker brings');
  perform test.raises($q$select rhythm.register_worker(null, p_environment => 'staging')$q$, 'RH011', 'the environment "production", and this worker to "staging"');
  perform rhythm.register_worker(null);
  perform test.raises($q$select rhythm.adopt('a b')$q$, 'RH001', 'cannot be');
  perform test.eq(rhythm.adopt('staging'), format('Rhythm belongs to database "%s" and environment "staging" now, and runs', current_database()), 'moved');
  perform test.eq((select count(*) from rhythm.worker), 2::bigint, 'another name only: the workers stay');
  perform rhythm.register_worker(null, p_environment => 'staging');

  -- pg_cron compares with the setting of the database.
  perform set_config('rhythm.environment', 'production', true);
  update rhythm.home as h set nth = h.nth + 1;
  perform test.raises('select rhythm.tick()', 'RH011', 'the setting rhythm.environment says "production"');
  perform test.raises($q$select rhythm.adopt('staging')$q$, 'RH001', 'The setting rhythm.environment of this database says "production"');
  perform rhythm.adopt();
  perform rhythm.tick();
end;
$$;
