-- Where workflows stand, for people. As in count_suspended(), above some 4,000 pages a sample is counted, and of many only some are opened.

drop function if exists rhythm.count_standing(text);
create or replace function rhythm.count_standing(p_flow text)
returns table (version integer, line integer, executions bigint)
language sql
stable
rows 100
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  with chosen as materialized (
    select s.execution_id, s.program, row_number() over () as nth
    from rhythm.workflow_state as s
      tablesample system (least(100, 100 * 4000 / (1 + pg_relation_size('rhythm.workflow_state') / 8192.0))) repeatable (0)
    where s.program in (select v.program from rhythm.flow_version as v where v.name = p_flow and v.code ? 'functions')
  ),
  size as materialized (
    select count(*) as chosen, greatest(1, count(*) / 500) as each from chosen as c
  ),
  -- Opening a snapshot costs more than finding it: some 500 of them are opened, spread evenly.
  opened as materialized (
    select c.execution_id, c.program, (o.snapshot -> 'h')::jsonb as heap
    from chosen as c cross join size as z
    left join lateral (
      select s.snapshot from rhythm.workflow_state as s
      where s.execution_id = c.execution_id and s.snapshot is not null
        and exists (select from rhythm.execution as x where x.id = s.execution_id and x.state = 0 offset 0)
      offset 0
    ) as o on true
    where c.nth % z.each = 0
  ),
  -- As in lines_of().
  place as materialized (
    select o.program, (o.heap -> (f.value ->> 1)::integer ->> 1)::integer as function, (f.value ->> 3)::integer as pc, count(distinct o.execution_id) as executions
    from opened as o cross join lateral jsonb_array_elements(case jsonb_typeof(o.heap) when 'array' then o.heap else '[]' end) as f (value)
    where f.value ->> 0 = '15' and f.value ->> 4 <> '-1'
    group by 1, 2, 3
  ),
  lined as (
    select v.version, rhythm.line_at(v.code, p.function, p.pc) as line, p.executions
    from place as p join rhythm.flow_version as v on v.program = p.program
  )
  select l.version, l.line,
    round(sum(l.executions) * greatest(1, pg_relation_size('rhythm.workflow_state') / 8192 / 4000.0) * (select z.chosen from size as z) / (select count(*) from opened as o))::bigint
  from lined as l group by l.version, l.line;
$$;

comment on function rhythm.count_standing(text) is
  'How many workflows of a flow stand in each line of each of its versions: exactly, or, if there are many hundreds, an estimate from a sample. A workflow with branches in several lines counts in each of them.';

drop function if exists rhythm.count_signal_waits();
create or replace function rhythm.count_signal_waits()
returns table (name text, flow text, version integer, executions bigint, lines integer[], oldest uuid, until timestamptz)
language sql
stable
rows 100
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  with chosen as materialized (
    select w.execution_id, w.name, w.timeout_at, row_number() over () as nth
    from rhythm.signal_wait as w
      tablesample system (least(100, 100 * 4000 / (1 + pg_relation_size('rhythm.signal_wait') / 8192.0))) repeatable (0)
    where w.signal_id is null and not w.timed_out
  ),
  kind as materialized (
    select c.name, count(*) as size, greatest(1, least(count(*) / 50, sum(count(*)) over () / 1000))::bigint as each
    from chosen as c group by c.name
    order by 2 desc, 1 limit 200
  ),
  looked as materialized (
    select c.name, c.execution_id, c.timeout_at, k.size, e.target, e.version
    from chosen as c
    join kind as k on k.name = c.name
    left join lateral (select x.target, x.version from rhythm.execution as x where x.id = c.execution_id and x.state = 0 offset 0) as e on true
    where c.nth % k.each = 0
  )
  select g.name, g.target, g.version, g.executions, rhythm.lines_of(g.oldest), g.oldest, g.until
  from (
    select l.name, l.target, l.version, (array_agg(l.execution_id order by l.execution_id))[1] as oldest, min(l.timeout_at) as until,
      round(count(*) * l.size::numeric / (select count(*) from looked as o where o.name = l.name)
        * greatest(1, pg_relation_size('rhythm.signal_wait') / 8192 / 4000.0))::bigint as executions
    from looked as l where l.target is not null
    group by l.name, l.size, l.target, l.version
    order by 6 desc, 1, 2, 3 limit 200
  ) as g;
$$;

comment on function rhythm.count_signal_waits() is
  'How many workflows wait for a signal, by its name, flow and version, the 200 largest groups: exactly, or, if there are some thousands, an estimate from a sample. '
  'oldest: the one of those that was created first; lines: where it stands; until: when the first of these waits times out.';

drop view if exists rhythm.signals;

create view rhythm.signals as
select s.id, s.execution_id, e.target, s.name, s.payload, s.sent_at, s.taken_by is not null as taken
from rhythm.signal as s
join rhythm.execution as e on e.id = s.execution_id;

comment on view rhythm.signals is
  'The signals that were sent to workflows. taken: the workflow has it; otherwise it is kept until the workflow waits for one of that name. For the newest first: order by id desc.';
