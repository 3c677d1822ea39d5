-- Children of workflows that do not run, because another execution came first with their idempotency key.

create table rhythm.key_waiter (
  execution_id uuid not null,
  owner_id uuid not null,
  due boolean not null default false,
  rejects boolean not null default false,
  key text not null,
  constraint key_waiter_pkey primary key (execution_id),
  constraint waits_for_another check (owner_id <> execution_id)
);

create index key_waiter_owner on rhythm.key_waiter (owner_id);
create index key_waiter_due on rhythm.key_waiter (execution_id) where due;

comment on table rhythm.key_waiter is 'Children that end as another execution does, which came first with their idempotency key.';
comment on column rhythm.key_waiter.execution_id is 'The child. It has its own execution, so that its workflow waits for it as for any other child, and can cancel it alone.';
comment on column rhythm.key_waiter.owner_id is 'The execution to which its key belongs. Never a key waiter itself.';
comment on column rhythm.key_waiter.due is 'due() must look at it, because it could not be locked when it was made, or when the owner ended.';
comment on column rhythm.key_waiter.rejects is 'It does not wait: it fails, because its start asked for that (on_conflict: reject).';
comment on column rhythm.key_waiter.key is 'As in idempotency_key: retry() asks again which execution it stands for.';
comment on constraint waits_for_another on rhythm.key_waiter is 'An execution cannot wait for itself.';
comment on index rhythm.key_waiter_owner is 'The waiters of an owner that has ended.';
comment on index rhythm.key_waiter_due is 'For due().';
