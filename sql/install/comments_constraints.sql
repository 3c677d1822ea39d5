-- Comments on constraints: what each keeps from happening.

comment on constraint installation_pkey on rhythm.installation is 'A file is applied once, or again in place.';
comment on constraint kind_known on rhythm.installation is 'A file has one of two kinds.';

comment on constraint installed_object_pkey on rhythm.installed_object is 'An object is made by one file.';
comment on constraint kind_known on rhythm.installed_object is 'What behaviour files make.';

comment on constraint installation_note_pkey on rhythm.installation_note is 'Said once.';

comment on constraint flow_version_number on rhythm.flow_version is 'The versions of a flow are counted.';
comment on constraint flow_version_pkey on rhythm.flow_version is 'The same text is the same version.';
comment on constraint options_is_object on rhythm.flow_version is '{queue, priority, timeout, retry}.';
comment on constraint version_positive on rhythm.flow_version is 'Counted from 1.';

comment on constraint deploy_pkey on rhythm.deploy is 'A deploy begins once.';
comment on constraint flow_pkey on rhythm.flow is 'A flow has one current version.';
comment on constraint flow_program on rhythm.flow is 'The version is there, and stays.';

comment on constraint options_is_object on rhythm.task is '{queue, priority, timeout, retry}.';
comment on constraint task_pkey on rhythm.task is 'A task has one set of defaults.';

comment on constraint idempotency_key_pkey on rhythm.idempotency_key is 'A key stands for one execution: two sessions that claim it wait for each other here.';
comment on constraint timer_pkey on rhythm.timer is 'A timer fires once.';

comment on constraint settled_one_way on rhythm.signal_wait is 'It took a signal or gave up, never both.';
comment on constraint signal_wait_pkey on rhythm.signal_wait is 'A wait takes one signal.';
comment on constraint signal_once on rhythm.signal is 'Sent twice under one key is sent once.';
comment on constraint signal_pkey on rhythm.signal is 'Numbered in the order of sending.';

comment on constraint level_known on rhythm.log_line is 'There are four levels.';
comment on constraint log_line_pkey on rhythm.log_line is 'Numbered in the order of saying.';

comment on constraint worker_pkey on rhythm.worker is 'A worker shows its signs of life in one row.';

comment on constraint concurrency_positive on rhythm.queue is 'To run none, pause the queue.';
comment on constraint per_key_concurrency_positive on rhythm.queue is 'To run none, pause the queue.';
comment on constraint queue_pkey on rhythm.queue is 'A queue has one set of limits.';
comment on constraint rate_has_period on rhythm.queue is 'So many, in so long: one is nothing without the other.';
comment on constraint rate_positive on rhythm.queue is 'To begin none, pause the queue.';
comment on constraint per_key_rate_has_period on rhythm.queue is 'So many, in so long: one is nothing without the other.';
comment on constraint per_key_rate_positive on rhythm.queue is 'To begin none, pause the queue.';
comment on constraint queue_key_pkey on rhythm.queue_key is 'A key has one set of limits.';
comment on constraint key_weight_known on rhythm.queue_key is 'No turn at all would be a pause.';
comment on constraint key_concurrency_positive on rhythm.queue_key is 'To run none, pause the key.';
comment on constraint key_rate_has_period on rhythm.queue_key is 'So many, in so long: one is nothing without the other.';
comment on constraint key_rate_positive on rhythm.queue_key is 'To begin none, pause the key.';
comment on constraint queue_state_pkey on rhythm.queue_state is 'The newest version is found first.';
comment on constraint running_counts on rhythm.queue_state is 'A count.';
comment on constraint one_count_a_moment on rhythm.queue_state is 'Each moment has its count.';
comment on constraint key_state_pkey on rhythm.key_state is 'The newest version is found first.';
comment on constraint key_running_counts on rhythm.key_state is 'A count.';
comment on constraint key_one_count_a_moment on rhythm.key_state is 'Each moment has its count.';
comment on constraint lane_pkey on rhythm.lane is 'The newest version is found first.';
comment on constraint head_has_rank on rhythm.lane is 'Both say where it stands among others.';
comment on constraint open_lanes_have_a_head on rhythm.lane is 'An empty lane has no turn.';
comment on constraint idle_lanes_have_none on rhythm.lane is 'Idle is who has nothing ready.';
comment on constraint lane_group_pkey on rhythm.lane_group is 'The newest version is found first.';
comment on constraint note_says_one_thing on rhythm.limit_note is 'Something became ready, or leases ended.';

comment on constraint setting_pkey on rhythm.setting is 'A setting has one value.';

comment on constraint catch_up_known on rhythm.schedule_entry is 'There are three policies.';
comment on constraint jitter_within_a_day on rhythm.schedule_entry is 'More would be another schedule.';
comment on constraint options_is_object on rhythm.schedule_entry is 'As for create_many().';
comment on constraint overlap_known on rhythm.schedule_entry is 'There are four policies.';
comment on constraint schedule_entry_pkey on rhythm.schedule_entry is 'A schedule is locked by whoever fires it.';
comment on constraint type_known on rhythm.schedule_entry is 'There are two types.';

comment on constraint error_iff_failed on rhythm.step is 'What failed says why; what did not, does not.';
comment on constraint kind_known on rhythm.step is 'There are five kinds.';
comment on constraint seq_iff_over on rhythm.step is 'What is over has its place in the order of ends.';
comment on constraint status_known on rhythm.step is 'There are four.';
comment on constraint step_pkey on rhythm.step is 'Two calls under one name are one step.';
comment on constraint waits_for_something on rhythm.step is 'What waits or pauses names what ends that.';

comment on constraint queue_head_pkey on rhythm.queue_head is 'One head for each set of tasks that workers of a queue ask for.';

comment on constraint execution_pkey on rhythm.execution is 'An id stands for one execution.';
comment on constraint type_known on rhythm.execution is 'There are workflows and tasks.';
comment on constraint state_known on rhythm.execution is 'Live, or over in one of three ways.';
comment on constraint completed_at_iff_over on rhythm.execution is 'An end has a moment.';
comment on constraint fingerprint_iff_failed on rhythm.execution is 'Failures are found by it, and nothing else is.';
comment on constraint over_is_in_no_batch on rhythm.execution is 'What is over is not run again.';

comment on constraint batch_pkey on rhythm.batch is 'A batch is one row.';
comment on constraint leased_by_a_call on rhythm.batch is 'A lease has a worker, a call and a moment.';
comment on constraint delayed_is_not_leased on rhythm.batch is 'Nothing runs before its time.';
comment on constraint size_is_of_ids on rhythm.batch is 'There is something in it.';

comment on constraint workflow_state_pkey on rhythm.workflow_state is 'A workflow stands in one place.';
comment on constraint one_need_a_group on rhythm.workflow_state is 'Each group has a size and a need.';
comment on constraint delivered_arrived on rhythm.workflow_state is 'What was delivered has arrived.';
comment on constraint key_waiter_pkey on rhythm.key_waiter is 'It waits for one key.';
