/** How much memory this process has, in bytes. */
export function residentBytes(): number {
  return Deno.memoryUsage().rss;
}
