// The SQL editor: CodeMirror in place of the text area, which it keeps up to date. Without it the text area works alone.
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers, highlightActiveLine, drawSelection } from "@codemirror/view";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { searchKeymap } from "@codemirror/search";
import { setDiagnostics } from "@codemirror/lint";
import { sparkSQL } from "@codemirror/legacy-modes/mode/sql";
import { tags } from "@lezer/highlight";

const area = document.getElementById("statement");
const form = area.form;

const theme = EditorView.theme({
  "&": { background: "var(--paper)", color: "var(--ink)", border: "1px solid var(--quiet)", borderRadius: "4px" },
  "&.cm-focused": { outline: "2px solid var(--accent-fill)", outlineOffset: "1px" },
  ".cm-scroller": { font: '13px/1.55 ui-monospace, "SF Mono", Menlo, Consolas, monospace', minHeight: "9rem", maxHeight: "50vh" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { background: "var(--code)", color: "var(--quiet)", border: "0" },
  ".cm-activeLine": { background: "transparent" },
  "&.cm-focused .cm-activeLine": { background: "var(--wash)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "var(--chosen)" },
  ".cm-tooltip, .cm-panels": { background: "var(--paper)", color: "var(--ink)", border: "1px solid var(--line)" },
  ".cm-diagnostic": { maxWidth: "40rem", whiteSpace: "pre-wrap" },
});
const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--warn)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.typeName, tags.standard(tags.name)], color: "var(--busy)" },
]);

// In a shadow root CodeMirror adopts its style sheets; in the document it would add a style element, which the pages'
// Content-Security-Policy does not apply.
const host = document.createElement("div");
const root = host.attachShadow({ mode: "open" });
area.before(host);
let start = 0; // where what runs begins: at the selection, or at the begin of the text

const run = () => {
  form.requestSubmit(form.querySelector("button.main"));
  return true;
};
const view = new EditorView({
  root,
  parent: root,
  state: EditorState.create({
    doc: area.value,
    extensions: [
      lineNumbers(), history(), drawSelection(), bracketMatching(), highlightActiveLine(),
      StreamLanguage.define(sparkSQL), syntaxHighlighting(colours), theme, EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": "Statement" }),
      keymap.of([{ key: "Mod-Enter", run, preventDefault: true }, ...defaultKeymap, ...historyKeymap, ...searchKeymap]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) area.value = update.state.doc.toString();
      }),
    ],
  }),
});
area.hidden = true;
document.querySelector('label[for="statement"]').hidden = true;

form.addEventListener("htmx:configRequest", (event) => {
  if (event.target !== form) return;
  const { from, to } = view.state.selection.main;
  const text = view.state.sliceDoc(from, to);
  const whole = view.state.doc.toString();
  const sent = text.trim() ? text : whole;
  start = (text.trim() ? from : 0) + (sent.length - sent.trimStart().length);
  event.detail.parameters.set?.("statement", sent);
  if (!event.detail.parameters.set) event.detail.parameters.statement = sent;
  view.dispatch(setDiagnostics(view.state, []));
});

// htmx sends the form; this button sends it elsewhere, and as a browser does.
form.querySelector("[data-save]").addEventListener("click", (event) => {
  event.preventDefault();
  form.action = event.target.formAction;
  form.submit();
});

// Marks the place that the result names in the statement.
const mark = () => {
  const place = document.querySelector("#result .place");
  if (!place) return;
  const first = view.state.doc.lineAt(Math.min(start, view.state.doc.length));
  const number = first.number + Number(place.dataset.line) - 1;
  if (number > view.state.doc.lines) return;
  const line = view.state.doc.line(number);
  const within = place.dataset.line === "1" ? start - first.from : 0;
  const from = Math.min(line.from + within + Number(place.dataset.column) - 1, line.to);
  const word = view.state.wordAt(from);
  const to = Math.min(Math.max(word ? word.to : from + 1, from), view.state.doc.length);
  const message = document.querySelector("#result .notice").textContent;
  view.dispatch(setDiagnostics(view.state, [{ from: Math.min(from, to), to, severity: "error", message }]));
};
document.addEventListener("htmx:afterSwap", mark);
mark();
view.focus();
