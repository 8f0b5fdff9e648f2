import { log, task, workflow } from "coflux";

/** A task: called by workflows and other tasks, each call a step of the run. */
export const compose = task(async (name: string, hour: number) => {
  const greeting = hour < 12 ? "Good morning" : hour < 18 ? "Good afternoon" : "Good evening";
  return `${greeting}, ${name}!`;
});

/** A workflow: a run starts here. `coflux run examples/hello/flows/greet Ada` */
export const greet = workflow(
  { description: "Greets somebody by the time of day" },
  async (name: string, hour: number = 9) => {
    const message = await compose(name, hour); // A step of its own; waits for its result.
    log.info("greeting {name}", { name });
    return message;
  },
);
