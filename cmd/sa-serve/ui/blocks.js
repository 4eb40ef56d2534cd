// A block of the transcript as elements.
import { h } from "./dom.js";
import { render } from "./markdown.js";
import { diffLines } from "./transcript.js";

const LONG = 40000; // characters of a text that are shown as they are, without Markdown
const SHOWN_LINES = 400; // of a change or an output, in the transcript

const json = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

function prose(text) {
  return text.length > LONG ? h("pre", { class: "long", tabindex: "0" }, text) : render(text);
}

const GROWN = 4000, LATER_MS = 200;

// A text that grows is made anew for each of its pieces while it is short, and now and then when it is not.
export function patchText(block, node) {
  const article = block.kind === "text" && block.text.length > GROWN ? node.querySelector(".block.text") : null;
  if (!article) return false;
  article.timer ??= setTimeout(() => {
    article.timer = null;
    article.replaceChildren(...[textOf(block)].flat(Infinity));
  }, LATER_MS);
  return true;
}

const textOf = (block) => [prose(block.text), block.more.map(content)];

function clipped(text) {
  const lines = String(text).split("\n");
  return lines.length <= SHOWN_LINES ? text : `${lines.slice(0, SHOWN_LINES).join("\n")}\n… ${lines.length - SHOWN_LINES} more lines (see Events)`;
}

function diff(part) {
  const lines = diffLines(part.oldText, part.newText), shown = lines.slice(0, SHOWN_LINES);
  const added = lines.filter((line) => line.sign === "+").length, gone = lines.filter((line) => line.sign === "-").length;
  return h("div", { class: "diff" },
    h("div", { class: "diff-head" }, h("span", { class: "path" }, String(part.path ?? "")),
      h("span", { class: "plus" }, `+${added}`), h("span", { class: "minus" }, `−${gone}`)),
    h("pre", { tabindex: "0" }, shown.map((line) => h("span", { class: line.sign === "+" ? "line plus" : line.sign === "-" ? "line minus" : "line" },
      `${line.sign} ${line.text}\n`))),
    lines.length > shown.length && h("p", { class: "faint" }, `${lines.length - shown.length} more lines`));
}

const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

export function content(part) {
  if (part?.type === "content") return content(part.content);
  if (part?.type === "diff") return diff(part);
  if (part?.type === "text") return h("pre", { tabindex: "0" }, clipped(part.text));
  if (part?.type === "image" && PICTURES.has(part.mimeType) && /^[A-Za-z0-9+/=\s]*$/.test(String(part.data))) {
    return h("img", { class: "picture", src: `data:${part.mimeType};base64,${part.data}`, alt: "An image of the agent's" });
  }
  if (part?.type === "resource" && part.resource) {
    const { uri, text, blob } = part.resource;
    return h("details", { class: "thought" }, h("summary", null, h("span", { class: "path" }, String(uri))), text !== undefined ? h("pre", { tabindex: "0" }, clipped(text)) : h("p", { class: "faint" }, `${Math.floor((String(blob ?? "").length * 3) / 4)} bytes`));
  }
  if (part?.type === "resource_link") return h("p", { class: "path" }, String(part.uri));
  return h("pre", { tabindex: "0" }, clipped(json(part)));
}

// What is left of a tool's output once its content says the same.
function output(block) {
  if (block.output === undefined || (Array.isArray(block.content) && block.content.length)) return null;
  return h("pre", { tabindex: "0" }, clipped(json(block.output)));
}

function command(input) {
  if (typeof input?.command === "string") return input.command;
  return Array.isArray(input?.command) ? input.command.join(" ") : null;
}

const MARKS = { pending: "○", in_progress: "◐", completed: "✓", failed: "✕", cancelled: "✕" };
const WORDS = { pending: "pending", in_progress: "running", completed: "done", failed: "failed", cancelled: "cancelled" };

const mark = (status) => h("span", { class: `mark ${MARKS[status] ? status : ""}`, role: "img", "aria-label": WORDS[status] ?? String(status) }, MARKS[status] ?? "·");

function fold(state, key, isOpen, className, summary, body) {
  const node = h("details", { class: className, open: state.open.get(key) ?? isOpen }, h("summary", null, summary));
  const show = () => { if (node.open && node.childElementCount === 1) node.append(h("div", { class: "fold" }, body())); };
  node.addEventListener("toggle", () => { state.open.set(key, node.open); show(); });
  show();
  return node;
}

function tool(block, state) {
  const parts = Array.isArray(block.content) ? block.content : [];
  const hasDiff = parts.some((part) => part?.type === "diff");
  const line = command(block.input);
  const summary = [mark(block.status), h("span", { class: "tool-title" }, String(block.title)), block.tool && h("span", { class: "tag" }, String(block.tool)),
    h("span", { class: "faint status-word" }, WORDS[block.status] ?? String(block.status))];
  return fold(state, block.first, hasDiff || block.status === "failed", "tool", summary, () => [
    line !== null ? h("pre", { class: "command", tabindex: "0" }, `$ ${line}`)
      : block.input !== undefined && h("div", null, h("div", { class: "label" }, "Input"), h("pre", { tabindex: "0" }, clipped(json(block.input)))),
    parts.map(content), output(block),
    !parts.length && block.output === undefined && block.input === undefined && h("p", { class: "faint" }, "Nothing else is known of it."),
  ]);
}

function answerWords(block) {
  if (block.state === "open") return "waits for an answer below";
  if (block.state === "over") return "the turn ended without an answer";
  const outcome = block.answer?.outcome;
  if (outcome?.optionId) return (block.params.options ?? []).find((option) => option?.optionId === outcome.optionId)?.name ?? outcome.optionId;
  if (outcome?.outcome) return outcome.outcome;
  if (block.answer?.action) return block.answer.action === "accept" ? Object.values(block.answer.content ?? {}).map(json).join(", ") : block.answer.action;
  return json(block.answer);
}

export const question = (block) => String(block.method === "elicitation/create" ? block.params.message ?? "A question" : block.params.toolCall?.title ?? "Permission");

const ENDS = { cancelled: "Cancelled", refusal: "The agent refused", max_tokens: "Out of tokens", max_turn_requests: "Too many requests in one turn" };

export function blockNode(block, state) {
  switch (block.kind) {
    case "prompt": return h("article", { class: "block prompt", "aria-label": "Prompt" }, h("div", { class: "bubble" }, block.text, block.more.map(content)));
    case "text": return h("article", { class: "block text", "aria-label": "Agent" }, textOf(block));
    case "thought": return h("article", { class: "block", "aria-label": "Thought" }, fold(state, block.first, false, "thought",
      [h("span", null, "Thought"), h("span", { class: "peek faint" }, block.text.slice(0, 140))], () => prose(block.text)));
    case "plan": return h("article", { class: "block plan", "aria-label": "Plan" }, h("div", { class: "label" },
      `Plan · ${block.entries.filter((entry) => entry.status === "completed").length} of ${block.entries.length}`),
    h("ul", null, block.entries.map((entry) => h("li", { class: entry.status === "completed" ? "done" : null }, mark(entry.status), h("span", null, String(entry.content))))));
    case "tool": return h("article", { class: "block", "aria-label": "Tool call" }, tool(block, state));
    case "ask": return h("article", { class: `block asked ${block.state}`, "aria-label": "Question" }, h("span", { class: "mark", "aria-hidden": "true" }, "?"),
      h("div", null, h("span", { class: "question" }, question(block)), h("span", { class: "faint" }, answerWords(block))));
    case "end": return h("div", { class: "block end" }, h("span", null, ENDS[block.stopReason] ?? (block.stopReason === "end_turn" ? "Turn over" : block.stopReason)));
    case "error": return h("article", { class: "block error", role: "note" }, h("div", { class: "failure" }, h("strong", null, "Error "), block.text));
    default: return h("article", { class: "block" }, fold(state, block.first, false, "note", [h("span", { class: "faint" }, block.text)],
      () => h("pre", { tabindex: "0" }, clipped(json(block.payload)))));
  }
}
