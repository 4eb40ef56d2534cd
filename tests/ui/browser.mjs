// The inspector's sessions in a headless browser against a real server.
import { TOKEN, api, base, call, check, complaints, finish, folder, go, keepsAll, killServer, open, page, prompt, sees, serve, step, until } from "./kit.mjs";

await serve();
await open();

// "u 1 u 2 ... u N" of the last text block that has them.
async function floodIsWhole(from, to) {
  const want = Array.from({ length: to - from + 1 }, (_, i) => from + i).join(" ");
  const got = [...(await page.locator(".block.text", { hasText: /^u 1 / }).last().textContent()).matchAll(/u (\d+)/g)].map((m) => m[1]).join(" ");
  check(got === want, `flood: ${got.slice(0, 300)}`);
}

// Runs in the page: goes through the whole transcript from its end to its start, opens what is folded, and counts
// what an attack would have left; seen: where the attack's own words are to be read.
async function lookEverywhere() {
  const kinds = [".block.text", ".thought .fold", ".tool-title", ".tool .command", ".diff-head", ".diff .plus", ".plan", ".note > summary", ".asked", ".prompt"];
  const list = document.querySelector(".pane .virtual"), seen = new Set(), frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const found = { scripts: document.scripts.length, handlers: 0, links: 0 };
  for (list.scrollTop = list.scrollHeight; ; list.scrollTop -= list.clientHeight / 2) {
    await frame();
    list.querySelectorAll("details:not([open]) > summary").forEach((summary) => summary.click());
    await frame();
    for (const kind of kinds) if ([...list.querySelectorAll(kind)].some((node) => node.textContent.includes("<script>window.hacked"))) seen.add(kind);
    found.scripts = Math.max(found.scripts, document.scripts.length);
    found.handlers += document.querySelectorAll("[onerror], [onload], iframe, object, embed, img:not([src^='/ui/']):not([src^='data:image/png'])").length;
    found.links += [...document.querySelectorAll("a[href]")].filter((a) => !/^(https?:|#)/.test(a.getAttribute("href"))).length;
    if (list.scrollTop <= 0) return { ...found, hacked: window.hacked, seen: [...seen] };
  }
}

let id;
await step("without a token the page asks for one; a wrong one is refused", async () => {
  await page.goto(`${base}/ui/`);
  await page.fill("dialog.token input", "wrong");
  await page.click("dialog.token button.primary");
  await page.locator("dialog.token input").waitFor();
});
await step("the fragment's token is taken and leaves the address", async () => {
  await page.goto("about:blank");
  await page.goto(`${base}/ui/#token=${TOKEN}`);
  await page.locator(".empty").waitFor();
  check(!page.url().includes(TOKEN), page.url());
});
await step("a session is made by the dialog", async () => {
  await page.click("text=New session");
  await page.locator("dialog option[value=mock]").waitFor({ state: "attached" });
  await page.selectOption("dialog select", "mock");
  await page.fill("dialog input", folder);
  await page.click("dialog button.primary");
  await page.locator(".composer").waitFor();
  id = /sessions\/([^/]+)/.exec(page.url())[1];
});
await step("a prompt is sent and answered, with Markdown", async () => {
  await prompt("say plain **bold** word");
  await sees(".block.text strong", "bold");
  await sees(".block.end", "Turn over");
});
await step("thoughts, a plan, a change in colours, a command, the cost", async () => {
  await prompt("think deep thought; plan; edit a.c; run ls -l; usage; title A title");
  await sees(".thought", "deep thought");
  await sees(".plan", "3 of 3");
  await sees(".diff .line.plus", "new line");
  await sees(".diff .line.minus", "old line");
  await sees(".tool-title", "ls -l");
  await sees(".facts", "$0.0125");
  await sees("h1", "A title");
});
await step("a permission is given", async () => {
  await prompt("permission Delete everything?");
  await sees(".ask", "Delete everything?");
  await page.click(".ask button.primary");
  await sees(".block.text", "permission: allow-once");
  await page.locator(".ask").waitFor({ state: "detached" });
});
await step("a form is answered", async () => {
  await prompt("question Which one?");
  await sees(".ask", "Which one?");
  await page.fill(".ask input[type=text]", "this one");
  await page.selectOption(".ask select", "green");
  await page.click(".ask button.primary");
  await sees(".block.text", "question: accept");
  await sees(".block.asked", "this one, green");
});
await step("a question that was answered elsewhere goes away", async () => {
  await prompt("permission Elsewhere?");
  await sees(".ask", "Elsewhere?");
  const { pending } = await api(`/v1/sessions/${id}/pending`);
  await call("POST", `/v1/sessions/${id}/pending/${pending[0].id}`, { optionId: "reject-once" });
  await page.locator(".ask").waitFor({ state: "detached" });
  await sees(".block.text", "permission: reject-once");
});
await step("a turn is cancelled", async () => {
  await prompt("stall");
  await sees(".block.prompt", "stall");
  await page.click(".composer .stop");
  await sees(".block.end", "Cancelled");
});
await step("pictures and texts go with a prompt", async () => {
  const dot = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
  await page.setInputFiles(".composer input[type=file]", [{ name: "dot.png", mimeType: "image/png", buffer: dot }, { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("some notes") },
    { name: "unwanted.bin", mimeType: "", buffer: Buffer.from([0, 1]) }]);
  await sees(".attached", "unwanted.bin");
  await page.click("[aria-label='Do not attach unwanted.bin']");
  await prompt("report blocks");
  await page.locator(".block.prompt img.picture").last().waitFor();
  await sees(".block.prompt .path", "notes.txt");
  await sees(".block.end", "Turn over");
  const { events } = await api(`/v1/sessions/${id}/events?limit=1000`);
  const sent = events.filter((one) => one.payload?.method === "session/prompt").at(-1).payload.params.prompt;
  check(sent.map((one) => one.type).join() === "text,image,resource" && sent[1].data === dot.toString("base64") && sent[2].resource.text === "some notes", JSON.stringify(sent));
});
await step("prompts wait behind the turn that runs, and can be seen waiting", async () => {
  await prompt("permission First?");
  await sees(".ask", "First?");
  await prompt("say then-this");
  await sees(".queue", "then-this");
  await page.reload();
  await sees(".queue", "then-this");
  await page.click(".ask button.primary");
  await sees(".block.text", "then-this");
  await page.locator(".queue").waitFor({ state: "hidden" });
});
await step("what waits is the server's, and can be changed or dropped alone", async () => {
  await prompt("permission Busy?");
  await sees(".ask", "Busy?");
  for (const text of ["say first-of-two", "say second-of-two"]) await call("POST", `/v1/sessions/${id}/prompt?wait=false`, { text });
  await sees(".queue", "second-of-two");
  await page.click("[aria-label='Drop: say first-of-two']");
  await page.locator(".queue", { hasText: "first-of-two" }).waitFor({ state: "detached" });
  await page.click("[aria-label='Change: say second-of-two']");
  await page.fill("dialog textarea", "say changed-it");
  await page.click("dialog button.primary");
  await sees(".queue", "changed-it");
  await page.click(".ask button.primary");
  await sees(".block.text", "changed-it");
  await page.locator(".queue").waitFor({ state: "hidden" });
  check(await page.locator(".block", { hasText: "of-two" }).count() === 0, "it was said");
});
await step("what waits is dropped with the turn", async () => {
  await prompt("stall");
  await sees(".block.prompt", "stall");
  await page.locator(".composer .stop").waitFor();
  await prompt("say never-said");
  await sees(".queue", "never-said");
  await page.click(".queue-end button");
  await page.locator(".queue").waitFor({ state: "hidden" });
  await sees(".block.end", "Cancelled");
  await prompt("say after that");
  await sees(".block.text", "after that");
  check(await page.locator(".block", { hasText: "never-said" }).count() === 0, "it was said");
});
await step("a mode is chosen, and the agent is told", async () => {
  const control = page.locator(".controls select").first();
  const values = await control.locator("option").evaluateAll((options) => options.map((one) => one.value));
  const other = values.find((value) => value !== values[0]);
  await control.selectOption(other);
  await page.waitForFunction(([wanted]) => document.querySelector(".controls select").value === wanted, [other]);
  await until("the server knows", async () => JSON.stringify((await api(`/v1/sessions/${id}/events?limit=1000`)).events.filter((one) => /^session\/set_/.test(one.payload?.method)).map((one) => one.payload.params)).includes(`"${other}"`));
});
await step("a reload in the middle of a turn loses and doubles nothing", async () => {
  await prompt("flood 150; permission Go on?");
  await sees(".ask", "Go on?");
  await page.reload();
  await sees(".ask", "Go on?");
  await floodIsWhole(1, 150);
  await page.click(".ask button.primary");
  await page.locator(".ask").waitFor({ state: "detached" });
  await keepsAll(id);
});
await step("without the server its sessions can be read", async () => {
  await prompt("flood 100; permission Killed?");
  await sees(".ask", "Killed?");
  await keepsAll(id);
  await killServer();
  await page.locator(".offline").waitFor();
  await page.click("header.top nav a");
  await page.locator(`.session-row[href$="${id}"]`).click();
  await sees(".block.asked", "Killed?");
  await floodIsWhole(1, 100);
});
await step("the server killed and started again: nothing is lost, nothing twice", async () => {
  await serve(new URL(base).port);
  await page.locator(".offline").waitFor({ state: "hidden" });
  await page.click(".ask button.primary");
  await sees(".block.text", "permission: allow-once");
  await floodIsWhole(1, 100);
  await keepsAll(id);
});
await step("an event has an address, and is shown whole", async () => {
  await page.goto(`${base}/ui/#/sessions/${id}/events/5`);
  await sees(".event-detail", "#5");
  await sees(".event-detail .json-name", "eventIndex");
});
await step("events are filtered by type", async () => {
  await page.selectOption(".event-bar select", "plan");
  await page.locator(".event-row", { hasText: "agent_message_chunk" }).waitFor({ state: "detached" });
  await sees(".event-row", "plan");
});
await step("the list is live: it changes without being asked for again", async () => {
  const other = await open();
  await other.addInitScript(() => { window.setInterval = () => 0; });
  await go(`/sessions&token=${TOKEN}`);
  await other.locator(`.session-row[href$="${id}"]`).waitFor();
  const { id: fresh } = await call("POST", "/v1/sessions", { agent: "mock", cwd: folder });
  const row = other.locator(`.session-row[href$="${fresh}"]`);
  await row.waitFor();
  await call("POST", `/v1/sessions/${fresh}/prompt?wait=false`, { text: "title Told live; usage; permission Live?" });
  await row.locator(".tag.wait").waitFor();
  await until(() => row.textContent(), async () => /Told live.*\$0\.0125/s.test(await row.textContent()));
  await call("DELETE", `/v1/sessions/${fresh}`);
  await row.locator(".state-word", { hasText: "closed" }).waitFor();
  await other.close();
  await open();
  await go(`/sessions&token=${TOKEN}`);
});
await step("costs of sessions that this browser never saw, and how many prompts wait, are the server's", async () => {
  const { id: fresh } = await call("POST", "/v1/sessions", { agent: "mock", cwd: folder });
  await call("POST", `/v1/sessions/${fresh}/prompt`, { text: "usage; say spent" });
  for (const text of ["permission Busy?", "say later"]) await call("POST", `/v1/sessions/${fresh}/prompt?wait=false`, { text });
  await open();
  await go(`/sessions&token=${TOKEN}`);
  await sees(`.session-row[href$="${fresh}"] .cost`, "$0.0125");
  await sees(`.session-row[href$="${fresh}"] .tag.queued`, "+1 queued");
  await call("DELETE", `/v1/sessions/${fresh}`);
});
await step("a page that nobody sees holds no connection, and has missed nothing when it is seen", async () => {
  const { id: fresh } = await call("POST", "/v1/sessions", { agent: "mock", cwd: folder });
  await open();
  await page.addInitScript(() => { if (location.protocol === "http:") localStorage.setItem("unseen-ms", "50"); });
  await go(`/sessions/${fresh}&token=${TOKEN}`);
  await prompt("say seen");
  await sees(".block.text", "seen");
  const see = (isSeen) => page.evaluate((visible) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => !visible });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isSeen);
  await see(false);
  await sees(".session-head .facts", "reconnecting");
  check(await page.locator(".offline").isHidden(), "the server is there");
  await call("POST", `/v1/sessions/${fresh}/prompt`, { text: "say unseen" });
  await page.waitForTimeout(700);
  check(await page.locator(".block.text", { hasText: "unseen" }).count() === 0, "it followed on");
  await see(true);
  await sees(".block.text", "unseen");
  await keepsAll(fresh);
});
await step("a closed session says so, and is brought back", async () => {
  const { id: fresh } = await call("POST", "/v1/sessions", { agent: "mock", cwd: folder });
  await call("POST", `/v1/sessions/${fresh}/prompt`, { text: "say before" });
  await call("DELETE", `/v1/sessions/${fresh}`);
  await go(`/sessions/${fresh}&token=${TOKEN}`);
  await sees(".closed-bar", "closed");
  check(await page.locator(".composer").isHidden(), "there is nobody to tell something");
  await page.click(".closed-bar button");
  await page.locator(".composer").waitFor();
  await prompt("say after");
  await sees(".block.text", "after");
});
await step("an id of any characters keeps its pages", async () => {
  const odd = "a/b c%25#?é";
  await call("POST", "/v1/sessions", { agent: "mock", id: odd });
  await go("/sessions");
  await page.click(`.session-row:has-text("${odd}")`);
  await sees("h1", odd);
  await prompt("say odd one out");
  await sees(".block.text", "odd one out");
  await page.click("a.tab:has-text('Events')");
  await sees("h1", odd);
  await page.click(".event-row");
  await until("the address names the event", async () => page.url().includes("/events/"));
  await page.reload();
  await sees("h1", odd);
});
await step("a session that is not there is said in words", async () => {
  await go(`/sessions/never-was&token=${TOKEN}`);
  await sees(".gone", "no such session");
  check(await page.locator(".composer").isHidden(), "there is nobody to tell something");
});
await step("an agent's markup is text", async () => {
  await open();
  await go(`/sessions&token=${TOKEN}`);
  await page.goto(`${base}/ui/#/sessions/${id}`);
  const attack = "<img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script>[a](javascript:window.hacked=1) <a href='javascript:hacked=1'>b</a>";
  const update = (one) => `update ${JSON.stringify(one)}`.replaceAll(";", "\\;");
  const chunk = (kind) => update({ sessionUpdate: kind, content: { type: "text", text: attack } });
  await prompt([chunk("agent_message_chunk"), chunk("agent_thought_chunk"),
    update({ sessionUpdate: "tool_call", toolCallId: "evil", title: attack, kind: attack, status: attack, rawInput: { command: attack },
      content: [{ type: "diff", path: attack, newText: attack }, { type: "content", content: { type: "image", mimeType: "image/svg+xml", data: attack } }] }),
    update({ sessionUpdate: "plan", entries: [{ content: attack, status: attack }] }), update({ sessionUpdate: "session_info_update", title: attack }),
    update({ sessionUpdate: attack }), update({ sessionUpdate: "usage_update", used: attack, size: attack, cost: { amount: attack } }),
    `permission ${attack.replaceAll(";", "\\;")}`].join("; "));
  await sees(".ask", "<script>");
  await sees("h1", "<img src=x onerror=");
  const found = await page.evaluate(lookEverywhere);
  check(!found.hacked && found.scripts === 1 && found.handlers === 0 && found.links === 0, JSON.stringify(found));
  for (const kind of [".block.text", ".thought .fold", ".tool-title", ".tool .command", ".diff-head", ".diff .plus", ".plan", ".note > summary", ".asked", ".prompt"]) {
    check(found.seen.includes(kind), `the attack is not to be seen in ${kind}: ${found.seen}`);
  }
});
await step("a session of 5,000 updates stays a short page", async () => {
  const other = (await call("POST", "/v1/sessions", { agent: "mock" })).id;
  // A page of its own: the prompt box of the session before could still be there.
  await go(`/sessions/${other}/events`);
  await sees("h1", other);
  await prompt("flood 5000");
  await sees(".event-bar", /^All types.*50\d\d of 50\d\d$/s);
  check(await page.locator(".event-row").count() < 200, "rows in the page");
});
await finish();
