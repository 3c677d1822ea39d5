-- How far queues are consumed, where that is worth remembering.

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

comment on table rhythm.queue_head is 'Where the head of a queue was when somebody had to walk far to it: over rows that are over, but that an old transaction somewhere may still see. Empty in good times.';
comment on column rhythm.queue_head.targets is 'A hash of the tasks that were asked for: what one worker passes over, another takes.';
comment on column rhythm.queue_head.id is 'Of this priority, claims begin after it.';
comment on column rhythm.queue_head.made_after is 'Of higher priorities, claims begin with what was made after it.';
comment on column rhythm.queue_head.until is 'Then somebody walks again from the very beginning, for the sake of what came back to a place before it.';
