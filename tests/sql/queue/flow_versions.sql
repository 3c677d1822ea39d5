-- A registration never makes an older text current again by itself; a newer deploy and set_flow_version() do.

create function pg_temp.current(p_expected integer, p_what text) returns void language plpgsql as $$
begin
  assert (select f.version = p_expected from rhythm.flows as f where f.name = 'order'),
    format('%s: version %s is current', p_what, (select f.version from rhythm.flows as f where f.name = 'order'));
end;
$$;

do $$
begin
  perform rhythm.register_flow('order', 'return 1', '{}');
  perform rhythm.register_flow('order', 'return 2', '{}');
  perform pg_temp.current(2, 'a text that is new');
  assert rhythm.register_flow('order', 'return 1', '{}') = 1, 'the number is that of the text';
  perform pg_temp.current(2, 'an old worker starts again');

  perform rhythm.set_flow_version('order', 1);
  perform pg_temp.current(1, 'somebody said so');
  perform rhythm.register_flow('order', 'return 2', '{}');
  perform pg_temp.current(1, 'and it stays so');
end;
$$;

do $$
begin
  perform set_config('rhythm_clock.at', '2030-01-01 00:00Z', true);
  perform rhythm.register_flow('order', 'return 2', '{}', deploy => 'build-7');
  perform pg_temp.current(2, 'a deploy that is new, with a text that is not');
  perform set_config('rhythm_clock.at', '2030-01-02 00:00Z', true);
  perform rhythm.register_flow('order', 'return 3', '{}', deploy => 'build-8');
  perform pg_temp.current(3, 'the next deploy');
  perform set_config('rhythm_clock.at', '2030-01-03 00:00Z', true);
  perform rhythm.register_flow('order', 'return 2', '{}', deploy => 'build-7');
  perform pg_temp.current(3, 'a worker of the deploy before starts again');
  assert rhythm.register_flow('order', 'return 2.5', '{}', deploy => 'build-7') = 4, 'a text of an old deploy is stored';
  perform pg_temp.current(3, 'and not current');
  perform rhythm.register_flow('order', 'return 2', '{}', deploy => '2030-01-01T12:00:00Z');
  perform pg_temp.current(3, 'a time before that of the current deploy');
  perform rhythm.register_flow('order', 'return 2', '{}', deploy => '2030-01-02T12:00:00Z');
  perform pg_temp.current(2, 'a time after it');
  perform rhythm.register_flow('order', 'return 3', '{}', deploy => 'build-8');
  perform pg_temp.current(2, 'whose workers may start again, too');

  assert (select array_agg(v.version order by v.version) = array[1, 2, 3, 4] and array_agg(v.version) filter (where v.is_current) = array[2]
    from rhythm.flow_versions as v where v.name = 'order'), 'all are listed';
end;
$$;
