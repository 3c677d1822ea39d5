/**
 * What is wrong with each argument of each function, and what the engine says to it.
 *
 * @module
 */

/** A call, and its refusal: SQLSTATE and the whole sentence. Or, with code `""`, the answer that says that nothing was done. */
export type Case = [call: string, code: string, says: string];

/** For each argument of a function its cases; or a sentence: why no value of it is wrong. */
export type Cases = Record<string, Case[] | string>;

/** Executions and a worker that are there, by what they are; see fixture.sql. */
export const nobody = "'00000000-0000-7000-8000-000000000000'";
const done = "'00000000-0000-7000-8000-000000000001'";
const running = "'00000000-0000-7000-8000-000000000002'";
const ready = "'00000000-0000-7000-8000-000000000003'";
const waiting = "'00000000-0000-7000-8000-000000000004'";
const worker = "'00000000-0000-7000-8000-0000000000ff'";
const large = "to_jsonb(repeat('x', 1100000))";

const nameRule = "letters, digits and _ . : / @ + -, starting with a letter, a digit or _";
const name = (kind: string, call: (value: string) => string): Case[] => [
  [call("null"), "RH001", `A ${kind} is missing: expected a text`],
  [call("''"), "RH001", `The ${kind} name has 0 characters: expected 1 to 200`],
  [call("repeat('x', 201)"), "RH001", `The ${kind} name has 201 characters: expected 1 to 200`],
  [call("'a b'"), "RH001", `"a b" cannot be a ${kind} name: expected ${nameRule}`],
];
const key = (kind: string, call: (value: string) => string): Case[] => [
  [call("''"), "RH001", `The ${kind} has 0 characters: expected 1 to 500`],
  [call("repeat('x', 501)"), "RH001", `The ${kind} has 501 characters: expected 1 to 500`],
  [call("E'a\\nb'"), "RH001", `The ${kind} contains a control character`],
];

/** The options that everything takes that creates an execution. */
const options = (fn: string, first: string): Cases => {
  const call = (option: string) => (value: string) => `${fn}(${first}, ${option} => ${value})`;
  const inputs = fn === "start" ? `'{"n": "1"}'` : "'{}'";
  const retry = call("retry");
  return {
    p_inputs: [
      [
        `${fn}(${first}, jsonb_build_object('n', ${large}))`,
        "RH006",
        "inputs take 1100009 bytes: at most 1048576 are allowed (setting max_payload_bytes)",
      ],
      ...(fn === "start"
        ? [
          [
            `start('f', ${inputs})`,
            "RH005",
            `Cannot start flow "f": inputs.n: expected number, got string (type)`,
          ],
          [`start('f', '[]')`, "RH005", `Cannot start flow "f": inputs: expected object, got array (type)`],
        ] as Case[]
        : []),
    ],
    queue: name("queue", call("queue")).slice(1),
    priority: [
      [call("priority")("40000"), "RH001", "priority must be a whole number from -32768 to 32767"],
      [call("priority")("-40000"), "RH001", "priority must be a whole number from -32768 to 32767"],
    ],
    delay: [
      [call("delay")("'soon'"), "22007", 'invalid input syntax for type interval: "soon"'],
      [call("delay")("'-1s'"), "RH001", 'delay must be a duration: seconds, or text such as "1h30m"'],
      [call("delay")("'99999999d'"), "RH001", 'delay must be a duration: seconds, or text such as "1h30m"'],
    ],
    run_at: [
      [call("run_at")("'infinity'"), "RH001", "run_at must be a moment such as 2030-01-31T12:00:00Z"],
      [`${fn}(${first}, run_at => now(), delay => '1s')`, "RH001", "run_at and delay exclude each other"],
    ],
    expires: [
      ...["0", "-1s", "tomorrow", "infinity", "2030-13-01"].map((value): Case => [
        call("expires")(`'${value}'`),
        "RH001",
        'expires must be a duration above zero, such as "10m", or a moment such as 2030-01-31T12:00:00Z',
      ]),
      [
        `${fn}(${first}, run_at => '2100-01-02', expires => '2100-01-01')`,
        "RH001",
        "expires must be later than run_at",
      ],
    ],
    timeout: [
      [
        call("timeout")("'0'"),
        "RH001",
        'timeout must be a duration above zero: seconds, or text such as "1h30m"',
      ],
      [
        call("timeout")("'x'"),
        "22007",
        'invalid input syntax for type interval: "x"',
      ],
    ],
    retry: [
      [retry("'0'"), "RH001", "retry must be a number of attempts from 1 to 9999, or an object"],
      [retry("'[]'"), "RH001", "retry must be a number of attempts from 1 to 9999, or an object"],
      [
        retry(`'{"tries": 1}'`),
        "RH001",
        'retry has no option "tries": expected max_attempts, backoff, initial, max, factor, jitter, crashes',
      ],
      [
        retry(`'{"maxAttempts": 1}'`),
        "RH001",
        'retry has no option "maxAttempts": expected max_attempts, backoff, initial, max, factor, jitter, crashes. Did you mean "max_attempts"?',
      ],
      [retry(`'{"max_attempts": 0}'`), "RH001", "retry.max_attempts must be a whole number from 1 to 9999"],
      [
        retry(`'{"max_attempts": null}'`),
        "RH001",
        "retry.max_attempts must be a whole number from 1 to 9999",
      ],
      [retry(`'{"backoff": "slow"}'`), "RH001", "retry.backoff must be exponential, linear or fixed"],
      [
        retry(`'{"initial": "x"}'`),
        "RH001",
        'retry.initial must be a duration: seconds, or text such as "1h30m"',
      ],
      [retry(`'{"max": -1}'`), "RH001", 'retry.max must be a duration: seconds, or text such as "1h30m"'],
      [retry(`'{"factor": 0.5}'`), "RH001", "retry.factor must be a number from 1 to 100"],
      [retry(`'{"jitter": 2}'`), "RH001", "retry.jitter must be true, false or a number from 0 to 1"],
      [retry(`'{"crashes": -1}'`), "RH001", "retry.crashes must be a whole number from 0 to 9999"],
    ],
    idempotency_key: key("idempotency key", call("idempotency_key")),
    idempotency_ttl: [
      [call("idempotency_ttl")("'1d'"), "RH001", "idempotency_ttl needs an idempotency_key"],
      [
        `${fn}(${first}, idempotency_key => 'k', idempotency_ttl => '0')`,
        "RH001",
        'idempotency_ttl must be a duration above zero: seconds, or text such as "1h30m"',
      ],
    ],
    unique_by: [
      ...([
        ["[]", "unique must be an object"],
        ["{}", "unique needs a key"],
        [
          `{"key": "k", "whilst": "active"}`,
          'unique has no option "whilst": expected key, while, on_conflict. Did you mean "while"?',
        ],
        [`{"key": 5}`, "unique.key must be a text"],
        [`{"key": ""}`, "The unique key has 0 characters: expected 1 to 500"],
        [
          `{"key": "k", "while": "running"}`,
          'unique.while must be queued, active or kept, or a duration above zero, such as "10m"',
        ],
        [
          `{"key": "k", "on_conflict": "wait"}`,
          "unique.on_conflict must be existing, reject, replace or cancel_existing",
        ],
      ] as const).map((
        [value, message],
      ): Case => [`${fn}(${first}, unique_by => '${value}')`, "RH001", message]),
      [
        `${fn}(${first}, idempotency_key => 'k', unique_by => '{"key": "k"}')`,
        "RH001",
        "unique and idempotency_key exclude each other",
      ],
    ],
    debounce: ([
      ["[]", "debounce must be an object"],
      ["{}", "debounce needs a key"],
      [`{"key": "k"}`, "debounce needs a delay"],
      [
        `{"key": "k", "delay": 1, "dealy": 2}`,
        'debounce has no option "dealy": expected key, delay, max_delay, inputs. Did you mean "delay"?',
      ],
      [
        `{"key": "k", "delay": 0}`,
        'debounce.delay must be a duration above zero: seconds, or text such as "1h30m"',
      ],
      [`{"key": "k", "delay": 1, "inputs": "some"}`, "debounce.inputs must be last, first or all"],
      [
        `{"key": "k", "delay": 2, "max_delay": 1}`,
        "debounce.max_delay must not be shorter than debounce.delay",
      ],
    ] as const).map((
      [value, message],
    ): Case => [`${fn}(${first}, debounce => '${value}')`, "RH001", message]),
    throttle: [
      ...([
        ["[]", "throttle must be an object"],
        ["{}", "throttle needs a key"],
        [`{"key": "k"}`, "throttle needs a limit"],
        [`{"key": "k", "limit": 1}`, "throttle needs a per"],
        [`{"key": "k", "limit": 1001, "per": 1}`, "throttle.limit must be a whole number from 1 to 1000"],
        [`{"key": "k", "limit": 1, "per": 1, "else": "wait"}`, "throttle.else must be drop or delay"],
      ] as const).map((
        [value, message],
      ): Case => [`${fn}(${first}, throttle => '${value}')`, "RH001", message]),
      [
        `${fn}(${first}, delay => '1s', throttle => '{"key": "k", "limit": 1, "per": 1}')`,
        "RH001",
        "throttle and delay exclude each other",
      ],
    ],
    concurrency_key: key("concurrency key", call("concurrency_key")),
    metadata: [
      [call("metadata")("'[]'"), "RH001", "metadata must be an object"],
      [
        call("metadata")("jsonb_build_object('a', repeat('x', 70000))"),
        "RH001",
        "metadata take more than 65536 bytes",
      ],
    ],
    id: [
      [
        call("id")("'f81d4fae-7dec-41d0-8765-00a0c91e6bf6'"),
        "RH001",
        "f81d4fae-7dec-41d0-8765-00a0c91e6bf6 cannot be an id: expected a UUID of version 7, as new_id() makes it",
      ],
    ],
    on_parent_cancel: [[
      `${fn}(${first}, on_parent_cancel => 'ignore')`,
      "RH001",
      "on_parent_cancel must be cancel or abandon",
    ]],
    parent: [[
      `${fn}(${first}, '{"n": 1}', parent => ${nobody})`,
      "RH002",
      `There is no execution ${nobody.slice(1, -1)} to be the parent`,
    ]],
  };
};

const request = (value: string): string => `create_many('[${value}]')`;
const task = (more: string): string => request(`{"type": "task", "target": "a", ${more}}`);
const json = (id: string): string => id.replaceAll("'", '"');
const outcome = (more: string): string =>
  `settle_one(${worker}, '{"id": ${json(running)}, "call": 1, ${more}}')`;
const ends = (items: string): string => `exchange(${worker}, 3, '${items}')`;
const wants = (want: string): string => `exchange(${worker}, 3, '[]', '${want}')`;
const unnamed = (call: (value: string) => string): Case[] => [
  [call("null"), "RH004", 'There is no schedule ""'],
  [call("'nobody'"), "RH004", 'There is no schedule "nobody"'],
];
const missing = (verb: string, call: (value: string) => string): Case[] => [
  [call("null"), "RH002", `Cannot ${verb}: there is no execution null`],
  [call(nobody), "RH002", `Cannot ${verb}: there is no execution ${nobody.slice(1, -1)}`],
];
const limit = (fn: string, call: (value: string) => string): Case[] =>
  ["null", "0", "-1", "100001"].map((value) => [
    call(value),
    "RH001",
    `${value} cannot be the limit of ${fn}: expected 1 to 100000`,
  ]);
const waits = `'[{"mode": "any", "ids": ["00000000-0000-7000-8000-000000000005"]}]'`;
const forks = (given: Record<string, string>): string => {
  const { from, id, step, version, snapshot, effects } = {
    ...{ from: waiting, id: "rhythm.new_id()", step: "1", version: "1", snapshot: "'{}'", effects: "'[]'" },
    ...given,
  };
  return `fork_state(${from}, ${id}, ${step}, ${version}, ${snapshot}, ${given.waits ?? waits}, ${effects})`;
};
const schedule = (more: string): string => `schedule('x', '@daily', 'a', type => 'task', ${more})`;
// Of two members with one name, the last one counts.
const step = (more: string): string =>
  `{"execution_id": ${
    json(waiting)
  }, "name": "a", "kind": "step", "status": "completed", "seq": 1, "attempts": 1` +
  `${more === "" ? "" : `, ${more}`}}`;
const saves = (
  more: string,
  says: string,
): Case => [`save_steps(${worker}, '[${step(more)}]')`, "RH001", says];
const notOutcome = "Every outcome needs its id (a UUID) and the call that leased it";
const notEnds =
  'p_ends must be a JSON array of objects: [{"kind": "done", "call": 1, "ids": ["…"], "outputs": [null]}, …]';
const notKind = "cannot be the kind of an end: expected done, outcome, steps, fire or leave";
const notEach = '"each" must be an array of inputs, without "inputs" and "id" beside it';
const needsWaits =
  'A suspended outcome needs waits: [{"mode": "any" or "all", "ids": [at least one UUID]}, …]';
const badLine =
  "Every log line needs an id (a UUID), a level (debug, info, warn or error) and a message (a text)";

/** Every function that a role or the owner may call. */
export const cases: Record<string, Cases> = {
  start: {
    p_flow: [
      ["start(null)", "RH001", "target must be a text"],
      ...name("flow", (value) => `start(${value})`).slice(1),
      ["start('g')", "RH004", 'There is no flow "g"'],
    ],
    ...options("start", "'f'"),
  },
  queue: {
    p_task: [
      ["queue(null)", "RH001", "target must be a text"],
      ...name("task", (value) => `queue(${value})`).slice(1),
    ],
    ...options("queue", "'a'"),
  },
  create_each: {
    p_requests: [
      ["create_each(null)", "RH001", "The argument of create_many() is not a JSON array"],
      [
        request('{"type": "job", "target": "a"}').replace("create_many", "create_each"),
        "RH001",
        "type must be task or workflow",
      ],
    ],
  },
  create_many: {
    p_requests: [
      ["create_many(null)", "RH001", "The argument of create_many() is not a JSON array"],
      ["create_many('{}')", "RH001", "The argument of create_many() is not a JSON array"],
      [
        request("5"),
        "RH001",
        'It is of type number: expected an object such as {"type": "task", "target": "send_email"}',
      ],
      [request('{"target": "a"}'), "RH001", "type must be task or workflow"],
      [task('"each": 5'), "RH001", notEach],
      [task('"each": [1], "inputs": 1'), "RH001", notEach],
      [task('"each": [1], "id": null'), "RH001", notEach],
      [
        task('"each": [1, 2], "queue": "a b"'),
        "RH001",
        `Request 1: "a b" cannot be a queue name: expected ${nameRule}`,
      ],
      [request('{"type": "job", "target": "a"}'), "RH001", "type must be task or workflow"],
      [request('{"type": "task", "target": 5}'), "RH001", "target must be a text"],
      [
        request('{"type": "task", "target": "a", "kue": "x"}'),
        "RH001",
        'There is no option "kue": expected type, target, inputs, traceparent, notify_on_end, queue, priority, delay, run_at, expires, timeout, ' +
        "retry, idempotency_key, idempotency_ttl, unique, debounce, throttle, concurrency_key, metadata, parent, on_parent_cancel, id",
      ],
      [
        request('{"type": "task", "target": "a"}, {"type": "task", "target": "a", "queue": "a b"}'),
        "RH001",
        `Request 2: "a b" cannot be a queue name: expected ${nameRule}`,
      ],
      [task('"queue": 5'), "RH001", "queue must be a text"],
      [task('"queue": null'), "RH001", "queue must be a text"],
      [task('"priority": 1.5'), "RH001", "priority must be a whole number from -32768 to 32767"],
      [task('"run_at": "tomorrow-ish"'), "RH001", "run_at must be a moment such as 2030-01-31T12:00:00Z"],
      [task('"idempotency_key": {"a": 1}'), "RH001", "idempotency_key must be a text"],
      [task('"concurrency_key": 1'), "RH001", "concurrency_key must be a text"],
      [task('"traceparent": 1'), "RH001", "traceparent must be a text"],
      [task('"notify_on_end": 1'), "RH001", "notify_on_end must be true or false"],
      [
        `create_many(jsonb_build_array(jsonb_build_object('type', 'task', 'target', 'a', 'traceparent', repeat('x', 501))))`,
        "RH001",
        "traceparent must be a text of at most 500 characters",
      ],
      [task('"id": "x"'), "RH001", "id must be a UUID"],
      [task('"parent": "x"'), "RH001", "parent must be a UUID"],
      [task(`"id": ${done.replaceAll("'", '"')}`), "RH001", "An execution with this id exists already"],
      [
        request(
          `{"type": "task", "target": "a", "id": ${nobody.replaceAll("'", '"')}}, ` +
            `{"type": "task", "target": "a", "id": ${nobody.replaceAll("'", '"')}}`,
        ),
        "RH001",
        "An execution with this id exists already",
      ],
    ],
  },
  signal: {
    p_execution: [
      [`signal(null, 's')`, "RH002", 'Cannot send signal "s": there is no execution null'],
      [
        `signal(${nobody}, 's')`,
        "RH002",
        `Cannot send signal "s": there is no execution ${nobody.slice(1, -1)}`,
      ],
      [
        `signal(${ready}, 's')`,
        "RH003",
        `Cannot send signal "s": execution ${ready.slice(1, -1)} is a task, only workflows take signals`,
      ],
    ],
    p_name: name("signal", (value) => `signal(${waiting}, ${value})`),
    p_payload: [[
      `signal(${waiting}, 's', ${large})`,
      "RH006",
      'The payload of signal "s" takes 1100002 bytes: at most 1048576 are allowed',
    ]],
    idempotency_key: key(
      "idempotency key",
      (value) => `signal(${waiting}, 's', idempotency_key => ${value})`,
    ),
  },
  ask: {
    p_execution: [
      [`ask(null, 's')`, "RH002", 'Cannot send signal "s": there is no execution null'],
      [
        `ask(${nobody}, 's', null, 'k')`,
        "RH002",
        `Cannot send signal "s": there is no execution ${nobody.slice(1, -1)}`,
      ],
      [
        `ask(${ready}, 's')`,
        "RH003",
        `Cannot send signal "s": execution ${ready.slice(1, -1)} is a task, only workflows take signals`,
      ],
    ],
    p_name: name("signal", (value) => `ask(${waiting}, ${value})`),
    p_payload: [[
      `ask(${waiting}, 's', ${large})`,
      "RH006",
      'The payload of signal "s" takes 1100002 bytes: at most 1048576 are allowed',
    ]],
    idempotency_key: key(
      "idempotency key",
      (value) => `ask(${waiting}, 's', idempotency_key => ${value})`,
    ),
  },
  signal_token: {
    p_execution: [
      [
        `signal_token(null, 's')`,
        "RH002",
        'Cannot make an address for signal "s": there is no execution null',
      ],
      [
        `signal_token(${nobody}, 's')`,
        "RH002",
        `Cannot make an address for signal "s": there is no execution ${nobody.slice(1, -1)}`,
      ],
      [
        `signal_token(${ready}, 's')`,
        "RH003",
        `Cannot make an address for signal "s": execution ${
          ready.slice(1, -1)
        } is a task, only workflows take signals`,
      ],
    ],
    p_name: name("signal", (value) => `signal_token(${waiting}, ${value})`),
    expires: [
      [`signal_token(${waiting}, 's', expires => '0')`, "RH001", "expires must be from 1 second to 366 days"],
      [
        `signal_token(${waiting}, 's', expires => null)`,
        "RH001",
        "expires must be from 1 second to 366 days",
      ],
      [
        `signal_token(${waiting}, 's', expires => '367 days')`,
        "RH001",
        "expires must be from 1 second to 366 days",
      ],
    ],
    uses: [
      [
        `signal_token(${waiting}, 's', uses => 0)`,
        "RH001",
        "uses must be from 1 to 1000000; null: as often as one likes",
      ],
      [
        `signal_token(${waiting}, 's', uses => 1000001)`,
        "RH001",
        "uses must be from 1 to 1000000; null: as often as one likes",
      ],
    ],
    form: [[
      `signal_token(${waiting}, 's', form => jsonb_build_object('description', repeat('x', 2000)))`,
      "RH001",
      "form takes 2019 bytes: at most 2000 are allowed",
    ]],
  },
  read_address: { p_token: "what is not signed right has the status invalid" },
  use_address: {
    p_token: "what is not signed right has the status invalid",
    p_payload: "what does not match the form has the status wrong",
  },
  rotate_signal_key: {
    keep: [
      [`rotate_signal_key(keep => null)`, "RH001", "keep must be from 0 to 366 days"],
      [`rotate_signal_key(keep => '367 days')`, "RH001", "keep must be from 0 to 366 days"],
      [`rotate_signal_key(keep => '-1 days')`, "RH001", "keep must be from 0 to 366 days"],
    ],
  },
  cancel: {
    p_execution: [
      ...missing("cancel", (value) => `cancel(${value})`),
      [`cancel(${done})`, "", "false"],
    ],
    p_reason: "any text; what is longer than 2000 characters is cut",
  },
  cancel_many: {
    p_executions: [
      [`cancel_many(array[null]::uuid[])`, "RH002", "Cannot cancel: there is no execution null"],
      [
        `cancel_many(array[${ready}, ${nobody}]::uuid[])`,
        "RH002",
        `Cannot cancel: there is no execution ${nobody.slice(1, -1)}`,
      ],
      ["cancel_many('{}')", "", "nothing"],
      ["cancel_many(null)", "", "nothing"],
    ],
    p_reason: "what is longer than 2000 characters is cut",
  },
  retry: {
    p_execution: [
      ...missing("retry", (value) => `retry(${value})`),
      [`retry(${done})`, "RH003", `Cannot retry execution ${done.slice(1, -1)}: it is completed`],
      [`retry(${ready})`, "RH003", `Cannot retry execution ${ready.slice(1, -1)}: it is pending`],
    ],
  },
  history: {
    p_execution: [
      ["history(null)", "RH002", "Cannot show the history: there is no execution null"],
      [
        `history(${nobody})`,
        "RH002",
        `Cannot show the history: there is no execution ${nobody.slice(1, -1)}`,
      ],
      [
        `history(${done})`,
        "RH003",
        `Cannot show the history: execution ${done.slice(1, -1)} is a task, and only workflows have steps`,
      ],
    ],
    p_after: [[`history(${waiting}, 5)`, "", "nothing"]],
    p_limit: limit("history()", (value) => `history(${waiting}, 0, ${value})`),
  },
  replay_start: {
    p_execution: [
      ["replay_start(null)", "RH002", "Cannot rebuild a state: there is no execution null"],
      [
        `replay_start(${done})`,
        "RH003",
        `Cannot rebuild a state: execution ${done.slice(1, -1)} is a task, and only workflows have steps`,
      ],
    ],
    p_step: "any number: the newest base up to it counts",
  },
  replay_steps: {
    p_execution: [["replay_steps(null)", "", "nothing"], [`replay_steps(${done})`, "", "nothing"]],
    p_after: [[`replay_steps(${waiting}, 5)`, "", "nothing"]],
    p_limit: limit("replay_steps()", (value) => `replay_steps(${waiting}, 0, ${value})`),
  },
  edit_state: {
    p_execution: [
      ["edit_state(null, 1, '{}')", "RH002", "Cannot edit: there is no execution null"],
      [
        `edit_state(${done}, 1, null)`,
        "RH003",
        `Cannot edit execution ${done.slice(1, -1)}: it is completed and has no state to change`,
      ],
    ],
    p_seq: ["null", "7"].map((value): Case => [
      `edit_state(${waiting}, ${value}, '{}')`,
      "RH003",
      `Cannot edit execution ${waiting.slice(1, -1)}: it has taken a step since you looked at it`,
    ]),
    p_snapshot: ["null", "'5'"].map((value): Case => [
      `edit_state(${waiting}, 1, ${value})`,
      "RH001",
      "p_snapshot must be a JSON object: a state that the language gave",
    ]),
    p_note: "any text; what is longer than 2000 characters is cut",
    p_tags: "any texts, at most a hundred; null: as they are",
  },
  rewind_state: {
    p_execution: [
      [`rewind_state(null, 1, '{}', ${waits}, '{}')`, "RH002", "Cannot rewind: there is no execution null"],
      [
        `rewind_state(${done}, 1, '{}', ${waits}, '{}')`,
        "RH003",
        `Cannot rewind execution ${done.slice(1, -1)}: it is completed and has no state to change`,
      ],
    ],
    p_seq: [[
      `rewind_state(${waiting}, null, '{}', ${waits}, '{}')`,
      "RH003",
      `Cannot rewind execution ${waiting.slice(1, -1)}: it has taken a step since you looked at it`,
    ]],
    p_snapshot: [[
      `rewind_state(${waiting}, 1, null, ${waits}, '{}')`,
      "RH001",
      "p_snapshot must be a JSON object: a state that the language gave",
    ]],
    p_waits: ["null", "'{}'", "'[]'"].map((value): Case => [
      `rewind_state(${waiting}, 1, '{}', ${value}, '{}')`,
      "RH001",
      'p_waits must be a list: [{"mode": "any" or "all", "ids": [at least one UUID]}, …]',
    ]),
    p_pending: [
      [
        `rewind_state(${waiting}, 1, '{}', ${waits}, null)`,
        "RH001",
        "p_pending must be an array of ids: what was under way",
      ],
      [
        `rewind_state(${waiting}, 1, '{}', ${waits}, '{}')`,
        "RH001",
        `Workflow ${
          waiting.slice(1, -1)
        } cannot wait for 00000000-0000-7000-8000-000000000005: it is not a child, timer or wait for a signal of this workflow`,
      ],
    ],
    p_effects: [
      [
        `rewind_state(${waiting}, 1, '{}', ${waits}, '{}', '[5]')`,
        "RH001",
        'p_effects must be a list: [{"id": "…", "type": "start_timer", …}, …]',
      ],
      [
        `rewind_state(${waiting}, 1, '{}', ${waits}, '{}', '[{"id": "x", "type": "start_timer"}]')`,
        "RH001",
        'Cannot rewind: the state is not one that the language gave: invalid input syntax for type uuid: "x"',
      ],
    ],
    p_cleanup: "null is false",
    p_note: "any text; what is longer than 2000 characters is cut",
    p_version: [[
      `rewind_state(${waiting}, 1, '{}', ${waits}, '{}', p_version => 9)`,
      "RH002",
      'Cannot rewind: flow "f" has no version 9',
    ]],
    p_step: "any number; null is before the first",
  },
  fork_steps: {
    p_execution: [
      ["fork_steps(null, 1)", "RH002", "Cannot fork: there is no execution null"],
      [
        `fork_steps(${done}, 1)`,
        "RH003",
        `Cannot fork: execution ${done.slice(1, -1)} is a task, and only workflows have steps`,
      ],
    ],
    p_step: "what has no such step is refused; a flow is not looked at",
    p_id: "of a flow it is not looked at",
    p_inputs: "of a flow they are not looked at",
    p_note: "any text",
    p_dry_run: "null is no dry run",
  },
  fork_state: {
    p_execution: [
      [forks({ from: "null" }), "RH002", "Cannot fork: there is no execution null"],
      [
        forks({ from: done }),
        "RH003",
        `Cannot fork: execution ${done.slice(1, -1)} is a task, and only workflows have steps`,
      ],
    ],
    p_id: [[
      forks({ id: "'00000000-0000-4000-8000-000000000000'" }),
      "RH001",
      "00000000-0000-4000-8000-000000000000 cannot be an id: expected a UUID of version 7, as new_id() makes it",
    ]],
    p_step: ["null", "0"].map((value): Case => [
      forks({ step: value }),
      "RH001",
      `Cannot fork from step ${value}: steps are counted from 1`,
    ]),
    p_version: ["null", "9"].map((value): Case => [
      forks({ version: value }),
      "RH002",
      `Cannot fork: flow "f" has no version ${value}`,
    ]),
    p_snapshot: [[
      forks({ snapshot: "null" }),
      "RH001",
      "p_snapshot must be a JSON object: a state that the language gave",
    ]],
    p_waits: [[
      forks({ waits: "'5'" }),
      "RH001",
      'p_waits must be a list: [{"mode": "any" or "all", "ids": [at least one UUID]}, …]',
    ]],
    p_effects: [[
      forks({ effects: "null" }),
      "RH001",
      'p_effects must be a list: [{"id": "…", "type": "start_timer", …}, …]',
    ]],
    p_cleanup: "null is false",
    p_inputs: "null: those of the other one",
    p_note: "any text; what is longer than 2000 characters is cut",
  },
  pending_effects: {
    p_execution: [["pending_effects(null, '{}')", "", "[]"]],
    p_ids: [[`pending_effects(${waiting}, null)`, "", "[]"], [
      `pending_effects(${waiting}, array[${done}]::uuid[])`,
      "",
      "[]",
    ]],
  },
  export_execution: { p_execution: missing("export", (value) => `export_execution(${value})`) },
  import_execution: {
    p_file: [
      ["import_execution(null)", "RH001", "Cannot import: this is not an exported execution"],
      ["import_execution('{}')", "RH001", "Cannot import: this is not an exported execution"],
      [
        `import_execution(rhythm.export_execution(${done}) || '{"version": 2}')`,
        "RH001",
        "Cannot import: the file has version 2 of its format, and this installation knows version 1. Upgrade it",
      ],
      [
        `import_execution(rhythm.export_execution(${done}) - 'executions')`,
        "RH001",
        "Cannot import: the file is damaged: its execution is not in it",
      ],
      [
        `import_execution(rhythm.export_execution(${done}))`,
        "RH003",
        `Cannot import execution ${done.slice(1, -1)}: there is an execution ${done.slice(1, -1)} already`,
      ],
    ],
    p_by: "any text; null: the role",
  },
  delete_execution: {
    p_execution: [
      ...missing("delete", (value) => `delete_execution(${value})`),
      [`delete_execution(${ready})`, "RH003", `Cannot delete execution ${ready.slice(1, -1)}: it is pending`],
    ],
  },
  schedule: {
    p_name: name("schedule", (value) => `schedule(${value}, '@daily', 'a', type => 'task')`),
    p_cron: [
      ...(["null", "'* * *'", "'every day'"] as const).map((value): Case => [
        `schedule('x', ${value}, 'a', type => 'task')`,
        "RH001",
        `"${
          value === "null" ? "" : value.slice(1, -1)
        }" is not a cron expression: expected five fields (minute hour day month weekday), ` +
        "six with the second first, or one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually",
      ]),
      [
        "schedule('x', '61 * * * *', 'a', type => 'task')",
        "RH001",
        '"61" cannot be the minute of a cron expression: expected 0 to 59',
      ],
      [
        "schedule('x', '0 0 30 2 *', 'a', type => 'task')",
        "RH001",
        'The cron expression "0 0 30 2 *" never fires: no month has such a day',
      ],
    ],
    p_target: [
      ["schedule('x', '@daily', null, type => 'task')", "RH001", "target must be a text"],
      ["schedule('x', '@daily', 'nobody')", "RH004", 'There is no flow "nobody"'],
    ],
    p_inputs: [
      [
        "schedule('x', '@daily', 'f', '{}')",
        "RH005",
        'Cannot start flow "f": inputs.n: is required (required)',
      ],
    ],
    type: [
      [
        "schedule('x', '@daily', 'a', type => 'job')",
        "RH001",
        '"job" cannot be the type of a schedule: expected workflow or task',
      ],
      [
        "schedule('x', '@daily', 'a', type => null)",
        "RH001",
        '"" cannot be the type of a schedule: expected workflow or task',
      ],
    ],
    timezone: [
      [
        schedule("timezone => 'Mars'"),
        "RH001",
        '"Mars" is not a time zone: expected a name such as Europe/Berlin or UTC',
      ],
      [
        schedule("timezone => 'Foo3'"),
        "RH001",
        '"Foo3" is not a time zone: expected a name such as Europe/Berlin or UTC',
      ],
      [
        schedule("timezone => null"),
        "RH001",
        '"" is not a time zone: expected a name such as Europe/Berlin or UTC',
      ],
    ],
    overlap: [
      [
        schedule("overlap => 'wait'"),
        "RH001",
        '"wait" cannot be the overlap of a schedule: expected skip, queue, allow or cancel',
      ],
      [
        schedule("overlap => null"),
        "RH001",
        '"" cannot be the overlap of a schedule: expected skip, queue, allow or cancel',
      ],
    ],
    catch_up: [
      [
        schedule("catch_up => 'some'"),
        "RH001",
        '"some" cannot be the catch-up of a schedule: expected none, one or all',
      ],
      [
        schedule("catch_up => null"),
        "RH001",
        '"" cannot be the catch-up of a schedule: expected none, one or all',
      ],
    ],
    jitter: [
      [
        schedule("jitter => '-1s'"),
        "RH001",
        '"-00:00:01" cannot be the jitter of a schedule: expected zero to one day',
      ],
      [
        schedule("jitter => '25h'"),
        "RH001",
        '"25:00:00" cannot be the jitter of a schedule: expected zero to one day',
      ],
      [
        schedule("jitter => null"),
        "RH001",
        '"" cannot be the jitter of a schedule: expected zero to one day',
      ],
    ],
    options: [
      [
        schedule("options => '[]'"),
        "RH001",
        "The options of a schedule are not a JSON object: expected the options of create_many()",
      ],
      [
        schedule("options => null"),
        "RH001",
        "The options of a schedule are not a JSON object: expected the options of create_many()",
      ],
      [
        schedule(`options => '{"inputs": {}}'`),
        "RH001",
        "The options of a schedule cannot hold type, target, inputs, traceparent, notify_on_end, id, delay, run_at, idempotency_key or idempotency_ttl: those follow from the schedule",
      ],
      [
        schedule(`options => '{"priority": "high"}'`),
        "RH001",
        "priority must be a whole number from -32768 to 32767",
      ],
    ],
  },
  unschedule: { p_name: [["unschedule(null)", "", "false"], ["unschedule('nobody')", "", "false"]] },
  pause_schedule: { p_name: unnamed((value) => `pause_schedule(${value})`) },
  resume_schedule: { p_name: unnamed((value) => `resume_schedule(${value})`) },
  trigger_schedule: { p_name: unnamed((value) => `trigger_schedule(${value})`) },
  backfill_schedule: {
    p_name: unnamed((value) => `backfill_schedule(${value}, now(), now())`),
    p_from: [
      [
        "backfill_schedule('daily', null, '2020-01-01Z')",
        "RH001",
        "Cannot back-fill from  to 2020-01-01 00:00:00+00: expected a time, and a later one that is not in the future",
      ],
      [
        "backfill_schedule('daily', '-infinity', '2020-01-01Z')",
        "RH001",
        "Cannot back-fill from -infinity to 2020-01-01 00:00:00+00: expected a time, and a later one that is not in the future",
      ],
      [
        "backfill_schedule('daily', '2020-01-02Z', '2020-01-01Z')",
        "RH001",
        "Cannot back-fill from 2020-01-02 00:00:00+00 to 2020-01-01 00:00:00+00: expected a time, and a later one that is not in the future",
      ],
    ],
    p_to: [[
      "backfill_schedule('daily', '2020-01-01Z', 'infinity')",
      "RH001",
      "Cannot back-fill from 2020-01-01 00:00:00+00 to infinity: expected a time, and a later one that is not in the future",
    ]],
    p_limit: [
      [
        "backfill_schedule('daily', '2020-01-01Z', '2020-01-01Z', 0)",
        "RH001",
        '"0" cannot be the limit of a back-fill: expected 1 to 10000',
      ],
      [
        "backfill_schedule('daily', '2020-01-01Z', '2020-01-01Z', null)",
        "RH001",
        '"" cannot be the limit of a back-fill: expected 1 to 10000',
      ],
      [
        "backfill_schedule('daily', '2020-01-01Z', '2020-01-09Z', 3)",
        "RH001",
        '"daily" fires more than 3 times from 2020-01-01 00:00:00+00 to 2020-01-09 00:00:00+00',
      ],
    ],
  },
  pause_queue: {
    p_queue: name("queue", (value) => `pause_queue(${value})`),
    p_reason: "what is longer than 2000 characters is cut",
    p_by: "what is longer than 200 characters is cut",
  },
  resume_queue: {
    p_queue: [...name("queue", (value) => `resume_queue(${value})`), ["resume_queue('open')", "", "false"]],
  },
  drain_worker: {
    p_worker: [
      ["drain_worker(null)", "RH004", "There is no worker null"],
      [`drain_worker(${nobody})`, "RH004", `There is no worker ${nobody.slice(1, -1)}`],
    ],
    p_reason: "what is longer than 2000 characters is cut",
  },
  resume_worker: {
    p_worker: [
      ["resume_worker(null)", "RH004", "There is no worker null"],
      [`resume_worker(${nobody})`, "RH004", `There is no worker ${nobody.slice(1, -1)}`],
      [`resume_worker(${worker})`, "", "false"],
    ],
  },
  answer_ask: {
    p_ask: [
      ["answer_ask(null)", "RH004", "There is no question null"],
      ["answer_ask(-1)", "RH004", "There is no question -1"],
    ],
    p_answer: "only its size can be wrong, of a question that there is: see signals/answered.sql",
    p_error: "only its size can be wrong, of a question that there is: see signals/answered.sql",
  },
  pause_key: {
    p_queue: name("queue", (value) => `pause_key(${value}, 'k')`),
    p_key: [["pause_key('q', '')", "RH001", "The concurrency key has 0 characters: expected 1 to 500"]],
    p_reason: "what is longer than 2000 characters is cut",
    p_by: "what is longer than 200 characters is cut",
  },
  change: {
    p_execution: [
      ...missing("change", (value) => `change(${value}, '{"priority": 1}')`),
      [
        `change(${done}, '{"priority": 1}')`,
        "RH003",
        `Cannot change execution ${done.replaceAll("'", "")}: it is completed, and has begun`,
      ],
      [
        `change(${running}, '{"priority": 1}')`,
        "RH003",
        `Cannot change execution ${running.replaceAll("'", "")}: it is running, and has begun`,
      ],
    ],
    p_to: [
      [`change(${ready}, '[]')`, "RH001", 'A change must be an object: {"queue": "mail", "priority": 5}'],
      [`change(${ready}, null)`, "RH001", 'A change must be an object: {"queue": "mail", "priority": 5}'],
      [`change(${ready}, '{}')`, "RH001", "A change must name something: queue, priority, delay or run_at"],
      [
        `change(${ready}, '{"prioritty": 1}')`,
        "RH001",
        'There is no option "prioritty": expected queue, priority, delay, run_at. Did you mean "priority"?',
      ],
      [
        `change(${ready}, '{"priority": "high"}')`,
        "RH001",
        "priority must be a whole number from -32768 to 32767",
      ],
    ],
  },
  pause_execution: {
    p_execution: [
      ...missing("pause", (value) => `pause_execution(${value})`),
      [`pause_execution(${done})`, "", "false"],
    ],
    p_reason: "what is longer than 2000 characters is cut",
    p_by: "what is longer than 200 characters is cut",
  },
  resume_execution: {
    p_execution: [
      ...missing("resume", (value) => `resume_execution(${value})`),
      [`resume_execution(${ready})`, "", "false"],
    ],
  },
  pause_task: {
    p_task: name("task", (value) => `pause_task(${value})`),
    p_reason: "what is longer than 2000 characters is cut",
    p_by: "what is longer than 200 characters is cut",
  },
  resume_task: {
    p_task: [...name("task", (value) => `resume_task(${value})`), ["resume_task('a')", "", "false"]],
  },
  pause_flow: {
    p_flow: name("flow", (value) => `pause_flow(${value})`),
    p_reason: "what is longer than 2000 characters is cut",
    p_by: "what is longer than 200 characters is cut",
  },
  resume_flow: {
    p_flow: [...name("flow", (value) => `resume_flow(${value})`), ["resume_flow('f')", "", "false"]],
  },
  operate: {
    p_action: [
      [
        'operate(null, \'{"status": "failed"}\')',
        "RH001",
        'There is no action "": expected cancel, retry, signal, pause, resume, change, migrate or repair',
      ],
      [
        "operate('delete', '{\"status\": \"failed\"}')",
        "RH001",
        'There is no action "delete": expected cancel, retry, signal, pause, resume, change, migrate or repair',
      ],
    ],
    p_filter: [
      [
        "operate('retry', null)",
        "RH001",
        'A filter must be an object: {"status": "failed", "target": "charge"}',
      ],
      [
        "operate('retry', '[]')",
        "RH001",
        'A filter must be an object: {"status": "failed", "target": "charge"}',
      ],
      [
        "operate('retry', '{}')",
        "RH001",
        'A filter must name something, such as {"status": "failed"}. For all executions: {"created_before": "now"}',
      ],
      [
        "operate('retry', '{\"staus\": \"failed\"}')",
        "RH001",
        'There is no option "staus": expected ids, type, target, version, status, queue, parent, fingerprint, line, variables, metadata, paused, created_after, created_before. Did you mean "status"?',
      ],
      [
        "operate('retry', '{\"status\": \"fail\"}')",
        "RH001",
        'There is no status "fail": expected pending, running, suspended, completed, failed, cancelled',
      ],
      [
        "operate('retry', '{\"status\": [null]}')",
        "RH001",
        'There is no status "": expected pending, running, suspended, completed, failed, cancelled',
      ],
      ["operate('retry', '{\"ids\": []}')", "RH001", "ids must be 1 to 1000 ids of executions"],
      ["operate('retry', '{\"ids\": [null]}')", "RH001", "ids must be 1 to 1000 ids of executions"],
      ["operate('retry', '{\"ids\": {}}')", "RH001", "ids must be 1 to 1000 ids of executions"],
      ["operate('retry', '{\"type\": \"flow\"}')", "RH001", "type must be task or workflow"],
      ["operate('retry', '{\"version\": \"1\"}')", "RH001", "version must be a number"],
      ["operate('retry', '{\"metadata\": 1}')", "RH001", "metadata must be an object"],
      ["operate('retry', '{\"paused\": 1}')", "RH001", "paused must be true or false"],
      ["operate('retry', '{\"fingerprint\": \"x\"}')", "RH001", "fingerprint must be a number"],
      ["operate('retry', '{\"line\": \"x\"}')", "RH001", "line must be a number"],
      [
        "operate('retry', '{\"variables\": {}}')",
        "RH001",
        'variables must be an object: {"orderId": "1042"}',
      ],
      [
        "operate('retry', '{\"variables\": {\"a\": null}}')",
        "RH001",
        'variables must be an object: {"orderId": "1042"}',
      ],
      ["operate('retry', '{\"parent\": \"x\"}')", "RH001", "parent must be the id of an execution"],
      ["operate('retry', '{\"line\": \"x\"}')", "RH001", "line must be a number"],
      [
        "operate('retry', '{\"created_after\": \"soon\"}')",
        "RH001",
        "created_after and created_before must be moments such as 2030-01-31T12:00:00Z",
      ],
    ],
    p_args: [
      [
        "operate('retry', '{\"status\": \"failed\"}', null)",
        "RH001",
        "The arguments of an action must be an object",
      ],
      [
        'operate(\'retry\', \'{"status": "failed"}\', \'{"reason": "x"}\')',
        "RH001",
        "retry takes no arguments",
      ],
      [
        'operate(\'cancel\', \'{"status": "failed"}\', \'{"why": "x"}\')',
        "RH001",
        'There is no option "why": expected reason',
      ],
      ["operate('signal', '{\"status\": \"failed\"}')", "RH001", "A signal is missing: expected a text"],
      ["operate('repair', '{\"status\": \"failed\"}')", "RH001", 'repair needs "set", "to", or both'],
      [
        'operate(\'repair\', \'{"status": "failed"}\', \'{"set": {}, "then": "go"}\')',
        "RH001",
        "then must be retry or resume",
      ],
    ],
    dry_run: "null is false",
    p_by: "what is longer than 200 characters is cut",
  },
  migrate: {
    p_flow: [
      ["migrate(null)", "RH001", "The filter must name a target: versions belong to a flow"],
      ["migrate('nowhere')", "RH004", 'There is no version null of flow "nowhere"'],
    ],
    p_to: [
      ["migrate('f', 9)", "RH004", 'There is no version 9 of flow "f"'],
      ["migrate('f', 0)", "RH001", "to must be the number of a version"],
    ],
    p_filter: ["null", "'[]'"].map((value): Case => [
      `migrate('f', 1, ${value})`,
      "RH001",
      'A filter must be an object: {"status": "suspended"}',
    ]),
    p_args: [
      ["migrate('f', 1, '{}', null)", "RH001", "The arguments of an action must be an object"],
      [
        "migrate('f', 1, '{}', '{\"map\": {\"1\": \"2\"}}')",
        "RH001",
        'map must be an object of line numbers: {"12": 14}',
      ],
      ["migrate('f', 1, '{}', '{\"accept\": true}')", "RH001", "accept must be sure or likely"],
      [
        "migrate('f', 1, '{}', '{\"set\": 1}')",
        "RH001",
        'set must be an object of variables and their values: {"amount": 40}',
      ],
      ["migrate('f', 1, '{}', '{\"fibre\": -1}')", "RH001", "fibre must be a number, counted from 0"],
      ["migrate('f', 1, '{}', '{\"note\": 1}')", "RH001", "note must be a text"],
    ],
    dry_run: "null is false",
    p_by: "what is longer than 200 characters is cut",
  },
  register_pairing: {
    p_flow: [["register_pairing(null, 1, 1, '{}')", "RH004", 'There is no version 1 of flow "null"']],
    p_from: [["register_pairing('f', null, 1, '{}')", "RH004", 'There is no version null of flow "f"']],
    p_to: [["register_pairing('f', 1, 9, '{}')", "RH004", 'There is no version 9 of flow "f"']],
    p_pairs: ["null", "'[]'", "'{\"0:1\": 1}'"].map((value): Case => [
      `register_pairing('f', 1, 1, ${value})`,
      "RH001",
      "p_pairs must be an object of objects: what the language gave",
    ]),
  },
  unpaired_versions: {
    p_flow: [["unpaired_versions(null, 1)", "RH004", 'There is no version 1 of flow "null"']],
    p_to: [["unpaired_versions('f', 9)", "RH004", 'There is no version 9 of flow "f"']],
    p_limit: limit("unpaired_versions()", (value) => `unpaired_versions('f', 1, ${value})`),
  },
  operation_places: {
    p_operation: [["operation_places(null)", "RH002", "Cannot look at it: there is no operation null"]],
  },
  apply_change: {
    p_worker: [[`apply_change(null, ${waiting}, 1, 1)`, "", "null"]],
    p_execution: [[`apply_change(${worker}, null, 1, 1)`, "", "null"]],
    p_call: [[`apply_change(${worker}, ${waiting}, null, 1)`, "", "null"]],
    p_seq: [[`apply_change(${worker}, ${waiting}, 1, null)`, "", "null"]],
    p_snapshot: "only read with a lease and a change",
    p_problem: "any text; what is longer than 2000 characters is cut",
  },
  set_failure_hook: {
    p_name: name("hook", (value) => `set_failure_hook(${value}, 't')`),
    p_target: [
      ["set_failure_hook('h')", "RH001", "A hook needs either p_target or url"],
      ["set_failure_hook('h', 't', url => 'https://x')", "RH001", "A hook needs either p_target or url"],
      ["set_failure_hook('h', 'g', 'workflow')", "RH004", 'There is no flow "g"'],
      ["set_failure_hook('h', '')", "RH001", "The task name has 0 characters: expected 1 to 200"],
    ],
    p_type: [
      [
        "set_failure_hook('h', 't', null)",
        "RH001",
        '"" cannot be the type of a hook: expected task or workflow',
      ],
      [
        "set_failure_hook('h', 't', 'flow')",
        "RH001",
        '"flow" cannot be the type of a hook: expected task or workflow',
      ],
    ],
    p_event: [
      [
        "set_failure_hook('h', 't', p_event => null)",
        "RH001",
        'There is no event "" of hooks: expected new or failed',
      ],
      [
        "set_failure_hook('h', 't', p_event => 'old')",
        "RH001",
        'There is no event "old" of hooks: expected new or failed',
      ],
    ],
    url: [
      [
        "set_failure_hook('h', url => 'ftp://x')",
        "RH001",
        "url must be an address such as https://example.org/alerts",
      ],
      [
        "set_failure_hook('h', url => '')",
        "RH001",
        "url must be an address such as https://example.org/alerts",
      ],
    ],
    secret: [
      ["set_failure_hook('h', 't', secret => 'x')", "RH001", "secret needs url: it signs the calls"],
      [
        "set_failure_hook('h', url => 'https://x', secret => repeat('x', 501))",
        "RH001",
        "secret must have at most 500 characters",
      ],
    ],
    filter: [
      [
        "set_failure_hook('h', 't', filter => '[]')",
        "RH001",
        'filter must be an object: {"target": "charge"}',
      ],
      [
        "set_failure_hook('h', 't', filter => '{\"status\": \"failed\"}')",
        "RH001",
        'There is no option "status": expected type, target, version, queue, parent, fingerprint, line, variables, metadata',
      ],
      [
        "set_failure_hook('h', 't', filter => '{\"type\": \"flow\"}')",
        "RH001",
        "type must be task or workflow",
      ],
    ],
    queue: [[
      "set_failure_hook('h', 't', queue => '')",
      "RH001",
      "The queue name has 0 characters: expected 1 to 200",
    ]],
    p_by: "what is longer than 200 characters is cut",
  },
  remove_failure_hook: {
    p_name: [["remove_failure_hook('h')", "", "false"], ["remove_failure_hook(null)", "", "false"]],
  },
  hook_address: {
    p_execution: [["hook_address(null)", "", "null"], [`hook_address(${nobody})`, "", "null"]],
  },
  find: {
    p_variables: [
      [
        "find(null)",
        "RH001",
        'p_variables must be an object of texts, numbers and booleans: {"orderId": "1042"}',
      ],
      [
        "find('{}')",
        "RH001",
        'p_variables must be an object of texts, numbers and booleans: {"orderId": "1042"}',
      ],
      [
        "find('{\"a\": {}}')",
        "RH001",
        'p_variables must be an object of texts, numbers and booleans: {"orderId": "1042"}',
      ],
      ["find('{\"a\": 1}')", "", "nothing"],
    ],
  },
  audit: {
    p_filter: [
      [
        "audit('[]')",
        "RH001",
        'A filter must be an object: {"kind": "queue", "target": "mail"}',
      ],
      [
        'audit(\'{"actt": "x"}\')',
        "RH001",
        'There is no option "actt": expected by, act, kind, target. Did you mean "act"?',
      ],
      ["audit('{\"act\": 1}')", "RH001", "by, act, kind and target must be texts"],
    ],
    p_cursor: "any number; null: from the latest one",
    p_limit: ["null", "0", "1001"].map((value): Case => [
      `audit(p_limit => ${value})`,
      "RH001",
      `"${value === "null" ? "" : value}" cannot be the limit: expected 1 to 1000`,
    ]),
  },
  find_token: { p_hash: "what is not the hash of a token is found nowhere" },
  create_token: {
    p_name: name("token", (value) => `create_token(${value}, 'viewer')`),
    p_role: ["null", "'root'"].map((value): Case => [
      `create_token('t', ${value})`,
      "RH001",
      `There is no role "${
        value.replaceAll("'", "").replace("null", "")
      }" of tokens: expected viewer, operator, deployer or admin`,
    ]),
    expires_at: ["'2000-01-01'", "'infinity'"].map((value): Case => [
      `create_token('t', 'viewer', expires_at => ${value})`,
      "RH001",
      "expires_at must be in the future; null: it does not expire",
    ]),
    metadata_only: "null is false",
  },
  revoke_token: { p_name: [["revoke_token(null)", "", "false"], ["revoke_token('none')", "", "false"]] },
  tag: {
    p_execution: [
      ["tag(null, '{\"a\": 1}')", "RH002", "Cannot tag: there is no execution null"],
      [`tag(${waiting}, '{"a": 1}')`, "RH003", `Cannot tag execution ${waiting.slice(1, -1)}: it is a flow`],
    ],
    p_variables: [
      ...["null", "'{}'", "'[]'", `'{"a": {}}'`, `'{"a": [null]}'`].map((value): Case => [
        `tag(${done}, ${value})`,
        "RH001",
        "p_variables must be an object of texts, numbers, booleans, arrays of them, and null for what must go: " +
        '{"orderId": "1042"}',
      ]),
      ...['{"": 1}', '{"a=b": 1}'].map((value): Case => [
        `tag(${done}, '${value}')`,
        "RH001",
        "The name of a variable must have 1 to 100 characters, and no =",
      ]),
    ],
  },
  set_failure: {
    p_fingerprint: [
      ["set_failure(null, 'known')", "RH004", "No failure has the fingerprint null"],
      ["set_failure(1, 'known')", "RH004", "No failure has the fingerprint 1"],
    ],
    p_state: [
      [
        "set_failure(1, null)",
        "RH001",
        'There is no state "" of failures: expected new, known, resolved or ignored',
      ],
      [
        "set_failure(1, 'done')",
        "RH001",
        'There is no state "done" of failures: expected new, known, resolved or ignored',
      ],
    ],
    p_note: "what is longer than 2000 characters is cut",
    p_by: "what is longer than 200 characters is cut",
  },
  stop_operation: {
    p_operation: [["stop_operation(null)", "RH002", "Cannot stop: there is no operation null"], [
      `stop_operation(${nobody})`,
      "RH002",
      `Cannot stop: there is no operation ${nobody.slice(1, -1)}`,
    ]],
  },
  resume_operation: {
    p_operation: [["resume_operation(null)", "RH002", "Cannot resume: there is no operation null"], [
      `resume_operation(${nobody})`,
      "RH002",
      `Cannot resume: there is no operation ${nobody.slice(1, -1)}`,
    ]],
  },
  work_operation: {
    p_operation: [["work_operation(null)", "RH002", "Cannot work: there is no operation null"], [
      `work_operation(${nobody})`,
      "RH002",
      `Cannot work: there is no operation ${nobody.slice(1, -1)}`,
    ]],
  },
  pause_everything: {
    p_reason: "what is longer than 2000 characters is cut",
    p_by: "what is longer than 200 characters is cut",
  },
  resume_everything: {},
  resume_key: {
    p_queue: [...name("queue", (value) => `resume_key(${value}, 'k')`), [
      "resume_key('open', 'k')",
      "",
      "false",
    ]],
    p_key: [["resume_key('q', '')", "RH001", "The concurrency key has 0 characters: expected 1 to 500"]],
  },
  configure_key: {
    p_queue: name("queue", (value) => `configure_key(${value}, 'k', concurrency => 1)`),
    p_key: [["configure_key('q', '')", "RH001", "The concurrency key has 0 characters: expected 1 to 500"]],
    concurrency: [["configure_key('q', 'k', concurrency => 0)", "RH001", "concurrency must be 1 or more"]],
    rate: [["configure_key('q', 'k', rate => 0)", "RH001", "rate must be 1 or more"]],
    per: ["'-1s'", "'0'"].map((value): Case => [
      `configure_key('q', 'k', rate => 1, per => ${value})`,
      "RH001",
      "per must be an interval above zero, such as 1 minute",
    ]).concat([["configure_key('q', 'k', per => '1m')", "RH001", "per needs rate"]]),
    weight: [["configure_key('q', 'k', weight => 1001)", "RH001", "weight must be from 1 to 1000"]],
  },
  configure_queue: {
    per_key_rate: [["configure_queue('q', per_key_rate => 0)", "RH001", "per_key_rate must be 1 or more"]],
    per_key_per: ["'-1s'", "'0'"].map((value): Case => [
      `configure_queue('q', per_key_rate => 1, per_key_per => ${value})`,
      "RH001",
      "per_key_per must be an interval above zero, such as 1 minute",
    ]).concat([[
      "configure_queue('q', rate => 1, per_key_per => '1m')",
      "RH001",
      "per_key_per needs per_key_rate",
    ]]),
    fair: [["configure_queue('q', fair => 'size')", "RH001", "fair must be 'key', or null: no turns"]],
    weights: [
      ["configure_queue('q', weights => '[]')", "RH001", 'weights must be an object: {"key": 3, …}'],
      [
        `configure_queue('q', weights => '{"k": 2}')`,
        "RH001",
        "weights have a meaning only with fair => 'key'",
      ],
      [
        `configure_queue('q', fair => 'key', weights => '{"k": 0}')`,
        "RH001",
        'The weight of key "k" must be a whole number from 1 to 1000',
      ],
    ],
    p_queue: name("queue", (value) => `configure_queue(${value}, concurrency => 1)`),
    concurrency: [["configure_queue('q', concurrency => 0)", "RH001", "concurrency must be 1 or more"]],
    per_key_concurrency: [[
      "configure_queue('q', per_key_concurrency => 0)",
      "RH001",
      "per_key_concurrency must be 1 or more",
    ]],
    rate: [["configure_queue('q', rate => 0)", "RH001", "rate must be 1 or more"]],
    per: ["'-1s'", "'0'"].map((value): Case => [
      `configure_queue('q', rate => 1, per => ${value})`,
      "RH001",
      "per must be an interval above zero, such as 1 minute",
    ]).concat([["configure_queue('q', concurrency => 1, per => '1m')", "RH001", "per needs rate"]]),
  },
  get: { p_execution: [["get(null)", "", "null"], [`get(${nobody})`, "", "null"]] },
  explain: { p_execution: missing("explain", (value) => `explain(${value})`) },
  flow_state: { p_execution: [["flow_state(null)", "", "null"], [`flow_state(${done})`, "", "null"]] },
  ids_ending: { p_end: "any text: what no id ends with finds nothing" },
  first_id: { p_at: "any moment: what no id can carry gives the first or last there is" },
  watch: { p_executions: "unknown ids are not over, and never will be: nothing to answer" },
  wait_for: {
    p_execution: missing("wait", (value) => `wait_for(${value})`),
    p_timeout: [
      [
        `wait_for(${done}, '-1s')`,
        "RH001",
        "-00:00:01 cannot be a timeout: expected an interval of zero or more, such as 90 seconds",
      ],
      [
        `wait_for(${done}, null)`,
        "RH001",
        "null cannot be a timeout: expected an interval of zero or more, such as 90 seconds",
      ],
    ],
  },
  now: {},
  check: {},
  channel: { p_kind: "a text becomes the name of a channel" },
  cron_next: {
    p_cron: [[
      "cron_next('60 * * * *')",
      "RH001",
      '"60" cannot be the minute of a cron expression: expected 0 to 59',
    ]],
    p_timezone: [[
      "cron_next('@daily', 'Mars')",
      "RH001",
      '"Mars" is not a time zone: expected a name such as Europe/Berlin or UTC',
    ]],
    p_after: [
      [
        "cron_next('@daily', 'UTC', 'infinity')",
        "RH001",
        "infinity cannot be p_after: expected a moment from the year 1 to the year 9999",
      ],
      [
        "cron_next('@daily', 'UTC', '-infinity')",
        "RH001",
        "-infinity cannot be p_after: expected a moment from the year 1 to the year 9999",
      ],
    ],
  },
  cron_upcoming: {
    p_cron: [[
      "cron_upcoming('60 * * * *')",
      "RH001",
      '"60" cannot be the minute of a cron expression: expected 0 to 59',
    ]],
    p_timezone: [[
      "cron_upcoming('@daily', '')",
      "RH001",
      '"" is not a time zone: expected a name such as Europe/Berlin or UTC',
    ]],
    p_after: [[
      "cron_upcoming('@daily', 'UTC', 'infinity')",
      "RH001",
      "infinity cannot be p_after: expected a moment from the year 1 to the year 9999",
    ]],
    p_count: ["null", "0", "10001"].map((value) => [
      `cron_upcoming('@daily', p_count => ${value})`,
      "RH001",
      `${value} cannot be p_count: expected 1 to 10000`,
    ]),
  },
  register_flow: {
    p_name: name("flow", (value) => `register_flow(${value}, 'return 1', '{}')`),
    p_source: [
      ["register_flow('g', null, '{}')", "RH001", "The source of a flow must be a text of at most 1 MiB"],
      [
        "register_flow('g', repeat('x', 1048577), '{}')",
        "RH001",
        "The source of a flow must be a text of at most 1 MiB",
      ],
    ],
    p_program: ["null", "'null'", "'[]'"].map((value) => [
      `register_flow('g', 'x', ${value})`,
      "RH001",
      "The program of a flow must be an object: what the compiler gave",
    ]),
    input_schema: [
      ["register_flow('g', 'x', '{}', 'true')", "RH001", "input: schema must be a JSON object"],
      [
        "register_flow('g', 'x', '{}', '{\"typ\": 1}')",
        "RH001",
        "input: typ is not a supported keyword; supported are type, properties, " +
        "required, additionalProperties, items, enum, const, minimum, maximum, minLength, maxLength, minItems, maxItems, anyOf, nullable, " +
        "description and default",
      ],
    ],
    options: [
      ["register_flow('g', 'x', '{}', options => null)", "RH001", "options must be an object"],
      ["register_flow('g', 'x', '{}', options => '[]')", "RH001", "options must be an object"],
      [
        "register_flow('g', 'x', '{}', options => '{\"delay\": 1}')",
        "RH001",
        'There is no option "delay": expected queue, priority, timeout, retry',
      ],
      [
        "register_flow('g', 'x', '{}', options => '{\"timeout\": 0}')",
        "RH001",
        'timeout must be a duration above zero: seconds, or text such as "1h30m"',
      ],
    ],
    description: [[
      "register_flow('g', 'x', '{}', description => repeat('x', 10001))",
      "RH001",
      "The description of a flow must be a text of at most 10000 characters",
    ]],
    deploy: [
      ...name("deploy", (value) => `register_flow('g', 'x', '{}', deploy => ${value})`).slice(1),
      [
        "register_flow('g', 'x', '{}', deploy => '2026-13-01')",
        "RH001",
        'deploy is "2026-13-01": expected an id, or a time such as 2026-01-31T12:00:00Z',
      ],
      [
        "register_flow('g', 'x', '{}', deploy => '9999-01-01T00:00:00Z')",
        "RH001",
        "deploy is 9999-01-01T00:00:00Z, which is in the future: expected the time when the deploy began",
      ],
    ],
  },
  set_flow_version: {
    p_name: [["set_flow_version(null, 1)", "RH004", 'There is no version 1 of flow ""']],
    p_version: ["null", "0", "2"].map((value) => [
      `set_flow_version('f', ${value})`,
      "RH004",
      `There is no version ${value === "null" ? "" : value} of flow "f"`,
    ]),
  },
  register_tasks: {
    p_tasks: [
      ...["null", "'{}'", "'[5]'"].map((value): Case => [
        `register_tasks(${value})`,
        "RH001",
        "The argument of register_tasks() is not a JSON array of objects",
      ]),
      ["register_tasks('[{}]')", "RH001", "A task is missing: expected a text"],
      [
        `register_tasks('[{"name": "b", "retries": 1}]')`,
        "RH001",
        'There is no option "retries": expected queue, priority, timeout, retry',
      ],
      [`register_tasks('[{"name": "b"}, {"name": "b"}]')`, "RH001", 'Task "b" is given twice'],
    ],
  },
  unregistered: {
    p_wanted: [
      ...["null", "'{}'", "'[5]'"].map((value): Case => [
        `unregistered(${value})`,
        "RH001",
        "The argument of unregistered() is not a JSON array of objects",
      ]),
      [`unregistered('[{"kind": "task"}]')`, "", '[{"kind": "task", "name": null}]'],
    ],
  },
  new_id: {},
  status_name: {
    p_state: "any of four",
    p_batch: "whether there is one",
    p_worker: "whether there is one",
  },
  created_at: { p_id: "any id has a first half" },
  max_attempts: { p_retry: "null is none" },
  max_crashes: { p_retry: "null is none" },
  register_worker: {
    p_worker: "any id: the same one again is the same worker",
    p_queues: [
      ["register_worker(null, '{}')", "RH001", "A worker needs at least one queue"],
      ["register_worker(null, null)", "RH001", "A worker needs at least one queue"],
      ["register_worker(null, array['a b'])", "RH001", `"a b" cannot be a queue name: expected ${nameRule}`],
      ["register_worker(null, array['a', null])", "RH001", "A queue is missing: expected a text"],
    ],
    p_name: name("worker", (value) => `register_worker(null, p_name => ${value})`).slice(1),
    p_lease: ["'-1s'", "'500ms'", "'2h'", "null"].map((value) => [
      `register_worker(null, p_lease => ${value})`,
      "RH001",
      "The lease must be an interval from 1s to 1h",
    ]),
    p_info: [["register_worker(null, p_info => '[]')", "RH001", "The info of a worker must be an object"]],
    p_protocol: ["0", "2", "null"].map((value): Case => [
      `register_worker(null, p_protocol => ${value})`,
      "RH001",
      `Protocol ${value} is not known here: this engine speaks protocol 1. Use a worker of a version that does`,
    ]),
    p_environment: name("environment", (value) => `register_worker(null, p_environment => ${value})`).slice(
      1,
    ),
  },
  set_gate: {
    p_flow: [
      ["set_gate(null, 1)", "RH004", 'There is no flow "null"'],
      ["set_gate('nobody', 1)", "RH004", 'There is no flow "nobody"'],
    ],
    p_line: [
      [
        "set_gate('f')",
        "RH001",
        'A gate stands in a line or before a task: give one of "line" and "before"',
      ],
      ["set_gate('f', 0)", "RH001", "0 cannot be a line: lines are counted from 1"],
      ["set_gate('f', 999)", "RH001", 'Cannot set a gate in line 999: version 1 of flow "f" has fewer lines'],
    ],
    p_before: name("task", (value) => `set_gate('f', p_before => ${value})`).slice(1),
    p_condition: [
      [
        "set_gate('f', 1, p_condition => '[]')",
        "RH001",
        'The condition of a gate must be an object: {"variables": {"orderId": "1042"}}',
      ],
      [
        "set_gate('f', 1, p_condition => '{\"metadata\": 1}')",
        "RH001",
        "metadata must be an object",
      ],
    ],
    p_version: [["set_gate('f', 1, p_version => 99)", "RH004", 'There is no version 99 of flow "f"']],
    p_note: "any text; what is longer than 2000 characters is cut",
    p_by: "any text; null: the role",
  },
  remove_gate: { p_gate: [["remove_gate(null)", "", "false"], ["remove_gate(99)", "", "false"]] },
  adopt: {
    environment: name("environment", (value) => `adopt(${value})`).slice(1),
    upgraded: "true or false",
  },
  took_at: { p_took: "counts", p_share: "a share; of nothing it is nothing" },
  home_problem: { p_environment: "a name that is no name is another environment" },
  beat: {
    p_worker: [
      ["beat(null)", "", '{"lost": [], "stop": [], "alive": false, "turn_ms": 1000}'],
      [`beat(${nobody})`, "", '{"lost": [], "stop": [], "alive": false, "turn_ms": 1000}'],
    ],
    p_info: [[`beat(${worker}, '[]')`, "RH001", "The info of a worker must be an object"]],
    p_holds: [
      ...["{}", "5", "[5]", '[{"call": 1}]', '[{"call": "x", "ids": []}]', '[{"call": 1, "ids": ["x"]}]'].map(
        (value): Case => [
          `beat(${worker}, p_holds => '${value}')`,
          "RH001",
          'p_holds must be an array: [{"call": 1, "ids": ["…"]}]',
        ],
      ),
    ],
    p_rates: [
      ...[
        "{}",
        "5",
        "[5]",
        '[{"type": "task", "target": "a", "queue": "q"}]',
        `[{"type": "x", "target": "a", "queue": "q"}]`,
      ].map(
        (
          value,
        ): Case => [
          `beat(${worker}, p_rates => '${value}')`,
          "RH001",
          'p_rates must be an array: [{"type": "task", "target": "a", "queue": "default", "completed": 1, "failed": 0, "cancelled": 0, "retried": 0, "total_ms": 5, "took": [0, 0, 1]}]',
        ],
      ),
      [
        `beat(${worker}, p_rates => '[{"type": "task", "target": "a b", "queue": "q"}]')`,
        "RH001",
        `"a b" cannot be a task name: expected ${nameRule}`,
      ],
    ],
  },
  exchange: {
    p_worker: [
      ["exchange(null, 1)", "RH008", "Worker null is not registered, or counts as dead"],
      [
        `exchange(${nobody}, 1)`,
        "RH008",
        `Worker ${nobody.slice(1, -1)} is not registered, or counts as dead`,
      ],
    ],
    p_call: [
      ...["null", "0", "-1"].map((value): Case => [
        `exchange(${worker}, ${value})`,
        "RH001",
        "p_call must be a number from 1 that grows with each call",
      ]),
      [
        `exchange(${worker}, 2)`,
        "RH008",
        `Worker ${worker.slice(1, -1)} has made call 4 already: call 2 is too late`,
      ],
    ],
    p_ends: [
      [`exchange(${worker}, 3, null)`, "RH001", notEnds],
      ...["{}", "null", "5", "[5]", "[[]]"].map((value): Case => [ends(value), "RH001", notEnds]),
      [ends("[{}]"), "RH001", `null ${notKind}`],
      [ends('[{"kind": "claim"}]'), "RH001", `"claim" ${notKind}`],
      [ends('[{"kind": 5}]'), "RH001", `5 ${notKind}`],
      ...[
        '"call": 1',
        '"call": 1, "ids": [], "outputs": 5',
        `"call": 1, "ids": [${json(running)}], "outputs": []`,
        '"call": 1, "ids": {}, "outputs": []',
      ].map((
        more,
      ): Case => [
        ends(`[{"kind": "done", ${more}}]`),
        "RH001",
        "ids and outputs must be arrays of one length",
      ]),
      ...['"call": null', '"call": 1.5', '"call": "1"', '"call": 99999999999'].map((more): Case => [
        ends(`[{"kind": "done", "ids": [${json(running)}], "outputs": [1], ${more}}]`),
        "RH001",
        "A done needs the number of the call that leased its tasks",
      ]),
      [
        ends('[{"kind": "done", "call": 1, "ids": ["x"], "outputs": [1]}]'),
        "RH001",
        "ids must be an array of UUIDs",
      ],
      ...[
        "",
        ', "id": "x", "call": 1',
        `, "id": "${"-".repeat(36)}", "call": 1`,
        `, "id": ${json(running)}, "call": 1.5`,
        `, "id": ${json(running)}`,
      ].map((more): Case => [ends(`[{"kind": "outcome"${more}}]`), "RH001", notOutcome]),
      ...["fire", "leave"].flatMap((kind) =>
        ["", ', "timers": 5', ', "timers": ["x"]'].map((more): Case => [
          ends(`[{"kind": "${kind}"${more}}]`),
          "RH001",
          "timers must be an array of UUIDs",
        ])
      ),
    ],
    p_want: [
      ...["[]", "5", "null"].map((value): Case => [
        wants(value),
        "RH001",
        'p_want must be an object: {"limit": 10}',
      ]),
      [wants('{"max": 1}'), "RH001", 'p_want has no "max": expected queues, limit, targets, lease, sleeps'],
      ...["-1", "100001", "1.5"].map((value): Case => [
        wants(`{"limit": ${value}}`),
        "RH001",
        `Cannot claim ${value} executions: expected 0 to 100000`,
      ]),
      [wants('{"lease": -1}'), "RH001", "lease must be a whole number"],
      [wants('{"queues": "a"}'), "RH001", "queues must be an array of names"],
      [wants('{"targets": "a"}'), "RH001", "targets must be an array of names"],
      [wants('{"sleeps": "yes"}'), "RH001", "sleeps must be true or false"],
    ],
  },
  settle_one: {
    p_worker: [[
      `settle_one(${nobody}, '{"id": ${json(running)}, "call": 1, "status": "completed"}')`,
      "",
      `{"refused": [{"id": ${json(running)}, "reason": "its lease is lost"}], "declined": []}`,
    ]],
    p_outcome: [
      ...["null", "'[]'", "'5'"].map((value): Case => [
        `settle_one(${worker}, ${value})`,
        "RH001",
        'p_outcome must be an object: {"id": "…", "call": 1, "status": "completed", "output": null}',
      ]),
      ...["{}", '{"id": "x", "call": 1}', `{"id": ${json(running)}, "call": 1.5}`].map((value): Case => [
        `settle_one(${worker}, '${value}')`,
        "RH001",
        notOutcome,
      ]),
      ...['"seq": "x"', '"finished": 1', '"retryable": "yes"'].map((wrong): Case => [
        outcome(`"status": "completed", ${wrong}`),
        "RH001",
        "The seq of an outcome must be a whole number, its finished and retryable true or false",
      ]),
      [outcome('"status": null'), "RH001", "An outcome has no status"],
      [
        outcome('"status": "done"'),
        "RH001",
        '"done" cannot be the status of an outcome: expected completed, failed, suspended, continued, cancelled or released',
      ],
      [outcome('"status": "failed"'), "RH001", 'A failed outcome needs an error: {"type", "message"}'],
      [
        outcome('"status": "suspended"'),
        "RH001",
        "A suspended outcome needs a snapshot: an object, or its JSON text",
      ],
      [outcome('"status": "suspended", "snapshot": {}'), "RH001", needsWaits],
      [outcome('"status": "suspended", "snapshot": {}, "waits": []'), "RH001", needsWaits],
      [
        outcome('"status": "suspended", "snapshot": {}, "waits": [{"mode": "all", "ids": []}]'),
        "RH001",
        needsWaits,
      ],
      [
        outcome(`"status": "suspended", "snapshot": {}, "waits": [{"mode": "all", "ids": [${json(done)}]}]`),
        "RH001",
        "A task cannot be suspended: only workflows wait",
      ],
      [
        `settle_one(${worker}, jsonb_build_object('id', ${running}, 'call', 1, 'status', 'completed', 'output', ${large}))`,
        "RH006",
        "The output takes 1100002 bytes: at most 1048576 are allowed (setting max_payload_bytes)",
      ],
    ],
  },
  load_steps: {
    p_executions: [
      ["load_steps(null)", "", "nothing"],
      ["load_steps(array[null]::uuid[])", "", "nothing"],
      [`load_steps(array[${nobody}]::uuid[])`, "", "nothing"],
    ],
  },
  save_steps: {
    p_worker: [
      [`save_steps(${nobody}, '[${step("")}]')`, "", `[{"id": ${json(waiting)}, "name": "a"}]`],
      [`save_steps(null, '[${step("")}]')`, "", `[{"id": ${json(waiting)}, "name": "a"}]`],
    ],
    p_steps: [
      ...["null", "'null'", "'{}'", "'5'", "'[5]'", "'[[]]'", `'[[${step("")}]]'`].map((value): Case => [
        `save_steps(${worker}, ${value})`,
        "RH001",
        "p_steps must be a JSON array of objects such as " +
        '{"execution_id": "…", "name": "…", "kind": "step", "status": "completed", "seq": 1, "attempts": 1, "output": null}',
      ]),
      ...['"execution_id": null', '"execution_id": "x"', '"execution_id": 5'].map((more) =>
        saves(more, "execution_id of a step must be a UUID")
      ),
      ...['"name": null', '"name": 5', `"name": "${"x".repeat(2001)}"`].map((more) =>
        saves(more, "name of a step must be a text of at most 2000 bytes")
      ),
      ...["null", '"stepp"', "5"].map((value) =>
        saves(
          `"kind": ${value}`,
          `${value} cannot be the kind of a step: expected step, sleep, signal, task or workflow`,
        )
      ),
      ...["null", '"done"', "5"].map((value) =>
        saves(
          `"status": ${value}`,
          `${value} cannot be the status of a step: expected waiting, retrying, completed or failed`,
        )
      ),
      ...([["seq", "2147483647"], ["attempts", "32767"], ["delay_ms", "3162240000000"], [
        "took_ms",
        "3162240000000",
      ]] as const)
        .flatMap(([name, most]) =>
          ["-1", "1.5", '"x"', "1e300", "99999999999999999999"].map((value) =>
            saves(`"${name}": ${value}`, `${name} of a step must be a whole number from 0 to ${most}`)
          )
        ),
      saves('"seq": null', "A step needs seq if it is completed or failed, and has none before"),
      saves('"status": "waiting"', "A step needs seq if it is completed or failed, and has none before"),
      ...['"error": {}', '"status": "failed"'].map((more) =>
        saves(more, "A step needs an error if it is retrying or failed, and has none otherwise")
      ),
      saves('"variables": {"=": 1}', "The name of a variable must have 1 to 100 characters, and no ="),
      saves('"wait_id": "x"', "wait_id of a step must be a UUID"),
      saves(
        '"seq": null, "status": "waiting", "kind": "task"',
        "A step that is waiting or retrying needs a wait_id (a UUID)",
      ),
      ...['"soon"', "5", '"infinity"'].map((value) =>
        saves(`"until": ${value}`, "until of a step must be a moment such as 2030-01-31T12:00:00Z")
      ),
      ...['"kind": "sleep", "status": "waiting"', '"status": "retrying", "error": {}'].map((more) =>
        saves(
          `${more}, "seq": null, "wait_id": ${json(nobody)}`,
          "A sleep, and a step that is retrying, needs delay_ms or until",
        )
      ),
      saves('"is_undefined": "yes"', "is_undefined of a step must be true or false"),
      ...([["null", "A signal is missing: expected a text"], [
        '"a b"',
        `"a b" cannot be a signal name: expected ${nameRule}`,
      ]] as const).map(([signal, says]) =>
        saves(
          `"kind": "signal", "status": "waiting", "seq": null, "wait_id": ${
            json(nobody)
          }, "signal": ${signal}`,
          says,
        )
      ),
      saves(
        `"kind": "task", "status": "waiting", "seq": null, "wait_id": ${json(nobody)}, "child": 5`,
        "child of a step must be an object, as create_many() takes it",
      ),
      [
        `save_steps(${worker}, jsonb_build_array('${
          step("")
        }'::jsonb || jsonb_build_object('output', ${large})))`,
        "RH006",
        'The result of step "a" takes more than 1048576 bytes (setting max_payload_bytes)',
      ],
    ],
  },
  claim_execution: {
    p_worker: [
      [
        `claim_execution(null, ${waiting}, 3)`,
        "RH008",
        "Worker null is not registered, or counts as dead",
      ],
      [
        `claim_execution(${nobody}, ${waiting}, 3)`,
        "RH008",
        `Worker ${nobody.slice(1, -1)} is not registered, or counts as dead`,
      ],
    ],
    p_execution: [
      [`claim_execution(${worker}, null, 3)`, "RH002", "There is no workflow null"],
      [`claim_execution(${worker}, ${nobody}, 3)`, "RH002", `There is no workflow ${nobody.slice(1, -1)}`],
      [`claim_execution(${worker}, ${ready}, 3)`, "RH002", `There is no workflow ${ready.slice(1, -1)}`],
      [`claim_execution(${worker}, ${waiting}, 3)`, "", '{"call": 3, "parcels": []}'],
    ],
    p_call: [
      ...["null", "0", "-1"].map((value): Case => [
        `claim_execution(${worker}, ${waiting}, ${value})`,
        "RH001",
        "p_call must be a number from 1 that grows with each call",
      ]),
      [
        `claim_execution(${worker}, ${waiting}, 2)`,
        "RH008",
        `Worker ${worker.slice(1, -1)} has made call 4 already: call 2 is too late`,
      ],
    ],
  },
  register_workflow: {
    p_name: [
      ...name("flow", (value) => `register_workflow(${value})`),
      [
        "register_workflow('f')",
        "RH001",
        '"f" is a flow already: a name stands for a flow or for a workflow in TypeScript',
      ],
    ],
    p_options: [
      ...["'[]'", "'5'", "'null'"].map((value): Case => [
        `register_workflow('code', ${value})`,
        "RH001",
        "options must be an object",
      ]),
      [
        `register_workflow('code', '{"delay": 1}')`,
        "RH001",
        'There is no option "delay": expected queue, priority, timeout, retry',
      ],
      [
        `register_workflow('code', '{"priority": "high"}')`,
        "RH001",
        "priority must be a whole number from -32768 to 32767",
      ],
    ],
    deploy: [
      ...name("deploy", (value) => `register_workflow('code', deploy => ${value})`).slice(1),
      [
        "register_workflow('code', deploy => '2026-13-01')",
        "RH001",
        'deploy is "2026-13-01": expected an id, or a time such as 2026-01-31T12:00:00Z',
      ],
    ],
  },
  checkpoint: {
    p_worker: [[`checkpoint(${nobody}, ${running}, 1, '1')`, "", "false"]],
    p_execution: [[`checkpoint(${worker}, ${nobody}, 1, '1')`, "", "false"]],
    p_call: [[`checkpoint(${worker}, ${running}, 999, '1')`, "", "false"]],
    p_value: [
      [
        `checkpoint(${worker}, ${running}, 1, null)`,
        "RH001",
        "p_value must be JSON, not null: the JSON value null is 'null'",
      ],
      [
        `checkpoint(${worker}, ${running}, 1, ${large})`,
        "RH006",
        "The checkpoint takes 1100002 bytes: at most 1048576 are allowed (setting max_payload_bytes)",
      ],
    ],
    p_nth: [[`checkpoint(${worker}, ${running}, 999, '1', null)`, "", "false"]],
  },
  report: {
    p_worker: [[`report(${nobody}, '[]', '{}')`, "", '{"skipped": []}']],
    p_lines: [
      [
        `report(${worker}, '{}')`,
        "RH001",
        'p_lines must be a JSON array: [{"id", "at", "level", "message", "data"}, …]',
      ],
      [
        `report(${worker}, null)`,
        "RH001",
        'p_lines must be a JSON array: [{"id", "at", "level", "message", "data"}, …]',
      ],
      ...[
        "5",
        '{"id": "x", "level": "info", "message": ""}',
        `{"id": ${running.replaceAll("'", '"')}, "level": "loud", "message": ""}`,
        `{"id": ${running.replaceAll("'", '"')}, "level": "info"}`,
      ]
        .map((value): Case => [`report(${worker}, '[${value}]')`, "RH001", badLine]),
      [
        `report(${worker}, jsonb_build_array(jsonb_build_object('id', ${running}, 'level', 'info', 'message', repeat('x', 1100000))))`,
        "RH006",
        "A log line takes 1100078 bytes: at most 1048576 are allowed (setting max_payload_bytes)",
      ],
    ],
    p_progress: [
      [
        `report(${worker}, p_progress => '[]')`,
        "RH001",
        'p_progress must be a JSON object: {"<id>": <value>, …}',
      ],
      [`report(${worker}, p_progress => '{"x": 1}')`, "RH001", '"x" in p_progress is not a UUID'],
      [
        `report(${worker}, p_progress => jsonb_build_object(${running}, ${large}))`,
        "RH006",
        `The progress of ${
          running.slice(1, -1)
        } takes 1100002 bytes: at most 1048576 are allowed (setting max_payload_bytes)`,
      ],
    ],
  },
  count_suspended: {},
  count_queues: {},
  search_executions: {
    p_filter: [
      [
        "search_executions('[]')",
        "RH001",
        'p_filter must be an object: {"target": "order", "statuses": ["failed"]}',
      ],
      ['search_executions(\'{"status": "failed"}\')', "RH001", 'p_filter cannot have "status": "failed"'],
      [
        'search_executions(\'{"statuses": ["lost"]}\')',
        "RH001",
        'p_filter cannot have "statuses": ["lost"]',
      ],
      [
        "search_executions('{\"version\": 2147483648}')",
        "RH001",
        'p_filter cannot have "version": 2147483648',
      ],
      [
        'search_executions(\'{"fingerprint": "9223372036854775808"}\')',
        "RH001",
        'p_filter cannot have "fingerprint": "9223372036854775808"',
      ],
      ['search_executions(\'{"parent": "7"}\')', "RH001", 'p_filter cannot have "parent": "7"'],
    ],
    p_before: "older than any id: nothing is found",
    p_limit: "less than one is one, and more than 5,000 are 5,000",
  },
  keys_of: { p_execution: "what is unknown has no keys" },
  lines_of: { p_execution: "what is unknown, or no workflow, stands nowhere" },
  count_signal_waits: {},
  count_standing: {
    p_flow: "of an unknown flow, nothing stands anywhere",
  },
  odd_queue: {
    p_queue: [["odd_queue('a b')", "", 'No execution, worker, task, flow or limit has a queue "a b".']],
  },
  odd_key: {
    p_queue: "of an unknown queue, no key is known",
    p_key: [[
      "odd_key('q', 'k')",
      "",
      'No execution of queue "q" that is ready, delayed or running has the concurrency key "k".',
    ]],
  },
  odd_task: {
    p_task: [[
      "odd_task('a b')",
      "",
      'No worker that is alive has a task "a b", and none has registered it.',
    ]],
  },
  unserved: {
    p_worker: [["unserved(null)", "", "[]"], [`unserved(${nobody})`, "", "[]"]],
    p_after: [
      [`unserved(${worker}, 'soon')`, "22007", 'invalid input syntax for type interval: "soon"'],
      [
        `unserved(${worker}, '-1s')`,
        "RH001",
        "p_after must be an interval of zero or more, such as 30 seconds",
      ],
      [
        `unserved(${worker}, null)`,
        "RH001",
        "p_after must be an interval of zero or more, such as 30 seconds",
      ],
    ],
  },
  get_program: { p_program: [["get_program(null)", "", "null"], ["get_program('x')", "", "null"]] },
  stop_worker: { p_worker: [["stop_worker(null)", "", ""], [`stop_worker(${nobody})`, "", ""]] },
  // Its parts say what is wrong.
  tick: { p_limit: limit("chores()", (value) => `tick(${value})`) },
  due: { p_limit: limit("due()", (value) => `due(${value})`) },
  chores: { p_limit: limit("chores()", (value) => `chores(${value})`) },
  sql_tasks: { p_limit: limit("sql_tasks()", (value) => `sql_tasks(${value})`) },
  // What only the owner may call.
  purge: {
    older_than: [[
      "purge('-1 day')",
      "RH001",
      "Cannot purge what is older than -1 days: expected an interval of zero or more",
    ]],
    p_limit: limit("purge()", (value) => `purge(null, ${value})`),
  },
  configure: {
    p_name: [["configure('speed', '1')", "RH001", 'There is no setting "speed"'], [
      "configure(null, '1')",
      "RH001",
      'There is no setting ""',
    ]],
    p_value: [
      ["configure('retention', 'long')", "RH001", '"long" cannot be the value of retention'],
      ["configure('retention', '-1 day')", "RH001", '"-1 day" cannot be the value of retention'],
      ["configure('retention', null)", "RH001", '"" cannot be the value of retention'],
      ["configure('max_crashes', '0')", "RH001", '"0" cannot be the value of max_crashes'],
      [
        "configure('max_payload_bytes', '9999999999')",
        "RH001",
        '"9999999999" cannot be the value of max_payload_bytes',
      ],
    ],
  },
  define_sql_task: {
    p_name: name("task", (value) => `define_sql_task(${value}, 'pg_catalog.jsonb_typeof(jsonb)')`),
    p_function: [
      ["define_sql_task('t', null)", "RH001", "There is no such function"],
      [
        "define_sql_task('t', 'pg_catalog.upper(text)')",
        "RH001",
        "upper(text) cannot handle a task: expected a function of one jsonb, the inputs",
      ],
      [
        "define_sql_task('t', 'pg_catalog.jsonb_object_keys(jsonb)')",
        "RH001",
        "jsonb_object_keys(jsonb) cannot handle a task: it returns a set, expected one value",
      ],
    ],
    options: [
      ["define_sql_task('t', 'pg_catalog.jsonb_typeof(jsonb)', null)", "RH001", "options must be an object"],
      [
        "define_sql_task('t', 'pg_catalog.jsonb_typeof(jsonb)', '{\"delay\": 1}')",
        "RH001",
        'There is no option "delay": expected queue, priority, timeout, retry',
      ],
    ],
  },
  undefine_sql_task: {
    p_name: [["undefine_sql_task(null)", "", "false"], ["undefine_sql_task('nobody')", "", "false"]],
  },
};
