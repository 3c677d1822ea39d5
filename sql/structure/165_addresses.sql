-- Addresses that send a signal. An address is a signed text that is not stored. Stored are the keys, and how often an address was used.

create table rhythm.signal_key (
  id integer not null,
  inner_pad bytea not null,
  outer_pad bytea not null,
  created_at timestamptz not null,
  retires_at timestamptz,
  constraint signal_key_pkey primary key (id)
);

create table rhythm.signal_use (
  execution_id uuid not null,
  address uuid not null,
  uses integer not null,
  expires_at timestamptz not null,
  constraint signal_use_pkey primary key (execution_id, address)
)
with (fillfactor = 80);

create index signal_use_expired on rhythm.signal_use (expires_at);

comment on table rhythm.signal_key is 'With what the addresses of signals are signed. Only the owner reads it. The first one is made when the first address is.';
comment on column rhythm.signal_key.id is 'Which one signed an address. The newest one signs.';
comment on column rhythm.signal_key.inner_pad is 'The key of HMAC-SHA256 with the bytes of its inner hash.';
comment on column rhythm.signal_key.outer_pad is 'The key of HMAC-SHA256 with the bytes of its outer hash.';
comment on column rhythm.signal_key.created_at is 'When it was made.';
comment on column rhythm.signal_key.retires_at is 'From when on nothing that it signed is accepted. Null: it is the newest one.';
comment on table rhythm.signal_use is 'How often the address of a signal was used. What was never used has no row.';
comment on column rhythm.signal_use.execution_id is 'The workflow.';
comment on column rhythm.signal_use.address is 'The number in the address.';
comment on column rhythm.signal_use.uses is 'How many signals came through it.';
comment on column rhythm.signal_use.expires_at is 'When the address expires, so that chores() deletes the row.';
comment on index rhythm.signal_use_expired is 'For chores(), which deletes what has expired.';
comment on constraint signal_key_pkey on rhythm.signal_key is 'Sessions that make the first key at once make one.';
comment on constraint signal_use_pkey on rhythm.signal_use is 'One count for each address.';
