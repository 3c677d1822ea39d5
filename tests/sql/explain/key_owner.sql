-- explain() says for which execution a key waiter waits, and why that does not continue.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  g constant uuid := rhythm.start('f');
  a constant uuid := rhythm.uuid7(rhythm.now(), 0);
  b constant uuid := rhythm.uuid7(rhythm.now(), 1);
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.keyed(a)), 'any', array[a]);
  perform test.suspend(w, g, jsonb_build_array(test.keyed(b)), 'any', array[b]);
  perform test.eq(test.sentences(b), array[format('It ends as %s does, which came first with its idempotency key', a)], 'what it waits for');
  perform test.eq(test.reasons(b), array['key_owner'], 'key_owner');
  perform test.eq(rhythm.explain(b) #>> '{0,because,0,reason}', 'ready', 'why that does not continue');
  perform test.eq(rhythm.explain(g) #>> '{0,because,0,because,0,reason}', 'ready', 'through the workflow, too');
end;
$$;
