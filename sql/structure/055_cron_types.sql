-- A parsed cron expression.

create type rhythm.cron_times as (
  seconds integer[],
  minutes integer[],
  hours integer[],
  days integer[],
  months integer[],
  weekdays integer[],
  nth_weekdays integer[],
  last_day boolean,
  any_day boolean,
  any_weekday boolean,
  by_clock boolean
);

comment on type rhythm.cron_times is
  'A parsed cron expression. Weekdays run from 0, Sunday. nth_weekdays has weekday * 10 + n with n = 6 for the last '
  'of the month. If seconds, minutes and hours are all fixed (by_clock), a change of clocks must not lose or repeat a run.';
