/** A part of the documentation, as its side bar shows it. */
export interface Part {
  text: string;
  items: { text: string; link: string }[];
}

/** The order in which the site shows the pages of docs/. */
export const navigation: Part[] = [
  {
    text: "Start",
    items: [
      { text: "Getting started", link: "/start/getting-started" },
      { text: "Concepts and glossary", link: "/start/concepts" },
      { text: "Tutorial", link: "/start/tutorial" },
      { text: "Coming from Python", link: "/start/coming-from-python" },
    ],
  },
  {
    text: "Guides",
    items: [
      { text: "A tour of the dashboard", link: "/guides/dashboard" },
      { text: "How the dashboard is designed", link: "/dashboard-design" },
      { text: "Tasks", link: "/guides/tasks" },
      { text: "Executions", link: "/guides/executions" },
      { text: "Workflows in TypeScript", link: "/guides/steps" },
      { text: "Retries and errors", link: "/guides/retries" },
      { text: "Schedules and time zones", link: "/guides/schedules" },
      { text: "Signals and approvals", link: "/guides/signals" },
      { text: "Ask a workflow", link: "/guides/ask" },
      { text: "Concurrency, limits, priorities", link: "/guides/limits" },
      { text: "Flow control", link: "/guides/flow-control" },
      { text: "Batches", link: "/guides/batches" },
      { text: "Fan-out", link: "/guides/fan-out" },
      { text: "Sagas", link: "/guides/sagas" },
      { text: "Transactions and ORMs", link: "/guides/transactions" },
      { text: "Testing", link: "/guides/testing" },
      { text: "Versions and deploys", link: "/guides/versions" },
      { text: "Cancel", link: "/guides/cancel" },
      { text: "Look back, change, go back", link: "/guides/history" },
      { text: "Deploy a changed flow", link: "/guides/migrate" },
      { text: "Repair 500 failed orders", link: "/guides/repair" },
      { text: "Find by variable", link: "/guides/find" },
      { text: "Failures", link: "/guides/failures" },
      { text: "Many executions at once", link: "/guides/operations" },
      { text: "Pause and resume", link: "/guides/pause" },
      { text: "Why does it not go on?", link: "/guides/explain" },
      { text: "Logs, metrics, traces, alerts", link: "/guides/observability" },
      { text: "Security and deletion", link: "/guides/security" },
      { text: "Several environments", link: "/guides/environments" },
      { text: "AI agents", link: "/guides/ai-agents" },
      { text: "psql only", link: "/guides/psql-only" },
      { text: "Embedded Postgres", link: "/guides/embedded" },
    ],
  },
  {
    text: "Operate",
    items: [
      { text: "Deployment", link: "/operate/deployment" },
      { text: "Production checklist", link: "/operate/checklist" },
      { text: "Troubleshooting", link: "/operate/troubleshooting" },
      { text: "Environment variables", link: "/operate/environment" },
      { text: "Workers", link: "/operate/workers" },
      { text: "Postgres", link: "/operate/postgres" },
      { text: "Managed services", link: "/operate/managed" },
      { text: "Backup and restore", link: "/operate/backup" },
      { text: "Upgrades", link: "/operate/upgrades" },
      { text: "pg_cron", link: "/operate/pg_cron" },
      { text: "Performance", link: "/operate/performance" },
      { text: "Reliability", link: "/operate/reliability" },
      { text: "Security model", link: "/operate/security-model" },
      { text: "Dependencies", link: "/operate/dependencies" },
      { text: "Questions", link: "/operate/faq" },
    ],
  },
  {
    text: "Reference",
    items: [
      { text: "Command line", link: "/reference/cli" },
      { text: "All commands", link: "/reference/commands" },
      { text: "SQL", link: "/reference/sql" },
      { text: "SQL, from the catalog", link: "/reference/catalog" },
      { text: "HTTP API and metrics", link: "/reference/http" },
      { text: "Errors", link: "/reference/errors" },
      { text: "Flow language", link: "/reference/flow-language" },
      { text: "Flow diagnostics", link: "/reference/flow-diagnostics" },
      { text: "Worker protocol", link: "/reference/worker-protocol" },
    ],
  },
];
