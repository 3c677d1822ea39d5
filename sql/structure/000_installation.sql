-- What is installed here: one row for each file of the library. The installer reads it to know what to do.

create table rhythm.installation (
  file text primary key,
  kind text not null constraint kind_known check (kind in ('structure', 'online', 'behaviour')),
  checksum text not null,
  library_version text not null,
  installed_at timestamptz not null default clock_timestamp()
);

comment on table rhythm.installation is
  'The files of the library that were applied here. Structure is applied once and never changes; online structure is applied outside of a transaction; behaviour is applied again when it has changed.';

create table rhythm.installed_object (
  identity text primary key,
  kind text not null constraint kind_known check (kind in ('function', 'procedure', 'view')),
  checksum text not null
);

comment on table rhythm.installed_object is
  'The functions and views that behaviour files made. One that a newer library no longer makes is dropped by its installer.';

create table rhythm.installation_note (
  note text primary key
);

comment on table rhythm.installation_note is
  'What the last installation left out because a right was missing, and how to add it. Usually empty.';
