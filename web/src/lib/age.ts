const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** How long ago, as short as it can be said: "now", "40s", "3m", "2h", "5d", "7w", "2y". Steps of 10 s below a minute. */
export function formatAge(ageMs: number): string {
  if (ageMs < 10 * second) return "now";
  if (ageMs < minute) return `${Math.floor(ageMs / (10 * second)) * 10}s`;
  if (ageMs < hour) return `${Math.floor(ageMs / minute)}m`;
  if (ageMs < day) return `${Math.floor(ageMs / hour)}h`;
  if (ageMs < 14 * day) return `${Math.floor(ageMs / day)}d`;
  if (ageMs < 365 * day) return `${Math.floor(ageMs / (7 * day))}w`;
  return `${Math.floor(ageMs / (365 * day))}y`;
}

const units = { s: "second", m: "minute", h: "hour", d: "day", w: "week", y: "year" } as const;

/** The same for a screen reader and for sentences: "just now", "3 minutes ago". */
export function spellAge(ageMs: number): string {
  const short = formatAge(ageMs);
  if (short === "now") return "just now";
  const amount = Number.parseInt(short, 10);
  const unit = units[short.at(-1) as keyof typeof units];
  return `${amount} ${unit}${amount === 1 ? "" : "s"} ago`;
}

/** Milliseconds since 1970, or nothing for a text that is no time. */
export function parseTime(text: string | null): number | null {
  if (text === null || text === "") return null;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : time;
}

const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export function formatTime(time: number): string {
  return fullFormat.format(time);
}
