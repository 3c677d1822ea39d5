#!/usr/bin/env bash
# A worker in shell and psql: it knows one task, shell.upper, and gives its input `text` back in capitals.
# Usage: DATABASE_URL=postgres://… examples/worker.sh      See docs/worker-protocol.md.
set -euo pipefail

sql() { psql "$DATABASE_URL" --no-psqlrc --quiet --no-align --tuples-only --set ON_ERROR_STOP=1 "$@"; }

worker=$(sql -c "select rhythm.register_worker(null, p_name => 'worker.sh', p_lease => '30s')")
running=yes
trap 'running=no' TERM INT
# Whatever happens, what it holds goes back at once.
trap 'sql -c "select rhythm.stop_worker('"'$worker'"')" >/dev/null' EXIT

# The task: inputs in, output or an error out. Here psql itself takes the JSON apart and puts it together.
upper() {
  sql --set inputs="$1" <<<"select coalesce(:'inputs'::jsonb ->> 'text', '')" | tr '[:lower:]' '[:upper:]'
}

settle() { # id, attempt, text
  sql --set worker="$worker" --set id="$1" --set attempt="$2" --set text="$3" >/dev/null <<'SQL'
select rhythm.settle(:'worker', jsonb_build_array(jsonb_build_object(
  'id', :'id', 'attempt', :attempt, 'status', 'completed', 'output', jsonb_build_object('text', :'text'))));
SQL
}

beaten=$SECONDS
while [ "$running" = yes ]; do
  if [ $((SECONDS - beaten)) -ge 10 ]; then
    alive=$(sql -c "select rhythm.beat('$worker') ->> 'alive'")
    [ "$alive" = true ] || worker=$(sql -c "select rhythm.register_worker('$worker', p_name => 'worker.sh')")
    beaten=$SECONDS
  fi
  sql -c "select rhythm.tick()" >/dev/null
  row=$(sql -c "select id, attempt, type, inputs from rhythm.claim('$worker', p_targets => '{shell.upper}')")
  if [ -z "$row" ]; then
    sleep 0.2
    continue
  fi
  IFS='|' read -r id attempt type inputs <<<"$row"
  if [ "$type" = workflow ]; then # claims bring workflows too: those are for others
    sql -c "select rhythm.settle('$worker', '[{\"id\": \"$id\", \"attempt\": $attempt, \"status\": \"released\", \"delay_ms\": 1000}]')" >/dev/null
  else
    settle "$id" "$attempt" "$(upper "$inputs")"
  fi
done
