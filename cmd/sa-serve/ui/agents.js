// The agents: what is installed, what has keys, what each can do; installing one.
import { ask } from "./api.js";
import { createDialog } from "./create.js";
import { button, fill, h, size } from "./dom.js";
import { runCommand } from "./stream.js";

const WORDS = { permissions: "asks permission", questions: "asks questions", planMode: "plans", images: "images", mcpTools: "MCP tools", reasoning: "thoughts", fileChanges: "file changes", commandExecution: "commands" };
const STEPS = { fetch: "Fetching", resume: "Fetching on", verify: "Checking", unpack: "Unpacking", npm: "Installing with npm", "look up": "Looking up", retry: "Again", cached: "Using what was kept", skip: "Skipped", download: "Downloading" };

export class AgentsView {
  constructor() {
    this.list = h("ul", { class: "cards agents" });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.runs = new Map(); // installs under way, by agent
    this.node = h("section", { class: "page" }, h("header", { class: "page-head" }, h("h1", null, "Agents"), button("Look again", () => this.refresh(true), { class: "" })), this.problem, this.list);
  }

  async start() {
    document.title = "Agents · Inspector";
    await this.refresh(false);
  }

  stop() { this.isStopped = true; }

  // What is fast first; versions need each program to be asked.
  async refresh(isAnew) {
    try {
      this.agents = (await ask("GET", `/v1/agents${isAnew ? "?no_cache=true" : ""}`)).agents;
      this.draw();
      this.agents = (await ask("GET", "/v1/agents?config=true")).agents;
      this.problem.textContent = "";
      this.draw();
    } catch (error) {
      this.problem.textContent = error.message;
    }
  }

  draw() {
    const isOpen = new Set([...this.list.querySelectorAll("details[open]")].map((node) => node.dataset.agent));
    fill(this.list, [...this.agents].sort((a, b) => b.installed - a.installed).map((agent) => this.card(agent, isOpen.has(agent.id))));
  }

  card(agent, isOpen) {
    const can = Object.entries(WORDS).filter(([name]) => agent.capabilities?.[name]).map(([, word]) => word);
    const models = (agent.configOptions ?? []).filter((option) => Array.isArray(option?.options));
    const run = this.runs.get(agent.id);
    return h("li", { class: "card", "data-agent": agent.id },
      h("div", { class: "card-head" }, h("strong", null, agent.id), agent.version && h("span", { class: "faint" }, agent.version), h("span", { class: "grow" }),
        agent.serverStatus && h("span", { class: "tag good" }, "runs"), h("span", { class: agent.installed ? "tag good" : "tag" }, agent.installed ? "installed" : "not installed")),
      h("div", { class: "faint card-facts" }, h("span", { class: agent.credentialsAvailable ? "" : "lacking" }, agent.credentialsAvailable ? "✓ credentials found" : "✕ no credentials found")),
      can.length > 0 && h("div", { class: "faint" }, can.join(" · ")), agent.path && h("div", { class: "path faint" }, agent.path),
      models.length > 0 && h("details", { class: "thought", open: isOpen, "data-agent": agent.id }, h("summary", null, "Settings"), h("dl", { class: "facts-list" }, models.map((option) => [h("dt", null, String(option.name ?? option.id)),
        h("dd", null, option.options.map((one) => String(one?.name ?? one?.value)).join(", "))]))),
      run ? run.node : h("div", { class: "row" }, agent.installed ? button("New session", () => createDialog(agent.id)) : button("Install", () => this.install(agent.id), { "aria-label": `Install ${agent.id}` }),
        agent.installed && agent.version !== "builtin" && button("Install again", () => this.install(agent.id, true), { class: "quiet", "aria-label": `Install again: ${agent.id}` })));
  }

  async install(agent, isAgain) {
    const bar = h("progress", { "aria-label": `Install of ${agent}` }), words = h("div", { class: "faint", role: "status" }, "Begins …"), log = h("pre", { class: "install-log", tabindex: "0" });
    const stop = new AbortController();
    const close = () => { this.runs.delete(agent); this.draw(); };
    const end = button("Stop", () => stop.abort());
    const run = { node: h("div", { class: "install" }, bar, words, h("details", { class: "thought" }, h("summary", null, "What happened"), log), h("div", { class: "row" }, end)) };
    this.runs.set(agent, run);
    this.draw();
    let rest = "";
    const line = (text) => {
      if (!text.trim()) return;
      let record = null;
      try { record = JSON.parse(text); } catch { /* words */ }
      log.append(`${record?.event ? [record.event, record.text, record.bytes !== undefined && size(record.bytes)].filter(Boolean).join(" ") : record?.detail ?? text}\n`);
      if (!record) words.textContent = text;
      else if (record.event === "download") {
        if (record.total > 0) { bar.max = record.total; bar.value = record.bytes; }
        words.textContent = `Downloading: ${size(record.bytes)}${record.total > 0 ? ` of ${size(record.total)}` : ""}`;
      } else if (record.event) {
        bar.removeAttribute("value");
        words.textContent = `${STEPS[record.event] ?? record.event} ${record.text ?? ""}`;
      } else if (record.detail) words.textContent = String(record.detail);
    };
    try {
      const done = await runCommand("install-agent", [agent, "--json", ...(isAgain ? ["--reinstall"] : [])], (stream, text) => {
        const parts = (rest + text).split("\n");
        rest = parts.pop();
        parts.forEach(line);
      }, stop.signal);
      line(rest);
      if (done.exitStatus !== 0) throw new Error(done.message ?? words.textContent);
      close();
      await this.refresh(true);
    } catch (error) {
      bar.hidden = true;
      words.className = "problem";
      words.textContent = error.name === "AbortError" ? "Stopped." : error.message;
      fill(end.parentNode, button("Try again", () => { this.runs.delete(agent); this.install(agent, isAgain); }), button("Close", close, { class: "quiet" }));
    }
  }
}
