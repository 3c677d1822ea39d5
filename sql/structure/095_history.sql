-- What people did to workflows, and what the journal alone could not rebuild.

create table rhythm.base (
  execution_id uuid not null,
  step integer not null,
  epoch integer not null,
  at timestamptz not null,
  act text not null,
  by text not null,
  note text,
  program text not null,
  was text,
  snapshot json not null,
  constraint base_pkey primary key (execution_id, step),
  constraint act_known check (act in ('edited', 'rewound', 'forked', 'migrated', 'repaired', 'continued'))
);

alter table rhythm.base alter column snapshot set storage external;

comment on table rhythm.base is 'Snapshots of workflows that a person changed. Rebuilding a later state begins with the newest one before it.';
comment on column rhythm.base.snapshot is 'The state. JSON null: it started over, with the inputs of its execution.';
comment on column rhythm.base.step is 'The number that the change has among the steps. The snapshot is the state after it.';
comment on column rhythm.base.was is 'The program before, if it was another one.';
comment on column rhythm.base.epoch is 'The epoch from then on.';

create table rhythm.taken_end (
  execution_id uuid not null,
  item uuid not null,
  step integer not null,
  settled jsonb not null,
  constraint taken_end_pkey primary key (execution_id, item, step)
);

comment on table rhythm.taken_end is 'The ends of children as their workflows took them, where retry() has begun the child again since.';
comment on column rhythm.taken_end.step is 'The last step that took this end. A later step took a later end.';
comment on column rhythm.taken_end.settled is 'As the workflow got it: see settled_items().';

create table rhythm.pairing (
  from_program text not null,
  to_program text not null,
  pairs jsonb not null,
  constraint pairing_pkey primary key (from_program, to_program),
  constraint pairs_is_object check (jsonb_typeof(pairs) = 'object')
);

comment on table rhythm.pairing is 'Where workflows that stand somewhere in one version of a flow go on in another one. The language makes it.';
comment on column rhythm.pairing.pairs is 'By function and instruction, as {"0:17": {"to": "0:19", "how": "sure", "line": 3, "toLine": 4}}.';
