-- What may be a name. One rule for flows, tasks, queues, signals, schedules and workers: names travel through
-- URLs, metrics, file names and psql without quoting. Keys (idempotency, concurrency) are the caller's own text.

create or replace function rhythm.name_problem(p_kind text, p_name text)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_name is null then format('A %s is missing: expected a text', p_kind)
    when p_kind like '%key' then case
      when length(p_name) not between 1 and 500 then
        format('The %s has %s characters: expected 1 to 500', p_kind, length(p_name))
      when p_name ~ '[[:cntrl:]]' then format('The %s contains a control character', p_kind)
    end
    when length(p_name) not between 1 and 200 then
      format('The %s name has %s characters: expected 1 to 200', p_kind, length(p_name))
    when p_name !~ '^[A-Za-z0-9_][A-Za-z0-9_.:/@+-]*$' then
      format('"%s" cannot be a %s name: expected letters, digits and _ . : / @ + -, '
        'starting with a letter, a digit or _', left(p_name, 60), p_kind)
  end;
end;
$$;

comment on function rhythm.name_problem(text, text) is
  'The sentence that says why a text cannot be a name of this kind (flow, task, queue, signal, schedule, worker, '
  'or a kind that ends in "key"); null if it can.';

create or replace function rhythm.check_name(p_kind text, p_name text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_problem constant text := rhythm.name_problem(p_kind, p_name);
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
end;
$$;

comment on function rhythm.check_name(text, text) is
  'An error if a text cannot be a name of this kind; see name_problem().';

create or replace function rhythm.check_limit(p_of text, p_limit integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(p_limit, 0) not between 1 and 100000 then
    perform rhythm.raise('RH001', format('%s cannot be the limit of %s: expected 1 to 100000', coalesce(p_limit::text, 'null'), p_of));
  end if;
end;
$$;

comment on function rhythm.check_limit(text, integer) is 'An error unless a limit is from 1 to 100000.';
