-- A worker that drains ends what it holds and takes nothing new: exchange() leases nothing to it. So workers need not know of it, and those
-- in other languages are drained, too.

-- It does not sleep: what becomes ready wakes others.
create or replace function rhythm.drain_worker(p_worker uuid, p_reason text default null)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.require_drainable(p_worker);
  update rhythm.worker as w set draining_since = rhythm.now(), sleeping = false where w.id = p_worker and w.draining_since is null;
  if not found then
    return false;
  end if;
  perform rhythm.record('drain', 'worker', p_worker::text, p_reason);
  -- The others may sleep, because this one was awake.
  perform rhythm.wake((select w.queues from rhythm.worker as w where w.id = p_worker));
  perform rhythm.wake_clocks();
  return true;
end;
$$;

comment on function rhythm.drain_worker(uuid, text) is
  'A worker takes nothing new until resume_worker(): it ends what it holds, and its workflows go on elsewhere after their step. It can be stopped when running is 0 in the view workers. p_reason: why, for the audit. False: it is draining already.';

create or replace function rhythm.resume_worker(p_worker uuid)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.require_drainable(p_worker);
  -- It looks for work when it is notified, or at its next poll.
  update rhythm.worker as w set draining_since = null, sleeping = true where w.id = p_worker and w.draining_since is not null;
  if not found then
    return false;
  end if;
  perform rhythm.record('resume', 'worker', p_worker::text);
  perform rhythm.wake((select w.queues from rhythm.worker as w where w.id = p_worker));
  return true;
end;
$$;

comment on function rhythm.resume_worker(uuid) is 'Lets a worker take what comes again, after drain_worker(). False: it was not draining.';

create or replace function rhythm.require_drainable(p_worker uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.require_read_committed();
  if not exists (select from rhythm.worker as w where w.id = p_worker) then
    perform rhythm.raise('RH004', format('There is no worker %s', coalesce(p_worker::text, 'null')), 'The view workers has those there are. A worker that has ended or counted as dead is not among them');
  end if;
end;
$$;

comment on function rhythm.require_drainable(uuid) is 'Raises RH004 if there is no such worker. Internal.';
