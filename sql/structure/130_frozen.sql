-- Copies of executions of other installations, to look at. Nothing runs them: their state in rhythm.execution is 4, which is as
-- over as 1, 2 and 3 are for everything that runs.

create table rhythm.frozen (
  execution_id uuid not null,
  status text not null,
  completed_at timestamptz,
  exported_at timestamptz not null,
  exported_from text not null,
  frozen_at timestamptz not null,
  frozen_by text not null,
  reasons jsonb not null,
  constraint frozen_pkey primary key (execution_id),
  constraint status_known check (status in ('pending', 'running', 'suspended', 'completed', 'failed', 'cancelled'))
);

comment on table rhythm.frozen is 'What import_execution() stored: executions of other installations, to look at, to fork and to rebuild. Nothing runs them.';
comment on column rhythm.frozen.status is 'Its status where it was exported.';
comment on column rhythm.frozen.completed_at is 'When it ended there; null: it had not.';
comment on column rhythm.frozen.exported_at is 'When it was exported.';
comment on column rhythm.frozen.exported_from is 'The database and the environment it comes from.';
comment on column rhythm.frozen.frozen_at is 'When it was imported. The setting retention counts from then.';
comment on column rhythm.frozen.frozen_by is 'Who imported it.';
comment on column rhythm.frozen.reasons is 'What explain() said of it there.';
