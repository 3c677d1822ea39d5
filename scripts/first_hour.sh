#!/usr/bin/env bash
# The first hour of a new user: runs every shell command of README.md and docs/start/getting-started.md, taken from the pages,
# in order, each page in a copy of this checkout and with an empty HOME, so that everything is downloaded as for the first
# time. Needs a bare Debian 12 with Node only. At the end: a table of times and exit codes. Exit code 1 if a command failed.
#
#   scripts/first_hour.sh            all of it; `deno task test` takes many minutes
#   scripts/first_hour.sh --quick    without `deno task test` in the checkout
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
quick=${1:-}
work=$(mktemp -d)
table=$work/table
failed=0
id=
running=() # what goes on in the background: pid, number in the table, command
set -m # each of them in a process group of its own, so that all of it can be ended

leave() {
  local entry
  for entry in "${running[@]}"; do kill -KILL -- "-${entry%% *}" 2>/dev/null; done
  rm -rf "$work"
}
trap leave EXIT

export HOME=$work/home NO_COLOR=1
unset DENO_DIR RHYTHM_DATABASE_URL
mkdir -p "$HOME" "$work/bin"
# As the pages say: who has only Node writes `npx -y deno` for `deno`.
if ! command -v deno >/dev/null; then
  printf '#!/bin/sh\nexec npx -y deno "$@"\n' >"$work/bin/deno"
  chmod +x "$work/bin/deno"
  export PATH=$work/bin:$PATH
fi

now() { date +%s.%N; }

# One line of the table: when it began, its exit code, what it was.
note() {
  printf '%7.1f s  %4s  %s\n' "$(echo "$(now) $1" | awk '{ print $1 - $2 }')" "$2" "$3" >>"$table"
  if [[ $2 != 0 ]]; then failed=1; fi
}

# The shell blocks of a page, a command a line, without comments. A line "--" begins a block; "-- same" one that is typed in
# a second terminal, in the directory of the block before.
commands_of() {
  awk '
    /^```sh$/ { inside = 1; print (before ~ /second terminal/ ? "-- same" : "--"); next }
    /^```/ { inside = 0; before = ""; next }
    inside { sub(/(^|[ \t]+)# .*$/, ""); if ($0 != "") print; next }
    /^#/ { before = "" }
    { before = before " " $0 }
  ' "$1"
}

# What a command that goes on by itself prints once it is ready; nothing: it ends.
promise_of() {
  case $1 in
    *'deno task dev'*) echo 'In a second terminal:' ;;
    *'rhythm show '*' -f'*) echo 'suspended' ;;
  esac
}

begin() {
  local command=$1 promise=$2 began log=$work/log.${#running[@]} pid
  began=$(now)
  bash -c "$command" >"$log" 2>&1 &
  pid=$!
  while ! grep -q "$promise" "$log"; do
    if ! kill -0 "$pid" 2>/dev/null || (($(date +%s) - ${began%.*} > 300)); then
      cat "$log"
      note "$began" 1 "$command: \"$promise\" never came"
      return
    fi
    sleep 0.1
  done
  cat "$log"
  note "$began" 0 "$command (until \"$promise\")"
  running+=("$pid $command")
}

# Ends what goes on, the last one first: a follower by itself, once what it follows is over; the others by Ctrl-C.
finish() {
  local index pid command began code looks
  for ((index = ${#running[@]} - 1; index >= 0; index--)); do
    pid=${running[index]%% *} command=${running[index]#* } began=$(now)
    if [[ $command == *'deno task dev'* ]]; then kill -INT -- "-$pid"; fi
    for ((looks = 0; looks < 600; looks++)); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL -- "-$pid" 2>/dev/null
    wait "$pid"
    code=$?
    # Ended by Ctrl-C, as a person does.
    if [[ $code == 130 && $command == *'deno task dev'* ]]; then code=0; fi
    note "$began" "$code" "$command (its end)"
  done
  running=()
}

run() {
  local command=${1//<id>/$id} promise began code found log=$work/log
  printf '\n$ %s\n' "$command"
  promise=$(promise_of "$command")
  if [[ $command == 'deno task test' && $PWD == */rhythm && $quick == --quick ]]; then
    echo "left out: --quick"
    return
  fi
  # The directory is what stays of a command that goes on in it.
  if [[ -n $promise && $command == 'cd '*' && '* ]]; then
    eval "${command%% && *}"
    command=${command#* && }
  fi
  if [[ -n $promise ]]; then
    begin "$command" "$promise"
    return
  fi
  began=$(now)
  eval "$command" >"$log" 2>&1 </dev/null
  code=$?
  cat "$log"
  note "$began" "$code" "$command"
  found=$(grep -Ex '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' "$log" | tail -1)
  if [[ -n $found ]]; then id=$found; fi
}

for page in README.md docs/start/getting-started.md; do
  printf '\n=== %s\n' "$page"
  printf '%s\n' "$page" >>"$table"
  copy=$work/$(basename "$page" .md)/rhythm
  mkdir -p "$copy"
  tar -C "$root" --exclude=./.git --exclude=./dist --exclude=./hello --exclude=node_modules -cf - . | tar -C "$copy" -xf -
  rm -rf "$HOME"
  mkdir -p "$HOME"
  mapfile -t lines < <(commands_of "$root/$page")
  for line in "${lines[@]}"; do
    case $line in
      --)
        finish
        cd "$copy" || exit 1
        ;;
      '-- same') ;;
      *) run "$line" ;;
    esac
  done
  finish
  unset RHYTHM_DATABASE_URL
done

printf '\n%9s  %4s  command\n' time code
cat "$table"
exit "$failed"
