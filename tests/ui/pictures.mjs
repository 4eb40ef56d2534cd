// Pictures of every page and dialog: pictures.mjs CHROMIUM FOLDER OUT [NAME...], called by scripts/ui-pictures.
// Each in light and dark, and 390 pixels wide in one of them. Not a test: a person looks at them.
import fs from "node:fs";
import { api, base, call, complaints, finish, folder, go, killServer, open, page, sees, serve, step, TOKEN, until, words } from "./kit.mjs";
import { AFTER, PNG, STORY } from "./story.mjs";

const [out, ...wanted] = words, work = `${process.env.HOME}/storefront`, ids = {};
const WIDE = { width: 1280, height: 800 }, NARROW = { width: 390, height: 844 };
const press = (name) => page.getByRole("button", { name, exact: true }).first().click();
const of = (key, rest = "") => () => `/sessions/${ids[key]}${rest}`;

// [name, place, what is there once it is drawn, what is done then, "locked": without a token, "unsaved": the page would ask before it is left]
const EMPTY = [["sessions-empty", "/sessions", ".empty"], ["processes-empty", "/processes", ".process-list .empty"], ["config-empty", `/config${work}`, ".config-list .empty"],
  ["token", "/sessions", "dialog.token", null, "locked"]];
const PAGES = [
  ["sessions", "/sessions", ".session-row >> nth=8", () => page.locator(".cost", { hasText: "$" }).first().waitFor({ state: "attached" })],
  ["sessions-none-found", "/sessions", ".session-row", () => page.fill("input[type=search]", "nothing like it")],
  ["transcript-top", of("mend"), ".block.end", async () => {
    await page.locator(".pane .virtual").evaluate((node) => { node.scrollTop = 0; });
    await page.locator(".block.prompt").first().waitFor();
  }],
  ["transcript-tools", of("mend"), ".block.end", async () => {
    for (let i = 0; i < 20 && !await page.locator(".diff").count(); i++) await page.locator(".pane .virtual").evaluate((node, isFirst) => { node.scrollTop = isFirst ? 0 : node.scrollTop + 200; }, !i).then(() => page.waitForTimeout(50));
    await page.locator(".diff").first().evaluate((node) => node.scrollIntoView({ block: "center" }));
    await page.locator(".tool > summary", { hasText: "npm test" }).first().click();
  }],
  ["transcript-end", of("mend"), ".block.end"],
  ["transcript-queue", of("busy"), ".queue"],
  ["transcript-error", of("failed"), ".block.error"],
  ["transcript-closed", of("closed"), ".block.end"],
  ["permission", of("clean"), ".ask"],
  ["question", of("setup"), ".ask"],
  ["attachments", of("mend"), ".block.end", async () => {
    await page.setInputFiles(".composer input[type=file]", [{ name: "chart.png", mimeType: "image/png", buffer: PNG }, { name: "a-log-with-quite-a-long-name-2026-11-17.txt", mimeType: "text/plain", buffer: Buffer.from("x".repeat(20000)) }]);
    await page.fill(".composer textarea", "Look at the log and at the chart.\n\nWhich of the two is right?");
    await page.locator(".attached img").waitFor();
  }],
  ["events", of("mend", "/events"), ".event-row"],
  ["event", of("mend", "/events/7"), ".event-detail .json"],
  ["new-session", "/sessions", ".session-row", async () => { await press("New session"); await page.locator("dialog option[value=mock]").waitFor({ state: "attached" }); }],
  ["new-session-servers", "/sessions", ".session-row", async () => {
    await press("New session");
    await page.fill("dialog input[name=cwd]", work);
    await page.click("dialog summary:has-text('MCP servers')");
    await page.locator("dialog .mcp-list input").nth(1).uncheck();
    await page.click("dialog summary:has-text('As JSON')");
    await page.locator("dialog option[value=mock]").waitFor({ state: "attached" });
  }],
  ["new-session-server", "/sessions", ".session-row", async () => { await press("New session"); await page.click("dialog summary:has-text('MCP servers')"); await page.click("text=Add a server"); }],
  ["end-session", of("mend"), ".block.end", () => press("End session")],
  ["session-missing", "/sessions/never-was", ".gone"],
  ["agents", "/agents", ".card"],
  ["agents-install", "/agents", ".card", async () => { await press("Install slow"); await page.locator(".card[data-agent=slow] [role=status]", { hasText: "Downloading" }).waitFor(); await page.locator(".card[data-agent=slow]").scrollIntoViewIfNeeded(); }],
  ["agents-failed", "/agents", ".card", async () => {
    await press("Install lost");
    await page.locator(".card[data-agent=lost] .problem").waitFor();
    await page.click(".card[data-agent=lost] summary");
    await page.locator(".card[data-agent=lost]").scrollIntoViewIfNeeded();
  }],
  ["processes", "/processes", ".process-row"],
  ["process-log", () => `/processes/${ids.log}`, ".log .stderr"],
  ["terminal", () => `/processes/${ids.shell}`, ".xterm-rows", () => until("colours", async () => /yellow/.test(await page.locator(".xterm-rows").textContent()))],
  ["process-run", "/processes", ".process-row", () => press("Run …")],
  ["files", `/files${work}`, ".file-row"],
  ["file", `/files${work}/src/login.mjs`, ".editor"],
  ["file-changed", `/files${work}/src/login.mjs`, ".editor", () => page.locator(".editor textarea").pressSequentially("// a change\n"), "unsaved"],
  ["file-picture", `/files${work}/chart.png`, ".file-picture img"],
  ["file-new", `/files${work}`, ".file-row", () => press("New folder")],
  ["file-missing", `/files${work}/nowhere/at-all.txt`, ".problem:not(:empty)"],
  ["config", `/config${work}`, ".config-row >> nth=2"],
  ["config-server", `/config${work}`, ".config-row", () => press("Add a server")],
  ["config-skills", `/config${work}`, ".config-row", () => press("Add skills")],
  ["server", "/server", ".metric", () => until("three points", async () => await page.locator(".spark").count() > 0)],
  ["requests", "/requests", ".event-bar"],
  ["request", "/requests", ".event-bar", async () => {
    for (const place of ["Sessions", "Agents", "Server"]) { await page.locator("header.top nav a", { hasText: place }).click(); await page.waitForTimeout(300); }
    await page.locator("header.top nav a", { hasText: "Requests" }).click();
    await page.locator(".event-row").last().click();
  }],
];
const OFFLINE = [["offline-sessions", "/sessions", ".session-row"], ["offline-session", of("mend"), ".block.end"]];

const mine = (list) => list.filter(([name]) => !wanted.length || wanted.includes(name));
let taken = 0;
async function take([name, place, ready, act, kind]) {
  const narrow = taken++ % 2 ? "light" : "dark";
  for (const [label, size, scheme] of [["light", WIDE, "light"], ["dark", WIDE, "dark"], ["narrow", NARROW, narrow]]) {
    await step(`${name} ${label}`, async () => {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      if (isAway) await page.evaluate((hash) => { location.hash = hash; }, typeof place === "function" ? place() : place);
      else await go(`${typeof place === "function" ? place() : place}${kind === "locked" ? "" : `&token=${TOKEN}`}`);
      if (kind === "locked") await page.evaluate(() => sessionStorage.clear()).then(() => page.reload());
      await page.locator(ready).first().waitFor();
      await act?.();
      await page.waitForTimeout(300);
      await page.screenshot({ path: `${out}/${name}-${label}.png` });
      if (kind !== "unsaved") return;
      await page.close(); // unasked
      await open({ viewport: WIDE });
    });
  }
}
let isAway = false;

async function talk(key, agent, prompts, until_, cwd = work) {
  ids[key] = (await call("POST", "/v1/sessions", { agent, cwd })).id;
  for (const [i, text] of prompts.entries()) await call("POST", `/v1/sessions/${ids[key]}/prompt${i === prompts.length - 1 && until_ ? "?wait=false" : ""}`, { text }).catch((error) => { if (!/credit/.test(error.message)) throw error; });
  if (until_) await until(`${key} is ${until_}`, async () => (await api(`/v1/sessions/${ids[key]}`)).state === until_);
}
async function content() {
  const says = Object.keys(STORY), far = `${process.env.HOME}/projects/a-folder-with-a-rather-long-name/packages/storefront-web`;
  fs.mkdirSync(far, { recursive: true });
  await talk("asked", "codex", [says[9]]);
  await talk("notes", "claude", [says[4]], null, far);
  await talk("closed", "mock", ["say This session was ended by its owner."]);
  await call("DELETE", `/v1/sessions/${ids.closed}`);
  await talk("failed", "claude", [says[8]]);
  await talk("plain", "mock", ["say hello", "usage 12000 200000; say more"]);
  await talk("busy", "codex", [says[5]], "running");
  for (const text of says.slice(6, 8)) await call("POST", `/v1/sessions/${ids.busy}/prompt?wait=false`, { text });
  await talk("mend", "claude", says.slice(0, 2));
  await talk("setup", "codex", [says[3]], "waiting");
  await talk("clean", "claude", [says[2]], "waiting");
  const config = (kind, name, value) => call("PUT", `/v1/config/${kind}?directory=${encodeURIComponent(work)}&${kind === "mcp" ? "mcpName" : "skillName"}=${name}`, value);
  await config("mcp", "database", { type: "local", command: "npx", args: ["-y", "@acme/postgres-mcp", "--read-only", "postgresql://localhost/storefront"], env: { PGPASSWORD: "${PGPASSWORD}" } });
  await config("mcp", "issues", { type: "remote", url: "https://issues.example.com/mcp", transport: "http", bearerTokenEnvVar: "ISSUES_TOKEN" });
  await config("mcp", "browser", { type: "local", command: "browser-mcp", args: [], enabled: false });
  await config("skills", "house-style", { sources: [{ type: "github", source: "acme/skills", ref: "main", skills: ["review", "release-notes"] }] });
  ids.log = (await call("POST", "/v1/processes", { command: "sh", args: ["-c", "echo '> storefront@2.4.0 dev'; echo 'listening on http://127.0.0.1:3000'; for i in 1 2 3 4 5 6; do echo \"GET /products/$i 200 ${i}.4ms\"; done; echo 'warning: the session store is kept in memory and does not survive a restart of this process, see docs/sessions.md for the alternatives' >&2; exec sleep 600"], cwd: work })).id;
  await call("POST", "/v1/processes", { command: "npm", args: ["run", "build", "--", "--mode", "production", "--source-map", "--out", "dist/storefront-web"], cwd: work }).catch(() => {});
  await call("POST", "/v1/processes", { command: "true", cwd: work });
  await call("POST", "/v1/processes", { command: "false", cwd: work });
  ids.shell = (await call("POST", "/v1/processes", { command: "bash", args: ["--norc", "--noprofile"], tty: true, interactive: true, cwd: work, env: { TERM: "xterm-256color", PS1: "\\[\\e[32m\\]ada@storefront\\[\\e[0m\\]:\\[\\e[34m\\]~/storefront\\[\\e[0m\\]$ " } })).id;
  await call("POST", `/v1/processes/${ids.shell}/input`, { data: "ls --color=always -la; for c in 31 32 33 34 35 36 37 90; do printf '\\033[%sm%s\\033[0m ' $c colour-$c; done; printf '\\033[1;33mbold yellow\\033[0m ✓\\n'\n", encoding: "utf8" });
}

fs.mkdirSync(`${work}/src`, { recursive: true });
for (const [name, text] of [["src/login.mjs", `${AFTER.repeat(9)}// ${"a line that is too long for any window; ".repeat(6)}\n`],
  ["README.md", "# storefront\n"], ["package.json", "{}\n"], [".gitignore", "build\n"], ["CHANGES.md", "2.4\n".repeat(4000)], ["a-file-whose-name-is-so-long-that-it-does-not-fit-into-a-narrow-column-of-any-page.test.mjs", ""]]) fs.writeFileSync(`${work}/${name}`, text);
for (const name of ["build", "test", "node_modules"]) fs.mkdirSync(`${work}/${name}`, { recursive: true });
fs.writeFileSync(`${work}/chart.png`, PNG);

for (const name of wanted) if (![...EMPTY, ...PAGES, ...OFFLINE].some((one) => one[0] === name)) throw new Error(`there is no picture ${name}`);
await serve(0, ["--ui", `${folder}/ui`]);
await open({ viewport: WIDE });
for (const one of mine(EMPTY)) await take(one);
if (mine([...PAGES, ...OFFLINE]).length) await content();
for (const one of mine(PAGES)) await take(one);
if (mine(OFFLINE).length) {
  for (const id of [ids.mend]) { await go(`/sessions/${id}&token=${TOKEN}`); await sees(".block.end", "Turn over"); await page.waitForTimeout(1000); }
  await go("/sessions");
  await page.locator(".session-row >> nth=8").waitFor();
  await killServer();
  isAway = true;
  await page.locator(".offline").waitFor();
  for (const one of mine(OFFLINE)) await take(one);
  await serve();
}
complaints.splice(0, complaints.length, ...complaints.filter((one) => !/Failed to fetch/.test(one)));
await finish();
