#!/usr/bin/env node
// An MCP server with one tool, which says again what it is told; JSON lines on stdin and stdout.
import readline from 'node:readline';

const RESULTS = {
  initialize: params => ({ protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'echo', version: '1' } }),
  ping: () => ({}),
  'tools/list': () => ({ tools: [{ name: 'echo', description: 'Says the text again', inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] } }] }),
  'tools/call': params => ({ content: [{ type: 'text', text: `echo: ${params.arguments?.text}` }] }),
};
readline.createInterface({ input: process.stdin }).on('line', line => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const result = RESULTS[method]?.(params ?? {});
  console.log(JSON.stringify({ jsonrpc: '2.0', id, ...(result ? { result } : { error: { code: -32601, message: 'Method not found' } }) }));
});
