-- The heads of queues, if a claim walked far to find them.

create table rhythm.queue_head (
  queue text not null,
  targets bigint not null,
  priority smallint not null,
  id uuid not null,
  made_after uuid not null,
  until timestamptz not null,
  constraint queue_head_pkey primary key (queue, targets)
)
with (fillfactor = 20);

comment on table rhythm.queue_head is 'Where the head of a queue was when a claim walked far to find it, over consumed rows that an old transaction may still see. Usually empty.';
comment on column rhythm.queue_head.targets is 'A hash of the tasks that were asked for, because one worker skips what another takes.';
comment on column rhythm.queue_head.id is 'At this priority, claims begin after this id.';
comment on column rhythm.queue_head.made_after is 'At higher priorities, claims begin with what was created after this.';
comment on column rhythm.queue_head.until is 'Then a claim walks from the beginning again, to find what came back to a place before the head.';
