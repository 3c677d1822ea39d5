-- Children of workflows that run nothing of their own: another execution came first with their idempotency key.

create table rhythm.follower (
  execution_id uuid not null,
  leader_id uuid not null,
  due boolean not null default false,
  key text not null,
  constraint follower_pkey primary key (execution_id),
  constraint follower_execution foreign key (execution_id) references rhythm.execution (id) on delete cascade,
  constraint follows_another check (leader_id <> execution_id)
);

create index follower_leader on rhythm.follower (leader_id);
create index follower_due on rhythm.follower (execution_id) where due;

comment on table rhythm.follower is 'Children that end as another execution does, which came first with their idempotency key. Suspended until then.';
comment on column rhythm.follower.execution_id is 'The child: a row of its own, so that its workflow waits for it as for any other, and cancels it alone.';
comment on column rhythm.follower.leader_id is 'The execution that its key stands for. Never a follower itself.';
comment on column rhythm.follower.due is 'tick() is to look after it: a lock was in the way when it was made, or when its leader ended.';
comment on column rhythm.follower.key is 'As in idempotency_key: retry() asks again which execution it stands for.';
comment on constraint follower_execution on rhythm.follower is 'Purged with its execution. Not with its leader: that may be gone long before.';
comment on constraint follows_another on rhythm.follower is 'Nothing ends as itself.';
comment on index rhythm.follower_leader is 'Who is told of an end.';
comment on index rhythm.follower_due is 'What tick() looks after.';
