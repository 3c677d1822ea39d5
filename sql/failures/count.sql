-- Counting failures.

create or replace function rhythm.note_failures(p_ended rhythm.transition[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.failure_note (execution_id, fingerprint, at)
  select e.id, x.fingerprint, p_now
  from unnest(p_ended) as e
  cross join lateral (select y.fingerprint from rhythm.execution as y where y.id = e.id and y.fingerprint is not null offset 0) as x
  where e.state = 2;
end;
$$;

comment on function rhythm.note_failures(rhythm.transition[], timestamptz) is 'Notes those of some ends that are failures, for count_failures(). Internal.';

-- Only one session counts at a time: chores() holds a lock. A person who sets the state of a kind holds its row for a moment.
create or replace function rhythm.count_failures(p_limit integer)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_notes rhythm.failure_note[];
  v_new bigint[];
begin
  with taken as (
    delete from rhythm.failure_note as n
    where n.ctid = any (array(select x.ctid from rhythm.failure_note as x limit p_limit for update skip locked))
    returning n.*
  )
  select array_agg(t::rhythm.failure_note order by t.at, t.execution_id) into v_notes from taken as t;
  if v_notes is null then
    return false;
  end if;
  v_new := array(
    select distinct n.fingerprint from unnest(v_notes) as n
    left join rhythm.failure as f on f.fingerprint = n.fingerprint
    where f.state is null or f.state = 'resolved' and n.at > f.changed_at);
  insert into rhythm.failure_hour as h (fingerprint, hour, count)
  select n.fingerprint, date_trunc('hour', n.at at time zone 'UTC') at time zone 'UTC', count(*) from unnest(v_notes) as n group by 1, 2 order by 1, 2
  on conflict (fingerprint, hour) do update set count = h.count + excluded.count;
  insert into rhythm.failure as f (fingerprint, type, target, error_type, message, count, first_at, last_at, example_id, versions)
  select distinct on (n.fingerprint) n.fingerprint, e.type, e.target, left(e.error ->> 'type', 200), left(rhythm.message_kind(e.error), 500),
    count(*) over each_kind, min(n.at) over each_kind, max(n.at) over each_kind, n.execution_id,
    array(select distinct x.version from unnest(v_notes) as o
      cross join lateral (select y.version from rhythm.execution as y where y.id = o.execution_id offset 0) as x
      where o.fingerprint = n.fingerprint and x.version is not null order by x.version desc limit 10)
  from unnest(v_notes) as n
  cross join lateral (select x.type, x.target, x.error from rhythm.execution as x where x.id = n.execution_id offset 0) as e
  window each_kind as (partition by n.fingerprint)
  order by n.fingerprint, n.at desc, n.execution_id desc
  on conflict (fingerprint) do update
  set count = f.count + excluded.count, first_at = least(f.first_at, excluded.first_at), last_at = greatest(f.last_at, excluded.last_at),
    example_id = excluded.example_id, message = excluded.message,
    versions = array(select distinct v.version from unnest(f.versions || excluded.versions) as v (version) order by v.version desc limit 10),
    state = case when f.state = 'resolved' and excluded.last_at > f.changed_at then 'new' else f.state end;
  perform rhythm.call_hooks(v_notes, v_new);
  return cardinality(v_notes) = p_limit;
end;
$$;

comment on function rhythm.count_failures(integer) is
  'Counts noted failures by their kind, and calls hooks. A kind that was resolved and comes again is new. True: there is more. Part of chores().';

create or replace function rhythm.forget_failures(p_limit integer, p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant timestamptz := p_now - rhythm.setting('retention')::interval;
  v_old constant bigint[] := array(select f.fingerprint from rhythm.failure as f where f.last_at < v_before order by f.last_at limit p_limit for update skip locked);
  v_count integer;
begin
  delete from rhythm.failure as f where f.fingerprint = any (v_old);
  delete from rhythm.failure_hook_call as c where c.fingerprint = any (v_old);
  delete from rhythm.failure_hour as h
  where h.ctid = any (array(select x.ctid from rhythm.failure_hour as x where x.hour < p_now - interval '7 days' order by x.hour limit p_limit));
  get diagnostics v_count = row_count;
  return greatest(v_count, cardinality(v_old)) < p_limit;
end;
$$;

comment on function rhythm.forget_failures(integer, timestamptz) is
  'Forgets kinds of failures that have not come for the setting retention; false: there is more. Part of chores().';

create or replace function rhythm.set_failure(p_fingerprint bigint, p_state text, p_note text default null, p_by text default null)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names constant record := rhythm.pause_names(p_note, p_by);
  v_before text;
begin
  if p_state is null or p_state not in ('new', 'known', 'resolved', 'ignored') then
    perform rhythm.raise('RH001', format('There is no state "%s" of failures: expected new, known, resolved or ignored', p_state));
  end if;
  select f.state into v_before from rhythm.failure as f where f.fingerprint = p_fingerprint for update;
  if not found then
    perform rhythm.raise('RH004', format('No failure has the fingerprint %s', coalesce(p_fingerprint::text, 'null')));
  end if;
  update rhythm.failure as f
  set state = p_state, changed_at = rhythm.now(), changed_by = v_names.by_whom, note = coalesce(v_names.reason, f.note)
  where f.fingerprint = p_fingerprint;
  perform rhythm.record('set', 'failure', p_fingerprint::text, p_note, jsonb_build_object('state', v_before), jsonb_build_object('state', p_state));
  return v_before <> p_state;
end;
$$;

comment on function rhythm.set_failure(bigint, text, text, text) is
  'Sets the state of a kind of failures: new, known, resolved (new again when it comes again) or ignored. p_note: a word about it, which is kept. False: it had this state. Example: '
  'select rhythm.set_failure(f.fingerprint, ''resolved'', ''fixed in 1.4'') from rhythm.failures as f where f.target = ''charge'';';
