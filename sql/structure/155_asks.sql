-- Signals that ask for an answer.

alter table rhythm.signal add column asked boolean, add column answer jsonb, add column answered_at timestamptz;

comment on column rhythm.signal.asked is 'Somebody waits for an answer. Null: nobody does.';
comment on column rhythm.signal.answer is '{"value": …} or {"error": {type, message, code, data}}. The first one stays.';
comment on column rhythm.signal.answered_at is 'When the workflow gave the answer.';
