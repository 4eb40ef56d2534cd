import fs from "node:fs";
import { api, base, call, check, finish, folder, go, killServer, open, page, sees, serve, step, until, TOKEN } from "./kit.mjs";

const more = ["--ui", `${folder}/ui`];
process.env.LC_ALL = "C.UTF-8";
await serve(0, more);
await open({ viewport: { width: 1000, height: 700 } });
await go(`/sessions&token=${TOKEN}`);
await page.locator(".empty").waitFor();

const screen = () => page.evaluate(() => [...document.querySelectorAll(".xterm-rows > div")].map((row) => row.textContent.replace(/[\s\u00a0]+$/, "")).join("\n").replace(/\n+$/, "").normalize("NFC"));
const shows = (what) => until(`the screen shows ${what}`, async () => (what instanceof RegExp ? what.test(await screen()) : (await screen()).includes(what)));
const type = (text) => page.keyboard.type(text);
const top = async () => (await screen()).split("\n").slice(0, 20).join("\n");
// The processes that hold this test's terminals' sockets.
const viewers = () => fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter((pid) => {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("attach\0--websocket") && fs.readFileSync(`/proc/${pid}/environ`, "utf8").includes(`XDG_STATE_HOME=${process.env.XDG_STATE_HOME}\0`);
  } catch { return false; }
});
const text = Array.from({ length: 60 }, (_, i) => `line ${i + 1}`).join("\n");
fs.writeFileSync(`${folder}/edit.txt`, `${text}\n`);

let id;
await step("a shell is started from the page and answers", async () => {
  await go("/processes");
  await page.click("text=Run …");
  await page.fill("dialog input >> nth=0", "bash --norc --noprofile");
  await page.fill("dialog input >> nth=1", folder);
  await page.click("dialog button.primary");
  await page.locator(".xterm-rows").waitFor();
  await type("PS1='ready> '; stty size; echo $((6*7))\n");
  await shows("\n42");
  id = (await api("/v1/processes")).processes[0].id;
});
let small;
await step("it is as large as its place, and follows it", async () => {
  small = /^(\d+) (\d+)$/m.exec(await screen());
  check(Number(small[1]) > 24 && Number(small[2]) > 60, small[0]);
  await page.setViewportSize({ width: 1300, height: 900 });
  await until("another size", async () => {
    await type("clear; stty size\n");
    await page.waitForTimeout(200);
    const size = /^(\d+) (\d+)$/m.exec(await screen());
    return size && Number(size[1]) > Number(small[1]) && Number(size[2]) > Number(small[2]);
  });
});
await step("colours, wide and combining characters", async () => {
  await type("clear; printf '\\033[31mred\\033[0m 漢字 e\\314\\201 ✓\\n'\n");
  await shows("red 漢字 é ✓");
  check(await page.locator(".xterm-rows span.xterm-fg-1", { hasText: "red" }).count() > 0, "no red");
});
await step("vim edits and saves a file", async () => {
  await type("clear; TERM=xterm-256color vim -u NONE -N edit.txt\n");
  await shows(/line 1\nline 2\n[^]*"edit.txt"/);
  await type("ihello from the browser ");
  await page.keyboard.press("Escape");
  await type(":w\n");
  await until("it is saved", () => fs.readFileSync(`${folder}/edit.txt`, "utf8").startsWith("hello from the browser"));
});
await step("vim is resized", async () => {
  await page.setViewportSize({ width: 1000, height: 600 });
  await until("fewer lines", async () => {
    await page.keyboard.press("Escape");
    await type(":set lines? columns?\n");
    await page.waitForTimeout(200);
    return /lines=(\d+)/.test(await screen()) && Number(/lines=(\d+)/.exec(await screen())[1]) < 40;
  });
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+l");
});
await step("the server is killed and started again: the screen is the same, and goes on", async () => {
  await page.keyboard.press("Escape");
  const before = await top();
  await killServer();
  await serve(new URL(base).port, more);
  check(await top() === before, `${before}\n--- is now\n${await top()}`);
  await type("ggOafter the restart");
  await page.keyboard.press("Escape");
  await shows("after the restart");
});
await step("a connection that breaks is made again, with its screen", async () => {
  const before = await top();
  for (const pid of viewers()) process.kill(pid, "SIGKILL");
  await sees(".terminal-state", "connection is gone");
  await page.locator(".terminal-state").waitFor({ state: "hidden" });
  await until(`the same screen:\n${before}`, async () => await top() === before);
  await page.locator(".xterm-helper-textarea").focus();
  await type("ggOafter the break");
  await page.keyboard.press("Escape");
  await shows(/after the break\nafter the restart\nhello from the browser/);
});
await step("a reload shows the screen again", async () => {
  await page.reload();
  await shows(/after the break\nafter the restart/);
});
await step("two look at one terminal, and both type", async () => {
  const first = page, other = await open({ viewport: { width: 1000, height: 600 } });
  await go(`/processes/${id}&token=${TOKEN}`);
  await shows("after the restart");
  await other.locator(".xterm-helper-textarea").focus();
  await type(":q!\n");
  await type("clear; echo seen by $((1+1))\n");
  await shows("seen by 2");
  await first.waitForFunction(() => document.querySelector(".xterm-rows")?.textContent.replaceAll("\u00a0", " ").includes("seen by 2"));
  await first.close();
});
await step("20 MB of output come to their end", async () => {
  await type("clear; yes 0123456789012345678901234567890123456789 | head -c 20000000; echo; echo the-$((20+1))st\n");
  await page.waitForTimeout(1000);
  await shows("the-21st");
  await type("clear; echo still $((40+2))\n");
  await shows("still 42");
});
await step("F6 leaves the terminal, for who has no mouse", async () => {
  await page.locator(".xterm-helper-textarea").focus();
  await page.keyboard.press("F6");
  check(await page.evaluate(() => document.activeElement.closest(".process-head") !== null), "still in the terminal");
});
await step("its end is told", async () => {
  await page.locator(".xterm-helper-textarea").focus();
  await type("exit 3\n");
  await sees(".terminal-state", "Ended with status 3");
  await sees(".process-head .state", "exit 3");
});
await finish();
