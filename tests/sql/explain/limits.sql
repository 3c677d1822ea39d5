-- explain() says which limit an execution waits for, who has its slots, and when a rate lets it begin.
do $$
declare
  w constant uuid := test.worker(array['slots', 'rate', 'keys', 'fair']);
  a uuid;
  b uuid;
  c uuid;
begin
  perform rhythm.configure_queue('slots', concurrency => 1);
  a := rhythm.queue('a', queue => 'slots');
  b := rhythm.queue('a', queue => 'slots');
  perform test.claim(w);
  perform test.eq(test.sentences(b), array[
    'All 1 slots of queue "slots" are taken. One is free when an execution of it ends', 'It is ready, and the next in queue "slots"'], 'slots');
  perform test.eq(test.reason(b, 'queue_full') -> 'holders', jsonb_build_array(a), 'who has them');
  perform test.complete(w, a);
  perform test.eq(test.reasons(b), array['ready'], 'an end that is only noted counts');

  perform rhythm.configure_queue('rate', rate => 1, per => '1 minute');
  a := rhythm.queue('a', queue => 'rate');
  b := rhythm.queue('a', queue => 'rate');
  c := rhythm.queue('a', queue => 'rate');
  perform test.claim(w);
  perform test.eq((test.sentences(b))[1], 'Queue "rate" began 1 executions, as many as may begin in 00:01:00. The next may begin at <time>', 'rate');
  perform test.eq((test.reason(c, 'queue_rate') ->> 'expected_at')::timestamptz - (test.reason(b, 'queue_rate') ->> 'expected_at')::timestamptz, interval '1 minute',
    'the second of them a minute later');
  perform test.eq((test.reason(b, 'queue_rate') ->> 'expected_at')::timestamptz > rhythm.now(), true, 'expected start');

  perform rhythm.configure_queue('keys', per_key_concurrency => 1);
  perform rhythm.configure_key('keys', 'slow', rate => 1, per => '1 hour', concurrency => 5);
  a := rhythm.queue('a', queue => 'keys', concurrency_key => 'acme');
  b := rhythm.queue('a', queue => 'keys', concurrency_key => 'acme');
  perform rhythm.queue('a', queue => 'keys', concurrency_key => 'slow');
  c := rhythm.queue('a', queue => 'keys', concurrency_key => 'slow');
  perform test.claim(w);
  perform test.eq((test.sentences(b))[1], '1 of key "acme" run in queue "keys", as many as may run at once. It may begin when one of them ends', 'key');
  perform test.eq(test.reason(b, 'key_full') -> 'holders', jsonb_build_array(a), 'who has them');
  perform test.eq((test.sentences(c))[1], 'Key "slow" of queue "keys" began 1 executions, as many as may begin in 01:00:00. The next may begin at <time>', 'rate of a key');
  perform test.eq(test.reasons(b) || test.reasons(c), array['key_full', 'ready', 'key_rate', 'ready'], 'reasons');

  perform rhythm.configure_queue('fair', fair => 'key');
  perform rhythm.queue('a', queue => 'fair', concurrency_key => 'x') from generate_series(1, 5);
  a := rhythm.queue('a', queue => 'fair', concurrency_key => 'y');
  b := rhythm.queue('a', queue => 'fair', concurrency_key => 'y');
  perform test.eq(test.sentences(a) || test.sentences(b), array[
    'It is the next of its key in queue "fair", whose keys take turns', '1 executions of its key are before it in queue "fair"'], 'turns');
end;
$$;
