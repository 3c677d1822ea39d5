-- Row types of the input check.

create type rhythm.inner_schema as (path text, schema jsonb);
comment on type rhythm.inner_schema is 'A schema inside a schema, with its path.';

create type rhythm.inner_value as (path text, value jsonb, schema jsonb);
comment on type rhythm.inner_value is 'A member of a value, with its path and the schema it must satisfy.';
