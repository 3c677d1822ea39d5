-- A cron expression, parsed (500).

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
  'A parsed cron expression. Weekdays run from 0, Sunday; nth_weekdays holds weekday * 10 + n with n = 6 for the last '
  'of the month; by_clock says that seconds, minutes and hours are all fixed, so that a change of clocks may neither '
  'lose nor repeat a run.';
