-- What people did: each act is recorded in the transaction that does it.

create table rhythm.audit_entry (
  id bigint generated always as identity,
  at timestamptz not null,
  by text,
  role text not null,
  act text not null,
  kind text not null,
  target text,
  why text,
  before jsonb,
  after jsonb,
  constraint audit_entry_pkey primary key (id)
);

create index audit_entry_target on rhythm.audit_entry (kind, target, id);

comment on table rhythm.audit_entry is 'What people did, and who. Read it with audit().';
comment on column rhythm.audit_entry.by is 'Who did it, as the process says that did it for them: the name of a token. Null: it did not say.';
comment on column rhythm.audit_entry.role is 'The database role that did it.';
comment on column rhythm.audit_entry.act is 'What was done: pause, retry, set …';
comment on column rhythm.audit_entry.kind is 'What it was done to: execution, queue, schedule …';
comment on column rhythm.audit_entry.target is 'The id or the name of that. Null: there is only one.';
comment on column rhythm.audit_entry.why is 'Why, if that was said.';
comment on column rhythm.audit_entry.before is 'What changed, as it was before.';
comment on column rhythm.audit_entry.after is 'What changed, as it was afterwards.';
comment on index rhythm.audit_entry_target is 'What was done to one thing.';
