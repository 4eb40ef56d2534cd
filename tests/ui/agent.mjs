// One real agent, from the dialog to the end of its session.
import fs from "node:fs";
import { api, check, finish, folder, go, open, page, prompt, sees, serve, step, until, TOKEN } from "./kit.mjs";

const work = `${folder}/project`;
await serve();
await open();
await go(`/sessions&token=${TOKEN}`);
await page.locator(".empty").waitFor();

await step("it is installed, and has a key", async () => {
  await page.click("header.top a:has-text('Agents')");
  await sees(".card[data-agent=claude] .tag", /^installed$/);
  await sees(".card[data-agent=claude]", "credentials found");
});
let id;
await step("a session is made by the dialog, and answers", async () => {
  await page.click("[data-agent=claude] button:text-is('New session')");
  await page.locator("dialog option[value=claude]").waitFor({ state: "attached" });
  await page.selectOption("dialog select", "claude");
  await page.fill("dialog input[name=cwd]", work);
  await page.click("dialog button.primary");
  await page.locator(".composer").waitFor();
  id = /sessions\/([^/]+)/.exec(page.url())[1];
  await prompt("say hello");
  await sees(".block.text", "Hello from the fake model.");
  await sees(".block.end", "Turn over");
});
await step("a command is asked for, allowed, and runs", async () => {
  await prompt("run: echo made by the agent > made.txt; cat made.txt");
  await sees(".ask", "made.txt");
  check(!fs.existsSync(`${work}/made.txt`), "it ran unasked");
  await page.click(".ask button.primary");
  await until("it has run", () => fs.existsSync(`${work}/made.txt`));
  await sees(".block.asked", "echo made");
  await sees(".block.text", "Done.");
});
await step("a change is asked for with its lines, allowed, and shown", async () => {
  await prompt("read made.txt then edit made.txt: made by the agent => changed by the agent");
  await sees(".ask .diff .line.plus", "changed by the agent");
  await page.click(".ask button.primary");
  await until("it is changed", () => fs.readFileSync(`${work}/made.txt`, "utf8") === "changed by the agent\n");
  await page.locator(".ask").waitFor({ state: "detached" });
});
await step("a command that is rejected does not run", async () => {
  await prompt("run: touch unwanted.txt");
  await sees(".ask", "unwanted.txt");
  await page.locator(".ask button.stop").last().click();
  await page.locator(".ask").waitFor({ state: "detached" });
  await page.locator(".composer .stop").waitFor({ state: "hidden" });
  check(!fs.existsSync(`${work}/unwanted.txt`), "it ran");
});
await step("a turn is cancelled in the middle of its words", async () => {
  await prompt("slow 2000 50");
  await sees(".block.text", "tick3");
  await page.click(".composer .stop");
  await sees(".block.end", "Cancelled");
});
await step("a reload shows all of it again", async () => {
  await go(`/sessions/${id}`);
  await sees(".block.end", "Cancelled");
  await page.evaluate(() => { document.querySelector(".pane .virtual").scrollTop = 0; });
  await sees(".block.text", "Hello from the fake model.");
});
await step("the session is ended", async () => {
  await page.click("text=End session");
  await page.click("dialog button.danger");
  await until("it is closed", async () => (await api(`/v1/sessions/${id}`)).state === "closed");
});
await finish();
