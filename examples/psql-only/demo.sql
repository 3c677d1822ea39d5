-- Only SQL: the handlers of tasks are functions of the database, and tick() runs them, without a worker.
-- In production pg_cron calls tick() every second: select rhythm.install_cron();

-- A handler takes the inputs as jsonb; what it returns is the output.
create schema if not exists bank;

create table if not exists bank.account (owner text primary key, cents bigint not null check (cents >= 0));

insert into bank.account (owner, cents) values ('ada', 10000), ('grace', 500)
on conflict (owner) do update set cents = excluded.cents;

create or replace function bank.transfer(p_inputs jsonb)
returns jsonb
language plpgsql
as $$
declare
  v_cents constant bigint := (p_inputs ->> 'cents')::bigint;
begin
  update bank.account set cents = cents - v_cents where owner = p_inputs ->> 'from';
  update bank.account set cents = cents + v_cents where owner = p_inputs ->> 'to';
  return jsonb_build_object('moved', v_cents);
end;
$$;

-- The handler's writes and the completion of its task commit together: money moves exactly once.
select rhythm.define_sql_task('bank.transfer', 'bank.transfer(jsonb)', '{"retry": {"max_attempts": 2, "initial": 0.1}}');

-- Queued in a transaction of ours: no commit, no transfer. The same key gives the same execution.
begin;
select rhythm.queue('bank.transfer', '{"from": "ada", "to": "grace", "cents": 2500}',
  idempotency_key => 'invoice-17', idempotency_ttl => '1s', metadata => '{"example": "psql-only"}') as first_time;
select rhythm.queue('bank.transfer', '{"from": "ada", "to": "grace", "cents": 2500}',
  idempotency_key => 'invoice-17', idempotency_ttl => '1s', metadata => '{"example": "psql-only"}') as same_again;
commit;

-- One that cannot be: Grace has not got that much.
select rhythm.queue('bank.transfer', '{"from": "grace", "to": "ada", "cents": 999999}',
  metadata => '{"example": "psql-only"}') as too_much;

-- Runs what is due. It returns when the next thing is due: now means that there is more to do.
do $$ begin while rhythm.tick() <= rhythm.now() loop end loop; end $$;

-- The one that failed has an attempt left, a moment later.
select status, attempt, inputs ->> 'cents' as cents, output, error ->> 'message' as error
from rhythm.executions
where metadata @> '{"example": "psql-only"}'
order by id desc
limit 2;

do $$
begin
  while exists (select from rhythm.executions where metadata @> '{"example": "psql-only"}' and completed_at is null) loop
    perform rhythm.tick(), pg_sleep(0.05);
  end loop;
end
$$;

select status, attempt, inputs ->> 'cents' as cents, error ->> 'message' as error
from rhythm.executions
where metadata @> '{"example": "psql-only"}'
order by id desc
limit 2;

select owner, cents from bank.account order by owner;

-- Every morning at six, in the time of Lisbon.
select rhythm.schedule('bank.interest', '0 6 * * *', 'bank.transfer', '{"from": "ada", "to": "grace", "cents": 1}',
  type => 'task', timezone => 'Europe/Lisbon') > now() as will_come;

select rhythm.unschedule('bank.interest') as gone;

-- The database's own check: a row for everything that is wrong.
select count(*) as violations from rhythm.check();

select rhythm.undefine_sql_task('bank.transfer') as gone;

drop schema bank cascade;
