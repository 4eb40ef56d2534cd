// What axe says of each page, the keyboard alone, a narrow screen.
import fs from "node:fs";
import { api, call, check, finish, folder, go, load, open, page, prompt, sees, serve, step, TOKEN } from "./kit.mjs";

const work = `${folder}/project`;
fs.mkdirSync(`${work}/src`, { recursive: true });
fs.writeFileSync(`${work}/src/a.txt`, "one\ntwo\n");
fs.writeFileSync(`${work}/dot.png`, Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64"));
await serve();
await open();
await go(`/sessions&token=${TOKEN}`);
await page.locator(".empty").waitFor();
await call("PUT", `/v1/config/mcp?directory=${encodeURIComponent(work)}&mcpName=tools`, { type: "local", command: "node", args: ["tools.js"], enabled: false });
await call("PUT", `/v1/config/skills?directory=${encodeURIComponent(work)}&skillName=ours`, { sources: [{ type: "local", source: work }] });
await go(`/sessions/${(await call("POST", "/v1/sessions", { agent: "mock", cwd: work })).id}`);
await prompt("think so; say **words** and [a link](https://example.com); plan; edit a.c; run ls; usage; title For all; permission Sure?");
await sees(".ask", "Sure?");

const axe = fs.readFileSync(load.resolve("axe-core/axe.min.js"), "utf8");
async function audit(hash, ready, scheme) {
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
  await go(hash);
  await page.locator(ready).first().waitFor();
  await page.evaluate(axe);
  // What is dark differs in colours alone.
  const options = { resultTypes: ["violations"], ...(scheme === "dark" ? { runOnly: { type: "rule", values: ["color-contrast"] } } : {}) };
  const { violations } = await page.evaluate((wanted) => window.axe.run(document, wanted), options);
  return violations.filter((one) => ["serious", "critical"].includes(one.impact)).map((one) => `${hash} ${scheme}: ${one.id}: ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`);
}
await step("axe has nothing serious to say of any page, light or dark", async () => {
  const { sessions } = await api("/v1/sessions"), { id } = sessions.find((one) => one.state === "waiting");
  const { events } = await api(`/v1/sessions/${id}/events?limit=2`);
  const shell = await call("POST", "/v1/processes", { command: "sh", tty: true, interactive: true });
  const log = await call("POST", "/v1/processes", { command: "sh", args: ["-c", "echo out; echo err >&2"] });
  const places = [["/sessions", ".session-row"], [`/sessions/${id}`, ".ask"], [`/sessions/${id}/events`, ".event-row"], [`/sessions/${id}/events/${events[1].eventIndex}`, ".event-detail .json"], [`/files${work}`, ".file-row"],
    [`/files${work}/src/a.txt`, ".editor"], [`/files${work}/dot.png`, ".file-picture"], ["/processes", ".process-row"], [`/processes/${log.id}`, ".log span"], [`/processes/${shell.id}`, ".terminal"], ["/agents", ".card"], [`/config${work}`, ".config-row"],
    ["/server", ".tile"], ["/requests", ".event-bar"]];
  const found = [];
  for (const scheme of ["light", "dark"]) for (const [hash, ready] of places) found.push(...await audit(hash, ready, scheme));
  check(found.length === 0, found.join("\n"));
});
await step("... nor of the dialogs", async () => {
  const found = [];
  for (const [hash, opener] of [["/sessions", "New session"], ["/processes", "Run …"], [`/config${work}`, "Add a server"], [`/config${work}`, "Add skills"]]) {
    await go(hash);
    await page.click(`text=${opener}`);
    await page.locator("dialog[open]").waitFor();
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document.querySelector("dialog")));
    found.push(...violations.filter((one) => ["serious", "critical"].includes(one.impact)).map((one) => `${opener}: ${one.id} ${one.nodes.map((node) => node.target)}`));
  }
  check(found.length === 0, found.join("\n"));
});
await step("the keyboard alone goes from the list into a session and answers", async () => {
  await go("/sessions");
  await page.locator(".session-row").first().waitFor();
  await page.keyboard.press("/");
  check(await page.evaluate(() => document.activeElement.type) === "search", "/ goes to the search");
  const focusOn = async (selector) => {
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
    }
    throw new Error(`Tab never came to ${selector}`);
  };
  await focusOn(".session-row");
  await page.keyboard.press("Enter");
  await page.locator(".ask").waitFor();
  await focusOn(".ask button.primary");
  await page.keyboard.press("Enter");
  await page.locator(".ask").waitFor({ state: "detached" });
  await focusOn(".composer textarea");
  await page.keyboard.type("say typed");
  await page.keyboard.press("Enter");
  await sees(".block.text", "typed");
});
await step("no page is wider than a narrow screen", async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  const { id } = (await api("/v1/sessions")).sessions[0];
  for (const [hash, ready] of [["/sessions", ".session-row"], [`/sessions/${id}`, ".block"], [`/sessions/${id}/events`, ".event-row"], [`/files${work}`, ".file-row"], [`/files${work}/src/a.txt`, ".editor"], ["/processes", ".process-row"],
    ["/agents", ".card"], [`/config${work}`, ".config-row"], ["/server", ".tile"], ["/requests", ".event-bar"]]) {
    await go(hash);
    await page.locator(ready).first().waitFor();
    const over = await page.evaluate(() => [document.documentElement, document.querySelector("main"), document.querySelector("main > *")].map((node) => node.scrollWidth - node.clientWidth));
    check(over.every((n) => n <= 0), `${hash}: ${over}`);
  }
});
await finish();
