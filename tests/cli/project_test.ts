import { strictEqual as same } from "node:assert/strict";
import { findProject } from "../../src/cli/project.ts";
import { project } from "./support.ts";

Deno.test("findProject() takes the nearest that looks like one, not what it lies in", async () => {
  await using outer = await project();
  const root = await Deno.realPath(outer.path);
  for (const path of [".rhythm", "lib/deep", "hello/flows", "hello/lib", "plain/flows"]) {
    await Deno.mkdir(`${root}/${path}`, { recursive: true });
  }
  await Deno.writeTextFile(`${root}/hello/deno.json`, "{}");
  const found = async (path: string): Promise<string> => (await findProject(`${root}/${path}`)).root;
  same(await found("lib/deep"), root, "a .rhythm upwards");
  same(await found("hello"), `${root}/hello`, "what init makes, before it has run");
  same(await found("hello/lib"), `${root}/hello`);
  same(await found("plain/flows"), root, "flows alone make no project");
  await Deno.writeTextFile(`${root}/lib/rhythm.json`, "{}");
  same(await found("lib/deep"), `${root}/lib`);
});
