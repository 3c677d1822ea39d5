-- Comments on constraints: what each of them prevents.

comment on constraint installation_pkey on rhythm.installation is 'Each file has one row, also after it was applied again.';
comment on constraint kind_known on rhythm.installation is 'A file is structure, online or behaviour.';

comment on constraint installed_object_pkey on rhythm.installed_object is 'An object is made by one file.';
comment on constraint kind_known on rhythm.installed_object is 'Behaviour files make functions, procedures and views.';

comment on constraint installation_note_pkey on rhythm.installation_note is 'Each note is there once.';

comment on constraint flow_version_number on rhythm.flow_version is 'Each number is one version of a flow.';
comment on constraint flow_version_pkey on rhythm.flow_version is 'The same text is the same version.';
comment on constraint options_is_object on rhythm.flow_version is '{queue, priority, timeout, retry}.';
comment on constraint version_positive on rhythm.flow_version is 'Counted from 1.';

comment on constraint deploy_pkey on rhythm.deploy is 'A deploy begins once.';
comment on constraint flow_pkey on rhythm.flow is 'A flow has one current version.';
comment on constraint flow_program on rhythm.flow is 'The current version exists, and cannot be deleted.';

comment on constraint options_is_object on rhythm.task is '{queue, priority, timeout, retry}.';
comment on constraint task_pkey on rhythm.task is 'A task has one set of defaults.';

comment on constraint idempotency_key_pkey on rhythm.idempotency_key is 'A key belongs to one execution. Two sessions that claim it wait for each other here.';
comment on constraint timer_pkey on rhythm.timer is 'A timer fires once.';

comment on constraint settled_one_way on rhythm.signal_wait is 'It took a signal or timed out, never both.';
comment on constraint signal_wait_pkey on rhythm.signal_wait is 'A wait takes one signal.';
comment on constraint signal_once on rhythm.signal is 'A signal that is sent twice under one key is stored once.';
comment on constraint signal_pkey on rhythm.signal is 'Numbered in the order of sending.';

comment on constraint level_known on rhythm.log_line is 'There are four levels.';
comment on constraint log_line_pkey on rhythm.log_line is 'Numbered in the order of writing.';

comment on constraint worker_pkey on rhythm.worker is 'A worker has one row, for its heartbeats.';
comment on constraint worker_call_pkey on rhythm.worker_call is 'A worker has two rows: for its calls with odd and with even numbers.';
comment on constraint worker_call_worker_fkey on rhythm.worker_call is 'They leave with their worker.';

comment on constraint concurrency_positive on rhythm.queue is 'To run none, pause the queue.';
comment on constraint per_key_concurrency_positive on rhythm.queue is 'To run none, pause the queue.';
comment on constraint queue_pkey on rhythm.queue is 'A queue has one set of limits.';
comment on constraint rate_has_period on rhythm.queue is 'A rate needs a period.';
comment on constraint rate_positive on rhythm.queue is 'To begin none, pause the queue.';
comment on constraint per_key_rate_has_period on rhythm.queue is 'A rate needs a period.';
comment on constraint per_key_rate_positive on rhythm.queue is 'To begin none, pause the queue.';
comment on constraint queue_key_pkey on rhythm.queue_key is 'A key has one set of limits.';
comment on constraint key_weight_known on rhythm.queue_key is 'A weight of 0 would be a pause.';
comment on constraint key_concurrency_positive on rhythm.queue_key is 'To run none, pause the key.';
comment on constraint key_rate_has_period on rhythm.queue_key is 'A rate needs a period.';
comment on constraint key_rate_positive on rhythm.queue_key is 'To begin none, pause the key.';
comment on constraint queue_state_pkey on rhythm.queue_state is 'The newest version is found first.';
comment on constraint running_counts on rhythm.queue_state is 'A count is not negative.';
comment on constraint one_count_a_moment on rhythm.queue_state is 'Each moment has one count.';
comment on constraint key_state_pkey on rhythm.key_state is 'The newest version is found first.';
comment on constraint key_running_counts on rhythm.key_state is 'A count is not negative.';
comment on constraint key_one_count_a_moment on rhythm.key_state is 'Each moment has one count.';
comment on constraint lane_pkey on rhythm.lane is 'The newest version is found first.';
comment on constraint head_has_rank on rhythm.lane is 'Head and rank together are its place among the lanes.';
comment on constraint open_lanes_have_a_head on rhythm.lane is 'An empty lane has no turn.';
comment on constraint idle_lanes_have_none on rhythm.lane is 'A lane is idle if it has nothing ready.';
comment on constraint lane_group_pkey on rhythm.lane_group is 'The newest version is found first.';
comment on constraint note_says_one_thing on rhythm.limit_note is 'Something became ready, or leases ended.';

comment on constraint setting_pkey on rhythm.setting is 'A setting has one value.';

comment on constraint catch_up_known on rhythm.schedule_entry is 'There are three policies.';
comment on constraint jitter_within_a_day on rhythm.schedule_entry is 'A longer jitter would be another schedule.';
comment on constraint options_is_object on rhythm.schedule_entry is 'As for create_many().';
comment on constraint overlap_known on rhythm.schedule_entry is 'There are four policies.';
comment on constraint schedule_entry_pkey on rhythm.schedule_entry is 'The session that fires a schedule locks this row.';
comment on constraint type_known on rhythm.schedule_entry is 'There are two types.';

comment on constraint error_iff_failed on rhythm.step is 'A failed step has an error, and no other step has one.';
comment on constraint kind_known on rhythm.step is 'There are five kinds.';
comment on constraint seq_iff_over on rhythm.step is 'A step that has ended has its number in the order of ends.';
comment on constraint status_known on rhythm.step is 'There are four statuses.';
comment on constraint step_pkey on rhythm.step is 'Two calls under one name are one step.';
comment on constraint waits_for_something on rhythm.step is 'A step that waits or pauses names what ends the wait.';

comment on constraint queue_head_pkey on rhythm.queue_head is 'One head for each set of tasks that workers of a queue ask for.';

comment on constraint execution_pkey on rhythm.execution is 'An id belongs to one execution.';
comment on constraint held_while_known on rhythm.idempotency_key is 'Those two, or null.';

comment on constraint batch_pkey on rhythm.batch is 'A batch is one row.';

comment on constraint workflow_state_pkey on rhythm.workflow_state is 'A workflow has one state.';
comment on constraint key_waiter_pkey on rhythm.key_waiter is 'It waits for one key.';
comment on constraint pause_pkey on rhythm.pause is 'One pause for each task, flow, and everything.';
comment on constraint type_known on rhythm.pause is 'Tasks, flows (workflow), or everything.';
comment on constraint operation_pkey on rhythm.operation is 'Each operation has one row.';
comment on constraint action_known on rhythm.operation is 'These actions exist.';
comment on constraint state_known on rhythm.operation is 'It runs, was stopped, or has ended.';
comment on constraint ended_at_iff_completed on rhythm.operation is 'Only what has ended has an end.';
comment on constraint operation_act_pkey on rhythm.operation_act is 'An operation changes an execution once.';
comment on constraint result_known on rhythm.operation_act is 'These results exist.';

comment on constraint failure_pkey on rhythm.failure is 'Each kind of failures has one row.';
comment on constraint state_known on rhythm.failure is 'People know four states of a kind.';
comment on constraint failure_hour_pkey on rhythm.failure_hour is 'Each kind has one number for each hour.';
comment on constraint failure_hook_pkey on rhythm.failure_hook is 'Each hook has a name of its own.';
comment on constraint event_known on rhythm.failure_hook is 'There are two events.';
comment on constraint type_known on rhythm.failure_hook is 'It starts a task or a workflow.';
