-- What failures of one kind have in common.

create or replace function rhythm.message_kind(p_error jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return regexp_replace(left(p_error ->> 'message', 1000), '"[^"]*"|(?<!\w)''[^'']*''|`[^`]*`|[[:alnum:]_-]*\d[[:alnum:]_-]*', '#', 'g');
end;
$$;

comment on function rhythm.message_kind(jsonb) is 'The message of an error, with # for what differs between failures of one kind: numbers, ids, quoted parts. Internal.';

-- Without directories, because they differ between machines, and without the line, because it changes with every deploy.
create or replace function rhythm.user_frame(p_error jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_frame constant text := substring(left(p_error ->> 'stack', 4000) from '\n\s+at (?![^\n]*(?:node_modules|node:|ext:|npm:|jsr:|https?://|\(<anonymous>\)))([^\n]*)');
begin
  return regexp_replace(regexp_replace(v_frame, '(:\d+){1,2}\)?$', ''), '[^ (]*[/\\]', '', 'g');
end;
$$;

comment on function rhythm.user_frame(jsonb) is 'The first call of the user''s own code in the stack of an error: function and file. Internal.';

create or replace function rhythm.fingerprint_of(p_target text, p_error jsonb)
returns bigint
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return hashtextextended(concat_ws(E'\n', p_target, p_error ->> 'type', p_error ->> 'code', coalesce(p_error #>> '{at,line}', rhythm.user_frame(p_error)),
    rhythm.message_kind(p_error)), 0) & 9223372036854775807;
end;
$$;

comment on function rhythm.fingerprint_of(text, jsonb) is
  'What failures of one kind have in common, as a number from 0. It is made of the task or flow, the type of the error, its place, and its message without numbers, ids and quoted parts. Internal.';
