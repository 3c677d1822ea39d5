const TAB = 4;
const INVISIBLE = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b16f}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]$|^\p{Emoji_Presentation}$/u;

/** A line as a terminal shows it: tabs and control characters made visible, and where each offset lands. */
export interface Laid {
  text: string;
  /** The column of each UTF-16 unit, and of the end of the line. */
  columns: number[];
}

/** Lay out a line for a terminal: tabs to stops of four, wide characters two columns, combining ones none. */
export function layOut(line: string): Laid {
  let text = "";
  let column = 0;
  const columns: number[] = [];
  for (const character of line) {
    for (let unit = 0; unit < character.length; unit++) columns.push(column);
    if (character === "\t") {
      const width = TAB - column % TAB;
      text += " ".repeat(width);
      column += width;
    } else if (character < " " || character === "\x7f") {
      text += "\ufffd";
      column += 1;
    } else {
      text += character;
      column += widthOf(character);
    }
  }
  columns.push(column);
  return { text, columns };
}

function widthOf(character: string): number {
  if (character < "\u0300") return 1;
  if (INVISIBLE.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
