-- Small helpers for JSON, shared by the input check.

create or replace function rhythm.json_step(p_key text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case when p_key ~ '^[A-Za-z_$][A-Za-z0-9_$]*$' then '.' || p_key else '[' || to_jsonb(p_key)::text || ']' end;
$$;

comment on function rhythm.json_step(text) is 'One step of a path into JSON, as JavaScript would write it: .key or ["any key"].';

create or replace function rhythm.is_whole(p_value jsonb)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_value::numeric = trunc(p_value::numeric);
end;
$$;

comment on function rhythm.is_whole(jsonb) is 'Whether a JSON number is an integer: 1 and 1.0 are.';
