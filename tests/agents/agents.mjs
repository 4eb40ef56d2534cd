// The real agents: where their programs are below a folder of npm installs, what each needs in its
// home and environment to talk to a model server on loopback, and what our adapter for it is called.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const script = (home, name, words) => {
  const file = path.join(home, 'bin', name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o755 });
  return file;
};

// It speaks ACP itself, so there is no adapter that could outlive it.
const SPEAKS_ACP = { isItself: true };

// root: the folder of installs; base: the model server; cwd: the project.
export const AGENTS = {
  claude: {
    title: 'Claude Code',
    binary: root => `${root}/claude/node_modules/@anthropic-ai/claude-code-linux-x64/claude`,
    adapter: binary => ['sa-acp-claude', '--agent-binary', binary],
    env: base => ({ ANTHROPIC_BASE_URL: base, ANTHROPIC_API_KEY: 'sk-ant-fake-key', CLAUDE_CODE_MAX_RETRIES: '2' }),
    files: () => ({}),
    askMode: 'default', rejects: true, asksForms: true, plansMode: true, switches: ['fast', 'ultracode'], command: 'compact',
    planScript: 'tool TaskCreate {"subject":"Look around","description":"First"}',
  },
  codex: {
    title: 'Codex',
    binary: root => `${root}/codex/node_modules/@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex`,
    adapter: binary => ['sa-acp-codex', '--agent-binary', binary],
    env: () => ({ FAKE_KEY: 'sk-fake-key' }),
    files: (base, cwd) => ({
      '.codex/config.toml': `model = "gpt-5.5"\nmodel_provider = "fake"\ncheck_for_update_on_startup = false\n
[model_providers.fake]\nname = "Fake"\nbase_url = "${base}/v1"\nenv_key = "FAKE_KEY"\nwire_api = "responses"\nrequest_max_retries = 1\nstream_max_retries = 1\nsupports_websockets = false\n
[tools.update_plan]\nenabled = true\n\n[analytics]\nenabled = false\n\n[projects."${cwd}"]\ntrust_level = "trusted"\n`,
    }),
    // In its function-tool mode Codex defers MCP tools behind a search; in code mode they can be called.
    askMode: 'untrusted', rejects: true, command: 'review', mcpModel: 'gpt-6.1-sol',
  },
  pi: {
    title: 'Pi',
    node: root => `${root}/node22/node_modules/node/bin/node`,
    script: root => `${root}/pi-new/node_modules/@earendil-works/pi-coding-agent/dist/bundle/cli.js`,
    adapter: binary => ['sa-acp-pi', '--agent-binary', binary],
    env: () => ({}),
    files: base => ({
      '.pi/agent/models.json': JSON.stringify({ providers: { fake: { baseUrl: `${base}/v1`, api: 'openai-completions', apiKey: 'sk-fake-key',
        models: [{ id: 'fake-1', name: 'Fake 1', reasoning: true, input: ['text', 'image'], contextWindow: 200000, maxTokens: 8192, cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } },
          { id: 'fake-2', name: 'Fake 2', reasoning: false, input: ['text'], contextWindow: 200000, maxTokens: 8192, cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } }] } } }),
      '.pi/agent/settings.json': JSON.stringify({ defaultProvider: 'fake', defaultModel: 'fake-1', quietStartup: true, enableInstallTelemetry: false, retry: { maxRetries: 1, baseDelayMs: 50 } }),
    }),
    askMode: 'ask', rejects: true, noMcp: 'Pi has no MCP', tellsNoMcp: true, noPlan: 'Pi has no plans', noFork: 'not offered', command: 'llama',
  },
  amp: {
    title: 'Amp',
    node: root => `${root}/node22/node_modules/node/bin/node`,
    script: root => `${root}/amp-old/node_modules/@sourcegraph/amp/dist/main.js`,
    adapter: binary => ['sa-acp-amp', '--agent-binary', binary],
    record: (home, id) => `${home}/.local/share/amp/threads/${id}.json`,
    noImage: 'Amp takes text only', noPlan: 'its task list is a tool', noEffort: 'Amp has none', askMode: 'ask', rejects: true, waitVariable: 'SA_ACP_AMP_WAIT_MS', noModel: 'one mode only over stream-json', noRetry: 'Amp does not try again', noFork: 'not offered', whole: true, keepsThreads: true,
    env: base => ({ AMP_URL: base, AMP_API_KEY: 'sgamp_user_fake', AMP_SKIP_UPDATE_CHECK: '1' }),
    files: () => ({}),
  },
  opencode: {
    title: 'OpenCode',
    binary: root => `${root}/opencode/node_modules/opencode-linux-x64/bin/opencode`,
    adapter: binary => [binary, 'acp'],
    env: () => ({ OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_LSP_DOWNLOAD: '1', OPENCODE_DISABLE_DEFAULT_PLUGINS: '1', OPENCODE_DISABLE_SHARE: '1' }),
    files: base => ({
      '.config/opencode/opencode.json': JSON.stringify({
        autoupdate: false, share: 'disabled', model: 'fake/fake-1', small_model: 'fake/fake-2', enabled_providers: ['fake'],
        provider: { fake: { npm: '@ai-sdk/openai-compatible', name: 'Fake', options: { baseURL: `${base}/v1`, apiKey: 'sk-fake-key' },
          models: { 'fake-1': { name: 'Fake 1', reasoning: true, tool_call: true, limit: { context: 200000, output: 8192 } }, 'fake-2': { name: 'Fake 2', tool_call: true, limit: { context: 200000, output: 8192 } } } } },
        permission: { edit: 'ask', bash: 'ask', webfetch: 'ask' },
      }),
    }),
    rejects: true, mcpTool: 'echo_echo', isSlow: true, ...SPEAKS_ACP,
    // It speaks ACP itself: what it does otherwise is not ours to change.
    gaps: { 'file made': 'its diff comes with the question only', plan: 'its to-do tool is a plain tool call', 'error 401': 'answers -32603, the words alone tell' },
    // It tries again five times, for a minute in all, and only then tells the error.
    slow: ['error 500', 'overloaded'],
  },
  gemini: {
    title: 'Gemini CLI',
    node: root => `${root}/node22/node_modules/node/bin/node`,
    script: root => `${root}/gemini/node_modules/@google/gemini-cli/bundle/gemini.js`,
    adapter: binary => [binary, '--acp'],
    env: base => ({ GEMINI_API_KEY: 'fake-key', GOOGLE_GEMINI_BASE_URL: base, GEMINI_CLI_TRUST_WORKSPACE: 'true', GEMINI_TELEMETRY_ENABLED: 'false' }),
    files: () => ({ '.gemini/settings.json': JSON.stringify({ security: { auth: { selectedType: 'gemini-api-key' } }, privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false }, general: { enableAutoUpdate: false, disableAutoUpdate: true, disableUpdateNag: true } }) }),
    askMode: 'default', rejects: true, ...SPEAKS_ACP, mcpTool: 'mcp_echo_echo', recordsByMinute: true, noModel: 'by session/set_model only', noEffort: 'it has none', noUsage: true, noFork: 'not offered',
    gaps: { 'cancel with a question open': 'waits until the question is answered, too', 'load after kill -9': 'it has no session/list, and loses a session that is loaded in the minute of its start',
      'session closed': 'it has no session/close', 'shell tool, allowed': 'the output of a command is not told', 'shell tool, rejected': 'a rejected call is told by the question only',
      'shell tool, allowed for ever': 'asks again where a command writes to a file', plan: 'it has no plans', 'error 401': 'answers 401, no code of JSON-RPC',
      'error 500': 'tries again for minutes without a word', overloaded: 'tries again for minutes without a word' },
  },
  qwen: {
    title: 'Qwen Code',
    node: root => `${root}/node22/node_modules/node/bin/node`,
    script: root => `${root}/qwen/node_modules/@qwen-code/qwen-code/cli.js`,
    adapter: binary => [binary, '--acp'],
    env: base => ({ OPENAI_API_KEY: 'sk-fake-key', OPENAI_BASE_URL: `${base}/v1`, OPENAI_MODEL: 'fake-1', QWEN_TELEMETRY_ENABLED: 'false' }),
    files: () => ({ '.qwen/settings.json': JSON.stringify({ security: { auth: { selectedType: 'openai' } }, privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false }, general: { enableAutoUpdate: false, disableAutoUpdate: true, disableUpdateNag: true } }) }),
    askMode: 'default', rejects: true, wantsWholePaths: true, noModel: 'the provider has one', noEffort: 'it has none', noUsage: true, noFork: 'not offered', ...SPEAKS_ACP,
    gaps: { 'shell tool, allowed for ever': 'asks again where a command writes to a file', plan: 'its to-do tool is a plain tool call',
      'error 401': 'answers -32603', overloaded: 'tells it in data.details only', 'session closed': 'it has no session/close' },
  },
};

// A fresh home with a project; what starts the agent in it, or why it cannot be started.
// installed: the folder in which sa-install-agent has put the programs, instead of root.
export function prepare(name, { root, installed, base, home }) {
  const agent = AGENTS[name], cwd = path.join(home, 'project');
  const put = (file, text) => { fs.mkdirSync(path.dirname(file), { recursive: true }); fs.writeFileSync(file, text); };
  for (const [file, text] of Object.entries(agent.files(base, cwd))) put(path.join(home, file), text);
  put(path.join(cwd, 'note.txt'), 'alpha\nbeta\ngamma\n');
  // Of its own: an agent must not take a repository above it for the project, and keep rules there.
  spawnSync('git', ['init', '-q', cwd]);
  const parts = installed ? [path.join(installed, name)] : agent.script ? [agent.node(root), agent.script(root)] : [agent.binary(root)];
  const missing = parts.find(p => !fs.existsSync(p));
  if (missing) return { missing };
  const binary = parts.length > 1 ? script(home, name, parts) : parts[0];
  const env = { PATH: process.env.PATH, HOME: home, USER: 'user', LANG: 'C.UTF-8', TERM: 'dumb', TMPDIR: process.env.TMPDIR || '/tmp', ...agent.env(base) };
  return { agent, cwd, env, argv: agent.adapter(binary) };
}
