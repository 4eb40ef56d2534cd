#!/usr/bin/env node
// A scripted model server that keeps Amp's threads, as Amp's own server does: what `uploadThread` brings is told to who
// asks for it. Amp (0.0.1771243550) needs that: `threads new` may end before its file is written, and `threads continue`
// then takes what the server has for the thread (QUIRKS.md). Anything else is the model server's.
//   threads.mjs fake-llm.mjs     prints its address, as fake-llm.mjs does
import { spawn } from 'node:child_process';
import http from 'node:http';

const model = spawn(process.execPath, [process.argv[2], '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
process.on('exit', () => model.kill());
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => process.exit(1));
model.on('exit', () => process.exit(1));
const behind = new URL(await new Promise(ok => { model.stdout.once('data', d => ok(String(d).trim())); }));
const threads = new Map();

function pass(req, res, body) {
  const there = http.request({ host: behind.hostname, port: behind.port, path: req.url, method: req.method, headers: req.headers }, back => {
    res.writeHead(back.statusCode, back.headers);
    back.pipe(res);
    back.on('error', () => res.destroy());
  });
  there.on('error', () => res.destroy());
  res.on('close', () => there.destroy()); // whoever goes away is gone for the model server, too
  there.end(body);
}

function tell(res, id) {
  const thread = threads.get(id);
  res.writeHead(thread ? 200 : 404, { 'content-type': 'application/json' });
  res.end(JSON.stringify(thread ?? { error: 'no such thread' }));
}

const server = http.createServer(async (req, res) => {
  const parts = [];
  try { for await (const part of req) parts.push(part); } catch { return; }
  const body = Buffer.concat(parts), id = /^\/api\/threads\/(T-[0-9a-f-]+)$/.exec(req.url)?.[1];
  if (id && req.method === 'GET') return tell(res, id);
  if (req.url.startsWith('/api/internal?uploadThread')) {
    const { thread } = JSON.parse(body).params;
    threads.set(thread.id, thread);
  }
  return pass(req, res, body);
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
