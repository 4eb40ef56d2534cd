// The work of scripts/compare-http: rows, nginx's port, its version and the
// file of reasons in; a Markdown table of differences out.
import http from "node:http";
import net from "node:net";
import fs from "node:fs";

const [rowsFile, nginxPort, nginxVersion, reasonsFile] = process.argv.slice(2);
const QUIET_MS = 150; // no byte for so long: nothing more will come
const CONNECT_TRIES = 50;

// What a server that took a request says about it.
const server = http.createServer((request, response) => {
	let length = 0;
	request.on("data", (piece) => (length += piece.length));
	request.on("end", () => response.end(`<<${request.method} ${request.url} ${"x".repeat(length)}>>`));
	request.on("error", () => {});
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

function exchange(port, bytes) {
	return new Promise((done) => {
		let got = Buffer.alloc(0), timer;
		const socket = net.connect(port, "127.0.0.1");
		const finish = (isClosed) => {
			clearTimeout(timer);
			socket.destroy();
			done({ text: got.toString("latin1"), isClosed });
		};
		const wait = () => {
			clearTimeout(timer);
			timer = setTimeout(() => finish(false), QUIET_MS);
		};
		socket.on("connect", () => { socket.write(bytes); wait(); });
		socket.on("data", (piece) => { got = Buffer.concat([got, piece]); wait(); });
		socket.on("end", () => finish(true));
		socket.on("error", () => finish(true));
	});
}

// The chunks at the start of text: [their data, how long they were], or null.
function dechunk(text) {
	let at = 0, data = "";
	for (;;) {
		const line = /^([0-9a-f]+)\r\n/i.exec(text.slice(at, at + 32));
		if (!line) return null;
		const size = parseInt(line[1], 16);
		data += text.slice(at + line[0].length, at + line[0].length + size);
		at += line[0].length + size + 2;
		if (size === 0) return [data, at];
	}
}

// Statuses and the echoed requests, in order, as tests/http/stream.h writes them.
function verdict({ text, isClosed }) {
	const found = [];
	while (text.length) {
		const end = text.indexOf("\r\n\r\n");
		const head = /^HTTP\/1\.[01] (\d{3})/.exec(text);
		if (!head || end < 0) { // HTTP/0.9: a body without a head
			found.push(/^<</.test(text) ? "an answer without a head" : "closed");
			break;
		}
		const fields = text.slice(0, end + 2), length = /\r\ncontent-length: (\d+)\r\n/i.exec(fields);
		text = text.slice(end + 4);
		if (head[1] === "100") continue;
		let body = text, used = text.length;
		if (/\r\ntransfer-encoding: chunked\r\n/i.test(fields)) [body, used] = dechunk(text) ?? ["", 0];
		else if (length && head[1] === "200" && !text.startsWith("<<")) [body, used] = ["", 0];
		else if (length) [body, used] = [text.slice(0, +length[1]), +length[1]];
		text = text.slice(used);
		const echo = /^<<(\S+) (\S+) ([^]*)>>\s*$/.exec(body);
		if (!echo) { found.push(head[1] === "200" ? "HEAD" : head[1]); continue; }
		const target = echo[2].length > 100 ? `(${echo[2].length} bytes)` : bare(echo[2]);
		found.push(`${echo[1]} ${target}` + (echo[3].length ? ` body=${echo[3].length}` : ""));
	}
	if (!found.length) return isClosed ? "closed" : "more";
	return found.join(" \\| ");
}

// nginx shows the absolute form as a path.
const bare = (target) => target.replace(/^https?:\/\/[^/?]*/i, "").replace(/^(?=\?|$)/, "/");

// Only what can be compared: which requests, with how many bytes of body.
const latin = (text) => Buffer.from(text, "utf8").toString("latin1");
function comparable(ours) {
	return latin(ours).split(" | ").filter((part, at) => part !== "more" || at === 0).map((part) =>
		part.replace(/ body=0\b/, "").replace(/ (https?:\S*)/i, (_, target) => " " + bare(target)).replace(/ (1\.0|continue|upgrade|close)\b/g, "").replace(/^HEAD .*/, "HEAD"),
	).join(" \\| ");
}

const kind = (v) => v.split(" \\| ").map((p) => (/^(\d{3}|closed)$/.test(p) ? "refused" : p)).join(" \\| ");

// "name-pattern: reason" lines; the first that fits counts.
const reasons = fs.readFileSync(reasonsFile, "utf8").split("\n").filter((l) => l && !l.startsWith("#"))
	.map((l) => ({ names: new RegExp(`^(${l.slice(0, l.indexOf(": "))})$`), reason: l.slice(l.indexOf(": ") + 2) }));

const rows = fs.readFileSync(rowsFile, "utf8").trimEnd().split("\n").map((l) => l.split("\t"));
for (let tries = 0; tries < CONNECT_TRIES; tries++) {
	if ((await exchange(nginxPort, "GET / HTTP/1.0\r\n\r\n")).text) break;
	await new Promise((done) => setTimeout(done, 100));
}
const table = [];
const count = { same: 0, status: 0, nginx: 0, node: 0 };
for (const [name, oursRaw, why, hex] of rows) {
	const bytes = Buffer.from(hex, "hex");
	const ours = comparable(oursRaw);
	const nginx = verdict(await exchange(nginxPort, bytes));
	const node = verdict(await exchange(server.address().port, bytes));
	if (nginx === ours && node === ours) { count.same++; continue; }
	if (kind(nginx) === kind(ours) && kind(node) === kind(ours)) { count.status++; continue; }
	if (kind(nginx) !== kind(ours)) count.nginx++;
	if (kind(node) !== kind(ours)) count.node++;
	const reason = reasons.find((r) => r.names.test(name))?.reason;
	const shown = (v) => v.replace(/[^ -~]/g, "?").replace(/</g, "&lt;").replace(/(?<!\\)\|/g, "\\|");
	const cell = (v) => (kind(v) === kind(ours) ? (v === ours ? "same" : v) : `**${shown(v)}**`);
	table.push(`| ${name} | ${shown(ours)} | ${cell(nginx)} | ${cell(node)} | ${reason ?? why} |`);
}
console.log(`# What others make of the adversarial requests

Written by \`scripts/compare-http\`: the rows of tests/http/adversarial/ sent to nginx ${nginxVersion} and to
the server of node ${process.version}, each in one write on a fresh connection, and what was answered.
A verdict is the requests that were served, with the bytes of their bodies, or the status of a refusal;
"closed" is an end without an answer, "more" silence.

| rows | |
|---|---|
| all | ${rows.length} |
| all three say the same | ${count.same} |
| all three serve or refuse alike, with another status | ${count.status} |
| nginx differs | ${count.nginx} |
| node differs | ${count.node} |

## Where they differ, and why ours is as it is

Bold: serves what ours refuses, or the other way round, or takes it for something else.

| request | ours | nginx | node | reason |
|---|---|---|---|---|
${table.join("\n")}`);
server.close();
server.closeAllConnections();
