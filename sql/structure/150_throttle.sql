-- Throttled starts.

create table rhythm.throttle (
  key text not null,
  last_id uuid,
  free_at timestamptz not null,
  starts timestamptz[] not null default '{}',
  constraint throttle_pkey primary key (key)
)
with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);

create index throttle_free on rhythm.throttle (free_at);

comment on table rhythm.throttle is 'The last starts of each key of the option throttle.';
comment on column rhythm.throttle.key is 'type:target:key, so that keys of different tasks and flows are different.';
comment on column rhythm.throttle.last_id is 'The last execution that was started. A start that is dropped is given this one.';
comment on column rhythm.throttle.free_at is 'When the last start no longer counts, so that chores() deletes the row.';
comment on column rhythm.throttle.starts is 'The moments from which the last executions may run, oldest first: as many as the limit allows in a window.';
comment on constraint throttle_pkey on rhythm.throttle is 'Two sessions that start with the same key wait for each other here.';
comment on index rhythm.throttle_free is 'For chores(), which deletes what no longer counts.';
