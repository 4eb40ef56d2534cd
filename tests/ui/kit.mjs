// What the browser tests share: SCRIPT.mjs CHROMIUM FOLDER. A server of their own, a page in a headless
// browser, TAP. playwright-core is looked for in FOLDER, where the test's shell part put it.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { once } from "node:events";

export const [chromium, folder, ...words] = process.argv.slice(2);
export const load = createRequire(`${folder}/`);
export const TOKEN = "s3cret-of-the-test";

let count = 0;
function tell(isGood, name, detail = "") {
  console.log(`${isGood ? "ok" : "not ok"} ${++count} - ${name}${isGood ? "" : `\n# ${String(detail).replaceAll("\n", "\n# ")}`}`);
}

export async function step(name, work) {
  try {
    await work();
    tell(true, name);
  } catch (error) {
    tell(false, name, error.stack ?? error);
    if (process.env.UI_PICTURES) await page?.screenshot({ path: `${process.env.UI_PICTURES}/failed-${count}.png` }).catch(() => {});
  }
}

export function check(isTrue, what) {
  if (!isTrue) throw new Error(what);
}

// A wait costs nothing when what it waits for comes, and a busy machine may take its time.
const PATIENCE_MS = 60000;

let server;
export let base;
function serveOnce(port, more) {
  server = spawn("sa-serve", ["--port", String(port), "--token-file", `${folder}/token`, ...more], { stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  return new Promise((resolve, reject) => {
    server.once("exit", () => reject(new Error(`sa-serve ended: ${text}`)));
    server.stderr.on("data", (data) => {
      text += data;
      const m = /listening on (http:\S+)/.exec(text);
      if (m) resolve(m[1]);
    });
  });
}
// A port that was ours a moment ago may be in somebody's hands for another one.
export async function serve(port = 0, more = []) {
  for (const end = Date.now() + PATIENCE_MS; ;) {
    try {
      base = await serveOnce(port, more);
      return;
    } catch (error) {
      if (!port || Date.now() > end) throw error;
      await new Promise((done) => setTimeout(done, 100));
    }
  }
}

export async function killServer() {
  const gone = once(server, "exit");
  server.kill("SIGKILL");
  await gone;
}

export async function call(method, path, body) {
  const answer = await fetch(base + path, { method, body: body === undefined ? undefined : JSON.stringify(body),
    headers: { authorization: `Bearer ${TOKEN}`, ...(body === undefined ? {} : { "content-type": "application/json" }) } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  try { return JSON.parse(text); } catch { return text; }
}
export const api = (path) => call("GET", path);

let browser;
export let page;
export const complaints = [];
export async function open(options = {}) {
  browser ??= await load("playwright-core").chromium.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  page = await (await browser.newContext({ viewport: { width: 1280, height: 1700 }, ...options })).newPage();
  if (process.env.UI_SLOW) await (await page.context().newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: Number(process.env.UI_SLOW) });
  page.setDefaultTimeout(PATIENCE_MS);
  page.setDefaultNavigationTimeout(PATIENCE_MS);
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("dialog", (dialog) => { complaints.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("console", (message) => {
    if (/Content Security|TrustedHTML|Refused/.test(message.text())) complaints.push(message.text());
  });
  return page;
}

export const sees = (selector, text) => page.locator(selector, { hasText: text }).last().waitFor();
export async function until(what, holds) {
  const end = Date.now() + PATIENCE_MS;
  for (let got; ;) {
    got = await holds();
    if (got) return got;
    if (Date.now() > end) throw new Error(`never: ${typeof what === "function" ? await what() : what}`);
    await page.waitForTimeout(50);
  }
}
export async function go(hash) {
  await page.goto("about:blank");
  await page.goto(`${base}/ui/#${hash}`);
}
// The numbers of the events that this browser keeps of a session.
export const kept = (id) => page.evaluate((wanted) => new Promise((resolve) => {
  const request = indexedDB.open("inspector", 2);
  request.onsuccess = () => {
    const all = request.result.transaction("events").objectStore("events").getAll();
    all.onsuccess = () => { request.result.close(); resolve(all.result.filter((one) => one.sessionId === wanted).flatMap((one) => JSON.parse(`[${one.text}]`).map((event) => event.eventIndex))); };
  };
}), id);
// Until it keeps what the server has.
export async function keepsAll(id) {
  let got, want;
  await until(() => `kept ${got}, the server has ${want}`, async () => {
    const { events } = await api(`/v1/sessions/${id}/events?after=0&limit=1000`); // each time: a turn may be ending
    want = events.map((one) => one.eventIndex).join();
    got = (await kept(id)).join();
    return got === want;
  });
}
export async function prompt(text) {
  await page.fill(".composer textarea", text);
  await page.press(".composer textarea", "Enter");
}

export async function finish() {
  await step("nothing was complained of, nothing was run", async () => check(complaints.length === 0, complaints.join("\n")));
  console.log(`1..${count}`);
  await browser.close();
  server.kill("SIGTERM");
  await once(server, "exit");
}
