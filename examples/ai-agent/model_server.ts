// A stand-in for a model: it "thinks" by rules, speaks the protocol, and fails now and then as the real ones do.

/** One turn of the conversation. */
export interface Message {
  /** Who speaks. */
  role: "user" | "assistant" | "tool";
  /** What is said, or what a tool gave. */
  content: unknown;
  /** The tools that the model would like to use. */
  toolCalls?: { id: string; name: string; args: Record<string, unknown> }[];
}

/** Starts the server on a free port. */
export function startModel(): Deno.HttpServer<Deno.NetAddr> {
  let calls = 0;
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { messages } = await request.json() as { messages: Message[] };
    if (++calls === 2) return new Response("overloaded", { status: 529 });
    return Response.json(think(messages));
  });
}

function think(messages: readonly Message[]): Message {
  const results = messages.filter(({ role }) => role === "tool").map(({ content }) => content);
  switch (results.length) {
    case 0: // Two tools at once.
      return ask("Let me look both up", ["weather", { city: "Lisbon" }], ["weather", { city: "Atlantis" }]);
    case 2:
      return ask("Somebody should know", ["send_email", { to: "ada@example.com", body: String(results[0]) }]);
    default:
      return {
        role: "assistant",
        content: `${results[0]}; about Atlantis nothing is known. Mail: ${results[2]}.`,
      };
  }
}

function ask(content: string, ...calls: [name: string, args: Record<string, unknown>][]): Message {
  const toolCalls = calls.map(([name, args], index) => ({ id: `call_${index}`, name, args }));
  return { role: "assistant", content, toolCalls };
}
