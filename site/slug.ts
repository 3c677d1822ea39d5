/**
 * The anchor of a heading, as GitHub makes it, so that a link means the same there and on the site.
 *
 * @param heading the heading, as Markdown or as text
 * @returns what stands behind `#`
 */
export function slug(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replace(/\s/g, "-");
}
