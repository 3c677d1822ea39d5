-- Something of each kind, with ids that the cases know.
select rhythm.register_flow('f', 'return 1', '{}', '{"type": "object", "required": ["n"], "properties": {"n": {"type": "number"}}}');
select rhythm.create_many('[
  {"type": "task", "target": "a", "id": "00000000-0000-7000-8000-000000000001", "priority": 9},
  {"type": "task", "target": "a", "id": "00000000-0000-7000-8000-000000000002", "priority": 8},
  {"type": "workflow", "target": "f", "inputs": {"n": 1}, "id": "00000000-0000-7000-8000-000000000004", "priority": 7},
  {"type": "task", "target": "a", "id": "00000000-0000-7000-8000-000000000003"}
]');
select rhythm.register_worker('00000000-0000-7000-8000-0000000000ff', p_lease => '1h');
select rhythm.exchange('00000000-0000-7000-8000-0000000000ff', 1, p_want => '{"limit": 3}');
select rhythm.exchange('00000000-0000-7000-8000-0000000000ff', 4, '[
  {"kind": "outcome", "call": 1, "id": "00000000-0000-7000-8000-000000000001", "status": "completed", "output": 1},
  {"kind": "outcome", "call": 1, "id": "00000000-0000-7000-8000-000000000004", "status": "suspended", "snapshot": {},
    "effects": [{"type": "await_signal", "id": "00000000-0000-7000-8000-000000000005", "name": "go"}],
    "waits": [{"mode": "any", "ids": ["00000000-0000-7000-8000-000000000005"]}]}
]');
select rhythm.schedule('daily', '@daily', 'a', type => 'task');
