const offset = 0xcbf29ce484222325n;
const prime = 0x100000001b3n;
const mask = 0xffffffffffffffffn;
const encoder = new TextEncoder();

/** FNV-1a-64 over an id, a zero byte and a revision in decimal (protocol, section 4). */
export function entryHash(id: string, revision: number): bigint {
  let hash = offset;
  for (const byte of encoder.encode(`${id}\0${revision}`)) hash = ((hash ^ BigInt(byte)) * prime) & mask;
  return hash;
}

/** 16 hex digits, as a mark has them. */
export function spellDigest(digest: bigint): string {
  return digest.toString(16).padStart(16, "0");
}
