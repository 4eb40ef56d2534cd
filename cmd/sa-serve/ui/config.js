// MCP servers and skills of a folder. The list is the folder's own configuration file; changes go through
// /v1/config, which checks them.
import { ask, refusalOf, send } from "./api.js";
import { button, dialog, field, fill, h } from "./dom.js";
import { kindOf, lineOf, serverForm } from "./mcp.js";

const KINDS = { mcp: { file: "mcp.json", name: "mcpName" }, skills: { file: "skills.json", name: "skillName" } };
const pathOf = (kind, folder, name) => `/v1/config/${kind}?directory=${encodeURIComponent(folder)}&${KINDS[kind].name}=${encodeURIComponent(name)}`;

export class ConfigView {
  constructor() {
    this.folder = h("input", { type: "text", class: "code", required: true, spellcheck: "false", "aria-label": "Folder", placeholder: "/path/of/a/project" });
    this.known = h("datalist", { id: "known-folders" });
    this.folder.setAttribute("list", "known-folders");
    this.problem = h("p", { class: "problem", role: "alert" });
    this.said = h("p", { class: "faint", role: "status" });
    this.lists = { mcp: h("ul", { class: "config-list" }), skills: h("ul", { class: "config-list" }) };
    this.body = h("div", { hidden: true },
      h("section", { "aria-labelledby": "mcp-title" }, h("div", { class: "section-head" }, h("h2", { id: "mcp-title" }, "MCP servers"), button("Add a server", () => this.editServer())), h("p", { class: "faint" },
        "Every agent that works in the folder is given these tools."), this.lists.mcp),
      h("section", { "aria-labelledby": "skills-title" }, h("div", { class: "section-head" }, h("h2", { id: "skills-title" }, "Skills"), h("span", { class: "row" }, button("Fetch them now", () => this.sync()), button("Add skills", () => this.editSkills()))),
        h("p", { class: "faint" }, "Fetched from these places and laid out where each agent looks."), this.lists.skills));
    this.node = h("section", { class: "page" }, h("header", { class: "page-head" }, h("h1", null, "MCP and skills")),
      h("form", { class: "filters", onsubmit: (event) => { event.preventDefault(); location.hash = `#/config${this.folder.value.trim().split("/").map(encodeURIComponent).join("/")}`; } },
        this.folder, this.known, h("button", { type: "submit" }, "Show")), this.problem, this.said, this.body);
  }

  async start() {
    document.title = "MCP and skills · Inspector";
    try {
      const { sessions } = await ask("GET", "/v1/sessions");
      const folders = [...new Set(sessions.map((one) => one.cwd).filter(Boolean))];
      fill(this.known, folders.map((folder) => h("option", { value: folder })));
      if (!this.folder.value && folders.length && location.hash.split("/").length < 3) this.folder.value = folders[0];
    } catch (error) {
      this.problem.textContent = error.message;
    }
  }

  stop() {}

  async show(parts) {
    this.at = parts.join("/") ? `/${parts.join("/")}` : "";
    if (this.at) this.folder.value = this.at;
    this.body.hidden = !this.at;
    if (this.at) await this.refresh();
  }

  async act(work) {
    this.problem.textContent = "";
    this.said.textContent = "";
    try {
      return await work();
    } catch (error) {
      this.problem.textContent = error.message;
      return undefined;
    }
  }

  async entries(kind) {
    const answer = await send("GET", `/v1/fs/file?path=${encodeURIComponent(`${this.at}/.sandbox-agent/config/${KINDS[kind].file}`)}`);
    if (answer.status === 400 || answer.status === 404) return {};
    if (!answer.ok) throw await refusalOf(answer);
    try { return JSON.parse((await answer.text()) || "{}"); } catch { throw new Error(`${KINDS[kind].file} of the folder is no JSON.`); }
  }

  refresh() {
    return this.act(async () => {
      const [mcp, skills] = await Promise.all([this.entries("mcp"), this.entries("skills")]);
      fill(this.lists.mcp, Object.entries(mcp).map(([name, entry]) => this.row("mcp", name, entry, lineOf(entry), kindOf(entry), () => this.editServer(name, entry))),
      !Object.keys(mcp).length && h("li", { class: "empty" }, "No server is set for this folder."));
      fill(this.lists.skills, Object.entries(skills).map(([name, entry]) => this.row("skills", name, entry, (entry.sources ?? []).map((one) => [one.source, one.ref && `at ${one.ref}`].filter(Boolean).join(" ")).join(", "),
        [...new Set((entry.sources ?? []).map((one) => one.type))].join(", "), () => this.editSkills(name, entry))),
      !Object.keys(skills).length && h("li", { class: "empty" }, "No skills are set for this folder."));
    });
  }

  row(kind, name, entry, what, tag, edit) {
    return h("li", { class: "config-row" }, h("strong", null, name), h("span", { class: "tag" }, tag), entry.enabled === false && h("span", { class: "tag wait" }, "off"), h("span", { class: "path" }, what),
      h("span", { class: "row" }, button("Change", edit, { class: "quiet", "aria-label": `Change ${name}` }), button("Remove", () => this.remove(kind, name), { class: "quiet", "aria-label": `Remove ${name}` })));
  }

  async remove(kind, name) {
    if (!await dialog(`Remove ${name}?`, h("p", null, "Agents that start from now on do not get it."), "Remove", undefined, "danger")) return;
    if (await this.act(() => ask("DELETE", pathOf(kind, this.at, name)).then(() => true))) await this.refresh();
  }

  async editServer(name = "", entry = { type: "local" }) {
    const form = serverForm(name, entry), enabled = h("input", { type: "checkbox", checked: entry.enabled !== false });
    const done = await dialog(name ? `MCP server ${name}` : "Add an MCP server", [form.nodes, h("label", { class: "check" }, enabled, "On")], "Save", async () => {
      const read = form.read();
      await ask("PUT", pathOf("mcp", this.at, read.name), { ...read.entry, enabled: enabled.checked });
      return true;
    });
    if (done) await this.refresh();
  }

  async editSkills(name = "", entry = { sources: [{ type: "github", source: "" }] }) {
    const title = h("input", { type: "text", required: true, readonly: Boolean(name), value: name });
    const sources = h("div", { class: "sources" });
    const add = (one) => {
      const type = h("select", { "aria-label": "Kind" }, ["github", "git", "local"].map((value) => h("option", { value, selected: value === one.type }, value)));
      const input = (label, value) => h("input", { type: "text", class: "code", "aria-label": label, placeholder: label, spellcheck: "false", value: value ?? "" });
      const place = input("Owner/name, address or folder", one.source), ref = input("Branch or tag", one.ref), sub = input("Folder within", one.subpath), only = input("Only these, separated by blanks", (one.skills ?? []).join(" "));
      const node = h("fieldset", { class: "source" }, h("legend", null, "Source"), type, place, ref, sub, only, button("Remove", () => node.remove(), { class: "quiet" }));
      node.read = () => ({ type: type.value, source: place.value.trim(), ...(ref.value.trim() ? { ref: ref.value.trim() } : {}), ...(sub.value.trim() ? { subpath: sub.value.trim() } : {}),
        ...(only.value.trim() ? { skills: only.value.trim().split(/\s+/) } : {}) });
      sources.append(node);
    };
    (entry.sources ?? []).forEach(add);
    const done = await dialog(name ? `Skills ${name}` : "Add skills", [field("Name", title), sources, button("One more source", () => add({ type: "github" }))], "Save", async () => {
      const list = [...sources.children].map((node) => node.read());
      if (!list.length || list.some((one) => !one.source)) throw new Error("A source is missing.");
      await ask("PUT", pathOf("skills", this.at, title.value.trim()), { sources: list });
      return true;
    });
    if (done) await this.refresh();
  }

  sync() {
    return this.act(async () => {
      this.said.textContent = "Fetching …";
      const { skills } = await ask("POST", `/v1/config/skills/sync?directory=${encodeURIComponent(this.at)}`);
      this.said.textContent = skills.length ? `Laid out: ${skills.map((one) => one.name ?? one.skill ?? one.path).join(", ")}` : "There was nothing to lay out.";
    });
  }
}
