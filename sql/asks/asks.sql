-- A signal with an answer. The answer stands in the row of the signal. That a workflow has ended without one follows from its
-- state, so the end of a workflow writes nothing for this.

create or replace function rhythm.ask(p_execution uuid, p_name text, p_payload jsonb default 'null', idempotency_key text default null)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_known rhythm.signal;
  v_id bigint;
begin
  if idempotency_key is not null then
    -- Another session that asks under the key comes after this one. A workflow that has ended has no state, and its answer stays.
    perform rhythm.lock_states(array[p_execution]);
    perform rhythm.require_fresh(array[p_execution]);
    select g.* into v_known from rhythm.signal as g where g.execution_id = p_execution and g.idempotency_key = ask.idempotency_key;
    if found and v_known.asked is null then
      perform rhythm.raise('RH003', format('Cannot ask "%s": the idempotency key "%s" belongs to a signal that nobody waits to be answered', p_name, idempotency_key));
    elsif found and v_known.name <> p_name then
      perform rhythm.raise('RH003', format('Cannot ask "%s": the idempotency key "%s" belongs to the question "%s"', p_name, idempotency_key, v_known.name));
    elsif found then
      return v_known.id;
    end if;
  end if;
  v_id := rhythm.signal(p_execution, p_name, p_payload, idempotency_key);
  update rhythm.signal as g set asked = true where g.id = v_id;
  return v_id;
end;
$$;

comment on function rhythm.ask(uuid, text, jsonb, text) is
  'Sends a signal that a workflow is to answer, and returns its number: the view asks has its status and its answer. With an idempotency key, asking '
  'again gives the same question and the same answer, also after the end of the workflow. Example: select rhythm.ask(''0190…'', ''quote'', ''{"item": "desk"}'');';

-- p_answers: [{execution_id, wait, value | error}]; wait: the wait that took the question. The first answer counts. A fork has the
-- calls of the other workflow and answers none of them: they have another execution.
create or replace function rhythm.write_answers(p_answers jsonb, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_told uuid[];
begin
  if exists (select from jsonb_array_elements(p_answers) as a (value) where octet_length(a.value::text) > v_limit) then
    perform rhythm.raise('RH006', format('The answer to a question takes more than %s bytes (setting max_payload_bytes)', v_limit));
  end if;
  with given as (
    select distinct on (w.signal_id) w.execution_id, w.signal_id, case when a.value ? 'error' then jsonb_build_object('error', a.value -> 'error')
      else jsonb_build_object('value', coalesce(a.value -> 'value', 'null')) end as answer
    from jsonb_array_elements(p_answers) with ordinality as a (value, nth)
    cross join lateral (
      select x.signal_id, x.execution_id from rhythm.signal_wait as x
      where x.id = rhythm.as_uuid(a.value ->> 'wait') and x.execution_id = (a.value ->> 'execution_id')::uuid and x.signal_id is not null offset 0
    ) as w
    order by w.signal_id, a.nth
  ),
  written as (
    update rhythm.signal as g set answer = n.answer, answered_at = p_now
    from given as n
    where g.id = n.signal_id and g.execution_id = n.execution_id and g.asked and g.answer is null
    returning g.execution_id
  )
  select array_agg(distinct w.execution_id) into v_told from written as w;
  perform rhythm.notify('done', t.id::text) from unnest(v_told) as t (id);
end;
$$;

comment on function rhythm.write_answers(jsonb, timestamptz) is 'Stores what workflows answer, and tells those who asked. Internal.';

-- For a person who knows the answer, or that there will be none. The first answer counts, so a later one of the workflow changes nothing. Locks: the signal.
create or replace function rhythm.answer_ask(p_ask bigint, p_answer jsonb default 'null', p_error text default null)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_ask rhythm.signal;
  v_ended boolean;
begin
  perform rhythm.require_read_committed();
  select g.* into v_ask from rhythm.signal as g where g.id = p_ask and g.asked for update;
  if not found then
    perform rhythm.raise('RH004', format('There is no question %s', coalesce(p_ask::text, 'null')), 'The view asks has those there are');
  elsif v_ask.answer is not null then
    return false;
  end if;
  v_ended := (select e.state > 0 from rhythm.execution as e where e.id = v_ask.execution_id);
  if v_ended then
    perform rhythm.raise('RH003', format('Cannot answer question %s: its workflow has ended without an answer', p_ask));
  elsif octet_length(coalesce(p_answer, 'null')::text) > v_limit or octet_length(p_error) > v_limit then
    perform rhythm.raise('RH006', format('The answer to a question takes more than %s bytes (setting max_payload_bytes)', v_limit));
  end if;
  update rhythm.signal as g set answered_at = rhythm.now(),
    answer = case when p_error is null then jsonb_build_object('value', coalesce(p_answer, 'null'))
      else jsonb_build_object('error', jsonb_build_object('type', 'Error', 'message', p_error)) end
  where g.id = p_ask;
  perform rhythm.record('answer', 'execution', v_ask.execution_id::text, p_after => jsonb_build_object('ask', v_ask.id, 'name', v_ask.name));
  perform rhythm.notify('done', v_ask.execution_id::text);
  return true;
end;
$$;

comment on function rhythm.answer_ask(bigint, jsonb, text) is
  'Answers a question in place of its workflow, or with p_error rejects it. Those who asked get it; the workflow goes on, and an answer of its own is ignored. False: it was answered already. Example: select rhythm.answer_ask(7, ''{"price": 40}'');';

create or replace function rhythm.settle_answers(p_flows rhythm.outcome[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.write_answers((
    select coalesce(jsonb_agg(f.value || jsonb_build_object('execution_id', o.id) order by o.id, f.nth), '[]')
    from unnest(p_flows) as o
    cross join lateral jsonb_array_elements(o.effects) with ordinality as f (value, nth)
    where f.value ->> 'type' = 'answer'), p_now);
end;
$$;

comment on function rhythm.settle_answers(rhythm.outcome[], timestamptz) is 'Stores the answers among the effects of outcomes. Internal.';

drop view if exists rhythm.asks;

create view rhythm.asks as
select s.id, s.execution_id, e.target, s.name, s.payload, s.idempotency_key, s.sent_at as asked_at, s.taken_by is not null as taken,
  case when s.answer ? 'value' then 'answered' when s.answer ? 'error' then 'rejected' when e.state > 0 then 'unanswered' else 'open' end as status,
  s.answer -> 'value' as answer,
  case
    when s.answer is not null then s.answer -> 'error'
    when e.state > 0 then jsonb_build_object('type', 'UnansweredError', 'message', format('Workflow "%s" (%s) %s and has not answered "%s"', e.target, e.id,
      case e.state when 1 then 'is completed' when 2 then 'has failed' when 3 then 'was cancelled' else 'is a frozen copy' end, s.name))
  end as error,
  s.answered_at
from rhythm.signal as s
join rhythm.execution as e on e.id = s.execution_id
where s.asked;

comment on view rhythm.asks is
  'What workflows were asked. status: open, answered (answer), rejected (error), or unanswered (error): the workflow has ended without an answer. Example: select status, answer, error from rhythm.asks where id = 7;';
