import { api, call, check, finish, folder, go, open, page, sees, serve, step, until, words, TOKEN } from "./kit.mjs";

const EVENTS = Number(words[0]);
await serve();
await open({ viewport: { width: 1280, height: 800 } });
await go(`/sessions&token=${TOKEN}`);
await page.locator(".empty").waitFor();
const { id } = await call("POST", "/v1/sessions", { agent: "mock", cwd: folder });

const record = () => page.evaluate(() => {
  window.frames_ = [];
  let last = performance.now();
  const next = (now) => { window.frames_.push(now - last); last = now; window.frameLoop = requestAnimationFrame(next); };
  window.frameLoop = requestAnimationFrame(next);
});
async function tellFrames(what) {
  const times = (await page.evaluate(() => { cancelAnimationFrame(window.frameLoop); return window.frames_; })).slice(1).sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(1);
  console.log(`# ${what}: ${times.length} frames, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`);
}
const inPage = () => page.evaluate(() => document.querySelectorAll("main *").length);
// From one end of the list to the other, a screen a frame, then in leaps.
const scroll = (selector) => page.evaluate(async (wanted) => {
  const list = document.querySelector(wanted), frame = () => new Promise(requestAnimationFrame);
  for (let i = 0; i < 150; i++) { list.scrollTop = i * 700; await frame(); }
  for (let i = 0; i <= 100; i++) { list.scrollTop = (list.scrollHeight * ((i * 37) % 101)) / 100; await frame(); }
}, selector);

await step("while it streams", async () => {
  await go(`/sessions/${id}`);
  await page.locator(".composer").waitFor();
  // Many blocks: tool calls and words between them. Then all the rest as one long text.
  for (let i = 0; i < 10; i++) await call("POST", `/v1/sessions/${id}/prompt`, { text: Array.from({ length: 200 }, (_, n) => `tool step ${n}; say word ${n}`).join("; ") });
  await record();
  await call("POST", `/v1/sessions/${id}/prompt?wait=false`, { text: `flood ${EVENTS}; say flood-over` });
  await page.locator(".block.end").nth(0).waitFor();
  await until("the flood is over", () => page.evaluate(() => document.querySelector(".pane").textContent.includes("flood-over")));
  await tellFrames(`${EVENTS} updates as they come`);
  check(await inPage() < 2000, `${await inPage()} elements`);
});
await step("the transcript is scrolled", async () => {
  await record();
  await scroll(".pane .virtual");
  await tellFrames("scrolling the transcript");
  check(await inPage() < 2000, `${await inPage()} elements`);
});
await step("the events are scrolled, all of them", async () => {
  await page.click(".tab:has-text('Events')");
  const { eventIndex } = await api(`/v1/sessions/${id}`);
  await until("the last event", async () => Number(/(\d+) of/.exec(await page.locator(".event-bar .faint").textContent())[1]) > EVENTS);
  await record();
  await scroll(".events .virtual");
  await tellFrames("scrolling the events");
  check(await page.locator(".event-row").count() < 150, "rows in the page");
  await go(`/sessions/${id}/events/${eventIndex}`);
  await sees(".event-detail", `#${eventIndex}`);
});
await step("it opens again from what the browser keeps", async () => {
  const begun = Date.now();
  await go(`/sessions/${id}`);
  await until("its end", () => page.evaluate(() => document.querySelector(".pane")?.textContent.includes("flood-over")));
  console.log(`# opened in ${Date.now() - begun} ms`);
  await go("/server");
  await sees(".kept", "of at most 64 MiB");
  console.log(`# ${await page.locator(".kept span").textContent()}`);
});
await step("a second such session makes room by forgetting the first", async () => {
  const { id: other } = await call("POST", "/v1/sessions", { agent: "mock", cwd: folder });
  await page.evaluate(() => localStorage.setItem("history-bytes", "1000000"));
  await go(`/sessions/${other}`);
  await page.locator(".composer").waitFor();
  await call("POST", `/v1/sessions/${other}/prompt`, { text: "flood 20 10000" });
  const held = () => page.evaluate(() => new Promise((resolve) => {
    const request = indexedDB.open("inspector", 2);
    request.onsuccess = () => {
      const all = request.result.transaction("sessions").objectStore("sessions").getAll();
      all.onsuccess = () => { request.result.close(); resolve(all.result.map((row) => [row.id, row.bytes])); };
    };
  }));
  const sizes = await until("the first is forgotten", async () => {
    const rows = Object.fromEntries(await held());
    return rows[id] === 0 && rows[other] > 0 ? rows : null;
  });
  console.log(`# kept: ${JSON.stringify(sizes)}`);
});
await finish();
