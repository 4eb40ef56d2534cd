// Files of the server's machine: folders, a file's text or picture, editing, up and down.
import { Refusal, ask, headers, refusalOf, send, tellReachable } from "./api.js";
import { runCommandBytes } from "./stream.js";
import { age, askText, button, dialog, fill, h, size } from "./dom.js";

const SHOWN_BYTES = 1024 * 1024; // of a text; what is larger is shown in part and not edited
const MAGIC = [["image/png", [0x89, 0x50, 0x4e, 0x47]], ["image/jpeg", [0xff, 0xd8, 0xff]], ["image/gif", [0x47, 0x49, 0x46, 0x38]], ["image/webp", [0x57, 0x45, 0x42, 0x50], 8]];

const url = (kind, path, more = "") => `/v1/fs/${kind}?path=${encodeURIComponent(path)}${more}`;
const parent = (path) => path.replace(/\/[^/]*$/, "") || "/";
const below = (folder, name) => `${folder === "/" ? "" : folder}/${name}`;
export const placeOf = (path) => `#/files${path.split("/").map(encodeURIComponent).join("/")}`;
const LARGE_BYTES = 64 * 1024 * 1024; // what is larger goes to the disk as it comes, where the browser can
const nameOf = (path) => path.slice(path.lastIndexOf("/") + 1);

function pictureType(bytes) {
  return MAGIC.find(([, magic, at = 0]) => magic.every((byte, i) => bytes[at + i] === byte))?.[0] ?? null;
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// A file of the person's choice that is written as the bytes come: {write, close, abort}, undefined where the browser has none,
// null when they think better of it. To be called while a click is being handled.
async function sink(name) {
  if (!globalThis.showSaveFilePicker) return undefined;
  try { return await (await showSaveFilePicker({ suggestedName: name })).createWritable(); } catch (error) {
    if (error.name === "AbortError") return null;
    return undefined;
  }
}

// The text of these bytes, null when they are none.
function textOf(bytes, isWhole) {
  if (bytes.includes(0)) return null;
  try { return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: !isWhole }); } catch { return null; }
}

// What its lines end in, null when that is not always the same: a text box knows one end of lines only.
function lineEndOf(text) {
  const ends = new Set(text.match(/\r\n|\r|\n/g));
  return ends.size > 1 ? null : [...ends][0] ?? "\n";
}

export class FilesView {
  constructor() {
    this.crumbs = h("nav", { class: "crumbs", "aria-label": "Folder" });
    this.hidden = h("input", { type: "checkbox", onchange: () => this.draw() });
    this.picker = h("input", { type: "file", multiple: true, hidden: true, "aria-label": "Files to upload", onchange: () => { this.upload([...this.picker.files]); this.picker.value = ""; } });
    this.search = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter by name", oninput: () => this.draw() });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.uploads = h("div", { class: "uploads", "aria-live": "polite" });
    this.list = h("ul", { class: "file-list" });
    this.file = h("section", { class: "file", "aria-label": "File", hidden: true });
    this.node = h("section", { class: "page wide files" }, h("header", { class: "page-head" }, h("h1", null, "Files"), this.crumbs),
      h("div", { class: "filters" }, this.search, h("label", { class: "check" }, this.hidden, "Hidden"), h("span", { class: "grow" }),
        button("Download folder", () => this.downloadFolder()), button("New folder", () => this.makeFolder()), button("New file", () => this.makeFile()), button("Upload", () => this.picker.click(), { class: "primary" }), this.picker),
      this.problem, this.uploads, h("div", { class: "file-panes" }, this.list, this.file));
    this.node.addEventListener("dragover", (event) => { event.preventDefault(); this.node.classList.add("drop"); });
    this.node.addEventListener("dragleave", () => this.node.classList.remove("drop"));
    this.node.addEventListener("drop", (event) => {
      event.preventDefault();
      this.node.classList.remove("drop");
      this.upload([...event.dataTransfer.files]);
    });
    this.onLeave = (event) => { if (this.isChanged) event.preventDefault(); };
  }

  async start() {
    document.title = "Files · Inspector";
    window.addEventListener("beforeunload", this.onLeave);
  }

  stop() {
    window.removeEventListener("beforeunload", this.onLeave);
    this.forget();
  }

  get holdsWords() { return this.isChanged; }

  // Left with changes that are not saved: asked once.
  async leaves() {
    return !this.isChanged || await dialog("Leave without saving?", h("p", null, `${nameOf(this.path)} has changes that are not saved.`), "Leave", undefined, "danger");
  }

  async show(words) {
    const path = words.length ? `/${words.join("/")}`.replace(/\/+$/, "") || "/" : "", turn = this.turn = {};
    if (!this.folder) this.drawCrumbs(path); // a way up, should there be no such place
    await this.act(async () => {
      const stat = await ask("GET", url("stat", path));
      if (turn !== this.turn) return;
      this.isFile = stat.entryType !== "directory";
      this.path = stat.path;
      const folder = this.isFile ? parent(stat.path) : stat.path;
      this.forget();
      this.file.hidden = true; // what was shown is another one
      if (folder !== this.folder || !this.isFile) await this.openFolder(folder);
      if (turn !== this.turn) return;
      document.title = `${nameOf(stat.path) || "/"} · Inspector`;
      if (this.isFile) await this.openFile(stat);
      if (turn !== this.turn) return;
      this.node.classList.toggle("has-file", this.isFile);
      this.draw();
    });
  }

  async act(work, signal) {
    this.problem.textContent = "";
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted) return undefined;
      this.problem.textContent = error.message;
      return undefined;
    }
  }

  async openFolder(folder) {
    const { turn } = this, entries = await ask("GET", url("entries", folder));
    if (turn !== this.turn) return; // somebody has gone elsewhere meanwhile
    this.entries = entries;
    this.folder = folder;
    this.drawCrumbs(folder);
    this.draw();
  }

  drawCrumbs(folder) {
    const parts = folder.split("/").filter(Boolean);
    fill(this.crumbs, h("a", { href: "#/files/" }, "/"), parts.map((part, i) => [h("a", { href: placeOf(`/${parts.slice(0, i + 1).join("/")}`) }, part),
      i < parts.length - 1 && h("span", { "aria-hidden": "true" }, "/")]));
  }

  draw() {
    if (!this.entries) return;
    const word = this.search.value.toLowerCase();
    const shown = this.entries.filter((one) => (this.hidden.checked || !one.name.startsWith(".") || one.path === this.path) && one.name.toLowerCase().includes(word))
      .sort((a, b) => (b.entryType === "directory") - (a.entryType === "directory") || a.name.localeCompare(b.name));
    fill(this.list, this.folder !== "/" && h("li", null, h("a", { class: "file-row up", href: placeOf(parent(this.folder)) }, h("span", { class: "file-mark", "aria-hidden": "true" }, "↑"), "Parent folder")),
      shown.map((one) => this.row(one)), !shown.length && h("li", { class: "empty" }, this.entries.length ? "Nothing is called that." : "The folder is empty."));
  }

  row(one) {
    const isFolder = one.entryType === "directory", path = below(this.folder, one.name);
    return h("li", null, h("a", { class: `file-row ${isFolder ? "folder" : ""}`, href: placeOf(path), "aria-current": path === this.path ? "true" : null },
      h("span", { class: "file-mark", "aria-hidden": "true" }, isFolder ? "▸" : one.linkTarget !== undefined ? "↪" : ""), h("span", { class: "file-name" }, one.name, isFolder && "/"),
      h("span", { class: "faint num" }, isFolder ? "" : size(one.size)), h("time", { class: "faint num", datetime: one.modified, title: one.modified }, one.modified ? age(one.modified) : "")),
    h("span", { class: "file-actions" }, button("Rename", () => this.rename(path), { class: "quiet small", "aria-label": `Rename ${one.name}` }),
      button("Delete", () => this.remove(path, isFolder), { class: "quiet small", "aria-label": `Delete ${one.name}` })));
  }

  forget() {
    if (this.picture) URL.revokeObjectURL(this.picture);
    this.picture = null;
    this.isChanged = false;
  }

  async openFile(stat) {
    const { turn } = this, answer = await send("GET", url("file", stat.path), { headers: stat.size > SHOWN_BYTES ? { range: `bytes=0-${SHOWN_BYTES - 1}` } : {} });
    if (!answer.ok) throw await refusalOf(answer);
    const bytes = new Uint8Array(await answer.arrayBuffer()), isWhole = bytes.length >= stat.size;
    if (turn !== this.turn) return;
    this.etag = answer.headers.get("etag");
    const type = isWhole ? pictureType(bytes) : null, text = type ? null : textOf(bytes, isWhole);
    this.lineEnd = text === null ? null : lineEndOf(text);
    this.state = h("span", { class: "faint", role: "status" });
    this.saveButton = button("Save", () => this.save(), { class: "primary", disabled: true, hidden: !this.lineEnd || !isWhole });
    const head = h("header", { class: "file-head" }, h("a", { class: "back", href: placeOf(this.folder), "aria-label": "Close the file" }, "×"), h("h2", null, nameOf(stat.path)),
      h("span", { class: "faint" }, [size(stat.size), stat.mode].filter(Boolean).join(" · ")), this.state, h("span", { class: "grow" }),
      button("Rename", () => this.rename(stat.path), { class: "quiet" }), button("Delete", () => this.remove(stat.path, false), { class: "quiet" }), button("Download", () => this.download(stat)), this.saveButton);
    let body;
    if (type) {
      this.picture = URL.createObjectURL(new Blob([bytes], { type }));
      body = h("div", { class: "file-picture" }, h("img", { class: "picture", src: this.picture, alt: nameOf(stat.path) }));
    } else if (text === null) body = h("p", { class: "empty" }, "These bytes are no text. They can be downloaded.");
    else body = this.editor(text, isWhole);
    fill(this.file, head, body);
    this.file.hidden = false;
  }

  editor(text, isWhole) {
    const gutter = h("pre", { class: "gutter", "aria-hidden": "true" });
    const why = !isWhole ? `The first ${size(SHOWN_BYTES)}; too large to be edited here` : this.lineEnd ? "" : "It has several kinds of line ends; it cannot be edited here";
    this.text = h("textarea", { class: "code", spellcheck: "false", autocapitalize: "off", wrap: "off", "aria-label": "Text of the file", readonly: why !== "", oninput: () => number(),
      onscroll: () => { gutter.scrollTop = this.text.scrollTop; }, onkeydown: (event) => {
        if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); this.save(); }
      } });
    this.text.value = text;
    this.saved = this.text.value;
    let lines = -1;
    const number = () => {
      const count = this.text.value.split("\n").length;
      if (count !== lines) gutter.textContent = Array.from({ length: count }, (_, i) => i + 1).join("\n");
      lines = count;
      this.isChanged = this.text.value !== this.saved;
      this.saveButton.disabled = !this.isChanged;
      this.state.textContent = this.isChanged ? "changed" : why;
    };
    number();
    return h("div", { class: "editor" }, gutter, this.text);
  }

  async save(isForced) {
    if (!this.isChanged && !isForced) return;
    const text = this.text.value;
    await this.act(async () => {
      const answer = await send("PUT", url("file", this.path), { body: text.replaceAll("\n", this.lineEnd), headers: { "content-type": "application/octet-stream", ...(isForced ? {} : { "if-match": this.etag }) } });
      if (answer.status === 412) {
        if (await dialog("The file has changed meanwhile", h("p", null, "Somebody else, or the agent, wrote it after it was opened here."), "Overwrite it", undefined, "danger")) await this.save(true);
        return;
      }
      if (!answer.ok) throw await refusalOf(answer);
      const now = await send("HEAD", url("file", this.path));
      this.etag = now.headers.get("etag");
      this.saved = text;
      this.text.dispatchEvent(new Event("input"));
      if (!this.isChanged) this.state.textContent = "saved";
      await this.openFolder(this.folder);
    });
  }

  async download(stat) {
    const out = stat.size > LARGE_BYTES ? await sink(nameOf(stat.path)) : undefined;
    if (out === null) return;
    await this.act(async () => {
      const answer = await send("GET", url("file", stat.path));
      if (!answer.ok) throw await refusalOf(answer);
      if (out) await answer.body.pipeTo(out);
      else save(await answer.blob(), nameOf(stat.path));
    });
  }

  // The whole folder as the archive that the server's "fs download" makes of it: to the disk as it comes, or gathered.
  async downloadFolder() {
    const folder = this.folder, name = `${nameOf(folder) || "root"}.tar.gz`, out = await sink(name);
    if (out === null) return;
    const parts = [], stop = new AbortController(), said = h("span", { class: "faint" }, "begins …");
    const line = h("div", { class: "row" }, h("span", null, name), said, button("Stop", () => stop.abort(), { class: "quiet small" }));
    let bytes = 0, problem = "";
    this.uploads.append(line);
    await this.act(async () => {
      const end = await runCommandBytes("fs", ["download", "--compress", "gzip", "--", folder], (stream, part) => {
        if (stream === "stderr") { problem += new TextDecoder().decode(part); return undefined; }
        bytes += part.length;
        said.textContent = size(bytes);
        return out ? out.write(part) : parts.push(part);
      }, stop.signal);
      if (end.exitStatus !== 0) throw new Error(problem.trim() || end.message);
      if (out) await out.close();
      else save(new Blob(parts, { type: "application/gzip" }), name);
    }, stop.signal);
    await out?.abort().catch(() => { /* it is closed */ });
    line.remove();
  }

  async makeFolder() {
    const name = await askText("New folder", "Name", "Make it");
    if (name) await this.act(async () => { await ask("POST", url("mkdir", below(this.folder, name))); await this.openFolder(this.folder); });
  }

  async makeFile() {
    const name = await askText("New file", "Name", "Make it");
    if (!name) return;
    await this.act(async () => {
      const answer = await send("PUT", url("file", below(this.folder, name)), { body: "", headers: { "if-none-match": "*" } });
      if (!answer.ok) throw answer.status === 412 ? new Refusal(412, { detail: `${name} is there already.` }) : await refusalOf(answer);
      await this.openFolder(this.folder);
      location.hash = placeOf(below(this.folder, name));
    });
  }

  async rename(path) {
    const name = await askText("Rename", "New name", "Rename", nameOf(path));
    if (!name || name === nameOf(path)) return;
    await this.act(async () => {
      await ask("POST", "/v1/fs/move", { from: path, to: name.startsWith("/") ? name : below(parent(path), name) });
      if (path === this.path) location.hash = placeOf(this.folder);
      await this.openFolder(this.folder);
    });
  }

  async remove(path, isFolder) {
    const sure = await dialog(`Delete ${nameOf(path)}?`, h("p", null, isFolder ? "The folder goes with all that is in it." : "It cannot be brought back."), "Delete", undefined, "danger");
    if (!sure) return;
    await this.act(async () => {
      await ask("DELETE", url("entry", path, isFolder ? "&recursive=true" : ""));
      this.isChanged = this.isChanged && path !== this.path;
      if (path === this.path) location.hash = placeOf(this.folder);
      await this.openFolder(this.folder);
    });
  }

  async upload(files) {
    const folder = this.folder, failed = [];
    for (const file of files) {
      const bar = h("progress", { max: String(file.size || 1), value: 0, "aria-label": `Upload of ${file.name}` });
      const line = h("div", { class: "row" }, h("span", null, file.name), bar);
      this.uploads.append(line);
      try {
        let answer = await put(below(folder, file.name), file, { "if-none-match": "*" }, bar);
        if (answer.status === 412 && await dialog(`Replace ${file.name}?`, h("p", null, "The folder has a file of that name."), "Replace", undefined, "danger")) {
          answer = await put(below(folder, file.name), file, {}, bar);
        }
        if (answer.status >= 300 && answer.status !== 412) throw new Refusal(answer.status, answer.problem);
      } catch (error) {
        failed.push(`${file.name}: ${error.message}`);
      }
      line.remove();
    }
    await this.act(async () => {
      if (folder === this.folder) await this.openFolder(folder);
      if (failed.length) throw new Error(failed.join("\n"));
    });
  }
}

// fetch tells nothing of how far an upload is.
function put(path, file, fields, bar) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url("file", path));
    for (const [name, value] of Object.entries(headers({ "content-type": "application/octet-stream", ...fields }))) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => { bar.value = event.loaded; };
    request.onerror = () => { tellReachable(false); reject(new Refusal(0, null)); };
    request.onload = () => {
      let problem = null;
      try { problem = JSON.parse(request.responseText); } catch { /* none */ }
      resolve({ status: request.status, problem });
    };
    request.send(file);
  });
}
