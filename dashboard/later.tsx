/** Screens that are loaded when somebody opens them, so that the first page stays small. */
import { type ComponentType, h, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Bones, Button } from "./ui.tsx";

/**
 * A screen that is loaded when it is opened.
 *
 * @param load imports it
 */
export function later<Props extends object>(
  load: () => Promise<(props: Props) => JSX.Element>,
): (props: Props) => JSX.Element {
  let loaded: ComponentType<object> | undefined;
  return (props) => {
    const [, redraw] = useState(0);
    const [isLost, setLost] = useState(false);
    useEffect(() => {
      if (loaded !== undefined) return;
      load().then((found) => {
        loaded = found as ComponentType<object>;
        redraw((count) => count + 1);
      }, () => setLost(true));
    }, []);
    if (loaded !== undefined) return h(loaded, props);
    if (!isLost) return <Bones rows={12} />;
    return (
      <div class="notice bad" role="alert">
        <b>This screen could not be loaded</b>
        <span>The server does not answer, or has another version now.</span>
        <Button onClick={() => location.reload()}>Load the page again</Button>
      </div>
    );
  };
}
