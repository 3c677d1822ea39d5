-- Operations, for people.

drop view if exists rhythm.operations;

create view rhythm.operations as
select
  o.id, o.action, o.state, o.dry_run, o.filter, o.args, o.started_by, o.created_at, o.ended_at, o.looked, o.done, o.unchanged, o.refused,
  (select count(*) from rhythm.operation_act as a where a.operation_id = o.id and a.result is null) as locked
from rhythm.operation as o;

comment on view rhythm.operations is
  'What is done to many executions by operate(): how many were looked at, changed (done), had nothing to change, refused it, or are still locked by others. For the newest first: order by id desc.';

drop view if exists rhythm.operation_acts;

create view rhythm.operation_acts as
select a.operation_id, o.action, o.started_by, a.execution_id, a.at, a.result, a.detail, a.place
from rhythm.operation_act as a
join rhythm.operation as o on o.id = a.operation_id;

comment on view rhythm.operation_acts is 'What operations did to each execution: who, when, what, to whom, with which result. Kept for the setting retention.';
