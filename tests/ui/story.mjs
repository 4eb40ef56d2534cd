// What the pictures' agents say: a prompt as a person would write it, and the mock agent's directives for it.
import zlib from "node:zlib";

const text = (value) => value.replaceAll(";", "\\;").replaceAll("\n", "\\n");
const update = (one) => `update ${JSON.stringify(one).replaceAll(";", "\\;")}`;
const ask = (method, members) => `ask ${method} ${JSON.stringify(members).replaceAll(";", "\\;")}`;
const says = (words) => update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text: words } });
const thinks = (words) => update({ sessionUpdate: "agent_thought_chunk", content: { type: "text", text: words } });
const tool = (toolCallId, title, kind, more) => [update({ sessionUpdate: "tool_call", toolCallId, title, kind, status: "in_progress", ...more, content: undefined, rawOutput: undefined }),
  update({ sessionUpdate: "tool_call_update", toolCallId, status: more.status ?? "completed", content: more.content, rawOutput: more.rawOutput })];
const plan = (...entries) => update({ sessionUpdate: "plan", entries: entries.map(([content, status]) => ({ content, status, priority: "medium" })) });
const used = (amount, count = 38400) => update({ sessionUpdate: "usage_update", used: count, size: 200000, cost: { amount, currency: "USD" } });
const title = (words) => `title ${text(words)}`;
const shown = (words) => [{ type: "content", content: { type: "text", text: words } }];

const BEFORE = `export async function login(email, password) {
  const user = await users.find(email);
  if (!user) throw new Error("unknown");
  const token = sign({ id: user.id });
  sessions.set(token, Date.now());
  return token;
}
`;
export const AFTER = `export async function login(email, password, now = Date.now()) {
  const user = await users.find(email);
  if (!user || !(await verify(password, user.hash))) {
    throw new LoginError("The address or the password is wrong.");
  }
  const token = sign({ id: user.id });
  sessions.set(token, now + LIFETIME_MS);
  return token;
}
`;
const ANSWER = `The test was flaky because it **depended on the wall clock**. Three things changed:

1. \`login()\` takes the time as a parameter, so a test can say when it is.
2. A session now keeps when it *ends*, not when it began.
3. The password is verified, which the test never noticed.

## How to use it

\`\`\`js
const token = await login("ada@example.com", "correct horse", Date.UTC(2026, 0, 1));
assert.equal(sessions.get(token), Date.UTC(2026, 0, 1) + LIFETIME_MS); // a line that is long enough to show what the page does with long lines of code
\`\`\`

- run it with \`npm test -- login\`
- the reasoning is in [the Node documentation](https://nodejs.org/api/test.html)

> 40 runs in a row passed, 12 of them with the clock moved.
`;
const TESTS = `> storefront@2.4.0 test
> node --test test/login.test.mjs

✔ login returns a token (3.1ms)
✔ a wrong password is refused (1.4ms)
✔ a session ends after thirty minutes (0.9ms)
ℹ tests 3
ℹ pass 3
ℹ fail 0`;

// A small chart as a PNG.
function picture(width = 360, height = 144) {
  const crc = (bytes) => ~bytes.reduce((sum, byte) => {
    for (let bit = 0, mix = (sum ^ byte) & 255; ; bit++) {
      if (bit === 8) return mix ^ (sum >>> 8);
      mix = mix & 1 ? (mix >>> 1) ^ 0xedb88320 : mix >>> 1;
    }
  }, -1) >>> 0;
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data]), out = Buffer.alloc(8);
    out.writeUInt32BE(data.length);
    out.writeUInt32BE(crc(body), 4);
    return Buffer.concat([out.subarray(0, 4), body, out.subarray(4)]);
  };
  const head = Buffer.alloc(13), rows = [];
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  for (let y = 0; y < height; y++) {
    const row = Buffer.alloc(1 + width * 3, 244);
    row[0] = 0;
    for (let x = 0; x < width; x++) {
      const bar = Math.floor(x / 30), tall = 20 + ((bar * 53) % 100);
      if (x % 30 > 5 && height - y < tall) row.set(bar % 4 === 3 ? [179, 38, 30] : [42, 104, 87], 1 + x * 3);
    }
    rows.push(row);
  }
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", zlib.deflateSync(Buffer.concat(rows))), chunk("IEND", Buffer.alloc(0))]);
}
export const PNG = picture();

const OPTIONS = [["allow-once", "Allow once", "allow_once"], ["allow-always", "Allow npm for this session", "allow_always"], ["reject-once", "Reject", "reject_once"]].map(([optionId, name, kind]) => ({ optionId, name, kind }));
export const STORY = {
  "The login test fails about once in ten runs. Find out why and mend it.": [
    title("Mend the flaky login test"),
    thinks("The test compares Date.now() before and after. If a millisecond passes in between, the comparison fails. Let me look at how sessions are stored and who else reads them."),
    plan(["Reproduce the failure", "completed"], ["Find where the time comes from", "completed"], ["Take the time as a parameter", "completed"], ["Run the test forty times", "in_progress"], ["Write it down in CHANGES.md", "pending"]),
    ...tool("read-1", "Read src/login.mjs", "read", { rawInput: { path: "src/login.mjs" }, rawOutput: BEFORE }),
    ...tool("find-1", "Search “Date.now” in src and test, with all the places where a session's begin is compared to something else", "search", { rawInput: { pattern: "Date\\.now", path: "." }, content: shown("src/login.mjs:5\nsrc/session.mjs:19\ntest/login.test.mjs:12") }),
    ...tool("edit-1", "Edit src/login.mjs", "edit", { content: [{ type: "diff", path: "src/login.mjs", oldText: BEFORE, newText: AFTER }] }),
    ...tool("run-1", "npm test -- login", "execute", { rawInput: { command: "npm test -- login" }, content: shown(TESTS) }),
    ...tool("run-2", "npm run lint", "execute", { status: "failed", rawInput: { command: "npm run lint" }, content: shown("src/login.mjs\n  4:11  error  'LoginError' is not defined  no-undef\n\n✖ 1 problem (1 error, 0 warnings)") }),
    says(ANSWER), used(0.3127)],
  "Show me how often it failed over the last weeks, as a chart.": [
    update({ sessionUpdate: "agent_message_chunk", content: { type: "image", mimeType: "image/png", data: PNG.toString("base64") } }), says("The red bars are the weeks with a failure. One line of the log, whole:\n\n```\n2026-11-17T03:12:44.120Z runner-7 FAIL test/login.test.mjs > a session ends after thirty minutes: expected 1795144364120 to be less than or equal to 1795144364119, difference 1, seed 9314\n```"), used(0.4105, 61200)],
  "Remove the old build folder.": [title("Clean the build folder"), says("I will look at what is in it first."),
    ...tool("ls-1", "ls -la build", "execute", { rawInput: { command: "ls -la build" }, content: shown("total 8\ndrwxr-xr-x 2 ada ada 4096 Nov 12 09:10 old\n-rw-r--r-- 1 ada ada  812 Nov 29 17:02 manifest.json") }), used(0.0412, 9100),
    ask("session/request_permission", { toolCall: { toolCallId: "rm-1", title: "Delete the folder build/old", kind: "execute", status: "pending", rawInput: { command: "rm -r build/old && npm run build -- --clean" } }, options: OPTIONS })],
  "Set up the new service.": [title("Set up the billing service"), says("Before I start I need to know a few things."), used(0.0188, 4200),
    ask("elicitation/create", { mode: "form", message: "How should the billing service be set up?", requestedSchema: { type: "object", required: ["name", "database"], properties: {
      name: { type: "string", title: "Name of the service", description: "It becomes the folder and the package.", default: "billing" },
      database: { type: "string", title: "Database", enum: ["PostgreSQL", "SQLite", "none"] },
      port: { type: "integer", title: "Port", minimum: 1024, maximum: 65535 },
      docker: { type: "boolean", title: "With a Dockerfile", default: true } } } })],
  "Write the release notes for 2.4.": [title("Release notes for 2.4"), says("Done: `CHANGES.md` has a section for 2.4."), used(1.2846, 144000)],
  "Translate the error messages.": [title("Translate error messages to German and French, in all packages of the monorepo"), used(0.0975), thinks("There are 214 of them."), says("I have begun with `packages/web`; 38 of 214 are done."), "stall"],
  "Then run the whole test suite": ["say done"],
  "and tell me which tests are slowest, with their times, sorted, as a table that I can paste into the issue": ["say done"],
  "Upgrade the dependencies.": [title("Upgrade dependencies"), ...tool("up-1", "npm outdated", "execute", { rawInput: { command: "npm outdated" }, content: shown("") }),
    "fail -32000 Your credit balance is too low to reach the model. Go to Plans & Billing to upgrade or purchase credits."],
  "What does this repository do?": [says("It is the storefront of a small shop: an HTTP server, a catalogue in SQLite, and a checkout."), used(0.0061, 2100)],
};
