-- claim() takes the highest priority first, then the oldest.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a');
  b constant uuid := rhythm.queue('b', priority => 5);
  c constant uuid := rhythm.queue('c');
begin
  perform test.eq(test.claim(w, 2), array[b, a], 'the first two');
  perform test.eq(test.claim(w, 2), array[c], 'the rest');
  perform test.eq(test.claim(w), '{}'::uuid[], 'nothing is left');
end;
$$;
