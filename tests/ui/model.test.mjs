// The inspector's pure parts: events to blocks, Markdown, frames of a stream, changes.
import test from "node:test";
import assert from "node:assert/strict";

const { Transcript, diffLines } = await import(`${process.env.UI}/transcript.js`);
const { blocks, inline } = await import(`${process.env.UI}/markdown.js`);
const { parser } = await import(`${process.env.UI}/stream.js`);
const { safeLink } = await import(`${process.env.UI}/dom.js`);
const { joinWords, plain, splitWords } = await import(`${process.env.UI}/words.js`);
const { metrics } = await import(`${process.env.UI}/server.js`);

let index = 0;
const event = (sender, payload, answers) => ({ id: `e-${++index}`, eventIndex: index, sender, payload, answers, createdAt: "2026-01-01T00:00:00.000Z" });
const update = (one) => event("agent", { jsonrpc: "2.0", method: "session/update", params: { update: one } });
const chunk = (text, kind = "agent_message_chunk") => update({ sessionUpdate: kind, content: { type: "text", text } });
const made = (...events) => events.reduce((t, one) => (t.add(one), t), new Transcript());
const kinds = (t) => t.blocks.map((block) => block.kind).join(" ");

test("a very long text goes on in another block, but not within code", () => {
  const line = `${"word ".repeat(199)}\n\n`, t = made(...Array.from({ length: 100 }, () => chunk(line)));
  assert.ok(t.blocks.length > 4 && t.blocks.every((one) => one.text.length < 20000), t.blocks.map((one) => one.text.length).join());
  assert.equal(t.blocks.map((one) => one.text).join(""), line.repeat(100));
  const code = made(chunk("```\n"), ...Array.from({ length: 20 }, () => chunk(line)), chunk("```\n\n"), chunk("after"));
  assert.deepEqual(code.blocks.map((one) => one.text.slice(0, 5)), ["```\nw", "after"]);
});
test("chunks in a row are one block, another kind ends it", () => {
  const t = made(chunk("a"), chunk("b"), chunk("c", "agent_thought_chunk"), chunk("d"));
  assert.equal(kinds(t), "text thought text");
  assert.equal(t.blocks[0].text, "ab");
});

test("a picture stays where it was said", () => {
  const picture = () => update({ sessionUpdate: "agent_message_chunk", content: { type: "image", mimeType: "image/png", data: "AAAA" } });
  const t = made(chunk("before"), picture(), chunk("after"), chunk(" it"));
  assert.deepEqual(t.blocks.map((one) => [one.text, one.more.length]), [["before", 1], ["after it", 0]]);
});

test("an event counts once, and never after a later one", () => {
  const first = chunk("a"), second = chunk("b"), t = made(first, second);
  assert.equal(t.add(second), false);
  assert.equal(t.add(first), false);
  assert.equal(t.blocks[0].text, "ab");
});

test("a tool call's updates change its block wherever it stands", () => {
  const t = made(update({ sessionUpdate: "tool_call", toolCallId: "x", title: "T", status: "pending", rawInput: { a: 1 } }), chunk("between"),
    update({ sessionUpdate: "tool_call_update", toolCallId: "x", status: "completed", rawOutput: "o", title: null }));
  assert.equal(kinds(t), "tool text");
  assert.deepEqual([t.blocks[0].title, t.blocks[0].status, t.blocks[0].input, t.blocks[0].output], ["T", "completed", { a: 1 }, "o"]);
});

test("a plan is one block a turn", () => {
  const plan = (content) => update({ sessionUpdate: "plan", entries: [{ content, status: "pending" }] });
  const prompt = () => event("client", { id: 1, method: "session/prompt", params: { prompt: [{ type: "text", text: "p" }] } });
  const t = made(prompt(), plan("a"), plan("b"), prompt(), plan("c"));
  assert.equal(kinds(t), "prompt plan prompt plan");
  assert.equal(t.blocks[1].entries[0].content, "b");
});

test("a question is open until the client answers it", () => {
  const t = made(event("agent", { id: 7, method: "session/request_permission", params: { options: [] } }));
  assert.equal(t.open().length, 1);
  t.add(event("client", { id: "7", result: {} }));
  assert.equal(t.open().length, 1, "an id of another type is another id");
  t.add(event("client", { id: 7, result: { outcome: { optionId: "yes" } } }));
  assert.equal(t.open().length, 0);
  assert.equal(t.blocks[0].state, "answered");
});

test("an id that is used again is the newer question's", () => {
  const ask = () => event("agent", { id: 0, method: "session/request_permission", params: {} });
  const t = made(ask(), event("client", { id: 0, result: {} }), ask());
  assert.deepEqual(t.blocks.map((block) => block.state), ["answered", "open"]);
});

test("the end of a turn ends its questions", () => {
  const t = made(event("client", { id: 1, method: "session/prompt", params: {} }), event("agent", { id: 0, method: "elicitation/create", params: {} }));
  assert.equal(t.isRunning, true);
  t.add(event("agent", { id: 1, result: { stopReason: "cancelled" } }, "session/prompt"));
  assert.equal(t.isRunning, false);
  assert.deepEqual([t.open().length, t.blocks[1].state, t.blocks[2].stopReason], [0, "over", "cancelled"]);
});

test("what the supervisor quotes ends no question, the end of the agent does", () => {
  const ask = () => event("agent", { id: 0, method: "session/request_permission", params: {} });
  const system = (method, params) => event("system", { jsonrpc: "2.0", method, params });
  const t = made(event("client", { id: 1, method: "session/prompt", params: {} }), ask(), system("_adapter/invalid_stdout", { raw: "connection closed, child exited" }),
    system("_adapter/request_settled", { requestId: "e", by: "extended rules", reason: "it ended" }));
  assert.deepEqual([t.open().length, t.isRunning], [1, true]);
  t.add(system("_adapter/agent_exited", { success: false, signal: "SIGKILL" }));
  assert.deepEqual([t.open().length, t.isRunning], [0, false]);
  t.add(event("client", { id: 2, method: "session/prompt", params: {} }));
  t.add(event("system", { jsonrpc: "2.0", id: 2, error: { code: -32603, message: "agent 'x' is gone" } }, "session/prompt"));
  assert.deepEqual([t.blocks.at(-1).kind, t.blocks.at(-1).text, t.isRunning], ["error", "agent 'x' is gone", false]);
});

test("whatever an agent sends is shown, nothing throws", () => {
  const t = new Transcript();
  for (const payload of [null, 5, "x", [1], {}, { method: "session/update" }, { method: "session/update", params: { update: { sessionUpdate: "new" } } },
    { method: "session/update", params: { update: { sessionUpdate: "plan", entries: 4 } } }, { method: "session/update", params: { update: { sessionUpdate: "agent_message_chunk" } } },
    { id: 3, method: "session/request_permission" }, { id: 9, error: { message: "bad" } }, { method: "session/prompt", params: { prompt: "text" } }]) {
    for (const sender of ["agent", "client", "system"]) t.add(event(sender, payload));
  }
  assert.ok(t.blocks.some((block) => block.kind === "error"));
});

test("markdown: a list that goes on has its numbers", () => {
  assert.deepEqual(blocks("1. a\n2. b\n```\nx\n```\n3. c").map((block) => block.start), [1, undefined, 3]);
});

test("markdown: blocks and lines", () => {
  assert.deepEqual(blocks("# T\n\na **b** `c`\n- x\n- y\n```sh\n<b>\n```").map((block) => block.kind), ["heading", "p", "ul", "pre"]);
  assert.deepEqual(inline("a **b** `*c*`"), ["a ", { kind: "strong", parts: ["b"] }, " ", { kind: "code", text: "*c*" }]);
  assert.equal(blocks("```\nnever closed")[0].text, "never closed");
  assert.deepEqual(inline("<img src=x>"), ["<img src=x>"]);
});

test("markdown: a text made to be slow is not", () => {
  const begun = process.cpuUsage().user;
  blocks("[".repeat(200000));
  blocks("**a ".repeat(100000));
  blocks("`".repeat(8000));
  assert.ok(process.cpuUsage().user - begun < 5e6);
});

test("links lead to the web or nowhere", () => {
  for (const bad of ["javascript:alert(1)", " JaVaScRiPt:alert(1)", "data:text/html,x", "java\nscript:x", "file:///etc", "//evil"]) assert.equal(safeLink(bad), null, bad);
  assert.equal(safeLink("https://a.example/"), "https://a.example/");
});

test("frames of a stream, cut anywhere", () => {
  const text = ": hello\n\nevent: message\nid: 5\ndata: {\"a\":1}\n\nevent: exit\nid: 6\r\ndata: x\r\ndata: y\r\n\r\n";
  for (let at = 0; at < text.length; at++) {
    const got = [], push = parser((message) => got.push(message));
    push(text.slice(0, at));
    push(text.slice(at));
    assert.deepEqual(got, [{ id: "5", event: "message", data: '{"a":1}' }, { id: "6", event: "exit", data: "x\ny" }], `cut at ${at}`);
  }
});

test("a command line is cut as a shell would", () => {
  assert.deepEqual(splitWords(`a 'b c' "d \\"e\\" \\n" f\\ g ''  h"i"j`), ["a", "b c", 'd "e" \\n', "f g", "", "hij"]);
  assert.equal(splitWords("a 'b"), null);
  for (const words of [["a", "b c"], ["it's", ""], ['"', "\\", "$x"], ["sh", "-c", "echo 'x' \"y\""]]) assert.deepEqual(splitWords(joinWords(words)), words);
  assert.equal(plain("\x1b[1;31mred\x1b[0m\x1b]0;title\x07 x\r\n"), "red x\n");
});

test("figures: families, labels, histograms", () => {
  const found = metrics('# HELP a_b What.\n# TYPE a_b counter\na_b{x="1\\"2",y="z"} 3\na_b 4\n# TYPE h histogram\nh_bucket{le="+Inf"} 2\nh_sum 0.5\n');
  assert.deepEqual(found.map((one) => [one.name, one.help, one.type, one.samples.length]), [["a_b", "What.", "counter", 2], ["h", "", "histogram", 2]]);
  assert.deepEqual(found[1].samples[1], { part: "sum", labels: {}, value: 0.5 });
  assert.equal(found[0].samples[0].labels.y, "z");
});

test("changes: what is equal stays", () => {
  const signs = (a, b) => diffLines(a, b).map((line) => line.sign + line.text).join("|");
  assert.equal(signs("a\nb\nc\n", "a\nx\nc\n"), " a|-b|+x| c");
  assert.equal(signs(null, "a\n"), "+a");
  assert.equal(signs("a\nb\nc\nd", "b\nc2\nd"), "-a| b|-c|+c2| d");
  assert.equal(diffLines("x\n".repeat(3000), "y\n".repeat(3000)).length, 6000, "a large one is not compared line by line");
});
