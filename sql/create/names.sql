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
  'Why a text cannot be a name of this kind (flow, task, queue, signal, schedule, worker, '
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

-- For suggestions: a swap of neighbours counts as one change. Called for names that are unknown only.
create or replace function rhythm.nearest(p_word text, p_names text[])
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  -- max_attempts, max-attempts and maxAttempts are one word to a person.
  v_word constant text := left(lower(translate(p_word, '-_ ', '')), 100);
  v_name text;
  v_folded text;
  v_best text;
  v_least integer := greatest(1, length(p_word) / 3) + 1;
  v_cost integer;
  v_before integer[];
  v_last integer[];
  v_row integer[];
begin
  if p_word is null or p_names is null then
    return null;
  end if;
  foreach v_name in array p_names loop
    v_folded := lower(translate(v_name, '-_ ', ''));
    if v_folded = v_word or length(v_word) > 2 and starts_with(v_folded, v_word) then
      return v_name;
    end if;
    continue when abs(length(v_folded) - length(v_word)) >= v_least;
    -- Rows of the table of edit distances; an array begins with index 1, the table with 0.
    v_last := array(select generate_series(0, length(v_folded)));
    for i in 1 .. length(v_word) loop
      v_row := array[i];
      for j in 1 .. length(v_folded) loop
        v_cost := least(
          v_last[j + 1] + 1, v_row[j] + 1,
          v_last[j] + case when substr(v_word, i, 1) = substr(v_folded, j, 1) then 0 else 1 end);
        if i > 1 and j > 1 and substr(v_word, i, 1) = substr(v_folded, j - 1, 1) and substr(v_word, i - 1, 1) = substr(v_folded, j, 1) then
          v_cost := least(v_cost, v_before[j - 1] + 1);
        end if;
        v_row := v_row || v_cost;
      end loop;
      v_before := v_last;
      v_last := v_row;
    end loop;
    if v_last[length(v_folded) + 1] < v_least then
      v_best := v_name;
      v_least := v_last[length(v_folded) + 1];
    end if;
  end loop;
  return case when v_least < greatest(length(p_word), length(v_best)) then v_best end;
end;
$$;

comment on function rhythm.nearest(text, text[]) is
  'The name that was probably meant: at most a third of the letters differ; null if none is near. Internal.';
