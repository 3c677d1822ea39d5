/**
 * The editor of flows. It lives behind a shadow root: there CodeMirror adopts its style sheets instead of writing them into the page, which
 * the content policy forbids.
 */
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import { frontMatter, pieces } from "./code.tsx";

/** A problem, with its place as offsets. */
export interface Problem {
  start: number;
  end: number;
  severity: "error" | "warning";
  code: string;
  message: string;
  hint?: string;
}

/** An editor. */
export interface Editor {
  /** Puts another text in. */
  show(text: string): void;
  /** Marks what is wrong. */
  mark(problems: readonly Problem[]): void;
  /** Marks the lines where something stands. */
  light(lines: readonly number[]): void;
  /** Puts the cursor at a place. */
  goTo(offset: number): void;
  /** Ends. */
  close(): void;
}

/**
 * Opens an editor.
 *
 * @param place the element that becomes its host
 * @param options its text, and what is told
 */
export function openEditor(
  place: HTMLElement,
  { text, label, onChange, keys }: {
    text: string;
    label: string;
    onChange: (text: string) => void;
    keys: Readonly<Record<string, () => void>>;
  },
): Editor {
  const root = place.shadowRoot ?? place.attachShadow({ mode: "open" });
  const own = Object.entries(keys).map(([key, call]) => ({
    key,
    preventDefault: true,
    run: (): boolean => {
      call();
      return true;
    },
  }));
  const stateOf = (doc: string): EditorState =>
    EditorState.create({
      doc,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        highlightActiveLine(),
        lintGutter(),
        coloured,
        standing,
        theme,
        EditorState.tabSize.of(2),
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", autocapitalize: "off" }),
        // Tab leaves the editor, as it leaves any field.
        keymap.of([...own, ...lintKeymap, ...historyKeymap, ...defaultKeymap]),
        replacing,
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !isShowing) onChange(update.state.doc.toString());
        }),
      ],
    });
  let isShowing = false;
  const view = new EditorView({ root, parent: root, state: stateOf(text) });
  // What scrolls can be scrolled with the keyboard.
  view.scrollDOM.tabIndex = 0;
  return {
    show: (next) => {
      if (view.state.doc.toString() === next) return;
      isShowing = true;
      view.setState(stateOf(next));
      isShowing = false;
    },
    mark: (problems) => {
      const { length } = view.state.doc;
      view.dispatch(setDiagnostics(
        view.state,
        problems.filter(({ start }) => start <= length).map((
          { start, end, severity, code, message, hint },
        ) => ({
          from: start,
          to: Math.min(Math.max(end, start), length),
          severity,
          source: code,
          message: hint === undefined ? message : `${message}. ${hint}`,
        })),
      ));
    },
    light: (lines) => view.dispatch({ effects: lit.of(lines) }),
    goTo: (offset) => {
      const at = Math.min(offset, view.state.doc.length);
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
      view.focus();
    },
    close: () => view.destroy(),
  };
}

// Chromium puts what replaces a selection into an element with a style attribute, which the content policy refuses: the editor does it itself.
const replacing = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    if (event.inputType !== "insertText" || event.data === null || event.isComposing) return false;
    if (view.state.readOnly || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

const lit = StateEffect.define<readonly number[]>();
const litLine = Decoration.line({ class: "lit" });

const standing = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (before, { state, changes, effects }) => {
    for (const effect of effects) {
      if (!effect.is(lit)) continue;
      const lines = [...new Set(effect.value)].filter((line) => line >= 1 && line <= state.doc.lines).sort((
        a,
        b,
      ) => a - b);
      return Decoration.set(lines.map((line) => litLine.range(state.doc.line(line).from)));
    }
    return before.map(changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

// The same colours as everywhere else, of the lines that are in sight.
const coloured = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = colours(view);
    }
    update(update: ViewUpdate): void {
      if (update.docChanged || update.viewportChanged) this.decorations = colours(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

const KINDS = new Map(
  ["t-key", "t-str", "t-num", "t-com", "fold"].map((kind) => [kind, Decoration.mark({ class: kind })]),
);

function colours(view: EditorView): DecorationSet {
  const { doc } = view.state;
  const fences = frontMatter(doc.toString());
  const found = [];
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to;) {
      const line = doc.lineAt(at);
      if (line.number <= fences) {
        if (line.length > 0) found.push(KINDS.get("fold")!.range(line.from, line.to));
      } else {
        let begin = line.from;
        for (const [kind, text] of pieces(line.text)) {
          if (kind !== "") found.push(KINDS.get(kind)!.range(begin, begin + text.length));
          begin += text.length;
        }
      }
      at = line.to + 1;
    }
  }
  return Decoration.set(found, true);
}

const theme = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--panel)", fontSize: "12px", height: "100%" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", fontVariantLigatures: "none", lineHeight: "20px" },
  ".cm-content": { padding: "8px 0", caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--panel)", color: "var(--faint)", border: "0" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--hover) 60%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--accent-soft)",
  },
  ".lit": { backgroundColor: "var(--lit)", boxShadow: "inset 3px 0 var(--lit-edge)" },
  ".t-key": { color: "var(--key)" },
  ".t-str": { color: "var(--str)" },
  ".t-num": { color: "var(--num)" },
  ".t-com, .fold": { color: "var(--faint)" },
  ".cm-tooltip": {
    backgroundColor: "var(--panel)",
    color: "var(--text)",
    border: "1px solid var(--line-strong)",
  },
  ".cm-diagnostic": { whiteSpace: "pre-wrap", fontFamily: "var(--sans)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--lit-edge)" },
  ".cm-lintRange-error": { backgroundImage: "none", borderBottom: "2px solid var(--bad)" },
  ".cm-lintRange-warning": { backgroundImage: "none", borderBottom: "2px solid var(--lit-edge)" },
  ".cm-diagnosticSource": { color: "var(--soft)", opacity: "1" },
});
