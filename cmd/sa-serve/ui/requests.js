// What this tab has asked the server: the way to learn the API by looking.
import { cli, curl, onRequest, requests } from "./api.js";
import { button, copy, fill, h } from "./dom.js";
import { VirtualList } from "./virtual.js";

export class RequestsView {
  constructor() {
    this.search = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter requests", oninput: () => this.draw() });
    this.failed = h("input", { type: "checkbox", onchange: () => this.draw() });
    this.count = h("span", { class: "faint" });
    this.list = new VirtualList((i) => this.row(this.shown[i]), "Requests", 30);
    this.detail = h("section", { class: "event-detail", "aria-label": "The chosen request" }, h("p", { class: "faint" }, "Every request of this tab; the newest is at the end. Choose one to see it as a command."));
    this.node = h("section", { class: "events requests" }, h("h1", { class: "sr" }, "Requests"), h("div", { class: "event-bar" }, this.search, h("label", { class: "check" }, this.failed, "Only failed"), this.count), this.list.node, this.detail);
  }

  async start() {
    document.title = "Requests · Inspector";
    this.leave = onRequest(() => this.draw());
    this.draw();
  }

  stop() { this.leave(); }

  draw() {
    const word = this.search.value.toLowerCase(), fits = (one) => (!this.failed.checked || one.status === 0 || one.status >= 400) && `${one.method} ${one.path} ${one.status}`.toLowerCase().includes(word);
    this.shown = requests.filter(fits);
    this.count.textContent = `${this.shown.length} of ${requests.length}`;
    this.list.reset();
    if (this.node.isConnected) this.list.update(this.shown.length);
    else requestAnimationFrame(() => this.list.update(this.shown.length));
  }

  row(one) {
    const isBad = one.status === 0 || one.status >= 400;
    return h("button", { type: "button", class: "event-row request", "aria-current": one === this.chosen ? "true" : null, onclick: () => this.choose(one) },
      h("span", { class: `index ${isBad ? "bad" : ""}` }, one.status ? String(one.status) : "lost"), h("span", { class: "sender" }, one.method), h("span", { class: "event-type" }, one.path), h("span", { class: "faint" }, `${one.ms} ms`));
  }

  choose(one) {
    this.chosen = one;
    this.node.classList.add("has-event");
    const command = curl(one.method, one.path, one.body), line = cli(one.method, one.path, one.body);
    fill(this.detail, h("div", { class: "row" }, h("strong", null, `${one.method} ${one.status || "lost"}`), button("Copy as curl", (event) => copy(command, event.target), { class: "small" }), button("Copy as CLI", (event) => copy(line, event.target), { class: "small" })),
      h("dl", { class: "facts-list" }, [["Path", one.path], ["When", new Date(one.at).toLocaleTimeString()], ["Took", `${one.ms} ms`], ["Request id", one.id]].map(([name, value]) => value && [h("dt", null, name), h("dd", { class: "code" }, value)])),
      h("pre", { tabindex: "0" }, command), h("pre", { tabindex: "0" }, line));
    this.draw();
  }
}
