-- A workflow that was asked to stop and is handed back is not with a worker any more: nobody is asked to stop it, and the next one ends it
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
begin
  perform test.eq(test.claim(w), array[f], 'claimed');
  perform rhythm.cancel(f, 'enough');
  perform test.eq((select e.stopping from rhythm.execution as e where e.id = f), true, 'its worker is asked');
  perform test.settle(w, f, '{"status": "released", "reason": "shutdown"}');
  perform test.eq(array(select c.violation from rhythm.check() as c), '{}'::text[], 'all is well');
  perform test.eq((select c.cancel_reason from test.claim_rows(w) as c), 'enough', 'the next one is told why');
  perform test.settle(w, f, '{"status": "cancelled"}');
  perform test.eq(test.status(f), 'cancelled', 'and ends it');
end;
$$;
