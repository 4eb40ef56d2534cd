// The events as they came: a list, and the JSON of the one that is chosen.
import { quote, session as pathOf } from "./api.js";
import { button, copy, fill, h } from "./dom.js";
import { VirtualList } from "./virtual.js";

const DEPTH_OPEN = 4, SMALL = 12, DEPTH_SMALL = 8, MEMBERS = 500; // what is small is open further down

function leaf(value) {
  const kind = value === null ? "null" : typeof value;
  return h("span", { class: `json-${kind}` }, JSON.stringify(value));
}

// A tree of JSON; a part's members are made when it is opened.
export function tree(value, name = null, depth = 0) {
  const label = name === null ? null : h("span", { class: "json-name" }, `${name}: `);
  if (value === null || typeof value !== "object") return h("div", { class: "json-leaf" }, label, leaf(value));
  const entries = Object.entries(value), isList = Array.isArray(value);
  const node = h("details", { class: "json", open: depth < (entries.length <= SMALL ? DEPTH_SMALL : DEPTH_OPEN) }, h("summary", null, label, h("span", { class: "faint" }, isList ? `[${entries.length}]` : `{${entries.length}}`)));
  const show = () => {
    if (!node.open || node.childElementCount > 1) return;
    node.append(h("div", { class: "json-members" }, entries.slice(0, MEMBERS).map(([key, item]) => tree(item, key, depth + 1)),
      entries.length > MEMBERS && h("p", { class: "faint" }, `${entries.length - MEMBERS} more`)));
  };
  node.addEventListener("toggle", show);
  show();
  return node;
}

export function typeOf(event) {
  const message = event.payload;
  if (message?.method === "session/update") return String(message.params?.update?.sessionUpdate ?? "update");
  if (message?.method) return String(message.method);
  if (event.answers) return `${event.answers} →`;
  return message?.error ? "error" : "result";
}

export class EventsView {
  constructor(id, onChoose) {
    this.id = id;
    this.onChoose = onChoose;
    this.all = [];
    this.shown = [];
    this.type = "";
    this.types = new Set();
    this.select = h("select", { "aria-label": "Type of event", onchange: () => this.filter(this.select.value) }, h("option", { value: "" }, "All types"));
    this.list = new VirtualList((i) => this.row(this.shown[i]), "Events", 30);
    this.detail = h("section", { class: "event-detail", "aria-label": "The chosen event" }, h("p", { class: "faint" }, "Choose an event to see all of it."));
    this.count = h("span", { class: "faint" });
    this.node = h("div", { class: "events" }, h("div", { class: "event-bar" }, this.select, this.count), this.list.node, this.detail);
  }

  add(events) {
    for (const event of events) {
      const type = typeOf(event);
      this.all.push(event);
      if (!this.type || type === this.type) this.shown.push(event);
      if (!this.types.has(type) && this.types.size < 200) {
        this.types.add(type);
        this.select.append(h("option", { value: type }, type));
      }
    }
    this.draw();
    if (this.wanted && this.all.at(-1)?.eventIndex >= this.wanted) this.choose(this.wanted);
  }

  filter(type) {
    this.type = type;
    this.shown = type ? this.all.filter((event) => typeOf(event) === type) : [...this.all];
    this.list.reset();
    this.draw();
  }

  draw() {
    this.count.textContent = `${this.shown.length} of ${this.all.length}`;
    if (this.node.isConnected) this.list.update(this.shown.length);
  }

  row(event) {
    return h("button", { type: "button", class: `event-row ${event.sender}`, "aria-current": event.eventIndex === this.chosen ? "true" : null, onclick: () => this.onChoose(event.eventIndex) },
      h("span", { class: "index" }, String(event.eventIndex)), h("span", { class: "sender" }, event.sender),
      h("span", { class: "event-type" }, typeOf(event)), h("time", { class: "faint", datetime: event.createdAt }, String(event.createdAt).slice(11, 23)));
  }

  choose(index) {
    const event = this.all.find((one) => one.eventIndex === index);
    this.wanted = event ? null : index; // a link may be here before its event
    if (!event) return;
    this.chosen = index;
    this.node.classList.add("has-event");
    for (const [i] of this.list.shown) this.list.drop(i);
    this.list.draw();
    const before = index - 1, at = this.shown.indexOf(event);
    const curl = `curl -s -H "Authorization: Bearer $SANDBOX_AGENT_TOKEN" ${quote(`${location.origin}${pathOf(this.id, `/events?after=${before}&limit=1`)}`)}`;
    fill(this.detail,
      h("div", { class: "row" }, h("strong", null, `#${index} ${typeOf(event)}`),
        button("Copy JSON", (click) => copy(JSON.stringify(event, null, 2), click.target), { class: "small" }),
        button("Copy as curl", (click) => copy(curl, click.target), { class: "small" }),
        button("Copy as CLI", (click) => copy(`sa-events show ${quote(this.id)} ${index} --endpoint ${quote(location.origin)}`, click.target), { class: "small" })),
      tree(event));
    if (at >= 0 && !this.list.isSeen(at)) this.list.show(at);
  }
}
