-- Each act is recorded with who did it, and what changed. What changes nothing is not recorded.
create function pg_temp.acts() returns text[] language sql as $$
  select array(select format('%s %s %s %s %s', a.act, a.kind, coalesce(a.why, '-'), coalesce(a.before::text, '-'), coalesce(a.after::text, '-')) from rhythm.audit_entry as a order by a.id)
$$;

do $$
declare
  w constant uuid := test.worker();
  t uuid;
  v_first bigint;
begin
  t := rhythm.queue('t');
  perform rhythm.cancel(t, 'by a program');
  perform test.eq(pg_temp.acts(), '{}'::text[], 'what clients do all day is not recorded');

  perform set_config('rhythm' || '.by', 'ada', true);
  t := rhythm.queue('t');
  perform test.eq(rhythm.pause_execution(t, 'look'), true, 'paused');
  perform test.eq(rhythm.pause_execution(t), false, 'once');
  perform rhythm.resume_execution(t);
  perform rhythm.cancel(t, 'enough');
  perform rhythm.cancel(t, 'enough');
  perform rhythm.retry(t);
  perform rhythm.tag(t, '{"order": 7}');
  perform test.eq((select array_agg(distinct format('%s %s %s', a.by, a.role, a.target)) from rhythm.audit_entry as a), array[format('ada %s %s', session_user, t)], 'who, and to what');
  perform test.eq(pg_temp.acts(), array['start execution - - -', 'pause execution look - -', 'resume execution - - -', 'cancel execution enough - -',
    'retry execution - {"status": "cancelled"} -', 'tag execution - - {"order": 7}'], 'executions');
  perform test.eq((select e.paused_by from rhythm.executions as e where e.id = t), null::text, 'it goes on');
  delete from rhythm.audit_entry;

  perform set_config('rhythm' || '.by', '', true);
  perform rhythm.configure_queue('q', concurrency => 2);
  perform rhythm.configure_queue('q', concurrency => 2);
  perform rhythm.configure_queue('q', concurrency => 3);
  perform rhythm.pause_queue('q', p_by => 'eve');
  perform rhythm.pause_queue('q');
  perform rhythm.resume_queue('q');
  perform rhythm.configure_key('q', 'k', rate => 5);
  perform rhythm.pause_key('q', 'k', 'loud');
  perform rhythm.resume_key('q', 'k');
  perform rhythm.pause_flow('f');
  perform rhythm.resume_flow('f');
  perform rhythm.pause_everything('night');
  perform rhythm.resume_everything();
  perform rhythm.resume_everything();
  perform test.eq(pg_temp.acts(), array['limit queue - - {"concurrency": 2}', 'limit queue - {"concurrency": 2} {"concurrency": 3}', 'pause queue - - -', 'resume queue - - -',
    'limit key - - {"rate": 5, "per_ms": 1000}', 'pause key loud - -', 'resume key - - -', 'pause flow - - -', 'resume flow - - -', 'pause everything night - -',
    'resume everything - - -'], 'queues and pauses');
  perform test.eq((select array_agg(distinct coalesce(a.by, a.role)) from rhythm.audit_entry as a), array[session_user::text], 'without a name, the role');
  delete from rhythm.audit_entry;

  perform rhythm.schedule('s', '@daily', 't', type => 'task');
  perform rhythm.schedule('s', '@daily', 't', type => 'task');
  perform rhythm.schedule('s', '@hourly', 't', type => 'task');
  perform test.eq((select (a.before ->> 'cron') || (a.after ->> 'cron') from rhythm.audit_entry as a order by a.id desc limit 1), '@daily@hourly', 'what a schedule was');
  perform rhythm.pause_schedule('s');
  perform rhythm.resume_schedule('s');
  perform rhythm.resume_schedule('s');
  perform rhythm.trigger_schedule('s');
  perform rhythm.unschedule('s');
  perform rhythm.unschedule('s');
  perform test.eq((select array_agg(a.act order by a.id) from rhythm.audit_entry as a), '{set,set,pause,resume,trigger,remove}'::text[], 'schedules');
  delete from rhythm.audit_entry;

  perform rhythm.register_flow('f', 'return 1', '{}');
  perform rhythm.register_flow('f', 'return 1', '{}');
  perform rhythm.register_flow('f', 'return 2', '{}');
  perform rhythm.set_flow_version('f', 1);
  perform rhythm.remove_gate(rhythm.set_gate('f', p_before => 't', p_note => 'first'));
  perform rhythm.set_failure_hook('h', url => 'https://u:pw@example.org/path?key=1', secret => 'deep');
  perform rhythm.remove_failure_hook('h');
  perform rhythm.configure('max_crashes', '4');
  perform rhythm.define_sql_task('d', 'pg_catalog.jsonb_typeof(jsonb)');
  perform rhythm.undefine_sql_task('none');
  perform rhythm.operate('cancel', '{"target": "t"}', '{"reason": "flood"}');
  perform test.eq(array(select x from unnest(pg_temp.acts()) as x where x not like 'define %'), array['deploy flow - {"version": null} {"version": 1}', 'deploy flow - {"version": 1} {"version": 2}', 'deploy flow - {"version": 2} {"version": 1}',
    'set gate first - {"flow": "f", "before": "t", "condition": {}}', 'remove gate - {"flow": "f", "before": "t", "condition": {}} -',
    'set hook - - {"host": "example.org", "type": "task", "event": "new", "filter": {}, "target": "rhythm.call", "is_signed": true}',
    'remove hook - {"host": "example.org", "type": "task", "event": "new", "filter": {}, "target": "rhythm.call", "is_signed": true} -',
    'set setting - "3" "4"', 'start operation flood - {"args": {"reason": "flood"}, "action": "cancel", "filter": {"target": "t"}, "dry_run": false}'], 'the rest');
  v_first := (select min(a.id) from rhythm.audit_entry as a);

  perform test.eq((select count(*) from rhythm.audit('{"kind": "flow", "target": "f"}')), 3::bigint, 'found by what it was done to');
  perform test.eq((select count(*) from rhythm.audit('{}', p_cursor => v_first + 2)), 2::bigint, 'a page');
  perform test.eq((select a.id from rhythm.audit(p_limit => 1) as a), (select max(a.id) from rhythm.audit_entry as a), 'the latest first');
  perform test.eq((select count(*) from rhythm.audit('{"by": "nobody"}')), 0::bigint, 'by nobody');
  perform test.raises('select rhythm.audit(''{"who": "a"}'')', 'RH001', 'There is no');

  -- An operation records what it did to each execution itself.
  delete from rhythm.audit_entry;
  perform rhythm.tick();
  perform test.pass('2 seconds');
  perform rhythm.tick();
  perform test.eq(pg_temp.acts(), '{}'::text[], 'the pieces of an operation');

  perform rhythm.pause_queue('q');
  perform test.pass('401 days');
  perform test.eq(rhythm.forget_acts(100, rhythm.now()), true, 'all that is old');
  perform test.eq(pg_temp.acts(), '{}'::text[], 'forgotten after the retention');
end;
$$;
