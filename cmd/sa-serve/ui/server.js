// The server: is it well, its figures, what this browser keeps of it.
import { ask } from "./api.js";
import { age, button, fill, h, size } from "./dom.js";
import * as history from "./history.js";

const ASK_AGAIN_MS = 3000, POINTS = 60;

// Prometheus' text format: [{name, help, type, samples: [{labels, value}]}].
export function metrics(text) {
  const all = new Map();
  const of = (name) => {
    if (!all.has(name)) all.set(name, { name, help: "", type: "", samples: [] });
    return all.get(name);
  };
  for (const line of text.split("\n")) {
    let m;
    if ((m = /^# (HELP|TYPE) (\S+) (.*)/.exec(line))) of(m[2])[m[1].toLowerCase()] = m[3];
    else if ((m = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line))) {
      const family = all.has(m[1]) ? m[1] : m[1].replace(/_(bucket|sum|count)$/, "");
      const labels = [...(m[2] ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map((one) => [one[1], one[2]]);
      of(family).samples.push({ part: m[1].slice(family.length + 1), labels: Object.fromEntries(labels), value: Number(m[3]) });
    }
  }
  return [...all.values()];
}

const number = (value) => (Number.isInteger(value) ? value.toLocaleString("en") : Number(value.toPrecision(4)).toString());

function spark(points) {
  const most = Math.max(1, ...points), step = 100 / (POINTS - 1), svg = (tag, fields) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(fields)) node.setAttribute(name, value);
    return node;
  };
  const node = svg("svg", { viewBox: "0 0 100 24", preserveAspectRatio: "none", class: "spark", "aria-hidden": "true" });
  node.append(svg("polyline", { points: points.map((value, i) => `${((POINTS - points.length + i) * step).toFixed(1)},${(23 - (22 * value) / most).toFixed(1)}`).join(" "), "vector-effect": "non-scaling-stroke" }));
  return node;
}

export class ServerView {
  constructor() {
    this.health = h("span", { class: "tag" }, "…");
    this.tiles = h("div", { class: "tiles" });
    this.table = h("div", { class: "metrics" });
    this.search = h("input", { type: "search", placeholder: "Filter figures", "aria-label": "Filter figures", oninput: () => this.drawTable() });
    this.kept = h("div", { class: "kept" });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.rates = { requests: [], bytes: [] };
    this.node = h("section", { class: "page" }, h("header", { class: "page-head" }, h("h1", null, "Server"), this.health), this.problem, this.tiles,
      h("h2", null, "Kept in this browser"), this.kept, h("div", { class: "section-head" }, h("h2", null, "Figures"), this.search), this.table);
  }

  async start() {
    document.title = "Server · Inspector";
    await Promise.all([this.refresh(), this.drawKept()]);
    this.timer = setInterval(() => { if (!document.hidden) this.refresh(); }, ASK_AGAIN_MS);
    if (this.isStopped) this.stop();
  }

  stop() {
    this.isStopped = true;
    clearInterval(this.timer);
  }

  async refresh() {
    try {
      const begun = performance.now(), { status } = await ask("GET", "/v1/health");
      this.answeredMs = performance.now() - begun;
      this.health.textContent = status === "ok" ? "well" : String(status);
      this.health.className = `tag ${status === "ok" ? "good" : "wait"}`;
      this.families = metrics(await ask("GET", "/metrics", undefined, { isText: true }));
      this.problem.textContent = "";
      this.count();
      this.drawTiles();
      this.drawTable();
    } catch (error) {
      this.health.textContent = "out of reach";
      this.health.className = "tag wait";
      this.problem.textContent = error.message;
    }
  }

  sum(name, fits = () => true) {
    const family = this.families.find((one) => one.name === `sandbox_agent_${name}`);
    return family ? family.samples.filter(fits).reduce((sum, one) => sum + one.value, 0) : null;
  }

  count() {
    const now = { at: Date.now(), requests: this.sum("http_requests_total"), bytes: this.sum("http_sent_bytes_total") };
    if (this.before) {
      const seconds = Math.max(0.1, (now.at - this.before.at) / 1000);
      for (const name of ["requests", "bytes"]) {
        this.rates[name].push(Math.max(0, (now[name] - this.before[name]) / seconds));
        if (this.rates[name].length > POINTS) this.rates[name].shift();
      }
    }
    this.before = now;
  }

  drawTiles() {
    const begun = this.sum("start_time_seconds"), state = (name) => this.sum("sessions", (one) => one.labels.state === name);
    const tile = (label, value, hint, points) => value !== null && h("div", { class: "tile" }, h("div", { class: "faint" }, label), h("div", { class: "tile-value" }, value), hint && h("div", { class: "faint" }, hint), points?.length > 2 && spark(points));
    const rate = (list) => (list.length ? list.at(-1) : 0);
    const version = this.families.find((one) => one.name === "sandbox_agent_build_info")?.samples[0]?.labels.version;
    fill(this.tiles,
      tile("Up for", begun ? age(new Date(begun * 1000).toISOString()) : null, version && `version ${version}`),
      tile("Answers in", `${this.answeredMs.toFixed(1)} ms`, "health, seen from here"),
      tile("Requests", `${rate(this.rates.requests).toFixed(1)} /s`, `${number(this.sum("http_requests_total") ?? 0)} in all`, this.rates.requests),
      tile("Sent", `${size(rate(this.rates.bytes))}/s`, `${size(this.sum("http_sent_bytes_total") ?? 0)} in all`, this.rates.bytes),
      tile("Sessions", number((state("running") ?? 0) + (state("waiting") ?? 0)), `at work; ${number(state("waiting") ?? 0)} wait for an answer, ${number(state("idle") ?? 0)} idle`),
      tile("Events", number(this.sum("events") ?? 0), `in the store${this.sum("store_up") === 0 ? ", which is out of reach" : ""}`),
      tile("Connections", number(this.sum("http_connections") ?? 0), `${number(this.sum("http_connections_total") ?? 0)} so far`),
      tile("Commands", number(this.sum("commands") ?? 0), "run for it now"));
  }

  drawTable() {
    if (!this.families) return;
    const word = this.search.value.toLowerCase();
    fill(this.table, this.families.filter((one) => `${one.name} ${one.help}`.toLowerCase().includes(word)).map((one) => h("div", { class: "metric" },
      h("div", null, h("code", null, one.name.replace(/^sandbox_agent_/, "")), h("div", { class: "faint" }, one.help)),
      h("dl", null, one.samples.map((sample) => [h("dt", { class: "path" }, [...Object.entries(sample.labels).map(([name, value]) => (name === "le" ? `≤ ${value} s` : value)), Object.keys(sample.labels).length === 0 ? sample.part : ""].filter(Boolean).join(" ") || "now"),
        h("dd", null, one.name.endsWith("_time_seconds") ? new Date(sample.value * 1000).toLocaleString() : number(sample.value))])))));
  }

  async drawKept() {
    const [held, bound] = [await history.bytes(), history.BOUND_BYTES];
    fill(this.kept, h("progress", { max: String(bound), value: String(held), "aria-label": "Room that is used" }), h("span", null, `${size(held)} of at most ${size(bound)} of events`), button("Clear", async () => { await history.clear(); await this.drawKept(); }));
  }
}
