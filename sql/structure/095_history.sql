-- What people did to workflows, and what the journal alone could not rebuild.

create table rhythm.base (
  execution_id uuid not null,
  step integer not null,
  epoch smallint not null,
  at timestamptz not null,
  act text not null,
  by text not null,
  note text,
  program text not null,
  snapshot json not null,
  constraint base_pkey primary key (execution_id, step),
  constraint act_known check (act in ('edited', 'rewound', 'forked', 'migrated', 'repaired'))
);

alter table rhythm.base alter column snapshot set storage external;

comment on table rhythm.base is 'Snapshots of workflows that a person changed. Rebuilding a later state begins with the newest one before it.';
comment on column rhythm.base.step is 'The number that the change has among the steps. The snapshot is the state after it.';
comment on column rhythm.base.epoch is 'The epoch from then on.';

create table rhythm.taken_end (
  execution_id uuid not null,
  item uuid not null,
  settled jsonb not null,
  constraint taken_end_pkey primary key (execution_id, item)
);

comment on table rhythm.taken_end is 'The ends of children as their workflows took them, where retry() has begun the child again since.';
comment on column rhythm.taken_end.settled is 'As the workflow got it: see settled_items().';
