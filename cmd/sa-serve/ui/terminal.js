// A process's terminal: xterm.js, fetched at build time into lib/, over the server's WebSocket. The server
// sends what the screen was made of first, so a connection that broke is made again and looks the same.
import { headers } from "./api.js";
import { h } from "./dom.js";

const FIRST_WAIT_MS = 300, LONGEST_WAIT_MS = 5000;
const TYPED_CHARACTERS = 64 * 1024; // kept while there is no connection
const BEHIND_BYTES = 8 * 1024 * 1024; // not drawn yet; above, we leave and come back to the last of it

// xterm.js writes its styles into <style> elements, which the page's policy refuses. It gets an element
// that keeps them as a constructed sheet instead.
function sheetElement(node) {
  const sheet = new CSSStyleSheet(), remove = node.remove.bind(node);
  let text = "";
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  Object.defineProperty(node, "textContent", { get: () => text, set: (value) => { text = value; sheet.replaceSync(value); } });
  node.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
    remove();
  };
  node.hidden = true;
  return node;
}

function withSheets(work) {
  const make = document.createElement.bind(document);
  document.createElement = (tag, options) => (tag === "style" ? sheetElement(make("span")) : make(tag, options));
  try {
    return work();
  } finally {
    delete document.createElement;
  }
}

let styled = null;
function styles() {
  styled ??= new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/ui/lib/xterm.css", onload: resolve, onerror: reject }));
  });
  return styled;
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const isDark = () => matchMedia("(prefers-color-scheme: dark)").matches;

function theme() {
  const dark = isDark();
  return {
    background: dark ? "#111314" : "#ffffff", foreground: dark ? "#e4e6e8" : "#1f2328", cursor: dark ? "#6fc3a8" : "#2a6857", cursorAccent: dark ? "#111314" : "#ffffff",
    selectionBackground: dark ? "#2f5a4d" : "#bfe0d5",
    black: dark ? "#3a4045" : "#1f2328", red: dark ? "#f28b82" : "#b3261e", green: dark ? "#74c990" : "#20713f", yellow: dark ? "#f0b657" : "#8a5200", blue: dark ? "#8ab4f8" : "#1d4fa8",
    magenta: dark ? "#d5a6f0" : "#7b3aa0", cyan: dark ? "#6fd0d6" : "#11686e", white: dark ? "#e4e6e8" : "#63696f", brightBlack: dark ? "#98a0a7" : "#63696f", brightWhite: dark ? "#ffffff" : "#1f2328",
    brightRed: dark ? "#ff9e95" : "#c5352c", brightGreen: dark ? "#8fdca8" : "#27834a", brightYellow: dark ? "#ffcf7d" : "#956000", brightBlue: dark ? "#a9c8ff" : "#2b5fc0", brightMagenta: dark ? "#e3bff7" : "#8f4cb5", brightCyan: dark ? "#8fe0e5" : "#167a80",
  };
}

export class Terminal {
  constructor(id) {
    this.id = id;
    this.state = h("p", { class: "terminal-state", role: "status", hidden: true });
    this.box = h("div", { class: "terminal-box" });
    this.node = h("div", { class: "terminal" }, this.state, this.box);
    this.wait = FIRST_WAIT_MS;
    this.behind = 0;
    this.typed = []; // while there was no connection
    this.typedLength = 0;
  }

  say(text) {
    this.state.textContent = text;
    this.state.hidden = !text;
  }

  async start() {
    let lib, fit;
    try {
      [lib, fit] = await Promise.all([import("./lib/xterm.mjs"), import("./lib/addon-fit.mjs"), styles()]);
    } catch {
      this.say("This build has no terminal: make ui-libraries fetches xterm.js.");
      return;
    }
    if (this.isStopped) return;
    await document.fonts?.ready;
    this.term = new lib.Terminal({ fontFamily: colour("--mono"), fontSize: 13, scrollback: 5000, cursorBlink: true, theme: theme(), minimumContrastRatio: 4.5, screenReaderMode: matchMedia("(prefers-contrast: more)").matches, allowProposedApi: false });
    this.fit = new fit.FitAddon();
    this.term.loadAddon(this.fit);
    withSheets(() => this.term.open(this.box));
    this.term.onData((data) => this.input({ type: "input", data }));
    this.term.onBinary((data) => this.input({ type: "input", data: btoa(data), encoding: "base64" }));
    this.term.onResize(({ cols, rows }) => this.tell({ type: "resize", cols, rows }));
    // Without a way out the keyboard would be caught in here.
    this.term.attachCustomKeyEventHandler((event) => !(event.type === "keydown" && event.key === "F6" && (document.querySelector(".process-head button")?.focus(), true)));
    this.onTheme = () => { this.term.options.theme = theme(); };
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.scheme.addEventListener("change", this.onTheme);
    this.sizes = new ResizeObserver(() => this.fit.fit());
    this.sizes.observe(this.box);
    this.fit.fit();
    this.term.focus();
    this.connect();
  }

  stop() {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.socket?.close();
    this.sizes?.disconnect();
    this.scheme?.removeEventListener("change", this.onTheme);
    this.term?.dispose();
  }

  update(one) {
    if (one.status !== "running" && this.term) this.term.options.cursorBlink = false;
  }

  tell(message) {
    if (this.isReady) this.socket.send(JSON.stringify(message));
  }

  // What is typed while there is no connection is sent as soon as there is one.
  input(message) {
    if (this.isReady && this.socket.readyState === WebSocket.OPEN) this.tell(message);
    else if (!this.isOver && this.typedLength + message.data.length <= TYPED_CHARACTERS) {
      this.typed.push(message);
      this.typedLength += message.data.length;
    }
  }

  sendTyped() {
    for (const message of this.typed.splice(0)) this.tell(message);
    this.typedLength = 0;
  }

  connect() {
    const token = headers({}).authorization?.slice(7);
    const url = new URL(`/v1/processes/${encodeURIComponent(this.id)}/terminal/ws`, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    // A script can send no header field with it, and an address is kept in histories and logs.
    const protocols = token ? ["sandbox-agent", `sandbox-agent.token.${btoa(token).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`] : [];
    const socket = new WebSocket(url, protocols);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      if (typeof data === "string") this.control(JSON.parse(data));
      else this.write(new Uint8Array(data));
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      this.isReady = false;
      this.again();
    };
  }

  control(message) {
    if (message.type === "ready") {
      this.wait = FIRST_WAIT_MS;
      this.say("");
      this.isReady = true;
      this.isAnew = true;
      this.tell({ type: "resize", cols: this.term.cols, rows: this.term.rows });
      this.sendTyped();
    } else if (message.type === "exit") {
      this.isOver = true;
      this.isReady = false;
      this.say(message.exitCode === null ? "Ended by a signal." : `Ended with status ${message.exitCode}.`);
    } else if (message.type === "error") this.say(String(message.message));
  }

  write(bytes) {
    // The old screen stays until what the new one is made of is there.
    if (this.isAnew) this.term.reset();
    this.isAnew = false;
    this.behind += bytes.length;
    this.term.write(bytes, () => { this.behind -= bytes.length; });
    if (this.behind <= BEHIND_BYTES) return;
    this.isReady = false;
    this.socket.close();
  }

  again() {
    if (this.isStopped || this.isOver) return;
    this.say("The connection is gone; it is made again … What is typed is kept.");
    this.timer = setTimeout(() => {
      if (this.behind > 0) this.again();
      else this.connect();
    }, this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }
}
