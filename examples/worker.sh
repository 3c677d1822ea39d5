#!/usr/bin/env bash
# A worker in shell and psql: it knows one task, shell.upper, and gives its input `text` back in capitals.
# Usage: DATABASE_URL=postgres://… examples/worker.sh      See docs/reference/worker-protocol.md.
set -euo pipefail

sql() { psql "$DATABASE_URL" --no-psqlrc --quiet --no-align --tuples-only --set ON_ERROR_STOP=1 "$@"; }
register() { sql -c "select rhythm.register_worker(null, p_name => 'worker.sh', p_lease => '30s', p_protocol => 1)"; }

worker=$(register)
running=yes
trap 'running=no' TERM INT
# Whatever happens, what it holds goes back at once.
trap 'sql -c "select rhythm.stop_worker('"'$worker'"')" >/dev/null' EXIT

# The task: inputs in, output or an error out. Here psql itself takes the JSON apart and puts it together.
upper() {
  sql --set inputs="$1" <<<"select coalesce(:'inputs'::jsonb ->> 'text', '')" | tr '[:lower:]' '[:upper:]'
}

done_with() { # id, call, text: what goes back with the next call
  sql --set id="$1" --set call="$2" --set text="$3" <<'SQL'
select jsonb_build_array(jsonb_build_object('kind', 'outcome', 'id', :'id', 'call', :call,
  'status', 'completed', 'output', jsonb_build_object('text', :'text')));
SQL
}

call=0
ends='[]'
beaten=$SECONDS
while [ "$running" = yes ] || [ "$ends" != '[]' ]; do
  if [ $((SECONDS - beaten)) -ge 10 ]; then
    alive=$(sql -c "select rhythm.beat('$worker') ->> 'alive'")
    [ "$alive" = true ] || worker=$(register)
    beaten=$SECONDS
  fi
  sql -c "select rhythm.tick()" >/dev/null
  call=$((call + 1))
  limit=$([ "$running" = yes ] && echo 1 || echo 0)
  # One call hands back what was done and claims what comes next.
  row=$(sql --set ends="$ends" <<SQL
select p #>> '{ids,0}', p #>> '{common,type}', p #> '{inputs,0}'
from jsonb_array_elements(rhythm.exchange('$worker', $call, :'ends',
  '{"limit": $limit, "targets": ["shell.upper"]}') -> 'parcels') as p;
SQL
  )
  ends='[]'
  if [ -z "$row" ]; then
    sleep 0.2
    continue
  fi
  IFS='|' read -r id type inputs <<<"$row"
  if [ "$type" = workflow ]; then # claims bring workflows too: those are for others
    ends="[{\"kind\": \"outcome\", \"id\": \"$id\", \"call\": $call, \"status\": \"released\", \"delay_ms\": 1000}]"
  else
    ends=$(done_with "$id" "$call" "$(upper "$inputs")")
  fi
done
