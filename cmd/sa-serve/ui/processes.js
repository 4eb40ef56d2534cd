// Programs that the server runs: the list, what one prints, its terminal.
import { ask } from "./api.js";
import { age, button, dialog, field, fill, h, shortPath } from "./dom.js";
import { decode, follow } from "./stream.js";
import { Terminal } from "./terminal.js";
import { joinWords, plain, splitWords } from "./words.js";

const ASK_AGAIN_MS = 2000, LOG_CHARACTERS = 2 * 1024 * 1024;
const pathOf = (id, rest = "") => `/v1/processes/${encodeURIComponent(id)}${rest}`;
const lineOf = (one) => joinWords([one.command, ...(one.args ?? [])]);
const isoOf = (ms) => new Date(ms).toISOString();

function endOf(one) {
  if (one.status === "running") return "running";
  if (one.exitCode === undefined || one.exitCode === null) return one.signal ? `ended by ${one.signal}` : "ended by a signal";
  return `exit ${one.exitCode}`;
}

// What a program without a terminal prints, and a line for its input.
class Log {
  constructor(id) {
    this.id = id;
    this.parts = [];
    this.length = 0;
    this.decoders = new Map();
    this.text = h("pre", { class: "log", tabindex: "0", role: "log", "aria-label": "Output" });
    this.line = h("input", { type: "text", class: "code", placeholder: "A line for its input", "aria-label": "A line for its input", spellcheck: "false" });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.form = h("form", { class: "log-input", onsubmit: (event) => { event.preventDefault(); this.send(); } }, this.line, h("button", { type: "submit" }, "Send"));
    this.node = h("div", { class: "log-pane" }, this.text, this.problem, this.form);
  }

  start() {
    this.stopStream = follow(pathOf(this.id, "/logs?follow=true"), 0, (entry) => this.add(entry), () => {}, (entry) => entry.sequence);
  }

  stop() { this.stopStream?.(); }

  add(entry) {
    const decoder = this.decoders.get(entry.stream) ?? new TextDecoder();
    this.decoders.set(entry.stream, decoder);
    const text = plain(decoder.decode(decode(entry.data), { stream: true }));
    const isAtEnd = this.text.scrollTop + this.text.clientHeight >= this.text.scrollHeight - 30;
    this.text.append(h("span", { class: entry.stream }, text));
    this.length += text.length;
    while (this.length > LOG_CHARACTERS && this.text.childElementCount > 1) {
      this.length -= this.text.firstChild.textContent.length;
      this.text.firstChild.remove();
    }
    if (isAtEnd) this.text.scrollTop = this.text.scrollHeight;
  }

  update(one) { this.form.hidden = one.status !== "running"; }

  async send() {
    this.problem.textContent = "";
    try {
      await ask("POST", pathOf(this.id, "/input"), { data: `${this.line.value}\n`, encoding: "utf8" });
      this.line.value = "";
    } catch (error) {
      this.problem.textContent = error.message;
    }
  }
}

export class ProcessesView {
  constructor() {
    this.all = [];
    this.count = h("span", { class: "faint" });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.refused = h("p", { class: "problem", role: "alert" }); // stays until something else is done
    this.list = h("ul", { class: "process-list", "aria-label": "Processes" });
    this.detail = h("section", { class: "process", "aria-label": "Process" });
    this.node = h("section", { class: "split" }, h("div", { class: "split-list" }, h("header", { class: "page-head" }, h("h1", null, "Processes"), this.count,
      button("Run …", () => this.begin(), { class: "primary" })), this.problem, this.refused, this.list), this.detail);
  }

  async start() {
    document.title = "Processes · Inspector";
    await this.refresh();
    this.timer = setInterval(() => { if (!document.hidden) this.refresh(); }, ASK_AGAIN_MS);
    if (this.isStopped) this.stop();
  }

  stop() {
    this.isStopped = true;
    clearInterval(this.timer);
    this.pane?.stop();
  }

  async refresh() {
    try {
      this.all = (await ask("GET", "/v1/processes")).processes;
      this.problem.textContent = "";
    } catch (error) {
      this.problem.textContent = error.status ? error.message : "";
    }
    this.draw();
  }

  show([id]) {
    this.wanted = id || null;
    this.draw();
  }

  draw() {
    const running = this.all.filter((one) => one.status === "running").length;
    this.count.textContent = this.all.length ? `${running} running of ${this.all.length}` : "";
    const key = JSON.stringify([this.all, this.wanted, Math.floor(Date.now() / 10000)]);
    if (key !== this.key) {
      this.key = key;
      const focused = document.activeElement?.getAttribute?.("href");
      fill(this.list, [...this.all].sort((a, b) => (b.status === "running") - (a.status === "running") || b.createdAtMs - a.createdAtMs).map((one) => this.row(one)),
        !this.all.length && h("li", { class: "empty" }, "Nothing runs. Start a shell or a program with “Run …”."));
      if (focused?.startsWith("#/processes/")) this.list.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
    }
    this.drawDetail();
  }

  row(one) {
    return h("li", null, h("a", { class: "process-row", href: `#/processes/${encodeURIComponent(one.id)}`, "aria-current": one.id === this.wanted ? "true" : null },
      h("span", { class: `dot ${one.status === "running" ? "running" : one.exitCode === 0 ? "closed" : "interrupted"}`, "aria-hidden": "true" }),
      h("span", { class: "code process-line" }, lineOf(one)), h("span", { class: "faint" }, age(isoOf(one.createdAtMs))),
      h("span", { class: "faint process-facts" }, [one.id, endOf(one), one.tty && "terminal", one.owner !== "user" && one.owner].filter(Boolean).join(" · "))));
  }

  drawDetail() {
    const one = this.all.find((each) => each.id === this.wanted);
    this.node.classList.toggle("has-detail", Boolean(this.wanted));
    if (!one) {
      if (this.shown !== null) {
        this.pane?.stop();
        this.pane = null;
        this.shown = null;
      }
      fill(this.detail, h("p", { class: "empty" }, this.wanted ? "There is no such process." : "Choose a process to see what it prints."));
      return;
    }
    if (this.shown !== one.id) {
      this.pane?.stop();
      this.shown = one.id;
      this.pane = one.tty ? new Terminal(one.id) : new Log(one.id);
      this.head = h("header", { class: "process-head" });
      fill(this.detail, this.head, this.pane.node);
      this.pane.start();
      this.headKey = null;
    }
    const key = JSON.stringify(one);
    if (key === this.headKey) return;
    this.headKey = key;
    const isRunning = one.status === "running";
    const act = (label, method, rest, kind) => button(label, () => this.act(method, pathOf(one.id, rest)), { class: kind });
    fill(this.head, h("a", { class: "back", href: "#/processes", "aria-label": "All processes" }, "‹"), h("h2", { class: "code" }, lineOf(one)),
      h("span", { class: `state ${isRunning ? "running" : ""}` }, endOf(one)), one.pid && h("span", { class: "faint" }, `pid ${one.pid}`), one.cwd && h("span", { class: "path faint", title: one.cwd }, shortPath(one.cwd)), h("span", { class: "grow" }),
      isRunning ? [act("Stop", "POST", "/stop", ""), act("Kill", "POST", "/kill", "stop")] : act("Remove", "DELETE", "", ""));
    this.pane.update(one);
  }

  async act(method, path) {
    this.refused.textContent = "";
    try {
      await ask(method, path);
      if (method === "DELETE") location.hash = "#/processes";
    } catch (error) {
      this.refused.textContent = error.message;
    }
    await this.refresh();
  }

  async begin() {
    const line = h("input", { type: "text", class: "code", required: true, spellcheck: "false", autocapitalize: "off", value: "bash" });
    const cwd = h("input", { type: "text", class: "code", spellcheck: "false", placeholder: "The server's folder" });
    const tty = h("input", { type: "checkbox", checked: true });
    const made = await dialog("Run a program", [field("Command", line, "A program and its arguments; no shell reads it."), field("Folder", cwd),
      h("label", { class: "check" }, tty, "In a terminal")], "Run", () => {
      const words = splitWords(line.value);
      if (!words?.length) throw new Error("A quote is left open.");
      return ask("POST", "/v1/processes", { command: words[0], args: words.slice(1), tty: tty.checked, interactive: tty.checked,
        ...(cwd.value.trim() ? { cwd: cwd.value.trim() } : {}), ...(tty.checked ? { env: { TERM: "xterm-256color" } } : {}) });
    });
    if (!made) return;
    await this.refresh();
    location.hash = `#/processes/${encodeURIComponent(made.id)}`;
  }
}
