-- durations are intervals: what Postgres reads as one is taken, as an interval or as text

do $$
declare
  v_now constant timestamptz := '2026-01-01 00:00:00Z';
  v_length text;
  v_ms bigint;
  v_id uuid;
begin
  perform set_config('rhythm_clock.at', v_now::text, true);
  for v_length, v_ms in values
    ('5m', 300000), ('1h30m', 5400000), ('2 seconds', 2000), ('90', 90000), ('250ms', 250), ('0.5s', 500), ('2d', 172800000), ('1w', 604800000),
    ('00:00:07', 7000), ('1 month', 2592000000)
  loop
    v_id := rhythm.queue('a', delay => v_length::interval, timeout => v_length::interval, idempotency_key => v_length, idempotency_ttl => v_length::interval);
    assert (select (e.run_at - v_now, e.timeout_ms) = (v_ms * interval '1 millisecond', v_ms) from rhythm.execution as e where e.id = v_id), v_length;
    assert (select k.expires_at - v_now = v_ms * interval '1 millisecond' from rhythm.idempotency_key as k where k.execution_id = v_id), v_length;
    -- An option in JSON has the same length, wherever both know the text.
    assert rhythm.interval_ms(v_length::interval) = coalesce(rhythm.duration_ms(to_jsonb(v_length)), v_ms), v_length;
  end loop;

  perform rhythm.register_flow('f', 'return 1', '{}');
  v_id := rhythm.start('f', delay => interval '2 seconds', timeout => '5m');
  assert (select e.run_at - v_now = interval '2 seconds' and e.timeout_ms = 300000 from rhythm.execution as e where e.id = v_id);
  perform rhythm.configure_queue('q', rate => 1, per => interval '1 minute', per_key_rate => 1, per_key_per => '1h30m');
  assert (select (q.per, q.per_key_per) = (interval '1 minute', interval '90 minutes') from rhythm.queues as q where q.queue = 'q');
  perform rhythm.configure_key('q', 'k', rate => 1, per => interval '1 minute');
  perform rhythm.wait_for(v_id, interval '0');
  perform rhythm.register_worker(null, p_lease => interval '1 minute');
  -- A part of a millisecond is a whole one: what is above zero must not become zero.
  assert rhythm.interval_ms('1 microsecond') = 1 and rhythm.interval_ms('0') = 0;
  assert rhythm.interval_ms('-1s') is null and rhythm.interval_ms('200 years') is null and rhythm.interval_ms(null) is null;
end;
$$;

do $$
begin
  assert not exists (
    select from pg_catalog.pg_proc as p
    cross join lateral unnest(p.proargnames, p.proargtypes::oid[]) as a (name, type)
    where p.pronamespace = 'rhythm'::regnamespace and p.proname in (select s.name from rhythm.surface() as s (name))
      and a.name ~ '^(p_)?(delay|timeout|idempotency_ttl|per|per_key_per|jitter|lease|older_than)$' and a.type <> 'interval'::regtype),
    'every length of time that a person types is an interval';
  assert not exists (
    select from pg_catalog.pg_proc as p
    where p.pronamespace = 'rhythm'::regnamespace and p.proname in (select s.name from rhythm.surface() as s (name))
    group by p.proname having count(*) > 1),
    'no overloads: a literal could mean either';
end;
$$;
