-- The children of workflows in TypeScript.

-- A child whose idempotency key already belongs to an execution waits for that.
create or replace function rhythm.begin_children(p_requests jsonb, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_waiters uuid[];
begin
  if not jsonb_path_exists(p_requests, '$[*] ? (exists(@.idempotency_key) || exists(@.unique))') then
    perform from rhythm.create_many(p_requests);
    return;
  end if;
  perform rhythm.check_requests(p_requests);
  perform rhythm.check_targets(p_requests);
  perform rhythm.hold_parents(p_requests);
  v_waiters := rhythm.make_key_waiters(p_requests, p_now);
  -- Claims the keys of the others, for their ids.
  perform rhythm.create_new((
    select coalesce(jsonb_agg(r.value - 'idempotency_ttl' order by r.nth), '[]')
    from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
    where (r.value ->> 'id')::uuid <> all (v_waiters)), p_now);
  perform rhythm.follow_ends(rhythm.join_owners(v_waiters, p_now), '{}', p_now);
  perform rhythm.cancel_under(v_waiters, p_now);
end;
$$;

comment on function rhythm.begin_children(jsonb, timestamptz) is 'Creates the children of saved steps. Internal.';
