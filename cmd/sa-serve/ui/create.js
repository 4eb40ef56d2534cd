// The dialog for a new session.
import { ask, sessionPage } from "./api.js";
import { button, dialog, field, fill, h } from "./dom.js";
import { kindOf, lineOf, serverForm, toAcp } from "./mcp.js";
import { runCommand } from "./stream.js";

const ASK_MS = 400;

// Which MCP servers the session gets: the folder's own unless something else is chosen, none with an empty list; what is chosen is written as
// JSON, which may be written by hand, too.
class Servers {
  constructor() {
    this.folder = []; // of the folder's configuration, as ACP has them
    this.left = new Set(); // of those that are not wanted, by name
    this.own = [];
    this.list = h("ul", { class: "mcp-list" });
    this.json = h("textarea", { name: "mcp", rows: "4", class: "code", spellcheck: "false", placeholder: '[{"name":"…","command":"…","args":[],"env":[]}]' });
    this.said = h("p", { class: "problem", role: "alert" });
    this.summary = h("summary", null, "MCP servers");
    this.node = h("details", null, this.summary, this.list, button("Add a server", () => this.add(), { class: "small" }), this.said,
      h("details", null, h("summary", null, "As JSON"), field("Empty: what the folder's configuration says", this.json)));
    this.draw();
  }

  // The folder's servers, as the server's "config mcp servers" tells them; none when it cannot.
  async look(folder) {
    const asked = this.asked = {};
    let text = "", list = [];
    try {
      await runCommand("config", ["mcp", "servers", "--names", ...(folder ? ["--directory", folder] : [])], (stream, more) => { if (stream === "stdout") text += more; });
      list = JSON.parse(text);
    } catch { /* no such folder yet */ }
    if (asked !== this.asked) return;
    this.folder = Array.isArray(list) ? list : [];
    this.left.clear();
    this.write();
  }

  async add() {
    const form = serverForm("", { type: "local" }, true);
    const made = await dialog("Add an MCP server", form.nodes, "Add", () => form.read());
    if (!made) return;
    this.own = [...this.own.filter((one) => one.name !== made.name), toAcp(made)];
    this.write();
  }

  wanted() { return [...this.folder.filter((one) => !this.left.has(one.name) && !this.own.some((other) => other.name === one.name)), ...this.own]; }

  write() {
    const list = this.wanted();
    this.said.textContent = "";
    this.json.value = this.left.size || this.own.length ? JSON.stringify(list, null, 2) : "";
    if (/\$\{\w/.test(this.json.value)) this.said.textContent = "A list of its own is given to the agent as it is: ${NAME} is not looked up in it.";
    this.draw();
  }

  draw() {
    const count = this.wanted().length;
    this.summary.textContent = count ? `MCP servers (${count})` : "MCP servers";
    const row = (one, control, more) => h("li", null, h("label", { class: "check" }, control, h("span", null, one.name)), h("span", { class: "tag" }, one.command ? "program" : kindOf(one)), h("span", { class: "path", title: lineOf(one) }, lineOf(one)), more);
    fill(this.list, this.folder.map((one) => row(one, h("input", { type: "checkbox", checked: !this.left.has(one.name), onchange: (event) => {
      if (event.target.checked) this.left.delete(one.name);
      else this.left.add(one.name);
      this.write();
    } }))), this.own.map((one) => row(one, null, button("Remove", () => { this.own = this.own.filter((other) => other !== one); this.write(); }, { class: "quiet small", "aria-label": `Remove ${one.name}` }))),
    !this.folder.length && !this.own.length && h("li", { class: "faint" }, "The folder has none."));
  }

  // Nothing: as the folder's configuration says.
  value() {
    if (!this.json.value.trim()) return undefined;
    try { return JSON.parse(this.json.value); } catch { throw new Error("The MCP servers are not JSON."); }
  }
}

export async function createDialog(wanted) {
  const agent = h("select", { name: "agent", required: true }, h("option", { value: "" }, "Looking …"));
  const cwd = h("input", { name: "cwd", type: "text", placeholder: "The server's folder", spellcheck: "false" });
  const servers = new Servers();
  let timer = null;
  cwd.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => servers.look(cwd.value.trim()), ASK_MS);
  });
  const done = dialog("New session", [field("Agent", agent), field("Folder", cwd), servers.node], "Start", async () => {
    const mcpServers = servers.value();
    return ask("POST", "/v1/sessions", { agent: agent.value, ...(cwd.value.trim() ? { cwd: cwd.value.trim() } : {}), ...(mcpServers === undefined ? {} : { mcpServers }) });
  });
  servers.look("");
  ask("GET", "/v1/agents").then(({ agents }) => {
    agents.sort((a, b) => b.installed - a.installed);
    fill(agent, agents.map((one) => h("option", { value: one.id, selected: one.id === wanted }, one.installed ? one.id : `${one.id} (not installed)`)));
  }, (error) => fill(agent, h("option", { value: "" }, error.message)));
  const made = await done;
  clearTimeout(timer);
  if (made) location.hash = sessionPage(made.id);
}
