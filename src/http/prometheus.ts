/** One labelled value. */
export interface Sample {
  /** The labels, if any. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The value now. */
  readonly value: number;
}

/** The distribution of something measured. */
export interface Distribution {
  /** The labels, if any. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Upper bounds, ascending; the last bucket without a bound is implied. */
  readonly bounds: readonly number[];
  /** How many values fell into each bucket, not cumulated; one longer than the bounds. */
  readonly counts: ArrayLike<number>;
  /** The sum of all values. */
  readonly sum: number;
}

/** Everything under one metric name. */
export type MetricFamily =
  & {
    /** The name, with its unit: `rhythm_claim_seconds`. */
    readonly name: string;
    /** What it tells, in a sentence. */
    readonly help: string;
  }
  & (
    | { readonly type: "counter" | "gauge"; readonly samples: readonly Sample[] }
    | { readonly type: "histogram"; readonly distributions: readonly Distribution[] }
  );

/** The content type of the text that `renderMetrics` writes. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Metrics in the text format that Prometheus scrapes.
 *
 * @param families what is known now
 * @returns the page
 */
export function renderMetrics(families: readonly MetricFamily[]): string {
  let text = "";
  for (const family of families) {
    text += `# HELP ${family.name} ${family.help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n`;
    text += `# TYPE ${family.name} ${family.type}\n`;
    if (family.type === "histogram") {
      for (const distribution of family.distributions) text += renderDistribution(family.name, distribution);
    } else {
      for (const { labels, value } of family.samples) text += line(family.name, labels, value);
    }
  }
  return text;
}

function renderDistribution(name: string, { labels, bounds, counts, sum }: Distribution): string {
  let text = "";
  let total = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    total += counts[bucket]!;
    const le = bucket < bounds.length ? String(bounds[bucket]) : "+Inf";
    text += line(`${name}_bucket`, { ...labels, le }, total);
  }
  return text + line(`${name}_sum`, labels, sum) + line(`${name}_count`, labels, total);
}

function line(name: string, labels: Sample["labels"], value: number): string {
  const pairs = Object.entries(labels ?? {}).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${number(value)}\n`;
}

function number(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
