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
      { text: "Coming from Python", link: "/start/coming-from-python" },
    ],
  },
  {
    text: "Guides",
    items: [
      { text: "Tasks", link: "/guides/tasks" },
      { text: "Executions", link: "/guides/executions" },
      { text: "Workflows in TypeScript", link: "/guides/steps" },
      { text: "Schedules and time zones", link: "/guides/schedules" },
      { text: "Testing", link: "/guides/testing" },
    ],
  },
  {
    text: "Operate",
    items: [
      { text: "Workers", link: "/operate/workers" },
      { text: "pg_cron", link: "/operate/pg_cron" },
      { text: "Performance", link: "/operate/performance" },
    ],
  },
  {
    text: "Reference",
    items: [
      { text: "Command line", link: "/reference/cli" },
      { text: "SQL", link: "/reference/sql" },
      { text: "HTTP API and metrics", link: "/reference/http" },
      { text: "Errors", link: "/reference/errors" },
      { text: "Flow language", link: "/reference/flow-language" },
      { text: "Flow diagnostics", link: "/reference/flow-diagnostics" },
      { text: "Worker protocol", link: "/reference/worker-protocol" },
    ],
  },
];
