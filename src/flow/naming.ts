/** Whether a text can be the name of a task, flow, queue or signal: the database says the same. */
export function isName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.:/@+-]{0,199}$/.test(text);
}

/** What a name is made of, for messages. */
export const NAME_WANTED = "letters, digits and _ . : / @ + -, starting with a letter, a digit or _";
