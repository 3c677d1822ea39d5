-- Children of workflows that run nothing of their own: another execution came first with their idempotency key.

create table rhythm.key_waiter (
  execution_id uuid not null,
  owner_id uuid not null,
  due boolean not null default false,
  key text not null,
  constraint key_waiter_pkey primary key (execution_id),
  constraint waits_for_another check (owner_id <> execution_id)
);

create index key_waiter_owner on rhythm.key_waiter (owner_id);
create index key_waiter_due on rhythm.key_waiter (execution_id) where due;

comment on table rhythm.key_waiter is 'Children that end as another execution does, which came first with their idempotency key.';
comment on column rhythm.key_waiter.execution_id is 'The child: a row of its own, so that its workflow waits for it as for any other, and cancels it alone.';
comment on column rhythm.key_waiter.owner_id is 'The execution that its key stands for. Never a key waiter itself.';
comment on column rhythm.key_waiter.due is 'due() is to look at it: a lock was in the way when it was made, or when the owner ended.';
comment on column rhythm.key_waiter.key is 'As in idempotency_key: retry() asks again which execution it stands for.';
comment on constraint waits_for_another on rhythm.key_waiter is 'Nothing ends as itself.';
comment on index rhythm.key_waiter_owner is 'Who is told of an end.';
comment on index rhythm.key_waiter_due is 'What due() looks at.';
