-- Failures of one kind, counted. An end notes its failure in a row of its own, so that failing executions do not wait for each
-- other. chores() counts the notes.

create table rhythm.failure_note (
  execution_id uuid not null,
  fingerprint bigint not null,
  at timestamptz not null
)
with (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);

comment on table rhythm.failure_note is 'Failures that chores() has not counted yet.';
comment on column rhythm.failure_note.fingerprint is 'What failures of the same kind share.';

create table rhythm.failure (
  fingerprint bigint not null,
  state text not null default 'new',
  type text not null,
  target text not null,
  error_type text,
  message text,
  count bigint not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  example_id uuid not null,
  versions integer[] not null default '{}',
  changed_at timestamptz,
  changed_by text,
  note text,
  constraint failure_pkey primary key (fingerprint),
  constraint state_known check (state in ('new', 'known', 'resolved', 'ignored'))
)
with (fillfactor = 70);

create index failure_last on rhythm.failure (last_at);

comment on table rhythm.failure is 'The kinds of failures. Read it through the view failures.';
comment on column rhythm.failure.message is 'The message of the last one, with # for what differs.';
comment on column rhythm.failure.example_id is 'The execution that failed last.';
comment on column rhythm.failure.versions is 'For a workflow: the last ten versions of the flow that failed in this way.';
comment on column rhythm.failure.changed_at is 'When a person set its state.';
comment on index rhythm.failure_last is 'For chores(), which forgets them after the retention.';

create table rhythm.failure_hour (
  fingerprint bigint not null,
  hour timestamptz not null,
  count bigint not null,
  constraint failure_hour_pkey primary key (fingerprint, hour)
)
with (fillfactor = 70);

create index failure_hour_old on rhythm.failure_hour (hour);

comment on table rhythm.failure_hour is 'How often each kind of failure came, by the hour, for a week.';
comment on index rhythm.failure_hour_old is 'For chores(), which deletes what is older than a week.';

create table rhythm.failure_hook (
  name text not null,
  event text not null,
  filter jsonb not null,
  type text not null,
  target text not null,
  url text,
  secret text,
  queue text,
  created_at timestamptz not null,
  created_by text not null,
  started bigint not null default 0,
  last_at timestamptz,
  last_id uuid,
  problem text,
  constraint failure_hook_pkey primary key (name),
  constraint event_known check (event in ('new', 'failed')),
  constraint type_known check (type in ('workflow', 'task'))
);

create table rhythm.failure_hook_call (
  hook text not null,
  fingerprint bigint not null,
  at timestamptz not null,
  constraint failure_hook_call_pkey primary key (hook, fingerprint)
);

comment on table rhythm.failure_hook_call is 'When a hook called its address last for a kind of failures, so that a flood of failures does not become a flood of calls.';
comment on column rhythm.failure_hook_call.hook is 'The hook.';
comment on column rhythm.failure_hook_call.fingerprint is 'The kind.';
comment on column rhythm.failure_hook_call.at is 'When.';
comment on constraint failure_hook_call_pkey on rhythm.failure_hook_call is 'The last call counts.';

comment on table rhythm.failure_hook is 'What to start, or which address to call, when executions fail. Read it through the view failure_hooks, which shows no address and no secret.';
comment on column rhythm.failure_hook.event is 'new: for the first failure of a kind that is new. failed: for each execution that fails.';
comment on column rhythm.failure_hook.filter is 'Which executions, as in operation.';
comment on column rhythm.failure_hook.url is 'The HTTP address to call. Null: it starts a task or a flow.';
comment on column rhythm.failure_hook.secret is 'With which calls are signed.';
comment on column rhythm.failure_hook.started is 'How many executions it has started.';
comment on column rhythm.failure_hook.problem is 'Why the last one could not be started.';
