-- Tokens: who may use the HTTP interface and the dashboard. A token is shown once, when it is made. Only its hash is stored.

create table rhythm.token (
  id integer generated always as identity,
  name text not null,
  role text not null,
  metadata_only boolean not null,
  hash bytea not null,
  created_at timestamptz not null,
  created_by text not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  used_at timestamptz,
  constraint token_pkey primary key (id),
  constraint token_hash unique (hash),
  constraint role_known check (role in ('viewer', 'operator', 'deployer', 'admin'))
);

create unique index token_name on rhythm.token (name) where revoked_at is null;

comment on table rhythm.token is 'Tokens of the HTTP interface and the dashboard. Only the owner reads it: list_tokens().';
comment on column rhythm.token.name is 'What acts with it are recorded under.';
comment on column rhythm.token.role is 'What it may do.';
comment on column rhythm.token.metadata_only is 'Inputs, outputs, variables, logs and messages are hidden from it.';
comment on column rhythm.token.hash is 'The SHA-256 hash of the token. It has 244 random bits, so nobody finds it by trying.';
comment on column rhythm.token.expires_at is 'From when on it is refused. Null: never.';
comment on column rhythm.token.revoked_at is 'When it was revoked. Null: it was not.';
comment on column rhythm.token.used_at is 'When it was used last, within an hour.';
comment on index rhythm.token_name is 'Tokens that are not revoked have different names.';
