-- Where this installation belongs. A copy of the database has this row, too, and is in another place.

create table rhythm.home (
  nth integer not null,
  system_identifier text,
  database_oid oid not null,
  database_name text not null,
  timeline text,
  environment text,
  adopted_at timestamptz not null,
  adopted_by text not null,
  constraint home_pkey primary key (nth)
);

comment on table rhythm.home is
  'The database and the environment to which this installation belongs; one row, written when the first worker registers or the first tick runs. In a copy of the database they differ, and nothing runs until adopt().';
comment on column rhythm.home.nth is 'How often it was adopted.';
comment on column rhythm.home.system_identifier is 'The identifier of the database cluster; null where it cannot be read.';
comment on column rhythm.home.timeline is 'The branch, where the provider shows it (neon.timeline_id).';
comment on column rhythm.home.environment is 'The environment''s name, such as production; null: none was given.';
