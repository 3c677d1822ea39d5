// An agent: a model, tools, a loop, and a person who is asked. Every step is kept, so nothing is paid for twice.
import { NonRetryableError, Rhythm, task } from "@rhythm/core";
import { type Message, startModel } from "./model_server.ts";

const model = startModel();

const askModel = task(
  { name: "ask_model", timeout: "2m", retry: { maxAttempts: 5, initial: "200ms", backoff: "exponential" } },
  async ({ messages }: { messages: Message[] }, ctx) => {
    const response = await fetch(`http://127.0.0.1:${model.addr.port}`, {
      method: "POST",
      // The same on every attempt: a model that knows the key bills once.
      headers: { "idempotency-key": ctx.executionId },
      body: JSON.stringify({ messages }),
      signal: ctx.signal,
    });
    if (!response.ok) {
      console.log(`  model: ${response.status} ${await response.text()} (attempt ${ctx.attempt})`);
      throw new Error(`The model answered ${response.status}`);
    }
    const reply = await response.json() as Message;
    const tools = reply.toolCalls?.map(({ name, args }) => `${name}(${JSON.stringify(args)})`).join(", ");
    console.log(`  model: ${reply.content}${tools === undefined ? "" : ` → ${tools}`}`);
    return reply;
  },
);

const weather = task({ name: "tool_weather" }, ({ city }: { city: string }) => {
  if (city === "Atlantis") throw new NonRetryableError("There is no such city");
  return `${city}: 24 °C, sunny`;
});

const sendEmail = task({ name: "tool_send_email" }, ({ to, body }: { to: string; body: string }) => {
  console.log(`  mail to ${to}: ${body}`);
  return "sent";
});

{
  await using rhythm = await Rhythm.init({
    flows: [new URL("./flows", import.meta.url)],
    tasks: [askModel, weather, sendEmail],
    log: { level: "error" },
  });
  await using worker = rhythm.worker();
  const working = worker.run();

  const run = await rhythm.workflows.start("research", {
    question: "How is the weather in Lisbon and Atlantis?",
  });
  // Sent before the agent asks: a signal is kept until a workflow takes it.
  await run.signal("approval", { approved: true, by: "grace" });
  console.log(await run.result({ timeout: "1m" }));

  await worker.stop();
  await working;
}
await model.shutdown();
