// A repository as the API shows it, made by hand.

export const target = {
  name: "greet",
  type: "workflow",
  description: "Says hello",
  parameters: [
    { name: "id", isOptional: false, isRest: false },
    { name: "loud", isOptional: true, isRest: false },
  ],
  options: {
    retries: { limit: 3, backoffMinMs: 1_000, backoffMaxMs: 30_000 },
    timeoutMs: 10_000,
    delayMs: null,
    priority: null,
    isolation: null,
  },
  agents: ["Sbcd"],
};
const task = { ...target, name: "add", type: "task", description: null, parameters: [] };
export const repositories = {
  repositories: [{ name: "flows", version: "1", targets: [target, task], agents: ["Sbcd"] }],
};
