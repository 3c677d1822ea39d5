-- A workflow that its own process runs is not leased to it while it, its name or everything is paused.
do $$
declare
  w constant uuid := test.worker();
  f uuid;
begin
  perform rhythm.register_workflow('code');
  f := rhythm.start('code');
  perform rhythm.pause_execution(f);
  perform test.eq(rhythm.claim_execution(w, f, 1) -> 'parcels', '[]'::jsonb, 'it is paused');
  perform rhythm.resume_execution(f);
  perform rhythm.pause_flow('code');
  perform test.eq(rhythm.claim_execution(w, f, 1) -> 'parcels', '[]'::jsonb, 'its name is');
  perform rhythm.resume_flow('code');
  perform rhythm.pause_everything();
  perform test.eq(rhythm.claim_execution(w, f, 1) -> 'parcels', '[]'::jsonb, 'everything is');
  perform rhythm.resume_everything();
  perform test.eq(jsonb_array_length(rhythm.claim_execution(w, f, 1) -> 'parcels'), 1, 'nothing is');
end;
$$;
