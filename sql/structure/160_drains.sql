-- Workers that take nothing new.

alter table rhythm.worker add column draining_since timestamptz;

comment on column rhythm.worker.draining_since is 'Since when it takes nothing new; null: it takes what comes. See drain_worker().';
