// The providers' own clients do what scripts/deploy does, against the stand-in: what they ask can then be laid beside what
// the recipes ask, and what they do not like in its answers ends them. usage: clients.mjs PROVIDER ADDRESS
const [provider, base] = process.argv.slice(2);
const env = { SANDBOX_AGENT_TOKEN: "t" };

const ways = {
  async e2b() {
    const { Sandbox } = await import("e2b");
    const sandbox = await Sandbox.create("base", {
      apiKey: "e2b-key", validateApiKey: false, apiUrl: base, sandboxUrl: base, timeoutMs: 600000, envs: env, metadata: { by: "test" },
    });
    await sandbox.commands.run("true", { cwd: "/", envs: env });
    await sandbox.kill();
  },

  async daytona() {
    const { Configuration, SandboxApi } = await import("@daytonaio/api-client");
    const toolbox = await import("@daytonaio/toolbox-api-client");
    const baseOptions = { headers: { Authorization: "Bearer daytona-key" } };
    const api = new SandboxApi(new Configuration({ basePath: base, baseOptions }));
    const { data: sandbox } = await api.createSandbox({
      env, labels: { by: "test" }, public: false, ttlMinutes: 10, autoStopInterval: 10, autoDeleteInterval: 0,
    });
    await api.getSandbox(sandbox.id);
    const basePath = `${sandbox.toolboxProxyUrl}/${sandbox.id}`;
    const process = new toolbox.ProcessApi(new toolbox.Configuration({ basePath, baseOptions }));
    await process.createSession({ sessionId: "sandbox-agent" });
    await process.sessionExecuteCommand("sandbox-agent", { command: "true", runAsync: true });
    await api.getPortPreviewUrl(sandbox.id, 2468);
    await api.deleteSandbox(sandbox.id);
  },

  // It checks every answer.
  async vercel() {
    const { Sandbox } = await import("@vercel/sandbox");
    const sandbox = await Sandbox.create({
      token: "vercel-key", teamId: "team", projectId: "project", runtime: "node22", ports: [2468], timeout: 600000, persistent: false, env,
      fetch: (address, options) => fetch(address.replace("https://vercel.com/api", base), options),
    });
    await sandbox.runCommand({ cmd: "bash", args: ["-c", "true"], env, sudo: false, detached: true });
    await sandbox.delete();
  },
};

await ways[provider]();
