// The page's frame: navigation, which view the fragment names, the token form, what is offline.
import { onReachable, setToken, takeTokenFromFragment } from "./api.js";
import { button, fill, h } from "./dom.js";
import { SessionView } from "./session.js";
import { SessionsView } from "./sessions.js";

takeTokenFromFragment();

// The places beside the sessions are fetched when somebody goes there.
const PLACES = {
  sessions: { label: "Sessions", make: (id) => (id ? new SessionView(id) : new SessionsView()), isOneEach: true },
  files: { label: "Files", make: async () => new (await import("./files.js")).FilesView() },
  processes: { label: "Processes", make: async () => new (await import("./processes.js")).ProcessesView() },
  agents: { label: "Agents", make: async () => new (await import("./agents.js")).AgentsView() },
  config: { label: "MCP and skills", make: async () => new (await import("./config.js")).ConfigView() },
  server: { label: "Server", make: async () => new (await import("./server.js")).ServerView() },
  requests: { label: "Requests", make: async () => new (await import("./requests.js")).RequestsView() },
};

const links = Object.entries(PLACES).map(([name, { label }]) => h("a", { href: `#/${name}`, "data-place": name }, label));
const offline = h("div", { class: "offline", role: "status", hidden: true }, "The server is out of reach. What this browser has kept can be read.");
const main = h("main", { id: "main", tabindex: "-1" });
fill(document.getElementById("app"), h("header", { class: "top" }, h("a", { class: "brand", href: "#/sessions" }, h("img", { src: "/ui/icon.svg", alt: "", width: "20", height: "20" }), h("span", null, "Inspector")),
  h("nav", { "aria-label": "Places" }, links)), offline, main);
onReachable((isReachable) => { offline.hidden = isReachable; });

let view = null, key = "", shownHash = location.hash, turn = 0;

async function route(isForced) {
  if (view?.isChanged && location.hash !== shownHash) {
    const wanted = location.hash;
    history.replaceState(null, "", shownHash || "#/sessions");
    if (!(await view.leaves())) return;
    view.isChanged = false;
    history.replaceState(null, "", wanted);
  }
  shownHash = location.hash;
  const words = location.hash.replace(/^#\/?/, "").split("/").map((word) => {
    try { return decodeURIComponent(word); } catch { return word; }
  });
  const place = Object.hasOwn(PLACES, words[0]) ? words[0] : "sessions", rest = words.slice(1);
  const wanted = PLACES[place].isOneEach ? `${place}/${rest[0] ?? ""}` : place;
  const mine = ++turn;
  if (wanted !== key || isForced === true) {
    const next = await PLACES[place].make(rest[0]);
    if (mine !== turn) return;
    view?.stop();
    view = next;
    key = wanted;
    fill(main, view.node);
    for (const link of links) {
      const isHere = link.dataset.place === place;
      if (isHere) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
      if (isHere) link.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    if (PLACES[place].isOneEach) view.start().then(() => view.show?.(rest));
    else await view.start();
  }
  if (mine === turn) view.show?.(rest);
}

function tokenDialog() {
  if (document.querySelector("dialog.token")) return;
  const field = h("input", { type: "password", autocomplete: "current-password", required: true, "aria-label": "Token" });
  const dialog = h("dialog", { class: "token", "aria-labelledby": "token-title", onclose: () => dialog.remove() }, h("form", {
    method: "dialog",
    onsubmit: (event) => {
      event.preventDefault();
      setToken(field.value.trim());
      dialog.close();
      if (!view?.holdsWords) route(true); // what somebody has written and not sent is not thrown away
    },
  }, h("h2", { id: "token-title" }, "Token"), h("p", { class: "faint" }, "The server wants a token. It is kept for this tab only."), h("label", { class: "field" }, h("span", null, "Token"), field),
  h("div", { class: "row end" }, button("Close", () => dialog.close(), { class: "quiet" }), h("button", { type: "submit", class: "primary" }, "Go on"))));
  document.body.append(dialog);
  dialog.showModal();
}

window.addEventListener("token-wanted", tokenDialog);
window.addEventListener("hashchange", route);
window.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || document.querySelector("dialog[open]")) return;
  if (event.key === "/") {
    const field = document.querySelector("main input[type=search], .composer textarea");
    if (field) { event.preventDefault(); field.focus(); }
  }
});
route();
