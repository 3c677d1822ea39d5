/** A text that has at most so many characters; of a longer one its beginning, and how many more there are. */
export function fitted(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most)}… and ${text.length - most} more characters`.toWellFormed();
}
