// One session: its transcript or its events, live; the prompt box; what the agent asks.
import { ask as request, quote, session as pathOf, sessionPage } from "./api.js";
import { askNode } from "./asks.js";
import { blockNode, patchText } from "./blocks.js";
import { Composer } from "./composer.js";
import { button, copy, dialog, fill, h, money, shortPath } from "./dom.js";
import { EventsView } from "./events.js";
import * as history from "./history.js";
import { follow } from "./stream.js";
import { Transcript } from "./transcript.js";
import { VirtualList } from "./virtual.js";

const SAVE_MS = 300;
// After these another prompt may have begun.
const QUEUE_METHODS = new Set(["session/prompt", "session/cancel"]);

export class SessionView {
  constructor(id) {
    this.id = id;
    this.session = null;
    this.transcript = new Transcript();
    this.open = { open: new Map() };
    this.fresh = []; // not drawn yet
    this.unsaved = [];
    this.savedTo = 0;
    this.asked = new Map();
    this.linkState = "away";
    this.list = new VirtualList((i) => blockNode(this.transcript.blocks[i], this.open), "Transcript", undefined,
      (i, node) => patchText(this.transcript.blocks[i], node));
    this.events = new EventsView(id, (index) => { location.hash = sessionPage(id, `/events/${index}`); });
    this.build();
  }

  build() {
    this.title = h("h1", null, this.id);
    this.facts = h("div", { class: "facts" });
    this.controls = h("div", { class: "controls" });
    this.tabs = ["transcript", "events"].map((name) => h("a", { href: sessionPage(this.id, name === "events" ? "/events" : ""), class: "tab" },
      name === "events" ? "Events" : "Transcript"));
    this.tray = h("div", { class: "tray", "aria-live": "polite" });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.composer = new Composer(this.id, (work) => this.act(work), () => { this.list.isAtEnd = true; });
    this.closedBar = h("div", { class: "row closed-bar", hidden: true }, h("span", { class: "faint" }, "This session is closed."), button("Bring it back", () => this.resume()));
    this.gone = h("div", { class: "empty gone", hidden: true }, h("p", null, "This server has no such session."), h("a", { href: "#/sessions" }, "All sessions"));
    this.pane = h("div", { class: "pane" });
    this.node = h("section", { class: "session" },
      h("header", { class: "session-head" }, h("a", { class: "back", href: "#/sessions", "aria-label": "All sessions" }, "‹"), this.title, this.facts, this.controls,
        h("nav", { class: "tabs", "aria-label": "Views of the session" }, this.tabs, h("span", { class: "grow" }),
          button("Copy as CLI", (event) => copy(`sandbox-agent events follow --from-start ${quote(this.id)} --endpoint ${quote(location.origin)}`, event.target), { class: "quiet small" }),
          this.endButton = button("End session", () => this.end(), { class: "quiet small stop" }))),
      this.gone, this.pane, h("footer", { class: "foot" }, this.tray, this.problem, this.closedBar, this.composer.node));
  }

  async start() {
    const [kept, stored] = await Promise.all([history.session(this.id), history.events(this.id)]);
    if (this.isStopped) return;
    if (kept && !this.session) this.session = kept;
    this.savedTo = stored.at(-1)?.eventIndex ?? 0;
    this.take(stored);
    this.draw();
    this.refresh();
    this.timer = setInterval(() => { if (!document.hidden) this.refresh(); }, 4000);
    this.onLeave = () => this.save();
    window.addEventListener("pagehide", this.onLeave);
    this.stopStream = follow(pathOf(this.id, "/events"), this.savedTo, (event, text) => {
      this.unsaved.push({ index: event.eventIndex, text });
      this.take([event]);
    }, (state) => { this.linkState = state; this.drawHead(); });
  }

  stop() {
    this.isStopped = true;
    clearInterval(this.timer);
    this.stopStream?.();
    window.removeEventListener("pagehide", this.onLeave);
    this.save();
  }

  get holdsWords() { return this.composer.holdsWords; }

  async refresh() {
    try {
      this.session = await request("GET", pathOf(this.id));
      history.keepSessions([this.session]);
      if (this.session.state === "running" || this.session.state === "waiting" || this.composer.waiting.length) this.composer.queueChanged();
    } catch (error) {
      if (error.status === 404) this.problem.textContent = error.message;
    }
    this.drawHead();
  }

  take(events) {
    for (const event of events) {
      if (!this.transcript.add(event)) continue;
      this.fresh.push(event);
      if (QUEUE_METHODS.has(event.payload?.method) || event.answers === "session/prompt") this.isQueueStale = true;
    }
    if (this.isDue) return;
    this.isDue = true;
    const draw = () => { this.isDue = false; this.draw(); };
    if (document.hidden) setTimeout(draw, 250);
    else requestAnimationFrame(draw);
  }

  // What came is kept now and then, and when somebody leaves.
  saveSoon() {
    this.saving ??= setTimeout(() => this.save(), SAVE_MS);
  }

  save() {
    clearTimeout(this.saving);
    this.saving = null;
    if (!this.unsaved.length) return;
    const list = this.unsaved, after = this.savedTo;
    this.unsaved = [];
    this.savedTo = list.at(-1).index;
    history.keepEvents(this.id, after, list, this.transcript.usage);
  }

  draw() {
    this.saveSoon();
    const changed = [...this.transcript.changed];
    this.transcript.changed.clear();
    this.events.add(this.fresh);
    this.fresh = [];
    if (this.list.node.isConnected) this.list.update(this.transcript.blocks.length, changed);
    else for (const i of changed) this.list.drop(i);
    this.drawAsks();
    this.drawHead();
    if (this.isQueueStale && this.session) this.composer.queueChanged();
    if (this.session) this.isQueueStale = false;
  }

  drawAsks() {
    const open = this.transcript.open();
    for (const [id, node] of this.asked) {
      if (open.some((block) => block.request === id)) continue;
      node.remove();
      this.asked.delete(id);
    }
    for (const block of open) {
      if (this.asked.has(block.request)) continue;
      const node = askNode(this.id, block);
      this.asked.set(block.request, node);
      this.tray.append(node);
    }
  }

  drawHead() {
    const t = this.transcript, s = this.session ?? {};
    const state = t.asks.size ? "waiting" : s.state ?? "";
    this.title.textContent = t.title ?? s.title ?? this.id;
    document.title = `${t.title ?? s.title ?? this.id} · Inspector`;
    const usage = t.usage && typeof t.usage.used === "number" ? `${t.usage.used.toLocaleString("en")} of ${Number(t.usage.size ?? 0).toLocaleString("en")} tokens` : null;
    fill(this.facts, h("span", { class: `state ${state}` }, state), s.agent && h("span", null, s.agent), s.cwd && h("span", { class: "path", title: s.cwd }, shortPath(s.cwd)),
      usage && h("span", null, usage), money(t.usage?.cost) && h("span", null, money(t.usage.cost)),
      this.linkState !== "live" && s.state !== "closed" && h("span", { class: "faint" }, this.linkState === "gone" ? "not on this server" : "reconnecting …"));
    this.composer.cancelButton.hidden = !(t.isRunning || s.state === "running" || s.state === "waiting");
    const isClosed = s.state === "closed", isGone = this.linkState === "gone", isNothing = isGone && !t.blocks.length;
    this.composer.node.hidden = isClosed || isGone;
    this.closedBar.hidden = !isClosed || isGone;
    this.gone.hidden = !isNothing;
    this.pane.hidden = isNothing;
    this.pane.nextSibling.hidden = isNothing;
    this.controls.hidden = isClosed || isGone;
    this.endButton.hidden = s.state === "closed" || !s.state;
    this.drawControls();
  }

  drawControls() {
    const t = this.transcript, key = JSON.stringify([t.modes, t.mode, t.options]);
    if (key === this.controlsKey) return;
    this.controlsKey = key;
    const choice = (label, current, list, change) => h("label", null, h("span", null, label), h("select", { "aria-label": label, onchange: (event) => change(event.target.value) },
      list.map(([value, name]) => h("option", { value, selected: value === current }, name))));
    const options = t.options.filter((option) => Array.isArray(option.options) && option.options.every((one) => one && "value" in one));
    fill(this.controls,
      t.modes.length > 1 && !options.some((option) => option.category === "mode") && choice("Mode", t.mode, t.modes.map((mode) => [String(mode.id), String(mode.name ?? mode.id)]),
        (modeId) => this.tell("session/set_mode", { modeId })),
      options.map((option) => choice(String(option.name ?? option.id), option.currentValue, option.options.map((one) => [String(one.value), String(one.name ?? one.value)]),
        (value) => this.tell("session/set_config_option", { configId: option.id, value }))));
  }

  tell(method, params) {
    return this.act(async () => {
      const answer = await request("POST", `/v1/acp/${encodeURIComponent(this.session.serverId)}`,
        { jsonrpc: "2.0", id: `ui-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`, method, params: { sessionId: this.session.agentSessionId, ...params } });
      if (answer?.error) throw new Error(answer.error.message);
      if (method === "session/set_mode") this.transcript.mode = params.modeId;
    });
  }

  async resume() {
    await this.act(() => request("POST", pathOf(this.id, "/resume"), {}));
    await this.refresh();
  }

  async end() {
    if (await dialog("End this session?", h("p", null, "The agent and all it has started are stopped. What was said stays."), "End it", undefined, "danger")) {
      await this.act(() => request("DELETE", pathOf(this.id)));
      await this.refresh();
    }
  }

  async act(work) {
    this.problem.textContent = "";
    try {
      await work();
      return true;
    } catch (error) {
      this.problem.textContent = error.message;
      return false;
    }
  }

  // Which of the two views, and which event.
  show([, view, index]) {
    const isEvents = view === "events";
    this.tabs[0].toggleAttribute("aria-current", !isEvents);
    this.tabs[1].toggleAttribute("aria-current", isEvents);
    const wanted = isEvents ? this.events.node : this.list.node;
    if (this.pane.firstChild !== wanted) fill(this.pane, wanted);
    if (isEvents) this.events.draw();
    else this.list.update(this.transcript.blocks.length);
    if (isEvents && index) this.events.choose(Number(index));
  }
}
