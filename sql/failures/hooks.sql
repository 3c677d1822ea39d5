-- Hooks: what to start when executions fail. A hook starts an execution as anybody could. So it survives crashes and is repeated like
-- any other, and a call of an HTTP address is a task that every worker has.

create or replace function rhythm.hook_problem(p_hook rhythm.failure_hook)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_fields constant text[] := '{type,target,version,queue,parent,fingerprint,line,variables,metadata}';
begin
  return coalesce(rhythm.name_problem('hook', p_hook.name), case
    when p_hook.event is null or p_hook.event not in ('new', 'failed') then format('There is no event "%s" of hooks: expected new or failed', p_hook.event)
    when p_hook.type is null or p_hook.type not in ('task', 'workflow') then format('"%s" cannot be the type of a hook: expected task or workflow', p_hook.type)
    when (p_hook.target is null) = (p_hook.url is null) then 'A hook needs either p_target or url'
    when length(p_hook.url) > 2000 or p_hook.url !~ '^https?://[^\s/]+(/\S*)?$' then 'url must be an address such as https://example.org/alerts'
    when length(p_hook.secret) > 500 then 'secret must have at most 500 characters'
    when p_hook.secret is not null and p_hook.url is null then 'secret needs url: it signs the calls'
    when jsonb_typeof(p_hook.filter) is distinct from 'object' then 'filter must be an object: {"target": "charge"}'
    when p_hook.filter - c_fields <> '{}' then 'There is no ' || rhythm.unknown_option(p_hook.filter, c_fields)
    when p_hook.filter <> '{}' then rhythm.filter_problem(p_hook.filter)
  end, case when p_hook.target is not null then rhythm.name_problem(p_hook.type, p_hook.target) end,
    case when p_hook.queue is not null then rhythm.name_problem('queue', p_hook.queue) end);
end;
$$;

comment on function rhythm.hook_problem(rhythm.failure_hook) is 'What is wrong with a hook; null if nothing is. Internal.';

-- Neither the stack nor the data of the error: an address may belong to somebody else. Who may read executions finds them by the id.
create or replace function rhythm.hook_request(p_hook rhythm.failure_hook, p_note rhythm.failure_note)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rhythm.request(p_hook.type, coalesce(p_hook.target, 'rhythm.call'), (
    select jsonb_build_object('hook', p_hook.name, 'event', p_hook.event, 'failedAt', p_note.at,
      'failure', jsonb_build_object('fingerprint', p_note.fingerprint::text, 'state', f.state, 'count', f.count, 'firstAt', f.first_at),
      'execution', jsonb_build_object('id', e.id, 'type', e.type, 'target', e.target, 'version', e.version, 'queue', e.queue, 'parentId', e.parent_id,
        'metadata', coalesce(e.metadata, '{}')),
      'error', jsonb_strip_nulls(jsonb_build_object('type', e.error -> 'type', 'message', left(e.error ->> 'message', 2000), 'code', e.error -> 'code', 'at', e.error -> 'at')))
    from (select p_note.execution_id as id) as i
    left join rhythm.execution as e on e.id = i.id
    left join rhythm.failure as f on f.fingerprint = p_note.fingerprint),
    jsonb_build_object('queue', p_hook.queue, 'metadata', jsonb_build_object('rhythm_hook', p_hook.name))
      || case when p_hook.url is null then '{}'::jsonb else '{"retry": {"max_attempts": 12, "initial": "2s", "max": "1h"}, "timeout": "30s"}' end);
end;
$$;

comment on function rhythm.hook_request(rhythm.failure_hook, rhythm.failure_note) is 'What a hook starts for a failure, in the form of create_many(). Internal.';

-- What a hook started, and all below it, calls no hook: a hook whose task fails does not start itself again.
create or replace function rhythm.hook_notes(p_hook rhythm.failure_hook, p_notes rhythm.failure_note[])
returns rhythm.failure_note[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select n from unnest(p_notes) as n
    cross join lateral (select x.root_id, x.metadata from rhythm.execution as x where x.id = n.execution_id offset 0) as e
    left join lateral (select x.metadata from rhythm.execution as x where x.id = e.root_id offset 0) as r on true
    where not coalesce(r.metadata, e.metadata, '{}') ? 'rhythm_hook'
      and (p_hook.filter = '{}' or rhythm.fitting(p_hook.filter, array[n.execution_id]) <> '{}')
    order by n.at, n.execution_id);
end;
$$;

comment on function rhythm.hook_notes(rhythm.failure_hook, rhythm.failure_note[]) is 'The failures for which a hook is called. Internal.';

-- An address is called once for each kind and interval. The next call says how many there were.
create or replace function rhythm.not_called_lately(p_hook rhythm.failure_hook, p_notes rhythm.failure_note[])
returns rhythm.failure_note[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_interval constant interval := rhythm.setting('hook_interval')::interval;
  v_notes rhythm.failure_note[];
begin
  if v_interval = '0' then
    return p_notes;
  end if;
  v_notes := array(
    select distinct on (n.fingerprint) n from unnest(p_notes) as n
    where not exists (
      select from rhythm.failure_hook_call as c where c.hook = p_hook.name and c.fingerprint = n.fingerprint and c.at > n.at - v_interval and c.at <= n.at)
    order by n.fingerprint, n.at, n.execution_id);
  insert into rhythm.failure_hook_call as c (hook, fingerprint, at)
  select p_hook.name, n.fingerprint, n.at from unnest(v_notes) as n
  on conflict (hook, fingerprint) do update set at = excluded.at;
  return array(select n from unnest(v_notes) as n order by n.at, n.execution_id);
end;
$$;

comment on function rhythm.not_called_lately(rhythm.failure_hook, rhythm.failure_note[]) is 'The failures for which a hook calls its address: the first of each kind and interval. Internal.';

-- An error is stored on the hook and not thrown, so that a flow that is missing does not stop the others.
create or replace function rhythm.call_hooks(p_notes rhythm.failure_note[], p_new bigint[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_first constant rhythm.failure_note[] := array(
    select distinct on (n.fingerprint) n from unnest(p_notes) as n where n.fingerprint = any (p_new) order by n.fingerprint, n.at, n.execution_id);
  v_hook rhythm.failure_hook;
  v_notes rhythm.failure_note[];
  v_ids uuid[];
begin
  for v_hook in select h.* from rhythm.failure_hook as h order by h.name loop
    v_notes := rhythm.hook_notes(v_hook, case v_hook.event when 'new' then v_first else p_notes end);
    if v_hook.url is not null then
      v_notes := rhythm.not_called_lately(v_hook, v_notes);
    end if;
    continue when v_notes = '{}';
    begin
      v_ids := array(select c.id from rhythm.create_many((select jsonb_agg(rhythm.hook_request(v_hook, n)) from unnest(v_notes) as n)) as c (id));
      update rhythm.failure_hook as h
      set started = h.started + cardinality(v_ids), last_at = rhythm.now(), last_id = v_ids[cardinality(v_ids)], problem = null
      where h.name = v_hook.name;
    exception
      when others then
        if not rhythm.is_data_error(sqlstate) then
          raise;
        end if;
        update rhythm.failure_hook as h set problem = left(sqlerrm, 2000) where h.name = v_hook.name;
    end;
  end loop;
end;
$$;

comment on function rhythm.call_hooks(rhythm.failure_note[], bigint[]) is 'Starts what hooks start for failures; p_new: the kinds that are new. Part of chores().';

-- Neither the address nor the secret: an address may have a secret in it.
create or replace function rhythm.hook_said(p_name text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_strip_nulls(to_jsonb(h)) from (
    select f.event, f.filter, f.type, f.target, f.host, f.queue, f.is_signed from rhythm.failure_hooks as f where f.name = p_name
  ) as h;
$$;

comment on function rhythm.hook_said(text) is 'What people said a hook does, for records of acts. Internal.';

create or replace function rhythm.set_failure_hook(
  p_name text,
  p_target text default null,
  p_type text default 'task',
  p_event text default 'new',
  url text default null,
  secret text default null,
  filter jsonb default '{}',
  queue text default null,
  p_by text default null
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names constant record := rhythm.pause_names(null, p_by);
  v_old constant jsonb := rhythm.hook_said(p_name);
  v_hook rhythm.failure_hook;
  v_problem text;
begin
  v_hook.name := p_name;
  v_hook.event := p_event;
  v_hook.filter := coalesce(set_failure_hook.filter, '{}');
  v_hook.type := p_type;
  v_hook.target := p_target;
  v_hook.url := set_failure_hook.url;
  v_hook.secret := nullif(set_failure_hook.secret, '');
  v_hook.queue := set_failure_hook.queue;
  v_problem := rhythm.hook_problem(v_hook);
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  elsif p_type = 'workflow' and not exists (select from rhythm.flow as f where f.name = p_target) then
    perform rhythm.raise('RH004', format('There is no flow "%s"', p_target), rhythm.did_you_mean(p_target, array(select f.name from rhythm.flow as f order by f.name)));
  end if;
  insert into rhythm.failure_hook as h (name, event, filter, type, target, url, secret, queue, created_at, created_by)
  values (p_name, p_event, v_hook.filter, p_type, coalesce(p_target, 'rhythm.call'), v_hook.url, v_hook.secret, v_hook.queue, rhythm.now(), v_names.by_whom)
  on conflict (name) do update
  set event = excluded.event, filter = excluded.filter, type = excluded.type, target = excluded.target, url = excluded.url, secret = excluded.secret,
    queue = excluded.queue, created_at = excluded.created_at, created_by = excluded.created_by, problem = null;
  perform rhythm.record('set', 'hook', p_name, p_before => v_old, p_after => rhythm.hook_said(p_name));
  if p_type = 'task' and p_target is not null then
    perform rhythm.tell_odd(array[rhythm.odd_task(p_target), rhythm.odd_queue(v_hook.queue)]);
  end if;
end;
$$;

comment on function rhythm.set_failure_hook(text, text, text, text, text, text, jsonb, text, text) is
  'Creates or replaces a hook: a task or flow (p_target, p_type) to start, or an HTTP address (url) to call, when executions fail. p_event: new, for each kind of failures that is new; failed, for each execution. '
  'filter: which executions, as in operate(). secret: calls of the address are signed with it. Example: select rhythm.set_failure_hook(''alerts'', url => ''https://example.org/alerts'', secret => ''…'');';

create or replace function rhythm.remove_failure_hook(p_name text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old constant jsonb := rhythm.hook_said(p_name);
begin
  delete from rhythm.failure_hook_call as c where c.hook = p_name;
  delete from rhythm.failure_hook as h where h.name = p_name;
  if not found then
    return false;
  end if;
  perform rhythm.record('remove', 'hook', p_name, p_before => v_old);
  return true;
end;
$$;

comment on function rhythm.remove_failure_hook(text) is 'Removes a hook; false if there is none of this name.';

create or replace function rhythm.hook_address(p_execution uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_build_object('url', h.url, 'secret', h.secret)
    from rhythm.execution as e join rhythm.failure_hook as h on h.name = e.metadata ->> 'rhythm_hook'
    where e.id = p_execution and e.type = 'task' and e.target = 'rhythm.call' and e.state = 0 and h.url is not null);
end;
$$;

comment on function rhythm.hook_address(uuid) is
  'For workers: the address that a call of a hook is for, and the secret to sign it with. Null: the hook was removed, or the execution has ended.';
