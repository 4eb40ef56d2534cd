// The prompt box: text, attachments, what waits behind the turn that runs.
import { ask as request, session as pathOf } from "./api.js";
import { button, dialog, field, fill, h, size } from "./dom.js";
import { runCommand } from "./stream.js";

const FILE_BYTES = 8 * 1024 * 1024, FILES = 10;
const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
}

// A file as an ACP content block: a picture, an embedded text, embedded bytes.
async function blockOf(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (PICTURES.has(file.type)) return { type: "image", mimeType: file.type, data: base64(bytes) };
  const resource = { uri: `file:///${encodeURIComponent(file.name)}`, mimeType: file.type || "application/octet-stream" };
  try {
    if (!bytes.includes(0)) return { type: "resource", resource: { ...resource, mimeType: file.type || "text/plain", text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) } };
  } catch { /* no text */ }
  return { type: "resource", resource: { ...resource, blob: base64(bytes) } };
}

const wordsOf = (one) => (one.prompt ?? []).filter((part) => part?.type === "text").map((part) => String(part.text)).join("\n") || `${size(one.bytes)} of content`;

export class Composer {
  // act(work) runs work and shows what goes wrong; true when nothing did.
  constructor(id, act, onSend) {
    Object.assign(this, { id, act, onSend, files: [] });
    this.waiting = []; // as the server tells
    this.text = h("textarea", { rows: "1", placeholder: "Tell the agent what to do", "aria-label": "Prompt", onkeydown: (event) => this.key(event), oninput: () => this.grow(),
      onpaste: (event) => { if (event.clipboardData.files.length) { event.preventDefault(); this.attach([...event.clipboardData.files]); } } });
    this.picker = h("input", { type: "file", multiple: true, hidden: true, "aria-label": "Files to attach", onchange: () => { this.attach([...this.picker.files]); this.picker.value = ""; } });
    this.sendButton = h("button", { type: "submit", class: "primary" }, "Send");
    this.cancelButton = button("Cancel", () => this.act(() => request("POST", pathOf(id, "/cancel"), {})), { class: "stop" });
    this.attached = h("ul", { class: "attached", "aria-label": "Attachments" });
    this.queue = h("ol", { class: "queue", "aria-label": "Prompts that wait" });
    this.form = h("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); this.send(); } }, this.picker,
      button("+", () => this.picker.click(), { class: "attach", "aria-label": "Attach files", title: "Attach files" }), this.text, this.cancelButton, this.sendButton);
    this.node = h("div", { class: "composer-box" }, this.queue, this.attached, this.form);
    this.node.addEventListener("dragover", (event) => event.preventDefault());
    this.node.addEventListener("drop", (event) => { event.preventDefault(); this.attach([...event.dataTransfer.files]); });
    this.drawQueue();
  }

  get holdsWords() { return this.text.value !== "" || this.files.length > 0; }

  attach(files) {
    this.act(async () => {
      for (const file of files) {
        if (file.size > FILE_BYTES) throw new Error(`${file.name} is larger than ${size(FILE_BYTES)}.`);
        if (this.files.length >= FILES) throw new Error(`At most ${FILES} files go with a prompt.`);
        this.files.push({ name: file.name, size: file.size, block: await blockOf(file) });
      }
    }).finally(() => this.drawFiles());
  }

  drawFiles() {
    fill(this.attached, this.files.map((one) => h("li", null, one.block.type === "image" && h("img", { src: `data:${one.block.mimeType};base64,${one.block.data}`, alt: "" }), h("span", null, one.name), h("span", { class: "faint" }, size(one.size)),
      button("×", () => { this.files = this.files.filter((other) => other !== one); this.drawFiles(); }, { class: "quiet small", "aria-label": `Do not attach ${one.name}` }))));
  }

  // Asked for when something may have changed; several at once are one question.
  refreshQueue() {
    this.asking ??= request("GET", pathOf(this.id, "/queue")).then(({ queue }) => { this.waiting = queue; this.drawQueue(); }, () => { /* out of reach, or gone: what was known stays */ })
      .finally(() => { this.asking = null; if (this.isStale) { this.isStale = false; this.refreshQueue(); } });
  }

  // Something happened; an answer that is on its way may not know of it.
  queueChanged() {
    if (this.asking) this.isStale = true;
    else this.refreshQueue();
  }

  drawQueue() {
    const key = JSON.stringify(this.waiting);
    if (key === this.queueKey) return;
    this.queueKey = key;
    fill(this.queue, this.waiting.map((one) => {
      const text = wordsOf(one), path = pathOf(this.id, `/queue/${encodeURIComponent(one.id)}`);
      return h("li", null, h("span", { class: "tag" }, "waits"), h("span", { class: "queue-text" }, text),
        one.prompt && button("Change", () => this.change(path, one, text), { class: "quiet small", "aria-label": `Change: ${text}` }),
        button("Drop", () => this.act(() => request("DELETE", path)).then(() => this.queueChanged()), { class: "quiet small", "aria-label": `Drop: ${text}` }));
    }), this.waiting.length > 0 && h("li", { class: "queue-end" }, button("Cancel the turn and drop what waits", () => this.dropAll(), { class: "quiet small stop" })));
    this.queue.hidden = !this.waiting.length;
  }

  // Another text; pictures and files stay.
  async change(path, one, text) {
    const control = h("textarea", { rows: "4", required: true, value: text });
    await dialog("Change what waits", field("Prompt", control), "Change it", () => request("PATCH", path, {
      prompt: [{ type: "text", text: control.value }, ...(one.prompt ?? []).filter((part) => part?.type !== "text")] }));
    this.queueChanged();
  }

  dropAll() {
    return this.act(async () => {
      const end = await runCommand("session", ["cancel", "--all", "--", this.id], (stream, text) => { if (stream === "stderr") this.said = text; });
      if (end.exitStatus !== 0) throw new Error(end.message ?? this.said);
      this.queueChanged();
    });
  }

  key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.send();
    }
  }

  grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight + 2, 220)}px`;
  }

  async send() {
    const text = this.text.value.trim(), files = this.files;
    if (!text && !files.length) return;
    this.text.value = "";
    this.files = [];
    this.grow();
    this.drawFiles();
    this.onSend();
    const body = files.length ? { prompt: [...(text ? [{ type: "text", text }] : []), ...files.map((one) => one.block)] } : { text };
    const isDone = await this.act(async () => {
      const answer = await request("POST", pathOf(this.id, "/prompt?wait=false"), body);
      if (answer.isQueued) this.queueChanged();
    });
    if (isDone) return;
    this.text.value = [text, this.text.value].filter(Boolean).join("\n"); // something may have been written meanwhile
    this.files = [...files, ...this.files];
    this.grow();
    this.drawFiles();
  }
}
