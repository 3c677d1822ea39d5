-- rhythm_deployer defines SQL tasks that give it no more rights, and a client changes nothing of them

do $$
begin
  if not exists (select from pg_roles where rolname = 'rhythm_deployer') then
    raise exception 'The roles were not created';
  end if;
end;
$$;
create function test.plain(jsonb) returns text language sql as $$ select current_user::text $$;
create function test.definer(jsonb) returns text language sql security definer set search_path = pg_catalog, pg_temp as $$ select 'done' $$;
create function test.closed(jsonb) returns text language sql security definer set search_path = pg_catalog, pg_temp as $$ select 'done' $$;
revoke all on function test.closed(jsonb) from public;
grant usage on schema test to public;
select rhythm.define_sql_task('ours', 'test.plain(jsonb)', '{"queue": "mine", "retry": {"max_attempts": 1}}');

set local role rhythm_deployer;
do $$
begin
  perform test.raises($q$ select rhythm.define_sql_task('t', 'test.plain(jsonb)') $q$, '42501',
    'which "rhythm_deployer" does not have');
  perform test.raises($q$ select rhythm.define_sql_task('t', 'test.closed(jsonb)') $q$, '42501',
    '"rhythm_deployer" may not call test.closed(jsonb)');
  perform rhythm.define_sql_task('t', 'test.definer(jsonb)');
  perform rhythm.define_sql_task('kind', 'pg_catalog.jsonb_typeof(jsonb)');
  perform test.raises($q$ select rhythm.register_tasks('[{"name": "ours", "queue": "other"}]') $q$, 'RH001',
    '"ours" is a SQL task: define_sql_task() says what holds for it');
end;
$$;
set local role rhythm_client;
do $$
begin
  perform test.raises($q$ select rhythm.register_tasks('[{"name": "ours", "queue": "other"}]') $q$, '42501', 'permission denied');
  perform test.raises($q$ select rhythm.define_sql_task('ours', 'test.definer(jsonb)') $q$, '42501', 'permission denied');
end;
$$;
reset role;
do $$
begin
  perform test.eq((select k.options ->> 'queue' from rhythm.task as k where k.name = 'ours'), 'mine', 'the queue is as it was defined');
end;
$$;
