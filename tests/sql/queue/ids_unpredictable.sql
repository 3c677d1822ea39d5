-- Ids are of version 7, and all that neither the time nor the order needs is random: 52 bits, beside the ten of the cell.
do $$
declare
  v_batch constant uuid[] := array(select rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a"}'::jsonb) from generate_series(1, 500))));
  v_alone constant uuid[] := array(select rhythm.queue('a') from generate_series(1, 500));
begin
  -- Bits 0 to 47 are the time, 48 to 51 the version, 64 and 65 the variant, 66 to 75 the cell, 0 today. One that never changes in 500 ids is no chance.
  perform test.eq((select count(*) from unnest(v_batch || v_alone) as i where i::text !~ '^.{14}7.{4}800'), 0::bigint, 'version, variant and cell');
  perform test.eq(
    (select count(*) from (
      select n from generate_series(76, 127) as n cross join unnest(v_batch) as i
      group by n having count(*) filter (where get_bit(uuid_send(i), n / 8 * 8 + 7 - n % 8) = 1) between 125 and 375) as b),
    52::bigint, 'random bits in a batch');
  perform test.eq(
    (select count(*) from (
      select n from generate_series(76, 127) as n cross join unnest(v_alone) as i
      group by n having count(*) filter (where get_bit(uuid_send(i), n / 8 * 8 + 7 - n % 8) = 1) between 125 and 375) as b),
    52::bigint, 'random bits of single ones');
  -- PGlite's clock knows milliseconds only.
  if exists (select from generate_series(1, 20) where extract(microseconds from clock_timestamp())::bigint % 1000 <> 0) then
    perform test.eq((select array_agg(i order by i) from unnest(v_alone) as i), v_alone, 'single ones sort as they were made');
  end if;
  perform test.eq((select array_agg(i order by i) from unnest(v_batch) as i), v_batch, 'a batch sorts as it was given');
end;
$$;
