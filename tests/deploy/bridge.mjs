// Cloudflare's bridge, the real one out of @cloudflare/sandbox, in Node: its Workers API is replaced by nothing, its
// containers by this machine. usage: bridge.mjs openapi (prints what it says of itself) | bridge.mjs serve FOLDER (writes
// FOLDER/port; a sandbox's HOME is in FOLDER)
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { register } from "node:module";
import { connect } from "node:net";

const script = (text) => "data:text/javascript," + encodeURIComponent(text);
const workers = script("export class DurableObject {} export class RpcTarget {} export class WorkerEntrypoint {} export const env = {}, tracing = undefined;");
// Its packages leave off ".js" here and there.
register(script(`export const resolve = (name, context, next) =>
  name === "cloudflare:workers" ? { url: ${JSON.stringify(workers)}, shortCircuit: true }
    : next(name, context).catch(() => next(name + ".js", context));`));
console.warn = console.error = () => {};
const { bridge } = await import("@cloudflare/sandbox/bridge");

const [verb, folder] = process.argv.slice(2);
const assigned = new Map();
const pool = {
  configure() {},
  getContainer(id) {
    if (!assigned.has(id)) assigned.set(id, crypto.randomUUID());
    return assigned.get(id);
  },
  lookupContainer: (id) => assigned.get(id) ?? null,
  reportStopped(container) {
    for (const [id, its] of assigned) if (its === container) assigned.delete(id);
  },
};

function processesOf(container) {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, "utf8").includes(`\0SANDBOX=${container}\0`);
    } catch {
      return false;
    }
  });
}

const container = (name) => ({
  async configure() {},
  execWithSessionToken(command, token, { onComplete, onOutput }) {
    const home = `${folder}/${name}`;
    mkdirSync(home, { recursive: true });
    const env = { PATH: process.env.PATH, SANDBOX: name, HOME: home };
    const child = spawn("bash", ["-c", command], { cwd: home, env, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (data) => onOutput("stdout", String(data)));
    child.stderr.on("data", (data) => onOutput("stderr", String(data)));
    return new Promise((resolve) => child.on("close", (exitCode) => resolve(onComplete({ exitCode }))));
  },
  callTunnels: (method, [port]) => new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.end();
      resolve({ id: "t1", port, url: `http://127.0.0.1:${port}`, hostname: "127.0.0.1", createdAt: new Date().toISOString() });
    });
    socket.on("error", reject);
  }),
  async destroy() {
    for (const pid of processesOf(name)) process.kill(Number(pid), "SIGKILL");
  },
});

const named = (get) => ({ idFromName: (name) => name, get });
const bindings = { SANDBOX_API_KEY: "bridge-key", Sandbox: named(container), WarmPool: named(() => pool) };
const app = bridge({});

async function answer({ method, url, headers }, body) {
  const request = new Request(`http://bridge${url}`, { method, headers, body: method === "GET" ? undefined : body });
  return app.fetch(request, bindings, { waitUntil() {}, passThroughOnException() {} });
}

if (verb === "openapi") {
  const said = await answer({ method: "GET", url: "/v1/openapi.json", headers: { authorization: "Bearer bridge-key" } });
  process.stdout.write(await said.text());
} else {
  const server = createServer(async (question, reply) => {
    const parts = [];
    for await (const part of question) parts.push(part);
    const { status, headers, body } = await answer(question, Buffer.concat(parts));
    reply.writeHead(status, Object.fromEntries(headers));
    for await (const part of body ?? []) reply.write(part);
    reply.end();
  });
  server.listen(0, "127.0.0.1", () => {
    writeFileSync(`${folder}/port.new`, String(server.address().port));
    renameSync(`${folder}/port.new`, `${folder}/port`);
  });
}
