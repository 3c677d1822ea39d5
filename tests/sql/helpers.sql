-- What the SQL tests speak in. Lives in the transaction of a test and goes with it.
create schema test;

create function test.eq(p_actual anyelement, p_expected anyelement, p_what text) returns void language plpgsql as $$
begin
  if p_actual is distinct from p_expected then
    raise exception '%: expected %, got %', p_what, p_expected, p_actual;
  end if;
end;
$$;

create function test.raises(p_statement text, p_code text, p_words text) returns void language plpgsql as $$
declare
  v_code text;
  v_message text;
begin
  begin
    execute p_statement;
  exception
    when others then
      get stacked diagnostics v_code = returned_sqlstate, v_message = message_text;
  end;
  if v_code is distinct from p_code or v_message not like '%' || p_words || '%' then
    raise exception '%: expected % "…%…", got % "%"', p_statement, p_code, p_words, coalesce(v_code, 'no error'), v_message;
  end if;
end;
$$;

-- The engine's clock runs ahead from now on.
create function test.pass(p_time interval) returns void language sql as $$
  select set_config('rhythm_clock.shift', (coalesce(nullif(current_setting('rhythm_clock.shift', true), ''), '0')::interval + p_time)::text, false);
$$;

create function test.worker(p_queues text[] default array['default']) returns uuid language sql as $$
  select rhythm.register_worker(null, p_queues, p_lease => '1h');
$$;

create function test.claim(p_worker uuid, p_limit integer default 10) returns uuid[] language sql as $$
  select coalesce(array_agg(c.id), '{}') from rhythm.claim(p_worker, p_limit => p_limit) as c;
$$;

create function test.settle(p_worker uuid, p_id uuid, p_more jsonb, p_lease integer default 0) returns jsonb language sql as $$
  select rhythm.settle(p_worker, jsonb_build_array(jsonb_build_object('id', p_id, 'attempt', (rhythm.get(p_id) ->> 'attempt')::integer) || p_more), p_lease);
$$;

create function test.complete(p_worker uuid, p_id uuid, p_output jsonb default 'null') returns jsonb language sql as $$
  select test.settle(p_worker, p_id, jsonb_build_object('status', 'completed', 'output', p_output));
$$;

create function test.fail(p_worker uuid, p_id uuid, p_message text default 'no') returns jsonb language sql as $$
  select test.settle(p_worker, p_id, jsonb_build_object('status', 'failed', 'error', jsonb_build_object('type', 'Error', 'message', p_message)));
$$;

-- Suspends a workflow that waits for one group.
create function test.suspend(p_worker uuid, p_id uuid, p_effects jsonb, p_mode text, p_ids uuid[], p_lease integer default 0) returns jsonb language sql as $$
  select test.settle(p_worker, p_id, jsonb_build_object('status', 'suspended', 'snapshot', '{"at": 1}'::jsonb, 'effects', p_effects,
    'waits', jsonb_build_array(jsonb_build_object('mode', p_mode, 'ids', to_jsonb(p_ids))), 'keep', to_jsonb(p_ids)), p_lease);
$$;

create function test.status(p_id uuid) returns text language sql as $$ select rhythm.get(p_id) ->> 'status' $$;

create function test.run_task(p_id uuid, p_target text default 'a') returns jsonb language sql as $$
  select jsonb_build_object('type', 'run_task', 'id', p_id, 'target', p_target, 'inputs', '{}'::jsonb);
$$;

-- The same, with an idempotency key.
create function test.keyed(p_id uuid, p_type text default 'run_task', p_target text default 'a', p_key text default 'k') returns jsonb language sql as $$
  select jsonb_build_object('type', p_type, 'id', p_id, 'target', p_target, 'inputs', '{}'::jsonb, 'options', jsonb_build_object('idempotency_key', p_key));
$$;

create function test.flow(p_name text default 'f') returns uuid language plpgsql as $$
begin
  perform rhythm.register_flow(p_name, 'return 1', '{"code": 1}');
  return rhythm.start(p_name);
end;
$$;
