-- What executions are found by, said by themselves. For flows, their front matter says it.

create or replace function rhythm.tag_problem(p_variables jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when jsonb_typeof(p_variables) is distinct from 'object' or p_variables = '{}' or exists (
      select from jsonb_each(p_variables) as v (key, value)
      cross join lateral jsonb_array_elements(case jsonb_typeof(v.value) when 'array' then v.value else jsonb_build_array(v.value) end) as i (value)
      where jsonb_typeof(i.value) not in ('string', 'number', 'boolean') and (jsonb_typeof(i.value) <> 'null' or jsonb_typeof(v.value) = 'array')) then
      'p_variables must be an object of texts, numbers, booleans, arrays of them, and null for what must go: {"orderId": "1042"}'
    when exists (select from jsonb_object_keys(p_variables) as k (name) where k.name !~ '^[^=]{1,100}$') then
      'The name of a variable must have 1 to 100 characters, and no ='
  end;
end;
$$;

comment on function rhythm.tag_problem(jsonb) is 'Why these cannot be variables that an execution is found by; null if they can. Internal.';

-- A number is written as first_tags() writes it, and the language.
create or replace function rhythm.changed_tags(p_tags text[], p_variables jsonb)
returns text[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rhythm.stored_tags(
    array(select t.tag from unnest(p_tags) with ordinality as t (tag, nth) where not p_variables ? split_part(t.tag, '=', 1) order by t.nth)
    || array(
      select distinct v.key || '=' || left(case jsonb_typeof(i.value) when 'number' then trim_scale((i.value #>> '{}')::numeric)::text else i.value #>> '{}' end, 200)
      from jsonb_each(p_variables) as v (key, value)
      cross join lateral jsonb_array_elements(case jsonb_typeof(v.value)
        when 'array' then jsonb_path_query_array(v.value, '$[0 to 19]') else jsonb_build_array(v.value) end) as i (value)
      where jsonb_typeof(i.value) <> 'null'
      order by 1));
end;
$$;

comment on function rhythm.changed_tags(text[], jsonb) is 'Tags with other values of these variables. Internal.';

-- Locks: executions, in order.
create or replace function rhythm.tag_these(p_tags rhythm.step_news[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_news rhythm.step_news;
begin
  for v_news in select n.* from unnest(p_tags) as n order by n.execution_id, n.seq loop
    update rhythm.execution as e set tags = rhythm.changed_tags(e.tags, v_news.variables) where e.id = v_news.execution_id;
  end loop;
end;
$$;

comment on function rhythm.tag_these(rhythm.step_news[]) is 'Changes what the workflows of saved steps are found by. Internal.';

create or replace function rhythm.tag(p_execution uuid, p_variables jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_problem constant text := rhythm.tag_problem(p_variables);
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.refuse_frozen(array[p_execution], 'Cannot tag');
  perform from rhythm.execution as e
  join rhythm.flow_version as v on v.name = e.target and v.version = e.version
  where e.id = p_execution and e.type = 'workflow' and v.code <> '{"language": "typescript"}';
  if found then
    perform rhythm.raise('RH003', format('Cannot tag execution %s: it is a flow', p_execution), 'Name the variables that it is found by in its front matter: index: [orderId]');
  end if;
  update rhythm.execution as e set tags = rhythm.changed_tags(e.tags, p_variables) where e.id = p_execution;
  if not found then
    perform rhythm.raise('RH002', format('Cannot tag: there is no execution %s', coalesce(p_execution::text, 'null')));
  end if;
  perform rhythm.record_named('tag', array[p_execution], p_after => p_variables);
end;
$$;

comment on function rhythm.tag(uuid, jsonb) is
  'Sets variables that a workflow in TypeScript or a task is found by, as find(), lists and operations use them. Other variables stay; null removes one. Of flows, the front matter says it. '
  'Example: select rhythm.tag(''…'', ''{"orderId": "1042"}'');';
