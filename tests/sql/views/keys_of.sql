-- keys_of() says which keys an execution was started with, whose they are now, and until when, as long as they mean something.
do $$
declare
  w constant uuid := test.worker();
  a uuid;
  b uuid;
  c uuid;
  v_throttled uuid;
begin
  a := rhythm.queue('a', idempotency_key => 'k1', idempotency_ttl => '1h');
  perform test.eq((select array_agg(format('%s %s %s', k.kind, k.key, k.holder = a and k.until > rhythm.now())) from rhythm.keys_of(a) as k),
    array['kept k1 t'], 'an idempotency key for a time');
  b := (select m.id from rhythm.create_many('[{"type": "task", "target": "b", "unique": {"key": "k2", "while": "queued"}}]') as m (id));
  perform test.eq((select array_agg(format('%s %s %s %s', k.kind, k.key, k.holder = b, k.until)) from rhythm.keys_of(b) as k), array['queued k2 t '], 'a unique key while it waits');
  c := (select m.id from rhythm.create_many('[{"type": "task", "target": "c", "unique": {"key": "k3", "while": "active"}}]') as m (id));
  v_throttled := (select m.id from rhythm.create_many('[{"type": "task", "target": "t", "throttle": {"key": "k4", "limit": 1, "per": "1h"}}]') as m (id));
  perform test.eq((select array_agg(format('%s %s %s', k.kind, k.key, k.holder = v_throttled and k.until > rhythm.now())) from rhythm.keys_of(v_throttled) as k),
    array['throttle k4 t'], 'the last start of a throttle key');
  perform test.claim(w);
  perform test.eq((select count(*) from rhythm.keys_of(b)), 0::bigint, 'it has begun: the key is free');
  perform test.eq((select array_agg(k.kind) from rhythm.keys_of(c) as k), array['active'], 'it is active');
  perform test.complete(w, c), test.complete(w, b);
  perform test.eq((select count(*) from rhythm.keys_of(c)), 0::bigint, 'it has ended');
  perform test.eq((select count(*) from rhythm.keys_of(rhythm.uuid7())), 0::bigint, 'nobody has none');
end;
$$;
