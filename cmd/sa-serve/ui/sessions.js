// All sessions of the server, whoever made them.
import { ask, session as pathOf, sessionPage } from "./api.js";
import { createDialog } from "./create.js";
import { age, button, fill, h, money, shortPath } from "./dom.js";
import * as history from "./history.js";
import { runCommand, untilSeen } from "./stream.js";

const ASK_AGAIN_MS = 15000, GATHER_MS = 250;
const SETTLED_MS = [1000, 5000]; // what happens while the follower starts is not told: asked for a little later
// Events after which the list looks different; everything else (an agent's words) is not sent for it.
const TELLING = ["session/new", "session/load", "session/resume", "session/prompt", "session/request_permission", "elicitation/create", "session/cancel",
  "session_info_update", "usage_update", "current_mode_update", "config_option_update", "_sandbox-agent/state", "system"];
const FIRST_WAIT_MS = 500, LONGEST_WAIT_MS = 10000;
const COUNTED = 20, COSTED = 50; // sessions that are asked for more than the list tells
const STATES = ["waiting", "running", "idle", "starting", "interrupted", "closed"];

export class SessionsView {
  constructor() {
    this.all = null;
    this.settling = [];
    this.usage = new Map(); // by session, as last told
    this.counts = new Map(); // of those at work: questions that are open, prompts that wait
    this.search = h("input", { type: "search", placeholder: "Search", "aria-label": "Search sessions", oninput: () => this.draw() });
    this.state = h("select", { "aria-label": "State", onchange: () => this.draw() }, h("option", { value: "" }, "All states"), STATES.map((state) => h("option", { value: state }, state)));
    this.count = h("span", { class: "faint" });
    this.list = h("ul", { class: "session-list" });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.node = h("section", { class: "page" }, h("header", { class: "page-head" }, h("h1", null, "Sessions"), this.count,
      button("New session", () => createDialog(), { class: "primary" })),
    h("div", { class: "filters" }, this.search, this.state), this.problem, this.list);
  }

  async start() {
    document.title = "Sessions · Inspector";
    this.all = await history.sessions();
    for (const one of this.all) if (one.usage) this.usage.set(one.id, one.usage);
    this.draw();
    await this.refresh();
    this.learnCosts();
    this.timer = setInterval(() => { if (!document.hidden) this.refresh(); }, ASK_AGAIN_MS);
    if (this.isStopped) this.stop();
    else this.follow();
  }

  // Live: the server runs "events follow --all" for us; what it tells makes the list be asked for again.
  async follow() {
    this.stopping = new AbortController();
    let rest = "", wait = FIRST_WAIT_MS;
    while (!this.isStopped) {
      rest = "";
      this.settling.forEach(clearTimeout);
      this.settling = SETTLED_MS.map((ms) => setTimeout(() => this.soon(), ms));
      try {
        await runCommand("events", ["follow", "--all", "--json", ...TELLING.flatMap((type) => ["--type", type])], (stream, text) => {
          if (stream !== "stdout") return;
          const lines = (rest + text).split("\n");
          rest = lines.pop();
          lines.forEach((line) => this.told(line));
          wait = FIRST_WAIT_MS;
        }, this.stopping.signal, true);
      } catch { /* out of reach: again */ }
      await untilSeen(this.stopping.signal);
      if (this.isStopped) return;
      await new Promise((done) => setTimeout(done, wait));
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      this.soon();
    }
  }

  told(line) {
    let event;
    try { event = JSON.parse(line); } catch { return; }
    const update = event.payload?.params?.update;
    if (update?.sessionUpdate === "usage_update") {
      const usage = { used: update.used, size: update.size, cost: update.cost };
      this.usage.set(event.sessionId, usage);
      history.keepUsage(event.sessionId, usage);
    }
    this.soon();
  }

  // What sessions have cost is in their events, which the server reads; asked once for each that has changed since.
  async learnCosts() {
    const asked = this.all.filter((one) => this.usage.get(one.id)?.at !== one.updatedAt).sort((a, b) => String(b.updatedAt).localeCompare(String(a.updatedAt))).slice(0, COSTED);
    if (!asked.length) return;
    let text = "";
    try {
      await runCommand("session", ["usage", "--json", "--", ...asked.map((one) => one.id)], (stream, more) => { if (stream === "stdout") text += more; });
    } catch { return; }
    for (const line of text.split("\n").filter(Boolean)) {
      const told = JSON.parse(line), one = asked.find(({ id }) => id === told.session);
      if (!one) continue;
      const usage = { used: told.contextUsed, size: told.contextSize, at: one.updatedAt, cost: told.cost > 0 ? { amount: told.cost, currency: told.currency } : null };
      this.usage.set(one.id, usage);
      history.keepUsage(one.id, usage);
    }
    this.draw();
  }

  async countWaiting() {
    const busy = this.all.filter((one) => one.state === "waiting" || one.state === "running").slice(0, COUNTED);
    const length = (id, kind) => ask("GET", pathOf(id, `/${kind}`)).then((answer) => answer[kind].length, () => 0);
    const counts = await Promise.all(busy.map(async (one) => [one.id, { pending: one.state === "waiting" ? await length(one.id, "pending") : 0, queued: await length(one.id, "queue") }]));
    this.counts = new Map(counts);
    this.draw();
  }

  soon() {
    this.gathering ??= setTimeout(() => { this.gathering = null; if (!this.isStopped) this.refresh(); }, GATHER_MS);
  }

  stop() {
    this.isStopped = true;
    clearInterval(this.timer);
    this.settling.forEach(clearTimeout);
    this.stopping?.abort();
  }

  async refresh() {
    try {
      this.all = (await ask("GET", "/v1/sessions")).sessions;
      this.isKnown = true;
      this.problem.textContent = "";
      history.keepSessions(this.all);
      this.countWaiting();
    } catch (error) {
      this.problem.textContent = error.status ? error.message : ""; // the page's head tells that the server is away
    }
    this.draw();
  }

  draw() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean), state = this.state.value;
    const fits = (s) => (!state || s.state === state) && words.every((word) => [s.id, s.title, s.agent, s.cwd, s.model].join(" ").toLowerCase().includes(word));
    const shown = this.all.filter(fits).sort((a, b) => String(b.updatedAt).localeCompare(String(a.updatedAt)));
    if (!this.isKnown && !this.all.length) { // nothing is known yet, or the server refuses
      this.list.hidden = true;
      return;
    }
    this.list.hidden = false;
    this.count.textContent = shown.length === this.all.length ? String(shown.length) : `${shown.length} of ${this.all.length}`;
    const key = JSON.stringify([shown, [...this.usage], [...this.counts], Math.floor(Date.now() / 10000)]);
    if (key === this.key) return;
    this.key = key;
    const focused = document.activeElement?.getAttribute?.("href");
    fill(this.list, shown.length ? shown.map((one) => this.row(one)) : h("li", { class: "empty" },
      this.all.length ? "No session is like that." : ["No session yet. Start one here, or with ", h("code", null, "sandbox-agent session new")]));
    if (focused?.startsWith("#/sessions/")) this.list.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
  }

  row(one) {
    const { pending = 0, queued = 0 } = this.counts.get(one.id) ?? {};
    return h("li", null, h("a", { href: sessionPage(one.id), class: "session-row" },
      h("span", { class: `dot ${one.state}`, "aria-hidden": "true" }),
      h("span", { class: "session-title" }, one.title || h("span", { class: "faint" }, one.id), queued > 0 && h("span", { class: "tag queued" }, `+${queued} queued`)),
      one.state === "waiting" ? h("span", { class: "tag wait" }, pending > 1 ? `${pending} wait for you` : "Waits for you") : h("span", { class: "state-word faint" }, one.state),
      h("span", { class: "agent" }, one.agent, one.model && one.model !== one.agent && h("span", { class: "faint" }, ` ${one.model}`)),
      h("span", { class: "path", title: one.cwd }, shortPath(one.cwd)), h("span", { class: "faint num cost" }, money(this.usage.get(one.id)?.cost) ?? ""), h("time", { class: "faint", datetime: one.updatedAt, title: one.updatedAt }, age(one.updatedAt))));
  }
}
