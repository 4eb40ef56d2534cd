// Elements out of words. Text becomes text nodes, never markup, whoever wrote it.

const SAFE_LINK = /^(https?:\/\/|mailto:|#)/i;

// The link when it leads somewhere harmless, else null.
export function safeLink(href) {
  const text = String(href).trim();
  return SAFE_LINK.test(text) ? text : null;
}

function setProperty(node, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "value" || name === "checked" || name === "disabled") node[name] = value;
  else if (name === "href") {
    const link = safeLink(value);
    if (link) node.setAttribute("href", link);
  } else node.setAttribute(name, value === true ? "" : String(value));
}

export function h(tag, properties, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) setProperty(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function button(label, onclick, properties) {
  return h("button", { type: "button", onclick, ...properties }, label);
}

export function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter(Boolean));
  return node;
}

// "3 min", of the time since then.
export function age(iso, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 5) return "now";
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

// "$0.0125"; in words when nobody knows the currency.
export function money(cost) {
  if (typeof cost?.amount !== "number") return null;
  const digits = cost.amount < 0.1 ? 4 : 2;
  try {
    return cost.amount.toLocaleString("en", { style: "currency", currency: cost.currency, minimumFractionDigits: 2, maximumFractionDigits: digits });
  } catch { return `${cost.amount.toFixed(digits)} ${String(cost.currency ?? "")}`.trim(); }
}

// The end of a path is what tells it from others.
export function shortPath(path, parts = 2) {
  const names = String(path ?? "").split("/").filter(Boolean);
  return names.length > parts ? `…/${names.slice(-parts).join("/")}` : String(path ?? "");
}

// Over plain HTTP a page has no clipboard: then as a person copies what is marked.
function copyMarked(text, from) {
  const box = h("textarea", { readonly: true, value: text });
  from.after(box);
  box.select();
  const isDone = document.execCommand("copy");
  box.remove();
  from.focus();
  if (!isDone) throw new Error("The browser does not let this page copy.");
}

const copiers = new WeakMap(); // button to what it says otherwise
export async function copy(text, from) {
  const said = copiers.get(from) ?? from.textContent;
  copiers.set(from, said);
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyMarked(text, from);
    from.textContent = "Copied";
  } catch { from.textContent = "Not copied"; }
  setTimeout(() => { from.textContent = said; }, 1200);
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
export function size(bytes) {
  let n = Number(bytes), unit = 0;
  while (n >= 1024 && unit < UNITS.length - 1) { n /= 1024; unit++; }
  return `${unit && n < 10 ? n.toFixed(1) : Math.round(n)} ${UNITS[unit]}`;
}

// A dialog with this form; resolves to what onsubmit's value() gives, null when it is closed.
export function dialog(title, body, label, value = () => true, kind = "primary") {
  return new Promise((resolve) => {
    const problem = h("p", { class: "problem", role: "alert" }), submit = h("button", { type: "submit", class: kind }, label);
    const id = `dialog-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
    let result = null;
    const node = h("dialog", { "aria-labelledby": id, onclose: () => { node.remove(); resolve(result); } },
      h("form", { method: "dialog", onsubmit: async (event) => {
        event.preventDefault();
        problem.textContent = "";
        submit.disabled = true;
        try {
          result = await value();
          node.close();
        } catch (error) {
          problem.textContent = error.message;
        }
        submit.disabled = false;
      } }, h("h2", { id }, title), body, problem,
      h("div", { class: "row end" }, button("Close", () => node.close(), { class: "quiet" }), submit)));
    document.body.append(node);
    node.showModal();
  });
}

export function field(label, control, hint) {
  return h("label", { class: "field" }, h("span", null, label), control, hint && h("span", { class: "faint" }, hint));
}

export async function askText(title, label, verb, value = "") {
  const control = h("input", { type: "text", required: true, spellcheck: "false", value });
  return dialog(title, field(label, control), verb, () => control.value.trim());
}
