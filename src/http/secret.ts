/** Compares secrets. Digests have one length and tell nothing about how far two secrets agree. */
export async function sameSecret(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([digest(one), digest(other)]);
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= a[index]! ^ b[index]!;
  return difference === 0;
}

/** The SHA-256 hash of a secret, in hexadecimal digits. */
export async function digestOf(secret: string): Promise<string> {
  return Array.from(await digest(secret), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function digest(secret: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret)));
}
