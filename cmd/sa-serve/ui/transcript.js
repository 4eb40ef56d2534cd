// Events to blocks: what a person reads. No page in here, so that it can be tested alone.
//
//   {kind:"prompt"|"text"|"thought", text, more: [content]}    chunks in a row are one block
//   {kind:"plan", entries}                                     one a turn, kept up to date
//   {kind:"tool", id, title, tool, status, input, output, content, locations}
//   {kind:"ask", request, method, params, state, answer}       open until the client answers
//   {kind:"end", stopReason} {kind:"error", text}  {kind:"note", text, payload}
// Each has first and last: the eventIndex of its events.

const CHUNKS = { user_message_chunk: "prompt", agent_message_chunk: "text", agent_thought_chunk: "thought" };
const ASKS = new Set(["session/request_permission", "elicitation/create"]);

export class Transcript {
  constructor() {
    this.blocks = [];
    this.changed = new Set(); // numbers of blocks; whoever shows them clears it
    this.tools = new Map();
    this.asks = new Map(); // by JSON-RPC id, as JSON
    this.plan = -1;
    this.last = 0;
    this.usage = null;
    this.title = null;
    this.mode = null;
    this.modes = [];
    this.options = [];
    this.isRunning = false;
  }

  // True when the event was new.
  add(event) {
    if (!(event.eventIndex > this.last)) return false;
    this.last = event.eventIndex;
    const message = event.payload;
    if (message === null || typeof message !== "object" || Array.isArray(message)) this.note(event, "A line that is no message");
    else if (event.sender === "system") this.system(event, message);
    else if (message.method === "session/update") this.update(event, message.params?.update ?? {});
    else if (message.method === "session/prompt") this.prompt(event, message.params?.prompt);
    else if (message.method === "session/cancel") this.note(event, "Cancelled by the client");
    else if (typeof message.method === "string" && message.id !== undefined && event.sender === "agent") this.ask(event, message);
    else if (message.method === undefined && event.sender === "client") this.answer(event, message);
    else if (message.method === undefined) this.outcome(event, message);
    return true;
  }

  push(event, block) {
    this.blocks.push({ first: event.eventIndex, last: event.eventIndex, at: event.createdAt, ...block });
    this.changed.add(this.blocks.length - 1);
    return this.blocks.length - 1;
  }

  touch(number, event, change) {
    Object.assign(this.blocks[number], change, { last: event.eventIndex });
    this.changed.add(number);
  }

  note(event, text) {
    this.push(event, { kind: "note", text, payload: event.payload });
  }

  chunk(event, kind, content) {
    const text = content?.type === "text" ? String(content.text ?? "") : "";
    const more = content && content.type !== "text" ? [content] : [];
    const last = this.blocks.at(-1);
    if (last?.kind === kind && !isFull(last) && (more.length || !last.more.length) && (kind !== "prompt" || last.isReplay)) {
      this.touch(this.blocks.length - 1, event, { text: last.text + text, tail: (last.tail + text.slice(-2)).slice(-2), more: more.length ? [...last.more, ...more] : last.more });
    } else this.push(event, { kind, text, tail: text.slice(-2), more, isReplay: kind === "prompt" });
  }

  prompt(event, parts) {
    const list = Array.isArray(parts) ? parts : [];
    const text = list.filter((part) => part?.type === "text").map((part) => String(part.text ?? "")).join("\n");
    this.push(event, { kind: "prompt", text, more: list.filter((part) => part && part.type !== "text") });
    this.isRunning = true;
    this.plan = -1;
  }

  update(event, update) {
    const kind = update.sessionUpdate;
    if (CHUNKS[kind]) this.chunk(event, CHUNKS[kind], update.content);
    else if (kind === "plan") this.planned(event, update.entries);
    else if (kind === "tool_call" || kind === "tool_call_update") this.tool(event, update);
    else if (kind === "usage_update") this.usage = { used: update.used, size: update.size, cost: update.cost };
    else if (kind === "session_info_update") this.title = update.title ?? this.title;
    else if (kind === "current_mode_update") this.mode = update.currentModeId;
    else if (kind === "config_option_update") this.options = listOf(update.configOptions);
    else if (kind !== "available_commands_update") this.note(event, String(kind ?? "An update without a kind"));
  }

  planned(event, entries) {
    if (this.plan < 0) this.plan = this.push(event, { kind: "plan", entries: listOf(entries) });
    else this.touch(this.plan, event, { entries: listOf(entries) });
  }

  tool(event, update) {
    const id = String(update.toolCallId);
    const known = this.tools.get(id);
    const change = {};
    for (const [ours, theirs] of [["title", "title"], ["tool", "kind"], ["status", "status"], ["input", "rawInput"],
      ["output", "rawOutput"], ["content", "content"], ["locations", "locations"]]) {
      if (update[theirs] !== undefined && update[theirs] !== null) change[ours] = update[theirs];
    }
    if (known !== undefined && update.sessionUpdate === "tool_call_update") this.touch(known, event, change);
    else this.tools.set(id, this.push(event, { kind: "tool", id, title: id, status: "pending", ...change }));
  }

  ask(event, message) {
    if (!ASKS.has(message.method)) { // answered by the host itself
      this.note(event, message.method);
      return;
    }
    this.asks.set(JSON.stringify(message.id), this.push(event, {
      kind: "ask", request: event.id, method: message.method, params: message.params ?? {}, state: "open", answer: null,
    }));
  }

  answer(event, message) {
    const key = JSON.stringify(message.id), number = this.asks.get(key);
    if (number === undefined) return;
    this.asks.delete(key);
    this.touch(number, event, { state: "answered", answer: message.result ?? message.error ?? null });
  }

  outcome(event, message) {
    const result = message.result ?? {};
    if (event.answers === "session/new" || event.answers === "session/load" || event.answers === "session/resume") this.opened(result);
    if (event.answers === "session/set_config_option") this.options = listOf(result.configOptions ?? this.options);
    if (message.error) this.push(event, { kind: "error", text: String(message.error.message ?? "The agent answered with an error"), payload: message.error });
    else if (event.answers === "session/prompt" || result.stopReason) this.push(event, { kind: "end", stopReason: String(result.stopReason ?? "") });
    if (event.answers === "session/prompt" || result.stopReason) this.turnOver(event);
  }

  opened(result) {
    this.modes = listOf(result.modes?.availableModes);
    this.mode = result.modes?.currentModeId ?? this.mode;
    this.options = listOf(result.configOptions);
  }

  turnOver(event) {
    this.isRunning = false;
    for (const number of this.asks.values()) this.touch(number, event, { state: "over" });
    this.asks.clear();
  }

  // The supervisor's own: notes, and answers in a dead agent's place. What a note quotes ends nothing.
  system(event, message) {
    if (message.error) this.outcome(event, message);
    else this.note(event, String(message.method ?? message.type ?? "system"));
    if (message.method === "_adapter/agent_exited") this.turnOver(event);
  }

  open() {
    return [...this.asks.values()].map((number) => this.blocks[number]);
  }
}

// A very long text goes on in another block, so that a page never has to lay out all of it: behind a paragraph
// that ends no code, or anywhere when there is none for long.
const PART = 16000;
function isFull({ text, tail }) {
  return text.length >= PART && (text.length >= 2 * PART || (tail === "\n\n" && text.split(/^ {0,3}(?:```|~~~)/m).length % 2 === 1));
}

const listOf = (value) => (Array.isArray(value) ? value.filter((item) => item && typeof item === "object") : []);

// Lines of a change: [{sign: " "|"-"|"+", text}]; ends that are equal stay, what is between them is replaced
// unless it is small enough to be compared line by line.
export function diffLines(before, after) {
  const split = (text) => (text ? String(text).replace(/\n$/, "").split("\n") : []);
  const a = split(before), b = split(after);
  let start = 0, end = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const lines = (list, sign) => list.map((text) => ({ sign, text }));
  return [
    ...lines(a.slice(0, start), " "),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...lines(a.slice(a.length - end), " "),
  ];
}

const COMPARED = 250000; // cells of the table at most

function middle(a, b) {
  const out = [];
  if (a.length * b.length > COMPARED || !a.length || !b.length) {
    return [...a.map((text) => ({ sign: "-", text })), ...b.map((text) => ({ sign: "+", text }))];
  }
  const width = b.length + 1, same = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      same[i * width + j] = a[i] === b[j] ? same[(i + 1) * width + j + 1] + 1 : Math.max(same[(i + 1) * width + j], same[i * width + j + 1]);
    }
  }
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { out.push({ sign: " ", text: a[i++] }); j++; }
    else if (i < a.length && (j === b.length || same[(i + 1) * width + j] >= same[i * width + j + 1])) out.push({ sign: "-", text: a[i++] });
    else out.push({ sign: "+", text: b[j++] });
  }
  return out;
}
