-- Gates: where executions stop until somebody lets them on. What has come to one is parked there (batch.gate).

create table rhythm.gate (
  id integer generated always as identity,
  flow text not null,
  version integer,
  line integer,
  before text,
  condition jsonb not null,
  set_at timestamptz not null,
  set_by text not null,
  note text,
  constraint gate_pkey primary key (id),
  constraint line_or_task check ((line is null) <> (before is null)),
  constraint line_of_a_version check ((line is null) = (version is null)),
  constraint line_positive check (line > 0)
);

comment on table rhythm.gate is 'Gates. Usually empty: then nothing that workers do reads a page of it.';
comment on column rhythm.gate.flow is 'The flow whose executions stop there.';
comment on column rhythm.gate.version is 'The version of the flow to which the line belongs.';
comment on column rhythm.gate.line is 'What waited in this line does not go on from there.';
comment on column rhythm.gate.before is 'What the flow starts of this task does not begin.';
comment on column rhythm.gate.condition is 'Which executions of the flow, as in operation: {variables, metadata, queue, parent}.';
comment on column rhythm.gate.set_by is 'Who set it.';
comment on column rhythm.gate.note is 'Why, if that was said.';
