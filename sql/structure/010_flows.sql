-- What can be started: flows with their versions, and what is known of tasks.

create table rhythm.flow_version (
  program text not null,
  name text not null,
  version integer not null,
  source text not null,
  code jsonb not null,
  input_schema jsonb,
  options jsonb not null default '{}',
  description text,
  found_by text[],
  created_at timestamptz not null,
  constraint flow_version_pkey primary key (program),
  constraint flow_version_number unique (name, version),
  constraint version_positive check (version > 0),
  constraint options_is_object check (jsonb_typeof(options) = 'object')
);

comment on table rhythm.flow_version is 'Every text of a flow that was ever registered, with its compiled program. Rows never change, because running executions use them.';
comment on column rhythm.flow_version.program is 'The key by which executions name it: the SHA-256 of the flow''s name and source.';
comment on column rhythm.flow_version.code is 'The compiled program, which only the language reads.';
comment on column rhythm.flow_version.found_by is 'The variables that its executions are found by: index of its front matter. Null: none.';
comment on column rhythm.flow_version.options is 'Defaults of its executions: queue, priority, timeout, retry.';

create table rhythm.flow (
  name text not null,
  program text not null,
  updated_at timestamptz not null,
  deployed_at timestamptz not null,
  constraint flow_pkey primary key (name),
  constraint flow_program foreign key (program) references rhythm.flow_version (program)
);

comment on table rhythm.flow is 'The version of each flow on which new executions start.';

create table rhythm.deploy (
  id text not null,
  first_seen_at timestamptz not null,
  constraint deploy_pkey primary key (id)
);

comment on table rhythm.deploy is 'The deploys that programs named when they registered flows. Of two, the one that was seen first is the older.';

create table rhythm.task (
  name text not null,
  options jsonb not null default '{}',
  sql_function text,
  updated_at timestamptz not null,
  constraint task_pkey primary key (name),
  constraint options_is_object check (jsonb_typeof(options) = 'object')
);

comment on table rhythm.task is 'Registered tasks: the defaults of their executions, and the SQL function if that is the handler. A task that is not here can be queued, too.';
