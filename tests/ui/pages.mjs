// Files, processes, agents, configuration, server, requests.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { api, call, check, finish, folder, go, keepsAll, open, page, prompt, sees, serve, step, until, TOKEN } from "./kit.mjs";

const work = `${folder}/project`;
fs.mkdirSync(`${work}/src`, { recursive: true });
fs.writeFileSync(`${work}/src/a.txt`, "one\ntwo\n");
fs.writeFileSync(`${work}/bytes.bin`, Buffer.from([0, 1, 2, 255]));
fs.writeFileSync(`${work}/large.txt`, "x".repeat(1500000));
fs.writeFileSync(`${work}/dot.png`, Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64"));
const read = (name) => fs.readFileSync(`${work}/${name}`, "utf8");

await serve();
await open({ acceptDownloads: true });
await go(`/sessions&token=${TOKEN}`);
await page.locator(".empty").waitFor();
const dialog = async (verb, text) => {
  if (text !== undefined) await page.fill("dialog input[type=text]", text);
  await page.click(`dialog button:text-is("${verb}")`);
  await page.locator("dialog").waitFor({ state: "detached" });
};

await step("a folder is shown, and the way back up", async () => {
  await go(`/files${work}`);
  await sees(".file-row", "src/");
  await page.click(".file-row:has-text('src/')");
  await sees(".file-row", "a.txt");
  await page.click(".crumbs a:has-text('project')");
  await sees(".file-row", "bytes.bin");
});
await step("a file is edited and saved", async () => {
  await go(`/files${work}/src/a.txt`);
  await page.fill(".editor textarea", "one\nchanged ünï\n");
  await page.press(".editor textarea", "Control+s");
  await sees(".file [role=status]", "saved");
  check(read("src/a.txt") === "one\nchanged ünï\n", read("src/a.txt"));
  check(await page.locator(".gutter").textContent() === "1\n2\n3", "numbers of lines");
});
await step("a file that somebody else changed is not overwritten unasked", async () => {
  fs.writeFileSync(`${work}/src/a.txt`, "theirs\n");
  await page.fill(".editor textarea", "mine\n");
  await page.click(".file button:text-is('Save')");
  await sees("dialog", "changed meanwhile");
  check(read("src/a.txt") === "theirs\n", read("src/a.txt"));
  await page.click("dialog button:text-is('Close')");
  await page.click(".file button:text-is('Save')");
  await page.locator("dialog").waitFor();
  await dialog("Overwrite it");
  await sees(".file [role=status]", "saved");
  check(read("src/a.txt") === "mine\n", read("src/a.txt"));
});
await step("changes that are not saved are asked about before they are left", async () => {
  await page.fill(".editor textarea", "draft\n");
  await page.click("header.top a:has-text('Agents')");
  await sees("dialog", "Leave without saving?");
  await page.click("dialog button:text-is('Close')");
  check(await page.inputValue(".editor textarea") === "draft\n", "the draft is gone");
  await page.click("header.top a:has-text('Agents')");
  await page.locator("dialog").waitFor();
  await dialog("Leave");
  await page.locator(".agents .card").first().waitFor();
  check(read("src/a.txt") === "mine\n", read("src/a.txt"));
});
await step("pictures are shown, bytes are not, a large text in part", async () => {
  await go(`/files${work}/dot.png`);
  await page.waitForFunction(() => document.querySelector(".file-picture img")?.naturalWidth === 1);
  await go(`/files${work}/bytes.bin`);
  await sees(".file", "no text");
  await go(`/files${work}/large.txt`);
  await sees(".file [role=status]", "The first 1.0 MiB");
  check(await page.locator(".editor textarea").getAttribute("readonly") !== null, "not to be edited");
});
await step("a file comes down as it is", async () => {
  await go(`/files${work}/bytes.bin`);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(".file button:text-is('Download')")]);
  check(download.suggestedFilename() === "bytes.bin" && fs.readFileSync(await download.path()).equals(Buffer.from([0, 1, 2, 255])), download.suggestedFilename());
});
const hasAll = (names) => check(/src\/a\.txt$/m.test(names) && /bytes\.bin$/m.test(names), names);
await step("a folder comes down as an archive", async () => {
  await go(`/files${work}`);
  await sees(".file-row", "src/");
  await page.evaluate(() => { window.showSaveFilePicker = undefined; }); // as in browsers that have none
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Download folder")]);
  hasAll(execFileSync("tar", ["-tzf", await download.path()], { encoding: "utf8" }));
  check(download.suggestedFilename() === "project.tar.gz", download.suggestedFilename());
  await page.locator(".uploads .row").waitFor({ state: "detached" });
});
await step("... into a file as it comes, where the browser can", async () => {
  await page.evaluate(() => {
    window.showSaveFilePicker = async ({ suggestedName }) => {
      window.chosen = await (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true });
      return window.chosen;
    };
  });
  await page.click("text=Download folder");
  await until("it is written", () => page.evaluate(async () => (await window.chosen?.getFile())?.size > 0));
  await page.locator(".uploads .row").waitFor({ state: "detached" });
  const bytes = await page.evaluate(async () => [...new Uint8Array(await (await window.chosen.getFile()).arrayBuffer())]);
  hasAll(execFileSync("tar", ["-tz"], { input: Buffer.from(bytes), encoding: "utf8" }));
  check(await page.evaluate(() => window.chosen.name) === "project.tar.gz", "its name");
  await page.evaluate(() => { window.showSaveFilePicker = async () => { throw new DOMException("no", "AbortError"); }; });
  await page.click("text=Download folder");
  check(await page.locator(".uploads .row").count() === 0 && await page.locator(".files > .problem").textContent() === "", "thinking better of it is no problem");
});
await step("files go up, and replace nothing unasked", async () => {
  await go(`/files${work}`);
  const bytes = Buffer.alloc(3000000, 7);
  await page.setInputFiles("input[type=file]", [{ name: "up ä.bin", mimeType: "application/octet-stream", buffer: bytes }, { name: "second.txt", mimeType: "text/plain", buffer: Buffer.from("2") }]);
  await sees(".file-row", "second.txt");
  check(fs.readFileSync(`${work}/up ä.bin`).equals(bytes), "the bytes");
  await page.setInputFiles("input[type=file]", [{ name: "second.txt", mimeType: "text/plain", buffer: Buffer.from("other") }]);
  await sees("dialog", "Replace second.txt?");
  check(read("second.txt") === "2", read("second.txt"));
  await dialog("Replace");
  await until("it is replaced", () => read("second.txt") === "other");
});
await step("files and folders are made, renamed, deleted", async () => {
  await page.click("text=New folder");
  await dialog("Make it", "made/deep");
  await sees(".file-row", "made/");
  await page.click("text=New file");
  await dialog("Make it", "new.txt");
  await page.locator(".editor textarea").waitFor();
  await go(`/files${work}`);
  await page.click("[aria-label='Rename new.txt']");
  await dialog("Rename", "renamed.txt");
  await sees(".file-row", "renamed.txt");
  await page.click("[aria-label='Delete made']");
  await dialog("Delete");
  await page.locator(".file-row", { hasText: "made/" }).waitFor({ state: "detached" });
  check(fs.existsSync(`${work}/renamed.txt`) && !fs.existsSync(`${work}/new.txt`) && !fs.existsSync(`${work}/made`), fs.readdirSync(work).join());
});
await step("a path that is not there is said in words", async () => {
  await go(`/files${work}/nowhere`);
  await sees(".files > .problem", "nowhere");
});
await step("a program is run, gets a line, and is stopped", async () => {
  await go("/processes");
  await page.click("text=Run …");
  await page.fill("dialog input >> nth=0", `sh -c 'echo "begun here"; echo wrong >&2; while read l; do echo "got $l"; done'`);
  await page.fill("dialog input >> nth=1", work);
  await page.uncheck("dialog input[type=checkbox]");
  await dialog("Run");
  await sees(".log", "begun here");
  await sees(".log .stderr", "wrong");
  await page.fill(".log-input input", "a line");
  await page.press(".log-input input", "Enter");
  await sees(".log", "got a line");
  await page.click(".process-head button:text-is('Stop')");
  await sees(".process-head .state", /ended|exit/);
  await page.click(".process-head button:text-is('Remove')");
  await sees(".process", "Choose a process");
  check((await api("/v1/processes")).processes.length === 0, "it is listed");
});
await step("a program that is not there is said in the dialog", async () => {
  await page.click("text=Run …");
  await page.fill("dialog input >> nth=0", "no-such-program");
  await page.click("dialog button:text-is('Run')");
  await sees("dialog .problem", "no-such-program");
  await page.click("dialog button:text-is('Close')");
});
await step("an agent is installed, and each step is shown", async () => {
  await go("/agents");
  await page.click("[aria-label='Install toy']");
  await sees(".card[data-agent=toy] .tag", /^installed$/);
  await sees(".card[data-agent=toy]", "1.0.0");
});
await step("an installation that fails says why and what happened before", async () => {
  await page.click("[aria-label='Install lost']");
  await page.locator(".card[data-agent=lost] .problem").waitFor();
  await page.click(".card[data-agent=lost] summary:has-text('What happened')");
  check(/\w/.test(await page.locator(".card[data-agent=lost] .install-log").textContent()), "no steps");
});
const stored = (name) => JSON.parse(read(`.sandbox-agent/config/${name}.json`));
await step("an MCP server is added, changed, removed", async () => {
  await go(`/config${work}`);
  await page.click("text=Add a server");
  await page.fill("dialog input >> nth=0", "tools");
  await page.fill("dialog input >> nth=1", "node 'my server.js' --stdio");
  await page.fill("dialog textarea >> nth=0", "KEY=$SECRET");
  await dialog("Save");
  await sees(".config-row", "node 'my server.js' --stdio");
  check(JSON.stringify(stored("mcp").tools.args) === '["my server.js","--stdio"]' && stored("mcp").tools.env.KEY === "$SECRET", JSON.stringify(stored("mcp")));
  await page.click("[aria-label='Change tools']");
  await page.selectOption("dialog select", "sse");
  await page.fill("dialog input[type=url]", "https://tools.example/mcp");
  await dialog("Save");
  await sees(".config-row", "https://tools.example/mcp");
  check(stored("mcp").tools.transport === "sse" && !stored("mcp").tools.command, JSON.stringify(stored("mcp")));
  await page.click("[aria-label='Remove tools']");
  await dialog("Remove");
  await sees(".config-list .empty", "No server");
});
await step("a new session is given the folder's servers, or others, by a form that writes JSON", async () => {
  const put = (name, command) => call("PUT", `/v1/config/mcp?directory=${encodeURIComponent(work)}&mcpName=${name}`, { type: "local", command, args: ["--stdio"] });
  await put("wanted", "first-server");
  await put("left", "second-server");
  await go("/sessions");
  await page.click("text=New session");
  await page.locator("dialog option[value=mock]").waitFor({ state: "attached" });
  await page.selectOption("dialog select[name=agent]", "mock");
  await page.fill("dialog input[name=cwd]", work);
  await sees("dialog summary", "MCP servers (2)");
  await page.click("dialog summary:has-text('MCP servers')");
  check(await page.inputValue("dialog textarea[name=mcp]") === "", "as configured: nothing is written");
  await page.locator("dialog .mcp-list li", { hasText: "left" }).locator("input").uncheck();
  await page.click("text=Add a server");
  const form = page.locator("dialog").last();
  await form.locator("input").nth(0).fill("own");
  await form.locator("input").nth(1).fill("node 'my server.js'");
  await form.locator("textarea").first().fill("KEY=value");
  await form.locator("button:text-is('Add')").click();
  await sees("dialog .mcp-list", "own");
  const [request] = await Promise.all([page.waitForRequest((one) => one.method() === "POST" && one.url().endsWith("/v1/sessions")), page.click("dialog button:text-is('Start')")]);
  await page.locator(".composer").waitFor();
  const servers = request.postDataJSON().mcpServers;
  const said = servers.map((one) => [one.name, one.command, ...one.args, ...(one.env ?? []).map((pair) => `${pair.name}=${pair.value}`)].join(" ")).join("; ");
  check(said === "wanted first-server --stdio; own node my server.js KEY=value", said);
  await go(`/config${work}`);
});
await step("skills are set, and laid out", async () => {
  fs.mkdirSync(`${work}/skills/greet`, { recursive: true });
  fs.writeFileSync(`${work}/skills/greet/SKILL.md`, "---\nname: greet\ndescription: Says hello\n---\nSay hello.\n");
  await page.click("text=Add skills");
  await page.fill("dialog input >> nth=0", "ours");
  await page.selectOption("dialog select", "local");
  await page.fill("dialog [aria-label^='Owner']", `${work}/skills`);
  await dialog("Save");
  await sees(".config-row", "ours");
  await page.click("text=Fetch them now");
  await sees("[role=status]", "greet");
});
await step("the server's health and figures", async () => {
  await go("/server");
  await sees(".page-head .tag", "well");
  await sees(".tile", "Requests");
  await page.fill("[aria-label='Filter figures']", "store_up");
  await until("one figure", async () => await page.locator(".metric").count() === 1);
  await sees(".metric", "Is the store within reach?");
});
await step("requests are kept, streams too, and told as curl", async () => {
  await Promise.all([page.waitForResponse((answer) => answer.url().endsWith("/v1/commands")), page.click("header.top a:has-text('Sessions')")]);
  await page.click("header.top a:has-text('Requests')");
  await sees(".event-row", "/metrics");
  await sees(".event-row", /POST.*\/v1\/commands/s);
  await page.locator(".event-row", { hasText: "/metrics" }).first().click();
  const command = await page.locator(".requests .event-detail pre").first().textContent();
  check(/^curl -s -H "Authorization: Bearer \$SANDBOX_AGENT_TOKEN" 'http:\S+\/metrics'$/.test(command), command);
  const line = await page.locator(".requests .event-detail pre").nth(1).textContent();
  check(/^sandbox-agent api request GET '\/metrics' --endpoint 'http:\S+'$/.test(line), line);
});
await step("what the browser keeps can be cleared", async () => {
  const { id } = await call("POST", "/v1/sessions", { agent: "mock", cwd: work });
  await go(`/sessions/${id}`);
  await prompt("repeat 200 kept here; plan; edit a.c; permission Sure?");
  await sees(".ask", "Sure?");
  await keepsAll(id);
  await go("/server");
  await sees(".kept", / KiB of at most 64 MiB/);
  await page.click(".kept button");
  await sees(".kept", /^0 B of/);
  await go(`/sessions/${id}`);
  await sees(".ask", "Sure?");
});

await finish();
