// Odd files, answers that come late or not at all, a token that is changed: nothing is lost or written elsewhere unasked.
import fs from "node:fs";
import { api, call, check, finish, folder, go, open, page, prompt, sees, serve, step, until, TOKEN } from "./kit.mjs";

const work = `${folder}/project`;
fs.mkdirSync(`${work}/taken`, { recursive: true });
const write = (name, text) => fs.writeFileSync(`${work}/${name}`, text);
const read = (name) => fs.readFileSync(`${work}/${name}`, "utf8");
const text = () => page.inputValue(".editor textarea");
const at = (name) => `${work}/${name}`;

await serve();
await open();
await go(`/sessions&token=${TOKEN}`);
await page.locator(".empty").waitFor();

const append = async (more) => {
  await page.locator(".editor textarea").press("Control+End");
  await page.keyboard.type(more);
  await page.press(".editor textarea", "Control+s");
  await sees(".file [role=status]", "saved");
};
await step("a text keeps its line ends and its mark of byte order", async () => {
  write("dos.txt", "\ufeffone\r\ntwo\r\n");
  await go(`/files${at("dos.txt")}`);
  await page.locator(".editor textarea").waitFor();
  check(await page.locator(".file [role=status]").textContent() === "", "nothing has been changed");
  await append("three");
  check(read("dos.txt") === "\ufeffone\r\ntwo\r\nthree", JSON.stringify(read("dos.txt")));
});
await step("... and is only shown when a text box cannot keep them", async () => {
  write("mixed.txt", "one\r\ntwo\n");
  await go(`/files${at("mixed.txt")}`);
  await sees(".file [role=status]", "line ends");
  check(await page.locator(".editor textarea").getAttribute("readonly") !== null, "not to be edited");
});
await step("what is no picture is none", async () => {
  write("riff.txt", "RIFF is how a WAV file begins\n");
  await go(`/files${at("riff.txt")}`);
  await page.locator(".editor textarea").waitFor();
});
await step("a file that comes late is not shown in another one's place", async () => {
  write("slow.txt", "slow\n");
  write("quick.txt", "quick\n");
  let release, isHeld = false;
  const held = new Promise((resolve) => { release = resolve; });
  await page.route("**/v1/fs/file?*slow.txt", async (route) => { isHeld = true; await held; await route.continue(); });
  await go(`/files${at("slow.txt")}`);
  await until("it is asked for", () => isHeld);
  await page.click(".file-row:has-text('quick.txt')");
  await until("the other one is shown", async () => await page.locator(".editor textarea").count() === 1 && await text() === "quick\n");
  await Promise.all([page.waitForResponse((answer) => answer.url().endsWith("slow.txt")), release()]);
  await page.unroute("**/v1/fs/file?*slow.txt");
  await append("more");
  check(read("quick.txt") === "quick\nmore" && read("slow.txt") === "slow\n", `${read("quick.txt")}|${read("slow.txt")}`);
});
await step("a file that cannot be read does not take the place of the one before", async () => {
  write("closed.txt", "closed\n");
  await page.route("**/v1/fs/file?*closed.txt", (route) => route.fulfill({ status: 403, contentType: "application/problem+json", body: '{"detail":"not for you"}' }));
  await go(`/files${at("quick.txt")}`);
  await page.locator(".editor textarea").waitFor();
  await page.click(".file-row:has-text('closed.txt')");
  await sees(".files > .problem", "not for you");
  check(await page.locator(".file").isHidden(), "the text of another file is still there");
  await page.unroute("**/v1/fs/file?*closed.txt");
});
await step("a text that is not saved outlives the form for the token", async () => {
  await go(`/files${at("slow.txt")}`);
  await page.fill(".editor textarea", "mine\n");
  await page.evaluate(() => sessionStorage.setItem("token", "old"));
  await page.press(".editor textarea", "Control+s");
  await page.fill("dialog.token input", TOKEN);
  await page.click("dialog.token button:text-is('Go on')");
  await page.locator("dialog.token").waitFor({ state: "detached" });
  check(await text() === "mine\n", await text());
  await page.press(".editor textarea", "Control+s");
  await sees(".file [role=status]", "saved");
  check(read("slow.txt") === "mine\n", read("slow.txt"));
});
await step("an upload that fails is told, whatever comes after it", async () => {
  await go(`/files${work}`);
  await sees(".file-row", "taken/");
  await page.setInputFiles("input[type=file]", [{ name: "taken", mimeType: "text/plain", buffer: Buffer.from("1") }, { name: "after.txt", mimeType: "text/plain", buffer: Buffer.from("2") }]);
  await sees(".file-row", "after.txt");
  await sees(".files > .problem", "taken");
});
await step("an MCP server that cannot be removed is told", async () => {
  await call("PUT", `/v1/config/mcp?directory=${encodeURIComponent(work)}&mcpName=tools`, { type: "local", command: "tools" });
  await page.route("**/v1/config/mcp?*", (route) => (route.request().method() === "DELETE" ? route.fulfill({ status: 500, body: '{"detail":"not now"}' }) : route.continue()));
  await go(`/config${work}`);
  await page.click("[aria-label='Remove tools']");
  await page.click("dialog button:text-is('Remove')");
  await page.locator("dialog").waitFor({ state: "detached" });
  await until("the list is asked for again", async () => (await page.locator(".page > .problem").textContent()).includes("not now"));
  await page.unroute("**/v1/config/mcp?*");
});
await step("what is refused to be done with a process stays told", async () => {
  const { id } = await call("POST", "/v1/processes", { command: "cat" });
  await page.route(`**/v1/processes/${id}/kill`, (route) => route.fulfill({ status: 409, body: '{"detail":"not now"}' }));
  await go(`/processes/${id}`);
  await page.click(".process-head button:text-is('Kill')");
  await sees(".split-list > .problem", "not now");
  const listed = () => page.waitForResponse((answer) => answer.url().endsWith("/v1/processes"));
  await listed().then(listed);
  await sees(".split-list > .problem", "not now");
  await call("POST", `/v1/processes/${id}/kill`);
});
await step("a prompt that is not sent outlives the form for the token, and what is written meanwhile", async () => {
  const { id } = await call("POST", "/v1/sessions", { agent: "mock", cwd: work });
  await go(`/sessions/${id}`);
  let release, isHeld = false;
  const held = new Promise((resolve) => { release = resolve; });
  await page.route("**/prompt?*", async (route) => { isHeld = true; await held; await route.fulfill({ status: 401, body: '{"detail":"no"}' }); });
  await prompt("say first");
  await until("it is on its way", () => isHeld);
  await page.fill(".composer textarea", "second");
  release();
  await page.fill("dialog.token input", TOKEN);
  await page.click("dialog.token button:text-is('Go on')");
  await page.locator("dialog.token").waitFor({ state: "detached" });
  check(await page.inputValue(".composer textarea") === "say first\nsecond", await page.inputValue(".composer textarea"));
  await page.unroute("**/prompt?*");
});
await step("a question with several answers is answered with a list", async () => {
  const { id } = await call("POST", "/v1/sessions", { agent: "mock", cwd: work });
  await go(`/sessions/${id}`);
  const choices = { type: "array", title: "Fruit", items: { anyOf: [{ const: "a", title: "Apple" }, { const: "b", title: "Banana" }, { const: "c", title: "Cherry" }] }, default: ["c"] };
  const schema = { type: "object", properties: { fruit: choices, size: { type: "string", enum: ["s", "m"], default: "m" }, count: { type: "integer", default: 3 }, none: { type: "array", items: { enum: ["x"] } } } };
  await prompt(`ask elicitation/create ${JSON.stringify({ mode: "form", message: "Which ones?", requestedSchema: schema })}`);
  await page.check(".ask label:has-text('Apple') input");
  await page.click(".ask button.primary");
  await until("it is answered", async () => (await api(`/v1/sessions/${id}/pending`)).pending.length === 0);
  const [{ payload }] = (await api(`/v1/sessions/${id}/events?limit=1000`)).events.filter((one) => one.answers === "elicitation/create");
  check(JSON.stringify(payload.result.content) === '{"fruit":["a","c"],"size":"m","count":3}', JSON.stringify(payload.result));
});
await step("a button that copies goes back to its words, and copies without a clipboard, too", async () => {
  await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { configurable: true, value: { writeText: async (words) => { window.copied = words; } } }));
  const copier = page.locator(".tabs button").first();
  await copier.dblclick();
  await until("its words are back", async () => await copier.textContent() === "Copy as CLI");
  await page.evaluate(() => {
    Object.defineProperty(navigator, "clipboard", { configurable: true, value: undefined }); // as over plain HTTP
    document.addEventListener("copy", (event) => { window.copied = event.target.value; });
    window.copied = "";
  });
  await copier.click();
  await until("it is copied", async () => /^sandbox-agent events follow /.test(await page.evaluate(() => window.copied)));
});
await step("a token with a percent sign does not stop the page", async () => {
  await go("/sessions&token=100%");
  await page.locator("dialog.token").waitFor();
});

await finish();
