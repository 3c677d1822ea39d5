-- Tasks whose handler is a SQL function: which ones, and from which queues tick() takes them.

create index task_in_sql on rhythm.task (name) where sql_function is not null;

comment on index rhythm.task_in_sql is 'Whether there are SQL tasks: every tick() asks this.';
