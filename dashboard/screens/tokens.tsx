/** Tokens: who may use the dashboard and the API, and what they may do. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Role } from "../../src/http/rights.ts";
import { ask, refresh, usePage } from "../api.ts";
import { now, visible } from "../format.ts";
import { href } from "../router.ts";
import { Bones, Button, Copy, Dialog, Empty, Field, say, Sheet, Time, Trouble } from "../ui.tsx";
import type { Token } from "../wire.ts";

const ROLES: [Role, string][] = [
  ["viewer", "Looks at everything"],
  ["operator", "Also starts, signals, cancels, retries, repairs, pauses"],
  ["deployer", "Also starts and signals; flows, schedules, limits, hooks"],
  ["admin", "May do everything, and makes tokens"],
];

/** All tokens. */
export function Tokens(): JSX.Element {
  const { data, error } = usePage<Token[]>("tokens");
  const [isOpen, setOpen] = useState(false);
  const [made, setMade] = useState<{ name: string; token: string }>();
  const [revoked, setRevoked] = useState<string>();
  const live = data?.filter((one) => stateOf(one) === "good") ?? [];
  const over = data?.filter((one) => stateOf(one) !== "good") ?? [];
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>Tokens</h1>
        <div class="acts">
          <Button kind="first" needs="createToken" onClick={() => setOpen(true)}>New token</Button>
        </div>
      </div>
      {made !== undefined && <Made {...made} onDone={() => setMade(undefined)} />}
      {error !== undefined && <Trouble error={error} />}
      {data === undefined && error === undefined && <Bones />}
      {data?.length === 0 && (
        <Empty title="There is only the shared token">
          <p>It may do everything. Give everybody a token of their own: the audit then says who did what.</p>
          <pre>rhythm token create ada --role operator</pre>
        </Empty>
      )}
      {live.length > 0 && <Table label="Tokens" tokens={live} onRevoke={setRevoked} />}
      {over.length > 0 && (
        <>
          <h2 class="soft over">Revoked or expired</h2>
          <Table label="Tokens that are revoked or expired" tokens={over} onRevoke={setRevoked} />
        </>
      )}
      {isOpen && <NewToken onMade={setMade} onClose={() => setOpen(false)} />}
      {revoked !== undefined && (
        <Dialog
          title={`Revoke ${revoked}`}
          go="Revoke"
          kind="danger first"
          onClose={() => setRevoked(undefined)}
          onGo={async () => {
            await ask("DELETE", `tokens/${encodeURIComponent(revoked)}`);
            say(`${revoked} is revoked`);
            refresh("tokens");
          }}
        >
          <p>
            It is refused within five seconds, and sessions that began with it end. What it did stays in the
            audit.
          </p>
        </Dialog>
      )}
    </>
  );
}

function stateOf({ revokedAt, expiresAt }: Token): "good" | "revoked" | "expired" {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && Date.parse(expiresAt) <= now.value ? "expired" : "good";
}

function Table(
  { label, tokens, onRevoke }: { label: string; tokens: Token[]; onRevoke: (name: string) => void },
): JSX.Element {
  return (
    <div class="panel">
      <Sheet label={label} heads={[["Token"], ["Role"], ["Used"], ["Expires"], ["Made"], [""]]}>
        {tokens.map((token) => {
          const state = stateOf(token);
          return (
            <tr key={token.id}>
              <td>
                <a class="link" href={href("audit", { by: token.name })} title="What it did">
                  {visible(token.name)}
                </a>
              </td>
              <td>
                {token.role}
                {token.metadataOnly && <span class="faint after">metadata only</span>}
              </td>
              <td class="soft">{token.usedAt === null ? "never" : <Time at={token.usedAt} />}</td>
              <td class="soft">
                {token.revokedAt !== null
                  ? (
                    <span class="bad">
                      revoked <Time at={token.revokedAt} />
                    </span>
                  )
                  : token.expiresAt === null
                  ? "never"
                  : <Time at={token.expiresAt} />}
              </td>
              <td class="soft">
                <Time at={token.createdAt} /> by {visible(token.createdBy)}
              </td>
              <td class="acts">
                {state !== "revoked" && (
                  <Button
                    needs="revokeToken"
                    onClick={() => onRevoke(token.name)}
                    aria-label={`Revoke ${token.name}`}
                  >
                    Revoke
                  </Button>
                )}
              </td>
            </tr>
          );
        })}
      </Sheet>
    </div>
  );
}

/** A token that was just made: the only time that it is seen. */
export function Made(
  { name, token, onDone }: { name: string; token: string; onDone: () => void },
): JSX.Element {
  return (
    <div class="notice" role="status">
      <b>The token of {visible(name)}</b>
      <code class="secret">{token}</code>
      <span class="row">
        <Copy text={token} />
        <button type="button" class="plain" onClick={onDone}>Done</button>
      </span>
      <span class="soft">Copy it now. It is not stored and cannot be shown again.</span>
    </div>
  );
}

function NewToken(
  { onMade, onClose }: { onMade: (made: { name: string; token: string }) => void; onClose: () => void },
): JSX.Element {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState("90");
  const [metadataOnly, setMetadataOnly] = useState(false);
  return (
    <Dialog
      title="New token"
      go="Make it"
      onClose={onClose}
      onGo={async () => {
        const left = Number(days);
        if (days.trim() !== "" && !(left > 0 && left <= 36_500)) {
          throw new Error(
            "The days must be a number above 0",
          );
        }
        const { token } = await ask<{ token: string }>("POST", "tokens", {
          ...{ name, role, metadataOnly },
          ...(days.trim() === ""
            ? {}
            : { expiresAt: new Date(Math.round(now.value + left * 86_400_000)).toISOString() }),
        });
        onMade({ name, token });
        refresh("tokens");
      }}
    >
      <Field
        label="Name"
        hint="What it does is recorded under this name"
        value={name}
        onInput={setName}
        placeholder="ada"
        required
        autoFocus
      />
      <fieldset class="choices">
        <legend>Role</legend>
        {ROLES.map(([one, words]) => (
          <label key={one}>
            <input type="radio" name="role" checked={role === one} onChange={() => setRole(one)} />
            <span>
              {one} <small>{words}</small>
            </span>
          </label>
        ))}
      </fieldset>
      <Field
        label="Days until it expires"
        hint="Empty: never"
        value={days}
        onInput={setDays}
        placeholder="never"
      />
      <label class="check">
        <input
          type="checkbox"
          checked={metadataOnly}
          onChange={(event) => setMetadataOnly(event.currentTarget.checked)}
        />
        <span>
          Metadata only <small>Inputs, outputs, variables, logs and messages are hidden from it</small>
        </span>
      </label>
    </Dialog>
  );
}
