import { useEffect, useState } from "react";
import { CheckIcon, CopyIcon, CrossIcon } from "./icons.tsx";

type Outcome = "none" | "copied" | "failed";
const showMs = 1_600;

/** Copies a text and says whether that worked. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [outcome, setOutcome] = useState<Outcome>("none");
  useEffect(() => {
    if (outcome === "none") return;
    const timer = setTimeout(() => setOutcome("none"), showMs);
    return () => clearTimeout(timer);
  }, [outcome]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setOutcome("copied");
    } catch {
      setOutcome("failed");
    }
  };
  const Icon = outcome === "copied" ? CheckIcon : outcome === "failed" ? CrossIcon : CopyIcon;
  const label = outcome === "copied" ? "Copied" : outcome === "failed" ? "Copying is not allowed here" : `Copy ${what}`;
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      onClick={() => void copy()}
      className="grid size-7 shrink-0 place-items-center rounded-md text-faint hover:bg-hover hover:text-ink"
    >
      <Icon className={outcome === "copied" ? "text-success" : outcome === "failed" ? "text-danger" : ""} />
      <span role="status" className="sr-only">
        {outcome === "none" ? "" : label}
      </span>
    </button>
  );
}
