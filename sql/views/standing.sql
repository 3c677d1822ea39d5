-- Where workflows stand, for people. As count_suspended(), above some 4,000 pages a sample is counted.

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
    select s.execution_id, s.program
    from rhythm.workflow_state as s
      tablesample system (least(100, 100 * 4000 / (1 + pg_relation_size('rhythm.workflow_state') / 8192.0))) repeatable (0)
    cross join lateral (select from rhythm.execution as x where x.id = s.execution_id and x.state = 0 offset 0) as e
    where s.program in (select v.program from rhythm.flow_version as v where v.name = p_flow and v.code ? 'functions')
  ),
  -- Opening a snapshot costs more than finding it.
  opened as materialized (
    select c.execution_id, c.program, (o.snapshot -> 'h')::jsonb as heap
    from (select c.execution_id, c.program from chosen as c limit 500) as c
    cross join lateral (
      select s.snapshot from rhythm.workflow_state as s where s.execution_id = c.execution_id and s.snapshot is not null offset 0
    ) as o
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
    round(sum(l.executions) * greatest(1, pg_relation_size('rhythm.workflow_state') / 8192 / 4000.0) * greatest(1, (select count(*) from chosen) / 500.0))::bigint
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
  select g.name, g.target, g.version, g.executions, rhythm.lines_of(g.oldest), g.oldest, g.until
  from (
    select w.name, e.target, e.version, (array_agg(w.execution_id order by w.execution_id))[1] as oldest, min(w.timeout_at) as until,
      round(count(*) * greatest(1, pg_relation_size('rhythm.signal_wait') / 8192 / 4000.0))::bigint as executions
    from rhythm.signal_wait as w
      tablesample system (least(100, 100 * 4000 / (1 + pg_relation_size('rhythm.signal_wait') / 8192.0))) repeatable (0)
    cross join lateral (select x.target, x.version from rhythm.execution as x where x.id = w.execution_id and x.state = 0 offset 0) as e
    where w.signal_id is null and not w.timed_out
    group by w.name, e.target, e.version
    order by 6 desc, 1, 2, 3 limit 200
  ) as g;
$$;

comment on function rhythm.count_signal_waits() is
  'How many workflows wait for a signal, by its name, flow and version, the 200 largest groups: exactly, or, if there are many thousands, an estimate from a sample. '
  'oldest: the one that was created first; lines: where it stands; until: when the first of these waits times out.';

drop view if exists rhythm.signals;

create view rhythm.signals as
select s.id, s.execution_id, e.target, s.name, s.payload, s.sent_at, s.taken_by is not null as taken
from rhythm.signal as s
join rhythm.execution as e on e.id = s.execution_id;

comment on view rhythm.signals is
  'The signals that were sent to workflows. taken: the workflow has it; otherwise it is kept until the workflow waits for one of that name. For the newest first: order by id desc.';
