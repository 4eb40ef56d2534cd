// An agent for the pictures: the mock agent, that is told what to do for each of the story's prompts.
import { spawn } from "node:child_process";
import readline from "node:readline";
import { STORY } from "./story.mjs";

if (process.argv[2] === "--version") {
  console.log("2.1.4");
  process.exit(0);
}
const agent = spawn("sa-mock-agent", ["acp"], { stdio: ["pipe", "inherit", "inherit"] });
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line), part = message.params?.prompt?.[0];
  if (message.method === "session/prompt" && Object.hasOwn(STORY, part?.text)) message.params.prompt = [{ type: "text", text: STORY[part.text].join("\n") }];
  agent.stdin.write(`${JSON.stringify(message)}\n`);
}).on("close", () => agent.stdin.end());
process.on("SIGTERM", () => agent.kill("SIGTERM"));
agent.on("exit", (status) => process.exit(status ?? 1));
