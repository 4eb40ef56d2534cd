// The dialog for a new session.
import { ask } from "./api.js";
import { button, fill, h } from "./dom.js";

export async function createDialog(wanted) {
  const agent = h("select", { name: "agent", required: true }, h("option", { value: "" }, "Looking …"));
  const cwd = h("input", { name: "cwd", type: "text", placeholder: "The server's folder", spellcheck: "false" });
  const mcp = h("textarea", { name: "mcp", rows: "3", placeholder: '[{"name":"…","command":"…","args":[],"env":[]}]', spellcheck: "false" });
  const problem = h("p", { class: "problem", role: "alert" });
  const start = h("button", { type: "submit", class: "primary" }, "Start");
  const close = () => dialog.close();
  const form = h("form", { method: "dialog" }, h("h2", { id: "create-title" }, "New session"),
    h("label", { class: "field" }, h("span", null, "Agent"), agent), h("label", { class: "field" }, h("span", null, "Folder"), cwd),
    h("details", null, h("summary", null, "MCP servers"), h("label", { class: "field" }, h("span", null, "As JSON"), mcp)),
    problem, h("div", { class: "row end" }, button("Close", close, { class: "quiet" }), start));
  const dialog = h("dialog", { "aria-labelledby": "create-title", onclose: () => dialog.remove() }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    start.disabled = true;
    problem.textContent = "";
    try {
      const body = { agent: agent.value };
      if (cwd.value.trim()) body.cwd = cwd.value.trim();
      if (mcp.value.trim()) body.mcpServers = JSON.parse(mcp.value);
      const made = await ask("POST", "/v1/sessions", body);
      dialog.close();
      location.hash = `#/sessions/${made.id}`;
    } catch (error) {
      problem.textContent = error instanceof SyntaxError ? "The MCP servers are not JSON." : error.message;
    }
    start.disabled = false;
  });
  document.body.append(dialog);
  dialog.showModal();
  try {
    const { agents } = await ask("GET", "/v1/agents");
    agents.sort((a, b) => b.installed - a.installed);
    fill(agent, agents.map((one) => h("option", { value: one.id, selected: one.id === wanted }, one.installed ? one.id : `${one.id} (not installed)`)));
  } catch (error) {
    fill(agent);
    problem.textContent = error.message;
  }
}
