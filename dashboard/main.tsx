import { render } from "preact";
import { login, startSession } from "./api.ts";
import { startTime } from "./format.ts";
import { startRouter } from "./router.ts";
import { App } from "./shell.tsx";
import { startTheme } from "./theme.ts";

startTheme();
startRouter();
startTime();
render(<App />, document.getElementById("app")!);
await startSession();
// `rhythm dev` prints a link that lets one browser in. Its code must not stay in the address.
const code = /^#([0-9a-f-]{36})$/.exec(location.hash)?.[1];
if (code !== undefined) {
  history.replaceState(null, "", location.pathname + location.search);
  await login({ link: code }).catch(() => {});
}
