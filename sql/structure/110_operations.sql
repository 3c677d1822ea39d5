-- Operations: something that is done to many executions, in bounded pieces. A piece, its records and the place that it has reached
-- commit together, so that a crash loses and doubles nothing.

create table rhythm.operation (
  id uuid not null,
  action text not null,
  state text not null default 'running',
  dry_run boolean not null,
  is_looked boolean not null default false,
  filter jsonb not null,
  args jsonb not null,
  started_by text not null,
  created_at timestamptz not null,
  ended_at timestamptz,
  from_id uuid not null,
  until_id uuid not null,
  place uuid not null,
  looked bigint not null default 0,
  done bigint not null default 0,
  unchanged bigint not null default 0,
  refused bigint not null default 0,
  pace integer not null default 10,
  constraint operation_pkey primary key (id),
  constraint action_known check (action in ('cancel', 'retry', 'signal', 'pause', 'resume', 'change', 'migrate', 'repair')),
  constraint state_known check (state in ('running', 'stopped', 'completed')),
  constraint ended_at_iff_completed check ((ended_at is not null) = (state = 'completed'))
)
with (fillfactor = 50);

create index operation_running on rhythm.operation (id) where state = 'running';
create index operation_ended on rhythm.operation (ended_at) where ended_at is not null;

comment on table rhythm.operation is 'What is done to many executions. Read it through the view operations.';
comment on column rhythm.operation.dry_run is 'It only records what it would change.';
comment on column rhythm.operation.is_looked is 'It has looked at all executions. Only those that were locked are left.';
comment on column rhythm.operation.from_id is 'It looks at executions with this id and later ones.';
comment on column rhythm.operation.until_id is 'It looks at executions before this id: what is created after it began is not changed.';
comment on column rhythm.operation.place is 'It has looked at all executions up to this one.';
comment on column rhythm.operation.looked is 'How many executions it has looked at.';
comment on column rhythm.operation.done is 'How many it has changed, or would change.';
comment on column rhythm.operation.unchanged is 'How many there was nothing to change of.';
comment on column rhythm.operation.refused is 'How many refused the change.';
comment on column rhythm.operation.pace is 'At how many executions it looks at once: fewer, if that takes long.';
comment on index rhythm.operation_running is 'For chores(), which works on them.';
comment on index rhythm.operation_ended is 'For chores(), which deletes them after the retention.';

create table rhythm.operation_act (
  operation_id uuid not null,
  execution_id uuid not null,
  at timestamptz not null,
  result text,
  detail text,
  place jsonb,
  constraint operation_act_pkey primary key (operation_id, execution_id),
  constraint result_known check (result in ('done', 'would', 'unchanged', 'refused'))
);

create index operation_act_open on rhythm.operation_act (operation_id) where result is null;

comment on table rhythm.operation_act is 'What an operation did to each execution that fits its filter.';
comment on column rhythm.operation_act.result is 'Null: the execution was locked. The operation tries it again.';
comment on column rhythm.operation_act.detail is 'Why it refused.';
comment on column rhythm.operation_act.place is 'For migrate and repair: where the workflow stood, and where it goes on: {version, lines, to, how, why}.';
comment on index rhythm.operation_act_open is 'What an operation must try again.';
