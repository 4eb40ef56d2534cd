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

let server;
export let base;
export async function serve(port = 0, more = []) {
  server = spawn("sa-serve", ["--port", String(port), "--token-file", `${folder}/token`, ...more], { stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  base = await new Promise((resolve, reject) => {
    server.once("exit", () => reject(new Error(`sa-serve ended: ${text}`)));
    server.stderr.on("data", (data) => {
      text += data;
      const m = /listening on (http:\S+)/.exec(text);
      if (m) resolve(m[1]);
    });
  });
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
  page.setDefaultTimeout(20000);
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("dialog", (dialog) => { complaints.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("console", (message) => {
    if (/Content Security|TrustedHTML|Refused/.test(message.text())) complaints.push(message.text());
  });
  return page;
}

export const sees = (selector, text) => page.locator(selector, { hasText: text }).last().waitFor();
export async function until(what, holds) {
  const end = Date.now() + 20000;
  for (let got; ;) {
    got = await holds();
    if (got) return got;
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await page.waitForTimeout(50);
  }
}
export async function go(hash) {
  await page.goto("about:blank");
  await page.goto(`${base}/ui/#${hash}`);
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
