-- a SQL task gives nobody rights that he does not have: whose function it is is checked when it is defined and at each run

create role rhythm_test_stranger;
create schema theirs authorization rhythm_test_stranger;
grant usage on schema theirs to public;
set local role rhythm_test_stranger;
create table theirs.found (who text);
create function theirs.plain(jsonb) returns text language sql as $$ select current_user::text $$;
create function theirs.definer(jsonb) returns text language sql security definer set search_path = pg_catalog, pg_temp as $$ select current_user::text $$;
create function theirs.closed(jsonb) returns text language sql security definer set search_path = pg_catalog, pg_temp as $$ select current_user::text $$;
revoke all on function theirs.closed(jsonb) from public;
-- Code of ours that ran into these would run them as the owner.
create function theirs.found(text) returns void language plpgsql as $$
begin
  if current_user <> 'rhythm_test_stranger' then
    raise exception 'ran as %', current_user;
  end if;
end;
$$;
create function theirs.concat(jsonb, jsonb) returns jsonb language plpgsql as $$ begin perform theirs.found('||'); return $1; end $$;
create operator theirs.|| (leftarg = jsonb, rightarg = jsonb, function = theirs.concat);
create function theirs.jsonb_build_object(text, text, text, jsonb) returns jsonb language plpgsql as $$ begin perform theirs.found('jsonb_build_object'); return '{}'; end $$;
create function theirs.sneaky(jsonb) returns jsonb language sql security definer as $$
  select to_jsonb(set_config('search_path', 'theirs, pg_catalog', false)) $$;
create type theirs.own as (n integer);
create function theirs.as_json(theirs.own) returns json language plpgsql as $$ begin perform theirs.found('cast'); return '1'; end $$;
create cast (theirs.own as json) with function theirs.as_json(theirs.own);
create function theirs.typed(jsonb) returns theirs.own language sql security definer as $$ select row(1)::theirs.own $$;
create function theirs.recorded(jsonb) returns record language sql security definer as $$ select row(1)::theirs.own, 1 $$;
reset role;
create function pg_temp.ours(jsonb) returns text language sql as $$ select current_user::text $$;

create function test.done_by_tick(p_task text) returns jsonb language plpgsql as $$
declare
  v_id constant uuid := rhythm.queue(p_task, retry => '{"max_attempts": 1}');
begin
  perform rhythm.tick(), test.run_sql_tasks();
  return rhythm.get(v_id);
end;
$$;

do $$
declare
  v_owner constant text := current_user;
begin
  perform test.raises($q$ select rhythm.define_sql_task('t', 'theirs.plain(jsonb)') $q$, '42501',
    'Cannot make a SQL task of a function: theirs.plain(jsonb) belongs to "rhythm_test_stranger", not to');
  perform test.raises($q$ select rhythm.define_sql_task('t', 'theirs.typed(jsonb)') $q$, '42501', 'theirs.typed(jsonb) returns theirs.own');
  perform test.raises($q$ select rhythm.define_sql_task('t', 'theirs.recorded(jsonb)') $q$, '42501', 'returns record');

  perform rhythm.define_sql_task('definer', 'theirs.definer(jsonb)');
  perform rhythm.define_sql_task('sneaky', 'theirs.sneaky(jsonb)');
  perform rhythm.define_sql_task('ours', 'pg_temp.ours(jsonb)'::regprocedure);
  perform test.eq(test.done_by_tick('definer') ->> 'output', 'rhythm_test_stranger', 'it runs with the rights of its owner');
  perform test.eq(test.done_by_tick('sneaky') ->> 'status', 'completed', 'what it sets for the session does not reach our code');
  perform test.eq(current_setting('search_path'), 'pg_catalog, pg_temp', 'nor the session');
  perform test.eq(test.done_by_tick('ours') ->> 'output', v_owner, 'our own runs as we do');
  alter function pg_temp.ours(jsonb) owner to rhythm_test_stranger;
  perform test.eq(test.done_by_tick('ours') -> 'error' ->> 'code', '42501', 'it is somebody else''s by now');
  alter function theirs.definer(jsonb) security invoker;
  perform test.eq(test.done_by_tick('definer') -> 'error' ->> 'message',
    format('Cannot run the function of this task: theirs.definer(jsonb) belongs to "rhythm_test_stranger", not to "%s", who owns this installation', v_owner),
    'it would run as we do by now');
end;
$$;

set local role rhythm_test_stranger;
alter function theirs.definer(jsonb) security definer;
create function theirs.later() returns trigger language plpgsql as $$ begin perform theirs.found('trigger'); return null; end $$;
create constraint trigger late after insert on theirs.found deferrable initially deferred for each row execute function theirs.later();
create function theirs.writes(jsonb) returns text language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into theirs.found values ('a') returning who $$;
reset role;
do $$
declare
  v_end jsonb;
begin
  perform rhythm.define_sql_task('writes', 'theirs.writes(jsonb)');
  v_end := test.done_by_tick('writes');
  if current_setting('server_version_num')::integer < 180000 then
    perform test.eq(v_end -> 'error' ->> 'message',
      'Cannot run the function of this task: it is not the owner''s, and neither is the deferrable trigger late on theirs.found', 'its trigger would run as we do');
  else
    perform test.eq(v_end ->> 'status', 'completed', 'its trigger runs as its owner');
  end if;
end;
$$;
