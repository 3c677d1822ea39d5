-- cron_upcoming() loses and repeats no fixed time when the clocks change, and keeps real time with a star

do $$
declare
  v_case record;
  v_times text;
begin
  for v_case in
    select *
    from (values
      -- New York, 2026-03-08: 02:00 becomes 03:00 at 07:00Z.
      ('30 2 * * *', 'America/New_York', '2026-03-08 00:00Z', '03-08T07:00 03-09T06:30', 'skipped: once, right after the gap'),
      ('0,30 1-3 * * *', 'America/New_York', '2026-03-08 05:45Z', '03-08T06:00 03-08T06:30 03-08T07:00 03-08T07:30', 'all that is skipped runs together, once'),
      ('30 2,3 * * *', 'America/New_York', '2026-03-08 00:00Z', '03-08T07:00 03-08T07:30', 'a fixed time after the gap keeps its own run'),
      ('*/30 2 * * *', 'America/New_York', '2026-03-08 00:00Z', '03-09T06:00 03-09T06:30', 'with a star: the hour never was'),
      ('30 * * * *', 'America/New_York', '2026-03-08 05:45Z', '03-08T06:30 03-08T07:30', 'hourly: every real hour'),
      -- New York, 2026-11-01: 02:00 becomes 01:00 at 06:00Z.
      ('30 1 * * *', 'America/New_York', '2026-11-01 00:00Z', '11-01T05:30 11-02T06:30', 'repeated: once, the first time round'),
      ('30 1 * * *', 'America/New_York', '2026-11-01 06:05Z', '11-02T06:30', 'asked in the second round: tomorrow'),
      ('0,30 1-3 * * *', 'America/New_York', '2026-11-01 05:15Z', '11-01T05:30 11-01T07:00 11-01T07:30', 'several fixed times: each once'),
      ('*/30 1 * * *', 'America/New_York', '2026-11-01 00:00Z', '11-01T05:00 11-01T05:30 11-01T06:00 11-01T06:30 11-02T06:00', 'with a star: both rounds'),
      ('45 * * * *', 'America/New_York', '2026-11-01 04:50Z', '11-01T05:45 11-01T06:45 11-01T07:45', 'hourly: every real hour'),
      ('*/20 * * * * ', 'America/New_York', '2026-11-01 05:41Z', '11-01T06:00 11-01T06:20', 'from the first round into the second'),
      -- Lord Howe moves by half an hour: 02:00 becomes 01:30 at 15:00Z.
      ('45 1 * * *', 'Australia/Lord_Howe', '2026-04-04 00:00Z', '04-04T14:45 04-05T15:15', 'half an hour repeated'),
      ('*/20 * * * *', 'Australia/Lord_Howe', '2026-04-04 14:30Z', '04-04T14:40 04-04T15:10 04-04T15:30', 'half an hour, real time'),
      ('15 2 * * *', 'Australia/Lord_Howe', '2026-10-03 00:00Z', '10-03T15:30 10-04T15:15', 'half an hour skipped'),
      -- Midnight itself is skipped: Beirut, 2026-03-29, 00:00 becomes 01:00 at 22:00Z the day before.
      ('@daily', 'Asia/Beirut', '2026-03-28 12:00Z', '03-28T22:00 03-29T21:00', 'a day without midnight'),
      -- Samoa had no 30 December 2011 at all.
      ('0 12 30 12 *', 'Pacific/Apia', '2011-12-01 00:00Z', '12-30T10:00', 'a day that never was: as the next one begins')
    ) as c(cron, timezone, after, expected, because)
  loop
    select string_agg(to_char(u.at at time zone 'UTC', 'MM-DD"T"HH24:MI'), ' ')
    into v_times
    from rhythm.cron_upcoming(
      v_case.cron, v_case.timezone, v_case.after::timestamptz, array_length(string_to_array(v_case.expected, ' '), 1)
    ) as u(at);
    assert v_times = v_case.expected,
      format('%s in %s (%s): expected %s, got %s', v_case.cron, v_case.timezone, v_case.because, v_case.expected, v_times);
  end loop;
end;
$$;
