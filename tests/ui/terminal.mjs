import fs from "node:fs";
import { api, base, call, check, finish, folder, go, killServer, open, page, sees, serve, step, until, TOKEN } from "./kit.mjs";

const more = ["--ui", `${folder}/ui`];
process.env.LC_ALL = "C.UTF-8";
await serve(0, more);
await open({ viewport: { width: 1000, height: 700 } });
await go(`/sessions&token=${TOKEN}`);
await page.locator(".empty").waitFor();

const screen = () => page.evaluate(() => [...document.querySelectorAll(".xterm-rows > div")].map((row) => row.textContent.replace(/[\s\u00a0]+$/, "")).join("\n").replace(/\n+$/, "").normalize("NFC"));
const shows = (what) => until(async () => `the screen shows ${what}, but\n${await screen()}`, async () => (what instanceof RegExp ? what.test(await screen()) : (await screen()).includes(what)));
const type = (text) => page.keyboard.type(text);
// The first lines of the screen are these, and those of the file below them.
const showsFile = (...more) => {
  const wanted = [...more, ...fs.readFileSync(`${folder}/edit.txt`, "utf8").split("\n")].slice(0, 12).join("\n");
  return until(async () => `the screen begins with\n${wanted}\n--- but is\n${await screen()}`, async () => (await screen()).startsWith(`${wanted}\n`));
};
// vim as it was after the file was saved, whatever the steps before have left.
async function anew() {
  await page.locator(".xterm-helper-textarea").focus();
  await page.keyboard.press("Escape");
  await type(":e!\n");
  await page.keyboard.press("Control+l");
  await showsFile();
}
// A new first line.
async function insert(text) {
  await type(`ggO${text}`);
  await page.keyboard.press("Escape");
}
// All that the page has said of its connection since it was asked for the first time: a word may be gone sooner than one looks.
const told = () => page.evaluate(() => {
  if (!window.told) {
    window.told = [];
    const state = document.querySelector(".terminal-state");
    new MutationObserver(() => { if (!state.hidden) window.told.push(state.textContent); }).observe(state, { childList: true, attributes: true });
  }
  return window.told.splice(0).join();
});
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
  await shows("hello from the browser line 1");
  await type(":w\n");
  await until("it is saved", () => fs.readFileSync(`${folder}/edit.txt`, "utf8").startsWith("hello from the browser"));
});
await step("vim is resized", async () => {
  await page.setViewportSize({ width: 1000, height: 600 });
  await until("fewer lines", async () => {
    await page.keyboard.press("Escape");
    await type(":set lines? columns?\n");
    await page.waitForTimeout(300);
    return Number(/lines=(\d+)/.exec(await screen())?.[1]) < 40;
  });
});
await step("the server is killed and started again: the screen is the same, and goes on", async () => {
  await anew();
  await killServer();
  await serve(new URL(base).port, more);
  await showsFile();
  await insert("after the restart");
  await showsFile("after the restart");
});
await step("a connection that breaks is made again, with its screen", async () => {
  await anew();
  await insert("before the break");
  await showsFile("before the break");
  await told();
  for (const pid of viewers()) process.kill(pid, "SIGKILL");
  await until("it is told", async () => (await told()).includes("connection is gone"));
  await page.locator(".terminal-state").waitFor({ state: "hidden" });
  await showsFile("before the break");
  await insert("after the break");
  await showsFile("after the break", "before the break");
});
await step("what is typed while the connection is away is kept, and sent", async () => {
  await anew();
  await killServer();
  for (const pid of viewers()) process.kill(pid, "SIGKILL");
  await sees(".terminal-state", "connection is gone");
  await insert("typed meanwhile");
  await serve(new URL(base).port, more);
  await showsFile("typed meanwhile");
});
await step("a reload shows the screen again", async () => {
  await anew();
  await insert("before the reload");
  await showsFile("before the reload");
  await page.reload();
  await showsFile("before the reload");
});
await step("two look at one terminal, and both type", async () => {
  const first = page, other = await open({ viewport: { width: 1000, height: 600 } });
  await go(`/processes/${id}&token=${TOKEN}`);
  await anew();
  await type(":q!\n");
  await shows(/ready>$/); // vim reads ahead: what comes before it has ended is its own
  await type("clear; echo seen by $((1+1))\n");
  await shows("seen by 2");
  await first.waitForFunction(() => document.querySelector(".xterm-rows")?.textContent.replaceAll("\u00a0", " ").includes("seen by 2"));
  await first.locator(".xterm-helper-textarea").focus();
  await first.keyboard.type("clear; echo and by $((2+1))\n");
  await shows("and by 3");
  await first.close();
});
await step("20 MB of output come to their end", async () => {
  await type("clear; yes 0123456789012345678901234567890123456789 | head -c 20000000; echo; echo the-$((20+1))st\n");
  await shows("the-21st");
  await type("clear; echo still $((40+2))\n");
  await shows("still 42");
});
await step("F6 leaves the terminal, for who has no mouse", async () => {
  await page.locator(".xterm-helper-textarea").focus();
  await page.keyboard.press("F6");
  check(await page.evaluate(() => document.activeElement.closest(".process-head") !== null), "still in the terminal");
});
await step("the token is in no address", async () => {
  const asked = [];
  page.on("websocket", (socket) => asked.push(socket.url()));
  await page.reload();
  await shows("still 42");
  check(asked.length > 0 && !asked.join().includes(TOKEN) && !asked.join().includes("access_token"), asked.join());
});
await step("its end is told", async () => {
  await page.locator(".xterm-helper-textarea").focus();
  await type("exit 3\n");
  await sees(".terminal-state", "Ended with status 3");
  await sees(".process-head .state", "exit 3");
});
await finish();
